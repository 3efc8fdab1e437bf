// export/collector/test_support.h — what tests of the collector share: a folder, records, batches, captured
// output
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>

#include "export/batch.h"
#include "export/collector/chain.h"
#include "export/collector/query.h"
#include "export/collector/store.h"
#include "export/delimited.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket::collector::test {

/// A folder of a test's own, gone with it.
class Folder {
 public:
  Folder() {
    static std::atomic<int> next{0};
    path_ = std::filesystem::temp_directory_path() /
            ("collector_test." + std::to_string(getpid()) + "." + std::to_string(next++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Record `n` of a made-up sensor: flows, and every third an alert; a second apart.
inline v1::Event event(std::uint64_t n) {
  v1::Event e;
  e.set_timestamp((1'700'000'000 + n) * 1'000'000'000);
  e.set_event_type(n % 3 == 0 ? "alert" : "flow");
  e.set_flow_id(n);
  e.set_src_ip(std::string("\x0a\0\0", 3) + static_cast<char>(n));
  e.set_src_port(40000 + static_cast<unsigned>(n));
  e.set_dest_ip(std::string("\xc0\0\2\1", 4));
  e.set_dest_port(443);
  e.set_proto("TCP");
  if (n % 3 == 0) {
    e.mutable_alert()->set_signature_id(static_cast<unsigned>(1000 + n));
    e.mutable_alert()->set_signature("TEST 'quoted' rule " + std::to_string(n));
  } else {
    e.mutable_flow()->set_bytes_toserver(n * 100);
  }
  return e;
}

inline std::string records(std::uint64_t first, std::uint64_t count) {
  std::string all;
  for (std::uint64_t n = first; n < first + count; ++n)
    append_delimited(as_bytes(event(n).SerializeAsString()), all);
  return all;
}

/// A record of statistics, delimited.
inline std::string statistics(const std::string& version, std::uint32_t rules_epoch) {
  v1::Event e;
  e.set_event_type("stats");
  e.set_rules_epoch(rules_epoch);
  e.mutable_stats()->set_version(version);
  std::string all;
  append_delimited(as_bytes(e.SerializeAsString()), all);
  return all;
}

/// How many of `first` ... `first + count - 1` are of each type.
inline TypeCounts types(std::uint64_t first, std::uint64_t count) {
  TypeCounts all;
  for (std::uint64_t n = first; n < first + count; ++n) ++all[event(n).event_type()];
  return all;
}

inline void set_counts(const TypeCounts& counts, google::protobuf::RepeatedPtrField<v1::TypeCount>& out) {
  for (const auto& [type, n] : counts) {
    v1::TypeCount& c = *out.Add();
    c.set_type(type);
    c.set_count(n);
  }
}

/// Batches of one lane of one boot, each chained to the one before.
class Sensor {
 public:
  explicit Sensor(std::string name = "plant-7", std::uint64_t boot = 0x8877665544332211,
                  v1::Lane lane = v1::LANE_ALL)
      : name_(std::move(name)), boot_(boot), lane_(lane) {}
  v1::Batch batch(std::uint64_t first, std::uint32_t count) {
    return seal(first, count, records(first, count));
  }
  v1::Batch seal(std::uint64_t first, std::uint32_t count, const std::string& content) {
    v1::Batch b = head(first, count);
    chain_ = seal_batch(chain_, as_bytes(content), true, b);
    return b;
  }
  /// The word that these are not coming.
  v1::Batch gap(std::uint64_t first, std::uint32_t count, v1::GapReason reason,
                const BatchHash* last_hash = nullptr) {
    v1::Batch b = head(first, count);
    b.mutable_gap()->set_reason(reason);
    set_counts(types(first, count), *b.mutable_gap()->mutable_missing());
    if (last_hash != nullptr) b.mutable_gap()->set_last_hash(last_hash->data(), last_hash->size());
    seal_batch(chain_, {}, false, b);
    sign_batch([](const BatchHash&) { return Signature{"signed", "by"}; }, b);
    chain_ = chain_after(b);
    return b;
  }
  /// The word that what was made so far, up to `through`, was acknowledged.
  v1::Batch acknowledged(std::uint32_t through) const {
    v1::Batch b = head(1, through);
    b.mutable_gap()->set_reason(v1::GAP_ACKNOWLEDGED);
    set_counts(types(1, through), *b.mutable_gap()->mutable_missing());
    b.mutable_gap()->set_last_hash(chain_.data(), chain_.size());
    seal_batch({}, {}, false, b);
    sign_batch([](const BatchHash&) { return Signature{"signed", "by"}; }, b);
    return b;
  }
  void set_chain(BatchHash chain) { chain_ = chain; }
  [[nodiscard]] BatchHash chain() const { return chain_; }
  [[nodiscard]] ChainId id() const { return {name_, boot_, lane_}; }

 private:
  v1::Batch head(std::uint64_t first, std::uint32_t count) const {
    v1::Batch b;
    b.set_sensor(name_);
    b.set_boot(boot_);
    b.set_first_seq(first);
    b.set_count(count);
    b.set_lane(lane_);
    if (lane_ == v1::LANE_ALL) return b;
    b.set_sealed_at((1'700'000'000 + first) * 1'000'000'000);
    set_counts(types(1, first - 1), *b.mutable_before());
    return b;
  }

  std::string name_;
  std::uint64_t boot_;
  v1::Lane lane_;
  BatchHash chain_{};
};

/// What the router makes of it.
inline CheckedBatch checked(const v1::Batch& batch) {
  auto content = open_batch(batch, {});
  EXPECT_TRUE(content) << content.error().message;
  return checked_batch(batch, content ? std::move(content).value() : std::string(),
                       !batch.signature().empty());
}

/// Keeps what is buried in `rejected`.
inline Bury bury_in(std::vector<Rejected>& rejected) {
  return [&rejected](std::span<const Rejected> all) {
    rejected.insert(rejected.end(), all.begin(), all.end());
    return Status(Done{});
  };
}

/// For tests that have no such records.
inline Bury bury_none() {
  return [](std::span<const Rejected> all) {
    EXPECT_TRUE(all.empty()) << all.front().reason;
    return Status(Done{});
  };
}

/// What a sink's line does with one batch, alone.
inline Verdict judge_and_store(Sink& sink, const v1::Batch& batch, const Bury& bury = bury_none()) {
  const CheckedBatch c = checked(batch);
  const auto head = sink.head(c.chain);
  EXPECT_TRUE(head) << head.error().message;
  auto verdict = judge(head.value(), c, [&](std::uint64_t seq) { return sink.held(c.chain, seq); });
  EXPECT_TRUE(verdict) << verdict.error().message;
  Verdict v = verdict.value();
  if (v.kind != Verdict::Kind::kStore) return v;
  v.deliver->records = c.records;
  const std::vector<std::shared_ptr<const Delivery>> one{v.deliver};
  const Status s = sink.store(one, bury);
  EXPECT_TRUE(s) << s.error().message;
  return v;
}

/// The ledger's rows; each one's sum is checked.
inline std::vector<LedgerRow> ledger(const std::string& path) {
  auto db = open_store_to_read(path);
  EXPECT_TRUE(db) << db.error().message;
  auto rows = read_ledger(db.value());
  EXPECT_TRUE(rows) << rows.error().message;
  for (const LedgerRow& row : rows.value()) {
    EXPECT_EQ(row.through, sum(row.held) + row.missing_sum() + sum(row.expired) + row.rejected)
        << describe(row.chain);
  }
  return rows.value();
}

/// What a query prints.
inline std::string ask(QueryOptions options, std::string* error = nullptr) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  const Status done = run_query(options, out);
  std::fclose(out);
  std::string all(text, size);
  std::free(text);
  if (error != nullptr) {
    *error = done ? "" : done.error().message;
  } else {
    EXPECT_TRUE(done) << done.error().message;
  }
  return all;
}

inline std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace picket::collector::test
