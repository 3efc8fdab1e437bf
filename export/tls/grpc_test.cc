// gRPC inside of the tunnel, both ends in one process: what 1.51 makes of sockets that are handed to it.
#include <grpcpp/create_channel_posix.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <set>

#include "export/proto/picket/v1/collector.grpc.pb.h"
#include "export/tls/dialer.h"
#include "export/tls/listener.h"
#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;
using std::chrono::seconds;

/// Acknowledges each batch of who may send it.
class Service final : public v1::Collector::Service {
 public:
  grpc::Status Deliver(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::Ack, v1::Batch>* stream) override {
    const auto peer = listener->find(context->peer());
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
  std::unique_ptr<Listener> listener;
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
    service.listener =
        Listener::start(collector_ring, {"127.0.0.1", 0}, quick(), [this](Fd end, const Peer&) {
          grpc::experimental::ExternalConnectionAcceptor::NewConnectionParameters p;
          p.fd = end.release();
          acceptor->HandleNewConnection(&p);
        }).value();
    dialer = Dialer::start(site.keyring(Side::kSensor), quick()).value();
  }
  void TearDown() override {
    server->Shutdown(std::chrono::system_clock::now());
    service.listener.reset();
  }
  std::shared_ptr<grpc::Channel> channel() {
    auto dialed = dialer->dial({"127.0.0.1", service.listener->port()}, {}, seconds(20));
    EXPECT_TRUE(dialed) << dialed.error().message;
    return grpc::CreateCustomInsecureChannelFromFd("collector", dialed.value().end.release(), {});
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
  std::unique_ptr<Dialer> dialer;
};

TEST_F(Grpc, BatchesAreDeliveredByWhoeverTheCertificateNames) {
  const grpc::Status fine = deliver(channel(), "plant-7", 100);
  EXPECT_TRUE(fine.ok()) << fine.error_message();
  const grpc::Status other = deliver(channel(), "plant-8", 1);
  EXPECT_EQ(other.error_code(), grpc::StatusCode::PERMISSION_DENIED);
  EXPECT_EQ(other.error_message(), "not plant-7");
}

TEST_F(Grpc, NoTwoConnectionsEverHaveTheSameChannel) {
  for (int i = 0; i < 20; ++i) EXPECT_TRUE(deliver(channel(), "plant-7", 1).ok());
  const std::lock_guard lock(service.mutex);
  EXPECT_EQ(service.channels.size(), 20U) << "one after the other, so that descriptors are used again";
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
