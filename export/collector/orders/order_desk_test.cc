// Sensors and a collector's desk over loopback: what is ordered arrives, is tried, and is told of.
#include "export/collector/orders/order_desk.h"

#include <grpcpp/generic/generic_stub.h>
#include <gtest/gtest.h>

#include <condition_variable>
#include <deque>
#include <filesystem>
#include <sstream>
#include <thread>

#include "export/clock.h"
#include "export/collector/test_call.h"
#include "export/delivery/dialer.h"
#include "export/orders/order_client.h"
#include "export/orders/test_support.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"

namespace picket::collector {
namespace {

using namespace picket::test;
using std::chrono::milliseconds;

constexpr std::chrono::seconds kPatience{60};

/// Waits for what another thread or process brings about; false when it does not.
template <class Condition>
bool eventually(Condition&& good) {
  const auto end = std::chrono::steady_clock::now() + kPatience;
  while (!good()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(milliseconds(5));
  }
  return true;
}

/// A collector of which there is only the desk; or, with `script`, one that does what a test wants.
class Collector {
 public:
  using Service = v1::Collector::WithRawCallbackMethod_Command<v1::Collector::Service>;
  using Script = std::function<OrderDesk::Reactor*()>;
  static constexpr int kMaxSensors = 8;

  explicit Collector(const std::string& folder, int port = 0, Script script = nullptr,
                     std::optional<std::string> identity = std::nullopt)
      : service_(*this), script_(std::move(script)), identity_(std::move(identity)) {
    book = std::move(OrderBook::open(folder)).value();
    desk_ = OrderDesk::start(*book, kMaxSensors);
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(&service_);
    server_ = builder.BuildAndStart();
    EXPECT_NE(server_, nullptr);
  }
  ~Collector() {
    desk_->end_all();
    server_->Shutdown(std::chrono::system_clock::now() + std::chrono::seconds(5));
    server_->Wait();
  }
  [[nodiscard]] HostPort at() const { return {"127.0.0.1", static_cast<std::uint16_t>(port_)}; }
  /// What the sensor said of that order, once it did.
  std::optional<v1::SetState> word(std::uint64_t id) {
    std::optional<v1::SetState> found;
    eventually([&] {
      for (const auto& status : book->statuses()) {
        for (const auto& s : status.sets()) {
          if (s.id() == id) found = s;
        }
      }
      return found.has_value();
    });
    return found;
  }

  std::unique_ptr<OrderBook> book;

 private:
  class Desk final : public Service {
   public:
    explicit Desk(Collector& c) : c_(c) {}
    OrderDesk::Reactor* Command(grpc::CallbackServerContext* context) override {
      return c_.script_ ? c_.script_() : c_.desk_->call(context->peer(), c_.identity_);
    }

