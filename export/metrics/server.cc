#include "export/metrics/server.h"

#include <fmt/format.h>
#include <netdb.h>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "parsers/core/bytes.h"

namespace picket::metrics {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view kKey = "metrics.listen", kPath = "/metrics";

std::string response(std::string_view status, std::string_view type, std::string_view body, bool with_body) {
  return fmt::format(
      "HTTP/1.1 {}\r\nContent-Type: {}\r\nContent-Length: {}\r\nCache-Control: no-store\r\n"
      "Connection: close\r\n\r\n{}",
      status, type, body.size(), with_body ? body : "");
}

std::string refusal(std::string_view status, std::string_view why) {
  return response(status, "text/plain; charset=utf-8", why, true);
}

/// The part of `text` before `end`, which both are taken off.
std::string_view take(std::string_view& text, std::string_view end) noexcept {
  const std::size_t n = std::min(text.find(end), text.size());
  const std::string_view part = text.substr(0, n);
  text.remove_prefix(std::min(n + end.size(), text.size()));
  return part;
}

/// `request` ends with the empty line behind its fields.
std::string answer_to(std::string_view request, const Server::Expose& expose) {
  std::string_view line = take(request, "\r\n");
  const std::string_view method = take(line, " ");
  std::string_view target = take(line, " ");
  if (line != "HTTP/1.1" && line != "HTTP/1.0") return refusal("400 Bad Request", "this is not HTTP/1.1\n");
  std::string accept;
  while (!request.empty()) {
    std::string_view value = take(request, "\r\n");
    if (equals_nocase(take(value, ":"), "accept")) accept.append(value).append(",");
  }
  if (take(target, "?") != kPath) return refusal("404 Not Found", "there is /metrics, and nothing else\n");
  if (method != "GET" && method != "HEAD")
    return refusal("405 Method Not Allowed", "/metrics is to be read: GET\n");
  const Format format = format_for(accept.c_str());
  return response("200 OK", content_type(format), expose(format), method == "GET");
}

Error cannot_listen(const HostPort& at, const char* why) {
  return Error{fmt::format("{}: cannot listen at {}: {}; choose another port, or an address of this machine",
                           kKey, at.text(), why)};
}

/// A socket that listens at `at`, whose port becomes what it is.
Result<int> listen_at(HostPort& at) {
  addrinfo hints{}, *found = nullptr;
  hints.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  hints.ai_socktype = SOCK_STREAM;
  const std::string port = std::to_string(at.port);
  if (const int e = ::getaddrinfo(at.host.c_str(), port.c_str(), &hints, &found); e != 0)
    return cannot_listen(at, ::gai_strerror(e));
  const std::unique_ptr<addrinfo, decltype(&::freeaddrinfo)> owner(found, &::freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* a = found; a != nullptr; a = a->ai_next) {
    const int fd = ::socket(a->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    const int on = 1;
    sockaddr_storage got{};
    socklen_t size = sizeof got;
    std::array<char, NI_MAXSERV> name{};
    if (fd >= 0 && ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on) == 0 &&
        ::bind(fd, a->ai_addr, a->ai_addrlen) == 0 && ::listen(fd, Server::kConnections) == 0 &&
        ::getsockname(fd, reinterpret_cast<sockaddr*>(&got), &size) == 0 &&
        ::getnameinfo(reinterpret_cast<sockaddr*>(&got), size, nullptr, 0, name.data(), name.size(),
                      NI_NUMERICSERV) == 0) {
      at.port = static_cast<std::uint16_t>(std::atoi(name.data()));
      return fd;
    }
    error = errno;
    if (fd >= 0) ::close(fd);
  }
  return cannot_listen(at, std::strerror(error));
}

}  // namespace

class Server::Connection {
 public:
  Connection(int fd, Clock::time_point give_up) noexcept : until(give_up), fd_(fd) {}
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;
  ~Connection() {
    if (fd_ >= 0) ::close(fd_);
  }

  [[nodiscard]] pollfd wish() const noexcept {
    return {fd_, static_cast<short>(sent_ < out_.size() ? POLLOUT : POLLIN), 0};
  }
  /// What can be done now. False: it is over.
  [[nodiscard]] bool work(const Expose& expose) { return sent_ < out_.size() ? send() : receive(expose); }

