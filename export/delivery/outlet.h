// export/delivery/outlet.h — what takes batches from a place of the spool to where they
// belong, on a thread of its own
#pragma once
#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <string>
#include <thread>

namespace picket::delivery {

/// Takes what a place of the spool has to get there.
class Outlet {
 public:
  virtual ~Outlet() = default;
  /// Any thread: the spool has more.
  virtual void wake() = 0;
  /// Nothing more is sent; returns when its thread has ended.
  virtual void stop() = 0;
  /// Any thread. Is there somebody to take records?
  [[nodiscard]] virtual bool connected() const = 0;
  /// Any thread. What stands in the way, or did last; "" when nothing ever did.
  [[nodiscard]] virtual std::string trouble() const = 0;
};

/// An outlet's thread, and what it shares with those that wake, stop and ask it: all of it under the mutex.
class OutletThread : public Outlet {
 public:
  void wake() final;
  void stop() final;
  [[nodiscard]] std::string trouble() const final;

 protected:
  using Clock = std::chrono::steady_clock;
  using Lock = std::unique_lock<std::mutex>;

  /// The last line of a constructor; its destructor begins with stop(). `run` ends when it sees stopping_.
  void start(std::function<void(Lock&)> run);
  /// With the lock held.
  void event() {
    event_ = true;
    changed_.notify_all();
  }
  /// Until there is an event, or it is to stop.
  void wait_until(Lock& lock, Clock::time_point then);
  /// All of this time, unless it is to stop.
  void rest(Lock& lock, Clock::duration time);
  /// What takes long, or calls somebody who may call back.
  template <class Work>
  static auto unlocked(Lock& lock, Work work) {
    struct Relock {
      Lock& lock;
      ~Relock() { lock.lock(); }
    };
    lock.unlock();
    const Relock relock{lock};
    return work();
  }

  mutable std::mutex mutex_;
  std::condition_variable changed_;
  bool event_ = false, stopping_ = false;
  std::string trouble_;

 private:
  std::thread thread_;
};

}  // namespace picket::delivery
