// sensor/rules/diagnostic.h — what is wrong with a rule, and where
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace picket::rules {

/// While a rule is read: `where` is a view into its text, from which line and column follow.
struct Complaint {
  std::string_view where;
  std::string reason;
  std::string suggestion;  ///< "did you mean 'content'?"; may be empty
};

/// What the user reads.
struct Diagnostic {
  enum class Severity : std::uint8_t { kError, kWarning };  ///< an error rejects its rule, a warning does not
  Severity severity = Severity::kError;
  std::string_view file;               ///< borrowed from the RuleSet
  std::uint32_t line = 0, column = 0;  ///< from 1; 0: the file as a whole
  std::string reason;
  std::string suggestion;
};

/// "local.rules:3:27: unknown keyword 'contnet'; did you mean 'content'?"
[[nodiscard]] std::string to_string(const Diagnostic&);

}  // namespace picket::rules
