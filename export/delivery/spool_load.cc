// What the spool's folder holds when a sensor starts.
#include <fcntl.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>

#include "export/delivery/spool.h"
#include "parsers/core/folder.h"

namespace picket::delivery {
namespace {

namespace fs = std::filesystem;

struct BatchesName {
  std::uint64_t boot = 0, first = 0;
  std::size_t lane = 0;
};

/// <16 hex digits>-<lane>-<20 digits>
std::optional<BatchesName> parse_name(const std::string& stem) {
  constexpr std::size_t kBoot = 16, kLane = 17, kFirst = 19, kEnd = 39;
  if (stem.size() != kEnd || stem[kBoot] != '-' || stem[kFirst - 1] != '-') return {};
  BatchesName name;
  int lane = 0;
  const char* s = stem.data();
  const bool good = std::from_chars(s, s + kBoot, name.boot, 16).ptr == s + kBoot &&
                    std::from_chars(s + kLane, s + kLane + 1, lane).ptr == s + kLane + 1 &&
                    std::from_chars(s + kFirst, s + kEnd, name.first).ptr == s + kEnd;
  const auto at = std::find(kLanes.begin(), kLanes.end(), static_cast<v1::Lane>(lane));
  if (!good || at == kLanes.end()) return {};
  name.lane = static_cast<std::size_t>(at - kLanes.begin());
  return name;
}

/// Of a file that may well be whole: it is left as it is.
Error refusal(const std::string& why) {
  return Error{
      fmt::format("export.spool.path: {}; nothing of it is known to be damaged, and nothing was changed: "
                  "start again when it can be read, or move it away, and what is in it is a gap",
                  why)};
}

}  // namespace

Result<std::unique_ptr<Spool>> Spool::open(SpoolOptions options, DeliveryCounters& counters) {
  if (options.places.size() > kMaxCollectors)
    return Error{fmt::format("export.collectors: at most {} are possible", kMaxCollectors)};
  std::unique_ptr<Spool> spool(new Spool(std::move(options), counters));
  if (spool->options_.folder.empty()) return spool;
  if (const Status locked = spool->lock_folder(); !locked) return locked.error();
  if (const Status loaded = spool->load(); !loaded) return loaded.error();
  return spool;
}

Status Spool::lock_folder() {
  const std::string& folder = options_.folder;
  std::error_code error;
  fs::create_directories(folder + "/refused", error);
  if (error)
    return Error{fmt::format("export.spool.path: cannot make '{}': {}; name a folder that may be written to",
                             folder, error.message())};
  lock_fd_ = ::open((folder + "/lock").c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  if (lock_fd_ < 0)
    return Error{fmt::format("export.spool.path: cannot write to '{}': {}", folder, std::strerror(errno))};
  if (::flock(lock_fd_, LOCK_EX | LOCK_NB) != 0)
    return Error{fmt::format(
        "export.spool.path: '{}' is in use by another picket; each sensor needs a folder of its own",
        folder)};
  return Done{};
}

void Spool::put_aside(const std::string& path, const std::string& why) {
  std::error_code error;
  std::string aside;
  for (int i = 1; i < 1000; ++i) {
    aside = fmt::format("{}.damaged-{}", path, i);
    if (!fs::exists(aside, error)) break;
  }
  fs::rename(path, aside, error);
  spdlog::error("spool: {}; it is put aside as '{}'", why, aside);
}

Status Spool::load() {
  std::vector<std::string> boots;
  std::vector<std::pair<BatchesName, std::string>> files;
  const auto see = [&](const fs::directory_entry& entry) {
    const fs::path& path = entry.path();
    if (path.extension() == ".new") {
      std::error_code ignored;
      fs::remove(path, ignored);
    } else if (path.extension() == ".boot") {
      boots.push_back(path);
    } else if (path.extension() == ".batches") {
      if (const auto name = parse_name(path.stem())) files.emplace_back(*name, path);
    }
  };
  if (const std::error_code error = for_each_entry(options_.folder, see))
    return Error{fmt::format("export.spool.path: cannot read '{}': {}", options_.folder, error.message())};
  for (const std::string& path : boots) {
    if (Status loaded = load_boot(path); !loaded) return loaded;
  }
  std::sort(files.begin(), files.end(),
            [](const auto& a, const auto& b) { return a.first.first < b.first.first; });
  for (const auto& [name, path] : files) {
    if (Status loaded = load_file(path, name.boot, name.lane); !loaded) return loaded;
  }
  for (const auto& boot : boots_) {
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      Chain* c = find(boot->boot(), lane);
      if (Status loaded = finish_loading(c != nullptr ? *c : add_chain(*boot, lane)); !loaded) return loaded;
    }
  }
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    std::stable_sort(lanes_[lane].begin(), lanes_[lane].end(), [](const auto& a, const auto& b) {
      return a->boot->started_at() < b->boot->started_at();
    });
    update_level(lane);
  }
  drop_finished();
  return Done{};
}

