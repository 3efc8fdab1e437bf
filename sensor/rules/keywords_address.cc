// sensor/rules/keywords_address.cc — what is known of addresses: iprep and geoip
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

constexpr Named<AddressSide> kSides[] = {
    {"any", AddressSide::kAny},          {"src", AddressSide::kSource}, {"dst", AddressSide::kDestination},
    {"dest", AddressSide::kDestination}, {"both", AddressSide::kBoth},
};
constexpr std::uint64_t kMaxScore = 127;

/// iprep:<side>,<category>,<operator>,<score> or iprep:<side>,<category>,isset
bool read_iprep(Builder& builder, const Option& option, unsigned) {
  AddressReputation test;
  auto rest = option.value;
  const auto side = take_until(rest, ','), category = take_until(rest, ','), op = take_until(rest, ',');
  const auto* found = find_named(kSides, side);
  if (found == nullptr) return builder.fail(side, "iprep's first word is " + list_names(kSides));
  test.side = *found;
  if (category.empty()) return builder.fail(option.value, "iprep needs a category: iprep:src,Name,>,30");
  test.category = category;
  const auto score = trim(rest);
  if (op == "isset" || op == "isnotset") {
    if (!score.empty()) return builder.fail(score, "nothing follows isset and isnotset");
    test.is_not_set = op == "isnotset";
  } else {
    if (op != "<" && op != ">" && op != "=" && op != "<=" && op != ">=")
      return builder.fail(op, "iprep compares by <, <=, >, >= or =, or asks isset or isnotset");
    std::uint64_t number = 0;
    if (!parse_number(score, number) || number > kMaxScore)
      return builder.fail(score, "iprep's score is 0 to 127");
    const bool strict = op.size() == 1 && op != "=";
    if (strict && number == (op == "<" ? 0 : kMaxScore))
      return builder.fail(score, "iprep: no score lies there; scores are 0 to 127");
    if (op.front() != '>') test.score.hi = number - (strict ? 1 : 0);
    if (op.front() != '<') test.score.lo = number + (strict ? 1 : 0);
  }
  builder.rule().packet_tests.emplace_back(std::move(test));
  return true;
}

/// geoip:[<side>,]<country>[,<country>...]; a `!` before a country turns the answer round.
bool read_geoip(Builder& builder, const Option& option, unsigned) {
  CountryIs test;
  auto rest = option.value;
  bool first = true;
  while (!rest.empty()) {
    auto word = take_until(rest, ',');
    if (const auto* side = find_named(kSides, word); first && side != nullptr) {
      test.side = *side;
      first = false;
      continue;
    }
    first = false;
    const bool negated = take_char(word, '!');
    if (!test.countries.empty() && negated != test.negated)
      return builder.fail(word, "geoip: either all countries are negated or none");
    test.negated = negated;
    const auto letter = [](char c) { return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
    if (word.size() != 2 || !letter(word[0]) || !letter(word[1]))
      return builder.fail(word.empty() ? option.value : word,
                          "geoip's countries are two letters, such as DE");
    const auto upper = [](char c) { return static_cast<char>(c & ~0x20); };
    test.countries.push_back(std::string{upper(word[0]), upper(word[1])});
  }
  if (test.countries.empty()) return builder.fail(option.value, "geoip needs a country");
  builder.rule().packet_tests.emplace_back(std::move(test));
  return true;
}

constexpr Keyword kKeywords[] = {
    {"geoip", Argument::kRequired, read_geoip},
    {"iprep", Argument::kRequired, read_iprep},
};

}  // namespace

std::span<const Keyword> address_keywords() { return kKeywords; }

}  // namespace picket::rules
