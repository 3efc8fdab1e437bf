// export/collector/sinks/clickhouse_sink.h — records into ClickHouse over HTTP, in blocks, by clickhouse_schema.h
//
//   store():  one INSERT into `_begun`, now and then: how far this block and the next ones reach
//             one INSERT (RowBinary) for each table that has records of the block
//             one INSERT into `_deliveries`: heads and gaps, the commit.
//
// What is promised, and why it holds on a plain MergeTree, which knows neither transactions nor deduplication:
//   - A block counts as stored when its rows of `_deliveries` are there. They are inserted last, and as one part, so
//     all of them are or none is. Where a chain stands is its row with the highest `version`. What is inserted is
//     compressed as one block: a body that was cut off is none.
//   - What is not certain is looked up. No row is there whose number is beyond what stands in `_begun` for its chain.
//     A sink reads that number together with the head: when it does not know the chain (a new collector, a sensor that
//     came over from another one), and after an insert whose answer never came. Of records up to that number, now or
//     later, the rows that are there already are read first, by time and number, and left out. It does not matter how
//     many of the tables, or partitions of a table, an insert that was cut off got to, nor in which blocks its records
//     come again.
//   - Before a chain is looked up, inserts that the server works on are waited for: of this sink, of a collector that
//     was killed, of any other. When they take longer than a request may, store() is an error.
//   - So a row is there once, whatever died, as long as one collector at a time writes a chain. When a sensor goes
//     over to a second collector while the first still has its records in flight, both may insert them. Such rows are
//     the same in their key (timestamp, sensor, boot, lane, seq), and ReplacingMergeTree makes one of them when it
//     merges parts; SELECT ... FINAL shows one at once. That, too, is what is left of bytes that a proxy, or the
//     server's own queue of connections, still had when a collector hung up or died.
//   - Not looked for are rows that an older collector had put into `other` when it died before its commit, of a type
//     that the next one has a table for: they are in both.
//   - Rows of records that came and were then declared missing, before they were committed, stay: `_deliveries` has
//     them among its gaps.
// So any number of collectors may write to one server: none of them keeps anything.
//
// On return all is durable as the server has it: from 21.3 on the schema has each insert synced; before, ClickHouse
// leaves that to the system, and what came in the half minute before a power cut of the server may be gone, or be
// there twice until a merge. It survives a server that is killed. Where that is not enough, use 21.3 or later.
//
// Errors   any of the server's, or its silence, delays: the message has the server's words. Tables that are not there
//          are made, and columns that a newer schema has are added, if the user may; the schema may also be made by
//          hand (`picket-collector schema clickhouse`), with engines of one's own (ReplicatedReplacingMergeTree).
// Cost     when a chain comes from another connection, the time of the inserts at work; a request for each table of
//          the block, and one more, sometimes two; and for some blocks then, a look for what is there in each of their
//          tables. Large blocks cost least a record
#pragma once
#include <chrono>
#include <memory>
#include <string>

#include "export/collector/sink.h"

namespace picket::collector {

struct ClickHouseOptions {
  std::string url = "http://127.0.0.1:8123";  ///< https:// where it is not loopback
  std::string database = "picket";
  std::string user, password;        ///< none: the server's default user
  std::string ca, certificate, key;  ///< PEM files; no `ca`: the system's
  unsigned keep_days = 0;            ///< TTL of tables that are made, where the server has it; 0: for ever
  std::chrono::milliseconds timeout{60'000};  ///< of one request
  std::size_t insert_bytes = 32 << 20;        ///< of rows, about: a record may be much less than its row
};

/// Connects to nothing: a server that is down delays, it does not keep the collector from starting. The error says
/// what is wrong with the options.
Result<std::unique_ptr<Sink>> open_clickhouse_sink(const ClickHouseOptions& options);

}  // namespace picket::collector
