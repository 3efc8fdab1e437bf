#include "sensor/rules/classification.h"

#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

struct BuiltinClass {
  std::string_view name, description;
  std::uint8_t priority;
};
// The names are those public rules use; the words are picket's own.
constexpr BuiltinClass kClasses[] = {
    {"attempted-admin", "Attempt to gain administrator rights", 1},
    {"attempted-dos", "Attempt to deny service", 2},
    {"attempted-recon", "Attempt to gather information", 2},
    {"attempted-user", "Attempt to gain a user's rights", 1},
    {"bad-unknown", "Potentially Bad Traffic", 2},
    {"coin-mining", "Mining of cryptocurrency", 2},
    {"command-and-control", "Malware talking to its command and control", 1},
    {"credential-theft", "Theft of credentials", 1},
    {"default-login-attempt", "Log-in with a default user and password", 2},
    {"denial-of-service", "Denial of service", 2},
    {"domain-c2", "Domain of a command and control service", 1},
    {"exploit-kit", "Exploit kit at work", 1},
    {"external-ip-check", "Look-up of the own public address", 2},
    {"icmp-event", "ICMP of note", 3},
    {"inappropriate-content", "Content that is not appropriate", 1},
    {"kickass-porn", "Content for adults", 1},
    {"misc-activity", "Activity of note", 3},
    {"misc-attack", "Attack of another kind", 2},
    {"network-scan", "Scan of the network", 3},
    {"non-standard-protocol", "Protocol or event that is not standard", 2},
    {"not-suspicious", "Not Suspicious Traffic", 3},
    {"policy-violation", "Possible breach of the site's policy", 1},
    {"protocol-command-decode", "Generic Protocol Command Decode", 3},
    {"pup-activity", "Program that may not be wanted", 2},
    {"rpc-portmap-decode", "RPC query", 2},
    {"shellcode-detect", "Executable code found", 1},
    {"social-engineering", "Attempt at social engineering", 2},
    {"string-detect", "Suspicious text found", 3},
    {"successful-admin", "Administrator rights were gained", 1},
    {"successful-dos", "Service was denied", 2},
    {"successful-recon-largescale", "Much information leaked", 2},
    {"successful-recon-limited", "Information leaked", 2},
    {"successful-user", "A user's rights were gained", 1},
    {"suspicious-filename-detect", "Suspicious file name found", 2},
    {"suspicious-login", "Log-in with a suspicious user name", 2},
    {"system-call-detect", "System call found", 2},
    {"targeted-activity", "Activity aimed at this site", 1},
    {"tcp-connection", "TCP connection", 4},
    {"trojan-activity", "Network trojan", 1},
    {"unknown", "Traffic of unknown kind", 3},
    {"unsuccessful-user", "A user's rights were not gained", 1},
    {"unusual-client-port-connection", "Client on an unusual port", 2},
    {"web-application-activity", "Use of a web application that may be vulnerable", 2},
    {"web-application-attack", "Web Application Attack", 1},
};

struct BuiltinReference {
  std::string_view system, prefix;
};
constexpr BuiltinReference kReferences[] = {
    {"arachnids", ""},
    {"bid", "https://www.securityfocus.com/bid/"},
    {"bugtraq", "https://www.securityfocus.com/bid/"},
    {"cve", "https://cve.mitre.org/cgi-bin/cvename.cgi?name="},
    {"et", "https://doc.emergingthreats.net/"},
    {"etpro", "https://doc.emergingthreatspro.com/"},
    {"exploitdb", "https://www.exploit-db.com/exploits/"},
    {"mcafee", ""},
    {"md5", "https://www.virustotal.com/gui/file/"},
    {"msft", "https://learn.microsoft.com/security-updates/securitybulletins/"},
    {"nessus", "https://www.tenable.com/plugins/nessus/"},
    {"openpacket", ""},
    {"osvdb", ""},
    {"secunia", ""},
    {"securitytracker", ""},
    {"sha1", "https://www.virustotal.com/gui/file/"},
    {"sha256", "https://www.virustotal.com/gui/file/"},
    {"snort", ""},
    {"telus", ""},
    {"threatexpert", ""},
    {"url", "https://"},
    {"xforce", ""},
};

/// Calls `entry(value, complaint)` with what stands behind "config <word>:" on each line.
template <class Entry>
void each_entry(std::string_view file, std::string_view text, std::string_view word,
                std::vector<Diagnostic>& diagnostics, Entry entry) {
  std::uint32_t number = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    const auto whole = text.substr(0, end);
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    auto line = trim(whole);
    if (line.empty() || line.front() == '#') continue;
    Complaint complaint{line, "expected \"config " + std::string(word) + ": ...\"", {}};
    bool fine = take_word(line) == "config" && take_prefix(line, word) && take_char(line, ':');
    if (fine) {
      complaint.where = line;
      fine = entry(line, complaint);
    }
    if (!fine) {
      const auto column = static_cast<std::uint32_t>(complaint.where.data() - whole.data()) + 1;
      diagnostics.push_back(
          {Diagnostic::Severity::kError, file, number, column, std::move(complaint.reason), {}});
    }
  }
}

}  // namespace

std::string lower_case(std::string_view s) {
  std::string out(s);
  for (char& c : out) c = static_cast<char>(to_lower(static_cast<std::uint8_t>(c)));
  return out;
}

ClassTable builtin_classes() {
  ClassTable table;
  for (const auto& c : kClasses) table.emplace(c.name, ClassInfo{std::string(c.description), c.priority});
  return table;
}

ReferenceTable builtin_references() {
  ReferenceTable table;
  for (const auto& r : kReferences) table.emplace(r.system, r.prefix);
  return table;
}

ClassTable parse_classification(std::string_view file, std::string_view text,
                                std::vector<Diagnostic>& diagnostics) {
  ClassTable table;
  each_entry(file, text, "classification", diagnostics, [&](std::string_view rest, Complaint& complaint) {
    const auto name = take_until(rest, ',');
    const auto comma = rest.rfind(',');
    unsigned priority = 0;
    if (name.empty() || comma == std::string_view::npos) {
      complaint.reason = "expected name,description,priority";
      return false;
    }
    const auto number = trim(rest.substr(comma + 1));
    if (!parse_number(number, priority) || priority < 1 || priority > 255) {
      complaint = {number, "the priority must be a number from 1 to 255", {}};
      return false;
    }
    table.insert_or_assign(lower_case(name), ClassInfo{std::string(trim(rest.substr(0, comma))),
                                                       static_cast<std::uint8_t>(priority)});
    return true;
  });
  return table;
}

ReferenceTable parse_references(std::string_view file, std::string_view text,
                                std::vector<Diagnostic>& diagnostics) {
  ReferenceTable table;
  each_entry(file, text, "reference", diagnostics, [&](std::string_view rest, Complaint& complaint) {
    const auto system = take_word(rest);
    if (system.empty()) {
      complaint.reason = "expected a system and the prefix of its URLs";
      return false;
    }
    table.insert_or_assign(lower_case(system), std::string(trim(rest)));
    return true;
  });
  return table;
}

}  // namespace picket::rules
