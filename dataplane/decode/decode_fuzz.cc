// libFuzzer: one input is a link type, switches, and frames with their lengths in front; they pass one
// defragmenter.
#include <cstdio>
#include <cstdlib>

#include "dataplane/decode/decode_testing.h"
#include "dataplane/decode/defrag.h"
#include "dataplane/decode/shard.h"

namespace {

using namespace picket;

void require(bool holds, const std::string& what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

void one_frame(const Decoder& decoder, Defragmenter& defrag, Bytes frame, LinkType link, std::size_t wire,
               std::uint64_t n) {
  testing_frames::Decoded d =
      testing_frames::packet_of({frame.begin(), frame.end()}, link, std::max(wire, frame.size()));
  decoder.decode(d.p);
  require(testing_frames::what_is_wrong(d.p, {d.p.data, d.p.size}).empty(),
          testing_frames::what_is_wrong(d.p, {d.p.data, d.p.size}));
  for (const ShardMode mode : {ShardMode::kIpPair, ShardMode::kFiveTuple}) {
    const std::uint8_t shard = shard_of(d.p.data, d.p.size, link, mode, decoder.config());
    const bool settled = d.p.verdict == Verdict::kInspected || d.p.verdict == Verdict::kBadChecksum;
    require(shard < kShards, "shard out of range");
    require(!settled || shard == shard_of(d.p, mode), "the shard is not that of the decoded packet");
  }
  d.p.at = {n * 20'000'000'000, n};
  d.p.shard = 0;
  decode(decoder, defrag, d.p);
  require(d.p.is_fragment || d.p.verdict != Verdict::kFragmentHeld, "held, but no fragment");
  require(!(d.p.is_fragment && d.p.verdict == Verdict::kInspected), "a fragment passed");
  defrag.recycle();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  Cursor in(Bytes(data, size));
  const auto link = static_cast<LinkType>(in.u8() % (static_cast<unsigned>(LinkType::kUnknown) + 1));
  const std::uint8_t switches = in.u8();
  DecodeConfig config;
  config.verify_checksums = (switches & 1) != 0;
  config.erspan = (switches & 2) == 0;
  const Decoder decoder(config);
  Defragmenter defrag({.trackers = 1, .memcap_bytes = 1, .max_pieces = 8}, 0, 1);
  std::uint64_t frames = 0;
  while (!in.empty() && ++frames <= 64) {
    const std::size_t length = in.u16be();
    const Bytes frame = in.bytes(std::min(length, in.left()));
    one_frame(decoder, defrag, frame, link, (switches & 4) != 0 ? frame.size() + 40 : 0, frames);
  }
  defrag.finish();
  const DefragStats& s = defrag.stats();
  require(s.waiting == 0, "fragments wait for ever");
  return 0;
}
