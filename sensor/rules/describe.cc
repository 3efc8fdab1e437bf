#include "sensor/rules/describe.h"

#include <arpa/inet.h>

#include <cstdio>

#include "sensor/rules/report.h"

namespace picket::rules {
namespace {

constexpr std::size_t kMostRanges = 6;  // of a list; the rest is counted
constexpr std::size_t kMostBytes = 64;  // of a content

std::string hex(std::uint64_t v) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%llx", static_cast<unsigned long long>(v));
  return text;
}

std::string number(double v) {
  char text[32];
  std::snprintf(text, sizeof text, "%g", v);
  return text;
}

std::string operand(const Operand& o, const Rule& r) {
  const auto i = static_cast<std::size_t>(o.variable);
  return o.is_variable() && i < r.variables.size() ? r.variables[i] : std::to_string(o.value);
}

std::string source(const ByteSource& s) {
  std::string out;
  if (s.relative) out += ",relative";
  if (s.endian == Endian::kLittle) out += ",little";
  if (s.endian == Endian::kDce) out += ",dce";
  if (s.base != Base::kBinary)
    out += s.base == Base::kDecimal ? ",string,dec" : s.base == Base::kHex ? ",string,hex" : ",string,oct";
  if (s.bitmask != 0) out += ",bitmask " + hex(s.bitmask);
  return out;
}

/// Ranges of a list, as many as a line takes.
template <class Range, class F>
std::string list(const std::vector<Range>& ranges, F&& text) {
  std::string out;
  for (std::size_t i = 0; i < ranges.size() && i < kMostRanges; ++i)
    out += (i == 0 ? "" : ",") + text(ranges[i]);
  if (ranges.size() > kMostRanges) out += ",... " + std::to_string(ranges.size()) + " ranges";
  return ranges.size() == 1 ? out : "[" + out + "]";
}

/// As a prefix where it is one.
std::string range_text(const AddressRange& r) {
  unsigned same = 0;  // leading bits
  const auto bit = [](const Address& a, unsigned i) { return a.bytes[i / 8] >> (7 - i % 8) & 1; };
  while (same < 128 && bit(r.first, same) == bit(r.last, same)) ++same;
  bool prefix = true;
  for (unsigned i = same; i < 128; ++i) prefix = prefix && bit(r.first, i) == 0 && bit(r.last, i) == 1;
  const bool v4 = r.first.is_v4() && r.last.is_v4();
  if (!prefix) return address_text(r.first) + "-" + address_text(r.last);
  return address_text(r.first) + (same == 128 ? "" : "/" + std::to_string(v4 ? same - 96 : same));
}

struct ClauseText {
  const Rule& r;

