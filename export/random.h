// export/random.h — random bits from the kernel, which nobody can guess and no two processes share
//
// Cost     a system call
// Refuses  with std::system_error where the kernel has no getrandom(2), which came with Linux 3.17
#pragma once
#include <sys/random.h>

#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <span>
#include <system_error>

namespace picket {

inline void fill_random(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t n = ::getrandom(out.data(), out.size(), 0);
    if (n >= 0)
      out = out.subspan(static_cast<std::size_t>(n));
    else if (errno != EINTR)
      throw std::system_error(errno, std::generic_category(), "getrandom");
  }
}

inline std::uint64_t random_bits() {
  std::uint64_t bits = 0;
  fill_random(std::as_writable_bytes(std::span(&bits, 1)));
  return bits;
}

}  // namespace picket