   private:
    Collector& c_;
  };
  Desk service_;
  Script script_;
  std::optional<std::string> identity_;
  std::unique_ptr<OrderDesk> desk_;
  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
};

class OrderDeskTest : public OrdersTest {
 protected:
  void SetUp() override { open_folder(); }
  void open_folder() {
    folder_ = std::move(OrderFolder::open({path("sensor"), keys_file(), "plant-7", {}})).value();
  }
  void start_sensor(std::vector<HostPort> collectors, milliseconds set_patience = kPatience) {
    OrderClient::Options options;
    options.dial = delivery::dial_loopback;
    options.collectors = std::move(collectors);
    options.sensor = "plant-7";
    options.version = "1";
    options.max_backoff = milliseconds(200);
    options.set_patience = set_patience;
    options.counters = counters_;
    client_ =
        OrderClient::start(options, *folder_, [this](v1::OrderKind, const std::string& name, auto done) {
          {
            const std::lock_guard lock(mutex_);
            loaded_.push_back(name);
            if (std::exchange(hold_, false)) {
              held_ = std::move(done);
              return;
            }
          }
          const bool bad = slurp_or(folder_->file(v1::ORDER_RULES, name)) == "bad\n";
          done({bad ? "no rule of it holds" : "",
                {7, bad ? 0U : 2U, bad ? 1U : 0U, {"line 1: what is this"}}});
        });
  }
  static std::string slurp_or(const std::string& path) {
    return std::filesystem::exists(path) ? slurp(path) : "";
  }
  std::size_t loads() {
    const std::lock_guard lock(mutex_);
    return loaded_.size();
  }
  /// Makes an order as the command does; gives its number.
  std::uint64_t issue(const std::string& content, const std::string& folder = "collector",
                      const std::string& name = "et", const std::vector<std::string>& sensors = {}) {
    spill(path("content"), content);
    NewOrder order;
    order.kind = v1::ORDER_RULES;
    order.files = {path("content")};
    order.name = name;
    order.sensors = sensors;
    order.key = secret_file();
    order.folder = path(folder);
    const auto made = make_order_file(order);
    EXPECT_TRUE(made) << made.error().message;
    let_rest(made.value());
    OrderReader in(made.value());
    v1::Order part;
    EXPECT_TRUE(in.next(part).value());
    return part.id();
  }
  /// As if nobody had written to it since.
  static void let_rest(const std::string& file, std::chrono::seconds since = std::chrono::seconds(10)) {
    std::filesystem::last_write_time(file, std::filesystem::file_time_type::clock::now() - since);
  }
  std::string content(const char* name = "et") { return slurp_or(folder_->file(v1::ORDER_RULES, name)); }
  std::string listed(bool json = true) {
    char* text = nullptr;
    std::size_t size = 0;
    std::FILE* out = open_memstream(&text, &size);
    EXPECT_TRUE(list_orders(path("collector"), json, out));
    std::fclose(out);
    std::string all(text, size);
    std::free(text);
    return all;
  }

