#include "export/eve.h"

#include <arpa/inet.h>
#include <google/protobuf/descriptor.h>
#include <google/protobuf/dynamic_message.h>
#include <google/protobuf/text_format.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <ctime>
#include <set>

#include "export/plain_json.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/proto/picket/v1/event.pb.h"
#include "export/proto/picket/v1/options.pb.h"
#include "export/test_support.h"
#include "export/wire_writer.h"

namespace picket {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using test::Json;

std::string eve_of(Bytes record, const Descriptor& type = *v1::Event::descriptor()) {
  const auto table = eve_table(type);
  EXPECT_TRUE(table) << table.error().message;
  std::string out = "before ";
  if (!EveWriter(*table.value()).append(record, out)) {
    EXPECT_EQ(out, "before ") << "a record that is refused leaves nothing behind";
    return "refused";
  }
  return out.substr(7);
}
std::string eve_of(const Message& m) { return eve_of(as_bytes(m.SerializeAsString()), *m.GetDescriptor()); }

// ---- what EVE shows, written a second time, by reflection ----

void same(const std::string& shown, const std::string& wanted) { EXPECT_EQ(shown, wanted); }

std::string hex_of(const std::string& bytes, const char* between) {
  std::string out;
  for (const char c : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned char>(c));
    out += (out.empty() ? "" : between) + std::string(two);
  }
  return out;
}

std::string ip_of(const std::string& bytes) {
  if (bytes.size() == 4) {
    char text[INET_ADDRSTRLEN];
    return inet_ntop(AF_INET, bytes.data(), text, sizeof text);
  }
  if (bytes.size() != 16) return hex_of(bytes, "");
  std::string out;
  for (std::size_t i = 0; i < 16; i += 2) out += (i > 0 ? ":" : "") + hex_of(bytes.substr(i, 2), "");
  return out;
}

std::string time_of(std::uint64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1000000000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  char text[64], all[96];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &tm);
  std::snprintf(all, sizeof all, "%s.%06u+0000", text, static_cast<unsigned>(ns % 1000000000 / 1000));
  return all;
}

/// The text that a string or bytes field becomes: as it is, or with every byte from 0x80 on as \xNN.
std::string shown(const std::string& s) {
  if (test::is_utf8(s)) return s;
  std::string out;
  for (const char c : s) {
    char four[5];
    std::snprintf(four, sizeof four, "\\x%02x", static_cast<unsigned char>(c));
    out += static_cast<unsigned char>(c) < 0x80 ? std::string(1, c) : four;
  }
  return out;
}

void expect_message(const Message& m, const Json& j);

std::string hex_integer(std::uint64_t v, const char* prefix) {
  char text[32];
  std::snprintf(text, sizeof text, "%lx", v);
  const std::string digits = text;
  return prefix + (digits.size() % 2 == 0 ? digits : "0" + digits);
}

void expect_integer(std::int64_t v, std::uint64_t as_unsigned, bool is_unsigned, v1::Format format,
                    const Json& j) {
  if (format == v1::FORMAT_HEX) return same(j.text, hex_integer(as_unsigned, ""));
  if (format == v1::FORMAT_HEX_0X) return same(j.text, hex_integer(as_unsigned, "0x"));
  if (format == v1::FORMAT_TIME) return same(j.text, time_of(as_unsigned));
  EXPECT_EQ(j.type, Json::Type::kNumber);
  EXPECT_EQ(j.text, is_unsigned ? std::to_string(as_unsigned) : std::to_string(v));
}

