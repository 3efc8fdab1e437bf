// export/tls/test_support.h — a small CA in memory that also makes what no CA should, and files
// of a collector and its sensors
#pragma once
#include <functional>
#include <map>
#include <string>
#include <vector>

#include "export/tls/credentials.h"
#include "export/tls/listener.h"
#include "export/tls/openssl.h"

namespace picket::tls::test {

constexpr std::int64_t kDay = 86'400;

/// A subject alternative name is written as OpenSSL's configuration has it: "URI:picket:sensor/plant-7,DNS:a".
struct CertificateSpec {
  std::string names;
  std::string usage = "clientAuth";          ///< extended key usage
  std::int64_t from_s = -kDay, to_s = kDay;  ///< from now
  bool is_ca = false;
  std::string key = "P-256";            ///< "P-256", "P-384", "P-521", "ED25519", "RSA"
  std::string common_name = "plant-9";  ///< that no name is taken from it
};

struct Certificate {
  X509Ptr x509;
  KeyPtr key;
  [[nodiscard]] std::string pem() const;
  [[nodiscard]] std::string key_pem() const;
  [[nodiscard]] std::string der() const;
};

/// Signed by `issuer`, or by itself.
Certificate make_certificate(const CertificateSpec& spec, const Certificate* issuer);

/// "PEM" of a list that revokes these, good until `to_s` from now. 0: it has no number.
std::string make_crl(const Certificate& ca, const std::vector<const Certificate*>& revoked,
                     std::int64_t to_s = kDay, int number = 0);

/// A folder that goes with its owner.
class Folder {
 public:
  Folder();
  ~Folder();
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  /// Writes a file anew, at once; gives its path.
  std::string write(const std::string& name, const std::string& text, mode_t mode = 0600) const;
  [[nodiscard]] std::string path(const std::string& name) const { return path_ + "/" + name; }

 private:
  std::string path_;
};

/// A CA, a collector at localhost and the sensor plant-7, as files.
struct Site {
  Site();
  CertificateSpec sensor_spec(const std::string& name) const;
  void write_sensor(const Certificate& c) const;
  void write_collector(const Certificate& c) const;
  [[nodiscard]] CredentialsOptions options(Side side) const;
  [[nodiscard]] std::shared_ptr<Keyring> keyring(
      Side side, const std::function<void(CredentialsOptions&)>& change = {}) const;

  Folder folder;
  Certificate ca, sensor, collector;
};

/// Does the OpenSSL that runs have X25519MLKEM768?
bool has_hybrid();

/// Limits under which tests need not wait, and one sensor may have all connections.
TunnelLimits quick();

/// Until it is true, at most 20 s.
bool eventually(const std::function<bool()>& what);

/// A socket connected to a port of this machine, which blocks.
Fd connect_local(std::uint16_t port);

/// A client of its own making, which need not behave; blocks. Calls of it never raise SIGPIPE.
struct RawClient {
  RawClient(std::uint16_t port, const std::function<void(SSL_CTX*)>& set_up);
  ~RawClient();
  /// The handshake, and the first byte of the other side.
  bool works();
  SslCtxPtr context;
  Fd fd;
  SslPtr ssl;
};
void show_certificate(SSL_CTX* context, const Certificate& certificate);

/// Says "hello", then sends back what comes until the end of file; each connection in a thread.
TakeConnection echo();

/// Blocking reads and writes of a near end; sizes as asked for, or less at the end of file.
void make_blocking(int fd);
std::string read_exactly(int fd, std::size_t n);
bool write_all(int fd, std::string_view text);

}  // namespace picket::tls::test
