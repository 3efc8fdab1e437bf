#include "export/tls/tunnel.h"

#include <arpa/inet.h>
#include <fmt/core.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <spdlog/spdlog.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <map>
#include <mutex>
#include <thread>
#include <unordered_map>
#include <vector>

#include "export/tls/address.h"

namespace picket::tls {
namespace {

using Clock = Connection::Clock;
using std::chrono::milliseconds;

constexpr std::uint64_t kWake = 0, kListener = 1, kFirstId = 2;  // of epoll's data: id * 2 + is it the pair
constexpr int kAcceptsInATurn = 64;
constexpr milliseconds kTick{20};  // how exactly deadlines are kept
constexpr std::chrono::seconds kBetweenLines{1};

/// Failures as they are logged: a flood of them makes no flood of lines.
class Teller {
 public:
  void tell(const Peer& peer, Failure failure, const std::string& why, bool was_open) {
    Said& said = said_[static_cast<std::size_t>(failure)];
    const auto now = Clock::now();
    if (now - said.at < kBetweenLines) {
      ++said.left_out;
      return;
    }
    spdlog::warn("TLS with {}{}{}: {}{}{}{}", peer.address, peer.who.name.empty() ? "" : " " + peer.who.name,
                 was_open ? " ended" : " refused", failure_text(failure), why.empty() ? "" : " (", why,
                 why.empty() ? "" : ")");
    if (said.left_out != 0) spdlog::warn("TLS: {} more of these were not told", said.left_out);
    said = {now, 0};
  }

 private:
  struct Said {
    Clock::time_point at{};
    std::uint64_t left_out = 0;
  };
  std::array<Said, static_cast<std::size_t>(Failure::kCount)> said_{};
};

/// Small records leave at once; an end that vanished without a word is noticed within two minutes.
void set_up_socket(int fd) {
  const int on = 1, idle_s = 60, between_s = 10, probes = 3, unacknowledged_ms = 60'000;
  ::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  ::setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle_s, sizeof idle_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &between_s, sizeof between_s);
  ::setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  ::setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unacknowledged_ms, sizeof unacknowledged_ms);
}

struct Entry {
  std::unique_ptr<Connection> connection;
  Events events;
  Fd near;             ///< where bytes are to go; none: a pair is made
  std::string source;  ///< whose handshake it is, until it is over
  std::string name;    ///< that it is counted by: of an accepted one that is open
  bool told_open = false;
  std::uint64_t sent_bytes = 0;  ///< when its deadline was set
};

class EpollTunnel final : public Tunnel {
 public:
  EpollTunnel(std::shared_ptr<Keyring> keyring, const TunnelLimits& limits)
      : keyring_(std::move(keyring)), limits_(limits), counters_(keyring_->counters()) {}
  ~EpollTunnel() override {
    stopping_ = true;
    wake();
    if (thread_.joinable()) thread_.join();
  }

  Status begin() {
    epoll_.reset(::epoll_create1(EPOLL_CLOEXEC));
    wake_.reset(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK));
    if (!epoll_ || !wake_ || !watch(wake_.get(), EPOLLIN, kWake)) {
      return Error{fmt::format("TLS cannot start: {}", std::strerror(errno))};
    }
    // Signals are for others; and OpenSSL writes without MSG_NOSIGNAL, so a far end that
    // is gone would end the process.
    sigset_t all, before;
    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    thread_ = std::thread([this] { run(); });
    pthread_sigmask(SIG_SETMASK, &before, nullptr);
    return Done{};
  }
  void accept_from(Fd listening, Events events) override {
    post([this, fd = std::make_shared<Fd>(std::move(listening)), events = std::move(events)]() mutable {
      listener_ = std::move(*fd);
      listener_events_ = std::move(events);
      watch(listener_.get(), EPOLLIN, kListener);
    });
  }
  void dial_over(Fd net, std::string address, std::string name, Fd near, Events events) override {
    post([this, fd = std::make_shared<Fd>(std::move(net)), near = std::make_shared<Fd>(std::move(near)),
          address = std::move(address), name = std::move(name), events = std::move(events)]() mutable {
      add(std::move(*fd), std::move(address), {}, name, std::move(events), std::move(*near));
    });
  }

 private:
  void run();
  void post(std::function<void()> job);
  void wake() { [[maybe_unused]] const auto n = ::eventfd_write(wake_.get(), 1); }
  bool watch(int fd, std::uint32_t events, std::uint64_t data);
  void accept_some();
  void add(Fd net, std::string address, std::string source, const std::string& server_name, Events events,
           Fd near = Fd());
  void turn(std::uint64_t id);
  void greet(std::uint64_t id, Entry& entry);
  void finish(std::uint64_t id);
  void look_around();
  void judge_all();
  void refuse(const std::string& address, Failure failure, const std::string& why, const Events& events);
  void shook_hands(Entry& entry);

  std::shared_ptr<Keyring> keyring_;
  std::shared_ptr<const Credentials> judge_ = keyring_->current();  ///< by which all connections were judged
  TunnelLimits limits_;
  Counters& counters_;
  Fd epoll_, wake_, listener_;
  Events listener_events_;
  std::uint64_t next_id_ = kFirstId;
  std::unordered_map<std::uint64_t, Entry> entries_;
  std::map<std::string, int> shaking_;  ///< handshakes by source
  std::map<std::string, int> let_in_;   ///< accepted and open, by the certificate's name
  std::vector<std::uint64_t> more_to_do_;
  Clock::time_point last_files_ = Clock::now(), last_judged_ = last_files_, last_tick_ = last_files_;
  Teller teller_;

  std::mutex mutex_;
  std::vector<std::function<void()>> jobs_;
  std::atomic<bool> stopping_{false};
  std::thread thread_;
};

