#include "export/intel/indicator_set.h"

#include <gtest/gtest.h>

#include <map>
#include <random>
#include <set>

#include "export/intel/values.h"

namespace picket::intel {
namespace {

Indicator indicator(std::string_view text, std::string_view type = "", std::string source = "") {
  Indicator i;
  const auto read = read_indicator(text, type, i);
  EXPECT_TRUE(read.has_value()) << text << ": " << (read ? "" : read.error().message);
  i.source = std::move(source);
  return i;
}

std::unique_ptr<IndicatorSet> set_of(std::initializer_list<std::string_view> texts) {
  IndicatorSetBuilder builder;
  for (const std::string_view t : texts) EXPECT_TRUE(builder.add(indicator(t)));
  return builder.finish();
}

/// What of a value fits, verified as Intel does.
class Finder final : public KeyFinder {
 public:
  explicit Finder(const IndicatorSet& set) : set_(set) { reader_.use(set); }
  std::set<std::string> operator()(v1::Observable what, std::string_view value) {
    hits_.clear();
    Values values(set_, *this);
    values.look(what, as_bytes(value));
    return hits_;
  }
  void found(IndicatorSet::Range range, const Key& key, std::string_view) override {
    for (std::uint32_t i = range.first; i != range.last; ++i) {
      const Row row = reader_.read(i);
      if (row.key.space == key.space && row.key.bits == key.bits && row.key.text == key.text)
        hits_.insert(std::string(row.text));
    }
  }

 private:
  const IndicatorSet& set_;
  IndicatorReader reader_;
  std::set<std::string> hits_;
};
using Hits = std::set<std::string>;

std::string v4(std::initializer_list<int> bytes) { return {bytes.begin(), bytes.end()}; }

TEST(IndicatorSet, FindsWhatValuesAreOf) {
  const auto set = set_of({"192.0.2.0/24", "192.0.2.7", "2001:db8::/32", "bad.example", "deep.below.example",
                           "mail@bad.example", "http://www.shop.example/a", "http://www.shop.example/b?x=1",
                           "d41d8cd98f00b204e9800998ecf8427e"});
  Finder find(*set);
  EXPECT_EQ(find(v1::OBSERVABLE_ADDRESS, v4({192, 0, 2, 7})), (Hits{"192.0.2.0/24", "192.0.2.7"}));
  EXPECT_EQ(find(v1::OBSERVABLE_ADDRESS, v4({192, 0, 3, 7})), Hits{});
  EXPECT_EQ(find(v1::OBSERVABLE_ADDRESS, std::string("\x20\x01\x0d\xb8", 4) + std::string(12, 'x')),
            Hits{"2001:db8::/32"});
  EXPECT_EQ(find(v1::OBSERVABLE_ADDRESS, "abc"), Hits{}) << "neither 4 nor 16 bytes";
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "WWW.Bad.Example."), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "notbad.example"), Hits{});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "below.example"), Hits{});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "*.bad.example"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "192.0.2.9"), Hits{"192.0.2.0/24"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "[2001:db8::1]"), Hits{"2001:db8::/32"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "C=DE, O=x, CN=a.bad.example"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "bad.example:8443"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "198.51.100.1, 192.0.2.7"), (Hits{"192.0.2.0/24", "192.0.2.7"}));
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, std::string(300, 'x') + ".bad.example"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "https://bad.example/x"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "x@bad.example"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "\\\\bad.example\\share"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "..."), Hits{});
  EXPECT_EQ(find(v1::OBSERVABLE_EMAIL, "\"A, B\" <Mail@Bad.Example>, x@y.example"),
            (Hits{"mail@bad.example", "bad.example"}));
  EXPECT_EQ(find(v1::OBSERVABLE_EMAIL, "mailto:mail@bad.example"), (Hits{"mail@bad.example", "bad.example"}));
  EXPECT_EQ(find(v1::OBSERVABLE_EMAIL, "bad.example"), Hits{});
  EXPECT_EQ(find(v1::OBSERVABLE_URL, "https://WWW.Shop.example/a?any"), Hits{"http://www.shop.example/a"});
  EXPECT_EQ(find(v1::OBSERVABLE_URL, "www.shop.example/b?x=1#y"), Hits{"http://www.shop.example/b?x=1"});
  EXPECT_EQ(find(v1::OBSERVABLE_URL, "http://www.shop.example/b"), Hits{});
  EXPECT_EQ(find(v1::OBSERVABLE_URL, "http://www.shop.example/A"), Hits{}) << "a path is exact";
  EXPECT_EQ(find(v1::OBSERVABLE_URL, "http://u:p@x.bad.example:81/"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_URL, "mailto:a@bad.example"), Hits{"bad.example"});
  EXPECT_EQ(find(v1::OBSERVABLE_FILE_HASH, "D41D8CD98F00B204E9800998ECF8427E"),
            Hits{"d41d8cd98f00b204e9800998ecf8427e"});
  EXPECT_EQ(find(v1::OBSERVABLE_FILE_HASH,
                 std::string("\xd4\x1d\x8c\xd9\x8f\x00\xb2\x04\xe9\x80\x09\x98\xec\xf8\x42\x7e", 16)),
            Hits{"d41d8cd98f00b204e9800998ecf8427e"});
  EXPECT_EQ(find(v1::OBSERVABLE_CERTIFICATE, "d41d8cd98f00b204e9800998ecf8427e"), Hits{});
}

