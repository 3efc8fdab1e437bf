#include "parsers/mqtt/mqtt.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/support/parser_harness.h"

namespace picket::mqtt {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::SizeIs;

// Packets by hand, from the tables of the standards.

std::string u16(std::size_t v) { return {static_cast<char>(v >> 8), static_cast<char>(v)}; }
std::string text(std::string_view s) { return u16(s.size()) + std::string(s); }
std::string varint(std::size_t n) {
  std::string out;
  do {
    out += static_cast<char>(n > 127 ? n % 128 + 128 : n);
    n /= 128;
  } while (n != 0);
  return out;
}
std::string packet(unsigned first, std::string_view body) {
  return static_cast<char>(first) + varint(body.size()) + std::string(body);
}
std::string list(std::string_view properties) { return varint(properties.size()) + std::string(properties); }

const std::string kConnect311 = packet(0x10, text("MQTT") + from_hex("04 02 003c") + text("pump"));
const std::string kConnect5 =
    packet(0x10, text("MQTT") + from_hex("05 02 003c") + list(from_hex("21 0014")) + text("pump"));
const std::string kConnack = from_hex("20 02 00 00"),
                  kConnack5 = packet(0x20, from_hex("00 00") + list(from_hex("22 000a")));
std::string publish(std::string_view topic, std::string_view message, unsigned first = 0x30, unsigned id = 0,
                    std::string_view properties = "") {
  return packet(first,
                text(topic) + (id != 0 ? u16(id) : "") + std::string(properties) + std::string(message));
}
std::string ack(unsigned first, unsigned id, std::string_view more = "") {
  return packet(first, u16(id) + from_hex(more));
}
Conversation after_connect(std::initializer_list<picket::testing::Turn> turns, bool v5 = false) {
  Conversation talk = {to_server(v5 ? kConnect5 : kConnect311), to_client(v5 ? kConnack5 : kConnack)};
  talk.insert(talk.end(), turns.begin(), turns.end());
  return talk;
}

/// "OPERATION [addresses] = values TYPE TYPE/reason", of each transaction; the connection's own left out.
std::string told(const Transaction& tx) {
  const auto& x = static_cast<const Exchange&>(tx);
  std::string out(x.operation->name);
  OtAddress a;
  for (unsigned n = 0; x.ot->address(x, n, a); ++n)
    out += (n == 0 ? " [" : ", ") + std::string(as_text(a.text));
  if (out.find('[') != std::string::npos) out += "]";
  OtValue v;
  for (unsigned n = 0; x.ot->value(x, x.from, n, v); ++n) {
    char number[32];
    std::snprintf(number, sizeof number, "%g", v.number);
    out += (n == 0 ? " = " : ",") + (v.is_number ? std::string(number) : printable(v.text));
  }
  for (const Message& m : x.all()) {
    out += " " + std::string(type_name(m.type));
    if (m.has_reason) out += "/" + std::to_string(m.reason);
  }
  return out + (x.failed ? " failed" : "");
}
std::vector<std::string> brief(const Conversation& talk, HarnessOptions o = {}) {
  o.describe = told;
  return run(kSpec, talk, o);
}
std::vector<std::string> brief_after(std::initializer_list<picket::testing::Turn> turns, bool v5 = false,
                                     HarnessOptions o = {}) {
  std::vector<std::string> lines = brief(after_connect(turns, v5), std::move(o));
  EXPECT_FALSE(lines.empty());
  if (!lines.empty()) lines.erase(lines.begin());
  return lines;
}

TEST(Mqtt, ConnectAndWhatItSays) {
  const std::string connect =
      packet(0x10, text("MQTT") + from_hex("04 ce 000a") + text("pump7") + text("plant/state") +
                       text("gone") + text("user") + text("secret"));
  EXPECT_THAT(
      run(kSpec, {to_server(connect), to_client(kConnack)}),
      ElementsAre(
          "tx 0 req rep mqtt.connect.clientid=pump7 mqtt.connect.username=user mqtt.connect.password=secret "
          "mqtt.connect.protocol_string=MQTT mqtt.connect.willtopic=plant/state "
          "mqtt.connect.willmessage=gone "
          "mqtt.protocol_version=4 mqtt.type=1 mqtt.type=2 mqtt.qos=0 mqtt.qos=0 mqtt.reason_code=0 "
          "mqtt.connack.session_present=0 mqtt.length=50 mqtt.length=2 mqtt.connect.keep_alive=10"));
  // Refused: bad user name or password.
  EXPECT_THAT(brief({to_server(connect), to_client(from_hex("20 02 00 04"))}),
              ElementsAre("tx 0 req rep connect CONNECT CONNACK/4 failed"));
  // 3.1, and a bridge of it.
  for (const std::string_view level : {"03", "83"}) {
    EXPECT_THAT(
        brief({to_server(packet(0x10, text("MQIsdp") + from_hex(std::string(level) + "02 003c") + text("a"))),
               to_client(kConnack)}),
        ElementsAre("tx 0 req rep connect CONNECT CONNACK/0"));
  }
  // Without an answer the flow's end ends it.
  EXPECT_THAT(brief({to_server(connect)}), ElementsAre("tx 0 req connect CONNECT"));
}

TEST(Mqtt, QualityOfService) {
  EXPECT_THAT(brief_after({to_server(publish("a/t", "42.5"))}),
              ElementsAre("tx 1 req publish [a/t] = 42.5 PUBLISH"));
  EXPECT_THAT(brief_after({to_server(publish("a/t", "on", 0x33, 7)), to_client(ack(0x40, 7))}),
              ElementsAre("tx 1 req rep publish retained [a/t] = on PUBLISH PUBACK"));
  EXPECT_THAT(brief_after({to_server(publish("a/t", "1", 0x34, 7)), to_client(ack(0x50, 7)),
                           to_server(ack(0x62, 7)), to_client(ack(0x70, 7))}),
              ElementsAre("tx 1 req rep publish [a/t] = 1 PUBLISH PUBREC PUBREL PUBCOMP"));
  // The broker delivers; packet identifiers of both sides do not meet.
  EXPECT_THAT(brief_after({to_server(publish("a/t", "1", 0x32, 7)), to_client(publish("b/t", "2", 0x32, 7)),
                           to_server(ack(0x40, 7)), to_client(ack(0x40, 7))}),
              ElementsAre("tx 2 req rep deliver [b/t] = 2 PUBLISH PUBACK",
                          "tx 1 req rep publish [a/t] = 1 PUBLISH PUBACK"));
  // Clearing a retained message; two at a time, answered in another order.
  EXPECT_THAT(brief_after({to_server(publish("a/t", "", 0x31) + publish("a/t", "x", 0x32, 1) +
                                     publish("b/t", "y", 0x32, 2)),
                           to_client(ack(0x40, 2) + ack(0x40, 1))}),
              ElementsAre("tx 1 req clear retained message [a/t] =  PUBLISH",
                          "tx 3 req rep publish [b/t] = y PUBLISH PUBACK",
                          "tx 2 req rep publish [a/t] = x PUBLISH PUBACK"));
  // Version 5: the receiver refuses, and that is the end.
  EXPECT_THAT(
      brief_after({to_server(publish("a/t", "1", 0x34, 7, from_hex("00"))), to_client(ack(0x50, 7, "87"))},
                  true),
      ElementsAre("tx 1 req rep publish [a/t] = 1 PUBLISH PUBREC/135 failed"));
}

TEST(Mqtt, Subscriptions) {
  const std::string subscribe =
      packet(0x82, u16(1) + text("hall/#") + "\x01" + text("x/+/y") + std::string("\x02", 1));
  EXPECT_THAT(brief_after({to_server(subscribe), to_client(ack(0x90, 1, "01 80"))}),
              ElementsAre("tx 1 req rep subscribe [hall/#, x/+/y] SUBSCRIBE SUBACK failed"));
  EXPECT_THAT(run(kSpec, after_connect({to_server(subscribe), to_client(ack(0x90, 1, "01 80"))}))[1],
              HasSubstr("mqtt.subscribe.topic=hall/# mqtt.subscribe.topic=x/+/y mqtt.protocol_version=4 "
                        "mqtt.type=8 mqtt.type=9 "
                        "mqtt.qos=1 mqtt.qos=0 mqtt.reason_code=1 mqtt.reason_code=128 mqtt.message_id=1 "
                        "mqtt.message_id=1"));
  EXPECT_THAT(brief_after({to_server(packet(0x82, u16(2) + text("$share/g/#") + std::string(1, 0))),
                           to_client(ack(0x90, 2, "00"))}),
              ElementsAre("tx 1 req rep subscribe to everything [$share/g/#] SUBSCRIBE SUBACK"));
  EXPECT_THAT(brief_after({to_server(packet(0x82, u16(2) + text("$SYS/broker/version") + std::string(1, 0))),
                           to_client(ack(0x90, 2, "00"))}),
              ElementsAre("tx 1 req rep subscribe to broker status [$SYS/broker/version] SUBSCRIBE SUBACK"));
  EXPECT_THAT(brief_after({to_server(packet(0xa2, u16(3) + text("x") + text("y"))), to_client(ack(0xb0, 3))}),
              ElementsAre("tx 1 req rep unsubscribe [x, y] UNSUBSCRIBE UNSUBACK"));
  EXPECT_THAT(brief_after({to_server(packet(0xa2, u16(3) + list("") + text("x"))),
                           to_client(packet(0xb0, u16(3) + list("") + "\x11"))},
                          true),
              ElementsAre("tx 1 req rep unsubscribe [x] UNSUBSCRIBE UNSUBACK"));
  EXPECT_THAT(
      brief_after({to_server(subscribe), to_client(ack(0x90, 1, "01"))}),
      ElementsAre("tx 1 req rep events=subscription_mismatch subscribe [hall/#, x/+/y] SUBSCRIBE SUBACK"));
  // Rules look at so many topics; 0 is all.
  HarnessOptions one;
  one.limits["subscribe-topic-match-limit"] = 1;
  EXPECT_THAT(run(kSpec, after_connect({to_server(subscribe), to_client(ack(0x90, 1, "01 80"))}), one)[1],
              ::testing::Not(HasSubstr("topic=x/+/y")));
  one.limits["subscribe-topic-match-limit"] = 0;
  EXPECT_THAT(run(kSpec, after_connect({to_server(subscribe), to_client(ack(0x90, 1, "01 80"))}), one)[1],
              HasSubstr("topic=x/+/y"));
}

TEST(Mqtt, PingDisconnectAuth) {
  EXPECT_THAT(
      brief_after({to_server(from_hex("c0 00")), to_client(from_hex("d0 00")), to_server(from_hex("e0 00"))}),
      ElementsAre("tx 1 req rep ping PINGREQ PINGRESP", "tx 2 req disconnect DISCONNECT"));
  EXPECT_THAT(brief_after({to_client(packet(0xe0, from_hex("8b 00")))}, true),
              ElementsAre("tx 1 rep disconnect DISCONNECT/139 failed"));
  // Authentication goes on between CONNECT and CONNACK.
  const std::string connect =
      packet(0x10, text("MQTT") + from_hex("05 02 003c") + list("\x15" + text("SCRAM")) + text("p"));
  const std::string auth = packet(0xf0, "\x18" + list("\x15" + text("SCRAM") + "\x16" + text("data")));
  EXPECT_THAT(brief({to_server(connect), to_client(auth), to_server(auth), to_client(kConnack5)}),
              ElementsAre("tx 1 rep authenticate AUTH/24", "tx 2 req authenticate AUTH/24",
                          "tx 0 req rep connect CONNECT CONNACK/0"));
  // Before version 5 there is no AUTH.
  EXPECT_THAT(brief_after({to_server(auth)}),
              ElementsAre("tx 1 req events=unassigned_msg_type authenticate AUTH/24"));
}

TEST(Mqtt, PropertiesAndAliases) {
  const std::string properties = list("\x03" + text("text/plain") + "\x23" + u16(5) + "\x26" + text("unit") +
                                      text("bar") + "\x26" + text("n") + text("2"));
  const auto lines = run(kSpec, after_connect({to_server(publish("a/b", "1", 0x30, 0, properties)),
                                               to_server(publish("", "2", 0x30, 0, list("\x23" + u16(5)))),
                                               to_client(publish("", "3", 0x30, 0, list("\x23" + u16(5))))},
                                              true));
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_THAT(lines[1],
              HasSubstr("mqtt.publish.topic=a/b mqtt.publish.message=1 mqtt.content_type=text/plain "
                        "mqtt.user_property.name=unit "
                        "mqtt.user_property.name=n mqtt.user_property.value=bar mqtt.user_property.value=2"));
  EXPECT_THAT(lines[2], HasSubstr("mqtt.publish.topic=a/b mqtt.publish.message=2"));
  // Each direction has aliases of its own; nothing was given a number there.
  EXPECT_THAT(lines[3], HasSubstr("events=unknown_topic_alias mqtt.publish.topic= mqtt.publish.message=3"));
  // What waits keeps the topic, though the alias changes its meaning meanwhile.
  EXPECT_THAT(
      brief_after({to_server(publish("a/b", "1", 0x30, 0, list("\x23" + u16(5)))),
                   to_server(publish("", "2", 0x32, 9, list("\x23" + u16(5)))),
                   to_server(publish("c/d", "3", 0x30, 0, list("\x23" + u16(5)))), to_client(ack(0x40, 9))},
                  true),
      ElementsAre("tx 1 req publish [a/b] = 1 PUBLISH", "tx 3 req publish [c/d] = 3 PUBLISH",
                  "tx 2 req rep publish [a/b] = 2 PUBLISH PUBACK/0"));
  // Unknown, twice, where it may not be, a value that may not be.
  for (const std::string& bad :
       {std::string("\x7f\x01"), "\x02" + from_hex("00000001") + "\x02" + from_hex("00000001"),
        "\x21" + u16(3), "\x01\x05" + std::string(), "\x23" + u16(0)}) {
    EXPECT_THAT(brief_after({to_server(publish("a/b", "1", 0x30, 0, list(bad)))}, true),
                ElementsAre("tx 1 req events=invalid_property publish [a/b] = 1 PUBLISH"))
        << printable(as_bytes(bad));
  }
}

// Sparkplug B: Protobuf fields by hand. Timestamp 1000, metrics, seq 3.
std::string field(unsigned number, std::string_view bytes) {
  return varint(number << 3 | 2) + varint(bytes.size()) + std::string(bytes);
}
std::string metric(std::string_view name, unsigned datatype, std::string_view value) {
  return field(2, field(1, name) + varint(2U << 3) + varint(4) + varint(4U << 3) + varint(datatype) +
                      std::string(value));
}
const std::string kPayload =
    from_hex("08 e807") + metric("Speed", 9, from_hex("65 0000c841")) + metric("Run", 11, from_hex("70 01")) +
    metric("Low", 3, from_hex("50 ffffffff0f")) + metric("Name", 12, field(15, "P7")) + from_hex("18 03");

TEST(Mqtt, Sparkplug) {
  EXPECT_THAT(
      brief_after({to_server(publish("spBv1.0/G/DDATA/E/D", kPayload))}),
      ElementsAre("tx 1 req device data [spBv1.0/G/DDATA/E/D, Speed, Run, Low, Name] = 25,1,-1,P7 PUBLISH"));
  EXPECT_THAT(run(kSpec, after_connect({to_server(publish("spBv1.0/G/DCMD/E/D", kPayload))}))[1],
              HasSubstr("mqtt.sparkplug.group=G mqtt.sparkplug.message_type=DCMD mqtt.sparkplug.edge_node=E "
                        "mqtt.sparkplug.device=D mqtt.sparkplug.metric=Speed"));
  const auto operation = [](std::string_view topic, std::string_view payload = "") {
    const auto lines = brief_after({to_server(publish(topic, payload))});
    return lines.empty() ? "" : lines[0].substr(9, lines[0].find(" [") - 9);
  };
  EXPECT_EQ(operation("spBv1.0/G/NBIRTH/E"), "node birth");
  EXPECT_EQ(operation("spBv1.0/G/NDEATH/E"), "node death");
  EXPECT_EQ(operation("spBv1.0/G/DDEATH/E/D"), "device death");
  EXPECT_EQ(operation("spBv1.0/G/NCMD/E", metric("Setpoint", 9, "")), "node command");
  EXPECT_EQ(operation("spBv1.0/G/NCMD/E", metric("Node Control/Rebirth", 11, from_hex("70 01"))),
            "node rebirth");
  EXPECT_EQ(operation("spBv1.0/G/NCMD/E", metric("Node Control/Rebirth", 11, "") + metric("Valve", 11, "")),
            "node command");
  EXPECT_EQ(operation("spBv1.0/G/NCMD/E",
                      metric("A", 9, "") + metric("Node Control/Reboot", 11, from_hex("70 01"))),
            "node reboot");
  EXPECT_EQ(operation("spBv1.0/STATE/host1", "{\"online\":true}"), "host state");
  EXPECT_EQ(operation("STATE/host1", "ONLINE"), "host state");
  // Not quite: a device where there is none, one level too many, another namespace.
  EXPECT_EQ(operation("spBv1.0/G/NDATA/E/D"), "publish");
  EXPECT_EQ(operation("spBv1.0/G/DDATA/E/D/x"), "publish");
  EXPECT_EQ(operation("spAv1.0/G/DDATA/E/D"), "publish");
  EXPECT_THAT(brief_after({to_server(publish("spBv1.0/G/NDATA/E", from_hex("12 7f 00")))})[0],
              HasSubstr("events=invalid_sparkplug node data"));
}

TEST(Mqtt, AnswersWithoutQuestions) {
  EXPECT_THAT(brief_after({to_client(ack(0x40, 9) + ack(0x50, 9) + ack(0x70, 9) + ack(0x90, 9, "00") +
                                     ack(0xb0, 9) + from_hex("d0 00"))}),
              ElementsAre("tx 1 rep events=missing_publish acknowledge PUBACK",
                          "tx 2 rep events=missing_publish acknowledge PUBREC",
                          "tx 3 rep events=missing_publish acknowledge PUBCOMP",
                          "tx 4 rep events=missing_subscribe subscribe SUBACK",
                          "tx 5 rep events=missing_unsubscribe unsubscribe UNSUBACK",
                          "tx 6 rep events=missing_ping ping PINGRESP"));
  EXPECT_THAT(brief({to_client(kConnack)}), ElementsAre("tx 0 rep events=missing_connect connect CONNACK/0"));
  EXPECT_THAT(brief_after({to_server(kConnect311), to_client(kConnack)}),
              ElementsAre("tx 1 req rep events=double_connect connect CONNECT CONNACK/0"));
  // Before CONNACK each time; where no CONNECT was seen, once.
  EXPECT_THAT(brief({to_server(kConnect311 + publish("a/b", "1") + publish("a/b", "2"))}),
              ElementsAre("tx 1 req events=unintroduced_message publish [a/b] = 1 PUBLISH",
                          "tx 2 req events=unintroduced_message publish [a/b] = 2 PUBLISH",
                          "tx 0 req connect CONNECT"));
  EXPECT_THAT(brief({to_server(publish("a/b", "1") + publish("a/b", "2"))}),
              ElementsAre("tx 0 req events=unintroduced_message publish [a/b] = 1 PUBLISH",
                          "tx 1 req publish [a/b] = 2 PUBLISH"));
  EXPECT_THAT(brief_after({to_server(from_hex("e0 00") + publish("a/b", "1"))})[1],
              HasSubstr("events=after_disconnect"));
}

TEST(Mqtt, WhatWaitsIsGivenUp) {
  HarnessOptions few;
  few.limits["max-tx"] = 2;
  EXPECT_THAT(brief_after({to_server(publish("a", "1", 0x32, 1) + publish("b", "2", 0x32, 2) +
                                     publish("c", "3", 0x32, 3))},
                          false, few),
              ElementsAre("tx 1 req events=too_many_transactions publish [a] = 1 PUBLISH",
                          "tx 2 req publish [b] = 2 PUBLISH", "tx 3 req publish [c] = 3 PUBLISH"));
  HarnessOptions slow;
  slow.step_ns = 31'000'000'000;
  slow.describe = told;
  EXPECT_THAT(
      run(kSpec, after_connect({to_server(publish("a", "1", 0x32, 1)), to_client(from_hex("d0 00"))}), slow),
      Contains("tx 2 req events=no_acknowledgement publish [a] = 1 PUBLISH"));
  // Said again with DUP, and with another meaning.
  EXPECT_THAT(brief_after({to_server(publish("a", "1", 0x32, 1) + publish("a", "1", 0x3a, 1)),
                           to_client(ack(0x40, 1))}),
              ElementsAre("tx 1 req events=no_acknowledgement publish [a] = 1 PUBLISH",
                          "tx 2 req rep publish [a] = 1 PUBLISH PUBACK"));
  EXPECT_THAT(brief_after({to_server(publish("a", "1", 0x32, 1) + publish("b", "1", 0x32, 1)),
                           to_client(ack(0x40, 1))})[1],
              HasSubstr("events=duplicate_msg_id publish [b]"));
  // 17 messages of 64,000 bytes are more than 1 MiB.
  ParserRun r(kSpec, HarnessOptions{.pool_bytes = 32 << 20});
  r.feed(Direction::kToServer, kConnect311);
  r.feed(Direction::kToClient, kConnack);
  for (unsigned i = 1; i <= 17; ++i)
    r.feed(Direction::kToServer, publish("a", std::string(64000, 'x'), 0x32, i));
  EXPECT_EQ(r.events().at("too_many_transactions"), 1U);
  EXPECT_TRUE(r.violations().empty());
}

TEST(Mqtt, NamesWhatIsOdd) {
  const auto event = [](const std::string& bytes, bool v5 = false) {
    const auto lines = brief_after({to_server(bytes)}, v5);
    const std::size_t at = lines.empty() ? std::string::npos : lines[0].find("events=");
    return at == std::string::npos ? std::string() : lines[0].substr(at + 7, lines[0].find(' ', at) - at - 7);
  };
  EXPECT_EQ(event(publish("a/b", "1", 0x36, 1)), "invalid_qos_level");
  EXPECT_EQ(event(packet(0x32, text("a/b") + u16(0) + "1")), "missing_msg_id");
  EXPECT_EQ(event(publish("a/+", "1")), "invalid_topic");
  EXPECT_EQ(event(publish("", "1")), "invalid_topic");
  EXPECT_EQ(event(publish("a\xff", "1")), "invalid_topic");
  EXPECT_EQ(event(publish(std::string_view("a\0b", 3), "1")), "invalid_topic");
  EXPECT_EQ(event(packet(0x82, u16(1) + text("a/#/b") + std::string(1, 0))), "invalid_topic_filter");
  EXPECT_EQ(event(packet(0x82, u16(1) + text("a+") + std::string(1, 0))), "invalid_topic_filter");
  EXPECT_EQ(event(packet(0x82, u16(1) + text("a") + "\x03")), "invalid_options");
  EXPECT_EQ(event(packet(0xc1, "")), "invalid_flags");
  EXPECT_EQ(event(packet(0xe0, from_hex("55 00")), true), "invalid_reason_code");
  const auto connect = [](std::string_view body) { return brief({to_server(packet(0x10, body))})[0]; };
  EXPECT_THAT(connect(text("MQTT") + from_hex("06 02 003c") + text("a")),
              HasSubstr("events=invalid_protocol"));
  EXPECT_THAT(connect(text("MQTX") + from_hex("04 02 003c") + text("a")),
              HasSubstr("events=invalid_protocol"));
  EXPECT_THAT(connect(text("MQTT") + from_hex("04 03 003c") + text("a")),
              HasSubstr("events=invalid_connect_flags"));
  EXPECT_THAT(connect(text("MQTT") + from_hex("04 42 003c") + text("a") + text("p")),
              HasSubstr("events=invalid_connect_flags"));
  EXPECT_THAT(connect(text("MQTT") + from_hex("04 0a 003c") + text("a")),
              HasSubstr("events=invalid_connect_flags"));
}

TEST(Mqtt, GoesOnBehindWhatIsBroken) {
  const std::string rest = publish("hall/pump", "1") + publish("hall/pump", "2") + publish("hall/pump", "3");
  const std::string good =
      "tx 1 req publish [hall/pump] = 1 PUBLISH|tx 2 req publish [hall/pump] = 2 PUBLISH|tx 3 req publish "
      "[hall/pump] = 3 PUBLISH|";
  const auto joined = [](const std::vector<std::string>& lines) {
    std::string all;
    for (const std::string& l : lines) all += l + "|";
    return all;
  };
  // A topic that ends behind its packet, a length of five bytes, bytes of something else.
  EXPECT_EQ(joined(brief_after({to_server(packet(0x30, from_hex("00ff 61")) + rest)})),
            "event > malformed_traffic|event > lost_sync|" + good);
  EXPECT_EQ(joined(brief_after({to_server(from_hex("30 ffffffff 01") + rest)})),
            "event > invalid_length|event > lost_sync|" + good);
  EXPECT_EQ(joined(brief_after({to_client(ack(0x40, 1, "00 00") + rest)})).substr(0, 41),
            "event < invalid_length|event < lost_sync|");
  EXPECT_EQ(joined(brief_after({to_server(from_hex("c0 01 00") + rest)})),
            "event > invalid_length|event > lost_sync|" + good);
  EXPECT_THAT(joined(brief_after({to_server("HTTP/1.1 200 OK\r\n\r\n" + rest)})),
              HasSubstr("lost_sync|" + good));
  EXPECT_THAT(joined(brief_after({to_server(from_hex("00 00 00") + rest)})),
              HasSubstr("tx 1 req events=unassigned_msg_type unassigned packet UNASSIGNED|"));
  EXPECT_THAT(joined(brief_after({to_server(from_hex("00 00 00") + rest)})),
              HasSubstr("tx 4 req publish [hall/pump] = 3 PUBLISH|"));
  // Both directions; a gap in the middle of a packet.
  EXPECT_THAT(joined(brief_after({gap(Direction::kToServer, 100), to_server("pump" + rest)})),
              HasSubstr("event > gap|" + good));
  EXPECT_THAT(joined(brief_after({gap(Direction::kToClient, 0), to_client("pump" + rest)})),
              HasSubstr("event < gap|tx 1 rep deliver [hall/pump] = 1 PUBLISH|"));
}

TEST(Mqtt, LongMessages) {
  const std::string head = "\x30" + varint(200'000) + text("hall/camera");
  const std::string tail(200'000 - 13, 'x');
  const std::string after = publish("hall/pump", "1");
  const auto lines = run(kSpec, after_connect({to_server(head + tail), to_server(after)}));
  ASSERT_THAT(lines, SizeIs(3));
  EXPECT_THAT(lines[1],
              HasSubstr("events=long_message mqtt.publish.topic=hall/camera mqtt.publish.message=xxx"));
  EXPECT_THAT(lines[1], HasSubstr("mqtt.length=200000 mqtt.publish.length=199987"));
  EXPECT_THAT(lines[2], HasSubstr("mqtt.publish.topic=hall/pump"));
  // Bytes that are missing within it are known to belong to it.
  EXPECT_THAT(brief_after({to_server(head + tail.substr(0, 100'000)),
                           gap(Direction::kToServer, tail.size() - 100'000), to_server(after)}),
              ElementsAre(HasSubstr("long_message"), "event > gap", HasSubstr("publish [hall/pump]")));
  // A length that is wrong hides nothing for long.
  std::string many;
  for (unsigned i = 0; i < 8000; ++i) many += publish("hall/pump", "on");
  const auto told_lines =
      brief_after({to_server("\x30" + varint(200'000'000) + text("hall/pump") + "on" + many)});
  EXPECT_THAT(told_lines, Contains("event > interrupted_message"));
  EXPECT_GT(told_lines.size(), 200U);
  // Another packet than PUBLISH is told by its header; a lower limit of the configuration counts.
  HarnessOptions low;
  low.limits["max-msg-length"] = 100;
  EXPECT_THAT(
      brief_after({to_server(packet(0x82, u16(1) + text(std::string(200, 'a')) + std::string(1, 0)) + after)},
                  false, low),
      ElementsAre("tx 1 req events=long_message subscribe SUBSCRIBE", HasSubstr("publish [hall/pump]")));
}

TEST(Mqtt, AWrongLengthHidesNothing) {
  std::string answers, messages;
  for (unsigned i = 1; i <= 40; ++i) answers += packet(0x90, u16(i) + '\0') + from_hex("d0 00");
  for (unsigned i = 0; i < 400; ++i) messages += publish("hall/pump", "on");
  const auto count = [](const std::vector<std::string>& lines, std::string_view what) {
    return std::count_if(lines.begin(), lines.end(),
                         [&](const std::string& l) { return l.find(what) != std::string::npos; });
  };
  // A SUBACK of 49,280 bytes, a message of 60,000: what stands in them is found long before they end.
  const Conversation suback = after_connect({to_client(from_hex("90 ff8003") + answers)});
  EXPECT_EQ(count(brief(suback), "event < interrupted_message"), 1);
  EXPECT_EQ(count(brief(suback), "SUBACK"), 40);
  EXPECT_EQ(check_every_split(kSpec, suback, {}, 17), "");
  const Conversation message =
      after_connect({to_server("\x30" + varint(60'000) + text("hall/pump") + "on" + messages)});
  EXPECT_EQ(count(brief(message), "event > interrupted_message"), 1);
  EXPECT_EQ(count(brief(message), "publish [hall/pump]"), 400);
  // What only looks like short packets is a message like any other.
  std::string samples;
  for (unsigned i = 0; i < 2000; ++i) samples += from_hex("c0 00 d0 00");
  const auto lines = brief_after({to_server(publish("hall/wave", samples) + publish("hall/pump", "on"))});
  EXPECT_EQ(lines.size(), 2U);
  EXPECT_EQ(count(lines, "event"), 0);
}

TEST(Mqtt, AGuessedVersionIsNotKeptAgainstReason) {
  const std::string old = publish("hall/pump", "1") + publish("hall/pump", "2") + publish("hall/pump", "3");
  // AUTH is of version 5 alone; with flags that it may not have it tells nothing.
  const auto lines = brief({to_client(from_hex("ff 00")), to_server(old)});
  EXPECT_EQ(lines.size(), 4U);
  EXPECT_THAT(lines.back(), HasSubstr("publish [hall/pump] = 3 PUBLISH"));
  // And a guess goes when what follows makes no sense by it. The search waits for what looks like an acknowledgement.
  std::string more;
  for (unsigned i = 0; i < 30; ++i) more += old;
  EXPECT_THAT(brief({to_client(from_hex("f0 00")), to_server(more)}).back(),
              HasSubstr("publish [hall/pump] = 3 PUBLISH"));
}

TEST(Mqtt, IsRecognisedByContent) {
  const auto p = [](std::string_view bytes) {
    return probe(Transport::kTcp, Direction::kToServer, as_bytes(bytes));
  };
  EXPECT_EQ(p(kConnect311), Probe::kYes);
  EXPECT_EQ(p(kConnect5), Probe::kYes);
  for (std::size_t n = 0; n < kConnect311.size(); ++n) {
    EXPECT_EQ(p(kConnect311.substr(0, n)), n < 8 ? Probe::kUnsure : Probe::kYes)
        << n;  // the header, and "MQTT"
  }
  EXPECT_EQ(p(packet(0x10, text("MQTX") + from_hex("04 02 003c") + text("a"))), Probe::kNo);
  // In the middle of a connection several packets have to make sense.
  const std::string one = publish("hall/pump", "1");
  EXPECT_EQ(p(one), Probe::kUnsure);
  EXPECT_EQ(p(one + one + one), Probe::kYes);
  EXPECT_EQ(p(one + "x"), Probe::kNo);
  EXPECT_EQ(p(kConnack), Probe::kUnsure);
  EXPECT_EQ(p(kConnack + from_hex("90 03 0001 00") + one), Probe::kYes);
  // Look-alikes: LDAP and SNMP begin as a PUBLISH does, TLS, HTTP, a greeting.
  for (const std::string_view other :
       {"30 0c 02 01 01 60 07 02 01 03 04 00 80 00", "30 26 02 01 01 04 06", "16 03 01 02 00 01",
        "47 45 54 20 2f", "32 32 30 20 6d", "00 00 00 2f"}) {
    EXPECT_EQ(p(from_hex(other)), Probe::kNo) << other;
  }
  EXPECT_EQ(p(""), Probe::kUnsure);
}

TEST(Mqtt, Flags) {
  const auto matches = [](auto parse, std::string_view argument, const Conversation& talk) {
    auto m = parse(argument);
    EXPECT_TRUE(m) << argument;
    std::string found;
    HarnessOptions o;
    o.describe = [&](const Transaction& tx) {
      const auto& x = static_cast<const Exchange&>(tx);
      found += m.value()->match(tx, x.from) ? 'y' : 'n';
      EXPECT_FALSE(m.value()->match(tx, reverse(x.from)));
      return std::string();
    };
    run(kSpec, talk, o);
    return found;
  };
  const Conversation talk = after_connect({to_server(publish("a", "1", 0x31) + publish("a", "1", 0x3a, 1))});
  EXPECT_EQ(matches(parse_flags, "retain", talk), "nyn");
  EXPECT_EQ(matches(parse_flags, "!retain, !dup", talk), "ynn");
  EXPECT_EQ(matches(parse_flags, "dup,!retain", talk), "nny");
  EXPECT_EQ(matches(parse_flags, "10", talk), "nny");
  EXPECT_EQ(matches(parse_connect_flags, "clean_session,!will", talk), "ynn");
  EXPECT_EQ(matches(parse_connect_flags, "username", talk), "nnn");
  EXPECT_EQ(matches(parse_connect_flags, "0x02", talk), "ynn");
  for (const std::string_view bad : {"", "foo", "retain,", "16", "!3"}) EXPECT_FALSE(parse_flags(bad)) << bad;
}

TEST(Mqtt, DoesNotCareHowSegmentsFall) {
  const std::string properties = list("\x03" + text("t") + "\x23" + u16(5));
  const Conversation talk = {to_server(kConnect5),
                             to_client(kConnack5),
                             to_server(packet(0x82, u16(1) + list("") + text("h/#") + "\x01")),
                             to_client(packet(0x90, u16(1) + list("") + "\x01")),
                             to_server(publish("a/b", "1", 0x34, 2, properties)),
                             to_client(ack(0x50, 2, "10 00")),
                             to_server(ack(0x62, 2)),
                             to_client(ack(0x70, 2)),
                             to_client(publish("spBv1.0/G/DCMD/E/D", kPayload, 0x32, 3, from_hex("00"))),
                             to_server(ack(0x40, 3)),
                             to_server(from_hex("c0 00")),
                             to_client(from_hex("d0 00")),
                             to_server(packet(0xe0, from_hex("04")))};
  EXPECT_EQ(check_every_split(kSpec, talk), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk), "");
  const std::string one = publish("hall/pump", "1");
  const Conversation broken = after_connect(
      {to_server(from_hex("30 05 00ff 616263") + one + one + from_hex("00 00") + one + one + one),
       gap(Direction::kToServer, 9), to_server("mp1" + one + one)});
  EXPECT_EQ(check_every_split(kSpec, broken), "");
  EXPECT_EQ(check_every_truncation(kSpec, broken), "");
  HarnessOptions low;
  low.limits["max-msg-length"] = 20;
  const Conversation long_ones = after_connect({to_server(
      publish("hall/pump", std::string(60, 'x')) + publish("hall/pump", one + one + one + "x") + one)});
  EXPECT_EQ(check_every_split(kSpec, long_ones, low), "");
}

}  // namespace
}  // namespace picket::mqtt
