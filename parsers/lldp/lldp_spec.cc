#include <algorithm>

#include "parsers/lldp/lldp.h"

namespace picket::lldp {
namespace {

constexpr std::uint8_t kWhole = 1;  // the only progress: a frame is there or it is not
constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};

class LldpParser final : public Parser {
 public:
  explicit LldpParser(const ParserContext& c) noexcept : last_(c.pool), last_ids_(c.pool) {}

  void on_datagram(Direction dir, Bytes frame, Sink& sink) noexcept override {
    Message m;
    m.id = next_id_++;
    m.direction = dir;
    (dir == Direction::kToServer ? m.has_request : m.has_reply) = true;
    const auto report = [&](Event e) noexcept { sink.event(dir, static_cast<std::uint8_t>(e), &m); };
    read(frame, m, report);
    remember(m, report);
    sink.advance(m, dir, kWhole);
    sink.done(m);
  }

 private:
  template <class Report>
  static void read(Bytes frame, Message& m, Report&& report) noexcept {
    Tlvs tlvs(frame);
    Tlv t;
    std::uint16_t seen = 0;
    bool order = true, sound = true, twice = false;
    const std::uint8_t* end = frame.data();
    while (tlvs.next(t)) {
      ++m.tlv_count;
      end = t.value.data() + t.value.size();
      // The first three are the mandatory ones, in this order (§8.2), and nowhere else.
      order = order && (m.tlv_count > 3 ? t.type > 3 : t.type == m.tlv_count);
      sound = well_formed(t) && sound;
      if (t.type <= static_cast<std::uint8_t>(Type::kCapabilities)) {
        twice = twice || (seen >> t.type & 1) != 0;
        seen |= static_cast<std::uint16_t>(1U << t.type);
      }
      take(t, m);
    }
    m.pdu = frame.first(static_cast<std::size_t>(end - frame.data()));
    if (tlvs.broken()) report(Event::kInvalidTlv);
    if (!m.has_chassis || !m.has_port || !m.has_ttl)
      report(Event::kMissingTlv);
    else if (!order)
      report(Event::kWrongOrder);
    if (twice) report(Event::kDuplicateTlv);
    if (!sound) report(Event::kInvalidValue);
    if (!tlvs.ended() && !tlvs.broken()) report(Event::kNoEnd);
  }

  static void take(const Tlv& t, Message& m) noexcept {
    if (t.is(Type::kChassisId) && !m.has_chassis) {
      m.chassis = t.value;
      m.has_chassis = true;
    } else if (t.is(Type::kPortId) && !m.has_port) {
      m.port = t.value;
      m.has_port = true;
    } else if (t.is(Type::kTtl) && !m.has_ttl) {
      Cursor c(t.value);
      m.ttl = c.u16be();
      m.has_ttl = c.ok();
    }
  }

  /// What it is to the one before.
  template <class Report>
  void remember(Message& m, Report&& report) noexcept {
    const auto same = [](Bytes a, Bytes b) noexcept {
      return std::equal(a.begin(), a.end(), b.begin(), b.end());
    };
    const bool knows = !last_.empty();
    // An id may not grow into the other one: its size stands before it.
    std::array<std::uint8_t, 2> size = {static_cast<std::uint8_t>(m.chassis.size()),
                                        static_cast<std::uint8_t>(m.chassis.size() >> 8)};
    const Bytes ids = last_ids_.view();
    const bool same_ids = ids.size() == 2 + m.chassis.size() + m.port.size() && same(ids.first(2), size) &&
                          same(ids.subspan(2, m.chassis.size()), m.chassis) &&
                          same(ids.subspan(2 + m.chassis.size()), m.port);
    if (m.has_ttl && m.ttl == 0) {
      m.status = Status::kShutdown;
      last_.clear();
      return;
    }
    m.status = !knows ? Status::kNew : same(last_.view(), m.pdu) ? Status::kRefreshed : Status::kChanged;
    if (m.status == Status::kRefreshed) return;
    const bool named = m.has_chassis && m.has_port;
    if (knows && named && !ids.empty() && !same_ids) report(Event::kIdentityChanged);
    last_.clear();
    if (!last_.append(m.pdu)) return report(Event::kOutOfMemory);
    if (!named) return;
    last_ids_.clear();
    if (!last_ids_.append(size) || !last_ids_.append(m.chassis) || !last_ids_.append(m.port))
      report(Event::kOutOfMemory);
  }

  PoolBuffer last_, last_ids_;  ///< the LLDPDU before; its chassis and port
  std::uint64_t next_id_ = 0;
};

const Message* sent(const Transaction& tx, Direction dir) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  return (dir == Direction::kToServer ? tx.has_request : tx.has_reply) ? &m : nullptr;
}

bool chassis_id(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr || !m->has_chassis) return false;
  out = id_text(m->chassis, false, m->text_room);
  return true;
}
bool port_id(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr || !m->has_port) return false;
  out = id_text(m->port, true, m->text_room);
  return true;
}

