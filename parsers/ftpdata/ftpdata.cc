#include "parsers/ftpdata/ftpdata.h"

#include <algorithm>

namespace picket::ftpdata {

Command find_command(std::string_view upper_case) noexcept {
  for (std::size_t i = 1; i < std::size(kCommandNames); ++i) {
    if (kCommandNames[i] == upper_case) return static_cast<Command>(i);
  }
  return Command::kNone;
}

bool write_hint(Command command, Bytes name, PoolBuffer& out) noexcept {
  const Bytes fits = name.first(std::min(name.size(), Expectation::kMaxHint - 1));
  return out.push_back(static_cast<std::uint8_t>(command)) && out.append(fits);
}

Command read_hint(Bytes hint, Bytes& name) noexcept {
  if (hint.empty() || hint[0] >= static_cast<std::uint8_t>(Command::kCount)) return Command::kNone;
  name = hint.subspan(1);
  return static_cast<Command>(hint[0]);
}

}  // namespace picket::ftpdata
