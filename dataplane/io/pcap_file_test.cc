#include "dataplane/io/pcap_file.h"

#include <gtest/gtest.h>
#include <unistd.h>
#include <zstd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/compress.h"

namespace picket {
namespace {

namespace fs = std::filesystem;
using picket::testing::gzip;
using Next = CaptureReader::Next;

/// Builds capture files as the format descriptions have them (draft-ietf-opsawg-pcap, -pcapng).
struct FileBuilder {
  bool big = false;
  std::string out = {};

  void u16(std::uint16_t v) { put(v, 2); }
  void u32(std::uint32_t v) { put(v, 4); }
  void put(std::uint64_t v, int bytes) {
    for (int i = 0; i < bytes; ++i) out += static_cast<char>(v >> 8 * (big ? bytes - 1 - i : i));
  }
  void pcap_header(bool nano, std::uint32_t link = 1, std::uint32_t snap = 65535) {
    u32(nano ? 0xa1b23c4d : 0xa1b2c3d4);
    u16(2), u16(4), u32(0), u32(0), u32(snap), u32(link);
  }
  void pcap_packet(std::uint32_t sec, std::uint32_t frac, const std::string& data, std::uint32_t wire) {
    u32(sec), u32(frac), u32(static_cast<std::uint32_t>(data.size())), u32(wire);
    out += data;
  }
  void block(std::uint32_t type, const std::string& body) {
    u32(type), u32(static_cast<std::uint32_t>(body.size() + 12));
    out += body;
    u32(static_cast<std::uint32_t>(body.size() + 12));
  }
  void section() {
    FileBuilder b{.big = big};
    b.u32(0x1a2b3c4d), b.u16(1), b.u16(0), b.put(~0ULL, 8);
    block(0x0a0d0d0a, b.out);
  }
  /// `tsresol`: 0 leaves the option out (microseconds then).
  void interface(std::uint16_t link, std::uint32_t snap, std::uint8_t tsresol = 0) {
    FileBuilder b{.big = big};
    b.u16(link), b.u16(0), b.u32(snap);
    if (tsresol != 0) b.u16(9), b.u16(1), b.out += static_cast<char>(tsresol), b.out.append(3, '\0');
    if (tsresol != 0) b.u32(0);
    block(1, b.out);
  }
  void enhanced(std::uint32_t interface, std::uint64_t time, const std::string& data, std::uint32_t wire) {
    FileBuilder b{.big = big};
    b.u32(interface), b.u32(static_cast<std::uint32_t>(time >> 32)), b.u32(static_cast<std::uint32_t>(time));
    b.u32(static_cast<std::uint32_t>(data.size())), b.u32(wire);
    b.out += data;
    b.out.append((4 - data.size() % 4) % 4, '\0');
    block(6, b.out);
  }
};

std::string zstd(const std::string& in) {
  std::string out(ZSTD_compressBound(in.size()), '\0');
  out.resize(ZSTD_compress(out.data(), out.size(), in.data(), in.size(), 3));
  return out;
}

class PcapFile : public ::testing::Test {
 protected:
  void SetUp() override {
    std::string name = (fs::temp_directory_path() / "picket-pcap-file-XXXXXX").string();
    ASSERT_NE(mkdtemp(name.data()), nullptr);
    folder_ = name;
  }
  void TearDown() override { fs::remove_all(folder_); }

  std::string write(const std::string& name, const std::string& bytes) {
    const fs::path path = folder_ / name;
    fs::create_directories(path.parent_path());
    std::ofstream(path, std::ios::binary) << bytes;
    return path.string();
  }

  struct Seen {
    std::string data;
    LinkType link;
    std::uint32_t wire_size;
    std::uint64_t time_ns;
  };
  /// All packets, and in error_ how it ended: "" for a proper end.
  std::vector<Seen> read(const std::string& path) {
    std::vector<Seen> seen;
    error_.clear();
    auto opened = CaptureReader::open(path);
    if (!opened) {
      error_ = opened.error().message;
      return seen;
    }
    CaptureReader reader = std::move(opened).value();
    CapturedPacket p;
    Next next;
    while ((next = reader.next(p)) == Next::kPacket) {
      seen.push_back({std::string(as_text(p.data)), p.link, p.wire_size, p.time_ns});
    }
    if (next == Next::kError) {
      error_ = reader.error();
      EXPECT_EQ(reader.next(p), Next::kError) << "an error must stay";
    }
    EXPECT_EQ(reader.packets(), seen.size());
    return seen;
  }

