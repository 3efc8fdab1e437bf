// Keywords of TLS with a syntax of their own, as Suricata's manual describes them (8.19, SSL/TLS Keywords).
#include <algorithm>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "parsers/tls/tls.h"

namespace picket::tls {
namespace {

const Tx& as_tx(const Transaction& t) noexcept { return static_cast<const Tx&>(t); }

using Parsed = Result<std::unique_ptr<TxMatcher>>;

Error bad(std::string_view keyword, std::string_view argument, std::string_view wanted) {
  return Error{std::string(keyword) + ": '" + std::string(argument) + "': " + std::string(wanted)};
}

std::string_view trim(std::string_view s) {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}
std::string_view unquote(std::string_view s) {
  s = trim(s);
  return s.size() >= 2 && s.front() == '"' && s.back() == '"' ? s.substr(1, s.size() - 2) : s;
}
/// Takes a leading '!' off.
bool take_negation(std::string_view& s) {
  s = trim(s);
  if (s.empty() || s.front() != '!') return false;
  s = trim(s.substr(1));
  return true;
}

std::vector<std::string_view> split(std::string_view s, char at) {
  std::vector<std::string_view> parts;
  for (;;) {
    const auto i = s.find(at);
    parts.push_back(trim(s.substr(0, i)));
    if (i == std::string_view::npos) return parts;
    s.remove_prefix(i + 1);
  }
}

// ---- tls.version:1.2   tls.version:0x7f12   ssl_version:!tls1.3,tls1.2

class VersionMatcher final : public TxMatcher {
 public:
  VersionMatcher(std::vector<std::uint16_t> versions, bool tls13_drafts, bool negated)
      : versions_(std::move(versions)), tls13_drafts_(tls13_drafts), negated_(negated) {}
  [[nodiscard]] bool match(const Transaction& t, Direction d) const noexcept override {
    const auto v = as_tx(t).version_of(d);
    if (v == 0) return false;  // nothing said yet: neither this version nor another
    const bool found = std::find(versions_.begin(), versions_.end(), v) != versions_.end() ||
                       (tls13_drafts_ && version::is_tls13(v));
    return found != negated_;
  }

 private:
  std::vector<std::uint16_t> versions_;
  bool tls13_drafts_, negated_;
};

struct VersionWord {
  std::string_view tls, ssl;
  std::uint16_t value;
};
constexpr VersionWord kVersions[] = {
    {"", "sslv2", version::kSsl2},      {"", "sslv3", version::kSsl3},
    {"1.0", "tls1.0", version::kTls10}, {"1.1", "tls1.1", version::kTls11},
    {"1.2", "tls1.2", version::kTls12}, {"1.3", "tls1.3", version::kTls13},
};

Parsed parse_tls_version(std::string_view argument) {
  std::string_view s = argument;
  const bool negated = take_negation(s);
  s = unquote(s);
  for (const VersionWord& w : kVersions) {
    if (!w.tls.empty() && w.tls == s) {
      return Parsed(
          std::make_unique<VersionMatcher>(std::vector{w.value}, w.value == version::kTls13, negated));
    }
  }
  std::uint16_t v = 0;
  if (s.size() > 2 && s.substr(0, 2) == "0x") {
    const auto [end, e] = std::from_chars(s.data() + 2, s.data() + s.size(), v, 16);
    if (e == std::errc() && end == s.data() + s.size()) {
      return Parsed(std::make_unique<VersionMatcher>(std::vector{v}, false, negated));
    }
  }
  return bad("tls.version", argument, "give 1.0, 1.1, 1.2, 1.3 or a number such as 0x7f12");
}

Parsed parse_ssl_version(std::string_view argument) {
  std::string_view s = argument;
  const bool negated = take_negation(s);  // of the list as a whole
  std::vector<std::uint16_t> versions;
  bool tls13 = false;
  for (std::string_view word : split(unquote(s), ',')) {
    if (negated) (void)take_negation(word);
    const auto* at = std::find_if(std::begin(kVersions), std::end(kVersions),
                                  [word](const VersionWord& w) { return equals_nocase(w.ssl, word); });
    if (at == std::end(kVersions)) {
      return bad("ssl_version", argument,
                 "give any of sslv2, sslv3, tls1.0, tls1.1, tls1.2, tls1.3, with commas");
    }
    versions.push_back(at->value);
    tls13 = tls13 || at->value == version::kTls13;
  }
  return Parsed(std::make_unique<VersionMatcher>(std::move(versions), tls13, negated));
}

// ---- ssl_state:client_hello|server_hello

class StateMatcher final : public TxMatcher {
 public:
  StateMatcher(std::uint8_t states, bool unknown, bool negated)
      : states_(states), unknown_(unknown), negated_(negated) {}
  [[nodiscard]] bool match(const Transaction& t, Direction) const noexcept override {
    const auto seen = as_tx(t).states;
    return ((seen & states_) != 0 || (unknown_ && seen == 0)) != negated_;
  }

