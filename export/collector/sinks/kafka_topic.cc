#include "export/collector/sinks/kafka_topic.h"

#include <fmt/format.h>

#include <memory>
#include <string_view>

namespace picket::collector {
namespace {

struct Free {
  void operator()(rd_kafka_AdminOptions_t* o) const noexcept { rd_kafka_AdminOptions_destroy(o); }
  void operator()(rd_kafka_ConfigResource_t* c) const noexcept { rd_kafka_ConfigResource_destroy(c); }
  void operator()(rd_kafka_NewTopic_t* t) const noexcept { rd_kafka_NewTopic_destroy(t); }
  void operator()(rd_kafka_event_t* e) const noexcept { rd_kafka_event_destroy(e); }
  void operator()(const rd_kafka_metadata_t* m) const noexcept { rd_kafka_metadata_destroy(m); }
  void operator()(rd_kafka_queue_t* q) const noexcept { rd_kafka_queue_destroy(q); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

constexpr const char* kPolicy = "cleanup.policy";

/// What became of a question, of which one topic was the matter.
struct Answer {
  rd_kafka_resp_err_t error = RD_KAFKA_RESP_ERR_NO_ERROR;
  std::string why;
  std::string policy;
};

/// `ask` puts the question, to the controller unless it says another broker; its answer comes to the queue.
template <class Ask>
Owned<rd_kafka_event_t> asked(rd_kafka_t& client, rd_kafka_admin_op_t what, std::chrono::milliseconds timeout,
                              Ask ask) {
  const auto ms = static_cast<int>(timeout.count());
  const Owned<rd_kafka_AdminOptions_t> options(rd_kafka_AdminOptions_new(&client, what));
  const Owned<rd_kafka_queue_t> queue(rd_kafka_queue_new(&client));
  rd_kafka_AdminOptions_set_request_timeout(options.get(), ms, nullptr, 0);
  ask(options.get(), queue.get());
  return Owned<rd_kafka_event_t>(rd_kafka_queue_poll(queue.get(), 2 * ms));  // never before the request's own
}

Answer no_answer(const Owned<rd_kafka_event_t>& event) {
  if (event == nullptr) return {RD_KAFKA_RESP_ERR__TIMED_OUT, "no answer", {}};
  return {rd_kafka_event_error(event.get()), rd_kafka_event_error_string(event.get()), {}};
}

/// Any broker knows, so the one that answers is asked: a cluster may be without a controller just then.
Answer describe(rd_kafka_t& client, const std::string& topic, std::chrono::milliseconds timeout) {
  const rd_kafka_metadata_t* brokers = nullptr;
  const auto error = rd_kafka_metadata(&client, 0, nullptr, &brokers, static_cast<int>(timeout.count()));
  if (error != RD_KAFKA_RESP_ERR_NO_ERROR) return {error, rd_kafka_err2str(error), {}};
  const Owned<const rd_kafka_metadata_t> metadata(brokers);
  const Owned<rd_kafka_ConfigResource_t> about(
      rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic.c_str()));
  const auto event =
      asked(client, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout, [&](auto* options, auto* queue) {
        rd_kafka_AdminOptions_set_broker(options, metadata->orig_broker_id, nullptr, 0);
        rd_kafka_ConfigResource_t* one = about.get();
        rd_kafka_DescribeConfigs(&client, &one, 1, options, queue);
      });
  Answer answer = no_answer(event);
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR) return answer;
  std::size_t count = 0;
  const auto* const found =
      rd_kafka_DescribeConfigs_result_resources(rd_kafka_event_DescribeConfigs_result(event.get()), &count);
  if (count != 1) return {RD_KAFKA_RESP_ERR__BAD_MSG, "an answer without the topic", {}};
  answer.error = rd_kafka_ConfigResource_error(found[0]);
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR) {
    answer.why = rd_kafka_err2str(answer.error);
    return answer;
  }
  const auto* const entries = rd_kafka_ConfigResource_configs(found[0], &count);
  for (std::size_t i = 0; i < count; ++i) {
    const char* const value = rd_kafka_ConfigEntry_value(entries[i]);
    if (std::string_view(rd_kafka_ConfigEntry_name(entries[i])) == kPolicy && value != nullptr)
      answer.policy = value;
  }
  return answer;
}

Answer make(rd_kafka_t& client, const std::string& topic, std::chrono::milliseconds timeout) {
  char why[512] = "";
  const Owned<rd_kafka_NewTopic_t> made(
      rd_kafka_NewTopic_new(topic.c_str(), CompactedTopic::kPartitions, -1, why, sizeof why));
  if (made == nullptr) return {RD_KAFKA_RESP_ERR__INVALID_ARG, why, {}};
  rd_kafka_NewTopic_set_config(made.get(), kPolicy, "compact");
  const auto event =
      asked(client, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout, [&](const auto* options, auto* queue) {
        rd_kafka_NewTopic_t* one = made.get();
        rd_kafka_CreateTopics(&client, &one, 1, options, queue);
      });
  Answer answer = no_answer(event);
  if (answer.error != RD_KAFKA_RESP_ERR_NO_ERROR) return answer;
  std::size_t count = 0;
  const auto* const results =
      rd_kafka_CreateTopics_result_topics(rd_kafka_event_CreateTopics_result(event.get()), &count);
  if (count != 1) return {RD_KAFKA_RESP_ERR__BAD_MSG, "an answer without the topic", {}};
  answer.error = rd_kafka_topic_result_error(results[0]);
  if (const char* said = rd_kafka_topic_result_error_string(results[0])) answer.why = said;
  return answer;
}

bool is_unknown(const Answer& answer) {
  return answer.error == RD_KAFKA_RESP_ERR__UNSUPPORTED_FEATURE ||
         answer.error == RD_KAFKA_RESP_ERR_UNSUPPORTED_VERSION ||
         answer.error == RD_KAFKA_RESP_ERR_TOPIC_AUTHORIZATION_FAILED ||
         answer.error == RD_KAFKA_RESP_ERR_CLUSTER_AUTHORIZATION_FAILED;
}

}  // namespace

Status require_compacted(rd_kafka_t& client, const CompactedTopic& topic, std::chrono::milliseconds timeout,
                         std::string& unknown) {
  Answer found = describe(client, topic.name, timeout);
  if (found.error == RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART) {
    const std::string by_hand = fmt::format("make it with {}=compact", kPolicy);
    if (!topic.may_make) return Error{fmt::format("there is no topic {}; {}", topic.name, by_hand)};
    const Answer made = make(client, topic.name, timeout);
    // Another collector may have been faster, or a broker that makes topics itself: so it is looked at in any case.
    if (made.error != RD_KAFKA_RESP_ERR_NO_ERROR && made.error != RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS)
      return Error{
          fmt::format("there is no topic {}, and it cannot be made: {}; {}", topic.name, made.why, by_hand)};
    found = describe(client, topic.name, timeout);
  }
  if (is_unknown(found)) {
    unknown = found.why;
    return Done{};
  }
  if (found.error != RD_KAFKA_RESP_ERR_NO_ERROR)
    return Error{fmt::format("{}: how it is kept was asked: {}", topic.name, found.why)};
  if (found.policy == "compact") return Done{};
  return Error{fmt::format(
      "{}: {} is '{}', so heads would expire, and records of quiet lanes come in twice; set it to "
      "compact (kafka-configs.sh --alter --entity-type topics --entity-name {} --add-config {}=compact)",
      topic.name, kPolicy, found.policy, topic.name, kPolicy)};
}

}  // namespace picket::collector
