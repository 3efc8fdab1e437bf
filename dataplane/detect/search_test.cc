// Small parts of detection: searching, numbers, base64, checksums, what a transaction remembers. Rules as a
// whole are tested where they are planned: sensor/rules/plan_test.cc, plan_stream_test.cc.
#include "dataplane/detect/search.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "dataplane/detect/base64.h"
#include "dataplane/detect/byte_number.h"
#include "dataplane/detect/checksum.h"
#include "dataplane/detect/entropy.h"
#include "dataplane/detect/tx_state.h"

namespace picket::detect {
namespace {

using namespace std::string_literals;

std::size_t naive(std::string hay, const std::string& needle, bool nocase) {
  if (nocase)
    std::transform(hay.begin(), hay.end(), hay.begin(),
                   [](char c) { return static_cast<char>(to_lower(static_cast<std::uint8_t>(c))); });
  const auto at = hay.find(needle);
  return at == std::string::npos ? kNotFound : at;
}

TEST(Search, FindsWhatAPlainSearchFinds) {
  // Two letters and their neighbours in ASCII, so that near misses are frequent and folding is put to the
  // test.
  constexpr std::string_view kAlphabet = "aAbB@`[{!";
  std::uint32_t x = 1;
  const auto next = [&x](std::uint32_t below) { return x = x * 1664525 + 1013904223, (x >> 8) % below; };
  for (int round = 0; round < 20000; ++round) {
    std::string hay, needle;
    for (std::uint32_t n = next(60); n > 0; --n) hay += kAlphabet[next(kAlphabet.size())];
    const bool nocase = round % 2 == 0;
    for (std::uint32_t n = 1 + next(4); n > 0; --n) {
      const char c = kAlphabet[next(kAlphabet.size())];
      needle += nocase ? static_cast<char>(to_lower(static_cast<std::uint8_t>(c))) : c;
    }
    ASSERT_EQ(find_bytes(as_bytes(hay), as_bytes(needle), nocase), naive(hay, needle, nocase))
        << hay << " / " << needle;
  }
}

TEST(Base64, DecodesAsFarAsItGoes) {
  // Values of RFC 4648, section 10.
  const auto decode = [](std::string_view in, Base64Mode mode) {
    std::array<std::uint8_t, 64> out;
    return std::string(reinterpret_cast<const char*>(out.data()), decode_base64(as_bytes(in), mode, out));
  };
  for (const Base64Mode mode : {Base64Mode::kRfc4648, Base64Mode::kRfc2045, Base64Mode::kStrict}) {
    EXPECT_EQ(decode("", mode), "");
    EXPECT_EQ(decode("Zg==", mode), "f");
    EXPECT_EQ(decode("Zm8=", mode), "fo");
    EXPECT_EQ(decode("Zm9vYmFy", mode), "foobar");
  }
  EXPECT_EQ(decode("Zm9v YmFy", Base64Mode::kRfc4648), "foo");
  EXPECT_EQ(decode("Zm9v YmFy", Base64Mode::kRfc2045), "foobar");
  EXPECT_EQ(decode("Zm9v YmFy", Base64Mode::kStrict), "");
  EXPECT_EQ(decode("Zm9vYg", Base64Mode::kStrict), "");
  std::array<std::uint8_t, 4> small;
  EXPECT_EQ(decode_base64(as_bytes("Zm9vYmFy"), Base64Mode::kRfc4648, small), 4U);
}

TEST(Number, ReadsWithinTheBufferOnly) {
  ByteOp big, little, text;
  little.order = ByteOp::Order::kLittle;
  text.base = 10;
  const std::string data = "\x01\x02\x03\x04"s;
  EXPECT_EQ(read_number(as_bytes(data), 0, 4, big).value, 0x01020304U);
  EXPECT_EQ(read_number(as_bytes(data), 1, 2, little).value, 0x0302U);
  EXPECT_FALSE(read_number(as_bytes(data), 2, 3, big).ok);
  EXPECT_FALSE(read_number(as_bytes(data), -1, 1, big).ok);
  EXPECT_FALSE(read_number(as_bytes(data), 5, 1, big).ok);
  EXPECT_FALSE(read_number(as_bytes(data), INT64_MAX, 4, big).ok);
  EXPECT_EQ(read_number(as_bytes(" 42x"), 0, 4, text).value, 42U);
  EXPECT_EQ(read_number(as_bytes(" 42x"), 0, 4, text).width, 3);
  EXPECT_FALSE(read_number(as_bytes("x42"), 0, 3, text).ok);
  big.bitmask = 0xf0;
  EXPECT_EQ(read_number(as_bytes("\xa5"), 0, 1, big).value, 0xaU);
}

TEST(Entropy, OfKnownTexts) {
  EXPECT_DOUBLE_EQ(shannon_entropy(as_bytes("aaaa")), 0.0);
  EXPECT_DOUBLE_EQ(shannon_entropy(as_bytes("abab")), 1.0);
  EXPECT_DOUBLE_EQ(shannon_entropy(as_bytes("abcd")), 2.0);
}

TEST(Checksum, OfAnIpv4Header) {
  // 10.0.0.1 to 10.0.0.2, UDP; the sum over all words is 0xffff (RFC 1071).
  std::uint8_t header[20] = {0x45, 0, 0, 0x1c, 0, 1, 0, 0, 0x40, 17, 0x66, 0xce, 10, 0, 0, 1, 10, 0, 0, 2};
  Packet p;
  p.has_ip = p.is_v4 = true;
  p.ip_header = header;
  EXPECT_TRUE(checksum_test(p, ChecksumLayer::kIpv4, true));
  EXPECT_FALSE(checksum_test(p, ChecksumLayer::kIpv4, false));
  header[8] = 0x3f;
  EXPECT_TRUE(checksum_test(p, ChecksumLayer::kIpv4, false));
  p.is_v4 = false;  // no such layer: neither valid nor invalid
  EXPECT_FALSE(checksum_test(p, ChecksumLayer::kIpv4, true));
  EXPECT_FALSE(checksum_test(p, ChecksumLayer::kIpv4, false));
}

TEST(TxState, GrowsInThePoolUpToItsLimit) {
  Pool pool(1 << 20);
  Transaction tx;
  TxState& state = tx_state(tx);
  for (std::uint32_t i = 0; i < 64; ++i) ASSERT_TRUE(state.add(i, pool, 64)) << i;
  EXPECT_FALSE(state.add(64, pool, 64));
  for (std::uint32_t i = 0; i < 64; ++i) EXPECT_EQ(state.entries()[i], i);
  EXPECT_GT(pool.in_use_bytes(), 0U);
  state.release(pool);
  EXPECT_EQ(pool.in_use_bytes(), 0U);
}

}  // namespace
}  // namespace picket::detect
