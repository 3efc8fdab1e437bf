// Invariant 2: between receive and the event ring, a warm worker does not allocate.
//
// Every capture of pcaps/ goes through one worker several times; from the second time on each allocation on
// the worker's thread is counted, and there must be none. Under AddressSanitizer its hook counts, otherwise
// malloc itself is replaced.
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <thread>

#include "dataplane/decode/shard.h"
#include "dataplane/io/pcap_file.h"
#include "dataplane/worker.h"
#include "export/encoder.h"
#include "export/intel/intel.h"
#include "export/proto/picket/v1/event.pb.h"
#include "tests/support/rules.h"

namespace {
thread_local bool counting = false;
std::atomic<std::uint64_t> allocations{0};
void count_allocation() {
  if (counting) allocations.fetch_add(1);
}
}  // namespace

#if defined(__SANITIZE_ADDRESS__)
// From sanitizer/allocator_interface.h, which comes with clang only.
extern "C" int __sanitizer_install_malloc_and_free_hooks(void (*)(const volatile void*, std::size_t),
                                                         void (*)(const volatile void*));
namespace {
void on_malloc(const volatile void*, std::size_t) { count_allocation(); }
void on_free(const volatile void*) {}
const int kInstalled = __sanitizer_install_malloc_and_free_hooks(on_malloc, on_free);
}  // namespace
#else
extern "C" {
void* __libc_malloc(std::size_t);
void* __libc_calloc(std::size_t, std::size_t);
void* __libc_realloc(void*, std::size_t);
void* __libc_memalign(std::size_t, std::size_t);
void* malloc(std::size_t n) { return count_allocation(), __libc_malloc(n); }
void* calloc(std::size_t n, std::size_t m) { return count_allocation(), __libc_calloc(n, m); }
void* realloc(void* p, std::size_t n) { return count_allocation(), __libc_realloc(p, n); }
void* memalign(std::size_t a, std::size_t n) { return count_allocation(), __libc_memalign(a, n); }
void* aligned_alloc(std::size_t a, std::size_t n) { return count_allocation(), __libc_memalign(a, n); }
int posix_memalign(void** out, std::size_t a, std::size_t n) {
  count_allocation();
  *out = __libc_memalign(a, n);
  return *out == nullptr ? ENOMEM : 0;
}
}
namespace {
const int kInstalled = 1;
}
#endif

namespace picket {
namespace {

struct Stored {
  std::vector<std::uint8_t> bytes;
  CapturedPacket meta;
};

std::vector<Stored> all_captures() {
  std::vector<Stored> out;
  const auto list = list_captures({std::string(PICKET_SOURCE_ROOT) + "/pcaps"});
  EXPECT_TRUE(list.has_value());
  for (const std::string& file : list.value().files) {
    auto reader = CaptureReader::open(file);
    if (!reader) continue;
    CapturedPacket p;
    while (reader.value().next(p) == CaptureReader::Next::kPacket) {
      out.push_back({{p.data.begin(), p.data.end()}, p});
    }
  }
  return out;
}

/// Gives the same packets again and again, an hour of capture time apart; counts from the second round on.
class Rounds final : public PacketSource {
 public:
  Rounds(const std::vector<Stored>& packets, unsigned rounds) : packets_(packets), rounds_(rounds) {}
  /// Done before each burst, not counted.
  void between_bursts(std::function<void()> f) { between_ = std::move(f); }
  [[nodiscard]] Position mark() const noexcept override { return {clock_, number_}; }
  [[nodiscard]] bool ended() const noexcept override {
    if (round_ == rounds_) counting = false;
    return round_ == rounds_;
  }
  [[nodiscard]] unsigned receive(std::span<Packet> out) noexcept override {
    unsigned n = 0;
    if (between_) {
      const bool before = std::exchange(counting, false);
      between_();
      counting = before;
    }
    while (n < out.size() && round_ < rounds_) {
      const Stored& s = packets_[at_];
      Packet& p = out[n++];
      p = Packet{};
      p.data = s.bytes.data();
      p.size = static_cast<std::uint32_t>(s.bytes.size());
      p.wire_size = s.meta.wire_size;
      p.link = s.meta.link;
      p.time_ns = s.meta.time_ns;
      clock_ = std::max(clock_, s.meta.time_ns + round_ * std::uint64_t{3'600'000'000'000});
      p.at = {clock_, ++number_};
      p.shard = shard_of(p.data, p.size, p.link, ShardMode::kIpPair);
      if (++at_ == packets_.size()) {
        at_ = 0;
        ++round_;
        break;
      }
    }
    counting = round_ > 0 && round_ < rounds_;
    return n;
  }
  void release(std::span<Packet>) noexcept override {}

