// What the sensor knows of FTP: names, limits, events, and what rules may look at.
#include "parsers/ftp/ftp.h"

namespace picket::ftp {
namespace {

bool command(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  out = as_tx(t).command;
  return instance == 0 && !out.empty();
}
bool argument(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  out = as_tx(t).argument;
  return instance == 0 && !out.empty();
}
bool code(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  if (instance >= as_tx(t).code_count) return false;
  out = as_tx(t).code(instance);
  return true;
}
bool reply(const Transaction& t, Direction, unsigned instance, Bytes& out) noexcept {
  if (instance >= as_tx(t).reply_count()) return false;
  out = as_tx(t).reply(instance);
  return true;
}
bool dynamic_port(const Transaction& t, Direction, unsigned instance, std::uint64_t& out) noexcept {
  out = as_tx(t).dynamic_port;
  return instance == 0 && out != 0;
}

constexpr std::array<std::uint8_t, 2> kAtCommand = {progress::kCommand, kNever};
constexpr std::array<std::uint8_t, 2> kAtReply = {kNever, progress::kReply};

constexpr BufferDef kBuffers[] = {
    {"ftp.command", "", kAtCommand, command, "the command's word, in capitals"},
    {"ftp.command_data", "", kAtCommand, argument, "what stands behind it"},
    {"ftp.completion_code", "", kAtReply, code, "the code of each of its replies"},
    {"ftp.reply", "", kAtReply, reply, "each line of its replies, without the code"},
};

constexpr IntegerDef kIntegers[] = {
    {"ftp.dynamic_port",
     "",
     {progress::kReply, kNever},
     dynamic_port,
     nullptr,
     "the port that PORT or EPRT names, or the answer to PASV or EPSV"},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"request_command_too_long", "a command longer than max-line-length; what is beyond it is passed over"},
    {"response_command_too_long", "a line of a reply longer than max-line-length; it is cut there"},
    {"invalid_reply", "a line that begins a reply has no code of three digits"},
    {"invalid_port", "PORT, EPRT, 227 or 229 does not say where"},
    {"too_many_reply_lines",
     "replies to one command pass max-reply-lines or max-reply-bytes; the rest is not kept"},
    {"too_many_transactions", "more commands than max-tx wait for their reply; the oldest is given up"},
    {"too_many_expected", "too many data connections are expected at once; the oldest is no longer"},
    {"gap", "bytes of the control connection are missing; what was open ends"},
    {"memory_full", "the core's memory for parsers was used up"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kCount));

constexpr std::uint64_t kLongestLine = 16384;
constexpr LimitDef kLimits[] = {
    {"max-line-length", 4096, 64, kLongestLine, "bytes of a command, and of a line of a reply"},
    {"max-tx", 256, 1, 1024, "commands of a connection that wait for their reply"},
    {"max-reply-lines", 128, 1, 1024, "lines of the replies to one command that are kept"},
    {"max-reply-bytes", 32768, 64, 131072, "bytes of these lines"},
};

constexpr FrameDef kFrames[] = {
    {"command_line", "a line of the client, with its end"},
    {"response_line", "a line of the server, with its end"},
};

constexpr std::uint16_t kPorts[] = {21};

}  // namespace

extern const ProtocolSpec kSpec;
constinit const ProtocolSpec kSpec = {
    .name = "ftp",
    .record = "ftp",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(FtpParser),
    .create = create_parser<FtpParser>,
    .max_pending_bytes = kLongestLine + 1,
    .complete = {progress::kReply, progress::kReply},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .frames = kFrames,
};

}  // namespace picket::ftp
