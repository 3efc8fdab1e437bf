// dataplane/files/magic.h — what a file is, by its first bytes: libmagic
//
// The one call on the packet path that is not ours to bound: libmagic allocates, and takes 50 to 500 us a
// file. So it is asked only when a rule (filemagic, file.magic) or outputs.eve-log.types.files.force-magic
// does, once a file, with at most kMagicBytes.
//
// Lives   on one core; the database is loaded when it is made, off the packet path or between bursts
#pragma once
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

#include "parsers/core/bytes.h"

struct magic_set;

namespace picket {

/// Bytes of a file's beginning that are shown to libmagic.
inline constexpr std::size_t kMagicBytes = 4096;

class Magic {
 public:
  /// `database`: magic-file; "": the system's. When it cannot be loaded of() says nothing, error() why.
  explicit Magic(const std::string& database);
  ~Magic();
  Magic(const Magic&) = delete;
  Magic& operator=(const Magic&) = delete;

  /// As `file` prints it: "PNG image data, 40 x 30, ..."; good until the next call.
  [[nodiscard]] std::string_view of(Bytes beginning) noexcept;
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

 private:
  magic_set* handle_;
  std::string error_;
};

}  // namespace picket
