// sensor/rules/plan_test_support.h — rules in text, traffic in lines: what fires?
//
//   Bench b(R"(alert tcp any any -> any any (content:"abc"; sid:1;))");
//   b.to_server("xxab").to_server("c").end();
//   EXPECT_EQ(b.fired(), "1");
//
// Two protocols stand in for real ones: "http" on TCP (uri, method, many-valued header, body; status and body
// of the reply) and "dns" on UDP (many-valued query), whose transactions a test fills by hand.
#pragma once
#include <array>
#include <map>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "dataplane/detect/detector.h"
#include "dataplane/files/file_tracker.h"
#include "parsers/core/pool.h"
#include "sensor/rules/load.h"
#include "sensor/rules/plan.h"

namespace picket::rules {

[[nodiscard]] std::span<const ProtocolSpec* const> bench_protocols() noexcept;
inline constexpr ProtocolId kBenchHttp = 0, kBenchDns = 1;

/// Progress of both protocols' sides.
enum BenchProgress : std::uint8_t { kStarted = 0, kLine = 1, kHeaders = 2, kBody = 3, kComplete = 4 };

struct BenchTx : Transaction {
  /// By name of the buffer: its values. Numbers likewise.
  std::array<std::map<std::string, std::vector<std::string>, std::less<>>, 2> values;
  std::array<std::map<std::string, std::vector<std::uint64_t>, std::less<>>, 2> numbers;

  BenchTx& request(std::string name, std::vector<std::string> v) {
    has_request = true;
    values[0][std::move(name)] = std::move(v);
    return *this;
  }
  BenchTx& reply(std::string name, std::vector<std::string> v) {
    has_reply = true;
    values[1][std::move(name)] = std::move(v);
    return *this;
  }
};

class Bench : public detect::AlertSink {
 public:
  /// `folder`: where the rules stand and data sets are kept; with it rules may be rejected.
  explicit Bench(std::string_view rules, std::string cache_dir = {}, const std::string& folder = {},
                 const AddressKnowledge* known = nullptr);
  ~Bench();
  /// Other rules from now on; flows and transactions stay.
  Bench& reload(std::string_view rules);

  /// One packet each, in order, on one TCP connection (or UDP after udp()).
  Bench& to_server(std::string_view payload) { return send(Direction::kToServer, payload); }
  Bench& to_client(std::string_view payload) { return send(Direction::kToClient, payload); }
  Bench& send(Direction, std::string_view payload);
  Bench& udp();
  Bench& icmp(std::uint8_t type, std::uint8_t code, std::string_view payload);
  /// A packet as it is, without bytes in the stream.
  Bench& packet(Packet);
  [[nodiscard]] Packet make(Direction, std::string_view payload) const;
  Bench& ports(std::uint16_t client, std::uint16_t server);
  Bench& addresses(std::string_view client, std::string_view server);
  Bench& protocol(ProtocolId);
  Bench& established(bool = true);
  /// The flow ends: the streams, then what hangs off it. A new one begins with the next packet.
  Bench& end();

  /// advance() inside of a packet of its own.
  Bench& advance(BenchTx&, Direction, std::uint8_t progress);
  Bench& done(BenchTx&);
  /// All of it at once: both sides, then done.
  Bench& whole(BenchTx&);

  /// A file of a transaction, each call in a packet of its own. Lives until done().
  File* file(BenchTx&, Direction, std::string_view name);
  Bench& bytes(File*, std::string_view bytes);
  Bench& close(File*, FileEnd how = FileEnd::kComplete);

  /// sids in the order in which they fired, since the last call.
  [[nodiscard]] std::string fired();
  /// What data sets knew: "key=json " of each; and for correlate: sid and notes. Since the last call.
  [[nodiscard]] std::string contexts() { return std::exchange(contexts_, {}); }
  [[nodiscard]] std::vector<std::pair<std::uint32_t, std::string>> take_notes() {
    return std::exchange(notes_, {});
  }

  RuleSet loaded;
  Plan plan;
  detect::Detector& detector() noexcept { return *detector_; }
  Pool& pool() noexcept { return pool_; }
  Flow flow;
  std::vector<detect::RuleIndex> indexes;  // of all alerts
  bool last_had_tx = false, last_from_stream = false;
  int tagged_packets = 0;
  bool last_logged = true;     ///< of the last transaction that was done
  std::string last_variables;  ///< of the packet of the last alert: name=value

 private:
  void alert(const AlertInfo&, detect::RuleIndex, const Packet&, Flow*, ProtocolId,
             const Transaction*) noexcept override;
  void tagged(const Packet&, Flow*) noexcept override { ++tagged_packets; }
  void load(std::string_view rules);
  void new_flow();
  Bench& tell(const File&, FileStage from);
  [[nodiscard]] ProtocolId app() const noexcept { return flow.key.proto == 17 ? kBenchDns : kBenchHttp; }

  std::string folder_;
  const AddressKnowledge* addresses_;
  PlanMemory memory_;
  Pool pool_{std::size_t{16} << 20};
  std::unique_ptr<detect::Detector> detector_;
  std::unique_ptr<FileTracker> files_;
  std::string sids_, contexts_;
  std::vector<std::pair<std::uint32_t, std::string>> notes_;
  Address client_, server_;
  std::uint16_t client_port_ = 40000, server_port_ = 80;
  std::uint8_t proto_ = 6;
  std::uint64_t clock_ns_ = 1'700'000'000'000'000'000, number_ = 0;
};

}  // namespace picket::rules
