// parsers/dicom/dicom_parser.h — the parser of a flow: PDUs, messages put together from fragments, what waits for its answer
//
//   on_stream() ─> PDU ─┬─ association, release, abort: whole
//                       └─ PDVs ─> fragments as they come ─┬─ command: kept, interpreted at its last one
//                                                          └─ data set: its first bytes kept, all counted, a file
//
// Memory: an Exchange for each request that waits, with its command and the first bytes of its data sets.
#pragma once
#include "parsers/core/file.h"
#include "parsers/core/waiting.h"
#include "parsers/dicom/dicom.h"

namespace picket::dicom {

enum Limit : std::size_t {
  kRequestFlood,
  kReplyTimeout,
  kAssociationLimit,
  kCommandLimit,
  kDatasetLimit,
  kFileInspect,
  kPatient,
};
inline constexpr std::size_t kMaxAssociation = 131072;
inline constexpr LimitDef kLimits[] = {
    {"request-flood", 64, 1, 1024, "requests of a flow that wait for their response; the oldest is given up"},
    {"reply-timeout", 600, 1, 86400, "seconds without a response after which a request is given up"},
    {"association-limit", kMaxAssociation, 512, kMaxAssociation,
     "bytes of a PDU that asks for, or grants, an association"},
    {"command-limit", 16384, 256, kMaxCommand, "bytes of a command set"},
    {"dataset-limit", 8192, 0, 131072, "first bytes of a data set that are read; images go by unkept"},
    {"file-inspect-limit", 102400, 1, 262144, "bytes of a stored object that rules may look at"},
    kPatientMode,
    kPatientKeyHigh,
    kPatientKeyLow,
};
static_assert(std::size(kLimits) == kPatient + kPatientLimits);

class DicomParser final : public Parser {
 public:
  explicit DicomParser(const ParserContext&) noexcept;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_end(Direction, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  /// A data set that comes.
  struct Incoming {
    Exchange* x = nullptr;  ///< nullptr: nobody wants it, it is only followed
    DataSet* set = nullptr;
    PoolBuffer* into = nullptr;
    std::size_t before = 0;  ///< bytes in `into` that belong to earlier ones
    bool expected = false;
  };
  struct Side {
    explicit Side(Pool& pool) noexcept : command(pool) {}

    PoolBuffer command;  ///< fragments
    Incoming data;
    std::uint32_t pdu_left = 0, pdv_left = 0;  ///< of what is under way
    PdvHeader pdv;
    std::uint32_t max_pdu = 0;  ///< that the other side takes; 0: any
    bool lost = false, in_pdv = false, command_over = false;
    bool asked = false;  ///< requests went that way: an answer without one is odd
  };

  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept {
    sink.event(dir, static_cast<std::uint8_t>(e), tx);
  }
  void lose(Direction, Event why, Sink&) noexcept;
  bool on_pdu(Direction, const PduHeader&, Bytes body, Sink&) noexcept;
  void on_associate(Direction, Bytes body, Sink&) noexcept;
  void on_associate_answer(Direction, PduType, Bytes body, Sink&) noexcept;
  void learn_contexts(Direction, Bytes items) noexcept;
  void on_release(Direction, PduType, Sink&) noexcept;
  void on_abort(Direction, Bytes body, Sink&) noexcept;

  void on_fragment(Direction, Bytes, Sink&) noexcept;
  void on_fragment_end(Direction, Sink&) noexcept;
  void on_command(Direction, Sink&) noexcept;
  void on_request(Direction, const Command&, Sink&) noexcept;
  void on_response(Direction, const Command&, Sink&) noexcept;
  void expect_data(Direction, Exchange*, bool answer, Sink&) noexcept;
  void on_data(Direction, Bytes, Sink&) noexcept;
  void on_data_end(Direction, bool whole, Sink&) noexcept;
  /// What its bytes say, as far as they came.
  static void settle(const Incoming&, bool whole) noexcept;
  void conclude(Exchange&, Sink&) noexcept;
  static void end_file(Exchange&, bool whole, Sink&) noexcept;

  Exchange* open(Kind, Direction, Sink&) noexcept;
  void check_timeouts(Sink&) noexcept;
  /// Rules see a side of it.
  void tell(Exchange&, Direction, Sink&) noexcept;
  /// It becomes a record; of what waits it is gone then.
  void finish(Exchange&, Sink&) noexcept;
  void finish_all(Sink&) noexcept;
  [[nodiscard]] Exchange* waiting_for(Kind, Direction asked) const noexcept;

  Pool& pool_;
  Waiting<Exchange> waiting_;
  const std::size_t association_limit_, command_limit_, dataset_limit_, file_inspect_limit_;
  const std::uint64_t timeout_ns_;
  const PatientPolicy patient_;
  std::array<Side, 2> sides_;
  std::uint64_t next_id_ = 0;
  /// By context / 2: the transfer syntax that was agreed on; 0: none.
  std::array<std::uint8_t, kMaxContexts> contexts_{};
  bool negotiated_ = false;  ///< an association was granted, so contexts_ is right
  bool released_ = false;    ///< an association was ended, and no other begun
};

}  // namespace picket::dicom
