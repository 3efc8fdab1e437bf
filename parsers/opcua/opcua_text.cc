// Node ids and values as people write them (OPC 10000-6 §5.3.1.10 and following).
#include <charconv>
#include <cstdio>

#include "parsers/core/digest.h"
#include "parsers/core/text_writer.h"
#include "parsers/opcua/opcua.h"
#include "parsers/tls/x509.h"

namespace picket::opcua {
namespace {

constexpr char kBase64[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

void write_base64(TextWriter& w, Bytes b) noexcept {
  for (std::size_t i = 0; i < b.size(); i += 3) {
    const std::size_t n = std::min<std::size_t>(3, b.size() - i);
    const std::uint32_t v = std::uint32_t{b[i]} << 16 | (n > 1 ? std::uint32_t{b[i + 1]} << 8 : 0U) |
                            (n > 2 ? std::uint32_t{b[i + 2]} : 0U);
    const char four[] = {kBase64[v >> 18], kBase64[v >> 12 & 63], n > 1 ? kBase64[v >> 6 & 63] : '=',
                         n > 2 ? kBase64[v & 63] : '='};
    w << std::string_view(four, 4);
  }
}

/// The first three groups are little-endian numbers, the rest stands as it is written.
void write_guid(TextWriter& w, Bytes b) noexcept {
  constexpr std::uint8_t kOrder[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  if (b.size() != 16) return;
  for (unsigned i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) w << "-";
    const std::uint8_t byte = b[kOrder[i]];
    const char two[] = {kHexDigits[byte >> 4], kHexDigits[byte & 15]};
    w << std::string_view(two, 2);
  }
}

void write_node(TextWriter& w, const NodeId& id) noexcept {
  if (id.server != 0) w << "svr=" << id.server << ";";
  if (!id.space_uri.empty()) {
    w << "nsu=" << id.space_uri << ";";
  } else if (id.space != 0) {
    w << "ns=" << id.space << ";";
  }
  switch (id.kind) {
    case IdKind::kNumeric:
      w << "i=" << id.number;
      return;
    case IdKind::kString:
      w << "s=" << id.bytes;
      return;
    case IdKind::kGuid:
      w << "g=";
      return write_guid(w, id.bytes);
    case IdKind::kOpaque:
      w << "b=";
      return write_base64(w, id.bytes);
  }
}

/// 100 ns since 1601; 0 and the largest stand for no date (OPC 10000-6 §5.2.2.5).
void write_date(TextWriter& w, std::uint64_t ticks) noexcept {
  constexpr std::uint64_t kTicks = 10'000'000, kUntil1970 = 11'644'473'600;
  constexpr std::uint64_t kYear9999 = 265'046'774'399;
  const std::uint64_t seconds = ticks / kTicks;
  if (ticks == 0 || seconds >= kYear9999) return;
  tls::TimeText room;
  w << tls::write_time(static_cast<std::int64_t>(seconds) - static_cast<std::int64_t>(kUntil1970), room);
  char fraction[16];
  const int n =
      std::snprintf(fraction, sizeof fraction, ".%03uZ", static_cast<unsigned>(ticks % kTicks / 10'000));
  w << std::string_view(fraction, static_cast<std::size_t>(n));
}

bool is_signed(Type t) noexcept {
  return t == Type::kSByte || t == Type::kInt16 || t == Type::kInt32 || t == Type::kInt64;
}

}  // namespace

Bytes node_text(const NodeId& id, std::span<char> room) noexcept {
  TextWriter w(room);
  write_node(w, id);
  return w.bytes();
}

Bytes value_text(const Token& t, std::span<char> room) noexcept {
  TextWriter w(room);
  switch (t.type) {
    case Type::kString:
    case Type::kByteString:
    case Type::kXmlElement:
    case Type::kLocalizedText:
      return t.bytes;
    case Type::kBoolean:
      w << (t.number != 0 ? "true" : "false");
      break;
    case Type::kDateTime:
      write_date(w, t.number);
      break;
    case Type::kGuid:
      write_guid(w, t.bytes);
      break;
    case Type::kNodeId:
    case Type::kExpandedNodeId:
    case Type::kExtensionObject:
      write_node(w, t.id);
      break;
    case Type::kStatusCode:
      w << status_name(static_cast<std::uint32_t>(t.number));
      break;
    case Type::kQualifiedName:
      if (t.number != 0) w << t.number << ":";
      w << t.bytes;
      break;
    case Type::kFloat:
    case Type::kDouble: {
      char digits[40];
      // The shortest that reads back as the same number.
      const auto r = t.type == Type::kFloat
                         ? std::to_chars(digits, digits + sizeof digits, static_cast<float>(t.real))
                         : std::to_chars(digits, digits + sizeof digits, t.real);
      w << std::string_view(digits, static_cast<std::size_t>(r.ptr - digits));
      break;
    }
    default:
      if (is_signed(t.type)) {
        w << static_cast<std::int64_t>(t.number);
      } else {
        w << t.number;
      }
  }
  return w.bytes();
}

bool is_numeric(Type t) noexcept { return t >= Type::kBoolean && t <= Type::kDouble; }

double value_number(const Token& t) noexcept {
  if (t.type == Type::kFloat || t.type == Type::kDouble) return t.real;
  return is_signed(t.type) ? static_cast<double>(static_cast<std::int64_t>(t.number))
                           : static_cast<double>(t.number);
}

bool is_exact(const Token& t) noexcept {
  constexpr std::uint64_t kExact = std::uint64_t{1} << 53;
  if (t.type != Type::kInt64 && t.type != Type::kUInt64) return true;
  const auto v = static_cast<std::int64_t>(t.number);
  return t.number <= kExact || (t.type == Type::kInt64 && v < 0 && v >= -static_cast<std::int64_t>(kExact));
}

}  // namespace picket::opcua
