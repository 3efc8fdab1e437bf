#include "export/collector/sinks/eve_files_sink.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <sstream>
#include <thread>

#include "export/collector/db.h"
#include "export/collector/sinks/rotation.h"
#include "export/collector/sinks/test_support.h"
#include "export/eve.h"

namespace picket::collector {
namespace {

namespace fs = std::filesystem;
using test::Chain;
using test::refusal;
using test::Shared;
using test::store;
using test::through;

constexpr std::uint64_t kAnHour = 3600;

std::string content(const fs::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

/// No file of this process grows beyond so many bytes, as if the disk were full.
class FullDisk {
 public:
  explicit FullDisk(rlim_t bytes) : handler_(::signal(SIGXFSZ, SIG_IGN)) {
    EXPECT_EQ(::getrlimit(RLIMIT_FSIZE, &before_), 0);
    const rlimit full{bytes, before_.rlim_max};
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &full), 0);
  }
  ~FullDisk() {
    EXPECT_EQ(::setrlimit(RLIMIT_FSIZE, &before_), 0);
    ::signal(SIGXFSZ, handler_);
  }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  sighandler_t handler_;
  rlimit before_{};
};
constexpr rlim_t kRoom = 1 << 20;  // the journal stays far below it

class EveFilesTest : public ::testing::Test {
 protected:
  std::unique_ptr<Sink> open() {
    auto sink = open_eve_files_sink(options_);
    EXPECT_TRUE(sink) << (sink ? "" : sink.error().message);
    return sink ? std::move(sink).value() : nullptr;
  }
  /// What stands in all files, oldest first.
  std::string all() const {
    std::string text;
    for (const auto& path : put_away()) text += content(path);
    return text + content(options_.path);
  }
  std::vector<fs::path> put_away() const { return Rotation(options_.path).put_away(); }
  static std::string lines_of(std::uint64_t first, std::uint64_t last) {
    std::string text;
    EveWriter eve;
    for (; first <= last; ++first) {
      EXPECT_TRUE(eve.append(as_bytes(test::event(first).SerializeAsString()), text));
      text += '\n';
    }
    return text;
  }
  /// As if the last write to the file had been so many seconds ago.
  void age(std::uint64_t seconds) const {
    const auto t = std::time(nullptr) - static_cast<std::time_t>(seconds);
    const timespec times[2] = {{t, 0}, {t, 0}};
    ASSERT_EQ(::utimensat(AT_FDCWD, options_.path.c_str(), times, 0), 0);
  }

  /// Stores so many records, and dies: the journal has the block, and nobody knows what the file has.
  void store_and_die(std::uint32_t count) {
    const test::Folder crashed;
    const fs::path folder = fs::path(options_.path).parent_path();
    {
      auto sink = open();
      store(*sink, {chain_.next(count)});
      fs::copy(folder, fs::path(crashed.file("x")).parent_path());
    }
    for (const char* name : {".eve.json.journal", ".eve.json.journal-wal"})
      fs::copy_file(crashed.file(name), folder / name, fs::copy_options::overwrite_existing);
  }
  void change_journal(const std::string& sql) {
    auto db = Db::open(folder_.file(".eve.json.journal"), SQLITE_OPEN_READWRITE);
    ASSERT_TRUE(db) << db.error().message;
    const Status s = db.value().run(sql);
    ASSERT_TRUE(s) << s.error().message;
  }

