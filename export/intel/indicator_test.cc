#include "export/intel/indicator.h"

#include <gtest/gtest.h>

namespace picket::intel {
namespace {

/// "domain bad.example", or the reason why not.
std::string read(std::string_view text, std::string_view type = "") {
  Indicator i;
  if (auto bad = read_indicator(text, type, i); !bad) return "! " + bad.error().message;
  std::string key = i.key;
  if (i.type == Type::kAddress || i.type == Type::kNetwork) key = std::to_string(i.bits);
  if (i.type == Type::kFileHash || i.type == Type::kCertificate) key = std::to_string(i.key.size());
  EXPECT_EQ(i.text, text);
  return std::string(type_name(i.type)) + " " + key;
}

TEST(Indicator, IsReadByWhatItLooksLike) {
  EXPECT_EQ(read("192.0.2.1"), "address 128");
  EXPECT_EQ(read("192.0.2.0/24"), "network 120");
  EXPECT_EQ(read("2001:db8::1"), "address 128");
  EXPECT_EQ(read("2001:db8::/32"), "network 32");
  EXPECT_EQ(read("192.0.2.1/32"), "address 128");
  EXPECT_EQ(read("Bad.Example."), "domain bad.example");
  EXPECT_EQ(read("*.bad.example"), "domain bad.example");
  EXPECT_EQ(read("b\xc3\xbc"
                 "cher.example"),
            "domain xn--bcher-kva.example");
  EXPECT_EQ(read(".onion"), "domain onion");
  EXPECT_EQ(read("a.bz"), "domain a.bz") << "four characters are no address of four bytes";
  EXPECT_EQ(read("Name@Bad.Example"), "email name@bad.example");
  EXPECT_EQ(read("d41d8cd98f00b204e9800998ecf8427e"), "file-hash 16");
  EXPECT_EQ(read("DA39A3EE5E6B4B0D3255BFEF95601890AFD80709"), "file-hash 20");
  EXPECT_EQ(read(std::string(64, 'a')), "file-hash 32");
  EXPECT_EQ(read("t13d1516h2_8daaf6152771_B186095e22b6"), "ja4 t13d1516h2_8daaf6152771_b186095e22b6");
}

TEST(Indicator, UrlsHaveOneForm) {
  EXPECT_EQ(read("http://Bad.Example"), "url bad.example/");
  EXPECT_EQ(read("HTTP://user:pw@Bad.Example:80/A/b?C=d#part"), "url bad.example/A/b?C=d");
  EXPECT_EQ(read("https://bad.example:443/x"), "url bad.example/x");
  EXPECT_EQ(read("http://bad.example:443/x"), "url bad.example:443/x");
  EXPECT_EQ(read("bad.example:8080/x"), "url bad.example:8080/x");
  EXPECT_EQ(read("bad.example.:80/x"), "url bad.example/x");
  EXPECT_EQ(read("http://bad.example?x"), "url bad.example/?x");
  EXPECT_EQ(read("http://[2001:DB8::1]:81/"), "url [2001:db8::1]:81/");
  EXPECT_EQ(read("http://b\xc3\xbc"
                 "cher.example/\xc3\xbc"),
            "url xn--bcher-kva.example/\xc3\xbc");
}

TEST(Indicator, WordsOfOthersAreKnown) {
  EXPECT_EQ(read("192.0.2.1", "Intel::ADDR"), "address 128");
  EXPECT_EQ(read("192.0.2.0/24", "ip-src"), "network 120");
  EXPECT_EQ(read("a.example", "hostname"), "domain a.example");
  EXPECT_EQ(read(std::string(40, 'a'), "x509-fingerprint-sha1"), "certificate 20");
  EXPECT_EQ(read("aa:bb" + std::string(36, 'c'), "certificate").substr(0, 14), "certificate 20");
  EXPECT_EQ(read(std::string(32, 'A'), "ja3-fingerprint-md5"), "ja3 " + std::string(32, 'a'));
  EXPECT_EQ(read(std::string(32, 'a'), "HASSH"), "hassh " + std::string(32, 'a'));
}

TEST(Indicator, WhatIsNoneIsRefusedWithAReason) {
  EXPECT_EQ(read(""), "! the indicator is empty");
  EXPECT_EQ(read("x", "filename").substr(0, 32), "! type 'filename' is not matched");
  EXPECT_EQ(read("192.0.2.1/24"),
            "! bits are set behind the prefix; write the network's first address, or /32");
  EXPECT_EQ(read("192.0.2.0/33"), "! a prefix has 1 to 32 bits, not '33'");
  EXPECT_EQ(read("0.0.0.0/0"), "! a prefix has 1 to 32 bits, not '0'");
  EXPECT_EQ(read("2001:db8::/129"), "! a prefix has 1 to 128 bits, not '129'");
  EXPECT_EQ(read("1.2.3", "address"), "! '1.2.3' is no IPv4 or IPv6 address");
  EXPECT_EQ(read("com"), "! one label fits all names below it; write .com if that is meant");
  EXPECT_EQ(read("a..example"), "! a label of the name is empty");
  EXPECT_EQ(read("a b.example"), "! a name has letters, digits, '-', '_' and dots, not ' '");
  EXPECT_EQ(read(std::string(64, 'x') + ".example"), "! a label is longer than 63 characters");
  EXPECT_EQ(read(std::string(300, 'x'), "domain"), "! a name has at most 253 characters");
  EXPECT_EQ(read("192.0.2.1", "domain"), "! is an address; its type is 'address'");
  EXPECT_EQ(read("http://"), "! is no URL; write http://host/path, with at most 2048 characters");
  EXPECT_EQ(read("http://h:port/x").substr(0, 11), "! is no URL");
  EXPECT_EQ(read("name@", "email"), "! is no address of mail, such as name@example.org");
  EXPECT_EQ(read("abcd", "md5"), "! a file's hash is MD5, SHA-1 or SHA-256: 32, 40 or 64 hexadecimal digits");
  EXPECT_EQ(read(std::string(32, 'a'), "certificate"),
            "! a certificate's hash is SHA-1 or SHA-256: 40 or 64 hexadecimal digits");
  EXPECT_EQ(read("abcd", "ja3"), "! ja3 has 32 hexadecimal digits");
  EXPECT_EQ(read("t13", "ja4"), "! is no JA4, such as t13d1516h2_8daaf6152771_b186095e22b6");
  EXPECT_EQ(read(std::string(kMaxText + 1, 'a')), "! the indicator is longer than 2048 bytes");
  EXPECT_EQ(read(std::string_view("a.example\0", 10)), "! the indicator has a NUL in it");
}

TEST(Indicator, FingerprintsHangOnAllOfAKey) {
  const auto print = [](Type t, std::uint8_t bits, std::string_view s) { return fingerprint({t, bits, s}); };
  const std::uint64_t one = print(Type::kDomain, 0, "bad.example");
  EXPECT_EQ(one, print(Type::kDomain, 0, std::string("bad.example")));
  EXPECT_NE(one, print(Type::kUrl, 0, "bad.example"));
  EXPECT_NE(one, print(Type::kDomain, 1, "bad.example"));
  EXPECT_NE(one, print(Type::kDomain, 0, "bad.exampld"));
  EXPECT_NE(one, print(Type::kDomain, 0, std::string_view("bad.example\0", 12)));
}

}  // namespace
}  // namespace picket::intel
