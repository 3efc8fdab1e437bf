// sensor/rules/keywords_ot.cc — what protocols of plants have in common (parsers/core/ot.h): ot.protocol, ot.class,
// ot.operation, ot.address and ot.value
//
// Without an argument the first four are sticky buffers, declared by the protocols as all buffers are. With one
// they are tests, read here for all protocols at once:
//
//   ot.class:write,control;  ot.operation:!"PLC stop";  ot.address:100-200,"DB1.*";  ot.value:-5<>5;
//
// Of a rule that says what is done, only the protocols that can do it remain.
#include <algorithm>
#include <charconv>
#include <cmath>

#include "parsers/core/ot_match.h"
#include "sensor/rules/builder.h"
#include "sensor/rules/parse.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

struct Item {
  std::string_view text;
  bool quoted = false;
};

/// `a, "b, c", d` in pieces. False: a quotation mark is missing, or a piece is empty.
bool read_items(Builder& builder, const Option& option, std::string_view list, std::vector<Item>& out) {
  const auto name = std::string(option.name);
  while (true) {
    list = trim_left(list);
    Item item;
    if (list.starts_with('"')) {
      const auto end = list.find('"', 1);
      if (end == std::string_view::npos)
        return builder.fail(list, "the argument of '" + name + "' has no closing quotation mark");
      item = {list.substr(1, end - 1), true};
      list = trim_left(list.substr(end + 1));
      if (!list.empty() && list.front() != ',')
        return builder.fail(list, "'" + name + "' expects a comma between its arguments");
    } else {
      item.text = trim(list.substr(0, list.find(',')));
      list = trim_left(list.substr(std::min(list.find(','), list.size())));
    }
    if (item.text.empty()) return builder.fail(option.value, "'" + name + "' has an empty argument");
    out.push_back(item);
    if (list.empty()) return true;
    list.remove_prefix(1);
  }
}

bool is_glob(std::string_view s) noexcept { return s.find_first_of("*?") != std::string_view::npos; }

/// The ot keywords of protocols that the rule's header admits.
bool find_fields(Builder& builder, const Option& option, std::vector<FieldRef>& out) {
  const auto& env = builder.environment();
  const Rule& rule = builder.rule();
  out = env.keywords_named(option.name);
  if (out.empty())
    return builder.fail(option.name,
                        "picket parses no protocol that '" + std::string(option.name) + "' is of");
  if (rule.protocol != HeaderProtocol::kApp) return true;
  std::erase_if(out, [&rule](FieldRef f) {
    return !std::binary_search(rule.app_protocols.begin(), rule.app_protocols.end(), f.protocol);
  });
  if (!out.empty()) return true;
  return builder.fail(option.name, "'" + std::string(option.name) + "' does not exist in " +
                                       std::string(env.spec(rule.app_protocols.front()).name));
}

// ------------------------------------------------------------------- ot.protocol, ot.class, ot.operation

std::string_view name_of(const OtProtocol& protocol, const OtOperation&) noexcept { return protocol.name; }
std::string_view class_of(const OtProtocol&, const OtOperation& o) noexcept {
  return ot_class_name(o.ot_class);
}
std::string_view operation_of(const OtProtocol&, const OtOperation& o) noexcept { return o.name; }

enum : unsigned { kProtocol, kClass, kOperation };

struct Word {
  std::string_view what;  ///< for messages
  std::string_view (*of)(const OtProtocol&, const OtOperation&) noexcept;
};
constexpr Word kWords[] = {
    {"a protocol", name_of}, {"a class of operations", class_of}, {"an operation", operation_of}};

template <class Each>
void each_operation(const Environment& env, const std::vector<FieldRef>& fields, Each&& each) {
  for (const FieldRef f : fields) {
    each_ot_protocol(*env.spec(f.protocol).ot, [&](const OtProtocol& protocol) {
      for (const OtOperation& o : protocol.operations) each(protocol, o);
    });
  }
}

