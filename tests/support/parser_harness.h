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
std::string from_hex(std::string_view text);

/// Printable text as it is, the rest as \xNN.
std::string printable(Bytes b);

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

  void advance(Transaction& tx, Direction dir, std::uint8_t progress) noexcept override;

  File* file_begin(Transaction& tx, Direction dir, Bytes name, std::size_t limit) noexcept override;
  void file_data(File& f, Bytes b) noexcept override;
  void file_gap(File& f, std::uint64_t missing) noexcept override;
  void file_end(File& f, FileEnd how) noexcept override;

  void done(Transaction& tx) noexcept override;

  void event(Direction dir, std::uint8_t event, Transaction* tx) noexcept override;

  void hand_over(std::string_view protocol, Bytes hint) noexcept override;

  bool expect(const Expectation& e) noexcept override;

  [[nodiscard]] std::uint64_t time_ns() const noexcept override { return time_ns_; }

  void set_time(std::uint64_t ns) { time_ns_ = ns; }
  /// After on_close(): what is still open was forgotten.
  void finish();
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

  Followed* open_file(const File& f, const std::string& what);
  void end_files(Transaction& tx);

  /// parsers/core/ot.h: what stands in a table stands there, and every text can be read.
  void check_ot(const OtTransaction& x, Direction dir);

  Open& find(const Transaction& tx);

  std::vector<std::string> read_buffer(const BufferDef& b, const Transaction& tx, Direction dir);

  std::string describe(const Transaction& tx);

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
  explicit ParserRun(const ProtocolSpec& spec, HarnessOptions options = {});
  ~ParserRun();
  ParserRun(const ParserRun&) = delete;
  ParserRun& operator=(const ParserRun&) = delete;

  /// TCP: the next bytes of a direction. Others: one datagram.
  void feed(Direction dir, std::string_view bytes);
  void gap(Direction dir, std::uint64_t missing);
  void end(Direction dir);
  void play(const Turn& turn);
  /// Time of the turn that comes next.
  void next_turn() { sink_.set_time(sink_.time_ns() + options_.step_ns); }
  void wait(std::uint64_t ns) { sink_.set_time(sink_.time_ns() + ns); }
  /// on_close(), the destructor, and a look for what was left behind. Harmless when called twice.
  void close();

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

  void show(Direction dir);
  /// As the engine does it: what waits is dropped, and the parser told of a gap of unknown size.
  void overflow(Direction dir);

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
std::string join(const std::vector<std::string>& lines);
}  // namespace detail

/// What a whole conversation, then on_close(), yields; violations stand at the end as "VIOLATION: ...".
std::vector<std::string> run(const ProtocolSpec& spec, const Conversation& talk,
                             const HarnessOptions& options = {});

/// Each turn is cut in two at each place (long ones: at every `step`-th of the conversation), and once into single
/// bytes: the lines must be those of the uncut one, for TCP. "" when they are, else the first difference. Costs
/// O(bytes / step) runs of the conversation.
[[nodiscard]] std::string check_every_split(const ProtocolSpec& spec, const Conversation& talk,
                                            const HarnessOptions& options = {}, std::size_t step = 1);

/// As check_every_split(), with all turns cut at the same place at once: each place of each turn for the price of as many
/// runs as the longest turn has bytes. What is said only grows, so a conversation broken off at any of these places has
/// said what the whole begins with.
[[nodiscard]] std::string check_all_turns_split(const ProtocolSpec& spec, const Conversation& talk,
                                                const HarnessOptions& options = {}, std::size_t step = 1);

/// The conversation stops at each byte of each turn (datagrams: the turn is cut short and the rest follows), or at every
/// `step`-th. Nothing may break the contract, and what was said up to there is what the whole one begins with. ""
/// when it is so.
[[nodiscard]] std::string check_every_truncation(const ProtocolSpec& spec, const Conversation& talk,
                                                 const HarnessOptions& options = {}, std::size_t step = 1);

}  // namespace picket::testing
