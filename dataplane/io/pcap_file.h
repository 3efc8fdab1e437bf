// dataplane/io/pcap_file.h — capture files (pcap, pcapng; plain, gzip or zstd), one packet at a time, in file
// order
//
// savefile.h reads pcap, micro- and nanosecond, either byte order; pcapng_file.h reads pcapng, also with interfaces of
// different link types; what else goes by the name of pcap (old versions, vendors' formats) libpcap reads. Times are
// nanoseconds whatever the file holds.
//
// Cost    next(): no copy of a packet, no allocation once warm; it blocks: not for worker cores
// Lives   a CapturedPacket's bytes until the next call of next()
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "dataplane/packet.h"
#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

struct pcap;

namespace picket {

class ByteSource;
class Lookahead;
class PcapngReader;
class SavefileReader;

struct CapturedPacket {
  Bytes data;
  LinkType link = LinkType::kUnknown;
  std::uint32_t wire_size = 0;  ///< never below data.size()
  std::uint64_t time_ns = 0;    ///< UTC since 1970; a time that no clock can show is clamped, not wrapped
};

class CaptureReader {
 public:
  /// The largest packet that is given out whole: larger ones are cut, as a snap length would cut them.
  static constexpr std::size_t kMaxPacket = 256 * 1024;

  enum class Next : std::uint8_t { kPacket, kEnd, kError };

  /// `path`, or "-" for standard input. An error names the file and says in one line what is wrong.
  static Result<CaptureReader> open(const std::string& path);
  ~CaptureReader();
  CaptureReader(CaptureReader&&) noexcept;
  CaptureReader& operator=(CaptureReader&&) noexcept;

  /// kPacket: `out` is filled. kEnd: the file was read to its end. kError: it is damaged or cut off from here
  /// on; error() says where, and further calls say kError again.
  [[nodiscard]] Next next(CapturedPacket& out) noexcept;

  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  /// Packets read so far.
  [[nodiscard]] std::uint64_t packets() const noexcept { return packets_; }
  /// "file: packet N: reason"; empty unless next() said kError.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }
  /// How far: bytes of the file read, and its size (0: a pipe).
  [[nodiscard]] std::uint64_t consumed_bytes() const noexcept;
  [[nodiscard]] std::uint64_t file_bytes() const noexcept;

 private:
  struct ClosePcap {
    void operator()(pcap* p) const noexcept;
  };
  CaptureReader() noexcept;
  Next next_savefile(CapturedPacket& out) noexcept;
  Next next_pcapng(CapturedPacket& out) noexcept;
  Next next_libpcap(CapturedPacket& out) noexcept;
  Next ended(bool is_end, const std::string& why) noexcept;

  std::string path_, error_;
  std::unique_ptr<ByteSource> source_;  // each outlives those below, which read from it
  std::unique_ptr<Lookahead> bytes_;
  std::unique_ptr<SavefileReader> savefile_;  // one of these three
  std::unique_ptr<PcapngReader> pcapng_;
  std::unique_ptr<pcap, ClosePcap> pcap_;
  LinkType link_ = LinkType::kUnknown;
  std::uint64_t packets_ = 0;
  std::uint64_t last_time_ns_ = 0;
};

/// What `picket replay` is to read.
struct CaptureList {
  std::vector<std::string>
      files;  ///< in the order given; a folder's files in name order, subfolders among them
  std::vector<bool> from_folder;    ///< by place in files: found in a folder, not named
  std::uint64_t bytes = 0;          ///< of all files
  std::vector<std::string> passed;  ///< files of folders that are no captures by name nor by first bytes
};

/// Files are taken as they are; folders are walked, following no symbolic link to a folder. It is an error
/// when a path does not exist or a folder holds no capture.
Result<CaptureList> list_captures(const std::vector<std::string>& paths);

}  // namespace picket
