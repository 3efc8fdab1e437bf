// dataplane/detect/country.h — which country an address is in, by a database in MaxMind's format
//
// Cost    a walk of at most 128 steps through mapped memory; no allocation
// Refuses files that are no such database, with the library's reason
#pragma once
#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/packet.h"
#include "parsers/core/result.h"

struct MMDB_s;

namespace picket::detect {

/// Two letters, as ISO 3166-1 has them, in one number. 0: unknown.
using Country = std::uint16_t;
[[nodiscard]] constexpr Country country_code(char first, char second) noexcept {
  return static_cast<Country>(static_cast<unsigned char>(first) << 8 | static_cast<unsigned char>(second));
}

class CountryDatabase {
 public:
  static Result<std::shared_ptr<const CountryDatabase>> open(const std::string& path);
  ~CountryDatabase();
  CountryDatabase(const CountryDatabase&) = delete;
  CountryDatabase& operator=(const CountryDatabase&) = delete;

  [[nodiscard]] Country find(const Address&) const noexcept;

 private:
  CountryDatabase();
  std::unique_ptr<MMDB_s> db_;
  bool open_ = false;
};

}  // namespace picket::detect
