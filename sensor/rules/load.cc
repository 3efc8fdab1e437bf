// sensor/rules/load.cc — files → lines → rules; duplicates; one status for each rule found
#include "sensor/rules/load.h"

#include <glob.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <deque>
#include <filesystem>
#include <set>
#include <unordered_map>

#include "sensor/rules/parse.h"
#include "sensor/rules/text.h"
#include "sensor/rules/text_file.h"

namespace picket::rules {

struct RuleSet::Storage {
  std::deque<std::string> names;  // a deque: what is borrowed never moves
  ClassTable classes;
  ReferenceTable references;

  std::string_view keep_name(const std::string& file) { return names.emplace_back(file); }
};

namespace {

/// A rule's text, lines joined, and the way back to where each character stands.
struct LogicalLine {
  std::string_view text;   ///< in the file, or in the reader until it is asked for the next line
  std::uint32_t line = 0;  ///< of the first character
  /// Joined lines: from place in `text` to place in the file. Empty when `text` is the file's own.
  std::vector<std::pair<std::size_t, const char*>> pieces;
};

/// Cuts a file into rules; skips blank lines and comments.
class LineReader {
 public:
  explicit LineReader(std::string_view text) : rest_(text) {
    if (rest_.starts_with("\xef\xbb\xbf")) rest_.remove_prefix(3);
  }

  bool next(LogicalLine& out) {
    while (!rest_.empty()) {
      auto line = take_line();
      const auto text = trim(line);
      if (text.empty() || text.front() == '#' || text.front() == ';') continue;
      out = {text, number_, {}};
      if (text.back() == '\\') join(text, out);
      return true;
    }
    return false;
  }

 private:
  std::string_view take_line() {
    const auto end = rest_.find('\n');
    const auto line = rest_.substr(0, end);
    rest_.remove_prefix(end == std::string_view::npos ? rest_.size() : end + 1);
    ++number_;
    return line;
  }
  void join(std::string_view line, LogicalLine& out) {
    joined_.clear();
    while (true) {
      const bool more = line.ends_with('\\');
      out.pieces.emplace_back(joined_.size(), line.data());
      joined_ += more ? line.substr(0, line.size() - 1) : line;
      if (!more || rest_.empty()) break;
      line = take_line();
      while (!line.empty() && is_space(line.back())) line.remove_suffix(1);
    }
    out.text = joined_;
  }

  std::string_view rest_;
  std::string joined_;
  std::uint32_t number_ = 0;
};

class Loader {
 public:
  Loader(RuleSet& set, const LoadOptions& options)
      : set_(set), environment_(options, set.storage->classes, set.storage->references) {}

  void file(std::string_view path, std::string_view text) {
    set_.files.push_back({path});
    RuleFileReport& report = set_.files.back();
    constexpr std::size_t kTypicalRule = 500;
    set_.rules.reserve(set_.rules.size() + text.size() / kTypicalRule);
    set_.statuses.reserve(set_.statuses.size() + text.size() / kTypicalRule);
    file_begin_ = text.data();
    file_end_ = text.data() + text.size();
    LineReader reader(text);
    for (LogicalLine line; reader.next(line);) {
      ++report.found;
      rule(path, line);
    }
  }

  /// Counted at the end: a later rule may take an earlier one's place.
  void finish() {
    std::unordered_map<std::string_view, RuleFileReport*> by_path;
    for (auto& report : set_.files) by_path[report.path] = &report;
    for (const auto& status : set_.statuses)
      ++(status.loaded() ? by_path[status.file]->loaded : by_path[status.file]->rejected);
  }

 private:
  void rule(std::string_view path, const LogicalLine& line) {
    Rule rule;
    rule.file = path;
    rule.line = line.line;
    rule.text_hash = std::hash<std::string_view>{}(line.text);
    Builder builder(rule, environment_);
    auto text = line.text;
    if (text.size() > kMaxRuleBytes)
      builder.fail(text.substr(0, 1), "a rule of " + std::to_string(text.size()) + " bytes; the most is " +
                                          std::to_string(kMaxRuleBytes));
    if (!builder.failed() && parse_header(builder, text) && parse_options(builder, text))
      check_rule(builder, line.text);

    RuleStatus status;
    if (builder.failed() && rule.sid == 0) look_for_numbers(line.text, rule);
    status.sid = rule.sid;
    status.gid = rule.gid;
    status.rev = rule.rev;
    status.file = path;
    status.line = line.line;
    for (auto& warning : builder.warnings()) {
      const auto severity =
          warning.deprecated ? Diagnostic::Severity::kDeprecated : Diagnostic::Severity::kWarning;
      status.diagnostics.push_back(diagnose(path, line, std::move(warning), severity));
    }
    if (builder.failed()) {
      status.diagnostics.push_back(diagnose(path, line, builder.error(), Diagnostic::Severity::kError));
    } else {
      let_go_of_room(rule);
      place(std::move(rule), line, status);
    }
    set_.statuses.push_back(std::move(status));
  }

