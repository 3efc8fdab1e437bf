#include "sensor/rules/cache.h"

#include <hs/hs.h>
#include <openssl/sha.h>
#include <unistd.h>

#include <array>
#include <atomic>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <span>

#include "parsers/core/bytes.h"

namespace picket::rules {
namespace {

namespace fs = std::filesystem;
using Digest = std::array<std::uint8_t, SHA256_DIGEST_LENGTH>;

constexpr std::string_view kMagic = "picket-hsdb-1\n";

class Hasher {
 public:
  Hasher& add(std::string_view s) {
    const std::uint64_t size = s.size();
    text_.append(reinterpret_cast<const char*>(&size), sizeof size);
    text_.append(s);
    return *this;
  }
  [[nodiscard]] Digest digest() const { return of(text_); }
  static Digest of(std::string_view s) {
    Digest d;
    SHA256(reinterpret_cast<const unsigned char*>(s.data()), s.size(), d.data());
    return d;
  }

 private:
  std::string text_;
};

std::string_view text_of(const Digest& d) { return {reinterpret_cast<const char*>(d.data()), d.size()}; }

Digest key_of(const std::vector<Literal>& patterns) {
  Hasher h;
  h.add(kMagic).add(hs_version());
  hs_platform_info_t platform{};
  hs_populate_platform(&platform);
  h.add(std::to_string(platform.tune)).add(std::to_string(platform.cpu_features));
  for (const Literal& p : patterns) h.add(p.nocase ? "i" : "s").add(p.bytes);
  return h.digest();
}

std::string hex(const Digest& d) {
  std::string out;
  for (const std::uint8_t c : d) {
    out += "0123456789abcdef"[c >> 4];
    out += "0123456789abcdef"[c & 15];
  }
  return out;
}

/// nullptr: not there, cut short, damaged, or of another Hyperscan or CPU.
hs_database* read(const fs::path& path, const Digest& key) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return nullptr;
  const std::string all((std::istreambuf_iterator<char>(in)), {});
  const std::size_t head = kMagic.size() + 2 * key.size();
  if (all.size() <= head) return nullptr;
  const std::string_view view = all;
  const std::string_view body = view.substr(head);
  if (view.substr(0, kMagic.size()) != kMagic || view.substr(kMagic.size(), key.size()) != text_of(key))
    return nullptr;
  if (view.substr(kMagic.size() + key.size(), key.size()) != text_of(Hasher::of(body))) return nullptr;
  hs_database_t* db = nullptr;
  return hs_deserialize_database(body.data(), body.size(), &db) == HS_SUCCESS ? db : nullptr;
}

std::string write(const fs::path& path, const Digest& key, const hs_database* db) {
  char* bytes = nullptr;
  std::size_t size = 0;
  if (hs_serialize_database(db, &bytes, &size) != HS_SUCCESS)
    return path.string() + ": the database cannot be serialised";
  static std::atomic<unsigned> counter{0};
  const fs::path aside =
      path.string() + "." + std::to_string(::getpid()) + "." + std::to_string(counter++) + ".tmp";
  {
    std::ofstream out(aside, std::ios::binary | std::ios::trunc);
    const std::string_view body{bytes, size};
    out << kMagic << text_of(key) << text_of(Hasher::of(body)) << body;
    out.flush();
    std::free(bytes);
    if (!out) {
      std::error_code ignored;
      fs::remove(aside, ignored);
      return aside.string() + ": cannot be written; is there room, and may picket write there?";
    }
  }
  std::error_code failed;
  fs::rename(aside, path, failed);
  return failed ? path.string() + ": " + failed.message() : std::string();
}

Result<hs_database*> compile(const std::vector<Literal>& patterns) {
  std::vector<const char*> text;
  std::vector<unsigned> flags, ids;
  std::vector<std::size_t> sizes;
  for (std::size_t i = 0; i < patterns.size(); ++i) {
    text.push_back(patterns[i].bytes.data());
    sizes.push_back(patterns[i].bytes.size());
    flags.push_back(HS_FLAG_SINGLEMATCH | (patterns[i].nocase ? HS_FLAG_CASELESS : 0U));
    ids.push_back(static_cast<unsigned>(i));
  }
  hs_database_t* db = nullptr;
  hs_compile_error_t* error = nullptr;
  if (hs_compile_lit_multi(text.data(), flags.data(), ids.data(), sizes.data(),
                           static_cast<unsigned>(patterns.size()), HS_MODE_BLOCK, nullptr, &db,
                           &error) != HS_SUCCESS) {
    std::string reason = error != nullptr ? error->message : "unknown";
    hs_free_compile_error(error);
    return Error{"the pattern matcher refuses a set of " + std::to_string(patterns.size()) +
                 " patterns: " + reason};
  }
  return db;
}

}  // namespace

DatabaseCache::DatabaseCache(std::string folder) : folder_(std::move(folder)) {
  std::error_code ignored;  // a folder that cannot be made shows when a file is written
  if (!folder_.empty()) fs::create_directories(folder_, ignored);
}

Result<DatabaseCache::Outcome> DatabaseCache::get(const std::vector<Literal>& patterns) const {
  Outcome out;
  const Digest key = key_of(patterns);
  {
    const std::lock_guard lock(mutex_);
    if (const auto it = in_use_.find(key); it != in_use_.end()) out.database = it->second.lock();
  }
  out.from_cache = out.database != nullptr;
  if (out.from_cache) return out;
  const auto keep = [&](hs_database* database) {
    out.database = {database, hs_free_database};
    const std::lock_guard lock(mutex_);
    in_use_[key] = out.database;
  };
  const fs::path path = fs::path(folder_) / (hex(key) + ".hsdb");
  if (hs_database* found = folder_.empty() ? nullptr : read(path, key); found != nullptr) {
    out.from_cache = true;
    keep(found);
    return out;
  }
  auto compiled = compile(patterns);
  if (!compiled) return compiled.error();
  keep(compiled.value());
  if (!folder_.empty()) out.warning = write(path, key, out.database.get());
  return out;
}

void DatabaseCache::tidy() {
  const std::lock_guard lock(mutex_);
  std::erase_if(in_use_, [](const auto& entry) { return entry.second.expired(); });
}

}  // namespace picket::rules
