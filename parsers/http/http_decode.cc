#include "parsers/http/http_decode.h"

#include <algorithm>
#include <cstring>

#include <brotli/decode.h>
#include <isa-l/igzip_lib.h>
#define ZSTD_STATIC_LINKING_ONLY  // ZSTD_createDCtx_advanced
#include <zstd.h>

namespace picket::http {
namespace {

constexpr std::size_t kScratch = 4096;
constexpr std::uint64_t kRatioFrom = 65536;
/// Behind what rules look at, large files are decoded to their end; but no file swells like this.
constexpr std::uint64_t kBombRatio = 256;
/// Headerless deflate is tried on this much before it is believed: any text may begin like it.
constexpr std::size_t kTrialBytes = 512;
/// Codecs see the input in pieces of this size, so that what comes out before an error does not depend on how
/// segments fall.
constexpr std::size_t kPiece = 1024;

/// What a codec took from the pool: codecs do not say the size when they give back.
class Blocks {
 public:
  explicit Blocks(Pool& pool) noexcept : pool_(pool) {}
  ~Blocks() {
    for (const Block& b : blocks_) {
      if (b.at != nullptr) pool_.release(b.at, b.size);
    }
  }
  void* take(std::size_t size) noexcept {
    for (Block& b : blocks_) {
      if (b.at != nullptr) continue;
      b.at = size > Pool::kMaxBlock ? nullptr : pool_.allocate(size);
      b.size = size;
      if (b.at == nullptr) break;
      return b.at;
    }
    refused_ = true;
    return nullptr;
  }
  void give(void* at) noexcept {
    for (Block& b : blocks_) {
      if (at == nullptr || b.at != at) continue;
      pool_.release(b.at, b.size);
      b.at = nullptr;
    }
  }
  [[nodiscard]] bool refused() const noexcept { return refused_; }

 private:
  struct Block {
    void* at = nullptr;
    std::size_t size = 0;
  };
  Pool& pool_;
  std::array<Block, 24> blocks_;
  bool refused_ = false;
};

void* take_block(void* blocks, std::size_t size) { return static_cast<Blocks*>(blocks)->take(size); }
void give_block(void* blocks, void* at) { static_cast<Blocks*>(blocks)->give(at); }

/// Steps over a gzip header (RFC 1952, §2.3) byte by byte. Reserved flags and the header's CRC are not looked
/// at: browsers do not either.
class GzipHeader {
 public:
  /// True when the header is over.
  bool step(std::uint8_t c) noexcept {
    switch (part_) {
      case Part::kFixed:
        if (at_ == 3) flags_ = c;
        if (++at_ < 10) return false;
        at_ = 0;
        part_ = Part::kExtraSize;
        if (flags_ & kHasExtra) return false;
        return after_extra();
      case Part::kExtraSize:
        extra_ |= static_cast<std::uint32_t>(c) << (8 * at_);
        if (++at_ < 2) return false;
        part_ = Part::kExtraData;
        return extra_ == 0 && after_extra();
      case Part::kExtraData:
        return --extra_ == 0 && after_extra();
      case Part::kName:
        if (c != 0) return false;
        flags_ &= static_cast<std::uint8_t>(~kHasName);
        return after_extra();
      case Part::kComment:
        if (c != 0) return false;
        flags_ &= static_cast<std::uint8_t>(~kHasComment);
        return after_extra();
      case Part::kCrc:
        return ++at_ == 2;
    }
    return true;
  }

