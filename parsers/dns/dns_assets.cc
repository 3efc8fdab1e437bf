// What answers tell of the addresses that they name.
#include <array>
#include <charconv>

#include "export/assets/clues.h"
#include "parsers/core/bytes.h"
#include "parsers/core/text.h"
#include "parsers/core/text_writer.h"
#include "parsers/dns/dns.pb.h"

namespace picket::dns {
namespace {

using D = v1::Dns;
using R = v1::DnsRecord;

constexpr std::string_view kReverse4 = ".in-addr.arpa", kReverse6 = ".ip6.arpa";

/// "4.3.2.1.in-addr.arpa" is 1.2.3.4; "" where it is no whole IPv4 address.
std::string_view reversed(std::string_view name, std::span<char> room) noexcept {
  if (name.ends_with('.')) name.remove_suffix(1);
  if (!name.ends_with(kReverse4)) return {};
  name.remove_suffix(kReverse4.size());
  std::array<std::string_view, 4> parts;
  for (std::size_t i = 0; i < parts.size(); ++i) {
    const std::size_t dot = name.find('.');
    if ((dot == std::string_view::npos) != (i == 3)) return {};
    parts[i] = name.substr(0, dot);
    name.remove_prefix(i == 3 ? name.size() : dot + 1);
  }
  TextWriter w(room);
  return as_text((w << parts[3] << "." << parts[2] << "." << parts[1] << "." << parts[0]).bytes());
}

/// 32 nibbles, the last first, below ip6.arpa: the address as 16 bytes; "" where it is no whole one.
std::string_view reversed6(std::string_view name, std::span<char, 16> room) noexcept {
  constexpr std::size_t kNibbles = 32;
  if (name.ends_with('.')) name.remove_suffix(1);
  if (!name.ends_with(kReverse6) || name.size() != 2 * kNibbles - 1 + kReverse6.size()) return {};
  for (std::size_t i = 0; i < kNibbles; ++i) {
    const int digit = hex_digit(static_cast<std::uint8_t>(name[2 * i]));
    if (digit < 0 || name[2 * i + 1] != '.') return {};
    char& to = room[(kNibbles - 1 - i) / 2];
    to = static_cast<char>(i % 2 == 0 ? digit : digit << 4 | to);
  }
  return {room.data(), room.size()};
}

void read_answer(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (f.type != 2) return;
  std::string_view name, type, data;
  WireReader in(f.bytes);
  for (WireField part; in.next(part);) {
    if (part.number == R::kRrnameFieldNumber) name = as_text(part.bytes);
    if (part.number == R::kRrtypeFieldNumber) type = as_text(part.bytes);
    if (part.number == R::kRdataFieldNumber) data = as_text(part.bytes);
  }
  if (type == "A" || type == "AAAA") return to.tell_of(data, c.kind, name, c.confidence);
  if (type != "PTR") return;
  std::array<char, 64> room;
  if (const std::string_view address = reversed(name, room); !address.empty())
    to.tell_of(address, c.kind, data, c.confidence);
  if (const std::string_view address = reversed6(name, std::span(room).first<16>()); !address.empty())
    to.tell_of(address, c.kind, data, c.confidence);
}

constexpr AssetClue kClues[] = {
    {{D::kAnswersFieldNumber}, AssetEnd::kServer, AssetKind::kName, confidence::kNamed, read_answer},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .server_role = {"name server", confidence::kNamed}};

}  // namespace picket::dns
