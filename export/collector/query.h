// export/collector/query.h — `picket-collector query`: records out of a store, as a table or as EVE JSON
#pragma once
#include <cstdio>
#include <string>

#include "parsers/core/result.h"

namespace picket::collector {

struct QueryOptions {
  std::string store;
  std::string type;          ///< "": every type
  std::string where, since;  ///< "": no condition
  std::uint64_t limit = 0;   ///< the newest so many; 0: all
  bool json = false;
  bool count_by_type = false;
};

/// Writes to `out`, oldest record first.
Status run_query(const QueryOptions& options, std::FILE* out);

}  // namespace picket::collector
