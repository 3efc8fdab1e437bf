// tests/fuzz/ot_mutation.cc — a damaged PDU must not blind a protocol of plants (parsers/core/ot.h)
//
//   ot_mutation PROTOCOL PATH...     PATH: folders with input.pcap of cases, and of seeds as in README.md
//   PICKET_MUTATIONS=N               so many damages, over all conversations (default 50)
//   PICKET_SEED=S                    the first one's seed; damage i has S + i
//
// Each conversation (of a capture: the flows that the protocol's probe says yes to) is spoken in copies on one flow,
// an hour apart, so that nothing waits from one copy to the next:
//
//   copy 0, one of its packets damaged │ copies until `slack` bytes went by in the damaged direction │ one more │ the last
//
// What is compared   the transactions that begin in the last copy: those that are well-formed there without damage (no
//                    event) must be there after it, with the same operation, addresses, values, buffers and numbers, in
//                    the same order
// What may be lost   what is in the damaged packet; behind it, as many bytes of that direction as the protocol may hold
//                    while it waits for the end of a frame (max_pending_bytes), since a damaged length may say that they
//                    belong to the frame; what those were to be paired with; and what it takes to be sure again where
//                    frames begin, or what was lost since: one conversation. Over datagrams: the damaged one alone, so
//                    there is no slack
// What is left out   conversations that are no whole: their end leads into the copy behind it, so that which frames are
//                    well-formed depends on how many copies there were. They are counted
// What must hold     the contract of Parser and Sink (tests/support/parser_harness.h) in all copies; sanitizers find the
//                    rest
//
// How much was lost in between is counted and printed, for there it is no failure.
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <optional>
#include <set>

#include "parsers/core/ot.h"
#include "tests/fuzz/capture_talk.h"
#include "tests/fuzz/replay.h"

