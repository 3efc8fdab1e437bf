// The table of keys. A key's default is what its field says in the struct that uses it.
#include "sensor/config/config_keys.h"

#include <algorithm>

namespace picket::config {
namespace {

using Words = std::span<const std::string_view>;

std::string one_of(Words words) {
  std::string s = "has to be ";
  for (std::size_t i = 0; i < words.size(); ++i) {
    s += std::string(i == 0 ? "" : i + 1 == words.size() ? " or " : ", ") + std::string(words[i]);
  }
  return s;
}

Refusal in_range(const Key& key, std::uint64_t v, bool as_size) {
  if (v >= key.min && v <= key.max) return {};
  const auto show = [as_size](std::uint64_t n) { return as_size ? show_size(n) : std::to_string(n); };
  return "has to be " + show(key.min) + " to " + show(key.max);
}

// Each kind of key, for a field that `kField` finds in a draft. Lambdas without captures may be template
// arguments.

template <auto kField>
Refusal set_bool(const Key&, const Value& v, Draft& d) {
  const auto b = parse_bool(v.text);
  if (!b) return "has to be yes or no";
  kField(d) = *b;
  return {};
}
template <auto kField>
std::string show_bool(const Draft& d) {
  return kField(d) ? "yes" : "no";
}

template <auto kField, std::uint64_t kUnit, bool kAsSize>
Refusal set_number(const Key& key, const Value& v, Draft& d) {
  const auto n = kAsSize ? parse_size(v.text) : parse_count(v.text);
  if (!n) return kAsSize ? "has to be a number of bytes, such as 65536 or 64kb" : "has to be a number";
  if (auto refusal = in_range(key, *n, kAsSize)) return refusal;
  using Field = std::remove_cvref_t<decltype(kField(d))>;
  kField(d) = static_cast<Field>(*n * kUnit);
  return {};
}
template <auto kField, std::uint64_t kUnit, bool kAsSize>
std::string show_number(const Draft& d) {
  const auto v = static_cast<std::uint64_t>(kField(d)) / kUnit;
  return kAsSize ? show_size(v) : std::to_string(v);
}

template <auto kField>
Refusal set_text(const Key&, const Value& v, Draft& d) {
  kField(d) = v.text;
  return {};
}
template <auto kField>
std::string show_text(const Draft& d) {
  return kField(d);
}

/// A path: a relative one counts from the folder of the file it is written in.
template <auto kField>
Refusal set_path(const Key&, const Value& v, Draft& d) {
  kField(d) = v.text.empty() ? "" : (d.folder / v.text).string();
  return {};
}

template <auto kTunnel>
constexpr Key tunnel_enabled(std::string_view name, std::string_view help) {
  constexpr auto kField = [](auto& d) -> auto& { return kTunnel(d).enabled; };
  return {name, set_bool<kField>, show_bool<kField>, help, 0, 0, "yes or no"};
}
template <auto kTunnel, auto kPorts>
constexpr Key tunnel_ports(std::string_view name, std::string_view help) {
  return {name,
          [](const Key&, const Value& v, Draft& d) -> Refusal {
            kTunnel(d).ports = v.items;
            kTunnel(d).where = v.where;
            return {};
          },
          [](const Draft& d) {
            std::string s;
            for (const auto port : kPorts(d.config.worker.decode)) {
              if (port != 0) s += (s.empty() ? "" : ",") + std::to_string(port);
            }
            return s;
          },
          help,
          0,
          0,
          "up to 4 ports, or $NAME of vars.port-groups"};
}

#define FIELD(expression) ([](auto& d) -> auto& { return d.expression; })
#define BOOL(name, expression, help) \
  Key { name, set_bool<FIELD(expression)>, show_bool<FIELD(expression)>, help, 0, 0, "yes or no" }
#define COUNT(name, expression, min, max, help)                                                             \
  Key {                                                                                                     \
    name, set_number<FIELD(expression), 1, false>, show_number<FIELD(expression), 1, false>, help, min, max \
  }
#define SIZE(name, expression, min, max, help)                                                            \
  Key {                                                                                                   \
    name, set_number<FIELD(expression), 1, true>, show_number<FIELD(expression), 1, true>, help, min, max \
  }
#define SECONDS_IN_NS(name, expression, min, max, help)                      \
  Key {                                                                      \
    name, set_number<FIELD(expression), 1'000'000'000, false>,               \
        show_number<FIELD(expression), 1'000'000'000, false>, help, min, max \
  }
#define TEXT(name, expression, help) \
  Key { name, set_text<FIELD(expression)>, show_text<FIELD(expression)>, help, 0, 0, "text" }
#define PATH(name, expression, help) \
  Key { name, set_path<FIELD(expression)>, show_text<FIELD(expression)>, help, 0, 0, "path" }

constexpr std::uint64_t kKb = 1024, kMb = kKb * 1024, kGb = kMb * 1024, kTb = kGb * 1024;
constexpr std::uint64_t kDay = 86400;

/// Suricata's eight levels and what picket has for them.
struct LogLevel {
  std::string_view word, level;
};
constexpr LogLevel kLogLevels[] = {{"debug", "debug"},    {"perf", "debug"},     {"config", "debug"},
                                   {"info", "info"},      {"notice", "info"},    {"warning", "warning"},
                                   {"error", "error"},    {"critical", "error"}, {"alert", "error"},
                                   {"emergency", "error"}};
Refusal set_log_level(const Key&, const Value& v, Draft& d) {
  for (const LogLevel& l : kLogLevels) {
    if (l.word == v.text) return d.config.log_level = l.level, Refusal{};
  }
  return "has to be debug, info, warning or error (or another level of Suricata's)";
}

constexpr std::string_view kKeepWords[] = {"auto", "no", "yes"};  // in the order of AssetsConfig::Keep
Refusal set_keep(const Key&, const Value& v, Draft& d) {
  using Keep = AssetsConfig::Keep;
  const auto on = parse_bool(v.text);
  if (!on && v.text != kKeepWords[0]) return one_of(kKeepWords);
  d.config.assets.keep = !on ? Keep::kAuto : *on ? Keep::kYes : Keep::kNo;
  return {};
}
/// Who asks for the records wants an inventory to be kept.
Refusal set_asset_records(const Key&, const Value& v, Draft& d) {
  using Keep = AssetsConfig::Keep;
  const auto on = parse_bool(v.text);
  if (!on) return "has to be yes or no";
  AssetsConfig& a = d.config.assets;
  a.records = *on;
  if (*on && a.keep == Keep::kAuto) a.keep = Keep::kYes;
  return {};
}
std::string show_keep(const Draft& d) {
  return std::string(kKeepWords[static_cast<std::size_t>(d.config.assets.keep)]);
}

Refusal set_collectors(const Key&, const Value& v, Draft& d) {
  if (v.items.size() > 8) return "has more than 8 collectors";
  d.config.exporter.collectors = v.items;
  return {};
}
std::string show_collectors(const Draft& d) {
  std::string s;
  for (const std::string& c : d.config.exporter.collectors) s += (s.empty() ? "" : ",") + c;
  return s;
}

constexpr std::string_view kModeWords[] = {"failover", "all"};
Refusal set_export_mode(const Key&, const Value& v, Draft& d) {
  if (v.text != kModeWords[0] && v.text != kModeWords[1]) return one_of(kModeWords);
  d.config.exporter.mode = v.text == kModeWords[0] ? delivery::Mode::kFailover : delivery::Mode::kAll;
  return {};
}
std::string show_export_mode(const Draft& d) {
  return std::string(kModeWords[static_cast<std::size_t>(d.config.exporter.mode)]);
}

constexpr std::string_view kFsyncWords[] = {"always", "batch-interval", "off"};
Refusal set_fsync(const Key&, const Value& v, Draft& d) {
  const auto at = std::find(std::begin(kFsyncWords), std::end(kFsyncWords), v.text);
  if (at == std::end(kFsyncWords)) return one_of(kFsyncWords);
  d.config.exporter.spool_fsync = static_cast<delivery::Fsync>(at - std::begin(kFsyncWords));
  return {};
}
std::string show_fsync(const Draft& d) {
  return std::string(kFsyncWords[static_cast<std::size_t>(d.config.exporter.spool_fsync)]);
}

Refusal set_rss(const Key&, const Value& v, Draft& d) {
  static constexpr std::string_view kWords[] = {"ip-pair", "five-tuple"};
  if (v.text != kWords[0] && v.text != kWords[1]) return one_of(kWords);
  d.config.rss = v.text == kWords[0] ? ShardMode::kIpPair : ShardMode::kFiveTuple;
  return {};
}

/// Also takes what Suricata writes for stream.checksum-validation and pcap-file.checksum-checks.
Refusal set_checksums(const Key&, const Value& v, Draft& d) {
  const auto b = parse_bool(v.text);
  if (!b && v.text != "verify" && v.text != "ignore" && v.text != "auto") return "has to be verify or ignore";
  d.config.worker.decode.verify_checksums = b.value_or(v.text == "verify");
  return {};
}

/// What an inline sensor does with urgent bytes beside, picket has no part in: they are out of band then, too.
Refusal set_urgent(const Key&, const Value& v, Draft& d) {
  static constexpr std::string_view kWords[] = {"oob", "inline", "drop", "gap"};
  const auto* const word = std::find(std::begin(kWords), std::end(kWords), v.text);
  if (word == std::end(kWords)) return one_of(kWords);
  d.config.worker.stream.urgent = *word == "inline" ? UrgentByte::kInline : UrgentByte::kOutOfBand;
  return {};
}

Refusal set_cores(const Key&, const Value& v, Draft& d) {
  std::vector<int> cores;
  for (const std::string& item : v.items) {
    const auto dash = item.find('-');
    const auto first = parse_count(item.substr(0, dash));
    const auto last = dash == std::string::npos ? first : parse_count(item.substr(dash + 1));
    if (!first || !last || *first > *last || *last > 1023)
      return "has to be a list of cores, such as [2,3] or [4-7]";
    for (auto c = *first; c <= *last; ++c) cores.push_back(static_cast<int>(c));
  }
  d.config.cores = std::move(cores);
  return {};
}

constexpr std::string_view kHashes[] = {"md5", "sha1", "sha256"};
Refusal set_force_hash(const Key&, const Value& v, Draft& d) {
  FileWants& wants = d.config.worker.app.files.wants;
  wants.md5 = wants.sha1 = wants.sha256 = false;
  for (const std::string& item : v.items) {
    const auto* const at = std::find(std::begin(kHashes), std::end(kHashes), item);
    if (at == std::end(kHashes)) return "has to be a list of md5, sha1, sha256";
    (*at == "md5" ? wants.md5 : *at == "sha1" ? wants.sha1 : wants.sha256) = true;
  }
  return {};
}
std::string show_force_hash(const Draft& d) {
  const FileWants& wants = d.config.worker.app.files.wants;
  std::string s;
  for (const std::string_view hash : kHashes) {
    const bool on = hash == "md5" ? wants.md5 : hash == "sha1" ? wants.sha1 : wants.sha256;
    if (on) s += (s.empty() ? "" : ",") + std::string(hash);
  }
  return s;
}

struct DetailWord {
  std::string_view word;
  OtDetail detail;
};
constexpr DetailWord kDetails[] = {
    {"full", OtDetail::kFull}, {"changes", OtDetail::kChanges}, {"summary", OtDetail::kSummary}};

/// Of all protocols of plants at once.
template <class Set>
void each_telling(Draft& d, Set&& set) {
  for (std::size_t i = 0; i < d.config.eve.ot.size(); ++i) {
    if (protocols()[i]->ot != nullptr) set(d.config.eve.ot[i]);
  }
}
/// What all of them have, or else the initial one.
template <class Get>
auto common(const Draft& d, Get&& get) {
  std::vector<decltype(get(OtTelling{}))> all;
  for (std::size_t i = 0; i < d.config.eve.ot.size(); ++i) {
    if (protocols()[i]->ot != nullptr) all.push_back(get(d.config.eve.ot[i]));
  }
  const bool same = !all.empty() && std::equal(all.begin() + 1, all.end(), all.begin());
  return same ? all[0] : get(OtTelling{OtDetail::kChanges});
}

Refusal set_detail(const Key&, const Value& v, Draft& d) {
  const OtDetail* detail = find_detail(v.text);
  if (detail == nullptr) return "has to be " + std::string(kDetailWords);
  each_telling(d, [&](OtTelling& t) { t.detail = *detail; });
  return {};
}
std::string show_detail(const Draft& d) {
  return std::string(detail_word(common(d, [](const OtTelling& t) { return t.detail; })));
}
Refusal set_detail_interval(const Key& key, const Value& v, Draft& d) {
  const auto n = parse_count(v.text);
  if (!n) return "has to be a number";
  if (auto refusal = in_range(key, *n, false)) return refusal;
  each_telling(d, [&](OtTelling& t) { t.interval_ns = *n * 1'000'000'000; });
  return {};
}
std::string show_detail_interval(const Draft& d) {
  return std::to_string(common(d, [](const OtTelling& t) { return t.interval_ns; }) / 1'000'000'000);
}

Refusal set_rule_files(const Key&, const Value& v, Draft& d) {
  d.rule_files = v.items;
  d.rule_folder = d.folder;
  return {};
}

Refusal set_reputation_files(const Key&, const Value& v, Draft& d) {
  d.reputation_files = v.items;
  d.reputation_folder = d.folder;
  return {};
}

/// A relative one counts from the folder of the file it is written in.
Refusal set_intel_files(const Key&, const Value& v, Draft& d) {
  d.config.intel.files.clear();
  for (const std::string& f : v.items) d.config.intel.files.push_back((d.folder / f).string());
  return {};
}

Refusal set_stale_crl(const Key&, const Value& v, Draft& d) {
  if (v.text != "refuse" && v.text != "accept") return "has to be refuse or accept";
  d.config.export_tls.credentials.trust.accept_stale_crl = v.text == "accept";
  return {};
}
std::string show_stale_crl(const Draft& d) {
  return d.config.export_tls.credentials.trust.accept_stale_crl ? "accept" : "refuse";
}

Refusal set_groups(const Key&, const Value& v, Draft& d) {
  const tls::GroupsWord* found = tls::find_groups(v.text);
  if (found == nullptr) return "has to be prefer-hybrid, require-hybrid or classical";
  d.config.export_tls.credentials.groups = found->groups;
  return {};
}
std::string show_groups(const Draft& d) {
  for (const tls::GroupsWord& g : tls::kGroupsWords) {
    if (g.groups == d.config.export_tls.credentials.groups) return std::string(g.word);
  }
  return {};
}

template <class List>
std::string join(const List& list) {
  std::string s;
  for (const auto& item : list) s += (s.empty() ? "" : ",") + std::string(item);
  return "[" + s + "]";
}

constexpr Key kKeys[] = {
    // who and where
    TEXT("sensor-name", config.sensor_name, "name of this sensor, in every record"),
    {"logging.default-log-level", set_log_level, show_text<FIELD(config.log_level)>, "what is logged", 0, 0,
     "debug, info, warning or error"},
    COUNT("workers", config.workers, 1, 64, "worker cores"),
    {"cores", set_cores,
     [](const Draft& d) {
       std::vector<std::string> s;
       for (const int c : d.config.cores) s.push_back(std::to_string(c));
       return join(s);
     },
     "CPU cores that workers are pinned to; empty: the kernel decides", 0, 0, "list, such as [2,3] or [4-7]"},
    {"rss", set_rss,
     [](const Draft& d) -> std::string {
       return d.config.rss == ShardMode::kIpPair ? "ip-pair" : "five-tuple";
     },
     "how packets are spread over workers; with five-tuple, fragments and FTP data go their own way", 0, 0,
     "ip-pair or five-tuple"},

    // memory, all taken at start
    SIZE("memory.pool", config.worker.pool_bytes, kMb, kTb,
         "each worker's memory for parsers, transactions and reassembly"),
    SIZE("memory.event-ring", config.worker.event_ring_bytes, kMb, kTb,
         "each worker's room for records that wait for the export thread"),

    // decoding
    {"checksums", set_checksums,
     [](const Draft& d) -> std::string {
       return d.config.worker.decode.verify_checksums ? "verify" : "ignore";
     },
     "packets with a wrong checksum are no part of a stream, or are taken as they are", 0, 0,
     "verify or ignore"},
    COUNT("decoder.max-layers", config.worker.decode.max_layers, 1, 64, "headers inside each other"),
    BOOL("decoder.erspan.enabled", config.worker.decode.erspan, "look into ERSPAN"),
    tunnel_enabled<FIELD(vxlan)>("decoder.vxlan.enabled", "look into VXLAN"),
    tunnel_ports<FIELD(vxlan), FIELD(vxlan_ports)>("decoder.vxlan.ports", "UDP ports of VXLAN"),
    tunnel_enabled<FIELD(geneve)>("decoder.geneve.enabled", "look into Geneve"),
    tunnel_ports<FIELD(geneve), FIELD(geneve_ports)>("decoder.geneve.ports", "UDP ports of Geneve"),
    tunnel_enabled<FIELD(teredo)>("decoder.teredo.enabled", "look into Teredo"),
    tunnel_ports<FIELD(teredo), FIELD(teredo_ports)>("decoder.teredo.ports", "UDP ports of Teredo"),
    tunnel_enabled<FIELD(gtp)>("decoder.gtp.enabled", "look into GTP-U"),
    tunnel_ports<FIELD(gtp), FIELD(gtp_ports)>("decoder.gtp.ports", "UDP ports of GTP-U"),
    SIZE("defrag.memcap", config.worker.defrag.memcap_bytes, 64 * kKb, kTb,
         "fragments that wait for their datagram, of all workers"),
    COUNT("defrag.trackers", config.worker.defrag.trackers, 64, 1 << 24, "datagrams in pieces at a time"),
    SECONDS_IN_NS("defrag.timeout", config.worker.defrag.timeout_ns, 1, kDay, "seconds a datagram may take"),
    COUNT("defrag.max-pieces", config.worker.defrag.max_pieces, 2, 8192, "fragments of one datagram"),

    // flows
    COUNT("flow.hash-size", config.worker.flow.flows, 64, 1 << 28, "flows in the table, of all workers"),
    COUNT("flow.interim", config.worker.flow.interim_s, 0, kDay,
          "seconds after which a flow that goes on has a record, again and again; 0: never"),
    BOOL("vlan.use-for-tracking", config.worker.flow.vlan_in_key,
         "flows of different VLANs are different flows"),
#define TIMEOUTS(suricata, field)                                                                         \
  COUNT("flow-timeouts." suricata ".new", config.worker.flow.timeouts.field.fresh_s, 1, kDay,             \
        "seconds of silence that end a flow with packets of one side"),                                   \
      COUNT("flow-timeouts." suricata ".established", config.worker.flow.timeouts.field.established_s, 1, \
            kDay, "seconds of silence that end a flow of both sides"),                                    \
      COUNT("flow-timeouts." suricata ".closed", config.worker.flow.timeouts.field.closed_s, 0, kDay,     \
            "seconds of silence that end a flow that was closed")
    TIMEOUTS("default", other),
    TIMEOUTS("tcp", tcp),
    TIMEOUTS("udp", udp),
    TIMEOUTS("icmp", icmp),
    TIMEOUTS("ethernet", ethernet),
#undef TIMEOUTS
    BOOL("stream.midstream", config.worker.stream.midstream, "follow connections whose start was not seen"),
    BOOL("stream.async-oneside", config.worker.stream.one_side,
         "follow connections of which one side is not seen"),
    {"stream.reassembly.urgent.policy", set_urgent,
     [](const Draft& d) -> std::string {
       return d.config.worker.stream.urgent == UrgentByte::kInline ? "inline" : "oob";
     },
     "the byte that an urgent pointer names is no part of the stream, or is", 0, 0, "oob or inline"},
    SIZE("stream.reassembly.depth", config.worker.stream.depth_bytes, 0, kTb,
         "bytes of each direction that are looked at; 0: all"),
    SIZE("stream.reassembly.max-held-bytes", config.worker.stream.max_held_bytes, kKb, kGb,
         "bytes of each direction that wait behind a hole"),
    COUNT("stream.reassembly.max-held-segments", config.worker.stream.max_held_segments, 1, 65536,
          "segments of each direction that wait behind a hole"),
    COUNT("app-layer.probe-bytes", config.worker.app.probe_bytes, 64, 65536,
          "bytes of each direction in which a protocol has to show itself"),

    COUNT("app-layer.max-files", config.worker.app.files.max_files, 1, 65536,
          "files of one transaction that are followed"),
    {"app-layer.detail", set_detail, show_detail,
     "operations that only read or examine: each has its record, or one each interval that is of its own "
     "kind, or one each "
     "interval for each pair of hosts and operation; for all protocols that have it at once",
     0, 0, kDetailWords},
    {"app-layer.detail-interval", set_detail_interval, show_detail_interval,
     "seconds of such an interval, for all protocols at once", 1, kMaxDetailInterval},
    SIZE("app-layer.detail-memcap", config.eve.ot_memcap_bytes, 64 * kKb, kTb,
         "memory for records that wait for the end of their interval; above it they go out in full"),
    PATH("magic-file", config.worker.app.files.magic_file, "libmagic's database; empty: the system's"),

    // assets
    {"assets.enabled", set_keep, show_keep,
     "keep an inventory of assets; auto: live, and in a replay with --assets", 0, 0, "auto, yes or no"},
    TEXT("assets.networks", config.assets.networks,
         "addresses that may be assets, written as in a rule's header"),
    COUNT("assets.max", config.assets.max, 16, 1'000'000,
          "assets that are known at once; above it those that were unseen for longest go"),
    COUNT("assets.settle", config.assets.settle_s, 1, kDay,
          "seconds of capture time between what is new or changed of an asset and its record"),
    COUNT("assets.interval", config.assets.interval_s, 60, 365 * kDay,
          "seconds of capture time after which an asset that is still seen is told again"),
    PATH("assets.state", config.assets.state,
         "file in which the inventory outlives a run; empty: it does not"),
    COUNT("assets.state-interval", config.assets.state_interval_s, 10, kDay,
          "live: seconds between two writes of it"),
    PATH("assets.vendors", config.assets.vendors,
         "folder with the IEEE's lists of MAC prefixes (Debian's package ieee-data); empty: no vendors by "
         "MAC"),

    // indicators
    {"intel.files", set_intel_files, [](const Draft& d) { return join(d.config.intel.files); },
     "files of indicators of compromise, or glob patterns; what fits one gives a record of type intel", 0, 0,
     "list of paths"},
    SIZE("intel.memcap", config.intel.memcap_bytes, kMb, kTb,
         "memory for indicators; what comes above it is left out, and said. A million take less than 64mb"),
    COUNT("intel.max-per-minute", config.intel.per_minute, 1, 1'000'000,
          "records of one indicator in a minute of capture time; above it they are only counted"),
    COUNT("intel.watch", config.intel.watch_s, 0, kDay,
          "live: seconds between two looks at these files, which are read again when one changed; 0: only at "
          "SIGHUP"),

    // rules
    PATH("default-rule-path", config.rules.default_path, "where relative rule files are"),
    {"rule-files", set_rule_files, [](const Draft& d) { return join(d.rule_files); },
     "rule files or glob patterns", 0, 0, "list of paths"},
    COUNT("rules.watch", config.rules.watch_s, 0, kDay,
          "live: seconds between two looks at the rule files, which are read again when one changed; 0: only "
          "at "
          "SIGHUP"),
    PATH("default-data-dir", config.rules.data_dir,
         "where data sets with state or save are kept; empty: they are not"),
    PATH("threshold-file", config.rules.threshold_file, "threshold.config: thresholds and suppressions"),
    PATH("reputation-categories-file", config.rules.reputation_categories_file,
         "iprep: what the categories are called"),
    PATH("default-reputation-path", config.rules.reputation_path, "where relative reputation files are"),
    {"reputation-files", set_reputation_files, [](const Draft& d) { return join(d.reputation_files); },
     "iprep: which addresses are known for what", 0, 0, "list of paths"},
    PATH("geoip-database", config.rules.geoip_database, "geoip: countries of addresses, in MaxMind's format"),
    PATH("classification-file", config.rules.classification_file,
         "classification.config: classes and priorities"),
    PATH("reference-config-file", config.rules.reference_file, "reference.config: systems of references"),

    // records
    BOOL("outputs.eve-log.enabled", config.eve.enabled, "write EVE JSON"),
    PATH("outputs.eve-log.filename", config.eve.filename, "where, unless --eve says"),
    BOOL("outputs.eve-log.community-id", config.eve.community_id, "Community ID in every record"),
    COUNT("outputs.eve-log.community-id-seed", config.eve.community_id_seed, 0, 65535, "its seed"),
    BOOL("outputs.eve-log.types.alert.enabled", config.eve.alerts, "records of alerts"),
    BOOL("outputs.eve-log.types.stats.enabled", config.eve.stats, "records of statistics"),
    COUNT("stats.interval", config.stats_interval_s, 0, kDay,
          "seconds of capture time between records of statistics, live; 0: at the end only, as in a replay"),
    BOOL("outputs.eve-log.types.flow.enabled", config.worker.records.flows, "records of flows"),
    BOOL("outputs.eve-log.types.files.enabled", config.worker.records.files, "records of files"),
    {"outputs.eve-log.types.files.force-hash", set_force_hash, show_force_hash,
     "hashes that every file's record has, also where no rule asks", 0, 0, "list of md5, sha1, sha256"},
    BOOL("outputs.file-store.enabled", file_store,
         "every file's record has its SHA-256, by which stores name files; files themselves are not kept"),
    BOOL("outputs.eve-log.types.files.force-magic", config.worker.app.files.wants.magic,
         "what libmagic says in every file's record; up to half a millisecond a file"),
    BOOL("outputs.eve-log.types.alert.payload", config.eve.detail.payload,
         "bytes that a rule looked at, in base64"),
    BOOL("outputs.eve-log.types.alert.payload-printable", config.eve.detail.payload_printable,
         "the same as text, with dots for what cannot be printed"),
    BOOL("outputs.eve-log.types.alert.payload-length", config.eve.detail.payload_length, "how many they are"),
    SIZE("outputs.eve-log.types.alert.payload-buffer-size", config.eve.detail.payload_bytes, 64, 64 * kKb,
         "so many of them at most"),
    BOOL("outputs.eve-log.types.alert.packet", config.eve.detail.packet, "the packet of an alert, in base64"),
    BOOL("outputs.eve-log.types.alert.tagged-packets", config.worker.records.tagged_packets,
         "records of packets behind an alert whose rule has a tag"),
    BOOL("outputs.eve-log.types.arp.enabled", config.worker.records.arp, "records of ARP"),
    {"outputs.eve-log.types.asset.enabled", set_asset_records, show_bool<FIELD(config.assets.records)>,
     "records of assets; yes also keeps an inventory in a replay", 0, 0, "yes or no"},
    BOOL("outputs.eve-log.types.anomaly.packethdr", config.eve.detail.anomaly_packet,
         "the packet of an anomaly, in base64"),
    BOOL("outputs.eve-log.ethernet", config.eve.detail.ethernet, "MAC addresses"),
    BOOL("outputs.eve-log.types.anomaly.types.decode", config.worker.records.anomaly_decode,
         "records of packets that cannot be decoded"),
    BOOL("outputs.eve-log.types.anomaly.types.stream", config.worker.records.anomaly_stream,
         "records of oddities of TCP"),
    BOOL("outputs.eve-log.types.anomaly.types.applayer", config.worker.records.anomaly_applayer,
         "records of oddities of protocols"),

    COUNT("stop-timeout", config.stop_timeout_s, 1, 3600,
          "seconds that a clean end after SIGINT or SIGTERM may take; what is not delivered by then is lost"),

    // from a collector
    PATH("orders.folder", config.orders.folder,
         "live: where sets of rules and indicators are kept that collectors send; empty: none are taken"),
    PATH("orders.key", config.orders.key,
         "public keys that may sign them, in one PEM file: Ed25519, P-256 or P-384"),
    SIZE("orders.max-size", config.orders.max_bytes, kKb, 4 * kGb, "bytes of one set"),

    // to a collector
    {"export.collector", set_collectors, show_collectors,
     "HOST:PORT of a collector that records are sent to"},
    {"export.collectors", set_collectors, show_collectors, "several of them: see export.mode", 0, 0,
     "list of HOST:PORT, at most 8"},
    {"export.mode", set_export_mode, show_export_mode,
     "several collectors: the first that answers, or all of them get everything", 0, 0, "failover or all"},
    PATH("export.tls.ca", config.export_tls.credentials.trust.ca,
         "PEM file: the CA of the collectors' certificates, one or more; with these keys, collectors are "
         "reached by TLS alone"),
    PATH("export.tls.certificate", config.export_tls.credentials.certificate,
         "PEM file: this sensor's own, which names it"),
    PATH("export.tls.key", config.export_tls.credentials.key,
         "PEM file: its private key, for nobody else to read; batches are signed with it, too"),
    PATH("export.tls.crl", config.export_tls.credentials.trust.crl,
         "PEM file: what each CA has revoked; empty: nothing"),
    {"export.tls.stale-crl", set_stale_crl, show_stale_crl,
     "when that list should have been replaced: no collector is believed, or as before", 0, 0,
     "refuse or accept"},
    {"export.tls.groups", set_groups, show_groups,
     "key exchange; hybrid ones resist quantum computers, and need OpenSSL 3.5", 0, 0,
     "prefer-hybrid, require-hybrid or classical"},
    TEXT("export.tls.server-name", config.export_tls.server_name,
         "what each collector's certificate has to bear; empty: the host of export.collector"),
    PATH("export.spool.path", config.exporter.spool_folder,
         "folder in which records wait for collectors, and outlive picket; empty: they wait in memory"),
    SIZE("export.spool.max-size", config.exporter.spool_max_bytes, kMb, 1024 * kTb,
         "bytes of it; above them statistics go first, then flows, transactions, alerts last"),
    COUNT("export.spool.max-age", config.exporter.spool_max_age_h, 0, 10 * 365 * 24,
          "hours that a record waits in it at most; 0: any time"),
    SIZE("export.spool.max-refused", config.exporter.spool_max_refused_bytes, kMb, 1024 * kTb,
         "bytes of its folder refused/, where batches are that a collector will never take; the oldest go"),
    {"export.spool.fsync", set_fsync, show_fsync,
     "what survives a loss of power: all that was sent, all but the last second, or what the kernel wrote", 0,
     0, "always, batch-interval or off"},
    PATH("export.one-way.folder", config.exporter.one_way_folder,
         "folder for files of batches, to be carried over a data diode; empty: none"),
    SIZE("export.one-way.max-size", config.exporter.one_way_max_bytes, kMb, 1024 * kTb,
         "bytes of files in it; above them nothing is written until some are taken away"),
    BOOL("export.compress", config.exporter.compress, "compress batches"),
    COUNT("export.max-batch-records", config.exporter.max_batch_records, 1, 1'000'000, "records of a batch"),
    SIZE("export.max-batch-size", config.exporter.max_batch_bytes, 4 * kKb, 16 * kMb, "bytes of a batch"),
    SIZE("export.max-unacked", config.exporter.max_unacked_bytes, kMb, kTb,
         "bytes that wait in memory: without a spool, or while its disk takes nothing"),

    // to who monitors the sensor
    TEXT("metrics.listen", config.metrics.listen,
         "HOST:PORT at which GET /metrics has figures in the format of OpenMetrics; empty: nowhere"),
    BOOL("metrics.allow-remote", config.metrics.allow_remote,
         "this may be more than loopback, although it is not encrypted and asks nobody who they are"),
};

}  // namespace

const OtDetail* find_detail(std::string_view word) noexcept {
  for (const DetailWord& d : kDetails) {
    if (d.word == word) return &d.detail;
  }
  return nullptr;
}

std::string_view detail_word(OtDetail detail) noexcept {
  for (const DetailWord& d : kDetails) {
    if (d.detail == detail) return d.word;
  }
  return {};
}

std::span<const Key> keys() noexcept { return kKeys; }

}  // namespace picket::config
