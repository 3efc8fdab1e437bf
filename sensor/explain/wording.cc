#include "sensor/explain/wording.h"

#include <algorithm>
#include <cstdio>

#include "dataplane/detect/flow_state.h"
#include "dataplane/detect/search.h"
#include "sensor/rules/describe.h"

namespace picket::explain {
namespace {

using detect::GroupTrace;

std::string text(std::int64_t v) { return std::to_string(v); }

/// `to` is behind the last.
std::string bytes_from(std::int64_t from, std::int64_t to) {
  if (to - from == 1) return "at byte " + text(from);
  return to < 0 ? "from byte " + text(from) + " on" : "in bytes " + text(from) + " to " + text(to - 1);
}

/// Contents are often right but for upper and lower case.
std::string other_case(Bytes needle, Bytes data, std::int64_t base) {
  std::string lower(as_text(needle));
  for (char& c : lower) c = static_cast<char>(to_lower(static_cast<std::uint8_t>(c)));
  const std::size_t at = detect::find_bytes(data, as_bytes(lower), true);
  if (at == detect::kNotFound) return "";
  return "; in other letters it stands at byte " + text(base + static_cast<std::int64_t>(at)) +
         ": the rule does not say nocase";
}

/// Where it is asked for, and whether it stands elsewhere: the slip that most often explains it.
Met content(const rules::Content& c, const detect::RuleSet& set, const detect::Op& op, const GroupTrace& t,
            Bytes data, std::int64_t base) {
  const Bytes needle{set.bytes.data() + op.at, op.size};
  const auto size = static_cast<std::int64_t>(data.size());
  if (c.negated) return {"content", "it stands at byte " + text(base + t.at), t.at};
  const std::int64_t from = std::max<std::int64_t>(t.from, 0), to = std::min(t.to < 0 ? size : t.to, size);
  Met out{"content", "", from};
  if (c.endswith) {
    out.at = std::max<std::int64_t>(0, size - static_cast<std::int64_t>(op.size));
    out.text = "it does not end the buffer" +
               std::string(size - static_cast<std::int64_t>(op.size) < from ? ", which ends too soon" : "");
  } else if (to - from < static_cast<std::int64_t>(op.size)) {
    out.text =
        "there is no room for it: " + (to <= from ? "no byte is left where it may stand"
                                                  : bytes_from(base + from, base + to) + " is all there is");
  } else if (from == 0 && to == size) {
    out.text = "it does not stand there";
  } else {
    out.text = "it does not stand " + bytes_from(base + from, base + to);
  }
  const std::size_t elsewhere = detect::find_bytes(data, needle, c.nocase);
  if (elsewhere != detect::kNotFound) {
    out.text += "; it stands at byte " + text(base + static_cast<std::int64_t>(elsewhere)) +
                ", where the rule does not look";
  } else if (!c.nocase) {
    out.text += other_case(needle, data, base);
  }
  return out;
}

Met number_met(const char* part, const GroupTrace& t, std::int64_t size, std::int64_t base, bool compared) {
  Met out{part, "", t.from};
  if (t.from < 0 || t.from > size || t.to > size) {
    out.text = "the number would stand " + bytes_from(base + t.from, base + t.to) + ", the buffer has " +
               text(size) + " bytes";
  } else if (!t.readable) {
    out.text = "there is no number at byte " + text(base + t.from);
  } else {
    char hex[40];
    std::snprintf(hex, sizeof hex, " (0x%llx)", static_cast<unsigned long long>(t.value));
    out.text = "at byte " + text(base + t.from) + " stands " + std::to_string(t.value) + hex;
    if (compared) out.text += ", held against " + text(t.with);
  }
  return out;
}

struct ClauseMet {
  const detect::RuleSet& set;
  const detect::Op& op;
  const GroupTrace& t;
  Bytes data;
  std::int64_t base;

  [[nodiscard]] std::int64_t size() const { return static_cast<std::int64_t>(data.size()); }

