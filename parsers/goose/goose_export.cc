#include "parsers/goose/goose_export.h"

#include "parsers/core/text_writer.h"
#include "parsers/goose/goose.h"

namespace picket::goose {
namespace {

using v1::Goose;
using v1::GooseValue;

void value(WireWriter& w, const Value& v) noexcept {
  const auto s = w.message(Goose::kAllDataFieldNumber);
  std::array<char, 6 * kMaxDepth> room;  // places of 5 digits, and dots: it all fits
  TextWriter entry(room);
  for (unsigned i = 0; i < v.depth; ++i) entry << (i == 0 ? "" : ".") << v.path[i];
  w.bytes(GooseValue::kEntryFieldNumber, entry.bytes());
  w.text(GooseValue::kTypeFieldNumber, type_name(v.type));
  if (v.is_number()) return w.f64(GooseValue::kNumberFieldNumber, v.number);
  if (v.is_text()) return w.bytes(GooseValue::kTextFieldNumber, v.content);
  if (v.type == Type::kUtcTime) return w.fixed64(GooseValue::kTimeFieldNumber, v.time.ns);
  if (v.type == Type::kBitString) {
    std::array<char, 512> bits;
    return w.bytes(GooseValue::kTextFieldNumber, bits_text(v.content, bits));
  }
  w.bytes(GooseValue::kOctetsFieldNumber, v.content);
}

void write_values(const Message& m, WireWriter& w) noexcept {
  unsigned written = 0;
  Values values(m.pdu.all_data);
  for (Value v; written < kMaxRecordValues && values.next(v); ++written) value(w, v);
}

/// A publisher repeats its data set until something changes: it is written once, and copied from then on.
void all_data(const Message& m, WireWriter& w) noexcept {
  constexpr std::size_t kMaxValues = 64, kMaxBytes = 512;  // of what is kept
  // Of a value the path, the name of its type and what stands in front of fields; a bit string takes 8 times its bytes.
  constexpr std::size_t kMaxText = kMaxValues * 96 + 8 * kMaxBytes;
  PoolBuffer* const kept = m.encoded;
  if (kept != nullptr && !kept->empty()) return w.append(kept->view());
  if (kept == nullptr || m.shape.values > kMaxValues || m.pdu.all_data.size() > kMaxBytes)
    return write_values(m, w);
  std::array<std::uint8_t, kMaxText> room;
  WireWriter once(room);
  write_values(m, once);
  if (!once.ok()) return write_values(m, w);
  const Bytes encoded = Bytes(room).first(once.size());
  (void)kept->append(encoded);  // where no memory was left the next one tries again
  w.append(encoded);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  const Pdu& p = m.pdu;
  w.u64(Goose::kAppidFieldNumber, p.frame.appid);
  w.u64(Goose::kLengthFieldNumber, p.frame.length);
  if (p.frame.reserved1 != 0) w.u64(Goose::kReserved1FieldNumber, p.frame.reserved1);
  if (p.frame.reserved2 != 0) w.u64(Goose::kReserved2FieldNumber, p.frame.reserved2);
  w.bytes(Goose::kGocbRefFieldNumber, p.gocb_ref);
  w.u64(Goose::kTimeAllowedToLiveFieldNumber, p.time_allowed_to_live_ms);
  w.bytes(Goose::kDatSetFieldNumber, p.dat_set);
  if (p.has_go_id) w.bytes(Goose::kGoIdFieldNumber, p.go_id);
  w.fixed64(Goose::kTFieldNumber, p.t.ns);
  write_time_quality(w, Goose::kTQualityFieldNumber, p.t);
  w.u64(Goose::kStNumFieldNumber, p.st_num);
  w.u64(Goose::kSqNumFieldNumber, p.sq_num);
  w.boolean(Goose::kSimulationFieldNumber, p.simulated());
  w.u64(Goose::kConfRevFieldNumber, p.conf_rev);
  w.boolean(Goose::kNdsComFieldNumber, p.nds_com);
  w.u64(Goose::kNumDatSetEntriesFieldNumber, p.entries);
  all_data(m, w);
  const bool more = m.shape.values > kMaxRecordValues;
  if (more) w.u64(Goose::kValueCountFieldNumber, m.shape.values);
  if (more || m.shape.broken) w.boolean(Goose::kTruncatedFieldNumber, true);
  if (p.has_security) w.bytes(Goose::kSecurityFieldNumber, p.security);
  w.text(Goose::kStatusFieldNumber, status_name(m.status));
  for (unsigned i = 0; i < m.changed_count; ++i) {
    if (m.changed[i] != 0) w.u64(Goose::kChangedEntriesFieldNumber, m.changed[i]);
  }
  if (m.lost != 0) w.u64(Goose::kLostFieldNumber, m.lost);
  if (m.lost_states != 0) w.u64(Goose::kLostStatesFieldNumber, m.lost_states);
  if (m.status != Status::kFirst) w.u64(Goose::kSincePreviousUsFieldNumber, m.since_previous_ns / 1000);
}

}  // namespace picket::goose
