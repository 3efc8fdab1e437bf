// picket convert: a configuration written for Suricata, as picket's own, with a word on each key that is lost
#include <iostream>

#include "sensor/commands.h"
#include "sensor/config/config.h"
#include "sensor/setup.h"

namespace picket {

int convert_command(const Options& o) {
  const auto converted = convert_config(*o.config);
  if (!converted) return complain(converted.error().message), 2;
  for (const std::string& w : converted.value().warnings) std::cerr << w << '\n';
  return std::cout << converted.value().yaml << std::flush ? 0 : 1;
}

}  // namespace picket
