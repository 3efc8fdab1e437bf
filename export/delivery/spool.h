// export/delivery/spool.h — sealed batches that are owed: kept until acknowledged, given
// up by policy, never in silence
//
//   ChainWriter ──append()──> | lane: boot, boot, ... | ──next()──> each place that records go to
//                             files of frames, on disk   <──acknowledge()──
//
// A folder: <boot>.boot (boot_file.h), <boot>-<lane>-<first number>.batches (spool_file.h), refused/ (capped), lock.
// Without a folder the same files are in memory and end with the process.
//
// Ends     a chain that is all acknowledged is still told of, by a GAP_ACKNOWLEDGED, whenever a place
//          connects: a collector whose store was lost or restored learns so what it lacks, of this
//          boot and of kEndedBoots before it
// Order    next() gives a lane's oldest boot first. Whoever sends asks for the most urgent lane first
// Full     above max_bytes what is least urgent and oldest goes, a file at a time, and is a gap:
//          statistics, then flows, then transactions, alerts last. What may already be at a collector
//          stays, for a gap over it could not be exact
// Old      files in which nothing was written for max_age go the same way, whatever their
//          lane; setting the clock ages none
// Damage   is found when it is read. The gap is computed from what stands around it (chain_point.h)
// No disk  when the disk is full or broken, batches stay in memory, max_memory_bytes of them, and move to the disk
//          when it takes them again. What is still there when the process ends is a gap of GAP_SENSOR_ENDED.
//          What an earlier process had in hand stays in its boot's file until the disk takes it as batches
//
// Open     files that are written to or read at present; the others are names (spool_file.h)
// Threads  any; one lock, held during reads and writes of a batch, not during fsync
#pragma once
#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "export/capped_folder.h"
#include "export/delivery/boot_file.h"
#include "export/delivery/counters.h"
#include "export/delivery/options.h"
#include "export/delivery/spool_file.h"

namespace picket::delivery {

struct SpoolOptions {
  std::string folder;  ///< "": in memory
  std::uint64_t max_bytes = std::uint64_t{1} << 30;
  std::uint64_t max_memory_bytes = std::uint64_t{64}
                                   << 20;  ///< without a folder, or while the disk takes nothing
  std::chrono::seconds max_age{0};         ///< 0: none
  std::uint64_t max_refused_bytes = std::uint64_t{256} << 20;  ///< of refused/: the oldest go
  Fsync fsync = Fsync::kInterval;
  std::chrono::milliseconds disk_retry{1000};    ///< a disk that took nothing is tried again this often
  std::vector<std::string> places{"collector"};  ///< where all has to go; at most kMaxCollectors
};

class Spool {
 public:
  static constexpr std::size_t kEndedBoots = 64;  ///< about 50 kB each on disk

  /// Told, with the spool's lock held, what became of records of the boot that begin() began: acknowledged by all
  /// places, safe on disk after all, or given up.
  using Settled =
      std::function<void(std::size_t lane, std::uint64_t first, std::uint64_t last, bool delivered)>;

  /// Refuses a folder that another process uses, that cannot be written to, or of which a file cannot be opened or
  /// read now: then nothing in it is changed. What was read and is damaged is put aside or becomes gaps, and is said
  /// in the log.
  static Result<std::unique_ptr<Spool>> open(SpoolOptions options, DeliveryCounters& counters);
  ~Spool();
  Spool(const Spool&) = delete;
  Spool& operator=(const Spool&) = delete;

  /// The boot of this process: its file is made, in memory when the disk has no room for it; then what is in hand
  /// does not outlive the process until place(). Once.
  Result<BootFile*> begin(BootFile::Options options, Settled settled);
  /// Is that boot's file on disk? Tries it again now and then, unless others hold the lock. From the thread that fills
  /// its segments, which it costs a write of all of them, once.
  bool place(BootFile& boot);
  /// Boots that ended with records in hand, for recover(). None while the disk took nothing a moment ago.
  [[nodiscard]] std::vector<BootFile*> ended();
  /// For a sensor that has to prove who it is: the error names another one of which records are owed here. Boots
  /// of others of which nothing is owed are forgotten, for nobody takes the word where they ended under this
  /// name.
  Status keep_only(const std::string& sensor);
  /// Nothing more will be appended to it. What it had in hand goes when its batches are as safe as `fsync` says; where
  /// they cannot be, it is among ended() again.
  void close(BootFile& boot);

  /// Where the next batch of a chain stands.
  [[nodiscard]] ChainPoint head(BootFile& boot, std::size_t lane);
  /// `batch` stands at head(), `after` follows it. True: it is on disk, as safe as `fsync` says. False: in memory;
  /// of a boot that has ended: nowhere, and the chain stands where it stood.
  bool append(BootFile& boot, std::size_t lane, const v1::Batch& batch, const ChainPoint& after);

  /// What has to go to that place next; no value: all has, for now.
  std::optional<Frame> next(std::size_t place, std::size_t lane);
  /// The connection broke: what was not acknowledged goes again.
  void rewind(std::size_t place, std::size_t lane);
  /// Numbers that next() never gave are ignored.
  void acknowledge(std::size_t place, std::uint64_t boot, std::size_t lane, std::uint64_t through);
  /// The place will never take this batch: it is put into refused/ with the reason, and
  /// a gap goes there in its stead.
  void refuse(std::size_t place, const Frame& frame, const std::string& reason);

