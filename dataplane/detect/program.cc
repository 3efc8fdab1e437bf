#include "dataplane/detect/program.h"

#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <bit>
#include <cstring>

#include "dataplane/detect/asn1.h"
#include "dataplane/detect/base64.h"
#include "dataplane/detect/byte_number.h"
#include "dataplane/detect/entropy.h"
#include "dataplane/detect/search.h"

namespace picket::detect {
namespace {

struct NoTrace {
  static constexpr bool kOn = false;
};
/// Remembers the furthest op that failed.
struct Furthest {
  static constexpr bool kOn = true;
  GroupTrace& out;
  GroupTrace last{};  // of the op at hand
};

/// `Trace` is told why an op fails; without one the program is the same, without a word of it.
template <class Trace>
struct Runner {
  const RuleSet& set;
  const Group& group;
  const Buffer& buffer;
  CoreMemory& core;
  DetectStats& stats;
  [[no_unique_address]] Trace trace;

  std::int64_t cursor = 0;  // end of the last match
  std::int64_t reach = 0;   // furthest end of any match
  std::uint32_t choices = 0;
  unsigned steps = 0;

  [[nodiscard]] std::int64_t size() const noexcept { return static_cast<std::int64_t>(buffer.data.size()); }
  [[nodiscard]] std::int64_t base() const noexcept { return buffer.offset; }
  [[nodiscard]] std::int64_t number(const Number& n) const noexcept {
    return n.variable < 0 ? n.value : core.variables[static_cast<unsigned>(n.variable)];
  }
  [[nodiscard]] std::int64_t number(const Op& op, std::int32_t fixed, unsigned which) const noexcept {
    if ((op.flags & Op::kVariables) == 0 || op.variable[which] < 0) return fixed;
    return core.variables[static_cast<std::uint8_t>(op.variable[which])];
  }

