#include <algorithm>

#include "parsers/http/http_buffers.h"
#include "parsers/http/http_parser.h"

namespace picket::http {
namespace {

// In the order of Limit.
constexpr LimitDef kOwnLimits[] = {
    {"field-limit", 18000, 512, 65536, "bytes of a start line; a longer header is an event"},
    {"header-limit", 65536, 1024, 131072, "bytes of all headers of a message; the rest is skipped"},
    {"headers-limit", 1024, 1, 16384, "headers of a message"},
    {"max-tx", 512, 4, 65536, "requests of a connection that wait for a reply"},
    {"dump-all-headers", 0, 0, 3, "list headers in the record: 1 of requests, 2 of replies, 3 of both"},
};
constexpr auto kLimits = with_content_limits(kOwnLimits);
static_assert(std::size(kLimits) == kLimitCount);

// In the order of Event.
constexpr EventDef kEvents[] = {
    {"unknown_error", "never: kept so that rules load"},
    {"gzip_decompression_failed", "a body does not decode as its Content-Encoding says"},
    {"request_field_missing_colon", "a request's header without a colon"},
    {"response_field_missing_colon", "a reply's header without a colon"},
    {"invalid_request_chunk_len", "no chunk size where one should stand"},
    {"invalid_response_chunk_len", "no chunk size where one should stand"},
    {"invalid_transfer_encoding_value_in_request", "Transfer-Encoding is not plainly chunked"},
    {"invalid_transfer_encoding_value_in_response", "Transfer-Encoding without chunked"},
    {"invalid_content_length_field_in_request", "Content-Length without a number"},
    {"invalid_content_length_field_in_response", "Content-Length without a number"},
    {"duplicate_content_length_field_in_request", "Content-Length twice; the first counts"},
    {"duplicate_content_length_field_in_response", "Content-Length twice; the first counts"},
    {"100_continue_already_seen", "100 Continue more than once"},
    {"unable_to_match_response_to_request", "a reply nobody was seen to ask for"},
    {"invalid_server_port_in_request", "the Host header's port is no port"},
    {"invalid_authority_port", "the port in the URI is no port"},
    {"request_header_invalid", "a request's header name with whitespace or other characters, or a lone CR"},
    {"response_header_invalid", "a reply's header name with whitespace or other characters, or a lone CR"},
    {"missing_host_header", "HTTP/1.1 without a Host header"},
    {"host_header_ambiguous", "two hosts are named"},
    {"invalid_request_field_folding", "a folded line with nothing before it"},
    {"invalid_response_field_folding",
     "a folded line with nothing before it, or one that is a header of its own"},
    {"request_field_too_long", "a request's start line, header or all of its headers pass their limit"},
    {"response_field_too_long", "a reply's start line, header or all of its headers pass their limit"},
    {"request_uri_host_invalid", "the host in the URI is no host name"},
    {"request_header_host_invalid", "the host in the Host header is no host name"},
    {"uri_delim_non_compliant", "the URI does not end with one space"},
    {"method_delim_non_compliant", "the method does not end with one space"},
    {"request_line_leading_whitespace", "whitespace before the request line"},
    {"too_many_encoding_layers", "more content codings than response-body-decompress-layer-limit"},
    {"abnormal_ce_header", "Content-Encoding names something unknown, or a coding in an odd way"},
    {"request_auth_unrecognized", "Authorization is neither Basic, Digest nor Bearer"},
    {"request_header_repetition", "a header came twice in a request"},
    {"response_header_repetition", "a header came twice in a reply"},
    {"response_multipart_byteranges", "the reply's body is multipart/byteranges"},
    {"response_abnormal_transfer_encoding", "Transfer-Encoding says chunked in an odd way"},
    {"response_chunked_old_proto", "chunks in a reply of HTTP/1.0 or 0.9"},
    {"response_invalid_protocol", "the reply's version is not 0.9, 1.0 or 1.1"},
    {"response_invalid_status", "the reply's status is not three digits"},
    {"request_line_incomplete", "the connection ended within the request line"},
    {"double_encoded_uri", "percent escapes of percent escapes in the URI"},
    {"request_line_invalid", "what should be a request line is none, or has no URI"},
    {"request_body_unexpected", "bytes behind a request that are no request"},
    {"response_body_unexpected", "bytes behind a reply that are no reply, or a body where none may be"},
    {"compression_bomb", "a decoded body passed compression-bomb-limit or compression-ratio-limit"},
    {"range_invalid", "Content-Range cannot be read"},
    {"failed_protocol_change", "101 Switching Protocols that names no protocol"},
    {"request_chunk_extension", "a chunk of a request has an extension"},
    {"response_chunk_extension", "a chunk of a reply has an extension"},
    {"request_line_missing_protocol", "a request line without a version"},
    {"request_too_many_headers",
     "more headers than headers-limit in a request, or too many names to tell which are repeated"},
    {"response_too_many_headers",
     "more headers than headers-limit in a reply, or too many names to tell which are repeated"},
    {"content_length_and_chunked", "Content-Length beside Transfer-Encoding: chunked, which counts"},
    {"gap", "bytes of the stream were never seen"},
    {"too_many_transactions", "more requests wait for a reply than max-tx; the oldest is closed"},
    {"decompression_budget", "decoding moved more bytes than decompress-budget"},
    {"out_of_memory", "the pool is used up, or a codec wants a larger block than it has"},
    {"multipart_generic_error", "multipart/form-data without a boundary, or that ends within a part"},
    {"multipart_no_filedata", "a part of multipart/form-data has a file name, but no bytes"},
    {"multipart_invalid_header", "headers of a part of multipart/form-data pass their limit"},
    {"file_name_too_long", "the name of a file passes 4096 bytes and is cut"},
    {"request_server_port_tcp_port_mismatch", "never: a parser does not know the flow's ports"},
    {"lzma_memlimit_reached", "never: LZMA is not decoded"},
    {"too_many_warnings", "never: each oddity is an event of its own"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kCount) && std::size(kEvents) <= 64);

constexpr FrameDef kFrames[] = {
    {"request", "a request, from its first to its last byte"},
    {"response", "a reply, from its first to its last byte; a request alone has none"},
};

constexpr auto kUp = Direction::kToServer, kDown = Direction::kToClient;
constexpr HookDef kHooks[] = {
    {"request_body", kUp, kHeaders, true},
    {"request_headers", kUp, kHeaders},
    {"request_line", kUp, kLine},
    {"request_trailer", kUp, kTrailer},
    {"response_body", kDown, kHeaders, true},
    {"response_headers", kDown, kHeaders},
    {"response_line", kDown, kLine},
    {"response_trailer", kDown, kTrailer},
};

constexpr std::uint16_t kPorts[] = {80, 3128, 8000, 8008, 8080, 8081, 8888};
constexpr std::string_view kAliases[] = {"http1"};

}  // namespace

extern const ProtocolSpec kSpec;
const ProtocolSpec kSpec = {
    .name = "http",
    .record = "http",
    .aliases = kAliases,
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(HttpParser),
    .create = create_parser<HttpParser>,
    .complete = {kComplete, kComplete},
    .limits = kLimits,
    .events = kEvents,
    .capital_events = true,
    .buffers = buffers::kAll,
    .integers = buffers::kNumbers,
    .frames = kFrames,
    .hooks = kHooks,
};

}  // namespace picket::http
