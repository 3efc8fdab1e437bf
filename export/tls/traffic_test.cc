// What goes through a tunnel, and how it ends.
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>

#include <condition_variable>
#include <deque>
#include <thread>

#include "export/tls/dialer.h"
#include "export/tls/listener.h"
#include "export/tls/test_support.h"

namespace picket::tls {
namespace {

using namespace test;
using std::chrono::seconds;

/// Both ends in one process: near ends of connections that were let in, in the order in which they came.
class Traffic : public testing::Test {
 protected:
  void SetUp() override {
    collector_ring = site.keyring(Side::kCollector);
    sensor_ring = site.keyring(Side::kSensor);
    listener = Listener::start(collector_ring, {"127.0.0.1", 0}, quick(), peers, [this](Fd end, const Peer&) {
                 make_blocking(end.get());
                 write_all(end.get(), "!");  // the server speaks first
                 const std::lock_guard lock(mutex);
                 accepted.push_back(std::move(end));
                 came.notify_all();
               }).value();
    dialer = Dialer::start(sensor_ring, quick()).value();
  }
  struct Ends {
    Fd sensor, collector;
  };
  Ends connect() {
    auto dialed = dialer->dial({"127.0.0.1", listener->port()}, {}, seconds(20));
    EXPECT_TRUE(dialed) << dialed.error().message;
    make_blocking(dialed.value().end.get());
    EXPECT_EQ(read_exactly(dialed.value().end.get(), 1), "!");
    return {std::move(dialed.value().end), take_accepted()};
  }
  /// Waits for it.
  Fd take_accepted() {
    std::unique_lock lock(mutex);
    came.wait(lock, [&] { return !accepted.empty(); });
    Fd end = std::move(accepted.front());
    accepted.pop_front();
    return end;
  }

  Site site;
  std::shared_ptr<Keyring> collector_ring, sensor_ring;
  std::mutex mutex;
  std::condition_variable came;
  std::deque<Fd> accepted;
  std::shared_ptr<Peers> peers = std::make_shared<Peers>();
  std::unique_ptr<Listener> listener;
  std::unique_ptr<Dialer> dialer;
};

/// Byte i of a stream that differs from others everywhere.
std::uint8_t byte_at(std::uint64_t i, std::uint64_t seed) {
  return static_cast<std::uint8_t>(((i + seed) * 0x9E3779B97F4A7C15ULL) >> 56);
}

void send_stream(int fd, std::uint64_t size, std::uint64_t seed) {
  std::string chunk;
  for (std::uint64_t at = 0; at < size; at += chunk.size()) {
    chunk.resize(std::min<std::uint64_t>(size - at, 100'003));  // fits no record and no buffer
    for (std::size_t i = 0; i < chunk.size(); ++i) chunk[i] = static_cast<char>(byte_at(at + i, seed));
    ASSERT_TRUE(write_all(fd, chunk));
  }
}
void expect_stream(int fd, std::uint64_t size, std::uint64_t seed) {
  for (std::uint64_t at = 0; at < size;) {
    const std::string got = read_exactly(fd, std::min<std::uint64_t>(size - at, 1 << 20));
    ASSERT_FALSE(got.empty()) << "ended at " << at;
    for (std::size_t i = 0; i < got.size(); ++i)
      ASSERT_EQ(static_cast<std::uint8_t>(got[i]), byte_at(at + i, seed)) << at + i;
    at += got.size();
  }
}

TEST_F(Traffic, AHundredMegabytesBothWaysArriveAsTheyWere) {
  const Ends ends = connect();
  constexpr std::uint64_t kSize = 100'000'000;
  std::thread up([&] { send_stream(ends.sensor.get(), kSize, 1); });
  std::thread down([&] { send_stream(ends.collector.get(), kSize, 2); });
  std::thread above([&] { expect_stream(ends.collector.get(), kSize, 1); });
  expect_stream(ends.sensor.get(), kSize, 2);
  for (std::thread* t : {&up, &down, &above}) t->join();
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().bytes_in == kSize; }));
  EXPECT_EQ(collector_ring->counters().bytes_out, kSize + 1);
}

TEST_F(Traffic, TwoHundredConnectionsAtOnceEachHaveTheirOwn) {
  constexpr int kConnections = 200;
  std::vector<Ends> all;
  for (int i = 0; i < kConnections; ++i) all.push_back(connect());
  EXPECT_EQ(collector_ring->counters().connections, static_cast<std::uint64_t>(kConnections));
  for (int i = 0; i < kConnections; ++i) {
    ASSERT_TRUE(write_all(all[static_cast<std::size_t>(i)].sensor.get(), "up" + std::to_string(1000 + i)));
    ASSERT_TRUE(write_all(all[static_cast<std::size_t>(i)].collector.get(), "dn" + std::to_string(1000 + i)));
  }
  for (int i = 0; i < kConnections; ++i) {
    EXPECT_EQ(read_exactly(all[static_cast<std::size_t>(i)].collector.get(), 6),
              "up" + std::to_string(1000 + i));
    EXPECT_EQ(read_exactly(all[static_cast<std::size_t>(i)].sensor.get(), 6),
              "dn" + std::to_string(1000 + i));
  }
  all.clear();
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().connections == 0; }));
  EXPECT_TRUE(eventually([&] { return sensor_ring->counters().connections == 0; }));
  for (const auto& ring : {collector_ring, sensor_ring}) {
    for (const auto& n : ring->counters().failures) EXPECT_EQ(n, 0U);
  }
}

