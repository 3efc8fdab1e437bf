// sensor/rules/keywords_data.cc — keywords that do more with a buffer than compare: base64, ASN.1, datasets,
// entropy
#include <charconv>

#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

bool read_base64_decode(Builder& builder, const Option& option, unsigned) {
  Base64Decode decode;
  auto rest = option.value;
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    const bool fine = word == "relative" ? (decode.relative = true)
                      : word == "bytes"  ? parse_number(argument, decode.bytes) && decode.bytes > 0
                                         : word == "offset" && parse_number(argument, decode.offset) &&
                                              decode.offset <= 65535;
    if (!fine)
      return builder.fail(part.empty() ? option.value : part,
                          "base64_decode takes bytes N, offset N and relative");
  }
  builder.add(decode);
  return true;
}

bool read_asn1(Builder& builder, const Option& option, unsigned) {
  Asn1 asn1;
  auto rest = option.value;
  while (!rest.empty()) {
    // Public rules write both "relative_offset 54" and "relative_offset,54".
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    if (word == "bitstring_overflow" || word == "double_overflow") {
      (word == "bitstring_overflow" ? asn1.bitstring_overflow : asn1.double_overflow) = true;
      continue;
    }
    if (argument.empty()) argument = take_until(rest, ',');
    std::int32_t n = 0;
    const bool number = parse_number(argument, n);
    if (word == "oversize_length" && number && n > 0) {
      asn1.oversize_length = static_cast<std::uint32_t>(n);
    } else if (word == "absolute_offset" && number) {
      asn1.absolute_offset = n;
    } else if (word == "relative_offset" && number) {
      asn1.relative_offset = n;
    } else {
      return builder.fail(part.empty() ? option.value : part, quoted(part) + " is not understood in asn1",
                          "it takes bitstring_overflow, double_overflow, oversize_length N, absolute_offset "
                          "N, relative_offset N");
    }
  }
  builder.add(asn1);
  return true;
}

bool read_dataset(Builder& builder, const Option& option, unsigned is_reputation) {
  using Command = Dataset::Command;
  using Type = DatasetSource::Type;
  constexpr Named<Command> kCommands[] = {{"set", Command::kSet},
                                          {"unset", Command::kUnset},
                                          {"isset", Command::kIsSet},
                                          {"isnotset", Command::kIsNotSet}};
  constexpr Named<Type> kTypes[] = {{"string", Type::kString},
                                    {"md5", Type::kMd5},
                                    {"sha256", Type::kSha256},
                                    {"ipv4", Type::kIpv4},
                                    {"ip", Type::kIp}};
  if (!builder.in_sticky_buffer())
    return builder.fail(option.name, "'" + std::string(option.name) + "' needs a sticky buffer before it");
  Dataset set;
  DatasetSource source;
  auto rest = option.value;
  if (is_reputation != 0) {
    set.command = Command::kReputation;
    set.name = take_until(rest, ',');
    std::string test(take_until(rest, ','));
    test += take_until(rest, ',');
    if (test.starts_with("==")) test.erase(0, 1);
    // The test is put together from two arguments, so a complaint is pinned to the whole of them.
    Rule scratch;
    Builder probe(scratch, builder.environment());
    if (!probe.read_integer_test(test, 65535, set.reputation))
      return builder.fail(option.value, probe.error().reason);
  } else {
    const auto word = take_until(rest, ',');
    const auto* command = find_named(kCommands, word);
    if (command == nullptr)
      return builder.fail(word.empty() ? option.value : word, "dataset begins with " + list_names(kCommands));
    set.command = *command;
    set.name = take_until(rest, ',');
  }
  if (set.name.empty()) return builder.fail(option.value, std::string(option.name) + " needs a name");
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    bool fine = !argument.empty();
    if (word == "type") {
      const auto* type = find_named(kTypes, argument);
      if ((fine = source.has_type = type != nullptr)) source.type = *type;
    } else if (word == "remove_key") {
      fine = source.remove_key = true;
    } else if (word == "memcap" || word == "hashsize") {
      IntegerTest number;  // for its units
      fine = builder.read_integer_test(argument, 0xffffffff, number);
      if (!fine) return false;
      (word == "memcap" ? source.memcap : source.hashsize) = static_cast<std::uint32_t>(number.lo);
    } else {
      std::string* const field = word == "load"                                      ? &source.load
                                 : word == "save"                                    ? &source.save
                                 : word == "state"                                   ? &source.state
                                 : word == "format"                                  ? &source.format
                                 : word == "enrichment_key" || word == "context_key" ? &set.enrichment_key
                                 : word == "value_key"                               ? &source.value_key
                                 : word == "array_key"                               ? &source.array_key
                                                                                     : nullptr;
      fine = fine && field != nullptr;
      if (fine) *field = argument;
    }
    if (!fine)
      return builder.fail(part.empty() ? option.value : part,
                          quoted(part) + " is not understood in " + std::string(option.name));
  }
  if (is_reputation != 0 && !source.has_type) return builder.fail(option.value, "datarep needs a type");
  if (!source.format.empty() && source.format != "csv" && source.format != "json" &&
      source.format != "ndjson")
    return builder.fail(option.value, "a data set's format is csv, json or ndjson");
  if (source.format.ends_with("json") && source.value_key.empty())
    return builder.fail(option.value, "a data set in JSON needs value_key: which member is the value");
  set.source = std::make_shared<const DatasetSource>(std::move(source));
  builder.add(std::move(set));
  return true;
}

