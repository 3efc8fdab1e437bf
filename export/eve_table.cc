#include "export/eve_table.h"

#include <google/protobuf/descriptor.h>

#include <map>
#include <memory>
#include <mutex>

#include "export/proto/picket/v1/event.pb.h"
#include "export/proto/picket/v1/options.pb.h"

namespace picket {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::EnumDescriptor;
using google::protobuf::FieldDescriptor;
using EnumNames = std::unordered_map<std::int32_t, std::string>;

struct Registry {
  std::mutex mutex;
  std::map<const Descriptor*, std::unique_ptr<EveTable>> tables;
  std::map<const EnumDescriptor*, std::unique_ptr<EnumNames>> enums;
  std::string broken;  // what was wrong with the first bad schema: nothing half-built is given out after it
};
Registry& registry() {
  static Registry r;
  return r;
}

const EnumNames* enum_names(Registry& r, const EnumDescriptor& type) {
  auto& slot = r.enums[&type];
  if (slot == nullptr) {
    slot = std::make_unique<EnumNames>();
    for (int i = 0; i < type.value_count(); ++i) {
      const auto& value = *type.value(i);
      const std::string& shown = value.options().GetExtension(v1::eve_value);
      slot->emplace(value.number(), shown.empty() ? value.name() : shown);  // an alias shows its first name
    }
  }
  return slot.get();
}

std::uint8_t wire_type(const FieldDescriptor& f) {
  switch (f.type()) {
    case FieldDescriptor::TYPE_FIXED64:
    case FieldDescriptor::TYPE_SFIXED64:
    case FieldDescriptor::TYPE_DOUBLE:
      return 1;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return 2;
    case FieldDescriptor::TYPE_FIXED32:
    case FieldDescriptor::TYPE_SFIXED32:
    case FieldDescriptor::TYPE_FLOAT:
      return 5;
    default:
      return 0;
  }
}

EveKind plain_kind(const FieldDescriptor& f) {
  switch (f.type()) {
    case FieldDescriptor::TYPE_UINT32:
    case FieldDescriptor::TYPE_UINT64:
      return EveKind::kUnsigned;
    case FieldDescriptor::TYPE_INT32:
      return EveKind::kInt32;
    case FieldDescriptor::TYPE_INT64:
      return EveKind::kInt64;
    case FieldDescriptor::TYPE_SINT32:
      return EveKind::kSint32;
    case FieldDescriptor::TYPE_SINT64:
      return EveKind::kSint64;
    case FieldDescriptor::TYPE_FIXED32:
      return EveKind::kFixed32;
    case FieldDescriptor::TYPE_FIXED64:
      return EveKind::kFixed64;
    case FieldDescriptor::TYPE_SFIXED32:
      return EveKind::kSfixed32;
    case FieldDescriptor::TYPE_SFIXED64:
      return EveKind::kSfixed64;
    case FieldDescriptor::TYPE_FLOAT:
      return EveKind::kFloat;
    case FieldDescriptor::TYPE_DOUBLE:
      return EveKind::kDouble;
    case FieldDescriptor::TYPE_BOOL:
      return EveKind::kBool;
    case FieldDescriptor::TYPE_ENUM:
      return EveKind::kEnum;
    case FieldDescriptor::TYPE_STRING:
    case FieldDescriptor::TYPE_BYTES:
      return EveKind::kText;
    case FieldDescriptor::TYPE_MESSAGE:
    case FieldDescriptor::TYPE_GROUP:
      return EveKind::kMessage;
  }
  return EveKind::kText;
}

bool is_integer(EveKind k) { return k <= EveKind::kSfixed64; }

/// Applies (format); false when it does not fit the field's type.
bool apply_format(EveField& field, v1::Format format) {
  const bool text = field.kind == EveKind::kText;
  switch (format) {
    case v1::FORMAT_PLAIN:
      return true;
    case v1::FORMAT_IP:
      field.kind = EveKind::kIp;
      return text;
    case v1::FORMAT_HEX:
      if (is_integer(field.kind)) return field.base = EveBase::kHex, true;
      field.kind = EveKind::kHexBytes;
      return text;
    case v1::FORMAT_HEX_0X:
      field.base = EveBase::kHex0x;
      return is_integer(field.kind);
    case v1::FORMAT_HEX_COLON:
      field.kind = EveKind::kHexColon;
      return text;
    case v1::FORMAT_BASE64:
      field.kind = EveKind::kBase64;
      return text;
    case v1::FORMAT_JSON:
      field.kind = EveKind::kJson;
      return text;
    case v1::FORMAT_TIME: {
      const bool fits =
          field.kind == EveKind::kFixed64 || (field.kind == EveKind::kUnsigned && !field.is_32bit);
      field.kind = EveKind::kTime;
      return fits;
    }
    default:
      return false;
  }
}

/// Applies (observable); false when it does not fit the field's type.
bool apply_observable(EveField& field, v1::Observable observable) {
  if (observable == v1::OBSERVABLE_UNSAID && field.kind == EveKind::kIp) observable = v1::OBSERVABLE_ADDRESS;
  field.observable = static_cast<std::uint8_t>(observable);
  if (observable <= v1::OBSERVABLE_NOTHING) return true;
  return observable == v1::OBSERVABLE_URL_PORT ? is_integer(field.kind) && !field.repeated
                                               : field.wire_type == 2 && field.kind != EveKind::kMessage;
}

Result<EveTable*> build(Registry& r, const Descriptor& type);

Result<EveField> build_field(Registry& r, const FieldDescriptor& f) {
  const auto bad = [&](const char* why) { return Error{f.full_name() + ": " + why}; };
  const auto& options = f.options();
  EveField field;
  const std::string& eve = options.GetExtension(v1::eve);
  field.name = eve.empty() ? f.name() : eve;
  if (field.name.find_first_of("\"\\") != std::string::npos)
    return bad("(eve) may hold no quote and no backslash");
  field.key = ",\"" + field.name + "\":";
  field.key.copy(field.short_key.data(), field.short_key.size());
  field.number = static_cast<std::uint32_t>(f.number());
  field.wire_type = wire_type(f);
  field.kind = plain_kind(f);
  field.is_32bit = f.type() == FieldDescriptor::TYPE_UINT32;
  field.repeated = f.is_repeated();
  field.flatten = options.GetExtension(v1::flatten);
  field.map = f.is_map() || options.GetExtension(v1::as_map);
  field.pairs = options.GetExtension(v1::as_pairs);
  if (!apply_format(field, options.GetExtension(v1::format))) return bad("(format) does not fit its type");
  if (!apply_observable(field, options.GetExtension(v1::observable)))
    return bad("(observable) does not fit its type");
  if (field.kind == EveKind::kEnum) field.enum_names = enum_names(r, *f.enum_type());
  if (field.flatten && (field.kind != EveKind::kMessage || (field.repeated && !field.map))) {
    return bad("(flatten) is for a single message, or with (as_map)");
  }
  if (field.kind == EveKind::kMessage) {
    auto inner = build(r, *f.message_type());
    if (!inner) return inner.error();
    field.message = inner.value();
    const auto* key = f.message_type()->FindFieldByNumber(1);
    const auto* value = f.message_type()->FindFieldByNumber(2);
    if ((field.map || field.pairs) && (key == nullptr || value == nullptr || key->is_repeated())) {
      return bad("(as_map) and (as_pairs) need a message of key = 1 and value = 2");
    }
  }
  if ((field.map || field.pairs) && (field.kind != EveKind::kMessage || !field.repeated)) {
    return bad("(as_map) and (as_pairs) are for a repeated message");
  }
  return field;
}

/// Messages may contain themselves: the table is registered before its fields are read.
Result<EveTable*> build(Registry& r, const Descriptor& type) {
  auto& slot = r.tables[&type];
  if (slot != nullptr) return slot.get();
  slot = std::make_unique<EveTable>();
  EveTable* table = slot.get();
  table->name = type.full_name();
  if (static_cast<std::size_t>(type.field_count()) > EveTable::kMaxFields) {
    return Error{table->name + ": more fields than EveTable::kMaxFields"};
  }
  for (int i = 0; i < type.field_count(); ++i) {
    auto field = build_field(r, *type.field(i));
    if (!field) return field.error();
    const std::uint32_t number = field.value().number;
    if (number >= EveTable::kMaxNumber) {
      return Error{type.field(i)->full_name() + ": its number is not below EveTable::kMaxNumber"};
    }
    if (table->by_number.size() <= number) table->by_number.resize(number + 1);
    const EveField* same_key = table->find(field.value().name);
    field.value().index = same_key != nullptr ? same_key->index : static_cast<std::uint16_t>(i);
    table->by_number[number] = static_cast<std::uint16_t>(i + 1);
    table->fields.push_back(std::move(field).value());
  }
  return table;
}

}  // namespace

const EveField* EveTable::find(std::string_view eve_name) const noexcept {
  for (const auto& f : fields) {
    if (!f.flatten && f.name == eve_name) return &f;
  }
  return nullptr;
}

Result<const EveTable*> eve_table(const Descriptor& type) {
  Registry& r = registry();
  const std::lock_guard lock(r.mutex);
  if (!r.broken.empty()) return Error{r.broken};
  auto table = build(r, type);
  if (!table) {
    r.broken = table.error().message;
    return table.error();
  }
  return static_cast<const EveTable*>(table.value());
}

const EveTable& event_table() {
  static const EveTable& table = [&]() -> const EveTable& {
    auto t = eve_table(*v1::Event::descriptor());
    if (!t) {
      std::fprintf(stderr, "bug in the schema: %s\n", t.error().message.c_str());
      std::abort();
    }
    return *t.value();
  }();
  return table;
}

}  // namespace picket
