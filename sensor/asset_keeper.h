// sensor/asset_keeper.h — the inventory of assets around a run: made from the configuration, read from its file, written
// back, listed
//
// The file is written at intervals (live) and at the end, in a thread of its own: the export thread only makes a copy.
#pragma once
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "export/assets/inventory.h"
#include "parsers/core/result.h"
#include "sensor/config/config.h"

namespace picket {

class AssetKeeper {
 public:
  /// Missing lists of vendors and a state that cannot be read are logged, and gone on without.
  AssetKeeper(const AssetsConfig&, Inventory::Config);
  ~AssetKeeper();
  AssetKeeper(const AssetKeeper&) = delete;
  AssetKeeper& operator=(const AssetKeeper&) = delete;

  [[nodiscard]] Inventory& inventory() noexcept { return inventory_; }
  [[nodiscard]] const Inventory& inventory() const noexcept { return inventory_; }

  /// Now and then, on the thread that feeds the inventory: writes the file when its time has come.
  void tick();
  /// When the run has ended. False: it could not be written, and that was logged.
  bool save();
  /// For people, or as JSON where `file` ends so; "-": to standard output. The error names the file.
  [[nodiscard]] Status list(const std::string& file) const;

 private:
  using Clock = std::chrono::steady_clock;
  bool write(const v1::AssetState&) const;

  const std::string state_;
  const std::chrono::seconds every_;
  Inventory inventory_;
  Clock::time_point due_;
  std::thread writer_;
  std::atomic<bool> writing_{false};
};

}  // namespace picket
