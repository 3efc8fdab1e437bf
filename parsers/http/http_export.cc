#include "parsers/http/http_export.h"

#include <algorithm>

#include "parsers/http/http.pb.h"
#include "parsers/http/http_text.h"

namespace picket::http {
namespace {

using v1::Http;
using v1::HttpHeader;
using v1::HttpRange;

/// What a record holds of one value, and of the headers of one message: the whole stands in the buffers.
constexpr std::size_t kMostText = 8192, kMostHeaders = 16384;

void put(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b.first(std::min(b.size(), kMostText)));
}
void put(WireWriter& w, int field, std::string_view s) noexcept { put(w, field, as_bytes(s)); }

std::string_view without_parameters(std::string_view s) noexcept { return trim(s.substr(0, s.find(';'))); }

void headers(WireWriter& w, int field, const Side& s) noexcept {
  std::size_t left = kMostHeaders;
  for (std::size_t i = 0; i < s.header_count; ++i) {
    const Header& h = s.headers[i];
    if (h.merged) continue;
    const std::size_t size = std::size_t{h.name.size} + h.value.size + 16;
    if (size > left) return;
    left -= size;
    const auto one = w.message(field);
    w.bytes(HttpHeader::kNameFieldNumber, s.view(h.name));
    w.bytes(HttpHeader::kValueFieldNumber, s.view(h.value));
  }
}

void content_range(WireWriter& w, std::string_view raw) noexcept {
  if (raw.empty()) return;
  const Range range = read_range(raw);
  const auto message = w.message(Http::kContentRangeFieldNumber);
  put(w, HttpRange::kRawFieldNumber, raw);
  if (!range.valid) return;
  w.u64(HttpRange::kStartFieldNumber, range.start);
  w.u64(HttpRange::kEndFieldNumber, range.end);
  w.u64(HttpRange::kSizeFieldNumber, range.size);
}

}  // namespace

void encode(const Transaction& t, WireWriter& w) noexcept {
  const Tx& tx = as_tx(t);
  const Side& request = tx.request();
  const Side& reply = tx.reply();
  put(w, Http::kHostnameFieldNumber, request.view(tx.host));
  if (tx.port != 0) w.u64(Http::kHttpPortFieldNumber, tx.port);
  put(w, Http::kUrlFieldNumber, request.view(tx.raw_uri));
  put(w, Http::kHttpUserAgentFieldNumber, request.value(Name::kUserAgent));
  put(w, Http::kXffFieldNumber, request.value(Name::kXForwardedFor));
  put(w, Http::kHttpContentTypeFieldNumber, without_parameters(reply.value(Name::kContentType)));
  content_range(w, reply.value(Name::kContentRange));
  put(w, Http::kHttpReferFieldNumber, request.value(Name::kReferer));
  put(w, Http::kHttpMethodFieldNumber, request.view(tx.method));
  put(w, Http::kProtocolFieldNumber,
      tx.has_request ? request.view(tx.protocol) : reply.view(tx.reply_protocol));
  if (tx.status_code != 0)
    w.u64(Http::kStatusFieldNumber, tx.status_code);
  else
    put(w, Http::kStatusStringFieldNumber, reply.view(tx.status));
  if (tx.status_code >= 300 && tx.status_code < 400) {
    put(w, Http::kRedirectFieldNumber, reply.value(Name::kLocation));
  }
  w.u64(Http::kLengthFieldNumber, reply.body_bytes);
  if (tx.dump_headers & 1) headers(w, Http::kRequestHeadersFieldNumber, request);
  if (tx.dump_headers & 2) headers(w, Http::kResponseHeadersFieldNumber, reply);

  if (request.body_bytes != 0) w.u64(Http::kRequestBodyBytesFieldNumber, request.body_bytes);
  put(w, Http::kRequestContentTypeFieldNumber, without_parameters(request.value(Name::kContentType)));
  put(w, Http::kContentEncodingFieldNumber, reply.value(Name::kContentEncoding));
  put(w, Http::kServerFieldNumber, reply.value(Name::kServer));
  put(w, Http::kReasonFieldNumber, reply.view(tx.message));
  if (request.truncated || request.gap) w.boolean(Http::kRequestTruncatedFieldNumber, true);
  if (reply.truncated || reply.gap) w.boolean(Http::kResponseTruncatedFieldNumber, true);
  if (tx.interim != 0) w.u64(Http::kInterimResponsesFieldNumber, tx.interim);
  if (tx.status_code == 101) put(w, Http::kUpgradeFieldNumber, reply.value(Name::kUpgrade));
}

}  // namespace picket::http
