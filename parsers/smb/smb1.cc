// parsers/smb/smb1.cc — SMB 1 ([MS-CIFS] 2.2.3, 2.2.4; [MS-SMB] 2.2.4)
//
//      0      4         5        9       10      12         14          22   24    26    28    30    32
//      | magic | command | status | flags | flags2 | pid high | signature | -  | tid | pid | uid | mid |
//      | count | words: 2 * count | count | bytes |        words may name a further command (AndX)
//
// Strings and offsets count from the header, so all is read by cursors over the whole message.
#include <algorithm>

#include "parsers/smb/smb1_commands.h"
#include "parsers/smb/smb_parser.h"

namespace picket::smb {
namespace {

constexpr std::size_t kHeader = 32;
constexpr std::uint8_t kReplyFlag = 0x80;
constexpr std::uint16_t kNtStatus = 0x4000, kUnicode = 0x8000;

Header read_header(Bytes message) noexcept {
  Cursor c(message);
  Header h;
  h.version = 1;
  c.skip(4);
  h.command = c.u8();
  h.status = c.u32le();
  const std::uint8_t flags = c.u8();
  const std::uint16_t flags2 = c.u16le();
  c.skip(12);
  h.tree = c.u16le();
  const std::uint32_t pid = c.u16le();
  h.session = c.u16le();
  h.id = c.u16le() | std::uint64_t{pid} << 16;
  h.reply = (flags & kReplyFlag) != 0;
  h.unicode = (flags2 & kUnicode) != 0;
  h.dos_status = (flags2 & kNtStatus) == 0;
  if (!h.reply) h.status = 0;
  return h;
}

/// The command whose count of words stands at `at`; false when the message is too short.
bool read_command(Bytes message, std::size_t at, std::uint8_t code, Command1& out) noexcept {
  Cursor c(message);
  c.skip(at);
  const std::size_t count = c.u8();
  out.code = code;
  out.words = c.bytes(count * 2);
  const std::size_t size = c.u16le();
  if (!c.ok()) return false;
  // Large reads and writes have a count of bytes that is cut to 16 bits, and some senders leave it zero.
  out.bytes = Cursor(message.first(c.offset() + std::min(size, c.left())));
  out.bytes.skip(c.offset());
  return true;
}

}  // namespace

/// Payload of the message's only command goes on as it comes; else the message is read as a whole.
std::size_t SmbParser::wanted1(Bytes seen, std::size_t length, Payload& what) noexcept {
  what = {};
  const Header h = read_header(seen);
  const std::size_t whole = std::min(length, kMaxMessage);
  const bool write = !h.reply && h.command == kWriteAndx, read = h.reply && h.command == kReadAndx;
  const std::size_t fixed = kHeader + 1 + 24 + 2;
  if ((!write && !read) || length < fixed) return whole;
  if (seen.size() < fixed) return fixed;
  Cursor c(seen);
  c.skip(kHeader);
  const std::size_t count = c.u8();
  if (count < 12 || c.u8() != kNoAndx) return whole;
  if (write) {
    c.skip(3 + 14);  // AndX, file, offset, timeout, mode, remaining
    const std::size_t high = c.u16le();
    what.size = c.u16le() | high << 16;
    what.at = c.u16le();
  } else {
    c.skip(3 + 6);  // AndX, what is available, compaction
    what.size = c.u16le();
    what.at = c.u16le();
    what.size |= std::size_t{c.u16le()} << 16;
  }
  const std::size_t head = kHeader + 1 + count * 2 + 2;
  if (what.size == 0 || what.at < head || what.at >= kMaxMessage || what.at > length ||
      what.size > length - what.at) {
    what = {0, 0, what.size != 0};
    return whole;
  }
  return what.at + std::min<std::size_t>(what.size, 4);
}

void SmbParser::message1(Direction dir, Bytes message, Payload& what) noexcept {
  Header h = read_header(message);
  if (h.reply != (dir == Direction::kToClient))
    return event(h.reply ? Event::kResponseToServer : Event::kRequestToClient);
  sides_[index(dir)].related = {};
  std::size_t at = kHeader;
  auto code = static_cast<std::uint8_t>(h.command);
  for (std::size_t i = 0; i < kMaxAndx && code != kNoAndx; ++i) {
    Command1 command;
    if (!read_command(message, at, code, command)) return event(Event::kMalformedData);
    h.command = code;
    now_ = h;
    if (h.reply)
      reply1(h, command, message, what);
    else
      request1(h, command, message, what);
    if (!is_andx(code) || command.words.size() < 4) return;
    Cursor c(command.words);
    code = c.u8();
    c.skip(1);
    const std::size_t next = c.u16le();
    if (code == kNoAndx) return;
    if (next <= at) return event(Event::kMalformedData);  // else it would never end
    at = next;
  }
}

void SmbParser::request1(const Header& h, const Command1& command, Bytes message, Payload& what) noexcept {
  switch (command.code) {
    case kTrans:
    case kTrans2:
    case kNtTrans:
      return trans_request1(h, command, message);
    case kNtCancel:
      return;
    default:
      break;
  }
  Tx* tx = has_tx1(command.code) ? begin_tx(dir_, kind_of1(command.code), h) : nullptr;
  if (is_secondary(command.code)) {  // goes on where a transaction stopped, and has no reply
    if (tx != nullptr) sink_->advance(*tx, dir_, kWhole);
    return finish(tx);
  }
  Request* r = add_request(h, tx);
  if (r == nullptr) return;
  if (tx == nullptr || command.code == kClose || command.code == kWriteAndClose) {
    read_request1(h, command, *r, message, what);
  } else if (command.code == kNegotiate) {
    negotiate_request1(command, *tx);
  } else if (command.code == kSessionSetupAndx) {
    session_request1(h, command, *tx);
  } else if (command.code == kTreeConnectAndx) {
    Cursor words = command.word(2), bytes = command.bytes;
    words.skip(2);
    bytes.skip(words.u16le());
    keep(tx->name, take_string(bytes, h.unicode), h.unicode);
    keep(tx->service, take_string(bytes, false), false);
    const std::string_view share = tx->name.text();
    tx->is_pipe = tx->service.text() == "IPC" ||
                  (share.size() >= 4 && equals_nocase(share.substr(share.size() - 4), "IPC$"));
    if (!words.ok() || !bytes.ok()) event(Event::kMalformedData, tx);
  } else if (command.code == kNtCreateAndx || command.code == kOpenAndx) {
    create_request1(h, command, *tx);
  } else {
    names_request1(h, command, *tx);
  }
  if (r->tx != nullptr) sink_->advance(*r->tx, dir_, kWhole);
}

void SmbParser::reply1(const Header& h, const Command1& command, Bytes message, Payload& what) noexcept {
  Request* r = find_request(1, command.code, h.id);
  Tx* tx = nullptr;
  if (r != nullptr) {
    tx = r->tx;
  } else {
    if (requests_seen_) event(Event::kUnsolicitedResponse);
    tx = has_tx1(command.code) ? begin_tx(dir_, kind_of1(command.code), h) : nullptr;
  }
  if (tx != nullptr) reply_to(*tx, h);
  const bool failed = h.failed();
  switch (command.code) {
    case kNegotiate:
      if (tx != nullptr && !failed) negotiate_reply1(command, *tx);
      break;
    case kSessionSetupAndx:
      if (tx != nullptr) session_reply1(h, command, *tx);
      break;
    case kTreeConnectAndx: {
      if (tx == nullptr || failed) break;
      Cursor bytes = command.bytes;
      keep(tx->reply_service, take_string(bytes, false), false);
      tx->is_pipe = tx->reply_service.text() == "IPC";
      tx->tree = h.tree;
      add_tree(h, *tx);
      break;
    }
    case kTreeDisconnect:
      if (!failed) drop_tree(h.session, h.tree);
      break;
    case kNtCreateAndx:
    case kOpenAndx:
      if (tx != nullptr && !failed) create_reply1(h, command, *tx);
      break;
    case kTrans:
    case kTrans2:
    case kNtTrans:
      if (r != nullptr) trans_reply1(h, command, message, *r);
      break;
    default:
      read_reply1(h, command, r, message, what);
      break;
  }
  if (tx != nullptr) {
    sink_->advance(*tx, dir_, kWhole);
    finish(tx);
  }
  // An echo may be answered more than once; the first answer counts.
  if (r != nullptr) drop_request(r);
}

/// Reads, writes and closes.
void SmbParser::read_request1(const Header& h, const Command1& command, Request& r, Bytes message,
                              Payload& what) noexcept {
  const bool andx = is_andx(command.code);
  Cursor c = command.word(andx ? 2 : 0);
  r.file = file1(c.u16le());
  if (r.tx != nullptr) r.tx->file = r.file, r.tx->has_file = true;
  std::uint32_t length = 0;
  const auto read = [&](Limit limit, Event too_large, std::uint32_t agreed) noexcept {
    if (length > limits_[limit] || (agreed != 0 && length > agreed)) event(too_large);
  };
  Cursor bytes = command.bytes;
  switch (command.code) {
    case kReadAndx: {
      r.offset = c.u32le();
      length = c.u16le();
      c.skip(2);
      const std::uint32_t high = c.u32le();
      if (high != 0xffffffff) length |= high << 16;  // a timeout, of pipes
      c.skip(2);
      if (c.left() >= 4) r.offset |= std::uint64_t{c.u32le()} << 32;
      read(kMaxReadSize, Event::kReadRequestTooLarge, max_read_);
      break;
    }
    case kRead:
      c.skip(2);
      r.offset = c.u32le();
      break;
    case kWriteAndx: {
      r.offset = c.u32le();
      c.skip(8);
      const std::uint32_t high = c.u16le();
      length = c.u16le() | high << 16;
      const std::size_t at = c.u16le();
      if (c.left() >= 4) r.offset |= std::uint64_t{c.u32le()} << 32;
      read(kMaxWriteSize, Event::kWriteRequestTooLarge, max_write_);
      if (what.size != 0)
        start(sides_[index(dir_)], dir_, h, r.file, r.offset, what, message);
      else if (at <= message.size())
        whole_payload1(dir_, h, r.file, r.offset,
                       message.subspan(at, std::min<std::size_t>(length, message.size() - at)));
      break;
    }
    case kWrite:
    case kWriteAndUnlock:
      c.skip(2);
      r.offset = c.u32le();
      bytes.skip(1);
      length = bytes.u16le();
      whole_payload1(dir_, h, r.file, r.offset,
                     bytes.rest().first(std::min<std::size_t>(length, bytes.left())));
      break;
    case kWriteAndClose:
      length = c.u16le();
      r.offset = c.u32le();
      bytes.skip(1);
      whole_payload1(dir_, h, r.file, r.offset,
                     bytes.rest().first(std::min<std::size_t>(length, bytes.left())));
      break;
    default:
      break;
  }
  if (!c.ok() || !bytes.ok()) event(Event::kMalformedData, r.tx);
}

void SmbParser::read_reply1(const Header& h, const Command1& command, Request* r, Bytes message,
                            Payload& what) noexcept {
  if (r == nullptr) return;
  if (command.code == kWriteAndx || command.code == kWrite || command.code == kWriteAndClose)
    written(r->file, h);
  if (h.failed() && command.code != kReadAndx) return;
  Cursor bytes = command.bytes;
  switch (command.code) {
    case kReadAndx: {
      if (what.size > limits_[kMaxReadSize]) event(Event::kReadResponseTooLarge);
      if (what.size != 0) return start(sides_[index(dir_)], dir_, h, r->file, r->offset, what, message);
      Cursor c = command.word(5);
      const std::size_t length = c.u16le(), at = c.u16le();
      if (c.ok() && length != 0 && at <= message.size())
        whole_payload1(dir_, h, r->file, r->offset,
                       message.subspan(at, std::min(length, message.size() - at)));
      break;
    }
    case kRead: {
      bytes.skip(1);
      const std::size_t length = bytes.u16le();
      whole_payload1(dir_, h, r->file, r->offset, bytes.rest().first(std::min(length, bytes.left())));
      break;
    }
    case kClose:
    case kWriteAndClose:
      close_file(r->file);
      break;
    default:
      break;
  }
}

/// Payload that lies in the message.
void SmbParser::whole_payload1(Direction dir, const Header& h, FileId id, std::uint64_t offset,
                               Bytes bytes) noexcept {
  if (bytes.empty()) return;
  now_ = h;
  Side& s = sides_[index(dir)];
  s.file = id;
  const Target target =
      open_payload(dir, h, id, offset, bytes.size(), bytes.first(std::min<std::size_t>(bytes.size(), 4)));
  payload(dir, target, id, bytes);
  end_payload(dir, target, id);
}

}  // namespace picket::smb
