#include "export/collector/sinks/syslog_link.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netdb.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace picket::collector {
namespace {

struct Free {
  void operator()(SSL_CTX* c) const noexcept { SSL_CTX_free(c); }
  void operator()(SSL* s) const noexcept { SSL_free(s); }
  void operator()(addrinfo* a) const noexcept { ::freeaddrinfo(a); }
};

class Socket {
 public:
  explicit Socket(int fd = -1) noexcept : fd_(fd) {}
  Socket(Socket&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Socket& operator=(Socket&&) = delete;
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  [[nodiscard]] int fd() const noexcept { return fd_; }

 private:
  int fd_;
};

std::string tls_reason() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  const char* reason = code != 0 ? ERR_reason_error_string(code) : nullptr;
  return reason != nullptr ? reason : "the connection ended";
}

Error dial_error(const HostPort& at, const std::string& why) {
  return Error{fmt::format("syslog {}: {}", at.text(), why)};
}

Result<Socket> connect_to(const HostPort& at, int type, std::chrono::milliseconds timeout) {
  addrinfo hints{};
  hints.ai_socktype = type;
  addrinfo* list = nullptr;
  const int code = ::getaddrinfo(at.host.c_str(), std::to_string(at.port).c_str(), &hints, &list);
  if (code != 0) return dial_error(at, ::gai_strerror(code));
  const std::unique_ptr<addrinfo, Free> owned(list);
  int error = ECONNREFUSED;
  for (const addrinfo* a = list; a != nullptr; a = a->ai_next) {
    // Send and receive timeouts of a blocking socket also bound connect().
    Socket s(::socket(a->ai_family, a->ai_socktype | SOCK_CLOEXEC, a->ai_protocol));
    const timeval limit{timeout.count() / 1000, timeout.count() % 1000 * 1000};
    for (const int option : {SO_SNDTIMEO, SO_RCVTIMEO})
      ::setsockopt(s.fd(), SOL_SOCKET, option, &limit, sizeof limit);
    if (s.fd() >= 0 && ::connect(s.fd(), a->ai_addr, a->ai_addrlen) == 0) return s;
    error = errno;
  }
  return dial_error(at, error == EINPROGRESS ? "no answer" : std::strerror(error));
}

/// Else the first message into a connection that the server closed would be lost, and count as sent.
Status require_open(const Socket& socket) {
  pollfd ended{socket.fd(), POLLRDHUP, 0};
  if (::poll(&ended, 1, 0) > 0) return Error{"the server closed the connection"};
  return Done{};
}

class PlainLink final : public SyslogLink {
 public:
  PlainLink(Socket socket, bool framed) : socket_(std::move(socket)), framed_(framed) {}
  Status send(std::string_view message) override {
    if (framed_) {
      if (auto s = require_open(socket_); !s) return s;
    }
    const std::string frame = framed_ ? fmt::format("{} {}", message.size(), message) : std::string(message);
    std::string_view left = frame;
    while (!left.empty()) {
      const ssize_t n = ::send(socket_.fd(), left.data(), left.size(), MSG_NOSIGNAL);
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return Error{errno == EAGAIN ? "takes nothing" : std::strerror(errno)};
      left.remove_prefix(static_cast<std::size_t>(n));
    }
    return Done{};
  }

 private:
  Socket socket_;
  bool framed_;
};

class TlsLink final : public SyslogLink {
 public:
  TlsLink(Socket socket, std::unique_ptr<SSL, Free> ssl) : socket_(std::move(socket)), ssl_(std::move(ssl)) {}
  ~TlsLink() override { (void)SSL_shutdown(ssl_.get()); }
  Status send(std::string_view message) override {
    if (auto s = require_open(socket_); !s) return s;
    const std::string frame = fmt::format("{} {}", message.size(), message);
    std::size_t written = 0;
    if (SSL_write_ex(ssl_.get(), frame.data(), frame.size(), &written) == 1) return Done{};
    return Error{tls_reason()};
  }

