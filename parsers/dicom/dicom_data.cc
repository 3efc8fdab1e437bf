// Command sets and data sets: elements, one after the other.
#include <algorithm>

#include "parsers/dicom/dicom.h"

namespace picket::dicom {
namespace {

constexpr std::uint32_t kUndefined = 0xffffffff;
constexpr std::uint32_t kItem = 0xfffee000, kItemEnd = 0xfffee00d, kSequenceEnd = 0xfffee0dd;
constexpr std::uint32_t kPixels = 0x7fe00000;

constexpr std::uint32_t vr(char a, char b) noexcept {
  return static_cast<std::uint32_t>(static_cast<unsigned char>(a)) << 8 | static_cast<unsigned char>(b);
}

/// Value representations whose length has four bytes, behind two that are reserved.
bool long_vr(std::uint32_t v) noexcept {
  constexpr std::uint32_t kLong[] = {vr('O', 'B'), vr('O', 'D'), vr('O', 'F'), vr('O', 'L'), vr('O', 'V'),
                                     vr('O', 'W'), vr('S', 'Q'), vr('S', 'V'), vr('U', 'C'), vr('U', 'N'),
                                     vr('U', 'R'), vr('U', 'T'), vr('U', 'V')};
  return std::find(std::begin(kLong), std::end(kLong), v) != std::end(kLong);
}
bool letter(std::uint8_t c) noexcept { return c >= 'A' && c <= 'Z'; }

struct NamedAttribute {
  std::uint32_t tag;
  Attribute attribute;
};
constexpr NamedAttribute kKept[] = {
    {0x00080016, Attribute::kSopClass},     {0x00080018, Attribute::kSopInstance},
    {0x00080052, Attribute::kLevel},        {0x00080054, Attribute::kRetrieveAe},
    {0x00080055, Attribute::kStationAe},    {0x00080060, Attribute::kModality},
    {0x00080070, Attribute::kManufacturer}, {0x00080080, Attribute::kInstitution},
    {0x00081010, Attribute::kStation},      {0x00081090, Attribute::kModel},
    {0x00181000, Attribute::kSerial},       {0x00181020, Attribute::kSoftware},
    {0x0020000d, Attribute::kStudy},        {0x0020000e, Attribute::kSeries},
    {0x00400001, Attribute::kScheduledAe},
};
static_assert(std::size(kKept) == kAttributes);

}  // namespace

bool interpret(Bytes set, Command& out) noexcept {
  out = {};
  out.bytes = set;
  Cursor c(set);
  while (!c.empty()) {
    const std::uint16_t group = c.u16le(), element = c.u16le();
    const std::uint32_t length = c.u32le();
    const Bytes value = c.bytes(length);
    if (!c.ok() || group != 0) return false;
    std::uint16_t* number = nullptr;
    std::uint32_t has = 0;
    const auto is = [&](std::uint16_t& n, std::uint32_t bit) {
      number = &n;
      has = bit;
    };
    switch (element) {
      case 0x0002:
      case 0x0003:
        out.sop_class = unpadded(value);
        break;
      case 0x0100:
        is(out.field, kHasField);
        break;
      case 0x0110:
        is(out.message_id, kHasMessageId);
        break;
      case 0x0120:
        is(out.responded, kHasResponded);
        break;
      case 0x0600:
        out.destination = unpadded(value);
        break;
      case 0x0700:
        is(out.priority, kHasPriority);
        break;
      case 0x0800:
        is(out.data_set_type, kHasDataSetType);
        break;
      case 0x0900:
        is(out.status, kHasStatus);
        break;
      case 0x0901:
        out.offending = value;
        break;
      case 0x0902:
        out.comment = unpadded(value);
        break;
      case 0x0903:
        is(out.error_id, kHasErrorId);
        break;
      case 0x1000:
      case 0x1001:
        out.sop_instance = unpadded(value);
        break;
      case 0x1002:
        is(out.event_type, kHasEventType);
        break;
      case 0x1005:
        out.attributes = value;
        break;
      case 0x1008:
        is(out.action_type, kHasActionType);
        break;
      case 0x1020:
        is(out.remaining, kHasRemaining);
        break;
      case 0x1021:
        is(out.completed, kHasCompleted);
        break;
      case 0x1022:
        is(out.failed, kHasFailed);
        break;
      case 0x1023:
        is(out.warning, kHasWarning);
        break;
      case 0x1030:
        out.originator = unpadded(value);
        break;
      case 0x1031:
        is(out.originator_id, kHasOriginatorId);
        break;
      default:
        break;
    }
    if (number == nullptr) continue;
    Cursor v(value);
    *number = v.u16le();
    if (!v.ok() || !v.empty()) return false;
    out.has |= has;
  }
  if ((out.has & kHasField) == 0 || (out.has & kHasDataSetType) == 0) return false;
  const bool answers = out.is_response() || out.does(Operation::kCancel);
  return (out.has & (answers ? kHasResponded : kHasMessageId)) != 0 &&
         (!out.is_response() || (out.has & kHasStatus) != 0);
}

bool tag_at(Bytes tags, unsigned n, std::uint32_t& tag) noexcept {
  Cursor c(tags);
  c.skip(std::size_t{4} * n);
  const std::uint16_t group = c.u16le();
  tag = std::uint32_t{group} << 16 | c.u16le();
  return c.ok();
}

StatusKind status_kind(std::uint16_t s) noexcept {
  if (s == 0) return StatusKind::kSuccess;
  if ((s & 0xff00) == 0xff00) return StatusKind::kPending;
  if (s == 0xfe00) return StatusKind::kCancel;
  if (s == 0x0001 || (s & 0xf000) == 0xb000 || s == 0x0107 || s == 0x0116) return StatusKind::kWarning;
  return StatusKind::kFailure;
}

ElementReader::ElementReader(Bytes set, Encoding e) noexcept : in_(set) {
  big_ = e == Encoding::kExplicitBig;
  explicit_ = e == Encoding::kExplicitLittle || big_;
  over_ = e == Encoding::kDeflated;
  // Where the association was not seen: a VR is two capital letters, and a length of so many bytes would be odd.
  if (e == Encoding::kUnknown && set.size() >= 8) {
    explicit_ = letter(set[4]) && letter(set[5]);
    big_ = explicit_ && set[0] == 0 && set[1] != 0;
  }
}

bool ElementReader::stop(bool wrong) noexcept {
  over_ = true;
  wrong_ = wrong;
  return false;
}

bool ElementReader::next(Element& out) noexcept {
  while (!over_) {
    while (depth_ > 0 && in_.offset() >= ends_[depth_ - 1]) --depth_;
    if (in_.left() < 8) return stop(false);  // its end, or where the head was cut
    const std::uint16_t group = u16();
    const std::uint32_t tag = std::uint32_t{group} << 16 | u16();
    if (tag >= kPixels && tag < kItem) return stop(false);
    std::uint32_t length = 0;
    bool sequence = false;
    if (tag == kItem || tag == kItemEnd || tag == kSequenceEnd || !explicit_) {
      length = u32();
    } else {
      const std::uint8_t a = in_.u8(), b = in_.u8();
      if (!letter(a) || !letter(b)) return stop(true);
      const std::uint32_t v = vr(static_cast<char>(a), static_cast<char>(b));
      sequence = v == vr('S', 'Q');
      if (long_vr(v)) {
        in_.skip(2);
        if (in_.left() < 4) return stop(false);
        length = u32();
      } else {
        length = u16();
      }
    }
    if (tag == kItem) continue;  // its elements follow
    if (tag == kItemEnd) continue;
    if (tag == kSequenceEnd) {
      if (depth_ > 0) --depth_;
      continue;
    }
    // Without a VR a sequence shows by its first item.
    if (!explicit_ && length >= 8 && in_.left() >= 4) {
      const Bytes first = in_.rest().first(4);
      sequence = first[0] == 0xfe && first[1] == 0xff && first[2] == 0x00 && first[3] == 0xe0;
    }
    sequence = sequence || length == kUndefined;
    out = {};
    out.tag = tag;
    out.depth = depth_;
    out.sequence = sequence;
    if (sequence) {
      if (depth_ == kMaxDepth) return stop(false);
      ends_[depth_++] = length == kUndefined ? ~std::size_t{0} : in_.offset() + length;
      return true;
    }
    if (length > in_.left()) {
      out.cut = true;
      out.value = in_.rest();
      stop(false);
      return true;
    }
    out.value = in_.bytes(length);
    return true;
  }
  return false;
}

bool is_key(const Element& e) noexcept {
  if (e.sequence || e.cut || (e.tag & 0xffff) == 0 || unpadded(e.value).empty()) return false;
  return e.tag != 0x00080005 && e.tag != 0x00080052 && e.tag != 0x00080053 && e.tag >= 0x00080000;
}

void read_head(DataSet& d) noexcept {
  d.values = {};
  d.elements = d.keys = 0;
  ElementReader elements(d.head, d.encoding);
  Element e;
  while (elements.next(e)) {
    ++d.elements;
    if (is_key(e)) ++d.keys;
    if (e.cut || e.sequence) continue;
    for (const NamedAttribute& kept : kKept) {
      if (kept.tag != e.tag) continue;
      // What stands in a sequence is about something else, but for what a worklist asks for.
      const bool scheduled =
          kept.attribute == Attribute::kScheduledAe || kept.attribute == Attribute::kModality;
      Bytes& value = d.values[static_cast<std::size_t>(kept.attribute)];
      if ((e.depth == 0 || scheduled) && value.empty()) value = unpadded(e.value);
    }
  }
  d.wrong = elements.wrong();
}

}  // namespace picket::dicom
