// export/tls/connection.h — one TLS connection: the handshake, then bytes both ways between it and a socket pair
//
//   network ══ TLS ══ net │ in: 16 KiB → │ pair ── the pair's other end: whoever speaks the protocol inside
//                         │ ← out: 16 KiB │
//
// Each direction ends by itself: a close_notify becomes the end of file of the pair, the end of file of the pair a
// close_notify. A direction that cannot write does not read, so a slow reader is felt by who writes, and no more than
// two buffers and what the kernel holds wait here. The client's handshake is over when the server's first byte is
// there: in TLS 1.3 a client has finished before the server has looked at its certificate, and would take a refusal
// for a connection that broke. HTTP/2 servers speak first.
//
// Limits   32 messages of TLS itself (a KeyUpdate, a ticket) without data between them: who sends more is put out
// Threads  one at a time: the tunnel's
// Cost     two buffers of 16 KiB and OpenSSL's state; no copy but through them
#pragma once
#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "export/tls/counters.h"
#include "export/tls/credentials.h"
#include "export/tls/openssl.h"

namespace picket::tls {

/// The other end, as whoever speaks inside of the tunnel knows it.
struct Peer {
  Identity who;
  std::string address;        ///< "192.0.2.1:41234"
  std::string group, cipher;  ///< "X25519MLKEM768", "TLS_AES_256_GCM_SHA384"
  std::string channel;        ///< grpc::ServerContext::peer() of its calls; used once, never again
};

class Connection {
 public:
  using Clock = std::chrono::steady_clock;
  enum class State : std::uint8_t { kHandshake, kGreeted, kOpen, kOver };

  /// `ssl` belongs to `credentials`, which live as long as it does.
  Connection(Fd net, std::string address, std::shared_ptr<const Credentials> credentials, SslPtr ssl,
             Counters& counters, std::uint64_t max_handshake_bytes);

  /// What epoll says, edge-triggered.
  void net_ready() noexcept { can_receive_ = can_send_ = true; }
  void pair_ready(bool hung_up) noexcept;
  /// Does what can be done without waiting, up to a limit; true when there is more to do.
  /// In kGreeted it waits for open().
  bool step();
  /// After the handshake: makes the pair, whose other end is given away. This end has an abstract address, which
  /// nobody can foretell.
  Result<Fd> open();
  /// After the handshake: this end of a pair there is already.
  void open_into(Fd near);
  /// Ends it now; the reason stands in failure() and why(). The other end is told by a close_notify, if it can be.
  void end(Failure failure, std::string why);

  [[nodiscard]] State state() const noexcept { return state_; }
  [[nodiscard]] Failure failure() const noexcept { return failure_; }
  [[nodiscard]] const std::string& why() const noexcept { return why_; }
  [[nodiscard]] const Peer& peer() const noexcept { return peer_; }
  [[nodiscard]] const SSL& ssl() const noexcept { return *ssl_; }
  [[nodiscard]] int net() const noexcept { return net_.get(); }
  [[nodiscard]] int pair() const noexcept { return pair_.get(); }
  [[nodiscard]] const Credentials& credentials() const noexcept { return *credentials_; }
  /// The near side has gone. What it left is still sent, and the far side's close_notify
  /// waited for; neither may ever end.
  [[nodiscard]] bool is_lingering() const noexcept { return state_ == State::kOpen && pair_gone_; }
  [[nodiscard]] std::uint64_t sent_bytes() const noexcept { return sent_bytes_; }

  Clock::time_point deadline = Clock::time_point::max();  ///< the tunnel's: of the handshake, or of lingering

 private:
  struct Buffer {
    std::array<std::uint8_t, 16384> bytes;
    std::size_t begin = 0, end = 0;
    [[nodiscard]] bool empty() const noexcept { return begin == end; }
    [[nodiscard]] std::size_t size() const noexcept { return end - begin; }
    void fill(std::size_t n) noexcept {
      begin = 0;
      end = n;
    }
  };

  static void on_message(int write, int version, int type, const void* bytes, std::size_t size, SSL* ssl,
                         void* self);
  void shake_hands();
  bool receive();  ///< net → in_; true: something moved, if only a message of TLS itself
  bool move_in();
  bool move_out();
  void fail_by_ssl(int result);
  void describe_peer();

  Fd net_, pair_;
  std::shared_ptr<const Credentials> credentials_;
  SslPtr ssl_;
  Counters& counters_;
  std::uint64_t max_handshake_bytes_;
  Peer peer_;

  State state_ = State::kHandshake;
  Failure failure_ = Failure::kNone;
  std::string why_;

  bool can_receive_ = true, can_send_ = true;         // net, until it says that it would have to wait
  bool pair_readable_ = true, pair_writable_ = true;  // the same
  bool in_ended_ = false, in_closed_ = false;         // close_notify came; the pair was told
  bool out_ended_ = false, out_closed_ = false;       // end of file came; close_notify was sent
  bool pair_gone_ = false;                            // nobody reads there any more
  std::uint64_t sent_bytes_ = 0;
  int messages_ = 0;  ///< of TLS itself, that came since there was data
  Buffer in_, out_;
};

}  // namespace picket::tls
