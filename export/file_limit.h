// export/file_limit.h — how many files and sockets this process may have open at a time
#pragma once
#include <cstdint>

namespace picket {

/// From what the kernel lets it have (the soft limit, mostly 1024 for the sake of select(), which nobody calls here) to
/// what it may ask for (the hard one). Gives what it may have now.
std::uint64_t raise_file_limit() noexcept;

}  // namespace picket
