#include "parsers/core/file.h"
#include "parsers/smb/smb_parser.h"

namespace picket::smb {
namespace {

const dcerpc::Call* call_of(const Transaction& t) noexcept { return as_tx(t).call; }

bool stub(const Transaction& t, Direction dir, unsigned n, Bytes& out) noexcept {
  const dcerpc::Call* call = call_of(t);
  if (n != 0 || call == nullptr) return false;
  out = (dir == Direction::kToServer ? call->request : call->reply).stub.view();
  return !out.empty();
}

template <bool kPipe>
bool share(const Transaction& t, Direction, unsigned n, Bytes& out) noexcept {
  const Tx& tx = as_tx(t);
  out = tx.name.view();
  return n == 0 && tx.kind == Kind::kTree && tx.is_pipe == kPipe && !out.empty();
}

template <PoolBuffer Ntlmssp::*kWhat>
bool logon(const Transaction& t, Direction, unsigned n, Bytes& out) noexcept {
  const SessionSetup* s = as_tx(t).setup;
  if (n != 0 || s == nullptr || !s->ntlmssp.seen) return false;
  out = (s->ntlmssp.*kWhat).view();
  return true;
}

bool version(const Transaction& t, Direction, unsigned n, std::uint64_t& out) noexcept {
  out = as_tx(t).version;
  return n == 0;
}

constexpr std::array<std::uint8_t, 2> kBoth = {kWhole, kWhole};
constexpr std::array<std::uint8_t, 2> kUp = {kWhole, kNever};
constexpr std::array<std::uint8_t, 2> kFiles = {kHead, kHead};

constexpr BufferDef kBuffers[] = {
    {"smb.share", "", kUp, share<false>, "name of a share that a tree is connected to, in UTF-8"},
    {"smb.named_pipe", "", kUp, share<true>, "the same of the share for named pipes (IPC$)"},
    {"smb.ntlmssp_user", "", kUp, logon<&Ntlmssp::user>, "user who logs on by NTLMSSP"},
    {"smb.ntlmssp_domain", "", kUp, logon<&Ntlmssp::domain>, "the user's domain"},
    {"dcerpc.stub_data", "dce_stub_data", kBoth, stub, "stub data of all fragments of a side of a call"},
    {"file.data", "", kFiles, file_kept, "what is read or written, up to file-inspect-limit",
     FileStage::kKept},
    {"file.name", "", kFiles, file_name, "name of each file, as opened", FileStage::kNamed},
    {"file.magic", "", kFiles, file_magic, "what libmagic says of each file", FileStage::kHead},
    {"file.md5", "", kFiles, file_md5, "MD5 of each whole file, 16 bytes", FileStage::kClosed},
    {"file.sha1", "", kFiles, file_sha1, "SHA-1 of each whole file, 20 bytes", FileStage::kClosed},
    {"file.sha256", "", kFiles, file_sha256, "SHA-256 of each whole file, 32 bytes", FileStage::kClosed},
};

constexpr IntegerDef kIntegers[] = {
    {"smb.version", "", kBoth, version, nullptr, "1: SMB 1; 2: SMB 2 and 3"},
    {"filesize", "file.size", kFiles, file_size, nullptr, "bytes of each file", FileStage::kClosed},
};

Result<std::unique_ptr<TxMatcher>> iface(std::string_view argument) {
  return dcerpc::parse_iface(argument, call_of);
}
Result<std::unique_ptr<TxMatcher>> opnum(std::string_view argument) {
  return dcerpc::parse_opnum(argument, call_of);
}

constexpr KeywordDef kKeywords[] = {
    {"dcerpc.iface", kBoth, iface,
     "UUID of a request's interface, with its version if wanted: UUID[,<N|>N|=N|!N][,any_frag]"},
    {"dce_iface", kBoth, iface, "older name of dcerpc.iface"},
    {"dcerpc.opnum", kBoth, opnum, "operation numbers of a request: N or N-M, separated by commas"},
    {"dce_opnum", kBoth, opnum, "older name of dcerpc.opnum"},
};

// In the order of Limit.
constexpr LimitDef kLimits[] = {
    {"max-tx", 256, 4, 65536, "requests of a connection that wait for a reply; the oldest is given up"},
    {"max-files", 512, 1, 65536, "open files of a connection; the one not used for longest is given up"},
    {"max-trees", 128, 1, 4096, "tree connects of a connection that are remembered"},
    {"max-read-size", 16777216, 1, 4294967295, "bytes of a read; more is an event"},
    {"max-write-size", 16777216, 1, 4294967295, "bytes of a write; more is an event"},
    {"max-read-queue-size", 4194304, 1, 268435456, "bytes read out of order that wait, of each file"},
    {"max-read-queue-cnt", 64, 1, 4096, "reads out of order that wait, of each file"},
    {"max-write-queue-size", 4194304, 1, 268435456, "bytes written out of order that wait, of each file"},
    {"max-write-queue-cnt", 64, 1, 4096, "writes out of order that wait, of each file"},
    {"file-inspect-limit", 102400, 1, 262144, "bytes of a file that rules may look at"},
    {"max-stub-size", 128 << 10, 1024, 256 << 10, "bytes of stub data kept of each side of a DCE/RPC call"},
};
static_assert(std::size(kLimits) == kLimitCount);

// In the order of Event.
constexpr EventDef kOwn[] = {
    {"internal_error", "never: kept so that rules load"},
    {"malformed_data", "a header, a length or an offset cannot be"},
    {"record_overflow", "a chained message leads out of its record"},
    {"malformed_ntlmssp_request", "a client's NTLMSSP message leads out of its blob"},
    {"malformed_ntlmssp_response", "never: kept so that rules load"},
    {"duplicate_negotiate", "a negotiation after one that had agreed on a dialect"},
    {"negotiate_malformed_dialects", "no dialects, or a list that cannot be read"},
    {"file_overlap", "bytes of a file were read or written again; those that came first count"},
    {"request_to_client", "a request was sent to the client"},
    {"response_to_server", "a reply was sent to the server"},
    {"negotiate_max_read_size_too_large", "the server offers reads beyond max-read-size"},
    {"negotiate_max_write_size_too_large", "the server offers writes beyond max-write-size"},
    {"read_request_too_large", "a read beyond max-read-size, or beyond what was agreed on"},
    {"read_response_too_large", "a read's reply beyond max-read-size"},
    {"read_queue_size_exceeded", "reads out of order passed max-read-queue-size; a hole became a gap"},
    {"read_queue_cnt_exceeded", "reads out of order passed max-read-queue-cnt; a hole became a gap"},
    {"write_request_too_large", "a write beyond max-write-size, or beyond what was agreed on"},
    {"write_queue_size_exceeded", "writes out of order passed max-write-queue-size; a hole became a gap"},
    {"write_queue_cnt_exceeded", "writes out of order passed max-write-queue-cnt; a hole became a gap"},
    {"too_many_transactions", "more requests than max-tx wait for a reply"},
    {"too_many_files", "more files than max-files are open"},
    {"too_many_trees", "more trees than max-trees are connected"},
    {"message_too_long", "of a message beyond 64 KiB, payload apart, the rest was skipped"},
    {"unsolicited_response", "a reply nobody was seen to ask for"},
    {"gap", "bytes of the stream were never seen"},
    {"out_of_memory", "no memory was left for a transaction or a file"},
};
static_assert(std::size(kOwn) == kOwnEvents);

/// Those of DCE/RPC follow under names of their own.
constexpr auto kEvents = [] {
  constexpr std::array<std::string_view, dcerpc::kConnectionEventCount> kNames = {
      "dcerpc_malformed_pdu",
      "dcerpc_wrong_direction",
      "dcerpc_bind_without_first_fragment",
      "dcerpc_too_many_contexts",
      "dcerpc_too_many_calls",
      "dcerpc_stub_too_large",
      "dcerpc_unknown_context",
      "dcerpc_gap",
      "dcerpc_out_of_memory"};
  std::array<EventDef, kOwnEvents + dcerpc::kConnectionEventCount> all{};
  for (std::size_t i = 0; i < kOwnEvents; ++i) all[i] = kOwn[i];
  for (std::size_t i = 0; i < dcerpc::kConnectionEventCount; ++i)
    all[kOwnEvents + i] = {kNames[i], "as the event of dcerpc, on a named pipe"};
  return all;
}();

constexpr FrameDef kFrames[] = {
    {"nbss.pdu", "a record of the NetBIOS session, with all messages in it"},
    {"nbss.hdr", "its 4 bytes of type and length"},
    {"nbss.data", "what follows them"},
    {"smb1.pdu", "a message of SMB 1"},
    {"smb1.hdr", "its header, 32 bytes"},
    {"smb1.data", "what follows it"},
    {"smb2.pdu", "a message of SMB 2 or 3 in the clear; of a compound each"},
    {"smb2.hdr", "its header, 64 bytes"},
    {"smb2.data", "what follows it"},
    {"smb3.pdu", "an encrypted message"},
    {"smb3.hdr", "its header, 52 bytes"},
    {"smb3.data", "what is encrypted"},
};

constexpr std::uint16_t kPorts[] = {445, 139};
constexpr std::string_view kAliases[] = {"dcerpc"};  // rules for it look at named pipes, too

}  // namespace

const ProtocolSpec kSpec = {
    .name = "smb",
    .record = "smb",
    .aliases = kAliases,
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(SmbParser),
    .create = create_parser<SmbParser>,
    .whole_streams = true,
    .max_pending_bytes = kMaxMessage + 4,  // and the first bytes of payload behind it
    .complete = {kWhole, kWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .frames = kFrames,
};

}  // namespace picket::smb