/// Each item must be the word of some operation: what is misspelt would never match.
bool check_words(Builder& builder, const Option& option, const Word& word,
                 const std::vector<FieldRef>& fields, const std::vector<Item>& items) {
  for (const Item& item : items) {
    bool known = false;
    NearestName nearest(item.text);
    each_operation(builder.environment(), fields, [&](const OtProtocol& p, const OtOperation& o) {
      const auto name = word.of(p, o);
      known = known || glob_matches(item.text, name);
      nearest.consider(name);
    });
    // A class is one, whether or not a protocol has operations of it.
    for (std::size_t c = 0; word.of == class_of && c < kOtClasses; ++c) {
      const auto name = ot_class_name(static_cast<OtClass>(c));
      known = known || glob_matches(item.text, name);
      nearest.consider(name);
    }
    if (known) continue;
    const std::string reason = "'" + std::string(item.text) + "' is not " + std::string(word.what) +
                               (is_glob(item.text) ? ", nor does it fit one" : "");
    if (!nearest.best().empty())
      return builder.fail(option.value, reason, "did you mean '" + std::string(nearest.best()) + "'?");
    std::string all;
    for (std::size_t c = 0; word.of == class_of && c < kOtClasses; ++c)
      all += (c == 0 ? "" : ", ") + std::string(ot_class_name(static_cast<OtClass>(c)));
    return builder.fail(option.value, reason, all.empty() ? "" : "there are " + all);
  }
  return true;
}

bool read_operations(Builder& builder, const Option& option, unsigned which) {
  std::vector<FieldRef> fields;
  std::vector<Item> items;
  auto list = option.value;
  const bool negated = take_char(list, '!');
  const Word& word = kWords[which];
  if (!find_fields(builder, option, fields) || !read_items(builder, option, list, items) ||
      !check_words(builder, option, word, fields, items))
    return false;
  KeywordMatch match;
  match.text = std::string(option.value);
  for (const FieldRef field : fields) {
    auto matcher = std::make_shared<OtOperationMatcher>();
    bool any = false;
    each_ot_protocol(*builder.environment().spec(field.protocol).ot, [&](const OtProtocol& protocol) {
      OtOperationMatcher::Set set{&protocol, {}};
      for (const OtOperation& o : protocol.operations) {
        const bool named = std::any_of(items.begin(), items.end(), [&](const Item& item) {
          return glob_matches(item.text, word.of(protocol, o));
        });
        set.operations.push_back(named != negated);
        any = any || named != negated;
      }
      matcher->sets.push_back(std::move(set));
    });
    if (any) match.any_of.push_back({field, std::move(matcher)});
  }
  if (match.any_of.empty())
    return builder.fail(option.value, "no operation that picket knows is left, so the rule can never match");
  builder.rule().transaction_tests.emplace_back(std::move(match));
  return true;
}

// ---------------------------------------------------------------------------------- ot.address, ot.value

/// All protocols share one matcher.
bool add_matcher(Builder& builder, const Option& option, const std::shared_ptr<const TxMatcher>& matcher) {
  std::vector<FieldRef> fields;
  if (!find_fields(builder, option, fields)) return false;
  KeywordMatch match;
  match.text = std::string(option.value);
  for (const FieldRef field : fields) match.any_of.push_back({field, matcher});
  builder.rule().transaction_tests.emplace_back(std::move(match));
  return true;
}

/// N, N-M with its ends, N<>M without, <N, <=N, >N, >=N.
bool read_range(Builder& builder, std::string_view text, OtAddressMatcher::Test& t) {
  constexpr auto kMost = std::numeric_limits<std::uint64_t>::max();
  const auto whole = text;
  const auto number = [&](std::string_view part, std::uint64_t& v) {
    return parse_number(trim(part), v) ||
           builder.fail(whole, "'" + std::string(whole) + "' is no range of addresses",
                        "as in 100, 100-200, >100, or a text with quotation marks: \"DB1.*\"");
  };
  const auto none = [&] { return builder.fail(whole, "no address lies in '" + std::string(whole) + "'"); };
  t.first = 0;
  t.last = kMost;
  if (take_prefix(text, ">=")) return number(text, t.first);
  if (take_prefix(text, "<=")) return number(text, t.last);
  if (take_prefix(text, ">")) return number(text, t.first) && (t.first++ < kMost || none());
  if (text.starts_with('<')) return number(text.substr(1), t.last) && (t.last-- > 0 || none());
  const bool open = text.find("<>") != std::string_view::npos;
  const auto split = open ? text.find("<>") : text.find('-');
  if (split == std::string_view::npos) return number(text, t.first) && (t.last = t.first, true);
  if (!number(text.substr(0, split), t.first) || !number(text.substr(split + (open ? 2 : 1)), t.last))
    return false;
  if (open && (t.last <= t.first || t.last - t.first < 2)) return none();
  if (open) ++t.first, --t.last;
  return t.first <= t.last || none();
}

