// From a sensor's output to collectors that misbehave, over gRPC on loopback, all in one process.
#include "export/delivery/delivery_sink.h"

#include <gmock/gmock.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>

#include <thread>

#include "export/client_channel.h"
#include "export/delivery/dialer.h"
#include "export/delivery/test_collector.h"
#include "export/delivery/test_sender.h"
#include "tests/support/loopback.h"

namespace picket::delivery {
namespace {

using namespace std::chrono_literals;
using test::Ledger;
using test::options_for;
using test::Sender;
using test::TestCollector;
using ::testing::HasSubstr;

TEST(Delivery, EveryRecordArrivesOnceInItsLane) {
  TestCollector collector;
  collector.start();
  Sender s(options_for({collector.address()}));
  s.mixture(2000);
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 2000U);
  EXPECT_EQ(s.sink->lost(), 0U);
  EXPECT_EQ(collector.ledger().fault(), "");
  EXPECT_EQ(collector.ledger().delivered(), s.made);
  EXPECT_EQ(collector.ledger().duplicates() + collector.ledger().gaps(), 0U);
  EXPECT_EQ(s.counters->lanes[2].acknowledged, s.made["flow"]);
  EXPECT_EQ(s.counters->lanes[2].owed, 0U);
}

TEST(Delivery, LostAcknowledgementsLeaveNoRecordTwice) {
  TestCollector collector;
  std::atomic<int> batches{0};
  collector.lose_ack = [&](const v1::Batch&) { return ++batches % 3 == 0; };
  collector.start();
  Sender s(options_for({collector.address()}));
  s.mixture(600);
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 600U);
  EXPECT_EQ(collector.ledger().fault(), "");
  EXPECT_EQ(collector.ledger().delivered(), s.made);
  EXPECT_GT(collector.ledger().duplicates(), 0U) << "batches that were sent again";
}

TEST(Delivery, ACollectorThatGoesAndComesLosesNothing) {
  TestCollector collector;
  collector.start();
  Sender s(options_for({collector.address()}, false));
  for (int i = 0; i < 4; ++i) {
    s.mixture(200);
    const int port = collector.port();
    collector.stop();
    s.mixture(200);
    collector.start(port);
  }
  EXPECT_TRUE(s.delivered_all());
  s.sink->close();
  EXPECT_EQ(collector.ledger().fault(), "");
  EXPECT_EQ(collector.ledger().delivered(), s.made);
}

TEST(Delivery, ARefusedBatchIsAGapAndStopsNothing) {
  TestCollector collector;
  collector.judge = [](const v1::Batch& b) {
    const bool poison =
        b.lane() == v1::LANE_FLOW && !b.has_gap() && b.first_seq() <= 25 && 25 < b.first_seq() + b.count();
    return poison ? grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "poison") : grpc::Status::OK;
  };
  collector.start();
  Sender s(options_for({collector.address()}));
  s.mixture(1000);
  s.sink->close();
  const Ledger l = collector.ledger();
  EXPECT_EQ(l.fault(), "");
  EXPECT_EQ(l.all(), s.made);
  EXPECT_GT(l.missing(v1::GAP_REFUSED), 0U);
  EXPECT_LE(l.missing(v1::GAP_REFUSED), 20U);
  EXPECT_EQ(l.gaps(), 1U);
  EXPECT_EQ(s.sink->lost(), l.missing(v1::GAP_REFUSED));
  EXPECT_EQ(s.sink->delivered() + s.sink->lost(), 1000U);
  EXPECT_EQ(s.counters->refused_batches, 1U);
}

TEST(Delivery, ALaneThatIsRefusedForGoodStopsNoOther) {
  TestCollector collector;
  collector.judge = [](const v1::Batch& b) {
    return b.lane() == v1::LANE_FLOW ? grpc::Status(grpc::StatusCode::DATA_LOSS, "another chain")
                                     : grpc::Status::OK;
  };
  collector.start();
  Options o = options_for({collector.address()});
  o.patience = 500ms;
  Sender s(o);
  s.mixture(300);
  s.sink->close();
  TypeCounts others = s.made;
  others.erase("flow");
  EXPECT_EQ(collector.ledger().delivered(), others);
  EXPECT_EQ(s.sink->lost(), s.made["flow"]);
  EXPECT_LE(s.counters->refused_batches, 1U) << "what is behind a refused gap is kept, not thrown after it";
}