/// The first TLV of that kind.
template <Type kType>
bool plain(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  Tlv t;
  if (n != 0 || m == nullptr || !nth(m->pdu, 0, t, [](const Tlv& x) noexcept { return x.is(kType); }))
    return false;
  out = t.value;
  return true;
}
template <std::uint8_t kSubtype>
bool med(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  Tlv t;
  if (n != 0 || m == nullptr ||
      !nth(m->pdu, 0, t, [](const Tlv& x) noexcept { return x.is(kMed, kSubtype); }))
    return false;
  out = t.value;
  return true;
}
bool management_address(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  Tlv t;
  const auto wanted = [](const Tlv& x) noexcept {
    Address a;
    return x.is(Type::kManagementAddress) && read_address(x.value, a);
  };
  Address a;
  if (m == nullptr || !nth(m->pdu, n, t, wanted) || !read_address(t.value, a)) return false;
  out = address_text(a.family, a.address, m->text_room);
  return true;
}
bool pdu(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = m->pdu;
  return true;
}

/// Names of the capabilities that are enabled.
bool capability(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Bytes value;
  if (!plain<Type::kCapabilities>(tx, dir, 0, value) || value.size() != 4) return false;
  const unsigned enabled = unsigned{value[2]} << 8 | value[3];
  for (unsigned bit = 0; bit < kCapabilities; ++bit) {
    if ((enabled >> bit & 1) == 0 || n-- != 0) continue;
    out = as_bytes(capability_name(bit));
    return true;
  }
  return false;
}

bool ttl(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr || !m->has_ttl) return false;
  out = m->ttl;
  return true;
}
bool status(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = static_cast<std::uint64_t>(m->status);
  return true;
}
bool tlv_count(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = sent(tx, dir);
  if (n != 0 || m == nullptr) return false;
  out = m->tlv_count;
  return true;
}
bool port_vlan(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = sent(tx, dir);
  Tlv t;
  if (n != 0 || m == nullptr || !nth(m->pdu, 0, t, [](const Tlv& x) noexcept { return x.is(kDot1, 1); }))
    return false;
  Cursor c(t.value);
  out = c.u16be();
  return c.ok();
}

constexpr BufferDef kBuffers[] = {
    {"lldp.chassis_id", "", kBoth, chassis_id, "id of the chassis as text"},
    {"lldp.port_id", "", kBoth, port_id, "id of the port as text"},
    {"lldp.port_description", "", kBoth, plain<Type::kPortDescription>, "description of the port"},
    {"lldp.system_name", "", kBoth, plain<Type::kSystemName>, "name of the system"},
    {"lldp.system_description", "", kBoth, plain<Type::kSystemDescription>, "description of the system"},
    {"lldp.capability", "", kBoth, capability, "each capability that is enabled, by name"},
    {"lldp.management_address", "", kBoth, management_address, "each management address as text"},
    {"lldp.hardware_revision", "", kBoth, med<5>, "inventory of LLDP-MED: hardware revision"},
    {"lldp.firmware_revision", "", kBoth, med<6>, "inventory of LLDP-MED: firmware revision"},
    {"lldp.software_revision", "", kBoth, med<7>, "inventory of LLDP-MED: software revision"},
    {"lldp.serial_number", "", kBoth, med<8>, "inventory of LLDP-MED: serial number"},
    {"lldp.manufacturer", "", kBoth, med<9>, "inventory of LLDP-MED: manufacturer"},
    {"lldp.model", "", kBoth, med<10>, "inventory of LLDP-MED: model"},
    {"lldp.asset_id", "", kBoth, med<11>, "inventory of LLDP-MED: asset id"},
    {"lldp.pdu", "", kBoth, pdu, "all TLVs as they were sent, up to the end"},
};

constexpr IntegerDef kIntegers[] = {
    {"lldp.ttl", "", kBoth, ttl, nullptr, "seconds that the information is good for; 0: the neighbour goes"},
    {"lldp.status", "", kBoth, status, status_by_name, "new, changed, refreshed, shutdown"},
    {"lldp.tlv_count", "", kBoth, tlv_count, nullptr, "TLVs before the end"},
    {"lldp.port_vlan", "", kBoth, port_vlan, nullptr, "VLAN of the port (802.1)"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_tlv", "a TLV leads beyond the frame"},
    {"missing_tlv", "chassis id, port id or time to live are not there"},
    {"wrong_order", "chassis id, port id and time to live are not the first three"},
    {"duplicate_tlv", "a TLV that may stand there once stands there twice"},
    {"invalid_value", "the value of a TLV cannot have that length"},
    {"no_end", "no end TLV, though the frame goes no further"},
    {"identity_changed", "the same MAC address speaks for another chassis or port than before"},
    {"out_of_memory", "no memory was left to remember the neighbour"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kEthertypes[] = {kEthertype};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "lldp",
    .record = "lldp",
    .transports = static_cast<std::uint8_t>(Transport::kEthernet),
    .ethertypes = kEthertypes,
    .probe = probe,
    .parser_size = sizeof(LldpParser),
    .create = create_parser<LldpParser>,
    .complete = {kWhole, kWhole},
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
};

}  // namespace picket::lldp
