// parsers/modbus/modbus_export.h — what the encoder of Modbus is made of
#pragma once
#include "export/wire_writer.h"
#include "parsers/modbus/modbus.h"

namespace picket::modbus {

/// ModbusMessage.umas of a request, or of a reply (`request` may be nullptr).
void encode_umas(WireWriter& w, const Message& m, Direction dir, const Message* request) noexcept;

}  // namespace picket::modbus