/// `at`: index in a repeated field, -1: a single one.
void expect_value(const Message& m, const FieldDescriptor& f, int at, const Json& j) {
  const auto& r = *m.GetReflection();
  const v1::Format format = f.options().GetExtension(v1::format);
  switch (f.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32: {
      const std::int32_t v = at < 0 ? r.GetInt32(m, &f) : r.GetRepeatedInt32(m, &f, at);
      return expect_integer(v, static_cast<std::uint32_t>(v), false, format, j);
    }
    case FieldDescriptor::CPPTYPE_INT64: {
      const std::int64_t v = at < 0 ? r.GetInt64(m, &f) : r.GetRepeatedInt64(m, &f, at);
      return expect_integer(v, static_cast<std::uint64_t>(v), false, format, j);
    }
    case FieldDescriptor::CPPTYPE_UINT32: {
      const std::uint32_t v = at < 0 ? r.GetUInt32(m, &f) : r.GetRepeatedUInt32(m, &f, at);
      return expect_integer(0, v, true, format, j);
    }
    case FieldDescriptor::CPPTYPE_UINT64: {
      const std::uint64_t v = at < 0 ? r.GetUInt64(m, &f) : r.GetRepeatedUInt64(m, &f, at);
      return expect_integer(0, v, true, format, j);
    }
    case FieldDescriptor::CPPTYPE_DOUBLE:
      EXPECT_EQ(std::strtod(j.text.c_str(), nullptr),
                at < 0 ? r.GetDouble(m, &f) : r.GetRepeatedDouble(m, &f, at));
      return;
    case FieldDescriptor::CPPTYPE_FLOAT:
      EXPECT_EQ(std::strtof(j.text.c_str(), nullptr),
                at < 0 ? r.GetFloat(m, &f) : r.GetRepeatedFloat(m, &f, at));
      return;
    case FieldDescriptor::CPPTYPE_BOOL:
      EXPECT_EQ(j.type, Json::Type::kBool);
      EXPECT_EQ(j.text, (at < 0 ? r.GetBool(m, &f) : r.GetRepeatedBool(m, &f, at)) ? "true" : "false");
      return;
    case FieldDescriptor::CPPTYPE_ENUM: {
      const int v = at < 0 ? r.GetEnumValue(m, &f) : r.GetRepeatedEnumValue(m, &f, at);
      const auto* value = f.enum_type()->FindValueByNumber(v);
      if (value == nullptr) return same(j.text, std::to_string(v));
      const std::string& other = value->options().GetExtension(v1::eve_value);
      EXPECT_EQ(j.text, other.empty() ? value->name() : other);
      return;
    }
    case FieldDescriptor::CPPTYPE_STRING: {
      const std::string v = at < 0 ? r.GetString(m, &f) : r.GetRepeatedString(m, &f, at);
      if (format == v1::FORMAT_JSON && is_plain_json(as_bytes(v))) return;  // stands as it is
      EXPECT_EQ(j.type, Json::Type::kString);
      if (format == v1::FORMAT_IP) return same(j.text, ip_of(v));
      if (format == v1::FORMAT_HEX) return same(j.text, hex_of(v, ""));
      if (format == v1::FORMAT_HEX_COLON) return same(j.text, hex_of(v, ":"));
      if (format == v1::FORMAT_BASE64)
        return same(std::to_string(j.text.size()), std::to_string((v.size() + 2) / 3 * 4));
      EXPECT_EQ(j.text, shown(v));
      return;
    }
    case FieldDescriptor::CPPTYPE_MESSAGE:
      return expect_message(at < 0 ? r.GetMessage(m, &f) : r.GetRepeatedMessage(m, &f, at), j);
  }
}

void expect_map(const Message& m, const FieldDescriptor& f, const Json& j) {
  const auto& r = *m.GetReflection();
  ASSERT_EQ(j.type, Json::Type::kObject);
  ASSERT_EQ(j.members.size(), static_cast<std::size_t>(r.FieldSize(m, &f)));
  for (int i = 0; i < r.FieldSize(m, &f); ++i) {
    const Message& entry = r.GetRepeatedMessage(m, &f, i);
    const auto& key = *entry.GetDescriptor()->FindFieldByNumber(1);
    const auto& value = *entry.GetDescriptor()->FindFieldByNumber(2);
    Json found;
    for (const auto& [name, member] : j.members) {
      const bool is_text = key.cpp_type() == FieldDescriptor::CPPTYPE_STRING;
      if (!is_text || shown(entry.GetReflection()->GetString(entry, &key)) == name) found = member;
    }
    if (!value.is_repeated()) {
      expect_value(entry, value, -1, found);
    } else {
      ASSERT_EQ(found.type, Json::Type::kArray);
      ASSERT_EQ(found.items.size(),
                static_cast<std::size_t>(entry.GetReflection()->FieldSize(entry, &value)));
      for (std::size_t k = 0; k < found.items.size(); ++k)
        expect_value(entry, value, static_cast<int>(k), found.items[k]);
    }
  }
}

