// tests/fuzz/text_fuzz.cc — files that people write: any bytes end in messages, in bounded time
//
//   fuzz_KIND CORPUS...       libFuzzer; PICKET_TEXT says which kind (meson setup -Dfuzz=true, clang)
//   text_replay KIND DIR...   the same for every seed, cut short and mutated: part of `meson test`
//
// Kinds: rules (loaded, planned and compiled as the sensor does), thresholds (threshold.config), datasets (a set's
// file, of every type and format), reputation (iprep's files), indicators (of compromise, and what they are looked up
// for).
#include <sys/mman.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <sstream>

#include "export/intel/indicator_file.h"
#include "export/intel/values.h"
#include "sensor/rules/plan.h"
#include "sensor/rules/report.h"
#include "sensor/rules/reputation.h"
#include "sensor/rules/test_protocols.h"
#include "tests/fuzz/replay.h"

namespace picket::testing {
namespace {

using namespace rules;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "%s\n", what.c_str());
  std::abort();
}

LoadOptions options() {
  LoadOptions o;
  o.protocols = test_protocols();
  return o;
}

/// Loads and plans; every rule is either planned or rejected with a reason.
Plan plan_all(RuleSet& set, const AddressKnowledge* addresses = nullptr) {
  PlanMemory memory("");
  PlanOptions o;
  o.protocols = test_protocols();
  o.memory = &memory;
  o.threads = 1;
  o.addresses = addresses;
  auto planned = plan(set, o);
  if (!planned) fail("nothing can be planned: " + planned.error().message);
  for (const RuleStatus& s : set.statuses) {
    if (!s.loaded() && s.error() == nullptr) fail("a rule went without a reason");
  }
  return std::move(planned).value();
}

void fuzz_rules(std::string_view text) {
  auto set = load_rules_text("fuzz.rules", text, options());
  plan_all(set);
  std::ostringstream out;
  write_json(out, set, {});
  write_table(out, set, {});
}

void fuzz_thresholds(std::string_view text) {
  const ThresholdFile file = read_thresholds("threshold.config", text, default_variables());
  Judgement j;
  j.gid = j.sid = 1;
  file.apply(j);
}

void fuzz_datasets(std::string_view text) {
  const int fd = memfd_create("dataset", 0);
  if (fd < 0 || write(fd, text.data(), text.size()) != static_cast<ssize_t>(text.size()))
    fail("no file in memory");
  const std::string path = "/proc/self/fd/" + std::to_string(fd);
  std::string rules;
  unsigned sid = 0;
  const auto add = [&](const std::string& keyword) {
    rules +=
        "alert dns any any -> any any (dns.query; " + keyword + "; sid:" + std::to_string(++sid) + ";)\n";
  };
  for (const char* type : {"string", "md5", "sha256", "ipv4", "ip"}) {
    const std::string name(type);
    add("dataset:isset,plain-" + name + ",type " + name + ",load " + path);
    add("datarep:scores-" + name + ",>,1,type " + name + ",load " + path);
    for (const char* format : {"json", "ndjson"})
      add("dataset:isset," + std::string(format) + name + ",type " + name + ",load " + path + ",format " +
          format + ",value_key v,context_key c");
  }
  auto set = load_rules_text("fuzz.rules", rules, options());
  plan_all(set);
  close(fd);
}

void fuzz_reputation(std::string_view text) {
  AddressKnowledge k;
  k.add_categories("categories", "1,A,\n2,B,\n");
  k.add_reputation("reputation", text);
  k.add_categories("categories", text);
  for (const char* name : {"A", "B"}) {
    const auto& ranges = *k.category(name);
    for (std::size_t i = 0; i < ranges.size(); ++i) {
      if (ranges[i].last < ranges[i].first || (i != 0 && !(ranges[i - 1].last < ranges[i].first)))
        fail("ranges overlap");
    }
  }
}

/// Each line has an indicator or a problem; what was read is found again, and the text itself is looked up as every kind
/// of field.
void fuzz_indicators(std::string_view text) {
  using namespace intel;
  IndicatorSetBuilder builder;
  IndicatorReport report;
  read_indicators("fuzz.intel", text, std::size_t{1} << 20, builder, report);
  if (report.bad < report.problems.size()) fail("problems are more than bad lines");
  const auto set = builder.finish();
  struct Finder final : KeyFinder {
    void found(IndicatorSet::Range range, const Key&, std::string_view) override {
      hits += range.last - range.first;
    }
    std::uint64_t hits = 0;
  } finder;
  IndicatorReader reader;
  reader.use(*set);
  for (std::uint32_t i = 0; i < set->size(); ++i) {
    const Row row = reader.read(i);
    const auto range = set->find(row.key);
    if (i < range.first || i >= range.last) fail("an indicator is not found: " + std::string(row.text));
  }
  Values values(*set, finder);
  for (int what = 0; v1::Observable_IsValid(what); ++what)
    values.look(static_cast<v1::Observable>(what), as_bytes(text));
}

struct Kind {
  std::string_view name;
  void (*one)(std::string_view);
};
constexpr Kind kKinds[] = {
    {"datasets", fuzz_datasets}, {"indicators", fuzz_indicators}, {"reputation", fuzz_reputation},
    {"rules", fuzz_rules},       {"thresholds", fuzz_thresholds},
};

const Kind* find_kind(std::string_view name) {
  for (const Kind& k : kKinds) {
    if (k.name == name) return &k;
  }
  return nullptr;
}

}  // namespace
}  // namespace picket::testing

#ifdef PICKET_TEXT

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto* kind = picket::testing::find_kind(PICKET_TEXT);
  kind->one({reinterpret_cast<const char*>(data), size});
  return 0;
}

#else

int main(int argc, char** argv) {
  const auto* kind = argc < 2 ? nullptr : picket::testing::find_kind(argv[1]);
  if (kind == nullptr) {
    std::fprintf(stderr,
                 "usage: text_replay datasets|indicators|reputation|rules|thresholds [FILE|DIR]...\n");
    return 2;
  }
  return picket::testing::replay(argv[1], {argv + 2, argv + argc}, {std::string(64, '\xff'), "\n\n"}, 64,
                                 kind->one);
}

#endif
