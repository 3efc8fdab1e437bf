#include "sensor/rules/pattern.h"

#include <algorithm>
#include <set>

namespace picket::rules {
namespace {

/// Behind an equal byte there is nothing new: runs of zeros fill binary protocols.
constexpr unsigned kRepeat = 1;

unsigned bits_of(unsigned char c, bool nocase) {
  if (c == 0) return 1;
  if (c == ' ' || c == 0xff) return 3;
  if (c == '\r' || c == '\n') return 4;
  if (c < 0x10) return 3;
  if (c < 0x20) return 5;
  const bool upper = c >= 'A' && c <= 'Z';
  if (upper && !nocase) return 6;
  const char lower = static_cast<char>(upper ? c | 0x20 : c);
  if (std::string_view("etaoinsrhl").find(lower) != std::string_view::npos) return 4;
  if ((lower >= 'a' && lower <= 'z') || (c >= '0' && c <= '9')) return 5;
  return std::string_view("./-_=<>\":,;|").find(lower) != std::string_view::npos ? 5 : 6;
}

constexpr std::size_t kWindow = 8;      // bytes that the matcher looks at first
constexpr unsigned kGoodEnding = 32;    // bits: well enough
constexpr unsigned kGainPercent = 115;  // a better one is better by so much
constexpr unsigned kKeepPercent = 70;   // of all information

std::string_view window_before(std::string_view bytes, std::size_t end) {
  return bytes.substr(end > kWindow ? end - kWindow : 0, std::min(end, kWindow));
}

}  // namespace

unsigned information(std::string_view bytes, bool nocase) {
  unsigned bits = 0;
  for (std::size_t i = 0; i < bytes.size(); ++i)
    bits +=
        i > 0 && bytes[i] == bytes[i - 1] ? kRepeat : bits_of(static_cast<unsigned char>(bytes[i]), nocase);
  return bits;
}

unsigned strength(std::string_view bytes) {
  const std::set<char> distinct(bytes.begin(), bytes.end());
  return static_cast<unsigned>(std::min<std::size_t>(bytes.size(), 24) * 8 +
                               std::min<std::size_t>(distinct.size(), 16) * 2);
}

bool is_common_start(std::string_view bytes) {
  for (const std::string_view start : {"GET ", "POST ", "HTTP/1."}) {
    if (bytes.starts_with(start.substr(0, bytes.size())) && bytes.size() <= start.size() + 2) return true;
  }
  const std::set<char> distinct(bytes.begin(), bytes.end());
  return distinct.size() <= 2;
}

std::string_view best_ending(std::string_view bytes, bool nocase) {
  const unsigned all = information(bytes, nocase);
  const unsigned natural = information(window_before(bytes, bytes.size()), nocase);
  if (natural >= kGoodEnding) return bytes;
  std::size_t best = bytes.size();
  unsigned best_bits = natural;
  for (std::size_t end = bytes.size(); end-- > kWindow;) {
    if (information(bytes.substr(0, end), nocase) * 100 < all * kKeepPercent) break;
    const unsigned bits = information(window_before(bytes, end), nocase);
    if (bits <= best_bits || bits * 100 < natural * kGainPercent) continue;
    best = end;
    best_bits = bits;
  }
  return bytes.substr(0, best);
}

}  // namespace picket::rules
