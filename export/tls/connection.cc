#include "export/tls/connection.h"

#include <fmt/core.h>
#include <openssl/err.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

#include "export/tls/address.h"

namespace picket::tls {
namespace {

constexpr int kMovesInATurn = 32;  // 512 KiB, then others have their turn
constexpr int kMaxMessages = 32;

Failure failure_of(unsigned long code) {
  if (ERR_GET_LIB(code) != ERR_LIB_SSL) return Failure::kProtocol;
  const int reason = ERR_GET_REASON(code);
  switch (reason) {
    case SSL_R_PEER_DID_NOT_RETURN_A_CERTIFICATE:
      return Failure::kNoCertificate;
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_NO_PROTOCOLS_AVAILABLE:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return Failure::kVersion;
    case SSL_R_HTTP_REQUEST:
    case SSL_R_HTTPS_PROXY_REQUEST:
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_PACKET_LENGTH_TOO_LONG:
    case SSL_R_BAD_RECORD_TYPE:
    case SSL_R_RECORD_LENGTH_MISMATCH:
      return Failure::kNotTls;
    case SSL_R_NO_SUITABLE_KEY_SHARE:
    case SSL_R_NO_SUITABLE_GROUPS:
      return Failure::kGroup;
    case SSL_R_EXCESSIVE_MESSAGE_SIZE:
      return Failure::kTooManyBytes;
    case SSL_R_UNEXPECTED_EOF_WHILE_READING:
      return Failure::kTruncated;
    default:
      return reason > SSL_AD_REASON_OFFSET ? Failure::kRefused : Failure::kProtocol;
  }
}

bool would_wait(int error) { return error == EAGAIN || error == EWOULDBLOCK || error == EINTR; }

}  // namespace

Connection::Connection(Fd net, std::string address, std::shared_ptr<const Credentials> credentials,
                       SslPtr ssl, Counters& counters, std::uint64_t max_handshake_bytes)
    : net_(std::move(net)),
      credentials_(std::move(credentials)),
      ssl_(std::move(ssl)),
      counters_(counters),
      max_handshake_bytes_(max_handshake_bytes) {
  peer_.address = std::move(address);
  SSL_set_fd(ssl_.get(), net_.get());
  SSL_set_msg_callback(ssl_.get(), on_message);
  SSL_set_msg_callback_arg(ssl_.get(), this);
}

void Connection::on_message(int write, int, int type, const void*, std::size_t, SSL*, void* self) {
  if (write == 0 && type == SSL3_RT_HANDSHAKE) ++static_cast<Connection*>(self)->messages_;
}

void Connection::pair_ready(bool hung_up) noexcept {
  pair_readable_ = pair_writable_ = true;
  pair_gone_ = pair_gone_ || hung_up;
}

bool Connection::step() {
  if (state_ == State::kHandshake) shake_hands();
  if (state_ != State::kOpen) return false;
  for (int i = 0; i < kMovesInATurn; ++i) {
    const bool moved_in = move_in();
    const bool moved_out = state_ == State::kOpen && move_out();
    if (state_ == State::kOpen && in_closed_ && out_closed_) end(Failure::kNone, {});
    if (state_ == State::kOver || !(moved_in || moved_out)) return false;
  }
  return true;
}

void Connection::shake_hands() {
  ERR_clear_error();
  if (SSL_is_init_finished(ssl_.get()) == 0) {
    const int result = SSL_do_handshake(ssl_.get());
    if (BIO_number_read(SSL_get_rbio(ssl_.get())) > max_handshake_bytes_)
      return end(Failure::kTooManyBytes, {});
    if (result != 1) return fail_by_ssl(result);
    messages_ = 0;
  }
  if (SSL_is_server(ssl_.get()) == 0) {  // until the server has spoken it may still refuse
    while (receive() && in_.empty() && !in_ended_) {
    }
    if (state_ == State::kOver || (in_.empty() && !in_ended_)) return;
  }
  describe_peer();
  state_ = State::kGreeted;
}

void Connection::describe_peer() {
  peer_.who = Credentials::verdict(*ssl_)->who;
  peer_.cipher = SSL_get_cipher_name(ssl_.get());
  const char* group = SSL_group_to_name(ssl_.get(), static_cast<int>(SSL_get_negotiated_group(ssl_.get())));
  peer_.group = group != nullptr ? group : "unknown";
}

Result<Fd> Connection::open() {
  const std::string channel = secret_name("picket-");
  int ends[2];
  if (::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) != 0) {
    return Error{fmt::format("no socket pair: {}", std::strerror(errno))};
  }
  pair_.reset(ends[0]);
  Fd other(ends[1]);
  sockaddr_un at{};
  at.sun_family = AF_UNIX;
  std::memcpy(at.sun_path + 1, channel.data(), channel.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + channel.size());
  if (::bind(pair_.get(), reinterpret_cast<const sockaddr*>(&at), size) != 0) {
    return Error{fmt::format("no name for a socket pair: {}", std::strerror(errno))};
  }
  peer_.channel = "unix-abstract:" + channel;
  open_into(std::move(pair_));
  return other;
}

