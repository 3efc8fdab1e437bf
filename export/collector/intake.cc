#include "export/collector/intake.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>
#include <mutex>
#include <optional>
#include <thread>
#include <vector>

#include "export/batch_file.h"
#include "export/capped_folder.h"
#include "export/collector/intake_listing.h"
#include "export/collector/intake_order.h"
#include "export/collector/intake_taking.h"
#include "export/fd.h"
#include "export/log_limit.h"
#include "export/proto/picket/v1/collector.pb.h"

namespace picket::collector {
namespace {

constexpr std::chrono::milliseconds kPoll{500};
constexpr std::chrono::minutes kTrimEvery{10};

Error failed(const std::string& path, const char* what) {
  return Error{fmt::format("'{}' cannot be {}: {}", printable(path), what, std::strerror(errno))};
}

std::string kept_name(const IntakeFile& file, const CappedFolder& in) {
  return in.path() + "/" + (file.folder.empty() ? "" : file.folder + ".") + file.name.text();
}

/// At most so many bytes.
Result<std::string> read_all(int fd, const std::string& path, std::size_t bytes) {
  std::string content(bytes, '\0');
  std::size_t done = 0;
  while (done < bytes) {
    const ssize_t n = ::read(fd, content.data() + done, bytes - done);
    if (n < 0 && errno != EINTR) return failed(path, "read");
    if (n == 0) break;
    if (n > 0) done += static_cast<std::size_t>(n);
  }
  content.resize(done);
  return content;
}

class FileIntake final : public Intake {
 public:
  FileIntake(IntakeOptions options, Router& router, Fd lock)
      : options_(std::move(options)),
        router_(router),
        lock_(std::move(lock)),
        listing_(options_.folder),
        order_(options_.folder + "/" + kIntakeStateName),
        done_(options_.folder + "/" + kDoneFolder, options_.done_max_bytes, options_.done_max_age),
        refused_(options_.folder + "/" + kRefusedFolder, options_.refused_max_bytes) {}
  ~FileIntake() override { stop(); }

  void start() override {
    thread_ = std::thread([this] {
      while (!stopping()) {
        if (!poll(Clock::now())) wait();
      }
    });
  }
  void stop() override {
    {
      const std::lock_guard lock(progress_->mutex);
      progress_->stopping = true;
      progress_->changed.notify_all();
    }
    if (thread_.joinable()) thread_.join();
  }
  bool poll(Clock::time_point now) override;
  [[nodiscard]] IntakeState state() const override {
    const std::lock_guard lock(state_mutex_);
    IntakeState now = state_;
    if (oldest_) now.oldest = Clock::now() - *oldest_;
    return now;
  }

 private:
  /// A file that is here and not taken yet.
  struct Waiting {
    Clock::time_point first_seen, at_rest_since;
    std::int64_t size = -1, changed_ns = 0;
    bool was_read = false;   ///< since it changed
    std::uint64_t look = 0;  ///< the last one that saw it
  };
  enum class Fate : std::uint8_t { kTaken, kRefused, kWaits };

  [[nodiscard]] bool stopping() const {
    const std::lock_guard lock(progress_->mutex);
    return progress_->stopping;
  }
  void wait() {
    std::unique_lock lock(progress_->mutex);
    progress_->changed.wait_for(lock, kPoll,
                                [&] { return progress_->stopping || !progress_->ended.empty(); });
  }
  [[nodiscard]] std::string path_of(const IntakeFile& file) const {
    return options_.folder + "/" + file.path();
  }

  void observe(const IntakeFile& file, Waiting& waiting, Clock::time_point now) const;
  bool is_in_turn(const IntakeFile& file, const Waiting& waiting, Clock::time_point now);
  Result<Fate> consider(const IntakeFile& file, Waiting& waiting, Clock::time_point now);
  void passed(const IntakeFile& file);
  void take(const IntakeFile& file, const struct stat& status, BatchFileReader batches);
  bool put_away_ended(Status& trouble);
  Status put_away(const Taking& taking);
  Result<std::uint64_t> move(const IntakeFile& file, const CappedFolder& to);
  Status refuse(const IntakeFile& file, const std::string& why);
  void tell_levels(const IntakeListing::Seen& seen);
  void tell_trouble(const Status& now);
  void log(spdlog::level::level_enum level, const std::string& line, LogLimit& limit);
  void log(spdlog::level::level_enum level, const std::string& line) { log(level, line, log_limit_); }
  template <class Change>
  void update(Change change) {
    const std::lock_guard lock(state_mutex_);
    change(state_);
  }

