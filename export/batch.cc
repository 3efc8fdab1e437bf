#include "export/batch.h"

#include <fmt/core.h>
#include <openssl/evp.h>
#include <zstd.h>

#include <memory>

#include "export/delimited.h"
#include "export/proto/picket/v1/collector.pb.h"

namespace picket {
namespace {

constexpr int kZstdLevel =
    1;  // records are repetitive: level 1 takes most of what there is to take, at memory speed

void add_u64(EVP_MD_CTX* ctx, std::uint64_t v) {
  std::uint8_t b[8];
  for (std::size_t i = 0; i < 8; ++i) b[i] = static_cast<std::uint8_t>(v >> (8 * i));
  EVP_DigestUpdate(ctx, b, sizeof b);
}

/// records_size was checked before: what is decompressed has a known and bounded place to go.
Result<std::string> unpack(const v1::Batch& batch) {
  const std::string& in = batch.records();
  switch (batch.compression()) {
    case v1::COMPRESSION_NONE:
      if (in.size() != batch.records_size()) return Error{"records_size is not the size of the records"};
      return in;
    case v1::COMPRESSION_ZSTD: {
      std::string out(batch.records_size(), '\0');
      const std::size_t n = ZSTD_decompress(out.data(), out.size(), in.data(), in.size());
      if (ZSTD_isError(n) != 0) return Error{fmt::format("zstd: {}", ZSTD_getErrorName(n))};
      if (n != out.size()) return Error{"records_size is not what the records decompress to"};
      return out;
    }
    default:
      break;
  }
  return Error{
      fmt::format("compression {} is not known to this version", static_cast<int>(batch.compression()))};
}

}  // namespace

BatchHash hash_batch(const BatchHash& previous, std::string_view sensor, std::uint64_t boot,
                     std::uint64_t first_seq, std::uint64_t count, Bytes records) {
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> ctx(EVP_MD_CTX_new(), &EVP_MD_CTX_free);
  EVP_DigestInit_ex(ctx.get(), EVP_sha256(), nullptr);
  EVP_DigestUpdate(ctx.get(), previous.data(), previous.size());
  add_u64(ctx.get(), sensor.size());
  EVP_DigestUpdate(ctx.get(), sensor.data(), sensor.size());
  add_u64(ctx.get(), boot);
  add_u64(ctx.get(), first_seq);
  add_u64(ctx.get(), count);
  EVP_DigestUpdate(ctx.get(), records.data(), records.size());
  BatchHash hash{};
  EVP_DigestFinal_ex(ctx.get(), hash.data(), nullptr);
  return hash;
}

BatchHash seal_batch(const BatchHash& previous, Bytes records, bool compress, v1::Batch& batch) {
  const BatchHash hash =
      hash_batch(previous, batch.sensor(), batch.boot(), batch.first_seq(), batch.count(), records);
  batch.set_previous_hash(previous.data(), previous.size());
  batch.set_hash(hash.data(), hash.size());
  batch.set_records_size(static_cast<std::uint32_t>(records.size()));
  batch.set_compression(v1::COMPRESSION_NONE);
  if (compress) {
    std::string& out = *batch.mutable_records();
    out.resize(ZSTD_compressBound(records.size()));
    const std::size_t n = ZSTD_compress(out.data(), out.size(), records.data(), records.size(), kZstdLevel);
    if (ZSTD_isError(n) == 0) {
      out.resize(n);
      out.shrink_to_fit();
      batch.set_compression(v1::COMPRESSION_ZSTD);
      return hash;
    }
  }
  batch.set_records(records.data(), records.size());
  return hash;
}

Result<std::string> open_batch(const v1::Batch& batch, const BatchLimits& limits) {
  if (batch.sensor().empty()) return Error{"a batch without a sensor's name"};
  if (batch.sensor().size() > limits.max_sensor_name) return Error{"a sensor's name that is too long"};
  if (batch.count() == 0 || batch.first_seq() == 0)
    return Error{"a batch without records, or not numbered from 1"};
  if (batch.first_seq() > (std::uint64_t{1} << 62)) return Error{"first_seq is out of range"};
  if (batch.count() > limits.max_records) {
    return Error{
        fmt::format("{} records in a batch; at most {} are taken", batch.count(), limits.max_records)};
  }
  if (batch.records_size() > limits.max_records_bytes) {
    return Error{fmt::format("{} bytes of records in a batch; at most {} are taken", batch.records_size(),
                             limits.max_records_bytes)};
  }
  BatchHash previous, hash;
  if (!read_hash(batch.previous_hash(), previous) || !read_hash(batch.hash(), hash)) {
    return Error{"a hash that is not 32 bytes long"};
  }
  auto records = unpack(batch);
  if (!records) return records;
  const Bytes bytes = as_bytes(records.value());
  WireReader in(bytes);
  std::uint64_t count = 0;
  for (Bytes record; next_delimited(in, record);) ++count;
  if (!in.ok() || count != batch.count()) {
    return Error{fmt::format("{} whole records where the batch says {}", count, batch.count())};
  }
  if (hash_batch(previous, batch.sensor(), batch.boot(), batch.first_seq(), batch.count(), bytes) != hash) {
    return Error{"its hash is not that of its content"};
  }
  return records;
}

bool read_hash(std::string_view field, BatchHash& out) noexcept {
  if (field.size() != out.size()) return false;
  std::memcpy(out.data(), field.data(), out.size());
  return true;
}

}  // namespace picket
