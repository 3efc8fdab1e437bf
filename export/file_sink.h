// export/file_sink.h — records into files or to standard output: EVE JSON a line each, or length-delimited
// Protobuf
//
// A write that fails is reported once, with path and reason, and its records are counted as lost; a regular
// file is cut back to its last whole record, so that what is in it stays readable, and later writes are tried
// again.
//
// Limits  kBufferBytes wait in memory, for kMaxWait at most
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include "export/eve.h"
#include "export/record_sink.h"
#include "parsers/core/result.h"

namespace picket {

class FileSink : public RecordSink {
 public:
  static constexpr std::size_t kBufferBytes = 256 * 1024;
  static constexpr std::chrono::milliseconds kMaxWait{500};

  ~FileSink() override;
  void write(const OutRecord&) final;
  void tick() final;
  void close() final;

 protected:
  FileSink(std::string path, int fd);
  /// Appends the record as this file has it; false when it cannot be shown.
  virtual bool append(Bytes record, std::string& out) = 0;

 private:
  void flush();
  bool write_all();
  void failed(int error);

  std::string path_;
  int fd_;
  bool regular_ = false;
  bool failing_ = false;
  std::string buffer_;
  std::vector<std::uint32_t> buffered_;  ///< records in the buffer, by kind
  std::chrono::steady_clock::time_point oldest_;
};

/// Opens `path` ("-": standard output) for writing from its start. SIGPIPE is ignored from then on: a reader
/// that goes away is an error of the write.
Result<std::unique_ptr<RecordSink>> open_eve_sink(const std::string& path);
Result<std::unique_ptr<RecordSink>> open_records_sink(const std::string& path);

}  // namespace picket
