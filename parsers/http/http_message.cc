#include "parsers/http/http_message.h"

#include <algorithm>
#include <cstring>

#include "parsers/http/http_text.h"

namespace picket::http {

bool set_uri(Tx& tx, bool& doubled) noexcept {
  Side& s = tx.side[0];
  bool fits = true;
  const std::string_view raw = tx.text(Direction::kToServer, tx.raw_uri);
  std::string_view authority;
  if (tx.text(Direction::kToServer, tx.method) == "CONNECT") {
    authority = raw;
  } else {
    const UriParts parts = split_uri(raw);
    authority = parts.authority;
    const std::size_t size = parts.path.size() + parts.rest.size();
    if (is_normal_uri(parts.path, parts.rest)) {
      tx.uri = part_of(tx.raw_uri.where, raw,
                       size == 0 ? raw.substr(raw.size()) : raw.substr(raw.size() - size), tx.raw_uri.at);
    } else {
      Text& t = s.built[static_cast<std::size_t>(Built::kUri)];
      t.data = static_cast<std::uint8_t*>(tx.pool.allocate(size));
      if (t.data == nullptr) {
        fits = false;
        tx.uri = tx.raw_uri;
      } else {
        // The block is given back by its size, so a shorter text keeps what it was asked for in mind.
        t.size = u32(normalize_uri(parts.path, parts.rest, t.data, doubled));
        t.room = u32(size);
        t.built = true;
      }
    }
  }
  if (!authority.empty()) tx.uri_host = part_of(tx.raw_uri.where, raw, authority, tx.raw_uri.at);
  return fits;
}

bool set_host(Tx& tx, const Ref& from, std::string_view host) noexcept {
  Side& s = tx.side[0];
  const bool lower = std::all_of(host.begin(), host.end(), [](char c) { return c < 'A' || c > 'Z'; });
  tx.host = part_of(from.where, as_text(s.view(from)), host, from.at);
  if (lower) return true;
  const std::uint32_t at = u32(s.extra.size());
  if (!s.extra.reserve(s.extra.size() + host.size())) return false;
  const Bytes text = s.view(tx.host);  // again: `extra` may have moved
  for (const std::uint8_t c : text) {
    if (!s.extra.push_back(to_lower(c))) return false;
  }
  tx.host = {at, u32(text.size()), Ref::kExtra};
  return true;
}

bool append_header(Side& s, Pool& pool, Header h) noexcept {
  if (s.header_count == s.header_room) {
    const std::size_t room = s.header_room == 0 ? 16 : std::size_t{s.header_room} * 2;
    auto* more = static_cast<Header*>(pool.allocate(room * sizeof(Header)));
    if (more == nullptr) return false;
    if (s.header_count > 0) std::memcpy(more, s.headers, s.header_count * sizeof(Header));
    pool.release(s.headers, s.header_room * sizeof(Header));
    s.headers = more;
    s.header_room = static_cast<std::uint16_t>(room);
  }
  // Is the name new? The filter says no for sure, or maybe.
  const std::string_view name = as_text(s.view(h.name));
  std::uint32_t hash = u32(name.size());
  for (const char c : name) hash = hash * 31 + to_lower(static_cast<std::uint8_t>(c));
  hash ^= hash >> 15;
  h.hash = hash;
  ::new (&s.headers[s.header_count]) Header(h);
  ++s.header_count;
  std::uint64_t& word = s.names_seen[hash >> 6 & 3];
  const std::uint64_t bit = std::uint64_t{1} << (hash & 63);
  if (word & bit) s.maybe_repeated = true;
  word |= bit;
  if (h.id != Name::kOther) {
    auto& known = s.known[static_cast<std::size_t>(h.id)];
    if (known == 0) known = s.header_count;
  }
  return true;
}

}  // namespace picket::http
