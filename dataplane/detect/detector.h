// dataplane/detect/detector.h — runs the rules of a RuleSet over packets, streams and transactions; one per
// core
//
// For each packet, in this order
//   flow found and its state followed ──> on_packet()
//   bytes in order, after the protocol was probed, before its parser sees them ──> on_stream()
//   the parser reports ──> on_transaction(), on_file(), on_frame(), on_transaction_done(), on_app_event()
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
#include <span>
#include <string_view>
#include <utility>

#include "dataplane/app/app_event.h"
#include "dataplane/detect/detect_stats.h"
#include "dataplane/detect/rule_set.h"
#include "dataplane/detect/tags.h"
#include "dataplane/flow/flow.h"
#include "dataplane/flow/stream_event.h"
#include "dataplane/record_encoder.h"
#include "parsers/core/pool.h"

namespace picket::detect {

/// What was odd about a packet, its stream, or what its flow speaks.
struct PacketEvents {
  StreamEvents stream;
  std::bitset<kAppEventCount> app;
  [[nodiscard]] bool any() const noexcept { return stream.any() || app.any(); }
};

/// Who hears of matches. `packet` is the one at hand; at a flow's end one made up from the flow.
class AlertSink {
 public:
  virtual void alert(const AlertInfo&, RuleIndex rule, const Packet& packet, Flow* flow, ProtocolId protocol,
                     const Transaction* tx) noexcept = 0;
  /// A packet that follows a match of a rule with `tag`.
  virtual void tagged(const Packet& packet, Flow* flow) noexcept = 0;

 protected:
  ~AlertSink() = default;
};

inline constexpr unsigned kMaxSteps = 3000;         ///< searches by one rule in one buffer
inline constexpr unsigned kMaxAlerts = 64;          ///< on one packet
inline constexpr unsigned kMaxPending = 1024;       ///< rules that wait for later buffers of one transaction
inline constexpr unsigned kMaxInstances = 1024;     ///< values of one buffer that are looked at
inline constexpr unsigned kMaxTransformed = 65536;  ///< bytes
inline constexpr unsigned kStreamChunk = 2560;      ///< bytes that wait before a stream is inspected
inline constexpr unsigned kMaxWindow = 4096 - 64;   ///< bytes kept of one direction at most

struct FileMoment;  // detector_file.cc
struct Subject;     // header.h
struct Buffer;      // program.h
struct Candidates;  // core_memory.h

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
  /// rules. Rules of both sets, text unchanged, go on where they are: what flows and transactions remember of
  /// them holds. A rule that is new or changed sees what comes from now on.
  CoreMemoryPtr set_rules(const RuleSet* rules, CoreMemoryPtr memory) noexcept;
  /// The same where allocating does not matter: tests and benchmarks.
  void set_rules(const RuleSet* rules);

  /// Every decoded packet, also those without flow or IP (flow may be nullptr). `alone`: it has no part in its
  /// connection's stream, so what rules look for there is looked for in the packet.
  void on_packet(const Packet&, Flow*, bool alone = false) noexcept;
  /// Bytes in order of one direction; `offset` counts from the stream's start.
  void on_stream(Flow&, Direction, Bytes chunk, std::uint64_t offset, const Packet&) noexcept;
  /// Bytes were lost: what waits is inspected, and nothing is matched across the hole.
  void on_stream_gap(Flow&, Direction, const Packet*) noexcept;
  /// Nothing more comes in that direction: what waits is inspected. nullptr: at a flow's timeout.
  void on_stream_end(Flow&, Direction, const Packet*) noexcept;
  /// From Sink::advance().
  void on_transaction(Flow&, ProtocolId, Transaction&, Direction, std::uint8_t progress,
                      const Packet*) noexcept;
  /// From Sink::file_*(): the file has come further than `from`.
  void on_file(Flow&, ProtocolId, const File&, FileStage from, const Packet*) noexcept;
  /// From Sink::frame(): there is something to look at.
  void on_frame(Flow&, ProtocolId, const FrameLook&, const Packet*) noexcept;
  /// From Sink::done(): the last look at both sides; alerts of `tx` leave, its memory in the pool goes back.
  /// False: a rule wants no record of it.
  bool on_transaction_done(Flow&, ProtocolId, Transaction&, const Packet*) noexcept;
  /// From Sink::event() without a transaction; those in one are found in Transaction::events.
  void on_app_event(Flow&, ProtocolId, Direction, std::string_view name, const Packet*) noexcept;
  /// From StreamSink::on_stream_event(), before end_packet().
  void on_stream_event(StreamEvent) noexcept;
  /// From AppListener::on_odd_protocol(), before end_packet().
  void on_odd_protocol(AppEvent e) noexcept { events_.app.set(static_cast<std::size_t>(e)); }
  /// A flow ends while a packet is worked on: that packet's events are set aside meanwhile.
  PacketEvents exchange_events(const PacketEvents& events) noexcept { return std::exchange(events_, events); }
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
  struct Queued {
    RuleIndex rule;
    bool from_stream;
    Direction dir;
    ProtocolId protocol;
    const Packet* packet;
    Flow* flow;
    const Transaction* tx;
    const File* file;
    std::uint32_t note, notes_size;        // in CoreMemory::notes
    std::uint16_t context, context_count;  // in CoreMemory::contexts
    FrameInfo frame;                       // type "": of none
  };

