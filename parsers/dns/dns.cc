#include "parsers/dns/dns.h"

#include <algorithm>
#include <memory>

namespace picket::dns {
namespace {

constexpr std::size_t kMinQuestion = 5;  // root, type, class
constexpr std::size_t kMinRecord = 11;   // root, type, class, ttl, length of rdata

bool is_pointer(std::uint8_t c) noexcept { return (c & 0xc0) == 0xc0; }

/// Moves `at` behind the name, without looking where pointers lead.
bool skip_name(Bytes message, std::size_t& at) noexcept {
  std::size_t pos = at;
  while (pos < message.size()) {
    const std::uint8_t c = message[pos];
    if (c == 0 || is_pointer(c)) {
      at = pos + (c == 0 ? 1 : 2);
      return at <= message.size();
    }
    if ((c & 0xc0) != 0) return false;
    pos += 1U + c;
  }
  return false;
}

Header read_header(Cursor& c) noexcept {
  Header h;
  h.id = c.u16be();
  h.flags = c.u16be();
  for (std::uint16_t& n : h.counts) n = c.u16be();
  return h;
}

/// Do the counts make sense in a message of that size?
bool plausible(const Header& h, std::size_t size) noexcept {
  const std::size_t records = std::size_t{h.counts[1]} + h.counts[2] + h.counts[3];
  if (kHeaderSize + h.counts[0] * kMinQuestion + records * kMinRecord > size) return false;
  // A session of RFC 8490 (opcode 6) has no sections at all; an error may come without the question.
  if (h.opcode() == 6) return true;
  if (!h.is_response()) return h.counts[0] != 0;
  return h.counts[0] + records != 0 || size == kHeaderSize;
}

bool known_class(std::uint16_t klass) noexcept {
  return klass == 1 || klass == 3 || klass == 4 || klass == 254 || klass == 255;
}

}  // namespace

bool read_name(Bytes message, std::size_t& at, NameText& out) noexcept {
  out.size = 0;
  out.truncated = out.loop = out.forward = out.too_many_labels = out.over_255 = false;
  std::size_t pos = at;
  std::size_t wire = 1;
  unsigned pointers = 0, labels = 0;
  bool jumped = false;
  const auto leave = [&] { return jumped || skip_name(message, at); };
  for (;;) {
    if (pos >= message.size()) return false;
    const std::uint8_t c = message[pos];
    if (c == 0) {
      if (!jumped) at = pos + 1;
      return true;
    }
    if (is_pointer(c)) {
      if (message.size() - pos < 2) return false;
      const std::size_t target = std::size_t{c & 0x3fU} << 8 | message[pos + 1];
      if (!jumped) at = pos + 2;
      jumped = true;
      // RFC 1035 lets a pointer lead to a prior name only. Resolvers follow others as well, so picket does,
      // and says so.
      if (target >= pos) out.forward = true;
      if (++pointers > kMaxPointers) {
        out.loop = true;
        return true;
      }
      pos = target;
      continue;
    }
    if ((c & 0xc0) != 0 || message.size() - pos < 1U + c) return false;
    if (++labels > kMaxLabels) {
      out.too_many_labels = true;
      return leave();
    }
    wire += 1U + c;
    if (wire > kRfcMaxName) out.over_255 = true;
    if (out.size != 0 && out.size < kMaxName) out.bytes[out.size++] = '.';
    const std::size_t n = std::min<std::size_t>(c, kMaxName - out.size);
    std::copy_n(message.begin() + static_cast<std::ptrdiff_t>(pos + 1), n, out.bytes.begin() + out.size);
    out.size = static_cast<std::uint16_t>(out.size + n);
    if (n < c) {
      out.truncated = true;
      return leave();
    }
    pos += 1U + c;
  }
}

Message::~Message() {
  if (tables_ != nullptr) pool_.release(tables_, tables_bytes_);
}

/// Reads a message front to back, section by section.
class MessageReader {
 public:
  MessageReader(Message& m, const Limits& limits) noexcept : m_(m), limits_(limits), wire_(m.wire) {}

  void read() noexcept {
    if (!make_tables()) return m_.set(Event::kOutOfMemory);
    // Names, written out, mostly take as much as the message: then the text does not have to grow and move.
    static_cast<void>(m_.text_.reserve(std::min<std::size_t>(wire_.size(), limits_.name_bytes)));
    if (!read_questions()) {
      m_.set(Event::kMalformedData);
      list_names();
      return;
    }
    static constexpr Event kBroken[kSections] = {Event::kMalformedData, Event::kInvalidAuthorities,
                                                 Event::kInvalidAdditionals};
    bool whole = true;
    for (unsigned s = 0; s < kSections && whole; ++s) {
      whole = read_section(s, kBroken[s]);
      if (!whole) m_.set(kBroken[s]);
    }
    if (whole && at_ < wire_.size()) m_.set(Event::kTrailingData);
    list_names();
  }