  std::string operator()(const Content& c) const {
    std::string out =
        std::string("content:") + (c.negated ? "!" : "") + "\"" + printable(c.bytes, kMostBytes) + "\"";
    if (c.nocase) out += "; nocase";
    if (c.startswith) out += "; startswith";
    if (c.endswith) out += "; endswith";
    for (const auto& [name, value] : {std::pair("offset", &c.offset), std::pair("depth", &c.depth),
                                      std::pair("distance", &c.distance), std::pair("within", &c.within)}) {
      if (*value && !(c.startswith && (name[0] == 'o' || name[1] == 'e')))
        out += "; " + std::string(name) + ":" + operand(**value, r);
    }
    return out;
  }
  std::string operator()(const Pcre& p) const {
    std::string out = std::string("pcre:") + (p.negated ? "!" : "") + "\"/" + one_line(p.pattern) + "/";
    for (const auto& [on, flag] :
         {std::pair(p.caseless, 'i'), std::pair(p.multiline, 'm'), std::pair(p.dotall, 's'),
          std::pair(p.extended, 'x'), std::pair(p.anchored, 'A'), std::pair(p.dollar_endonly, 'E'),
          std::pair(p.ungreedy, 'G'), std::pair(p.relative, 'R')}) {
      if (on) out += flag;
    }
    return out + "\"";
  }
  std::string operator()(const ByteTest& t) const {
    static constexpr const char* kOps[] = {"<", ">", "=", "<=", ">=", "&", "^"};
    return "byte_test:" + operand(t.source.bytes, r) + "," + (t.negated ? "!" : "") +
           kOps[static_cast<std::size_t>(t.op)] + "," + operand(t.value, r) + "," +
           operand(t.source.offset, r) + source(t.source);
  }
  std::string operator()(const ByteJump& j) const {
    std::string out =
        "byte_jump:" + operand(j.source.bytes, r) + "," + operand(j.source.offset, r) + source(j.source);
    if (j.multiplier != 1) out += ",multiplier " + std::to_string(j.multiplier);
    if (j.align) out += ",align";
    if (j.from_beginning) out += ",from_beginning";
    if (j.from_end) out += ",from_end";
    if (j.post_offset.is_variable() || j.post_offset.value != 0)
      out += ",post_offset " + operand(j.post_offset, r);
    return out;
  }
  std::string operator()(const ByteExtract& e) const {
    return "byte_extract:" + operand(e.source.bytes, r) + "," + operand(e.source.offset, r) + "," +
           operand({0, e.variable}, r) + source(e.source);
  }
  std::string operator()(const ByteMath& m) const {
    static constexpr const char* kOps[] = {"+", "-", "*", "/", "<<", ">>"};
    return "byte_math:bytes " + operand(m.source.bytes, r) + ", offset " + operand(m.source.offset, r) +
           ", oper " + kOps[static_cast<std::size_t>(m.op)] + ", rvalue " + operand(m.rvalue, r) +
           ", result " + operand({0, m.variable}, r) + source(m.source);
  }
  std::string operator()(const IsDataAt& d) const {
    return std::string("isdataat:") + (d.negated ? "!" : "") + operand(d.position, r) +
           (d.relative ? ",relative" : "");
  }
  std::string operator()(const BufferSize& s) const { return "bsize:" + describe(s.test); }
  std::string operator()(const Absent& a) const { return a.or_else ? "absent: or_else" : "absent"; }
  std::string operator()(const Base64Decode& d) const {
    return "base64_decode:bytes " + std::to_string(d.bytes) + ", offset " + std::to_string(d.offset) +
           (d.relative ? ", relative" : "");
  }
  std::string operator()(const Asn1&) const { return "asn1"; }
  std::string operator()(const Dataset& d) const {
    static constexpr const char* kCommands[] = {"set", "unset", "isset", "isnotset"};
    if (d.command == Dataset::Command::kReputation)
      return "datarep:" + one_line(d.name) + "," + describe(d.reputation);
    return std::string("dataset:") + kCommands[static_cast<std::size_t>(d.command)] + "," + one_line(d.name);
  }
  std::string operator()(const Entropy& e) const {
    return std::string("entropy:value ") + (e.negated ? "not " : "") + number(e.low) + " to " +
           number(e.high);
  }
  std::string operator()(const InDigests& d) const {
    return std::string(d.negated ? "not one of " : "one of ") + std::to_string(d.digests.size()) + " hashes";
  }
};

constexpr const char* kPacketFields[] = {"ttl",
                                         "id",
                                         "ip_proto",
                                         "tos",
                                         "fragoffset",
                                         "dsize",
                                         "itype",
                                         "icode",
                                         "icmp_id",
                                         "icmp_seq",
                                         "icmpv6.mtu",
                                         "seq",
                                         "ack",
                                         "window",
                                         "tcp.mss",
                                         "tcp.wscale",
                                         "igmp.type",
                                         "vlan.layers",
                                         "flow.age",
                                         "flow.pkts_toserver",
                                         "flow.pkts_toclient",
                                         "flow.pkts",
                                         "flow.bytes_toserver",
                                         "flow.bytes_toclient",
                                         "flow.bytes",
                                         "flow.elephant"};

constexpr const char* kModes[] = {"", "+", "*", "!"};
constexpr const char* kAddressSides[] = {"any", "src", "dst", "both"};  // by AddressSide

struct PacketTestText {
  std::span<const ProtocolSpec* const> protocols;

