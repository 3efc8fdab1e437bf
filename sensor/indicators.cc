#include "sensor/indicators.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include "sensor/rules/load.h"
#include "sensor/rules/report.h"
#include "sensor/rules/text_file.h"

namespace picket {
namespace {

/// Of what is wrong with files that are read while traffic goes on, so many lines go into the log.
constexpr std::size_t kMaxLogged = 20;

}  // namespace

Result<LoadedIndicators> load_indicators(const IntelConfig& config) {
  LoadedIndicators out;
  intel::IndicatorSetBuilder builder;
  for (const std::string& pattern : config.files) {
    const auto paths = rules::matching_files(pattern);
    if (paths.empty()) return Error{"intel.files: no file matches '" + pattern + "'"};
    for (const std::string& path : paths) {
      const auto text = rules::read_text_file(path);
      if (!text) return Error{"intel.files: '" + path + "' " + text.error().message};
      intel::read_indicators(path, text.value(), config.memcap_bytes, builder, out.report);
    }
  }
  out.set = builder.finish();
  out.repeated = builder.repeated();
  out.too_many = builder.too_many();
  return out;
}

std::string indicators_summary(const LoadedIndicators& l) {
  std::string out = fmt::format("{} indicators", l.set->size());
  const char* before = ": ";
  for (std::size_t i = 0; i < intel::kTypes; ++i) {
    if (l.set->counts()[i] == 0) continue;
    out += fmt::format("{}{} {}", before, l.set->counts()[i], intel::type_name(static_cast<intel::Type>(i)));
    before = ", ";
  }
  out += fmt::format("; {} bad lines, {} kB", l.report.bad, (l.set->bytes() + 1023) / 1024);
  return out;
}

std::vector<std::string> indicator_problems(const LoadedIndicators& l) {
  std::vector<std::string> all;
  for (const intel::LineProblem& p : l.report.problems) all.push_back(p.text());
  if (const std::size_t more = l.report.bad - l.report.problems.size(); more != 0)
    all.push_back(fmt::format("and {} bad lines more", more));
  all.insert(all.end(), l.report.notes.begin(), l.report.notes.end());
  if (l.repeated != 0)
    all.push_back(fmt::format("{} lines say what another line says, word for word", l.repeated));
  if (l.too_many != 0)
    all.push_back(fmt::format("{} lines name an indicator that {} lines before them name already: left out",
                              l.too_many, intel::IndicatorSet::kMaxSame));
  return all;
}

void write_indicators_json(std::ostream& out, const LoadedIndicators& l) {
  for (const intel::LineProblem& p : l.report.problems)
    out << fmt::format("{{\"indicator_file\":{},\"line\":{},\"status\":\"rejected\",\"reason\":{}}}\n",
                       rules::json_string(p.file), p.line, rules::json_string(p.reason));
  std::string types;
  for (std::size_t i = 0; i < intel::kTypes; ++i)
    types += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", intel::type_name(static_cast<intel::Type>(i)),
                         l.set->counts()[i]);
  out << fmt::format(
      "{{\"indicators\":{},\"types\":{{{}}},\"bad_lines\":{},\"repeated_lines\":{},\"left_out\":{},\"bytes\":"
      "{}}}\n",
      l.set->size(), types, l.report.bad, l.repeated, l.too_many, l.set->bytes());
}

IndicatorReloader::IndicatorReloader(const IntelConfig& config, Intel& intel)
    : config_(config),
      intel_(intel),
      loop_(
          {"a file of indicators changed", std::chrono::seconds(config.watch_s)},
          [this] { return rules::file_state(config_.files); },
          [this](const std::string& why) -> Result<std::uint32_t> {
            auto loaded = load_indicators(config_);
            if (!loaded) {
              spdlog::error("reload ({}): {}; the indicators in use stay, epoch {}", why,
                            loaded.error().message, intel_.epoch());
              intel_.count_failed_reload();
              return loaded.error();
            }
            const auto problems = indicator_problems(loaded.value());
            for (std::size_t i = 0; i < problems.size() && i < kMaxLogged; ++i)
              spdlog::warn("{}", problems[i]);
            if (problems.size() > kMaxLogged)
              spdlog::warn("{} more; picket check shows them", problems.size() - kMaxLogged);
            const std::string summary = indicators_summary(loaded.value());
            const std::uint32_t epoch = intel_.offer(std::move(loaded).value().set);
            spdlog::info("reload ({}): {}, epoch {}", why, summary, epoch);
            return epoch;
          }) {}

}  // namespace picket
