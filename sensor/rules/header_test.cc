#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

OneRule header(std::string_view text) { return OneRule(std::string(text) + " (sid:1;)"); }

TEST(Header, Actions) {
  const std::pair<std::string_view, Action> cases[] = {
      {"alert", Action::kAlert},
      {"pass", Action::kPass},
      {"drop", Action::kDrop},
      {"reject", Action::kReject},
      {"rejectsrc", Action::kRejectSrc},
      {"rejectdst", Action::kRejectDst},
      {"rejectboth", Action::kRejectBoth},
  };
  for (const auto& [word, action] : cases)
    EXPECT_EQ(header(std::string(word) + " ip any any -> any any")->action, action) << word;
}

TEST(Header, Protocols) {
  const std::pair<std::string_view, HeaderProtocol> cases[] = {
      {"ip", HeaderProtocol::kIp},
      {"any", HeaderProtocol::kIp},
      {"tcp", HeaderProtocol::kTcp},
      {"udp", HeaderProtocol::kUdp},
      {"icmp", HeaderProtocol::kIcmp},
      {"icmpv6", HeaderProtocol::kIcmp6},
      {"tcp-pkt", HeaderProtocol::kTcpPacket},
      {"tcp-stream", HeaderProtocol::kTcpStream},
      {"pkthdr", HeaderProtocol::kPkthdr},
      {"ip4", HeaderProtocol::kIp4},
      {"ipv6", HeaderProtocol::kIp6},
      {"sctp", HeaderProtocol::kSctp},
      {"igmp", HeaderProtocol::kIgmp},
      {"ether", HeaderProtocol::kEther},
      {"arp", HeaderProtocol::kArp},
      {"http", HeaderProtocol::kApp},
      {"TCP", HeaderProtocol::kTcp},
  };
  for (const auto& [word, protocol] : cases)
    EXPECT_EQ(header("alert " + std::string(word) + " any any -> any any")->protocol, protocol) << word;
  EXPECT_EQ(header("alert http any any -> any any")->app_protocols, std::vector<ProtocolId>{1});
  EXPECT_EQ(header("alert http1 any any -> any any")->app_protocols, std::vector<ProtocolId>{1});
  EXPECT_EQ(header("alert ssl any any -> any any")->app_protocols, std::vector<ProtocolId>{3})
      << "an alias of tls";
}

TEST(Header, AddressesPortsAndArrow) {
  const auto rule = header("alert tcp [10.0.0.1, 10.0.0.2] ![80, 443] <> $HOME_NET $HTTP_PORTS");
  EXPECT_EQ(rule->arrow, Arrow::kBothWays);
  EXPECT_EQ(rule->src->ranges.size(), 1U);
  EXPECT_EQ(rule->src_port->ranges.size(), 3U);
  EXPECT_EQ(rule->dst->ranges.size(), 3U);
  EXPECT_EQ(rule->dst_port->ranges, (std::vector<PortRange>{{80, 80}}));
  EXPECT_EQ(header("alert http any any => any any")->arrow, Arrow::kTransaction);
  EXPECT_EQ(header("alert\ttcp\tany  any ->\tany any").error(), "") << "tabs and several blanks";
  EXPECT_EQ(OneRule("alert tcp any any -> any any(sid:1;)").error(), "") << "no blank before the options";
}

TEST(Header, Hooks) {
  const OneRule line("alert http1:request_line any any -> any any (sid:1;)");
  ASSERT_TRUE(line.loaded()) << line.error();
  ASSERT_EQ(line->transaction_tests.size(), 1U);
  const auto& hook = std::get<HookMatch>(line->transaction_tests[0]);
  EXPECT_EQ(hook.name, "request_line");
  EXPECT_EQ(hook.fields, (std::vector<FieldRef>{{1, 1}}));
  EXPECT_TRUE(line->flow.to_server) << "what a hook is of settles the direction";
  EXPECT_FALSE(line->flow.to_client);
  const OneRule body("alert http1:response_body any any -> any any (sid:1;)");
  EXPECT_TRUE(std::get<HookMatch>(body->transaction_tests[0]).again);
  EXPECT_TRUE(body->flow.to_client);
  const OneRule complete("alert http1:response_complete any any -> any any (sid:1;)");
  EXPECT_EQ(std::get<HookMatch>(complete->transaction_tests[0]).fields, (std::vector<FieldRef>{{1, 3}}))
      << "every protocol has it: the progress at which the side is complete";
  EXPECT_TRUE(OneRule("alert tcp:flow_start any any -> any any (sid:1;)")->flow_start);
  EXPECT_EQ(OneRule("alert tcp:all any any -> any any (sid:1;)").error(), "");
}

