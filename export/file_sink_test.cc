#include "export/file_sink.h"

#include <gtest/gtest.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>

#include "export/delimited.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

const RecordKind kFlowKind = record_kind(RecordType::kFlow, kNoProtocol);
const RecordKind kAlertKind = record_kind(RecordType::kAlert, kNoProtocol);

class FileSinks : public ::testing::Test {
 protected:
  FileSinks() { std::filesystem::create_directories(dir_); }
  ~FileSinks() override { std::filesystem::remove_all(dir_); }
  std::string path(const char* name) const { return dir_ / name; }
  static std::string content(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
  }
  static std::string record(const char* type) {
    v1::Event e;
    e.set_event_type(type);
    return e.SerializeAsString();
  }

  std::filesystem::path dir_ =
      std::filesystem::temp_directory_path() / ("file_sink_test." + std::to_string(getpid()));
};

TEST_F(FileSinks, EveIsALineARecord) {
  auto sink = open_eve_sink(path("eve.json"));
  ASSERT_TRUE(sink) << sink.error().message;
  const std::string flow = record("flow"), alert = record("alert");
  sink.value()->write({1, kFlowKind, as_bytes(flow)});
  sink.value()->write({2, kAlertKind, as_bytes(alert)});
  sink.value()->write({3, kAlertKind, as_bytes("\xff not a record")});
  sink.value()->close();
  EXPECT_EQ(content(path("eve.json")), "{\"event_type\":\"flow\"}\n{\"event_type\":\"alert\"}\n");
  EXPECT_EQ(sink.value()->delivered().get(kFlowKind), 1U);
  EXPECT_EQ(sink.value()->delivered().get(kAlertKind), 1U);
  EXPECT_EQ(sink.value()->lost().get(kAlertKind), 1U) << "what is no record is counted";
}

TEST_F(FileSinks, RecordsAreLengthDelimited) {
  auto sink = open_records_sink(path("records"));
  ASSERT_TRUE(sink);
  std::string want;
  for (const char* type : {"flow", "alert"}) {
    const std::string r = record(type);
    sink.value()->write({1, kFlowKind, as_bytes(r)});
    append_delimited(as_bytes(r), want);
  }
  sink.value()->close();
  EXPECT_EQ(content(path("records")), want);
}

TEST_F(FileSinks, SaysWhyAFileCannotBeOpened) {
  const auto sink = open_eve_sink(path("no/such/folder/eve.json"));
  ASSERT_FALSE(sink);
  EXPECT_NE(sink.error().message.find("--eve"), std::string::npos);
  EXPECT_NE(sink.error().message.find("No such file"), std::string::npos) << sink.error().message;
}

TEST_F(FileSinks, CountsWhatAFullDeviceDoesNotTake) {
  auto sink = open_eve_sink("/dev/full");
  ASSERT_TRUE(sink);
  const std::string flow = record("flow");
  for (int i = 0; i < 10; ++i) sink.value()->write({1, kFlowKind, as_bytes(flow)});
  sink.value()->close();
  EXPECT_EQ(sink.value()->delivered().total(), 0U);
  EXPECT_EQ(sink.value()->lost().get(kFlowKind), 10U);
}

TEST_F(FileSinks, LeavesNoHalfRecordBehind) {
  // A file may grow to 300,000 bytes: the second buffer fits in part only.
  std::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  getrlimit(RLIMIT_FSIZE, &before);
  auto sink = open_eve_sink(path("eve.json"));
  ASSERT_TRUE(sink);
  rlimit small = before;
  small.rlim_cur = 300'000;
  setrlimit(RLIMIT_FSIZE, &small);
  const std::string flow = record("flow");
  constexpr unsigned kRecords = 30'000;
  for (unsigned i = 0; i < kRecords; ++i) sink.value()->write({i, kFlowKind, as_bytes(flow)});
  sink.value()->close();
  setrlimit(RLIMIT_FSIZE, &before);
  const std::string all = content(path("eve.json"));
  ASSERT_FALSE(all.empty());
  EXPECT_EQ(all.back(), '\n');
  EXPECT_EQ(sink.value()->delivered().get(kFlowKind),
            static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')));
  EXPECT_GT(sink.value()->lost().get(kFlowKind), 0U);
  EXPECT_EQ(sink.value()->delivered().get(kFlowKind) + sink.value()->lost().get(kFlowKind), kRecords);
}

TEST_F(FileSinks, AReaderThatGoesAwayIsAnErrorNotTheEnd) {
  int ends[2];
  ASSERT_EQ(pipe(ends), 0);
  const int out = dup(STDOUT_FILENO);
  dup2(ends[1], STDOUT_FILENO);
  auto sink = open_eve_sink("-");
  dup2(out, STDOUT_FILENO);
  close(out);
  close(ends[1]);
  close(ends[0]);
  ASSERT_TRUE(sink);
  const std::string flow = record("flow");
  sink.value()->write({1, kFlowKind, as_bytes(flow)});
  sink.value()->close();
  EXPECT_EQ(sink.value()->lost().get(kFlowKind), 1U);
}

}  // namespace
}  // namespace picket
