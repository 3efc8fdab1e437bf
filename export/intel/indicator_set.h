// export/intel/indicator_set.h — many indicators in little memory: an immutable set, and who builds and reads it
//
//   filter   a Bloom filter, one cache line a key: what is not in the set costs no more
//   table    64 bits of hash and the place of the row, by hash, with an index of its upper bits: some 13 bytes
//            an indicator
//   rows     key, texts and the rest, in blocks of 16 KiB that zstd compressed: read when the hash fits
//
// A hit is verified against the row's key, so that no two indicators are ever mistaken for each other.
//
// Memory  1,000,000 indicators of all types with source and description below 64 MB (indicator_set_test.cc measures)
// Cost    a miss a hash of the key and one cache line; a row a block's decompression, 14 us, unless it is the one
//         read last (tests/bench/intel_bench.cc). No allocation but in the builder
// Threads the set is read by any number at once; each has an IndicatorReader of its own
#pragma once
#include <bitset>
#include <memory>
#include <vector>

#include "export/intel/indicator.h"

struct ZSTD_DCtx_s;

namespace picket::intel {

class IndicatorSet {
 public:
  static constexpr std::size_t kBlock = std::size_t{16} << 10;
  /// Rows of one key, such as those of several sources; more are not taken.
  static constexpr std::size_t kMaxSame = 4;
  static constexpr std::size_t kMaxIndicators = std::size_t{1} << 24;

  /// Places of rows whose hash is that of `key`: at most kMaxSame but for hashes that fall together, side by side.
  struct Range {
    std::uint32_t first = 0, last = 0;
  };
  [[nodiscard]] Range find(const Key& key) const noexcept { return find(fingerprint(key)); }
  [[nodiscard]] Range find(std::uint64_t fingerprint) const noexcept;
  /// The hash of the row at that place.
  [[nodiscard]] std::uint64_t hash(std::uint32_t place) const noexcept { return hashes_[place]; }

  /// Addresses: which lengths of prefix there are, mapped to IPv6. Domains: which numbers of labels.
  [[nodiscard]] const std::bitset<129>& prefixes() const noexcept { return prefixes_; }
  [[nodiscard]] const std::bitset<128>& labels() const noexcept { return labels_; }
  /// Is there any of that type? kNetwork: of kAddress.
  [[nodiscard]] bool has(Type t) const noexcept { return counts_[static_cast<std::size_t>(t)] != 0; }
  [[nodiscard]] const std::array<std::uint64_t, kTypes>& counts() const noexcept { return counts_; }
  /// Are there file hashes of so many bytes: 16, 20, 32?
  [[nodiscard]] bool has_file_hash(std::size_t bytes) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return hashes_.size(); }
  [[nodiscard]] std::size_t bytes() const noexcept;

  std::uint32_t epoch = 0;  ///< who puts it to use numbers it

 private:
  friend class IndicatorReader;
  friend class IndicatorSetBuilder;
  using Line = std::array<std::uint64_t, 8>;
  struct alignas(64) FilterLine {
    Line words{};
  };
  static Line filter_bits(std::uint64_t fingerprint) noexcept;

  std::vector<FilterLine> filter_;  // a power of two
  std::vector<std::uint64_t> hashes_;
  std::vector<std::uint32_t> rows_;   // number of the block, 14 bits of place in it
  std::vector<std::uint32_t> index_;  // first place, by the upper bits of the hash
  unsigned index_shift_ = 64;
  std::vector<std::uint64_t> blocks_;  // where each begins in packed_, and where the last ends
  std::vector<char> packed_;
  std::bitset<129> prefixes_;
  std::bitset<128> labels_;
  std::bitset<3> digests_;
  std::array<std::uint64_t, kTypes> counts_{};
};

/// A row, good until the reader's next read().
struct Row {
  Type type = Type::kAddress;
  Key key;
  std::string_view text, source, description, reference;
  Severity severity = Severity::kUnsaid;
  std::optional<std::uint8_t> confidence;
  std::uint64_t expires_ns = 0;
};

class IndicatorReader {
 public:
  IndicatorReader();
  ~IndicatorReader();
  IndicatorReader(const IndicatorReader&) = delete;
  IndicatorReader& operator=(const IndicatorReader&) = delete;

  /// Forgets what it read of another set; borrows this one.
  void use(const IndicatorSet& set) noexcept { set_ = &set, block_ = kNone; }
  [[nodiscard]] Row read(std::uint32_t place) noexcept;

 private:
  static constexpr std::size_t kNone = ~std::size_t{0};
  ZSTD_DCtx_s* const context_;
  std::vector<char> bytes_;
  const IndicatorSet* set_ = nullptr;
  std::size_t block_ = kNone;
};

class IndicatorSetBuilder {
 public:
  IndicatorSetBuilder();
  ~IndicatorSetBuilder();
  IndicatorSetBuilder(const IndicatorSetBuilder&) = delete;
  IndicatorSetBuilder& operator=(const IndicatorSetBuilder&) = delete;

  /// Texts are no longer than kMaxText. False: there are kMaxIndicators.
  [[nodiscard]] bool add(const Indicator&);
  /// What the set will take so far, about.
  [[nodiscard]] std::size_t bytes() const noexcept;
  /// Once. Rows that are the same in all are one, and of one key the first kMaxSame stay.
  [[nodiscard]] std::unique_ptr<IndicatorSet> finish();
  /// After finish(): rows that were left out, because they are there already and because kMaxSame have their key.
  [[nodiscard]] std::size_t repeated() const noexcept { return repeated_; }
  [[nodiscard]] std::size_t too_many() const noexcept { return too_many_; }

 private:
  struct Entry {
    std::uint64_t hash;
    std::uint32_t row;
    std::uint32_t content;  // hash of the row
  };
  void pack();

  struct Packer;
  std::unique_ptr<IndicatorSet> set_;
  std::unique_ptr<Packer> packer_;
  std::vector<Entry> entries_;
  std::vector<char> block_;
  std::size_t repeated_ = 0, too_many_ = 0;
};

}  // namespace picket::intel
