// parsers/c37118/c37118.h — IEEE C37.118 synchrophasors: frames, and what a configuration says of the data
//
//      0  1  2      4      6     10        14
//      | AA type | size | id | SOC | FRACSEC | ...                                      | CRC |
//      type: 0 data, 1 header, 2/3/5 configuration 1, 2, 3, 4 command; version in the lower half
//
//   configuration   time base | PMUs x (name, id, format, channels, units, nominal frequency, count) | rate
//   data            PMUs x (STAT | phasors | frequency | its rate of change | analogs | digitals)
//
// Data is unreadable without its configuration: where what stands is in there, and nowhere else. So the parser keeps the
// last configuration of each stream, and a Layout that is made of it once: data is then read at known places.
//
// Source  IEEE C37.118.2-2011, clause 6 (configuration 3 and the extended frame), C37.118-2005, clause 6
// Cost    O(size) a frame for its CRC; O(channels) a configuration; O(1) a value of data, for those who ask; a Layout is
//         a block of the pool
// Limits  size is 16 bits; kMaxPmus of a frame are read, and kMaxChannels of a PMU shown
// Leaves  a configuration 3 in several frames (CONT_IDX): each is a record, but the data behind it is not read
#pragma once
#include <array>
#include <bit>
#include <cmath>
#include <numbers>

#include "parsers/core/ot.h"

