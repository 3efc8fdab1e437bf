// export/file_sink.h — records into files or to standard output: EVE JSON a line each, or length-delimited
// Protobuf
//
// A write that fails is reported once, with path and reason, and its records are counted as lost; a regular
// file is cut back to its last whole record, so that what is in it stays readable, and later writes are tried
// again.
//
// Slow    a FIFO, a terminal or a socket whose reader takes nothing: a replay (wait = true) waits for it, as
// cat
//         would, until abandon(). Live, what it does not take stays in memory up to kHeldBytes, and further
//         records are lost; close() waits for it as long as `patience`, from the last byte it took
// Limits  kBufferBytes wait in memory for a file, for kMaxWait at most
#pragma once
#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>

#include "export/eve.h"
#include "export/record_sink.h"
#include "parsers/core/result.h"

namespace picket {

struct FileSinkOptions {
  bool wait = true;  ///< replay; false: live
  std::chrono::milliseconds patience{10'000};
  std::function<bool()> interrupted;  ///< asked while a FIFO waits for its reader: true gives the wait up
};

class FileSink : public RecordSink {
 public:
  static constexpr std::size_t kBufferBytes = 256 * 1024;
  static constexpr std::size_t kHeldBytes = std::size_t{4} << 20;
  static constexpr std::chrono::milliseconds kMaxWait{500};

  ~FileSink() override;
  void write(const OutRecord&) final;
  void tick() final;
  void close() final;
  void abandon() final;

 protected:
  /// Takes the descriptor.
  FileSink(std::string name, std::string path, int fd, const FileSinkOptions&);
  /// Appends the record as this file has it; false when it cannot be shown.
  virtual bool append(Bytes record, std::string& out) = 0;

 private:
  using Clock = std::chrono::steady_clock;
  struct Buffered {
    std::size_t end;  ///< in buffer_
    std::uint64_t seq;
  };

  void flush(Clock::duration patience);
  bool write_file();
  bool write_stream(Clock::duration patience);
  [[nodiscard]] bool room_within(Clock::time_point until) const;
  void settle_buffered(std::size_t up_to, bool delivered);
  void drop_all();
  void failed(const std::string& why);
  void works_again();

  std::string path_;
  int fd_, wake_;
  bool wait_;
  std::chrono::milliseconds patience_;
  bool regular_ = false;
  bool failing_ = false;  ///< reported, and not yet over
  bool stalled_ = false;  ///< the reader left something at the last try
  std::atomic<bool> abandoned_{false};
  std::string buffer_;
  std::size_t written_ = 0;       ///< of the buffer
  std::deque<Buffered> records_;  ///< in the buffer, not yet settled
  Clock::time_point oldest_;
};

/// Opens `path` ("-": standard output) for writing from its start; a FIFO that nobody reads is waited for,
/// for `patience`. SIGPIPE is ignored from then on: a reader that goes away is an error of the write.
Result<std::unique_ptr<RecordSink>> open_eve_sink(const std::string& path, const FileSinkOptions& = {});
Result<std::unique_ptr<RecordSink>> open_records_sink(const std::string& path, const FileSinkOptions& = {});

}  // namespace picket
