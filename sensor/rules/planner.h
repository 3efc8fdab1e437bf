// sensor/rules/planner.h — the parts of plan.cc; nobody else's business
#pragma once
#include <map>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "sensor/rules/cache.h"
#include "sensor/rules/datasets.h"
#include "sensor/rules/plan.h"
#include "sensor/rules/zones.h"

namespace picket::rules {

/// Regular expressions of all rules, each compiled once, on all cores.
class PatternTable {
 public:
  using Key = ExpressionCache::Key;
  static Key key_of(const Pcre&);
  static Key key_of_transform(const std::string& pattern) { return {pattern, 0, true}; }
  void want(Key key) { places_.try_emplace(std::move(key), 0); }
  void compile(unsigned threads, ExpressionCache& known, detect::RuleSet& out);
  /// Place in RuleSet::patterns, or why it cannot be.
  [[nodiscard]] Result<std::uint32_t> place(const Key&) const;

 private:
  std::map<Key, std::uint32_t> places_;
  std::vector<std::string> errors_;  // by place; empty: fine
};

/// Where a fast pattern is searched.
struct ChosenPattern {
  std::size_t group = 0;  // in Rule::groups
  Literal literal;
  std::uint32_t near = 0;  // > 0: it ends within so many bytes of the start
};

/// The patterns of a database to be, with the rules of each.
class ScanBuilder {
 public:
  enum class Text : std::uint8_t { kShort, kLong };
  /// kLong: literals are cut to what finds them fastest.
  explicit ScanBuilder(Text text) : long_text_(text == Text::kLong) {}
  void add(const Literal&, detect::RuleIndex, std::uint32_t near);
  /// Takes over what `other` holds; searched in as many bytes as the one that needs more.
  void merge(ScanBuilder&& other);
  [[nodiscard]] bool empty() const noexcept { return literals_.empty(); }
  [[nodiscard]] const std::vector<Literal>& literals() const noexcept { return literals_; }
  /// Writes what the packet path needs beside the database.
  void finish(detect::RuleSet& out, detect::Scan& scan) const;

 private:
  void add_as_it_is(Literal, detect::RuleIndex, std::uint32_t near);
  std::map<std::pair<bool, std::string>, std::uint32_t> ids_;
  std::vector<Literal> literals_;
  std::vector<std::vector<detect::RuleIndex>> rules_;
  std::uint32_t limit_ = 0;
  std::size_t longest_ = 0;  // before they were cut
  bool long_text_;
};

struct PayloadBuilder {
  /// Near the start, near for ports, anywhere, anywhere for ports.
  std::array<ScanBuilder, detect::PayloadPlan::kMaxScans> scans{
      ScanBuilder(ScanBuilder::Text::kShort), ScanBuilder(ScanBuilder::Text::kShort),
      ScanBuilder(ScanBuilder::Text::kLong), ScanBuilder(ScanBuilder::Text::kLong)};
  std::array<std::unique_ptr<std::uint64_t[]>, detect::PayloadPlan::kMaxScans> ports;
  std::vector<detect::RuleIndex> unfiltered;  // looked at without a pattern
  /// The same, for rules of few ports.
  std::vector<std::pair<detect::V4Range, detect::RuleIndex>> src_ports, dst_ports;
};

struct HeaderBuilder {
  std::vector<detect::RuleIndex> always, opening, always_v6, opening_v6;
  std::array<std::vector<detect::RuleIndex>, 256> by_flags;
  using Ranges = std::vector<std::pair<detect::V4Range, detect::RuleIndex>>;
  Ranges always_src, always_dst, opening_src, opening_dst;
};

struct BufferKey {
  ProtocolId protocol;
  std::uint8_t dir;
  std::uint16_t field, transforms;
  bool of_file;  ///< scanned for each file; else, in rules of both sides, as any buffer
  friend auto operator<=>(const BufferKey&, const BufferKey&) = default;
};

struct SideBuilder {
  std::vector<detect::RuleIndex> rules, repeats, file_rules, updates;
  std::uint64_t file_ready = 0;
};

struct FrameKey {
  ProtocolId protocol;
  std::uint8_t dir;
  std::uint16_t kind, transforms;
  friend auto operator<=>(const FrameKey&, const FrameKey&) = default;
};
struct FrameBuilder {
  ScanBuilder scan{ScanBuilder::Text::kLong};
  std::vector<detect::RuleIndex> rules;  // without a pattern
  std::vector<detect::RuleIndex> forbids;
};

/// A detect::ZonePlan to be.
struct ZoneBuilder {
  std::array<std::array<PayloadBuilder, 2>, detect::kPacketClasses> packet_payload;
  std::array<PayloadBuilder, 2> stream_payload;
  std::array<HeaderBuilder, detect::kPacketClasses> headers;
  std::vector<detect::RuleIndex> decode_events, stream_events, app_packet, app_found;
  std::map<BufferKey, ScanBuilder> buffers;
  std::map<FrameKey, FrameBuilder> frames;
  std::vector<std::array<SideBuilder, 2>> sides;  // by ProtocolId
};

/// What of a rule decides which list it goes to.
struct Shape {
  bool payload = false;      // it has groups over payload
  bool headers = false;      // ... over headers
  bool transaction = false;  // ... or tests over transactions
  bool frame = false;        // ... over a frame
  bool events = false;       // app-layer-event
  bool updates = false;      // nothing but a hook at a state that goes on
  bool app_only = false;     // nothing but app-layer-protocol
  bool packet_only = false;  // a keyword that only single packets have
  bool decode_event = false, stream_event = false;
  bool once = false;  // addresses only
};

class Planner {
 public:
  Planner(RuleSet& loaded, const PlanOptions& options)
      : loaded_(loaded),
        options_(options),
        memory_(*options.memory),
        names_(memory_.names),
        datasets_(options.data_dir) {}
  Result<Plan> run();