 private:
  std::uint8_t states_;
  bool unknown_, negated_;
};

Parsed parse_ssl_state(std::string_view argument) {
  std::string_view s = argument;
  const bool negated = take_negation(s);
  std::uint8_t states = 0;
  bool unknown = false;
  for (std::string_view word : split(unquote(s), '|')) {
    if (negated) (void)take_negation(word);
    if (word == "client_hello")
      states |= state::kClientHello;
    else if (word == "server_hello")
      states |= state::kServerHello;
    else if (word == "client_keyx")
      states |= state::kClientKeyExchange;
    else if (word == "server_keyx")
      states |= state::kServerKeyExchange;
    else if (word == "unknown")
      unknown = true;
    else
      return bad("ssl_state", argument,
                 "give client_hello, server_hello, client_keyx, server_keyx or unknown, with |");
  }
  return Parsed(std::make_unique<StateMatcher>(states, unknown, negated));
}

// ---- tls.subject:"CN=*.example"   tls.issuerdn   tls.fingerprint

using TextOf = Bytes (*)(const TxSide&);

class TextMatcher final : public TxMatcher {
 public:
  TextMatcher(TextOf text, std::string needle, bool negated)
      : text_(text), needle_(std::move(needle)), negated_(negated) {}
  [[nodiscard]] bool match(const Transaction& t, Direction d) const noexcept override {
    const TxSide& side = as_tx(t).side(d);
    if (!side.has_leaf()) return false;
    return (as_text(text_(side)).find(needle_) != std::string_view::npos) != negated_;
  }

 private:
  TextOf text_;
  std::string needle_;
  bool negated_;
};

Parsed parse_text(std::string_view keyword, TextOf text, std::string_view argument) {
  std::string_view s = argument;
  const bool negated = take_negation(s);
  s = unquote(s);
  if (s.empty()) return bad(keyword, argument, "give the text to look for");
  return Parsed(std::make_unique<TextMatcher>(text, std::string(s), negated));
}
Parsed parse_subject(std::string_view argument) {
  return parse_text(
      "tls.subject", [](const TxSide& s) { return s.of(s.subject); }, argument);
}
Parsed parse_issuer(std::string_view argument) {
  return parse_text(
      "tls.issuerdn", [](const TxSide& s) { return s.of(s.issuer); }, argument);
}
Parsed parse_fingerprint(std::string_view argument) {
  return parse_text(
      "tls.fingerprint", [](const TxSide& s) { return s.of(s.fingerprint); }, argument);
}

// ---- tls_cert_notbefore:1998-05-01<>2008-05-01   tls_cert_notafter:>2015   tls_cert_expired tls_cert_valid

/// Which of the certificate's times, and the open interval it must be in.
class DateMatcher final : public TxMatcher {
 public:
  DateMatcher(std::int64_t Certificate::*time, std::int64_t above, std::int64_t below)
      : time_(time), above_(above), below_(below) {}
  [[nodiscard]] bool match(const Transaction& t, Direction d) const noexcept override {
    const Certificate& c = as_tx(t).side(d).leaf;
    return c.has_validity && c.*time_ > above_ && c.*time_ < below_;
  }

