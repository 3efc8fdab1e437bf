// dataplane/app/app_event.h — what can be odd in finding out what a flow speaks (app_event.def)
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace picket {

enum class AppEvent : std::uint8_t {
#define X(name, text, help) k##name,
#include "dataplane/app/app_event.def"
#undef X
};

struct AppEventText {
  std::string_view name, help;
};
inline constexpr std::array kAppEvents = {
#define X(name, text, help) AppEventText{text, help},
#include "dataplane/app/app_event.def"
#undef X
};
inline constexpr std::size_t kAppEventCount = kAppEvents.size();

}  // namespace picket
