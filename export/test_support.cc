#include "export/test_support.h"

#include <google/protobuf/descriptor.h>

#include <set>

namespace picket::test {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;

std::string random_bytes(std::mt19937& random, bool utf8) {
  static const char* const kPieces[] = {"a",    "example.org", "\"", "\\", "\n", "\t", "\x01",
                                        "\x7f", "/",           "ü",  "中", "😀",  " "};
  std::string s;
  for (unsigned n = random() % 6; n > 0; --n) {
    if (utf8 || random() % 2 == 0) {
      s += kPieces[random() % std::size(kPieces)];
    } else {
      s += static_cast<char>(random());
    }
  }
  const unsigned how = random() % 8;
  if (!utf8 && how == 0) s.assign(4, static_cast<char>(random()));
  if (!utf8 && how == 1) s.assign(16, static_cast<char>(random()));
  return s;
}

std::uint64_t random_integer(std::mt19937& random) {
  const std::uint64_t all = std::uint64_t{random()} << 32 | random();
  return all >> (random() % 64);
}

void set_value(Message& m, const FieldDescriptor& f, std::mt19937& random, unsigned depth) {
  const auto& r = *m.GetReflection();
  const bool many = f.is_repeated();
  const std::uint64_t n = random_integer(random);
  const bool negative = random() % 2 == 0;
  switch (f.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const auto v = static_cast<std::int32_t>(negative ? ~n : n);
      return many ? r.AddInt32(&m, &f, v) : r.SetInt32(&m, &f, v);
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const auto v = static_cast<std::int64_t>(negative ? ~n : n);
      return many ? r.AddInt64(&m, &f, v) : r.SetInt64(&m, &f, v);
    }
    case FieldDescriptor::CPPTYPE_UINT32:
      return many ? r.AddUInt32(&m, &f, static_cast<std::uint32_t>(n))
                  : r.SetUInt32(&m, &f, static_cast<std::uint32_t>(n));
    case FieldDescriptor::CPPTYPE_UINT64:
      return many ? r.AddUInt64(&m, &f, n) : r.SetUInt64(&m, &f, n);
    case FieldDescriptor::CPPTYPE_DOUBLE: {
      const double v = (negative ? -1.0 : 1.0) * static_cast<double>(n) / 1024;
      return many ? r.AddDouble(&m, &f, v) : r.SetDouble(&m, &f, v);
    }
    case FieldDescriptor::CPPTYPE_FLOAT: {
      const float v = (negative ? -1.0F : 1.0F) * static_cast<float>(n) / 1024;
      return many ? r.AddFloat(&m, &f, v) : r.SetFloat(&m, &f, v);
    }
    case FieldDescriptor::CPPTYPE_BOOL:
      return many ? r.AddBool(&m, &f, negative) : r.SetBool(&m, &f, true);
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int v =
          random() % 4 == 0
              ? 1000
              : f.enum_type()
                    ->value(static_cast<int>(random() % static_cast<unsigned>(f.enum_type()->value_count())))
                    ->number();
      return many ? r.AddEnumValue(&m, &f, v) : r.SetEnumValue(&m, &f, v);
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string v = random_bytes(random, f.type() == FieldDescriptor::TYPE_STRING);
      return many ? r.AddString(&m, &f, v) : r.SetString(&m, &f, v);
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      if (depth > 0) fill_random(many ? *r.AddMessage(&m, &f) : *r.MutableMessage(&m, &f), random, depth - 1);
      return;
  }
}

class Parser {
 public:
  explicit Parser(std::string_view in) : in_(in) {}
  std::optional<Json> all() {
    auto v = value();
    if (v && at_ != in_.size()) return std::nullopt;
    return v;
  }

