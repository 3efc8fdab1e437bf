// export/tls/signing.h — batches that are signed with the sensor's key, checked against the CA
//
//   signature = sign(key, "picket batch 1" ‖ 0 ‖ hash)
//
// The words in front keep a signature from meaning anything elsewhere: the key signs handshakes, too.
// Ed25519 (RFC 8032); ECDSA with SHA-256 (P-256) or SHA-384 (P-384), ASN.1; RSA as PSS with SHA-256
// and a salt as long (RFC 8017).
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string>
#include <unordered_map>

#include "export/batch.h"
#include "export/tls/credentials.h"
#include "export/tls/trust.h"

namespace picket::tls {

/// Refuses a key that batches are not signed with.
Status can_sign(EVP_PKEY& key);

/// Signs with the key that is current, and gives the certificate of that same key. Any
/// thread. tests/bench/signing_bench.cc
SignHash make_signer(std::shared_ptr<Keyring> keyring);

/// A certificate, as Batch.certificate has it.
std::string certificate_der(const X509& certificate);

/// Who signed the batch: its certificate comes from the CA, names a sensor that is let in and not revoked, the sensor
/// is the one that the batch says, and the signature is that of its hash. Whether the hash is that of the content,
/// open_batch() says. A certificate that has expired since is as good as when the batch was sealed: files may be long
/// on their way. Who has lost his key revokes it.
Result<Identity> verify_signature(const v1::Batch& batch, const Trust& trust);

/// verify_signature() with what the CA knows now, for many batches.
///
/// Memory   kMost certificates, with what they were judged to be: used for a minute, and as long as no file changed
/// Cost     of a batch whose certificate is known: its signature's (tests/bench/signing_bench.cc)
/// Threads  any
class Verifier {
 public:
  static constexpr std::size_t kMost = 4096;
  static constexpr std::chrono::seconds kJudgeAgain{60}, kLookAtFiles{1};

  explicit Verifier(std::shared_ptr<Keyring> keyring) : keyring_(std::move(keyring)) {}
  Result<Identity> verify(const v1::Batch& batch);

 private:
  struct Judged;
  void look_at_files(std::chrono::steady_clock::time_point now);

  std::shared_ptr<Keyring> keyring_;
  std::mutex mutex_;
  std::chrono::steady_clock::time_point looked_ = std::chrono::steady_clock::now();
  std::shared_ptr<const Credentials> judge_;                              ///< whose trust the verdicts are of
  std::unordered_map<std::string, std::shared_ptr<const Judged>> known_;  ///< by certificate
};

}  // namespace picket::tls