/// An array of objects of one member each.
void expect_pairs(const Message& m, const FieldDescriptor& f, const Json& j) {
  const auto& r = *m.GetReflection();
  ASSERT_EQ(j.type, Json::Type::kArray);
  ASSERT_EQ(j.items.size(), static_cast<std::size_t>(r.FieldSize(m, &f)));
  for (int i = 0; i < r.FieldSize(m, &f); ++i) {
    const Message& entry = r.GetRepeatedMessage(m, &f, i);
    const Json& pair = j.items[static_cast<std::size_t>(i)];
    ASSERT_EQ(pair.members.size(), 1U);
    EXPECT_EQ(pair.members[0].first,
              shown(entry.GetReflection()->GetString(entry, entry.GetDescriptor()->FindFieldByNumber(1))));
    expect_value(entry, *entry.GetDescriptor()->FindFieldByNumber(2), -1, pair.members[0].second);
  }
}

/// Members among those of the message; gives how many.
std::size_t expect_entries(const Message& m, const FieldDescriptor& f, const Json& j) {
  const auto& r = *m.GetReflection();
  for (int i = 0; i < r.FieldSize(m, &f); ++i) {
    const Message& entry = r.GetRepeatedMessage(m, &f, i);
    const Json* value =
        j.find(shown(entry.GetReflection()->GetString(entry, entry.GetDescriptor()->FindFieldByNumber(1))));
    EXPECT_NE(value, nullptr) << f.full_name();
    if (value != nullptr) expect_value(entry, *entry.GetDescriptor()->FindFieldByNumber(2), -1, *value);
  }
  return static_cast<std::size_t>(r.FieldSize(m, &f));
}

/// Every field of `m` stands in `j`; gives how many members that are.
std::size_t expect_fields(const Message& m, const Json& j) {
  const auto& r = *m.GetReflection();
  std::vector<const FieldDescriptor*> set;
  r.ListFields(m, &set);
  std::set<std::string> keys;
  std::size_t members = 0;
  for (const FieldDescriptor* f : set) {
    if (f->options().GetExtension(v1::flatten) && f->is_repeated()) {
      members += expect_entries(m, *f, j);
      continue;
    }
    if (f->options().GetExtension(v1::flatten)) {
      members += expect_fields(r.GetMessage(m, f), j);
      continue;
    }
    const std::string& eve = f->options().GetExtension(v1::eve);
    if (!keys.insert(eve.empty() ? f->name() : eve).second) continue;  // the first of those that share a key
    const Json* value = j.find(eve.empty() ? f->name() : eve);
    EXPECT_NE(value, nullptr) << f->full_name();
    if (value == nullptr) continue;
    ++members;
    if (f->options().GetExtension(v1::as_pairs)) {
      expect_pairs(m, *f, *value);
    } else if (f->is_map() || f->options().GetExtension(v1::as_map)) {
      expect_map(m, *f, *value);
    } else if (f->is_repeated()) {
      EXPECT_EQ(value->items.size(), static_cast<std::size_t>(r.FieldSize(m, f))) << f->full_name();
      for (std::size_t i = 0; i < value->items.size(); ++i)
        expect_value(m, *f, static_cast<int>(i), value->items[i]);
    } else {
      expect_value(m, *f, -1, *value);
    }
  }
  return members;
}

void expect_message(const Message& m, const Json& j) {
  ASSERT_EQ(j.type, Json::Type::kObject);
  EXPECT_EQ(expect_fields(m, j), j.members.size()) << "nothing else may stand there";
}

void expect_shown(const Message& m) {
  const std::string text = eve_of(m);
  const auto json = test::parse_json(text);
  ASSERT_TRUE(json) << text;
  expect_message(m, *json);
  ASSERT_FALSE(::testing::Test::HasFailure()) << text << "\n" << m.ShortDebugString();
}

std::vector<const Descriptor*> all_types(const google::protobuf::FileDescriptor& file,
                                         std::set<std::string>& seen) {
  std::vector<const Descriptor*> types;
  if (!seen.insert(file.name()).second || file.package() != "picket.v1") return types;
  for (int i = 0; i < file.message_type_count(); ++i) types.push_back(file.message_type(i));
  for (int i = 0; i < file.dependency_count(); ++i) {
    for (const Descriptor* d : all_types(*file.dependency(i), seen)) types.push_back(d);
  }
  return types;
}

