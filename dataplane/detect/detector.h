// dataplane/detect/detector.h — runs the rules of a RuleSet over packets, streams and transactions; one per
// core
//
// For each packet, in this order
//   flow found and its state followed ──> on_packet()
//   bytes in order, after the protocol was probed, before its parser sees them ──> on_stream()
//   the parser reports ──> on_transaction(), on_transaction_done(), on_app_event()
//   all is done ──> end_packet(): alerts leave, in the order of rules
// so that rules of packets and streams are evaluated before those of transactions, and flowbits that the
// former set are there for the latter.
//
// Out     AlertSink::alert() for each match that is not suppressed by a pass rule; a transaction's alerts
// leave before
//         on_transaction_done() returns, all others in end_packet(). Thresholds are not decided here
// Cost    no allocation, no lock; each payload byte is scanned once by the databases that can concern it
// Limits  kMax* below; whatever is cut is a counter in DetectStats
// Lives   a RuleSet must outlive the last call after set_rules() has replaced it
#pragma once
#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "dataplane/detect/rule_set.h"
#include "dataplane/flow/flow.h"
#include "dataplane/record_encoder.h"
#include "parsers/core/pool.h"

namespace picket::detect {

/// Who hears of matches. `packet` is the one at hand; at a flow's end one made up from the flow.
class AlertSink {
 public:
  virtual void alert(const AlertInfo&, RuleIndex rule, const Packet& packet, Flow* flow, ProtocolId protocol,
                     const Transaction* tx) noexcept = 0;

 protected:
  ~AlertSink() = default;
};

/// Counted since the start; names in kDetectStats.
struct DetectStats {
  std::uint64_t scans = 0, scanned_bytes = 0, patterns = 0, candidates = 0, programs = 0, matches = 0;
  std::uint64_t alerts = 0, passed = 0;
  std::uint64_t step_limit = 0;       ///< a rule's program was given up: kMaxSteps
  std::uint64_t pcre_limit = 0;       ///< a pattern was given up: PCRE's match limit
  std::uint64_t alert_limit = 0;      ///< more than kMaxAlerts on one packet
  std::uint64_t pending_limit = 0;    ///< more than kMaxPending rules wait for one transaction
  std::uint64_t instance_limit = 0;   ///< more than kMaxInstances values of one buffer
  std::uint64_t transform_limit = 0;  ///< a transformed buffer was cut at kMaxTransformed
  std::uint64_t no_memory = 0;        ///< the pool is used up
  std::uint64_t scan_failed = 0;      ///< Hyperscan said no
};
struct DetectStatText {
  std::string_view name;
  std::uint64_t DetectStats::*value;
  std::string_view help;
};
std::span<const DetectStatText> detect_stat_texts() noexcept;

inline constexpr unsigned kMaxSteps = 3000;         ///< searches by one rule in one buffer
inline constexpr unsigned kMaxAlerts = 64;          ///< on one packet
inline constexpr unsigned kMaxPending = 1024;       ///< rules that wait for later buffers of one transaction
inline constexpr unsigned kMaxInstances = 1024;     ///< values of one buffer that are looked at
inline constexpr unsigned kMaxTransformed = 65536;  ///< bytes
inline constexpr unsigned kStreamChunk = 2560;      ///< bytes that wait before a stream is inspected
inline constexpr unsigned kMaxWindow = 4096 - 64;   ///< bytes kept of one direction at most

/// What a core needs to run one RuleSet. Made off the packet path.
class CoreMemory;
struct CoreMemoryDelete {
  void operator()(CoreMemory*) const noexcept;
};
using CoreMemoryPtr = std::unique_ptr<CoreMemory, CoreMemoryDelete>;
/// nullptr when memory is short.
[[nodiscard]] CoreMemoryPtr make_core_memory(const RuleSet&);

class Detector {
 public:
  Detector(Pool&, AlertSink&);
  ~Detector();
  Detector(const Detector&) = delete;
  Detector& operator=(const Detector&) = delete;

  /// Between bursts. `memory` was made for `rules`; gives back the one in use before. nullptr, nullptr: no
  /// rules.
  CoreMemoryPtr set_rules(const RuleSet* rules, CoreMemoryPtr memory) noexcept;
  /// The same at start, where allocating does not matter.
  void set_rules(const RuleSet* rules);

  /// Every decoded packet, also those without flow or IP (flow may be nullptr).
  void on_packet(const Packet&, Flow*) noexcept;
  /// Bytes in order of one direction; `offset` counts from the stream's start.
  void on_stream(Flow&, Direction, Bytes chunk, std::uint64_t offset, const Packet&) noexcept;
  /// Bytes were lost: what waits is inspected, and nothing is matched across the hole.
  void on_stream_gap(Flow&, Direction, const Packet*) noexcept;
  /// Nothing more comes in that direction: what waits is inspected. nullptr: at a flow's timeout.
  void on_stream_end(Flow&, Direction, const Packet*) noexcept;
  /// From Sink::advance().
  void on_transaction(Flow&, ProtocolId, Transaction&, Direction, std::uint8_t progress,
                      const Packet*) noexcept;
  /// From Sink::done(): the last look at both sides; alerts of `tx` leave, its memory in the pool goes back.
  void on_transaction_done(Flow&, ProtocolId, Transaction&, const Packet*) noexcept;
  /// From Sink::event() without a transaction.
  void on_app_event(Flow&, ProtocolId, Direction, std::uint8_t event, const Packet*) noexcept;
  /// The last call for a packet: alerts leave.
  void end_packet(const Packet&, Flow*) noexcept;
  /// Frees all that hangs off the flow. Call on_stream_end() for both directions and the parser's close
  /// before.
  void on_flow_end(Flow&) noexcept;

  /// False when no rule can look at raw bytes of this flow: on_stream() need not be called.
  [[nodiscard]] bool wants_stream(const Flow&) const noexcept {
    return rules_ != nullptr && rules_->any_stream;
  }
  [[nodiscard]] const DetectStats& stats() const noexcept { return stats_; }
  [[nodiscard]] const RuleSet* rules() const noexcept { return rules_; }

 private:
  struct Run;
  friend struct Run;

  Pool& pool_;
  AlertSink& sink_;
  const RuleSet* rules_ = nullptr;
  CoreMemoryPtr memory_;
  DetectStats stats_;
};

}  // namespace picket::detect
