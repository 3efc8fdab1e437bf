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
    tag(field, 0);
    varint(v);
  }
  void i64(int field, std::int64_t v) noexcept { u64(field, static_cast<std::uint64_t>(v)); }
  void boolean(int field, bool v) noexcept { u64(field, v ? 1 : 0); }
  void fixed64(int field, std::uint64_t v) noexcept {
    tag(field, 1);
    raw({reinterpret_cast<const std::uint8_t*>(&v), 8});
  }
  void f64(int field, double v) noexcept {
    std::uint64_t bits;
    std::memcpy(&bits, &v, 8);
    fixed64(field, bits);
  }
  /// string and bytes fields. What comes from the network belongs in a bytes field: it may not be UTF-8.
  void bytes(int field, Bytes b) noexcept {
    tag(field, 2);
    varint(b.size());
    raw(b);
  }
  void text(int field, std::string_view s) noexcept { bytes(field, as_bytes(s)); }
  /// One value that lies in several places.
  void bytes(int field, Bytes first, Bytes second, Bytes third = {}) noexcept {
    tag(field, 2);
    varint(first.size() + second.size() + third.size());
    raw(first);
    raw(second);
    raw(third);
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
  void append(Bytes encoded) noexcept { raw(encoded); }

  /// A sub-message: everything written until the guard goes belongs to it.
  class Message {
   public:
    Message(WireWriter& w, int field) noexcept : w_(w) {
      w_.tag(field, 2);
      start_ = w_.at_;
      w_.skip(kLengthBytes);
    }
    ~Message() {
      if (w_.ok_) set_length(w_.out_.data() + start_ + kLengthBytes, w_.at_ - start_ - kLengthBytes);
    }
    Message(const Message&) = delete;
    Message& operator=(const Message&) = delete;

   private:
    WireWriter& w_;
    std::size_t start_;
  };
  [[nodiscard]] Message message(int field) noexcept { return Message(*this, field); }

 private:
  static constexpr std::size_t kLengthBytes = 3;  // messages up to 2 MiB; records are smaller

  void tag(int field, unsigned wire_type) noexcept {
    varint(static_cast<std::uint64_t>(field) << 3 | wire_type);
  }
  void varint(std::uint64_t v) noexcept {
    if (out_.size() - at_ < 10) return fail();
    while (v >= 0x80) {
      out_[at_++] = static_cast<std::uint8_t>(v | 0x80);
      v >>= 7;
    }
    out_[at_++] = static_cast<std::uint8_t>(v);
  }
  void raw(Bytes b) noexcept {
    if (b.size() > out_.size() - at_) return fail();
    if (!b.empty()) std::memcpy(out_.data() + at_, b.data(), b.size());
    at_ += b.size();
  }
  void skip(std::size_t n) noexcept {
    if (n > out_.size() - at_) return fail();
    at_ += n;
  }
  void fail() noexcept {
    ok_ = false;
    at_ = out_.size();
  }

  std::span<std::uint8_t> out_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

}  // namespace picket
