#include "export/intel/indicator_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace picket::intel {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct Read {
  IndicatorReport report;
  std::unique_ptr<IndicatorSet> set;
  std::vector<std::string> rows;  ///< "text|source|description|severity|confidence|reference|expires", sorted
  std::vector<std::string> problems;
};

Read read(std::string_view text, std::size_t memcap = std::size_t{1} << 30) {
  Read r;
  IndicatorSetBuilder builder;
  read_indicators("x.intel", text, memcap, builder, r.report);
  r.set = builder.finish();
  IndicatorReader reader;
  reader.use(*r.set);
  for (std::uint32_t i = 0; i < r.set->size(); ++i) {
    const Row row = reader.read(i);
    std::string s;
    for (const std::string_view part : {row.text, row.source, row.description, severity_name(row.severity)})
      s += std::string(part) + "|";
    s += (row.confidence ? std::to_string(*row.confidence) : "") + "|" + std::string(row.reference) + "|" +
         std::to_string(row.expires_ns / 1'000'000'000);
    r.rows.push_back(s);
  }
  std::sort(r.rows.begin(), r.rows.end());
  for (const LineProblem& p : r.report.problems) r.problems.push_back(p.text());
  return r;
}

TEST(IndicatorFile, ColumnsStandInAnyOrderAndMayBeLeftOut) {
  const Read r = read(
      "# our own\r\n"
      "severity\tindicator\tsource\tdescription\tconfidence\texpires\treference\ttype\r\n"
      "\r\n"
      "High\ta.example\tCERT\tLoader, wave 7\t90\t2027-01-31\thttps://c.example/7\tdomain\r\n"
      "-\t192.0.2.1\n"
      "#\tskipped\n");
  EXPECT_THAT(r.problems, IsEmpty());
  EXPECT_THAT(r.rows, ElementsAre("192.0.2.1||||||0",
                                  "a.example|CERT|Loader, wave 7|high|90|https://c.example/7|1801353600"));
  EXPECT_EQ(r.report.lines, 2U);
}

TEST(IndicatorFile, CommasHaveQuotes) {
  const Read r = read(
      "\xef\xbb\xbfindicator,description,source\n"
      "a.example,\"one, two \"\"three\"\"\",\"\"\n"
      "b.example,open,\"\n"
      "c.example,\"x\"y,\n"
      "d.example,a,b,c\n"
      "e.example,\"\"\"\",s\n");
  EXPECT_THAT(r.rows, ElementsAre("a.example||one, two \"three\"||||0", "e.example|s|\"||||0"));
  EXPECT_THAT(r.problems, ElementsAre("x.intel:3: a quote is not closed on its line",
                                      "x.intel:4: text stands behind a closing quote",
                                      "x.intel:5: has 4 columns, and names stand for 3"));
}

TEST(IndicatorFile, ReadsZeeksAndMispsFiles) {
  const Read zeek = read(
      "#separator \\x09\n"
      "#fields\tindicator\tindicator_type\tmeta.source\tmeta.desc\tmeta.url\tmeta.do_notice\n"
      "bad.example\tIntel::DOMAIN\tFeed\tC2\t-\tT\n"
      "evil.exe\tIntel::FILE_NAME\tFeed\t-\t-\tF\n");
  EXPECT_THAT(zeek.rows, ElementsAre("bad.example|Feed|C2||||0"));
  EXPECT_THAT(zeek.problems, ElementsAre(HasSubstr("x.intel:4: type 'Intel::FILE_NAME' is not matched")));
  EXPECT_THAT(zeek.report.notes, ElementsAre("x.intel: columns that are not used: meta.do_notice"));
  const Read misp = read(
      "uuid,event_id,category,type,value,comment,to_ids,date\n"
      "\"1-2\",7,\"Network activity\",ip-dst,198.51.100.7,\"C2, second\",1,20261101\n");
  EXPECT_THAT(misp.rows, ElementsAre("198.51.100.7||C2, second||||0"));
}

TEST(IndicatorFile, ABadLineIsSaidAndStopsNothing) {
  const Read r = read(
      "indicator\ttype\tseverity\tconfidence\texpires\n"
      "a.example\tdomain\tbad\n"
      "b.example\tdomain\t-\t101\n"
      "c.example\tdomain\t-\t-\tsoon\n"
      "\tdomain\n"
      "good.example\tdomain\n");
  EXPECT_THAT(r.rows, ElementsAre("good.example||||||0"));
  EXPECT_THAT(r.problems,
              ElementsAre("x.intel:2: severity is info, low, medium, high or critical, not 'bad'",
                          "x.intel:3: confidence is 0 to 100, not '101'",
                          "x.intel:4: 'soon' is no time; write 2027-01-31 or 2027-01-31T12:00:00Z",
                          "x.intel:5: the indicator is empty"));
  EXPECT_EQ(r.report.bad, 4U);
  EXPECT_EQ(r.report.lines, 5U);
}

TEST(IndicatorFile, WithoutNamesNothingIsGuessed) {
  EXPECT_THAT(read("a.example\nb.example\n").problems,
              ElementsAre("x.intel:1: names no column 'indicator'; the first line names the columns: "
                          "indicator, type, source, ..."));
  EXPECT_THAT(read("").problems, ElementsAre(HasSubstr("has no line of column names")));
  EXPECT_THAT(read("# only this").problems, ElementsAre(HasSubstr("has no line of column names")));
}

TEST(IndicatorFile, ProblemsAreCountedBeyondThoseThatAreShown) {
  std::string text = "indicator\n";
  for (std::size_t i = 0; i < IndicatorReport::kMaxProblems + 5; ++i) text += "x y\n";
  const Read r = read(text);
  EXPECT_EQ(r.problems.size(), IndicatorReport::kMaxProblems);
  EXPECT_EQ(r.report.bad, IndicatorReport::kMaxProblems + 5);
}

TEST(IndicatorFile, CountsWhatFindsNoRoomInItsMemory) {
  std::string text = "indicator\n";
  for (int i = 0; i < 20000; ++i) text += "name" + std::to_string(i) + ".example\n";
  text += "x y\n";
  const Read r = read(text, 100'000);
  EXPECT_GT(r.set->size(), 1000U);
  EXPECT_LT(r.set->size(), 10000U);
  EXPECT_LT(r.set->bytes(), 150'000U);
  EXPECT_EQ(r.report.lines, 20001U);
  EXPECT_EQ(r.report.taken, r.set->size());
  EXPECT_EQ(r.report.no_room, 20000U - r.set->size());
  EXPECT_THAT(r.problems, ElementsAre(HasSubstr("x.intel:20002: a name has letters")));
}

TEST(IndicatorFile, ReadsTimes) {
  EXPECT_EQ(read_expiry_ns("1970-01-02"), std::nullopt);
  EXPECT_EQ(read_expiry_ns("2027-01-31"), 1801353600'000'000'000U);
  EXPECT_EQ(read_expiry_ns("2027-01-31T12:00:01Z"), 1801396801'000'000'000U);
  EXPECT_EQ(read_expiry_ns("2027-01-31 12:00:01"), 1801396801'000'000'000U);
  EXPECT_EQ(read_expiry_ns("1801353600"), 1801353600'000'000'000U);
  for (const char* bad : {"", "0", "2027-02-30", "2027-1-1", "2027-01-31T25:00:00Z", "2027-01-31T12:00", "x",
                          "-5", "2027-01-31T12:00:00+01:00", "99999999999"})
    EXPECT_EQ(read_expiry_ns(bad), std::nullopt) << bad;
}

}  // namespace
}  // namespace picket::intel
