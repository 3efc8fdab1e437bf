#include "export/tls/listener.h"

#include <fmt/core.h>
#include <netinet/in.h>

#include <cerrno>
#include <cstring>

#include "export/tls/address.h"

namespace picket::tls {
namespace {

constexpr int kBacklog = 1024;

Result<Fd> listen_at(const SocketAddress& address) {
  Fd fd(::socket(address.at.ss_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1, off = 0;
  ::setsockopt(fd.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (address.at.ss_family == AF_INET6) ::setsockopt(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY, &off, sizeof off);
  if (!fd || ::bind(fd.get(), reinterpret_cast<const sockaddr*>(&address.at), address.size) != 0 ||
      ::listen(fd.get(), kBacklog) != 0) {
    return Error{std::strerror(errno)};
  }
  return fd;
}

}  // namespace

std::shared_ptr<const Peer> Peers::find(std::string_view channel) const {
  const std::lock_guard lock(mutex_);
  const auto found = by_channel_.find(channel);
  return found != by_channel_.end() ? found->second : nullptr;
}
void Peers::add(const Peer& peer) {
  const std::lock_guard lock(mutex_);
  by_channel_[peer.channel] = std::make_shared<const Peer>(peer);
}
void Peers::remove(const std::string& channel) {
  const std::lock_guard lock(mutex_);
  by_channel_.erase(channel);
}

Result<std::unique_ptr<Listener>> Listener::start(std::shared_ptr<Keyring> keyring, const HostPort& at,
                                                  const TunnelLimits& limits,
                                                  const std::shared_ptr<Peers>& peers, TakeConnection take) {
  const auto addresses = find_addresses(at, true);
  if (!addresses) return Error{fmt::format("cannot listen at {}: {}", at.text(), addresses.error().message)};
  auto fd = listen_at(addresses.value().front());
  if (!fd) return Error{fmt::format("cannot listen at {}: {}", at.text(), fd.error().message)};
  SocketAddress bound;
  bound.size = sizeof bound.at;
  ::getsockname(fd.value().get(), reinterpret_cast<sockaddr*>(&bound.at), &bound.size);

  std::unique_ptr<Listener> listener(new Listener);
  listener->port_ = ntohs(reinterpret_cast<const sockaddr_in&>(bound.at).sin_port);
  auto tunnel = Tunnel::start(std::move(keyring), limits);
  if (!tunnel) return tunnel.error();
  listener->tunnel_ = std::move(tunnel).value();
  Events events;
  events.opened = [peers, take = std::move(take)](Fd end, const Peer& peer) {
    peers->add(peer);
    take(std::move(end), peer);
  };
  events.closed = [peers](const Peer& peer, Failure, const std::string&) { peers->remove(peer.channel); };
  listener->tunnel_->accept_from(std::move(fd).value(), std::move(events));
  return listener;
}

}  // namespace picket::tls