 private:
  enum class Part : std::uint8_t { kFixed, kExtraSize, kExtraData, kName, kComment, kCrc };
  /// Over when no optional field is left.
  bool after_extra() noexcept {
    at_ = 0;
    if (flags_ & kHasName)
      part_ = Part::kName;
    else if (flags_ & kHasComment)
      part_ = Part::kComment;
    else if (flags_ & kHasCrc)
      part_ = Part::kCrc;
    else
      return true;
    return false;
  }
  static constexpr std::uint8_t kHasCrc = 2, kHasExtra = 4, kHasName = 8, kHasComment = 16;
  Part part_ = Part::kFixed;
  std::uint8_t flags_ = 0;
  std::uint32_t at_ = 0, extra_ = 0;
};

/// Behind an empty stored block, with which a writer flushes what it has so far (RFC 1951, §3.2.4). Some servers never
/// write a last block.
bool ends_flushed(Bytes b) noexcept {
  constexpr std::array<std::uint8_t, 4> kMark = {0, 0, 0xff, 0xff};
  return b.size() > kMark.size() && std::equal(kMark.begin(), kMark.end(), b.end() - kMark.size());
}

bool is_zlib_header(std::uint8_t a, std::uint8_t b) noexcept {
  return (a & 0x0f) == 8 && a >> 4 <= 7 && (a << 8 | b) % 31 == 0;
}

}  // namespace

class Layer {
 public:
  Layer(Decoder& owner, Coding coding, std::size_t place, Pool& pool) noexcept
      : owner_(owner), coding_(coding), place_(place), blocks_(pool), held_(pool) {}
  ~Layer() {
    if (brotli_ != nullptr) BrotliDecoderDestroyInstance(brotli_);
    if (zstd_ != nullptr) ZSTD_freeDCtx(zstd_);
  }
  Layer(const Layer&) = delete;
  Layer& operator=(const Layer&) = delete;

  void feed(Bytes in) noexcept {
    while (!in.empty() && !owner_.stopped_) {
      switch (state_) {
        case State::kSniff:
          in = sniff(in, false);
          break;
        case State::kGzipHeader:
          in = gzip_header(in);
          break;
        case State::kInflate:
          in = collect_deflated(in);
          break;
        case State::kGzipTrailer:
          in = gzip_trailer(in);
          break;
        case State::kPieces:
          in = collect(in);
          break;
        case State::kPass:
          owner_.pass(place_ + 1, in);
          return;
        case State::kIgnore:
          return;
      }
    }
  }
  void finish() noexcept {
    if (state_ == State::kSniff && !held_.empty())
      sniff({}, true);
    else if (state_ == State::kPieces && !held_.empty())
      decode_piece(true);
    // What follows a member may be the next one.
    for (unsigned i = 0; i <= kMaxMembers && state_ == State::kInflate && !held_.empty(); ++i) inflate_held();
  }

 private:
  enum class State : std::uint8_t { kSniff, kGzipHeader, kInflate, kGzipTrailer, kPieces, kPass, kIgnore };

  /// Holds bytes until it is clear what they are.
  Bytes sniff(Bytes in, bool last) noexcept {
    const std::size_t want = std::max<std::size_t>(wanted(), held_.size());
    const std::size_t n = std::min(want - held_.size(), in.size());
    if (!held_.append(in.first(n))) return give_up(Event::kOutOfMemory), Bytes{};
    in = in.subspan(n);
    if (held_.size() < want && !last) return in;
    const Bytes h = held_.view();
    const bool gzip = h.size() >= 3 && h[0] == 0x1f && h[1] == 0x8b && h[2] == 8;
    const bool zlib = h.size() >= 2 && is_zlib_header(h[0], h[1]);
    if (coding_ == Coding::kZstd) {
      const bool magic = h.size() >= 4 && h[0] == 0x28 && h[1] == 0xb5 && h[2] == 0x2f && h[3] == 0xfd;
      if (!magic || !open_zstd()) return replay_as_is(), in;
      state_ = State::kPieces;
    } else if (coding_ == Coding::kBrotli) {
      if (!open_brotli()) return replay_as_is(), in;
      state_ = State::kPieces;
    } else if (gzip) {
      if (!open_inflate()) return replay_as_is(), in;
      gzip_ = true;
      state_ = State::kGzipHeader;
    } else if (zlib) {
      if (!open_inflate()) return replay_as_is(), in;
      skip_ = 2;
      state_ = State::kInflate;
    } else if (coding_ == Coding::kDeflate) {
      if (h.size() < kTrialBytes && !last) {
        want_trial_ = true;
        return in;
      }
      if (!open_inflate() || !trial(last)) return replay_as_is(), in;
      state_ = State::kInflate;
    } else {
      return replay_as_is(), in;
    }
    replay();
    return in;
  }
  [[nodiscard]] std::size_t wanted() const noexcept {
    if (want_trial_) return kTrialBytes;
    return coding_ == Coding::kZstd ? ZSTD_FRAMEHEADERSIZE_MAX : coding_ == Coding::kBrotli ? 1 : 3;
  }

