// From YAML and --set to a Config. Every value, wherever it is from, goes through Loader::set() as text.
#include <yaml-cpp/yaml.h>

#include <algorithm>

#include "dataplane/app/app_layer.h"
#include "sensor/config/config_keys.h"
#include "sensor/config/config_patient.h"

namespace picket {
namespace config {
namespace {

constexpr std::string_view kProtocolPrefix = "app-layer.protocols.";
constexpr std::string_view kAddressPrefix = "vars.address-groups.";
constexpr std::string_view kPortPrefix = "vars.port-groups.";
constexpr std::string_view kTypesPrefix = "outputs.eve-log.types.";
constexpr unsigned kMaxDepth = 32;

bool take_prefix(std::string_view& s, std::string_view prefix) {
  if (s.substr(0, prefix.size()) != prefix || s.size() == prefix.size()) return false;
  s.remove_prefix(prefix.size());
  return true;
}

/// "outputs.1.eve-log.enabled", as --set counts list items, without the numbers; then by the name picket
/// knows.
std::string known_name(std::string_view key) {
  std::string name;
  while (!key.empty()) {
    const auto part = key.substr(0, key.find('.'));
    if (!part.empty() && part.find_first_not_of("0123456789") != std::string_view::npos) {
      name += (name.empty() ? "" : ".") + std::string(part);
    }
    key.remove_prefix(std::min(part.size() + 1, key.size()));
  }
  for (const Alias& a : aliases()) {
    std::string_view rest = name;
    if (name == a.from) return std::string(a.to);
    if (a.from.back() == '.' && take_prefix(rest, a.from)) return std::string(a.to) + std::string(rest);
  }
  return name;
}

class Loader {
 public:
  void read_file(const std::filesystem::path& path);
  void read_set(const std::string& assignment);
  /// What is wrong with a key becomes a warning.
  void forgive() noexcept { forgiving_ = true; }
  Result<Config> finish();

 private:
  void walk(const YAML::Node&, const std::string& key, unsigned depth);
  void walk_list(const YAML::Node&, const std::string& key, unsigned depth);
  void walk_record_types(const YAML::Node&, const std::string& key, unsigned depth);
  void set(const std::string& key, const Value&);
  bool set_protocol(std::string_view rest, const Value&);
  bool set_telling(const std::string& key, std::string_view rest, OtTelling&, const Value&);
  void set_limit(const std::string& key, const LimitDef&, std::uint64_t& limit, const Value&);
  bool set_record_type(std::string_view rest, const Value&);
  void switch_record(std::string_view type, bool on, const Value&);
  void switch_all_records(bool on);
  void unknown(const std::string& key, const Value&);
  void ignore(const Ignored&, const std::string& key, const Value&);
  void resolve_tunnel(const char* key, const Draft::Tunnel&, PortList&);

  void error(const Value& v, const std::string& what) { errors_.push_back(v.where + ": " + what); }
  void warn(const Value& v, const std::string& what) {
    draft_.config.warnings.push_back(v.where + ": " + what);
  }
  [[nodiscard]] std::string where(const YAML::Node& n) const {
    const auto mark = n.Mark();
    return file_ + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
  }

