#include "export/collector/sinks/clickhouse_row.h"

#include <algorithm>
#include <bit>
#include <limits>

#include "export/collector/layout.h"
#include "export/collector/sinks/row_binary.h"
#include "export/eve_format.h"

namespace picket::collector {
namespace {

using Form = ClickHouseForm;

constexpr std::uint64_t kLastDateTime64 = std::numeric_limits<std::int64_t>::max();
constexpr char kMappedPrefix[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, '\xff', '\xff'};

}  // namespace

/// Where a record's fields go: a node for each message that has columns, and in it a slot for each field's number.
struct ClickHouseRows::Layout {
  struct Slot {
    const EveField* field = nullptr;
    std::uint16_t column = 0;  ///< + 1; 0: none
    std::uint16_t node = 0;    ///< of a message with columns; 0: none
  };
  const ClickHouseTable* table = nullptr;
  std::vector<std::vector<Slot>> nodes;  ///< the first is Event

  std::uint16_t column_of(const std::string& name) const {
    const auto at = std::ranges::find(table->columns, name, &ClickHouseColumn::name);
    return at == table->columns.end() ? 0 : static_cast<std::uint16_t>(at - table->columns.begin() + 1);
  }
  /// Leaves out messages none of whose fields have a column. Gives the node's place; 0: none, or Event's own.
  std::size_t add(const EveTable& message, const std::string& prefix, unsigned depth) {
    const std::size_t at = nodes.size();
    nodes.emplace_back(message.by_number.size());
    bool useful = depth == 0;
    for (const EveField& f : message.fields) {
      Slot slot{&f};
      if (f.kind != EveKind::kMessage) {
        slot.column = column_of(prefix + f.name);
      } else if (!f.repeated && depth < kClickHouseDepth && (depth > 0 || f.number == table->own_number)) {
        slot.node = static_cast<std::uint16_t>(
            add(*f.message, f.flatten ? prefix : prefix + f.name + "_", depth + 1));
      }
      useful |= slot.column != 0 || slot.node != 0;
      nodes[at][f.number] = slot;
    }
    if (useful) return at;
    nodes.resize(at);
    return 0;
  }
};

ClickHouseRows::ClickHouseRows(ClickHouseVersion version) : version_(version) {
  for (const ClickHouseTable& table : clickhouse_tables(version)) {
    Layout& layout = layouts_.emplace_back();
    layout.table = &table;
    layout.add(event_table(), "", 0);
  }
}
ClickHouseRows::~ClickHouseRows() = default;
ClickHouseRows::ClickHouseRows(ClickHouseRows&&) noexcept = default;
ClickHouseRows& ClickHouseRows::operator=(ClickHouseRows&&) noexcept = default;

bool ClickHouseRows::read(Bytes record, Read& what) {
  static const std::uint32_t type_number = event_table().find("event_type")->number;
  static const std::uint32_t time_number = event_table().find("timestamp")->number;
  record_ = record;
  read_ = {};
  std::string_view type;
  WireReader in(record);
  for (WireField f; in.next(f);) {
    if (f.number == type_number && f.type == 2) type = as_text(f.bytes);
    if (f.number == time_number && f.type == 1) read_.timestamp_ns = f.value;
  }
  if (!in.ok() || type.empty()) return false;
  read_.table = table_of(type);
  what = read_;
  return true;
}

/// Of a record that read() found whole; a message in it may be malformed, and then gives what stands before that.
void ClickHouseRows::take(Bytes message, const Layout& layout, std::size_t node) {
  const auto& slots = layout.nodes[node];
  WireReader in(message);
  for (WireField f; in.next(f);) {
    if (f.number >= slots.size()) continue;
    const Layout::Slot& slot = slots[f.number];
    if (slot.node != 0 && f.type == 2) {
      take(f.bytes, layout, slot.node);
    } else if (slot.column != 0) {
      auto& values = values_[slot.column - 1U];
      if (f.type == slot.field->wire_type) {
        values.push_back({slot.field, f.value, f.bytes});
      } else if (f.type == 2 && slot.field->repeated) {
        take_packed(*slot.field, f.bytes, values);
      }
    }
  }
}

void ClickHouseRows::take_packed(const EveField& field, Bytes packed, std::vector<Value>& values) {
  WireReader in(packed);
  while (!in.empty()) {
    const std::uint64_t v = field.wire_type == 0   ? in.varint()
                            : field.wire_type == 1 ? in.fixed<std::uint64_t>()
                                                   : in.fixed<std::uint32_t>();
    if (in.ok()) values.push_back({&field, v, {}});
  }
}

void ClickHouseRows::put(const ClickHouseColumn& column, const Value& v, std::string& out) const {
  const auto integer = [&] { return v.field == nullptr ? 0 : eve_integer(*v.field, v.number); };
  switch (column.form) {
    case Form::kUInt8:
      return put_fixed(static_cast<std::uint8_t>(v.number != 0), out);
    case Form::kUInt32:
    case Form::kInt32:
      return put_fixed(static_cast<std::uint32_t>(integer()), out);
    case Form::kUInt64:
    case Form::kInt64:
      return put_fixed(integer(), out);
    case Form::kFloat32:
      return put_fixed(static_cast<std::uint32_t>(v.number), out);  // the bits are those of the float
    case Form::kFloat64:
      return put_fixed(v.number, out);
    case Form::kTime:
      return put_fixed(version_.is_modern() ? std::min(v.number, kLastDateTime64) : v.number, out);
    case Form::kIp:
      if (v.bytes.size() == 4) out.append(kMappedPrefix, sizeof kMappedPrefix);
      if (v.bytes.size() == 4 || v.bytes.size() == 16) return void(out.append(as_text(v.bytes)));
      return void(out.append(16, '\0'));
    case Form::kString:
      return put_string(as_text(v.bytes), out);
    case Form::kText: {
      if (v.field == nullptr) return put_string("", out);
      if (v.field->kind == EveKind::kIp && (v.bytes.size() == 4 || v.bytes.size() == 16)) {
        char text[eve::kMaxIp];
        return put_string({text, eve::put_ip(text, v.bytes)}, out);
      }
      return put_string(eve_value_text(*v.field, v.number, v.bytes), out);
    }
  }
}

void put_chain(const ChainId& chain, std::string& row) {
  put_string(chain.sensor, row);
  put_fixed(chain.boot, row);
  put_fixed(static_cast<std::uint8_t>(chain.lane), row);
}

bool ClickHouseRows::append(const ChainId& chain, std::uint64_t seq, std::string& out) {
  const Layout& layout = layouts_[read_.table];
  const auto& columns = layout.table->columns;
  if (values_.size() < columns.size()) values_.resize(columns.size());
  for (auto& v : values_) v.clear();
  take(record_, layout, 0);

  const std::size_t row = out.size();
  put_fixed(version_.is_modern() ? std::min(read_.timestamp_ns, kLastDateTime64) : read_.timestamp_ns, out);
  put_chain(chain, out);
  put_fixed(seq, out);
  for (std::size_t i = 0; i < columns.size(); ++i) {
    const auto& values = values_[i];
    if (columns[i].is_array) {
      put_varint(values.size(), out);
      for (const Value& v : values) put(columns[i], v, out);
    } else {
      put(columns[i], values.empty() ? Value{} : values.front(), out);
    }
  }
  eve_text_.clear();
  if (!eve_.append(record_, eve_text_)) {
    out.resize(row);
    return false;
  }
  put_string(eve_text_, out);
  return true;
}

}  // namespace picket::collector
