// http2.settings: a setting by name, and what its value has to be.
#include <charconv>
#include <string>

#include "parsers/core/mime.h"
#include "parsers/core/text.h"
#include "parsers/http2/http2.h"

namespace picket::http2 {
namespace {

using Parsed = Result<std::unique_ptr<TxMatcher>>;

Error bad(std::string_view argument, std::string_view wanted) {
  return Error{"'" + std::string(argument) + "': " + std::string(wanted)};
}

class SettingMatcher final : public TxMatcher {
 public:
  SettingMatcher(std::uint16_t id, std::uint64_t lo, std::uint64_t hi, bool negated)
      : id_(id), lo_(lo), hi_(hi), negated_(negated) {}
  [[nodiscard]] bool match(const Transaction& t, Direction d) const noexcept override {
    for (const Note& n : as_tx(t).lane[index(d)].notes()) {
      if (n.kind == Note::kSettingValue && n.id == id_ && (lo_ <= n.value && n.value <= hi_) != negated_)
        return true;
    }
    return false;
  }

 private:
  std::uint16_t id_;
  std::uint64_t lo_, hi_;
  bool negated_;
};

bool read_number(std::string_view s, std::uint64_t& out) {
  s = trim(s);
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc() && end == s.data() + s.size() && out <= 0xffffffff;
}

/// NAME, NAME=1, NAME!=1, NAME>1, NAME>=1, NAME<1, NAME<=1, NAME1-3 (between, as in Suricata)
Parsed parse_settings(std::string_view argument) {
  std::string_view s = trim(argument);
  if (s.size() > 1 && s.front() == '"' && s.back() == '"') s = trim(s.substr(1, s.size() - 2));
  const auto in_name = [](char c) { return c == '_' || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z'); };
  std::size_t end = 0;
  while (end < s.size() && (in_name(s[end]) || s.substr(end, 4) == "7540")) end += in_name(s[end]) ? 1 : 4;
  std::uint64_t id = 0;
  if (!find_setting(s.substr(0, end), id))
    return bad(argument, "give the name of a setting, such as SETTINGS_MAX_FRAME_SIZE");
  std::string_view test = trim(s.substr(end));
  std::uint64_t lo = 0, hi = 0xffffffff, n = 0;
  bool negated = false, good = true;
  const auto takes = [&](std::string_view sign) {
    if (!test.starts_with(sign)) return false;
    test.remove_prefix(sign.size());
    good = read_number(test, n);
    return true;
  };
  if (test.empty()) {
    // any value
  } else if (takes(">=")) {
    lo = n;
  } else if (takes("<=")) {
    hi = n;
  } else if (takes("!=") || takes("!")) {
    lo = hi = n;
    negated = true;
  } else if (takes(">")) {
    lo = n + 1;
  } else if (takes("<")) {
    good = good && n > 0;
    hi = n - 1;
  } else if (takes("=")) {
    lo = hi = n;
  } else if (const auto dash = test.find('-'); dash != std::string_view::npos) {
    std::uint64_t to = 0;
    good = read_number(test.substr(0, dash), n) && read_number(test.substr(dash + 1), to) && to > n + 1;
    lo = n + 1;
    hi = to - 1;
  } else {
    good = read_number(test, n);
    lo = hi = n;
  }
  if (!good)
    return bad(argument,
               "behind the setting's name give a number, with =, !=, <, <=, > or >= before it, or a-b");
  return Parsed(std::make_unique<SettingMatcher>(static_cast<std::uint16_t>(id), lo, hi, negated));
}

}  // namespace

constexpr KeywordDef kKeywords[kKeywordCount] = {
    {"http2.settings",
     {kClosed, kClosed},
     parse_settings,
     "a setting of a SETTINGS frame by name, and its value: SETTINGS_HEADER_TABLE_SIZE>4096"},
};

}  // namespace picket::http2
