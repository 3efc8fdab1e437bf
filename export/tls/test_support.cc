#include "export/tls/test_support.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/socket.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <ctime>
#include <filesystem>
#include <fstream>
#include <thread>

#include "tests/support/loopback.h"

namespace picket::tls::test {
namespace {

KeyPtr make_key(const std::string& kind) {
  if (kind == "RSA") return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "RSA", std::size_t{2048}));
  if (kind == "ED25519") return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"));
  return KeyPtr(EVP_PKEY_Q_keygen(nullptr, nullptr, "EC", kind.c_str()));
}

std::string drain(BIO* bio) {
  char* data = nullptr;
  const long n = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(n)};
}

const EVP_MD* digest_for(const EVP_PKEY* key) {
  return EVP_PKEY_get_base_id(key) == EVP_PKEY_ED25519 ? nullptr : EVP_sha256();
}

void add_extension(X509* x, X509* issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, x, nullptr, nullptr, 0);
  X509_EXTENSION* e = X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str());
  EXPECT_NE(e, nullptr) << value;
  X509_add_ext(x, e, -1);
  X509_EXTENSION_free(e);
}

}  // namespace

std::string Certificate::pem() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(out.get(), x509.get());
  return drain(out.get());
}
std::string Certificate::key_pem() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_PrivateKey(out.get(), key.get(), nullptr, nullptr, 0, nullptr, nullptr);
  return drain(out.get());
}
std::string Certificate::der() const {
  const BioPtr out(BIO_new(BIO_s_mem()));
  i2d_X509_bio(out.get(), x509.get());
  return drain(out.get());
}

Certificate make_certificate(const CertificateSpec& spec, const Certificate* issuer) {
  static std::atomic<long> serial{1000};
  Certificate c{X509Ptr(X509_new()), make_key(spec.key)};
  X509* x = c.x509.get();
  X509_set_version(x, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(x), ++serial);
  X509_gmtime_adj(X509_getm_notBefore(x), spec.from_s);
  X509_gmtime_adj(X509_getm_notAfter(x), spec.to_s);
  X509_set_pubkey(x, c.key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(x), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(spec.common_name.c_str()), -1, -1, 0);
  X509* by = issuer != nullptr ? issuer->x509.get() : x;
  X509_set_issuer_name(x, X509_get_subject_name(by));
  add_extension(x, by, NID_subject_key_identifier, "hash");
  add_extension(x, by, NID_basic_constraints, spec.is_ca ? "critical,CA:TRUE" : "critical,CA:FALSE");
  if (spec.is_ca) add_extension(x, by, NID_key_usage, "critical,keyCertSign,cRLSign");
  if (!spec.is_ca && !spec.usage.empty()) add_extension(x, by, NID_ext_key_usage, spec.usage);
  if (!spec.names.empty()) add_extension(x, by, NID_subject_alt_name, spec.names);
  EVP_PKEY* key = issuer != nullptr ? issuer->key.get() : c.key.get();
  EXPECT_GT(X509_sign(x, key, digest_for(key)), 0);
  return c;
}

