// export/collector/sinks/clickhouse_test_support.h — for tests: a real server (Debian's package clickhouse-server),
// and a proxy before it that does what networks and servers do on bad days
#pragma once
#include <sys/resource.h>

#include <atomic>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "export/collector/test_support.h"

namespace picket::collector::test {

/// A server on loopback with a folder of its own. One for the whole test program: clickhouse().
class ClickHouseProcess {
 public:
  enum class Merges : std::uint8_t { kAsUsual, kNever };
  explicit ClickHouseProcess(Merges merges = Merges::kAsUsual);
  ~ClickHouseProcess();
  /// Starts it again after kill(), with what it has on disk. On return it answers.
  void start();
  void kill();
  /// No file of it may become larger: as a disk without room.
  void limit_files(rlim_t bytes) const;
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  /// As TabSeparated; an error fails the test.
  std::string ask(const std::string& statement) const;

 private:
  Folder folder_;
  std::uint16_t port_ = 0;
  pid_t pid_ = -1;
};

ClickHouseProcess& clickhouse();

/// Gives one answer on a connection that it keeps, and ends it when the next request has come. Then as before.
class Forgetful {
 public:
  Forgetful();
  ~Forgetful();
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  [[nodiscard]] int requests() const { return requests_; }

 private:
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<int> requests_{0};
  std::thread thread_;
};

/// What becomes of one request.
struct Fate {
  enum class Kind {
    kPass,
    kRefuse,      ///< the connection is closed
    kDropAnswer,  ///< the server does it, and its answer is lost
    kCut,         ///< the server gets the first bytes of the body, and then the connection's end
    kKill,        ///< the same, but it is killed in place of that
    kKillDone,    ///< the server does it, and is killed before its answer gets through
    kHangUp,      ///< the server gets it, and the client's connection ends at once
    kStall,       ///< nobody gets it, and there is no answer until the client hangs up
    kLate,        ///< the client's connection ends; the server gets it with release()
  } kind = Kind::kPass;
  std::size_t bytes = 0;  ///< of the body
};

class Proxy {
 public:
  /// Decides by the request, its header and body.
  using Decide = std::function<Fate(const std::string& request)>;

  explicit Proxy(ClickHouseProcess& server);
  ~Proxy();
  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }
  void decide(Decide decide);
  /// Gives the server what is late, and waits for its answer.
  void release();

 private:
  void run();
  void serve(int client);
  [[nodiscard]] int connect() const;

  ClickHouseProcess& server_;
  std::uint16_t port_ = 0;
  int listener_ = -1, hung_up_ = -1;
  std::string late_;
  std::mutex mutex_;
  Decide decide_;
  std::thread thread_;
};

}  // namespace picket::collector::test