  const IntakeOptions options_;
  Router& router_;
  const Fd lock_;
  IntakeListing listing_;
  IntakeOrder order_;
  CappedFolder done_, refused_;
  Clock::time_point trimmed_{};
  std::map<std::string, Clock::time_point> taking_;   ///< by IntakeFile::path(): when it was first seen
  std::map<std::string, Waiting> waiting_;            ///< as these
  std::vector<std::shared_ptr<Taking>> to_put_away_;  ///< all is answered
  std::uint64_t look_ = 0;
  std::uint64_t origin_ = 0;  ///< of what the last look has found
  std::string trouble_;
  LogLimit log_limit_;      ///< of what is told of files
  LogLimit trouble_limit_;  ///< its own: files are not to hide it
  const std::shared_ptr<Progress> progress_ = std::make_shared<Progress>();

  mutable std::mutex state_mutex_;
  IntakeState state_;
  std::optional<Clock::time_point> oldest_;
  std::thread thread_;
};

bool FileIntake::poll(Clock::time_point now) {
  Status trouble = Done{};
  bool any = put_away_ended(trouble);
  if (now - trimmed_ >= kTrimEvery) {
    trimmed_ = now;
    done_.trim();
  }
  auto seen = listing_.look(now, options_.patience);
  if (!seen) {
    tell_trouble(seen.error());
    return any;
  }
  bool looked_at_all = true;
  ++look_;
  origin_ = Source::new_origin();
  for (const IntakeFile& file : seen.value().files) {
    if (taking_.contains(file.path())) continue;
    looked_at_all = taking_.size() - to_put_away_.size() < kMaxTaking && !stopping();
    if (!looked_at_all) break;
    const auto at = waiting_.try_emplace(file.path(), Waiting{now, now}).first;
    at->second.look = look_;
    observe(file, at->second, now);
    if (!is_in_turn(file, at->second, now)) continue;
    const auto fate = consider(file, at->second, now);
    if (!fate && trouble) trouble = fate.error();
    if (!fate || fate.value() == Fate::kWaits) continue;
    waiting_.erase(at);
    any = true;
  }
  if (looked_at_all) std::erase_if(waiting_, [&](const auto& w) { return w.second.look != look_; });
  tell_levels(seen.value());
  tell_trouble(trouble);
  return any;
}

// ---- one file ----

/// Whoever waits for others is at rest meanwhile, or not.
void FileIntake::observe(const IntakeFile& file, Waiting& waiting, Clock::time_point now) const {
  struct stat status {};
  if (::lstat(path_of(file).c_str(), &status) != 0) return;
  const std::int64_t changed_ns = status.st_mtim.tv_sec * 1'000'000'000 + status.st_mtim.tv_nsec;
  if (waiting.size == status.st_size && waiting.changed_ns == changed_ns) return;
  waiting.at_rest_since = now;
  waiting.size = status.st_size;
  waiting.changed_ns = changed_ns;
  waiting.was_read = false;
}

/// Those before it were taken, or waited for as long as `patience` says.
bool FileIntake::is_in_turn(const IntakeFile& file, const Waiting& waiting, Clock::time_point now) {
  const IntakeRun run = file.of();
  const std::uint64_t next = order_.next(run);
  if (file.name.number <= next) return true;
  if (now - waiting.first_seen < options_.patience) return false;
  order_.skip_to(run, file.name.number);
  log(spdlog::level::warn,
      fmt::format("{} of '{}' did not come within {} s: what came behind is taken",
                  file.name.number - next == 1 ? fmt::format("file {}", next)
                                               : fmt::format("files {} to {}", next, file.name.number - 1),
                  printable(run.folder.empty() ? run.run : run.folder + "/" + run.run),
                  options_.patience.count()));
  return true;
}

Result<FileIntake::Fate> FileIntake::consider(const IntakeFile& file, Waiting& waiting,
                                              Clock::time_point now) {
  const std::string path = path_of(file);
  const Fd fd(::open(path.c_str(), O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC));
  struct stat status {};
  if (fd.get() < 0 && (errno == ENOENT || errno == ELOOP)) return Fate::kWaits;  // it is another thing by now
  if (fd.get() < 0 || ::fstat(fd.get(), &status) != 0) return failed(path, "read");
  if (!S_ISREG(status.st_mode)) return Fate::kWaits;
  const bool is_at_rest = now - waiting.at_rest_since >= options_.patience;
  std::string why;
  if (static_cast<std::uint64_t>(status.st_size) > options_.max_file_bytes) {
    why = fmt::format("it has {} bytes, and {} is the limit (intake.max-file-size)", status.st_size,
                      options_.max_file_bytes);
  } else {
    // Looked at once more at the end: two writes in one tick of the file system's clock are one change.
    if (waiting.was_read && !is_at_rest) return Fate::kWaits;
    waiting.was_read = true;
    const auto content = read_all(fd.get(), path, static_cast<std::size_t>(status.st_size));
    if (!content) return content.error();
    auto batches = BatchFileReader::open(as_bytes(content.value()));
    if (batches) {
      passed(file);
      take(file, status, std::move(batches).value());
      return Fate::kTaken;
    }
    if (!is_at_rest) return Fate::kWaits;
    why = batches.error().message;
  }
  if (const Status s = refuse(file, why); !s) return s.error();
  passed(file);
  return Fate::kRefused;
}

void FileIntake::passed(const IntakeFile& file) {
  if (!order_.passed(file.of(), file.name.number)) return;
  log(spdlog::level::info, fmt::format("'{}' came late, and is missing no more", printable(file.path())));
  update([](IntakeState& s) { ++s.late; });
}

/// Hands its batches to the router, waiting for room where there is none. Its end is put_away_ended().
void FileIntake::take(const IntakeFile& file, const struct stat& status, BatchFileReader batches) {
  const auto taking = std::make_shared<Taking>(Taking{file, path_of(file), status});
  taking_.emplace(file.path(), waiting_.at(file.path()).first_seen);
  v1::Batch batch;
  for (Bytes bytes; batches.next(bytes);) {
    {
      const std::lock_guard lock(progress_->mutex);
      ++taking->left;
      progress_->room = false;
    }
    if (!parse_batch(bytes, {}, batch)) {
      const std::string why = "one of its batches cannot be read";
      progress_->answered(taking, &why);
      continue;
    }
    const auto source = std::make_shared<BatchOfFile>(origin_, taking, progress_);
    while (!router_.take(source, batch)) {
      std::unique_lock lock(progress_->mutex);
      progress_->changed.wait(lock, [&] { return progress_->room || progress_->stopping; });
      if (progress_->stopping) return;  // it stays where it is
      progress_->room = false;
    }
  }
  progress_->answered(taking, nullptr);
}

// ---- where files end ----

/// True: there were some. Those that cannot be put away hold up no others: they stay in taking_, so that they are not
/// read again, and are tried again.
bool FileIntake::put_away_ended(Status& trouble) {
  {
    const std::lock_guard lock(progress_->mutex);
    to_put_away_.insert(to_put_away_.end(), progress_->ended.begin(), progress_->ended.end());
    progress_->ended.clear();
  }
  if (to_put_away_.empty()) return false;
  // First what is known of them: who starts again must not wait for files that are in done/.
  if (trouble = order_.save(); !trouble) return false;
  const std::size_t ended = to_put_away_.size();
  std::erase_if(to_put_away_, [&](const auto& taking) {
    const Status done = put_away(*taking);
    if (!done && trouble) trouble = done;
    if (done) taking_.erase(taking->file.path());
    return done.has_value();
  });
  return to_put_away_.size() < ended;
}

Status FileIntake::put_away(const Taking& taking) {
  struct stat now {};
  const bool is_same = ::lstat(taking.path.c_str(), &now) == 0 && now.st_ino == taking.status.st_ino &&
                       now.st_size == taking.status.st_size &&
                       now.st_mtim.tv_sec == taking.status.st_mtim.tv_sec &&
                       now.st_mtim.tv_nsec == taking.status.st_mtim.tv_nsec;
  if (!is_same) return Done{};  // it came again meanwhile, or somebody took it away
  if (taking.refused != 0) {
    const std::string more =
        taking.refused == 1 ? "" : fmt::format("; {} of its batches are refused", taking.refused);
    return refuse(taking.file, taking.why + more);
  }
  if (options_.done_max_bytes == 0) {
    if (::unlink(taking.path.c_str()) != 0 && errno != ENOENT) return failed(taking.path, "removed");
  } else {
    auto moved = move(taking.file, done_);
    if (!moved) return moved.error();
    done_.put(moved.value());
  }
  update([](IntakeState& s) { ++s.taken; });
  return Done{};
}

/// Gives its bytes.
Result<std::uint64_t> FileIntake::move(const IntakeFile& file, const CappedFolder& to) {
  const std::string from = path_of(file);
  struct stat status {};
  if (::lstat(from.c_str(), &status) != 0) return failed(from, "moved");
  const std::string kept = kept_name(file, to);
  if (::rename(from.c_str(), kept.c_str()) != 0)
    return failed(from, "moved (subfolders have to be on the folder's own disk)");
  // What came here last goes last. Not before it is here: a file that stays would count as one that changed.
  ::utimensat(AT_FDCWD, kept.c_str(), nullptr, AT_SYMLINK_NOFOLLOW);
  return static_cast<std::uint64_t>(status.st_size);
}

Status FileIntake::refuse(const IntakeFile& file, const std::string& why) {
  const std::string reason = kept_name(file, refused_) + ".reason";
  std::ofstream out(reason, std::ios::trunc);
  out << why << '\n';
  out.close();
  if (!out) return failed(reason, "written");
  auto moved = move(file, refused_);
  if (!moved) return moved.error();
  const auto removed = refused_.put(moved.value() + why.size() + 1);
  if (removed.files != 0)
    spdlog::warn("intake: '{}' is full: {} of its files, the oldest, are removed", refused_.path(),
                 removed.files);
  log(spdlog::level::err, fmt::format("'{}' is refused: {}; it is in '{}'", printable(file.path()),
                                      printable(why), refused_.path()));
  update([&](IntakeState& s) {
    ++s.refused;
    s.removed += removed.files;
  });
  return Done{};
}

void FileIntake::tell_levels(const IntakeListing::Seen& seen) {
  std::optional<Clock::time_point> oldest;
  const auto look_at = [&](Clock::time_point seen_at) {
    oldest = std::min(oldest.value_or(seen_at), seen_at);
  };
  for (const auto& [path, seen_at] : taking_) look_at(seen_at);
  for (const auto& [path, w] : waiting_) look_at(w.first_seen);
  update([&](IntakeState& s) {
    oldest_ = oldest;
    s.waiting = seen.count;
    s.others = seen.others;
    s.missing = order_.missing();
  });
}

void FileIntake::tell_trouble(const Status& now) {
  const std::string trouble = now ? "" : now.error().message;
  if (trouble == trouble_) return;
  if (now) {
    log(spdlog::level::info, "works again", trouble_limit_);
  } else {
    log(spdlog::level::err, trouble + "; trying again", trouble_limit_);
  }
  trouble_ = trouble;
  update([&](IntakeState& s) { s.trouble = trouble; });
}

void FileIntake::log(spdlog::level::level_enum level, const std::string& line, LogLimit& limit) {
  const auto left_out = limit.allow();
  if (!left_out) return;
  spdlog::log(level, "intake: {}{}", line, left_out_words(*left_out));
}

/// A lock on the folder itself: it needs no file, and ends with the process.
Result<Fd> lock_folder(const std::string& folder) {
  std::error_code error;
  for (const char* below : {kDoneFolder, kRefusedFolder}) {
    if (!error) std::filesystem::create_directories(folder + "/" + below, error);
  }
  if (error || ::access(folder.c_str(), R_OK | W_OK | X_OK) != 0) {
    return Error{
        fmt::format("intake.folder: '{}' cannot be used: {}; name a folder that may be read and written to",
                    folder, error ? error.message() : std::strerror(errno))};
  }
  Fd fd(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  if (fd.get() < 0) return failed(folder, "opened");
  if (::flock(fd.get(), LOCK_EX | LOCK_NB) != 0)
    return Error{fmt::format("intake.folder: '{}' is in use by another picket-collector", folder)};
  return fd;
}

}  // namespace

Result<std::unique_ptr<Intake>> Intake::open(IntakeOptions options, Router& router) {
  auto lock = lock_folder(options.folder);
  if (!lock) return lock.error();
  return std::unique_ptr<Intake>(
      std::make_unique<FileIntake>(std::move(options), router, std::move(lock).value()));
}

}  // namespace picket::collector
