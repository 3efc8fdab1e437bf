// parsers/core/mime.h — what MIME headers say, and the transfer codings of bodies (RFC 2045, 2047, 2231)
//
// In      header values as they came, folds and all; bodies in any cut
// Out     views into the header, or decoded bytes in what the caller lends
// Cost    O(bytes); base64 is read four characters at a time; no allocation
// Limits  kMaxPieces of a parameter that is continued; a decoder holds back kHeld blanks
// Reads   as mail readers do: what does not decode is passed over (base64) or kept as it is
//         (quoted-printable)
// Leaves  character sets: names are given in the bytes of the set they were written in
#pragma once
#include <array>

#include "parsers/core/bytes.h"

namespace picket {

/// The value of a header in a block of headers, folded lines and all; empty when there is none.
[[nodiscard]] std::string_view part_header(std::string_view headers, std::string_view name) noexcept;

/// "a/b; filename=x": the value of a parameter, quotes removed; empty when there is none.
[[nodiscard]] std::string_view parameter(std::string_view value, std::string_view name) noexcept;

/// A parameter with RFC 2231's continuations, percent escapes and charset undone, and RFC 2047's encoded
/// words; what does not fit into `out` is left off and `cut` set. Gives the size; 0: there is none.
std::size_t decoded_parameter(std::string_view value, std::string_view name, std::span<std::uint8_t> out,
                              bool& cut) noexcept;

/// Content-Transfer-Encoding, undone as the bytes come.
class TransferDecoder {
 public:
  enum class Coding : std::uint8_t { kIdentity, kBase64, kQuotedPrintable };
  /// By the header's value; kIdentity for all others.
  [[nodiscard]] static Coding coding(std::string_view value) noexcept;

  explicit TransferDecoder(Coding c = Coding::kIdentity) noexcept : coding_(c) {}

  /// Calls out(Bytes) with what `in` becomes, never with none. The bytes live during the call.
  template <class Out>
  void feed(Bytes in, Out&& out) noexcept {
    if (coding_ == Coding::kIdentity) {
      if (!in.empty()) out(in);
      return;
    }
    std::array<std::uint8_t, kRoom> room;
    while (!in.empty()) {
      made_ = 0;
      in = in.subspan(coding_ == Coding::kBase64 ? base64(in, room) : quoted_printable(in, room));
      if (made_ != 0) out(Bytes(room).first(made_));
    }
  }
  /// Nothing more comes: what is held back becomes bytes.
  template <class Out>
  void finish(Out&& out) noexcept {
    std::array<std::uint8_t, kRoom> room;
    made_ = 0;
    if (coding_ != Coding::kIdentity) flush(room);
    if (made_ != 0) out(Bytes(room).first(made_));
  }

  [[nodiscard]] Coding coding() const noexcept { return coding_; }
  /// Characters were met that the coding does not have.
  [[nodiscard]] bool bad() const noexcept { return bad_; }
  /// A line had more than the 76 characters of the RFC.
  [[nodiscard]] bool long_line() const noexcept { return long_line_; }

 private:
  static constexpr std::size_t kRoom = 1024;
  static constexpr std::size_t kHeld = 64;
  static constexpr std::size_t kLineLimit = 76;
  enum class Escape : std::uint8_t { kNone, kEquals, kDigit, kBlank, kCr };

  std::size_t base64(Bytes in, std::span<std::uint8_t, kRoom> out) noexcept;
  std::size_t quoted_printable(Bytes in, std::span<std::uint8_t, kRoom> out) noexcept;
  void flush(std::span<std::uint8_t, kRoom> out) noexcept;
  void end_quantum(std::span<std::uint8_t, kRoom> out) noexcept;
  void count(std::uint8_t c) noexcept {
    if (c == '\n') {
      line_ = 0;
    } else if (c != '\r' && ++line_ > kLineLimit) {
      long_line_ = true;
    }
  }

  Coding coding_;
  Escape escape_ = Escape::kNone;
  bool bad_ = false, long_line_ = false;
  std::uint8_t sextets_ = 0, digit_ = 0, held_ = 0;
  std::uint32_t bits_ = 0;
  std::uint32_t line_ = 0;
  std::size_t made_ = 0;
  std::array<std::uint8_t, kHeld> blanks_{};
};

}  // namespace picket
