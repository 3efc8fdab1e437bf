#include "dataplane/detect/flow_state.h"

namespace picket::detect {

FlowBits* flow_bits(Flow& f, const RuleSet& set, Pool& pool) noexcept {
  FlowBits* old = f.bits;
  if (old != nullptr && old->bits >= set.flow_bits && old->ints >= set.flow_ints) return old;
  const std::uint32_t bits = std::max(set.flow_bits, old == nullptr ? 0 : old->bits);
  const std::uint32_t ints = std::max(set.flow_ints, old == nullptr ? 0 : old->ints);
  const std::size_t size = FlowBits::size_for(bits, ints);
  void* block = pool.allocate(size);
  if (block == nullptr) return old;
  std::memset(block, 0, size);
  auto* fresh = ::new (block) FlowBits;
  fresh->bits = bits;
  fresh->ints = ints;
  if (old != nullptr) {
    fresh->variables = old->variables;
    fresh->tags = old->tags;
    std::copy_n(old->words(), old->word_count(), fresh->words());
    std::copy_n(old->integers(), old->ints, fresh->integers());
    pool.release(old, FlowBits::size_for(old->bits, old->ints));
  }
  return f.bits = fresh;
}

bool set_variable(Flow& f, const RuleSet& set, std::uint32_t name, Bytes value, Pool& pool) noexcept {
  FlowBits* state = flow_bits(f, set, pool);
  if (state == nullptr) return false;
  unsigned count = 0;
  FlowVariable** at = &state->variables;
  for (; *at != nullptr && (*at)->name != name; at = &(*at)->next) ++count;
  if (*at == nullptr && count == FlowVariable::kMost) return false;
  value = value.first(std::min(value.size(), FlowVariable::kMaxSize));
  void* block = pool.allocate(sizeof(FlowVariable) + value.size());
  if (block == nullptr) return false;
  auto* fresh = ::new (block) FlowVariable;
  fresh->name = name;
  fresh->size = static_cast<std::uint32_t>(value.size());
  if (!value.empty()) std::memcpy(fresh->bytes(), value.data(), value.size());
  if (FlowVariable* old = *at; old != nullptr) {
    fresh->next = old->next;
    pool.release(old, sizeof(FlowVariable) + old->size);
  }
  *at = fresh;
  return true;
}

StreamWindow* stream_window(FlowSide& side, std::size_t bytes, Pool& pool) noexcept {
  StreamWindow* old = side.window;
  if (old != nullptr && old->capacity >= bytes) return old;
  const std::size_t block_size = Pool::block_size(sizeof(StreamWindow) + bytes);
  void* block = pool.allocate(block_size);
  if (block == nullptr) return nullptr;
  auto* fresh = ::new (block) StreamWindow;
  if (old != nullptr) {
    *fresh = *old;
    std::memcpy(fresh->bytes(), old->bytes(), old->size);
    free_window(side, pool);
  }
  fresh->capacity = static_cast<std::uint32_t>(block_size - sizeof(StreamWindow));
  return side.window = fresh;
}

void free_window(FlowSide& side, Pool& pool) noexcept {
  if (side.window == nullptr) return;
  pool.release(side.window, sizeof(StreamWindow) + side.window->capacity);
  side.window = nullptr;
}

void free_flow_state(Flow& f, Pool& pool) noexcept {
  for (FlowSide& side : f.side) free_window(side, pool);
  if (f.bits == nullptr) return;
  while (FlowVariable* v = f.bits->variables) {
    f.bits->variables = v->next;
    pool.release(v, sizeof(FlowVariable) + v->size);
  }
  if (f.bits->tags != nullptr) pool.destroy(f.bits->tags);
  pool.release(f.bits, FlowBits::size_for(f.bits->bits, f.bits->ints));
  f.bits = nullptr;
}

}  // namespace picket::detect
