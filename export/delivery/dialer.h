// export/delivery/dialer.h — channels to collectors
#pragma once
#include "export/delivery/options.h"

namespace picket::delivery {

/// In clear text, and so on this machine only: refuses every other address.
Result<std::shared_ptr<grpc::Channel>> dial_loopback(const HostPort& collector);

}  // namespace picket::delivery
