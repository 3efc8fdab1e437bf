// tests/support/engines.cc — the engines behind a collector, for tests that kill it: a real ClickHouse, and librdkafka's own
// cluster. They outlive the collector, and can be asked.
//
// First it says where they are, then it answers each line of standard input with lines of its own and one of a dot.
//
//   says       "clickhouse URL", "kafka HOST:PORT,..."
//   kill       ClickHouse, with -9; its files stay
//   start      ClickHouse again
//   heads      where the chains stand in ClickHouse, each as {"boot":"HEX","lane":"flow","through":7,"made":{"flow":7}}
//   kafka      every message, in the order of its partition: its topic, a tab, and the record as EVE JSON or the head as above
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <iostream>

#include "export/collector/sinks/block.h"
#include "export/collector/sinks/clickhouse_test_support.h"
#include "export/collector/sinks/kafka_test_support.h"
#include "export/eve.h"
#include "export/wire_reader.h"

namespace {

using namespace picket;
using namespace picket::collector;

std::string text_of_head(std::string_view state) {
  ChainId chain;
  ChainHead head;
  EXPECT_TRUE(read_head(state, chain, head));
  std::string made;
  for (const auto& [type, n] : head.made)
    made += fmt::format(R"({}"{}":{})", made.empty() ? "" : ",", type, n);
  return fmt::format(R"({{"boot":"{:016x}","lane":"{}","through":{},"made":{{{}}}}})", chain.boot,
                     lane_label(chain.lane), head.through, made);
}

void show_heads(const test::ClickHouseProcess& clickhouse) {
  const std::string answer = clickhouse.ask(
      "SELECT argMax(head, version) FROM picket._deliveries GROUP BY sensor, boot, lane FORMAT RowBinary");
  WireReader in(as_bytes(answer));
  while (!in.empty()) fmt::print("{}\n", text_of_head(as_text(in.bytes(in.varint()))));
}

void show(const test::Brokers& brokers) {
  EveWriter eve;
  for (const auto& m : brokers.read_all()) {
    std::string text;
    if (m.topic.ends_with(".heads")) {
      text = text_of_head(m.value);
    } else {
      EXPECT_TRUE(eve.append(as_bytes(m.value), text));
    }
    fmt::print("{}\t{}\n", m.topic, text);
  }
}

}  // namespace

int main(int argc, char** argv) {
  GTEST_FLAG_SET(throw_on_failure, true);
  ::testing::InitGoogleTest(&argc, argv);
  // Without merges each row that was inserted stays to be counted: ReplacingMergeTree makes one of two that are alike.
  test::ClickHouseProcess clickhouse(test::ClickHouseProcess::Merges::kNever);
  const test::Brokers brokers;
  fmt::print("clickhouse {}\nkafka {}\n", clickhouse.url(), brokers.list());
  std::fflush(stdout);
  for (std::string line; std::getline(std::cin, line);) {
    if (line == "kill") clickhouse.kill();
    if (line == "start") clickhouse.start();
    if (line == "heads") show_heads(clickhouse);
    if (line == "kafka") show(brokers);
    fmt::print(".\n");
    std::fflush(stdout);
  }
  return 0;
}
