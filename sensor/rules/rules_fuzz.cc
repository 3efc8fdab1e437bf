// sensor/rules/rules_fuzz.cc — any bytes as a rule file: rules or messages, never a crash, in bounded time
#include <cstddef>
#include <cstdint>
#include <sstream>

#include "sensor/rules/report.h"
#include "sensor/rules/test_protocols.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace picket::rules;
  LoadOptions options;
  options.protocols = test_protocols();
  const auto set = load_rules_text("fuzz.rules", {reinterpret_cast<const char*>(data), size}, options);
  std::ostringstream out;
  write_json(out, set, {});
  write_table(out, set, {});
  return 0;
}