void Connection::open_into(Fd near) {
  pair_ = std::move(near);
  state_ = State::kOpen;
  ++counters_.handshakes_ok;
}

bool Connection::receive() {
  if (!in_.empty() || !can_receive_ || in_ended_) return false;
  ERR_clear_error();
  const int before = messages_;
  const int n = SSL_read(ssl_.get(), in_.bytes.data(), static_cast<int>(in_.bytes.size()));
  if (n > 0) {
    messages_ = 0;
    in_.fill(static_cast<std::size_t>(n));
    counters_.bytes_in += static_cast<std::uint64_t>(n);
    return true;
  }
  if (SSL_get_error(ssl_.get(), n) == SSL_ERROR_ZERO_RETURN) return in_ended_ = true;
  fail_by_ssl(n);
  if (state_ == State::kOver || messages_ == before) return false;
  if (messages_ > kMaxMessages) {
    end(Failure::kProtocol, fmt::format("{} messages of TLS itself without data", messages_));
    return false;
  }
  return can_receive_ =
             true;  // OpenSSL stopped at the message, not for want of bytes: epoll will not tell of them again
}

bool Connection::move_in() {
  bool moved = receive();
  if (pair_gone_) in_.fill(0);
  if (!in_.empty() && pair_writable_) {
    const ssize_t n = ::send(pair_.get(), in_.bytes.data() + in_.begin, in_.size(), MSG_NOSIGNAL);
    if (n > 0) {
      in_.begin += static_cast<std::size_t>(n);
      moved = true;
    } else if (would_wait(errno)) {
      pair_writable_ = false;
    } else {
      pair_gone_ = moved = true;
    }
  }
  if (in_ended_ && in_.empty() && !in_closed_) {
    ::shutdown(pair_.get(), SHUT_WR);
    in_closed_ = moved = true;
  }
  return moved;
}

bool Connection::move_out() {
  bool moved = false;
  if (out_.empty() && pair_readable_ && !out_ended_) {
    const ssize_t n = ::recv(pair_.get(), out_.bytes.data(), out_.bytes.size(), 0);
    if (n > 0) {
      out_.fill(static_cast<std::size_t>(n));
      moved = true;
    } else if (n < 0 && would_wait(errno)) {
      pair_readable_ = false;
    } else {
      out_ended_ = moved = true;
    }
  }
  ERR_clear_error();
  if (!out_.empty() && can_send_) {
    const int n = SSL_write(ssl_.get(), out_.bytes.data() + out_.begin, static_cast<int>(out_.size()));
    if (n > 0) {
      out_.begin += static_cast<std::size_t>(n);
      counters_.bytes_out += static_cast<std::uint64_t>(n);
      sent_bytes_ += static_cast<std::uint64_t>(n);
      return true;
    }
    fail_by_ssl(n);
  } else if (out_.empty() && out_ended_ && !out_closed_ && can_send_) {
    const int n = SSL_shutdown(ssl_.get());
    if (n >= 0) return out_closed_ = true;
    fail_by_ssl(n);
  }
  return moved;
}

/// OpenSSL asks for patience, or there is an end to it.
void Connection::fail_by_ssl(int result) {
  const int saved_errno = errno;
  switch (SSL_get_error(ssl_.get(), result)) {
    case SSL_ERROR_WANT_READ:
      can_receive_ = false;
      return;
    case SSL_ERROR_WANT_WRITE:
      can_send_ = false;
      return;
    default:
      break;
  }
  // The far side has said all it had to say, or nobody is here to hear it: that it is gone is no news.
  if (in_ended_ || pair_gone_) return end(Failure::kNone, {});
  const Verdict* verdict = Credentials::verdict(*ssl_);
  if (verdict != nullptr && verdict->failure != Failure::kNone) {
    peer_.who = verdict->who;
    return end(verdict->failure, verdict->why);
  }
  const unsigned long code = ERR_peek_last_error();
  if (code == 0) return end(Failure::kTruncated, saved_errno != 0 ? std::strerror(saved_errno) : "");
  const Failure failure = failure_of(code);
  end(failure, openssl_error());
}

void Connection::end(Failure failure, std::string why) {
  if (state_ == State::kOver) return;
  ERR_clear_error();
  // A word of farewell where TLS still stands: after an error OpenSSL must not be asked for one.
  if (SSL_is_init_finished(ssl_.get()) == 1 && !out_closed_ && failure != Failure::kProtocol &&
      failure != Failure::kTruncated)
    SSL_shutdown(ssl_.get());
  ERR_clear_error();
  state_ = State::kOver;
  failure_ = failure;
  why_ = std::move(why);
  if (failure_ != Failure::kNone) counters_.fail(failure_);
}

}  // namespace picket::tls
