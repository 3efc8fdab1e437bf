#include <fmt/format.h>

#include <algorithm>

#include "export/collector/sinks/syslog_sink.h"
#include "export/eve_format.h"
#include "export/eve_table.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket::collector {
namespace {

constexpr int kFacility = 4;
constexpr std::size_t kMaxHost = 255, kMaxValue = 512, kMaxText = 2048;

/// Of RFC 5424, for severities 1, 2, 3 and above of a rule.
int severity_of(std::uint32_t rule) {
  constexpr int kAlert = 1, kError = 3, kWarning = 4, kNotice = 5;
  return rule == 1 ? kAlert : rule == 2 ? kError : rule == 3 ? kWarning : kNotice;
}

std::string address(const std::string& bytes) {
  if (bytes.size() != 4 && bytes.size() != 16) return "";
  char text[eve::kMaxIp];
  return {text, eve::put_ip(text, as_bytes(bytes))};
}

/// A name: printable ASCII without spaces.
std::string name_of(std::string_view text) {
  std::string name(text.substr(0, kMaxHost));
  for (char& c : name)
    if (c <= ' ' || c > '~') c = '_';
  return name.empty() ? "-" : name;
}

/// Text that came from rules and the network: control characters become '?', so that nobody writes a line of his own.
std::string plain(std::string_view text, std::size_t most) {
  std::string out(text.substr(0, most));
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  return out;
}

void put_parameter(const char* name, std::string_view value, std::string& out) {
  if (value.empty()) return;
  out += fmt::format(" {}=\"", name);
  for (const char c : plain(value, kMaxValue)) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  out += '"';
}

std::string time_of(std::uint64_t ns) {
  char text[eve::kMaxTime];
  char* end = eve::put_second(text, ns / 1'000'000'000);
  return fmt::format("{}.{:06}Z", std::string_view(text, static_cast<std::size_t>(end - text)),
                     ns % 1'000'000'000 / 1000);
}

}  // namespace

std::string syslog_message(Bytes record, std::string_view sensor) {
  v1::Event e;
  if (!e.ParseFromArray(record.data(), static_cast<int>(record.size())) || e.event_type() != "alert")
    return "";
  const v1::Alert& alert = e.alert();
  std::string out =
      fmt::format("<{}>1 {} {} picket - alert [picket@32473", kFacility * 8 + severity_of(alert.severity()),
                  time_of(e.timestamp()), name_of(e.host().empty() ? sensor : e.host()));
  const auto number = [](std::uint64_t v) { return v == 0 ? "" : std::to_string(v); };
  put_parameter("sid", number(alert.signature_id()), out);
  put_parameter("gid", number(alert.gid()), out);
  put_parameter("rev", number(alert.rev()), out);
  put_parameter("severity", number(alert.severity()), out);
  put_parameter("action", alert.action(), out);
  put_parameter("category", alert.category(), out);
  put_parameter("proto", e.proto(), out);
  put_parameter("app_proto", e.app_proto(), out);
  put_parameter("src_ip", address(e.src_ip()), out);
  put_parameter("src_port", number(e.src_port()), out);
  put_parameter("dest_ip", address(e.dest_ip()), out);
  put_parameter("dest_port", number(e.dest_port()), out);
  put_parameter("flow_id", number(e.flow_id()), out);
  put_parameter("community_id", e.community_id(), out);
  return out + "] " + plain(alert.signature(), kMaxText);
}

}  // namespace picket::collector
