// export/intel/indicator_file.h — files of indicators: a text with a line of column names, and an indicator a line
//
//   indicator        type     source    description         severity  confidence  expires     reference
//   bad.example      domain   CERT-Bund Loader, wave 7      high      90          2027-01-31  https://cert.example/7
//   198.51.100.0/24  network  CERT-Bund Its servers
//
// Separated by tabs, or, where the line of names has none, by commas with quotes as in RFC 4180 (no line breaks in
// them). Columns in any order; only `indicator` has to be there. Without a type an indicator is what it looks like.
// Lines that are empty or begin with # are skipped; "-" stands for nothing.
//
// Also taken  Zeek's intelligence files ("#fields" names the columns: indicator_type, meta.source, meta.desc,
//             meta.url) and MISP's CSV export (value, type, comment, ...): their words for columns and types are
//             known. Columns that nothing is known of are named in the report
// Refuses     a line at a time, with file, line and reason; the others are loaded
// Cost        one pass; a million lines in some seconds
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "export/intel/indicator_set.h"

namespace picket::intel {

struct LineProblem {
  std::string file;
  std::size_t line = 0;  ///< from 1
  std::string reason;

  [[nodiscard]] std::string text() const { return file + ":" + std::to_string(line) + ": " + reason; }
};

/// What became of files' lines.
struct IndicatorReport {
  static constexpr std::size_t kMaxProblems = 1000;

  std::size_t lines = 0;              ///< that should have an indicator
  std::size_t taken = 0;              ///< of these, those that the builder has, repeated or not
  std::size_t no_room = 0;            ///< those that hold, and came when the builder had `memcap_bytes`
  std::size_t bad = 0;                ///< all others, and a line of names that is wrong
  std::vector<LineProblem> problems;  ///< the first kMaxProblems of the bad ones
  std::vector<std::string> notes;     ///< columns that are not used
};

/// Reads a file's text; `name` stands in the report. Adds until the builder has `memcap_bytes`; what comes then is read,
/// counted and left out.
void read_indicators(const std::string& name, std::string_view text, std::size_t memcap_bytes,
                     IndicatorSetBuilder&, IndicatorReport&);

/// "2027-01-31", "2027-01-31T12:00:00Z" or seconds since 1970, in UTC; nothing: it is none of them.
[[nodiscard]] std::optional<std::uint64_t> read_expiry_ns(std::string_view) noexcept;

}  // namespace picket::intel
