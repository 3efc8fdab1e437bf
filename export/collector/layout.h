// export/collector/layout.h — the store's tables: one for each record type of the schema's descriptors, all alike
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "export/collector/db.h"
#include "export/eve_table.h"

namespace picket::collector {

/// The table of types that this version's schema does not have.
inline constexpr std::string_view kOtherTable = "other";

/// All tables, by event_type (each message field of Event: flow, alert, dns ...); the last is kOtherTable.
const std::vector<std::string>& tables();
/// Where records of this type lie: an index into tables().
std::size_t table_of(std::string_view event_type);

/// Each plain field of Event that a record has once: what a CSV shows, in the order of the schema.
const std::vector<const EveField*>& plain_fields();
/// Integers and times (ns since 1970), compared as numbers.
bool is_integer(const EveField& field);

/// Makes the tables that are not there.
Status create_tables(Db& db);
/// Parameters: chain, first, last, count, stored, since, until, size, keys, records.
std::string insert_sql(std::size_t table);

}  // namespace picket::collector
