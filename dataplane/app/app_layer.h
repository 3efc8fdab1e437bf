// dataplane/app/app_layer.h — finds out what a flow speaks, and shows its bytes to that protocol's parser
//
// Detection is by content, on any port; ports only say which probe is asked first. Bytes that a parser cannot
// use yet wait here, so that every parser sees contiguous bytes and needs no buffer of its own for half-read
// frames. While a flow is being probed, both directions wait.
//
// Cost    in-order bytes of a bound flow go to the parser as they lie in the packet; only unconsumed ends are
//         copied
// Limits  probe_bytes per direction while probing; ProtocolSpec::max_pending_bytes afterwards (event, then
//         resync)
#pragma once
#include <array>
#include <cstdint>
#include <vector>

#include "dataplane/app/app_event.h"
#include "dataplane/app/expectations.h"
#include "dataplane/app/probes.h"
#include "dataplane/files/file_tracker.h"
#include "dataplane/flow/flow.h"
#include "dataplane/frames/frame_tracker.h"
#include "parsers/core/pool.h"
#include "parsers/core/protocol.h"

namespace picket {

/// The engine's own event: a parser left more bytes unconsumed than max_pending_bytes.
inline constexpr std::uint8_t kPendingLimit = 0xff;

/// Who is told what parsers report.
class AppListener {
 public:
  virtual void on_advance(Flow&, ProtocolId, Transaction&, Direction, std::uint8_t progress) noexcept = 0;
  /// A file of a transaction has come further than `from`.
  virtual void on_file(Flow&, ProtocolId, File&, FileStage from) noexcept = 0;
  /// There is something to look at of a frame that rules ask for.
  virtual void on_frame(Flow&, ProtocolId, const FrameLook&) noexcept = 0;
  /// Its files are there until the call returns.
  virtual void on_done(Flow&, ProtocolId, Transaction&) noexcept = 0;
  /// `event`: index in ProtocolSpec::events, or kPendingLimit.
  virtual void on_app_event(Flow&, ProtocolId, Direction, std::uint8_t event, Transaction*) noexcept = 0;
  virtual void on_protocol(Flow&) noexcept = 0;  ///< Flow::protocol was found, or changed
  virtual void on_odd_protocol(Flow&, AppEvent) noexcept = 0;

 protected:
  ~AppListener() = default;
};

struct AppConfig {
  std::uint32_t probe_bytes = 2048;                ///< app-layer.probe-bytes: of each direction
  std::vector<bool> enabled;                       ///< by ProtocolId
  std::vector<std::vector<std::uint64_t>> limits;  ///< by ProtocolId, in the order of ProtocolSpec::limits
  FileConfig files;
  bool vlans_tell_apart = true;  ///< vlan.use-for-tracking, as of flows
};

/// Everything enabled, every limit at its default.
AppConfig default_app_config();

class AppEngine final : private Sink, private FrameListener {
 public:
  AppEngine(const AppConfig&, Pool&, AppListener&);

  /// For a new flow whose opening was not seen: does this first payload come from the server? Of a frame without IP
  /// the ports are its EtherType, here and wherever ports of a flow are asked for.
  [[nodiscard]] bool looks_like_reply(Transport, Bytes first, std::uint16_t src_port,
                                      std::uint16_t dst_port) const noexcept;

