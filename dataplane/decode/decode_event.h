// dataplane/decode/decode_event.h — the named oddities of headers (decode_event.def)
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace picket {

enum class DecodeEvent : std::uint16_t {
#define X(name, text, drops, help) k##name,
#include "dataplane/decode/decode_event.def"
#undef X
};

struct DecodeEventText {
  std::string_view name;
  bool drops;  ///< the packet ends there
  std::string_view help;
};
inline constexpr std::array kDecodeEvents = {
#define X(name, text, drops, help) DecodeEventText{text, drops != 0, help},
#include "dataplane/decode/decode_event.def"
#undef X
};
inline constexpr std::size_t kDecodeEventCount = kDecodeEvents.size();

/// By name, as in a rule's decode-event; kDecodeEventCount when there is none. For the control plane: O(n).
constexpr std::size_t find_decode_event(std::string_view name) noexcept {
  std::size_t i = 0;
  while (i < kDecodeEventCount && kDecodeEvents[i].name != name) ++i;
  return i;
}

}  // namespace picket
