// parsers/core/pool.h — a core's memory for parser states, transactions and reassembly: taken once, never
// grown
//
// Blocks are powers of two from 64 bytes to 256 KiB, cut from 256 KiB pages of one region reserved at start.
// A page serves one size at a time and returns to the region when its last block is released.
//
// Cost    O(1), no system call, no lock; one pool belongs to one core
// Refuses with nullptr when the region is used up (counted in refused()) or a block is larger than kMaxBlock
// Lives   as long as the core; every block must be back before the pool goes (checked in debug builds)
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <new>
#include <utility>

#include "parsers/core/bytes.h"
#include "parsers/core/mapping.h"

namespace picket {

class Pool {
 public:
  static constexpr std::size_t kMinBlock = 64;
  static constexpr std::size_t kMaxBlock = 256 * 1024;

  /// Reserves `bytes` of address space, rounded up to whole pages; pages cost memory from their first use.
  explicit Pool(std::size_t bytes);
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  [[nodiscard]] void* allocate(std::size_t bytes) noexcept;
  /// `bytes` is what was asked for in allocate().
  void release(void* block, std::size_t bytes) noexcept;

  /// The size that allocate(bytes) really gives.
  static constexpr std::size_t block_size(std::size_t bytes) noexcept {
    std::size_t size = kMinBlock;
    while (size < bytes) size *= 2;
    return size;
  }

  [[nodiscard]] std::size_t in_use_bytes() const noexcept { return in_use_; }
  [[nodiscard]] std::size_t peak_bytes() const noexcept { return peak_; }
  [[nodiscard]] std::size_t capacity_bytes() const noexcept { return page_count_ * kPage; }
  [[nodiscard]] std::uint64_t refused() const noexcept { return refused_; }

  template <class T, class... Args>
  [[nodiscard]] T* make(Args&&... args) noexcept {
    void* at = allocate(sizeof(T));
    return at == nullptr ? nullptr : ::new (at) T(std::forward<Args>(args)...);
  }
  template <class T>
  void destroy(T* object) noexcept {
    if (object == nullptr) return;
    object->~T();
    release(object, sizeof(T));
  }

 private:
  static constexpr std::size_t kPage = kMaxBlock;
  static constexpr std::size_t kClasses = 13;  // 64 B << 12 = 256 KiB
  static constexpr std::uint32_t kNone = 0xffffffff;

  struct FreeBlock {
    FreeBlock* next;
  };
  struct Page {
    FreeBlock* free = nullptr;
    std::uint32_t used = 0;    // blocks handed out
    std::uint32_t carved = 0;  // blocks ever cut since the page was taken
    std::uint32_t prev = kNone,
                  next = kNone;  // list of pages of one class that have room; free pages use `next`
    std::uint8_t size_class = 0;
  };

  static unsigned class_of(std::size_t bytes) noexcept;
  std::uint32_t take_page(unsigned size_class) noexcept;
  void link(std::uint32_t page) noexcept;
  void unlink(std::uint32_t page) noexcept;

  std::size_t page_count_ = 0;
  Mapping memory_;
  std::byte* region_ = nullptr;
  std::unique_ptr<Page[]> pages_;
  std::uint32_t free_pages_ = kNone;
  std::array<std::uint32_t, kClasses> partial_{};
  std::size_t in_use_ = 0, peak_ = 0;
  std::uint64_t refused_ = 0;
};

/// Bytes that grow inside a Pool up to a limit given with each append. Move-only; gives its block back when
/// it goes.
class PoolBuffer {
 public:
  explicit PoolBuffer(Pool& pool) noexcept : pool_(&pool) {}
  ~PoolBuffer() { reset(); }
  PoolBuffer(PoolBuffer&& o) noexcept
      : pool_(o.pool_),
        data_(std::exchange(o.data_, nullptr)),
        size_(std::exchange(o.size_, 0)),
        capacity_(std::exchange(o.capacity_, 0)) {}
  PoolBuffer& operator=(PoolBuffer&& o) noexcept {
    if (this != &o) {
      reset();
      pool_ = o.pool_;
      data_ = std::exchange(o.data_, nullptr);
      size_ = std::exchange(o.size_, 0);
      capacity_ = std::exchange(o.capacity_, 0);
    }
    return *this;
  }

  [[nodiscard]] Bytes view() const noexcept { return {data_, size_}; }
  [[nodiscard]] std::string_view text() const noexcept { return as_text(view()); }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }
  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }
  [[nodiscard]] std::uint8_t* data() noexcept { return data_; }

  /// All of `more` or nothing: false when the pool is used up or the block would pass Pool::kMaxBlock.
  [[nodiscard]] bool append(Bytes more) noexcept;
  [[nodiscard]] bool push_back(std::uint8_t c) noexcept { return append({&c, 1}); }
  /// Room for at least `bytes` in all, so that data() may be written up to there before resize().
  [[nodiscard]] bool reserve(std::size_t bytes) noexcept;
  /// Never beyond what reserve() made room for.
  void resize(std::size_t bytes) noexcept { size_ = bytes; }
  [[nodiscard]] std::size_t capacity() const noexcept { return capacity_; }
  /// Drops the first n bytes.
  void consume(std::size_t n) noexcept;
  /// Empties, keeps the block.
  void clear() noexcept { size_ = 0; }
  /// Empties and gives the block back.
  void reset() noexcept;

 private:
  Pool* pool_;
  std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  std::size_t capacity_ = 0;
};

}  // namespace picket
