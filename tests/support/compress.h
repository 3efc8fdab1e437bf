// tests/support/compress.h — compressed bytes for tests
#pragma once
#include <gtest/gtest.h>
#include <zlib.h>

#include <string>
#include <string_view>

namespace picket::testing {

/// `window_bits` as zlib has them: 31 gzip, 15 zlib, -15 deflate alone.
inline std::string deflated(std::string_view in, int window_bits) {
  z_stream z{};
  EXPECT_EQ(deflateInit2(&z, 9, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY), Z_OK);
  std::string out(deflateBound(&z, in.size()), '\0');
  z.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(in.data()));
  z.avail_in = static_cast<uInt>(in.size());
  z.next_out = reinterpret_cast<Bytef*>(out.data());
  z.avail_out = static_cast<uInt>(out.size());
  EXPECT_EQ(deflate(&z, Z_FINISH), Z_STREAM_END);
  out.resize(z.total_out);
  deflateEnd(&z);
  return out;
}
inline std::string gzip(std::string_view in) { return deflated(in, 31); }
inline std::string zlib(std::string_view in) { return deflated(in, 15); }
inline std::string raw_deflate(std::string_view in) { return deflated(in, -15); }

}  // namespace picket::testing
