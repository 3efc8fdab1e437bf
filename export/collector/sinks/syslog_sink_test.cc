#include "export/collector/sinks/syslog_sink.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <thread>
#include <utility>

#include "export/collector/sinks/syslog_link.h"
#include "export/collector/sinks/test_support.h"
#include "export/delimited.h"
#include "export/tls/test_support.h"
#include "tests/support/loopback.h"

namespace picket::collector {
namespace {

using test::Chain;
using test::Shared;
using test::store;
using test::through;

std::string text_of_event(std::uint64_t n) {
  return syslog_message(as_bytes(test::event(n).SerializeAsString()), "plant-7");
}

TEST(SyslogMessageTest, IsOfRfc5424) {
  v1::Event e = test::event(3);
  e.set_community_id("1:abc=");
  e.mutable_alert()->set_severity(2);
  e.mutable_alert()->set_category("a \"quoted\" ] and \\");
  EXPECT_EQ(
      syslog_message(as_bytes(e.SerializeAsString()), "plant-7"),
      "<35>1 2023-11-14T22:13:23.000000Z plant-7 picket - alert [picket@32473 sid=\"1003\" severity=\"2\" "
      "category=\"a \\\"quoted\\\" \\] and \\\\\" proto=\"TCP\" src_ip=\"10.0.0.3\" src_port=\"40003\" "
      "dest_ip=\"192.0.2.1\" dest_port=\"443\" flow_id=\"3\" community_id=\"1:abc=\"] TEST 'quoted' rule 3");
}

TEST(SyslogMessageTest, SeverityIsThatOfTheRule) {
  const char* const priority[] = {"<37>", "<33>", "<35>", "<36>", "<37>"};
  for (unsigned severity = 0; severity < 5; ++severity) {
    v1::Event e = test::event(3);
    e.mutable_alert()->set_severity(severity);
    EXPECT_TRUE(syslog_message(as_bytes(e.SerializeAsString()), "s").starts_with(priority[severity]))
        << severity;
  }
}

TEST(SyslogMessageTest, NobodyWritesALineOfHisOwn) {
  v1::Event e = test::event(3);
  e.mutable_alert()->set_signature("a\nb\r\x01");
  e.mutable_alert()->set_category("c\nd");
  const std::string message = syslog_message(as_bytes(e.SerializeAsString()), "a sensor\n");
  for (const char c : message) EXPECT_GE(c, ' ') << message;
  EXPECT_NE(message.find(" a_sensor_ picket "), std::string::npos);
}

TEST(SyslogMessageTest, OnlyAlertsHaveOne) {
  EXPECT_EQ(text_of_event(1), "");
  EXPECT_EQ(syslog_message(as_bytes(std::string_view("\xff\xff")), "s"), "");
}

/// Listens on loopback and reads.
class Receiver {
 public:
  explicit Receiver(int type = SOCK_STREAM, std::uint16_t port = 0)
      : fd_(::socket(AF_INET, type | SOCK_CLOEXEC, 0)) {
    set_limit(fd_);
    const int on = 1;
    ::setsockopt(fd_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
    sockaddr_in at = picket::test::loopback(port);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(fd_, reinterpret_cast<sockaddr*>(&at), size), 0);
    if (type == SOCK_STREAM) {
      EXPECT_EQ(::listen(fd_, 4), 0);
    }
    EXPECT_EQ(::getsockname(fd_, reinterpret_cast<sockaddr*>(&at), &size), 0);
    port_ = ntohs(at.sin_port);
  }
  ~Receiver() {
    hang_up();
    ::close(fd_);
  }
  void accept() {
    connection_ = ::accept(fd_, nullptr, nullptr);
    set_limit(connection_);
  }
  [[nodiscard]] int connection() const { return connection_; }
  void hang_up() {
    if (connection_ >= 0) ::close(std::exchange(connection_, -1));
  }
  /// So many bytes of the connection, or one datagram.
  std::string read(std::size_t bytes) {
    std::string all(bytes, '\0');
    const int from = connection_ >= 0 ? connection_ : fd_;
    const ssize_t n = ::recv(from, all.data(), all.size(), connection_ >= 0 ? MSG_WAITALL : 0);
    all.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
    return all;
  }
  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  /// That nothing waits for ever.
  static void set_limit(int fd) {
    const timeval limit{20, 0};
    ::setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  int fd_, connection_ = -1;
  std::uint16_t port_ = 0;
};

std::unique_ptr<SyslogSink> open(const SyslogOptions& options) {
  auto sink = open_syslog_sink(options);
  EXPECT_TRUE(sink) << (sink ? "" : sink.error().message);
  return sink ? std::move(sink).value() : nullptr;
}

std::string framed(const std::string& message) { return std::to_string(message.size()) + " " + message; }

TEST(SyslogTest, CountsOctetsOverTcp) {
  Receiver receiver;
  const auto sink = open({.server = receiver.address(), .transport = SyslogTransport::kTcp});
  Chain chain;
  store(*sink, {chain.next(6)});
  receiver.accept();
  const std::string expected = framed(text_of_event(3)) + framed(text_of_event(6));
  EXPECT_EQ(receiver.read(expected.size()), expected);
  EXPECT_FALSE(sink->is_durable());
}

TEST(SyslogTest, LosesNothingOverTcpWhenTheServerHungUpBefore) {
  Receiver receiver;
  const auto sink = open({.server = receiver.address(),
                          .transport = SyslogTransport::kTcp,
                          .first_pause = std::chrono::milliseconds{1}});
  Chain chain;
  store(*sink, {chain.next(3)});
  receiver.accept();
  EXPECT_EQ(receiver.read(framed(text_of_event(3)).size()), framed(text_of_event(3)));
  receiver.hang_up();
  store(*sink, {chain.next(3)});
  receiver.accept();
  EXPECT_EQ(receiver.read(framed(text_of_event(6)).size()), framed(text_of_event(6)));
}

/// What it remembers is bounded, whatever sensors come by; what is asked for again is told once more.
TEST(SyslogTest, ForgetsChainsWhenTheyAreMany) {
  const Receiver receiver(SOCK_DGRAM);
  const auto sink = open({.server = receiver.address(), .transport = SyslogTransport::kUdp});
  Chain first;
  store(*sink, {first.next(1)});
  EXPECT_EQ(through(*sink, first.id()), 1U);
  std::vector<Shared> many;
  for (int i = 0; i < 16'384; ++i) many.push_back(Chain("sensor-" + std::to_string(i)).gap(1));
  store(*sink, many);
  EXPECT_EQ(through(*sink, many.back()->chain), 1U);
  EXPECT_EQ(through(*sink, first.id()), 0U);
}

TEST(SyslogTest, SendsADatagramAnAlertOverUdp) {
  Receiver receiver(SOCK_DGRAM);
  const auto sink = open({.server = receiver.address(), .transport = SyslogTransport::kUdp});
  Chain chain;
  store(*sink, {chain.next(6)});
  EXPECT_EQ(receiver.read(4096), text_of_event(3));
  EXPECT_EQ(receiver.read(4096), text_of_event(6));
}

TEST(SyslogTest, TellsWhatIsSentAgainOnce) {
  Receiver receiver(SOCK_DGRAM);
  const auto sink = open({.server = receiver.address(), .transport = SyslogTransport::kUdp});
  Chain chain;
  const auto first = chain.next(3), second = chain.next(3);
  store(*sink, {first});
  store(*sink, {first, second});
  EXPECT_EQ(receiver.read(4096), text_of_event(3));
  EXPECT_EQ(receiver.read(4096), text_of_event(6));
  EXPECT_EQ(through(*sink, chain.id()), 6U);
}

TEST(SyslogTest, DropsAndCountsWhatFindsNoRoomAndConnectsAgain) {
  std::uint16_t port;
  {
    const Receiver nobody;
    port = nobody.port();
  }
  const auto sink = open({.server = "127.0.0.1:" + std::to_string(port),
                          .transport = SyslogTransport::kTcp,
                          .queue = 2,
                          .first_pause = std::chrono::milliseconds{1}});
  Chain chain;
  store(*sink, {chain.next(15)});
  EXPECT_EQ(sink->counts().dropped, 3U);
  EXPECT_EQ(sink->left_out(), 3U) << "which metrics show";
  EXPECT_EQ(sink->counts().waiting, 2U);
  Receiver receiver(SOCK_STREAM, port);
  receiver.accept();
  const std::string expected = framed(text_of_event(3)) + framed(text_of_event(6));
  EXPECT_EQ(receiver.read(expected.size()), expected);
  while (sink->counts().sent < 2) std::this_thread::yield();
  EXPECT_EQ(sink->counts().waiting, 0U);
}

/// A CA, and a server that shows a certificate of it and asks for one.
class TlsReceiver {
 public:
  explicit TlsReceiver(tls::test::CertificateSpec spec = {.names = "IP:127.0.0.1", .usage = "serverAuth"})
      : certificate_(tls::test::make_certificate(spec, &ca_)),
        client_(tls::test::make_certificate({.names = "DNS:soc"}, &ca_)) {
    std::signal(SIGPIPE, SIG_IGN);
    folder_.write("ca", ca_.pem());
    folder_.write("client", client_.pem());
    folder_.write("key", client_.key_pem());
    EXPECT_EQ(SSL_CTX_use_certificate(context_.get(), certificate_.x509.get()), 1);
    EXPECT_EQ(SSL_CTX_use_PrivateKey(context_.get(), certificate_.key.get()), 1);
    EXPECT_EQ(X509_STORE_add_cert(SSL_CTX_get_cert_store(context_.get()), ca_.x509.get()), 1);
    SSL_CTX_set_verify(context_.get(), SSL_VERIFY_PEER | SSL_VERIFY_FAIL_IF_NO_PEER_CERT, nullptr);
  }
  /// The next connection; false when the ends did not agree.
  bool accept() {
    receiver_.accept();
    ssl_.reset(SSL_new(context_.get()));
    return SSL_set_fd(ssl_.get(), receiver_.connection()) == 1 && SSL_accept(ssl_.get()) == 1;
  }
  void hang_up() { receiver_.hang_up(); }
  std::string read(std::size_t bytes) {
    std::string all(bytes, '\0');
    std::size_t at = 0, n = 0;
    while (at < bytes && SSL_read_ex(ssl_.get(), all.data() + at, bytes - at, &n) == 1) at += n;
    all.resize(at);
    return all;
  }
  [[nodiscard]] SyslogOptions options(const std::string& host = "127.0.0.1") const {
    return {.server = host + ":" + std::to_string(receiver_.port()),
            .ca = folder_.path("ca"),
            .certificate = folder_.path("client"),
            .key = folder_.path("key"),
            .first_pause = std::chrono::milliseconds{1}};
  }

 private:
  tls::test::Folder folder_;
  tls::test::Certificate ca_ = tls::test::make_certificate({.is_ca = true, .common_name = "CA"}, nullptr);
  tls::test::Certificate certificate_, client_;
  tls::SslCtxPtr context_{SSL_CTX_new(TLS_server_method())};
  Receiver receiver_;
  tls::SslPtr ssl_;
};

TEST(SyslogTest, SpeaksTlsWithCertificatesAtBothEndsAndConnectsAgain) {
  TlsReceiver receiver;
  const auto sink = open(receiver.options());
  Chain chain;
  store(*sink, {chain.next(6)});
  ASSERT_TRUE(receiver.accept());
  const std::string expected = framed(text_of_event(3)) + framed(text_of_event(6));
  EXPECT_EQ(receiver.read(expected.size()), expected);
  receiver.hang_up();
  store(*sink, {chain.next(3)});
  ASSERT_TRUE(receiver.accept());
  EXPECT_EQ(receiver.read(framed(text_of_event(9)).size()), framed(text_of_event(9)));
}

/// Why dialling fails; the server sees that it does.
std::string refusal(TlsReceiver& receiver, const SyslogOptions& options) {
  auto dialer = SyslogDialer::make(options);
  if (!dialer) return dialer.error().message;
  bool agreed = true;
  std::jthread server([&] { agreed = receiver.accept(); });
  const auto link = dialer.value()->dial();
  server.join();
  EXPECT_FALSE(agreed);
  return link ? "" : link.error().message;
}

TEST(SyslogTest, TellsNothingToAServerOfAnotherNameOrCaOrOfYesterday) {
  const auto refused = [](TlsReceiver& receiver, const SyslogOptions& options, std::string_view why) {
    const std::string said = refusal(receiver, options);
    EXPECT_NE(said.find(why), said.npos) << said;
    EXPECT_NE(said.find(options.server), said.npos) << said;
  };
  TlsReceiver by_address, by_name({.names = "DNS:localhost", .usage = "serverAuth"});
  refused(by_address, by_address.options("localhost"), "ostname mismatch");
  refused(by_name, by_name.options(), "IP address mismatch");
  SyslogOptions other_ca = by_address.options();
  other_ca.ca = by_name.options().ca;
  refused(by_address, other_ca, "certificate");
  TlsReceiver expired({.names = "IP:127.0.0.1",
                       .usage = "serverAuth",
                       .from_s = -2 * tls::test::kDay,
                       .to_s = -tls::test::kDay});
  refused(expired, expired.options(), "expired");
}

TEST(SyslogTest, WaitsForASilentTlsServerNoLongerThanItsTimeout) {
  const TlsReceiver silent;
  SyslogOptions options = silent.options();
  options.timeout = std::chrono::milliseconds(50);
  auto dialer = SyslogDialer::make(options);
  ASSERT_TRUE(dialer);
  EXPECT_FALSE(dialer.value()->dial());
}

TEST(SyslogOptionsTest, RefusesWhatCannotWork) {
  const auto why = [](const SyslogOptions& o) {
    const auto sink = open_syslog_sink(o);
    return sink ? "" : sink.error().message;
  };
  EXPECT_NE(why({.server = "nowhere"}).find("syslog.server"), std::string::npos);
  EXPECT_NE(why({.server = "192.0.2.1:514", .transport = SyslogTransport::kUdp}).find("127.0.0.1"),
            std::string::npos);
  EXPECT_NE(why({.server = "192.0.2.1:514", .transport = SyslogTransport::kTcp}).find("127.0.0.1"),
            std::string::npos);
  EXPECT_NE(why({.server = "192.0.2.1:6514", .ca = "/no/such"}).find("/no/such"), std::string::npos);
  EXPECT_NE(why({.server = "192.0.2.1:6514", .certificate = "/no/such"}).find("go together"),
            std::string::npos);
  TlsReceiver one, other;
  SyslogOptions mixed = one.options();
  mixed.key = other.options().key;
  EXPECT_NE(why(mixed).find("syslog.key"), std::string::npos);
  EXPECT_NE(why({.server = "127.0.0.1:514", .transport = SyslogTransport::kTcp, .queue = 0}).find("queue"),
            std::string::npos);
}

}  // namespace
}  // namespace picket::collector
