// sensor/rules/keywords_packet.cc — numbers and flags of packet headers
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

// ------------------------------------------------------------------------------------------------ numbers

constexpr Named<std::uint64_t> kIpProtocols[] = {
    {"icmp", 1},  {"igmp", 2},    {"ipip", 4},       {"ip4", 4},    {"ipencap", 4},   {"tcp", 6},
    {"egp", 8},   {"udp", 17},    {"ipv6", 41},      {"ip6", 41},   {"gre", 47},      {"esp", 50},
    {"ah", 51},   {"icmpv6", 58}, {"ipv6-icmp", 58}, {"icmp6", 58}, {"eigrp", 88},    {"ospf", 89},
    {"pim", 103}, {"vrrp", 112},  {"l2tp", 115},     {"sctp", 132}, {"udplite", 136}, {"mpls-in-ip", 137},
};
bool ip_protocol_by_name(std::string_view name, std::uint64_t& out) noexcept {
  const auto* number = find_named(kIpProtocols, name);
  if (number != nullptr) out = *number;
  return number != nullptr;
}

constexpr std::uint64_t k8 = 0xff, k16 = 0xffff, k32 = 0xffffffff, k64 = ~std::uint64_t{0};
struct Number {
  PacketField field;
  std::uint64_t max;
  bool (*by_name)(std::string_view, std::uint64_t&) noexcept = nullptr;
};
constexpr Number kTtl{PacketField::kTtl, k8}, kIpId{PacketField::kIpId, k16}, kTos{PacketField::kTos, k8},
    kIpProto{PacketField::kIpProto, k8, ip_protocol_by_name}, kFragOffset{PacketField::kFragOffset, k16},
    kDsize{PacketField::kDsize, k16}, kItype{PacketField::kIcmpType, k8}, kIcode{PacketField::kIcmpCode, k8},
    kIcmpId{PacketField::kIcmpId, k16}, kIcmpSeq{PacketField::kIcmpSeq, k16},
    kIcmp6Mtu{PacketField::kIcmp6Mtu, k32}, kSeq{PacketField::kTcpSeq, k32}, kAck{PacketField::kTcpAck, k32},
    kWindow{PacketField::kTcpWindow, k16}, kMss{PacketField::kTcpMss, k16},
    kWscale{PacketField::kTcpWscale, k8}, kIgmpType{PacketField::kIgmpType, k8},
    kVlanLayers{PacketField::kVlanLayers, kMaxVlans}, kFlowAge{PacketField::kFlowAgeSeconds, k32},
    kFlowPackets{PacketField::kFlowPackets, k32},
    kFlowPacketsToServer{PacketField::kFlowPacketsToServer, k32},
    kFlowPacketsToClient{PacketField::kFlowPacketsToClient, k32}, kFlowBytes{PacketField::kFlowBytes, k64},
    kFlowBytesToServer{PacketField::kFlowBytesToServer, k64},
    kFlowBytesToClient{PacketField::kFlowBytesToClient, k64};

template <const Number& kNumber>
bool read_number(Builder& builder, const Option& option, unsigned) {
  PacketNumber number{kNumber.field, {}};
  auto text = option.value;
  if (text.size() > 1 && text.starts_with('"') && text.ends_with('"')) text = text.substr(1, text.size() - 2);
  if (!builder.read_integer_test(text, kNumber.max, number.test, kNumber.by_name)) return false;
  builder.rule().packet_tests.emplace_back(number);
  return true;
}

// flow.pkts and flow.bytes in their newer form name the direction first.
template <const Number& kBoth, const Number& kToServer, const Number& kToClient>
bool read_flow_number(Builder& builder, const Option& option, unsigned) {
  auto rest = option.value;
  PacketNumber number{kBoth.field, {}};
  if (rest.find(',') != std::string_view::npos) {
    const auto side = take_until(rest, ',');
    if (side != "toserver" && side != "toclient" && side != "either" && side != "both")
      return builder.fail(side, "expected toserver, toclient or both");
    number.field = side == "toserver" ? kToServer.field : side == "toclient" ? kToClient.field : kBoth.field;
  }
  if (!builder.read_integer_test(trim(rest), kBoth.max, number.test)) return false;
  builder.rule().packet_tests.emplace_back(number);
  return true;
}

