#include "parsers/enip/enip_export.h"

#include <algorithm>

#include "parsers/core/text_writer.h"
#include "parsers/enip/enip.pb.h"

namespace picket::enip {
namespace {

using v1::EnipMessage;

void items(WireWriter& w, const Pdu& p) noexcept {
  using v1::EnipItem;
  if (!p.sends() && p.item_kept == 0) return;
  w.u64(EnipMessage::kItemCountFieldNumber, p.item_count);
  for (std::size_t i = 0; i < p.item_kept; ++i) {
    const Item& item = p.items[i];
    const auto s = w.message(EnipMessage::kItemsFieldNumber);
    w.u64(EnipItem::kTypeFieldNumber, item.type);
    write_name(w, EnipItem::kTypeNameFieldNumber, item_name(item.type));
    w.u64(EnipItem::kLengthFieldNumber, item.data.size());
    Cursor c(item.data);
    Socket socket;
    if (item.is(ItemType::kConnectedAddress) || item.is(ItemType::kSequencedAddress)) {
      w.u64(EnipItem::kConnectionIdFieldNumber, c.u32le());
      if (item.is(ItemType::kSequencedAddress)) w.u64(EnipItem::kSequenceFieldNumber, c.u32le());
    } else if ((item.is(ItemType::kSocketToTarget) || item.is(ItemType::kSocketToOriginator)) &&
               read_socket(item.data, socket)) {
      w.bytes(EnipItem::kIpFieldNumber, socket.ip);
      w.u64(EnipItem::kPortFieldNumber, socket.port);
    }
  }
}

void services(WireWriter& w, const ServiceInfo& s) noexcept {
  using v1::EnipListServices;
  constexpr std::uint16_t kTcp = 0x20, kUdp = 0x100;
  const auto m = w.message(EnipMessage::kListServicesFieldNumber);
  w.u64(EnipListServices::kProtocolVersionFieldNumber, s.version);
  w.u64(EnipListServices::kCapabilitiesFieldNumber, s.capabilities);
  w.bytes(EnipListServices::kServiceNameFieldNumber, s.name);
  w.boolean(EnipListServices::kCipOverTcpFieldNumber, (s.capabilities & kTcp) != 0);
  w.boolean(EnipListServices::kIoOverUdpFieldNumber, (s.capabilities & kUdp) != 0);
}

void connection(WireWriter& w, int field, const Connection& c, std::uint32_t id) noexcept {
  using v1::EnipConnection;
  const bool to_target = id == c.to_target;
  const auto s = w.message(field);
  w.u64(EnipConnection::kSerialFieldNumber, c.serial);
  w.bytes(EnipConnection::kTargetFieldNumber, as_bytes({c.target.data(), c.target_size}));
  w.u64(EnipConnection::kTransportClassFieldNumber, c.transport & 15U);
  w.u64(EnipConnection::kRpiUsFieldNumber, to_target ? c.rpi_to_target : c.rpi_to_originator);
  w.u64(EnipConnection::kPeerIdFieldNumber, to_target ? c.to_originator : c.to_target);
}

void message(WireWriter& w, int field, const Exchange& x, const Pdu& p) noexcept {
  const auto s = w.message(field);
  write_known(w, EnipMessage::kCommandFieldNumber, command_name(p.command), p.command);
  w.u64(EnipMessage::kCommandCodeFieldNumber, p.command);
  write_known(w, EnipMessage::kStatusFieldNumber, status_name(p.status), p.status);
  w.u64(EnipMessage::kStatusCodeFieldNumber, p.status);
  if (p.options != 0) w.u64(EnipMessage::kOptionsFieldNumber, p.options);
  w.u64(EnipMessage::kLengthFieldNumber, p.length);
  w.u64(EnipMessage::kSessionFieldNumber, p.session);
  w.bytes(EnipMessage::kSenderContextFieldNumber, p.context);
  if (p.cut) return;
  if (p.sends() && p.length != 0) {
    w.u64(EnipMessage::kInterfaceHandleFieldNumber, p.interface);
    w.u64(EnipMessage::kTimeoutFieldNumber, p.timeout);
  }
  items(w, p);
  if (p.connected) {
    w.u64(EnipMessage::kConnectionIdFieldNumber, p.connection);
    w.u64(EnipMessage::kSequenceCountFieldNumber, p.sequence);
    const Connection& c = x.connection;
    if (x.connection_known && (c.to_target == p.connection || c.to_originator == p.connection))
      connection(w, EnipMessage::kConnectionFieldNumber, c, p.connection);
  }
  if (p.has_cip) write_cip(w, EnipMessage::kCipFieldNumber, x, p, 0);
  if (ServiceInfo info; read_services(p, info)) services(w, info);
  if (Identity identity; read_identity(p, identity))
    write_identity(w, EnipMessage::kIdentityFieldNumber, identity);
  std::uint16_t version = 0, options = 0;
  if (read_register(p, version, options)) {
    const auto r = w.message(EnipMessage::kRegisterSessionFieldNumber);
    w.u64(v1::EnipRegisterSession::kProtocolVersionFieldNumber, version);
    w.u64(v1::EnipRegisterSession::kOptionsFieldNumber, options);
  } else if (p.item_kept == 0) {
    write_raw(w, EnipMessage::kDataFieldNumber, p.body);
  }
}

void cyclic(WireWriter& w, const Exchange& x) noexcept {
  using v1::EnipIo;
  const Io& io = x.io;
  const auto s = w.message(v1::Enip::kIoFieldNumber);
  w.text(EnipIo::kDirectionFieldNumber, x.asked == Direction::kToServer ? "to_server" : "to_client");
  w.u64(EnipIo::kConnectionIdFieldNumber, io.connection);
  w.u64(EnipIo::kPacketsFieldNumber, io.packets);
  w.u64(EnipIo::kBytesFieldNumber, io.bytes);
  w.u64(EnipIo::kFirstSequenceFieldNumber, io.first);
  w.u64(EnipIo::kLastSequenceFieldNumber, io.last);
  w.u64(EnipIo::kLostFieldNumber, io.lost);
  w.u64(EnipIo::kRepeatedFieldNumber, io.repeated);
  if (io.kept != 0) {
    w.u64(EnipIo::kSizeFieldNumber, io.size);
    w.bytes(EnipIo::kDataFieldNumber, io.view());
  }
  const std::uint64_t lasted = io.last_ns >= io.since_ns ? (io.last_ns - io.since_ns) / 1000 : 0;
  w.u64(EnipIo::kDurationUsFieldNumber, lasted);
  // Of the first packet there is none before it.
  if (lasted != 0 && io.packets != 0) w.u64(EnipIo::kIntervalUsFieldNumber, lasted / io.packets);
}

}  // namespace

void write_known(WireWriter& w, int field, std::string_view name, std::uint32_t number) noexcept {
  char room[24];
  w.text(field, name.empty() ? as_text((TextWriter(room) << "unknown-" << number).bytes()) : name);
}

void write_raw(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b.first(std::min(b.size(), kMaxRaw)));
}

