#include "export/plain_json.h"

#include <gtest/gtest.h>

#include <string>

namespace picket {
namespace {

bool plain(std::string_view s) { return is_plain_json(as_bytes(s)); }

TEST(PlainJson, TakesWhatIsJson) {
  for (const char* s : {"{}", "[]", "null", "true", "0", "-1.5e+3", R"("")", R"("a\"\\\u00e4\n")",
                        R"({"a":1})", R"([1,[2],{"b":[]},"c"])", R"({"a":{"b":{}},"c":[{},{}]})"})
    EXPECT_TRUE(plain(s)) << s;
  EXPECT_TRUE(plain(std::string(64, '[') + std::string(64, ']')));
}

TEST(PlainJson, RefusesEverythingElse) {
  for (const char* s : {"",         "{",           "}",           "[",
                        "]",        "{]",          "[}",          "{\"a\"}",
                        "{\"a\":}", "{\"a\":1,}",  "{a:1}",       "[1,]",
                        "[,1]",     "1 ",          " 1",          "[1, 2]",
                        "01",       "1.",          ".5",          "1e",
                        "+1",       "tru",         "truee",       "\"",
                        "\"\\x\"",  "\"\\u12g4\"", "\"a\nb\"",    "\"\xc3\xa4\"",
                        "{}{}",     "[]]",         "{\"a\":1}\n", "{\"a\":1,\"b\"}"})
    EXPECT_FALSE(plain(s)) << s;
  EXPECT_FALSE(plain(std::string(65, '[') + std::string(65, ']')));
  EXPECT_FALSE(plain(std::string(100000, '[')));
  const std::string whole = R"({"a":[1,"b",{"c":null}]})";
  for (std::size_t n = 0; n < whole.size(); ++n) EXPECT_FALSE(plain(whole.substr(0, n))) << n;
}

}  // namespace
}  // namespace picket
