#include "export/collector/sinks/clickhouse_server.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>
#include <map>
#include <mutex>
#include <sstream>
#include <thread>

#include "export/collector/sinks/row_binary.h"
#include "export/random.h"

namespace picket::collector {
namespace {

constexpr long kOk = 200;
constexpr std::size_t kMaxBody = std::size_t{1} << 30;  ///< of the server's
constexpr std::size_t kShownError = 500;
constexpr std::string_view kQueryIds = "picket-";  ///< of every collector's inserts
constexpr std::chrono::milliseconds kBetweenLooks{20};

/// One line of the server's words.
std::string first_words(std::string text) {
  text.resize(std::min({text.size(), text.find('\n'), kShownError}));
  return text;
}

std::string without(std::string type, std::string_view wrapper) {
  if (!type.starts_with(wrapper)) return type;
  return type.substr(wrapper.size(), type.size() - wrapper.size() - 1);
}

/// Types that RowBinary writes the same: LowCardinality or not, any time zone.
bool same_type(const std::string& there, const std::string& ours) {
  constexpr std::string_view kTime = "DateTime64(9";
  if (there.starts_with(kTime) && ours.starts_with(kTime)) return true;
  return without(there, "LowCardinality(") == without(ours, "LowCardinality(");
}

/// Lines of two columns, as TabSeparated has them.
std::map<std::string, std::string> read_pairs(std::string_view tsv) {
  std::map<std::string, std::string> pairs;
  while (!tsv.empty()) {
    const auto line = tsv.substr(0, tsv.find('\n'));
    tsv.remove_prefix(std::min(tsv.size(), line.size() + 1));
    const auto tab = line.find('\t');
    if (tab == line.npos) continue;
    std::string value(line.substr(tab + 1));
    std::erase(value, '\\');  // DateTime64(9, \'UTC\')
    pairs.emplace(line.substr(0, tab), std::move(value));
  }
  return pairs;
}

/// One block of ClickHouse's own compressed format: checksum (16 bytes, not looked at), method, sizes, data. A body that
/// is cut off is then no body, where plain RowBinary that ends between two rows is a shorter one.
Result<std::string> pack(std::string_view rows) {
  constexpr std::size_t kChecksum = 16, kHeader = 9;
  constexpr std::uint8_t kZstd = 0x90;
  constexpr int kLevel = 1;
  std::string out(kChecksum + kHeader + ZSTD_compressBound(rows.size()), '\0');
  char* data = out.data() + kChecksum + kHeader;
  const std::size_t n =
      ZSTD_compress(data, out.size() - kChecksum - kHeader, rows.data(), rows.size(), kLevel);
  if (ZSTD_isError(n) != 0 || rows.size() > kMaxBody || n > kMaxBody)
    return Error{fmt::format("clickhouse: a block of {} bytes cannot be sent at once", rows.size())};
  out.resize(kChecksum + kHeader + n);
  std::string header;
  put_fixed(kZstd, header);
  put_fixed(static_cast<std::uint32_t>(n + kHeader), header);
  put_fixed(static_cast<std::uint32_t>(rows.size()), header);
  out.replace(kChecksum, kHeader, header);
  return out;
}

}  // namespace

ClickHouseServer::ClickHouseServer(const ClickHouseOptions& options)
    : url_(options.url), timeout_(options.timeout) {
  schema_.database = options.database;
  schema_.keep_days = options.keep_days;
  id_ = fmt::format("{}{:016x}-", kQueryIds, random_bits());
}

Result<std::unique_ptr<ClickHouseServer>> ClickHouseServer::make(const ClickHouseOptions& o) {
  HttpOptions http{
      .url = o.url, .ca = o.ca, .certificate = o.certificate, .key = o.key, .timeout = o.timeout};
  for (const auto& [name, value] : {std::pair{"User", o.user}, std::pair{"Key", o.password}}) {
    if (value.find_first_of("\r\n") != value.npos)
      return Error{"clickhouse: user and password are one line each"};
    if (!value.empty()) http.headers.push_back(fmt::format("X-ClickHouse-{}: {}", name, value));
  }
  if (o.database.empty()) return Error{"clickhouse: the database's name is empty; the usual one is picket"};
  auto client = HttpClient::make(http);
  if (!client) return Error{"clickhouse: " + client.error().message};
  std::unique_ptr<ClickHouseServer> server(new ClickHouseServer(o));
  server->http_ = std::move(client).value();
  return server;
}

std::string ClickHouseServer::full_name(std::string_view table) const {
  return clickhouse_name(schema_.database) + "." + clickhouse_name(table);
}

Result<std::string> ClickHouseServer::post(const HttpClient::Parameters& parameters, std::string_view body) {
  auto answer = http_->post(parameters, body);
  if (!answer) return Error{"clickhouse: " + answer.error().message};
  if (answer.value().status == kOk) return std::move(answer.value().body);
  return Error{fmt::format("clickhouse {}: {} (HTTP status {})", url_, first_words(answer.value().body),
                           answer.value().status)};
}

Result<std::string> ClickHouseServer::ask(const std::string& statement) {
  // Lists of chains make long statements. The answer is held back until it is whole: its status is then that of all
  // of it.
  HttpClient::Parameters parameters{
      {"wait_end_of_query", "1"}, {"max_query_size", "16777216"}, {"max_ast_elements", "1000000"}};
  if (ready_) {
    for (auto& p : clickhouse_settings(schema_.version)) parameters.push_back(std::move(p));
  }
  return post(parameters, statement);
}

Status ClickHouseServer::insert(std::string_view table, const std::vector<ClickHouseColumn>& columns,
                                std::string_view rows) {
  // The body goes on where the parameter ends. Servers take 16 KiB of URL; the columns of some protocols are more.
  std::string statement = "(";
  for (const auto& c : columns)
    statement += fmt::format("{}{}", &c == columns.data() ? "" : ",", clickhouse_name(c.name));
  statement += ") FORMAT RowBinary\n";
  // One block, so one part for each partition: no row is there without those beside it.
  HttpClient::Parameters parameters{{"query", "INSERT INTO " + full_name(table)},
                                    {"query_id", fmt::format("{}{}", id_, ++inserts_)},
                                    {"max_insert_block_size", "100000000"},
                                    {"decompress", "1"},
                                    {"http_native_compression_disable_checksumming_on_decompress", "1"}};
  for (auto& p : clickhouse_settings(schema_.version)) parameters.push_back(std::move(p));
  statement += rows;
  const auto body = pack(statement);
  if (!body) return body.error();
  auto answer = post(parameters, body.value());
  if (!answer) return answer.error();
  return Done{};
}

Result<std::set<std::string>> ClickHouseServer::inserts() {
  const auto answer = ask(fmt::format("SELECT query_id FROM system.processes WHERE startsWith(query_id, {})",
                                      clickhouse_text(kQueryIds)));
  if (!answer) return answer.error();
  std::set<std::string> ids;
  std::istringstream lines(answer.value());
  for (std::string id; std::getline(lines, id);) ids.insert(id);
  return ids;
}

Status ClickHouseServer::await_inserts() {
  const auto until = std::chrono::steady_clock::now() + timeout_;
  auto awaited = inserts();
  if (!awaited) return awaited.error();
  while (!awaited.value().empty()) {
    if (std::chrono::steady_clock::now() > until) {
      return Error{
          fmt::format("clickhouse {}: it still works on {} inserts of before", url_, awaited.value().size())};
    }
    std::this_thread::sleep_for(kBetweenLooks);
    const auto now = inserts();
    if (!now) return now.error();
    std::erase_if(awaited.value(), [&](const auto& id) { return !now.value().contains(id); });
  }
  return Done{};
}

Status ClickHouseServer::prepare() {
  if (ready_) return Done{};
  const auto version = post({}, "SELECT version()");
  if (!version) return version.error();
  const auto known = parse_clickhouse_version(version.value());
  if (!known) return Error{fmt::format("clickhouse {}: {}", url_, known.error().message)};
  schema_.version = known.value();
  ready_ = true;
  Status s = complete_tables();
  ready_ = s.has_value();
  return s;
}

/// One line of a collector at a time: the others find what it made. Makes nothing that is there: a user who may only
/// insert is enough for a schema made by hand.
Status ClickHouseServer::complete_tables() {
  static std::mutex one_at_a_time;
  const std::lock_guard lock(one_at_a_time);
  const auto names =
      ask(fmt::format("SELECT concat(table, '.', name), type FROM system.columns WHERE database = {}",
                      clickhouse_text(schema_.database)));
  if (!names) return names.error();
  const auto there = read_pairs(names.value());

  struct Wanted {
    std::string table;
    std::vector<ClickHouseColumn> columns;
  };
  std::vector<Wanted> wanted;
  for (const auto& t : clickhouse_tables(schema_.version)) {
    wanted.push_back({t.name, clickhouse_key_columns(schema_.version)});
    wanted.back().columns.insert(wanted.back().columns.end(), t.columns.begin(), t.columns.end());
    wanted.back().columns.push_back(clickhouse_eve_column());
  }
  wanted.push_back({std::string(kBegunTable), clickhouse_begun_columns()});
  wanted.push_back({std::string(kDeliveriesTable), clickhouse_delivery_columns()});

  const std::vector<std::string> made_by =
      clickhouse_schema(schema_);  // the database, then a statement a table
  if (there.empty()) {
    if (auto made = ask(made_by[0]); !made) return made.error();
  }
  for (std::size_t t = 0; t < wanted.size(); ++t) {
    const auto& [table, columns] = wanted[t];
    const auto any = there.lower_bound(table + ".");
    if (any == there.end() || !any->first.starts_with(table + ".")) {
      if (auto made = ask(made_by[t + 1]); !made) return made.error();
      continue;
    }
    for (const auto& c : columns) {
      const auto at = there.find(table + "." + c.name);
      if (at == there.end()) {
        auto added = ask(fmt::format("ALTER TABLE {} ADD COLUMN {} {}", full_name(table),
                                     clickhouse_name(c.name), c.type));
        if (!added) return added.error();
      } else if (!same_type(at->second, c.type)) {
        return Error{fmt::format(
            "clickhouse {}: column '{}' of table {}.{} is {}, and has to be {}; rename the table, and "
            "it is made anew",
            url_, c.name, schema_.database, table, at->second, c.type)};
      }
    }
  }
  return Done{};
}

}  // namespace picket::collector
