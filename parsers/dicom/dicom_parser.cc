#include "parsers/dicom/dicom_parser.h"

#include <algorithm>
#include <utility>

namespace picket::dicom {
namespace {

constexpr std::uint64_t kSecond = 1'000'000'000;

void set_side(Exchange& x, Direction dir) noexcept {
  (dir == Direction::kToServer ? x.has_request : x.has_reply) = true;
}

}  // namespace

DicomParser::DicomParser(const ParserContext& c) noexcept
    : pool_(c.pool),
      waiting_(c.pool, c.limits[kRequestFlood]),
      association_limit_(c.limits[kAssociationLimit]),
      command_limit_(c.limits[kCommandLimit]),
      dataset_limit_(c.limits[kDatasetLimit]),
      file_inspect_limit_(c.limits[kFileInspect]),
      timeout_ns_(c.limits[kReplyTimeout] * kSecond),
      patient_(c.limits),
      sides_{Side(c.pool), Side(c.pool)} {}

Consumed DicomParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  std::size_t at = 0;
  while (at < data.size()) {
    const Bytes rest = data.subspan(at);
    if (s.in_pdv) {
      const std::size_t n = std::min<std::size_t>(rest.size(), s.pdv_left);
      on_fragment(dir, rest.first(n), sink);
      at += n;
      s.pdv_left -= static_cast<std::uint32_t>(n);
      s.pdu_left -= static_cast<std::uint32_t>(n);
      if (s.pdv_left == 0) on_fragment_end(dir, sink);
      continue;
    }
    Cursor in(rest);
    if (s.pdu_left > 0) {
      const ParseResult r = parse_pdv(in, s.pdu_left, s.pdv);
      if (r.kind == ParseResult::Kind::kNeedMore) return Consumed::partly(at, r.need);
      if (r.kind == ParseResult::Kind::kMalformed) {
        lose(dir, static_cast<Event>(r.event), sink);
        continue;
      }
      at += in.offset();
      s.pdu_left -= static_cast<std::uint32_t>(in.offset());
      s.pdv_left = s.pdv.fragment;
      s.in_pdv = true;
      if (s.pdv_left == 0) on_fragment_end(dir, sink);
      continue;
    }
    if (s.lost) {
      const Probe p = pdu_starts(rest);
      if (p == Probe::kUnsure) return Consumed::partly(at, 0);
      if (p == Probe::kNo) {
        ++at;
        continue;
      }
      s.lost = false;
    }
    PduHeader h;
    const ParseResult r = parse_pdu(in, association_limit_, h);
    if (r.kind == ParseResult::Kind::kNeedMore) return Consumed::partly(at, r.need);
    if (r.kind == ParseResult::Kind::kMalformed) {
      lose(dir, static_cast<Event>(r.event), sink);
      ++at;
      continue;
    }
    check_timeouts(sink);
    if (h.is(PduType::kData)) {
      if (s.max_pdu != 0 && h.length > s.max_pdu) report(dir, Event::kPduTooLong, nullptr, sink);
      s.pdu_left = h.length;
      at += in.offset();
      continue;
    }
    const Bytes body = in.bytes(h.length);
    if (!in.ok()) return Consumed::partly(at, kPduHeader + h.length);
    if (!on_pdu(dir, h, body, sink)) {
      lose(dir, Event::kInvalidAssociation, sink);
      ++at;
      continue;
    }
    at += in.offset();
  }
  return Consumed::all(at);
}

void DicomParser::lose(Direction dir, Event why, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  report(dir, why, nullptr, sink);
  report(dir, Event::kLostSync, nullptr, sink);
  if (s.data.expected) on_data_end(dir, false, sink);
  s.command.reset();
  s.command_over = s.in_pdv = false;
  s.pdu_left = s.pdv_left = 0;
  s.lost = true;
}