std::string make_crl(const Certificate& ca, const std::vector<const Certificate*>& revoked, std::int64_t to_s,
                     int number) {
  const CrlPtr crl(X509_CRL_new());
  X509_CRL_set_version(crl.get(), X509_CRL_VERSION_2);
  X509_CRL_set_issuer_name(crl.get(), X509_get_subject_name(ca.x509.get()));
  ASN1_TIME* t = ASN1_TIME_new();
  X509_gmtime_adj(t, -2 * kDay);
  X509_CRL_set1_lastUpdate(crl.get(), t);
  for (const Certificate* c : revoked) {
    X509_REVOKED* r = X509_REVOKED_new();
    X509_REVOKED_set_serialNumber(r, X509_get_serialNumber(c->x509.get()));
    X509_REVOKED_set_revocationDate(r, t);
    X509_CRL_add0_revoked(crl.get(), r);
  }
  X509_gmtime_adj(t, to_s);
  X509_CRL_set1_nextUpdate(crl.get(), t);
  ASN1_TIME_free(t);
  if (number != 0) {
    ASN1_INTEGER* n = ASN1_INTEGER_new();
    ASN1_INTEGER_set(n, number);
    X509_CRL_add1_ext_i2d(crl.get(), NID_crl_number, n, 0, X509V3_ADD_DEFAULT);
    ASN1_INTEGER_free(n);
  }
  X509_CRL_sort(crl.get());
  X509_CRL_sign(crl.get(), ca.key.get(), digest_for(ca.key.get()));
  const BioPtr out(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509_CRL(out.get(), crl.get());
  return drain(out.get());
}

Folder::Folder() {
  std::string name = std::filesystem::temp_directory_path() / "picket-tls-XXXXXX";
  EXPECT_NE(::mkdtemp(name.data()), nullptr);
  path_ = name;
}
Folder::~Folder() {
  std::error_code ignored;
  std::filesystem::remove_all(path_, ignored);
}
std::string Folder::write(const std::string& name, const std::string& text, mode_t mode) const {
  const std::string to = path(name), beside = to + ".new";
  std::ofstream(beside, std::ios::binary) << text;
  EXPECT_EQ(::chmod(beside.c_str(), mode), 0);
  EXPECT_EQ(std::rename(beside.c_str(), to.c_str()), 0);
  return to;
}

Site::Site()
    : ca(make_certificate({.is_ca = true, .common_name = "Site CA"}, nullptr)),
      sensor(make_certificate(sensor_spec("plant-7"), &ca)),
      collector(make_certificate({.names = "DNS:localhost,IP:127.0.0.1", .usage = "serverAuth"}, &ca)) {
  folder.write("ca.crt", ca.pem());
  write_sensor(sensor);
  write_collector(collector);
}
CertificateSpec Site::sensor_spec(const std::string& name) const {
  return {.names = "URI:picket:sensor/" + name};
}
void Site::write_sensor(const Certificate& c) const {
  folder.write("sensor.crt", c.pem());
  folder.write("sensor.key", c.key_pem());
}
void Site::write_collector(const Certificate& c) const {
  folder.write("collector.crt", c.pem());
  folder.write("collector.key", c.key_pem());
}
CredentialsOptions Site::options(Side side) const {
  CredentialsOptions o;
  o.side = side;
  const bool is_sensor = side == Side::kSensor;
  o.trust.section = is_sensor ? "export.tls" : "tls";
  o.trust.ca = folder.path("ca.crt");
  o.certificate = folder.path(is_sensor ? "sensor.crt" : "collector.crt");
  o.key = folder.path(is_sensor ? "sensor.key" : "collector.key");
  return o;
}
std::shared_ptr<Keyring> Site::keyring(Side side,
                                       const std::function<void(CredentialsOptions&)>& change) const {
  CredentialsOptions o = options(side);
  if (change) change(o);
  auto ring = Keyring::open(o, std::make_shared<Counters>());
  EXPECT_TRUE(ring) << ring.error().message;
  return ring.value();
}

bool has_hybrid() {
  return OPENSSL_version_major() > 3 || (OPENSSL_version_major() == 3 && OPENSSL_version_minor() >= 5);
}

TunnelLimits quick() {
  TunnelLimits limits;
  limits.handshake = std::chrono::seconds(20);
  limits.connections_per_name = limits.connections;
  limits.linger = std::chrono::milliseconds(200);
  limits.look_at_files = std::chrono::milliseconds(20);
  return limits;
}

bool eventually(const std::function<bool()>& what) {
  const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(20);
  while (!what()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

Fd connect_local(std::uint16_t port) {
  Fd fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
  const sockaddr_in at = picket::test::loopback(port);
  EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
  return fd;
}

RawClient::RawClient(std::uint16_t port, const std::function<void(SSL_CTX*)>& set_up)
    : context(SSL_CTX_new(TLS_client_method())), fd(connect_local(port)) {
  sigset_t pipe;  // of this thread alone: the tunnel has to see to itself
  sigemptyset(&pipe);
  sigaddset(&pipe, SIGPIPE);
  pthread_sigmask(SIG_BLOCK, &pipe, nullptr);
  set_up(context.get());
  ssl.reset(SSL_new(context.get()));
  SSL_set_fd(ssl.get(), fd.get());
}
RawClient::~RawClient() { ERR_clear_error(); }
bool RawClient::works() {
  char byte = 0;
  return SSL_connect(ssl.get()) == 1 && SSL_read(ssl.get(), &byte, 1) == 1;
}
void show_certificate(SSL_CTX* context, const Certificate& certificate) {
  SSL_CTX_use_certificate(context, certificate.x509.get());
  SSL_CTX_use_PrivateKey(context, certificate.key.get());
}

void make_blocking(int fd) { ::fcntl(fd, F_SETFL, ::fcntl(fd, F_GETFL) & ~O_NONBLOCK); }

std::string read_exactly(int fd, std::size_t n) {
  std::string out(n, '\0');
  std::size_t have = 0;
  while (have < n) {
    const ssize_t got = ::recv(fd, out.data() + have, n - have, 0);
    if (got <= 0) break;
    have += static_cast<std::size_t>(got);
  }
  out.resize(have);
  return out;
}

bool write_all(int fd, std::string_view text) {
  while (!text.empty()) {
    const ssize_t n = ::send(fd, text.data(), text.size(), MSG_NOSIGNAL);
    if (n <= 0) return false;
    text.remove_prefix(static_cast<std::size_t>(n));
  }
  return true;
}

namespace {

/// Joined when the last of its owners goes: the echoes end with their connections.
struct Threads {
  std::mutex mutex;
  std::vector<std::thread> all;
  ~Threads() {
    for (std::thread& t : all) t.join();
  }
};

}  // namespace

TakeConnection echo() {
  return [threads = std::make_shared<Threads>()](Fd end, const Peer&) {
    const std::lock_guard lock(threads->mutex);
    threads->all.emplace_back([fd = std::move(end)] {
      make_blocking(fd.get());
      bool fine = write_all(fd.get(), "hello");
      std::string buffer(65536, '\0');
      while (fine) {
        const ssize_t n = ::recv(fd.get(), buffer.data(), buffer.size(), 0);
        if (n <= 0) break;
        fine = write_all(fd.get(), std::string_view(buffer).substr(0, static_cast<std::size_t>(n)));
      }
    });
  };
}

}  // namespace picket::tls::test
