// export/collector/tls_port.h — the port where sensors come with certificates: a listener with TLS in front of the server
//
// Each call that comes this way is that of the sensor which the connection's certificate names; a batch of another is refused.
#pragma once
#include <memory>
#include <string>

#include "export/collector/server.h"
#include "export/tls/listener.h"

namespace picket::collector {

struct TlsPortOptions {
  std::string listen;  ///< HOST:PORT; "": there is no such port
  tls::CredentialsOptions credentials{.side = tls::Side::kCollector, .trust = {.section = "tls"}};
};

class TlsPort {
 public:
  /// Reads the certificates; listens nowhere yet. The error names the key, the file and what would do.
  static Result<std::unique_ptr<TlsPort>> open(const TlsPortOptions& options);

  /// For ServerOptions::identity_of; may outlive this.
  [[nodiscard]] std::function<std::optional<std::string>(const std::string&)> identity_of() const;
  /// Listens, and has `server`, which outlives this, adopt who is let in. At most `max_connections` at a time.
  Status listen(Server& server, int max_connections);
  /// "0.0.0.0:7443", with the port that was free where 0 was asked for.
  [[nodiscard]] std::string address() const;
  [[nodiscard]] const std::shared_ptr<tls::Keyring>& keyring() const noexcept { return keyring_; }

 private:
  TlsPort(HostPort at, std::shared_ptr<tls::Keyring> keyring)
      : at_(std::move(at)), keyring_(std::move(keyring)) {}

  HostPort at_;
  std::shared_ptr<tls::Keyring> keyring_;
  std::shared_ptr<tls::Peers> peers_ = std::make_shared<tls::Peers>();
  std::unique_ptr<tls::Listener> listener_;
};

}  // namespace picket::collector
