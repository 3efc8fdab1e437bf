#include "dataplane/files/magic.h"

#include <magic.h>

#include <algorithm>

namespace picket {

Magic::Magic(const std::string& database) : handle_(magic_open(MAGIC_NONE)) {
  if (handle_ == nullptr) {
    error_ = "libmagic has no memory";
  } else if (magic_load(handle_, database.empty() ? nullptr : database.c_str()) != 0) {
    const char* why = magic_error(handle_);
    error_ = why == nullptr ? "libmagic cannot load its database" : why;
    magic_close(handle_);
    handle_ = nullptr;
  }
}

Magic::~Magic() {
  if (handle_ != nullptr) magic_close(handle_);
}

std::string_view Magic::of(Bytes beginning) noexcept {
  if (handle_ == nullptr || beginning.empty()) return {};
  const char* text = magic_buffer(handle_, beginning.data(), std::min(beginning.size(), kMagicBytes));
  return text == nullptr ? std::string_view{} : std::string_view{text};
}

}  // namespace picket
