// parsers/core/file.h — a file that a transaction carries, as parsers, rules and encoders see it
//
// A parser tells of it by Sink::file_begin() to file_end(); dataplane/files fills it in. A protocol that
// carries files declares the buffers below in its ProtocolSpec, so that rules can ask for them:
//
//   {"file.name", "", {kBody, kBody}, file_name, "...", FileStage::kNamed}
//
// Lives   from file_begin() to Sink::done() of its transaction; its bytes are the pool's
#pragma once
#include "parsers/core/digest.h"
#include "parsers/core/protocol.h"

namespace picket {

enum class FileState : std::uint8_t { kOpen, kClosed, kTruncated };
/// Suricata's name: "UNKNOWN" while it is open, "CLOSED", "TRUNCATED".
[[nodiscard]] std::string_view file_state_name(FileState) noexcept;

struct FileHashing;  // dataplane/files: the contexts, while the file is open

struct File {
  explicit File(Pool& pool) noexcept : name(pool), kept(pool), magic(pool) {}

  Transaction* tx = nullptr;
  File* next = nullptr;
  PoolBuffer name;         ///< as sent; empty: none
  PoolBuffer kept;         ///< its first bytes, as far as somebody wants them
  PoolBuffer magic;        ///< what libmagic says of its beginning; empty: nobody asked
  std::uint64_t size = 0;  ///< bytes, with those that gaps hid
  std::uint64_t seen = 0;  ///< bytes that were seen
  std::size_t inspect_limit = 0;
  std::uint32_t id = 0;     ///< in its transaction, from 0
  std::uint32_t place = 0;  ///< among those of its direction, from 0: the `instance` of buffers
  Direction dir = Direction::kToServer;
  FileState state = FileState::kOpen;
  FileStage stage = FileStage::kNone;
  bool gap = false;                                            ///< bytes are missing in it
  bool keep = false, head = false;                             ///< `kept` is wanted for rules, for magic
  bool has_md5 = false, has_sha1 = false, has_sha256 = false;  ///< set when it closed without a gap
  Md5::Value md5{};
  Sha1::Value sha1{};
  Sha256::Value sha256{};
  FileHashing* hashing = nullptr;
};

/// The `instance`-th file of that direction, or nullptr.
[[nodiscard]] const File* file_at(const Transaction&, Direction, unsigned instance) noexcept;

// For BufferDef::get and IntegerDef::get; `instance` counts the files of the direction.
bool file_name(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept;
bool file_magic(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept;
bool file_kept(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept;
bool file_md5(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept;
bool file_sha1(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept;
bool file_sha256(const Transaction&, Direction, unsigned instance, Bytes& out) noexcept;
bool file_size(const Transaction&, Direction, unsigned instance, std::uint64_t& out) noexcept;

}  // namespace picket
