#include "dataplane/io/live.h"

#include <rte_cycles.h>
#include <rte_errno.h>
#include <rte_mbuf.h>
#include <rte_mbuf_dyn.h>
#include <rte_ring.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <chrono>
#include <thread>

#include "dataplane/io/eal.h"
#include "dataplane/io/interface.h"

namespace picket {
namespace {

constexpr unsigned kScratchFrame = 16384;
constexpr unsigned kIdlePollsBeforeNap = 256;

/// What the dispatcher tells the worker, in the mbuf itself.
struct Tag {
  std::uint64_t time_ns, clock_ns, number;
};
int tag_offset = -1;  // the same for all: DPDK's registry is the process's

bool register_tag() {
  static const rte_mbuf_dynfield kField = {"picket_tag", sizeof(Tag), alignof(Tag), 0};
  if (tag_offset < 0) tag_offset = rte_mbuf_dynfield_register(&kField);
  return tag_offset >= 0;
}
Tag* tag_of(rte_mbuf* m) noexcept { return RTE_MBUF_DYNFIELD(m, tag_offset, Tag*); }

/// "0000:03:00.0" or "03:00.0"; everything else is a virtual device.
bool is_pci(const std::string& device) {
  const std::string address = device.substr(0, device.find(','));
  return address.find(':') != std::string::npos &&
         std::all_of(address.begin(), address.end(),
                     [](unsigned char c) { return std::isxdigit(c) || c == ':' || c == '.'; });
}

void nap() noexcept { std::this_thread::sleep_for(std::chrono::microseconds(50)); }

/// A frame in several buffers becomes one run of bytes.
Bytes frame_of(const rte_mbuf& m, std::uint8_t* scratch) noexcept {
  if (m.nb_segs == 1) [[likely]]
    return {rte_pktmbuf_mtod(&m, const std::uint8_t*), m.data_len};
  const std::uint32_t size = std::min<std::uint32_t>(m.pkt_len, kScratchFrame);
  return {static_cast<const std::uint8_t*>(rte_pktmbuf_read(&m, 0, size, scratch)), size};
}

}  // namespace

/// Rings to the workers, and room to gather what goes into each.
struct LivePorts::Rings {
  std::vector<rte_ring*> rings;
  std::vector<std::array<void*, kBurst>> gathered;
  std::array<std::uint8_t, kScratchFrame> scratch;

  ~Rings() {
    for (rte_ring* r : rings) {
      void* m = nullptr;
      while (rte_ring_sc_dequeue(r, &m) == 0) rte_pktmbuf_free(static_cast<rte_mbuf*>(m));
      rte_ring_free(r);
    }
  }
};

class LivePorts::Source final : public PacketSource {
 public:
  Source(LivePorts& owner, unsigned worker)
      : owner_(owner),
        worker_(worker),
        scratch_(std::make_unique<std::uint8_t[]>(std::size_t{kBurst} * kScratchFrame)) {}

  /// Polls `queue` of port `port`.
  void add_queue(unsigned port, unsigned queue) { queues_.push_back({port, queue}); }
  /// Takes what the dispatcher puts into `ring`.
  void use_ring(rte_ring* ring) { ring_ = ring; }

  [[nodiscard]] Position mark() const noexcept override {
    Position p{clock_ns_, number_ * owner_.config_.workers + worker_};
    if (ring_ != nullptr) {
      owner_.mark_.get(p.clock_ns, p.number);
    } else {
      clock_ns_ = p.clock_ns =
          std::max(clock_ns_, owner_.steady_.utc_ns(rte_rdtsc()));  // what comes now is later
    }
    return p;
  }

  [[nodiscard]] unsigned receive(std::span<Packet> out) noexcept override {
    enter_eal_thread();
    const std::size_t room = std::min<std::size_t>(out.size(), kBurst);
    const unsigned n = ring_ != nullptr ? from_ring(out.first(room)) : from_queues(out.first(room));
    idle_ = n == 0 ? idle_ + 1 : 0;
    return n;
  }

  void release(std::span<Packet> packets) noexcept override {
    std::array<rte_mbuf*, kBurst> mbufs;
    unsigned n = 0;
    for (const Packet& p : packets) {
      mbufs[n++] = static_cast<rte_mbuf*>(p.owner);
      if (n == mbufs.size()) rte_pktmbuf_free_bulk(mbufs.data(), std::exchange(n, 0U));
    }
    rte_pktmbuf_free_bulk(mbufs.data(), n);
  }

