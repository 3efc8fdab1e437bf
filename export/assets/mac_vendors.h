// export/assets/mac_vendors.h — who makes what has a MAC address: the IEEE's lists, read when the sensor starts
//
// Debian's package ieee-data has them as oui.csv (24 bits), mam.csv (28), oui36.csv and iab.csv (36): a line is
// registry, prefix in hexadecimal, name, address. Held as one sorted table of prefixes and one block of names.
//
// Cost    load: some 40,000 lines; find: three binary searches; about 1.5 MB
// Limits  kMaxPrefixes; names of kMaxName bytes
#pragma once
#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "parsers/core/result.h"

namespace picket {

class MacVendors {
 public:
  static constexpr std::size_t kMaxPrefixes = 1'000'000, kMaxName = 96;

  /// A folder with these files (those that are missing are left out, but not all), or one such file. The error says
  /// which package would do.
  [[nodiscard]] static Result<MacVendors> load(const std::filesystem::path&);

  /// The narrowest prefix counts. "" where nobody has it, and of addresses that are made
  /// up locally or stand for groups.
  [[nodiscard]] std::string_view find(const std::array<std::uint8_t, 6>& mac) const noexcept;
  [[nodiscard]] std::size_t size() const noexcept { return prefixes_.size(); }

 private:
  struct Prefix {
    std::uint64_t key;  ///< bits of the prefix at the top of 48, then its length
    std::uint32_t at, size;
  };
  bool read(const std::filesystem::path&);
  void line(std::string_view);
  void sort();

  std::vector<Prefix> prefixes_;
  std::string names_;
};

}  // namespace picket