/// N, =N, <N, <=N, >N, >=N, N<>M without its ends. Numbers as in -5, 10.5, 1e3, 0x1f.
bool read_number(Builder& builder, std::string_view text, OtValueMatcher::Test& t) {
  const auto whole = text;
  const auto number = [&](std::string_view part, double& v) {
    part = trim(part);
    std::uint64_t integer = 0;
    if (part.starts_with("0x") && parse_number(part, integer)) return v = static_cast<double>(integer), true;
    if (part.starts_with('+')) part.remove_prefix(1);
    const auto [end, error] = std::from_chars(part.data(), part.data() + part.size(), v);
    if (error == std::errc{} && end == part.data() + part.size() && !part.empty() && std::isfinite(v))
      return true;
    return builder.fail(whole, "'" + std::string(whole) + "' is no number, nor a test of one",
                        "as in 10.5, >10.5, -5<>5, or a text with quotation marks: \"text*\"");
  };
  t.is_number = true;
  if (take_prefix(text, ">=")) return number(text, t.low);
  if (take_prefix(text, "<=")) return number(text, t.high);
  if (take_prefix(text, ">")) return t.low_open = true, number(text, t.low);
  if (text.starts_with('<')) return t.high_open = true, number(text.substr(1), t.high);
  take_char(text, '=');
  if (const auto split = text.find("<>"); split != std::string_view::npos) {
    t.low_open = t.high_open = true;
    if (!number(text.substr(0, split), t.low) || !number(text.substr(split + 2), t.high)) return false;
    return t.low < t.high || builder.fail(whole, "no number lies in '" + std::string(whole) + "'");
  }
  return number(text, t.low) && (t.high = t.low, true);
}

/// A list of tests; `read_one` reads what has no quotation marks.
template <class Matcher>
bool read_tests(Builder& builder, const Option& option,
                bool (*read_one)(Builder&, std::string_view, typename Matcher::Test&)) {
  std::vector<Item> items;
  auto list = option.value;
  auto matcher = std::make_shared<Matcher>();
  matcher->negated = take_char(list, '!');
  if (!read_items(builder, option, list, items)) return false;
  for (const Item& item : items) {
    typename Matcher::Test t;
    if (item.quoted) {
      t.glob = item.text;
    } else if (!read_one(builder, item.text, t)) {
      return false;
    }
    matcher->tests.push_back(std::move(t));
  }
  return add_matcher(builder, option, std::move(matcher));
}

// -------------------------------------------------------------------------------------------- the keywords

/// Without an argument, or with a direction of a => rule, it is the buffer.
bool wants_buffer(Builder& builder, const Option& option) {
  const bool direction = builder.rule().arrow == Arrow::kTransaction &&
                         (option.value == "to_server" || option.value == "to_client");
  return option.value.empty() || direction;
}

bool read_buffer(Builder& builder, const Option& option) {
  const Declared* declared = builder.environment().declared(option.name);
  if (declared != nullptr) return read_declared(builder, option, *declared);
  return builder.fail(option.name, "picket parses no protocol that '" + std::string(option.name) + "' is of");
}

bool read_word(Builder& builder, const Option& option, unsigned which) {
  return wants_buffer(builder, option) ? read_buffer(builder, option)
                                       : read_operations(builder, option, which);
}
bool read_address(Builder& builder, const Option& option, unsigned) {
  return wants_buffer(builder, option) ? read_buffer(builder, option)
                                       : read_tests<OtAddressMatcher>(builder, option, read_range);
}
bool read_value(Builder& builder, const Option& option, unsigned) {
  if (option.value.empty())
    return builder.fail(option.name, "keyword 'ot.value' needs an argument",
                        "as in ot.value:>10.5; or ot.value:\"text\";");
  return read_tests<OtValueMatcher>(builder, option, read_number);
}

constexpr Keyword kKeywords[] = {
    {"ot.address", Argument::kOwn, read_address},
    {"ot.class", Argument::kOwn, read_word, kClass},
    {"ot.operation", Argument::kOwn, read_word, kOperation},
    {"ot.protocol", Argument::kOwn, read_word, kProtocol},
    {"ot.value", Argument::kOwn, read_value},
};

}  // namespace

std::span<const Keyword> ot_keywords() { return kKeywords; }

}  // namespace picket::rules
