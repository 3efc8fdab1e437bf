// export/collector/intake.h — batches out of files, where nothing goes back to the sensor: behind a data diode
//
//   FOLDER/, FOLDER/*/   <run>-<number>.batches
//     ──> whole? in turn? ──> Router::take() ──> every durable sink has it all ──> done/
//         └──> not whole and at rest for `patience`, or a batch that is refused ──> refused/
//
// A file is of export/batch_file.h; its batches go the way of those from connections: each is judged by itself,
// stored once, however often it comes, and what is missing is a gap that late files fill.
//
// Whole    is what ends with its end mark and checksum. What does not may still be written to, whatever its name: it
//          is looked at again when it changed, and refused when it has not for `patience`
// Order    files of a writer by number. One that is missing is waited for `patience`; then it
//          is told, and the next is taken
// Refused  a file goes to refused/, with the reason in NAME.reason beside it, and what could be taken of it was.
//          Moved back into the folder it is read again
// Alone    links, FIFOs, other names, folders below the second level: told once, never touched
// Stuck    what was taken and cannot be put away stays, is not read again, and holds up no other: it is told, and
//          tried again
// Crash    a file is there until all of it is stored, and may then be read again: it is known
//
// By polling: inotify knows nothing of writes from other machines (NFS, SMB), loses events when its queue is full,
// and patience needs the time anyway.
//
// Memory   one file of at most max_file_bytes, kMaxTaking names of files on their way, and those that wait or are
//          stuck as far as they are listed (intake_listing.h); batches are the router's
// Threads  one of its own; state() from any
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "export/collector/router.h"
#include "parsers/core/result.h"

namespace picket::collector {

struct IntakeOptions {
  std::string folder;  ///< "": there is none
  std::chrono::seconds patience{60};
  std::uint64_t max_file_bytes = std::uint64_t{64} << 20;
  std::uint64_t done_max_bytes = std::uint64_t{1}
                                 << 30;  ///< of done/; 0: files are removed when they are taken
  std::chrono::seconds done_max_age{std::chrono::hours(7 * 24)};  ///< 0: however old
  std::uint64_t refused_max_bytes = std::uint64_t{1} << 30;       ///< of refused/; the oldest go
};

/// Counts begin with the process; levels say what is now.
struct IntakeState {
  std::uint64_t taken = 0, refused = 0, late = 0;  ///< files
  std::uint64_t removed = 0;                       ///< files that went out of refused/, for it was full
  std::uint64_t waiting = 0;                       ///< level: files that are not put away yet
  std::uint64_t missing = 0;          ///< level: numbers that were told as missing, and have not come
  std::uint64_t others = 0;           ///< level: what is no file of batches, and left alone
  std::chrono::nanoseconds oldest{};  ///< level: how long ago the file that waits longest was first seen
  std::string trouble;                ///< what stands in its way; "" when it works
};

class Intake {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::size_t kMaxTaking = 256;

  /// Refuses a folder that cannot be used, or is by another collector. `router` outlives it; stopped first.
  static Result<std::unique_ptr<Intake>> open(IntakeOptions options, Router& router);
  virtual ~Intake() = default;

  /// Polls in a thread of its own, until stop().
  virtual void start() = 0;
  /// What is on its way is read again by who comes next.
  virtual void stop() = 0;
  /// One look at everything, for tests: instead of start(). True: something was taken or put away.
  virtual bool poll(Clock::time_point now) = 0;
  [[nodiscard]] virtual IntakeState state() const = 0;
};

}  // namespace picket::collector
