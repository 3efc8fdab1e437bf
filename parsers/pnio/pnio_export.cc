#include "export/wire_writer.h"
#include "parsers/pnio/pnio.h"
#include "parsers/pnio/pnio.pb.h"

namespace picket::pnio {
namespace {

using v1::PnioBlock;
using v1::PnioMessage;

void name(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}

void ip(WireWriter& w, const Block& b) noexcept {
  Cursor c(b.data);
  for (const int field :
       {PnioBlock::kIpFieldNumber, PnioBlock::kSubnetMaskFieldNumber, PnioBlock::kGatewayFieldNumber})
    w.bytes(field, c.bytes(4));
  while (c.left() >= 4) w.bytes(PnioBlock::kDnsServersFieldNumber, c.bytes(4));
}

void device(WireWriter& w, const Block& b) noexcept {
  Cursor c(b.data);
  switch (b.suboption) {
    case 1:
      return w.bytes(PnioBlock::kVendorFieldNumber, b.data);
    case 2:
      return w.bytes(PnioBlock::kStationNameFieldNumber, b.data);
    case 3:
      w.u64(PnioBlock::kVendorIdFieldNumber, c.u16be());
      return w.u64(PnioBlock::kDeviceIdFieldNumber, c.u16be());
    case 4: {
      const unsigned roles = c.u8();
      for (unsigned bit = 0; bit < kRoles; ++bit) {
        if ((roles >> bit & 1) != 0) w.text(PnioBlock::kRolesFieldNumber, role_name(bit));
      }
      return;
    }
    case 5:
      for (unsigned n = 0; n < kMaxRecordBlocks && c.left() >= 2; ++n) {
        const std::uint8_t option = c.u8();
        name(w, PnioBlock::kOptionsFieldNumber, block_name(option, c.u8()));
      }
      return;
    case 6:
      return w.bytes(PnioBlock::kAliasFieldNumber, b.data);
    case 7:
      return w.u64(PnioBlock::kInstanceFieldNumber, c.u16be());
    case 8:
      w.u64(PnioBlock::kOemVendorIdFieldNumber, c.u16be());
      return w.u64(PnioBlock::kOemDeviceIdFieldNumber, c.u16be());
    case 9:
      return w.bytes(PnioBlock::kGatewayFieldNumber, b.data);
    default:
      return w.bytes(PnioBlock::kDataFieldNumber, b.data);
  }
}

void control(WireWriter& w, const Block& b) noexcept {
  Cursor c(b.data);
  std::uint8_t error = 0;
  if (error_of(b, error)) {
    w.u64(PnioBlock::kErrorFieldNumber, error);
    name(w, PnioBlock::kErrorNameFieldNumber, error_name(error));
    w.u64(PnioBlock::kForOptionFieldNumber, c.u8());
    return w.u64(PnioBlock::kForSuboptionFieldNumber, c.u8());
  }
  if (b.suboption == 3) return w.u64(PnioBlock::kSignalFieldNumber, c.u16be());
  if (!b.data.empty()) w.bytes(PnioBlock::kDataFieldNumber, b.data);
}

void block(WireWriter& w, const Block& b) noexcept {
  const auto s = w.message(PnioMessage::kBlocksFieldNumber);
  w.u64(PnioBlock::kOptionFieldNumber, b.option);
  w.u64(PnioBlock::kSuboptionFieldNumber, b.suboption);
  name(w, PnioBlock::kNameFieldNumber, block_name(b.option, b.suboption));
  if (b.prefix == Prefix::kInfo) {
    w.u64(PnioBlock::kInfoFieldNumber, b.number);
    name(w, PnioBlock::kInfoNameFieldNumber, info_name(b));
  } else if (b.prefix == Prefix::kQualifier) {
    w.u64(PnioBlock::kQualifierFieldNumber, b.number);
    name(w, PnioBlock::kQualifierNameFieldNumber, qualifier_name(b));
  }
  if (b.data.empty()) return;
  if (!well_formed(b)) return w.bytes(PnioBlock::kDataFieldNumber, b.data);
  switch (static_cast<Option>(b.option)) {
    case Option::kIp:
      if (b.suboption == 1) return w.bytes(PnioBlock::kMacFieldNumber, b.data);
      if (b.suboption <= 3) return ip(w, b);
      break;
    case Option::kDevice:
      return device(w, b);
    case Option::kControl:
      return control(w, b);
    case Option::kInitiative:
      return w.text(PnioBlock::kInitiativeFieldNumber, b.data.back() == 1 ? "hello" : "no hello");
    default:
      break;
  }
  w.bytes(PnioBlock::kDataFieldNumber, b.data);
}

void message(WireWriter& w, int field, const Message& m) noexcept {
  const Pdu& p = m.pdu;
  const auto s = w.message(field);
  w.u64(PnioMessage::kFrameIdFieldNumber, p.frame_id);
  w.u64(PnioMessage::kServiceFieldNumber, p.service);
  name(w, PnioMessage::kServiceNameFieldNumber, service_name(p.service));
  w.u64(PnioMessage::kServiceTypeFieldNumber, p.type);
  name(w, PnioMessage::kServiceTypeNameFieldNumber, type_name(p.type));
  if (p.frame_id == kIdentifyRequestFrame) w.u64(PnioMessage::kResponseDelayFieldNumber, p.response_delay);
  w.u64(PnioMessage::kLengthFieldNumber, p.length);
  Blocks blocks(p);
  unsigned told = 0;
  for (Block b; told < kMaxRecordBlocks && blocks.next(b); ++told) block(w, b);
  if (told < m.block_count) w.u64(PnioMessage::kBlockCountFieldNumber, m.block_count);
  if (told < m.block_count || blocks.broken() || p.blocks.size() < p.length)
    w.boolean(PnioMessage::kTruncatedFieldNumber, true);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Pnio;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(Pnio::kIdFieldNumber, x.id + 1);
  w.u64(Pnio::kXidFieldNumber, x.has_request ? x.request.pdu.xid : x.response.pdu.xid);
  if (x.has_request) message(w, Pnio::kRequestFieldNumber, x.request);
  if (x.has_reply) message(w, Pnio::kResponseFieldNumber, x.response);
  if (x.has_request && x.has_reply && x.response_ns >= x.request_ns)
    w.u64(Pnio::kResponseUsFieldNumber, (x.response_ns - x.request_ns) / 1000);
}

}  // namespace picket::pnio