/// It says again at each try what it has acknowledged, which is not to be taken for taking records.
TEST(Delivery, ALaneThatIsRefusedFromSomewhereOnEndsThePatience) {
  TestCollector collector;
  collector.judge = [](const v1::Batch& b) {
    const bool beyond = b.lane() == v1::LANE_FLOW && b.first_seq() + b.count() > 100;
    return beyond ? grpc::Status(grpc::StatusCode::DATA_LOSS, "another chain") : grpc::Status::OK;
  };
  collector.start();
  Options o = options_for({collector.address()});
  o.patience = 500ms;
  o.max_backoff = 50ms;
  o.max_batch_records = 20;
  Sender s(o);
  s.mixture(1000);
  s.sink->close();
  EXPECT_LE(collector.ledger().delivered()["flow"], 100U);
  EXPECT_GT(collector.ledger().delivered()["flow"], 0U);
  EXPECT_EQ(s.sink->lost(), s.made["flow"] - collector.ledger().delivered()["flow"]);
  EXPECT_EQ(s.counters->refused_batches, 1U);
}

TEST(Delivery, ACollectorThatComesBackWithNothingIsToldWhatItHad) {
  TestCollector before, after;
  before.start();
  Sender s(options_for({before.address()}, false));
  s.mixture(300);
  EXPECT_TRUE(s.delivered_all());
  const TypeCounts had = s.made;
  const int port = before.port();
  before.stop();
  after.start(port);
  EXPECT_TRUE(after.wait_until([&](Ledger& l) { return l.missing() == had; }))
      << "though nothing new is made";
  s.mixture(200);
  EXPECT_TRUE(s.delivered_all());
  s.sink->close();
  EXPECT_EQ(after.ledger().fault(), "");
  EXPECT_EQ(after.ledger().missing(v1::GAP_ACKNOWLEDGED), sum(had));
  EXPECT_EQ(after.ledger().all(), s.made);
}

TEST(Delivery, AnAlertDoesNotWaitForFlows) {
  TestCollector collector;
  collector.stall(v1::LANE_FLOW);
  collector.start();
  Sender s(options_for({collector.address()}, false));
  for (int i = 0; i < 3000; ++i) s.write(test::kFlow, 200);
  s.sink->tick();
  s.write(test::kAlert);
  s.sink->tick();
  EXPECT_TRUE(collector.wait_until([](Ledger& l) { return l.delivered()["alert"] == 1; }));
  EXPECT_EQ(collector.ledger().delivered()["flow"], 0U);
  collector.stall({});
  EXPECT_TRUE(s.delivered_all());
}

TEST(Delivery, FailsOverAndComesBack) {
  TestCollector a, b;
  a.allow_holes();
  b.allow_holes();
  a.start();
  b.start();
  Sender s(options_for({a.address(), b.address()}, false));
  s.mixture(100);
  ASSERT_TRUE(s.delivered_all());
  EXPECT_EQ(a.ledger().delivered(), s.made);
  const int port = a.port();
  a.stop();
  s.mixture(100);
  ASSERT_TRUE(s.delivered_all());
  EXPECT_GT(sum(b.ledger().delivered()), 0U);
  a.start(port);
  const std::uint64_t at_a = sum(a.ledger().delivered());
  EXPECT_TRUE([&] {
    for (int i = 0; i < 500; ++i) {
      s.mixture(1);
      s.sink->tick();
      if (sum(a.ledger().delivered()) > at_a) return true;
      std::this_thread::sleep_for(10ms);
    }
    return false;
  }()) << "it never came back to the first";
  s.sink->close();
  EXPECT_EQ(a.ledger().fault(), "");
  EXPECT_EQ(b.ledger().fault(), "");
  EXPECT_EQ(s.sink->delivered(), s.n);
  EXPECT_GE(sum(a.ledger().delivered()) + sum(b.ledger().delivered()), s.n);
}

