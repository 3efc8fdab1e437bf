#include "export/record_window.h"

#include "parsers/core/assert.h"

namespace picket {

RecordWindow::RecordWindow(unsigned outputs) : outputs_(outputs), counts_(record_kind_count()) {}

std::uint64_t RecordWindow::made(RecordKind kind) {
  const std::lock_guard lock(mutex_);
  ++counts_[kind].made;
  waiting_.push_back({kind, static_cast<std::uint8_t>(outputs_), false});
  const std::uint64_t number = first_ + waiting_.size() - 1;
  if (outputs_ == 0 || closed_) {
    waiting_.back().lost = closed_ && outputs_ != 0;
    finish(waiting_.back());
    waiting_.pop_back();
    ++first_;
  }
  return number;
}

void RecordWindow::settle(std::uint64_t first, std::uint64_t count, bool delivered) {
  const std::lock_guard lock(mutex_);
  if (closed_) return;  // they were counted as lost
  for (std::uint64_t n = first; n < first + count; ++n) {
    PICKET_ASSERT(n >= first_ && n - first_ < waiting_.size());
    Waiting& r = waiting_[n - first_];
    PICKET_ASSERT(r.outputs != 0);
    r.lost |= !delivered;
    if (--r.outputs == 0) finish(r);
  }
  while (!waiting_.empty() && waiting_.front().outputs == 0) {
    waiting_.pop_front();
    ++first_;
  }
}

void RecordWindow::finish(const Waiting& r) { ++(r.lost ? counts_[r.kind].lost : counts_[r.kind].delivered); }

void RecordWindow::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (Waiting& r : waiting_) {
    if (r.outputs == 0) continue;
    r.lost = true;
    finish(r);
  }
  first_ += waiting_.size();
  waiting_.clear();
}

RecordCount RecordWindow::count(RecordKind kind) const {
  const std::lock_guard lock(mutex_);
  return counts_[kind];
}

}  // namespace picket
