// HTTP/2 connections, frame by frame, against RFC 9113.
#include "parsers/http2/http2.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/compress.h"
#include "tests/support/parser_harness.h"

namespace picket::http2 {
extern const ProtocolSpec kSpec;

namespace {

using picket::testing::check_every_split;
using picket::testing::check_every_truncation;
using picket::testing::Conversation;
using picket::testing::end;
using picket::testing::from_hex;
using picket::testing::gap;
using picket::testing::gzip;
using picket::testing::HarnessOptions;
using picket::testing::ParserRun;
using picket::testing::printable;
using picket::testing::run;
using picket::testing::to_client;
using picket::testing::to_server;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Not;

constexpr auto kUp = Direction::kToServer;
constexpr auto kDown = Direction::kToClient;
constexpr int kEndStream = 1, kAck = 1, kEndHeaders = 4, kPadded = 8, kHasPriority = 0x20;

std::string big_endian(std::uint64_t n, int bytes) {
  std::string s;
  for (int shift = 8 * (bytes - 1); shift >= 0; shift -= 8) s.push_back(static_cast<char>(n >> shift));
  return s;
}
std::string frame(int type, int flags, std::uint32_t stream, std::string_view payload) {
  return big_endian(payload.size(), 3) + static_cast<char>(type) + static_cast<char>(flags) +
         big_endian(stream, 4) + std::string(payload);
}
/// A string without the Huffman code, up to 126 bytes and beyond.
std::string text(std::string_view s) {
  std::string out;
  if (s.size() < 127) return static_cast<char>(s.size()) + std::string(s);
  out.push_back(127);
  std::size_t rest = s.size() - 127;
  for (; rest >= 128; rest /= 128) out.push_back(static_cast<char>(rest % 128 + 128));
  out.push_back(static_cast<char>(rest));
  return out + std::string(s);
}
/// A field that is not kept in the table.
std::string field(std::string_view name, std::string_view value) {
  return std::string(1, '\0') + text(name) + text(value);
}
using Fields = std::vector<std::pair<std::string, std::string>>;
std::string block(const Fields& fields) {
  std::string out;
  for (const auto& [n, v] : fields) out += field(n, v);
  return out;
}
std::string headers(std::uint32_t stream, const Fields& fields, int flags = kEndStream) {
  return frame(1, flags | kEndHeaders, stream, block(fields));
}
std::string get(std::uint32_t stream, std::string_view path = "/") {
  return headers(
      stream,
      {{":method", "GET"}, {":scheme", "http"}, {":authority", "h.example"}, {":path", std::string(path)}});
}
std::string ok(std::uint32_t stream, std::string_view body) {
  return headers(stream, {{":status", "200"}}, 0) + frame(0, kEndStream, stream, body);
}
std::string settings(std::initializer_list<std::pair<int, std::uint32_t>> all) {
  std::string s;
  for (const auto& [id, value] : all)
    s += big_endian(static_cast<std::uint64_t>(id), 2) + big_endian(value, 4);
  return frame(4, 0, 0, s);
}
const std::string kMagic = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const std::string kHello = kMagic + frame(4, 0, 0, "");
const std::string kWelcome = frame(4, 0, 0, "");

std::string buffer(const Transaction& tx, Direction dir, std::string_view name) {
  std::string out;
  for (const BufferDef& b : kSpec.buffers) {
    Bytes value;
    if (b.name != name || b.progress[index(dir)] == kNever) continue;
    for (unsigned i = 0; b.get(tx, dir, i, value); ++i) out += (i == 0 ? "" : "|") + printable(value);
  }
  return out;
}
std::string number(const Transaction& tx, Direction dir, std::string_view name) {
  std::string out;
  for (const IntegerDef& b : kSpec.integers) {
    std::uint64_t value = 0;
    if (b.name != name) continue;
    for (unsigned i = 0; b.get(tx, dir, i, value); ++i) out += (i == 0 ? "" : ",") + std::to_string(value);
  }
  return out;
}

/// "1 GET / 200 [request body] [reply body]", or "0 types of frames" of the connection.
std::string brief(const Transaction& t) {
  const Tx& tx = as_tx(t);
  std::string out = std::to_string(tx.stream_id);
  if (!tx.has_request && !tx.has_reply)
    return out + " frames " + number(t, kUp, "http2.frametype") + "/" + number(t, kDown, "http2.frametype") +
           (tx.silent ? " silent" : "");
  return out + " " + buffer(t, kUp, "http.method") + " " + buffer(t, kUp, "http.uri") + " " +
         buffer(t, kDown, "http.stat_code") + " [" + buffer(t, kUp, "http.request_body") + "] [" +
         buffer(t, kDown, "http.response_body") + "]" + (tx.side[0].truncated ? " cut>" : "") +
         (tx.side[1].truncated ? " cut<" : "");
}
HarnessOptions briefly() {
  HarnessOptions o;
  o.describe = brief;
  return o;
}
/// Streams and events; of frames of the connection only those with something to say.
std::vector<std::string> streams(const Conversation& talk, HarnessOptions o = briefly()) {
  std::vector<std::string> out;
  for (const std::string& l : run(kSpec, talk, o)) {
    if (l.find(" silent") == std::string::npos && l.find("0 frames 4/") == std::string::npos &&
        l.find("0 frames /4") == std::string::npos) {
      out.push_back(l);
    }
  }
  return out;
}
/// Names of what was odd, sorted, blanks between them.
std::string events(const Conversation& talk, HarnessOptions o = {}) {
  ParserRun r(kSpec, o);
  for (const auto& turn : talk) {
    r.play(turn);
    r.next_turn();
  }
  r.close();
  EXPECT_TRUE(r.violations().empty()) << r.violations().front();
  std::string out;
  for (const auto& [name, n] : r.events()) out += (out.empty() ? "" : " ") + name;
  return out;
}
/// Of a client's bytes behind its beginning, with the server's settings there.
std::string odd(std::string_view client, std::string_view server = "", HarnessOptions o = {}) {
  return events({to_server(kHello), to_client(kWelcome), to_server(client), to_client(server)}, o);
}

/// The first stream's buffer.
std::string one(std::string_view client, std::string_view server, Direction dir, std::string name) {
  HarnessOptions o;
  std::string out;
  o.describe = [&](const Transaction& t) {
    if (as_tx(t).stream_id != 0 && out.empty()) out = buffer(t, dir, name);
    return std::string();
  };
  run(kSpec, {to_server(kHello), to_client(kWelcome), to_server(client), to_client(server)}, o);
  return out;
}

const Conversation kTalk = {
    to_server(kMagic + settings({{1, 8192}, {2, 0}, {3, 100}})),
    to_client(settings({{3, 50}}) + frame(4, kAck, 0, "")),
    to_server(frame(4, kAck, 0, "") +
              frame(1, kEndStream | kEndHeaders | kHasPriority | kPadded, 1,
                    "\x03" + big_endian(0, 4) + "\xff" +
                        block({{":method", "GET"},
                               {":scheme", "http"},
                               {":path", "/p%61th/./x?q=1"},
                               {":authority", "Www.Example.COM:8080"},
                               {"user-agent", "ua/2"},
                               {"cookie", "a=1"},
                               {"cookie", "b=2"}}) +
                        "pad") +
              frame(8, 0, 0, big_endian(1000, 4)) + frame(6, 0, 0, "12345678")),
    to_server(
        headers(3, {{":method", "POST"}, {":scheme", "http"}, {":path", "/up"}, {":authority", "h"}}, 0) +
        frame(0, kPadded, 3,
              "\x02"
              "first"
              "pp") +
        frame(0, kEndStream, 3, "second")),
    to_client(frame(6, kAck, 0, "12345678") + headers(3, {{":status", "100"}}, 0) +
              frame(1, 0, 3, field(":status", "200") + std::string(1, '\0')) +
              frame(9, kEndHeaders, 3, text("server") + text("s/2")) + frame(0, 0, 3, "stored") +
              headers(1, {{":status", "200"}, {"content-length", "5"}}, 0) + frame(0, 0, 1, "he") +
              headers(3, {{"x-sum", "7"}}) + frame(0, kEndStream, 1, "llo")),
    to_server(frame(7, 0, 0, big_endian(0, 4) + big_endian(0, 4) + "bye")),
};

TEST(Http2, TellsEachStreamAndWhatTheConnectionSays) {
  EXPECT_THAT(run(kSpec, kTalk, briefly()),
              ElementsAre("tx 0 0 frames 4/", "tx 1 0 frames /4", "tx 3 0 frames 8/ silent",
                          "tx 4 0 frames 6/ silent", "tx 6 0 frames /6 silent",
                          "tx 5 req rep 3 POST /up 200 [firstsecond] [stored]",
                          "tx 2 req rep 1 GET /path/x?q=1 200 [] [hello]", "tx 7 0 frames 7/"));
}

TEST(Http2, DoesNotCareHowSegmentsFall) {
  EXPECT_EQ(check_every_split(kSpec, kTalk, briefly()), "");
  EXPECT_EQ(check_every_split(kSpec, kTalk), "") << "with every buffer";
  EXPECT_EQ(check_every_truncation(kSpec, kTalk), "");
}

TEST(Http2, GivesTheBuffersOfHttp) {
  const std::string request = headers(1, {{":method", "GET"},
                                          {":scheme", "http"},
                                          {":path", "/%41?x"},
                                          {":authority", "Me@Www.Example.COM:81"},
                                          {"user-agent", "ua/2"},
                                          {"cookie", "a=1"},
                                          {"accept", "*/*"},
                                          {"cookie", "b=2"},
                                          {"referer", "r"}});
  const std::string reply =
      headers(1, {{":status", "301"}, {"location", "/y"}, {"server", "s"}, {"set-cookie", "z"}});
  const auto up = [&](std::string name) { return one(request, reply, kUp, name); };
  const auto down = [&](std::string name) { return one(request, reply, kDown, name); };
  EXPECT_EQ(up("http.method"), "GET");
  EXPECT_EQ(up("http.uri"), "/A?x");
  EXPECT_EQ(up("http.uri.raw"), "/%41?x");
  EXPECT_EQ(up("http.host"), "www.example.com");
  EXPECT_EQ(up("http.host.raw"), "Me@Www.Example.COM:81");
  EXPECT_EQ(up("http.user_agent"), "ua/2");
  EXPECT_EQ(up("http.cookie"), "a=1; b=2");
  EXPECT_EQ(up("http.protocol"), "HTTP/2");
  EXPECT_EQ(up("http.request_line"), "GET /%41?x HTTP/2\\x0d\\x0a");
  EXPECT_EQ(
      up("http.header"),
      ":method: GET\\x0d\\x0a:scheme: http\\x0d\\x0a:path: /%41?x\\x0d\\x0a:authority: "
      "Me@Www.Example.COM:81\\x0d\\x0auser-agent: ua/2\\x0d\\x0aaccept: */*\\x0d\\x0areferer: r\\x0d\\x0a");
  EXPECT_EQ(
      up("http.request_header"),
      ":method: GET|:scheme: http|:path: /%41?x|:authority: Me@Www.Example.COM:81|user-agent: ua/2|cookie: "
      "a=1; b=2|accept: */*|referer: r");
  EXPECT_EQ(up("http2.header_name"),
            ":method|:scheme|:path|:authority|user-agent|cookie|accept|cookie|referer");
  EXPECT_EQ(up("http2.header"),
            "::method: GET|::scheme: http|::path: /%41?x|::authority: Me@Www.Example.COM::81|user-agent: "
            "ua/2|cookie: a=1; b=2|accept: */*|referer: r");
  EXPECT_EQ(down("http.stat_code"), "301");
  EXPECT_EQ(down("http.stat_msg"), "");
  EXPECT_EQ(down("http.response_line"), "HTTP/2 301\\x0d\\x0a");
  EXPECT_EQ(down("http.location"), "/y");
  EXPECT_EQ(down("http.cookie"), "z");
  EXPECT_EQ(down("http.header_names"),
            "\\x0d\\x0a:status\\x0d\\x0alocation\\x0d\\x0aserver\\x0d\\x0aset-cookie\\x0d\\x0a\\x0d\\x0a");
}

TEST(Http2, TheProbeWantsTheFirstLineOfTheClient) {
  const auto look = [](Direction d, std::string_view s) { return probe(Transport::kTcp, d, as_bytes(s)); };
  EXPECT_EQ(look(kUp, "PRI * HTTP/2.0\r"), Probe::kUnsure);
  EXPECT_EQ(look(kUp, "PRI * HTTP/2.0\r\n"), Probe::kYes);
  EXPECT_EQ(look(kUp, "PRI * HTTP/1"), Probe::kNo);
  EXPECT_EQ(look(kUp, frame(4, 0, 0, "")), Probe::kNo) << "midstream";
  EXPECT_EQ(look(kDown, settings({{3, 1}})), Probe::kUnsure) << "SETTINGS alone prove nothing";
  EXPECT_EQ(look(kDown, get(1)), Probe::kNo);
}

TEST(Http2, BodiesAreDecodedAndFollowedAsFiles) {
  HarnessOptions o = briefly();
  o.files = true;
  const std::string packed = gzip("the plain text");
  const Conversation talk = {
      to_server(kHello + get(1, "/f.txt") +
                headers(3,
                        {{":method", "PUT"}, {":scheme", "http"}, {":authority", "h"}, {":path", "/up.bin"}},
                        0) +
                frame(0, kEndStream, 3, "up")),
      to_client(kWelcome + headers(1, {{":status", "200"}, {"content-encoding", "gzip"}}, 0) +
                frame(0, 0, 1, packed.substr(0, 10)) + frame(0, kEndStream, 1, packed.substr(10)) +
                ok(3, ""))};
  EXPECT_THAT(streams(talk, o),
              ElementsAre("file < /f.txt [the plain text] complete",
                          "tx 1 req rep 1 GET /f.txt 200 [] [the plain text]", "file > /up.bin [up] complete",
                          "tx 2 req rep 3 PUT /up.bin 200 [up] []"));
  EXPECT_EQ(check_every_split(kSpec, talk, o), "");
}

TEST(Http2, ReadsTheReplyToAnUpgrade) {
  HarnessOptions o = briefly();
  o.hint =
      "GET /a HTTP/1.1\r\nHost: H.example\r\nUser-Agent: ua\r\nConnection: Upgrade, HTTP2-Settings\r\n"
      "Upgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n";
  const Conversation talk = {to_client(kWelcome + ok(1, "up")), to_server(kHello + get(3, "/b")),
                             to_client(ok(3, "more"))};
  EXPECT_THAT(streams(talk, o), ElementsAre("tx 1 0 frames /", "tx 0 req rep 1 GET /a 200 [] [up]",
                                            "tx 4 req rep 3 GET /b 200 [] [more]"));
  EXPECT_EQ(check_every_split(kSpec, talk, o), "");
  o.describe = [](const Transaction& t) {
    std::string out = buffer(t, kUp, "http.header") + buffer(t, kUp, "http.host");
    for (const Note& n : as_tx(t).lane[0].notes())
      out += " " + std::to_string(n.id) + "=" + std::to_string(n.value);
    return out;
  };
  EXPECT_THAT(
      run(kSpec, talk, o),
      ::testing::Contains("tx 0 req rep :method: GET\\x0d\\x0a:scheme: http\\x0d\\x0a:path: /a\\x0d\\x0a"
                          ":authority: H.example\\x0d\\x0ah.example"));
  EXPECT_THAT(run(kSpec, talk, o), ::testing::Contains("tx 1  3=100 4=65535"));
  for (const std::string_view bad : {"HTTP2-Settings: AAMAAABkAA\r\n", "HTTP2-Settings: !\r\n", ""}) {
    HarnessOptions b;
    b.hint = "GET / HTTP/1.1\r\nHost: h\r\n" + std::string(bad) + "\r\n";
    EXPECT_EQ(events({to_server(kHello)}, b), "invalid_http1_settings") << bad;
  }
}

TEST(Http2, PushesAreStreams) {
  const std::string promise =
      frame(5, kEndHeaders, 1,
            big_endian(2, 4) +
                block({{":method", "GET"}, {":scheme", "http"}, {":authority", "h"}, {":path", "/pushed"}}));
  EXPECT_THAT(streams({to_server(kHello + get(1)), to_client(kWelcome + promise + ok(1, "1") + ok(2, "2"))}),
              ElementsAre("tx 1 req rep 1 GET / 200 [] [1]", "tx 3 req rep 2 GET /pushed 200 [] [2]"));
  EXPECT_EQ(odd(settings({{2, 0}}) + get(1), promise), "invalid_push");
  EXPECT_EQ(odd(get(1) + promise), "invalid_push");
}

TEST(Http2, StreamsThatAreCutOffEnd) {
  EXPECT_THAT(
      streams({to_server(kHello + get(1) + get(3)), to_client(kWelcome + headers(1, {{":status", "200"}}, 0)),
               to_server(frame(3, 0, 1, big_endian(8, 4)))}),
      ElementsAre("tx 1 req rep 1 GET / 200 [] [] cut<", "tx 2 req 3 GET /  [] [] cut<"));
  EXPECT_THAT(streams({to_server(kHello + get(1)),
                       to_client(kWelcome + headers(1, {{":status", "200"}}, 0) + frame(0, 0, 1, "half")),
                       end(kDown)}),
              ElementsAre("tx 1 req rep 1 GET / 200 [] [half] cut<"));
}

TEST(Http2, TellsWhatIsThereOfHeadersThatAreCutOff) {
  const std::string part = block({{":method", "PUT"}, {":path", "/cut"}, {"content-length", "9"}});
  EXPECT_THAT(streams({to_server(kHello + frame(1, 0, 1, part)), end(kUp)}),
              ElementsAre("tx 1 req 1 PUT /cut  [] [] cut> cut<"));
  EXPECT_EQ(odd(frame(1, 0, 1, part)), "");
}

TEST(Http2, ARefusedTunnelIsAMessageBothWays) {
  const std::string connect = headers(1, {{":method", "CONNECT"}, {":authority", "h:1"}}, 0);
  const std::string websocket = headers(1,
                                        {{":method", "CONNECT"},
                                         {":protocol", "websocket"},
                                         {":scheme", "http"},
                                         {":path", "/ws"},
                                         {":authority", "h:1"}},
                                        0);
  const std::string refused = headers(1, {{":status", "403"}}, 0);
  const std::string data = frame(0, kEndStream, 1, "hello");
  const auto talk = [&](std::string_view request) -> Conversation {
    return {to_server(kHello + std::string(request)), to_client(kWelcome + refused), to_server(data),
            to_client(frame(0, kEndStream, 1, "no"))};
  };
  EXPECT_THAT(streams(talk(connect)), ElementsAre("tx 1 req rep 1 CONNECT  403 [hello] [no]"));
  EXPECT_THAT(streams(talk(websocket)), ElementsAre("tx 1 req rep 1 CONNECT  403 [hello] [no]"));
  EXPECT_EQ(check_every_split(kSpec, talk(connect), briefly()), "");
  EXPECT_THAT(streams({to_server(kHello + connect), to_client(kWelcome + refused),
                       to_server(data.substr(0, 9)), gap(kUp, 2), to_server("llo")}),
              ElementsAre("tx 1 req rep events=gap 1 CONNECT  403 [] [] cut> cut<"))
      << "the first bytes are not there";
  // The refusal may come while the request's headers do.
  const std::string whole = block({{":method", "CONNECT"}, {":authority", "h:1"}});
  EXPECT_THAT(streams({to_server(kHello + frame(1, 0, 1, whole)), to_client(kWelcome + refused),
                       to_server(frame(9, kEndHeaders, 1, "") + data)}),
              ElementsAre("tx 1 req rep 1 CONNECT  403 [hello] [] cut<"));
  // A tunnel that is granted is none of our business.
  EXPECT_THAT(streams({to_server(kHello + connect), to_client(kWelcome + headers(1, {{":status", "200"}}, 0)),
                       to_server(data)}),
              ElementsAre("tx 1 req rep 1 CONNECT  200 [] [] cut<"));
}

TEST(Http2, StepsOverGapsInData) {
  HarnessOptions o = briefly();
  o.files = true;
  std::string reply = kWelcome + headers(1, {{":status", "200"}}, 0) + frame(0, kEndStream, 1, "0123456789");
  const Conversation in_data = {to_server(kHello + get(1)), to_client(reply.substr(0, reply.size() - 8)),
                                gap(kDown, 5), to_client(reply.substr(reply.size() - 3) + ok(3, "")),
                                to_server(get(3))};
  const auto lines = streams(in_data, o);
  EXPECT_THAT(lines, ::testing::Contains("file < / [01<5 missing>789] truncated"));
  EXPECT_EQ(check_every_split(kSpec, in_data, o), "");
  // Elsewhere that side is over; the other goes on.
  EXPECT_THAT(streams({to_server(kHello + get(1)), to_client(kWelcome), gap(kDown, 5),
                       to_client(ok(1, "lost")), to_server(get(3))}),
              ElementsAre("event < gap", "tx 1 req 1 GET /  [] [] cut<", "tx 3 req 3 GET /  [] [] cut<"));
  EXPECT_THAT(streams({to_server(kHello), to_client(kWelcome), gap(kUp, 5), to_client(ok(1, "unasked"))}),
              ElementsAre("event > gap", "tx 2 rep 1   200 [] [unasked] cut>"));
}

TEST(Http2, SaysWhatIsWrongWithFrames) {
  EXPECT_EQ(odd(get(1)), "");
  EXPECT_EQ(odd(frame(0, 0, 0, "x")), "data_stream_zero");
  EXPECT_EQ(odd(frame(1, 5, 0, "\x82")), "invalid_frame_header");
  EXPECT_EQ(odd(frame(4, 0, 1, "")), "invalid_frame_header");
  EXPECT_EQ(odd(frame(6, 0, 3, "12345678")), "invalid_frame_header");
  EXPECT_EQ(odd(frame(7, 0, 3, "12345678")), "invalid_frame_header");
  EXPECT_EQ(odd(frame(3, 0, 0, "1234")), "invalid_frame_header");
  EXPECT_EQ(odd(frame(2, 0, 0, "12345")), "invalid_frame_header");
  EXPECT_EQ(odd(frame(4, 0, 0, "12345")), "invalid_frame_length");
  EXPECT_EQ(odd(frame(4, kAck, 0, "123456")), "invalid_frame_length");
  EXPECT_EQ(odd(frame(6, 0, 0, "1234567")), "invalid_frame_length");
  EXPECT_EQ(odd(frame(7, 0, 0, "1234567")), "invalid_frame_length");
  EXPECT_EQ(odd(frame(8, 0, 0, "123")), "invalid_frame_length");
  EXPECT_EQ(odd(frame(2, 0, 1, "1234")), "invalid_frame_length");
  EXPECT_EQ(odd(get(1) + frame(3, 0, 1, "12345")), "invalid_frame_length");
  EXPECT_EQ(odd(frame(2, 0, 1, big_endian(1, 4) + "w")), "self_dependency");
  EXPECT_EQ(odd(frame(8, 0, 0, big_endian(0, 4))), "zero_window_update");
  EXPECT_EQ(odd(frame(8, 0, 0, big_endian(0x7fffffff, 4))), "flow_control_overflow");
  EXPECT_EQ(odd(frame(3, 0, 9, "1234")), "frame_on_idle_stream");
  EXPECT_EQ(odd(frame(8, 0, 9, big_endian(1, 4))), "frame_on_idle_stream");
  EXPECT_EQ(odd(frame(0, 0, 9, "x")), "frame_on_idle_stream");
  EXPECT_EQ(odd(get(3) + get(1)), "stream_id_reuse");
  EXPECT_EQ(odd(get(2)), "invalid_frame_header");
  EXPECT_EQ(odd(get(1) + frame(0, 0, 1, "x")), "frame_on_closed_stream");
  EXPECT_EQ(odd(get(1), ok(1, "") + ok(1, "")), "frame_on_closed_stream");
  EXPECT_EQ(odd("", ok(1, "")), "frame_on_idle_stream");
  EXPECT_EQ(odd(frame(9, kEndHeaders, 1, "\x82")), "unexpected_continuation");
  EXPECT_EQ(odd(frame(1, 1, 1, "\x82") + frame(6, 0, 0, "12345678")), "continuation_expected");
  EXPECT_EQ(odd(frame(0xbb, 0, 1, "grease") + frame(16, 0, 0, "\0\0\0\1u=1")), "unknown_frame_type");
  EXPECT_EQ(odd(frame(1, kEndHeaders | kEndStream | kPadded, 1, "\x05\x82")), "invalid_frame_data");
  EXPECT_EQ(odd(headers(1, {{":method", "PUT"}, {":scheme", "http"}, {":path", "/"}}, 0) +
                frame(0, kPadded, 1, "\x09x")),
            "invalid_frame_data");
  EXPECT_EQ(odd(frame(0xbb, 0, 0, std::string(16385, 'x'))), "long_frame_data unknown_frame_type");
  EXPECT_EQ(odd(get(1) + frame(7, 0, 0, big_endian(1, 4) + big_endian(0, 4)) +
                frame(7, 0, 0, big_endian(3, 4) + big_endian(0, 4))),
            "goaway_increased");
}

TEST(Http2, SaysWhatIsWrongWithSettings) {
  EXPECT_EQ(odd(settings({{2, 2}})), "invalid_settings_value");
  EXPECT_EQ(odd("", settings({{2, 1}})), "invalid_settings_value") << "a server cannot be pushed to";
  EXPECT_EQ(odd(settings({{4, 0x80000000}})), "invalid_settings_value");
  EXPECT_EQ(odd(settings({{5, 16383}})), "invalid_settings_value");
  EXPECT_EQ(odd(settings({{5, 0x1000000}})), "invalid_settings_value");
  EXPECT_EQ(odd(settings({{4, 0x7fffffff}, {5, 0xffffff}, {0x1234, 7}})), "");
  std::string many;
  for (int i = 0; i < 129; ++i) many += std::string("\0\6\0\0\0\1", 6);
  EXPECT_EQ(odd(frame(4, 0, 0, many)), "too_many_frames");
  EXPECT_EQ(events({to_server(kMagic + get(1))}), "settings_expected");
  EXPECT_EQ(events({to_server(kMagic.substr(0, 20) + "xx\r\n")}), "invalid_client_magic");
  EXPECT_EQ(events({to_server(kHello), to_client(settings({{3, 1}})),
                    to_server(frame(4, kAck, 0, "") + get(1) + get(3))}),
            "concurrent_streams_exceeded");
  EXPECT_EQ(events({to_server(kHello), to_client(settings({{3, 1}})), to_server(get(1) + get(3))}), "")
      << "not before the client has seen it";
}

TEST(Http2, SaysWhatIsWrongWithHeaders) {
  const auto request = [](const Fields& more) {
    Fields all = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}};
    all.insert(all.end(), more.begin(), more.end());
    return odd(headers(1, all));
  };
  EXPECT_EQ(request({}), "");
  EXPECT_EQ(request({{"te", "trailers"}}), "");
  EXPECT_EQ(request({{"Upper", "x"}}), "uppercase_header_name");
  EXPECT_EQ(request({{"a b", "x"}}), "invalid_header");
  EXPECT_EQ(request({{"", "x"}}), "invalid_header");
  EXPECT_EQ(request({{"a", "x\r\nb: y"}}), "invalid_header");
  EXPECT_EQ(request({{"a", " x"}}), "invalid_header");
  EXPECT_EQ(request({{"connection", "close"}}), "connection_header");
  EXPECT_EQ(request({{"transfer-encoding", "chunked"}}), "connection_header");
  EXPECT_EQ(request({{"te", "gzip"}}), "connection_header");
  EXPECT_EQ(request({{":path", "/2"}}), "invalid_pseudo_header");
  EXPECT_EQ(request({{":odd", "x"}}), "invalid_pseudo_header");
  EXPECT_EQ(request({{":status", "200"}}), "invalid_pseudo_header");
  EXPECT_EQ(request({{"host", "other"}}), "authority_host_mismatch");
  EXPECT_EQ(request({{"host", "H"}}), "");
  EXPECT_EQ(request({{"content-length", "4x"}}), "invalid_content_length");
  EXPECT_EQ(request({{"content-length", "4"}}), "content_length_mismatch");
  EXPECT_EQ(odd(headers(1, {{":method", "GET"}, {":scheme", "http"}, {"a", "b"}, {":path", "/"}})),
            "invalid_pseudo_header");
  EXPECT_EQ(odd(headers(1, {{":method", "GET"}, {":scheme", "http"}})), "missing_pseudo_header");
  EXPECT_EQ(odd(headers(1, {{":method", "CONNECT"}, {":authority", "h:1"}}, 0)), "");
  EXPECT_EQ(odd(headers(1, {{":method", "CONNECT"}, {":path", "/"}, {":authority", "h:1"}}, 0)),
            "invalid_pseudo_header");
  EXPECT_EQ(odd(headers(1,
                        {{":method", "CONNECT"},
                         {":protocol", "websocket"},
                         {":scheme", "http"},
                         {":path", "/"},
                         {":authority", "h:1"}},
                        0)),
            "");
  EXPECT_THAT(
      odd(headers(1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "u@h"}})),
      "userinfo_in_uri");
  EXPECT_THAT(
      odd(headers(1, {{":method", "GET"}, {":scheme", "http"}, {":path", "/%2561"}, {":authority", "h"}})),
      "double_encoded_uri");
  EXPECT_EQ(odd(get(1), headers(1, {{"a", "b"}})), "missing_pseudo_header");
  EXPECT_EQ(odd(get(1), headers(1, {{":status", "20"}})), "invalid_pseudo_header");
  EXPECT_EQ(odd(get(1), headers(1, {{":status", "206"}, {"content-range", "nonsense"}})), "invalid_range");
  EXPECT_EQ(odd(get(1), headers(1, {{":status", "200"}}, 0) + headers(1, {{"x", "y"}}, 0)),
            "trailers_without_end");
  EXPECT_EQ(odd(get(1), headers(1, {{":status", "200"}}, 0) + headers(1, {{":status", "200"}})),
            "invalid_pseudo_header");
  EXPECT_EQ(odd(get(1), headers(1, {{":status", "204"}}, 0) + frame(0, 1, 1, "x")), "body_unexpected");
  const auto dns = [](std::size_t last) {  // over HTTPS: messages have at most 65,535 bytes
    std::string all = headers(1,
                              {{":method", "POST"},
                               {":scheme", "https"},
                               {":path", "/"},
                               {":authority", "h"},
                               {"content-type", "application/dns-message"}},
                              0);
    for (int i = 0; i < 3; ++i) all += frame(0, 0, 1, std::string(16384, 'q'));
    return all + frame(0, kEndStream, 1, std::string(last, 'q'));
  };
  EXPECT_THAT(odd(dns(16383)), Not(HasSubstr("dns_request_too_long")));
  EXPECT_THAT(odd(dns(16384)), HasSubstr("dns_request_too_long"));
  EXPECT_EQ(odd(frame(1, 5, 1, from_hex("82 80"))), "invalid_header_index");
  EXPECT_EQ(odd(frame(1, 5, 1, from_hex("00 81 00 00"))), "invalid_huffman");
  EXPECT_EQ(odd(frame(1, 5, 1, from_hex("82 3fe2 1f"))), "invalid_size_update missing_pseudo_header");
  EXPECT_EQ(odd(frame(1, 5, 1, from_hex("82 00 05"))), "extra_header_data");
  EXPECT_EQ(odd(frame(1, 5, 1, from_hex("ff ffffffffff"))), "header_integer_overflow");
  EXPECT_EQ(odd(settings({}), settings({{1, 65536}})), "");
}

