#include "export/delivery/spool.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <fstream>
#include <limits>
#include <utility>

#include "export/clock.h"
#include "export/durable.h"

namespace picket::delivery {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::uint64_t kFrameOverhead = 1024;  // head and point of a frame, roughly

}  // namespace

Spool::Spool(SpoolOptions options, DeliveryCounters& counters)
    : options_(std::move(options)),
      refused_(options_.folder + "/refused", options_.max_refused_bytes),
      counters_(counters) {
  if (options_.folder.empty()) options_.max_bytes = options_.max_memory_bytes;
}

Spool::~Spool() {
  if (lock_fd_ >= 0) ::close(lock_fd_);
}

/// Small against the limit, for a file is the least that can be given up; not so small that there are thousands.
std::uint64_t Spool::rotate_bytes() const noexcept {
  return std::clamp<std::uint64_t>(options_.max_bytes / 64, 4 << 10, 8 << 20);
}

Spool::Chain* Spool::find(std::uint64_t boot, std::size_t lane) {
  for (const auto& c : lanes_[lane]) {
    if (c->boot->boot() == boot) return c.get();
  }
  return nullptr;
}

std::string Spool::boot_name(std::uint64_t boot) const {
  return fmt::format("{}/{:016x}.boot", options_.folder, boot);
}

std::string Spool::file_name(const Chain& chain, std::uint64_t first) const {
  return fmt::format("{}/{:016x}-{}-{:020}.batches", options_.folder, chain.boot->boot(),
                     static_cast<int>(kLanes[chain.lane]), first);
}

// ---- what comes in ----

Result<BootFile*> Spool::begin(BootFile::Options options, Settled settled) {
  const std::lock_guard lock(mutex_);
  auto made = make_boot(std::move(options));
  if (!made) return made.error();
  current_ = made.value();
  boot_tried_ = Clock::now();
  settled_ = std::move(settled);
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) add_chain(*current_, lane).growing = true;
  return current_;
}

/// On disk, where there is room for it; a sensor works without.
Result<BootFile*> Spool::make_boot(BootFile::Options options) {
  if (!options_.folder.empty()) {
    options.path = boot_name(options.boot);
    if (::access(options.path.c_str(), F_OK) == 0)
      return Error{fmt::format("cannot make '{}': it exists", options.path)};
  }
  auto file = BootFile::create(options);
  if (!file && !options.path.empty()) {
    spdlog::error(
        "the spool: {}; until the disk has room for it, a kill of this process takes what it has in hand",
        file.error().message);
    options.path.clear();
    file = BootFile::create(options);
  }
  if (!file) return file.error();
  return boots_.emplace_back(std::move(file).value()).get();
}

bool Spool::place(BootFile& boot) {
  const std::unique_lock lock(mutex_, std::try_to_lock);
  return lock && place_locked(boot);
}

bool Spool::place_locked(BootFile& boot) {
  if (options_.folder.empty() || !boot.in_memory()) return true;
  if (Clock::now() - boot_tried_ < options_.disk_retry) return false;
  boot_tried_ = Clock::now();
  // To reserve takes all that is left before it says that this is not enough, from everybody.
  struct statvfs room {};
  if (::statvfs(options_.folder.c_str(), &room) == 0 && room.f_bavail * room.f_frsize < boot.bytes())
    return false;
  // A segment that the sealer gives back meanwhile may stay marked as used: its records stand before the chain's head.
  if (!boot.move_to(boot_name(boot.boot()))) return false;
  spdlog::warn("the spool: '{}' is on disk now; a kill takes nothing any more", boot.path());
  return true;
}

Spool::Chain& Spool::add_chain(BootFile& boot, std::size_t lane) {
  auto chain = std::make_unique<Chain>();
  chain->boot = &boot;
  chain->lane = lane;
  chain->places.resize(options_.places.size());
  return *lanes_[lane].emplace_back(std::move(chain));
}

