#include "export/delivery/boot_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <functional>
#include <vector>

#include "export/delivery/crc32c.h"
#include "export/durable.h"
#include "export/fd.h"
#include "export/new_file.h"

namespace picket::delivery {
namespace {

constexpr std::array<char, 8> kMagic{'p', 'k', 't', 'b', 'o', 'o', 't', '2'};
constexpr std::size_t kNameBytes = 32;
constexpr std::size_t kPage = 4096;

std::uint32_t checksum(const void* data, std::size_t n) {
  return static_cast<std::uint32_t>(::crc32_z(0, static_cast<const Bytef*>(data), n));
}

constexpr std::size_t round_up(std::size_t n) { return (n + kPage - 1) / kPage * kPage; }

/// FNV-1a; 0 stands for a place that is free.
std::uint64_t hash_name(std::string_view name) {
  std::uint64_t h = 0xcbf29ce484222325;
  for (const char c : name) h = (h ^ static_cast<std::uint8_t>(c)) * 0x100000001b3;
  return h == 0 ? 1 : h;
}

/// Pages of a mapped file that the disk does not give back become zeros: to read them where they are mapped would end
/// the process by a signal.
Status cover_unreadable(int fd, std::uint8_t* map, std::size_t bytes, const std::string& path) {
  std::vector<char> chunk(std::size_t{1} << 20);
  std::size_t pages = 0;
  int error = 0;
  for (std::size_t at = 0, n = 0; at < bytes; at += n) {
    n = std::min(chunk.size(), bytes - at);
    const ssize_t got = ::pread(fd, chunk.data(), n, static_cast<off_t>(at));
    if (got == static_cast<ssize_t>(n)) continue;
    if (got >= static_cast<ssize_t>(kPage)) {
      n = static_cast<std::size_t>(got) / kPage * kPage;
      continue;
    }
    n = std::min(kPage, bytes - at);
    if (::pread(fd, chunk.data(), n, static_cast<off_t>(at)) >= 0) continue;
    error = errno;
    if (!is_damage(error)) return Error{fmt::format("cannot read '{}': {}", path, std::strerror(error))};
    if (::mmap(map + at, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
        MAP_FAILED)
      return Error{fmt::format("cannot map '{}': {}", path, std::strerror(errno))};
    ++pages;
  }
  if (pages != 0)
    spdlog::error("spool: {} pages of '{}' cannot be read: {}", pages, path, std::strerror(error));
  return Done{};
}

}  // namespace

/// Written in turns: one of the two is whole at any moment.
struct BootFile::StoredPoint {
  std::uint64_t generation, through;
  BatchHash hash;
  std::array<std::uint64_t, kMaxTypes> made;
  std::uint64_t crc;  ///< of all before it
};

struct BootFile::Lane {
  std::array<std::uint64_t, kMaxTypes> made;
  std::uint64_t total;  ///< sum of `made`, but for what is being counted
  struct Known {
    std::uint64_t collector, sent, acked, check;
    [[nodiscard]] std::uint64_t expected() const noexcept;
    /// Of nobody. Zeros are none: they are what a page may have become.
    static Known none() noexcept;
  };
  std::array<Known, kMaxCollectors> known;
  std::array<StoredPoint, 2> base, head;
};

struct BootFile::Layout {
  std::array<char, 8> magic;
  std::uint64_t boot, started_at;
  std::uint32_t segment_bytes, segments;
  std::array<char, 160> sensor;
  std::array<std::array<char, kNameBytes>, kMaxTypes> names;
  std::uint64_t crc;  ///< of all before it
  std::array<Lane, kLaneCount> lanes;
  std::array<std::uint64_t, kLaneCount>
      unwritten_from;  ///< in the rest of a page, which was zeros before there was this

