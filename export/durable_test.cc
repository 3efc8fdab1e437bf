#include "export/durable.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <string>

namespace picket {
namespace {

TEST(Durable, AFolderIsSynced) {
  EXPECT_EQ(sync_folder(::testing::TempDir()), 0);
  EXPECT_EQ(sync_folder(""), 0);
  EXPECT_EQ(sync_folder("/no/such/folder"), ENOENT);
  EXPECT_EQ(sync_folder("/dev/null"), ENOTDIR);
}

}  // namespace
}  // namespace picket
