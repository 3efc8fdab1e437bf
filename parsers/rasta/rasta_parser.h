// parsers/rasta/rasta_parser.h — the parser of a flow, which is one transport channel of a connection
#pragma once
#include "parsers/rasta/rasta.h"
#include "parsers/rasta/supervision.h"

namespace picket::rasta {

enum Limit : std::size_t { kTMax, kSendMax, kResponseTimeout, kMd4A, kMd4B, kMd4C, kMd4D };
inline constexpr LimitDef kLimits[] = {
    {"t-max", 1800, 0, 3600000,
     "milliseconds after which a PDU is too old, and its sender too long silent; 0: never"},
    {"send-max", 20, 1, 65535, "N_sendmax of a connection that was not seen to begin"},
    {"response-timeout", 60, 1, 3600, "seconds after which a response is none to that request any more"},
    {"md4-a", kMd4Default[0], 0, 0xffffffff, "first word with which MD4 begins, as both ends have it"},
    {"md4-b", kMd4Default[1], 0, 0xffffffff, "second word"},
    {"md4-c", kMd4Default[2], 0, 0xffffffff, "third word"},
    {"md4-d", kMd4Default[3], 0, 0xffffffff, "fourth word"},
};

class RastaParser final : public Parser {
 public:
  explicit RastaParser(const ParserContext&) noexcept;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t, Sink&) noexcept override;
  void on_datagram(Direction, Bytes, Sink&) noexcept override;

 private:
  static constexpr std::size_t kWaiting = 8;
  /// A command of SCI that waits for what the element says.
  struct Command {
    const sci::TypeDef* def = nullptr;  ///< nullptr: free
    std::array<std::uint8_t, sci::kNameBytes> element{};
    std::uint8_t element_size = 0;
    std::uint8_t protocol = 0;
    Direction from{};
    std::uint64_t since_ns = 0;
    [[nodiscard]] Bytes name() const noexcept { return Bytes(element).first(element_size); }
  };

  void on_pdu(Direction, Bytes whole, Sink&) noexcept;
  std::uint64_t read_messages(Message&) noexcept;
  void pair(Message&, sci::Telegram&, std::uint64_t now_ns) noexcept;
  void learn_codes(const Pdu&, std::uint64_t odd) noexcept;

  const std::uint64_t response_ns_;
  Codes codes_;
  Supervision supervision_;
  std::array<Command, kWaiting> waiting_{};
  std::uint64_t next_id_ = 0;
  std::array<bool, 2> lost_{};
  bool sci_ = false;  ///< telegrams were seen
};

}  // namespace picket::rasta
