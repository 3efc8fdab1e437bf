// parsers/smb/state.cc — what a flow remembers: requests that wait, trees, open files; transactions
#include <algorithm>

#include "parsers/smb/smb_parser.h"

namespace picket::smb {

bool Header::failed() const noexcept {
  if (dos_status) return status != 0;
  return (status & 0xc0000000) == 0xc0000000;
}

SmbParser::SmbParser(const ParserContext& c) noexcept : pool_(c.pool), limits_(c.limits) {}

void SmbParser::on_close(Sink& sink) noexcept {
  sink_ = &sink;
  while (requests_ != nullptr) {
    finish(requests_->tx);
    drop_request(requests_);
  }
  while (files_ != nullptr) end_file(files_, false);
  while (trees_ != nullptr) {
    Tree* t = trees_;
    trees_ = t->next;
    pool_.destroy(t);
  }
  for (Tx*& t : transforms_) {
    finish(t);
    t = nullptr;
  }
}

void SmbParser::event(Event e, Tx* tx) noexcept { sink_->event(dir_, static_cast<std::uint8_t>(e), tx); }

void SmbParser::keep(PoolBuffer& to, Bytes text, bool unicode) noexcept {
  if (!append_text(to, text, unicode, kMaxName)) event(Event::kOutOfMemory);
}

// Transactions.

Tx* SmbParser::begin_tx(Direction dir, Kind kind, const Header& h) noexcept {
  Tx* tx = pool_.make<Tx>(pool_);
  if (tx == nullptr) {
    event(Event::kOutOfMemory);
    return nullptr;
  }
  if (kind == Kind::kNegotiate) tx->negotiation = pool_.make<Negotiation>(pool_);
  if (kind == Kind::kSession) tx->setup = pool_.make<SessionSetup>(pool_);
  if ((kind == Kind::kNegotiate && tx->negotiation == nullptr) ||
      (kind == Kind::kSession && tx->setup == nullptr)) {
    event(Event::kOutOfMemory);
    kind = Kind::kCommand;
  }
  tx->id = next_id_++;
  tx->kind = kind;
  tx->version = h.version;
  tx->command = h.command;
  tx->session = h.session;
  tx->tree = h.tree;
  (dir == Direction::kToServer ? tx->has_request : tx->has_reply) = true;
  sink_->advance(*tx, dir, kHead);
  return tx;
}

void SmbParser::finish(Tx* tx) noexcept {
  if (tx == nullptr) return;
  tx->dialect = dialect_;
  sink_->done(*tx);
  pool_.destroy(tx->negotiation);
  pool_.destroy(tx->setup);
  pool_.destroy(tx->call);
  pool_.destroy(tx);
}

void SmbParser::reply_to(Tx& tx, const Header& h) noexcept {
  tx.has_reply = true;
  tx.has_status = true;
  tx.status = h.status;
  tx.dos_status = h.dos_status;
}

/// Shares are named with the tree; a transaction takes a copy.
void SmbParser::set_share(Tx& tx) noexcept {
  const Tree* t = find_tree(tx.session, tx.tree);
  if (t != nullptr && !tx.share.append(t->share.view())) event(Event::kOutOfMemory);
}

void SmbParser::read_token(Direction dir, Bytes blob, Tx& tx) noexcept {
  if (tx.setup == nullptr || dir != Direction::kToServer) return;
  const Token ntlmssp = read_ntlmssp(blob, tx.setup->ntlmssp);
  if (ntlmssp == Token::kMalformed) event(Event::kMalformedNtlmsspRequest, &tx);
  if (ntlmssp == Token::kNone && read_kerberos(blob, *tx.setup) == Token::kMalformed)
    event(Event::kMalformedData, &tx);
}

// Requests.

Request* SmbParser::add_request(const Header& h, Tx* tx) noexcept {
  requests_seen_ = true;
  if (request_count_ >= limits_[kMaxTx]) {
    event(Event::kTooManyTransactions, requests_->tx);
    finish(requests_->tx);
    drop_request(requests_);
  }
  auto* r = pool_.make<Request>();
  if (r == nullptr) {
    event(Event::kOutOfMemory, tx);
    finish(tx);
    return nullptr;
  }
  r->version = h.version;
  r->command = h.command;
  r->session = h.session;
  r->tree = h.tree;
  r->id = h.id;
  r->tx = tx;
  *last_request_ = r;
  last_request_ = &r->next;
  ++request_count_;
  return r;
}

Request* SmbParser::find_request(std::uint8_t version, std::uint16_t command, std::uint64_t id) noexcept {
  Request* r = requests_;
  while (r != nullptr && (r->id != id || r->command != command || r->version != version)) r = r->next;
  return r;
}

/// Without its transaction.
void SmbParser::drop_request(Request* r) noexcept {
  Request** at = &requests_;
  while (*at != r) at = &(*at)->next;
  *at = r->next;
  if (last_request_ == &r->next) last_request_ = at;
  --request_count_;
  pool_.destroy(r);
}

// Trees. The one that was asked for comes to the front.

Tree* SmbParser::find_tree(std::uint64_t session, std::uint32_t id) noexcept {
  for (Tree** at = &trees_; *at != nullptr; at = &(*at)->next) {
    Tree* t = *at;
    if (t->id != id || t->session != session) continue;
    *at = t->next;
    t->next = trees_;
    return trees_ = t;
  }
  return nullptr;
}

void SmbParser::add_tree(const Header& h, Tx& tx) noexcept {
  drop_tree(h.session, h.tree);
  if (tree_count_ >= limits_[kMaxTrees]) {
    event(Event::kTooManyTrees, &tx);
    Tree* last = trees_;
    while (last->next != nullptr) last = last->next;
    drop_tree(last->session, last->id);
  }
  Tree* t = pool_.make<Tree>(pool_);
  if (t == nullptr || !t->share.append(tx.name.view())) {
    pool_.destroy(t);
    return event(Event::kOutOfMemory, &tx);
  }
  t->session = h.session;
  t->id = h.tree;
  t->is_pipe = tx.is_pipe;
  t->next = trees_;
  trees_ = t;
  ++tree_count_;
}

void SmbParser::drop_tree(std::uint64_t session, std::uint32_t id) noexcept {
  Tree* t = find_tree(session, id);
  if (t == nullptr) return;
  trees_ = t->next;
  --tree_count_;
  pool_.destroy(t);
  for (OpenFile** at = &files_; *at != nullptr;) {
    if ((*at)->tree == id && (*at)->session == session)
      end_file(*at, true);
    else
      at = &(*at)->next;
  }
}

// Open files.

OpenFile* SmbParser::find_file(FileId id) noexcept {
  for (OpenFile** at = &files_; *at != nullptr; at = &(*at)->next) {
    OpenFile* f = *at;
    if (f->id != id) continue;
    *at = f->next;
    f->next = files_;
    return files_ = f;
  }
  return nullptr;
}

OpenFile* SmbParser::add_file(const Header& h, FileId id, Bytes name) noexcept {
  if (OpenFile* old = find_file(id); old != nullptr) end_file(old, true);  // the id is used again
  if (file_count_ >= limits_[kMaxFiles]) {
    event(Event::kTooManyFiles);
    OpenFile* last = files_;
    while (last->next != nullptr) last = last->next;
    end_file(last, false);
  }
  auto* f = pool_.make<OpenFile>(pool_);
  if (f == nullptr || !f->name.append(name)) {
    pool_.destroy(f);
    event(Event::kOutOfMemory);
    return nullptr;
  }
  f->id = id;
  f->session = h.session;
  f->tree = h.tree;
  f->next = files_;
  files_ = f;
  ++file_count_;
  return f;
}

/// Commands chained to a create went by the id of its request; now the file has its own.
void SmbParser::rename_related(std::uint64_t created_by, FileId id) noexcept {
  const FileId related{created_by, kRelatedFile.open};
  OpenFile* f = find_file(related);
  if (f != nullptr) {
    f->id = id;
    for (Transfer* t : f->transfer) {
      if (t == nullptr) continue;
      t->tx->file = id;
      t->tx->has_file = true;
    }
  }
  for (Side& s : sides_) {
    if (s.file == related) s.file = id;
  }
  for (Request* r = requests_; r != nullptr; r = r->next) {
    if (r->file != related) continue;
    r->file = id;
    if (r->tx != nullptr) r->tx->file = id, r->tx->has_file = true;
  }
}

void SmbParser::close_file(FileId id) noexcept {
  if (OpenFile* f = find_file(id); f != nullptr) end_file(f, true);
}

void SmbParser::end_file(OpenFile* f, bool closed) noexcept {
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    Transfer* t = f->transfer[index(dir)];
    if (t == nullptr) continue;
    // What is written need not reach the size the file had.
    const bool reading = dir == Direction::kToClient;
    t->close(reading && f->size_known ? &f->size : nullptr, closed, *sink_);
    sink_->advance(*t->tx, dir, kWhole);
    finish(t->tx);
    pool_.destroy(t);
  }
  if (f->calls != nullptr) {
    f->calls->close(*this);
    pool_.destroy(f->calls);
  }
  // A payload of it that is under way has nobody to go to.
  for (Side& s : sides_) {
    if (s.target != Target::kNobody && s.file == f->id) s.target = Target::kNobody;
  }
  OpenFile** at = &files_;
  while (*at != f) at = &(*at)->next;
  *at = f->next;
  --file_count_;
  pool_.destroy(f);
}

}  // namespace picket::smb
