// dataplane/files/file_tracker.h — follows files: size, gaps, state, hashes, magic, the bytes that rules see
//
// AppEngine hands it what parsers tell of files. A File hangs off its transaction until the engine has made
// its record; contexts of hashes live in the pool as long as the file is open.
//
// Cost    no allocation but libmagic's; a file 512 bytes of the pool, 512 more while it is hashed. Without
//         hashes and rules its bytes are only counted. SHA-256 takes 0.5 to 2.5 ns a byte, the others less
// Limits  max_files of a transaction, kMaxFileName of a name; both are counted
#pragma once
#include <atomic>
#include <cstdint>
#include <memory>
#include <string>

#include "dataplane/files/magic.h"
#include "parsers/core/file.h"

namespace picket {

/// What somebody asks of files; by rules and by configuration, or-ed.
struct FileWants {
  bool any = false;   ///< files are followed at all
  bool kept = false;  ///< file.data
  bool magic = false, md5 = false, sha1 = false, sha256 = false;

  friend FileWants operator|(FileWants a, FileWants b) noexcept {
    return {a.any || b.any, a.kept || b.kept, a.magic || b.magic,
            a.md5 || b.md5, a.sha1 || b.sha1, a.sha256 || b.sha256};
  }
  friend bool operator==(const FileWants&, const FileWants&) noexcept = default;
};

/// Hashes that somebody asks for while workers run: indicators, whose sets are swapped on another thread. Each file
/// has those that were asked for when it began.
class AskedHashes {
 public:
  /// In place of what was asked before. From one thread at a time; only the hashes of `wants` count.
  void ask(const FileWants& wants) noexcept {
    bits_.store(static_cast<std::uint8_t>((wants.md5 ? kMd5 : 0) | (wants.sha1 ? kSha1 : 0) |
                                          (wants.sha256 ? kSha256 : 0)),
                std::memory_order_relaxed);
  }
  /// Any thread.
  [[nodiscard]] FileWants wants() const noexcept {
    const std::uint8_t bits = bits_.load(std::memory_order_relaxed);
    FileWants w;
    w.md5 = (bits & kMd5) != 0;
    w.sha1 = (bits & kSha1) != 0;
    w.sha256 = (bits & kSha256) != 0;
    return w;
  }

 private:
  enum : std::uint8_t { kMd5 = 1, kSha1 = 2, kSha256 = 4 };
  std::atomic<std::uint8_t> bits_{0};  // one value, so that no file sees half of what was asked
};

struct FileConfig {
  FileWants wants;                     ///< outputs.eve-log.types.files: force-hash, force-magic
  const AskedHashes* asked = nullptr;  ///< outlives the tracker; nullptr: nobody asks later
  std::uint32_t max_files = 64;        ///< of one transaction
  std::string magic_file;              ///< magic-file; "": the system's
};

/// Counted since the start.
struct FileStats {
  std::uint64_t files = 0;    ///< followed
  std::uint64_t refused = 0;  ///< not followed: max_files, or the pool was used up
  std::uint64_t cut = 0;      ///< ended by a limit before their end
};

inline constexpr std::size_t kMaxFileName = 4096;  ///< bytes that are kept of a name

class FileTracker {
 public:
  FileTracker(const FileConfig& config, Pool& pool);
  ~FileTracker();
  FileTracker(const FileTracker&) = delete;
  FileTracker& operator=(const FileTracker&) = delete;

  /// Between bursts: what the rules ask, beside the configuration. Counts for files that begin from now on.
  /// `made` is taken where nobody asked for libmagic before.
  void want(const FileWants& rules, std::unique_ptr<Magic>& made) noexcept;
  /// The same off the packet path: loads libmagic's database when it is needed.
  void want(const FileWants& rules);
  [[nodiscard]] const FileWants& wants() const noexcept { return wants_; }

  // As in Sink. A File's stage says how far it came.
  [[nodiscard]] File* begin(Transaction&, Direction, Bytes name, std::size_t inspect_limit) noexcept;
  void data(File&, Bytes) noexcept;
  void gap(File&, std::uint64_t missing) noexcept;
  void end(File&, FileEnd) noexcept;
  /// Frees all files of a transaction.
  void release(Transaction&) noexcept;

  [[nodiscard]] const FileStats& stats() const noexcept { return stats_; }

 private:
  void keep(File&, Bytes) noexcept;
  void reach(File&) noexcept;
  void stop_hashing(File&) noexcept;

  FileConfig config_;
  FileWants wants_;
  Pool& pool_;
  std::unique_ptr<Magic> magic_;
  FileStats stats_;
};

}  // namespace picket
