// dataplane/detect/tags.h — `tag`: a rule that matched wants the packets behind it recorded
//
// Of a flow they are counted with the flow. A host's packets reach many cores, and cores share nothing: followed is
// what the host says to, and hears from, the host that it was tagged with. Both directions of a pair are in one
// shard, so the records are the same for any number of workers.
//
// Limits  FlowTags::kMost a flow, HostTags::kPerShard pairs a shard; the oldest goes
// Cost    nothing while no rule has a tag
#pragma once
#include <array>
#include <vector>

#include "dataplane/decode/shard.h"
#include "dataplane/detect/rule_set.h"
#include "dataplane/packet.h"

namespace picket::detect {

/// How much of a tag is used up. The packet that matched is the first one, and is in the alert.
struct TagCount {
  RuleNumber rule = 0;
  TagDef def;
  std::uint64_t since_ns = 0, counted = 0;

  void start(const Packet&, const TagDef&, RuleNumber) noexcept;
  /// One more packet: is it still one to record?
  [[nodiscard]] bool take(const Packet&) noexcept;
};

struct FlowTags {
  static constexpr unsigned kMost = 4;
  std::array<TagCount, kMost> tags;
  unsigned count = 0;

  /// False: another tag had to go.
  bool add(const Packet&, const TagDef&, RuleNumber) noexcept;
  [[nodiscard]] bool take(const Packet&) noexcept;
};

class HostTags {
 public:
  static constexpr unsigned kPerShard = 8;

  HostTags() : entries_(std::size_t{kShards} * kPerShard) {}
  /// False: another tag had to go.
  bool add(const Packet&, const TagDef&, RuleNumber) noexcept;
  [[nodiscard]] bool take(const Packet&) noexcept;

 private:
  struct Entry {
    Address host, peer;
    std::uint64_t order = 0;  // 0: free
    TagCount tag;
  };
  std::vector<Entry> entries_;
  std::array<std::uint8_t, kShards> used_{};
  std::uint64_t next_order_ = 1;
};

}  // namespace picket::detect
