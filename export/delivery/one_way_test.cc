// From a sensor's output to files for a way that nothing comes back on.
#include "export/delivery/one_way.h"

#include <algorithm>
#include <fstream>
#include <iterator>
#include <optional>

#include "export/batch_file.h"
#include "export/delivery/test_sender.h"
#include "tests/support/failing_readdir.h"

namespace picket::delivery {
namespace {

using namespace std::chrono_literals;
using test::Ledger;
using test::options_for;
using test::Sender;

/// What the files of a folder hold, in the order of their names.
void take_files(const std::string& folder, Ledger& ledger) {
  std::vector<std::string> files;
  for (const auto& e : std::filesystem::directory_iterator(folder)) files.push_back(e.path());
  std::sort(files.begin(), files.end());
  for (const std::string& f : files) {
    BatchFileName name;
    EXPECT_TRUE(parse_batch_file_name(std::filesystem::path(f).filename().string(), name)) << f;
    std::ifstream in(f, std::ios::binary);
    const std::string content{std::istreambuf_iterator<char>(in), {}};
    auto reader = BatchFileReader::open(as_bytes(content));
    ASSERT_TRUE(reader) << reader.error().message;
    for (Bytes one; reader.value().next(one);) {
      v1::Batch batch;
      ASSERT_TRUE(batch.ParseFromArray(one.data(), static_cast<int>(one.size())));
      EXPECT_EQ(batch.certificate(), "DER");
      EXPECT_EQ(batch.signature(), "sig");
      ledger.take(batch);
    }
  }
}

TEST(OneWay, FilesHoldEverythingInOrder) {
  test::Folder folder;
  Options o = options_for({});
  o.one_way_folder = folder.file("out");
  o.sign = [](const BatchHash&) { return Signature{"sig", "DER"}; };
  TypeCounts made;
  for (int run = 0; run < 2; ++run) {
    Sender s(o);
    s.n = static_cast<std::uint64_t>(run) * 1000;
    s.mixture(500);
    s.sink->close();
    EXPECT_EQ(s.sink->delivered(), 500U);
    for (const auto& [type, n] : s.made) made[type] += n;
  }
  Ledger ledger;
  take_files(folder.file("out"), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), made);
}

/// What a process that was killed left in `out`, beside a file of somebody else.
struct LeftOvers {
  explicit LeftOvers(const test::Folder& folder)
      : batches(folder.file("out/01700000000000000000-0000000003.batches.part")),
        other(folder.file("out/notes.part")) {
    std::filesystem::create_directories(folder.file("out"));
    for (const std::string& path : {batches, other}) std::ofstream(path) << "half";
  }
  const std::string batches, other;
};

TEST(OneWay, FilesThatWereNotFinishedGo) {
  test::Folder folder;
  const LeftOvers left(folder);
  Options o = options_for({});
  o.one_way_folder = folder.file("out");
  Sender s(o);
  s.sink->close();
  EXPECT_FALSE(std::filesystem::exists(left.batches));
  EXPECT_TRUE(std::filesystem::exists(left.other)) << "not ours";
}

TEST(OneWay, FilesThatNobodyTakesAwayAreNotAddedTo) {
  test::Folder folder;
  Options o = options_for({}, false);
  o.one_way_folder = folder.file("out");
  o.one_way_max_bytes = 0;
  o.spool_folder = folder.file("spool");
  o.spool_fsync = Fsync::kOff;
  o.patience = 200ms;
  o.sign = [](const BatchHash&) { return Signature{"sig", "DER"}; };
  TypeCounts made;
  {
    Sender s(o);
    s.mixture(300);
    s.sink->close();
    EXPECT_EQ(s.sink->delivered(), 300U) << "they are in the spool";
    made = s.made;
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.file("out")));
  o.one_way_max_bytes = 1 << 20;
  o.wait = true;
  o.patience = 5s;
  Sender s(o);
  s.sink->close();
  Ledger ledger;
  take_files(folder.file("out"), ledger);
  EXPECT_EQ(ledger.delivered(), made);
}

TEST(OneWay, FilesThatAreWrittenAreNoReasonToWaitForADeadCollector) {
  test::Folder folder;
  Options o = options_for({"127.0.0.1:1"});
  o.one_way_folder = folder.file("out");
  o.spool_folder = folder.file("spool");
  o.patience = 2s;
  Sender s(o);
  s.mixture(50);
  const auto before = std::chrono::steady_clock::now();
  s.sink->close();
  EXPECT_LT(std::chrono::steady_clock::now() - before, 20s);
}

TEST(OneWay, AFolderThatCannotBeListedIsTriedAgain) {
  test::Folder folder;
  const LeftOvers left(folder);
  Options o = options_for({});
  o.one_way_folder = folder.file("out");
  o.sign = [](const BatchHash&) { return Signature{"sig", "DER"}; };
  std::optional<picket::test::FailingReaddir> failing(o.one_way_folder);
  Sender s(o);
  s.mixture(50);
  std::this_thread::sleep_for(100ms);
  EXPECT_EQ(s.sink->delivered(), 0U) << "nobody knows whether there is room";
  failing.reset();
  EXPECT_TRUE(s.delivered_all());
  s.sink->close();
  EXPECT_FALSE(std::filesystem::exists(left.batches));
  EXPECT_TRUE(std::filesystem::remove(left.other));
  Ledger ledger;
  take_files(folder.file("out"), ledger);
  EXPECT_EQ(ledger.delivered(), s.made);
}

TEST(OneWay, FilesWaitUntilTheyMayLeave) {
  test::Folder folder;
  Options o = options_for({}, false);
  o.one_way_folder = folder.file("out");
  o.spool_folder = folder.file("spool");
  o.spool_fsync = Fsync::kOff;
  o.patience = 200ms;
  o.sign = [](const BatchHash&) { return Signature{"sig", "DER"}; };
  std::atomic<bool> good{false};
  o.ready = [&]() -> Status {
    if (!good) return Error{"expired"};
    return Done{};
  };
  TypeCounts made;
  {
    Sender s(o);
    s.mixture(300);
    s.sink->close();
    EXPECT_EQ(s.sink->delivered(), 300U) << "they are in the spool";
    made = s.made;
    EXPECT_TRUE(std::filesystem::is_empty(folder.file("out")));
  }
  o.wait = true;
  o.patience = 5s;
  Sender s(o);
  s.mixture(20);
  for (const auto& [type, n] : s.made) made[type] += n;
  good = true;
  s.sink->close();
  Ledger ledger;
  take_files(folder.file("out"), ledger);
  EXPECT_EQ(ledger.fault(), "");
  EXPECT_EQ(ledger.delivered(), made);
}

}  // namespace
}  // namespace picket::delivery
