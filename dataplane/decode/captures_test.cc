// Every packet of every capture in pcaps/: what must hold for any packet, and that its shard is that of its
// addresses.
#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>

#include "dataplane/decode/decode_testing.h"
#include "dataplane/decode/defrag.h"
#include "dataplane/decode/shard.h"
#include "dataplane/io/pcap_file.h"

namespace picket {
namespace {

namespace fs = std::filesystem;
using namespace testing_frames;

fs::path captures() {
  const char* root = std::getenv("PICKET_SOURCE_ROOT");
  return (root != nullptr ? fs::path(root) : fs::path(__FILE__).parent_path() / ".." / "..") / "pcaps";
}

TEST(Captures, HoldWhatDecodePromises) {
  if (!fs::exists(captures())) GTEST_SKIP() << captures() << " is not there; set PICKET_SOURCE_ROOT";
  const auto list = list_captures({captures().string()});
  ASSERT_TRUE(list.has_value()) << list.error().message;
  const Decoder decoder;
  std::uint64_t packets = 0, whole = 0;
  for (const auto& file : list.value().files) {
    auto opened = CaptureReader::open(file);
    if (!opened) continue;  // captures that are damaged on purpose
    Defragmenter defrag({}, 0, 1);
    CapturedPacket in;
    std::uint64_t number = 0, clock_ns = 0, fragments = 0;
    while (opened.value().next(in) == CaptureReader::Next::kPacket) {
      Decoded d = packet_of({in.data.begin(), in.data.end()}, in.link, in.wire_size);
      Packet& p = d.p;
      decoder.decode(p);
      ASSERT_EQ(what_is_wrong(p, {p.data, p.size}), "") << file << ':' << number + 1;
      if (p.verdict == Verdict::kInspected) {
        for (const ShardMode mode : {ShardMode::kIpPair, ShardMode::kFiveTuple}) {
          ASSERT_EQ(shard_of(p.data, p.size, p.link, mode), shard_of(p, mode)) << file << ':' << number + 1;
        }
        fragments += p.is_fragment;
      }
      clock_ns = std::max(clock_ns, in.time_ns);
      p.at = {clock_ns, ++number};
      p.shard = 0;
      decode(decoder, defrag, p);
      ASSERT_FALSE(p.is_fragment && p.verdict == Verdict::kInspected) << file << ':' << number;
      whole += p.reassembled;
      defrag.recycle();
    }
    defrag.finish();
    const DefragStats& s = defrag.stats();
    EXPECT_GE(s.used + s.incomplete + s.lost, fragments) << file;
    EXPECT_EQ(s.waiting, 0U) << file;
    packets += number;
  }
  EXPECT_GT(packets, 0U);
  RecordProperty("packets", static_cast<int>(packets));
  RecordProperty("datagrams", static_cast<int>(whole));
}

}  // namespace
}  // namespace picket
