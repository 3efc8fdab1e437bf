#include "export/collector/sinks/eve_files_sink.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>
#include <filesystem>
#include <tuple>
#include <vector>

#include "export/clock.h"
#include "export/collector/sinks/block.h"
#include "export/collector/sinks/eve_journal.h"
#include "export/collector/sinks/rotation.h"
#include "export/durable.h"
#include "export/eve.h"
#include "export/fd.h"
#include "parsers/core/folder.h"

namespace picket::collector {
namespace fs = std::filesystem;
namespace {

Error system_error(const std::string& path, const char* what, int error = errno) {
  return Error{fmt::format("eve '{}': {}: {}", path, what, std::strerror(error))};
}

/// A dot in front: programs that are told to follow eve.json* pass it over.
std::string journal_path(const std::string& path) {
  const fs::path p(path);
  return p.parent_path() / ("." + p.filename().string() + ".journal");
}

/// Where the next line of the file belongs.
Result<Place> end_of(const Fd& file, const std::string& path) {
  struct statx st {};
  if (::statx(file.get(), "", AT_EMPTY_PATH, STATX_BASIC_STATS | STATX_BTIME, &st) != 0)
    return system_error(path, "stat");
  const bool born = (st.stx_mask & STATX_BTIME) != 0;
  const auto born_s = static_cast<std::uint64_t>(st.stx_btime.tv_sec);
  return Place{st.stx_ino, born ? born_s * 1'000'000'000 + st.stx_btime.tv_nsec : 0, st.stx_size};
}

/// Is it the file of this place, and whole up to there? By its end.
bool has(const Place& end, const Place& place) {
  const bool same_birth = end.born_ns == place.born_ns || end.born_ns == 0 || place.born_ns == 0;
  return end.inode == place.inode && same_birth && end.offset >= place.offset;
}

class EveFilesSink final : public Sink {
 public:
  explicit EveFilesSink(const EveFilesOptions& options)
      : Sink("eve"), options_(options), path_(options.path), rotation_(options.path) {}
  ~EveFilesSink() override {
    // A clean end leaves nothing to be written again. Where this fails the journal still has it.
    if (opened_ && settle()) (void)journal_.forget_lines();
  }

  Status open();
  Result<std::optional<ChainHead>> head(const ChainId& chain) override { return named(journal_.head(chain)); }
  Status store(Deliveries deliveries, const Bury& bury) override;
  void tick() override;

 private:
  template <class T>
  Result<T> named(Result<T> r) const {
    if (r) return r;
    return Error{fmt::format("eve journal '{}': {}", journal_path(path_), r.error().message)};
  }
  Status redo();
  Result<Fd> open_named() const;
  Status open_file();
  Status place_anew();
  [[nodiscard]] bool is_removed() const;
  Status settle();
  Status write_lines();
  Status follow_name();
  [[nodiscard]] bool is_due(const struct stat& st) const;
  Status put_away();

  EveFilesOptions options_;
  std::string path_;
  Rotation rotation_;
  EveJournal journal_;
  Fd file_;
  bool opened_ = false;    ///< else the journal may have lines that nobody has settled
  PlacedLines placed_;     ///< in the journal, not known to be on the disk in the file; no lines: all is
  bool written_ = false;   ///< placed_ is in the file
  std::string complaint_;  ///< of the last tick(): said once, not with each
  EveWriter eve_;
};

Status EveFilesSink::open() {
  auto journal = named(EveJournal::open(journal_path(path_)));
  if (!journal) {
    return Error{
        journal.error().message +
        "; name a file in a folder that exists and may be written to, which no other collector writes"};
  }
  journal_ = std::move(journal).value();
  if (auto s = open_file(); !s) return s;
  if (auto s = redo(); !s) return s;
  opened_ = true;
  return Done{};
}

/// Opens the file of the name, or makes it.
Result<Fd> EveFilesSink::open_named() const {
  Fd fd(::open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0640));
  if (fd.get() < 0) return system_error(path_, "cannot be written to");
  struct stat st {};
  if (::fstat(fd.get(), &st) != 0) return system_error(path_, "stat");
  if (!S_ISREG(st.st_mode)) return Error{fmt::format("eve '{}': is no regular file; name one", path_)};
  if (const int error = sync_folder(fs::path(path_).parent_path()))
    return system_error(path_, "cannot sync its folder", error);
  return fd;
}

Status EveFilesSink::open_file() {
  auto fd = open_named();
  if (!fd) return fd.error();
  file_ = std::move(fd).value();
  return Done{};
}

/// The file of the last lines is gone: they get a place behind what is in the file of the name. The journal knows it
/// before a line is written, so whoever dies in the middle of them is followed by one who writes over the half.
Status EveFilesSink::place_anew() {
  auto fd = open_named();
  if (!fd) return fd.error();
  const auto end = end_of(fd.value(), path_);
  if (!end) return end.error();
  if (auto s = named(journal_.move_lines(end.value())); !s) return s;
  file_ = std::move(fd).value();
  placed_.place = end.value();
  written_ = false;
  spdlog::warn("eve '{}': the file that the last lines were written to is gone; they stand in the new one",
               path_);
  return Done{};
}

/// Writes the journal's lines where they belong, in the file that they were meant for.
Status EveFilesSink::redo() {
  auto lines = named(journal_.lines());
  if (!lines) return lines.error();
  if (!lines.value()) return Done{};
  placed_ = std::move(*lines.value());
  const auto end = end_of(file_, path_);
  if (!end) return end.error();
  if (has(end.value(), placed_.place)) return settle();

  // Moved away, it still begins with its name's stem; another's file may have its inode by now.
  const fs::path path(path_);
  const std::string stem = path.stem().string();
  const fs::path folder = path.has_parent_path() ? path.parent_path() : fs::path(".");
  std::vector<fs::path> with_inode;
  std::ignore = for_each_entry(folder, [&](const fs::directory_entry& entry) {
    struct stat st {};
    if (entry.path().filename().string().starts_with(stem) && ::lstat(entry.path().c_str(), &st) == 0 &&
        S_ISREG(st.st_mode) && st.st_ino == placed_.place.inode) {
      with_inode.push_back(entry.path());
    }
  });
  for (const fs::path& at : with_inode) {
    Fd moved(::open(at.c_str(), O_WRONLY | O_CLOEXEC | O_NOFOLLOW));
    if (!moved) return system_error(at, "cannot be written to");
    const auto its_end = end_of(moved, at);
    if (!its_end) return its_end.error();
    if (!has(its_end.value(), placed_.place)) continue;
    std::swap(file_, moved);
    Status s = settle();
    std::swap(file_, moved);
    return s;
  }
  if (auto s = place_anew(); !s) return s;
  return settle();
}

Status EveFilesSink::write_lines() {
  if (const int error = write_all_at(file_.get(), placed_.lines, placed_.place.offset))
    return system_error(path_, "write", error);
  return Done{};
}

/// It has no name any more: what is written to it is seen by nobody.
bool EveFilesSink::is_removed() const {
  struct stat st {};
  return ::fstat(file_.get(), &st) != 0 || st.st_nlink == 0;
}

/// On return the journal's lines are on the disk, in a file that had a name then.
Status EveFilesSink::settle() {
  if (placed_.lines.empty()) return Done{};
  if (is_removed()) {
    if (auto s = place_anew(); !s) return s;
  }
  if (!written_) {
    if (auto s = write_lines(); !s) return s;
  }
  // After a sync that failed nobody knows what the file has: it is written again.
  written_ = ::fdatasync(file_.get()) == 0;
  if (!written_) return system_error(path_, "sync");
  if (is_removed()) return settle();  // meanwhile
  placed_ = {};
  written_ = false;
  return Done{};
}

bool EveFilesSink::is_due(const struct stat& st) const {
  if (st.st_size == 0) return false;
  if (options_.rotate_bytes != 0 && static_cast<std::uint64_t>(st.st_size) >= options_.rotate_bytes)
    return true;
  const auto every = options_.rotate_every.count();
  return every != 0 && st.st_mtime / every != std::time(nullptr) / every;
}

Status EveFilesSink::put_away() {
  const fs::path away = rotation_.next_name(now_ns() / 1000);
  if (::rename(path_.c_str(), away.c_str()) != 0) return system_error(path_, "cannot be renamed");
  if (auto s = open_file(); !s) return s;
  const std::size_t removed = rotation_.remove_beyond(options_.keep_files, options_.keep_bytes);
  if (removed > 0) spdlog::info("eve '{}': {} old files removed", path_, removed);
  return Done{};
}

/// Puts the file away when it is time, and goes on in a new one when somebody else did. Only between blocks: the
/// lines of one have to be settled before.
Status EveFilesSink::follow_name() {
  struct stat mine {};
  if (::fstat(file_.get(), &mine) != 0) return system_error(path_, "stat");
  struct stat named {};
  if (::stat(path_.c_str(), &named) != 0 && errno != ENOENT) return system_error(path_, "stat");
  if (named.st_ino != mine.st_ino || named.st_dev != mine.st_dev) {
    if (auto s = open_file(); !s) return s;
    spdlog::info("eve '{}': was moved away; a new one is begun", path_);
    return Done{};
  }
  return is_due(mine) ? put_away() : Done{};
}

Status EveFilesSink::store(Deliveries deliveries, const Bury& bury) {
  if (auto s = settle(); !s) return s;
  const auto block = new_block(deliveries, [&](const ChainId& chain) { return head(chain); });
  if (!block) return block.error();
  if (block.value().deliveries.empty()) return Done{};
  if (auto s = follow_name(); !s) return s;

  PlacedLines placed;
  Rejects rejected(bury);
  for (const Delivery* d : block.value().deliveries) {
    each_record(*d, rejected, [&](std::uint64_t, Bytes record) -> std::optional<std::string> {
      if (!eve_.append(record, placed.lines)) return "is not a Protobuf message";
      placed.lines.push_back('\n');
      return std::nullopt;
    });
  }
  if (auto s = rejected.bury(); !s) return s;
  const auto end = end_of(file_, path_);
  if (!end) return end.error();
  placed.place = end.value();
  if (auto s = named(journal_.put(block.value(), placed)); !s) return s;

  placed_ = std::move(placed);
  // The block is stored, whatever becomes of this: the journal has it.
  const Status s = write_lines();
  written_ = s.has_value();
  if (!s) spdlog::error("{}; its last lines are in the journal, and are tried again", s.error().message);
  return Done{};
}

void EveFilesSink::tick() {
  Status s = settle();
  if (s) s = named(journal_.forget_lines());
  if (s) s = follow_name();
  const std::string trouble = s ? "" : s.error().message;
  if (!s && trouble != complaint_) spdlog::error("{}; it is tried again", trouble);
  complaint_ = trouble;
}

}  // namespace

Result<std::unique_ptr<Sink>> open_eve_files_sink(const EveFilesOptions& options) {
  auto sink = std::make_unique<EveFilesSink>(options);
  if (auto s = sink->open(); !s) return s.error();
  return std::unique_ptr<Sink>(std::move(sink));
}

}  // namespace picket::collector
