// parsers/mqtt/mqtt_parser.h — the parser of a flow: what waits for its acknowledgement, and what topic aliases stand for
#pragma once
#include <memory>

#include "parsers/core/waiting.h"
#include "parsers/mqtt/mqtt.h"

namespace picket::mqtt {

enum Limit : std::size_t {
  kMaxMessageLength,
  kSubscribeTopics,
  kUnsubscribeTopics,
  kMaxTx,
  kAckTimeout,
  kMessageLog,
  kPasswords
};
inline constexpr LimitDef kLimits[] = {
    {"max-msg-length", 1048576, 2, 268435455,
     "bytes of a packet; a longer one is told by its beginning alone"},
    {"subscribe-topic-match-limit", 100, 0, 65536, "topics of a SUBSCRIBE that rules look at; 0: all"},
    {"unsubscribe-topic-match-limit", 100, 0, 65536, "topics of an UNSUBSCRIBE that rules look at; 0: all"},
    {"max-tx", 256, 1, 4096, "packets of a flow that wait for their acknowledgement; the oldest is given up"},
    {"ack-timeout", 30, 1, 3600, "seconds after which a packet without acknowledgement is given up"},
    {"message-log-limit", 1024, 0, 65536, "bytes of a message that a record tells"},
    {"passwords", 1, 0, 1, "1: a record tells the password of a CONNECT; 0: only that there is one"},
};

class MqttParser final : public Parser {
 public:
  explicit MqttParser(const ParserContext&) noexcept;
  ~MqttParser() override;

  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  static constexpr std::size_t kMaxAliases = 32;       ///< of a direction; more are not remembered
  static constexpr std::size_t kMaxAliasTopic = 4096;  ///< bytes of a topic that an alias may stand for
  static constexpr std::size_t kMaxKept = 1U << 20;    ///< bytes of a flow that wait
  struct Alias {
    explicit Alias(Pool& pool) noexcept : topic(pool) {}
    std::uint16_t number = 0;
    PoolBuffer topic;
    Alias* next = nullptr;
  };
  struct Side {
    bool lost = false;       ///< the next packet is looked for
    std::uint64_t tail = 0;  ///< bytes of a long packet that are passed over
    std::size_t look =
        0;  ///< bytes of the packet that is waited for at which it is looked into next; 0: not yet
    std::size_t aliases = 0;
    Alias* alias = nullptr;
  };
  enum class State : std::uint8_t { kUnknown, kConnecting, kConnected, kOver };

  /// A length is believed so far; a longer packet is looked into at this many bytes, at twice as many ...
  static constexpr std::size_t kBelieved = 64, kBelievedMessage = 4096;

  ParseResult read(Direction, Cursor&, Sink&) noexcept;
  ParseResult look_into(Side&, const Header&, Bytes packet, std::size_t header, std::size_t size) noexcept;
  bool pass_over(Direction, Bytes rest, std::size_t& at, Sink&) noexcept;
  void lose(Direction, Event, Sink&) noexcept;

  void on_message(Direction, Exchange&, Bytes body, std::uint64_t odd, Sink&) noexcept;
  std::uint64_t note_state(Direction, const Message&, const Connect&, bool right) noexcept;
  void open(Exchange&, Bytes body, std::uint64_t odd, Sink&) noexcept;
  void alone(Exchange&, std::uint64_t odd, Sink&) noexcept;
  bool answer(Direction, const Message&, std::uint64_t odd, Sink&) noexcept;
  Exchange* find(Direction from, Type opener, std::uint16_t id) noexcept;
  void finish(Exchange&, Sink&) noexcept;
  void forget(Exchange&) noexcept;
  void give_up_late_ones(std::uint64_t now_ns, Sink&) noexcept;

  std::uint64_t resolve(Direction, Publish&) noexcept;
  void forget_aliases() noexcept;

  Pool& pool_;
  Waiting<Exchange> waiting_;  ///< what waits for its acknowledgement
  Settings settings_;
  const std::uint64_t timeout_ns_;
  std::size_t kept_ = 0;
  std::uint64_t next_id_ = 0;
  std::array<Side, 2> sides_{};
  State state_ = State::kUnknown;
  std::uint8_t version_ = 0;      ///< of the CONNECT that was seen, or what packets give away; 0: not known
  bool version_guessed_ = false;  ///< from what packets give away
  bool told_unknown_ = false;
};

}  // namespace picket::mqtt
