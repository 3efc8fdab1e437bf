#include "dataplane/detect/country.h"

#include <maxminddb.h>
#include <netinet/in.h>

#include <cstring>

namespace picket::detect {

CountryDatabase::CountryDatabase() : db_(std::make_unique<MMDB_s>()) {}
CountryDatabase::~CountryDatabase() {
  if (open_) MMDB_close(db_.get());
}

Result<std::shared_ptr<const CountryDatabase>> CountryDatabase::open(const std::string& path) {
  std::shared_ptr<CountryDatabase> out(new CountryDatabase);
  if (const int e = MMDB_open(path.c_str(), MMDB_MODE_MMAP, out->db_.get()); e != MMDB_SUCCESS)
    return Error{path + ": " + MMDB_strerror(e)};
  out->open_ = true;
  return std::shared_ptr<const CountryDatabase>(std::move(out));
}

Country CountryDatabase::find(const Address& a) const noexcept {
  sockaddr_in v4{};
  sockaddr_in6 v6{};
  const sockaddr* at = nullptr;
  if (a.is_v4()) {
    v4.sin_family = AF_INET;
    std::memcpy(&v4.sin_addr, a.bytes.data() + 12, 4);
    at = reinterpret_cast<const sockaddr*>(&v4);
  } else {
    if (db_->metadata.ip_version == 4) return 0;
    v6.sin6_family = AF_INET6;
    std::memcpy(&v6.sin6_addr, a.bytes.data(), 16);
    at = reinterpret_cast<const sockaddr*>(&v6);
  }
  int error = MMDB_SUCCESS;
  MMDB_lookup_result_s found = MMDB_lookup_sockaddr(db_.get(), at, &error);
  if (error != MMDB_SUCCESS || !found.found_entry) return 0;
  static constexpr const char* kPath[] = {"country", "iso_code", nullptr};
  MMDB_entry_data_s value{};
  if (MMDB_aget_value(&found.entry, &value, kPath) != MMDB_SUCCESS || !value.has_data ||
      value.type != MMDB_DATA_TYPE_UTF8_STRING || value.data_size != 2)
    return 0;
  return country_code(value.utf8_string[0], value.utf8_string[1]);
}

}  // namespace picket::detect
