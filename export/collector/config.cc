#include "export/collector/config.h"

#include <fmt/format.h>
#include <spdlog/common.h>
#include <unistd.h>
#include <yaml-cpp/yaml.h>

#include <charconv>
#include <climits>
#include <filesystem>
#include <limits>
#include <span>

namespace picket::collector {
namespace {

constexpr int kMiB = 1 << 20;

/// One key: what it is called, what it does, and how its value gets into a Config. `set` throws what yaml-cpp
/// throws, and gives an error when the value is out of range.
struct Key {
  const char* name;
  const char* initial;
  const char* help;
  const char* (*set)(const YAML::Node&, Config&);
};

template <class T>
const char* ranged(const YAML::Node& node, T min, T max, T scale, T& out, const char* error) {
  const T v = node.as<T>();
  if (v < min || v > max) return error;
  out = v * scale;
  return nullptr;
}

/// A number and what it is of; the number alone only when it is 0.
bool read_unit(const std::string& text,
               std::initializer_list<std::pair<std::string_view, std::uint64_t>> units, std::uint64_t& out) {
  std::uint64_t n = 0;
  const char* const end = text.data() + text.size();
  const auto [at, error] = std::from_chars(text.data(), end, n);
  if (error != std::errc{}) return false;
  std::string_view unit(at, static_cast<std::size_t>(end - at));
  if (unit.starts_with(' ')) unit.remove_prefix(1);
  if (unit.empty()) return (out = n) == 0;
  for (const auto& [name, size] : units) {
    if (unit != name || n > std::numeric_limits<std::int64_t>::max() / size) continue;
    out = n * size;
    return true;
  }
  return false;
}
bool read_age(const std::string& text, std::chrono::seconds& out) {
  std::uint64_t n = 0;
  if (!read_unit(text, {{"s", 1}, {"m", 60}, {"h", 3600}, {"d", 86400}}, n) || n > 1'000'000'000)
    return false;
  out = std::chrono::seconds(n);
  return true;
}
bool read_size(const std::string& text, std::uint64_t& out) {
  return read_unit(text, {{"MiB", 1ULL << 20}, {"GiB", 1ULL << 30}, {"TiB", 1ULL << 40}}, out);
}

const char* text(const YAML::Node& node, std::string& out) {
  out = node.as<std::string>();
  return out.empty() ? "is empty; give it a value or leave it away" : nullptr;
}

constexpr const char* kAgeError = "has to be 0 or a number with s, m, h or d: 90d";
constexpr const char* kSizeError = "has to be 0 or a number with MiB, GiB or TiB: 500 GiB";

const char* age(const YAML::Node& node, std::chrono::seconds& out) {
  return read_age(node.as<std::string>(), out) ? nullptr : kAgeError;
}
const char* size(const YAML::Node& node, std::uint64_t& out) {
  return read_size(node.as<std::string>(), out) ? nullptr : kSizeError;
}
/// Of a request: 1 s to an hour.
const char* timeout(const YAML::Node& node, std::chrono::milliseconds& out) {
  std::chrono::seconds s{};
  if (!read_age(node.as<std::string>(), s) || s < std::chrono::seconds(1) || s > std::chrono::hours(1))
    return "has to be 1s to 1h";
  out = s;
  return nullptr;
}

constexpr std::chrono::hours kDay{24};

/// Where records come from.
constexpr Key kSourceKeys[] = {
    {"listen", "", "HOST:PORT without TLS, on this machine only: 127.0.0.1:5514",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.server.listen = n.as<std::string>();
       return nullptr;
     }},
    {"tls.listen", "", "HOST:PORT where sensors come with certificates: 0.0.0.0:5514",
     [](const YAML::Node& n, Config& c) { return text(n, c.tls.listen); }},
    {"tls.ca", "", "PEM file: the CA of the sensors' certificates, one or more",
     [](const YAML::Node& n, Config& c) { return text(n, c.tls.credentials.trust.ca); }},
    {"tls.certificate", "", "PEM file: the collector's own",
     [](const YAML::Node& n, Config& c) { return text(n, c.tls.credentials.certificate); }},
    {"tls.key", "", "PEM file: its private key, for nobody else to read",
     [](const YAML::Node& n, Config& c) { return text(n, c.tls.credentials.key); }},
    {"tls.crl", "", "PEM file: what each CA has revoked",
     [](const YAML::Node& n, Config& c) { return text(n, c.tls.credentials.trust.crl); }},
    {"tls.stale-crl", "refuse", "when that list should have been replaced: refuse everybody, or accept it",
     [](const YAML::Node& n, Config& c) -> const char* {
       const auto what = n.as<std::string>();
       c.tls.credentials.trust.accept_stale_crl = what == "accept";
       return what == "accept" || what == "refuse" ? nullptr : "has to be refuse or accept";
     }},
    {"tls.allow", "", "file: the only sensors that are let in, a name or sha256:FINGERPRINT a line",
     [](const YAML::Node& n, Config& c) { return text(n, c.tls.credentials.trust.allow); }},
    {"tls.groups", "prefer-hybrid", "key exchange: prefer-hybrid, require-hybrid (OpenSSL 3.5) or classical",
     [](const YAML::Node& n, Config& c) -> const char* {
       const auto* found = tls::find_groups(n.as<std::string>());
       if (found == nullptr) return "has to be prefer-hybrid, require-hybrid or classical";
       c.tls.credentials.groups = found->groups;
       return nullptr;
     }},
    {"require-signatures", "no", "yes: batches that no sensor's key stands for are not taken; needs tls.ca",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.router.require_signatures = n.as<bool>();
       return nullptr;
     }},
    {"intake.folder", "", "folder of files that sensors' export.one-way.folder gave; see README",
     [](const YAML::Node& n, Config& c) { return text(n, c.intake.folder); }},
    {"intake.patience", "60s", "a file that is missing or not whole is waited for so long, 0 to 1d",
     [](const YAML::Node& n, Config& c) -> const char* {
       const bool good = read_age(n.as<std::string>(), c.intake.patience) && c.intake.patience <= kDay;
       return good ? nullptr : "has to be 0 to 1d: 60s";
     }},
    {"intake.max-file-size", "64 MiB", "larger ones are refused, 1 MiB to 1 GiB",
     [](const YAML::Node& n, Config& c) -> const char* {
       const bool good = read_size(n.as<std::string>(), c.intake.max_file_bytes);
       const bool fits = c.intake.max_file_bytes >= kMiB && c.intake.max_file_bytes <= 1024ULL * kMiB;
       return good && fits ? nullptr : "has to be 1 MiB to 1 GiB";
     }},
    {"intake.done-max-size", "1 GiB",
     "of done/, where files are when all is stored; the oldest go; 0: all at once",
     [](const YAML::Node& n, Config& c) { return size(n, c.intake.done_max_bytes); }},
    {"intake.done-max-age", "7d", "and files that were taken in so long ago: 12h, 30d; 0: whatever their age",
     [](const YAML::Node& n, Config& c) { return age(n, c.intake.done_max_age); }},
    {"intake.refused-max-size", "1 GiB", "of refused/, where damaged files are; the oldest go",
     [](const YAML::Node& n, Config& c) { return size(n, c.intake.refused_max_bytes); }},
};

/// Where they go.
constexpr Key kSinkKeys[] = {
    {"store", kDefaultStore, "the file that keeps the records for query; none: other sinks alone",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.store.path = n.as<std::string>();
       return c.store.path.empty() ? "is empty; name a file, or none" : nullptr;
     }},
    {"store.max-age", "0", "records go so long after they were stored: 12h, 90d; 0: never",
     [](const YAML::Node& n, Config& c) { return age(n, c.store.max_age); }},
    {"store.max-size", "0", "what is beyond goes, oldest first: 500 MiB, 2 TiB, at least 64 MiB; 0: no limit",
     [](const YAML::Node& n, Config& c) -> const char* {
       constexpr const char* kError = "has to be 0, or 64 MiB and more, with MiB, GiB or TiB: 500 GiB";
       if (!read_size(n.as<std::string>(), c.store.max_bytes)) return kError;
       return c.store.max_bytes == 0 || c.store.max_bytes >= (std::uint64_t{64} << 20) ? nullptr : kError;
     }},
    {"eve.path", "", "EVE JSON: the file that is written to; others come beside it when it is put away",
     [](const YAML::Node& n, Config& c) { return text(n, c.eve.path); }},
    {"eve.rotate-size", "1 GiB", "it is put away when it has this size; 0: whatever its size",
     [](const YAML::Node& n, Config& c) { return size(n, c.eve.rotate_bytes); }},
    {"eve.rotate-every", "1d", "and when such a time, counted from 1970 UTC, is over; 0: whatever its age",
     [](const YAML::Node& n, Config& c) { return age(n, c.eve.rotate_every); }},
    {"eve.keep-files", "0", "of those put away, the newest; 0: all",
     [](const YAML::Node& n, Config& c) {
       return ranged<std::uint64_t>(n, 0, 1'000'000, 1, c.eve.keep_files, "has to be 0 to 1000000");
     }},
    {"eve.keep-size", "0", "of all put away, the newest, of which one stays: 500 GiB; 0: all",
     [](const YAML::Node& n, Config& c) { return size(n, c.eve.keep_bytes); }},
    {"clickhouse.url", "", "http://127.0.0.1:8123, or https:// where it is not this machine",
     [](const YAML::Node& n, Config& c) { return text(n, c.clickhouse.url); }},
    {"clickhouse.database", "picket", "made when it is not there",
     [](const YAML::Node& n, Config& c) { return text(n, c.clickhouse.database); }},
    {"clickhouse.user", "", "left away: the server's default user",
     [](const YAML::Node& n, Config& c) { return text(n, c.clickhouse.user); }},
    {"clickhouse.password", "", "then this file is for nobody else to read",
     [](const YAML::Node& n, Config& c) { return text(n, c.clickhouse.password); }},
    {"clickhouse.ca", "", "PEM file: the CA of the server; left away: the system's",
     [](const YAML::Node& n, Config& c) { return text(n, c.clickhouse.ca); }},
    {"clickhouse.certificate", "", "PEM file: the collector's own, for this server",
     [](const YAML::Node& n, Config& c) { return text(n, c.clickhouse.certificate); }},
    {"clickhouse.key", "", "PEM file: its private key",
     [](const YAML::Node& n, Config& c) { return text(n, c.clickhouse.key); }},
    {"clickhouse.keep-days", "0", "TTL of tables that are made, by servers from 21.3 on; 0: for ever",
     [](const YAML::Node& n, Config& c) {
       return ranged<unsigned>(n, 0, 36500, 1, c.clickhouse.keep_days, "has to be 0 to 36500");
     }},
    {"clickhouse.lines", "1",
     "inserts at the same time, 1 to 64: the lanes of sensors are shared out among them",
     [](const YAML::Node& n, Config& c) {
       return ranged<unsigned>(n, 1, 64, 1, c.clickhouse_lines, "has to be 1 to 64");
     }},
    {"clickhouse.timeout", "60s", "of one request, 1s to 1h",
     [](const YAML::Node& n, Config& c) { return timeout(n, c.clickhouse.timeout); }},
    {"kafka.brokers", "", "HOST:PORT, comma between; with encryption (kafka.settings) or on this machine",
     [](const YAML::Node& n, Config& c) { return text(n, c.kafka.brokers); }},
    {"kafka.prefix", "picket", "topics are PREFIX.TYPE and PREFIX.heads",
     [](const YAML::Node& n, Config& c) { return text(n, c.kafka.prefix); }},
    {"kafka.transactional-id", "picket-collector-HOST-LISTEN",
     "of this collector alone, the same after a restart; HOST: this machine's name, LISTEN: tls.listen, "
     "listen or "
     "intake.folder",
     [](const YAML::Node& n, Config& c) { return text(n, c.kafka.transactional_id); }},
    {"kafka.make-heads", "yes", "makes the topic PREFIX.heads, compacted, where it is not there",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.kafka.make_heads = n.as<bool>();
       return nullptr;
     }},
    {"kafka.timeout", "30s", "of a transaction, 1s to 1h",
     [](const YAML::Node& n, Config& c) { return timeout(n, c.kafka.timeout); }},
    {"kafka.settings", "",
     "librdkafka's own: {security.protocol: ssl, ssl.ca.location: /etc/picket/kafka.crt}",
     [](const YAML::Node& n, Config& c) -> const char* {
       if (!n.IsMap()) return "has to be a map: {security.protocol: ssl}";
       c.kafka.settings = n.as<std::map<std::string, std::string>>();
       return nullptr;
     }},
    {"syslog.server", "", "HOST:PORT that gets alerts (RFC 5424)",
     [](const YAML::Node& n, Config& c) { return text(n, c.syslog.server); }},
    {"syslog.transport", "tls", "tls, or on this machine tcp or udp",
     [](const YAML::Node& n, Config& c) -> const char* {
       const auto what = n.as<std::string>();
       c.syslog.transport = what == "udp"   ? SyslogTransport::kUdp
                            : what == "tcp" ? SyslogTransport::kTcp
                                            : SyslogTransport::kTls;
       return what == "tls" || what == "tcp" || what == "udp" ? nullptr : "has to be tls, tcp or udp";
     }},
    {"syslog.ca", "", "PEM file: the CA of the server; left away: the system's",
     [](const YAML::Node& n, Config& c) { return text(n, c.syslog.ca); }},
    {"syslog.certificate", "", "PEM file: the collector's own, for this server",
     [](const YAML::Node& n, Config& c) { return text(n, c.syslog.certificate); }},
    {"syslog.key", "", "PEM file: its private key",
     [](const YAML::Node& n, Config& c) { return text(n, c.syslog.key); }},
    {"syslog.queue", "10000", "alerts that wait for the server, 1 to 1000000; what is beyond is dropped",
     [](const YAML::Node& n, Config& c) {
       return ranged<std::size_t>(n, 1, 1'000'000, 1, c.syslog.queue, "has to be 1 to 1000000");
     }},
    {"dead-letter", "the store's name with .dead-letters",
     "file for records that a sink will never take; none: counted alone",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.dead_letter = n.as<std::string>();
       return c.dead_letter.empty() ? "is empty; name a file, or none" : nullptr;
     }},
    {"dead-letter.max-size", "256 MiB", "of that file, 1 MiB and more; beyond, records are counted alone",
     [](const YAML::Node& n, Config& c) -> const char* {
       const bool good = read_size(n.as<std::string>(), c.dead_letter_bytes) && c.dead_letter_bytes != 0;
       return good ? nullptr : "has to be 1 MiB and more: 256 MiB; to keep none, write `dead-letter: none`";
     }},
};

