// parsers/ssh/kex.h — KEXINIT, the packet in which each side says what it can do, and what follows from two
// of them
//
//   | 20 | cookie 16 | ten name-lists | first_kex_packet_follows 1 | reserved 4 |      RFC 4253, 7.1
//   name-list   | length 4 | names with commas between |                              RFC 4251, 5
//
// HASSH   MD5 of "key exchanges;ciphers;MACs;compressions" as they stand in the lists: of a client those of
// its own
//         direction (HASSH), of a server those of its own (HASSHServer). Published by Salesforce under the
//         BSD licence.
//
// Lives   names and lists point into the payload they were read from
// Cost    O(bytes); choose() compares at most kMaxNames names with as many
#pragma once
#include <array>

#include "parsers/core/protocol.h"

namespace picket::ssh {

/// In the order in which they stand in KEXINIT.
enum class List : std::uint8_t {
  kKeyExchange,
  kHostKey,
  kCipherToServer,
  kCipherToClient,
  kMacToServer,
  kMacToClient,
  kCompressionToServer,
  kCompressionToClient,
  kLanguageToServer,
  kLanguageToClient,
  kCount,
};
inline constexpr std::size_t kListCount = static_cast<std::size_t>(List::kCount);

/// Names of a list that are looked at; clients of today offer up to about 30.
inline constexpr std::size_t kMaxNames = 128;

struct Kex {
  std::array<Bytes, kListCount> lists;
  bool guess_follows = false;  ///< a guessed first packet of the key exchange comes right behind

  [[nodiscard]] Bytes list(List l) const noexcept { return lists[static_cast<std::size_t>(l)]; }
};

/// False: a list runs over the end. `payload` begins with the message number.
[[nodiscard]] bool parse_kex(Bytes payload, Kex&) noexcept;

/// Takes the next name off the front of `list`; false when none is left. An empty name between commas is one.
[[nodiscard]] bool next_name(Bytes& list, Bytes& name) noexcept;
[[nodiscard]] std::size_t count_names(Bytes list) noexcept;

/// What both use: the first name of the client's list that is in the server's (RFC 4253, 7.1); empty: none.
[[nodiscard]] Bytes choose(Bytes client, Bytes server) noexcept;

/// Both offer the answer to the Terrapin attack (OpenSSH's "strict KEX").
[[nodiscard]] bool is_strict(const Kex& client, const Kex& server) noexcept;

using HasshDigest = std::array<char, 32>;
/// The string that HASSH (kToServer: of a client) or HASSHServer is the MD5 of; false: no memory.
[[nodiscard]] bool write_hassh(const Kex&, Direction from, PoolBuffer& out) noexcept;
[[nodiscard]] HasshDigest hassh_digest(Bytes string) noexcept;

}  // namespace picket::ssh