std::vector<BootFile*> Spool::ended() {
  const std::lock_guard lock(mutex_);
  std::vector<BootFile*> all;
  if (!may_try_disk()) return all;
  for (const auto& lane : lanes_) {
    for (const auto& c : lane) {
      if (is_to_recover(*c) && std::find(all.begin(), all.end(), c->boot) == all.end())
        all.push_back(c->boot);
    }
  }
  return all;
}

bool Spool::may_try_disk() const {
  return !disk_failing_ || Clock::now() - disk_tried_ >= options_.disk_retry;
}

void Spool::close(BootFile& boot) {
  std::vector<std::shared_ptr<SpoolFile>> written;
  {
    const std::lock_guard lock(mutex_);
    if (current_ == &boot) {
      disk_tried_ = {};  // what is in memory has no other chance
      move_to_disk();
    }
    for (auto& lane : lanes_) {
      for (auto& c : lane) {
        if (c->boot == &boot && !c->files.empty()) end_file(c->files.back().file);
      }
    }
    written.swap(written_);
  }
  const bool safe = sync_all(written);
  const std::lock_guard lock(mutex_);
  if (current_ == &boot) tell_given_up();
  if (!safe && current_ != &boot) return;
  boot.drop_segments();
  if (current_ == &boot) {
    boot_tried_ = {};
    const std::uint64_t unwritten = place_locked(boot) ? 0 : memory_bytes_;
    if (unwritten != 0)
      spdlog::error(
          "the spool in '{}' takes nothing: batches of {} bytes end with this process, and nobody tells of "
          "them",
          options_.folder, unwritten);
    current_ = nullptr;
  }
  for (auto& lane : lanes_) {
    for (auto& c : lane) {
      if (c->boot != &boot) continue;
      c->growing = false;
      drop_acknowledged(*c);
    }
  }
  drop_finished();
}

/// Without the lock. What cannot be synced now is tried again.
bool Spool::sync_all(const std::vector<std::shared_ptr<SpoolFile>>& files) {
  bool safe = true;
  for (const auto& file : files) {
    if (const Status done = file->sync(); !done) {
      const std::lock_guard lock(mutex_);
      disk_failed(done.error().message);
      sync_later(file);
      safe = false;
    }
  }
  return safe;
}

ChainPoint Spool::head(BootFile& boot, std::size_t lane) {
  const std::lock_guard lock(mutex_);
  Chain* c = find(boot.boot(), lane);
  return c == nullptr ? ChainPoint{} : c->head;
}

void Spool::disk_failed(const std::string& why) {
  counters_.write_errors.fetch_add(1, std::memory_order_relaxed);
  disk_tried_ = Clock::now();
  if (disk_failing_) return;
  disk_failing_ = true;
  spdlog::error("the spool {}; up to {} MiB of batches stay in memory until it can be written to again", why,
                options_.max_memory_bytes >> 20);
}

std::shared_ptr<SpoolFile> Spool::make_file(const Chain& chain, const ChainPoint& base) {
  const ChainId id = chain.boot->chain(chain.lane);
  if (!options_.folder.empty() && may_try_disk()) {
    auto file = SpoolFile::create(file_name(chain, base.through + 1), id, base);
    if (file) {
      if (options_.fsync != Fsync::kOff) (void)sync_folder(options_.folder);
      count_file(*file.value(), 0);
      return std::move(file).value();
    }
    disk_failed(file.error().message);
  }
  std::shared_ptr<SpoolFile> file = std::move(SpoolFile::create("", id, base)).value();
  count_file(*file, 0);
  return file;
}

/// Nothing more comes to it for now.
void Spool::end_file(const std::shared_ptr<SpoolFile>& file) {
  file->rest();
  sync_later(file);
}

void Spool::sync_later(const std::shared_ptr<SpoolFile>& file) {
  const bool counts = options_.fsync != Fsync::kOff && !file->in_memory();
  if (counts && std::find(written_.begin(), written_.end(), file) == written_.end()) written_.push_back(file);
}