/// The collector itself.
constexpr Key kOwnKeys[] = {
    {"max-queue-mib", "256",
     "batches on their way to the sinks, 32 to 65536 MiB; when they are more, sensors wait",
     [](const YAML::Node& n, Config& c) {
       return ranged<std::size_t>(n, 32, 65536, kMiB, c.router.max_bytes, "has to be 32 to 65536");
     }},
    {"max-message-mib", "20", "largest message from a sensor, 1 to 256 MiB",
     [](const YAML::Node& n, Config& c) {
       return ranged(n, 1, 256, kMiB, c.server.max_message_bytes, "has to be 1 to 256");
     }},
    {"max-batch-mib", "16", "largest batch before compression, 1 to 256 MiB",
     [](const YAML::Node& n, Config& c) {
       return ranged<std::size_t>(n, 1, 256, kMiB, c.router.batch.max_records_bytes, "has to be 1 to 256");
     }},
    {"max-sensors", "4096",
     "sensors at the same time, 1 to 65536; each takes 3 open files with TLS, 1 without",
     [](const YAML::Node& n, Config& c) {
       return ranged(n, 1, 65536, 1, c.server.max_sensors, "has to be 1 to 65536");
     }},
    {"metrics.listen", "", "HOST:PORT at which GET /metrics has figures in OpenMetrics' format",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.metrics.listen = n.as<std::string>();
       return nullptr;
     }},
    {"metrics.allow-remote", "no", "this may be more than loopback, unencrypted and open to all",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.metrics.allow_remote = n.as<bool>();
       return nullptr;
     }},
    {"orders", "", "folder of orders for sensors; empty: they get none",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.orders = n.as<std::string>();
       return nullptr;
     }},
    {"log-level", "info", "debug, info, warn or error",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.log_level = n.as<std::string>();
       const bool known = spdlog::level::from_str(c.log_level) != spdlog::level::off;
       return known ? nullptr : "has to be debug, info, warn or error";
     }},
};

