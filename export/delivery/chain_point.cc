#include "export/delivery/chain_point.h"

#include <algorithm>
#include <limits>

namespace picket::delivery {
namespace {

void add_counts(const TypeCounts& counts, google::protobuf::RepeatedPtrField<v1::TypeCount>& to) {
  for (const auto& [type, n] : counts) {
    if (n == 0) continue;
    v1::TypeCount& c = *to.Add();
    c.set_type(type);
    c.set_count(n);
  }
}

}  // namespace

void set_head(const ChainName& chain, const ChainPoint& at, v1::Batch& batch) {
  batch.set_sensor(chain.sensor);
  batch.set_boot(chain.boot);
  batch.set_lane(chain.lane);
  batch.set_first_seq(at.through + 1);
  batch.set_previous_hash(at.hash.data(), at.hash.size());
  batch.clear_before();
  add_counts(at.made, *batch.mutable_before());
}

ChainPoint point_before(const v1::Batch& batch) {
  ChainPoint at;
  at.through = batch.first_seq() - 1;
  read_hash(batch.previous_hash(), at.hash);
  for (const v1::TypeCount& c : batch.before()) at.made[c.type()] += c.count();
  return at;
}

TypeCounts difference(const TypeCounts& to, const TypeCounts& from) {
  TypeCounts more;
  for (const auto& [type, n] : to) {
    const auto had = from.find(type);
    const std::uint64_t before = had == from.end() ? 0 : had->second;
    if (n > before) more[type] = n - before;
  }
  return more;
}

std::uint64_t sum(const TypeCounts& counts) noexcept {
  std::uint64_t all = 0;
  for (const auto& [type, n] : counts) all += n;
  return all;
}

v1::Batch make_gap(const ChainName& chain, const ChainPoint& from, const ChainPoint& to, v1::GapReason reason,
                   std::uint64_t sealed_at, const SignHash& sign) {
  v1::Batch batch;
  set_head(chain, from, batch);
  batch.set_count(static_cast<std::uint32_t>(
      std::min<std::uint64_t>(to.through - from.through, std::numeric_limits<std::uint32_t>::max())));
  batch.set_sealed_at(sealed_at);
  v1::Gap& gap = *batch.mutable_gap();
  gap.set_reason(reason);
  add_counts(difference(to.made, from.made), *gap.mutable_missing());
  if (to.hash != BatchHash{}) gap.set_last_hash(to.hash.data(), to.hash.size());
  seal_batch(from.hash, {}, false, batch, sign);
  return batch;
}

}  // namespace picket::delivery
