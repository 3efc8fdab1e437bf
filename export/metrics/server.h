// export/metrics/server.h — answers GET /metrics over HTTP, for Prometheus and what reads like it
//
// What is exposed is made anew for each request, on the server's one thread: it may lock and allocate, and no other
// thread waits for whoever reads slowly; nor does another reader.
//
// Limits   kConnections at a time, as many more wait in the kernel; `patience` with each; kMaxRequest bytes of a
//          request
// Refuses  to listen beyond loopback, unless that was allowed: there is no encryption,
//          and nobody is asked who they are
// Source   RFC 9112, of which this is GET and HEAD, one request a connection
#pragma once
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <thread>

#include "export/endpoint.h"
#include "export/metrics/exposition.h"
#include "parsers/core/result.h"

namespace picket::metrics {

struct ServerConfig {
  std::string listen;                        ///< HOST:PORT; port 0: any that is free. "": none
  bool allow_remote = false;                 ///< listen may be more than loopback
  std::chrono::milliseconds patience{5000};  ///< with a connection, from its first byte to its last
};

class Server {
 public:
  static constexpr std::size_t kConnections = 16, kMaxRequest = 8192;

  /// The text of a scrape; from the server's thread.
  using Expose = std::function<std::string(Format)>;

  /// Where that is to listen. The error names the key, and says what would do.
  [[nodiscard]] static Result<HostPort> address_of(const ServerConfig&);
  /// Listens. The same errors, and what the kernel says against it.
  [[nodiscard]] static Result<std::unique_ptr<Server>> start(const ServerConfig&, Expose);
  /// Whoever is connected is left, at once.
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  /// "127.0.0.1:9507": with the port that it became.
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

 private:
  class Connection;
  Server() = default;
  void run();

  Expose expose_;
  std::string address_;
  std::chrono::milliseconds patience_{};
  int listening_ = -1, wake_ = -1;
  std::thread thread_;
};

}  // namespace picket::metrics
