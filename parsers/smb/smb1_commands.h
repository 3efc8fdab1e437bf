// parsers/smb/smb1_commands.h — codes of SMB 1 ([MS-CIFS] 2.2.2.1), and what they make
#pragma once
#include "parsers/smb/smb_parser.h"

namespace picket::smb {

enum Command1Code : std::uint8_t {
  kClose = 0x04,
  kDelete = 0x06,
  kRename = 0x07,
  kRead = 0x0a,
  kWrite = 0x0b,
  kWriteAndUnlock = 0x14,
  kTrans = 0x25,
  kTransSecondary = 0x26,
  kLockingAndx = 0x24,
  kWriteAndClose = 0x2c,
  kOpenAndx = 0x2d,
  kReadAndx = 0x2e,
  kWriteAndx = 0x2f,
  kTrans2 = 0x32,
  kTrans2Secondary = 0x33,
  kTreeDisconnect = 0x71,
  kNegotiate = 0x72,
  kSessionSetupAndx = 0x73,
  kLogoffAndx = 0x74,
  kTreeConnectAndx = 0x75,
  kNtTrans = 0xa0,
  kNtTransSecondary = 0xa1,
  kNtCreateAndx = 0xa2,
  kNtCancel = 0xa4,
  kNoAndx = 0xff,
};

constexpr bool is_andx(std::uint8_t code) noexcept {
  return code == kLockingAndx || code == kOpenAndx || code == kReadAndx || code == kWriteAndx ||
         code == kSessionSetupAndx || code == kLogoffAndx || code == kTreeConnectAndx ||
         code == kNtCreateAndx;
}
constexpr bool is_secondary(std::uint8_t code) noexcept {
  return code == kTransSecondary || code == kTrans2Secondary || code == kNtTransSecondary;
}
/// Reads and writes are told of with their file.
constexpr bool has_tx1(std::uint8_t code) noexcept {
  return code != kRead && code != kWrite && code != kWriteAndUnlock && code != kReadAndx &&
         code != kWriteAndx && code != kTrans && code != kTrans2 && code != kNtTrans;
}
constexpr Kind kind_of1(std::uint8_t code) noexcept {
  switch (code) {
    case kNegotiate:
      return Kind::kNegotiate;
    case kSessionSetupAndx:
      return Kind::kSession;
    case kTreeConnectAndx:
      return Kind::kTree;
    case kNtCreateAndx:
    case kOpenAndx:
      return Kind::kCreate;
    case kRename:
      return Kind::kRename;
    default:
      return Kind::kCommand;
  }
}
/// A file's number of 16 bits.
constexpr FileId file1(std::uint16_t number) noexcept { return {number, 0}; }

}  // namespace picket::smb
