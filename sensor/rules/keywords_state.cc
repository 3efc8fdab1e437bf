// sensor/rules/keywords_state.cc — what is remembered between packets: flowbits, xbits, hostbits, flowint,
// thresholds
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

using Op = StateBit::Op;
constexpr Named<Op> kBitOps[] = {{"set", Op::kSet},
                                 {"unset", Op::kUnset},
                                 {"toggle", Op::kToggle},
                                 {"isset", Op::kIsSet},
                                 {"isnotset", Op::kIsNotSet}};

bool read_names(Builder& builder, const Option& option, std::string_view text, StateBit& bit) {
  while (!text.empty()) {
    const auto name = take_until(text, '|');
    if (name.empty() || name.find_first_of(" \t") != std::string_view::npos)
      return builder.fail(name.empty() ? option.value : name, "a bit's name is one word");
    bit.names.emplace_back(name);
  }
  if (bit.names.empty()) return builder.fail(option.value, std::string(option.name) + " needs a name");
  return bit.names.size() == 1 || bit.op == Op::kIsSet || bit.op == Op::kIsNotSet ||
         builder.fail(option.value, "only isset and isnotset take several names");
}

/// "set,name": takes both off `rest`. `done` when it was noalert.
bool read_bit(Builder& builder, const Option& option, std::string_view& rest, StateBit& bit, bool& done) {
  const auto word = take_until(rest, ',');
  done = word == "noalert";
  if (done) {
    builder.rule().noalert = true;
    return trim(rest).empty() || builder.fail(rest, "noalert takes no name");
  }
  const auto* op = find_named(kBitOps, word);
  if (op == nullptr) {
    NearestName nearest(word);
    for (const auto& entry : kBitOps) nearest.consider(entry.name);
    return builder.fail(word.empty() ? option.value : word,
                        quoted(word) + " means nothing to " + std::string(option.name),
                        nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
  }
  bit.op = *op;
  return read_names(builder, option, take_until(rest, ','), bit);
}

bool read_flowbits(Builder& builder, const Option& option, unsigned) {
  StateBit bit;
  bool done = false;
  auto rest = option.value;
  if (!read_bit(builder, option, rest, bit, done)) return false;
  if (done) return true;
  if (!trim(rest).empty()) return builder.fail(rest, "unexpected text behind the flowbit's name");
  builder.rule().state_bits.push_back(std::move(bit));
  return true;
}

bool read_xbits(Builder& builder, const Option& option, unsigned) {
  using Scope = StateBit::Scope;
  constexpr Named<Scope> kTracks[] = {{"ip_src", Scope::kHostSource},
                                      {"ip_dst", Scope::kHostDestination},
                                      {"ip_pair", Scope::kIpPair},
                                      {"tx", Scope::kTransaction}};
  StateBit bit;
  bool done = false, tracked = false;
  auto rest = option.value;
  if (!read_bit(builder, option, rest, bit, done)) return false;
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    if (word == "track") {
      const auto* scope = find_named(kTracks, argument);
      if (scope == nullptr) return builder.fail(part, "xbits track " + list_names(kTracks));
      bit.scope = *scope;
      tracked = true;
    } else if (word != "expire" || !parse_number(argument, bit.expire_seconds) || bit.expire_seconds == 0) {
      return builder.fail(part.empty() ? option.value : part, "xbits take track and expire N (seconds)");
    }
  }
  if (done) return true;
  if (!tracked) return builder.fail(option.value, "xbits need track " + list_names(kTracks));
  builder.rule().state_bits.push_back(std::move(bit));
  return true;
}

bool read_hostbits(Builder& builder, const Option& option, unsigned) {
  using Scope = StateBit::Scope;
  constexpr Named<Scope> kSides[] = {
      {"src", Scope::kHostSource}, {"dst", Scope::kHostDestination}, {"both", Scope::kHostBoth}};
  StateBit bit;
  bool done = false;
  bit.scope = Scope::kHostSource;
  bit.hostbits = true;
  auto rest = option.value;
  if (!read_bit(builder, option, rest, bit, done)) return false;
  if (done) return true;
  if (const auto side = trim(rest); !side.empty()) {
    const auto* scope = find_named(kSides, side);
    if (scope == nullptr) return builder.fail(side, "hostbits are about " + list_names(kSides));
    bit.scope = *scope;
  }
  builder.rule().state_bits.push_back(std::move(bit));
  return true;
}

/// name,"content": written as the value of content is.
bool read_variable(Builder& builder, const Option& option, unsigned of_flow) {
  auto rest = option.value;
  VariableTest test;
  test.of_flow = of_flow != 0;
  test.name = take_until(rest, ',');
  rest = trim(rest);
  if (rest.size() >= 2 && rest.front() == '"' && rest.back() == '"') rest = rest.substr(1, rest.size() - 2);
  if (test.name.empty() || rest.empty())
    return builder.fail(option.value, std::string(option.name) + " takes a name and what it holds");
  std::size_t at = 0;
  if (const auto wrong = decode_content(rest, test.value, at))
    return builder.fail(rest.substr(at), std::string(*wrong));
  builder.rule().variable_tests.push_back(std::move(test));
  return true;
}

