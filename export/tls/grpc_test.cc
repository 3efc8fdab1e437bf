// gRPC inside of the tunnel, both ends in one process: what 1.51 makes of sockets that
// are handed to it, and of a gate.
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <set>

#include "export/proto/picket/v1/collector.grpc.pb.h"
#include "export/tls/channels.h"
#include "export/tls/listener.h"
#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;
using std::chrono::seconds;

std::size_t lines_with(const std::string& words, const std::string& log) {
  std::size_t n = 0;
  for (std::size_t at = log.find(words); at != std::string::npos; at = log.find(words, at + 1)) ++n;
  return n;
}

/// Acknowledges each batch of who may send it.
class Service final : public v1::Collector::Service {
 public:
  grpc::Status Deliver(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::Ack, v1::Batch>* stream) override {
    const auto peer = peers->find(context->peer());
    if (peer == nullptr) return {grpc::StatusCode::UNAUTHENTICATED, "who is " + context->peer() + "?"};
    {
      const std::lock_guard lock(mutex);
      channels.insert(context->peer());
    }
    v1::Batch batch;
    while (stream->Read(&batch)) {
      if (batch.sensor() != peer->who.name)
        return {grpc::StatusCode::PERMISSION_DENIED, "not " + peer->who.name};
      v1::Ack ack;
      ack.set_boot(batch.boot());
      ack.set_durable_through_seq(batch.first_seq() + batch.count() - 1);
      stream->Write(ack);
    }
    return grpc::Status::OK;
  }
  std::shared_ptr<Peers> peers = std::make_shared<Peers>();
  std::mutex mutex;
  std::set<std::string> channels;
};

