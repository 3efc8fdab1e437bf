#include "export/batch_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "export/proto/picket/v1/collector.pb.h"
#include "parsers/core/digest.h"

namespace picket {
namespace {

constexpr std::string_view kKind = "picket batches ";
constexpr std::string_view kVersion = "1";
constexpr std::size_t kHeadBytes = kKind.size() + kVersion.size() + 1;
constexpr std::size_t kRunDigits = 20, kNumberDigits = 10;
constexpr std::size_t kSumBytes = std::tuple_size_v<Sha256::Value>;

Error cut(std::size_t at) {
  return Error{fmt::format(
      "it ends after {} bytes, without its end mark: it was cut or damaged, or is not all there yet", at)};
}

bool all_digits(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return '0' <= c && c <= '9'; });
}

}  // namespace

BatchFileWriter::BatchFileWriter() {
  content_ = kKind;
  content_ += kVersion;
  content_ += '\n';
}

void BatchFileWriter::add(const v1::Batch& batch) {
  append_delimited(as_bytes(batch.SerializeAsString()), content_);
}

std::string BatchFileWriter::finish() && {
  content_ += '\0';
  const auto sum = Sha256::of(as_bytes(content_));
  content_.append(sum.begin(), sum.end());
  return std::move(content_);
}

Result<BatchFileReader> BatchFileReader::open(Bytes file) {
  const std::string_view text = as_text(file);
  if (text.substr(0, kKind.size()) != kKind.substr(0, text.size())) return Error{"it is no file of batches"};
  if (text.size() < kHeadBytes) return cut(text.size());
  if (text.substr(kKind.size(), kVersion.size()) != kVersion || text[kHeadBytes - 1] != '\n')
    return Error{fmt::format(
        "it is a file of batches of another version than {}, which is all that is read here", kVersion)};
  const Bytes content = file.subspan(kHeadBytes);
  WireReader in(content);
  Bytes batch;
  while (next_delimited(in, batch) && !batch.empty()) {
  }
  if (!in.ok() || in.left() < kSumBytes) return cut(file.size());
  if (in.left() > kSumBytes)
    return Error{fmt::format("{} bytes stand behind its end", in.left() - kSumBytes)};
  const Bytes summed = file.first(file.size() - kSumBytes);
  if (!std::ranges::equal(Sha256::of(summed), file.last(kSumBytes)))
    return Error{"its checksum is not that of its content: it was damaged on its way"};
  return BatchFileReader(content.first(content.size() - kSumBytes));
}

bool BatchFileReader::next(Bytes& batch) noexcept { return next_delimited(in_, batch) && !batch.empty(); }

std::string BatchFileName::text() const {
  return fmt::format("{}-{:010}{}", run, number, kBatchFileExtension);
}

bool parse_batch_file_name(std::string_view name, BatchFileName& out) {
  if (name.size() != kRunDigits + 1 + kNumberDigits + std::string_view(kBatchFileExtension).size() ||
      !name.ends_with(kBatchFileExtension) || name[kRunDigits] != '-')
    return false;
  const std::string_view run = name.substr(0, kRunDigits);
  const std::string_view number = name.substr(kRunDigits + 1, kNumberDigits);
  if (!all_digits(run) || !all_digits(number)) return false;
  std::from_chars(number.data(), number.data() + number.size(), out.number);
  out.run = run;
  return out.number != 0;
}

}  // namespace picket
