#include "export/tls/dialer.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>

#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <mutex>
#include <optional>

#include "export/tls/address.h"

namespace picket::tls {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds kAskEvery{50};
constexpr const char* kInterrupted = "interrupted";

/// When to give up, and why.
struct Patience {
  Clock::time_point until;
  const std::function<bool()>& interrupted;

  [[nodiscard]] const char* is_over() const {
    if (interrupted && interrupted()) return kInterrupted;
    return Clock::now() >= until ? "no answer in time" : nullptr;
  }
};

Result<Fd> connect_to(const SocketAddress& address, const Patience& patience) {
  Fd fd(::socket(address.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  if (!fd) return Error{std::strerror(errno)};
  if (::connect(fd.get(), reinterpret_cast<const sockaddr*>(&address.at), address.size) == 0) return fd;
  if (errno != EINPROGRESS) return Error{std::strerror(errno)};
  for (;;) {
    pollfd p{fd.get(), POLLOUT, 0};
    if (::poll(&p, 1, static_cast<int>(kAskEvery.count())) > 0) {
      int error = 0;
      socklen_t size = sizeof error;
      ::getsockopt(fd.get(), SOL_SOCKET, SO_ERROR, &error, &size);
      if (error != 0) return Error{std::strerror(error)};
      return fd;
    }
    if (const char* why = patience.is_over(); why != nullptr) return Error{why};
  }
}

/// What the tunnel's thread leaves for the one that dials.
struct Answer {
  std::mutex mutex;
  std::condition_variable changed;
  std::optional<Dialed> dialed;
  std::optional<std::string> error;
};

std::string explain(Failure failure, const std::string& why, const std::string& name) {
  const std::string because = why.empty() ? "" : fmt::format(" ({})", why);
  switch (failure) {
    case Failure::kRefused:
      return fmt::format("the collector refuses this sensor{}; its log says why", because);
    case Failure::kWrongName:
      return fmt::format(
          "its certificate is not for '{}'{}; is it the right host, or is server-name missing?", name,
          because);
    case Failure::kTruncated:
      return fmt::format(
          "it closed the connection in the handshake{}; is a collector with TLS listening there?", because);
    case Failure::kNotTls:
      return fmt::format("{}{}; is it the port of tls.listen there, rather than that of listen?",
                         failure_text(failure), because);
    case Failure::kNone:
      return "it closed the connection";
    default:
      return std::string(failure_text(failure)) + because;
  }
}

}  // namespace

Result<std::unique_ptr<Dialer>> Dialer::start(std::shared_ptr<Keyring> keyring, const TunnelLimits& limits) {
  auto tunnel = Tunnel::start(std::move(keyring), limits);
  if (!tunnel) return tunnel.error();
  return std::unique_ptr<Dialer>(new Dialer(std::move(tunnel).value()));
}

Result<Dialed> Dialer::dial(const HostPort& to, const std::string& server_name, milliseconds patience_for,
                            const std::function<bool()>& interrupted, Fd near) {
  const Patience patience{Clock::now() + patience_for, interrupted};
  const std::string& name = server_name.empty() ? to.host : server_name;
  const auto addresses = find_addresses(to, false);
  if (!addresses) return addresses.error();
  std::string last;
  for (std::size_t i = 0; i < addresses.value().size(); ++i) {
    const SocketAddress& address = addresses.value()[i];
    const auto share = share_of(patience.until - Clock::now(), addresses.value().size() - i);
    const Patience own{Clock::now() + share, interrupted};
    auto net = connect_to(address, own);
    if (!net) {
      last = net.error().message;
      if (last == kInterrupted) break;
      continue;
    }
    const auto answer = std::make_shared<Answer>();
    Events events;
    events.opened = [answer](Fd end, const Peer& peer) {
      const std::lock_guard lock(answer->mutex);
      answer->dialed = Dialed{std::move(end), peer};
      answer->changed.notify_all();
    };
    events.closed = [answer, name](const Peer&, Failure failure, const std::string& why) {
      const std::lock_guard lock(answer->mutex);
      answer->error = explain(failure, why, name);
      answer->changed.notify_all();
    };
    // A copy, for when the next address has to be tried.
    Fd copy(near ? ::fcntl(near.get(), F_DUPFD_CLOEXEC, 0) : -1);
    tunnel_->dial_over(std::move(net).value(), address_text(address.at), name, std::move(copy),
                       std::move(events));
    std::unique_lock lock(answer->mutex);
    while (!answer->dialed && !answer->error) {
      if (const char* why = patience.is_over(); why != nullptr) return Error{why};
      answer->changed.wait_for(lock, kAskEvery);
    }
    if (answer->dialed) return std::move(*answer->dialed);
    last = *answer->error;
  }
  return Error{last};
}

}  // namespace picket::tls
