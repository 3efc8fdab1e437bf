#include "sensor/rules/test_support.h"

#include "sensor/rules/test_protocols.h"

namespace picket::rules {

OneRule::OneRule(std::string_view text) {
  LoadOptions options;
  options.protocols = test_protocols();
  set_ = load_rules_text("t.rules", text, options);
}

std::string OneRule::error() const {
  if (set_.statuses.size() != 1) return std::to_string(set_.statuses.size()) + " rules";
  const auto* error = set_.statuses[0].error();
  return error == nullptr ? "" : to_string(*error);
}

std::string OneRule::warnings() const {
  std::string all;
  for (const auto& status : set_.statuses) {
    for (const auto& d : status.diagnostics) {
      if (d.severity == Diagnostic::Severity::kWarning) all += to_string(d) + "\n";
    }
  }
  return all;
}

const Rule& OneRule::rule() const {
  if (loaded()) return set_.rules[0];
  ADD_FAILURE() << "not loaded: " << error();
  return none_;
}

OneRule with(std::string_view options, std::string_view header) {
  return OneRule(std::string(header) + " (" + std::string(options) + " sid:1;)");
}

std::string reason(std::string_view options, std::string_view header) {
  auto text = with(options, header).error();
  for (int i = 0; i < 3 && !text.empty(); ++i) text.erase(0, text.find(':') + 1);  // file, line, column
  return text.empty() ? text : text.substr(1);
}

}  // namespace picket::rules
