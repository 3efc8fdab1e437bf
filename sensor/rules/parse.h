// sensor/rules/parse.h — one rule's text → Rule; the steps load.cc takes in order
#pragma once
#include <string_view>

#include "sensor/rules/builder.h"

namespace picket::rules {

/// "alert http $HOME_NET any -> any any": takes it off `text`, which then begins at "(".
bool parse_header(Builder& builder, std::string_view& text);
/// "(msg:...; sid:1;)"
bool parse_options(Builder& builder, std::string_view text);
/// What no single keyword can see: buffers against header and direction, modifiers against content length...
bool check_rule(Builder& builder, std::string_view text);
/// A name that some protocol declares.
bool read_declared(Builder& builder, const Option& option, const Declared& declared);

}  // namespace picket::rules
