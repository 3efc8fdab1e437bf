#include "sensor/rules/environment.h"

#include <algorithm>

namespace picket::rules {
namespace {

// Buffers that may stand several times in one transaction, and whose uses in a rule are therefore separate
// questions: `dns.query; content:"a"; dns.query; content:"b";` asks for two names, not for one with both.
constexpr std::string_view kManyValued[] = {
    "dns.additionals.rrname",
    "dns.answer.name",
    "dns.answers.rrname",
    "dns.authorities.rrname",
    "dns.queries.rrname",
    "dns.query",
    "dns.query.name",
    "dns.response.rrname",
    "email.received",
    "email.url",
    "file.data",
    "file.magic",
    "file.name",
    "http.request_header",
    "http.response_header",
    "http2.header",
    "http2.header_name",
    "ike.vendor",
    "krb5.cname",
    "krb5.sname",
    "ldap.request.attribute_type",
    "ldap.responses.attribute_type",
    "mqtt.subscribe.topic",
    "mqtt.unsubscribe.topic",
    "ot.address",
    "quic.cyu.hash",
    "quic.cyu.string",
    "sdp.attribute",
    "sip.contact",
    "smtp.rcpt_to",
    "ssh.hassh",
    "tls.alpn",
    "tls.certs",
    "tls.subjectaltname",
};

struct Word {
  std::string_view word, protocol;
};
// Protocols that the rule language knows, as rule headers and the first part of keywords spell them. Only
// messages depend on it: what picket parses comes from the registry.
constexpr Word kLanguageProtocols[] = {
    {"bittorrent-dht", "bittorrent-dht"},
    {"cip", "enip"},
    {"dce", "dcerpc"},
    {"dcerpc", "dcerpc"},
    {"dhcp", "dhcp"},
    {"dnp3", "dnp3"},
    {"dns", "dns"},
    {"doh2", "doh2"},
    {"email", "smtp"},
    {"enip", "enip"},
    {"ftp", "ftp"},
    {"ftp-data", "ftp-data"},
    {"ftpbounce", "ftp"},
    {"ftpdata", "ftp-data"},
    {"http", "http"},
    {"http1", "http"},
    {"http2", "http2"},
    {"ike", "ike"},
    {"ikev2", "ike"},
    {"imap", "imap"},
    {"ja3", "tls"},
    {"ja3s", "tls"},
    {"ja4", "tls"},
    {"krb5", "krb5"},
    {"ldap", "ldap"},
    {"llmnr", "llmnr"},
    {"mdns", "mdns"},
    {"mime", "smtp"},
    {"modbus", "modbus"},
    {"mqtt", "mqtt"},
    {"nfs", "nfs"},
    {"ntp", "ntp"},
    {"pgsql", "pgsql"},
    {"pop3", "pop3"},
    {"quic", "quic"},
    {"rdp", "rdp"},
    {"rfb", "rfb"},
    {"rpc", "rpc"},
    {"sctp", "sctp"},
    {"sdp", "sip"},
    {"sip", "sip"},
    {"smb", "smb"},
    {"smtp", "smtp"},
    {"snmp", "snmp"},
    {"ssh", "ssh"},
    {"ssl", "tls"},
    {"telnet", "telnet"},
    {"tftp", "tftp"},
    {"tls", "tls"},
    {"vxlan", "vxlan"},
    {"websocket", "websocket"},
};

}  // namespace

std::string_view language_protocol(std::string_view word) noexcept {
  for (const auto& entry : kLanguageProtocols) {
    if (entry.word == word) return entry.protocol;
  }
  return {};
}

std::string_view keyword_protocol(std::string_view keyword) noexcept {
  return language_protocol(keyword.substr(0, keyword.find_first_of("._")));
}

Environment::Environment(const LoadOptions& options, const ClassTable& class_table,
                         const ReferenceTable& reference_table)
    : addresses(options.variables.addresses),
      ports(options.variables.ports),
      classes(class_table),
      references(reference_table),
      decode_events(options.decode_events),
      stream_events(options.stream_events),
      protocols_(options.protocols) {
  for (std::size_t p = 0; p < protocols_.size(); ++p) {
    const ProtocolSpec& spec = *protocols_[p];
    const auto ref = [p](std::size_t i) {
      return FieldRef{static_cast<ProtocolId>(p), static_cast<std::uint16_t>(i)};
    };
    for (std::size_t i = 0; i < spec.buffers.size(); ++i) {
      declare(spec.buffers[i].name, spec.buffers[i].legacy, Declared::Kind::kBuffer, ref(i));
    }
    for (std::size_t i = 0; i < spec.integers.size(); ++i) {
      declare(spec.integers[i].name, spec.integers[i].legacy, Declared::Kind::kInteger, ref(i));
    }
    for (std::size_t i = 0; i < spec.keywords.size(); ++i) {
      declare(spec.keywords[i].name, {}, Declared::Kind::kKeyword, ref(i));
    }
  }
}

void Environment::declare(std::string_view name, std::string_view legacy, Declared::Kind kind,
                          FieldRef field) {
  auto& entry = declared_[name];
  if (entry.fields.empty()) {
    const bool many =
        std::find(std::begin(kManyValued), std::end(kManyValued), name) != std::end(kManyValued);
    entry = {kind, name, {field}, many};
  } else if (entry.kind == kind) {  // two protocols that disagree on the kind: the first one wins
    entry.fields.push_back(field);
  }
  if (!legacy.empty()) older_.try_emplace(legacy, name);
}

const Declared* Environment::declared(std::string_view name) const {
  if (const auto found = declared_.find(name); found != declared_.end()) return &found->second;
  if (const auto older = older_.find(name); older != older_.end()) return &declared_.at(older->second);
  // Most older spellings differ in the first separator alone: tls_sni, http_accept_enc.
  constexpr std::size_t kLongest = 64;
  const auto underscore = name.find('_');
  if (underscore == std::string_view::npos || name.size() > kLongest) return nullptr;
  char modern[kLongest];
  name.copy(modern, name.size());
  modern[underscore] = '.';
  const auto found = declared_.find(std::string_view(modern, name.size()));
  return found == declared_.end() ? nullptr : &found->second;
}

std::vector<FieldRef> Environment::keywords_named(std::string_view name) const {
  std::vector<FieldRef> fields;
  for (std::size_t p = 0; p < protocols_.size(); ++p) {
    const auto& keywords = protocols_[p]->keywords;
    for (std::size_t i = 0; i < keywords.size(); ++i) {
      if (keywords[i].name == name)
        fields.push_back({static_cast<ProtocolId>(p), static_cast<std::uint16_t>(i)});
    }
  }
  return fields;
}

std::vector<ProtocolId> Environment::protocols_named(std::string_view word) const {
  std::vector<ProtocolId> ids;
  for (std::size_t p = 0; p < protocols_.size(); ++p) {
    const auto& spec = *protocols_[p];
    if (spec.name == word ||
        std::find(spec.aliases.begin(), spec.aliases.end(), word) != spec.aliases.end()) {
      ids.push_back(static_cast<ProtocolId>(p));
    }
  }
  return ids;
}

void Environment::each_name(NearestName& nearest) const {
  for (const auto& [name, entry] : declared_) nearest.consider(name);
  for (const auto& [name, modern] : older_) nearest.consider(name);
}

void Environment::each_protocol(NearestName& nearest) const {
  for (const auto* spec : protocols_) nearest.consider(spec->name);
}

}  // namespace picket::rules
