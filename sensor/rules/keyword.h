// sensor/rules/keyword.h — one keyword of the rule language: its name, what argument it takes, who reads it
//
// Each family of keywords is a file with one table; keywords.cc joins the tables into one look-up. Names that
// protocols declare (http.uri, dns.opcode, modbus) are not here: they come from the registry, see
// declared.cc.
#pragma once
#include <cstdint>
#include <span>
#include <string_view>

#include "sensor/nearest_name.h"

namespace picket::rules {

class Builder;

/// One option of a rule as written: `name: value;`
struct Option {
  std::string_view name;
  std::string_view
      value;  ///< trimmed; without quotes and `!` where the keyword takes those; empty when there is none
  bool has_value = false;
  bool negated = false;  ///< Argument::kNegatable: the value began with `!`
};

enum class Argument : std::uint8_t {
  kNone,
  kRequired,
  kOptional,
  kQuoted,     ///< must stand in quotation marks
  kNegatable,  ///< may begin with `!`; quotation marks are taken off
  kQuotedNegatable,
  kOwn,  ///< maybe none; handed over as it is written, with quotes and `!`
};

struct Keyword {
  std::string_view name;
  Argument argument = Argument::kRequired;
  /// False after builder.fail(). `detail` is the table's, so that one reader may serve several keywords.
  bool (*read)(Builder& builder, const Option& option, unsigned detail) = nullptr;
  unsigned detail = 0;
};

std::span<const Keyword> address_keywords();
std::span<const Keyword> byte_keywords();
std::span<const Keyword> buffer_keywords();
std::span<const Keyword> content_keywords();
std::span<const Keyword> data_keywords();
std::span<const Keyword> file_keywords();
std::span<const Keyword> flow_keywords();
std::span<const Keyword> frame_keywords();
std::span<const Keyword> meta_keywords();
std::span<const Keyword> ot_keywords();
std::span<const Keyword> packet_keywords();
std::span<const Keyword> pcre_keywords();
std::span<const Keyword> refused_keywords();
std::span<const Keyword> state_keywords();
std::span<const Keyword> transform_keywords();

/// nullptr: not a keyword of the language itself.
[[nodiscard]] const Keyword* find_keyword(std::string_view name);
void each_keyword(NearestName& nearest);

}  // namespace picket::rules