  Met operator()(const rules::Content& c) const { return content(c, set, op, t, data, base); }
  Met operator()(const rules::Pcre& p) const {
    if (t.gave_up) return {"pcre", "given up: the match limit was reached", t.from};
    if (p.negated) return {"pcre", "it matches at byte " + text(base + t.at), t.at};
    return {"pcre",
            t.from == 0 ? "it does not match" : "it does not match from byte " + text(base + t.from) + " on",
            t.from};
  }
  Met operator()(const rules::ByteTest&) const { return number_met("byte_test", t, size(), base, true); }
  Met operator()(const rules::ByteJump&) const {
    Met out = number_met("byte_jump", t, size(), base, false);
    if (t.readable && t.with >= 0)
      out.text +=
          ", which leads to byte " + text(base + t.with) + ", behind the buffer's " + text(size()) + " bytes";
    return out;
  }
  Met operator()(const rules::ByteExtract&) const {
    return number_met("byte_extract", t, size(), base, false);
  }
  Met operator()(const rules::ByteMath&) const { return number_met("byte_math", t, size(), base, false); }
  Met operator()(const rules::IsDataAt& d) const {
    const bool there = t.from < size();
    return {"isdataat",
            std::string(there && d.negated ? "there is data at byte " : "there is no data at byte ") +
                text(base + t.from) + ": the buffer has " + text(size()) + " bytes",
            std::max<std::int64_t>(0, size() - 16)};
  }
  Met operator()(const rules::BufferSize&) const { return {"bsize", "it has " + text(size()) + " bytes", 0}; }
  Met operator()(const rules::Absent&) const { return {"absent", "it is there", 0}; }
  Met operator()(const rules::Base64Decode&) const {
    return {"base64_decode", "nothing could be decoded at byte " + text(base + t.from), t.from};
  }
  Met operator()(const rules::Asn1&) const { return {"asn1", "nothing is wrong with the encoding", t.from}; }
  Met operator()(const rules::Dataset& d) const {
    const bool number = d.command == rules::Dataset::Command::kReputation;
    const bool unwanted = d.command == rules::Dataset::Command::kIsNotSet;
    return {number ? "datarep" : "dataset",
            unwanted ? "the value is in the set"
            : number ? "the value is not in the set, or its reputation does not fit"
                     : "the value is not in the set",
            0};
  }
  Met operator()(const rules::Entropy&) const {
    char v[32];
    std::snprintf(v, sizeof v, "%.3f", t.entropy);
    return {"entropy", t.from < size() ? "it is " + std::string(v) : "there are no bytes to measure", t.from};
  }
  Met operator()(const rules::InDigests& d) const {
    return {"digest", d.negated ? "it is one of them" : "it is none of them", 0};
  }
};

struct PacketMet {
  const detect::Subject& s;
  std::span<const ProtocolSpec* const> protocols;

