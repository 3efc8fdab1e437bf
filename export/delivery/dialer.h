// export/delivery/dialer.h — channels to collectors
#pragma once
#include "export/delivery/options.h"

namespace picket::delivery {

/// What it takes to reach others than this machine.
inline constexpr const char* kEncrypt =
    "set export.tls.ca, export.tls.certificate and export.tls.key to reach it by TLS";

/// In clear text, and so on this machine only: refuses every other address.
Result<std::shared_ptr<grpc::Channel>> dial_loopback(const HostPort& collector);
/// gRPC does not say why; this says what it may be.
std::string loopback_trouble(const HostPort& collector);

}  // namespace picket::delivery
