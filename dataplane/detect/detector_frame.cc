// Frames: runs of a stream's bytes that a parser names. A rule looks at a frame that fits one window once; at a
// longer one window by window, as at a stream, but that what only all of the frame can answer (its size, its
// end, what does not stand in it) is asked once its end is there.
#include <algorithm>

#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/detector.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/program.h"
#include "dataplane/detect/transform.h"

namespace picket::detect {

void Detector::on_frame(Flow& f, ProtocolId app, const FrameLook& look, const Packet* packet) noexcept {
  if (idle(&f) || (f.flags & flow_flag::kNoPayloadInspect) != 0) return;
  Subject s = subject_of(*rules_, packet_or_made_up(packet, f, look.dir), f, look.dir, app, *memory_);
  s.tx = look.tx;
  s.events = &events_;
  Candidates& c = memory_->packet;
  c.clear();
  const auto at = static_cast<std::int64_t>(look.at);
  const Buffer window{look.data, at, look.fresh}, whole{look.data, at, 0};
  for (const FramePlan& plan : s.plan->frames) {
    if (plan.protocol != app || plan.kind != look.kind || plan.dir != look.dir) continue;
    const Bytes value = plan.transforms == 0 ? look.data
                                             : apply(*rules_, rules_->transform_lists[plan.transforms],
                                                     look.data, *memory_, stats_);
    scan(plan.scan, value, s, c);
    consider(plan.rules, s, c);
    for (std::uint32_t i = 0; look.refusals != nullptr && !look.last && i < plan.forbids.count; ++i) {
      const RuleIndex r = rules_->rule_lists[plan.forbids.first + i];
      if (!nothing_forbidden(rules_->rules[r], whole)) look.refusals->add(rules_->numbers[r]);
    }
  }
  if (c.count == 0) return;
  std::sort(c.list.begin(), c.list.begin() + static_cast<std::ptrdiff_t>(c.count));
  for (std::size_t i = 0; i < c.count && !idle(&f); ++i) {
    const RuleIndex r = c.list[i];
    const RuleHeader& h = rules_->rules[r];
    const bool asks_all = (h.flags & rule_flag::kWholeFrame) != 0;
    if (asks_all && !look.last) continue;
    const bool long_one = look.at != 0;
    const bool unsure = look.refusals != nullptr && look.refusals->more && asks_all;
    if (long_one && ((h.flags & rule_flag::kHeldFrame) != 0 || unsure)) {
      ++stats_.frame_limit;
      continue;
    }
    if (look.refusals != nullptr && look.refusals->has(rules_->numbers[r])) continue;
    ++stats_.programs;
    if (!tests_hold(h, s) || !payload_groups_match(h, s, asks_all ? whole : window)) continue;
    fire(r, s, f.key.proto == static_cast<std::uint8_t>(IpProto::kTcp), look.tx, &look);
  }
}

/// Does nothing stand in this window that must stand nowhere in the frame? Asked content by content: each for itself.
bool Detector::nothing_forbidden(const RuleHeader& h, const Buffer& window) noexcept {
  for (unsigned i = 0; i < h.payload_groups; ++i) {
    const Group& g = rules_->groups[h.first_group + i];
    if (g.place != Place::kFrame) continue;
    for (unsigned k = 0; k < g.ops; ++k) {
      const Op& op = rules_->ops[g.first_op + k];
      constexpr std::uint16_t kElsewhere =
          Op::kRelative | Op::kHasDistance | Op::kHasWithin | Op::kEndsWith | Op::kVariables;
      const bool forbids = (op.kind == Op::Kind::kContent || op.kind == Op::Kind::kPcre) &&
                           (op.flags & Op::kNegated) != 0 && (op.flags & kElsewhere) == 0;
      if (!forbids) continue;
      Group one = g;
      one.first_op = g.first_op + k;
      one.ops = 1;
      if (!run_group(*rules_, one, window, *memory_, stats_)) return false;
    }
  }
  return true;
}

/// Its bytes will be gone when the alert leaves.
void Detector::keep_frame(Queued& q, const FrameLook& look) noexcept {
  CoreMemory& m = *memory_;
  const auto frames = rules_->protocols[q.protocol].frames;
  q.frame.type = look.kind < frames.size() ? frames[look.kind].name : std::string_view("stream");
  q.frame.id = look.id;
  q.frame.offset = look.offset;
  q.frame.length = look.length;
  q.frame.of_stream = q.from_stream;
  q.frame.complete = look.complete;
  q.frame.has_tx = look.tx != nullptr;
  if (look.tx != nullptr) q.frame.tx_id = look.tx->id;
  q.frame.before = look.at;
  q.frame.missing = look.missing;
  const std::size_t size =
      std::min({look.data.size(), kMaxFramePayload, m.frame_bytes.size() - m.frame_bytes_size});
  if (size < look.data.size()) ++stats_.frame_payload_cut;
  std::uint8_t* const at = m.frame_bytes.data() + m.frame_bytes_size;
  std::copy_n(look.data.data(), size, at);
  m.frame_bytes_size += size;
  q.frame.payload = {at, size};
}

}  // namespace picket::detect
