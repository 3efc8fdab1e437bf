// parsers/ssh/ssh.h — SSH: who speaks, what they offer and what they agree on, up to the first encrypted byte
//
//   lines      "SSH-" version "-" software [" " comments] CR LF     a server may say other lines before (RFC
//   4253, 4.2) packet     | length 4 | padding length 1 | payload | padding |  length counts what is behind
//   itself (RFC 4253, 6) payload    | message number 1 | ... |                           numbers: RFC
//   4250, 4.1.2
//
// In      bytes of each direction, at any cut; either direction alone is enough
// Out     one Tx per flow: done when both sides have sent NEWKEYS or nothing more can be read of them
// Cost    O(bytes before NEWKEYS); one copy of each KEXINIT; other packets are walked over
// Limits  ssh_spec.cc has them; a packet beyond its limit is walked over and named
// Leaves  all that is encrypted: the parser then wants no more bytes. Of SSH 1 only the banner is read
#pragma once
#include <array>

#include "parsers/ssh/kex.h"

namespace picket::ssh {

/// In the order of kEvents in ssh_spec.cc; the first four have Suricata's names.
enum class Event : std::uint8_t {
  kInvalidBanner,
  kLongBanner,
  kInvalidRecord,
  kLongKexRecord,
  kInvalidKex,
  kTooManyAlgorithms,
  kGap,
  kMemoryFull,
  kCount,
};

/// How far a side has come.
namespace progress {
inline constexpr std::uint8_t kBanner = 1;     ///< its versions stand in the transaction
inline constexpr std::uint8_t kKex = 2;        ///< so does what it offers
inline constexpr std::uint8_t kEncrypted = 3;  ///< nothing more can be read of it
}  // namespace progress

/// Places of the frames in ProtocolSpec::frames.
enum Frame : std::uint8_t { kHdrFrame, kDataFrame, kPduFrame };

/// Places of the limits in ProtocolSpec::limits.
enum Limit : std::uint8_t { kBannerLimit, kBannerLines, kKexLimit };

/// The largest packet OpenSSH takes; what claims to be larger is no packet.
inline constexpr std::uint32_t kMaxPacket = 256 * 1024;
inline constexpr std::size_t kPacketHeader = 5;

/// What one side has sent.
struct TxSide {
  explicit TxSide(Pool& pool) noexcept : banner(pool), offer(pool), hassh(pool) {}

  PoolBuffer banner;                ///< the line that begins with "SSH-", without its end
  Bytes proto, software, comments;  ///< in `banner`
  PoolBuffer offer;                 ///< payload of its KEXINIT, which `kex` points into
  Kex kex;
  PoolBuffer hassh;  ///< the string of HASSH or HASSHServer
  HasshDigest hassh_digest{};

  [[nodiscard]] bool has_banner() const noexcept { return !banner.empty(); }
  [[nodiscard]] bool has_kex() const noexcept { return !offer.empty(); }
};

/// DISCONNECT in the clear: why a side went away before encryption.
struct Disconnect {
  explicit Disconnect(Pool& pool) noexcept : message(pool) {}
  bool present = false;
  Direction from{};
  std::uint32_t reason = 0;
  PoolBuffer message;  ///< its description
};

struct Tx : Transaction {
  explicit Tx(Pool& pool) noexcept : sides{TxSide(pool), TxSide(pool)}, host_key(pool), disconnect(pool) {}

  std::array<TxSide, 2> sides;  ///< by Direction
  PoolBuffer host_key;          ///< as the server sent it: name of its type, then the key
  Disconnect disconnect;
  bool encrypted = false;  ///< both sides went on to encrypt

  [[nodiscard]] const TxSide& side(Direction d) const noexcept { return sides[index(d)]; }
  [[nodiscard]] const TxSide& client() const noexcept { return sides[0]; }
  [[nodiscard]] const TxSide& server() const noexcept { return sides[1]; }
};

/// Reads a line that begins with "SSH-", without its end. False: there is no second '-'.
[[nodiscard]] bool parse_banner(Bytes line, TxSide&) noexcept;

/// Could this flow be SSH? Both sides begin with "SSH-"; a server that says other lines first is told by its
/// client.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

class SshParser final : public Parser {
 public:
  explicit SshParser(const ParserContext& context) noexcept : context_(context) {}
  ~SshParser() override { context_.pool.destroy(tx_); }
  Consumed on_stream(Direction, Bytes data, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_end(Direction dir, Sink& sink) noexcept override { stop(dir, sink); }
  void on_close(Sink& sink) noexcept override { finish(sink); }

 private:
  enum class Stage : std::uint8_t { kLines, kRestOfLine, kPackets, kStopped };
  struct Reader {
    Stage stage = Stage::kLines;
    bool has_banner = false;
    std::uint16_t lines = 0;       ///< before the banner
    std::uint32_t skip_bytes = 0;  ///< of a packet that is walked over
  };

  [[nodiscard]] Reader& reader(Direction d) noexcept { return readers_[index(d)]; }
  [[nodiscard]] std::size_t limit(Limit l) const noexcept {
    return static_cast<std::size_t>(context_.limits[l]);
  }

  /// Each takes what it can from the front of `in`; a need of more bytes than there are, or 0.
  std::size_t read_line(Direction, Cursor& in, Sink&) noexcept;
  std::size_t read_packet(Direction, Cursor& in, Sink&) noexcept;
  void on_line(Direction, Bytes line, Sink&) noexcept;
  void on_payload(Direction, Bytes payload, Sink&) noexcept;
  void on_kex(Direction, Bytes payload, Sink&) noexcept;
  void on_reply(Bytes payload) noexcept;
  void on_disconnect(Direction, Bytes payload) noexcept;
  [[nodiscard]] bool is_version_1() const noexcept;

  void advance(Direction, std::uint8_t progress, Sink&) noexcept;
  void report(Direction, Event, Sink&) noexcept;
  void stop(Direction, Sink&) noexcept;
  void finish(Sink&) noexcept;

  const ParserContext context_;
  std::array<Reader, 2> readers_;
  Tx* tx_ = nullptr;
  bool finished_ = false;  ///< the transaction is done; there will be no other
};

/// The keywords with a syntax of their own: ssh_keywords.cc.
inline constexpr std::size_t kKeywordCount = 2;
extern const KeywordDef kKeywords[kKeywordCount];

}  // namespace picket::ssh
