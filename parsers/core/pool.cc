#include "parsers/core/pool.h"

#include <algorithm>
#include <bit>
#include <cstring>

#include "parsers/core/assert.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#define PICKET_POISON(at, n) ASAN_POISON_MEMORY_REGION(at, n)
#define PICKET_UNPOISON(at, n) ASAN_UNPOISON_MEMORY_REGION(at, n)
#else
#define PICKET_POISON(at, n) ((void)0)
#define PICKET_UNPOISON(at, n) ((void)0)
#endif

namespace picket {

Pool::Pool(std::size_t bytes)
    : page_count_((bytes + kPage - 1) / kPage),
      memory_(page_count_ * kPage, Mapping::Pages::kSmall),
      region_(memory_.as<std::byte>()),
      pages_(new Page[page_count_]) {
  PICKET_POISON(region_, page_count_ * kPage);
  partial_.fill(kNone);
  for (std::size_t i = page_count_; i > 0; --i) {  // lowest page on top: memory in use stays together
    pages_[i - 1].next = free_pages_;
    free_pages_ = static_cast<std::uint32_t>(i - 1);
  }
}

Pool::~Pool() {
  PICKET_ASSERT(in_use_ == 0);
  PICKET_UNPOISON(region_, page_count_ * kPage);
}

unsigned Pool::class_of(std::size_t bytes) noexcept {
  return bytes <= kMinBlock ? 0U : static_cast<unsigned>(std::bit_width(bytes - 1)) - 6U;
}

void Pool::link(std::uint32_t page) noexcept {
  auto& head = partial_[pages_[page].size_class];
  pages_[page].prev = kNone;
  pages_[page].next = head;
  if (head != kNone) pages_[head].prev = page;
  head = page;
}

void Pool::unlink(std::uint32_t page) noexcept {
  Page& p = pages_[page];
  if (p.prev != kNone)
    pages_[p.prev].next = p.next;
  else
    partial_[p.size_class] = p.next;
  if (p.next != kNone) pages_[p.next].prev = p.prev;
}

std::uint32_t Pool::take_page(unsigned size_class) noexcept {
  const std::uint32_t page = free_pages_;
  if (page == kNone) return kNone;
  free_pages_ = pages_[page].next;
  pages_[page] = Page{};
  pages_[page].size_class = static_cast<std::uint8_t>(size_class);
  link(page);
  return page;
}

void* Pool::allocate(std::size_t bytes) noexcept {
  const unsigned c = class_of(bytes);
  std::uint32_t page = c < kClasses ? partial_[c] : kNone;
  if (page == kNone && c < kClasses) page = take_page(c);
  if (page == kNone) {
    ++refused_;
    return nullptr;
  }
  Page& p = pages_[page];
  const std::size_t size = kMinBlock << c;
  void* block = nullptr;
  if (p.free != nullptr) {
    block = p.free;
    PICKET_UNPOISON(block, sizeof(FreeBlock));
    p.free = p.free->next;
  } else {
    block = region_ + std::size_t{page} * kPage + std::size_t{p.carved++} * size;
  }
  PICKET_UNPOISON(block, bytes);
  if (++p.used == kPage / size) unlink(page);
  in_use_ += size;
  peak_ = std::max(peak_, in_use_);
  return block;
}

void Pool::release(void* block, std::size_t bytes) noexcept {
  if (block == nullptr) return;
  const unsigned c = class_of(bytes);
  const std::size_t size = kMinBlock << c;
  const auto page = static_cast<std::uint32_t>((static_cast<std::byte*>(block) - region_) /
                                               static_cast<std::ptrdiff_t>(kPage));
  Page& p = pages_[page];
  PICKET_ASSERT(p.size_class == c && p.used > 0);
  if (p.used == kPage / size) link(page);
  PICKET_UNPOISON(block, sizeof(FreeBlock));
  auto* f = ::new (block) FreeBlock{p.free};
  p.free = f;
  PICKET_POISON(block, size);
  in_use_ -= size;
  if (--p.used == 0) {
    unlink(page);
    p.free = nullptr;
    p.next = free_pages_;
    free_pages_ = page;
  }
}

bool PoolBuffer::reserve(std::size_t bytes) noexcept {
  if (bytes <= capacity_) return true;
  const std::size_t capacity = Pool::block_size(bytes);
  auto* data = static_cast<std::uint8_t*>(pool_->allocate(capacity));
  if (data == nullptr) return false;
  if (size_ != 0) std::memcpy(data, data_, size_);
  if (data_ != nullptr) pool_->release(data_, capacity_);
  data_ = data;
  capacity_ = capacity;
  return true;
}

bool PoolBuffer::append(Bytes more) noexcept {
  if (more.empty()) return true;
  if (!reserve(size_ + more.size())) return false;
  std::memcpy(data_ + size_, more.data(), more.size());
  size_ += more.size();
  return true;
}

void PoolBuffer::consume(std::size_t n) noexcept {
  PICKET_ASSERT(n <= size_);
  size_ -= n;
  if (size_ != 0 && n != 0) std::memmove(data_, data_ + n, size_);
}

void PoolBuffer::reset() noexcept {
  if (data_ != nullptr) pool_->release(data_, capacity_);
  data_ = nullptr;
  size_ = capacity_ = 0;
}

}  // namespace picket
