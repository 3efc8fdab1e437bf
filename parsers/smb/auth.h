// parsers/smb/auth.h — who logs on: NTLMSSP ([MS-NLMP] 2.2.1.3) and Kerberos (RFC 4121, 4120) in a security
// blob
//
// The token is looked for in the blob, whatever wraps it: SPNEGO, or nothing.
//
// Cost    O(blob), at most 64 KiB; names are copied into the pool
#pragma once
#include "parsers/smb/smb.h"

namespace picket::smb {

enum class Token : std::uint8_t { kNone, kRead, kMalformed };

/// The client's last message of NTLMSSP. Others, and what is none, are kNone.
[[nodiscard]] Token read_ntlmssp(Bytes blob, Ntlmssp&) noexcept;
/// Realm and server of the ticket that the client shows.
[[nodiscard]] Token read_kerberos(Bytes blob, SessionSetup&) noexcept;

}  // namespace picket::smb
