// export/tls/signing.h — batches that no connection vouches for: signed with the sensor's key, checked against the CA
//
//   signature = sign(key, "picket batch 1" ‖ 0 ‖ hash)
//
// The words in front keep a signature from meaning anything elsewhere: the key signs handshakes, too.
// Ed25519 (RFC 8032); ECDSA with SHA-256 (P-256) or SHA-384 (P-384), ASN.1; RSA as PSS with SHA-256 and a salt as long (RFC 8017).
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "export/batch.h"
#include "export/tls/credentials.h"
#include "export/tls/trust.h"

namespace picket::tls {

/// Signs with the key of `credentials`, as long as the function lives. A key that cannot sign is an error.
/// Put certificate_der() of the same snapshot into the batch.
Result<SignHash> make_signer(std::shared_ptr<const Credentials> credentials);

/// This side's own certificate, for Batch.certificate.
std::string certificate_der(const Credentials& credentials);

/// Who signed the batch: its certificate comes from the CA, names a sensor that is let in and not revoked, the sensor is the
/// one that the batch says, and the signature is that of its hash. Whether the hash is that of the content, open_batch() says.
/// `now_s`: seconds since 1970 at which certificates have to be valid; nothing: the clock.
Result<Identity> verify_signature(const v1::Batch& batch, const Trust& trust,
                                  std::optional<std::int64_t> now_s = std::nullopt);

}  // namespace picket::tls
