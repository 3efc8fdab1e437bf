#include "sensor/rules/lists.h"

#include <arpa/inet.h>

#include <algorithm>
#include <cstring>

#include "sensor/rules/load.h"
#include "sensor/rules/ranges.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

// A hostile list of variables could otherwise grow without end.
constexpr std::size_t kMaxRanges = 200'000;

std::string quote(std::string_view s) {
  constexpr std::size_t kShown = 60;
  return "'" + std::string(s.substr(0, kShown)) + (s.size() > kShown ? "...'" : "'");
}

bool parse_v4(std::string_view s, std::uint8_t (&out)[4]) noexcept {
  for (int i = 0; i < 4; ++i) {
    unsigned v = 0;
    std::size_t n = 0;
    while (n < s.size() && n < 3 && is_digit(s[n])) v = v * 10 + static_cast<unsigned>(s[n++] - '0');
    if (n == 0 || v > 255) return false;
    out[i] = static_cast<std::uint8_t>(v);
    s.remove_prefix(n);
    if (i == 3) return s.empty();
    if (s.empty() || s.front() != '.') return false;
    s.remove_prefix(1);
  }
  return false;
}

bool parse_address(std::string_view s, Address& out) noexcept {
  std::uint8_t v4[4];
  if (s.find(':') == std::string_view::npos) {
    if (!parse_v4(s, v4)) return false;
    out = Address::v4(v4);
    return true;
  }
  char text[INET6_ADDRSTRLEN + 1];
  if (s.size() >= sizeof text) return false;
  std::memcpy(text, s.data(), s.size());
  text[s.size()] = '\0';
  std::uint8_t v6[16];
  if (std::memchr(text, '\0', s.size()) != nullptr || inet_pton(AF_INET6, text, v6) != 1) return false;
  out = Address::v6(v6);
  return true;
}

/// A netmask as prefix length: "24" or "255.255.255.0".
std::optional<unsigned> parse_prefix(std::string_view s, bool v4) noexcept {
  unsigned length = 0;
  std::uint8_t mask[4];
  if (v4 && parse_v4(s, mask)) {
    const std::uint32_t bits =
        std::uint32_t{mask[0]} << 24 | std::uint32_t{mask[1]} << 16 | std::uint32_t{mask[2]} << 8 | mask[3];
    length = static_cast<unsigned>(std::countl_one(bits));
    if (length < 32 && (bits << length) != 0) return std::nullopt;
    return length;
  }
  if (!parse_number(s, length) || length > (v4 ? 32U : 128U)) return std::nullopt;
  return length;
}

}  // namespace

std::optional<std::string> AddressKind::parse_atom(std::string_view text, Range& out) {
  if (equals_nocase(text, "any")) {
    out = everything<AddressRange>();
    return std::nullopt;
  }
  if (const auto slash = text.find('/'); slash != std::string_view::npos) {
    if (!parse_address(trim(text.substr(0, slash)), out.first)) return quote(text) + " is not an address";
    const bool v4 = text.find(':') == std::string_view::npos;
    const auto prefix = parse_prefix(trim(text.substr(slash + 1)), v4);
    if (!prefix) return quote(text.substr(slash)) + " is not a prefix length or netmask";
    out.last = out.first;
    for (unsigned bit = *prefix + (v4 ? 96 : 0); bit < 128; ++bit) {
      const auto mask = static_cast<std::uint8_t>(0x80U >> (bit % 8));
      out.first.bytes[bit / 8] = static_cast<std::uint8_t>(out.first.bytes[bit / 8] & ~mask);
      out.last.bytes[bit / 8] |= mask;
    }
    return std::nullopt;
  }
  if (const auto dash = text.find('-'); dash != std::string_view::npos) {
    if (!parse_address(trim(text.substr(0, dash)), out.first) ||
        !parse_address(trim(text.substr(dash + 1)), out.last)) {
      return quote(text) + " is not a range of addresses";
    }
    if (out.last < out.first) return "the range " + quote(text) + " ends before it begins";
    return std::nullopt;
  }
  if (!parse_address(text, out.first)) return quote(text) + " is not an address";
  out.last = out.first;
  return std::nullopt;
}

std::optional<std::string> PortKind::parse_atom(std::string_view text, Range& out) {
  out = everything<PortRange>();
  if (equals_nocase(text, "any")) return std::nullopt;
  const auto colon = text.find(':');
  const auto low = trim(text.substr(0, colon));
  const auto high = colon == std::string_view::npos ? low : trim(text.substr(colon + 1));
  const bool open_ended = colon != std::string_view::npos;
  if ((!(low.empty() && open_ended) && !parse_number(low, out.first)) ||
      (!(high.empty() && open_ended) && !parse_number(high, out.last)) || (low.empty() && high.empty())) {
    return quote(text) + " is not a port (0 to 65535) or a range of ports";
  }
  if (out.last < out.first) return "the range " + quote(text) + " ends before it begins";
  return std::nullopt;
}

