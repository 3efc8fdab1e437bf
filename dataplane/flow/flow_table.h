// dataplane/flow/flow_table.h — finds a packet's flow, or makes it; ends flows whose time is up
//
// Set-associative: eight ways a set, one cache line of tags and slots; flows lie in slots taken at start. The
// table is cut into kShards parts and a flow lives in its packets' shard, so what one set holds, and whom a
// full set evicts, is the same for any number of workers. Timeouts run on the source clock
// (Position::clock_ns) in ticks of one second of capture time; a flow found past its timeout is ended there
// and then, whether or not the tick has come.
//
// Cost    find(): two cache lines when the flow is there; O(1) amortised for timers; no allocation
// Refuses never: a full set evicts an expired flow, else the longest idle one that is not established, else
// the
//         longest idle one (FlowEnd::kForced, counted)
#pragma once
#include <cstdint>
#include <memory>
#include <span>

#include "dataplane/decode/shard.h"
#include "dataplane/event.h"
#include "dataplane/flow/flow.h"
#include "parsers/core/mapping.h"

namespace picket {

/// Seconds of silence after which a flow is over, by state; flow-timeouts in the configuration.
struct FlowTimeouts {
  struct ByState {
    std::uint32_t fresh_s, established_s, closed_s;
  };
  ByState tcp{60, 600, 60};
  ByState udp{30, 300, 0};
  ByState icmp{30, 300, 0};
  ByState other{30, 300, 0};
  ByState ethernet{300, 300,
                   0};  ///< without IP: publishers repeat themselves at most once in a minute or two
};

struct FlowTableConfig {
  std::uint32_t flows = 1 << 20;  ///< of all workers together; rounded up to whole sets
  FlowTimeouts timeouts;
  std::uint32_t interim_s = 300;  ///< a record for flows that live longer, at this interval; 0: none
  bool vlan_in_key = true;        ///< vlan.use-for-tracking
};

/// Who is told of flows. Called from find(), advance() and end_all(), before the flow's slot is used again.
class FlowListener {
 public:
  virtual void flow_ended(Flow&, FlowEnd, const Place&) noexcept = 0;
  virtual void flow_interim(Flow&, const Place&) noexcept = 0;

 protected:
  ~FlowListener() = default;
};

class FlowTable {
 public:
  /// For the shards s with s % workers == worker.
  FlowTable(const FlowTableConfig&, unsigned worker, unsigned workers, FlowListener&);

  /// Ends what is due up to the clock, tick by tick; call before the packets of that clock.
  void advance(std::uint64_t clock_ns) noexcept;

  /// A packet's key and hash, to be made for a whole burst before find() so that touch() can run ahead.
  struct Lookup {
    FlowKey key;
    std::uint32_t hash = 0, set = 0;
    bool src_is_low = true;
  };
  [[nodiscard]] bool prepare(const Packet&, Lookup&) const noexcept;
  /// A host says that it cannot be reached: the key of the TCP or UDP packet that it quotes, as if this one went the
  /// other way. False for other packets, and where another host (a router) says so: that pair is in another shard.
  [[nodiscard]] bool prepare_quoted(const Packet&, Lookup&) const noexcept;
  /// A flow that there is, and that has not timed out.
  [[nodiscard]] Flow* known(const Lookup&, const Packet&) noexcept;
  void touch_set(const Lookup& l) const noexcept { __builtin_prefetch(&sets_[l.set]); }
  void touch_flow(const Lookup& l) const noexcept;

  /// The packet's flow; `created` says that it is new. The packet's place is given to flows that end on the
  /// way.
  [[nodiscard]] Flow& find(const Lookup&, const Packet&, const Place&, bool& created) noexcept;
  /// Ends `old` (a reused tuple) and gives a new flow for the same key.
  [[nodiscard]] Flow& replace(Flow& old, const Lookup&, const Packet&, const Place&) noexcept;

  /// Call after a change of state: a shorter timeout may be due sooner.
  void reschedule(Flow&) noexcept;

  /// The capture is over, or the sensor stops: ends every flow, in order of their first packets.
  void end_all(std::uint64_t clock_ns) noexcept;

  [[nodiscard]] std::uint32_t active() const noexcept { return active_; }
  [[nodiscard]] std::uint32_t peak() const noexcept { return peak_; }
  [[nodiscard]] std::uint64_t created() const noexcept { return created_; }
  [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }
  [[nodiscard]] std::uint64_t timeout_ns(const Flow&) const noexcept;

 private:
  static constexpr unsigned kWays = 8;
  static constexpr std::uint32_t kNone = 0xffffffff;
  static constexpr std::uint64_t kTick = 1'000'000'000;
  static constexpr std::uint32_t kWheel = 8192;  // ticks; longer timeouts go round again

  struct alignas(64) Set {
    std::uint32_t hash[kWays];
    std::uint32_t slot[kWays];  // kNone: free
  };

  Flow& make(const Lookup&, const Packet&, unsigned way) noexcept;
  void end(Flow&, FlowEnd, const Place&) noexcept;
  [[nodiscard]] bool expired(const Flow&, std::uint64_t clock_ns) const noexcept;
  [[nodiscard]] std::uint64_t due_tick(const Flow&) const noexcept;
  void schedule(Flow&) noexcept;
  void unschedule(Flow&) noexcept;
  [[nodiscard]] std::uint32_t slot_of(const Flow& f) const noexcept {
    return static_cast<std::uint32_t>(&f - flows_);
  }

  FlowTableConfig config_;
  FlowListener& listener_;
  unsigned workers_;
  std::uint32_t sets_per_shard_ = 0;
  std::uint32_t set_count_ = 0, slot_count_ = 0;
  Mapping set_memory_;
  Set* sets_ = nullptr;
  Mapping flow_memory_;  // slots never used cost nothing
  Flow* flows_ = nullptr;
  std::uint32_t free_ = kNone;  // chained through Flow::set
  std::uint32_t fresh_ = 0;     // slots never used yet
  std::unique_ptr<std::uint32_t[]> wheel_;
  struct Due {
    std::uint64_t first_packet;
    std::uint32_t slot;
  };
  Mapping due_memory_;
  Due* due_ = nullptr;  // scratch of advance() and end_all()
  std::uint64_t tick_ = 0;
  std::uint32_t active_ = 0, peak_ = 0;
  std::uint64_t created_ = 0, evicted_ = 0;
};

}  // namespace picket
