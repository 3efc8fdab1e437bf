// What a boot's file is made of: all of it, or nothing that is left.
#include "export/delivery/boot_file.h"

#include "export/delivery/test_support.h"

namespace picket::delivery {
namespace {

BootFile::Options options_for(const std::string& path) {
  return {.path = path, .sensor = "plant-7", .boot = 1, .segment_bytes = 65536, .segments = 64};
}

std::string refusal(const std::string& path) {
  const auto file = BootFile::create(options_for(path));
  return file ? "" : file.error().message;
}

TEST(BootFile, IsThereWholeAndCanBeLoaded) {
  const test::Folder folder;
  ASSERT_TRUE(BootFile::create(options_for(folder.file("1.boot"))));
  const auto again = BootFile::load(folder.file("1.boot"));
  ASSERT_TRUE(again);
  EXPECT_EQ(again.value()->sensor(), "plant-7");
  EXPECT_EQ(again.value()->segments(), 64U);
  EXPECT_EQ(again.value()->head(0), ChainPoint{});
  EXPECT_TRUE(test::files_of(folder.path(), ".new").empty());
}

TEST(BootFile, RefusesToTakeTheRoomOfAnother) {
  const test::Folder folder;
  ASSERT_EQ(refusal(folder.file("1.boot")), "");
  EXPECT_EQ(refusal(folder.file("1.boot")), "cannot make '" + folder.file("1.boot") + "': it exists");
}

TEST(BootFile, SaysThatItsFolderIsNotThere) {
  const test::Folder folder;
  const std::string said = refusal(folder.file("nowhere/1.boot"));
  EXPECT_NE(said.find(folder.file("nowhere/1.boot")), std::string::npos) << said;
  EXPECT_NE(said.find("No such file or directory"), std::string::npos) << said;
}

TEST(BootFile, LeavesNothingWhereThereIsNoRoom) {
  const test::Folder folder;
  std::string said;
  {
    const test::FullDisk full;
    said = refusal(folder.file("1.boot"));
  }
  EXPECT_NE(said.find("File too large"), std::string::npos) << said;
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

}  // namespace
}  // namespace picket::delivery
