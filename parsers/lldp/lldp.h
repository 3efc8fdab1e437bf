// parsers/lldp/lldp.h — LLDP (IEEE 802.1AB-2016, §8 and Annex D), with what others put into it: IEEE 802.3 (Clause 79),
// ANSI/TIA-1057 (MED), PROFINET (IEC 61158-6-10, 4.11)
//
//      | type: 7 bits | length: 9 bits | value | ...       1 chassis id, 2 port id, 3 time to live, ..., 0 end
//      127: | OUI: 3 | subtype: 1 | ... |
//
// In      what follows the EtherType 0x88CC of one frame
// Out     an Lldpdu: the mandatory TLVs, and the rest to be walked on demand (Tlvs); all borrow from the frame
// Cost    O(bytes); no allocation. A flow keeps the last LLDPDU, to tell what changed
// Limits  a frame. A TLV that leads beyond it ends the walk: what stands before is told
#pragma once
#include "parsers/core/protocol.h"

namespace picket::lldp {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:lldp.<name>`.
enum class Event : std::uint8_t {
  kInvalidTlv,
  kMissingTlv,
  kWrongOrder,
  kDuplicateTlv,
  kInvalidValue,
  kNoEnd,
  kIdentityChanged,
  kOutOfMemory,
};

inline constexpr std::uint16_t kEthertype = 0x88cc;

enum class Type : std::uint8_t {
  kEnd = 0,
  kChassisId = 1,
  kPortId = 2,
  kTtl = 3,
  kPortDescription = 4,
  kSystemName = 5,
  kSystemDescription = 6,
  kCapabilities = 7,
  kManagementAddress = 8,
  kOrganisation = 127,
};

/// Organisations whose TLVs are taken apart.
inline constexpr std::uint32_t kDot1 = 0x0080c2, kDot3 = 0x00120f, kMed = 0x0012bb, kProfinet = 0x000ecf;

struct Tlv {
  std::uint8_t type = 0;
  std::uint8_t subtype = 0;  ///< kOrganisation
  std::uint32_t oui = 0;     ///< kOrganisation
  Bytes value;               ///< behind OUI and subtype, where there are such

  [[nodiscard]] bool is(Type t) const noexcept { return type == static_cast<std::uint8_t>(t); }
  [[nodiscard]] bool is(std::uint32_t organisation, std::uint8_t sub) const noexcept {
    return is(Type::kOrganisation) && oui == organisation && subtype == sub;
  }
};

/// TLVs one after the other, up to the end.
class Tlvs {
 public:
  explicit Tlvs(Bytes pdu) noexcept : in_(pdu) {}
  [[nodiscard]] bool next(Tlv& out) noexcept;
  [[nodiscard]] bool ended() const noexcept { return ended_; }      ///< by an end TLV
  [[nodiscard]] bool broken() const noexcept { return !in_.ok(); }  ///< a TLV leads beyond the frame

 private:
  Cursor in_;
  bool ended_ = false;
};

/// What a message is to the one before it.
enum class Status : std::uint8_t { kNew, kChanged, kRefreshed, kShutdown };
[[nodiscard]] std::string_view status_name(Status) noexcept;
[[nodiscard]] bool status_by_name(std::string_view, std::uint64_t& out) noexcept;

struct Message : Transaction {
  Direction direction = Direction::kToServer;
  Status status = Status::kNew;
  Bytes pdu;
  Bytes chassis, port;  ///< with their subtypes
  std::uint16_t ttl = 0, tlv_count = 0;
  bool has_chassis = false, has_port = false, has_ttl = false;
  mutable std::array<char, 64> text_room;
};

/// The n-th TLV that is `wanted`.
template <class Wanted>
[[nodiscard]] bool nth(Bytes pdu, unsigned n, Tlv& out, Wanted&& wanted) noexcept {
  Tlvs tlvs(pdu);
  while (tlvs.next(out)) {
    if (wanted(static_cast<const Tlv&>(out)) && n-- == 0) return true;
  }
  return false;
}

/// An id as people write it, of a subtype that is a MAC or a network address; all others are text as sent.
[[nodiscard]] Bytes id_text(Bytes id, bool of_port, std::span<char> room) noexcept;
/// "10.0.0.1", "fe80:0:0:0:0:0:0:1", "00:11:22:33:44:55", or hexadecimal.
[[nodiscard]] Bytes address_text(std::uint8_t family, Bytes address, std::span<char> room) noexcept;

/// A management address (§8.5.9).
struct Address {
  std::uint8_t family = 0, interface_subtype = 0;
  std::uint32_t interface_number = 0;
  Bytes address, oid;
};
[[nodiscard]] bool read_address(Bytes value, Address& out) noexcept;

/// Is the value of a form that its TLV can have? Asked of what is taken apart; true of all others.
[[nodiscard]] bool well_formed(const Tlv&) noexcept;

// Names; "" when there is none.
[[nodiscard]] std::string_view chassis_subtype_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view port_subtype_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view interface_subtype_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view capability_name(unsigned bit) noexcept;
[[nodiscard]] std::string_view med_capability_name(unsigned bit) noexcept;
[[nodiscard]] std::string_view med_class_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view policy_name(std::uint8_t application) noexcept;
[[nodiscard]] std::string_view location_name(std::uint8_t format) noexcept;
inline constexpr unsigned kCapabilities = 11, kMedCapabilities = 6;

/// An EtherType says what its frames are: there is nothing to ask of their content.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::lldp
