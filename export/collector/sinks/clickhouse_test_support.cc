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

namespace picket::collector::test {
namespace {

using namespace std::chrono_literals;

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in at{};
  at.sin_family = AF_INET;
  at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  at.sin_port = htons(port);
  return at;
}

int listen_anywhere(std::uint16_t& port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in at = loopback(0);
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
  <logger><level>warning</level><log>FOLDER/log</log><errorlog>FOLDER/errors</errorlog></logger>
  <listen_host>127.0.0.1</listen_host><http_port>HTTP</http_port><tcp_port>TCP</tcp_port>
  <path>FOLDER/data/</path><tmp_path>FOLDER/tmp/</tmp_path><users_config>FOLDER/config.xml</users_config>
  <default_profile>default</default_profile><default_database>default</default_database>
  <mark_cache_size>67108864</mark_cache_size>
  <profiles><default/><reader><readonly>1</readonly></reader></profiles><quotas><default/></quotas>
  <users>
    <default><password></password><networks><ip>::/0</ip></networks><profile>default</profile><quota>default</quota></default>
    <reader><password>secret</password><networks><ip>::/0</ip></networks><profile>reader</profile><quota>default</quota></reader>
  </users>
</yandex>)";

void replace(std::string& text, const std::string& what, const std::string& by) {
  for (auto at = text.find(what); at != text.npos; at = text.find(what, at + by.size()))
    text.replace(at, what.size(), by);
}

}  // namespace

ClickHouseProcess::ClickHouseProcess() : port_(free_port()) {
  std::string config = kConfig;
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

std::string ClickHouseProcess::ask(const std::string& statement) const {
  auto client = HttpClient::make({.url = url()});
  EXPECT_TRUE(client);
  const auto answer = client.value()->post({{"wait_end_of_query", "1"}}, statement);
  EXPECT_TRUE(answer) << answer.error().message;
  if (!answer) return "";
  EXPECT_EQ(answer.value().status, 200) << statement << ": " << answer.value().body;
  return answer.value().body;
}

ClickHouseProcess& clickhouse() {
  static ClickHouseProcess server;
  return server;
}

Proxy::Proxy(ClickHouseProcess& server) : server_(server), listener_(listen_anywhere(port_)) {
  thread_ = std::thread([this] { run(); });
}

Proxy::~Proxy() {
  ::shutdown(listener_, SHUT_RDWR);  // ends accept()
  thread_.join();
  ::close(listener_);
  release();
}

void Proxy::decide(Decide decide) {
  const std::lock_guard lock(mutex_);
  decide_ = std::move(decide);
}

void Proxy::release() {
  const std::lock_guard lock(mutex_);
  if (held_ >= 0) ::close(held_);
  held_ = -1;
}

void Proxy::run() {
  for (int client; (client = ::accept(listener_, nullptr, nullptr)) >= 0; ::close(client)) serve(client);
}

/// One request; the connection ends behind it, and curl makes another.
void Proxy::serve(int client) {
  using Kind = Fate::Kind;
  const auto read_some = [](int fd, std::string& to) {
    char buffer[65536];
    const ssize_t n = ::recv(fd, buffer, sizeof buffer, 0);
    if (n > 0) to.append(buffer, static_cast<std::size_t>(n));
    return n > 0;
  };
  const auto write_all = [](int fd, std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t n = ::send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
  };
  std::string request;
  std::size_t header = 0, body = 0;
  while (header == 0 || request.size() < header + body) {
    if (!read_some(client, request)) return;
    if (header != 0 || request.find("\r\n\r\n") == request.npos) continue;
    header = request.find("\r\n\r\n") + 4;
    body = std::stoul(request.substr(request.find("Content-Length: ") + 16));
  }
  Fate fate;
  {
    const std::lock_guard lock(mutex_);
    if (decide_) fate = decide_(request);
  }
  if (fate.kind == Kind::kRefuse) return;
  replace(request, "Accept: */*", "Connection: close");
  header = request.find("\r\n\r\n") + 4;

  std::string rest;
  if (fate.kind == Kind::kLate) {
    while (read_some(client, rest)) {
    }
  }
  const int server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in at = loopback(server_.port());
  if (::connect(server, reinterpret_cast<const sockaddr*>(&at), sizeof at) != 0) return void(::close(server));
  const bool partly = fate.kind == Kind::kCut || fate.kind == Kind::kKill || fate.kind == Kind::kHold;
  write_all(server, std::string_view(request).substr(0, partly ? header + fate.bytes : request.npos));
  if (fate.kind == Kind::kKill) server_.kill();
  if (fate.kind == Kind::kHold) {
    const std::lock_guard lock(mutex_);
    held_ = server;
    return;
  }
  if (fate.kind == Kind::kCut) ::shutdown(server, SHUT_WR);
  std::string answer;
  while (read_some(server, answer)) {
  }
  if (fate.kind == Kind::kPass) write_all(client, answer);
  ::close(server);
}

}  // namespace picket::collector::test