  [[nodiscard]] bool idle(const Flow* f) const noexcept {
    return rules_ == nullptr || rules_->rules.empty() ||
           (f != nullptr && (f->flags & flow_flag::kPassed) != 0);
  }
  const Packet& packet_or_made_up(const Packet*, const Flow&, Direction) noexcept;

  // candidates
  void consider(RuleIndex, const Subject&, Candidates&) noexcept;
  void consider(const RuleList&, const Subject&, Candidates&) noexcept;
  void consider(const RangeIndex&, std::uint32_t, const Subject&, Candidates&) noexcept;
  void consider(const RangeIndex&, const Address&, const Subject&, Candidates&) noexcept;
  void scan(const Scan&, Bytes, const Subject&, Candidates&) noexcept;
  void scan_payload(const PayloadPlan&, const Buffer&, const Subject&, Candidates&) noexcept;
  void look_at_headers(const Subject&, Candidates&) noexcept;

  // programs
  /// All that needs no buffer, before all that does: what the rule before met in data sets is forgotten here.
  [[nodiscard]] bool tests_hold(const RuleHeader&, const Subject&) noexcept;
  [[nodiscard]] bool payload_groups_match(const RuleHeader&, const Subject&, const Buffer&) noexcept;
  [[nodiscard]] bool stream_matches_late(const RuleHeader&, const Subject&) noexcept;
  void run_packet_rules(const Subject&, Candidates&) noexcept;
  void run_app_found_rules(const Packet&, Flow&) noexcept;
  void fire(RuleIndex, const Subject&, bool from_stream, const Transaction*,
            const FrameLook* = nullptr) noexcept;
  void keep_frame(Queued&, const FrameLook&) noexcept;
  [[nodiscard]] bool nothing_forbidden(const RuleHeader&, const Buffer& window) noexcept;
  void change_state(RuleIndex, const Subject&) noexcept;
  void keep_captures(Flow*) noexcept;
  void add_tag(const TagDef&, RuleIndex, const Subject&) noexcept;
  void follow_tags(const Packet&, Flow*) noexcept;
  [[nodiscard]] bool keep_hits(Queued&) noexcept;

  // streams
  void inspect_stream(Flow&, Direction, const Buffer&, StreamWindow*, const Packet&) noexcept;
  void inspect_window(Flow&, Direction, const Packet*) noexcept;
  void end_window(Flow&, Direction, const Packet*) noexcept;
  void keep_tail(Flow&, Direction, Bytes, std::uint64_t offset) noexcept;
  void shrink(Flow&) noexcept;

  // transactions
  void look_at_side(Flow&, ProtocolId, Transaction&, Direction, std::uint8_t progress,
                    const Packet&) noexcept;
  void look_at_update(Flow&, ProtocolId, Transaction&, Direction, std::uint8_t progress,
                      const Packet&) noexcept;
  void look_at_files(const Subject&, Transaction&, std::uint8_t from, std::uint8_t progress) noexcept;
  void look_at_file(const Subject&, Transaction&, const File&, const FileMoment&) noexcept;
  void sort_out(const Subject&, Transaction&, std::uint8_t progress) noexcept;
  [[nodiscard]] bool transaction_matches(const RuleHeader&, const Subject&, const Transaction&) noexcept;
  [[nodiscard]] bool tx_group_matches(const Group&, const Subject&, const Transaction&) noexcept;
  /// What is at hand of a direction's stream; `from`: where in the stream it begins.
  [[nodiscard]] Buffer stream_bytes(const Flow&, Direction, std::uint64_t& from) const noexcept;

  void flush_transaction(const Transaction&) noexcept;
  void let_go(std::size_t queued) noexcept;
  template <class F>
  void flush(F&& which) noexcept;

  Pool& pool_;
  AlertSink& sink_;
  const RuleSet* rules_ = nullptr;
  CoreMemoryPtr memory_;
  HostTags host_tags_;
  DetectStats stats_;

  std::array<Queued, kMaxAlerts> queue_;
  std::size_t queued_ = 0;
  bool passed_ = false;  // a pass rule matched on the packet at hand
  PacketEvents events_;  // of the packet at hand
  // The chunk that was inspected where it lay, for transactions that look at payload too.
  const Flow* chunk_flow_ = nullptr;
  Direction chunk_dir_ = Direction::kToServer;
  Bytes chunk_;
  std::uint64_t chunk_offset_ = 0;
  std::unique_ptr<Packet> made_up_;
};

}  // namespace picket::detect
