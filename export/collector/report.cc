#include "export/collector/report.h"

#include <fmt/chrono.h>
#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <map>

#include "export/collector/chain.h"
#include "export/collector/json.h"
#include "export/collector/store.h"
#include "export/eve_format.h"

namespace picket::collector {
namespace {

Result<std::vector<LedgerRow>> rows_of(const std::string& path) {
  auto db = open_store_to_read(path);
  if (!db) return db.error();
  auto rows = read_ledger(db.value());
  if (!rows) return Error{fmt::format("store '{}': {}; is the file damaged?", path, rows.error().message)};
  return rows;
}

std::string json_of(const TypeCounts& counts) {
  std::string out = "{";
  for (const auto& [type, n] : counts)
    out += fmt::format("{}{}:{}", out.size() == 1 ? "" : ",", quote_json(type), n);
  return out + "}";
}

/// {"spool full":{"records":20,"unsigned":0,"types":{"flow":20}}}
std::string json_of_missing(const LedgerRow& row) {
  std::string out = "{";
  for (const auto& [reason, numbers] : row.missing_numbers) {
    const auto types = row.missing.find(reason);
    const auto concluded = row.unsigned_numbers.find(reason);
    out += fmt::format("{}{}:{{\"records\":{},\"unsigned\":{},\"types\":{}}}", out.size() == 1 ? "" : ",",
                       quote_json(reason), numbers,
                       concluded == row.unsigned_numbers.end() ? 0 : concluded->second,
                       types == row.missing.end() ? "{}" : json_of(types->second));
  }
  return out + "}";
}

/// [{"first":7,"last":9,"reason":"spool full","signed":true,"types":{"flow":3}}]
std::string json_of(const std::vector<Missing>& gaps) {
  std::string out = "[";
  for (const Missing& m : gaps)
    out += fmt::format(R"({}{{"first":{},"last":{},"reason":{},"signed":{},"types":{}}})",
                       out.size() == 1 ? "" : ",", m.first, m.last, quote_json(reason_words(m.reason)),
                       m.is_signed, json_of(m.types));
  return out + "]";
}

std::string time_of(std::uint64_t ns) {
  if (ns == 0) return "-";
  const std::chrono::sys_seconds at{std::chrono::seconds(ns / 1'000'000'000)};
  return fmt::format("{:%FT%TZ}", at);
}

std::string hex(const BatchHash& hash) {
  std::string out(2 * hash.size(), '\0');
  eve::put_hex(out.data(), Bytes(hash));
  return out;
}

void print_chain(const LedgerRow& row, std::FILE* out) {
  fmt::print(out, "{}: {} records up to {}\n", describe(row.chain), row.through, time_of(row.newest_ns));
  const auto line = [&](std::string_view what, const TypeCounts& counts) {
    if (counts.empty()) return;
    std::string text;
    for (const auto& [type, n] : counts) text += fmt::format("  {} {}", printable(type), n);
    fmt::print(out, "  {:<24}{:>12} {}\n", what, sum(counts), text);
  };
  line("made", row.made);
  line("held", row.held);
  line("expired", row.expired);
  for (const auto& [reason, numbers] : row.missing_numbers) {
    const auto types = row.missing.find(reason);
    std::string text;
    if (types != row.missing.end()) {
      for (const auto& [type, n] : types->second) text += fmt::format("  {} {}", printable(type), n);
    }
    fmt::print(out, "  {:<24}{:>12} {}\n", "missing, " + reason, numbers, text);
  }
  if (row.rejected != 0) fmt::print(out, "  {:<24}{:>12}\n", "rejected", row.rejected);
}

Status flushed(std::FILE* out) {
  if (std::fflush(out) != 0 || std::ferror(out) != 0) return Error{"cannot write the result"};
  return Done{};
}

}  // namespace

Status run_ledger(const ReportOptions& options, std::FILE* out) {
  const auto rows = rows_of(options.store);
  if (!rows) return rows.error();
  for (const LedgerRow& row : rows.value()) {
    if (!options.json) {
      print_chain(row, out);
      continue;
    }
    fmt::print(out,
               "{{\"sensor\":{},\"boot\":\"{:016x}\",\"lane\":\"{}\",\"through\":{},\"hash\":\"{}\",\"newest_"
               "ns\":{},\"seen_ns\":{},"
               "\"made\":{},\"held\":{},\"missing\":{},\"gaps\":{},\"expired\":{},\"rejected\":{}}}\n",
               quote_json(row.chain.sensor), row.chain.boot, lane_label(row.chain.lane), row.through,
               hex(row.hash), row.newest_ns, row.seen_ns, json_of(row.made), json_of(row.held),
               json_of_missing(row), json_of(row.gaps), json_of(row.expired), row.rejected);
  }
  return flushed(out);
}

Status run_sensors(const ReportOptions& options, std::uint64_t now_ns, std::FILE* out) {
  struct Sums {
    std::uint64_t boots = 0, seen_ns = 0, newest_ns = 0, made = 0, held = 0, missing = 0, expired = 0,
                  rejected = 0;
    std::uint64_t boot = 0;
    std::uint64_t acknowledged = 0;    ///< of what is missing
    std::optional<SensorState> state;  ///< of the latest boot that told it
    std::uint64_t state_sealed_ns = 0;
  };
  const auto rows = rows_of(options.store);
  if (!rows) return rows.error();
  std::map<std::string, Sums> sensors;
  for (const LedgerRow& row : rows.value()) {  // by sensor, boot, lane
    Sums& s = sensors[row.chain.sensor];
    if (s.boots == 0 || s.boot != row.chain.boot) ++s.boots;
    s.boot = row.chain.boot;
    s.seen_ns = std::max(s.seen_ns, row.seen_ns);
    s.newest_ns = std::max(s.newest_ns, row.newest_ns);
    s.made += row.through;
    s.held += sum(row.held);
    s.missing += row.missing_sum();
    const auto had = row.missing_numbers.find(reason_words(v1::GAP_ACKNOWLEDGED));
    s.acknowledged += had == row.missing_numbers.end() ? 0 : had->second;
    s.expired += sum(row.expired);
    s.rejected += row.rejected;
    if (row.state && row.newest_ns >= s.state_sealed_ns) {
      s.state = row.state;
      s.state_sealed_ns = row.newest_ns;
    }
  }
  if (!options.json) {
    fmt::print(out, "{:<24}  {:<9}  {:>5}  {:<20}  {:>10}  {:>5}  {:>12}  {:>12}  {:>10}  {:>12}  {:>8}\n",
               "SENSOR", "VERSION", "RULES", "LAST SEEN (UTC)", "LAG (s)", "BOOTS", "MADE", "HELD", "MISSING",
               "EXPIRED", "REJECTED");
  }
  const std::string absent = options.json ? "null" : "-";
  for (const auto& [name, s] : sensors) {
    // A sensor's clock may be ahead of ours.
    const double lag = now_ns > s.newest_ns ? static_cast<double>(now_ns - s.newest_ns) / 1e9 : 0;
    const std::string lag_text = s.newest_ns == 0 ? absent : fmt::format("{:.3f}", lag);
    const bool has_version = s.state && !s.state->version.empty();
    const std::string epoch = s.state ? std::to_string(s.state->rules_epoch) : absent;
    if (options.json) {
      fmt::print(
          out,
          R"({{"sensor":{},"version":{},"rules_epoch":{},"seen_ns":{},"lag_s":{},"boots":{},"made":{},)"
          R"("held":{},"missing":{},"acknowledged":{},"expired":{},"rejected":{}}})"
          "\n",
          quote_json(name), has_version ? quote_json(s.state->version) : "null", epoch, s.seen_ns, lag_text,
          s.boots, s.made, s.held, s.missing, s.acknowledged, s.expired, s.rejected);
    } else {
      fmt::print(out, "{:<24}  {:<9}  {:>5}  {:<20}  {:>10}  {:>5}  {:>12}  {:>12}  {:>10}  {:>12}  {:>8}\n",
                 printable(name), has_version ? printable(s.state->version) : "-", epoch, time_of(s.seen_ns),
                 lag_text, s.boots, s.made, s.held, s.missing, s.expired, s.rejected);
    }
  }
  for (const auto& [name, s] : sensors) {
    if (options.json || s.acknowledged == 0) continue;
    fmt::print(out,
               "\n{}: {} of the missing records had been acknowledged, and the sensor keeps them no more. "
               "This store was lost or "
               "is an older copy, or another collector of the sensor has them.\n",
               printable(name), s.acknowledged);
  }
  return flushed(out);
}

}  // namespace picket::collector
