// dataplane/detect/header.h — does a rule's header fit, do its packet tests hold?
#pragma once
#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/rule_set.h"
#include "dataplane/flow/flow.h"

namespace picket::detect {

/// What is looked at: a packet in its flow, or one direction of a flow.
struct Subject {
  const Packet* packet = nullptr;
  Flow* flow = nullptr;
  Direction dir = Direction::kToServer;
  PacketClass kind = PacketClass::kNoIp;
  std::uint16_t proto = 0;
  std::uint8_t family = 0, way = 0, state = 0;
  const Address* src = nullptr;
  const Address* dst = nullptr;
  std::uint16_t src_port = 0, dst_port = 0;
  ProtocolId app = kNoProtocol;
  const File* file = nullptr;  ///< what the rule asks of files is asked of this one; nullptr: of any
  const PacketEvents* events = nullptr;  ///< of the packet; nullptr: none
  Transaction* tx = nullptr;             ///< that is looked at
  const ZonePlan* plan = nullptr;        ///< of the rules whose addresses can fit
  std::uint64_t key = 0;                 ///< differs from that of every other subject: CoreMemory::in_set
};

[[nodiscard]] Subject subject_of(const RuleSet&, const Packet&, Flow*, CoreMemory&) noexcept;
/// One direction of a flow, whatever packet is at hand.
[[nodiscard]] Subject subject_of(const RuleSet&, const Packet&, Flow&, Direction, ProtocolId,
                                 CoreMemory&) noexcept;

[[nodiscard]] bool header_fits(const RuleSet&, const RuleHeader&, const Subject&, CoreMemory&) noexcept;
/// What `stream_size` counts: sequence numbers that a side has used, up to the packet at hand. Its SYN is one, and its
/// FIN, once that is acknowledged.
[[nodiscard]] std::uint32_t stream_size_of(const Flow&, Direction, const Packet&) noexcept;
[[nodiscard]] bool packet_tests_hold(const RuleSet&, const RuleHeader&, const Subject&) noexcept;
[[nodiscard]] bool state_tests_hold(const RuleSet&, const RuleHeader&, const Subject&,
                                    const CoreMemory&) noexcept;

}  // namespace picket::detect