 private:
  const std::vector<Stored>& packets_;
  const unsigned rounds_;
  std::function<void()> between_;
  unsigned round_ = 0;
  std::size_t at_ = 0;
  std::uint64_t clock_ = 0, number_ = 0;
};

std::uint64_t allocations_with(const detect::RuleSet* rules) {
  const std::vector<Stored> packets = all_captures();
  EXPECT_GT(packets.size(), 1000U);
  Rounds source(packets, 4);
  const Encoder encoder({});
  WorkerConfig config;
  config.app = default_app_config();
  config.records.anomaly_stream = true;
  Worker worker(config, source, encoder);
  RuleHandover handovers[2];
  if (rules != nullptr) {
    handovers[0].rules = handovers[1].rules = rules;
    handovers[0].memory = detect::make_core_memory(*rules);
    handovers[1].memory = detect::make_core_memory(*rules);
    worker.offer_rules(handovers[0]);
    // From then on other rules every few bursts: what comes back of one goes there with the other.
    source.between_bursts([&, burst = 0U]() mutable {
      constexpr unsigned kEvery = 7;
      if (++burst % kEvery != 0 || worker.handover_under_way()) return;
      const unsigned next = burst / kEvery % 2;
      if (handovers[next].memory == nullptr) std::swap(handovers[0].memory, handovers[1].memory);
      worker.offer_rules(handovers[next]);
    });
  }
  std::atomic<bool> done{false};
  std::thread consumer([&] {
    EventRing::Record r;
    while (true) {
      const bool closed = worker.events().closed();
      bool any = false;
      for (; worker.events().peek(r); any = true) worker.events().pop();
      if (closed && !any) return;
    }
  });
  allocations = 0;
  worker.run();
  consumer.join();
  EXPECT_EQ(worker.counters().received.get(), packets.size() * 4);
  return allocations;
}

TEST(NoAllocation, TheCounterCounts) {
  ASSERT_NE(kInstalled, 0);
  allocations = 0;
  counting = true;
  delete new int(1);
  std::unique_ptr<char[]> p(new char[100]);
  counting = false;
  EXPECT_GE(allocations, 2U);
}

/// Indicators are looked up on the export thread: what is told costs no allocation either, once one was told.
TEST(NoAllocation, OfIndicators) {
  intel::IndicatorSetBuilder builder;
  for (const char* text : {"bad.example", "192.0.2.0/24", "http://bad.example/x"}) {
    intel::Indicator i;
    ASSERT_TRUE(intel::read_indicator(text, "", i).has_value());
    ASSERT_TRUE(builder.add(i));
  }
  Intel intel({.per_minute = 1000});
  intel.offer(builder.finish());
  struct Nowhere final : RecordOut {
    void write(RecordKind, Bytes) override { ++told; }
    unsigned told = 0;
  } out;
  v1::Event e;
  e.set_flow_id(1);
  e.set_src_ip("\xc0\x00\x02\x01");
  e.mutable_http()->set_hostname("www.bad.example");
  e.mutable_http()->set_url("http://bad.example/x?y");
  e.mutable_email()->add_received("from good.example (198.51.100.1) by bad.example");
  EventHeader h;
  h.type = RecordType::kTransaction;
  std::vector<std::string> records;
  for (std::uint64_t flow = 1; flow < 40; ++flow)
    e.set_flow_id(flow), records.push_back(e.SerializeAsString());
  intel.see(h, as_bytes(records[0]), out);
  allocations = 0;
  counting = true;
  for (const std::string& r : records) intel.see(h, as_bytes(r), out);
  counting = false;
  EXPECT_EQ(allocations, 0U);
  EXPECT_GT(out.told, 100U);
}

TEST(NoAllocation, WithoutRules) { EXPECT_EQ(allocations_with(nullptr), 0U); }

TEST(NoAllocation, WithRules) {
  const std::string root = PICKET_SOURCE_ROOT;
  const auto rules = test::load_rules({root + "/pcaps/sample.rules", root + "/tests/no_allocation.rules"});
  ASSERT_NE(rules, nullptr);
  EXPECT_EQ(allocations_with(rules->plan.rules.get()), 0U);
}

}  // namespace
}  // namespace picket