class Grpc : public testing::Test {
 protected:
  void SetUp() override {
    grpc::ServerBuilder builder;
    acceptor = builder.experimental().AddExternalConnectionAcceptor(
        grpc::ServerBuilder::experimental_type::ExternalConnectionType::FROM_FD,
        grpc::InsecureServerCredentials());
    builder.RegisterService(&service);
    server = builder.BuildAndStart();
    ASSERT_NE(server, nullptr);
    site.folder.write("crl", make_crl(site.ca, {}));
    collector_ring = site.keyring(Side::kCollector, [&](auto& o) { o.trust.crl = site.folder.path("crl"); });
    listen(0);
    channels = Channels::open(site.options(Side::kSensor), {}, quick()).value();
    at = {"127.0.0.1", listener->port()};
  }
  void TearDown() override {
    server->Shutdown(std::chrono::system_clock::now());
    listener.reset();
  }
  void listen(std::uint16_t port) {
    auto started = Listener::start(
        collector_ring, {"127.0.0.1", port}, quick(), service.peers, [this](Fd end, const Peer&) {
          grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters p;
          p.fd = end.release();
          acceptor->HandleNewConnection(&p);
        });
    ASSERT_TRUE(started) << started.error().message;
    listener = std::move(started).value();
  }
  std::shared_ptr<grpc::Channel> channel() const { return channels->to(at).value(); }
  static bool connects(const std::shared_ptr<grpc::Channel>& channel) {
    return channel->WaitForConnected(std::chrono::system_clock::now() + seconds(20));
  }
  /// Batches of one stream, each acknowledged; the status at its end.
  static grpc::Status deliver(const std::shared_ptr<grpc::Channel>& channel, const std::string& sensor,
                              int batches) {
    const auto stub = v1::Collector::NewStub(channel);
    grpc::ClientContext context;
    const auto stream = stub->Deliver(&context);
    v1::Batch batch;
    batch.set_sensor(sensor);
    batch.set_boot(7);
    batch.set_count(10);
    batch.set_records(std::string(100'000, 'r'));
    for (int i = 0; i < batches; ++i) {
      batch.set_first_seq(static_cast<std::uint64_t>(10 * i + 1));
      if (!stream->Write(batch)) break;
      v1::Ack ack;
      if (!stream->Read(&ack)) break;
      EXPECT_EQ(ack.durable_through_seq(), static_cast<std::uint64_t>(10 * i + 10));
    }
    stream->WritesDone();
    return stream->Finish();
  }

  Site site;
  Service service;
  std::shared_ptr<Keyring> collector_ring;
  std::unique_ptr<grpc::experimental::ExternalConnectionAcceptor> acceptor;
  std::unique_ptr<grpc::Server> server;
  std::unique_ptr<Listener> listener;
  std::shared_ptr<Channels> channels;
  HostPort at;
};

TEST_F(Grpc, BatchesAreDeliveredByWhoeverTheCertificateNames) {
  const grpc::Status fine = deliver(channel(), "plant-7", 100);
  EXPECT_TRUE(fine.ok()) << fine.error_message();
  const grpc::Status other = deliver(channel(), "plant-8", 1);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(other.error_message(), "not plant-7");
}

TEST_F(Grpc, NoTwoConnectionsEverHaveTheSameChannel) {
  for (int i = 0; i < 20; ++i) {
    const grpc::Status status = deliver(channel(), "plant-7", 1);
    EXPECT_TRUE(status.ok()) << status.error_message() << ' ' << channels->trouble(at);
  }
  const std::lock_guard lock(service.mutex);
  EXPECT_EQ(service.channels.size(), 20U) << "one after the other, so that descriptors are used again";
}

TEST_F(Grpc, AChannelConnectsAgainByItself) {
  const auto c = channel();
  ASSERT_TRUE(connects(c));
  EXPECT_TRUE(eventually([&] { return channels->trouble(at).empty(); }));
  const std::uint16_t port = listener->port();
  listener.reset();
  EXPECT_TRUE(
      eventually([&] { return c->GetState(true) != GRPC_CHANNEL_READY && !channels->trouble(at).empty(); }));
  EXPECT_NE(channels->trouble(at).find("Connection refused"), std::string::npos) << channels->trouble(at);
  listen(port);
  EXPECT_TRUE(eventually([&] { return connects(c); }));
  EXPECT_TRUE(deliver(c, "plant-7", 3).ok());
  EXPECT_EQ(channels->trouble(at), "");
}

TEST_F(Grpc, AChannelIsNotReadyWhereTheSensorIsRefused) {
  site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  ASSERT_TRUE(eventually([&] { return collector_ring->counters().reloads_ok == 1; }));
  const auto c = channel();
  ASSERT_TRUE(eventually([&] { return c->GetState(true) == GRPC_CHANNEL_TRANSIENT_FAILURE; }));
  EXPECT_TRUE(eventually([&] { return !channels->trouble(at).empty(); }));
  EXPECT_NE(channels->trouble(at).find("refuses this sensor"), std::string::npos) << channels->trouble(at);
  EXPECT_NE(channels->trouble(at).find("certificate revoked"), std::string::npos) << channels->trouble(at);
}

TEST_F(Grpc, NoOtherProcessGoesThroughTheGate) {
  constexpr int kTries = 500;
  const std::shared_ptr<Dialer> dialer = Dialer::start(site.keyring(Side::kSensor), quick()).value();
  const auto gate = Gate::open(dialer, at, {}).value();
  const std::string name = gate->target().substr(std::string("unix-abstract:").size());
  ::testing::internal::CaptureStdout();
  const pid_t child = ::fork();
  if (child == 0) {  // nothing here that another thread may hold a lock of
    sockaddr_un at{};
    at.sun_family = AF_UNIX;
    std::memcpy(at.sun_path + 1, name.data(), name.size());
    for (int i = 0; i < kTries; ++i) {
      const int fd = ::socket(AF_UNIX, SOCK_STREAM, 0);
      char byte = 0;
      if (::connect(fd, reinterpret_cast<const sockaddr*>(&at),
                    static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())) != 0)
        ::_exit(1);
      if (::recv(fd, &byte, 1, 0) != 0) ::_exit(2);
      ::close(fd);
    }
    ::_exit(0);
  }
  int status = -1;
  const bool ended = ::waitpid(child, &status, 0) == child;
  const std::string log = ::testing::internal::GetCapturedStdout();
  ASSERT_TRUE(ended);
  EXPECT_EQ(status, 0) << "it is closed without a byte";
  const std::size_t lines = lines_with("somebody else on this machine", log);
  EXPECT_GT(lines, 0U);
  EXPECT_LT(lines, kTries / 2U) << "who tries for ever fills no disk";
  EXPECT_EQ(collector_ring->counters().handshakes_ok, 0U);
  const auto own = grpc::CreateChannel(gate->target(), grpc::InsecureChannelCredentials());
  EXPECT_TRUE(deliver(own, "plant-7", 1).ok());
}

/// Accepts in the kernel, and never says a word.
struct Silent {
  Silent() : fd(::socket(AF_INET, SOCK_STREAM, 0)) {
    EXPECT_EQ(::listen(fd.get(), 4), 0);
    sockaddr_in bound{};
    socklen_t size = sizeof bound;
    ::getsockname(fd.get(), reinterpret_cast<sockaddr*>(&bound), &size);
    at = {"127.0.0.1", ntohs(bound.sin_port)};
  }
  Fd fd;
  HostPort at;
};

TEST_F(Grpc, AGateClosesWhileItDials) {
  const Silent silent;
  const std::shared_ptr<Dialer> dialer = Dialer::start(site.keyring(Side::kSensor), quick()).value();
  auto gate = Gate::open(dialer, silent.at, {}, std::chrono::hours(1)).value();
  const auto c = grpc::CreateChannel(gate->target(), grpc::InsecureChannelCredentials());
  c->GetState(true);
  const Fd dialled(::accept(silent.fd.get(), nullptr, nullptr));  // it is under way
  gate.reset();
  EXPECT_NE(c->GetState(false), GRPC_CHANNEL_READY);
}

TEST_F(Grpc, AGateDoesNotDialForWhoHasHungUp) {
  const Silent silent;
  const std::shared_ptr<Dialer> dialer = Dialer::start(site.keyring(Side::kSensor), quick()).value();
  const auto gate = Gate::open(dialer, silent.at, {}, seconds(10)).value();
  const auto connect = [name = gate->target().substr(std::string("unix-abstract:").size())] {
    sockaddr_un to{};
    to.sun_family = AF_UNIX;
    std::memcpy(to.sun_path + 1, name.data(), name.size());
    Fd fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
    EXPECT_EQ(::connect(fd.get(), reinterpret_cast<const sockaddr*>(&to),
                        static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size())),
              0);
    return fd;
  };
  Fd gone = connect();
  const Fd dialled(::accept(silent.fd.get(), nullptr, nullptr));  // it is under way
  const Fd stays = connect();
  gone.reset();
  pollfd next{silent.fd.get(), POLLIN, 0};
  EXPECT_EQ(::poll(&next, 1, 2000), 1) << "it dials for the one that is still there";
}

TEST(Dialer, AnAddressThatDoesNotAnswerLeavesTimeForTheOthers) {
  EXPECT_EQ(share_of(seconds(15), 2), seconds(2));
  EXPECT_EQ(share_of(seconds(15), 1), seconds(15)) << "the last has what is left";
  EXPECT_EQ(share_of(seconds(15), 30), std::chrono::milliseconds(500));
}

TEST_F(Grpc, ACallOfASensorThatIsRevokedEnds) {
  const auto stub = v1::Collector::NewStub(channel());
  grpc::ClientContext context;
  const auto stream = stub->Deliver(&context);
  v1::Batch batch;
  batch.set_sensor("plant-7");
  ASSERT_TRUE(stream->Write(batch));
  v1::Ack ack;
  ASSERT_TRUE(stream->Read(&ack));
  site.folder.write("crl", make_crl(site.ca, {&site.sensor}));
  EXPECT_FALSE(stream->Read(&ack));
  EXPECT_EQ(stream->Finish().error_code(), grpc::StatusCode::UNAVAILABLE);
}

}  // namespace
}  // namespace picket::tls
