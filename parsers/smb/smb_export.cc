#include <charconv>

#include "parsers/dcerpc/dcerpc_export.h"
#include "parsers/smb/smb.h"
#include "parsers/smb/smb.pb.h"

namespace picket::smb {
namespace {

using v1::Smb;

/// Text that is put together here.
class Text {
 public:
  Text& put(std::string_view s) noexcept {
    const std::size_t n = std::min(s.size(), sizeof(text_) - size_);
    s.copy(text_ + size_, n);
    size_ += n;
    return *this;
  }
  Text& number(std::uint64_t v) noexcept {
    const auto r = std::to_chars(text_ + size_, text_ + sizeof text_, v);
    size_ = static_cast<std::size_t>(r.ptr - text_);
    return *this;
  }
  /// At least `digits` of them.
  Text& hex(std::uint64_t v, unsigned digits) noexcept {
    char all[16];
    unsigned n = 0;
    for (; n < sizeof all && (v != 0 || n < digits); v >>= 4) all[n++] = "0123456789abcdef"[v & 15];
    while (n > 0) put({&all[--n], 1});
    return *this;
  }
  [[nodiscard]] std::string_view view() const noexcept { return {text_, size_}; }

 private:
  char text_[96];
  std::size_t size_ = 0;
};

void put(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b);
}
void put(WireWriter& w, int field, std::string_view s) noexcept { put(w, field, as_bytes(s)); }

/// Each text ends with a zero.
void put_list(WireWriter& w, int field, std::string_view all) noexcept {
  while (!all.empty()) {
    const std::size_t end = all.find('\0');
    w.text(field, all.substr(0, end));
    all.remove_prefix(end == std::string_view::npos ? all.size() : end + 1);
  }
}

/// As Suricata writes it: like a GUID, but the last two parts are little-endian numbers, too.
void put_file_id(WireWriter& w, int field, const FileId& id) noexcept {
  const std::uint64_t p = id.persistent, o = id.open;
  Text t;
  t.hex(p & 0xffffffff, 8).put("-").hex(p >> 32 & 0xffff, 4).put("-").hex(p >> 48, 4).put("-");
  t.hex(o & 0xffff, 4).put("-").hex(o >> 16 & 0xffff, 4).hex(o >> 32, 8);
  w.text(field, t.view());
}

void put_guid(WireWriter& w, int field, const std::array<std::uint8_t, 16>& g) noexcept {
  constexpr unsigned kOrder[] = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  Text t;
  for (unsigned i = 0; i < 16; ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) t.put("-");
    t.hex(g[kOrder[i]], 2);
  }
  w.text(field, t.view());
}

/// 100 ns since 1601 as seconds since 1970.
std::uint64_t seconds(std::uint64_t filetime) noexcept {
  constexpr std::uint64_t kEpoch = 11644473600;
  const std::uint64_t s = filetime / 10000000;
  return s < kEpoch ? 0 : s - kEpoch;
}

void status(WireWriter& w, const Tx& tx) noexcept {
  if (!tx.has_status) return;
  Text code;
  std::string_view name;
  if (tx.dos_status && tx.status != 0) {
    const auto number = static_cast<std::uint16_t>(tx.status >> 16);
    name = dos_status_name(static_cast<std::uint8_t>(tx.status), number);
    code.put("0x").hex(number, 4);
  } else {
    name = status_name(tx.status);
    code.put("0x").hex(tx.status, 1);
  }
  w.text(Smb::kStatusFieldNumber, name.empty() ? code.view() : name);
  w.text(Smb::kStatusCodeFieldNumber, code.view());
}

void negotiation(WireWriter& w, const Tx& tx) noexcept {
  const Negotiation* n = tx.negotiation;
  if (n == nullptr) return;
  put_list(w, Smb::kClientDialectsFieldNumber, n->dialects.text());
  if (n->has_client_guid) put_guid(w, Smb::kClientGuidFieldNumber, n->client_guid);
  if (n->has_server_guid) put_guid(w, Smb::kServerGuidFieldNumber, n->server_guid);
  if (n->max_read != 0) w.u64(Smb::kMaxReadSizeFieldNumber, n->max_read);
  if (n->max_write != 0) w.u64(Smb::kMaxWriteSizeFieldNumber, n->max_write);
}

