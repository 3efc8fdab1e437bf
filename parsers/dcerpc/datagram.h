// parsers/dcerpc/datagram.h — DCE/RPC, connectionless (C706 12.6.3): a PDU a datagram
//
//      0     1      2        3        4      7         8        24          40
//      | 4 | type | flags1 | flags2 | drep | serial | object | interface | activity |
//      56          60            64         68      70      72     74    76         78     79       80
//      | boot time | if version | sequence | opnum | hints (2 x 2)     | length | fragment | auth | serial | body
//
// The sequence number and the activity name a call. A server calls back, too, so a side of a call is told by
// the type of a PDU and not by its direction. PROFINET sets its connections up this way.
//
// In      whole datagrams
// Out     the Listener's calls, as of a connection
// Cost    a search through the open calls; stub data is copied once
// Limits  as of a connection. Fragments are put together in their order; a repeated one is left out
// Leaves  what only keeps a call going (pings, working, acknowledgements)
#pragma once
#include "parsers/dcerpc/dcerpc.h"

namespace picket::dcerpc {

inline constexpr std::size_t kDatagramHeaderSize = 80;

/// Could a datagram be DCE/RPC? Never kUnsure.
[[nodiscard]] Probe probe_datagram(Direction, Bytes datagram) noexcept;

class Datagrams {
 public:
  explicit Datagrams(Limits limits) noexcept : limits_(limits) {}
  void feed(Direction, Bytes datagram, Listener&) noexcept;
  /// Finishes all that is open.
  void close(Listener&) noexcept;

 private:
  struct Header;
  Call* call_of(const Header&, Direction, Listener&) noexcept;
  void finish(Call&, Listener&) noexcept;

  Limits limits_;
  Call* calls_ = nullptr;  // oldest first
  std::uint32_t call_count_ = 0;
};

}  // namespace picket::dcerpc