namespace picket::c37118 {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:c37118.<name>`.
enum class Event : std::uint8_t {
  kInvalidHeader,
  kInvalidSize,
  kInvalidChecksum,
  kLostSync,
  kInterruptedFrame,
  kGap,
  kUnknownCommand,
  kInvalidConfiguration,
  kConfigurationChanged,
  kUnknownConfiguration,
  kInvalidData,
  kInvalidTime,
  kTimeBackwards,
  kLostFrames,
  kNoReply,
  kFlooded,
  kTooManyStreams,
  kOutOfMemory,
};

enum class FrameType : std::uint8_t { kData, kHeader, kConfig1, kConfig2, kCommand, kConfig3 };
inline constexpr std::uint8_t kLastType = 5;

enum class Command : std::uint16_t {
  kStop = 1,
  kStart = 2,
  kSendHeader = 3,
  kSendConfig1 = 4,
  kSendConfig2 = 5,
  kSendConfig3 = 6,
  kExtended = 8,
};

inline constexpr std::uint8_t kSync = 0xaa, kLastVersion = 3;
inline constexpr std::size_t kHeaderSize = 14, kCrcSize = 2, kMinSize = kHeaderSize + kCrcSize;
inline constexpr std::size_t kUnit = 4;                            ///< PHUNIT, ANUNIT, DIGUNIT
inline constexpr std::size_t kPhasorScale = 12, kAnalogScale = 8;  ///< PHSCALE, ANSCALE of configuration 3
inline constexpr unsigned kMaxPmus = 64;                           ///< of a frame
inline constexpr unsigned kMaxChannels = 128;                      ///< of a kind, of a PMU

struct Frame {
  FrameType type{};
  std::uint8_t version = 0;
  std::uint8_t time_quality = 0;  ///< bits 7 to 0 of FRACSEC's upper octet
  std::uint16_t id = 0;           ///< of the stream: a PMU, or a concentrator
  std::uint32_t soc = 0;          ///< seconds since 1970 UTC
  std::uint32_t fraction = 0;     ///< of a second, in units of the configuration's time base
  Bytes body;                     ///< between header and CRC; borrowed from the input
};

/// CRC-CCITT as the standard has it: from 0xffff, polynomial 0x1021, not reflected.
[[nodiscard]] std::uint16_t crc(Bytes) noexcept;

/// How long the frame is that starts here, as far as that can be believed without its end.
///   done       `size` is at least kMinSize
///   need_more, malformed  as parse()
[[nodiscard]] ParseResult read_size(Bytes start, std::uint16_t& size) noexcept;

/// Reads the frame of `size` bytes that starts at `in`; its beginning is right.
[[nodiscard]] ParseResult parse(Cursor& in, std::uint16_t size, Frame& frame) noexcept;

/// Reads one frame from `in`.
///   done       `frame` is filled; `in` stands after it
///   need_more  nothing changed; call again with at least that many bytes
///   malformed  nothing changed; the Event says why
[[nodiscard]] ParseResult parse(Cursor& in, Frame& frame) noexcept;

/// What `f.body` of a command asks for; 0 when it is too short.
[[nodiscard]] std::uint16_t command_of(const Frame& f) noexcept;

/// FORMAT of a PMU.
struct Format {
  std::uint16_t bits = 0;
  [[nodiscard]] bool polar() const noexcept { return (bits & 1) != 0; }
  [[nodiscard]] bool float_phasors() const noexcept { return (bits & 2) != 0; }
  [[nodiscard]] bool float_analogs() const noexcept { return (bits & 4) != 0; }
  [[nodiscard]] bool float_frequency() const noexcept { return (bits & 8) != 0; }
};

/// What a configuration says of one PMU. All borrowed from the configuration.
struct Pmu {
  Bytes name;  ///< of the station, without what fills it up
  std::uint16_t id = 0;
  Bytes global_id;  ///< configuration 3: 16 bytes
  Format format;
  std::uint16_t phasors = 0, analogs = 0, digitals = 0;  ///< words of 16 digitals each
  Bytes names, phasor_units, analog_units, digital_units;
  bool third = false;  ///< of configuration 3: names have lengths, units are scales
  double latitude = 0, longitude = 0, elevation = 0;  ///< configuration 3: infinity where not known
  std::uint8_t service_class = 0;                     ///< 'M' or 'P'
  std::int32_t window_us = 0, group_delay_us = 0;
  std::uint16_t nominal = 60;  ///< Hz
  std::uint16_t changes = 0;   ///< CFGCNT

  /// Bytes of its part of a data frame.
  [[nodiscard]] std::size_t data_size() const noexcept;
};

/// The names of a PMU's channels, one after the other: phasors, analogs, then 16 of each word of digitals.
class NameReader {
 public:
  explicit NameReader(const Pmu& p) noexcept : in_(p.names), third_(p.third) {}
  [[nodiscard]] bool next(Bytes& name) noexcept;

 private:
  Cursor in_;
  bool third_;
};

/// A configuration frame's body, PMU by PMU.
class ConfigReader {
 public:
  ConfigReader() noexcept = default;
  ConfigReader(Bytes body, bool third) noexcept;
  [[nodiscard]] bool next(Pmu&) noexcept;
  /// After next() said no: was everything there, and nothing else? What is beyond kMaxPmus is not looked at.
  [[nodiscard]] bool right() const noexcept {
    return in_.ok() && (read_ == pmus ? in_.empty() : read_ == kMaxPmus);
  }

  std::uint16_t continued = 0;  ///< configuration 3, CONT_IDX: 0 where the frame is all of it
  std::uint32_t time_base = 0;
  std::uint16_t pmus = 0;
  std::int16_t rate = 0;  ///< frames a second; negative: seconds a frame

 private:
  Cursor in_{};
  bool third_ = false;
  std::uint16_t read_ = 0;
};

/// Where a PMU's part of a data frame stands, and how it is called.
struct PmuLayout {
  static constexpr std::size_t kMaxLabel = 64;

  Pmu pmu;  ///< borrowed from the configuration that its Layout keeps
  std::uint32_t status_at = 0, frequency_at = 0, analogs_at = 0, digitals_at = 0;  ///< in the frame's body
  std::uint8_t label_size = 0;
  std::array<char, kMaxLabel> label_room;

  /// "PMU 7 Station A", as much of it as there is room for.
  [[nodiscard]] Bytes label() const noexcept { return as_bytes({label_room.data(), label_size}); }
};

/// What the data of a stream looks like: at most kMaxPmus parts, in a block of the pool. Views of its parts live until
/// it is made anew.
class Layout {
 public:
  explicit Layout(Pool& pool) noexcept : pool_(pool), config_(pool) {}
  ~Layout() { clear(); }
  Layout(const Layout&) = delete;
  Layout& operator=(const Layout&) = delete;

  /// Of a configuration that is right, of which it keeps a copy. False: there is no memory, and it is empty.
  [[nodiscard]] bool make(Bytes config, bool third) noexcept;
  void clear() noexcept;
  [[nodiscard]] bool empty() const noexcept { return config_.empty(); }

  [[nodiscard]] Bytes config() const noexcept { return config_.view(); }
  [[nodiscard]] bool third() const noexcept { return third_; }
  [[nodiscard]] std::uint32_t time_base() const noexcept { return time_base_; }
  [[nodiscard]] std::int16_t rate() const noexcept { return rate_; }
  [[nodiscard]] std::span<const PmuLayout> pmus() const noexcept { return {pmus_, count_}; }
  /// Of the body of a data frame; 0: not known, since it has more PMUs than are read.
  [[nodiscard]] std::size_t size() const noexcept { return more_ ? 0 : size_; }
  /// Is a data frame's body as long as it has to be?
  [[nodiscard]] bool fits(Bytes body) const noexcept {
    return more_ ? body.size() >= size_ : body.size() == size_;
  }

 private:
  Pool& pool_;
  PoolBuffer config_;
  PmuLayout* pmus_ = nullptr;
  std::size_t count_ = 0, size_ = 0;
  std::uint32_t time_base_ = 0;
  std::int16_t rate_ = 0;
  bool third_ = false, more_ = false;
};

struct Phasor {
  double magnitude = 0;  ///< V or A; what no scale is known of as it came
  double angle = 0;      ///< degrees
  bool is_current = false;
};

/// The phasors of a PMU, one after the other; what is behind the last one is zero.
class PhasorReader {
 public:
  PhasorReader(const Pmu& p, Bytes values) noexcept
      : units_(p.phasor_units), values_(values), format_(p.format), third_(p.third) {}
  [[nodiscard]] Phasor next() noexcept;

 private:
  Cursor units_, values_;
  Format format_;
  bool third_;
};

// Inline: a concentrator sends thousands of them a second.
inline Phasor PhasorReader::next() noexcept {
  constexpr double kDegrees = 180 / std::numbers::pi;
  Phasor out;
  // Scales are read where they stand in the configuration: a load and a multiplication, as a table of them would be.
  double scale = 1, turn = 0;
  if (third_) {
    out.is_current = (units_.u32be() & 0x0800) != 0;
    scale = std::bit_cast<float>(units_.u32be());
    turn = std::bit_cast<float>(units_.u32be());
  } else {
    const std::uint32_t word = units_.u32be();
    out.is_current = (word >> 24) == 1;
    if (!format_.float_phasors()) scale = (word & 0xffffff) * 1e-5;
  }
  const bool polar = format_.polar();
  double a = 0, b = 0;
  if (format_.float_phasors()) {
    const std::uint64_t both = values_.u64be();
    a = std::bit_cast<float>(static_cast<std::uint32_t>(both >> 32));
    b = std::bit_cast<float>(static_cast<std::uint32_t>(both));
  } else {
    const std::uint32_t both = values_.u32be();
    const auto first = static_cast<std::uint16_t>(both >> 16);
    a = polar ? first : static_cast<std::int16_t>(first);
    b = static_cast<std::int16_t>(both);
    if (polar) b *= 1e-4;
  }
  out.magnitude = (polar ? a : std::hypot(a, b)) * scale;
  out.angle = ((polar ? b : std::atan2(b, a)) + turn) * kDegrees;
  return out;
}

/// What a data frame says of one PMU: read where it stands, when it is asked for. `body` fits the layout.
class Measurement {
 public:
  Measurement(Bytes body, const PmuLayout& at) noexcept : body_(body), at_(&at) {}

  [[nodiscard]] const Pmu& pmu() const noexcept { return at_->pmu; }
  [[nodiscard]] std::uint16_t status() const noexcept { return from(at_->status_at).u16be(); }
  [[nodiscard]] double frequency() const noexcept {  ///< Hz
    Cursor c = from(at_->frequency_at);
    if (pmu().format.float_frequency()) return std::bit_cast<float>(c.u32be());
    return pmu().nominal + static_cast<std::int16_t>(c.u16be()) / 1000.0;  // deviation in mHz
  }
  [[nodiscard]] double frequency_rate() const noexcept {  ///< Hz/s
    if (pmu().format.float_frequency()) return std::bit_cast<float>(from(at_->frequency_at + 4).u32be());
    return static_cast<std::int16_t>(from(at_->frequency_at + 2).u16be()) / 100.0;
  }
  [[nodiscard]] PhasorReader phasors() const noexcept;
  [[nodiscard]] double analog(unsigned n) const noexcept;
  [[nodiscard]] std::uint16_t digitals(unsigned word) const noexcept {
    return from(at_->digitals_at + word * 2).u16be();
  }

 private:
  [[nodiscard]] Cursor from(std::size_t offset) const noexcept {
    Cursor c(body_);
    c.skip(offset);
    return c;
  }

  Bytes body_;
  const PmuLayout* at_;
};

/// STAT.
namespace status {
inline constexpr std::uint16_t kErrorMask = 0xc000, kUnsynchronised = 0x2000, kByArrival = 0x1000,
                               kTrigger = 0x0800, kConfigurationChange = 0x0400, kModified = 0x0200,
                               kReasonMask = 0x000f;
/// What is not an error of time, and lasts.
inline constexpr std::uint16_t kStateMask =
    kErrorMask | kUnsynchronised | kTrigger | kConfigurationChange | kReasonMask;
}  // namespace status

[[nodiscard]] std::string_view type_name(FrameType) noexcept;
[[nodiscard]] bool type_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] std::string_view command_name(std::uint16_t) noexcept;
[[nodiscard]] bool command_by_name(std::string_view, std::uint64_t&) noexcept;
[[nodiscard]] std::string_view time_quality_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view data_error_name(std::uint16_t status) noexcept;
[[nodiscard]] std::string_view time_error_name(std::uint16_t status) noexcept;
[[nodiscard]] std::string_view unlocked_name(std::uint16_t status) noexcept;
[[nodiscard]] std::string_view trigger_name(std::uint16_t status) noexcept;

/// A command, with the header or configuration it asked for; or a frame that stands alone.
struct Exchange : OtTransaction {
  Direction from{};  ///< who sent `first`
  bool has_answer = false;
  std::uint64_t first_ns = 0, answer_ns = 0;
  Frame first, answer;        ///< an `answer` is to a command
  std::uint16_t command = 0;  ///< where `first` is one
  bool changed = false;       ///< of data: a PMU's state is not what it was
  /// Of data: how it is read, good until done(); nullptr where that is not known, or it does not fit.
  const Layout* layout = nullptr;
  // What was found last in a configuration, for those who ask for one after the other.
  mutable ConfigReader pmus;
  mutable unsigned pmu = 0;  ///< so many were read
};
/// Of data that can be read its PMUs; otherwise none.
[[nodiscard]] inline std::span<const PmuLayout> layouts_of(const Exchange& x) noexcept {
  return x.layout == nullptr ? std::span<const PmuLayout>() : x.layout->pmus();
}
/// The frame of that direction; nullptr: none went that way.
[[nodiscard]] const Frame* frame_of(const Exchange&, Direction) noexcept;
/// The configuration that a frame carries.
[[nodiscard]] bool config_in(const Frame&, ConfigReader&) noexcept;

/// Could this flow be C37.118? kNo is final, kUnsure asks for more bytes, kYes binds the flow.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

/// What it does, to which points, with which values: before it is first shown to anybody.
void set_operation(Exchange&) noexcept;
extern const OtProtocol kOt;

extern const ProtocolSpec kSpec;

}  // namespace picket::c37118
