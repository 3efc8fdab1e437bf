// dataplane/flow/stream_event.h — names of what can be odd in a TCP stream (stream_event.def)
#pragma once
#include <array>
#include <bitset>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace picket {

enum class StreamEvent : std::uint8_t {
#define X(name, text, help) k##name,
#include "dataplane/flow/stream_event.def"
#undef X
};

struct StreamEventText {
  std::string_view name, help;
};
inline constexpr std::array kStreamEvents = {
#define X(name, text, help) StreamEventText{text, help},
#include "dataplane/flow/stream_event.def"
#undef X
};
inline constexpr std::size_t kStreamEventCount = kStreamEvents.size();
/// Those of one packet.
using StreamEvents = std::bitset<kStreamEventCount>;

}  // namespace picket
