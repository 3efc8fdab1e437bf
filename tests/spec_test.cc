// Walks the table of protocols: what a spec declares is what the sensor, the rules and the schema count on.
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cctype>
#include <functional>
#include <map>
#include <set>

#include "export/encoders_table.h"
#include "export/proto/picket/v1/event.pb.h"
#include "export/proto/picket/v1/options.pb.h"
#include "parsers/core/ot.h"
#include "tests/support/record_text.h"

namespace picket {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;

bool made_of(std::string_view s, std::string_view besides) {
  return !s.empty() && std::isalnum(static_cast<unsigned char>(s[0])) != 0 &&
         std::all_of(s.begin(), s.end(), [&](unsigned char c) {
           return std::islower(c) != 0 || std::isdigit(c) != 0 ||
                  besides.find(static_cast<char>(c)) != besides.npos;
         });
}

/// Every message type below a record's, itself included, once.
void each_message(const Descriptor* type, std::set<const Descriptor*>& seen,
                  const std::function<void(const FieldDescriptor&)>& each) {
  if (type == nullptr || !seen.insert(type).second) return;
  for (int i = 0; i < type->field_count(); ++i) {
    each(*type->field(i));
    each_message(type->field(i)->message_type(), seen, each);
  }
}

/// Keyword options below a protocol's record: keyword → the fields that bear it.
std::map<std::string, std::vector<const FieldDescriptor*>> keywords_of(const ProtocolSpec& spec) {
  std::map<std::string, std::vector<const FieldDescriptor*>> out;
  std::set<const Descriptor*> seen;
  each_message(testing::record_type(spec), seen, [&](const FieldDescriptor& f) {
    const std::string& keyword = f.options().GetExtension(v1::keyword);
    if (!keyword.empty()) out[keyword].push_back(&f);
  });
  return out;
}

class Spec : public ::testing::TestWithParam<const ProtocolSpec*> {
 protected:
  const ProtocolSpec& spec() const { return *GetParam(); }
};

TEST_P(Spec, IsWhole) {
  EXPECT_TRUE(made_of(spec().name, "-")) << spec().name;
  EXPECT_NE(spec().probe, nullptr);
  EXPECT_NE(spec().create, nullptr);
  EXPECT_NE(spec().transports, 0);
  EXPECT_EQ(spec().transports & ~7, 0);
  EXPECT_EQ(spec().ethertypes.empty(),
            (spec().transports & static_cast<std::uint8_t>(Transport::kEthernet)) == 0)
      << "what stands on Ethernet is found by its EtherTypes";
  EXPECT_GT(spec().parser_size, 0u);
  EXPECT_LE(spec().parser_size, Pool::kMaxBlock);
  EXPECT_GT(spec().max_pending_bytes, 0u);
  EXPECT_LE(spec().max_pending_bytes, Pool::kMaxBlock) << "what waits must fit a block of the pool";
  EXPECT_NE(testing::record_type(spec()), nullptr)
      << "no field Event." << spec().record << " of a message type";
}

TEST_P(Spec, FitsItsBitMasks) {
  EXPECT_LE(spec().events.size(), 64u);
  EXPECT_LE(spec().buffers.size(), 64u);
}

TEST_P(Spec, NamesAreWellFormedAndUnique) {
  std::set<std::string_view> names;
  const auto is_new = [&](std::string_view n) { return names.insert(n).second; };
  for (const EventDef& e : spec().events) {
    EXPECT_TRUE(made_of(e.name, "_")) << e.name;
    EXPECT_TRUE(is_new(e.name)) << e.name;
    EXPECT_FALSE(e.help.empty()) << e.name;
  }
  names.clear();
  for (const LimitDef& l : spec().limits) {
    EXPECT_TRUE(made_of(l.name, "-.")) << l.name;
    EXPECT_TRUE(is_new(l.name)) << l.name;
    EXPECT_FALSE(l.help.empty()) << l.name;
    EXPECT_LE(l.min, l.initial) << l.name;
    EXPECT_LE(l.initial, l.max) << l.name;
  }
  names.clear();
  const auto keyword = [&](std::string_view name, std::string_view legacy, std::string_view help) {
    EXPECT_TRUE(made_of(name, "._-")) << name;
    EXPECT_TRUE(is_new(name)) << name;
    EXPECT_TRUE(legacy.empty() || is_new(legacy)) << legacy;
    EXPECT_FALSE(help.empty()) << name;
  };
  for (const BufferDef& b : spec().buffers) {
    // One name may stand for two things if each side has but one of them: a body here, files there.
    const bool other_side = std::any_of(spec().buffers.data(), &b, [&](const BufferDef& before) {
      return before.name == b.name && (before.progress[0] == kNever) != (b.progress[0] == kNever) &&
             (before.progress[1] == kNever) != (b.progress[1] == kNever);
    });
    if (!other_side) keyword(b.name, b.legacy, b.help);
    EXPECT_NE(b.get, nullptr) << b.name;
  }
  for (const IntegerDef& n : spec().integers) {
    keyword(n.name, n.legacy, n.help);
    EXPECT_NE(n.get, nullptr) << n.name;
  }
  for (const KeywordDef& k : spec().keywords) {
    if (is_ot_keyword(k.name)) continue;  // without an argument a buffer, with one a test
    keyword(k.name, "", k.help);
    EXPECT_NE(k.parse, nullptr) << k.name;
  }
}

TEST_P(Spec, ProgressCanBeReached) {
  const auto reachable = [&](std::string_view name, const std::array<std::uint8_t, 2>& progress) {
    EXPECT_FALSE(progress[0] == kNever && progress[1] == kNever) << name;
    for (const Direction d : {Direction::kToServer, Direction::kToClient}) {
      if (progress[index(d)] == kNever) continue;
      EXPECT_LE(progress[index(d)], spec().complete[index(d)]) << name;
    }
  };
  for (const BufferDef& b : spec().buffers) reachable(b.name, b.progress);
  for (const IntegerDef& n : spec().integers) reachable(n.name, n.progress);
  for (const KeywordDef& k : spec().keywords) reachable(k.name, k.progress);
}

TEST_P(Spec, KeywordsOfTheSchemaAreDeclared) {
  std::set<std::string_view> declared;
  for (const ProtocolSpec* p : protocols()) {
    if (p->record != spec().record) continue;  // versions of one protocol share a message
    for (const BufferDef& b : p->buffers) declared.insert(b.name);
    for (const IntegerDef& n : p->integers) declared.insert(n.name);
    for (const KeywordDef& k : p->keywords) declared.insert(k.name);
  }
  for (const auto& [keyword, fields] : keywords_of(spec())) {
    EXPECT_EQ(declared.count(keyword), 1u) << fields[0]->full_name() << " names " << keyword;
  }
}

/// A number's keyword must stand at a number (or at the text that stands for it), a buffer's at something
/// with bytes.
TEST_P(Spec, KeywordsFitTheirFields) {
  const auto keywords = keywords_of(spec());
  const auto numeric = [](const FieldDescriptor& f) {
    return f.cpp_type() != FieldDescriptor::CPPTYPE_STRING &&
           f.cpp_type() != FieldDescriptor::CPPTYPE_MESSAGE;
  };
  for (const IntegerDef& n : spec().integers) {
    const auto at = keywords.find(std::string(n.name));
    if (at == keywords.end()) continue;
    for (const FieldDescriptor* f : at->second) {
      EXPECT_TRUE(numeric(*f) || (f->type() == FieldDescriptor::TYPE_STRING && n.by_name != nullptr))
          << f->full_name();
    }
  }
}

/// parsers/core/ot.h: tables that hold what they should, and names that rules can write.
TEST_P(Spec, SaysWhatItDoesToPlants) {
  if (spec().ot == nullptr) GTEST_SKIP() << "no protocol of plants";
  EXPECT_EQ(spec().ot->name, spec().name);
  for (const std::uint8_t c : spec().complete) EXPECT_GE(c, kOtWhole);
  std::set<std::string_view> inside;
  each_ot_protocol(*spec().ot, [&](const OtProtocol& ot) {
    EXPECT_TRUE(inside.insert(ot.name).second) << ot.name;
    EXPECT_TRUE(made_of(ot.name, "-_")) << ot.name;
    EXPECT_NE(ot.address, nullptr);
    EXPECT_NE(ot.value, nullptr);
    EXPECT_FALSE(ot.operations.empty()) << ot.name;
    std::set<std::string_view> names;
    for (const OtOperation& o : ot.operations) {
      EXPECT_TRUE(names.insert(o.name).second) << o.name << " stands twice";
      EXPECT_FALSE(o.name.empty());
      EXPECT_EQ(o.name.find_first_of(",\"*?;"), o.name.npos) << o.name;
      EXPECT_NE(o.name.front(), '!') << o.name;
      EXPECT_TRUE(o.technique.empty() || (o.technique.size() == 5 && o.technique.starts_with("T0")))
          << o.technique;
      EXPECT_LE(o.ot_class, OtClass::kProgram) << o.name;
    }
  });
  for (const std::string_view name : {"ot.protocol", "ot.class", "ot.operation", "ot.address"})
    EXPECT_TRUE(std::any_of(spec().buffers.begin(), spec().buffers.end(), [&](const BufferDef& b) {
      return b.name == name;
    })) << name;
}

INSTANTIATE_TEST_SUITE_P(Protocols, Spec, ::testing::ValuesIn(protocols().begin(), protocols().end()),
                         [](const ::testing::TestParamInfo<const ProtocolSpec*>& of) {
                           std::string name(of.param->name);
                           std::replace(name.begin(), name.end(), '-', '_');
                           return name;
                         });

TEST(Registry, NamesAreUniqueAndFound) {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    const ProtocolSpec& spec = *protocols()[i];
    EXPECT_TRUE(names.insert(spec.name).second) << spec.name;
    EXPECT_EQ(find_protocol(spec.name), i);
  }
  std::set<std::string_view> aliases;
  for (std::size_t i = 0; i < protocols().size(); ++i) {
    for (const std::string_view alias : protocols()[i]->aliases) {
      EXPECT_TRUE(aliases.insert(alias).second) << alias;
      // Where a rule's header names a protocol, it means those as well that have it for an alias.
      if (names.count(alias) == 0) EXPECT_EQ(find_protocol(alias), i) << alias;
      if (names.count(alias) != 0) EXPECT_EQ(protocols()[find_protocol(alias)]->name, alias);
    }
  }
  EXPECT_EQ(find_protocol("no such protocol"), kNoProtocol);
}

