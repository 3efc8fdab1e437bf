// export/collector/sinks/test_support.h — what tests of sinks share: a sensor's chain as deliveries
#pragma once
#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "export/collector/sink.h"
#include "export/collector/test_support.h"

namespace picket::collector::test {

using Shared = std::shared_ptr<const Delivery>;

/// Makes the deliveries of one chain, each behind the one before, as the router gives them to a sink.
class Chain {
 public:
  explicit Chain(std::string sensor = "plant-7", v1::Lane lane = v1::LANE_FLOW)
      : id_{std::move(sensor), 0x8877, lane} {}

  Shared next(std::uint32_t count) { return with(count, records(head_.through + 1, count)); }
  /// `content` in place of the records that would come.
  Shared with(std::uint32_t count, std::string content, std::vector<Missing> missing = {}) {
    auto d = std::make_shared<Delivery>();
    d->chain = id_;
    d->missing = std::move(missing);
    for (const Missing& m : d->missing) head_.through = m.last;
    d->first_seq = head_.through + 1;
    d->count = count;
    d->records = std::move(content);
    for (std::uint64_t n = d->first_seq; n < d->first_seq + count; ++n) ++head_.made[event(n).event_type()];
    head_.through += count;
    head_.newest_ns += 1'000'000'000;
    ++head_.hash[0];
    d->hash = head_.hash;
    d->after = head_;
    return d;
  }
  /// The word that `count` numbers are not coming.
  Shared gap(std::uint64_t count) {
    const std::uint64_t first = head_.through + 1;
    return with(0, "", {{first, first + count - 1, v1::GAP_SPOOL_FULL, {}, true}});
  }
  /// `count` numbers that may come late: the next delivery leaves a hole of them.
  Shared skip_and_next(std::uint64_t count, std::uint32_t next_count) {
    const std::uint64_t first = head_.through + 1, last = head_.through + count;
    head_.holes.push_back({first, last, head_.hash, {}, head_.made, {{"flow", count}}});
    head_.holes.back().after[0] = static_cast<std::uint8_t>(first);
    head_.through = last;
    auto d = std::make_shared<Delivery>(*with(next_count, records(last + 1, next_count)));
    d->missing = {{first, last, v1::GAP_UNKNOWN, {}, false}};
    return d;
  }
  /// What the oldest hole is for.
  Shared fill() {
    const Hole hole = head_.holes.front();
    head_.holes.erase(head_.holes.begin());
    auto d = std::make_shared<Delivery>();
    d->chain = id_;
    d->first_seq = hole.first;
    d->count = static_cast<std::uint32_t>(hole.last - hole.first + 1);
    d->records = records(d->first_seq, d->count);
    d->fills = Missing{hole.first, hole.last, v1::GAP_UNKNOWN, {}, false};
    d->after = head_;
    return d;
  }
  [[nodiscard]] const ChainId& id() const { return id_; }
  [[nodiscard]] const ChainHead& head() const { return head_; }

 private:
  ChainId id_;
  ChainHead head_;
};

/// Stores, and expects that it works; what was rejected.
inline std::vector<Rejected> store(Sink& sink, std::vector<Shared> deliveries) {
  std::vector<Rejected> rejected;
  const Status s = sink.store(deliveries, bury_in(rejected));
  EXPECT_TRUE(s) << s.error().message;
  return rejected;
}

/// Stores, and expects that it does not work; why.
inline std::string refusal(Sink& sink, std::vector<Shared> deliveries, const Bury& bury = bury_none()) {
  const Status s = sink.store(deliveries, bury);
  EXPECT_FALSE(s);
  return s ? "" : s.error().message;
}

/// 0: nothing of it is there.
inline std::uint64_t through(Sink& sink, const ChainId& chain) {
  const auto head = sink.head(chain);
  EXPECT_TRUE(head) << head.error().message;
  return head && head.value() ? head.value()->through : 0;
}

}  // namespace picket::collector::test
