// sensor/reload_loop.h — a thread that reads files again: at an order, and when one of them changed
//
// A file counts as changed once it has stayed the same from one look to the next, so that none is read while it is
// written. The thread gives way to others.
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "parsers/core/result.h"

namespace picket {

class ReloadLoop {
 public:
  struct Config {
    std::string changed;                 ///< the reason of a reload when a file changed
    std::chrono::milliseconds watch{0};  ///< between two looks at the files; 0: only orders count
  };
  /// With the epoch that is in use now, or why it is still the one before.
  using Done = std::function<void(const Result<std::uint32_t>&)>;

  /// `file_state`: another text when a file changed. `reload` gets the reason, and answers as Done is told. Starts the
  /// thread, on which both are called.
  ReloadLoop(Config, std::function<std::string()> file_state,
             std::function<Result<std::uint32_t>(const std::string& why)> reload);
  /// Waits for a reload that is under way.
  ~ReloadLoop();

  /// Any thread; returns at once. Orders that come while one is waiting are one.
  void order(const std::string& why, Done done);

 private:
  void run();
  [[nodiscard]] bool changed();

  const Config config_;
  const std::function<std::string()> file_state_;
  const std::function<Result<std::uint32_t>(const std::string&)> reload_;
  std::string loaded_state_, last_state_;
  std::mutex mutex_;
  std::condition_variable wake_;
  bool ordered_ = false, stop_ = false;
  std::string why_;
  std::vector<Done> done_;
  std::thread thread_;
};

}  // namespace picket
