// tests/support/parser_harness.h — shows a parser a conversation as the engine would, and writes down what it
// reports
//
//   const Conversation talk = {to_server("\x12..."), to_client("..."), end(Direction::kToServer)};
//   EXPECT_THAT(run(kSpec, talk), ElementsAre("tx 0 req rep events= dns.query=a.example", ...));
//   EXPECT_EQ(check_every_split(kSpec, talk), "");
//   EXPECT_EQ(check_every_truncation(kSpec, talk), "");
//
// Engine's contract, kept here to the letter: bytes not consumed are shown again with more behind them, never
// before `need` of them stand there, never more than max_pending_bytes; what waited is dropped at a gap. Each
// call sees an allocation of its own that is freed when the call returns, so that with AddressSanitizer a
// view that outlives its bytes is found. Whatever breaks the contract of Parser or Sink is a line in
// violations().
//
// Used by unit tests, by tests/fuzz and by no product code; allocates freely.
#pragma once
#include <algorithm>
#include <cstdio>
#include <cstring>
#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "parsers/core/file.h"
#include "parsers/core/ot.h"
#include "parsers/core/protocol.h"

namespace picket::testing {

/// One step of a conversation.
struct Turn {
  enum class Kind : std::uint8_t { kBytes, kGap, kEnd };
  Kind kind = Kind::kBytes;
  Direction dir = Direction::kToServer;
  std::string bytes;          ///< kBytes
  std::uint64_t missing = 0;  ///< kGap
};
using Conversation = std::vector<Turn>;

inline Turn to_server(std::string_view bytes) {
  return {Turn::Kind::kBytes, Direction::kToServer, std::string(bytes), 0};
}
inline Turn to_client(std::string_view bytes) {
  return {Turn::Kind::kBytes, Direction::kToClient, std::string(bytes), 0};
}
inline Turn gap(Direction dir, std::uint64_t missing) { return {Turn::Kind::kGap, dir, {}, missing}; }
inline Turn end(Direction dir) { return {Turn::Kind::kEnd, dir, {}, 0}; }

/// "00 01 0a" → bytes; blanks and line ends do not matter. Aborts on anything else: a test's own text is
/// wrong.
inline std::string from_hex(std::string_view text) {
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

/// Printable text as it is, the rest as \xNN.
inline std::string printable(Bytes b) {
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

struct HarnessOptions {
  Transport transport = Transport::kTcp;
  std::map<std::string, std::uint64_t, std::less<>> limits;  ///< instead of the spec's initial values
  std::size_t pool_bytes = 16 << 20;
  std::string client, hint;  ///< of ParserContext
  bool files = false;  ///< follow files; each is a line "file > name [bytes] closed" before its transaction's
  /// What to print of a transaction when it is done, behind what every protocol has; the buffers when not
  /// set.
  std::function<std::string(const Transaction&)> describe;
  bool read_all =
      true;  ///< each transaction that is done, all that rules may ask of it; false: for long talks
  std::uint64_t start_ns = 1'000'000'000'000;  ///< capture time of the first turn
  std::uint64_t step_ns = 1'000'000;           ///< between turns
};

/// Writes down all a parser reports, and all it may not.
class RecordingSink final : public Sink {
 public:
  RecordingSink(const ProtocolSpec& spec, const HarnessOptions& options) : spec_(spec), options_(options) {}

  void advance(Transaction& tx, Direction dir, std::uint8_t progress) noexcept override {
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

  File* file_begin(Transaction& tx, Direction dir, Bytes name, std::size_t limit) noexcept override {
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
  void file_data(File& f, Bytes b) noexcept override {
    Followed* of = open_file(f, "file_data()");
    if (of == nullptr) return;
    if (b.empty()) violation("file_data() without bytes");
    of->bytes.append(as_text(b));
    f.size += b.size();
    [[maybe_unused]] const bool kept =
        f.gap || f.kept.append(b.first(std::min(b.size(), f.inspect_limit - f.kept.size())));
    PICKET_ASSERT(kept);
  }
  void file_gap(File& f, std::uint64_t missing) noexcept override {
    Followed* of = open_file(f, "file_gap()");
    if (of == nullptr) return;
    of->bytes += "<" + std::to_string(missing) + " missing>";
    f.size += missing;
    f.gap = true;
  }
  void file_end(File& f, FileEnd how) noexcept override {
    Followed* of = open_file(f, "file_end()");
    if (of == nullptr) return;
    f.state = how == FileEnd::kComplete && !f.gap ? FileState::kClosed : FileState::kTruncated;
    of->end = how == FileEnd::kComplete ? "complete" : how == FileEnd::kTruncated ? "truncated" : "limit";
  }

  void done(Transaction& tx) noexcept override {
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

  void event(Direction dir, std::uint8_t event, Transaction* tx) noexcept override {
    if (event >= spec_.events.size()) return violation("event " + std::to_string(event) + " is not declared");
    ++events_[std::string(spec_.events[event].name)];
    if (tx == nullptr) {
      lines_.push_back(std::string("event ") + (dir == Direction::kToServer ? "> " : "< ") +
                       std::string(spec_.events[event].name));
    } else {
      tx->events |= std::uint64_t{1} << event;
    }
  }

  void hand_over(std::string_view protocol, Bytes hint) noexcept override {
    if (handed_over_) violation("hand_over() twice");
    handed_over_ = true;
    lines_.push_back("hand over to '" + std::string(protocol) + "'" +
                     (hint.empty() ? "" : " [" + printable(hint) + "]"));
  }

  bool expect(const Expectation& e) noexcept override {
    if (e.hint.size() > Expectation::kMaxHint) violation("expect() with too long a hint");
    lines_.push_back("expect " + std::string(e.protocol) + " to " +
                     (e.to == Direction::kToServer ? "server:" : "client:") + std::to_string(e.port) + " [" +
                     printable(e.hint) + "]");
    return true;
  }

  [[nodiscard]] std::uint64_t time_ns() const noexcept override { return time_ns_; }

  void set_time(std::uint64_t ns) { time_ns_ = ns; }
  /// After on_close(): what is still open was forgotten.
  void finish() {
    for (const Open& o : open_) violation("tx " + std::to_string(o.id) + " was never done()");
  }
  void violation(std::string what) { violations_.push_back(std::move(what)); }

  [[nodiscard]] const std::vector<std::string>& lines() const { return lines_; }
  [[nodiscard]] const std::vector<std::string>& steps() const { return steps_; }
  [[nodiscard]] const std::vector<std::string>& violations() const { return violations_; }
  [[nodiscard]] const std::map<std::string, unsigned>& events() const { return events_; }
  [[nodiscard]] std::size_t open() const { return open_.size(); }
  [[nodiscard]] bool handed_over() const { return handed_over_; }
  /// Ids of all transactions so far.
  [[nodiscard]] const std::set<std::uint64_t>& begun() const { return begun_; }

 private:
  struct Open {
    const Transaction* tx;
    std::uint64_t id;
    std::array<std::uint8_t, 2> progress{};
  };
  static constexpr unsigned kMaxInstances = 4096;
  struct Followed {
    explicit Followed(Pool& pool) : file(pool) {}
    File file;
    std::string bytes, end;
  };

  Followed* open_file(const File& f, const std::string& what) {
    for (const auto& followed : files_) {
      if (&followed->file == &f && f.state == FileState::kOpen) return followed.get();
    }
    violation(what + " of a file that is not open");
    return nullptr;
  }
  void end_files(Transaction& tx) {
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

  /// parsers/core/ot.h: what stands in a table stands there, and every text can be read.
  void check_ot(const OtTransaction& x, Direction dir) {
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

  Open& find(const Transaction& tx) {
    begun_.insert(tx.id);
    for (Open& o : open_) {
      if (o.tx == &tx) return o;
      if (o.id == tx.id) violation("two open transactions have id " + std::to_string(tx.id));
    }
    open_.push_back({&tx, tx.id, {}});
    return open_.back();
  }

  std::vector<std::string> read_buffer(const BufferDef& b, const Transaction& tx, Direction dir) {
    std::vector<std::string> values;
    for (unsigned i = 0; i < kMaxInstances; ++i) {
      Bytes value;
      if (!b.get(tx, dir, i, value)) return values;
      values.push_back(printable(value));  // touches each byte
    }
    violation("buffer " + std::string(b.name) + " has no last instance");
    return values;
  }

  std::string describe(const Transaction& tx) {
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

  const ProtocolSpec& spec_;
  const HarnessOptions& options_;
  Pool file_pool_{8 << 20};
  std::vector<std::unique_ptr<Followed>> files_;
  std::vector<Open> open_;
  std::vector<std::string> lines_, steps_, violations_;
  std::map<std::string, unsigned> events_;
  std::set<std::uint64_t> begun_;
  std::uint64_t time_ns_ = 0;
  bool handed_over_ = false;
};

/// One flow: a parser in a pool of its own, and what the engine keeps for it.
class ParserRun {
 public:
  explicit ParserRun(const ProtocolSpec& spec, HarnessOptions options = {})
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
  ~ParserRun() {
    close();
    // A pool that goes with blocks still out is a bug that aborts; here it is a line in violations(), for the
    // test to show.
    static auto& leaky = *new std::vector<std::unique_ptr<Pool>>;  // never destroyed
    if (pool_->in_use_bytes() != 0) leaky.push_back(std::move(pool_));
  }
  ParserRun(const ParserRun&) = delete;
  ParserRun& operator=(const ParserRun&) = delete;

  /// TCP: the next bytes of a direction. Others: one datagram.
  void feed(Direction dir, std::string_view bytes) {
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
  void gap(Direction dir, std::uint64_t missing) {
    Side& side = sides_[index(dir)];
    if (parser_ == nullptr || side.gave_up || side.ended || sink_.handed_over()) return;
    side.pending.clear();
    side.need = 0;
    parser_->on_gap(dir, missing, sink_);
  }
  void end(Direction dir) {
    Side& side = sides_[index(dir)];
    if (parser_ == nullptr || side.ended || sink_.handed_over()) return;
    side.ended = true;
    side.pending.clear();
    parser_->on_end(dir, sink_);
  }
  void play(const Turn& turn) {
    if (turn.kind == Turn::Kind::kBytes) feed(turn.dir, turn.bytes);
    if (turn.kind == Turn::Kind::kGap) gap(turn.dir, turn.missing);
    if (turn.kind == Turn::Kind::kEnd) end(turn.dir);
  }
  /// Time of the turn that comes next.
  void next_turn() { sink_.set_time(sink_.time_ns() + options_.step_ns); }
  void wait(std::uint64_t ns) { sink_.set_time(sink_.time_ns() + ns); }
  /// on_close(), the destructor, and a look for what was left behind. Harmless when called twice.
  void close() {
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

  /// "tx ..." for each transaction done, "event ..." for each event outside of one, in order.
  [[nodiscard]] const std::vector<std::string>& lines() const { return sink_.lines(); }
  /// advance() and done() as they came.
  [[nodiscard]] const std::vector<std::string>& steps() const { return sink_.steps(); }
  [[nodiscard]] const std::vector<std::string>& violations() const { return sink_.violations(); }
  [[nodiscard]] const std::set<std::uint64_t>& begun() const { return sink_.begun(); }
  /// How often each event was reported, in transactions or outside.
  [[nodiscard]] const std::map<std::string, unsigned>& events() const { return sink_.events(); }
  [[nodiscard]] bool gave_up(Direction dir) const { return sides_[index(dir)].gave_up; }
  [[nodiscard]] std::size_t pending(Direction dir) const { return sides_[index(dir)].pending.size(); }
  /// How often a direction waited for more than max_pending_bytes.
  [[nodiscard]] unsigned overflows() const { return overflows_; }
  [[nodiscard]] RecordingSink& sink() { return sink_; }
  [[nodiscard]] Pool& pool() { return *pool_; }
  [[nodiscard]] Parser* parser() { return parser_; }

 private:
  struct Side {
    std::string pending;
    std::size_t need = 0;
    bool gave_up = false, ended = false;
  };
  /// Bytes with nothing readable behind them, gone when the call is over.
  class Copy {
   public:
    explicit Copy(std::string_view b) : size_(b.size()), data_(new std::uint8_t[b.size()]) {
      if (!b.empty()) std::memcpy(data_.get(), b.data(), b.size());
    }
    [[nodiscard]] Bytes view() const { return {data_.get(), size_}; }

   private:
    std::size_t size_;
    std::unique_ptr<std::uint8_t[]> data_;
  };

  void show(Direction dir) {
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
  /// As the engine does it: what waits is dropped, and the parser told of a gap of unknown size.
  void overflow(Direction dir) {
    Side& side = sides_[index(dir)];
    side.pending.clear();
    side.need = 0;
    ++overflows_;
    parser_->on_gap(dir, 0, sink_);
  }

  const ProtocolSpec& spec_;
  const HarnessOptions options_;
  std::unique_ptr<Pool> pool_;
  RecordingSink sink_;
  std::vector<std::uint64_t> limits_;
  std::array<Side, 2> sides_;
  void* at_ = nullptr;
  Parser* parser_ = nullptr;
  unsigned overflows_ = 0;
};

namespace detail {
inline std::string join(const std::vector<std::string>& lines) {
  std::string out;
  for (const std::string& l : lines) out += "  " + l + "\n";
  return out;
}
}  // namespace detail

/// What a whole conversation, then on_close(), yields; violations stand at the end as "VIOLATION: ...".
inline std::vector<std::string> run(const ProtocolSpec& spec, const Conversation& talk,
                                    const HarnessOptions& options = {}) {
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

/// Each turn is cut in two at each place (long ones: at every `step`-th of the conversation), and once into single
/// bytes: the lines must be those of the uncut one, for TCP. "" when they are, else the first difference. Costs
/// O(bytes / step) runs of the conversation.
inline std::string check_every_split(const ProtocolSpec& spec, const Conversation& talk,
                                     const HarnessOptions& options = {}, std::size_t step = 1) {
  const std::vector<std::string> want = run(spec, talk, options);
  for (const std::string& l : want) {
    if (l.rfind("VIOLATION", 0) == 0) return "uncut: " + l;
  }
  const auto differs = [&](std::size_t cut_turn, std::size_t cut_at, bool bytewise) -> std::string {
    ParserRun r(spec, options);
    for (std::size_t t = 0; t < talk.size(); ++t) {
      const std::string_view bytes = talk[t].bytes;
      if (bytewise && talk[t].kind == Turn::Kind::kBytes) {
        for (std::size_t i = 0; i < bytes.size(); ++i) r.feed(talk[t].dir, bytes.substr(i, 1));
      } else if (t == cut_turn) {
        r.feed(talk[t].dir, bytes.substr(0, cut_at));
        r.feed(talk[t].dir, bytes.substr(cut_at));
      } else {
        r.play(talk[t]);
      }
      r.next_turn();
    }
    r.close();
    if (r.lines() == want && r.violations().empty()) return "";
    return (bytewise ? std::string("byte by byte")
                     : "turn " + std::to_string(cut_turn) + " cut at " + std::to_string(cut_at)) +
           ":\n" + detail::join(r.lines()) + detail::join(r.violations()) + "wanted:\n" + detail::join(want);
  };
  std::size_t place = 0;
  for (std::size_t t = 0; t < talk.size(); ++t) {
    if (talk[t].kind != Turn::Kind::kBytes) continue;
    for (std::size_t at = 1; at < talk[t].bytes.size(); ++at) {
      if (++place % step != 0) continue;
      if (std::string d = differs(t, at, false); !d.empty()) return d;
    }
  }
  return differs(talk.size(), 0, true);
}

/// The conversation stops at each byte of each turn (datagrams: the turn is cut short and the rest follows), or at every
/// `step`-th. Nothing may break the contract, and what was said up to there is what the whole one begins with. ""
/// when it is so.
inline std::string check_every_truncation(const ProtocolSpec& spec, const Conversation& talk,
                                          const HarnessOptions& options = {}, std::size_t step = 1) {
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