  /// What was held goes through the state that was chosen.
  void replay() noexcept {
    const PoolBuffer held = std::move(held_);
    feed(held.view());
  }
  void replay_as_is() noexcept {
    owner_.note(blocks_.refused() ? Event::kOutOfMemory : Event::kDecompressionFailed);
    state_ = State::kPass;
    const PoolBuffer held = std::move(held_);
    owner_.pass(place_ + 1, held.view());
  }
  void give_up(Event e) noexcept {
    owner_.note(e);
    owner_.cut_ = true;
    state_ = State::kIgnore;
  }

  bool open_inflate() noexcept {
    if (inflate_ == nullptr) inflate_ = static_cast<inflate_state*>(blocks_.take(sizeof(inflate_state)));
    if (inflate_ != nullptr) isal_inflate_init(inflate_);
    return inflate_ != nullptr;
  }
  bool open_brotli() noexcept {
    brotli_ = BrotliDecoderCreateInstance(take_block, give_block, &blocks_);
    return brotli_ != nullptr;
  }
  bool open_zstd() noexcept {
    zstd_ = ZSTD_createDCtx_advanced({take_block, give_block, &blocks_});
    zstd_out_ = {blocks_.take(Pool::kMaxBlock), Pool::kMaxBlock, 0};
    return zstd_ != nullptr && zstd_out_.dst != nullptr && hide_size() &&
           ZSTD_isError(ZSTD_DCtx_setParameter(zstd_, ZSTD_d_stableOutBuffer, 1)) == 0;
  }
  /// Puts a frame header without a content size (RFC 8878, §3.1.1.1) in the place of the one that is held:
  /// zstd would refuse a frame that does not fit the output as a whole.
  bool hide_size() noexcept {
    constexpr std::uint8_t kChecksum = 4, kWindow16MiB = 14 << 3;
    const std::uint8_t* const h = held_.data();
    ZSTD_frameHeader header;
    if (ZSTD_getFrameHeader(&header, h, held_.size()) != 0 || header.frameType != ZSTD_frame ||
        header.dictID != 0) {
      return false;
    }
    const std::array<std::uint8_t, 6> start = {
        h[0], h[1], h[2], h[3], static_cast<std::uint8_t>(h[4] & kChecksum), kWindow16MiB};
    const PoolBuffer sent = std::move(held_);
    return held_.append(start) && held_.append(sent.view().subspan(header.headerSize));
  }

  /// Does what is held decode as deflate without a header? All of a body must decode to its end, or to a flush.
  bool trial(bool whole) noexcept {
    std::array<std::uint8_t, kScratch> scratch;
    const Bytes h = held_.view();
    inflate_->next_in = const_cast<std::uint8_t*>(h.data());
    inflate_->avail_in = static_cast<std::uint32_t>(h.size());
    bool fine = true;
    for (int rounds = 0; rounds < 4 && fine; ++rounds) {
      inflate_->next_out = scratch.data();
      inflate_->avail_out = kScratch;
      fine = isal_inflate(inflate_) == ISAL_DECOMP_OK;
      if (inflate_->avail_out != 0) break;
    }
    const bool ended = inflate_->block_state == ISAL_BLOCK_FINISH;
    isal_inflate_init(inflate_);
    return fine && (ended || !whole || ends_flushed(h));
  }

  Bytes gzip_header(Bytes in) noexcept {
    for (std::size_t i = 0; i < in.size(); ++i) {
      if (!header_.step(in[i])) continue;
      state_ = State::kInflate;
      return in.subspan(i + 1);
    }
    return {};
  }

