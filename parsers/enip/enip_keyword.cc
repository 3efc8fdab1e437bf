// parsers/enip/enip_keyword.cc — the rule keyword cip_service. Control plane apart from match().
#include <charconv>
#include <optional>
#include <string>

#include "parsers/core/text.h"
#include "parsers/enip/cip.h"

namespace picket::enip {
namespace {

class ServiceMatcher final : public TxMatcher {
 public:
  std::uint8_t service = 0;
  std::optional<std::uint32_t> class_id, attribute;

  /// Any message of that direction, also inside of others: what is wrapped does the same.
  [[nodiscard]] bool match(const Transaction& tx, Direction dir) const noexcept override {
    const auto& x = static_cast<const Exchange&>(tx);
    const Pdu* p = x.side(dir);
    if (p == nullptr || !p->has_cip) return false;
    Told t;
    for (std::size_t i = 0; i < p->node_count; ++i) {
      if (told_by(x, *p, i, t) && fits(t)) return true;
    }
    return false;
  }

 private:
  /// Only requests say a class.
  [[nodiscard]] bool fits(const Told& t) const noexcept {
    if (t.cip.service != service) return false;
    if (!class_id) return true;
    bool has_class = false, has_attribute = !attribute;
    SegmentReader r(t.cip.path);
    for (Segment s; r.next(s);) {
      has_class = has_class || (s.kind == SegmentKind::kClass && s.value == *class_id);
      has_attribute = has_attribute || (s.kind == SegmentKind::kAttribute && s.value == *attribute);
    }
    if (!has_class || has_attribute || t.cip.reply) return has_class && has_attribute;
    AttributeReader list(t);
    Attribute a;
    for (std::size_t i = 0; i < kMaxAttributes && list.next(a); ++i) {
      if (a.id == *attribute) return true;
    }
    return false;
  }
};

bool number(std::string_view text, std::uint32_t max, std::uint32_t& out) noexcept {
  text = trim(text);
  const auto r = std::from_chars(text.data(), text.data() + text.size(), out);
  return r.ec == std::errc() && r.ptr == text.data() + text.size() && out <= max;
}

Error wrong(std::string_view argument) {
  return Error{"cip_service: '" + std::string(argument) +
               "' is no service from 0 to 127, with a class and an attribute behind it; try 16,246,6"};
}

}  // namespace

Result<std::unique_ptr<TxMatcher>> parse_service_keyword(std::string_view argument) {
  auto m = std::make_unique<ServiceMatcher>();
  std::string_view left = argument;
  for (unsigned i = 0;; ++i) {
    const auto comma = left.find(',');
    std::string_view word = trim(left.substr(0, comma));
    // "!" in front of the attribute leaves it open, as rules for Suricata have it.
    const bool open = i == 2 && word.starts_with('!');
    if (open) word.remove_prefix(1);
    std::uint32_t v = 0;
    if (i == 3 || !number(word, i == 0 ? 127U : 0xffffffffU, v)) return wrong(argument);
    if (i == 0) m->service = static_cast<std::uint8_t>(v);
    if (i == 1) m->class_id = v;
    if (i == 2 && !open) m->attribute = v;
    if (comma == std::string_view::npos) break;
    left = left.substr(comma + 1);
  }
  return std::unique_ptr<TxMatcher>(std::move(m));
}

}  // namespace picket::enip
