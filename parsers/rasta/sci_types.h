// parsers/rasta/sci_types.h — the table of telegrams
#pragma once
#include "parsers/rasta/sci.h"

namespace picket::rasta::sci {

enum Protocol : std::uint8_t {
  kInterlocking = 0x01,
  kTrainDetection = 0x20,
  kLightSignal = 0x30,
  kPoint = 0x40,
  kRadioBlockCentre = 0x50,
  kLevelCrossing = 0x60,
  kControl = 0x70,
  kTrackWorkers = 0x80,
  kGenericIo = 0x90,
  kExternalCrossing = 0xc0,
};

[[nodiscard]] std::span<const TypeDef> types() noexcept;
/// nullptr when there is none.
[[nodiscard]] const TypeDef* find_type(std::uint8_t protocol, std::uint16_t type) noexcept;

/// In the order of operations().
enum Does : std::uint8_t {
  kVersionCheck,
  kVersionResult,
  kInitialisation,
  kInitialising,
  kInitialised,
  kStatusReported,
  kClosePdi,
  kMaintenance,
  kAvailable,
  kNotAvailable,
  kReset,
  kMovePoint,
  kMovePointRight,
  kMovePointLeft,
  kPointPosition,
  kPointTrailed,
  kMovementFailed,
  kAbilityToMove,
  kUnableToMove,
  kShowAspect,
  kSetLuminosity,
  kAspect,
  kLuminosity,
  kForceClear,
  kFillingLevel,
  kLiftRestriction,
  kCancel,
  kOccupancy,
  kDisturbed,
  kRejected,
  kForceClearFailed,
  kPassing,
  kPassingDetails,
  kDeactivateCrossing,
  kCrossingClear,
  kSetOutputs,
  kOutputs,
  kInputs,
  kRequestRoute,
  kCancelRoute,
  kAbortCancelling,
  kPretestRoute,
  kRouteStatus,
  kRequestRestriction,
  kRequestFlankProtection,
  kInhibitRelease,
  kLineDirection,
  kNeighbourStatus,
  kCommand,
  kConfirmCommand,
  kAbortCommand,
  kCommandAccepted,
  kControlStatus,
  kUnknown,
};

}  // namespace picket::rasta::sci