bool read_vlan_id(Builder& builder, const Option& option, unsigned) {
  VlanId vlan;
  auto rest = option.value;
  if (!builder.read_integer_test(take_until(rest, ','), 4095, vlan.test)) return false;
  const auto layer = trim(rest);
  if (!layer.empty() && layer != "any" &&
      (!parse_number(layer, vlan.layer) || vlan.layer < -3 || vlan.layer > 2)) {
    return builder.fail(layer, "vlan.id's layer is any or 0 to 2");
  }
  builder.rule().packet_tests.emplace_back(vlan);
  return true;
}

// ------------------------------------------------------------------------------------------------ flags

struct Letter {
  char letter;
  std::uint8_t bits;
};
using namespace tcp_flag;
constexpr Letter kTcpLetters[] = {{'F', kFin},           {'S', kSyn}, {'R', kRst}, {'P', kPsh},
                                  {'A', tcp_flag::kAck}, {'U', kUrg}, {'E', kEce}, {'C', kCwr},
                                  {'1', kCwr},           {'2', kEce}, {'0', 0}};
constexpr Letter kFragLetters[] = {{'R', 4}, {'D', 2}, {'M', 1}};

/// Letters, with one of + * ! anywhere among them.
template <std::size_t N>
bool read_letters(Builder& builder, std::string_view text, const Letter (&letters)[N], std::string_view what,
                  TcpFlags::Mode* mode, std::uint8_t& bits) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = static_cast<char>(text[i] >= 'a' && text[i] <= 'z' ? text[i] - 32 : text[i]);
    if (is_space(c)) continue;
    if (mode != nullptr && (c == '+' || c == '*' || c == '!')) {
      if (*mode != TcpFlags::Mode::kExactly)
        return builder.fail(text.substr(i, 1), "only one of + * ! may stand here");
      *mode = c == '+'   ? TcpFlags::Mode::kAtLeast
              : c == '*' ? TcpFlags::Mode::kAnyOf
                         : TcpFlags::Mode::kNoneOf;
      continue;
    }
    const Letter* found = nullptr;
    for (const auto& letter : letters) {
      if (letter.letter == c) found = &letter;
    }
    if (found == nullptr)
      return builder.fail(text.substr(i, 1), quoted(text.substr(i, 1)) + " is no " + std::string(what));
    bits |= found->bits;
  }
  return true;
}

bool read_flags(Builder& builder, const Option& option, unsigned) {
  TcpFlags flags;
  auto rest = option.value;
  const auto wanted = take_until(rest, ',');
  if (wanted.empty()) return builder.fail(option.value, "which flags?");
  if (!read_letters(builder, wanted, kTcpLetters, "TCP flag (F S R P A U E C 0)", &flags.mode, flags.bits))
    return false;
  if (!read_letters(builder, rest, kTcpLetters, "TCP flag (F S R P A U E C 0)", nullptr, flags.ignored))
    return false;
  builder.rule().packet_tests.emplace_back(flags);
  return true;
}

bool read_fragbits(Builder& builder, const Option& option, unsigned) {
  FragBits bits;
  if (!read_letters(builder, option.value, kFragLetters, "fragment bit (M D R)", &bits.mode, bits.bits))
    return false;
  builder.rule().packet_tests.emplace_back(bits);
  return true;
}

bool read_ipopts(Builder& builder, const Option& option, unsigned) {
  constexpr Named<std::uint8_t> kOptions[] = {
      {"rr", 7},    {"lsrr", 131},   {"eol", 0},    {"nop", 1},     {"ts", 68},
      {"sec", 130}, {"esec", 133},   {"ssrr", 137}, {"satid", 136}, {"cipso", 134},
      {"qs", 25},   {"rtralt", 148}, {"any", 0xff},
  };
  const auto* type = find_named(kOptions, option.value);
  if (type == nullptr)
    return builder.fail(option.value, quoted(option.value) + " is no IP option; use " + list_names(kOptions));
  builder.rule().packet_tests.emplace_back(IpOptions{*type});
  return true;
}

bool read_sameip(Builder& builder, const Option&, unsigned) {
  builder.rule().packet_tests.emplace_back(SameIp{});
  return true;
}

bool read_checksum(Builder& builder, const Option& option, unsigned layer) {
  if (option.value != "valid" && option.value != "invalid")
    return builder.fail(option.value, std::string(option.name) + " must be valid or invalid");
  builder.rule().packet_tests.emplace_back(
      Checksum{static_cast<Checksum::Layer>(layer), option.value == "valid"});
  return true;
}