TEST(Registry, EachHasAnEncoder) { EXPECT_EQ(encode_bodies().size(), protocols().size()); }

/// The same name in two protocols is the same keyword: both must mean the same kind of thing.
TEST(Registry, AKeywordIsOneKindOfThingEverywhere) {
  std::map<std::string_view, std::string_view> kinds;
  const auto is = [&](std::string_view name, std::string_view kind) {
    if (name.empty()) return;
    EXPECT_EQ(kinds.emplace(name, kind).first->second, kind) << name;
  };
  for (const ProtocolSpec* spec : protocols()) {
    for (const BufferDef& b : spec->buffers) is(b.name, "buffer"), is(b.legacy, "buffer");
    for (const IntegerDef& n : spec->integers) is(n.name, "integer"), is(n.legacy, "integer");
    for (const KeywordDef& k : spec->keywords) {
      if (!is_ot_keyword(k.name)) is(k.name, "keyword");
    }
  }
}

/// Every protocol's record is a field of Event from 100 on, and nothing else is there.
TEST(Schema, EventHoldsEveryRecord) {
  std::set<std::string> records;
  for (const ProtocolSpec* spec : protocols()) records.insert(std::string(spec->record));
  const Descriptor* event = v1::Event::descriptor();
  for (int i = 0; i < event->field_count(); ++i) {
    const FieldDescriptor* f = event->field(i);
    if (f->number() < 100 || f->message_type() == nullptr) continue;
    EXPECT_EQ(records.count(f->name()), 1u) << "Event." << f->name() << " is no protocol's record";
  }
}

}  // namespace
}  // namespace picket