TEST(Http2, FloodsAndBombsAreEvents) {
  std::string resets, pings, pushes;
  for (std::uint32_t i = 0; i < 101; ++i) resets += get(2 * i + 1) + frame(3, 0, 2 * i + 1, big_endian(8, 4));
  EXPECT_EQ(odd(resets), "rapid_reset");
  for (std::uint32_t i = 0; i < 201; ++i) pings += frame(6, 0, 0, "12345678");
  EXPECT_EQ(odd(pings), "ping_flood");
  EXPECT_EQ(odd(pings.substr(17)), "") << "200 are no flood";
  std::string all;
  for (int i = 0; i < 201; ++i) all += settings({});
  EXPECT_EQ(odd(all), "settings_flood");
  all.clear();
  for (int i = 0; i < 201; ++i) all += frame(2, 0, 1, big_endian(0, 4) + "w");
  EXPECT_EQ(odd(all), "priority_flood");
  all = headers(1, {{":method", "PUT"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}}, 0);
  for (int i = 0; i < 201; ++i) all += frame(0, 0, 1, "");
  EXPECT_EQ(odd(all), "empty_frame_flood");
  all = frame(1, 1, 1, "");
  for (int i = 0; i < 33; ++i) all += frame(9, 0, 1, field("a", "b"));
  EXPECT_EQ(odd(all + frame(9, kEndHeaders, 1, "")), "continuation_flood missing_pseudo_header");
  // A large field that is sent once and named again and again (CVE-2016-6581).
  const std::string bomb =
      std::string("\x40") + text("a") + text(std::string(3000, 'x')) + std::string(500, '\xbe');
  EXPECT_EQ(odd(frame(1, 5, 1, bomb)), "header_list_too_large");
  std::string block_of_many = std::string(1100, '\x84');
  EXPECT_EQ(odd(frame(1, 5, 1, block_of_many)), "header_list_too_large invalid_pseudo_header");
  HarnessOptions few;
  few.limits["max-streams"] = 4;
  EXPECT_EQ(odd(get(1) + get(3) + get(5) + get(7), "", few), "");
  EXPECT_EQ(odd(get(1) + get(3) + get(5) + get(7) + get(9), "", few), "too_many_streams");
  HarnessOptions small;
  small.limits["max-reassembly-size"] = 1024;
  EXPECT_EQ(odd(headers(1, {{":method", "GET"}, {"a", std::string(2000, 'x')}}), "", small),
            "reassembly_limit_reached");
}

