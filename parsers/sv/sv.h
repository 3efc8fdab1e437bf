// parsers/sv/sv.h — sampled values (IEC 61850-9-2, and its light edition by the UCA): currents and voltages, thousands a second
//
//      | header of 8 bytes: parsers/core/iec61850.h | 60 length: savPdu |
//      80 noASDU   81 security   a2 ASDUs: 30 length ...
//      80 svID   81 datSet   82 smpCnt   83 confRev   84 refrTm   85 smpSynch   86 smpRate   87 sample   88 smpMod
//      89 gmIdentity
//
// In      what follows the EtherType 0x88BA of one frame
// Out     a Pdu with ASDUs to be walked (Asdus); all borrow from the frame
// Cost    O(bytes). Each ASDU is a transaction, for rules; a record is made of one in an `interval`, with what came of
//         its stream in between, and of each that is odd
// Limits  `streams` svIDs a flow
// Leaves  R-SV (IEC 61850-90-5, over UDP); data sets that are not 9-2 LE's are shown as bytes
#pragma once
#include "parsers/core/iec61850.h"
#include "parsers/core/ot.h"

namespace picket::sv {

/// What can be wrong. Each one is a counter and a value of `app-layer-event:sv.<name>`; those from kLostSamples on are
/// said once an interval and stream.
enum class Event : std::uint8_t {
  kInvalidLength,
  kInvalidPdu,
  kInvalidAsdu,
  kAsdusMismatch,
  kTooManyStreams,
  kOutOfMemory,
  kLostSamples,
  kDuplicate,
  kOutOfOrder,
  kConfRevChanged,
  kSynchChanged,
  kSimulationChanged,
  kBadQuality,
};

inline constexpr std::uint16_t kEthertype = 0x88ba;
inline constexpr std::size_t kMaxId = 129;
inline constexpr unsigned kChannels = 8;  ///< of 9-2 LE
inline constexpr std::size_t kMaxRecordData = 256;

struct Pdu {
  Iec61850Frame frame;
  std::uint32_t no_asdu = 0;
  Bytes security, asdus;
  bool has_security = false;

  [[nodiscard]] bool simulated() const noexcept { return (frame.reserved1 & Iec61850Frame::kSimulated) != 0; }
};
/// False: `wrong` says why.
[[nodiscard]] bool parse(Bytes frame, Pdu& out, Event& wrong) noexcept;

struct Asdu {
  Bytes sv_id, dat_set, sample, gm_identity;
  Iec61850Time refr_tm;
  std::uint32_t conf_rev = 0;
  std::uint16_t smp_cnt = 0, smp_rate = 0, smp_mod = 0;
  std::uint8_t smp_synch = 0;
  bool has_dat_set = false, has_refr_tm = false, has_smp_rate = false, has_smp_mod = false,
       has_gm_identity = false;

  [[nodiscard]] bool is_light() const noexcept { return sample.size() == kChannels * 8; }
};
/// False: not one of its mandatory fields may be missing or of another size.
[[nodiscard]] bool read_asdu(Bytes content, Asdu& out) noexcept;

struct Channel {
  std::int32_t value = 0;
  std::uint32_t quality = 0;
  [[nodiscard]] bool good() const noexcept { return (quality & 3) == 0; }
};
/// `n` below kChannels; of an ASDU that is_light().
[[nodiscard]] Channel channel(const Asdu&, unsigned n) noexcept;

enum class Status : std::uint8_t { kFirst, kRunning, kEnded };

/// What came of a stream since its last record.
struct Counts {
  std::uint64_t since_ns = 0, asdus = 0, lost = 0, duplicated = 0, out_of_order = 0, invalid = 0,
                simulated = 0;
  std::uint64_t longest_gap_ns = 0;
  std::array<std::int32_t, kChannels> min{}, max{};
  bool has_ranges = false;
};

struct Message : OtTransaction {
  Direction direction = Direction::kToServer;
  Status status = Status::kFirst;
  Pdu pdu;
  Asdu asdu;  ///< kEnded: of the last one what is remembered
  std::uint32_t lost = 0;
  std::uint32_t counter_end = 0;
  const Counts* counts = nullptr;  ///< of its stream; nullptr: there is none
};

// Names; "" when there is none.
[[nodiscard]] std::string_view channel_name(unsigned n) noexcept;
[[nodiscard]] std::string_view quality_name(unsigned bit) noexcept;  ///< of bits 2 to 13
[[nodiscard]] std::string_view synch_name(std::uint8_t) noexcept;
[[nodiscard]] std::string_view mode_name(std::uint16_t) noexcept;
[[nodiscard]] std::string_view status_name(Status) noexcept;
[[nodiscard]] bool status_by_name(std::string_view, std::uint64_t& out) noexcept;
[[nodiscard]] bool synch_by_name(std::string_view, std::uint64_t& out) noexcept;

/// An EtherType says what its frames are: there is nothing to ask of their content.
[[nodiscard]] Probe probe(Transport, Direction, Bytes first) noexcept;

void set_operation(Message& m) noexcept;
extern const OtProtocol kOt;

extern const ProtocolSpec kSpec;

}  // namespace picket::sv
