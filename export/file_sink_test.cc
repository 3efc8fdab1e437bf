#include "export/file_sink.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <thread>
#include <utility>

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
  EXPECT_EQ(sink.value()->delivered(), 2U);
  EXPECT_EQ(sink.value()->lost(), 1U) << "what is no record is counted";
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
  EXPECT_EQ(sink.value()->delivered(), 0U);
  EXPECT_EQ(sink.value()->lost(), 10U);
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
  EXPECT_EQ(sink.value()->delivered(), static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')));
  EXPECT_GT(sink.value()->lost(), 0U);
  EXPECT_EQ(sink.value()->delivered() + sink.value()->lost(), kRecords);
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
  EXPECT_EQ(sink.value()->lost(), 1U);
}

/// A FIFO and its reader, which reads when it is told to.
class FifoSink : public FileSinks {
 protected:
  FifoSink() {
    EXPECT_EQ(mkfifo(fifo_.c_str(), 0600), 0);
    reader_ = open(fifo_.c_str(), O_RDONLY | O_NONBLOCK);
  }
  ~FifoSink() override {
    if (reader_ >= 0) close(reader_);
  }
  std::string read_all() const {
    std::string all(1 << 16, 0);
    const ssize_t n = ::read(reader_, all.data(), all.size());
    all.resize(n > 0 ? static_cast<std::size_t>(n) : 0);
    return all;
  }
  std::unique_ptr<RecordSink> open_sink(bool wait, std::chrono::milliseconds patience) {
    FileSinkOptions options;
    options.wait = wait;
    options.patience = patience;
    auto sink = open_eve_sink(fifo_, options);
    EXPECT_TRUE(sink) << sink.error().message;
    return sink ? std::move(sink).value() : nullptr;
  }

  std::string fifo_ = path("fifo"), flow_ = record("flow");
  int reader_ = -1;
};

TEST_F(FifoSink, AFifoThatNobodyReadsIsSaidSo) {
  close(std::exchange(reader_, -1));
  FileSinkOptions options;
  options.patience = std::chrono::milliseconds(50);
  const auto sink = open_eve_sink(fifo_, options);
  ASSERT_FALSE(sink);
  EXPECT_NE(sink.error().message.find("nobody reads this FIFO"), std::string::npos) << sink.error().message;
  options.patience = std::chrono::hours(1);
  options.interrupted = [] { return true; };
  EXPECT_FALSE(open_eve_sink(fifo_, options)) << "a signal ends the wait";
}

TEST_F(FifoSink, AReplayWaitsForASlowReader) {
  auto sink = open_sink(true, std::chrono::milliseconds(10));
  constexpr std::uint64_t kRecords = 50'000;  // many times what a pipe holds
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kRecords; ++i) sink->write({i, kFlowKind, as_bytes(flow_)});
    sink->close();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(100));  // far beyond the patience
  std::uint64_t lines = 0;
  while (lines < kRecords) {
    const std::string some = read_all();
    lines += static_cast<std::uint64_t>(std::count(some.begin(), some.end(), '\n'));
    if (some.empty()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  writer.join();
  EXPECT_EQ(sink->delivered(), kRecords);
  EXPECT_EQ(sink->lost(), 0U);
}

TEST_F(FifoSink, AbandonEndsTheWaitAndCountsTheRest) {
  auto sink = open_sink(true, std::chrono::hours(1));
  constexpr std::uint64_t kRecords = 50'000;
  std::thread writer([&] {
    for (std::uint64_t i = 1; i <= kRecords; ++i) sink->write({i, kFlowKind, as_bytes(flow_)});
    sink->close();
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  sink->abandon();
  writer.join();
  std::string all;
  for (std::string some; !(some = read_all()).empty();) all += some;
  EXPECT_EQ(sink->delivered(), static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')));
  EXPECT_EQ(sink->delivered() + sink->lost(), kRecords);
  EXPECT_GT(sink->lost(), 0U);
}

TEST_F(FifoSink, LiveASlowReaderLosesRecordsAndHoldsNobodyUp) {
  auto sink = open_sink(false, std::chrono::milliseconds(50));
  constexpr std::uint64_t kRecords = 400'000;  // twice kHeldBytes
  const auto start = std::chrono::steady_clock::now();
  for (std::uint64_t i = 1; i <= kRecords; ++i) {
    sink->write({i, kFlowKind, as_bytes(flow_)});
    if (i % 1000 == 0) sink->tick();
  }
  sink->close();
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(20));
  const std::string all = read_all();
  EXPECT_EQ(sink->delivered(), static_cast<std::uint64_t>(std::count(all.begin(), all.end(), '\n')));
  EXPECT_GT(sink->delivered(), 0U);
  EXPECT_EQ(sink->delivered() + sink->lost(), kRecords);
}

}  // namespace
}  // namespace picket
