#include "parsers/ssh/ssh.h"

#include <algorithm>

namespace picket::ssh {
namespace {

constexpr std::string_view kBegin = "SSH-";

enum Message : std::uint8_t {
  kDisconnect = 1,
  kKexInit = 20,
  kNewKeys = 21,
  kKexReply = 31,     // KEXDH_REPLY, KEX_ECDH_REPLY; of the group exchange its GROUP
  kKexGexReply = 33,  // KEX_DH_GEX_REPLY (RFC 4419)
};

bool is_read(std::uint8_t message, Direction dir) noexcept {
  return message == kDisconnect || message == kKexInit || message == kNewKeys ||
         (dir == Direction::kToClient && (message == kKexReply || message == kKexGexReply));
}

std::size_t find(Bytes b, std::uint8_t c) noexcept {
  return static_cast<std::size_t>(std::ranges::find(b, c) - b.begin());
}

}  // namespace

Probe probe(Transport, Direction, Bytes first) noexcept {
  const std::size_t n = std::min(first.size(), kBegin.size());
  if (as_text(first.first(n)) != kBegin.substr(0, n)) return Probe::kNo;
  return n == kBegin.size() ? Probe::kYes : Probe::kUnsure;
}

bool parse_banner(Bytes line, TxSide& side) noexcept {
  const Bytes versions = line.subspan(std::min(kBegin.size(), line.size()));
  const std::size_t dash = find(versions, '-');
  if (dash == versions.size() || dash == 0) return false;
  const Bytes rest = versions.subspan(dash + 1);
  const std::size_t blank = find(rest, ' ');
  side.proto = versions.first(dash);
  side.software = rest.first(blank);
  side.comments = rest.subspan(std::min(blank + 1, rest.size()));
  return true;
}

Consumed SshParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  Reader& r = reader(dir);
  if (tx_ == nullptr && !finished_) {
    tx_ = context_.pool.make<Tx>(context_.pool);
    if (tx_ == nullptr) {
      finished_ = true;
      sink.event(dir, static_cast<std::uint8_t>(Event::kMemoryFull), nullptr);
    }
  }
  if (finished_) return Consumed::stop();
  Cursor in(data);
  while (r.stage != Stage::kStopped && !in.empty()) {
    const std::size_t need =
        r.stage == Stage::kPackets ? read_packet(dir, in, sink) : read_line(dir, in, sink);
    if (need != 0) return Consumed::partly(in.offset(), need);
  }
  return r.stage == Stage::kStopped ? Consumed::stop() : Consumed::all(in.offset());
}

// ---------------------------------------------------------------------------------------------- lines

std::size_t SshParser::read_line(Direction dir, Cursor& in, Sink& sink) noexcept {
  Reader& r = reader(dir);
  const Bytes rest = in.rest();
  const std::size_t end = find(rest, '\n');
  const bool complete = end < rest.size();
  if (r.stage == Stage::kRestOfLine) {
    in.skip(complete ? end + 1 : rest.size());
    if (complete) r.stage = r.has_banner ? Stage::kPackets : Stage::kLines;
    return 0;
  }
  const std::size_t longest = limit(kBannerLimit);
  const std::size_t size = complete ? end + 1 : rest.size();
  if (size > longest) {
    // What fits tells enough; the rest of the line is passed over. RFC 4253 allows 255 bytes.
    const bool is_banner = as_text(rest.first(kBegin.size())) == kBegin;
    if (is_banner) report(dir, Event::kLongBanner, sink);
    on_line(dir, in.bytes(longest), sink);
    if (r.stage != Stage::kStopped) r.stage = Stage::kRestOfLine;
    return 0;
  }
  if (!complete) return rest.size() + 1;
  on_line(dir, in.bytes(size).first(end), sink);
  return 0;
}

void SshParser::on_line(Direction dir, Bytes line, Sink& sink) noexcept {
  Reader& r = reader(dir);
  line = line.first(find(line, '\r'));
  if (!as_text(line).starts_with(kBegin)) {
    // A server may greet before it says its version; a client may not.
    if (dir == Direction::kToServer || ++r.lines > limit(kBannerLines)) {
      report(dir, Event::kInvalidBanner, sink);
      stop(dir, sink);
    }
    return;
  }
  TxSide& side = tx_->sides[index(dir)];
  r.has_banner = true;
  r.stage = Stage::kPackets;
  if (!side.banner.append(line)) {
    report(dir, Event::kMemoryFull, sink);
    return stop(dir, sink);
  }
  (dir == Direction::kToServer ? tx_->has_request : tx_->has_reply) = true;
  if (!parse_banner(side.banner.view(), side)) report(dir, Event::kInvalidBanner, sink);
  advance(dir, progress::kBanner, sink);
}

/// One of the two speaks nothing else: "1.99" is how a server says that it speaks 2.0, too.
bool SshParser::is_version_1() const noexcept {
  return std::ranges::any_of(tx_->sides, [](const TxSide& s) {
    const auto v = as_text(s.proto);
    return v.starts_with("1.") && v != "1.99";
  });
}

// ---------------------------------------------------------------------------------------------- packets

