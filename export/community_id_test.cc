#include "export/community_id.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

namespace picket {
namespace {

Address address(const char* text) {
  std::uint8_t b[16];
  if (inet_pton(AF_INET, text, b) == 1) return Address::v4(b);
  EXPECT_EQ(inet_pton(AF_INET6, text, b), 1) << text;
  return Address::v6(b);
}

std::string id(std::uint8_t proto, const char* src, const char* dst, std::uint16_t sport, std::uint16_t dport,
               std::uint16_t seed = 0) {
  return std::string(community_id(seed, address(src), address(dst), proto, sport, dport).text());
}

// Expected values: the baseline outputs published with the specification (corelight/community-id-spec).
TEST(CommunityId, MatchesTheSpecificationsBaseline) {
  EXPECT_EQ(id(6, "128.232.110.120", "66.35.250.204", 34855, 80), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(id(6, "66.35.250.204", "128.232.110.120", 80, 34855), "1:LQU9qZlK+B5F3KDmev6m5PMibrg=");
  EXPECT_EQ(id(17, "192.168.1.52", "8.8.8.8", 54585, 53), "1:d/FP5EW3wiY1vCndhwleRRKHowQ=");
  EXPECT_EQ(id(132, "192.168.170.8", "192.168.170.56", 7, 80), "1:jQgCxbku+pNGw8WPbEc/TS/uTpQ=");
  EXPECT_EQ(id(1, "192.168.0.89", "192.168.0.1", 8, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=");
  EXPECT_EQ(id(1, "192.168.0.1", "192.168.0.89", 0, 0), "1:X0snYXpgwiv9TZtqg64sgzUn6Dk=") << "the reply";
  EXPECT_EQ(id(58, "fe80::200:86ff:fe05:80da", "fe80::260:97ff:fe07:69ea", 135, 0),
            "1:dGHyGvjMfljg6Bppwm3bg0LO8TY=");
}

TEST(CommunityId, DependsOnTheSeed) {
  EXPECT_EQ(id(6, "128.232.110.120", "66.35.250.204", 34855, 80, 1), "1:3V71V58M3Ksw/yuFALMcW0LAHvc=");
  EXPECT_EQ(id(17, "192.168.1.52", "8.8.8.8", 54585, 53, 1), "1:Q9We8WO3piVF8yEQBNJF4uiSVrI=");
}

TEST(CommunityId, OneWayMessagesKeepTheirDirection) {
  // Destination unreachable has no counterpart: the other direction is another flow.
  EXPECT_NE(id(1, "10.0.0.1", "10.0.0.2", 3, 1), id(1, "10.0.0.2", "10.0.0.1", 3, 1));
  EXPECT_NE(id(1, "10.0.0.1", "10.0.0.2", 3, 1), id(1, "10.0.0.1", "10.0.0.2", 3, 3));
}

TEST(CommunityId, ProtocolsWithoutPortsIgnoreThem) {
  EXPECT_EQ(id(47, "10.0.0.1", "10.0.0.2", 1, 2), id(47, "10.0.0.2", "10.0.0.1", 0, 0));
}

}  // namespace
}  // namespace picket
