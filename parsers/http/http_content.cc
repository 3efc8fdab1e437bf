// Undoes the codings of a body, keeps what rules look at of it; which files it holds (RFC 7578 for those of forms).
#include "parsers/http/http_content.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "parsers/core/assert.h"
#include "parsers/http/http_text.h"

namespace picket::http {
namespace {

constexpr std::size_t kLongestName = 4096;  // bytes that are told of a file's name

}  // namespace

/// The words of Content-Encoding, the last of which was applied last.
void Content::open_decoder() noexcept {
  const Side& s = side();
  const std::string_view value = s.value(Name::kContentEncoding);
  const auto in_word = [&](std::size_t i) {
    return value[i] == 0 || is_token(static_cast<std::uint8_t>(value[i]));
  };
  std::array<Coding, kMaxLayers> codings{};
  const std::size_t most = std::min<std::uint64_t>(host_.content_limits_.layers, kMaxLayers);
  std::size_t count = 0;
  for (std::size_t end = value.size(); end > 0;) {
    if (!in_word(end - 1)) {
      --end;
      continue;
    }
    std::size_t at = end;
    while (at > 0 && in_word(at - 1)) --at;
    const std::string_view word = value.substr(at, end - at);
    end = at;
    const auto is = [&](std::string_view k) { return equals_nocase(word, k); };
    Coding coding;
    if (contains_loose(word, "gzip")) {
      coding = Coding::kGzip;
      if (!is("gzip") && !is("x-gzip")) raise(Event::kAbnormalEncoding);
    } else if (contains_loose(word, "deflate")) {
      coding = Coding::kDeflate;
      if (!is("deflate") && !is("x-deflate")) raise(Event::kAbnormalEncoding);
    } else if (is("br")) {
      coding = Coding::kBrotli;
    } else if (is("zstd")) {
      coding = Coding::kZstd;
    } else {
      if (!is("identity") && !is("none")) raise(Event::kAbnormalEncoding);
      continue;
    }
    if (count == most) {
      raise(Event::kTooManyLayers);
      break;
    }
    codings[count++] = coding;
  }
  if (count == 0) return;
  decoder_ = host_.pool_.make<Decoder>(host_.pool_, std::span<const Coding>(codings.data(), count),
                                       host_.content_limits_.decode);
  if (decoder_ == nullptr) raise(Event::kOutOfMemory);
}

/// Hands decoded bytes on, one of the two ways out of this file.
struct Content::BodyOut final : BodySink {
  explicit BodyOut(Content& c) noexcept : content(c) {}
  bool take(Bytes decoded) noexcept override { return content.take(decoded); }
  Content& content;
};

Content::~Content() {
  host_.pool_.destroy(decoder_);
  host_.pool_.destroy(multipart_);
}

void Content::begin(Tx& tx) noexcept {
  tx_ = &tx;
  body_done_ = file_done_ = file_begun_ = false;
  if (side().find(Name::kContentEncoding) != nullptr) open_decoder();
}

void Content::add(Bytes in) noexcept {
  PICKET_ASSERT(tx_ != nullptr);
  side().body_bytes += in.size();
  if (in.empty() || (body_done_ && file_done_)) return;
  if (decoder_ == nullptr) {
    static_cast<void>(take(in));
    return;
  }
  BodyOut out(*this);
  decoder_->feed(in, out);
  decoder_events();
  if (decoder_->stopped()) close_decoder();
}

/// Keeps what rules look at, follows the file. False when neither wants more.
bool Content::take(Bytes decoded) noexcept {
  if (!body_done_) {
    Side& s = side();
    const std::size_t limit = host_.content_limits_.inspect_bytes[index(dir_)];
    const std::size_t room = limit - std::min(limit, s.body.size());
    const bool kept = s.body.append(decoded.first(std::min(room, decoded.size())));
    if (!kept) raise(Event::kOutOfMemory);
    if (!kept || s.body.size() >= limit) stop_inspecting();
  }
  if (!file_done_) file_bytes(decoded);
  return !body_done_ || !file_done_;
}

/// All that rules look at is there, or all there will be: they look now.
void Content::stop_inspecting() noexcept {
  if (std::exchange(body_done_, true)) return;
  if (decoder_ != nullptr) decoder_->beyond_inspection();
  side().reached = std::max<std::uint8_t>(side().reached, kBody);
  host_.on_inspected(*tx_, dir_);
}

/// Nothing more is decoded.
void Content::close_decoder() noexcept {
  const bool cut = decoder_->cut();
  host_.pool_.destroy(decoder_);
  decoder_ = nullptr;
  end_file(cut ? FileEnd::kLimit : FileEnd::kTruncated);
  stop_inspecting();
}

void Content::stop_decoding() noexcept {
  if (decoder_ != nullptr) close_decoder();
}

void Content::decoder_events() noexcept {
  for (std::uint64_t bits = decoder_->events(); bits != 0; bits &= bits - 1) {
    raise(static_cast<Event>(std::countr_zero(bits)));
  }
}

/// Parts of a form: those with a file name are files.
struct Content::PartsOut final : Multipart::Sink {
  explicit PartsOut(Content& c) noexcept : content(c) {}
  void part(std::string_view headers, bool whole) noexcept override {
    if (!whole) content.raise(Event::kMultipartHeader);
    const std::string_view name = parameter(part_header(headers, "content-disposition"), "filename");
    if (!name.empty()) content.open_file(name);
    content.part_bytes_ = 0;
  }
  void bytes(Bytes b) noexcept override {
    content.part_bytes_ += b.size();
    if (content.file_ != nullptr) content.host_.sink_->file_data(*content.file_, b);
  }
  void part_ends(bool complete) noexcept override {
    if (content.file_ == nullptr) return;
    if (complete && content.part_bytes_ == 0) content.raise(Event::kMultipartNoFile);
    content.host_.sink_->file_end(*content.file_, complete ? FileEnd::kComplete : FileEnd::kTruncated);
    content.file_ = nullptr;
  }
  Content& content;
};

void Content::open_file(std::string_view name) noexcept {
  if (name.size() > kLongestName) {
    raise(Event::kFileNameTooLong);
    name = name.substr(0, kLongestName);
  }
  const std::size_t limit = host_.content_limits_.inspect_bytes[index(dir_)];
  file_ = host_.sink_->file_begin(*tx_, dir_, as_bytes(name), limit);
}

/// With the first byte of a body: a body without any is no file.
void Content::begin_file() noexcept {
  const Tx& tx = *tx_;
  const Side& s = side();
  file_begun_ = true;
  std::string_view name = as_text(tx.normalized_uri());
  name = name.substr(0, name.find('?'));
  if (dir_ == Direction::kToClient) {
    const std::string_view given = parameter(s.value(Name::kContentDisposition), "filename");
    open_file(given.empty() ? name : given);
    file_done_ = file_ == nullptr;
    return;
  }
  const std::string_view method = tx.text(dir_, tx.method);
  if (method != "POST" && method != "PUT") {
    file_done_ = true;
    return;
  }
  const std::string_view type = s.value(Name::kContentType);
  constexpr std::string_view kForm = "multipart/form-data";
  if (method == "POST" && equals_nocase(type.substr(0, kForm.size()), kForm)) {
    const std::string_view boundary = parameter(type, "boundary");
    if (Multipart::fits(boundary)) {
      multipart_ = host_.pool_.make<Multipart>(host_.pool_, boundary);
      if (multipart_ == nullptr) raise(Event::kOutOfMemory);
      file_done_ = multipart_ == nullptr;
      return;
    }
    raise(Event::kMultipartError);
  }
  open_file(name);
  file_done_ = file_ == nullptr;
}

void Content::file_bytes(Bytes decoded) noexcept {
  if (decoded.empty()) return;
  if (!file_begun_) begin_file();
  if (multipart_ != nullptr) {
    PartsOut out(*this);
    if (!multipart_->feed(decoded, out)) raise(Event::kOutOfMemory);
  } else if (file_ != nullptr) {
    host_.sink_->file_data(*file_, decoded);
  }
}

/// Behind a gap nobody knows in which part one is.
void Content::gap_in_file(std::uint64_t missing) noexcept {
  if (!file_begun_ && !file_done_) begin_file();
  if (file_ != nullptr) host_.sink_->file_gap(*file_, missing);
  if (multipart_ != nullptr) end_file(FileEnd::kTruncated);
}

/// The body is over, or nothing more of it is followed.
void Content::end_file(FileEnd how) noexcept {
  if (multipart_ != nullptr) {
    PartsOut out(*this);
    const bool whole = multipart_->finish(out);
    if (!whole && how == FileEnd::kComplete) raise(Event::kMultipartError);
    host_.pool_.destroy(multipart_);
    multipart_ = nullptr;
  } else if (file_ != nullptr) {
    host_.sink_->file_end(*file_, how);
  }
  file_ = nullptr;
  file_done_ = true;
}

void Content::gap(std::uint64_t missing) noexcept {
  if (tx_ != nullptr) gap_in_file(missing);
}

void Content::skip(std::uint64_t missing) noexcept {
  PICKET_ASSERT(tx_ != nullptr);
  side().body_bytes += missing;
  side().truncated = true;
  if (decoder_ != nullptr) {
    BodyOut out(*this);
    decoder_->finish(out);
    gap_in_file(0);
    close_decoder();
  } else {
    gap_in_file(missing);
  }
  stop_inspecting();
}

void Content::end() noexcept {
  if (tx_ == nullptr) return;
  if (decoder_ != nullptr) {
    BodyOut out(*this);
    decoder_->finish(out);
    decoder_events();
    if (decoder_->cut()) end_file(FileEnd::kLimit);
    host_.pool_.destroy(decoder_);
    decoder_ = nullptr;
  }
  end_file(side().truncated ? FileEnd::kTruncated : FileEnd::kComplete);
  tx_ = nullptr;
}

}  // namespace picket::http