  std::string operator()(const PacketNumber& t) const {
    return kPacketFields[static_cast<std::size_t>(t.field)] + std::string(":") + describe(t.test);
  }
  std::string operator()(const VlanId& t) const {
    return "vlan.id:" + describe(t.test) + (t.layer < 0 ? "" : "," + std::to_string(t.layer));
  }
  std::string operator()(const TcpFlags& t) const {
    return std::string("flags:") + kModes[static_cast<std::size_t>(t.mode)] + tcp_flags_text(t.bits) +
           (t.ignored != 0 ? "," + tcp_flags_text(t.ignored) : "");
  }
  std::string operator()(const FragBits& t) const {
    return std::string("fragbits:") + kModes[static_cast<std::size_t>(t.mode)] +
           ((t.bits & 4) != 0 ? "R" : "") + ((t.bits & 2) != 0 ? "D" : "") + ((t.bits & 1) != 0 ? "M" : "");
  }
  std::string operator()(const IpOptions& t) const {
    return t.type == 0xff ? "ipopts:any" : "ipopts (type " + std::to_string(t.type) + ")";
  }
  std::string operator()(const SameIp&) const { return "sameip"; }
  std::string operator()(const StreamSize& t) const {
    static constexpr const char* kSides[] = {"server", "client", "both", "either"};
    return std::string("stream_size:") + kSides[static_cast<std::size_t>(t.side)] + "," + describe(t.test);
  }
  std::string operator()(const Checksum& t) const {
    static constexpr const char* kLayers[] = {"ipv4",  "tcpv4",  "tcpv6",  "udpv4",
                                              "udpv6", "icmpv4", "icmpv6", "igmp"};
    return std::string(kLayers[static_cast<std::size_t>(t.layer)]) +
           "-csum:" + (t.valid ? "valid" : "invalid");
  }
  std::string operator()(const PacketEvent& t) const {
    static constexpr const char* kKeywords[] = {"decode-event:", "stream-event:", "app-layer-event:"};
    return kKeywords[static_cast<std::size_t>(t.of)] + t.name;
  }
  std::string operator()(const NetworkProtocol& t) const {
    return "l3_proto:ipv" + std::to_string(t.version);
  }
  std::string operator()(const RpcCall& t) const {
    std::string out = "rpc:" + std::to_string(t.program);
    for (const auto& number : {t.version, t.procedure}) out += "," + (number ? std::to_string(*number) : "*");
    return out;
  }
  std::string operator()(const AppProtocolIs& t) const {
    std::string out = std::string("app-layer-protocol:") + (t.negated ? "!" : "");
    if (t.state == AppProtocolIs::State::kFailed) return out + "failed";
    if (t.state == AppProtocolIs::State::kUnknown) return out + "unknown";
    for (std::size_t i = 0; i < t.any_of.size(); ++i)
      out += (i == 0 ? "" : "/") + std::string(protocols[t.any_of[i]]->name);
    static constexpr const char* kWhich[] = {",final",     ",either",   ",to_server",
                                             ",to_client", ",original", ""};
    return out + kWhich[static_cast<std::size_t>(t.which)];
  }
  std::string operator()(const AddressReputation& t) const {
    return std::string("iprep:") + kAddressSides[static_cast<std::size_t>(t.side)] + "," + t.category + "," +
           (t.is_not_set ? "isnotset" : describe(t.score));
  }
  std::string operator()(const CountryIs& t) const {
    std::string out = std::string("geoip:") + kAddressSides[static_cast<std::size_t>(t.side)];
    for (std::size_t i = 0; i < t.countries.size(); ++i)
      out += (i == 0 && t.negated ? ",!" : ",") + t.countries[i];
    return out;
  }
};

}  // namespace

std::string address_text(const Address& a) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(a.is_v4() ? AF_INET : AF_INET6, a.bytes.data() + (a.is_v4() ? 12 : 0), text, sizeof text);
  return text;
}

std::string tcp_flags_text(std::uint8_t flags) {
  static constexpr char kNames[] = "FSRPAUEC";
  std::string out;
  for (unsigned i = 0; i < 8; ++i) {
    if (flags >> i & 1) out += kNames[i];
  }
  return out.empty() ? "0" : out;
}

std::string describe(const Clause& c, const Rule& rule) { return std::visit(ClauseText{rule}, c); }

std::string describe(const PacketTest& t, std::span<const ProtocolSpec* const> protocols) {
  return std::visit(PacketTestText{protocols}, t);
}