void DicomParser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  report(dir, Event::kGap, nullptr, sink);
  // An image in which some bytes are missing goes on where it would.
  if (missing != 0 && s.in_pdv && !s.pdv.command() && missing < s.pdv_left) {
    s.pdv_left -= static_cast<std::uint32_t>(missing);
    s.pdu_left -= static_cast<std::uint32_t>(missing);
    const Incoming& d = s.data;
    if (d.x == nullptr) return;
    d.set->bytes += missing;
    d.set->missing += missing;
    if (d.x->file != nullptr && d.set == &d.x->question_data) sink.file_gap(*d.x->file, missing);
    return;
  }
  if (s.data.expected) on_data_end(dir, false, sink);
  s.command.reset();
  s.command_over = s.in_pdv = false;
  s.pdu_left = s.pdv_left = 0;
  s.lost = true;
}

void DicomParser::on_end(Direction dir, Sink& sink) noexcept {
  if (dir == Direction::kToClient) on_close(sink);
}

void DicomParser::on_close(Sink& sink) noexcept {
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    if (sides_[index(dir)].data.expected) on_data_end(dir, false, sink);
  }
  finish_all(sink);
}

// --- associations

bool DicomParser::on_pdu(Direction dir, const PduHeader& h, Bytes body, Sink& sink) noexcept {
  const auto type = static_cast<PduType>(h.type);
  Associate a;
  switch (type) {
    case PduType::kAssociateRq:
      if (!read_associate(body, a) || !items_fit(a.items)) return false;
      on_associate(dir, body, sink);
      break;
    case PduType::kAssociateAc:
      if (!read_associate(body, a) || !items_fit(a.items)) return false;
      on_associate_answer(dir, type, body, sink);
      break;
    case PduType::kAssociateRj:
      on_associate_answer(dir, type, body, sink);
      break;
    case PduType::kReleaseRq:
    case PduType::kReleaseRp:
      on_release(dir, type, sink);
      break;
    default:
      on_abort(dir, body, sink);
  }
  return true;
}

void DicomParser::on_associate(Direction dir, Bytes body, Sink& sink) noexcept {
  // What was before it is over.
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    if (sides_[index(d)].data.expected) on_data_end(d, false, sink);
    sides_[index(d)].max_pdu = 0;
  }
  finish_all(sink);
  contexts_ = {};
  negotiated_ = released_ = false;
  Exchange* x = open(Kind::kAssociate, dir, sink);
  if (x == nullptr) return;
  if (!x->question_bytes.append(body)) {
    report(dir, Event::kOutOfMemory, nullptr, sink);
    return finish(*x, sink);
  }
  x->has_question = true;
  learn_contexts(dir, body.subspan(kFixedAssociate));
  tell(*x, dir, sink);
}

/// What a side says of itself holds for the other one.
void DicomParser::learn_contexts(Direction dir, Bytes items) noexcept {
  User u;
  if (read_user(items, u) && u.has_max_pdu) sides_[index(reverse(dir))].max_pdu = u.max_pdu;
  Cursor c(items);
  Item i;
  while (next_item(c, i)) {
    Context x;
    Bytes uid;
    if (i.type != 0x21 || !read_context(i, x) || x.result != 0 || !syntax_at(x, 0, uid)) continue;
    contexts_[x.id / 2] = syntax_number(uid);
  }
}

void DicomParser::on_associate_answer(Direction dir, PduType type, Bytes body, Sink& sink) noexcept {
  if (type == PduType::kAssociateAc) {
    contexts_ = {};
    learn_contexts(dir, body.subspan(kFixedAssociate));
    negotiated_ = true;
    released_ = false;
  }
  Exchange* x = waiting_for(Kind::kAssociate, reverse(dir));
  const bool paired = x != nullptr;
  if (!paired) x = open(Kind::kAssociate, dir, sink);
  if (x == nullptr) return;
  if (!x->answer_bytes.append(body)) report(dir, Event::kOutOfMemory, x, sink);
  x->has_answer = true;
  x->answer_pdu = static_cast<std::uint8_t>(type);
  x->answer_ns = sink.time_ns();
  x->failed = type == PduType::kAssociateRj;
  if (!paired && sides_[index(reverse(dir))].asked) report(dir, Event::kUnsolicitedResponse, x, sink);
  if (x->failed) report(dir, Event::kRejected, x, sink);
  finish(*x, sink);
}