void system(WireWriter& w, int field, const PoolBuffer& os, const PoolBuffer& lm,
            const SessionSetup* asked) noexcept {
  const bool named = asked != nullptr && (!asked->account.empty() || !asked->domain.empty());
  if (os.empty() && lm.empty() && !named) return;
  const auto one = w.message(field);
  w.bytes(v1::SmbSystem::kNativeOsFieldNumber, os.view());
  w.bytes(v1::SmbSystem::kNativeLmFieldNumber, lm.view());
  if (!named) return;
  w.bytes(v1::SmbSystem::kAccountFieldNumber, asked->account.view());
  w.bytes(v1::SmbSystem::kDomainFieldNumber, asked->domain.view());
}

void session(WireWriter& w, const Tx& tx) noexcept {
  const SessionSetup* s = tx.setup;
  if (s == nullptr) return;
  if (s->ntlmssp.seen) {
    const Ntlmssp& n = s->ntlmssp;
    const auto one = w.message(Smb::kNtlmsspFieldNumber);
    w.bytes(v1::SmbNtlmssp::kDomainFieldNumber, n.domain.view());
    w.bytes(v1::SmbNtlmssp::kUserFieldNumber, n.user.view());
    w.bytes(v1::SmbNtlmssp::kHostFieldNumber, n.host.view());
    if (n.has_version) {
      Text t;
      t.number(n.major).put(".").number(n.minor).put(" build ").number(n.build).put(" rev ").number(
          n.revision);
      w.text(v1::SmbNtlmssp::kVersionFieldNumber, t.view());
    }
  }
  if (!s->realm.empty() || !s->snames.empty()) {
    const auto one = w.message(Smb::kKerberosFieldNumber);
    put(w, v1::SmbKerberos::kRealmFieldNumber, s->realm.view());
    put_list(w, v1::SmbKerberos::kSnamesFieldNumber, s->snames.text());
  }
  system(w, Smb::kRequestFieldNumber, s->os, s->lm, s);
  system(w, Smb::kResponseFieldNumber, s->reply_os, s->reply_lm, nullptr);
}

void tree(WireWriter& w, const Tx& tx) noexcept {
  put(w, tx.is_pipe ? Smb::kNamedPipeFieldNumber : Smb::kShareFieldNumber, tx.name.view());
  put(w, Smb::kShareTypeFieldNumber, share_type_name(tx.share_type));
  if (tx.version != 1) return;
  const auto one = w.message(Smb::kServiceFieldNumber);
  put(w, v1::SmbService::kRequestFieldNumber, tx.service.view());
  put(w, v1::SmbService::kResponseFieldNumber, tx.reply_service.view());
}

void creation(WireWriter& w, const Tx& tx) noexcept {
  const Creation& c = tx.creation;
  w.bytes(Smb::kFilenameFieldNumber, tx.name.empty() ? as_bytes("<share_root>") : tx.name.view());
  if (tx.has_request) {
    put(w, Smb::kDispositionFieldNumber, disposition_name(c.disposition));
    w.text(Smb::kAccessFieldNumber, tx.delete_on_close ? "delete on close" : "normal");
    w.text(Smb::kDesiredAccessFieldNumber, Text().put("0x").hex(c.access, 8).view());
  }
  if (!c.opened) return;
  put(w, Smb::kActionFieldNumber, action_name(c.action));
  w.u64(Smb::kCreatedFieldNumber, seconds(c.created));
  w.u64(Smb::kAccessedFieldNumber, seconds(c.accessed));
  w.u64(Smb::kModifiedFieldNumber, seconds(c.modified));
  w.u64(Smb::kChangedFieldNumber, seconds(c.changed));
  w.u64(Smb::kSizeFieldNumber, c.size);
}

void function(WireWriter& w, std::string_view name, std::uint32_t code, unsigned digits) noexcept {
  w.text(Smb::kFunctionFieldNumber, name.empty() ? Text().put("0x").hex(code, digits).view() : name);
}

