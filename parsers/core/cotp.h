// parsers/core/cotp.h — what carries S7 and MMS over TCP: TPKT (RFC 1006, §6) and COTP class 0 (ISO 8073 / X.224)
//
//      0    1    2        4    5      6
//      | 03 | 00 | length | LI | code | rest of the header: LI - 1 bytes | user data |
//                  `length` counts all of it, LI the header's bytes behind itself
//
// In      bytes of one direction of a TCP stream, standing at the start of a TPKT
// Out     a Tpdu; its views point into the input and live no longer
// Cost    O(header); a Reassembler copies what comes in more than one piece, and nothing else
// Limits  kMaxTpkt bytes a TPKT: class 0 allows 8192 for a TPDU; anything longer is malformed
// Leaves  classes 1 to 4: their TPDUs are told by type and not acted on
#pragma once
#include "parsers/core/protocol.h"

namespace picket::cotp {

inline constexpr std::uint16_t kPort = 102;
inline constexpr std::size_t kTpktHeader = 4;
inline constexpr std::size_t kMaxTpkt = 16384;

/// TPDU codes (X.224, table 8); class 0 has these.
enum class Type : std::uint8_t {
  kError = 0x70,              ///< ER
  kDisconnectRequest = 0x80,  ///< DR
  kDisconnectConfirm = 0xc0,  ///< DC
  kConnectConfirm = 0xd0,     ///< CC
  kConnectRequest = 0xe0,     ///< CR
  kData = 0xf0,               ///< DT
};

struct Tpdu {
  Type type{};                                ///< may be a value not named above
  bool end = true;                            ///< kData: the last piece of its message
  std::uint8_t cause = 0;                     ///< kDisconnectRequest: reason; kError: reject cause
  std::uint8_t tpdu_class = 0;                ///< kConnect...
  std::uint16_t destination = 0, source = 0;  ///< references
  std::uint32_t tpdu_size = 0;                ///< kConnect...: most bytes of a TPDU; 0: not said
  Bytes calling, called;                      ///< kConnect...: selectors (TSAPs)
  Bytes data;                                 ///< user data
  Bytes all;                                  ///< the TPDU, from LI on
};

/// Reads one TPKT with its TPDU from `in`.
///   done       `tpdu` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed: no version 3, or lengths that cannot be. The event is always 0.
[[nodiscard]] ParseResult parse(Cursor& in, Tpdu& tpdu) noexcept;

/// The TPDU alone, from LI on; false when its header cannot be.
[[nodiscard]] bool parse_tpdu(Bytes all, Tpdu& tpdu) noexcept;

/// What the first data of a direction are, for the probes of who uses COTP: skips connect TPDUs and empty pieces.
///   kYes     `data` is what the first DT with any data has, which may be a piece
///   kUnsure  nothing against it; more is needed
///   kNo      not COTP
[[nodiscard]] Probe first_data(Bytes first, Bytes& data) noexcept;

/// Does a TPKT start here? For who looks for the next one after a gap: kYes is a header in which all fits, not a
/// whole TPKT.
[[nodiscard]] Probe header_starts(Bytes stream) noexcept;

[[nodiscard]] std::string_view type_name(Type) noexcept;  ///< "CR"; "" when unknown
/// "normal", "connection refused" ...: of a DR; "" when unknown.
[[nodiscard]] std::string_view disconnect_reason(std::uint8_t cause) noexcept;
[[nodiscard]] std::string_view reject_cause(std::uint8_t cause) noexcept;  ///< of an ER

/// Messages of one direction, which may come in several DT TPDUs.
class Reassembler {
 public:
  enum class Outcome : std::uint8_t {
    kWhole,     ///< `message` is there: in the TPDU itself, or here until clear() or the next add()
    kPiece,     ///< more is to come; also of an empty TPDU
    kTooLarge,  ///< more than `limit`, or no memory: all pieces up to the last are dropped; told once
  };
  explicit Reassembler(Pool& pool) noexcept : held_(pool) {}

  [[nodiscard]] Outcome add(const Tpdu& data, std::size_t limit, Bytes& message) noexcept;
  /// Forgets pieces: the stream has a gap, or another connection begins.
  void reset() noexcept;

 private:
  PoolBuffer held_;
  bool open_ = false;      // pieces were seen whose end was not
  bool dropping_ = false;  // until the end of a message that is too large
};

}  // namespace picket::cotp
