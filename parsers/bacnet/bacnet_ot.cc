// parsers/bacnet/bacnet_ot.cc — what is done with Bacnet, to which points, with which values
//
// From this follow the keywords ot.*, Event.ot, and what is told once instead of each time (parsers/core/ot.h).
#include "parsers/bacnet/bacnet.h"
#include "parsers/core/text_writer.h"

namespace picket::bacnet {
namespace {

/// In the order of kOperations.
enum class Does : std::uint8_t { kOther };

// The gravest class that applies; the technique as MITRE ATT&CK for ICS defines it, "" where none applies.
constexpr OtOperation kOperations[] = {
    {OtClass::kNone, "other message", ""},
};

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  if (n != 0) return false;
  out.text =
      (TextWriter(m.text_room) << "message of " << m.frame.data.size() << " bytes").bytes();  // to be written
  return true;
}

bool value(const OtTransaction&, Direction, unsigned, OtValue&) noexcept { return false; }

}  // namespace

const OtProtocol kOt = {"bacnet", kOperations, address, value};

void set_operation(Message& m) noexcept {
  m.ot = &kOt;
  m.operation = &kOperations[static_cast<std::size_t>(Does::kOther)];
}

}  // namespace picket::bacnet
