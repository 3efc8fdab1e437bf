#include "dataplane/flow/flow_table.h"

#include <algorithm>
#include <bit>
#include <new>
#include <tuple>

#include "parsers/core/assert.h"
#include "parsers/core/cursor.h"

namespace picket {
namespace {

constexpr std::uint64_t mix(std::uint64_t a, std::uint64_t b) noexcept {
  const unsigned __int128 m =
      static_cast<unsigned __int128>(a ^ 0x9e3779b97f4a7c15U) * (b ^ 0xbf58476d1ce4e5b9U);
  return static_cast<std::uint64_t>(m) ^ static_cast<std::uint64_t>(m >> 64);
}

std::uint64_t load64(const std::uint8_t* p) noexcept {
  std::uint64_t v;
  std::memcpy(&v, p, 8);
  return v;
}

std::uint32_t hash_of(const FlowKey& k) noexcept {
  const std::uint64_t ports = std::uint64_t{k.low_port} | std::uint64_t{k.high_port} << 16 |
                              std::uint64_t{k.proto} << 32 | std::uint64_t{k.vlans[0]} << 40;
  const std::uint64_t vlans = std::uint64_t{k.vlans[1]} | std::uint64_t{k.vlans[2]} << 16;
  const std::uint64_t a = mix(load64(&k.low.bytes[0]) ^ ports, load64(&k.low.bytes[8]));
  const std::uint64_t b = mix(load64(&k.high.bytes[0]) ^ vlans, load64(&k.high.bytes[8]));
  return static_cast<std::uint32_t>(mix(a, b) >> 32);
}

/// Flows that end together lie anywhere: their lines are asked for this many flows ahead.
constexpr std::uint32_t kEndAhead = 3;

void touch(const Flow& f) noexcept {
  const char* const p = reinterpret_cast<const char*>(&f);
  for (std::size_t line = 0; line < sizeof(Flow); line += 64) __builtin_prefetch(p + line);
}

/// What stands for ports in a question (echo, timestamp ...) and its answer: the type of the question, turned over on
/// the side that is asked. So two hosts that ping each other have two flows, and all pings of one are one, as in
/// Suricata and for the Community ID. Anything else goes by type and code.
void icmp_ports(const Packet& p, std::uint16_t& src, std::uint16_t& dst) noexcept {
  const bool v4 = p.proto == static_cast<std::uint8_t>(IpProto::kIcmp);
  const std::uint8_t type = p.icmp_type;
  constexpr std::uint8_t kEcho6 = 128, kEchoReply6 = 129;
  const bool asks = v4 ? type == 8 || type == 13 || type == 15 || type == 17 : type == kEcho6;
  const bool answers = v4 ? type == 0 || type == 14 || type == 16 || type == 18 : type == kEchoReply6;
  if (asks) {
    src = type;
    dst = static_cast<std::uint16_t>(~src);
  } else if (answers) {
    dst = type == 0 ? 8 : static_cast<std::uint16_t>(type - 1);
    src = static_cast<std::uint16_t>(~dst);
  } else {
    src = dst = static_cast<std::uint16_t>(type << 8 | p.icmp_code);
  }
}

}  // namespace

std::uint64_t flow_id(const Flow& f) noexcept { return mix(mix(f.hash, f.start_ns), f.first_packet) >> 11; }

void take_ends(Packet& p, const Flow& f, Direction from) noexcept {
  const bool link = f.key.is_link();
  p.has_ip = p.has_l4 = !link;
  p.is_v4 = !link && f.key.low.is_v4();
  p.proto = f.key.proto;
  p.src = f.address(from);
  p.dst = f.address(reverse(from));
  p.src_port = f.port(from);
  p.dst_port = f.port(reverse(from));
  p.direction = from;
  p.tap = f.tap;
  if (!link) return;
  p.ethertype = f.key.low_port;
  p.src_mac = p.src.mac();
  p.dst_mac = p.dst.mac();
  p.has_mac = true;
}

FlowTable::FlowTable(const FlowTableConfig& config, unsigned worker, unsigned workers, FlowListener& listener)
    : config_(config),
      listener_(listener),
      workers_(workers),
      sets_per_shard_(std::bit_ceil(std::max(1U, config.flows / kShards / kWays))),
      set_count_(sets_per_shard_ * ((kShards - worker + workers - 1) / workers)),
      slot_count_(set_count_ * kWays),
      set_memory_(set_count_ * sizeof(Set), Mapping::Pages::kLarge),
      sets_(set_memory_.as<Set>()),
      flow_memory_(slot_count_ * sizeof(Flow), Mapping::Pages::kLarge),
      flows_(flow_memory_.as<Flow>()),
      wheel_(new std::uint32_t[kWheel]),
      due_memory_(slot_count_ * sizeof(Due), Mapping::Pages::kLarge),
      due_(due_memory_.as<Due>()) {
  for (std::uint32_t i = 0; i < set_count_; ++i) std::fill_n(sets_[i].slot, kWays, kNone);
  std::fill_n(wheel_.get(), kWheel, kNone);
}

bool FlowTable::prepare(const Packet& p, Lookup& l) const noexcept {
  if ((!p.has_ip || p.is_fragment || !p.has_l4) && !p.is_link()) return false;
  FlowKey& k = l.key;
  k = FlowKey{};
  std::uint16_t src_port = p.src_port, dst_port = p.dst_port;
  const bool icmp = p.proto == static_cast<std::uint8_t>(IpProto::kIcmp) ||
                    p.proto == static_cast<std::uint8_t>(IpProto::kIcmpV6);
  if (icmp) icmp_ports(p, src_port, dst_port);
  const auto order = p.src <=> p.dst;
  l.src_is_low = order < 0 || (order == 0 && src_port <= dst_port);
  k.low = l.src_is_low ? p.src : p.dst;
  k.high = l.src_is_low ? p.dst : p.src;
  k.low_port = l.src_is_low ? src_port : dst_port;
  k.high_port = l.src_is_low ? dst_port : src_port;
  k.proto = p.proto;
  k.shard = p.shard;
  if (config_.vlan_in_key && p.vlan_count != 0) k.vlans = p.vlans;
  l.hash = hash_of(k);
  l.set = (p.shard / workers_) * sets_per_shard_ + (l.hash & (sets_per_shard_ - 1));
  PICKET_ASSERT(l.set < set_count_);
  return true;
}

void FlowTable::touch_flow(const Lookup& l) const noexcept {
  const Set& s = sets_[l.set];
  for (unsigned w = 0; w < kWays; ++w) {
    if (s.hash[w] == l.hash && s.slot[w] != kNone) return touch(flows_[s.slot[w]]);
  }
}

std::uint64_t FlowTable::timeout_ns(const Flow& f) const noexcept {
  const auto pick = [&]() -> const FlowTimeouts::ByState& {
    switch (static_cast<IpProto>(f.key.proto)) {
      case IpProto::kTcp:
        return config_.timeouts.tcp;
      case IpProto::kUdp:
        return config_.timeouts.udp;
      case IpProto::kIcmp:
      case IpProto::kIcmpV6:
        return config_.timeouts.icmp;
      case IpProto::kNoIp:
        return f.key.is_link() ? config_.timeouts.ethernet : config_.timeouts.other;
      default:
        return config_.timeouts.other;
    }
  };
  const FlowTimeouts::ByState& t = pick();
  const std::uint32_t s = f.state == FlowState::kNew           ? t.fresh_s
                          : f.state == FlowState::kEstablished ? t.established_s
                                                               : t.closed_s;
  return std::uint64_t{s} * kTick;
}

bool FlowTable::expired(const Flow& f, std::uint64_t clock_ns) const noexcept {
  return clock_ns > f.last_clock_ns + timeout_ns(f);
}

std::uint64_t FlowTable::due_tick(const Flow& f) const noexcept {
  std::uint64_t due = f.last_clock_ns + timeout_ns(f);
  if (config_.interim_s != 0) due = std::min(due, f.interim_due_ns);
  return due / kTick + 1;  // the first whole tick after it
}

void FlowTable::schedule(Flow& f) noexcept {
  const std::uint64_t tick = std::min(std::max(due_tick(f), tick_ + 1), tick_ + kWheel - 1);
  std::uint32_t& head = wheel_[tick % kWheel];
  f.timer_slot = static_cast<std::uint32_t>(tick % kWheel);
  f.timer_prev = kNone;
  f.timer_next = head;
  const std::uint32_t slot = slot_of(f);
  if (head != kNone) flows_[head].timer_prev = slot;
  head = slot;
}

void FlowTable::unschedule(Flow& f) noexcept {
  if (f.timer_prev != kNone)
    flows_[f.timer_prev].timer_next = f.timer_next;
  else
    wheel_[f.timer_slot] = f.timer_next;
  if (f.timer_next != kNone) flows_[f.timer_next].timer_prev = f.timer_prev;
}

void FlowTable::reschedule(Flow& f) noexcept {
  unschedule(f);
  schedule(f);
}

void FlowTable::advance(std::uint64_t clock_ns) noexcept {
  const std::uint64_t now = clock_ns / kTick;
  while (tick_ < now) {
    if (active_ == 0 || tick_ == 0) {
      tick_ = now;
      return;
    }
    ++tick_;
    // Take the bucket's due flows in order of their first packets: a ring's records must stand in order of
    // Place.
    std::uint32_t count = 0;
    for (std::uint32_t slot = wheel_[tick_ % kWheel]; slot != kNone;) {
      Flow& f = flows_[slot];
      const std::uint32_t next = f.timer_next;
      if (due_tick(f) <= tick_)
        due_[count++] = {f.first_packet, slot};
      else
        reschedule(f);  // it has lived on since it was put here
      slot = next;
    }
    std::sort(due_, due_ + count, [](const Due& a, const Due& b) { return a.first_packet < b.first_packet; });
    for (std::uint32_t i = 0; i < count; ++i) {
      if (i + kEndAhead < count) touch(flows_[due_[i + kEndAhead].slot]);
      Flow& f = flows_[due_[i].slot];
      const Place place{tick_ * kTick, EventKind::kTimer, f.first_packet, 0};
      if (expired(f, tick_ * kTick)) {
        end(f, FlowEnd::kTimeout, place);
      } else {
        listener_.flow_interim(f, place);
        f.interim_due_ns += std::uint64_t{config_.interim_s} * kTick;
        reschedule(f);
      }
    }
  }
}

bool FlowTable::prepare_quoted(const Packet& p, Lookup& l) const noexcept {
  constexpr std::uint8_t kUnreachable = 3;
  if (p.icmp_type != kUnreachable || !p.has_l4 || p.proto != static_cast<std::uint8_t>(IpProto::kIcmp))
    return false;
  Cursor c(p.payload);
  const std::uint8_t first = c.u8();
  c.skip(5);
  const std::uint16_t fragment = c.u16be();
  c.skip(1);
  Packet quoted;
  quoted.proto = c.u8();
  c.skip(2);
  const Bytes src = c.bytes(4), dst = c.bytes(4);
  const std::size_t header = (first & 0x0fU) * std::size_t{4};
  c.skip(header < 20 ? 0 : header - 20);
  quoted.src_port = c.u16be();
  quoted.dst_port = c.u16be();
  const bool ports = quoted.proto == static_cast<std::uint8_t>(IpProto::kTcp) ||
                     quoted.proto == static_cast<std::uint8_t>(IpProto::kUdp);
  if (!c.ok() || first >> 4 != 4 || header < 20 || (fragment & 0x1fffU) != 0 || !ports) return false;
  quoted.src = Address::v4(src.data());
  quoted.dst = Address::v4(dst.data());
  if (quoted.src != p.dst || quoted.dst != p.src) return false;
  quoted.has_ip = quoted.is_v4 = quoted.has_l4 = true;
  quoted.shard = p.shard;
  quoted.vlans = p.vlans;
  quoted.vlan_count = p.vlan_count;
  if (!prepare(quoted, l)) return false;
  l.src_is_low = !l.src_is_low;
  return true;
}

Flow* FlowTable::known(const Lookup& l, const Packet& p) noexcept {
  const Set& s = sets_[l.set];
  for (unsigned w = 0; w < kWays; ++w) {
    if (s.slot[w] == kNone || s.hash[w] != l.hash) continue;
    Flow& f = flows_[s.slot[w]];
    if ((config_.vlan_in_key ? f.key != l.key : !f.key.same_ends(l.key)) || expired(f, p.at.clock_ns))
      continue;
    f.last_clock_ns = p.at.clock_ns;
    return &f;
  }
  return nullptr;
}

Flow& FlowTable::find(const Lookup& l, const Packet& p, const Place& place, bool& created) noexcept {
  Set& s = sets_[l.set];
  unsigned way = kWays;
  for (unsigned w = 0; w < kWays; ++w) {
    if (s.slot[w] == kNone) {
      if (way == kWays) way = w;
      continue;
    }
    if (s.hash[w] != l.hash) continue;
    Flow& f = flows_[s.slot[w]];
    if (config_.vlan_in_key ? f.key != l.key : !f.key.same_ends(l.key)) continue;
    if (!expired(f, p.at.clock_ns)) {
      f.last_clock_ns = p.at.clock_ns;
      created = false;
      return f;
    }
    end(f, FlowEnd::kTimeout, place);
    way = w;
    break;
  }
  if (way == kWays) {
    way = 0;
    const auto rank = [&](unsigned w) {  // lower goes first
      const Flow& f = flows_[s.slot[w]];
      return std::tuple(expired(f, p.at.clock_ns)            ? 0
                        : f.state == FlowState::kEstablished ? 2
                                                             : 1,
                        f.last_clock_ns, f.first_packet);
    };
    for (unsigned w = 1; w < kWays; ++w) {
      if (rank(w) < rank(way)) way = w;
    }
    Flow& victim = flows_[s.slot[way]];
    const bool over = expired(victim, p.at.clock_ns);
    if (!over) ++evicted_;
    end(victim, over ? FlowEnd::kTimeout : FlowEnd::kForced, place);
  }
  created = true;
  return make(l, p, way);
}

Flow& FlowTable::replace(Flow& old, const Lookup& l, const Packet& p, const Place& place) noexcept {
  const std::uint32_t slot = slot_of(old);
  const Set& s = sets_[l.set];
  const auto way = static_cast<unsigned>(std::find(s.slot, s.slot + kWays, slot) - s.slot);
  end(old, FlowEnd::kReused, place);
  return make(l, p, way);
}

Flow& FlowTable::make(const Lookup& l, const Packet& p, unsigned way) noexcept {
  std::uint32_t slot = free_;
  if (slot != kNone)
    free_ = flows_[slot].set;
  else
    slot = fresh_++;
  PICKET_ASSERT(slot < slot_count_);
  Flow& f = *::new (static_cast<void*>(&flows_[slot])) Flow();
  f.key = l.key;
  if (!config_.vlan_in_key) f.key.vlans = p.vlans;
  f.hash = l.hash;
  f.set = l.set;
  f.low_is_client = l.src_is_low;
  f.first_packet = p.at.number;
  f.start_ns = p.time_ns;
  f.last_clock_ns = p.at.clock_ns;
  f.interim_due_ns = p.at.clock_ns + std::uint64_t{config_.interim_s} * kTick;
  f.tap = p.tap;
  sets_[l.set].hash[way] = l.hash;
  sets_[l.set].slot[way] = slot;
  schedule(f);
  ++created_;
  peak_ = std::max(peak_, ++active_);
  return f;
}

void FlowTable::end(Flow& f, FlowEnd why, const Place& place) noexcept {
  listener_.flow_ended(f, why, place);
  unschedule(f);
  const std::uint32_t slot = slot_of(f);
  Set& s = sets_[f.set];
  *std::find(s.slot, s.slot + kWays, slot) = kNone;
  f.set = free_;
  free_ = slot;
  --active_;
}

void FlowTable::end_all(std::uint64_t clock_ns) noexcept {
  std::uint32_t count = 0;
  for (std::uint32_t i = 0; i < set_count_; ++i) {
    for (const std::uint32_t slot : sets_[i].slot) {
      if (slot != kNone) due_[count++] = {flows_[slot].first_packet, slot};
    }
  }
  std::sort(due_, due_ + count, [](const Due& a, const Due& b) { return a.first_packet < b.first_packet; });
  for (std::uint32_t i = 0; i < count; ++i) {
    if (i + kEndAhead < count) touch(flows_[due_[i + kEndAhead].slot]);
    Flow& f = flows_[due_[i].slot];
    end(f, FlowEnd::kShutdown, {clock_ns, EventKind::kEnd, f.first_packet, 0});
  }
}

}  // namespace picket