TEST(IndicatorSet, AnEmptyOneFindsNothing) {
  const auto set = set_of({});
  Finder find(*set);
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "bad.example"), Hits{});
  EXPECT_EQ(set->size(), 0U);
}

TEST(IndicatorSet, SourcesOfOneIndicatorStandBesideEachOther) {
  IndicatorSetBuilder builder;
  for (const char* source : {"A", "B", "A", "C", "D", "E"})
    ASSERT_TRUE(builder.add(indicator("bad.example", "", source)));
  ASSERT_TRUE(builder.add(indicator("other.example")));
  const auto set = builder.finish();
  EXPECT_EQ(builder.repeated(), 1U);
  EXPECT_EQ(builder.too_many(), 1U);
  EXPECT_EQ(set->counts()[static_cast<std::size_t>(Type::kDomain)], 5U);
  const auto range = set->find({Type::kDomain, 0, "bad.example"});
  ASSERT_EQ(range.last - range.first, IndicatorSet::kMaxSame);
  IndicatorReader reader;
  reader.use(*set);
  std::string sources;
  for (std::uint32_t i = range.first; i != range.last; ++i) sources += reader.read(i).source;
  EXPECT_EQ(sources, "ABCD");
}

TEST(IndicatorSet, KnowsWhichHashesFilesNeed) {
  const auto set = set_of({"d41d8cd98f00b204e9800998ecf8427e", "da39a3ee5e6b4b0d3255bfef95601890afd80709"});
  EXPECT_TRUE(set->has_file_hash(16));
  EXPECT_TRUE(set->has_file_hash(20));
  EXPECT_FALSE(set->has_file_hash(32));
}

/// One indicator by one is held against each value, as the header says they fit.
bool fits_naively(const Indicator& i, v1::Observable what, const std::string& value) {
  const auto lower = [](std::string s) {
    for (char& c : s) c = static_cast<char>(std::tolower(static_cast<unsigned char>(c)));
    return s;
  };
  if (what == v1::OBSERVABLE_ADDRESS) {
    if (i.type != Type::kAddress && i.type != Type::kNetwork) return false;
    const Address a = Address::v4(reinterpret_cast<const std::uint8_t*>(value.data()));
    for (unsigned bit = 0; bit < i.bits; ++bit) {
      const auto at = [bit](const auto& bytes) {
        return (static_cast<std::uint8_t>(bytes[bit / 8]) >> (7 - bit % 8)) & 1;
      };
      if (at(a.bytes) != at(i.key)) return false;
    }
    return true;
  }
  const std::string name = lower(value);
  return i.type == Type::kDomain && (name == i.key || name.ends_with("." + i.key));
}