void DicomParser::on_release(Direction dir, PduType type, Sink& sink) noexcept {
  if (type == PduType::kReleaseRq) {
    Exchange* x = open(Kind::kRelease, dir, sink);
    if (x == nullptr) return;
    x->has_question = true;
    return tell(*x, dir, sink);
  }
  Exchange* x = waiting_for(Kind::kRelease, reverse(dir));
  const bool paired = x != nullptr;
  if (!paired) x = open(Kind::kRelease, dir, sink);
  if (x == nullptr) return;
  x->has_answer = true;
  x->answer_ns = sink.time_ns();
  if (!paired && sides_[index(reverse(dir))].asked) report(dir, Event::kUnsolicitedResponse, x, sink);
  finish_all(sink);
  released_ = true;
}

void DicomParser::on_abort(Direction dir, Bytes body, Sink& sink) noexcept {
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    if (sides_[index(d)].data.expected) on_data_end(d, false, sink);
  }
  Exchange* x = open(Kind::kAbort, dir, sink);
  if (x != nullptr) {
    (void)x->question_bytes.append(body);
    x->has_question = true;
    x->apart = true;
    report(dir, Event::kAborted, x, sink);
    tell(*x, dir, sink);
  }
  finish_all(sink);
  released_ = true;
}

// --- what waits

Exchange* DicomParser::open(Kind kind, Direction dir, Sink& sink) noexcept {
  if (waiting_.full()) {
    report(waiting_.oldest()->asked, Event::kFlooded, waiting_.oldest(), sink);
    finish(*waiting_.oldest(), sink);
  }
  Exchange* x = pool_.make<Exchange>(pool_);
  if (x == nullptr) {
    report(dir, Event::kOutOfMemory, nullptr, sink);
    return nullptr;
  }
  x->id = next_id_++;
  x->kind = kind;
  x->asked = dir;
  x->patient = &patient_;
  x->question_ns = x->touched_ns = sink.time_ns();
  x->ot = &kOt;
  x->operation = operation_of(*x);
  set_side(*x, dir);
  waiting_.add(*x);
  return x;
}

void DicomParser::check_timeouts(Sink& sink) noexcept {
  const std::uint64_t now = sink.time_ns();
  Exchange* next = nullptr;
  for (Exchange* x = waiting_.oldest(); x != nullptr; x = next) {
    next = x->newer;
    if (now <= x->touched_ns + timeout_ns_) continue;
    report(x->asked, Event::kNoReply, x, sink);
    finish(*x, sink);
  }
}

void DicomParser::tell(Exchange& x, Direction dir, Sink& sink) noexcept {
  set_side(x, dir);
  x.operation = operation_of(x);
  x.told[index(dir)] = true;
  sink.advance(x, dir, kOtWhole);
}

void DicomParser::finish(Exchange& x, Sink& sink) noexcept {
  for (Side& s : sides_) {
    if (s.data.x != &x) continue;
    settle(s.data, false);
    s.data.x = nullptr;
  }
  end_file(x, false, sink);
  if (!x.told[index(x.asked)]) tell(x, x.asked, sink);
  const Direction back = reverse(x.asked);
  if (x.has_question && x.has_answer && !x.told[index(back)]) tell(x, back, sink);
  sink.done(x);
  waiting_.remove(x);
}

void DicomParser::finish_all(Sink& sink) noexcept {
  while (!waiting_.empty()) finish(*waiting_.oldest(), sink);
}

Exchange* DicomParser::waiting_for(Kind kind, Direction asked) const noexcept {
  for (Exchange* x = waiting_.newest(); x != nullptr; x = x->older) {
    if (x->kind == kind && x->asked == asked && x->has_question && !x->has_answer) return x;
  }
  return nullptr;
}

}  // namespace picket::dicom
