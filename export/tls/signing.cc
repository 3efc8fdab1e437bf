#include "export/tls/signing.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <openssl/rsa.h>

#include "export/proto/picket/v1/collector.pb.h"
#include "parsers/core/bytes.h"

namespace picket::tls {
namespace {

constexpr std::size_t kMaxCertificate = 16 << 10;
constexpr int kMinRsaBits = 2048;
constexpr std::string_view kContext("picket batch 1\0", 15);

std::string message_of(const BatchHash& hash) {
  std::string m(kContext);
  m.append(reinterpret_cast<const char*>(hash.data()), hash.size());
  return m;
}

/// The one digest that belongs to a kind of key; false: no such key signs batches.
bool digest_of(const EVP_PKEY& key, const EVP_MD** digest) {
  switch (EVP_PKEY_get_base_id(&key)) {
    case EVP_PKEY_ED25519:
      *digest = nullptr;
      return true;
    case EVP_PKEY_EC:
      *digest = EVP_PKEY_get_bits(&key) == 384 ? EVP_sha384() : EVP_sha256();
      return EVP_PKEY_get_bits(&key) == 256 || EVP_PKEY_get_bits(&key) == 384;
    case EVP_PKEY_RSA:
      *digest = EVP_sha256();
      return EVP_PKEY_get_bits(&key) >= kMinRsaBits;
    default:
      return false;
  }
}

bool set_padding(const EVP_PKEY& key, EVP_PKEY_CTX* context) {
  return EVP_PKEY_get_base_id(&key) != EVP_PKEY_RSA ||
         (EVP_PKEY_CTX_set_rsa_padding(context, RSA_PKCS1_PSS_PADDING) == 1 &&
          EVP_PKEY_CTX_set_rsa_pss_saltlen(context, RSA_PSS_SALTLEN_DIGEST) == 1);
}

const std::uint8_t* bytes_of(std::string_view s) { return as_bytes(s).data(); }

/// "": OpenSSL refuses.
std::string sign(EVP_PKEY& key, const BatchHash& hash) {
  const EVP_MD* digest = nullptr;
  const DigestPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const std::string message = message_of(hash);
  std::size_t size = 0;
  if (!digest_of(key, &digest)) return {};
  if (EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, &key) != 1 ||
      !set_padding(key, parameters) ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1) {
    ERR_clear_error();
    return {};
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) != 1) {
    ERR_clear_error();
    return {};
  }
  signature.resize(size);
  return signature;
}

/// A certificate that was taken, and who shows it.
struct Signer {
  X509Ptr certificate;
  Identity who;
  bool is_expired = false;  ///< it was good when the batch was sealed
};

Result<Signer> read_signer(const v1::Batch& batch, const Trust& trust) {
  const std::string& der = batch.certificate();
  if (der.size() > kMaxCertificate) return Error{"its certificate is too long"};
  const unsigned char* at = bytes_of(der);
  Signer signer;
  signer.certificate.reset(d2i_X509(nullptr, &at, static_cast<long>(der.size())));
  ERR_clear_error();
  if (signer.certificate == nullptr || at != bytes_of(der) + der.size())
    return Error{"its certificate cannot be read"};
  Verdict verdict = trust.judge(*signer.certificate, nullptr, Purpose::kSensor);
  signer.is_expired = verdict.failure == Failure::kExpired;
  if (signer.is_expired)
    verdict = trust.judge(*signer.certificate, nullptr, Purpose::kSensor,
                          static_cast<std::int64_t>(batch.sealed_at() / 1'000'000'000));
  if (verdict.failure != Failure::kNone)
    return Error{fmt::format("{} ({})", failure_text(verdict.failure), verdict.why)};
  signer.who = std::move(verdict.who);
  return signer;
}

Result<Identity> check(const v1::Batch& batch, const Signer& signer) {
  if (signer.who.name != batch.sensor()) {
    return Error{
        fmt::format("it is signed by sensor '{}', and says that it is from another", signer.who.name)};
  }
  BatchHash hash;
  EVP_PKEY* key = X509_get0_pubkey(signer.certificate.get());
  const EVP_MD* digest = nullptr;
  if (!read_hash(batch.hash(), hash) || key == nullptr || !digest_of(*key, &digest))
    return Error{"its hash or its key is none that batches are signed with"};
  const DigestPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const std::string message = message_of(hash);
  const bool fits = EVP_DigestVerifyInit(context.get(), &parameters, digest, nullptr, key) == 1 &&
                    set_padding(*key, parameters) &&
                    EVP_DigestVerify(context.get(), bytes_of(batch.signature()), batch.signature().size(),
                                     bytes_of(message), message.size()) == 1;
  ERR_clear_error();
  if (!fits) return Error{"its signature is not that of its hash"};
  return signer.who;
}

bool is_signed(const v1::Batch& batch) { return !batch.signature().empty() && !batch.certificate().empty(); }
constexpr const char* kUnsigned = "it is not signed";

}  // namespace

struct Verifier::Judged {
  Signer signer;
  std::chrono::steady_clock::time_point at;
};

Status can_sign(EVP_PKEY& key) {
  const EVP_MD* digest = nullptr;
  if (digest_of(key, &digest)) return Done{};
  return Error{"is none that batches are signed with; take Ed25519, P-256, P-384, or RSA from 2048 bits"};
}

SignHash make_signer(std::shared_ptr<Keyring> keyring) {
  return [keyring = std::move(keyring)](const BatchHash& hash) {
    const auto credentials = keyring->current();  // key and certificate are of one snapshot
    Signature made{sign(credentials->key(), hash), {}};
    if (!made.signature.empty()) made.certificate = certificate_der(credentials->certificate());
    return made;
  };
}

std::string certificate_der(const X509& certificate) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&certificate, &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Result<Identity> verify_signature(const v1::Batch& batch, const Trust& trust) {
  if (!is_signed(batch)) return Error{kUnsigned};
  const auto signer = read_signer(batch, trust);
  if (!signer) return signer.error();
  return check(batch, signer.value());
}

Result<Identity> Verifier::verify(const v1::Batch& batch) {
  if (!is_signed(batch)) return Error{kUnsigned};
  const auto now = std::chrono::steady_clock::now();
  look_at_files(now);
  const auto credentials = keyring_->current();
  std::shared_ptr<const Judged> judged;
  {
    const std::lock_guard lock(mutex_);
    if (judge_ != credentials) known_.clear();
    judge_ = credentials;
    const auto found = known_.find(batch.certificate());
    if (found != known_.end() && now - found->second->at < kJudgeAgain) judged = found->second;
  }
  if (judged == nullptr) {
    auto signer = read_signer(batch, credentials->trust());
    if (!signer) return signer.error();
    judged = std::make_shared<const Judged>(Judged{std::move(signer).value(), now});
    const std::lock_guard lock(mutex_);
    if (known_.size() >= kMost) known_.clear();
    if (judge_ == credentials && !judged->signer.is_expired) known_[batch.certificate()] = judged;
  }
  return check(batch, judged->signer);
}

void Verifier::look_at_files(std::chrono::steady_clock::time_point now) {
  {
    const std::lock_guard lock(mutex_);
    if (now - looked_ < kLookAtFiles) return;
    looked_ = now;
  }
  keyring_->reload_if_changed();
}

}  // namespace picket::tls
