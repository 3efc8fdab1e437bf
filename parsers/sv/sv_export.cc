#include "parsers/goose/goose_export.h"
#include "parsers/sv/sv.h"
#include "parsers/sv/sv.pb.h"

namespace picket::sv {
namespace {

using v1::Sv;

/// As sint32 stands on the wire.
std::uint32_t zigzag(std::int32_t v) noexcept {
  return static_cast<std::uint32_t>(v) << 1 ^ static_cast<std::uint32_t>(v >> 31);
}

void samples(WireWriter& w, const Asdu& a) noexcept {
  using S = v1::SvSample;
  for (unsigned n = 0; n < kChannels; ++n) {
    const Channel c = channel(a, n);
    const auto m = w.message(Sv::kSamplesFieldNumber);
    w.text(S::kNameFieldNumber, channel_name(n));
    w.u64(S::kValueFieldNumber, zigzag(c.value));
    w.u64(S::kQualityFieldNumber, c.quality);
    constexpr std::string_view kValidity[] = {"", "invalid", "reserved", "questionable"};
    if (!c.good()) w.text(S::kQualityNamesFieldNumber, kValidity[c.quality & 3]);
    for (unsigned bit = 2; bit <= 13; ++bit) {
      if ((c.quality >> bit & 1) != 0) w.text(S::kQualityNamesFieldNumber, quality_name(bit));
    }
  }
}

void stream(WireWriter& w, const Message& x) noexcept {
  using S = v1::SvStream;
  const Counts& c = *x.counts;
  const auto m = w.message(Sv::kStreamFieldNumber);
  w.text(S::kStatusFieldNumber, status_name(x.status));
  w.fixed64(S::kSinceFieldNumber, c.since_ns);
  w.u64(S::kAsdusFieldNumber, c.asdus);
  w.u64(S::kLostFieldNumber, c.lost);
  w.u64(S::kDuplicatedFieldNumber, c.duplicated);
  w.u64(S::kOutOfOrderFieldNumber, c.out_of_order);
  w.u64(S::kInvalidFieldNumber, c.invalid);
  w.u64(S::kSimulatedFieldNumber, c.simulated);
  w.u64(S::kLongestGapUsFieldNumber, c.longest_gap_ns / 1000);
  if (x.counter_end != 0) w.u64(S::kCounterEndFieldNumber, x.counter_end);
  for (unsigned n = 0; c.has_ranges && n < kChannels; ++n) {
    const auto r = w.message(S::kRangesFieldNumber);
    w.text(v1::SvRange::kNameFieldNumber, channel_name(n));
    w.u64(v1::SvRange::kMinFieldNumber, zigzag(c.min[n]));
    w.u64(v1::SvRange::kMaxFieldNumber, zigzag(c.max[n]));
  }
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  const Pdu& p = m.pdu;
  const Asdu& a = m.asdu;
  w.u64(Sv::kAppidFieldNumber, p.frame.appid);
  w.u64(Sv::kLengthFieldNumber, p.frame.length);
  if (p.frame.reserved1 != 0) w.u64(Sv::kReserved1FieldNumber, p.frame.reserved1);
  if (p.frame.reserved2 != 0) w.u64(Sv::kReserved2FieldNumber, p.frame.reserved2);
  w.boolean(Sv::kSimulationFieldNumber, p.simulated());
  w.u64(Sv::kNoAsduFieldNumber, p.no_asdu);
  w.bytes(Sv::kSvIdFieldNumber, a.sv_id);
  if (a.has_dat_set) w.bytes(Sv::kDatSetFieldNumber, a.dat_set);
  w.u64(Sv::kSmpCntFieldNumber, a.smp_cnt);
  w.u64(Sv::kConfRevFieldNumber, a.conf_rev);
  if (a.has_refr_tm) {
    w.fixed64(Sv::kRefrTmFieldNumber, a.refr_tm.ns);
    write_time_quality(w, Sv::kRefrTmQualityFieldNumber, a.refr_tm);
  }
  w.u64(Sv::kSmpSynchFieldNumber, a.smp_synch);
  if (!synch_name(a.smp_synch).empty()) w.text(Sv::kSmpSynchNameFieldNumber, synch_name(a.smp_synch));
  if (a.has_smp_rate) w.u64(Sv::kSmpRateFieldNumber, a.smp_rate);
  if (a.has_smp_mod) {
    w.u64(Sv::kSmpModFieldNumber, a.smp_mod);
    if (!mode_name(a.smp_mod).empty()) w.text(Sv::kSmpModNameFieldNumber, mode_name(a.smp_mod));
  }
  if (a.has_gm_identity) w.bytes(Sv::kGmIdentityFieldNumber, a.gm_identity);
  if (a.is_light()) {
    samples(w, a);
  } else if (!a.sample.empty()) {
    w.bytes(Sv::kDataFieldNumber, a.sample.first(std::min(a.sample.size(), kMaxRecordData)));
    w.u64(Sv::kDataLengthFieldNumber, a.sample.size());
  }
  if (p.has_security) w.bytes(Sv::kSecurityFieldNumber, p.security);
  if (m.counts != nullptr) stream(w, m);
}

}  // namespace picket::sv
