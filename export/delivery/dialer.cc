#include "export/delivery/dialer.h"

#include <grpc/support/log.h>
#include <grpcpp/grpcpp.h>
#include <spdlog/spdlog.h>

namespace picket::delivery {

Result<std::shared_ptr<grpc::Channel>> dial_loopback(const HostPort& collector) {
  if (const Status safe = require_loopback(collector, "--export", kEncrypt); !safe) return safe.error();
  gpr_set_log_function([](gpr_log_func_args* args) { spdlog::debug("grpc: {}", args->message); });
  grpc::ChannelArguments args;
  args.SetInt(GRPC_ARG_ENABLE_HTTP_PROXY, 0);  // a proxy in the environment is for the web, not for records
  args.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
  args.SetInt(GRPC_ARG_KEEPALIVE_TIME_MS, 30'000);  // notices a collector that vanished without a word
  args.SetInt(GRPC_ARG_KEEPALIVE_TIMEOUT_MS, 10'000);
  // Whoever uses the channel decides when it is tried again.
  args.SetInt(GRPC_ARG_INITIAL_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MIN_RECONNECT_BACKOFF_MS, 100);
  args.SetInt(GRPC_ARG_MAX_RECONNECT_BACKOFF_MS, 1000);
  return grpc::CreateCustomChannel(collector.text(), grpc::InsecureChannelCredentials(), args);
}

std::string loopback_trouble(const HostPort& collector) {
  (void)collector;
  return "nobody answers in clear text; is `picket-collector serve` running there? If it listens with TLS "
         "(tls.listen), set "
         "export.tls.ca, export.tls.certificate and export.tls.key";
}

}  // namespace picket::delivery
