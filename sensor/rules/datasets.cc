#include "sensor/rules/datasets.h"

#include <arpa/inet.h>
#include <google/protobuf/struct.pb.h>
#include <google/protobuf/util/json_util.h>

#include <cmath>

#include "dataplane/detect/base64.h"
#include "sensor/rules/text.h"
#include "sensor/rules/text_file.h"

namespace picket::rules {
namespace {

using detect::DatasetEntry;
using detect::DatasetType;
using Json = google::protobuf::Value;

constexpr std::uint64_t kMemcap = 100ULL << 20;
constexpr char kAlphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

std::optional<std::string> from_base64(std::string_view s) {
  std::string out;
  std::uint32_t bits = 0;
  unsigned have = 0;
  while (!s.empty() && s.back() == '=') s.remove_suffix(1);
  for (const char c : s) {
    const int v = base64_value(static_cast<std::uint8_t>(c));
    if (v < 0) return {};
    bits = bits << 6 | static_cast<std::uint32_t>(v);
    if ((have += 6) >= 8) out += static_cast<char>(bits >> (have -= 8));
  }
  return s.size() % 4 == 1 ? std::nullopt : std::optional(out);
}

/// A hash of so many bytes.
std::optional<std::string> from_hash(std::string_view s, std::size_t bytes) {
  return s.size() == 2 * bytes ? from_hex(s) : std::nullopt;
}

std::optional<std::string> from_address(std::string_view s, bool v4_only) {
  const std::string text(s);
  char bytes[16];
  if (inet_pton(AF_INET, text.c_str(), bytes) == 1) {
    if (v4_only) return std::string(bytes, 4);
    const Address a = Address::v4(reinterpret_cast<const std::uint8_t*>(bytes));
    return std::string(as_text(a.bytes));
  }
  if (v4_only || inet_pton(AF_INET6, text.c_str(), bytes) != 1) return {};
  return std::string(bytes, 16);
}

/// In printable ASCII: the rest escaped, in UTF-16 as JSON has it. `s` is UTF-8, as Protobuf vouches for.
void write_text(std::string& out, std::string_view s) {
  const auto escape = [&out](std::uint32_t unit) {
    char text[8];
    std::snprintf(text, sizeof text, "\\u%04x", unit);
    out += text;
  };
  out += '"';
  for (std::size_t i = 0; i < s.size();) {
    const auto b = static_cast<std::uint8_t>(s[i++]);
    if (b >= 0x20 && b < 0x7f) {
      if (b == '"' || b == '\\') out += '\\';
      out += static_cast<char>(b);
      continue;
    }
    unsigned more = b >= 0xf0 ? 3 : b >= 0xe0 ? 2 : b >= 0xc0 ? 1 : 0;
    std::uint32_t point = more == 0 ? b : b & (0x3fU >> more);
    for (; more > 0 && i < s.size(); --more) point = point << 6 | (static_cast<std::uint8_t>(s[i++]) & 0x3fU);
    if (point >= 0x10000) {
      escape(0xd800 + ((point - 0x10000) >> 10 & 0x3ff));
      point = 0xdc00 + (point & 0x3ff);
    }
    escape(point);
  }
  out += '"';
}

/// Members in the order of their names, so that the same file always gives the same text.
void write_json(std::string& out, const Json& v) {
  switch (v.kind_case()) {
    case Json::kNumberValue: {
      char text[40];
      const double n = v.number_value();
      const bool whole = std::floor(n) == n && std::abs(n) < 9e15;
      std::snprintf(text, sizeof text, whole ? "%.0f" : "%.17g", n);
      out += text;
      break;
    }
    case Json::kStringValue:
      write_text(out, v.string_value());
      break;
    case Json::kBoolValue:
      out += v.bool_value() ? "true" : "false";
      break;
    case Json::kStructValue: {
      const std::map<std::string, const Json*> members = [&] {
        std::map<std::string, const Json*> m;
        for (const auto& [key, value] : v.struct_value().fields()) m.emplace(key, &value);
        return m;
      }();
      out += '{';
      for (const auto& [key, value] : members) {
        if (out.back() != '{') out += ',';
        write_text(out, key);
        out += ':';
        write_json(out, *value);
      }
      out += '}';
      break;
    }
    case Json::kListValue:
      out += '[';
      for (const Json& item : v.list_value().values()) {
        if (out.back() != '[') out += ',';
        write_json(out, item);
      }
      out += ']';
      break;
    default:
      out += "null";
  }
}

/// "ioc.host": the member, or nullptr; with `parent`, what holds it.
Json* member(Json& root, std::string_view path, Json** parent = nullptr) {
  Json* at = &root;
  while (!path.empty()) {
    const std::string name(take_until(path, '.'));
    if (at->kind_case() != Json::kStructValue) return nullptr;
    auto& fields = *at->mutable_struct_value()->mutable_fields();
    const auto it = fields.find(name);
    if (it == fields.end()) return nullptr;
    if (parent != nullptr) *parent = at;
    at = &it->second;
  }
  return at;
}

std::optional<Json> parse_json(const std::string& text) {
  Json v;
  if (!google::protobuf::util::JsonStringToMessage(text, &v).ok()) return {};
  return v;
}

}  // namespace

std::optional<std::string> parse_dataset_value(DatasetType type, std::string_view text) {
  switch (type) {
    case DatasetType::kString:
      return from_base64(text);
    case DatasetType::kMd5:
      return from_hash(text, 16);
    case DatasetType::kSha256:
      return from_hash(text, 32);
    case DatasetType::kIpv4:
      return from_address(text, true);
    case DatasetType::kIp:
      return from_address(text, false);
  }
  return {};
}

std::string show_dataset_value(DatasetType type, std::string_view value) {
  std::string out;
  char text[INET6_ADDRSTRLEN] = "";
  switch (type) {
    case DatasetType::kString:
      for (std::size_t i = 0; i < value.size(); i += 3) {
        std::uint32_t v = 0;
        for (std::size_t k = 0; k < 3; ++k)
          v = v << 8 | (i + k < value.size() ? static_cast<std::uint8_t>(value[i + k]) : 0U);
        for (std::size_t k = 0; k < 4; ++k)
          out += i + k > value.size() ? '=' : kAlphabet[v >> (18 - 6 * k) & 63];
      }
      return out;
    case DatasetType::kIpv4:
    case DatasetType::kIp:
      return inet_ntop(value.size() == 4 ? AF_INET : AF_INET6, value.data(), text, sizeof text);
    case DatasetType::kMd5:
    case DatasetType::kSha256:
      break;
  }
  for (const char c : value) {
    constexpr char kHex[] = "0123456789abcdef";
    out += kHex[static_cast<std::uint8_t>(c) >> 4];
    out += kHex[static_cast<std::uint8_t>(c) & 15];
  }
  return out;
}

void DatasetTable::note(const Dataset& d, const std::filesystem::path& rule_dir) {
  auto [it, fresh] = sets_.try_emplace(d.name);
  Source& s = it->second;
  const DatasetSource& said = *d.source;
  if (fresh) s.first = said;
  if (said.has_type) {
    s.conflict = s.conflict || (s.has_type && s.first.type != said.type);
    if (!s.has_type) s.first.type = said.type;
    s.has_type = true;
  }
  s.changes = s.changes || d.command == Dataset::Command::kSet || d.command == Dataset::Command::kUnset;
  const auto keep = [](std::string& mine, const std::string& theirs) {
    if (mine.empty()) mine = theirs;
  };
  if (s.load.empty() && !said.load.empty()) {
    s.load = rule_dir / said.load;
    s.first.format = said.format;
    s.first.value_key = said.value_key;
    s.first.array_key = said.array_key;
    s.first.remove_key = said.remove_key;
  }
  keep(s.first.save, said.save);
  keep(s.first.state, said.state);
  if (s.first.memcap == 0) s.first.memcap = said.memcap;
}

void DatasetTable::read(Source& s, detect::ValueSet& out) const {
  const bool from_state = s.load.empty();
  const auto path = from_state ? data_dir_ / s.first.state : s.load;
  if (from_state && (s.first.state.empty() || data_dir_.empty() || !std::filesystem::exists(path))) return;
  const auto all = read_text_file(path.string());
  if (!all) {
    s.error = "cannot read '" + path.string() + "'";
    return;
  }
  const auto type = static_cast<DatasetType>(s.first.type);
  const auto bad = [&](std::size_t line, const std::string& what) {
    if (s.error.empty()) s.error = path.string() + ":" + std::to_string(line) + ": " + what;
  };
  const auto add = [&](Json& object, std::size_t line) {
    Json* parent = nullptr;
    const Json* value = member(object, s.first.value_key, &parent);
    if (value == nullptr || parent == nullptr || value->kind_case() != Json::kStringValue)
      return bad(line, "an entry has no text under '" + s.first.value_key + "'");
    const std::string text = value->string_value();
    const auto parsed = type == DatasetType::kString ? std::optional(text) : parse_dataset_value(type, text);
    if (!parsed) return bad(line, "'" + text.substr(0, 60) + "' is no value of the set's type");
    if (s.first.remove_key) {
      const auto dot = s.first.value_key.rfind('.');
      parent->mutable_struct_value()->mutable_fields()->erase(
          s.first.value_key.substr(dot == std::string::npos ? 0 : dot + 1));
    }
    DatasetEntry entry;
    write_json(entry.context, object);
    out.entries.try_emplace(*parsed, std::move(entry));  // of two the first holds
  };
  const std::string& text = all.value();
  if (s.first.format == "json") {
    auto root = parse_json(text);
    Json* list = root ? member(*root, s.first.array_key) : nullptr;
    if (list == nullptr || list->kind_case() != Json::kListValue) return bad(1, "holds no JSON list");
    for (Json& item : *list->mutable_list_value()->mutable_values()) add(item, 1);
    return;
  }
  std::string_view rest = text;
  for (std::size_t line = 1; !rest.empty(); ++line) {
    auto part = take_until(rest, '\n');
    if (part.empty()) continue;
    if (s.first.format == "ndjson") {
      auto object = parse_json(std::string(part));
      object ? add(*object, line) : bad(line, "is no JSON");
      continue;
    }
    DatasetEntry entry;
    const auto word = take_until(part, ',');
    if (!part.empty() && !parse_number(trim(part), entry.reputation))
      bad(line, "the reputation is no number");
    const auto value = parse_dataset_value(type, word);
    if (!value) return bad(line, "'" + std::string(word.substr(0, 60)) + "' is no value of the set's type");
    out.entries.try_emplace(*value, std::move(entry));
  }
}

void DatasetTable::load(detect::RuleSet& out, std::vector<DynamicSet>& dynamic,
                        std::vector<std::string>& warnings) {
  for (auto& [name, s] : sets_) {
    detect::ValueSet values;
    const std::string& kept = s.first.state.empty() ? s.first.save : s.first.state;
    const std::filesystem::path save(kept);
    if (s.conflict) {
      s.error = "rules give it different types";
    } else if (save.is_absolute() || kept.find("..") != std::string::npos) {
      s.error = "'" + kept + "' leads out of the data directory";
    } else {
      read(s, values);
    }
    if (!s.changes) {
      s.place = static_cast<std::uint32_t>(out.value_sets.size());
      out.value_sets.push_back(std::move(values));
      continue;
    }
    s.place = static_cast<std::uint32_t>(dynamic.size());
    DynamicSet set;
    set.name = name;
    set.type = static_cast<DatasetType>(s.first.type);
    for (auto& [value, entry] : values.entries) set.values.push_back(value);
    set.memcap = s.first.memcap == 0 ? kMemcap : s.first.memcap;
    if (!kept.empty() && data_dir_.empty())
      warnings.push_back("dataset '" + name + "': is not saved, since default-data-dir is not set");
    else if (!kept.empty())
      set.save = data_dir_ / save;
    dynamic.push_back(std::move(set));
  }
}

Result<detect::DatasetTest> DatasetTable::test(const Dataset& d) const {
  const Source& s = sets_.at(d.name);
  if (!s.error.empty()) return Error{"dataset '" + d.name + "': " + s.error};
  if (s.changes && d.command == Dataset::Command::kReputation)
    return Error{"datarep '" + d.name + "': a set that rules change has no reputation"};
  detect::DatasetTest t;
  t.command = static_cast<detect::DatasetCommand>(d.command);
  t.type = static_cast<DatasetType>(s.first.type);
  t.changes = s.changes;
  t.set = s.place;
  t.context_key = d.enrichment_key;
  t.reputation.masked = d.reputation.kind == IntegerTest::Kind::kMasked;
  t.reputation.negated = d.reputation.negated;
  t.reputation.lo = d.reputation.lo;
  t.reputation.hi = d.reputation.hi;
  t.reputation.mask = d.reputation.mask;
  return t;
}

}  // namespace picket::rules
