// sensor/rules/keywords_buffer.cc — the language's own buffers, the content modifiers of old rules, and a
// buffer's size
//
// Buffers that protocols declare (http.uri, dns.query, file.data) need no line here: declared.cc finds them.
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

bool enter_place(Builder& builder, const Option& option, unsigned place) {
  return builder.enter(option, {static_cast<Place>(place), find_keyword(option.name)->name, nullptr});
}

bool read_pkt_data(Builder& builder, const Option& option, unsigned) { return builder.leave(option); }

bool enter_base64(Builder& builder, const Option& option, unsigned) {
  for (const auto& group : builder.rule().groups) {
    for (const auto& clause : group.clauses) {
      if (std::holds_alternative<Base64Decode>(clause))
        return builder.enter(option, {Place::kBase64, "base64_data", nullptr});
    }
  }
  return builder.fail(option.name, "'base64_data' needs a base64_decode before it");
}

// Of rules written before sticky buffers: each sends the content before it to a buffer.
struct Modifier {
  std::string_view buffer, otherwise;  ///< `otherwise`: when no protocol declares the first
};
constexpr Modifier kModifiers[] = {
    {"http.request_body", {}}, {"http.cookie", {}},   {"http.header", {}},
    {"http.host", {}},         {"http.method", {}},   {"http.header.raw", {}},
    {"http.host.raw", {}},     {"http.uri.raw", {}},  {"http.response_body", "file.data"},
    {"http.stat_code", {}},    {"http.stat_msg", {}}, {"http.uri", {}},
    {"http.user_agent", {}},
};
enum : unsigned {
  kBody,
  kCookie,
  kHeader,
  kHost,
  kMethod,
  kRawHeader,
  kRawHost,
  kRawUri,
  kResponseBody,
  kStatCode,
  kStatMsg,
  kUri,
  kUserAgent
};

bool read_modifier(Builder& builder, const Option& option, unsigned which) {
  const auto name = std::string(option.name);
  Content* content = builder.last_content();
  if (builder.in_sticky_buffer()) {
    return builder.fail(option.name, "content modifier '" + name + "' cannot be used behind a sticky buffer",
                        "put pkt_data; before the content, or use the sticky buffer " +
                            std::string(kModifiers[which].buffer));
  }
  if (content == nullptr)
    return builder.fail(option.name, "content modifier '" + name + "' needs a content before it");
  if (content->rawbytes) return builder.fail(option.name, "'" + name + "' cannot go with rawbytes");
  if (!builder.last_content_in_payload())
    return builder.fail(option.name, "the content before '" + name + "' looks at another buffer already");
  const Modifier& modifier = kModifiers[which];
  const bool second =
      !modifier.otherwise.empty() && builder.environment().declared(modifier.buffer) == nullptr;
  BufferTarget target;
  if (!builder.find_buffer(option.name, second ? modifier.otherwise : modifier.buffer, target)) return false;
  builder.move_last_content(target);
  builder.deprecated(option.name, std::string(target.name) + " before the content");
  return true;
}

bool read_bsize(Builder& builder, const Option& option, unsigned) {
  if (!builder.in_sticky_buffer())
    return builder.fail(option.name, "'bsize' needs a sticky buffer before it");
  BufferSize size;
  if (!builder.read_integer_test(option.value, std::numeric_limits<std::uint32_t>::max(), size.test))
    return false;
  builder.add(size);
  return true;
}

bool read_urilen(Builder& builder, const Option& option, unsigned) {
  auto rest = option.value;
  const auto test = take_until(rest, ',');
  const auto which = trim(rest);
  if (!which.empty() && which != "norm" && which != "raw")
    return builder.fail(which, "behind urilen's number only norm or raw may stand");
  BufferSize size;
  BufferTarget uri;
  if (!builder.read_integer_test(test, 65535, size.test)) return false;
  if (!builder.find_buffer(option.name, which == "raw" ? "http.uri.raw" : "http.uri", uri)) return false;
  builder.add_to(uri, size);
  return true;
}

bool read_absent(Builder& builder, const Option& option, unsigned) {
  if (!builder.in_sticky_buffer())
    return builder.fail(option.name, "'absent' needs a sticky buffer before it");
  if (!option.value.empty() && option.value != "or_else")
    return builder.fail(option.value, "absent takes nothing or or_else");
  builder.add(Absent{!option.value.empty()});
  return true;
}

constexpr unsigned at(Place place) noexcept { return static_cast<unsigned>(place); }
constexpr Keyword kKeywords[] = {
    {"absent", Argument::kOptional, read_absent},
    {"base64_data", Argument::kNone, enter_base64},
    {"bsize", Argument::kRequired, read_bsize},
    {"ether.hdr", Argument::kNone, enter_place, at(Place::kEtherHeader)},
    {"http_client_body", Argument::kNone, read_modifier, kBody},
    {"http_cookie", Argument::kNone, read_modifier, kCookie},
    {"http_header", Argument::kNone, read_modifier, kHeader},
    {"http_host", Argument::kNone, read_modifier, kHost},
    {"http_method", Argument::kNone, read_modifier, kMethod},
    {"http_raw_header", Argument::kNone, read_modifier, kRawHeader},
    {"http_raw_host", Argument::kNone, read_modifier, kRawHost},
    {"http_raw_uri", Argument::kNone, read_modifier, kRawUri},
    {"http_server_body", Argument::kNone, read_modifier, kResponseBody},
    {"http_stat_code", Argument::kNone, read_modifier, kStatCode},
    {"http_stat_msg", Argument::kNone, read_modifier, kStatMsg},
    {"http_uri", Argument::kNone, read_modifier, kUri},
    {"http_user_agent", Argument::kNone, read_modifier, kUserAgent},
    {"icmpv4.hdr", Argument::kNone, enter_place, at(Place::kIcmp4Header)},
    {"icmpv6.hdr", Argument::kNone, enter_place, at(Place::kIcmp6Header)},
    {"igmp.hdr", Argument::kNone, enter_place, at(Place::kIgmpHeader)},
    {"ip.dst", Argument::kNone, enter_place, at(Place::kDestinationIp)},
    {"ip.src", Argument::kNone, enter_place, at(Place::kSourceIp)},
    {"ipv4.hdr", Argument::kNone, enter_place, at(Place::kIpv4Header)},
    {"ipv6.hdr", Argument::kNone, enter_place, at(Place::kIpv6Header)},
    {"pkt_data", Argument::kNone, read_pkt_data},
    {"tcp.hdr", Argument::kNone, enter_place, at(Place::kTcpHeader)},
    {"udp.hdr", Argument::kNone, enter_place, at(Place::kUdpHeader)},
    {"urilen", Argument::kRequired, read_urilen},
};

}  // namespace

std::span<const Keyword> buffer_keywords() { return kKeywords; }

}  // namespace picket::rules