  bool run() noexcept;
  bool step(const Op& op, std::uint32_t index, std::int64_t from) noexcept;
  bool content(const Op& op, std::uint32_t index, std::int64_t from) noexcept;
  bool pcre(const Op& op, std::uint32_t index, std::int64_t from) noexcept;
  bool byte_test(const Op& op) noexcept;
  bool byte_jump(const Op& op) noexcept;
  bool byte_extract(const Op& op) noexcept;
  bool byte_math(const Op& op) noexcept;
  bool is_data_at(const Op& op) noexcept;
  bool base64(const Op& op) noexcept;
  bool digest(const Op& op) noexcept;
  bool dataset(const Op& op) noexcept;
  bool entropy(const Op& op) noexcept;
  bool asn1(const Op& op) noexcept;
  void read(std::int64_t at, std::int64_t width, const ReadNumber& v, std::int64_t with) noexcept {
    if constexpr (Trace::kOn) {
      trace.last.from = at;
      trace.last.to = at + width;
      trace.last.readable = v.ok;
      trace.last.value = v.value;
      trace.last.with = with;
    }
  }
  void matched(const Op& op, std::uint32_t index, std::int64_t begin, std::int64_t end) noexcept;
};

/// Where an op's bytes begin: from the cursor, or from the start of the buffer or stream.
template <class R>
std::int64_t origin(const R& r, const Op& op, std::int64_t offset) noexcept {
  return (op.flags & Op::kRelative) ? r.cursor + offset : offset - r.base();
}

template <class Trace>
bool Runner<Trace>::run() noexcept {
  const Op* ops = set.ops.data() + group.first_op;
  const std::uint32_t n = group.ops;
  const bool independent = (group.flags & Group::kHasVariables) == 0;
  std::uint32_t i = 0;
  std::int64_t from = -1;  // a retried op looks from here on
  for (;;) {
    bool stale = false;
    if (i == n) {
      if (buffer.fresh == 0 || reach > buffer.fresh) return true;
      stale = true;
      if constexpr (Trace::kOn) trace.out = {.failed = true, .stale = true, .op = i};
    } else {
      if (++steps > kMaxSteps) {
        ++stats.step_limit;
        if constexpr (Trace::kOn) trace.out.gave_up = true;
        return false;
      }
      if constexpr (Trace::kOn) trace.last = {.op = i, .cursor = cursor};
      if (step(ops[i], i, from)) {
        ++i;
        from = -1;
        continue;
      }
      if constexpr (Trace::kOn) {
        if (!trace.out.failed || i > trace.out.op) trace.out = trace.last;
        trace.out.failed = true;
      }
    }
    // Only ops of the same relative chain can change the outcome of the one that failed.
    const std::uint32_t oldest = i < n && independent ? ops[i].chain : 0;
    if (choices == 0 || core.choices[choices - 1].op < oldest) return false;
    const ChoicePoint& c = core.choices[--choices];
    i = c.op;
    from = c.next;
    cursor = c.cursor;
    reach = c.reach;
    core.captured.forget_since(c.captured);
    if (stale)
      from = std::max<std::int64_t>(from,
                                    std::int64_t{buffer.fresh} + 1 - static_cast<std::int64_t>(ops[i].size));
  }
}

template <class Trace>
void Runner<Trace>::matched(const Op& op, std::uint32_t index, std::int64_t begin,
                            std::int64_t end) noexcept {
  if ((op.flags & Op::kRelativeNext) || buffer.fresh != 0 || (group.flags & Group::kHasVariables)) {
    core.choices[choices++] = {index, static_cast<std::uint32_t>(begin + 1),
                               static_cast<std::uint32_t>(cursor), static_cast<std::uint32_t>(reach),
                               core.captured.mark()};
  }
  cursor = end;
  reach = std::max(reach, end);
}

template <class Trace>
bool Runner<Trace>::step(const Op& op, std::uint32_t index, std::int64_t from) noexcept {
  switch (op.kind) {
    case Op::Kind::kContent:
      return content(op, index, from);
    case Op::Kind::kPcre:
      return pcre(op, index, from);
    case Op::Kind::kByteTest:
      return byte_test(op);
    case Op::Kind::kByteJump:
      return byte_jump(op);
    case Op::Kind::kByteExtract:
      return byte_extract(op);
    case Op::Kind::kByteMath:
      return byte_math(op);
    case Op::Kind::kIsDataAt:
      return is_data_at(op);
    case Op::Kind::kSize:
      // A frame's last window stands behind what was looked at before.
      return set.number_tests[op.at].matches(
          static_cast<std::uint64_t>(size() + std::max<std::int64_t>(base(), 0)));
    case Op::Kind::kBase64:
      return base64(op);
    case Op::Kind::kEntropy:
      return entropy(op);
    case Op::Kind::kDigest:
      return digest(op);
    case Op::Kind::kDataset:
      return dataset(op);
    case Op::Kind::kAsn1:
      return asn1(op);
    case Op::Kind::kFail:
      break;
  }
  return false;
}

template <class Trace>
bool Runner<Trace>::content(const Op& op, std::uint32_t index, std::int64_t from) noexcept {
  const bool negated = op.flags & Op::kNegated;
  std::int64_t lo = 0, hi = size();
  if (op.flags & (Op::kHasDistance | Op::kHasWithin)) {
    const std::int64_t distance = (op.flags & Op::kHasDistance) ? number(op, op.distance, 2) : 0;
    lo = std::max<std::int64_t>(0, cursor + distance);
    if (op.flags & Op::kHasWithin) hi = std::min(hi, cursor + distance + number(op, op.within, 3));
    if (op.flags & Op::kHasOffset) lo = std::max(lo, number(op, op.offset, 0));
    if (op.flags & Op::kHasDepth) hi = std::min(hi, cursor + number(op, op.depth, 1));
  } else {
    if (op.flags & (Op::kHasOffset | Op::kHasDepth)) {  // what lies before a window is in neither
      lo = ((op.flags & Op::kHasOffset) ? number(op, op.offset, 0) : 0) - base();
      if (op.flags & Op::kHasDepth) hi = std::min(hi, lo + number(op, op.depth, 1));
    }
    lo = std::max<std::int64_t>(lo, 0);
  }
  lo = std::max(lo, from);
  const auto length = static_cast<std::int64_t>(op.size);
  std::int64_t at = -1;
  const Bytes needle{set.bytes.data() + op.at, op.size};
  if (op.flags & Op::kEndsWith) {
    const std::int64_t only = size() - length;
    if (only >= lo && size() <= hi &&
        same_bytes(buffer.data.data() + only, needle.data(), op.size, op.flags & Op::kNoCase))
      at = only;
  } else if (hi - lo >= length) {
    const Bytes hay = buffer.data.subspan(static_cast<std::size_t>(lo), static_cast<std::size_t>(hi - lo));
    const std::size_t found = find_bytes(hay, needle, op.flags & Op::kNoCase);
    if (found != kNotFound) at = lo + static_cast<std::int64_t>(found);
  }
  if constexpr (Trace::kOn) {
    trace.last.from = lo;
    trace.last.to = hi;
    trace.last.at = at;
  }
  if (negated) return at < 0;
  if (at < 0) return false;
  matched(op, index, at, at + length);
  return true;
}

template <class Trace>
bool Runner<Trace>::pcre(const Op& op, std::uint32_t index, std::int64_t from) noexcept {
  const PcrePattern& p = set.patterns[op.at];
  const std::int64_t window = p.anchored ? std::max<std::int64_t>(-base(), 0) : 0;
  const std::int64_t start = std::min((op.flags & Op::kRelative) ? cursor : window, size());
  const std::int64_t begin = std::max(start, from);
  const bool negated = op.flags & Op::kNegated;
  if constexpr (Trace::kOn) trace.last.from = begin;
  if (begin > size()) return negated;
  static const std::uint8_t kEmpty = 0;
  const std::uint8_t* data = buffer.data.empty() ? &kEmpty : buffer.data.data() + start;
  const int rc = pcre2_match_8(p.code, data, static_cast<std::size_t>(size() - start),
                               static_cast<std::size_t>(begin - start), 0, core.match_data,
                               p.limited ? core.limited : core.unlimited);
  if (rc == PCRE2_ERROR_NOMATCH) return negated;
  if (rc < 0) {
    ++stats.pcre_limit;
    if constexpr (Trace::kOn) trace.last.gave_up = true;
    return false;
  }
  if constexpr (Trace::kOn)
    trace.last.at = start + static_cast<std::int64_t>(pcre2_get_ovector_pointer_8(core.match_data)[0]);
  if (negated) return false;
  const PCRE2_SIZE* where = pcre2_get_ovector_pointer_8(core.match_data);
  matched(op, index, start + static_cast<std::int64_t>(where[0]),
          start + static_cast<std::int64_t>(where[1]));
  for (std::uint32_t i = 0; i < op.size && static_cast<int>(i) + 1 < rc; ++i) {
    const PCRE2_SIZE first = where[2 * i + 2], last = where[2 * i + 3];
    if (first == PCRE2_UNSET || last < first) continue;
    const Capture& as = set.captures[static_cast<std::uint32_t>(op.offset) + i];
    if (!core.captured.add(as, {data + first, last - first})) ++stats.capture_limit;
  }
  return true;
}

template <class Trace>
bool Runner<Trace>::byte_test(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t at = origin(*this, op, number(b.offset));
  const ReadNumber v = read_number(buffer.data, at, number(b.bytes), b);
  read(at, number(b.bytes), v, number(b.value));
  if (!v.ok) return false;
  const auto with = static_cast<std::uint64_t>(number(b.value));
  bool yes = false;
  switch (b.compare) {
    case ByteOp::Compare::kLess:
      yes = v.value < with;
      break;
    case ByteOp::Compare::kGreater:
      yes = v.value > with;
      break;
    case ByteOp::Compare::kEqual:
      yes = v.value == with;
      break;
    case ByteOp::Compare::kLessEqual:
      yes = v.value <= with;
      break;
    case ByteOp::Compare::kGreaterEqual:
      yes = v.value >= with;
      break;
    case ByteOp::Compare::kAnd:
      yes = (v.value & with) != 0;
      break;
    case ByteOp::Compare::kOr:
      yes = (v.value ^ with) != 0;
      break;
  }
  return yes != ((op.flags & Op::kNegated) != 0);
}

template <class Trace>
bool Runner<Trace>::byte_jump(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t at = origin(*this, op, number(b.offset));
  ReadNumber v;
  const std::int64_t width = number(b.bytes);
  if (width == 0) {
    if (at < 0 || at > size()) return false;
    v = {true, 0, 0};
  } else {
    v = read_number(buffer.data, at, width, b);
  }
  read(at, width, v, -1);
  if (!v.ok) return false;
  // A hostile length may be anything: what does not fit into the arithmetic is beyond the buffer for sure.
  constexpr std::uint64_t kFar = std::uint64_t{1} << 48;
  if (v.value > kFar || v.value * b.multiplier > kFar) return false;
  std::uint64_t jump = v.value * b.multiplier;
  if (b.align != 0) jump = (jump + b.align - 1) / b.align * b.align;
  std::int64_t target = static_cast<std::int64_t>(jump) + number(b.value);
  if (b.from_end)
    target += size();
  else if (!b.from_beginning)
    target += at + v.width;
  else
    target -= base();
  target = std::max<std::int64_t>(target, 0);  // before the start is the start
  if constexpr (Trace::kOn) trace.last.with = target;
  if (target >= size()) return false;
  cursor = target;
  return true;
}

template <class Trace>
bool Runner<Trace>::byte_extract(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t at = origin(*this, op, number(b.offset));
  const ReadNumber v = read_number(buffer.data, at, number(b.bytes), b);
  read(at, number(b.bytes), v, 0);
  if (!v.ok) return false;
  std::uint64_t value = v.value * b.multiplier;
  if (b.align != 0) value = (value + b.align - 1) / b.align * b.align;
  core.variables[static_cast<unsigned>(b.variable)] = static_cast<std::int64_t>(value);
  cursor = at + v.width;
  return true;
}

template <class Trace>
bool Runner<Trace>::byte_math(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t at = origin(*this, op, number(b.offset));
  const ReadNumber v = read_number(buffer.data, at, number(b.bytes), b);
  read(at, number(b.bytes), v, 0);
  if (!v.ok) return false;
  const auto by = static_cast<std::uint64_t>(number(b.value));
  std::uint64_t value = v.value;
  switch (b.math) {
    case ByteOp::Math::kAdd:
      value += by;
      break;
    case ByteOp::Math::kSubtract:
      value -= by;
      break;
    case ByteOp::Math::kMultiply:
      value *= by;
      break;
    case ByteOp::Math::kDivide:
      if (by == 0) return false;
      value /= by;
      break;
    case ByteOp::Math::kShiftLeft:
      value = by < 64 ? value << by : 0;
      break;
    case ByteOp::Math::kShiftRight:
      value = by < 64 ? value >> by : 0;
      break;
  }
  core.variables[static_cast<unsigned>(b.variable)] = static_cast<std::int64_t>(value);
  cursor = at + v.width;
  return true;
}

template <class Trace>
bool Runner<Trace>::is_data_at(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t position = number(b.value);
  // Relative 1 asks for one byte behind the match; absolute 1 for a byte at index 1.
  const bool yes = (op.flags & Op::kRelative) ? cursor + position <= size() : position - base() < size();
  if constexpr (Trace::kOn)
    trace.last.from = (op.flags & Op::kRelative) ? cursor + position - 1 : position - base();
  return yes != ((op.flags & Op::kNegated) != 0);
}

template <class Trace>
bool Runner<Trace>::base64(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t at = origin(*this, op, number(b.offset));
  if constexpr (Trace::kOn) trace.last.from = at;
  core.base64_size = 0;
  if (at < 0 || at >= size()) return false;
  Bytes in = buffer.data.subspan(static_cast<std::size_t>(at));
  if (const std::int64_t most = number(b.bytes); most > 0)
    in = in.first(std::min(in.size(), static_cast<std::size_t>(most)));
  core.base64_size = decode_base64(in, Base64Mode::kRfc4648, core.base64);
  return core.base64_size != 0;
}

template <class Trace>
bool Runner<Trace>::digest(const Op& op) noexcept {
  const DigestSet& d = set.digest_sets[op.at];
  if (buffer.data.size() != d.size) return false;
  const std::uint8_t* list = set.bytes.data() + d.first;
  std::size_t lo = 0, hi = d.count;
  while (lo < hi) {
    const std::size_t middle = lo + (hi - lo) / 2;
    const int order = std::memcmp(list + middle * d.size, buffer.data.data(), d.size);
    if (order == 0) return (op.flags & Op::kNegated) == 0;
    (order < 0 ? lo : hi) = order < 0 ? middle + 1 : middle;
  }
  return (op.flags & Op::kNegated) != 0;
}

template <class Trace>
bool Runner<Trace>::entropy(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t at = number(b.offset), most = number(b.bytes);
  if (at < 0 || at >= size()) return false;
  Bytes in = buffer.data.subspan(static_cast<std::size_t>(at));
  if (most > 0) in = in.first(std::min(in.size(), static_cast<std::size_t>(most)));
  const double e = shannon_entropy(in);
  if constexpr (Trace::kOn) {
    trace.last.from = at;
    trace.last.entropy = e;
  }
  const bool yes = (b.low_open ? e > b.low : e >= b.low) && (b.high_open ? e < b.high : e <= b.high);
  return yes != ((op.flags & Op::kNegated) != 0);
}

template <class Trace>
bool Runner<Trace>::asn1(const Op& op) noexcept {
  const ByteOp& b = set.byte_ops[op.at];
  const std::int64_t at = origin(*this, op, number(b.offset));
  if constexpr (Trace::kOn) trace.last.from = at;
  return at >= 0 && at < size() && asn1_fails(buffer.data.subspan(static_cast<std::size_t>(at)), b.asn1);
}

template <class Trace>
bool Runner<Trace>::dataset(const Op& op) noexcept {
  const DatasetTest& t = set.dataset_tests[op.at];
  std::array<std::uint8_t, 16> room;
  const Bytes value = dataset_value(t.type, buffer.data, room);
  if (value.empty()) return false;
  DatasetHit hit;
  hit.test = op.at;
  if (t.changes) {
    if (value.size() > hit.value.size()) return ++stats.dataset_limit, false;
    hit.size = static_cast<std::uint16_t>(value.size());
    std::copy(value.begin(), value.end(), hit.value.begin());
  } else {
    const DatasetEntry* entry = set.value_sets[t.set].find(value);
    if (t.command == DatasetCommand::kIsNotSet) return entry == nullptr;
    if (entry == nullptr) return false;
    if (t.command == DatasetCommand::kReputation) return t.reputation.matches(entry->reputation);
    if (t.context_key.empty() || entry->context.empty()) return true;
    hit.entry = entry;
  }
  // An op may run again when one before it tries its next match: its last word counts.
  std::size_t i = 0;
  while (i < core.dataset_hit_count && core.dataset_hits[i].test != op.at) ++i;
  if (i == core.dataset_hits.size()) return ++stats.dataset_limit, false;
  core.dataset_hits[i] = hit;
  core.dataset_hit_count = std::max(core.dataset_hit_count, i + 1);
  return true;
}

}  // namespace

namespace {

template <class Trace>
bool run(const RuleSet& set, const Group& group, const Buffer& buffer, CoreMemory& core, DetectStats& stats,
         Trace trace) noexcept {
  const std::size_t hits = core.dataset_hit_count;
  const Captures::Mark captured = core.captured.mark();
  if (Runner<Trace>{set, group, buffer, core, stats, trace}.run()) return true;
  core.dataset_hit_count = hits;  // what a value that did not fit was found in does not matter
  core.captured.forget_since(captured);
  return false;
}

}  // namespace

bool run_group(const RuleSet& set, const Group& group, const Buffer& buffer, CoreMemory& core,
               DetectStats& stats) noexcept {
  return run(set, group, buffer, core, stats, NoTrace{});
}

bool trace_group(const RuleSet& set, const Group& group, const Buffer& buffer, CoreMemory& core,
                 DetectStats& stats, GroupTrace& out) noexcept {
  out = {};
  return run(set, group, buffer, core, stats, Furthest{out});
}

}  // namespace picket::detect