bool read_fraction(std::string_view text, double& out) noexcept {
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  return error == std::errc{} && end == text.data() + text.size() && out >= 0.0 && out <= 8.0;
}

bool read_entropy(Builder& builder, const Option& option, unsigned) {
  Entropy entropy;
  bool has_value = false;
  auto rest = option.value;
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    bool fine = false;
    if (word == "bytes") {
      fine = parse_number(argument, entropy.bytes);
    } else if (word == "offset") {
      fine = parse_number(argument, entropy.offset);
    } else if (word == "value") {
      double value = 0.0, second = 0.0;
      const bool at_least = take_prefix(argument, ">="), at_most = !at_least && take_prefix(argument, "<=");
      const bool more = !at_least && !at_most && take_char(argument, '>');
      const bool less = !at_least && !at_most && !more && take_char(argument, '<');
      const bool differs = !at_least && !at_most && !more && !less && take_prefix(argument, "!=");
      if (!differs && !(at_least || at_most || more || less)) take_char(argument, '=');
      const auto dash = argument.find('-');
      fine = has_value = read_fraction(trim(argument.substr(0, dash)), value);
      if (dash != std::string_view::npos)
        fine = fine && read_fraction(trim(argument.substr(dash + 1)), second) && second > value;
      entropy.negated = differs;
      entropy.low_open = more || dash != std::string_view::npos;
      entropy.high_open = less || dash != std::string_view::npos;
      entropy.low = at_most || less ? 0.0 : value;
      entropy.high = dash != std::string_view::npos ? second : at_least || more ? 8.0 : value;
    }
    if (!fine)
      return builder.fail(part.empty() ? option.value : part, quoted(part) + " is not understood in entropy",
                          "as in entropy:bytes 256, offset 0, value >= 6.5;");
  }
  if (!has_value) return builder.fail(option.value, "entropy needs a value");
  builder.add(entropy);
  return true;
}

constexpr Keyword kKeywords[] = {
    {"asn1", Argument::kRequired, read_asn1},
    {"base64_decode", Argument::kOptional, read_base64_decode},
    {"datarep", Argument::kRequired, read_dataset, 1},
    {"dataset", Argument::kRequired, read_dataset, 0},
    {"entropy", Argument::kRequired, read_entropy},
};

}  // namespace

std::span<const Keyword> data_keywords() { return kKeywords; }

}  // namespace picket::rules
