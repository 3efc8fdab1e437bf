#include "export/metrics/server.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <memory>
#include <vector>

namespace picket::metrics {
namespace {

/// A connection to the server.
class Client {
 public:
  explicit Client(const Server& server) : fd_(::socket(AF_INET, SOCK_STREAM, 0)) {
    const auto at = parse_host_port(server.address(), "test");
    sockaddr_in to{};
    to.sin_family = AF_INET;
    to.sin_port = htons(at.value().port);
    ::inet_pton(AF_INET, at.value().host.c_str(), &to.sin_addr);
    timeval patience{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    EXPECT_EQ(::connect(fd_, reinterpret_cast<sockaddr*>(&to), sizeof to), 0);
  }
  ~Client() { ::close(fd_); }
  Client(const Client&) = delete;
  Client& operator=(const Client&) = delete;

  void say(std::string_view text) const {
    EXPECT_EQ(::send(fd_, text.data(), text.size(), MSG_NOSIGNAL), static_cast<ssize_t>(text.size()));
  }
  /// Up to the end of the connection.
  [[nodiscard]] std::string hear() const {
    std::string all;
    char part[4096];
    for (ssize_t n = 0; (n = ::recv(fd_, part, sizeof part, 0)) > 0;)
      all.append(part, static_cast<std::size_t>(n));
    return all;
  }

 private:
  int fd_;
};

std::string ask(const Server& server, std::string_view request) {
  const Client c(server);
  c.say(request);
  return c.hear();
}

std::unique_ptr<Server> serve(Server::Expose expose,
                              std::chrono::milliseconds patience = ServerConfig{}.patience) {
  auto server = Server::start({"127.0.0.1:0", false, patience}, std::move(expose));
  EXPECT_TRUE(server.has_value()) << (server ? "" : server.error().message);
  return std::move(server).value();
}

std::string name_format(Format f) { return f == Format::kOpenMetrics ? "open\n# EOF\n" : "plain\n"; }

TEST(MetricsServer, AnswersInTheFormatThatIsAskedFor) {
  const auto server = serve(name_format);
  EXPECT_NE(server->address(), "127.0.0.1:0");
  EXPECT_EQ(
      ask(*server, "GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n"),
      "HTTP/1.1 200 OK\r\nContent-Type: text/plain; version=0.0.4; charset=utf-8\r\nContent-Length: 6\r\n"
      "Cache-Control: no-store\r\nConnection: close\r\n\r\nplain\n");
  EXPECT_EQ(ask(*server, "GET /metrics HTTP/1.1\r\nHost: x\r\nAccept: application/openmetrics-text\r\n\r\n"),
            "HTTP/1.1 200 OK\r\nContent-Type: application/openmetrics-text; version=1.0.0; charset=utf-8\r\n"
            "Content-Length: 11\r\nCache-Control: no-store\r\nConnection: close\r\n\r\nopen\n# EOF\n");
}

TEST(MetricsServer, HasNothingElse) {
  const auto server = serve(name_format);
  const std::string head = ask(*server, "HEAD /metrics HTTP/1.1\r\nHost: x\r\n\r\n");
  EXPECT_EQ(head.substr(head.size() - 4), "\r\n\r\n") << head;
  EXPECT_NE(head.find("Content-Length: 6\r\n"), std::string::npos) << head;
  const auto status = [&](std::string_view request) { return ask(*server, request).substr(0, 12); };
  EXPECT_EQ(status("GET / HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 404");
  EXPECT_EQ(status("GET /metrics/../etc/passwd HTTP/1.1\r\nHost: x\r\n\r\n"), "HTTP/1.1 404");
  EXPECT_EQ(status("POST /metrics HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"), "HTTP/1.1 405");
  EXPECT_EQ(status("hello\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET /metrics\r\n\r\n"), "HTTP/1.1 400");
  EXPECT_EQ(status("GET /metrics HTTP/1.1\r\nX: " + std::string(Server::kMaxRequest, 'x')), "HTTP/1.1 431");
  EXPECT_EQ(status("GET /metrics?x=y HTTP/1.0\r\n\r\n"), "HTTP/1.1 200");
}

TEST(MetricsServer, TakesARequestInPieces) {
  const auto server = serve(name_format);
  const Client c(*server);
  for (const char letter :
       std::string("GET /metrics HTTP/1.1\r\naccept:x/y\r\nACCEPT: application/openmetrics-text\r\n\r\n"))
    c.say({&letter, 1});
  EXPECT_NE(c.hear().find("# EOF"), std::string::npos);
}

/// `n` clients that say nothing, say half, or do not read what they asked for.
std::vector<std::unique_ptr<Client>> slow_clients(const Server& server, std::size_t n) {
  std::vector<std::unique_ptr<Client>> all;
  for (std::size_t i = 0; i < n; ++i) {
    all.push_back(std::make_unique<Client>(server));
    if (i % 3 == 1) all.back()->say("GET /metr");
    if (i % 3 == 2) all.back()->say("GET /metrics HTTP/1.1\r\nAccept: application/openmetrics-text\r\n\r\n");
  }
  return all;
}

/// More than sockets hold, for those that do not read it.
std::string large_or_small(Format f) {
  return f == Format::kOpenMetrics ? std::string(std::size_t{64} << 20, 'x') : std::string("small\n");
}

TEST(MetricsServer, AnswersBesideThoseWhoAreSlow) {
  const auto server = serve(large_or_small, std::chrono::hours(1));
  const auto slow = slow_clients(*server, Server::kConnections - 1);
  for (int i = 0; i < 3; ++i)
    EXPECT_EQ(ask(*server, "GET /metrics HTTP/1.1\r\n\r\n").substr(0, 12), "HTTP/1.1 200");
}

TEST(MetricsServer, GivesUpWhoIsSlow) {
  const auto server = serve(large_or_small, std::chrono::milliseconds(100));
  const auto slow = slow_clients(*server, Server::kConnections + 3);
  EXPECT_EQ(ask(*server, "GET /metrics HTTP/1.1\r\n\r\n").substr(0, 12), "HTTP/1.1 200");
  EXPECT_EQ(slow[0]->hear(), "");
  EXPECT_EQ(slow[1]->hear(), "");
  EXPECT_LT(slow[2]->hear().size(), std::size_t{64} << 20);
}

TEST(MetricsServer, EndsWhileClientsAreSlow) {
  auto server = serve(large_or_small, std::chrono::hours(1));
  const auto slow = slow_clients(*server, Server::kConnections);
  server.reset();
  EXPECT_EQ(slow[0]->hear(), "");
}

TEST(MetricsServer, StaysOnLoopback) {
  const auto refusal = [](const ServerConfig& c) {
    const auto server = Server::start(c, name_format);
    return server ? std::string() : server.error().message;
  };
  EXPECT_EQ(refusal({"0.0.0.0:9507", false}),
            "metrics.listen: 0.0.0.0:9507 is more than this machine's loopback, and metrics are not "
            "encrypted; listen "
            "at 127.0.0.1:9507, or set metrics.allow-remote: yes where the network is trusted");
  EXPECT_EQ(refusal({"0.0.0.0:0", true}), "");
  EXPECT_EQ(refusal({"[::1]:0", false}), "");
  EXPECT_EQ(refusal({"9507", false}),
            "metrics.listen: '9507' is not HOST:PORT; try 127.0.0.1:5514 or [::1]:5514");
  const auto first = serve(name_format);
  EXPECT_NE(refusal({first->address(), false}).find("metrics.listen: cannot listen at " + first->address()),
            std::string::npos)
      << "taken";
}

}  // namespace
}  // namespace picket::metrics
