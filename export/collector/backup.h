// export/collector/backup.h — `picket-collector backup`: a copy of a store, made while `serve` writes to it
//
// The copy is what the store held when the command began. It is one file, and appears whole or not at all: it is
// written under a name that ends in ".part", synced, and renamed. What sensors delivered since then and keep no more,
// a collector that begins with the copy is told as missing (GAP_ACKNOWLEDGED), so the ledger is exact with it.
//
// Cost     reading and writing the store once; the file beside the store (-wal) grows by what is stored meanwhile
// Refuses  a file that exists
#pragma once
#include <string>

#include "parsers/core/result.h"

namespace picket::collector {

struct BackupOptions {
  std::string store, to;
};

Status run_backup(const BackupOptions& options);

}  // namespace picket::collector
