#include "export/collector/sinks.h"

#include "export/collector/store.h"

namespace picket::collector {

Result<std::vector<std::unique_ptr<Sink>>> open_sinks(const Config& config) {
  std::vector<std::unique_ptr<Sink>> sinks;
  auto store = Store::open(config.store);
  if (!store) return store.error();
  sinks.push_back(std::move(store).value());
  return sinks;
}

}  // namespace picket::collector
