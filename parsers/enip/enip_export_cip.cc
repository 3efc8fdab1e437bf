// Messages of CIP in a record.
#include <algorithm>

#include "parsers/core/text_writer.h"
#include "parsers/enip/enip.pb.h"
#include "parsers/enip/enip_export.h"

namespace picket::enip {
namespace {

using v1::EnipCip;

void key(WireWriter& w, const Segment& s) noexcept {
  using v1::EnipKey;
  Key k;
  if (!read_key(s.bytes, k)) return;
  char room[16];
  const auto m = w.message(v1::EnipSegment::kKeyFieldNumber);
  w.u64(EnipKey::kVendorIdFieldNumber, k.vendor);
  write_name(w, EnipKey::kVendorFieldNumber, vendor_name(k.vendor));
  w.u64(EnipKey::kDeviceTypeFieldNumber, k.device_type);
  w.u64(EnipKey::kProductCodeFieldNumber, k.product_code);
  w.bytes(EnipKey::kRevisionFieldNumber,
          (TextWriter(room) << unsigned{k.major} << "." << unsigned{k.minor}).bytes());
  w.boolean(EnipKey::kCompatibleFieldNumber, k.compatible);
}

void segments(WireWriter& w, int field, Bytes path) noexcept {
  using v1::EnipSegment;
  SegmentReader r(path);
  Segment s;
  for (std::size_t i = 0; i < kMaxSegments && r.next(s); ++i) {
    const auto m = w.message(field);
    w.text(EnipSegment::kSegmentTypeFieldNumber, segment_name(s));
    switch (s.kind) {
      case SegmentKind::kPort:
        w.u64(EnipSegment::kPortFieldNumber, s.value);
        if (s.bytes.size() == 1) {
          w.u64(EnipSegment::kValueFieldNumber, s.bytes[0]);
        } else {
          w.bytes(EnipSegment::kLinkAddressFieldNumber, s.bytes);
        }
        break;
      case SegmentKind::kSymbol:
        w.bytes(EnipSegment::kTextFieldNumber, s.bytes);
        break;
      case SegmentKind::kKey:
        key(w, s);
        break;
      case SegmentKind::kData:
      case SegmentKind::kNetwork:
        write_raw(w, EnipSegment::kDataFieldNumber, s.bytes);
        break;
      default:
        w.u64(EnipSegment::kValueFieldNumber, s.value);
        break;
    }
  }
}

using Write = std::size_t (*)(Bytes, std::span<char>);
void path_text(WireWriter& w, int field, Bytes path, Write write) noexcept {
  char room[kMaxPathText];
  const std::size_t n = write(path, std::span<char>(room));
  if (n != 0) w.bytes(field, as_bytes({room, n}));
}

void target(WireWriter& w, const Cip& m) noexcept {
  segments(w, EnipCip::kPathFieldNumber, m.path);
  const Target& t = m.target;
  if (t.has_class) {
    write_known(w, EnipCip::kClassNameFieldNumber, class_name(t.class_id), t.class_id);
    w.u64(EnipCip::kClassFieldNumber, t.class_id);
  }
  if (t.has_instance) w.u64(EnipCip::kInstanceFieldNumber, t.instance);
  if (t.has_attribute) {
    w.u64(EnipCip::kAttributeFieldNumber, t.attribute);
    const AttributeInfo* info = t.has_class ? attribute_info(t.class_id, t.attribute) : nullptr;
    if (info != nullptr) w.text(EnipCip::kAttributeNameFieldNumber, info->name);
  }
  if (t.has_point) w.u64(EnipCip::kConnectionPointFieldNumber, t.point);
  // A name comes from the network, so it is a field of bytes.
  if (t.named) path_text(w, EnipCip::kSymbolFieldNumber, m.path, write_symbol);
}

void outcome(WireWriter& w, const Cip& m) noexcept {
  write_known(w, EnipCip::kStatusFieldNumber, cip_status_name(m.status), m.status);
  w.u64(EnipCip::kStatusCodeFieldNumber, m.status);
  if (m.extended.empty()) return;
  w.bytes(EnipCip::kStatusExtendedFieldNumber, m.extended);
  Cursor c(m.extended);
  const std::uint16_t code = c.u16le();
  if (m.extended.size() == 2) w.u64(EnipCip::kStatusExtendedCodeFieldNumber, code);
  write_name(w, EnipCip::kStatusExtendedMeaningFieldNumber, extended_status_name(m.status, code));
}

void elements(WireWriter& w, const Values& v) noexcept {
  using v1::EnipData;
  OtValue e;
  const std::size_t count = std::min(element_count(v), kMaxNumbers);
  std::size_t told = 0;
  // All of one kind.
  for (; told < count && element(v, told, e); ++told) {
    if (e.is_number) {
      w.f64(EnipData::kNumbersFieldNumber, e.number);
    } else {
      w.bytes(EnipData::kTextsFieldNumber, e.text);
    }
  }
  if (told == 0 || !v.has_type) write_raw(w, EnipData::kRawFieldNumber, v.data);
}

void values(WireWriter& w, int field, const Values& v) noexcept {
  using v1::EnipData;
  const auto s = w.message(field);
  if (v.has_type) {
    w.u64(EnipData::kTypeFieldNumber, v.type);
    write_name(w, EnipData::kTypeNameFieldNumber, type_name(v.type));
    if (v.structure != 0) w.u64(EnipData::kStructureHandleFieldNumber, v.structure);
  }
  if (v.has_count) w.u64(EnipData::kCountFieldNumber, v.count);
  if (v.has_offset) w.u64(EnipData::kOffsetFieldNumber, v.offset);
  if (!v.data.empty()) elements(w, v);
  write_raw(w, EnipData::kOrMaskFieldNumber, v.or_mask);
  write_raw(w, EnipData::kAndMaskFieldNumber, v.and_mask);
}

void unconnected_send(WireWriter& w, const UnconnectedSend& u) noexcept {
  using v1::EnipUnconnectedSend;
  w.u64(EnipUnconnectedSend::kTickMsFieldNumber, u.tick_ms);
  w.u64(EnipUnconnectedSend::kTimeoutMsFieldNumber, u.timeout_ms);
  path_text(w, EnipUnconnectedSend::kRouteFieldNumber, u.route, write_route);
}

void parameters(WireWriter& w, int field, const ConnectionParameters& c, bool reply) noexcept {
  using v1::EnipConnectionPoint;
  const auto s = w.message(field);
  w.u64(EnipConnectionPoint::kConnectionIdFieldNumber, c.id);
  if (reply) return w.u64(EnipConnectionPoint::kApiUsFieldNumber, c.interval_us);
  w.u64(EnipConnectionPoint::kRpiUsFieldNumber, c.interval_us);
  w.u64(EnipConnectionPoint::kSizeFieldNumber, c.size);
  w.boolean(EnipConnectionPoint::kVariableFieldNumber, c.variable);
  write_name(w, EnipConnectionPoint::kPriorityFieldNumber, priority_name(c.priority));
  write_name(w, EnipConnectionPoint::kTypeFieldNumber, connection_type_name(c.type));
  w.boolean(EnipConnectionPoint::kRedundantOwnerFieldNumber, c.redundant);
}

void forward_open(WireWriter& w, const ForwardOpen& f, bool reply) noexcept {
  using v1::EnipForwardOpen;
  const auto s = w.message(EnipCip::kForwardOpenFieldNumber);
  w.boolean(EnipForwardOpen::kLargeFieldNumber, f.large);
  w.u64(EnipForwardOpen::kSerialFieldNumber, f.serial);
  w.u64(EnipForwardOpen::kVendorIdFieldNumber, f.vendor);
  write_name(w, EnipForwardOpen::kVendorFieldNumber, vendor_name(f.vendor));
  w.u64(EnipForwardOpen::kOriginatorSerialFieldNumber, f.originator);
  if (f.refused) return w.u64(EnipForwardOpen::kRemainingPathSizeFieldNumber, f.remaining);
  parameters(w, EnipForwardOpen::kOriginatorToTargetFieldNumber, f.to_target, reply);
  parameters(w, EnipForwardOpen::kTargetToOriginatorFieldNumber, f.to_originator, reply);
  if (reply) return write_raw(w, EnipForwardOpen::kApplicationReplyFieldNumber, f.application);
  w.u64(EnipForwardOpen::kTickMsFieldNumber, f.tick_ms);
  w.u64(EnipForwardOpen::kTimeoutMsFieldNumber, f.timeout_ms);
  // 4, 8, 16 ... 512 times the packet interval.
  if (f.multiplier < 8) w.u64(EnipForwardOpen::kTimeoutMultiplierFieldNumber, 4U << f.multiplier);
  w.u64(EnipForwardOpen::kTransportClassFieldNumber, f.transport_class());
  write_name(w, EnipForwardOpen::kTriggerFieldNumber, trigger_name(f.trigger()));
  w.text(EnipForwardOpen::kDirectionFieldNumber, f.server() ? "server" : "client");
  segments(w, EnipForwardOpen::kPathFieldNumber, f.path);
  path_text(w, EnipForwardOpen::kTargetFieldNumber, f.path, write_target);
  path_text(w, EnipForwardOpen::kRouteFieldNumber, f.path, write_route);
}

void forward_close(WireWriter& w, const ForwardClose& f, bool owner) noexcept {
  using v1::EnipForwardClose;
  const auto s = w.message(EnipCip::kForwardCloseFieldNumber);
  if (!owner) {
    w.u64(EnipForwardClose::kSerialFieldNumber, f.serial);
    w.u64(EnipForwardClose::kVendorIdFieldNumber, f.vendor);
    w.u64(EnipForwardClose::kOriginatorSerialFieldNumber, f.originator);
  }
  segments(w, EnipForwardClose::kPathFieldNumber, f.path);
  path_text(w, EnipForwardClose::kTargetFieldNumber, f.path, write_target);
  path_text(w, EnipForwardClose::kRouteFieldNumber, f.path, write_route);
}

void pccc(WireWriter& w, const Pccc& p) noexcept {
  using v1::EnipPccc;
  const auto s = w.message(EnipCip::kPcccFieldNumber);
  w.u64(EnipPccc::kVendorIdFieldNumber, p.vendor);
  w.u64(EnipPccc::kSerialFieldNumber, p.serial);
  w.u64(EnipPccc::kCommandFieldNumber, p.command);
  if (p.has_function) w.u64(EnipPccc::kFunctionFieldNumber, p.function);
  write_name(w, EnipPccc::kFunctionNameFieldNumber, pccc_function_name(p.command, p.function));
  w.u64(EnipPccc::kTransactionFieldNumber, p.transaction);
  if (p.reply) {
    w.u64(EnipPccc::kStatusFieldNumber, p.status);
    write_name(w, EnipPccc::kStatusNameFieldNumber, pccc_status_name(p.status));
    if (p.extended != 0) {
      w.u64(EnipPccc::kExtendedStatusFieldNumber, p.extended);
      write_name(w, EnipPccc::kExtendedStatusNameFieldNumber, pccc_extended_name(p.extended));
    }
  }
  char room[64];
  if (const std::size_t n = write_pccc_address(p, room); n != 0)
    w.bytes(EnipPccc::kAddressFieldNumber, as_bytes({room, n}));
  if (p.has_size) w.u64(EnipPccc::kSizeFieldNumber, p.size);
  write_name(w, EnipPccc::kModeFieldNumber, pccc_mode_name(p));
  Values v = p.values;
  if (v.data.empty()) v.data = p.data;
  if (!v.data.empty()) values(w, EnipPccc::kDataFieldNumber, v);
}

void attributes(WireWriter& w, const Told& t) noexcept {
  using v1::EnipAttribute;
  AttributeReader r(t);
  Attribute a;
  for (std::size_t i = 0; i < kMaxAttributes && r.next(a); ++i) {
    const auto s = w.message(EnipCip::kAttributesFieldNumber);
    w.u64(EnipAttribute::kIdFieldNumber, a.id);
    if (a.info != nullptr) w.text(EnipAttribute::kNameFieldNumber, a.info->name);
    if (a.has_status) {
      write_known(w, EnipAttribute::kStatusFieldNumber,
                  a.status > 0xff ? std::string_view{} : cip_status_name(static_cast<std::uint8_t>(a.status)),
                  a.status);
      w.u64(EnipAttribute::kStatusCodeFieldNumber, a.status);
    }
    if (!a.value.data.empty()) values(w, EnipAttribute::kValueFieldNumber, a.value);
  }
  if (!r.more()) return;
  w.boolean(EnipCip::kTruncatedFieldNumber, true);
  write_raw(w, EnipCip::kRawFieldNumber, r.rest());
}

void address(WireWriter& w, int field, std::uint32_t v) noexcept {
  const std::uint8_t b[] = {static_cast<std::uint8_t>(v >> 24), static_cast<std::uint8_t>(v >> 16),
                            static_cast<std::uint8_t>(v >> 8), static_cast<std::uint8_t>(v)};
  w.bytes(field, b);
}

void tcpip(WireWriter& w, const TcpIp& t) noexcept {
  using v1::EnipTcpIp;
  const auto s = w.message(EnipCip::kTcpipFieldNumber);
  if (t.has_addresses) {
    address(w, EnipTcpIp::kIpFieldNumber, t.ip);
    address(w, EnipTcpIp::kNetmaskFieldNumber, t.netmask);
    address(w, EnipTcpIp::kGatewayFieldNumber, t.gateway);
    address(w, EnipTcpIp::kNameServerFieldNumber, t.name_server);
    address(w, EnipTcpIp::kNameServer2FieldNumber, t.name_server2);
    w.bytes(EnipTcpIp::kDomainFieldNumber, t.domain);
  }
  if (!t.host_name.empty()) w.bytes(EnipTcpIp::kHostNameFieldNumber, t.host_name);
  if (!t.mac.empty()) w.bytes(EnipTcpIp::kMacFieldNumber, t.mac);
}

/// Bits of a symbol's type (1756-PM020): a structure, dimensions, and the type or the template's instance.
std::string_view symbol_type(std::uint16_t type, std::span<char> room) noexcept {
  const unsigned low = type & 0xfffU;
  TextWriter out(room);
  const std::string_view name = type_name(static_cast<std::uint16_t>(low & 0xff));
  if ((type & 0x8000) != 0) {
    out << "structure " << low;
  } else if (name.empty()) {
    out << "type " << low;
  } else {
    out << name;
  }
  for (unsigned d = 0; d < (type >> 13 & 3U); ++d) out << "[]";
  return as_text(out.bytes());
}

void tags(WireWriter& w, const Told& t) noexcept {
  using v1::EnipTag;
  TagReader r(t);
  Tag tag;
  for (std::size_t i = 0; i < kMaxTags && r.next(tag); ++i) {
    char room[40];
    const auto s = w.message(EnipCip::kTagsFieldNumber);
    w.u64(EnipTag::kInstanceFieldNumber, tag.instance);
    w.bytes(EnipTag::kNameFieldNumber, tag.name);
    w.u64(EnipTag::kTypeCodeFieldNumber, tag.type);
    w.text(EnipTag::kTypeFieldNumber, symbol_type(tag.type, room));
    for (const std::uint32_t d : tag.dimensions) {
      if (d != 0) w.u64(EnipTag::kDimensionsFieldNumber, d);
    }
    if (tag.size != 0) w.u64(EnipTag::kSizeFieldNumber, tag.size);
  }
  if (r.more()) w.boolean(EnipCip::kTruncatedFieldNumber, true);
}

void file(WireWriter& w, const FileTransfer& f) noexcept {
  using v1::EnipFile;
  const auto s = w.message(EnipCip::kFileFieldNumber);
  if (f.has_size) w.u64(EnipFile::kSizeFieldNumber, f.size);
  if (f.has_transfer_size) w.u64(EnipFile::kTransferSizeFieldNumber, f.transfer_size);
  if (f.has_transfer) w.u64(EnipFile::kTransferNumberFieldNumber, f.number);
  if (f.has_transfer && !f.data.empty()) {
    write_name(w, EnipFile::kTransferTypeFieldNumber, transfer_name(f.type));
    w.u64(EnipFile::kDataLengthFieldNumber, f.data.size());
  }
  if (!f.name.empty()) w.bytes(EnipFile::kNameFieldNumber, f.name);
}

bool connection(WireWriter& w, const Cip& m) noexcept {
  ForwardOpen open;
  ForwardClose close;
  if (is_forward_open(m) && !m.data.empty() && read_forward_open(m, open))
    return forward_open(w, open, m.reply), true;
  if (!read_forward_close(m, close)) return false;
  return forward_close(w, close, m.is(Service::kGetConnectionOwner)), true;
}

bool template_read(WireWriter& w, const Cip& m) noexcept {
  if (!m.is(Service::kReadTag) || m.reply || m.data.size() < 6) return false;
  Cursor c(m.data);
  const auto s = w.message(EnipCip::kTemplateFieldNumber);
  w.u64(v1::EnipTemplate::kOffsetFieldNumber, c.u32le());
  w.u64(v1::EnipTemplate::kLengthFieldNumber, c.u16le());
  return true;
}

/// What a service that only this class has says; false where it has none.
bool class_service(WireWriter& w, const Told& t) noexcept {
  const Cip& m = t.cip;
  switch (static_cast<Class>(t.target().class_id)) {
    case Class::kConnectionManager:
      return connection(w, m);
    case Class::kPccc: {
      Pccc p;
      return read_pccc(t, p) && (pccc(w, p), true);
    }
    case Class::kFile: {
      FileTransfer f;
      return read_file(t, f) && (file(w, f), true);
    }
    case Class::kTemplate:
      return template_read(w, m);
    case Class::kIdentity:
      if (!m.is(Service::kReset) || m.reply) return false;
      w.text(EnipCip::kResetTypeFieldNumber, reset_name(m.data.empty() ? 0 : m.data[0]));
      return true;
    default:
      return false;
  }
}

/// What attributes say of the device; false: nothing.
bool device(WireWriter& w, const Told& t) noexcept {
  const Target& of = t.target();
  if (of.is(Class::kIdentity)) {
    Identity identity;
    return read_identity(t, identity) && (write_identity(w, EnipCip::kIdentityFieldNumber, identity), true);
  }
  if (!of.is(Class::kTcpIp) && !of.is(Class::kEthernetLink)) return false;
  TcpIp net;
  return read_tcpip(t, net) && (tcpip(w, net), true);
}

/// What a service with a form of its own says; false where it has none.
bool service(WireWriter& w, const Told& t) noexcept {
  const Cip& m = t.cip;
  const Target& of = t.target();
  if (of.has_class && class_service(w, t)) return true;
  if (m.is(Service::kGetInstanceAttributes) && of_tag(of) && m.reply && m.done()) return tags(w, t), true;
  const bool told = of.has_class && device(w, t);
  if (m.is(Service::kGetAttributeList) || m.is(Service::kSetAttributeList)) return attributes(w, t), true;
  Values v;
  return read_values(t, v) ? (values(w, EnipCip::kDataFieldNumber, v), true) : told;
}

/// kLeft messages inside of each other; the parser has no more than kMaxDepth.
template <unsigned kLeft>
void cip(WireWriter& w, int field, const Exchange& x, const Pdu& p, std::size_t i) noexcept {
  const auto s = w.message(field);
  Told t;
  if (!told_by(x, p, i, t)) return write_raw(w, EnipCip::kRawFieldNumber, p.node_bytes(i));
  const Cip& m = t.cip;
  write_known(w, EnipCip::kServiceFieldNumber, service_name(m.service, t.target()), m.service);
  w.u64(EnipCip::kServiceCodeFieldNumber, m.service);
  if (m.reply) {
    outcome(w, m);
  } else {
    target(w, m);
  }
  const Node& n = p.nodes[i];
  if (m.is(Service::kMultiple)) {
    Cursor c(m.data);
    const std::uint16_t count = c.u16le();
    if (c.ok()) w.u64(EnipCip::kServiceCountFieldNumber, count);
    if constexpr (kLeft > 0) {
      for (std::size_t k = 0; k < n.count; ++k)
        cip<kLeft - 1>(w, EnipCip::kMultipleFieldNumber, x, p, n.first + k);
    }
    if (n.count < count) w.boolean(EnipCip::kTruncatedFieldNumber, true);
  } else if (UnconnectedSend u; is_unconnected_send(m) && read_unconnected_send(m.data, u)) {
    const auto send = w.message(EnipCip::kUnconnectedSendFieldNumber);
    unconnected_send(w, u);
    if constexpr (kLeft > 0) {
      if (n.count != 0) cip<kLeft - 1>(w, v1::EnipUnconnectedSend::kMessageFieldNumber, x, p, n.first);
    }
  } else if (!service(w, t)) {
    write_raw(w, EnipCip::kRawFieldNumber, m.data);
  }
}

}  // namespace

void write_cip(WireWriter& w, int field, const Exchange& x, const Pdu& p, std::size_t i) noexcept {
  cip<kMaxDepth>(w, field, x, p, i);
}

}  // namespace picket::enip
