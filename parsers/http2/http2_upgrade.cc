// The request that asked for HTTP/2 in HTTP/1 (RFC 7540, §3.2): it is stream 1, and its reply comes there. What it was for
// is told again, so that the reply is told with it; its other headers are not, for rules have seen them.
#include "parsers/core/base64.h"
#include "parsers/http/http_text.h"
#include "parsers/http2/http2_parser.h"

namespace picket::http2 {
namespace {

/// Of base64url, which has two other characters (RFC 4648, §5); -1: none of it.
int digit(char c) noexcept {
  if (c == '+' || c == '/') return -1;
  return base64_value(static_cast<std::uint8_t>(c == '-' ? '+' : c == '_' ? '/' : c));
}

/// False: it is none, or has more than `out` has room for.
bool decode_settings(std::string_view text, std::span<std::uint8_t> out, std::size_t& size) noexcept {
  size = 0;
  while (!text.empty() && text.back() == '=') text.remove_suffix(1);
  std::uint32_t bits = 0;
  unsigned left = 0;
  for (const char c : text) {
    const int d = digit(c);
    if (d < 0 || size == out.size()) return false;
    bits = bits << 6 | static_cast<std::uint32_t>(d);
    left += 6;
    if (left < 8) continue;
    left -= 8;
    out[size++] = static_cast<std::uint8_t>(bits >> left);
  }
  return size % 6 == 0;
}

std::string_view next_line(std::string_view& rest) noexcept {
  const std::size_t end = rest.find("\r\n");
  const std::string_view line = rest.substr(0, end);
  rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 2);
  return line;
}

}  // namespace

/// `hint_` is its line and its headers, normalised, as http.start has them.
void Http2Parser::upgrade() noexcept {
  const PoolBuffer hint = std::move(hint_);
  hint_.reset();
  Reader& r = reader(Direction::kToServer);
  r.last_stream = 1;
  Tx* tx = open(r, 1);
  if (tx == nullptr) return;
  tx->upgraded = true;
  Frame f;
  f.stream = 1;
  begin_block(r, f, tx, Message::kRequest, Direction::kToServer);
  std::string_view rest = hint.text();
  const std::string_view line = next_line(rest);
  const std::size_t first = line.find(' '), last = line.rfind(' ');
  const std::string_view method = line.substr(0, first);
  const std::string_view target = first == std::string_view::npos || last <= first
                                      ? std::string_view{}
                                      : line.substr(first + 1, last - first - 1);
  const auto field = [&](std::string_view name, std::string_view value) {
    add_field(r, as_bytes(name), as_bytes(value));
  };
  const http::UriParts uri = http::split_uri(target);
  std::string_view authority = uri.authority;
  for (std::string_view look = rest; authority.empty() && !look.empty();) {
    const std::string_view header = next_line(look);
    if (equals_nocase(header.substr(0, 6), "host: ")) authority = header.substr(6);
  }
  field(":method", method);
  field(":scheme", "http");
  field(":path", target.substr(target.size() - uri.path.size() - uri.rest.size()));
  if (!authority.empty()) field(":authority", authority);
  bool has_settings = false;
  Tx* settings = make(0);  // of the connection, as the frame is that they stand for
  std::array<std::uint8_t, 6 * Lane::kMaxNotes> payload{};
  while (!rest.empty()) {
    constexpr std::string_view kName = "http2-settings: ";
    const std::string_view header = next_line(rest);
    if (!equals_nocase(header.substr(0, kName.size()), kName)) continue;
    std::size_t size = 0;
    const bool good = !has_settings && settings != nullptr &&
                      decode_settings(header.substr(kName.size()), payload, size) &&
                      apply_settings(Direction::kToServer, Bytes(payload).first(size), *settings);
    if (!good) raise(r, Event::kInvalidUpgradeSettings, tx);
    has_settings = true;
  }
  if (settings != nullptr) finish_connection_frame(*settings);
  if (!has_settings) raise(r, Event::kInvalidUpgradeSettings, tx);
  r.block.open = false;
  r.block.tx = nullptr;
  end_request(r, *tx);
  end_side(*tx, Direction::kToServer);
}

}  // namespace picket::http2
