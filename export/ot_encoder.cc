#include "export/ot_encoder.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <type_traits>

#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

using v1::Ot;

Bytes bounded(Bytes text) noexcept { return text.first(std::min(text.size(), kMaxOtRecordText)); }

void addresses(const OtTransaction& x, WireWriter& w) noexcept {
  unsigned told = 0;
  const unsigned n = each_ot_address(x, [&](const OtAddress& a) {
    if (told++ < kMaxOtRecordAddresses) w.bytes(Ot::kAddressesFieldNumber, bounded(a.text));
    return false;
  });
  if (n > kMaxOtRecordAddresses) w.u64(Ot::kAddressCountFieldNumber, n);
}

void values(const OtTransaction& x, WireWriter& w) noexcept {
  // What is set is the request's; where none was seen, a reply may repeat it.
  const Direction dir = x.has_request ? Direction::kToServer : Direction::kToClient;
  unsigned numbers = 0, texts = 0;
  const unsigned n = each_ot_value(x, dir, [&](const OtValue& v) {
    if (v.is_number) {
      if (numbers++ < kMaxOtRecordNumbers) w.f64(Ot::kValuesFieldNumber, v.number);
    } else if (texts++ < kMaxOtRecordTexts) {
      w.bytes(Ot::kTextsFieldNumber, bounded(v.text));
    }
    return false;
  });
  if (numbers > kMaxOtRecordNumbers || texts > kMaxOtRecordTexts) w.u64(Ot::kValueCountFieldNumber, n);
}

/// What distinguishes one kind from another, put together in `out`.
class Kind {
 public:
  explicit Kind(std::span<std::uint8_t> out) noexcept : out_(out) {}
  void add(Bytes b) noexcept {
    if (b.size() > out_.size() - size_) {
      ok_ = false;
      return;
    }
    if (!b.empty()) std::memcpy(out_.data() + size_, b.data(), b.size());
    size_ += b.size();
  }
  template <class T>
  requires std::is_arithmetic_v<T>
  void add(T v) noexcept { add(Bytes(reinterpret_cast<const std::uint8_t*>(&v), sizeof v)); }
  [[nodiscard]] std::size_t size() const noexcept { return ok_ ? size_ : 0; }

 private:
  std::span<std::uint8_t> out_;
  std::size_t size_ = 0;
  bool ok_ = true;
};

void numbers(const OtTransaction& x, OtNote& note) noexcept {
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    each_ot_value(x, dir, [&note](const OtValue& v) {
      if (v.is_number && !std::isnan(v.number)) note.numbers.add(v.number);
      return false;
    });
  }
}

void write_kind(const Flow& f, ProtocolId protocol, const OtTransaction& x, OtDetail detail,
                Kind& kind) noexcept {
  kind.add(protocol);
  kind.add(f.client().bytes);
  kind.add(f.server().bytes);
  kind.add(f.tap);
  for (const std::uint16_t vlan : f.key.vlans) kind.add(vlan);
  kind.add(as_bytes(x.ot->name));
  kind.add(static_cast<std::uint16_t>(x.operation - x.ot->operations.data()));
  if (detail != OtDetail::kChanges) return;
  kind.add(f.key.proto);
  kind.add(f.server_port());
  kind.add(x.station);
  each_ot_address(x, [&kind](const OtAddress& a) {
    kind.add(static_cast<std::uint32_t>(a.text.size()));
    kind.add(a.text);
    return false;
  });
}

}  // namespace

std::size_t encode_ot_note(const RecordContext& context, const Flow& f, ProtocolId protocol,
                           const OtTransaction& x, OtDetail detail, std::span<std::uint8_t> out) noexcept {
  // What is odd, or failed, is told for each way by which it came.
  if (x.events != 0 || x.failed || out.size() < OtNote::kHead) return 0;
  OtNote note;
  note.time_ns = context.time_ns;
  note.twin = x.ot->twin == nullptr ? 0 : x.ot->twin(x);
  note.way = flow_id(f);
  Kind kind(out.subspan(OtNote::kHead));
  if (detail != OtDetail::kFull && ot_only_looks(x.operation->ot_class) && !x.operation->unknown &&
      !x.apart) {
    write_kind(f, protocol, x, detail, kind);
    if (kind.size() != 0) numbers(x, note);
  }
  if (kind.size() == 0 && note.twin == 0) return 0;
  note.write_head(out.data());
  return OtNote::kHead + kind.size();
}

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