void write_identity(WireWriter& w, int field, const Identity& i) noexcept {
  using v1::EnipIdentity;
  // Bits 4 to 7 are a number of the device's own choice.
  static constexpr struct {
    std::uint16_t bit;
    std::string_view name;
  } kFlags[] = {
      {0x0001, "owned"},
      {0x0004, "configured"},
      {0x0100, "minor recoverable fault"},
      {0x0200, "minor unrecoverable fault"},
      {0x0400, "major recoverable fault"},
      {0x0800, "major unrecoverable fault"},
  };
  const auto s = w.message(field);
  char room[16];
  if ((i.has & Identity::kVersion) != 0) {
    w.u64(EnipIdentity::kProtocolVersionFieldNumber, i.version);
    w.bytes(EnipIdentity::kIpFieldNumber, i.socket.ip);
    w.u64(EnipIdentity::kPortFieldNumber, i.socket.port);
  }
  if ((i.has & Identity::kRevision) != 0) {
    w.u64(EnipIdentity::kRevisionNumberFieldNumber, unsigned{i.major} << 8 | i.minor);
    w.bytes(EnipIdentity::kRevisionFieldNumber,
            (TextWriter(room) << unsigned{i.major} << "." << unsigned{i.minor}).bytes());
  }
  if ((i.has & Identity::kVendor) != 0) {
    write_known(w, EnipIdentity::kVendorIdFieldNumber, vendor_name(i.vendor), i.vendor);
    w.u64(EnipIdentity::kVendorNumberFieldNumber, i.vendor);
  }
  if ((i.has & Identity::kDeviceType) != 0) {
    write_known(w, EnipIdentity::kDeviceTypeFieldNumber, device_type_name(i.device_type), i.device_type);
    w.u64(EnipIdentity::kDeviceTypeNumberFieldNumber, i.device_type);
  }
  if ((i.has & Identity::kProductCode) != 0) w.u64(EnipIdentity::kProductCodeFieldNumber, i.product_code);
  if ((i.has & Identity::kStatus) != 0) {
    w.u64(EnipIdentity::kStatusFieldNumber, i.status);
    for (const auto& f : kFlags) {
      if ((i.status & f.bit) != 0) w.text(EnipIdentity::kStatusFlagsFieldNumber, f.name);
    }
  }
  if ((i.has & Identity::kSerial) != 0) w.u64(EnipIdentity::kSerialFieldNumber, i.serial);
  if ((i.has & Identity::kName) != 0) w.bytes(EnipIdentity::kProductNameFieldNumber, i.name);
  if ((i.has & Identity::kState) != 0) {
    w.u64(EnipIdentity::kStateFieldNumber, i.state);
    write_name(w, EnipIdentity::kStateNameFieldNumber, state_name(i.state));
  }
}

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Enip;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(Enip::kIdFieldNumber, x.id + 1);
  if (x.is_io) return cyclic(w, x);
  if (const Pdu* p = x.request()) {
    message(w, Enip::kRequestFieldNumber, x, *p);
    if (x.asked == Direction::kToClient) w.text(Enip::kInitiatorFieldNumber, "server");
  }
  if (const Pdu* p = x.reply()) message(w, Enip::kResponseFieldNumber, x, *p);
  if (x.answer != nullptr && x.answer_ns >= x.question_ns)
    w.u64(Enip::kRttUsFieldNumber, (x.answer_ns - x.question_ns) / 1000);
}

}  // namespace picket::enip
