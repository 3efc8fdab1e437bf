// Nanoseconds a packet: decode() and shard_of() on frames of each kind, and on captures named on the command
// line (every argument that is no flag). Frames are many and lie apart, as in a receive ring, but in cache.
#include <benchmark/benchmark.h>

#include <memory>

#include "dataplane/decode/decode_testing.h"
#include "dataplane/decode/defrag.h"
#include "dataplane/decode/shard.h"
#include "dataplane/io/pcap_file.h"

namespace picket {
namespace {

using namespace testing_frames;

struct Frames {
  std::vector<Frame> bytes;
  std::vector<Packet> packets;

  void add(const Frame& f, LinkType link, std::size_t wire_size) {
    bytes.push_back(f);
    Packet p;
    p.link = link;
    p.size = static_cast<std::uint32_t>(f.size());
    p.wire_size = static_cast<std::uint32_t>(wire_size);
    packets.push_back(p);
  }
  void settle() {
    for (std::size_t i = 0; i < bytes.size(); ++i) packets[i].data = bytes[i].data();
  }
};

std::unique_ptr<Frames> repeated(const Frame& f) {
  auto frames = std::make_unique<Frames>();
  for (int i = 0; i < 256; ++i) frames->add(f, LinkType::kEthernet, f.size());
  frames->settle();
  return frames;
}

void decode_all(benchmark::State& state, Frames& frames, const DecodeConfig& config) {
  const Decoder decoder(config);
  for (auto _ : state) {
    for (Packet& p : frames.packets) {
      decoder.decode(p);
      benchmark::DoNotOptimize(p.payload);
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * frames.packets.size()));
}

void shard_all(benchmark::State& state, const Frames& frames) {
  for (auto _ : state) {
    for (const Packet& p : frames.packets) {
      benchmark::DoNotOptimize(shard_of(p.data, p.size, p.link, ShardMode::kIpPair));
    }
  }
  state.SetItemsProcessed(static_cast<std::int64_t>(state.iterations() * frames.packets.size()));
}

void add(const std::string& name, std::unique_ptr<Frames> owned) {
  Frames* frames = owned.release();  // as long as the program
  DecodeConfig verify;
  verify.verify_checksums = true;
  benchmark::RegisterBenchmark(("decode/" + name).c_str(),
                               [=](benchmark::State& s) { decode_all(s, *frames, {}); });
  benchmark::RegisterBenchmark(("decode+checksums/" + name).c_str(),
                               [=](benchmark::State& s) { decode_all(s, *frames, verify); });
  benchmark::RegisterBenchmark(("shard/" + name).c_str(),
                               [=](benchmark::State& s) { shard_all(s, *frames); });
}

void register_all() {
  const Frame data(1000, 'x'), stamp = hex("01 01 08 0a 00000001 00000002");
  const Frame ip = ip4(6, tcp(40000, 443, 0x10, stamp, data));
  add("tcp4", repeated(eth(0x0800, ip)));
  add("tcp4-syn",
      repeated(eth(0x0800, ip4(6, tcp(1, 2, 2, hex("020405b4 0402 080a 00000001 00000002 01 030307"), {})))));
  add("udp4", repeated(eth(0x0800, ip4(17, udp(40000, 53, Frame(60, 1))))));
  add("tcp6", repeated(eth(0x86dd, ip6(6, tcp(40000, 443, 0x10, stamp, data)))));
  add("vlan", repeated(eth(0x8100, vlan_tag(5, 0x0800, ip))));
  add("vxlan", repeated(eth(0x0800, ip4(17, udp(1, 4789, hex("08000000 00000100") + eth(0x0800, ip))))));
  add("gre", repeated(eth(0x0800, ip4(47, hex("0000 0800") + ip))));
  add("icmp", repeated(eth(0x0800, ip4(1, hex("0800 0000 0001 0001") + Frame(56, 1)))));
}

void register_capture(const std::string& path) {
  auto opened = CaptureReader::open(path);
  if (!opened) {
    std::fprintf(stderr, "%s\n", opened.error().message.c_str());
    return;
  }
  auto frames = std::make_unique<Frames>();
  CapturedPacket p;
  while (opened.value().next(p) == CaptureReader::Next::kPacket && frames->bytes.size() < 100'000) {
    frames->add({p.data.begin(), p.data.end()}, p.link, p.wire_size);
  }
  frames->settle();
  add(path.substr(path.find_last_of('/') + 1), std::move(frames));
}

/// Reading, without decoding.
void read_capture(benchmark::State& state, const std::string& path) {
  std::int64_t packets = 0;
  for (auto _ : state) {
    auto opened = CaptureReader::open(path);
    CapturedPacket p;
    while (opened.value().next(p) == CaptureReader::Next::kPacket) benchmark::DoNotOptimize(p.data);
    packets += static_cast<std::int64_t>(opened.value().packets());
  }
  state.SetItemsProcessed(packets);
}

}  // namespace
}  // namespace picket

int main(int argc, char** argv) {
  picket::register_all();
  benchmark::Initialize(&argc, argv);
  for (int i = 1; i < argc; ++i) {
    const std::string path = argv[i];
    picket::register_capture(path);
    benchmark::RegisterBenchmark(("read/" + path.substr(path.find_last_of('/') + 1)).c_str(),
                                 [=](benchmark::State& s) { picket::read_capture(s, path); });
  }
  benchmark::RunSpecifiedBenchmarks();
}
