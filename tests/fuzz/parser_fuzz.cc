// tests/fuzz/parser_fuzz.cc — one driver for every protocol: bytes become a conversation, a parser has it,
// and nothing may go wrong
//
//   fuzz_NAME CORPUS...          libFuzzer; PICKET_PROTOCOL says which protocol (meson setup -Dfuzz=true,
//   clang) corpus_replay NAME DIR...    the same for every seed in the folders, each of its truncations, and
//   a fixed number of
//                                mutations of it: part of `meson test`
//
// What must hold: the contract of Parser and Sink (tests/support/parser_harness.h), every record is valid
// Protobuf and EVE, the same records however TCP's segments fall, a probe that says yes or no to some bytes
// does not take it back when it sees more. Sanitizers find the rest. Seeds: README.md.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/conversation.h"
#include "tests/fuzz/replay.h"
#include "tests/support/parser_harness.h"
#include "tests/support/record_text.h"

namespace picket::testing {
namespace {

constexpr std::size_t kMaxProbed = 96;  // prefixes

[[noreturn]] void fail(const std::string& what, const std::vector<std::string>& a,
                       const std::vector<std::string>& b = {}) {
  std::fprintf(stderr, "%s\n%s", what.c_str(), detail::join(a).c_str());
  if (!b.empty()) std::fprintf(stderr, "and\n%s", detail::join(b).c_str());
  std::abort();
}

void check_probe(const ProtocolSpec& spec, const Input& in) {
  for (const Turn& turn : in.talk) {
    if (turn.kind != Turn::Kind::kBytes) continue;
    const Bytes all = as_bytes(turn.bytes);
    Probe last = Probe::kUnsure;
    const std::size_t steps = in.transport == Transport::kTcp ? std::min(all.size(), kMaxProbed) : 0;
    for (std::size_t n = 0; n <= steps; ++n) {
      const std::vector<std::uint8_t> exact(
          all.begin(), all.begin() + static_cast<std::ptrdiff_t>(n == steps ? all.size() : n));
      const Probe p = spec.probe(in.transport, turn.dir, exact);
      if (last != Probe::kUnsure && p != last) {
        fail("probe took its answer back after " + std::to_string(n) + " bytes", {printable(all)});
      }
      last = p;
    }
    return;  // what a direction starts with
  }
}

void check(ProtocolId id, const Input& in) {
  static RecordText text(id);
  const ProtocolSpec& spec = *protocols()[id];
  HarnessOptions options;
  options.transport = in.transport;
  options.files = true;
  options.pool_bytes = 2 << 20;  // mapped and unmapped in every run
  options.describe = [](const Transaction& tx) {
    std::string json = text.json(tx);
    if (json.rfind("BROKEN", 0) == 0) fail(json, {});
    return json;
  };
  if (spec.probe != nullptr) check_probe(spec, in);

  const auto play = [&](bool cut) {
    auto r = std::make_unique<ParserRun>(spec, options);
    std::uint32_t random = 2463534242;
    for (const Turn& turn : in.talk) {
      std::string_view bytes = turn.bytes;
      while (cut && bytes.size() > 1) {
        random ^= random << 13, random ^= random >> 17, random ^= random << 5;
        const std::size_t n = 1 + random % std::min<std::size_t>(bytes.size() - 1, 40);
        r->feed(turn.dir, bytes.substr(0, n));
        bytes.remove_prefix(n);
      }
      if (turn.kind == Turn::Kind::kBytes) {
        r->feed(turn.dir, bytes);
      } else {
        r->play(turn);
      }
      r->next_turn();
    }
    r->close();
    if (!r->violations().empty()) fail("the contract is broken:", r->violations());
    return r;
  };
  const auto whole = play(false);
  if (in.transport != Transport::kTcp) return;
  const auto cut = play(true);
  // What had to be dropped for want of room depends on where segments end, and may.
  if (whole->overflows() + cut->overflows() != 0) return;
  if (whole->lines() != cut->lines()) fail("segments matter:", whole->lines(), cut->lines());
}

}  // namespace

void fuzz_one(ProtocolId id, std::string_view data) {
  for (const Input& in : inputs(*protocols()[id], data)) check(id, in);
}

}  // namespace picket::testing

#ifdef PICKET_PROTOCOL

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const picket::ProtocolId id = picket::find_protocol(PICKET_PROTOCOL);
  picket::testing::fuzz_one(id, picket::as_text({data, size}));
  return 0;
}

#else

int main(int argc, char** argv) {
  using namespace picket;
  if (argc < 2) {
    std::fprintf(stderr, "usage: corpus_replay PROTOCOL [FILE|DIR]...\n");
    return 2;
  }
  const ProtocolId id = find_protocol(argv[1]);
  if (id == kNoProtocol) {
    std::fprintf(stderr, "no protocol '%s'\n", argv[1]);
    return 2;
  }
  if (protocols()[id]->create == nullptr || testing::record_type(*protocols()[id]) == nullptr) {
    std::printf("%s: no parser yet, or no record in the schema\n", argv[1]);
    return 77;  // meson: skipped
  }
  // A protocol without seeds gets these: they are too few to find much.
  const std::vector<std::string> seeds = {
      std::string(1, '\0'), std::string(64, '\0'), std::string(300, '\xff'),
      std::string("\xc1\x00\x00\x04test\x01\x00\x04test\x02\x00\x03\x05\x00\x00", 21)};
  return testing::replay(argv[1], {argv + 2, argv + argc}, seeds, 256,
                         [id](std::string_view data) { testing::fuzz_one(id, data); });
}

#endif