  std::mutex mutex_;
  std::vector<std::string> loaded_;
  bool hold_ = false;  ///< the next load ends when the test calls held_
  std::function<void(OrderClient::Outcome)> held_;
  std::shared_ptr<OrderCounters> counters_ = std::make_shared<OrderCounters>();
  std::unique_ptr<OrderFolder> folder_;
  std::unique_ptr<OrderClient> client_;  // last: it uses the others
};

TEST_F(OrderDeskTest, WhatIsOrderedIsUsedAndToldOf) {
  Collector collector(path("collector"));
  start_sensor({collector.at()});
  const auto first = issue("one");  // while both run
  ASSERT_TRUE(collector.word(first));
  EXPECT_EQ(collector.word(first)->loaded(), 2U);
  EXPECT_EQ(collector.word(first)->refused(), "");
  EXPECT_EQ(content(), "one\n");
  const auto second = issue("two");
  EXPECT_GT(second, first);
  ASSERT_TRUE(collector.word(second));
  EXPECT_EQ(content(), "two\n");
  const std::string json = listed();
  EXPECT_NE(json.find("\"state\":\"superseded\""), std::string::npos) << json;
  EXPECT_NE(json.find("{\"sensor\":\"plant-7\",\"state\":\"applied\""), std::string::npos) << json;
  EXPECT_NE(listed(false).find("plant-7  applied"), std::string::npos);
}

TEST_F(OrderDeskTest, WhoWasAwayGetsItOnReturn) {
  issue("older");
  const auto id = issue("newest");
  const auto other = issue("local rules", "collector", "local");
  Collector collector(path("collector"));
  start_sensor({collector.at()});
  ASSERT_TRUE(collector.word(id));
  ASSERT_TRUE(collector.word(other));
  EXPECT_EQ(content(), "newest\n");
  EXPECT_EQ(content("local"), "local rules\n");
  EXPECT_EQ(loads(), 2U) << "what is superseded is not sent";
  client_.reset();
  const auto later = issue("later");
  EXPECT_NE(listed().find("\"state\":\"waits\""), std::string::npos);
  start_sensor({collector.at()});
  ASSERT_TRUE(collector.word(later));
  EXPECT_EQ(content(), "later\n");
}

TEST_F(OrderDeskTest, ARestartKeepsWhatIsInUseAndAsksForNothing) {
  Collector collector(path("collector"));
  start_sensor({collector.at()});
  ASSERT_TRUE(collector.word(issue("one")));
  client_.reset();
  open_folder();
  EXPECT_EQ(content(), "one\n");
  start_sensor({collector.at()});
  const auto other = issue("local rules", "collector", "local");
  ASSERT_TRUE(collector.word(other));
  EXPECT_EQ(loads(), 2U) << "the first set came once";
}

TEST_F(OrderDeskTest, WhatIsFoundOfASetLaterIsToldToo) {
  Collector collector(path("collector"));
  start_sensor({collector.at()});
  const auto id = issue("one");
  ASSERT_TRUE(collector.word(id));
  EXPECT_EQ(collector.word(id)->loaded(), 2U);
  folder_->found(v1::ORDER_RULES, "et", {7, 1, 1, {"1 found no room"}});
  client_->teller()();
  EXPECT_TRUE(eventually([&] { return collector.word(id)->loaded() == 1; }));
  EXPECT_EQ(collector.word(id)->rejected(), 1U);
  const auto late = client_->teller();
  client_.reset();
  late();
}

TEST_F(OrderDeskTest, ASetThatDoesNotLoadLeavesTheFormer) {
  Collector collector(path("collector"));
  start_sensor({collector.at()});
  ASSERT_TRUE(collector.word(issue("good")));
  const auto bad = issue("bad");
  const auto word = collector.word(bad);
  ASSERT_TRUE(word);
  EXPECT_EQ(word->refused(), "no rule of it holds");
  ASSERT_EQ(word->problems_size(), 1);
  EXPECT_EQ(content(), "good\n");
  const auto other = issue("local rules", "collector", "local");
  ASSERT_TRUE(collector.word(other)) << "others go on";
  EXPECT_EQ(loads(), 4U) << "what was refused is not sent again, what was in use is loaded again";
  EXPECT_NE(listed().find("\"reason\":\"no rule of it holds\""), std::string::npos) << listed();
}

TEST_F(OrderDeskTest, ASignatureOfAnotherKeyIsRefusedAndToldOf) {
  Collector collector(path("collector"));
  const std::string trusted = slurp(keys_file());
  make_keys("ed25519");
  spill(keys_file(), trusted);  // the sensor does not know the key that signs from here on
  const std::uint64_t before = now_ns();
  start_sensor({collector.at()});
  const auto word = collector.word(issue("one"));
  ASSERT_TRUE(word);
  EXPECT_GE(word->at(), before);
  EXPECT_LE(word->at(), now_ns());
  EXPECT_NE(word->refused().find("none of the keys"), std::string::npos);
  EXPECT_EQ(loads(), 0U);
  EXPECT_EQ(content(), "");
  EXPECT_TRUE(folder_->states().empty());
}

TEST_F(OrderDeskTest, TwoCollectorsAndOneOrder) {
  Collector a(path("collector")), b(path("other"));
  const auto id = issue("one");
  std::filesystem::copy(
      path("collector"), path("other"),
      std::filesystem::copy_options::recursive | std::filesystem::copy_options::overwrite_existing);
  start_sensor({a.at(), b.at()});
  ASSERT_TRUE(a.word(id));
  ASSERT_TRUE(b.word(id));
  EXPECT_EQ(a.word(id)->refused(), "");
  EXPECT_EQ(content(), "one\n");
  EXPECT_EQ(loads(), 1U) << "whichever was second found it there";
  EXPECT_EQ(counters_->refused.load(), 0U);
}

/// Sends what it is told to, then waits for ever, or ends the call.
class Scripted final : public OrderDesk::Reactor {
 public:
  Scripted(std::vector<std::string> messages, bool end) : messages_(std::move(messages)), end_(end) {
    StartRead(&in_);
    next();
  }
  Scripted(const std::vector<v1::Order>& parts, bool end) : Scripted(encoded(parts), end) {}
  void OnWriteDone(bool ok) override {
    if (ok) next();
  }
  void OnCancel() override {
    if (!end_) Finish(grpc::Status::CANCELLED);
  }
  void OnDone() override { delete this; }