/// Its port answers, its disk does not.
TEST(Delivery, ACollectorThatStoresNothingIsLeft) {
  TestCollector stalled, other;
  stalled.stall(v1::LANE_FLOW);
  stalled.start();
  other.start();
  Options o = options_for({stalled.address(), other.address()});
  o.stalled_after = 300ms;
  o.return_after = 20ms;
  Sender s(o);
  for (int i = 0; i < 20; ++i) s.write(test::kFlow);
  s.sink->tick();
  EXPECT_TRUE(other.wait_until([&](Ledger& l) {
    s.sink->tick();
    return sum(l.delivered()) == 20;
  }));
  EXPECT_EQ(sum(stalled.ledger().delivered()), 0U);
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 20U);
  EXPECT_EQ(other.ledger().fault(), "");
}

/// What is acknowledged of one lane says nothing of another's.
TEST(Delivery, AlertsDoNotKeepASlowLaneFromGettingMoreTime) {
  TestCollector one, two;
  for (TestCollector* c : {&one, &two}) {
    c->slow = v1::LANE_FLOW;
    c->allow_holes();
    c->start();
  }
  Options o = options_for({one.address(), two.address()});
  o.stalled_after = 100ms;
  Sender s(o);
  s.write(test::kFlow);
  const auto until = std::chrono::steady_clock::now() + 20s;
  const auto flows = [&] { return one.ledger().delivered()["flow"] + two.ledger().delivered()["flow"]; };
  while (flows() == 0 && std::chrono::steady_clock::now() < until) {
    s.write(test::kAlert);
    s.sink->tick();
    std::this_thread::sleep_for(20ms);
  }
  EXPECT_EQ(flows(), 1U);
  s.sink->close();
}

/// A link may need longer for a batch than anybody has patience.
TEST(Delivery, ASlowCollectorIsGivenMoreTimeEachTime) {
  TestCollector one, two;
  for (TestCollector* c : {&one, &two}) {
    c->judge = [](const v1::Batch&) {
      std::this_thread::sleep_for(500ms);
      return grpc::Status::OK;
    };
    c->allow_holes();
    c->start();
  }
  Options o = options_for({one.address(), two.address()});
  o.stalled_after = 100ms;
  o.patience = 20s;
  Sender s(o);
  s.write(test::kFlow);
  s.sink->tick();
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 1U);
}

TEST(Delivery, AllGetEverything) {
  TestCollector a, b;
  a.start();
  b.start();
  Options o = options_for({a.address(), b.address()}, false);
  o.mode = Mode::kAll;
  Sender s(o);
  s.mixture(100);
  const int port = b.port();
  b.stop();
  s.mixture(300);
  EXPECT_TRUE(a.wait_until([&](Ledger& l) { return s.sink->tick(), l.delivered() == s.made; }));
  EXPECT_LT(s.sink->delivered(), s.n) << "b has not got it";
  b.start(port);
  EXPECT_TRUE(s.delivered_all());
  s.sink->close();
  for (TestCollector* c : {&a, &b}) {
    EXPECT_EQ(c->ledger().fault(), "");
    EXPECT_EQ(c->ledger().delivered(), s.made);
  }
}

TEST(Delivery, ASpoolOnDiskOutlivesARestartAndTheOlderBootLeavesFirst) {
  test::Folder folder;
  TestCollector collector;
  collector.start();
  const int port = collector.port();
  collector.stop();
  Options o = options_for({"127.0.0.1:" + std::to_string(port)}, false);
  o.spool_folder = folder.file("spool");
  o.spool_fsync = Fsync::kOff;
  o.patience = 100ms;
  TypeCounts made;
  {
    Sender s(o);
    s.mixture(500);
    s.sink->close();
    EXPECT_EQ(s.sink->delivered(), 500U) << "on disk is delivered: owed from now on";
    EXPECT_EQ(s.counters->lanes[2].owed, s.made["flow"]);
    made = s.made;
  }
  collector.start(port);
  o.patience = 5s;
  o.wait = true;
  Sender s(o);
  s.n = 1000;  // other records
  for (int i = 0; i < 100; ++i) s.write(test::kFlow);
  s.sink->close();
  made["flow"] += 100;
  EXPECT_EQ(collector.ledger().fault(), "");
  EXPECT_EQ(collector.ledger().delivered(), made);
  EXPECT_TRUE(std::filesystem::is_empty(folder.file("spool/refused")));
}

