#include "dataplane/detect/dataset.h"

#include <cstring>

#include "parsers/core/assert.h"

namespace picket::detect {

const DatasetEntry* ValueSet::find(Bytes value) const noexcept {
  const auto it = entries.find(std::string_view(reinterpret_cast<const char*>(value.data()), value.size()));
  return it == entries.end() ? nullptr : &it->second;
}

Bytes dataset_value(DatasetType type, Bytes value, std::array<std::uint8_t, 16>& room) noexcept {
  switch (type) {
    case DatasetType::kString:
      return value;
    case DatasetType::kMd5:
      return value.size() == 16 ? value : Bytes{};
    case DatasetType::kSha256:
      return value.size() == 32 ? value : Bytes{};
    case DatasetType::kIpv4:
      return value.size() == 4 ? value : Bytes{};
    case DatasetType::kIp:
      if (value.size() == 16) return value;
      if (value.size() != 4) return {};
      room = Address::v4(value.data()).bytes;
      return room;
  }
  return {};
}

std::uint8_t* put_note(std::uint8_t* at, const DatasetNote& n) noexcept {
  PICKET_ASSERT(n.value.size() <= kMaxDatasetValue);
  const auto size = static_cast<std::uint16_t>(n.value.size());
  *at = static_cast<std::uint8_t>(n.command);
  std::memcpy(at + 1, &n.set, 4);
  std::memcpy(at + 5, &size, 2);
  if (size != 0) std::memcpy(at + kDatasetNoteHead, n.value.data(), size);
  return at + kDatasetNoteHead + size;
}

bool take_note(Bytes& notes, DatasetNote& out) noexcept {
  if (notes.size() < kDatasetNoteHead) return false;
  std::uint16_t size = 0;
  out.command = static_cast<DatasetCommand>(notes[0]);
  std::memcpy(&out.set, notes.data() + 1, 4);
  std::memcpy(&size, notes.data() + 5, 2);
  if (notes.size() - kDatasetNoteHead < size) return false;
  out.value = notes.subspan(kDatasetNoteHead, size);
  notes = notes.subspan(kDatasetNoteHead + size);
  return true;
}

}  // namespace picket::detect
