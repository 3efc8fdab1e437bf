// tests/fuzz/conversation.h — a seed's bytes as a conversation; README.md has the form
#pragma once
#include <algorithm>
#include <string_view>
#include <vector>

#include "tests/support/parser_harness.h"

namespace picket::testing {

inline constexpr std::uint8_t kMarker =
    0xc0;  // | bit of Transport: the input is a conversation, else raw bytes
inline constexpr std::size_t kMaxSeedTurns = 64;

struct Input {
  Transport transport = Transport::kTcp;
  Conversation talk;
};

inline bool carries(const ProtocolSpec& spec, Transport t) {
  return (spec.transports & static_cast<std::uint8_t>(t)) != 0;
}

/// Every input means something: a length that leads beyond the end takes what is there.
inline std::vector<Input> inputs(const ProtocolSpec& spec, std::string_view data) {
  std::vector<Input> out;
  if (data.empty()) return out;
  const auto first = static_cast<std::uint8_t>(data[0]);
  const auto transport = static_cast<Transport>(first & 0x3f);
  if ((first & 0xc0) == kMarker && carries(spec, transport)) {
    Input in{transport, {}};
    Cursor c(as_bytes(data.substr(1)));
    while (!c.empty() && in.talk.size() < kMaxSeedTurns) {
      const std::uint8_t kind = c.u8();
      const auto dir = static_cast<Direction>(kind & 1);
      const std::size_t size = std::min<std::size_t>(c.u16be(), c.left());
      if ((kind >> 1 & 3) == 1) {
        in.talk.push_back(gap(dir, size));
      } else if ((kind >> 1 & 3) == 2) {
        in.talk.push_back(end(dir));
      } else {
        const std::string_view bytes = as_text(c.bytes(size));
        in.talk.push_back(dir == Direction::kToServer ? to_server(bytes) : to_client(bytes));
      }
    }
    out.push_back(std::move(in));
    return out;
  }
  for (const Transport t : {Transport::kTcp, Transport::kUdp, Transport::kEthernet}) {
    if (!carries(spec, t)) continue;
    out.push_back({t, {to_server(data)}});
    out.push_back({t, {to_client(data)}});
  }
  return out;
}

}  // namespace picket::testing
