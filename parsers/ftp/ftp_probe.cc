// Could this be FTP? Its beginning looks like SMTP's from the server, and like POP3's from the client.
#include <algorithm>

#include "parsers/ftp/ftp.h"

namespace picket::ftp {
namespace {

/// Commands of FTP that no other protocol begins a line with.
constexpr std::string_view kOnlyFtp[] = {
    "ACCT", "ALLO", "APPE", "CDUP", "CLNT", "CWD",  "EPRT", "EPSV", "FEAT", "MDTM", "MKD",  "MLSD",
    "MLST", "NLST", "OPTS", "PASV", "PBSZ", "PORT", "PROT", "PWD",  "REIN", "REST", "RMD",  "RNFR",
    "RNTO", "SITE", "SIZE", "SMNT", "STOR", "STOU", "STRU", "SYST", "TYPE", "XCWD", "XPWD",
};
/// Those it shares with POP3, SMTP or NNTP: another line may tell.
constexpr std::string_view kShared[] = {"ABOR", "AUTH", "HELP", "HOST", "LIST", "MODE",
                                        "NOOP", "PASS", "QUIT", "STAT", "USER"};
constexpr std::size_t kLongestWord = 4;

template <std::size_t kSize>
bool has(const std::string_view (&list)[kSize], std::string_view word) noexcept {
  return std::ranges::any_of(list, [word](std::string_view w) { return equals_nocase(w, word); });
}

/// The next line without its end; false: there is no end.
bool take_line(std::string_view& s, std::string_view& line) noexcept {
  const auto end = s.find('\n');
  if (end == s.npos) return false;
  line = s.substr(0, end);
  if (line.ends_with('\r')) line.remove_suffix(1);
  s.remove_prefix(end + 1);
  return true;
}

Probe of_command(std::string_view line, bool whole) noexcept {
  const auto end = line.find(' ');
  const std::string_view word = line.substr(0, end);
  if (end == line.npos && !whole) {  // more of the word may come
    const auto begins = [word](std::string_view w) {
      return w.size() >= word.size() && equals_nocase(w.substr(0, word.size()), word);
    };
    return word.size() <= kLongestWord &&
                   (std::ranges::any_of(kOnlyFtp, begins) || std::ranges::any_of(kShared, begins) ||
                    begins("RETR") || begins("DELE"))
               ? Probe::kUnsure
               : Probe::kNo;
  }
  if (has(kOnlyFtp, word)) return Probe::kYes;
  const std::string_view argument = end == line.npos ? std::string_view{} : line.substr(end + 1);
  // POP3 has the same words, with a number behind them.
  if (equals_nocase(word, "RETR") || equals_nocase(word, "DELE")) {
    if (argument.empty()) return whole ? Probe::kNo : Probe::kUnsure;
    return argument[0] >= '0' && argument[0] <= '9' ? Probe::kNo : Probe::kYes;
  }
  if (equals_nocase(word, "AUTH") && whole) {
    const bool tls = equals_nocase(argument, "TLS") || equals_nocase(argument, "SSL") ||
                     equals_nocase(argument, "TLS-C") || equals_nocase(argument, "TLS-P");
    return tls ? Probe::kYes : Probe::kNo;  // elsewhere names of SASL stand there
  }
  return has(kShared, word) ? Probe::kUnsure : Probe::kNo;
}

bool contains_nocase(std::string_view s, std::string_view what) noexcept {
  for (std::size_t i = 0; i + what.size() <= s.size(); ++i) {
    if (equals_nocase(s.substr(i, what.size()), what)) return true;
  }
  return false;
}

bool is_code(std::string_view s) noexcept {
  const auto digit = [](char c) { return c >= '0' && c <= '9'; };
  return s.size() >= 3 && s[0] >= '1' && s[0] <= '6' && digit(s[1]) && digit(s[2]) &&
         (s.size() == 3 || s[3] == ' ' || s[3] == '-');
}

/// Codes with which only FTP answers the first commands: to FEAT and SYST, AUTH TLS, USER, PASS.
bool is_ftp_code(std::string_view line) noexcept {
  const std::string_view code = line.substr(0, 3);
  return code == "211" || code == "215" || code == "230" || code == "232" || code == "234" || code == "331" ||
         code == "332";
}

Probe probe_server(std::string_view s) noexcept {
  std::string_view line;
  // Where the greeting was not seen, the login tells.
  constexpr std::string_view kGreeting = "220", kLater = "120", kLogin = "331";
  const auto begins = [begun = s.substr(0, 3)](std::string_view code) { return code.starts_with(begun); };
  if (!begins(kGreeting) && !begins(kLater) && !begins(kLogin)) return Probe::kNo;
  if (s.size() < 4) return Probe::kUnsure;
  if (s[3] != ' ' && s[3] != '-') return Probe::kNo;
  if (begins(kLogin)) return Probe::kYes;
  bool in_greeting = true;
  while (take_line(s, line)) {
    if (in_greeting) {
      if (contains_nocase(line, "SMTP") || contains_nocase(line, "mail")) return Probe::kNo;
      if (contains_nocase(line, "FTP")) return Probe::kYes;
      in_greeting = !(is_code(line) && (line.size() == 3 || line[3] == ' ') && line.starts_with("220"));
      continue;
    }
    if (!is_code(line)) return Probe::kNo;
    if (is_ftp_code(line)) return Probe::kYes;
    if (line.starts_with("250") || line.starts_with("221")) return Probe::kNo;
  }
  return Probe::kUnsure;
}

}  // namespace

Probe probe(Transport, Direction dir, Bytes first) noexcept {
  std::string_view s = as_text(first);
  if (s.empty()) return Probe::kUnsure;
  if (dir == Direction::kToClient) return probe_server(s);
  std::string_view line;
  while (take_line(s, line)) {
    if (const Probe p = of_command(line, true); p != Probe::kUnsure) return p;
  }
  if (s.ends_with('\r')) s.remove_suffix(1);
  return s.empty() ? Probe::kUnsure : of_command(s, false);
}

}  // namespace picket::ftp
