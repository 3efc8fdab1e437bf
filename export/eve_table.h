// export/eve_table.h — what EVE needs to know of each message type, read once from the descriptors and their
// options
//
// The schema says how a field looks (export/proto/picket/v1/options.proto); here that stands ready to be
// looked up by the number that comes off the wire. Tables are immutable, live as long as the program, and may
// refer to each other.
#pragma once
#include <array>
#include <cstdint>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "parsers/core/result.h"

namespace google::protobuf {
class Descriptor;
}

namespace picket {

/// How a field's value is read and shown.
enum class EveKind : std::uint8_t {
  kUnsigned,  ///< uint32, uint64
  kInt32,
  kInt64,
  kSint32,  ///< zigzag
  kSint64,
  kFixed32,
  kFixed64,
  kSfixed32,
  kSfixed64,
  kFloat,
  kDouble,
  kBool,
  kEnum,
  kText,  ///< string, bytes
  kIp,
  kTime,
  kHexBytes,
  kHexColon,
  kBase64,
  kJson,
  kMessage,
};

/// How an integer is written.
enum class EveBase : std::uint8_t { kDecimal, kHex, kHex0x };

struct EveTable;

struct EveField {
  static constexpr std::size_t kShortKey = 24;
  std::string key;  ///< `,"name":`
  std::array<char, kShortKey>
      short_key{};   ///< the same where it is no longer: a copy of known size is no call
  std::string name;  ///< EVE key, or the field's name where flattened
  EveKind kind = EveKind::kUnsigned;
  EveBase base = EveBase::kDecimal;
  std::uint8_t wire_type = 0;
  bool is_32bit = false;   ///< uint32: what stands above 32 bits is dropped, as Protobuf does
  bool is_string = false;  ///< words of picket's own, or what it made UTF-8; `bytes` are the network's
  bool repeated = false;
  bool flatten = false;
  bool pairs = false;       ///< as_pairs: the same, each entry an object of its own
  bool map = false;         ///< a map field, or as_map: `message` has key = 1 and value = 2
  std::uint16_t index = 0;  ///< place in EveTable::fields of the first field with this key
  std::uint8_t observable =
      0;  ///< a value of v1::Observable: of an address OBSERVABLE_ADDRESS, unless it says otherwise
  std::uint32_t number = 0;
  const EveTable* message = nullptr;  ///< kMessage
  const std::unordered_map<std::int32_t, std::string>* enum_names = nullptr;
};

struct EveTable {
  static constexpr std::size_t kMaxFields = 256;
  static constexpr std::uint32_t kMaxNumber = 4096;

  std::string name;                      ///< "picket.v1.Event"
  std::vector<EveField> fields;          ///< in the order of the .proto file
  std::vector<std::uint16_t> by_number;  ///< index into fields + 1; 0: none

  [[nodiscard]] const EveField* find(std::uint32_t number) const noexcept {
    if (number >= by_number.size() || by_number[number] == 0) return nullptr;
    return &fields[by_number[number] - 1U];
  }
  [[nodiscard]] const EveField* find(std::string_view eve_name) const noexcept;
};

/// The table of a message type; built on first use, the same object ever after. Safe from any thread. The
/// error says which option does not fit which field.
Result<const EveTable*> eve_table(const google::protobuf::Descriptor& type);

/// The table of picket.v1.Event. A schema with options that do not fit is a bug (eve_test checks all of
/// them).
const EveTable& event_table();

}  // namespace picket
