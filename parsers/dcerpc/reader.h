// parsers/dcerpc/reader.h — what both kinds of DCE/RPC read alike
#pragma once
#include <algorithm>

#include "parsers/dcerpc/dcerpc.h"

namespace picket::dcerpc {

inline bool is(std::uint8_t type, Pdu pdu) noexcept { return type == static_cast<std::uint8_t>(pdu); }

/// Integers in the order the sender says.
class Reader {
 public:
  Reader(Cursor& c, bool little) noexcept : c_(c), little_(little) {}
  std::uint16_t u16() noexcept { return little_ ? c_.u16le() : c_.u16be(); }
  std::uint32_t u32() noexcept { return little_ ? c_.u32le() : c_.u32be(); }
  /// As text shows it.
  void uuid(std::array<std::uint8_t, 16>& out) noexcept {
    const Bytes b = c_.bytes(16);
    if (b.size() != 16) return;
    std::copy(b.begin(), b.end(), out.begin());
    if (!little_) return;
    std::reverse(out.begin(), out.begin() + 4);
    std::reverse(out.begin() + 4, out.begin() + 6);
    std::reverse(out.begin() + 6, out.begin() + 8);
  }

 private:
  Cursor& c_;
  bool little_;
};

/// The next bytes of a side's stub data, as far as the limit goes.
void keep_stub(Half&, Bytes stub, const Limits&, Call&, Direction, Listener&) noexcept;

}  // namespace picket::dcerpc