 private:
  std::int64_t Certificate::*time_;
  std::int64_t above_, below_;
};

class ExpiredMatcher final : public TxMatcher {
 public:
  explicit ExpiredMatcher(bool expired) : expired_(expired) {}
  [[nodiscard]] bool match(const Transaction& t, Direction d) const noexcept override {
    const TxSide& side = as_tx(t).side(d);
    const Certificate& c = side.leaf;
    if (!c.has_validity) return false;
    const auto now = static_cast<std::int64_t>(side.certificate_time_ns / 1'000'000'000);
    return expired_ ? c.not_after < now : c.not_before <= now && now <= c.not_after;
  }

 private:
  bool expired_;
};

/// "2015", "2015-10", "2015-10-22", then " 23", " 23:59" and " 23:59:59", with a blank or a T between.
std::optional<std::int64_t> parse_date(std::string_view s) {
  s = trim(s);
  std::array<unsigned, 6> fields = {0, 1, 1, 0, 0, 0};
  constexpr std::array<std::size_t, 6> kDigits = {4, 2, 2, 2, 2, 2};
  constexpr std::array<std::string_view, 6> kBefore = {"", "-", "-", " T", ":", ":"};
  std::size_t i = 0;
  for (; i < fields.size() && !s.empty(); ++i) {
    if (!kBefore[i].empty()) {
      if (kBefore[i].find(s.front()) == std::string_view::npos) return {};
      s.remove_prefix(1);
    }
    if (s.size() < kDigits[i]) return {};
    const auto [end, e] = std::from_chars(s.data(), s.data() + kDigits[i], fields[i]);
    if (e != std::errc() || end != s.data() + kDigits[i]) return {};
    s.remove_prefix(kDigits[i]);
  }
  const bool in_range =
      fields[1] - 1 < 12 && fields[2] - 1 < 31 && fields[3] < 24 && fields[4] < 60 && fields[5] < 61;
  if (i == 0 || !s.empty() || !in_range) return {};
  return seconds_of(fields[0], fields[1], fields[2], fields[3], fields[4], fields[5]);
}

Parsed parse_date_test(std::string_view keyword, std::int64_t Certificate::*time, std::string_view argument) {
  constexpr auto kMin = std::numeric_limits<std::int64_t>::min(),
                 kMax = std::numeric_limits<std::int64_t>::max();
  const auto wrong = [&] {
    return bad(keyword, argument, "give a date such as 2015-10-22, with < or > before or <> between two");
  };
  const std::string_view s = unquote(argument);
  if (const auto between = s.find("<>"); between != std::string_view::npos) {
    const auto low = parse_date(s.substr(0, between)), high = parse_date(s.substr(between + 2));
    if (!low || !high || *low >= *high) return wrong();
    return Parsed(std::make_unique<DateMatcher>(time, *low, *high));
  }
  const char op = s.empty() ? ' ' : s.front();
  const auto date = parse_date(op == '<' || op == '>' ? s.substr(1) : s);
  if (!date) return wrong();
  if (op == '<') return Parsed(std::make_unique<DateMatcher>(time, kMin, *date));
  if (op == '>') return Parsed(std::make_unique<DateMatcher>(time, *date, kMax));
  return Parsed(std::make_unique<DateMatcher>(time, *date - 1, *date + 1));
}
Parsed parse_not_before(std::string_view argument) {
  return parse_date_test("tls_cert_notbefore", &Certificate::not_before, argument);
}
Parsed parse_not_after(std::string_view argument) {
  return parse_date_test("tls_cert_notafter", &Certificate::not_after, argument);
}
Parsed parse_expired(std::string_view argument) {
  if (!trim(argument).empty()) return bad("tls_cert_expired", argument, "takes no argument");
  return Parsed(std::make_unique<ExpiredMatcher>(true));
}
Parsed parse_valid(std::string_view argument) {
  if (!trim(argument).empty()) return bad("tls_cert_valid", argument, "takes no argument");
  return Parsed(std::make_unique<ExpiredMatcher>(false));
}

constexpr std::array<std::uint8_t, 2> kAtHello = {progress::kHello, progress::kHello};
constexpr std::array<std::uint8_t, 2> kAtCertificate = {progress::kCertificate, progress::kCertificate};

}  // namespace

constexpr KeywordDef kKeywords[kKeywordCount] = {
    {"ssl_state", kAtHello, parse_ssl_state,
     "messages seen so far: client_hello|server_hello|client_keyx|server_keyx"},
    {"ssl_version", kAtHello, parse_ssl_version,
     "version of that side: sslv2, sslv3, tls1.0 ... with commas, ! before"},
    {"tls.fingerprint", kAtCertificate, parse_fingerprint,
     "text in the SHA-1 fingerprint of that side's certificate"},
    {"tls.issuerdn", kAtCertificate, parse_issuer, "text in the issuer of that side's certificate"},
    {"tls.subject", kAtCertificate, parse_subject, "text in the subject of that side's certificate"},
    {"tls.version", kAtHello, parse_tls_version,
     "version of that side: 1.0 to 1.3, or a number such as 0x7f12"},
    {"tls_cert_expired", kAtCertificate, parse_expired,
     "that side's certificate was no longer valid when it was sent"},
    {"tls_cert_notafter", kAtCertificate, parse_not_after, "end of validity: <, > or <> and dates"},
    {"tls_cert_notbefore", kAtCertificate, parse_not_before, "begin of validity: <, > or <> and dates"},
    {"tls_cert_valid", kAtCertificate, parse_valid, "that side's certificate was valid when it was sent"},
};

}  // namespace picket::tls