  test::Folder folder_;
  EveFilesOptions options_{.path = folder_.file("eve.json"), .rotate_every = std::chrono::seconds{0}};
  Chain chain_;
};

TEST_F(EveFilesTest, WritesTheLinesOfEve) {
  store(*open(), {chain_.next(5)});
  EXPECT_EQ(content(options_.path), lines_of(1, 5));
}

TEST_F(EveFilesTest, GoesBehindWhatIsThere) {
  std::ofstream(options_.path) << "{}\n";
  store(*open(), {chain_.next(2)});
  EXPECT_EQ(content(options_.path), "{}\n" + lines_of(1, 2));
}

/// A crash leaves any part of the last block in the file. Whatever part: what is there stays, and the rest is added.
TEST_F(EveFilesTest, CompletesTheLastBlockAfterACrash) {
  const test::Folder crashed;
  const fs::path file = crashed.file("eve.json");
  std::string before;
  std::string whole;
  {
    auto sink = open();
    store(*sink, {chain_.next(3)});
    before = content(options_.path);
    store(*sink, {chain_.next(2)});
    whole = content(options_.path);
    fs::copy(fs::path(options_.path).parent_path(), file.parent_path());
  }
  for (std::size_t size = before.size(); size <= whole.size(); size += 7) {
    for (const char* name : {".eve.json.journal", ".eve.json.journal-wal"})
      fs::copy_file(file.parent_path() / name, fs::path(options_.path).parent_path() / name,
                    fs::copy_options::overwrite_existing);
    ASSERT_EQ(::truncate(options_.path.c_str(), static_cast<off_t>(size)), 0);
    auto sink = open();
    EXPECT_EQ(content(options_.path), whole) << "cut at " << size;
    EXPECT_EQ(through(*sink, chain_.id()), 5U);
  }
}

TEST_F(EveFilesTest, CompletesTheLastBlockInAFileThatWasMovedMeanwhile) {
  const fs::path folder = fs::path(options_.path).parent_path();
  store_and_die(3);
  const std::string whole = content(options_.path);
  ASSERT_EQ(::truncate(options_.path.c_str(), 10), 0);
  fs::rename(options_.path, folder / "eve.json.1");
  auto sink = open();
  EXPECT_EQ(content(folder / "eve.json.1"), whole);
  EXPECT_EQ(content(options_.path), "");
  store(*sink, {chain_.next(1)});
  EXPECT_EQ(content(options_.path), lines_of(4, 4));
}

TEST_F(EveFilesTest, LosesNothingWhenTheFileOfTheLastBlockIsGone) {
  const fs::path folder = fs::path(options_.path).parent_path();
  store_and_die(3);
  std::ofstream(folder / "another") << "so that the inode is not taken again";
  fs::rename(folder / "another", options_.path);
  auto sink = open();
  EXPECT_NE(content(options_.path).find(lines_of(1, 3)), std::string::npos);
}

/// Whenever it is killed: every line once, in order, and the file never shrinks.
TEST_F(EveFilesTest, WritesEachLineOnceOverKills) {
  options_.rotate_bytes = 20'000;
  constexpr int kKills = 20;
  std::uint64_t seen = 0;
  for (int kill_after = 1; kill_after <= kKills; ++kill_after) {
    int pipe[2];
    ASSERT_EQ(::pipe(pipe), 0);
    const pid_t child = ::fork();
    if (child == 0) {
      auto sink = open();
      Chain chain;
      for (const std::uint64_t have = through(*sink, chain.id()); chain.head().through < have;)
        (void)chain.next(3);
      for (;;) {
        if (::write(pipe[1], "x", 1) != 1) ::_exit(1);
        store(*sink, {chain.next(3)});
      }
    }
    ::close(pipe[1]);
    char c;
    for (int i = 0; i < kill_after; ++i) ASSERT_EQ(::read(pipe[0], &c, 1), 1);
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    ::close(pipe[0]);
    const std::string left = all();
    auto sink = open();
    const std::uint64_t have = through(*sink, chain_.id());
    EXPECT_GE(have, seen + 3U * static_cast<unsigned>(kill_after - 1)) << "what was stored is there";
    seen = have;
    ASSERT_EQ(all(), lines_of(1, have));
    EXPECT_TRUE(all().starts_with(left));
  }
  EXPECT_GT(put_away().size(), 2U);
}

TEST_F(EveFilesTest, PutsFilesAwayBySize) {
  options_.rotate_bytes = 1000;
  auto sink = open();
  for (int i = 0; i < 20; ++i) store(*sink, {chain_.next(2)});
  EXPECT_GE(put_away().size(), 3U);
  EXPECT_EQ(all(), lines_of(1, 40)) << "names sort by age";
  for (const auto& path : put_away()) EXPECT_GE(fs::file_size(path), 1000U);
}

TEST_F(EveFilesTest, PutsFilesAwayByTheClock) {
  options_.rotate_every = std::chrono::seconds{kAnHour};
  auto sink = open();
  store(*sink, {chain_.next(1)});
  age(0);
  sink->tick();
  const auto now = put_away().size();  // 1 when the hour ended between the two lines
  age(kAnHour);
  sink->tick();
  EXPECT_EQ(put_away().size(), 1U);
  EXPECT_LE(now, 1U);
  age(kAnHour);
  sink->tick();
  EXPECT_EQ(put_away().size(), 1U) << "an empty file stays";
  store(*sink, {chain_.next(1)});
  age(kAnHour);
  store(*sink, {chain_.next(1)});
  EXPECT_EQ(put_away().size(), 2U) << "without a tick";
  EXPECT_EQ(all(), lines_of(1, 3));
}

TEST_F(EveFilesTest, RemovesTheOldestByNumberAndBySize) {
  options_.rotate_bytes = 1;
  options_.keep_files = 3;
  auto sink = open();
  for (int i = 0; i < 10; ++i) store(*sink, {chain_.next(1)});
  ASSERT_EQ(put_away().size(), 3U);
  EXPECT_EQ(all(), lines_of(7, 10));
  sink.reset();
  options_.keep_bytes = fs::file_size(put_away().back()) + 1;
  sink = open();
  store(*sink, {chain_.next(1)});
  EXPECT_EQ(put_away().size(), 1U);
}

/// Else each file would go as it is put away: it has rotate_bytes by then, and a little more.
TEST_F(EveFilesTest, KeepsTheNewestWhateverItsSize) {
  options_.rotate_bytes = options_.keep_bytes = 1000;
  auto sink = open();
  for (int i = 0; i < 20; ++i) store(*sink, {chain_.next(2)});
  ASSERT_EQ(put_away().size(), 1U);
  EXPECT_GE(fs::file_size(put_away()[0]), 1000U);
  EXPECT_TRUE(all().ends_with(lines_of(40, 40)));
}

TEST_F(EveFilesTest, LeavesFilesOfOtherNamesAlone) {
  const std::string others[] = {"eve.20261123T010203.000000Z.json.gz", "eve.20261123T01020x.000000Z.json",
                                "eve.old.json", "evf.20261123T010203.000000Z.json"};
  for (const auto& name : others) std::ofstream(folder_.file(name.c_str())) << "x";
  options_.rotate_bytes = 1;
  options_.keep_files = 1;
  auto sink = open();
  for (int i = 0; i < 4; ++i) store(*sink, {chain_.next(1)});
  for (const auto& name : others) EXPECT_TRUE(fs::exists(folder_.file(name.c_str()))) << name;
}

TEST_F(EveFilesTest, NamesSortWhateverTheClockDoes) {
  const Rotation rotation(options_.path);
  const auto touch = [](const fs::path& p) { std::ofstream(p) << "x"; };
  std::vector<fs::path> names;
  for (const std::uint64_t us :
       {1'700'000'000'999'999ULL, 1'700'000'000'999'999ULL, 5ULL, 1'700'000'009'000'000ULL, 9ULL}) {
    names.push_back(rotation.next_name(us));
    touch(names.back());
  }
  EXPECT_EQ(names[0].filename(), "eve.20231114T221320.999999Z.json");
  EXPECT_EQ(rotation.put_away(), names);
}

TEST_F(EveFilesTest, FollowsAFileThatIsMovedAway) {
  auto sink = open();
  const std::string moved = folder_.file("eve.json.1");
  store(*sink, {chain_.next(1)});
  fs::rename(options_.path, moved);
  store(*sink, {chain_.next(1)});
  EXPECT_EQ(content(moved), lines_of(1, 1));
  EXPECT_EQ(content(options_.path), lines_of(2, 2));
  fs::remove(options_.path);
  sink->tick();
  EXPECT_TRUE(fs::exists(options_.path));
}

/// What the journal has and the file has no room for counts as stored, and stands in the
/// file when there is room again.
TEST_F(EveFilesTest, TriesAgainWhatDoesNotFit) {
  std::ofstream(options_.path) << std::string(kRoom - 10, '\n');
  auto sink = open();
  const auto first = chain_.next(3), second = chain_.next(2);
  {
    const FullDisk full(kRoom);
    store(*sink, {first});
    EXPECT_EQ(through(*sink, chain_.id()), 3U);
    EXPECT_NE(refusal(*sink, {second}).find("File too large"), std::string::npos);
    sink->tick();
  }
  sink->tick();
  EXPECT_EQ(content(options_.path).substr(kRoom - 10), lines_of(1, 3));
  store(*sink, {second});
  EXPECT_EQ(content(options_.path).substr(kRoom - 10), lines_of(1, 5));
}

/// What the file had no room for is in the journal alone: it must not end in a file that has no name any more.
TEST_F(EveFilesTest, WritesIntoANewFileWhatDidNotFitIntoOneThatIsRemoved) {
  std::ofstream(options_.path) << std::string(kRoom - 10, '\n');
  auto sink = open();
  {
    const FullDisk full(kRoom);
    store(*sink, {chain_.next(3)});
    fs::remove(options_.path);
  }
  sink->tick();
  EXPECT_EQ(content(options_.path), lines_of(1, 3));
  store(*sink, {chain_.next(2)});
  EXPECT_EQ(content(options_.path), lines_of(1, 5));
}

/// The new file's place is in the journal before the lines are in the file: a start that breaks off in the middle of
/// them leaves half a line that the next start goes over, not behind.
TEST_F(EveFilesTest, CompletesTheLinesOfALostFileWhereTheyWereBegun) {
  store_and_die(3);
  const std::string before(kRoom - 10, '\n');
  std::ofstream(folder_.file("another")) << before;
  fs::rename(folder_.file("another"), options_.path);
  {
    const FullDisk full(kRoom);
    EXPECT_FALSE(open_eve_files_sink(options_));
    ASSERT_EQ(fs::file_size(options_.path), kRoom) << "half a line";
  }
  auto sink = open();
  EXPECT_TRUE(content(options_.path) == before + lines_of(1, 3));
}

TEST_F(EveFilesTest, WritesIntoNoFileThatTookTheNumberOfItsOwn) {
  const std::string other = folder_.file("another.log"), alike = folder_.file("eve-of-another.json");
  store_and_die(3);
  fs::rename(options_.path, other);
  const std::string text(fs::file_size(other), 'x');
  std::ofstream(other) << text;
  open();
  EXPECT_EQ(content(options_.path), lines_of(1, 3));
  EXPECT_EQ(content(other), text) << "it has another name";

  fs::remove(options_.path);
  store_and_die(2);
  fs::rename(options_.path, folder_.file("lost"));
  std::this_thread::sleep_for(std::chrono::milliseconds(20));  // the clock of files is coarse
  std::ofstream(alike) << text;
  struct statx st {};
  ASSERT_EQ(::statx(AT_FDCWD, alike.c_str(), 0, STATX_INO | STATX_BTIME, &st), 0);
  if ((st.stx_mask & STATX_BTIME) == 0) GTEST_SKIP() << "the file system does not say when a file was made";
  change_journal("UPDATE lines SET inode = " + std::to_string(st.stx_ino));
  open();
  EXPECT_EQ(content(options_.path), lines_of(4, 5));
  EXPECT_EQ(content(alike), text) << "it was made at another time";
}

TEST_F(EveFilesTest, ForgetsNothingWhenItCannotBeOpened) {
  store_and_die(3);
  const std::string whole = content(options_.path);
  ASSERT_EQ(::truncate(options_.path.c_str(), 10), 0);
  fs::rename(options_.path, folder_.file("eve.json.1"));
  fs::create_directory(options_.path);
  EXPECT_FALSE(open_eve_files_sink(options_));
  fs::remove(options_.path);
  open();
  EXPECT_EQ(content(folder_.file("eve.json.1")), whole);
}

TEST_F(EveFilesTest, CompletesWhatAnEarlierVersionBegan) {
  store_and_die(3);
  change_journal("ALTER TABLE lines DROP COLUMN born");  // which it did not have
  ASSERT_EQ(::truncate(options_.path.c_str(), 10), 0);
  fs::rename(options_.path, folder_.file("eve.json.1"));
  open();
  EXPECT_EQ(content(folder_.file("eve.json.1")), lines_of(1, 3));
}

TEST_F(EveFilesTest, IsWrittenByOneCollector) {
  const auto sink = open();
  const auto second = open_eve_files_sink(options_);
  ASSERT_FALSE(second);
  EXPECT_NE(second.error().message.find("locked"), std::string::npos) << second.error().message;
  EXPECT_NE(second.error().message.find(options_.path.substr(0, options_.path.rfind('/'))),
            std::string::npos);
}

TEST_F(EveFilesTest, SaysWhatIsInTheWay) {
  options_.path = folder_.file("no/such/folder/eve.json");
  const auto missing = open_eve_files_sink(options_);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("no/such/folder"), std::string::npos);
  options_.path = folder_.file("folder");
  fs::create_directory(options_.path);
  const auto folder = open_eve_files_sink(options_);
  ASSERT_FALSE(folder);
  EXPECT_NE(folder.error().message.find("folder'"), std::string::npos) << folder.error().message;
}

}  // namespace
}  // namespace picket::collector
