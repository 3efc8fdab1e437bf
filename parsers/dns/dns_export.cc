#include <algorithm>
#include <charconv>

#include "export/wire_writer.h"
#include "parsers/dns/dns.h"
#include "parsers/dns/dns.pb.h"

namespace picket::dns {
namespace {

using v1::Dns;
using v1::DnsEdns;
using v1::DnsGrouped;
using v1::DnsRecord;

/// A number or an address as text, on the stack.
class Text {
 public:
  Text& put(std::string_view s) noexcept {
    const std::size_t n = std::min(s.size(), sizeof(text_) - size_);
    std::copy_n(s.begin(), n, text_ + size_);
    size_ += n;
    return *this;
  }
  Text& number(std::uint32_t n, int base = 10) noexcept {
    const auto r = std::to_chars(text_ + size_, text_ + sizeof(text_), n, base);
    if (r.ec == std::errc()) size_ = static_cast<std::size_t>(r.ptr - text_);
    return *this;
  }
  Text& byte(std::uint8_t b) noexcept {
    constexpr std::string_view kDigits = "0123456789abcdef";
    return put(kDigits.substr(b >> 4, 1)).put(kDigits.substr(b & 0xf, 1));
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char text_[48];
  std::size_t size_ = 0;
};

/// IPv6 in full, all eight groups, as EVE has it.
Text address(Bytes b) noexcept {
  Text t;
  for (std::size_t i = 0; i < b.size(); ++i) {
    if (b.size() == 4) {
      if (i != 0) t.put(".");
      t.number(b[i]);
    } else {
      if (i != 0 && i % 2 == 0) t.put(":");
      t.byte(b[i]);
    }
  }
  return t;
}

/// The name, or `unknown` and the number.
void text_of(WireWriter& w, int field, std::string_view name, std::string_view unknown,
             std::uint32_t number) noexcept {
  w.text(field, name.empty() ? Text().put(unknown).number(number).view() : name);
}
void type_text(WireWriter& w, int field, std::uint16_t type, std::string_view unknown = "") noexcept {
  text_of(w, field, type_name(type), unknown, type);
}

void class_text(WireWriter& w, int field, std::uint16_t klass) noexcept {
  if (klass == 1) return;
  const std::string_view name = klass == 3     ? "CH"
                                : klass == 4   ? "HS"
                                : klass == 254 ? "NONE"
                                : klass == 255 ? "ANY"
                                               : "";
  text_of(w, field, name, "CLASS", klass);
}

/// One byte of length, then that many.
Bytes string_of(Cursor& c) noexcept { return c.bytes(c.u8()); }

void soa(WireWriter& w, const Message& m, const Record& r) noexcept {
  using v1::DnsSoa;
  w.bytes(DnsSoa::kMnameFieldNumber, m.text(r.target));
  if (r.target.truncated) w.boolean(DnsSoa::kMnameTruncatedFieldNumber, true);
  w.bytes(DnsSoa::kRnameFieldNumber, m.text(r.second));
  if (r.second.truncated) w.boolean(DnsSoa::kRnameTruncatedFieldNumber, true);
  Cursor c(m.tail(r));
  for (const int field : {DnsSoa::kSerialFieldNumber, DnsSoa::kRefreshFieldNumber, DnsSoa::kRetryFieldNumber,
                          DnsSoa::kExpireFieldNumber, DnsSoa::kMinimumFieldNumber}) {
    w.u64(field, c.u32be());
  }
}

void sshfp(WireWriter& w, const Message& m, const Record& r) noexcept {
  using v1::DnsSshfp;
  Cursor c(m.rdata(r));
  const std::uint8_t algo = c.u8(), type = c.u8();
  w.bytes(DnsSshfp::kFingerprintFieldNumber, c.rest());
  w.u64(DnsSshfp::kAlgoFieldNumber, algo);
  w.u64(DnsSshfp::kTypeFieldNumber, type);
}

void srv(WireWriter& w, const Message& m, const Record& r) noexcept {
  using v1::DnsSrv;
  Cursor c(m.rdata(r));
  w.u64(DnsSrv::kPriorityFieldNumber, c.u16be());
  w.u64(DnsSrv::kWeightFieldNumber, c.u16be());
  w.u64(DnsSrv::kPortFieldNumber, c.u16be());
  w.bytes(DnsSrv::kNameFieldNumber, m.text(r.target));
}

/// RFC 4034, §4.1.2: windows of 256 types, a bit each.
void type_bitmap(WireWriter& w, int field, Bytes in) noexcept {
  Cursor c(in);
  while (!c.empty()) {
    const unsigned window = c.u8();
    const Bytes bits = string_of(c);
    for (std::size_t i = 0; i < bits.size() && i < 32; ++i) {
      for (unsigned bit = 0; bit < 8; ++bit) {
        if ((bits[i] & 0x80U >> bit) == 0) continue;
        type_text(w, field, static_cast<std::uint16_t>(window << 8 | (i * 8 + bit)), "TYPE");
      }
    }
  }
}

std::uint16_t key_tag(Bytes rdata) noexcept {
  std::uint32_t sum = 0;
  for (std::size_t i = 0; i < rdata.size(); ++i) sum += i % 2 == 0 ? std::uint32_t{rdata[i]} << 8 : rdata[i];
  return static_cast<std::uint16_t>(sum + (sum >> 16));
}

void option(WireWriter& w, int field, std::uint16_t code, Bytes data) noexcept {
  const auto o = w.message(field);
  w.u64(v1::DnsOption::kCodeFieldNumber, code);
  w.bytes(v1::DnsOption::kDataFieldNumber, data);
}

/// RFC 9460, §2.2 and §14.3.2.
void svcb_parameter(WireWriter& w, std::uint16_t key, Bytes value) noexcept {
  using v1::DnsSvcb;
  Cursor c(value);
  switch (key) {
    case 0:
      while (c.left() >= 2) w.u64(DnsSvcb::kMandatoryFieldNumber, c.u16be());
      return;
    case 1:
      while (!c.empty()) {
        const Bytes protocol = string_of(c);
        if (c.ok()) w.bytes(DnsSvcb::kAlpnFieldNumber, protocol);
      }
      return;
    case 2:
      return w.boolean(DnsSvcb::kNoDefaultAlpnFieldNumber, true);
    case 3:
      if (value.size() == 2) return w.u64(DnsSvcb::kPortFieldNumber, c.u16be());
      break;
    case 4:
      while (c.left() >= 4) w.bytes(DnsSvcb::kIpv4HintFieldNumber, c.bytes(4));
      return;
    case 5:
      return w.bytes(DnsSvcb::kEchFieldNumber, value);
    case 6:
      while (c.left() >= 16) w.bytes(DnsSvcb::kIpv6HintFieldNumber, c.bytes(16));
      return;
    case 7:
      return w.bytes(DnsSvcb::kDohpathFieldNumber, value);
    default:
      break;
  }
  option(w, DnsSvcb::kOtherFieldNumber, key, value);
}

void svcb(WireWriter& w, const Message& m, const Record& r) noexcept {
  w.u64(v1::DnsSvcb::kPriorityFieldNumber, Cursor(m.rdata(r)).u16be());
  w.bytes(v1::DnsSvcb::kTargetFieldNumber, m.text(r.target));
  Cursor c(m.tail(r));
  while (c.left() >= 4) {
    const std::uint16_t key = c.u16be();
    const Bytes value = c.bytes(c.u16be());
    if (c.ok()) svcb_parameter(w, key, value);
  }
}

void name_rdata(WireWriter& w, const Message& m, Name name) noexcept {
  w.bytes(DnsRecord::kRdataFieldNumber, m.text(name));
  if (name.truncated) w.boolean(DnsRecord::kRdataTruncatedFieldNumber, true);
}

void options(WireWriter& w, const Message& m, const Record& r) noexcept {
  Cursor c(m.rdata(r));
  while (!c.empty()) {
    const std::uint16_t code = c.u16be();
    const Bytes data = c.bytes(c.u16be());
    if (c.ok()) option(w, DnsRecord::kOptFieldNumber, code, data);
  }
}

void rrsig(WireWriter& w, const Message& m, const Record& r) noexcept {
  using v1::DnsRrsig;
  Cursor c(m.rdata(r));
  type_text(w, DnsRrsig::kTypeCoveredFieldNumber, c.u16be(), "TYPE");
  w.u64(DnsRrsig::kAlgorithmFieldNumber, c.u8());
  w.u64(DnsRrsig::kLabelsFieldNumber, c.u8());
  w.u64(DnsRrsig::kOriginalTtlFieldNumber, c.u32be());
  w.u64(DnsRrsig::kExpirationFieldNumber, c.u32be());
  w.u64(DnsRrsig::kInceptionFieldNumber, c.u32be());
  w.u64(DnsRrsig::kKeyTagFieldNumber, c.u16be());
  w.bytes(DnsRrsig::kSignerFieldNumber, m.text(r.target));
  w.bytes(DnsRrsig::kSignatureFieldNumber, m.tail(r));
}

void nsec3(WireWriter& w, const Message& m, const Record& r) noexcept {
  using v1::DnsNsec3;
  Cursor c(m.rdata(r));
  w.u64(DnsNsec3::kAlgorithmFieldNumber, c.u8());
  w.u64(DnsNsec3::kFlagsFieldNumber, c.u8());
  w.u64(DnsNsec3::kIterationsFieldNumber, c.u16be());
  w.bytes(DnsNsec3::kSaltFieldNumber, string_of(c));
  if (r.type == kNsec3param || !c.ok()) return;
  w.bytes(DnsNsec3::kNextHashFieldNumber, string_of(c));
  type_bitmap(w, DnsNsec3::kTypesFieldNumber, c.rest());
}

void naptr(WireWriter& w, const Message& m, const Record& r) noexcept {
  using v1::DnsNaptr;
  Cursor c(m.rdata(r));
  w.u64(DnsNaptr::kOrderFieldNumber, c.u16be());
  w.u64(DnsNaptr::kPreferenceFieldNumber, c.u16be());
  w.bytes(DnsNaptr::kFlagsFieldNumber, string_of(c));
  w.bytes(DnsNaptr::kServiceFieldNumber, string_of(c));
  w.bytes(DnsNaptr::kRegexpFieldNumber, string_of(c));
  w.bytes(DnsNaptr::kReplacementFieldNumber, m.text(r.target));
}

void caa(WireWriter& w, const Message& m, const Record& r) noexcept {
  Cursor c(m.rdata(r));
  w.u64(v1::DnsCaa::kFlagsFieldNumber, c.u8());
  w.bytes(v1::DnsCaa::kTagFieldNumber, string_of(c));
  w.bytes(v1::DnsCaa::kValueFieldNumber, c.rest());
}

void ds(WireWriter& w, const Message& m, const Record& r) noexcept {
  Cursor c(m.rdata(r));
  w.u64(v1::DnsDs::kKeyTagFieldNumber, c.u16be());
  w.u64(v1::DnsDs::kAlgorithmFieldNumber, c.u8());
  w.u64(v1::DnsDs::kDigestTypeFieldNumber, c.u8());
  w.bytes(v1::DnsDs::kDigestFieldNumber, c.rest());
}

void dnskey(WireWriter& w, const Message& m, const Record& r) noexcept {
  Cursor c(m.rdata(r));
  w.u64(v1::DnsDnskey::kFlagsFieldNumber, c.u16be());
  w.u64(v1::DnsDnskey::kProtocolFieldNumber, c.u8());
  w.u64(v1::DnsDnskey::kAlgorithmFieldNumber, c.u8());
  w.bytes(v1::DnsDnskey::kPublicKeyFieldNumber, c.rest());
  w.u64(v1::DnsDnskey::kKeyTagFieldNumber, key_tag(m.rdata(r)));
}

void tlsa(WireWriter& w, const Message& m, const Record& r) noexcept {
  Cursor c(m.rdata(r));
  w.u64(v1::DnsTlsa::kUsageFieldNumber, c.u8());
  w.u64(v1::DnsTlsa::kSelectorFieldNumber, c.u8());
  w.u64(v1::DnsTlsa::kMatchingTypeFieldNumber, c.u8());
  w.bytes(v1::DnsTlsa::kDataFieldNumber, c.rest());
}

void mx(WireWriter& w, const Message& m, const Record& r) noexcept {
  w.u64(v1::DnsMx::kPreferenceFieldNumber, Cursor(m.rdata(r)).u16be());
  w.bytes(v1::DnsMx::kExchangeFieldNumber, m.text(r.target));
}

void hinfo(WireWriter& w, const Message& m, const Record& r) noexcept {
  Cursor c(m.rdata(r));
  w.bytes(v1::DnsHinfo::kCpuFieldNumber, string_of(c));
  w.bytes(v1::DnsHinfo::kOsFieldNumber, string_of(c));
}

/// A sub-message whose fields `write` writes.
template <class F>
void sub(WireWriter& w, int field, const Message& m, const Record& r, F write) noexcept {
  const auto s = w.message(field);
  write(w, m, r);
}

void rdata(WireWriter& w, const Message& m, const Record& r) noexcept {
  if (!r.well_formed) return w.bytes(DnsRecord::kRawFieldNumber, m.rdata(r));
  if (r.rdata_size == 0 && r.type != kOpt) return;
  switch (r.type) {
    case kA:
      if (r.rdata_size != 4) break;
      [[fallthrough]];
    case kAaaa:
      return w.text(DnsRecord::kRdataFieldNumber, address(m.rdata(r)).view());
    case kNs:
    case kMd:
    case kMf:
    case kCname:
    case kMb:
    case kMg:
    case kMr:
    case kPtr:
    case kDname:
      return name_rdata(w, m, r.target);
    case kMx:
      name_rdata(w, m, r.target);
      return sub(w, DnsRecord::kMxFieldNumber, m, r, mx);
    case kNull:
      return w.bytes(DnsRecord::kRdataFieldNumber, m.rdata(r));
    case kSoa:
      return sub(w, DnsRecord::kSoaFieldNumber, m, r, soa);
    case kSshfp:
      return sub(w, DnsRecord::kSshfpFieldNumber, m, r, sshfp);
    case kSrv:
      return sub(w, DnsRecord::kSrvFieldNumber, m, r, srv);
    case kOpt:
      return options(w, m, r);
    case kNaptr:
      return sub(w, DnsRecord::kNaptrFieldNumber, m, r, naptr);
    case kCaa:
      return sub(w, DnsRecord::kCaaFieldNumber, m, r, caa);
    case kDs:
    case kCds:
    case kDlv:
      return sub(w, DnsRecord::kDsFieldNumber, m, r, ds);
    case kDnskey:
    case kCdnskey:
      return sub(w, DnsRecord::kDnskeyFieldNumber, m, r, dnskey);
    case kRrsig:
      return sub(w, DnsRecord::kRrsigFieldNumber, m, r, rrsig);
    case kNsec: {
      const auto n = w.message(DnsRecord::kNsecFieldNumber);
      w.bytes(v1::DnsNsec::kNextFieldNumber, m.text(r.target));
      return type_bitmap(w, v1::DnsNsec::kTypesFieldNumber, m.tail(r));
    }
    case kNsec3:
    case kNsec3param:
      return sub(w, DnsRecord::kNsec3FieldNumber, m, r, nsec3);
    case kTlsa:
    case kSmimea:
      return sub(w, DnsRecord::kTlsaFieldNumber, m, r, tlsa);
    case kSvcb:
    case kHttps:
      return sub(w, DnsRecord::kSvcbFieldNumber, m, r, svcb);
    case kHinfo:
      return sub(w, DnsRecord::kHinfoFieldNumber, m, r, hinfo);
    default:
      break;
  }
  w.bytes(DnsRecord::kRawFieldNumber, m.rdata(r));
}

/// What stands before rdata in every record.
void owner(WireWriter& w, const Message& m, const Record& r) noexcept {
  w.bytes(DnsRecord::kRrnameFieldNumber, m.text(r.name));
  if (r.name.truncated) w.boolean(DnsRecord::kRrnameTruncatedFieldNumber, true);
  type_text(w, DnsRecord::kRrtypeFieldNumber, r.type);
  w.u64(DnsRecord::kTtlFieldNumber, r.ttl);
}

void records(WireWriter& w, int field, const Message& m, Section section) noexcept {
  for (const Record& r : m.records[section]) {
    // As Suricata: EDNS without options is no record.
    if (section == kAdditionals && r.type == kOpt && r.rdata_size == 0) continue;
    Cursor strings(m.rdata(r));
    const bool each = (r.type == kTxt || r.type == kSpf) && r.well_formed && !strings.empty();
    do {
      const auto one = w.message(field);
      owner(w, m, r);
      if (each) {
        w.bytes(DnsRecord::kRdataFieldNumber, string_of(strings));
      } else {
        rdata(w, m, r);
      }
      if (r.type != kOpt) class_text(w, DnsRecord::kRrclassFieldNumber, r.klass);
    } while (each && !strings.empty() && w.ok());
  }
}

void grouped(WireWriter& w, const Message& m) noexcept {
  if (m.records[kAnswers].empty()) return;
  const auto g = w.message(Dns::kGroupedFieldNumber);
  struct Group {
    std::uint16_t type;
    int field;
  };
  static constexpr Group kGroups[] = {
      {kA, DnsGrouped::kAFieldNumber},         {kAaaa, DnsGrouped::kAaaaFieldNumber},
      {kCname, DnsGrouped::kCnameFieldNumber}, {kMx, DnsGrouped::kMxFieldNumber},
      {kNs, DnsGrouped::kNsFieldNumber},       {kPtr, DnsGrouped::kPtrFieldNumber},
      {kTxt, DnsGrouped::kTxtFieldNumber},     {kNull, DnsGrouped::kNullFieldNumber},
      {kSoa, DnsGrouped::kSoaFieldNumber},     {kSshfp, DnsGrouped::kSshfpFieldNumber},
      {kSrv, DnsGrouped::kSrvFieldNumber},
  };
  for (const Group& group : kGroups) {
    for (const Record& r : m.records[kAnswers]) {
      if (r.type != group.type || !r.well_formed || r.rdata_size == 0) continue;
      switch (r.type) {
        case kA:
        case kAaaa:
          w.text(group.field, address(m.rdata(r)).view());
          break;
        case kTxt:
          for (Cursor c(m.rdata(r)); !c.empty();) w.bytes(group.field, string_of(c));
          break;
        case kNull:
          w.bytes(group.field, m.rdata(r));
          break;
        case kSoa:
          sub(w, group.field, m, r, soa);
          break;
        case kSshfp:
          sub(w, group.field, m, r, sshfp);
          break;
        case kSrv:
          sub(w, group.field, m, r, srv);
          break;
        default:
          w.bytes(group.field, m.text(r.target));
          break;
      }
    }
  }
}

void client_subnet(WireWriter& w, Bytes data) noexcept {
  using v1::DnsClientSubnet;
  Cursor c(data);
  const std::uint16_t family = c.u16be();
  const std::uint8_t source = c.u8(), scope = c.u8();
  if (!c.ok() || (family != 1 && family != 2)) return;
  std::array<std::uint8_t, 16> full{};
  const std::size_t size = family == 1 ? 4 : 16;
  std::copy_n(c.rest().begin(), std::min(c.left(), size), full.begin());
  const auto s = w.message(DnsEdns::kClientSubnetFieldNumber);
  w.bytes(DnsClientSubnet::kAddressFieldNumber, {full.data(), size});
  w.u64(DnsClientSubnet::kSourcePrefixFieldNumber, source);
  w.u64(DnsClientSubnet::kScopePrefixFieldNumber, scope);
}

void edns_option(WireWriter& w, std::uint16_t code, Bytes data) noexcept {
  Cursor c(data);
  switch (code) {
    case 3:
      return w.bytes(DnsEdns::kNsidFieldNumber, data);
    case 8:
      return client_subnet(w, data);
    case 10:  // RFC 7873: eight bytes of the client's, then the server's if known
      if (data.size() < 8) return;
      w.bytes(DnsEdns::kClientCookieFieldNumber, c.bytes(8));
      if (!c.empty()) w.bytes(DnsEdns::kServerCookieFieldNumber, c.rest());
      return;
    case 11:
      if (data.size() == 2) w.u64(DnsEdns::kTcpKeepaliveFieldNumber, c.u16be());
      return;
    case 12:
      return w.u64(DnsEdns::kPaddingFieldNumber, data.size());
    case 15:
      if (data.size() < 2) return;
      w.u64(DnsEdns::kExtendedErrorFieldNumber, c.u16be());
      if (!c.empty()) w.bytes(DnsEdns::kExtendedErrorTextFieldNumber, c.rest());
      return;
    default:
      return;
  }
}

/// The OPT record's fields mean something else than a record's: class is a size, the TTL is flags.
void edns(WireWriter& w, const Message& m) noexcept {
  for (const Record& r : m.records[kAdditionals]) {
    if (r.type != kOpt) continue;
    const auto e = w.message(Dns::kEdnsFieldNumber);
    w.u64(DnsEdns::kUdpSizeFieldNumber, r.klass);
    w.u64(DnsEdns::kVersionFieldNumber, r.ttl >> 16 & 0xff);
    w.boolean(DnsEdns::kDoFieldNumber, (r.ttl & 0x8000) != 0);
    if (const std::uint32_t upper = r.ttl >> 24; upper != 0) {
      const auto rcode = static_cast<std::uint16_t>(upper << 4 | m.header.rcode());
      text_of(w, DnsEdns::kRcodeFieldNumber, rcode_name(rcode), "", rcode);
    }
    for (Cursor c(m.rdata(r)); !c.empty();) {
      const std::uint16_t code = c.u16be();
      const Bytes data = c.bytes(c.u16be());
      if (c.ok()) edns_option(w, code, data);
    }
    return;  // RFC 6891 allows one
  }
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  const Message& m = static_cast<const Message&>(tx);
  const Header& h = m.header;
  w.u64(Dns::kVersionFieldNumber, 3);
  w.text(Dns::kTypeFieldNumber, h.is_response() ? "response" : "request");
  w.u64(Dns::kTxIdFieldNumber, m.id);
  w.u64(Dns::kIdFieldNumber, h.id);
  w.text(Dns::kFlagsFieldNumber, Text().number(h.flags, 16).view());
  const auto flag = [&](int field, std::uint16_t bit) {
    if ((h.flags & bit) != 0) w.boolean(field, true);
  };
  flag(Dns::kQrFieldNumber, 0x8000);
  flag(Dns::kAaFieldNumber, 0x0400);
  flag(Dns::kTcFieldNumber, 0x0200);
  flag(Dns::kRdFieldNumber, 0x0100);
  flag(Dns::kRaFieldNumber, 0x0080);
  flag(Dns::kZFieldNumber, 0x0040);
  w.u64(Dns::kOpcodeFieldNumber, h.opcode());
  text_of(w, Dns::kRcodeFieldNumber, rcode_name(h.rcode()), "", h.rcode());
  for (const Question& q : m.questions) {
    const auto one = w.message(Dns::kQueriesFieldNumber);
    w.bytes(v1::DnsQuery::kRrnameFieldNumber, m.text(q.name));
    type_text(w, v1::DnsQuery::kRrtypeFieldNumber, q.type);
    if (q.name.truncated) w.boolean(v1::DnsQuery::kRrnameTruncatedFieldNumber, true);
    class_text(w, v1::DnsQuery::kRrclassFieldNumber, q.klass);
  }
  records(w, Dns::kAnswersFieldNumber, m, kAnswers);
  grouped(w, m);
  records(w, Dns::kAuthoritiesFieldNumber, m, kAuthorities);
  records(w, Dns::kAdditionalsFieldNumber, m, kAdditionals);
  flag(Dns::kAdFieldNumber, 0x0020);
  flag(Dns::kCdFieldNumber, 0x0010);
  edns(w, m);
  if (m.paired) {
    w.u64(Dns::kRequestTxIdFieldNumber, m.request_tx_id);
    w.u64(Dns::kRttUsFieldNumber, m.rtt_ns / 1000);
  }
}

}  // namespace picket::dns
