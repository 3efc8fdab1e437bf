// dataplane/flow/flow_macs.h — the Ethernet addresses a flow was seen with, at its client's and its server's
// end
//
// A block of the core's Pool, made only where records are to show them.
// Limits  the first kMax of each end
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <span>

#include "dataplane/packet.h"

namespace picket {

struct FlowMacs {
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
