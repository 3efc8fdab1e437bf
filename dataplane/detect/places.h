// dataplane/detect/places.h — which bytes a group of a rule looks at
//
// Cost    none: views of the packet, the flow, or the transaction
#pragma once
#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/probe.h"
#include "dataplane/detect/program.h"
#include "dataplane/detect/rule_set.h"
#include "dataplane/detect/transform.h"

namespace picket::detect {

/// Of a group that looks at a packet or a stream. False when there is no such thing: then the group does not
/// match. `payload`: what Place::kPayload stands for on this occasion.
[[nodiscard]] inline bool bytes_of_place(const RuleSet& set, const Group& g, const Subject& s,
                                         const Buffer& payload, const CoreMemory& core, Buffer& b) noexcept {
  const Packet& p = *s.packet;
  const auto is = [&p](IpProto proto) noexcept {
    return p.has_l4 && p.proto == static_cast<std::uint8_t>(proto);
  };
  switch (g.place) {
    case Place::kPayload:
    case Place::kFrame:
      b = payload;
      return true;
    case Place::kEtherHeader:
      if (p.link != LinkType::kEthernet || p.size < 14) return false;
      b.data = {p.data, 14};
      return true;
    case Place::kIpv4Header:
      b.data = p.ip_header;
      return p.has_ip && p.is_v4;
    case Place::kIpv6Header:
      b.data = p.ip_header;
      return p.has_ip && !p.is_v4;
    case Place::kTcpHeader:
      b.data = p.l4_header;
      return is(IpProto::kTcp);
    case Place::kUdpHeader:
      b.data = p.l4_header;
      return is(IpProto::kUdp);
    case Place::kIcmp4Header:
      b.data = p.l4_header;
      return is(IpProto::kIcmp);
    case Place::kIcmp6Header:
      b.data = p.l4_header;
      return is(IpProto::kIcmpV6);
    case Place::kIgmpHeader:
      b.data = p.l4_header.empty() ? p.payload : p.l4_header;
      return p.has_ip && p.proto == static_cast<std::uint8_t>(IpProto::kIgmp);
    case Place::kSourceIp:
      b.data = Bytes(s.src->bytes).subspan(s.src->is_v4() ? 12 : 0);
      return p.has_ip;
    case Place::kDestinationIp:
      b.data = Bytes(s.dst->bytes).subspan(s.dst->is_v4() ? 12 : 0);
      return p.has_ip;
    case Place::kBase64:
      b.data = Bytes(core.base64).first(core.base64_size);
      return core.base64_size != 0;
    case Place::kProbe:
      set.probe->on_payload(g.first_op, s, payload);
      break;
    case Place::kTransaction:
      break;
  }
  return false;
}

/// Does a group that looks at a transaction match? `run(buffer, instance)` says so of one value: it is asked
/// for each until one matches.
template <class Run>
[[nodiscard]] bool tx_group_matches(const RuleSet& set, const Group& g, const Subject& s,
                                    const Transaction& tx, CoreMemory& core, DetectStats& stats,
                                    Run&& run) noexcept {
  if (g.place == Place::kBase64) {
    return core.base64_size != 0 && run(Buffer{Bytes(core.base64).first(core.base64_size), 0, 0}, 0U);
  }
  const Direction dir = g.side == 2 ? s.dir : static_cast<Direction>(g.side);
  for (unsigned i = 0; i < g.fields; ++i) {
    const Field& field = set.fields[g.first_field + i];
    if (field.protocol != s.app || field.progress[index(dir)] == kNever) continue;
    Bytes value;
    const bool one = s.file != nullptr && field.of_file != FileStage::kNone;
    const unsigned first = one ? s.file->place : 0;
    unsigned instance = first;
    for (; field.get(tx, dir, instance, value) && !(one && instance != first); ++instance) {
      if (g.flags & Group::kAbsent) return false;
      if (instance == kMaxInstances) {
        ++stats.instance_limit;
        return false;
      }
      if (g.transforms != 0) value = apply(set, set.transform_lists[g.transforms], value, core, stats);
      if (run(Buffer{value, 0, 0}, instance)) return true;
    }
    return instance == first && (g.flags & (Group::kAbsent | Group::kAbsentOr)) != 0;
  }
  return (g.flags & (Group::kAbsent | Group::kAbsentOr)) != 0;
}

/// Does a test of a transaction that needs no buffer hold?
[[nodiscard]] bool tx_test_holds(const RuleSet&, const TxTest&, const Subject&, const Transaction&,
                                 DetectStats&) noexcept;

}  // namespace picket::detect
