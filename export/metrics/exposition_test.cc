#include "export/metrics/exposition.h"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "export/metrics/process.h"

namespace picket::metrics {
namespace {

struct Figures {
  std::uint64_t packets = 18446744073709551615U;
  double seconds = 0.25;
  std::string name = "plant";
  Process process;
};

constexpr FamilyOf<Figures> kFamilies[] = {
    {{"t_packets", Type::kCounter, "", "verdict,port", "by \"verdict\", \\ and\nport"},
     [](const Figures& f, Samples& out) {
       out.add(f.packets, {"inspected", "0"});
       out.add(7, {"dropped", f.name});
     }},
    {{"t_lag_seconds", Type::kGauge, "seconds", "", "lag"},
     [](const Figures& f, Samples& out) { out.add(f.seconds); }},
    {{"t_nothing", Type::kCounter, "", "", "has no samples"}, [](const Figures&, Samples&) {}},
    {{"t_build", Type::kInfo, "", "version", "what runs"},
     [](const Figures&, Samples& out) { out.add(1, {"0.1.0"}); }},
};

std::string text(const Figures& f, Format format = Format::kOpenMetrics) {
  return expose<Figures>({kFamilies}, f, format);
}

// OpenMetrics 1.0.0: metadata by the family's name, _total and _info at samples alone, \" escaped in help, # EOF.
TEST(Exposition, IsOpenMetrics) {
  EXPECT_EQ(text({}),
            "# TYPE t_packets counter\n"
            "# HELP t_packets by \\\"verdict\\\", \\\\ and\\nport\n"
            "t_packets_total{verdict=\"inspected\",port=\"0\"} 18446744073709551615\n"
            "t_packets_total{verdict=\"dropped\",port=\"plant\"} 7\n"
            "# TYPE t_lag_seconds gauge\n"
            "# UNIT t_lag_seconds seconds\n"
            "# HELP t_lag_seconds lag\n"
            "t_lag_seconds 0.25\n"
            "# TYPE t_build info\n"
            "# HELP t_build what runs\n"
            "t_build_info{version=\"0.1.0\"} 1\n"
            "# EOF\n");
}

// Text format 0.0.4: metadata by the sample's name, no units, no info, quotes in help as they are, no end.
TEST(Exposition, IsPrometheusTextWhereThatIsAskedFor) {
  EXPECT_EQ(text({}, Format::kPrometheus),
            "# TYPE t_packets_total counter\n"
            "# HELP t_packets_total by \"verdict\", \\\\ and\\nport\n"
            "t_packets_total{verdict=\"inspected\",port=\"0\"} 18446744073709551615\n"
            "t_packets_total{verdict=\"dropped\",port=\"plant\"} 7\n"
            "# TYPE t_lag_seconds gauge\n"
            "# HELP t_lag_seconds lag\n"
            "t_lag_seconds 0.25\n"
            "# TYPE t_build_info gauge\n"
            "# HELP t_build_info what runs\n"
            "t_build_info{version=\"0.1.0\"} 1\n");
}

TEST(Exposition, EscapesValuesOfLabels) {
  const auto port = [](std::string name) {
    const std::string all = text({.name = std::move(name)});
    const std::size_t at = all.find("dropped\",port=\"") + 15;
    return all.substr(at, all.find("} 7\n") - at - 1);
  };
  EXPECT_EQ(port("a\"b\\c\nd"), "a\\\"b\\\\c\\nd");
  EXPECT_EQ(port("gr\xc3\xbc\xc3\x9f"), "gr\xc3\xbc\xc3\x9f");
  EXPECT_EQ(port("\xff\xc3"), "\xef\xbf\xbd\xef\xbf\xbd") << "not UTF-8";
  EXPECT_EQ(port(""), "");
}

TEST(Exposition, WritesNumbersThatHaveNoDigits) {
  const auto lag = [](double v) {
    const std::string all = text({.seconds = v});
    const std::size_t at = all.find("\nt_lag_seconds ") + 15;
    return all.substr(at, all.find('\n', at) - at);
  };
  EXPECT_EQ(lag(std::nan("")), "NaN");
  EXPECT_EQ(lag(std::numeric_limits<double>::infinity()), "+Inf");
  EXPECT_EQ(lag(-std::numeric_limits<double>::infinity()), "-Inf");
  EXPECT_EQ(lag(-3), "-3");
  EXPECT_EQ(lag(1700000000.125), "1700000000.125");
}

TEST(Exposition, SpeaksWhatIsAskedFor) {
  constexpr auto kOpen = Format::kOpenMetrics, kText = Format::kPrometheus;
  EXPECT_EQ(format_for(nullptr), kText);
  EXPECT_EQ(format_for(""), kText);
  EXPECT_EQ(format_for("*/*"), kText);
  EXPECT_EQ(format_for("application/openmetrics-text"), kOpen);
  EXPECT_EQ(format_for("Application/OpenMetrics-Text; Version=1.0.0; charset=utf-8"), kOpen);
  EXPECT_EQ(format_for("application/openmetrics-text;version=0.0.1"), kText) << "a version that is not ours";
  EXPECT_EQ(
      format_for("application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;"
                 "q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1"),
      kOpen)
      << "Prometheus 2.42";
  EXPECT_EQ(format_for("text/plain;version=0.0.4;q=0.9, application/openmetrics-text;version=1.0.0;q=0.2"),
            kText);
  EXPECT_EQ(format_for("application/openmetrics-text;q=0"), kText);
  EXPECT_EQ(format_for("application/openmetrics-text;q=x;;,,;="), kText);
}

TEST(Process, KnowsItself) {
  const Process p = Process::now();
  EXPECT_GT(p.started, 1.6e9);
  EXPECT_GT(p.resident_bytes, 1U << 20);
  EXPECT_GE(p.open_files, 3U);
  EXPECT_GE(p.max_files, p.open_files);
  double before = p.cpu_seconds;
  for (volatile unsigned i = 0; Process::now().cpu_seconds <= before; i = i + 1) {
  }
  const std::string text = expose<Figures>({kProcessFamilies<Figures>}, {.process = p}, Format::kOpenMetrics);
  EXPECT_NE(text.find("\nprocess_open_fds " + std::to_string(p.open_files) + "\n"), std::string::npos)
      << text;
}

}  // namespace
}  // namespace picket::metrics