void Spool::count_file(const SpoolFile& file, std::uint64_t before) {
  total_bytes_ += file.bytes() - before;
  if (file.in_memory()) memory_bytes_ += file.bytes() - before;
  counters_.spool_bytes.store(total_bytes_, std::memory_order_relaxed);
  counters_.memory_bytes.store(memory_bytes_, std::memory_order_relaxed);
}

void Spool::uncount_file(const SpoolFile& file) {
  total_bytes_ -= file.bytes();
  if (file.in_memory()) memory_bytes_ -= file.bytes();
  counters_.spool_bytes.store(total_bytes_, std::memory_order_relaxed);
  counters_.memory_bytes.store(memory_bytes_, std::memory_order_relaxed);
}

bool Spool::append(BootFile& boot, std::size_t lane, const v1::Batch& batch, const ChainPoint& after) {
  std::shared_ptr<SpoolFile> file;
  bool written = false;
  {
    const std::lock_guard lock(mutex_);
    Chain& c = *find(boot.boot(), lane);
    const bool may_be_in_memory = !is_to_recover(c);
    const std::uint64_t need = batch.ByteSizeLong() + kFrameOverhead;
    make_room(need);
    for (int attempt = 0; attempt < 2 && !written; ++attempt) {
      const bool fits = !c.files.empty() && !c.files.back().gap && c.growing &&
                        c.files.back().file->bytes() < rotate_bytes() && attempt == 0;
      if (!fits) {
        std::shared_ptr<SpoolFile> fresh = make_file(c, c.head);
        if (fresh->in_memory() && !may_be_in_memory) return uncount_file(*fresh), false;
        if (!c.files.empty()) end_file(c.files.back().file);
        c.files.push_back({std::move(fresh)});
      }
      file = c.files.back().file;
      const std::uint64_t before = file->bytes();
      const Status done = file->append(batch, after);
      written = done.has_value();
      if (written) {
        count_file(*file, before);
      } else {
        if (!file->in_memory()) disk_failed(done.error().message);
        if (file->base() == c.head) {  // nothing stands in it: the next one has its name
          uncount_file(*file);
          file->remove();
          c.files.pop_back();
        }
      }
    }
    if (!written && !may_be_in_memory) return false;
    std::uint64_t& unwritten = c.boot->unwritten_from(lane);
    if (file->in_memory() && !options_.folder.empty() && unwritten == 0) unwritten = batch.first_seq();
    if (c.base.through >= c.head.through) c.oldest_sealed_at = batch.sealed_at();
    c.head = after;
    c.boot->set_head(lane, after);
    if (batch.has_gap()) {
      if (written) c.files.back().missing += batch.count();
      counters_.missing[batch.gap().reason()].fetch_add(batch.count(), std::memory_order_relaxed);
    }
    counters_.lanes[lane].batches.fetch_add(1, std::memory_order_relaxed);
    if (!written || options_.fsync != Fsync::kAlways || file->in_memory()) c.readable = after.through;
    update_level(lane);
  }
  if (written && options_.fsync == Fsync::kAlways && !file->in_memory()) {
    written = sync_all({file});
    const std::lock_guard lock(mutex_);
    find(boot.boot(), lane)->readable = after.through;
  }
  return written && !file->in_memory();
}

// ---- what goes to a place ----

std::optional<Frame> Spool::next(std::size_t place, std::size_t lane) {
  const std::lock_guard lock(mutex_);
  std::optional<Frame> frame;
  bool finished = false;
  for (const auto& c : lanes_[lane]) {
    Place& p = c->places[place];
    if (!is_finished(*c)) frame = tell_acknowledged(*c, p);
    if (frame) return frame;
    frame = read_next(*c, p);
    if (frame) {
      p.sent.push_back({frame->after, frame->batch.sealed_at()});
      p.maybe_sent = std::max(p.maybe_sent, frame->last());
      c->boot->set_progress(lane, options_.places[place], {p.maybe_sent, std::max(p.acked.through, p.known)});
      break;
    }
    finished |= advance_base(*c);  // what an earlier process had been told may be all there is
  }
  if (finished) drop_finished();
  // Where earlier boots ended comes last: no record waits for it.
  for (auto c = lanes_[lane].begin(); !frame && c != lanes_[lane].end(); ++c)
    frame = tell_acknowledged(**c, (*c)->places[place]);
  return frame;
}

