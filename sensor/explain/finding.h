// sensor/explain/finding.h — how far a rule came on one occasion, and what stopped it
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "parsers/core/protocol.h"

namespace picket::explain {

/// In the order in which a rule is held against traffic: the further, the larger.
enum class Stage : std::uint8_t { kHeader, kState, kPrefilter, kOption, kHeldBack, kFired };
inline constexpr std::size_t kStages = 6;
/// As --json has them.
inline constexpr std::array<std::string_view, kStages> kStageNames = {"header", "state",     "prefilter",
                                                                      "option", "held_back", "fired"};

inline constexpr std::size_t kWindow = 48;  ///< bytes shown of a buffer

/// Bytes of a buffer, from `offset` on.
struct Window {
  std::uint64_t offset = 0;
  std::string bytes;
};

struct Finding {
  Stage stage = Stage::kHeader;
  unsigned score = 0;   ///< within the stage: the further, the larger
  bool looked = false;  ///< false: nothing was ever held against the rule

  std::string part;        ///< machine's word for what stopped it: "destination_port", "flowbits", "content"
  std::string asked, met;  ///< what the rule asks, and what there was instead
  unsigned option = 0, options = 0;  ///< kOption: which of how many, from 1

  std::uint64_t packet = 0, time_ns = 0;  ///< packet 0: at the flow's end
  Direction direction = Direction::kToServer;
  bool has_tx = false;
  std::uint64_t tx_id = 0;

  std::string buffer;      ///< "http.uri", "packet payload"; "": none was looked at
  bool has_value = false;  ///< false: the buffer does not exist
  std::uint64_t size = 0;
  unsigned instance = 0, instances = 0;  ///< of a buffer with several values, from 0
  Window window;

  [[nodiscard]] bool further_than(const Finding& other) const noexcept {
    if (!other.looked || stage != other.stage) return !other.looked || stage > other.stage;
    return score > other.score;
  }
};

}  // namespace picket::explain
