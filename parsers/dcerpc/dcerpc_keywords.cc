// parsers/dcerpc/dcerpc_keywords.cc — the rule keywords dcerpc.iface and dcerpc.opnum
//
// Control plane apart from match(). Both look at requests, from either side of the call, as Suricata does.
#include <charconv>
#include <optional>
#include <string>
#include <vector>

#include "parsers/dcerpc/dcerpc.h"

namespace picket::dcerpc {
namespace {

std::string_view trimmed(std::string_view s) noexcept {
  while (!s.empty() && (s.front() == ' ' || s.front() == '\t')) s.remove_prefix(1);
  while (!s.empty() && (s.back() == ' ' || s.back() == '\t')) s.remove_suffix(1);
  return s;
}

/// Up to the next comma; both ends without blanks.
std::string_view next_part(std::string_view& left) noexcept {
  const std::size_t comma = left.find(',');
  const std::string_view part = trimmed(left.substr(0, comma));
  left = comma == std::string_view::npos ? std::string_view() : left.substr(comma + 1);
  return part;
}

bool number(std::string_view text, std::uint32_t most, std::uint32_t& out) noexcept {
  const auto r = std::from_chars(text.data(), text.data() + text.size(), out);
  return r.ec == std::errc() && r.ptr == text.data() + text.size() && out <= most;
}

bool read_uuid(std::string_view text, std::array<std::uint8_t, 16>& out) noexcept {
  if (text.size() != 36) return false;
  std::size_t n = 0;
  for (std::size_t i = 0; i < text.size();) {
    if (i == 8 || i == 13 || i == 18 || i == 23) {
      if (text[i++] != '-') return false;
      continue;
    }
    const auto r = std::from_chars(text.data() + i, text.data() + i + 2, out[n], 16);
    if (r.ec != std::errc() || r.ptr != text.data() + i + 2) return false;
    ++n;
    i += 2;
  }
  return n == 16;
}

class IfaceMatcher final : public TxMatcher {
 public:
  explicit IfaceMatcher(CallOf call_of) noexcept : call_of_(call_of) {}
  std::array<std::uint8_t, 16> uuid{};
  char op = 0;  ///< of the version: < > = !; 0: not asked
  std::uint32_t version = 0;

  [[nodiscard]] bool match(const Transaction& tx, Direction) const noexcept override {
    const Call* call = call_of_(tx);
    if (call == nullptr || !call->is_request() || !call->has_interface) return false;
    const Interface& i = call->interface;
    if (!i.accepted() || i.uuid != uuid) return false;
    switch (op) {
      case '<':
        return i.major < version;
      case '>':
        return i.major > version;
      case '=':
        return i.major == version;
      case '!':
        return i.major != version;
      default:
        return true;
    }
  }

 private:
  CallOf call_of_;
};

class OpnumMatcher final : public TxMatcher {
 public:
  explicit OpnumMatcher(CallOf call_of) noexcept : call_of_(call_of) {}
  struct Range {
    std::uint32_t low, high;
  };
  std::vector<Range> ranges;

  [[nodiscard]] bool match(const Transaction& tx, Direction) const noexcept override {
    const Call* call = call_of_(tx);
    if (call == nullptr || !call->is_request()) return false;
    for (const Range& r : ranges) {
      if (r.low <= call->opnum && call->opnum <= r.high) return true;
    }
    return false;
  }

 private:
  CallOf call_of_;
};

}  // namespace

Result<std::unique_ptr<TxMatcher>> parse_iface(std::string_view argument, CallOf call_of) {
  auto m = std::make_unique<IfaceMatcher>(call_of);
  std::string_view left = argument;
  const std::string_view uuid = next_part(left);
  if (!read_uuid(uuid, m->uuid)) {
    return Error{"dcerpc.iface: '" + std::string(uuid) +
                 "' is no UUID; try 367abb81-9844-35f1-ad32-98f038001003"};
  }
  while (!trimmed(left).empty()) {
    const std::string_view part = next_part(left);
    // A request's interface is that of its first fragment; later fragments belong to the same call here.
    if (part == "any_frag") continue;
    const std::string_view ops = "<>=!";
    if (part.empty() || ops.find(part[0]) == std::string_view::npos ||
        !number(trimmed(part.substr(1)), 0xffff, m->version)) {
      return Error{"dcerpc.iface: expected <N, >N, =N, !N or any_frag at '" + std::string(part) + "'"};
    }
    m->op = part[0];
  }
  return std::unique_ptr<TxMatcher>(std::move(m));
}

Result<std::unique_ptr<TxMatcher>> parse_opnum(std::string_view argument, CallOf call_of) {
  auto m = std::make_unique<OpnumMatcher>(call_of);
  std::string_view left = argument;
  do {
    const std::string_view part = next_part(left);
    const std::size_t dash = part.find('-');
    OpnumMatcher::Range r{};
    bool good = number(trimmed(part.substr(0, dash)), 0xffff, r.low);
    r.high = r.low;
    if (dash != std::string_view::npos)
      good = good && number(trimmed(part.substr(dash + 1)), 0xffff, r.high) && r.low < r.high;
    if (!good) return Error{"dcerpc.opnum: expected N or N-M up to 65535 at '" + std::string(part) + "'"};
    m->ranges.push_back(r);
  } while (!trimmed(left).empty());
  return std::unique_ptr<TxMatcher>(std::move(m));
}

}  // namespace picket::dcerpc
