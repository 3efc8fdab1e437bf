// Who speaks what: each side on its own, before and behind a change of protocols.
#include "dataplane/app/app_layer.h"

#include <gtest/gtest.h>

#include <string>

namespace picket {
namespace {

constexpr auto kUp = Direction::kToServer, kDown = Direction::kToClient;
constexpr std::string_view kClientHello(
    "\x16\x03\x01\x00\x2d\x01\x00\x00\x29\x03\x03"
    "0123456789abcdef0123456789abcdef\x00\x00\x02\x00\x2f\x01\x00",
    50);

class AppLayerTest : public ::testing::Test, private AppListener {
 public:
  AppLayerTest() {
    flow_.key.low_port = 1234;
    flow_.key.high_port = 4321;
  }
  ~AppLayerTest() override { engine_.close(flow_, 1); }

  AppLayerTest& send(Direction dir, std::string_view bytes) {
    engine_.identify(flow_, dir, as_bytes(bytes));
    engine_.on_stream(flow_, dir, as_bytes(bytes), offset_[index(dir)], 1);
    offset_[index(dir)] += bytes.size();
    return *this;
  }
  /// "http, of the server ssh, before it smtp"
  [[nodiscard]] std::string spoken() const {
    const auto name = [](ProtocolId id) {
      return id == kNoProtocol ? std::string("none") : std::string(protocols()[id]->name);
    };
    std::string s = name(flow_.protocol);
    if (flow_.other_protocol != kNoProtocol) {
      s += (flow_.flags & flow_flag::kOtherIsReply) != 0 ? ", of the server " : ", of the client ";
      s += name(flow_.other_protocol);
    }
    if (flow_.first_protocol != kNoProtocol) s += ", before it " + name(flow_.first_protocol);
    return s;
  }

  void want_frames(std::string_view protocol, std::string_view frame) {
    FrameWants wants{};
    const ProtocolId id = find_protocol(protocol);
    const auto frames = protocols()[id]->frames;
    for (std::size_t i = 0; i < frames.size(); ++i) {
      if (frames[i].name == frame) wants[id] |= std::uint32_t{1} << i;
    }
    engine_.want_frames(wants);
  }
  void close() { engine_.close(flow_, 1); }

  Flow flow_;
  std::string odd_, frames_;
  std::array<std::uint64_t, 2> offset_{};

 private:
  void on_advance(Flow&, ProtocolId, Transaction&, Direction, std::uint8_t) noexcept override {}
  void on_file(Flow&, ProtocolId, File&, FileStage) noexcept override {}
  void on_done(Flow&, ProtocolId, Transaction&) noexcept override {}
  void on_app_event(Flow&, ProtocolId, Direction, std::uint8_t, Transaction*) noexcept override {}
  void on_protocol(Flow&) noexcept override {}
  void on_frame(Flow&, ProtocolId, const FrameLook& l) noexcept override {
    frames_ += "[" + std::string(as_text(l.data)) + "]";
  }
  void on_odd_protocol(Flow&, AppEvent e) noexcept override {
    odd_ += std::string(kAppEvents[static_cast<std::size_t>(e)].name.substr(9)) + " ";
  }

