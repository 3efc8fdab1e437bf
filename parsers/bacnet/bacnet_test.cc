#include "parsers/bacnet/bacnet.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"

namespace picket::bacnet {
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

TEST(Bacnet, ReadsFrames) {
  EXPECT_THAT(run(kSpec, kTalk),
              ElementsAre("tx 0 req bacnet.data=abc", "tx 1 req bacnet.data=d", "tx 2 rep bacnet.data=ef"));
}

TEST(Bacnet, NamesWhatIsWrong) {
  EXPECT_THAT(run(kSpec, {to_server(from_hex("ffff 00"))}), ElementsAre("event > invalid_length"));
}

TEST(Bacnet, DoesNotCareHowSegmentsFall) {
  EXPECT_EQ(check_every_split(kSpec, kTalk), "");
  EXPECT_EQ(check_every_truncation(kSpec, kTalk), "");
}

}  // namespace
}  // namespace picket::bacnet
