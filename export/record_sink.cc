#include "export/record_sink.h"

#include <algorithm>
#include <vector>

#include "export/record_window.h"

namespace picket {
namespace {

/// In the order of RecordType; kTransaction's own place stays empty: its records go by their protocol.
constexpr std::string_view kNames[] = {"flow",     "alert",  "anomaly", "transaction", "stats",
                                       "fileinfo", "packet", "arp",     "asset",       "intel"};
constexpr std::size_t kFixed = static_cast<std::size_t>(RecordType::kCount);
static_assert(std::size(kNames) == kFixed);

/// Kinds of transactions: protocols whose records are the same message share one.
struct Kinds {
  Kinds() {
    for (const ProtocolSpec* spec : protocols()) {
      const auto at = std::find(names.begin(), names.end(), spec->record);
      of.push_back(static_cast<RecordKind>(kFixed + static_cast<std::size_t>(at - names.begin())));
      if (at == names.end()) names.push_back(spec->record);
    }
  }
  std::vector<std::string_view> names;
  std::vector<RecordKind> of;  // by ProtocolId
};

const Kinds& kinds() noexcept {
  static const Kinds all;
  return all;
}

}  // namespace

std::size_t record_kind_count() noexcept { return kFixed + kinds().names.size(); }

std::string_view record_kind_name(RecordKind kind) noexcept {
  return kind < kFixed ? kNames[kind] : kinds().names[kind - kFixed];
}

RecordKind record_kind(RecordType type, ProtocolId protocol) noexcept {
  if (type == RecordType::kTransaction && protocol < protocols().size()) {
    return kinds().of[protocol];
  }
  return static_cast<RecordKind>(type);
}

void RecordSink::settle(std::uint64_t first, std::uint64_t count, bool delivered) {
  if (count == 0) return;
  (delivered ? delivered_ : lost_).fetch_add(count, std::memory_order_relaxed);
  if (window_ != nullptr) window_->settle(first, count, delivered);
}

}  // namespace picket