/// A certificate says who a sensor is, and a collector takes nothing of another.
TEST(Delivery, WhoSignsDeliversNoOtherSensorsRecords) {
  test::Folder folder;
  TestCollector collector;
  Options o = options_for({"127.0.0.1:1"}, false);
  o.spool_folder = folder.file("spool");
  o.patience = 100ms;
  Sender before(o);
  before.mixture(100);
  before.sink->close();
  before.sink.reset();

  Options renamed = o;
  renamed.sensor = "plant-8";
  renamed.sign = [](const BatchHash&) { return Signature{"sig", "DER"}; };
  const std::string why = open_delivery_sink(renamed).error().message;
  EXPECT_THAT(why, HasSubstr("holds 100 records of sensor 'plant-7', and this one is 'plant-8'"));
  EXPECT_THAT(why, HasSubstr("name another folder"));

  collector.start();
  o.collectors = renamed.collectors = {collector.address()};
  o.wait = renamed.wait = true;
  o.patience = renamed.patience = 5s;
  Sender(o).sink->close();  // under its own name they are delivered
  EXPECT_EQ(collector.ledger().delivered(), before.made);
  std::atomic<int> of_another{0};
  collector.judge = [&](const v1::Batch& b) {
    of_another += b.sensor() == "plant-8" ? 0 : 1;
    return grpc::Status::OK;
  };
  Sender after(renamed);
  after.mixture(100);
  after.sink->close();
  EXPECT_EQ(after.sink->delivered(), 100U);
  TypeCounts both = before.made;
  for (const auto& [type, n] : after.made) both[type] += n;
  EXPECT_EQ(collector.ledger().delivered(), both);
  EXPECT_EQ(of_another, 0) << "nobody would take the word of where plant-7 ended";
}

TEST(Delivery, WithoutACertificateRecordsAreDeliveredUnderTheNameTheyHave) {
  test::Folder folder;
  TestCollector collector;
  Options o = options_for({"127.0.0.1:1"}, false);
  o.spool_folder = folder.file("spool");
  o.patience = 100ms;
  Sender before(o);
  before.mixture(100);
  before.sink->close();
  before.sink.reset();
  collector.start();
  o.collectors = {collector.address()};
  o.sensor = "plant-8";
  o.wait = true;
  o.patience = 5s;
  Sender(o).sink->close();
  EXPECT_EQ(collector.ledger().delivered(), before.made);
}

TEST(Delivery, LiveWhatFindsNoRoomInMemoryIsLostAndAGap) {
  TestCollector collector;
  collector.start();
  const int port = collector.port();
  collector.stop();
  Options o = options_for({"127.0.0.1:" + std::to_string(port)}, false);
  o.max_unacked_bytes = 100 << 10;
  Sender s(o);
  for (int i = 0; i < 100; ++i) {
    s.mixture(20);
    s.sink->tick();
    std::this_thread::sleep_for(1ms);
  }
  collector.start(port);
  EXPECT_TRUE(collector.wait_until([&](Ledger& l) { return s.sink->tick(), l.all() == s.made; }))
      << collector.ledger().fault();
  s.sink->close();
  EXPECT_EQ(collector.ledger().fault(), "");
  EXPECT_EQ(s.sink->lost(), sum(collector.ledger().missing()));
  EXPECT_GT(s.sink->lost(), 0U);
  EXPECT_EQ(s.sink->delivered() + s.sink->lost(), s.n);
  EXPECT_EQ(collector.ledger().missing()["alert"], 0U);
}

TEST(Delivery, AReplayWaitsForRoom) {
  TestCollector collector;
  collector.start();
  Options o = options_for({collector.address()});
  o.max_unacked_bytes = 2000;  // far less than there is
  o.max_batch_records = 5;
  Sender s(o);
  s.mixture(1000);
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 1000U);
  EXPECT_EQ(collector.ledger().delivered(), s.made);
}

TEST(Delivery, AReplayGivesUpACollectorThatIsGone) {
  TestCollector collector;
  collector.start();
  Options o = options_for({collector.address()});
  o.patience = 300ms;
  o.max_unacked_bytes = 8000;
  Sender s(o);
  s.write(test::kFlow);
  ASSERT_TRUE(s.delivered_all());
  collector.stop();
  s.mixture(2000);
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 1U);
  EXPECT_EQ(s.sink->lost(), 2000U);
}

