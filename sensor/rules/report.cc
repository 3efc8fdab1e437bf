#include "sensor/rules/report.h"

#include <algorithm>
#include <iomanip>
#include <map>
#include <vector>

#include "sensor/rules/describe.h"

namespace picket::rules {
namespace {

/// Bytes of a well-formed UTF-8 character at the front of `s`; 0: not well formed.
std::size_t utf8_length(std::string_view s) noexcept {
  const auto byte = [&](std::size_t i) { return i < s.size() ? static_cast<unsigned char>(s[i]) : 0U; };
  const auto follows = [&](std::size_t i) { return (byte(i) & 0xc0) == 0x80; };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first >= 0xc2 && first < 0xe0) return follows(1) ? 2 : 0;
  if (first >= 0xe0 && first < 0xf0) {
    const bool overlong = first == 0xe0 && byte(1) < 0xa0, surrogate = first == 0xed && byte(1) >= 0xa0;
    return follows(1) && follows(2) && !overlong && !surrogate ? 3 : 0;
  }
  if (first >= 0xf0 && first < 0xf5) {
    const bool overlong = first == 0xf0 && byte(1) < 0x90, beyond = first == 0xf4 && byte(1) >= 0x90;
    return follows(1) && follows(2) && follows(3) && !overlong && !beyond ? 4 : 0;
  }
  return 0;
}

constexpr std::size_t kShown = 40;  // bytes of a pattern in a table

/// "port 443", "source port 53"
std::string ports_text(const Rule& r) {
  if (r.dst_port->any) return "source port " + describe(*r.src_port);
  return (r.src_port->any ? "port " : "port " + describe(*r.src_port) + " -> ") + describe(*r.dst_port);
}

std::size_t loaded(const RuleSet& set) {
  return static_cast<std::size_t>(
      std::count_if(set.statuses.begin(), set.statuses.end(), [](const auto& s) { return s.loaded(); }));
}

const PlanNote* note_of(const RuleStatus& status, std::span<const PlanNote> notes) {
  return status.loaded() && status.rule < notes.size() ? &notes[status.rule] : nullptr;
}

bool has(const RuleStatus& status, Diagnostic::Severity severity) {
  return std::any_of(status.diagnostics.begin(), status.diagnostics.end(),
                     [severity](const Diagnostic& d) { return d.severity == severity; });
}

}  // namespace

std::string printable(std::string_view bytes, std::size_t most) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out;
  bool in_hex = false;
  for (const char c : bytes.substr(0, most)) {
    const bool plain = c >= ' ' && c < 0x7f && c != '|' && c != '"' && c != ';' && c != '\\' && c != ':';
    if (plain == in_hex)
      out += '|', in_hex = !in_hex;
    else if (in_hex)
      out += ' ';
    if (plain) {
      out += c;
    } else {
      out += kHex[static_cast<unsigned char>(c) >> 4];
      out += kHex[c & 15];
    }
  }
  if (in_hex) out += '|';
  if (bytes.size() > most) out += "...";
  return out;
}

std::string one_line(std::string_view s) {
  std::string out(s);
  for (char& c : out) {
    if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) c = '?';
  }
  return out;
}

std::string json_string(std::string_view s) {
  static constexpr char kHex[] = "0123456789abcdef";
  std::string out = "\"";
  out.reserve(s.size() + 2);
  while (!s.empty()) {
    const char c = s.front();
    const std::size_t n = utf8_length(s);
    if (n == 0) {
      out += "\\ufffd";
    } else if (n > 1) {
      out += s.substr(0, n);
    } else if (c == '"' || c == '\\') {
      out += '\\';
      out += c;
    } else if (static_cast<unsigned char>(c) < ' ' || c == 0x7f) {
      out += "\\u00";
      out += kHex[c >> 4];
      out += kHex[c & 15];
    } else {
      out += c;
    }
    s.remove_prefix(std::max<std::size_t>(n, 1));
  }
  return out += '"';
}

std::string_view name_of(PlanNote::FoundBy by) noexcept {
  static constexpr std::string_view kNames[] = {"nothing", "pattern", "ports", "header", "event"};
  return kNames[static_cast<std::size_t>(by)];
}

std::string how_found(const Rule& r, const PlanNote& note) {
  std::string out;
  switch (note.found_by) {
    case PlanNote::FoundBy::kPattern:
      return "found by content:\"" + printable(note.fast_pattern, kShown) + "\" in " +
             std::string(note.buffer);
    case PlanNote::FoundBy::kHeader:
      return "held against packets: it asks for no bytes";
    case PlanNote::FoundBy::kEvent:
      return "looked at where there are events";
    case PlanNote::FoundBy::kPorts:
      out = "looked at for all payload on " + ports_text(r);
      break;
    case PlanNote::FoundBy::kNothing:
      out = "looked at each time";
      break;
  }
  return out + (note.weak.empty() ? ": it has no content to search for"
                                  : ": \"" + printable(note.weak, kShown) + "\" stands nearly everywhere");
}

