#include "export/assets/asset_reader.h"

#include <charconv>
#include <cstring>

#include "export/assets/asset_address.h"
#include "export/encoder.h"
#include "export/proto/picket/v1/event.pb.h"
#include "parsers/core/text_writer.h"

namespace picket {
namespace {

using Ev = v1::Event;

}  // namespace

AssetReader::AssetReader(AssetTable& table) : table_(table) {
  const auto all = asset_clues();
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    const ProtocolSpec& spec = *protocols()[i];
    const auto* field = Ev::descriptor()->FindFieldByName(std::string(spec.record));
    record_field_.push_back(field == nullptr ? 0 : static_cast<std::uint32_t>(field->number()));
    const ProtocolId owner = find_protocol(spec.record);
    clues_.push_back(all[i] != nullptr || owner == kNoProtocol ? all[i] : all[owner]);
    PICKET_ASSERT(clues_.back() == nullptr || clues_.back()->clues.size() <= kMaxClues);
  }
}

bool AssetReader::unwrap(Bytes record, std::uint32_t body_field, Envelope& e) {
  WireReader in(record);
  for (WireField f; in.next(f);) {
    switch (f.number) {
      case Ev::kTimestampFieldNumber:
        e.time_ns = f.value;
        break;
      case Ev::kInIfaceFieldNumber:
        e.tap = as_text(f.bytes);
        break;
      case Ev::kSrcIpFieldNumber:
        e.src = f.bytes;
        break;
      case Ev::kSrcPortFieldNumber:
        e.src_port = static_cast<std::uint16_t>(f.value);
        break;
      case Ev::kDestIpFieldNumber:
        e.dst = f.bytes;
        break;
      case Ev::kDestPortFieldNumber:
        e.dst_port = static_cast<std::uint16_t>(f.value);
        break;
      case Ev::kAppProtoFieldNumber:
        e.app_proto = as_text(f.bytes);
        break;
      case Ev::kVlanFieldNumber: {  // one by one, or packed
        WireReader packed(f.bytes);
        do {
          const std::uint64_t vlan = f.type == 2 ? packed.varint() : f.value;
          // 0 is a priority, and no VLAN (IEEE 802.1Q, 9.6).
          if (vlan != 0 && e.vlan_count < e.vlans.size())
            e.vlans[e.vlan_count++] = static_cast<std::uint16_t>(vlan);
        } while (f.type == 2 && !packed.empty());
        break;
      }
      case Ev::kEtherFieldNumber: {
        WireReader ether(f.bytes);
        for (WireField part; ether.next(part);) {
          if (part.number == v1::Ether::kSrcMacFieldNumber) e.src_mac = part.bytes;
          if (part.number == v1::Ether::kDestMacFieldNumber) e.dst_mac = part.bytes;
        }
        break;
      }
      case Ev::kFlowFieldNumber:
        e.flow = f.bytes;
        break;
      case Ev::kArpFieldNumber:
        e.arp = f.bytes;
        break;
      case Ev::kOtFieldNumber:
        e.ot = f.bytes;
        break;
      default:
        if (f.number == body_field) e.body = f.bytes;
        break;
    }
  }
  return in.ok();
}

void AssetReader::read(const EventHeader& h, Bytes record, Bytes notes) {
  const bool transaction_record = h.type == RecordType::kTransaction && h.protocol < record_field_.size();
  if (!transaction_record && h.type != RecordType::kFlow && h.type != RecordType::kArp) return;
  Envelope e;
  if (!unwrap(record, transaction_record ? record_field_[h.protocol] : 0, e)) return;
  const auto scope = table_.scope(e.tap, std::span(e.vlans).first(e.vlan_count));
  if (!scope) return;
  time_ns_ = e.time_ns;
  scope_ = *scope;
  client_ = server_ = nullptr;
  if (transaction_record) return transaction(h, e);
  h.type == RecordType::kFlow ? flow(e, notes) : arp(e);
}

std::optional<AssetReader::End> AssetReader::end_of(const Envelope& e, bool src) noexcept {
  if (const auto ip = address_of(src ? e.src : e.dst)) return End{*ip, false, src ? e.src_port : e.dst_port};
  const Bytes mac = src ? e.src_mac : e.dst_mac;
  if (!e.src.empty() || mac.size() != std::tuple_size_v<Mac>) return std::nullopt;
  Mac m;
  std::copy(mac.begin(), mac.end(), m.begin());
  return End{Address::mac(m), true, 0};
}