TEST(Http2, ALongTransferIsNoOddity) {
  std::string grants, prioritised;
  for (int i = 0; i < 200; ++i) grants += frame(8, 0, 1, big_endian(32000, 4));
  HarnessOptions o;
  std::size_t windows = 0, errors = 0;
  o.describe = [&](const Transaction& t) {
    for (const Note& n : as_tx(t).lane[0].notes()) {
      windows += n.kind == Note::kWindow ? 1 : 0;
      errors += n.kind == Note::kError ? 1 : 0;
    }
    return std::string();
  };
  EXPECT_EQ(odd(get(1) + grants + frame(3, 0, 1, big_endian(8, 4)), "", o), "");
  EXPECT_EQ(windows, 128U);
  EXPECT_EQ(errors, 1U) << "windows leave room for others";
  for (int i = 0; i < 129; ++i) prioritised += frame(2, 0, 1, big_endian(0, 4) + "w");
  EXPECT_EQ(odd(get(1) + prioritised), "too_many_frames");
}

TEST(Http2, TrailersAreLimitedTogether) {
  const std::string request = block({{":method", "PUT"}, {":scheme", "http"}, {":path", "/"}});
  std::string all = frame(1, kEndHeaders, 1, request);
  all += frame(1, kEndHeaders, 1, "\x40" + text("a") + text(std::string(3900, 'x')));
  for (int i = 0; i < 50; ++i) all += frame(1, kEndHeaders, 1, std::string(10, '\xbe'));
  HarnessOptions o;
  std::size_t held = 0;
  o.describe = [&](const Transaction& t) {
    held = std::max(held, as_tx(t).side[0].trailer.size());
    return std::string();
  };
  EXPECT_EQ(odd(all, "", o), "header_list_too_large trailers_without_end");
  EXPECT_GT(held, 50000U);
  EXPECT_LE(held, 65536U);
}