void write_json(std::ostream& out, const RuleSet& set, std::span<const PlanNote> notes) {
  for (const auto& status : set.statuses) {
    out << "{\"sid\":" << status.sid << ",\"gid\":" << status.gid << ",\"rev\":" << status.rev
        << ",\"file\":" << json_string(status.file) << ",\"line\":" << status.line << ",\"status\":\""
        << (status.loaded() ? "loaded" : "rejected") << '"';
    if (const auto* error = status.error(); error != nullptr && !status.loaded()) {
      // `line` is where the rule begins; the fault may stand further down in a rule of several lines.
      out << ",\"error_line\":" << error->line << ",\"column\":" << error->column
          << ",\"reason\":" << json_string(error->reason);
      if (!error->suggestion.empty()) out << ",\"suggestion\":" << json_string(error->suggestion);
    }
    const auto write = [&](std::string_view key, Diagnostic::Severity severity) {
      bool first = true;
      for (const auto& d : status.diagnostics) {
        if (d.severity != severity) continue;
        // What is wrong with a warning stands in its reason; what is deprecated is told by what to write.
        const bool old = severity == Diagnostic::Severity::kDeprecated;
        out << (first ? std::string(",\"") + std::string(key) + "\":[" : ",")
            << json_string(old ? d.reason + "; " + d.suggestion : d.reason);
        first = false;
      }
      if (!first) out << ']';
    };
    write("warnings", Diagnostic::Severity::kWarning);
    write("deprecated", Diagnostic::Severity::kDeprecated);
    if (status.loaded()) out << ",\"msg\":" << json_string(set.rules[status.rule].msg);
    if (const auto* note = note_of(status, notes)) {
      out << ",\"found_by\":\"" << name_of(note->found_by) << '"';
      if (!note->buffer.empty())
        out << ",\"fast_pattern\":" << json_string(printable(note->fast_pattern))
            << ",\"buffer\":" << json_string(note->buffer);
      if (note->found_by == PlanNote::FoundBy::kPorts)
        out << ",\"ports\":" << json_string(ports_text(set.rules[status.rule]));
      if (!note->weak.empty()) out << ",\"weak_pattern\":" << json_string(printable(note->weak));
      out << ",\"cost\":" << note->cost;
    }
    out << "}\n";
  }
}

void write_table(std::ostream& out, const RuleSet& set, std::span<const PlanNote> notes,
                 const ReportOptions& options) {
  for (const auto& d : set.diagnostics) out << to_string(d) << '\n';
  if (options.loaded_too && !set.statuses.empty()) {
    out << std::left << std::setw(10) << "status" << std::setw(14) << "sid:rev" << std::setw(10) << "line"
        << std::setw(20) << "buffer" << std::setw(10) << "cost"
        << "fast pattern, or why not\n";
  }
  for (const auto& status : set.statuses) {
    if (!options.loaded_too && status.loaded() && !has(status, Diagnostic::Severity::kWarning)) continue;
    if (status.loaded() && options.loaded_too) {
      const auto* note = note_of(status, notes);
      out << std::left << std::setw(10) << "loaded" << std::setw(14)
          << std::to_string(status.sid) + ":" + std::to_string(status.rev) << std::setw(10) << status.line;
      if (note != nullptr) {
        out << std::setw(20) << (note->buffer.empty() ? "-" : note->buffer) << std::setw(10) << note->cost
            << (note->buffer.empty() ? "(" + how_found(set.rules[status.rule], *note) + ")"
                                     : printable(note->fast_pattern, kShown));
      } else {
        out << set.rules[status.rule].msg.substr(0, 80);
      }
      out << '\n';
    }
    for (const auto& d : status.diagnostics) {
      if (d.severity == Diagnostic::Severity::kDeprecated) continue;  // counted: public sets hold thousands
      out << std::left << std::setw(10)
          << (d.severity == Diagnostic::Severity::kError ? "rejected" : "warning") << std::setw(14)
          << std::to_string(status.sid) + ":" + std::to_string(status.rev) << one_line(to_string(d)) << '\n';
    }
  }
  write_deprecated(out, set);
  out << summary(set) << '\n';
}

namespace {

void write_counts(std::ostream& out, const std::map<std::string, std::size_t>& counts) {
  std::vector<std::pair<std::string, std::size_t>> sorted(counts.begin(), counts.end());
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const auto& a, const auto& b) { return a.second > b.second; });
  for (const auto& [reason, n] : sorted)
    out << std::right << std::setw(8) << n << "  " << one_line(reason) << '\n';
}

}  // namespace

void write_reasons(std::ostream& out, const RuleSet& set) {
  std::map<std::string, std::size_t> counts;
  for (const auto& status : set.statuses) {
    if (const auto* error = status.error(); error != nullptr && !status.loaded()) ++counts[error->reason];
  }
  write_counts(out, counts);
}

void write_deprecated(std::ostream& out, const RuleSet& set) {
  std::map<std::string, std::size_t> counts;
  for (const auto& status : set.statuses) {
    for (const auto& d : status.diagnostics) {
      if (d.severity == Diagnostic::Severity::kDeprecated && status.loaded())
        ++counts["deprecated: " + d.reason + "; " + d.suggestion];
    }
  }
  write_counts(out, counts);
}

std::string summary(const RuleSet& set) {
  const auto total = set.statuses.size(), good = loaded(set);
  const auto count = [&set](Diagnostic::Severity severity) {
    return std::count_if(set.statuses.begin(), set.statuses.end(),
                         [&](const auto& s) { return s.loaded() && has(s, severity); });
  };
  const auto warned = count(Diagnostic::Severity::kWarning), old = count(Diagnostic::Severity::kDeprecated);
  return std::to_string(total) + (total == 1 ? " rule in " : " rules in ") +
         std::to_string(set.files.size()) + (set.files.size() == 1 ? " file: " : " files: ") +
         std::to_string(good) + " loaded, " + std::to_string(total - good) + " rejected" +
         (warned != 0 ? ", " + std::to_string(warned) + " with warnings" : "") +
         (old != 0 ? ", " + std::to_string(old) + " in deprecated forms" : "");
}

}  // namespace picket::rules
