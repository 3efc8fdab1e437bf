// dataplane/worker.h — one core: everything it owns, and its loop
//
// A core shares nothing that it writes, but what goes out: records in its EventRing, and counters that others may read.
// What comes in: packets of its PacketSource, from time to time a new rule set by one pointer, and which limits of rules
// are reached.
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "dataplane/app/app_layer.h"
#include "dataplane/counters.h"
#include "dataplane/decode/decode.h"
#include "dataplane/decode/defrag.h"
#include "dataplane/detect/detector.h"
#include "dataplane/event_ring.h"
#include "dataplane/flow/flow_macs.h"
#include "dataplane/flow/flow_table.h"
#include "dataplane/flow/reassembly.h"
#include "dataplane/io/source.h"
#include "dataplane/record_encoder.h"

namespace picket {

/// Which records are made beside alerts and transactions.
struct RecordConfig {
  bool flows = true, alerts = true, files = true;
  std::vector<bool> transactions;  ///< by ProtocolId; empty: all
  bool anomaly_decode = true;
  bool anomaly_stream = false;
  bool anomaly_applayer = true;
  bool arp = false;            ///< there is much of it, and little in it
  bool tagged_packets = true;  ///< where rules ask: `tag`
  bool ethernet = false;       ///< flows remember all MAC addresses
  bool ends = false;           ///< records of flows bring FlowEnds along
};

struct WorkerConfig {
  unsigned id = 0, count = 1;
  DecodeConfig decode;
  DefragConfig defrag;
  FlowTableConfig flow;
  ReassemblyConfig stream;
  AppConfig app;
  RecordConfig records;
  std::size_t pool_bytes = std::size_t{512} << 20;  ///< address space: memory from the first use on
  std::size_t event_ring_bytes = std::size_t{8} << 20;
  bool wait_for_room =
      true;  ///< replay: a full event ring makes the worker wait; live: the record is lost, counted
  bool measure_stages = false;
  const detect::ReachedLimits* limits = nullptr;  ///< outlives the worker; nullptr: each match is written
};

/// A rule set on its way to one worker, and what the worker had before on its way back. All that is allocated
/// or freed is so by whoever makes it.
struct RuleHandover {
  const detect::RuleSet* rules = nullptr;  ///< outlives its use: see Worker::offer_rules()
  detect::CoreMemoryPtr memory;            ///< there: made for `rules`; back: that of the rules before
  std::unique_ptr<Magic> magic;            ///< there: where `rules` ask what files are; may come back
  std::uint64_t alerts_before = 0;  ///< back: alerts that the worker recorded so far, by the rules before
};

class Worker final : FlowListener, StreamSink, AppListener, detect::AlertSink {
 public:
  /// Takes all memory it will ever use. `source` and `encoder` outlive the worker.
  Worker(const WorkerConfig&, PacketSource& source, const RecordEncoder& encoder);
  ~Worker();

  /// The poll loop: returns when the source has ended, or between two bursts after stop(), with every flow
  /// recorded.
  void run() noexcept;
  void stop() noexcept { stop_.store(true, std::memory_order_relaxed); }

  /// A new rule set, to be used from the next burst on; before run(), or from one other thread. `handover`
  /// has come back, and the rules before may go, when none is under way. One at a time.
  void offer_rules(RuleHandover& handover) noexcept { offered_.store(&handover, std::memory_order_release); }
  [[nodiscard]] bool handover_under_way() const noexcept {
    return offered_.load(std::memory_order_acquire) != nullptr;
  }
  /// run() has returned: what is under way is not taken any more, and no rules are used.
  [[nodiscard]] bool ended() const noexcept { return ended_.load(std::memory_order_acquire); }

  [[nodiscard]] EventRing& events() noexcept { return events_; }
  [[nodiscard]] const Counters& counters() const noexcept { return counters_; }

 private:
  struct Burst;

  void take(RuleHandover&) noexcept;

