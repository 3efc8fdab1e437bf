// sensor/rules/keywords_content.cc — content and what changes the content before it
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

bool read_bytes(Builder& builder, const Option& option, Content& content) {
  std::size_t at = 0;
  if (const auto wrong = decode_content(option.value, content.bytes, at)) {
    return builder.fail(option.value.substr(std::min(at, option.value.size())), std::string(*wrong));
  }
  if (content.bytes.empty()) return builder.fail(option.value, "an empty content");
  constexpr std::size_t kMost = 65535;
  if (content.bytes.size() > kMost) return builder.fail(option.value, "a content of more than 65535 bytes");
  content.negated = option.negated;
  return true;
}

bool read_content(Builder& builder, const Option& option, unsigned) {
  Content content;
  if (!read_bytes(builder, option, content)) return false;
  builder.add(std::move(content));
  return true;
}

bool read_uricontent(Builder& builder, const Option& option, unsigned) {
  if (builder.in_sticky_buffer())
    return builder.fail(option.name, "'uricontent' cannot follow a sticky buffer", "put pkt_data; before it");
  BufferTarget uri;
  builder.deprecated(option.name, "http.uri before a content");
  return builder.find_buffer(option.name, "http.uri", uri) && read_content(builder, option, 0) &&
         (builder.move_last_content(uri), true);
}

Content* content_before(Builder& builder, const Option& option) {
  Content* content = builder.last_content();
  if (content == nullptr)
    builder.fail(option.name, "'" + std::string(option.name) + "' needs a content before it");
  return content;
}

enum Flag : unsigned { kNocase, kStartswith, kEndswith, kRawbytes };
bool read_flag(Builder& builder, const Option& option, unsigned which) {
  Content* content = content_before(builder, option);
  if (content == nullptr) return false;
  bool& flag = which == kNocase       ? content->nocase
               : which == kStartswith ? content->startswith
               : which == kEndswith   ? content->endswith
                                      : content->rawbytes;
  if (flag && which != kNocase)
    return builder.fail(option.name, "a second '" + std::string(option.name) + "' for the same content");
  if (which == kStartswith && (content->relative() || content->offset || content->depth)) {
    return builder.fail(option.name, "'startswith' cannot go with offset, depth, distance or within");
  }
  flag = true;
  return true;
}

constexpr std::string_view kWindowNames[] = {"offset", "depth", "distance", "within"};
enum Window : unsigned { kOffset, kDepth, kDistance, kWithin };
bool read_window(Builder& builder, const Option& option, unsigned which) {
  Content* content = content_before(builder, option);
  if (content == nullptr) return false;
  const auto name = std::string(kWindowNames[which]);
  auto& place = which == kOffset     ? content->offset
                : which == kDepth    ? content->depth
                : which == kDistance ? content->distance
                                     : content->within;
  if (place) return builder.fail(option.name, "a second '" + name + "' for the same content");
  if (content->startswith) return builder.fail(option.name, "'startswith' cannot go with " + name);
  const bool relative = which == kDistance || which == kWithin;
  if (relative ? content->offset || content->depth : content->relative()) {
    return builder.fail(option.name,
                        "a content takes either offset and depth or distance and within, not both");
  }
  Operand operand;
  if (!builder.read_operand(option.value, name, operand)) return false;
  if (!operand.is_variable()) {
    constexpr std::int64_t kMost = 1024 * 1024;
    const bool fits = which == kDistance ? operand.value >= -kMost && operand.value <= kMost
                      : which == kWithin ? operand.value >= 0 && operand.value <= kMost
                                         : operand.value >= 0 && operand.value <= 65535;
    if (!fits)
      return builder.fail(option.value, "'" + std::string(option.value) + "' is out of range for " + name);
    if ((which == kDepth || which == kWithin) &&
        static_cast<std::uint64_t>(operand.value) < content->bytes.size()) {
      return builder.fail(option.value,
                          name + " " + std::to_string(operand.value) + " is smaller than the content (" +
                              std::to_string(content->bytes.size()) + " bytes), so it can never match");
    }
  }
  place = operand;
  return true;
}

bool read_fast_pattern(Builder& builder, const Option& option, unsigned) {
  Content* content = content_before(builder, option);
  if (content == nullptr) return false;
  if (content->negated && (content->relative() || content->offset || content->depth)) {
    return builder.fail(
        option.name, "a negated content with offset, depth, distance or within cannot be the fast pattern");
  }
  content->fast_pattern = FastPattern::kWanted;
  if (option.value.empty()) return true;
  if (option.value == "only") {
    if (content->negated || content->relative() || content->offset || content->depth) {
      return builder.fail(option.value,
                          "'fast_pattern:only' cannot go with !, offset, depth, distance or within");
    }
    content->fast_pattern = FastPattern::kOnly;
    return true;
  }
  auto rest = option.value;
  const auto offset = take_until(rest, ',');
  const auto length = trim(rest);
  if (!parse_number(offset, content->chop_offset) || !parse_number(length, content->chop_length) ||
      content->chop_length == 0) {
    return builder.fail(option.value, "fast_pattern takes nothing, 'only', or offset,length");
  }
  if (std::size_t{content->chop_offset} + content->chop_length > content->bytes.size()) {
    return builder.fail(option.value, "fast_pattern " + std::string(option.value) +
                                          " reaches behind the content (" +
                                          std::to_string(content->bytes.size()) + " bytes)");
  }
  return true;
}

constexpr Keyword kKeywords[] = {
    {"content", Argument::kQuotedNegatable, read_content},
    {"depth", Argument::kRequired, read_window, kDepth},
    {"distance", Argument::kRequired, read_window, kDistance},
    {"endswith", Argument::kNone, read_flag, kEndswith},
    {"fast_pattern", Argument::kOptional, read_fast_pattern},
    {"nocase", Argument::kNone, read_flag, kNocase},
    {"offset", Argument::kRequired, read_window, kOffset},
    {"rawbytes", Argument::kNone, read_flag, kRawbytes},
    {"startswith", Argument::kNone, read_flag, kStartswith},
    {"uricontent", Argument::kQuotedNegatable, read_uricontent},
    {"within", Argument::kRequired, read_window, kWithin},
};

}  // namespace

std::span<const Keyword> content_keywords() { return kKeywords; }

}  // namespace picket::rules
