#include "export/collector/config.h"

#include <fstream>

#include "export/collector/cli.h"
#include "export/collector/test_support.h"

namespace picket::collector {
namespace {

class ConfigTest : public ::testing::Test {
 protected:
  std::string write(const char* text) {
    std::ofstream(folder_.file("c.yaml")) << text;
    return folder_.file("c.yaml");
  }
  std::string error_of(const char* text) {
    const auto c = load_config(write(text));
    return c ? "" : c.error().message;
  }
  test::Folder folder_;
};

TEST_F(ConfigTest, ReadsKeysOverDefaults) {
  const auto c =
      load_config(write("listen: 127.0.0.1:99\nstore: /tmp/x.db\nmax-message-mib: 32\nlog-level: warn\n"));
  ASSERT_TRUE(c) << c.error().message;
  EXPECT_EQ(c.value().server.listen, "127.0.0.1:99");
  EXPECT_EQ(c.value().store, "/tmp/x.db");
  EXPECT_EQ(c.value().server.max_message_bytes, 32 << 20);
  EXPECT_EQ(c.value().server.max_sensors, 256);
  EXPECT_TRUE(load_config(write("")));
  const auto m = load_config(write("metrics.listen: 127.0.0.1:9508\nmetrics.allow-remote: yes\n"));
  ASSERT_TRUE(m) << m.error().message;
  EXPECT_EQ(m.value().metrics.listen, "127.0.0.1:9508");
  EXPECT_TRUE(m.value().metrics.allow_remote);
  EXPECT_EQ(c.value().metrics.listen, "");
  EXPECT_FALSE(c.value().metrics.allow_remote);
}

TEST_F(ConfigTest, NamesFileLineAndKey) {
  EXPECT_NE(error_of("listen: 127.0.0.1:99\nstroe: x\n").find("c.yaml:2: there is no key 'stroe'"),
            std::string::npos);
  EXPECT_NE(error_of("max-message-mib: many\n").find("c.yaml:1: max-message-mib"), std::string::npos);
  EXPECT_NE(error_of("max-message-mib: 0\n").find("1 to 256"), std::string::npos);
  EXPECT_NE(error_of("max-sensors: 99999\n").find("1 to 4096"), std::string::npos);
  EXPECT_NE(error_of("log-level: loud\n").find("debug, info"), std::string::npos);
  EXPECT_NE(error_of("- a\n- b\n").find("key: value"), std::string::npos);
  EXPECT_NE(error_of("a: [\n").find("c.yaml:"), std::string::npos);
  EXPECT_NE(load_config("/no/such.yaml").error().message.find("/no/such.yaml"), std::string::npos);
}

std::optional<CommandLine> read(std::vector<std::string> words, int& status) {
  words.insert(words.begin(), "picket-collector");
  std::vector<char*> argv;
  for (auto& w : words) argv.push_back(w.data());
  ::testing::internal::CaptureStdout();
  ::testing::internal::CaptureStderr();
  auto line = read_command_line(static_cast<int>(argv.size()), argv.data(), status);
  ::testing::internal::GetCapturedStdout();
  ::testing::internal::GetCapturedStderr();
  return line;
}

TEST_F(ConfigTest, OptionsStandOverTheFile) {
  int status = 0;
  const auto line =
      read({"serve", "--config", write("listen: 127.0.0.1:99\nstore: a.db\n"), "--store", "b.db"}, status);
  ASSERT_TRUE(line);
  EXPECT_EQ(line->command, CommandLine::Command::kServe);
  EXPECT_EQ(line->serve.server.listen, "127.0.0.1:99");
  EXPECT_EQ(line->serve.store, "b.db");
}

TEST_F(ConfigTest, TablesAreLimitedAndJsonIsNot) {
  int status = 0;
  EXPECT_EQ(read({"query"}, status)->query.limit, 100U);
  EXPECT_EQ(read({"query", "--json"}, status)->query.limit, 0U);
  EXPECT_EQ(read({"query", "--limit", "7", "--json"}, status)->query.limit, 7U);
  EXPECT_EQ(read({"version"}, status)->command, CommandLine::Command::kVersion);
}

TEST_F(ConfigTest, WrongUsageIsStatus2) {
  int status = 0;
  for (const std::vector<std::string>& words : {std::vector<std::string>{},
                                                {"dance"},
                                                {"serve", "--nothing"},
                                                {"query", "--limit", "x"},
                                                {"serve", "--config", "/no/such.yaml"}}) {
    status = 0;
    EXPECT_FALSE(read(words, status));
    EXPECT_EQ(status, 2);
  }
  status = 7;
  EXPECT_FALSE(read({"serve", "--help"}, status));
  EXPECT_EQ(status, 0);
}

}  // namespace
}  // namespace picket::collector
