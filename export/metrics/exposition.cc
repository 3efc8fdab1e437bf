#include "export/metrics/exposition.h"

#include <algorithm>
#include <cmath>

#include "export/utf8.h"
#include "parsers/core/assert.h"
#include "parsers/core/bytes.h"

namespace picket::metrics {
namespace {

constexpr std::string_view kOpenMetricsText = "application/openmetrics-text", kPlainText = "text/plain";

std::string_view type_name(Type type, Format format) noexcept {
  switch (type) {
    case Type::kCounter:
      return "counter";
    case Type::kInfo:
      return format == Format::kOpenMetrics ? "info" : "gauge";
    case Type::kGauge:
      break;
  }
  return "gauge";
}

/// The first part up to `at`, which is taken off, without white space around it.
std::string_view take(std::string_view& text, char at) noexcept {
  const std::size_t n = std::min(text.find(at), text.size());
  std::string_view part = text.substr(0, n);
  text.remove_prefix(std::min(n + 1, text.size()));
  const auto is_space = [](char c) { return c == ' ' || c == '\t'; };
  while (!part.empty() && is_space(part.front())) part.remove_prefix(1);
  while (!part.empty() && is_space(part.back())) part.remove_suffix(1);
  return part;
}

void escape(std::string& out, std::string_view text, bool quotes) {
  const Bytes bytes = as_bytes(text);
  const std::uint8_t* p = bytes.data();
  const std::uint8_t* const end = p + bytes.size();
  while (p != end) {
    const std::size_t n = utf8_sequence(p, end);
    if (n == 0) {
      out += "\xef\xbf\xbd";
      ++p;
      continue;
    }
    if (*p == '\n') {
      out += "\\n";
    } else {
      if (*p == '\\' || (*p == '"' && quotes)) out += '\\';
      out += as_text({p, n});
    }
    p += n;
  }
}

}  // namespace

Format format_for(const char* accept) {
  double open = 0, plain = 0;
  std::string_view rest = accept == nullptr ? std::string_view() : accept;
  while (!rest.empty()) {
    std::string_view range = take(rest, ',');
    const std::string_view kind = take(range, ';');
    double q = 1;
    bool version_fits = true;
    while (!range.empty()) {
      std::string_view parameter = take(range, ';');
      const std::string_view name = take(parameter, '=');
      if (equals_nocase(name, "q")) {
        if (std::from_chars(parameter.data(), parameter.data() + parameter.size(), q).ec != std::errc())
          q = 0;
      } else if (equals_nocase(name, "version")) {
        version_fits = parameter == "1.0.0";
      }
    }
    if (equals_nocase(kind, kOpenMetricsText) && version_fits) open = std::max(open, q);
    if (equals_nocase(kind, kPlainText)) plain = std::max(plain, q);
  }
  return open > 0 && open >= plain ? Format::kOpenMetrics : Format::kPrometheus;
}

std::string_view content_type(Format format) noexcept {
  return format == Format::kOpenMetrics ? "application/openmetrics-text; version=1.0.0; charset=utf-8"
                                        : "text/plain; version=0.0.4; charset=utf-8";
}

std::string sample_name(const Family& family) {
  std::string name(family.name);
  if (family.type == Type::kCounter) name += "_total";
  if (family.type == Type::kInfo) name += "_info";
  return name;
}

void Samples::begin(std::initializer_list<std::string_view> labels) {
  out_ += sample_name(family_);
  std::string_view names = family_.labels;
  char before = '{';
  for (const std::string_view value : labels) {
    PICKET_ASSERT(!names.empty());
    out_ += before;
    out_ += take(names, ',');
    out_ += "=\"";
    escape(out_, value, true);
    out_ += '"';
    before = ',';
  }
  PICKET_ASSERT(names.empty());
  if (before == ',') out_ += '}';
  out_ += ' ';
}

void Samples::end(double value) {
  if (std::isfinite(value)) {
    char digits[32];
    out_.append(digits, std::to_chars(digits, digits + sizeof digits, value).ptr);
  } else {
    out_ += std::isnan(value) ? "NaN" : value > 0 ? "+Inf" : "-Inf";
  }
  out_ += '\n';
}

void write_head(std::string& out, const Family& family, Format format) {
  // The older format knows no families: it describes samples.
  const std::string name = format == Format::kOpenMetrics ? std::string(family.name) : sample_name(family);
  const auto line = [&](std::string_view what) {
    out.append("# ").append(what).append(" ").append(name).append(" ");
  };
  line("TYPE");
  out.append(type_name(family.type, format)).append("\n");
  if (format == Format::kOpenMetrics && !family.unit.empty()) {
    line("UNIT");
    out.append(family.unit).append("\n");
  }
  line("HELP");
  escape(out, family.help, format == Format::kOpenMetrics);
  out += '\n';
}

void write_end(std::string& out, Format format) {
  if (format == Format::kOpenMetrics) out += "# EOF\n";
}

}  // namespace picket::metrics
