#include "export/intel/indicator_set.h"

#include <zstd.h>

#include <algorithm>
#include <bit>
#include <cstring>
#include <new>

namespace picket::intel {
namespace {

constexpr unsigned kPlaceBits = 14;  // of a row in its block
static_assert(IndicatorSet::kBlock == std::size_t{1} << kPlaceBits);
constexpr std::size_t kMaxBlocks = std::size_t{1} << (32 - kPlaceBits);
constexpr int kLevel = 3;
constexpr std::size_t kFilterBitsPerKey = 12;
constexpr std::size_t kPerIndexEntry = 4;

/// What stands before the texts of a row.
struct Head {
  std::uint64_t expires_ns;
  std::uint16_t key, text, source, description, reference;  // sizes
  std::uint8_t type, bits, severity, confidence;            // 255: unsaid
  std::uint16_t nothing;                                    // all of it is hashed: it may have no padding
};
static_assert(sizeof(Head) == 24);
constexpr std::uint8_t kUnsaid = 255;
// The longest row fits into a block.
static_assert(sizeof(Head) + 5 * kMaxText <= IndicatorSet::kBlock);

}  // namespace

IndicatorSet::Line IndicatorSet::filter_bits(std::uint64_t fingerprint) noexcept {
  // The line is chosen by the upper bits; six of the lower for each word are one bit of it.
  Line bits;
  for (unsigned i = 0; i < bits.size(); ++i) bits[i] = std::uint64_t{1} << (fingerprint >> (5 * i) & 63);
  return bits;
}

IndicatorSet::Range IndicatorSet::find(std::uint64_t h) const noexcept {
  if (hashes_.empty()) return {};
  const FilterLine& line = filter_[(h >> 40) & (filter_.size() - 1)];
  const Line bits = filter_bits(h);
  std::uint64_t missing = 0;
  for (unsigned i = 0; i < bits.size(); ++i) missing |= bits[i] & ~line.words[i];
  if (missing != 0) return {};
  const std::size_t slot = index_shift_ == 64 ? 0 : h >> index_shift_;
  const auto begin = hashes_.begin();
  const auto [first, last] = std::equal_range(begin + index_[slot], begin + index_[slot + 1], h);
  return {static_cast<std::uint32_t>(first - begin), static_cast<std::uint32_t>(last - begin)};
}

bool IndicatorSet::has_file_hash(std::size_t bytes) const noexcept {
  return digests_.test(bytes == 16 ? 0 : bytes == 20 ? 1 : 2);
}

std::size_t IndicatorSet::bytes() const noexcept {
  const auto of = [](const auto& v) { return v.capacity() * sizeof v[0]; };
  return sizeof *this + of(filter_) + of(hashes_) + of(rows_) + of(index_) + of(blocks_) + of(packed_);
}

IndicatorReader::IndicatorReader() : context_(ZSTD_createDCtx()), bytes_(IndicatorSet::kBlock) {
  if (context_ == nullptr) throw std::bad_alloc();
}
IndicatorReader::~IndicatorReader() { ZSTD_freeDCtx(context_); }

Row IndicatorReader::read(std::uint32_t place) noexcept {
  const std::uint32_t where = set_->rows_[place];
  if (const std::size_t block = where >> kPlaceBits; block != block_) {
    const std::uint64_t at = set_->blocks_[block];
    [[maybe_unused]] const std::size_t n = ZSTD_decompressDCtx(
        context_, bytes_.data(), bytes_.size(), &set_->packed_[at], set_->blocks_[block + 1] - at);
    PICKET_ASSERT(!ZSTD_isError(n));
    block_ = block;
  }
  const char* p = &bytes_[where & (IndicatorSet::kBlock - 1)];
  Head head;
  std::memcpy(&head, p, sizeof head);
  p += sizeof head;
  const auto next = [&p](std::size_t n) {
    p += n;
    return std::string_view(p - n, n);
  };
  Row r;
  r.type = static_cast<Type>(head.type);
  r.key.space = r.type == Type::kNetwork ? Type::kAddress : r.type;
  r.key.bits = head.bits;
  r.key.text = next(head.key);
  r.text = next(head.text);
  r.source = next(head.source);
  r.description = next(head.description);
  r.reference = next(head.reference);
  r.severity = static_cast<Severity>(head.severity);
  if (head.confidence != kUnsaid) r.confidence = head.confidence;
  r.expires_ns = head.expires_ns;
  return r;
}

struct IndicatorSetBuilder::Packer {
  ZSTD_CCtx* const context = ZSTD_createCCtx();
  ~Packer() { ZSTD_freeCCtx(context); }
};

IndicatorSetBuilder::IndicatorSetBuilder()
    : set_(std::make_unique<IndicatorSet>()), packer_(std::make_unique<Packer>()) {
  if (packer_->context == nullptr) throw std::bad_alloc();
  block_.reserve(IndicatorSet::kBlock);
  set_->blocks_.push_back(0);
}
IndicatorSetBuilder::~IndicatorSetBuilder() = default;

bool IndicatorSetBuilder::add(const Indicator& i) {
  const std::size_t size = sizeof(Head) + i.key.size() + i.text.size() + i.source.size() +
                           i.description.size() + i.reference.size();
  PICKET_ASSERT(size <= IndicatorSet::kBlock);
  if (entries_.size() == IndicatorSet::kMaxIndicators) return false;
  if (block_.size() + size > IndicatorSet::kBlock) {
    if (set_->blocks_.size() == kMaxBlocks) return false;
    pack();
  }
  const std::size_t at = block_.size();
  const auto n = [](const std::string& s) { return static_cast<std::uint16_t>(s.size()); };
  Head head{};
  head.expires_ns = i.expires_ns;
  head.key = n(i.key), head.text = n(i.text), head.source = n(i.source);
  head.description = n(i.description), head.reference = n(i.reference);
  head.type = static_cast<std::uint8_t>(i.type);
  head.bits = i.bits;
  head.severity = static_cast<std::uint8_t>(i.severity);
  head.confidence = i.confidence.value_or(kUnsaid);
  const auto* bytes = reinterpret_cast<const char*>(&head);
  block_.insert(block_.end(), bytes, bytes + sizeof head);
  for (const std::string* s : {&i.key, &i.text, &i.source, &i.description, &i.reference})
    block_.insert(block_.end(), s->begin(), s->end());
  Key whole;
  whole.text = {&block_[at], size};
  const auto block = static_cast<std::uint32_t>(set_->blocks_.size() - 1);
  entries_.push_back({fingerprint(i.key_view()), block << kPlaceBits | static_cast<std::uint32_t>(at),
                      static_cast<std::uint32_t>(fingerprint(whole))});

  ++set_->counts_[static_cast<std::size_t>(i.type)];
  if (i.type == Type::kAddress || i.type == Type::kNetwork) set_->prefixes_.set(i.bits);
  if (i.type == Type::kDomain)
    set_->labels_.set(static_cast<std::size_t>(std::count(i.key.begin(), i.key.end(), '.')) + 1);
  if (i.type == Type::kFileHash) set_->digests_.set(i.key.size() == 16 ? 0 : i.key.size() == 20 ? 1 : 2);
  return true;
}

void IndicatorSetBuilder::pack() {
  std::vector<char>& to = set_->packed_;
  const std::size_t at = to.size(), room = ZSTD_compressBound(block_.size());
  // By a quarter, not by half: most of a large set is this.
  if (to.capacity() < at + room) to.reserve(std::max(at + room, to.capacity() + to.capacity() / 4));
  to.resize(at + room);
  const std::size_t n =
      ZSTD_compressCCtx(packer_->context, &to[at], room, block_.data(), block_.size(), kLevel);
  PICKET_ASSERT(!ZSTD_isError(n));
  to.resize(at + n);
  set_->blocks_.push_back(to.size());
  block_.clear();
}

std::size_t IndicatorSetBuilder::bytes() const noexcept {
  // A hash, a row, an entry of the index for several, and two filter lines at most for as many keys as it has bits.
  constexpr std::size_t kEach = 8 + 4 + 4 / kPerIndexEntry + 2 * kFilterBitsPerKey / 8;
  return entries_.size() * kEach + set_->packed_.size() + block_.size();
}

std::unique_ptr<IndicatorSet> IndicatorSetBuilder::finish() {
  if (!block_.empty()) pack();
  IndicatorSet& s = *set_;
  std::sort(entries_.begin(), entries_.end(), [](const Entry& a, const Entry& b) {
    return a.hash != b.hash ? a.hash < b.hash : a.row < b.row;
  });
  // Of one hash, in the order in which they were added.
  std::size_t kept = 0, first = 0;
  IndicatorReader reader;
  s.rows_.resize(1);
  reader.use(s);
  for (const Entry& e : entries_) {
    if (kept != 0 && entries_[first].hash != e.hash) first = kept;
    const auto same = [&e](const Entry& x) { return x.content == e.content; };
    const auto begin = entries_.begin() + static_cast<std::ptrdiff_t>(first);
    const auto end = entries_.begin() + static_cast<std::ptrdiff_t>(kept);
    const bool repeated = kept != 0 && std::any_of(begin, end, same),
               full = kept - first == IndicatorSet::kMaxSame;
    if (!repeated && !full) {
      entries_[kept++] = e;
      continue;
    }
    ++(repeated ? repeated_ : too_many_);
    s.rows_[0] = e.row;
    --s.counts_[static_cast<std::size_t>(reader.read(0).type)];
  }
  entries_.resize(kept);

  s.rows_.clear();
  s.hashes_.reserve(kept), s.rows_.reserve(kept);
  const std::size_t lines = std::bit_ceil(std::max<std::size_t>(1, kept * kFilterBitsPerKey / 512));
  s.filter_.resize(lines);
  for (const Entry& e : entries_) {
    s.hashes_.push_back(e.hash);
    s.rows_.push_back(e.row);
    IndicatorSet::Line& line = s.filter_[(e.hash >> 40) & (lines - 1)].words;
    const IndicatorSet::Line bits = IndicatorSet::filter_bits(e.hash);
    for (std::size_t i = 0; i < bits.size(); ++i) line[i] |= bits[i];
  }
  entries_ = {};
  const std::size_t slots = std::bit_ceil(std::max<std::size_t>(1, kept / kPerIndexEntry));
  s.index_shift_ = static_cast<unsigned>(64 - std::countr_zero(slots));
  s.index_.resize(slots + 1);
  std::size_t at = 0;
  for (std::size_t slot = 0; slot < slots; ++slot) {
    while (at < kept && s.index_shift_ < 64 && s.hashes_[at] >> s.index_shift_ < slot) ++at;
    s.index_[slot] = static_cast<std::uint32_t>(at);
  }
  s.index_[slots] = static_cast<std::uint32_t>(kept);
  s.packed_.shrink_to_fit();
  s.blocks_.shrink_to_fit();
  return std::move(set_);
}

}  // namespace picket::intel
