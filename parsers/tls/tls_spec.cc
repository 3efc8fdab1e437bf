#include "parsers/tls/tls.h"

namespace picket::tls {
extern const ProtocolSpec kSpec;
const ProtocolSpec kSpec = {.name = "tls", .record = "tls"};
}  // namespace picket::tls
