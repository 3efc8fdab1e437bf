// What services read and write: values by their data type (Volume 1, appendix C-6), attributes, tags, files.
#include <algorithm>
#include <bit>

#include "parsers/enip/cip.h"

namespace picket::enip {
namespace {

/// Of a structure of Logix that is a text of 82 characters: length, characters, padding.
constexpr std::uint16_t kStringHandle = 0x0fce;
constexpr std::size_t kStringSize = 88, kStringRoom = 82;
// What the standard gives no code: revision, address of Ethernet.
constexpr std::uint16_t kRevision = 0xff02, kMac = 0xff06;

constexpr std::uint16_t code(Type t) noexcept { return static_cast<std::uint16_t>(t); }

/// A type; of a structure its handle behind.
void read_type(Cursor& c, Values& out) noexcept {
  out.has_type = true;
  out.type = c.u16le();
  if (out.type == code(Type::kStructure)) out.structure = c.u16le();
}

bool read_tag(const Told& t, Values& out) noexcept {
  const Cip& m = t.cip;
  Cursor c(m.data);
  if (m.reply) {
    if ((!m.is(Service::kReadTag) && !m.is(Service::kReadTagFragmented)) || !m.done()) return false;
    read_type(c, out);
    out.data = c.rest();
    // Where the request was not seen only a type that exists tells that these are values.
    return c.ok() && (t.has_asked || type_size(out.type) != 0 || out.type == code(Type::kStructure));
  }
  const bool fragment = m.is(Service::kReadTagFragmented) || m.is(Service::kWriteTagFragmented);
  switch (static_cast<Service>(m.service)) {
    case Service::kWriteTag:
    case Service::kWriteTagFragmented:
      read_type(c, out);
      [[fallthrough]];
    case Service::kReadTag:
    case Service::kReadTagFragmented:
      out.has_count = true;
      out.count = c.u16le();
      out.has_offset = fragment;
      out.offset = fragment ? c.u32le() : 0;
      break;
    case Service::kReadModifyWrite: {
      const std::size_t size = c.u16le();
      out.or_mask = c.bytes(size);
      out.and_mask = c.bytes(size);
      break;
    }
    default:
      return false;
  }
  out.data = c.rest();
  return c.ok();
}

/// Numbers of a size that numbers have, where the type is not known.
std::uint16_t type_by_size(std::size_t size) noexcept {
  switch (size) {
    case 1:
      return code(Type::kUsint);
    case 2:
      return code(Type::kUint);
    case 4:
      return code(Type::kUdint);
    default:
      return 0;
  }
}

const AttributeInfo* info_of(const Target& t, std::uint32_t id) noexcept {
  return t.has_class ? attribute_info(t.class_id, id) : nullptr;
}

void set_attribute(const AttributeInfo* info, Bytes data, Values& out) noexcept {
  out.data = data;
  out.has_type = info != nullptr && info->type != 0 && info->type < 0xff00;
  if (out.has_type) {
    out.type = info->type;
  } else if (info == nullptr) {
    out.type = type_by_size(data.size());
  }
}

/// Bytes of a value that stands in front of others; 0: not known.
std::size_t attribute_size(const AttributeInfo* info, Bytes rest) noexcept {
  if (info == nullptr || rest.empty()) return 0;
  if (info->type == code(Type::kShortString)) return 1 + std::size_t{rest[0]};
  if (info->type == code(Type::kString)) {
    Cursor c(rest);
    return 2 + std::size_t{c.u16le()};
  }
  return type_size(info->type);
}

/// An attribute of the Identity object.
bool set_identity(std::uint32_t id, Bytes b, Identity& out) noexcept {
  Cursor c(b);
  Identity i = out;
  switch (id) {
    case 1:
      i.vendor = c.u16le();
      break;
    case 2:
      i.device_type = c.u16le();
      break;
    case 3:
      i.product_code = c.u16le();
      break;
    case 4:
      i.major = c.u8();
      i.minor = c.u8();
      break;
    case 5:
      i.status = c.u16le();
      break;
    case 6:
      i.serial = c.u32le();
      break;
    case 7:
      i.name = c.bytes(c.u8());
      break;
    case 8:
      i.state = c.u8();
      break;
    default:
      return false;
  }
  if (!c.ok()) return false;
  i.has = static_cast<std::uint16_t>(i.has | 1U << (id == 4 ? 3 : id == 3 ? 2 : id - 1));
  out = i;
  return true;
}

Bytes counted_text(Cursor& c) noexcept { return c.bytes(c.u16le()); }

void read_interface(Cursor& c, TcpIp& out) noexcept {
  out.ip = c.u32le();
  out.netmask = c.u32le();
  out.gateway = c.u32le();
  out.name_server = c.u32le();
  out.name_server2 = c.u32le();
  out.domain = counted_text(c);
  out.has_addresses = c.ok();
}

}  // namespace

unsigned type_size(std::uint16_t type) noexcept {
  switch (type) {
    case code(Type::kBool):
    case code(Type::kSint):
    case code(Type::kUsint):
    case code(Type::kByte):
      return 1;
    case code(Type::kInt):
    case code(Type::kUint):
    case code(Type::kWord):
    case code(Type::kDate):
    case kRevision:
    case 0xd8:  // ITIME
      return 2;
    case code(Type::kDint):
    case code(Type::kUdint):
    case code(Type::kDword):
    case code(Type::kReal):
    case code(Type::kTimeOfDay):
    case 0xd6:  // FTIME
    case 0xdb:  // TIME
      return 4;
    case kMac:
      return 6;
    case code(Type::kLint):
    case code(Type::kUlint):
    case code(Type::kLword):
    case code(Type::kLreal):
    case 0xcc:  // STIME
    case 0xd7:  // LTIME
      return 8;
    default:
      return 0;
  }
}

bool read_values(const Told& t, Values& out) noexcept {
  const bool tag = t.cip.service >= 0x4c && t.cip.service <= 0x53;
  if (tag && ((t.cip.reply && !t.has_asked) || of_tag(t.target()))) {
    out = {};
    return read_tag(t, out);
  }
  const bool get = t.cip.is(Service::kGetAttributeSingle), set = t.cip.is(Service::kSetAttributeSingle);
  if ((get && (!t.cip.reply || !t.cip.done())) || (set && t.cip.reply) || (!get && !set)) return false;
  if (t.cip.data.empty()) return false;
  out = {};
  set_attribute(info_of(t.target(), t.target().attribute), t.cip.data, out);
  return true;
}

std::size_t element_count(const Values& v) noexcept {
  if (v.data.empty()) return 0;
  if (v.type == code(Type::kString) || v.type == code(Type::kShortString)) return 1;
  if (v.type == code(Type::kStructure)) return v.structure == kStringHandle ? v.data.size() / kStringSize : 0;
  const unsigned size = type_size(v.type);
  return size == 0 ? 0 : v.data.size() / size;
}

bool element(const Values& v, std::size_t k, OtValue& out) noexcept {
  if (k >= element_count(v)) return false;
  out = {};
  Cursor c(v.data);
  if (v.type == code(Type::kString)) return out.text = counted_text(c), c.ok();
  if (v.type == code(Type::kShortString)) return out.text = c.bytes(c.u8()), c.ok();
  if (v.type == code(Type::kStructure)) {
    c.skip(k * kStringSize);
    const std::uint32_t size = c.u32le();
    out.text = c.bytes(std::min<std::size_t>(size, kStringRoom));
    return c.ok();
  }
  const unsigned size = type_size(v.type);
  c.skip(k * size);
  out.is_number = true;
  switch (v.type) {
    case code(Type::kSint):
      out.number = static_cast<std::int8_t>(c.u8());
      return true;
    case code(Type::kInt):
      out.number = static_cast<std::int16_t>(c.u16le());
      return true;
    case code(Type::kDint):
    case 0xd6:
    case 0xdb:
      out.number = static_cast<std::int32_t>(c.u32le());
      return true;
    case code(Type::kLint):
    case 0xcc:
    case 0xd7:
      out.number = static_cast<double>(static_cast<std::int64_t>(c.u64le()));
      return true;
    case code(Type::kReal):
      out.number = std::bit_cast<float>(c.u32le());
      return true;
    case code(Type::kLreal):
      out.number = std::bit_cast<double>(c.u64le());
      return true;
    default:
      break;
  }
  if (size == 1) out.number = c.u8();
  if (size == 2) out.number = c.u16le();
  if (size == 4) out.number = c.u32le();
  if (size == 8) out.number = static_cast<double>(c.u64le());
  return size != 6;
}

AttributeReader::AttributeReader(const Told& t) noexcept : target_(t.target()), reply_(t.cip.reply) {
  get_ = t.cip.is(Service::kGetAttributeList);
  if (!get_ && !t.cip.is(Service::kSetAttributeList)) return;
  // A refusal of the whole has no list; 0x0a says that one of the list has an error.
  if (reply_ && !t.cip.done() && t.cip.status != 0x0a) return;
  in_ = Cursor(t.cip.data);
  count_ = in_.u16le();
}

bool AttributeReader::next(Attribute& out) noexcept {
  if (at_ >= count_ || stopped_) return false;
  out = {};
  out.id = in_.u16le();
  out.info = info_of(target_, out.id);
  if (reply_) {
    out.has_status = true;
    out.status = in_.u16le();
  }
  if (!in_.ok()) return stopped_ = true, false;
  ++at_;
  const bool has_value = get_ ? reply_ && out.status == 0 : !reply_;
  if (!has_value) return true;
  std::size_t size = attribute_size(out.info, in_.rest());
  // The last one has all that is left.
  if (size == 0 && at_ == count_) size = in_.left();
  if (size == 0) return stopped_ = true, true;
  const Bytes value = in_.bytes(size);
  if (!in_.ok()) return stopped_ = true, false;
  set_attribute(out.info, value, out.value);
  return true;
}

bool read_identity(const Told& t, Identity& out) noexcept {
  if (!t.cip.reply || !t.target().is(Class::kIdentity)) return false;
  out = {};
  if (t.cip.is(Service::kGetAttributesAll) && t.cip.done()) {
    Cursor c(t.cip.data);
    return t.target().instance != 0 && read_identity_attributes(c, out);
  }
  if (t.cip.is(Service::kGetAttributeSingle) && t.cip.done())
    return t.target().instance != 0 && set_identity(t.target().attribute, t.cip.data, out);
  AttributeReader r(t);
  bool any = false;
  Attribute a;
  for (std::size_t i = 0; i < kMaxAttributes && r.next(a); ++i)
    any = (a.status == 0 && set_identity(a.id, a.value.data, out)) || any;
  return any;
}

bool read_tcpip(const Told& t, TcpIp& out) noexcept {
  const bool all = t.cip.is(Service::kGetAttributesAll) && t.cip.reply && t.cip.done();
  const bool one = (t.cip.is(Service::kGetAttributeSingle) && t.cip.reply && t.cip.done()) ||
                   (t.cip.is(Service::kSetAttributeSingle) && !t.cip.reply);
  if (!all && !one) return false;
  out = {};
  const Target& target = t.target();
  Cursor c(t.cip.data);
  if (target.is(Class::kEthernetLink) && target.instance != 0) {
    if (all) c.skip(8);  // speed and flags
    if (one && target.attribute != 3) return false;
    out.mac = c.bytes(6);
    return c.ok();
  }
  if (!target.is(Class::kTcpIp) || target.instance == 0) return false;
  if (all) {
    c.skip(12);  // status, capability, control
    c.skip(std::size_t{c.u16le()} * 2);
    read_interface(c, out);
    if (out.domain.size() % 2 != 0) c.skip(1);
    out.host_name = counted_text(c);
    return out.has_addresses;
  }
  if (one && target.attribute == 5) return read_interface(c, out), out.has_addresses;
  if (one && target.attribute == 6) return out.host_name = counted_text(c), c.ok();
  return false;
}

TagReader::TagReader(const Told& t) noexcept {
  if (!t.cip.reply || !t.has_asked || !t.cip.done() || !t.cip.is(Service::kGetInstanceAttributes) ||
      !of_tag(t.asked.target)) {
    return;
  }
  Cursor c(t.asked.data);
  const std::size_t count = c.u16le();
  wanted_ = c.bytes(count * 2);
  if (c.ok()) in_ = Cursor(t.cip.data);
}

bool TagReader::next(Tag& out) noexcept {
  if (in_.empty()) return false;
  out = {};
  out.instance = in_.u32le();
  Cursor wanted(wanted_);
  while (!wanted.empty()) {
    switch (wanted.u16le()) {
      case 1:
        out.name = counted_text(in_);
        break;
      case 2:
        out.type = in_.u16le();
        break;
      case 3:
      case 5:
      case 6:
        in_.skip(4);
        break;
      case 7:
        out.size = in_.u16le();
        break;
      case 8:
        for (std::uint32_t& d : out.dimensions) d = in_.u32le();
        break;
      case 10:
        in_.skip(1);
        break;
      default:
        in_.fail();
        break;
    }
  }
  return in_.ok();
}

bool read_file(const Told& t, FileTransfer& out) noexcept {
  if (!t.target().is(Class::kFile) || (t.cip.reply && !t.cip.done())) return false;
  out = {};
  Cursor c(t.cip.data);
  switch (t.cip.service) {
    case 0x4b:  // Initiate_Upload
      if (t.cip.reply) out.size = c.u32le();
      out.has_size = t.cip.reply;
      out.has_transfer_size = true;
      out.transfer_size = c.u8();
      break;
    case 0x4c:  // Initiate_Download
      if (t.cip.reply) {
        c.skip(6);  // what is written to memory at once, and how long that takes
        out.has_transfer_size = true;
        out.transfer_size = c.u8();
      } else {
        out.has_size = true;
        out.size = c.u32le();
        c.skip(4);  // version of the format, revision of the file
        // A text with its language and coding, or a counted one.
        const Bytes rest = c.rest();
        const auto* text = std::find_if(rest.data(), rest.data() + rest.size(),
                                        [](std::uint8_t b) { return b > 0x20 && b < 0x7f; });
        out.name = {text, rest.data() + rest.size()};
      }
      break;
    case 0x4f:  // Upload_Transfer
    case 0x50:  // Download_Transfer
      out.has_transfer = true;
      out.number = c.u8();
      if (t.cip.reply == (t.cip.service == 0x4f)) {
        out.type = c.u8();
        out.data = c.rest();
      }
      break;
    default:
      return false;
  }
  return c.ok();
}

}  // namespace picket::enip
