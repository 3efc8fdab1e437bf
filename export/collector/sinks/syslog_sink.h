// export/collector/sinks/syslog_sink.h — alerts as syslog messages (RFC 5424), over TLS (RFC 5425), TCP (RFC 6587,
// octet counting) or UDP (RFC 5426)
//
//   <PRI>1 TIME HOST picket - alert [picket@32473 sid="1003" severity="2" src_ip="10.0.0.3" ...] TEXT
//
// PRI is facility security/authorisation (4) with severity alert, error, warning or notice for a rule's severity 1,
// 2, 3 and beyond. HOST is the sensor, TEXT the rule's signature. Other records are passed over.
//
// Not durable: syslog acknowledges nothing. Messages wait in a queue of `queue` messages for a thread that connects,
// and connects again, with pauses from 1 s to 30 s; what finds no room is dropped, counted, and told in the log once
// in a while. What the network loses nobody sees. A record that the sensor sends again after a restart of the
// collector may be told twice. store() never waits for the network.
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "export/collector/sink.h"

namespace picket::collector {

enum class SyslogTransport : std::uint8_t { kTls, kTcp, kUdp };

struct SyslogOptions {
  std::string server;                                 ///< HOST:PORT; 6514 is the port of syslog over TLS
  SyslogTransport transport = SyslogTransport::kTls;  ///< kTcp and kUdp: loopback only
  std::string ca, certificate, key;                   ///< PEM files; no `ca`: the system's
  std::size_t queue = 10'000;
  std::chrono::milliseconds timeout{5'000};  ///< to connect, and of each write
  std::chrono::milliseconds first_pause{
      1'000};  ///< before it connects again; doubled each time, up to thirty times that
};

struct SyslogCounts {
  std::uint64_t sent = 0;     ///< given to the network
  std::uint64_t dropped = 0;  ///< found no room in the queue
  std::uint64_t waiting = 0;
};

class SyslogSink : public Sink {
 public:
  using Sink::Sink;
  [[nodiscard]] bool is_durable() const noexcept final { return false; }
  /// From any thread.
  [[nodiscard]] virtual SyslogCounts counts() const = 0;
};

/// Connects in its own thread. The error says what is wrong with the options.
Result<std::unique_ptr<SyslogSink>> open_syslog_sink(const SyslogOptions& options);

/// The message of an alert, without framing; empty: the record is no alert.
std::string syslog_message(Bytes record, std::string_view sensor);

}  // namespace picket::collector
