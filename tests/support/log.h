// tests/support/log.h — what is logged while a test looks
#pragma once
#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <memory>
#include <sstream>
#include <string>

namespace picket::test {

/// What is logged meanwhile.
class Log {
 public:
  Log() { spdlog::set_default_logger(std::make_shared<spdlog::logger>("test", sink_)); }
  ~Log() { spdlog::set_default_logger(before_); }
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  /// When nobody logs any more.
  [[nodiscard]] std::string text() const { return said_.str(); }

 private:
  std::ostringstream said_;
  std::shared_ptr<spdlog::sinks::sink> sink_ = std::make_shared<spdlog::sinks::ostream_sink_mt>(said_);
  std::shared_ptr<spdlog::logger> before_ = spdlog::default_logger();
};

}  // namespace picket::test
