// export/tls/gate.h — a collector behind TLS as an address of this process: gRPC
// connects, and connects again, by itself
//
//   gRPC's channel ──> gate: an abstract unix socket, for this process alone ──> Dialer ══ TLS ══> collector
//
// A channel made of a descriptor (CreateCustomInsecureChannelFromFd) has no states and never reconnects; one
// to target() is like any other: it is READY when the collector has let this sensor in and has spoken
// HTTP/2, and its back-off is gRPC's.
//
// Refuses  every other process, whoever it belongs to: the kernel says whose end it is (SO_PEERCRED). The log
//          tells of it, up to a LogLimit
// Threads  one of its own, which dials one connection at a time, and gives up when who asked for it hangs up. The
//          destructor waits for it, at most as long as a resolver
#pragma once
#include <atomic>
#include <chrono>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "export/log_limit.h"
#include "export/tls/dialer.h"

namespace picket::tls {

class Gate {
 public:
  /// How long it dials for one connection; whoever waits for that has to wait longer, to hear why it failed.
  static constexpr std::chrono::seconds kPatience{15};

  /// Dials nothing yet. `server_name` and `patience` are Dialer::dial()'s.
  static Result<std::unique_ptr<Gate>> open(std::shared_ptr<Dialer> dialer, HostPort to,
                                            std::string server_name,
                                            std::chrono::milliseconds patience = kPatience);
  ~Gate();

  /// For grpc::CreateCustomChannel() with InsecureChannelCredentials: "unix-abstract:picket-gate-..."
  [[nodiscard]] const std::string& target() const noexcept { return target_; }
  /// Why the last dial failed; "" when it did not.
  [[nodiscard]] std::string trouble() const;

 private:
  Gate(std::shared_ptr<Dialer> dialer, HostPort to, std::string server_name,
       std::chrono::milliseconds patience)
      : dialer_(std::move(dialer)),
        to_(std::move(to)),
        server_name_(std::move(server_name)),
        patience_(patience) {}
  void run();

  std::shared_ptr<Dialer> dialer_;
  HostPort to_;
  std::string server_name_, target_;
  std::chrono::milliseconds patience_;
  Fd listening_, wake_;
  mutable std::mutex mutex_;
  std::string trouble_;
  LogLimit strangers_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

}  // namespace picket::tls
