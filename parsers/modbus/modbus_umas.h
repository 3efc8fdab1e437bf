// parsers/modbus/modbus_umas.h — UMAS, Schneider Electric's protocol inside of Modbus function 90 (0x5a)
//
//      request   | session | function | data                 session: 0, or the key that a reservation gave
//      reply     | session | status   | data                 status: 0xfe done, 0xfd refused; its function is the request's
//      signed    | session | 0x38     | 1 | signature: 32 | 0x5a | session | function | data       (and its reply likewise)
//
// Numbers are little-endian. There is no public specification: this is what public research has found out (Kaspersky ICS
// CERT, "The secrets of Schneider Electric's UMAS protocol", 2022; lirasenlared's series on the Unity protocol, 2017; the
// tools modicon-info and PLC4X). What is not known stands in the record as bytes.
//
// Cost    O(bytes); no allocation; all Bytes point into the frame
// Limits  kMaxUmasLength of a frame: a PLC may agree on 1024 bytes, where Modbus ends at 254
#pragma once
#include "parsers/modbus/modbus.h"

namespace picket::modbus {

namespace umas {
enum Function : std::uint8_t {
  kInit = 0x01,
  kReadId = 0x02,
  kReadProject = 0x03,
  kReadStatus = 0x04,
  kReadCard = 0x06,
  kReserve = 0x10,
  kReadMemory = 0x20,
  kWriteMemory = 0x21,
  kReadVariables = 0x22,
  kWriteVariables = 0x23,
  kBeginDownload = 0x30,
  kDownload = 0x31,
  kEndDownload = 0x32,
  kBeginUpload = 0x33,
  kUpload = 0x34,
  kEndUpload = 0x35,
  kSigned = 0x38,
  kNonces = 0x6e,
};
inline constexpr std::uint8_t kDone = 0xfe, kRefused = 0xfd;
inline constexpr unsigned kMaxVariables = 32;  ///< of a message, that are shown
}  // namespace umas

/// A request or a reply. Of a signed one, what is inside.
struct Umas {
  bool there = false;  ///< false: too short, or another function of Modbus
  bool is_signed = false, reply = false;
  std::uint8_t session = 0, function = 0, status = 0;  ///< function: 0 where a reply's request is not known
  Bytes signature, data;
};
[[nodiscard]] Umas umas_request(const Message&) noexcept;
/// `request`: nullptr where it was not seen.
[[nodiscard]] Umas umas_reply(const Message& reply, const Message* request) noexcept;

/// "" when nobody has told what it does.
[[nodiscard]] std::string_view umas_name(std::uint8_t function) noexcept;
[[nodiscard]] bool umas_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] const OtOperation& umas_operation(std::uint8_t function) noexcept;
inline constexpr std::size_t kUmasOperationCount = 57;
extern const std::array<OtOperation, kUmasOperationCount> kUmasOperations;

/// Who reserves; the PLC, project or memory card that a reply names. False: no name there.
[[nodiscard]] bool read_name(const Umas&, Bytes& out) noexcept;

struct UmasMemory {
  std::uint8_t range = 0;
  std::uint16_t block = 0, offset = 0, length = 0;
};
/// Of a request to read or write a block of memory. What is written lies behind, in `data`.
[[nodiscard]] bool read_memory(const Umas&, UmasMemory& out, Bytes& data) noexcept;

struct UmasVariable {
  std::uint16_t block = 0;
  std::uint32_t offset = 0;
  std::uint8_t size = 0;  ///< bytes of an element; 0 where its code is not known
  std::uint16_t elements = 1;
  Bytes data;  ///< of a write
};
/// The variables of a request to read or write them.
class UmasVariables {
 public:
  explicit UmasVariables(const Umas&) noexcept;
  [[nodiscard]] bool next(UmasVariable&) noexcept;

  bool there = false;
  std::uint32_t crc = 0;
  std::uint8_t count = 0;

 private:
  Cursor in_{};
  bool write_ = false;
  std::uint8_t read_ = 0;
};

/// Of a request of a download (to the PLC) or an upload.
struct UmasTransfer {
  std::uint8_t file = 0;
  bool has_block = false;
  std::uint16_t block = 0;  ///< its number; of the last message how many there were
  Bytes data;               ///< of a download's block
};
[[nodiscard]] bool read_transfer(const Umas&, UmasTransfer&) noexcept;

}  // namespace picket::modbus