  /// All rules are there at once before they are planned: what they could still grow by is a tenth of a
  /// reload's peak.
  static void let_go_of_room(Rule& rule) {
    rule.metadata.shrink_to_fit();
    rule.references.shrink_to_fit();
    rule.groups.shrink_to_fit();
    for (Group& g : rule.groups) g.clauses.shrink_to_fit();
  }

  /// The rule gets its place, or loses to one of the same sid.
  void place(Rule rule, const LogicalLine& line, RuleStatus& status) {
    const std::uint64_t key = std::uint64_t{rule.gid} << 32 | rule.sid;
    const auto [at, fresh] = by_sid_.try_emplace(key, set_.statuses.size());
    if (fresh) {
      status.rule = static_cast<std::uint32_t>(set_.rules.size());
      set_.rules.push_back(std::move(rule));
      return;
    }
    RuleStatus& other = set_.statuses[at->second];
    const auto where = [](const RuleStatus& s) {
      return std::string(s.file) + ":" + std::to_string(s.line) + " (rev " + std::to_string(s.rev) + ")";
    };
    if (rule.rev <= other.rev) {
      status.diagnostics.push_back(diagnose(
          status.file, line,
          {line.text, "sid " + std::to_string(rule.sid) + " is already taken by " + where(other), {}},
          Diagnostic::Severity::kError));
      return;
    }
    status.rule = other.rule;
    other.rule = RuleStatus::kNoRule;
    other.diagnostics.push_back(
        {Diagnostic::Severity::kError,
         other.file,
         other.line,
         1,
         "sid " + std::to_string(rule.sid) + " is replaced by a newer revision at " + where(status),
         {}});
    set_.rules[status.rule] = std::move(rule);
    at->second = set_.statuses.size();
  }

  /// A rule that failed early still has a sid the report should show.
  static void look_for_numbers(std::string_view text, Rule& rule) {
    for (const auto& [mark, field] :
         {std::pair<std::string_view, std::uint32_t*>{"sid:", &rule.sid}, {"rev:", &rule.rev}}) {
      for (std::size_t at = text.find(mark); at != std::string_view::npos; at = text.find(mark, at + 1)) {
        if (at > 0 && text[at - 1] != ';' && text[at - 1] != '(' && !is_space(text[at - 1])) continue;
        const auto rest = text.substr(at + mark.size());
        if (parse_number(trim(rest.substr(0, rest.find(';'))), *field)) break;
      }
    }
  }

  Diagnostic diagnose(std::string_view path, const LogicalLine& line, Complaint complaint,
                      Diagnostic::Severity severity) const {
    const char* at = complaint.where.data();
    const char* const begin = line.text.data();
    if (at == nullptr || at < begin || at > begin + line.text.size()) at = begin;
    const char* first = begin;
    if (!line.pieces.empty()) {
      const auto offset = static_cast<std::size_t>(at - begin);
      auto piece = std::upper_bound(line.pieces.begin(), line.pieces.end(), offset,
                                    [](std::size_t o, const auto& p) { return o < p.first; });
      --piece;
      at = piece->second + (offset - piece->first);
      first = line.pieces.front().second;
    }
    Diagnostic d{severity, path, line.line, 1, std::move(complaint.reason), std::move(complaint.suggestion)};
    d.line += static_cast<std::uint32_t>(std::count(first, at, '\n'));
    // Columns count characters: continuation bytes of UTF-8 do not.
    const char* line_begin = at;
    while (line_begin > file_begin_ && line_begin[-1] != '\n') --line_begin;
    d.column += static_cast<std::uint32_t>(
        std::count_if(line_begin, at, [](char c) { return (static_cast<unsigned char>(c) & 0xc0) != 0x80; }));
    return d;
  }

