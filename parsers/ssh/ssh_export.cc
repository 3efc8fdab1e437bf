#include "export/wire_writer.h"
#include "parsers/core/digest.h"
#include "parsers/ssh/ssh.h"
#include "parsers/ssh/ssh.pb.h"

namespace picket::ssh {
namespace {

constexpr int kOfferFields[] = {
    v1::SshOffer::kKeyExchangeFieldNumber,         v1::SshOffer::kHostKeyFieldNumber,
    v1::SshOffer::kCipherToServerFieldNumber,      v1::SshOffer::kCipherToClientFieldNumber,
    v1::SshOffer::kMacToServerFieldNumber,         v1::SshOffer::kMacToClientFieldNumber,
    v1::SshOffer::kCompressionToServerFieldNumber, v1::SshOffer::kCompressionToClientFieldNumber,
    v1::SshOffer::kLanguageToServerFieldNumber,    v1::SshOffer::kLanguageToClientFieldNumber,
};
static_assert(std::size(kOfferFields) == kListCount);

constexpr int kAgreedFields[] = {
    v1::SshAgreed::kKeyExchangeFieldNumber,         v1::SshAgreed::kHostKeyFieldNumber,
    v1::SshAgreed::kCipherToServerFieldNumber,      v1::SshAgreed::kCipherToClientFieldNumber,
    v1::SshAgreed::kMacToServerFieldNumber,         v1::SshAgreed::kMacToClientFieldNumber,
    v1::SshAgreed::kCompressionToServerFieldNumber, v1::SshAgreed::kCompressionToClientFieldNumber,
};

void side(WireWriter& w, int field, const TxSide& s) noexcept {
  if (!s.has_banner()) return;
  using S = v1::SshSide;
  const auto message = w.message(field);
  if (!s.proto.empty()) {
    w.bytes(S::kProtoVersionFieldNumber, s.proto);
    w.bytes(S::kSoftwareVersionFieldNumber, s.software);
  } else {
    w.bytes(S::kBannerFieldNumber, s.banner.view());
  }
  if (!s.hassh.empty()) {
    const auto sub = w.message(S::kHasshFieldNumber);
    w.text(v1::SshHassh::kHashFieldNumber, {s.hassh_digest.data(), s.hassh_digest.size()});
    w.bytes(v1::SshHassh::kStringFieldNumber, s.hassh.view());
  }
  if (!s.comments.empty()) w.bytes(S::kCommentsFieldNumber, s.comments);
  if (!s.has_kex()) return;
  const auto sub = w.message(S::kOfferFieldNumber);
  for (std::size_t i = 0; i < kListCount; ++i) {
    Bytes list = s.kex.lists[i], name;
    for (std::size_t n = 0; n < kMaxNames && next_name(list, name); ++n) w.bytes(kOfferFields[i], name);
  }
  if (s.kex.guess_follows) w.boolean(v1::SshOffer::kGuessFollowsFieldNumber, true);
}

/// These ciphers come with a tag: OpenSSH's own, and those of RFC 5647 in OpenSSH's names.
bool has_tag(Bytes cipher) noexcept {
  const auto c = as_text(cipher);
  return c.starts_with("chacha20-poly1305") || c.find("-gcm@") != c.npos;
}

void agreed(WireWriter& w, const Kex& client, const Kex& server) noexcept {
  const auto sub = w.message(v1::Ssh::kAgreedFieldNumber);
  const auto chosen = [&](List l) { return choose(client.list(l), server.list(l)); };
  for (std::size_t i = 0; i < std::size(kAgreedFields); ++i) {
    const auto list = static_cast<List>(i);
    const bool no_mac = (list == List::kMacToServer && has_tag(chosen(List::kCipherToServer))) ||
                        (list == List::kMacToClient && has_tag(chosen(List::kCipherToClient)));
    const Bytes name = no_mac ? Bytes{} : chosen(list);
    if (!name.empty()) w.bytes(kAgreedFields[i], name);
  }
  if (is_strict(client, server)) w.boolean(v1::SshAgreed::kStrictFieldNumber, true);
}

/// Base64 without padding, as OpenSSH writes it.
void fingerprint(WireWriter& w, int field, Bytes key) noexcept {
  constexpr std::string_view kPrefix = "SHA256:";
  constexpr char kDigits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const Sha256::Value hash = Sha256::of(key);
  std::array<char, kPrefix.size() + 43> text;
  auto* out = std::copy(kPrefix.begin(), kPrefix.end(), text.begin());
  std::uint32_t bits = 0;
  unsigned count = 0;
  for (const std::uint8_t b : hash) {
    bits = bits << 8 | b;
    for (count += 8; count >= 6; count -= 6) *out++ = kDigits[bits >> (count - 6) & 63];
  }
  *out = kDigits[bits << (6 - count) & 63];
  w.text(field, {text.data(), text.size()});
}

void host_key(WireWriter& w, Bytes key) noexcept {
  if (key.empty()) return;
  const auto sub = w.message(v1::Ssh::kHostKeyFieldNumber);
  Cursor c(key);
  w.bytes(v1::SshHostKey::kTypeFieldNumber, c.bytes(c.u32be()));
  fingerprint(w, v1::SshHostKey::kFingerprintFieldNumber, key);
}

}  // namespace

void encode(const Transaction& transaction, WireWriter& w) noexcept {
  const Tx& tx = static_cast<const Tx&>(transaction);
  side(w, v1::Ssh::kClientFieldNumber, tx.client());
  side(w, v1::Ssh::kServerFieldNumber, tx.server());
  if (tx.client().has_kex() && tx.server().has_kex()) agreed(w, tx.client().kex, tx.server().kex);
  host_key(w, tx.host_key.view());
  if (const Disconnect& d = tx.disconnect; d.present) {
    const auto sub = w.message(v1::Ssh::kDisconnectFieldNumber);
    w.text(v1::SshDisconnect::kFromFieldNumber, d.from == Direction::kToServer ? "client" : "server");
    w.u64(v1::SshDisconnect::kReasonFieldNumber, d.reason);
    w.bytes(v1::SshDisconnect::kMessageFieldNumber, d.message.view());
  }
  if (tx.encrypted) w.boolean(v1::Ssh::kEncryptedFieldNumber, true);
}

}  // namespace picket::ssh
