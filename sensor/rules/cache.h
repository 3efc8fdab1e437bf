// sensor/rules/cache.h — pattern databases: taken from a folder when it has them, compiled and put there when
// not
//
// A file a database, named by the SHA-256 of its patterns, of Hyperscan's version and of the CPU features it
// was built for. Behind a header with that key stand the serialised database and a SHA-256 of it; whatever
// does not agree is built anew, never trusted. Files are written aside and renamed, so that a reader sees all
// of one or nothing.
#pragma once
#include <cstdint>
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
    hs_database* database = nullptr;  ///< the caller's to free
    bool from_cache = false;
    std::string warning;  ///< why it could not be kept; mostly empty
  };
  /// Ids of patterns are their places. May be called by several threads at once.
  [[nodiscard]] Result<Outcome> get(const std::vector<Literal>& patterns) const;

 private:
  std::string folder_;
};

}  // namespace picket::rules
