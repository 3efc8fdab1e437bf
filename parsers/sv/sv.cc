#include "parsers/sv/sv.h"

#include "parsers/core/ber.h"
#include "parsers/core/names.h"

namespace picket::sv {
namespace {

constexpr NumberName kChannelNames[] = {{0, "Ia"}, {1, "Ib"}, {2, "Ic"}, {3, "In"},
                                        {4, "Ua"}, {5, "Ub"}, {6, "Uc"}, {7, "Un"}};
static_assert(std::size(kChannelNames) == kChannels);
constexpr NumberName kQualityNames[] = {{2, "overflow"},     {3, "out of range"},      {4, "bad reference"},
                                        {5, "oscillatory"},  {6, "failure"},           {7, "old data"},
                                        {8, "inconsistent"}, {9, "inaccurate"},        {10, "substituted"},
                                        {11, "test"},        {12, "operator blocked"}, {13, "derived"}};
constexpr NumberName kSynchNames[] = {{0, "none"}, {1, "local"}, {2, "global"}};
constexpr NumberName kModes[] = {
    {0, "samples per period"}, {1, "samples per second"}, {2, "seconds per sample"}};
constexpr NumberName kStatusNames[] = {{0, "first"}, {1, "running"}, {2, "ended"}};

/// A number of exactly so many octets; false leaves `out` alone.
template <class T>
bool number(Bytes content, T& out) noexcept {
  if (content.size() != sizeof(T)) return false;
  std::uint64_t v = 0;
  for (const std::uint8_t octet : content) v = v << 8 | octet;
  out = static_cast<T>(v);
  return true;
}

}  // namespace

std::string_view channel_name(unsigned n) noexcept { return name_of(kChannelNames, n); }
std::string_view quality_name(unsigned bit) noexcept { return name_of(kQualityNames, bit); }
std::string_view synch_name(std::uint8_t n) noexcept { return name_of(kSynchNames, n); }
std::string_view mode_name(std::uint16_t n) noexcept { return name_of(kModes, n); }
std::string_view status_name(Status s) noexcept {
  return name_of(kStatusNames, static_cast<std::uint32_t>(s));
}
bool status_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kStatusNames, name, out);
}
bool synch_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kSynchNames, name, out);
}

bool parse(Bytes in, Pdu& out, Event& wrong) noexcept {
  out = {};
  wrong = Event::kInvalidLength;
  if (!read_iec61850(in, out.frame)) return false;
  wrong = Event::kInvalidPdu;
  Cursor c(out.frame.apdu);
  ber::Element e;
  if (!ber::read(c, e) || e.identifier != 0x60) return false;
  Cursor fields(e.content);
  bool has_count = false, has_asdus = false;
  while (!fields.empty()) {
    if (!ber::read(fields, e)) return false;
    std::int64_t n = 0;
    if (e.identifier == 0x80) {
      if (!ber::read_integer(e.content, n) || n < 0 || n > 0xffff) return false;
      out.no_asdu = static_cast<std::uint32_t>(n);
      has_count = true;
    } else if (e.identifier == 0x81 || e.identifier == 0xa1) {
      out.security = e.content;
      out.has_security = true;
    } else if (e.identifier == 0xa2) {
      out.asdus = e.content;
      has_asdus = true;
    }
  }
  return has_count && has_asdus;
}

bool read_asdu(Bytes content, Asdu& out) noexcept {
  out = {};
  Cursor c(content);
  ber::Element e;
  std::uint16_t seen = 0;
  bool sound = true;
  while (!c.empty()) {
    if (!ber::read(c, e)) return false;
    if (e.identifier < 0x80 || e.identifier > 0x89) continue;
    seen |= static_cast<std::uint16_t>(1U << (e.identifier - 0x80));
    switch (e.identifier) {
      case 0x80:
        out.sv_id = e.content;
        break;
      case 0x81:
        out.dat_set = e.content;
        out.has_dat_set = true;
        break;
      case 0x82:
        sound = number(e.content, out.smp_cnt) && sound;
        break;
      case 0x83:
        sound = number(e.content, out.conf_rev) && sound;
        break;
      case 0x84:
        out.has_refr_tm = read_iec61850_time(e.content, out.refr_tm);
        sound = out.has_refr_tm && sound;
        break;
      case 0x85:
        sound = number(e.content, out.smp_synch) && sound;
        break;
      case 0x86:
        out.has_smp_rate = number(e.content, out.smp_rate);
        sound = out.has_smp_rate && sound;
        break;
      case 0x87:
        out.sample = e.content;
        break;
      case 0x88:
        out.has_smp_mod = number(e.content, out.smp_mod);
        sound = out.has_smp_mod && sound;
        break;
      default:
        out.gm_identity = e.content;
        out.has_gm_identity = true;
        break;
    }
  }
  constexpr std::uint16_t kMandatory = 0b1010'1101;  // svID, smpCnt, confRev, smpSynch, sample
  return sound && (seen & kMandatory) == kMandatory && !out.sv_id.empty() && out.sv_id.size() <= kMaxId;
}

Channel channel(const Asdu& a, unsigned n) noexcept {
  Cursor c(a.sample);
  c.skip(std::size_t{n} * 8);
  Channel out;
  out.value = static_cast<std::int32_t>(c.u32be());
  out.quality = c.u32be();
  return out;
}

Probe probe(Transport t, Direction, Bytes) noexcept {
  return t == Transport::kEthernet ? Probe::kYes : Probe::kNo;
}

}  // namespace picket::sv