constexpr std::span<const Key> kKeys[] = {kSourceKeys, kSinkKeys, kOwnKeys};

Error bad(const std::string& path, const YAML::Mark& mark, const std::string& why) {
  return mark.is_null() ? Error{fmt::format("{}: {}", path, why)}
                        : Error{fmt::format("{}:{}: {}", path, mark.line + 1, why)};
}

}  // namespace

std::uint64_t Config::most_files() const {
  constexpr std::uint64_t kOthers = 256;
  // Of a connection with TLS there is the network's socket, and both ends of the pair to gRPC.
  const std::uint64_t of_a_sensor = (tls.listen.empty() ? 0 : 3) + (server.listen.empty() ? 0 : 1);
  return kOthers + of_a_sensor * static_cast<std::uint64_t>(server.max_sensors);
}

std::string Config::dead_letter_path() const {
  if (dead_letter == kNone) return "";
  if (dead_letter != kBesideStore) return dead_letter;
  return (has_store() ? store.path : kDefaultStore) + ".dead-letters";
}

std::string Config::transactional_id() const {
  if (!kafka.transactional_id.empty()) return kafka.transactional_id;
  char host[HOST_NAME_MAX + 1] = "";
  ::gethostname(host, sizeof host - 1);
  const std::string& from = !tls.listen.empty()      ? tls.listen
                            : !server.listen.empty() ? server.listen
                                                     : intake.folder;
  return fmt::format("picket-collector-{}-{}", host, from);
}