TEST(Delivery, AbandonEndsTheWait) {
  TestCollector collector;
  collector.stall(v1::LANE_FLOW);
  collector.start();
  Options o = options_for({collector.address()});
  o.patience = std::chrono::hours(1);
  Sender s(o);
  for (int i = 0; i < 10; ++i) s.write(test::kFlow);
  std::thread other([&] {
    std::this_thread::sleep_for(50ms);
    s.sink->abandon();
  });
  s.sink->close();
  other.join();
  EXPECT_EQ(s.sink->lost(), 10U);
}

TEST(Delivery, NamesTheCollectorThatDoesNotAnswer) {
  Options o = options_for({"127.0.0.1:1"});
  o.patience = 200ms;
  const auto sink = open_delivery_sink(o);
  ASSERT_FALSE(sink);
  EXPECT_THAT(sink.error().message, HasSubstr("no collector answers at 127.0.0.1:1"));
  EXPECT_THAT(sink.error().message, HasSubstr("picket-collector serve"));
  o.collectors = {"192.0.2.1:5514"};
  EXPECT_THAT(open_delivery_sink(o).error().message, HasSubstr("clear text; set export.tls.ca"));
}

TEST(Delivery, SaysWhyACollectorWasNotReached) {
  Options o = options_for({"127.0.0.1:1"});
  o.patience = 10s;
  std::atomic<int> asked{0};
  o.interrupted = [&] { return asked >= 2; };  // what it was told the first time it has said by then
  o.dial = dial_loopback;
  o.trouble = [&](const HostPort& at) {
    ++asked;
    return "no way to " + at.text();
  };
  EXPECT_THAT(open_delivery_sink(o).error().message, HasSubstr("--records (no way to 127.0.0.1:1)"));
}

/// A way to a collector on which each connection leads nowhere for four seconds.
class SlowWay {
 public:
  explicit SlowWay(int to) : to_(to), listening_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in at = picket::test::loopback(0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(listening_, reinterpret_cast<const sockaddr*>(&at), size), 0);
    EXPECT_EQ(::listen(listening_, 16), 0);
    ::getsockname(listening_, reinterpret_cast<sockaddr*>(&at), &size);
    port = ntohs(at.sin_port);
    thread_ = std::thread([this] {
      for (int one = -1; (one = ::accept(listening_, nullptr, nullptr)) >= 0;)
        carried_.emplace_back([this, one] { carry(one); });
    });
  }
  ~SlowWay() {
    stopping_ = true;
    ::shutdown(listening_, SHUT_RDWR);
    thread_.join();
    for (std::thread& t : carried_) t.join();
    ::close(listening_);
  }
  int port = 0;

 private:
  void carry(int one) {
    for (int i = 0; i < 80 && !stopping_; ++i) std::this_thread::sleep_for(50ms);
    const int other = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    const sockaddr_in at = picket::test::loopback(static_cast<std::uint16_t>(to_));
    bool goes_on = ::connect(other, reinterpret_cast<const sockaddr*>(&at), sizeof at) == 0;
    pollfd ends[] = {{one, POLLIN, 0}, {other, POLLIN, 0}};
    while (goes_on && !stopping_) {
      ::poll(ends, 2, 50);
      for (int i = 0; i < 2; ++i) {
        if (ends[i].revents == 0) continue;
        char some[4096];
        const ssize_t n = ::recv(ends[i].fd, some, sizeof some, 0);
        goes_on &= n > 0 && ::send(ends[1 - i].fd, some, static_cast<std::size_t>(n), MSG_NOSIGNAL) == n;
      }
    }
    ::close(other);
    ::close(one);
  }

  int to_, listening_;
  std::atomic<bool> stopping_{false};
  std::vector<std::thread> carried_;  ///< of thread_, while it runs
  std::thread thread_;
};

