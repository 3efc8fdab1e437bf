// export/collector/tls_port.h — the port where sensors come with certificates: a listener
// with TLS in front of the server
//
// Each call that comes this way is that of the sensor which the connection's certificate names;
// a batch of another is refused.
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

/// What this collector knows of sensors: from tls.ca on. nullptr: nothing, for none of it is configured.
/// Without tls.listen there is no certificate of its own: signatures can be verified. The error names the
/// key, the file and what would do.
Result<std::shared_ptr<tls::Keyring>> open_keyring(const TlsPortOptions& options);

class TlsPort {
 public:
  /// Listens nowhere yet.
  static Result<std::unique_ptr<TlsPort>> open(const TlsPortOptions& options,
                                               std::shared_ptr<tls::Keyring> keyring);

  /// For ServerOptions::identity_of; may outlive this.
  [[nodiscard]] std::function<std::optional<std::string>(const std::string&)> identity_of() const;
  /// Listens, and has `server`, which outlives this, adopt who is let in. At most `max_connections` at a time.
  Status listen(Server& server, int max_connections);
  /// "0.0.0.0:7443", with the port that was free where 0 was asked for.
  [[nodiscard]] std::string address() const;

 private:
  TlsPort(HostPort at, std::shared_ptr<tls::Keyring> keyring)
      : at_(std::move(at)), keyring_(std::move(keyring)) {}

  HostPort at_;
  std::shared_ptr<tls::Keyring> keyring_;
  std::shared_ptr<tls::Peers> peers_ = std::make_shared<tls::Peers>();
  std::unique_ptr<tls::Listener> listener_;
};

}  // namespace picket::collector
