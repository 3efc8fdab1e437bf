// parsers/smb/smb2.cc — SMB 2 and 3 ([MS-SMB2] 2.2)
//
//      0      4     6    8        12       14     16      20      24           32    36     40        48
//      | magic | 64 | -  | status | command | credit | flags | next | message id | pid | tree | session |
//      signature |
//
// Offsets in a body count from the header, so bodies are read by cursors over the whole message.
#include <algorithm>

#include "parsers/smb/smb_parser.h"

namespace picket::smb {
namespace {

enum Command : std::uint16_t {
  kNegotiate = 0,
  kSessionSetup = 1,
  kLogoff = 2,
  kTreeConnect = 3,
  kTreeDisconnect = 4,
  kCreate = 5,
  kClose = 6,
  kRead = 8,
  kWrite = 9,
  kIoctl = 11,
  kCancel = 12,
  kQueryDirectory = 14,
  kChangeNotify = 15,
  kGetInfo = 16,
  kSetInfo = 17,
  kOplockBreak = 18,
};

constexpr std::size_t kHeader = 64;
constexpr std::uint32_t kReply = 0x1, kAsync = 0x2, kRelated = 0x4;
constexpr std::uint32_t kPending = 0x00000103, kBufferOverflow = 0x80000005;
constexpr std::uint32_t kPipeTransceive = 0x0011c017;
constexpr std::uint32_t kDeleteOnClose = 0x1000;
constexpr std::uint64_t kNoMessage = ~std::uint64_t{0};  // what the server says unasked

Header read_header(Bytes message) noexcept {
  Cursor c(message);
  Header h;
  h.version = 2;
  c.skip(8);
  h.status = c.u32le();
  h.command = c.u16le();
  c.skip(2);
  const std::uint32_t flags = c.u32le();
  h.next = c.u32le();
  h.id = c.u64le();
  h.reply = (flags & kReply) != 0;
  h.async = (flags & kAsync) != 0;
  h.related = (flags & kRelated) != 0;
  c.skip(4);
  if (h.async)
    c.skip(4);
  else
    h.tree = c.u32le();
  h.session = c.u64le();
  if (!h.reply) h.status = 0;
  return h;
}

FileId read_file_id(Cursor& c) noexcept {
  FileId id;
  id.persistent = c.u64le();
  id.open = c.u64le();
  return id;
}

/// A cursor over the message that stands at its body.
Cursor body_of(Bytes message) noexcept {
  Cursor c(message);
  c.skip(kHeader);
  return c;
}

/// What an offset and a length in the body point at; nothing where they lead out of the message.
Bytes piece(Bytes message, std::size_t at, std::size_t size) noexcept {
  return at > message.size() || size > message.size() - at ? Bytes{} : message.subspan(at, size);
}

/// Payload lies behind the body's fixed part, within the message.
bool lies_in(std::size_t at, std::size_t size, std::size_t fixed, std::size_t length) noexcept {
  return size != 0 && at >= fixed && at < kMaxMessage && at <= length && size <= length - at;
}

/// Makes a transaction of its own. Reads and writes are told of with their file; queries of information are
/// too many to be told of.
bool has_tx(std::uint16_t command) noexcept {
  return command != kRead && command != kWrite && command != kGetInfo && command != kSetInfo &&
         command != kCancel;
}

Kind kind_of(std::uint16_t command) noexcept {
  switch (command) {
    case kNegotiate:
      return Kind::kNegotiate;
    case kSessionSetup:
      return Kind::kSession;
    case kTreeConnect:
      return Kind::kTree;
    case kCreate:
      return Kind::kCreate;
    case kIoctl:
      return Kind::kIoctl;
    case kQueryDirectory:
      return Kind::kFind;
    default:
      return Kind::kCommand;
  }
}

bool is_pipe_name(std::string_view share) noexcept {
  return share.size() >= 4 && equals_nocase(share.substr(share.size() - 4), "IPC$");
}

}  // namespace

/// How much of the message has to be there before it is read.
std::size_t SmbParser::wanted2(Bytes seen, std::size_t length, Payload& what) noexcept {
  what = {};
  const Header h = read_header(seen);
  const std::size_t whole = std::min(length, kMaxMessage);
  std::size_t fixed = 0;
  if (h.reply) {
    if (h.command == kQueryDirectory || h.command == kGetInfo || h.command == kChangeNotify)
      return std::min(length, kHeader + 8);
    if (h.failed()) return whole;
    if (h.command == kRead) fixed = kHeader + 16;
    if (h.command == kIoctl) fixed = kHeader + 48;
  } else {
    if (h.command == kWrite) fixed = kHeader + 48;
    if (h.command == kIoctl) fixed = kHeader + 56;
  }
  if (fixed == 0 || length < fixed) return whole;
  if (seen.size() < fixed) return fixed;
  Cursor c = body_of(seen);
  c.skip(2);
  if (h.command == kRead) {
    what.at = c.u8();
    c.skip(1);
    what.size = c.u32le();
  } else if (h.command == kWrite) {
    what.at = c.u16le();
    what.size = c.u32le();
  } else {
    c.skip(2);
    const std::uint32_t code = c.u32le();
    c.skip(16);
    what.at = c.u32le();
    what.size = c.u32le();
    if (h.reply) {
      what.at = c.u32le();
      what.size = c.u32le();
    }
    if (code != kPipeTransceive) {
      what = {};
      return whole;
    }
  }
  if (!lies_in(what.at, what.size, fixed, length)) {
    what = {0, 0, what.size != 0};
    return fixed;
  }
  return std::max(fixed, what.at + std::min<std::size_t>(what.size, 4));
}

void SmbParser::message2(Direction dir, Bytes message, Payload& what) noexcept {
  Header h = read_header(message);
  Side& s = sides_[index(dir)];
  if (h.reply != (dir == Direction::kToClient))
    return event(h.reply ? Event::kResponseToServer : Event::kRequestToClient);
  if (s.first_in_record || !h.related) {
    s.related = {};
    s.created_by = kNoMessage;
  } else if (!h.reply) {
    h.session = s.session;
    h.tree = s.tree;
  }
  s.session = h.session;
  s.tree = h.tree;
  now_ = h;
  if (h.reply)
    reply2(dir, h, message, what);
  else
    request2(dir, h, message, what);
}

void SmbParser::request2(Direction dir, const Header& h, Bytes message, Payload& what) noexcept {
  if (h.command == kCancel) return;
  const bool at_once = has_tx(h.command) && h.command != kIoctl;  // those that carry calls have none
  Tx* tx = at_once ? begin_tx(dir, kind_of(h.command), h) : nullptr;
  Cursor c = body_of(message);
  Request* r = add_request(h, tx);
  if (r == nullptr) return;
  c.skip(2);  // the size of the fixed part
  switch (h.command) {
    case kNegotiate: {
      const std::size_t count = c.u16le();
      c.skip(8);
      const Bytes guid = c.bytes(16);
      c.skip(8);
      if (tx == nullptr || tx->negotiation == nullptr || !c.ok()) break;
      Negotiation& n = *tx->negotiation;
      std::copy(guid.begin(), guid.end(), n.client_guid.begin());
      n.has_client_guid = true;
      if (negotiated_) event(Event::kDuplicateNegotiate, tx);
      if (count == 0 || c.left() < count * 2) event(Event::kNegotiateMalformedDialects, tx);
      for (std::size_t i = 0; i < std::min(count, kMaxDialects) && c.left() >= 2; ++i) {
        const std::uint16_t v = c.u16le();
        const std::string_view name = dialect_name(v);
        keep(n.dialects, as_bytes(name.empty() ? "unknown" : name), false);
        if (!n.dialects.push_back(0)) event(Event::kOutOfMemory, tx);
      }
      break;
    }
    case kSessionSetup: {
      c.skip(10);
      const std::size_t at = c.u16le(), size = c.u16le();
      if (tx != nullptr && c.ok()) read_token(dir, piece(message, at, size), *tx);
      break;
    }
    case kTreeConnect: {
      c.skip(2);
      const std::size_t at = c.u16le(), size = c.u16le();
      if (tx == nullptr || !c.ok()) break;
      keep(tx->name, piece(message, at, size), true);
      tx->is_pipe = is_pipe_name(tx->name.text());
      break;
    }
    case kCreate: {
      c.skip(22);
      if (tx == nullptr) break;
      Creation& n = tx->creation;
      n.access = c.u32le();
      c.skip(8);
      n.disposition = c.u32le();
      n.options = c.u32le();
      const std::size_t at = c.u16le(), size = c.u16le();
      if (!c.ok()) break;
      tx->delete_on_close = (n.options & kDeleteOnClose) != 0;
      keep(tx->name, piece(message, at, size), true);
      sides_[index(dir)].created_by = h.id;
      break;
    }
    default:
      if (request_of_file2(h, c, message, *r, what)) break;
  }
  if (!c.ok()) event(Event::kMalformedData, r->tx);
  if (r->tx != nullptr) sink_->advance(*r->tx, dir, kWhole);
}

/// Commands on an open file, which they name by its id. The cursor stands behind the fixed part's size.
bool SmbParser::request_of_file2(const Header& h, Cursor& c, Bytes message, Request& r,
                                 Payload& what) noexcept {
  Side& s = sides_[index(Direction::kToServer)];
  std::uint32_t length = 0;
  std::size_t name_at = 0, name_size = 0;
  switch (h.command) {
    case kClose:
      c.skip(6);
      break;
    case kRead:
      c.skip(2);
      length = c.u32le();
      r.offset = c.u64le();
      break;
    case kWrite:
      c.skip(2);
      length = c.u32le();
      r.offset = c.u64le();
      break;
    case kIoctl:
      c.skip(6);
      break;
    case kQueryDirectory:
      c.skip(6);
      break;
    case kSetInfo:
      c.skip(14);
      break;
    default:
      return false;
  }
  r.file = read_file_id(c);
  if (!c.ok()) return true;
  if (h.command == kQueryDirectory) {
    name_at = c.u16le();
    name_size = c.u16le();
    if (r.tx != nullptr && c.ok()) keep(r.tx->name, piece(message, name_at, name_size), true);
  }
  if (r.file == kRelatedFile && h.related) {
    // The file that the command before opened, or is about to open.
    r.file = s.created_by != kNoMessage ? FileId{s.created_by, kRelatedFile.open} : s.related;
    if (s.created_by != kNoMessage && find_file(r.file) == nullptr) {
      const Request* create = find_request(2, kCreate, s.created_by);
      add_file(h, r.file, create != nullptr && create->tx != nullptr ? create->tx->name.view() : Bytes{});
    }
  }
  s.related = r.file;
  if (r.tx != nullptr && r.file.open != kRelatedFile.open) r.tx->file = r.file, r.tx->has_file = true;
  const auto above = [&](Limit limit, std::uint32_t agreed) noexcept {
    return length > limits_[limit] || (agreed != 0 && length > agreed);
  };
  if (h.command == kRead && above(kMaxReadSize, max_read_)) event(Event::kReadRequestTooLarge);
  if (h.command == kWrite) {
    if (above(kMaxWriteSize, max_write_)) event(Event::kWriteRequestTooLarge);
    if (what.size != 0) start(s, Direction::kToServer, h, r.file, r.offset, what, message);
  }
  if (h.command == kIoctl) ioctl2(h, message, r, what);
  if (h.command == kSetInfo) set_info2(h, message, r);
  return true;
}

/// DCE/RPC that it carries is told of as a call.
void SmbParser::ioctl2(const Header& h, Bytes message, Request& r, const Payload& what) noexcept {
  if (what.size != 0) {
    OpenFile* f = find_file(r.file);
    const Bytes first = message.subspan(std::min(what.at, message.size()));
    if (f == nullptr) f = add_file(h, r.file, {});
    if (f != nullptr && carries_calls(*f, first)) {
      r.as_call = true;
      return start(sides_[index(Direction::kToServer)], Direction::kToServer, h, r.file, 0, what, message);
    }
  }
  r.tx = begin_tx(Direction::kToServer, Kind::kIoctl, h);
  if (r.tx == nullptr) return;
  Cursor c = body_of(message);
  c.skip(4);
  r.tx->code = c.u32le();
  r.tx->file = r.file;
  r.tx->has_file = r.file.open != kRelatedFile.open;
}

/// Renames and deletions; what else can be set is only paired.
void SmbParser::set_info2(const Header& h, Bytes message, Request& r) noexcept {
  constexpr std::uint8_t kFileInfo = 1, kRename = 10, kDisposition = 13;
  Cursor c = body_of(message);
  c.skip(2);
  const std::uint8_t type = c.u8(), kind = c.u8();
  const std::size_t size = c.u32le();
  const std::size_t at = c.u16le();
  if (!c.ok() || type != kFileInfo || (kind != kRename && kind != kDisposition)) return;
  const Bytes buffer = piece(message, at, size);
  Tx* tx = begin_tx(Direction::kToServer, kind == kRename ? Kind::kRename : Kind::kSetInfo, h);
  if (tx == nullptr) return;
  r.tx = tx;
  tx->file = r.file;
  tx->has_file = r.file.open != kRelatedFile.open;
  if (const OpenFile* f = find_file(r.file); f != nullptr) keep(tx->name, f->name.view(), false);
  set_share(*tx);
  Cursor b(buffer);
  if (kind == kRename) {
    b.skip(16);
    const std::size_t name = b.u32le();
    keep(tx->to, b.bytes(name), true);
  } else {
    tx->delete_on_close = (b.u8() & 1) != 0;
  }
  if (!b.ok()) event(Event::kMalformedData, tx);
}

void SmbParser::reply2(Direction dir, const Header& h, Bytes message, Payload& what) noexcept {
  if (h.async && h.status == kPending) return;  // the answer is yet to come
  Side& s = sides_[index(dir)];
  Request* r = find_request(2, h.command, h.id);
  if (r == nullptr && h.command == kNegotiate && h.id == 0) {
    // SMB 2 was agreed on in a negotiation that began as one of SMB 1.
    constexpr std::uint16_t kSmb1Negotiate = 0x72;
    for (r = requests_; r != nullptr && (r->version != 1 || r->command != kSmb1Negotiate);) r = r->next;
  }
  Tx* tx = nullptr;
  if (r != nullptr) {
    tx = r->tx;
  } else {
    if (requests_seen_ && h.id != kNoMessage) event(Event::kUnsolicitedResponse);
    tx = has_tx(h.command) ? begin_tx(dir, kind_of(h.command), h) : nullptr;
  }
  Header full = h;
  if (r != nullptr && (h.async || h.related)) {  // these say less of themselves
    full.tree = r->tree;
    full.session = r->session;
  }
  now_ = full;
  if (tx != nullptr) reply_to(*tx, full);
  Cursor c = body_of(message);
  c.skip(2);
  const bool failed = h.failed();
  switch (h.command) {
    case kNegotiate:
      if (tx != nullptr && !failed) negotiate_reply2(c, *tx);
      break;
    case kSessionSetup:
      if (tx != nullptr) tx->session = h.session;
      break;
    case kTreeConnect:
      if (tx == nullptr || failed) break;
      tx->share_type = c.u8();
      tx->is_pipe = tx->share_type == 2;
      tx->tree = h.tree;
      add_tree(h, *tx);
      break;
    case kTreeDisconnect:
      if (!failed) drop_tree(full.session, full.tree);
      break;
    case kCreate:
      if (tx != nullptr && !failed) create_reply2(c, *tx, r);
      break;
    case kClose:
      if (r != nullptr && !failed) close_file(r->file);
      break;
    case kRead: {
      if (what.size > limits_[kMaxReadSize]) event(Event::kReadResponseTooLarge);
      if (r != nullptr && what.size != 0 && (!failed || h.status == kBufferOverflow))
        start(s, dir, full, r->file, r->offset, what, message);
      break;
    }
    case kWrite:
      if (r != nullptr) written(r->file, full);
      break;
    case kIoctl:
      if (r != nullptr && r->as_call && what.size != 0) start(s, dir, full, r->file, 0, what, message);
      break;
    default:
      break;
  }
  if (!c.ok()) event(Event::kMalformedData, tx);
  if (tx != nullptr) {
    sink_->advance(*tx, dir, kWhole);
    finish(tx);
  }
  if (r != nullptr) drop_request(r);
}

void SmbParser::negotiate_reply2(Cursor& c, Tx& tx) noexcept {
  c.skip(2);
  const std::uint16_t dialect = c.u16le();
  c.skip(2);
  const Bytes guid = c.bytes(16);
  c.skip(8);
  const std::uint32_t max_read = c.u32le(), max_write = c.u32le();
  if (!c.ok()) return;
  negotiated_ = dialect != 0x02ff;  // the wildcard asks for another negotiation
  dialect_.set(dialect_name(dialect));
  max_read_ = max_read;
  max_write_ = max_write;
  if (max_read > limits_[kMaxReadSize]) event(Event::kNegotiateMaxReadSizeTooLarge, &tx);
  if (max_write > limits_[kMaxWriteSize]) event(Event::kNegotiateMaxWriteSizeTooLarge, &tx);
  if (tx.negotiation == nullptr) return;
  Negotiation& n = *tx.negotiation;
  std::copy(guid.begin(), guid.end(), n.server_guid.begin());
  n.has_server_guid = true;
  n.max_read = max_read;
  n.max_write = max_write;
}

void SmbParser::create_reply2(Cursor& c, Tx& tx, Request* r) noexcept {
  Creation& n = tx.creation;
  c.skip(2);
  n.action = c.u32le();
  n.created = c.u64le();
  n.accessed = c.u64le();
  n.modified = c.u64le();
  n.changed = c.u64le();
  c.skip(8);
  n.size = c.u64le();
  c.skip(8);
  n.file = read_file_id(c);
  if (!c.ok()) return;
  n.opened = true;
  tx.file = n.file;
  tx.has_file = true;
  set_share(tx);
  if (r == nullptr) return;
  OpenFile* f = find_file({r->id, kRelatedFile.open});
  rename_related(r->id, n.file);
  if (f == nullptr) f = add_file(now_, n.file, tx.name.view());
  if (f == nullptr) return;
  f->tree = now_.tree;
  f->session = now_.session;
  f->size = n.size;
  f->size_known = true;
}

}  // namespace picket::smb