TEST(Eve, ShowsEveryFieldOfEveryTypeOfTheSchema) {
  std::mt19937 random(1);
  std::set<std::string> seen;
  const auto types = all_types(*v1::Event::descriptor()->file(), seen);
  ASSERT_GE(types.size(), 10U);
  for (const Descriptor* type : types) {
    std::unique_ptr<Message> m(
        google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
    for (int i = 0; i < 200; ++i) {
      m->Clear();
      test::fill_random(*m, random);
      ASSERT_NO_FATAL_FAILURE(expect_shown(*m)) << type->full_name();
    }
  }
}

constexpr const char* kEveryKind = R"(
  name: "every_kind.proto" package: "test" syntax: "proto3" dependency: "export/proto/picket/v1/options.proto"
  enum_type { name: "Color"
    value { name: "COLOR_NONE" number: 0 }
    value { name: "COLOR_RED" number: 1 options { [picket.v1.eve_value]: "red" } }
    value { name: "COLOR_BLUE" number: 7 } }
  message_type { name: "Inner"
    field { name: "a" number: 1 label: LABEL_OPTIONAL type: TYPE_UINT32 }
    field { name: "b" number: 2 label: LABEL_OPTIONAL type: TYPE_STRING } }
  message_type { name: "Flat"
    field { name: "flat_a" number: 1 label: LABEL_OPTIONAL type: TYPE_SINT64 }
    field { name: "flat_list" number: 2 label: LABEL_REPEATED type: TYPE_BYTES } }
  message_type { name: "Pair"
    field { name: "key" number: 1 label: LABEL_OPTIONAL type: TYPE_BYTES }
    field { name: "value" number: 2 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".test.Inner" } }
  message_type { name: "All"
    field { name: "f_int32" number: 1 label: LABEL_OPTIONAL type: TYPE_INT32 }
    field { name: "f_int64" number: 2 label: LABEL_OPTIONAL type: TYPE_INT64 }
    field { name: "f_uint32" number: 3 label: LABEL_OPTIONAL type: TYPE_UINT32 }
    field { name: "f_uint64" number: 4 label: LABEL_OPTIONAL type: TYPE_UINT64 }
    field { name: "f_sint32" number: 5 label: LABEL_OPTIONAL type: TYPE_SINT32 }
    field { name: "f_sint64" number: 6 label: LABEL_OPTIONAL type: TYPE_SINT64 }
    field { name: "f_fixed32" number: 7 label: LABEL_OPTIONAL type: TYPE_FIXED32 }
    field { name: "f_fixed64" number: 8 label: LABEL_OPTIONAL type: TYPE_FIXED64 }
    field { name: "f_sfixed32" number: 9 label: LABEL_OPTIONAL type: TYPE_SFIXED32 }
    field { name: "f_sfixed64" number: 10 label: LABEL_OPTIONAL type: TYPE_SFIXED64 }
    field { name: "f_float" number: 11 label: LABEL_OPTIONAL type: TYPE_FLOAT }
    field { name: "f_double" number: 12 label: LABEL_OPTIONAL type: TYPE_DOUBLE }
    field { name: "f_bool" number: 13 label: LABEL_OPTIONAL type: TYPE_BOOL }
    field { name: "f_enum" number: 14 label: LABEL_OPTIONAL type: TYPE_ENUM type_name: ".test.Color" }
    field { name: "f_string" number: 15 label: LABEL_OPTIONAL type: TYPE_STRING }
    field { name: "f_bytes" number: 16 label: LABEL_OPTIONAL type: TYPE_BYTES }
    field { name: "f_renamed" number: 17 label: LABEL_OPTIONAL type: TYPE_BYTES options { [picket.v1.eve]: "other-name" } }
    field { name: "r_int32" number: 21 label: LABEL_REPEATED type: TYPE_INT32 }
    field { name: "r_sint64" number: 22 label: LABEL_REPEATED type: TYPE_SINT64 }
    field { name: "r_fixed32" number: 23 label: LABEL_REPEATED type: TYPE_FIXED32 }
    field { name: "r_double" number: 24 label: LABEL_REPEATED type: TYPE_DOUBLE }
    field { name: "r_bool" number: 25 label: LABEL_REPEATED type: TYPE_BOOL }
    field { name: "r_enum" number: 26 label: LABEL_REPEATED type: TYPE_ENUM type_name: ".test.Color" }
    field { name: "r_bytes" number: 27 label: LABEL_REPEATED type: TYPE_BYTES }
    field { name: "r_inner" number: 28 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".test.Inner" }
    field { name: "x_ip" number: 31 label: LABEL_OPTIONAL type: TYPE_BYTES options { [picket.v1.format]: FORMAT_IP } }
    field { name: "x_time" number: 32 label: LABEL_OPTIONAL type: TYPE_FIXED64 options { [picket.v1.format]: FORMAT_TIME } }
    field { name: "x_hex" number: 33 label: LABEL_OPTIONAL type: TYPE_BYTES options { [picket.v1.format]: FORMAT_HEX } }
    field { name: "x_hex_int" number: 34 label: LABEL_OPTIONAL type: TYPE_UINT32 options { [picket.v1.format]: FORMAT_HEX } }
    field { name: "x_hex_neg" number: 35 label: LABEL_OPTIONAL type: TYPE_INT32 options { [picket.v1.format]: FORMAT_HEX_0X } }
    field { name: "x_colon" number: 36 label: LABEL_OPTIONAL type: TYPE_BYTES options { [picket.v1.format]: FORMAT_HEX_COLON } }
    field { name: "x_base64" number: 37 label: LABEL_OPTIONAL type: TYPE_BYTES options { [picket.v1.format]: FORMAT_BASE64 } }
    field { name: "x_flat" number: 38 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".test.Flat" options { [picket.v1.flatten]: true } }
    field { name: "x_map" number: 39 label: LABEL_REPEATED type: TYPE_MESSAGE type_name: ".test.Pair" options { [picket.v1.as_map]: true } }
    field { name: "self" number: 40 label: LABEL_OPTIONAL type: TYPE_MESSAGE type_name: ".test.All" } }
)";