TEST_F(Traffic, FiftyDialAtTheSameMoment) {
  std::vector<std::thread> threads;
  std::atomic<int> fine{0};
  for (int i = 0; i < 50; ++i) {
    threads.emplace_back([&] {
      const auto dialed = dialer->dial({"127.0.0.1", listener->port()}, {}, seconds(60));
      if (dialed) ++fine;
    });
  }
  for (std::thread& t : threads) t.join();
  EXPECT_EQ(fine, 50);
}

TEST_F(Traffic, AnEndThatIsDoneStillListens) {
  Ends ends = connect();
  ASSERT_TRUE(write_all(ends.sensor.get(), "question"));
  ::shutdown(ends.sensor.get(), SHUT_WR);
  EXPECT_EQ(read_exactly(ends.collector.get(), 100), "question") << "then the end of file";
  ASSERT_TRUE(write_all(ends.collector.get(), "answer"));
  ends.collector.reset();
  EXPECT_EQ(read_exactly(ends.sensor.get(), 100), "answer");
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().connections == 0; }));
  EXPECT_TRUE(eventually([&] { return sensor_ring->counters().connections == 0; }));
  EXPECT_EQ(sensor_ring->counters().failed(Failure::kTruncated), 0U);
  EXPECT_EQ(collector_ring->counters().failed(Failure::kTruncated), 0U);
}

TEST_F(Traffic, WhatWasWrittenBeforeAnEndClosedArrives) {
  Ends ends = connect();
  constexpr std::uint64_t kSize = 3'000'000;
  std::thread writer([&] {
    send_stream(ends.sensor.get(), kSize, 3);
    ends.sensor.reset();
  });
  expect_stream(ends.collector.get(), kSize, 3);
  EXPECT_EQ(read_exactly(ends.collector.get(), 1), "");
  writer.join();
}

TEST_F(Traffic, ASlowReaderHoldsTheWriterBack) {
  const Ends ends = connect();
  // Nobody reads: what fits is what buffers hold, and then the writer would wait.
  const std::string chunk(65536, 'x');
  std::uint64_t sent = 0;
  for (;;) {
    pollfd p{ends.sensor.get(), POLLOUT, 0};
    if (::poll(&p, 1, 300) == 0) break;
    const ssize_t n = ::send(ends.sensor.get(), chunk.data(), chunk.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (n > 0) sent += static_cast<std::uint64_t>(n);
    ASSERT_LT(sent, std::uint64_t{64} << 20) << "somebody buffers without end";
  }
  EXPECT_GT(sent, 0U);
  std::uint64_t got = 0;
  while (got < sent) {
    const std::string some = read_exactly(ends.collector.get(), std::min<std::uint64_t>(sent - got, 65536));
    ASSERT_FALSE(some.empty());
    got += some.size();
  }
  ASSERT_TRUE(write_all(ends.sensor.get(), "y"));
  EXPECT_EQ(read_exactly(ends.collector.get(), 1), "y") << "and goes on afterwards";
}

TEST_F(Traffic, WhoDoesNotReadDoesNotHoldOthersUp) {
  const Ends stuck = connect(), other = connect();
  ::send(stuck.sensor.get(), std::string(1 << 20, 'x').data(), 1 << 20, MSG_NOSIGNAL | MSG_DONTWAIT);
  ASSERT_TRUE(write_all(other.sensor.get(), "still here"));
  EXPECT_EQ(read_exactly(other.collector.get(), 10), "still here");
}

// ---- a client in the raw ----

struct Raw : RawClient {
  Raw(const Site& site, std::uint16_t port)
      : RawClient(port, [&](SSL_CTX* c) { show_certificate(c, site.sensor); }) {
    EXPECT_TRUE(works());
  }
};

TEST_F(Traffic, AConnectionCutWithoutAWordIsNoticed) {
  Raw client(site, listener->port());
  ASSERT_EQ(SSL_write(client.ssl.get(), "half a rec", 10), 10);
  ::shutdown(client.fd.get(), SHUT_RDWR);
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().failed(Failure::kTruncated) == 1; }));
  EXPECT_EQ(read_exactly(take_accepted().get(), 100), "half a rec") << "what came before it is there";
}