Asset* AssetReader::asset_of(const End& end, bool is_heard) {
  if (!is_heard) return table_.find(scope_, end.address, end.link);
  return end.link ? table_.heard_link(scope_, end.address.mac(), time_ns_)
                  : table_.heard(scope_, end.address, time_ns_);
}

void AssetReader::flow(const Envelope& e, Bytes notes) {
  const auto src = end_of(e, true), dst = end_of(e, false);
  if (!src || !dst) return;
  const bool client_heard = number_field(e.flow, v1::Flow::kPktsToserverFieldNumber) != 0;
  const bool server_heard = number_field(e.flow, v1::Flow::kPktsToclientFieldNumber) != 0;
  // One may make room for the other in a table of one; each is done with before the next is looked up.
  FlowEnds ends;
  if (notes.size() == sizeof ends) std::memcpy(&ends, notes.data(), sizeof ends);
  const ProtocolId protocol = e.app_proto.empty() ? kNoProtocol : find_protocol(e.app_proto);
  const bool unclear =
      protocol == kNoProtocol || (clues_[protocol] != nullptr && clues_[protocol]->reversed != nullptr);
  const auto end = [&](bool is_heard, const End& who, Direction dir) {
    Asset* a = is_heard ? asset_of(who, true) : nullptr;
    if (a == nullptr) return;
    if (const FlowEnds::End& frame = ends.sent[index(dir)]; frame.seen && !who.link) {
      hint_at_os(*a, frame.ttl);
      table_.sent(*a, frame.mac, frame.ttl, time_ns_);
    }
    if (unclear) return;
    const bool client = dir == Direction::kToServer;
    std::array<char, 64> room;
    TextWriter text(room);
    text << e.app_proto;
    if (!client && !who.link) text << "/" << e.dst_port;
    table_.add(*a, client ? AssetKind::kClientOf : AssetKind::kServerOf, protocol, as_text(text.bytes()),
               confidence::kStated, time_ns_);
  };
  end(client_heard, *src, Direction::kToServer);
  end(server_heard, *dst, Direction::kToClient);
}

/// Initial values are those of the common systems; what is left is at most so many routers away.
void AssetReader::hint_at_os(Asset& a, std::uint8_t ttl) {
  if (ttl <= 32) return;
  const std::string_view os = ttl <= 64 ? "Linux or Unix" : ttl <= 128 ? "Windows" : "network device";
  table_.add(a, AssetKind::kOs, kSourceTtl, os, confidence::kWeak, time_ns_);
}

void AssetReader::arp(const Envelope& e) {
  Bytes ip, mac;
  WireReader in(e.arp);
  for (WireField f; in.next(f);) {
    if (f.number == v1::Arp::kSrcIpFieldNumber) ip = f.bytes;
    if (f.number == v1::Arp::kSrcMacFieldNumber) mac = f.bytes;
  }
  const auto address = address_of(ip);
  Mac sender;
  if (!address || mac.size() != sender.size()) return;
  std::copy(mac.begin(), mac.end(), sender.begin());
  if (Asset* a = table_.heard(scope_, *address, time_ns_); a != nullptr)
    table_.announced(*a, sender, time_ns_);
}

