#include "export/tls/channels.h"

#include <spdlog/spdlog.h>

#include "export/client_channel.h"

namespace picket::tls {
namespace {

constexpr std::chrono::seconds kAttempt = Gate::kPatience + std::chrono::seconds(1);

}  // namespace

Result<std::shared_ptr<Channels>> Channels::open(const CredentialsOptions& options, std::string server_name,
                                                 const TunnelLimits& limits) {
  auto keyring = Keyring::open(options, std::make_shared<Counters>());
  if (!keyring) return keyring.error();
  auto dialer = Dialer::start(keyring.value(), limits);
  if (!dialer) return dialer.error();
  return std::shared_ptr<Channels>(
      new Channels(std::move(keyring).value(), std::move(dialer).value(), std::move(server_name)));
}

Status Channels::ready() {
  keyring_->reload_if_changed();
  const auto credentials = keyring_->current();
  Status now = credentials->in_time();
  const std::string why = now ? "" : now.error().message;
  const std::lock_guard lock(mutex_);
  if (why == not_ready_) return now;
  not_ready_ = why;
  if (now) {
    spdlog::info("export.tls: the certificate of sensor '{}' is good again", credentials->own().name);
  } else {
    spdlog::error("{}; until it is good nothing leaves this sensor, and its records wait", why);
  }
  return now;
}

Result<std::shared_ptr<grpc::Channel>> Channels::to(const HostPort& collector) {
  if (const Status now = ready(); !now) {
    keyring_->counters().fail(Failure::kExpired);
    return now.error();
  }
  const std::lock_guard lock(mutex_);
  std::unique_ptr<Gate>& gate = gates_[collector.text()];
  if (gate == nullptr) {
    auto opened = Gate::open(dialer_, collector, server_name_);
    if (!opened) return opened.error();
    gate = std::move(opened).value();
  }
  return make_client_channel(gate->target(), kAttempt);
}

std::string Channels::trouble(const HostPort& collector) const {
  const std::lock_guard lock(mutex_);
  const auto found = gates_.find(collector.text());
  return found != gates_.end() && found->second != nullptr ? found->second->trouble() : std::string();
}

}  // namespace picket::tls
