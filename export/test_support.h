// export/test_support.h — what several tests of export/ need: random messages, and JSON read strictly
#pragma once
#include <google/protobuf/message.h>

#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace picket::test {

/// Fills every field now and then, nested messages down to `depth`. `string` fields get UTF-8, bytes
/// anything.
void fill_random(google::protobuf::Message& m, std::mt19937& random, unsigned depth = 3);

/// By the rules of RFC 3629.
bool is_utf8(std::string_view s);

/// A JSON value; numbers keep their text. Object members keep their order.
struct Json {
  enum class Type { kNull, kBool, kNumber, kString, kArray, kObject } type = Type::kNull;
  std::string text;  ///< kBool, kNumber as written; kString unescaped, UTF-8
  std::vector<Json> items;
  std::vector<std::pair<std::string, Json>> members;

  [[nodiscard]] const Json* find(std::string_view key) const;
};

/// RFC 8259, nothing more: no value, and duplicate keys, give nothing.
std::optional<Json> parse_json(std::string_view text);

}  // namespace picket::test
