// export/tls/channels.h — gRPC channels to collectors behind TLS: what a sensor needs of this folder
//
//   auto channels = Channels::open({.side = Side::kSensor, ...}, server_name, counters);
//   dial = [channels](const HostPort& collector) { return channels->to(collector); };
//
// A channel connects when it is used, and again when it broke, with the certificates that are there then. Why it does
// not, trouble() and the log say: gRPC itself sees a socket that closes. While this sensor's certificate is out of
// its time there is no channel to be had.
//
// Threads  any
#pragma once
#include <map>
#include <memory>
#include <mutex>
#include <string>

#include "export/tls/gate.h"

namespace grpc {
class Channel;
}

namespace picket::tls {

class Channels {
 public:
  /// Reads the certificates. `server_name`: what each collector's certificate has to
  /// bear; "": the host that is dialled.
  static Result<std::shared_ptr<Channels>> open(const CredentialsOptions& options, std::string server_name,
                                                const TunnelLimits& limits = {});

  /// May something leave now, in this sensor's name? Looks whether the certificate was renewed. The error says why
  /// not, and what would do; the log says it when that changes.
  [[nodiscard]] Status ready();
  /// A channel of its own each time, when ready(); all to one collector use one gate. Returns at once.
  Result<std::shared_ptr<grpc::Channel>> to(const HostPort& collector);
  /// Why that collector was not reached last; "" when it was, or nobody tried.
  [[nodiscard]] std::string trouble(const HostPort& collector) const;
  /// The certificates in use; who this sensor is, by them, is current()->own().
  [[nodiscard]] const std::shared_ptr<Keyring>& keyring() const noexcept { return keyring_; }

 private:
  Channels(std::shared_ptr<Keyring> keyring, std::shared_ptr<Dialer> dialer, std::string server_name)
      : keyring_(std::move(keyring)), dialer_(std::move(dialer)), server_name_(std::move(server_name)) {}

  std::shared_ptr<Keyring> keyring_;
  std::shared_ptr<Dialer> dialer_;
  std::string server_name_;
  mutable std::mutex mutex_;
  std::string not_ready_;                               ///< what stands in the log; "": nothing
  std::map<std::string, std::unique_ptr<Gate>> gates_;  ///< by HostPort::text()
};

}  // namespace picket::tls
