// dataplane/flow/stream_event.h — names of what can be odd in a TCP stream and in who speaks over it
// (stream_event.def)
#pragma once
#include <array>
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

/// Of the protocols over a stream: `app-layer-event` in rules, an anomaly of the application layer.
constexpr bool is_app_event(std::string_view name) noexcept { return name.starts_with("applayer_"); }

}  // namespace picket