 private:
  static std::vector<std::string> encoded(const std::vector<v1::Order>& parts) {
    std::vector<std::string> all;
    for (const v1::Order& part : parts) all.push_back(part.SerializeAsString());
    return all;
  }
  void next() {
    if (at_ < messages_.size()) {
      const grpc::Slice slice(messages_[at_++]);
      out_ = grpc::ByteBuffer(&slice, 1);
      return StartWrite(&out_);
    }
    if (end_) Finish({grpc::StatusCode::UNAVAILABLE, "cut"});
  }
  std::vector<std::string> messages_;
  std::size_t at_ = 0;
  const bool end_;
  grpc::ByteBuffer in_, out_;
};

TEST_F(OrderDeskTest, AnOrderThatComesAgainIsNeitherLoadedNorRefused) {
  const auto one = order(5, "one"), local = order(6, "local rules", "local");
  Collector insists(path("insists"), 0, [&] {
    return new Scripted({one[0], one[0], one[0], local[0]}, false);
  });
  hold_ = true;
  start_sensor({insists.at()});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(path("sensor") + "/incoming.1"); }));
  held_({"", {7, 2, 0, {}}});  // the second was whole before, the third comes after
  EXPECT_TRUE(eventually([&] { return counters_->applied.load() == 2; }));
  client_.reset();
  EXPECT_EQ(content(), "one");
  EXPECT_EQ(content("local"), "local rules");
  EXPECT_EQ(loads(), 2U);
  EXPECT_EQ(counters_->refused.load(), 0U);
}

