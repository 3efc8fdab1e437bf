// What records of HART-IP tell: a device says who it is when it is asked for its unique identifier, its tags come with other
// commands. A server that carries commands for others is a gateway or an I/O system: what those say is of their station.
#include <optional>

#include "export/assets/clues.h"
#include "parsers/core/text_writer.h"
#include "parsers/hartip/hartip.pb.h"

namespace picket::hartip {
namespace {

using H = v1::Hartip;
using M = v1::HartipMessage;
using C = v1::HartipCommand;
using D = v1::HartipDevice;

constexpr char kHexDigits[] = "0123456789abcdef";

void read_device(Bytes device, const AssetClue& c, AssetTeller& to) {
  to.tell(c.end, AssetKind::kVendor, text_field(device, D::kManufacturerNameFieldNumber), c.confidence);
  std::optional<std::uint64_t> revision, software, hardware;
  WireReader in(device);
  for (WireField f; in.next(f);) {
    if (f.number == D::kDeviceRevisionFieldNumber) revision = f.value;
    if (f.number == D::kSoftwareRevisionFieldNumber) software = f.value;
    if (f.number == D::kHardwareRevisionFieldNumber) hardware = f.value;
  }
  const std::uint64_t type = number_field(device, D::kDeviceTypeFieldNumber);
  std::array<char, 4> digits;
  for (unsigned i = 0; i < digits.size(); ++i) digits[i] = kHexDigits[type >> (12 - 4 * i) & 15];
  std::array<char, 48> room;
  TextWriter model(room);
  model << "HART device type 0x" << std::string_view(digits.data(), digits.size());
  if (revision) model << " revision " << *revision;
  to.tell(c.end, AssetKind::kModel, as_text(model.bytes()), c.confidence);
  const auto number = [&](AssetKind kind, std::optional<std::uint64_t> v) {
    if (v) to.tell(c.end, kind, as_text((TextWriter(room) << *v).bytes()), c.confidence);
  };
  number(AssetKind::kSerial, number_field(device, D::kDeviceIdFieldNumber));
  number(AssetKind::kFirmware, software);
  number(AssetKind::kHardware, hardware);
}

void read_command(const WireField& f, const AssetClue& c, AssetTeller& to) {
  if (f.type != 2) return;
  // What is only listed or polled is not who answers.
  const std::uint64_t number = number_field(f.bytes, C::kNumberFieldNumber);
  const bool own = number_field(f.bytes, C::kDepthFieldNumber) == 0;
  if (number == 75 || number == 84) return;
  WireReader in(f.bytes);
  for (WireField one; in.next(one);) {
    if (one.number == C::kDeviceFieldNumber) read_device(one.bytes, c, to);
    const bool is_tag = one.number == C::kTagFieldNumber || one.number == C::kLongTagFieldNumber;
    if (is_tag && own) to.tell(c.end, AssetKind::kName, as_text(one.bytes), c.confidence);
  }
}

constexpr AssetClue kClues[] = {
    {{H::kResponseFieldNumber, M::kCommandsFieldNumber},
     AssetEnd::kServer,
     AssetKind::kModel,
     confidence::kIdentified,
     read_command},
    {{H::kPublishFieldNumber, M::kCommandsFieldNumber},
     AssetEnd::kServer,
     AssetKind::kModel,
     confidence::kIdentified,
     read_command},
};

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues, .server_role = {"field device", confidence::kNamed}};

}  // namespace picket::hartip
