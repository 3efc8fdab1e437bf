#include "sensor/rules/zones.h"

#include <algorithm>

namespace picket::rules {
namespace {

using detect::Zones;

/// A set that fewer rules name draws no border.
constexpr std::size_t kWorthABorder = 256;

constexpr Address kHighest = [] {
  Address a;
  a.bytes.fill(0xff);
  return a;
}();

/// The address in front of `a`, which is not the lowest.
Address before(Address a) {
  for (std::size_t i = a.bytes.size(); i-- > 0 && a.bytes[i]-- == 0;) {
  }
  return a;
}

bool contains(const AddressSet& s, const Address& a) {
  return s.any || std::any_of(s.ranges.begin(), s.ranges.end(),
                              [&a](const AddressRange& r) { return r.first <= a && a <= r.last; });
}

}  // namespace

void ZoneMap::count(const AddressSet& s) {
  if (!s.any) ++named_[&s];
}

void ZoneMap::settle() {
  std::vector<std::pair<std::size_t, const AddressSet*>> by_weight;
  for (const auto& [set, rules] : named_) by_weight.emplace_back(rules, set);
  // Sets of equal weight in an order that does not depend on where they lie in memory.
  std::sort(by_weight.begin(), by_weight.end(), [](const auto& a, const auto& b) {
    if (a.first != b.first) return a.first > b.first;
    return std::lexicographical_compare(a.second->ranges.begin(), a.second->ranges.end(),
                                        b.second->ranges.begin(), b.second->ranges.end(),
                                        [](const AddressRange& x, const AddressRange& y) {
                                          return std::tie(x.first, x.last) < std::tie(y.first, y.last);
                                        });
  });
  std::vector<const AddressSet*> borders;
  draw(borders);
  for (const auto& [rules, set] : by_weight) {
    const auto alike =
        std::find_if(borders.begin(), borders.end(),
                     [&ranges = set->ranges](const AddressSet* b) { return b->ranges == ranges; });
    if (alike != borders.end()) {
      drew_[set] = static_cast<std::size_t>(alike - borders.begin());
      continue;
    }
    if (rules < kWorthABorder) continue;
    borders.push_back(set);
    if (draw(borders))
      drew_[set] = borders.size() - 1;
    else
      borders.pop_back();
  }
}

/// Cuts the addresses into pieces at every border, and numbers the answers that differ. False, and nothing
/// changed: too many.
bool ZoneMap::draw(const std::vector<const AddressSet*>& borders) {
  std::vector<Address> ends{kHighest};
  for (const AddressSet* b : borders) {
    for (const AddressRange& r : b->ranges) {
      if (r.first != Address{}) ends.push_back(before(r.first));
      ends.push_back(r.last);
    }
  }
  std::sort(ends.begin(), ends.end());
  ends.erase(std::unique(ends.begin(), ends.end()), ends.end());
  std::vector<std::vector<bool>> inside;
  std::vector<Piece> pieces;
  for (const Address& end : ends) {
    std::vector<bool> answer;
    for (const AddressSet* b : borders) answer.push_back(contains(*b, end));
    auto at = std::find(inside.begin(), inside.end(), answer);
    if (at == inside.end()) {
      if (inside.size() == Zones::kMax) return false;
      at = inside.insert(at, std::move(answer));
    }
    pieces.push_back({end, static_cast<Zones::Number>(at - inside.begin())});
  }
  inside_ = std::move(inside);
  pieces_ = std::move(pieces);
  return true;
}

detect::Zones ZoneMap::zones() const {
  static constexpr std::uint8_t kLow[4] = {0, 0, 0, 0}, kHigh[4] = {255, 255, 255, 255};
  const Address v4_first = Address::v4(kLow), v4_last = Address::v4(kHigh);
  Zones z;
  z.count = static_cast<unsigned>(inside_.size());
  for (const Piece& p : pieces_) {
    z.v6.push_back({p.last, p.zone});
    const bool over = !z.v4.empty() && z.v4.back().last == v4_last.v4_number();
    if (p.last >= v4_first && !over) z.v4.push_back({std::min(p.last, v4_last).v4_number(), p.zone});
  }
  return z;
}

bool ZoneMap::reaches(const AddressSet& s, unsigned zone) const {
  const auto at = drew_.find(&s);
  return at == drew_.end() || inside_[zone][at->second];
}

std::uint32_t ZoneMap::pairs(const Rule& r) const {
  std::uint32_t out = 0;
  for (unsigned a = 0; a < inside_.size(); ++a) {
    for (unsigned b = 0; b < inside_.size(); ++b) {
      const bool fits = reaches(*r.src, a) && reaches(*r.dst, b);
      const bool turned = r.arrow != Arrow::kToDestination && reaches(*r.src, b) && reaches(*r.dst, a);
      if (fits || turned)
        out |= 1U << Zones::pair(static_cast<Zones::Number>(a), static_cast<Zones::Number>(b));
    }
  }
  return out;
}

}  // namespace picket::rules
