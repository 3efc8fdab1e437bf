#include "export/collector/sinks/block.h"

#include <fmt/format.h>

#include "export/delimited.h"
#include "export/proto/picket/v1/chain.pb.h"

namespace picket::collector {

std::string text_of(const ChainId& chain) {
  return fmt::format("sensor '{}' boot {:016x} lane {}", chain.sensor, chain.boot,
                     static_cast<int>(chain.lane));
}

Result<Block> new_block(Deliveries deliveries, const ThroughOf& through_of) {
  Block block;
  std::map<ChainId, std::uint64_t> known;
  for (const auto& shared : deliveries) {
    const Delivery& d = *shared;
    auto at = known.find(d.chain);
    if (at == known.end()) {
      auto through = through_of(d.chain);
      if (!through) return through.error();
      at = known.emplace(d.chain, through.value().value_or(0)).first;
    }
    if (d.after.through <= at->second) continue;
    const std::uint64_t first = d.missing.empty() ? d.first_seq : d.missing.front().first;
    if (first <= at->second) {
      return Error{fmt::format("{}: numbers {} to {} overlap what is stored, which is up to {}",
                               text_of(d.chain), first, d.after.through, at->second)};
    }
    at->second = d.after.through;
    block.deliveries.push_back(&d);
    block.heads[d.chain] = &d.after;
  }
  return block;
}

void each_record(const Delivery& d, std::vector<Rejected>& rejected, const TakeRecord& take) {
  WireReader in(as_bytes(d.records));
  std::uint64_t seq = d.first_seq;
  std::size_t at = 0;  // of the record that is read
  for (Bytes record; next_delimited(in, record); ++seq) {
    at = d.records.size() - in.left();
    if (auto why = take(seq, record)) rejected.push_back({d.chain, seq, *why, std::string(as_text(record))});
  }
  if (!in.ok()) rejected.push_back({d.chain, seq, "what follows is no run of records", d.records.substr(at)});
}

std::string write_head(const ChainId& chain, const ChainHead& head) {
  v1::ChainState s;
  s.set_sensor(chain.sensor);
  s.set_boot(chain.boot);
  s.set_lane(chain.lane);
  s.set_through(head.through);
  s.set_hash(head.hash.data(), head.hash.size());
  s.set_newest(head.newest_ns);
  for (const auto& [type, count] : head.made) {
    auto& made = *s.add_made();
    made.set_type(type);
    made.set_count(count);
  }
  return s.SerializeAsString();
}

bool read_head(std::string_view bytes, ChainId& chain, ChainHead& head) {
  v1::ChainState s;
  if (!s.ParseFromArray(bytes.data(), static_cast<int>(bytes.size())) || !read_hash(s.hash(), head.hash))
    return false;
  chain = {s.sensor(), s.boot(), s.lane()};
  head.through = s.through();
  head.newest_ns = s.newest();
  head.made.clear();
  for (const auto& made : s.made()) head.made[made.type()] = made.count();
  return true;
}

}  // namespace picket::collector
