#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

constexpr std::string_view kHttp = "alert http any any -> any any", kTcp = "alert tcp any any -> any any";

TEST(Frame, IsABufferByShortOrFullName) {
  for (const auto& [options, header] : {std::pair("frame:request; content:\"x\";", kHttp),
                                        std::pair("frame:http.request; content:\"x\";", kHttp),
                                        std::pair("frame:http.request; content:\"x\";", kTcp)}) {
    const auto rule = with(options, header);
    ASSERT_TRUE(rule.loaded()) << rule.error();
    ASSERT_EQ(rule->groups.size(), 1U);
    EXPECT_EQ(rule->groups[0].place, Place::kFrame);
    EXPECT_EQ(rule->groups[0].name, "frame:request");
    EXPECT_EQ(rule->groups[0].fields, (std::vector<FieldRef>{{1, 0}}));
  }
  EXPECT_EQ(with("frame:stream; content:\"x\";", kHttp)->groups[0].fields,
            (std::vector<FieldRef>{{1, kStreamFrame}}));
  EXPECT_EQ(with("frame:smb2.hdr; content:\"x\";", kHttp)->groups[0].name, "frame:smb2.hdr")
      << "names have dots of their own";
}

TEST(Frame, MayBeNamedTwiceAndTransformed) {
  const auto rule =
      with("frame:request; content:\"x\"; frame:request; strip_whitespace; content:\"y\";", kHttp);
  ASSERT_TRUE(rule.loaded()) << rule.error();
  EXPECT_EQ(rule->groups.size(), 2U);
}

TEST(Frame, SaysWhatIsWrong) {
  const std::tuple<std::string_view, std::string_view, std::string_view> cases[] = {
      {"frame:requst; content:\"x\";", kHttp, "unknown frame 'requst' of http; did you mean 'request'?"},
      {"frame:http.respons; content:\"x\";", kTcp,
       "unknown frame 'respons' of http; did you mean 'response'?"},
      {"frame:pdu; content:\"x\";", kTcp,
       "frame 'pdu' of which protocol?; as in frame:http1.request; or with the protocol in the rule's "
       "header"},
      {"frame:tls.pdu; content:\"x\";", kHttp,
       "frame 'tls.pdu' is of another protocol than the rule's header names"},
      {"frame:smb.nbss.pdu; content:\"x\";", kTcp, "frame 'smb.nbss.pdu': picket does not parse smb yet"},
      {"frame:request;", kHttp,
       "nothing is asked of buffer 'frame:request'; put a content, pcre or the like behind it"},
      {"frame:request; content:\"x\"; http.uri; content:\"y\";", kHttp,
       "a rule that looks at a frame cannot look at 'http.uri', too; use two rules and a flowbit"},
      {"content:\"x\"; frame:request; content:\"y\";", kHttp,
       "a rule that looks at a frame cannot look at a content outside of it, too; use two rules and a "
       "flowbit"},
      {"frame:request; content:\"x\"; frame:response; content:\"y\";", kHttp,
       "a rule looks at one kind of frame, and this one names two"},
      {"ttl:>1; frame:request; content:\"x\";", kHttp,
       "a rule that looks at a frame cannot ask for what single packets hold, too"},
      {"frame:request; content:\"x\";", "alert udp any any -> any any",
       "frame 'request' of which protocol?; as in frame:http1.request; or with the protocol in the rule's "
       "header"},
      {"frame:http.request; content:\"x\";", "alert udp any any -> any any",
       "'frame:request' belongs to a protocol that the header's transport does not carry"},
  };
  for (const auto& [options, header, want] : cases) EXPECT_EQ(reason(options, header), want) << options;
}

TEST(Frame, HasAPlaceInTheRule) {
  EXPECT_EQ(OneRule("alert http any any -> any any (frame:requst; content:\"x\"; sid:1;)").error(),
            "t.rules:1:38: unknown frame 'requst' of http; did you mean 'request'?");
}

}  // namespace
}  // namespace picket::rules
