#include "parsers/hl7/hl7.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::hl7 {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;

const Conversation kTalk = {to_server(from_hex("0003 616263 0001 64")), to_client(from_hex("0002 6566"))};

TEST(Hl7, ReadsFrames) {
  EXPECT_THAT(run(kSpec, kTalk),
              ElementsAre("tx 0 req hl7.data=abc", "tx 1 req hl7.data=d", "tx 2 rep hl7.data=ef"));
}

TEST(Hl7, NamesWhatIsWrong) {
  EXPECT_THAT(run(kSpec, {to_server(from_hex("ffff 00"))}), ElementsAre("event > invalid_length"));
}

TEST(Hl7, DoesNotCareHowSegmentsFall) {
  EXPECT_EQ(check_every_split(kSpec, kTalk), "");
  EXPECT_EQ(check_every_truncation(kSpec, kTalk), "");
}

}  // namespace
}  // namespace picket::hl7
