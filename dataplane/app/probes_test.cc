// Asking only those that the first byte leaves finds what asking all of them finds.
#include "dataplane/app/probes.h"

#include <gtest/gtest.h>

#include <string>

namespace picket {
namespace {

constexpr auto kUp = Direction::kToServer, kDown = Direction::kToClient;
constexpr Probes::Ports kNoHint{40000, 40001};

struct Said {
  ProtocolId id = kNoProtocol;
  ProtocolSet excluded = 0;
  friend bool operator==(const Said&, const Said&) = default;
};

const std::vector<bool> kAll(protocols().size(), true);

Said ask(const Probes& probes, Transport t, Direction dir, std::string_view first,
         Probes::Ports ports = kNoHint) {
  Said s;
  s.id = probes.ask(t, dir, as_bytes(first), ports, s.excluded);
  return s;
}

/// Without a table, and without hints.
Said ask_all(Direction dir, std::string_view first) {
  Said s;
  for (std::size_t i = 0; i < 64; ++i) {
    const ProtocolSet bit = ProtocolSet{1} << i;
    const ProtocolSpec* spec = i < protocols().size() ? protocols()[i] : nullptr;
    if (spec == nullptr || spec->probe == nullptr ||
        (spec->transports & static_cast<std::uint8_t>(Transport::kTcp)) == 0) {
      s.excluded |= bit;
      continue;
    }
    const Probe p = spec->probe(Transport::kTcp, dir, as_bytes(first));
    if (p == Probe::kYes && s.id == kNoProtocol) s.id = static_cast<ProtocolId>(i);
    if (p == Probe::kNo) s.excluded |= bit;
  }
  return s;
}

TEST(Probes, TheFirstByteRulesOutOnlyWhatAllBytesWould) {
  const Probes probes(kAll);
  std::uint32_t random = 1;
  unsigned found = 0;
  const std::string begins[] = {"GET / HTTP/1.1\r\n",
                                "SSH-2.0-x\r\n",
                                "220 mail ESMTP\r\n",
                                "HTTP/1.1 200 OK\r\n",
                                std::string("\0\1\0\0\0\6\1\3\0\0\0\1", 12),
                                std::string("\x68\4\7\0\0\0", 6)};
  for (unsigned round = 0; round < 20000; ++round) {
    std::string first = round < 6 ? begins[round] : std::string(1 + round % 40, '\0');
    for (std::size_t i = 0; round >= 6 && i < first.size(); ++i) {
      random = random * 1664525 + 1013904223;
      first[i] = static_cast<char>(random >> 24);
    }
    for (const Direction dir : {kUp, kDown}) {
      const Said some = ask(probes, Transport::kTcp, dir, first), all = ask_all(dir, first);
      ASSERT_EQ(some.id, all.id) << round;
      found += some.id != kNoProtocol ? 1 : 0;
      if (some.id == kNoProtocol) ASSERT_EQ(some.excluded, all.excluded) << round;
    }
  }
  EXPECT_GE(found, 6U);
}

TEST(Probes, WhatIsSwitchedOffIsNotFound) {
  std::vector<bool> enabled = kAll;
  enabled[find_protocol("ssh")] = false;
  EXPECT_EQ(ask(Probes(kAll), Transport::kTcp, kUp, "SSH-2.0-x\r\n").id, find_protocol("ssh"));
  EXPECT_EQ(ask(Probes(enabled), Transport::kTcp, kUp, "SSH-2.0-x\r\n").id, kNoProtocol);
}

TEST(Probes, PortsOfServersAreKnown) {
  const Probes probes(kAll);
  EXPECT_TRUE(probes.known_port(502));
  EXPECT_FALSE(probes.known_port(40000));
}

}  // namespace
}  // namespace picket
