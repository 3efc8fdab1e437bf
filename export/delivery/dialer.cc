#include "export/delivery/dialer.h"

#include "export/client_channel.h"

namespace picket::delivery {
namespace {

constexpr std::chrono::milliseconds kAttempt{100};

}  // namespace

Result<std::shared_ptr<grpc::Channel>> dial_loopback(const HostPort& collector) {
  if (const Status safe = require_loopback(collector, "--export", kEncrypt); !safe) return safe.error();
  return make_client_channel(collector.text(), kAttempt);
}

std::string loopback_trouble(const HostPort& collector) {
  (void)collector;
  return "nobody answers in clear text; is `picket-collector serve` running there? If it listens with TLS "
         "(tls.listen), set "
         "export.tls.ca, export.tls.certificate and export.tls.key";
}

}  // namespace picket::delivery
