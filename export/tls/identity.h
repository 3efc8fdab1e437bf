// export/tls/identity.h — who shows a certificate, and whether that name is let in
//
// The name is that of the subject alternative names (RFC 5280, 4.2.1.6): the one URI
// "picket:sensor/NAME", else the one DNS name. The common name is never looked at. A certificate with two
// such names has none: nobody chooses who he is.
//
// A name     1 to 128 of A-Z a-z 0-9 . _ -, as picket-ca makes them
// An allow-list is text: a sensor's name or a certificate's fingerprint (sha256:HEX, with or without colons) a line;
//            '#' begins a comment. Who is on it by either is let in; a list without a line lets nobody in.
#pragma once
#include <cstdint>
#include <set>
#include <string>
#include <string_view>

#include "export/tls/openssl.h"
#include "parsers/core/result.h"

namespace picket::tls {

inline constexpr std::string_view kSensorUri = "picket:sensor/";

struct Identity {
  std::string name;         ///< "plant-7"; empty where the certificate names no sensor
  std::string fingerprint;  ///< SHA-256 of the certificate, 64 digits, lower case
  std::int64_t not_after_s = 0;
};

/// Of any certificate. Names it does not have are empty, not an error.
Identity read_identity(X509& certificate);

class AllowList {
 public:
  /// Reads the text of the file `path`; the error names the line.
  static Result<AllowList> read(std::string_view text, const std::string& path);
  [[nodiscard]] bool admits(const Identity& who) const;
  [[nodiscard]] std::size_t size() const noexcept { return names_.size() + fingerprints_.size(); }

 private:
  std::set<std::string, std::less<>> names_, fingerprints_;
};

/// Could this be the name of a sensor in a certificate?
bool is_name(std::string_view name) noexcept;

}  // namespace picket::tls
