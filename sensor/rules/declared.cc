// sensor/rules/declared.cc — names that protocols declare: sticky buffers, integers, keywords with their own
// syntax
#include "sensor/rules/parse.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

constexpr Named<Direction> kDirections[] = {{"to_client", Direction::kToClient},
                                            {"to_server", Direction::kToServer}};

bool read_buffer(Builder& builder, const Option& option, const Declared& declared) {
  std::optional<Direction> only;
  if (!option.value.empty()) {
    const auto* direction = find_named(kDirections, option.value);
    if (direction == nullptr || builder.rule().arrow != Arrow::kTransaction) {
      return builder.fail(option.value, "buffer '" + std::string(option.name) + "' takes no argument",
                          direction == nullptr ? "" : "only rules with => may name a direction here");
    }
    only = *direction;
  }
  return builder.enter(option, {Place::kTransaction, declared.name, &declared}, only);
}

/// Behind the test: which of several values it is about.
bool read_among(Builder& builder, std::string_view text, IntegerMatch& match) {
  constexpr Named<Among> kWords[] = {
      {"all", Among::kAllOrAbsent},
      {"all1", Among::kAll},
      {"all_or_absent", Among::kAllOrAbsent},
      {"any", Among::kAny},
  };
  if (const auto* word = find_named(kWords, text)) {
    match.among = *word;
    return true;
  }
  match.among = Among::kNth;
  return parse_number(text, match.nth) ||
         builder.fail(text,
                      "'" + std::string(text) + "' is neither a place in the list nor " + list_names(kWords));
}

bool read_integer(Builder& builder, const Option& option, const Declared& declared) {
  IntegerMatch match;
  match.fields = declared.fields;
  const auto& first =
      builder.environment().spec(match.fields.front().protocol).integers[match.fields.front().index];
  auto rest = option.value;
  auto test = take_until(rest, ',');
  if (test.size() > 1 && test.starts_with('"') && test.ends_with('"')) test = test.substr(1, test.size() - 2);
  if (test.empty())
    return builder.fail(option.name, "keyword '" + std::string(option.name) + "' needs a number");
  if (test.starts_with("count")) {
    match.among = Among::kCount;
    test = trim(test.substr(5));
    if (!builder.read_integer_test(test, 0xffffffff, match.test)) return false;
  } else if (!builder.read_integer_test(test, std::numeric_limits<std::uint64_t>::max(), match.test,
                                        first.by_name)) {
    return false;
  }
  if (!rest.empty() && !read_among(builder, trim(rest), match)) return false;
  builder.rule().transaction_tests.emplace_back(std::move(match));
  return true;
}

bool read_keyword(Builder& builder, const Option& option, const Declared& declared) {
  KeywordMatch match;
  std::string reason;
  for (const FieldRef field : declared.fields) {
    const auto& keyword = builder.environment().spec(field.protocol).keywords[field.index];
    auto compiled = keyword.parse(option.value);
    if (compiled) {
      match.any_of.push_back({field, std::shared_ptr<const TxMatcher>(std::move(compiled).value())});
    } else {
      reason = compiled.error().message;
    }
  }
  if (match.any_of.empty()) {
    return builder.fail(option.value.empty() ? option.name : option.value,
                        std::string(option.name) + ": " + reason);
  }
  builder.rule().transaction_tests.emplace_back(std::move(match));
  return true;
}

}  // namespace

bool read_declared(Builder& builder, const Option& option, const Declared& declared) {
  switch (declared.kind) {
    case Declared::Kind::kBuffer:
      return read_buffer(builder, option, declared);
    case Declared::Kind::kInteger:
      return read_integer(builder, option, declared);
    case Declared::Kind::kKeyword:
      return read_keyword(builder, option, declared);
  }
  return false;
}

}  // namespace picket::rules
