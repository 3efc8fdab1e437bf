#include "export/type_counts.h"

#include <algorithm>
#include <limits>

namespace picket {
namespace {

void add(std::uint64_t n, std::uint64_t& to) noexcept {
  if (__builtin_add_overflow(to, n, &to)) to = std::numeric_limits<std::uint64_t>::max();
}

}  // namespace

TypeCounts plus(TypeCounts a, const TypeCounts& b) {
  for (const auto& [type, n] : b) add(n, a[type]);
  return a;
}

TypeCounts minus(TypeCounts a, const TypeCounts& b) {
  for (const auto& [type, n] : b) {
    const auto it = a.find(type);
    if (it == a.end()) continue;
    it->second -= std::min(n, it->second);
    if (it->second == 0) a.erase(it);
  }
  return a;
}

std::uint64_t sum(const TypeCounts& counts) noexcept {
  std::uint64_t n = 0;
  for (const auto& [type, count] : counts) add(count, n);
  return n;
}

void add_counts(const TypeCounts& counts, google::protobuf::RepeatedPtrField<v1::TypeCount>& to) {
  for (const auto& [type, n] : counts) {
    if (n == 0) continue;
    v1::TypeCount& c = *to.Add();
    c.set_type(type);
    c.set_count(n);
  }
}

TypeCounts counts_of(const google::protobuf::RepeatedPtrField<v1::TypeCount>& counts) {
  TypeCounts found;
  for (const v1::TypeCount& c : counts) {
    if (c.count() != 0) add(c.count(), found[c.type()]);
  }
  return found;
}

}  // namespace picket