bool read_flowint(Builder& builder, const Option& option, unsigned) {
  using FlowOp = FlowInt::Op;
  constexpr Named<FlowOp> kOps[] = {
      {"=", FlowOp::kAssign},    {"+", FlowOp::kAdd},           {"-", FlowOp::kSubtract},
      {"<", FlowOp::kLess},      {"<=", FlowOp::kLessEqual},    {"==", FlowOp::kEqual},
      {"!=", FlowOp::kNotEqual}, {">", FlowOp::kGreater},       {">=", FlowOp::kGreaterEqual},
      {"isset", FlowOp::kIsSet}, {"notset", FlowOp::kIsNotSet}, {"isnotset", FlowOp::kIsNotSet},
  };
  FlowInt flow_int;
  auto rest = option.value;
  flow_int.name = take_until(rest, ',');
  const auto word = take_until(rest, ',');
  const auto* op = find_named(kOps, word);
  if (flow_int.name.empty()) return builder.fail(option.value, "flowint needs a name");
  if (op == nullptr)
    return builder.fail(word.empty() ? option.value : word, "flowint takes " + list_names(kOps));
  flow_int.op = *op;
  const auto value = trim(rest);
  const bool wants_value = *op != FlowOp::kIsSet && *op != FlowOp::kIsNotSet;
  if (wants_value == value.empty())
    return builder.fail(option.value,
                        wants_value ? "flowint needs a value here" : "isset and notset take no value");
  if (wants_value && !parse_number(value, flow_int.value)) {
    if (is_digit(value.front()) || value.front() == '-')
      return builder.fail(value, quoted(value) + " is not a number from 0 to 4294967295");
    flow_int.other = value;
  }
  builder.rule().flow_ints.push_back(std::move(flow_int));
  return true;
}

bool read_threshold(Builder& builder, const Option& option, unsigned is_filter) {
  using Type = Threshold::Type;
  using Track = Threshold::Track;
  using Unique = Threshold::UniqueOn;
  constexpr Named<Type> kTypes[] = {{"limit", Type::kLimit},
                                    {"threshold", Type::kThreshold},
                                    {"both", Type::kBoth},
                                    {"backoff", Type::kBackoff}};
  constexpr Named<Track> kTracks[] = {{"by_src", Track::kBySource},
                                      {"by_dst", Track::kByDestination},
                                      {"by_both", Track::kByBoth},
                                      {"by_rule", Track::kByRule},
                                      {"by_flow", Track::kByFlow}};
  constexpr Named<Unique> kUnique[] = {{"src_port", Unique::kSourcePort},
                                       {"dst_port", Unique::kDestinationPort}};
  Rule& rule = builder.rule();
  if (rule.detection_filter || (is_filter != 0 && rule.threshold)) {
    return builder.fail(option.name, "a rule has one detection_filter, or thresholds, not both");
  }
  Threshold t;
  bool has_type = is_filter != 0, has_track = false, has_count = false, has_seconds = false,
       has_multiplier = false;
  if (is_filter != 0) t.type = Type::kDetectionFilter;
  auto rest = option.value;
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    bool fine = false;
    if (word == "type" && is_filter == 0) {
      const auto* type = find_named(kTypes, argument);
      if ((fine = has_type = type != nullptr)) t.type = *type;
    } else if (word == "track") {
      const auto* track = find_named(kTracks, argument);
      if ((fine = has_track = track != nullptr)) t.track = *track;
    } else if (word == "count") {
      fine = has_count = parse_number(argument, t.count) && t.count > 0;
    } else if (word == "seconds") {
      fine = has_seconds = parse_number(argument, t.seconds) && t.seconds > 0;
    } else if (word == "multiplier") {
      fine = has_multiplier = parse_number(argument, t.multiplier) && t.multiplier > 1;
    } else if (word == "unique_on") {
      const auto* unique = find_named(kUnique, argument);
      if ((fine = unique != nullptr)) t.unique_on = *unique;
    }
    if (!fine) {
      return builder.fail(part.empty() ? option.value : part,
                          quoted(part) + " is not understood in " + std::string(option.name),
                          is_filter != 0 ? "as in detection_filter:track by_src, count 5, seconds 60;"
                                         : "as in threshold:type limit, track by_src, count 1, seconds 60;");
    }
  }
  const bool backoff = t.type == Type::kBackoff;
  const std::string_view missing = !has_type                    ? "type"
                                   : !has_track                 ? "track"
                                   : !has_count                 ? "count"
                                   : backoff && !has_multiplier ? "multiplier"
                                   : !backoff && !has_seconds   ? "seconds"
                                                                : "";
  if (!missing.empty())
    return builder.fail(option.value, std::string(option.name) + " needs " + std::string(missing));
  if (backoff && t.track != Track::kByFlow)
    return builder.fail(option.value, "type backoff goes with track by_flow only");
  if (is_filter == 0 && rule.threshold) {
    constexpr std::size_t kMost = 8;
    if (rule.more_thresholds.size() == kMost)
      return builder.fail(option.name, "more than nine thresholds in one rule");
    rule.more_thresholds.push_back(t);
    return true;
  }
  (is_filter != 0 ? rule.detection_filter : rule.threshold) = t;
  return true;
}

constexpr Keyword kKeywords[] = {
    {"detection_filter", Argument::kRequired, read_threshold, 1},
    {"flowbits", Argument::kRequired, read_flowbits},
    {"flowint", Argument::kRequired, read_flowint},
    {"flowvar", Argument::kRequired, read_variable, 1},
    {"hostbits", Argument::kRequired, read_hostbits},
    {"pktvar", Argument::kRequired, read_variable, 0},
    {"threshold", Argument::kRequired, read_threshold, 0},
    {"xbits", Argument::kRequired, read_xbits},
};

}  // namespace

std::span<const Keyword> state_keywords() { return kKeywords; }

}  // namespace picket::rules
