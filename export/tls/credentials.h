// export/tls/credentials.h — what one side of a connection needs, read from files as one
// immutable snapshot; and its renewal
//
// TLS 1.3 only, a certificate from both sides, no session tickets and no early data: what was resumed would not be
// looked at again. Key exchange groups by policy; which of them there are the OpenSSL that runs decides.
//
// Errors   name key, file and what would do. A private key that others may read is refused.
// Time     a certificate whose time is over, or is still to come, is refused at the start unless options say
//          otherwise: then who uses it asks in_time() first, each time. A collector whose certificate expires goes on
//          listening: no sensor comes in by it any more, and those that are revoked meanwhile are put out
// Renewal  a Keyring looks at the files' inode, size and times. What changed is read as a whole: either all of it is
//          in use afterwards, or the old stays in use, the error is told once, and it is tried again each second.
// Threads  a snapshot may be used by any; a Keyring too
#pragma once
#include <sys/stat.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "export/tls/counters.h"
#include "export/tls/openssl.h"
#include "export/tls/trust.h"
#include "parsers/core/result.h"

namespace picket::tls {

enum class Groups : std::uint8_t {
  kPreferHybrid,   ///< X25519MLKEM768 first, where there is one at both ends; else elliptic curves
  kRequireHybrid,  ///< nothing else than hybrids with ML-KEM (draft-ietf-tls-ecdhe-mlkem)
  kClassical,      ///< X25519, P-256, P-384
};

/// As configurations have it.
struct GroupsWord {
  std::string_view word;
  Groups groups;
};
inline constexpr std::array<GroupsWord, 3> kGroupsWords{{{"prefer-hybrid", Groups::kPreferHybrid},
                                                         {"require-hybrid", Groups::kRequireHybrid},
                                                         {"classical", Groups::kClassical}}};
/// nullptr: that is none of the words.
constexpr const GroupsWord* find_groups(std::string_view word) noexcept {
  for (const GroupsWord& g : kGroupsWords) {
    if (g.word == word) return &g;
  }
  return nullptr;
}

enum class Side : std::uint8_t { kCollector, kSensor };

struct CredentialsOptions {
  Side side = Side::kCollector;
  TrustOptions trust;
  std::string certificate;  ///< PEM file: this side's own, then intermediate CAs if any
  std::string own_name;     ///< that it has to be of, a sensor's; "": it says who this is
  std::string key;          ///< PEM file, not encrypted
  Groups groups = Groups::kPreferHybrid;
  bool trust_only = false;  ///< no connections: neither certificate nor key is read
  bool any_time =
      false;  ///< own certificate: load() and Keyring::open() take it before and after its time. A
              ///< reload does when the one in use is out of its time, whatever this says
};

class Credentials {
 public:
  static Result<std::shared_ptr<const Credentials>> load(const CredentialsOptions& options);

  /// For one connection. A sensor names the collector that it dials: a DNS name or an address.
  [[nodiscard]] SslPtr make_ssl(const std::string& server_name = {}) const;
  /// What became of the other's certificate in that connection's handshake; nullptr: none was shown.
  static const Verdict* verdict(const SSL& ssl) noexcept;
  /// Would these files take the other end of that connection now?
  [[nodiscard]] Verdict judge_again(const SSL& ssl) const;

  [[nodiscard]] const Trust& trust() const noexcept { return trust_; }
  [[nodiscard]] const Identity& own() const noexcept { return own_; }
  /// Is this side's certificate good now, by the clock? The error says since when not, and what would do.
  [[nodiscard]] Status in_time() const;
  [[nodiscard]] EVP_PKEY& key() const noexcept { return *key_; }
  [[nodiscard]] X509& certificate() const noexcept { return *certificate_; }
  /// What somebody should look at though it can be worked with.
  [[nodiscard]] const std::vector<std::string>& warnings() const noexcept { return warnings_; }

 private:
  explicit Credentials(Trust trust, Side side) : trust_(std::move(trust)), side_(side) {}
  Status read_certificate(const CredentialsOptions& options);
  Status read_key(const CredentialsOptions& options);
  Status make_context(const CredentialsOptions& options);
  static int on_verify(X509_STORE_CTX* context, void* self);

  Trust trust_;
  Side side_;
  X509Ptr certificate_;
  StackPtr chain_;
  KeyPtr key_;
  SslCtxPtr context_;
  Identity own_;
  std::int64_t not_before_s_ = 0;
  std::string where_;  ///< key and file of the certificate, for errors
  std::vector<std::string> warnings_;
};

class Keyring {
 public:
  /// Reads everything once, and says in the log what should be looked at.
  static Result<std::shared_ptr<Keyring>> open(const CredentialsOptions& options,
                                               std::shared_ptr<Counters> counters);

  [[nodiscard]] std::shared_ptr<const Credentials> current() const;
  /// True when there are new credentials. A few stat() calls when nothing changed. What changed and could not be
  /// taken is read again at most once a second, until it can be.
  bool reload_if_changed();
  [[nodiscard]] Counters& counters() const noexcept { return *counters_; }

 private:
  struct Stamp {
    ino_t inode = 0;
    off_t size = 0;
    timespec modified{}, changed{};
    bool operator==(const Stamp& o) const noexcept;
  };
  using Stamps = std::array<Stamp, 5>;

  Keyring(const CredentialsOptions& options, std::shared_ptr<Counters> counters)
      : options_(options), counters_(std::move(counters)) {}
  [[nodiscard]] Stamps stamps() const;
  void use(std::shared_ptr<const Credentials> credentials);

  CredentialsOptions options_;
  std::shared_ptr<Counters> counters_;
  mutable std::mutex mutex_;
  Stamps seen_{};     ///< of what is in use
  Stamps refused_{};  ///< of what was tried last, if it could not be taken
  std::chrono::steady_clock::time_point refused_at_{};
  std::string refusal_;  ///< what stands in the log of it
  std::shared_ptr<const Credentials> current_;
};

}  // namespace picket::tls
