#include "parsers/dns/dns.h"

namespace picket::dns {
extern const ProtocolSpec kSpec;
const ProtocolSpec kSpec = {.name = "dns", .record = "dns"};
}  // namespace picket::dns
