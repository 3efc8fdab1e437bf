// export/tls/trust.h — whom this side believes: CAs, revocation lists, the allow-list
//
// A certificate is taken when it comes from one of the CAs, for the purpose asked for, is valid now, is revoked by
// none of the lists (of the whole chain, once there is any list), bears a name, and is on the allow-list, if there is
// one. Immutable, so any thread may ask.
#pragma once
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "export/tls/counters.h"
#include "export/tls/identity.h"
#include "export/tls/openssl.h"
#include "parsers/core/result.h"

namespace picket::tls {

/// What a certificate is shown for.
enum class Purpose : std::uint8_t {
  kSensor,     ///< a TLS client, or who signed a batch; has to name a sensor
  kCollector,  ///< a TLS server; its name is compared with the one that was dialled
};

struct TrustOptions {
  std::string section;  ///< of the configuration, for errors: "tls", "export.tls"
  std::string ca;       ///< PEM file, one CA or more; intermediate ones too
  std::string crl;      ///< PEM file with a list of each CA, of several the newest; empty: nothing is revoked
  std::string allow;    ///< file; empty: every sensor that the CA made one
  bool accept_stale_crl = false;  ///< a list whose nextUpdate has passed is as good as a new one
};

/// What is to be said of a certificate. `why` goes into the log; it is empty when all is well.
struct Verdict {
  Failure failure = Failure::kNone;
  std::string why;
  Identity who;
};

class Trust {
 public:
  static Result<Trust> load(const TrustOptions& options);

  /// Of a certificate and what it came with. `now_s` in seconds since 1970, for which a newer list of what is revoked
  /// counts, too; nothing: the clock.
  [[nodiscard]] Verdict judge(X509& certificate, STACK_OF(X509) * others, Purpose purpose,
                              std::optional<std::int64_t> now_s = std::nullopt) const;
  /// In the handshake, where TLS has prepared the context: its purpose, the name that was dialled.
  [[nodiscard]] Verdict judge(X509_STORE_CTX& context, Purpose purpose) const;

  [[nodiscard]] X509_STORE* store() const noexcept { return store_.get(); }
  [[nodiscard]] std::int64_t ca_not_after_s() const noexcept { return ca_not_after_s_; }
  [[nodiscard]] std::int64_t crl_next_update_s() const noexcept { return crl_next_update_s_; }
  /// What somebody should look at though it can be worked with: a list that is stale, or not used, a CA that is expired.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  Status read_cas(const TrustOptions& options);
  Status read_crls(const TrustOptions& options);

  StorePtr store_;
  std::vector<X509Ptr> cas_, expired_;
  std::optional<AllowList> allow_;
  std::int64_t ca_not_after_s_ = 0, crl_next_update_s_ = 0;
  std::vector<std::string> warnings_;
};

/// A small file's text, at most 16 MiB; `key` names who asked, in the error.
Result<std::string> read_small_file(const std::string& path, const std::string& key);

/// "2026-11-23 01:30:00 UTC"
std::string utc(std::int64_t seconds_since_1970);

}  // namespace picket::tls
