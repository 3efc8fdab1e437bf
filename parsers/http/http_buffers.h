// parsers/http/http_buffers.h — what rules may look at in a message of HTTP, whichever version brought it
//
// Cost    O(1), but for what view.cc has to put together on the first call
#pragma once
#include "parsers/core/file.h"
#include "parsers/http/http.h"

namespace picket::http::buffers {

// Buffers.

template <Ref Tx::*kRef>
inline bool request(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Tx& tx = as_tx(t);
  const Ref& ref = tx.*kRef;
  if (instance != 0 || ref.where == Ref::kNone) return false;
  out = tx.request().view(ref);
  return true;
}

template <Ref Tx::*kRef>
inline bool reply(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Tx& tx = as_tx(t);
  const Ref& ref = tx.*kRef;
  if (instance != 0 || ref.where == Ref::kNone) return false;
  out = tx.reply().view(ref);
  return true;
}

inline bool protocol(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  return dir == Direction::kToServer ? request<&Tx::protocol>(t, dir, instance, out)
                                     : reply<&Tx::reply_protocol>(t, dir, instance, out);
}

inline bool uri(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  const Tx& tx = as_tx(t);
  if (instance != 0) return false;
  out = tx.normalized_uri();
  return !out.empty();
}

template <Name kName>
inline bool value(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  const Side& s = as_tx(t).side[index(dir)];
  const Header* h = instance == 0 ? s.find(kName) : nullptr;
  if (h == nullptr) return false;
  out = s.view(h->value);
  return true;
}

inline bool cookie(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  return dir == Direction::kToServer ? value<Name::kCookie>(t, dir, instance, out)
                                     : value<Name::kSetCookie>(t, dir, instance, out);
}

template <Built kWhat>
inline bool built(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  return instance == 0 && build(as_tx(t), dir, kWhat, out);
}

inline bool each_header(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  return header_at(as_tx(t), dir, instance, out);
}

inline bool raw_headers(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  out = as_tx(t).side[index(dir)].head.view();
  return instance == 0 && !out.empty();
}

inline bool body(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  out = as_tx(t).side[index(dir)].body.view();
  return instance == 0 && !out.empty();
}

inline bool trailer(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  out = as_tx(t).side[index(dir)].trailer.view();
  return instance == 0 && out.size() > 2;  // more than the empty line
}

// Numbers.

inline bool uri_length(const Transaction& t, Direction, unsigned instance, std::uint64_t& out) noexcept {
  out = as_tx(t).normalized_uri().size();
  return instance == 0 && t.has_request;
}

inline bool raw_uri_length(const Transaction& t, Direction, unsigned instance, std::uint64_t& out) noexcept {
  out = as_tx(t).raw_uri.size;
  return instance == 0 && t.has_request;
}

inline constexpr BufferDef kAll[] = {
    {"http.uri", "http_uri", {kLine, kNever}, uri, "path and query, normalised"},
    {"http.uri.raw", "http_raw_uri", {kLine, kNever}, request<&Tx::raw_uri>, "the URI as sent"},
    {"http.method", "http_method", {kLine, kNever}, request<&Tx::method>, "the method"},
    {"http.protocol", "http_protocol", {kLine, kLine}, protocol, "version in the request or status line"},
    {"http.request_line",
     "http_request_line",
     {kLine, kNever},
     request<&Tx::request_line>,
     "the request line without its end"},
    {"http.response_line",
     "http_response_line",
     {kNever, kLine},
     reply<&Tx::reply_line>,
     "the status line without its end"},
    {"http.stat_code", "http_stat_code", {kNever, kLine}, reply<&Tx::status>, "the status as text"},
    {"http.stat_msg", "http_stat_msg", {kNever, kLine}, reply<&Tx::message>, "the reason phrase"},
    {"http.header",
     "http_header",
     {kHeaders, kHeaders},
     built<Built::kHeaderBlock>,
     "headers normalised, without cookies"},
    {"http.header.raw",
     "http_raw_header",
     {kHeaders, kHeaders},
     raw_headers,
     "headers as sent, with the empty line"},
    {"http.header_names",
     "http_header_names",
     {kHeaders, kHeaders},
     built<Built::kHeaderNames>,
     "CRLF, each name with CRLF, CRLF"},
    {"http.start",
     "http_start",
     {kHeaders, kHeaders},
     built<Built::kStart>,
     "start line and headers, normalised"},
    {"http.request_header",
     "http_request_header",
     {kHeaders, kNever},
     each_header,
     "each header as \"Name: value\""},
    {"http.response_header",
     "http_response_header",
     {kNever, kHeaders},
     each_header,
     "each header as \"Name: value\""},
    {"http.cookie",
     "http_cookie",
     {kHeaders, kHeaders},
     cookie,
     "Cookie of the request, Set-Cookie of the reply"},
    {"http.user_agent", "http_user_agent", {kHeaders, kNever}, value<Name::kUserAgent>, "User-Agent"},
    {"http.host",
     "http_host",
     {kHeaders, kNever},
     request<&Tx::host>,
     "host asked for, in lower case, without port"},
    {"http.host.raw", "http_raw_host", {kHeaders, kNever}, request<&Tx::raw_host>, "host asked for, as sent"},
    {"http.referer", "http_referer", {kHeaders, kNever}, value<Name::kReferer>, "Referer"},
    {"http.accept", "http_accept", {kHeaders, kNever}, value<Name::kAccept>, "Accept"},
    {"http.accept_lang",
     "http_accept_lang",
     {kHeaders, kNever},
     value<Name::kAcceptLanguage>,
     "Accept-Language"},
    {"http.accept_enc",
     "http_accept_enc",
     {kHeaders, kNever},
     value<Name::kAcceptEncoding>,
     "Accept-Encoding"},
    {"http.connection", "http_connection", {kHeaders, kHeaders}, value<Name::kConnection>, "Connection"},
    {"http.content_type",
     "http_content_type",
     {kHeaders, kHeaders},
     value<Name::kContentType>,
     "Content-Type"},
    {"http.content_len",
     "http_content_len",
     {kHeaders, kHeaders},
     value<Name::kContentLength>,
     "Content-Length as text"},
    {"http.location", "http_location", {kNever, kHeaders}, value<Name::kLocation>, "Location"},
    {"http.server", "http_server", {kNever, kHeaders}, value<Name::kServer>, "Server"},
    {"http.request_body",
     "http_client_body",
     {kBody, kNever},
     body,
     "body of the request, decoded, up to its limit"},
    {"http.response_body",
     "http_server_body",
     {kNever, kBody},
     body,
     "body of the reply, decoded, up to its limit"},
    {"file.data", "file_data", {kNever, kBody}, body, "body of the reply, decoded, up to its limit"},
    {"file.data",
     "",
     {kBody, kNever},
     file_kept,
     "each file of the request, decoded, up to request-body-limit",
     FileStage::kKept},
    {"file.name",
     "",
     {kBody, kBody},
     file_name,
     "name of each file, as sent; the path where there is none",
     FileStage::kNamed},
    {"file.magic", "", {kBody, kBody}, file_magic, "what libmagic says of each file", FileStage::kHead},
    {"file.md5", "", {kBody, kBody}, file_md5, "MD5 of each whole file, 16 bytes", FileStage::kClosed},
    {"file.sha1", "", {kBody, kBody}, file_sha1, "SHA-1 of each whole file, 20 bytes", FileStage::kClosed},
    {"file.sha256",
     "",
     {kBody, kBody},
     file_sha256,
     "SHA-256 of each whole file, 32 bytes",
     FileStage::kClosed},
    {"http.trailer", "", {kComplete, kComplete}, trailer, "headers behind the last chunk, as sent"},
};

inline constexpr IntegerDef kNumbers[] = {
    {"urilen", "", {kLine, kNever}, uri_length, nullptr, "bytes of the normalised URI"},
    {"filesize",
     "file.size",
     {kBody, kBody},
     file_size,
     nullptr,
     "bytes of each file, decoded",
     FileStage::kClosed},
    {"urilen.raw",
     "",
     {kLine, kNever},
     raw_uri_length,
     nullptr,
     "bytes of the URI as sent: urilen with ',raw'"},
};

}  // namespace picket::http::buffers