std::size_t SshParser::read_packet(Direction dir, Cursor& in, Sink& sink) noexcept {
  Reader& r = reader(dir);
  if (r.skip_bytes != 0) {
    const auto n = static_cast<std::uint32_t>(std::min<std::size_t>(r.skip_bytes, in.left()));
    in.skip(n);
    r.skip_bytes -= n;
    return 0;
  }
  if (is_version_1()) return stop(dir, sink), 0;
  Cursor c = in;
  const std::uint32_t length = c.u32be();
  const std::uint8_t padding = c.u8();
  const std::uint8_t message = c.u8();
  if (!c.ok()) return kPacketHeader + 1;
  if (length > kMaxPacket || length < padding + 2U) {  // a payload has its message number at least
    report(dir, Event::kInvalidRecord, sink);
    return stop(dir, sink), 0;
  }
  const std::size_t size = 4 + std::size_t{length};
  constexpr std::size_t kHead = kPacketHeader + 1;  // with the message's number
  const std::uint8_t* first = in.rest().data();
  sink.frame(dir, kPduFrame, first, size, tx_);
  sink.frame(dir, kHdrFrame, first, kHead, tx_);
  sink.frame(dir, kDataFrame, first + kHead, size - kHead, tx_);
  const bool too_long = size > limit(kKexLimit);
  if (!is_read(message, dir) || too_long) {
    if (message == kKexInit) report(dir, Event::kLongKexRecord, sink);
    r.skip_bytes = static_cast<std::uint32_t>(size);
    return 0;
  }
  if (in.left() < size) return size;
  const Bytes packet = in.bytes(size);
  on_payload(dir, packet.subspan(kPacketHeader, length - 1 - padding), sink);
  return 0;
}

void SshParser::on_payload(Direction dir, Bytes payload, Sink& sink) noexcept {
  switch (payload[0]) {
    case kKexInit:
      return on_kex(dir, payload, sink);
    case kNewKeys:
      advance(dir, progress::kEncrypted, sink);
      return stop(dir, sink);
    case kDisconnect:
      return on_disconnect(dir, payload);
    default:
      return on_reply(payload);
  }
}

void SshParser::on_kex(Direction dir, Bytes payload, Sink& sink) noexcept {
  TxSide& side = tx_->sides[index(dir)];
  Kex kex;
  if (!parse_kex(payload, kex)) return report(dir, Event::kInvalidKex, sink);
  if (side.has_kex()) return;  // keys are agreed on once before there is encryption
  if (!side.offer.append(payload)) return report(dir, Event::kMemoryFull, sink);
  (void)parse_kex(side.offer.view(), side.kex);
  if (std::ranges::any_of(side.kex.lists, [](Bytes l) { return count_names(l) > kMaxNames; })) {
    report(dir, Event::kTooManyAlgorithms, sink);
  }
  if (write_hassh(side.kex, dir, side.hassh)) {
    side.hassh_digest = hassh_digest(side.hassh.view());
  } else {
    report(dir, Event::kMemoryFull, sink);
  }
  advance(dir, progress::kKex, sink);
}

/// The server's key comes first in the reply of each key exchange: | number | string: its key | ... (RFC
/// 4253, 8; RFC 5656, 4; RFC 4419, 3). In GROUP of the group exchange a number stands there, which is no key.
void SshParser::on_reply(Bytes payload) noexcept {
  if (!tx_->host_key.empty()) return;
  Cursor c(payload);
  c.skip(1);
  const Bytes key = c.bytes(c.u32be());
  Cursor k(key);
  const Bytes type = k.bytes(k.u32be());
  const bool is_name =
      !type.empty() && std::ranges::all_of(type, [](std::uint8_t b) { return b > ' ' && b < 0x7f; });
  if (c.ok() && k.ok() && is_name) (void)tx_->host_key.append(key);
}

void SshParser::on_disconnect(Direction dir, Bytes payload) noexcept {
  Disconnect& d = tx_->disconnect;
  if (d.present) return;
  Cursor c(payload);
  c.skip(1);
  d.reason = c.u32be();
  if (!c.ok()) return;
  d.present = true;
  d.from = dir;
  (void)d.message.append(c.bytes(c.u32be()));
}

// ---------------------------------------------------------------------------------------------- the
// transaction

void SshParser::advance(Direction dir, std::uint8_t progress, Sink& sink) noexcept {
  tx_->progress[index(dir)] = progress;
  sink.advance(*tx_, dir, progress);
}

void SshParser::report(Direction dir, Event e, Sink& sink) noexcept {
  const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(e);
  if ((tx_->events & bit) != 0) return;
  tx_->events |= bit;
  sink.event(dir, static_cast<std::uint8_t>(e), tx_);
}

void SshParser::stop(Direction dir, Sink& sink) noexcept {
  reader(dir).stage = Stage::kStopped;
  if (tx_ == nullptr) return;
  const bool both = readers_[0].stage == Stage::kStopped && readers_[1].stage == Stage::kStopped;
  tx_->encrypted =
      std::ranges::all_of(tx_->progress, [](std::uint8_t p) { return p == progress::kEncrypted; });
  if (tx_->encrypted) sink.encrypted();
  if (both) finish(sink);
}

void SshParser::finish(Sink& sink) noexcept {
  finished_ = true;
  for (Reader& r : readers_) r.stage = Stage::kStopped;
  if (tx_ == nullptr) return;
  if (tx_->progress[0] != 0 || tx_->progress[1] != 0) sink.done(*tx_);
  context_.pool.destroy(std::exchange(tx_, nullptr));
}

// A gap inside a packet that is walked over costs nothing; any other loses the framing.
void SshParser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  Reader& r = reader(dir);
  if (r.stage == Stage::kStopped || tx_ == nullptr) return;
  report(dir, Event::kGap, sink);
  if (missing != 0 && missing <= r.skip_bytes) {
    r.skip_bytes -= static_cast<std::uint32_t>(missing);
    return;
  }
  stop(dir, sink);
}

}  // namespace picket::ssh
