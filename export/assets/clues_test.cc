#include "export/assets/clues.h"

#include <gtest/gtest.h>

#include "export/proto/picket/v1/event.pb.h"

namespace picket {
namespace {

TEST(AssetClues, EachPathLeadsToAField) {
  const auto all = asset_clues();
  ASSERT_EQ(all.size(), protocols().size());
  std::size_t clues = 0;
  for (std::size_t i = 0; i < all.size(); ++i) {
    if (all[i] == nullptr) continue;
    EXPECT_LE(all[i]->clues.size(), kMaxClues);
    const std::string record(protocols()[i]->record);
    for (const AssetClue& c : all[i]->clues) {
      ++clues;
      const auto* message = v1::Event::descriptor()->FindFieldByName(record)->message_type();
      const google::protobuf::FieldDescriptor* field = nullptr;
      for (const int number : c.path) {
        if (number == 0) break;
        ASSERT_NE(message, nullptr) << record << ": " << number << " stands below no message";
        field = message->FindFieldByNumber(number);
        ASSERT_NE(field, nullptr) << record << ": " << number << " is no field of " << message->name();
        message = field->message_type();
      }
      ASSERT_NE(field, nullptr) << record;
      if (c.read == nullptr) {
        EXPECT_TRUE(field->cpp_type() == google::protobuf::FieldDescriptor::CPPTYPE_STRING)
            << field->full_name();
      }
      EXPECT_GT(c.confidence, 0);
      EXPECT_LE(c.confidence, 100);
    }
  }
  EXPECT_GT(clues, 20U);
}

TEST(AssetClues, SystemsInTexts) {
  EXPECT_EQ(os_in("OpenSSH_9.2p1 Debian-2+deb12u3"), "Debian");
  EXPECT_EQ(os_in("OpenSSH_for_Windows_8.1"), "Windows");
  EXPECT_EQ(os_in("Mozilla/5.0 (Windows NT 6.1; WOW64)"), "Windows 7");
  EXPECT_EQ(os_in("Mozilla/5.0 (Linux; Android 13)"), "Android");
  EXPECT_EQ(os_in("Microsoft-IIS/10.0"), "Windows");
  EXPECT_EQ(os_in("nginx/1.22.1"), "");
  EXPECT_EQ(os_in(""), "");
}

TEST(AssetClues, AddressesAreNoNames) {
  for (const std::string_view a :
       {"192.0.2.1", "192.0.2.1:8080", "2001:db8::1", "[2001:db8::1]:443", "[::1]", "::1"})
    EXPECT_TRUE(is_address_text(a)) << a;
  for (const std::string_view n : {"plc1", "www.example:80", "1.2.3", "", "[", "[x", "1.2.3.4.example"})
    EXPECT_FALSE(is_address_text(n)) << n;
}

}  // namespace
}  // namespace picket
