#include "dataplane/io/pcapng_file.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "dataplane/io/byte_source.h"

namespace picket {
namespace {

using Buffer = std::vector<std::uint8_t>;

/// Writes blocks in either byte order.
class Writer {
 public:
  explicit Writer(bool big) : big_(big) {}
  void u16(Buffer& b, std::uint16_t v) const { put(b, v, 2); }
  void u32(Buffer& b, std::uint32_t v) const { put(b, v, 4); }
  void block(std::uint32_t type, Buffer body) {
    while (body.size() % 4 != 0) body.push_back(0);
    const auto length = static_cast<std::uint32_t>(body.size() + 12);
    u32(out, type);
    u32(out, length);
    out.insert(out.end(), body.begin(), body.end());
    u32(out, length);
  }
  void section() {
    Buffer b;
    u32(b, 0x1a2b3c4d);
    u16(b, 1);
    u16(b, 0);
    for (int i = 0; i < 8; ++i) b.push_back(0xff);
    block(PcapngReader::kMagic, b);
  }
  void interface(std::uint16_t link, std::uint32_t snap, int resolution = -1) {
    Buffer b;
    u16(b, link);
    u16(b, 0);
    u32(b, snap);
    if (resolution >= 0) {
      u16(b, 9);
      u16(b, 1);
      b.insert(b.end(), {static_cast<std::uint8_t>(resolution), 0, 0, 0});
      u32(b, 0);
    }
    block(1, b);
  }
  void packet(std::uint32_t interface, std::uint64_t ticks, const Buffer& data,
              std::uint32_t captured_lie = 0) {
    Buffer b;
    u32(b, interface);
    u32(b, static_cast<std::uint32_t>(ticks >> 32));
    u32(b, static_cast<std::uint32_t>(ticks));
    u32(b, captured_lie != 0 ? captured_lie : static_cast<std::uint32_t>(data.size()));
    u32(b, 1500);
    b.insert(b.end(), data.begin(), data.end());
    block(6, b);
  }
  Buffer out;

 private:
  void put(Buffer& b, std::uint32_t v, unsigned n) const {
    for (unsigned i = 0; i < n; ++i) b.push_back(static_cast<std::uint8_t>(v >> 8 * (big_ ? n - 1 - i : i)));
  }
  bool big_;
};

struct Read {
  std::vector<PcapngReader::Packet> packets;
  std::vector<Buffer> data;
  std::string error;
};

/// A source that gives its bytes a few at a time.
class InMemory final : public ByteSource {
 public:
  explicit InMemory(Bytes bytes) : left_(bytes) {}
  std::int64_t read(char* out, std::size_t size) noexcept override {
    const Bytes some = left_.first(std::min({left_.size(), size, std::size_t{7}}));
    std::copy(some.begin(), some.end(), out);
    left_ = left_.subspan(some.size());
    return static_cast<std::int64_t>(some.size());
  }

 private:
  Bytes left_;
};

Read read_all(const Buffer& bytes) {
  Read r;
  if (bytes.empty()) return r;
  InMemory source(bytes);
  Lookahead in(source);
  PcapngReader reader(in);
  PcapngReader::Packet p;
  PcapngReader::Next n;
  while ((n = reader.next(p)) == PcapngReader::Next::kPacket) {
    r.packets.push_back(p);
    r.data.emplace_back(p.data.begin(), p.data.end());
  }
  if (n == PcapngReader::Next::kError) r.error = reader.error();
  return r;
}

class PcapngTest : public testing::TestWithParam<bool> {};

TEST_P(PcapngTest, InterfacesOfDifferentLinkTypesAndResolutions) {
  Writer w(GetParam());
  w.section();
  w.interface(1, 65535);
  w.interface(113, 262144, 9);
  w.block(5, {1, 2, 3, 4});  // statistics: passed over
  w.packet(0, 1'700'000'000'000'001, {1, 2, 3});
  w.packet(1, 1'700'000'000'000'000'001, {4, 5, 6, 7, 8});
  const Read r = read_all(w.out);
  EXPECT_EQ(r.error, "");
  ASSERT_EQ(r.packets.size(), 2U);
  EXPECT_EQ(r.packets[0].link_type, 1);
  EXPECT_EQ(r.packets[0].time_ns, 1'700'000'000'000'001'000U);
  EXPECT_EQ(r.packets[0].wire_size, 1500U);
  EXPECT_EQ(r.data[0], (Buffer{1, 2, 3}));
  EXPECT_EQ(r.packets[1].link_type, 113);
  EXPECT_EQ(r.packets[1].time_ns, 1'700'000'000'000'000'001U);
  EXPECT_EQ(r.data[1].size(), 5U);
}

TEST_P(PcapngTest, ANewSectionForgetsTheInterfacesOfTheLast) {
  Writer w(GetParam());
  w.section();
  w.interface(1, 0);
  w.packet(0, 1, {1});
  w.section();
  w.packet(0, 1, {1});
  const Read r = read_all(w.out);
  EXPECT_EQ(r.packets.size(), 1U);
  EXPECT_EQ(r.error, "a packet of interface 0, which was not described");
}

TEST_P(PcapngTest, EveryTruncationGivesTheWholePacketsBeforeItAndAnError) {
  Writer w(GetParam());
  w.section();
  w.interface(1, 65535);
  w.packet(0, 1, {1, 2, 3});
  const std::size_t first = w.out.size();
  w.packet(0, 2, {4, 5, 6});
  for (std::size_t n = 1; n < w.out.size(); ++n) {
    const Read r = read_all({w.out.begin(), w.out.begin() + static_cast<std::ptrdiff_t>(n)});
    EXPECT_EQ(r.packets.size(), n >= first ? 1U : 0U) << n;
    const bool between_blocks = n == first || n == 28 || n == 28 + 20;
    EXPECT_EQ(r.error.empty(), between_blocks) << n << " " << r.error;
  }
}

TEST_P(PcapngTest, Lies) {
  Writer w(GetParam());
  w.section();
  w.interface(1, 65535);
  w.packet(0, 1, {1, 2, 3}, 0xfffffff0);
  EXPECT_EQ(read_all(w.out).error, "a packet block that holds less than it says");
}

INSTANTIATE_TEST_SUITE_P(ByteOrders, PcapngTest, testing::Bool());

TEST(Pcapng, NotASection) {
  EXPECT_EQ(read_all({1, 0, 0, 0, 12, 0, 0, 0, 12, 0, 0, 0}).error, "a block before any section header");
}

}  // namespace
}  // namespace picket
