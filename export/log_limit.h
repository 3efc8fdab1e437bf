// export/log_limit.h — at most so many log lines a second of what others can bring about
#pragma once
#include <chrono>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string>

namespace picket {

class LogLimit {
 public:
  using Clock = std::chrono::steady_clock;
  explicit LogLimit(unsigned lines_a_second = 10) : limit_(lines_a_second) {}

  /// May a line be written? The value: how many were left out since the last one.
  [[nodiscard]] std::optional<std::uint64_t> allow(Clock::time_point now = Clock::now()) {
    const std::lock_guard lock(mutex_);
    if (now - began_ >= std::chrono::seconds(1)) {
      began_ = now;
      lines_ = 0;
    }
    if (lines_ >= limit_) {
      ++left_out_;
      return std::nullopt;
    }
    ++lines_;
    const std::uint64_t n = left_out_;
    left_out_ = 0;
    return n;
  }

 private:
  std::mutex mutex_;
  unsigned limit_, lines_ = 0;
  std::uint64_t left_out_ = 0;
  Clock::time_point began_{};
};

/// Behind the line that is written again: "", or " (12 such lines were left out)".
inline std::string left_out_words(std::uint64_t left_out) {
  return left_out == 0 ? "" : " (" + std::to_string(left_out) + " such lines were left out)";
}

}  // namespace picket
