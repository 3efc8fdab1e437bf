// What the sensor knows of SSH: names, limits, events, and what rules may look at.
#include "parsers/ssh/ssh.h"

namespace picket::ssh {
namespace {

const TxSide& side_of(const Transaction& t, Direction d) noexcept {
  return static_cast<const Tx&>(t).side(d);
}

template <Bytes TxSide::*kPart>
bool part(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  out = side_of(t, d).*kPart;
  return instance == 0 && !out.empty();
}
bool hassh_string(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  out = side_of(t, d).hassh.view();
  return instance == 0 && !out.empty();
}
bool hassh(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  const TxSide& s = side_of(t, d);
  out = as_bytes({s.hassh_digest.data(), s.hassh_digest.size()});
  return instance == 0 && !s.hassh.empty();
}

constexpr std::array<std::uint8_t, 2> kEitherBanner = {progress::kBanner, progress::kBanner};
constexpr std::array<std::uint8_t, 2> kClientKex = {progress::kKex, kNever};
constexpr std::array<std::uint8_t, 2> kServerKex = {kNever, progress::kKex};

constexpr BufferDef kBuffers[] = {
    {"ssh.hassh", "ssh-hassh", kClientKex, hassh, "HASSH: MD5 of ssh.hassh.string, in hex"},
    {"ssh.hassh.server", "ssh-hassh-server", kServerKex, hassh,
     "HASSHServer: MD5 of ssh.hassh.server.string, in hex"},
    {"ssh.hassh.server.string", "ssh-hassh-server-string", kServerKex, hassh_string,
     "the server's algorithms: key exchange;ciphers;MACs;compressions"},
    {"ssh.hassh.string", "ssh-hassh-string", kClientKex, hassh_string,
     "the client's algorithms: key exchange;ciphers;MACs;compressions"},
    {"ssh.proto", "ssh_proto", kEitherBanner, part<&TxSide::proto>, "that side's protocol version: 2.0"},
    {"ssh.software", "ssh_software", kEitherBanner, part<&TxSide::software>,
     "that side's software: OpenSSH_9.2p1"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_banner", "no version where one has to be, or one that is not SSH-version-software"},
    {"long_banner", "a line longer than banner-limit; what is beyond it is passed over"},
    {"invalid_record", "a packet whose lengths do not fit; nothing more of that side is read"},
    {"long_kex_record", "an offer of algorithms longer than kex-limit; it is passed over"},
    {"invalid_kex", "an offer of algorithms whose lists run over its end"},
    {"too_many_algorithms", "a list of more than 128 algorithms; what is behind them is not looked at"},
    {"gap", "bytes before encryption were not captured"},
    {"memory_full", "the core's memory for parsers was used up"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kCount));

constexpr LimitDef kLimits[] = {
    {"banner-limit", 256, 64, 4096, "bytes of a line before encryption"},
    {"banner-lines", 64, 0, 1024, "lines a server may say before its version"},
    {"kex-limit", 35000, 512, 49152,
     "bytes of a packet of the key exchange that are kept and read (RFC 4253, 6.1)"},
};

constexpr FrameDef kFrames[] = {
    {"record.hdr", "the first 6 bytes of a packet before encryption: lengths and the message's number"},
    {"record.data", "what follows them"},
    {"record.pdu", "both"},
};

constexpr auto kUp = Direction::kToServer, kDown = Direction::kToClient;
constexpr HookDef kHooks[] = {
    {"request_banner_done", kUp, progress::kBanner},    {"request_banner_wait_eol", kUp, 0},
    {"request_finished", kUp, progress::kEncrypted},    {"request_in_progress", kUp, 0},
    {"response_banner_done", kDown, progress::kBanner}, {"response_banner_wait_eol", kDown, 0},
    {"response_finished", kDown, progress::kEncrypted}, {"response_in_progress", kDown, 0},
};

constexpr std::uint16_t kPorts[] = {22};

}  // namespace

extern const ProtocolSpec kSpec;
constinit const ProtocolSpec kSpec = {
    .name = "ssh",
    .record = "ssh",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(SshParser),
    .create = create_parser<SshParser>,
    .max_pending_bytes = 49152 + 4,
    .complete = {progress::kEncrypted, progress::kEncrypted},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .keywords = kKeywords,
    .frames = kFrames,
    .hooks = kHooks,
};

}  // namespace picket::ssh