  [[nodiscard]] bool ended() const noexcept override {
    // A ring may be empty before the dispatcher's last burst is in it.
    const auto& over = ring_ != nullptr ? owner_.dispatched_ : owner_.stop_;
    return over.load(std::memory_order_acquire);
  }
  void rest() noexcept override {
    if (owner_.naps_ && idle_ > kIdlePollsBeforeNap) {
      nap();
    } else {
      rte_pause();
    }
  }

 private:
  struct Queue {
    unsigned port, queue;
  };

  unsigned from_queues(std::span<Packet> out) noexcept {
    const std::uint64_t ticks = rte_rdtsc(), now = owner_.utc_.utc_ns(ticks);
    clock_ns_ = std::max(clock_ns_, owner_.steady_.utc_ns(ticks));
    unsigned n = 0;
    for (std::size_t i = 0; i < queues_.size() && n < out.size(); ++i) {
      const Queue q = queues_[turn_];
      turn_ = turn_ + 1 == queues_.size() ? 0 : turn_ + 1;  // so that no busy queue starves the others
      std::array<rte_mbuf*, kBurst> mbufs;
      DpdkPort& port = *owner_.ports_[q.port];
      const unsigned got = port.receive(q.queue, std::span(mbufs).first(out.size() - n));
      for (unsigned k = 0; k < got; ++k) {
        const std::uint64_t stamp = port.timestamp_ns(*mbufs[k]);
        number_ += 1;
        fill(out[n], *mbufs[k], n, q.port);
        out[n].time_ns = stamp != 0 ? stamp : now;
        out[n].at = {clock_ns_, number_ * owner_.config_.workers + worker_};
        ++n;
      }
    }
    return n;
  }

  unsigned from_ring(std::span<Packet> out) noexcept {
    std::array<void*, kBurst> mbufs;
    const unsigned n =
        rte_ring_sc_dequeue_burst(ring_, mbufs.data(), static_cast<unsigned>(out.size()), nullptr);
    for (unsigned i = 0; i < n; ++i) {
      auto* m = static_cast<rte_mbuf*>(mbufs[i]);
      const Tag tag = *tag_of(m);
      fill(out[i], *m, i, m->port);
      out[i].time_ns = tag.time_ns;
      out[i].at = {tag.clock_ns, tag.number};
    }
    return n;
  }

  void fill(Packet& p, rte_mbuf& m, unsigned slot, unsigned tap) noexcept {
    const Bytes frame = frame_of(m, scratch_.get() + std::size_t{slot} * kScratchFrame);
    p = Packet{};
    p.data = frame.data();
    p.size = static_cast<std::uint32_t>(frame.size());
    p.wire_size = m.pkt_len;
    p.link = LinkType::kEthernet;
    p.owner = &m;
    p.tap = static_cast<std::uint16_t>(tap);
    // A NIC chooses the worker by its own hash. The shard must be one of this worker's; which, decides only
    // where the flow is kept, and is told by the innermost addresses so that both directions meet.
    const unsigned workers = owner_.config_.workers;
    const unsigned shard = shard_of(p.data, p.size, p.link, owner_.config_.shard_mode, owner_.config_.decode);
    const unsigned own = shard - shard % workers + worker_;
    p.shard = static_cast<std::uint8_t>(own < kShards ? own : own - workers);
  }

