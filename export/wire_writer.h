// export/wire_writer.h — Protobuf's wire format written straight into borrowed memory, field by field
//
// The generated classes allocate; workers may not. Field numbers come from the generated headers
// (kUnitFieldNumber), so the .proto files stay the only list of fields. A write that does not fit fails the
// writer, and it stays failed: the caller asks ok() once at the end, counts the record as too large, and
// nothing half-written leaves.
//
// Cost    a few ns a field; no allocation, no exception
// Source  protobuf.dev/programming-guides/encoding; sub-message lengths are padded varints, which every
// decoder takes
#pragma once
#include <cstring>
#include <string_view>

#include "parsers/core/bytes.h"

namespace picket {

class WireWriter {
 public:
  explicit WireWriter(std::span<std::uint8_t> out) noexcept : out_(out) {}

  [[nodiscard]] bool ok() const noexcept { return ok_; }
  [[nodiscard]] std::size_t size() const noexcept { return at_; }

  /// uint32, uint64, bool and enum fields. Zero is written too: presence in EVE follows from being written.
  void u64(int field, std::uint64_t v) noexcept {
    if (std::uint8_t* p = room(kMaxTag + kMaxVarint)) wrote(put_varint(put_varint(p, tag_of(field, 0)), v));
  }
  void i64(int field, std::int64_t v) noexcept { u64(field, static_cast<std::uint64_t>(v)); }
  void boolean(int field, bool v) noexcept { u64(field, v ? 1 : 0); }
  void fixed64(int field, std::uint64_t v) noexcept {
    std::uint8_t* p = room(kMaxTag + sizeof v);
    if (p == nullptr) return;
    p = put_varint(p, tag_of(field, 1));
    std::memcpy(p, &v, sizeof v);
    wrote(p + sizeof v);
  }
  void f64(int field, double v) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, &v, 8);
    fixed64(field, bits);
  }
  /// string and bytes fields. What comes from the network belongs in a bytes field: it may not be UTF-8.
  void bytes(int field, Bytes b) noexcept {
    if (std::uint8_t* p = room(kMaxTag + kMaxLength + b.size()))
      wrote(put_bytes(put_varint(put_varint(p, tag_of(field, 2)), b.size()), b));
  }
  void text(int field, std::string_view s) noexcept { bytes(field, as_bytes(s)); }
  /// One value that lies in several places.
  void bytes(int field, Bytes first, Bytes second, Bytes third = {}) noexcept {
    const std::size_t n = first.size() + second.size() + third.size();
    std::uint8_t* p = room(kMaxTag + kMaxLength + n);
    if (p == nullptr) return;
    p = put_varint(put_varint(p, tag_of(field, 2)), n);
    wrote(put_bytes(put_bytes(put_bytes(p, first), second), third));
  }

  /// The same with a dot for what cannot be printed.
  void printable(int field, Bytes first, Bytes second, Bytes third = {}) noexcept {
    const std::size_t n = first.size() + second.size() + third.size();
    bytes(field, first, second, third);
    if (!ok_) return;
    for (std::uint8_t& c : out_.subspan(at_ - n, n)) {
      if ((c < 0x20 || c > 0x7e) && c != '\r' && c != '\n') c = '.';
    }
  }

  /// Of a sub-message that message() wrote, when more was added at its end: the length that stands right before
  /// `content`.
  static void set_length(std::uint8_t* content, std::size_t n) noexcept {
    std::uint8_t* const at = content - kLengthBytes;
    for (std::size_t i = 0; i < kLengthBytes; ++i, n >>= 7)
      at[i] = static_cast<std::uint8_t>((n & 0x7f) | (i + 1 < kLengthBytes ? 0x80 : 0));
  }

  /// Fields that were encoded before.
  void append(Bytes encoded) noexcept {
    if (std::uint8_t* p = room(encoded.size())) wrote(put_bytes(p, encoded));
  }

  /// A sub-message: everything written until the guard goes belongs to it.
  class Message {
   public:
    Message(WireWriter& w, int field) noexcept : w_(w) {
      std::uint8_t* p = w_.room(kMaxTag + kLengthBytes);
      if (p == nullptr) return;
      p = put_varint(p, tag_of(field, 2));
      start_ = static_cast<std::size_t>(p - w_.out_.data());
      w_.wrote(p + kLengthBytes);
    }
    ~Message() {
      if (w_.ok_) set_length(w_.out_.data() + start_ + kLengthBytes, w_.at_ - start_ - kLengthBytes);
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

   private:
    WireWriter& w_;
    std::size_t start_ = 0;
  };
  [[nodiscard]] Message message(int field) noexcept { return Message(*this, field); }

 private:
  static constexpr std::size_t kLengthBytes = 3;  // messages up to 2 MiB; records are smaller

  /// Bytes of a varint: of 64 bits, of a tag (field numbers have 29 bits), of a length (32
  /// bits are more than there is room).
  static constexpr std::size_t kMaxVarint = 10, kMaxTag = 5, kMaxLength = 5;

  static constexpr std::uint64_t tag_of(int field, unsigned wire_type) noexcept {
    return static_cast<std::uint64_t>(field) << 3 | wire_type;
  }
  /// Where n bytes fit; nullptr, and the writer has failed, where they do not. What is written there goes by way of a
  /// pointer of the caller's own and ends with wrote(): a store of bytes might be one into this object, so that its
  /// members would have to be loaded again after each.
  std::uint8_t* room(std::size_t n) noexcept {
    if (out_.size() - at_ < n) [[unlikely]] {
      ok_ = false;
      at_ = out_.size();
      return nullptr;
    }
    return out_.data() + at_;
  }
  void wrote(const std::uint8_t* end) noexcept { at_ = static_cast<std::size_t>(end - out_.data()); }

  static std::uint8_t* put_varint(std::uint8_t* p, std::uint64_t v) noexcept {
    while (v >= 0x80) {
      *p++ = static_cast<std::uint8_t>(v | 0x80);
      v >>= 7;
    }
    *p++ = static_cast<std::uint8_t>(v);
    return p;
  }
  /// Most values are short: two copies of known size that may overlap are no call.
  static std::uint8_t* put_bytes(std::uint8_t* p, Bytes b) noexcept {
    const std::size_t n = b.size();
    if (n > 16) {
      std::memcpy(p, b.data(), n);
    } else if (n >= 8) {
      put_ends<std::uint64_t>(p, b);
    } else if (n >= 4) {
      put_ends<std::uint32_t>(p, b);
    } else {
      for (std::size_t i = 0; i < n; ++i) p[i] = b[i];
    }
    return p + n;
  }
  template <class Word>
  static void put_ends(std::uint8_t* p, Bytes b) noexcept {
    Word first, last;
    std::memcpy(&first, b.data(), sizeof first);
    std::memcpy(&last, b.data() + b.size() - sizeof last, sizeof last);
    std::memcpy(p, &first, sizeof first);
    std::memcpy(p + b.size() - sizeof last, &last, sizeof last);
  }
  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace picket