 private:
  Socket socket_;
  std::unique_ptr<SSL, Free> ssl_;
};

class Dialer final : public SyslogDialer {
 public:
  Dialer(const SyslogOptions& options, HostPort at) : options_(options), at_(std::move(at)) {}

  Status load() {
    if (options_.transport != SyslogTransport::kTls) return require_loopback(at_, "syslog.server");
    context_.reset(SSL_CTX_new(TLS_client_method()));
    SSL_CTX* c = context_.get();
    if (c == nullptr) return Error{"syslog: " + tls_reason()};
    SSL_CTX_set_min_proto_version(c, TLS1_2_VERSION);
    SSL_CTX_set_verify(c, SSL_VERIFY_PEER, nullptr);
    const bool trusted = options_.ca.empty() ? SSL_CTX_set_default_verify_paths(c) == 1
                                             : SSL_CTX_load_verify_file(c, options_.ca.c_str()) == 1;
    if (!trusted) return bad_file("syslog.ca", options_.ca);
    if (options_.certificate.empty() != options_.key.empty())
      return Error{"syslog.certificate and syslog.key go together; name both or none"};
    if (options_.certificate.empty()) return Done{};
    if (SSL_CTX_use_certificate_chain_file(c, options_.certificate.c_str()) != 1)
      return bad_file("syslog.certificate", options_.certificate);
    if (SSL_CTX_use_PrivateKey_file(c, options_.key.c_str(), SSL_FILETYPE_PEM) != 1)
      return bad_file("syslog.key", options_.key);
    return Done{};
  }

  Result<std::unique_ptr<SyslogLink>> dial() override {
    const bool udp = options_.transport == SyslogTransport::kUdp;
    auto socket = connect_to(at_, udp ? SOCK_DGRAM : SOCK_STREAM, options_.timeout);
    if (!socket) return socket.error();
    if (options_.transport != SyslogTransport::kTls)
      return std::unique_ptr<SyslogLink>(std::make_unique<PlainLink>(std::move(socket).value(), !udp));

    std::unique_ptr<SSL, Free> ssl(SSL_new(context_.get()));
    in6_addr address{};
    const bool is_address = ::inet_pton(AF_INET, at_.host.c_str(), &address) == 1 ||
                            ::inet_pton(AF_INET6, at_.host.c_str(), &address) == 1;
    const bool named = is_address
                           ? X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), at_.host.c_str()) == 1
                           : SSL_set1_host(ssl.get(), at_.host.c_str()) == 1 &&
                                 SSL_set_tlsext_host_name(ssl.get(), at_.host.c_str()) == 1;
    if (!named || SSL_set_fd(ssl.get(), socket.value().fd()) != 1 || SSL_connect(ssl.get()) != 1) {
      const long verdict = SSL_get_verify_result(ssl.get());
      return dial_error(at_, verdict != X509_V_OK ? X509_verify_cert_error_string(verdict) : tls_reason());
    }
    return std::unique_ptr<SyslogLink>(std::make_unique<TlsLink>(std::move(socket).value(), std::move(ssl)));
  }

 private:
  static Status bad_file(const char* key, const std::string& path) {
    return Error{fmt::format("{} '{}': {}; name a file in PEM", key, path, tls_reason())};
  }

  SyslogOptions options_;
  HostPort at_;
  std::unique_ptr<SSL_CTX, Free> context_;
};

}  // namespace

Result<std::unique_ptr<SyslogDialer>> SyslogDialer::make(const SyslogOptions& options) {
  auto at = parse_host_port(options.server, "syslog.server");
  if (!at) return at.error();
  auto dialer = std::make_unique<Dialer>(options, std::move(at).value());
  if (auto s = dialer->load(); !s) return s.error();
  return std::unique_ptr<SyslogDialer>(std::move(dialer));
}

}  // namespace picket::collector