void EpollTunnel::post(std::function<void()> job) {
  {
    const std::lock_guard lock(mutex_);
    jobs_.push_back(std::move(job));
  }
  wake();
}

bool EpollTunnel::watch(int fd, std::uint32_t events, std::uint64_t data) {
  epoll_event e{};
  e.events = events;
  e.data.u64 = data;
  return ::epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, fd, &e) == 0;
}

void EpollTunnel::run() {
  std::array<epoll_event, 256> ready{};
  std::vector<std::uint64_t> again;
  while (!stopping_) {
    const bool idle = entries_.empty();
    const auto patience = idle ? std::min(limits_.look_at_files, milliseconds(1000)) : kTick;
    const int n = ::epoll_wait(epoll_.get(), ready.data(), static_cast<int>(ready.size()),
                               more_to_do_.empty() ? static_cast<int>(patience.count()) : 0);
    again.clear();
    std::swap(again, more_to_do_);
    for (int i = 0; i < n; ++i) {
      const std::uint64_t data = ready[static_cast<std::size_t>(i)].data.u64;
      const std::uint32_t what = ready[static_cast<std::size_t>(i)].events;
      if (data == kListener) {
        accept_some();
      } else if (data == kWake) {
        eventfd_t ignored = 0;
        ::eventfd_read(wake_.get(), &ignored);
        std::vector<std::function<void()>> jobs;
        {
          const std::lock_guard lock(mutex_);
          std::swap(jobs, jobs_);
        }
        for (const auto& job : jobs) job();
      } else if (const auto found = entries_.find(data / 2); found != entries_.end()) {
        Connection& c = *found->second.connection;
        if (data % 2 != 0) {
          c.pair_ready((what & (EPOLLHUP | EPOLLERR)) != 0);
        } else {
          c.net_ready();
        }
        turn(data / 2);
      }
    }
    for (const std::uint64_t id : again) turn(id);
    look_around();
  }
  while (!entries_.empty()) {
    const std::uint64_t id = entries_.begin()->first;
    entries_.begin()->second.connection->end(Failure::kNone, {});
    finish(id);
  }
}

