#include "export/field_path.h"

#include <gtest/gtest.h>

#include "export/eve.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

std::vector<std::string> values(const char* path, const v1::Event& event) {
  const auto compiled = FieldPath::compile(path);
  EXPECT_TRUE(compiled) << compiled.error().message;
  std::vector<std::string> all;
  if (!compiled) return all;
  const std::string bytes = event.SerializeAsString();
  (void)compiled.value().any(as_bytes(bytes), [&](std::uint64_t v, Bytes b) {
    all.push_back(eve_value_text(compiled.value().field(), v, b));
    return false;
  });
  return all;
}

using Strings = std::vector<std::string>;

TEST(FieldPath, FindsFieldsMapsAndLists) {
  v1::Event e;
  e.set_event_type("alert");
  e.set_src_ip(std::string("\x0a\0\0\1", 4));
  e.add_vlan(7);
  e.add_vlan(9);
  e.mutable_alert()->set_signature_id(42);
  auto& m = *e.mutable_alert()->add_metadata();
  m.set_key("mitre.id");
  m.add_values("T1");
  m.add_values("T2");
  (*e.mutable_stats()->mutable_ledger()->mutable_verdicts())["inspected"] = 5;
  (*e.mutable_stats()->mutable_ledger()->mutable_verdicts())["decode_error"] = 6;

  EXPECT_EQ(values("event_type", e), Strings{"alert"});
  EXPECT_EQ(values("src_ip", e), Strings{"10.0.0.1"});
  EXPECT_EQ(values("vlan", e), (Strings{"7", "9"})) << "packed";
  EXPECT_EQ(values("alert.signature_id", e), Strings{"42"});
  EXPECT_EQ(values("alert.metadata.mitre.id", e), (Strings{"T1", "T2"})) << "a key may hold dots";
  EXPECT_EQ(values("alert.metadata.other", e), Strings{});
  EXPECT_EQ(values("stats.ledger.verdicts.inspected", e), Strings{"5"});
  EXPECT_EQ(values("flow.age", e), Strings{});
}

TEST(FieldPath, SaysWhatIsUnknown) {
  for (const char* path : {"", "nothing", "alert.nothing", "event_type.more", "alert", "alert.metadata",
                           "stats.ledger.verdicts"}) {
    const auto p = FieldPath::compile(path);
    EXPECT_FALSE(p) << path;
  }
  EXPECT_NE(FieldPath::compile("alert.sid").error().message.find("signature_id"), std::string::npos)
      << "names what is known there";
}

}  // namespace
}  // namespace picket
