#include "export/batch.h"

#include <gtest/gtest.h>

#include "export/delimited.h"
#include "export/proto/picket/v1/collector.pb.h"

namespace picket {
namespace {

std::string hex(Bytes b) {
  std::string s;
  for (const auto c : b) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", c);
    s += two;
  }
  return s;
}

v1::Batch sealed(bool compress, std::string* records_out = nullptr) {
  std::string records;
  for (int i = 0; i < 100; ++i) append_delimited(as_bytes("record number " + std::to_string(i)), records);
  v1::Batch batch;
  batch.set_sensor("plant-7");
  batch.set_boot(0x1122334455667788);
  batch.set_first_seq(1);
  batch.set_count(100);
  seal_batch({}, as_bytes(records), compress, batch);
  if (records_out != nullptr) *records_out = records;
  return batch;
}

TEST(Batch, HashIsWhatItsDescriptionSays) {
  // Computed with Python's hashlib and struct.
  v1::Batch batch;
  batch.set_sensor("s");
  batch.set_boot(2);
  batch.set_first_seq(3);
  batch.set_count(4);
  EXPECT_EQ(hex(hash_batch({}, batch, as_bytes("abc"))),
            "bc2fa430b15c2f117eaf8bf0e8832f0a87108693d6d982569509ac916f553ab5");
}

v1::Batch gap() {
  v1::Batch batch;
  batch.set_sensor("s");
  batch.set_boot(2);
  batch.set_first_seq(3);
  batch.set_count(4);
  batch.set_lane(v1::LANE_FLOW);
  batch.set_sealed_at(5);
  v1::TypeCount& before = *batch.add_before();
  before.set_type("flow");
  before.set_count(2);
  batch.mutable_gap()->set_reason(v1::GAP_SPOOL_FULL);
  for (const auto& [type, count] : {std::pair("arp", 1), std::pair("flow", 3)}) {
    v1::TypeCount& c = *batch.mutable_gap()->add_missing();
    c.set_type(type);
    c.set_count(static_cast<std::uint64_t>(count));
  }
  batch.mutable_gap()->set_last_hash(std::string(32, '\7'));
  return batch;
}

TEST(Batch, HashCoversTheHeadOfALane) {
  // Computed with Python's hashlib and struct.
  EXPECT_EQ(hex(hash_batch({}, gap(), {})),
            "249450f92f1cac3f31fb71f88e1d5f525ae93aee2447da7585bcdf54aff12958");
}

TEST(Batch, AGapIsPartOfTheChain) {
  v1::Batch batch = gap();
  const BatchHash own = seal_batch({}, {}, true, batch);
  const auto opened = open_batch(batch, {});
  ASSERT_TRUE(opened) << opened.error().message;
  EXPECT_EQ(opened.value(), "");
  BatchHash last;
  last.fill(7);
  EXPECT_EQ(chain_after(batch), last);
  batch.mutable_gap()->clear_last_hash();
  EXPECT_FALSE(open_batch(batch, {})) << "the hash covers last_hash";
  EXPECT_EQ(chain_after(batch), own);
}

TEST(Batch, RefusesAGapThatWasChanged) {
  const auto refused = [](auto change, std::string_view why) {
    v1::Batch batch = gap();
    seal_batch({}, {}, true, batch);
    change(batch);
    const auto opened = open_batch(batch, {});
    ASSERT_FALSE(opened) << why;
    EXPECT_NE(opened.error().message.find(why), std::string::npos) << opened.error().message;
  };
  refused([](v1::Batch& b) { b.set_lane(v1::LANE_ALERT); }, "hash is not that of its content");
  refused([](v1::Batch& b) { b.set_sealed_at(6); }, "hash is not that of its content");
  refused([](v1::Batch& b) { b.mutable_before(0)->set_count(3); }, "hash is not that of its content");
  refused([](v1::Batch& b) { b.mutable_gap()->set_reason(v1::GAP_NO_ROOM); },
          "hash is not that of its content");
  refused([](v1::Batch& b) { b.mutable_gap()->mutable_missing(0)->set_count(2); },
          "hash is not that of its content");
  refused([](v1::Batch& b) { b.mutable_gap()->set_last_hash("short"); }, "32 bytes");
  refused([](v1::Batch& b) { b.set_lane(v1::LANE_ALL); }, "without a lane");
  refused([](v1::Batch& b) { b.set_records("x"); }, "a gap with records");
  refused(
      [](v1::Batch& b) {
        for (int i = 0; i < 600; ++i) b.add_before();
      },
      "types");
  const std::string name(kMaxTypeName + 1, 'x');
  refused([&](v1::Batch& b) { b.mutable_before(0)->set_type(name); }, "names");
  refused([&](v1::Batch& b) { b.mutable_gap()->mutable_missing(0)->set_type(name); }, "names");
}

TEST(Batch, IsSignedByItsHash) {
  v1::Batch batch = gap();
  const BatchHash hash = seal_batch({}, {}, true, batch);
  BatchHash seen{};
  sign_batch(
      [&](const BatchHash& h) {
        seen = h;
        return Signature{"signed", "by"};
      },
      batch);
  EXPECT_EQ(seen, hash);
  EXPECT_EQ(batch.signature() + batch.certificate(), "signedby");
  EXPECT_TRUE(open_batch(batch, {})) << "the hash does not cover them";
}

TEST(Batch, OpensWhatWasSealed) {
  for (const bool compress : {false, true}) {
    std::string records;
    const v1::Batch batch = sealed(compress, &records);
    EXPECT_EQ(batch.compression(), compress ? v1::COMPRESSION_ZSTD : v1::COMPRESSION_NONE);
    if (compress) {
      EXPECT_LT(batch.records().size(), records.size() / 2);
    }
    const auto opened = open_batch(batch, {});
    ASSERT_TRUE(opened) << opened.error().message;
    EXPECT_EQ(opened.value(), records);
  }
}

TEST(Batch, RefusesWhateverWasChanged) {
  const auto refused = [](auto change, std::string_view why) {
    v1::Batch batch = sealed(true);
    change(batch);
    const auto opened = open_batch(batch, {});
    ASSERT_FALSE(opened) << why;
    EXPECT_NE(opened.error().message.find(why), std::string::npos) << opened.error().message;
  };
  refused([](v1::Batch& b) { b.set_sensor("plant-8"); }, "hash is not that of its content");
  refused([](v1::Batch& b) { b.set_boot(1); }, "hash is not that of its content");
  refused([](v1::Batch& b) { b.set_first_seq(2); }, "hash is not that of its content");
  refused([](v1::Batch& b) { b.set_previous_hash(std::string(32, 'x')); }, "hash is not that of its content");
  refused([](v1::Batch& b) { b.set_count(99); }, "100 whole records");
  refused([](v1::Batch& b) { b.set_hash("short"); }, "32 bytes");
  refused([](v1::Batch& b) { b.clear_sensor(); }, "sensor's name");
  refused([](v1::Batch& b) { b.set_sensor(std::string(1000, 'x')); }, "too long");
  refused([](v1::Batch& b) { b.set_count(0); }, "without records");
  refused([](v1::Batch& b) { b.set_first_seq(0); }, "numbered from 1");
  refused([](v1::Batch& b) { b.set_records("not zstd"); }, "zstd");
  refused([](v1::Batch& b) { b.set_records_size(b.records_size() + 1); }, "records_size");
  refused([](v1::Batch& b) { b.set_records_size(b.records_size() - 1); }, "zstd");
  refused([](v1::Batch& b) { b.set_records_size(0xffffffff); }, "at most");
  refused([](v1::Batch& b) { b.set_count(2'000'000); }, "at most");
  refused([](v1::Batch& b) { b.set_compression(static_cast<v1::Compression>(9)); }, "compression 9");
}

TEST(Batch, RefusesRecordsThatAreCutShort) {
  std::string records;
  append_delimited(as_bytes("whole"), records);
  records += "\x20short";
  v1::Batch batch;
  batch.set_sensor("s");
  batch.set_boot(1);
  batch.set_first_seq(1);
  batch.set_count(2);
  seal_batch({}, as_bytes(records), false, batch);
  const auto opened = open_batch(batch, {});
  ASSERT_FALSE(opened);
  EXPECT_NE(opened.error().message.find("1 whole records"), std::string::npos) << opened.error().message;
}

}  // namespace
}  // namespace picket
