// export/collector/sinks/eve_files_sink.h — EVE JSON files for EveBox, Filebeat, Wazuh,
// Splunk: a line a record, each once
//
//   store():   lines and heads ──1──> journal (.NAME.journal, SQLite, synced)   ──2──> NAME
//   next time: 3  the file is synced, then the journal takes the next block over
//
// The journal is a redo log of one block. A crash at any point leaves the block in the journal whole or not at all;
// if it is there, opening writes its lines at their place again. So the file only ever grows by lines that stay: a
// program that follows it (tail, Filebeat) sees nothing that is later cut off, and nothing twice.
//
// Rotation  NAME becomes STEM.TIME.EXT (eve.20261123T010203.000000Z.json), the time at which it was put away, in UTC
//           and later than that of every file before it, whatever the clock does: names sort by age. A file is put
//           away when it has rotate_bytes, or the hour, day ... in which it was last written to is over.
// Others    logrotate may move the file away (`create` or `nocreate`, not `copytruncate`): that is seen at the next
//           store() or tick(), and a file of the name is begun. A file moved while the collector was down is found
//           again by its inode and the time it was made, under a name that begins with STEM; when it is gone, with
//           the last block in doubt, that block's lines stand in the new file. So too when a file is removed before
//           its last block is known to be on the disk: better twice than never. So give logrotate `delaycompress`
//           with `compress`: else it may remove the file that it moved away before the last block is in there.
// Disk full the journal cannot grow: store() stores nothing and says so. It is in the journal and does not fit into
//           the file: it counts as stored, and is tried again by store() and tick(), before anything else is taken.
// One collector writes a file: a second one finds the journal locked.
// Cost      two syncs a block; lines go to the disk once, and once more compressed (tests/bench/sinks_bench.cc)
#pragma once
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "export/collector/sink.h"

namespace picket::collector {

struct EveFilesOptions {
  std::string path;                                     ///< of the file that is written to
  std::uint64_t rotate_bytes = std::uint64_t{1} << 30;  ///< 0: whatever its size
  std::chrono::seconds rotate_every{
      86'400};                   ///< counted from 1970 UTC: 86400 is midnight; 0: whatever its age
  std::uint64_t keep_files = 0;  ///< put away; the oldest go first. 0: all
  std::uint64_t keep_bytes = 0;  ///< of those put away, but the newest stays. 0: all
};

/// The error says what stands in the way, and what would do.
Result<std::unique_ptr<Sink>> open_eve_files_sink(const EveFilesOptions& options);

}  // namespace picket::collector
