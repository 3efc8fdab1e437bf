// iprep and geoip: files, and rules that ask.
#include "sensor/rules/reputation.h"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>

#include "sensor/rules/plan_test_support.h"

namespace picket::rules {
namespace {

constexpr std::string_view kCategories = "# what they are called\n1,Bad,known bad hosts\n2,Scan,scanners\n";

AddressKnowledge known(std::string_view reputation) {
  AddressKnowledge k;
  k.add_categories("cat", kCategories);
  k.add_reputation("rep", reputation);
  return k;
}

std::string rule(std::string_view options, unsigned sid) {
  return "alert ip any any -> any any (" + std::string(options) + " sid:" + std::to_string(sid) + ";)\n";
}

/// What fires on a packet from 10.0.0.1 to 192.0.2.7.
std::string fires(const AddressKnowledge& k, std::string_view rules) {
  Bench b(rules, {}, {}, &k);
  b.addresses("10.0.0.1", "192.0.2.7").to_server("x");
  return b.fired();
}

TEST(Reputation, SidesAndOperators) {
  const auto k = known("10.0.0.1,1,50\n192.0.2.0/24,1,20\n192.0.2.7,2,127\n");
  EXPECT_TRUE(k.warnings.empty());
  EXPECT_EQ(fires(k, rule("iprep:src,Bad,>,49;", 1) + rule("iprep:src,Bad,>,50;", 2) +
                         rule("iprep:dst,Bad,=,20;", 3) + rule("iprep:both,Bad,>,19;", 4) +
                         rule("iprep:both,Bad,>,20;", 5) + rule("iprep:any,Bad,<,21;", 6) +
                         rule("iprep:any,Scan,>=,127;", 7) + rule("iprep:src,Scan,<=,127;", 8)),
            "1 3 4 6 7");
}

TEST(Reputation, IsSetAndIsNotSet) {
  const auto k = known("10.0.0.1,1,0\n");
  EXPECT_EQ(fires(k, rule("iprep:src,Bad,isset;", 1) + rule("iprep:src,Bad,isnotset;", 2) +
                         rule("iprep:dst,Bad,isset;", 3) + rule("iprep:dst,Bad,isnotset;", 4) +
                         rule("iprep:both,Scan,isnotset;", 5)),
            "1 4 5");
}

TEST(Reputation, TheNarrowestNetworkCounts) {
  const auto score = [](std::string_view file) {
    const auto k = known(file);
    std::string rules;
    for (const unsigned s : {10U, 20U, 30U}) rules += rule("iprep:src,Bad,=," + std::to_string(s) + ";", s);
    return fires(k, rules);
  };
  EXPECT_EQ(score("10.0.0.0/8,1,10\n10.0.0.0/24,1,20\n"), "20");
  EXPECT_EQ(score("10.0.0.0/24,1,20\n10.0.0.0/8,1,10\n"), "20");
  EXPECT_EQ(score("10.0.0.0/24,1,20\n10.0.0.1,1,30\n10.0.0.2,1,10\n"), "30");
  EXPECT_EQ(score("10.0.0.2/31,1,20\n10.0.0.0/8,1,10\n"), "10") << "beside a narrower one";
  EXPECT_EQ(score("0.0.0.0/0,1,10\n::/0,1,20\n"), "10") << "the end of all addresses";
}

TEST(Reputation, Ipv6) {
  const auto k = known("2001:db8::/32,1,5\n");
  Bench b(rule("iprep:src,Bad,=,5;", 1), {}, {}, &k);
  b.addresses("2001:db8::9", "2001:db9::1").to_server("x");
  EXPECT_EQ(b.fired(), "1");
  b.to_client("x");
  EXPECT_EQ(b.fired(), "");
}

TEST(Reputation, LooksOnceInEachDirectionUnlessTheRuleAsksMore) {
  const auto k = known("10.0.0.1,1,50\n");
  Bench b(rule("iprep:src,Bad,>,1;", 1) + rule("iprep:src,Bad,>,1; content:\"x\"; flow:no_stream;", 2), {},
          {}, &k);
  b.to_server("x").to_server("x");
  EXPECT_EQ(b.fired(), "1 2 2");
}

TEST(Reputation, WrongLinesAreNamed) {
  AddressKnowledge k;
  k.add_categories("cat", "1,Bad,x\n0,Zero,x\n61,Many,x\nx,Bad,x\n2\n");
  EXPECT_EQ(k.warnings.size(), 4U);
  k.add_reputation(
      "rep", "10.0.0.1,1,128\n10.0.0.1,1,x\nhost,1,2\n10.0.0.1,0,2\n10.0.0.1\n# fine\n\n10.0.0.2,1,127\r\n");
  ASSERT_EQ(k.warnings.size(), 9U);
  EXPECT_EQ(k.warnings[4],
            "rep:1: expected ADDRESS,CATEGORY,SCORE with a category of 1 to 60 and a score of 0 to 127");
  EXPECT_EQ(k.category("Bad")->size(), 1U);
  EXPECT_EQ(k.category("None"), nullptr);
  std::string many;
  for (unsigned i = 0; i < 1000; ++i) many += "x\n";
  k.add_reputation("rep", many);
  EXPECT_LE(k.warnings.size(), 100U);
}

TEST(Reputation, AnEmptyFileIsNoMistakeAFolderIs) {
  const std::filesystem::path empty = std::filesystem::path(testing::TempDir()) / "empty-reputation.list";
  std::ofstream(empty).close();
  EXPECT_TRUE(AddressKnowledge::load({.reputation = {empty.string()}}).warnings.empty());
  std::filesystem::remove(empty);
  EXPECT_EQ(AddressKnowledge::load({.reputation = {empty.string()}}).warnings.size(), 1U);
  EXPECT_EQ(AddressKnowledge::load({.reputation = {testing::TempDir()}}).warnings.size(), 1U);
}

TEST(Reputation, RulesWithoutWhatTheyAskFor) {
  const auto reason = [](std::string_view options, const AddressKnowledge* k) {
    RuleSet loaded = load_rules_text("t", rule(options, 1), {});
    PlanMemory memory("");
    PlanOptions o;
    o.memory = &memory;
    o.addresses = k;
    EXPECT_TRUE(plan(loaded, o).has_value());
    return loaded.statuses[0].error() == nullptr ? "" : loaded.statuses[0].error()->reason;
  };
  const auto k = known("");
  EXPECT_EQ(reason("iprep:src,Bad,>,1;", nullptr),
            "iprep: nothing is known of addresses; set reputation-categories-file and reputation-files");
  EXPECT_EQ(reason("iprep:src,Worse,>,1;", &k), "iprep: reputation-categories-file has no category 'Worse'");
  EXPECT_EQ(reason("geoip:src,DE;", &k), "geoip: picket has no database of countries; set geoip-database");
  EXPECT_EQ(reason("iprep:up,Bad,>,1;", &k), "iprep's first word is any, src, dst, dest or both");
  EXPECT_EQ(reason("iprep:src,Bad,~,1;", &k),
            "iprep compares by <, <=, >, >= or =, or asks isset or isnotset");
  EXPECT_EQ(reason("iprep:src,Bad,>,128;", &k), "iprep's score is 0 to 127");
  EXPECT_EQ(reason("iprep:src,Bad,>,127;", &k), "iprep: no score lies there; scores are 0 to 127");
  EXPECT_EQ(reason("iprep:src,Bad,<,0;", &k), "iprep: no score lies there; scores are 0 to 127");
  EXPECT_EQ(reason("geoip:src;", &k), "geoip needs a country");
  EXPECT_EQ(reason("geoip:src,DEU;", &k), "geoip's countries are two letters, such as DE");
  EXPECT_EQ(reason("geoip:DE,!FR;", &k), "geoip: either all countries are negated or none");
}

// ------------------------------------------------------------------------------------------------ countries

/// A database as MaxMind DB 2.0 has it: a tree of 24-bit records over IPv4, then data, then metadata.
class DatabaseWriter {
 public:
  DatabaseWriter& add(std::uint32_t network, unsigned bits, std::string_view country) {
    std::size_t node = 0;
    for (unsigned i = 0; i < bits; ++i) {
      const std::size_t side = network >> (31 - i) & 1;
      if (i + 1 == bits) {
        nodes_[node][side] = -static_cast<std::int64_t>(data_.size()) - 1;
        break;
      }
      if (nodes_[node][side] <= 0) {
        nodes_.push_back({});
        nodes_[node][side] = static_cast<std::int64_t>(nodes_.size()) - 1;
      }
      node = static_cast<std::size_t>(nodes_[node][side]);
    }
    map(data_, 1);
    text(data_, "country");
    map(data_, 1);
    text(data_, "iso_code");
    text(data_, country);
    return *this;
  }
  [[nodiscard]] std::string bytes() const {
    std::string out;
    for (const auto& node : nodes_) {
      for (const std::int64_t to : node) {
        const std::size_t record = to > 0    ? static_cast<std::size_t>(to)
                                   : to == 0 ? nodes_.size()
                                             : nodes_.size() + 16 + static_cast<std::size_t>(-to - 1);
        for (const unsigned shift : {16U, 8U, 0U}) out += static_cast<char>(record >> shift & 0xff);
      }
    }
    out += std::string(16, '\0') + data_ + "\xab\xcd\xefMaxMind.com";
    map(out, 9);
    const auto number = [&out](std::string_view name, char type, std::uint32_t v) {
      text(out, name);
      out += type;
      if (type == '\4') out += '\2';  // uint64 is an extended type; the others are not
      for (const unsigned shift : {24U, 16U, 8U, 0U}) out += static_cast<char>(v >> shift & 0xff);
    };
    number("node_count", '\xc4', static_cast<std::uint32_t>(nodes_.size()));
    small(out, "record_size", 24);
    small(out, "ip_version", 4);
    text(out, "database_type");
    text(out, "Test");
    text(out, "languages");
    out += std::string("\x00\x04", 2);
    small(out, "binary_format_major_version", 2);
    small(out, "binary_format_minor_version", 0);
    number("build_epoch", '\4', 1);
    text(out, "description");
    map(out, 0);
    return out;
  }

