#include "export/collector/sinks/clickhouse_test_support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

#include <chrono>
#include <fstream>

#include "export/collector/sinks/http_client.h"
#include "tests/support/loopback.h"

namespace picket::collector::test {
namespace {

using namespace std::chrono_literals;

int listen_anywhere(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at = picket::test::loopback(0);
  socklen_t size = sizeof at;
  EXPECT_EQ(::bind(fd, reinterpret_cast<sockaddr*>(&at), size), 0);
  EXPECT_EQ(::listen(fd, 16), 0);
  EXPECT_EQ(::getsockname(fd, reinterpret_cast<sockaddr*>(&at), &size), 0);
  port = ntohs(at.sin_port);
  return fd;
}

std::uint16_t free_port() {
  std::uint16_t port = 0;
  ::close(listen_anywhere(port));
  return port;
}

constexpr const char* kConfig = R"(<yandex>
  <logger><level>warning</level><log>/dev/null</log><errorlog>/dev/null</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><http_port>HTTP</http_port><tcp_port>TCP</tcp_port>
  <path>FOLDER/data/</path><tmp_path>FOLDER/tmp/</tmp_path><users_config>FOLDER/config.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>MERGES
  <profiles><default/><reader><readonly>1</readonly></reader></profiles><quotas><default/></quotas>
  <users>
    <default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default>
    <reader><password>secret</password><networks><ip>::/0</ip></networks><profile>reader</profile><quota>default</quota></reader>
  </users>
</yandex>)";

/// No part fits into a merge, and no insert is held up by how many parts there are.
constexpr const char* kNoMerges = R"(
  <merge_tree><max_bytes_to_merge_at_max_space_in_pool>1</max_bytes_to_merge_at_max_space_in_pool>
    <parts_to_delay_insert>1000000</parts_to_delay_insert><parts_to_throw_insert>1000000</parts_to_throw_insert></merge_tree>)";

void replace(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

ClickHouseProcess::ClickHouseProcess(Merges merges) : port_(free_port()) {
  std::string config = kConfig;
  replace(config, "MERGES", merges == Merges::kNever ? kNoMerges : "");
  const std::string file = folder_.file("config.xml");
  replace(config, "FOLDER", file.substr(0, file.rfind('/')));
  replace(config, "HTTP", std::to_string(port_));
  replace(config, "TCP", std::to_string(free_port()));
  std::ofstream(file) << config;
  start();
}

ClickHouseProcess::~ClickHouseProcess() { kill(); }

void ClickHouseProcess::start() {
  const std::string option = "--config-file=" + folder_.file("config.xml");
  pid_ = ::fork();
  if (pid_ == 0) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    ::signal(SIGXFSZ, SIG_IGN);
    const int nowhere = ::open("/dev/null", O_RDWR);
    for (int fd = 0; fd < 3; ++fd) ::dup2(nowhere, fd);
    ::execlp("clickhouse-server", "clickhouse-server", option.c_str(), nullptr);
    ::_exit(127);
  }
  auto client = HttpClient::make({.url = url()});
  ASSERT_TRUE(client) << client.error().message;
  for (const auto until = std::chrono::steady_clock::now() + 60s; std::chrono::steady_clock::now() < until;) {
    if (client.value()->post({}, "SELECT 1")) return;
    int status = 0;
    if (::waitpid(pid_, &status, WNOHANG) == pid_) {
      pid_ = -1;
      FAIL() << "clickhouse-server does not run; install it: scripts/install-deps";
    }
    std::this_thread::sleep_for(10ms);  // it says nowhere that it listens
  }
  FAIL() << "clickhouse-server did not answer within a minute";
}

void ClickHouseProcess::kill() {
  if (pid_ < 0) return;
  ::kill(pid_, SIGKILL);
  ::waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

void ClickHouseProcess::limit_files(rlim_t bytes) const {
  const rlimit limit{bytes, RLIM_INFINITY};
  EXPECT_EQ(::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr), 0);
}

