// sensor/rules/keywords_file.cc — the older keywords of files: each is a question to a buffer of files
//
//   filename:"x"      file.name; content:"x"; nocase;
//   fileext:"exe"     file.name; content:".exe"; nocase; endswith;
//   filemagic:"x"     file.magic; content:"x"; nocase;
//   filemd5:list      file.md5 is one of those in a file of hexadecimal lines, relative to the rule's file
//
// file.name, file.data, filesize and so on are declared by the protocols that carry files.
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

constexpr std::size_t kMaxListBytes = std::size_t{1} << 30;

enum : unsigned { kName, kExtension, kMagic };

/// Each use stands for itself, but all uses in a rule are asked about the same file.
bool read_text(Builder& builder, const Option& option, unsigned what) {
  BufferTarget target;
  if (option.value.empty()) return builder.fail(option.name, std::string(option.name) + " needs a text");
  if (!builder.find_buffer(option.name, what == kMagic ? "file.magic" : "file.name", target)) return false;
  Content content;
  std::size_t at = 0;
  if (const auto wrong = decode_content(option.value, content.bytes, at))
    return builder.fail(option.value.substr(std::min(at, option.value.size())), std::string(*wrong));
  if (what == kExtension) content.bytes.insert(0, ".");
  content.endswith = what == kExtension;
  content.nocase = true;
  content.negated = option.negated;
  builder.add_to(target, std::move(content));
  return true;
}

struct Hash {
  std::string_view buffer;
  std::size_t size;
};
constexpr Hash kHashes[] = {{"file.md5", 16}, {"file.sha1", 20}, {"file.sha256", 32}};

bool read_hashes(Builder& builder, const Option& option, unsigned which) {
  const Hash& hash = kHashes[which];
  BufferTarget target;
  if (!builder.find_buffer(option.name, hash.buffer, target)) return false;
  const auto folder = std::filesystem::path(builder.rule().file).parent_path();
  const auto path = folder / std::filesystem::path(option.value);
  const auto complain = [&](const std::string& what, const std::string& suggestion = {}) {
    return builder.fail(option.value, std::string(option.name) + ": " + what, suggestion);
  };
  std::error_code failed;
  const auto size = std::filesystem::file_size(path, failed);
  std::ifstream in(path);
  if (failed || !in)
    return complain("cannot read '" + path.string() + "'", "the list stands beside the rule's file");
  if (size > kMaxListBytes) return complain("'" + path.string() + "' is larger than 1 GiB");
  InDigests in_list;
  in_list.negated = option.negated;
  std::size_t number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const std::string_view text = trim(std::string_view(line).substr(0, line.find('#')));
    if (text.empty()) continue;
    // What stands behind the hash, as md5sum writes it, is a name.
    const std::string_view digits = text.substr(0, text.find_first_of(" \t,"));
    auto digest = digits.size() == 2 * hash.size ? from_hex(digits) : std::nullopt;
    if (!digest)
      return complain("line " + std::to_string(number) + " of '" + path.string() + "' does not begin with " +
                      std::to_string(2 * hash.size) + " hexadecimal digits");
    in_list.digests.push_back(std::move(*digest));
  }
  std::sort(in_list.digests.begin(), in_list.digests.end());
  in_list.digests.erase(std::unique(in_list.digests.begin(), in_list.digests.end()), in_list.digests.end());
  if (in_list.digests.empty()) return complain("'" + path.string() + "' holds no hash");
  builder.add_to(target, std::move(in_list));
  return true;
}

constexpr Keyword kKeywords[] = {
    {"fileext", Argument::kNegatable, read_text, kExtension},
    {"filemagic", Argument::kNegatable, read_text, kMagic},
    {"filemd5", Argument::kNegatable, read_hashes, 0},
    {"filename", Argument::kNegatable, read_text, kName},
    {"filesha1", Argument::kNegatable, read_hashes, 1},
    {"filesha256", Argument::kNegatable, read_hashes, 2},
};

}  // namespace

std::span<const Keyword> file_keywords() { return kKeywords; }

}  // namespace picket::rules
