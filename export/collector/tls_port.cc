#include "export/collector/tls_port.h"

namespace picket::collector {

Result<std::shared_ptr<tls::Keyring>> open_keyring(const TlsPortOptions& options) {
  tls::CredentialsOptions credentials = options.credentials;
  credentials.trust_only = options.listen.empty();
  if (credentials.trust_only && credentials.trust.ca.empty()) return std::shared_ptr<tls::Keyring>();
  return tls::Keyring::open(credentials, std::make_shared<tls::Counters>());
}

Result<std::unique_ptr<TlsPort>> TlsPort::open(const TlsPortOptions& options,
                                               std::shared_ptr<tls::Keyring> keyring) {
  auto at = parse_host_port(options.listen, "tls.listen");
  if (!at) return at.error();
  return std::unique_ptr<TlsPort>(new TlsPort(std::move(at).value(), std::move(keyring)));
}

std::function<std::optional<std::string>(const std::string&)> TlsPort::identity_of() const {
  return [peers = peers_](const std::string& channel) -> std::optional<std::string> {
    const auto peer = peers->find(channel);
    if (peer == nullptr) return std::nullopt;
    return peer->who.name;
  };
}

Status TlsPort::listen(Server& server, int max_connections) {
  tls::TunnelLimits limits;
  limits.connections = max_connections;
  auto listener = tls::Listener::start(keyring_, at_, limits, peers_,
                                       [&server](Fd end, const tls::Peer&) { server.adopt(end.release()); });
  if (!listener) return Error{"tls.listen: " + listener.error().message};
  listener_ = std::move(listener).value();
  return Done{};
}

std::string TlsPort::address() const {
  HostPort at = at_;
  if (listener_ != nullptr) at.port = listener_->port();
  return at.text();
}

}  // namespace picket::collector
