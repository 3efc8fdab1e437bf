// The store against its alternative: records in blocks, and a row a record with indexes (what version 0.1 had). Counters:
// records/s, and bytes a record in the file. Records are those of flow_record.h.
//
//   ninja -C build tests/bench/store_bench && build/tests/bench/store_bench
#include <benchmark/benchmark.h>
#include <unistd.h>

#include <filesystem>

#include "export/collector/chain.h"
#include "export/collector/store.h"
#include "export/delimited.h"
#include "tests/bench/flow_record.h"

namespace {

using namespace picket;
using namespace picket::collector;

constexpr std::uint32_t kBatch = 8192;

std::string flows(std::uint64_t first) {
  std::string all;
  for (std::uint64_t n = first; n < first + kBatch; ++n)
    append_delimited(as_bytes(bench::flow_record(n)), all);
  return all;
}

const std::vector<std::string>& batches() {
  static const auto& all = *new std::vector<std::string>([] {
    std::vector<std::string> b;
    for (std::uint64_t i = 0; i < 16; ++i) b.push_back(flows(1 + i * kBatch));
    return b;
  }());
  return all;
}

struct File {
  std::string path = std::filesystem::temp_directory_path() / ("store_bench." + std::to_string(::getpid()));
  File() { remove(); }
  ~File() { remove(); }
  void remove() const {
    for (const char* end : {"", "-wal", "-shm"}) std::filesystem::remove(path + end);
  }
  [[nodiscard]] double bytes() const { return static_cast<double>(std::filesystem::file_size(path)); }
};

void tell(benchmark::State& state, std::uint64_t records, const File& file) {
  state.SetItemsProcessed(static_cast<std::int64_t>(records));
  state.counters["bytes_a_record"] = file.bytes() / static_cast<double>(records);
}

/// store() of one batch after the other, each a commit that is synced.
void BM_Blocks(benchmark::State& state) {
  const File file;
  std::uint64_t n = 0;
  {
    auto store = Store::open({file.path}).value();
    for (auto _ : state) {
      auto d = std::make_shared<Delivery>();
      d->chain = {"plant-7", 1, v1::LANE_FLOW};
      d->first_seq = n + 1;
      d->count = kBatch;
      d->records = batches()[n / kBatch % batches().size()];
      d->after.through = n += kBatch;
      d->after.made = {{"flow", n}};
      const std::vector<std::shared_ptr<const Delivery>> one{std::move(d)};
      if (!store->store(one, [](auto) { return Status(Done{}); })) state.SkipWithError("store");
    }
  }
  tell(state, n, file);
}
BENCHMARK(BM_Blocks)->UseRealTime();

/// The same as rows: record, time, addresses, Community ID, and an index for each of the four.
void BM_Rows(benchmark::State& state) {
  const File file;
  std::uint64_t n = 0;
  {
    auto db = Db::open(file.path, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX);
    constexpr const char* kTable =
        "CREATE TABLE flow (chain INTEGER, seq INTEGER, time INTEGER, src BLOB, dest BLOB, community TEXT, "
        "record BLOB)";
    for (const char* text :
         {"PRAGMA journal_mode=WAL", "PRAGMA synchronous=FULL", kTable, "CREATE INDEX by_time ON flow (time)",
          "CREATE INDEX by_src ON flow (src, time)", "CREATE INDEX by_dest ON flow (dest, time)",
          "CREATE INDEX by_community ON flow (community)"})
      (void)db.value().run(text);
    auto insert = db.value().prepare("INSERT INTO flow VALUES (1, ?, ?, ?, ?, ?, ?)");
    for (auto _ : state) {
      (void)db.value().run("BEGIN IMMEDIATE");
      WireReader in(as_bytes(batches()[n / kBatch % batches().size()]));
      for (Bytes record; next_delimited(in, record);) {
        RecordKeys keys;
        (void)read_keys(record, keys);
        Statement& s = insert.value();
        s.bind(1, static_cast<std::int64_t>(++n));
        s.bind(2, static_cast<std::int64_t>(keys.time_ns));
        s.bind(3, keys.src_ip);
        s.bind(4, keys.dest_ip);
        s.bind(5, keys.community_id);
        s.bind(6, record);
        (void)s.step();
        s.reset();
      }
      (void)db.value().run("COMMIT");
    }
  }
  tell(state, n, file);
}
BENCHMARK(BM_Rows)->UseRealTime();

/// What a block's keys cost, and how often a filter says "maybe" of a key that is not there.
void BM_Keys(benchmark::State& state) {
  std::string filter;
  for (auto _ : state) {
    KeySet set;
    WireReader in(as_bytes(batches()[0]));
    for (Bytes record; next_delimited(in, record);) {
      RecordKeys keys;
      (void)read_keys(record, keys);
      set.add_record(keys);
    }
    benchmark::DoNotOptimize(filter = set.filter());
  }
  unsigned wrong = 0;
  for (int i = 0; i < 100'000; ++i)
    wrong +=
        KeyFilter(as_bytes(filter)).may_have(community_key("1:not there " + std::to_string(i))) ? 1U : 0U;
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations()) * kBatch);
  state.counters["wrong_%"] = wrong / 1000.0;
  state.counters["bytes_a_record"] = static_cast<double>(filter.size()) / kBatch;
}
BENCHMARK(BM_Keys);

}  // namespace

BENCHMARK_MAIN();