  fs::path folder_;
  std::string error_;
};

std::string two_packets(bool nano, bool big, std::uint32_t link = 1) {
  FileBuilder f{.big = big};
  f.pcap_header(nano, link);
  f.pcap_packet(1'700'000'000, 123'456, "first packet", 12);
  f.pcap_packet(1'700'000'001, 999'999, "second", 1500);
  return f.out;
}

TEST_F(PcapFile, MicroAndNanoInEitherByteOrder) {
  for (const bool nano : {false, true}) {
    for (const bool big : {false, true}) {
      const auto seen = read(write("a.pcap", two_packets(nano, big)));
      ASSERT_EQ(seen.size(), 2U) << error_;
      EXPECT_EQ(error_, "");
      EXPECT_EQ(seen[0].data, "first packet");
      EXPECT_EQ(seen[0].wire_size, 12U);
      EXPECT_EQ(seen[0].time_ns, 1'700'000'000'000'000'000ULL + (nano ? 123'456ULL : 123'456'000ULL));
      EXPECT_EQ(seen[1].data, "second");
      EXPECT_EQ(seen[1].wire_size, 1500U);
      EXPECT_EQ(seen[1].time_ns, 1'700'000'001'000'000'000ULL + (nano ? 999'999ULL : 999'999'000ULL));
    }
  }
}

TEST_F(PcapFile, LinkTypes) {
  const std::pair<std::uint32_t, LinkType> kCases[] = {
      {0, LinkType::kNull},        {1, LinkType::kEthernet},  {9, LinkType::kPpp},
      {101, LinkType::kRawIp},     {108, LinkType::kLoop},    {113, LinkType::kLinuxSll},
      {228, LinkType::kRawIpv4},   {229, LinkType::kRawIpv6}, {276, LinkType::kLinuxSll2},
      {104, LinkType::kCiscoHdlc}, {105, LinkType::kUnknown},
  };
  for (const auto& [number, link] : kCases) {
    const auto seen = read(write("l.pcap", two_packets(false, false, number)));
    ASSERT_EQ(seen.size(), 2U) << number << error_;
    EXPECT_EQ(seen[0].link, link) << number;
  }
}

TEST_F(PcapFile, WrappedInGzipOrZstdWhateverTheName) {
  const std::string plain = two_packets(false, false);
  for (const auto& bytes :
       {gzip(plain), zstd(plain), gzip(plain.substr(0, 30)) + gzip(plain.substr(30)),
        zstd(plain.substr(0, 30)) + zstd(plain.substr(30)), gzip(plain) + std::string(512, '\0')}) {
    const auto seen = read(write("a.dat", bytes));
    ASSERT_EQ(seen.size(), 2U) << error_;
    EXPECT_EQ(error_, "");
    EXPECT_EQ(seen[1].data, "second");
  }
}

TEST_F(PcapFile, ManyPacketsThroughEveryWrap) {
  FileBuilder f;
  f.pcap_header(true);
  constexpr std::uint32_t kPackets = 5000;
  for (std::uint32_t i = 0; i < kPackets; ++i) {
    f.pcap_packet(i, i, std::string(i % 1500, static_cast<char>(i * 7)) + std::to_string(i), 2000);
  }
  for (const auto& bytes : {f.out, gzip(f.out), zstd(f.out)}) {
    const auto seen = read(write("m.pcap", bytes));
    ASSERT_EQ(seen.size(), kPackets) << error_;
    for (std::uint32_t i = 0; i < kPackets; ++i) {
      ASSERT_EQ(seen[i].data, std::string(i % 1500, static_cast<char>(i * 7)) + std::to_string(i));
      ASSERT_EQ(seen[i].time_ns, i * 1'000'000'001ULL);
    }
  }
}

TEST_F(PcapFile, EveryTruncationKeepsWhatCameBefore) {
  const std::string plain = two_packets(false, false);
  constexpr std::size_t kFirstPacketEnds = 24 + 16 + 12;
  for (std::size_t n = 0; n < plain.size(); ++n) {
    const std::string path = write("t.pcap", plain.substr(0, n));
    const auto seen = read(path);
    EXPECT_EQ(seen.size(), n >= kFirstPacketEnds ? 1U : 0U) << n;
    if (n == 24 || n == kFirstPacketEnds) {
      EXPECT_EQ(error_, "") << n;  // the file ends between packets: nothing tells that more was there
    } else {
      EXPECT_TRUE(error_.starts_with(path + ": ")) << n << ' ' << error_;
      EXPECT_EQ(error_.find('\n'), std::string::npos) << error_;
    }
    if (n > kFirstPacketEnds) {
      EXPECT_NE(error_.find("packet 2"), std::string::npos) << error_;
    }
  }
}

TEST_F(PcapFile, CutOffCompressedDataIsAnErrorEvenBetweenPackets) {
  FileBuilder f;
  f.pcap_header(false);
  for (int i = 0; i < 100; ++i) f.pcap_packet(1, 0, "packet " + std::to_string(i * i * 7919), 50);
  for (const auto& bytes : {gzip(f.out), zstd(f.out)}) {
    for (std::size_t n = 5; n < bytes.size(); ++n) {
      read(write("t.pcap.gz", bytes.substr(0, n)));
      EXPECT_NE(error_, "") << n << " of " << bytes.size();
    }
  }
}

TEST_F(PcapFile, DamagedCompressedDataSaysSo) {
  std::string bytes = gzip(two_packets(false, false));
  bytes[bytes.size() - 8] ^= 1;  // the CRC in the trailer
  EXPECT_EQ(read(write("d.pcap.gz", bytes)).size(), 2U);
  EXPECT_NE(error_.find("gzip"), std::string::npos) << error_;
}

TEST_F(PcapFile, Pcapng) {
  for (const bool big : {false, true}) {
    FileBuilder f{.big = big};
    f.section();
    f.interface(1, 65535);
    f.enhanced(0, 1'700'000'000'123'456, "first packet", 12);
    f.block(5, std::string(12, '\0'));  // interface statistics: no packet
    f.enhanced(0, 1'700'000'001'999'999, "second", 1500);
    const auto seen = read(write("a.pcapng", f.out));
    ASSERT_EQ(seen.size(), 2U) << error_;
    EXPECT_EQ(error_, "");
    EXPECT_EQ(seen[0].time_ns, 1'700'000'000'123'456'000ULL);
    EXPECT_EQ(seen[1].data, "second");
    EXPECT_EQ(seen[1].wire_size, 1500U);
  }
}

TEST_F(PcapFile, PcapngInNanoseconds) {
  FileBuilder f;
  f.section();
  f.interface(1, 65535, 9);
  f.enhanced(0, 1'700'000'000'123'456'789, "x", 1);
  const auto seen = read(write("n.pcapng", f.out));
  ASSERT_EQ(seen.size(), 1U) << error_;
  EXPECT_EQ(seen[0].time_ns, 1'700'000'000'123'456'789ULL);
}

TEST_F(PcapFile, EmptyMissingAndForeignFiles) {
  read(write("empty.pcap", ""));
  EXPECT_NE(error_.find("empty.pcap: the file is empty"), std::string::npos) << error_;
  read((folder_ / "missing.pcap").string());
  EXPECT_NE(error_.find("missing.pcap: No such file"), std::string::npos) << error_;
  read(write("text.pcap", "this is not a capture file at all"));
  EXPECT_NE(error_.find("text.pcap: not a capture file"), std::string::npos) << error_;
  EXPECT_TRUE(read(write("none.pcap", two_packets(false, false).substr(0, 24))).empty());
  EXPECT_EQ(error_, "");
}

TEST_F(PcapFile, OldVersionsAreReadByLibpcap) {
  std::string bytes = two_packets(false, false);
  bytes[6] = 3;  // version 2.3
  const auto seen = read(write("old.pcap", bytes));
  ASSERT_EQ(seen.size(), 2U) << error_;
  EXPECT_EQ(error_, "");
  EXPECT_EQ(seen[0].data, "first packet");
  EXPECT_EQ(seen[1].time_ns, 1'700'000'001'999'999'000ULL);
}

TEST_F(PcapFile, TheSnapshotLengthCuts) {
  FileBuilder f;
  f.pcap_header(false, 1, 4);
  f.pcap_packet(1, 0, "longer than four", 16);
  f.pcap_packet(2, 0, "x", 1);
  const auto seen = read(write("snap.pcap", f.out));
  ASSERT_EQ(seen.size(), 2U) << error_;
  EXPECT_EQ(seen[0].data, "long");
  EXPECT_EQ(seen[0].wire_size, 16U);
  EXPECT_EQ(seen[1].data, "x");
}

TEST_F(PcapFile, ALengthThatCannotBeIsALie) {
  for (const std::uint32_t link : {1U, 249U}) {  // Ethernet, USBPcap
    FileBuilder f;
    f.pcap_header(false, link, 1 << 20);
    f.pcap_packet(1, 0, std::string(300'000, 'u'), 300'000);
    f.pcap_packet(2, 0, "x", 1);
    const auto seen = read(write("large.pcap", f.out));
    EXPECT_EQ(seen.size(), link == 1 ? 0U : 2U);
    if (link == 1) {
      EXPECT_NE(error_.find("packet 1: a packet of 300000 bytes"), std::string::npos) << error_;
    } else {
      EXPECT_EQ(error_, "");
      EXPECT_EQ(seen.front().data.size(), CaptureReader::kMaxPacket);
      EXPECT_EQ(seen.front().wire_size, 300'000U);
      EXPECT_EQ(seen.back().data, "x");
    }
  }
}

TEST_F(PcapFile, OddTimesAreClamped) {
  FileBuilder f;
  f.pcap_header(true);
  f.pcap_packet(5, 0xffffffff, "x", 1);
  f.pcap_packet(5, 1'999'999'999, "y", 1);
  const auto seen = read(write("odd.pcap", f.out));
  ASSERT_EQ(seen.size(), 2U);
  for (const auto& p : seen) {
    EXPECT_GE(p.time_ns, 5'000'000'000ULL);
    EXPECT_LT(p.time_ns, 6'000'000'000ULL);
  }
}

TEST_F(PcapFile, WireSizeIsNeverBelowWhatWasCaptured) {
  FileBuilder f;
  f.pcap_header(false);
  f.pcap_packet(5, 0, "ten bytes!", 3);
  const auto seen = read(write("w.pcap", f.out));
  ASSERT_EQ(seen.size(), 1U);
  EXPECT_EQ(seen[0].wire_size, 10U);
}

TEST_F(PcapFile, FoldersInNameOrder) {
  const std::string bytes = two_packets(false, false);
  write("day/b.pcap", bytes), write("day/a.pcap.zst", zstd(bytes)), write("day/sub/c.cap", bytes);
  write("day/aa/z.pcapng.gz", gzip(bytes)), write("day/notes.txt", "nothing"),
      write("day/log.1700000000", bytes);
  fs::create_directory_symlink(folder_ / "day", folder_ / "day/loop");
  const auto listed = list_captures({(folder_ / "day").string()});
  ASSERT_TRUE(listed.has_value()) << listed.error().message;
  std::vector<std::string> names;
  for (const auto& f : listed.value().files) names.push_back(fs::relative(f, folder_ / "day").string());
  EXPECT_EQ(names, (std::vector<std::string>{"a.pcap.zst", "aa/z.pcapng.gz", "b.pcap", "log.1700000000",
                                             "sub/c.cap"}));
  ASSERT_EQ(listed.value().passed.size(), 1U);
  EXPECT_TRUE(listed.value().passed[0].ends_with("notes.txt"));
}

TEST_F(PcapFile, ListRefusesWhatIsNotThere) {
  EXPECT_FALSE(list_captures({(folder_ / "nowhere").string()}).has_value());
  write("only/notes.txt", "nothing");
  EXPECT_FALSE(list_captures({(folder_ / "only").string()}).has_value());
  const auto given = list_captures({write("x.bin", "?"), "-"});  // named by hand: taken as it is
  ASSERT_TRUE(given.has_value());
  EXPECT_EQ(given.value().files.size(), 2U);
}

}  // namespace
}  // namespace picket