 private:
  // plan.cc
  std::vector<std::uint32_t> in_order() const;
  bool add_rule(std::uint32_t source);
  void add_info(const Rule&, std::uint32_t source, ProtocolId);
  void add_note(const Rule&, const Shape&, std::uint32_t source, const std::optional<ChosenPattern>&);
  void share_texts();
  void reserve(const std::vector<std::uint32_t>& order);
  [[nodiscard]] bool given_up() const noexcept {
    return options_.give_up != nullptr && options_.give_up->load();
  }
  void load_datasets();
  [[nodiscard]] bool changes_datasets(const Rule&) const;
  [[nodiscard]] std::optional<std::string> refusal(const Rule&) const;

  // plan_header.cc
  void set_header(const Rule&, const Shape&, detect::RuleHeader&);
  std::uint16_t address_set(const AddressSet&);
  std::uint16_t port_set(const PortSet&);
  std::uint16_t app_set(const std::vector<ProtocolId>&);
  std::optional<std::string> add_packet_tests(const Rule&, detect::RuleHeader&);
  std::optional<std::string> know_address(const AddressReputation&, detect::PacketTest&);
  std::optional<std::string> know_address(const CountryIs&, detect::PacketTest&);
  std::optional<std::string> add_state(const Rule&, detect::RuleHeader&);

  // plan_program.cc
  std::optional<std::string> add_programs(const Rule&, detect::RuleHeader&);
  std::optional<std::string> add_group(const Rule&, const Group&);
  std::optional<std::string> add_clause(const Clause&, detect::Group&, detect::Op&);
  std::optional<std::string> add_tx_tests(const Rule&, detect::RuleHeader&);
  Result<std::uint16_t> transform_list(const std::vector<Transform>&);
  [[nodiscard]] Shape shape_of(const Rule&) const;
  /// It asks what protocols of plants have in common: of the transaction, not of a side.
  [[nodiscard]] bool asks_ot(const Rule&) const;
  /// The protocols in which all that the rule asks of transactions exists.
  [[nodiscard]] std::vector<ProtocolId> tx_protocols(const Rule&) const;
  /// By Direction: the progress everything needs, or nullopt when something does not exist there.
  [[nodiscard]] std::optional<std::uint8_t> ready(const Rule&, ProtocolId, Direction) const;
  /// How far a file must have come; kNone: the rule asks nothing of files there.
  [[nodiscard]] FileStage file_stage(const Rule&, ProtocolId, Direction) const;
  void want(const BufferDef&);