std::string ClickHouseProcess::ask(const std::string& statement) const {
  auto client = HttpClient::make({.url = url()});
  EXPECT_TRUE(client);
  const auto answer = client.value()->post(
      {{"wait_end_of_query", "1"}, {"allow_experimental_low_cardinality_type", "1"}}, statement);
  EXPECT_TRUE(answer) << answer.error().message;
  if (!answer) return "";
  EXPECT_EQ(answer.value().status, 200) << statement << ": " << answer.value().body;
  return answer.value().body;
}

ClickHouseProcess& clickhouse() {
  static ClickHouseProcess server;
  return server;
}

namespace {

bool read_some(int fd, std::string& to) {
  char buffer[65536];
  const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
  if (n > 0) to.append(buffer, static_cast<std::size_t>(n));
  return n > 0;
}

void write_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (n <= 0) return;
    bytes.remove_prefix(static_cast<std::size_t>(n));
  }
}

std::string read_all(int fd) {
  std::string all;
  while (read_some(fd, all)) {
  }
  return all;
}

}  // namespace

Forgetful::Forgetful() : listener_(listen_anywhere(port_)) {
  thread_ = std::thread([this] {
    for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) {
      for (const bool answers : {true, false}) {
        std::string request;
        while (request.find("\r\n\r\n") == request.npos && read_some(client, request)) {
        }
        if (request.empty()) break;
        ++requests_;
        if (answers) write_all(client, "HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n");
      }
    }
  });
}

Forgetful::~Forgetful() {
  ::shutdown(listener_, SHUT_RDWR);
  thread_.join();
  ::close(listener_);
}

Proxy::Proxy(ClickHouseProcess& server) : server_(server), listener_(listen_anywhere(port_)) {
  thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
  ::shutdown(listener_, SHUT_RDWR);  // ends accept()
  thread_.join();
  ::close(listener_);
  if (hung_up_ >= 0) ::close(hung_up_);
}

void Proxy::decide(Decide decide) {
  const std::lock_guard lock(mutex_);
  decide_ = std::move(decide);
}

int Proxy::connect() const {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in at = picket::test::loopback(server_.port());
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0) return fd;
  ::close(fd);
  return -1;
}

void Proxy::release() {
  const std::lock_guard lock(mutex_);
  const int server = connect();
  write_all(server, late_);
  EXPECT_NE(read_all(server).find("200 OK"), std::string::npos);
  ::close(server);
}

void Proxy::run() {
  for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) serve(client);
}

/// One request; the connection ends behind it, and curl makes another.
void Proxy::serve(int client) {
  using Kind = Fate::Kind;
  std::string request;
  std::size_t header = 0, body = 0;
  while (header == 0 || request.size() < header + body) {
    if (!read_some(client, request)) return;
    if (header != 0 || request.find("\r\n\r\n") == request.npos) continue;
    header = request.find("\r\n\r\n") + 4;
    body = std::stoul(request.substr(request.find("Content-Length: ") + 16));
  }
  const std::lock_guard lock(mutex_);
  const Fate fate = decide_ ? decide_(request) : Fate{};
  request.replace(request.find("Accept: */*"), 11, "Connection: close");
  header = request.find("\r\n\r\n") + 4;
  switch (fate.kind) {
    case Kind::kRefuse:
      return;
    case Kind::kLate:
      late_ = request;
      return;
    case Kind::kStall:
      (void)read_all(client);
      return;
    case Kind::kCut:
    case Kind::kKill:
      request.resize(std::min(request.size(), header + fate.bytes));
      break;
    default:
      break;
  }
  const int server = connect();
  if (server < 0) return;
  write_all(server, request);
  if (fate.kind == Kind::kHangUp) {
    hung_up_ = server;
    return;
  }
  if (fate.kind == Kind::kKill) server_.kill();
  if (fate.kind == Kind::kCut) ::shutdown(server, SHUT_WR);
  const std::string answer = read_all(server);
  if (fate.kind == Kind::kKillDone) server_.kill();
  if (fate.kind == Kind::kPass) write_all(client, answer);
  ::close(server);
}

}  // namespace picket::collector::test
