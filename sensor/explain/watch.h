// sensor/explain/watch.h — listens while a capture is read, and keeps for each flow how far each rule came
//
//   probes of the rule set ──> Watch: evaluates (evaluate.h), keeps the furthest finding
//   the workers' encoder ────> Watch: alerts as they are recorded, flows as they end
//   correlate ───────────────> Watch::judged(): which of these alerts were let go
//
// What the evaluator says of a match is held against what the detector did: a match that made no alert, and
// no reason for it, or an alert without a match, is an error of this program, and is reported as one.
//
// Limits  kMaxFlows flows are kept, fewer when many rules are asked about. When there are more, those that no
//         header fits go first, then the last ones are left out; both are counted
// Threads everything but judged() comes from one worker; read it when both have ended
#pragma once
#include <map>
#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/detect/probe.h"
#include "dataplane/event.h"
#include "dataplane/record_encoder.h"
#include "sensor/explain/evaluate.h"
#include "sensor/explain/question.h"

namespace picket::explain {

inline constexpr std::size_t kMaxFlows = 10000, kMaxAccounts = 100000;  ///< accounts: flows times rules
inline constexpr std::size_t kMaxJudged = 1 << 18;  ///< flows of whose alerts it is known what became of them
inline constexpr std::size_t kMaxTold = 16;         ///< alerts of one rule in one flow that are named

struct Told {
  std::uint64_t packet = 0, time_ns = 0;  ///< packet 0: at the flow's end
  rules::Admission admission;
};

/// One rule in one flow.
struct Account {
  std::array<std::uint64_t, kStages>
      ended{};  ///< evaluations by where they ended; kHeader: packets; kFired: matches
  Finding furthest;
  std::uint64_t packets_fit = 0;  ///< whose header fits
  std::uint64_t not_reported = 0, passed = 0, unexplained = 0, surprises = 0;
  std::uint32_t passed_by = 0;              ///< sid
  std::uint64_t alerts = 0;                 ///< recorded by the worker
  std::array<std::uint64_t, 6> admitted{};  ///< of these, by Admission::By
  std::array<std::uint8_t, 6> which{};      ///< ... Admission::which of the last one
  std::vector<Told> told;                   ///< the first of them

  // While it runs.
  std::uint64_t last_packet = 0, last_packet_match = 0;
  std::uint64_t last_tx_match = ~std::uint64_t{0};
  std::uint64_t again = 0;  // matches that are told already; the detector's memory of that is short
};

struct FlowAccount {
  std::uint64_t id = 0;  ///< 0: packets that belong to no flow
  std::string community_id;
  Address client, server;
  std::uint16_t client_port = 0, server_port = 0;
  std::uint8_t proto = 0;
  bool ended = false;
  std::uint64_t first_packet = 0, start_ns = 0, end_ns = 0, packets = 0;
  ProtocolId protocol = kNoProtocol;
  std::string app;
  // What was not looked at.
  std::uint64_t hidden_from = 0, hidden_packets = 0, hidden_bytes = 0;  ///< encrypted
  std::uint64_t bad_checksums = 0, cut_packets = 0;
  std::array<std::uint64_t, 2> gaps{}, missing{}, beyond_depth{};  ///< by Direction; the last two in bytes
  std::array<bool, 2> depth_reached{};
  bool midstream = false, let_go = false;
  std::uint32_t let_go_by = 0;  ///< sid of the pass rule
  std::vector<Account> rules;   ///< by question; empty accounts for those not asked about
};

class Watch final : public detect::Probe, public RecordEncoder {
 public:
  /// `community_id`: only this flow; "": all. `encoder` does the work of writing records.
  Watch(const Book& book, std::string community_id);
  ~Watch();
  void write_with(const RecordEncoder& encoder) noexcept { encoder_ = &encoder; }

  /// On the export thread, in the order of the capture.
  void judged(const EventHeader&, rules::Admission);

  /// When all has ended: in the order in which flows began.
  [[nodiscard]] std::vector<FlowAccount> take();
  [[nodiscard]] std::uint64_t flows_left_out() const noexcept { return left_out_; }
  /// Given up for others: no header of a rule that is asked about fits them.
  [[nodiscard]] std::uint64_t flows_given_up() const noexcept { return given_up_; }
  /// By question: alerts that left, of all flows, also those left out and not asked about.
  [[nodiscard]] const std::vector<std::uint64_t>& fired() const noexcept { return fired_; }

 private:
  void on_packet(std::uint32_t target, const detect::Subject&) noexcept override;
  void on_payload(std::uint32_t target, const detect::Subject&, const detect::Buffer&) noexcept override;
  bool on_transaction(std::uint32_t target, const detect::Subject&, const Transaction&) noexcept override;

  std::size_t flow(const RecordContext&, const Flow&, FlowEnd,
                   std::span<std::uint8_t> out) const noexcept override;
  std::size_t transaction(const RecordContext&, const Flow&, ProtocolId, const Transaction&,
                          std::span<std::uint8_t> out) const noexcept override;
  std::size_t alert(const RecordContext&, const Packet&, const Flow*, ProtocolId, const Transaction*,
                    const AlertInfo&, std::span<std::uint8_t> out) const noexcept override;
  std::size_t file(const RecordContext&, const Flow&, ProtocolId, const Transaction&, const File&,
                   std::span<std::uint8_t> out) const noexcept override;
  std::size_t packet(const RecordContext&, const Packet&, const Flow*,
                     std::span<std::uint8_t> out) const noexcept override;
  std::size_t arp(const RecordContext&, const Packet&, const Arp&,
                  std::span<std::uint8_t> out) const noexcept override;
  std::size_t anomaly(const RecordContext&, const Packet&, const Flow*, const AnomalyInfo&,
                      std::span<std::uint8_t> out) const noexcept override;

  /// What is known while it runs. Behind a pointer: an encoder is const for its workers.
  struct Notes;
  void look(std::uint32_t target, const Occasion&);
  [[nodiscard]] bool told_already(const Occasion&, const detect::RuleHeader&, detect::RuleIndex,
                                  const Account&) const;
  void matched(std::size_t question, detect::RuleIndex, const Occasion&, FlowAccount&, Account&);

  const Book& book_;
  const std::string wanted_;
  const RecordEncoder* encoder_ = nullptr;
  std::unique_ptr<Notes> notes_;
  std::uint64_t left_out_ = 0, given_up_ = 0;

  // The export thread's.
  std::vector<std::uint64_t> fired_;
  std::unordered_map<detect::RuleIndex, std::size_t> question_of_;
  struct Words {
    std::array<std::uint64_t, 6> counts{};
    std::vector<rules::Admission> first;
  };
  std::map<std::pair<std::uint64_t, std::size_t>, Words> words_;  // by flow id and question
};

}  // namespace picket::explain
