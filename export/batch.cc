#include "export/batch.h"

#include <fmt/core.h>
#include <zstd.h>

#include <algorithm>
#include <cstring>

#include "export/delimited.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/wire_fields.h"
#include "parsers/core/digest.h"

namespace picket {
namespace {

constexpr const char* kWrongHash = "its hash is not that of its content";
constexpr int kZstdLevel =
    1;  // records are repetitive: level 1 takes most of what there is to take, at memory speed

void add(Sha256& sha, std::uint64_t v) {
  std::uint8_t b[8];
  for (std::size_t i = 0; i < 8; ++i) b[i] = static_cast<std::uint8_t>(v >> (8 * i));
  sha.add(Bytes(b, sizeof b));
}
void add(Sha256& sha, std::string_view text) {
  add(sha, std::uint64_t{text.size()});
  sha.add(text);
}
void add(Sha256& sha, const google::protobuf::RepeatedPtrField<v1::TypeCount>& counts) {
  add(sha, static_cast<std::uint64_t>(counts.size()));
  for (const v1::TypeCount& c : counts) {
    add(sha, c.type());
    add(sha, c.count());
  }
}
void add_head(Sha256& sha, const v1::Batch& batch) {
  add(sha, static_cast<std::uint64_t>(batch.lane()));
  add(sha, batch.sealed_at());
  add(sha, batch.before());
  add(sha, std::uint64_t{batch.has_gap()});
  if (!batch.has_gap()) return;
  add(sha, static_cast<std::uint64_t>(batch.gap().reason()));
  add(sha, batch.gap().missing());
  add(sha, batch.gap().last_hash());
}

/// What an older lane cannot say, a hash over its fields would not cover.
bool has_head(const v1::Batch& batch) {
  return batch.sealed_at() != 0 || batch.before_size() != 0 || batch.has_gap();
}

bool has_long_names(const google::protobuf::RepeatedPtrField<v1::TypeCount>& counts) {
  return std::any_of(counts.begin(), counts.end(),
                     [](const v1::TypeCount& c) { return c.type().size() > kMaxTypeName; });
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

/// "GAP_SPOOL_FULL" without its first word, in lower case.
std::string without_prefix(std::string_view name, int number) {
  if (name.empty()) return std::to_string(number);
  std::string text(name.substr(name.find('_') + 1));
  std::transform(text.begin(), text.end(), text.begin(),
                 [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
  return text;
}

}  // namespace

BatchHash hash_batch(const BatchHash& previous, const v1::Batch& batch, Bytes records) {
  Sha256 sha;
  sha.add(Bytes(previous));
  add(sha, batch.sensor());
  add(sha, batch.boot());
  add(sha, batch.first_seq());
  add(sha, std::uint64_t{batch.count()});
  if (batch.lane() != v1::LANE_ALL) add_head(sha, batch);
  sha.add(records);
  return sha.finish();
}

BatchHash seal_batch(const BatchHash& previous, Bytes records, bool compress, v1::Batch& batch) {
  const BatchHash hash = hash_batch(previous, batch, records);
  batch.set_previous_hash(previous.data(), previous.size());
  batch.set_hash(hash.data(), hash.size());
  batch.set_records_size(static_cast<std::uint32_t>(records.size()));
  batch.set_compression(v1::COMPRESSION_NONE);
  if (compress && !records.empty()) {
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

void sign_batch(const SignHash& sign, v1::Batch& batch) {
  BatchHash hash;
  if (!read_hash(batch.hash(), hash)) return;
  Signature made = sign(hash);
  batch.set_signature(std::move(made.signature));
  batch.set_certificate(std::move(made.certificate));
}

bool parse_batch(Bytes message, const BatchLimits& limits, v1::Batch& batch) {
  std::size_t left = limits.max_fields;
  const bool few = take_fields(message, left, [&](const WireField& f) {
    if (f.number == v1::Batch::kBeforeFieldNumber) return take_fields(f.bytes, left);
    return f.number != v1::Batch::kGapFieldNumber || take_fields(f.bytes, left, [&](const WireField& of_gap) {
             return of_gap.number != v1::Gap::kMissingFieldNumber || take_fields(of_gap.bytes, left);
           });
  });
  return few && batch.ParseFromArray(message.data(), static_cast<int>(message.size()));
}

Result<std::string> open_batch(const v1::Batch& batch, const BatchLimits& limits) {
  if (batch.sensor().empty()) return Error{"a batch without a sensor's name"};
  if (batch.sensor().size() > limits.max_sensor_name) return Error{"a sensor's name that is too long"};
  if (batch.count() == 0 || batch.first_seq() == 0)
    return Error{"a batch without records, or not numbered from 1"};
  if (batch.first_seq() > (std::uint64_t{1} << 62)) return Error{"first_seq is out of range"};
  if (batch.count() > limits.max_records && !batch.has_gap()) {
    return Error{
        fmt::format("{} records in a batch; at most {} are taken", batch.count(), limits.max_records)};
  }
  if (batch.lane() == v1::LANE_ALL && has_head(batch))
    return Error{"fields that a batch without a lane cannot have"};
  if (batch.before_size() > limits.max_types || batch.gap().missing_size() > limits.max_types) {
    return Error{fmt::format("counts of more than {} types", limits.max_types)};
  }
  if (has_long_names(batch.before()) || has_long_names(batch.gap().missing()))
    return Error{fmt::format("counts of types with names of more than {} bytes", kMaxTypeName)};
  if (batch.records_size() > limits.max_records_bytes) {
    return Error{fmt::format("{} bytes of records in a batch; at most {} are taken", batch.records_size(),
                             limits.max_records_bytes)};
  }
  BatchHash previous, hash;
  if (!read_hash(batch.previous_hash(), previous) || !read_hash(batch.hash(), hash)) {
    return Error{"a hash that is not 32 bytes long"};
  }
  if (batch.has_gap()) {
    if (!batch.records().empty() || batch.records_size() != 0) return Error{"a gap with records"};
    BatchHash last;
    if (!batch.gap().last_hash().empty() && !read_hash(batch.gap().last_hash(), last))
      return Error{"a hash that is not 32 bytes long"};
    if (hash_batch(previous, batch, {}) != hash) return Error{kWrongHash};
    return std::string();
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
  if (hash_batch(previous, batch, bytes) != hash) return Error{kWrongHash};
  return records;
}

BatchHash chain_after(const v1::Batch& batch) noexcept {
  BatchHash hash{};
  if (!read_hash(batch.gap().last_hash(), hash)) read_hash(batch.hash(), hash);
  return hash;
}

bool read_hash(std::string_view field, BatchHash& out) noexcept {
  if (field.size() != out.size()) return false;
  std::memcpy(out.data(), field.data(), out.size());
  return true;
}

std::string lane_label(v1::Lane lane) { return without_prefix(v1::Lane_Name(lane), lane); }
std::string gap_label(v1::GapReason reason) { return without_prefix(v1::GapReason_Name(reason), reason); }

}  // namespace picket
