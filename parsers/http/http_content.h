// parsers/http/http_content.h — what a message carries, whichever version brought it: its codings are undone,
// what rules look at is kept, its files are followed
//
// In      the bytes of a body, free of all framing, in any cut
// Out     Side::body up to the limit; files to the Sink; Side::reached once rules may look
// Cost    that of the codec; nothing is copied but what rules look at
// Lives   as long as its reader; begin() starts the next message
#pragma once
#include <algorithm>

#include "parsers/core/multipart.h"
#include "parsers/http/http_decode.h"

namespace picket::http {

/// In the order of ContentLimit.
inline constexpr LimitDef kContentLimitDefs[] = {
    {"request-body-limit", 102400, 1, 262144, "bytes of a request's decoded body that rules may look at"},
    {"response-body-limit", 102400, 1, 262144, "bytes of a reply's decoded body that rules may look at"},
    {"response-body-decompress-layer-limit", 2, 0, 4, "content codings that are undone, of requests too"},
    {"compression-bomb-limit", 1048576, 4096, 1073741824, "bytes out of any one content coding of a body"},
    {"compression-ratio-limit", 2048, 1, 1000000, "bytes out of a content coding for each byte into it"},
    {"decompress-budget", 16777216, 65536, 1073741824,
     "bytes into and out of all content codings of a body; bounds their time"},
};
static_assert(std::size(kContentLimitDefs) == kContentLimits);

/// A reader's limits: those of content, then its own.
template <std::size_t N>
constexpr auto with_content_limits(const LimitDef (&own)[N]) noexcept {
  std::array<LimitDef, kContentLimits + N> all{};
  std::copy(own, own + N, std::copy(std::begin(kContentLimitDefs), std::end(kContentLimitDefs), all.begin()));
  return all;
}

struct ContentLimits {
  std::array<std::uint64_t, 2> inspect_bytes{};  ///< by Direction: decoded bytes that rules may look at
  std::uint64_t layers = 0;                      ///< codings that are undone, at most kMaxLayers
  DecodeLimits decode;
};

/// What all messages of a parser share; the parser derives from it.
class ContentHost {
 public:
  /// `limits`: the reader's.
  ContentHost(Pool& pool, std::span<const std::uint64_t> limits) noexcept
      : pool_(pool),
        content_limits_{{limits[kRequestBodyLimit], limits[kReplyBodyLimit]},
                        limits[kLayerLimit],
                        {limits[kBombLimit], limits[kRatioLimit], limits[kBudgetLimit]}} {}

 protected:
  friend class Content;
  ~ContentHost() = default;
  /// Once a transaction and event.
  virtual void on_content_event(Event, Tx&, Direction) noexcept = 0;
  /// Side::reached has grown within a message: rules look now.
  virtual void on_inspected(Tx&, Direction) noexcept = 0;

  Pool& pool_;
  const ContentLimits content_limits_;
  Sink* sink_ = nullptr;  ///< during each call of the parser
};

class Content {
 public:
  Content(ContentHost& host, Direction dir) noexcept : host_(host), dir_(dir) {}
  ~Content();
  Content(const Content&) = delete;
  Content& operator=(const Content&) = delete;

  /// The headers of `tx`'s side are there, and a body follows.
  void begin(Tx& tx) noexcept;
  /// Counts all of the body, decodes what somebody wants. Between begin() and end() only, as skip() is.
  void add(Bytes) noexcept;
  /// `missing` bytes (0: unknown) are not there, and nothing of this message is read behind them.
  void gap(std::uint64_t missing) noexcept;
  /// `missing` bytes are not there, but the body goes on: what follows is no more inspected, for it does not
  /// join.
  void skip(std::uint64_t missing) noexcept;
  /// Does a codec hold memory for this body?
  [[nodiscard]] bool decoding() const noexcept { return decoder_ != nullptr; }
  /// Gives the codec's memory back where there is one: nothing more of this body is looked at, only counted.
  void stop_decoding() noexcept;
  /// The message is over; Side::truncated says whether all of it was there. Also where no body began.
  void end() noexcept;

 private:
  struct BodyOut;
  struct PartsOut;
  [[nodiscard]] Side& side() const noexcept { return tx_->side[index(dir_)]; }
  void raise(Event e) noexcept { host_.on_content_event(e, *tx_, dir_); }
  void open_decoder() noexcept;
  bool take(Bytes decoded) noexcept;
  void stop_inspecting() noexcept;
  void close_decoder() noexcept;
  void decoder_events() noexcept;
  void begin_file() noexcept;
  void open_file(std::string_view name) noexcept;
  void file_bytes(Bytes decoded) noexcept;
  void gap_in_file(std::uint64_t missing) noexcept;
  void end_file(FileEnd) noexcept;

  ContentHost& host_;
  Tx* tx_ = nullptr;
  Decoder* decoder_ = nullptr;
  Multipart* multipart_ = nullptr;
  File* file_ = nullptr;  // the body, or the part at hand
  std::uint64_t part_bytes_ = 0;
  const Direction dir_;
  bool body_done_ = false;  // nothing more of this body is kept for rules
  bool file_done_ = false;  // nothing more of it is followed as a file
  bool file_begun_ = false;
};

}  // namespace picket::http
