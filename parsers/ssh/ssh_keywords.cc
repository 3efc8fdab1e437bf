// Keywords of SSH with a syntax of their own: exact versions, as Suricata compares them.
#include <algorithm>
#include <string>

#include "parsers/ssh/ssh.h"

namespace picket::ssh {
namespace {

using Parsed = Result<std::unique_ptr<TxMatcher>>;
using Part = Bytes TxSide::*;

std::string_view unquote(std::string_view s) {
  const auto blank = [](char c) { return c == ' ' || c == '\t' || c == '"'; };
  while (!s.empty() && blank(s.front())) s.remove_prefix(1);
  while (!s.empty() && blank(s.back())) s.remove_suffix(1);
  return s;
}

Error bad(std::string_view keyword, std::string_view argument, std::string_view wanted) {
  return Error{std::string(keyword) + ": '" + std::string(argument) + "': " + std::string(wanted)};
}

class ExactMatcher final : public TxMatcher {
 public:
  ExactMatcher(Part part, std::string wanted) : part_(part), wanted_(std::move(wanted)) {}
  [[nodiscard]] bool match(const Transaction& t, Direction d) const noexcept override {
    return as_text(static_cast<const Tx&>(t).side(d).*part_) == wanted_;
  }

 private:
  Part part_;
  std::string wanted_;
};

/// Speaks version 2, maybe among others: 1.99 says so (RFC 4253, 5.1).
class SpeaksTwoMatcher final : public TxMatcher {
 public:
  [[nodiscard]] bool match(const Transaction& t, Direction d) const noexcept override {
    const auto v = as_text(static_cast<const Tx&>(t).side(d).proto);
    return v == "2" || v.starts_with("2.") || v == "1.99";
  }
};

Parsed parse_protocol(std::string_view argument) {
  const std::string_view s = unquote(argument);
  if (s == "2_compat") return Parsed(std::make_unique<SpeaksTwoMatcher>());
  const bool is_version =
      !s.empty() && s.front() >= '0' && s.front() <= '9' &&
      std::ranges::all_of(s, [](char c) { return (c >= '0' && c <= '9') || c == '.' || c == '-'; });
  if (!is_version) return bad("ssh.protoversion", argument, "give a version such as 2.0, or 2_compat");
  return Parsed(std::make_unique<ExactMatcher>(&TxSide::proto, std::string(s)));
}

Parsed parse_software(std::string_view argument) {
  const std::string_view s = unquote(argument);
  if (s.empty()) return bad("ssh.softwareversion", argument, "give the whole of it, such as OpenSSH_9.2p1");
  return Parsed(std::make_unique<ExactMatcher>(&TxSide::software, std::string(s)));
}

constexpr std::array<std::uint8_t, 2> kAtBanner = {progress::kBanner, progress::kBanner};

}  // namespace

constexpr KeywordDef kKeywords[kKeywordCount] = {
    {"ssh.protoversion", kAtBanner, parse_protocol,
     "that side's protocol version, exactly; 2_compat: any that speaks 2"},
    {"ssh.softwareversion", kAtBanner, parse_software, "that side's software, exactly"},
};

}  // namespace picket::ssh
