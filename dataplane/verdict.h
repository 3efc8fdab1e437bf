// dataplane/verdict.h — the one verdict each packet leaves with (drop_reason.def), and their names
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace picket {

enum class Verdict : std::uint8_t {
#define X(name, text, help) k##name,
#include "dataplane/drop_reason.def"
#undef X
};

struct VerdictText {
  std::string_view name, help;
};
inline constexpr std::array kVerdicts = {
#define X(name, text, help) VerdictText{text, help},
#include "dataplane/drop_reason.def"
#undef X
};
inline constexpr std::size_t kVerdictCount = kVerdicts.size();

}  // namespace picket
