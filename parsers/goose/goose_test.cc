#include "parsers/goose/goose.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::goose {
namespace {

using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::HarnessOptions;
using picket::testing::run;
using picket::testing::to_server;
using ::testing::ElementsAre;

/// APPID 3, gocbRef A/LLN0$GO$g, 2 s to live, data set A/LLN0$d of three entries: a boolean, a bit string of two bits
/// and a structure with a float, 10.0.
struct Said {
  std::string_view st = "01", sq = "00", t = "65000000 800000 0a", boolean = "01", reserved = "0000 0000",
                   simulation = "00", conf_rev = "01", entries = "03", reference = "67";
};
std::string message(const Said& s = {}) {
  const auto hex = [](std::initializer_list<std::string_view> parts) {
    std::string all;
    for (const std::string_view p : parts) all += p;
    return from_hex(all);
  };
  return hex({"0003 0056 ", s.reserved,
              "61 4c"
              "80 0b 412f4c4c4e3024474f24",
              s.reference, "81 02 07d0  82 08 412f4c4c4e302464  83 01 67  84 08", s.t, "85 01", s.st, "86 01",
              s.sq, "87 01", s.simulation, "88 01", s.conf_rev, "89 01 00  8a 01", s.entries, "ab 10  83 01",
              s.boolean, "84 02 06 40  a2 07 87 05 08 41200000"});
}

HarnessOptions told() {
  HarnessOptions o;
  o.transport = Transport::kEthernet;
  o.describe = [](const Transaction& tx) {
    const auto& m = static_cast<const Message&>(tx);
    return std::to_string(m.pdu.st_num) + "/" + std::to_string(m.pdu.sq_num) + " " +
           std::string(status_name(m.status)) + ", " + std::string(m.operation->name);
  };
  return o;
}

std::vector<std::string> said(std::initializer_list<Said> messages, std::uint64_t step_ns = 1'000'000) {
  Conversation talk;
  for (const Said& s : messages) talk.push_back(to_server(message(s)));
  HarnessOptions o = told();
  o.step_ns = step_ns;
  return run(kSpec, talk, o);
}

TEST(Goose, ReadsAllFields) {
  HarnessOptions o;
  o.transport = Transport::kEthernet;
  EXPECT_THAT(
      run(kSpec, {to_server(message())}, o),
      ElementsAre(
          "tx 0 req goose.gocb_ref=A/LLN0$GO$g goose.dat_set=A/LLN0$d goose.go_id=g "
          "goose.data=\\x83\\x01\\x01\\x84\\x02\\x06@\\xa2\\x07\\x87\\x05\\x08A \\x00\\x00 goose.bits=01 "
          "goose.appid=3 goose.time_allowed_to_live=2000 goose.st_num=1 goose.sq_num=0 goose.conf_rev=1 "
          "goose.entries=3 goose.simulation=0 goose.nds_com=0 goose.value=1 goose.value=10 "
          "goose.status=0 goose.lost=0"));
  Pdu p;
  Event wrong{};
  const std::string padded = message() + std::string(20, '\0');  // Ethernet's padding, PRP's trailer
  ASSERT_TRUE(parse(as_bytes(padded), p, wrong));
  EXPECT_EQ(p.t.ns, 0x65000000ULL * 1'000'000'000 + 500'000'000);
  EXPECT_EQ(p.t.accuracy_bits, 10);
  EXPECT_FALSE(p.t.clock_failure);
  Values values(p.all_data);
  Value v;
  ASSERT_TRUE(values.next(v) && values.next(v) && values.next(v));
  EXPECT_EQ(v.type, Type::kFloat);
  EXPECT_EQ(v.number, 10.0);
  EXPECT_EQ(v.depth, 2);
  EXPECT_EQ(v.path[0], 3);
  EXPECT_EQ(v.path[1], 1);
  EXPECT_FALSE(values.next(v));
}

TEST(Goose, FollowsStates) {
  EXPECT_THAT(said({{},
                    {.sq = "01"},
                    {.st = "02", .t = "65000000 801000 0a", .boolean = "00"},
                    {.st = "02", .sq = "01", .t = "65000000 801000 0a", .boolean = "00"}}),
              ElementsAre("tx 0 req 1/0 first, publish state", "tx 1 req 1/1 repeated, repeat state",
                          "tx 2 req 2/0 changed, change of state", "tx 3 req 2/1 repeated, repeat state"));
}

TEST(Goose, CountsWhatIsMissing) {
  EXPECT_THAT(said({{}, {.sq = "04"}, {.st = "05", .sq = "02", .t = "65000001 000000 0a"}}),
              ElementsAre("tx 0 req 1/0 first, publish state",
                          "tx 1 req events=lost_messages 1/4 repeated, repeat state",
                          "tx 2 req events=lost_messages,lost_states 5/2 changed, change of state"));
}

TEST(Goose, NamesReplays) {
  // A replayed state does not become the state: what follows of the real one is as it should be.
  EXPECT_THAT(
      said({{.st = "07", .sq = "05"},
            {.st = "06", .sq = "03"},
            {.st = "07", .sq = "06"},
            {.st = "07", .sq = "06"},
            {.st = "07", .sq = "02"},
            {.st = "07", .sq = "07"},
            {.st = "01", .sq = "00"}}),
      ElementsAre(
          "tx 0 req 7/5 first, publish state", "tx 1 req events=replayed_state 6/3 replayed, replayed state",
          "tx 2 req 7/6 repeated, repeat state", "tx 3 req events=duplicate 7/6 repeated, repeat state",
          "tx 4 req events=sequence_went_back 7/2 replayed, replayed state",
          "tx 5 req 7/7 repeated, repeat state", "tx 6 req events=restarted 1/0 restarted, change of state"));
}

TEST(Goose, NamesWhatContradictsItself) {
  EXPECT_THAT(
      said({{},
            {.sq = "01", .boolean = "00"},
            {.sq = "02", .t = "66000000 000000 0a", .boolean = "00"},
            {.st = "02", .t = "64000000 000000 0a"},
            {.st = "03", .t = "64f00000 000000 0a"},
            {.st = "7f", .t = "64f00000 000000 0a", .conf_rev = "02"}}),
      ElementsAre("tx 0 req 1/0 first, publish state",
                  "tx 1 req events=data_mismatch 1/1 repeated, repeat state",
                  "tx 2 req events=time_mismatch 1/2 repeated, repeat state",
                  "tx 3 req events=time_went_back 2/0 changed, change of state",
                  "tx 4 req events=time_jump 3/0 changed, change of state",
                  "tx 5 req events=lost_states,state_jump,conf_rev_changed 127/0 changed, change of state"));
  EXPECT_THAT(said({{.reserved = "8000 0000"},
                    {.sq = "01", .reserved = "8000 0000", .simulation = "01"},
                    {.sq = "02", .reserved = "4000 0000", .entries = "04"}}),
              ElementsAre("tx 0 req events=simulation_mismatch 1/0 first, repeat simulated state",
                          "tx 1 req 1/1 repeated, repeat simulated state",
                          "tx 2 req events=entries_mismatch,reserved_bits 1/2 repeated, repeat state"));
}

TEST(Goose, NamesWhatComesTooLate) {
  EXPECT_THAT(
      said({{}, {.sq = "01"}}, 2'000'000'001),
      ElementsAre("tx 0 req 1/0 first, publish state", "tx 1 req events=expired 1/1 repeated, repeat state"));
  // A publisher that was silent may begin with whatever state it has.
  EXPECT_THAT(said({{.st = "07"}, {.st = "05", .sq = "02"}}, 3'000'000'000),
              ElementsAre("tx 0 req 7/0 first, publish state",
                          "tx 1 req events=restarted,expired 5/2 restarted, change of state"));
}

TEST(Goose, KeepsStreamsApart) {
  EXPECT_THAT(said({{.st = "05"}, {.st = "01", .reference = "68"}, {.st = "05", .sq = "01"}}),
              ElementsAre("tx 0 req 5/0 first, publish state", "tx 1 req 1/0 first, publish state",
                          "tx 2 req 5/1 repeated, repeat state"));
  HarnessOptions o = told();
  o.limits["streams"] = 1;
  EXPECT_THAT(
      run(kSpec,
          {to_server(message()), to_server(message({.reference = "68"})), to_server(message({.sq = "01"}))},
          o),
      ElementsAre("tx 0 req 1/0 first, publish state",
                  "tx 1 req events=too_many_streams 1/0 first, publish state",
                  "tx 2 req events=too_many_streams 1/1 first, publish state"));
}

TEST(Goose, GoesOnAfterWhatIsMalformed) {
  std::string long_length = message(), no_pdu = message(), wild = message({.sq = "01"}),
              again = message({.sq = "02"});
  long_length[3] = 0x57;
  no_pdu[8] = 0x60;
  wild[8 + 2 + 61] = again[8 + 2 + 61] = 0x7f;  // the first entry is longer than the data set
  std::string missing = message();
  missing[8 + 2 + 13 + 4 + 10 + 3 + 10] = static_cast<char>(0x9d);  // no stNum
  EXPECT_THAT(run(kSpec,
                  {to_server(long_length), to_server(no_pdu), to_server(missing), to_server("\x00\x03"),
                   to_server(message()), to_server(wild), to_server(again), to_server(message({.sq = "03"}))},
                  told()),
              ElementsAre("event > invalid_length", "event > invalid_pdu", "event > invalid_pdu",
                          "event > invalid_length", "tx 0 req 1/0 first, publish state",
                          "tx 1 req events=invalid_value,data_mismatch 1/1 repeated, repeat state",
                          "tx 2 req events=invalid_value 1/2 repeated, repeat state",
                          "tx 3 req events=data_mismatch 1/3 repeated, repeat state"));
}

TEST(Goose, KeepsWhatIsWrittenOfARepeatedDataSet) {
  HarnessOptions o = told();
  o.describe = [](const Transaction& tx) {
    const auto& m = static_cast<const Message&>(tx);
    if (m.encoded == nullptr) return std::string("new");
    std::string was(m.encoded->text());
    EXPECT_TRUE(!was.empty() ||
                m.encoded->append(as_bytes(std::to_string(m.pdu.sq_num))));  // as the encoder would
    return "'" + was + "'";
  };
  const auto other = [](std::string_view sq) { return to_server(message({.sq = sq, .boolean = "00"})); };
  EXPECT_THAT(run(kSpec,
                  {to_server(message()), to_server(message({.sq = "01"})), to_server(message({.sq = "02"})),
                   to_server(message({.sq = "03"})), other("04"), other("05"), other("06")},
                  o),
              ElementsAre("tx 0 req new", "tx 1 req ''", "tx 2 req '1'", "tx 3 req '1'",
                          "tx 4 req events=data_mismatch new", "tx 5 req ''", "tx 6 req '5'"));
}

TEST(Goose, DoesNotGoDeeperThanItMay) {
  std::string nested = from_hex("83 01 01");
  for (unsigned i = 0; i < 12; ++i) nested = std::string("\xa2") + static_cast<char>(nested.size()) + nested;
  Values values(as_bytes(nested));
  Value v;
  ASSERT_TRUE(values.next(v));
  EXPECT_EQ(v.type, Type::kNested);
  EXPECT_EQ(v.depth, kMaxDepth);
  EXPECT_FALSE(values.next(v));
}

TEST(Goose, EndsWhereBytesEnd) {
  const Conversation talk = {to_server(message()), to_server(message({.sq = "01"})),
                             to_server(message({.st = "02", .t = "65000001 000000 0a"}))};
  EXPECT_EQ(check_every_truncation(kSpec, talk, told()), "");
}

}  // namespace
}  // namespace picket::goose
