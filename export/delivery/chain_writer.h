// export/delivery/chain_writer.h — seals what a journal held into the chain of its lane, and puts it into the spool
//
// What is missing between one segment and the next, or behind the last one, becomes a gap here: the journal says how
// many of each type were made.
//
// Threads  one at a time
#pragma once
#include <span>

#include "export/delivery/journal.h"
#include "export/delivery/spool.h"

namespace picket::delivery {

class ChainWriter {
 public:
  /// Borrows both. Goes on where the spool says that the chain stands.
  ChainWriter(Spool& spool, BootFile& boot, std::size_t lane, bool compress = true);

  /// What a journal hands over, with the gap before it. True: the records are on disk.
  bool seal(const Filled& filled);
  /// Records made before that number, `made` by type, that are in no batch yet, are missing for that reason. True: the
  /// gap is on disk, or there is none.
  bool missing_until(std::uint64_t first_seq, const TypeCounts& made, v1::GapReason reason);
  /// The next `count` records, delimited. What append() says: are they on disk?
  bool seal(std::uint32_t count, const TypeCounts& types, Bytes records);

  [[nodiscard]] std::uint64_t through() const noexcept { return head_.through; }

 private:
  Spool& spool_;
  BootFile& boot_;
  const std::size_t lane_;
  const bool compress_;
  const ChainId chain_;
  ChainPoint head_;
};

/// Of a boot that has ended, by whatever way: all it had in hand goes into the spool, and what it made beyond that is
/// a gap. Gives the number of records that were saved. What the disk does not take now stays where it is, and the boot
/// among Spool::ended().
std::uint64_t recover(Spool& spool, BootFile& boot, bool compress);

}  // namespace picket::delivery