/// program, then maybe version and procedure; `*` is any
bool read_rpc(Builder& builder, const Option& option, unsigned) {
  RpcCall call;
  auto rest = option.value;
  const auto program = take_until(rest, ',');
  if (!parse_number(program, call.program)) {
    return builder.fail(program.empty() ? option.value : program,
                        "rpc begins with a program's number, as in rpc:100000,2,3");
  }
  for (auto* number : {&call.version, &call.procedure}) {
    const auto text = take_until(rest, ',');
    if (text.empty() || text == "*") continue;
    if (!parse_number(text, number->emplace()))
      return builder.fail(text, quoted(text) + " is neither a number nor *");
  }
  if (!rest.empty()) return builder.fail(rest, "rpc takes a program, a version and a procedure");
  builder.rule().packet_tests.emplace_back(call);
  return true;
}

constexpr unsigned of(Checksum::Layer layer) noexcept { return static_cast<unsigned>(layer); }
constexpr Keyword kKeywords[] = {
    {"ack", Argument::kRequired, read_number<kAck>},
    {"dsize", Argument::kRequired, read_number<kDsize>},
    {"flags", Argument::kRequired, read_flags},
    {"flow.age", Argument::kRequired, read_number<kFlowAge>},
    {"flow.bytes", Argument::kRequired, read_flow_number<kFlowBytes, kFlowBytesToServer, kFlowBytesToClient>},
    {"flow.bytes_toclient", Argument::kRequired, read_number<kFlowBytesToClient>},
    {"flow.bytes_toserver", Argument::kRequired, read_number<kFlowBytesToServer>},
    {"flow.pkts", Argument::kRequired,
     read_flow_number<kFlowPackets, kFlowPacketsToServer, kFlowPacketsToClient>},
    {"flow.pkts_toclient", Argument::kRequired, read_number<kFlowPacketsToClient>},
    {"flow.pkts_toserver", Argument::kRequired, read_number<kFlowPacketsToServer>},
    {"fragbits", Argument::kRequired, read_fragbits},
    {"fragoffset", Argument::kRequired, read_number<kFragOffset>},
    {"icmp_id", Argument::kRequired, read_number<kIcmpId>},
    {"icmp_seq", Argument::kRequired, read_number<kIcmpSeq>},
    {"icmpv4-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kIcmpV4)},
    {"icmpv6-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kIcmpV6)},
    {"icmpv6.mtu", Argument::kRequired, read_number<kIcmp6Mtu>},
    {"icode", Argument::kRequired, read_number<kIcode>},
    {"id", Argument::kRequired, read_number<kIpId>},
    {"igmp-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kIgmp)},
    {"igmp.type", Argument::kRequired, read_number<kIgmpType>},
    {"ip_proto", Argument::kRequired, read_number<kIpProto>},
    {"ipopts", Argument::kRequired, read_ipopts},
    {"ipv4-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kIpv4)},
    {"itype", Argument::kRequired, read_number<kItype>},
    {"rpc", Argument::kRequired, read_rpc},
    {"sameip", Argument::kNone, read_sameip},
    {"seq", Argument::kRequired, read_number<kSeq>},
    {"tcp.ack", Argument::kRequired, read_number<kAck>},
    {"tcp.flags", Argument::kRequired, read_flags},
    {"tcp.mss", Argument::kRequired, read_number<kMss>},
    {"tcp.seq", Argument::kRequired, read_number<kSeq>},
    {"tcp.window", Argument::kRequired, read_number<kWindow>},
    {"tcp.wscale", Argument::kRequired, read_number<kWscale>},
    {"tcpv4-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kTcpV4)},
    {"tcpv6-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kTcpV6)},
    {"tos", Argument::kRequired, read_number<kTos>},
    {"ttl", Argument::kRequired, read_number<kTtl>},
    {"udpv4-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kUdpV4)},
    {"udpv6-csum", Argument::kRequired, read_checksum, of(Checksum::Layer::kUdpV6)},
    {"vlan.id", Argument::kRequired, read_vlan_id},
    {"vlan.layers", Argument::kRequired, read_number<kVlanLayers>},
    {"window", Argument::kRequired, read_number<kWindow>},
};

}  // namespace

std::span<const Keyword> packet_keywords() { return kKeywords; }

}  // namespace picket::rules
