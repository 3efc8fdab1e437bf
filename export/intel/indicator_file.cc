#include "export/intel/indicator_file.h"

#include <algorithm>
#include <charconv>
#include <chrono>

#include "parsers/core/text.h"

namespace picket::intel {
namespace {

enum class Column : std::uint8_t {
  kIndicator,
  kType,
  kSource,
  kDescription,
  kSeverity,
  kConfidence,
  kExpires,
  kReference,
  kCount
};
constexpr std::size_t kColumns = static_cast<std::size_t>(Column::kCount);

/// Our word first, then Zeek's and MISP's.
struct ColumnName {
  std::string_view name;
  Column column;
};
constexpr ColumnName kColumnNames[] = {
    {"indicator", Column::kIndicator},
    {"value", Column::kIndicator},
    {"type", Column::kType},
    {"indicator_type", Column::kType},
    {"source", Column::kSource},
    {"meta.source", Column::kSource},
    {"description", Column::kDescription},
    {"meta.desc", Column::kDescription},
    {"comment", Column::kDescription},
    {"severity", Column::kSeverity},
    {"meta.severity", Column::kSeverity},
    {"confidence", Column::kConfidence},
    {"meta.confidence", Column::kConfidence},
    {"expires", Column::kExpires},
    {"meta.expires", Column::kExpires},
    {"reference", Column::kReference},
    {"meta.url", Column::kReference},
};
constexpr std::size_t kMaxCells = 256;

/// The cells of a line. An error: quotes that do not fit.
Result<std::vector<std::string>> split(std::string_view line, char separator) {
  std::vector<std::string> cells;
  while (cells.size() < kMaxCells) {
    std::string cell;
    if (separator == ',' && line.starts_with('"')) {
      std::size_t at = 1;
      for (bool closed = false; !closed;) {
        const std::size_t quote = line.find('"', at);
        if (quote == std::string_view::npos) return Error{"a quote is not closed on its line"};
        cell += line.substr(at, quote - at);
        at = quote + 1;
        closed = at == line.size() || line[at] != '"';
        if (!closed) cell += line[at++];
      }
      line.remove_prefix(at);
      if (!line.empty() && line[0] != separator) return Error{"text stands behind a closing quote"};
    } else {
      const std::size_t end = std::min(line.find(separator), line.size());
      cell = trim(line.substr(0, end));
      line.remove_prefix(end);
    }
    cells.push_back(std::move(cell));
    if (line.empty()) return cells;
    line.remove_prefix(1);
  }
  return Error{"more than " + std::to_string(kMaxCells) + " columns"};
}

class File {
 public:
  File(const std::string& name, std::size_t memcap, IndicatorSetBuilder& builder, IndicatorReport& report)
      : name_(name), memcap_(memcap), builder_(builder), report_(report) {}

  void read(std::string_view text) {
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    while (!text.empty()) {
      ++number_;
      const std::size_t end = text.find('\n');
      std::string_view line = text.substr(0, end);
      if (line.ends_with('\r')) line.remove_suffix(1);
      if (!this->line(line)) return;
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    }
    if (!has_names_) refuse("has no line of column names; begin it with 'indicator', a tab, 'type', ...");
  }

 private:
  void refuse(const std::string& reason) {
    ++report_.bad;
    if (report_.problems.size() < IndicatorReport::kMaxProblems)
      report_.problems.push_back({name_, number_, reason});
  }

  /// False: nothing more is read.
  bool line(std::string_view line) {
    constexpr std::string_view kZeekNames = "#fields\t";
    if (line.starts_with(kZeekNames)) return names(line.substr(kZeekNames.size()));
    if (line.starts_with('#') || trim(line).empty()) return true;
    if (!has_names_) return names(line);
    ++report_.lines;
    if (auto done = indicator(line); !done) refuse(done.error().message);
    return true;
  }

  bool names(std::string_view line) {
    separator_ = line.find('\t') != std::string_view::npos ? '\t' : ',';
    columns_.clear();
    std::string unknown;
    auto cells = split(line, separator_);
    if (!cells) return refuse(cells.error().message), false;
    for (const std::string& cell : cells.value()) {
      const auto* const known =
          std::find_if(std::begin(kColumnNames), std::end(kColumnNames),
                       [&](const ColumnName& c) { return equals_nocase(c.name, cell); });
      const bool is_known = known != std::end(kColumnNames);
      columns_.push_back(is_known ? known->column : Column::kCount);
      if (!is_known) unknown += (unknown.empty() ? "" : ", ") + cell;
    }
    if (std::find(columns_.begin(), columns_.end(), Column::kIndicator) == columns_.end()) {
      refuse("names no column 'indicator'; the first line names the columns: indicator, type, source, ...");
      return false;
    }
    if (!unknown.empty()) report_.notes.push_back(name_ + ": columns that are not used: " + unknown);
    return has_names_ = true;
  }

