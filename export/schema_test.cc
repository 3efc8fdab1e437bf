// The schema grows, it does not change: every field of the last release is still there, with its number and
// type, or its number is reserved. The release stands in proto/released.txt, a field a line; see
// DISABLED_WriteRelease.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <set>
#include <sstream>

#include "export/eve_table.h"
#include "export/proto/picket/v1/collector.pb.h"
#include "export/proto/picket/v1/event.pb.h"
#include "export/proto/picket/v1/options.pb.h"
#include "parsers/core/protocol.h"

namespace picket {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::FieldDescriptor;
using google::protobuf::FileDescriptor;

struct Released {
  std::string message, name, type;
  int number;
};

std::string type_of(const FieldDescriptor& f) {
  std::string type = f.is_repeated() ? "repeated " : "";
  if (f.is_map()) type = "map ";
  type += f.message_type() != nullptr ? f.message_type()->full_name()
          : f.enum_type() != nullptr  ? f.enum_type()->full_name()
                                      : f.type_name();
  return type;
}

std::vector<Released> read_release() {
  const char* root = std::getenv("PICKET_SOURCE_ROOT");
  std::ifstream in(std::string(root != nullptr ? root : ".") + "/export/proto/released.txt");
  EXPECT_TRUE(in) << "PICKET_SOURCE_ROOT says where the sources are";
  std::vector<Released> all;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line[0] == '#') continue;
    std::istringstream words(line);
    Released r;
    words >> r.message >> r.number >> r.name >> std::ws;
    std::getline(words, r.type);
    all.push_back(r);
  }
  return all;
}

/// What the schema does to a field of the release; "" when all is well.
std::string broken(const Released& r) {
  const Descriptor* m = google::protobuf::DescriptorPool::generated_pool()->FindMessageTypeByName(r.message);
  if (m == nullptr) return "the message is gone";
  const FieldDescriptor* f = m->FindFieldByNumber(r.number);
  if (f == nullptr)
    return m->IsReservedNumber(r.number) ? "" : "the field is gone, and its number is not reserved";
  if (type_of(*f) != r.type) return "its type was " + r.type + " and is " + type_of(*f);
  if (f->name() != r.name) return "its name was " + r.name + " and is " + f->name();
  return "";
}

TEST(Schema, KeepsWhatWasReleased) {
  (void)v1::Batch::descriptor();
  const auto release = read_release();
  EXPECT_GT(release.size(), 50U);
  for (const Released& r : release) EXPECT_EQ(broken(r), "") << r.message << " " << r.number << " " << r.name;
}

TEST(Schema, TheCheckSeesEveryKindOfChange) {
  EXPECT_EQ(broken({"picket.v1.Event", "src_port", "uint32", 6}), "");
  EXPECT_NE(broken({"picket.v1.Event", "src_port", "uint64", 6}), "");
  EXPECT_NE(broken({"picket.v1.Event", "source_port", "uint32", 6}), "");
  EXPECT_NE(broken({"picket.v1.Event", "gone", "uint32", 99}), "");
  EXPECT_NE(broken({"picket.v1.Gone", "x", "uint32", 1}), "");
  EXPECT_NE(broken({"picket.v1.Event", "vlan", "uint32", 16}), "") << "repeated is part of the type";
}

void all_fields(const FileDescriptor& file, std::set<const FileDescriptor*>& seen,
                std::vector<const FieldDescriptor*>& out) {
  if (file.package() != "picket.v1" || !seen.insert(&file).second) return;
  for (int i = 0; i < file.message_type_count(); ++i) {
    for (int k = 0; k < file.message_type(i)->field_count(); ++k)
      out.push_back(file.message_type(i)->field(k));
  }
  for (int i = 0; i < file.dependency_count(); ++i) all_fields(*file.dependency(i), seen, out);
}

std::vector<const FieldDescriptor*> all_fields() {
  std::set<const FileDescriptor*> seen;
  std::vector<const FieldDescriptor*> fields;
  all_fields(*v1::Event::descriptor()->file(), seen, fields);
  all_fields(*v1::Batch::descriptor()->file(), seen, fields);
  return fields;
}

/// `export_test --gtest_also_run_disabled_tests --gtest_filter=*WriteRelease` prints what belongs into
/// released.txt.
TEST(Schema, DISABLED_WriteRelease) {
  for (const FieldDescriptor* f : all_fields()) {
    std::printf("%s %d %s %s\n", f->containing_type()->full_name().c_str(), f->number(), f->name().c_str(),
                type_of(*f).c_str());
  }
}

TEST(Schema, EveryProtocolsRecordIsAFieldOfEvent) {
  for (const ProtocolSpec* spec : protocols()) {
    const FieldDescriptor* f = v1::Event::descriptor()->FindFieldByName(std::string(spec->record));
    ASSERT_NE(f, nullptr) << spec->name << ": Event has no field '" << spec->record << "'";
    EXPECT_GE(f->number(), 100) << spec->name;
    EXPECT_NE(f->message_type(), nullptr) << spec->name;
  }
}

TEST(Schema, EveryRuleKeywordIsOneOfTheProtocols) {
  std::set<std::string> known;
  for (const ProtocolSpec* spec : protocols()) {
    for (const auto& b : spec->buffers) known.emplace(b.name);
    for (const auto& i : spec->integers) known.emplace(i.name);
    for (const auto& k : spec->keywords) known.emplace(k.name);
  }
  for (const FieldDescriptor* f : all_fields()) {
    const std::string& keyword = f->options().GetExtension(v1::keyword);
    if (keyword.empty()) continue;
    EXPECT_TRUE(known.contains(keyword)) << f->full_name() << ": no parser declares " << keyword;
  }
}

}  // namespace
}  // namespace picket
