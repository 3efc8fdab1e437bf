#include "tests/support/parser_harness.h"

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

namespace picket::testing {

std::string from_hex(std::string_view text) {
  std::string out;
  int high = -1;
  for (const char c : text) {
    if (c == ' ' || c == '\n' || c == '\t') continue;
    const char* digits = "0123456789abcdef";
    const char* at = std::strchr(digits, c >= 'A' && c <= 'F' ? c + 32 : c);
    PICKET_ASSERT(c != 0 && at != nullptr);
    const int v = static_cast<int>(at - digits);
    if (high < 0) {
      high = v;
    } else {
      out.push_back(static_cast<char>(high << 4 | v));
      high = -1;
    }
  }
  PICKET_ASSERT(high < 0);
  return out;
}

std::string printable(Bytes b) {
  std::string out;
  char hex[5];
  for (const std::uint8_t c : b) {
    if (c >= 0x20 && c < 0x7f && c != '\\') {
      out.push_back(static_cast<char>(c));
    } else {
      std::snprintf(hex, sizeof hex, "\\x%02x", c);
      out += hex;
    }
  }
  return out;
}

void RecordingSink::advance(Transaction& tx, Direction dir, std::uint8_t progress) noexcept {
  Open& open = find(tx);
  std::uint8_t& reached = open.progress[index(dir)];
  if (progress < reached) violation("progress of tx " + std::to_string(tx.id) + " went back");
  reached = progress;
  tx.progress[index(dir)] = std::max(tx.progress[index(dir)], progress);
  // Read what became readable, as detection would: its views must be good now.
  for (const BufferDef& b : spec_.buffers) {
    if (b.progress[index(dir)] <= progress) read_buffer(b, tx, dir);
  }
  if (spec_.ot != nullptr) check_ot(static_cast<const OtTransaction&>(tx), dir);
  steps_.push_back("advance " + std::to_string(tx.id) + (dir == Direction::kToServer ? " > " : " < ") +
                   std::to_string(progress));
}

File* RecordingSink::file_begin(Transaction& tx, Direction dir, Bytes name, std::size_t limit) noexcept {
  if (!options_.files) return nullptr;
  auto followed = std::make_unique<Followed>(file_pool_);
  File& f = followed->file;
  [[maybe_unused]] const bool kept = f.name.append(name);
  PICKET_ASSERT(kept);
  f.tx = &tx;
  f.id = tx.file_count++;
  f.dir = dir;
  f.keep = true;
  f.inspect_limit = limit;
  File** at = &tx.files;
  for (; *at != nullptr; at = &(*at)->next) f.place += (*at)->dir == dir ? 1 : 0;
  *at = &f;
  files_.push_back(std::move(followed));
  return &f;
}

void RecordingSink::file_data(File& f, Bytes b) noexcept {
  Followed* of = open_file(f, "file_data()");
  if (of == nullptr) return;
  if (b.empty()) violation("file_data() without bytes");
  of->bytes.append(as_text(b));
  f.size += b.size();
  [[maybe_unused]] const bool kept =
      f.gap || f.kept.append(b.first(std::min(b.size(), f.inspect_limit - f.kept.size())));
  PICKET_ASSERT(kept);
}

void RecordingSink::file_gap(File& f, std::uint64_t missing) noexcept {
  Followed* of = open_file(f, "file_gap()");
  if (of == nullptr) return;
  of->bytes += "<" + std::to_string(missing) + " missing>";
  f.size += missing;
  f.gap = true;
}

void RecordingSink::file_end(File& f, FileEnd how) noexcept {
  Followed* of = open_file(f, "file_end()");
  if (of == nullptr) return;
  f.state = how == FileEnd::kComplete && !f.gap ? FileState::kClosed : FileState::kTruncated;
  of->end = how == FileEnd::kComplete ? "complete" : how == FileEnd::kTruncated ? "truncated" : "limit";
}

void RecordingSink::done(Transaction& tx) noexcept {
  const auto at = std::find_if(open_.begin(), open_.end(), [&](const Open& o) { return o.tx == &tx; });
  if (at == open_.end()) {
    violation("done() of tx " + std::to_string(tx.id) + " without advance(), or twice");
  } else {
    if (at->id != tx.id) violation("tx " + std::to_string(at->id) + " changed its id");
    open_.erase(at);
  }
  const std::string line = describe(tx);
  end_files(tx);
  lines_.push_back(line);
  steps_.push_back("done " + std::to_string(tx.id));
}

void RecordingSink::event(Direction dir, std::uint8_t event, Transaction* tx) noexcept {
  if (event >= spec_.events.size()) return violation("event " + std::to_string(event) + " is not declared");
  ++events_[std::string(spec_.events[event].name)];
  if (tx == nullptr) {
    lines_.push_back(std::string("event ") + (dir == Direction::kToServer ? "> " : "< ") +
                     std::string(spec_.events[event].name));
  } else {
    tx->events |= std::uint64_t{1} << event;
  }
}

void RecordingSink::hand_over(std::string_view protocol, Bytes hint) noexcept {
  if (handed_over_) violation("hand_over() twice");
  handed_over_ = true;
  lines_.push_back("hand over to '" + std::string(protocol) + "'" +
                   (hint.empty() ? "" : " [" + printable(hint) + "]"));
}

bool RecordingSink::expect(const Expectation& e) noexcept {
  if (e.hint.size() > Expectation::kMaxHint) violation("expect() with too long a hint");
  lines_.push_back("expect " + std::string(e.protocol) + " to " +
                   (e.to == Direction::kToServer ? "server:" : "client:") + std::to_string(e.port) + " [" +
                   printable(e.hint) + "]");
  return true;
}

void RecordingSink::finish() {
  for (const Open& o : open_) violation("tx " + std::to_string(o.id) + " was never done()");
}

RecordingSink::Followed* RecordingSink::open_file(const File& f, const std::string& what) {
  for (const auto& followed : files_) {
    if (&followed->file == &f && f.state == FileState::kOpen) return followed.get();
  }
  violation(what + " of a file that is not open");
  return nullptr;
}

void RecordingSink::end_files(Transaction& tx) {
  for (const auto& followed : files_) {
    const File& f = followed->file;
    if (f.tx != &tx) continue;
    if (f.state == FileState::kOpen) violation("done() with a file that is open");
    lines_.push_back(std::string("file ") + (f.dir == Direction::kToServer ? "> " : "< ") +
                     printable(f.name.view()) + " [" + printable(as_bytes(followed->bytes)) + "] " +
                     followed->end);
  }
  std::erase_if(files_, [&](const auto& followed) { return followed->file.tx == &tx; });
  tx.files = nullptr;
}

void RecordingSink::check_ot(const OtTransaction& x, Direction dir) {
  const std::string who = "tx " + std::to_string(x.id);
  bool known = false;
  each_ot_protocol(*spec_.ot, [&](const OtProtocol& p) { known = known || x.ot == &p; });
  if (!known) return violation(who + ": its OtProtocol is neither the spec's nor inside of it");
  const auto& table = x.ot->operations;
  if (x.operation < table.data() || x.operation >= table.data() + table.size())
    return violation(who + ": its operation is not in the protocol's table");
  OtAddress a;
  unsigned n = 0;
  for (; n < kMaxInstances && x.ot->address(x, n, a); ++n, a = {}) {
    if (a.text.empty()) violation(who + ": an address without text");
    (void)printable(a.text);
  }
  OtValue v;
  for (n = 0; n < kMaxInstances && x.ot->value(x, dir, n, v); ++n, v = {}) (void)printable(v.text);
}

RecordingSink::Open& RecordingSink::find(const Transaction& tx) {
  begun_.insert(tx.id);
  for (Open& o : open_) {
    if (o.tx == &tx) return o;
    if (o.id == tx.id) violation("two open transactions have id " + std::to_string(tx.id));
  }
  open_.push_back({&tx, tx.id, {}});
  return open_.back();
}

std::vector<std::string> RecordingSink::read_buffer(const BufferDef& b, const Transaction& tx,
                                                    Direction dir) {
  std::vector<std::string> values;
  for (unsigned i = 0; i < kMaxInstances; ++i) {
    Bytes value;
    if (!b.get(tx, dir, i, value)) return values;
    values.push_back(printable(value));  // touches each byte
  }
  violation("buffer " + std::string(b.name) + " has no last instance");
  return values;
}

std::string RecordingSink::describe(const Transaction& tx) {
  std::string out = "tx " + std::to_string(tx.id);
  if (tx.has_request) out += " req";
  if (tx.has_reply) out += " rep";
  if (tx.events != 0) out += " events=";
  for (std::size_t i = 0, n = 0; i < 64; ++i) {
    if ((tx.events >> i & 1) == 0) continue;
    if (n++ != 0) out += ',';
    out += i < spec_.events.size() ? std::string(spec_.events[i].name) : "?";
  }
  std::string own;
  for (const Direction dir : {Direction::kToServer, Direction::kToClient}) {
    if (!options_.read_all) break;
    for (const BufferDef& b : spec_.buffers) {
      if (b.progress[index(dir)] == kNever) continue;
      for (const std::string& v : read_buffer(b, tx, dir)) own += " " + std::string(b.name) + "=" + v;
    }
    for (const IntegerDef& n : spec_.integers) {
      if (n.progress[index(dir)] == kNever) continue;
      std::uint64_t v = 0;
      for (unsigned i = 0; i < kMaxInstances && n.get(tx, dir, i, v); ++i) {
        own += " " + std::string(n.name) + "=" + std::to_string(v);
      }
    }
  }
  return out + (options_.describe ? " " + options_.describe(tx) : own);
}

ParserRun::ParserRun(const ProtocolSpec& spec, HarnessOptions options)
    : spec_(spec),
      options_(std::move(options)),
      pool_(std::make_unique<Pool>(options_.pool_bytes)),
      sink_(spec_, options_) {
  for (const LimitDef& l : spec.limits) {
    const auto at = options_.limits.find(l.name);
    limits_.push_back(at == options_.limits.end() ? l.initial : at->second);
  }
  at_ = pool_->allocate(spec.parser_size);
  PICKET_ASSERT(at_ != nullptr);
  parser_ = spec.create(at_, ParserContext{*pool_, limits_, options_.transport, as_bytes(options_.client),
                                           as_bytes(options_.hint)});
  sink_.set_time(options_.start_ns);
}

ParserRun::~ParserRun() {
  close();
  // A pool that goes with blocks still out is a bug that aborts; here it is a line in violations(), for the
  // test to show.
  static auto& leaky = *new std::vector<std::unique_ptr<Pool>>;  // never destroyed
  if (pool_->in_use_bytes() != 0) leaky.push_back(std::move(pool_));
}

void ParserRun::feed(Direction dir, std::string_view bytes) {
  if (parser_ == nullptr || sink_.handed_over()) return;
  if (options_.transport != Transport::kTcp) {
    const Copy copy(bytes);
    parser_->on_datagram(dir, copy.view(), sink_);
    return;
  }
  Side& side = sides_[index(dir)];
  if (side.gave_up || side.ended) return;
  side.pending += bytes;
  show(dir);
}

void ParserRun::gap(Direction dir, std::uint64_t missing) {
  Side& side = sides_[index(dir)];
  if (parser_ == nullptr || side.gave_up || side.ended || sink_.handed_over()) return;
  side.pending.clear();
  side.need = 0;
  parser_->on_gap(dir, missing, sink_);
}

void ParserRun::end(Direction dir) {
  Side& side = sides_[index(dir)];
  if (parser_ == nullptr || side.ended || sink_.handed_over()) return;
  side.ended = true;
  side.pending.clear();
  parser_->on_end(dir, sink_);
}

void ParserRun::play(const Turn& turn) {
  if (turn.kind == Turn::Kind::kBytes) feed(turn.dir, turn.bytes);
  if (turn.kind == Turn::Kind::kGap) gap(turn.dir, turn.missing);
  if (turn.kind == Turn::Kind::kEnd) end(turn.dir);
}

void ParserRun::close() {
  if (parser_ == nullptr) return;
  parser_->on_close(sink_);
  parser_->~Parser();
  parser_ = nullptr;
  sink_.finish();
  pool_->release(at_, spec_.parser_size);
  if (pool_->in_use_bytes() != 0) {
    sink_.violation(std::to_string(pool_->in_use_bytes()) + " bytes of the pool were not given back");
  }
}

void ParserRun::show(Direction dir) {
  Side& side = sides_[index(dir)];
  if (side.pending.size() < side.need) {
    if (side.pending.size() > spec_.max_pending_bytes) overflow(dir);
    return;
  }
  const Copy copy(side.pending);
  const Consumed c = parser_->on_stream(dir, copy.view(), sink_);
  if (c.bytes > side.pending.size()) {
    sink_.violation("consumed more than was shown");
    side.gave_up = true;
    return;
  }
  side.pending.erase(0, c.bytes);
  side.need = c.need;
  if (c.need > spec_.max_pending_bytes)
    sink_.violation("needs more than max_pending_bytes: would wait forever");
  if (c.need != 0 && c.need <= side.pending.size()) {
    sink_.violation("needs no more than it left unread: the next call comes with the next bytes only");
  }
  if (c.give_up || sink_.handed_over()) {
    side.gave_up = c.give_up;
    side.pending.clear();
    return;
  }
  if (side.pending.size() > spec_.max_pending_bytes) overflow(dir);
}

void ParserRun::overflow(Direction dir) {
  Side& side = sides_[index(dir)];
  side.pending.clear();
  side.need = 0;
  ++overflows_;
  parser_->on_gap(dir, 0, sink_);
}

namespace detail {
std::string join(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& l : lines) out += "  " + l + "\n";
  return out;
}
}  // namespace detail

