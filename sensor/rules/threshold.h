// sensor/rules/threshold.h — what is decided about alerts when those of all workers stand in the order of the
// capture
//
// threshold and detection_filter, xbits and hostbits: what crosses flows. Workers report every match; admit()
// is asked once for each, in order, and says whether it becomes an alert.
//
// Time    that of the packets; nothing here reads a clock
// Cost    O(1) a match: a set-associative table of kWays; a full set gives up its oldest entry, which is
//         counted. A limit that is reached stays to the end of its window, for workers rely on it: where all of a
//         set are such, nothing is remembered of a newcomer, which is counted, too
// Lives   over reloads: entries belong to (gid, sid), not to places in a rule set
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/detect/reached_limits.h"
#include "dataplane/packet.h"
#include "sensor/rules/rule.h"

namespace picket::rules {

/// A bit of hosts or pairs of hosts.
struct HostBit {
  StateBit::Scope scope = StateBit::Scope::kHostSource;
  StateBit::Op op = StateBit::Op::kSet;
  std::vector<std::uint32_t> names;  ///< ids; kIsSet, kIsNotSet: any of them
  std::uint32_t expire_seconds = 0;
};

/// Alerts nobody wants to see: of a rule altogether, or where one of its ends is among `hosts`.
struct Suppression {
  bool source = false, destination = false;  ///< which ends are looked at; none: every alert
  std::shared_ptr<const AddressSet> hosts;

  [[nodiscard]] bool covers(const Address& src, const Address& dst) const noexcept;
};

/// What admit() needs to know of a rule.
struct Judgement {
  std::uint32_t gid = 1, sid = 0;
  bool noalert = false;
  std::vector<Threshold> thresholds;  ///< each has its say; detection_filter first
  std::vector<HostBit> bits;
  std::vector<Suppression> suppressions;

  /// Nothing to decide: every match is an alert.
  [[nodiscard]] bool plain() const noexcept {
    return !noalert && thresholds.empty() && bits.empty() && suppressions.empty();
  }
  /// The limit behind which no match has any effect until its window ends; none where anything else is asked.
  [[nodiscard]] detect::Limit limit() const noexcept;
};

/// A match, as far as thresholds ask.
struct Match {
  std::uint64_t time_ns = 0;
  Address src, dst;
  std::uint64_t flow_id = 0;
  std::uint16_t src_port = 0, dst_port = 0;
};

/// Whether a match becomes an alert, and who says no.
struct Admission {
  enum class By : std::uint8_t { kNobody, kDataset, kHostBit, kSuppression, kThreshold, kNoAlert };
  By by = By::kNobody;
  std::uint8_t which = 0;  ///< of Judgement's bits, suppressions or thresholds

  explicit operator bool() const noexcept { return by == By::kNobody; }
};

class Thresholds {
 public:
  static constexpr std::size_t kWays = 8;
  static constexpr std::uint32_t kDefaultExpireSeconds = 30;   ///< of xbits that name none
  static constexpr std::uint32_t kHostBitExpireSeconds = 300;  ///< of hostbits

  /// Room for about `entries` hosts, pairs and bits under watch; taken at once.
  explicit Thresholds(std::size_t entries = 65536);
  /// Is told which limits are reached, for those who ask before they write an alert; outlives it.
  void tell_to(detect::ReachedLimits& reached) noexcept { reached_ = &reached; }

  /// Is this match an alert?
  [[nodiscard]] Admission admit(const Judgement&, const Match&);

  /// Entries given up because their set was full.
  [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

 private:
  using Key = detect::TrackKey;  // `what`: which threshold of the rule, or kBit | id of a bit
  struct Entry {
    Key key;
    std::uint64_t since_ns = 0, used_ns = 0, until_ns = 0;
    std::uint64_t next = 0;   // kBackoff: the count that alerts next; kRateFilter: when silence ends
    std::uint64_t ports = 0;  // unique_on: which were seen, hashed
    std::uint32_t count = 0;
    bool used = false;
    bool reached = false;  // Judgement::limit() is: until the window ends nothing changes here, whoever asks
  };

  Entry* find(const Key&) noexcept;
  Entry& find_or_make(const Key&, std::uint64_t now) noexcept;
  [[nodiscard]] bool admit(const Threshold&, unsigned which, const Judgement&, const Match&) noexcept;
  [[nodiscard]] bool admit(const HostBit&, const Match&) noexcept;
  void tell(const Judgement&, const Key&, const Entry&, std::uint64_t now) noexcept;
  static Key bit_key(StateBit::Scope, std::uint32_t id, const Match&) noexcept;

  detect::ReachedLimits* reached_ = nullptr;
  std::vector<Entry> entries_;
  Entry homeless_;  // of a match whose set is full of limits that are reached
  std::size_t sets_ = 0;
  std::uint64_t evicted_ = 0;
};

}  // namespace picket::rules
