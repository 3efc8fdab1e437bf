#include "parsers/sv/sv.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::sv {
namespace {

using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::HarnessOptions;
using picket::testing::run;
using picket::testing::to_server;
using ::testing::ElementsAre;

/// svID "MU1", one ASDU with eight values 1 to 8; the fourth one's quality is `quality`.
std::string sample(unsigned cnt, std::string_view quality = "00000000", std::string_view reserved = "0000",
                   std::string_view conf_rev = "00000001") {
  char number[5];
  std::snprintf(number, sizeof number, "%04x", cnt);
  return from_hex("4000 0065" + std::string(reserved) + "0000 60 5b 80 01 01 a2 56 30 54 80 03 4d5531 82 02" +
                  number + "83 04" + std::string(conf_rev) +
                  "85 01 02  87 40 00000001 00000000 00000002 00000000 00000003 00000000"
                  "fffffffc" +
                  std::string(quality) +
                  "00000005 00000000 00000006 00000000 00000007 00000000 00000008 00000000");
}

HarnessOptions told(std::uint64_t interval_s = 0) {
  HarnessOptions o;
  o.transport = Transport::kEthernet;
  o.limits["interval"] = interval_s;
  o.describe = [](const Transaction& tx) {
    const auto& m = static_cast<const Message&>(tx);
    const Counts& c = *m.counts;
    return std::to_string(m.asdu.smp_cnt) + " " + std::string(status_name(m.status)) +
           (m.silent ? " silent" : "") + " asdus " + std::to_string(c.asdus) + " lost " +
           std::to_string(c.lost);
  };
  return o;
}

std::vector<std::string> said(std::initializer_list<std::string> samples, const HarnessOptions& o) {
  Conversation talk;
  for (const std::string& s : samples) talk.push_back(to_server(s));
  return run(kSpec, talk, o);
}

TEST(Sv, ReadsAllFields) {
  HarnessOptions o;
  o.transport = Transport::kEthernet;
  EXPECT_THAT(
      run(kSpec, {to_server(sample(7))}, o),
      ElementsAre(::testing::AllOf(
          ::testing::StartsWith("tx 0 req sv.sv_id=MU1 sv.dat_set= sv.data=\\x00\\x00\\x00\\x01"),
          ::testing::EndsWith(
              " sv.appid=16384 sv.simulation=0 sv.no_asdu=1 sv.smp_cnt=7 sv.conf_rev=1 sv.smp_synch=2 "
              "sv.smp_rate=0 sv.quality=0 sv.quality=0 sv.quality=0 sv.quality=0 sv.quality=0 "
              "sv.quality=0 sv.quality=0 sv.quality=0 sv.status=0 sv.lost=0"))));
  Pdu p;
  Event wrong{};
  Asdu a;
  const std::string bytes = sample(7, "00000801");
  ASSERT_TRUE(parse(as_bytes(bytes), p, wrong));
  ASSERT_TRUE(read_asdu(p.asdus.subspan(2), a));
  EXPECT_EQ(channel(a, 3).value, -4);
  EXPECT_FALSE(channel(a, 3).good());
}

TEST(Sv, CountsWhatIsMissing) {
  // Samples 4 and 5 are lost; 3999 is the end of the counter, and once that is known, so is what is lost around it.
  EXPECT_THAT(
      said({sample(3), sample(6), sample(6), sample(5), sample(3999), sample(0), sample(3998), sample(1)},
           told()),
      ElementsAre("tx 0 req 3 first asdus 1 lost 0", "tx 1 req events=lost_samples 6 running asdus 1 lost 2",
                  "tx 2 req events=duplicate 6 running asdus 1 lost 0",
                  "tx 3 req events=out_of_order 5 running asdus 1 lost 0",
                  "tx 4 req events=lost_samples 3999 running asdus 1 lost 3993",
                  "tx 5 req 0 running asdus 1 lost 0",
                  "tx 6 req events=lost_samples 3998 running asdus 1 lost 3997",
                  "tx 7 req events=lost_samples 1 running asdus 1 lost 2"));
}

TEST(Sv, TellsOnceAnInterval) {
  HarnessOptions o = told(1);
  o.step_ns = 400'000'000;
  EXPECT_THAT(said({sample(1), sample(2), sample(3), sample(4), sample(5), sample(6)}, o),
              ElementsAre("tx 0 req 1 first asdus 1 lost 0", "tx 1 req 2 running silent asdus 1 lost 0",
                          "tx 2 req 3 running silent asdus 2 lost 0",
                          "tx 3 req 4 running silent asdus 3 lost 0", "tx 4 req 5 running asdus 4 lost 0",
                          "tx 5 req 6 running silent asdus 1 lost 0", "tx 6 req 6 ended asdus 1 lost 0"));
  // What is odd again and again is said once an interval, and counted.
  EXPECT_THAT(
      said({sample(1), sample(3), sample(5), sample(7)}, told(60)),
      ElementsAre("tx 0 req 1 first asdus 1 lost 0", "tx 1 req events=lost_samples 3 running asdus 1 lost 1",
                  "tx 2 req 5 running silent asdus 1 lost 1", "tx 3 req 7 running silent asdus 2 lost 2",
                  "tx 4 req 7 ended asdus 2 lost 2"));
}

TEST(Sv, NamesWhatChanges) {
  EXPECT_THAT(
      said({sample(1), sample(2, "00000000", "8000"), sample(3, "00000003", "8000", "00000002")}, told()),
      ElementsAre("tx 0 req 1 first asdus 1 lost 0",
                  "tx 1 req events=simulation_changed 2 running asdus 1 lost 0",
                  "tx 2 req events=conf_rev_changed,bad_quality 3 running asdus 1 lost 0"));
}

TEST(Sv, GoesOnAfterWhatIsMalformed) {
  std::string length = sample(2), no_pdu = sample(2), no_asdu = sample(2), count = sample(2);
  length[3] = 0x7f;
  no_pdu[8] = 0x61;
  no_asdu[15] = 0x31;
  count[12] = 2;
  EXPECT_THAT(said({sample(1), length, no_pdu, no_asdu, count, sample(3)}, told()),
              ElementsAre("tx 0 req 1 first asdus 1 lost 0", "event > invalid_length", "event > invalid_pdu",
                          "event > invalid_asdu", "tx 1 req 2 running asdus 1 lost 0",
                          "event > asdus_mismatch", "tx 2 req 3 running asdus 1 lost 0"));
}

TEST(Sv, EndsWhereBytesEnd) {
  EXPECT_EQ(check_every_truncation(kSpec, {to_server(sample(1)), to_server(sample(2)), to_server(sample(4))},
                                   told(60)),
            "");
}

}  // namespace
}  // namespace picket::sv
