// export/metrics/test_support.h — what holds for every table of families, and for every text that is exposed
#pragma once
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "export/metrics/exposition.h"
#include "export/tls/counters.h"

namespace picket::metrics::test {

/// Names, units and labels as OpenMetrics wants them, and the same as export/metrics/released.txt has for `program`.
/// Says what is wrong, one line each; "": nothing is.
[[nodiscard]] std::string faults(std::string_view program, std::span<const Family> families);

/// The value of the sample whose name and labels are `sample`, as written; "" when there is none.
[[nodiscard]] std::string value_of(std::string_view exposed, std::string_view sample);

/// Samples that stand there twice, or behind another family's, or that no head announced; "": none.
[[nodiscard]] std::string misplaced(std::string_view exposed);

/// Each of `c` another number.
void fill(tls::Counters& c);
/// What is not in `exposed` of counters that fill() has filled; "": all is.
[[nodiscard]] std::string lacks_tls(std::string_view exposed);

}  // namespace picket::metrics::test
