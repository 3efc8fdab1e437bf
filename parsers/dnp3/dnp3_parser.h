// parsers/dnp3/dnp3_parser.h — the parser of a DNP3 flow: frames to segments, segments to fragments, responses to
// their requests
//
// Memory  a few hundred octets for each association; a block of the pool for a fragment in several segments while
//         it lasts
#pragma once
#include <utility>

#include "parsers/dnp3/dnp3.h"

namespace picket::dnp3 {

inline constexpr unsigned kSequences = 16, kTransportSequences = 64;
/// A block of this size stays with its association, a larger one goes back when its fragment is done.
inline constexpr std::size_t kKeptBlock = 2048;

/// Segments of one station to another that become a fragment.
struct Assembly {
  explicit Assembly(Pool& pool) noexcept : data(pool) {}
  PoolBuffer data;
  bool active = false;
  std::uint8_t next = 0;  ///< sequence that is due
  std::uint16_t frames = 0;
  std::uint16_t last_size = 0;  ///< octets of the segment before

  void drop() noexcept {
    active = false;
    if (data.capacity() > kKeptBlock) {
      data.reset();
    } else {
      data.clear();
    }
  }
};

struct Pending {
  Asked asked;
  bool waiting = false;
};

/// The last message of a kind: its sequence, and whether another one is the same.
struct Last {
  std::uint64_t hash = 0;
  std::uint8_t sequence = 0xff;
  [[nodiscard]] bool repeats(const Message& m, std::uint64_t h) noexcept {
    const bool same = sequence == m.sequence() && hash == h;
    sequence = m.sequence();
    hash = h;
    return same;
  }
};

/// A master and an outstation.
struct Association {
  Association(Pool& pool, std::uint16_t m, std::uint16_t o) noexcept
      : master(m), outstation(o), assemblies{Assembly(pool), Assembly(pool)} {}
  std::uint16_t master, outstation;
  std::array<Assembly, 2> assemblies;         ///< of the outstation, of the master
  std::array<Pending, kSequences> pending{};  ///< requests, by their sequence
  Last request, unsolicited;
  std::uint64_t selected = 0;       ///< hash of what a select named
  std::uint8_t operate_due = 0xff;  ///< sequence that the operate has to have
  std::uint8_t confirm_due = 0xff, unsolicited_confirm_due = 0xff;
  std::uint8_t part_due = 0xff;  ///< sequence of the response's next fragment
  std::uint16_t part = 0;        ///< fragments so far
  bool requests_seen = false, responses_seen = false;
  Pending answering;            ///< the request that the fragments answer
  Association* next = nullptr;  ///< used longer ago
};

class Dnp3Parser final : public Parser {
 public:
  explicit Dnp3Parser(const ParserContext& c) noexcept : pool_(c.pool), limits_(c.limits) {}
  ~Dnp3Parser() override {
    while (newest_ != nullptr) pool_.destroy(std::exchange(newest_, newest_->next));
  }

  Consumed on_stream(Direction dir, Bytes data, Sink& sink) noexcept override;
  void on_datagram(Direction dir, Bytes data, Sink& sink) noexcept override;
  void on_gap(Direction dir, std::uint64_t, Sink& sink) noexcept override;

 private:
  static void report(Direction dir, Event e, Transaction* tx, Sink& sink) noexcept;
  void on_frame(Direction dir, const Frame& f, Sink& sink) noexcept;
  /// The association of a frame, most recently used first; nullptr when there is no memory for it.
  Association* find(Direction dir, const Link& link, Sink& sink) noexcept;
  void on_segment(Direction dir, const Frame& f, Sink& sink) noexcept;
  /// Is it the segment before once more?
  static bool repeats(const Assembly& s, std::uint8_t sequence, Bytes part) noexcept;
  void on_fragment(Direction dir, const Link& link, Bytes fragment, std::uint16_t frames, Association* a,
                   Sink& sink) noexcept;
  void start(Message& m, const Link& link, Direction dir, Sink& sink) noexcept;
  static void finish(Message& m, Direction dir, Sink& sink) noexcept;
  static void check_addresses(Message& m, Direction dir, Sink& sink) noexcept;
  /// Walks over the headers once: counts, and what is wrong.
  void survey(Message& m, Direction dir, Sink& sink) noexcept;
  static void expire(Association& a, Direction dir, std::uint64_t now, std::uint64_t timeout,
                     Sink& sink) noexcept;
  void expire(Association& a, Direction dir, Sink& sink) noexcept;
  void on_request(Association& a, Message& m, Direction dir, Sink& sink) noexcept;
  /// An operate has to follow its select at once, and name the same (§4.4.4).
  static void on_controls(Association& a, Message& m, Direction dir, Sink& sink) noexcept;
  static void on_confirm(Association& a, Message& m, Direction dir, Sink& sink) noexcept;
  void on_response(Association& a, Message& m, Direction dir, Sink& sink) noexcept;
  /// A request to the self-address is answered from another one.
  void take_from_other(Association& a, const Message& m) noexcept;
  void on_unsolicited(Association& a, Message& m) noexcept;

  Pool& pool_;
  const std::span<const std::uint64_t> limits_;
  Association* newest_ = nullptr;
  std::uint64_t next_id_ = 0;
  std::uint64_t unanswered_ = 0;  ///< requests since the last response
  std::array<bool, 2> lost_{};
  bool flooded_ = false;
};

}  // namespace picket::dnp3
