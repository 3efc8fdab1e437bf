// parsers/tls/fingerprint.h — names for what a client or server says of itself in its hello: JA3, JA3S and
// JA4
//
//   JA3   MD5 of "version,ciphers,extensions,groups,point formats" as they stand, decimal, joined with '-'
//   JA3S  MD5 of "version,cipher,extensions" of the server's hello
//   JA4   "t13d1516h2_8daaf6152771_e5627efa2ab1": a readable head, hash of the sorted ciphers, hash of the
//         sorted extensions and the signature algorithms. Of the JA4 family only this one, the TLS client's, is
//         free (BSD).
//
// GREASE values are left out everywhere, so that a client that throws them in at random keeps its name.
//
// Cost    O(n log n) of the lists' lengths for JA4, which sorts on the stack; no allocation but in the
//         PoolBuffer
// Limits  kMaxListed ciphers or extensions; a longer list has no fingerprint (Event::kHelloListTooLong)
#pragma once
#include "parsers/tls/hello.h"

namespace picket::tls {

inline constexpr std::size_t kMaxListed = 512;

using Ja3Hash = std::array<char, 32>;
using Ja4 = std::array<char, 36>;

/// Each appends its string to `out`; false, and nothing of worth in `out`, when memory or kMaxListed ran out.
[[nodiscard]] bool write_ja3(const ClientHello&, PoolBuffer& out) noexcept;
[[nodiscard]] bool write_ja3s(const ServerHello&, PoolBuffer& out) noexcept;
[[nodiscard]] Ja3Hash ja3_hash(Bytes string) noexcept;

/// `transport`: 't' for TCP, 'q' for QUIC, 'd' for DTLS.
[[nodiscard]] bool make_ja4(const ClientHello&, char transport, Ja4& out) noexcept;

}  // namespace picket::tls
