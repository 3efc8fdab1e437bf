#include <gtest/gtest.h>

#include "sensor/rules/test_support.h"

namespace picket::rules {
namespace {

TEST(Flow, Options) {
  const std::pair<std::string_view, bool FlowOptions::*> cases[] = {
      {"established", &FlowOptions::established}, {"not_established", &FlowOptions::not_established},
      {"stateless", &FlowOptions::stateless},     {"to_server", &FlowOptions::to_server},
      {"from_client", &FlowOptions::to_server},   {"to_client", &FlowOptions::to_client},
      {"from_server", &FlowOptions::to_client},   {"no_stream", &FlowOptions::no_stream},
      {"only_stream", &FlowOptions::only_stream}, {"only_frag", &FlowOptions::only_frag},
      {"no_frag", &FlowOptions::no_frag},
  };
  for (const auto& [word, flag] : cases)
    EXPECT_TRUE((*with("flow:" + std::string(word) + ";", "alert tcp any any -> any any")).flow.*flag)
        << word;
  const auto both = with("flow: established , to_server;");
  EXPECT_TRUE(both->flow.established && both->flow.to_server);
}

TEST(StreamSize, AllForms) {
  const auto test = [](std::string_view text) {
    return with("stream_size:" + std::string(text) + ";").packet_test<StreamSize>();
  };
  EXPECT_EQ(test("client,>,424").side, StreamSize::Side::kClient);
  EXPECT_EQ(test("client,>,424").test.lo, 425U);
  EXPECT_EQ(test("server,<,905").test.hi, 904U);
  EXPECT_EQ(test("server,=, 1").test.lo, 1U);
  EXPECT_TRUE(test("both,!=,1").test.negated);
  EXPECT_EQ(test("either,>=,5").test.lo, 5U);
  EXPECT_EQ(test("server,>5").test.lo, 6U);
}

TEST(AppLayer, ProtocolAndEvents) {
  EXPECT_EQ(with("app-layer-protocol:http;").packet_test<AppProtocolIs>().any_of, std::vector<ProtocolId>{1});
  EXPECT_TRUE(with("app-layer-protocol:!http;").packet_test<AppProtocolIs>().negated);
  EXPECT_EQ(with("app-layer-protocol:failed;").packet_test<AppProtocolIs>().state,
            AppProtocolIs::State::kFailed);
  EXPECT_EQ(with("app-layer-protocol:dns,toserver;").packet_test<AppProtocolIs>().which,
            AppProtocolIs::Which::kToServer);
  const auto event = with("app-layer-event:http.missing_host_header;");
  EXPECT_EQ(std::get<EventMatch>(event->transaction_tests.at(0)).event, (FieldRef{1, 1}));
  EXPECT_EQ(with("decode-event:ipv4.pkt_too_small;").packet_test<PacketEvent>().of, PacketEvent::Of::kDecode);
  EXPECT_EQ(with("stream-event:reassembly_seq_gap;").packet_test<PacketEvent>().of, PacketEvent::Of::kStream);
  EXPECT_EQ(with("engine-event:stream.reassembly_seq_gap;").packet_test<PacketEvent>().of,
            PacketEvent::Of::kStream);
  EXPECT_EQ(with("engine-event:stream.reassembly_seq_gap;").packet_test<PacketEvent>().name,
            "reassembly_seq_gap");
}

TEST(Declared, IntegersAndKeywords) {
  const auto rule = with("dns.opcode:!1; dns.opcode:notify; dns.opcode:3,all;");
  const auto& first = std::get<IntegerMatch>(rule->transaction_tests.at(0));
  EXPECT_EQ(first.fields, std::vector<FieldRef>{(FieldRef{0, 0})});
  EXPECT_TRUE(first.test.negated);
  EXPECT_EQ(std::get<IntegerMatch>(rule->transaction_tests.at(1)).test.lo, 4U);
  EXPECT_EQ(std::get<IntegerMatch>(rule->transaction_tests.at(2)).among, Among::kAllOrAbsent);
  const auto modbus = with("modbus: function 3, unit 5;");
  EXPECT_NE(std::get<KeywordMatch>(modbus->transaction_tests.at(0)).any_of.at(0).matcher, nullptr);
}

TEST(FlowKeywords, Errors) {
  const std::pair<std::string_view, std::string_view> cases[] = {
      {"flow:establishd;", "unknown flow option 'establishd'; did you mean 'established'?"},
      {"flow:to_server,to_client;", "a flow goes to_server or to_client, not both"},
      {"flow:established,stateless;", "established, not_established and stateless exclude each other"},
      {"flow:only_stream,no_stream;", "only_stream and no_stream exclude each other"},
      {"flow:only_frag,no_frag;", "only_frag and no_frag exclude each other"},
      {"flow;", "keyword 'flow' needs an argument"},
      {"stream_size:left,>,4;", "stream_size begins with server, client, both or either"},
      {"stream_size:client,~,4;", "'~' is no comparison; use < > = != <= or >="},
      {"stream_size:client,>,x;", "'x' is not a number of bytes"},
      {"app-layer-protocol:htp;", "unknown protocol 'htp'; did you mean 'http'?"},
      {"app-layer-protocol:smb;", "protocol 'smb': picket does not parse smb yet"},
      {"app-layer-event:http.invalid_protcol;",
       "picket's http has no event 'invalid_protcol'; did you mean 'invalid_protocol'?"},
      {"app-layer-event:smtp.x;", "app-layer-event 'smtp.x': picket does not parse smtp yet"},
      {"app-layer-event:zork.x;", "'zork' is no protocol picket knows"},
      {"dns.opcode:x;", "'x' is not a number or a known name (largest: 18446744073709551615)"},
      {"dns.opcode;", "keyword 'dns.opcode' needs a number"},
      {"dns.opcode:1,some;", "'some' is neither a place in the list nor all, all1, all_or_absent or any"},
      {"modbus:nonsense;", "modbus: 'nonsense' is not understood"},
  };
  for (const auto& [options, want] : cases) EXPECT_EQ(reason(options), want) << options;
}

}  // namespace
}  // namespace picket::rules
