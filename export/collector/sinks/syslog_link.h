// export/collector/sinks/syslog_link.h — a connection to a syslog server: opened, written to,
// and given up at the first error
#pragma once
#include <memory>
#include <string>
#include <string_view>

#include "export/collector/sinks/syslog_sink.h"
#include "export/endpoint.h"
#include "parsers/core/result.h"

namespace picket::collector {

class SyslogLink {
 public:
  virtual ~SyslogLink() = default;
  /// One message, framed as the transport wants it. The error says what went wrong; the link is then of no use.
  [[nodiscard]] virtual Status send(std::string_view message) = 0;
};

/// Makes links. Files are read once, here.
class SyslogDialer {
 public:
  static Result<std::unique_ptr<SyslogDialer>> make(const SyslogOptions& options);
  virtual ~SyslogDialer() = default;
  /// Blocks for at most the timeout, but for the resolver of names.
  [[nodiscard]] virtual Result<std::unique_ptr<SyslogLink>> dial() = 0;
};

}  // namespace picket::collector
