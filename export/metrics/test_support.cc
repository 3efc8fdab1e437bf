#include "export/metrics/test_support.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <regex>
#include <set>
#include <sstream>

namespace picket::metrics::test {
namespace {

/// As it stands in the list.
std::string released_line(std::string_view program, const Family& f) {
  constexpr std::string_view kTypes[] = {"counter", "gauge", "info"};  // in the order of Type
  const auto or_dash = [](std::string_view s) { return s.empty() ? std::string_view("-") : s; };
  return fmt::format("{} {} {} {} {}", program, f.name, kTypes[static_cast<std::size_t>(f.type)],
                     or_dash(f.unit), or_dash(f.labels));
}

std::vector<std::string> lines(std::string_view text) {
  std::vector<std::string> all;
  std::istringstream in{std::string(text)};
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

std::vector<std::string> released(std::string_view program) {
  const char* root = std::getenv("PICKET_SOURCE_ROOT");
  std::ifstream in(std::string(root == nullptr ? "." : root) + "/export/metrics/released.txt");
  std::stringstream text;
  text << in.rdbuf();
  std::vector<std::string> all = lines(text.str());
  std::erase_if(all, [&](const std::string& l) { return l.rfind(std::string(program) + " ", 0) != 0; });
  return all;
}

std::string form_fault(const Family& f) {
  static const std::regex kName("[a-z][a-z0-9_]*"), kLabels("([a-z][a-z0-9_]*(,[a-z][a-z0-9_]*)*)?");
  const std::string name(f.name), unit = "_" + std::string(f.unit);
  const auto ends_with = [&](const std::string& end) {
    return name.size() > end.size() && name.compare(name.size() - end.size(), end.size(), end) == 0;
  };
  if (!std::regex_match(name, kName)) return "is no name";
  if (!std::regex_match(std::string(f.labels), kLabels)) return "has labels that are none";
  if (!f.unit.empty() && !ends_with(unit)) return "does not end with its unit";
  if (!f.unit.empty() && f.type == Type::kInfo) return "is an info, which has no unit";
  for (const char* reserved : {"_total", "_info", "_created", "_count", "_sum", "_bucket"}) {
    if (ends_with(reserved)) return std::string("ends with ") + reserved;
  }
  return f.help.empty() ? "has no help" : "";
}

}  // namespace

std::string faults(std::string_view program, std::span<const Family> families) {
  std::string out;
  std::set<std::string> names, table;
  for (const Family& f : families) {
    if (const std::string fault = form_fault(f); !fault.empty()) out += fmt::format("{} {}\n", f.name, fault);
    // What one family's samples are called no other may be called.
    for (const std::string& name : std::set{std::string(f.name), sample_name(f)}) {
      if (!names.insert(name).second) out += fmt::format("{} is there twice\n", name);
    }
    table.insert(released_line(program, f));
  }
  const std::vector<std::string> list = released(program);
  const std::set<std::string> known(list.begin(), list.end());
  for (const std::string& line : list) {
    if (table.count(line) == 0) out += fmt::format("was released, and is no more, or is another: {}\n", line);
  }
  for (const std::string& line : table) {
    if (known.count(line) == 0) out += fmt::format("is new, and has to stand in released.txt: {}\n", line);
  }
  return out;
}

std::string value_of(std::string_view exposed, std::string_view sample) {
  for (const std::string& line : lines(exposed)) {
    const std::size_t end = line.rfind(' ');
    if (line[0] != '#' && std::string_view(line).substr(0, end) == sample) return line.substr(end + 1);
  }
  return "";
}

std::string misplaced(std::string_view exposed) {
  std::string out, family;
  std::set<std::string> samples, families;
  for (const std::string& line : lines(exposed)) {
    if (line == "# EOF") continue;
    if (line.rfind("# TYPE ", 0) == 0) {
      family = line.substr(7, line.find(' ', 7) - 7);
      if (!families.insert(family).second) out += "two heads: " + family + "\n";
      continue;
    }
    if (line[0] == '#') continue;
    const std::string sample = line.substr(0, line.rfind(' ')), name = sample.substr(0, sample.find('{'));
    if (!samples.insert(sample).second) out += "twice: " + sample + "\n";
    if (name != family && name != family + "_total" && name != family + "_info")
      out += "not behind its head: " + sample + "\n";
  }
  return out;
}

void fill(tls::Counters& c) {
  c.handshakes_ok = 101;
  c.connections = 102;
  c.bytes_in = 103;
  c.bytes_out = 104;
  c.reloads_ok = 105;
  c.reloads_failed = 106;
  c.certificate_not_after = 107;
  c.ca_not_after = 108;
  c.crl_next_update = 109;
  for (std::size_t i = 1; i < c.failures.size(); ++i) c.failures[i] = 200 + i;
}

std::string lacks_tls(std::string_view exposed) {
  std::vector<std::pair<std::string, int>> expected = {
      {"picket_tls_handshakes_total{result=\"ok\"}", 101},
      {"picket_tls_connections", 102},
      {"picket_tls_carried_bytes_total{direction=\"in\"}", 103},
      {"picket_tls_carried_bytes_total{direction=\"out\"}", 104},
      {"picket_tls_reloads_total{result=\"ok\"}", 105},
      {"picket_tls_reloads_total{result=\"failed\"}", 106},
      {"picket_tls_not_after_seconds{what=\"certificate\"}", 107},
      {"picket_tls_not_after_seconds{what=\"ca\"}", 108},
      {"picket_tls_not_after_seconds{what=\"crl\"}", 109},
  };
  for (int i = 1; i < static_cast<int>(tls::Failure::kCount); ++i)
    expected.emplace_back(fmt::format("picket_tls_handshakes_total{{result=\"{}\"}}",
                                      tls::failure_name(static_cast<tls::Failure>(i))),
                          200 + i);
  std::string out;
  for (const auto& [sample, n] : expected) {
    if (value_of(exposed, sample) != std::to_string(n)) out += sample + "\n";
  }
  return out;
}

}  // namespace picket::metrics::test
