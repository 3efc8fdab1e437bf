// export/collector/cli.h — the command line of picket-collector
#pragma once
#include <optional>

#include "export/collector/backup.h"
#include "export/collector/config.h"
#include "export/collector/orders/order_cli.h"
#include "export/collector/query.h"
#include "export/collector/report.h"
#include "export/collector/sinks/clickhouse_schema.h"

namespace picket::collector {

struct CommandLine {
  enum class Command : std::uint8_t {
    kServe,
    kQuery,
    kLedger,
    kSensors,
    kBackup,
    kSchema,
    kOrder,
    kVersion
  } command = Command::kServe;
  Config serve;  ///< from --config, then the options
  QueryOptions query;
  ReportOptions report;
  BackupOptions backup;
  ClickHouseSchemaOptions schema;
  OrderLine order;
};

/// Reads the arguments; prints help and complaints itself. No value: leave with `exit_status`.
std::optional<CommandLine> read_command_line(int argc, char** argv, int& exit_status);

}  // namespace picket::collector
