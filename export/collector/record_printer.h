// export/collector/record_printer.h — records as a table for people, EVE JSON, or CSV (RFC 4180)
#pragma once
#include <cstdio>
#include <string>
#include <string_view>

#include "export/collector/sink.h"
#include "export/eve.h"
#include "parsers/core/bytes.h"
#include "parsers/core/result.h"

namespace picket::collector {

class RecordPrinter {
 public:
  enum class Form : std::uint8_t { kTable, kJson, kCsv };
  RecordPrinter(Form form, std::FILE* out) : form_(form), out_(out) {}

  void head();
  /// The error: these bytes are no record.
  Status print(std::string_view type, std::string_view sensor, Bytes record);
  /// kJson: the next line has {"picket":{...}} of this before all else.
  void identity(const ChainId& chain, std::uint64_t number);

 private:
  void table_row(std::string_view type, std::string_view sensor, Bytes record);
  void csv_row(std::string_view sensor, Bytes record);

  Form form_;
  std::FILE* out_;
  EveWriter eve_;
  std::string line_, identity_;
};

}  // namespace picket::collector