  [[nodiscard]] std::size_t stride() const { return round_up(sizeof(Segment) + segment_bytes); }
  [[nodiscard]] std::size_t total() const { return round_up(sizeof(Layout)) + segments * stride(); }
  [[nodiscard]] static constexpr std::size_t header_bytes() { return offsetof(Layout, lanes); }
  [[nodiscard]] bool has_header() const {
    return magic == kMagic && crc == checksum(this, offsetof(Layout, crc));
  }
};

Result<std::unique_ptr<BootFile>> BootFile::create(const Options& options) {
  Layout first{};
  first.segment_bytes = options.segment_bytes;
  first.segments = options.segments;
  std::unique_ptr<BootFile> file(new BootFile(options.path));
  file->map_bytes_ = first.total() + round_up(Layout::header_bytes());
  std::optional<NewFile> on_disk;
  if (!options.path.empty()) {
    if (::access(options.path.c_str(), F_OK) == 0)
      return Error{fmt::format("cannot make '{}': it exists", options.path)};
    on_disk.emplace(options.path + ".new", options.path);
    if (const Status s = on_disk->reserve(file->map_bytes_); !s) return s.error();
  }
  void* map = ::mmap(nullptr, file->map_bytes_, PROT_READ | PROT_WRITE,
                     on_disk ? MAP_SHARED : MAP_SHARED | MAP_ANONYMOUS, on_disk ? on_disk->fd() : -1, 0);
  if (map == MAP_FAILED) return Error{fmt::format("cannot map '{}': {}", options.path, std::strerror(errno))};
  Layout& layout = *(file->map_ = static_cast<Layout*>(map));
  layout.boot = options.boot;
  layout.started_at = options.started_at;
  layout.segment_bytes = options.segment_bytes;
  layout.segments = options.segments;
  options.sensor.copy(layout.sensor.data(), layout.sensor.size() - 1);
  for (std::size_t kind = 0; kind < std::min(kMaxTypes, record_kind_count()); ++kind)
    record_kind_name(static_cast<RecordKind>(kind)).copy(layout.names[kind].data(), kNameBytes - 1);
  layout.magic = kMagic;
  layout.crc = checksum(&layout, offsetof(Layout, crc));
  std::memcpy(reinterpret_cast<std::uint8_t*>(map) + first.total(), map, Layout::header_bytes());
  if (options.points_known) {
    for (std::size_t lane = 0; lane < kLaneCount; ++lane) file->set_base(lane, {}), file->set_head(lane, {});
    for (Lane& lane : layout.lanes) lane.known.fill(Lane::Known::none());
  }
  if (on_disk) {
    if (const Status s = on_disk->place(); !s) return s.error();
  }
  return file;
}

Result<std::unique_ptr<BootFile>> BootFile::load(const std::string& path, bool* damaged) {
  if (damaged != nullptr) *damaged = false;
  const auto is_damaged = [&](std::string why) {
    if (damaged != nullptr) *damaged = true;
    return Error{std::move(why)};
  };
  std::unique_ptr<BootFile> file(new BootFile(path));
  const Fd fd(::open(path.c_str(), O_RDWR | O_CLOEXEC));
  struct stat st {};
  if (!fd || ::fstat(fd.get(), &st) != 0) {
    if (damaged != nullptr) *damaged = is_damage(errno);
    return Error{fmt::format("cannot open '{}': {}", path, std::strerror(errno))};
  }
  const auto size = static_cast<std::size_t>(st.st_size);
  if (size < round_up(sizeof(Layout))) return is_damaged(fmt::format("'{}' is too short", path));
  void* map = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd.get(), 0);
  if (map == MAP_FAILED) return Error{fmt::format("cannot map '{}': {}", path, std::strerror(errno))};
  file->map_ = static_cast<Layout*>(map);
  file->map_bytes_ = size;
  if (const Status covered = cover_unreadable(fd.get(), static_cast<std::uint8_t*>(map), size, path);
      !covered)
    return covered.error();
  const Layout& layout = *file->map_;
  const std::size_t copy = round_up(Layout::header_bytes());
  if (!layout.has_header() && size >= round_up(sizeof(Layout)) + copy)
    std::memcpy(map, static_cast<std::uint8_t*>(map) + size - copy, Layout::header_bytes());
  if (!layout.has_header()) return is_damaged(fmt::format("'{}' is damaged: its checksum is wrong", path));
  if (size < layout.total() && size != round_up(sizeof(Layout)))
    return is_damaged(fmt::format("'{}' is cut short: {} of {} bytes", path, size, layout.total()));
  return file;
}

Status BootFile::move_to(const std::string& path) {
  NewFile file(path + ".new", path);
  if (Status s = file.reserve(map_bytes_); !s) return s;
  if (Status s = file.write({reinterpret_cast<const char*>(map_), map_bytes_}); !s) return s;
  // Elsewhere first: where it fails, what was mapped before must still be there.
  void* fresh = ::mmap(nullptr, map_bytes_, PROT_READ | PROT_WRITE, MAP_SHARED, file.fd(), 0);
  if (fresh == MAP_FAILED) return Error{fmt::format("cannot map '{}': {}", path, std::strerror(errno))};
  if (::mremap(fresh, map_bytes_, map_bytes_, MREMAP_MAYMOVE | MREMAP_FIXED, map_) == MAP_FAILED) {
    const int error = errno;
    ::munmap(fresh, map_bytes_);
    return Error{fmt::format("cannot map '{}': {}", path, std::strerror(error))};
  }
  if (Status s = file.place(); !s) return s;
  path_ = path;
  return Done{};
}

BootFile::~BootFile() {
  if (map_ != nullptr) ::munmap(map_, map_bytes_);
}

std::uint32_t BootFile::check(const Segment& segment, std::uint32_t i) const noexcept {
  std::uint32_t crc = 0;
  std::memcpy(&crc, segment.data() + map_->segment_bytes - sizeof crc * (i + 1), sizeof crc);
  return crc;
}

void BootFile::set_check(Segment& segment, std::uint32_t i, std::uint32_t crc) noexcept {
  std::memcpy(segment.data() + map_->segment_bytes - sizeof crc * (i + 1), &crc, sizeof crc);
}

std::uint32_t BootFile::expected_check(Bytes delimited, std::uint64_t seq) noexcept {
  return crc32c(delimited, static_cast<std::uint32_t>(seq));
}

std::string BootFile::sensor() const { return map_->sensor.data(); }
std::uint64_t BootFile::boot() const noexcept { return map_->boot; }
std::uint64_t BootFile::started_at() const noexcept { return map_->started_at; }
std::span<std::uint64_t, kMaxTypes> BootFile::made(std::size_t lane) noexcept {
  return map_->lanes[lane].made;
}
std::uint64_t& BootFile::total(std::size_t lane) noexcept { return map_->lanes[lane].total; }
std::uint64_t& BootFile::unwritten_from(std::size_t lane) noexcept {
  static_assert(round_up(offsetof(Layout, unwritten_from)) == round_up(sizeof(Layout)),
                "segments of files that are there already would lie elsewhere");
  return map_->unwritten_from[lane];
}
std::string_view BootFile::name(std::size_t kind) const noexcept { return map_->names[kind].data(); }

std::uint32_t BootFile::segments() const noexcept { return map_bytes_ < map_->total() ? 0 : map_->segments; }
std::uint32_t BootFile::segment_bytes() const noexcept { return map_->segment_bytes; }
Segment& BootFile::segment(std::uint32_t i) noexcept {
  auto* bytes = reinterpret_cast<std::uint8_t*>(map_) + round_up(sizeof(Layout)) + i * map_->stride();
  return *reinterpret_cast<Segment*>(
      bytes);  // NOLINT: the mapping begins at a page, and so does each segment
}

void BootFile::drop_segments() {
  const std::size_t keep = round_up(sizeof(Layout));
  if (map_bytes_ == keep) return;
  ::munmap(reinterpret_cast<std::uint8_t*>(map_) + keep, map_bytes_ - keep);
  map_bytes_ = keep;
  if (in_memory()) return;
  [[maybe_unused]] const int done = ::truncate(path_.c_str(), static_cast<off_t>(keep));
}

void BootFile::store(std::array<StoredPoint, 2>& place, const ChainPoint& point) {
  StoredPoint& to = place[0].generation <= place[1].generation ? place[0] : place[1];
  const std::uint64_t generation = std::max(place[0].generation, place[1].generation) + 1;
  to.crc = 0;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  to.generation = generation;
  to.through = point.through;
  to.hash = point.hash;
  for (std::size_t kind = 0; kind < kMaxTypes; ++kind) {
    const auto at = name(kind).empty() ? point.made.end() : point.made.find(name(kind));
    to.made[kind] = at == point.made.end() ? 0 : at->second;
  }
  std::atomic_signal_fence(std::memory_order_seq_cst);
  to.crc = checksum(&to, offsetof(StoredPoint, crc));
}

std::optional<ChainPoint> BootFile::read(const std::array<StoredPoint, 2>& place) const {
  const StoredPoint* best = nullptr;
  for (const StoredPoint& p : place) {
    if (p.generation == 0 || p.crc != checksum(&p, offsetof(StoredPoint, crc))) continue;
    if (best == nullptr || p.generation > best->generation) best = &p;
  }
  if (best == nullptr) return {};
  return ChainPoint{best->through, best->hash,
                    by_name(std::span<const std::uint64_t, kMaxTypes>(best->made))};
}

std::optional<ChainPoint> BootFile::base(std::size_t lane) const { return read(map_->lanes[lane].base); }
std::optional<ChainPoint> BootFile::head(std::size_t lane) const { return read(map_->lanes[lane].head); }
void BootFile::set_base(std::size_t lane, const ChainPoint& p) { store(map_->lanes[lane].base, p); }
void BootFile::set_head(std::size_t lane, const ChainPoint& p) { store(map_->lanes[lane].head, p); }

std::uint64_t BootFile::Lane::Known::expected() const noexcept {
  return collector * 3 + sent * 5 + acked * 7 + 11;
}

BootFile::Lane::Known BootFile::Lane::Known::none() noexcept {
  Known none{};
  none.check = none.expected();
  return none;
}

std::optional<BootFile::Progress> BootFile::progress(std::size_t lane,
                                                     std::string_view collector) const noexcept {
  for (const Lane::Known& k : map_->lanes[lane].known) {
    if (k.check != k.expected()) return {};
    if (k.collector == 0) return Progress{};
    if (k.collector == hash_name(collector)) return Progress{k.sent, k.acked};
  }
  return Progress{};
}

void BootFile::set_progress(std::size_t lane, std::string_view collector, Progress progress) noexcept {
  const std::uint64_t hash = hash_name(collector);
  auto& all = map_->lanes[lane].known;
  auto at = std::find_if(all.begin(), all.end(),
                         [&](const Lane::Known& k) { return k.collector == 0 || k.collector == hash; });
  if (at ==
      all.end()) {  // every place is another collector's, of configurations before: nobody asks for them
    all.fill(Lane::Known::none());
    at = all.begin();
  }
  at->check = ~std::uint64_t{0};
  std::atomic_signal_fence(std::memory_order_seq_cst);
  at->collector = hash;
  at->sent = progress.sent;
  at->acked = progress.acked;
  std::atomic_signal_fence(std::memory_order_seq_cst);
  at->check = at->expected();
}

void BootFile::remove() noexcept {
  if (!path_.empty()) ::unlink(path_.c_str());
}

}  // namespace picket::delivery