  LivePorts& owner_;
  const unsigned worker_;
  std::vector<Queue> queues_;
  std::size_t turn_ = 0;
  rte_ring* ring_ = nullptr;
  std::unique_ptr<std::uint8_t[]> scratch_;
  mutable std::uint64_t clock_ns_ = 0;  // mark() promises it
  std::uint64_t number_ = 0;
  unsigned idle_ = 0;
};

LivePorts::LivePorts(const LiveConfig& config) : config_(config) {}

LivePorts::~LivePorts() {
  stop();
  rings_.reset();  // before the pools that its mbufs belong to
}

Result<std::unique_ptr<LivePorts>> LivePorts::open(const LiveConfig& config,
                                                   std::vector<std::string>& notes) {
  if (config.workers == 0 || config.workers > kShards) {
    return Error{"workers: " + std::to_string(config.workers) + " is not 1 to " + std::to_string(kShards)};
  }
  if (config.interfaces.empty() && config.devices.empty())
    return Error{"nothing to capture from: name an --interface"};
  EalConfig eal;
  eal.args = config.eal_args;
  for (const auto& d : config.devices) {
    if (is_pci(d)) eal.pci.push_back(d);
  }
  if (auto s = start_eal(eal, notes); !s) return s.error();

  std::unique_ptr<LivePorts> live(new LivePorts(config));
  const std::uint64_t ticks = rte_rdtsc(), utc = config.wall_clock();
  live->steady_offset_ns_ = utc - steady_ns();
  live->utc_.start(ticks, utc, static_cast<double>(rte_get_tsc_hz()));
  live->steady_.start(ticks, utc, static_cast<double>(rte_get_tsc_hz()));
  if (auto s = live->open_ports(notes); !s) return s.error();
  if (auto s = live->connect(notes); !s) return s.error();
  return live;
}

Status LivePorts::open_ports(std::vector<std::string>& notes) {
  for (const auto& interface : config_.interfaces) {
    if (auto s = open_interface(interface, notes); !s) return s.error();
  }
  for (const auto& device : config_.devices) {
    PortConfig port;
    port.device = device;
    port.queues = config_.workers;
    port.rss = config_.spread != LiveConfig::Spread::kSoftware;
    if (auto s = add_port(device.substr(0, device.find(',')), port); !s) return s.error();
    notes.push_back(ports_.back()->name() + ": driver " + ports_.back()->driver());
  }
  return Done{};
}

Status LivePorts::open_interface(const std::string& interface, std::vector<std::string>& notes) {
  auto facts = interface_facts(interface);
  if (!facts) return facts.error();
  if (!facts.value().is_up)
    notes.push_back(interface + ": is down; `ip link set " + interface + " up` brings it up");
  std::string why_not;
  for (const auto& choice : drivers_for(interface, facts.value(), static_cast<unsigned>(ports_.size()))) {
    std::string refusal = choice.refusal;
    if (refusal.empty()) {
      PortConfig port;
      port.device = choice.device;
      port.queues = choice.queues;
      port.frame_bytes = choice.frame_bytes;
      const auto added = add_port(interface, port);
      if (added) {
        notes.push_back(interface + ": captured through " + choice.driver +
                        (why_not.empty() ? "" : "; not " + why_not));
        return Done{};
      }
      refusal = added.error().message;
    }
    why_not += (why_not.empty() ? "" : "; ") + choice.driver + ": " + refusal;
  }
  return Error{interface + ": no driver works: " + why_not};
}

Status LivePorts::add_port(const std::string& name, PortConfig config) {
  config.descriptors = config_.descriptors;
  config.mbufs = config_.mbufs;
  config.max_frame = config_.max_frame;
  auto port = DpdkPort::open(name, config);
  if (!port) return port.error();
  ports_.push_back(std::move(port).value());
  return Done{};
}

Status LivePorts::connect(std::vector<std::string>& notes) {
  const unsigned workers = config_.workers;
  for (unsigned w = 0; w < workers; ++w) sources_.push_back(std::make_unique<Source>(*this, w));
  naps_ = std::all_of(ports_.begin(), ports_.end(), [](const auto& p) { return p->is_virtual(); });

  const bool nics_spread = std::all_of(ports_.begin(), ports_.end(),
                                       [&](const auto& p) { return p->spreads() && p->queues() == workers; });
  if (workers == 1 || (nics_spread && config_.spread != LiveConfig::Spread::kSoftware)) {
    for (unsigned i = 0; i < ports_.size(); ++i) {
      for (unsigned q = 0; q < ports_[i]->queues(); ++q) sources_[q % workers]->add_queue(i, q);
    }
    return Done{};
  }
  if (config_.spread == LiveConfig::Spread::kNic) {
    return Error{"rss: the NIC cannot spread packets by IP pair over " + std::to_string(workers) +
                 " queues; leave the choice to picket, or use one worker"};
  }
  notes.push_back("the port cannot spread packets over " + std::to_string(workers) +
                  " workers by IP pair: a dispatcher thread does; it needs a core of its own");
  if (!register_tag()) return Error{"DPDK has no room in its packets for picket's tag"};
  dispatches_ = true;
  rings_ = std::make_unique<Rings>();
  rings_->gathered.resize(workers);
  for (unsigned w = 0; w < workers; ++w) {
    const std::string name = "picket_ring" + std::to_string(w);
    rte_ring* ring = rte_ring_create(name.c_str(), config_.ring_packets, SOCKET_ID_ANY,
                                     RING_F_SP_ENQ | RING_F_SC_DEQ | RING_F_EXACT_SZ);
    if (ring == nullptr)
      return Error{"no memory for the ring to worker " + std::to_string(w) + ": " + rte_strerror(rte_errno)};
    rings_->rings.push_back(ring);
    sources_[w]->use_ring(ring);
  }
  return Done{};
}

PacketSource& LivePorts::source(unsigned worker) noexcept { return *sources_[worker]; }

unsigned LivePorts::dispatch_burst(unsigned port_index, unsigned queue) noexcept {
  DpdkPort& port = *ports_[port_index];
  std::array<rte_mbuf*, kBurst> mbufs;
  const unsigned got = port.receive(queue, mbufs);
  if (got == 0) return 0;
  const std::uint64_t ticks = rte_rdtsc(), now = utc_.utc_ns(ticks);
  clock_ns_ = std::max(clock_ns_, steady_.utc_ns(ticks));
  std::array<unsigned, kShards> counts{};
  for (unsigned i = 0; i < got; ++i) {
    rte_mbuf* m = mbufs[i];
    const std::uint64_t stamp = port.timestamp_ns(*m);
    *tag_of(m) = {stamp != 0 ? stamp : now, clock_ns_, ++number_};
    m->port = static_cast<std::uint16_t>(port_index);
    const Bytes frame = frame_of(*m, rings_->scratch.data());
    const unsigned worker =
        shard_of(frame.data(), frame.size(), LinkType::kEthernet, config_.shard_mode, config_.decode) %
        config_.workers;
    rings_->gathered[worker][counts[worker]++] = m;
  }
  for (unsigned w = 0; w < config_.workers; ++w) {
    if (counts[w] == 0) continue;
    auto& gathered = rings_->gathered[w];
    const unsigned put = rte_ring_sp_enqueue_burst(rings_->rings[w], gathered.data(), counts[w], nullptr);
    if (put == counts[w]) continue;
    rte_pktmbuf_free_bulk(reinterpret_cast<rte_mbuf**>(gathered.data() + put), counts[w] - put);
    ring_full_.fetch_add(counts[w] - put, std::memory_order_relaxed);
  }
  return got;
}

void LivePorts::dispatch() noexcept {
  enter_eal_thread();
  for (unsigned idle = 0; !abandoned_.load(std::memory_order_acquire);) {
    const bool last_round = stop_.load(std::memory_order_acquire);  // before the ports are asked
    unsigned got = 0;
    for (unsigned i = 0; i < ports_.size(); ++i) {
      for (unsigned q = 0; q < ports_[i]->queues(); ++q) got += dispatch_burst(i, q);
    }
    if (got == 0) clock_ns_ = std::max(clock_ns_, steady_.utc_ns(rte_rdtsc()));
    // After the rings: a worker that reads this mark and then finds its ring empty has seen all up to here.
    mark_.set(clock_ns_, number_);
    if (got == 0 && last_round) break;
    idle = got == 0 ? idle + 1 : 0;
    if (naps_ && idle > kIdlePollsBeforeNap) nap();
  }
  dispatched_.store(true, std::memory_order_release);
}

std::uint64_t LivePorts::count_unread() noexcept {
  enter_eal_thread();
  std::uint64_t unread = 0;
  std::array<rte_mbuf*, kBurst> mbufs;
  if (rings_ != nullptr) {
    for (rte_ring* r : rings_->rings) {
      unsigned n = 0;
      while ((n = rte_ring_sc_dequeue_burst(r, reinterpret_cast<void**>(mbufs.data()), kBurst, nullptr)) !=
             0) {
        rte_pktmbuf_free_bulk(mbufs.data(), n);
        unread += n;
      }
    }
  }
  for (const auto& p : ports_) {
    for (unsigned q = 0; q < p->queues(); ++q) {
      unsigned n = 0;
      for (std::uint64_t of_queue = 0; of_queue < kUnreadLimit; of_queue += n) {
        if ((n = p->receive(q, mbufs)) == 0) break;
        rte_pktmbuf_free_bulk(mbufs.data(), n);
        unread += n;
      }
    }
  }
  return unread;
}

void LivePorts::housekeep() noexcept {
  const std::uint64_t ticks = rte_rdtsc();
  utc_.observe(ticks, config_.wall_clock());
  steady_.observe(ticks, steady_ns() + steady_offset_ns_);
  for (const auto& p : ports_) p->discipline();
}

std::int64_t LivePorts::utc_offset_ns() const noexcept {
  const std::uint64_t ticks = rte_rdtsc();
  return static_cast<std::int64_t>(utc_.utc_ns(ticks) - steady_.utc_ns(ticks));
}

std::vector<PortStats> LivePorts::stats() {
  const std::lock_guard lock(stats_mutex_);
  std::vector<PortStats> out;
  for (const auto& p : ports_) out.push_back(p->stats());
  return out;
}

}  // namespace picket
