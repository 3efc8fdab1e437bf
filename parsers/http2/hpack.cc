#include "parsers/http2/hpack.h"

#include <algorithm>
#include <cstring>

namespace picket::http2 {
namespace {

struct StaticField {
  std::string_view name, value;
};

/// RFC 7541, Appendix A; the first is number 1.
constexpr StaticField kStatic[] = {
    {":authority", ""},
    {":method", "GET"},
    {":method", "POST"},
    {":path", "/"},
    {":path", "/index.html"},
    {":scheme", "http"},
    {":scheme", "https"},
    {":status", "200"},
    {":status", "204"},
    {":status", "206"},
    {":status", "304"},
    {":status", "400"},
    {":status", "404"},
    {":status", "500"},
    {"accept-charset", ""},
    {"accept-encoding", "gzip, deflate"},
    {"accept-language", ""},
    {"accept-ranges", ""},
    {"accept", ""},
    {"access-control-allow-origin", ""},
    {"age", ""},
    {"allow", ""},
    {"authorization", ""},
    {"cache-control", ""},
    {"content-disposition", ""},
    {"content-encoding", ""},
    {"content-language", ""},
    {"content-length", ""},
    {"content-location", ""},
    {"content-range", ""},
    {"content-type", ""},
    {"cookie", ""},
    {"date", ""},
    {"etag", ""},
    {"expect", ""},
    {"expires", ""},
    {"from", ""},
    {"host", ""},
    {"if-match", ""},
    {"if-modified-since", ""},
    {"if-none-match", ""},
    {"if-range", ""},
    {"if-unmodified-since", ""},
    {"last-modified", ""},
    {"link", ""},
    {"location", ""},
    {"max-forwards", ""},
    {"proxy-authenticate", ""},
    {"proxy-authorization", ""},
    {"range", ""},
    {"referer", ""},
    {"refresh", ""},
    {"retry-after", ""},
    {"server", ""},
    {"set-cookie", ""},
    {"strict-transport-security", ""},
    {"transfer-encoding", ""},
    {"user-agent", ""},
    {"vary", ""},
    {"via", ""},
    {"www-authenticate", ""},
};
static_assert(std::size(kStatic) == 61);

}  // namespace

DynamicTable::~DynamicTable() {
  pool_.release(bytes_, room_);
  pool_.release(entries_, places_ * sizeof(Entry));
}

void DynamicTable::drop_oldest() noexcept {
  const Entry& e = entry(0);
  size_ -= e.name + e.value + kOverhead;
  first_ = (first_ + 1) & (places_ - 1);
  --count_;
}

void DynamicTable::set_capacity(std::uint32_t bytes) noexcept {
  capacity_ = bytes;
  while (size_ > capacity_) drop_oldest();
}

bool DynamicTable::get(std::uint32_t i, Bytes& name, Bytes& value) const noexcept {
  if (i >= count_) return false;
  const Entry& e = entry(count_ - 1 - i);
  name = {bytes_ + e.at, e.name};
  value = {bytes_ + e.at + e.name, e.value};
  return true;
}

/// Room for one more field of that many bytes. What is held never passes half of the ring, so that a field that
/// does not fit behind the others fits at the front.
bool DynamicTable::make_room(std::uint32_t bytes) noexcept {
  if (count_ == places_) {
    const std::uint32_t more = places_ == 0 ? 16 : places_ * 2;
    auto* entries = static_cast<Entry*>(pool_.allocate(more * sizeof(Entry)));
    if (entries == nullptr) return false;
    for (std::uint32_t i = 0; i < count_; ++i) entries[i] = entry(i);
    pool_.release(entries_, places_ * sizeof(Entry));
    entries_ = entries;
    places_ = more;
    first_ = 0;
  }
  const std::uint32_t held = size_ - count_ * kOverhead;
  if (std::uint64_t{held + bytes} * 2 > room_) {
    std::uint32_t more = std::max<std::uint32_t>(room_, 512);
    while (more < std::uint64_t{held + bytes} * 2) more *= 2;
    auto* ring = static_cast<std::uint8_t*>(pool_.allocate(more));
    if (ring == nullptr) return false;
    std::uint32_t at = 0;
    for (std::uint32_t i = 0; i < count_; ++i) {
      Entry& e = entry(i);
      std::memcpy(ring + at, bytes_ + e.at, e.name + e.value);
      e.at = at;
      at += e.name + e.value;
    }
    pool_.release(bytes_, room_);
    bytes_ = ring;
    room_ = more;
    next_ = at;
  }
  if (next_ + bytes > room_) next_ = 0;
  return true;
}

bool DynamicTable::insert(Bytes name, Bytes value) noexcept {
  const std::uint64_t size = name.size() + value.size() + kOverhead;
  if (size > capacity_) {  // RFC 7541, §4.4: that empties the table, and is no error
    while (count_ > 0) drop_oldest();
    return true;
  }
  while (size_ + size > capacity_) drop_oldest();
  const auto bytes = static_cast<std::uint32_t>(size - kOverhead);
  if (!make_room(bytes)) return false;
  Entry& e = entry(count_);
  e = {next_, static_cast<std::uint32_t>(name.size()), static_cast<std::uint32_t>(value.size())};
  if (!name.empty()) std::memcpy(bytes_ + e.at, name.data(), name.size());
  if (!value.empty()) std::memcpy(bytes_ + e.at + e.name, value.data(), value.size());
  next_ += bytes;
  size_ += static_cast<std::uint32_t>(size);
  ++count_;
  return true;
}

bool HpackDecoder::lookup(std::uint32_t index, Bytes& name, Bytes& value) const noexcept {
  if (index == 0) return false;
  if (index > std::size(kStatic))
    return table_.get(index - 1 - static_cast<std::uint32_t>(std::size(kStatic)), name, value);
  name = as_bytes(kStatic[index - 1].name);
  value = as_bytes(kStatic[index - 1].value);
  return true;
}

/// RFC 7541, §5.1. `first` was read; the number's first bits are its lowest `prefix` ones.
HpackDecoder::Read HpackDecoder::integer(Cursor& c, std::uint8_t first, unsigned prefix, std::uint32_t& out,
                                         FieldSink& sink) noexcept {
  constexpr std::uint64_t kLargest = 0x7fffffff;
  constexpr unsigned kMostBytes = 5;
  const std::uint8_t mask = static_cast<std::uint8_t>((1U << prefix) - 1);
  std::uint64_t value = first & mask;
  if (value == mask) {
    for (unsigned i = 0;; ++i) {
      if (i == kMostBytes) return sink.odd(Event::kIntegerOverflow), Read::kBad;
      if (c.empty()) return Read::kMore;
      const std::uint8_t b = c.u8();
      value += std::uint64_t{b & 0x7fU} << (7 * i);
      if (value > kLargest) return sink.odd(Event::kIntegerOverflow), Read::kBad;
      if ((b & 0x80) == 0) break;
    }
  }
  out = static_cast<std::uint32_t>(value);
  return Read::kDone;
}

/// RFC 7541, §5.2: where a string is, as it was sent.
HpackDecoder::Read HpackDecoder::string(Cursor& c, String& out, FieldSink& sink) noexcept {
  if (c.empty()) return Read::kMore;
  const std::uint8_t first = c.u8();
  std::uint32_t size = 0;
  const Read r = integer(c, first, 7, size, sink);
  if (r != Read::kDone) return r;
  if (size > kMaxString) return sink.odd(Event::kReassemblyLimit), Read::kBad;
  if (size > c.left()) return Read::kMore;
  out = {c.bytes(size), (first & 0x80) != 0};
  return Read::kDone;
}

/// False: it is not in the code that it says, or no memory.
bool HpackDecoder::undo(const String& s, PoolBuffer& scratch, Bytes& out, FieldSink& sink) noexcept {
  out = s.sent;
  if (!s.huffman) return true;
  if (!scratch.reserve(decoded_room(s.sent.size()))) return sink.odd(Event::kOutOfMemory), false;
  std::size_t decoded = 0;
  if (!huffman_decode(s.sent, scratch.data(), decoded)) return sink.odd(Event::kInvalidHuffman), false;
  scratch.resize(decoded);
  out = scratch.view();
  return true;
}

/// RFC 7541, §6.
HpackDecoder::Read HpackDecoder::one(Cursor& c, FieldSink& sink) noexcept {
  const std::uint8_t first = c.u8();
  std::uint32_t number = 0;
  Bytes name, value;
  if ((first & 0x80) != 0) {
    const Read r = integer(c, first, 7, number, sink);
    if (r != Read::kDone) return r;
    if (!lookup(number, name, value)) return sink.odd(Event::kInvalidHeaderIndex), Read::kBad;
    fields_ = true;
    sink.field(name, value);
    return Read::kDone;
  }
  if ((first & 0xe0) == 0x20) {
    const Read r = integer(c, first, 5, number, sink);
    if (r != Read::kDone) return r;
    if (fields_) sink.odd(Event::kInvalidSizeUpdate);
    if (number > allowed_)
      sink.odd(Event::kInvalidSizeUpdate);
    else if (number > table_cap_)
      sink.odd(Event::kTableLimit);
    sink.table_size(number);
    table_.set_capacity(std::min(number, table_cap_));
    return Read::kDone;
  }
  const bool keep = (first & 0x40) != 0;
  Read r = integer(c, first, keep ? 6 : 4, number, sink);
  if (r != Read::kDone) return r;
  Bytes unused;
  if (number != 0 && !lookup(number, name, unused)) return sink.odd(Event::kInvalidHeaderIndex), Read::kBad;
  // Nothing is decoded before all of the field is there: it comes again with each fragment until then.
  String sent_name, sent_value;
  if (number == 0) {
    r = string(c, sent_name, sink);
    if (r != Read::kDone) return r;
  }
  r = string(c, sent_value, sink);
  if (r != Read::kDone) return r;
  if (number == 0) {
    if (!undo(sent_name, name_, name, sink)) return Read::kBad;
  } else if (keep && number > std::size(kStatic)) {  // the table is about to move
    name_.clear();
    if (!name_.append(name)) return sink.odd(Event::kOutOfMemory), Read::kBad;
    name = name_.view();
  }
  if (!undo(sent_value, value_, value, sink)) return Read::kBad;
  fields_ = true;
  sink.field(name, value);
  if (keep && !table_.insert(name, value)) return sink.odd(Event::kOutOfMemory), Read::kBad;
  return Read::kDone;
}

std::size_t HpackDecoder::decode(Bytes in, FieldSink& sink) noexcept {
  std::size_t used = 0;
  while (used < in.size() && !lost_) {
    Cursor c(in.subspan(used));
    const Read r = one(c, sink);
    if (r == Read::kMore) break;
    if (r == Read::kBad) lost_ = true;
    used += c.offset();
  }
  constexpr std::size_t kKeep = 4096;
  for (PoolBuffer* b : {&name_, &value_}) {
    if (b->capacity() > kKeep) b->reset();
  }
  return lost_ ? in.size() : used;
}

}  // namespace picket::http2
