#include "export/collector/record_printer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "export/collector/chain.h"
#include "export/collector/json.h"
#include "export/collector/layout.h"
#include "export/field_path.h"

namespace picket::collector {
namespace {

constexpr std::size_t kDetailWidth = 100;  // characters of the record's own fields in a table

/// The first value of a field as text; "" when the record has none.
std::string text_of(const char* field, Bytes record) {
  const auto path = FieldPath::compile(field);
  std::string text;
  if (path) {
    (void)path.value().any(record, [&](std::uint64_t v, Bytes b) {
      text = eve_value_text(path.value().field(), v, b);
      return true;
    });
  }
  return text;
}

/// Of what has no IP its MAC address.
std::string end_of(const char* ip, const char* port, const char* mac, Bytes record) {
  std::string address = text_of(ip, record);
  if (address.empty()) return text_of(mac, record);
  const std::string number = text_of(port, record);
  if (number.empty()) return address;
  return address.find(':') == std::string::npos ? address + ":" + number : "[" + address + "]:" + number;
}

/// What the record says under its type's key, as JSON, cut to `width`. Control characters are JSON's
/// escapes, so a terminal shows what it is given.
std::string detail_of(std::string_view type, Bytes record, std::size_t width) {
  const EveField* field = event_table().find(type);
  if (field == nullptr || field->message == nullptr) return {};
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.number != field->number || f.type != 2) continue;
    std::string json;
    if (!EveWriter(*field->message).append(f.bytes, json)) return {};
    if (json.size() > width) {
      std::size_t cut = width;
      while (cut > 0 && (static_cast<unsigned char>(json[cut]) & 0xc0) == 0x80) --cut;  // between characters
      json.resize(cut);
      json += "…";
    }
    return json;
  }
  return {};
}

/// Quoted where RFC 4180 asks for it; a cell that a spreadsheet would take for a formula begins
/// with a quotation mark of its own.
void append_cell(std::string_view text, std::string& line) {
  const bool formula =
      !text.empty() && std::string_view("=+-@\t\r").find(text.front()) != std::string_view::npos;
  if (!formula && text.find_first_of(",\"\r\n") == std::string_view::npos) {
    line += text;
    return;
  }
  line += '"';
  if (formula) line += '\'';
  for (const char c : text) {
    if (c == '"') line += '"';
    line += c;
  }
  line += '"';
}

}  // namespace

void RecordPrinter::head() {
  if (form_ == Form::kTable) {
    fmt::print(out_, "{:<26}  {:<12}  {:<9}  {:<21}  {:<21}  {:<5}  {}\n", "TIME (UTC)", "SENSOR", "TYPE",
               "SOURCE", "DESTINATION", "PROTO", "DETAIL");
  }
  if (form_ == Form::kCsv) {
    line_ = "sensor";
    for (const EveField* f : plain_fields()) line_ += "," + f->name;
    fmt::print(out_, "{},detail\r\n", line_);
  }
}

Status RecordPrinter::print(std::string_view type, std::string_view sensor, Bytes record) {
  line_.clear();
  switch (form_) {
    case Form::kTable:
      table_row(type, sensor, record);
      return Done{};
    case Form::kCsv:
      csv_row(sensor, record);
      break;
    case Form::kJson:
      if (!eve_.append(record, line_))
        return Error{"a record in the store cannot be read; is the file damaged?"};
      if (!identity_.empty()) line_.replace(0, 1, std::exchange(identity_, {}));  // in the place of its {
      line_ += '\n';
      break;
  }
  std::fwrite(line_.data(), 1, line_.size(), out_);
  return Done{};
}

void RecordPrinter::identity(const ChainId& chain, std::uint64_t number) {
  identity_ = fmt::format(R"({{"picket":{{"sensor":{},"boot":"{:016x}","lane":"{}","number":{}}},)",
                          quote_json(chain.sensor), chain.boot, lane_label(chain.lane), number);
}

void RecordPrinter::table_row(std::string_view type, std::string_view sensor, Bytes record) {
  fmt::print(out_, "{:<26.26}  {:<12}  {:<9}  {:<21}  {:<21}  {:<5}  {}\n", text_of("timestamp", record),
             sensor, type, end_of("src_ip", "src_port", "ether.src_mac", record),
             end_of("dest_ip", "dest_port", "ether.dest_mac", record), text_of("proto", record),
             detail_of(type, record, kDetailWidth));
}

void RecordPrinter::csv_row(std::string_view sensor, Bytes record) {
  append_cell(sensor, line_);
  std::string type;
  for (const EveField* f : plain_fields()) {
    line_ += ',';
    WireReader in(record);
    for (WireField w; in.next(w);) {
      if (w.number != f->number || w.type != f->wire_type) continue;
      const std::string text = eve_value_text(*f, w.value, w.bytes);
      if (f->name == "event_type") type = text;
      append_cell(text, line_);
      break;
    }
  }
  line_ += ',';
  append_cell(detail_of(type, record, std::string::npos), line_);
  line_ += "\r\n";
}

}  // namespace picket::collector
