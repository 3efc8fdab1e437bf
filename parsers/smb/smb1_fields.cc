// parsers/smb/smb1_fields.cc — what commands of SMB 1 say: negotiation, log on, opening of files, names
#include <algorithm>

#include "parsers/smb/smb1_commands.h"
#include "parsers/smb/smb_parser.h"

namespace picket::smb {
namespace {

constexpr std::uint8_t kDialectFormat = 0x02, kTextFormat = 0x04;
constexpr std::uint32_t kDeleteOnClose = 0x1000;
constexpr std::uint32_t kExtendedSecurity = 0x80000000;

/// The n-th of texts that end with a zero each.
std::string_view nth_text(std::string_view all, std::size_t n) noexcept {
  for (; n > 0 && !all.empty(); --n) all.remove_prefix(std::min(all.size(), all.find('\0') + 1));
  return all.substr(0, all.find('\0'));
}

}  // namespace

void SmbParser::negotiate_request1(const Command1& command, Tx& tx) noexcept {
  if (tx.negotiation == nullptr) return;
  Cursor c = command.bytes;
  if (negotiated_) event(Event::kDuplicateNegotiate, &tx);
  std::size_t n = 0;
  for (; !c.empty() && n < kMaxDialects; ++n) {
    if (c.u8() != kDialectFormat) return event(Event::kNegotiateMalformedDialects, &tx);
    keep(tx.negotiation->dialects, take_string(c, false), false);
    if (!tx.negotiation->dialects.push_back(0)) event(Event::kOutOfMemory, &tx);
  }
  if (n == 0) event(Event::kNegotiateMalformedDialects, &tx);
}

void SmbParser::negotiate_reply1(const Command1& command, Tx& tx) noexcept {
  if (tx.negotiation == nullptr) return;
  Negotiation& n = *tx.negotiation;
  Cursor c = command.word(0);
  const std::size_t chosen = c.u16le();
  if (!c.ok()) return event(Event::kMalformedData, &tx);
  const std::string_view dialect = nth_text(n.dialects.text(), chosen);
  dialect_.set(dialect);
  negotiated_ = !dialect.empty();
  c.skip(17);
  const std::uint32_t capabilities = c.u32le();
  Cursor bytes = command.bytes;
  if (!c.ok() || (capabilities & kExtendedSecurity) == 0) return;
  const Bytes guid = bytes.bytes(16);
  if (!bytes.ok()) return;
  std::copy(guid.begin(), guid.end(), n.server_guid.begin());
  n.has_server_guid = true;
}

void SmbParser::session_request1(const Header& h, const Command1& command, Tx& tx) noexcept {
  if (tx.setup == nullptr) return;
  SessionSetup& s = *tx.setup;
  const std::size_t words = command.words.size() / 2;
  Cursor bytes = command.bytes;
  Cursor c = command.word(7);
  if (words == 12) {  // with a security blob
    const Bytes blob = bytes.bytes(c.u16le());
    read_token(Direction::kToServer, blob, tx);
  } else if (words == 13 || words == 10) {
    std::size_t passwords = c.u16le();
    if (words == 13) passwords += c.u16le();
    bytes.skip(passwords);
    keep(s.account, take_string(bytes, h.unicode), h.unicode);
    keep(s.domain, take_string(bytes, h.unicode), h.unicode);
  } else {
    return event(Event::kMalformedData, &tx);
  }
  keep(s.os, take_string(bytes, h.unicode), h.unicode);
  keep(s.lm, take_string(bytes, h.unicode), h.unicode);
  if (!c.ok() || !bytes.ok()) event(Event::kMalformedData, &tx);
}

void SmbParser::session_reply1(const Header& h, const Command1& command, Tx& tx) noexcept {
  tx.session = h.session;
  if (tx.setup == nullptr) return;
  const std::size_t words = command.words.size() / 2;
  if (words < 3) return;  // an error says no more
  Cursor bytes = command.bytes;
  if (words == 4) bytes.skip(command.word(3).u16le());
  keep(tx.setup->reply_os, take_string(bytes, h.unicode), h.unicode);
  keep(tx.setup->reply_lm, take_string(bytes, h.unicode), h.unicode);
  if (!bytes.ok()) event(Event::kMalformedData, &tx);
}

void SmbParser::create_request1(const Header& h, const Command1& command, Tx& tx) noexcept {
  Cursor c = command.word(2);
  Cursor bytes = command.bytes;
  Creation& n = tx.creation;
  if (command.code == kNtCreateAndx) {
    c.skip(1);
    const std::size_t size = c.u16le();
    c.skip(8);
    n.access = c.u32le();
    c.skip(16);
    n.disposition = c.u32le();
    n.options = c.u32le();
    if (h.unicode && bytes.offset() % 2 != 0) bytes.skip(1);
    keep(tx.name, bytes.bytes(std::min(size, bytes.left())), h.unicode);
  } else {
    c.skip(2);
    n.access = c.u16le();
    c.skip(8);
    const std::uint16_t function = c.u16le();
    // What to do with a file that exists, and whether to make one that does not ([MS-CIFS] 2.2.4.41.1).
    const bool make = (function & 0x10) != 0;
    n.disposition = (function & 3) == 0 ? 2 : (function & 3) == 1 ? (make ? 3 : 1) : (make ? 5 : 4);
    keep(tx.name, take_string(bytes, h.unicode), h.unicode);
  }
  tx.delete_on_close = (n.options & kDeleteOnClose) != 0;
  if (!c.ok() || !bytes.ok()) event(Event::kMalformedData, &tx);
}

void SmbParser::create_reply1(const Header& h, const Command1& command, Tx& tx) noexcept {
  Creation& n = tx.creation;
  Cursor c = command.word(2);
  if (command.code == kNtCreateAndx) {
    c.skip(1);
    n.file = file1(c.u16le());
    n.action = c.u32le();
    n.created = c.u64le();
    n.accessed = c.u64le();
    n.modified = c.u64le();
    n.changed = c.u64le();
    c.skip(4 + 8);
    n.size = c.u64le();
  } else {
    n.file = file1(c.u16le());
    c.skip(6);
    n.size = c.u32le();
    c.skip(6);
    n.action = c.u16le() & 3;
  }
  if (!c.ok()) return event(Event::kMalformedData, &tx);
  n.opened = true;
  tx.file = n.file;
  tx.has_file = true;
  set_share(tx);
  OpenFile* f = add_file(h, n.file, tx.name.view());
  if (f == nullptr) return;
  f->size = n.size;
  f->size_known = true;
}

/// Commands whose bytes are one name or two: delete, rename, create and remove directories ...
void SmbParser::names_request1(const Header& h, const Command1& command, Tx& tx) noexcept {
  Cursor c = command.bytes;
  if (c.peek() != kTextFormat) return;
  c.skip(1);
  keep(tx.name, take_string(c, h.unicode), h.unicode);
  if (command.code != kRename) return;
  if (c.u8() == kTextFormat && c.ok())
    keep(tx.to, take_string(c, h.unicode), h.unicode);
  else
    event(Event::kMalformedData, &tx);
}

}  // namespace picket::smb
