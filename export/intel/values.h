// export/intel/values.h — from a field's value to the keys that an indicator of it would have
//
//   address   each length of prefix that the set has
//   host      each word of the text: an address, or a name and the names above it, as far as the set has
//             so many labels
//   url       whole, without its query, and its host
//   email     each word with an @: the address of mail, and its domain
//   hashes    as they are
//
// Cost    bounded: kMaxWords words of a value, kMaxLabels names of a word, 129 prefixes of an address; what no
//         indicator of the set is of is not even hashed. No allocation
#pragma once
#include "export/intel/indicator_set.h"
#include "export/proto/picket/v1/options.pb.h"

namespace picket::intel {

inline constexpr std::size_t kMaxWords = 64;

/// Told which key the set may have, and what of the value it is of.
class KeyFinder {
 public:
  virtual void found(IndicatorSet::Range, const Key&, std::string_view seen) = 0;

 protected:
  ~KeyFinder() = default;
};

class Values {
 public:
  Values(const IndicatorSet& set, KeyFinder& finder) noexcept : set_(set), finder_(finder) {}

  /// Looks up all that a field's bytes are; URL_PATH and URL_PORT have look_url().
  void look(v1::Observable, Bytes value) noexcept;
  void look_url(std::string_view, bool with_host = true) noexcept;
  [[nodiscard]] std::uint64_t lookups() const noexcept { return lookups_; }

 private:
  void try_key(const Key&, std::string_view seen) noexcept;
  void address(const Address&, std::string_view seen) noexcept;
  void host(std::string_view) noexcept;
  void email(std::string_view) noexcept;
  void digest(Type, Bytes) noexcept;

  const IndicatorSet& set_;
  KeyFinder& finder_;
  std::uint64_t lookups_ = 0;
};

}  // namespace picket::intel
