#include "export/collector/sinks/kafka_test_support.h"

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <list>
#include <set>
#include <sstream>

#include "parsers/core/bytes.h"
#include "tests/support/loopback.h"

namespace picket::collector::test {
namespace {

constexpr int kPatienceMs = 20'000;

rd_kafka_t* make(rd_kafka_type_t type, const std::vector<std::pair<const char*, std::string>>& settings) {
  rd_kafka_conf_t* conf = rd_kafka_conf_new();
  char why[256];
  for (const auto& [name, value] : settings)
    EXPECT_EQ(rd_kafka_conf_set(conf, name, value.c_str(), why, sizeof why), RD_KAFKA_CONF_OK) << why;
  rd_kafka_t* handle = rd_kafka_new(type, conf, why, sizeof why);
  EXPECT_NE(handle, nullptr) << why;
  return handle;
}

}  // namespace

Brokers::Brokers()
    : handle_(make(RD_KAFKA_PRODUCER, {{"log_level", "0"}})),
      cluster_(rd_kafka_mock_cluster_new(handle_, kBrokers)) {}

Brokers::~Brokers() {
  rd_kafka_mock_cluster_destroy(cluster_);
  rd_kafka_destroy(handle_);
}

void Brokers::fail(std::int16_t request, rd_kafka_resp_err_t error, int times) {
  const std::vector<rd_kafka_resp_err_t> errors(static_cast<std::size_t>(times), error);
  rd_kafka_mock_push_request_errors_array(cluster_, request, errors.size(), errors.data());
}

void Brokers::fail_after_first(std::int16_t request, rd_kafka_resp_err_t error, int times) {
  fail(request, RD_KAFKA_RESP_ERR_NO_ERROR, 1);
  fail(request, error, times);
}

void Brokers::set_down(bool down) {
  for (int id = 1; id <= kBrokers; ++id)
    EXPECT_EQ(down ? rd_kafka_mock_broker_set_down(cluster_, id) : rd_kafka_mock_broker_set_up(cluster_, id),
              RD_KAFKA_RESP_ERR_NO_ERROR);
}

std::vector<Brokers::Message> Brokers::read(const std::string& topic) const {
  return read_topics(topic.c_str());
}

std::vector<Brokers::Message> Brokers::read_all() const { return read_topics(nullptr); }

/// nullptr: all.
std::vector<Brokers::Message> Brokers::read_topics(const char* only) const {
  std::vector<Message> all;
  rd_kafka_t* consumer = make(RD_KAFKA_CONSUMER, {{"bootstrap.servers", list()},
                                                  {"group.id", "test"},
                                                  {"enable.partition.eof", "true"},
                                                  {"fetch.wait.max.ms", "5"},
                                                  {"fetch.error.backoff.ms", "5"}});
  rd_kafka_poll_set_consumer(consumer);
  rd_kafka_topic_t* handle = only == nullptr ? nullptr : rd_kafka_topic_new(consumer, only, nullptr);
  const rd_kafka_metadata_t* metadata = nullptr;
  EXPECT_EQ(rd_kafka_metadata(consumer, only == nullptr ? 1 : 0, handle, &metadata, kPatienceMs),
            RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_partition_list_t* list = rd_kafka_topic_partition_list_new(0);
  for (int t = 0; metadata != nullptr && t < metadata->topic_cnt; ++t) {
    for (int p = 0; p < metadata->topics[t].partition_cnt; ++p)
      rd_kafka_topic_partition_list_add(list, metadata->topics[t].topic, p)->offset =
          RD_KAFKA_OFFSET_BEGINNING;
  }
  rd_kafka_metadata_destroy(metadata);
  if (handle != nullptr) rd_kafka_topic_destroy(handle);
  int partitions = list->cnt;
  EXPECT_EQ(rd_kafka_assign(consumer, list), RD_KAFKA_RESP_ERR_NO_ERROR);
  rd_kafka_topic_partition_list_destroy(list);
  std::set<std::pair<std::string, std::int32_t>> seen;
  while (partitions > 0) {
    rd_kafka_message_t* m = rd_kafka_consumer_poll(consumer, kPatienceMs);
    if (m == nullptr) {
      ADD_FAILURE() << "topics: no answer";
      break;
    }
    const std::string topic = rd_kafka_topic_name(m->rkt);
    if (m->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
      --partitions;
    } else if (m->err == RD_KAFKA_RESP_ERR_NO_ERROR) {
      if (seen.emplace(topic, m->partition).second) {
        EXPECT_EQ(m->offset, 0) << topic << ": its first messages are forgotten";
      }
      all.push_back({topic,
                     {static_cast<const char*>(m->key), m->key_len},
                     {static_cast<const char*>(m->payload), m->len},
                     m->partition});
    } else {
      ADD_FAILURE() << topic << ": " << rd_kafka_message_errstr(m);
    }
    rd_kafka_message_destroy(m);
  }
  rd_kafka_destroy_flags(consumer, RD_KAFKA_DESTROY_F_NO_CONSUMER_CLOSE);
  return all;
}

namespace {

constexpr std::int16_t kMetadata = 3, kApiVersions = 18, kCreateTopics = 19, kDescribeConfigs = 32;

template <class T>
std::string be(T value) {
  std::string out;
  for (int shift = 8 * (static_cast<int>(sizeof value) - 1); shift >= 0; shift -= 8)
    out += static_cast<char>(static_cast<std::uint64_t>(value) >> shift);
  return out;
}
std::string text(std::string_view s) { return be(static_cast<std::int16_t>(s.size())).append(s); }

/// Takes from the front.
template <class T>
T take(std::string_view& from) {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) v = v << 8 | static_cast<std::uint8_t>(from.at(i));
  from.remove_prefix(sizeof(T));
  return static_cast<T>(v);
}
std::string take_text(std::string_view& from) {
  const auto size = static_cast<std::size_t>(std::max<std::int16_t>(take<std::int16_t>(from), 0));
  std::string s(from.substr(0, size));
  from.remove_prefix(size);
  return s;
}

/// What stands behind its length; "": the other side is gone.
std::string read_frame(int fd) {
  char size[4];
  if (::recv(fd, size, sizeof size, MSG_WAITALL) != sizeof size) return "";
  std::string_view s(size, sizeof size);
  std::string frame(take<std::uint32_t>(s), '\0');
  return ::recv(fd, frame.data(), frame.size(), MSG_WAITALL) == static_cast<ssize_t>(frame.size()) ? frame
                                                                                                   : "";
}
bool write_frame(int fd, const std::string& frame) {
  const std::string all = be(static_cast<std::uint32_t>(frame.size())) + frame;
  for (std::size_t sent = 0; sent < all.size();) {
    const ssize_t n = ::send(fd, all.data() + sent, all.size() - sent, MSG_NOSIGNAL);
    if (n <= 0) return false;
    sent += static_cast<std::size_t>(n);
  }
  return true;
}

}  // namespace

Relay::Relay(Brokers& brokers, std::string host) : brokers_(brokers), host_(std::move(host)) {
  std::istringstream list(brokers.list());
  for (std::string one; std::getline(list, one, ',');) {
    Door door;
    door.broker = static_cast<std::uint16_t>(std::stoi(one.substr(one.rfind(':') + 1)));
    door.listener = Fd(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
    sockaddr_in at = picket::test::loopback(0);
    socklen_t size = sizeof at;
    EXPECT_EQ(::bind(door.listener.get(), reinterpret_cast<sockaddr*>(&at), sizeof at), 0);
    EXPECT_EQ(::listen(door.listener.get(), 64), 0);
    EXPECT_EQ(::getsockname(door.listener.get(), reinterpret_cast<sockaddr*>(&at), &size), 0);
    door.port = ntohs(at.sin_port);
    doors_.push_back(std::move(door));
  }
  int ends[2];
  EXPECT_EQ(::pipe(ends), 0);
  stop_read_ = Fd(ends[0]);
  stop_write_ = Fd(ends[1]);
  thread_ = std::thread([this] { run(); });
}

Relay::~Relay() {
  stop_write_ = Fd();
  thread_.join();
}

std::string Relay::list() const {
  std::string all;
  for (const Door& d : doors_) all += (all.empty() ? "" : ",") + ("127.0.0.1:" + std::to_string(d.port));
  return all;
}

void Relay::set_policy(const std::string& topic, const std::string& policy) {
  const std::lock_guard lock(mutex_);
  policies_[topic] = policy;
}

std::string Relay::policy(const std::string& topic) const {
  const std::lock_guard lock(mutex_);
  const auto at = policies_.find(topic);
  return at == policies_.end() ? "" : at->second;
}

void Relay::run() {
  std::list<Connection> connections;
  for (;;) {
    std::vector<pollfd> fds{{stop_read_.get(), POLLIN, 0}};
    for (const Door& d : doors_) fds.push_back({d.listener.get(), POLLIN, 0});
    for (const Connection& c : connections) {
      fds.push_back({c.client.get(), POLLIN, 0});
      fds.push_back({c.broker.get(), POLLIN, 0});
    }
    ::poll(fds.data(), fds.size(), -1);
    if (fds[0].revents != 0) return;
    std::size_t at = 1 + doors_.size();
    for (auto c = connections.begin(); c != connections.end(); at += 2) {
      const bool goes_on =
          (fds[at].revents == 0 || from_client(*c)) && (fds[at + 1].revents == 0 || from_broker(*c));
      c = goes_on ? std::next(c) : connections.erase(c);
    }
    for (std::size_t d = 0; d < doors_.size(); ++d) {
      if (fds[1 + d].revents == 0) continue;
      Connection c{Fd(::accept(doors_[d].listener.get(), nullptr, nullptr)),
                   Fd(::socket(AF_INET, SOCK_STREAM, 0)),
                   {}};
      const sockaddr_in to = picket::test::loopback(doors_[d].broker);
      if (::connect(c.broker.get(), reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0)
        connections.push_back(std::move(c));
    }
  }
}

bool Relay::from_client(Connection& c) {
  const std::string frame = read_frame(c.client.get());
  if (frame.empty()) return false;
  std::string_view left = frame;
  const auto request = take<std::int16_t>(left);
  const auto version = take<std::int16_t>(left);
  const std::string correlation(left.substr(0, 4));
  left.remove_prefix(4);
  if (request == kCreateTopics || request == kDescribeConfigs) {
    take_text(left);  // who asks
    return write_frame(c.client.get(), correlation + answer(request, left));
  }
  c.asked[correlation] = {request, version};
  return write_frame(c.broker.get(), frame);
}

bool Relay::from_broker(Connection& c) {
  std::string frame = read_frame(c.broker.get());
  if (frame.empty()) return false;
  const auto asked = c.asked.extract(frame.substr(0, 4));
  // An error asks for an older version of the question.
  if (!asked.empty() && asked.mapped().request == kApiVersions && frame.substr(4, 2) == be(std::int16_t{0})) {
    std::string_view left = std::string_view(frame).substr(6);
    const auto count = take<std::uint32_t>(left);
    frame.replace(6, 4, be(count + 2));
    frame.insert(10 + std::size_t{6} * count, be(kCreateTopics) + be(std::int16_t{4}) + be(std::int16_t{4}) +
                                                  be(kDescribeConfigs) + be(std::int16_t{1}) +
                                                  be(std::int16_t{1}));
  }
  if (!asked.empty() && asked.mapped().request == kMetadata && asked.mapped().version == 2) {
    std::string_view left = std::string_view(frame).substr(4);
    std::int32_t controller = 0;
    for (auto brokers = take<std::int32_t>(left); brokers > 0; --brokers) {
      controller = take<std::int32_t>(left);
      take_text(left);
      left.remove_prefix(4);  // port
      take_text(left);        // rack
    }
    take_text(left);  // the cluster's id
    frame.replace(frame.size() - left.size(), 4, be(controller));
  }
  for (const Door& d : doors_) {
    const std::string before = text("127.0.0.1") + be(std::uint32_t{d.broker});
    const std::string after = text(host_) + be(std::uint32_t{d.port});
    for (std::size_t at = 0; (at = frame.find(before, at)) != std::string::npos; at += after.size())
      frame.replace(at, after.size(), after);
  }
  return write_frame(c.client.get(), frame);
}

/// Of requests about one topic.
std::string Relay::answer(std::int16_t request, std::string_view left) {
  const std::lock_guard lock(mutex_);
  left.remove_prefix(4);  // so many topics
  if (request == kDescribeConfigs) {
    left.remove_prefix(1);  // the type, which is topic
    const std::string topic = take_text(left);
    const auto known = policies_.find(topic);
    const std::string about = text("") + be(std::int8_t{2}) + text(topic);
    std::string said = be(std::int32_t{0}) + be(std::int32_t{1});
    if (known == policies_.end())
      return said + be(static_cast<std::int16_t>(RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)) + about +
             be(std::int32_t{0});
    said += be(std::int16_t{0}) + about + be(std::int32_t{1}) + text("cleanup.policy") + text(known->second);
    return said + be(std::int8_t{0}) + be(std::int8_t{1}) + be(std::int8_t{0}) + be(std::int32_t{0});
  }
  const std::string topic = take_text(left);
  const auto partitions = take<std::int32_t>(left);
  EXPECT_EQ(take<std::int16_t>(left), -1) << "replicas";
  EXPECT_EQ(take<std::int32_t>(left), 0) << "assignments";
  std::string policy = "delete";
  for (auto configs = take<std::int32_t>(left); configs > 0; --configs) {
    const std::string name = take_text(left), value = take_text(left);
    if (name == "cleanup.policy") policy = value;
  }
  policies_[topic] = policy;
  brokers_.make_topic(topic, partitions);
  return be(std::int32_t{0}) + be(std::int32_t{1}) + text(topic) + be(std::int16_t{0}) + text("");
}

}  // namespace picket::collector::test