  Pool pool_{16 << 20};
  AppEngine engine_{default_app_config(), pool_, *this};
};

TEST_F(AppLayerTest, BothSidesSpeakTheSame) {
  send(kUp, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").send(kDown, "HTTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(spoken(), "http");
  EXPECT_EQ(odd_, "");
}

TEST_F(AppLayerTest, EachSideSpeaksAnother) {
  send(kUp, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").send(kDown, "SSH-2.0-OpenSSH_9.2\r\n").send(kDown, "more");
  EXPECT_EQ(spoken(), "http, of the server ssh");
  EXPECT_EQ(odd_, "mismatch_protocol_both_directions ");
}

TEST_F(AppLayerTest, AShortFirstSegmentSaysTooLittle) {
  send(kUp, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").send(kDown, "S").send(kDown, "SH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(spoken(), "http, of the server ssh");
  EXPECT_EQ(odd_, "mismatch_protocol_both_directions ");
}

TEST_F(AppLayerTest, AShortFirstSegmentThatFits) {
  send(kUp, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").send(kDown, "H").send(kDown, "TTP/1.1 200 OK\r\n\r\n");
  EXPECT_EQ(spoken(), "http");
  EXPECT_EQ(odd_, "");
}

TEST_F(AppLayerTest, FramesTakeWhatWaitsWhenTheFlowEnds) {
  want_frames("smtp", "command_line");
  send(kDown, "220 mail.example ESMTP\r\n").send(kUp, "EHLO c.example\r\n").send(kDown, "250 hi\r\n");
  frames_.clear();
  send(kUp, "MAIL FROM:<a").close();
  EXPECT_EQ(frames_, "[MAIL FROM:<a]");
}

TEST_F(AppLayerTest, AMailThatTheServerRefusesHasNoMoreData) {
  want_frames("smtp", "data");
  send(kDown, "220 mail.example ESMTP\r\n").send(kUp, "EHLO c.example\r\n").send(kDown, "250 hi\r\n");
  send(kUp, "MAIL FROM:<a@x>\r\n").send(kDown, "250 ok\r\n");
  send(kUp, "RCPT TO:<b@x>\r\n").send(kDown, "250 ok\r\n");
  send(kUp, "DATA\r\nSubject: s\r\n").send(kDown, "554 no\r\n").send(kUp, "QUIT\r\n").close();
  EXPECT_EQ(frames_, "[Subject: s\r\n]");
}

TEST_F(AppLayerTest, OneSideSpeaksNothingKnown) {
  send(kUp, "GET / HTTP/1.1\r\nHost: h\r\n\r\n").send(kDown, std::string(64, '\xfe'));
  EXPECT_EQ(spoken(), "http");
  EXPECT_EQ(odd_, "detect_protocol_only_one_direction ");
}

TEST_F(AppLayerTest, WhatWasSaidBeforeIsNotHeldAgainstIt) {
  send(kDown, "Hello.\r\n").send(kUp, "SSH-2.0-PuTTY\r\n").send(kDown, "SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(spoken(), "ssh");
  EXPECT_EQ(odd_, "");
}

TEST_F(AppLayerTest, AConnectionJoinedLateHasNoBeginning) {
  send(kUp, "GET / HTTP/1.1\r\nHost: h\r\n\r\n");
  flow_.flags |= flow_flag::kMidstream;
  send(kDown, "SSH-2.0-OpenSSH_9.2\r\n");
  EXPECT_EQ(odd_, "");
}

TEST_F(AppLayerTest, StartTls) {
  send(kDown, "220 mail.example ESMTP\r\n").send(kUp, "EHLO c.example\r\n").send(kDown, "250 STARTTLS\r\n");
  send(kUp, "STARTTLS\r\n").send(kDown, "220 go ahead\r\n").send(kUp, kClientHello);
  EXPECT_EQ(spoken(), "tls, before it smtp");
  EXPECT_EQ(odd_, "");
}

TEST_F(AppLayerTest, NoTlsBehindStartTls) {
  send(kDown, "220 mail.example ESMTP\r\n").send(kUp, "EHLO c.example\r\n").send(kDown, "250 STARTTLS\r\n");
  send(kUp, "STARTTLS\r\n").send(kDown, "220 go ahead\r\n").send(kUp, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(odd_, "no_tls_after_starttls ");
}

TEST_F(AppLayerTest, NoTlsBehindStartTlsInShortSegments) {
  send(kDown, "220 mail.example ESMTP\r\n").send(kUp, "EHLO c.example\r\n").send(kDown, "250 STARTTLS\r\n");
  send(kUp, "STARTTLS\r\n")
      .send(kDown, "220 go ahead\r\n")
      .send(kUp, "\x16")
      .send(kUp, "GET / HTTP/1.1\r\n\r\n");
  EXPECT_EQ(odd_, "no_tls_after_starttls ");
}

TEST_F(AppLayerTest, WhatFitsNothingAtOnceIsNoOddity) {
  send(kUp, std::string(4096, '\xfe')).send(kUp, std::string(4096, '\xfe'));
  EXPECT_EQ(spoken(), "none");
  EXPECT_EQ(odd_, "");
}

}  // namespace
}  // namespace picket
