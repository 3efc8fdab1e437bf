#include "parsers/smb/transfer.h"

#include <algorithm>
#include <limits>

namespace picket::smb {

Transfer::~Transfer() {
  while (waiting_ != nullptr) drop_first();
}

void Transfer::drop_first() noexcept {
  Segment* s = waiting_;
  waiting_ = s->next;
  waiting_bytes_ -= s->bytes.size();
  if (s->first) --waiting_chunks_;
  if (filling_ == s) filling_ = nullptr;
  pool_.destroy(s);
}

void Transfer::insert(Segment* s) noexcept {
  Segment** at = &waiting_;
  while (*at != nullptr && (*at)->offset <= s->offset) at = &(*at)->next;
  s->next = *at;
  *at = s;
}

/// Bytes at `offset`, of which those before next_ are known.
void Transfer::emit(std::uint64_t offset, Bytes bytes, Sink& sink) noexcept {
  if (offset + bytes.size() <= next_) return;
  if (offset < next_) bytes = bytes.subspan(next_ - offset);
  next_ += bytes.size();
  if (file != nullptr) sink.file_data(*file, bytes);
}

void Transfer::drain(Sink& sink) noexcept {
  while (waiting_ != nullptr && waiting_->offset <= next_) {
    emit(waiting_->offset, waiting_->bytes.view(), sink);
    drop_first();
  }
}

void Transfer::skip_hole(Sink& sink) noexcept {
  if (waiting_->offset > next_) {
    if (file != nullptr) sink.file_gap(*file, waiting_->offset - next_);
    next_ = waiting_->offset;
  }
  drain(sink);
}

Transfer::Outcome Transfer::begin_chunk(std::uint64_t offset, std::uint64_t length, Limits limits,
                                        Sink& sink) noexcept {
  Outcome out;
  constexpr std::uint64_t kMost = std::numeric_limits<std::int64_t>::max();
  at_ = std::min(offset, kMost);
  filling_ = nullptr;
  out.overlap = at_ < next_;
  while (at_ > next_ && file != nullptr) {
    out.too_many_bytes = out.too_many_bytes || waiting_bytes_ + length > limits.bytes;
    out.too_many_chunks = out.too_many_chunks || waiting_chunks_ + 1 > limits.chunks;
    if (waiting_bytes_ + length <= limits.bytes && waiting_chunks_ + 1 <= limits.chunks) break;
    if (waiting_ != nullptr && waiting_->offset <= at_) {
      skip_hole(sink);
      continue;
    }
    sink.file_gap(*file, at_ - next_);
    next_ = at_;
  }
  if (file == nullptr) next_ = std::max(next_, at_);
  ahead_ = at_ > next_;
  return out;
}

bool Transfer::chunk_data(Bytes bytes, Sink& sink) noexcept {
  if (!ahead_) {
    emit(at_, bytes, sink);
    at_ += bytes.size();
    return true;
  }
  bool kept = true;
  while (!bytes.empty()) {
    if (filling_ == nullptr || filling_->bytes.size() == kSegment ||
        filling_->offset + filling_->bytes.size() != at_) {
      auto* s = pool_.make<Segment>(pool_);
      if (s == nullptr) {
        kept = false;
        at_ += bytes.size();
        break;
      }
      s->offset = at_;
      s->first = filling_ == nullptr;
      if (s->first) ++waiting_chunks_;
      insert(s);
      filling_ = s;
    }
    const Bytes part = bytes.first(std::min(bytes.size(), kSegment - filling_->bytes.size()));
    if (filling_->bytes.append(part))
      waiting_bytes_ += part.size();
    else
      kept = false;
    at_ += part.size();
    bytes = bytes.subspan(part.size());
  }
  return kept;
}

void Transfer::chunk_gap(std::uint64_t missing, Sink& sink) noexcept {
  at_ += missing;
  if (ahead_ || at_ <= next_) return;
  if (file != nullptr) sink.file_gap(*file, at_ - next_);
  next_ = at_;
}

void Transfer::end_chunk(Sink& sink) noexcept {
  filling_ = nullptr;
  ahead_ = false;
  drain(sink);
}

void Transfer::close(const std::uint64_t* size, bool closed, Sink& sink) noexcept {
  end_chunk(sink);
  while (waiting_ != nullptr) skip_hole(sink);
  if (file == nullptr) return;
  const bool whole = closed && !file->gap && (size == nullptr || next_ >= *size);
  sink.file_end(*file, whole ? FileEnd::kComplete : FileEnd::kTruncated);
  file = nullptr;
}

}  // namespace picket::smb
