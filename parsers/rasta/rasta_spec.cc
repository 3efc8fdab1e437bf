#include "parsers/rasta/rasta_parser.h"

namespace picket::rasta {
namespace {

/// nullptr: not the side that said it.
const Message* said(const Transaction& tx, Direction dir) noexcept {
  const OtTransaction* side = ot_side(tx, dir);
  return side == nullptr ? nullptr : static_cast<const Message*>(side);
}

template <bool (*kRead)(const Pdu&, std::uint64_t&) noexcept>
bool of_pdu(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = said(tx, dir);
  return n == 0 && m != nullptr && kRead(m->pdu, out);
}
bool type(const Pdu& p, std::uint64_t& out) noexcept {
  return out = static_cast<std::uint64_t>(p.type), true;
}
bool sender(const Pdu& p, std::uint64_t& out) noexcept { return out = p.sender, true; }
bool receiver(const Pdu& p, std::uint64_t& out) noexcept { return out = p.receiver, true; }
bool sequence(const Pdu& p, std::uint64_t& out) noexcept { return out = p.sequence, true; }
bool confirmed(const Pdu& p, std::uint64_t& out) noexcept { return out = p.confirmed, true; }
bool channel_sequence(const Pdu& p, std::uint64_t& out) noexcept { return out = p.channel_sequence, true; }
bool safety_bytes(const Pdu& p, std::uint64_t& out) noexcept { return out = p.safety_code.size(), true; }
bool send_max(const Pdu& p, std::uint64_t& out) noexcept { return out = p.send_max, p.has_send_max; }
bool messages(const Pdu& p, std::uint64_t& out) noexcept { return out = p.message_count, p.carries_data(); }
bool reason(const Pdu& p, std::uint64_t& out) noexcept { return out = p.reason, p.has_reason; }

/// The n-th message of which it is asked whether it is a telegram.
const sci::Telegram* message(const Transaction& tx, Direction dir, unsigned n, bool telegram) noexcept {
  const Message* m = said(tx, dir);
  if (m == nullptr) return nullptr;
  for (unsigned i = 0; i < m->messages_told(); ++i) {
    if (m->messages[i].there == telegram && n-- == 0) return &m->messages[i];
  }
  return nullptr;
}

bool sci_protocol(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const sci::Telegram* t = message(tx, dir, n, true);
  return t != nullptr && (out = t->protocol, true);
}
bool sci_type(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const sci::Telegram* t = message(tx, dir, n, true);
  return t != nullptr && (out = t->type, true);
}
template <Bytes sci::Telegram::*kField, bool kTelegram>
bool text(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const sci::Telegram* t = message(tx, dir, n, kTelegram);
  return t != nullptr && (out = t->*kField, true);
}
bool version(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = said(tx, dir);
  return n == 0 && m != nullptr && m->pdu.opens() && (out = m->pdu.version, true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"rasta.version", "", kBoth, version, "version of a connection request or response, 0303"},
    {"rasta.data", "", kBoth, text<&sci::Telegram::whole, false>,
     "each message of the application that is no telegram of SCI"},
    {"rasta.sci_sender", "", kBoth, text<&sci::Telegram::sender, true>,
     "sender of each telegram of SCI, without the underscores that fill it up"},
    {"rasta.sci_receiver", "", kBoth, text<&sci::Telegram::receiver, true>,
     "receiver of each telegram of SCI"},
    {"rasta.sci_payload", "", kBoth, text<&sci::Telegram::payload, true>,
     "what stands behind the names of each telegram"},
};

constexpr IntegerDef kIntegers[] = {
    {"rasta.type", "", kBoth, of_pdu<type>, type_by_name,
     "6200 or connection request, 6220 or heartbeat, 6240 or data, ..."},
    {"rasta.sender_id", "", kBoth, of_pdu<sender>, nullptr, "RaSTA identity of the sender"},
    {"rasta.receiver_id", "", kBoth, of_pdu<receiver>, nullptr, "RaSTA identity of the receiver"},
    {"rasta.sequence", "", kBoth, of_pdu<sequence>, nullptr, "sequence number"},
    {"rasta.confirmed_sequence", "", kBoth, of_pdu<confirmed>, nullptr, "confirmed sequence number"},
    {"rasta.redundancy_sequence", "", kBoth, of_pdu<channel_sequence>, nullptr,
     "sequence number of the redundancy layer"},
    {"rasta.safety_bytes", "", kBoth, of_pdu<safety_bytes>, nullptr, "bytes of the safety code: 0, 8 or 16"},
    {"rasta.send_max", "", kBoth, of_pdu<send_max>, nullptr, "N_sendmax of a connection request or response"},
    {"rasta.disconnect_reason", "", kBoth, of_pdu<reason>, reason_by_name,
     "0 or user request, 4 or time-out, ..."},
    {"rasta.messages", "", kBoth, of_pdu<messages>, nullptr, "messages of the application in a data PDU"},
    {"rasta.sci_protocol", "", kBoth, sci_protocol, sci::protocol_by_name,
     "protocol of each telegram: 64 or SCI-P, 48 or SCI-LS, 32 or SCI-TDS, ..."},
    {"rasta.sci_type", "", kBoth, sci_type, nullptr, "type of each telegram: 1 of SCI-P moves a point"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"malformed_pdu", "no PDU of the redundancy layer, or lengths that contradict each other"},
    {"unknown_type", "a PDU of a type that is not defined"},
    {"invalid_payload", "a payload that is not as long as its type's, or messages that do not fill it"},
    {"reserve_not_zero", "the reserved bytes of the redundancy layer are not zero"},
    {"wrong_check_code", "a check code that none of its length's options has: the receiver discards the PDU"},
    {"wrong_safety_code",
     "a safety code that is not MD4's where those before were: the receiver discards the PDU"},
    {"invalid_version", "a version that is not four digits"},
    {"channel_gap", "numbers of the redundancy layer are missing: PDUs were lost on this channel"},
    {"sequence_gap", "sequence numbers are missing, though the channel lost nothing, or less"},
    {"out_of_order", "a PDU that was missing came late"},
    {"repeated_pdu", "a number of the redundancy layer that was there before"},
    {"replayed_pdu",
     "an old PDU again: older than t-max, or an old sequence number in a new PDU of the redundancy layer"},
    {"confirms_unsent", "a sequence number is confirmed that cannot have been sent yet"},
    {"confirmation_back", "a lower sequence number is confirmed than before"},
    {"timestamp_back", "a timestamp before the one of the PDU before"},
    {"late_confirmation", "the peer's timestamp that is confirmed is older than t-max"},
    {"silence", "nothing was heard of the sender for longer than t-max"},
    {"joined_late", "the connection was there before its first PDU that was seen"},
    {"unexpected_pdu", "a PDU of a type that the connection's state does not allow"},
    {"unanswered_request", "a request again, without a response to the one before"},
    {"identity_changed", "other RaSTA identities than before speak on this channel"},
    {"too_many_messages", "more messages in a PDU than are looked at"},
    {"malformed_telegram",
     "a telegram of SCI that is shorter than its type's, or a message that is none among telegrams"},
    {"unknown_telegram", "a telegram of a type that its protocol is not known to have"},
    {"telegram_byte_order", "a telegram whose type stands in the other byte order"},
    {"lost_sync", "bytes that are no PDU; parsing goes on at the next one that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next PDU that makes sense"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kGap) + 1);

}  // namespace

// There is no port of RaSTA's own: sites choose them.
const ProtocolSpec kSpec = {
    .name = "rasta",
    .record = "rasta",
    .transports = Transport::kTcp | Transport::kUdp,
    .probe = probe,
    .parser_size = sizeof(RastaParser),
    .create = create_parser<RastaParser>,
    .whole_streams = true,
    .max_pending_bytes = kMaxPdu,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::rasta
