// sensor/rules/keywords_refused.cc — keywords of the language that picket knows and does not run: each says
// why
#include "sensor/rules/builder.h"

namespace picket::rules {
namespace {

constexpr std::string_view kReasons[] = {
    "picket is passive and never changes packets",
    "picket does not run Lua",
    "picket does not offer protocol frames to rules yet",
    "picket does not look at this header in rules yet",
};
enum : unsigned { kPassive, kLua, kFrames, kHeader };

bool refuse(Builder& builder, const Option& option, unsigned reason) {
  return builder.fail(option.name,
                      "keyword '" + std::string(option.name) + "': " + std::string(kReasons[reason]));
}

bool ignore(Builder& builder, const Option& option, unsigned) {
  builder.warn(option.name,
               "'" + std::string(option.name) + "' has no effect in picket; the rule loads without it");
  return true;
}

constexpr Keyword kKeywords[] = {
    {"bypass", Argument::kNone, ignore},
    {"filestore", Argument::kOptional, ignore},
    {"flow.elephant", Argument::kOptional, refuse, kHeader},
    {"frame", Argument::kRequired, refuse, kFrames},
    {"lua", Argument::kNegatable, refuse, kLua},
    {"luajit", Argument::kNegatable, refuse, kLua},
    {"luaxform", Argument::kRequired, refuse, kLua},
    {"nfq_set_mark", Argument::kRequired, refuse, kPassive},
    {"replace", Argument::kQuoted, refuse, kPassive},
};

}  // namespace

std::span<const Keyword> refused_keywords() { return kKeywords; }

}  // namespace picket::rules
