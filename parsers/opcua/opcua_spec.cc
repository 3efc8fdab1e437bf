#include <algorithm>

#include "parsers/core/digest.h"
#include "parsers/opcua/opcua_parser.h"
#include "parsers/tls/x509.h"

namespace picket::opcua {
namespace {

const Message* side(const Transaction& tx, Direction dir) noexcept {
  return static_cast<const Exchange&>(tx).side(dir);
}

// ── text and bytes ─────────────────────────────────────────────────────────────────────────────────────────────

/// The walks of an exchange that buffers and integers make: beyond those of opcua_ot.cc.
constexpr std::uint8_t kWalks = 16;
template <Tag kTag>
constexpr std::uint8_t kWalk = static_cast<std::uint8_t>(kWalks + static_cast<std::uint8_t>(kTag));
static_assert(kWalks + static_cast<unsigned>(Tag::kCount) <= 256);

template <Tag kTag>
bool has_tag(const Token& t) noexcept {
  return t.kind == Token::Kind::kValue && t.tag == kTag;
}

/// The n-th value of a tag, as text.
template <Tag kTag>
bool text(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  Token t;
  if (m == nullptr || !seek(x, *m, kWalk<kTag>, n, t, has_tag<kTag>)) return false;
  out = value_text(t, x.scratch->buffer_room);
  return true;
}
/// The same of text without its namespace.
template <Tag kTag>
bool plain(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  Token t;
  return m != nullptr && seek(x, *m, kWalk<kTag>, n, t, has_tag<kTag>) && (out = t.bytes, true);
}

/// Values that are text; numbers are ot.value's.
bool is_text_element(const Token& t) noexcept { return has_tag<Tag::kElement>(t) && !is_numeric(t.type); }
bool value(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  Token t;
  if (m == nullptr || !seek(x, *m, kWalk<Tag::kElement>, n, t, is_text_element)) return false;
  out = value_text(t, x.scratch->buffer_room);
  return true;
}

bool endpoint_url(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  if (m->is(MessageType::kHello) || m->is(MessageType::kReverseHello)) return n == 0 && (out = m->text, true);
  return plain<Tag::kEndpointUrl>(tx, dir, n, out);
}
bool server_uri(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  if (m == nullptr) return false;
  if (m->is(MessageType::kReverseHello)) return n == 0 && (out = m->server_uri, true);
  return plain<Tag::kServerUri>(tx, dir, n, out);
}
bool reason(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && (m->is(MessageType::kError) || m->aborted) && (out = m->text, true);
}
bool security_policy(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && m->is(MessageType::kOpen) && (out = m->policy, true);
}
bool receiver_thumbprint(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && !m->thumbprint.empty() && (out = m->thumbprint, true);
}

bool is_certificate(const Token& t) noexcept {
  return has_tag<Tag::kClientCertificate>(t) || has_tag<Tag::kServerCertificate>(t) ||
         has_tag<Tag::kUserCertificate>(t);
}
/// The n-th certificate of a message; those of endpoints are the server's own.
bool der(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  if (m == nullptr) return false;
  Bytes all = m->certificate;
  if (m->is(MessageType::kOpen) ? n != 0 || all.empty() : m->service == nullptr) return false;
  if (!m->is(MessageType::kOpen)) {
    Token t;
    if (!seek(x, *m, kWalk<Tag::kClientCertificate>, n, t, is_certificate)) return false;
    all = t.bytes;
  }
  tls::DerReader reader(all);
  tls::DerReader::Element e;
  out = reader.next(e) ? e.whole : Bytes{};
  return true;
}
template <Bytes tls::Certificate::*kName>
bool certificate_name(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Bytes bytes;
  if (!der(tx, dir, n, bytes)) return false;
  tls::Certificate c;
  (void)tls::parse_certificate(bytes, c);
  auto& room = static_cast<const Exchange&>(tx).scratch->buffer_room;
  const std::span<std::uint8_t> space(reinterpret_cast<std::uint8_t*>(room.data()), room.size());
  out = Bytes(space).first(tls::write_name(c.*kName, space));
  return true;
}
bool certificate_thumbprint(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Bytes bytes;
  if (!der(tx, dir, n, bytes)) return false;
  const auto digest = Sha1::of(bytes);
  const std::span<char> room =
      std::span(static_cast<const Exchange&>(tx).scratch->buffer_room).first(2 * digest.size());
  to_hex(digest, room);
  out = as_bytes({room.data(), room.size()});
  return true;
}

// ── numbers ────────────────────────────────────────────────────────────────────────────────────────────────────

/// What `kRead` says of a message; it answers for 0 only.
template <bool (*kRead)(const Message&, std::uint64_t&) noexcept>
bool integer(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Message* m = side(tx, dir);
  return n == 0 && m != nullptr && kRead(*m, out);
}
bool uacp(const Message& m) noexcept { return m.is(MessageType::kHello) || m.is(MessageType::kAcknowledge); }
bool in_channel(const Message& m) noexcept {
  return m.is(MessageType::kOpen) || m.is(MessageType::kMessage) || m.is(MessageType::kClose);
}
bool type(const Message& m, std::uint64_t& out) noexcept {
  return out = static_cast<std::uint64_t>(m.type), true;
}
bool size(const Message& m, std::uint64_t& out) noexcept { return out = m.size, true; }
bool chunks(const Message& m, std::uint64_t& out) noexcept { return out = m.chunks, true; }
bool channel(const Message& m, std::uint64_t& out) noexcept { return out = m.channel, in_channel(m); }
bool sequence(const Message& m, std::uint64_t& out) noexcept { return out = m.sequence, m.has_sequence; }
bool request(const Message& m, std::uint64_t& out) noexcept { return out = m.request, m.has_sequence; }
bool version(const Message& m, std::uint64_t& out) noexcept { return out = m.version, uacp(m); }
bool receive(const Message& m, std::uint64_t& out) noexcept { return out = m.receive_size, uacp(m); }
bool send(const Message& m, std::uint64_t& out) noexcept { return out = m.send_size, uacp(m); }
bool error(const Message& m, std::uint64_t& out) noexcept {
  return out = m.error, m.is(MessageType::kError) || m.aborted;
}
bool service(const Message& m, std::uint64_t& out) noexcept {
  // A name stands for the request's number, and so for both.
  if (m.service == nullptr || m.service->request || !service_by_name(m.service->name, out))
    out = m.service_id;
  return m.service_id != 0;
}
bool service_id(const Message& m, std::uint64_t& out) noexcept {
  return out = m.service_id, m.service_id != 0;
}
bool handle(const Message& m, std::uint64_t& out) noexcept { return out = m.handle, m.service != nullptr; }
bool result(const Message& m, std::uint64_t& out) noexcept {
  return out = m.result, m.service != nullptr && !m.service->request;
}
bool user_token(const Message& m, std::uint64_t& out) noexcept {
  return out = m.user_token, m.user_token != 0xff;
}

bool encrypted(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (n != 0) return false;
  if (x.counts) return out = 1, x.hidden.chunks[index(dir)] != 0;
  const Message* m = x.side(dir);
  return m != nullptr && (out = m->encrypted ? 1 : 0, true);
}
/// Of a message its own; of OPN's response the token that it gives.
bool token(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.counts && n == 0 ? &x.question : x.side(dir);
  if (m == nullptr || n != 0) return false;
  if (!m->is(MessageType::kOpen)) return out = m->token, in_channel(*m);
  Token t;
  return seek(x, *m, kWalk<Tag::kTokenId>, 0, t, has_tag<Tag::kTokenId>) && (out = t.number, true);
}
/// The n-th number of a tag.
template <Tag kTag>
bool number(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  Token t;
  return m != nullptr && seek(x, *m, kWalk<kTag>, n, t, has_tag<kTag>) && (out = t.number, true);
}
bool item_count(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  Token t;
  const auto items = [](const Token& k) noexcept {
    return k.kind == Token::Kind::kArray && k.tag == Tag::kItems;
  };
  return n == 0 && m != nullptr && seek(x, *m, kWalk<Tag::kItems>, 0, t, items) && (out = t.number, true);
}
/// The type of the n-th variant.
bool value_type(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message* m = x.side(dir);
  Token t;
  const auto variant = [](const Token& k) noexcept {
    return k.kind == Token::Kind::kBegin && k.type == Type::kVariant && k.tag != Tag::kFlat;
  };
  return m != nullptr && seek(x, *m, kWalk<Tag::kValue>, n, t, variant) &&
         (out = static_cast<std::uint64_t>(t.element), true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"opcua.endpoint_url", "", kBoth, endpoint_url,
     "URL that a client asks for: HEL, RHE, GetEndpoints, CreateSession"},
    {"opcua.server_uri", "", kBoth, server_uri, "URI of the server: RHE, CreateSession"},
    {"opcua.reason", "", kBoth, reason, "text of an error, or of why a message was aborted"},
    {"opcua.security_policy", "", kBoth, security_policy, "URI of the policy of a secure channel"},
    {"opcua.receiver_thumbprint", "", kBoth, receiver_thumbprint,
     "SHA-1 of the receiver's certificate, 20 bytes"},
    {"opcua.cert_subject", "", kBoth, certificate_name<&tls::Certificate::subject>,
     "subject of a client's, server's or user's certificate"},
    {"opcua.cert_issuer", "", kBoth, certificate_name<&tls::Certificate::issuer>, "its issuer"},
    {"opcua.cert_thumbprint", "", kBoth, certificate_thumbprint, "its SHA-1 in hexadecimal"},
    {"opcua.application_uri", "", kBoth, text<Tag::kAppUri>, "URIs of applications: clients and servers"},
    {"opcua.product_uri", "", kBoth, text<Tag::kAppProductUri>, "URIs of their products"},
    {"opcua.application_name", "", kBoth, text<Tag::kAppName>, "their names"},
    {"opcua.session_name", "", kBoth, text<Tag::kSessionName>, "name of a session"},
    {"opcua.user_name", "", kBoth, text<Tag::kUserName>, "user who activates a session"},
    {"opcua.node_id", "", kBoth, text<Tag::kNodeId>, "nodes that are asked for: ns=2;s=Pump.Speed"},
    {"opcua.object_id", "", kBoth, text<Tag::kObjectId>, "objects whose methods are called"},
    {"opcua.method_id", "", kBoth, text<Tag::kMethodId>, "methods that are called"},
    {"opcua.reference", "", kBoth, text<Tag::kRefNode>, "nodes that a browse brought"},
    {"opcua.browse_name", "", kBoth, text<Tag::kBrowseName>, "names of nodes that are added: 2:Pump"},
    {"opcua.value", "", kBoth, value, "values that are text; numbers: ot.value"},
};

constexpr IntegerDef kIntegers[] = {
    {"opcua.type", "", kBoth, integer<type>, message_by_name, "HEL, ACK, ERR, RHE, OPN, CLO or MSG"},
    {"opcua.size", "", kBoth, integer<size>, nullptr, "bytes of a message, of all its chunks"},
    {"opcua.chunks", "", kBoth, integer<chunks>, nullptr, "chunks of a message"},
    {"opcua.protocol_version", "", kBoth, integer<version>, nullptr, "of HEL and ACK"},
    {"opcua.receive_buffer_size", "", kBoth, integer<receive>, nullptr,
     "bytes of a chunk that its sender takes"},
    {"opcua.send_buffer_size", "", kBoth, integer<send>, nullptr, "bytes of a chunk that its sender sends"},
    {"opcua.channel_id", "", kBoth, integer<channel>, nullptr, "secure channel"},
    {"opcua.token_id", "", kBoth, token, nullptr, "token of the secure channel"},
    {"opcua.sequence_number", "", kBoth, integer<sequence>, nullptr, "of a message's first chunk"},
    {"opcua.request_id", "", kBoth, integer<request>, nullptr, "number that request and response share"},
    {"opcua.encrypted", "", kBoth, encrypted, nullptr, "1: it cannot be read"},
    {"opcua.security_mode", "", kBoth, number<Tag::kSecurityMode>, security_mode_by_name,
     "asked for by OPN: None, Sign, SignAndEncrypt"},
    {"opcua.error", "", kBoth, integer<error>, status_by_name, "code of an error message"},
    {"opcua.service", "", kBoth, integer<service>, service_by_name, "service of a request or response: Read"},
    {"opcua.service_id", "", kBoth, integer<service_id>, nullptr,
     "id of its binary encoding: 631 and 634 are Read's"},
    {"opcua.request_handle", "", kBoth, integer<handle>, nullptr, "number that the client chose"},
    {"opcua.service_result", "", kBoth, integer<result>, status_by_name, "status of a response"},
    {"opcua.user_token", "", kBoth, integer<user_token>, user_token_by_name,
     "identity of a user: anonymous, user name, certificate, issued token"},
    {"opcua.subscription_id", "", kBoth, number<Tag::kSubscriptionId>, nullptr, "subscription"},
    {"opcua.item_count", "", kBoth, item_count, nullptr, "items of a request or response"},
    {"opcua.attribute", "", kBoth, number<Tag::kAttributeId>, attribute_by_name, "attributes: Value is 13"},
    {"opcua.status", "", kBoth, number<Tag::kStatus>, status_by_name, "statuses of the items of a response"},
    {"opcua.value_type", "", kBoth, value_type, type_by_name, "types of values: Boolean, Double ..."},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_header", "bytes that are no chunk"},
    {"invalid_size", "a chunk shorter than its header asks for, or longer than 128 KiB"},
    {"lost_sync", "parsing goes on at the next chunk that makes sense"},
    {"gap", "bytes of the stream are missing; parsing goes on at the next chunk that makes sense"},
    {"invalid_hello", "the fields of HEL, ACK, ERR or RHE do not fill it, or are too long"},
    {"invalid_open", "the header of OPN does not fit in"},
    {"invalid_message", "a message that ends before its structures, or has what cannot be"},
    {"unknown_service", "a service that the standard does not have"},
    {"too_deep", "structures inside one another, deeper than 24"},
    {"trailing_bytes", "bytes behind the structures of a message"},
    {"too_large", "a message is larger than message-limit, or in a chunk of more than 128 KiB"},
    {"too_many_chunks", "a message has more chunks than chunk-limit"},
    {"chunk_too_large", "a chunk is larger than the other end said it takes"},
    {"incomplete_message", "a message whose beginning or end was not seen"},
    {"aborted", "the sender gave a message up"},
    {"sequence_gap", "sequence numbers are missing"},
    {"sequence_duplicate", "a sequence number is not greater than the one before"},
    {"unknown_channel", "a message of another channel than the one that was opened"},
    {"unknown_token", "a message with a token that was not given"},
    {"unsolicited_response", "no request with that number waits for a response"},
    {"mismatch", "the response is of another service than its request"},
    {"handle_mismatch", "the response has another request handle than its request"},
    {"no_reply", "no response came within reply-timeout, or the time that the request said"},
    {"flooded", "more requests than request-flood wait for a response"},
    {"out_of_memory", "no memory was left for a request"},
    {"reused_request_id", "a request has the number of one that still waits"},
    {"password_in_clear", "a user's password is neither encrypted itself nor by the channel"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kPasswordInClear) + 1);

constexpr std::uint16_t kPorts[] = {4840};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "opcua",
    .record = "opcua",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(OpcuaParser),
    .create = create_parser<OpcuaParser>,
    .whole_streams = true,  // its connections last for months
    .max_pending_bytes = kMaxChunk,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::opcua
