#include "export/delivery/one_way.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>
#include <tuple>

#include "export/batch_file.h"
#include "export/clock.h"
#include "export/new_file.h"
#include "parsers/core/folder.h"

namespace picket::delivery {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kPause{100};  // between two files: what comes meanwhile goes together
constexpr milliseconds kRetry{1000};
constexpr const char* kPart = ".part";

class OneWay final : public OutletThread {
 public:
  OneWay(OneWayOptions options, Spool& spool, DeliveryCounters& counters, std::function<void()> progressed)
      : options_(std::move(options)),
        spool_(spool),
        counters_(counters),
        progressed_(std::move(progressed)),
        started_(now_ns()) {
    std::ignore = remove_left_overs();
    start([this](Lock& lock) { run(lock); });
  }
  ~OneWay() override { stop(); }

  bool connected() const override { return true; }

 private:
  struct Taken {
    std::uint64_t boot, last;
    std::size_t lane;
  };

  void run(Lock& lock) {
    event_ = true;
    while (!stopping_) {
      wait_until(lock, Clock::now() + kRetry);
      event_ = false;
      const Status done = unlocked(lock, [this] { return write_files(); });
      if (!done && trouble_ != done.error().message)
        spdlog::error("{}; batches wait in the spool", done.error().message);
      trouble_ = done ? "" : done.error().message;
      rest(lock, done ? kPause : kRetry);
    }
  }

  Status write_files() {
    Status done = Done{};
    bool any = true;
    while (any && done) done = write_file(any);
    return done;
  }

  /// What there is, into one file; `any` false: there was nothing.
  Status write_file(bool& any) {
    any = false;
    if (!is_tidy_) {
      if (Status tidy = remove_left_overs(); !tidy) return tidy;
    }
    if (Status room = has_room(); !room) return room;
    if (options_.ready) {
      if (Status ready = options_.ready(); !ready) return ready;
    }
    BatchFileWriter file;
    std::vector<Taken> taken;
    for (std::size_t lane = 0; lane < kLaneCount && file.size() < options_.max_file_bytes; ++lane) {
      while (file.size() < options_.max_file_bytes) {
        auto frame = spool_.next(options_.place, lane);
        if (!frame) break;
        if (options_.sign) sign_batch(options_.sign, frame->batch);
        file.add(frame->batch);
        taken.push_back({frame->batch.boot(), frame->last(), lane});
      }
    }
    if (taken.empty()) return Done{};
    const std::string content = std::move(file).finish();
    if (Status written = put(content); !written) {
      for (std::size_t lane = 0; lane < kLaneCount; ++lane) spool_.rewind(options_.place, lane);
      return written;
    }
    for (const Taken& t : taken) spool_.acknowledge(options_.place, t.boot, t.lane, t.last);
    counters_.sent_batches.fetch_add(taken.size(), std::memory_order_relaxed);
    counters_.sent_bytes.fetch_add(content.size(), std::memory_order_relaxed);
    progressed_();
    any = true;
    return Done{};
  }

  Status not_listed(const std::error_code& error) const {
    return Error{
        fmt::format("export.one-way.folder: '{}' cannot be listed: {}", options_.folder, error.message())};
  }

  /// Of a process that was killed: its batches are in the spool.
  Status remove_left_overs() {
    const auto see = [](const fs::directory_entry& e) {
      BatchFileName name;
      std::error_code ignored;
      if (e.path().extension() == kPart && parse_batch_file_name(e.path().stem().string(), name))
        fs::remove(e.path(), ignored);
    };
    if (const std::error_code error = for_each_entry(options_.folder, see)) return not_listed(error);
    is_tidy_ = true;
    return Done{};
  }

  Status has_room() const {
    std::uint64_t bytes = 0;
    const auto add = [&](const fs::directory_entry& e) {
      std::error_code gone;
      const auto size = e.file_size(gone);
      if (!gone) bytes += size;
    };
    if (const std::error_code error = for_each_entry(options_.folder, add)) return not_listed(error);
    if (bytes < options_.max_bytes) return Done{};
    return Error{
        fmt::format("export.one-way.folder: '{}' holds {} bytes, which is its limit: nobody takes files away",
                    options_.folder, bytes)};
  }

  Status put(const std::string& content) {
    const std::string name =
        options_.folder + "/" + BatchFileName{fmt::format("{:020}", started_), number_ + 1}.text();
    NewFile file(name + kPart, name);
    Status done = file.write(content);
    if (done) done = file.commit();
    if (!done) return Error{"export.one-way.folder: " + done.error().message};
    ++number_;
    return Done{};
  }

  const OneWayOptions options_;
  Spool& spool_;
  DeliveryCounters& counters_;
  const std::function<void()> progressed_;
  const std::uint64_t started_;
  std::uint64_t number_ = 0;
  bool is_tidy_ = false;  ///< what was left over is gone
};

}  // namespace

Result<std::unique_ptr<Outlet>> start_one_way(OneWayOptions options, Spool& spool, DeliveryCounters& counters,
                                              std::function<void()> progressed) {
  std::error_code error;
  fs::create_directories(options.folder, error);
  if (error || ::access(options.folder.c_str(), W_OK) != 0) {
    return Error{
        fmt::format("export.one-way.folder: cannot write to '{}': {}; name a folder that may be written to",
                    options.folder, error ? error.message() : std::strerror(errno))};
  }
  return std::unique_ptr<Outlet>(
      std::make_unique<OneWay>(std::move(options), spool, counters, std::move(progressed)));
}

}  // namespace picket::delivery
