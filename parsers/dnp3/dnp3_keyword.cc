// parsers/dnp3/dnp3_keyword.cc — the rule keywords dnp3_obj and dnp3_ind. Control plane apart from match().
#include <charconv>
#include <string>

#include "parsers/core/text.h"
#include "parsers/dnp3/dnp3.h"

namespace picket::dnp3 {
namespace {

/// The message, if it goes that way and is a fragment.
const Message* fragment(const Transaction& tx, Direction dir) noexcept {
  const auto& m = static_cast<const Message&>(tx);
  const bool there = dir == Direction::kToServer ? m.has_request : m.has_reply;
  return there && m.has_fragment() ? &m : nullptr;
}

class ObjectMatcher final : public TxMatcher {
 public:
  ObjectMatcher(std::uint8_t group, std::uint8_t variation) noexcept : group_(group), variation_(variation) {}
  [[nodiscard]] bool match(const Transaction& tx, Direction dir) const noexcept override {
    const Message* m = fragment(tx, dir);
    if (m == nullptr) return false;
    ObjectReader reader = m->read_objects();
    ObjectHeader h;
    for (std::uint32_t i = 0; i < m->object_count && reader.next(h); ++i) {
      if (h.group == group_ && h.variation == variation_) return true;
    }
    return false;
  }

 private:
  std::uint8_t group_, variation_;
};

class IndicationMatcher final : public TxMatcher {
 public:
  IndicationMatcher(char how, std::uint16_t bits) noexcept : how_(how), bits_(bits) {}
  [[nodiscard]] bool match(const Transaction& tx, Direction dir) const noexcept override {
    const Message* m = fragment(tx, dir);
    if (m == nullptr || !m->is_response()) return false;
    const std::uint16_t set = m->indications & bits_;
    if (how_ == '+') return set == bits_;
    if (how_ == '-') return set == 0;
    if (how_ == '=') return m->indications == bits_;
    return set != 0;
  }

 private:
  char how_;
  std::uint16_t bits_;
};

bool octet(std::string_view text, std::uint8_t& out) noexcept {
  unsigned v = 0;
  text = trim(text);
  const auto r = std::from_chars(text.data(), text.data() + text.size(), v);
  out = static_cast<std::uint8_t>(v);
  return r.ec == std::errc() && r.ptr == text.data() + text.size() && v <= 255;
}

}  // namespace

Result<std::unique_ptr<TxMatcher>> parse_object_keyword(std::string_view argument) {
  const auto comma = argument.find(',');
  std::uint8_t group = 0, variation = 0;
  if (comma == std::string_view::npos || !octet(argument.substr(0, comma), group) ||
      !octet(argument.substr(comma + 1), variation)) {
    return Error{"dnp3_obj: '" + std::string(argument) +
                 "' is no group and variation from 0 to 255; try 12,1"};
  }
  return std::unique_ptr<TxMatcher>(std::make_unique<ObjectMatcher>(group, variation));
}

Result<std::unique_ptr<TxMatcher>> parse_indication_keyword(std::string_view argument) {
  std::string_view left = trim(argument);
  char how = '*';
  if (!left.empty() && std::string_view("*+-=").find(left[0]) != std::string_view::npos) {
    how = left[0];
    left.remove_prefix(1);
  }
  std::uint16_t bits = 0;
  for (bool more = true; more;) {
    const auto comma = left.find(',');
    const std::string_view name = trim(left.substr(0, comma));
    more = comma != std::string_view::npos;
    if (more) left.remove_prefix(comma + 1);
    std::uint16_t bit = 0;
    for (const IndicationInfo& i : indications()) {
      if (equals_nocase(i.name, name)) bit = i.bit;
    }
    if (bit == 0) {
      std::string all;
      for (const IndicationInfo& i : indications()) all += (all.empty() ? "" : ", ") + std::string(i.name);
      return Error{"dnp3_ind: '" + std::string(name) + "' is no indication; there are " + all};
    }
    bits |= bit;
  }
  return std::unique_ptr<TxMatcher>(std::make_unique<IndicationMatcher>(how, bits));
}

}  // namespace picket::dnp3
