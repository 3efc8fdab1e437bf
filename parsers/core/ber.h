// parsers/core/ber.h — BER, the basic encoding rules of ASN.1 (X.690, §8), as MMS, SNMP, LDAP and GOOSE have it
//
//      | tag: class 2 bits, constructed, number 5 bits or 31 and more bytes | length: 1 byte, or 0x80 + n and n bytes | content |
//
// In      bytes that stand at the start of an element
// Out     elements, whose views point into the input and live no longer
// Cost    O(1) an element; no allocation, and no recursion: a Walker has a stack of its own
// Limits  tags up to 2^28, lengths up to 2^32; indefinite lengths (0x80) are malformed here
#pragma once
#include <array>

#include "parsers/core/cursor.h"

namespace picket::ber {

enum class Class : std::uint8_t { kUniversal = 0, kApplication = 1, kContext = 2, kPrivate = 3 };

/// Universal tags.
enum Tag : std::uint32_t {
  kBoolean = 1,
  kInteger = 2,
  kBitString = 3,
  kOctetString = 4,
  kNull = 5,
  kOid = 6,
  kExternal = 8,
  kSequence = 16,
  kSet = 17,
  kPrintableString = 19,
  kGeneralizedTime = 24,
  kGraphicString = 25,
  kVisibleString = 26,
};

struct Element {
  Class tag_class{};
  bool constructed = false;
  std::uint32_t tag = 0;
  Bytes content;
  Bytes all;  ///< with tag and length

  [[nodiscard]] bool is(Class c, std::uint32_t t) const noexcept { return tag_class == c && tag == t; }
  [[nodiscard]] bool context(std::uint32_t t) const noexcept { return is(Class::kContext, t); }
  [[nodiscard]] bool application(std::uint32_t t) const noexcept { return is(Class::kApplication, t); }
  [[nodiscard]] bool universal(std::uint32_t t) const noexcept { return is(Class::kUniversal, t); }
};

/// Tag and length alone: how long the content says it is. `in` stands at the content then. False: not all there, or no
/// BER; `in` has failed.
[[nodiscard]] bool read_header(Cursor& in, Element& out, std::size_t& length) noexcept;
/// One whole element. False: none is left (`in` has not failed then), not all there, or no BER.
[[nodiscard]] bool read(Cursor& in, Element& out) noexcept;
/// The next one, if it is that of the context; otherwise `in` stays where it is.
[[nodiscard]] bool read_context(Cursor& in, std::uint32_t tag, Element& out) noexcept;
/// The first of those in `content` with that tag of the context.
[[nodiscard]] bool find_context(Bytes content, std::uint32_t tag, Element& out) noexcept;

/// Contents of 1 to 8 bytes; false: none, or more than fit.
[[nodiscard]] bool read_integer(Bytes content, std::int64_t& out) noexcept;
/// The same of what cannot be negative: a ninth byte that is zero is taken, too.
[[nodiscard]] bool read_unsigned(Bytes content, std::uint64_t& out) noexcept;
[[nodiscard]] inline bool read_boolean(Bytes content) noexcept { return !content.empty() && content[0] != 0; }

/// Of a BIT STRING's content: how many bits, and the n-th, the first one being 0.
[[nodiscard]] std::size_t bit_count(Bytes content) noexcept;
[[nodiscard]] bool bit(Bytes content, std::size_t n) noexcept;

/// "1.0.9506.2.1" of an OBJECT IDENTIFIER's content; what does not fit is left out.
inline constexpr std::size_t kOidText = 128;
[[nodiscard]] std::size_t write_oid(Bytes content, std::span<char> room) noexcept;

/// Elements of a tree one after the other, a parent before its children. Who walks says which to go into.
class Walker {
 public:
  static constexpr unsigned kMaxDepth = 12;

  Walker() noexcept = default;
  explicit Walker(Bytes list) noexcept { levels_[0].in = Cursor(list); }

  /// The next element, of the innermost list that has any left. False: all were seen.
  [[nodiscard]] bool next(Element& out) noexcept {
    for (;;) {
      Level& l = levels_[depth_];
      if (read(l.in, out)) {
        ++l.index;
        return true;
      }
      malformed_ = malformed_ || !l.in.ok();
      if (depth_ == 0) return false;
      --depth_;  // the parent's length says where to go on
    }
  }
  /// Next come the elements in it. False: too deep, it is passed over.
  [[nodiscard]] bool enter(const Element& e) noexcept {
    if (depth_ + 1 == kMaxDepth) return false;
    levels_[++depth_] = {Cursor(e.content), 0};
    return true;
  }
  /// 0 for an element of the list that the walk began with.
  [[nodiscard]] unsigned depth() const noexcept { return depth_; }
  /// Which one the last element at that depth is among its siblings.
  [[nodiscard]] std::uint32_t index(unsigned depth) const noexcept { return levels_[depth].index - 1; }
  [[nodiscard]] bool malformed() const noexcept { return malformed_; }

 private:
  struct Level {
    Cursor in;
    std::uint32_t index = 0;
  };
  std::array<Level, kMaxDepth> levels_{};
  unsigned depth_ = 0;
  bool malformed_ = false;
};

}  // namespace picket::ber