TEST(Http2, LooksForRepeatedHeadersWithinBounds) {
  const auto request = [](const std::vector<std::string>& names) {
    Fields all = {{":method", "GET"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}};
    for (const std::string& n : names) all.emplace_back(n, "1");
    all.emplace_back("last", "1");
    all.emplace_back("last", "2");
    return headers(1, all);
  };
  const auto last = [&](const std::vector<std::string>& names) {
    const std::string all = one(request(names), "", kUp, "http.request_header");
    return all.substr(all.find("last"));
  };
  std::vector<std::string> names;
  for (int i = 100; i < 500; ++i) names.push_back("n" + std::to_string(i));
  EXPECT_EQ(last(names), "last: 1, 2");
  EXPECT_EQ(odd(request(names)), "");
  for (int i = 500; i < 800; ++i) names.push_back("n" + std::to_string(i));
  EXPECT_EQ(last(names), "last: 1|last: 2") << "never compared";
  EXPECT_EQ(odd(request(names)), "header_list_too_large");
  EXPECT_EQ(odd(get(1), headers(1,
                                [&] {
                                  Fields all = {{":status", "200"}};
                                  for (const std::string& n : names) all.emplace_back(n, "1");
                                  return all;
                                }())),
            "header_list_too_large");
  // Names of one hash are compared byte by byte, so fewer of them will do.
  names.clear();
  for (unsigned i = 0; i < 150; ++i) {
    names.emplace_back();
    for (unsigned bit = 0; bit < 20; ++bit) names.back() += (i >> bit & 1) != 0 ? "a~" : "b_";
  }
  EXPECT_EQ(odd(request(names)), "header_list_too_large");
}

