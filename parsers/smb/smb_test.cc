// SMB as it comes off the wire: messages are put together here byte by byte ([MS-CIFS], [MS-SMB2]), so that
// what is read is held against the documents and not against the parser's own ideas.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/smb/smb_parser.h"
#include "parsers/smb/smb_test_data.h"
#include "tests/support/parser_harness.h"

namespace picket::smb {
namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using namespace picket::smb::wire;
using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

constexpr auto kUp = Direction::kToServer;
constexpr auto kDown = Direction::kToClient;

std::string describe(const Transaction& t) {
  const Tx& tx = as_tx(t);
  std::string out(command_name(tx.version, tx.command).substr(5));
  out = out.substr(out.find('_', 1) + 1);
  if (tx.has_status) {
    const std::string_view name = tx.dos_status && tx.status != 0
                                      ? dos_status_name(static_cast<std::uint8_t>(tx.status),
                                                        static_cast<std::uint16_t>(tx.status >> 16))
                                      : status_name(tx.status);
    out += " " + std::string(name);
  }
  const auto add = [&out](const char* key, const PoolBuffer& b) {
    if (!b.empty()) out += std::string(" ") + key + "=" + picket::testing::printable(b.view());
  };
  add("name", tx.name);
  add("to", tx.to);
  add("share", tx.share);
  if (tx.kind == Kind::kTree) out += tx.is_pipe ? " pipe" : " disk";
  if (tx.delete_on_close) out += " delete";
  if (tx.setup != nullptr) {
    add("user", tx.setup->ntlmssp.user);
    add("domain", tx.setup->ntlmssp.domain);
    add("host", tx.setup->ntlmssp.host);
    add("account", tx.setup->account);
    add("realm", tx.setup->realm);
    add("snames", tx.setup->snames);
    add("os", tx.setup->os);
    add("reply_os", tx.setup->reply_os);
  }
  if (tx.negotiation != nullptr) add("dialects", tx.negotiation->dialects);
  if (tx.kind == Kind::kNegotiate) out += " dialect=" + std::string(tx.dialect.view());
  if (tx.kind == Kind::kIoctl) out += " " + std::string(control_name(tx.code));
  if (tx.kind == Kind::kTrans && tx.command == 0x32) out += " " + std::string(trans2_name(tx.function));
  if (tx.kind == Kind::kEncrypted || tx.kind == Kind::kCompressed)
    out += " messages=" + std::to_string(tx.messages) + " bytes=" + std::to_string(tx.bytes);
  if (tx.call != nullptr) {
    out += " call " + std::to_string(tx.call->id) + " " +
           std::string(dcerpc::pdu_name(tx.call->request.type)) + " " +
           std::string(dcerpc::pdu_name(tx.call->reply.type)) + " opnum=" + std::to_string(tx.call->opnum) +
           " stub=" + picket::testing::printable(tx.call->request.stub.view()) + "|" +
           picket::testing::printable(tx.call->reply.stub.view());
  }
  return out;
}

HarnessOptions options() {
  HarnessOptions o;
  o.files = true;
  o.describe = describe;
  return o;
}

/// Lines, and that neither splits nor truncations matter.
std::vector<std::string> lines(const Conversation& talk, HarnessOptions o = options()) {
  EXPECT_EQ(check_every_split(kSpec, talk, o), "");
  EXPECT_EQ(check_every_truncation(kSpec, talk, o), "");
  return run(kSpec, talk, o);
}

// SMB 2.

const std::string kOpen = create2(1, u16("log.txt"));
std::string opened(std::uint64_t id = 1, std::uint64_t size = 0) { return create_reply2(id, kFile, size); }
/// A file that is open, then `more`, then the file closed.
Conversation with_file(std::vector<testing::Turn> more, std::uint64_t size = 0) {
  Conversation talk = {to_server(nbss(kOpen)), to_client(nbss(opened(1, size)))};
  for (auto& t : more) talk.push_back(std::move(t));
  talk.push_back(to_server(nbss(close2(90, kFile))));
  talk.push_back(to_client(nbss(reply2(90, 6, 0, std::string(60, 0)))));
  return talk;
}
std::string written(std::uint64_t id) {
  return reply2(id, 9, 0, from_hex("1100 0000 04000000 00000000 00000000"));
}

TEST(Smb2, NegotiatesAndLogsOn) {
  const Conversation talk = {
      to_server(nbss(negotiate2(0, {0x0202, 0x0311}))),
      to_client(nbss(negotiate_reply2(0, 0x0311))),
      to_server(nbss(session2(1, ntlmssp3("DOM", "bob", "PC7")))),
      to_client(nbss(reply2(1, 1, 0xc000006d, from_hex("0900 0000 0000 0000")))),
  };
  EXPECT_THAT(
      lines(talk),
      ElementsAre("tx 0 req rep NEGOTIATE_PROTOCOL STATUS_SUCCESS dialects=2.02\\x003.11\\x00 dialect=3.11",
                  "tx 1 req rep SESSION_SETUP STATUS_LOGON_FAILURE user=bob domain=DOM host=PC7"));
}

TEST(Smb2, SessionKeywordsSeeTheUser) {
  HarnessOptions o;
  const auto got = run(kSpec, {to_server(nbss(session2(1, ntlmssp3("D\xc3", "b", "h"))))}, o);
  EXPECT_THAT(got, Contains(HasSubstr("smb.ntlmssp_user=b")));
  EXPECT_THAT(got, Contains(HasSubstr("smb.version=2")));
}

TEST(Smb2, ANtlmsspMessageThatLeadsOutOfItsBlobIsNamed) {
  std::string token = ntlmssp3("DOM", "bob", "PC7");
  token[32] = 127;  // the offset of the domain
  EXPECT_THAT(lines({to_server(nbss(session2(1, token)))}),
              ElementsAre("tx 0 req events=malformed_ntlmssp_request SESSION_SETUP"));
}

TEST(Smb2, KerberosNamesRealmAndService) {
  EXPECT_THAT(lines({to_server(nbss(session2(1, kerberos("LAB.TEST", "cifs", "hall3"))))}),
              ElementsAre("tx 0 req SESSION_SETUP realm=LAB.TEST snames=cifs\\x00hall3\\x00"));
}

TEST(Smb2, TreesHaveAShareOrPipes) {
  const Conversation talk = {
      to_server(nbss(tree2(1, u16("\\\\hall3\\data")))),
      to_client(nbss(tree_reply2(1, 1))),
      to_server(nbss(tree2(2, u16("\\\\hall3\\IPC$")))),
      to_client(nbss(tree_reply2(2, 2))),
  };
  EXPECT_THAT(lines(talk),
              ElementsAre("tx 0 req rep TREE_CONNECT STATUS_SUCCESS name=\\x5c\\x5chall3\\x5cdata disk",
                          "tx 1 req rep TREE_CONNECT STATUS_SUCCESS name=\\x5c\\x5chall3\\x5cIPC$ pipe"));
}

TEST(Smb2, NamesAreUtf8) {
  EXPECT_THAT(run(kSpec, {to_server(nbss(create2(1, from_hex("e400 3dd8 00de 00d8"))))}, options()),
              ElementsAre("tx 0 req CREATE name=\\xc3\\xa4\\xf0\\x9f\\x98\\x80\\xef\\xbf\\xbd"));
}

TEST(Smb2, AFileIsReadInOrder) {
  const auto talk =
      with_file({to_server(nbss(read2(2, kFile, 0, 4))), to_client(nbss(read_reply2(2, "abcd"))),
                 to_server(nbss(read2(3, kFile, 4, 4))), to_client(nbss(read_reply2(3, "ef")))},
                6);
  EXPECT_THAT(
      lines(talk),
      ElementsAre("tx 0 req rep CREATE STATUS_SUCCESS name=log.txt", "file < log.txt [abcdef] complete",
                  "tx 1 req rep READ STATUS_SUCCESS name=log.txt", "tx 2 req rep CLOSE STATUS_SUCCESS"));
}

TEST(Smb2, AFileReadInPartIsTruncated) {
  const auto talk =
      with_file({to_server(nbss(read2(2, kFile, 0, 4))), to_client(nbss(read_reply2(2, "abcd")))}, 100);
  EXPECT_THAT(run(kSpec, talk, options()), Contains("file < log.txt [abcd] truncated"));
}

TEST(Smb2, WritesOutOfOrderArePutInOrder) {
  const auto talk =
      with_file({to_server(nbss(write2(2, kFile, 8, "CCCC"))), to_server(nbss(write2(3, kFile, 4, "BBBB"))),
                 to_server(nbss(write2(4, kFile, 0, "AAAA"))), to_client(nbss(written(2)))});
  EXPECT_THAT(lines(talk), Contains("file > log.txt [AAAABBBBCCCC] complete"));
}

TEST(Smb2, OverlapsAreNamedAndTheFirstBytesCount) {
  const auto talk =
      with_file({to_server(nbss(write2(2, kFile, 0, "abcd"))), to_server(nbss(write2(3, kFile, 2, "XXYY"))),
                 to_server(nbss(write2(4, kFile, 0, "Z")))});
  const auto got = lines(talk);
  EXPECT_THAT(got, Contains("file > log.txt [abcdYY] complete"));
  EXPECT_THAT(got, Contains("tx 1 req events=file_overlap WRITE name=log.txt"));
}

TEST(Smb2, WhatWaitsIsBoundedAndAHoleBecomesAGap) {
  HarnessOptions o = options();
  o.limits["max-write-queue-size"] = 8;
  const auto talk =
      with_file({to_server(nbss(write2(2, kFile, 4, "BBBB"))), to_server(nbss(write2(3, kFile, 12, "DDDD"))),
                 to_server(nbss(write2(4, kFile, 20, "FFFF")))});
  const auto got = lines(talk, o);
  EXPECT_THAT(got, Contains("file > log.txt [<4 missing>BBBB<4 missing>DDDD<4 missing>FFFF] truncated"));
  EXPECT_THAT(got, Contains("tx 1 req events=write_queue_size_exceeded WRITE name=log.txt"));
  o.limits["max-write-queue-size"] = 1000;
  o.limits["max-write-queue-cnt"] = 1;
  EXPECT_THAT(lines(talk, o), Contains("tx 1 req events=write_queue_cnt_exceeded WRITE name=log.txt"));
}

TEST(Smb2, HolesOfAClosedFileAreGaps) {
  const auto talk =
      with_file({to_server(nbss(write2(2, kFile, 0, "AA"))), to_server(nbss(write2(3, kFile, 5, "BB")))});
  EXPECT_THAT(lines(talk), Contains("file > log.txt [AA<3 missing>BB] truncated"));
}

TEST(Smb2, AGapInPayloadIsPartOfTheFile) {
  const std::string write = nbss(write2(2, kFile, 0, "0123456789"));
  const auto talk =
      with_file({to_server(write.substr(0, write.size() - 6)), gap(kUp, 4),
                 to_server(write.substr(write.size() - 2)), to_server(nbss(write2(3, kFile, 10, "ab")))});
  EXPECT_THAT(run(kSpec, talk, options()), Contains("file > log.txt [0123<4 missing>89ab] truncated"));
}

TEST(Smb2, BehindAGapTheNextRecordIsFound) {
  const std::string write = nbss(write2(2, kFile, 0, "0123456789"));
  const auto talk = with_file({to_server(write.substr(0, 50)), gap(kUp, 20), to_server("xyzSMB\xfeSMB"),
                               to_server(nbss(write2(3, kFile, 0, "ab")))});
  const auto got = lines(talk);
  EXPECT_THAT(got, Contains("event > gap"));
  EXPECT_THAT(got, Contains("file > log.txt [ab] complete"));
}

TEST(Smb2, CommandsInAChainGoByTheFileBefore) {
  const Conversation talk = {
      to_server(nbss(chain({create2(1, u16("c.txt")), related(write2(2, kRelated, 0, "data")),
                            related(close2(3, kRelated))}))),
      to_client(nbss(chain({create_reply2(1, kFile, 0), written(2), reply2(3, 6, 0, std::string(60, 0))}))),
  };
  EXPECT_THAT(
      lines(talk),
      ElementsAre("tx 0 req rep CREATE STATUS_SUCCESS name=c.txt", "file > c.txt [data] complete",
                  "tx 1 req rep WRITE STATUS_SUCCESS name=c.txt", "tx 2 req rep CLOSE STATUS_SUCCESS"));
}

TEST(Smb2, AnInterimReplyIsNotTheReply) {
  const Conversation talk = {
      to_server(nbss(ioctl2(5, 0x00110018, kFile, ""))),
      to_client(nbss(async(reply2(5, 11, 0x103, std::string(9, 0))))),
      to_client(nbss(async(reply2(5, 11, 0xc00000b5, std::string(9, 0))))),
  };
  EXPECT_THAT(lines(talk), ElementsAre("tx 0 req rep IOCTL STATUS_IO_TIMEOUT FSCTL_PIPE_WAIT"));
}

TEST(Smb2, RenamesAndDeletionsAreTold) {
  const auto talk = with_file(
      {to_server(nbss(rename2(2, kFile, u16("new.txt")))), to_client(nbss(reply2(2, 17, 0, le(2, 2)))),
       to_server(nbss(delete2(3, kFile))), to_client(nbss(reply2(3, 17, 0xc0000022, le(2, 2))))});
  const auto got = lines(talk);
  EXPECT_THAT(got, Contains("tx 1 req rep SET_INFO STATUS_SUCCESS name=log.txt to=new.txt"));
  EXPECT_THAT(got, Contains("tx 2 req rep SET_INFO STATUS_ACCESS_DENIED name=log.txt delete"));
}

TEST(Smb2, EncryptionAndCompressionAreTold) {
  const std::string sealed = from_hex("fd534d42") + std::string(16 + 16, 1) + le(100, 4) + le(0, 2) +
                             le(1, 2) + le(77, 8) + std::string(100, 'x');
  const std::string packed =
      from_hex("fc534d42") + le(500, 4) + le(2, 2) + le(0, 2) + le(0, 4) + std::string(30, 'y');
  const Conversation talk = {to_server(nbss(sealed)), to_client(nbss(sealed)), to_server(nbss(sealed)),
                             to_server(nbss(packed))};
  EXPECT_THAT(lines(talk), ElementsAre(HasSubstr("tx 0 req rep"), HasSubstr("messages=1 bytes=46")));
  EXPECT_THAT(run(kSpec, talk, options())[0], HasSubstr("messages=3 bytes=456"));
}

TEST(Smb2, CallsOverAPipe) {
  const std::string bind = rpc_bind(1, 0), ack = rpc_bind_ack(1);
  const std::string half = rpc_request(2, 0x01, 15, "abc"), rest = rpc_request(2, 0x02, 15, "def");
  Conversation talk = {
      to_server(nbss(tree2(80, u16("\\\\h\\IPC$")))),
      to_client(nbss(tree_reply2(80, 2))),
      to_server(nbss(create2(1, u16("srvsvc")))),
      to_client(nbss(opened())),
      to_server(nbss(write2(2, kFile, 0, bind))),
      to_client(nbss(written(2))),
      to_server(nbss(read2(3, kFile, 0, 1024))),
      to_client(nbss(read_reply2(3, ack))),
      to_server(nbss(write2(4, kFile, 0, half))),
      to_client(nbss(written(4))),
      to_server(nbss(ioctl2(5, 0x0011c017, kFile, rest))),
      to_client(nbss(ioctl_reply2(5, 0x0011c017, kFile, rpc_response(2, "ghi")))),
  };
  EXPECT_THAT(lines(talk),
              ElementsAre(HasSubstr("TREE_CONNECT"), HasSubstr("name=srvsvc"),
                          "tx 2 req rep WRITE STATUS_SUCCESS name=srvsvc call 1 BIND BINDACK opnum=0 stub=|",
                          "tx 3 req rep WRITE STATUS_SUCCESS name=srvsvc call 2 REQUEST RESPONSE opnum=15 "
                          "stub=abcdef|ghi"));
}

TEST(Smb2, APipeOfSomethingElseIsFollowedLikeAFile) {
  Conversation talk = {
      to_server(nbss(tree2(80, u16("\\\\h\\IPC$")))), to_client(nbss(tree_reply2(80, 2))),
      to_server(nbss(create2(1, u16("stdout")))),     to_client(nbss(opened())),
      to_server(nbss(read2(3, kFile, 0, 1024))),      to_client(nbss(read_reply2(3, "one "))),
      to_server(nbss(read2(4, kFile, 0, 1024))),      to_client(nbss(read_reply2(4, "two"))),
  };
  EXPECT_THAT(lines(talk), Contains("file < stdout [one two] truncated"));
}

TEST(Smb2, TooManyRequestsGiveTheOldestUp) {
  HarnessOptions o = options();
  o.limits["max-tx"] = 4;
  ParserRun r(kSpec, o);
  for (std::uint64_t i = 0; i < 10; ++i) r.feed(kUp, nbss(create2(i, u16("f"))));
  EXPECT_EQ(r.lines().size(), 6U);
  EXPECT_EQ(r.events().at("too_many_transactions"), 6U);
  r.close();
  EXPECT_THAT(r.violations(), ElementsAre());
}

TEST(Smb2, TooManyFilesGiveUpTheOneNotUsedForLongest) {
  HarnessOptions o = options();
  o.limits["max-files"] = 2;
  ParserRun r(kSpec, o);
  for (std::uint64_t i = 0; i < 4; ++i) {
    r.feed(kUp, nbss(create2(i, u16("f"))));
    r.feed(kDown, nbss(create_reply2(i, {i, i}, 0)));
  }
  EXPECT_EQ(r.events().at("too_many_files"), 2U);
  r.close();
  EXPECT_THAT(r.violations(), ElementsAre());
}

TEST(Smb2, WrongDirectionsAreNamed) {
  EXPECT_THAT(lines({to_client(nbss(kOpen)), to_server(nbss(opened()))}),
              ElementsAre("event < request_to_client", "event > response_to_server"));
}

TEST(Smb2, AChainThatLeadsOutOfItsRecordIsNamed) {
  std::string bad = kOpen;
  bad[20] = 127, bad[21] = 127;  // NextCommand
  EXPECT_THAT(lines({to_server(nbss(bad))}),
              ElementsAre("event > record_overflow", "tx 0 req CREATE name=log.txt"));
}

TEST(Smb2, PayloadThatLeadsOutOfItsMessageIsNamed) {
  std::string bad = write2(2, kFile, 0, "data");
  bad[64 + 4] = 5;  // Length
  EXPECT_THAT(lines({to_server(nbss(bad))}), ElementsAre("event > malformed_data"));
}

TEST(Smb1, PayloadThatLeadsOutOfItsMessageIsNamed) {
  std::string bad = write_andx1(2, 0x4004, 0, "data");
  bad[32 + 1 + 20] = 5;  // DataLength
  EXPECT_THAT(
      lines({to_server(nbss(bad))}),
      ElementsAre("event > malformed_data", "file > <unknown> [data] truncated", "tx 0 req WRITE_ANDX"));
}

TEST(Smb2, LongListingsAreSkippedWithoutBeingKept) {
  ParserRun r(kSpec, options());
  r.feed(kUp, nbss(find2(1, kFile, u16("*"))));
  const std::string reply = nbss(reply2(1, 14, 0, std::string(300000, 'x')));
  for (std::size_t i = 0; i < reply.size(); i += 1400) {
    r.feed(kDown, std::string_view(reply).substr(i, 1400));
    EXPECT_LT(r.pending(kDown), 200U);
  }
  EXPECT_EQ(r.overflows(), 0U);
  EXPECT_THAT(r.lines(), ElementsAre("tx 0 req rep FIND STATUS_SUCCESS name=*"));
}

TEST(Smb2, LargePayloadIsNotKept) {
  HarnessOptions o = options();
  o.pool_bytes = 2 << 20;
  ParserRun r(kSpec, o);
  r.feed(kUp, nbss(create2(1, u16("big"))));
  r.feed(kDown, nbss(opened()));
  const std::string write = nbss(write2(2, kFile, 0, std::string(8 << 20, 'x')));
  for (std::size_t i = 0; i < write.size(); i += 1400) r.feed(kUp, std::string_view(write).substr(i, 1400));
  EXPECT_LT(r.pool().in_use_bytes(), 100000U);
  EXPECT_EQ(r.overflows(), 0U);
}

// SMB 1.

TEST(Smb1, NegotiatesAndLogsOn) {
  const Conversation talk = {
      to_server(nbss(smb1(0x72, 1, false, "", std::string("\2LANMAN1.0\0\2NT LM 0.12\0", 23)))),
      to_client(
          nbss(smb1(0x72, 1, true, le(1, 2) + std::string(17, 0) + le(0x80000000, 4) + std::string(11, 0),
                    std::string(16, 7)))),
      to_server(
          nbss(smb1(0x73, 2, false,
                    andx() + std::string(10, 0) + le(ntlmssp3("D", "u", "h").size(), 2) + std::string(8, 0),
                    ntlmssp3("D", "u", "h") + "Unix" + '\0' + "Samba" + '\0'))),
      to_client(nbss(smb1(0x73, 2, true, andx() + le(0, 2) + le(0, 2), std::string("Windows\0LM\0", 11)))),
  };
  EXPECT_THAT(
      lines(talk),
      ElementsAre("tx 0 req rep NEGOTIATE_PROTOCOL STATUS_SUCCESS dialects=LANMAN1.0\\x00NT LM 0.12\\x00 "
                  "dialect=NT LM 0.12",
                  "tx 1 req rep SESSION_SETUP_ANDX STATUS_SUCCESS user=u domain=D host=h os=Unix "
                  "reply_os=Windows"));
}

TEST(Smb1, CommandsInAChain) {
  // A log on without NTLMSSP, and a tree connect behind it.
  const std::string setup_bytes = std::string("pw") + "bob" + '\0' + "DOM" + '\0' + "OS" + '\0' + "LM" + '\0';
  const std::size_t next = 32 + 1 + 26 + 2 + setup_bytes.size();
  const std::string chained =
      smb1(0x73, 1, false, andx(0x75, next) + std::string(10, 0) + le(2, 2) + le(0, 2) + std::string(8, 0),
           setup_bytes) +
      block1(andx() + le(0, 2) + le(1, 2), std::string("p\\\\H\\IPC$\0IPC\0", 14));
  EXPECT_THAT(lines({to_server(nbss(chained))}),
              ElementsAre("tx 0 req SESSION_SETUP_ANDX account=bob os=OS",
                          "tx 1 req TREE_CONNECT_ANDX name=\\x5c\\x5cH\\x5cIPC$ pipe"));
}

TEST(Smb1, AChainThatGoesBackEnds) {
  EXPECT_THAT(lines({to_server(nbss(smb1(0x75, 1, false, andx(0x75, 32) + le(0, 4), "")))}),
              ElementsAre("event > malformed_data", "tx 0 req TREE_CONNECT_ANDX disk"));
}

TEST(Smb1, DosErrorsHaveNames) {
  const Conversation talk = {to_server(nbss(smb1(0x71, 1, false, "", ""))),
                             to_client(nbss(smb1(0x71, 1, true, "", "", 0x005b0002, 0)))};
  EXPECT_THAT(lines(talk), ElementsAre("tx 0 req rep TREE_DISCONNECT SRV_BADUID"));
}

TEST(Smb1, AFileIsWrittenAndRead) {
  const Conversation talk = {
      to_server(nbss(nt_create1(1, "\\a.txt"))),
      to_client(nbss(nt_create_reply1(1, 0x4004, 4))),
      to_server(nbss(write_andx1(2, 0x4004, 0, "data"))),
      to_client(nbss(smb1(0x2f, 2, true, andx() + le(4, 2) + std::string(6, 0), ""))),
      to_server(
          nbss(smb1(0x2e, 3, false, andx() + le(0x4004, 2) + le(0, 4) + le(4, 2) + std::string(8, 0), ""))),
      to_client(nbss(read_andx_reply1(3, "data"))),
      to_server(nbss(smb1(0x04, 4, false, le(0x4004, 2) + le(0, 4), ""))),
      to_client(nbss(smb1(0x04, 4, true, "", ""))),
  };
  EXPECT_THAT(lines(talk), ElementsAre("tx 0 req rep NT_CREATE_ANDX STATUS_SUCCESS name=\\x5ca.txt",
                                       "file > \\x5ca.txt [data] complete",
                                       "tx 1 req rep WRITE_ANDX STATUS_SUCCESS name=\\x5ca.txt",
                                       "file < \\x5ca.txt [data] complete",
                                       "tx 2 req rep READ_ANDX STATUS_SUCCESS name=\\x5ca.txt",
                                       "tx 3 req rep CLOSE STATUS_SUCCESS"));
}

TEST(Smb1, PaddingBeforePayloadIsNotPayload) {
  EXPECT_THAT(lines({to_server(nbss(write_andx1(2, 0x4004, 0, "data", 40)))}),
              Contains("file > <unknown> [data] truncated"));
}

TEST(Smb1, CallsOverTransactions) {
  const Conversation talk = {
      to_server(
          nbss(smb1(0x75, 8, false, andx() + le(0, 2) + le(1, 2), std::string("p\\\\H\\IPC$\0IPC\0", 14)))),
      to_client(nbss(smb1(0x75, 8, true, andx() + le(0, 2), std::string("IPC\0\0", 5)))),
      to_server(nbss(nt_create1(1, "\\srvsvc"))),
      to_client(nbss(nt_create_reply1(1, 0x4000, 0))),
      to_server(nbss(trans1(2, 0x4000, rpc_bind(1, 0)))),
      to_client(nbss(trans_reply1(2, rpc_bind_ack(1)))),
      to_server(nbss(trans1(3, 0x4000, rpc_request(2, 3, 16, "in")))),
      to_client(nbss(trans_reply1(3, rpc_response(2, "out")))),
  };
  EXPECT_THAT(lines(talk),
              Contains("tx 3 req rep TRANS STATUS_SUCCESS name=\\x5csrvsvc call 2 REQUEST RESPONSE opnum=16 "
                       "stub=in|out"));
}

// Framing.

TEST(Smb, IsKnownByItsFirstBytes) {
  const auto ask = [](std::string_view first, Direction dir = kUp) {
    return probe(Transport::kTcp, dir, as_bytes(first));
  };
  EXPECT_EQ(ask(nbss(kOpen)), Probe::kYes);
  EXPECT_EQ(ask(nbss(opened()), kDown), Probe::kYes);
  EXPECT_EQ(ask(std::string_view("\0\0\0", 3)), Probe::kUnsure);
  EXPECT_EQ(ask(std::string_view("\0\0\0\x85\xffSMX", 8)), Probe::kNo);
  EXPECT_EQ(ask(std::string_view("\0\0\0\x02\xffSMB", 8)), Probe::kNo) << "too short for a header";
  EXPECT_EQ(ask("GET / HTTP/1.1"), Probe::kNo);
  const std::string name = " " + std::string(32, 'A') + '\0';
  EXPECT_EQ(ask(from_hex("81000044") + name + name), Probe::kYes);
  EXPECT_EQ(ask(from_hex("81000044") + " CKAB1"), Probe::kNo);
  EXPECT_EQ(ask(from_hex("82000000"), kDown), Probe::kUnsure);
  EXPECT_EQ(ask(from_hex("82000000") + nbss(opened()), kDown), Probe::kYes);
}

TEST(Smb, ANetbiosSessionComesFirst) {
  const std::string name = " " + std::string(32, 'A') + '\0';
  const Conversation talk = {to_server(from_hex("81000044") + name + name + nbss(kOpen)),
                             to_client(from_hex("82000000") + nbss(opened()) + from_hex("85000000"))};
  EXPECT_THAT(lines(talk), ElementsAre("tx 0 req rep CREATE STATUS_SUCCESS name=log.txt"));
}

TEST(Smb, WhatIsNoRecordIsNamedAndTheNextOneFound) {
  const Conversation talk = {to_server("\x7fgarbage" + nbss(kOpen))};
  EXPECT_THAT(lines(talk), ElementsAre("event > malformed_data", "tx 0 req CREATE name=log.txt"));
}

TEST(Smb, ARecordOfSomethingElseIsSkipped) {
  EXPECT_THAT(lines({to_server(nbss("something else") + nbss(kOpen))}),
              ElementsAre("event > malformed_data", "tx 0 req CREATE name=log.txt"));
}

TEST(Smb, NamesOfNumbers) {
  EXPECT_EQ(status_name(0xc0000016), "STATUS_MORE_PROCESSING_REQUIRED");
  EXPECT_EQ(status_name(1), "");
  EXPECT_EQ(command_name(1, 0xa2), "SMB1_COMMAND_NT_CREATE_ANDX");
  EXPECT_EQ(command_name(2, 19), "");
  EXPECT_EQ(control_name(0x0011c017), "FSCTL_PIPE_TRANSCEIVE");
  EXPECT_EQ(disposition_name(5), "FILE_OVERWRITE_IF");
  EXPECT_EQ(dos_status_name(1, 5), "DOS_ACCESS_DENIED");
}

}  // namespace
}  // namespace picket::smb