  std::string operator()(const rules::PacketNumber& t) const {
    const Packet& p = *s.packet;
    const auto of_flow = [&](auto&& value) {
      return s.flow == nullptr ? std::string("the packet belongs to no flow") : std::to_string(value());
    };
    const auto side = [&](Direction d) -> const FlowSide& { return s.flow->side[index(d)]; };
    constexpr Direction kServer = Direction::kToServer, kClient = Direction::kToClient;
    using F = rules::PacketField;
    switch (t.field) {
      case F::kTtl:
        return std::to_string(p.ttl);
      case F::kIpId:
        return std::to_string(p.ip_id);
      case F::kIpProto:
        return std::to_string(p.proto);
      case F::kTos:
        return std::to_string(p.tos);
      case F::kFragOffset:
        return std::to_string(p.frag_offset);
      case F::kDsize:
        return std::to_string(p.payload.size());
      case F::kIcmpType:
        return std::to_string(p.icmp_type);
      case F::kIcmpCode:
        return std::to_string(p.icmp_code);
      case F::kIcmpId:
        return std::to_string(p.icmp_id);
      case F::kIcmpSeq:
        return std::to_string(p.icmp_seq);
      case F::kTcpSeq:
        return std::to_string(p.tcp_seq);
      case F::kTcpAck:
        return std::to_string(p.tcp_ack);
      case F::kTcpWindow:
        return std::to_string(p.tcp_window);
      case F::kTcpMss:
        return p.tcp_mss == 0 ? "the option is not there" : std::to_string(p.tcp_mss);
      case F::kTcpWscale:
        return p.tcp_wscale == 0xff ? "the option is not there" : std::to_string(p.tcp_wscale);
      case F::kVlanLayers:
        return std::to_string(p.vlan_count);
      case F::kFlowAgeSeconds:
        return of_flow([&] {
          return p.time_ns > s.flow->start_ns ? (p.time_ns - s.flow->start_ns) / 1'000'000'000 : 0;
        });
      case F::kFlowPacketsToServer:
        return of_flow([&] { return side(kServer).packets; });
      case F::kFlowPacketsToClient:
        return of_flow([&] { return side(kClient).packets; });
      case F::kFlowBytesToServer:
        return of_flow([&] { return side(kServer).bytes; });
      case F::kFlowBytesToClient:
        return of_flow([&] { return side(kClient).bytes; });
      default:
        return "it does not hold";
    }
  }
  std::string operator()(const rules::VlanId&) const {
    std::string out;
    for (unsigned i = 0; i < s.packet->vlan_count; ++i)
      out += (i == 0 ? "" : ",") + std::to_string(s.packet->vlans[i]);
    return out.empty() ? "no VLAN" : out;
  }
  std::string operator()(const rules::TcpFlags&) const { return rules::tcp_flags_text(s.packet->tcp_flags); }
  std::string operator()(const rules::FragBits&) const {
    const Packet& p = *s.packet;
    const std::string out = std::string(p.reserved_flag ? "R" : "") + (p.dont_fragment ? "D" : "") +
                            (p.more_fragments ? "M" : "");
    return out.empty() ? "none" : out;
  }
  std::string operator()(const rules::RpcCall&) const { return "the packet is no such call"; }
  std::string operator()(const rules::SameIp&) const {
    return rules::address_text(*s.src) + " and " + rules::address_text(*s.dst);
  }
  std::string operator()(const rules::StreamSize&) const {
    if (s.flow == nullptr) return "the packet belongs to no flow";
    const auto size = [&](Direction d) {
      return std::to_string(detect::stream_size_of(*s.flow, d, *s.packet));
    };
    return "client " + size(Direction::kToServer) + ", server " + size(Direction::kToClient);
  }
  std::string operator()(const rules::PacketEvent&) const { return "the packet has no such event"; }
  std::string operator()(const rules::IpOptions&) const { return "the packet has no such option"; }
  std::string operator()(const rules::Checksum& t) const {
    return t.valid ? "it is not right, or there is none" : "it is right, or there is none";
  }
  std::string operator()(const rules::AppProtocolIs&) const { return met_by_app(s.app, s.flow, protocols); }
  std::string operator()(const rules::AddressReputation&) const { return addresses(); }
  std::string operator()(const rules::CountryIs&) const { return addresses(); }
  std::string operator()(const rules::NetworkProtocol&) const { return addresses(); }