std::vector<std::string> run(const ProtocolSpec& spec, const Conversation& talk,
                             const HarnessOptions& options) {
  ParserRun r(spec, options);
  for (const Turn& t : talk) {
    r.play(t);
    r.next_turn();
  }
  r.close();
  std::vector<std::string> lines = r.lines();
  for (const std::string& v : r.violations()) lines.push_back("VIOLATION: " + v);
  return lines;
}

namespace {

/// A conversation's lines, against which it is spoken again with its turns cut.
class Uncut {
 public:
  Uncut(const ProtocolSpec& spec, const Conversation& talk, const HarnessOptions& options)
      : spec_(spec), talk_(talk), options_(options), want_(run(spec, talk, options)) {}

  /// cut(turn, from): how many of the turn's bytes come next.
  template <class Cut>
  std::string differs(const std::string& how, Cut cut) const {
    for (const std::string& l : want_) {
      if (l.rfind("VIOLATION", 0) == 0) return "uncut: " + l;
    }
    ParserRun r(spec_, options_);
    for (std::size_t t = 0; t < talk_.size(); ++t) {
      if (talk_[t].kind != Turn::Kind::kBytes) {
        r.play(talk_[t]);
      } else {
        const std::string_view bytes = talk_[t].bytes;
        for (std::size_t from = 0, n = 0; from < bytes.size(); from += n) {
          n = std::min(cut(t, from), bytes.size() - from);
          r.feed(talk_[t].dir, bytes.substr(from, n));
        }
      }
      r.next_turn();
    }
    r.close();
    if (r.lines() == want_ && r.violations().empty()) return "";
    return how + ":\n" + detail::join(r.lines()) + detail::join(r.violations()) + "wanted:\n" +
           detail::join(want_);
  }

