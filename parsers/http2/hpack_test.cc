// Header compression against RFC 7541: its own examples (Appendix C), and what an encoder must not do.
#include "parsers/http2/hpack.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "tests/support/parser_harness.h"

namespace picket::http2 {
namespace {

using picket::testing::from_hex;
using ::testing::ElementsAre;

struct Written final : FieldSink {
  void field(Bytes name, Bytes value) noexcept override {
    lines.push_back(std::string(as_text(name)) + ": " + std::string(as_text(value)));
  }
  void table_size(std::uint32_t n) noexcept override { lines.push_back("size " + std::to_string(n)); }
  void odd(Event e) noexcept override { events.push_back(e); }
  std::vector<std::string> lines;
  std::vector<Event> events;
};

struct Hpack : ::testing::Test {
  std::vector<std::string> block(std::string_view hex) {
    const std::string bytes = from_hex(hex);
    Written out;
    left = bytes.size() - decoder.decode(as_bytes(bytes), out);
    decoder.end_block();
    events = out.events;
    return out.lines;
  }
  std::vector<std::string> table() const {
    std::vector<std::string> out;
    Bytes name, value;
    for (std::uint32_t i = 0; decoder.table().get(i, name, value); ++i)
      out.push_back(std::string(as_text(name)) + ": " + std::string(as_text(value)));
    return out;
  }
  Pool pool{4 << 20};
  HpackDecoder decoder{pool, 65536};
  std::vector<Event> events;
  std::size_t left = 0;
};

TEST_F(Hpack, ReadsTheExamplesOfTheStandard) {  // C.2
  EXPECT_THAT(block("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572"),
              ElementsAre("custom-key: custom-header"));
  EXPECT_THAT(table(), ElementsAre("custom-key: custom-header"));
  EXPECT_EQ(decoder.table().size(), 55U);
  EXPECT_THAT(block("040c 2f73 616d 706c 652f 7061 7468"), ElementsAre(":path: /sample/path"));
  EXPECT_THAT(block("1008 7061 7373 776f 7264 0673 6563 7265 74"), ElementsAre("password: secret"));
  EXPECT_THAT(block("82"), ElementsAre(":method: GET"));
  EXPECT_EQ(decoder.table().count(), 1U);
}

TEST_F(Hpack, RequestsShareATable) {  // C.4, with the Huffman code
  EXPECT_THAT(block("8286 8441 8cf1 e3c2 e5f2 3a6b a0ab 90f4 ff"),
              ElementsAre(":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com"));
  EXPECT_THAT(block("8286 84be 5886 a8eb 1064 9cbf"),
              ElementsAre(":method: GET", ":scheme: http", ":path: /", ":authority: www.example.com",
                          "cache-control: no-cache"));
  EXPECT_THAT(block("8287 85bf 4088 25a8 49e9 5ba9 7d7f 8925 a849 e95b b8e8 b4bf"),
              ElementsAre(":method: GET", ":scheme: https", ":path: /index.html",
                          ":authority: www.example.com", "custom-key: custom-value"));
  EXPECT_THAT(table(), ElementsAre("custom-key: custom-value", "cache-control: no-cache",
                                   ":authority: www.example.com"));
  EXPECT_EQ(decoder.table().size(), 164U);
}

TEST_F(Hpack, OldEntriesLeaveAFullTable) {  // C.6, with a table of 256 bytes
  decoder.allow(256);
  EXPECT_THAT(block("3fe1 01"), ElementsAre("size 256"));
  block(
      "4882 6402 5885 aec3 771a 4b61 96d0 7abe 9410 54d4 44a8 2005 9504 0b81 66e0 82a6 2d1b ff6e 919d 29ad"
      "1718 63c7 8f0b 97c8 e9ae 82ae 43d3");
  EXPECT_EQ(decoder.table().size(), 222U);
  EXPECT_THAT(block("4883 640e ffc1 c0bf"),
              ElementsAre(":status: 307", "cache-control: private", "date: Mon, 21 Oct 2013 20:13:21 GMT",
                          "location: https://www.example.com"));
  EXPECT_THAT(table(), ElementsAre(":status: 307", "location: https://www.example.com",
                                   "date: Mon, 21 Oct 2013 20:13:21 GMT", "cache-control: private"));
  EXPECT_TRUE(events.empty());
}

TEST_F(Hpack, TheTableOfTheStandardIsWhole) {  // Appendix A: its first, its last, two between
  EXPECT_THAT(block("81 90 a0 bd"), ElementsAre(":authority: ", "accept-encoding: gzip, deflate",
                                                "cookie: ", "www-authenticate: "));
}

TEST_F(Hpack, RefusesNumbersThatPass31Bits) {
  block("ff ffffffff07");  // 2^31 + 126
  EXPECT_THAT(events, ElementsAre(Event::kIntegerOverflow));
  EXPECT_TRUE(decoder.lost());
  HpackDecoder other(pool, 65536);
  Written out;
  const std::string zeros = from_hex("ff 80808080808000");  // no more than 127, but in too many bytes
  static_cast<void>(other.decode(as_bytes(zeros), out));
  EXPECT_THAT(out.events, ElementsAre(Event::kIntegerOverflow));
}

TEST_F(Hpack, RefusesIndexesOfNothing) {
  block("80");
  EXPECT_THAT(events, ElementsAre(Event::kInvalidHeaderIndex));
  HpackDecoder other(pool, 65536);
  Written out;
  const std::string beyond = from_hex("be");  // 62: the dynamic table is empty
  static_cast<void>(other.decode(as_bytes(beyond), out));
  EXPECT_THAT(out.events, ElementsAre(Event::kInvalidHeaderIndex));
}

TEST_F(Hpack, SizesChangeOnlyAtTheFrontAndOnlyAsFarAsAllowed) {
  EXPECT_THAT(block("20 3fe11f"), ElementsAre("size 0", "size 4096"));
  EXPECT_TRUE(events.empty());
  block("3fe21f");
  EXPECT_THAT(events, ElementsAre(Event::kInvalidSizeUpdate)) << "4097, when 4096 are allowed";
  block("82 20");
  EXPECT_THAT(events, ElementsAre(Event::kInvalidSizeUpdate)) << "behind a field";
}

TEST_F(Hpack, KnowsThatItDoesNotFollowALargerTable) {
  HpackDecoder small(pool, 100);
  small.allow(65536);
  Written out;
  const std::string update = from_hex("3fe1ff03");  // 65536
  EXPECT_EQ(small.decode(as_bytes(update), out), update.size());
  EXPECT_THAT(out.events, ElementsAre(Event::kTableLimit));
}

TEST_F(Hpack, AnEntryLargerThanTheTableEmptiesIt) {  // §4.4
  block("400161 0162");
  decoder.allow(40);
  block("3f09");  // 40
  EXPECT_EQ(decoder.table().count(), 1U);
  block("400161 0a30313233343536373839");
  EXPECT_EQ(decoder.table().count(), 0U);
  EXPECT_TRUE(events.empty());
}

TEST_F(Hpack, AnEntryMayTakeItsNameFromOneThatItPushesOut) {  // §4.4
  decoder.allow(60);
  block("3f1d");  // 60
  block("4004 6e616d65 0131");
  EXPECT_THAT(block("7e 14 3030303030303030303030303030303030303030"),
              ElementsAre("name: 00000000000000000000"));
  EXPECT_THAT(table(), ElementsAre("name: 00000000000000000000"));
}

TEST_F(Hpack, WaitsForWholeFields) {
  const std::string whole = from_hex("400a 6375 7374 6f6d 2d6b 6579 0d63 7573 746f 6d2d 6865 6164 6572");
  for (std::size_t n = 0; n < whole.size(); ++n) {
    HpackDecoder d(pool, 65536);
    Written out;
    EXPECT_EQ(d.decode(as_bytes(whole.substr(0, n)), out), 0U) << n;
    EXPECT_TRUE(out.lines.empty() && out.events.empty() && !d.lost()) << n;
  }
}

TEST_F(Hpack, DecodesNoStringBeforeItsFieldIsWhole) {
  // A name of 1000 times "a" in the Huffman code, and a value of two bytes, of which one is there: shown again with
  // each fragment, it must cost nothing each time.
  std::string part = from_hex("00 fff203");  // 127 + 114 + 3 * 128 = 625
  for (int i = 0; i < 125; ++i) part += from_hex("18c6318c63");
  part += from_hex("02 78");
  Pool fresh(1 << 20);
  HpackDecoder d(fresh, 65536);
  Written out;
  EXPECT_EQ(d.decode(as_bytes(part), out), 0U);
  EXPECT_EQ(fresh.peak_bytes(), 0U) << "the name was decoded";
  part += "y";
  EXPECT_EQ(d.decode(as_bytes(part), out), part.size());
  EXPECT_THAT(out.lines, ElementsAre(std::string(1000, 'a') + ": xy"));
  EXPECT_GT(fresh.peak_bytes(), 0U);
}

TEST_F(Hpack, HoldsWhatAModelHoldsWhateverComes) {
  std::mt19937 random(1);
  DynamicTable t(pool);
  std::vector<std::pair<std::string, std::string>> model;  // the newest first
  std::uint32_t capacity = 4096;
  for (int i = 0; i < 20000; ++i) {
    if (random() % 500 == 0) {
      capacity = random() % 9000;
      t.set_capacity(capacity);
    } else {
      const std::string name(random() % 40, static_cast<char>('a' + random() % 26));
      const std::string value(random() % 20 == 0 ? random() % 3000 : random() % 60,
                              static_cast<char>('0' + random() % 10));
      ASSERT_TRUE(t.insert(as_bytes(name), as_bytes(value)));
      model.insert(model.begin(), {name, value});
    }
    std::size_t size = 0, n = 0;
    while (n < model.size() && size + model[n].first.size() + model[n].second.size() + 32 <= capacity) {
      size += model[n].first.size() + model[n].second.size() + 32;
      ++n;
    }
    model.resize(n);
    ASSERT_EQ(t.count(), n);
    ASSERT_EQ(t.size(), size);
    for (const std::size_t at : {std::size_t{0}, n / 2, n - 1}) {
      if (at >= n) continue;
      Bytes name, value;
      ASSERT_TRUE(t.get(static_cast<std::uint32_t>(at), name, value));
      ASSERT_EQ(as_text(name), model[at].first);
      ASSERT_EQ(as_text(value), model[at].second);
    }
  }
}

TEST(Huffman, HasThePaddingAndTheEndOfTheStandard) {
  const auto decode = [](std::string_view hex) -> std::string {
    const std::string in = from_hex(hex);
    std::vector<std::uint8_t> out(decoded_room(in.size()));
    std::size_t size = 0;
    if (!huffman_decode(as_bytes(in), out.data(), size)) return "bad";
    return std::string(as_text(Bytes(out).first(size)));
  };
  EXPECT_EQ(decode(""), "");
  EXPECT_EQ(decode("1f"), "a") << "00011 and three ones";
  EXPECT_EQ(decode("18"), "bad") << "00011 and three zeros";
  EXPECT_EQ(decode("1fff"), "bad") << "eleven ones";
  EXPECT_EQ(decode("ff"), "bad") << "eight ones";
  EXPECT_EQ(decode("ff ff ff ff"), "bad") << "the end, and two ones";
  EXPECT_EQ(decode("ff c7"), std::string_view("\0", 1)) << "0x00 has 13 bits: 1ff8, and three ones";
  EXPECT_EQ(decode("ff ff ff f3"), "\n") << "30 bits: 3ffffffc, and two ones";
  EXPECT_EQ(decode("f1e3 c2e5 f23a 6ba0 ab90 f4ff"), "www.example.com");  // C.4.1
}

}  // namespace
}  // namespace picket::http2
