// export/delivery/test_collector.h — a collector in the test's own process that checks what
// it gets, and misbehaves on order
#pragma once
#include <grpcpp/grpcpp.h>

#include <condition_variable>
#include <mutex>
#include <optional>
#include <thread>

#include "export/delivery/test_support.h"
#include "export/proto/picket/v1/collector.grpc.pb.h"

namespace picket::delivery::test {

class TestCollector final : public v1::Collector::Service {
 public:
  ~TestCollector() override { stop(); }

  void start(int port = 0) {
    {
      const std::lock_guard lock(mutex_);
      stopping_ = false;
    }
    grpc::ServerBuilder builder;
    builder.AddChannelArgument(GRPC_ARG_ALLOW_REUSEPORT, 0);
    builder.AddListeningPort("127.0.0.1:" + std::to_string(port), grpc::InsecureServerCredentials(), &port_);
    builder.RegisterService(this);
    builder.SetMaxReceiveMessageSize(20 << 20);
    server_ = builder.BuildAndStart();
    ASSERT_NE(server_, nullptr);
    ASSERT_NE(port_, 0);
  }
  void stop() {
    if (server_ == nullptr) return;
    {
      const std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    server_->Shutdown(std::chrono::system_clock::now());
    server_->Wait();
    server_.reset();
  }
  [[nodiscard]] int port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// What becomes of a batch: OK takes it; anything else ends its call before it is looked at.
  std::function<grpc::Status(const v1::Batch&)> judge;
  /// Takes the batch, and does not say so; the call ends.
  std::function<bool(const v1::Batch&)> lose_ack;

  /// A lane of which each batch takes half a second, in which its sender must not leave.
  std::optional<v1::Lane> slow;

  /// A lane whose batches are not even read.
  void stall(std::optional<v1::Lane> lane) {
    const std::lock_guard lock(mutex_);
    stalled_ = lane;
    changed_.notify_all();
  }
  /// Waits until the ledger is as it should be; false after ten seconds.
  bool wait_until(const std::function<bool(Ledger&)>& good) {
    std::unique_lock lock(mutex_);
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(10);
    while (!good(ledger_)) {  // asked again though nothing came: it may make the sender's clock tick
      if (std::chrono::steady_clock::now() >= until) return false;
      changed_.wait_for(lock, std::chrono::milliseconds(20));
    }
    return true;
  }
  void allow_holes() { ledger_.allow_holes(); }
  Ledger ledger() {
    const std::lock_guard lock(mutex_);
    return ledger_;
  }
  /// Lanes in the order in which their batches came.
  std::vector<v1::Lane> lanes() {
    const std::lock_guard lock(mutex_);
    return lanes_;
  }

 private:
  grpc::Status Deliver(grpc::ServerContext* context,
                       grpc::ServerReaderWriter<v1::Ack, v1::Batch>* stream) override {
    v1::Batch batch;
    while (stream->Read(&batch)) {
      for (int i = 0; slow == batch.lane() && i < 25; ++i) {
        if (context->IsCancelled()) return grpc::Status::CANCELLED;
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
      }
      std::unique_lock lock(mutex_);
      while (stalled_ == batch.lane() && !stopping_ && !context->IsCancelled())
        changed_.wait_for(lock, std::chrono::milliseconds(20));
      if (stalled_ == batch.lane()) return {grpc::StatusCode::UNAVAILABLE, "it is ending"};
      if (judge) {
        if (grpc::Status s = judge(batch); !s.ok()) return s;
      }
      ledger_.take(batch);
      lanes_.push_back(batch.lane());
      changed_.notify_all();
      if (lose_ack && lose_ack(batch)) return {grpc::StatusCode::UNAVAILABLE, "the word is lost"};
      v1::Ack ack;
      ack.set_boot(batch.boot());
      ack.set_lane(batch.lane());
      ack.set_durable_through_seq(ledger_.through(batch.boot(), batch.lane(), batch.sensor()));
      lock.unlock();
      if (!stream->Write(ack)) break;
    }
    return grpc::Status::OK;
  }

  std::unique_ptr<grpc::Server> server_;
  int port_ = 0;
  std::mutex mutex_;
  std::condition_variable changed_;
  Ledger ledger_;
  std::vector<v1::Lane> lanes_;
  std::optional<v1::Lane> stalled_;
  bool stopping_ = false;
};

}  // namespace picket::delivery::test
