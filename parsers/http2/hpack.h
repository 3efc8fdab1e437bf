// parsers/http2/hpack.h — header compression of HTTP/2 (RFC 7541): one direction of a connection
//
//      1iiiiiii                 a field of the static or dynamic table
//      01iiiiii [name] value    a literal that is added to the dynamic table
//      001sssss                 the dynamic table's size changes
//      0000iiii [name] value    a literal that is not added; 0001iiii: and never must be
//
// In      header blocks of one direction, in the order of the connection, in any cut
// Out     fields, in order, to a FieldSink; names and values live during the call only
// Cost    O(bytes), however they are cut: of a field that is not whole, only its lengths are read again. One copy
//         of what the dynamic table keeps; its memory comes from the pool, and grows with what it holds
// Limits  the dynamic table: what the other side allows, and `table_cap`; a string: kMaxString bytes as sent;
//         integers: 31 bits in at most 5 bytes behind the prefix
// Refuses with an Event; what the table holds is then not known, and nothing more is decoded
#pragma once
#include "parsers/core/cursor.h"
#include "parsers/core/pool.h"
#include "parsers/http2/http2_names.h"

namespace picket::http2 {

/// Undoes the Huffman code (RFC 7541, Appendix B). `out` has room for decoded_room(in.size()) bytes.
/// False: padding that is none, or the code for the end within the string.
[[nodiscard]] bool huffman_decode(Bytes in, std::uint8_t* out, std::size_t& size) noexcept;
/// The shortest code has 5 bits.
constexpr std::size_t decoded_room(std::size_t bytes) noexcept { return bytes * 8 / 5 + 1; }

/// Where fields go.
class FieldSink {
 public:
  virtual void field(Bytes name, Bytes value) noexcept = 0;
  virtual void table_size(std::uint32_t) noexcept = 0;
  virtual void odd(Event) noexcept = 0;

 protected:
  ~FieldSink() = default;
};

/// Fields that were sent, the newest first; a full one drops the oldest (RFC 7541, §2.3.2, §4).
class DynamicTable {
 public:
  static constexpr std::uint32_t kOverhead = 32;  ///< that a field counts more than its bytes

  explicit DynamicTable(Pool& pool) noexcept : pool_(pool) {}
  ~DynamicTable();
  DynamicTable(const DynamicTable&) = delete;
  DynamicTable& operator=(const DynamicTable&) = delete;

  /// Drops what no longer fits.
  void set_capacity(std::uint32_t bytes) noexcept;
  /// `name` and `value` must not lie in the table. False: no memory.
  [[nodiscard]] bool insert(Bytes name, Bytes value) noexcept;
  /// `i`: 0 is the newest. False: there is none.
  [[nodiscard]] bool get(std::uint32_t i, Bytes& name, Bytes& value) const noexcept;
  [[nodiscard]] std::uint32_t count() const noexcept { return count_; }
  [[nodiscard]] std::uint32_t size() const noexcept { return size_; }

 private:
  struct Entry {
    std::uint32_t at, name, value;
  };
  void drop_oldest() noexcept;
  [[nodiscard]] bool make_room(std::uint32_t bytes) noexcept;
  [[nodiscard]] Entry& entry(std::uint32_t from_oldest) const noexcept {
    return entries_[(first_ + from_oldest) & (places_ - 1)];
  }

  Pool& pool_;
  std::uint8_t* bytes_ =
      nullptr;                // a ring in which no field is cut: at least twice as large as what it holds
  Entry* entries_ = nullptr;  // a ring
  std::uint32_t room_ = 0, next_ = 0;
  std::uint32_t places_ = 0, first_ = 0, count_ = 0;
  std::uint32_t size_ = 0, capacity_ = 4096;
};

class HpackDecoder {
 public:
  static constexpr std::size_t kMaxString = 65536;

  HpackDecoder(Pool& pool, std::uint32_t table_cap) noexcept
      : table_(pool), table_cap_(table_cap), name_(pool), value_(pool) {}

  /// SETTINGS_HEADER_TABLE_SIZE of the side that reads these blocks.
  void allow(std::uint32_t bytes) noexcept { allowed_ = bytes; }
  /// Decodes what is whole at the front of `in`, and gives how much that is; the rest is to be shown again with
  /// more behind it.
  [[nodiscard]] std::size_t decode(Bytes in, FieldSink&) noexcept;
  /// The block is over: the next one may change the table's size.
  void end_block() noexcept { fields_ = false; }
  /// A block was not seen, or could not be read.
  void lose() noexcept { lost_ = true; }
  [[nodiscard]] bool lost() const noexcept { return lost_; }
  [[nodiscard]] const DynamicTable& table() const noexcept { return table_; }

 private:
  enum class Read : std::uint8_t { kDone, kMore, kBad };
  struct String {
    Bytes sent;
    bool huffman = false;
  };
  Read one(Cursor&, FieldSink&) noexcept;
  Read integer(Cursor&, std::uint8_t first, unsigned prefix, std::uint32_t& out, FieldSink&) noexcept;
  Read string(Cursor&, String& out, FieldSink&) noexcept;
  static bool undo(const String&, PoolBuffer& scratch, Bytes& out, FieldSink&) noexcept;
  [[nodiscard]] bool lookup(std::uint32_t index, Bytes& name, Bytes& value) const noexcept;

  DynamicTable table_;
  const std::uint32_t table_cap_;
  std::uint32_t allowed_ = 4096;
  PoolBuffer name_, value_;  // what the Huffman code hid, and names that move within the table
  bool fields_ = false;      // the block at hand has shown a field
  bool lost_ = false;
};

}  // namespace picket::http2
