// The server's port: many at once, what is no gRPC, connections that somebody else accepted.
#include "export/collector/server.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <malloc.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <atomic>
#include <cstddef>
#include <fstream>
#include <mutex>
#include <random>
#include <thread>

#include "export/collector/test_call.h"
#include "export/collector/test_support.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"
#include "tests/support/loopback.h"

#ifdef __SANITIZE_ADDRESS__
extern "C" std::size_t __sanitizer_get_current_allocated_bytes();  // gcc 12 has no header that says so
#endif

namespace picket::collector {
namespace {

using Stream = grpc::ClientReaderWriter<v1::Batch, v1::Ack>;

/// Of this process, without what the sanitizer keeps back.
std::size_t allocated_bytes() {
#ifdef __SANITIZE_ADDRESS__
  return __sanitizer_get_current_allocated_bytes();
#else
  const auto info = mallinfo2();
  return info.uordblks + info.hblkhd;
#endif
}

/// Takes everything, when the gate is open.
class GateSink final : public Sink {
 public:
  explicit GateSink(std::mutex& gate) : Sink("gate"), gate_(gate) {}
  Result<std::optional<ChainHead>> head(const ChainId&) override { return std::optional<ChainHead>(); }
  Status store(std::span<const std::shared_ptr<const Delivery>>, const Bury&) override {
    const std::lock_guard lock(gate_);
    return Done{};
  }

 private:
  std::mutex& gate_;
};

class ServerTest : public ::testing::Test {
 protected:
  void start(ServerOptions options = {}, std::unique_ptr<Sink> sink = nullptr) {
    if (!options.listen.empty()) options.listen = "127.0.0.1:0";
    auto store = Store::open({path_});
    ASSERT_TRUE(store) << store.error().message;
    std::vector<std::unique_ptr<Sink>> sinks;
    sinks.push_back(sink != nullptr ? std::move(sink) : std::move(store).value());
    router_ = std::make_unique<Router>(std::move(sinks), dead_letters_, routing_);
    auto server = Server::start(options, *router_);
    ASSERT_TRUE(server) << server.error().message;
    server_ = std::move(server).value();
  }
  void TearDown() override {
    if (server_ != nullptr) server_->stop();
    server_.reset();
    router_.reset();
  }
  std::shared_ptr<grpc::Channel> connect() const {
    grpc::ChannelArguments own;
    own.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    return grpc::CreateCustomChannel("127.0.0.1:" + std::to_string(server_->port()),
                                     grpc::InsecureChannelCredentials(), own);
  }
  /// A connection as a TLS terminator hands it in: one end to the server, the other bound to `name`.
  std::shared_ptr<grpc::Channel> hand_in(const std::string& name) const {
    int pair[2];
    EXPECT_EQ(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, pair), 0);
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path + 1, name.data(), name.size());
    EXPECT_EQ(::bind(pair[0], reinterpret_cast<const sockaddr*>(&at),
                     static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())),
              0);
    server_->adopt(pair[1]);
    return grpc::CreateInsecureChannelFromFd("collector", pair[0]);
  }
  static grpc::Status deliver(const std::shared_ptr<grpc::Channel>& channel,
                              const std::vector<v1::Batch>& batches, std::size_t& acks) {
    const auto stub = v1::Collector::NewStub(channel);
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    const auto stream = stub->Deliver(&context);
    for (const auto& b : batches) stream->Write(b);
    stream->WritesDone();
    v1::Ack ack;
    for (acks = 0; stream->Read(&ack); ++acks) {
    }
    return stream->Finish();
  }
  std::size_t stored() const { return test::lines(test::ask({.store = path_, .json = true})); }

  test::Folder folder_;
  std::string path_ = folder_.file("store.db");
  DeadLetters dead_letters_{folder_.file("dead"), 1 << 20};
  RouterOptions routing_;
  std::unique_ptr<Router> router_;
  std::unique_ptr<Server> server_;
};

