// parsers/smb/text.h — SMB's strings: UTF-16LE or the client's code page, as UTF-8 or as they are
//
// Cost    one pass; writes into the pool
// Limits  what does not fit into `most` bytes is cut between two characters
#pragma once
#include "parsers/core/cursor.h"
#include "parsers/core/pool.h"

namespace picket::smb {

/// Appends `in` to `out`; zeros are left out, halves of surrogate pairs become U+FFFD. false: no memory left.
[[nodiscard]] bool append_utf16(PoolBuffer& out, Bytes in, std::size_t most) noexcept;
/// The same for either kind.
[[nodiscard]] bool append_text(PoolBuffer& out, Bytes in, bool unicode, std::size_t most) noexcept;

/// A string that ends with a zero, or with the input; without the zero. UTF-16 stands at even offsets of the
/// cursor's input.
[[nodiscard]] Bytes take_string(Cursor&, bool unicode) noexcept;

}  // namespace picket::smb
