#include "parsers/dnp3/dnp3_export.h"

#include "parsers/dnp3/dnp3.pb.h"

namespace picket::dnp3 {
namespace {

// What a record holds; the counts beside say how much there was. A fragment of 2,048 octets, which is what stations
// take, has no more points with an octet each.
constexpr std::uint32_t kMaxRecordObjects = 256;
constexpr std::uint32_t kMaxRecordPoints = 2048;
/// A file's block may stand in a point.
constexpr std::size_t kMaxRecordOctets = std::size_t{64} * 1024;

std::string_view type_name(MessageType t) noexcept {
  switch (t) {
    case MessageType::kLink:
      return "link";
    case MessageType::kRequest:
      return "request";
    case MessageType::kResponse:
      return "response";
    case MessageType::kUnsolicited:
      return "unsolicited_response";
  }
  return {};
}
std::string_view problem_name(Problem p) noexcept {
  switch (p) {
    case Problem::kNone:
      break;
    case Problem::kUnknown:
      return "unknown";
    case Problem::kShort:
      return "short";
    case Problem::kInvalid:
      return "invalid";
  }
  return {};
}

void link(WireWriter& w, const Link& l) noexcept {
  using v1::Dnp3Link;
  const auto s = w.message(v1::Dnp3::kControlFieldNumber);
  w.boolean(Dnp3Link::kDirFieldNumber, l.from_master());
  w.boolean(Dnp3Link::kPriFieldNumber, l.primary());
  w.boolean(Dnp3Link::kFcbFieldNumber, l.fcb());
  w.boolean(Dnp3Link::kFcvFieldNumber, l.fcv());
  w.u64(Dnp3Link::kFunctionCodeFieldNumber, l.function());
  if (const auto name = link_function_name(l); !name.empty()) w.text(Dnp3Link::kFunctionFieldNumber, name);
}

void control(WireWriter& w, const Message& m) noexcept {
  using v1::Dnp3Control;
  const auto s = w.message(v1::Dnp3Application::kControlFieldNumber);
  w.boolean(Dnp3Control::kFirFieldNumber, m.fir());
  w.boolean(Dnp3Control::kFinFieldNumber, m.fin());
  w.boolean(Dnp3Control::kConFieldNumber, m.con());
  w.boolean(Dnp3Control::kUnsFieldNumber, m.uns());
  w.u64(Dnp3Control::kSequenceFieldNumber, m.sequence());
}

struct Room {
  std::uint32_t points = kMaxRecordPoints;
  std::size_t octets = kMaxRecordOctets;
};

/// False when some of its points were left out.
bool object(WireWriter& w, const ObjectHeader& h, Room& room, CommonTime& common) noexcept {
  using v1::Dnp3Object;
  const auto s = w.message(v1::Dnp3Application::kObjectsFieldNumber);
  w.u64(Dnp3Object::kGroupFieldNumber, h.group);
  w.u64(Dnp3Object::kVariationFieldNumber, h.variation);
  w.u64(Dnp3Object::kQualifierFieldNumber, h.qualifier);
  w.u64(Dnp3Object::kPrefixCodeFieldNumber, h.prefix_code());
  w.u64(Dnp3Object::kRangeCodeFieldNumber, h.range_code());
  w.u64(Dnp3Object::kStartFieldNumber, h.start);
  w.u64(Dnp3Object::kStopFieldNumber, h.stop);
  w.u64(Dnp3Object::kCountFieldNumber, h.count);
  PointReader reader(h);
  Point p;
  bool whole = true;
  while (reader.next(p)) {
    if (room.points == 0 || p.data.size() > room.octets) {
      whole = false;
      break;
    }
    --room.points;
    room.octets -= p.data.size();
    const auto point = w.message(Dnp3Object::kPointsFieldNumber);
    encode_point(w, h, p, common);
  }
  const auto name = h.type != nullptr ? h.type->name : group_name(h.group);
  if (!name.empty()) w.text(Dnp3Object::kNameFieldNumber, name);
  if (h.problem != Problem::kNone) w.text(Dnp3Object::kProblemFieldNumber, problem_name(h.problem));
  return whole;
}

void application(WireWriter& w, const Message& m) noexcept {
  using v1::Dnp3Application;
  const auto s = w.message(v1::Dnp3::kApplicationFieldNumber);
  control(w, m);
  w.u64(Dnp3Application::kFunctionCodeFieldNumber, m.function);
  ObjectReader reader = m.read_objects();
  ObjectHeader h;
  Room room;
  CommonTime common;
  bool whole = true;
  for (std::uint32_t i = 0; i < m.object_count && reader.next(h); ++i) {
    if (i == kMaxRecordObjects) {
      whole = false;
      break;
    }
    whole &= object(w, h, room, common);
  }
  w.boolean(Dnp3Application::kCompleteFieldNumber, m.complete);
  if (const FunctionInfo* info = function_info(m.function); info != nullptr) {
    w.text(Dnp3Application::kFunctionFieldNumber, info->name);
  }
  w.u64(Dnp3Application::kObjectCountFieldNumber, m.object_count);
  w.u64(Dnp3Application::kPointCountFieldNumber, m.point_count);
  if (!whole) w.boolean(Dnp3Application::kTruncatedFieldNumber, true);
}

void iin(WireWriter& w, const Message& m) noexcept {
  const auto s = w.message(v1::Dnp3::kIinFieldNumber);
  for (const IndicationInfo& i : indications()) {
    if ((m.indications & i.bit) != 0) w.text(v1::Dnp3Indications::kIndicatorsFieldNumber, i.name);
  }
  w.u64(v1::Dnp3Indications::kRawFieldNumber, m.indications);
}

void asked(WireWriter& w, const Message& m) noexcept {
  using v1::Dnp3Asked;
  const auto s = w.message(v1::Dnp3::kRequestFieldNumber);
  w.u64(Dnp3Asked::kTxIdFieldNumber, m.asked.id);
  w.u64(Dnp3Asked::kFunctionCodeFieldNumber, m.asked.function);
  if (const FunctionInfo* info = function_info(m.asked.function); info != nullptr) {
    w.text(Dnp3Asked::kFunctionFieldNumber, info->name);
  }
  if (m.time_ns >= m.asked.time_ns) w.u64(Dnp3Asked::kRttUsFieldNumber, (m.time_ns - m.asked.time_ns) / 1000);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Dnp3;
  const auto& m = static_cast<const Message&>(tx);
  w.text(Dnp3::kTypeFieldNumber, type_name(m.type));
  link(w, m.link);
  w.u64(Dnp3::kSrcFieldNumber, m.link.source);
  w.u64(Dnp3::kDstFieldNumber, m.link.destination);
  if (m.has_fragment()) application(w, m);
  if (m.is_response()) iin(w, m);
  w.text(Dnp3::kOperationFieldNumber, m.operation->name);
  if (m.frames > 1) w.u64(Dnp3::kFramesFieldNumber, m.frames);
  if (m.again) w.boolean(Dnp3::kRetryFieldNumber, true);
  if (m.answers) asked(w, m);
  if (m.part != 0 && !(m.fir() && m.fin())) w.u64(Dnp3::kPartFieldNumber, m.part);
  if (m.link.destination >= kFirstBroadcast) w.boolean(Dnp3::kBroadcastFieldNumber, true);
}

}  // namespace picket::dnp3