/// Where the chain stands at this place, once a connection: what it has is not here to be sent again.
std::optional<Frame> Spool::tell_acknowledged(const Chain& chain, Place& place) const {
  if (!place.tells) return {};
  place.tells = place.told.through < place.acked.through && !place.refuses_told;
  if (!place.tells) return {};
  Frame frame = missing_frame(chain, place.told, place.acked, v1::GAP_ACKNOWLEDGED, now_ns());
  place.told = frame.after;
  return frame;
}

/// What every place has is no longer kept. True: nothing of the chain is left.
bool Spool::advance_base(Chain& c) {
  const auto least = std::min_element(c.places.begin(), c.places.end(), [](const Place& a, const Place& b) {
    return a.acked.through < b.acked.through;
  });
  const std::uint64_t before = c.base.through;
  if (least->acked.through <= before) return false;
  c.base = least->acked;
  c.boot->set_base(c.lane, c.base);
  counters_.lanes[c.lane].acknowledged.fetch_add(c.base.through - before, std::memory_order_relaxed);
  if (c.boot == current_ && settled_) settled_(c.lane, before + 1, c.base.through, true);
  drop_acknowledged(c);
  update_level(c.lane);
  return is_finished(c);
}

Spool::Stored* Spool::file_of(Chain& chain, Place& place) {
  auto& files = chain.files;
  const auto is_it = [&](const Stored& s) { return s.file == place.file; };
  auto at = place.file == nullptr ? files.end() : std::find_if(files.begin(), files.end(), is_it);
  if (at == files.end()) {  // a new place to read from, or what was read became a gap
    at = std::find_if(files.begin(), files.end(),
                      [&](const Stored& s) { return s.file->base().through > place.at.through; });
    if (at != files.begin()) --at;
    place.offset = 0;
    place.file = at == files.end() ? nullptr : at->file;
  }
  return at == files.end() ? nullptr : &*at;
}

/// Frames in order, and a gap wherever the next one does not begin where the last one ended.
std::optional<Frame> Spool::read_next(Chain& chain, Place& place) {
  while (place.at.through < chain.readable) {
    Frame frame;
    std::optional<Frame> found;
    bool is_computed = false;
    const Stored* stored = file_of(chain, place);
    std::uint64_t behind = place.offset;
    const auto read = stored == nullptr ? SpoolFile::Read::kEnd : stored->file->read(behind, frame);
    if (read == SpoolFile::Read::kClosed) {  // tried again when something is asked for again
      if (!std::exchange(chain.closed_told, true))
        spdlog::error("the spool: cannot open '{}' to read it; its lane waits", stored->file->path());
      return {};
    }
    chain.closed_told = false;
    const bool beyond = read == SpoolFile::Read::kFrame && frame.last() > chain.head.through;  // none of ours
    if (read == SpoolFile::Read::kDamaged || beyond) {
      ++place.offset;
      place.file->find_next(place.offset);
      continue;
    }
    if (read == SpoolFile::Read::kEnd) {
      if (stored != nullptr && stored != &chain.files.back()) {
        const auto at = static_cast<std::size_t>(std::find_if(chain.files.begin(), chain.files.end(),
                                                              [&](const Stored& s) { return &s == stored; }) -
                                                 chain.files.begin());
        place.file->rest();
        place.file = chain.files[at + 1].file;
        place.offset = 0;
        continue;
      }
      is_computed = true;
      found = missing_frame(chain, place.at, chain.head, why_absent(chain, place), now_ns());
    } else if (frame.first() > place.at.through + 1) {
      is_computed = true;
      found = missing_frame(chain, place.at, point_before(frame.batch), why_absent(chain, place),
                            frame.batch.sealed_at());
    } else {
      place.offset = behind;
      if (frame.first() <= place.at.through) continue;  // something before it stands for it
      found = std::move(frame);
    }
    if (place.refused.contains(found->first()) && !found->batch.has_gap()) {
      ChainPoint to = found->after;
      found = missing_frame(chain, place.at, to, v1::GAP_REFUSED, found->batch.sealed_at());
    }
    place.at = found->after;
    if (found->last() <= place.known) {
      place.acked = found->after;
      place.tells = true;
      continue;
    }
    if (is_computed && found->last() > chain.damage_told) {  // others were counted when they came in
      chain.damage_told = found->last();
      const v1::GapReason why = found->batch.gap().reason();
      counters_.missing[why].fetch_add(found->batch.count(), std::memory_order_relaxed);
      spdlog::error("{}: {} records, from {} on, of boot {:016x}, {}, cannot be read; a gap stands for them",
                    why == v1::GAP_SPOOL_DAMAGED ? "the spool is damaged"
                                                 : "a picket before this one ended with a full disk",
                    found->batch.count(), found->first(), chain.boot->boot(),
                    v1::Lane_Name(kLanes[chain.lane]));
    }
    return found;
  }
  if (place.file != nullptr && !chain.growing) place.file->rest();
  return {};
}