  RuleSet& set_;
  Environment environment_;
  std::unordered_map<std::uint64_t, std::size_t> by_sid_;  // → place in statuses
  const char* file_begin_ = nullptr;
  const char* file_end_ = nullptr;
};

Result<std::string> read_rules(const std::string& path) {
  std::error_code none;
  if (std::filesystem::is_directory(path, none))
    return Error{"is a folder; name the files in it, as in " + path + "/*.rules"};
  return read_text_file(path);
}

std::vector<std::string> expand(const std::string& pattern, RuleSet& set) {
  auto paths = matching_files(pattern);
  if (paths.empty())
    set.diagnostics.push_back({Diagnostic::Severity::kError,
                               set.storage->keep_name(pattern),
                               0,
                               0,
                               "no file matches this pattern",
                               {}});
  return paths;
}

RuleSet start(const LoadOptions& options) {
  RuleSet set;
  set.storage = std::make_shared<RuleSet::Storage>();
  auto& storage = *set.storage;
  storage.classes = builtin_classes();
  storage.references = builtin_references();
  const auto table = [&](const std::string& path, auto parse, auto& into) {
    if (path.empty()) return;
    const auto name = storage.keep_name(path);
    if (const auto text = read_text_file(path))
      into = parse(name, text.value(), set.diagnostics);
    else
      set.diagnostics.push_back({Diagnostic::Severity::kError, name, 0, 0, text.error().message, {}});
  };
  table(options.classification_file, parse_classification, storage.classes);
  table(options.reference_file, parse_references, storage.references);
  return set;
}

}  // namespace

RuleVariables default_variables() {
  RuleVariables v;
  v.addresses["HOME_NET"] = "[192.168.0.0/16,10.0.0.0/8,172.16.0.0/12]";
  v.addresses["EXTERNAL_NET"] = "!$HOME_NET";
  v.addresses["AIM_SERVERS"] = "$EXTERNAL_NET";
  for (const char* group :
       {"HTTP_SERVERS", "SMTP_SERVERS", "SQL_SERVERS", "DNS_SERVERS", "TELNET_SERVERS", "DC_SERVERS",
        "DNP3_SERVER", "DNP3_CLIENT", "MODBUS_CLIENT", "MODBUS_SERVER", "ENIP_CLIENT", "ENIP_SERVER"}) {
    v.addresses[group] = "$HOME_NET";
  }
  v.ports = {{"HTTP_PORTS", "80"},
             {"SHELLCODE_PORTS", "!80"},
             {"ORACLE_PORTS", "1521"},
             {"SSH_PORTS", "22"},
             {"DNP3_PORTS", "20000"},
             {"MODBUS_PORTS", "502"},
             {"FTP_PORTS", "21"},
             {"GENEVE_PORTS", "6081"},
             {"VXLAN_PORTS", "4789"},
             {"TEREDO_PORTS", "3544"},
             {"FILE_DATA_PORTS", "[$HTTP_PORTS,110,143]"},
             {"SIP_PORTS", "[5060,5061]"}};
  return v;
}

const Diagnostic* RuleStatus::error() const noexcept {
  for (const auto& d : diagnostics) {
    if (d.severity == Diagnostic::Severity::kError) return &d;
  }
  return nullptr;
}

void RuleSet::forget_rules() { rules = {}; }

void RuleSet::reject(std::uint32_t rule, std::string reason) {
  for (auto& status : statuses) {
    if (status.rule != rule) continue;
    status.rule = RuleStatus::kNoRule;
    status.diagnostics.push_back(
        {Diagnostic::Severity::kError, status.file, status.line, 1, std::move(reason), {}});
    for (auto& file : files) {
      if (file.path == status.file) --file.loaded, ++file.rejected;
    }
    return;
  }
}

std::string to_string(const Diagnostic& d) {
  std::string s(d.file);
  if (d.line != 0) s += ":" + std::to_string(d.line);
  if (d.column != 0) s += ":" + std::to_string(d.column);
  s += ": ";
  if (d.severity == Diagnostic::Severity::kWarning) s += "warning: ";
  if (d.severity == Diagnostic::Severity::kDeprecated) s += "deprecated: ";
  s += d.reason;
  if (!d.suggestion.empty()) s += "; " + d.suggestion;
  return s;
}

RuleSet load_rules(std::span<const std::string> paths, const LoadOptions& options) {
  RuleSet set = start(options);
  Loader loader(set, options);
  std::set<std::string> seen;
  for (const auto& pattern : paths) {
    for (const auto& path : expand(pattern, set)) {
      if (!seen.insert(path).second) continue;
      const auto name = set.storage->keep_name(path);
      if (const auto text = read_rules(path))
        loader.file(name, text.value());
      else
        set.diagnostics.push_back({Diagnostic::Severity::kError, name, 0, 0, text.error().message, {}});
    }
  }
  loader.finish();
  return set;
}

RuleSet load_rules_text(std::string_view name, std::string_view text, const LoadOptions& options) {
  RuleSet set = start(options);
  Loader loader(set, options);
  loader.file(set.storage->keep_name(std::string(name)), text);
  loader.finish();
  return set;
}

std::vector<std::string> matching_files(const std::string& pattern) {
  if (pattern.find_first_of("*?[") == std::string::npos) return {pattern};
  std::vector<std::string> paths;
  glob_t found{};
  if (glob(pattern.c_str(), 0, nullptr, &found) == 0)
    paths.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  globfree(&found);
  std::sort(paths.begin(), paths.end());
  return paths;
}

std::string file_state(std::span<const std::string> paths) {
  std::string out;
  for (const std::string& pattern : paths) {
    for (const std::string& path : matching_files(pattern)) {
      struct stat info {};
      const bool there = stat(path.c_str(), &info) == 0;
      out += path;
      for (const auto n : {there ? std::intmax_t{info.st_size} : -1, std::intmax_t{info.st_mtim.tv_sec},
                           std::intmax_t{info.st_mtim.tv_nsec}, static_cast<std::intmax_t>(info.st_ino)})
        out += " " + std::to_string(n);
      out += '\n';
    }
  }
  return out;
}

}  // namespace picket::rules