  Draft draft_;
  std::string file_;
  std::vector<std::string> errors_;
  bool forgiving_ = false, readable_ = true;
  struct Skipped {
    const Ignored* entry;
    std::string where, key;
    unsigned count = 0;
  };
  std::vector<Skipped> skipped_;  // one warning for each entry of the table
};

void Loader::read_file(const std::filesystem::path& path) {
  file_ = path.string();
  draft_.folder = path.parent_path();
  std::error_code ignored;
  if (std::filesystem::is_directory(path, ignored)) {  // yaml-cpp would let an exception of iostreams out
    errors_.push_back(file_ + ": cannot be read: it is a folder");
    readable_ = false;
    return;
  }
  try {
    const YAML::Node root = YAML::LoadFile(file_);
    if (root.IsMap()) {
      walk(root, "", 0);
    } else if (!root.IsNull()) {
      errors_.push_back(file_ + ": a configuration is made of lines 'key: value'");
    }
  } catch (const YAML::BadFile&) {
    errors_.push_back(file_ + ": cannot be read");
    readable_ = false;
  } catch (const YAML::Exception& e) {
    errors_.push_back(file_ + ":" + std::to_string(e.mark.line + 1) + ":" +
                      std::to_string(e.mark.column + 1) + ": no YAML: " + e.msg +
                      "; write lines 'key: value'");
    readable_ = false;
  }
}

void Loader::read_set(const std::string& assignment) {
  Value v;
  v.where = "--set " + assignment;
  draft_.folder.clear();
  const auto equals = assignment.find('=');
  const std::string key(trim(std::string_view(assignment).substr(0, equals)));
  if (equals == std::string::npos || key.empty()) return error(v, "write KEY=VALUE");
  v.text = trim(std::string_view(assignment).substr(equals + 1));
  v.items = split_list(v.text);
  set(key, v);
}

void Loader::walk(const YAML::Node& node, const std::string& key, unsigned depth) {
  Value v;
  v.where = where(node);
  if (depth > kMaxDepth) return error(v, key + ": nested too deeply");
  if (node.IsMap()) {
    for (const auto& entry : node) {
      const std::string name = entry.first.Scalar();
      walk(entry.second, key.empty() ? name : key + "." + name, depth + 1);
    }
  } else if (node.IsSequence()) {
    known_name(key) + "." == kTypesPrefix ? walk_record_types(node, key, depth) : walk_list(node, key, depth);
  } else {
    v.text = node.IsNull() ? "" : node.Scalar();
    v.items = split_list(v.text);
    set(key, v);
  }
}

void Loader::walk_list(const YAML::Node& node, const std::string& key, unsigned depth) {
  Value v;
  v.where = where(node);
  bool plain = true;
  for (const auto& item : node) {
    if (item.IsScalar()) {
      v.items.push_back(item.Scalar());
      v.text += (v.text.empty() ? "" : ",") + item.Scalar();
    } else {  // outputs, interfaces: a list of things with keys of their own
      plain = false;
      walk(item, key, depth + 1);
    }
  }
  if (!plain) return;
  v.text = "[" + v.text + "]";
  set(key, v);
}

/// What is not in the list is not written.
void Loader::walk_record_types(const YAML::Node& node, const std::string& key, unsigned depth) {
  switch_all_records(false);
  for (const auto& item : node) {
    Value v;
    v.where = where(item);
    if (item.IsScalar()) {
      switch_record(item.Scalar(), true, v);
    } else if (item.IsMap()) {
      for (const auto& entry : item) switch_record(entry.first.Scalar(), true, v);
      walk(item, key, depth + 1);  // its own `enabled` may say otherwise
    }
  }
}

void Loader::set(const std::string& written, const Value& v) {
  const std::string key = known_name(written);
  std::string_view rest = key;
  if (take_prefix(rest, kAddressPrefix)) {
    draft_.config.rules.address_groups[std::string(rest)] = v.text;
    return;
  }
  if (take_prefix(rest, kPortPrefix)) {
    draft_.config.rules.port_groups[std::string(rest)] = v.text;
    return;
  }
  if (take_prefix(rest, kProtocolPrefix) && set_protocol(rest, v)) return;
  rest = key;
  for (const Key& k : keys()) {
    if (k.name != key) continue;
    if (const Refusal why = k.set(k, v, draft_)) error(v, written + ": '" + v.text + "' " + *why);
    return;
  }
  if (take_prefix(rest, kTypesPrefix) && set_record_type(rest, v)) return;
  for (const Ignored& i : ignored_keys()) {
    if (key_matches(i.name, key)) return ignore(i, written, v);
  }
  unknown(written, v);
}

/// "http.enabled", "http.request-body-limit". False: other tables may know the rest.
bool Loader::set_protocol(std::string_view rest, const Value& v) {
  const std::string name(rest.substr(0, rest.find('.')));
  rest.remove_prefix(std::min(name.size() + 1, rest.size()));
  const ProtocolId id = find_protocol(name);
  const std::string key = std::string(kProtocolPrefix) + name + "." + std::string(rest);
  if (id == kNoProtocol) {
    const bool is_off = rest == "enabled" && !parse_bool(v.text).value_or(true);
    if (suricata_knows_protocol(name)) {
      if (rest == "enabled" && !is_off) warn(v, key + ": not honoured: " + name + " is not parsed yet");
      return true;
    }
    Nearest nearest(name);
    for (const ProtocolSpec* spec : protocols()) nearest.consider(spec->name);
    error(v, key + ": unknown protocol '" + name + "'" + nearest.hint());
    return true;
  }
  const ProtocolSpec& spec = *protocols()[id];
  if (rest == "enabled") {
    const auto on = parse_bool(v.text);
    if (!on && v.text != "detection-only")
      return error(v, key + ": '" + v.text + "' has to be yes or no"), true;
    draft_.config.worker.app.enabled[id] = on.value_or(false);
    return true;
  }
  if (spec.ot != nullptr && set_telling(key, rest, draft_.config.eve.ot[id], v)) return true;
  auto& limits = draft_.config.worker.app.limits[id];
  if (has_patients(spec) && (rest == kPatientName || rest == kPatientKeyName)) {
    const std::string_view wanted = set_patient(rest, v.text, limits);
    // A key that was mistyped is still most of a key: it is not said again.
    const std::string said = rest == kPatientName ? ": '" + v.text + "'" : ":";
    if (!wanted.empty()) error(v, key + said + " has to be " + std::string(wanted));
    return true;
  }
  const auto plain = plain_limits(spec);
  for (std::size_t i = 0; i < plain.size(); ++i) {
    if (plain[i].name != rest) continue;
    set_limit(key, plain[i], limits[i], v);
    return true;
  }
  return false;
}

/// "detail" and "detail-interval" of protocols of plants.
bool Loader::set_telling(const std::string& key, std::string_view rest, OtTelling& telling, const Value& v) {
  if (rest == "detail") {
    const OtDetail* detail = find_detail(v.text);
    if (detail == nullptr)
      return error(v, key + ": '" + v.text + "' has to be " + std::string(kDetailWords)), true;
    telling.detail = *detail;
    return true;
  }
  if (rest != "detail-interval") return false;
  const auto n = parse_count(v.text);
  if (!n || *n < 1 || *n > kMaxDetailInterval) {
    error(v, key + ": '" + v.text + "' has to be 1 to " + std::to_string(kMaxDetailInterval) + " seconds");
  } else {
    telling.interval_ns = *n * 1'000'000'000;
  }
  return true;
}

void Loader::set_limit(const std::string& key, const LimitDef& def, std::uint64_t& limit, const Value& v) {
  auto n = parse_size(v.text);
  // What is on or off may say so; "auto" is where rules decide in Suricata.
  if (const auto on = parse_bool(v.text); !n && def.max == 1 && (on || v.text == "auto"))
    n = on.value_or(true);
  if (!n) return error(v, key + ": '" + v.text + "' has to be a number, such as 65536 or 64kb");
  limit = std::clamp(*n == 0 && def.min > 0 ? def.max : *n, def.min, def.max);  // Suricata's 0 is "no limit"
  if (limit != *n) {
    warn(v, key + ": '" + v.text + "' is beyond " + show_size(def.min) + " to " + show_size(def.max) + "; " +
                show_size(limit) + " is taken");
  }
}

/// "http.enabled"; what else stands below a type is not honoured.
bool Loader::set_record_type(std::string_view rest, const Value& v) {
  const auto dot = rest.find('.');
  if (dot != std::string_view::npos && rest.substr(dot + 1) != "enabled") return false;
  const auto on = parse_bool(v.text);
  if (!on && !v.text.empty()) {
    error(v, std::string(kTypesPrefix) + std::string(rest) + ": '" + v.text + "' has to be yes or no");
  } else {
    switch_record(rest.substr(0, dot), on.value_or(true), v);
  }
  return true;
}

void Loader::switch_all_records(bool on) {
  EveConfig& eve = draft_.config.eve;
  RecordConfig& r = draft_.config.worker.records;
  if (!on) r.arp = false;  // only where it is asked for by name
  draft_.config.assets.records = on;
  eve.alerts = eve.stats = r.files = r.flows = r.anomaly_applayer = r.anomaly_decode = r.anomaly_stream = on;
  eve.transactions.assign(eve.transactions.size(), on);
}

void Loader::switch_record(std::string_view type, bool on, const Value& v) {
  EveConfig& eve = draft_.config.eve;
  RecordConfig& r = draft_.config.worker.records;
  bool found = true;
  if (type == "alert") {
    eve.alerts = on;
  } else if (type == "stats") {
    eve.stats = on;
  } else if (type == "flow") {
    r.flows = on;
  } else if (type == "asset") {
    AssetsConfig& a = draft_.config.assets;
    a.records = on;
    if (on && a.keep == AssetsConfig::Keep::kAuto) a.keep = AssetsConfig::Keep::kYes;
  } else if (type == "arp") {
    r.arp = on;
  } else if (type == "files" || type == "fileinfo") {
    r.files = on;
  } else if (type == "anomaly") {
    const RecordConfig initial;
    r.anomaly_decode = on && initial.anomaly_decode;
    r.anomaly_stream = on && initial.anomaly_stream;
    r.anomaly_applayer = on && initial.anomaly_applayer;
  } else {
    found = false;
    const auto named = [&](const ProtocolSpec* spec) { return spec->name == type; };
    const bool is_protocol = std::any_of(protocols().begin(), protocols().end(), named);
    for (std::size_t i = 0; i < protocols().size(); ++i) {
      const ProtocolSpec& spec = *protocols()[i];
      const bool along = type == "ftp" && spec.record == "ftp_data";  // Suricata has one switch for both
      // Of a message that several protocols share each has its own: http and http2.
      if (!(is_protocol ? spec.name == type : spec.record == type) && !along) continue;
      eve.transactions[i] = on;
      found = true;
    }
  }
  if (found) return;
  if (suricata_knows_record(type)) {
    if (on)
      warn(v,
           std::string(kTypesPrefix) + std::string(type) + ": not honoured: there are no such records yet");
    return;
  }
  Nearest nearest(type);
  for (const std::string_view known : {"alert", "anomaly", "asset", "files", "flow", "stats"})
    nearest.consider(known);
  for (const ProtocolSpec* spec : protocols()) nearest.consider(spec->record);
  error(v, std::string(kTypesPrefix) + std::string(type) + ": unknown type of record" + nearest.hint());
}

void Loader::ignore(const Ignored& entry, const std::string& key, const Value& v) {
  if (entry.name.substr(0, 8) == "outputs." && parse_bool(v.text) == false)
    return;  // switched off: nothing is missed
  const auto at =
      std::find_if(skipped_.begin(), skipped_.end(), [&](const Skipped& s) { return s.entry == &entry; });
  if (at != skipped_.end()) {
    ++at->count;
  } else {
    skipped_.push_back({&entry, v.where, key, 1});
  }
}

void Loader::unknown(const std::string& key, const Value& v) {
  Nearest nearest(known_name(key));
  const auto keys = config_key_texts();  // outlives what `nearest` says of it
  for (const ConfigKeyText& k : keys) nearest.consider(k.name);
  error(v, key + ": unknown key" + nearest.hint());
}

void Loader::resolve_tunnel(const char* key, const Draft::Tunnel& t, PortList& ports) {
  Value v;
  v.where = t.where;
  std::vector<std::string> numbers;
  for (const std::string& item : t.ports) {
    if (item.empty() || item.front() != '$') {
      numbers.push_back(item);
      continue;
    }
    const auto& groups = draft_.config.rules.port_groups;
    const auto group = groups.find(item.substr(1));
    if (group == groups.end())
      return error(v, std::string(key) + ": '" + item + "' is not in vars.port-groups");
    for (std::string& number : split_list(group->second)) numbers.push_back(std::move(number));
  }
  if (numbers.size() > ports.size()) {
    return error(v, std::string(key) + ": at most " + std::to_string(ports.size()) + " ports");
  }
  if (!numbers.empty()) ports.fill(0);
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    const auto port = parse_count(numbers[i]);
    if (!port || *port == 0 || *port > 65535) {
      return error(v, std::string(key) + ": '" + numbers[i] + "' has to be a port, 1 to 65535");
    }
    ports[i] = static_cast<std::uint16_t>(*port);
  }
  if (!t.enabled) ports.fill(0);
}

Result<Config> Loader::finish() {
  DecodeConfig& decode = draft_.config.worker.decode;
  resolve_tunnel("decoder.vxlan.ports", draft_.vxlan, decode.vxlan_ports);
  resolve_tunnel("decoder.geneve.ports", draft_.geneve, decode.geneve_ports);
  resolve_tunnel("decoder.teredo.ports", draft_.teredo, decode.teredo_ports);
  resolve_tunnel("decoder.gtp.ports", draft_.gtp, decode.gtp_ports);
  if (draft_.file_store) draft_.config.worker.app.files.wants.sha256 = true;
  RulesConfig& rules = draft_.config.rules;
  const std::filesystem::path folder =
      rules.default_path.empty() ? draft_.rule_folder : std::filesystem::path(rules.default_path);
  for (const std::string& f : draft_.rule_files) rules.files.push_back((folder / f).string());
  const std::filesystem::path reputation =
      rules.reputation_path.empty() ? draft_.reputation_folder : std::filesystem::path(rules.reputation_path);
  for (const std::string& f : draft_.reputation_files)
    rules.reputation_files.push_back((reputation / f).string());
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    const ProtocolSpec& spec = *protocols()[i];
    if (!has_patients(spec) || !lacks_patient_key(draft_.config.worker.app.limits[i])) continue;
    const std::string prefix = std::string(kProtocolPrefix) + std::string(spec.name) + ".";
    errors_.push_back(prefix + "patient: hash needs " + prefix + "patient-key, " +
                      std::string(kPatientKeyWords));
  }
  for (const Skipped& s : skipped_) {
    const std::string more = s.count == 1 ? "" : " (and " + std::to_string(s.count - 1) + " more like it)";
    draft_.config.warnings.push_back(s.where + ": " + s.key + more +
                                     ": not honoured: " + std::string(s.entry->reason));
  }
  if (forgiving_ && readable_) {
    auto& warnings = draft_.config.warnings;
    warnings.insert(warnings.begin(), errors_.begin(), errors_.end());
    errors_.clear();
  }
  if (errors_.empty()) return std::move(draft_.config);
  std::string all;
  for (std::size_t i = 0; i < errors_.size() && i < kMaxConfigErrors; ++i)
    all += (i == 0 ? "" : "\n") + errors_[i];
  if (errors_.size() > kMaxConfigErrors) {
    all += "\nand " + std::to_string(errors_.size() - kMaxConfigErrors) + " more problems";
  }
  return Error{all};
}

}  // namespace
}  // namespace config

