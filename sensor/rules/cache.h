// sensor/rules/cache.h — pattern databases: taken from a folder when it has them, compiled and put there when
// not
//
// What some rule set in use has already is not even read: sets that follow each other share it.
//
// A file a database, named by the SHA-256 of its patterns, of Hyperscan's version and of the CPU features it
// was built for. Behind a header with that key stand the serialised database and a SHA-256 of it; whatever
// does not agree is built anew, never trusted. Files are written aside and renamed, so that a reader sees all
// of one or nothing.
#pragma once
#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "parsers/core/result.h"

struct hs_database;

namespace picket::rules {

struct Literal {
  std::string bytes;
  bool nocase = false;
  friend auto operator<=>(const Literal&, const Literal&) = default;
};

class DatabaseCache {
 public:
  /// Empty: nothing is kept. The folder is made when it does not exist.
  explicit DatabaseCache(std::string folder);

  struct Outcome {
    std::shared_ptr<hs_database> database;
    bool from_cache = false;  ///< not compiled
    std::string warning;      ///< why it could not be kept; mostly empty
  };
  /// Ids of patterns are their places. May be called by several threads at once.
  [[nodiscard]] Result<Outcome> get(const std::vector<Literal>& patterns) const;

  /// Forgets what nobody uses any more.
  void tidy();

 private:
  using Key = std::array<std::uint8_t, 32>;  // SHA-256
  std::string folder_;
  mutable std::mutex mutex_;
  mutable std::map<Key, std::weak_ptr<hs_database>> in_use_;
};

}  // namespace picket::rules
