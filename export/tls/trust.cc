#include "export/tls/trust.h"

#include <fmt/chrono.h>
#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <algorithm>
#include <cstring>
#include <ctime>
#include <fstream>
#include <map>
#include <memory>
#include <sstream>

namespace picket::tls {
namespace {

constexpr std::size_t kMaxFile = std::size_t{16} << 20;
constexpr int kMaxChain = 5;

Failure failure_of(int x509_error) {
  switch (x509_error) {
    case X509_V_OK:
      return Failure::kNone;
    case X509_V_ERR_CERT_HAS_EXPIRED:
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return Failure::kExpired;
    case X509_V_ERR_CERT_REVOKED:
      return Failure::kRevoked;
    case X509_V_ERR_CRL_HAS_EXPIRED:
    case X509_V_ERR_CRL_NOT_YET_VALID:
    case X509_V_ERR_UNABLE_TO_GET_CRL:
      return Failure::kStaleCrl;
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return Failure::kWrongName;
    case X509_V_ERR_INVALID_PURPOSE:
      return Failure::kWrongPurpose;
    default:
      return Failure::kUntrusted;
  }
}

/// OpenSSL asks here before it gives up.
int overlook_stale_crl(int ok, X509_STORE_CTX* context) {
  return ok == 1 || X509_STORE_CTX_get_error(context) == X509_V_ERR_CRL_HAS_EXPIRED ? 1 : 0;
}

/// The same, when it was asked about the past.
int overlook_newer_crl(int ok, X509_STORE_CTX* context) {
  return ok == 1 || X509_STORE_CTX_get_error(context) == X509_V_ERR_CRL_NOT_YET_VALID ? 1 : 0;
}

std::string name_of(const X509_NAME* name) {
  const BioPtr out(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_ONELINE & ~ASN1_STRFLGS_ESC_MSB);
  char* data = nullptr;
  const long size = BIO_get_mem_data(out.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

/// Was the end of a PEM file reached, rather than something in it that cannot be read?
bool at_end_of_pem() {
  const unsigned long code = ERR_peek_last_error();
  ERR_clear_error();
  return ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
}

bool is_signed_by(X509_CRL& crl, X509& ca) {
  const bool is = X509_NAME_cmp(X509_get_subject_name(&ca), X509_CRL_get_issuer(&crl)) == 0 &&
                  X509_CRL_verify(&crl, X509_get0_pubkey(&ca)) == 1;
  ERR_clear_error();
  return is;
}

/// What of a CA's certificates a list is about: one that is split up has several lists, and each of them counts.
std::string scope_of(const X509_CRL& crl) {
  std::string scope;
  for (const int nid : {NID_issuing_distribution_point, NID_delta_crl}) {
    if (const int at = X509_CRL_get_ext_by_NID(&crl, nid, -1); at >= 0) {
      const ASN1_OCTET_STRING* data = X509_EXTENSION_get_data(X509_CRL_get_ext(&crl, at));
      scope += std::to_string(nid) + ":";
      scope.append(reinterpret_cast<const char*>(ASN1_STRING_get0_data(data)),
                   static_cast<std::size_t>(ASN1_STRING_length(data)));
    }
  }
  return scope;
}

/// By the number that the CA gave it; where they have none, or the same, by its date.
bool is_newer(const X509_CRL& a, const X509_CRL& b) {
  const auto number = [](const X509_CRL& crl) {
    return std::unique_ptr<ASN1_INTEGER, Freer<ASN1_INTEGER_free>>(
        static_cast<ASN1_INTEGER*>(X509_CRL_get_ext_d2i(&crl, NID_crl_number, nullptr, nullptr)));
  };
  const auto of_a = number(a), of_b = number(b);
  const int order = of_a && of_b ? ASN1_INTEGER_cmp(of_a.get(), of_b.get()) : 0;
  return order != 0 ? order > 0
                    : seconds(X509_CRL_get0_lastUpdate(&a)) > seconds(X509_CRL_get0_lastUpdate(&b));
}

}  // namespace

Result<std::string> read_small_file(const std::string& path, const std::string& key) {
  std::ifstream in(path, std::ios::binary);
  if (!in) return Error{fmt::format("{}: cannot read {}: {}", key, path, std::strerror(errno))};
  std::string text(kMaxFile + 1, '\0');
  in.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (in.bad()) return Error{fmt::format("{}: cannot read {}: {}", key, path, std::strerror(errno))};
  if (static_cast<std::size_t>(in.gcount()) > kMaxFile)
    return Error{fmt::format("{}: {} is larger than 16 MiB", key, path)};
  text.resize(static_cast<std::size_t>(in.gcount()));
  return text;
}

std::string utc(std::int64_t s) {
  return fmt::format("{:%Y-%m-%d %H:%M:%S} UTC", fmt::gmtime(static_cast<std::time_t>(s)));
}

Result<Trust> Trust::load(const TrustOptions& options) {
  Trust trust;
  trust.store_.reset(X509_STORE_new());
  if (const Status s = trust.read_cas(options); !s) return s.error();
  if (!options.crl.empty()) {
    if (const Status s = trust.read_crls(options); !s) return s.error();
    X509_STORE_set_flags(trust.store(), X509_V_FLAG_CRL_CHECK | X509_V_FLAG_CRL_CHECK_ALL);
    if (options.accept_stale_crl) X509_STORE_set_verify_cb(trust.store(), overlook_stale_crl);
  }
  if (!options.allow.empty()) {
    auto text = read_small_file(options.allow, options.section + ".allow");
    if (!text) return text.error();
    auto list = AllowList::read(text.value(), options.section + ".allow: " + options.allow);
    if (!list) return list.error();
    trust.allow_ = std::move(list).value();
  }
  return trust;
}

Status Trust::read_cas(const TrustOptions& options) {
  const std::string key = options.section + ".ca";
  if (options.ca.empty())
    return Error{fmt::format("{}: is not set; give the CA's certificate, `picket-ca init` makes one", key)};
  auto text = read_small_file(options.ca, key);
  if (!text) return text.error();
  const BioPtr in(BIO_new_mem_buf(text.value().data(), static_cast<int>(text.value().size())));
  const std::int64_t now = std::time(nullptr);
  for (;;) {
    X509Ptr ca(PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr));
    if (ca == nullptr) break;
    const std::string name = name_of(X509_get_subject_name(ca.get()));
    if (X509_check_ca(ca.get()) == 0)
      return Error{fmt::format("{}: {}: '{}' is not the certificate of a CA", key, options.ca, name)};
    const std::int64_t not_after = seconds(X509_get0_notAfter(ca.get()));
    if (not_after < now) {
      warnings_.push_back(
          fmt::format("{}: {}: the CA '{}' expired at {}", key, options.ca, name, utc(not_after)));
      expired_.push_back(std::move(ca));
      continue;
    }
    if (ca_not_after_s_ == 0 || not_after < ca_not_after_s_) ca_not_after_s_ = not_after;
    X509_STORE_add_cert(store(), ca.get());
    cas_.push_back(std::move(ca));
  }
  if (!at_end_of_pem())
    return Error{
        fmt::format("{}: {}: has a certificate that cannot be read; it has to be PEM", key, options.ca)};
  if (!cas_.empty()) return Done{};
  if (!warnings_.empty()) return Error{warnings_.back() + "; nobody can be believed"};
  return Error{fmt::format("{}: {}: has no certificate; it has to be PEM", key, options.ca)};
}

/// Of each CA the newest list alone: OpenSSL would take an older one that is still good for one that is stale.
Status Trust::read_crls(const TrustOptions& options) {
  const std::string key = options.section + ".crl";
  auto text = read_small_file(options.crl, key);
  if (!text) return text.error();
  const BioPtr in(BIO_new_mem_buf(text.value().data(), static_cast<int>(text.value().size())));
  const std::int64_t now = std::time(nullptr);
  std::map<std::pair<std::size_t, std::string>, CrlPtr> newest;  // by CA and scope
  int found = 0;
  for (;; ++found) {
    CrlPtr crl(PEM_read_bio_X509_CRL(in.get(), nullptr, nullptr, nullptr));
    if (crl == nullptr) break;
    const std::string issuer = name_of(X509_CRL_get_issuer(crl.get()));
    const auto signs = [&](const X509Ptr& ca) { return is_signed_by(*crl, *ca); };
    const auto ca = std::find_if(cas_.begin(), cas_.end(), signs);
    if (ca == cas_.end()) {
      if (std::none_of(expired_.begin(), expired_.end(), signs))
        return Error{fmt::format("{}: {}: the list of '{}' is signed by none of the CAs in {}", key,
                                 options.crl, issuer, options.ca)};
      warnings_.push_back(
          fmt::format("{}: {}: the list of '{}' is not used: that CA expired", key, options.crl, issuer));
      continue;
    }
    CrlPtr& known = newest[{static_cast<std::size_t>(ca - cas_.begin()), scope_of(*crl)}];
    if (known != nullptr)
      warnings_.push_back(fmt::format("{}: {}: there are several lists of '{}'; the newest one alone is used",
                                      key, options.crl, issuer));
    if (known == nullptr || is_newer(*crl, *known)) known = std::move(crl);
  }
  if (!at_end_of_pem())
    return Error{
        fmt::format("{}: {}: has a revocation list that cannot be read; it has to be PEM", key, options.crl)};
  if (found == 0)
    return Error{fmt::format("{}: {}: has no revocation list; it has to be PEM", key, options.crl)};
  for (const auto& [of, crl] : newest) {
    const std::int64_t next = seconds(X509_CRL_get0_nextUpdate(crl.get()));
    if (next != 0 && (crl_next_update_s_ == 0 || next < crl_next_update_s_)) crl_next_update_s_ = next;
    if (next != 0 && next < now) {
      warnings_.push_back(fmt::format(
          "{}: {}: the list of '{}' should have been replaced at {}; {}", key, options.crl,
          name_of(X509_CRL_get_issuer(crl.get())), utc(next),
          options.accept_stale_crl ? "it is used none the less"
                                   : "until it is, nobody is let in (`picket-ca crl` makes a new one)"));
    }
    X509_STORE_add_crl(store(), crl.get());
  }
  return Done{};
}

Verdict Trust::judge(X509& certificate, STACK_OF(X509) * others, Purpose purpose,
                     std::optional<std::int64_t> now_s) const {
  const StoreCtxPtr context(X509_STORE_CTX_new());
  if (context == nullptr || X509_STORE_CTX_init(context.get(), store(), &certificate, others) != 1)
    return {Failure::kUntrusted, openssl_error(), {}};
  X509_STORE_CTX_set_default(context.get(), purpose == Purpose::kSensor ? "ssl_client" : "ssl_server");
  if (now_s) {
    X509_STORE_CTX_set_time(context.get(), 0, static_cast<time_t>(*now_s));
    X509_STORE_CTX_set_verify_cb(context.get(), overlook_newer_crl);
  }
  return judge(*context, purpose);
}

Verdict Trust::judge(X509_STORE_CTX& context, Purpose purpose) const {
  Verdict verdict;
  X509* certificate = X509_STORE_CTX_get0_cert(&context);
  if (certificate == nullptr) return {Failure::kNoCertificate, {}, {}};
  verdict.who = read_identity(*certificate);
  X509_STORE_CTX_set_depth(&context, kMaxChain);
  const bool holds = X509_verify_cert(&context) == 1;
  ERR_clear_error();
  if (!holds) {
    const int error = X509_STORE_CTX_get_error(&context);
    verdict.failure = failure_of(error);
    if (verdict.failure == Failure::kNone) verdict.failure = Failure::kUntrusted;
    verdict.why = X509_verify_cert_error_string(error);
  } else if (purpose == Purpose::kSensor && verdict.who.name.empty()) {
    verdict.failure = Failure::kNoName;
    verdict.why = fmt::format("no single subject alternative name URI:{}NAME or DNS:NAME", kSensorUri);
  } else if (purpose == Purpose::kSensor && allow_ && !allow_->admits(verdict.who)) {
    verdict.failure = Failure::kNotAllowed;
    verdict.why =
        fmt::format("neither '{}' nor sha256:{} stands on it", verdict.who.name, verdict.who.fingerprint);
  }
  X509_STORE_CTX_set_error(&context, verdict.failure == Failure::kNone ? X509_V_OK
                                     : holds                           ? X509_V_ERR_CERT_REJECTED
                                                                       : X509_STORE_CTX_get_error(&context));
  return verdict;
}

}  // namespace picket::tls
