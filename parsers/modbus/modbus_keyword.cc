// parsers/modbus/modbus_keyword.cc — the `modbus:` rule keyword
//
// It looks at the request; only where none was seen, at the reply. Control plane apart from match().
#include <charconv>
#include <optional>
#include <string>

#include "parsers/modbus/modbus.h"

namespace picket::modbus {
namespace {

/// Inclusive; empty when low > high.
struct Range {
  std::uint32_t low = 0, high = 0;
  [[nodiscard]] bool has(std::uint32_t v) const noexcept { return low <= v && v <= high; }
  [[nodiscard]] bool meets(std::uint32_t from, std::uint32_t to) const noexcept {
    return from <= high && low <= to;
  }
};

class Matcher final : public TxMatcher {
 public:
  std::optional<Range> unit, address, value;
  std::optional<std::uint8_t> function;
  std::optional<std::uint16_t> subfunction;
  std::uint8_t categories = 0;  ///< bits of Category; 0: not asked
  std::uint8_t access = 0;      ///< kRead or kWrite, and perhaps a table; 0: not asked

  [[nodiscard]] bool match(const Transaction& tx, Direction dir) const noexcept override {
    const auto& x = static_cast<const Exchange&>(tx);
    const bool reply_only = !x.has_request;
    if ((dir == Direction::kToClient) != reply_only || (reply_only && !x.has_reply)) return false;
    const Message& m = reply_only ? x.reply : x.request;
    if (unit && !unit->has(m.frame.unit)) return false;
    if (access != 0) return match_access(m);
    if (categories != 0) return (m.category & categories) != 0;
    if (!function) return true;
    if (m.base_function() != *function) return false;
    if (!subfunction) return true;
    return (m.form == Form::kDiagnostic || m.form == Form::kMei) && m.subfunction == *subfunction;
  }

 private:
  [[nodiscard]] bool match_access(const Message& m) const noexcept {
    const std::uint8_t how = access & (kRead | kWrite), table = access & kTables;
    if ((m.access & how) == 0 || (table != 0 && (m.access & table) == 0)) return false;
    if (!address) return true;
    const bool write = how == kWrite;
    const std::uint32_t quantity = write ? m.write_quantity : m.read_quantity;
    const std::uint32_t first = (write ? m.write_address : m.read_address) + 1U;
    if (quantity == 0 || m.form == Form::kBytes || m.form == Form::kException) return false;
    if (!address->meets(first, first + quantity - 1)) return false;
    if (!value) return true;
    if (m.form == Form::kWriteOne) return value->has(m.values_are_bits() ? m.value != 0 : m.value);
    std::uint16_t written = 0;
    return (m.form == Form::kWriteMany || m.form == Form::kReadWrite) &&
           m.value_at(address->low - first, written) && value->has(written);
  }
};

/// Takes an argument apart, front to back.
class Words {
 public:
  explicit Words(std::string_view text) noexcept : left_(text) { blanks(); }

  [[nodiscard]] bool done() const noexcept { return left_.empty(); }
  [[nodiscard]] std::string_view left() const noexcept { return left_; }
  bool take(std::string_view what) noexcept {
    if (left_.substr(0, what.size()) != what) return false;
    left_.remove_prefix(what.size());
    blanks();
    return true;
  }
  std::string_view word() noexcept {
    std::size_t n = 0;
    while (n < left_.size() && ((left_[n] >= 'a' && left_[n] <= 'z') || (left_[n] >= 'A' && left_[n] <= 'Z')))
      ++n;
    const std::string_view w = left_.substr(0, n);
    left_.remove_prefix(n);
    blanks();
    return w;
  }
  bool number(std::uint32_t most, std::uint32_t& out) noexcept {
    const auto r = std::from_chars(left_.data(), left_.data() + left_.size(), out);
    if (r.ec != std::errc() || out > most) return false;
    left_.remove_prefix(static_cast<std::size_t>(r.ptr - left_.data()));
    blanks();
    return true;
  }
  /// N, <N, >N, N<>M: without the ends.
  bool range(std::uint32_t most, Range& out) noexcept {
    std::uint32_t n = 0;
    if (take("<")) {
      if (!number(most, n) || n == 0) return false;
      out = {0, n - 1};
    } else if (take(">")) {
      if (!number(most, n)) return false;
      out = {n + 1, most};
    } else {
      if (!number(most, n)) return false;
      out = {n, n};
      std::uint32_t m = 0;
      if (take("<>")) {
        if (!number(most, m) || m < n + 2) return false;
        out = {n + 1, m - 1};
      }
    }
    return true;
  }

