#include "parsers/bacnet/bacnet_export.h"

#include <algorithm>

#include "parsers/bacnet/bacnet.pb.h"

namespace picket::bacnet {
namespace {

void bvlc(WireWriter& w, const Bvlc& b) noexcept {
  using B = v1::BacnetBvlc;
  using E = v1::BacnetTableEntry;
  const auto s = w.message(v1::BacnetMessage::kBvlcFieldNumber);
  w.text(B::kTypeFieldNumber, b.type == kIpv6 ? "IPv6" : "IPv4");
  write_name(w, B::kFunctionFieldNumber, function_name(b.type, b.function));
  w.u64(B::kFunctionCodeFieldNumber, b.function);
  w.u64(B::kLengthFieldNumber, b.length);
  if (b.has_result) {
    write_name(w, B::kResultFieldNumber, result_name(b.type, b.result));
    w.u64(B::kResultCodeFieldNumber, b.result);
  }
  if (b.has_ttl) w.u64(B::kTtlFieldNumber, b.ttl);
  if (b.origin.size() > 2) {
    w.bytes(B::kOriginIpFieldNumber, b.origin.first(b.origin.size() - 2));
    w.u64(B::kOriginPortFieldNumber, read_unsigned(b.origin.last(2)));
  }
  if (b.has_source) w.u64(B::kVirtualSourceFieldNumber, b.source);
  if (b.has_destination) w.u64(B::kVirtualDestinationFieldNumber, b.destination);
  const bool has_table =
      b.is(Function::kWriteBdt) || b.is(Function::kReadBdtAck) || b.is(Function::kReadFdtAck);
  if (!has_table) return;
  w.u64(B::kEntryCountFieldNumber, b.table.size() / kTableEntry);
  write_mark(w, B::kTruncatedFieldNumber, b.table.size() / kTableEntry > kMaxNetworks);
  TableEntry e;
  for (std::size_t n = 0; n < kMaxNetworks && table_entry(b, n, e); ++n) {
    const auto m = w.message(B::kEntriesFieldNumber);
    w.bytes(E::kIpFieldNumber, e.ip);
    w.u64(E::kPortFieldNumber, e.port);
    if (!e.mask.empty()) {
      w.bytes(E::kMaskFieldNumber, e.mask);
    } else {
      w.u64(E::kTtlFieldNumber, e.ttl);
      w.u64(E::kRemainingFieldNumber, e.remaining);
    }
  }
}

void network_message(WireWriter& w, const Npdu& n) noexcept {
  using N = v1::BacnetNpdu;
  using R = v1::BacnetRoute;
  write_name(w, N::kMessageFieldNumber, net_message_name(n.message));
  w.u64(N::kMessageCodeFieldNumber, n.message);
  if (n.message >= 0x80) {
    w.u64(N::kVendorIdFieldNumber, n.vendor);
    write_name(w, N::kVendorFieldNumber, vendor_name(n.vendor));
    return;
  }
  NetInfo i;
  if (!read_network_message(n, i)) return;
  if (!i.networks.empty()) {
    const std::size_t count = i.networks.size() / 2;
    w.u64(N::kNetworkCountFieldNumber, count);
    for (std::size_t k = 0; k < std::min<std::size_t>(count, kMaxNetworks); ++k)
      w.u64(N::kNetworksFieldNumber, read_unsigned(i.networks.subspan(2 * k, 2)));
    write_mark(w, N::kTruncatedFieldNumber, count > kMaxNetworks);
  }
  if (i.has_performance) w.u64(N::kPerformanceIndexFieldNumber, i.performance);
  if (i.has_reason) {
    write_name(w, N::kRejectReasonFieldNumber, net_reject_name(i.reason));
    w.u64(N::kRejectReasonCodeFieldNumber, i.reason);
  }
  if (i.has_time) w.u64(N::kTerminationTimeFieldNumber, i.time_s);
  if (i.has_status) w.boolean(N::kNetworkConfiguredFieldNumber, i.status == 1);
  if (!n.is(NetMessage::kInitialize) && !n.is(NetMessage::kInitializeAck)) return;
  w.u64(N::kRouteCountFieldNumber, i.routes);
  write_mark(w, N::kTruncatedFieldNumber, i.routes > kMaxNetworks);
  Cursor c(i.table);
  Route r;
  for (unsigned k = 0; k < kMaxNetworks && next_route(c, r); ++k) {
    const auto m = w.message(N::kRoutesFieldNumber);
    w.u64(R::kNetworkFieldNumber, r.network);
    w.u64(R::kPortIdFieldNumber, r.port);
    if (!r.info.empty()) w.bytes(R::kPortInfoFieldNumber, r.info);
  }
}

void npdu(WireWriter& w, const Npdu& n) noexcept {
  using N = v1::BacnetNpdu;
  const auto s = w.message(v1::BacnetMessage::kNpduFieldNumber);
  w.u64(N::kVersionFieldNumber, n.version);
  w.u64(N::kControlFieldNumber, n.control);
  w.text(N::kPriorityFieldNumber, priority_name(n.priority()));
  w.u64(N::kPriorityCodeFieldNumber, n.priority());
  w.boolean(N::kExpectingReplyFieldNumber, n.expects_reply());
  if (n.has_destination) {
    w.u64(N::kDestinationNetworkFieldNumber, n.dnet);
    if (!n.dadr.empty()) w.bytes(N::kDestinationAddressFieldNumber, n.dadr);
    w.u64(N::kHopCountFieldNumber, n.hops);
  }
  if (n.has_source) {
    w.u64(N::kSourceNetworkFieldNumber, n.snet);
    w.bytes(N::kSourceAddressFieldNumber, n.sadr);
  }
  if (n.is_message) network_message(w, n);
}

void message(WireWriter& w, int field, const Pdu& p, Direction from) noexcept {
  using M = v1::BacnetMessage;
  const auto s = w.message(field);
  w.text(M::kSenderFieldNumber, from == Direction::kToServer ? "client" : "server");
  if (p.bvlc.type != 0) bvlc(w, p.bvlc);
  if (p.npdu.there) npdu(w, p.npdu);
  if (p.apdu.there) write_apdu(w, M::kApduFieldNumber, p);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using B = v1::Bacnet;
  const auto& x = static_cast<const Exchange&>(tx);
  if (x.has_question) message(w, B::kRequestFieldNumber, x.question, x.asked);
  if (x.has_answer) message(w, B::kResponseFieldNumber, x.answer, reverse(x.asked));
  if (x.has_question && x.has_answer)
    w.u64(B::kResponseUsFieldNumber, (std::max(x.answer_ns, x.question_ns) - x.question_ns) / 1000);
  if (x.has_answer) {
    write_device(w, B::kDeviceFieldNumber, x.answer, reverse(x.asked));
  } else {
    write_device(w, B::kDeviceFieldNumber, x.question, x.asked);
  }
}

}  // namespace picket::bacnet
