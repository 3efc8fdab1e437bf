#include "sensor/nearest_name.h"

#include <gtest/gtest.h>

#include <string>

namespace picket {
namespace {

std::string_view nearest(std::string_view wanted) {
  NearestName n(wanted);
  for (const auto* name : {"content", "nocase", "http.uri", "http.host", "flow", "sid"}) n.consider(name);
  return n.best();
}
TEST(NearestName, NamesWhatIsNearAndNothingElse) {
  EXPECT_EQ(nearest("contnet"), "content");
  EXPECT_EQ(nearest("conten"), "content");
  EXPECT_EQ(nearest("ncase"), "nocase");
  EXPECT_EQ(nearest("http.hots"), "http.host");
  EXPECT_EQ(nearest("flwo"), "flow");
  EXPECT_EQ(nearest("zebra"), "");
  EXPECT_EQ(nearest("ab"), "");
  EXPECT_EQ(nearest(std::string(1000, 'c')), "");
}

}  // namespace
}  // namespace picket
