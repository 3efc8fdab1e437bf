// What the spool gives up, or no longer needs.
#include <spdlog/spdlog.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "export/clock.h"
#include "export/delivery/spool.h"

namespace picket::delivery {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::chrono::seconds kSyncInterval{1};
constexpr std::chrono::seconds kTellGivenUp{60};

}  // namespace

void Spool::drop_acknowledged(Chain& chain, bool growing_too) {
  while (!chain.files.empty()) {
    const bool last = chain.files.size() == 1;
    const std::uint64_t end = last ? chain.head.through : chain.files[1].file->base().through;
    if (end > chain.base.through || (last && chain.growing && !growing_too)) return;
    uncount_file(*chain.files.front().file);
    chain.files.front().file->remove();
    chain.files.pop_front();
  }
}

bool Spool::is_finished(const Chain& c) { return !c.growing && c.base.through >= c.head.through; }

/// Boots of which all is acknowledged, but for the last few, whose ends are told to who connects.
void Spool::drop_finished() {
  std::set<const BootFile*> gone;
  std::size_t kept = 0;
  for (auto newest = lanes_[0].rbegin(); newest != lanes_[0].rend(); ++newest) {
    const BootFile* boot = (*newest)->boot;
    std::uint64_t through = 0;
    bool finished = boot != current_;
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      const Chain& c = *find(boot->boot(), lane);
      finished &= is_finished(c);
      through += c.head.through;
    }
    if (!finished) continue;
    if (options_.folder.empty() || through == 0 || ++kept > kEndedBoots) gone.insert(boot);
  }
  forget(gone);
}

void Spool::forget(const std::set<const BootFile*>& gone) {
  if (gone.empty()) return;
  for (auto& lane : lanes_) std::erase_if(lane, [&](const auto& c) { return gone.contains(c->boot); });
  std::erase_if(boots_, [&](const auto& b) {
    if (!gone.contains(b.get())) return false;
    b->remove();
    return true;
  });
}

void Spool::make_room(std::uint64_t bytes) {
  if (total_bytes_ + bytes > options_.max_bytes || memory_bytes_ + bytes > options_.max_memory_bytes) {
    for (auto& lane : lanes_) {
      for (auto& c : lane) drop_acknowledged(*c, true);
    }
  }
  while (total_bytes_ + bytes > options_.max_bytes && give_up_one(false)) {
  }
  while (memory_bytes_ + bytes > options_.max_memory_bytes && give_up_one(true)) {
  }
}

/// Of its numbers, the last.
std::uint64_t Spool::end_of(const Chain& chain, std::size_t i) {
  return i + 1 < chain.files.size() ? chain.files[i + 1].file->base().through : chain.head.through;
}

/// Is the place of a collector certain not to lie behind `from` and before `to`?
bool Spool::may_go(const Chain& chain, std::uint64_t from, std::uint64_t to) {
  return to > from && to > chain.base.through &&
         std::none_of(chain.places.begin(), chain.places.end(), [&](const Place& p) {
           return from < p.maybe_sent && to > std::max(p.acked.through, p.known);
         });
}

bool Spool::give_up_one(bool memory_only) {
  for (std::size_t lane = kLaneCount; lane-- > 0;) {
    for (const auto& c : lanes_[lane]) {
      for (std::size_t i = 0; i < c->files.size(); ++i) {
        const Stored& s = c->files[i];
        if (s.gap || (memory_only && !s.file->in_memory()) ||
            !may_go(*c, s.file->base().through, end_of(*c, i)))
          continue;
        const std::uint64_t before = memory_only ? memory_bytes_ : total_bytes_;
        give_up(*c, i);
        if ((memory_only ? memory_bytes_ : total_bytes_) < before) return true;
      }
    }
  }
  return false;
}