 private:
  const ProtocolSpec& spec_;
  const Conversation& talk_;
  const HarnessOptions& options_;
  std::vector<std::string> want_;
};
constexpr std::size_t kRest = std::string_view::npos;

}  // namespace

std::string check_every_split(const ProtocolSpec& spec, const Conversation& talk,
                              const HarnessOptions& options, std::size_t step) {
  const Uncut uncut(spec, talk, options);
  std::size_t place = 0;
  for (std::size_t t = 0; t < talk.size(); ++t) {
    for (std::size_t at = 1; talk[t].kind == Turn::Kind::kBytes && at < talk[t].bytes.size(); ++at) {
      if (++place % step != 0) continue;
      std::string d = uncut.differs(
          "turn " + std::to_string(t) + " cut at " + std::to_string(at),
          [=](std::size_t turn, std::size_t from) { return turn == t && from == 0 ? at : kRest; });
      if (!d.empty()) return d;
    }
  }
  return uncut.differs("byte by byte", [](std::size_t, std::size_t) { return std::size_t{1}; });
}

std::string check_all_turns_split(const ProtocolSpec& spec, const Conversation& talk,
                                  const HarnessOptions& options, std::size_t step) {
  const Uncut uncut(spec, talk, options);
  std::size_t longest = 0;
  for (const Turn& t : talk) longest = std::max(longest, t.bytes.size());
  for (std::size_t at = 1; at < longest; at += step) {
    std::string d = uncut.differs("all turns cut at " + std::to_string(at),
                                  [=](std::size_t, std::size_t from) { return from == 0 ? at : kRest; });
    if (!d.empty()) return d;
  }
  return "";
}

