#include "sensor/correlator.h"

#include <algorithm>
#include <utility>

namespace picket {

void Correlator::add(std::uint32_t epoch, std::vector<rules::Judgement> judgements,
                     std::span<const rules::DynamicSet> sets) {
  const std::lock_guard lock(mutex_);
  epochs_.push_back({epoch, std::move(judgements), sets_.add(sets), 0, kNotKnown});
}

void Correlator::retire(std::uint32_t epoch, std::uint64_t alerts) {
  const std::lock_guard lock(mutex_);
  std::erase_if(epochs_, [&](Epoch& e) {
    if (e.number == epoch) e.expected = alerts;
    return e.seen == e.expected;
  });
}

rules::Admission Correlator::admit(const EventHeader& h, Bytes notes) {
  if (h.type != RecordType::kAlert) return {};
  const std::lock_guard lock(mutex_);
  const auto e =
      std::find_if(epochs_.begin(), epochs_.end(), [&](const Epoch& x) { return x.number == h.epoch; });
  PICKET_ASSERT(e != epochs_.end());
  if (e == epochs_.end()) return {};
  rules::Admission word;
  if (!notes.empty() && !sets_.admit(notes, e->places)) word.by = rules::Admission::By::kDataset;
  if (const rules::Judgement& j = e->judgements[h.rule]; word && !j.plain()) {
    word = thresholds_.admit(
        j, {h.place.clock_ns, Address::v6(h.src), Address::v6(h.dst), h.flow_id, h.src_port, h.dst_port});
  }
  if (++e->seen == e->expected) epochs_.erase(e);
  return word;
}

std::size_t Correlator::epochs() const {
  const std::lock_guard lock(mutex_);
  return epochs_.size();
}

}  // namespace picket