class EveryKind : public ::testing::Test {
 protected:
  EveryKind() : pool_(google::protobuf::DescriptorPool::generated_pool()), factory_(&pool_) {
    (void)v1::Event::descriptor();  // links the options into the generated pool
    google::protobuf::FileDescriptorProto file;
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(kEveryKind, &file));
    EXPECT_NE(pool_.BuildFile(file), nullptr);
    type_ = pool_.FindMessageTypeByName("test.All");
  }
  std::unique_ptr<Message> make() { return std::unique_ptr<Message>(factory_.GetPrototype(type_)->New()); }
  std::unique_ptr<Message> make(const std::string& text) {
    auto m = make();
    EXPECT_TRUE(google::protobuf::TextFormat::ParseFromString(text, m.get()));
    return m;
  }

  google::protobuf::DescriptorPool pool_;
  google::protobuf::DynamicMessageFactory factory_;
  const Descriptor* type_;
};

TEST_F(EveryKind, RoundTripsRandomMessages) {
  std::mt19937 random(2);
  auto m = make();
  for (int i = 0; i < 1000; ++i) {
    m->Clear();
    test::fill_random(*m, random);
    ASSERT_NO_FATAL_FAILURE(expect_shown(*m));
  }
}

TEST_F(EveryKind, ShowsEachKindAsItIsWritten) {
  EXPECT_EQ(eve_of(*make("")), "{}");
  EXPECT_EQ(eve_of(*make("f_int32: -5 f_uint64: 18446744073709551615 f_sint64: -6 f_sfixed32: -7")),
            R"({"f_int32":-5,"f_uint64":18446744073709551615,"f_sint64":-6,"f_sfixed32":-7})");
  EXPECT_EQ(eve_of(*make("f_double: 0.1 f_float: 1.5")), R"({"f_float":1.5,"f_double":0.1})");
  EXPECT_EQ(eve_of(*make("f_double: nan f_float: inf")), R"({"f_float":null,"f_double":null})");
  EXPECT_EQ(eve_of(*make("f_enum: COLOR_RED r_enum: [COLOR_BLUE, COLOR_NONE]")),
            R"({"f_enum":"red","r_enum":["COLOR_BLUE","COLOR_NONE"]})");
  EXPECT_EQ(eve_of(*make(R"(f_renamed: "x")")), R"({"other-name":"x"})");
  EXPECT_EQ(eve_of(*make(R"(x_ip: "\300\000\002\001")")), R"({"x_ip":"192.0.2.1"})");
  EXPECT_EQ(eve_of(*make(R"(x_ip: " \001\r\270\000\000\000\000\000\000\000\000\000\000\000\001")")),
            R"({"x_ip":"2001:0db8:0000:0000:0000:0000:0000:0001"})");
  EXPECT_EQ(eve_of(*make("x_time: 1700000000000001999")), R"({"x_time":"2023-11-14T22:13:20.000001+0000"})");
  EXPECT_EQ(eve_of(*make(R"(x_hex: "\000\377" x_colon: "\000\377")")),
            R"({"x_hex":"00ff","x_colon":"00:ff"})");
  EXPECT_EQ(eve_of(*make("x_hex_int: 27 x_hex_neg: -1")), R"({"x_hex_int":"1b","x_hex_neg":"0xffffffff"})");
  EXPECT_EQ(eve_of(*make(R"(x_base64: "abcd")")), R"({"x_base64":"YWJjZA=="})");
  EXPECT_EQ(eve_of(*make(R"(f_bool: true x_flat { flat_a: -1 flat_list: "p" flat_list: "q" })")),
            R"({"f_bool":true,"flat_a":-1,"flat_list":["p","q"]})");
  EXPECT_EQ(
      eve_of(*make(R"(x_map { key: "k" value { a: 1 } } x_map { key: "none" } r_inner { a: 2 } r_inner {})")),
      R"({"r_inner":[{"a":2},{}],"x_map":{"k":{"a":1},"none":{}}})");
}

