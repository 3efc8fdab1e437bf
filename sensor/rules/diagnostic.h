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
  std::string suggestion;   ///< "did you mean 'content'?"; may be empty
  bool deprecated = false;  ///< a warning: an older way to say what the suggestion says
};

/// What the user reads.
struct Diagnostic {
  /// An error rejects its rule, the others do not. kDeprecated: nothing is wrong, but there is a newer way.
  enum class Severity : std::uint8_t { kError, kWarning, kDeprecated };
  Severity severity = Severity::kError;
  std::string_view file;               ///< borrowed from the RuleSet
  std::uint32_t line = 0, column = 0;  ///< from 1; 0: the file as a whole
  std::string reason;
  std::string suggestion;
};

/// "local.rules:3:27: unknown keyword 'contnet'; did you mean 'content'?"
[[nodiscard]] std::string to_string(const Diagnostic&);

}  // namespace picket::rules
