#include <cmath>

#include "parsers/goose/goose_parser.h"

namespace picket::goose {
namespace {

constexpr std::uint8_t kWhole = kOtWhole;
constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};

constexpr LimitDef kLimits[] = {
    {"streams", 64, 1, 1024, "control blocks of a flow whose state is remembered"},
    {"max-state-jump", 100, 1, 0xffffffff, "states that may be missing before it is a jump"},
    {"clock-tolerance", 10, 1, 86400,
     "seconds that may pass more or less between two states, by their own times"},
};

/// The message, if it went that way.
const Message* sent(const Transaction& tx, Direction dir) noexcept {
  const OtTransaction* const x = ot_side(tx, dir);
  return static_cast<const Message*>(x);
}

template <Bytes Pdu::*kField>
bool bytes(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = m->pdu.*kField;
  return true;
}

bool is_text(const Value& v) noexcept { return v.is_text(); }
bool is_bits(const Value& v) noexcept { return v.type == Type::kBitString; }
bool is_whole(const Value& v) noexcept {
  constexpr double kMost = 18446744073709549568.0;  // the greatest that 64 bits hold
  return v.is_number() && v.number >= 0 && v.number <= kMost && v.number == std::floor(v.number);
}

bool text(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  Value v;
  if (m == nullptr || !value_at(*m, is_text, n, v)) return false;
  out = v.content;
  return true;
}
bool bits(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  Value v;
  if (m == nullptr || !value_at(*m, is_bits, n, v)) return false;
  out = bits_text(v.content, m->text_room);
  return true;
}
bool value(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = sent(tx, dir);
  Value v;
  if (m == nullptr || !value_at(*m, is_whole, n, v)) return false;
  out = static_cast<std::uint64_t>(v.number);
  return true;
}

template <std::uint64_t (*kRead)(const Message&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = kRead(*m);
  return true;
}

std::uint64_t appid(const Message& m) noexcept { return m.pdu.frame.appid; }
std::uint64_t live(const Message& m) noexcept { return m.pdu.time_allowed_to_live_ms; }
std::uint64_t st_num(const Message& m) noexcept { return m.pdu.st_num; }
std::uint64_t sq_num(const Message& m) noexcept { return m.pdu.sq_num; }
std::uint64_t conf_rev(const Message& m) noexcept { return m.pdu.conf_rev; }
std::uint64_t entries(const Message& m) noexcept { return m.pdu.entries; }
std::uint64_t simulation(const Message& m) noexcept { return m.pdu.simulated() ? 1 : 0; }
std::uint64_t nds_com(const Message& m) noexcept { return m.pdu.nds_com ? 1 : 0; }
std::uint64_t status(const Message& m) noexcept { return static_cast<std::uint64_t>(m.status); }
std::uint64_t lost(const Message& m) noexcept { return m.lost; }

bool truth_by_name(std::string_view name, std::uint64_t& out) noexcept {
  out = name == "true" ? 1 : 0;
  return name == "true" || name == "false";
}

constexpr BufferDef kBuffers[] = {
    {"goose.gocb_ref", "", kBoth, bytes<&Pdu::gocb_ref>, "reference of the control block"},
    {"goose.dat_set", "", kBoth, bytes<&Pdu::dat_set>, "reference of the data set"},
    {"goose.go_id", "", kBoth, bytes<&Pdu::go_id>, "identifier of the publisher"},
    {"goose.data", "", kBoth, bytes<&Pdu::all_data>, "the data set as it is encoded"},
    {"goose.text", "", kBoth, text, "each text of the data set"},
    {"goose.bits", "", kBoth, bits, "each bit string of the data set, as 0 and 1"},
};

constexpr IntegerDef kIntegers[] = {
    {"goose.appid", "", kBoth, integer<appid>, nullptr, "APPID"},
    {"goose.time_allowed_to_live", "", kBoth, integer<live>, nullptr, "milliseconds until the next message"},
    {"goose.st_num", "", kBoth, integer<st_num>, nullptr, "number of the state"},
    {"goose.sq_num", "", kBoth, integer<sq_num>, nullptr, "number of the message in its state"},
    {"goose.conf_rev", "", kBoth, integer<conf_rev>, nullptr, "revision of the configuration"},
    {"goose.entries", "", kBoth, integer<entries>, nullptr, "entries of the data set, as the message says"},
    {"goose.simulation", "", kBoth, integer<simulation>, truth_by_name, "1: simulated, or a test"},
    {"goose.nds_com", "", kBoth, integer<nds_com>, truth_by_name, "1: needs commissioning"},
    {"goose.value", "", kBoth, value, nullptr, "each boolean and whole number of the data set"},
    {"goose.status", "", kBoth, integer<status>, status_by_name,
     "first, changed, repeated, restarted, replayed: what it is to the messages before"},
    {"goose.lost", "", kBoth, integer<lost>, nullptr, "messages that are missing before it"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_length", "the length of the frame is less than its header, or more than there is"},
    {"invalid_pdu", "no goosePdu, or a mandatory field is missing or of a wrong form"},
    {"invalid_reference", "the reference of the control block is empty, or longer than 129 bytes"},
    {"invalid_value", "an entry of the data set is of no known form"},
    {"entries_mismatch", "there are not as many entries as the message says"},
    {"reserved_bits", "reserved bits of the header are set"},
    {"simulation_mismatch", "the header says simulated, the message does not"},
    {"lost_messages", "messages are missing, as their numbers tell"},
    {"lost_states", "states are missing, as their numbers tell"},
    {"state_jump", "the number of the state jumps by more than max-state-jump"},
    {"duplicate", "the message came before, with the same numbers"},
    {"sequence_went_back", "the number of the message is less than before in the same state"},
    {"replayed_state", "the number of the state is less than before"},
    {"restarted", "the publisher began anew"},
    {"data_mismatch", "the data set changed, the number of the state did not"},
    {"time_mismatch", "the time of the state changed, its number did not"},
    {"time_went_back", "a new state is older than the one before"},
    {"time_jump", "between two states more or less time went by than their times say"},
    {"expired", "the message came later than timeAllowedtoLive"},
    {"conf_rev_changed", "the revision of the configuration changed"},
    {"data_set_changed", "the control block has another data set"},
    {"appid_changed", "the control block has another APPID"},
    {"too_many_streams", "a control block had to be forgotten for another one"},
    {"out_of_memory", "no memory was left for a control block"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kEthertypes[] = {kEthertype};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "goose",
    .record = "goose",
    .transports = static_cast<std::uint8_t>(Transport::kEthernet),
    .ethertypes = kEthertypes,
    .probe = probe,
    .parser_size = sizeof(GooseParser),
    .create = create_parser<GooseParser>,
    .complete = {kWhole, kWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::goose
