// parsers/sv/sv_ot.cc — what sampled values tell
#include "parsers/sv/sv.h"

namespace picket::sv {
namespace {

/// In the order of kOperations.
enum class Does : std::uint8_t { kSample, kSimulate };

constexpr OtOperation kOperations[] = {
    {OtClass::kRead, "sampled values", ""},
    {OtClass::kRead, "simulated sampled values", "T0856"},
};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Does::kSimulate) + 1);

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  out.text = static_cast<const Message&>(tx).asdu.sv_id;
  return n == 0;
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  if (dir != m.direction || n >= kChannels || !m.asdu.is_light()) return false;
  out.is_number = true;
  out.number = channel(m.asdu, n).value;
  return true;
}

}  // namespace

const OtProtocol kOt = {"sv", kOperations, address, value};

void set_operation(Message& m) noexcept {
  m.ot = &kOt;
  m.operation = &kOperations[static_cast<std::size_t>(m.pdu.simulated() ? Does::kSimulate : Does::kSample)];
  m.apart = true;  // it stands for thousands already
}

}  // namespace picket::sv
