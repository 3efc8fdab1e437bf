// parsers/http/http_decode.h — undoes Content-Encoding: gzip, deflate, br, zstd, several in a row
//
// In      a body as it was sent, in any cut
// Out     the decoded bytes, as long as somebody wants them
// Cost    that of the codec; its memory comes from the pool and goes back with the Decoder
// Limits  layers, bytes out of any layer, ratio, and a budget of bytes moved in all layers, which stands for
//         time: a clock would make the output depend on the machine. What lies behind the bytes that rules
//         look at is bounded by the budget, which is no oddity there, and by 256 to 1 behind bomb_bytes
// Reads   a layer that is not what it was declared is passed on as it is: browsers show such bodies too
// Leaves  LZMA; brotli from where it needs more memory than the pool's largest block; of zstd all but the
//         first frame, and what lies behind that block's size
#pragma once
#include "parsers/core/pool.h"
#include "parsers/http/http.h"

namespace picket::http {

enum class Coding : std::uint8_t { kGzip, kDeflate, kBrotli, kZstd };

inline constexpr std::size_t kMaxLayers = 4;

struct DecodeLimits {
  std::uint64_t bomb_bytes = 0;    ///< out of any one layer
  std::uint64_t ratio = 0;         ///< out of a layer for a byte into it, judged once 64 KiB came out
  std::uint64_t budget_bytes = 0;  ///< into and out of all layers
};

/// Where decoded bytes go.
class BodySink {
 public:
  /// False: no more is wanted.
  virtual bool take(Bytes decoded) noexcept = 0;

 protected:
  ~BodySink() = default;
};

/// One layer; its workings stand in the .cc.
class Layer;

class Decoder {
 public:
  /// `codings`: the outermost, which was applied last, first. At most kMaxLayers of them are undone.
  Decoder(Pool& pool, std::span<const Coding> codings, const DecodeLimits& limits) noexcept;
  ~Decoder();
  Decoder(const Decoder&) = delete;
  Decoder& operator=(const Decoder&) = delete;

  /// Decodes what is new into `out`.
  void feed(Bytes in, BodySink& out) noexcept;
  /// Nothing more comes: what was held back is decided.
  void finish(BodySink& out) noexcept;
  /// Rules have seen what they look at: the rest is decoded for the file alone.
  void beyond_inspection() noexcept { beyond_ = true; }
  /// Nothing more will be decoded: nobody wants it or a limit was met.
  [[nodiscard]] bool stopped() const noexcept { return stopped_; }
  /// A limit was met, or something did not decode: what came out is not all there was.
  [[nodiscard]] bool cut() const noexcept { return cut_; }
  /// Bits by Event of what happened so far: kDecompressionFailed, kCompressionBomb, kDecompressionBudget,
  /// kOutOfMemory.
  [[nodiscard]] std::uint64_t events() const noexcept { return events_; }

 private:
  friend class Layer;
  /// Output of the layer above, or input of the first, goes on to layer `i`; behind the last stands the body.
  /// The depth of the calls is the number of layers.
  void pass(std::size_t i, Bytes bytes) noexcept;
  void note(Event e) noexcept { events_ |= std::uint64_t{1} << static_cast<unsigned>(e); }

  Pool& pool_;
  DecodeLimits limits_;
  std::array<Layer*, kMaxLayers> layers_{};
  std::size_t count_ = 0;
  std::uint64_t moved_ = 0, events_ = 0;
  BodySink* out_ = nullptr;
  bool stopped_ = false, beyond_ = false, cut_ = false;
};

}  // namespace picket::http