void trans(WireWriter& w, const Tx& tx) noexcept {
  constexpr std::uint16_t kTrans2 = 0x32, kNtTrans = 0xa0;
  if (tx.command == kTrans2) function(w, trans2_name(tx.function), tx.function, 4);
  if (tx.command == kNtTrans) function(w, nt_trans_name(tx.function), tx.function, 4);
  if (tx.is_pipe) function(w, pipe_trans_name(tx.function), tx.function, 4);
  put(w, Smb::kTransactionFieldNumber, tx.name.view());
}

void transform(WireWriter& w, int field, const Tx& tx) noexcept {
  const auto one = w.message(field);
  if (tx.kind == Kind::kCompressed) {
    const std::string_view name = algorithm_name(tx.code);
    w.text(v1::SmbTransform::kAlgorithmFieldNumber, name.empty() ? Text().number(tx.code).view() : name);
  }
  w.u64(v1::SmbTransform::kMessagesFieldNumber, tx.messages);
  w.u64(v1::SmbTransform::kBytesFieldNumber, tx.bytes);
}

/// What a command says beside its status.
void details(WireWriter& w, const Tx& tx) noexcept {
  switch (tx.kind) {
    case Kind::kNegotiate:
      return negotiation(w, tx);
    case Kind::kSession:
      return session(w, tx);
    case Kind::kTree:
      return tree(w, tx);
    case Kind::kCreate:
      return creation(w, tx);
    case Kind::kTransfer:
      w.bytes(Smb::kFilenameFieldNumber, tx.name.empty() ? as_bytes("<unknown>") : tx.name.view());
      return;
    case Kind::kRename: {
      const auto one = w.message(Smb::kRenameFieldNumber);
      w.bytes(v1::SmbRename::kFromFieldNumber, tx.name.view());
      w.bytes(v1::SmbRename::kToFieldNumber, tx.to.view());
      return;
    }
    case Kind::kSetInfo:
      put(w, Smb::kFilenameFieldNumber, tx.name.view());
      w.text(Smb::kAccessFieldNumber, tx.delete_on_close ? "delete on close" : "normal");
      return;
    case Kind::kIoctl:
      return function(w, control_name(tx.code), tx.code, 8);
    case Kind::kTrans:
      return trans(w, tx);
    case Kind::kFind:
      return put(w, Smb::kSearchFieldNumber, tx.name.view());
    case Kind::kCall:
      put(w, Smb::kFilenameFieldNumber, tx.name.view());
      return;
    case Kind::kEncrypted:
      return transform(w, Smb::kEncryptedFieldNumber, tx);
    case Kind::kCompressed:
      return transform(w, Smb::kCompressedFieldNumber, tx);
    case Kind::kCommand:
      return put(w, Smb::kFilenameFieldNumber, tx.name.view());
  }
}

}  // namespace

void encode(const Transaction& t, WireWriter& w) noexcept {
  const Tx& tx = as_tx(t);
  const bool transform = tx.kind == Kind::kEncrypted || tx.kind == Kind::kCompressed;
  w.u64(Smb::kIdFieldNumber, tx.id + 1);
  w.text(Smb::kDialectFieldNumber, tx.dialect.view());
  if (!transform) {
    const std::string_view name = command_name(tx.version, tx.command);
    w.text(Smb::kCommandFieldNumber, name.empty() ? Text().number(tx.command).view() : name);
  }
  status(w, tx);
  const bool neither = tx.kind == Kind::kNegotiate;  // SMB 1 sends 0xffff for both
  w.u64(Smb::kSessionIdFieldNumber, neither ? 0 : tx.session);
  if (!transform) w.u64(Smb::kTreeIdFieldNumber, neither ? 0 : tx.tree);
  details(w, tx);
  if (tx.kind != Kind::kTree) put(w, Smb::kShareFieldNumber, tx.share.view());
  if (tx.has_file && tx.version == 1) w.text(Smb::kFuidFieldNumber, Text().hex(tx.file.persistent, 4).view());
  if (tx.has_file && tx.version != 1) put_file_id(w, Smb::kFuidFieldNumber, tx.file);
  if (tx.call != nullptr) {
    const auto one = w.message(Smb::kDcerpcFieldNumber);
    dcerpc::encode_call(*tx.call, true, w);
  }
}

}  // namespace picket::smb
