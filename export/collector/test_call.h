// export/collector/test_call.h — what a server says to a message that no client of ours would send
#pragma once
#include <grpcpp/generic/generic_stub.h>
#include <grpcpp/grpcpp.h>
#include <gtest/gtest.h>

#include <memory>
#include <string>

namespace picket::collector::test {

/// The bytes are one message to the method, "/picket.v1.Collector/Deliver", and the call ends with the status. The client
/// says nothing more, and does not close its side.
inline grpc::Status send_raw(const std::shared_ptr<grpc::Channel>& channel, const std::string& method,
                             const grpc::Slice& message) {
  grpc::ClientContext context;
  grpc::CompletionQueue queue;
  grpc::GenericStub stub(channel);
  const auto call = stub.PrepareCall(&context, method, &queue);
  const auto done = [&] {
    void* tag = nullptr;
    bool ok = false;
    return queue.Next(&tag, &ok) && ok;
  };
  call->StartCall(nullptr);
  EXPECT_TRUE(done());
  call->Write(grpc::ByteBuffer(&message, 1), nullptr);
  EXPECT_TRUE(done());
  grpc::Status status;
  call->Finish(&status, nullptr);
  EXPECT_TRUE(done());
  queue.Shutdown();
  return status;
}

}  // namespace picket::collector::test
