#include "dataplane/io/replay_source.h"

#include <algorithm>
#include <chrono>
#include <memory>
#include <thread>

#include "dataplane/io/pcap_file.h"

namespace picket {
namespace {

/// What stands before each packet's bytes in a ring.
struct Frame {
  std::uint64_t time_ns, clock_ns, number;
  std::uint32_t wire_size;
  LinkType link;
  std::uint8_t shard;
};

constexpr unsigned kPublishEvery = 64;

void doze() noexcept { std::this_thread::sleep_for(std::chrono::microseconds(50)); }

}  // namespace

class Replay::Queue final : public PacketSource {
 public:
  Queue(std::size_t bytes, const Replay& owner) : ring_(bytes), owner_(owner) {}

  [[nodiscard]] Position mark() const noexcept override {
    Position p;
    owner_.mark_.get(p.clock_ns, p.number);
    return p;
  }
  [[nodiscard]] unsigned receive(std::span<Packet> out) noexcept override {
    unsigned n = 0;
    while (n < out.size()) {
      const Bytes b = ring_.next();
      if (b.empty()) break;
      Frame f;
      std::memcpy(&f, b.data(), sizeof f);
      Packet& p = *std::construct_at(&out[n++]);  // in place: an assignment would copy 300 bytes
      p.data = b.data() + sizeof f;
      p.size = static_cast<std::uint32_t>(b.size() - sizeof f);
      p.wire_size = f.wire_size;
      p.time_ns = f.time_ns;
      p.at = {f.clock_ns, f.number};
      p.link = f.link;
      p.shard = f.shard;
      // The reader's core wrote it: this packet's headers, and about where the next frames begin.
      __builtin_prefetch(p.data);
      __builtin_prefetch(p.data + 512);
      __builtin_prefetch(p.data + 576);
    }
    return n;
  }
  void release(std::span<Packet>) noexcept override { ring_.release(); }
  [[nodiscard]] bool ended() const noexcept override { return owner_.ended_.load(std::memory_order_acquire); }
  void rest() noexcept override { doze(); }

  ByteRing& ring() noexcept { return ring_; }

 private:
  ByteRing ring_;
  const Replay& owner_;
};

Replay::Replay(const ReplayConfig& config) : config_(config) {
  for (unsigned i = 0; i < config_.workers; ++i)
    queues_.push_back(std::make_unique<Queue>(config_.ring_bytes, *this));
}
Replay::~Replay() = default;

PacketSource& Replay::source(unsigned worker) noexcept { return *queues_[worker]; }

void Replay::publish_all() noexcept {
  for (const auto& q : queues_) q->ring().publish();
  // After the rings: a worker that reads this mark and then finds its ring empty has seen all up to here.
  mark_.set(clock_ns_, number_);
  packets_done_.store(number_, std::memory_order_relaxed);
}

void Replay::run() {
  for (unsigned loop = 0; loop < config_.loops && !stop_; ++loop) {
    for (std::size_t i = 0; i < config_.files.size() && !stop_; ++i) read_file(i);
  }
  publish_all();
  report_.packets = number_;
  ended_.store(true, std::memory_order_release);
}

void Replay::read_file(std::size_t file) {
  const auto failed = [&](const std::string& why) {
    if (std::find(report_.damaged.begin(), report_.damaged.end(), file) != report_.damaged.end())
      return;  // an earlier loop
    report_.damaged.push_back(file);
    if (report_.errors.size() < ReplayReport::kMaxErrors) report_.errors.push_back(why);
  };
  auto opened = CaptureReader::open(config_.files[file]);
  if (!opened) return failed(opened.error().message);
  CaptureReader& reader = opened.value();
  CapturedPacket in;
  // The clock never runs back: a file that is older than what came before is set behind it.
  std::uint64_t shift = 0, first_ns = 0, done_before = bytes_done_.load(std::memory_order_relaxed);
  bool first = true;
  const auto wall_start = std::chrono::steady_clock::now();
  for (unsigned since_publish = 0; !stop_;) {
    const CaptureReader::Next next = reader.next(in);
    if (next == CaptureReader::Next::kError) failed(reader.error());
    if (next != CaptureReader::Next::kPacket) break;
    if (first) {
      first = false;
      first_ns = in.time_ns;
      if (in.time_ns < clock_ns_) shift = clock_ns_ - in.time_ns;
    }
    if (config_.pace > 0 && in.time_ns > first_ns) {
      const auto due = wall_start + std::chrono::nanoseconds(static_cast<std::int64_t>(
                                        static_cast<double>(in.time_ns - first_ns) / config_.pace));
      while (!stop_ && std::chrono::steady_clock::now() < due) {
        publish_all();
        since_publish = 0;
        std::this_thread::sleep_until(
            std::min(due, std::chrono::steady_clock::now() + std::chrono::milliseconds(50)));
      }
    }
    clock_ns_ = std::max(clock_ns_, in.time_ns + shift);
    ++number_;
    report_.bytes += in.data.size();
    const std::uint8_t shard =
        shard_of(in.data.data(), in.data.size(), in.link, config_.shard_mode, config_.decode);
    ByteRing& ring = queues_[shard % config_.workers]->ring();
    const std::size_t size = sizeof(Frame) + in.data.size();
    std::uint8_t* at = ring.reserve(size);
    while (at == nullptr) {
      // Before this packet, so that other workers are not held up by the one that is behind.
      --number_;
      publish_all();
      ++number_;
      if (stop_) {
        --number_;  // this one was not given to anybody
        return;
      }
      doze();
      at = ring.reserve(size);
    }
    const Frame frame{in.time_ns, clock_ns_, number_, in.wire_size, in.link, shard};
    std::memcpy(at, &frame, sizeof frame);
    if (!in.data.empty()) std::memcpy(at + sizeof frame, in.data.data(), in.data.size());
    ring.commit(size);
    if (++since_publish >= kPublishEvery) {
      since_publish = 0;
      publish_all();
      bytes_done_.store(done_before + reader.consumed_bytes(), std::memory_order_relaxed);
    }
  }
  publish_all();
  bytes_done_.store(done_before + reader.file_bytes(), std::memory_order_relaxed);
}

}  // namespace picket