/// What a conversation takes of the pool, and its events.
std::pair<std::size_t, std::string> peak(const Conversation& talk) {
  HarnessOptions o;
  o.pool_bytes = 256 << 20;
  o.limits["connection-memory"] = 4 << 20;
  ParserRun r(kSpec, o);
  for (const auto& turn : talk) r.play(turn);
  std::string events;
  for (const auto& [name, n] : r.events()) events += (events.empty() ? "" : " ") + name;
  const std::size_t bytes = r.pool().peak_bytes();
  r.close();
  EXPECT_TRUE(r.violations().empty()) << r.violations().front();
  return {bytes, events};
}

TEST(Http2, OpenStreamsTogetherTakeNoMoreThanAConnectionMay) {
  constexpr std::uint32_t kStreams = 200;
  constexpr std::size_t kMost =
      (4 << 20) + kStreams * 4096 + (1 << 20);  // the limit, streams, what is under way
  const std::string request = block({{":method", "PUT"}, {":scheme", "http"}, {":path", "/"}});
  // A large field that is sent once, and named by other streams, a byte each time.
  std::string all = frame(1, kEndHeaders, 1, request + "\x40" + text("a") + text(std::string(3900, 'x')));
  for (std::uint32_t i = 1; i < kStreams; ++i)
    all += frame(1, kEndHeaders, 2 * i + 1, request + std::string(16, '\xbe'));
  auto [bytes, events] = peak({to_server(kHello + all), to_client(kWelcome)});
  EXPECT_LT(bytes, kMost);
  EXPECT_EQ(events, "header_list_too_large");
  // Codecs that are sent little.
  const std::string packed = gzip(gzip("some text, and what comes behind it")).substr(0, 40);
  all.clear();
  for (std::uint32_t i = 0; i < kStreams; ++i)
    all += frame(1, kEndHeaders, 2 * i + 1, request + field("content-encoding", "gzip, gzip"));
  for (std::uint32_t i = 0; i < kStreams; ++i) all += frame(0, 0, 2 * i + 1, packed);
  std::tie(bytes, events) = peak({to_server(kHello + all), to_client(kWelcome)});
  EXPECT_LT(bytes, kMost);
  EXPECT_EQ(events, "decompression_budget");
  // What is closed counts no more.
  all.clear();
  for (std::uint32_t i = 0; i < 80; ++i) {
    all += frame(1, kEndHeaders, 2 * i + 1, request + field("content-encoding", "gzip, gzip"));
    all += frame(0, 0, 2 * i + 1, packed) + frame(3, 0, 2 * i + 1, big_endian(8, 4));
  }
  std::tie(bytes, events) = peak({to_server(kHello + all), to_client(kWelcome)});
  EXPECT_LT(bytes, 1U << 20);
  EXPECT_EQ(events, "");
}

