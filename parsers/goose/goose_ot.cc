// parsers/goose/goose_ot.cc — what GOOSE tells, of which data set, with which values
//
// A change of state is an event that devices act upon at once: a trip, an interlock. Repetitions only keep it alive.
#include "parsers/core/text_writer.h"
#include "parsers/goose/goose.h"

namespace picket::goose {
namespace {

/// In the order of kOperations.
enum class Does : std::uint8_t { kRepeat, kFirst, kChange, kReplay, kSimulate, kSimulateChange };

constexpr OtOperation kOperations[] = {
    {OtClass::kRead, "repeat state", ""},
    {OtClass::kRead, "publish state", ""},
    {OtClass::kAlarm, "change of state", ""},
    {OtClass::kAlarm, "replayed state", "T0856"},
    {OtClass::kRead, "repeat simulated state", "T0856"},
    {OtClass::kAlarm, "simulated change of state", "T0856"},
};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Does::kSimulateChange) + 1);

Does of(const Message& m) noexcept {
  if (m.status == Status::kReplayed) return Does::kReplay;
  const bool changes = m.status == Status::kChanged || m.status == Status::kRestarted;
  if (m.pdu.simulated()) return changes ? Does::kSimulateChange : Does::kSimulate;
  return changes ? Does::kChange : m.status == Status::kFirst ? Does::kFirst : Does::kRepeat;
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  out.text = static_cast<const Message&>(tx).pdu.gocb_ref;
  return n == 0;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  Value v;
  if (dir != m.direction || !value_at(
                                m, [](const Value&) noexcept { return true; }, n, v))
    return false;
  out.is_number = v.is_number();
  out.number = v.number;
  out.text = v.type == Type::kBitString ? bits_text(v.content, tx.text_room) : v.content;
  return true;
}

}  // namespace

const OtProtocol kOt = {"goose", kOperations, address, value};

void set_operation(Message& m) noexcept {
  m.ot = &kOt;
  m.operation = &kOperations[static_cast<std::size_t>(of(m))];
  m.apart = m.status == Status::kFirst;  // somebody speaks who was not there before
}

}  // namespace picket::goose
