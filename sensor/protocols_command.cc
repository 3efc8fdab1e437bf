// picket protocols: what this build parses, from the specs alone
#include <fmt/format.h>

#include <iostream>
#include <string>

#include "parsers/core/protocol.h"
#include "sensor/commands.h"
#include "sensor/config/config_patient.h"

namespace picket {
namespace {

std::string transports_of(const ProtocolSpec& s) {
  std::string out;
  const auto add = [&](Transport t, std::string_view name) {
    if ((s.transports & static_cast<std::uint8_t>(t)) == 0) return;
    if (!out.empty()) out += ' ';
    out += name;
  };
  add(Transport::kTcp, "tcp");
  add(Transport::kUdp, "udp");
  add(Transport::kEthernet, "ethernet");
  return out;
}

template <class Range, class Name>
std::string list(const Range& range, std::string_view quote, std::string_view separator, Name&& name) {
  std::string out;
  for (const auto& x : range) {
    if (!out.empty()) out += separator;
    out += fmt::format("{}{}{}", quote, name(x), quote);
  }
  return out;
}

const auto kName = [](const auto& x) { return x.name; };
const auto kSelf = [](const auto& x) { return x; };

std::string found_by(const ProtocolSpec& s) {
  std::string out;
  if (s.ethertypes.empty() || !s.ports.empty())
    out = fmt::format("ports {} (a hint; found by content on any)", list(s.ports, "", " ", kSelf));
  if (s.ethertypes.empty()) return out;
  return out + (out.empty() ? "" : ", ") + "EtherTypes " +
         list(s.ethertypes, "", " ", [](std::uint16_t t) { return fmt::format("{:#06x}", t); });
}

void print_json(const ProtocolSpec& s) {
  std::cout << fmt::format(
      "{{\"name\":\"{}\",\"transports\":\"{}\",\"ports\":[{}],\"ethertypes\":[{}],\"record\":\"{}\","
      "\"buffers\":[{}],"
      "\"integers\":[{}],"
      "\"keywords\":[{}],\"frames\":[{}],\"hooks\":[{}],\"events\":[{}],\"limits\":[{}]}}\n",
      s.name, transports_of(s), list(s.ports, "", ",", kSelf), list(s.ethertypes, "", ",", kSelf), s.record,
      list(s.buffers, "\"", ",", kName), list(s.integers, "\"", ",", kName),
      list(s.keywords, "\"", ",", kName), list(s.frames, "\"", ",", kName), list(s.hooks, "\"", ",", kName),
      list(s.events, "\"", ",", kName), list(config::settable_limits(s), "\"", ",", kName));
}

template <class Defs>
void print_defs(std::string_view title, const Defs& defs) {
  if (defs.empty()) return;
  std::cout << fmt::format("  {}\n", title);
  for (const auto& d : defs) std::cout << fmt::format("    {:<36} {}\n", d.name, d.help);
}

}  // namespace

int protocols_command(const Options& o) {
  for (const ProtocolSpec* s : protocols()) {
    if (o.json) {
      print_json(*s);
      continue;
    }
    std::cout << fmt::format("{}  over {}, {}, record `{}`\n", s->name, transports_of(*s), found_by(*s),
                             s->record);
    print_defs("buffers", s->buffers);
    print_defs("integers", s->integers);
    print_defs("keywords", s->keywords);
    print_defs("frames", s->frames);
    if (!s->hooks.empty()) std::cout << fmt::format("  hooks\n    {}\n", list(s->hooks, "", " ", kName));
    print_defs("events", s->events);
    print_defs("limits", config::settable_limits(*s));
    std::cout << '\n';
  }
  return std::cout.flush() ? 0 : 1;
}

}  // namespace picket
