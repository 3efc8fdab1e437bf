#include "export/collector/sinks/clickhouse_sink.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>

#include "export/collector/sinks/block.h"
#include "export/collector/sinks/clickhouse_row.h"
#include "export/collector/sinks/clickhouse_server.h"
#include "export/collector/sinks/row_binary.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/wire_reader.h"

namespace picket::collector {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint64_t kLast = std::numeric_limits<std::uint32_t>::max();  ///< second of DateTime
constexpr std::size_t kChainsAsked = 200;                                   ///< about in one statement

/// A block's rows of one table.
struct TableRows {
  struct Row {
    const ChainId* chain = nullptr;
    std::uint64_t seq = 0;
    bool may_be_there = false;  ///< an insert that broke off may have brought it
    std::size_t end = 0;        ///< in `bytes`
  };
  std::string bytes;
  std::vector<Row> rows;
  std::uint64_t first_ns = std::numeric_limits<std::uint64_t>::max(), last_ns = 0;

  void clear() {
    bytes.clear();
    rows.clear();
    first_ns = std::numeric_limits<std::uint64_t>::max();
    last_ns = 0;
  }
};

std::string chain_is(const ChainId& c) {
  return fmt::format("sensor = {} AND boot = {} AND lane = {}", clickhouse_text(c.sensor), c.boot,
                     static_cast<int>(c.lane));
}

/// A condition that finds rows between these times by the primary key; whole seconds where the type is not a number.
std::string time_between(std::uint64_t first_ns, std::uint64_t last_ns, ClickHouseVersion version) {
  if (!version.is_modern()) return fmt::format("timestamp >= {} AND timestamp <= {}", first_ns, last_ns);
  const auto second = [](std::uint64_t s) {
    return fmt::format("toDateTime({}, 'UTC')", std::min(s, kLast));
  };
  std::string text = "timestamp >= " + second(first_ns / kSecond);
  if (last_ns / kSecond < kLast) text += " AND timestamp <= " + second(last_ns / kSecond + 1);
  return text;
}

class ClickHouseSink final : public Sink {
 public:
  explicit ClickHouseSink(std::unique_ptr<ClickHouseServer> server)
      : Sink("clickhouse"), server_(std::move(server)), rows_by_table_(clickhouse_tables({}).size()) {}

  Result<std::optional<ChainHead>> head(const ChainId& chain) override;
  Status store(Deliveries deliveries, std::vector<Rejected>& rejected) override;

 private:
  struct Known {
    ChainHead head;
    std::uint64_t version = 0;  ///< how many deliveries the server has of the chain
    std::uint64_t begun = 0;    ///< when it was looked up, no row was there, or under way, beyond this number
  };
  Result<Known> look_up(const ChainId& chain);
  Status prepare();
  Status write(const Block& block, std::vector<Rejected>& refused);
  void make_rows(const Block& block, std::vector<Rejected>& refused);
  Status leave_out_present(std::size_t table);
  Status begin(const Block& block);
  Status commit(const Block& block);

