#include "export/new_file.h"

#include <gtest/gtest.h>
#include <stdlib.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>

namespace picket {
namespace {

namespace fs = std::filesystem;

class NewFileTest : public ::testing::Test {
 protected:
  NewFileTest() {
    std::string name = ::testing::TempDir() + "new_file_test.XXXXXX";
    folder_ = ::mkdtemp(name.data());
  }
  ~NewFileTest() override { fs::remove_all(folder_); }
  NewFile make() const { return {folder_ / "file.new", folder_ / "file"}; }
  std::string content() const {
    std::ifstream in(folder_ / "file", std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  bool holds(const char* name) const { return fs::exists(folder_ / name); }
  fs::path folder_;
};

TEST_F(NewFileTest, IsThereWholeOrNotAtAll) {
  {
    NewFile file = make();
    ASSERT_TRUE(file.write("first ") && file.write("second"));
    EXPECT_FALSE(holds("file"));
    ASSERT_TRUE(file.commit());
    EXPECT_EQ(content(), "first second");
  }
  EXPECT_TRUE(holds("file"));
  {
    NewFile given_up = make();
    ASSERT_TRUE(given_up.write("third") && given_up.sync());
  }
  EXPECT_EQ(content(), "first second");
  EXPECT_FALSE(holds("file.new"));
}

TEST_F(NewFileTest, HasItsRoomAndCanBeMapped) {
  NewFile file = make();
  ASSERT_TRUE(file.reserve(100'000));
  EXPECT_GE(file.fd(), 0);
  ASSERT_TRUE(file.place());
  EXPECT_EQ(fs::file_size(folder_ / "file"), 100'000U);
  EXPECT_FALSE(holds("file.new"));
}

TEST_F(NewFileTest, LeavesNothingWhenItsPlaceIsTaken) {
  fs::create_directory(folder_ / "file");
  {
    NewFile file = make();
    ASSERT_TRUE(file.write("x"));
    const Status refused = file.place();
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().message, "cannot rename '" + (folder_ / "file").string() + "': Is a directory");
  }
  EXPECT_FALSE(holds("file.new"));
}

TEST_F(NewFileTest, TellsThatItCannotBeMade) {
  const std::string path = folder_ / "nowhere" / "file";
  for (auto* attempt : {+[](NewFile& f) { return f.write("x"); }, +[](NewFile& f) { return f.reserve(1); },
                        +[](NewFile& f) { return f.sync(); }, +[](NewFile& f) { return f.place(); },
                        +[](NewFile& f) { return f.commit(); }}) {
    NewFile file(path + ".new", path);
    const Status refused = attempt(file);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("'" + path + "'"), std::string::npos) << refused.error().message;
    EXPECT_NE(refused.error().message.find("No such file or directory"), std::string::npos);
  }
}

}  // namespace
}  // namespace picket
