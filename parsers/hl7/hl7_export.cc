#include "export/wire_writer.h"
#include "parsers/hl7/hl7.h"
#include "parsers/hl7/hl7.pb.h"

namespace picket::hl7 {

void encode(const Transaction& tx, WireWriter& w) noexcept {
  (void)tx, (void)w;
}

}  // namespace picket::hl7
