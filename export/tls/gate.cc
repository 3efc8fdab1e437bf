#include "export/tls/gate.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <poll.h>
#include <spdlog/spdlog.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "export/tls/address.h"

namespace picket::tls {
namespace {

constexpr int kBacklog = 16;

bool is_of_this_process(int fd) {
  ucred who{};
  socklen_t size = sizeof who;
  return ::getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &size) == 0 && who.pid == ::getpid();
}

bool has_hung_up(const Fd& fd) {
  pollfd p{fd.get(), 0, 0};
  return ::poll(&p, 1, 0) == 1 && (p.revents & (POLLHUP | POLLERR)) != 0;
}

}  // namespace

Result<std::unique_ptr<Gate>> Gate::open(std::shared_ptr<Dialer> dialer, HostPort to, std::string server_name,
                                         std::chrono::milliseconds patience) {
  std::unique_ptr<Gate> gate(new Gate(std::move(dialer), std::move(to), std::move(server_name), patience));
  const std::string name = secret_name("picket-gate-");
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  gate->listening_.reset(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  gate->wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
  if (!gate->listening_ || !gate->wake_ ||
      ::bind(gate->listening_.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0 ||
      ::listen(gate->listening_.get(), kBacklog) != 0) {
    return Error{fmt::format("no socket for connections to {}: {}", gate->to_.text(), std::strerror(errno))};
  }
  gate->target_ = "unix-abstract:" + name;
  gate->thread_ = std::thread([g = gate.get()] { g->run(); });
  return gate;
}

Gate::~Gate() {
  stopping_ = true;
  if (wake_) ::eventfd_write(wake_.get(), 1);
  if (thread_.joinable()) thread_.join();
}

std::string Gate::trouble() const {
  const std::lock_guard lock(mutex_);
  return trouble_;
}

void Gate::run() {
  while (!stopping_) {
    pollfd waited[] = {{listening_.get(), POLLIN, 0}, {wake_.get(), POLLIN, 0}};
    ::poll(waited, 2, -1);
    Fd near(::accept4(listening_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!near) continue;
    if (!is_of_this_process(near.get())) {
      if (const auto left_out = strangers_.allow())
        spdlog::warn("somebody else on this machine tried the way to the collector at {}; nothing was sent{}",
                     to_.text(), left_out_words(*left_out));
      continue;
    }
    // Closed last: whoever sees its other end close may ask for trouble() at once.
    const Fd held(::fcntl(near.get(), F_DUPFD_CLOEXEC, 0));
    bool is_vain = has_hung_up(held);
    if (is_vain) continue;
    const auto dialed = dialer_->dial(
        to_, server_name_, patience_, [&] { return is_vain = stopping_ || has_hung_up(held); },
        std::move(near));
    if (is_vain) continue;
    const std::lock_guard lock(mutex_);
    trouble_ = dialed ? "" : dialed.error().message;
  }
}

}  // namespace picket::tls
