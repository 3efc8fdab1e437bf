// parsers/dns/dns.h — DNS messages over UDP and TCP (RFC 1035, 2136, 3597, 4034, 5155, 6891, 7871, 9460)
//
//      0    2       4         6         8           10           12
//      | id | flags | queries | answers | authority | additional | questions, then records |
//      flags: QR 1 | opcode 4 | AA TC RD RA Z AD CD 1 each | rcode 4;  over TCP two bytes of length stand
//      before it
//
// In      one message, without the length of TCP
// Out     a Message: names written out with dots, records with their rdata's names; the rest of rdata stays
// where it
//         is in `wire` and is read when the record is made
// Cost    O(message) + O(names written out), both limited; memory from the Pool, back when the Message goes
// Limits  Limits below; a name is cut at 1025 bytes (RFC 1035 allows 255, which is an event of its own),
// follows at
//         most 64 pointers and 255 labels
// Lives   no longer than the bytes given to parse()
// Leaves  which answer belongs to which request to the parser in dns_spec.cc; multicast DNS and LLMNR are
// protocols of
//         their own
#pragma once
#include <array>
#include <string_view>

#include "parsers/core/protocol.h"

namespace picket::dns {

/// What can be wrong with a message. Each one is a counter and a value of `app-layer-event:dns.<name>`.
enum class Event : std::uint8_t {
  kMalformedData,
  kNotRequest,
  kNotResponse,
  kZFlagSet,
  kInvalidOpcode,
  kNameTooLong,
  kInfiniteLoop,
  kTooManyLabels,
  kInvalidAdditionals,
  kInvalidAuthorities,
  // picket's own
  kNameOver255,
  kForwardPointer,
  kTooManyQuestions,
  kTooManyRecords,
  kNamesTooLarge,
  kTrailingData,
  kUnsolicitedResponse,
  kQueryMismatch,
  kFlooded,
  kGap,
  kOutOfMemory,
};

inline constexpr std::size_t kHeaderSize = 12;
inline constexpr std::size_t kMaxMessage = 65535;
inline constexpr std::size_t kMaxName = 1025;    ///< a name's text is cut here
inline constexpr std::size_t kRfcMaxName = 255;  ///< on the wire, with lengths and the final zero
inline constexpr unsigned kMaxLabels = 255;
inline constexpr unsigned kMaxPointers = 64;

/// Record types that are looked into; type_name() knows the others, too.
enum Type : std::uint16_t {
  kA = 1,
  kNs = 2,
  kMd = 3,
  kMf = 4,
  kCname = 5,
  kSoa = 6,
  kMb = 7,
  kMg = 8,
  kMr = 9,
  kNull = 10,
  kPtr = 12,
  kHinfo = 13,
  kMinfo = 14,
  kMx = 15,
  kTxt = 16,
  kRp = 17,
  kAfsdb = 18,
  kRt = 21,
  kPx = 26,
  kAaaa = 28,
  kSrv = 33,
  kNaptr = 35,
  kKx = 36,
  kDname = 39,
  kOpt = 41,
  kDs = 43,
  kSshfp = 44,
  kRrsig = 46,
  kNsec = 47,
  kDnskey = 48,
  kNsec3 = 50,
  kNsec3param = 51,
  kTlsa = 52,
  kSmimea = 53,
  kCds = 59,
  kCdnskey = 60,
  kSvcb = 64,
  kHttps = 65,
  kSpf = 99,
  kIxfr = 251,
  kAxfr = 252,
  kCaa = 257,
  kDlv = 32769,
};

struct Header {
  std::uint16_t id = 0, flags = 0;
  std::array<std::uint16_t, 4> counts{};  ///< questions, answers, authorities, additionals