 private:
  void blanks() noexcept {
    while (!left_.empty() && (left_[0] == ' ' || left_[0] == '\t')) left_.remove_prefix(1);
  }
  std::string_view left_;
};

Error wrong(std::string_view what, std::string_view where) {
  return {"modbus: " + std::string(what) +
          (where.empty() ? " at the end" : " at '" + std::string(where) + "'")};
}

Status parse_function(Words& w, Matcher& m) {
  const bool negated = w.take("!");
  std::uint32_t n = 0;
  if (!negated && w.number(127, n)) {
    if (n == 0) return wrong("function 0 is none; try 1 to 127", "0");
    m.function = static_cast<std::uint8_t>(n);
    if (!w.take(",")) return Done{};
    if (!w.take("subfunction") || !w.number(0xffff, n))
      return wrong("expected 'subfunction' and a number", w.left());
    m.subfunction = static_cast<std::uint16_t>(n);
    return Done{};
  }
  constexpr std::uint8_t kAll = kPublicAssigned | kPublicUnassigned | kUserDefined | kReserved;
  const std::string_view at = w.left();
  const std::string_view name = w.word();
  if (name == "assigned") {
    m.categories = kPublicAssigned;
  } else if (name == "unassigned") {
    m.categories = kPublicUnassigned;
  } else if (name == "public") {
    m.categories = kPublicAssigned | kPublicUnassigned;
  } else if (name == "user") {
    m.categories = kUserDefined;
  } else if (name == "reserved") {
    m.categories = kReserved;
  } else if (name == "all") {
    m.categories = kAll;
  } else {
    return wrong("expected a function's number, or assigned, unassigned, public, user, reserved or all", at);
  }
  if (negated) m.categories = kAll & ~m.categories;
  if (m.categories == 0) return wrong("'!all' can never match", at);
  return Done{};
}

Status parse_access(Words& w, Matcher& m) {
  const std::string_view how_at = w.left();
  const std::string_view how = w.word();
  if (how != "read" && how != "write") return wrong("expected read or write", how_at);
  m.access = how == "read" ? kRead : kWrite;
  if (!w.done() && w.left()[0] != ',') {
    const std::string_view table_at = w.left();
    const std::string_view table = w.word();
    if (table == "coils") {
      m.access |= kCoils;
    } else if (table == "holding") {
      m.access |= kHolding;
    } else if (table == "discretes") {
      m.access |= kDiscretes;
    } else if (table == "input") {
      m.access |= kInput;
    } else {
      return wrong("expected discretes, coils, input or holding", table_at);
    }
    if (how == "write" && (table == "discretes" || table == "input")) {
      return wrong("discretes and input can only be read", table_at);
    }
  }
  if (!w.take(",")) return Done{};
  Range r;
  if (!w.take("address") || !w.range(0x10000, r))
    return wrong("expected 'address' and N, <N, >N or N<>M", w.left());
  m.address = r;
  if (!w.take(",")) return Done{};
  const std::string_view at = w.left();
  if (!w.take("value") || !w.range(0xffff, r)) return wrong("expected 'value' and N, <N, >N or N<>M", at);
  if (how != "write") return wrong("a value needs 'access write'", at);
  if (m.address->low != m.address->high) return wrong("a value needs one address, not a range", at);
  m.value = r;
  return Done{};
}

}  // namespace

Result<std::unique_ptr<TxMatcher>> parse_keyword(std::string_view argument) {
  Words outer(argument);
  std::string_view text = outer.left();
  while (!text.empty() && (text.back() == ' ' || text.back() == '\t')) text.remove_suffix(1);
  if (text.size() >= 2 && text.front() == '"' && text.back() == '"') text = text.substr(1, text.size() - 2);
  Words w(text);
  auto m = std::make_unique<Matcher>();
  bool more = true;
  if (w.take("unit")) {
    Range r;
    if (!w.range(255, r)) return wrong("expected a unit: N, <N, >N or N<>M up to 255", w.left());
    m->unit = r;
    more = w.take(",");
  }
  if (more) {
    Status s = Done{};
    if (w.take("function")) {
      s = parse_function(w, *m);
    } else if (w.take("access")) {
      s = parse_access(w, *m);
    } else {
      return wrong("expected unit, function or access", w.left());
    }
    if (!s) return s.error();
  }
  if (!w.done()) return wrong("did not expect more", w.left());
  return std::unique_ptr<TxMatcher>(std::move(m));
}

}  // namespace picket::modbus