  // The stages, in order.
  unsigned receive(Burst&) noexcept;
  void decode(Burst&) noexcept;
  void find_flows(Burst&) noexcept;
  void inspect(Packet&, const FlowTable::Lookup*) noexcept;
  void account(Burst&) noexcept;
  void count_detection() noexcept;
  void count_files() noexcept;
  void go_on_to(const Position&) noexcept;
  Flow* flow_quoted(Packet&) noexcept;

  Flow& flow_of(Packet&, const FlowTable::Lookup&) noexcept;
  void count_packet(Flow&, const Packet&) noexcept;
  void remember_macs(Flow&, const Packet&) noexcept;
  void remember_end(Flow&, const Packet&) noexcept;
  [[nodiscard]] bool make_ends(Flow&) noexcept;
  void drop_ends(Flow&) noexcept;
  std::size_t encode_flow(const Flow&, FlowEnd, std::span<std::uint8_t> out, EventHeader&) const noexcept;
  void report_decode_events(const Packet&) noexcept;
  void record_arp(const Packet&) noexcept;
  void record_files(const Flow&, ProtocolId, const Transaction&) noexcept;

  // FlowListener
  void flow_ended(Flow&, FlowEnd, const Place&) noexcept override;
  void flow_interim(Flow&, const Place&) noexcept override;
  // StreamSink
  void on_data(Flow&, Direction, Bytes, std::uint64_t offset) noexcept override;
  void on_gap(Flow&, Direction, std::uint64_t missing, std::uint64_t offset) noexcept override;
  void on_end(Flow&, Direction) noexcept override;
  void on_stream_event(const Flow&, StreamEvent) noexcept override;
  // AppListener
  void on_advance(Flow&, ProtocolId, Transaction&, Direction, std::uint8_t progress) noexcept override;
  void on_file(Flow&, ProtocolId, File&, FileStage from) noexcept override;
  void on_frame(Flow&, ProtocolId, const FrameLook&) noexcept override;
  void on_done(Flow&, ProtocolId, Transaction&) noexcept override;
  void on_app_event(Flow&, ProtocolId, Direction, std::uint8_t event, Transaction*) noexcept override;
  void on_protocol(Flow&) noexcept override;
  void on_odd_protocol(Flow&, AppEvent) noexcept override;
  // AlertSink
  void alert(const AlertInfo&, std::uint32_t rule, const Packet&, Flow*, ProtocolId,
             const Transaction*) noexcept override;
  [[nodiscard]] bool is_limited(const AlertInfo&, std::uint32_t rule, const Packet&,
                                std::uint64_t flow) const noexcept;
  void tagged(const Packet&, Flow*) noexcept override;

  /// Encodes one record in place. `encode` is called with the room and says how much it took. False: it is
  /// lost.
  template <class Encode>
  bool emit(RecordType, EventHeader, Encode&& encode) noexcept;
  [[nodiscard]] RecordContext context(const Transaction* tx = nullptr) const noexcept;

  const WorkerConfig config_;
  PacketSource& source_;
  const RecordEncoder& encoder_;
  bool wait_for_room_;
  Counters counters_;
  Pool pool_;
  EventRing events_;
  Decoder decoder_;
  Defragmenter defragmenter_;
  FlowTable flows_;
  Reassembler reassembler_;
  AppEngine app_;
  detect::Detector detector_;
  std::atomic<RuleHandover*> offered_{nullptr};
  std::uint64_t alerts_recorded_ = 0;
  std::atomic<bool> stop_{false}, ended_{false};

  // While a packet, or the end of a flow, is worked on.
  const Packet* packet_ = nullptr;  // what alerts and anomalies are shown with
  Place place_;                     // of the next record but for the ordinal
  std::uint32_t ordinal_ = 0;
  mutable RecordMemory record_memory_;
  Position done_;  // everything up to here is in the event ring
};

}  // namespace picket
