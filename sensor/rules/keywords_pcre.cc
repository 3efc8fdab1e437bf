// sensor/rules/keywords_pcre.cc — pcre:"/pattern/flags, captures"
//
// Whether the pattern itself is sound is the planner's to say: it compiles it.
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

struct BufferFlag {
  char flag;
  std::string_view buffer, otherwise;  ///< `otherwise`: when no protocol declares the first
};
constexpr BufferFlag kBufferFlags[] = {
    {'U', "http.uri", {}},          {'I', "http.uri.raw", {}},
    {'P', "http.request_body", {}}, {'Q', "http.response_body", "file.data"},
    {'H', "http.header", {}},       {'D', "http.header.raw", {}},
    {'M', "http.method", {}},       {'C', "http.cookie", {}},
    {'S', "http.stat_code", {}},    {'Y', "http.stat_msg", {}},
    {'V', "http.user_agent", {}},   {'W', "http.host", {}},
    {'Z', "http.host.raw", {}},
};

bool read_flags(Builder& builder, const Option& option, std::string_view flags, Pcre& pcre,
                const BufferFlag*& buffer) {
  for (std::size_t i = 0; i < flags.size(); ++i) {
    switch (flags[i]) {
      case 'i':
        pcre.caseless = true;
        continue;
      case 's':
        pcre.dotall = true;
        continue;
      case 'm':
        pcre.multiline = true;
        continue;
      case 'x':
        pcre.extended = true;
        continue;
      case 'A':
        pcre.anchored = true;
        continue;
      case 'E':
        pcre.dollar_endonly = true;
        continue;
      case 'G':
        pcre.ungreedy = true;
        continue;
      case 'R':
        pcre.relative = true;
        continue;
      case 'O':
        pcre.no_match_limit = true;
        continue;
      case 'B':
        continue;  // raw bytes: the payload is never anything else
      default:
        break;
    }
    const BufferFlag* found = nullptr;
    for (const auto& entry : kBufferFlags) {
      if (entry.flag == flags[i]) found = &entry;
    }
    const auto here = flags.substr(i, 1);
    if (found == nullptr)
      return builder.fail(here, "unknown pcre flag '" + std::string(here) + "'",
                          "flags are ismxAEGRBO and those of HTTP buffers UIPQHDMCSYVWZ");
    if (buffer != nullptr && buffer != found)
      return builder.fail(here, "pcre flags '" + std::string(1, buffer->flag) + "' and '" +
                                    std::string(here) + "' name two buffers");
    if (builder.is_entered(found->buffer) ||
        (!found->otherwise.empty() && builder.is_entered(found->otherwise)))
      continue;
    if (builder.in_sticky_buffer()) {
      return builder.fail(here, "pcre flag '" + std::string(here) + "' cannot be used behind a sticky buffer",
                          "leave the flag out, or put pkt_data; before " + std::string(option.name));
    }
    buffer = found;
  }
  return true;
}

/// "pkt:name" and the like, separated by commas.
bool read_captures(Builder& builder, std::string_view text, Pcre& pcre) {
  constexpr Named<Pcre::Capture::Scope> kScopes[] = {{"pkt", Pcre::Capture::Scope::kPacket},
                                                     {"flow", Pcre::Capture::Scope::kFlow},
                                                     {"alert", Pcre::Capture::Scope::kAlert}};
  while (!text.empty()) {
    auto name = take_until(text, ',');
    const auto word = take_until(name, ':');
    const auto* scope = find_named(kScopes, word);
    name = trim(name);
    if (scope == nullptr || name.empty())
      return builder.fail(word, "a capture is named pkt:x, flow:x or alert:x");
    pcre.captures.push_back({*scope, std::string(name)});
  }
  return true;
}

bool read_pcre(Builder& builder, const Option& option, unsigned) {
  const auto text = option.value;
  if (text.size() < 2 || text.front() != '/')
    return builder.fail(text, "a pcre is written \"/pattern/flags\"");
  std::size_t close = text.rfind('/');
  while (close > 0 && text[close - 1] == '\\') close = text.rfind('/', close - 1);
  if (close == 0) return builder.fail(text, "the pattern has no closing /");
  Pcre pcre;
  pcre.pattern = text.substr(1, close - 1);
  if (pcre.pattern.empty()) return builder.fail(text, "an empty pattern");
  pcre.negated = option.negated;
  auto rest = text.substr(close + 1);
  if (rest.ends_with('"') && rest.find('"') == rest.size() - 1) {
    builder.warn(rest.substr(rest.size() - 1), "a quotation mark closes here that was never opened");
    rest.remove_suffix(1);
  }
  const BufferFlag* buffer = nullptr;
  if (!read_flags(builder, option, take_until(rest, ','), pcre, buffer) ||
      !read_captures(builder, rest, pcre))
    return false;
  if (buffer == nullptr) {
    builder.add(std::move(pcre));
    return true;
  }
  BufferTarget target;
  const bool second = !buffer->otherwise.empty() && builder.environment().declared(buffer->buffer) == nullptr;
  if (!builder.find_buffer(option.name, second ? buffer->otherwise : buffer->buffer, target)) return false;
  builder.add_to(target, std::move(pcre));
  return true;
}

constexpr Keyword kKeywords[] = {{"pcre", Argument::kNegatable, read_pcre}};

}  // namespace

std::span<const Keyword> pcre_keywords() { return kKeywords; }

}  // namespace picket::rules