Config default_config() {
  Config c;
  c.worker.app = default_app_config();
  c.eve.transactions.assign(protocols().size(), true);
  for (const ProtocolSpec* spec : protocols())
    c.eve.ot.push_back({spec->ot == nullptr ? OtDetail::kFull : OtDetail::kChanges});
  return c;
}

Result<Config> load_config(const std::optional<std::filesystem::path>& file,
                           std::span<const std::string> sets) {
  config::Loader loader;
  if (file) loader.read_file(*file);
  for (const std::string& s : sets) loader.read_set(s);
  return loader.finish();
}

namespace {

/// The value of each key, in the order of config_key_texts() but for the variables.
std::vector<std::pair<std::string, std::string>> values_of(const Config& c) {
  std::vector<std::pair<std::string, std::string>> all;
  config::Draft draft;
  draft.config = c;
  draft.rule_files = c.rules.files;
  draft.reputation_files = c.rules.reputation_files;
  const DecodeConfig& decode = c.worker.decode;
  draft.vxlan.enabled = decode.vxlan_ports != PortList{};
  draft.geneve.enabled = decode.geneve_ports != PortList{};
  draft.teredo.enabled = decode.teredo_ports != PortList{};
  draft.gtp.enabled = decode.gtp_ports != PortList{};
  for (const config::Key& k : config::keys()) all.emplace_back(k.name, k.show(draft));
  const auto yes_no = [](bool b) { return b ? "yes" : "no"; };
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    const ProtocolSpec& spec = *protocols()[i];
    const std::string prefix = std::string(config::kProtocolPrefix) + std::string(spec.name) + ".";
    all.emplace_back(prefix + "enabled", yes_no(c.worker.app.enabled[i]));
    if (spec.ot != nullptr) {
      all.emplace_back(prefix + "detail", config::detail_word(c.eve.ot[i].detail));
      all.emplace_back(prefix + "detail-interval", std::to_string(c.eve.ot[i].interval_ns / 1'000'000'000));
    }
    const auto plain = config::plain_limits(spec);
    for (std::size_t l = 0; l < plain.size(); ++l)
      all.emplace_back(prefix + std::string(plain[l].name), config::show_size(c.worker.app.limits[i][l]));
    if (config::has_patients(spec)) {
      all.emplace_back(prefix + std::string(kPatientName), config::patient_word(c.worker.app.limits[i]));
      all.emplace_back(prefix + std::string(kPatientKeyName), config::patient_key(c.worker.app.limits[i]));
    }
    const ProtocolId owner = find_protocol(spec.record);  // of a message that it shares, or nobody
    const std::string_view type = owner == kNoProtocol || owner == i ? spec.record : spec.name;
    all.emplace_back(std::string(config::kTypesPrefix) + std::string(type) + ".enabled",
                     yes_no(c.eve.transactions[i]));
  }
  return all;
}

std::string quoted(const std::string& value) {
  std::string s = "\"";
  for (const char c : value) {
    if (c == '"' || c == '\\') s += '\\';
    s += c;
  }
  return s + '"';
}

}  // namespace

Result<ConvertedConfig> convert_config(const std::filesystem::path& file) {
  config::Loader loader;
  loader.forgive();
  loader.read_file(std::filesystem::absolute(file));
  auto config = loader.finish();
  if (!config) return config.error();
  Config& c = config.value();
  c.rules.default_path.clear();  // the files below have it in front
  ConvertedConfig out;
  out.warnings = std::move(c.warnings);
  const auto values = values_of(c), initial = values_of(default_config());
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (values[i].second != initial[i].second)
      out.yaml += values[i].first + ": " + quoted(values[i].second) + '\n';
  }
  for (const auto& [prefix, groups] : {std::pair(config::kAddressPrefix, &c.rules.address_groups),
                                       std::pair(config::kPortPrefix, &c.rules.port_groups)}) {
    for (const auto& [name, value] : *groups)
      out.yaml += std::string(prefix) + name + ": " + quoted(value) + '\n';
  }
  return out;
}