 private:
  static void map(std::string& to, unsigned n) { to += static_cast<char>(0xe0 | n); }
  static void text(std::string& to, std::string_view s) {
    to += static_cast<char>(0x40 | s.size());
    to += s;
  }
  static void small(std::string& to, std::string_view name, unsigned v) {
    text(to, name);
    to += static_cast<char>(0xa1);
    to += static_cast<char>(v);
  }
  std::vector<std::array<std::int64_t, 2>> nodes_{
      {}};  // 0: nothing; > 0: node; < 0: place in data_, less one
  std::string data_;
};

class Countries : public testing::Test {
 protected:
  void SetUp() override {
    path_ =
        (std::filesystem::temp_directory_path() / ("picket-countries-" + std::to_string(getpid()))).string();
    std::ofstream(path_, std::ios::binary)
        << DatabaseWriter().add(0x0a000000, 8, "DE").add(0xc0000200, 24, "FR").bytes();
    known_ = AddressKnowledge::load({{}, {}, path_});
  }
  void TearDown() override { std::filesystem::remove(path_); }
  std::string path_;
  AddressKnowledge known_;
};

TEST_F(Countries, SidesAndNegation) {
  ASSERT_TRUE(known_.warnings.empty()) << known_.warnings[0];
  EXPECT_EQ(fires(known_, rule("geoip:src,DE;", 1) + rule("geoip:dst,DE;", 2) + rule("geoip:DE;", 3) +
                              rule("geoip:both,DE,fr;", 4) + rule("geoip:both,DE;", 5) +
                              rule("geoip:src,!DE;", 6) + rule("geoip:dst,!DE,!US;", 7)),
            "1 3 4 7");
}

TEST_F(Countries, UnknownAddressesMatchNothing) {
  Bench b(rule("geoip:src,DE;", 1) + rule("geoip:src,!DE;", 2), {}, {}, &known_);
  b.addresses("172.16.0.1", "192.0.2.7").to_server("x");
  EXPECT_EQ(b.fired(), "");
  b.addresses("2001:db8::1", "2001:db8::2").to_server("x");
  EXPECT_EQ(b.fired(), "") << "the database has no IPv6";
}

TEST_F(Countries, AFileThatIsNone) {
  std::ofstream(path_, std::ios::binary) << "no such thing";
  const auto k = AddressKnowledge::load({{}, {}, path_});
  ASSERT_EQ(k.warnings.size(), 1U);
  EXPECT_EQ(k.countries, nullptr);
}

}  // namespace
}  // namespace picket::rules
