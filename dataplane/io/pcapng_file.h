// dataplane/io/pcapng_file.h — pcapng, one packet at a time (IETF draft-ietf-opsawg-pcapng, §4)
//
//      | block type | total length | body, padded to 4 | total length |
//      section header, interface description, enhanced, simple and obsolete packet blocks; others are passed
//      over
//
// Of its own, because libpcap refuses files whose interfaces differ in link type or snapshot length, which is
// what capturing on two interfaces, or merging captures, gives.
//
// Cost    no copy of a packet; it blocks: not for worker cores
// Limits  blocks of kMaxBlock bytes, kMaxInterfaces a section; more is an error that says so
// Lives   a packet's bytes until the next call of next()
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/io/lookahead.h"
#include "parsers/core/bytes.h"

namespace picket {

class PcapngReader {
 public:
  static constexpr std::uint32_t kMaxBlock = 16 << 20;
  static constexpr std::size_t kMaxInterfaces = 4096;
  static constexpr std::uint32_t kMagic = 0x0a0d0d0a;

  enum class Next : std::uint8_t { kPacket, kEnd, kError };
  struct Packet {
    Bytes data;
    std::uint32_t wire_size = 0;
    std::uint16_t link_type = 0;  ///< LINKTYPE_ number of its interface
    std::uint64_t time_ns = 0;    ///< UTC since 1970; 0 for simple packet blocks, which carry none
  };

  /// `in` stands at the file's first byte and is borrowed.
  explicit PcapngReader(Lookahead& in) noexcept : in_(in) {}

  [[nodiscard]] Next next(Packet& out);
  /// What is wrong, after kError.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  struct Interface {
    std::uint16_t link_type = 0;
    std::uint32_t snap_length = 0;
    std::uint64_t ticks_per_second = 1'000'000;
    std::int64_t offset_s = 0;
  };

  Next fail(std::string why);
  /// The next block's type and body.
  [[nodiscard]] Next read_block(std::uint32_t& type, Bytes& body);
  [[nodiscard]] bool section(Bytes body);
  [[nodiscard]] bool interface(Bytes body);
  [[nodiscard]] bool packet(std::uint32_t type, Bytes body, Packet& out);
  [[nodiscard]] std::uint32_t u32(Bytes b, std::size_t at) const noexcept;
  [[nodiscard]] std::uint16_t u16(Bytes b, std::size_t at) const noexcept;

  Lookahead& in_;
  std::size_t taken_ = 0;  // the last block's bytes, still to be passed over
  bool swapped_ = false;   // the section's byte order is not this machine's
  bool in_section_ = false;
  std::vector<Interface> interfaces_;
  std::string error_;
};

}  // namespace picket