  Bytes collect_deflated(Bytes in) noexcept {
    const std::size_t skip = std::min(skip_, in.size());
    skip_ -= skip;
    in = in.subspan(skip);
    if (held_.empty() && in.size() >= kPiece) return in.subspan(inflate_piece(in.first(kPiece)));
    const std::size_t n = std::min(kPiece - held_.size(), in.size());
    if (!held_.append(in.first(n))) return give_up(Event::kOutOfMemory), Bytes{};
    if (held_.size() == kPiece) inflate_held();
    return in.subspan(n);
  }
  /// What is left of the piece is less than one: feed() holds it, and calls no further.
  void inflate_held() noexcept {
    const PoolBuffer held = std::move(held_);
    feed(held.view().subspan(inflate_piece(held.view())));
  }
  /// How many bytes belong to the deflated data.
  std::size_t inflate_piece(Bytes in) noexcept {
    std::array<std::uint8_t, kScratch> scratch;
    inflate_->next_in = const_cast<std::uint8_t*>(in.data());
    inflate_->avail_in = static_cast<std::uint32_t>(in.size());
    const std::uint64_t before = in_bytes_;
    while (!owner_.stopped_) {
      inflate_->next_out = scratch.data();
      inflate_->avail_out = kScratch;
      const int r = isal_inflate(inflate_);
      std::size_t used = in.size() - inflate_->avail_in;
      in_bytes_ = before + used;
      const std::size_t made = kScratch - inflate_->avail_out;
      if (made > 0 && !emit({scratch.data(), made})) return in.size();
      if (r != ISAL_DECOMP_OK) {
        // Nothing came out of it, so it was never what it said: show it as it is.
        const bool ever = out_bytes_ != 0 || inflate_->tmp_out_valid > inflate_->tmp_out_processed;
        if (!rescue()) return in.size();
        owner_.note(Event::kDecompressionFailed);
        state_ = ever ? State::kIgnore : State::kPass;
        owner_.cut_ = owner_.cut_ || ever;
        return ever ? in.size() : 0;
      }
      if (inflate_->block_state == ISAL_BLOCK_FINISH) {
        // It reads ahead by whole bytes.
        const auto ahead = static_cast<std::size_t>(inflate_->read_in_length / 8);
        used -= std::min(used, ahead);
        in_bytes_ = before + used;
        state_ = gzip_ ? State::kGzipTrailer : State::kIgnore;
        skip_ = 8;
        return used;
      }
      if (inflate_->avail_out != 0) break;
    }
    return in.size();
  }
  /// What was decoded before an error stands in the codec's own buffer. False when decoding ends here.
  bool rescue() noexcept {
    const auto from = static_cast<std::size_t>(inflate_->tmp_out_processed);
    const auto to = static_cast<std::size_t>(inflate_->tmp_out_valid);
    return to <= from || emit(Bytes(inflate_->tmp_out_buffer).subspan(from, to - from));
  }

  /// CRC and size, then perhaps another member (RFC 1952, §2.2).
  Bytes gzip_trailer(Bytes in) noexcept {
    const std::size_t skip = std::min(skip_, in.size());
    skip_ -= skip;
    in = in.subspan(skip);
    if (in.empty()) return in;
    if (in[0] != 0x1f || ++members_ > kMaxMembers) {
      state_ = State::kIgnore;
      return {};
    }
    isal_inflate_init(inflate_);
    header_ = {};
    state_ = State::kGzipHeader;
    return in;
  }

  Bytes collect(Bytes in) noexcept {
    const std::size_t n = std::min(kPiece - held_.size(), in.size());
    if (!held_.append(in.first(n))) return give_up(Event::kOutOfMemory), Bytes{};
    if (held_.size() == kPiece) decode_piece(false);
    return in.subspan(n);
  }

  /// `last`: nothing follows. What yields nothing at all was never what it was declared.
  void decode_piece(bool last) noexcept {
    const bool first = in_bytes_ == 0;
    in_bytes_ += held_.size();
    bool over = false;
    const bool fine = coding_ == Coding::kBrotli ? unbrotli(held_.view(), over) : unzstd(held_.view(), over);
    if (owner_.stopped_) return;
    if (out_bytes_ == 0 && first && (!fine || over || last)) return replay_as_is();
    held_.clear();
    if (!fine)
      give_up(blocks_.refused() ? Event::kOutOfMemory : Event::kDecompressionFailed);
    else if (over)
      state_ = State::kIgnore;
  }

  bool unbrotli(Bytes in, bool& over) noexcept {
    std::array<std::uint8_t, kScratch> scratch;
    for (;;) {
      std::size_t left = in.size(), room = kScratch;
      const std::uint8_t* next = in.data();
      std::uint8_t* to = scratch.data();
      const auto r = BrotliDecoderDecompressStream(brotli_, &left, &next, &room, &to, nullptr);
      in = in.subspan(in.size() - left);
      const std::size_t made = kScratch - room;
      if (made > 0 && !emit({scratch.data(), made})) return true;
      if (r == BROTLI_DECODER_RESULT_ERROR) return false;
      over = r == BROTLI_DECODER_RESULT_SUCCESS;
      if (r != BROTLI_DECODER_RESULT_NEEDS_MORE_OUTPUT) return true;
    }
  }

