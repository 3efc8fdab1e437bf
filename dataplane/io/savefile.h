// dataplane/io/savefile.h — pcap files, one packet at a time (IETF draft-ietf-opsawg-pcap; pcap-savefile(5))
//
//      | magic | 2 . 4 | 0 | 0 | snapshot length | link type |     then for each packet
//      | seconds | fraction | captured length | wire length | bytes |
//
// Micro- and nanoseconds, either byte order. What else there is by that name (version 2.3 and before, patched kernels,
// vendors' formats) libpcap reads.
//
// Cost    no copy of a packet, no call of a library for it (tests/bench/decode_bench: BM_ReadFile)
// Lives   a packet's bytes until the next call of next()
// Limits  a packet larger than kMaxPacket is an error for link types that picket knows, for it is a lie; of others, such
//         as those of USB, up to kMaxForeign are passed over, and kMaxPacket given out
#pragma once
#include <cstdint>
#include <string>

#include "dataplane/io/lookahead.h"
#include "parsers/core/bytes.h"

namespace picket {

class SavefileReader {
 public:
  static constexpr std::uint32_t kMaxPacket = 256 << 10, kMaxForeign = 128 << 20;
  static constexpr std::size_t kHeader = 24;

  enum class Next : std::uint8_t { kPacket, kEnd, kError };
  struct Packet {
    Bytes data;
    std::uint32_t wire_size = 0;
    std::uint64_t time_ns = 0;  ///< UTC since 1970
  };

  /// Is this the beginning of a file that this class reads?
  static bool reads(Bytes header) noexcept;
  /// `in` stands at a beginning that reads() said yes to, and is borrowed.
  explicit SavefileReader(Lookahead& in);

  [[nodiscard]] std::uint32_t link_type() const noexcept { return link_type_; }  ///< LINKTYPE_ number
  /// The link type is none that picket knows.
  void allow_foreign() noexcept { max_captured_ = kMaxForeign; }

  [[nodiscard]] Next next(Packet& out);
  /// What is wrong, after kError.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  Next fail(std::string why);

  Lookahead& in_;
  bool swapped_ = false, nanoseconds_ = false;
  std::uint32_t snap_length_ = 0, link_type_ = 0;
  std::uint32_t max_captured_ = kMaxPacket;
  std::size_t rest_ = 0;  // of the last packet, still to be passed over
  std::string error_;
};

}  // namespace picket
