#include <algorithm>
#include <string>

#include "parsers/core/file.h"
#include "parsers/ftpdata/ftpdata.h"

namespace picket::ftpdata {
namespace {

/// How far a side has come: the connection is in use; it has ended.
constexpr std::uint8_t kOpen = 1, kEnded = 2;

enum Limit : std::uint8_t { kInspectLimit };
constexpr LimitDef kLimits[] = {
    {"inspect-limit", 102400, 1, 262144, "bytes of a file that rules may look at"},
};

enum class Event : std::uint8_t { kBothWays, kMemoryFull, kCount };
constexpr EventDef kEvents[] = {
    {"data_both_ways", "both sides sent; the file is what came first"},
    {"memory_full", "the core's memory for parsers was used up"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kCount));

class FtpDataParser final : public Parser {
 public:
  explicit FtpDataParser(const ParserContext& c) noexcept
      : pool_(c.pool), inspect_limit_(static_cast<std::size_t>(c.limits[kInspectLimit])) {
    tx_ = pool_.make<Tx>(pool_);
    Bytes name;
    if (tx_ == nullptr) return;
    tx_->command = read_hint(c.hint, name);
    if (!tx_->name.append(name)) pool_.destroy(std::exchange(tx_, nullptr));
  }
  ~FtpDataParser() override { pool_.destroy(tx_); }

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    if (!begun_) begin(dir, sink);
    if (tx_ == nullptr) return Consumed::stop();
    if (dir != dir_) {
      raise(Event::kBothWays, dir, sink);
    } else if (file_ != nullptr && !data.empty()) {
      sink.file_data(*file_, data);
    }
    return Consumed::all(data.size());
  }
  void on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept override {
    if (!begun_) begin(dir, sink);
    if (dir == dir_ && file_ != nullptr) sink.file_gap(*file_, missing);
  }
  void on_end(Direction dir, Sink& sink) noexcept override {
    if (begun_ && dir == dir_) finish(FileEnd::kComplete, sink);
  }
  void on_close(Sink& sink) noexcept override { finish(FileEnd::kTruncated, sink); }

 private:
  void begin(Direction dir, Sink& sink) noexcept {
    begun_ = true;
    dir_ = dir;
    if (tx_ == nullptr) return sink.event(dir, static_cast<std::uint8_t>(Event::kMemoryFull), nullptr);
    tx_->has_request = tx_->has_reply = true;  // of both: rules of either direction may ask for the command
    advance(kOpen, sink);
    if (carries_file(tx_->command)) file_ = sink.file_begin(*tx_, dir, tx_->name.view(), inspect_limit_);
  }
  void advance(std::uint8_t progress, Sink& sink) noexcept {
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
      tx_->progress[index(d)] = progress;
      sink.advance(*tx_, d, progress);
    }
  }
  void finish(FileEnd how, Sink& sink) noexcept {
    if (!begun_ || tx_ == nullptr) return;
    if (file_ != nullptr) sink.file_end(*std::exchange(file_, nullptr), how);
    advance(kEnded, sink);
    sink.done(*tx_);
    pool_.destroy(std::exchange(tx_, nullptr));
  }
  void raise(Event e, Direction dir, Sink& sink) noexcept {
    const std::uint64_t bit = std::uint64_t{1} << static_cast<unsigned>(e);
    if ((tx_->events & bit) == 0) sink.event(dir, static_cast<std::uint8_t>(e), tx_);
    tx_->events |= bit;
  }

  Pool& pool_;
  const std::size_t inspect_limit_;
  Tx* tx_ = nullptr;
  File* file_ = nullptr;
  Direction dir_{};  ///< the file's
  bool begun_ = false;
};

/// Only the control connection knows a data connection.
Probe probe(Transport, Direction, Bytes) noexcept { return Probe::kNo; }

class CommandMatcher final : public TxMatcher {
 public:
  explicit CommandMatcher(Command c) : command_(c) {}
  [[nodiscard]] bool match(const Transaction& t, Direction) const noexcept override {
    return static_cast<const Tx&>(t).command == command_;
  }

 private:
  Command command_;
};

Result<std::unique_ptr<TxMatcher>> parse_command(std::string_view argument) {
  using Parsed = Result<std::unique_ptr<TxMatcher>>;
  for (std::size_t i = 1; i < std::size(kCommandNames); ++i) {
    if (equals_nocase(kCommandNames[i], argument))
      return Parsed(std::make_unique<CommandMatcher>(static_cast<Command>(i)));
  }
  return Error{"ftpdata_command: '" + std::string(argument) +
               "' opens no data connection; give retr, stor, stou, appe, list, nlst or mlsd"};
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOpen, kOpen};

constexpr BufferDef kBuffers[] = {
    {"file.data", "file_data", kBoth, file_kept, "the file, up to inspect-limit", FileStage::kKept},
    {"file.name", "", kBoth, file_name, "the file's name, as the command gave it", FileStage::kNamed},
    {"file.magic", "", kBoth, file_magic, "what libmagic says of the file", FileStage::kHead},
    {"file.md5", "", kBoth, file_md5, "MD5 of the whole file, 16 bytes", FileStage::kClosed},
    {"file.sha1", "", kBoth, file_sha1, "SHA-1 of the whole file, 20 bytes", FileStage::kClosed},
    {"file.sha256", "", kBoth, file_sha256, "SHA-256 of the whole file, 32 bytes", FileStage::kClosed},
};
constexpr IntegerDef kIntegers[] = {
    {"filesize", "file.size", kBoth, file_size, nullptr, "bytes of the file", FileStage::kClosed},
};
constexpr KeywordDef kKeywords[] = {
    {"ftpdata_command", kBoth, parse_command, "the command that the connection is for: retr, stor ..."},
};

constexpr std::string_view kAliases[] = {"ftpdata"};

}  // namespace

extern const ProtocolSpec kSpec;
constinit const ProtocolSpec kSpec = {
    .name = "ftp-data",
    .record = "ftp_data",
    .aliases = kAliases,
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .probe = probe,
    .parser_size = sizeof(FtpDataParser),
    .create = create_parser<FtpDataParser>,
    .complete = {kEnded, kEnded},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
};

}  // namespace picket::ftpdata
