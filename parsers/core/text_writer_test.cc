#include "parsers/core/text_writer.h"

#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <string>

namespace picket {
namespace {

TEST(TextWriter, LeavesOutWhatDoesNotFit) {
  const std::string all = "group -9223372036854775808 index 18446744073709551615";
  for (std::size_t n = 0; n <= all.size() + 1; ++n) {
    std::string room(n, '#');
    TextWriter text(room);
    text << "group " << std::numeric_limits<std::int64_t>::min() << " index "
         << std::numeric_limits<std::uint64_t>::max();
    ASSERT_EQ(as_text(text.bytes()), all.substr(0, n));
  }
}

TEST(TextWriter, WritesARangeOfOneAsANumber) {
  std::array<char, 16> room;
  EXPECT_EQ(as_text(TextWriter(room).range(100, 109).bytes()), "100-109");
  EXPECT_EQ(as_text(TextWriter(room).range(7, 7).bytes()), "7");
}

}  // namespace
}  // namespace picket
