// parsers/smb/smb1_trans.cc — SMB 1's transactions: named pipes, and what is asked and set by level
//
//      words  TRANS, TRANS2: 14 and those of the setup     NT_TRANS: 19 and those of the setup
//      bytes  the transaction's name, parameters, data; offsets count from the header
//
// A transaction whose parameters or data go on in secondary requests is read as far as its first message
// goes.
#include <algorithm>

#include "parsers/smb/smb1_commands.h"
#include "parsers/smb/smb_parser.h"

namespace picket::smb {
namespace {

constexpr std::uint16_t kTransactPipe = 0x26;
constexpr std::uint16_t kSetPathInfo = 6, kSetFileInfo = 8;
constexpr std::uint16_t kSetDisposition = 0x0102, kPassDisposition = 1013, kPassRename = 1010;

Bytes piece(Bytes message, std::size_t at, std::size_t size) noexcept {
  return at > message.size() ? Bytes{} : message.subspan(at, std::min(size, message.size() - at));
}

}  // namespace

void SmbParser::trans_request1(const Header& h, const Command1& command, Bytes message) noexcept {
  const bool nt = command.code == kNtTrans;
  Cursor c(command.words);
  std::size_t parameters_at = 0, parameters_size = 0, data_at = 0, data_size = 0, setup_count = 0;
  std::uint16_t function = 0;
  if (nt) {
    c.skip(3 + 16);
    parameters_size = c.u32le();
    parameters_at = c.u32le();
    data_size = c.u32le();
    data_at = c.u32le();
    setup_count = c.u8();
    function = c.u16le();
  } else {
    c.skip(18);
    parameters_size = c.u16le();
    parameters_at = c.u16le();
    data_size = c.u16le();
    data_at = c.u16le();
    setup_count = c.u8();
    c.skip(1);
  }
  const bool good = c.ok();
  Cursor setup = c;
  if (!nt && setup_count > 0) function = setup.u16le();
  const Bytes parameters = piece(message, parameters_at, parameters_size);
  const Bytes data = piece(message, data_at, data_size);

  Request* r = add_request(h, nullptr);
  if (r == nullptr) return;
  r->function = function;
  if (command.code == kTrans && function == kTransactPipe && setup_count > 1) {
    r->file = file1(setup.u16le());
    OpenFile* f = find_file(r->file);
    if (f == nullptr) f = add_file(h, r->file, {});
    if (f != nullptr && carries_calls(*f, data)) {
      r->as_call = true;
      return whole_payload1(Direction::kToServer, h, r->file, 0, data);
    }
  }
  const bool sets = command.code == kTrans2 && (function == kSetPathInfo || function == kSetFileInfo);
  if (sets && set_info1(h, function, parameters, data, *r)) return;
  Tx* tx = r->tx = begin_tx(Direction::kToServer, Kind::kTrans, h);
  if (tx == nullptr) return;
  tx->function = function;
  Cursor bytes = command.bytes;
  if (command.code == kTrans) keep(tx->name, take_string(bytes, h.unicode), h.unicode);
  tx->is_pipe = command.code == kTrans && setup_count > 0 && tx->name.text().starts_with("\\PIPE\\");
  if (!good) event(Event::kMalformedData, tx);
  sink_->advance(*tx, Direction::kToServer, kWhole);
}

/// Renames and deletions; what else can be set is a transaction without more. false: it is none of these.
bool SmbParser::set_info1(const Header& h, std::uint16_t function, Bytes parameters, Bytes data,
                          Request& r) noexcept {
  Cursor p(parameters), d(data);
  const bool by_path = function == kSetPathInfo;
  const std::uint16_t first = p.u16le(), second = p.u16le();
  const std::uint16_t level = by_path ? first : second;
  const bool rename = level == kPassRename;
  if (!p.ok() || (level != kSetDisposition && level != kPassDisposition && !rename)) return false;
  Tx* tx = r.tx = begin_tx(Direction::kToServer, rename ? Kind::kRename : Kind::kSetInfo, h);
  if (tx == nullptr) return true;
  tx->function = function;
  if (by_path) {
    p.skip(2);
    keep(tx->name, take_string(p, h.unicode), h.unicode);
  } else {
    r.file = tx->file = file1(first);
    tx->has_file = true;
    if (const OpenFile* f = find_file(tx->file); f != nullptr) keep(tx->name, f->name.view(), false);
  }
  if (rename) {
    d.skip(8);  // whether to replace, the folder
    const std::size_t size = d.u32le();
    keep(tx->to, d.bytes(std::min(size, d.left())), h.unicode);
  } else {
    tx->delete_on_close = (d.u8() & 1) != 0;
  }
  set_share(*tx);
  if (!d.ok()) event(Event::kMalformedData, tx);
  sink_->advance(*tx, Direction::kToServer, kWhole);
  return true;
}

void SmbParser::trans_reply1(const Header& h, const Command1& command, Bytes message, Request& r) noexcept {
  if (!r.as_call) return;
  Cursor c = command.word(6);
  const std::size_t size = c.u16le(), at = c.u16le();
  if (!c.ok()) return;
  whole_payload1(Direction::kToClient, h, r.file, 0, piece(message, at, size));
}

}  // namespace picket::smb