  std::unique_ptr<ClickHouseServer> server_;
  std::optional<ClickHouseRows> encoder_;
  ClickHouseVersion encoder_version_;
  std::vector<TableRows> rows_by_table_;
  /// Chains whose every insert since they were looked up was answered with yes. The others are looked up.
  std::map<ChainId, Known> known_;
  std::set<ChainId> awaited_for_;   ///< chains that are not looked up before inserts at work are over
  std::vector<Rejected> doubtful_;  ///< of the block that failed: told if it turns out to be stored
};

Status ClickHouseSink::prepare() {
  if (auto s = server_->prepare(); !s) return s;
  if (!encoder_ || encoder_version_ != server_->version()) {
    encoder_version_ = server_->version();
    encoder_.emplace(encoder_version_);
  }
  return Done{};
}

Result<std::optional<ChainHead>> ClickHouseSink::head(const ChainId& chain) {
  known_.erase(chain);
  auto found = look_up(chain);
  if (!found) return found.error();
  return found.value().version == 0 ? std::nullopt : std::optional{std::move(found.value().head)};
}

/// Version 0: nothing of the chain is there.
Result<ClickHouseSink::Known> ClickHouseSink::look_up(const ChainId& chain) {
  if (auto s = prepare(); !s) return s.error();
  const auto answer = server_->ask(fmt::format(
      "SELECT version, head FROM {} WHERE {} ORDER BY version DESC, through DESC LIMIT 1 FORMAT RowBinary",
      server_->full_name(kDeliveriesTable), chain_is(chain)));
  if (!answer) {
    server_->forget();
    return answer.error();
  }
  const auto begun = server_->ask(fmt::format("SELECT max(through) FROM {} WHERE {} FORMAT RowBinary",
                                              server_->full_name(kBegunTable), chain_is(chain)));
  if (!begun) {
    server_->forget();
    return begun.error();
  }
  Known known;
  WireReader number(as_bytes(begun.value()));
  known.begun = number.fixed<std::uint64_t>();
  if (!number.ok()) return Error{"clickhouse: its answer was cut short"};
  if (answer.value().empty()) return known;
  WireReader in(as_bytes(answer.value()));
  known.version = in.fixed<std::uint64_t>();
  const Bytes state = in.bytes(in.varint());
  ChainId same;
  if (!in.ok() || known.version == 0 || !read_head(as_text(state), same, known.head))
    return Error{"clickhouse: " + text_of(chain) + ": its head is damaged"};
  return known;
}

Status ClickHouseSink::store(Deliveries deliveries, std::vector<Rejected>& rejected) {
  if (auto s = prepare(); !s) return s;
  // What is looked up below is only final when nobody adds to it any more.
  bool more = false, is_any_unknown = false;
  for (const auto& d : deliveries) {
    if (known_.contains(d->chain)) continue;
    is_any_unknown = true;
    more |= awaited_for_.insert(d->chain).second;
  }
  if (is_any_unknown) {
    if (auto s = server_->await_inserts(more); !s) return s;
    awaited_for_.clear();
  }
  std::vector<Rejected> refused;
  const auto block = new_block(deliveries, [&](const ChainId& chain) -> Result<std::optional<ChainHead>> {
    auto at = known_.find(chain);
    if (at == known_.end()) {
      auto there = look_up(chain);
      if (!there) return there.error();
      at = known_.emplace(chain, std::move(there).value()).first;
      for (const Rejected& r : doubtful_)
        if (r.chain == chain && has_passed(at->second.head, r.seq)) refused.push_back(r);
    }
    return at->second.version == 0 ? std::nullopt : std::optional{at->second.head};
  });
  const auto forget_chains = [&] {
    for (const auto& d : deliveries) known_.erase(d->chain);
  };
  if (!block) {
    forget_chains();
    return block.error();
  }
  doubtful_.clear();
  if (auto s = block.value().deliveries.empty() ? Status(Done{}) : write(block.value(), refused); !s) {
    forget_chains();
    doubtful_ = std::move(refused);
    server_->forget();
    return s;
  }
  for (const auto& [chain, after] : block.value().heads) known_.at(chain).head = *after;
  rejected.insert(rejected.end(), std::make_move_iterator(refused.begin()),
                  std::make_move_iterator(refused.end()));
  return Done{};
}

Status ClickHouseSink::write(const Block& block, std::vector<Rejected>& refused) {
  make_rows(block, refused);
  if (auto s = begin(block); !s) return s;
  const auto& tables = clickhouse_tables(server_->version());
  std::vector<ClickHouseColumn> columns;
  for (std::size_t t = 0; t < tables.size(); ++t) {
    if (rows_by_table_[t].rows.empty()) continue;
    if (auto s = leave_out_present(t); !s) return s;
    if (rows_by_table_[t].bytes.empty()) continue;
    columns = clickhouse_key_columns(server_->version());
    columns.insert(columns.end(), tables[t].columns.begin(), tables[t].columns.end());
    columns.push_back(clickhouse_eve_column());
    if (auto s = server_->insert(tables[t].name, columns, rows_by_table_[t].bytes); !s) return s;
  }
  return commit(block);
}

void ClickHouseSink::make_rows(const Block& block, std::vector<Rejected>& refused) {
  for (auto& t : rows_by_table_) t.clear();
  for (const Delivery* d : block.deliveries) {
    const std::uint64_t begun = known_.at(d->chain).begun;
    each_record(*d, refused, [&](std::uint64_t seq, Bytes record) -> std::optional<std::string> {
      ClickHouseRows::Read read;
      if (!encoder_->read(record, read)) return "is not an Event with a type";
      TableRows& to = rows_by_table_[read.table];
      if (!encoder_->append(d->chain, seq, to.bytes)) return "cannot be shown as EVE";
      to.rows.push_back({&d->chain, seq, seq <= begun, to.bytes.size()});
      to.first_ns = std::min(to.first_ns, read.timestamp_ns);
      to.last_ns = std::max(to.last_ns, read.timestamp_ns);
      return std::nullopt;
    });
  }
}

/// Rows that are there already go out of what will be inserted.
Status ClickHouseSink::leave_out_present(std::size_t table) {
  TableRows& all = rows_by_table_[table];
  std::map<ChainId, std::pair<std::uint64_t, std::uint64_t>>
      asked;  // lowest and highest number in this table
  for (const auto& row : all.rows) {
    if (!row.may_be_there) continue;
    auto& [first, last] = asked.try_emplace(*row.chain, row.seq, row.seq).first->second;
    first = std::min(first, row.seq);
    last = std::max(last, row.seq);
  }
  std::set<std::pair<ChainId, std::uint64_t>> present;
  for (auto at = asked.begin(); at != asked.end();) {
    std::string any;
    for (std::size_t n = 0; n < kChainsAsked && at != asked.end(); ++n, ++at) {
      any += fmt::format("{}({} AND seq >= {} AND seq <= {})", any.empty() ? "" : " OR ", chain_is(at->first),
                         at->second.first, at->second.second);
    }
    const auto answer = server_->ask(
        fmt::format("SELECT toString(sensor), boot, lane, seq FROM {} WHERE {} AND ({}) FORMAT RowBinary",
                    server_->full_name(clickhouse_tables(server_->version())[table].name),
                    time_between(all.first_ns, all.last_ns, server_->version()), any));
    if (!answer) return answer.error();
    WireReader in(as_bytes(answer.value()));
    while (!in.empty()) {
      ChainId chain;
      chain.sensor = as_text(in.bytes(in.varint()));
      chain.boot = in.fixed<std::uint64_t>();
      chain.lane = static_cast<v1::Lane>(in.fixed<std::uint8_t>());
      present.emplace(std::move(chain), in.fixed<std::uint64_t>());
    }
    if (!in.ok()) return Error{"clickhouse: its answer was cut short"};
  }
  if (present.empty()) return Done{};
  std::string left;
  std::size_t start = 0;
  for (const auto& row : all.rows) {
    if (!present.contains({*row.chain, row.seq})) left.append(all.bytes, start, row.end - start);
    start = row.end;
  }
  all.bytes = std::move(left);
  return Done{};
}

/// How far each chain's rows may reach, before the first of them: whoever finds the block without its commit looks for
/// its rows to that number.
Status ClickHouseSink::begin(const Block& block) {
  if (std::ranges::all_of(rows_by_table_, [](const TableRows& t) { return t.rows.empty(); })) return Done{};
  std::string rows;
  for (const auto& [chain, after] : block.heads) {
    put_chain(chain, rows);
    put_fixed(after->through, rows);
  }
  return server_->insert(kBegunTable, clickhouse_begun_columns(), rows);
}

/// One row a delivery, in one part: the heads stand there with their gaps, or do not.
Status ClickHouseSink::commit(const Block& block) {
  std::string rows;
  for (const Delivery* d : block.deliveries) {
    put_chain(d->chain, rows);
    put_fixed(d->after.through, rows);
    put_fixed(d->first_seq, rows);
    put_fixed(d->count, rows);
    put_fixed(++known_.at(d->chain).version, rows);
    put_string(write_head(d->chain, d->after), rows);
    const auto each_gap = [&](auto&& put) {
      put_varint(d->missing.size(), rows);
      for (const Missing& m : d->missing) put(m);
    };
    each_gap([&](const Missing& m) { put_fixed(m.first, rows); });
    each_gap([&](const Missing& m) { put_fixed(m.last, rows); });
    each_gap([&](const Missing& m) { put_string(v1::GapReason_Name(m.reason), rows); });
    each_gap([&](const Missing& m) { put_fixed(static_cast<std::uint8_t>(m.is_signed), rows); });
  }
  return server_->insert(kDeliveriesTable, clickhouse_delivery_columns(), rows);
}

}  // namespace

Result<std::unique_ptr<Sink>> open_clickhouse_sink(const ClickHouseOptions& options) {
  auto server = ClickHouseServer::make(options);
  if (!server) return server.error();
  return std::unique_ptr<Sink>(std::make_unique<ClickHouseSink>(std::move(server).value()));
}

}  // namespace picket::collector
