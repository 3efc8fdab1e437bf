#include "sensor/rules/test_protocols.h"

#include <charconv>

#include "parsers/core/ot.h"
#include "parsers/core/registry.h"

namespace picket::rules {
namespace {

constexpr std::array<std::uint8_t, 2> kRequest{1, kNever}, kReply{kNever, 1}, kBoth{1, 1};

bool no_bytes(const Transaction&, Direction, unsigned, Bytes&) noexcept { return false; }
bool no_number(const Transaction&, Direction, unsigned, std::uint64_t&) noexcept { return false; }

struct Nothing : TxMatcher {
  [[nodiscard]] bool match(const Transaction&, Direction) const noexcept override { return false; }
};
Result<std::unique_ptr<TxMatcher>> accept(std::string_view argument) {
  if (argument == "nonsense") return Error{"'nonsense' is not understood"};
  return std::unique_ptr<TxMatcher>(new Nothing);
}
bool opcode_by_name(std::string_view name, std::uint64_t& out) noexcept {
  if (name == "notify") out = 4;
  return name == "notify";
}

constexpr BufferDef kHttpBuffers[] = {
    {"http.uri", "http_uri", kRequest, no_bytes, ""},
    {"http.uri.raw", "http_raw_uri", kRequest, no_bytes, ""},
    {"http.header", "http_header", kBoth, no_bytes, ""},
    {"http.header.raw", "http_raw_header", kBoth, no_bytes, ""},
    {"http.header_names", "http_header_names", kBoth, no_bytes, ""},
    {"http.cookie", "http_cookie", kBoth, no_bytes, ""},
    {"http.method", "http_method", kRequest, no_bytes, ""},
    {"http.request_body", "http_client_body", kRequest, no_bytes, ""},
    {"http.response_body", "http_server_body", kReply, no_bytes, ""},
    {"http.stat_code", "http_stat_code", kReply, no_bytes, ""},
    {"http.stat_msg", "http_stat_msg", kReply, no_bytes, ""},
    {"http.user_agent", "http_user_agent", kRequest, no_bytes, ""},
    {"http.host", "http_host", kRequest, no_bytes, ""},
    {"http.host.raw", "http_raw_host", kRequest, no_bytes, ""},
    {"http.content_type", "http_content_type", kBoth, no_bytes, ""},
    {"http.content_len", "http_content_len", kBoth, no_bytes, ""},
    {"http.accept", "http_accept", kRequest, no_bytes, ""},
    {"http.accept_lang", "http_accept_lang", kRequest, no_bytes, ""},
    {"http.accept_enc", "http_accept_enc", kRequest, no_bytes, ""},
    {"http.connection", "http_connection", kBoth, no_bytes, ""},
    {"http.referer", "http_referer", kRequest, no_bytes, ""},
    {"http.protocol", "http_protocol", kBoth, no_bytes, ""},
    {"http.start", "http_start", kBoth, no_bytes, ""},
    {"http.request_line", "http_request_line", kRequest, no_bytes, ""},
    {"http.response_line", "http_response_line", kReply, no_bytes, ""},
    {"http.request_header", "", kRequest, no_bytes, ""},
    {"file.data", "file_data", kBoth, no_bytes, ""},
};
constexpr EventDef kHttpEvents[] = {{"invalid_protocol", ""}, {"missing_host_header", ""}};
constexpr BufferDef kDnsBuffers[] = {{"dns.query", "dns_query", kRequest, no_bytes, ""}};
constexpr IntegerDef kDnsIntegers[] = {{"dns.opcode", "", kBoth, no_number, opcode_by_name, ""}};
constexpr BufferDef kTlsBuffers[] = {
    {"tls.sni", "tls_sni", kRequest, no_bytes, ""},
    {"tls.cert_subject", "tls_cert_subject", kReply, no_bytes, ""},
    {"tls.cert_issuer", "tls_cert_issuer", kReply, no_bytes, ""},
    {"tls.cert_serial", "tls_cert_serial", kReply, no_bytes, ""},
    {"tls.cert_fingerprint", "tls_cert_fingerprint", kReply, no_bytes, ""},
    {"tls.certs", "", kReply, no_bytes, ""},
};
constexpr KeywordDef kTlsKeywords[] = {{"ssl_version", kBoth, accept, ""}, {"ssl_state", kBoth, accept, ""}};
constexpr FrameDef kHttpFrames[] = {{"request", ""}, {"response", ""}, {"smb2.hdr", ""}};
constexpr HookDef kHttpHooks[] = {{"request_line", Direction::kToServer, 1},
                                  {"response_body", Direction::kToClient, 2, true}};
bool no_address(const OtTransaction&, unsigned, OtAddress&) noexcept { return false; }
bool no_value(const OtTransaction&, Direction, unsigned, OtValue&) noexcept { return false; }
constexpr OtOperation kModbusOperations[] = {
    {OtClass::kRead, "read coils", ""},
    {OtClass::kWrite, "write single register", "T0836"},
    {OtClass::kControl, "write single coil", "T0855"},
};
constexpr OtOperation kUmasOperations[] = {{OtClass::kControl, "PLC stop", "T0858"}};
constexpr OtProtocol kUmas{"umas", kUmasOperations, no_address, no_value};
constexpr const OtProtocol* kInModbus[] = {&kUmas};
constexpr OtProtocol kModbusOt{"modbus", kModbusOperations, no_address, no_value, kInModbus};
constexpr OtOperation kDnp3Operations[] = {
    {OtClass::kRead, "read", ""},
    {OtClass::kControl, "cold restart", "T0816"},
};
constexpr OtProtocol kDnp3Ot{"dnp3", kDnp3Operations, no_address, no_value};
constexpr KeywordDef kModbusKeywords[] = {{"modbus", kBoth, accept, ""}};
constexpr std::string_view kTlsAliases[] = {"ssl"};

constexpr auto kTcp = static_cast<std::uint8_t>(Transport::kTcp);
constexpr ProtocolSpec kHttp{.name = "http",
                             .record = "http",
                             .transports = kTcp,
                             .complete = {3, 3},
                             .events = kHttpEvents,
                             .buffers = kHttpBuffers,
                             .frames = kHttpFrames,
                             .hooks = kHttpHooks};
constexpr ProtocolSpec kDns{.name = "dns",
                            .record = "dns",
                            .transports = Transport::kTcp | Transport::kUdp,
                            .buffers = kDnsBuffers,
                            .integers = kDnsIntegers};
constexpr ProtocolSpec kTls{.name = "tls",
                            .record = "tls",
                            .aliases = kTlsAliases,
                            .transports = kTcp,
                            .buffers = kTlsBuffers,
                            .keywords = kTlsKeywords};
constexpr ProtocolSpec kModbus{.name = "modbus",
                               .record = "modbus",
                               .transports = kTcp,
                               .complete = {1, 1},
                               .keywords = kModbusKeywords,
                               .ot = &kModbusOt};
constexpr ProtocolSpec kDnp3{.name = "dnp3",
                             .record = "dnp3",
                             .transports = Transport::kTcp | Transport::kUdp,
                             .complete = {1, 1},
                             .ot = &kDnp3Ot};

}  // namespace

std::span<const ProtocolSpec* const> test_protocols() noexcept {
  static const ProtocolSpec* const kAll[] = {&kDns, &kHttp, &whole_spec(kModbus), &kTls, &whole_spec(kDnp3)};
  return kAll;
}

}  // namespace picket::rules
