// parsers/smb/smb.h — SMB 1, 2 and 3 ([MS-CIFS], [MS-SMB], [MS-SMB2]) over TCP 445 and NetBIOS sessions
//
//      0      1        4                                          a record (RFC 1002 §4.3.1)
//      | 00   | length | message, message ... |
//
//      ff 'SMB'  command status flags tid pid uid mid, words, bytes      SMB 1, chained by AndX
//      fe 'SMB'  64 bytes of header, body                                SMB 2 and 3, chained by NextCommand
//      fd 'SMB'  52 bytes, ciphertext          fc 'SMB'  16 bytes, compressed messages
//
// A transaction is one of
//   a command and its reply    all but reads, writes and queries of information, which are only paired
//   a transfer                 what is read from, or written to, one open of a file: it carries the file
//   a call                     DCE/RPC over a named pipe (parsers/dcerpc)
//   a transform                that a session is encrypted or compressed, from the first such message on
//
// In      bytes of each direction of a TCP connection
// Out     transactions as above; names in UTF-8
// Cost    headers are read in place; payload of files goes on as it lies in the segment
// Limits  see Limit; a message is read up to kMaxMessage, what lies behind is skipped
// Leaves  what is encrypted or compressed; directory listings; security descriptors
#pragma once
#include <string_view>

#include "parsers/core/protocol.h"
#include "parsers/dcerpc/dcerpc.h"

namespace picket::smb {

/// What can be wrong. Names are Suricata's as far as it has them.
enum class Event : std::uint8_t {
  kInternalError,
  kMalformedData,
  kRecordOverflow,
  kMalformedNtlmsspRequest,
  kMalformedNtlmsspResponse,
  kDuplicateNegotiate,
  kNegotiateMalformedDialects,
  kFileOverlap,
  kRequestToClient,
  kResponseToServer,
  kNegotiateMaxReadSizeTooLarge,
  kNegotiateMaxWriteSizeTooLarge,
  kReadRequestTooLarge,
  kReadResponseTooLarge,
  kReadQueueSizeExceeded,
  kReadQueueCntExceeded,
  kWriteRequestTooLarge,
  kWriteQueueSizeExceeded,
  kWriteQueueCntExceeded,
  kTooManyTransactions,
  // picket's own
  kTooManyFiles,
  kTooManyTrees,
  kMessageTooLong,
  kUnsolicitedResponse,
  kGap,
  kOutOfMemory,
  kDcerpcFirst,  ///< dcerpc::Event follows from here on
};
inline constexpr std::size_t kOwnEvents = static_cast<std::size_t>(Event::kDcerpcFirst);

/// Places of the frames in ProtocolSpec::frames: by what they are of, each with all, header, and the rest.
enum Frame : std::uint8_t { kNbssFrame = 0, kSmb1Frame = 3, kSmb2Frame = 6, kSmb3Frame = 9 };

enum Limit : std::size_t {
  kMaxTx,
  kMaxFiles,
  kMaxTrees,
  kMaxReadSize,
  kMaxWriteSize,
  kMaxReadQueueSize,
  kMaxReadQueueCnt,
  kMaxWriteQueueSize,
  kMaxWriteQueueCnt,
  kFileInspect,
  kMaxStub,
  kLimitCount,
};

inline constexpr std::size_t kMaxMessage = 65536;     ///< bytes of a message that are read, payload apart
inline constexpr std::size_t kMaxName = 4096;         ///< bytes kept of a name, in UTF-8
inline constexpr std::size_t kMaxDialects = 32;       ///< kept of a negotiation
inline constexpr std::size_t kMaxAndx = 8;            ///< commands of one SMB 1 message
inline constexpr std::size_t kMaxTransforms = 8;      ///< sessions of a flow whose encryption is told apart
inline constexpr std::uint8_t kHead = 1, kWhole = 2;  ///< progress of a side

struct FileId {
  std::uint64_t persistent = 0, open = 0;
  friend bool operator==(const FileId&, const FileId&) noexcept = default;
};
/// In a chain of commands: the file that the one before opened.
inline constexpr FileId kRelatedFile = {~std::uint64_t{0}, ~std::uint64_t{0}};

/// [MS-NLMP] 2.2.1.3
struct Ntlmssp {
  explicit Ntlmssp(Pool& p) noexcept : domain(p), user(p), host(p) {}
  PoolBuffer domain, user, host;
  std::uint16_t build = 0;
  std::uint8_t major = 0, minor = 0, revision = 0;
  bool seen = false, has_version = false;
};

struct SessionSetup {
  explicit SessionSetup(Pool& p) noexcept
      : ntlmssp(p), realm(p), snames(p), account(p), domain(p), os(p), lm(p), reply_os(p), reply_lm(p) {}
  Ntlmssp ntlmssp;
  PoolBuffer realm, snames;       ///< of a Kerberos ticket; names end with a zero each
  PoolBuffer account, domain;     ///< SMB 1 without NTLMSSP
  PoolBuffer os, lm;              ///< SMB 1: as the client says
  PoolBuffer reply_os, reply_lm;  ///< as the server says
};

struct Negotiation {
  explicit Negotiation(Pool& p) noexcept : dialects(p) {}
  PoolBuffer dialects;  ///< of the client; each ends with a zero
  std::array<std::uint8_t, 16> client_guid{}, server_guid{};
  std::uint32_t max_read = 0, max_write = 0;
  bool has_client_guid = false, has_server_guid = false;
};

struct Creation {
  FileId file;
  std::uint64_t created = 0, accessed = 0, modified = 0, changed = 0;  ///< 100 ns since 1601 UTC
  std::uint64_t size = 0;
  std::uint32_t access = 0, disposition = 0, options = 0, action = 0;
  bool opened = false;  ///< the reply says so
};

enum class Kind : std::uint8_t {
  kCommand,
  kNegotiate,
  kSession,
  kTree,
  kCreate,
  kTransfer,
  kRename,
  kSetInfo,
  kIoctl,
  kTrans,
  kFind,
  kCall,
  kEncrypted,
  kCompressed,
};

/// The text of a dialect: "NT LM 0.12", "3.11"; "unknown" as long as none was agreed on.
struct Dialect {
  std::array<char, 31> text{};
  std::uint8_t size = 0;
  [[nodiscard]] std::string_view view() const noexcept {
    return size == 0 ? std::string_view("unknown") : std::string_view(text.data(), size);
  }
  void set(std::string_view s) noexcept;
};

struct Tx : Transaction {
  explicit Tx(Pool& p) noexcept : name(p), to(p), share(p), service(p), reply_service(p) {}