 private:
  /// One block for all tables; the counts of the header are checked against the size, so it is not larger
  /// than that.
  bool make_tables() noexcept {
    const Header& h = m_.header;
    question_room_ = std::min<std::size_t>(h.counts[0], limits_.questions);
    std::size_t records = 0;
    for (unsigned s = 0; s < kSections; ++s) {
      record_room_[s] = std::min<std::size_t>(h.counts[s + 1], limits_.records);
      records += record_room_[s];
    }
    const std::size_t names = question_room_ + 3 * records;
    m_.tables_bytes_ = question_room_ * sizeof(Question) + records * sizeof(Record) + names * sizeof(Name);
    if (m_.tables_bytes_ == 0) return true;
    m_.tables_ = m_.pool_.allocate(m_.tables_bytes_);
    if (m_.tables_ == nullptr) return false;
    static_assert(alignof(Question) <= 8 && sizeof(Question) % 4 == 0 && sizeof(Record) % 4 == 0);
    auto* at = static_cast<std::byte*>(m_.tables_);
    questions_ = reinterpret_cast<Question*>(at);
    records_ = reinterpret_cast<Record*>(at + question_room_ * sizeof(Question));
    m_.names_ = reinterpret_cast<Name*>(at + question_room_ * sizeof(Question) + records * sizeof(Record));
    return true;
  }

  bool read_questions() noexcept {
    const std::size_t count = m_.header.counts[0];
    for (std::size_t i = 0; i < count; ++i) {
      Question q;
      const bool keep = i < question_room_;
      if (!(keep ? name(at_, q.name) : skip_name(wire_, at_))) return false;
      Cursor c(wire_.subspan(at_));
      q.type = c.u16be();
      q.klass = c.u16be();
      if (!c.ok()) return false;
      at_ += 4;
      if (!keep) continue;
      std::construct_at(questions_ + i, q);
      m_.questions = {questions_, i + 1};
    }
    if (count > question_room_) m_.set(Event::kTooManyQuestions);
    return true;
  }

  bool read_section(unsigned section, Event broken) noexcept {
    const std::size_t count = m_.header.counts[section + 1];
    Record* const table = records_ + records_used_;
    std::size_t kept = 0;
    bool whole = true;
    for (std::size_t i = 0; i < count && whole; ++i) {
      Record r;
      const bool keep = i < record_room_[section];
      whole = read_record(r, keep);
      if (!whole || !keep) continue;
      if (!r.well_formed) m_.set(broken);
      std::construct_at(table + kept++, r);
    }
    if (count > record_room_[section]) m_.set(Event::kTooManyRecords);
    m_.records[section] = {table, kept};
    records_used_ += kept;
    return whole;
  }

  bool read_record(Record& r, bool keep) noexcept {
    if (!(keep ? name(at_, r.name) : skip_name(wire_, at_))) return false;
    Cursor c(wire_.subspan(at_));
    r.type = c.u16be();
    r.klass = c.u16be();
    r.ttl = c.u32be();
    r.rdata_size = c.u16be();
    c.skip(r.rdata_size);
    if (!c.ok()) return false;
    r.rdata_at = r.tail_at = static_cast<std::uint16_t>(at_ + 10);
    at_ += 10U + r.rdata_size;
    if (keep) r.well_formed = read_rdata(r);
    return true;
  }

  /// Reads the names in rdata, which may be compressed, and checks that what has a fixed shape has it.
  bool read_rdata(Record& r) noexcept {
    const std::size_t size = r.rdata_size;
    // An UPDATE says "any record of that type" or "none" with empty rdata (RFC 2136, §2.4).
    if (size == 0 && (r.klass == 254 || r.klass == 255)) return true;
    switch (r.type) {
      case kA:
        return r.klass != 1 || size == 4;
      case kAaaa:
        return size == 16;
      case kNs:
      case kMd:
      case kMf:
      case kCname:
      case kMb:
      case kMg:
      case kMr:
      case kPtr:
      case kDname:
        return names_at(r, 0, 1, 0);
      case kMx:
      case kAfsdb:
      case kRt:
      case kKx:
        return names_at(r, 2, 1, 0);
      case kMinfo:
      case kRp:
        return names_at(r, 0, 2, 0);
      case kPx:
        return names_at(r, 2, 2, 0);
      case kSoa:
        return names_at(r, 0, 2, 20);
      case kSrv:
        return names_at(r, 6, 1, 0);
      case kNaptr:
        return strings_then_name(r);
      case kRrsig:
        return names_at(r, 18, 1, 0);
      case kNsec:
        return names_at(r, 0, 1, 0);
      case kSvcb:
      case kHttps:
        return names_at(r, 2, 1, 0) && tagged(m_.tail(r));
      case kTxt:
      case kSpf:
        return strings(r, SIZE_MAX);
      case kHinfo:
        return strings(r, 2);
      case kOpt:
        return tagged(m_.rdata(r));
      case kDs:
      case kCds:
      case kDlv:
      case kDnskey:
      case kCdnskey:
        return size >= 4;
      case kTlsa:
      case kSmimea:
        return size >= 3;
      case kSshfp:
        return size >= 2;
      case kNsec3:
      case kNsec3param:
        return size >= 5;
      case kCaa:
        return size >= 2 && wire_[r.rdata_at + 1] + 2U <= size;
      default:
        return true;
    }
  }