std::vector<ConfigKeyText> config_key_texts() {
  std::vector<ConfigKeyText> all;
  const config::Draft initial;
  for (const config::Key& k : config::keys()) {
    std::string range(k.range);
    if (range.empty()) range = std::to_string(k.min) + " to " + config::show_size(k.max);
    all.push_back({std::string(k.name), k.show(initial), std::move(range), std::string(k.help)});
  }
  for (const ProtocolSpec* spec : protocols()) {
    const std::string prefix = std::string(config::kProtocolPrefix) + std::string(spec->name) + ".";
    all.push_back({prefix + "enabled", "yes", "yes or no", "parse " + std::string(spec->name)});
    if (spec->ot != nullptr) {
      all.push_back({prefix + "detail", std::string(config::detail_word(OtDetail::kChanges)),
                     std::string(config::kDetailWords),
                     "how often operations are told that only read or examine"});
      all.push_back({prefix + "detail-interval", std::to_string(OtTelling{}.interval_ns / 1'000'000'000),
                     "1 to " + std::to_string(config::kMaxDetailInterval),
                     "seconds between two records of a kind"});
    }
    for (const LimitDef& l : config::plain_limits(*spec)) {
      all.push_back({prefix + std::string(l.name), config::show_size(l.initial),
                     config::show_size(l.min) + " to " + config::show_size(l.max), std::string(l.help)});
    }
    if (config::has_patients(*spec)) {
      all.push_back({prefix + std::string(kPatientName), "omit", std::string(config::kPatientWords),
                     "fields that identify a patient: left out of records, or told as keyed hashes"});
      all.push_back({prefix + std::string(kPatientKeyName), "", std::string(config::kPatientKeyWords),
                     "key of these hashes, to be kept as a password is"});
    }
    all.push_back({std::string(config::kTypesPrefix) + std::string(spec->record) + ".enabled", "yes",
                   "yes or no", "records of " + std::string(spec->name)});
  }
  all.push_back(
      {"vars.address-groups.<NAME>", "", "as in a rule", "what stands for $NAME in a rule's addresses"});
  all.push_back({"vars.port-groups.<NAME>", "", "as in a rule", "what stands for $NAME in a rule's ports"});
  return all;
}

}  // namespace picket
