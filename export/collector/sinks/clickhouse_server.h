// export/collector/sinks/clickhouse_server.h — a ClickHouse server as the sink speaks to it: statements, inserts, and
// whether its tables are those of the schema
#pragma once
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "export/collector/sinks/clickhouse_schema.h"
#include "export/collector/sinks/clickhouse_sink.h"
#include "export/collector/sinks/http_client.h"

namespace picket::collector {

class ClickHouseServer {
 public:
  static Result<std::unique_ptr<ClickHouseServer>> make(const ClickHouseOptions& options);

  /// Asks for the version, and makes or completes the tables. Once it worked it costs nothing until forget().
  [[nodiscard]] Status prepare();
  /// Something failed: look again.
  void forget() { ready_ = false; }
  /// After prepare().
  [[nodiscard]] ClickHouseVersion version() const { return schema_.version; }

  /// What the server says to a statement. An error: it said no, or nothing.
  [[nodiscard]] Result<std::string> ask(const std::string& statement);
  /// `rows` in RowBinary, into these columns. Whatever the error: nobody knows which of the rows are there.
  [[nodiscard]] Status insert(std::string_view table, const std::vector<ClickHouseColumn>& columns,
                              std::string_view rows);
  /// Waits for the inserts that are at work now: of this one, which failed, of a collector that was killed, of any
  /// other. Those that begin later are of no concern, so others who insert all the time keep nobody waiting. The error:
  /// some take longer than a request may.
  [[nodiscard]] Status await_inserts();

  /// `picket`.`flow`
  [[nodiscard]] std::string full_name(std::string_view table) const;

 private:
  explicit ClickHouseServer(const ClickHouseOptions& options);
  Result<std::set<std::string>> inserts();
  Result<std::string> post(const HttpClient::Parameters& parameters, std::string_view body);
  Status complete_tables();

  ClickHouseSchemaOptions schema_;
  std::string url_;
  std::chrono::milliseconds timeout_;
  std::unique_ptr<HttpClient> http_;
  std::string id_;  ///< of this sink: its inserts' query ids begin with it
  std::uint64_t inserts_ = 0;
  bool ready_ = false;
};

}  // namespace picket::collector
