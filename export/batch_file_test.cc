#include "export/batch_file.h"

#include <gtest/gtest.h>

#include "export/proto/picket/v1/collector.pb.h"

namespace picket {
namespace {

v1::Batch batch(std::uint64_t n) {
  v1::Batch b;
  b.set_sensor("plant-7");
  b.set_first_seq(n);
  b.set_records(std::string(200, 'r'));
  return b;
}

std::string file_of(std::uint64_t count) {
  BatchFileWriter file;
  for (std::uint64_t n = 1; n <= count; ++n) file.add(batch(n));
  return std::move(file).finish();
}

std::string fault(const std::string& file) {
  const auto read = BatchFileReader::open(as_bytes(file));
  return read ? "" : read.error().message;
}

TEST(BatchFile, GivesBackWhatWasAddedInOrder) {
  for (const std::uint64_t count : {0, 1, 7}) {
    const std::string file = file_of(count);
    auto read = BatchFileReader::open(as_bytes(file));
    ASSERT_TRUE(read) << read.error().message;
    std::uint64_t n = 0;
    for (Bytes one; read.value().next(one);) {
      v1::Batch b;
      ASSERT_TRUE(b.ParseFromArray(one.data(), static_cast<int>(one.size())));
      EXPECT_EQ(b.SerializeAsString(), batch(++n).SerializeAsString());
    }
    EXPECT_EQ(n, count);
  }
}

TEST(BatchFile, IsAsItsPictureSays) {
  const std::string file = file_of(1);
  EXPECT_EQ(file.substr(0, 17), "picket batches 1\n");
  EXPECT_EQ(file[file.size() - 33], '\0');
}

TEST(BatchFile, IsRefusedWhereverItIsCut) {
  const std::string file = file_of(3);
  for (std::size_t n = 0; n < file.size(); ++n)
    EXPECT_NE(fault(file.substr(0, n)).find("cut"), std::string::npos)
        << n << ": " << fault(file.substr(0, n));
  EXPECT_NE(fault(file + "x").find("1 bytes stand behind its end"), std::string::npos);
}

TEST(BatchFile, IsRefusedWhicheverByteIsDamaged) {
  const std::string file = file_of(2);
  for (std::size_t i = 0; i < file.size(); ++i) {
    std::string damaged = file;
    damaged[i] = static_cast<char>(damaged[i] ^ 0x10);
    EXPECT_NE(fault(damaged), "") << i;
  }
}

TEST(BatchFile, SaysWhichVersionItReads) {
  std::string file = file_of(1);
  file[15] = '2';
  EXPECT_NE(fault(file).find("another version than 1"), std::string::npos) << fault(file);
  EXPECT_NE(fault("GIF89a and more than seventeen bytes").find("no file of batches"), std::string::npos);
}

TEST(BatchFile, NameSaysWriterAndNumber) {
  BatchFileName name;
  ASSERT_TRUE(parse_batch_file_name("01700000000000000000-0000000042.batches", name));
  EXPECT_EQ(name.run, "01700000000000000000");
  EXPECT_EQ(name.number, 42U);
  EXPECT_EQ(name.text(), "01700000000000000000-0000000042.batches");
  for (const char* other :
       {"", "x", "01700000000000000000-0000000042.batches.part", "0170000000000000000-0000000042.batches",
        "01700000000000000000-000000004x.batches", "01700000000000000000_0000000042.batches",
        "01700000000000000000-0000000000.batches", "+1700000000000000000-0000000042.batches"})
    EXPECT_FALSE(parse_batch_file_name(other, name)) << other;
}

}  // namespace
}  // namespace picket