TEST(Header, ErrorsHavePlaces) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"alrt tcp any any -> any any (sid:1;)", "t.rules:1:1: unknown action 'alrt'; did you mean 'alert'?"},
      {"alert", "t.rules:1:1: the rule ends behind its action; as in alert tcp any any -> any any (sid:1;)"},
      {"alert tpc any any -> any any (sid:1;)", "t.rules:1:7: unknown protocol 'tpc'; did you mean 'tcp'?"},
      {"alert htpp any any -> any any (sid:1;)",
       "t.rules:1:7: unknown protocol 'htpp'; did you mean 'http'?"},
      {"alert zork any any -> any any (sid:1;)", "t.rules:1:7: unknown protocol 'zork'"},
      {"alert smb any any -> any any (sid:1;)", "t.rules:1:7: protocol 'smb': picket does not parse smb yet"},
      {"alert ftp-data any any -> any any (sid:1;)",
       "t.rules:1:7: protocol 'ftp-data': picket does not parse ftp-data yet"},
      {"alert dcerpc any any -> any any (sid:1;)",
       "t.rules:1:7: protocol 'dcerpc': picket does not parse dcerpc yet"},
      {"alert tcp 1.2.3 any -> any any (sid:1;)", "t.rules:1:11: source address: '1.2.3' is not an address"},
      {"alert tcp any 99999 -> any any (sid:1;)",
       "t.rules:1:15: source port: '99999' is not a port (0 to 65535) or a range of ports"},
      {"alert tcp any any <- any any (sid:1;)",
       "t.rules:1:19: '<-' is no direction; use -> or <>; swap the two sides"},
      {"alert tcp any any - any any (sid:1;)", "t.rules:1:19: '-' is no direction; use -> or <>"},
      {"alert tcp any any -> [any (sid:1;)",
       "t.rules:1:23: destination address: a list without its closing ]"},
      {"alert tcp any any -> any (sid:1;)", "t.rules:1:26: the rule ends before its destination port"},
      {"alert tcp any any -> any any", "t.rules:1:29: expected ( and the rule's options here"},
      {"alert tcp any any -> any any x (sid:1;)", "t.rules:1:30: expected ( and the rule's options here"},
      {"alert tcp any any -> $HOMENET any (sid:1;)",
       "t.rules:1:22: destination address: no variable $HOMENET in address-groups; did you mean $HOME_NET?"},
      {"alert tcp [1.2.3.4,5.6.7.900] any -> any any (sid:1;)",
       "t.rules:1:20: source address: '5.6.7.900' is not an address"},
      {"alert http1:request_lin any any -> any any (sid:1;)",
       "t.rules:1:13: unknown hook 'request_lin'; did you mean 'request_line'?"},
      {"alert http1: any any -> any any (sid:1;)", "t.rules:1:12: behind the colon a hook is missing"},
      {"alert tls:<client_hello_done any any -> any any (sid:1;)",
       "t.rules:1:11: hook '<client_hello_done': < accepts the states before, as only a firewall can; and "
       "picket "
       "is a passive sensor: it can neither let packets through nor hold them back"},
      {"alert tcp:pre_flow any any -> any any (sid:1;)",
       "t.rules:1:11: hook 'pre_flow' is a firewall's: it decides what flows and streams may see, and picket "
       "is a "
       "passive sensor: it can neither let packets through nor hold them back"},
      {"alert tcp:flow_strt any any -> any any (sid:1;)",
       "t.rules:1:11: unknown hook 'flow_strt' of packets; there are all and flow_start"},
      {"alert tcp:flow_start any any -> any any (flow:only_stream; sid:1;)",
       "t.rules:1:11: hook 'flow_start' is of packets: a rule there asks for nothing of streams and "
       "protocols"},
      {"alert http1:request_line any any -> any any (http.stat_code; content:\"200\"; sid:1;)",
       "t.rules:1:46: 'request_line' is the client's and 'http.stat_code' the server's, so the rule can "
       "never match; "
       "use => to look at both sides of a transaction"},
      {"accept:hook http1:request_line any any -> any any (sid:1;)",
       "t.rules:1:1: action 'accept:hook' is a firewall's, and picket is a passive sensor: it can neither "
       "let "
       "packets through nor hold them back; alert says what it sees"},
      {"  accept:flow,pass:flow,alert tls:client_hello_done any any -> any any (sid:1;)",
       "t.rules:1:3: action 'accept:flow,pass:flow,alert' is a firewall's, and picket is a passive sensor: "
       "it can "
       "neither let packets through nor hold them back; alert says what it sees"},
      {"drop:flow tcp any any -> any any (sid:1;)",
       "t.rules:1:1: action 'drop:flow' is a firewall's, and picket is a passive sensor: it can neither let "
       "packets through nor hold them back; alert says what it sees"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(OneRule(text).error(), want) << text;
}

}  // namespace
}  // namespace picket::rules
