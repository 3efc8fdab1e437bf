#include "export/wire_writer.h"
#include "parsers/bacnet/bacnet.h"
#include "parsers/bacnet/bacnet.pb.h"

namespace picket::bacnet {

void encode(const Transaction& tx, WireWriter& w) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  w.bytes(v1::Bacnet::kDataFieldNumber, m.frame.data);
}

}  // namespace picket::bacnet
