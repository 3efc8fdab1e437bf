// What the sensor knows of TLS: names, limits, events, and what rules may look at.
#include "parsers/tls/tls.h"

namespace picket::tls {
namespace {

const Tx& as_tx(const Transaction& t) noexcept { return static_cast<const Tx&>(t); }

bool some(Bytes b, Bytes& out) noexcept {
  out = b;
  return !b.empty();
}

/// A buffer with one value: `kValue` picks it from a Tx and a direction.
template <Bytes (*kValue)(const Tx&, Direction)>
bool single(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  return instance == 0 && some(kValue(as_tx(t), d), out);
}

Bytes random_of(const Tx& tx, Direction d) noexcept {
  return d == Direction::kToServer ? tx.client.random : tx.server.random;
}
Bytes sni(const Tx& tx, Direction) noexcept { return tx.client.sni; }
Bytes random_all(const Tx& tx, Direction d) noexcept { return random_of(tx, d); }
Bytes random_time(const Tx& tx, Direction d) noexcept {
  const Bytes r = random_of(tx, d);
  return r.size() == 32 ? r.first(4) : Bytes{};
}
Bytes random_bytes(const Tx& tx, Direction d) noexcept {
  const Bytes r = random_of(tx, d);
  return r.size() == 32 ? r.subspan(4) : Bytes{};
}
Bytes ja3(const Tx& tx, Direction d) noexcept { return tx.side(d).of(tx.side(d).ja3); }
Bytes ja3_digest(const Tx& tx, Direction d) noexcept {
  const TxSide& s = tx.side(d);
  return s.ja3.size == 0 ? Bytes{} : as_bytes({s.ja3_hash.data(), s.ja3_hash.size()});
}
Bytes ja4(const Tx& tx, Direction) noexcept {
  return tx.has_ja4 ? as_bytes({tx.ja4.data(), tx.ja4.size()}) : Bytes{};
}
Bytes subject(const Tx& tx, Direction d) noexcept { return tx.side(d).of(tx.side(d).subject); }
Bytes issuer(const Tx& tx, Direction d) noexcept { return tx.side(d).of(tx.side(d).issuer); }
Bytes serial(const Tx& tx, Direction d) noexcept { return tx.side(d).of(tx.side(d).serial); }
Bytes fingerprint(const Tx& tx, Direction d) noexcept { return tx.side(d).of(tx.side(d).fingerprint); }

bool alpn(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  const Tx& tx = as_tx(t);
  if (d == Direction::kToServer) return alpn_name(tx.client.alpn, instance, out);
  return instance == 0 && some(tx.server.alpn, out);
}
bool alt_name(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  const TxSide& s = as_tx(t).side(d);
  if (instance >= s.alt_name_count()) return false;
  out = s.alt_name(instance);
  return true;
}
bool certificates(const Transaction& t, Direction d, unsigned instance, Bytes& out) noexcept {
  return as_tx(t).side(d).certificate(instance, out);
}
bool chain_length(const Transaction& t, Direction d, unsigned instance, std::uint64_t& out) noexcept {
  const TxSide& s = as_tx(t).side(d);
  out = s.chain_length;
  return instance == 0 && s.has_certificate;
}

constexpr std::array<std::uint8_t, 2> kClientHello = {progress::kHello, kNever};
constexpr std::array<std::uint8_t, 2> kServerHello = {kNever, progress::kHello};
constexpr std::array<std::uint8_t, 2> kEitherHello = {progress::kHello, progress::kHello};
constexpr std::array<std::uint8_t, 2> kEitherCertificate = {progress::kCertificate, progress::kCertificate};

constexpr BufferDef kBuffers[] = {
    {"ja3.hash", "ja3_hash", kClientHello, single<ja3_digest>, "MD5 of ja3.string, in hex"},
    {"ja3.string", "ja3_string", kClientHello, single<ja3>, "JA3 of the client's hello, before it is hashed"},
    {"ja3s.hash", "", kServerHello, single<ja3_digest>, "MD5 of ja3s.string, in hex"},
    {"ja3s.string", "", kServerHello, single<ja3>, "JA3S of the server's hello, before it is hashed"},
    {"ja4.hash", "", kClientHello, single<ja4>, "JA4 of the client's hello"},
    {"tls.alpn", "", kEitherHello, alpn, "each protocol the client offers, or the one the server chose"},
    {"tls.cert_fingerprint", "tls_cert_fingerprint", kEitherCertificate, single<fingerprint>,
     "SHA-1 of that side's own certificate, aa:bb:.."},
    {"tls.cert_issuer", "tls_cert_issuer", kEitherCertificate, single<issuer>,
     "issuer of that side's own certificate"},
    {"tls.cert_serial", "tls_cert_serial", kEitherCertificate, single<serial>,
     "serial number of that side's own certificate, AA:BB:.."},
    {"tls.cert_subject", "tls_cert_subject", kEitherCertificate, single<subject>,
     "subject of that side's own certificate"},
    {"tls.certs", "", kEitherCertificate, certificates, "each certificate of the chain, DER"},
    {"tls.random", "", kEitherHello, single<random_all>, "the 32 random bytes of that side's hello"},
    {"tls.random_bytes", "", kEitherHello, single<random_bytes>, "its last 28 bytes"},
    {"tls.random_time", "", kEitherHello, single<random_time>, "its first 4 bytes, once a time"},
    {"tls.sni", "tls_sni", kClientHello, single<sni>, "the server's name, as the client gives it"},
    {"tls.subjectaltname", "", kEitherCertificate, alt_name,
     "each other name of that side's own certificate"},
};

constexpr IntegerDef kIntegers[] = {
    {"tls.cert_chain_len", "", kEitherCertificate, chain_length, nullptr, "certificates that side sent"},
};

constexpr EventDef kEvents[] = {
    {"invalid_sslv2_header", "a hello in SSLv2's form whose lengths do not fit each other"},
    {"invalid_tls_header", "a record longer than TLS allows"},
    {"invalid_record_version", "a record of a version that is not 3.x"},
    {"invalid_record_type", "a record of an unknown type"},
    {"invalid_handshake_message",
     "a handshake message that breaks off, is unknown or comes from the wrong side"},
    {"invalid_certificate", "a certificate that is not DER, or a list of them that breaks off"},
    {"certificate_missing_element", "a certificate without one of the elements each must have"},
    {"certificate_unknown_element", "a certificate that begins with something else"},
    {"certificate_invalid_length", "a length in a certificate or its list that does not fit"},
    {"certificate_invalid_string", "a certificate whose times cannot be read"},
    {"error_message_encountered", "an error message of SSLv2"},
    {"invalid_ssl_record", "bytes that are no record at all"},
    {"heartbeat_message", "a heartbeat"},
    {"overflow_heartbeat_message",
     "a heartbeat that claims more payload than it has: Heartbleed (CVE-2014-0160)"},
    {"invalid_heartbeat_message", "a heartbeat of unknown type, or without payload or padding"},
    {"dataleak_heartbeat_mismatch", "an encrypted heartbeat answered with more than it sent: Heartbleed"},
    {"multiple_sni_extensions", "a ClientHello with more than one server name extension"},
    {"invalid_sni_type", "a server name of a type other than host_name"},
    {"invalid_sni_length", "a server name extension whose lengths do not fit, or an empty name"},
    {"handshake_invalid_length", "a hello whose extensions do not fill it, or run over its end"},
    {"too_many_records_in_packet",
     "more records before encryption than max-records: a handshake cut to shreds"},
    {"handshake_too_large", "a hello or certificate message beyond its limit; it is passed over"},
    {"hello_list_too_long", "more ciphers or extensions than are fingerprinted"},
    {"handshake_gap", "bytes of the handshake were not captured"},
    {"memory_full", "the core's memory for parsers was used up"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kCount));

constexpr LimitDef kLimits[] = {
    {"hello-limit", 32768, 512, 131072, "bytes of a ClientHello or ServerHello that are kept and read"},
    {"certificate-limit", 65536, 1024, 262144, "bytes of a Certificate message that are kept and read"},
    {"max-alt-names", 256, 0, 4096, "subject alternative names of a certificate that are kept"},
    {"max-records", 256, 1, 65536, "records of a side before encryption; more are an event"},
};

constexpr FrameDef kFrames[] = {
    {"pdu", "a record, up to encryption"},
    {"hdr", "its 5 bytes of header"},
    {"data", "what the record carries"},
    {"ssl2.hdr", "the length of a record of SSLv2, 2 bytes"},
    {"ssl2.pdu", "a hello of SSLv2, with its length"},
};

constexpr auto kUp = Direction::kToServer, kDown = Direction::kToClient;
constexpr HookDef kHooks[] = {
    {"client_cert_done", kUp, progress::kCertificate},
    {"client_finished", kUp, progress::kEncrypted},
    {"client_handshake_done", kUp, progress::kEncrypted},
    {"client_hello_done", kUp, progress::kHello},
    {"client_in_progress", kUp, 0},
    {"server_cert_done", kDown, progress::kCertificate},
    {"server_finished", kDown, progress::kEncrypted},
    {"server_handshake_done", kDown, progress::kEncrypted},
    {"server_hello", kDown, progress::kHello},
    {"server_hello_done", kDown, progress::kCertificate},
    {"server_in_progress", kDown, 0},
};

constexpr std::string_view kAliases[] = {"ssl"};
constexpr std::uint16_t kPorts[] = {443,  465,  563,  587,  636,  853,  989,  990,  992,  993, 995,
                                    2762, 3389, 4843, 5061, 5671, 6514, 6697, 8443, 8883, 9443};

}  // namespace

extern const ProtocolSpec kSpec;
constinit const ProtocolSpec kSpec = {
    .name = "tls",
    .record = "tls",
    .aliases = kAliases,
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(TlsParser),
    .create = create_parser<TlsParser>,
    .max_pending_bytes = 8192,  // records are walked as they come; only a hello of SSLv2 is waited for
    .complete = {progress::kEncrypted, progress::kEncrypted},
    .limits = kLimits,
    .events = kEvents,
    .capital_events = true,
    .buffers = kBuffers,
    .integers = kIntegers,
    .keywords = kKeywords,
    .frames = kFrames,
    .hooks = kHooks,
};

}  // namespace picket::tls
