// export/collector/intake_taking.h — a file of an intake on its way through the sinks
//
// Threads  the sinks' threads answer, the intake's waits; all through Progress, which outlives both
#pragma once
#include <sys/stat.h>

#include <algorithm>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "export/collector/intake_listing.h"
#include "export/collector/router.h"

namespace picket::collector {

/// A file that is on its way through the sinks.
struct Taking {
  IntakeFile file;
  std::string path;
  struct stat status {};  ///< when it was read
  // With Progress::mutex held:
  std::size_t left = 1;  ///< batches that are not answered, and one for who reads the file
  std::size_t refused = 0;
  std::string why;  ///< of the first that was refused
};

/// What the sinks' threads say to the intake's.
struct Progress {
  static constexpr std::size_t kMaxReason = 512;

  std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<Taking>> ended;
  bool room = false, stopping = false;

  void answered(const std::shared_ptr<Taking>& taking, const std::string* why) {
    const std::lock_guard lock(mutex);
    if (why != nullptr && taking->refused++ == 0) taking->why = why->substr(0, kMaxReason);
    if (--taking->left == 0) ended.push_back(taking);
    changed.notify_all();
  }
};

/// One batch of a file: a source of its own, so that a refused one takes none of its neighbours with it. All of one
/// look at the folder have one origin: they are judged behind one another, and stored together.
class BatchOfFile final : public Source {
 public:
  BatchOfFile(std::uint64_t origin, std::shared_ptr<Taking> taking, std::shared_ptr<Progress> progress)
      : Source(origin), taking_(std::move(taking)), progress_(std::move(progress)) {}
  [[nodiscard]] std::string text() const override { return taking_->path; }
  void answer(const Answer& answer) override {
    progress_->answered(taking_, answer.kind == Answer::Kind::kDurable ? nullptr : &answer.why);
  }
  bool room() override {
    const std::lock_guard lock(progress_->mutex);
    progress_->room = true;
    progress_->changed.notify_all();
    return true;
  }

 private:
  const std::shared_ptr<Taking> taking_;
  const std::shared_ptr<Progress> progress_;
};

}  // namespace picket::collector
