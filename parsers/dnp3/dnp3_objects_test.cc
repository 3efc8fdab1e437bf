#include "parsers/dnp3/dnp3_objects.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parsers/dnp3/dnp3.h"
#include "tests/support/parser_harness.h"

namespace picket::dnp3 {
namespace {

using picket::testing::from_hex;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr auto kResponse = static_cast<std::uint8_t>(Function::kResponse);
constexpr auto kRead = static_cast<std::uint8_t>(Function::kRead);

/// "30.1 x2 [0] flags 01 value -5" ...: headers, and their points behind them.
std::vector<std::string> objects(std::string_view hex, std::uint8_t function = kResponse) {
  const std::string bytes = from_hex(hex);
  std::vector<std::string> out;
  ObjectReader reader(as_bytes(bytes), function);
  ObjectHeader h;
  while (reader.next(h)) {
    std::string line =
        std::to_string(h.group) + "." + std::to_string(h.variation) + " x" + std::to_string(h.count);
    static constexpr const char* kProblems[] = {"", " unknown", " short", " invalid"};
    line += kProblems[static_cast<int>(h.problem)];
    PointReader points(h);
    Point p;
    while (points.next(p)) {
      line += " [" + std::to_string(p.index) + "]";
      const Reading r = read_point(h, p);
      if (r.has_flags) line += " flags " + std::to_string(r.flags);
      if (r.has_state) line += " state " + std::to_string(r.state);
      if (r.has_number && r.is_float) line += " real " + std::to_string(r.real);
      if (r.has_number && !r.is_float) line += " value " + std::to_string(r.integer);
      if (r.has_status) line += " status " + std::to_string(r.status);
      if (r.has_time) line += " at " + std::to_string(r.time_ms);
      if (r.has_delta_time) line += " after " + std::to_string(r.delta_ms);
    }
    out.push_back(line);
  }
  return out;
}

TEST(Dnp3Objects, ReadsPackedPoints) {
  EXPECT_THAT(
      objects("01 01 00 03 0c 05 02"),
      ElementsAre(
          "1.1 x10 [3] state 1 [4] state 0 [5] state 1 [6] state 0 [7] state 0 [8] state 0 [9] state 0 "
          "[10] state 0 [11] state 0 [12] state 1"));
  EXPECT_THAT(objects("03 01 00 00 04 39 01"),
              ElementsAre("3.1 x5 [0] state 1 [1] state 2 [2] state 3 [3] state 0 [4] state 1"));
  EXPECT_THAT(objects("50 01 00 07 07 01"), ElementsAre("80.1 x1 [7] state 1"));
}

TEST(Dnp3Objects, ReadsFlagsValuesAndTimes) {
  EXPECT_THAT(objects("01 02 00 00 01 81 21"),
              ElementsAre("1.2 x2 [0] flags 129 state 1 [1] flags 33 state 0"));
  EXPECT_THAT(objects("04 02 17 01 09 81 0068e5cf8b01"),
              ElementsAre("4.2 x1 [9] flags 129 state 2 at 1700000000000"));
  EXPECT_THAT(objects("02 03 28 0100 2c01 81 e803"),
              ElementsAre("2.3 x1 [300] flags 129 state 1 after 1000"));
  EXPECT_THAT(objects("14 01 00 00 00 01 00286bee"), ElementsAre("20.1 x1 [0] flags 1 value 4000000000"));
  EXPECT_THAT(objects("15 06 00 03 03 41 6000 0168e5cf8b01"),
              ElementsAre("21.6 x1 [3] flags 65 value 96 at 1700000000001"));
  EXPECT_THAT(objects("1e 01 01 0001 0001 01 fbffffff"), ElementsAre("30.1 x1 [256] flags 1 value -5"));
  EXPECT_THAT(objects("1e 04 00 04 04 0080"), ElementsAre("30.4 x1 [4] value -32768"));
  EXPECT_THAT(objects("1e 05 00 05 05 01 00404842"), ElementsAre("30.5 x1 [5] flags 1 real 50.062500"));
  EXPECT_THAT(objects("20 08 17 01 08 01 00000000000013c0 0068e5cf8b01"),
              ElementsAre("32.8 x1 [8] flags 1 real -4.750000 at 1700000000000"));
  EXPECT_THAT(objects("29 02 28 0100 0700 b004 0c"), ElementsAre("41.2 x1 [7] value 1200 status 12"));
  EXPECT_THAT(objects("0d 02 17 01 03 86 0068e5cf8b01"),
              ElementsAre("13.2 x1 [3] state 1 status 6 at 1700000000000"));
  EXPECT_THAT(objects("2b 01 17 01 01 02 6079feff"), ElementsAre("43.1 x1 [1] value -100000 status 2"));
  EXPECT_THAT(objects("34 02 07 01 2300"), ElementsAre("52.2 x1 [0] value 35"));
  EXPECT_THAT(objects("79 01 00 05 05 01 0000 07000000"), ElementsAre("121.1 x1 [5] flags 1 value 7"));
}

TEST(Dnp3Objects, RequestsNamePointsWithoutValues) {
  EXPECT_THAT(objects("1e 05 00 00 05  01 00 06  14 01 17 02 03 04  3c 02 07 05", kRead),
              ElementsAre("30.5 x6", "1.0 x0", "20.1 x2 [3] [4]", "60.2 x5"));
  const auto freeze_at = static_cast<std::uint8_t>(Function::kFreezeAtTime);
  EXPECT_THAT(objects("32 02 07 01 0068e5cf8b01 80ee3600  14 00 06", freeze_at),
              ElementsAre("50.2 x1 [0] at 1700000000000", "20.0 x0"));
  const auto assign = static_cast<std::uint8_t>(Function::kAssignClass);
  EXPECT_THAT(objects("3c 02 06 01 00 06 1e 00 00 00 05", assign),
              ElementsAre("60.2 x0", "1.0 x0", "30.0 x6"));
}

TEST(Dnp3Objects, SizesMayStandAhead) {
  EXPECT_THAT(objects("46 05 5b 02 0900 01000000 00000000 41 0800 02000000 00000000 1e 02 00 00 00 01 0500"),
              ElementsAre("70.5 x2 [0] [1]", "30.2 x1 [0] flags 1 value 5"));
  // What is not known is passed over where its size is.
  EXPECT_THAT(objects("c8 01 5b 01 0200 ffff 1e 02 00 00 00 01 0500"),
              ElementsAre("200.1 x1 unknown [0]", "30.2 x1 [0] flags 1 value 5"));
  EXPECT_THAT(objects("00 fc 00 00 00 01 03 414243 00 fa 00 00 00 01 01 44"),
              ElementsAre("0.252 x1 [0]", "0.250 x1 [0]"));
  EXPECT_THAT(objects("6e 03 00 01 02 414243444546"), ElementsAre("110.3 x2 [1] [2]"));
}

TEST(Dnp3Objects, SaysWhatIsWrong) {
  EXPECT_THAT(objects("1e"), ElementsAre("30.0 x0 short"));
  EXPECT_THAT(objects("1e 01 00 00"), ElementsAre("30.1 x0 short"));
  EXPECT_THAT(objects("1e 01 00 05 04 00"), ElementsAre("30.1 x0 invalid")) << "ends before it starts";
  EXPECT_THAT(objects("1e 01 02 00000000 ffffffff 00"), ElementsAre("30.1 x0 invalid")) << "2^32 points";
  EXPECT_THAT(objects("1e 01 0a 00"), ElementsAre("30.1 x0 invalid")) << "range code 10";
  EXPECT_THAT(objects("1e 01 77 01 00"), ElementsAre("30.1 x1 invalid")) << "prefix code 7";
  EXPECT_THAT(objects("1e 01 87 01 00"), ElementsAre("30.1 x1 invalid")) << "a reserved bit";
  EXPECT_THAT(objects("63 09 00 00 00 01 1e 01 06"), ElementsAre("99.9 x1 unknown"))
      << "nothing behind it can be found";
  EXPECT_THAT(objects("1e 63 00 00 00 01"), ElementsAre("30.99 x1 unknown"));
  EXPECT_THAT(objects("63 00 06 1e 00 06", kRead), ElementsAre("99.0 x0 unknown", "30.0 x0"));
  // What is there of a header that is cut short is read.
  EXPECT_THAT(objects("1e 02 00 00 05 01 0500 01 06"), ElementsAre("30.2 x6 short [0] flags 1 value 5"));
  EXPECT_THAT(objects("01 01 00 00 20 ff"),
              ElementsAre("1.1 x33 short [0] state 1 [1] state 1 [2] state 1 [3] state 1 "
                          "[4] state 1 [5] state 1 [6] state 1 [7] state 1"));
  EXPECT_THAT(objects("46 05 5b 01 ffff 41"), ElementsAre("70.5 x1 short"));
  EXPECT_THAT(objects("29 02 5b 01 0100 41"), ElementsAre("41.2 x1 [0]"))
      << "a size too small for its type says nothing";
}

TEST(Dnp3Objects, ManyPointsCostNothing) {
  // Four thousand million points of a request, and of a response that has not got them.
  EXPECT_THAT(objects("1e 01 02 00000000 feffffff", kRead), ElementsAre("30.1 x4294967295"));
  EXPECT_THAT(objects("1e 01 09 ffffffff"), ElementsAre("30.1 x4294967295 short"));
  EXPECT_THAT(objects("c8 01 5b ff 0000"), ElementsAre("200.1 x255 short [0]"));
  // Strings without octets: nothing is there to be looked at.
  EXPECT_THAT(objects("70 00 01 0000 ffff 1e 02 00 00 00 01 0500"),
              ElementsAre("112.0 x65536", "30.2 x1 [0] flags 1 value 5"));
}

TEST(Dnp3Objects, ReadsControls) {
  const std::string block = from_hex("a3 02 e8030000 f4010000 87");
  const Relay r = read_relay(as_bytes(block));
  EXPECT_EQ(r.operation(), 3);
  EXPECT_EQ(operation_type_name(r.operation()), "latch_on");
  EXPECT_EQ(r.queue(), 0);
  EXPECT_EQ(r.clear(), 1);
  EXPECT_EQ(trip_close_name(r.trip_close()), "trip");
  EXPECT_EQ(r.count, 2);
  EXPECT_EQ(r.on_ms, 1000U);
  EXPECT_EQ(r.off_ms, 500U);
  EXPECT_EQ(r.status, 0x87);
}

TEST(Dnp3Objects, ReadsAttributes) {
  const auto read = [](std::string_view hex) {
    static std::string bytes;
    bytes = from_hex(hex);
    return read_attribute(as_bytes(bytes));
  };
  EXPECT_EQ(as_text(read("01 03 414243").value), "ABC");
  EXPECT_EQ(read("02 02 0008").integer, 2048);
  EXPECT_EQ(read("03 01 ff").integer, -1);
  EXPECT_EQ(read("03 08 feffffffffffffff").integer, -2);
  EXPECT_EQ(read("04 04 0000ed42").real, 118.5);
  EXPECT_FALSE(read("02 09 000000000000000000").has_number);
  EXPECT_EQ(attribute_name(252), "manufacturer");
}

TEST(Dnp3Objects, ReadsFiles) {
  std::string bytes = from_hex("1a00 0300 0068e5cf8b01 a401 07000000 00010000 0200 0004 0900 2f6677");
  FileObject f = read_file(3, as_bytes(bytes));
  EXPECT_TRUE(f.ok);
  EXPECT_EQ(as_text(f.name), "/fw");
  EXPECT_EQ(f.created_ms, 1700000000000U);
  EXPECT_EQ(f.permissions, 0644);
  EXPECT_EQ(f.key, 7U);
  EXPECT_EQ(f.size, 256U);
  EXPECT_EQ(file_mode_name(f.mode), "write");
  EXPECT_EQ(f.max_block, 1024);
  EXPECT_EQ(f.request, 9);
  bytes[2] = '\x40';  // the name would end behind the object
  f = read_file(3, as_bytes(bytes));
  EXPECT_FALSE(f.ok);
  EXPECT_TRUE(f.name.empty());
  bytes = from_hex("34120000 02000080 6162");
  f = read_file(5, as_bytes(bytes));
  EXPECT_EQ(f.handle, 0x1234U);
  EXPECT_TRUE(f.last_block());
  EXPECT_EQ(as_text(f.data), "ab");
  EXPECT_FALSE(read_file(4, as_bytes(bytes)).ok);
  bytes = from_hex("0c00 0500 1100 0600 00000000") + "adminsecret";
  f = read_file(2, as_bytes(bytes));
  EXPECT_EQ(as_text(f.name), "admin");
  EXPECT_EQ(as_text(f.password), "secret");
}

TEST(Dnp3Objects, ReadsAuthentication) {
  const std::string challenge = from_hex("09000000 0100 03 01 0a0b");
  AuthObject a = read_auth(1, as_bytes(challenge));
  EXPECT_EQ(a.sequence, 9U);
  EXPECT_EQ(a.user, 1);
  EXPECT_EQ(a.algorithm, 3);
  EXPECT_EQ(a.reason, 1);
  EXPECT_EQ(a.data.size(), 2U);
  const std::string error = from_hex("0b000000 0100 0200 05 0068e5cf8b01 6f");
  a = read_auth(7, as_bytes(error));
  EXPECT_EQ(a.association, 2);
  EXPECT_EQ(a.error, 5);
  EXPECT_EQ(a.time_ms, 1700000000000U);
  EXPECT_EQ(as_text(a.data), "o");
  EXPECT_FALSE(read_auth(7, as_bytes(challenge)).ok);
}

TEST(Dnp3Objects, TheLibraryIsWhole) {
  unsigned types = 0;
  for (unsigned group = 0; group < 256; ++group) {
    for (unsigned variation = 0; variation < 256; ++variation) {
      const ObjectType* t =
          object_type(static_cast<std::uint8_t>(group), static_cast<std::uint8_t>(variation));
      if (t == nullptr) continue;
      ++types;
      EXPECT_EQ(t->group, group);
      EXPECT_FALSE(t->name.empty());
      EXPECT_FALSE(group_name(t->group).empty()) << group;
    }
  }
  EXPECT_GT(types, 150U);
}

}  // namespace
}  // namespace picket::dnp3