TEST(IndicatorSet, AgreesWithANaiveMatcher) {
  std::mt19937 random(7);
  const auto pick = [&random](unsigned n) { return static_cast<unsigned>(random() % n); };
  const auto name = [&] {
    std::string s;
    for (unsigned labels = 2 + pick(3); labels != 0; --labels)
      s += (s.empty() ? "" : ".") + std::string(1 + pick(2), static_cast<char>('a' + pick(3)));
    return s;
  };
  std::vector<Indicator> all;
  IndicatorSetBuilder builder;
  for (int n = 0; n < 400; ++n) {
    std::string text = name();
    if (n % 2 == 0) {
      const unsigned bits = 8 + pick(25);
      const std::uint32_t address = (0x0a000000U | pick(1 << 12) << 8 | pick(8)) & ~0U << (32 - bits);
      text = std::to_string(address >> 24) + "." + std::to_string(address >> 16 & 255) + "." +
             std::to_string(address >> 8 & 255) + "." + std::to_string(address & 255) + "/" +
             std::to_string(bits);
    }
    all.push_back(indicator(text));
    ASSERT_TRUE(builder.add(all.back()));
  }
  const auto set = builder.finish();
  Finder find(*set);
  unsigned hits = 0;
  for (int n = 0; n < 4000; ++n) {
    const bool address = n % 2 == 0;
    const std::string value =
        address ? v4({10, static_cast<int>(pick(17)), static_cast<int>(pick(256)), static_cast<int>(pick(9))})
                : (pick(2) == 0 ? "X." : "") + name();
    const v1::Observable what = address ? v1::OBSERVABLE_ADDRESS : v1::OBSERVABLE_HOST;
    Hits expected;
    for (const Indicator& i : all) {
      if (fits_naively(i, what, value)) expected.insert(i.text);
    }
    hits += !expected.empty();
    ASSERT_EQ(find(what, value), expected) << value;
  }
  EXPECT_GT(hits, 400U);
  EXPECT_LT(hits, 3900U);
}

/// As feeds have them: all types, sources and descriptions in common by the hundred, some with words of their own.
Indicator of_a_feed(std::uint32_t n) {
  const std::uint64_t h =
      fingerprint({Type::kUrl, 0, std::string_view(reinterpret_cast<const char*>(&n), sizeof n)});
  const auto hex = [](std::uint64_t seed, std::size_t digits) {
    std::string s;
    for (; s.size() < digits; seed = seed * 6364136223846793005U + 1442695040888963407U)
      s += "0123456789abcdef"[seed >> 60];
    return s;
  };
  const auto ip = [h](const char* rest) {
    return std::to_string(1 + h % 220) + "." + std::to_string(h >> 8 & 255) + "." +
           std::to_string(h >> 16 & 255) + rest;
  };
  const std::string name = hex(h, 5 + h % 12) + "." + hex(h >> 50, 2) + "-cdn.example";
  std::string text, type;
  switch (n % 10) {
    case 0:
    case 1:
      text = ip(("." + std::to_string(h >> 24 & 255)).c_str());
      break;
    case 2:
      text = ip(".0/24");
      break;
    case 3:
    case 4:
    case 5:
      text = name;
      break;
    case 6:
      text = "http://" + name + "/" + hex(h + 1, 8) + "/gate.php?id=" + std::to_string(n);
      break;
    case 7:
      text = hex(h, 64);
      break;
    case 8:
      text = hex(h, 32);
      break;
    default:
      text = hex(h, 40), type = n % 20 == 9 ? "certificate" : "sha1";
      break;
  }
  Indicator i = indicator(text, type, "feed-" + std::to_string(n / 1000 % 40));
  i.description = "Campaign " + std::to_string(n / 100 % 5000) + ": loader and its servers, seen in sector " +
                  std::to_string(h % 9);
  i.severity = Severity::kHigh;
  i.confidence = static_cast<std::uint8_t>(50 + h % 50);
  i.expires_ns = (1'800'000'000 + n / 100) * std::uint64_t{1'000'000'000};
  return i;
}

TEST(IndicatorSet, AMillionTakeLessThan64Megabytes) {
  constexpr std::uint32_t kMany = 1'000'000;
  IndicatorSetBuilder builder;
  for (std::uint32_t n = 0; n < kMany; ++n) ASSERT_TRUE(builder.add(of_a_feed(n)));
  const auto set = builder.finish();
  EXPECT_GT(set->size(), kMany * 99 / 100) << "networks of /24 fall together now and then";
  EXPECT_LE(set->bytes(), std::size_t{64} << 20);
  RecordProperty("bytes", std::to_string(set->bytes()));
  Finder find(*set);
  for (std::uint32_t n = 3; n < kMany; n += 9973) {
    const Indicator i = of_a_feed(n);
    if (i.type == Type::kDomain)
      EXPECT_TRUE(find(v1::OBSERVABLE_HOST, "www." + i.text).contains(i.text)) << i.text;
    if (i.type == Type::kFileHash)
      EXPECT_TRUE(find(v1::OBSERVABLE_FILE_HASH, i.text).contains(i.text)) << i.text;
  }
  EXPECT_EQ(find(v1::OBSERVABLE_HOST, "www.good.example"), Hits{});
}

}  // namespace
}  // namespace picket::intel
