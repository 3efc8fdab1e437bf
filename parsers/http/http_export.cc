#include "export/wire_writer.h"
#include "parsers/http/http.h"
#include "parsers/http/http.pb.h"

namespace picket::http {
void encode(const Transaction&, WireWriter&) noexcept {}
}  // namespace picket::http
