// tests/fuzz/capture_talk.h — conversations to try a parser with: those of captures, and seeds
#pragma once
#include <string>
#include <vector>

#include "tests/fuzz/conversation.h"

namespace picket::testing {

/// Packets of a conversation that are kept: its beginning.
inline constexpr std::size_t kMaxTurns = 400;

struct Source {
  std::string name;  ///< file, and which of its conversations
  Input input;       ///< no gaps, no ends, no turn without bytes
};

/// Of each capture (input.*) in these folders the flows that the protocol's probe says yes to, their payloads in the
/// order of the capture; TCP without what came again, and up to the first hole. Of folders that are called `corpus` the
/// seeds.
std::vector<Source> read_sources(const ProtocolSpec& spec, const std::vector<std::string>& paths);

}  // namespace picket::testing
