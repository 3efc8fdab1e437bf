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

Result<std::string> sign(EVP_PKEY& key, const BatchHash& hash) {
  const EVP_MD* digest = nullptr;
  const DigestPtr context(EVP_MD_CTX_new());
  EVP_PKEY_CTX* parameters = nullptr;
  const std::string message = message_of(hash);
  std::size_t size = 0;
  if (!digest_of(key, &digest))
    return Error{
        "the key is none that batches are signed with; take Ed25519, P-256, P-384, or RSA from 2048 bits"};
  if (EVP_DigestSignInit(context.get(), &parameters, digest, nullptr, &key) != 1 ||
      !set_padding(key, parameters) ||
      EVP_DigestSign(context.get(), nullptr, &size, bytes_of(message), message.size()) != 1) {
    return Error{openssl_error()};
  }
  std::string signature(size, '\0');
  if (EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(signature.data()), &size,
                     bytes_of(message), message.size()) != 1)
    return Error{openssl_error()};
  signature.resize(size);
  return signature;
}

}  // namespace

Result<SignHash> make_signer(std::shared_ptr<const Credentials> credentials) {
  if (const auto trial = sign(credentials->key(), {}); !trial) return trial.error();
  return SignHash([credentials = std::move(credentials)](const BatchHash& hash) {
    auto signature = sign(credentials->key(), hash);
    return signature ? std::move(signature).value() : std::string();
  });
}

std::string certificate_der(const Credentials& credentials) {
  unsigned char* der = nullptr;
  const int size = i2d_X509(&credentials.certificate(), &der);
  if (size <= 0) return {};
  std::string out(reinterpret_cast<char*>(der), static_cast<std::size_t>(size));
  OPENSSL_free(der);
  return out;
}

Result<Identity> verify_signature(const v1::Batch& batch, const Trust& trust,
                                  std::optional<std::int64_t> now_s) {
  if (batch.signature().empty() || batch.certificate().empty()) return Error{"it is not signed"};
  if (batch.certificate().size() > kMaxCertificate) return Error{"its certificate is too long"};
  const unsigned char* der = bytes_of(batch.certificate());
  const X509Ptr certificate(d2i_X509(nullptr, &der, static_cast<long>(batch.certificate().size())));
  ERR_clear_error();
  if (certificate == nullptr || der != bytes_of(batch.certificate()) + batch.certificate().size())
    return Error{"its certificate cannot be read"};
  const Verdict verdict = trust.judge(*certificate, nullptr, Purpose::kSensor, now_s);
  if (verdict.failure != Failure::kNone)
    return Error{fmt::format("{} ({})", failure_text(verdict.failure), verdict.why)};
  if (verdict.who.name != batch.sensor()) {
    return Error{
        fmt::format("it is signed by sensor '{}', and says that it is from another", verdict.who.name)};
  }
  BatchHash hash;
  EVP_PKEY* key = X509_get0_pubkey(certificate.get());
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
  return verdict.who;
}

}  // namespace picket::tls
