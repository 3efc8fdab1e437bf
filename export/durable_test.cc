#include "export/durable.h"

#include <gtest/gtest.h>

#include <fcntl.h>

#include <array>
#include <cerrno>
#include <fstream>
#include <iterator>
#include <string>

#include "export/fd.h"

namespace picket {
namespace {

std::string content_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

TEST(Durable, WritesAllOfIt) {
  const std::string path = ::testing::TempDir() + "durable_test.writes";
  const Fd fd(::open(path.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  EXPECT_EQ(write_all(fd.get(), "first "), 0);
  EXPECT_EQ(write_all(fd.get(), "second"), 0);
  EXPECT_EQ(write_all_at(fd.get(), "SEC", 6), 0);
  EXPECT_EQ(write_all(fd.get(), ""), 0);
  EXPECT_EQ(content_of(path), "first SECond");
  ::unlink(path.c_str());
}

TEST(Durable, GoesOnAfterAShortWrite) {
  // A pipe without blocking takes what it has room for; then it says so.
  std::array<int, 2> ends{};
  ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
  const Fd out(ends[0]), in(ends[1]);
  EXPECT_EQ(write_all(in.get(), std::string(std::size_t{1} << 20, 'x')), EAGAIN);
  std::string taken(std::size_t{1} << 20, '\0');
  const auto room = static_cast<std::size_t>(::fcntl(in.get(), F_GETPIPE_SZ));
  EXPECT_EQ(::read(out.get(), taken.data(), taken.size()), static_cast<ssize_t>(room))
      << "filled to the brim";
}

TEST(Durable, TellsWhy) {
  const Fd full(::open("/dev/full", O_WRONLY | O_CLOEXEC));
  EXPECT_EQ(write_all(full.get(), "x"), ENOSPC);
  EXPECT_EQ(write_all_at(full.get(), "x", 0), ENOSPC);
  EXPECT_EQ(write_all(-1, "x"), EBADF);
}

TEST(Durable, AFolderIsSynced) {
  EXPECT_EQ(sync_folder(::testing::TempDir()), 0);
  EXPECT_EQ(sync_folder(""), 0);
  EXPECT_EQ(sync_folder("/no/such/folder"), ENOENT);
  EXPECT_EQ(sync_folder("/dev/null"), ENOTDIR);
}

}  // namespace
}  // namespace picket
