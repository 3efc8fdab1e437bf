#include "dataplane/files/file_tracker.h"

#include <gtest/gtest.h>

#include <vector>

namespace picket {
namespace {

std::string hex(Bytes b) {
  std::string s(2 * b.size(), 0);
  to_hex(b, s);
  return s;
}

/// One transaction, and a tracker with what a test wants of files.
struct FileTrackerTest : ::testing::Test {
  explicit FileTrackerTest(FileWants wants = {true, true, false, true, true, true}) {
    config.wants = wants;
    config.max_files = 3;
    tracker.emplace(config, pool);
  }
  ~FileTrackerTest() override {
    tracker->release(tx);
    EXPECT_EQ(pool.in_use_bytes(), 0U);
  }
  File& begin(std::string_view name = "a.txt", Direction dir = Direction::kToClient,
              std::size_t limit = 100) {
    File* f = tracker->begin(tx, dir, as_bytes(name), limit);
    EXPECT_NE(f, nullptr);
    return *f;
  }
  Pool pool{4 << 20};
  FileConfig config;
  std::optional<FileTracker> tracker;
  Transaction tx;
};

TEST_F(FileTrackerTest, HashesSizeAndStateOfAWholeFile) {
  File& f = begin();
  EXPECT_EQ(file_state_name(f.state), "UNKNOWN");
  tracker->data(f, as_bytes("ab"));
  tracker->data(f, as_bytes("c"));
  tracker->end(f, FileEnd::kComplete);
  EXPECT_EQ(file_state_name(f.state), "CLOSED");
  EXPECT_EQ(f.size, 3U);
  // "abc" in RFC 1321, A.5, and FIPS 180-4's examples.
  EXPECT_EQ(hex(f.md5), "900150983cd24fb0d6963f7d28e17f72");
  EXPECT_EQ(hex(f.sha1), "a9993e364706816aba3e25717850c26c9cd0d89d");
  EXPECT_EQ(hex(f.sha256), "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  tracker->data(f, as_bytes("late"));
  EXPECT_EQ(f.size, 3U) << "what ended stays as it is";
}

TEST_F(FileTrackerTest, EveryCutGivesTheSame) {
  std::string bytes;
  for (int i = 0; i < 300; ++i) bytes += static_cast<char>(i * 7);
  const auto outcome = [&](std::size_t cut, bool with_gap) {
    tracker->release(tx);
    tx = Transaction();
    File& f = begin("x", Direction::kToServer, 128);
    tracker->data(f, as_bytes(std::string_view(bytes).substr(0, cut)));
    tracker->data(f, as_bytes(std::string_view(bytes).substr(cut)));
    if (with_gap) tracker->gap(f, 10);
    tracker->data(f, as_bytes("tail"));
    tracker->end(f, FileEnd::kComplete);
    Bytes kept;
    EXPECT_TRUE(file_kept(tx, Direction::kToServer, 0, kept));
    return hex(f.md5) + hex(f.sha1) + hex(f.sha256) + std::string(as_text(kept)) + std::to_string(f.size) +
           std::string(file_state_name(f.state)) + std::to_string(f.gap);
  };
  for (const bool with_gap : {false, true}) {
    const std::string want = outcome(0, with_gap);
    for (std::size_t cut = 1; cut <= bytes.size(); ++cut) ASSERT_EQ(outcome(cut, with_gap), want) << cut;
  }
}

TEST_F(FileTrackerTest, AGapIsSizeButNoHash) {
  File& f = begin();
  tracker->data(f, as_bytes("ab"));
  tracker->gap(f, 5);
  tracker->data(f, as_bytes("c"));
  tracker->end(f, FileEnd::kComplete);
  EXPECT_EQ(f.size, 8U);
  EXPECT_EQ(f.seen, 3U);
  EXPECT_TRUE(f.gap);
  EXPECT_EQ(f.state, FileState::kTruncated);
  EXPECT_FALSE(f.has_md5 || f.has_sha1 || f.has_sha256);
  EXPECT_EQ(f.kept.text(), "ab") << "what lies behind a gap does not join";
}

TEST_F(FileTrackerTest, WhatDidNotEndHasNoHash) {
  for (const FileEnd how : {FileEnd::kTruncated, FileEnd::kLimit}) {
    File& f = begin();
    tracker->data(f, as_bytes("abc"));
    tracker->end(f, how);
    EXPECT_EQ(f.state, FileState::kTruncated);
    EXPECT_FALSE(f.has_md5);
  }
  EXPECT_EQ(tracker->stats().cut, 1U);
}

TEST_F(FileTrackerTest, StagesComeAsBytesDo) {
  File& f = begin("x", Direction::kToServer, 5000);
  EXPECT_EQ(f.stage, FileStage::kNamed);
  tracker->data(f, as_bytes(std::string(kMagicBytes - 1, 'x')));
  EXPECT_EQ(f.stage, FileStage::kNamed);
  tracker->data(f, as_bytes("x"));
  EXPECT_EQ(f.stage, FileStage::kHead);
  tracker->data(f, as_bytes(std::string(1000, 'x')));
  EXPECT_EQ(f.stage, FileStage::kKept);
  EXPECT_EQ(f.kept.size(), 5000U) << "up to the limit";
  tracker->end(f, FileEnd::kComplete);
  EXPECT_EQ(f.stage, FileStage::kClosed);
}

TEST_F(FileTrackerTest, FilesOfATransactionAreBoundedAndCounted) {
  for (int i = 0; i < 3; ++i) EXPECT_EQ(begin("f").id, static_cast<std::uint32_t>(i));
  EXPECT_EQ(tracker->begin(tx, Direction::kToClient, as_bytes("one too many"), 1), nullptr);
  EXPECT_EQ(tx.file_count, 4U);
  EXPECT_EQ(tracker->stats().files, 3U);
  EXPECT_EQ(tracker->stats().refused, 1U);
}

TEST_F(FileTrackerTest, PlacesCountWithinADirection) {
  begin("up", Direction::kToServer);
  begin("down", Direction::kToClient);
  begin("down too", Direction::kToClient);
  Bytes name;
  ASSERT_TRUE(file_name(tx, Direction::kToClient, 1, name));
  EXPECT_EQ(as_text(name), "down too");
  EXPECT_FALSE(file_name(tx, Direction::kToServer, 1, name));
}

TEST_F(FileTrackerTest, ALongNameIsCut) {
  EXPECT_EQ(begin(std::string(2 * kMaxFileName, 'n')).name.size(), kMaxFileName);
}

TEST_F(FileTrackerTest, NothingIsFollowedThatNobodyWants) {
  FileTracker none(FileConfig{}, pool);
  EXPECT_EQ(none.begin(tx, Direction::kToClient, as_bytes("x"), 10), nullptr);
  EXPECT_EQ(none.stats().refused, 0U);
  none.want({true, false, false, false, false, true});  // a rule with filesha256
  File* f = none.begin(tx, Direction::kToClient, as_bytes("x"), 10);
  ASSERT_NE(f, nullptr);
  none.data(*f, as_bytes("abc"));
  none.end(*f, FileEnd::kComplete);
  EXPECT_TRUE(f->has_sha256);
  EXPECT_FALSE(f->has_md5 || f->has_sha1);
  EXPECT_TRUE(f->kept.empty()) << "and nothing is kept";
}

TEST_F(FileTrackerTest, WhatIsAskedLaterIsOfFilesThatBeginThen) {
  AskedHashes asked;
  FileConfig c;
  c.wants.any = c.wants.md5 = true;
  c.asked = &asked;
  FileTracker t(c, pool);
  /// "md5 sha1 sha256", as far as a file has them that begins, and goes on after `meanwhile` is asked.
  const auto hashes = [&](const FileWants& meanwhile) {
    File* f = t.begin(tx, Direction::kToClient, as_bytes("x"), 10);
    EXPECT_NE(f, nullptr);
    asked.ask(meanwhile);
    t.data(*f, as_bytes("abc"));
    t.end(*f, FileEnd::kComplete);
    const std::string all = std::string(f->has_md5 ? "md5 " : "") + (f->has_sha1 ? "sha1 " : "") +
                            (f->has_sha256 ? hex(f->sha256).substr(0, 8) : "");
    t.release(tx);
    tx = Transaction();
    return all;
  };
  FileWants sha1, sha256;
  sha1.sha1 = sha256.sha256 = true;
  EXPECT_EQ(hashes(sha256), "md5 ");
  EXPECT_EQ(hashes(sha1), "md5 ba7816bf") << "what was asked when it began";
  EXPECT_EQ(hashes({}), "md5 sha1 ") << "in place of what was asked before";
  EXPECT_EQ(hashes(sha256), "md5 ") << "nobody asks any more, but for the configuration";
  t.want({true, false, false, false, true, false});  // a rule with filesha1
  EXPECT_EQ(hashes(sha256), "md5 sha1 ba7816bf");
  FileWants all_but_hashes;
  all_but_hashes.any = all_but_hashes.kept = all_but_hashes.magic = true;
  asked.ask(all_but_hashes);
  EXPECT_EQ(asked.wants(), FileWants{});
}

TEST_F(FileTrackerTest, AUsedUpPoolRefusesAndIsCounted) {
  Pool small(Pool::kMaxBlock);
  FileTracker tight(config, small);
  void* all = small.allocate(Pool::kMaxBlock);
  EXPECT_EQ(tight.begin(tx, Direction::kToClient, as_bytes("x"), 10), nullptr);
  EXPECT_EQ(tight.stats().refused, 1U);
  small.release(all, Pool::kMaxBlock);
}

struct MagicTest : FileTrackerTest {
  MagicTest() : FileTrackerTest({true, false, true, false, false, false}) {}
};

TEST_F(MagicTest, TellsWhatAFileIs) {
  File& f = begin();
  tracker->data(f, as_bytes("%PDF-"));
  EXPECT_TRUE(f.magic.empty()) << "too little to tell";
  tracker->data(f, as_bytes("1.4\n%"));
  tracker->end(f, FileEnd::kComplete);
  EXPECT_EQ(f.magic.text().substr(0, 12), "PDF document");
  Bytes magic;
  EXPECT_TRUE(file_magic(tx, Direction::kToClient, 0, magic));
}

TEST(Magic, ADatabaseThatIsNoneIsAnError) {
  Magic m("/nonexistent/magic");
  EXPECT_FALSE(m.error().empty());
  EXPECT_EQ(m.of(as_bytes("%PDF-1.4")), "");
}

}  // namespace
}  // namespace picket
