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
      {"alert http1:request_line any any -> any any (sid:1;)",
       "t.rules:1:12: hook 'request_line': picket does not run rules at protocol hooks yet"},
  };
  for (const auto& [text, want] : cases) EXPECT_EQ(OneRule(text).error(), want) << text;
}

}  // namespace
}  // namespace picket::rules