/// In the place of a file, and of a gap right before it, a file with one gap.
void Spool::give_up(Chain& chain, std::size_t i) {
  Stored& old = chain.files[i];
  const std::uint64_t first = old.file->base().through;
  const ChainPoint to = i + 1 < chain.files.size() ? chain.files[i + 1].file->base() : chain.head;
  const bool merge =
      i > 0 && chain.files[i - 1].gap && may_go(chain, chain.files[i - 1].file->base().through, to.through) &&
      to.through - chain.files[i - 1].file->base().through <= std::numeric_limits<std::uint32_t>::max();
  const ChainPoint from = merge ? chain.files[i - 1].file->base() : old.file->base();
  const Frame gap = missing_frame(chain, from, to, v1::GAP_SPOOL_FULL, now_ns());
  Stored fresh;
  fresh.gap = true;
  fresh.missing = to.through - from.through;
  const std::string name = file_name(chain, from.through + 1);
  const ChainId id = chain.boot->chain(chain.lane);
  if (!options_.folder.empty() && !old.file->in_memory()) {
    auto file = SpoolFile::create(name + ".new", id, from);
    if (file && file.value()->append(gap.batch, gap.after) && file.value()->rename(name))
      fresh.file = std::move(file).value();
    else if (file)
      file.value()->remove();
    if (fresh.file != nullptr) end_file(fresh.file);
  }
  const bool on_disk = fresh.file != nullptr;
  if (!on_disk) {  // no disk: what is not written is computed again after a restart
    fresh.file = std::move(SpoolFile::create("", id, from)).value();
    if (!fresh.file->append(gap.batch, gap.after)) return;
  }
  const std::uint64_t records = to.through - first - std::min(old.missing, to.through - first);
  counters_.missing[v1::GAP_SPOOL_FULL].fetch_add(records, std::memory_order_relaxed);
  given_up_ += records;
  if (chain.boot == current_ && settled_) settled_(chain.lane, first + 1, to.through, false);
  count_file(*fresh.file, 0);
  for (std::size_t k = merge ? i - 1 : i; k <= i; ++k) {
    uncount_file(*chain.files[k].file);
    if (!on_disk || chain.files[k].file->path() != name) chain.files[k].file->remove();
  }
  if (merge) chain.files.erase(chain.files.begin() + static_cast<std::ptrdiff_t>(i - 1));
  chain.files[merge ? i - 1 : i] = std::move(fresh);
}

void Spool::tell_given_up() {
  if (given_up_ == 0) return;
  spdlog::warn("spool: {} records were given up, for it reached {}; gaps stand for them",
               std::exchange(given_up_, 0),
               options_.folder.empty() ? "export.max-unacked" : "export.spool.max-size or max-age");
  given_up_told_ = Clock::now();
}

void Spool::drop_old() {
  if (options_.max_age.count() == 0) return;
  const auto age = static_cast<std::uint64_t>(std::chrono::nanoseconds(options_.max_age).count());
  const std::uint64_t now = steady_now_ns();
  for (auto& lane : lanes_) {
    for (auto& c : lane) {
      for (std::size_t i = 0; i < c->files.size();) {
        const Stored& s = c->files[i];
        const std::size_t before = c->files.size();
        if (!s.gap && s.file->written_at() + age < now && may_go(*c, s.file->base().through, end_of(*c, i)))
          give_up(*c, i);
        if (c->files.size() == before) ++i;
      }
    }
  }
}

/// While the disk took nothing, batches were kept in memory: they follow as soon as it takes them.
void Spool::move_to_disk() {
  if (!disk_failing_ || !may_try_disk()) return;
  for (auto& lane : lanes_) {
    for (auto& c : lane) {
      for (std::size_t i = 0; i < c->files.size(); ++i) {
        SpoolFile& file = *c->files[i].file;
        if (!file.in_memory()) continue;
        uncount_file(file);
        const Status moved = file.move_to(file_name(*c, file.base().through + 1));
        end_file(c->files[i].file);
        count_file(file, 0);
        if (!moved) return disk_failed(moved.error().message);
        const std::uint64_t end = end_of(*c, i);
        if (c->boot == current_ && settled_ && !c->files[i].gap && end > file.base().through)
          settled_(c->lane, file.base().through + 1, end, true);
      }
    }
  }
  for (std::size_t lane = 0; current_ != nullptr && lane < kLaneCount; ++lane)
    current_->unwritten_from(lane) = 0;
  // What earlier processes had in hand is tried by whoever recovers it, and shows as well whether the disk takes it.
  for (const auto& lane : lanes_) {
    if (std::any_of(lane.begin(), lane.end(), [&](const auto& c) { return is_to_recover(*c); })) return;
  }
  disk_failing_ = false;
  spdlog::warn("the spool in '{}' can be written to again", options_.folder);
}

void Spool::tick() {
  std::vector<std::shared_ptr<SpoolFile>> written;
  {
    const std::lock_guard lock(mutex_);
    if (!options_.folder.empty()) move_to_disk();
    if (Clock::now() - synced_ < kSyncInterval) return;
    synced_ = Clock::now();
    drop_old();
    if (Clock::now() - given_up_told_ >= kTellGivenUp) tell_given_up();
    if (options_.folder.empty() || options_.fsync == Fsync::kOff) return;
    for (auto& lane : lanes_) {
      for (auto& c : lane) {
        if (c->growing && !c->files.empty()) sync_later(c->files.back().file);
      }
    }
    written.swap(written_);
  }
  (void)sync_all(written);
}

}  // namespace picket::delivery