 private:
  [[nodiscard]] std::string addresses() const {
    return "it was sent from " + rules::address_text(*s.src) + " to " + rules::address_text(*s.dst);
  }
};

}  // namespace

Met met_by_clause(const rules::Clause& clause, const detect::RuleSet& set, const detect::Op& op,
                  const GroupTrace& trace, const detect::Buffer& b) {
  return std::visit(ClauseMet{set, op, trace, b.data, static_cast<std::int64_t>(b.offset)}, clause);
}

std::string met_by_packet(const rules::PacketTest& t, const detect::Subject& s,
                          std::span<const ProtocolSpec* const> protocols) {
  const std::string met = std::visit(PacketMet{s, protocols}, t);
  return met.find(' ') == std::string::npos ? "it was " + met : met;
}

std::string met_by_transaction(const rules::TransactionTest& t, const detect::Subject& s,
                               const Transaction& tx, std::span<const ProtocolSpec* const> protocols) {
  constexpr unsigned kMostValues = 8;
  if (const auto* integer = std::get_if<rules::IntegerMatch>(&t)) {
    std::string out;
    unsigned n = 0;
    for (const rules::FieldRef& f : integer->fields) {
      const IntegerDef& def = protocols[f.protocol]->integers[f.index];
      if (f.protocol != s.app || def.progress[index(s.dir)] == kNever) continue;
      std::uint64_t v = 0;
      const bool one = s.file != nullptr && def.of_file != FileStage::kNone;
      for (unsigned i = one ? s.file->place : 0; n < kMostValues && def.get(tx, s.dir, i, v); ++i) {
        out += (n++ == 0 ? "" : ", ") + std::to_string(v);
        if (one) break;
      }
    }
    return n == 0 ? "there was no value"
                  : (n == 1 ? "it was " : "they were ") + out + (n == kMostValues ? " ..." : "");
  }
  if (std::holds_alternative<rules::KeywordMatch>(t)) return "the transaction does not fit it";
  std::string names;
  if (s.app < protocols.size()) {
    const auto events = protocols[s.app]->events;
    for (std::size_t i = 0; i < events.size() && i < 64; ++i) {
      if (tx.events >> i & 1) names += (names.empty() ? "" : ", ") + std::string(events[i].name);
    }
  }
  return names.empty() ? "there was no event" : names;
}

std::string met_by_pattern(std::string_view pattern, bool nocase, const detect::Buffer& b) {
  return "it does not stand there" +
         (nocase ? "" : other_case(as_bytes(pattern), b.data, static_cast<std::int64_t>(b.offset)));
}

std::string met_by_state(const detect::StateOp& op, const detect::RuleSet& set, const detect::Subject& s,
                         const detect::CoreMemory& core) {
  using K = detect::StateOp::Kind;
  constexpr std::size_t kMostShown = 64;
  const auto holds = [&](Bytes value) {
    return "it holds \"" + rules::printable(as_text(value), kMostShown) + "\"";
  };
  if (op.kind == K::kPacketVariable) {
    const detect::Captures& of_packet = core.variables_of_packet;
    for (std::size_t i = of_packet.count; i-- > 0;) {
      if (of_packet.values[i].name == op.id) return holds(of_packet.values[i].value);
    }
    return "no rule before it took it from this packet";
  }
  if (s.flow == nullptr) return "the packet belongs to no flow";
  FlowBits* bits = s.flow->bits;
  const auto number = [&](std::uint32_t id) -> std::string {
    const FlowBits::Int* v = bits != nullptr ? bits->integer(id) : nullptr;
    return v != nullptr && v->set ? "was " + std::to_string(v->value) : "was never set";
  };
  switch (op.kind) {
    case K::kBitIsSet:
    case K::kTxBitIsSet:
      return "it was not set then";
    case K::kBitIsNotSet:
    case K::kTxBitIsNotSet:
      return "it was set then";
    case K::kFlowVariable:
      for (const FlowVariable* v = bits != nullptr ? bits->variables : nullptr; v != nullptr; v = v->next) {
        if (v->name == op.id) return holds(v->view());
      }
      return "no rule has taken it from this flow";
    default:
      if (!op.other_is_int) return "it " + number(op.id);
      return "it " + number(op.id) + ", " + rules::one_line(set.int_names[op.value]) + " " + number(op.value);
  }
}

std::string met_by_app(ProtocolId app, const Flow* f, std::span<const ProtocolSpec* const> protocols) {
  if (app < protocols.size()) return "the flow speaks " + std::string(protocols[app]->name);
  if (f != nullptr && (f->flags & flow_flag::kAppDone))
    return "the flow speaks no protocol that picket knows";
  return "what the flow speaks was not known yet";
}

std::string part_of(const std::string& description) { return description.substr(0, description.find(':')); }

}  // namespace picket::explain
