// sensor/rules/parse.cc — options: cut at `;`, split at `:`, handed to whoever knows the keyword
#include "sensor/rules/parse.h"

#include <utility>

#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

/// Takes quotes and `!` off as the keyword allows.
bool read_argument(Builder& builder, const Keyword& keyword, Option& option) {
  const bool needs_quotes =
      keyword.argument == Argument::kQuoted || keyword.argument == Argument::kQuotedNegatable;
  const bool may_be_negated =
      keyword.argument == Argument::kNegatable || keyword.argument == Argument::kQuotedNegatable;
  const auto name = std::string(option.name);
  if (keyword.argument == Argument::kNone) {
    return option.value.empty() || builder.fail(option.value, "keyword '" + name + "' takes no argument");
  }
  if (keyword.argument == Argument::kOwn) return true;
  if (keyword.argument != Argument::kOptional && option.value.empty()) {
    return builder.fail(option.name, "keyword '" + name + "' needs an argument");
  }
  if (may_be_negated) option.negated = take_char(option.value, '!');
  const bool opens = option.value.starts_with('"');
  const bool closes = option.value.size() > 1 && option.value.ends_with('"');
  if (opens && closes) {
    option.value = option.value.substr(1, option.value.size() - 2);
    return true;
  }
  if (opens && (needs_quotes || option.value.size() > 1))
    return builder.fail(option.value, "the argument of '" + name + "' has no closing quotation mark");
  return !needs_quotes ||
         builder.fail(option.value, "the argument of '" + name + "' must stand in quotation marks");
}

bool unknown_keyword(Builder& builder, std::string_view name) {
  const auto protocol = keyword_protocol(name);
  const auto& env = builder.environment();
  if (!protocol.empty() && env.protocols_named(protocol).empty()) {
    return builder.fail(
        name, "keyword " + quoted(name) + ": picket does not parse " + std::string(protocol) + " yet");
  }
  NearestName nearest(name);
  each_keyword(nearest);
  env.each_name(nearest);
  auto suggestion =
      nearest.best().empty() ? std::string() : "did you mean '" + std::string(nearest.best()) + "'?";
  if (!protocol.empty()) {
    return builder.fail(
        name, "keyword " + quoted(name) + ": picket's " + std::string(protocol) + " does not offer it yet",
        std::move(suggestion));
  }
  return builder.fail(name, "unknown keyword " + quoted(name), std::move(suggestion));
}

/// Keywords that have become buffers; those with another spelling alone are told by the spec that declares them.
std::string_view newer_keyword(std::string_view name) noexcept {
  static constexpr std::pair<std::string_view, std::string_view> kNewer[] = {
      {"ssh.protoversion", "ssh.proto"},           {"ssh.softwareversion", "ssh.software"},
      {"tls.fingerprint", "tls.cert_fingerprint"}, {"tls.issuerdn", "tls.cert_issuer"},
      {"tls.subject", "tls.cert_subject"},
  };
  for (const auto& [old, modern] : kNewer) {
    if (name == old) return modern;
  }
  return {};
}

bool read_option(Builder& builder, std::string_view text) {
  Option option;
  auto rest = text;
  const auto colon = text.find(':');
  option.has_value = colon != std::string_view::npos;
  option.name = take_until(rest, ':');
  option.value = trim(rest);
  if (option.name.empty()) return builder.fail(text, "an option without a name");
  if (const Keyword* keyword = find_keyword(option.name)) {
    return read_argument(builder, *keyword, option) && keyword->read(builder, option, keyword->detail);
  }
  if (const Declared* declared = builder.environment().declared(option.name)) {
    if (option.name != declared->name)
      builder.deprecated(option.name, declared->name);
    else if (const auto modern = newer_keyword(option.name); !modern.empty())
      builder.deprecated(option.name, modern);
    return read_declared(builder, option, *declared);
  }
  return unknown_keyword(builder, option.name);
}

}  // namespace

bool parse_options(Builder& builder, std::string_view text) {
  if (!text.starts_with('(')) {
    return builder.fail(text.substr(0, 1), "expected ( and the rule's options here");
  }
  const auto close = text.rfind(')');
  if (close == std::string_view::npos || close == 0)
    return builder.fail(text.substr(0, 1), "the options have no closing )");
  if (const auto behind = trim(text.substr(close + 1)); !behind.empty() && behind.front() != '#') {
    return builder.fail(behind, "unexpected text behind the closing )");
  }
  text = trim(text.substr(1, close - 1));
  if (text.empty()) return builder.fail(text, "a rule needs at least a sid", "as in (msg:\"...\"; sid:1;)");
  while (!text.empty()) {
    // A semicolon behind a backslash belongs to the argument, within quotation marks and without.
    std::size_t end = text.find(';');
    while (end != std::string_view::npos && end > 0 && text[end - 1] == '\\') end = text.find(';', end + 1);
    if (end == std::string_view::npos)
      return builder.fail(text.substr(text.size() - 1), "the last option has no closing ;");
    if (!read_option(builder, trim(text.substr(0, end)))) return false;
    text = trim_left(text.substr(end + 1));
  }
  return builder.finish();
}

}  // namespace picket::rules
