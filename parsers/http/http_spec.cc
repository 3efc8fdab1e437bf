#include "parsers/http/http.h"

namespace picket::http {
extern const ProtocolSpec kSpec;
const ProtocolSpec kSpec = {.name = "http", .record = "http"};
}  // namespace picket::http
