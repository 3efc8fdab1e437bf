#include "parsers/core/folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <fstream>
#include <set>
#include <string>

#include "tests/support/failing_readdir.h"

namespace picket {
namespace {

namespace fs = std::filesystem;

class FolderTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fs::create_directories(path_ / "folder");
    for (const char* name : {"a", "b", "folder/below"}) std::ofstream(path_ / name) << name;
    fs::create_symlink("nowhere", path_ / "link");
  }
  void TearDown() override { fs::remove_all(path_); }
  std::error_code walk(const fs::path& folder) {
    return for_each_entry(folder, [this](const fs::directory_entry& e) {
      EXPECT_TRUE(found_.insert(e.path().filename().string()).second) << "twice";
    });
  }

  fs::path path_ = fs::temp_directory_path() / ("folder_test." + std::to_string(::getpid()));
  std::set<std::string> found_;
};

TEST_F(FolderTest, GivesEachEntryOnceAndNothingBelow) {
  EXPECT_EQ(walk(path_), std::error_code());
  EXPECT_EQ(found_, (std::set<std::string>{"a", "b", "folder", "link"}));
}

TEST_F(FolderTest, TellsOfAFolderThatCannotBeRead) {
  EXPECT_EQ(walk(path_ / "missing"), std::errc::no_such_file_or_directory);
  EXPECT_EQ(walk(path_ / "a"), std::errc::not_a_directory);
  EXPECT_TRUE(found_.empty());
}

TEST_F(FolderTest, TellsOfAFolderThatMayNotBeRead) {
  constexpr uid_t kNobody = 65534;
  const uid_t self = ::geteuid();
  fs::permissions(path_, fs::perms::none);
  if (self == 0 && ::seteuid(kNobody) != 0) GTEST_SKIP() << "root may read everything";
  EXPECT_EQ(walk(path_), std::errc::permission_denied);
  if (self == 0) ASSERT_EQ(::seteuid(self), 0);
  fs::permissions(path_, fs::perms::owner_all);
}

TEST_F(FolderTest, TellsOfADiskThatFailsAfterTheFirstEntry) {
  {
    const test::FailingReaddir failing(path_);
    EXPECT_EQ(walk(path_), std::errc::io_error);
    EXPECT_EQ(found_.size(), 1U);
    EXPECT_EQ(walk(path_ / "folder"), std::error_code()) << "another folder";
  }
  found_.clear();
  EXPECT_EQ(walk(path_), std::error_code());
  EXPECT_EQ(found_.size(), 4U);
}

}  // namespace
}  // namespace picket