TEST(Http2, FlowControlIsHeldAgainstTheWindows) {
  std::string put =
      headers(1, {{":method", "PUT"}, {":scheme", "http"}, {":path", "/"}, {":authority", "h"}}, 0);
  for (int i = 0; i < 4; ++i) put += frame(0, 0, 1, std::string(16384, 'x'));  // 65536
  EXPECT_EQ(odd(put), "flow_control_exceeded");
  EXPECT_THAT(
      events({to_server(kHello), to_client(kWelcome + frame(8, 0, 0, big_endian(1, 4))), to_server(put)}),
      "flow_control_exceeded")
      << "the stream's own window";
  EXPECT_EQ(events({to_server(kHello), to_client(settings({{4, 65536}}) + frame(8, 0, 0, big_endian(1, 4))),
                    to_server(put)}),
            "");
}

TEST(Http2, NumbersForRules) {
  const auto numbers = [](std::string name) {
    HarnessOptions o;
    std::string out;
    o.describe = [&](const Transaction& t) {
      const std::string up = number(t, kUp, name), down = number(t, kDown, name);
      if (!up.empty() || !down.empty()) out += (out.empty() ? "" : " ") + up + "/" + down;
      return std::string();
    };
    run(kSpec,
        {to_server(kHello +
                   frame(1, 5 | kHasPriority, 1, big_endian(0, 4) + "\x10" + from_hex("20 3fe11f 82 86 84")) +
                   frame(8, 0, 0, big_endian(5, 4))),
         to_client(kWelcome + frame(8, 0, 1, big_endian(6, 4)) + frame(8, 0, 1, big_endian(7, 4)) +
                   frame(3, 0, 1, big_endian(2, 4)) + frame(7, 0, 0, big_endian(1, 4) + big_endian(11, 4)))},
        o);
    return out;
  };
  EXPECT_EQ(numbers("http2.frametype"), "4/ 8/ /4 1/3,8 /7");
  EXPECT_EQ(numbers("http2.errorcode"), "/2 /11");
  EXPECT_EQ(numbers("http2.priority"), "16/");
  EXPECT_EQ(numbers("http2.window"), "5/ /6,7");
  EXPECT_EQ(numbers("http2.size_update"), "0,4096/");
}