/// Of what stands behind `place.at`, and is in no file.
v1::GapReason Spool::why_absent(const Chain& chain, const Place& place) {
  const std::uint64_t unwritten = chain.boot->unwritten_from(chain.lane);
  return unwritten != 0 && place.at.through + 1 >= unwritten ? v1::GAP_SENSOR_ENDED : v1::GAP_SPOOL_DAMAGED;
}

/// A gap has 32 bits for its count: more is told in parts.
Frame Spool::missing_frame(const Chain& chain, const ChainPoint& from, ChainPoint to, v1::GapReason reason,
                           std::uint64_t sealed_at) const {
  constexpr std::uint64_t kMost = std::numeric_limits<std::uint32_t>::max();
  to = part_of_way(from, to, kMost);
  Frame frame;
  frame.batch = make_gap(chain.boot->chain(chain.lane), from, to, reason, sealed_at);
  frame.after = std::move(to);
  frame.after.hash = chain_after(frame.batch);
  return frame;
}

void Spool::rewind(std::size_t place, std::size_t lane) {
  const std::lock_guard lock(mutex_);
  for (const auto& c : lanes_[lane]) {
    Place& p = c->places[place];
    p.sent.clear();
    p.at = p.acked;
    p.told = {};
    p.tells = true;
    if (p.file != nullptr) p.file->rest();
    p.file.reset();
  }
}

void Spool::acknowledge(std::size_t place, std::uint64_t boot, std::size_t lane, std::uint64_t through) {
  const std::lock_guard lock(mutex_);
  Chain* c = find(boot, lane);
  if (c == nullptr) return;
  Place& p = c->places[place];
  std::uint64_t sealed_at = 0;
  while (!p.sent.empty() && p.sent.front().after.through <= through) {
    sealed_at = p.sent.front().sealed_at;
    p.acked = std::move(p.sent.front().after);
    p.sent.pop_front();
  }
  p.refused.erase(p.refused.begin(), p.refused.upper_bound(p.acked.through));
  c->boot->set_progress(lane, options_.places[place], {p.maybe_sent, std::max(p.acked.through, p.known)});
  const std::uint64_t before = c->base.through;
  const bool finished = advance_base(*c);
  if (c->base.through > before && sealed_at != 0) {
    c->oldest_sealed_at =
        sealed_at;  // of the last that is not owed: the next one was sealed right behind it, or is sent
    update_level(lane);
  }
  if (finished) drop_finished();
}

