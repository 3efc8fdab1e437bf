#include "export/collector/backup.h"

#include <fmt/format.h>

#include <filesystem>

#include "export/collector/store.h"
#include "export/durable.h"

namespace picket::collector {
namespace {

namespace fs = std::filesystem;

/// All pages in one step: between two steps the writer would make it begin again.
Status copy(Db& from, const std::string& path) {
  auto to = Db::open(path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
  if (!to) return to.error();
  sqlite3_backup* backup = sqlite3_backup_init(to.value().handle(), "main", from.handle(), "main");
  if (backup == nullptr) return Error{to.value().error()};
  sqlite3_backup_step(backup, -1);
  if (sqlite3_backup_finish(backup) != SQLITE_OK) return Error{to.value().error()};
  return Done{};
}

}  // namespace

Status run_backup(const BackupOptions& options) {
  const auto cannot = [&](const std::string& why) {
    return Error{fmt::format("backup '{}': {}", options.to, why)};
  };
  std::error_code error;
  if (fs::exists(options.to, error)) return cannot("it exists; name a file that does not");
  auto from = open_store_to_read(options.store);
  if (!from) return from.error();
  const std::string part = options.to + ".part";
  fs::remove(part, error);
  Status done = copy(from.value(), part);
  if (done) {
    fs::rename(part, options.to, error);
    if (!error) error.assign(sync_folder(fs::path(options.to).parent_path()), std::generic_category());
    if (error) done = Error{error.message()};
  }
  if (done) return done;
  for (const char* beside : {"", "-journal", "-wal", "-shm"}) fs::remove(part + beside, error);
  return cannot(done.error().message + "; name a file in a folder that exists and has room for the store");
}

}  // namespace picket::collector
