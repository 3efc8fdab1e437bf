// sensor/export_tls.h — collectors behind TLS: who this sensor is, how they are dialled, and the key that signs its
// batches
//
//   export.tls.* ──> identify(): sensor_name is what the certificate says ──> open_channels(): dial and sign
//
// Expired  a sensor that watches a plant starts all the same, as it does before its certificate's time: it records,
//          no connection is made and no file written, and the log, the metrics and Outlet::trouble() say so. What it
//          recorded is delivered when there is a certificate that is good
// Renewal  a certificate that was renewed on disk is used from the next connection and the next batch on. One of
//          another sensor is not taken, and said in the log: what this sensor is called stands in records and in the
//          spool.
#pragma once
#include <memory>

#include "export/tls/channels.h"
#include "sensor/config/config.h"

namespace picket {

/// Reads export.tls.*, where any of it is configured: afterwards `config.sensor_name` is the name in the certificate.
/// Refuses what cannot be used, and a sensor-name that is another one; a certificate that is out of its time unless
/// `any_time`, and then a line of `config.warnings` says so. Starts no thread.
[[nodiscard]] Status identify(Config& config, bool any_time = false);

/// After identify(): `config.exporter` dials through these, and signs with their key. nullptr: no TLS is configured, and
/// loopback alone is dialled.
Result<std::shared_ptr<tls::Channels>> open_channels(Config& config);

}  // namespace picket
