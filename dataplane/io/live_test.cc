// Ports end to end, without huge pages: a capture file through DPDK's net_pcap, and a veth pair where root
// lets us.
#include "dataplane/io/live.h"

#include <gtest/gtest.h>
#include <net/if.h>
#include <netpacket/packet.h>
#include <pcap/pcap.h>
#include <sched.h>
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <set>
#include <thread>

#include "dataplane/decode/decode_testing.h"
#include "dataplane/io/eal.h"
#include "dataplane/io/interface.h"

/// libxdp 1.3 loses 80 bytes for each socket that shares its memory with DPDK.
extern "C" const char* __lsan_default_suppressions() { return "leak:xsk_umem__create"; }

namespace picket {
namespace {

namespace fs = std::filesystem;
using namespace testing_frames;

constexpr unsigned kPackets = 500;

/// The n-th packet: one of 20 hosts speaks to one server, in both directions. Some are jumbo frames.
Frame numbered(unsigned n) {
  const std::size_t size = n % 200 == 150 ? 8000 : n % 1200;
  Frame f = eth(0x0800, ip4(17, udp(1000, 2000, be16(n) + Frame(size, static_cast<std::uint8_t>(n)))));
  f[29] = static_cast<std::uint8_t>(100 + n % 20);
  if (n % 2 == 1) std::swap_ranges(f.begin() + 26, f.begin() + 30, f.begin() + 30);
  return f;
}
unsigned number_of(const Packet& p) { return p.data[42] << 8U | p.data[43]; }

struct Received {
  Frame bytes;
  std::uint64_t time_ns = 0;
  Position at;
  std::uint8_t shard = 0;
  unsigned worker = 0;
};

/// Polls every worker's source until `want` packets came, or five seconds passed.
std::vector<Received> receive_all(LivePorts& live, unsigned workers, std::size_t want) {
  std::thread dispatcher;
  if (live.needs_dispatcher()) dispatcher = std::thread([&] { live.dispatch(); });
  std::vector<Received> out;
  std::vector<Position> last(workers);
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
  while (out.size() < want && std::chrono::steady_clock::now() < deadline) {
    for (unsigned w = 0; w < workers; ++w) {
      PacketSource& source = live.source(w);
      EXPECT_FALSE(source.ended());
      const Position mark = source.mark();
      EXPECT_GE(mark.clock_ns, last[w].clock_ns);
      std::array<Packet, kBurst> burst;
      const unsigned n = source.receive(burst);
      for (unsigned i = 0; i < n; ++i) {
        const Packet& p = burst[i];
        EXPECT_GE(p.at.clock_ns, last[w].clock_ns);
        EXPECT_GT(p.at.number, last[w].number);
        EXPECT_EQ(p.shard % workers, w);
        last[w] = p.at;
        out.push_back({{p.data, p.data + p.size}, p.time_ns, p.at, p.shard, w});
      }
      source.release({burst.data(), n});
      if (n == 0) source.rest();
    }
  }
  live.stop();
  if (dispatcher.joinable()) dispatcher.join();
  EXPECT_TRUE(live.source(0).ended());
  return out;
}

std::string lines(const std::vector<std::string>& all) {
  std::string out;
  for (const auto& s : all) out += s + "\n";
  return out;
}

class LivePcap : public testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "picket-live-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
    pcap_t* dead = pcap_open_dead(DLT_EN10MB, 65535);
    pcap_dumper_t* out = pcap_dump_open(dead, file().c_str());
    ASSERT_NE(out, nullptr);
    for (unsigned n = 0; n < kPackets; ++n) {
      const Frame f = numbered(n);
      pcap_pkthdr h{};
      h.ts.tv_sec = 1'700'000'000 + n;
      h.ts.tv_usec = 250'000;
      h.caplen = h.len = static_cast<bpf_u_int32>(f.size());
      pcap_dump(reinterpret_cast<u_char*>(out), &h, f.data());
    }
    pcap_dump_close(out);
    pcap_close(dead);
  }
  void TearDown() override { fs::remove_all(folder_); }
  [[nodiscard]] std::string file() const { return (folder_ / "in.pcap").string(); }

