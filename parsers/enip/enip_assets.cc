// What devices say of themselves: ListIdentity, the Identity object, the TCP/IP and Ethernet Link objects.
#include <array>
#include <cstdio>

#include "export/assets/clues.h"
#include "parsers/core/text_writer.h"
#include "parsers/enip/enip.pb.h"

namespace picket::enip {
namespace {

using N = v1::Enip;
using M = v1::EnipMessage;
using C = v1::EnipCip;
using I = v1::EnipIdentity;
using T = v1::EnipTcpIp;
using U = v1::EnipUnconnectedSend;
using F = v1::EnipForwardOpen;

/// Device profiles (CIP, volume 1, chapter 6) that say what a host is for.
std::string_view role_of(std::uint64_t device_type) noexcept {
  switch (device_type) {
    case 0x02:
    case 0x13:
    case 0x25:
    case 0x2d:
    case 0x2e:
      return "drive";
    case 0x03:
    case 0x15:
    case 0x16:
    case 0x17:
      return "motor control";
    case 0x07:
    case 0x0a:
    case 0x0c:
    case 0x23:
    case 0x2a:
    case 0x31:
      return "IO device";
    case 0x04:
    case 0x05:
    case 0x06:
    case 0x09:
    case 0x0d:
    case 0x1c:
    case 0x22:
    case 0x2f:
      return "sensor";
    case 0x0e:
      return "PLC";
    case 0x18:
      return "HMI";
    case 0x28:
    case 0x29:
      return "gateway";
    case 0x1b:
      return "valve";
    case 0x2c:
      return "switch";
    default:
      return {};
  }
}

/// By which way through backplanes the message goes on: "" to the device itself.
std::string_view route(const AssetTeller& to) noexcept {
  const Bytes cip = message_field(message_field(to.message(), N::kRequestFieldNumber), M::kCipFieldNumber);
  return text_field(message_field(cip, C::kUnconnectedSendFieldNumber), U::kRouteFieldNumber);
}

/// Makers write serial numbers as eight digits.
void tell_serial(AssetEnd end, std::uint64_t serial, std::uint8_t sure, AssetTeller& to) {
  std::array<char, 16> room;
  const int size = std::snprintf(room.data(), room.size(), "%08x", static_cast<unsigned>(serial));
  if (serial != 0) to.tell(end, AssetKind::kSerial, {room.data(), static_cast<std::size_t>(size)}, sure);
}

/// A module behind the device is a station, and what it is counts less than what the device is.
void read_identity(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view way = route(to);
  const std::uint8_t sure = way.empty() ? c.confidence : confidence::kStated;
  WireReader in(f.bytes);
  for (WireField part; in.next(part);) {
    const std::string_view text = as_text(part.bytes);
    switch (part.number) {
      case I::kVendorIdFieldNumber:
        to.tell(c.end, AssetKind::kVendor, text, text.starts_with("unknown-") ? confidence::kWeak : sure);
        break;
      case I::kProductNameFieldNumber:
        to.tell(c.end, AssetKind::kModel, text, sure);
        break;
      case I::kRevisionFieldNumber:
        to.tell(c.end, AssetKind::kFirmware, text, sure);
        break;
      case I::kSerialFieldNumber:
        tell_serial(c.end, part.value, sure, to);
        break;
      case I::kDeviceTypeNumberFieldNumber:
        to.tell(c.end, AssetKind::kRole, role_of(part.value),
                way.empty() ? c.confidence : confidence::kNamed);
        break;
      default:
        break;
    }
  }
  if (way.empty()) return;
  std::array<char, 128> room;
  TextWriter station(room);
  station << "enip " << way;
  if (const auto product = text_field(f.bytes, I::kProductNameFieldNumber); !product.empty())
    station << " " << product;
  to.tell(c.end, AssetKind::kStation, as_text(station.bytes()), c.confidence);
}

void read_tcpip(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (!route(to).empty()) return;
  to.tell(c.end, AssetKind::kName, text_field(f.bytes, T::kHostNameFieldNumber), c.confidence);
  WireReader in(f.bytes);
  for (WireField part; in.next(part);) {
    if (part.number == T::kMacFieldNumber) read_mac(part, c, to);
  }
}

/// Tags stand in controllers. What was refused tells nothing.
void read_symbol(const WireField&, const AssetClue& c, AssetTeller& to) {
  const Bytes cip = message_field(message_field(to.message(), N::kResponseFieldNumber), M::kCipFieldNumber);
  if (!cip.empty() && number_field(cip, C::kStatusCodeFieldNumber) == 0)
    to.tell(c.end, c.kind, "PLC", c.confidence);
}

/// What the originator of a connection calls itself; libraries take what they like.
void read_originator(const WireField& f, const AssetClue& c, AssetTeller& to) {
  to.tell(c.end, c.kind, text_field(f.bytes, F::kVendorFieldNumber), c.confidence);
}

constexpr AssetEnd kDevice = AssetEnd::kServer;
constexpr auto kAsked = confidence::kIdentified;
constexpr AssetClue kClues[] = {
    {{N::kResponseFieldNumber, M::kIdentityFieldNumber}, kDevice, AssetKind::kModel, kAsked, read_identity},
    {{N::kResponseFieldNumber, M::kCipFieldNumber, C::kIdentityFieldNumber},
     kDevice,
     AssetKind::kModel,
     kAsked,
     read_identity},
    {{N::kResponseFieldNumber, M::kCipFieldNumber, C::kMultipleFieldNumber, C::kIdentityFieldNumber},
     kDevice,
     AssetKind::kModel,
     kAsked,
     read_identity},
    {{N::kResponseFieldNumber, M::kCipFieldNumber, C::kTcpipFieldNumber},
     kDevice,
     AssetKind::kName,
     kAsked,
     read_tcpip},
    {{N::kRequestFieldNumber, M::kCipFieldNumber, C::kSymbolFieldNumber},
     kDevice,
     AssetKind::kRole,
     confidence::kNamed,
     read_symbol},
    {{N::kRequestFieldNumber, M::kCipFieldNumber, C::kForwardOpenFieldNumber},
     AssetEnd::kClient,
     AssetKind::kVendor,
     confidence::kWeak,
     read_originator},
};

/// The server asked; or the client sent nothing but an answer: it was asked by a broadcast.
bool reversed(Bytes message, bool client_heard) {
  if (text_field(message, N::kInitiatorFieldNumber) == "server") return true;
  return client_heard && message_field(message, N::kRequestFieldNumber).empty() &&
         !message_field(message, N::kResponseFieldNumber).empty();
}

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .reversed = reversed};

}  // namespace picket::enip