Status Spool::load_boot(const std::string& path) {
  bool damaged = false;
  auto file = BootFile::load(path, &damaged);
  if (!file && !damaged) return refusal(file.error().message);
  if (!file) return put_aside(path, file.error().message), Done{};
  boots_.push_back(std::move(file).value());
  return Done{};
}

Status Spool::load_file(const std::string& path, std::uint64_t boot, std::size_t lane) {
  bool damaged = false;
  auto known = std::find_if(boots_.begin(), boots_.end(), [&](const auto& b) { return b->boot() == boot; });
  auto file =
      SpoolFile::open(path, {known == boots_.end() ? "" : (*known)->sensor(), boot, kLanes[lane]}, damaged);
  if (!file && !damaged) return refusal(file.error().message);
  if (!file) return put_aside(path, file.error().message), Done{};
  Frame frame;
  std::uint64_t at = 0;
  const bool readable = file.value()->read(at, frame) == SpoolFile::Read::kFrame;
  if (known == boots_.end()) {  // its file was lost: what the batches say is all that is known of it
    if (!readable) {
      at = 1;
      if (!file.value()->find_next(at))
        return put_aside(path, "'" + path + "': no batch in it can be read"), Done{};
      file.value()->read(at, frame);
    }
    BootFile::Options options;
    options.sensor = frame.batch.sensor();
    options.boot = boot;
    options.started_at = frame.batch.sealed_at();
    options.points_known = false;
    if (const auto made = make_boot(std::move(options)); !made) return made.error();
    known = std::prev(boots_.end());
  }
  Chain* chain = find(boot, lane);
  if (chain == nullptr) chain = &add_chain(**known, lane);
  Stored stored;
  count_file(*file.value(), 0);
  if (readable && frame.batch.has_gap() && file.value()->read(at, frame) == SpoolFile::Read::kEnd) {
    stored.gap = true;
    stored.missing = frame.batch.count();
  }
  stored.file = std::move(file).value();
  stored.file->rest();
  chain->files.push_back(std::move(stored));
  return Done{};
}

Status Spool::finish_loading(Chain& chain) {
  const auto base = chain.boot->base(chain.lane);
  const auto head = chain.boot->head(chain.lane);
  chain.base = base                  ? *base
               : chain.files.empty() ? head.value_or(ChainPoint{})
                                     : chain.files.front().file->base();
  chain.head = chain.base;
  if (!chain.files.empty()) {
    // A batch may be written and the process killed before its boot's file says so.
    const SpoolFile& last = *chain.files.back().file;
    if (last.base().through > chain.head.through) chain.head = last.base();
    std::uint64_t at = 0;
    Frame frame;
    for (;;) {
      const auto read = last.read(at, frame);
      if (read == SpoolFile::Read::kClosed) return refusal("cannot open '" + last.path() + "'");
      if (read == SpoolFile::Read::kEnd) break;
      if (read == SpoolFile::Read::kDamaged) {
        at += at == 0 ? 1 : 0;
        if (!last.find_next(at)) break;
        continue;
      }
      if (frame.last() > chain.head.through) chain.head = frame.after;
    }
    last.rest();
  }
  if (head && head->through > chain.head.through) chain.head = *head;
  chain.readable = chain.head.through;
  for (std::size_t i = 0; i < chain.places.size(); ++i) {
    Place& p = chain.places[i];
    p.acked = p.at = chain.base;
    const auto progress = chain.boot->progress(chain.lane, options_.places[i]);
    const bool sound = base && progress && progress->sent <= chain.head.through;
    p.known = sound ? progress->acked : 0;
    // Nobody knows what a process before this one had sent: maybe all of it.
    p.maybe_sent = sound ? progress->sent : chain.head.through;
  }
  // What is in hand still comes to it, or the word that it is lost.
  chain.growing = chain.boot->segments() != 0 || chain.boot->total(chain.lane) > chain.head.through;
  drop_acknowledged(chain);
  return Done{};
}

Status Spool::keep_only(const std::string& sensor) {
  const std::lock_guard lock(mutex_);
  std::set<const BootFile*> gone;
  std::string other;
  std::uint64_t owed = 0;
  for (const auto& boot : boots_) {
    if (boot->sensor() == sensor) continue;
    gone.insert(boot.get());
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
      const Chain& c = *find(boot->boot(), lane);
      const std::uint64_t made = c.growing ? std::max(c.head.through, boot->total(lane)) : c.head.through;
      if (made <= c.base.through) continue;
      owed += made - c.base.through;
      other = boot->sensor();
    }
  }
  if (owed != 0) {
    return Error{
        fmt::format("export.spool.path: '{}' holds {} records of sensor '{}', and this one is '{}': a "
                    "collector takes them from "
                    "that one alone. Start once more with its certificate until they are delivered, or name "
                    "another folder",
                    options_.folder, owed, other, sensor)};
  }
  forget(gone);
  return Done{};
}

}  // namespace picket::delivery
