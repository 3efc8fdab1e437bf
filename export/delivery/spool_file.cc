#include "export/delivery/spool_file.h"

#include <fcntl.h>
#include <fmt/core.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <cstring>
#include <vector>

#include "export/clock.h"
#include "export/durable.h"

namespace picket::delivery {
namespace {

constexpr std::uint32_t kMagic = 0x31'42'6b'70;  // "pkB1"
constexpr std::uint32_t kMaxPoint = 64 << 10;    // 512 types
constexpr std::uint32_t kMaxBatch = 32 << 20;    // twice what a collector takes
constexpr std::size_t kScan = std::size_t{1} << 16, kPage = 4096;

std::uint32_t checksum(const void* data, std::size_t n) {
  return static_cast<std::uint32_t>(::crc32_z(0, static_cast<const Bytef*>(data), n));
}

Error failed(const std::string& path, const char* what, int error) {
  return Error{fmt::format("{} '{}': {}", what, path, std::strerror(error))};
}

}  // namespace

struct SpoolFile::Head {
  std::uint32_t magic = kMagic;
  std::uint32_t point_bytes = 0, batch_bytes = 0;
  std::uint32_t body_crc = 0;
  std::uint32_t head_crc = 0;  ///< of all before it

  [[nodiscard]] bool whole() const {
    return magic == kMagic && head_crc == checksum(this, offsetof(Head, head_crc)) &&
           point_bytes <= kMaxPoint && batch_bytes <= kMaxBatch;
  }
  [[nodiscard]] std::uint64_t frame_bytes() const {
    return sizeof(Head) + std::uint64_t{point_bytes} + batch_bytes;
  }
};

namespace {

/// Head, point and batch as they are written; `batch` nullptr: a point alone.
template <class Head>
std::string frame_of(const ChainPoint& point, const v1::Batch* batch) {
  v1::Batch at;
  set_head({}, point, at);
  Head head;
  head.point_bytes = static_cast<std::uint32_t>(at.ByteSizeLong());
  head.batch_bytes = batch == nullptr ? 0 : static_cast<std::uint32_t>(batch->ByteSizeLong());
  std::string out(head.frame_bytes(), '\0');
  auto* body = reinterpret_cast<std::uint8_t*>(out.data()) + sizeof(Head);
  at.SerializeWithCachedSizesToArray(body);
  if (batch != nullptr) batch->SerializeWithCachedSizesToArray(body + head.point_bytes);
  head.body_crc = checksum(body, head.point_bytes + head.batch_bytes);
  head.head_crc = checksum(&head, offsetof(Head, head_crc));
  std::memcpy(out.data(), &head, sizeof head);
  return out;
}

}  // namespace

Result<std::unique_ptr<SpoolFile>> SpoolFile::create(const std::string& path, const ChainId& chain,
                                                     const ChainPoint& base) {
  if (!path.empty() && ::access(path.c_str(), F_OK) == 0) return failed(path, "cannot make", EEXIST);
  const std::string aside = path.empty() ? path : path + ".new";
  Fd fd(path.empty() ? -1 : ::open(aside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!fd && !path.empty()) return failed(path, "cannot make", errno);
  std::unique_ptr<SpoolFile> file(new SpoolFile(aside, chain, std::move(fd)));
  file->base_ = base;
  Status done = file->put(frame_of<Head>(base, nullptr));
  if (done && !path.empty()) done = file->rename(path);
  if (done) return file;
  file->remove();
  return done.error();
}

Result<std::unique_ptr<SpoolFile>> SpoolFile::open(const std::string& path, ChainId chain, bool& damaged) {
  damaged = false;
  std::unique_ptr<SpoolFile> file(new SpoolFile(path, std::move(chain), Fd()));
  if (const int error = file->wake()) {
    damaged = is_damage(error);
    return failed(path, "cannot open", error);
  }
  struct stat st {};
  if (::fstat(file->fd_.get(), &st) != 0) return failed(path, "cannot open", errno);
  file->bytes_ = static_cast<std::uint64_t>(st.st_size);
  file->written_at_ = static_cast<std::uint64_t>(st.st_mtim.tv_sec) * 1'000'000'000 +
                      static_cast<std::uint64_t>(st.st_mtim.tv_nsec);
  Head head;
  Frame frame;
  std::uint64_t at = 0;
  if (file->read_head(0, head) && file->read_frame(at, head, frame)) {
    file->base_ = head.batch_bytes == 0 ? frame.after : point_before(frame.batch);
    return file;
  }
  at = 1;
  if (file->find_next(at) && file->read(at, frame) == Read::kFrame) {
    file->base_ = point_before(frame.batch);
    file->chain_.sensor = frame.batch.sensor();
    return file;
  }
  damaged = file->read_error_ == 0 || is_damage(file->read_error_);
  if (file->read_error_ != 0) return failed(path, "cannot read", file->read_error_);
  return Error{fmt::format("'{}': nothing in it can be read", path)};
}

int SpoolFile::wake() const noexcept {
  if (in_memory() || fd_) return 0;
  fd_.reset(::open(path_.c_str(), O_RDWR | O_CLOEXEC));
  return fd_ ? 0 : errno;
}

Status SpoolFile::append(const v1::Batch& batch, const ChainPoint& after) {
  return put(frame_of<Head>(after, &batch));
}

Status SpoolFile::put(std::string_view out) {
  if (in_memory()) {
    memory_.append(out);
  } else if (const int closed = wake()) {
    return failed(path_, "cannot open", closed);
  } else if (const int error = write_all_at(fd_.get(), out, bytes_)) {
    // No half frame may stand in the way of the next one.
    [[maybe_unused]] const int cut = ::ftruncate(fd_.get(), static_cast<off_t>(bytes_));
    return failed(path_, "cannot write to", error);
  }
  bytes_ += out.size();
  written_at_ = steady_now_ns();
  return Done{};
}

bool SpoolFile::read_at(std::uint64_t offset, void* to, std::size_t n) const {
  auto* out = static_cast<char*>(to);
  if (in_memory()) {
    if (offset + n > memory_.size()) return false;
    memory_.copy(out, n, offset);
    return true;
  }
  while (n > 0) {
    const ssize_t got = ::pread(fd_.get(), out, n, static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) read_error_ = errno;
    if (got <= 0) return false;
    out += got;
    offset += static_cast<std::uint64_t>(got);
    n -= static_cast<std::size_t>(got);
  }
  return true;
}

bool SpoolFile::read_head(std::uint64_t offset, Head& head) const {
  return offset + sizeof head <= bytes_ && read_at(offset, &head, sizeof head) && head.whole() &&
         offset + head.frame_bytes() <= bytes_;
}

bool SpoolFile::read_frame(std::uint64_t& offset, const Head& head, Frame& frame) const {
  std::string body(std::size_t{head.point_bytes} + head.batch_bytes, '\0');
  if (!read_at(offset + sizeof head, body.data(), body.size())) return false;
  if (checksum(body.data(), body.size()) != head.body_crc) return false;
  v1::Batch point;
  if (!point.ParseFromArray(body.data(), static_cast<int>(head.point_bytes))) return false;
  if (!frame.batch.ParseFromArray(body.data() + head.point_bytes, static_cast<int>(head.batch_bytes)))
    return false;
  frame.after = point_before(point);
  if (head.batch_bytes != 0 && !is_ours(frame)) return false;
  offset += head.frame_bytes();
  return true;
}

bool SpoolFile::is_ours(const Frame& frame) const {
  const v1::Batch& b = frame.batch;
  return (chain_.sensor.empty() || b.sensor() == chain_.sensor) && b.boot() == chain_.boot &&
         b.lane() == chain_.lane && b.first_seq() != 0 && b.count() != 0 && frame.last() >= frame.first() &&
         frame.after.through == frame.last();
}

SpoolFile::Read SpoolFile::read(std::uint64_t& offset, Frame& frame) const {
  if (offset >= bytes_) return Read::kEnd;
  if (const int error = wake()) return error == ENOENT || is_damage(error) ? Read::kDamaged : Read::kClosed;
  read_error_ = 0;
  while (offset < bytes_) {
    Head head;
    if (!read_head(offset, head) || !read_frame(offset, head, frame))
      return read_error_ == 0 || is_damage(read_error_) ? Read::kDamaged : Read::kClosed;
    if (head.batch_bytes != 0) return Read::kFrame;
  }
  return Read::kEnd;
}

bool SpoolFile::find_next(std::uint64_t& offset) const {
  std::vector<char> chunk(kScan + sizeof(Head));
  const std::string_view magic(reinterpret_cast<const char*>(&kMagic), sizeof kMagic);
  std::size_t most = chunk.size();
  while (wake() == 0 && offset + sizeof(Head) <= bytes_) {
    std::size_t n = std::min<std::uint64_t>(most, bytes_ - offset);
    if (most == kPage) n = std::min<std::uint64_t>(n, kPage - offset % kPage + magic.size() - 1);
    if (!read_at(offset, chunk.data(),
                 n)) {  // a page of it the disk does not give back: each try may take seconds
      if (most == kPage) offset += kPage - offset % kPage;
      most = most == kPage ? chunk.size() : kPage;
      continue;
    }
    const std::string_view in(chunk.data(), n);
    std::size_t from = 0;
    for (std::size_t at; (at = in.find(magic, from)) != std::string_view::npos; from = at + 1) {
      std::uint64_t candidate = offset + at, behind = candidate;
      Head head;
      Frame frame;
      if (!read_head(candidate, head) || head.batch_bytes == 0 || !read_frame(behind, head, frame)) continue;
      offset = candidate;
      return true;
    }
    if (offset + n >= bytes_) break;
    offset += n - magic.size() + 1;
  }
  offset = bytes_;
  return false;
}

Status SpoolFile::move_to(const std::string& path) {
  const std::string aside = path + ".new";
  Fd fd(::open(aside.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0640));
  if (!fd) return failed(path, "cannot make", errno);
  SpoolFile copy(aside, chain_, std::move(fd));
  std::string chunk(kScan, '\0');
  for (std::uint64_t at = 0; at < bytes_; at += chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(kScan, bytes_ - at));
    Status done =
        read_at(at, chunk.data(), chunk.size()) ? copy.put(chunk) : failed("memory", "cannot read", EIO);
    if (!done) {
      copy.remove();
      return done;
    }
  }
  if (Status placed = copy.rename(path); !placed) {
    copy.remove();
    return placed;
  }
  std::swap(path_, copy.path_);
  std::swap(fd_, copy.fd_);
  std::string().swap(memory_);
  return Done{};
}

Status SpoolFile::sync() const noexcept {
  if (in_memory()) return Done{};
  // By a descriptor of its own: the other is not held during a sync.
  const Fd fd(::open(path_.c_str(), O_RDONLY | O_CLOEXEC));
  if (!fd && errno == ENOENT) return Done{};  // acknowledged and removed
  if (!fd || ::fdatasync(fd.get()) != 0) return failed(path_, "cannot sync", errno);
  return Done{};
}

Status SpoolFile::rename(const std::string& path) {
  if (::rename(path_.c_str(), path.c_str()) != 0) return failed(path, "cannot write", errno);
  path_ = path;
  return Done{};
}

void SpoolFile::remove() noexcept {
  if (!in_memory()) ::unlink(path_.c_str());
  rest();
}

}  // namespace picket::delivery
