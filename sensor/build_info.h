// sensor/build_info.h — what was built, and for what CPU; values come from meson.build
#pragma once
#include <string_view>

namespace picket {

inline constexpr std::string_view kVersion = PICKET_VERSION;
inline constexpr std::string_view kBuildType = PICKET_BUILD_TYPE;
inline constexpr std::string_view kCompiler = PICKET_COMPILER;

/// The x86-64 psABI level of this machine, e.g. "x86-64-v4"; Hyperscan chooses its code by it.
inline std::string_view cpu_level() noexcept {
#if defined(__x86_64__)
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl"))
    return "x86-64-v4";
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi2") && __builtin_cpu_supports("fma"))
    return "x86-64-v3";
  if (__builtin_cpu_supports("sse4.2") && __builtin_cpu_supports("popcnt")) return "x86-64-v2";
  return "x86-64";
#else
  return "other";
#endif
}

}  // namespace picket
