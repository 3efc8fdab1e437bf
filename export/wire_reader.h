// export/wire_reader.h — Protobuf's wire format read field by field from borrowed bytes, without message
// objects
//
//   WireReader in(record);
//   for (WireField f; in.next(f);) ...
//   if (!in.ok()) ...  // the bytes were cut short or malformed
//
// Refuses groups (wire types 3 and 4): no proto3 schema writes them. Padded varints are taken.
// Lives   no longer than the bytes; WireField::bytes points into them
#pragma once
#include <cstring>

#include "parsers/core/bytes.h"

namespace picket {

struct WireField {
  std::uint32_t number = 0;
  std::uint8_t type = 0;    ///< 0 varint, 1 eight bytes, 2 length-delimited, 5 four bytes
  std::uint64_t value = 0;  ///< types 0, 1, 5
  Bytes bytes;              ///< type 2
};

class WireReader {
 public:
  explicit WireReader(Bytes in) noexcept : at_(in.data()), end_(in.data() + in.size()) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] bool empty() const noexcept { return at_ == end_; }
  [[nodiscard]] std::size_t left() const noexcept { return static_cast<std::size_t>(end_ - at_); }

  /// The next field; false at the end and on malformed bytes.
  bool next(WireField& f) noexcept {
    if (at_ == end_) return false;
    const std::uint64_t tag = varint();
    f.number = static_cast<std::uint32_t>(tag >> 3);
    f.type = static_cast<std::uint8_t>(tag & 7);
    if (f.number == 0 || tag > 0xffffffffU) return fail();
    switch (f.type) {
      case 0:
        f.value = varint();
        break;
      case 1:
        f.value = fixed<std::uint64_t>();
        break;
      case 2:
        f.bytes = bytes(varint());
        break;
      case 5:
        f.value = fixed<std::uint32_t>();
        break;
      default:
        return fail();
    }
    return ok_;
  }

  std::uint64_t varint() noexcept {
    if (at_ != end_ && *at_ < 0x80) return *at_++;
    std::uint64_t v = 0;
    for (unsigned shift = 0; shift < 64 && at_ != end_; shift += 7) {
      const std::uint8_t b = *at_++;
      v |= std::uint64_t{b & 0x7fU} << shift;
      if (b < 0x80) return v;
    }
    fail();
    return 0;
  }
  template <class T>
  std::uint64_t fixed() noexcept {
    if (left() < sizeof(T)) return fail(), std::uint64_t{0};
    T v;
    std::memcpy(&v, at_, sizeof v);
    at_ += sizeof v;
    return v;
  }
  Bytes bytes(std::uint64_t n) noexcept {
    if (n > left()) return fail(), Bytes{};
    const Bytes b{at_, static_cast<std::size_t>(n)};
    at_ += n;
    return b;
  }

 private:
  bool fail() noexcept {
    ok_ = false;
    at_ = end_;
    return false;
  }

  const std::uint8_t* at_;
  const std::uint8_t* end_;
  bool ok_ = true;
};

}  // namespace picket
