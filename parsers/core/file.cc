#include "parsers/core/file.h"

namespace picket {

std::string_view file_state_name(FileState s) noexcept {
  switch (s) {
    case FileState::kOpen:
      return "UNKNOWN";
    case FileState::kClosed:
      return "CLOSED";
    case FileState::kTruncated:
      return "TRUNCATED";
  }
  return "UNKNOWN";
}

const File* file_at(const Transaction& tx, Direction dir, unsigned instance) noexcept {
  const File* f = tx.files;
  while (f != nullptr && (f->dir != dir || f->place != instance)) f = f->next;
  return f;
}

namespace {

template <PoolBuffer File::*kWhat>
bool bytes_of(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  const File* f = file_at(tx, dir, instance);
  if (f == nullptr || (f->*kWhat).empty()) return false;
  out = (f->*kWhat).view();
  return true;
}

template <bool File::*kHas, auto kValue>
bool digest_of(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  const File* f = file_at(tx, dir, instance);
  if (f == nullptr || !(f->*kHas)) return false;
  out = f->*kValue;
  return true;
}

}  // namespace

bool file_name(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  return bytes_of<&File::name>(tx, dir, instance, out);
}
bool file_magic(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  return bytes_of<&File::magic>(tx, dir, instance, out);
}
bool file_kept(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  const File* f = file_at(tx, dir, instance);
  if (f == nullptr || !f->keep || f->kept.empty()) return false;
  out = f->kept.view();
  out = out.first(std::min(out.size(), f->inspect_limit));
  return true;
}
bool file_md5(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  return digest_of<&File::has_md5, &File::md5>(tx, dir, instance, out);
}
bool file_sha1(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  return digest_of<&File::has_sha1, &File::sha1>(tx, dir, instance, out);
}
bool file_sha256(const Transaction& tx, Direction dir, unsigned instance, Bytes& out) noexcept {
  return digest_of<&File::has_sha256, &File::sha256>(tx, dir, instance, out);
}
bool file_size(const Transaction& tx, Direction dir, unsigned instance, std::uint64_t& out) noexcept {
  const File* f = file_at(tx, dir, instance);
  if (f == nullptr) return false;
  out = f->size;
  return true;
}

}  // namespace picket