  // plan_scan.cc
  [[nodiscard]] std::optional<ChosenPattern> fast_pattern(const Rule&, const Shape&) const;
  /// What a rule of payload or transactions is listed by.
  [[nodiscard]] PlanNote::FoundBy found_by(const Rule&, const Shape&,
                                           const std::optional<ChosenPattern>&) const;
  /// Is it a buffer of files on a side that the rule looks at?
  [[nodiscard]] bool looks_at_files(const Rule&, const Group&) const;
  void list_payload(const Rule&, const Shape&, detect::RuleIndex, const std::optional<ChosenPattern>&,
                    ZoneBuilder&);
  void list_frame_rule(const Rule&, const Shape&, detect::RuleIndex, const std::optional<ChosenPattern>&,
                       ZoneBuilder&);
  void list_header_rule(const Rule&, const Shape&, detect::RuleIndex, ZoneBuilder&);
  void list_transaction_rule(const Rule&, const Shape&, detect::RuleIndex, ProtocolId,
                             const std::optional<ChosenPattern>&, ZoneBuilder&);
  void set_ready(const Rule&, detect::RuleHeader&, ProtocolId) const;
  /// Calls for each pair of zones between which the rule can match.
  template <class F>
  void each_zone_plan(const Rule& r, F&& f) {
    const std::uint32_t pairs = zones_.pairs(r);
    for (std::size_t pair = 0; pair < zone_plans_.size(); ++pair) {
      if (pairs >> pair & 1) f(zone_plans_[pair]);
    }
  }
  std::vector<std::pair<const ScanBuilder*, detect::Scan*>> build_side(const ZoneBuilder&, ProtocolId,
                                                                       std::size_t dir, detect::SidePlan&);
  std::optional<Error> build_scans(Plan&);
  void build_lists(const ZoneBuilder&, detect::ZonePlan&);
  detect::RuleList list(const std::vector<detect::RuleIndex>&);
  detect::RangeIndex range_index(const std::vector<std::pair<detect::V4Range, detect::RuleIndex>>&);

  // plan_probe.cc
  void add_probe(const Rule&, const Shape&, std::uint32_t source, ProtocolId);
  void add_probe_of_packets();
  detect::RuleIndex push_probe(detect::RuleHeader, const Rule&, ProtocolId);

  RuleSet& loaded_;
  const PlanOptions& options_;
  PlanMemory& memory_;
  StateNames& names_;
  Plan plan_;
  detect::RuleSet* out_ = nullptr;
  PatternTable patterns_;
  DatasetTable datasets_;

  std::map<const AddressSet*, std::uint16_t> address_sets_;
  std::map<const PortSet*, std::uint16_t> port_sets_;
  std::map<std::vector<ProtocolId>, std::uint16_t> app_sets_;
  std::map<std::string, std::uint16_t> reputations_;  // by category
  std::map<std::vector<std::string>, std::uint16_t> country_lists_;
  std::vector<std::pair<std::vector<Transform>, std::uint16_t>> transform_lists_;
  std::map<std::vector<detect::RuleIndex>, detect::RuleList> lists_;

  ZoneMap zones_;
  std::vector<ZoneBuilder> zone_plans_;  // by Zones::pair()
};

/// Which flags of a TCP header pass all of a rule's tests of flags; nullptr when it has none.
[[nodiscard]] bool flags_fit(const Rule&, std::uint8_t flags);
[[nodiscard]] bool tests_flags(const Rule&);
/// Does it ask for something not to stand in a frame, wherever?
[[nodiscard]] bool forbids(const Rule&);

}  // namespace picket::rules
