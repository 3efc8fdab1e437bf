// parsers/mqtt/mqtt_sparkplug.cc — Sparkplug B 3.0: §4 topics, §6.4 payloads in Protobuf
//
//   Payload   1 timestamp, 2 metrics ..., 3 seq, 4 uuid, 5 body
//   Metric    1 name, 2 alias, 3 timestamp, 4 datatype, 5 is_historical, 6 is_transient, 7 is_null, 8 metadata, 9 properties,
//             10 int, 11 long, 12 float, 13 double, 14 boolean, 15 string, 16 bytes, 17 dataset, 18 template
#include <bit>
#include <charconv>

#include "parsers/core/names.h"
#include "parsers/core/text.h"
#include "parsers/mqtt/mqtt.h"

namespace picket::mqtt {
namespace {

struct WireField {
  std::uint32_t number = 0;
  std::uint64_t value = 0;
  Bytes bytes;
};

std::uint64_t varint(Cursor& in) noexcept {
  std::uint64_t v = 0;
  for (unsigned shift = 0; shift < 64; shift += 7) {
    const std::uint8_t b = in.u8();
    v |= std::uint64_t{b & 0x7fU} << shift;
    if (b < 0x80) return v;
  }
  return in.fail(), 0;
}

/// The next field of a Protobuf message; false at its end, and where it is none: then `in` has failed.
bool next_field(Cursor& in, WireField& f) noexcept {
  if (in.empty()) return false;
  const std::uint64_t tag = varint(in);
  f = {};
  f.number = static_cast<std::uint32_t>(tag >> 3);
  switch (tag & 7) {
    case 0:
      f.value = varint(in);
      break;
    case 1:
      f.value = in.u64le();
      break;
    case 2:
      f.bytes = in.bytes(varint(in));
      break;
    case 5:
      f.value = in.u32le();
      break;
    default:
      in.fail();
  }
  if (f.number == 0) in.fail();
  return in.ok();
}

// Numbers of the specification (§6.4.16).
enum Datatype : std::uint32_t { kInt8 = 1, kInt16, kInt32, kInt64 };

double whole_number(std::uint32_t datatype, std::uint64_t v, bool is_long) noexcept {
  switch (datatype) {
    case kInt8:
      return static_cast<std::int8_t>(v);
    case kInt16:
      return static_cast<std::int16_t>(v);
    case kInt32:
      return static_cast<std::int32_t>(v);
    case kInt64:
      return static_cast<double>(static_cast<std::int64_t>(v));
    default:
      return is_long ? static_cast<double>(v) : static_cast<double>(static_cast<std::uint32_t>(v));
  }
}

SparkplugMetric read_metric(Bytes message) noexcept {
  using K = SparkplugMetric::Kind;
  SparkplugMetric m;
  std::uint64_t whole = 0;
  bool is_whole = false, is_long = false;
  Cursor in(message);
  for (WireField f; next_field(in, f);) {
    switch (f.number) {
      case 1:
        m.name = f.bytes;
        break;
      case 2:
        m.has_alias = true, m.alias = f.value;
        break;
      case 3:
        m.has_timestamp = true, m.timestamp_ms = f.value;
        break;
      case 4:
        m.has_datatype = true, m.datatype = static_cast<std::uint32_t>(f.value);
        break;
      case 5:
        m.is_historical = f.value != 0;
        break;
      case 6:
        m.is_transient = f.value != 0;
        break;
      case 7:
        m.is_null = f.value != 0;
        break;
      case 10:
      case 11:
        m.kind = K::kNumber, whole = f.value, is_whole = true, is_long = f.number == 11;
        break;
      case 12:
        m.kind = K::kNumber, m.number = std::bit_cast<float>(static_cast<std::uint32_t>(f.value)),
        is_whole = false;
        break;
      case 13:
        m.kind = K::kNumber, m.number = std::bit_cast<double>(f.value), is_whole = false;
        break;
      case 14:
        m.kind = K::kBoolean, m.number = f.value != 0 ? 1 : 0, is_whole = false;
        break;
      case 15:
        m.kind = K::kText, m.text = f.bytes;
        break;
      case 16:
        m.kind = K::kBytes, m.text = f.bytes;
        break;
      case 17:
        m.kind = K::kDataset;
        break;
      case 18:
        m.kind = K::kTemplate;
        break;
      default:
        break;
    }
  }
  if (is_whole) m.number = whole_number(m.datatype, whole, is_long);  // the data type may follow the value
  return m;
}

struct TypeWord {
  Sparkplug number;
  std::string_view name;  ///< in a topic
  std::string_view words;
};
constexpr TypeWord kTypes[] = {
    {Sparkplug::kNodeBirth, "NBIRTH", "node birth"},
    {Sparkplug::kNodeDeath, "NDEATH", "node death"},
    {Sparkplug::kNodeData, "NDATA", "node data"},
    {Sparkplug::kNodeCommand, "NCMD", "node command"},
    {Sparkplug::kDeviceBirth, "DBIRTH", "device birth"},
    {Sparkplug::kDeviceDeath, "DDEATH", "device death"},
    {Sparkplug::kDeviceData, "DDATA", "device data"},
    {Sparkplug::kDeviceCommand, "DCMD", "device command"},
    {Sparkplug::kState, "STATE", "host state"},
};

constexpr NumberName kDatatypes[] = {
    {1, "Int8"},     {2, "Int16"},   {3, "Int32"},     {4, "Int64"},     {5, "UInt8"},
    {6, "UInt16"},   {7, "UInt32"},  {8, "UInt64"},    {9, "Float"},     {10, "Double"},
    {11, "Boolean"}, {12, "String"}, {13, "DateTime"}, {14, "Text"},     {15, "UUID"},
    {16, "DataSet"}, {17, "Bytes"},  {18, "File"},     {19, "Template"},
};

}  // namespace

SparkplugTopic sparkplug_topic(Bytes topic) noexcept {
  std::array<Bytes, 5> parts;
  std::size_t n = 0;
  for (Bytes rest = topic;;) {
    const std::size_t end = as_text(rest).find('/');
    if (n == parts.size()) return {};
    parts[n++] = rest.first(std::min(end, rest.size()));
    if (end == std::string_view::npos) break;
    rest = rest.subspan(end + 1);
  }
  SparkplugTopic t;
  // Version 2 wrote STATE/host, 3 writes spBv1.0/STATE/host.
  if (n == 2 && as_text(parts[0]) == "STATE") {
    t.type = Sparkplug::kState;
    t.message_type = parts[0];
    t.edge_node = parts[1];
    return t;
  }
  if (n < 3 || as_text(parts[0]) != "spBv1.0") return {};
  if (n == 3 && as_text(parts[1]) == "STATE") {
    t.type = Sparkplug::kState;
    t.name_space = parts[0];
    t.message_type = parts[1];
    t.edge_node = parts[2];
    return t;
  }
  if (n < 4) return {};
  for (const TypeWord& w : kTypes) {
    const bool of_device = w.name.front() == 'D';
    if (as_text(parts[2]) == w.name && w.number != Sparkplug::kState && of_device == (n == 5))
      t.type = w.number;
  }
  if (t.type == Sparkplug::kNone) return {};
  t.name_space = parts[0];
  t.group = parts[1];
  t.message_type = parts[2];
  t.edge_node = parts[3];
  t.device = parts[4];
  return t;
}

SparkplugPayload sparkplug_payload(Bytes message) noexcept {
  SparkplugPayload p;
  Cursor in(message);
  for (WireField f; next_field(in, f);) {
    if (f.number == 1) p.has_timestamp = true, p.timestamp_ms = f.value;
    if (f.number == 2) ++p.metrics;
    if (f.number == 3) p.has_seq = true, p.seq = f.value;
    if (f.number == 4) p.uuid = f.bytes;
  }
  p.broken = !in.ok();
  return p;
}

bool next_metric(Cursor& payload, SparkplugMetric& m) noexcept {
  for (WireField f; next_field(payload, f);) {
    if (f.number == 2) return m = read_metric(f.bytes), true;
  }
  return false;
}

const SparkplugMetric* metric_of(const Exchange& x, unsigned n) noexcept {
  if (n >= kMaxMetrics || x.count == 0 || !x.first().is(Type::kPublish)) return nullptr;
  const Sparkplug type = sparkplug_topic(x.publish.topic).type;
  if (type == Sparkplug::kNone || type == Sparkplug::kState) return nullptr;
  if (x.metric_n == 0 || n + 1 < x.metric_n) {
    x.metric_at = Cursor(x.publish.message);
    x.metric_n = 0;
  }
  while (x.metric_n <= n) {
    if (!next_metric(x.metric_at, x.metric)) return x.metric_n = 0, nullptr;
    ++x.metric_n;
  }
  return &x.metric;
}

bool as_number(Bytes message, double& out) noexcept {
  if (message.size() > 64) return false;
  const std::string_view t = trim(as_text(message));
  const char* end = t.data() + t.size();
  const auto r = std::from_chars(t.data(), end, out);
  return !t.empty() && r.ec == std::errc{} && r.ptr == end &&
         (to_lower(static_cast<std::uint8_t>(end[-1])) < 'a');
}

std::string_view sparkplug_name(Sparkplug t) noexcept {
  for (const TypeWord& w : kTypes) {
    if (w.number == t) return w.words;
  }
  return {};
}
std::string_view datatype_name(std::uint32_t number) noexcept { return name_of(kDatatypes, number); }

}  // namespace picket::mqtt
