#include "export/tls/credentials.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <spdlog/spdlog.h>

#include <cstring>
#include <ctime>
#include <tuple>

#include "export/tls/signing.h"

namespace picket::tls {
namespace {

constexpr const char* kHybrid[] = {"X25519MLKEM768", "SecP256r1MLKEM768", "SecP384r1MLKEM1024"};
constexpr const char* kClassicalGroups = "X25519:P-256:P-384";
constexpr long kMaxChainBytes = 64 << 10;
constexpr std::chrono::seconds kTryAgain{1};
constexpr int kSecurityLevel = 2;  // 112 bits: RSA from 2048, no SHA-1
// SSL_OP_NO_TX_ and _RX_CERTIFICATE_COMPRESSION of OpenSSL 3.2, for who was built with an older one: nothing is
// inflated for somebody who has not said who he is.
constexpr std::uint64_t kNoCertificateCompression = std::uint64_t{3} << 32;
constexpr unsigned char kAlpn[] = {2, 'h', '2'};

/// Each SSL owns the verdict on the other end's certificate.
void free_verdict(void*, void* verdict, CRYPTO_EX_DATA*, int, long, void*) {
  delete static_cast<Verdict*>(verdict);
}
int verdict_index() {
  static const int index = SSL_get_ex_new_index(0, nullptr, nullptr, nullptr, free_verdict);
  return index;
}

bool has_group(SSL_CTX* context, const char* group) {
  const bool has = SSL_CTX_set1_groups_list(context, group) == 1;
  ERR_clear_error();
  return has;
}

/// Inside is HTTP/2, and a client that asks for something else is told so rather than misunderstood.
int choose_protocol(SSL*, const unsigned char** out, unsigned char* out_size, const unsigned char* in,
                    unsigned in_size, void*) {
  unsigned char* chosen = nullptr;
  if (SSL_select_next_proto(&chosen, out_size, kAlpn, sizeof kAlpn, in, in_size) != OPENSSL_NPN_NEGOTIATED)
    return SSL_TLSEXT_ERR_ALERT_FATAL;
  *out = chosen;
  return SSL_TLSEXT_ERR_OK;
}

bool is_address(const std::string& host) {
  in6_addr any{};
  return ::inet_pton(AF_INET, host.c_str(), &any) == 1 || ::inet_pton(AF_INET6, host.c_str(), &any) == 1;
}

/// No terminal is asked for a password.
int no_password(char*, int, int, void*) { return -1; }

}  // namespace

Result<std::shared_ptr<const Credentials>> Credentials::load(const CredentialsOptions& options) {
  auto trust = Trust::load(options.trust);
  if (!trust) return trust.error();
  std::shared_ptr<Credentials> c(new Credentials(std::move(trust).value(), options.side));
  c->warnings_ = c->trust_.warnings();
  if (options.trust_only) return std::shared_ptr<const Credentials>(std::move(c));
  if (const Status s = c->read_certificate(options); !s) return s.error();
  if (const Status s = c->read_key(options); !s) return s.error();
  if (const Status s = c->make_context(options); !s) return s.error();
  return std::shared_ptr<const Credentials>(std::move(c));
}

Status Credentials::read_certificate(const CredentialsOptions& options) {
  const std::string key = options.trust.section + ".certificate", &path = options.certificate;
  const bool is_sensor = side_ == Side::kSensor;
  if (path.empty()) {
    return Error{
        fmt::format("{}: is not set; `picket-ca {}` makes one", key, is_sensor ? "sensor" : "collector")};
  }
  auto text = read_small_file(path, key);
  if (!text) return text.error();
  const BioPtr in(BIO_new_mem_buf(text.value().data(), static_cast<int>(text.value().size())));
  certificate_.reset(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
  if (certificate_ == nullptr)
    return Error{
        fmt::format("{}: {}: has no certificate; it has to be PEM ({})", key, path, openssl_error())};
  chain_.reset(sk_X509_new_null());
  while (X509* next = PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr))
    sk_X509_push(chain_.get(), next);
  ERR_clear_error();

  own_ = read_identity(*certificate_);
  not_before_s_ = seconds(X509_get0_notBefore(certificate_.get()));
  where_ = key + ": " + path;
  if (!options.any_time) {
    if (const Status now = in_time(); !now) return now.error();
  }
  if (X509_check_purpose(certificate_.get(), is_sensor ? X509_PURPOSE_SSL_CLIENT : X509_PURPOSE_SSL_SERVER,
                         0) != 1) {
    return Error{fmt::format("{}: {}: is not made for {}; `picket-ca {}` makes one that is", key, path,
                             is_sensor ? "a TLS client" : "a TLS server",
                             is_sensor ? "sensor" : "collector")};
  }
  if (is_sensor && own_.name.empty()) {
    return Error{fmt::format("{}: {}: names no sensor; it needs one subject alternative name URI:{}NAME", key,
                             path, kSensorUri)};
  }
  if (!options.own_name.empty() && own_.name != options.own_name) {
    return Error{
        fmt::format("{}: {}: is that of sensor '{}', and this one is '{}' (sensor-name); `picket-ca sensor` "
                    "makes one of its own",
                    key, path, own_.name, options.own_name)};
  }
  return Done{};
}

Status Credentials::in_time() const {
  const std::int64_t now = std::time(nullptr);
  if (own_.not_after_s < now)
    return Error{fmt::format("{}: expired at {}; make a new one", where_, utc(own_.not_after_s))};
  if (not_before_s_ > now)
    return Error{
        fmt::format("{}: is valid from {} on only; is the clock right?", where_, utc(not_before_s_))};
  return Done{};
}

Status Credentials::read_key(const CredentialsOptions& options) {
  const std::string key = options.trust.section + ".key", &path = options.key;
  if (path.empty())
    return Error{fmt::format("{}: is not set; give the file with the certificate's private key", key)};
  struct stat st {};
  if (::stat(path.c_str(), &st) == 0 && (st.st_mode & S_IRWXO) != 0) {
    return Error{fmt::format("{}: {}: everybody on this machine may use it; chmod 600 {}", key, path, path)};
  }
  auto text = read_small_file(path, key);
  if (!text) return text.error();
  const BioPtr in(BIO_new_mem_buf(text.value().data(), static_cast<int>(text.value().size())));
  key_.reset(PEM_read_bio_PrivateKey(in.get(), nullptr, no_password, nullptr));
  OPENSSL_cleanse(text.value().data(), text.value().size());
  if (key_ == nullptr) {
    return Error{
        fmt::format("{}: {}: has no private key that can be read; it has to be PEM without a password ({})",
                    key, path, openssl_error())};
  }
  if (X509_check_private_key(certificate_.get(), key_.get()) != 1) {
    ERR_clear_error();
    return Error{
        fmt::format("{}: {}: is not the key of the certificate in {}", key, path, options.certificate)};
  }
  if (side_ == Side::kCollector) return Done{};
  if (const Status able = can_sign(*key_); !able)
    return Error{fmt::format("{}: {}: {}", key, path, able.error().message)};
  return Done{};
}

Status Credentials::make_context(const CredentialsOptions& options) {
  context_.reset(SSL_CTX_new(side_ == Side::kSensor ? TLS_client_method() : TLS_server_method()));
  SSL_CTX* c = context_.get();
  SSL_CTX_set_security_level(c, kSecurityLevel);
  SSL_CTX_set_min_proto_version(c, TLS1_3_VERSION);
  SSL_CTX_set_max_proto_version(c, 0);
  SSL_CTX_set_options(c, SSL_OP_NO_TICKET | kNoCertificateCompression);
  SSL_CTX_clear_options(c, SSL_OP_IGNORE_UNEXPECTED_EOF);
  SSL_CTX_set_num_tickets(c, 0);
  SSL_CTX_set_session_cache_mode(c, SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(
      c, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS);
  SSL_CTX_clear_mode(c, SSL_MODE_AUTO_RETRY);  // one call is one step: no peer holds the tunnel's thread
  SSL_CTX_set_max_cert_list(c, kMaxChainBytes);
  SSL_CTX_set1_cert_store(c, trust_.store());
  SSL_CTX_set_verify(c, SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  SSL_CTX_set_cert_verify_callback(c, on_verify, this);
  if (side_ == Side::kSensor) {
    SSL_CTX_set_alpn_protos(c, kAlpn, sizeof kAlpn);
  } else {
    SSL_CTX_set_alpn_select_cb(c, choose_protocol, nullptr);
  }
  if (SSL_CTX_use_certificate(c, certificate_.get()) != 1 || SSL_CTX_set1_chain(c, chain_.get()) != 1 ||
      SSL_CTX_use_PrivateKey(c, key_.get()) != 1) {
    return Error{fmt::format("{}.certificate: {}: OpenSSL refuses it: {}", options.trust.section,
                             options.certificate, openssl_error())};
  }

  std::string groups;
  for (const char* group : kHybrid) {
    if (options.groups != Groups::kClassical && has_group(c, group)) groups += fmt::format("{}:", group);
  }
  if (groups.empty() && options.groups == Groups::kRequireHybrid) {
    return Error{fmt::format("{}.groups: {} has no {}; use 3.5 or set {}.groups: classical",
                             options.trust.section, openssl_version(), kHybrid[0], options.trust.section)};
  }
  if (options.groups != Groups::kRequireHybrid) groups += kClassicalGroups;
  if (groups.back() == ':') groups.pop_back();
  if (SSL_CTX_set1_groups_list(c, groups.c_str()) == 1) return Done{};
  return Error{fmt::format("{}.groups: {} does not take {}: {}", options.trust.section, openssl_version(),
                           groups, openssl_error())};
}

int Credentials::on_verify(X509_STORE_CTX* context, void* self) {
  auto* ssl = static_cast<SSL*>(X509_STORE_CTX_get_ex_data(context, SSL_get_ex_data_X509_STORE_CTX_idx()));
  const auto& credentials = *static_cast<const Credentials*>(self);
  auto verdict = std::make_unique<Verdict>(credentials.trust_.judge(
      *context, credentials.side_ == Side::kCollector ? Purpose::kSensor : Purpose::kCollector));
  const bool taken = verdict->failure == Failure::kNone;
  delete static_cast<Verdict*>(SSL_get_ex_data(ssl, verdict_index()));
  SSL_set_ex_data(ssl, verdict_index(), verdict.release());
  return taken ? 1 : 0;
}

SslPtr Credentials::make_ssl(const std::string& server_name) const {
  SslPtr ssl(SSL_new(context_.get()));
  if (ssl == nullptr) return ssl;
  if (side_ == Side::kCollector) {
    SSL_set_accept_state(ssl.get());
    return ssl;
  }
  SSL_set_connect_state(ssl.get());
  bool fine = false;
  if (is_address(server_name)) {
    fine = X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), server_name.c_str()) == 1;
  } else if (!server_name.empty()) {  // without a name any server's certificate would do
    SSL_set_hostflags(ssl.get(), X509_CHECK_FLAG_NEVER_CHECK_SUBJECT | X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS);
    fine = SSL_set1_host(ssl.get(), server_name.c_str()) == 1 &&
           SSL_set_tlsext_host_name(ssl.get(), server_name.c_str()) == 1;
  }
  if (!fine) ssl.reset();
  return ssl;
}

const Verdict* Credentials::verdict(const SSL& ssl) noexcept {
  return static_cast<const Verdict*>(SSL_get_ex_data(&ssl, verdict_index()));
}

Verdict Credentials::judge_again(const SSL& ssl) const {
  X509* certificate = SSL_get0_peer_certificate(&ssl);
  if (certificate == nullptr) return {Failure::kNoCertificate, {}, {}};
  return trust_.judge(*certificate, SSL_get_peer_cert_chain(&ssl),
                      side_ == Side::kCollector ? Purpose::kSensor : Purpose::kCollector);
}

// ---- renewal ----

bool Keyring::Stamp::operator==(const Stamp& o) const noexcept {
  const auto all = [](const Stamp& s) {
    return std::tuple(s.inode, s.size, s.modified.tv_sec, s.modified.tv_nsec, s.changed.tv_sec,
                      s.changed.tv_nsec);
  };
  return all(*this) == all(o);
}

Keyring::Stamps Keyring::stamps() const {
  const std::string* paths[] = {&options_.trust.ca, &options_.trust.crl, &options_.trust.allow,
                                &options_.certificate, &options_.key};
  Stamps all{};
  for (std::size_t i = 0; i < all.size(); ++i) {
    struct stat st {};
    if (!paths[i]->empty() && ::stat(paths[i]->c_str(), &st) == 0)
      all[i] = {st.st_ino, st.st_size, st.st_mtim, st.st_ctim};
  }
  return all;
}

Result<std::shared_ptr<Keyring>> Keyring::open(const CredentialsOptions& options,
                                               std::shared_ptr<Counters> counters) {
  std::shared_ptr<Keyring> ring(new Keyring(options, std::move(counters)));
  ring->seen_ = ring->stamps();  // before reading: what changes meanwhile is read again
  auto first = Credentials::load(options);
  if (!first) return first.error();
  ring->use(std::move(first).value());
  return ring;
}

void Keyring::use(std::shared_ptr<const Credentials> credentials) {
  for (const std::string& warning : credentials->warnings()) spdlog::warn("{}", warning);
  counters_->certificate_not_after = credentials->own().not_after_s;
  counters_->ca_not_after = credentials->trust().ca_not_after_s();
  counters_->crl_next_update = credentials->trust().crl_next_update_s();
  current_ = std::move(credentials);
}

std::shared_ptr<const Credentials> Keyring::current() const {
  const std::lock_guard lock(mutex_);
  return current_;
}

bool Keyring::reload_if_changed() {
  const std::lock_guard lock(mutex_);
  const Stamps now = stamps();
  if (now == seen_) return false;
  // What failed may get good without a file that changes: the clock reaches its time, descriptors come free.
  const auto at = std::chrono::steady_clock::now();
  if (now == refused_ && at - refused_at_ < kTryAgain) return false;
  CredentialsOptions options = options_;
  // What is good gives way to nothing that is not. What is not good any more is shown to nobody who takes it, and
  // must not keep lists and CAs from those who are let in.
  options.any_time = !current_->in_time();
  auto fresh = Credentials::load(options);
  if (!fresh) {
    ++counters_->reloads_failed;
    if (fresh.error().message != refusal_)
      spdlog::error("{}; what was read before stays in use, and it is tried again", fresh.error().message);
    refusal_ = fresh.error().message;
    refused_ = now;
    refused_at_ = at;
    return false;
  }
  seen_ = now;
  refused_ = {};
  refusal_.clear();
  use(std::move(fresh).value());
  ++counters_->reloads_ok;
  spdlog::info("{}: read again{}", options_.trust.section,
               options_.trust_only ? "" : ": certificate until " + utc(current_->own().not_after_s));
  if (const Status own = current_->in_time(); !own && !options_.trust_only)
    spdlog::warn("{}", own.error().message);
  return true;
}

}  // namespace picket::tls
