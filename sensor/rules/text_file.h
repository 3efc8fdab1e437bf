// sensor/rules/text_file.h — a whole file that a person wrote: rules, lists, thresholds
#pragma once
#include <string>

#include "parsers/core/result.h"

namespace picket::rules {

/// All of it; an empty file is as good as any. The error says why not, without the path: "cannot be opened: No
/// such file or directory", "is a folder".
[[nodiscard]] Result<std::string> read_text_file(const std::string& path);

}  // namespace picket::rules
