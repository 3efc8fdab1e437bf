#include "parsers/rasta/sci.h"

#include <algorithm>

#include "parsers/rasta/sci_types.h"

namespace picket::rasta::sci {
namespace {

struct Interface {
  std::uint16_t number;
  std::string_view name, commander, element;
};
// Who commands an RBC, or who warns track workers, is not published.
constexpr Interface kInterfaces[] = {
    {kInterlocking, "SCI-ILS", "interlocking", "interlocking"},
    {kTrainDetection, "SCI-TDS", "interlocking", "train detection system"},
    {kLightSignal, "SCI-LS", "interlocking", "light signal controller"},
    {kPoint, "SCI-P", "interlocking", "point controller"},
    {kRadioBlockCentre, "SCI-RBC", "", ""},
    {kLevelCrossing, "SCI-LC", "interlocking", "level crossing controller"},
    {kControl, "SCI-CC", "command and control system", "interlocking"},
    {kTrackWorkers, "SCI-TSS", "", ""},
    {kGenericIo, "SCI-IO", "interlocking", "I/O controller"},
    {kExternalCrossing, "SCI-LX", "interlocking", "level crossing system"},
};

const Interface* interface_of(std::uint8_t protocol) noexcept {
  const auto* const at = std::find_if(std::begin(kInterfaces), std::end(kInterfaces),
                                      [protocol](const Interface& i) { return i.number == protocol; });
  return at == std::end(kInterfaces) ? nullptr : at;
}

/// Latin-1 that can be printed, and something of it.
bool is_name(Bytes b) noexcept {
  return std::all_of(b.begin(), b.end(),
                     [](std::uint8_t c) { return (c > 0x20 && c < 0x7f) || c == ' ' || c >= 0xa0; });
}

Bytes trimmed(Bytes name) noexcept {
  while (!name.empty() && (name.back() == '_' || name.back() == ' ')) name = name.first(name.size() - 1);
  return name;
}

std::size_t size_of(const FieldDef& f) noexcept {
  switch (f.kind) {
    case FieldDef::Kind::kWord:
      return 2;
    case FieldDef::Kind::kName:
      return kNameBytes;
    default:
      return 1;
  }
}

}  // namespace

Telegram read(Bytes message) noexcept {
  Telegram t;
  t.whole = message;
  Cursor in(message);
  t.protocol = in.u8();
  t.type = in.u16le();
  const Bytes sender = in.bytes(kNameBytes), receiver = in.bytes(kNameBytes);
  if (!in.ok() || interface_of(t.protocol) == nullptr || !is_name(sender) || !is_name(receiver)) return t;
  t.there = true;
  t.sender = trimmed(sender);
  t.receiver = trimmed(receiver);
  t.payload = in.rest();
  t.def = find_type(t.protocol, t.type);
  if (t.def == nullptr) {
    const std::uint16_t other = __builtin_bswap16(t.type);
    t.def = find_type(t.protocol, other);
    t.swapped = t.def != nullptr;
    if (t.swapped) t.type = other;
  }
  if (t.def == nullptr) return t;
  Value v;
  t.cut = std::any_of(t.def->fields.begin(), t.def->fields.end(),
                      [&](const FieldDef& f) { return !value_of(t, f, v); });
  // Before baseline 4 a position was all that a point told.
  if (t.cut && t.protocol == kPoint && t.type == 0x000b) t.cut = t.payload.empty();
  return t;
}

bool value_of(const Telegram& t, const FieldDef& f, Value& out) noexcept {
  Cursor in(t.payload);
  in.skip(f.offset);
  if (in.left() < size_of(f)) return false;
  out = {};
  switch (f.kind) {
    case FieldDef::Kind::kByte:
      out.number = in.u8();
      break;
    case FieldDef::Kind::kWord:
      out.number = in.u16le();
      break;
    case FieldDef::Kind::kLow:
      out.number = in.u8() & 15U;
      break;
    case FieldDef::Kind::kHigh:
      out.number = in.u8() >> 4U;
      break;
    case FieldDef::Kind::kName:
      out.bytes = trimmed(in.bytes(kNameBytes));
      break;
    case FieldDef::Kind::kCounted:
      out.number = in.u8();
      out.bytes = in.bytes(out.number);
      return in.ok();
  }
  for (const NumberName& n : f.names) {
    if (n.number == out.number) out.name = n.name;
  }
  return true;
}

std::string_view protocol_name(std::uint8_t protocol) noexcept {
  const Interface* i = interface_of(protocol);
  return i == nullptr ? std::string_view() : i->name;
}

std::string_view role(std::uint8_t protocol, Side side) noexcept {
  const Interface* i = interface_of(protocol);
  if (i == nullptr) return {};
  return side == Side::kCommander ? i->commander : i->element;
}

Bytes element(const Telegram& t) noexcept {
  return t.def == nullptr || t.def->from == Side::kCommander ? t.receiver : t.sender;
}

const OtOperation& operation(const Telegram& t) noexcept {
  if (t.def == nullptr) return operations()[kUnknown];
  for (const TypeDef::Choice& c : t.def->choices) {
    if (!t.payload.empty() && t.payload[0] == c.value) return operations()[c.operation];
  }
  return operations()[t.def->operation];
}

bool failed(const Telegram& t) noexcept {
  if (t.def == nullptr) return false;
  return t.def->refuses || (t.def->operation == kVersionResult && !t.payload.empty() && t.payload[0] != 2);
}

bool protocol_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kInterfaces, name, out);
}

}  // namespace picket::rasta::sci
