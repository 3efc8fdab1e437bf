#include "sensor/export_tls.h"

#include "export/tls/signing.h"

namespace picket {

Status identify(Config& config, bool any_time) {
  ExportTlsConfig& tls = config.export_tls;
  if (!tls.wanted()) return Done{};
  tls.credentials.own_name = config.sensor_name;
  tls.credentials.any_time = any_time;
  const auto credentials = tls::Credentials::load(tls.credentials);
  if (!credentials) return credentials.error();
  config.sensor_name = tls.credentials.own_name = credentials.value()->own().name;
  if (const Status now = credentials.value()->in_time(); !now)
    config.warnings.push_back(now.error().message + "; until it is good nothing leaves this sensor");
  return Done{};
}

Result<std::shared_ptr<tls::Channels>> open_channels(Config& config) {
  const ExportTlsConfig& tls = config.export_tls;
  if (!tls.wanted()) return std::shared_ptr<tls::Channels>();
  auto channels = tls::Channels::open(tls.credentials, tls.server_name);
  if (!channels) return channels;
  delivery::Options& exporter = config.exporter;
  exporter.dial = [c = channels.value()](const HostPort& collector) { return c->to(collector); };
  exporter.trouble = [c = channels.value()](const HostPort& collector) { return c->trouble(collector); };
  exporter.ready = [c = channels.value()] { return c->ready(); };
  exporter.sign = tls::make_signer(channels.value()->keyring());
  return channels;
}

}  // namespace picket
