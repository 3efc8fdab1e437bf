#include "export/collector/record_block.h"

#include <fmt/format.h>
#include <zstd.h>

#include <algorithm>

#include "export/delimited.h"

namespace picket::collector {
namespace {

constexpr int kLevel = 1;  // in the way of every record: fast before small

void append_varint(std::uint64_t n, std::string& out) {
  for (; n >= 0x80; n >>= 7) out.push_back(static_cast<char>(n | 0x80));
  out.push_back(static_cast<char>(n));
}

/// Small numbers stay small whatever their sign.
std::uint64_t zigzag(std::uint64_t difference) {
  return difference << 1 ^ static_cast<std::uint64_t>(static_cast<std::int64_t>(difference) >> 63);
}
std::uint64_t unzigzag(std::uint64_t v) { return v >> 1 ^ (~(v & 1) + 1); }

}  // namespace

void RecordBlock::add(std::uint64_t seq, Bytes record, const RecordKeys& k) {
  if (count++ == 0) {
    first = before_ = last = seq;
    since_ns = until_ns = k.time_ns;
  }
  last = std::max(last, seq);
  since_ns = std::min(since_ns, k.time_ns);
  until_ns = std::max(until_ns, k.time_ns);
  append_varint(zigzag(seq - before_), records);
  before_ = seq;
  append_delimited(record, records);
  keys.add_record(k);
}

struct Compressor::Zstd {
  std::unique_ptr<ZSTD_CCtx, decltype(&ZSTD_freeCCtx)> context{ZSTD_createCCtx(), &ZSTD_freeCCtx};
};
Compressor::Compressor() : zstd_(std::make_unique<Zstd>()) {}
Compressor::~Compressor() = default;

Bytes Compressor::compress(std::string_view records) {
  out_.resize(std::max(out_.size(), ZSTD_compressBound(records.size())));
  const std::size_t n = ZSTD_compressCCtx(zstd_->context.get(), out_.data(), out_.size(), records.data(),
                                          records.size(), kLevel);
  return as_bytes(std::string_view(out_).substr(0, ZSTD_isError(n) != 0 ? 0 : n));
}

Status each_record_of(Bytes block, std::size_t size, std::uint64_t first,
                      const std::function<void(std::uint64_t seq, Bytes record)>& visit) {
  if (size > kMaxBlockBytes) return Error{fmt::format("a block of {} bytes", size)};
  std::string records(size, '\0');
  const std::size_t n = ZSTD_decompress(records.data(), records.size(), block.data(), block.size());
  if (ZSTD_isError(n) != 0 || n != size) return Error{"a block that does not decompress to what it should"};
  WireReader in(as_bytes(records));
  std::uint64_t seq = first;
  while (!in.empty()) {
    seq += unzigzag(in.varint());
    Bytes record;
    if (!next_delimited(in, record)) return Error{"a block that is no run of records"};
    visit(seq, record);
  }
  return Done{};
}

}  // namespace picket::collector
