// export/collector/test_support.h — what tests of the collector share: a folder, records, batches, captured
// output
#pragma once
#include <gtest/gtest.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <string>

#include "export/batch.h"
#include "export/collector/query.h"
#include "export/delimited.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket::collector::test {

/// A folder of a test's own, gone with it.
class Folder {
 public:
  Folder() {
    static std::atomic<int> next{0};
    path_ = std::filesystem::temp_directory_path() /
            ("collector_test." + std::to_string(getpid()) + "." + std::to_string(next++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string file(const char* name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// Record `n` of a made-up sensor: flows, and every third an alert; a second apart.
inline v1::Event event(std::uint64_t n) {
  v1::Event e;
  e.set_timestamp((1'700'000'000 + n) * 1'000'000'000);
  e.set_event_type(n % 3 == 0 ? "alert" : "flow");
  e.set_flow_id(n);
  e.set_src_ip(std::string("\x0a\0\0", 3) + static_cast<char>(n));
  e.set_src_port(40000 + static_cast<unsigned>(n));
  e.set_dest_ip(std::string("\xc0\0\2\1", 4));
  e.set_dest_port(443);
  e.set_proto("TCP");
  if (n % 3 == 0) {
    e.mutable_alert()->set_signature_id(static_cast<unsigned>(1000 + n));
    e.mutable_alert()->set_signature("TEST 'quoted' rule " + std::to_string(n));
  } else {
    e.mutable_flow()->set_bytes_toserver(n * 100);
  }
  return e;
}

inline std::string records(std::uint64_t first, std::uint64_t count) {
  std::string all;
  for (std::uint64_t n = first; n < first + count; ++n)
    append_delimited(as_bytes(event(n).SerializeAsString()), all);
  return all;
}

/// Batches of one boot, each chained to the one before.
class Sensor {
 public:
  explicit Sensor(std::string name = "plant-7", std::uint64_t boot = 0x8877665544332211)
      : name_(std::move(name)), boot_(boot) {}
  v1::Batch batch(std::uint64_t first, std::uint32_t count) {
    return seal(first, count, records(first, count));
  }
  v1::Batch seal(std::uint64_t first, std::uint32_t count, const std::string& content) {
    v1::Batch b;
    b.set_sensor(name_);
    b.set_boot(boot_);
    b.set_first_seq(first);
    b.set_count(count);
    chain_ = seal_batch(chain_, as_bytes(content), true, b);
    return b;
  }
  void set_chain(BatchHash chain) { chain_ = chain; }

 private:
  std::string name_;
  std::uint64_t boot_;
  BatchHash chain_{};
};

/// What a query prints.
inline std::string ask(QueryOptions options, std::string* error = nullptr) {
  char* text = nullptr;
  std::size_t size = 0;
  std::FILE* out = open_memstream(&text, &size);
  const Status done = run_query(options, out);
  std::fclose(out);
  std::string all(text, size);
  std::free(text);
  if (error != nullptr) {
    *error = done ? "" : done.error().message;
  } else {
    EXPECT_TRUE(done) << done.error().message;
  }
  return all;
}

inline std::size_t lines(const std::string& text) {
  return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

}  // namespace picket::collector::test
