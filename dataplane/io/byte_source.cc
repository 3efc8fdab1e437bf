#include "dataplane/io/byte_source.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace picket {
namespace {

constexpr std::size_t kInputBytes = 256 * 1024;

class PlainSource final : public ByteSource {
 public:
  std::int64_t read(char* out, std::size_t size) noexcept override { return read_file(out, size); }
};

class GzipSource final : public ByteSource {
 public:
  GzipSource() {
    constexpr int kGzipOnly = 15 + 16;
    if (inflateInit2(&z_, kGzipOnly) != Z_OK) broken_ = true;
  }
  ~GzipSource() override { inflateEnd(&z_); }

  std::int64_t read(char* out, std::size_t size) noexcept override {
    if (broken_) return fail("gzip: cannot go on");
    z_.next_out = reinterpret_cast<Bytef*>(out);
    z_.avail_out = static_cast<uInt>(std::min<std::size_t>(size, 1U << 30));
    const uInt room = z_.avail_out;
    while (z_.avail_out == room) {
      if (z_.avail_in == 0 && !refill()) break;
      if (broken_) return -1;
      if (between_members_) {
        // Zeros behind the last member are padding (tapes, some tools); anything else begins another one.
        while (z_.avail_in > 0 && *z_.next_in == 0) ++z_.next_in, --z_.avail_in;
        if (z_.avail_in == 0) continue;
        inflateReset(&z_);
        between_members_ = false;
      }
      const int rc = inflate(&z_, Z_NO_FLUSH);
      if (rc == Z_STREAM_END) {
        between_members_ = true;
      } else if (rc != Z_OK && rc != Z_BUF_ERROR) {
        broken_ = true;
        return room != z_.avail_out
                   ? room - z_.avail_out
                   : fail(std::string("gzip: ") + (z_.msg != nullptr ? z_.msg : "damaged data"));
      }
    }
    const std::int64_t n = room - z_.avail_out;
    if (n == 0 && !between_members_) return fail("gzip: the file ends in the middle of compressed data");
    return n;
  }

 private:
  bool refill() noexcept {
    const std::int64_t n = read_file(input_.get(), kInputBytes);
    if (n < 0) broken_ = true;
    z_.next_in = reinterpret_cast<Bytef*>(input_.get());
    z_.avail_in = n > 0 ? static_cast<uInt>(n) : 0;
    return n != 0;
  }

  z_stream z_{};
  std::unique_ptr<char[]> input_ = std::make_unique<char[]>(kInputBytes);
  bool between_members_ = false, broken_ = false;
};

class ZstdSource final : public ByteSource {
 public:
  ~ZstdSource() override { ZSTD_freeDCtx(z_); }

  std::int64_t read(char* out, std::size_t size) noexcept override {
    if (z_ == nullptr) return fail("zstd: no memory");
    ZSTD_outBuffer to{out, size, 0};
    while (to.pos == 0) {
      if (in_.pos == in_.size && !drained_) {
        const std::int64_t n = read_file(input_.get(), kInputBytes);
        if (n < 0) return -1;
        drained_ = n == 0;
        in_ = {input_.get(), static_cast<std::size_t>(n), 0};
      }
      if (drained_ && at_frame_end_) return 0;
      const std::size_t rc = ZSTD_decompressStream(z_, &to, &in_);
      if (ZSTD_isError(rc) != 0U) return fail(std::string("zstd: ") + ZSTD_getErrorName(rc));
      at_frame_end_ = rc == 0;
      if (drained_ && to.pos == 0 && !at_frame_end_) {
        return fail("zstd: the file ends in the middle of compressed data");
      }
    }
    return static_cast<std::int64_t>(to.pos);
  }

 private:
  ZSTD_DCtx* z_ = ZSTD_createDCtx();
  std::unique_ptr<char[]> input_ = std::make_unique<char[]>(kInputBytes);
  ZSTD_inBuffer in_{input_.get(), 0, 0};
  bool at_frame_end_ = true, drained_ = false;
};

std::unique_ptr<ByteSource> unwrapping(const char* first, std::size_t size) {
  constexpr char kGzip[] = {'\x1f', '\x8b'};
  constexpr char kZstd[] = {'\x28', '\xb5', '\x2f', '\xfd'};
  if (size >= sizeof kGzip && std::memcmp(first, kGzip, sizeof kGzip) == 0)
    return std::make_unique<GzipSource>();
  if (size >= sizeof kZstd && std::memcmp(first, kZstd, sizeof kZstd) == 0)
    return std::make_unique<ZstdSource>();
  return std::make_unique<PlainSource>();
}

}  // namespace

ByteSource::~ByteSource() {
  if (fd_ > STDIN_FILENO) ::close(fd_);
}

Result<std::unique_ptr<ByteSource>> ByteSource::open(const std::string& path) {
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{path + ": " + std::strerror(errno)};
  struct stat about {};
  const bool is_file = ::fstat(fd, &about) == 0 && S_ISREG(about.st_mode);

  char first[kPeek];
  std::size_t size = 0;
  while (size < kPeek) {
    const ssize_t n = ::read(fd, first + size, kPeek - size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) {
      const Error why{path + ": " + std::strerror(errno)};
      if (fd != STDIN_FILENO) ::close(fd);
      return why;
    }
    if (n == 0) break;
    size += static_cast<std::size_t>(n);
  }
  if (is_file) ::posix_fadvise(fd, 0, 0, POSIX_FADV_SEQUENTIAL);

  auto source = unwrapping(first, size);
  source->fd_ = fd;
  source->file_size_ = is_file ? static_cast<std::uint64_t>(about.st_size) : 0;
  source->peeked_size_ = size;
  std::memcpy(source->peeked_, first, size);
  return source;
}

std::int64_t ByteSource::read_file(char* out, std::size_t size) noexcept {
  if (peeked_at_ < peeked_size_) {
    const std::size_t n = std::min(size, peeked_size_ - peeked_at_);
    std::memcpy(out, peeked_ + peeked_at_, n);
    peeked_at_ += n;
    consumed_ += n;
    return static_cast<std::int64_t>(n);
  }
  for (;;) {
    const ssize_t n = ::read(fd_, out, size);
    if (n < 0 && errno == EINTR) continue;
    if (n < 0) return fail(std::strerror(errno));
    consumed_ += static_cast<std::uint64_t>(n);
    return n;
  }
}

std::int64_t ByteSource::fail(std::string why) noexcept {
  if (error_.empty()) error_ = std::move(why);
  errno = EIO;
  return -1;
}

}  // namespace picket