  bool names_at(Record& r, std::size_t skip, unsigned count, std::size_t then) noexcept {
    const std::size_t end = std::size_t{r.rdata_at} + r.rdata_size;
    std::size_t at = r.rdata_at + skip;
    for (unsigned i = 0; i < count; ++i) {
      if (at >= end || !name(at, i == 0 ? r.target : r.second) || at > end) return false;
    }
    r.tail_at = static_cast<std::uint16_t>(at);
    return end - at >= then;
  }

  /// RFC 3403: order, preference, three strings, a name.
  bool strings_then_name(Record& r) noexcept {
    Cursor c(m_.rdata(r));
    c.skip(4);
    for (int i = 0; i < 3; ++i) c.skip(c.u8());
    return c.ok() && names_at(r, c.offset(), 1, 0);
  }

  bool strings(const Record& r, std::size_t at_most) const noexcept {
    Cursor c(m_.rdata(r));
    for (std::size_t i = 0; i < at_most && !c.empty(); ++i) c.skip(c.u8());
    return c.ok();
  }

  /// Options and parameters: a number, a length, and so many bytes each.
  static bool tagged(Bytes all) noexcept {
    Cursor c(all);
    while (!c.empty()) {
      c.skip(2);
      c.skip(c.u16be());
    }
    return c.ok();
  }

  /// Writes the name at `at` out, unless no room is left for it: then it stays empty.
  bool name(std::size_t& at, Name& out) noexcept {
    // Nearly every record's name is a pointer to the first question.
    if (!m_.questions.empty() && wire_.size() - at >= 2 && wire_[at] == 0xc0 &&
        wire_[at + 1] == kHeaderSize) {
      at += 2;
      out = m_.questions[0].name;
      return true;
    }
    if (full_) return skip_name(wire_, at);
    const bool whole = read_name(wire_, at, scratch_);
    if (scratch_.truncated) m_.set(Event::kNameTooLong);
    if (scratch_.loop) m_.set(Event::kInfiniteLoop);
    if (scratch_.forward) m_.set(Event::kForwardPointer);
    if (scratch_.too_many_labels) m_.set(Event::kTooManyLabels);
    if (scratch_.over_255) m_.set(Event::kNameOver255);
    if (!whole) return false;
    const std::size_t used = m_.text_.size();
    if (used + scratch_.size > limits_.name_bytes ||
        !m_.text_.append({scratch_.bytes.data(), scratch_.size})) {
      full_ = true;
      m_.set(Event::kNamesTooLarge);
      return true;
    }
    out = {static_cast<std::uint32_t>(used), scratch_.size, scratch_.truncated};
    return true;
  }

  /// Rules ask for the n-th name: list those that are there, once.
  void list_names() noexcept {
    std::uint32_t n = 0;
    const auto add = [&](Name name) {
      if (name.size != 0) std::construct_at(m_.names_ + n++, name);
    };
    for (const Question& q : m_.questions) add(q.name);
    for (unsigned s = 0; s < kSections; ++s) {
      m_.name_lists_[s + 1] = n;
      for (const Record& r : m_.records[s]) add(r.name);
    }
    m_.name_lists_[4] = n;
    for (const auto& section : m_.records) {
      for (const Record& r : section) {
        add(r.target);
        add(r.second);
      }
    }
    m_.name_lists_[5] = n;
  }

