#include "export/ot_encoder.h"

#include <algorithm>

#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

using v1::Ot;

Bytes bounded(Bytes text) noexcept { return text.first(std::min(text.size(), kMaxOtRecordText)); }

void addresses(const OtTransaction& x, WireWriter& w) noexcept {
  unsigned n = 0;
  for (OtAddress a; n < kMaxOtInstances && x.ot->address(x, n, a); ++n, a = {}) {
    if (n < kMaxOtRecordAddresses) w.bytes(Ot::kAddressesFieldNumber, bounded(a.text));
  }
  if (n > kMaxOtRecordAddresses) w.u64(Ot::kAddressCountFieldNumber, n);
}

void values(const OtTransaction& x, WireWriter& w) noexcept {
  // What is set is the request's; where none was seen, a reply may repeat it.
  const Direction dir = x.has_request ? Direction::kToServer : Direction::kToClient;
  unsigned n = 0, numbers = 0, texts = 0;
  for (OtValue v; n < kMaxOtInstances && x.ot->value(x, dir, n, v); ++n, v = {}) {
    if (v.is_number) {
      if (numbers++ < kMaxOtRecordNumbers) w.f64(Ot::kValuesFieldNumber, v.number);
    } else if (texts++ < kMaxOtRecordTexts) {
      w.bytes(Ot::kTextsFieldNumber, bounded(v.text));
    }
  }
  if (numbers > kMaxOtRecordNumbers || texts > kMaxOtRecordTexts) w.u64(Ot::kValueCountFieldNumber, n);
}

}  // namespace

void encode_ot(const OtTransaction& x, WireWriter& w) noexcept {
  const OtOperation& o = *x.operation;
  const auto m = w.message(v1::Event::kOtFieldNumber);
  w.text(Ot::kProtocolFieldNumber, x.ot->name);
  w.text(Ot::kClassFieldNumber, ot_class_name(o.ot_class));
  w.text(Ot::kOperationFieldNumber, o.name);
  if (!o.technique.empty()) w.text(Ot::kTechniqueFieldNumber, o.technique);
  if (x.station != kNoOtStation) w.i64(Ot::kStationFieldNumber, x.station);
  addresses(x, w);
  if (!ot_only_looks(o.ot_class)) values(x, w);
  if (x.failed) w.boolean(Ot::kFailedFieldNumber, true);
}

}  // namespace picket
