// export/collector/query.h — `picket-collector query`: records out of a store, as a table, EVE JSON or CSV
//
// Blocks whose time range or keys cannot fit are not read. Cost: of the others, a decompression and a look at each
// record. Memory: with a limit, that many records; without one, the blocks whose times overlap.
#pragma once
#include <cstdio>
#include <string>

#include "parsers/core/result.h"

namespace picket::collector {

struct QueryOptions {
  std::string store;
  std::string type;                   ///< "": every type
  std::string where;                  ///< "": no condition
  std::string since, until;           ///< from, and before; "": no limit
  std::string address, community_id;  ///< src_ip or dest_ip in this network; "": any
  std::uint64_t limit = 0;            ///< the newest so many; 0: all
  bool json = false, csv = false;     ///< neither: a table
  bool identity = false;              ///< with json: a line says first which record it is
  bool count_by_type = false;
};

/// Writes to `out`, oldest record first.
Status run_query(const QueryOptions& options, std::FILE* out);

}  // namespace picket::collector