  /// First for each run of bytes in order: finds out what the flow speaks, if that is still open. Rules that
  /// look at the stream run between this and on_stream(), so that they know the protocol and are ahead of its
  /// transactions.
  void identify(Flow&, Direction, Bytes) noexcept;
  /// Then, with the same bytes: shows them to the parser, or keeps them while it is not known. `offset`: of the
  /// first byte, in its stream.
  void on_stream(Flow&, Direction, Bytes, std::uint64_t offset, std::uint64_t time_ns) noexcept;
  void on_gap(Flow&, Direction, std::uint64_t missing, std::uint64_t time_ns) noexcept;
  void on_end(Flow&, Direction, std::uint64_t time_ns) noexcept;
  void identify_datagram(Flow&, Transport, Direction, Bytes) noexcept;
  void on_datagram(Flow&, Direction, Bytes, std::uint64_t time_ns) noexcept;
  /// The flow ends: finishes its transactions and frees all that hangs off Flow::app.
  void close(Flow&, std::uint64_t time_ns) noexcept;
  /// Between bursts: what the rules ask of files. See FileTracker::want().
  void want_files(const FileWants& rules, std::unique_ptr<Magic>& made) noexcept { files_.want(rules, made); }
  [[nodiscard]] const FileStats& file_stats() const noexcept { return files_.stats(); }
  /// Between bursts: which frames the rules ask for. Counts for frames that begin from now on.
  void want_frames(const FrameWants& wants) noexcept { frame_wants_ = wants; }
  [[nodiscard]] const FrameStats& frame_stats() const noexcept { return frame_tracker_.stats(); }

 private:
  void advance(Transaction&, Direction, std::uint8_t progress) noexcept override;
  void done(Transaction&) noexcept override;
  void event(Direction, std::uint8_t event, Transaction*) noexcept override;
  File* file_begin(Transaction&, Direction, Bytes name, std::size_t inspect_limit) noexcept override;
  void file_data(File&, Bytes) noexcept override;
  void file_gap(File&, std::uint64_t missing) noexcept override;
  void file_end(File&, FileEnd) noexcept override;
  void hand_over(std::string_view protocol, Bytes hint) noexcept override;
  bool expect(const Expectation&) noexcept override;
  void encrypted() noexcept override { flow_->flags |= flow_flag::kNoPayloadInspect; }
  void on_frame(Direction, unsigned kind, const std::uint8_t* first, std::uint64_t length,
                Transaction*) noexcept override;
  void on_frame_of(Direction, unsigned kind, Transaction&) noexcept override;
  void on_frame_end(Direction, unsigned kind, const std::uint8_t* end, Transaction*) noexcept override;
  void on_frame_look(Flow&, const FrameLook&) noexcept override;
  [[nodiscard]] std::uint64_t time_ns() const noexcept override { return time_ns_; }

  [[nodiscard]] AppLayer* state_of(Flow&) noexcept;
  [[nodiscard]] Probe fits(AppLayer&, const ProtocolSpec&, Direction, Bytes data, Bytes& first) noexcept;
  void check_agreed(Flow&, Direction, Bytes) noexcept;
  void ask_other_direction(Flow&, Direction, Bytes) noexcept;
  bool bind(Flow&, ProtocolId, Transport, Bytes hint = {}) noexcept;
  bool bind_expected(Flow&) noexcept;
  void keep(Flow&, Direction, Bytes) noexcept;
  void feed_waiting(Flow&) noexcept;
  static void note_run(AppLayer&, Direction) noexcept;
  void feed(Flow&, Direction, Bytes) noexcept;
  void change_protocol(Flow&, Direction, Bytes rest) noexcept;
  /// Before each call of a parser: which frames it need tell of, and what it is shown.
  void enter(const Flow& f, Bytes input = {}, std::uint64_t offset = 0,
             Direction dir = Direction::kToServer) noexcept {
    frames_ = frame_wants_[f.protocol & (frame_wants_.size() - 1)];
    input_ = {input, offset};
    input_dir_ = dir;
  }
  void end_frames(Flow&, Direction) noexcept;
  void drop_parser(Flow&) noexcept;
  void give_up(Flow&) noexcept;

  AppConfig config_;
  Pool& pool_;
  AppListener& listener_;
  FileTracker files_;
  Expectations expectations_;
  Probes probes_;
  FrameTracker frame_tracker_;
  FrameWants frame_wants_{};
  FrameTracker::Input input_;                   // during a call into a parser: what it was shown
  Direction input_dir_ = Direction::kToServer;  // ... of which direction
  Flow* flow_ = nullptr;                        // during a call into a parser
  std::uint64_t time_ns_ = 0;
  bool hand_over_ = false;
  std::string_view hand_over_to_;
  PoolBuffer hand_over_hint_;
};

}  // namespace picket
