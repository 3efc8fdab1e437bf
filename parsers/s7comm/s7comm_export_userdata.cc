// Lists of userdata: what a controller is, which blocks it has, what it reports.
#include <algorithm>

#include "parsers/s7comm/s7comm.pb.h"
#include "parsers/s7comm/s7comm_export.h"

namespace picket::s7comm {
namespace {

using v1::S7commDiagnostic;
using v1::S7commSzl;
using v1::S7commUserdata;

/// Ends when a list has more entries than a record takes.
class Entries {
 public:
  Entries(Bytes list, std::size_t size, std::size_t most) noexcept
      : c_(list), size_(size), left_(size == 0 ? 0 : most) {}
  [[nodiscard]] bool next(Cursor& entry) noexcept {
    if (left_ == 0 || c_.left() < size_) return false;
    --left_;
    entry = Cursor(c_.bytes(size_));
    return true;
  }
  [[nodiscard]] bool cut() const noexcept { return left_ == 0 && size_ != 0 && c_.left() >= size_; }

 private:
  Cursor c_;
  std::size_t size_, left_;
};

/// Eight bytes of BCD: year, month, day, hour, minute, second, three digits of milliseconds and the day of the week.
void clock(WireWriter& w, int field, Bytes b) noexcept {
  if (b.size() != 8) return;
  for (const std::uint8_t c : b) {
    if (c >> 4 > 9 || (c & 15) > 9) return;
  }
  char t[] = "20..-..-..T..:..:.......";
  const auto digits = [&](std::size_t at, std::uint8_t v) {
    t[at] = static_cast<char>('0' + (v >> 4));
    t[at + 1] = static_cast<char>('0' + (v & 15));
  };
  if (b[0] >= 0x90) t[0] = '1', t[1] = '9';
  for (std::size_t i = 0; i < 6; ++i) digits(2 + 3 * i, b[i]);
  digits(20, b[6]);
  t[22] = static_cast<char>('0' + (b[7] >> 4));
  w.text(field, {t, 23});
}

std::string_view event_class(std::uint16_t event) noexcept {
  constexpr std::string_view kNames[] = {"",
                                         "standard OB",
                                         "synchronous error",
                                         "asynchronous error",
                                         "mode transition",
                                         "run-time event",
                                         "communication event",
                                         "fail-safe or fault-tolerant system",
                                         "module diagnostics",
                                         "predefined user event",
                                         "user event",
                                         "user event",
                                         "",
                                         "",
                                         "",
                                         "other module"};
  return kNames[event >> 12];
}

void diagnostic(WireWriter& w, int field, Cursor c) noexcept {
  const auto d = w.message(field);
  const std::uint16_t event = c.u16be();
  w.u64(S7commDiagnostic::kEventFieldNumber, event);
  write_name(w, S7commDiagnostic::kEventClassFieldNumber, event_class(event));
  w.boolean(S7commDiagnostic::kEnteringFieldNumber, (event & 0x0100) != 0);
  w.u64(S7commDiagnostic::kPriorityFieldNumber, c.u8());
  w.u64(S7commDiagnostic::kObFieldNumber, c.u8());
  c.skip(2);
  w.u64(S7commDiagnostic::kInfo1FieldNumber, c.u16be());
  w.u64(S7commDiagnostic::kInfo2FieldNumber, c.u32be());
  clock(w, S7commDiagnostic::kTimeFieldNumber, c.bytes(8));
}

/// 'V' and three numbers.
void version(WireWriter& w, int field, Bytes b) noexcept {
  if (b.size() != 4 || b[0] != 'V') return;
  char t[16];
  std::size_t n = 0;
  t[n++] = 'V';
  for (std::size_t i = 1; i < 4; ++i) {
    if (i != 1) t[n++] = '.';
    if (b[i] >= 100) t[n++] = static_cast<char>('0' + b[i] / 100);
    if (b[i] >= 10) t[n++] = static_cast<char>('0' + b[i] / 10 % 10);
    t[n++] = static_cast<char>('0' + b[i] % 10);
  }
  w.text(field, {t, n});
}

void module(WireWriter& w, Cursor c) noexcept {
  using v1::S7commModule;
  const auto m = w.message(S7commSzl::kModulesFieldNumber);
  const std::uint16_t index = c.u16be();
  w.u64(S7commModule::kIndexFieldNumber, index);
  write_name(w, S7commModule::kNameFieldNumber, module_name(index));
  w.bytes(S7commModule::kOrderNumberFieldNumber, unpadded(c.bytes(20)));
  w.u64(S7commModule::kTypeFieldNumber, c.u16be());
  version(w, S7commModule::kVersionFieldNumber, c.bytes(4));
}

void component(WireWriter& w, Cursor c) noexcept {
  using v1::S7commComponent;
  const auto m = w.message(S7commSzl::kComponentsFieldNumber);
  const std::uint16_t index = c.u16be();
  w.u64(S7commComponent::kIndexFieldNumber, index);
  write_name(w, S7commComponent::kNameFieldNumber, component_name(index));
  w.bytes(S7commComponent::kValueFieldNumber, unpadded(c.bytes(std::min<std::size_t>(c.left(), 32))));
}

void led(WireWriter& w, Cursor c) noexcept {
  using v1::S7commLed;
  const auto m = w.message(S7commSzl::kLedsFieldNumber);
  w.u64(S7commLed::kRackFieldNumber, c.u8() & 7U);
  write_name(w, S7commLed::kNameFieldNumber, led_name(c.u8()));
  w.boolean(S7commLed::kOnFieldNumber, c.u8() != 0);
  w.u64(S7commLed::kBlinkFieldNumber, c.u8());
}

void protection(WireWriter& w, Cursor c) noexcept {
  using v1::S7commProtection;
  const auto p = w.message(S7commSzl::kProtectionFieldNumber);
  c.skip(2);
  w.u64(S7commProtection::kKeyLevelFieldNumber, c.u16be());
  w.u64(S7commProtection::kParameterLevelFieldNumber, c.u16be());
  w.u64(S7commProtection::kLevelFieldNumber, c.u16be());
  write_name(w, S7commProtection::kModeSwitchFieldNumber, switch_name(c.u16be()));
}

void szl_entry(WireWriter& w, const Szl& s, Cursor c) noexcept {
  const std::uint8_t list = s.id & 0xff;
  switch (list) {
    case 0x00:
      return w.u64(S7commSzl::kListsFieldNumber, c.u16be());
    case 0x11:
      if (c.left() >= 28) return module(w, c);
      break;
    case 0x1c:
      if (c.left() >= 34) return component(w, c);
      break;
    case 0x19:
    case 0x74:
      if (c.left() == 4) return led(w, c);
      break;
    case 0x24:
      if (c.left() < 4) break;
      c.skip(3);
      {
        const std::uint8_t modes = c.u8();
        write_name(w, S7commSzl::kModeFieldNumber, mode_name(modes & 15));
        write_name(w, S7commSzl::kPreviousModeFieldNumber, mode_name(modes >> 4));
      }
      return;
    case 0x32:
      if (s.index == 4 && c.left() >= 10) return protection(w, c);
      break;
    case 0xa0:
      if (c.left() == 20) return diagnostic(w, S7commSzl::kDiagnosticsFieldNumber, c);
      break;
    default:
      break;
  }
  w.bytes(S7commSzl::kEntriesFieldNumber, c.rest().first(std::min(c.left(), kMaxRaw)));
}

/// False when entries were left out.
bool szl(WireWriter& w, const Szl& s, bool reply) noexcept {
  const auto l = w.message(S7commUserdata::kSzlFieldNumber);
  w.u64(S7commSzl::kIdFieldNumber, s.id);
  write_name(w, S7commSzl::kNameFieldNumber, szl_name(s.id));
  w.u64(S7commSzl::kIndexFieldNumber, s.index);
  if (!reply) return true;
  w.u64(S7commSzl::kEntrySizeFieldNumber, s.size);
  w.u64(S7commSzl::kEntryCountFieldNumber, s.count);
  Entries entries(s.entries, s.size, std::min<std::size_t>(s.count, kMaxEntries));
  Cursor c;
  while (entries.next(c)) szl_entry(w, s, c);
  return s.count <= kMaxEntries;
}

/// Lists of blocks, and what one is; false when entries were left out.
bool blocks(WireWriter& w, const Message& m) noexcept {
  Cursor c(m.payload), entry;
  const bool reply = m.userdata_type() == UserdataType::kResponse;
  Entries entries(m.payload, 4, kMaxEntries);
  switch (m.subfunction) {
    case 1:
      while (reply && entries.next(entry)) {
        const auto e = w.message(S7commUserdata::kBlockCountsFieldNumber);
        entry.skip(1);
        write_name(w, v1::S7commBlockCount::kTypeFieldNumber, block_type_name(entry.u8()));
        w.u64(v1::S7commBlockCount::kCountFieldNumber, entry.u16be());
      }
      return !entries.cut();
    case 2:
      if (!reply) {
        c.skip(1);
        write_name(w, S7commUserdata::kBlockTypeFieldNumber, block_type_name(c.u8()));
        return true;
      }
      while (entries.next(entry)) {
        using v1::S7commBlockEntry;
        const auto e = w.message(S7commUserdata::kBlocksFieldNumber);
        w.u64(S7commBlockEntry::kNumberFieldNumber, entry.u16be());
        w.u64(S7commBlockEntry::kFlagsFieldNumber, entry.u8());
        write_name(w, S7commBlockEntry::kLanguageFieldNumber, language_name(entry.u8()));
      }
      return !entries.cut();
    case 3: {
      if (!reply) {
        write_block_name(w, S7commUserdata::kBlockNameFieldNumber, m.payload);
        return true;
      }
      BlockInfo info;
      c.skip(6);
      if (read_block_info(c.rest(), info))
        write_block_info(w, S7commUserdata::kBlockInfoFieldNumber, info, true);
      return true;
    }
    default:
      return true;
  }
}

void messages(WireWriter& w, const Message& m) noexcept {
  using v1::S7commMessages;
  if (m.userdata_type() != UserdataType::kRequest || m.payload.empty()) return;
  constexpr struct {
    std::uint8_t bit;
    std::string_view name;
  } kKinds[] = {
      {0x01, "mode transition"}, {0x02, "system diagnostics"}, {0x04, "user messages"}, {0x80, "alarms"}};
  const auto s = w.message(S7commUserdata::kMessagesFieldNumber);
  Cursor c(m.payload);
  const std::uint8_t kinds = c.u8();
  w.u64(S7commMessages::kSubscribedFieldNumber, kinds);
  for (const auto& k : kKinds) {
    if ((kinds & k.bit) != 0) w.text(S7commMessages::kKindsFieldNumber, k.name);
  }
  c.skip(1);
  if (c.left() >= 8) w.bytes(S7commMessages::kUserFieldNumber, unpadded(c.bytes(8)));
}

/// Objects of an alarm: 12, length, syntax, number of values, event. An indication has the time before.
void alarms(WireWriter& w, const Message& m) noexcept {
  constexpr unsigned kMostAlarms = 16;
  Cursor c(m.payload);
  if (m.userdata_type() == UserdataType::kPush) c.skip(8);
  c.skip(1);
  const unsigned count = std::min<unsigned>(c.u8(), kMostAlarms);
  for (unsigned i = 0; i < count; ++i) {
    if (c.u8() != 0x12) return;
    Cursor object(c.bytes(c.u8()));
    object.skip(2);
    const std::uint32_t event = object.u32be();
    if (!object.ok()) return;
    w.u64(S7commUserdata::kAlarmsFieldNumber, event);
  }
}

void cpu(WireWriter& w, const Message& m) noexcept {
  switch (m.subfunction) {
    case 2:
      return messages(w, m);
    case 3:
      if (m.payload.size() == 20) diagnostic(w, S7commUserdata::kDiagnosticFieldNumber, Cursor(m.payload));
      return;
    case 0x13:  // what is pending is no list of objects
      return;
    default:
      if (m.userdata_type() != UserdataType::kResponse) alarms(w, m);
  }
}

/// Lengths, parameters, and variables.
void test(WireWriter& w, const Message& m) noexcept {
  using v1::S7commTest;
  Cursor c(m.payload);
  const std::uint16_t parameters = c.u16be();
  c.skip(2);
  const Bytes p = c.bytes(parameters);
  if (!c.ok()) return;
  const auto t = w.message(S7commUserdata::kTestFieldNumber);
  if (m.userdata_type() == UserdataType::kRequest && p.size() >= 20) {
    w.u64(S7commTest::kTriggerFieldNumber, unsigned{p[18]} << 8 | p[19]);
  }
  Item x;
  std::size_t n = 0;
  for (; n < kMaxItems && test_item(m, n, x); ++n) {
    if (x.known) write_address(w, S7commTest::kAddressesFieldNumber, x);
  }
  if (n != 0) c.skip(2 + 6 * n);
  if (!c.empty()) w.bytes(S7commTest::kDataFieldNumber, c.rest().first(std::min(c.left(), kMaxRaw)));
}

}  // namespace

void write_block_info(WireWriter& w, int field, const BlockInfo& b, bool whole) noexcept {
  using v1::S7commBlockInfo;
  const auto i = w.message(field);
  write_name(w, S7commBlockInfo::kLanguageFieldNumber, language_name(b.language));
  write_name(w, S7commBlockInfo::kTypeFieldNumber, block_type_name(b.type));
  w.u64(S7commBlockInfo::kNumberFieldNumber, b.number);
  w.u64(S7commBlockInfo::kLoadLengthFieldNumber, b.load);
  w.boolean(S7commBlockInfo::kKnowHowProtectedFieldNumber, b.protected_);
  w.fixed64(S7commBlockInfo::kCodeTimeFieldNumber, b.code_ns);
  w.fixed64(S7commBlockInfo::kInterfaceTimeFieldNumber, b.interface_ns);
  w.u64(S7commBlockInfo::kLocalDataLengthFieldNumber, b.local_data);
  w.u64(S7commBlockInfo::kCodeLengthFieldNumber, b.code);
  if (!whole || b.author.empty()) return;
  w.bytes(S7commBlockInfo::kAuthorFieldNumber, unpadded(b.author));
  w.bytes(S7commBlockInfo::kFamilyFieldNumber, unpadded(b.family));
  w.bytes(S7commBlockInfo::kHeaderNameFieldNumber, unpadded(b.name));
  char text[5];
  std::size_t n = 0;
  for (const int part : {b.version >> 4, b.version & 15}) {
    if (n != 0) text[n++] = '.';
    if (part >= 10) text[n++] = '1';
    text[n++] = static_cast<char>('0' + part % 10);
  }
  w.text(S7commBlockInfo::kVersionFieldNumber, {text, n});
  w.u64(S7commBlockInfo::kChecksumFieldNumber, b.checksum);
}

void write_userdata(WireWriter& w, const Message& m) noexcept {
  bool whole = true;
  {
    const auto u = w.message(v1::S7commMessage::kUserdataFieldNumber);
    write_name(w, S7commUserdata::kTypeFieldNumber, userdata_type_name(m.userdata_type()));
    w.u64(S7commUserdata::kGroupFieldNumber, m.group);
    write_name(w, S7commUserdata::kGroupNameFieldNumber, group_name(m.group));
    w.u64(S7commUserdata::kSubfunctionFieldNumber, m.subfunction);
    write_name(w, S7commUserdata::kSubfunctionNameFieldNumber, subfunction_name(m.group, m.subfunction));
    w.u64(S7commUserdata::kSequenceFieldNumber, m.sequence);
    if (m.unit != 0) w.u64(S7commUserdata::kDataUnitFieldNumber, m.unit);
    if (!m.last) w.boolean(S7commUserdata::kMoreFieldNumber, true);
    if (m.units != 0) w.u64(S7commUserdata::kUnitsFieldNumber, m.units);
    if (!m.data.empty()) {
      w.u64(S7commUserdata::kReturnCodeFieldNumber, m.return_code);
      write_name(w, S7commUserdata::kReturnNameFieldNumber, return_code_name(m.return_code));
    }
    Szl list;
    if (m.payload.empty()) return;
    if (read_szl(m, list)) {
      // Entries are cut where units are: the last one has them whole.
      if (!m.last) list.entries = {};
      whole = szl(w, list, m.userdata_type() == UserdataType::kResponse);
    } else if (m.last) {
      switch (static_cast<Group>(m.group)) {
        case Group::kProgrammer:
          test(w, m);
          break;
        case Group::kCyclic:
          // Hundreds of milliseconds, seconds, tens of seconds.
          if (m.userdata_type() == UserdataType::kRequest && m.items.count != 0 && m.payload.size() >= 4 &&
              m.payload[2] < 3) {
            constexpr unsigned kBase[] = {100, 1000, 10000};
            w.u64(S7commUserdata::kIntervalMsFieldNumber, kBase[m.payload[2]] * m.payload[3]);
          }
          break;
        case Group::kBlock:
          whole = blocks(w, m);
          break;
        case Group::kCpu:
          cpu(w, m);
          break;
        case Group::kTime:
          if (m.payload.size() == 10) clock(w, S7commUserdata::kClockFieldNumber, m.payload.subspan(2));
          break;
        default:
          break;
      }
    }
  }
  if (!whole) w.boolean(v1::S7commMessage::kTruncatedFieldNumber, true);
}

}  // namespace picket::s7comm