  std::unique_ptr<LivePorts> open(LiveConfig config) {
    auto live = LivePorts::open(config, notes_);
    EXPECT_TRUE(live.has_value()) << live.error().message;
    return live ? std::move(live).value() : nullptr;
  }
  void expect_all(const std::vector<Received>& got) {
    ASSERT_EQ(got.size(), kPackets);
    std::set<std::uint64_t> numbers;
    std::set<unsigned> seen;
    for (const Received& r : got) {
      Packet p;
      p.data = r.bytes.data();
      const unsigned n = number_of(p);
      EXPECT_EQ(r.bytes, numbered(n));
      EXPECT_EQ(r.time_ns, (1'700'000'000ULL + n) * 1'000'000'000 + 250'000'000) << "the capture's own time";
      seen.insert(n);
      numbers.insert(r.at.number);
    }
    EXPECT_EQ(seen.size(), kPackets);
    EXPECT_EQ(numbers.size(), kPackets) << "numbers are unique among workers";
  }

  fs::path folder_;
  std::vector<std::string> notes_;
};

TEST_F(LivePcap, OneWorkerPollsThePort) {
  LiveConfig config;
  config.devices = {"net_pcap0,rx_pcap=" + file()};
  const auto live = open(config);
  ASSERT_NE(live, nullptr);
  EXPECT_FALSE(live->needs_dispatcher());
  expect_all(receive_all(*live, 1, kPackets));
  const auto stats = live->stats();
  ASSERT_EQ(stats.size(), 1U);
  EXPECT_EQ(stats[0].driver, "net_pcap");
  EXPECT_EQ(stats[0].received, kPackets);
  EXPECT_EQ(stats[0].missed + stats[0].errors + stats[0].no_buffer + live->ring_full(), 0U);
}

TEST_F(LivePcap, ADispatcherKeepsHostsTogether) {
  LiveConfig config;
  config.devices = {"net_pcap1,rx_pcap=" + file()};
  config.workers = 3;
  const auto live = open(config);
  ASSERT_NE(live, nullptr);
  EXPECT_TRUE(live->needs_dispatcher());
  EXPECT_NE(lines(notes_).find("dispatcher"), std::string::npos);
  const auto got = receive_all(*live, 3, kPackets);
  expect_all(got);
  std::map<unsigned, std::set<std::pair<unsigned, unsigned>>> of_host;
  std::set<unsigned> workers;
  for (const Received& r : got) {
    Packet p;
    p.data = r.bytes.data();
    of_host[number_of(p) % 20].insert({r.worker, r.shard});
    workers.insert(r.worker);
  }
  for (const auto& [host, where] : of_host)
    EXPECT_EQ(where.size(), 1U) << "host " << host << " met two workers";
  EXPECT_EQ(workers.size(), 3U);
}

/// Set by hand; runs on by itself in between.
struct WallClock {
  static inline std::atomic<std::int64_t> set_by_ns{0};
  static std::uint64_t now() noexcept {
    return system_utc_ns() + static_cast<std::uint64_t>(set_by_ns.load());
  }
};

TEST_F(LivePcap, FlowsDoNotTimeOutByAClockThatSomebodySets) {
  constexpr std::int64_t kHour = 3'600'000'000'000;
  for (const std::int64_t step : {kHour, -kHour}) {
    WallClock::set_by_ns = 0;
    LiveConfig config;
    config.devices = {"net_null0"};
    config.wall_clock = WallClock::now;
    const auto live = open(config);
    ASSERT_NE(live, nullptr);
    const PacketSource& source = live->source(0);
    const std::uint64_t before = source.mark().clock_ns, start = steady_ns();
    WallClock::set_by_ns = step;
    live->housekeep();
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    const auto went = static_cast<std::int64_t>(source.mark().clock_ns - before);
    const auto passed = static_cast<std::int64_t>(steady_ns() - start);
    EXPECT_GE(went, 10'000'000) << "time stands still after a step of " << step;
    EXPECT_LE(std::abs(went - passed), 100'000'000) << "after a step of " << step;
    // What a record shows is the time that was set.
    std::array<Packet, kBurst> burst;
    const unsigned n = live->source(0).receive(burst);
    ASSERT_GT(n, 0U);
    EXPECT_LE(std::abs(static_cast<std::int64_t>(burst[0].time_ns - WallClock::now())), 1'000'000'000);
    EXPECT_LE(std::abs(live->utc_offset_ns() - step), 1'000'000'000);
    live->source(0).release({burst.data(), n});
  }
}

/// What a source still gives until it has ended, asked as a worker asks.
unsigned rest_of(PacketSource& source) {
  for (unsigned all = 0;;) {
    const bool ended = source.ended();
    std::array<Packet, kBurst> burst;
    const unsigned n = source.receive(burst);
    if (n == 0 && ended) return all;
    all += n;
    source.release({burst.data(), n});
  }
}

TEST_F(LivePcap, WhatStandsInTheQueuesAtTheStopIsHandedOut) {
  LiveConfig config;
  config.devices = {"net_pcap5,rx_pcap=" + file()};
  config.workers = 2;
  const auto live = open(config);
  ASSERT_NE(live, nullptr);
  live->stop();
  for (unsigned w = 0; w < 2; ++w)
    EXPECT_FALSE(live->source(w).ended()) << "the dispatcher may still put packets into the ring";
  live->dispatch();  // returns by itself
  const unsigned got = rest_of(live->source(0)) + rest_of(live->source(1));
  EXPECT_EQ(got, kPackets);
  EXPECT_EQ(live->count_unread(), 0U);
}

TEST_F(LivePcap, WhatIsLeftInRingsAndQueuesIsCounted) {
  for (const unsigned workers : {1U, 2U}) {
    LiveConfig config;
    config.devices = {"net_pcap" + std::to_string(5 + workers) + ",rx_pcap=" + file()};
    config.workers = workers;
    config.ring_packets = 64;
    const auto live = open(config);
    ASSERT_NE(live, nullptr);
    std::thread dispatcher;
    if (live->needs_dispatcher()) {
      dispatcher = std::thread([&] { live->dispatch(); });
      while (live->stats()[0].received < kPackets / 2) std::this_thread::yield();
    }
    std::array<Packet, kBurst> burst;
    unsigned kept = 0;
    while (kept == 0) {
      kept = live->source(0).receive(burst);
      live->source(0).release({burst.data(), kept});
    }
    live->abandon();
    if (dispatcher.joinable()) dispatcher.join();
    const std::uint64_t unread = live->count_unread();
    EXPECT_GT(unread, 0U);
    EXPECT_EQ(kept + unread + live->ring_full(), kPackets)
        << workers << " workers: a packet is not accounted for";
  }
}

TEST_F(LivePcap, AFullRingIsCounted) {
  LiveConfig config;
  config.devices = {"net_pcap2,rx_pcap=" + file()};
  config.workers = 2;
  config.ring_packets = 64;
  const auto live = open(config);
  ASSERT_NE(live, nullptr);
  std::thread dispatcher([&] { live->dispatch(); });
  while (live->stats()[0].received < kPackets) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  live->stop();
  dispatcher.join();
  unsigned kept = 0;
  for (unsigned w = 0; w < 2; ++w) {
    std::array<Packet, kBurst> burst;
    while (const unsigned n = live->source(w).receive(burst)) {
      kept += n;
      live->source(w).release({burst.data(), n});
    }
  }
  EXPECT_EQ(kept, 128U);
  EXPECT_EQ(kept + live->ring_full(), kPackets) << "every packet is accounted for";
}

TEST_F(LivePcap, RefusalsSayWhy) {
  const auto refusal = [&](const LiveConfig& config) {
    const auto live = LivePorts::open(config, notes_);
    return live.has_value() ? std::string() : live.error().message;
  };
  LiveConfig config;
  EXPECT_NE(refusal(config).find("--interface"), std::string::npos);
  config.devices = {"net_pcap3,rx_pcap=/nowhere/at/all.pcap"};
  EXPECT_NE(refusal(config).find("/nowhere/at/all.pcap"), std::string::npos) << refusal(config);
  config.devices = {"net_nosuchdriver0"};
  EXPECT_NE(refusal(config).find("net_nosuchdriver0"), std::string::npos);
  config.devices.clear();
  config.interfaces = {"nosuch0"};
  EXPECT_NE(refusal(config).find("no such network interface"), std::string::npos) << refusal(config);
  config.workers = 65;
  EXPECT_NE(refusal(config).find("workers"), std::string::npos);
  config.workers = 2;
  config.interfaces.clear();
  config.devices = {"net_pcap4,rx_pcap=" + file()};
  config.spread = LiveConfig::Spread::kNic;
  EXPECT_NE(refusal(config).find("rss"), std::string::npos) << refusal(config);
}

TEST(Interface, DriversInTheirOrder) {
  InterfaceFacts facts;
  auto drivers = drivers_for("eth9", facts, 3);
  ASSERT_EQ(drivers.size(), 2U);
  EXPECT_EQ(drivers[0].driver, "AF_XDP");
  EXPECT_EQ(drivers[0].refusal, "");
  EXPECT_NE(drivers[0].device.find("net_af_xdp3,iface=eth9"), std::string::npos);
  EXPECT_EQ(drivers[1].driver, "AF_PACKET");
  EXPECT_EQ(drivers[1].frame_bytes, 2048U);
  facts.has_address = true;
  EXPECT_NE(drivers_for("eth9", facts, 0)[0].refusal, "");
  facts.has_address = false;
  facts.mtu = 9000;
  drivers = drivers_for("eth9", facts, 0);
  EXPECT_NE(drivers[0].refusal.find("MTU"), std::string::npos);
  EXPECT_GE(drivers[1].frame_bytes, 9000U + 26);
  facts.merges_frames = true;
  EXPECT_GE(drivers_for("eth9", facts, 0)[1].frame_bytes, 65000U);
}

TEST(EalArguments, AreWordsAndQuotedWords) {
  const auto words = [](std::string_view args) -> std::string {
    const auto split = split_eal_args(args);
    if (!split) return "error: " + split.error().message;
    std::string all;
    for (const auto& w : split.value()) all += "<" + w + ">";
    return all;
  };
  EXPECT_EQ(words(""), "");
  EXPECT_EQ(words(" -l  1\t--in-memory "), "<-l><1><--in-memory>");
  EXPECT_EQ(words(R"(--file-prefix "a b" -d'x "y"' "")"), R"(<--file-prefix><a b><-dx "y"><>)");
  EXPECT_EQ(words(R"("unclosed)"), R"(error: --eal '"unclosed': a double quote is not closed)");
  EXPECT_EQ(words("-l 'it"), "error: --eal '-l 'it': a single quote is not closed");
}

/// A pair of interfaces, one to send into and one to capture from. In a network of its own: net_af_packet
/// makes its fan-out's number of the process's and the interface's, and two tests that run side by side may
/// come to the same one, which the kernel refuses within one network.
class Veth : public testing::Test {
 protected:
  void SetUp() override {
    if (geteuid() != 0) GTEST_SKIP() << "needs root to make a veth pair";
    if (::unshare(CLONE_NEWNET) != 0) GTEST_SKIP() << "this kernel makes no networks";
    out_ = "pkto" + std::to_string(getpid() % 100000);
    in_ = "pkti" + std::to_string(getpid() % 100000);
    const std::string make = "ip link add " + out_ + " type veth peer name " + in_ + " && ip link set " +
                             out_ + " up && ip link set " + in_ + " up";
    if (std::system((make + " 2>/dev/null").c_str()) != 0) GTEST_SKIP() << "this kernel makes no veth pairs";
    made_ = true;
    socket_ = ::socket(AF_PACKET, SOCK_RAW, 0);
    ASSERT_GE(socket_, 0);
  }
  void TearDown() override {
    if (socket_ >= 0) ::close(socket_);
    if (made_) std::system(("ip link del " + out_).c_str());
  }
  void send(const Frame& f) const {
    sockaddr_ll to{};
    to.sll_family = AF_PACKET;
    to.sll_ifindex = static_cast<int>(if_nametoindex(out_.c_str()));
    ASSERT_EQ(::sendto(socket_, f.data(), f.size(), 0, reinterpret_cast<const sockaddr*>(&to), sizeof to),
              static_cast<ssize_t>(f.size()));
  }
  /// Sends, captures, compares: only our frames count, the kernel adds its own.
  void run(const LiveConfig& config) {
    std::vector<std::string> notes;
    auto opened = LivePorts::open(config, notes);
    ASSERT_TRUE(opened.has_value()) << opened.error().message;
    LivePorts& live = *opened.value();
    notes_ = lines(notes);
    constexpr unsigned kCount = 100;
    for (unsigned n = 0; n < kCount; ++n) send(numbered(n));
    std::set<unsigned> seen;
    const std::uint64_t now = system_utc_ns();
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(5);
    while (seen.size() < kCount && std::chrono::steady_clock::now() < deadline) {
      std::array<Packet, kBurst> burst;
      const unsigned got = live.source(0).receive(burst);
      for (unsigned i = 0; i < got; ++i) {
        const Packet& p = burst[i];
        if (p.size < 44 || p.data[12] != 8 || p.data[13] != 0 || p.data[23] != 17 || p.data[34] != 0x03)
          continue;
        const unsigned n = number_of(p);
        EXPECT_EQ(Frame(p.data, p.data + p.size), numbered(n));
        EXPECT_LT(p.time_ns > now ? p.time_ns - now : now - p.time_ns, 60'000'000'000U);
        seen.insert(n);
      }
      live.source(0).release({burst.data(), got});
      live.housekeep();
    }
    EXPECT_EQ(seen.size(), kCount);
    EXPECT_GE(live.stats()[0].received, kCount);
    EXPECT_EQ(live.stats()[0].missed, 0U);
  }

  std::string out_, in_, notes_;
  int socket_ = -1;
  bool made_ = false;
};

TEST_F(Veth, AfPacket) {
  LiveConfig config;
  const auto facts = interface_facts(in_);
  ASSERT_TRUE(facts.has_value());
  EXPECT_TRUE(facts.value().is_up);
  EXPECT_TRUE(facts.value().merges_frames) << "a veth hands on frames that TCP never cut";
  config.devices = {"net_af_packet9,iface=" + in_};
  run(config);
  EXPECT_NE(notes_.find("net_af_packet"), std::string::npos) << notes_;
}

TEST_F(Veth, AddressMeansAfPacket) {
  ASSERT_EQ(std::system(("ip addr add 198.51.100.1/30 dev " + in_).c_str()), 0);
  LiveConfig config;
  config.interfaces = {in_};
  run(config);
  EXPECT_NE(notes_.find("captured through AF_PACKET; not AF_XDP: the interface has an IP address"),
            std::string::npos)
      << notes_;
}

TEST_F(Veth, AfXdpFirst) {
  LiveConfig config;
  config.interfaces = {in_};
  run(config);
  // Kernels without AF_XDP fall back, and say so.
  EXPECT_NE(notes_.find(in_ + ": captured through AF_"), std::string::npos) << notes_;
  if (notes_.find("AF_XDP") == std::string::npos)
    ADD_FAILURE() << "AF_XDP was neither taken nor refused: " << notes_;
}

}  // namespace
}  // namespace picket