  [[nodiscard]] bool is_response() const noexcept { return (flags & 0x8000) != 0; }
  [[nodiscard]] std::uint8_t opcode() const noexcept { return flags >> 11 & 0xf; }
  [[nodiscard]] std::uint8_t rcode() const noexcept { return flags & 0xf; }
};

enum Section : std::uint8_t { kAnswers = 0, kAuthorities = 1, kAdditionals = 2, kSections = 3 };

/// A name's text in Message::text().
struct Name {
  std::uint32_t at = 0;
  std::uint16_t size = 0;
  bool truncated = false;
};

struct Question {
  Name name;
  std::uint16_t type = 0, klass = 0;
};

struct Record {
  Name name;
  Name target,
      second;  ///< names in rdata, in their order (SOA: mname and rname); empty where the type has none
  std::uint32_t ttl = 0;
  std::uint16_t type = 0, klass = 0;
  std::uint16_t rdata_at = 0, rdata_size = 0;  ///< in Message::wire
  std::uint16_t tail_at = 0;                   ///< rdata behind its names
  bool well_formed = false;                    ///< rdata has the shape its type asks for
};

struct Limits {
  std::uint32_t questions = 32;         ///< kept of a message
  std::uint32_t records = 128;          ///< kept of a section
  std::uint32_t name_bytes = 64 << 10;  ///< of all names of a message
};

/// A message is a transaction of its own: request and response are two, and the response knows of its
/// request.
struct Message : Transaction {
  explicit Message(Pool& pool) noexcept : pool_(pool), text_(pool) {}
  ~Message();
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  Header header;
  Direction direction = Direction::kToServer;
  Bytes wire;
  std::span<const Question> questions;
  std::array<std::span<const Record>, kSections> records;
  // Of a response whose request was seen in this flow:
  bool paired = false;
  std::uint64_t request_tx_id = 0;
  std::uint64_t rtt_ns = 0;

  [[nodiscard]] Bytes text(Name n) const noexcept { return text_.view().subspan(n.at, n.size); }
  [[nodiscard]] Bytes rdata(const Record& r) const noexcept { return wire.subspan(r.rdata_at, r.rdata_size); }
  /// rdata behind its names.
  [[nodiscard]] Bytes tail(const Record& r) const noexcept {
    return wire.subspan(r.tail_at, std::size_t{r.rdata_at} + r.rdata_size - r.tail_at);
  }
  /// Names that are not empty: of questions (0), of the records of each section (1..3), in rdata (4).
  [[nodiscard]] std::span<const Name> names(unsigned list) const noexcept {
    return {names_ + name_lists_[list], names_ + name_lists_[list + 1]};
  }
  /// All of those lists, one after the other.
  [[nodiscard]] std::span<const Name> all_names() const noexcept { return {names_, names_ + name_lists_[5]}; }
  [[nodiscard]] bool has(Event e) const noexcept { return (events >> static_cast<unsigned>(e) & 1) != 0; }
  void set(Event e) noexcept { events |= std::uint64_t{1} << static_cast<unsigned>(e); }

 private:
  friend class MessageReader;
  Pool& pool_;
  PoolBuffer text_;
  void* tables_ = nullptr;  ///< questions, records and the lists of names
  std::size_t tables_bytes_ = 0;
  Name* names_ = nullptr;
  std::array<std::uint32_t, 6> name_lists_{};
};

/// Reads `wire` into `out`. false: not even a header that makes sense, and nothing is kept. Otherwise as much
/// as could be read is there, and the events in out.events say what was wrong.
[[nodiscard]] bool parse(Bytes wire, const Limits& limits, Message& out) noexcept;

/// Could this be DNS? Over TCP with its two bytes of length. kYes needs a header whose counts fit the size
/// and a whole question, or all of the message if that has none.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

/// Does a message of a TCP stream start here, beyond doubt? Asked at each byte behind a gap; costs O(name).
[[nodiscard]] Probe probe_behind_gap(Direction, Bytes stream) noexcept;

/// What a name reads as.
struct NameText {
  std::array<std::uint8_t, kMaxName> bytes;
  std::uint16_t size = 0;
  bool truncated = false, loop = false, forward = false, too_many_labels = false, over_255 = false;
};
/// Reads the name at `at` and moves `at` behind it. false: it leaves the message or has a label of an unknown
/// kind.
[[nodiscard]] bool read_name(Bytes message, std::size_t& at, NameText& out) noexcept;

/// "AAAA"; "" for a number without a name.
[[nodiscard]] std::string_view type_name(std::uint16_t type) noexcept;
[[nodiscard]] std::string_view rcode_name(std::uint16_t rcode) noexcept;
[[nodiscard]] bool type_by_name(std::string_view name, std::uint64_t& out) noexcept;
[[nodiscard]] bool rcode_by_name(std::string_view name, std::uint64_t& out) noexcept;
[[nodiscard]] bool opcode_by_name(std::string_view name, std::uint64_t& out) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::dns