TEST_F(EveryKind, GathersPiecesOfRepeatedFieldsThatLieApart) {
  std::uint8_t buffer[256];
  WireWriter w(buffer);
  w.u64(21, 1);  // not packed
  w.text(27, "first");
  w.u64(21, 2);
  const std::uint8_t packed[] = {3, 4};
  w.bytes(21, packed);  // packed
  w.text(27, "second");
  w.u64(13, 1);
  EXPECT_EQ(eve_of(Bytes{buffer, w.size()}, *type_),
            R"({"r_int32":[1,2,3,4],"r_bytes":["first","second"],"f_bool":true})");
}

TEST_F(EveryKind, KeepsItsDepthLimit) {
  auto m = make();
  Message* inner = m.get();
  const auto* self = type_->FindFieldByName("self");
  for (unsigned i = 0; i < EveWriter::kMaxDepth + 20; ++i)
    inner = inner->GetReflection()->MutableMessage(inner, self);
  const std::string text = eve_of(*m);
  EXPECT_TRUE(test::parse_json(text)) << text;
  EXPECT_NE(text.find("null"), std::string::npos);
}

TEST_F(EveryKind, RefusesOptionsThatDoNotFit) {
  google::protobuf::FileDescriptorProto file;
  ASSERT_TRUE(google::protobuf::TextFormat::ParseFromString(R"(
    name: "bad.proto" package: "bad" syntax: "proto3" dependency: "export/proto/picket/v1/options.proto"
    message_type { name: "M" field { name: "n" number: 1 label: LABEL_OPTIONAL type: TYPE_UINT32
                                     options { [picket.v1.format]: FORMAT_IP } } })",
                                                            &file));
  // In a process of its own: a schema with a mistake in it spoils the tables for good.
  EXPECT_EXIT(
      {
        const auto table = eve_table(*pool_.BuildFile(file)->message_type(0));
        std::fprintf(stderr, "%s", table ? "taken" : table.error().message.c_str());
        std::exit(table ? 1 : 0);
      },
      ::testing::ExitedWithCode(0), "bad.M.n: \\(format\\) does not fit");
}