TEST_F(OrderDeskTest, ACallThatBreaksInTheMiddleLeavesNothing) {
  const std::string big(OrderLimits::kPartBytes + 5, 'x');
  const auto parts = order(9, big);
  ASSERT_EQ(parts.size(), 2U);
  for (const bool ends : {true, false}) {  // or falls silent: then set_patience counts
    std::atomic<int> calls{0};
    auto flaky = std::make_unique<Collector>(path("flaky"), 0, [&] {
      ++calls;
      return new Scripted(std::vector{parts[0]}, ends);
    });
    start_sensor({flaky->at()}, ends ? milliseconds(60'000) : milliseconds(50));
    EXPECT_TRUE(eventually([&] { return calls.load() >= 3; }));
    client_.reset();
    EXPECT_EQ(loads(), 0U);
    EXPECT_TRUE(folder_->states().empty());
    for (const auto& e : std::filesystem::directory_iterator(path("sensor")))
      EXPECT_EQ(e.path().filename(), "in-use");
  }
  Collector collector(path("flaky"), 0, [&] { return new Scripted(parts, false); });
  start_sensor({collector.at()});
  EXPECT_TRUE(eventually([&] { return content() == big; }));
  client_.reset();
}

TEST_F(OrderDeskTest, WhatIsNoOrderEndsTheCallThoughTheFarSideDoesNot) {
  std::atomic<int> calls{0};
  Collector rogue(path("rogue"), 0, [&] {
    ++calls;
    return new Scripted(std::vector<std::string>{"\xff\xff\xff\xff"}, false);
  });
  start_sensor({rogue.at()});
  EXPECT_TRUE(eventually([&] { return calls.load() >= 3; })) << "it waits for who says nothing more";
  client_.reset();
  EXPECT_TRUE(folder_->states().empty());
}

TEST_F(OrderDeskTest, AnOrderThatIsRefusedAgainAndAgainFillsNoLog) {
  constexpr std::size_t kTimes = 1000;
  auto forged = order(5, "one")[0];
  forged.set_signature("nobody's");
  ::testing::internal::CaptureStdout();
  {
    Collector insists(path("insists"), 0,
                      [&] { return new Scripted(std::vector<v1::Order>(kTimes, forged), false); });
    start_sensor({insists.at()});
    EXPECT_TRUE(eventually([&] { return counters_->refused.load() == kTimes; }));
    client_.reset();
  }
  const std::string log = ::testing::internal::GetCapturedStdout();
  std::size_t lines = 0;
  for (std::size_t at = log.find("refused"); at != std::string::npos; at = log.find("refused", at + 1))
    ++lines;
  EXPECT_GT(lines, 0U);
  EXPECT_LT(lines, kTimes / 2);
}

TEST_F(OrderDeskTest, WhatIsNoStatusIsRefused) {
  Collector collector(path("collector"));
  issue("one");
  const grpc::Status status =
      test::send_raw(grpc::CreateChannel(collector.at().text(), grpc::InsecureChannelCredentials()),
                     "/picket.v1.Collector/Command", grpc::Slice("\xff\xff\xff\xff"));
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(status.error_message(), "a message that is no SensorStatus");
  EXPECT_TRUE(collector.book->statuses().empty());
}

TEST_F(OrderDeskTest, ADamagedFileStopsNoOther) {
  issue(std::string(OrderLimits::kPartBytes + 5, 'x'), "collector", "damaged");
  const auto other = issue("local rules", "collector", "local");
  for (const auto& e : std::filesystem::directory_iterator(path("collector"))) {
    if (!e.path().string().ends_with("-damaged.order")) continue;
    std::filesystem::resize_file(e.path(), file_size(e.path()) - 1);
    let_rest(e.path());
  }
  Collector collector(path("collector"));
  start_sensor({collector.at()});
  ASSERT_TRUE(collector.word(other));
  EXPECT_EQ(content("damaged"), "");
}

TEST_F(OrderDeskTest, AFileThatIsCopiedInSlowlyIsSentWhenItIsWhole) {
  issue(std::string(OrderLimits::kPartBytes + 5, 'x'));
  const auto book = std::move(OrderBook::open(path("collector"))).value();
  ASSERT_EQ(book->orders().size(), 1U);
  const std::string file = book->orders()[0].path, whole = slurp(file);
  std::vector<std::string> notes;
  v1::SensorStatus status;
  status.set_sensor("plant-7");
  const auto copied = [&](std::size_t bytes) { spill(file, whole.substr(0, bytes)); };

  copied(1);
  EXPECT_TRUE(book->look(notes)) << "it went";
  EXPECT_TRUE(notes.empty()) << "it is no order yet";
  copied(whole.size() - 1);
  book->look(notes);
  EXPECT_FALSE(book->pending(status)) << "somebody may be writing it";
  EXPECT_EQ(book->orders().size(), 1U) << "but its number is taken";
  let_rest(file);
  EXPECT_TRUE(book->look(notes));
  const auto half = book->pending(status);
  ASSERT_TRUE(half);
  book->damaged(*half);
  EXPECT_FALSE(book->look(notes));
  EXPECT_FALSE(book->pending(status));
  copied(whole.size());
  book->look(notes);
  book->damaged(*half);  // by who began with it before
  let_rest(file, std::chrono::seconds(5));
  EXPECT_TRUE(book->look(notes));
  EXPECT_TRUE(book->pending(status));
  EXPECT_TRUE(notes.empty());
}

TEST_F(OrderDeskTest, NobodySpeaksForAnother) {
  Collector collector(path("collector"), 0, nullptr, "plant-8");
  auto stub =
      v1::Collector::NewStub(grpc::CreateChannel(collector.at().text(), grpc::InsecureChannelCredentials()));
  grpc::ClientContext context;
  auto stream = stub->Command(&context);
  v1::SensorStatus status;
  status.set_sensor("plant-7");
  ASSERT_TRUE(stream->Write(status));
  v1::Order part;
  EXPECT_FALSE(stream->Read(&part));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_TRUE(collector.book->statuses().empty());
}

/// A call over a connection of its own, or over another call's.
struct CommandCall {
  explicit CommandCall(const Collector& collector) : CommandCall(connect(collector)) {}
  explicit CommandCall(std::shared_ptr<grpc::Channel> to) : channel(std::move(to)) {
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(20));
    stream = v1::Collector::NewStub(channel)->Command(&context);
  }
  /// True when there is an order for that sensor, and it comes.
  bool is_served(const std::string& sensor) {
    v1::SensorStatus status;
    status.set_sensor(sensor);
    return is_served(status);
  }
  bool is_served(const v1::SensorStatus& status) {
    v1::Order part;
    return stream->Write(status) && stream->Read(&part);
  }
  static std::shared_ptr<grpc::Channel> connect(const Collector& collector) {
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel(collector.at().text(), grpc::InsecureChannelCredentials(), own);
  }
  std::shared_ptr<grpc::Channel> channel;
  grpc::ClientContext context;
  std::unique_ptr<grpc::ClientReaderWriter<v1::SensorStatus, v1::Order>> stream;
};

TEST_F(OrderDeskTest, NobodyTakesThePlacesOfOthers) {
  issue("one");
  for (const bool has_certificates : {false, true}) {
    Collector collector(path("collector"), 0, nullptr,
                        has_certificates ? std::optional<std::string>("plant-7") : std::nullopt);
    std::vector<std::unique_ptr<CommandCall>> greedy;
    greedy.push_back(std::make_unique<CommandCall>(collector));
    for (int i = 1; i < Collector::kMaxSensors; ++i) {
      greedy.push_back(has_certificates ? std::make_unique<CommandCall>(collector)
                                        : std::make_unique<CommandCall>(greedy[0]->channel));
    }
    int served = 0;  // whichever came first: calls over connections of their own arrive in any order
    for (const auto& call : greedy) {
      if (call->is_served("plant-7"))
        ++served;
      else
        EXPECT_EQ(call->stream->Finish().error_code(), grpc::StatusCode::RESOURCE_EXHAUSTED);
    }
    EXPECT_EQ(served, 2);
    if (!has_certificates) EXPECT_TRUE(CommandCall(collector).is_served("plant-8"));
  }
}

TEST_F(OrderDeskTest, ANameTooLongForAFileIsServedAndKept) {
  issue("one");
  const std::string longest(128, '/');
  {
    Collector collector(path("collector"));
    EXPECT_TRUE(CommandCall(collector).is_served(longest));
    EXPECT_TRUE(CommandCall(collector).is_served(longest));
    EXPECT_TRUE(CommandCall(collector).is_served(std::string(127, '/') + "x"));
  }  // returns: no call was left in the middle
  const auto all = std::move(OrderBook::open(path("collector"))).value()->statuses();
  ASSERT_EQ(all.size(), 2U);
  EXPECT_EQ(all[0].sensor(), longest);
}

TEST_F(OrderDeskTest, AStatusThatWouldGrowIsRefused) {
  issue("one");
  Collector collector(path("collector"));
  const auto code_of = [&](const std::function<void(v1::SensorStatus&)>& fill) {
    v1::SensorStatus status;
    status.set_sensor("plant-7");
    fill(status);
    CommandCall call(collector);
    return call.is_served(status) ? grpc::StatusCode::OK : call.stream->Finish().error_code();
  };
  const auto problems = [](v1::SensorStatus& s) {
    for (int i = 0; i < 100'000; ++i) s.mutable_sets(0)->add_problems("");
  };
  EXPECT_EQ(code_of([&](v1::SensorStatus& s) { s.add_sets(), problems(s); }),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(code_of([](v1::SensorStatus& s) { s.set_version(std::string((1 << 20) + 1, 'x')); }),
            grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_TRUE(collector.book->statuses().empty());
  const auto longest = [](v1::SensorStatus& s) {  // that a sensor makes
    for (std::size_t i = 0; i < 2 * OrderLimits::kSets; ++i) {
      v1::SetState& set = *s.add_sets();
      set.set_name(std::string(OrderLimits::kName, 'x'));
      set.set_id(~std::uint64_t{0});
      set.set_sha256(std::string(32, 'x'));
      set.set_refused(std::string(OrderFolder::Loaded::kProblemBytes, 'x'));
      for (std::size_t k = 0; k < OrderFolder::Loaded::kProblems; ++k)
        set.add_problems(std::string(OrderFolder::Loaded::kProblemBytes, 'x'));
    }
  };
  EXPECT_EQ(code_of(longest), grpc::StatusCode::OK);
}

TEST_F(OrderDeskTest, OnlyWhoItIsForWaitsForIt) {
  spill(path("content"), "x");
  const NewOrder order{v1::ORDER_RULES,   {path("content")}, "et", secret_file(),
                       path("collector"), {"plant-8"},       false};
  const auto made = make_order_file(order);
  ASSERT_TRUE(made);
  let_rest(made.value());
  const auto book = std::move(OrderBook::open(path("collector"))).value();
  v1::SensorStatus status;
  status.set_sensor("plant-7");
  EXPECT_FALSE(book->pending(status));
  status.set_sensor("plant-8");
  ASSERT_TRUE(book->pending(status));
  status.set_sensor("../plant/8");
  ASSERT_TRUE(book->keep(status)) << "any name is a name of a file";
  ASSERT_EQ(book->statuses().size(), 1U);
  EXPECT_EQ(book->statuses()[0].sensor(), "../plant/8");
}

TEST_F(OrderDeskTest, WhoWaitsBehindALaterOrderForOthersIsListed) {
  const auto for_all = issue("all");
  const auto for_one = issue("one", "collector", "et", {"plant-8"});
  const auto book = std::move(OrderBook::open(path("collector"))).value();
  for (const char* sensor : {"plant-7", "plant-8"}) {
    v1::SensorStatus status;
    status.set_sensor(sensor);
    ASSERT_TRUE(book->keep(status));
    EXPECT_EQ(book->pending(status)->head.id(), sensor == std::string("plant-7") ? for_all : for_one);
  }
  const auto lines = [&] {
    std::istringstream in(listed());
    std::vector<std::string> all;
    for (std::string line; std::getline(in, line);) all.push_back(line);
    return all;
  };
  auto said = lines();
  ASSERT_EQ(said.size(), 2U);
  EXPECT_NE(said[0].find("\"state\":\"current\""), std::string::npos) << said[0];
  EXPECT_NE(said[0].find("[{\"sensor\":\"plant-7\",\"state\":\"waits\"}]"), std::string::npos) << said[0];
  EXPECT_NE(said[1].find("[{\"sensor\":\"plant-8\",\"state\":\"waits\"}]"), std::string::npos) << said[1];
  issue("all again");
  said = lines();
  ASSERT_EQ(said.size(), 3U);
  for (const std::size_t old : {0U, 1U}) {
    EXPECT_NE(said[old].find("\"state\":\"superseded\""), std::string::npos) << said[old];
    EXPECT_EQ(said[old].find("waits"), std::string::npos) << said[old];
  }
}

TEST_F(OrderDeskTest, AnOrderThatCannotBeMadeIsSaid) {
  spill(path("content"), "x");
  NewOrder good{v1::ORDER_RULES, {path("content")}, "et", secret_file(), path("collector"), {}, false};
  const auto why = [](const NewOrder& o) {
    const auto made = make_order_file(o);
    return made ? std::string() : made.error().message;
  };
  NewOrder bad = good;
  bad.name = "Et Open";
  EXPECT_NE(why(bad).find("--name"), std::string::npos);
  bad = good;
  bad.key = keys_file();
  EXPECT_NE(why(bad).find("--key"), std::string::npos);
  bad = good;
  bad.files = {path("nothing")};
  EXPECT_NE(why(bad).find("nothing"), std::string::npos);
  bad = good;
  spill(path("comments"), "# none yet\n");
  bad.files = {path("comments")};
  EXPECT_NE(why(bad).find("withdraw it"), std::string::npos);
  bad = good;
  bad.withdraw = true;
  EXPECT_NE(why(bad).find("--withdraw"), std::string::npos);
  EXPECT_EQ(std::move(OrderBook::open(path("collector"))).value()->orders().size(), 0U)
      << "nothing is left of them";
}

TEST_F(OrderDeskTest, AFileThatIsNoOrderIsSaidOnce) {
  const auto book = std::move(OrderBook::open(path("collector"))).value();
  spill(path("collector/1-rules-x.order"), "nonsense");
  let_rest(path("collector/1-rules-x.order"));
  std::vector<std::string> notes;
  EXPECT_FALSE(book->look(notes));
  EXPECT_EQ(notes.size(), 1U);
  book->look(notes);
  EXPECT_EQ(notes.size(), 1U);
}

}  // namespace
}  // namespace picket::collector
