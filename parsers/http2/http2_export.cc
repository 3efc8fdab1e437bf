#include <algorithm>
#include <charconv>

#include "export/wire_writer.h"
#include "parsers/http/http.pb.h"
#include "parsers/http/http_export.h"
#include "parsers/http2/http2.h"
#include "parsers/http2/http2.pb.h"

namespace picket::http2 {
namespace {

using v1::Http;
using v1::Http2;
using v1::Http2Setting;
using v1::Http2Side;

constexpr std::size_t kMostText = 8192;

void put(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b.first(std::min(b.size(), kMostText)));
}

/// A name, or "unknown 123".
void put_name(WireWriter& w, int field, std::string_view name, std::uint64_t number) noexcept {
  if (!name.empty()) return w.text(field, name);
  constexpr std::string_view kUnknown = "unknown ";
  std::array<char, 32> text{};
  kUnknown.copy(text.data(), kUnknown.size());
  const auto end = std::to_chars(text.data() + kUnknown.size(), text.data() + text.size(), number).ptr;
  w.text(field, {text.data(), static_cast<std::size_t>(end - text.data())});
}

void side(WireWriter& w, int field, const Tx& tx, Direction dir) noexcept {
  const Lane& lane = tx.lane[index(dir)];
  const auto message = w.message(field);
  for (const Note& n : lane.notes()) {
    if (n.kind != Note::kSettingValue) continue;
    const auto setting = w.message(Http2Side::kSettingsFieldNumber);
    put_name(w, Http2Setting::kSettingsIdFieldNumber, setting_name(n.id), n.id);
    w.u64(Http2Setting::kSettingsValueFieldNumber, n.value);
  }
  const Note* error = nullptr;
  const Note* weight = nullptr;
  std::string_view multiple;
  for (const Note& n : lane.notes()) {
    const Note** first = n.kind == Note::kError ? &error : n.kind == Note::kWeight ? &weight : nullptr;
    if (first == nullptr) continue;
    if (*first != nullptr && multiple.empty()) multiple = n.kind == Note::kError ? "error_code" : "priority";
    if (*first == nullptr) *first = &n;
  }
  if (error != nullptr) put_name(w, Http2Side::kErrorCodeFieldNumber, error_name(error->value), error->value);
  if (weight != nullptr) w.u64(Http2Side::kPriorityFieldNumber, weight->value);
  if (!multiple.empty()) w.text(Http2Side::kHasMultipleFieldNumber, multiple);
  if (lane.frames != 0) w.u64(Http2Side::kFramesFieldNumber, lane.frames);
  for (unsigned type = 0; type < 256; ++type) {
    if (lane.has_type(static_cast<std::uint8_t>(type)))
      put_name(w, Http2Side::kFrameTypesFieldNumber, frame_name(type), type);
  }
  if (lane.ended) w.boolean(Http2Side::kEndStreamFieldNumber, true);
  if (lane.reset) w.boolean(Http2Side::kResetFieldNumber, true);
  put(w, Http2Side::kTrailersFieldNumber, tx.side[index(dir)].trailer.view());
}

}  // namespace

void encode(const Transaction& t, WireWriter& w) noexcept {
  const Tx& tx = as_tx(t);
  w.text(Http::kVersionFieldNumber, "2");
  const auto updates = [&](Direction dir, int field) noexcept {
    for (const Note& n : tx.lane[index(dir)].notes()) {
      if (n.kind != Note::kTableSize) continue;
      const auto one = w.message(field);
      w.u64(v1::HttpHeader::kTableSizeUpdateFieldNumber, n.value);
    }
  };
  updates(Direction::kToServer, Http::kRequestHeadersFieldNumber);
  updates(Direction::kToClient, Http::kResponseHeadersFieldNumber);
  if (tx.has_request || tx.has_reply) http::encode(t, w);
  const auto message = w.message(Http::kHttp2FieldNumber);
  w.u64(Http2::kStreamIdFieldNumber, tx.stream_id);
  side(w, Http2::kRequestFieldNumber, tx, Direction::kToServer);
  side(w, Http2::kResponseFieldNumber, tx, Direction::kToClient);
  put(w, Http2::kSchemeFieldNumber, tx.side[0].view(tx.scheme));
  put(w, Http2::kConnectProtocolFieldNumber, tx.side[0].view(tx.connect_protocol));
  if (tx.promised_on != 0) w.u64(Http2::kPromisedOnFieldNumber, tx.promised_on);
  if (tx.upgraded) w.boolean(Http2::kUpgradedFieldNumber, true);
  if (tx.goaway) w.u64(Http2::kLastStreamIdFieldNumber, tx.last_stream);
  put(w, Http2::kDebugDataFieldNumber, tx.debug.view());
}

}  // namespace picket::http2