std::string config_help() {
  std::string text = "Keys of the configuration file:\n";
  for (const auto keys : kKeys)
    for (const Key& k : keys) text += fmt::format("  {:<22} {} [{}]\n", k.name, k.help, k.initial);
  return text;
}

Result<Config> load_config(const std::string& path) {
  Config config;
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {  // yaml-cpp would let an exception of iostreams out
    return Error{
        fmt::format("{}: cannot be read: it is a folder; name a configuration file with --config", path)};
  }
  try {
    const YAML::Node root = YAML::LoadFile(path);
    if (root.IsNull()) return config;
    if (!root.IsMap()) return bad(path, root.Mark(), "expected `key: value` lines");
    for (const auto& entry : root) {
      const auto name = entry.first.as<std::string>();
      const Key* key = nullptr;
      for (const auto keys : kKeys) {
        for (const Key& k : keys) {
          if (name == k.name) key = &k;
        }
      }
      if (key == nullptr) {
        return bad(path, entry.first.Mark(),
                   fmt::format("there is no key '{}'; see `picket-collector serve --help`", name));
      }
      try {
        if (const char* why = key->set(entry.second, config)) {
          return bad(path, entry.second.Mark(), fmt::format("{}: {}", name, why));
        }
      } catch (const YAML::Exception&) {
        return bad(path, entry.second.Mark(), fmt::format("{}: the value does not fit: {}", name, key->help));
      }
    }
    return config;
  } catch (const YAML::BadFile&) {
    return Error{fmt::format("{}: cannot be read; name a configuration file with --config", path)};
  } catch (const std::ios_base::failure&) {  // what reading a folder ends in
    return Error{
        fmt::format("{}: cannot be read: no regular file; name a configuration file with --config", path)};
  } catch (const YAML::Exception& e) {
    return bad(path, e.mark, "no YAML: " + e.msg + "; write lines 'key: value'");
  }
}

}  // namespace picket::collector