void EpollTunnel::accept_some() {
  for (int i = 0; i < kAcceptsInATurn; ++i) {
    sockaddr_storage from{};
    socklen_t size = sizeof from;
    Fd net(
        ::accept4(listener_.get(), reinterpret_cast<sockaddr*>(&from), &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
    if (!net) {
      if (errno == EAGAIN || errno == EINTR || errno == ECONNABORTED) return;
      // Out of descriptors: those who wait in the kernel's queue are asked in again at the next look around.
      counters_.fail(Failure::kSystem);
      teller_.tell({}, Failure::kSystem, std::strerror(errno), false);
      ::epoll_ctl(epoll_.get(), EPOLL_CTL_DEL, listener_.get(), nullptr);
      return;
    }
    const std::string address = address_text(from), source = address_source(from);
    if (entries_.size() >= static_cast<std::size_t>(limits_.connections)) {
      refuse(address, Failure::kFull, {}, listener_events_);
    } else if (shaking_[source] >= limits_.handshakes_per_address) {
      refuse(address, Failure::kTooManyHere, {}, listener_events_);
    } else {
      ++shaking_[source];
      add(std::move(net), address, source, {}, listener_events_);
    }
  }
}

void EpollTunnel::refuse(const std::string& address, Failure failure, const std::string& why,
                         const Events& events) {
  Peer peer;
  peer.address = address;
  counters_.fail(failure);
  teller_.tell(peer, failure, why, false);
  if (events.closed) events.closed(peer, failure, why);
}

void EpollTunnel::add(Fd net, std::string address, std::string source, const std::string& server_name,
                      Events events, Fd near) {
  set_up_socket(net.get());
  const auto credentials = keyring_->current();
  SslPtr ssl = credentials->make_ssl(server_name);
  const std::uint64_t id = next_id_++;
  if (ssl == nullptr || !watch(net.get(), EPOLLIN | EPOLLOUT | EPOLLET, id * 2)) {
    const std::string why =
        ssl == nullptr ? fmt::format("'{}' can be no server's name", server_name) : std::strerror(errno);
    if (!source.empty() && --shaking_[source] == 0) shaking_.erase(source);
    return refuse(address, Failure::kSystem, why, events);
  }
  Entry& entry = entries_[id];
  entry.connection = std::make_unique<Connection>(std::move(net), std::move(address), credentials,
                                                  std::move(ssl), counters_, limits_.handshake_bytes);
  entry.connection->deadline = Clock::now() + limits_.handshake;
  entry.events = std::move(events);
  entry.source = std::move(source);
  entry.near = std::move(near);
  ++counters_.connections;
  turn(id);
}

void EpollTunnel::turn(std::uint64_t id) {
  const auto found = entries_.find(id);
  if (found == entries_.end()) return;
  Entry& entry = found->second;
  Connection& c = *entry.connection;
  bool more = c.step();
  if (c.state() == Connection::State::kGreeted) {
    greet(id, entry);
    more = c.step();
  }
  if (c.is_lingering() && (c.deadline == Clock::time_point::max() || c.sent_bytes() != entry.sent_bytes)) {
    entry.sent_bytes = c.sent_bytes();
    c.deadline = Clock::now() + limits_.linger;
  }
  if (c.state() == Connection::State::kOver) return finish(id);
  if (more) more_to_do_.push_back(id);
}

void EpollTunnel::shook_hands(Entry& entry) {
  if (entry.source.empty()) return;
  if (--shaking_[entry.source] == 0) shaking_.erase(entry.source);
  entry.source.clear();
}

void EpollTunnel::greet(std::uint64_t id, Entry& entry) {
  Connection& c = *entry.connection;
  if (const auto now = keyring_->current();
      now.get() != &c.credentials()) {  // they changed while hands were shaken
    const Verdict verdict = now->judge_again(c.ssl());
    if (verdict.failure != Failure::kNone) return c.end(verdict.failure, verdict.why);
  }
  if (!entry.source.empty()) {
    const std::string& name = c.peer().who.name;
    int& open = let_in_[name];
    if (open >= limits_.connections_per_name) return c.end(Failure::kTooManyOfOne, {});
    ++open;
    entry.name = name;
  }
  Fd other;
  if (entry.near) {
    c.open_into(std::move(entry.near));
  } else if (auto end = c.open(); end) {
    other = std::move(end).value();
  } else {
    return c.end(Failure::kSystem, end.error().message);
  }
  if (!watch(c.pair(), EPOLLIN | EPOLLOUT | EPOLLET, id * 2 + 1))
    return c.end(Failure::kSystem, std::strerror(errno));
  c.deadline = Clock::time_point::max();
  shook_hands(entry);
  entry.told_open = true;
  spdlog::debug("TLS with {} {}: open, {}, {}", c.peer().address, c.peer().who.name, c.peer().group,
                c.peer().cipher);
  if (entry.events.opened) entry.events.opened(std::move(other), c.peer());
}

void EpollTunnel::finish(std::uint64_t id) {
  auto node = entries_.extract(id);
  Entry& entry = node.mapped();
  shook_hands(entry);
  if (!entry.name.empty() && --let_in_[entry.name] == 0) let_in_.erase(entry.name);
  --counters_.connections;
  const Connection& c = *entry.connection;
  if (c.failure() != Failure::kNone) teller_.tell(c.peer(), c.failure(), c.why(), entry.told_open);
  if (entry.events.closed) entry.events.closed(c.peer(), c.failure(), c.why());
}

/// Deadlines, files that changed, certificates that are no good any more.
void EpollTunnel::look_around() {
  const auto now = Clock::now();
  if (now - last_tick_ < kTick) return;
  last_tick_ = now;
  std::vector<std::uint64_t> late;
  for (auto& [id, entry] : entries_) {
    Connection& c = *entry.connection;
    if (now < c.deadline) continue;
    if (c.state() == Connection::State::kHandshake) {
      c.end(Failure::kTimeout, {});
    } else {
      c.end(Failure::kNone, {});
    }
    late.push_back(id);
  }
  for (const std::uint64_t id : late) finish(id);

  if (now - last_files_ < limits_.look_at_files) return;
  last_files_ = now;
  if (listener_) watch(listener_.get(), EPOLLIN, kListener);  // EEXIST, unless there were no descriptors left
  keyring_->reload_if_changed();
  if (keyring_->current() != judge_ || now - last_judged_ >= limits_.judge_again) {
    last_judged_ = now;
    judge_all();
  }
}

void EpollTunnel::judge_all() {
  judge_ = keyring_->current();
  std::vector<std::uint64_t> out;
  for (auto& [id, entry] : entries_) {
    Connection& c = *entry.connection;
    if (c.state() != Connection::State::kOpen) continue;
    const Verdict verdict = judge_->judge_again(c.ssl());
    if (verdict.failure == Failure::kNone) continue;
    c.end(verdict.failure, verdict.why);
    out.push_back(id);
  }
  for (const std::uint64_t id : out) finish(id);
}

}  // namespace

Result<std::unique_ptr<Tunnel>> Tunnel::start(std::shared_ptr<Keyring> keyring, const TunnelLimits& limits) {
  auto tunnel = std::make_unique<EpollTunnel>(std::move(keyring), limits);
  if (const Status s = tunnel->begin(); !s) return s.error();
  return std::unique_ptr<Tunnel>(std::move(tunnel));
}

}  // namespace picket::tls
