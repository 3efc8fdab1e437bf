#include "parsers/ssh/kex.h"

#include <algorithm>

#include "parsers/core/digest.h"

namespace picket::ssh {
namespace {

constexpr std::size_t kCookieBytes = 16;

bool has_name(Bytes list, Bytes wanted) noexcept {
  Bytes name;
  for (std::size_t i = 0; i < kMaxNames && next_name(list, name); ++i) {
    if (std::ranges::equal(name, wanted)) return true;
  }
  return false;
}

}  // namespace

bool parse_kex(Bytes payload, Kex& out) noexcept {
  Cursor c(payload);
  c.skip(1 + kCookieBytes);
  Kex kex;
  for (Bytes& list : kex.lists) list = c.bytes(c.u32be());
  kex.guess_follows = c.u8() != 0;
  c.skip(4);
  if (!c.ok()) return false;
  out = kex;
  return true;
}

bool next_name(Bytes& list, Bytes& name) noexcept {
  if (list.empty()) return false;
  const auto comma = static_cast<std::size_t>(std::ranges::find(list, std::uint8_t{','}) - list.begin());
  name = list.first(comma);
  list = list.subspan(std::min(comma + 1, list.size()));
  return true;
}

std::size_t count_names(Bytes list) noexcept {
  return list.empty() ? 0 : 1 + static_cast<std::size_t>(std::ranges::count(list, std::uint8_t{','}));
}

Bytes choose(Bytes client, Bytes server) noexcept {
  Bytes name;
  for (std::size_t i = 0; i < kMaxNames && next_name(client, name); ++i) {
    if (!name.empty() && has_name(server, name)) return name;
  }
  return {};
}

bool is_strict(const Kex& client, const Kex& server) noexcept {
  return has_name(client.list(List::kKeyExchange), as_bytes("kex-strict-c-v00@openssh.com")) &&
         has_name(server.list(List::kKeyExchange), as_bytes("kex-strict-s-v00@openssh.com"));
}

bool write_hassh(const Kex& kex, Direction from, PoolBuffer& out) noexcept {
  const bool client = from == Direction::kToServer;
  const List lists[] = {List::kKeyExchange, client ? List::kCipherToServer : List::kCipherToClient,
                        client ? List::kMacToServer : List::kMacToClient,
                        client ? List::kCompressionToServer : List::kCompressionToClient};
  out.clear();
  for (std::size_t i = 0; i < std::size(lists); ++i) {
    if ((i != 0 && !out.push_back(';')) || !out.append(kex.list(lists[i]))) {
      out.clear();
      return false;
    }
  }
  return true;
}

HasshDigest hassh_digest(Bytes string) noexcept {
  HasshDigest text;
  to_hex(Md5::of(string), text);
  return text;
}

}  // namespace picket::ssh
