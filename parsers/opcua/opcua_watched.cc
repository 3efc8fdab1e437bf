#include "parsers/opcua/opcua_watched.h"

#include <cstring>

namespace picket::opcua {

/// The slot that has it, or the free one where it belongs. There is always a free one.
Watched::Slot* Watched::find(std::uint32_t subscription, std::uint32_t handle) const noexcept {
  auto* slots = reinterpret_cast<Slot*>(slots_.data());
  std::size_t at = (handle * 0x9e3779b1U ^ subscription * 0x85ebca6bU) % kSlots;
  for (std::size_t i = 0; i < kSlots; ++i, at = (at + 1) % kSlots) {
    Slot& s = slots[at];
    if (s.size == 0 || (s.subscription == subscription && s.handle == handle)) return &s;
  }
  return nullptr;
}

bool Watched::remember(std::uint32_t subscription, std::uint32_t handle, const NodeId& id) noexcept {
  if (slots_.empty()) {
    if (!slots_.reserve(kSlots * sizeof(Slot))) return false;
    std::memset(slots_.data(), 0, kSlots * sizeof(Slot));
    slots_.resize(kSlots * sizeof(Slot));
  }
  std::array<char, kTextRoom> room;
  const Bytes text = node_text(id, room);
  Slot* slot = find(subscription, handle);
  if (slot == nullptr || (slot->size == 0 && count_ == kMost)) return false;
  // The same node again, as after each reconnection, takes no room.
  if (slot->size == text.size() &&
      std::memcmp(ids_.view().data() + slot->at, text.data(), text.size()) == 0) {
    return true;
  }
  if (ids_.size() + text.size() > kMostBytes || !ids_.append(text)) return false;
  if (slot->size == 0) ++count_;
  *slot = {subscription, handle, static_cast<std::uint32_t>(ids_.size() - text.size()),
           static_cast<std::uint32_t>(text.size())};
  return true;
}

Bytes Watched::node(std::uint32_t subscription, std::uint32_t handle) const noexcept {
  if (slots_.empty()) return {};
  const Slot* slot = find(subscription, handle);
  if (slot == nullptr || slot->size == 0) return {};
  return ids_.view().subspan(slot->at, slot->size);
}

}  // namespace picket::opcua
