// Which PMUs send, and whether a concentrator sends for them.
#include <array>

#include "export/assets/clues.h"
#include "parsers/c37118/c37118.pb.h"
#include "parsers/core/text_writer.h"

namespace picket::c37118 {
namespace {

using C = v1::C37118;
using F = v1::C37118Frame;
using G = v1::C37118Configuration;
using P = v1::C37118Pmu;
using M = v1::C37118Measurement;

/// One station: the device. Several: those behind a concentrator.
void tell_stations(Bytes message, int stations, int number, int name, AssetEnd end, AssetTeller& to) {
  std::size_t count = 0;
  WireReader in(message);
  for (WireField f; in.next(f);) count += f.number == static_cast<std::uint32_t>(stations) ? 1 : 0;
  if (count == 0) return;
  to.tell(end, AssetKind::kRole, count == 1 ? "PMU" : "PDC", confidence::kStated);
  WireReader each(message);
  for (WireField f; each.next(f);) {
    if (f.number != static_cast<std::uint32_t>(stations)) continue;
    const std::string_view station = text_field(f.bytes, name);
    if (count == 1) return to.tell(end, AssetKind::kName, station, confidence::kStated);
    std::array<char, 96> room;
    TextWriter text(room);
    text << "PMU " << number_field(f.bytes, number) << " " << station;
    to.tell(end, AssetKind::kStation, as_text(text.bytes()), confidence::kStated);
  }
}

void read_configuration(const WireField& f, const AssetClue& c, AssetTeller& to) {
  tell_stations(f.bytes, G::kPmusFieldNumber, P::kIdCodeFieldNumber, P::kStationFieldNumber, c.end, to);
}

/// Data name their stations once a configuration was seen.
void read_frame(const WireField& f, const AssetClue& c, AssetTeller& to) {
  tell_stations(f.bytes, F::kMeasurementsFieldNumber, M::kPmuFieldNumber, M::kStationFieldNumber, c.end, to);
}

constexpr AssetEnd kPmu = AssetEnd::kServer;
constexpr AssetClue kClues[] = {
    {{C::kResponseFieldNumber, F::kConfigurationFieldNumber},
     kPmu,
     AssetKind::kName,
     confidence::kStated,
     read_configuration},
    {{C::kFrameFieldNumber, F::kConfigurationFieldNumber},
     kPmu,
     AssetKind::kName,
     confidence::kStated,
     read_configuration},
    {{C::kFrameFieldNumber}, kPmu, AssetKind::kName, confidence::kStated, read_frame},
    {{C::kResponseFieldNumber, F::kHeaderFieldNumber}, kPmu, AssetKind::kSoftware, confidence::kStated},
    {{C::kFrameFieldNumber, F::kHeaderFieldNumber}, kPmu, AssetKind::kSoftware, confidence::kStated},
};

/// What stands alone is never a command: a PMU sends it, whoever opened the flow.
bool reversed(Bytes message, bool client_heard) {
  return client_heard && message_field(message, C::kCommandFieldNumber).empty() &&
         !message_field(message, C::kFrameFieldNumber).empty();
}

}  // namespace

extern const AssetClues kAssetClues = {.clues = kClues,
                                       .client_role = {"PDC", confidence::kNamed},
                                       .reversed = reversed,
                                       .activity_shows_role = false};

}  // namespace picket::c37118
