// parsers/snmp/snmp_parser.h — the parser of a flow: requests that wait for their response
#pragma once
#include "parsers/snmp/snmp.h"

namespace picket::snmp {

enum Limit : std::size_t { kMaxRequests, kResponseTimeout, kCommunities };
inline constexpr LimitDef kLimits[] = {
    {"max-requests", 32, 1, 32, "requests of a flow that wait for their response; the oldest is forgotten"},
    {"response-timeout", 30, 1, 3600, "seconds after which a response is none to that request any more"},
    {"communities", 1, 0, 1, "1: a record tells the community; 0: only rules see it"},
};

class SnmpParser final : public Parser {
 public:
  explicit SnmpParser(const ParserContext&) noexcept;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t, Sink&) noexcept override;
  void on_datagram(Direction, Bytes, Sink&) noexcept override;

 private:
  static constexpr std::size_t kWaiting = 32;
  /// A request; of version 3 also by the message's identifier, for what is encrypted has no other.
  struct Request {
    std::uint64_t since_ns = 0;  ///< 0: free
    std::int64_t id = 0;
    std::uint32_t variables = 0;
    Pdu pdu = Pdu::kNone;
    std::uint8_t version = 0;
    bool by_message = false;
    Direction from{};
  };
  void on_message(Direction, Bytes whole, Sink&) noexcept;
  std::uint64_t pair(Exchange&, std::uint64_t now_ns) noexcept;

  const std::size_t max_waiting_;
  const std::uint64_t timeout_ns_;
  const bool log_community_;
  std::array<Request, kWaiting> waiting_{};
  std::uint64_t next_id_ = 0;
  std::array<bool, 2> lost_{};
  std::array<bool, 2> asked_{};  ///< by who asks: a request was seen
};

}  // namespace picket::snmp