void AssetReader::transaction(const EventHeader& h, const Envelope& e) {
  bool client_heard = (h.heard & heard::kClient) != 0, server_heard = (h.heard & heard::kServer) != 0;
  const bool straight = transaction_from(h.protocol, client_heard, server_heard) == Direction::kToServer;
  auto client = end_of(e, straight), server = end_of(e, !straight);
  if (!client || !server) return;
  source_ = h.protocol;
  station_ = kNoOtStation;
  says_ = clues_[h.protocol];
  if (says_ != nullptr && says_->reversed != nullptr && says_->reversed(e.body, client_heard)) {
    std::swap(client, server);
    std::swap(client_heard, server_heard);
  }
  client_ = asset_of(*client, client_heard);
  server_ = asset_of(*server, server_heard);
  if (client_ != nullptr) client_ = asset_of(*client, false);  // the server may have taken its place
  const std::string_view name = protocols()[h.protocol]->name;
  if (client_heard) tell(AssetEnd::kClient, AssetKind::kClientOf, name, confidence::kStated);
  if (server_heard) {
    std::array<char, 64> room;
    TextWriter text(room);
    text << name;
    if (!server->link) text << "/" << server->port;
    tell(AssetEnd::kServer, AssetKind::kServerOf, as_text(text.bytes()), confidence::kStated);
  }
  if (!e.ot.empty()) operation(e.ot, server_heard);
  if (says_ == nullptr) return;
  if (client_heard) role(client_, says_->client_role);
  if (server_heard) role(server_, says_->server_role);
  message_ = e.body;
  if (!e.body.empty() && !says_->clues.empty())
    walk(e.body, ~std::uint64_t{0} >> (kMaxClues - says_->clues.size()), 0);
}

void AssetReader::role(Asset* a, const AssetRole& r) {
  if (a != nullptr && !r.name.empty())
    table_.add(*a, AssetKind::kRole, source_, r.name, r.confidence, time_ns_);
}

/// What was refused was not done.
void AssetReader::operation(Bytes ot, bool answered) {
  std::string_view what;
  bool failed = false;
  WireReader in(ot);
  for (WireField f; in.next(f);) {
    if (f.number == v1::Ot::kClassFieldNumber) what = as_text(f.bytes);
    if (f.number == v1::Ot::kStationFieldNumber) station_ = static_cast<std::int64_t>(f.value);
    if (f.number == v1::Ot::kFailedFieldNumber) failed = f.value != 0;
  }
  if (station_ != kNoOtStation && answered && server_ != nullptr) {
    std::array<char, 64> room;
    const std::string_view text =
        as_text((TextWriter(room) << protocols()[source_]->name << " " << station_).bytes());
    table_.add(*server_, AssetKind::kStation, source_, text, confidence::kStated, time_ns_);
  }
  if (failed || what == ot_class_name(OtClass::kNone)) return;
  if (client_ != nullptr)
    table_.add(*client_, AssetKind::kDoes, source_, what, confidence::kStated, time_ns_);
  if (server_ != nullptr && answered)
    table_.add(*server_, AssetKind::kIsDone, source_, what, confidence::kStated, time_ns_);
}

/// `clues`: those whose path leads through this message, bit by number. As deep as paths are.
void AssetReader::walk(Bytes message, std::uint64_t clues, std::size_t depth) {
  WireReader in(message);
  for (WireField f; in.next(f);) {
    std::uint64_t inside = 0;
    for (std::uint64_t left = clues; left != 0; left &= left - 1) {
      const auto n = static_cast<std::size_t>(std::countr_zero(left));
      const AssetClue& c = says_->clues[n];
      if (static_cast<std::uint32_t>(c.path[depth]) != f.number) continue;
      if (depth + 1 < c.path.size() && c.path[depth + 1] != 0) {
        inside |= std::uint64_t{1} << n;
      } else if (c.read != nullptr) {
        c.read(f, c, *this);
      } else if (f.type == 2) {
        tell(c.end, c.kind, as_text(f.bytes), c.confidence);
      }
    }
    if (inside != 0 && f.type == 2) walk(f.bytes, inside, depth + 1);
  }
}

void AssetReader::tell(AssetEnd end, AssetKind kind, std::string_view text, std::uint8_t confidence) {
  Asset* a = end == AssetEnd::kClient ? client_ : server_;
  if (a == nullptr) return;
  // What identifies a device is that of the station that was asked; the rest is the host's.
  const bool of_station =
      end == AssetEnd::kServer && kind >= AssetKind::kVendor && kind <= AssetKind::kSerial;
  table_.add(*a, kind, source_, text, confidence, time_ns_, of_station ? station_ : kNoOtStation);
}

void AssetReader::tell_of(std::string_view address, AssetKind kind, std::string_view text,
                          std::uint8_t confidence) {
  if (const auto a = parse_address(address); a && !text.empty())
    table_.add_of(scope_, *a, kind, source_, text, confidence, time_ns_);
}

}  // namespace picket
