#include "export/collector/record_keys.h"

#include <cstring>

#include "export/collector/chain.h"
#include "export/eve_table.h"
#include "export/random.h"
#include "export/wire_reader.h"

namespace picket::collector {
namespace {

std::uint64_t mix(std::uint64_t h) noexcept {  // the finaliser of MurmurHash3, which is in the public domain
  h ^= h >> 33;
  h *= 0xff51afd7ed558ccdU;
  h ^= h >> 33;
  h *= 0xc4ceb9fe1a85ec53U;
  return h ^ h >> 33;
}

SearchKey key_of(std::uint64_t kind, Bytes bytes) noexcept {
  std::uint64_t h = mix(kind);
  while (!bytes.empty()) {
    std::uint64_t word = 0;
    const std::size_t n = std::min<std::size_t>(bytes.size(), sizeof word);
    std::memcpy(&word, bytes.data(), n);
    h = mix(h ^ word) + n;
    bytes = bytes.subspan(n);
  }
  return h | 1;  // 0 is no key
}

std::uint32_t number_of(const char* name) { return event_table().find(std::string_view{name})->number; }

/// Networks around an address that are put in, the widest first; the address itself is the last.
struct Lengths {
  unsigned of[4];
};
constexpr Lengths kV4{{8, 16, 24, 32}}, kV6{{32, 48, 64, 128}};

const Lengths* lengths(Bytes address) noexcept {
  return address.size() == 4 ? &kV4 : address.size() == 16 ? &kV6 : nullptr;
}

/// Keys come from addresses that others choose, by a function that can be turned round: where they go in a table must not
/// follow from them alone.
std::uint64_t seed() {
  static const std::uint64_t drawn = random_bits();
  return drawn;
}

template <class Visit>
void each_bit(SearchKey key, std::size_t bits, Visit visit) {
  const std::uint64_t step = mix(key) | 1;
  for (unsigned i = 0; i < KeyFilter::kProbes; ++i, key += step)
    visit(static_cast<std::size_t>((key >> 32) * bits >> 32));
}

}  // namespace

bool read_keys(Bytes record, RecordKeys& keys) noexcept {
  static const std::uint32_t time = number_of("timestamp"), type = number_of("event_type"),
                             src = number_of("src_ip"), dest = number_of("dest_ip"),
                             community = number_of("community_id");
  keys = {};
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.type == 2) {
      if (f.number == type) keys.type = as_text(f.bytes);
      if (f.number == src) keys.src_ip = f.bytes;
      if (f.number == dest) keys.dest_ip = f.bytes;
      if (f.number == community) keys.community_id = as_text(f.bytes);
    } else if (f.number == time && f.type == 1) {
      keys.time_ns = f.value;
    }
  }
  return in.ok() && is_type_name(as_bytes(keys.type));
}

SearchKey network_key(Bytes address, unsigned bits) noexcept {
  std::uint8_t network[16]{};
  const std::size_t size = std::min<std::size_t>(address.size(), sizeof network);
  for (std::size_t i = 0; i < size && 8 * i < bits; ++i) {
    const unsigned n = bits - 8 * static_cast<unsigned>(i);
    network[i] = static_cast<std::uint8_t>(address[i] & (n >= 8 ? 0xffU : 0xff00U >> n));
  }
  return key_of(256 * size + bits, Bytes(network, size));
}

SearchKey community_key(std::string_view community_id) noexcept { return key_of(1, as_bytes(community_id)); }

bool key_around(Bytes network, unsigned bits, SearchKey& key) noexcept {
  const Lengths* all = lengths(network);
  if (all == nullptr) return false;
  bool found = false;
  for (const unsigned length : all->of) {
    if (length > bits) break;
    key = network_key(network, length);
    found = true;
  }
  return found;
}

KeySet::KeySet() : seed_(seed()) {}

void KeySet::add_record(const RecordKeys& keys) {
  add_address(keys.src_ip);
  add_address(keys.dest_ip);
  if (!keys.community_id.empty()) add(community_key(keys.community_id));
}

void KeySet::add_address(Bytes address) {
  const Lengths* all = lengths(address);
  if (all == nullptr) return;
  if (!insert(network_key(address, all->of[3]))) return;  // then its networks are here, too
  for (std::size_t i = 3; i > 0 && insert(network_key(address, all->of[i - 1])); --i) {
  }
}

void KeySet::add(SearchKey key) { insert(key); }

std::size_t KeySet::home(SearchKey key) const { return mix(key ^ seed_) & (slots_.size() - 1); }

std::size_t KeySet::probes() const {
  std::size_t all = 0;
  for (std::size_t at = 0; at < slots_.size(); ++at) {
    if (slots_[at] != 0) all += 1 + ((at - home(slots_[at])) & (slots_.size() - 1));
  }
  return all;
}

/// False: it was here.
bool KeySet::insert(SearchKey key) {
  if (2 * size_ >= slots_.size()) {
    std::vector<SearchKey> before(4 * slots_.size());
    before.swap(slots_);
    size_ = 0;
    for (const SearchKey k : before) {
      if (k != 0) insert(k);
    }
  }
  std::size_t at = home(key);
  while (slots_[at] != 0) {
    if (slots_[at] == key) return false;
    at = (at + 1) & (slots_.size() - 1);
  }
  slots_[at] = key;
  ++size_;
  return true;
}

std::string KeySet::filter() const {
  std::string out((KeyFilter::kBitsPerKey * size_ + 7) / 8, '\0');
  for (const SearchKey key : slots_) {
    if (key == 0) continue;
    each_bit(key, 8 * out.size(),
             [&](std::size_t bit) { out[bit / 8] = static_cast<char>(out[bit / 8] | 1 << bit % 8); });
  }
  return out;
}

bool KeyFilter::may_have(SearchKey key) const noexcept {
  if (bits_.empty()) return false;
  bool all = true;
  each_bit(key, 8 * bits_.size(),
           [&](std::size_t bit) { all = all && (bits_[bit / 8] >> bit % 8 & 1) != 0; });
  return all;
}

}  // namespace picket::collector
