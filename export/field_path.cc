#include "export/field_path.h"

#include <fmt/format.h>

#include "export/eve.h"

namespace picket {
namespace {

/// Finds a field by EVE name, also among those of flattened messages; `through` gets the way there.
bool find(const EveTable& table, std::string_view name, std::vector<const EveField*>& through,
          unsigned depth = 0) {
  if (depth > 8) return false;
  if (const EveField* f = table.find(name); f != nullptr) return through.push_back(f), true;
  for (const auto& f : table.fields) {
    if (!f.flatten || f.map) continue;
    through.push_back(&f);
    if (find(*f.message, name, through, depth + 1)) return true;
    through.pop_back();
  }
  return false;
}

/// As many as a person reads.
std::string known_names(const EveTable& table) {
  constexpr std::size_t kEnough = 250;
  std::string names;
  std::size_t shown = 0;
  for (const auto& f : table.fields) {
    if (names.size() > kEnough) break;
    names += (names.empty() ? "" : ", ") + f.name;
    ++shown;
  }
  if (shown < table.fields.size()) names += fmt::format(" and {} more", table.fields.size() - shown);
  return names;
}

}  // namespace

Result<FieldPath> FieldPath::compile(std::string_view dotted, const EveTable& start) {
  FieldPath path;
  const EveTable* table = &start;
  std::string_view rest = dotted;
  while (!rest.empty()) {
    const std::size_t dot = rest.find('.');
    const std::string_view name = rest.substr(0, dot);
    rest = dot == std::string_view::npos ? std::string_view{} : rest.substr(dot + 1);
    if (table == nullptr) {
      return Error{fmt::format("'{}' has no field '{}': it is a plain value", path.field().name, name)};
    }
    std::vector<const EveField*> through;
    if (!find(*table, name, through)) {
      return Error{fmt::format("there is no field '{}'; known here: {}", name, known_names(*table))};
    }
    for (const EveField* f : through) path.parts_.push_back({f, {}});
    const EveField* last = through.back();
    table = last->message;
    if (last->map) {  // "stats.ledger.verdicts.inspected": the next name is a key; keys may hold dots of
                      // their own
      if (rest.empty()) return Error{fmt::format("'{}' needs a key: {}.KEY", dotted, dotted)};
      const EveField* value = table->find(2);
      const bool whole = value->kind != EveKind::kMessage;
      const std::size_t end = whole ? std::string_view::npos : rest.find('.');
      path.parts_.back().key = std::string(rest.substr(0, end));
      rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
      path.parts_.push_back({value, {}});
      table = value->message;
    }
  }
  if (path.parts_.empty()) return Error{"a field's name is missing"};
  if (path.field().kind == EveKind::kMessage) {
    return Error{
        fmt::format("'{}' is a group; name a field in it: {}", dotted, known_names(*path.field().message))};
  }
  return path;
}

bool FieldPath::any(Bytes record, const std::function<bool(std::uint64_t, Bytes)>& visit) const {
  return any_from(0, record, visit);
}

bool FieldPath::any_from(std::size_t part, Bytes message,
                         const std::function<bool(std::uint64_t, Bytes)>& visit) const {
  const EveField& f = *parts_[part].field;
  WireReader in(message);
  for (WireField wire; in.next(wire);) {
    if (wire.number != f.number) continue;
    if (f.kind == EveKind::kMessage) {
      if (wire.type != 2) continue;
      const bool found =
          f.map ? any_of_entry(part, wire.bytes, visit) : any_from(part + 1, wire.bytes, visit);
      if (found) return true;
    } else if (wire.type == f.wire_type) {
      if (visit(wire.value, wire.bytes)) return true;
    } else if (f.repeated && wire.type == 2) {  // packed
      WireReader packed(wire.bytes);
      while (!packed.empty()) {
        const std::uint64_t v = f.wire_type == 0   ? packed.varint()
                                : f.wire_type == 1 ? packed.fixed<std::uint64_t>()
                                                   : packed.fixed<std::uint32_t>();
        if (packed.ok() && visit(v, {})) return true;
      }
    }
  }
  return false;
}

bool FieldPath::any_of_entry(std::size_t part, Bytes entry,
                             const std::function<bool(std::uint64_t, Bytes)>& visit) const {
  const EveField& key = *parts_[part].field->message->find(1);
  WireReader in(entry);
  for (WireField wire; in.next(wire);) {
    if (wire.number != 1 || wire.type != key.wire_type) continue;
    if (eve_value_text(key, wire.value, wire.bytes) == parts_[part].key)
      return any_from(part + 1, entry, visit);
  }
  return false;
}

}  // namespace picket
