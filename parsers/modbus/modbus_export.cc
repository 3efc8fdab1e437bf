#include "export/wire_writer.h"
#include "parsers/modbus/modbus.h"
#include "parsers/modbus/modbus.pb.h"

namespace picket::modbus {
void encode(const Transaction&, WireWriter&) noexcept {}
}  // namespace picket::modbus
