#include "export/collector/config.h"

#include <fmt/format.h>
#include <spdlog/common.h>
#include <yaml-cpp/yaml.h>

#include <filesystem>

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

constexpr Key kKeys[] = {
    {"listen", "127.0.0.1:5514", "where sensors connect; loopback only",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.server.listen = n.as<std::string>();
       return nullptr;
     }},
    {"store", kDefaultStore, "the file that keeps the records",
     [](const YAML::Node& n, Config& c) -> const char* {
       c.store = n.as<std::string>();
       return nullptr;
     }},
    {"max-message-mib", "20", "largest message from a sensor, 1 to 256 MiB",
     [](const YAML::Node& n, Config& c) {
       return ranged(n, 1, 256, kMiB, c.server.max_message_bytes, "has to be 1 to 256");
     }},
    {"max-batch-mib", "16", "largest batch before compression, 1 to 256 MiB",
     [](const YAML::Node& n, Config& c) {
       return ranged<std::size_t>(n, 1, 256, kMiB, c.server.batch.max_records_bytes, "has to be 1 to 256");
     }},
    {"max-sensors", "256", "sensors at the same time, 1 to 4096",
     [](const YAML::Node& n, Config& c) {
       return ranged(n, 1, 4096, 1, c.server.max_sensors, "has to be 1 to 4096");
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

Error bad(const std::string& path, const YAML::Mark& mark, const std::string& why) {
  return mark.is_null() ? Error{fmt::format("{}: {}", path, why)}
                        : Error{fmt::format("{}:{}: {}", path, mark.line + 1, why)};
}

}  // namespace

std::string config_help() {
  std::string text = "Keys of the configuration file:\n";
  for (const Key& k : kKeys) text += fmt::format("  {:<16} {} [{}]\n", k.name, k.help, k.initial);
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
      for (const Key& k : kKeys) {
        if (name == k.name) key = &k;
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
