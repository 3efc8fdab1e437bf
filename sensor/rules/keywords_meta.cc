// sensor/rules/keywords_meta.cc — what a rule says about itself: msg, sid, classtype, reference, metadata,
// requires ...
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

bool read_msg(Builder& builder, const Option& option, unsigned) {
  std::string msg;
  msg.reserve(option.value.size());
  for (std::size_t i = 0; i < option.value.size(); ++i) {
    const char c = option.value[i];
    const bool escape = c == '\\' && i + 1 < option.value.size() &&
                        std::string_view("\\\":;").find(option.value[i + 1]) != std::string_view::npos;
    msg += escape ? option.value[++i] : c;
  }
  builder.rule().msg = std::move(msg);
  return true;
}

enum Number : unsigned { kSid, kGid, kRev };
bool read_number(Builder& builder, const Option& option, unsigned which) {
  std::uint32_t n = 0;
  if (!parse_number(option.value, n) || (which == kSid && n == 0)) {
    return builder.fail(option.value, quoted(option.value) + " is not a " + std::string(option.name) +
                                          "; it must be a number from " + (which == kSid ? "1" : "0") +
                                          " to 4294967295");
  }
  Rule& rule = builder.rule();
  (which == kSid ? rule.sid : which == kGid ? rule.gid : rule.rev) = n;
  return true;
}

bool read_priority(Builder& builder, const Option& option, unsigned) {
  std::uint8_t n = 0;
  if (!parse_number(option.value, n) || n == 0)
    return builder.fail(option.value, quoted(option.value) + " is not a priority from 1 to 255");
  builder.rule().priority = n;
  builder.priority_written = true;
  return true;
}