namespace picket::testing {
namespace {

constexpr std::uint64_t kHour = 3'600'000'000'000;
constexpr std::size_t kMaxCopies = 3000;     // of a short conversation in a long slack
constexpr std::size_t kMaxTurnBytes = 4096;  // a longer packet is no PDU to damage
constexpr unsigned kDefaultMutations = 50;

// -------------------------------------------------------------------------------------------------- running

/// All that rules and records can ask of it, but for where it stands in its flow, and for events: that a reply was not
/// asked for may be true only since the damage looked like a request.
std::string text_of(const ProtocolSpec& spec, const Transaction& tx) {
  const auto& x = static_cast<const OtTransaction&>(tx);
  std::string out = std::string(x.has_request ? "req " : "") + (x.has_reply ? "rep " : "");
  out += x.failed ? "failed " : "";
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    out += dir == Direction::kToServer ? "> " : "< ";
    for (const BufferDef& b : spec.buffers) {
      Bytes value;
      if (b.progress[index(dir)] == kNever) continue;
      for (unsigned n = 0; n < kMaxOtInstances && b.get(tx, dir, n, value); ++n)
        out += std::string(b.name) + "=" + printable(value) + " ";
    }
    for (const IntegerDef& d : spec.integers) {
      std::uint64_t value = 0;
      if (d.progress[index(dir)] == kNever) continue;
      for (unsigned n = 0; n < kMaxOtInstances && d.get(tx, dir, n, value); ++n)
        out += std::string(d.name) + "=" + std::to_string(value) + " ";
    }
    OtValue v;
    for (unsigned n = 0; n < kMaxOtInstances && x.ot->value(x, dir, n, v); ++n, v = {})
      out += (v.is_number ? std::to_string(v.number) : printable(v.text)) + " ";
  }
  return out;
}

struct Outcome {
  std::vector<std::string> last;         ///< transactions that begin in the last copy
  std::vector<std::string> well_formed;  ///< those of them without an event
  std::size_t before = 0;                ///< how many began in the copies before
  std::vector<std::string> violations;
};

Outcome speak(const ProtocolSpec& spec, const Input& in, std::size_t copies,
              std::optional<std::size_t> damaged, std::string_view instead) {
  HarnessOptions options;
  options.transport = in.transport;
  options.pool_bytes = 8 << 20;
  options.read_all = false;
  std::map<std::uint64_t, std::string> texts;
  std::set<std::uint64_t> eventful;
  bool in_last = false;  // texts of the others are not compared, and there are thousands
  options.describe = [&](const Transaction& tx) {
    if (tx.events != 0) eventful.insert(tx.id);
    return texts[tx.id] = in_last ? text_of(spec, tx) : std::string();
  };
  ParserRun run(spec, options);
  std::set<std::uint64_t> early;
  for (std::size_t copy = 0; copy <= copies; ++copy) {
    if (copy == copies) early = run.begun();
    in_last = copy == copies;
    for (std::size_t t = 0; t < in.talk.size(); ++t) {
      const bool here = copy == 0 && damaged == t;
      run.feed(in.talk[t].dir, here ? instead : std::string_view(in.talk[t].bytes));
      run.next_turn();
    }
    if (copy < copies) run.wait(kHour);
  }
  run.close();
  Outcome out;
  out.violations = run.violations();
  out.before = early.size();
  for (const auto& [id, text] : texts) {
    if (early.contains(id)) continue;
    out.last.push_back(text);
    if (!eventful.contains(id)) out.well_formed.push_back(text);
  }
  return out;
}

/// All of `wanted` stand in `got`, in that order; others may stand between them.
bool all_there(const std::vector<std::string>& wanted, const std::vector<std::string>& got) {
  auto at = got.begin();
  for (const std::string& w : wanted) {
    at = std::find(at, got.end(), w);
    if (at == got.end()) return false;
    ++at;
  }
  return true;
}

/// A damage's own random numbers: near seeds give far ones.
std::uint64_t spread(std::uint64_t seed) {
  seed += 0x9e3779b97f4a7c15;
  seed = (seed ^ seed >> 30) * 0xbf58476d1ce4e5b9;
  seed = (seed ^ seed >> 27) * 0x94d049bb133111eb;
  return (seed ^ seed >> 31) | 1;
}

std::uint64_t number_of(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text == nullptr ? otherwise : std::strtoull(text, nullptr, 10);
}

int run_all(const ProtocolSpec& spec, const std::vector<std::string>& paths) {
  const std::vector<Source> sources = read_sources(spec, paths);
  if (sources.empty()) {
    std::fprintf(stderr, "%s: no capture and no seed to damage\n", std::string(spec.name).c_str());
    return 1;
  }
  const std::uint64_t seed = number_of("PICKET_SEED", 1),
                      count = number_of("PICKET_MUTATIONS", kDefaultMutations);
  struct Clean {
    std::size_t copies = 0;
    Outcome outcome;
    bool leads_on = false;
  };
  std::map<std::pair<const Source*, Direction>, Clean> clean;
  std::uint64_t lost = 0, all = 0, unfit = 0, failures = 0;
  for (std::uint64_t i = 0; i < count && failures < 5; ++i) {
    std::uint64_t random = spread(seed + i);
    const Source& s = sources[random / 7 % sources.size()];
    const auto& talk = s.input.talk;
    const std::size_t turn = random / 7 / sources.size() % talk.size();
    const Direction dir = talk[turn].dir;
    if (talk[turn].bytes.size() > kMaxTurnBytes) continue;
    Clean& c = clean[{&s, dir}];
    if (c.copies == 0) {
      std::size_t bytes = 0;
      for (const Turn& t : talk) bytes += t.dir == dir ? t.bytes.size() : 0;
      const std::size_t slack = s.input.transport == Transport::kTcp ? spec.max_pending_bytes : 0;
      c.copies = 2 + std::min(kMaxCopies, (slack + bytes - 1) / bytes);
      c.outcome = speak(spec, s.input, c.copies, {}, {});
      c.leads_on = speak(spec, s.input, c.copies - 1, {}, {}).last != c.outcome.last;
    }
    unfit += c.leads_on ? 1 : 0;
    if (c.leads_on) continue;
    const std::string damaged = mutate(talk[turn].bytes, random);
    const Outcome got = speak(spec, s.input, c.copies, turn, damaged);
    all += c.outcome.before;
    lost += c.outcome.before - std::min(c.outcome.before, got.before);
    const bool broken = !got.violations.empty() || !c.outcome.violations.empty();
    if (!broken && all_there(c.outcome.well_formed, got.last)) continue;
    ++failures;
    std::fprintf(
        stderr, "%s, packet %zu %s, seed %llu: %s\n  run again: PICKET_SEED=%llu PICKET_MUTATIONS=1\n",
        s.name.c_str(), turn, dir == Direction::kToServer ? "to the server" : "to the client",
        static_cast<unsigned long long>(seed + i), broken ? "the contract is broken" : "what follows is lost",
        static_cast<unsigned long long>(seed + i));
    std::fprintf(stderr, "  was  %s\n  is   %s\n%s", printable(as_bytes(talk[turn].bytes)).c_str(),
                 printable(as_bytes(damaged)).c_str(), detail::join(got.violations).c_str());
    if (!broken)
      std::fprintf(stderr, "wanted in the last of %zu copies:\n%sgot:\n%s", c.copies + 1,
                   detail::join(c.outcome.well_formed).c_str(), detail::join(got.last).c_str());
  }
  std::printf(
      "%s: %zu conversations, %llu damages from seed %llu on, %llu of them to conversations that are no "
      "whole; %llu of "
      "%llu transactions before the last copy lost\n",
      std::string(spec.name).c_str(), sources.size(), static_cast<unsigned long long>(count),
      static_cast<unsigned long long>(seed), static_cast<unsigned long long>(unfit),
      static_cast<unsigned long long>(lost), static_cast<unsigned long long>(all));
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace picket::testing

int main(int argc, char** argv) {
  using namespace picket;
  const ProtocolId id = argc < 3 ? kNoProtocol : find_protocol(argv[1]);
  if (id == kNoProtocol) {
    std::fprintf(stderr, "usage: ot_mutation PROTOCOL PATH...\n");
    return 2;
  }
  if (protocols()[id]->ot == nullptr) {
    std::printf("%s: no protocol of plants\n", argv[1]);
    return 77;  // meson: skipped
  }
  return testing::run_all(*protocols()[id], {argv + 2, argv + argc});
}
