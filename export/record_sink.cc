#include "export/record_sink.h"

namespace picket {
namespace {

/// In the order of RecordType; kTransaction's own place stays empty: its records go by their protocol.
constexpr std::string_view kNames[] = {"flow", "alert", "anomaly", "transaction", "stats", "fileinfo"};
constexpr std::size_t kFixed = static_cast<std::size_t>(RecordType::kCount);
static_assert(std::size(kNames) == kFixed);

}  // namespace

std::size_t record_kind_count() noexcept { return kFixed + protocols().size(); }

std::string_view record_kind_name(RecordKind kind) noexcept {
  return kind < kFixed ? kNames[kind] : protocols()[kind - kFixed]->record;
}

RecordKind record_kind(RecordType type, ProtocolId protocol) noexcept {
  if (type == RecordType::kTransaction && protocol < protocols().size()) {
    return static_cast<RecordKind>(kFixed + protocol);
  }
  return static_cast<RecordKind>(type);
}

std::uint64_t RecordTally::total() const noexcept {
  std::uint64_t sum = 0;
  for (std::size_t i = 0; i < record_kind_count(); ++i) sum += get(static_cast<RecordKind>(i));
  return sum;
}

}  // namespace picket
