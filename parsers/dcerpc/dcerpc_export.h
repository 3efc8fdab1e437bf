// parsers/dcerpc/dcerpc_export.h — a call as message Dcerpc, for the records of all that carries calls
#pragma once
#include "export/wire_writer.h"
#include "parsers/dcerpc/dcerpc.h"

namespace picket::dcerpc {

/// The fields of message Dcerpc. `in_smb`: where EVE has them there.
void encode_call(const Call&, bool in_smb, WireWriter&) noexcept;

}  // namespace picket::dcerpc
