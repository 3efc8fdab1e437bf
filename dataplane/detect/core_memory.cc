#include "dataplane/detect/core_memory.h"

#include <hs/hs.h>
#define PCRE2_CODE_UNIT_WIDTH 8
#include <isa-l.h>
#include <pcre2.h>

namespace picket::detect {
namespace {

// A pattern that needs more than this on one buffer is given up and counted. Flag O asks for no limit: it gets
// a wide one, since repeats in repeats would not end within a lifetime.
constexpr std::uint32_t kPcreMatchLimit = 3500, kPcreDepthLimit = 1500, kPcreWideMatchLimit = 200'000;
constexpr std::size_t kJitStackFirst = 32 * 1024, kJitStackMost = 512 * 1024;
constexpr std::uint32_t kCaptures = 32;

std::size_t most_patterns(const RuleSet& set) {
  std::size_t most = 1;
  const auto look = [&most](const Scan& s) { most = std::max<std::size_t>(most, s.patterns); };
  for (const ZonePlan& plan : set.plans) {
    for (const auto& by_dir : plan.packet_payload) {
      for (const PayloadPlan& p : by_dir) std::for_each(p.scans.begin(), p.scans.end(), look);
    }
    for (const PayloadPlan& p : plan.stream_payload) std::for_each(p.scans.begin(), p.scans.end(), look);
    for (const FramePlan& p : plan.frames) look(p.scan);
  }
  for (const auto& buffer : set.buffers) look(buffer.scan);
  return most;
}

}  // namespace

CoreMemory::CoreMemory(const RuleSet& set)
    : hits(most_patterns(set)),
      packet(set.rules.size()),
      transaction(set.rules.size()),
      choices(kMaxOps),
      base64(kMaxTransformed),
      notes(kMaxNotes) {
  for (auto& t : transformed) t.resize(kMaxTransformed);
  if (std::any_of(set.frame_wants.begin(), set.frame_wants.end(), [](std::uint32_t w) { return w != 0; }))
    frame_bytes.resize(kMaxFrameBytes);
  if (std::any_of(set.transforms.begin(), set.transforms.end(), [](const Transform& t) {
        return t.kind == Transform::Kind::kGunzip || t.kind == Transform::Kind::kZlibDeflate;
      }))
    inflate = std::make_unique<inflate_state>();
  for (auto& m : in_set) m.resize(set.address_sets.size());
  if (set.scratch_prototype != nullptr && hs_clone_scratch(set.scratch_prototype, &scratch) != HS_SUCCESS)
    return;
  match_data = pcre2_match_data_create_8(kCaptures, nullptr);
  limited = pcre2_match_context_create_8(nullptr);
  unlimited = pcre2_match_context_create_8(nullptr);
  jit_stack = pcre2_jit_stack_create_8(kJitStackFirst, kJitStackMost, nullptr);
  if (match_data == nullptr || limited == nullptr || unlimited == nullptr || jit_stack == nullptr) return;
  pcre2_set_match_limit_8(limited, kPcreMatchLimit);
  pcre2_set_depth_limit_8(limited, kPcreDepthLimit);
  pcre2_set_match_limit_8(unlimited, kPcreWideMatchLimit);
  pcre2_jit_stack_assign_8(limited, nullptr, jit_stack);
  pcre2_jit_stack_assign_8(unlimited, nullptr, jit_stack);
  ok_ = true;
}

CoreMemory::~CoreMemory() {
  hs_free_scratch(scratch);
  pcre2_match_data_free_8(match_data);
  pcre2_match_context_free_8(limited);
  pcre2_match_context_free_8(unlimited);
  pcre2_jit_stack_free_8(jit_stack);
}

void CoreMemoryDelete::operator()(CoreMemory* m) const noexcept { delete m; }

CoreMemoryPtr make_core_memory(const RuleSet& set) {
  CoreMemoryPtr m(new CoreMemory(set));
  return m->ok() ? std::move(m) : nullptr;
}

RuleSet::~RuleSet() { hs_free_scratch(scratch_prototype); }

}  // namespace picket::detect
