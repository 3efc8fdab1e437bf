// The harness is only worth something if it catches what breaks the contract: parsers that do, one way each.
#include "tests/support/parser_harness.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace picket::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

enum class Fault {
  kNone,
  kNoDone,
  kDoneTwice,
  kDoneWithoutAdvance,
  kProgressBack,
  kUnknownEvent,
  kConsumesTooMuch,
  kNeedsTooMuch,
  kNeedsWhatItHas,
  kNeverConsumes,
  kKeepsMemory,
  kSegmentsMatter,
  kSameId,
};
Fault fault = Fault::kNone;

/// Lines of text, a transaction each.
class LineParser final : public Parser {
 public:
  explicit LineParser(const ParserContext& c) : pool_(c.pool) {}

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override {
    switch (fault) {
      case Fault::kConsumesTooMuch:
        return Consumed::all(data.size() + 1);
      case Fault::kNeedsTooMuch:
        return Consumed::partly(0, 1000);
      case Fault::kNeedsWhatItHas:
        return Consumed::partly(0, data.size());
      case Fault::kNeverConsumes:
        return Consumed::partly(0, 0);
      case Fault::kSegmentsMatter:
        line(dir, sink);
        return Consumed::all(data.size());
      default:
        break;
    }
    std::size_t at = 0;
    for (std::size_t i = 0; i < data.size(); ++i) {
      if (data[i] != '\n') continue;
      line(dir, sink);
      at = i + 1;
    }
    return Consumed::partly(at, 0);
  }
  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override { sink.event(dir, 0, nullptr); }
  void on_close(Sink& sink) noexcept override {
    if (other_ != nullptr) sink.done(*other_);
    pool_.destroy(other_);
  }

 private:
  void line(Direction dir, Sink& sink) noexcept {
    Transaction tx;
    tx.id = next_++;
    tx.has_request = true;
    if (fault == Fault::kKeepsMemory) static_cast<void>(pool_.allocate(64));
    if (fault == Fault::kUnknownEvent) sink.event(dir, 1, &tx);
    if (fault == Fault::kSameId && other_ == nullptr) {
      other_ = pool_.make<Transaction>();
      sink.advance(*other_, dir, 1);
    }
    if (fault != Fault::kDoneWithoutAdvance) sink.advance(tx, dir, 2);
    if (fault == Fault::kProgressBack) sink.advance(tx, dir, 1);
    if (fault == Fault::kNoDone) return;
    sink.done(tx);
    if (fault == Fault::kDoneTwice) sink.done(tx);
  }

  Pool& pool_;
  std::uint64_t next_ = 0;
  Transaction* other_ = nullptr;
};

constexpr EventDef kEvents[] = {{"gap", "bytes are missing"}};
const ProtocolSpec kLines = {
    .name = "lines",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .parser_size = sizeof(LineParser),
    .create = create_parser<LineParser>,
    .max_pending_bytes = 100,
    .complete = {2, 2},
    .events = kEvents,
};

std::vector<std::string> with(Fault f) {
  fault = f;
  return run(kLines, {to_server("one\ntw"), to_server("o\n")});
}

TEST(Harness, PassesWhatKeepsTheContract) {
  EXPECT_THAT(with(Fault::kNone), ElementsAre("tx 0 req", "tx 1 req"));
  EXPECT_EQ(check_every_split(kLines, {to_server("one\ntwo\n")}), "");
  EXPECT_EQ(check_every_truncation(kLines, {to_server("one\ntwo\n")}), "");
}

TEST(Harness, CatchesEachBreach) {
  const std::pair<Fault, const char*> breaches[] = {
      {Fault::kNoDone, "was never done()"},
      {Fault::kDoneTwice, "without advance(), or twice"},
      {Fault::kDoneWithoutAdvance, "without advance(), or twice"},
      {Fault::kProgressBack, "went back"},
      {Fault::kUnknownEvent, "is not declared"},
      {Fault::kConsumesTooMuch, "consumed more than was shown"},
      {Fault::kNeedsTooMuch, "would wait forever"},
      {Fault::kNeedsWhatItHas, "needs no more than it left unread"},
      {Fault::kKeepsMemory, "were not given back"},
      {Fault::kSameId, "two open transactions have id 0"},
  };
  for (const auto& [f, message] : breaches) {
    EXPECT_THAT(with(f), ::testing::Contains(HasSubstr(message))) << message;
    EXPECT_THAT(check_every_truncation(kLines, {to_server("one\ntwo\n")}), HasSubstr(message));
  }
  fault = Fault::kSegmentsMatter;
  EXPECT_THAT(check_every_split(kLines, {to_server("one\ntwo\n")}), HasSubstr("turn 0 cut at 1"));
}

TEST(Harness, DropsWhatWaitsTooLong) {
  fault = Fault::kNeverConsumes;
  ParserRun r(kLines);
  r.feed(Direction::kToServer, std::string(100, 'x'));
  EXPECT_EQ(r.overflows(), 0u);
  r.feed(Direction::kToServer, "x");
  EXPECT_EQ(r.overflows(), 1u);
  EXPECT_EQ(r.pending(Direction::kToServer), 0u);
  EXPECT_EQ(r.events().at("gap"), 1u);
}

TEST(Harness, AGapDropsWhatWaits) {
  fault = Fault::kNone;
  EXPECT_THAT(run(kLines, {to_server("on"), gap(Direction::kToServer, 3), to_server("e\n")}),
              ElementsAre("event > gap", "tx 0 req"));
  EXPECT_THAT(run(kLines, {end(Direction::kToServer), to_server("one\n")}), SizeIs(0));
}

TEST(Harness, Hex) {
  EXPECT_EQ(from_hex("00 fF\n1a"), std::string("\0\xff\x1a", 3));
  EXPECT_EQ(printable(as_bytes(std::string_view("a\\\x01", 3))), "a\\x5c\\x01");
}

}  // namespace
}  // namespace picket::testing
