// tests/bench/flow_record.h — records as sensors make most of them, for whoever measures what becomes of them
//
// A flow of TLS between a few thousand hosts: about 160 bytes, of which the Community ID, ports, times and counts are another
// in each record.
#pragma once
#include <random>
#include <string>

#include "export/proto/picket/v1/event.pb.h"

namespace picket::bench {

/// The same bytes for the same `n`; `n` is its number in time, 5,000 a second.
inline std::string flow_record(std::uint64_t n) {
  std::mt19937_64 random(n);
  v1::Event e;
  e.set_in_iface("eth1");
  e.set_event_type("flow");
  e.set_proto("TCP");
  e.set_app_proto("tls");
  e.set_host("plant-7");
  e.set_timestamp(1'700'000'000'000'000'000 + n * 200'000);
  e.set_flow_id(random() >> 11);
  const auto address = [&](char network) {
    std::string a("\x0a\0\0\0", 4);
    a[1] = network;
    a[2] = static_cast<char>(random() % 8);
    a[3] = static_cast<char>(random());
    return a;
  };
  e.set_src_ip(address(1));
  e.set_dest_ip(address(2));
  e.set_src_port(32768 + static_cast<unsigned>(random() % 28000));
  e.set_dest_port(443);
  std::string id = "1:";
  for (int i = 0; i < 27; ++i) id += static_cast<char>('A' + random() % 26);
  e.set_community_id(id + "=");
  v1::Flow& f = *e.mutable_flow();
  f.set_pkts_toserver(random() % 100);
  f.set_pkts_toclient(random() % 100);
  f.set_bytes_toserver(random() % 100'000);
  f.set_bytes_toclient(random() % 100'000);
  f.set_start(e.timestamp() - random() % 10'000'000'000);
  f.set_end(e.timestamp());
  f.set_state("closed");
  f.set_reason("timeout");
  return e.SerializeAsString();
}

}  // namespace picket::bench
