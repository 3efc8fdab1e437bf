// export/delivery/crc32c.h — CRC-32C (Castagnoli) by the CPU's own instruction, which x86-64-v2 has
//
// Cost    three cycles for eight bytes
// Source  RFC 3720, appendix B.4 has the values of the test
#pragma once
#include <nmmintrin.h>

#include <cstdint>
#include <cstring>

#include "parsers/core/bytes.h"

namespace picket::delivery {

/// `before`: of what stands before it, or anything else that is to be part of it.
inline std::uint32_t crc32c(Bytes bytes, std::uint32_t before = 0) noexcept {
  std::uint64_t crc = ~before;
  const std::uint8_t* at = bytes.data();
  std::size_t left = bytes.size();
  for (; left >= sizeof(std::uint64_t); left -= sizeof(std::uint64_t), at += sizeof(std::uint64_t)) {
    std::uint64_t word = 0;
    std::memcpy(&word, at, sizeof word);
    crc = _mm_crc32_u64(crc, word);
  }
  auto last = static_cast<std::uint32_t>(crc);
  for (; left != 0; --left) last = _mm_crc32_u8(last, *at++);
  return ~last;
}

}  // namespace picket::delivery
