#include "export/endpoint.h"

#include <gtest/gtest.h>

namespace picket {
namespace {

TEST(Endpoint, ReadsHostAndPort) {
  for (const char* text : {"127.0.0.1:5514", "localhost:1", "[::1]:65535", "collector.example.org:5514"}) {
    const auto at = parse_host_port(text, "--export");
    ASSERT_TRUE(at) << at.error().message;
    EXPECT_EQ(at.value().text(), text);
  }
}

TEST(Endpoint, SaysWhatIsWrong) {
  for (const char* text : {"", "5514", "host:", ":5514", "host:65536", "host:5514x", "::1:5514", "host:-1"}) {
    const auto at = parse_host_port(text, "--export");
    ASSERT_FALSE(at) << text;
    EXPECT_NE(at.error().message.find("--export"), std::string::npos);
    EXPECT_NE(at.error().message.find("127.0.0.1:5514"), std::string::npos) << "shows one that is right";
  }
}

TEST(Endpoint, OnlyLoopbackNeedsNoEncryption) {
  for (const char* text : {"127.0.0.1:1", "127.9.9.9:1", "localhost:1", "[::1]:1"}) {
    EXPECT_TRUE(require_loopback(parse_host_port(text, "--export").value(), "--export")) << text;
  }
  for (const char* text : {"0.0.0.0:1", "10.0.0.1:1", "[::]:1", "[2001:db8::1]:1", "localhost.example.org:1",
                           "127.0.0.1.example.org:1"}) {
    const auto refused = require_loopback(parse_host_port(text, "--export").value(), "--export");
    ASSERT_FALSE(refused) << text;
    EXPECT_NE(refused.error().message.find(text), std::string::npos);
    EXPECT_NE(refused.error().message.find("tunnel"), std::string::npos) << "says what to do";
    const auto remedy = require_loopback(parse_host_port(text, "--export").value(), "--export", "set a key");
    EXPECT_NE(remedy.error().message.find("clear text; set a key, or use"), std::string::npos);
  }
}

}  // namespace
}  // namespace picket