TEST_F(ServerTest, TwoHundredSensorsAtOnce) {
  start();
  struct One {
    std::shared_ptr<grpc::Channel> channel;
    std::unique_ptr<v1::Collector::Stub> stub;
    grpc::ClientContext context;
    std::unique_ptr<Stream> stream;
  };
  std::vector<std::unique_ptr<One>> all;
  for (int i = 0; i < 200; ++i) {
    auto& one = *all.emplace_back(std::make_unique<One>());
    one.channel = connect();
    one.stub = v1::Collector::NewStub(one.channel);
    one.context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(60));
    one.stream = one.stub->Deliver(&one.context);
  }
  for (int i = 0; i < 200; ++i)
    ASSERT_TRUE(all[static_cast<std::size_t>(i)]->stream->Write(
        test::Sensor("plant-" + std::to_string(i)).batch(1, 5)));
  for (const auto& one : all) {
    v1::Ack ack;
    ASSERT_TRUE(one->stream->Read(&ack));
    EXPECT_EQ(ack.durable_through_seq(), 5U);
  }
  for (const auto& one : all) {
    one->stream->WritesDone();
    EXPECT_TRUE(one->stream->Finish().ok());
  }
  EXPECT_EQ(stored(), 1000U);
}

TEST_F(ServerTest, ASensorIsConnectedOnceHoweverManyCallsItHas) {
  start();
  struct One {
    explicit One(const std::shared_ptr<grpc::Channel>& channel, const v1::Batch& first)
        : stub(v1::Collector::NewStub(channel)), stream(stub->Deliver(&context)) {
      v1::Ack ack;
      EXPECT_TRUE(stream->Write(first) && stream->Read(&ack));
    }
    void end() {
      stream->WritesDone();
      EXPECT_TRUE(stream->Finish().ok());
    }
    std::unique_ptr<v1::Collector::Stub> stub;
    grpc::ClientContext context;
    std::unique_ptr<Stream> stream;
  };
  const auto connected = [&] { return router_->tally().state().connected; };
  const auto falls_to = [&](std::uint64_t n) {
    for (int i = 0; i < 2000 && connected() != n; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return connected() == n;
  };
  const auto channel = connect();
  One flows(channel, test::Sensor("plant-7", 1, v1::LANE_FLOW).batch(1, 5));
  One alerts(channel, test::Sensor("plant-7", 1, v1::LANE_ALERT).batch(1, 5));
  One other(connect(), test::Sensor("plant-8", 1, v1::LANE_FLOW).batch(1, 5));
  EXPECT_EQ(connected(), 2U);
  EXPECT_EQ(router_->tally().state().connections, 3U);
  other.end();
  EXPECT_TRUE(falls_to(1));
  flows.end();
  alerts.end();
  EXPECT_TRUE(falls_to(0));
}

TEST_F(ServerTest, ACallThatWaitedForRoomIsGoneWhenItEnded) {
  routing_.max_bytes = 100'000;
  std::mutex gate;
  start({}, std::make_unique<GateSink>(gate));
  v1::Event e = test::event(1);
  e.set_payload(std::string(1 << 18, '\0'));
  std::mt19937 random(1);
  for (char& c : *e.mutable_payload()) c = static_cast<char>(random());
  std::string content;
  append_delimited(as_bytes(e.SerializeAsString()), content);
  const v1::Batch batch = test::Sensor().seal(1, 1, content);
  const auto connected = [&](std::uint64_t n) {
    for (int i = 0; i < 2000 && router_->tally().state().connections != n; ++i)
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    return router_->tally().state().connections == n;
  };
  constexpr std::size_t kCalls = 40;
  const auto round = [&](std::uint64_t done) {
    std::unique_lock closed(gate);
    std::vector<std::jthread> calls;
    std::atomic<std::size_t> answered = 0;
    for (std::size_t i = 0; i < kCalls; ++i)
      calls.emplace_back([&, channel = connect()] {
        std::size_t acks = 0;
        EXPECT_TRUE(deliver(channel, {batch}, acks).ok());
        answered += acks;
      });
    EXPECT_TRUE(connected(done + kCalls));
    std::this_thread::sleep_for(std::chrono::milliseconds(300));  // until all but one wait for room
    EXPECT_EQ(answered, 0U);
    closed.unlock();
    calls.clear();
    EXPECT_EQ(answered, kCalls);
  };
  round(0);  // what gRPC keeps of its first calls is not to count
  const std::size_t before = allocated_bytes();
  round(kCalls);
  const std::size_t limit = before + kCalls * batch.records_size() / 4;
  for (int i = 0; i < 400 && allocated_bytes() > limit; ++i)
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  EXPECT_LE(allocated_bytes(), limit) << "the last batch of each call is kept";
}

TEST_F(ServerTest, RandomBytesHarmNobody) {
  start();
  std::mt19937 random(1);
  for (int i = 0; i < 50; ++i) {
    const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
    const sockaddr_in at = picket::test::loopback(static_cast<std::uint16_t>(server_->port()));
    ASSERT_EQ(::connect(fd, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    std::string noise = i % 2 == 0 ? "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" : "";
    for (int k = 0; k < 2000; ++k) noise += static_cast<char>(random());
    (void)!::send(fd, noise.data(), noise.size(), MSG_NOSIGNAL);
    ::close(fd);
  }
  std::size_t acks = 0;
  EXPECT_TRUE(deliver(connect(), {test::Sensor().batch(1, 5)}, acks).ok());
  EXPECT_EQ(acks, 1U);
}

TEST_F(ServerTest, AConnectionBelongsToWhomItsCertificateNames) {
  ServerOptions options;
  options.identity_of = [](const std::string& peer) -> std::optional<std::string> {
    if (peer.ends_with("first")) return "plant-7";
    if (peer.ends_with("second")) return "plant-8";
    return std::nullopt;
  };
  start(options);
  const auto first = hand_in("picket-test-first"), second = hand_in("picket-test-second"),
             third = hand_in("picket-test-third");
  std::size_t acks = 0;
  EXPECT_TRUE(deliver(first, {test::Sensor("plant-7").batch(1, 5)}, acks).ok());
  EXPECT_EQ(acks, 1U);
  EXPECT_TRUE(deliver(second, {test::Sensor("plant-8").batch(1, 5)}, acks).ok());
  grpc::Status status = deliver(second, {test::Sensor("plant-7", 9).batch(1, 5)}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_NE(status.error_message().find(
                "sensor 'plant-7' boot 0000000000000009 lane all, from record 1 on: comes over the "
                "connection of sensor 'plant-8'"),
            std::string::npos)
      << status.error_message();
  status = deliver(third, {test::Sensor("plant-9").batch(1, 5)}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED);
  EXPECT_EQ(stored(), 10U);
}

TEST_F(ServerTest, WhatIsNotSignedIsNoRefusalForGood) {
  routing_.require_signatures = true;
  start();
  std::size_t acks = 0;
  const grpc::Status status = deliver(connect(), {test::Sensor().batch(1, 5)}, acks);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::UNAUTHENTICATED) << "the sensor keeps it, and tries again";
  EXPECT_NE(status.error_message().find("it is not signed"), std::string::npos) << status.error_message();
  EXPECT_EQ(stored(), 0U);
}

TEST_F(ServerTest, WithoutAPortItServesWhatIsHandedIn) {
  ServerOptions options;
  options.listen = "";
  options.identity_of = [](const std::string&) { return std::optional<std::string>("plant-7"); };
  start(options);
  EXPECT_EQ(server_->port(), 0);
  std::size_t acks = 0;
  EXPECT_TRUE(deliver(hand_in("picket-test-portless"), {test::Sensor().batch(1, 5)}, acks).ok());
  EXPECT_EQ(acks, 1U);
}

TEST_F(ServerTest, EndsCallsThatAreOpen) {
  start();
  const auto channel = connect();
  const auto stub = v1::Collector::NewStub(channel);
  grpc::ClientContext context;
  const auto stream = stub->Deliver(&context);
  ASSERT_TRUE(stream->Write(test::Sensor().batch(1, 5)));
  v1::Ack ack;
  ASSERT_TRUE(stream->Read(&ack));
  server_->stop();
  EXPECT_FALSE(stream->Read(&ack));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE) << "try again, elsewhere or later";
}

/// HTTP/2 by hand: a call of Deliver, and then whatever; nothing is ever answered.
class RawCall {
 public:
  explicit RawCall(int port) : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const sockaddr_in at = picket::test::loopback(static_cast<std::uint16_t>(port));
    EXPECT_EQ(::connect(fd_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
    const timeval patience{30, 0};
    ::setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    send("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
    send(frame(4, 0, 0, {"\0\1\0\0\0\0", 6}));  // no table: headers come as they are
    send(frame(1, 4, 1,
               "\x83\x86" + literal(":path", "/picket.v1.Collector/Deliver") + literal(":authority", "x") +
                   literal("te", "trailers") + literal("content-type", "application/grpc")));
  }
  ~RawCall() { ::close(fd_); }
  RawCall(const RawCall&) = delete;
  RawCall& operator=(const RawCall&) = delete;

  void message(const std::string& data) {
    send(frame(0, 0, 1, std::string(4, '\0') + static_cast<char>(data.size()) + data));
  }
  /// All that comes until `text` does, or the end.
  std::string read_until(const std::string& text) {
    std::string all;
    char part[4096];
    for (ssize_t n; all.find(text) == std::string::npos && (n = ::recv(fd_, part, sizeof part, 0)) != 0;) {
      if (n < 0) return errno == EAGAIN ? "it is silent; before that: " + all : all;
      all.append(part, static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  static std::string literal(const std::string& name, const std::string& value) {
    return std::string(1, '\0') + static_cast<char>(name.size()) + name + static_cast<char>(value.size()) +
           value;
  }
  static std::string frame(char kind, char flags, char stream, const std::string& payload) {
    const std::string head{0, 0, static_cast<char>(payload.size()), kind, flags, 0, 0, 0, stream};
    return head + payload;
  }
  void send(const std::string& bytes) {
    EXPECT_EQ(::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL), static_cast<ssize_t>(bytes.size()));
  }
  int fd_;
};

TEST_F(ServerTest, AMessageThatIsNoBatchIsRefusedAndCounted) {
  start();
  RawCall call(server_->port());
  call.message("\xff\xff\xff\xff");
  EXPECT_NE(call.read_until("a message that is no Batch").find("a message that is no Batch"),
            std::string::npos);
  EXPECT_EQ(router_->tally().state().batches[static_cast<std::size_t>(BatchFate::kMalformed)], 1U);
}

/// The most memory that this process had since it was last asked.
std::size_t peak_bytes() {
  std::size_t kib = 0;
  std::ifstream status("/proc/self/status");
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) kib = std::stoul(line.substr(6));
  }
  std::ofstream("/proc/self/clear_refs") << 5;
  return kib << 10;
}

TEST_F(ServerTest, AMessageThatWouldGrowIsRefusedBeforeItIsParsed) {
  constexpr std::size_t kBytes = std::size_t{8} << 20;
  start();
  const auto repeated = [](std::string_view field) {
    std::string all;
    while (all.size() < kBytes) all += field;
    return all;
  };
  const auto within = [](char tag, const std::string& bytes) {
    v1::Ack length;  // for its encoder of varints
    length.set_durable_through_seq(bytes.size());
    return std::string(1, tag) + length.SerializeAsString().substr(1) + bytes;
  };
  const std::string_view empty_count("\x62\0", 2), empty_missing("\x12\0", 2), unknown("\xa2\x06\0", 3);
  for (const std::string& message :
       {repeated(empty_count), within('\x6a', repeated(empty_missing)), repeated(unknown),
        within('\x62', repeated(unknown)), within('\x6a', within('\x12', repeated(unknown)))}) {
    const auto channel = connect();
    const grpc::Slice slice(message);
    (void)peak_bytes();
    const std::size_t before = peak_bytes();
    const grpc::Status status = test::send_raw(channel, "/picket.v1.Collector/Deliver", slice);
    EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
    EXPECT_LT(peak_bytes(), before + 8 * kBytes);
  }
}

TEST_F(ServerTest, AConnectionThatBrokeWithoutAWordIsClosed) {
  ServerOptions options;
  options.silence = std::chrono::milliseconds(300);
  start(options);
  RawCall call(server_->port());
  EXPECT_EQ(call.read_until("never said").find("it is silent"), std::string::npos);
}

}  // namespace
}  // namespace picket::collector