  /// All of the output stands in one block, so that zstd needs no window of its own, which may be megabytes.
  /// When the block is full rules have seen what they look at, and the file is cut.
  bool unzstd(Bytes in, bool& over) noexcept {
    ZSTD_inBuffer from = {in.data(), in.size(), 0};
    while (from.pos < from.size) {
      const std::size_t before = from.pos, had = zstd_out_.pos;
      const std::size_t r = ZSTD_decompressStream(zstd_, &zstd_out_, &from);
      if (zstd_out_.pos > had) {
        const auto* out = static_cast<const std::uint8_t*>(zstd_out_.dst);
        if (!emit({out + had, zstd_out_.pos - had})) return true;
      }
      if (ZSTD_isError(r)) return false;
      over = r == 0;
      if (!over && zstd_out_.pos == zstd_out_.size) {
        owner_.cut_ = owner_.stopped_ = true;
        return true;
      }
      if (over || (from.pos == before && zstd_out_.pos == had)) return true;
    }
    return true;
  }

  /// False when decoding ends here.
  bool emit(Bytes made) noexcept {
    const std::uint64_t most = owner_.beyond_ ? UINT64_MAX : owner_.limits_.bomb_bytes;
    const std::uint64_t room = most - std::min(most, out_bytes_);
    out_bytes_ += made.size();
    owner_.pass(place_ + 1, made.first(std::min<std::uint64_t>(room, made.size())));
    if (owner_.stopped_) return false;
    const std::uint64_t ratio = out_bytes_ / std::max<std::uint64_t>(in_bytes_, 1);
    const bool swells = owner_.beyond_ && out_bytes_ > owner_.limits_.bomb_bytes && ratio > kBombRatio;
    if (!swells && made.size() <= room && (out_bytes_ <= kRatioFrom || ratio <= owner_.limits_.ratio))
      return true;
    owner_.note(Event::kCompressionBomb);
    owner_.stopped_ = owner_.cut_ = true;
    return false;
  }

  static constexpr unsigned kMaxMembers = 64;

  Decoder& owner_;
  const Coding coding_;
  State state_ = State::kSniff;
  bool want_trial_ = false, gzip_ = false;
  const std::size_t place_;
  std::uint64_t in_bytes_ = 0, out_bytes_ = 0;
  std::size_t skip_ = 0;
  unsigned members_ = 0;
  GzipHeader header_;
  Blocks blocks_;
  PoolBuffer held_;
  inflate_state* inflate_ = nullptr;
  BrotliDecoderState* brotli_ = nullptr;
  ZSTD_DCtx* zstd_ = nullptr;
  ZSTD_outBuffer zstd_out_{};
};

Decoder::Decoder(Pool& pool, std::span<const Coding> codings, const DecodeLimits& limits) noexcept
    : pool_(pool), limits_(limits) {
  for (const Coding c : codings.first(std::min(codings.size(), kMaxLayers))) {
    layers_[count_] = pool.make<Layer>(*this, c, count_, pool);
    if (layers_[count_] == nullptr) {
      note(Event::kOutOfMemory);
      break;
    }
    ++count_;
  }
}

Decoder::~Decoder() {
  for (Layer* l : layers_) pool_.destroy(l);
}

void Decoder::pass(std::size_t i, Bytes bytes) noexcept {
  moved_ += bytes.size();
  if (moved_ > limits_.budget_bytes) {
    if (!beyond_) note(Event::kDecompressionBudget);
    stopped_ = cut_ = true;
    return;
  }
  if (i < count_)
    layers_[i]->feed(bytes);
  else if (!out_->take(bytes))
    stopped_ = true;
}

void Decoder::feed(Bytes in, BodySink& out) noexcept {
  out_ = &out;
  if (!stopped_ && !in.empty()) pass(0, in);
}

void Decoder::finish(BodySink& out) noexcept {
  out_ = &out;
  for (std::size_t i = 0; i < count_ && !stopped_; ++i) layers_[i]->finish();
}

}  // namespace picket::http