  Message& m_;
  const Limits& limits_;
  const Bytes wire_;
  std::size_t at_ = kHeaderSize;
  Question* questions_ = nullptr;
  Record* records_ = nullptr;
  std::size_t question_room_ = 0, records_used_ = 0;
  std::array<std::size_t, kSections> record_room_{};
  bool full_ = false;
  NameText scratch_;
};

bool parse(Bytes wire, const Limits& limits, Message& out) noexcept {
  Cursor c(wire);
  const Header h = read_header(c);
  if (!c.ok() || wire.size() > kMaxMessage || !plausible(h, wire.size())) return false;
  out.header = h;
  out.wire = wire;
  if ((h.flags & 0x0040) != 0) out.set(Event::kZFlagSet);
  if (h.opcode() >= 7) out.set(Event::kInvalidOpcode);
  MessageReader(out, limits).read();
  return true;
}

namespace {

enum class Walk : std::uint8_t { kWhole, kLong, kCutOff, kBroken };

/// Moves `at` behind a name of labels that make sense. kLong: it is beyond kMaxName already.
Walk walk_name(Bytes seen, std::size_t& at) noexcept {
  const std::size_t start = at;
  while (at < seen.size()) {
    const std::uint8_t c = seen[at];
    if (c == 0 || is_pointer(c)) {
      at += c == 0 ? 1 : 2;
      return at <= seen.size() ? Walk::kWhole : Walk::kCutOff;
    }
    if ((c & 0xc0) != 0) return Walk::kBroken;
    at += 1U + c;
    if (at - start > kMaxName) return Walk::kLong;
  }
  return Walk::kCutOff;
}

/// Is all of `message` there, to its last byte, with nothing known of its first question?
Probe probe_to_the_end(const Header& h, Bytes message) noexcept {
  std::size_t at = kHeaderSize;
  const std::size_t records = std::size_t{h.counts[1]} + h.counts[2] + h.counts[3];
  for (std::size_t i = 0; i < h.counts[0] + records; ++i) {
    if (!skip_name(message, at)) return Probe::kNo;
    Cursor c(message.subspan(at));
    c.skip(4);
    if (i >= h.counts[0]) {
      c.skip(4);
      c.skip(c.u16be());
    }
    if (!c.ok()) return Probe::kNo;
    at += c.offset();
  }
  return at == message.size() ? Probe::kYes : Probe::kNo;
}

/// One question, and flags as everyday messages have them.
bool everyday(const Header& h) noexcept {
  const std::uint8_t opcode = h.opcode();
  if (h.counts[0] != 1 || (h.flags & 0x0040) != 0 || (opcode != 0 && opcode != 4 && opcode != 5))
    return false;
  return h.is_response() || (h.rcode() == 0 && (opcode != 0 || h.counts[1] == 0));
}

/// `seen` is the front of a message of `size` bytes. `strict`: an everyday message of known type and class,
/// for where any byte may be the first. Names are only stepped over, and only one of them unless its class is
/// not in use.
Probe probe_message(Direction dir, Bytes seen, std::size_t size, bool strict) noexcept {
  Cursor c(seen);
  const Header h = read_header(c);
  if (!c.ok()) return size < kHeaderSize ? Probe::kNo : Probe::kUnsure;
  // A reply on the way to the server is a flow that stands the wrong way round: the engine asks for that,
  // too.
  if (!plausible(h, size) || h.is_response() != (dir == Direction::kToClient)) return Probe::kNo;
  if (strict && !everyday(h)) return Probe::kNo;
  if (h.counts[0] == 0 && size == kHeaderSize) {
    // A bare error: little to go by, so nothing in it may be odd.
    const bool plain = h.opcode() == 0 && (h.flags & 0x0040) == 0 && h.rcode() >= 1 && h.rcode() <= 5;
    return plain ? Probe::kYes : Probe::kNo;
  }
  const Probe if_cut_off = seen.size() < size ? Probe::kUnsure : Probe::kNo;
  if (h.counts[0] != 0) {
    std::size_t at = kHeaderSize;
    switch (walk_name(seen, at)) {
      case Walk::kBroken:
        return Probe::kNo;
      case Walk::kCutOff:
        return if_cut_off;
      case Walk::kLong:
        return Probe::kYes;  // over a thousand bytes of labels behind counts that fit
      case Walk::kWhole:
        break;
    }
    Cursor q(seen.subspan(at));
    const std::uint16_t type = q.u16be();
    const std::uint16_t klass = q.u16be();
    if (!q.ok()) return if_cut_off;
    if (strict) return known_class(klass) && !type_name(type).empty() ? Probe::kYes : Probe::kNo;
    if (known_class(klass)) return Probe::kYes;
  }
  return seen.size() < size ? Probe::kUnsure : probe_to_the_end(h, seen);
}

Probe probe_framed(Direction dir, Bytes seen, bool strict) noexcept {
  Cursor c(seen);
  const std::size_t size = c.u16be();
  if (!c.ok()) return Probe::kUnsure;
  if (size < kHeaderSize) return Probe::kNo;
  return probe_message(dir, seen.subspan(2, std::min(size, seen.size() - 2)), size, strict);
}

}  // namespace

Probe probe(Transport transport, Direction dir, Bytes first) noexcept {
  return transport == Transport::kUdp ? probe_message(dir, first, first.size(), false)
                                      : probe_framed(dir, first, false);
}

Probe probe_behind_gap(Direction dir, Bytes stream) noexcept { return probe_framed(dir, stream, true); }

}  // namespace picket::dns
