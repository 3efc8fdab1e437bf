// Probes: what `picket explain` hears by. See dataplane/detect/probe.h.
#include "dataplane/detect/probe.h"
#include "sensor/rules/planner.h"

namespace picket::rules {
namespace {

constexpr std::uint32_t kProbeGid = 0xffffffff;  // of their numbers only; nobody sees them

}  // namespace

detect::RuleIndex Planner::push_probe(detect::RuleHeader h, const Rule& r, ProtocolId protocol) {
  const auto index = static_cast<detect::RuleIndex>(out_->rules.size());
  out_->rules.push_back(h);
  out_->info.emplace_back();
  plan_.judgements.emplace_back();
  plan_.sources.push_back(detect::kNone);  // of no rule: texts are shared with none
  out_->numbers.push_back(names_.rule(r, protocol));
  return index;
}

/// Stands where the rule stands, but for any address, port, direction and pattern.
void Planner::add_probe(const Rule& rule, const Shape& shape, std::uint32_t source, ProtocolId protocol) {
  const auto target = static_cast<std::uint32_t>(plan_.watched.size());
  Rule r = rule;
  r.gid = kProbeGid;
  static const auto kAnyAddress = std::make_shared<const AddressSet>(AddressSet{{}, true});
  static const auto kAnyPort = std::make_shared<const PortSet>(PortSet{{}, true});
  r.src = r.dst = kAnyAddress;
  r.src_port = r.dst_port = kAnyPort;
  r.flow.to_server = r.flow.to_client = r.flow.established = r.flow.not_established = false;
  r.state_bits.clear();
  r.flow_ints.clear();
  std::erase_if(r.packet_tests, [](const PacketTest& t) { return std::holds_alternative<TcpFlags>(t); });
  Shape always = shape;
  always.once = false;

  detect::RuleHeader h;
  set_header(r, always, h);
  h.flags &= static_cast<std::uint16_t>(
      ~(detect::rule_flag::kPass | detect::rule_flag::kReported | detect::rule_flag::kFlowPass));
  if (shape.transaction) {
    detect::TxTest test;
    test.kind = detect::TxTest::Kind::kProbe;
    test.first = target;
    h.first_tx_test = static_cast<std::uint32_t>(out_->tx_tests.size());
    h.tx_tests = 1;
    out_->tx_tests.push_back(test);
    set_ready(r, h, protocol);
  }
  if (shape.payload || shape.headers || shape.frame) {
    detect::Group group;
    group.place = detect::Place::kProbe;
    group.first_op = target;
    h.first_group = static_cast<std::uint32_t>(out_->groups.size());
    h.groups = h.payload_groups = 1;
    out_->groups.push_back(group);
  } else if (!shape.transaction) {
    detect::PacketTest test;
    test.kind = detect::PacketTest::Kind::kProbe;
    test.test.lo = target;
    h.first_packet_test = static_cast<std::uint32_t>(out_->packet_tests.size());
    h.packet_tests = 1;
    out_->packet_tests.push_back(test);
  }
  const detect::RuleIndex index = push_probe(h, r, protocol);
  plan_.watched.push_back({index + 1, source, protocol});
  each_zone_plan(r, [&](ZoneBuilder& to) {
    if (shape.transaction)
      list_transaction_rule(r, always, index, protocol, std::nullopt, to);
    else if (shape.frame)
      list_frame_rule(r, shape, index, std::nullopt, to);
    else if (shape.payload)
      list_payload(r, shape, index, std::nullopt, to);
    else
      list_header_rule(r, always, index, to);
  });
  out_->rules[index].apps = 0;  // the lists are those of the rule's protocols; within them it hears all
}

/// Every packet, so that it is known which flows there are, and what of a header does not fit.
void Planner::add_probe_of_packets() {
  Rule r;
  r.gid = kProbeGid;
  detect::RuleHeader h;
  detect::PacketTest test;
  test.kind = detect::PacketTest::Kind::kProbe;
  test.test.lo = detect::Probe::kEveryPacket;
  h.first_packet_test = static_cast<std::uint32_t>(out_->packet_tests.size());
  h.packet_tests = 1;
  out_->packet_tests.push_back(test);
  const detect::RuleIndex index = push_probe(h, r, kNoProtocol);
  for (ZoneBuilder& zone : zone_plans_) {
    for (HeaderBuilder& of_class : zone.headers) of_class.always.push_back(index);
  }
}

}  // namespace picket::rules