TEST(Http2, NamesStandForNumbers) {
  std::uint64_t n = 99;
  EXPECT_TRUE(find_frame("RST_STREAM", n) && n == 3);
  EXPECT_TRUE(find_frame("goaway", n) && n == 7);
  EXPECT_TRUE(find_error("HTTP_1_1_REQUIRED", n) && n == 13);
  EXPECT_TRUE(find_error("HTTP11_REQUIRED", n) && n == 13);
  EXPECT_FALSE(find_error("NO", n));
  for (std::uint64_t i = 0; i < 14; ++i) EXPECT_TRUE(find_error(error_name(i), n) && n == i);
}

TEST(Http2, SettingsByNameAndValue) {
  const auto matches = [](std::string argument, std::uint32_t value) {
    auto matcher = kKeywords[0].parse(argument);
    if (!matcher) return matcher.error().message;
    std::string out = "never asked";
    HarnessOptions o;
    o.describe = [&](const Transaction& t) {
      if (as_tx(t).lane[0].notes().size() == 1) out = matcher.value()->match(t, kUp) ? "yes" : "no";
      return std::string();
    };
    run(kSpec, {to_server(kMagic + settings({{1, value}}))}, o);
    return out;
  };
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE>1000", 1001), "yes");
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE>1000", 1000), "no");
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE >= 1000", 1000), "yes");
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE<5", 4), "yes");
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE=5", 5), "yes");
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE!=5", 5), "no");
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE 5-8", 8), "no") << "between";
  EXPECT_EQ(matches("SETTINGS_HEADER_TABLE_SIZE 5-8", 7), "yes");
  EXPECT_EQ(matches("SETTINGS_ENABLE_PUSH=0", 0), "no") << "another setting";
  EXPECT_THAT(matches("SETTINGS_WRONG=1", 0), HasSubstr("name of a setting"));
  EXPECT_THAT(matches("SETTINGS_ENABLE_PUSH=x", 0), HasSubstr("number"));
}

TEST(Http2, DoesWithoutMemory) {
  for (std::size_t bytes = 1 << 18; bytes <= 3 << 20; bytes += 1 << 18) {
    HarnessOptions o;
    o.pool_bytes = bytes;
    ParserRun r(kSpec, o);
    for (const auto& turn : kTalk) r.play(turn);
    r.close();
    EXPECT_TRUE(r.violations().empty()) << bytes;
  }
}

}  // namespace
}  // namespace picket::http2
