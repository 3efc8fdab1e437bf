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
constexpr std::uint64_t kNoEnd = std::numeric_limits<std::uint64_t>::max();
constexpr std::size_t kAskedAtOnce = 200;  ///< deliveries, in one statement
constexpr std::uint64_t kAhead = 8;        ///< blocks that `_begun` covers
constexpr std::size_t kMaxKnown = 16'384;  ///< chains; others are looked up

/// A block's rows of one table.
struct TableRows {
  struct Row {
    const ChainId* chain = nullptr;
    std::uint64_t seq = 0;
    std::size_t end = 0;  ///< in `bytes`
  };
  /// Rows of a delivery that an insert which broke off may have brought.
  struct Doubt {
    const Delivery* of = nullptr;
    std::uint64_t first_seq = 0, last_seq = 0, first_ns = 0, last_ns = 0;
  };
  std::string bytes;
  std::vector<Row> rows;
  std::vector<Doubt> doubts;

  void clear() {
    bytes.clear();
    rows.clear();
    doubts.clear();
  }
  void doubt(const Delivery& of, std::uint64_t seq, std::uint64_t ns) {
    if (doubts.empty() || doubts.back().of != &of) doubts.push_back({&of, seq, seq, ns, ns});
    Doubt& d = doubts.back();
    d.last_seq = seq;
    d.first_ns = std::min(d.first_ns, ns);
    d.last_ns = std::max(d.last_ns, ns);
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
  ClickHouseSink(std::unique_ptr<ClickHouseServer> server, std::size_t insert_bytes)
      : Sink("clickhouse"),
        server_(std::move(server)),
        insert_bytes_(insert_bytes),
        rows_by_table_(clickhouse_tables({}).size()) {}

  Result<std::optional<ChainHead>> head(const ChainId& chain) override;
  Status store(Deliveries deliveries, const Bury& bury) override;

 private:
  struct Known {
    ChainHead head;
    std::uint64_t version = 0;  ///< how many deliveries the server has of the chain; 0: none is committed
    /// When it was looked up, no row was there, or under way, beyond this number. No value: nobody knows.
    std::optional<std::uint64_t> begun = 0;
    std::uint64_t reach = 0;  ///< what stands in `_begun` now
  };
  Result<Known> look_up(const ChainId& chain);
  Status look_up_begun(const ChainId& chain, Known& known);
  Result<std::string> ask(const std::string& statement);
  Status prepare();
  Status write(const Block& block, const Bury& bury);
  Status insert_rows(std::size_t table);
  Status leave_out_present(std::size_t table);
  Status begin(const Block& block);
  Status commit(const Block& block);

  std::unique_ptr<ClickHouseServer> server_;
  std::size_t insert_bytes_;
  std::optional<ClickHouseRows> encoder_;
  ClickHouseVersion encoder_version_;
  std::vector<TableRows> rows_by_table_;
  /// Chains whose every insert since they were looked up was answered with yes. The others are looked up.
  std::map<ChainId, Known> known_;
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

Result<std::string> ClickHouseSink::ask(const std::string& statement) {
  auto answer = server_->ask(statement);
  if (!answer) server_->forget();
  return answer;
}

/// All but `begun`.
Result<ClickHouseSink::Known> ClickHouseSink::look_up(const ChainId& chain) {
  if (auto s = prepare(); !s) return s.error();
  const auto answer = ask(fmt::format(
      "SELECT version, head FROM {0} WHERE {1} AND version = (SELECT max(version) FROM {0} WHERE {1}) "
      "ORDER BY through DESC LIMIT 1 FORMAT RowBinary",
      server_->full_name(kDeliveriesTable), chain_is(chain)));
  if (!answer) return answer.error();
  Known known;
  if (answer.value().empty()) return known;
  WireReader in(as_bytes(answer.value()));
  known.version = in.fixed<std::uint64_t>();
  const Bytes state = in.bytes(in.varint());
  ChainId same;
  if (!in.ok() || known.version == 0 || !read_head(as_text(state), same, known.head))
    return Error{"clickhouse: " + text_of(chain) + ": its head is damaged"};
  return known;
}

/// A chain with deliveries and no such row is of before the table was there, or before somebody emptied it.
Status ClickHouseSink::look_up_begun(const ChainId& chain, Known& known) {
  const auto answer = ask(fmt::format("SELECT count(), max(through) FROM {} WHERE {} FORMAT RowBinary",
                                      server_->full_name(kBegunTable), chain_is(chain)));
  if (!answer) return answer.error();
  WireReader in(as_bytes(answer.value()));
  const auto rows = in.fixed<std::uint64_t>();
  known.begun = known.reach = in.fixed<std::uint64_t>();
  if (!in.ok()) return Error{"clickhouse: its answer was cut short"};
  if (rows == 0 && known.version != 0) known.begun.reset();
  return Done{};
}

Status ClickHouseSink::store(Deliveries deliveries, const Bury& bury) {
  if (auto s = prepare(); !s) return s;
  if (known_.size() > kMaxKnown) known_.clear();
  // What is looked up below is only final when nobody adds to it any more.
  if (std::ranges::any_of(deliveries, [&](const auto& d) { return !known_.contains(d->chain); })) {
    if (auto s = server_->await_inserts(); !s) return s;
  }
  const auto block = new_block(deliveries, [&](const ChainId& chain) -> Result<std::optional<ChainHead>> {
    auto at = known_.find(chain);
    if (at == known_.end()) {
      auto there = look_up(chain);
      if (!there) return there.error();
      if (auto s = look_up_begun(chain, there.value()); !s) return s.error();
      at = known_.emplace(chain, std::move(there).value()).first;
    }
    return at->second.version == 0 ? std::nullopt : std::optional{at->second.head};
  });
  if (!block) return block.error();
  const auto& heads = block.value().heads;
  if (heads.empty()) return Done{};
  if (auto s = write(block.value(), bury); !s) {
    for (const auto& [chain, after] : heads) known_.erase(chain);
    server_->forget();
    return s;
  }
  for (const auto& [chain, after] : heads) known_.at(chain).head = *after;
  return Done{};
}

Status ClickHouseSink::write(const Block& block, const Bury& bury) {
  if (auto s = begin(block); !s) return s;
  for (auto& t : rows_by_table_) t.clear();
  Status status = Done{};
  Rejects rejected(bury);
  for (const Delivery* d : block.deliveries) {
    const auto& begun = known_.at(d->chain).begun;
    each_record(*d, rejected, [&](std::uint64_t seq, Bytes record) -> std::optional<std::string> {
      ClickHouseRows::Read read;
      if (!encoder_->read(record, read)) return "is not an Event with a type";
      TableRows& to = rows_by_table_[read.table];
      if (!encoder_->append(d->chain, seq, to.bytes)) return "cannot be shown as EVE";
      to.rows.push_back({&d->chain, seq, to.bytes.size()});
      if (!begun || seq <= *begun) to.doubt(*d, seq, read.timestamp_ns);
      if (status && to.bytes.size() >= insert_bytes_) status = insert_rows(read.table);
      return std::nullopt;
    });
    if (!status) return status;
  }
  for (std::size_t t = 0; t < rows_by_table_.size(); ++t)
    if (auto s = insert_rows(t); !s) return s;
  if (auto s = rejected.bury(); !s) return s;
  return commit(block);
}

/// Of one table, those that were made since it was last called.
Status ClickHouseSink::insert_rows(std::size_t table) {
  TableRows& rows = rows_by_table_[table];
  if (auto s = leave_out_present(table); !s) return s;
  if (!rows.bytes.empty()) {
    const auto& of = clickhouse_tables(server_->version())[table];
    std::vector<ClickHouseColumn> columns = clickhouse_key_columns(server_->version());
    columns.insert(columns.end(), of.columns.begin(), of.columns.end());
    columns.push_back(clickhouse_eve_column());
    if (auto s = server_->insert(of.name, columns, rows.bytes); !s) return s;
  }
  rows.clear();
  return Done{};
}

/// Rows that are there already go out of what will be inserted.
Status ClickHouseSink::leave_out_present(std::size_t table) {
  TableRows& all = rows_by_table_[table];
  std::set<std::pair<ChainId, std::uint64_t>> present;
  for (auto at = all.doubts.begin(); at != all.doubts.end();) {
    std::string any;
    for (std::size_t n = 0; n < kAskedAtOnce && at != all.doubts.end(); ++n, ++at) {
      any += fmt::format("{}({} AND {} AND seq >= {} AND seq <= {})", any.empty() ? "" : " OR ",
                         time_between(at->first_ns, at->last_ns, server_->version()), chain_is(at->of->chain),
                         at->first_seq, at->last_seq);
    }
    const auto answer =
        ask(fmt::format("SELECT toString(sensor), boot, lane, seq FROM {} WHERE {} FORMAT RowBinary",
                        server_->full_name(clickhouse_tables(server_->version())[table].name), any));
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
/// its rows to that number. It is so much further than the block that few blocks have to say it.
Status ClickHouseSink::begin(const Block& block) {
  std::map<ChainId, std::uint64_t> ahead;  // of chains that bring records, not gaps alone
  for (const Delivery* d : block.deliveries)
    if (d->count != 0) ahead[d->chain] += kAhead * d->count;
  const auto is_covered = [&](const auto& of) {
    return block.heads.at(of.first)->through <= known_.at(of.first).reach;
  };
  if (std::ranges::all_of(ahead, is_covered)) return Done{};
  std::string rows;
  for (const auto& [chain, more] : ahead) {
    const std::uint64_t through = block.heads.at(chain)->through;
    std::uint64_t& reach = known_.at(chain).reach;
    reach = std::max(reach, through + std::min(more, kNoEnd - through));
    put_chain(chain, rows);
    put_fixed(reach, rows);
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
  return std::unique_ptr<Sink>(
      std::make_unique<ClickHouseSink>(std::move(server).value(), options.insert_bytes));
}

}  // namespace picket::collector
