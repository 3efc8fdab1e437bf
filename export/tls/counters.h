// export/tls/counters.h — why connections fail, and what is counted of them
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace picket::tls {

enum class Failure : std::uint8_t {
  kNone,
#define PICKET_TLS_FAILURE(symbol, name, text) symbol,
#include "export/tls/failure.def"
#undef PICKET_TLS_FAILURE
  kCount
};

/// "revoked": as metrics and tests name it. kNone is "none".
std::string_view failure_name(Failure f) noexcept;
/// "its certificate is revoked"
std::string_view failure_text(Failure f) noexcept;

/// Written by the tunnel's thread and whoever reloads, read by anybody. Counts only grow; gauges say so.
struct Counters {
  using Count = std::atomic<std::uint64_t>;
  Count handshakes_ok{0};
  /// Refused before they were handed on, or closed afterwards for that reason, by Failure.
  std::array<Count, static_cast<std::size_t>(Failure::kCount)> failures{};
  Count connections{0};             ///< gauge: now, those that shake hands too
  Count bytes_in{0}, bytes_out{0};  ///< of what was carried, without TLS
  Count reloads_ok{0}, reloads_failed{0};
  std::atomic<std::int64_t> certificate_not_after{0};  ///< gauge: seconds since 1970
  std::atomic<std::int64_t> ca_not_after{0};           ///< gauge: of the CA that expires first
  std::atomic<std::int64_t> crl_next_update{
      0};  ///< gauge: of the CRL that gets stale first; 0: there is none

  void fail(Failure f) noexcept { ++failures[static_cast<std::size_t>(f)]; }
  [[nodiscard]] std::uint64_t failed(Failure f) const noexcept {
    return failures[static_cast<std::size_t>(f)];
  }
};

}  // namespace picket::tls