std::string text_field(std::string_view s) {
  std::string buffer(s.size() + 16, '\0');
  WireWriter w({reinterpret_cast<std::uint8_t*>(buffer.data()), buffer.size()});
  w.text(v1::Event::kHostFieldNumber, s);
  return eve_of(as_bytes(std::string_view{buffer}.substr(0, w.size())));
}

TEST(Eve, EscapesWhatJsonCannotHold) {
  EXPECT_EQ(text_field("plain text that is longer than eight bytes"),
            R"({"host":"plain text that is longer than eight bytes"})");
  EXPECT_EQ(text_field("a\"b\\c/d"), R"({"host":"a\"b\\c/d"})");
  EXPECT_EQ(text_field(std::string_view("\0\x01\b\t\n\f\r\x1f\x7f", 9)),
            "{\"host\":\"\\u0000\\u0001\\b\\t\\n\\f\\r\\u001f\x7f\"}");
  EXPECT_EQ(text_field("gr\xc3\xbc\xc3\x9f"), "{\"host\":\"gr\xc3\xbc\xc3\x9f\"}");
  EXPECT_EQ(text_field("gr\xc3\xbc\xff"), R"({"host":"gr\\xc3\\xbc\\xff"})")
      << "not UTF-8: every high byte is shown";
  EXPECT_EQ(text_field("\xed\xa0\x80"), R"({"host":"\\xed\\xa0\\x80"})") << "a surrogate is not UTF-8";
  EXPECT_EQ(text_field("\xc0\xaf"), R"({"host":"\\xc0\\xaf"})") << "nor is a longer form than needed";
}

TEST(Eve, AnyBytesInAStringGiveValidJson) {
  std::mt19937 random(3);
  std::string s;
  for (int i = 0; i < 20000; ++i) {
    s.resize(random() % 40);
    for (char& c : s) c = static_cast<char>(random() % 3 == 0 ? random() : 'a' + random() % 26);
    const std::string text = text_field(s);
    ASSERT_TRUE(test::parse_json(text)) << text;
  }
}

TEST(Eve, AnyBytesAsARecordAreRefusedOrGiveValidJson) {
  std::mt19937 random(4);
  v1::Event event;
  unsigned refused = 0, shown = 0;
  for (int i = 0; i < 3000; ++i) {
    event.Clear();
    test::fill_random(event, random);
    std::string bytes = event.SerializeAsString();
    if (bytes.empty()) continue;
    if (i % 2 == 0) {
      bytes.resize(random() % bytes.size());
    } else {
      bytes[random() % bytes.size()] = static_cast<char>(random());
    }
    const std::string text = eve_of(as_bytes(bytes));
    if (text == "refused") {
      ++refused;
    } else {
      ++shown;
      // A damaged key may come twice in a map: all else is still JSON.
      ASSERT_TRUE(text.front() == '{' && text.back() == '}') << text;
    }
  }
  EXPECT_GT(refused, 100U);
  EXPECT_GT(shown, 100U);
}

TEST(Eve, EveryTruncationIsRefusedOrWhole) {
  std::mt19937 random(5);
  v1::Event event;
  test::fill_random(event, random);
  const std::string bytes = event.SerializeAsString();
  for (std::size_t n = 0; n <= bytes.size(); ++n) {
    const std::string text = eve_of(as_bytes(std::string_view{bytes}.substr(0, n)));
    if (text != "refused") {
      ASSERT_TRUE(test::parse_json(text)) << text;
    }
  }
}

TEST(Eve, SkipsFieldsOfANewerSchema) {
  std::uint8_t buffer[64];
  WireWriter w(buffer);
  w.u64(4000, 7);
  w.text(v1::Event::kEventTypeFieldNumber, "flow");
  w.text(100000, "unknown");
  EXPECT_EQ(eve_of(Bytes{buffer, w.size()}), R"({"event_type":"flow"})");
}

TEST(Eve, KeepsTheFirstOfASingleFieldThatComesTwice) {
  std::uint8_t buffer[64];
  WireWriter w(buffer);
  w.text(v1::Event::kEventTypeFieldNumber, "flow");
  w.text(v1::Event::kEventTypeFieldNumber, "alert");
  EXPECT_EQ(eve_of(Bytes{buffer, w.size()}), R"({"event_type":"flow"})");
}

}  // namespace
}  // namespace picket
