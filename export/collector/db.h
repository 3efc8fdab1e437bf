// export/collector/db.h — SQLite, as much of it as the store needs: RAII, and errors as Result
#pragma once
#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::collector {

/// A prepared statement. bind() counts from 1, column() from 0, as SQLite does.
class Statement {
 public:
  Statement() = default;
  explicit Statement(sqlite3_stmt* s) noexcept : s_(s) {}

  void bind(int at, std::int64_t v) noexcept { sqlite3_bind_int64(s_.get(), at, v); }
  void bind(int at, double v) noexcept { sqlite3_bind_double(s_.get(), at, v); }
  /// Copied.
  void bind(int at, std::string_view v) noexcept {
    sqlite3_bind_text64(s_.get(), at, v.data() == nullptr ? "" : v.data(), v.size(), SQLITE_TRANSIENT,
                        SQLITE_UTF8);
  }
  /// Borrowed until the next reset().
  void bind(int at, Bytes v) noexcept {
    sqlite3_bind_blob64(s_.get(), at, v.data() == nullptr ? "" : static_cast<const void*>(v.data()), v.size(),
                        SQLITE_STATIC);
  }
  void bind_null(int at) noexcept { sqlite3_bind_null(s_.get(), at); }

  /// SQLITE_ROW, SQLITE_DONE, or an error's code.
  [[nodiscard]] int step() noexcept { return sqlite3_step(s_.get()); }
  void reset() noexcept { sqlite3_reset(s_.get()); }

  [[nodiscard]] std::int64_t integer(int column) const noexcept {
    return sqlite3_column_int64(s_.get(), column);
  }
  [[nodiscard]] Bytes bytes(int column) const noexcept {
    const void* p = sqlite3_column_blob(s_.get(), column);
    return {static_cast<const std::uint8_t*>(p),
            static_cast<std::size_t>(sqlite3_column_bytes(s_.get(), column))};
  }
  [[nodiscard]] std::string_view text(int column) const noexcept { return as_text(bytes(column)); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* s) const noexcept { sqlite3_finalize(s); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> s_;
};

class Db {
 public:
  static Result<Db> open(const std::string& path, int flags);

  Status run(const std::string& sql);
  Result<Statement> prepare(std::string_view sql);
  /// "disk I/O error" and the like, of the last call that failed.
  [[nodiscard]] std::string error() const { return sqlite3_errmsg(db_.get()); }
  [[nodiscard]] sqlite3* handle() const noexcept { return db_.get(); }

 private:
  struct Close {
    void operator()(sqlite3* db) const noexcept { sqlite3_close_v2(db); }
  };
  std::unique_ptr<sqlite3, Close> db_;
};

/// A name from a descriptor, as SQL wants it: quoted.
std::string quote_name(std::string_view name);

}  // namespace picket::collector
