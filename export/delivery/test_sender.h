// export/delivery/test_sender.h — records through the sink of delivery, as a sensor makes them
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "export/delivery/delivery_sink.h"
#include "export/delivery/test_support.h"

namespace picket::delivery::test {

using std::chrono::milliseconds;

/// Small batches, and little patience.
inline Options options_for(std::vector<std::string> collectors, bool wait = true) {
  Options o;
  o.collectors = std::move(collectors);
  o.sensor = "plant-7";
  o.wait = wait;
  o.max_batch_age = milliseconds(10);
  o.max_batch_records = 20;
  o.max_batch_bytes = 64 << 10;
  o.segments = 64;
  o.max_backoff = milliseconds(200);
  o.return_after = milliseconds(100);
  o.patience = std::chrono::seconds(5);
  return o;
}

/// A sensor's output, and what was made for it.
struct Sender {
  explicit Sender(Options o) : counters(std::make_shared<DeliveryCounters>()) {
    auto opened = open_delivery_sink(std::move(o), counters);
    EXPECT_TRUE(opened) << opened.error().message;
    if (opened) sink = std::move(opened).value();
  }
  void write(RecordKind kind, std::size_t bytes = 40) {
    const std::string r = record(++n, kind, bytes);
    ++made[std::string(record_kind_name(kind))];
    sink->write({n, kind, as_bytes(r)});
  }
  void mixture(std::uint64_t count) {
    for (std::uint64_t i = 0; i < count; ++i) {
      write(kind_of(n + 1));
      if (i % 50 == 0) sink->tick();
    }
  }
  /// Waits, with tick()s, until all that was made so far is settled as delivered.
  bool delivered_all() {
    for (int i = 0; i < 1000 && sink->delivered() < n; ++i) {
      sink->tick();
      std::this_thread::sleep_for(milliseconds(5));
    }
    return sink->delivered() == n;
  }
  std::shared_ptr<DeliveryCounters> counters;
  std::unique_ptr<RecordSink> sink;
  TypeCounts made;
  std::uint64_t n = 0;
};

}  // namespace picket::delivery::test
