// parsers/http/http_export.h — a message of HTTP as message Http, for the records of its other versions
#pragma once
#include "export/wire_writer.h"
#include "parsers/http/http.h"

namespace picket::http {

/// The fields of message Http that HTTP/1 fills.
void encode(const Transaction&, WireWriter&) noexcept;

}  // namespace picket::http
