// sensor/rules/zones.h — which addresses the rules tell apart, and between which of them a rule can match
//
//   count() for both ends of each rule ──> settle() ──> pairs() of each rule, zones() for the packet path
//
// The sets that most rules name draw the borders, one after the other, as long as there are no more than
// Zones::kMax zones: with $HOME_NET and $EXTERNAL_NET these are two. A set that drew none is taken to reach
// everywhere: what is lost is speed.
#pragma once
#include <cstddef>
#include <map>
#include <vector>

#include "dataplane/detect/rule_set.h"
#include "sensor/rules/rule.h"

namespace picket::rules {

class ZoneMap {
 public:
  void count(const AddressSet&);
  void settle();

  [[nodiscard]] detect::Zones zones() const;
  /// Bit Zones::pair(src, dst): traffic from one to the other can fit the rule's header.
  [[nodiscard]] std::uint32_t pairs(const Rule&) const;

 private:
  /// Addresses from the last piece's end on.
  struct Piece {
    Address last;
    detect::Zones::Number zone;
  };
  bool draw(const std::vector<const AddressSet*>& borders);
  [[nodiscard]] bool reaches(const AddressSet&, unsigned zone) const;

  std::map<const AddressSet*, std::size_t> named_;  // by how many rules
  std::map<const AddressSet*, std::size_t>
      drew_;                               // place of its answer in inside_; sets that are alike share one
  std::vector<std::vector<bool>> inside_;  // by zone, then by border
  std::vector<Piece> pieces_;
};

}  // namespace picket::rules
