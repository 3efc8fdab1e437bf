#include "sensor/rules/plan_test_support.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>

#include "parsers/core/file.h"

namespace picket::rules {
namespace {

constexpr std::string_view kNames[] = {"http.uri",          "http.method",    "http.request_header",
                                       "http.request_body", "http.stat_code", "file.data",
                                       "dns.query",         "http.protocol"};

template <std::size_t kName>
bool value_of(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  const auto& values = static_cast<const BenchTx&>(t).values[index(d)];
  const auto it = values.find(kNames[kName]);
  if (it == values.end() || instance >= it->second.size()) return false;
  out = as_bytes(it->second[instance]);
  return true;
}

bool number_of(const Transaction& t, Direction d, unsigned instance, std::uint64_t& out) noexcept {
  const auto& numbers = static_cast<const BenchTx&>(t).numbers[index(d)];
  const auto it = numbers.find("dns.opcode");
  if (it == numbers.end() || instance >= it->second.size()) return false;
  out = it->second[instance];
  return true;
}

constexpr BufferDef kHttpBuffers[] = {
    {"http.uri", "http_uri", {kLine, kNever}, value_of<0>, ""},
    {"http.method", "http_method", {kLine, kNever}, value_of<1>, ""},
    {"http.request_header", "", {kHeaders, kNever}, value_of<2>, ""},
    {"http.request_body", "http_client_body", {kBody, kNever}, value_of<3>, ""},
    {"http.stat_code", "http_stat_code", {kNever, kLine}, value_of<4>, ""},
    {"file.data", "file_data", {kBody, kBody}, value_of<5>, ""},
    {"http.protocol", "http_protocol", {kLine, kLine}, value_of<7>, ""},
    {"file.name", "", {kBody, kBody}, file_name, "", FileStage::kNamed},
    {"file.magic", "", {kBody, kBody}, file_magic, "", FileStage::kHead},
    {"file.md5", "", {kBody, kBody}, file_md5, "", FileStage::kClosed},
    {"file.sha1", "", {kBody, kBody}, file_sha1, "", FileStage::kClosed},
    {"file.sha256", "", {kBody, kBody}, file_sha256, "", FileStage::kClosed},
};
constexpr IntegerDef kHttpIntegers[] = {
    {"filesize", "file.size", {kBody, kBody}, file_size, nullptr, "", FileStage::kClosed}};
constexpr EventDef kHttpEvents[] = {{"odd_thing", ""}, {"missing_host_header", ""}};
constexpr BufferDef kDnsBuffers[] = {{"dns.query", "dns_query", {kComplete, kNever}, value_of<6>, ""}};
constexpr IntegerDef kDnsIntegers[] = {{"dns.opcode", "", {kComplete, kComplete}, number_of, nullptr, ""}};
constexpr FrameDef kHttpFrames[] = {{"pdu", ""}};
constexpr HookDef kHttpHooks[] = {{"request_body", Direction::kToServer, kBody, true},
                                  {"response_body", Direction::kToClient, kBody, true}};
constexpr ProtocolSpec kHttp{.name = "http",
                             .record = "http",
                             .transports = static_cast<std::uint8_t>(Transport::kTcp),
                             .complete = {kComplete, kComplete},
                             .events = kHttpEvents,
                             .buffers = kHttpBuffers,
                             .integers = kHttpIntegers,
                             .frames = kHttpFrames,
                             .hooks = kHttpHooks};
constexpr ProtocolSpec kDns{.name = "dns",
                            .record = "dns",
                            .transports = Transport::kTcp | Transport::kUdp,
                            .complete = {kComplete, kComplete},
                            .buffers = kDnsBuffers,
                            .integers = kDnsIntegers};
constexpr const ProtocolSpec* kAll[] = {&kHttp, &kDns};

Address address(std::string_view text) {
  const std::string s(text);
  std::uint8_t bytes[16];
  if (inet_pton(AF_INET, s.c_str(), bytes) == 1) return Address::v4(bytes);
  EXPECT_EQ(inet_pton(AF_INET6, s.c_str(), bytes), 1) << s;
  return Address::v6(bytes);
}

}  // namespace

std::span<const ProtocolSpec* const> bench_protocols() noexcept { return kAll; }

Bench::Bench(std::string_view rules, std::string cache_dir, const std::string& folder,
             const AddressKnowledge* known)
    : folder_(folder), addresses_(known), memory_(std::move(cache_dir)) {
  load(rules);
  detector_ = std::make_unique<detect::Detector>(pool_, *this);
  detector_->set_rules(plan.rules.get());
  FileConfig config;
  config.wants.any = true;
  files_ = std::make_unique<FileTracker>(config, pool_);
  files_->want(plan.rules->file_wants);
  addresses("10.0.0.1", "192.0.2.7");
}

void Bench::load(std::string_view rules) {
  LoadOptions options;
  options.protocols = kAll;
  loaded = load_rules_text(folder_.empty() ? "test.rules" : folder_ + "/test.rules", rules, options);
  PlanOptions plan_options;
  plan_options.protocols = kAll;
  plan_options.memory = &memory_;
  plan_options.threads = 1;
  plan_options.data_dir = folder_;
  plan_options.addresses = addresses_;
  auto planned = rules::plan(loaded, plan_options);
  EXPECT_TRUE(planned.has_value());
  if (planned) plan = std::move(planned).value();
  for (const RuleStatus& s : loaded.statuses) {
    EXPECT_TRUE(s.loaded() || !folder_.empty()) << (s.error() != nullptr ? to_string(*s.error()) : "");
  }
}

Bench& Bench::reload(std::string_view rules) {
  const std::unique_ptr<detect::RuleSet> before = std::move(plan.rules);
  load(rules);
  detector_->set_rules(plan.rules.get());
  files_->want(plan.rules->file_wants);
  return *this;
}

Bench::~Bench() {
  end();
  EXPECT_EQ(pool_.in_use_bytes(), 0U);
}

void Bench::alert(const AlertInfo& info, detect::RuleIndex rule, const Packet&, Flow*, ProtocolId,
                  const Transaction* tx) noexcept {
  last_variables.clear();
  for (const PacketVariable& v : info.variables)
    last_variables += plan.rules->variable_names[v.name] + "=" + std::string(as_text(v.value)) + " ";
  if (!sids_.empty()) sids_ += ' ';
  sids_ += std::to_string(info.sid);
  indexes.push_back(rule);
  last_had_tx = tx != nullptr;
  last_from_stream = info.from_stream;
  for (const AlertContext& c : info.contexts)
    contexts_ += std::string(c.key) + "=" + std::string(c.json) + " ";
  if (!info.notes.empty()) notes_.emplace_back(info.sid, as_text(info.notes));
}

std::string Bench::fired() { return std::exchange(sids_, {}); }

void Bench::new_flow() {
  flow = Flow{};
  flow.low_is_client = true;
  flow.key.low = client_;
  flow.key.high = server_;
  flow.key.low_port = client_port_;
  flow.key.high_port = server_port_;
  flow.key.proto = proto_;
  flow.state = FlowState::kEstablished;
  if (proto_ == 6) flow.tcp_state = TcpState::kEstablished;
  flow.flags = flow_flag::kAppDone;
  flow.start_ns = clock_ns_;
}

Bench& Bench::ports(std::uint16_t client, std::uint16_t server) {
  client_port_ = client;
  server_port_ = server;
  new_flow();
  return *this;
}
Bench& Bench::addresses(std::string_view client, std::string_view server) {
  client_ = address(client);
  server_ = address(server);
  new_flow();
  return *this;
}
Bench& Bench::udp() {
  proto_ = 17;
  new_flow();
  return *this;
}
Bench& Bench::protocol(ProtocolId id) {
  flow.protocol = id;
  flow.flags = 0;
  return *this;
}
Bench& Bench::established(bool yes) {
  flow.state = yes ? FlowState::kEstablished : FlowState::kNew;
  return *this;
}

Packet Bench::make(Direction dir, std::string_view payload) const {
  Packet p;
  p.time_ns = clock_ns_;
  p.at = {clock_ns_, number_ + 1};
  p.has_ip = p.has_l4 = true;
  p.is_v4 = client_.is_v4();
  p.proto = proto_;
  p.ttl = 64;
  p.src = flow.address(dir);
  p.dst = flow.address(reverse(dir));
  p.src_port = flow.port(dir);
  p.dst_port = flow.port(reverse(dir));
  p.tcp_flags = proto_ == 6 ? tcp_flag::kAck | tcp_flag::kPsh : 0;
  p.payload = as_bytes(payload);
  p.direction = dir;
  return p;
}

Bench& Bench::packet(Packet p) {
  clock_ns_ += 1'000'000;
  ++number_;
  FlowSide& side = flow.side[index(p.direction)];
  ++side.packets;
  side.last_ns = p.time_ns;
  detector_->on_packet(p, &flow);
  detector_->end_packet(p, &flow);
  return *this;
}

Bench& Bench::send(Direction dir, std::string_view payload) {
  const Packet p = make(dir, payload);
  clock_ns_ += 1'000'000;
  ++number_;
  FlowSide& side = flow.side[index(dir)];
  ++side.packets;
  side.last_ns = p.time_ns;
  detector_->on_packet(p, &flow);
  if (proto_ == 6 && !payload.empty() && detector_->wants_stream(flow))
    detector_->on_stream(flow, dir, p.payload, side.delivered, p);
  side.delivered += payload.size();
  detector_->end_packet(p, &flow);
  return *this;
}

Bench& Bench::icmp(std::uint8_t type, std::uint8_t code, std::string_view payload) {
  proto_ = 1;
  new_flow();
  Packet p = make(Direction::kToServer, payload);
  p.src_port = p.dst_port = 0;
  p.icmp_type = type;
  p.icmp_code = code;
  return packet(p);
}

Bench& Bench::advance(BenchTx& tx, Direction dir, std::uint8_t progress) {
  const Packet p = make(dir, "");
  tx.progress[index(dir)] = std::max(tx.progress[index(dir)], progress);
  detector_->on_packet(p, &flow);
  detector_->on_transaction(flow, app(), tx, dir, progress, &p);
  detector_->end_packet(p, &flow);
  return *this;
}

Bench& Bench::done(BenchTx& tx) {
  last_logged = detector_->on_transaction_done(flow, app(), tx, nullptr);
  files_->release(tx);
  return *this;
}
File* Bench::file(BenchTx& tx, Direction dir, std::string_view name) {
  File* f = files_->begin(tx, dir, as_bytes(name), 1024);
  EXPECT_NE(f, nullptr);
  tell(*f, FileStage::kNone);
  return f;
}
Bench& Bench::bytes(File* f, std::string_view bytes) {
  const FileStage from = f->stage;
  files_->data(*f, as_bytes(bytes));
  return tell(*f, from);
}
Bench& Bench::close(File* f, FileEnd how) {
  const FileStage from = f->stage;
  files_->end(*f, how);
  return tell(*f, from);
}
Bench& Bench::tell(const File& f, FileStage from) {
  const Packet p = make(f.dir, "");
  detector_->on_packet(p, &flow);
  if (f.stage != from) detector_->on_file(flow, app(), f, from, &p);
  detector_->end_packet(p, &flow);
  return *this;
}

Bench& Bench::whole(BenchTx& tx) {
  for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
    if (d == Direction::kToServer ? !tx.has_request : !tx.has_reply) continue;
    for (std::uint8_t p = kLine; p <= kComplete; ++p) advance(tx, d, p);
  }
  return done(tx);
}

Bench& Bench::end() {
  for (const Direction d : {Direction::kToServer, Direction::kToClient})
    detector_->on_stream_end(flow, d, nullptr);
  detector_->on_flow_end(flow);
  new_flow();
  return *this;
}

}  // namespace picket::rules
