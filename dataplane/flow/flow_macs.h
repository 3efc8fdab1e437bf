// dataplane/flow/flow_macs.h — what a flow's two ends were seen with below IP
//
// A block of the core's Pool, made only where the inventory of assets is kept (FlowEnds), or where records are to show
// all Ethernet addresses (FlowMacs).
// Limits  the first kMax of each end
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "dataplane/packet.h"

namespace picket {

/// Of the first packet that each side sent, outside of tunnels; by Direction.
struct FlowEnds {
  struct End {
    Mac mac{};  ///< whose frame it was: the host's own, or that of a router before it
    std::uint8_t ttl = 0;
    bool seen = false;
  };
  std::array<End, 2> sent;
};

struct FlowMacs : FlowEnds {
  static constexpr std::size_t kMax = 10;

  class List {
   public:
    void add(const Mac& m) noexcept {
      const auto end = macs_.begin() + size_;
      if (size_ < kMax && std::find(macs_.begin(), end, m) == end) macs_[size_++] = m;
    }
    [[nodiscard]] std::span<const Mac> all() const noexcept { return std::span(macs_).first(size_); }

   private:
    std::array<Mac, kMax> macs_{};
    std::uint8_t size_ = 0;
  };
  List client, server;
};

}  // namespace picket
