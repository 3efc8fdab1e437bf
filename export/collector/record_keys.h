// export/collector/record_keys.h — by what records are found in the store: time, addresses, Community ID
//
// The addresses and Community IDs of a block's records are put into a filter of KeyFilter::kBitsPerKey bits each,
// which says of a key "not here" or "maybe here". An address is put in with the networks it lies in (IPv4: /8, /16,
// /24; IPv6: /32, /48, /64), so networks can be asked for, too.
//
// Source   B. H. Bloom, Space/time trade-offs in hash coding with allowable errors, CACM 13(7), 1970
// Cost     a key: a hash and kProbes bits
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/core/bytes.h"

namespace picket::collector {

/// What the store wants to know of a record. Views into it.
struct RecordKeys {
  std::string_view type;
  std::uint64_t time_ns = 0;
  Bytes src_ip, dest_ip;
  std::string_view community_id;
};

/// False when the bytes are not an Event whose type is_type_name() (chain.h).
[[nodiscard]] bool read_keys(Bytes record, RecordKeys& keys) noexcept;

using SearchKey = std::uint64_t;
/// Of a network; the bits behind `bits` do not count.
SearchKey network_key(Bytes address, unsigned bits) noexcept;
SearchKey community_key(std::string_view community_id) noexcept;
/// The key that all addresses of a network have: of the longest network around it that is put in. False: there is
/// none (an IPv4 network above /8).
[[nodiscard]] bool key_around(Bytes network, unsigned bits, SearchKey& key) noexcept;

/// The different keys of a block.
class KeySet {
 public:
  KeySet();
  void add_record(const RecordKeys& keys);
  void add(SearchKey key);
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] std::string filter() const;
  /// Slots that are looked at when each key is looked up once: what the worst keys may cost.
  [[nodiscard]] std::size_t probes() const;

 private:
  bool insert(SearchKey key);
  [[nodiscard]] std::size_t home(SearchKey key) const;
  void add_address(Bytes address);

  std::uint64_t seed_;                                         ///< of this process
  std::vector<SearchKey> slots_ = std::vector<SearchKey>(64);  ///< open addressing; 0: free
  std::size_t size_ = 0;
};

class KeyFilter {
 public:
  static constexpr std::size_t kBitsPerKey = 10;
  static constexpr unsigned kProbes = 5;
  /// `bits` is what filter() gave.
  explicit KeyFilter(Bytes bits) noexcept : bits_(bits) {}
  [[nodiscard]] bool may_have(SearchKey key) const noexcept;

 private:
  Bytes bits_;
};

}  // namespace picket::collector
