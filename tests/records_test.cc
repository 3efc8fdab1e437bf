// What becomes of a conversation in EVE: golden JSON, read against the RFCs and Suricata's field names.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/parser_harness.h"
#include "tests/support/record_text.h"

namespace picket::testing {
namespace {

/// The JSON of each transaction of a conversation, in the order in which they were done.
std::vector<std::string> records(std::string_view protocol, Transport transport, const Conversation& talk) {
  const ProtocolId id = find_protocol(protocol);
  RecordText text(id);
  HarnessOptions options;
  options.transport = transport;
  options.step_ns = 2'500'000;
  std::vector<std::string> out;
  options.describe = [&](const Transaction& tx) {
    out.push_back(text.json(tx));
    return std::string();
  };
  for (const std::string& line : run(*protocols()[id], talk, options)) {
    EXPECT_EQ(line.rfind("VIOLATION", 0), std::string::npos) << line;
  }
  return out;
}

// ------------------------------------------------------------------------------------------------ DNS

constexpr std::string_view kQuestion =
    "03 777777 07 6578616d706c65 03 6f7267 00 0001 0001";  // www.example.org A IN

/// The JSON of one response with one answer to that question, from `rrname` of the answer on.
std::string answer(std::string_view type, std::string_view rdata) {
  std::string bytes = from_hex("0001 8400 0001 0001 0000 0000") + from_hex(kQuestion) + from_hex("c00c") +
                      from_hex(type) + from_hex("0001 00000e10");
  const std::string data = from_hex(rdata);
  bytes += static_cast<char>(data.size() >> 8);
  bytes += static_cast<char>(data.size());
  const auto lines = records("dns", Transport::kUdp, {to_client(bytes + data)});
  EXPECT_EQ(lines.size(), 1u);
  const std::string json = lines.empty() ? "" : lines[0];
  const std::size_t from = json.find("\"answers\":[{"), to = json.find("}],\"grouped\"");
  EXPECT_NE(from, std::string::npos) << json;
  EXPECT_NE(to, std::string::npos) << json;
  const std::string one = json.substr(from + 12, to - from - 12);
  const std::string_view head = "\"rrname\":\"www.example.org\",";
  EXPECT_EQ(one.substr(0, head.size()), head);
  return one.substr(head.size());
}

TEST(DnsRecord, RequestAndResponse) {
  const std::string ask =
      from_hex("8d32 0120 0001 0000 0000 0001") + from_hex(kQuestion) +
      from_hex("00 0029 1000 00008000 0018 0008 0007 0001 18 00 c00002 000a 0009 010203040506070809");
  const std::string tell = from_hex("8d32 81a0 0001 0002 0000 0000") + from_hex(kQuestion) +
                           from_hex("c00c 0005 0001 00000dd8 0007 04 7265616c c010") +
                           from_hex("c02d 0001 0001 000000f4 0004 c0000218");
  const auto lines = records("dns", Transport::kUdp, {to_server(ask), to_client(tell)});
  ASSERT_EQ(lines.size(), 2u);
  EXPECT_EQ(
      lines[0],
      R"({"version":3,"type":"request","tx_id":0,"id":36146,"flags":"120","rd":true,"opcode":0,"rcode":"NOERROR",)"
      R"("queries":[{"rrname":"www.example.org","rrtype":"A"}],"additionals":[{"rrname":"","rrtype":"OPT","ttl":32768,)"
      R"("opt":[{"code":8,"data":"00011800c00002"},{"code":10,"data":"010203040506070809"}]}],"ad":true,)"
      R"("edns":{"udp_size":4096,"version":0,"do":true,"client_subnet":{"address":"192.0.2.0","source_prefix":24,)"
      R"("scope_prefix":0},"client_cookie":"0102030405060708","server_cookie":"09"}})");
  EXPECT_EQ(
      lines[1],
      R"({"version":3,"type":"response","tx_id":1,"id":36146,"flags":"81a0","qr":true,"rd":true,"ra":true,"opcode":0,)"
      R"("rcode":"NOERROR","queries":[{"rrname":"www.example.org","rrtype":"A"}],)"
      R"("answers":[{"rrname":"www.example.org","rrtype":"CNAME","ttl":3544,"rdata":"real.example.org"},)"
      R"({"rrname":"real.example.org","rrtype":"A","ttl":244,"rdata":"192.0.2.24"}],)"
      R"("grouped":{"A":["192.0.2.24"],"CNAME":["real.example.org"]},"ad":true,"request_tx_id":0,"rtt_us":2500})");
}

TEST(DnsRecord, EachTypeOfAnswer) {
  EXPECT_EQ(answer("001c", "20010db8 00000000 00000000 00000001"),
            R"("rrtype":"AAAA","ttl":3600,"rdata":"2001:0db8:0000:0000:0000:0000:0000:0001")");
  EXPECT_EQ(answer("0002", "02 6e73 c00c"), R"("rrtype":"NS","ttl":3600,"rdata":"ns.www.example.org")");
  EXPECT_EQ(answer("000f", "000a 02 6d78 00"),
            R"("rrtype":"MX","ttl":3600,"rdata":"mx","mx":{"preference":10,"exchange":"mx"})");
  EXPECT_EQ(
      answer("0006", "01 61 00 01 62 00 00000001 00000002 00000003 00000004 00000005"),
      R"("rrtype":"SOA","ttl":3600,"soa":{"mname":"a","rname":"b","serial":1,"refresh":2,"retry":3,"expire":4,)"
      R"("minimum":5})");
  EXPECT_EQ(answer("0021", "0001 0002 1f90 03 737276 00"),
            R"("rrtype":"SRV","ttl":3600,"srv":{"priority":1,"weight":2,"port":8080,"name":"srv"})");
  EXPECT_EQ(
      answer("0010", "03 616263 02 6465"),
      R"("rrtype":"TXT","ttl":3600,"rdata":"abc"},{"rrname":"www.example.org","rrtype":"TXT","ttl":3600,"rdata":"de")");
  EXPECT_EQ(answer("000a", "56 41 43 03"), R"("rrtype":"NULL","ttl":3600,"rdata":"VAC\u0003")");
  EXPECT_EQ(answer("000d", "03 435055 02 4f53"),
            R"("rrtype":"HINFO","ttl":3600,"hinfo":{"cpu":"CPU","os":"OS"})");
  EXPECT_EQ(
      answer("0023", "0064 000a 01 75 07 4532552b736970 00 00"),
      R"("rrtype":"NAPTR","ttl":3600,"naptr":{"order":100,"preference":10,"flags":"u","service":"E2U+sip",)"
      R"("regexp":"","replacement":""})");
  EXPECT_EQ(answer("0101", "00 05 6973737565 63612e6578616d706c65"),
            R"("rrtype":"CAA","ttl":3600,"caa":{"flags":0,"tag":"issue","value":"ca.example"})");
  EXPECT_EQ(answer("002c", "04 02 0a0b0c"),
            R"("rrtype":"SSHFP","ttl":3600,"sshfp":{"fingerprint":"0a:0b:0c","algo":4,"type":2})");
  EXPECT_EQ(answer("0034", "03 01 01 aabb"),
            R"("rrtype":"TLSA","ttl":3600,"tlsa":{"usage":3,"selector":1,"matching_type":1,"data":"aabb"})");
  EXPECT_EQ(answer("002b", "ec45 05 01 2bb183af5f22588179a53b0a98631fad1a292118"),
            R"("rrtype":"DS","ttl":3600,"ds":{"key_tag":60485,"algorithm":5,"digest_type":1,)"
            R"("digest":"2bb183af5f22588179a53b0a98631fad1a292118"})");  // RFC 4034, §5.4
  EXPECT_EQ(
      answer("002f", "04 686f7374 00 00 06 400100000003"),
      R"("rrtype":"NSEC","ttl":3600,"nsec":{"next":"host","types":["A","MX","RRSIG","NSEC"]})");  // RFC 4034,
                                                                                                  // §4.3
  EXPECT_EQ(
      answer("0032", "01 01 000c 04 aabbccdd 02 0102 00 01 40"),
      R"("rrtype":"NSEC3","ttl":3600,"nsec3":{"algorithm":1,"flags":1,"iterations":12,"salt":"aabbccdd",)"
      R"("next_hash":"0102","types":["A"]})");
  EXPECT_EQ(
      answer("002e", "0001 05 03 00015180 3e4b5d0f 3e23d00f 0a52 07 6578616d706c65 00 0102"),
      R"("rrtype":"RRSIG","ttl":3600,"rrsig":{"type_covered":"A","algorithm":5,"labels":3,"original_ttl":86400,)"
      R"("expiration":1045126415,"inception":1042534415,"key_tag":2642,"signer":"example","signature":"AQI="})");
  EXPECT_EQ(
      answer("0030", "0101 03 08 0102"),
      R"("rrtype":"DNSKEY","ttl":3600,"dnskey":{"flags":257,"protocol":3,"algorithm":8,"public_key":"AQI=",)"
      R"("key_tag":1291})");
  EXPECT_EQ(
      answer("0041",
             "0001 00 0000 0002 0001 0001 0006 02 6832 02 6833 0002 0000 0003 0002 01bb 0004 0004 c0000201"
             "0005 0001 ff 0006 0010 20010db8000000000000000000000001 ff00 0001 07"),
      R"("rrtype":"HTTPS","ttl":3600,"svcb":{"priority":1,"target":"","mandatory":[1],"alpn":["h2","h3"],)"
      R"("no_default_alpn":true,"port":443,"ipv4hint":["192.0.2.1"],"ech":"/w==",)"
      R"("ipv6hint":["2001:0db8:0000:0000:0000:0000:0000:0001"],"other":[{"code":65280,"data":"07"}]})");
  EXPECT_EQ(answer("1092", "0102"), R"("rrtype":"4242","ttl":3600,"raw":"0102")");
  EXPECT_EQ(answer("0001", "0102"), R"("rrtype":"A","ttl":3600,"raw":"0102")");
}

// ------------------------------------------------------------------------------------------------ Modbus

/// One exchange of transaction 5 and unit 1: functions and data in hexadecimal.
std::string exchange(std::string_view request, std::string_view reply) {
  const auto frame = [](std::string_view pdu) {
    const std::string body = from_hex(pdu);
    return from_hex("0005 0000 00") + static_cast<char>(body.size() + 1) + from_hex("01") + body;
  };
  const auto lines = records("modbus", Transport::kTcp, {to_server(frame(request)), to_client(frame(reply))});
  EXPECT_EQ(lines.size(), 1u);
  return lines.empty() ? "" : lines[0];
}

TEST(ModbusRecord, ReadOfRegisters) {
  EXPECT_EQ(
      exchange("03 0064 0002", "03 04 4142 0102"),
      R"({"id":1,"request":{"transaction_id":5,"protocol_id":0,"unit_id":1,"function_raw":3,)"
      R"("function_code":"RdHoldRegs","access_type":"READ | HOLDING","category":"PUBLIC_ASSIGNED",)"
      R"("error_flags":"NONE","read":{"address":100,"quantity":2},"function_name":"Read Holding Registers"},)"
      R"("response":{"transaction_id":5,"protocol_id":0,"unit_id":1,"function_raw":3,"function_code":"RdHoldRegs",)"
      R"("access_type":"READ | HOLDING","category":"PUBLIC_ASSIGNED","error_flags":"NONE",)"
      R"("read":{"address":100,"quantity":2,"data":"AB\u0001\u0002","registers":[16706,258]},)"
      R"("function_name":"Read Holding Registers"},"rtt_us":2500})");
}

TEST(ModbusRecord, WhatEachFunctionSays) {
  using ::testing::HasSubstr;
  EXPECT_THAT(exchange("01 0013 000a", "01 02 4d01"),
              HasSubstr(R"("address":19,"quantity":10,"data":"M\u0001",)"
                        R"("bits":[true,false,true,true,false,false,true,false,true,false]})"));
  EXPECT_THAT(
      exchange("05 00ac ff00", "05 00ac ff00"),
      HasSubstr(R"("access_type":"WRITE | COILS | SINGLE | WRITE_SINGLE","category":"PUBLIC_ASSIGNED",)"
                R"("error_flags":"NONE","write":{"address":172,"data":65280})"));
  EXPECT_THAT(
      exchange("10 0001 0002 04 000a 0102", "10 0001 0002"),
      HasSubstr(R"("write":{"address":1,"quantity":2,"data":"\u0000\n\u0001\u0002","registers":[10,258]})"));
  EXPECT_THAT(exchange("16 0004 00f2 0025", "16 0004 00f2 0025"),
              HasSubstr(R"("write":{"address":4,"and_mask":242,"or_mask":37})"));
  EXPECT_THAT(exchange("17 0003 0001 000e 0001 02 00ff", "17 02 00fe"),
              HasSubstr(R"("read":{"address":3,"quantity":1},"write":{"address":14,"quantity":1,)"));
  EXPECT_THAT(exchange("03 0000 0001", "83 02"),
              HasSubstr(R"("exception":{"raw":2,"code":"IllegalDataAddr"})"));
  EXPECT_THAT(exchange("08 0004 0000", "08 0004 0000"),
              HasSubstr(R"("diagnostic":{"raw":4,"code":"ForceListenOnlyMode","data":"\u0000\u0000"})"));
  EXPECT_THAT(exchange("03 0000 0000", "83 03"), HasSubstr(R"("error_flags":"DATA_VALUE")"));
  EXPECT_THAT(
      exchange("5a 00 02", "5a 00 fe"),
      HasSubstr(
          R"("function_code":"Unknown","access_type":"NONE","category":"RESERVED","error_flags":"NONE",)"
          R"("data":"\u0000\u0002","function_name":"UMAS")"));
  EXPECT_THAT(exchange("14 07 06 0004 0001 0002", "14 06 05 06 0dfe 0020"),
              HasSubstr(R"("file_records":[{"file":4,"record":1,"length":2,"data":"0dfe0020"}])"));
  EXPECT_THAT(exchange("15 09 06 0004 0007 0001 06af", "15 09 06 0004 0007 0001 06af"),
              HasSubstr(R"("file_records":[{"file":4,"record":7,"length":1,"data":"06af"}])"));
  EXPECT_THAT(exchange("18 04de", "18 0006 0002 01b8 1284"),
              HasSubstr(R"("fifo":{"address":1246,"values":[440,4740]})"));
  EXPECT_THAT(exchange("2b 0e 01 00", "2b 0e 01 01 00 00 02 00 03 414243 80 01 44"),
              HasSubstr(R"("device":{"read_code":1,"conformity":1,"more_follows":false,"next_object_id":0,)"
                        R"("objects":[{"id":0,"name":"VendorName","value":"ABC"},{"id":128,"value":"D"}]})"));
  EXPECT_THAT(exchange("0c", "0c 08 0000 0108 0121 2000"),
              HasSubstr(R"("events":{"status":0,"event_count":264,"message_count":289,"events":"2000"})"));
  EXPECT_THAT(exchange("0b", "0b ffff 0108"), HasSubstr(R"("events":{"status":65535,"event_count":264})"));
  EXPECT_THAT(exchange("07", "07 6d"), HasSubstr(R"("exception_status":109)"));
  EXPECT_THAT(exchange("11", "11 03 41 42 7e"), HasSubstr(R"("server_id":"AB~")"));
}

}  // namespace
}  // namespace picket::testing
