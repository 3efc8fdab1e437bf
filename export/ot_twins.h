// export/ot_twins.h — messages that come by several ways at once, each way a flow of its own
//
// Networks of railways are two, and each message goes over both: one of them has a record. Who is first is
// decided in the order of the merge.
//
// Cost    O(1)
// Limits  kWindowNs between the first and another; kMost messages of that time are known, the oldest go
#pragma once
#include <cstdint>
#include <deque>
#include <unordered_map>

namespace picket {

class OtTwins {
 public:
  static constexpr std::uint64_t kWindowNs = 1'000'000'000;
  static constexpr std::size_t kMost = 65536;

  /// True: the same message (OtProtocol::twin) came by another way a moment ago. `clock_ns` never goes back.
  [[nodiscard]] bool again(std::uint64_t twin, std::uint64_t way, std::uint64_t clock_ns);

 private:
  struct First {
    std::uint64_t twin = 0, clock_ns = 0;
  };
  std::unordered_map<std::uint64_t, std::uint64_t> ways_;  ///< of the first, by message
  std::deque<First> firsts_;
};

}  // namespace picket
