#include "export/wire_writer.h"
#include "parsers/tls/tls.h"
#include "parsers/tls/tls.pb.h"

namespace picket::tls {
void encode(const Transaction&, WireWriter&) noexcept {}
}  // namespace picket::tls