TEST(Delivery, ACollectorThatIsSlowToAnswerIsWaitedForAsLongAsItsChannelTries) {
  TestCollector collector;
  collector.start();
  const SlowWay way(collector.port());
  for (const bool has_other : {false, true}) {
    Options o = options_for({"127.0.0.1:" + std::to_string(way.port)}, false);
    if (has_other) o.collectors.emplace_back("127.0.0.1:1");
    o.dial = [](const HostPort& at) -> Result<std::shared_ptr<grpc::Channel>> {
      return make_client_channel(at.text(), 15s);
    };
    Sender s(o);
    s.write(test::kFlow);
    const auto until = std::chrono::steady_clock::now() + 15s;
    while (s.sink->delivered() < 1 && std::chrono::steady_clock::now() < until) {
      s.sink->tick();
      std::this_thread::sleep_for(5ms);
    }
    EXPECT_EQ(s.sink->delivered(), 1U) << (has_other ? "none was quick" : "the only one");
    s.sink->abandon();
    s.sink->close();
  }
}

TEST(Delivery, ADeadCollectorDoesNotKeepRecordsFromTheNext) {
  TestCollector collector;
  collector.start();
  const SlowWay way(1);  // to nobody
  Options o = options_for({"127.0.0.1:" + std::to_string(way.port), collector.address()});
  o.dial = [](const HostPort& at) -> Result<std::shared_ptr<grpc::Channel>> {
    return make_client_channel(at.text(), 15s);
  };
  o.patience = 5s;
  Sender s(o);  // it has an answer in that time, or the test has failed
  s.write(test::kFlow);
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 1U);
}

/// Answers each call with what is no Ack, and never ends it.
class Babbler final : public v1::Collector::WithRawCallbackMethod_Deliver<v1::Collector::Service> {
 public:
  Babbler() {
    grpc::ServerBuilder builder;
    builder.AddListeningPort("127.0.0.1:0", grpc::InsecureServerCredentials(), &port);
    builder.RegisterService(this);
    server_ = builder.BuildAndStart();
  }
  ~Babbler() override { server_->Shutdown(std::chrono::system_clock::now()); }
  grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer>* Deliver(
      grpc::CallbackServerContext* context) override {
    (void)context;
    ++calls;
    return new Answer;
  }
  int port = 0;
  std::atomic<int> calls{0};

 private:
  struct Answer final : grpc::ServerBidiReactor<grpc::ByteBuffer, grpc::ByteBuffer> {
    Answer() {
      const grpc::Slice slice("\xff\xff\xff\xff");
      out = grpc::ByteBuffer(&slice, 1);
      StartWrite(&out);
    }
    void OnCancel() override { Finish(grpc::Status::CANCELLED); }
    void OnDone() override { delete this; }
    grpc::ByteBuffer out;
  };
  std::unique_ptr<grpc::Server> server_;
};

TEST(Delivery, WhatIsNoAcknowledgementEndsTheCallThoughTheFarSideDoesNot) {
  Babbler rogue;
  Options o = options_for({"127.0.0.1:" + std::to_string(rogue.port)});
  o.max_backoff = 20ms;
  Sender s(o);
  s.write(test::kFlow);
  s.sink->tick();
  const auto until = std::chrono::steady_clock::now() + 20s;
  while (rogue.calls < 3 && std::chrono::steady_clock::now() < until) {
    s.sink->tick();
    std::this_thread::sleep_for(5ms);
  }
  EXPECT_GE(rogue.calls, 3) << "the lane waits for who says nothing more";
  s.sink->abandon();
  s.sink->close();
  EXPECT_EQ(s.sink->delivered(), 0U);
}

TEST(Delivery, BatchesAreSigned) {
  TestCollector collector;
  std::atomic<int> unsigned_batches{0}, gaps{0};
  collector.judge = [&](const v1::Batch& b) {
    gaps += b.has_gap() ? 1 : 0;
    if (b.signature() != "sig" || b.certificate() != "DER") ++unsigned_batches;
    if (b.lane() == v1::LANE_ALERT && !b.has_gap())
      return grpc::Status(grpc::StatusCode::INVALID_ARGUMENT, "never");
    return grpc::Status::OK;
  };
  collector.start();
  Options o = options_for({collector.address()});
  o.sign = [](const BatchHash&) { return Signature{"sig", "DER"}; };
  Sender s(o);
  s.mixture(100);
  s.sink->close();
  EXPECT_GE(gaps, 1) << "what is refused for good becomes one";
  EXPECT_EQ(unsigned_batches, 0);
}

}  // namespace
}  // namespace picket::delivery