std::string check_every_truncation(const ProtocolSpec& spec, const Conversation& talk,
                                   const HarnessOptions& options, std::size_t step) {
  const std::vector<std::string> whole = run(spec, talk, options);
  std::size_t place = 0;
  for (std::size_t t = 0; t < talk.size(); ++t) {
    for (std::size_t at = 0; at < talk[t].bytes.size(); ++at) {
      if (place++ % step != 0) continue;
      ParserRun r(spec, options);
      for (std::size_t u = 0; u < talk.size(); ++u) {
        if (u == t) r.feed(talk[u].dir, std::string_view(talk[u].bytes).substr(0, at));
        if (u == t && options.transport == Transport::kTcp) break;
        if (u != t) r.play(talk[u]);
        r.next_turn();
      }
      const std::string where = "turn " + std::to_string(t) + " cut short at " + std::to_string(at) + ":\n";
      const bool begins =
          r.lines().size() <= whole.size() && std::equal(r.lines().begin(), r.lines().end(), whole.begin());
      if (options.transport == Transport::kTcp && !begins)
        return where + detail::join(r.lines()) + "whole:\n" + detail::join(whole);
      r.close();
      if (!r.violations().empty()) return where + detail::join(r.violations());
    }
  }
  return "";
}

}  // namespace picket::testing
