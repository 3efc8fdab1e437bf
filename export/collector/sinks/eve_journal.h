// export/collector/sinks/eve_journal.h — what the EVE sink has to remember over a crash:
// heads, and the last block's lines
#pragma once
#include <cstdint>
#include <optional>
#include <string>

#include "export/collector/db.h"
#include "export/collector/sinks/block.h"

namespace picket::collector {

/// In a file, whatever its name is by now.
struct Place {
  std::uint64_t inode = 0;
  std::uint64_t born_ns = 0;  ///< when the file was made, for inodes are given again; 0: nobody knows
  std::uint64_t offset = 0;
};

/// Lines, and where they belong.
struct PlacedLines {
  Place place;
  std::string lines;
};

class EveJournal {
 public:
  /// Makes the file if there is none, and locks it. Errors do not name the file.
  static Result<EveJournal> open(const std::string& path);

  [[nodiscard]] Result<std::optional<ChainHead>> head(const ChainId& chain);
  /// Both in one transaction, on the disk on return. The lines that were here are forgotten.
  [[nodiscard]] Status put(const Block& block, const PlacedLines& lines);
  /// The lines of the last put(), unless they were forgotten.
  [[nodiscard]] Result<std::optional<PlacedLines>> lines();
  /// They belong elsewhere now; on the disk on return.
  [[nodiscard]] Status move_lines(const Place& place);
  [[nodiscard]] Status forget_lines();

 private:
  Status put_in_transaction(const Block& block, const PlacedLines& lines);
  Status done(Statement& s);

  Db db_;
  Statement begin_, commit_, rollback_, head_, set_head_, lines_, set_lines_, move_, forget_;
};

}  // namespace picket::collector