 private:
  bool accept(std::string_view s) {
    if (in_.substr(at_, s.size()) != s) return false;
    at_ += s.size();
    return true;
  }
  std::optional<Json> value() {
    Json j;
    if (at_ >= in_.size()) return std::nullopt;
    if (accept("null")) return j;
    if (accept("true") || accept("false")) {
      j.type = Json::Type::kBool;
      j.text = in_[at_ - 2] == 'u' ? "true" : "false";
      return j;
    }
    if (in_[at_] == '"') {
      j.type = Json::Type::kString;
      if (!string(j.text)) return std::nullopt;
      return j;
    }
    if (accept("[")) return array();
    if (accept("{")) return object();
    return number();
  }
  std::optional<Json> array() {
    Json j;
    j.type = Json::Type::kArray;
    if (accept("]")) return j;
    do {
      auto v = value();
      if (!v) return std::nullopt;
      j.items.push_back(std::move(*v));
    } while (accept(","));
    if (!accept("]")) return std::nullopt;
    return j;
  }
  std::optional<Json> object() {
    Json j;
    j.type = Json::Type::kObject;
    if (accept("}")) return j;
    std::set<std::string> keys;
    do {
      std::string key;
      if (!string(key) || !keys.insert(key).second || !accept(":")) return std::nullopt;
      auto v = value();
      if (!v) return std::nullopt;
      j.members.emplace_back(std::move(key), std::move(*v));
    } while (accept(","));
    if (!accept("}")) return std::nullopt;
    return j;
  }
  bool digits() {
    const std::size_t before = at_;
    while (at_ < in_.size() && in_[at_] >= '0' && in_[at_] <= '9') ++at_;
    return at_ > before;
  }
  std::optional<Json> number() {
    const std::size_t start = at_;
    accept("-");
    if (!accept("0") && !digits()) return std::nullopt;
    if (accept(".") && !digits()) return std::nullopt;
    if (accept("e") || accept("E")) {
      if (!accept("+")) accept("-");
      if (!digits()) return std::nullopt;
    }
    Json j;
    j.type = Json::Type::kNumber;
    j.text = in_.substr(start, at_ - start);
    return j;
  }
  bool string(std::string& out) {
    if (!accept("\"")) return false;
    while (at_ < in_.size()) {
      const char c = in_[at_++];
      if (c == '"') return is_utf8(out);
      if (static_cast<unsigned char>(c) < 0x20) return false;
      if (c != '\\') {
        out += c;
        continue;
      }
      if (at_ >= in_.size()) return false;
      static constexpr std::string_view kLetters = "\"\\/bfnrt", kMeaning = "\"\\/\b\f\n\r\t";
      const char e = in_[at_++];
      if (const std::size_t i = kLetters.find(e); i != std::string_view::npos) {
        out += kMeaning[i];
      } else if (e == 'u') {
        const std::string hex(in_.substr(at_, 4));
        if (hex.size() != 4 || hex.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos)
          return false;
        const unsigned long code = std::stoul(hex, nullptr, 16);
        if (code >= 0x80) return false;  // picket escapes control characters only
        out += static_cast<char>(code);
        at_ += 4;
      } else {
        return false;
      }
    }
    return false;
  }
  std::string_view in_;
  std::size_t at_ = 0;
};

}  // namespace

bool is_utf8(std::string_view s) {
  for (std::size_t i = 0; i < s.size();) {
    const auto c = static_cast<unsigned char>(s[i]);
    const std::size_t n = c < 0x80                ? 1
                          : c >= 0xc2 && c < 0xe0 ? 2
                          : c >= 0xe0 && c < 0xf0 ? 3
                          : c >= 0xf0 && c < 0xf5 ? 4
                                                  : 0;
    if (n == 0 || i + n > s.size()) return false;
    std::uint32_t code = n == 1 ? c : c & (0xffU >> (n + 1));
    for (std::size_t k = 1; k < n; ++k) {
      const auto t = static_cast<unsigned char>(s[i + k]);
      if ((t & 0xc0) != 0x80) return false;
      code = code << 6 | (t & 0x3f);
    }
    if ((n == 3 && (code < 0x800 || (code >= 0xd800 && code < 0xe000))) ||
        (n == 4 && (code < 0x10000 || code > 0x10ffff)))
      return false;
    i += n;
  }
  return true;
}

void fill_random(Message& m, std::mt19937& random, unsigned depth) {
  const auto& d = *m.GetDescriptor();
  for (int i = 0; i < d.field_count(); ++i) {
    const auto& f = *d.field(i);
    if (f.is_repeated()) {
      std::set<std::string> keys;  // of as_map entries: an object has each key once
      for (unsigned n = random() % 4; n > 0; --n) {
        const auto& r = *m.GetReflection();
        set_value(m, f, random, depth);
        const int size = r.FieldSize(m, &f);
        if (f.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE || size == 0) continue;
        const Message& last = r.GetRepeatedMessage(m, &f, size - 1);
        const auto* key = last.GetDescriptor()->FindFieldByNumber(1);
        if (key == nullptr || key->is_repeated() || key->cpp_type() != FieldDescriptor::CPPTYPE_STRING ||
            key->name() != "key")
          continue;
        if (!keys.insert(last.GetReflection()->GetString(last, key)).second) r.RemoveLast(&m, &f);
      }
    } else if (random() % 3 != 0) {
      set_value(m, f, random, depth);
    }
  }
}

const Json* Json::find(std::string_view key) const {
  for (const auto& [k, v] : members) {
    if (k == key) return &v;
  }
  return nullptr;
}

std::optional<Json> parse_json(std::string_view text) { return Parser(text).all(); }

}  // namespace picket::test