void Spool::refuse(std::size_t place, const Frame& frame, const std::string& reason) {
  const std::lock_guard lock(mutex_);
  const std::size_t lane =
      static_cast<std::size_t>(std::find(kLanes.begin(), kLanes.end(), frame.batch.lane()) - kLanes.begin());
  Chain* c = find(frame.batch.boot(), lane);
  if (c != nullptr && frame.batch.gap().reason() == v1::GAP_ACKNOWLEDGED) {
    c->places[place].refuses_told = true;
    spdlog::error("{} has acknowledged {} records of {}, boot {:016x}, and refuses to hear it: {}",
                  options_.places[place], frame.last(), v1::Lane_Name(frame.batch.lane()), frame.batch.boot(),
                  reason);
    return;
  }
  if (c == nullptr || !c->places[place].refused.insert(frame.first()).second) return;
  counters_.refused_batches.fetch_add(1, std::memory_order_relaxed);
  counters_.missing[v1::GAP_REFUSED].fetch_add(frame.batch.count(), std::memory_order_relaxed);
  if (c->boot == current_ && settled_) settled_(lane, frame.first(), frame.last(), false);
  std::string kept = "it is not kept, for there is no spool on disk";
  if (!options_.folder.empty()) {
    const std::string name = fmt::format("{}/refused/{:016x}-{}-{:020}", options_.folder, frame.batch.boot(),
                                         static_cast<int>(frame.batch.lane()), frame.first());
    const std::string batch = frame.batch.SerializeAsString();
    std::ofstream(name + ".batch", std::ios::binary) << batch;
    std::ofstream(name + ".reason") << options_.places[place] << ": " << reason << '\n';
    kept = "it is in " + name + ".batch";
    const auto removed = refused_.put(batch.size() + options_.places[place].size() + reason.size() + 3);
    counters_.removed_refused.fetch_add(removed.files, std::memory_order_relaxed);
    if (removed.files != 0)
      spdlog::warn("'{}' is full: {} of its files, the oldest, are removed", refused_.path(), removed.files);
  }
  spdlog::error("{} refuses a batch of {} records, from {} on, of {}: {}; a gap stands for it, {}",
                options_.places[place], frame.batch.count(), frame.first(), v1::Lane_Name(frame.batch.lane()),
                reason, kept);
}

std::uint64_t Spool::owed() {
  const std::lock_guard lock(mutex_);
  return owed_locked();
}

bool Spool::has_room(std::uint64_t bytes) {
  const std::lock_guard lock(mutex_);
  const std::uint64_t need = bytes + 2 * kFrameOverhead;
  const bool disk = options_.folder.empty() || !disk_failing_;
  return owed_locked() == 0 || (total_bytes_ + need <= options_.max_bytes &&
                                (disk || memory_bytes_ + need <= options_.max_memory_bytes));
}

std::uint64_t Spool::owed_locked() const {
  std::uint64_t all = 0;
  for (const auto& lane : lanes_) {
    for (const auto& c : lane) all += c->head.through - std::min(c->base.through, c->head.through);
  }
  return all;
}

void Spool::update_level(std::size_t lane) {
  std::uint64_t owed = 0, oldest = 0;
  for (const auto& c : lanes_[lane]) {
    if (c->base.through >= c->head.through) continue;
    owed += c->head.through - c->base.through;
    if (oldest != 0) continue;
    for (const Place& p : c->places) {
      if (p.acked.through == c->base.through && !p.sent.empty()) oldest = p.sent.front().sealed_at;
    }
    if (oldest == 0) oldest = c->oldest_sealed_at;
    if (oldest == 0 && !c->files.empty())
      oldest = c->files.front().file->written_at();  // of an earlier process
  }
  counters_.lanes[lane].owed.store(owed, std::memory_order_relaxed);
  counters_.lanes[lane].oldest_sealed_at.store(oldest, std::memory_order_relaxed);
}

}  // namespace picket::delivery
