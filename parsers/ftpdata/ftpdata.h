// parsers/ftpdata/ftpdata.h — FTP's data connections: a file or a listing, as it is, from end to end (RFC
// 959, 3.2)
//
// In      bytes of each direction; nothing in them tells what they are: the control connection does
//         (parsers/ftp)
// Out     one Tx per flow, done when the side that sends the file ends; the file through Sink::file_*()
// Cost    none of its own
// Leaves  record and compressed modes (STRU R, MODE B and C), which nobody speaks; REST: a file then begins
//         in its midst
#pragma once
#include "parsers/core/protocol.h"

namespace picket::ftpdata {

/// The command that the connection is for. In the order of kCommandNames.
enum class Command : std::uint8_t { kNone, kAppe, kList, kMlsd, kNlst, kRetr, kStor, kStou, kCount };
inline constexpr std::string_view kCommandNames[] = {"",     "APPE", "LIST", "MLSD",
                                                     "NLST", "RETR", "STOR", "STOU"};
static_assert(std::size(kCommandNames) == static_cast<std::size_t>(Command::kCount));

/// kNone: it opens no data connection.
[[nodiscard]] Command find_command(std::string_view upper_case) noexcept;
/// A listing is no file.
[[nodiscard]] constexpr bool carries_file(Command c) noexcept {
  return c == Command::kAppe || c == Command::kRetr || c == Command::kStor || c == Command::kStou;
}

/// What the control connection knows, as Expectation::hint: the command in one byte, and the file's name.
[[nodiscard]] bool write_hint(Command, Bytes name, PoolBuffer& out) noexcept;
[[nodiscard]] Command read_hint(Bytes hint, Bytes& name) noexcept;

struct Tx : Transaction {
  explicit Tx(Pool& pool) noexcept : name(pool) {}
  Command command = Command::kNone;
  PoolBuffer name;  ///< the command's argument
};

}  // namespace picket::ftpdata
