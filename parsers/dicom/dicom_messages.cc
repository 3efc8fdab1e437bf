// Commands and data sets from their fragments, requests paired with their responses.
#include <algorithm>

#include "parsers/dicom/dicom_parser.h"

namespace picket::dicom {

void DicomParser::on_fragment(Direction dir, Bytes b, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  if (!s.pdv.command()) return on_data(dir, b, sink);
  if (s.data.expected) {
    // The data set that was announced does not come.
    report(dir, Event::kMissingDataSet, s.data.x, sink);
    on_data_end(dir, false, sink);
  }
  if (s.command_over) return;
  if (s.command.size() + b.size() > command_limit_ || !s.command.append(b)) s.command_over = true;
}

void DicomParser::on_fragment_end(Direction dir, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  s.in_pdv = false;
  if (!s.pdv.last()) return;
  if (!s.pdv.command()) {
    if (s.data.expected) return on_data_end(dir, true, sink);
    return report(dir, Event::kUnexpectedDataSet, nullptr, sink);
  }
  if (s.command_over) {
    report(dir, Event::kCommandTooLarge, nullptr, sink);
  } else {
    on_command(dir, sink);
  }
  s.command.clear();
  s.command_over = false;
}

void DicomParser::on_command(Direction dir, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  Command c;
  if (!interpret(s.command.view(), c)) {
    report(dir, Event::kInvalidCommand, nullptr, sink);
    // What belongs to it may follow all the same.
    s.data = {};
    s.data.expected = c.has_data_set();
    return;
  }
  c.is_response() ? on_response(dir, c, sink) : on_request(dir, c, sink);
}

void DicomParser::on_request(Direction dir, const Command& c, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  s.asked = true;
  Exchange* same = nullptr;
  for (Exchange* x = waiting_.newest(); x != nullptr && same == nullptr; x = x->older) {
    if (x->kind == Kind::kOperation && x->asked == dir && x->has_question && !x->answer_complete &&
        x->question.message_id == (c.does(Operation::kCancel) ? c.responded : c.message_id)) {
      same = x;
    }
  }
  const bool cancels = c.does(Operation::kCancel);
  if (cancels && same != nullptr) same->cancelled = true;
  Exchange* x = open(Kind::kOperation, dir, sink);
  if (x == nullptr || !x->question_bytes.append(s.command.view())) {
    if (x != nullptr) {
      report(dir, Event::kOutOfMemory, nullptr, sink);
      x->has_question = true;
      finish(*x, sink);
    }
    s.data = {};
    s.data.expected = c.has_data_set();
    return;
  }
  (void)interpret(x->question_bytes.view(), x->question);
  x->has_question = true;
  x->context = s.pdv.context;
  x->syntax = contexts_[x->context / 2];
  x->operation = operation_of(*x);
  x->apart = c.does(Operation::kMove) || c.does(Operation::kGet);
  if ((x->context & 1) == 0 || (negotiated_ && x->syntax == 0)) report(dir, Event::kUnknownContext, x, sink);
  if (released_) report(dir, Event::kNoAssociation, x, sink);
  if (!cancels && same != nullptr) report(dir, Event::kDuplicateMessageId, x, sink);
  if (command_name(c.field).empty()) report(dir, Event::kUnknownCommand, x, sink);
  if (c.has_data_set()) return expect_data(dir, x, false, sink);
  tell(*x, dir, sink);
  if (cancels) finish(*x, sink);  // nobody answers it
}

void DicomParser::on_response(Direction dir, const Command& c, Sink& sink) noexcept {
  Side& s = sides_[index(dir)];
  Exchange* x = nullptr;
  for (Exchange* y = waiting_.oldest(); y != nullptr && x == nullptr; y = y->newer) {
    if (y->kind == Kind::kOperation && y->asked != dir && y->has_question &&
        y->question.message_id == c.responded && !y->question.does(Operation::kCancel)) {
      x = y;
    }
  }
  const bool paired = x != nullptr;
  if (!paired) x = open(Kind::kOperation, dir, sink);
  s.data = {};
  s.data.expected = c.has_data_set();
  if (x == nullptr) return;
  // A response before the end of the request's data set: an error, mostly.
  x->touched_ns = x->answer_ns = sink.time_ns();
  x->answer_bytes.clear();
  if (!x->answer_bytes.append(s.command.view())) {
    report(dir, Event::kOutOfMemory, x, sink);
    return finish(*x, sink);
  }
  (void)interpret(x->answer_bytes.view(), x->answer);
  x->has_answer = true;
  if (!paired) {
    x->context = s.pdv.context;
    x->syntax = contexts_[x->context / 2];
    // Where only the responses are seen there is nothing odd about it.
    if (sides_[index(reverse(dir))].asked) report(dir, Event::kUnsolicitedResponse, x, sink);
  } else if ((c.field & ~kResponse) != x->question.field) {
    report(dir, Event::kMismatch, x, sink);
  }
  if (c.pending()) ++x->pending;
  if (c.has_data_set()) return expect_data(dir, x, true, sink);
  if (!c.pending()) conclude(*x, sink);
  if (c.pending() && !paired) finish(*x, sink);
}

void DicomParser::conclude(Exchange& x, Sink& sink) noexcept {
  x.answer_complete = true;
  x.failed = status_kind(x.answer.status) == StatusKind::kFailure;
  finish(x, sink);  // tells of both sides
}

void DicomParser::expect_data(Direction dir, Exchange* x, bool answer, Sink& sink) noexcept {
  Incoming& d = sides_[index(dir)].data;
  d = {};
  d.expected = true;
  d.x = x;
  d.set = answer ? &x->answer_data : &x->question_data;
  d.into = answer ? &x->answer_head : &x->question_head;
  const bool further = answer && x->result_count != 0;  // match of a query
  if (!further) *d.set = {};
  if (answer && !further) d.into->clear();
  d.before = d.into->size();
  d.set->there = true;
  d.set->encoding = syntax_encoding(x->syntax);
  if (!answer && x->question.does(Operation::kStore))
    x->file = sink.file_begin(*x, dir, x->question.sop_instance, file_inspect_limit_);
}

void DicomParser::on_data(Direction dir, Bytes b, Sink& sink) noexcept {
  Incoming& d = sides_[index(dir)].data;
  if (d.x == nullptr) return;
  Exchange& x = *d.x;
  x.touched_ns = sink.time_ns();
  d.set->bytes += b.size();
  if (x.file != nullptr && d.set == &x.question_data && !b.empty()) sink.file_data(*x.file, b);
  if (d.set->missing != 0 || d.set->truncated) return;  // the head ends at a gap
  const std::size_t room = dataset_limit_ - std::min(dataset_limit_, d.into->size());
  const std::size_t n = std::min(room, b.size());
  const std::uint8_t* block = d.into->data();
  if (n < b.size()) d.set->truncated = true;
  if (n != 0 && !d.into->append(b.first(n))) d.set->truncated = true;
  // What was read of the first match has moved with its bytes.
  if (d.before != 0 && block != d.into->data()) {
    d.set->head = d.into->view().first(x.results[0]);
    read_head(*d.set);
  }
}

void DicomParser::settle(const Incoming& d, bool whole) noexcept {
  Exchange& x = *d.x;
  DataSet& set = *d.set;
  if (!whole) set.truncated = true;
  const bool answer = d.set == &x.answer_data;
  if (answer && x.result_count < kMaxResults)
    x.results[x.result_count++] = static_cast<std::uint32_t>(d.into->size());
  // Of several matches the first is read.
  set.head = d.into->view().first(answer ? x.results[0] : d.into->size());
  read_head(set);
}

void DicomParser::on_data_end(Direction dir, bool whole, Sink& sink) noexcept {
  const Incoming d = sides_[index(dir)].data;
  sides_[index(dir)].data = {};
  if (d.x == nullptr) return;
  settle(d, whole);
  Exchange& x = *d.x;
  if (d.set->wrong && d.before == 0) report(dir, Event::kInvalidDataSet, &x, sink);
  if (d.set == &x.question_data) {
    end_file(x, whole && d.set->missing == 0, sink);
    return tell(x, dir, sink);
  }
  if (!x.answer.pending()) return conclude(x, sink);
  if (!x.has_question) finish(x, sink);
}

void DicomParser::end_file(Exchange& x, bool whole, Sink& sink) noexcept {
  if (x.file == nullptr) return;
  sink.file_end(*x.file, whole ? FileEnd::kComplete : FileEnd::kTruncated);
  x.file = nullptr;
}

}  // namespace picket::dicom