TEST_F(Traffic, ARecordThatWasTamperedWithEndsTheConnection) {
  Raw client(site, listener->port());
  // A record of the right form under no key at all.
  const std::string forged = std::string("\x17\x03\x03\x00\x20", 5) + std::string(32, 'z');
  ASSERT_TRUE(write_all(client.fd.get(), forged));
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().failed(Failure::kProtocol) == 1; }));
}

TEST_F(Traffic, KeysMayBeUpdatedOnTheWay) {
  Raw client(site, listener->port());
  const Fd end = take_accepted();
  for (int i = 0; i < 5; ++i) {
    ASSERT_EQ(SSL_key_update(client.ssl.get(), SSL_KEY_UPDATE_REQUESTED), 1);
    ASSERT_EQ(SSL_write(client.ssl.get(), "abc", 3), 3);
    EXPECT_EQ(read_exactly(end.get(), 3), "abc");
    ASSERT_TRUE(write_all(end.get(), "def"));
    std::string back(3, '\0');
    ASSERT_EQ(SSL_read(client.ssl.get(), back.data(), 3), 3);
    EXPECT_EQ(back, "def");
  }
}

TEST_F(Traffic, AFloodOfKeyUpdatesHoldsNobodyUpAndIsEnded) {
  Raw flooder(site, listener->port());
  const Fd near = take_accepted();
  const Ends other = connect();
  BIO* flood = BIO_new(BIO_s_mem());
  SSL_set0_wbio(flooder.ssl.get(), flood);
  for (int i = 0; i < 100'000; ++i) {
    ASSERT_EQ(SSL_key_update(flooder.ssl.get(), SSL_KEY_UPDATE_NOT_REQUESTED), 1);
    ASSERT_EQ(SSL_do_handshake(flooder.ssl.get()), 1);
  }
  char* bytes = nullptr;
  const auto size = static_cast<std::size_t>(BIO_get_mem_data(flood, &bytes));
  std::thread writer([&] { write_all(flooder.fd.get(), {bytes, size}); });
  std::this_thread::sleep_for(std::chrono::milliseconds(50));
  const auto since = std::chrono::steady_clock::now();
  EXPECT_TRUE(write_all(other.sensor.get(), "still here"));
  EXPECT_EQ(read_exactly(other.collector.get(), 10), "still here");
  EXPECT_TRUE(write_all(other.collector.get(), "here too"));
  EXPECT_EQ(read_exactly(other.sensor.get(), 8), "here too");
  EXPECT_LT(std::chrono::steady_clock::now() - since, seconds(1));
  writer.join();
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().failed(Failure::kProtocol) == 1; }));
}

TEST_F(Traffic, ANearEndThatGoesDoesNotWaitForTheFarOneForEver) {
  Raw client(site, listener->port());  // never answers a close_notify
  take_accepted().reset();
  char byte = 0;
  EXPECT_EQ(SSL_read(client.ssl.get(), &byte, 1), 0);
  EXPECT_EQ(SSL_get_error(client.ssl.get(), 0), SSL_ERROR_ZERO_RETURN) << "it is told by a close_notify";
  EXPECT_TRUE(eventually([&] { return collector_ring->counters().connections == 0; }));
}

TEST_F(Traffic, TheEndOfATunnelEndsItsConnections) {
  const Ends ends = connect();
  listener.reset();
  EXPECT_EQ(read_exactly(ends.collector.get(), 1), "");
  EXPECT_EQ(read_exactly(ends.sensor.get(), 1), "");
  EXPECT_EQ(sensor_ring->counters().failed(Failure::kTruncated), 0U) << "with a close_notify";
}

}  // namespace
}  // namespace picket::tls
