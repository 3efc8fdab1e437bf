// Keywords of FTP with a syntax of their own, as Suricata's manual describes them (8.x, FTP/FTP-DATA
// Keywords).
#include <string>

#include "parsers/ftp/ftp.h"

namespace picket::ftp {
namespace {

using Parsed = Result<std::unique_ptr<TxMatcher>>;

Error bad(std::string_view keyword, std::string_view argument, std::string_view wanted) {
  return Error{std::string(keyword) + ": '" + std::string(argument) + "': " + std::string(wanted)};
}

class ModeMatcher final : public TxMatcher {
 public:
  explicit ModeMatcher(Mode mode) : mode_(mode) {}
  [[nodiscard]] bool match(const Transaction& t, Direction) const noexcept override {
    return as_tx(t).mode == mode_;
  }

 private:
  Mode mode_;
};

Parsed parse_mode(std::string_view argument) {
  if (argument == "active") return Parsed(std::make_unique<ModeMatcher>(Mode::kActive));
  if (argument == "passive") return Parsed(std::make_unique<ModeMatcher>(Mode::kPassive));
  return bad("ftp.mode", argument, "give active or passive");
}

class ReceivedMatcher final : public TxMatcher {
 public:
  explicit ReceivedMatcher(bool received) : received_(received) {}
  [[nodiscard]] bool match(const Transaction& t, Direction) const noexcept override {
    return as_tx(t).reply_received == received_;
  }

 private:
  bool received_;
};

Parsed parse_received(std::string_view argument) {
  for (const std::string_view yes : {"yes", "true", "on", "1"}) {
    if (equals_nocase(argument, yes)) return Parsed(std::make_unique<ReceivedMatcher>(true));
  }
  for (const std::string_view no : {"no", "false", "off", "0"}) {
    if (equals_nocase(argument, no)) return Parsed(std::make_unique<ReceivedMatcher>(false));
  }
  return bad("ftp.reply_received", argument, "give yes or no");
}

class BounceMatcher final : public TxMatcher {
 public:
  [[nodiscard]] bool match(const Transaction& t, Direction) const noexcept override {
    return as_tx(t).bounce;
  }
};

Parsed parse_bounce(std::string_view argument) {
  if (!argument.empty()) return bad("ftpbounce", argument, "takes no argument");
  return Parsed(std::make_unique<BounceMatcher>());
}

}  // namespace

constexpr KeywordDef kKeywords[kKeywordCount] = {
    {"ftp.mode", {progress::kReply, kNever}, parse_mode, "active: PORT, EPRT; passive: PASV, EPSV"},
    {"ftp.reply_received", {progress::kReply, kNever}, parse_received, "was the command answered? yes or no"},
    {"ftpbounce",
     {progress::kCommand, kNever},
     parse_bounce,
     "PORT or EPRT names another host than the client"},
};

}  // namespace picket::ftp