template <class Kind>
bool ListBook<Kind>::variable(std::string_view reference, bool negated, unsigned depth, Flat& out,
                              Complaint& complaint) {
  const auto found = variables_.find(reference.substr(1));
  if (found == variables_.end()) {
    complaint = {
        reference, "no variable " + std::string(reference) + " in " + std::string(Kind::kVariables), {}};
    NearestName nearest(reference.substr(1));
    for (const auto& [name, value] : variables_) nearest.consider(name);
    if (!nearest.best().empty()) complaint.suggestion = "did you mean $" + std::string(nearest.best()) + "?";
    return false;
  }
  auto [at, fresh] = expanded_.try_emplace(found->first);
  if (fresh) {
    Flat flat;
    std::string_view rest = found->second;
    if (!items(rest, false, false, depth, flat, complaint)) {
      expanded_.erase(at);
      complaint = {reference, "in $" + found->first + ": " + complaint.reason, complaint.suggestion};
      return false;
    }
    at->second = std::move(flat);
  } else if (!at->second) {
    complaint = {reference, "variable " + std::string(reference) + " stands for itself", {}};
    return false;
  }
  const auto& flat = *at->second;
  const auto add = [](std::vector<Range>& to, const std::vector<Range>& from) {
    if (to.size() <= kMaxRanges) to.insert(to.end(), from.begin(), from.end());
  };
  add(negated ? out.unwanted : out.wanted, flat.wanted);
  add(negated ? out.wanted : out.unwanted, flat.unwanted);
  return true;
}

template <class Kind>
bool ListBook<Kind>::items(std::string_view& rest, bool negated, bool bracketed, unsigned depth, Flat& out,
                           Complaint& complaint) {
  if (depth > kMaxNesting) {
    complaint = {rest.substr(0, 1), "lists nest deeper than " + std::to_string(kMaxNesting), {}};
    return false;
  }
  while (true) {
    rest = trim_left(rest);
    bool item_negated = negated;
    const auto start = rest;
    while (take_char(rest, '!')) item_negated = !item_negated;
    if (take_char(rest, '[')) {
      if (!items(rest, item_negated, true, depth + 1, out, complaint)) return false;
      rest = trim_left(rest);
    } else {
      const auto atom = trim(rest.substr(0, rest.find_first_of(",[]")));
      if (atom.empty()) {
        complaint = {start.substr(0, 1), "an empty " + std::string(Kind::kNoun) + " in a list", {}};
        return false;
      }
      rest = trim_left(rest.substr(static_cast<std::size_t>(atom.data() - rest.data()) + atom.size()));
      if (atom.front() == '$') {
        if (!variable(atom, item_negated, depth + 1, out, complaint)) return false;
      } else {
        Range range;
        if (auto reason = Kind::parse_atom(atom, range)) {
          complaint = {atom, std::move(*reason), {}};
          return false;
        }
        (item_negated ? out.unwanted : out.wanted).push_back(range);
      }
    }
    if (out.wanted.size() + out.unwanted.size() > kMaxRanges) {
      complaint = {start.substr(0, 1), "a list of more than " + std::to_string(kMaxRanges) + " ranges", {}};
      return false;
    }
    if (take_char(rest, ',')) continue;
    if (bracketed) {
      if (take_char(rest, ']')) return true;
      complaint = {rest.empty() ? start : rest.substr(0, 1), "a list without its closing ]", {}};
      return false;
    }
    if (rest.empty()) return true;
    complaint = {rest.substr(0, 1),
                 "unexpected " + quote(rest.substr(0, 1)) + " behind " + std::string(Kind::kNoun),
                 {}};
    return false;
  }
}

template <class Kind>
std::shared_ptr<const typename ListBook<Kind>::Set> ListBook<Kind>::get(std::string_view text,
                                                                        Complaint& complaint) {
  std::string key(text);
  if (const auto found = sets_.find(key); found != sets_.end()) return found->second;
  Flat flat;
  std::string_view rest = text;
  if (!items(rest, false, false, 0, flat, complaint)) {
    // Inside a variable's value the view points elsewhere: blame the whole expression instead.
    const auto* const begin = complaint.where.data();
    if (begin < text.data() || begin > text.data() + text.size()) complaint.where = text;
    return nullptr;
  }
  if (flat.wanted.empty()) flat.wanted.push_back(everything<Range>());
  normalize(flat.wanted);
  normalize(flat.unwanted);
  auto set = std::make_shared<Set>();
  set->ranges = subtract(flat.wanted, flat.unwanted);
  if (set->ranges.empty()) {
    complaint = {
        text, "no " + std::string(Kind::kNoun) + " is left: all of " + quote(text) + " is negated", {}};
    return nullptr;
  }
  set->any = set->ranges.size() == 1 && set->ranges.front() == everything<Range>();
  sets_.emplace(std::move(key), set);
  return set;
}

template class ListBook<AddressKind>;
template class ListBook<PortKind>;

}  // namespace picket::rules
