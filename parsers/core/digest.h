// parsers/core/digest.h — MD5, SHA-1 and SHA-256 on the packet path
//
// OpenSSL 3 calls these block functions deprecated and wants EVP, but EVP and the one-shot SHA1() fetch an
// algorithm and allocate on each call (three allocations, measured with a counting malloc), which no packet
// may cost. The block functions do not allocate and use the CPU's SHA instructions; OpenSSL keeps them for
// the life of version 3. MD5 and SHA-1 serve as names for things here, not as protection.
//
// Cost    no allocation; tls_test.cc and tests/no_allocation_test.cc count
#pragma once
#include <openssl/md5.h>
#include <openssl/sha.h>

#include <array>

#include "parsers/core/bytes.h"

namespace picket {

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"

template <class Context, std::size_t kSize, int (*kInit)(Context*),
          int (*kUpdate)(Context*, const void*, std::size_t), int (*kFinal)(unsigned char*, Context*)>
class Digest {
 public:
  using Value = std::array<std::uint8_t, kSize>;

  Digest() noexcept { kInit(&context_); }
  void add(Bytes b) noexcept { kUpdate(&context_, b.data(), b.size()); }
  void add(std::string_view s) noexcept { add(as_bytes(s)); }
  /// Once, at the end.
  [[nodiscard]] Value finish() noexcept {
    Value v{};
    kFinal(v.data(), &context_);
    return v;
  }
  [[nodiscard]] static Value of(Bytes b) noexcept {
    Digest d;
    d.add(b);
    return d.finish();
  }

 private:
  Context context_{};
};

using Md5 = Digest<MD5_CTX, MD5_DIGEST_LENGTH, MD5_Init, MD5_Update, MD5_Final>;
using Sha1 = Digest<SHA_CTX, SHA_DIGEST_LENGTH, SHA1_Init, SHA1_Update, SHA1_Final>;
using Sha256 = Digest<SHA256_CTX, SHA256_DIGEST_LENGTH, SHA256_Init, SHA256_Update, SHA256_Final>;

#pragma GCC diagnostic pop

inline constexpr char kHexDigits[] = "0123456789abcdef";

/// Lower-case hex of the first bytes of `in`, as many as fill `out`.
inline void to_hex(Bytes in, std::span<char> out) noexcept {
  for (std::size_t i = 0; i + 1 < out.size() && i / 2 < in.size(); i += 2) {
    out[i] = kHexDigits[in[i / 2] >> 4];
    out[i + 1] = kHexDigits[in[i / 2] & 15];
  }
}

}  // namespace picket
