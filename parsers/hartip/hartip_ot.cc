// parsers/hartip/hartip_ot.cc — what is done with HART-IP, to which points, with which values
//
// A message does what the gravest of its commands does; what it carries for a device behind the server is done to that.
// From this follow the keywords ot.*, Event.ot, and what is told once instead of each time (parsers/core/ot.h).
#include <algorithm>

#include "parsers/core/text_writer.h"
#include "parsers/hartip/hartip_commands.h"

namespace picket::hartip {
namespace {

constexpr unsigned kMaxPoints = 128;  // addresses, or values, of a message
constexpr std::uint8_t kColdStart = 0x20;

const Message& asked(const Exchange& x) noexcept { return x.has_request ? x.request : x.reply; }

/// What nobody knows weighs more than what only looks.
unsigned weight(const OtOperation& o) noexcept {
  return o.unknown ? 2 * static_cast<unsigned>(OtClass::kDiagnostic) + 1
                   : 2 * static_cast<unsigned>(o.ot_class);
}

Does does_without_command(const Message& m) noexcept {
  switch (m.frame.id) {
    case MessageId::kSessionInitiate:
      return Does::kInitiate;
    case MessageId::kSessionClose:
      return Does::kClose;
    case MessageId::kKeepAlive:
      return Does::kKeepAlive;
    case MessageId::kAuditLog:
      return Does::kReadAuditLog;
    case MessageId::kDiscovery:
      return Does::kDiscover;
    case MessageId::kTokenPassing:
    case MessageId::kDirect:
      return Does::kNoCommand;
  }
  return Does::kOtherMessage;
}

bool point(OtAddress& out, std::uint64_t first, std::uint64_t last, Bytes text) noexcept {
  out.first = first;
  out.last = last;
  out.text = text;
  return true;
}

/// The n-th point that a command names; `n` is counted down by those that it has.
bool point_of(const Exchange& x, const Command& c, unsigned& n, OtAddress& out) noexcept {
  TextWriter text(x.text_room);
  const CommandInfo* info = command_info(c.number);
  if (info == nullptr) {
    if (n != 0) return --n, false;
    return point(out, c.number, c.number, (text << "command " << c.number).bytes());
  }
  if (info->points != Points::kNone) {
    if (n != 0) return --n, false;
    switch (info->points) {
      case Points::kDynamic:
        return point(out, kPv, kQv, as_bytes("PV to QV"));
      case Points::kLoop:
        return point(out, kLoop, kLoop, as_bytes("loop current"));
      default:
        return point(out, kPv, kPv, as_bytes("PV"));
    }
  }
  ItemReader items(layout_of(c), c.data);
  std::uint64_t card = 0;
  for (Item i; items.next(i);) {
    if (i.field == Field::kIoCard) card = i.number;
    const bool is_point = i.field == Field::kCode || i.field == Field::kAnalogChannel ||
                          i.field == Field::kSubIndex || i.field == Field::kChannel;
    if (!is_point) continue;
    if (n != 0) {
      --n;
      continue;
    }
    if (i.field == Field::kChannel) {
      out.text = (text << "card " << card << " channel " << i.number).bytes();
      return true;
    }
    if (i.field == Field::kAnalogChannel) {
      text << "analog channel " << i.number;
    } else if (i.field == Field::kSubIndex) {
      text << "sub-device " << i.number;
    } else if (const std::string_view name = value_name(Field::kCode, i.number); !name.empty()) {
      text << name;
    } else {
      text << "device variable " << i.number;
    }
    return point(out, i.number, i.number, text.bytes());
  }
  return false;
}

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  if (n >= kMaxPoints) return false;
  CommandReader commands(asked(x));
  for (Command c; commands.next(c);) {
    if (point_of(x, c, n, out)) return true;
  }
  return false;
}

bool value_of(const Exchange& x, const Item& i, OtValue& out) noexcept {
  switch (info_of(i.field).kind) {
    case Kind::kPacked:
      out.text = as_bytes({x.text_room.data(), unpack_ascii(i.raw, x.text_room)});
      return true;
    case Kind::kLatin: {
      Bytes t = i.raw;
      while (!t.empty() && (t.back() == ' ' || t.back() == 0)) t = t.first(t.size() - 1);
      out.text = t;
      return true;
    }
    case Kind::kFloat:
      out.is_number = true;
      out.number = i.real;
      return true;
    default:
      out.is_number = true;
      out.number = static_cast<double>(i.number);
      return true;
  }
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const bool seen = dir == Direction::kToServer ? x.has_request : x.has_reply;
  if (!seen || n >= kMaxPoints) return false;
  const Message& m = dir == Direction::kToServer ? x.request : x.reply;
  if (m.has_session) {
    out.is_number = true;
    out.number = m.inactivity_ms;
    return n == 0;
  }
  CommandReader commands(m);
  for (Command c; commands.next(c);) {
    ItemReader items(layout_of(c), c.data);
    for (Item i; items.next(i);) {
      if (info_of(i.field).is_value && n-- == 0) return value_of(x, i, out);
    }
  }
  return false;
}

}  // namespace

const OtProtocol kOt = {"hartip", kOperations, address, value};

void set_operation(Exchange& x) noexcept {
  const Message& m = asked(x);
  x.ot = &kOt;
  x.operation = &operation_of(does_without_command(m));
  x.station = kNoOtStation;
  bool found = false;
  CommandReader commands(m);
  std::int64_t device = kNoOtStation;
  for (Command c; commands.next(c);) {
    if (c.has_pdu) device = static_cast<std::int64_t>(c.pdu.device());
    if (c.has_device_status && (c.device_status & kColdStart) != 0) x.apart = true;
    const OtOperation& o = operation_of(c.number);
    if (found && weight(o) <= weight(*x.operation)) continue;
    found = true;
    x.operation = &o;
    x.station = device;
  }
  if (m.frame.type == MessageType::kPublish) x.operation = &operation_of(Does::kPublish);
}

}  // namespace picket::hartip
