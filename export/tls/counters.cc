#include "export/tls/counters.h"

namespace picket::tls {
namespace {

struct Row {
  std::string_view name, text;
};
constexpr Row kRows[] = {
    {"none", "nothing is wrong"},
#define PICKET_TLS_FAILURE(symbol, name, text) {name, text},
#include "export/tls/failure.def"
#undef PICKET_TLS_FAILURE
};

}  // namespace

std::string_view failure_name(Failure f) noexcept { return kRows[static_cast<std::size_t>(f)].name; }
std::string_view failure_text(Failure f) noexcept { return kRows[static_cast<std::size_t>(f)].text; }

}  // namespace picket::tls
