// export/assets/clues.h — how a protocol says what its records tell of the two hosts: its evidence for the inventory
//
//   // parsers/NAME/NAME_assets.cc, listed as asset_protocols += 'NAME' in parsers/NAME/meson.build
//   constexpr AssetClue kClues[] = {
//       {{N::kServerFieldNumber}, AssetEnd::kServer, AssetKind::kSoftware, confidence::kStated},
//       {{N::kReplyFieldNumber, R::kDeviceFieldNumber}, AssetEnd::kServer, AssetKind::kModel,
//        confidence::kIdentified, read_device},
//   };
//   const AssetClues kAssetClues = {.clues = kClues, .server_role = {"PLC", confidence::kNamed}};
//
// A clue is a field of the protocol's message, by field numbers of the generated header from the outside in, and what
// it is evidence of. It is found in the record's bytes as often as it stands there; a clue with a `read` is handed
// the field and says itself what it tells. That a host speaks the protocol, and (protocols with Event.ot) what it
// does with it, is told without a clue.
//
// Runs    on the export thread, behind the merge, in the order of the capture: it may allocate, but is called
//         for each record of its protocol
// Limits  kMaxClues a protocol, kMaxCluePath fields deep; texts are cut and cleaned by the inventory
#pragma once
#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "export/wire_reader.h"
#include "parsers/core/protocol.h"

namespace picket {

/// What a piece of evidence is about. Names and limits: asset_kind().
enum class AssetKind : std::uint8_t {
  kMac,      ///< "00:1b:1b:11:22:33"
  kAddress,  ///< IP address that a host says it has, in frames without IP
  kName,     ///< host name, DNS name, name in a certificate
  kVendor,
  kModel,     ///< also an order number
  kHardware,  ///< its version
  kFirmware,
  kSerial,
  kOs,
  kSoftware,  ///< a server's or client's name for itself
  kRole,      ///< "PLC", "RTU", "HMI", "engineering station" ...
  kStation,   ///< a device behind the address: "modbus 5"
  kClientOf,  ///< a protocol
  kServerOf,  ///< a protocol and its port
  kDoes,      ///< as a client, by OtClass: "program"
  kIsDone,    ///< to it as a server: "program"
  kCount
};
struct AssetKindText {
  std::string_view name;
  std::size_t most;  ///< pieces of evidence of that kind that an asset holds
};
[[nodiscard]] const AssetKindText& asset_kind(AssetKind) noexcept;

enum class AssetEnd : std::uint8_t { kClient, kServer };

/// How sure a source makes: by who says it, and how hard it is to be wrong.
namespace confidence {
inline constexpr std::uint8_t kIdentified = 90;  ///< the device itself, asked for its identity
inline constexpr std::uint8_t kStated = 70;      ///< the host itself: a banner, a certificate, a log on
inline constexpr std::uint8_t kNamed =
    50;  ///< somebody else says it of the host, or it follows from what it does
inline constexpr std::uint8_t kHint = 30;  ///< drawn from a text that was made for something else
inline constexpr std::uint8_t kWeak = 10;  ///< a habit of many
}  // namespace confidence

/// What a clue tells goes here.
class AssetTeller {
 public:
  /// Of an end of the record's flow. Empty texts tell nothing.
  virtual void tell(AssetEnd, AssetKind, std::string_view text, std::uint8_t confidence) = 0;
  /// Of an address that the record speaks of, as text ("192.0.2.1") or 4 or 16 bytes: where such an
  /// asset is, or as soon as it is seen.
  virtual void tell_of(std::string_view address_text, AssetKind, std::string_view text,
                       std::uint8_t confidence) = 0;
  /// The protocol's message, for a clue that has to know another field.
  [[nodiscard]] virtual Bytes message() const = 0;

 protected:
  ~AssetTeller() = default;
};

inline constexpr std::size_t kMaxCluePath = 5;
inline constexpr std::size_t kMaxClues = 64;

struct AssetClue {
  std::array<int, kMaxCluePath> path{};  ///< field numbers, then zeros
  AssetEnd end = AssetEnd::kServer;
  AssetKind kind = AssetKind::kName;
  std::uint8_t confidence = 0;
  void (*read)(const WireField&, const AssetClue&,
               AssetTeller&) = nullptr;  ///< nullptr: the field is the text
};

struct AssetRole {
  std::string_view name;  ///< "": none
  std::uint8_t confidence = 0;
};

struct AssetClues {
  std::span<const AssetClue> clues;
  AssetRole client_role{}, server_role{};  ///< of whoever was heard as such
  /// The flow's client is the server of what this message says: a device that calls, or one that tells unasked.
  /// `client_heard`: the client sent it, or a part of it. Where this may be, flows do not tell who is client of whom.
  bool (*reversed)(Bytes message, bool client_heard) = nullptr;
  /// Who sets values here is an HMI, who keeps reading a historian ... (AssetTable): not where
  /// clinics or networks are managed.
  bool activity_shows_role = true;
};

/// For AssetClues::reversed: whoever sends serves. Nobody asks for what goes to a group.
[[nodiscard]] constexpr bool sender_serves(Bytes, bool client_heard) noexcept { return client_heard; }

/// By ProtocolId; nullptr: it has none. Generated from the table in parsers/meson.build.
std::span<const AssetClues* const> asset_clues() noexcept;

/// The first field of that number as text; "" when there is none.
[[nodiscard]] inline std::string_view text_field(Bytes message, int number) noexcept {
  WireReader in(message);
  for (WireField f; in.next(f);) {
    if (f.type == 2 && f.number == static_cast<std::uint32_t>(number)) return as_text(f.bytes);
  }
  return {};
}
/// The same of a number; 0 when there is none.
[[nodiscard]] inline std::uint64_t number_field(Bytes message, int number) noexcept {
  WireReader in(message);
  for (WireField f; in.next(f);) {
    if (f.type == 0 && f.number == static_cast<std::uint32_t>(number)) return f.value;
  }
  return 0;
}

/// The first message of that number in a message.
[[nodiscard]] inline Bytes message_field(Bytes message, int number) noexcept {
  return as_bytes(text_field(message, number));
}

/// What operating system a text of a product's name hints at: "OpenSSH_9.2p1 Debian-2" is Debian. "": none.
[[nodiscard]] std::string_view os_in(std::string_view text) noexcept;
/// Is it an address written out, with or without a port or brackets?
[[nodiscard]] bool is_address_text(std::string_view text) noexcept;

/// For AssetClue::read: tells the text as it is, unless it is an address.
void read_name(const WireField&, const AssetClue&, AssetTeller&);
/// For AssetClue::read: tells the text as software, and the operating system that it hints at.
void read_software(const WireField&, const AssetClue&, AssetTeller&);
/// For AssetClue::read: six bytes that are a host's MAC.
void read_mac(const WireField&, const AssetClue&, AssetTeller&);
/// What a device writes about itself into one line: tells it as software, and of parts between commas that say what
/// they are ("FW: V4.02", "S/N 123", Siemens' order numbers) firmware, hardware, serial number and model.
void tell_description(AssetEnd, std::string_view text, std::uint8_t confidence, AssetTeller&);
/// The common name in a certificate's subject, "C=DE, O=Example, CN=plc.example": "" where there is none.
[[nodiscard]] std::string_view common_name(std::string_view subject) noexcept;

}  // namespace picket
