#include "parsers/core/mapping.h"

#include <sys/mman.h>

#include <new>

namespace picket {

Mapping::Mapping(std::size_t bytes, Pages pages) : bytes_(bytes) {
  at_ = mmap(nullptr, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (at_ == MAP_FAILED) throw std::bad_alloc();
  if (pages == Pages::kLarge) madvise(at_, bytes, MADV_HUGEPAGE);  // where it is refused, small ones do
}

Mapping::~Mapping() {
  if (at_ != nullptr) munmap(at_, bytes_);
}

}  // namespace picket
