#include "dataplane/files/file_tracker.h"

#include <algorithm>

namespace picket {

struct FileHashing {
  Md5 md5;
  Sha1 sha1;
  Sha256 sha256;
  bool want_md5 = false, want_sha1 = false, want_sha256 = false;

  void add(Bytes b) noexcept {
    if (want_md5) md5.add(b);
    if (want_sha1) sha1.add(b);
    if (want_sha256) sha256.add(b);
  }
};

FileTracker::FileTracker(const FileConfig& config, Pool& pool) : config_(config), pool_(pool) { want({}); }

FileTracker::~FileTracker() = default;

void FileTracker::want(const FileWants& rules) {
  auto made = (config_.wants | rules).magic && magic_ == nullptr ? std::make_unique<Magic>(config_.magic_file)
                                                                 : nullptr;
  want(rules, made);
}

void FileTracker::want(const FileWants& rules, std::unique_ptr<Magic>& made) noexcept {
  wants_ = config_.wants | rules;
  if (magic_ == nullptr) magic_ = std::move(made);
}

File* FileTracker::begin(Transaction& tx, Direction dir, Bytes name, std::size_t inspect_limit) noexcept {
  if (!wants_.any) return nullptr;
  const std::uint32_t id = tx.file_count++;
  File* f = id < config_.max_files ? pool_.make<File>(pool_) : nullptr;
  if (f == nullptr || !f->name.append(name.first(std::min(name.size(), kMaxFileName)))) {
    pool_.destroy(f);
    ++stats_.refused;
    return nullptr;
  }
  f->tx = &tx;
  f->id = id;
  f->dir = dir;
  f->inspect_limit = std::min(inspect_limit, Pool::kMaxBlock);
  const FileWants wants = config_.asked == nullptr ? wants_ : wants_ | config_.asked->wants();
  f->keep = wants.kept;
  f->head = wants.magic;
  if (wants.md5 || wants.sha1 || wants.sha256) f->hashing = pool_.make<FileHashing>();
  if (f->hashing != nullptr) {
    f->hashing->want_md5 = wants.md5;
    f->hashing->want_sha1 = wants.sha1;
    f->hashing->want_sha256 = wants.sha256;
  }
  File** at = &tx.files;
  for (; *at != nullptr; at = &(*at)->next) f->place += (*at)->dir == dir ? 1 : 0;
  *at = f;
  f->stage = FileStage::kNamed;
  ++stats_.files;
  return f;
}

void FileTracker::data(File& f, Bytes b) noexcept {
  if (f.state != FileState::kOpen || b.empty()) return;
  f.size += b.size();
  if (f.hashing != nullptr) f.hashing->add(b);
  if (!f.gap) keep(f, b);
  f.seen += b.size();
  reach(f);
}

/// What lies behind a gap does not join, so it is not kept.
void FileTracker::keep(File& f, Bytes b) noexcept {
  const std::size_t most = std::max(f.keep ? f.inspect_limit : 0, f.head ? kMagicBytes : 0);
  const std::size_t room = most - std::min(most, f.kept.size());
  // Where the pool is used up rules see what there was; the pool counts that.
  if (room != 0) static_cast<void>(f.kept.append(b.first(std::min(room, b.size()))));
}

void FileTracker::reach(File& f) noexcept {
  const bool closed = f.state != FileState::kOpen;
  if (f.stage < FileStage::kHead && (closed || f.seen >= kMagicBytes)) {
    if (f.head && magic_ != nullptr) {
      const std::string_view text = magic_->of(f.kept.view().first(std::min(f.kept.size(), kMagicBytes)));
      static_cast<void>(f.magic.append(as_bytes(text)));
    }
    f.stage = FileStage::kHead;
  }
  if (f.stage == FileStage::kHead && (closed || f.seen >= f.inspect_limit)) f.stage = FileStage::kKept;
  if (closed) f.stage = FileStage::kClosed;
}

/// The hash of what has a hole is the hash of nothing.
void FileTracker::gap(File& f, std::uint64_t missing) noexcept {
  if (f.state != FileState::kOpen) return;
  f.gap = true;
  f.size += missing;
  stop_hashing(f);
}

void FileTracker::end(File& f, FileEnd how) noexcept {
  if (f.state != FileState::kOpen) return;
  f.state = how == FileEnd::kComplete && !f.gap ? FileState::kClosed : FileState::kTruncated;
  if (how == FileEnd::kLimit) ++stats_.cut;
  if (f.hashing != nullptr && f.state == FileState::kClosed) {
    FileHashing& h = *f.hashing;
    if (h.want_md5) f.md5 = h.md5.finish(), f.has_md5 = true;
    if (h.want_sha1) f.sha1 = h.sha1.finish(), f.has_sha1 = true;
    if (h.want_sha256) f.sha256 = h.sha256.finish(), f.has_sha256 = true;
  }
  stop_hashing(f);
  reach(f);
}

void FileTracker::stop_hashing(File& f) noexcept {
  pool_.destroy(f.hashing);
  f.hashing = nullptr;
}

void FileTracker::release(Transaction& tx) noexcept {
  while (tx.files != nullptr) {
    File* next = tx.files->next;
    stop_hashing(*tx.files);
    pool_.destroy(tx.files);
    tx.files = next;
  }
}

}  // namespace picket