bool read_classtype(Builder& builder, const Option& option, unsigned) {
  const auto& classes = builder.environment().classes;
  const auto found = classes.find(lower_case(option.value));
  if (found == classes.end()) {
    NearestName nearest(option.value);
    for (const auto& [name, info] : classes) nearest.consider(name);
    builder.warn(option.value, "unknown classtype " + quoted(option.value) + "; priority 3 is used",
                 nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
    return true;
  }
  Rule& rule = builder.rule();
  rule.classtype = found->first;
  rule.classification = found->second.description;
  if (!builder.priority_written) rule.priority = found->second.priority;
  return true;
}

bool read_reference(Builder& builder, const Option& option, unsigned) {
  auto rest = option.value;
  const auto system = take_until(rest, ',');
  const auto value = trim(rest);
  if (system.empty() || value.empty())
    return builder.fail(option.value, "a reference is written system,value",
                        "as in reference:url,example.com/advisory;");
  const auto& references = builder.environment().references;
  const auto found = references.find(lower_case(system));
  if (found == references.end()) {
    builder.warn(system, "unknown reference system " + quoted(system) + "; the reference is left out");
    return true;
  }
  builder.rule().references.push_back(
      {found->first, std::string(value),
       found->second.empty() ? std::string() : found->second + std::string(value)});
  return true;
}

bool read_metadata(Builder& builder, const Option& option, unsigned) {
  auto rest = option.value;
  while (!rest.empty()) {
    auto item = take_until(rest, ',');
    if (item.empty()) continue;
    const auto key = take_word(item);
    builder.rule().metadata.push_back({std::string(key), std::string(item)});
  }
  return true;
}

bool read_target(Builder& builder, const Option& option, unsigned) {
  constexpr Named<Target> kTargets[] = {{"src_ip", Target::kSource}, {"dest_ip", Target::kDestination}};
  const auto* target = find_named(kTargets, option.value);
  if (target == nullptr) return builder.fail(option.value, "target must be " + list_names(kTargets));
  builder.rule().target = *target;
  return true;
}

bool read_flag(Builder& builder, const Option&, unsigned noalert) {
  (noalert != 0 ? builder.rule().noalert : builder.rule().prefilter) = true;
  return true;
}

/// Compares kLanguageVersion with "8", "8.0" or "8.0.1": negative when the language is older.
bool compare_version(std::string_view text, int& out) {
  unsigned wanted[3] = {};
  for (unsigned i = 0; i < 3 && !text.empty(); ++i) {
    if (!parse_number(take_until(text, '.'), wanted[i])) return false;
  }
  out = 0;
  for (unsigned i = 0; i < 3 && out == 0; ++i)
    out = kLanguageVersion[i] < wanted[i] ? -1 : kLanguageVersion[i] > wanted[i] ? 1 : 0;
  return text.empty();
}

/// ">= 7.0.3 < 8 | >= 8.0.1": any of the alternatives, all demands of it.
bool version_fits(Builder& builder, std::string_view text, bool& fits) {
  fits = false;
  while (!text.empty()) {
    auto alternative = take_until(text, '|');
    bool all = !alternative.empty();
    while (!alternative.empty()) {
      const bool at_least = take_prefix(alternative, ">="),
                 at_most = !at_least && take_prefix(alternative, "<=");
      const bool more = !at_least && !at_most && take_char(alternative, '>');
      const bool less = !at_least && !at_most && !more && take_char(alternative, '<');
      const auto version = alternative.substr(0, alternative.find_first_of(" \t<>"));
      alternative = trim_left(alternative.substr(version.size()));
      int order = 0;
      if (!(at_least || at_most || more || less) || !compare_version(version, order)) {
        return builder.fail(version, "a version is demanded as in version >= 7.0.3");
      }
      all = all && (at_least ? order >= 0 : at_most ? order <= 0 : more ? order > 0 : order < 0);
    }
    fits = fits || all;
  }
  return true;
}

bool read_requires(Builder& builder, const Option& option, unsigned) {
  auto rest = option.value;
  while (!rest.empty()) {
    const auto demand = take_until(rest, ',');
    auto what = demand;
    const auto word = take_word(what);
    if (word == "version") {
      bool fits = false;
      if (!version_fits(builder, what, fits)) return false;
      if (!fits)
        return builder.fail(
            demand, "the rule requires " + quoted(demand) + "; picket speaks the language of version 8.0.0");
    } else if (word == "keyword") {
      if (find_keyword(what) == nullptr && builder.environment().declared(what) == nullptr) {
        return builder.fail(what,
                            "the rule requires keyword " + quoted(what) + ", which picket does not have");
      }
    } else {
      return builder.fail(demand, "the rule requires " + quoted(demand) + ", which picket does not have");
    }
  }
  return true;
}

bool read_tag(Builder& builder, const Option& option, unsigned) {
  constexpr Named<Tag::Metric> kMetrics[] = {
      {"packets", Tag::Metric::kPackets}, {"seconds", Tag::Metric::kSeconds}, {"bytes", Tag::Metric::kBytes}};
  auto rest = option.value;
  const auto scope = take_until(rest, ',');
  Tag tag;
  if (scope == "host") {
    tag.scope = Tag::Scope::kHostSource;
  } else if (scope != "session") {
    return builder.fail(scope, "a tag begins with session or host");
  }
  if (!rest.empty()) {
    const auto count = take_until(rest, ',');
    const auto metric = take_until(rest, ',');
    const auto* known = find_named(kMetrics, metric);
    if (!parse_number(count, tag.count)) return builder.fail(count, quoted(count) + " is not a number");
    if (known == nullptr) return builder.fail(metric, "a tag counts " + list_names(kMetrics));
    tag.metric = *known;
  } else {
    constexpr std::uint32_t kPacketsUnlessSaid = 256;
    tag.count = kPacketsUnlessSaid;
  }
  if (tag.scope == Tag::Scope::kHostSource) {
    const auto side = trim(rest);
    if (side != "src" && side != "dst") return builder.fail(option.value, "tag:host ends with src or dst");
    if (side == "dst") tag.scope = Tag::Scope::kHostDestination;
  }
  constexpr std::size_t kMost = 4;
  auto& tags = builder.rule().tags;
  if (tags.size() == kMost) return builder.fail(option.name, "more than four tags in one rule");
  tags.push_back(tag);
  return true;
}

/// Undoes what the action or an earlier word has said: the rule alerts.
bool read_alert(Builder& builder, const Option&, unsigned) {
  builder.rule().noalert = false;
  return true;
}

bool read_config(Builder& builder, const Option& option, unsigned) {
  constexpr Named<LogConfig::Subsystem> kSubsystems[] = {{"logging", LogConfig::Subsystem::kLogging},
                                                         {"tracking", LogConfig::Subsystem::kTracking}};
  constexpr Named<LogConfig::Scope> kScopes[] = {{"tx", LogConfig::Scope::kTransaction},
                                                 {"flow", LogConfig::Scope::kFlow}};
  auto rest = option.value;
  auto first = take_until(rest, ',');
  const auto word = take_word(first);
  const auto* subsystem = find_named(kSubsystems, word);
  if (subsystem == nullptr) return builder.fail(word, "config is about " + list_names(kSubsystems));
  LogConfig config;
  config.subsystem = *subsystem;
  if (first != "disable") return builder.fail(first, "config can only disable");
  if (*subsystem == LogConfig::Subsystem::kTracking)
    builder.warn(word, "transactions are always followed; the rule loads without it");
  while (!rest.empty()) {
    auto part = take_until(rest, ',');
    const auto name = take_word(part);
    if (name != "type" && name != "scope") return builder.fail(name, "expected type or scope");
    const auto* scope = find_named(kScopes, part);
    if (scope == nullptr) return builder.fail(part, std::string(name) + " must be " + list_names(kScopes));
    (name == "scope" ? config.scope : config.type) = *scope;
  }
  builder.rule().config = config;
  return true;
}

constexpr Keyword kKeywords[] = {
    {"alert", Argument::kNone, read_alert},           {"classtype", Argument::kRequired, read_classtype},
    {"config", Argument::kRequired, read_config},     {"gid", Argument::kRequired, read_number, kGid},
    {"metadata", Argument::kRequired, read_metadata}, {"msg", Argument::kQuoted, read_msg},
    {"noalert", Argument::kNone, read_flag, 1},       {"prefilter", Argument::kNone, read_flag, 0},
    {"priority", Argument::kRequired, read_priority}, {"reference", Argument::kRequired, read_reference},
    {"requires", Argument::kRequired, read_requires}, {"rev", Argument::kRequired, read_number, kRev},
    {"sid", Argument::kRequired, read_number, kSid},  {"tag", Argument::kRequired, read_tag},
    {"target", Argument::kRequired, read_target},
};

}  // namespace

std::span<const Keyword> meta_keywords() { return kKeywords; }

}  // namespace picket::rules
