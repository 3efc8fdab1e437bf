// export/collector/orders/order_book.h — the orders that a collector has, and what each sensor has made of them
//
//   <folder>/<id>-<kind>-<name>.order    as it was signed, here or elsewhere; superseded ones stay until
//                                        somebody removes them
//   <folder>/status/<sensor>.status      the last SensorStatus of a sensor; other characters of its name as %XX.
//                                        A name that is too long for a file: %sha256-<hash of the name>
//
// A file that is being copied in grows while it is looked at. What changed within the last kRest waits, and what was
// found to be none, or damaged, is read again when it has changed.
//
// The collector needs no key: sensors check signatures. It only reads heads, to know what to send to whom.
//
// Threads   any
// Limits    kMaxOrders files are looked at, the status of kMaxSensors sensors is kept
#pragma once
#include <chrono>
#include <cstdint>
#include <cstdio>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "export/orders/order.h"

namespace picket::collector {

inline constexpr const char* kDefaultOrders = "/var/lib/picket/orders";

struct OrderFile {
  /// What differs when a file was written to.
  struct Stamp {
    std::uint64_t inode = 0, size = 0, changed_ns = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::string path;
  v1::OrderHead head;
  Stamp stamp;
  bool at_rest = true;  ///< nobody writes it any more
};

class OrderBook {
 public:
  static constexpr std::size_t kMaxOrders = 10'000;
  static constexpr std::size_t kMaxSensors = 4096;
  static constexpr std::chrono::nanoseconds kRest = std::chrono::seconds(2);

  /// Makes the folder where there is none, and looks into it.
  static Result<std::unique_ptr<OrderBook>> open(const std::string& folder);

  /// Looks again; true when an order came, changed, came to rest or went. `notes`: files that are none, each once.
  bool look(std::vector<std::string>& notes);
  /// The order with the lowest number that this sensor has neither in use nor refused,
  /// nor one above it of the same set. One that is not at rest waits, and its set with it.
  [[nodiscard]] std::optional<OrderFile> pending(const v1::SensorStatus& status) const;
  /// This file, as it was looked at, does not hold what its head says: it is nobody's until it changes.
  void damaged(const OrderFile& file);
  /// Keeps it; atomic. Fails when the disk does not take it, or there are too many sensors.
  Status keep(const v1::SensorStatus& status);

  /// By number.
  [[nodiscard]] std::vector<OrderFile> orders() const;
  /// By name.
  [[nodiscard]] std::vector<v1::SensorStatus> statuses() const;

 private:
  explicit OrderBook(std::string folder) : folder_(std::move(folder)) {}
  const std::string folder_;
  mutable std::mutex mutex_;
  std::vector<OrderFile> orders_;
  std::vector<std::string> bad_;
  std::map<std::string, OrderFile::Stamp> damaged_;
};

/// The order that `sensor` is to have of each set: the one with the highest number that is for it.
bool is_for(const v1::OrderHead& head, const std::string& sensor);

struct NewOrder {
  v1::OrderKind kind = v1::ORDER_UNKNOWN;
  std::vector<std::string> files;  ///< their content, one after the other
  std::string name, key, folder = kDefaultOrders;
  std::vector<std::string> sensors;
  bool withdraw = false;
};
/// Makes a signed order; gives the path of its file. Its number is above those of the folder, and at least the
/// seconds since 1970: orders that are made in different places rise, too.
Result<std::string> make_order_file(const NewOrder& order);

/// What there is and what became of it, for people or, a JSON object a line, for programs.
Status list_orders(const std::string& folder, bool json, std::FILE* out);

}  // namespace picket::collector
