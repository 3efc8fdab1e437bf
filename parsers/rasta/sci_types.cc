// What is published of the interfaces: telegrams of EULYNX's baseline 4, as open implementations have them (README.md).
#include "parsers/rasta/sci_types.h"

namespace picket::rasta::sci {
namespace {

using K = FieldDef::Kind;

constexpr NumberName kVersionMatch[] = {{1, "versions differ"}, {2, "versions match"}};
constexpr NumberName kCloseReasons[] = {{1, "protocol error"},         {2, "formal telegram error"},
                                        {3, "content telegram error"}, {4, "normal close"},
                                        {5, "other version required"}, {6, "time-out"},
                                        {7, "checksum mismatch"}};
constexpr NumberName kTargets[] = {{1, "right"}, {2, "left"}};
constexpr NumberName kPositions[] = {{1, "right"}, {2, "left"}, {3, "no end position"}, {4, "trailed"}};
constexpr NumberName kDegraded[] = {
    {1, "degraded right"}, {2, "degraded left"}, {3, "not degraded"}, {255, "not applicable"}};
constexpr NumberName kAbilities[] = {{1, "able to move"}, {2, "unable to move"}};
constexpr NumberName kAspects[] = {{0x01, "stop"},
                                   {0x02, "shunting allowed"},
                                   {0x04, "proceed"},
                                   {0x05, "flashing clear 1"},
                                   {0x06, "flashing clear 2"},
                                   {0x07, "approach caution"},
                                   {0x08, "expect stop"},
                                   {0x0a, "ignore signal"},
                                   {0x0b, "expect limited speed"},
                                   {0x17, "staff responsible"},
                                   {0x18, "flashing yellow"},
                                   {0x21, "stop 2"},
                                   {0x28, "preliminary caution"},
                                   {0x47, "flashing double yellow"},
                                   {0xff, "dark"}};
constexpr NumberName kExtensions[] = {{1, "substitution signal"},    {2, "drive on sight"},
                                      {3, "pass to opposite track"}, {4, "route to opposite track"},
                                      {5, "expect early stop"},      {255, "dark"}};
constexpr NumberName kDowngrades[] = {{1, "type 1"}, {2, "type 2"}, {3, "type 3"}, {255, "none"}};
constexpr NumberName kDark[] = {{1, "shown"}, {0x0f, "dark"}, {255, "not applicable"}};
constexpr NumberName kLuminosities[] = {{1, "day"}, {2, "night"}, {254, "deleted"}, {255, "undefined"}};
constexpr NumberName kForceModes[] = {{1, "unconditional"},
                                      {2, "conditional"},
                                      {3, "preparatory with acknowledgment"},
                                      {4, "preparatory"},
                                      {5, "acknowledgment"}};
constexpr NumberName kOccupancies[] = {{1, "vacant"},
                                       {2, "occupied"},
                                       {3, "disturbed"},
                                       {4, "waiting for sweeping train"},
                                       {5, "waiting for acknowledgment"},
                                       {6, "sweeping train detected"}};
constexpr NumberName kForceable[] = {{1, "no"}, {2, "yes"}};
constexpr NumberName kPower[] = {{1, "ok"}, {2, "not ok"}, {255, "not applicable"}};
constexpr NumberName kDisturbances[] = {{1, "operational"}, {2, "technical"}, {255, "not applicable"}};
constexpr NumberName kTriggers[] = {{1, "passing detected"},      {2, "command of interlocking"},
                                    {3, "command of maintainer"}, {4, "technical failure"},
                                    {5, "initial state"},         {6, "internal"},
                                    {255, "not applicable"}};
constexpr NumberName kRejections[] = {{1, "operational"}, {2, "technical"}};
constexpr NumberName kFailures[] = {{1, "incorrect count of sweeping train"}, {2, "response time expired"},
                                    {3, "detection point not permitted"},     {4, "deleted"},
                                    {5, "outgoing axle too early"},           {6, "cancelled"}};
constexpr NumberName kPassings[] = {{1, "not passed"}, {2, "passed"}, {3, "disturbed"}};
constexpr NumberName kDirections[] = {
    {1, "reference direction"}, {2, "against reference direction"}, {3, "none"}};
constexpr NumberName kActive[] = {{1, "active"}, {2, "not active"}};
constexpr NumberName kLines[] = {{1, "vacant"}, {2, "occupied"}, {3, "request for line block reset"}};
constexpr NumberName kRestrictions[] = {{0x01, "no access"},
                                        {0x02, "work track"},
                                        {0x03, "track out of service"},
                                        {0x04, "emergency train"},
                                        {0x05, "secondary vehicle"},
                                        {0x06, "work team"},
                                        {0x07, "level crossing degraded"},
                                        {0x08, "clearance check required"},
                                        {0x09, "section check required"},
                                        {0x10, "no electric trains"},
                                        {0x11, "extraordinary transport"},
                                        {0x12, "catenary off"},
                                        {0x13, "written order required"},
                                        {0xff, "not applicable"}};
constexpr NumberName kProvision[] = {{1, "provide"}, {2, "cancel"}};
constexpr NumberName kProvided[] = {{1, "provided"}, {2, "not provided"}};
constexpr NumberName kRouteTypes[] = {{1, "main route"},          {2, "shunting route"},
                                      {3, "on-sight route"},      {4, "SR train route"},
                                      {5, "special train route"}, {6, "temporary shunting area"}};
constexpr NumberName kRouteStates[] = {{1, "initiated"}, {2, "locked"}, {3, "no route"}, {4, "cancelling"}};
constexpr NumberName kPretests[] = {
    {1, "possible and vacant"}, {2, "possible and occupied"}, {3, "queue"}, {4, "rejected"}};
constexpr NumberName kReleases[] = {
    {1, "correct occupancy sequence"}, {2, "released by train"}, {3, "neither"}};
constexpr NumberName kFouling[] = {{1, "fouling"}, {2, "not fouling"}, {255, "not applicable"}};
constexpr NumberName kActivated[] = {{1, "activated"}, {2, "deactivated"}};

constexpr FieldDef kVersion[] = {{"PDI version", 0}};
constexpr FieldDef kVersionAnswer[] = {
    {"result", 0, K::kByte, kVersionMatch}, {"PDI version", 1}, {"checksum", 2, K::kCounted}};
constexpr FieldDef kReason[] = {{"reason", 0, K::kByte, kCloseReasons}};
constexpr FieldDef kTarget[] = {{"position", 0, K::kByte, kTargets}};
constexpr FieldDef kPosition[] = {{"position", 0, K::kByte, kPositions},
                                  {"degraded position", 1, K::kByte, kDegraded}};
constexpr FieldDef kAbility[] = {{"ability", 0, K::kByte, kAbilities}};
constexpr FieldDef kSignal[] = {{"aspect", 0, K::kByte, kAspects},
                                {"aspect extension", 1, K::kByte, kExtensions},
                                {"speed indicator", 2},
                                {"speed announcement", 3},
                                {"direction indicator", 4},
                                {"direction announcement", 5},
                                {"downgrade", 6, K::kByte, kDowngrades},
                                {"route upstream", 7, K::kLow},
                                {"route downstream", 7, K::kHigh},
                                {"intentionally dark", 8, K::kByte, kDark}};
constexpr FieldDef kLuminosityField[] = {{"luminosity", 0, K::kByte, kLuminosities}};
constexpr FieldDef kForce[] = {{"mode", 0, K::kByte, kForceModes}};
constexpr FieldDef kSection[] = {{"occupancy", 0, K::kByte, kOccupancies},
                                 {"can be forced to clear", 1, K::kByte, kForceable},
                                 {"filling level", 2, K::kWord},
                                 {"power supply", 4, K::kByte, kPower},
                                 {"disturbance", 5, K::kByte, kDisturbances},
                                 {"trigger", 6, K::kByte, kTriggers}};
constexpr FieldDef kRejection[] = {{"reason", 0, K::kByte, kRejections}};
constexpr FieldDef kFailure[] = {{"reason", 0, K::kByte, kFailures}};
constexpr FieldDef kPassingFields[] = {{"passing", 0, K::kByte, kPassings},
                                       {"direction", 1, K::kByte, kDirections}};
constexpr FieldDef kWheel[] = {{"speed", 0, K::kWord}, {"wheel diameter", 2, K::kWord}};
constexpr FieldDef kChannels[] = {{"channels", 0, K::kCounted}};
constexpr FieldDef kBoundary[] = {{"boundary", 0, K::kName}};
constexpr FieldDef kZone[] = {
    {"boundary", 0, K::kName}, {"zone", 20, K::kName}, {"status", 40, K::kByte, kActive}};
constexpr FieldDef kRestriction[] = {{"boundary", 0, K::kName}, {"restriction", 20, K::kByte, kRestrictions}};
constexpr FieldDef kRestrictionStatus[] = {{"boundary", 0, K::kName},
                                           {"status", 20, K::kByte, kActive},
                                           {"restriction", 21, K::kByte, kRestrictions}};
constexpr FieldDef kLine[] = {{"boundary", 0, K::kName}, {"status", 20, K::kByte, kLines}};
constexpr FieldDef kFlank[] = {{"boundary", 0, K::kName}, {"request", 20, K::kByte, kProvision}};
constexpr FieldDef kFlankStatus[] = {{"boundary", 0, K::kName}, {"status", 20, K::kByte, kProvided}};
constexpr FieldDef kRoute[] = {
    {"boundary", 0, K::kName}, {"route", 20, K::kName}, {"route type", 40, K::kByte, kRouteTypes}};
constexpr FieldDef kRouteOnly[] = {{"boundary", 0, K::kName}, {"route", 20, K::kName}};
constexpr FieldDef kRouteState[] = {{"boundary", 0, K::kName},
                                    {"route", 20, K::kName},
                                    {"route type", 40, K::kByte, kRouteTypes},
                                    {"status", 41, K::kByte, kRouteStates}};
constexpr FieldDef kPretestState[] = {{"boundary", 0, K::kName},
                                      {"route", 20, K::kName},
                                      {"route type", 40, K::kByte, kRouteTypes},
                                      {"status", 41, K::kByte, kRouteStates},
                                      {"response", 42, K::kByte, kPretests}};
constexpr FieldDef kMonitoring[] = {
    {"boundary", 0, K::kName},         {"route", 20, K::kName},  {"route type", 40, K::kByte, kRouteTypes},
    {"overlap", 41, K::kName},         {"route monitoring", 61}, {"occupancy monitoring", 62},
    {"level crossing monitoring", 63}, {"entrance speed", 64},   {"target speed", 65}};
constexpr FieldDef kRelease[] = {{"boundary", 0, K::kName}, {"status", 20, K::kByte, kReleases}};
constexpr FieldDef kNeighbourSignal[] = {{"boundary", 0, K::kName},
                                         {"aspect", 20, K::kByte, kAspects},
                                         {"aspect extension", 21, K::kByte, kExtensions},
                                         {"speed indicator", 22},
                                         {"speed announcement", 23},
                                         {"direction indicator", 24},
                                         {"direction announcement", 25},
                                         {"intentionally dark", 26, K::kByte, kDark}};
constexpr FieldDef kNeighbourSection[] = {{"boundary", 0, K::kName},
                                          {"occupancy", 20, K::kByte, kOccupancies},
                                          {"fouling", 21, K::kByte, kFouling}};
constexpr FieldDef kInhibition[] = {{"boundary", 0, K::kName}, {"status", 20, K::kByte, kActivated}};

constexpr TypeDef::Choice kMoves[] = {{1, kMovePointRight}, {2, kMovePointLeft}};
constexpr TypeDef::Choice kPositionsTold[] = {{4, kPointTrailed}};
constexpr TypeDef::Choice kAbilitiesTold[] = {{2, kUnableToMove}};
constexpr TypeDef::Choice kOccupanciesTold[] = {{3, kDisturbed}};

constexpr Side kC = Side::kCommander, kE = Side::kElement;

constexpr TypeDef kTypes[] = {
    // Of all protocols.
    {0, 0x0021, "initialisation request", kC, {}, kInitialisation},
    {0, 0x0022, "start initialisation", kE, {}, kInitialising, {}, 0x0021},
    {0, 0x0023, "initialisation completed", kE, {}, kInitialised},
    {0, 0x0024, "PDI version check", kC, kVersion, kVersionCheck},
    {0, 0x0025, "PDI version check result", kE, kVersionAnswer, kVersionResult, {}, 0x0024},
    {0, 0x0026, "status report completed", kE, {}, kStatusReported},
    {0, 0x0027, "close PDI", kC, kReason, kClosePdi},
    {0, 0x0028, "release PDI for maintenance", kC, {}, kMaintenance},
    {0, 0x0029, "PDI available", kE, {}, kAvailable},
    {0, 0x002a, "PDI not available", kE, {}, kNotAvailable},
    {0, 0x002b, "reset PDI", kE, {}, kReset},

    {kPoint, 0x0001, "move point", kC, kTarget, kMovePoint, kMoves},
    {kPoint, 0x000b, "point position", kE, kPosition, kPointPosition, kPositionsTold, 0x0001, 3},
    {kPoint, 0x000c, "movement failed", kE, {}, kMovementFailed, {}, 0x0001, 0, true},
    {kPoint, 0x000d, "ability to move", kE, kAbility, kAbilityToMove, kAbilitiesTold},

    {kLightSignal, 0x0001, "show signal aspect", kC, kSignal, kShowAspect},
    {kLightSignal, 0x0002, "set luminosity", kC, kLuminosityField, kSetLuminosity},
    {kLightSignal, 0x0003, "signal aspect", kE, kSignal, kAspect, {}, 0x0001},
    {kLightSignal, 0x0004, "luminosity", kE, kLuminosityField, kLuminosity, {}, 0x0002},

    {kTrainDetection, 0x0001, "force section to clear", kC, kForce, kForceClear},
    {kTrainDetection, 0x0002, "update filling level", kC, {}, kFillingLevel},
    {kTrainDetection, 0x0003, "disable restriction to force to clear", kC, {}, kLiftRestriction},
    {kTrainDetection, 0x0006, "command rejected", kE, kRejection, kRejected, {}, 0x0001, 0, true},
    {kTrainDetection, 0x0007, "section occupancy", kE, kSection, kOccupancy, kOccupanciesTold, 0x0001},
    {kTrainDetection, 0x0008, "cancel", kC, {}, kCancel},
    {kTrainDetection, 0x000b, "detection point", kE, kPassingFields, kPassing},
    {kTrainDetection,
     0x0010,
     "force to clear failed: preparatory",
     kE,
     kFailure,
     kForceClearFailed,
     {},
     0x0001,
     0,
     true},
    {kTrainDetection,
     0x0011,
     "force to clear failed: with acknowledgment",
     kE,
     kFailure,
     kForceClearFailed,
     {},
     0x0001,
     0,
     true},
    {kTrainDetection, 0x0012, "passing details", kE, kWheel, kPassingDetails},

    {kLevelCrossing, 0x0002, "deactivate level crossing", kC, {}, kDeactivateCrossing},
    {kExternalCrossing, 0x0007, "crossing clear", kC, {}, kCrossingClear},

    {kGenericIo, 0x0001, "set outputs", kC, kChannels, kSetOutputs},
    {kGenericIo, 0x0002, "outputs", kE, kChannels, kOutputs, {}, 0x0001},
    {kGenericIo, 0x0003, "inputs", kE, kChannels, kInputs},

    {kInterlocking, 0x0001, "activation zone", kE, kZone, kNeighbourStatus},
    {kInterlocking, 0x0002, "approach zone", kE, kZone, kNeighbourStatus},
    {kInterlocking, 0x0003, "request access restriction", kC, kRestriction, kRequestRestriction},
    {kInterlocking, 0x0004, "line status", kE, kLine, kNeighbourStatus},
    {kInterlocking, 0x0005, "request flank protection", kC, kFlank, kRequestFlankProtection},
    {kInterlocking, 0x0006, "line direction control", kC, {}, kLineDirection},
    {kInterlocking, 0x0007, "request route", kC, kRoute, kRequestRoute},
    {kInterlocking, 0x0008, "route status", kE, kRouteState, kRouteStatus, {}, 0x0007},
    {kInterlocking, 0x0009, "route monitoring", kE, kMonitoring, kRouteStatus},
    {kInterlocking, 0x000a, "cancel route", kC, kRouteOnly, kCancelRoute},
    {kInterlocking, 0x000b, "train operated route release", kE, kRelease, kNeighbourStatus},
    {kInterlocking, 0x000c, "signal status", kE, kNeighbourSignal, kNeighbourStatus},
    {kInterlocking, 0x000d, "section status", kE, kNeighbourSection, kNeighbourStatus},
    {kInterlocking, 0x000e, "opposite main signal", kE, kBoundary, kNeighbourStatus},
    {kInterlocking, 0x000f, "request route pretest", kC, kRoute, kPretestRoute},
    {kInterlocking, 0x0010, "route pretest", kE, kPretestState, kRouteStatus, {}, 0x000f},
    {kInterlocking, 0x0011, "inhibit route release", kC, kBoundary, kInhibitRelease},
    {kInterlocking, 0x0012, "access restriction", kE, kRestrictionStatus, kNeighbourStatus, {}, 0x0003},
    {kInterlocking, 0x0013, "flank protection", kE, kFlankStatus, kNeighbourStatus, {}, 0x0005},
    {kInterlocking, 0x0014, "route release inhibition", kE, kInhibition, kNeighbourStatus, {}, 0x0011},
    {kInterlocking, 0x0016, "abort route cancellation", kC, kRouteOnly, kAbortCancelling},

    {kControl, 0x0040, "obstruction status", kE, {}, kControlStatus},
    {kControl, 0x0044, "command accepted", kE, {}, kCommandAccepted, {}, 0x0050},
    {kControl, 0x0050, "command", kC, {}, kCommand},
    {kControl, 0x0055, "command with safety codes", kC, {}, kCommand},
    {kControl, 0x0060, "confirm command", kC, {}, kConfirmCommand},
    {kControl, 0x0065, "abort command", kC, {}, kAbortCommand},
};

using C = OtClass;
// Techniques are those of MITRE ATT&CK for ICS: T0855 unauthorised command message, T0858 change of operating mode, T0816
// restart or shutdown of a device.
constexpr OtOperation kOperations[] = {
    {C::kRead, "PDI version check", ""},
    {C::kRead, "PDI version check result", ""},
    {C::kRead, "initialisation request", ""},
    {C::kRead, "start initialisation", ""},
    {C::kRead, "initialisation completed", ""},
    {C::kRead, "status report completed", ""},
    {C::kControl, "close PDI", "T0814"},
    {C::kConfigure, "release PDI for maintenance", "T0858"},
    {C::kRead, "PDI available", ""},
    {C::kAlarm, "PDI not available", ""},
    {C::kAlarm, "reset PDI", "T0816"},
    {C::kControl, "move point", "T0855"},
    {C::kControl, "move point right", "T0855"},
    {C::kControl, "move point left", "T0855"},
    {C::kRead, "point position", ""},
    {C::kAlarm, "point trailed", ""},
    {C::kAlarm, "point movement failed", ""},
    {C::kRead, "point able to move", ""},
    {C::kAlarm, "point unable to move", ""},
    {C::kControl, "show signal aspect", "T0855"},
    {C::kWrite, "set luminosity", "T0855"},
    {C::kRead, "signal aspect", ""},
    {C::kRead, "luminosity", ""},
    {C::kControl, "force section to clear", "T0855"},
    {C::kWrite, "update filling level", "T0855"},
    {C::kConfigure, "disable restriction to force to clear", "T0855"},
    {C::kControl, "cancel force to clear", "T0855"},
    {C::kRead, "section occupancy", ""},
    {C::kAlarm, "section disturbed", ""},
    {C::kAlarm, "command rejected", ""},
    {C::kAlarm, "force to clear failed", ""},
    {C::kRead, "detection point", ""},
    {C::kRead, "passing details", ""},
    {C::kControl, "deactivate level crossing", "T0855"},
    {C::kControl, "level crossing clear", "T0855"},
    {C::kControl, "set outputs", "T0855"},
    {C::kRead, "outputs", ""},
    {C::kRead, "inputs", ""},
    {C::kControl, "request route", "T0855"},
    {C::kControl, "cancel route", "T0855"},
    {C::kControl, "abort route cancellation", "T0855"},
    {C::kRead, "request route pretest", ""},
    {C::kRead, "route status", ""},
    {C::kControl, "request access restriction", "T0855"},
    {C::kControl, "request flank protection", "T0855"},
    {C::kControl, "inhibit route release", "T0855"},
    {C::kControl, "line direction control", "T0855"},
    {C::kRead, "adjacent interlocking status", ""},
    {C::kControl, "traffic control command", "T0855"},
    {C::kControl, "confirm traffic control command", "T0855"},
    {C::kControl, "abort traffic control command", "T0855"},
    {C::kRead, "traffic control command accepted", ""},
    {C::kRead, "obstruction status", ""},
    {C::kNone, "unknown telegram", "", true},
};
static_assert(std::size(kOperations) == kUnknown + 1);

}  // namespace

std::span<const TypeDef> types() noexcept { return kTypes; }
std::span<const OtOperation> operations() noexcept { return kOperations; }

const TypeDef* find_type(std::uint8_t protocol, std::uint16_t type) noexcept {
  for (const TypeDef& t : kTypes) {
    if (t.type == type && (t.protocol == protocol || t.protocol == 0)) return &t;
  }
  return nullptr;
}

}  // namespace picket::rasta::sci
