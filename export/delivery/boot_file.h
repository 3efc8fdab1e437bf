// export/delivery/boot_file.h — what is known of one boot beside its batches, in memory that outlives the process
//
//   | header, names of types | of each lane: made, sent, acknowledged, base, head | segment 0 | ... | header again
//
// A file mapped MAP_SHARED: what was stored is in the kernel's hands, so kill -9 of the process takes none of it. A
// loss of power does: then what the file holds may be older or torn, and is only believed as far as its checksums go.
// Room on disk is taken when it is made, so a full disk never turns up as a signal later. Pages that the disk does not
// give back are zeros when it is loaded.
//
// Segments hold records that are in no batch yet. Each lane has two points: `base` is where its oldest batch in the
// spool begins, `head` where its last one ended.
//
// Cost    set_*() of a point about 2 us; all else single stores
// Threads segments and made: see journal.h; everything else: the spool's lock
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "export/delivery/chain_point.h"
#include "export/delivery/lanes.h"
#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::delivery {

inline constexpr std::size_t kMaxTypes = 256;
inline constexpr std::size_t kMaxCollectors = 8;

/// Records of one lane, delimited, behind one another; `committed` covers those that are whole. From the end of its
/// room backwards stands a checksum of each.
struct Segment {
  std::uint64_t owner;                          ///< 0: free; else the lane's place in kLanes, plus one
  std::uint64_t first_seq;                      ///< of the first record
  std::uint64_t committed;                      ///< records << 32 | bytes
  std::array<std::uint64_t, kMaxTypes> before;  ///< records of the lane before first_seq, by kind
  std::array<std::uint32_t, kMaxTypes>
      counts;  ///< of the committed records, by kind; after a kill one may be missing

  [[nodiscard]] std::uint32_t count() const noexcept { return static_cast<std::uint32_t>(committed >> 32); }
  [[nodiscard]] std::uint32_t bytes() const noexcept { return static_cast<std::uint32_t>(committed); }
  [[nodiscard]] std::uint8_t* data() noexcept { return reinterpret_cast<std::uint8_t*>(this + 1); }
  [[nodiscard]] const std::uint8_t* data() const noexcept {
    return reinterpret_cast<const std::uint8_t*>(this + 1);
  }
};

class BootFile {
 public:
  struct Options {
    std::string path;  ///< "": nothing outlives the process
    std::string sensor;
    std::uint64_t boot = 0;
    std::uint64_t started_at = 0;  ///< ns since 1970: boots are delivered in this order
    std::uint32_t segment_bytes = 0;
    std::uint32_t segments = 0;
    bool points_known = true;  ///< every chain begins with it; false: it stands for a file that was lost
  };
  /// Refuses where there is no room on disk for all of it, or the file exists. A kill
  /// leaves all of it, or `path`.new.
  static Result<std::unique_ptr<BootFile>> create(const Options& options);
  /// Of a boot that has ended. `damaged`, when it is asked for: it was read, and is none, or damaged. Any other error
  /// is the system's, and says nothing of the file.
  static Result<std::unique_ptr<BootFile>> load(const std::string& path, bool* damaged = nullptr);
  ~BootFile();
  BootFile(const BootFile&) = delete;
  BootFile& operator=(const BootFile&) = delete;

  /// The same in memory as a file on disk; nothing of it moves for those who hold its segments. When nobody writes to
  /// made and segments. With an error it stays in memory.
  Status move_to(const std::string& path);

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] bool in_memory() const noexcept { return path_.empty(); }
  [[nodiscard]] std::size_t bytes() const noexcept { return map_bytes_; }
  [[nodiscard]] std::string sensor() const;
  [[nodiscard]] std::uint64_t boot() const noexcept;
  [[nodiscard]] std::uint64_t started_at() const noexcept;
  [[nodiscard]] ChainId chain(std::size_t lane) const { return {sensor(), boot(), kLanes[lane]}; }
  /// A lane's records by kind, made so far.
  [[nodiscard]] std::span<std::uint64_t, kMaxTypes> made(std::size_t lane) noexcept;
  /// How many these are: stored behind them, so that a torn page does not pass for a count.
  [[nodiscard]] std::uint64_t& total(std::size_t lane) noexcept;
  /// Counts by kind as counts by the names that this boot had for them.
  template <class T>
  [[nodiscard]] TypeCounts by_name(std::span<const T, kMaxTypes> counts) const {
    TypeCounts named;
    for (std::size_t kind = 0; kind < kMaxTypes; ++kind) {
      if (counts[kind] != 0) named[std::string(name(kind))] += counts[kind];
    }
    return named;
  }

  [[nodiscard]] std::uint32_t segments() const noexcept;
  [[nodiscard]] std::uint32_t segment_bytes() const noexcept;  ///< room for records
  [[nodiscard]] Segment& segment(std::uint32_t i) noexcept;
  /// The checksum of record `i`, as it is stored.
  [[nodiscard]] std::uint32_t check(const Segment& segment, std::uint32_t i) const noexcept;
  void set_check(Segment& segment, std::uint32_t i, std::uint32_t crc) noexcept;
  /// That it has to be: of its delimited bytes and its number, so that what a page held before does not pass for it.
  [[nodiscard]] static std::uint32_t expected_check(Bytes delimited, std::uint64_t seq) noexcept;
  /// When its records are in batches: gives their room back.
  void drop_segments();

  /// From this number on the lane's batches found no room on disk: what a process had of them in memory
  /// ended with it. 0: there are none.
  [[nodiscard]] std::uint64_t& unwritten_from(std::size_t lane) noexcept;

  /// No value: damaged, or not known.
  [[nodiscard]] std::optional<ChainPoint> base(std::size_t lane) const;
  [[nodiscard]] std::optional<ChainPoint> head(std::size_t lane) const;
  void set_base(std::size_t lane, const ChainPoint& point);
  void set_head(std::size_t lane, const ChainPoint& point);

  /// How far a lane is at one collector; by name, for a configuration may list them in another order.
  struct Progress {
    std::uint64_t sent = 0;  ///< the highest number that may have left for it
    std::uint64_t acked = 0;
  };
  /// No value: damaged.
  [[nodiscard]] std::optional<Progress> progress(std::size_t lane, std::string_view collector) const noexcept;
  void set_progress(std::size_t lane, std::string_view collector, Progress progress) noexcept;

  void remove() noexcept;

 private:
  struct StoredPoint;
  struct Lane;
  struct Layout;
  explicit BootFile(std::string path) : path_(std::move(path)) {}
  [[nodiscard]] std::string_view name(std::size_t kind) const noexcept;
  void store(std::array<StoredPoint, 2>& place, const ChainPoint& point);
  [[nodiscard]] std::optional<ChainPoint> read(const std::array<StoredPoint, 2>& place) const;

  std::string path_;
  Layout* map_ = nullptr;
  std::size_t map_bytes_ = 0;
};

}  // namespace picket::delivery
