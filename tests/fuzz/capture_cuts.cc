// tests/fuzz/capture_cuts.cc — however the segments of a capture fall, its records are the same
//
//   capture_cuts PROTOCOL FOLDER...    FOLDER: with input.pcap of cases
//   PICKET_CUTS=all                    at every place of long conversations, too
//
// Each conversation (tests/fuzz/capture_talk.h) is spoken with its packets cut in two, one of them at a place or all at
// once, in single bytes, and up to each place and no further. The time this takes grows with the square of its length, so
// that long ones are cut at some of their places, always the same. All of them: with all packets cut at once.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "tests/fuzz/capture_talk.h"
#include "tests/support/record_text.h"

namespace picket::testing {
namespace {

// That the parser reads for a conversation, about: one packet cut at a time, and all of them.
constexpr std::size_t kOneCut = std::size_t{128} << 10, kAllCut = std::size_t{1} << 20;

int run_all(ProtocolId id, const std::vector<std::string>& folders) {
  const ProtocolSpec& spec = *protocols()[id];
  const std::vector<Source> sources = read_sources(spec, folders);
  if (sources.empty()) {
    std::printf("%s: no conversation of its own in %s\n", std::string(spec.name).c_str(),
                folders.front().c_str());
    return 77;  // meson: skipped
  }
  const char* cuts = std::getenv("PICKET_CUTS");
  const bool all = cuts != nullptr && std::string_view(cuts) == "all";
  RecordText text(id);
  std::size_t whole = 0;
  for (const Source& s : sources) {
    HarnessOptions options;
    options.transport = s.input.transport;
    options.files = true;
    options.pool_bytes = 8 << 20;
    options.describe = [&](const Transaction& tx) { return text.json(tx); };
    std::size_t bytes = 0, longest = 0;
    for (const Turn& t : s.input.talk) {
      bytes += t.bytes.size();
      longest = std::max(longest, t.bytes.size());
    }
    const std::size_t step = 1 + bytes * bytes / kOneCut;
    const std::size_t step_of_all = all ? 1 : 1 + bytes * longest / kAllCut;
    whole += step == 1 || step_of_all == 1 ? 1 : 0;
    std::string fault = check_every_truncation(spec, s.input.talk, options, step);
    if (fault.empty() && options.transport == Transport::kTcp) {
      fault = check_every_split(spec, s.input.talk, options, step);
      if (fault.empty()) fault = check_all_turns_split(spec, s.input.talk, options, step_of_all);
    }
    if (fault.empty()) continue;
    std::fprintf(stderr, "%s: %s\n", s.name.c_str(), fault.c_str());
    return 1;
  }
  std::printf("%s: %zu conversations, %zu of them cut at every place\n", std::string(spec.name).c_str(),
              sources.size(), whole);
  return 0;
}

}  // namespace
}  // namespace picket::testing

int main(int argc, char** argv) {
  using namespace picket;
  const ProtocolId id = argc < 3 ? kNoProtocol : find_protocol(argv[1]);
  if (id == kNoProtocol) {
    std::fprintf(stderr, "usage: capture_cuts PROTOCOL FOLDER...\n");
    return 2;
  }
  return testing::run_all(id, {argv + 2, argv + argc});
}
