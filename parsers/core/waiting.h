// parsers/core/waiting.h — requests of a flow that wait for their reply, by age
#pragma once
#include <cstddef>
#include <utility>

#include "parsers/core/pool.h"

namespace picket {

/// A list of transactions, oldest first, that owns them: each comes from Pool::make() and goes back to the pool. T
/// has `T *older = nullptr, *newer = nullptr;`, by which callers walk it. Everything here costs the same for any size;
/// how long each may wait, and what is said of one that did so in vain, is its protocol's.
template <class T>
class Waiting {
 public:
  Waiting(Pool& pool, std::size_t most) noexcept : pool_(pool), most_(most) {}
  Waiting(const Waiting&) = delete;
  Waiting& operator=(const Waiting&) = delete;
  /// Parser::on_close() has emptied it, unless the flow went without.
  ~Waiting() {
    while (oldest_ != nullptr) pool_.destroy(std::exchange(oldest_, oldest_->newer));
  }

  [[nodiscard]] bool empty() const noexcept { return oldest_ == nullptr; }
  /// The oldest has to go before another comes.
  [[nodiscard]] bool full() const noexcept { return size_ >= most_; }
  [[nodiscard]] T* oldest() const noexcept { return oldest_; }
  [[nodiscard]] T* newest() const noexcept { return newest_; }

  /// As the newest.
  void add(T& x) noexcept {
    x.older = newest_;
    (newest_ == nullptr ? oldest_ : newest_->newer) = &x;
    newest_ = &x;
    ++size_;
  }
  /// `x` is in it, and is gone after.
  void remove(T& x) noexcept {
    (x.older == nullptr ? oldest_ : x.older->newer) = x.newer;
    (x.newer == nullptr ? newest_ : x.newer->older) = x.older;
    --size_;
    pool_.destroy(&x);
  }

 private:
  Pool& pool_;
  const std::size_t most_;
  T *oldest_ = nullptr, *newest_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace picket