  Kind kind = Kind::kCommand;
  std::uint8_t version = 0;  ///< 1 or 2
  std::uint16_t command = 0;
  std::uint32_t status = 0;
  bool has_status = false;
  bool dos_status = false;       ///< SMB 1: class in the low byte, code in the upper half
  bool is_pipe = false;          ///< kTree: of named pipes; kTrans: to one
  bool delete_on_close = false;  ///< kSetInfo, kCreate
  std::uint8_t share_type = 0;   ///< kTree, SMB 2
  std::uint16_t function = 0;    ///< kTrans: the subcommand
  std::uint32_t code = 0;        ///< kIoctl: the control code; kCompressed: the algorithm
  std::uint64_t session = 0, messages = 0, bytes = 0;  ///< the last two of kEncrypted and kCompressed
  std::uint32_t tree = 0;
  FileId file;
  bool has_file = false;
  Direction direction = Direction::kToServer;  ///< kTransfer: where the file goes
  Dialect dialect;
  PoolBuffer name, to;  ///< file, pattern, transaction name; new name
  PoolBuffer share;     ///< \\server\share
  PoolBuffer service, reply_service;
  Creation creation;
  Negotiation* negotiation = nullptr;  ///< these belong to the transaction
  SessionSetup* setup = nullptr;
  dcerpc::Call* call = nullptr;
};
inline const Tx& as_tx(const Transaction& t) noexcept { return static_cast<const Tx&>(t); }

// names.cc: "" where there is none.
[[nodiscard]] std::string_view command_name(std::uint8_t version, std::uint16_t command) noexcept;
[[nodiscard]] std::string_view status_name(std::uint32_t status) noexcept;
[[nodiscard]] std::string_view dos_status_name(std::uint8_t error_class, std::uint16_t code) noexcept;
[[nodiscard]] std::string_view disposition_name(std::uint32_t disposition) noexcept;
[[nodiscard]] std::string_view action_name(std::uint32_t action) noexcept;
[[nodiscard]] std::string_view control_name(std::uint32_t code) noexcept;
[[nodiscard]] std::string_view trans2_name(std::uint16_t subcommand) noexcept;
[[nodiscard]] std::string_view pipe_trans_name(std::uint16_t function) noexcept;
[[nodiscard]] std::string_view nt_trans_name(std::uint16_t function) noexcept;
[[nodiscard]] std::string_view dialect_name(std::uint16_t dialect) noexcept;
[[nodiscard]] std::string_view algorithm_name(std::uint32_t algorithm) noexcept;
[[nodiscard]] std::string_view share_type_name(std::uint8_t type) noexcept;

/// Could this flow be SMB?
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

extern const ProtocolSpec kSpec;

}  // namespace picket::smb
