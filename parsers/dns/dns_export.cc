#include "export/wire_writer.h"
#include "parsers/dns/dns.h"
#include "parsers/dns/dns.pb.h"

namespace picket::dns {
void encode(const Transaction&, WireWriter&) noexcept {}
}  // namespace picket::dns
