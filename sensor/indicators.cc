#include "sensor/indicators.h"

#include <fmt/format.h>
#include <spdlog/spdlog.h>

#include <filesystem>
#include <numeric>

#include "sensor/rules/load.h"
#include "sensor/rules/report.h"
#include "sensor/rules/text_file.h"

namespace picket {
namespace {

/// Of what is wrong with files that are read while traffic goes on, so many lines go into the log.
constexpr std::size_t kMaxLogged = 20;

std::size_t sum(const LoadedIndicators& l, std::size_t intel::IndicatorReport::*count) {
  return std::accumulate(l.files.begin(), l.files.end(), std::size_t{0},
                         [count](std::size_t n, const auto& file) { return n + file.report.*count; });
}

}  // namespace

std::string LoadedIndicators::File::name() const { return std::filesystem::path(path).filename(); }

Result<LoadedIndicators> load_indicators(const IntelConfig& config) {
  LoadedIndicators out;
  out.memcap_bytes = config.memcap_bytes;
  intel::IndicatorSetBuilder builder;
  for (const std::string& pattern : config.files) {
    const auto paths = rules::matching_files(pattern);
    if (paths.empty()) return Error{"intel.files: no file matches '" + pattern + "'"};
    for (const std::string& path : paths) {
      const auto text = rules::read_text_file(path);
      if (!text) return Error{"intel.files: '" + path + "' " + text.error().message};
      out.files.push_back({path, {}});
      intel::read_indicators(path, text.value(), config.memcap_bytes, builder, out.files.back().report);
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
  out += fmt::format("; {} bad lines, {} kB", sum(l, &intel::IndicatorReport::bad),
                     (l.set->bytes() + 1023) / 1024);
  if (const std::size_t n = sum(l, &intel::IndicatorReport::no_room); n != 0)
    out += "; " + no_room_text(n, l.memcap_bytes);
  return out;
}

std::string no_room_text(std::size_t indicators, std::size_t memcap_bytes) {
  constexpr std::size_t kMiB = std::size_t{1} << 20;
  const bool whole = memcap_bytes % kMiB == 0;
  return fmt::format("{} indicators found no room in intel.memcap ({} {})", indicators,
                     whole ? memcap_bytes / kMiB : memcap_bytes, whole ? "MiB" : "bytes");
}

std::vector<std::string> indicator_problems(const LoadedIndicators& l) {
  std::vector<std::string> all;
  for (const auto& [path, report] : l.files) {
    if (report.no_room != 0)
      all.push_back(
          fmt::format("{}: {}; raise it, or load fewer", path, no_room_text(report.no_room, l.memcap_bytes)));
    for (const intel::LineProblem& p : report.problems) all.push_back(p.text());
    if (const std::size_t more = report.bad - report.problems.size(); more != 0)
      all.push_back(fmt::format("{}: and {} bad lines more", path, more));
    all.insert(all.end(), report.notes.begin(), report.notes.end());
  }
  if (l.repeated != 0)
    all.push_back(fmt::format("{} lines say what another line says, word for word", l.repeated));
  if (l.too_many != 0)
    all.push_back(fmt::format("{} lines name an indicator that {} lines before them name already: left out",
                              l.too_many, intel::IndicatorSet::kMaxSame));
  return all;
}

void write_indicators_json(std::ostream& out, const LoadedIndicators& l) {
  for (const auto& file : l.files) {
    for (const intel::LineProblem& p : file.report.problems)
      out << fmt::format("{{\"indicator_file\":{},\"line\":{},\"status\":\"rejected\",\"reason\":{}}}\n",
                         rules::json_string(p.file), p.line, rules::json_string(p.reason));
  }
  std::string types;
  for (std::size_t i = 0; i < intel::kTypes; ++i)
    types += fmt::format("{}\"{}\":{}", i == 0 ? "" : ",", intel::type_name(static_cast<intel::Type>(i)),
                         l.set->counts()[i]);
  out << fmt::format(
      "{{\"indicators\":{},\"types\":{{{}}},\"bad_lines\":{},\"no_room\":{},"
      "\"repeated_lines\":{},\"left_out\":{},\"bytes\":{}}}\n",
      l.set->size(), types, sum(l, &intel::IndicatorReport::bad), sum(l, &intel::IndicatorReport::no_room),
      l.repeated, l.too_many, l.set->bytes());
}

IndicatorReloader::IndicatorReloader(const IntelConfig& config, Intel& intel, Judge judge)
    : config_(config),
      intel_(intel),
      judge_(std::move(judge)),
      loop_(
          {"a file of indicators changed", std::chrono::seconds(config.watch_s)},
          [this] { return rules::file_state(config_.files); },
          [this](const std::string& why) { return reload(why); }) {}

Result<std::uint32_t> IndicatorReloader::reload(const std::string& why) {
  const auto keep = [&](const Error& e) {
    spdlog::error("reload ({}): {}; the indicators in use stay, epoch {}", why, e.message, intel_.epoch());
    intel_.count_failed_reload();
    return e;
  };
  auto loaded = load_indicators(config_);
  if (!loaded) return keep(loaded.error());
  const auto problems = indicator_problems(loaded.value());
  for (std::size_t i = 0; i < problems.size() && i < kMaxLogged; ++i) spdlog::warn("{}", problems[i]);
  if (problems.size() > kMaxLogged)
    spdlog::warn("{} more; picket check shows them", problems.size() - kMaxLogged);
  if (judge_) {
    if (const Status s = judge_(loaded.value()); !s) return keep(s.error());
  }
  const std::string summary = indicators_summary(loaded.value());
  const std::uint32_t epoch = intel_.offer(std::move(loaded).value().set);
  spdlog::info("reload ({}): {}, epoch {}", why, summary, epoch);
  return epoch;
}

}  // namespace picket
