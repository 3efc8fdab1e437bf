// export/client_channel.h — gRPC channels to collectors: what all of a sensor's have in common
//
// Whoever uses a channel decides when it is tried again. A collector that vanished without
// a word is noticed within 40 s.
//
// Memory   of what collectors send, kMaxMessageBytes a message, and kQuotaBytes for all channels of the
//          process: beyond, gRPC reads no further, or ends calls. A message that claims a gigabyte
//          would else be held up to its end
// Threads  any
#pragma once
#include <chrono>
#include <memory>
#include <string>

namespace grpc {
class Channel;
}

namespace picket {

inline constexpr int kMaxMessageBytes = 2 << 20;  ///< a part of an order, with its head
inline constexpr std::size_t kQuotaBytes = std::size_t{32} << 20;

/// To `target`, as gRPC names it, in clear text: TLS is around it, or it is loopback. `attempt`: the time
/// that one attempt at least has.
std::shared_ptr<grpc::Channel> make_client_channel(const std::string& target,
                                                   std::chrono::milliseconds attempt);

}  // namespace picket