  const Clock::time_point until;

 private:
  bool send() {
    const ssize_t n = ::send(fd_, out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    sent_ += static_cast<std::size_t>(n);
    // Closed when the other end has closed: before, what it still sends would make the kernel take the answer back.
    if (sent_ == out_.size()) ::shutdown(fd_, SHUT_WR);
    return true;
  }
  bool receive(const Expose& expose) {
    std::array<char, 2048> part;
    const ssize_t n = ::recv(fd_, part.data(), part.size(), 0);
    if (n < 0) return errno == EAGAIN || errno == EINTR;
    if (n == 0) return false;
    if (answered_) return true;
    in_.append(part.data(), static_cast<std::size_t>(n));
    if (const std::size_t end = in_.find("\r\n\r\n"); end != std::string::npos)
      out_ = answer_to(std::string_view(in_).substr(0, end + 2), expose);
    else if (in_.size() > kMaxRequest)
      out_ = refusal("431 Request Header Fields Too Large", "a request this long is not for /metrics\n");
    answered_ = !out_.empty();
    return true;
  }

  int fd_;
  std::string in_, out_;
  std::size_t sent_ = 0;
  bool answered_ = false;
};

Result<HostPort> Server::address_of(const ServerConfig& config) {
  auto at = parse_host_port(config.listen, kKey);
  if (!at || config.allow_remote || at.value().is_loopback()) return at;
  return Error{
      fmt::format("{}: {} is more than this machine's loopback, and metrics are not encrypted; listen at "
                  "127.0.0.1:{}, or set "
                  "metrics.allow-remote: yes where the network is trusted",
                  kKey, at.value().text(), at.value().port)};
}

Result<std::unique_ptr<Server>> Server::start(const ServerConfig& config, Expose expose) {
  auto at = address_of(config);
  if (!at) return at.error();
  std::unique_ptr<Server> server(new Server);
  const auto listening = listen_at(at.value());
  if (!listening) return listening.error();
  server->listening_ = listening.value();
  server->wake_ = ::eventfd(0, EFD_CLOEXEC);
  if (server->wake_ < 0) return cannot_listen(at.value(), std::strerror(errno));
  server->expose_ = std::move(expose);
  server->address_ = at.value().text();
  server->patience_ = config.patience;
  server->thread_ = std::thread([s = server.get()] { s->run(); });
  return server;
}

Server::~Server() {
  if (thread_.joinable()) {
    ::eventfd_write(wake_, 1);
    thread_.join();
  }
  for (const int fd : {listening_, wake_}) {
    if (fd >= 0) ::close(fd);
  }
}

void Server::run() {
  constexpr std::chrono::milliseconds kPause{100};  // when the kernel has no room for another connection
  std::vector<std::unique_ptr<Connection>> open;
  std::vector<pollfd> watched;
  bool pause = false;
  for (;;) {
    const bool listens = open.size() < kConnections && !pause;
    watched.assign({{wake_, POLLIN, 0}, {listens ? listening_ : -1, POLLIN, 0}});
    auto until = pause ? Clock::now() + kPause : Clock::time_point::max();
    for (const auto& c : open) {
      watched.push_back(c->wish());
      until = std::min(until, c->until);
    }
    int wait_ms = -1;
    if (until != Clock::time_point::max())
      wait_ms = static_cast<int>(std::max<std::int64_t>(
          0, std::chrono::ceil<std::chrono::milliseconds>(until - Clock::now()).count()));
    if (::poll(watched.data(), watched.size(), wait_ms) < 0) continue;
    if (watched[0].revents != 0) return;
    const auto now = Clock::now();
    for (std::size_t i = 0; i < open.size(); ++i) {
      const bool ready = watched[i + 2].revents != 0;
      if (now >= open[i]->until || (ready && !open[i]->work(expose_))) open[i].reset();
    }
    open.erase(std::remove(open.begin(), open.end(), nullptr), open.end());
    pause = false;
    if (watched[1].revents == 0) continue;
    if (const int fd = ::accept4(listening_, nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC); fd >= 0)
      open.push_back(std::make_unique<Connection>(fd, now + patience_));
    else
      pause = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
  }
}

}  // namespace picket::metrics
