// parsers/smb/payload.cc — payload of reads and writes: files put in order, or DCE/RPC over a named pipe
#include <algorithm>

#include "parsers/smb/smb_parser.h"

namespace picket::smb {

/// A pipe is one of DCE/RPC when its first bytes are a fragment's. Other pipes are followed as files are:
/// what runs over them is for somebody to read.
bool SmbParser::carries_calls(OpenFile& f, Bytes first) noexcept {
  if (f.mode == OpenFile::Mode::kUndecided && !first.empty()) {
    const Tree* tree = find_tree(f.session, f.tree);
    f.is_pipe = tree != nullptr && tree->is_pipe;
    const bool calls =
        (tree == nullptr || tree->is_pipe) && first.size() >= 3 && dcerpc::probe_header(first) != Probe::kNo;
    f.mode = calls ? OpenFile::Mode::kCalls : OpenFile::Mode::kFile;
  }
  return f.mode == OpenFile::Mode::kCalls;
}

dcerpc::Connection* SmbParser::calls_of(OpenFile& f, Direction) noexcept {
  if (f.calls == nullptr) {
    const dcerpc::Limits limits{static_cast<std::uint32_t>(limits_[kMaxTx]),
                                static_cast<std::uint32_t>(limits_[kMaxStub])};
    f.calls = pool_.make<dcerpc::Connection>(pool_, limits);
    if (f.calls == nullptr) event(Event::kOutOfMemory);
  }
  return f.calls;
}

Transfer* SmbParser::transfer_of(OpenFile& f, Direction dir, const Header& h) noexcept {
  Transfer*& t = f.transfer[index(dir)];
  if (t != nullptr) return t;
  Tx* tx = begin_tx(dir, Kind::kTransfer, h);
  if (tx == nullptr) return nullptr;
  t = pool_.make<Transfer>(pool_, *tx);
  if (t == nullptr || !tx->name.append(f.name.view())) {
    event(Event::kOutOfMemory, tx);
    pool_.destroy(t);
    finish(tx);
    return t = nullptr;
  }
  tx->direction = dir;
  tx->file = f.id;
  tx->has_file = f.id.open != kRelatedFile.open;
  tx->has_request = true;
  tx->tree = f.tree;
  tx->session = f.session;
  set_share(*tx);
  const Bytes name = f.name.empty() ? as_bytes("<unknown>") : f.name.view();
  t->file = sink_->file_begin(*tx, dir, name, limits_[kFileInspect]);
  return t;
}

SmbParser::Target SmbParser::open_payload(Direction dir, const Header& h, FileId id, std::uint64_t offset,
                                          std::size_t size, Bytes first) noexcept {
  OpenFile* f = find_file(id);
  if (f == nullptr) f = add_file(h, id, {});
  if (f == nullptr) return Target::kNobody;
  if (carries_calls(*f, first)) {
    dcerpc::Connection* calls = calls_of(*f, dir);
    if (calls == nullptr) return Target::kNobody;
    if (dcerpc::probe_header(first) != Probe::kNo) calls->restart(dir);
    return Target::kCalls;
  }
  Transfer* t = transfer_of(*f, dir, h);
  if (t == nullptr) return Target::kNobody;
  const bool reading = dir == Direction::kToClient;
  if (h.reply) reply_to(*t->tx, h);
  if (f->is_pipe) offset = t->next();  // pipes have no offsets
  const Transfer::Limits limits = {limits_[reading ? kMaxReadQueueSize : kMaxWriteQueueSize],
                                   limits_[reading ? kMaxReadQueueCnt : kMaxWriteQueueCnt]};
  const Transfer::Outcome o = t->begin_chunk(offset, size, limits, *sink_);
  if (o.overlap) event(Event::kFileOverlap, t->tx);
  if (o.too_many_bytes)
    event(reading ? Event::kReadQueueSizeExceeded : Event::kWriteQueueSizeExceeded, t->tx);
  if (o.too_many_chunks) event(reading ? Event::kReadQueueCntExceeded : Event::kWriteQueueCntExceeded, t->tx);
  return Target::kTransfer;
}

void SmbParser::payload(Direction dir, Target target, FileId id, Bytes bytes) noexcept {
  OpenFile* f = target == Target::kNobody ? nullptr : find_file(id);
  if (f == nullptr || bytes.empty()) return;
  Transfer* t = f->transfer[index(dir)];
  if (target == Target::kCalls && f->calls != nullptr) f->calls->feed(dir, bytes, *this);
  if (target == Target::kTransfer && t != nullptr && !t->chunk_data(bytes, *sink_))
    event(Event::kOutOfMemory, t->tx);
}

/// What the server says of a write is the status of all that was written so far.
void SmbParser::written(FileId id, const Header& reply) noexcept {
  const OpenFile* f = find_file(id);
  const Transfer* t = f == nullptr ? nullptr : f->transfer[index(Direction::kToServer)];
  if (t != nullptr) reply_to(*t->tx, reply);
}

void SmbParser::payload_gap(Direction dir, Target target, FileId id, std::size_t missing) noexcept {
  OpenFile* f = target == Target::kNobody ? nullptr : find_file(id);
  if (f == nullptr) return;
  Transfer* t = f->transfer[index(dir)];
  if (target == Target::kCalls && f->calls != nullptr) f->calls->gap(dir, *this);
  if (target == Target::kTransfer && t != nullptr) t->chunk_gap(missing, *sink_);
}

void SmbParser::end_payload(Direction dir, Target target, FileId id) noexcept {
  OpenFile* f = target == Target::kTransfer ? find_file(id) : nullptr;
  if (f != nullptr && f->transfer[index(dir)] != nullptr) f->transfer[index(dir)]->end_chunk(*sink_);
}

/// The message's payload comes next in the stream.
void SmbParser::start(Side& s, Direction dir, const Header& h, FileId id, std::uint64_t offset, Payload what,
                      Bytes message) noexcept {
  now_ = h;
  s.file = id;
  const Bytes first = message.subspan(std::min(what.at, message.size()));
  s.target = open_payload(dir, h, id, offset, what.size, first.first(std::min<std::size_t>(first.size(), 4)));
  s.payload_left = what.size;
}

// DCE/RPC: a call is a transaction of the command that carried its first fragment.

dcerpc::Call* SmbParser::begin(Direction dir) noexcept {
  Tx* tx = begin_tx(dir, Kind::kCall, now_);
  if (tx == nullptr) return nullptr;
  tx->call = pool_.make<dcerpc::Call>(pool_);
  if (tx->call == nullptr) {
    event(Event::kOutOfMemory, tx);
    finish(tx);
    return nullptr;
  }
  tx->call->tx = tx;
  const OpenFile* f = find_file(sides_[index(dir)].file);
  if (f != nullptr && !tx->name.append(f->name.view())) event(Event::kOutOfMemory, tx);
  return tx->call;
}

void SmbParser::half_done(dcerpc::Call& call, Direction dir) noexcept {
  auto& tx = static_cast<Tx&>(*call.tx);
  (dir == Direction::kToServer ? tx.has_request : tx.has_reply) = true;
  if (dir == Direction::kToClient) reply_to(tx, now_);
  sink_->advance(tx, dir, kWhole);
}

void SmbParser::finished(dcerpc::Call& call) noexcept { finish(static_cast<Tx*>(call.tx)); }

void SmbParser::event(Direction dir, dcerpc::Event e, dcerpc::Call* call) noexcept {
  sink_->event(dir, static_cast<std::uint8_t>(kOwnEvents + static_cast<std::size_t>(e)),
               call == nullptr ? nullptr : call->tx);
}

}  // namespace picket::smb