  /// Retention, sync, the way back to the disk: a few times a second.
  void tick();
  /// Records that some place has not acknowledged.
  [[nodiscard]] std::uint64_t owed();
  [[nodiscard]] bool empty() { return owed() == 0; }
  /// Is there room for so many bytes without giving something up? There always is when nothing is owed.
  [[nodiscard]] bool has_room(std::uint64_t bytes);

 private:
  struct Stored {
    std::shared_ptr<SpoolFile> file;
    std::uint64_t missing = 0;  ///< of its records, in gaps
    bool gap = false;           ///< it is one gap, and nothing else
  };
  struct Sent {
    ChainPoint after;
    std::uint64_t sealed_at = 0;
  };
  /// How far a chain is at one place.
  struct Place {
    ChainPoint acked, at;  ///< at: of what was read last
    std::uint64_t maybe_sent = 0;
    std::uint64_t known = 0;  ///< acknowledged to a process before this one, beyond `acked`
    ChainPoint told;          ///< since it connected: what it has acknowledged, as far as it was told
    bool tells = true, refuses_told = false;
    std::deque<Sent> sent;  ///< not acknowledged
    std::shared_ptr<SpoolFile> file;
    std::uint64_t offset = 0;  ///< in `file`
    std::set<std::uint64_t> refused;
  };
  struct Chain {
    BootFile* boot = nullptr;
    std::size_t lane = 0;
    std::deque<Stored> files;
    ChainPoint base, head;  ///< acknowledged by all places; sealed
    std::uint64_t readable = 0;
    std::uint64_t oldest_sealed_at = 0;  ///< of the first batch behind base, about; 0: not known
    std::uint64_t damage_told = 0;
    std::vector<Place> places;
    bool growing = false;      ///< the last file may be written to: its boot works, or is to be recovered
    bool closed_told = false;  ///< that a file cannot be opened to be read
  };

  Spool(SpoolOptions options, DeliveryCounters& counters);

  // spool_load.cc
  Status lock_folder();
  Status load();
  Status load_boot(const std::string& path);
  Status load_file(const std::string& path, std::uint64_t boot, std::size_t lane);
  Status finish_loading(Chain& chain);
  void put_aside(const std::string& path, const std::string& why);
  Chain& add_chain(BootFile& boot, std::size_t lane);

  [[nodiscard]] Chain* find(std::uint64_t boot, std::size_t lane);
  [[nodiscard]] std::string file_name(const Chain& chain, std::uint64_t first) const;
  [[nodiscard]] std::string boot_name(std::uint64_t boot) const;
  Result<BootFile*> make_boot(BootFile::Options options);
  bool place_locked(BootFile& boot);
  [[nodiscard]] bool may_try_disk() const;
  [[nodiscard]] bool is_to_recover(const Chain& chain) const {
    return chain.growing && chain.boot != current_;
  }
  void end_file(const std::shared_ptr<SpoolFile>& file);
  void tell_given_up();
  void sync_later(const std::shared_ptr<SpoolFile>& file);
  bool sync_all(const std::vector<std::shared_ptr<SpoolFile>>& files);
  [[nodiscard]] std::uint64_t rotate_bytes() const noexcept;
  std::shared_ptr<SpoolFile> make_file(const Chain& chain, const ChainPoint& base);
  void disk_failed(const std::string& why);
  void count_file(const SpoolFile& file, std::uint64_t before);
  void uncount_file(const SpoolFile& file);

  void make_room(std::uint64_t bytes);
  bool give_up_one(bool memory_only);
  [[nodiscard]] static std::uint64_t end_of(const Chain& chain, std::size_t i);
  [[nodiscard]] static bool may_go(const Chain& chain, std::uint64_t from, std::uint64_t to);
  void give_up(Chain& chain, std::size_t i);
  void drop_old();
  void move_to_disk();
  bool advance_base(Chain& chain);
  void drop_acknowledged(Chain& chain, bool growing_too = false);
  [[nodiscard]] std::uint64_t owed_locked() const;
  [[nodiscard]] static bool is_finished(const Chain& chain);
  void drop_finished();
  void forget(const std::set<const BootFile*>& gone);

  std::optional<Frame> tell_acknowledged(const Chain& chain, Place& place) const;
  std::optional<Frame> read_next(Chain& chain, Place& place);
  [[nodiscard]] static v1::GapReason why_absent(const Chain& chain, const Place& place);
  Stored* file_of(Chain& chain, Place& place);
  Frame missing_frame(const Chain& chain, const ChainPoint& from, ChainPoint to, v1::GapReason reason,
                      std::uint64_t sealed_at) const;
  void update_level(std::size_t lane);

  SpoolOptions options_;
  CappedFolder refused_;
  DeliveryCounters& counters_;
  int lock_fd_ = -1;

  std::mutex mutex_;
  Settled settled_;
  BootFile* current_ = nullptr;
  std::vector<std::unique_ptr<BootFile>> boots_;
  std::array<std::vector<std::unique_ptr<Chain>>, kLaneCount> lanes_;  ///< oldest boot first
  std::uint64_t total_bytes_ = 0, memory_bytes_ = 0;
  bool disk_failing_ = false;
  std::chrono::steady_clock::time_point disk_tried_{}, boot_tried_{}, synced_{};
  std::uint64_t given_up_ = 0;  ///< records, since it was told
  std::chrono::steady_clock::time_point given_up_told_{};
  std::vector<std::shared_ptr<SpoolFile>> written_;  ///< to be synced, each once
};

}  // namespace picket::delivery
