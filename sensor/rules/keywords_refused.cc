// sensor/rules/keywords_refused.cc — keywords of the language that picket knows and does not run: each says
// why
#include "sensor/rules/builder.h"

namespace picket::rules {
namespace {

constexpr std::string_view kReasons[] = {
    "picket is passive and never changes packets",
    "picket does not run Lua",
    "picket does not measure the rate of flows",
};
enum : unsigned { kPassive, kLua, kRate };

bool refuse(Builder& builder, const Option& option, unsigned reason) {
  return builder.fail(option.name,
                      "keyword '" + std::string(option.name) + "': " + std::string(kReasons[reason]));
}

bool ignore(Builder& builder, const Option& option, unsigned) {
  builder.warn(option.name,
               "'" + std::string(option.name) + "' has no effect in picket; the rule loads without it");
  return true;
}

bool read_filestore(Builder& builder, const Option& option, unsigned) {
  builder.rule().filestore = true;
  builder.warn(option.name, "files are not kept; they are followed, and told by their SHA-256");
  return true;
}

/// The rule is one for TLS, whatever else it asks.
bool read_tls_store(Builder& builder, const Option& option, unsigned) {
  AppProtocolIs tls;
  tls.any_of = builder.environment().protocols_named("tls");
  if (tls.any_of.empty()) return builder.fail(option.name, "tls.store: picket does not parse tls here");
  builder.rule().packet_tests.emplace_back(std::move(tls));
  builder.warn(option.name, "certificates are not kept; records tell each by its fingerprint");
  return true;
}

constexpr Keyword kKeywords[] = {
    {"bypass", Argument::kNone, ignore},
    {"filestore", Argument::kOptional, read_filestore},
    {"flow.elephant", Argument::kOptional, refuse, kRate},
    {"lua", Argument::kNegatable, refuse, kLua},
    {"luajit", Argument::kNegatable, refuse, kLua},
    {"luaxform", Argument::kRequired, refuse, kLua},
    {"nfq_set_mark", Argument::kRequired, refuse, kPassive},
    {"replace", Argument::kQuoted, refuse, kPassive},
    {"tls.store", Argument::kNone, read_tls_store},
    {"tls_store", Argument::kNone, read_tls_store},
};

}  // namespace

std::span<const Keyword> refused_keywords() { return kKeywords; }

}  // namespace picket::rules
