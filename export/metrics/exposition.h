// export/metrics/exposition.h — figures as monitoring systems read them: OpenMetrics
// text, or Prometheus' older format
//
//   constexpr FamilyOf<Totals> kFamilies[] = {
//       {{"picket_packets", kCounter, "", "verdict", "packets by the one verdict each gets"},
//        [](const Totals& t, Samples& out) { ...; out.add(t.verdicts[i], {kVerdicts[i].name}); }},
//   };
//   const std::string text = expose<Totals>({kFamilies}, totals, Format::kOpenMetrics);
//
// A program has one table of families, and nothing is exposed that does not stand in it. A name, once released, keeps
// what it means: export/metrics/released.txt lists them, and a test holds the tables against it.
//
// Cost    O(samples), into one string; nothing is kept between two calls
// Source  OpenMetrics 1.0.0 (github.com/OpenObservability/OpenMetrics), Prometheus text format 0.0.4
#pragma once
#include <charconv>
#include <concepts>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <string>
#include <string_view>

namespace picket::metrics {

enum class Type : std::uint8_t {
  kCounter,  ///< only goes up, from the start of the process; its samples are called <name>_total
  kGauge,
  kInfo,  ///< texts as labels of the value 1; its sample is called <name>_info
};

struct Family {
  std::string_view name;  ///< without _total and _info; ends with _<unit> where there is one
  Type type = Type::kGauge;
  std::string_view unit;    ///< "seconds", "bytes", "ratio"; "": it counts things
  std::string_view labels;  ///< that each of its samples has: "sensor,lane"
  std::string_view help;
};

enum class Format : std::uint8_t { kOpenMetrics, kPrometheus };

/// What an HTTP header `Accept` asks for; nullptr: there was none. OpenMetrics where it is named, in a version that
/// is ours, and liked no less than text/plain.
[[nodiscard]] Format format_for(const char* accept);
[[nodiscard]] std::string_view content_type(Format) noexcept;

/// Takes the samples of one family.
class Samples {
 public:
  Samples(std::string& out, const Family& family) noexcept : out_(out), family_(family) {}

  /// `labels`: a value for each of the family's, in their order. The same ones once only. Values that are not UTF-8
  /// have a replacement character (U+FFFD) for each byte that is wrong.
  template <class Number>
  requires std::integral<Number> || std::floating_point<Number>
  void add(Number value, std::initializer_list<std::string_view> labels = {}) {
    begin(labels);
    if constexpr (std::integral<Number>) {
      char digits[24];
      out_.append(digits, std::to_chars(digits, digits + sizeof digits, +value).ptr);
      out_ += '\n';
    } else {
      end(value);
    }
  }

 private:
  void begin(std::initializer_list<std::string_view> labels);
  void end(double value);

  std::string& out_;
  const Family& family_;
};

template <class Source>
struct FamilyOf {
  Family family;
  void (*fill)(const Source&, Samples&);
};

/// What stands in front of a family's samples.
void write_head(std::string& out, const Family& family, Format format);
/// What stands behind all of them.
void write_end(std::string& out, Format format);

template <class Source>
using Table = std::span<const FamilyOf<Source>>;

/// A family without samples is left out.
template <class Source>
[[nodiscard]] std::string expose(std::initializer_list<Table<Source>> tables, const Source& source,
                                 Format format) {
  std::string out;
  for (const Table<Source>& table : tables) {
    for (const FamilyOf<Source>& f : table) {
      const std::size_t before = out.size();
      write_head(out, f.family, format);
      const std::size_t head = out.size();
      Samples samples(out, f.family);
      f.fill(source, samples);
      if (out.size() == head) out.resize(before);
    }
  }
  write_end(out, format);
  return out;
}

/// The name of the family's samples: picket_packets_total.
[[nodiscard]] std::string sample_name(const Family&);

}  // namespace picket::metrics
