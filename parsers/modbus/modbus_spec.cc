#include "parsers/modbus/modbus.h"

namespace picket::modbus {
extern const ProtocolSpec kSpec;
const ProtocolSpec kSpec = {.name = "modbus", .record = "modbus"};
}  // namespace picket::modbus
