// parsers/core/multipart.h — takes a multipart body apart as it comes (RFC 2046, §5.1.1)
//
//      preamble CRLF
//      --boundary CRLF  headers CRLF  CRLF  bytes of a part CRLF
//      --boundary ... CRLF
//      --boundary-- epilogue
//
// Without a boundary it is one entity that begins at once: headers, empty line, bytes (message/rfc822).
//
// In      the decoded body, in any cut
// Out     each part: its headers, its bytes, its end
// Cost    one memchr over the body, one copy of the headers; a delimiter is matched byte by byte
// Limits  kMaxBoundary, kMaxPartHeaders; parts are not counted here, the files in them are
// Reads   lines that end in LF alone, and what stands behind a boundary on its line, as servers do
#pragma once
#include <array>

#include "parsers/core/bytes.h"
#include "parsers/core/pool.h"

namespace picket {

class Multipart {
 public:
  static constexpr std::size_t kMaxBoundary = 254;      ///< the RFC allows 70
  static constexpr std::size_t kMaxPartHeaders = 8192;  ///< bytes of a part's headers

  class Sink {
   public:
    /// A part begins; `whole`: false when its headers pass the limit and were cut. Good during the call.
    virtual void part(std::string_view headers, bool whole) noexcept = 0;
    virtual void bytes(Bytes) noexcept = 0;
    /// `complete`: a boundary follows.
    virtual void part_ends(bool complete) noexcept = 0;

   protected:
    ~Sink() = default;
  };

  [[nodiscard]] static bool fits(std::string_view boundary) noexcept {
    return !boundary.empty() && boundary.size() <= kMaxBoundary &&
           boundary.find_first_of("\r\n") == std::string_view::npos;
  }

  /// `boundary` fits(); it is copied.
  Multipart(Pool& pool, std::string_view boundary) noexcept;
  /// One entity, without a boundary.
  explicit Multipart(Pool& pool) noexcept : state_(State::kHeaders), headers_(pool) {}

  /// False when the pool is used up: the part's headers are lost, and with them its name.
  bool feed(Bytes in, Sink&) noexcept;
  /// Nothing more comes. False when the last boundary was not seen. `complete`: of an entity without one,
  /// whether that was its end.
  bool finish(Sink&, bool complete = false) noexcept;

 private:
  enum class State : std::uint8_t {
    kPreamble,
    kAfterBoundary,  // on its line
    kHeaders,
    kBytes,
    kEpilogue,
  };
  std::size_t search(Bytes in, Sink&) noexcept;
  std::size_t after_boundary(Bytes in) noexcept;
  std::size_t headers(Bytes in, Sink&) noexcept;
  /// What matched so far turns out to be bytes.
  [[nodiscard]] Bytes held_back() const noexcept {
    const Bytes held = Bytes(delimiter_).first(matched_);
    return borrowed_lf_ && !held.empty() ? held.subspan(1) : held;
  }
  void pass(Bytes b, Sink& out) noexcept {
    if (state_ == State::kBytes && !b.empty()) out.bytes(b);
  }

  std::array<std::uint8_t, kMaxBoundary + 3> delimiter_{};  // LF -- boundary; a CR before it is its own
  std::uint16_t size_ = 0;
  std::uint16_t matched_ = 1;  // of the delimiter; the body begins as if behind a line end
  bool borrowed_lf_ = true;    // the LF that matched is no part of the bytes
  State state_ = State::kPreamble;
  bool held_cr_ = false;  // a CR that may belong to the delimiter
  std::uint8_t dashes_ = 0;
  bool line_has_text_ = false, cut_ = false, fine_ = true;
  PoolBuffer headers_;
};

}  // namespace picket
