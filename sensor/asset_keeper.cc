#include "sensor/asset_keeper.h"

#include <spdlog/spdlog.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>

#include "export/assets/asset_list.h"
#include "export/assets/asset_state.h"

namespace picket {
namespace {

Inventory::Config with_vendors(const AssetsConfig& c, Inventory::Config config) {
  if (c.vendors.empty()) return config;
  auto vendors = MacVendors::load(c.vendors);
  if (vendors)
    config.table.vendors = std::move(vendors).value();
  else
    spdlog::warn("{}; MAC addresses are told without a vendor", vendors.error().message);
  return config;
}

}  // namespace

AssetKeeper::AssetKeeper(const AssetsConfig& c, Inventory::Config config)
    : state_(c.state),
      every_(c.state_interval_s),
      inventory_(with_vendors(c, std::move(config))),
      due_(Clock::now() + every_) {
  if (state_.empty()) return;
  if (const auto state = read_asset_state(state_))
    inventory_.restore(state.value());
  else
    spdlog::warn("{}", state.error().message);
}

AssetKeeper::~AssetKeeper() {
  if (writer_.joinable()) writer_.join();
}

void AssetKeeper::tick() {
  if (state_.empty() || Clock::now() < due_ || writing_.load(std::memory_order_acquire)) return;
  if (writer_.joinable()) writer_.join();
  due_ = Clock::now() + every_;
  writing_.store(true, std::memory_order_relaxed);
  writer_ = std::thread([this, copy = inventory_.save()] {
    write(copy);
    writing_.store(false, std::memory_order_release);
  });
}

bool AssetKeeper::save() {
  if (state_.empty()) return true;
  if (writer_.joinable()) writer_.join();
  return write(inventory_.save());
}

bool AssetKeeper::write(const v1::AssetState& state) const {
  const Status s = write_asset_state(state_, asset_state_bytes(state));
  if (!s) spdlog::error("{}", s.error().message);
  return s.has_value();
}

Status AssetKeeper::list(const std::string& file) const {
  const std::vector<v1::Event> all = inventory_.all();
  const std::string text = file.ends_with(".json") ? asset_json(all) : asset_text(all);
  if (file == "-") {
    if (std::cout << text << std::flush) return Done{};
    return Error{"--assets: standard output is closed"};
  }
  std::ofstream out(file, std::ios::trunc);
  if (out << text && out.flush()) return Done{};
  return Error{"--assets: cannot write '" + file + "': " + std::strerror(errno) +
               "; name a file in a folder that exists and may be written to"};
}

}  // namespace picket
