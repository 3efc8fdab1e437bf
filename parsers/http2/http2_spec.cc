// What the sensor knows of HTTP/2: names, limits, events, and what rules may look at.
#include "parsers/http/http_buffers.h"
#include "parsers/http2/http2_parser.h"

namespace picket::http2 {
namespace {

using http::kHeaders;

constexpr std::string_view kVersion = "HTTP/2";

// What differs from HTTP/1: it has no lines.

bool protocol(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept {
  out = as_bytes(kVersion);
  return instance == 0;
}

/// As HTTP/1 would have them, with their end, as Suricata shows them.
bool line(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  out = as_tx(t).side[index(dir)].line.view();
  return instance == 0 && !out.empty();
}

/// There is no reason phrase: it is empty, not absent.
bool message(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept {
  out = {};
  return instance == 0;
}

bool header_name(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  const http::Side& s = as_tx(t).side[index(dir)];
  if (instance >= s.header_count) return false;
  out = s.view(s.headers[instance].name);
  return true;
}

bool doubled(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  return doubled_header(as_tx(t), dir, instance, out);
}

bool trailer(const Transaction& t, Direction dir, unsigned instance, Bytes& out) noexcept {
  out = as_tx(t).side[index(dir)].trailer.view();
  return instance == 0 && !out.empty();
}

constexpr BufferDef kOwn[] = {
    {"http2.header_name", "", {kHeaders, kHeaders}, header_name, "each header's name"},
    {"http2.header",
     "",
     {kHeaders, kHeaders},
     doubled,
     "each header as \"name: value\", colons within name and value doubled"},
};

constexpr auto kBuffers = [] {
  std::array<BufferDef, std::size(http::buffers::kAll) + std::size(kOwn)> all{};
  std::size_t n = 0;
  for (BufferDef b : http::buffers::kAll) {
    if (b.name == "http.protocol") b.get = protocol;
    if (b.name == "http.request_line" || b.name == "http.response_line") b.get = line;
    if (b.name == "http.stat_msg") b.get = message;
    if (b.name == "http.trailer") b.get = trailer;
    all[n++] = b;
  }
  for (const BufferDef& b : kOwn) all[n++] = b;
  return all;
}();

// Numbers that frames bring.

template <Note::Kind kKind>
bool note(const Transaction& t, Direction dir, unsigned instance, std::uint64_t& out) noexcept {
  for (const Note& n : as_tx(t).lane[index(dir)].notes()) {
    if (n.kind != kKind || instance-- != 0) continue;
    out = n.value;
    return true;
  }
  return false;
}

bool frame_type(const Transaction& t, Direction dir, unsigned instance, std::uint64_t& out) noexcept {
  const Lane& lane = as_tx(t).lane[index(dir)];
  for (unsigned i = 0; i < 256; ++i) {
    if (!lane.has_type(static_cast<std::uint8_t>(i)) || instance-- != 0) continue;
    out = i;
    return true;
  }
  return false;
}

constexpr std::array<std::uint8_t, 2> kAtClose = {kClosed, kClosed};

constexpr IntegerDef kOwnNumbers[] = {
    {"http2.frametype", "", kAtClose, frame_type, find_frame,
     "types of a stream's frames: GOAWAY, RST_STREAM"},
    {"http2.errorcode", "", kAtClose, note<Note::kError>, find_error,
     "of RST_STREAM and GOAWAY: PROTOCOL_ERROR"},
    {"http2.priority", "", kAtClose, note<Note::kWeight>, nullptr,
     "the weight of a priority, as sent: 0 to 255"},
    {"http2.window", "", kAtClose, note<Note::kWindow>, nullptr, "what WINDOW_UPDATE adds, of the first 128"},
    {"http2.size_update", "", kAtClose, note<Note::kTableSize>, nullptr,
     "a new size of the table of header compression"},
};

constexpr auto kIntegers = [] {
  std::array<IntegerDef, std::size(http::buffers::kNumbers) + std::size(kOwnNumbers)> all{};
  std::size_t n = 0;
  for (const IntegerDef& i : http::buffers::kNumbers) all[n++] = i;
  for (const IntegerDef& i : kOwnNumbers) all[n++] = i;
  return all;
}();

// In the order of Limit.
constexpr LimitDef kOwnLimits[] = {
    {"header-limit", 65536, 1024, 131072,
     "bytes of all headers of a message, 32 more for each; the rest is not kept"},
    {"headers-limit", 1024, 1, 16384, "headers of a message"},
    {"max-streams", 1024, 4, 8192, "streams of a connection that are open at once"},
    {"max-table-size", 65536, 0, 65536, "bytes of a table of header compression"},
    {"max-reassembly-size", 102400, 1024, 16777216,
     "bytes of a header block with all its CONTINUATION frames"},
    {"max-continuations", 32, 0, 65536, "CONTINUATION frames of a header block"},
    {"flood-limit", 200, 1, 1000000, "PING, SETTINGS, PRIORITY or empty frames of one side in a second"},
    {"rapid-reset-limit", 100, 1, 1000000, "RST_STREAM frames of the client in a second"},
    {"connection-memory", 16777216, 65536, 1073741824,
     "bytes of the pool for headers and codecs of all open streams of a connection, decoded bodies with "
     "them"},
};
constexpr auto kLimits = http::with_content_limits(kOwnLimits);
static_assert(std::size(kLimits) == kLimitCount);

// In the order of Event.
constexpr EventDef kEvents[] = {
    {"invalid_frame_header", "a frame of a type that cannot be of this stream"},
    {"invalid_client_magic", "the client does not begin as HTTP/2 does"},
    {"invalid_frame_data", "padding is as long as the frame, or longer"},
    {"invalid_header", "a header's name or value has characters that it must not have; a host that is none"},
    {"invalid_frame_length", "a frame's length does not fit its type"},
    {"extra_header_data", "a header block ends within a header"},
    {"long_frame_data", "a frame is longer than its receiver said it takes"},
    {"stream_id_reuse", "a stream begins with a number that is not higher than all before it"},
    {"invalid_http1_settings", "the upgrade from HTTP/1 came without HTTP2-Settings, or they make no sense"},
    {"failed_decompression", "a body does not decode as its content-encoding says"},
    {"invalid_range", "a content-range that is none"},
    {"header_integer_overflow", "a number of header compression passes 31 bits"},
    {"too_many_streams", "more than max-streams were open; the oldest is ended as it is"},
    {"authority_host_mismatch", "host names another host than :authority"},
    {"userinfo_in_uri", ":authority holds a user's name"},
    {"reassembly_limit_reached",
     "a header block passes max-reassembly-size, or a frame 64 KiB; the rest is not kept"},
    {"dns_request_too_long", "a request of DNS over HTTPS longer than a message of DNS can be"},
    {"dns_response_too_long", "a reply of DNS over HTTPS longer than a message of DNS can be"},
    {"data_stream_zero", "DATA that is of no stream"},
    {"too_many_frames",
     "a side of a stream brought more than 128 settings, errors, priorities and sizes of tables;"
     " the rest is not kept, as are more than 128 windows"},
    {"settings_expected", "a side's first frame is not SETTINGS"},
    {"frame_on_idle_stream", "a frame of a stream that has not begun, or DATA before headers"},
    {"frame_on_closed_stream", "DATA or HEADERS of a side that had ended the stream"},
    {"continuation_expected", "another frame before the header block at hand was over"},
    {"unexpected_continuation", "CONTINUATION without a header block"},
    {"continuation_flood", "more CONTINUATION frames of a header block than max-continuations"},
    {"header_list_too_large",
     "decoded headers of a message pass header-limit or headers-limit, or what open streams hold"
     " connection-memory; the rest is not kept. Or too many names to tell which are repeated"},
    {"invalid_huffman", "a Huffman code with wrong padding, or with its end within"},
    {"invalid_header_index", "no entry of the tables of header compression has that number"},
    {"invalid_size_update", "a table of header compression grows beyond what was allowed, or within a block"},
    {"header_table_limit",
     "a table of header compression passes max-table-size: older entries are not known"},
    {"uppercase_header_name", "a header's name with capitals"},
    {"connection_header", "a header that only HTTP/1 may have: connection, transfer-encoding, upgrade"},
    {"invalid_pseudo_header",
     "a pseudo-header that is unknown, twice, of the other side, or behind headers; a status"
     " that is none"},
    {"missing_pseudo_header", "a request without :method, :scheme and :path, or a reply without :status"},
    {"invalid_content_length", "content-length without a number, or with two"},
    {"content_length_mismatch", "a body is longer or shorter than content-length says"},
    {"trailers_without_end", "headers behind a body that do not end the stream"},
    {"invalid_settings_value", "a setting has a value that it must not have"},
    {"settings_flood", "one side sends more SETTINGS in a second than flood-limit (CVE-2019-9515)"},
    {"ping_flood", "one side sends more PING in a second than flood-limit (CVE-2019-9512)"},
    {"priority_flood", "one side sends more PRIORITY in a second than flood-limit (CVE-2019-9513)"},
    {"empty_frame_flood", "one side sends more empty frames in a second than flood-limit (CVE-2019-9518)"},
    {"rapid_reset", "the client resets more streams in a second than rapid-reset-limit (CVE-2023-44487)"},
    {"zero_window_update", "a window grows by nothing"},
    {"flow_control_overflow", "a window grows beyond 2^31-1"},
    {"flow_control_exceeded", "DATA passes the window"},
    {"self_dependency", "a stream depends on itself"},
    {"invalid_push", "a push that the client has forbidden, or from the client, or of no open stream"},
    {"goaway_increased", "a later GOAWAY allows more streams than one before"},
    {"concurrent_streams_exceeded", "the client opens more streams than the server allows"},
    {"unknown_frame_type", "a frame of a type that is not known here; it is passed over"},
    {"body_unexpected", "a body of a reply that has none: to HEAD, 204, 304"},
    {"compression_bomb", "a body grows beyond compression-bomb-limit or compression-ratio-limit"},
    {"decompression_budget",
     "decoding moved more bytes than decompress-budget, or what open streams hold passes connection-memory"},
    {"out_of_memory", "the pool is used up, or a codec wants a larger block than it has"},
    {"too_many_encoding_layers", "more content codings than response-body-decompress-layer-limit"},
    {"abnormal_ce_header", "a content-encoding that is not known, or spelled oddly"},
    {"multipart_generic_error", "multipart/form-data without a boundary, or that ends within a part"},
    {"multipart_no_filedata", "a part of multipart/form-data has a file name, but no bytes"},
    {"multipart_invalid_header", "headers of a part of multipart/form-data pass their limit"},
    {"file_name_too_long", "the name of a file passes 4096 bytes and is cut"},
    {"double_encoded_uri", "escapes of the path were escaped"},
    {"gap", "bytes were not captured"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kCount) && std::size(kEvents) <= 64);

constexpr std::string_view kAliases[] = {"http"};

constexpr FrameDef kFrames[] = {
    {"hdr", "the 9 bytes of a frame's header"},
    {"data", "what follows them"},
    {"pdu", "both"},
};

}  // namespace

extern const ProtocolSpec kSpec;
const ProtocolSpec kSpec = {
    .name = "http2",
    .record = "http",
    .aliases = kAliases,
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .probe = probe,
    .parser_size = sizeof(Http2Parser),
    .create = create_parser<Http2Parser>,
    .whole_streams = true,
    .max_pending_bytes = 65536 + Frame::kHeaderSize,
    .complete = {kClosed, kClosed},
    .limits = kLimits,
    .events = kEvents,
    .capital_events = true,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .frames = kFrames,
};

}  // namespace picket::http2
