// Files: a rule that asks of files runs once for each, at the first moment when the file has come far enough
// and the transaction's side has reached what else the rule asks for. Two things move, so there are two kinds
// of moments, and each rule has its turn in exactly one of them:
//
//   the file moves    rules whose stage is new, if the side has reached their progress before
//   the side moves    rules whose progress is new, for each file that has reached their stage
//
// A rule fires for each file that fits, and its alert names that file.
#include <algorithm>
#include <bit>

#include "dataplane/detect/core_memory.h"
#include "dataplane/detect/detector.h"
#include "dataplane/detect/header.h"
#include "dataplane/detect/transform.h"
#include "dataplane/detect/tx_state.h"

namespace picket::detect {

/// Whose turn it is.
struct FileMoment {
  FileStage above, most;  ///< stages in (above, most]
  unsigned from, below;   ///< progress in [from, below)
  [[nodiscard]] bool of(const RuleHeader& h, Direction d) const noexcept {
    const FileStage stage = h.file_stage[index(d)];
    const std::uint8_t ready = h.ready[index(d)];
    return stage > above && stage <= most && ready >= from && ready < below;
  }
};

void Detector::on_file(Flow& f, ProtocolId app, const File& file, FileStage from,
                       const Packet* packet) noexcept {
  if (idle(&f) || app >= rules_->protocols.size()) return;
  Transaction& tx = *file.tx;
  const unsigned reached = tx_state(tx).next[index(file.dir)];
  if (!rules_->file_wants.any || reached == 0) return;
  const Packet& p = packet_or_made_up(packet, f, file.dir);
  look_at_file(subject_of(*rules_, p, f, file.dir, app, *memory_), tx, file, {from, file.stage, 0, reached});
}

void Detector::look_at_files(const Subject& s, Transaction& tx, std::uint8_t from,
                             std::uint8_t progress) noexcept {
  // Few rules of files ask for more than files: mostly there is nothing to do but at the first step.
  const std::uint64_t asked = s.plan->sides[s.app][index(s.dir)].file_ready;
  const unsigned first = std::min<unsigned>(from, 63), last = std::min<unsigned>(progress, 63);
  if (first > last || ((asked >> first) << (63 - last + first)) == 0) return;
  for (const File* file = tx.files; file != nullptr && !idle(s.flow); file = file->next) {
    if (file->dir == s.dir) look_at_file(s, tx, *file, {FileStage::kNone, file->stage, from, progress + 1U});
  }
}

void Detector::look_at_file(const Subject& side, Transaction& tx, const File& file,
                            const FileMoment& moment) noexcept {
  const SidePlan& plan = side.plan->sides[side.app][index(side.dir)];
  if (plan.file_ready == 0) return;
  Subject s = side;
  s.tx = &tx;
  s.file = &file;
  Candidates& c = memory_->transaction;
  c.clear();
  for (std::uint32_t i = 0; i < plan.file_buffers; ++i) {
    const BufferPlan& b = rules_->buffers[plan.first_file_buffer + i];
    Bytes value;
    if (b.of_file > moment.most || !b.get(tx, s.dir, file.place, value)) continue;
    if (b.transforms != 0)
      value = apply(*rules_, rules_->transform_lists[b.transforms], value, *memory_, stats_);
    scan(b.scan, value, s, c);
  }
  consider(RuleList{plan.first_file_rule, plan.file_rules}, s, c);
  std::sort(c.list.begin(), c.list.begin() + static_cast<std::ptrdiff_t>(c.count));
  for (std::size_t i = 0; i < c.count && !idle(s.flow); ++i) {
    const RuleIndex r = c.list[i];
    const RuleHeader& h = rules_->rules[r];
    if (!moment.of(h, s.dir)) continue;
    ++stats_.programs;
    if (!transaction_matches(h, s, tx)) continue;
    fire(r, s, false, &tx);
  }
}

}  // namespace picket::detect