std::string describe(const TransactionTest& t, std::span<const ProtocolSpec* const> protocols) {
  if (const auto* i = std::get_if<IntegerMatch>(&t)) {
    const FieldRef f = i->fields.front();
    static constexpr const char* kAmong[] = {"", ",all", ",all_or_absent", "", ",count"};
    return std::string(protocols[f.protocol]->integers[f.index].name) + ":" + describe(i->test) +
           (i->among == Among::kNth ? "," + std::to_string(i->nth)
                                    : kAmong[static_cast<std::size_t>(i->among)]);
  }
  if (const auto* k = std::get_if<KeywordMatch>(&t)) {
    const FieldRef f = k->any_of.front().field;
    return std::string(k->negated ? "not " : "") +
           std::string(protocols[f.protocol]->keywords[f.index].name) +
           (k->text.empty() ? "" : ":" + one_line(k->text));
  }
  if (const auto* h = std::get_if<HookMatch>(&t)) return "hook " + std::string(h->name);
  const FieldRef f = std::get<EventMatch>(t).event;
  return "app-layer-event:" + std::string(protocols[f.protocol]->name) + "." +
         std::string(protocols[f.protocol]->events[f.index].name);
}

std::string describe(const StateBit& b) {
  static constexpr const char* kOps[] = {"set", "unset", "toggle", "isset", "isnotset"};
  static constexpr const char* kTracks[] = {"",      ",track ip_src",  ",track ip_dst",
                                            ",both", ",track ip_pair", ",track tx"};
  static constexpr const char* kSides[] = {"", ",src", ",dst", ",both"};
  const char* keyword = b.scope == StateBit::Scope::kFlow ? "flowbits:" : b.hostbits ? "hostbits:" : "xbits:";
  std::string names;
  for (const std::string& n : b.names) names += (names.empty() ? "" : "|") + n;
  return keyword + std::string(kOps[static_cast<std::size_t>(b.op)]) + "," + one_line(names) +
         (b.hostbits ? kSides : kTracks)[static_cast<std::size_t>(b.scope)];
}

std::string describe(const FlowInt& f) {
  static constexpr const char* kOps[] = {
      "=", "+", "-", "<", "<=", "==", "!=", ">=", ">", "isset", "isnotset"};
  std::string out = "flowint:" + one_line(f.name) + "," + kOps[static_cast<std::size_t>(f.op)];
  if (f.op >= FlowInt::Op::kIsSet) return out;
  return out + "," + (f.other.empty() ? std::to_string(f.value) : one_line(f.other));
}

std::string describe(const VariableTest& v) {
  return (v.of_flow ? "flowvar:" : "pktvar:") + one_line(v.name) + ",\"" + printable(v.value, kMostBytes) +
         "\"";
}

std::string describe(const Threshold& t) {
  static constexpr const char* kTypes[] = {"limit",   "threshold",        "both",
                                           "backoff", "detection_filter", "rate_filter"};
  static constexpr const char* kTracks[] = {"source", "destination", "both ends", "rule", "flow"};
  std::string out = std::string(kTypes[static_cast<std::size_t>(t.type)]) + ", " + std::to_string(t.count);
  if (t.type == Threshold::Type::kBackoff)
    out += ", multiplier " + std::to_string(t.multiplier);
  else
    out += " in " + std::to_string(t.seconds) + " s";
  return out + ", by " + kTracks[static_cast<std::size_t>(t.track)];
}

std::string describe(const AddressSet& s) { return s.any ? "any" : list(s.ranges, range_text); }

std::string describe(const PortSet& s) {
  if (s.any) return "any";
  return list(s.ranges, [](const PortRange& r) {
    return r.first == r.last ? std::to_string(r.first)
                             : std::to_string(r.first) + ":" + std::to_string(r.last);
  });
}

std::string describe(const IntegerTest& t) {
  const std::string no = t.negated ? "!" : "";
  if (t.kind == IntegerTest::Kind::kMasked) return no + "&" + hex(t.mask) + "=" + hex(t.lo);
  if (t.lo == t.hi) return no + std::to_string(t.lo);
  // The largest value of the field's type stands for "no limit".
  if (t.hi == 0xffff || t.hi == 0xffffffff || t.hi == std::numeric_limits<std::uint64_t>::max())
    return no + (t.lo == 0 ? ">=0" : ">" + std::to_string(t.lo - 1));
  if (t.lo == 0) return no + "<" + std::to_string(t.hi + 1);
  return no + std::to_string(t.lo) + "-" + std::to_string(t.hi);
}

}  // namespace picket::rules