  Status indicator(std::string_view line) {
    auto cells = split(line, separator_);
    if (!cells) return cells.error();
    if (cells.value().size() > columns_.size())
      return Error{"has " + std::to_string(cells.value().size()) + " columns, and names stand for " +
                   std::to_string(columns_.size())};
    std::array<std::string_view, kColumns> value;
    for (std::size_t i = 0; i < cells.value().size(); ++i) {
      const std::string& cell = cells.value()[i];
      if (columns_[i] != Column::kCount && cell != "-" && cell != "(empty)")
        value[static_cast<std::size_t>(columns_[i])] = cell;
    }
    const auto of = [&](Column c) { return value[static_cast<std::size_t>(c)]; };
    Indicator out;
    if (auto bad = read_indicator(of(Column::kIndicator), of(Column::kType), out); !bad) return bad;
    for (const auto& [column, text] :
         {std::pair(Column::kSource, &out.source), std::pair(Column::kDescription, &out.description),
          std::pair(Column::kReference, &out.reference)}) {
      if (of(column).size() > kMaxText)
        return Error{"a text is longer than " + std::to_string(kMaxText) + " bytes"};
      *text = of(column);
    }
    if (auto bad = severity(of(Column::kSeverity), out); !bad) return bad;
    if (const auto text = of(Column::kConfidence); !text.empty()) {
      std::uint8_t n = 0;
      const auto [end, bad] = std::from_chars(text.data(), text.data() + text.size(), n);
      if (bad != std::errc() || end != text.data() + text.size() || n > 100)
        return Error{"confidence is 0 to 100, not '" + std::string(text) + "'"};
      out.confidence = n;
    }
    if (const auto text = of(Column::kExpires); !text.empty()) {
      const auto at = read_expiry_ns(text);
      if (!at)
        return Error{"'" + std::string(text) + "' is no time; write 2027-01-31 or 2027-01-31T12:00:00Z"};
      out.expires_ns = *at;
    }
    if (builder_.bytes() >= memcap_) {
      ++report_.no_room;
      return Done{};
    }
    if (!builder_.add(out))
      return Error{"no set holds more than " + std::to_string(IndicatorSet::kMaxIndicators) + " indicators"};
    ++report_.taken;
    return Done{};
  }

  static Status severity(std::string_view text, Indicator& out) {
    for (std::size_t i = 0; i < static_cast<std::size_t>(Severity::kCount); ++i) {
      if (!equals_nocase(text, severity_name(static_cast<Severity>(i)))) continue;
      out.severity = static_cast<Severity>(i);
      return Done{};
    }
    return Error{"severity is info, low, medium, high or critical, not '" + std::string(text) + "'"};
  }

  const std::string& name_;
  const std::size_t memcap_;
  IndicatorSetBuilder& builder_;
  IndicatorReport& report_;
  std::size_t number_ = 0;
  bool has_names_ = false;
  char separator_ = '\t';
  std::vector<Column> columns_;  // kCount: not used
};

}  // namespace

std::optional<std::uint64_t> read_expiry_ns(std::string_view s) noexcept {
  constexpr std::uint64_t kSecond = 1'000'000'000;
  const auto number = [&s](std::size_t at, std::size_t n) -> std::optional<unsigned> {
    unsigned v = 0;
    if (s.size() < at + n) return std::nullopt;
    const char* const end = s.data() + at + n;
    const auto [stop, bad] = std::from_chars(s.data() + at, end, v);
    return bad == std::errc() && stop == end ? std::optional(v) : std::nullopt;
  };
  if (s.find('-') == std::string_view::npos) {
    std::uint64_t seconds = 0;
    const auto [stop, bad] = std::from_chars(s.data(), s.data() + s.size(), seconds);
    if (s.empty() || bad != std::errc() || stop != s.data() + s.size() || seconds == 0 ||
        seconds > 9'999'999'999)
      return std::nullopt;
    return seconds * kSecond;
  }
  const auto year = number(0, 4), month = number(5, 2), day = number(8, 2);
  if (!year || !month || !day || s[4] != '-' || s[7] != '-') return std::nullopt;
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(*year)),
                                         std::chrono::month(*month), std::chrono::day(*day)};
  if (!date.ok() || *year < 1971 || *year > 2200) return std::nullopt;
  std::uint64_t seconds =
      static_cast<std::uint64_t>(std::chrono::sys_days(date).time_since_epoch().count()) * 86400;
  if (s.size() > 10) {
    const auto hour = number(11, 2), minute = number(14, 2), second = number(17, 2);
    if (!hour || !minute || !second || *hour > 23 || *minute > 59 || *second > 59) return std::nullopt;
    if ((s[10] != 'T' && s[10] != ' ') || s[13] != ':' || s[16] != ':') return std::nullopt;
    if (const auto rest = s.substr(19); !rest.empty() && rest != "Z") return std::nullopt;
    seconds += *hour * 3600 + *minute * 60 + *second;
  }
  return seconds * kSecond;
}

void read_indicators(const std::string& name, std::string_view text, std::size_t memcap_bytes,
                     IndicatorSetBuilder& builder, IndicatorReport& report) {
  File(name, memcap_bytes, builder, report).read(text);
}

}  // namespace picket::intel
