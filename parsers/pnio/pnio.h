// parsers/pnio/pnio.h — PROFINET DCP (IEC 61158-6-10, 4.3): finding, naming, addressing and resetting devices
//
//      0         2         3      4     8                10       12
//      | FrameID | service | type | Xid | response delay | length | blocks: length bytes |  padding
//
//      a block: | option | suboption | length: 2 | info or qualifier: 2 | data | to an even length; of a Get request
//      there are options and suboptions alone
//
// In      what follows the EtherType 0x8892 of one frame
// Out     a Pdu; its blocks are walked on demand, and borrow from the frame
// Cost    O(bytes). Requests to one device wait for their answer in memory of the pool; multicasts stand alone
// Leaves  cyclic data, alarms and clock synchronisation (other FrameIDs) are known for what they are, and not read
#pragma once
#include "parsers/core/ot.h"

namespace picket::pnio {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:pnio.<name>`.
enum class Event : std::uint8_t {
  kInvalidHeader,
  kInvalidLength,
  kInvalidBlock,
  kInvalidValue,
  kInvalidService,
  kUnsolicitedResponse,
  kNoResponse,
  kFlooded,
  kDuplicateXid,
  kOutOfMemory,
};

inline constexpr std::uint16_t kEthertype = 0x8892;
inline constexpr std::uint16_t kHelloFrame = 0xfefc, kGetSetFrame = 0xfefd, kIdentifyRequestFrame = 0xfefe,
                               kIdentifyResponseFrame = 0xfeff;
inline constexpr std::size_t kMaxData = 1416;  ///< of blocks
inline constexpr unsigned kMaxRecordBlocks = 64;

enum class Service : std::uint8_t { kGet = 3, kSet = 4, kIdentify = 5, kHello = 6 };
enum class Option : std::uint8_t {
  kIp = 1,
  kDevice = 2,
  kDhcp = 3,
  kControl = 5,
  kInitiative = 6,
  kAll = 255
};

struct Pdu {
  std::uint16_t frame_id = 0, response_delay = 0, length = 0;
  std::uint8_t service = 0, type = 0;
  std::uint32_t xid = 0;
  Bytes blocks;  ///< those that are there

  [[nodiscard]] bool is(Service s) const noexcept { return service == static_cast<std::uint8_t>(s); }
  [[nodiscard]] bool is_request() const noexcept { return (type & 1) == 0; }
  [[nodiscard]] bool refuses() const noexcept { return (type & 4) != 0; }
};

[[nodiscard]] constexpr bool is_dcp(std::uint16_t frame_id) noexcept {
  return frame_id >= kHelloFrame && frame_id <= kIdentifyResponseFrame;
}

/// False: there is no header. `wrong` is set where the length is not that of what is there.
[[nodiscard]] bool parse(Bytes frame, Pdu& out, bool& wrong_length) noexcept;

/// What a block has in front of its data.
enum class Prefix : std::uint8_t { kNone, kInfo, kQualifier };

struct Block {
  std::uint8_t option = 0, suboption = 0;
  Prefix prefix = Prefix::kNone;
  std::uint16_t number = 0;  ///< info or qualifier
  Bytes data;                ///< behind it

  [[nodiscard]] bool is(Option o, std::uint8_t sub) const noexcept {
    return option == static_cast<std::uint8_t>(o) && suboption == sub;
  }
};

class Blocks {
 public:
  explicit Blocks(const Pdu& p) noexcept;
  [[nodiscard]] bool next(Block& out) noexcept;
  [[nodiscard]] bool broken() const noexcept { return !in_.ok(); }

 private:
  Cursor in_;
  Prefix prefix_ = Prefix::kNone;
  bool pairs_ = false;  ///< options and suboptions alone
};

/// Is the data of a size that such a block can have? True of what is not known.
[[nodiscard]] bool well_formed(const Block&) noexcept;
/// Of an answer: which error it reports for a block; 0: none. False: it is no such block.
[[nodiscard]] bool error_of(const Block&, std::uint8_t& error) noexcept;

struct Message {
  Pdu pdu;
  std::uint16_t block_count = 0;
};

/// A request and its answer, or what stands alone.
struct Exchange : OtTransaction {
  explicit Exchange(Pool& pool) noexcept : kept(pool) {}
  Message request, response;
  std::uint64_t request_ns = 0, response_ns = 0;
  PoolBuffer kept;  ///< the blocks of a request that waits
  Exchange* next = nullptr;
};
/// The side of it that goes that way; nullptr when it has not.
[[nodiscard]] const Message* side_of(const Transaction&, Direction) noexcept;

// Names; "" when there is none.
[[nodiscard]] std::string_view service_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view type_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view block_name(std::uint8_t option, std::uint8_t suboption) noexcept;
[[nodiscard]] std::string_view error_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view role_name(unsigned bit) noexcept;
[[nodiscard]] std::string_view info_name(const Block&) noexcept;
[[nodiscard]] std::string_view qualifier_name(const Block&) noexcept;
[[nodiscard]] bool service_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool error_by_name(std::string_view, std::uint64_t& out) noexcept;
inline constexpr unsigned kRoles = 4;

/// An EtherType says what its frames are; DCP says who asks.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

void set_operation(Exchange&) noexcept;
extern const OtProtocol kOt;

extern const ProtocolSpec kSpec;

}  // namespace picket::pnio
