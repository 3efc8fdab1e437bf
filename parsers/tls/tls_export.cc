#include <cstdio>

#include "export/wire_writer.h"
#include "parsers/core/digest.h"
#include "parsers/tls/tls.h"
#include "parsers/tls/tls.pb.h"

namespace picket::tls {
namespace {

using Msg = v1::Tls;

/// Certificates of a chain that are shown; a chain of the Web has two to four.
constexpr unsigned kMaxShown = 8;
/// Groups, key shares and protocols of a client that are shown.
constexpr unsigned kMaxOffered = 32;

void name_or_number(WireWriter& w, int field, std::string_view name, std::uint32_t value) noexcept {
  if (!name.empty()) return w.text(field, name);
  const std::array<std::uint8_t, 2> octets = {static_cast<std::uint8_t>(value >> 8),
                                              static_cast<std::uint8_t>(value)};
  std::array<char, 6> text = {'0', 'x'};
  to_hex(octets, std::span(text).subspan(2));
  w.text(field, {text.data(), text.size()});
}

void times(WireWriter& w, int not_before, int not_after, const Certificate& c) noexcept {
  if (!c.has_validity) return;
  TimeText room;
  w.text(not_before, write_time(c.not_before, room));
  w.text(not_after, write_time(c.not_after, room));
}

/// The server's own certificate, or the client's, in the fields that Suricata has for it.
template <class M>
void leaf(WireWriter& w, const TxSide& s) noexcept {
  if (!s.has_leaf()) return;
  w.bytes(M::kSubjectFieldNumber, s.of(s.subject));
  w.bytes(M::kIssuerdnFieldNumber, s.of(s.issuer));
  w.bytes(M::kSerialFieldNumber, s.of(s.serial));
  w.bytes(M::kFingerprintFieldNumber, s.of(s.fingerprint));
  times(w, M::kNotbeforeFieldNumber, M::kNotafterFieldNumber, s.leaf);
  for (std::size_t i = 0; i < s.alt_name_count(); ++i) w.bytes(M::kSubjectaltnameFieldNumber, s.alt_name(i));
}

void name(WireWriter& w, int field, Bytes der) noexcept {
  std::array<std::uint8_t, 1024> room;
  w.bytes(field, Bytes(room).first(write_name(der, room)));
}

void chain(WireWriter& w, int field, const TxSide& s) noexcept {
  Bytes der;
  for (unsigned i = 0; i < kMaxShown && s.certificate(i, der); ++i) {
    using C = v1::TlsCertificate;
    Certificate c;
    (void)parse_certificate(der, c);
    const auto sub = w.message(field);
    name(w, C::kSubjectFieldNumber, c.subject);
    name(w, C::kIssuerdnFieldNumber, c.issuer);
    w.bytes(C::kSerialFieldNumber, c.serial);
    w.bytes(C::kSha1FieldNumber, Sha1::of(der));
    w.bytes(C::kSha256FieldNumber, Sha256::of(der));
    times(w, C::kNotbeforeFieldNumber, C::kNotafterFieldNumber, c);
    if (const auto n = signature_algorithm_name(c.signature_algorithm); !n.empty()) {
      w.text(C::kSignatureAlgorithmFieldNumber, n);
    }
    if (const auto n = key_algorithm_name(c.key_algorithm); !n.empty())
      w.text(C::kKeyAlgorithmFieldNumber, n);
    if (c.key_bits != 0) w.u64(C::kKeyBitsFieldNumber, c.key_bits);
  }
}

void fingerprint(WireWriter& w, int field, const TxSide& s) noexcept {
  if (s.ja3.size == 0) return;
  const auto sub = w.message(field);
  w.text(v1::TlsFingerprint::kHashFieldNumber, {s.ja3_hash.data(), s.ja3_hash.size()});
  w.bytes(v1::TlsFingerprint::kStringFieldNumber, s.of(s.ja3));
}

void client_hello(WireWriter& w, const ClientHello& h) noexcept {
  if (!h.present) return;
  using H = v1::TlsClientHello;
  const auto sub = w.message(Msg::kClientHelloFieldNumber);
  VersionText room;
  w.text(H::kVersionFieldNumber, version_name(h.version, room));
  const U16List groups(h.groups);
  for (std::size_t i = 0; i < groups.size() && i < kMaxOffered; ++i) {
    if (!is_grease(groups[i])) name_or_number(w, H::kGroupsFieldNumber, group_name(groups[i]), groups[i]);
  }
  Cursor shares(h.key_shares);
  std::uint16_t group = 0;
  for (unsigned i = 0; i < kMaxOffered && !shares.empty() && next_key_share(shares, group); ++i) {
    if (!is_grease(group)) name_or_number(w, H::kKeySharesFieldNumber, group_name(group), group);
  }
  if (h.ech) w.boolean(H::kEchFieldNumber, true);
  if (h.early_data) w.boolean(H::kEarlyDataFieldNumber, true);
  if (h.psk) w.boolean(H::kPskFieldNumber, true);
  if (h.session_ticket) w.boolean(H::kSessionTicketFieldNumber, true);
  if (h.record_size_limit != 0) w.u64(H::kRecordSizeLimitFieldNumber, h.record_size_limit);
  if (h.sslv2_framing) w.boolean(H::kSslv2FieldNumber, true);
}

void key_exchange(WireWriter& w, const Tx& tx) noexcept {
  const std::uint16_t group = tx.server.group != 0 ? tx.server.group : tx.key_exchange.group;
  if (group != 0) {
    name_or_number(w, Msg::kGroupFieldNumber, group_name(group), group);
  } else if (tx.key_exchange.dh_bits != 0) {
    std::array<char, 16> text;
    const int n = std::snprintf(text.data(), text.size(), "dhe %u", tx.key_exchange.dh_bits);
    w.text(Msg::kGroupFieldNumber, {text.data(), static_cast<std::size_t>(n)});
  }
  if (const auto s = tx.key_exchange.signature_scheme; s != 0) {
    name_or_number(w, Msg::kSignatureSchemeFieldNumber, signature_scheme_name(s), s);
  }
}

void server_hello(WireWriter& w, const ServerHello& h) noexcept {
  if (!h.present) return;
  VersionText room;
  w.text(Msg::kVersionFieldNumber, version_name(h.version, room));
  if (h.version != version::kSsl2)
    name_or_number(w, Msg::kCipherFieldNumber, cipher_name(h.cipher), h.cipher);
  if (!h.alpn.empty()) w.bytes(Msg::kServerAlpnsFieldNumber, h.alpn);
}

}  // namespace

void encode(const Transaction& transaction, WireWriter& w) noexcept {
  const Tx& tx = static_cast<const Tx&>(transaction);
  const TxSide &client = tx.side(Direction::kToServer), &server = tx.side(Direction::kToClient);
  server_hello(w, tx.server);
  if (!tx.client.sni.empty()) w.bytes(Msg::kSniFieldNumber, tx.client.sni);
  leaf<Msg>(w, server);
  if (tx.resumed) w.boolean(Msg::kSessionResumedFieldNumber, true);
  fingerprint(w, Msg::kJa3FieldNumber, client);
  fingerprint(w, Msg::kJa3SFieldNumber, server);
  if (tx.has_ja4) w.text(Msg::kJa4FieldNumber, {tx.ja4.data(), tx.ja4.size()});
  Bytes alpn;
  for (unsigned i = 0; i < kMaxOffered && alpn_name(tx.client.alpn, i, alpn); ++i)
    w.bytes(Msg::kClientAlpnsFieldNumber, alpn);
  if (client.has_leaf()) {
    const auto sub = w.message(Msg::kClientFieldNumber);
    leaf<v1::TlsClientCertificate>(w, client);
  }
  key_exchange(w, tx);
  w.boolean(Msg::kEstablishedFieldNumber, tx.established);
  if (tx.retried) w.boolean(Msg::kHelloRetryRequestFieldNumber, true);
  if (tx.certificate_requested) w.boolean(Msg::kCertificateRequestedFieldNumber, true);
  if (tx.client.extended_master_secret && tx.server.extended_master_secret) {
    w.boolean(Msg::kExtendedMasterSecretFieldNumber, true);
  }
  client_hello(w, tx.client);
  for (std::size_t i = 0; i < tx.alert_count; ++i) {
    const Alert& a = tx.alerts[i];
    const auto sub = w.message(Msg::kAlertsFieldNumber);
    w.text(v1::TlsAlert::kFromFieldNumber, a.from == Direction::kToServer ? "client" : "server");
    w.text(v1::TlsAlert::kLevelFieldNumber, a.level == 2 ? "fatal" : "warning");
    name_or_number(w, v1::TlsAlert::kDescriptionFieldNumber, alert_name(a.description), a.description);
  }
  chain(w, Msg::kCertificatesFieldNumber, server);
  chain(w, Msg::kClientCertificatesFieldNumber, client);
}

}  // namespace picket::tls
