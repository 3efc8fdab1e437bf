// Older and other names of keys, and what Suricata has that picket knowingly leaves.
#include <algorithm>

#include "sensor/config/config_keys.h"

namespace picket::config {
namespace {

constexpr Alias kAliases[] = {
    {"app-layer.protocols.http.libhtp.default-config.", "app-layer.protocols.http."},
    {"community-id", "outputs.eve-log.community-id"},
    {"community-id-seed", "outputs.eve-log.community-id-seed"},
    {"decoder.erspan.typeI.enabled", "decoder.erspan.enabled"},
    {"pcap-file.checksum-checks", "checksums"},
    {"stream.checksum-validation", "checksums"},
};

constexpr std::string_view kNoMemcap = "memory is taken at start: see memory.pool and flow.hash-size";
constexpr std::string_view kByContent = "protocols are found by content, on any port";
constexpr std::string_view kPassive = "picket is passive";
constexpr std::string_view kThreads = "see workers and cores";
constexpr std::string_view kNotYet = "not yet honoured";
constexpr std::string_view kOneFormat = "records always have all their fields";

constexpr Ignored kIgnored[] = {
    {"action-order", "actions have a fixed order: pass, then alert"},
    {"af-packet", "picket runs on DPDK: see --interface"},
    {"af-xdp", "picket runs on DPDK: see --interface"},
    {"app-layer.error-policy", kPassive},
    {"app-layer.protocols.*.byte-range.", kNotYet},
    {"app-layer.protocols.*.detection-enabled", "see app-layer.protocols.<name>.enabled"},
    {"app-layer.protocols.*.detection-ports.", kByContent},
    {"app-layer.protocols.*.memcap", kNoMemcap},
    {"app-layer.protocols.*.stream-depth", "see stream.reassembly.depth"},
    {"app-layer.protocols.*.tcp.", kByContent},
    {"app-layer.protocols.*.udp.", kByContent},
    {"app-layer.protocols.http.double-decode-path", kNotYet},
    {"app-layer.protocols.http.double-decode-query", kNotYet},
    {"app-layer.protocols.http.http-body-inline", kPassive},
    {"app-layer.protocols.http.libhtp.server-config", "one configuration for all servers"},
    {"app-layer.protocols.http.lzma-", "LZMA is not decoded"},
    {"app-layer.protocols.http.max-tx", kNotYet},
    {"app-layer.protocols.http.personality", "one personality, that of most servers"},
    {"app-layer.protocols.http.request-body-inspect-window", "bodies are looked at as they come"},
    {"app-layer.protocols.http.request-body-minimal-inspect-size", "bodies are looked at as they come"},
    {"app-layer.protocols.http.response-body-inspect-window", "bodies are looked at as they come"},
    {"app-layer.protocols.http.response-body-minimal-inspect-size", "bodies are looked at as they come"},
    {"app-layer.protocols.http.swf-decompression.", "Flash files are not decompressed"},
    {"app-layer.protocols.http2.http1-rules", "rules of http are always for HTTP/2, too"},
    {"app-layer.protocols.smtp.inspected-tracker.content-inspect-", "files are looked at as they come"},
    {"app-layer.protocols.smtp.mime.decode-", "messages are always decoded"},
    {"app-layer.protocols.smtp.mime.extract-urls", "see app-layer.protocols.smtp.mime.url-schemes"},
    {"app-layer.protocols.smtp.mime.extract-urls-schemes", "see app-layer.protocols.smtp.mime.url-schemes"},
    {"app-layer.protocols.smtp.mime.log-url-scheme", "of http it is left off, of others it stands there"},
    {"app-layer.protocols.smtp.raw-extraction", "whole messages are no files"},
    {"app-layer.protocols.tls.encrypt-handling", "after the handshake TLS is always left alone"},
    {"app-layer.protocols.tls.encryption-handling", "after the handshake TLS is always left alone"},
    {"app-layer.protocols.tls.ja3-fingerprints", "always made"},
    {"app-layer.protocols.tls.ja4-fingerprints", "always made"},
    {"asn1-max-frames", kNotYet},
    {"capture", kPassive},
    {"containers", "files are followed, but not stored"},
    {"coredump", "the system's business"},
    {"datasets", "data sets are always on; each rule says its own memcap"},
    {"decoder.*.hints", "tunnels are tried on their ports"},
    {"decoder.recursion-level", "a packet in a tunnel belongs to the same flow as outside of one"},
    {"default-log-dir", "outputs stand where their own keys say"},
    {"default-packet-size", "packets are as large as the network lets them be"},
    {"defrag.hash-size", "see defrag.trackers"},
    {"defrag.host-config", kNotYet},
    {"defrag.max-frags", "see defrag.max-pieces and defrag.memcap"},
    {"defrag.memcap-policy", kPassive},
    {"defrag.prealloc", "memory is always taken at start"},
    {"detect", "rules are always planned as a whole"},
    {"detect-engine", "rules are always planned as a whole"},
    {"dpdk", "see --interface, --vdev and --eal"},
    {"engine-analysis", "see picket check"},
    {"exception-policy", kPassive},
    {"firewall", kPassive},
    {"flow-timeouts.*.bypassed", kPassive},
    {"flow-timeouts.*.emergency-", "a full table evicts what has been idle for longest"},
    {"flow.emergency-recovery", "a full table evicts what has been idle for longest"},
    {"flow.end-flags", kNotYet},
    {"flow.managers", "each worker ends its own flows"},
    {"flow.memcap", kNoMemcap},
    {"flow.memcap-policy", kPassive},
    {"flow.prealloc", "memory is always taken at start"},
    {"flow.rate-tracking", kNotYet},
    {"flow.recyclers", "each worker ends its own flows"},
    {"heartbeat", kNotYet},
    {"host", kNoMemcap},
    {"host-mode", kPassive},
    {"host-os-policy", "overlaps are resolved in one way for all hosts"},
    {"include", "give one file, and --set for what differs"},
    {"ippair", kNoMemcap},
    {"ips", kPassive},
    {"landlock", kNotYet},
    {"legacy", kNotYet},
    {"livedev", "see --interface"},
    {"logging.default-log-format", "one format"},
    {"logging.default-output-filter", kNotYet},
    {"logging.outputs", "the log goes to standard error"},
    {"logging.stacktrace-on-signal", kNotYet},
    {"luajit", "rules cannot run Lua"},
    {"max-pending-packets", kThreads},
    {"mpm-algo", "always Hyperscan"},
    {"multi-detect", kNotYet},
    {"napatech", "picket runs on DPDK: see --interface"},
    {"netmap", "picket runs on DPDK: see --interface"},
    {"nflog", kPassive},
    {"nfq", kPassive},
    {"outputs.alert-debug", kNotYet},
    {"outputs.alert-prelude", kNotYet},
    {"outputs.eve-log.append", kOneFormat},
    {"outputs.eve-log.buffer-size", kOneFormat},
    {"outputs.eve-log.facility", kOneFormat},
    {"outputs.eve-log.filemode", kNotYet},
    {"outputs.eve-log.filetype", kOneFormat},
    {"outputs.eve-log.force-hash", kOneFormat},
    {"outputs.eve-log.identity", kOneFormat},
    {"outputs.eve-log.level", kOneFormat},
    {"outputs.eve-log.metadata", kOneFormat},
    {"outputs.eve-log.pcap-file", kOneFormat},
    {"outputs.eve-log.prefix", kOneFormat},
    {"outputs.eve-log.redis", kNotYet},
    {"outputs.eve-log.rotate-interval", kNotYet},
    {"outputs.eve-log.server", kOneFormat},
    {"outputs.eve-log.suricata-version", kOneFormat},
    {"outputs.eve-log.threaded", kOneFormat},
    {"outputs.eve-log.version", kOneFormat},
    {"outputs.eve-log.xff", kNotYet},
    {"outputs.eve-log.types.*.", kOneFormat},
    {"outputs.fast", "see outputs.eve-log"},
    {"outputs.file-log", "files are followed, but not stored"},
    {"outputs.file-store.dir", "files are followed, but not stored"},
    {"outputs.file-store.force-filestore", "files are followed, but not stored"},
    {"outputs.file-store.force-hash", "files are followed, but not stored"},
    {"outputs.file-store.force-magic", "files are followed, but not stored"},
    {"outputs.file-store.max-open-files", "files are followed, but not stored"},
    {"outputs.file-store.stream-depth", "files are followed, but not stored"},
    {"outputs.file-store.version", "files are followed, but not stored"},
    {"outputs.file-store.write-fileinfo", "files are followed, but not stored"},
    {"outputs.file-store.write-meta", "files are followed, but not stored"},
    {"outputs.file-store.xff", "files are followed, but not stored"},
    {"outputs.filestore", "files are followed, but not stored"},
    {"outputs.http-log", "see outputs.eve-log"},
    {"outputs.lua", kNotYet},
    {"outputs.pcap-log", kNotYet},
    {"outputs.stats", "see --stats"},
    {"outputs.syslog", kNotYet},
    {"outputs.tcp-data", kNotYet},
    {"outputs.http-body-data", kNotYet},
    {"outputs.tls-log", "see outputs.eve-log"},
    {"outputs.tls-store", kNotYet},
    {"packet-alert-max", "every alert of a packet is recorded"},
    {"pcap", "picket runs on DPDK: see --interface"},
    {"pcap-file", "see picket replay"},
    {"pcre", "PCRE's limits are fixed"},
    {"pid-file", "the service manager's business"},
    {"plugins", "picket loads no code at run time"},
    {"profiling", "see --measure-stages"},
    {"rule-reload", kNotYet},
    {"run-as", "the service manager's business"},
    {"runmode", kThreads},
    {"security", kNotYet},
    {"spm-algo", "always Hyperscan"},
    {"stats.decoder-events", "all are counted"},
    {"stats.decoder-events-prefix", "always decoder"},
    {"stats.enabled", "see outputs.eve-log.types.stats.enabled"},
    {"stats.stream-events", "all are counted"},
    {"stream.bypass", "a flow of which nothing more is wanted is always left alone"},
    {"stream.drop-invalid", kPassive},
    {"stream.inline", kPassive},
    {"stream.liberal-timestamps", kNotYet},
    {"stream.max-synack-queued", kNotYet},
    {"stream.max-syn-queued", kNotYet},
    {"stream.memcap", kNoMemcap},
    {"stream.memcap-policy", kPassive},
    {"stream.midstream-policy", kPassive},
    {"stream.prealloc-sessions", "memory is always taken at start"},
    {"stream.reassembly.check-overlap-different-data", "always checked"},
    {"stream.reassembly.max-regions", "see stream.reassembly.max-held-segments"},
    {"stream.reassembly.memcap", kNoMemcap},
    {"stream.reassembly.memcap-policy", kPassive},
    {"stream.reassembly.randomize-chunk-range", "streams are looked at as they come, without chunks"},
    {"stream.reassembly.randomize-chunk-size", "streams are looked at as they come, without chunks"},
    {"stream.reassembly.raw", "rules always look at the stream"},
    {"stream.reassembly.segment-prealloc", "memory is always taken at start"},
    {"stream.reassembly.toclient-chunk-size", "streams are looked at as they come, without chunks"},
    {"stream.reassembly.toserver-chunk-size", "streams are looked at as they come, without chunks"},
    {"stream.reassembly.urgent.oob-limit", "there is none"},
    {"suricata-version", "told by Suricata to its tools"},
    {"threading", kThreads},
    {"unix-command", "there is no command socket"},
    {"vlan.recursion-level", "a packet in a tunnel belongs to the same flow as outside of one"},
    {"windivert", kPassive},
};

// Names that may stand in a file written for Suricata 8; a protocol of picket's own needs no line here.
constexpr std::string_view kProtocols[] = {
    "bittorrent-dht", "dcerpc",   "dhcp",  "dnp3",  "dns",       "doh2", "enip",  "ftp",
    "ftp-data",       "http",     "http1", "http2", "ike",       "imap", "krb5",  "ldap",
    "mdns",           "modbus",   "mqtt",  "msn",   "nfs",       "ntp",  "pgsql", "pop3",
    "quic",           "rdp",      "rfb",   "sip",   "smb",       "smtp", "snmp",  "ssh",
    "telnet",         "template", "tftp",  "tls",   "websocket",
};
constexpr std::string_view kRecords[] = {
    "arp",  "bittorrent-dht", "dcerpc", "dhcp",     "dnp3",   "dns",   "doh2",
    "drop", "enip",           "files",  "ftp",      "http",   "http2", "ike",
    "krb5", "ldap",           "mdns",   "metadata", "modbus", "mqtt",  "netflow",
    "nfs",  "pgsql",          "pop3",   "quic",     "rdp",    "rfb",   "sip",
    "smb",  "smtp",           "snmp",   "ssh",      "tftp",   "tls",   "websocket",
};

}  // namespace

std::span<const Alias> aliases() noexcept { return kAliases; }
std::span<const Ignored> ignored_keys() noexcept { return kIgnored; }
bool suricata_knows_protocol(std::string_view name) noexcept {
  return std::find(std::begin(kProtocols), std::end(kProtocols), name) != std::end(kProtocols);
}
bool suricata_knows_record(std::string_view name) noexcept {
  return std::find(std::begin(kRecords), std::end(kRecords), name) != std::end(kRecords);
}

// "a.b" stands for itself and all below it; "a.b-" for all that begin so.
bool key_matches(std::string_view name, std::string_view key) noexcept {
  while (!name.empty()) {
    if (name.front() == '*') {
      name.remove_prefix(1);
      key.remove_prefix(std::min(key.find('.'), key.size()));
      continue;
    }
    if (key.empty() || key.front() != name.front()) return name == "." && key.empty();
    const bool is_open_end = name == "." || name == "-";
    name.remove_prefix(1);
    key.remove_prefix(1);
    if (is_open_end) return true;
  }
  return key.empty() || key.front() == '.';
}

}  // namespace picket::config
