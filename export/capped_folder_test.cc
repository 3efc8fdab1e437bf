#include "export/capped_folder.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>

#include "tests/support/failing_readdir.h"

namespace picket {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

class CappedFolderTest : public ::testing::Test {
 protected:
  void SetUp() override { fs::create_directories(path_); }
  void TearDown() override { fs::remove_all(path_); }
  /// Files are `age` old, so that their order is not the clock's.
  void make(const std::string& name, std::size_t bytes, std::chrono::seconds age) {
    std::ofstream(path_ / name) << std::string(bytes, 'x');
    fs::last_write_time(path_ / name, fs::file_time_type::clock::now() - age);
  }
  [[nodiscard]] bool has(const std::string& name) const { return fs::exists(path_ / name); }

  fs::path path_ = fs::temp_directory_path() / ("capped_folder." + std::to_string(::getpid()));
};

TEST_F(CappedFolderTest, LosesItsOldestWhenItIsFull) {
  CappedFolder folder(path_, 1000);
  std::uint64_t removed = 0;
  for (int i = 0; i < 30; ++i) {
    make(std::to_string(i), 100, std::chrono::seconds(100 - i));
    removed += folder.put(100).files;
    std::uint64_t bytes = 0;
    for (const auto& e : fs::directory_iterator(path_)) bytes += e.file_size();
    EXPECT_LE(bytes, 1000U);
  }
  EXPECT_FALSE(has("0"));
  EXPECT_TRUE(has("29"));
  EXPECT_TRUE(has("21"));
  std::uint64_t left = 0;
  for (const auto& e : fs::directory_iterator(path_)) left += e.file_size() != 0;
  EXPECT_EQ(removed + left, 30U);
}

TEST_F(CappedFolderTest, CountsWhatWasThereBefore) {
  for (int i = 0; i < 5; ++i) make(std::to_string(i), 100, std::chrono::seconds(100 - i));
  CappedFolder folder(path_, 300);
  const auto removed = folder.put(0);
  EXPECT_EQ(removed.files, 3U);
  EXPECT_EQ(removed.bytes, 300U);
  EXPECT_TRUE(has("4"));
}

TEST_F(CappedFolderTest, LosesWhatIsTooOld) {
  make("old", 10, 2h);
  make("young", 10, 1min);
  CappedFolder folder(path_, 1000, 1h);
  EXPECT_EQ(folder.trim().files, 1U);
  EXPECT_FALSE(has("old"));
  EXPECT_TRUE(has("young"));
}

TEST_F(CappedFolderTest, TakesMoreThanItNamesAtOnce) {
  for (std::size_t i = 0; i < CappedFolder::kAtOnce + 100; ++i) make(std::to_string(i), 1, 2h);
  make("young", 1, 1min);
  CappedFolder folder(path_, 1 << 20, 1h);
  EXPECT_EQ(folder.trim().files, CappedFolder::kAtOnce + 100);
  EXPECT_TRUE(has("young"));
}

TEST_F(CappedFolderTest, LosesNothingWhileItCannotBeListed) {
  for (int i = 0; i < 5; ++i) make(std::to_string(i), 100, std::chrono::seconds(100 - i));
  CappedFolder folder(path_, 50);
  {
    const test::FailingReaddir failing(path_);
    EXPECT_EQ(folder.put(0).files, 0U);
  }
  EXPECT_EQ(folder.put(0).files, 5U);
}

TEST_F(CappedFolderTest, LeavesFoldersAndLinksAlone) {
  fs::create_directories(path_ / "folder");
  fs::create_symlink("/etc/passwd", path_ / "link");
  make("file", 10, 2h);
  CappedFolder folder(path_, 0, 1h);
  EXPECT_EQ(folder.trim().files, 1U);
  EXPECT_TRUE(fs::is_directory(path_ / "folder"));
  EXPECT_TRUE(fs::is_symlink(path_ / "link"));
  EXPECT_EQ(CappedFolder("/nowhere", 0).trim().files, 0U);
}

}  // namespace
}  // namespace picket
