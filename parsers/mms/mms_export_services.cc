// What a service says: objects, values, results, and the forms that some services have of their own.
#include <algorithm>

#include "parsers/core/iec61850.h"
#include "parsers/core/text_writer.h"
#include "parsers/mms/mms.pb.h"
#include "parsers/mms/mms_export.h"

namespace picket::mms {
namespace {

using v1::MmsMessage;

constexpr std::size_t kRoom = 160;  // for paths and texts of numbers

void truncated(WireWriter& w) noexcept { w.boolean(MmsMessage::kTruncatedFieldNumber, true); }

bool context(Bytes content, std::uint32_t tag, ber::Element& e) noexcept {
  return ber::find_context(content, tag, e);
}
bool context_integer(Bytes content, std::uint32_t tag, std::int64_t& out) noexcept {
  ber::Element e;
  return context(content, tag, e) && ber::read_integer(e.content, out);
}
/// `data` with dots between the names, which in MMS are `$`.
void dotted(TextWriter& w, Bytes data) noexcept {
  for (const std::uint8_t c : data) w << (c == '$' ? std::string_view(".") : as_text({&c, 1}));
}

std::string_view kind_of(const Message& m) noexcept {
  if (m.is(Service::kRead) || m.is(Service::kWrite) || m.is(Service::kInformationReport)) {
    return m.variable_list ? "variable list" : "variable";
  }
  if (m.is(Service::kDefineNamedVariableList) || m.is(Service::kDeleteNamedVariableList))
    return "variable list";
  if (m.is(Service::kGetNamedVariableListAttributes)) {
    return m.is(Pdu::kConfirmedRequest) ? "variable list" : "variable";
  }
  if (m.service >= static_cast<std::uint16_t>(Service::kReadJournal) &&
      m.service <= static_cast<std::uint16_t>(Service::kDeleteJournal)) {
    return "journal";
  }
  if (m.is(Service::kGetVariableAccessAttributes)) return "variable";
  return "object";
}

void object(WireWriter& w, const Message& m, const Object& o, bool member) noexcept {
  using v1::MmsObject;
  const auto s = w.message(MmsMessage::kObjectsFieldNumber);
  w.text(MmsObject::kKindFieldNumber, member ? "variable" : kind_of(m));
  w.text(MmsObject::kScopeFieldNumber, scope_name(o.scope));
  write_bytes(w, MmsObject::kDomainFieldNumber, o.domain);
  write_bytes(w, MmsObject::kItemFieldNumber, o.item);
  IecName name;
  if (split_name(o.item, name)) {
    char room[kRoom];
    TextWriter data(room);
    dotted(data, name.data);
    w.bytes(MmsObject::kLogicalNodeFieldNumber, name.node);
    w.bytes(MmsObject::kFcFieldNumber, name.fc);
    w.text(MmsObject::kFcNameFieldNumber, fc_name(as_text(name.fc)));
    write_bytes(w, MmsObject::kDataFieldNumber, data.bytes());
  }
  if (o.scope == Scope::kAddress && o.symbolic_address.empty())
    w.u64(MmsObject::kAddressFieldNumber, o.address);
  write_bytes(w, MmsObject::kSymbolicAddressFieldNumber, o.symbolic_address);
  if (o.alternate) w.boolean(MmsObject::kAlternateAccessFieldNumber, true);
  write_bytes(w, MmsObject::kComponentFieldNumber, o.component);
  write_known(w, MmsObject::kIndexFieldNumber, o.index);
  write_known(w, MmsObject::kElementsFieldNumber, o.elements);
}

void quality(WireWriter& w, const Iec61850Time& t) noexcept {
  using v1::MmsValue;
  if (t.leap_seconds_known) w.text(MmsValue::kTimeQualityFieldNumber, "leap seconds known");
  if (t.clock_failure) w.text(MmsValue::kTimeQualityFieldNumber, "clock failure");
  if (t.clock_not_synchronized) w.text(MmsValue::kTimeQualityFieldNumber, "not synchronized");
  w.u64(MmsValue::kTimeAccuracyFieldNumber, t.accuracy_bits);
}

/// Milliseconds of the day as "22:13:20.000".
void time_of_day(WireWriter& w, int field, std::uint32_t ms) noexcept {
  char room[16];
  const auto digits = [&](std::size_t at, std::uint32_t v, unsigned n) {
    for (unsigned i = n; i-- > 0; v /= 10) room[at + i] = static_cast<char>('0' + v % 10);
  };
  digits(0, ms / 3'600'000 % 100, 2);
  digits(3, ms / 60'000 % 60, 2);
  digits(6, ms / 1000 % 60, 2);
  digits(9, ms % 1000, 3);
  room[2] = room[5] = ':';
  room[8] = '.';
  w.text(field, {room, 12});
}

void plain(WireWriter& w, const Value& v) noexcept {
  using v1::MmsValue;
  std::int64_t i = 0;
  std::uint64_t u = 0;
  std::uint32_t ms = 0;
  double number = 0;
  Iec61850Time t;
  char room[kRoom];
  switch (v.type) {
    case Type::kBoolean:
      return w.boolean(MmsValue::kBooleanFieldNumber, ber::read_boolean(v.content));
    case Type::kInteger:
    case Type::kBcd:
      if (ber::read_integer(v.content, i)) return w.i64(MmsValue::kIntegerFieldNumber, i);
      break;
    case Type::kUnsigned:
      if (ber::read_unsigned(v.content, u)) return w.u64(MmsValue::kUnsignedFieldNumber, u);
      break;
    case Type::kFloat:
      if (read_float(v.content, number)) return w.f64(MmsValue::kNumberFieldNumber, number);
      break;
    case Type::kBits:
    case Type::kBooleans:
      if (ber::bit_count(v.content) > kMaxBits)
        w.u64(MmsValue::kLengthFieldNumber, ber::bit_count(v.content));
      return w.text(MmsValue::kBitsFieldNumber, {room, write_bits(v.content, room)});
    case Type::kText:
    case Type::kMmsString:
    case Type::kGeneralizedTime:
      if (v.content.size() > kMaxText) w.u64(MmsValue::kLengthFieldNumber, v.content.size());
      return w.bytes(MmsValue::kTextFieldNumber, v.content.first(std::min(v.content.size(), kMaxText)));
    case Type::kOid:
      return w.text(MmsValue::kTextFieldNumber, {room, ber::write_oid(v.content, room)});
    case Type::kUtcTime:
      if (!read_iec61850_time(v.content, t)) break;
      w.fixed64(MmsValue::kTimeFieldNumber, t.ns);
      return quality(w, t);
    case Type::kBinaryTime:
      if (read_binary_time(v.content, u, ms)) return w.fixed64(MmsValue::kTimeFieldNumber, u);
      if (v.content.size() == 4) return time_of_day(w, MmsValue::kTimeOfDayFieldNumber, ms);
      break;
    default:
      break;
  }
  if (v.content.size() > kMaxText) w.u64(MmsValue::kLengthFieldNumber, v.content.size());
  w.bytes(MmsValue::kOctetsFieldNumber, v.content.first(std::min(v.content.size(), kMaxText)));
}

void values(WireWriter& w, const Message& m) noexcept {
  using v1::MmsValue;
  ValueWalk walk(told_values(m));
  Value v;
  for (std::size_t n = 0; n < kMaxValues && walk.next(v); ++n) {
    char room[kRoom];
    const auto s = w.message(MmsMessage::kValuesFieldNumber);
    w.u64(MmsValue::kObjectFieldNumber, v.object);
    if (const std::size_t size = walk.write_path(room); size != 0)
      w.text(MmsValue::kPathFieldNumber, {room, size});
    write_name(w, MmsValue::kTypeFieldNumber, type_name(static_cast<std::uint32_t>(v.type)));
    plain(w, v);
  }
}

/// Of a write all; of what was read those that were not.
void results(WireWriter& w, Bytes list, bool write, bool& more) noexcept {
  using v1::MmsResult;
  Cursor c(list);
  ber::Element e;
  std::size_t written = 0;
  for (std::uint32_t n = 0; ber::read(c, e); ++n) {
    const bool failed = e.context(0) && !e.constructed;
    if (!failed && !write) continue;
    if (written++ == kMaxObjects) {
      more = true;
      return;
    }
    const auto s = w.message(MmsMessage::kResultsFieldNumber);
    w.u64(MmsResult::kObjectFieldNumber, n);
    w.boolean(MmsResult::kSuccessFieldNumber, !failed);
    std::int64_t error = 0;
    if (!failed || !ber::read_integer(e.content, error)) continue;
    w.i64(MmsResult::kErrorFieldNumber, error);
    write_name(w, MmsResult::kErrorNameFieldNumber, access_error_name(error));
  }
}

void objects_and_values(WireWriter& w, const Message& m, bool& more) noexcept {
  if (m.object_count != 0) w.u64(MmsMessage::kObjectCountFieldNumber, m.object_count);
  ObjectWalk walk(m);
  Object o;
  for (std::size_t n = 0; n < kMaxObjects && walk.next(o); ++n)
    object(w, m, o, m.form == Form::kDefinition && n != 0);
  if (m.value_count != 0) w.u64(MmsMessage::kValueCountFieldNumber, m.value_count);
  values(w, m);
  more = m.object_count > kMaxObjects || m.value_count > kMaxValues;
  if (m.answers(Service::kWrite)) results(w, m.body.content, true, more);
  if (m.answers(Service::kRead) || m.reports()) results(w, told_values(m), false, more);
}

void names(WireWriter& w, const Message& m, bool& more) noexcept {
  using v1::MmsNameList;
  NameList l;
  if (!read_name_list(m, l)) return;
  const auto s = w.message(MmsMessage::kNamesFieldNumber);
  if (m.is(Pdu::kConfirmedRequest)) {
    write_known(w, MmsNameList::kObjectClassFieldNumber, l.object_class);
    write_name(w, MmsNameList::kObjectClassNameFieldNumber, object_class_name(l.object_class));
    w.text(MmsNameList::kScopeFieldNumber, scope_name(l.scope));
    write_bytes(w, MmsNameList::kDomainFieldNumber, l.domain);
    return write_bytes(w, MmsNameList::kContinueAfterFieldNumber, l.continue_after);
  }
  Cursor c(l.names);
  ber::Element e;
  std::size_t n = 0;
  for (; ber::read(c, e); ++n) {
    if (n < kMaxValues) write_bytes(w, MmsNameList::kIdentifiersFieldNumber, e.content);
  }
  w.u64(MmsNameList::kCountFieldNumber, n);
  w.boolean(MmsNameList::kMoreFieldNumber, l.more);
  more = more || n > kMaxValues;
}

void identity(WireWriter& w, const Message& m) noexcept {
  using v1::MmsIdentity;
  Identity i;
  if (!read_identity(m, i)) return;
  const auto s = w.message(MmsMessage::kIdentityFieldNumber);
  write_bytes(w, MmsIdentity::kVendorFieldNumber, i.vendor);
  write_bytes(w, MmsIdentity::kModelFieldNumber, i.model);
  write_bytes(w, MmsIdentity::kRevisionFieldNumber, i.revision);
  Cursor c(i.syntaxes);
  ber::Element e;
  for (std::size_t n = 0; n < kMaxFew && ber::read(c, e); ++n)
    write_oid(w, MmsIdentity::kAbstractSyntaxesFieldNumber, e.content);
}

void status(WireWriter& w, const Message& m) noexcept {
  using v1::MmsStatus;
  if (!m.answers(Service::kStatus) && !m.is(Service::kUnsolicitedStatus)) return;
  const auto s = w.message(MmsMessage::kStatusFieldNumber);
  std::int64_t v = 0;
  if (context_integer(m.body.content, 0, v)) {
    w.i64(MmsStatus::kLogicalFieldNumber, v);
    write_name(w, MmsStatus::kLogicalNameFieldNumber, logical_status_name(v));
  }
  if (context_integer(m.body.content, 1, v)) {
    w.i64(MmsStatus::kPhysicalFieldNumber, v);
    write_name(w, MmsStatus::kPhysicalNameFieldNumber, physical_status_name(v));
  }
  ber::Element e;
  char room[kMaxBits];
  if (context(m.body.content, 2, e))
    w.text(MmsStatus::kLocalDetailFieldNumber, {room, write_bits(e.content, room)});
}

/// The description of a type: structures and arrays are followed by what is in them, by name.
class Types {
 public:
  Types(WireWriter& w, bool& more) noexcept : w_(w), more_(more) {}

  void write(Bytes specification) noexcept {
    todo_[0] = {Cursor(specification), 0, false};
    unsigned depth = 0;
    for (std::size_t n = 0;;) {
      Level& l = todo_[depth];
      ber::Element e;
      if (!ber::read(l.in, e)) {
        if (depth == 0) return;
        --depth;
        continue;
      }
      TextWriter path(std::span<char>(path_).subspan(l.path));
      if (l.named) {
        // A component: its name, and [1] its type.
        ber::Element name, type;
        if (ber::find_context(e.content, 0, name)) {
          if (l.path != 0) path << ".";
          path << name.content;
        }
        if (!ber::find_context(e.content, 1, type)) continue;
        Cursor inner(type.content);
        if (!ber::read(inner, e)) continue;
      }
      const std::size_t length = l.path + path.size();
      if (n++ == kMaxValues) {
        more_ = true;
        return;
      }
      Bytes inside;
      bool named = false;
      one(e, length, inside, named);
      if (inside.empty()) continue;
      if (depth + 1 == todo_.size()) {
        more_ = true;
        continue;
      }
      todo_[++depth] = {Cursor(inside), length, named};
    }
  }

 private:
  struct Level {
    Cursor in;
    std::size_t path = 0;
    bool named = false;
  };

  void one(const ber::Element& e, std::size_t path, Bytes& inside, bool& named) noexcept {
    using v1::MmsType;
    const auto s = w_.message(MmsMessage::kTypesFieldNumber);
    write_bytes(w_, MmsType::kPathFieldNumber, as_bytes({path_.data(), path}));
    // The tags are those of data; a type that has a name takes the place of a failure.
    write_name(w_, MmsType::kTypeFieldNumber, e.tag == 0 ? "named type" : type_name(e.tag));
    std::int64_t v = 0;
    ber::Element part;
    const auto type = static_cast<Type>(e.tag);
    if (type == Type::kArray) {
      if (context_integer(e.content, 1, v)) w_.i64(MmsType::kElementsFieldNumber, v);
      if (context(e.content, 2, part)) inside = part.content;
    } else if (type == Type::kStructure) {
      if (!context(e.content, 1, part)) return;
      inside = part.content;
      named = true;
      std::uint32_t n = 0;
      Cursor c(inside);
      for (ber::Element x; ber::read(c, x);) ++n;
      w_.u64(MmsType::kElementsFieldNumber, n);
    } else if (type == Type::kFloat) {
      Cursor c(e.content);
      if (ber::read(c, part) && ber::read_integer(part.content, v)) w_.i64(MmsType::kSizeFieldNumber, v);
    } else if (!e.constructed && ber::read_integer(e.content, v)) {
      w_.i64(MmsType::kSizeFieldNumber, v);
    }
  }

  WireWriter& w_;
  bool& more_;
  std::array<Level, ber::Walker::kMaxDepth> todo_;
  std::array<char, kRoom> path_;
};

void attributes(WireWriter& w, const Message& m, bool& more) noexcept {
  ber::Element e;
  if (m.answers(Service::kGetVariableAccessAttributes)) {
    if (context(m.body.content, 0, e))
      w.boolean(MmsMessage::kDeletableFieldNumber, ber::read_boolean(e.content));
    if (context(m.body.content, 2, e)) Types(w, more).write(e.content);
  }
  if (m.answers(Service::kGetNamedVariableListAttributes) && context(m.body.content, 0, e))
    w.boolean(MmsMessage::kDeletableFieldNumber, ber::read_boolean(e.content));
}

void deletion(WireWriter& w, const Message& m) noexcept {
  using v1::MmsDelete;
  if (!m.is(Service::kDeleteNamedVariableList) && !m.is(Service::kDeleteVariableAccess) &&
      !m.is(Service::kDeleteNamedType)) {
    return;
  }
  const auto s = w.message(MmsMessage::kDeleteFieldNumber);
  std::int64_t v = 0;
  if (m.is(Pdu::kConfirmedResponse)) {
    if (context_integer(m.body.content, 0, v)) w.i64(MmsDelete::kMatchedFieldNumber, v);
    if (context_integer(m.body.content, 1, v)) w.i64(MmsDelete::kDeletedFieldNumber, v);
    return;
  }
  (void)context_integer(m.body.content, 0, v);  // by default 0
  w.i64(MmsDelete::kScopeFieldNumber, v);
  write_name(w, MmsDelete::kScopeNameFieldNumber, delete_scope_name(v));
}

void renaming(WireWriter& w, const Message& m) noexcept {
  if (!m.asks(Service::kRename)) return;
  const auto s = w.message(MmsMessage::kRenameFieldNumber);
  ber::Element e;
  std::int64_t v = 0;
  if (context(m.body.content, 0, e)) {
    Cursor c(e.content);
    ber::Element inner;
    if (ber::read_integer(!e.constructed ? e.content : ber::read(c, inner) ? inner.content : Bytes{}, v))
      write_name(w, v1::MmsRename::kObjectClassFieldNumber, object_class_name(v));
  }
  if (context(m.body.content, 2, e)) write_bytes(w, v1::MmsRename::kNewIdentifierFieldNumber, e.content);
}

/// Size and time of a file's attributes.
void file_attributes(WireWriter& w, Bytes content, int size, int modified) noexcept {
  ber::Element e;
  std::uint64_t v = 0;
  if (context(content, 0, e) && ber::read_unsigned(e.content, v)) w.u64(size, v);
  // A GeneralizedTime: digits, a point, a zone. Other bytes are no text.
  const auto printable = [](std::uint8_t c) { return c >= 0x20 && c < 0x7f; };
  if (context(content, 1, e) && std::ranges::all_of(e.content, printable))
    write_bytes(w, modified, e.content);
}

void directory(WireWriter& w, Bytes body, bool& more) noexcept {
  using v1::MmsFile;
  using v1::MmsFileEntry;
  ber::Element list, e;
  if (!context(body, 0, list)) return;
  Bytes entries = list.content;
  // The standard has a SEQUENCE inside of the tag; some leave it out, so that the entries stand there at once.
  Cursor c(entries), inner;
  ber::Element first, name;
  if (ber::read(c, first) && first.universal(ber::kSequence)) {
    inner = Cursor(first.content);
    if (ber::read(inner, name) && name.universal(ber::kSequence)) entries = first.content;
    if (first.content.empty()) entries = {};
  }
  c = Cursor(entries);
  std::size_t n = 0;
  for (; ber::read(c, e); ++n) {
    if (n >= kMaxValues) continue;
    const auto s = w.message(MmsFile::kEntriesFieldNumber);
    ber::Element part;
    if (context(e.content, 0, part)) write_bytes(w, MmsFileEntry::kNameFieldNumber, file_name(part.content));
    if (context(e.content, 1, part))
      file_attributes(w, part.content, MmsFileEntry::kSizeFieldNumber, MmsFileEntry::kModifiedFieldNumber);
  }
  w.u64(MmsFile::kCountFieldNumber, n);
  more = more || n > kMaxValues;
}

void file_request(WireWriter& w, const Message& m) noexcept {
  using v1::MmsFile;
  const Bytes name = file_of(m), body = m.body.content;
  write_bytes(w, MmsFile::kNameFieldNumber, name);
  write_name(w, MmsFile::kClassFieldNumber, file_class(name));
  ber::Element e;
  std::int64_t v = 0;
  switch (static_cast<Service>(m.service)) {
    case Service::kFileOpen:
      if (context_integer(body, 1, v)) w.i64(MmsFile::kPositionFieldNumber, v);
      return;
    case Service::kFileRename:
      if (context(body, 1, e)) write_bytes(w, MmsFile::kNewNameFieldNumber, file_name(e.content));
      return;
    case Service::kObtainFile:
      if (context(body, 2, e)) write_bytes(w, MmsFile::kNewNameFieldNumber, file_name(e.content));
      return;
    case Service::kFileDirectory:
      if (context(body, 1, e)) write_bytes(w, MmsFile::kContinueAfterFieldNumber, file_name(e.content));
      return;
    case Service::kFileRead:
    case Service::kFileClose:
      if (ber::read_integer(body, v)) w.i64(MmsFile::kHandleFieldNumber, v);
      return;
    default:
      return;
  }
}

void file_answer(WireWriter& w, const Message& m, bool& more) noexcept {
  using v1::MmsFile;
  const Bytes body = m.body.content;
  ber::Element e;
  std::int64_t v = 0;
  if (m.is(Service::kFileOpen)) {
    if (context_integer(body, 0, v)) w.i64(MmsFile::kHandleFieldNumber, v);
    if (context(body, 1, e))
      file_attributes(w, e.content, MmsFile::kSizeFieldNumber, MmsFile::kModifiedFieldNumber);
  }
  if (m.is(Service::kFileRead)) {
    if (context(body, 0, e)) w.u64(MmsFile::kContentLengthFieldNumber, e.content.size());
    w.boolean(MmsFile::kMoreFieldNumber, !context(body, 1, e) || ber::read_boolean(e.content));
  }
  if (m.is(Service::kFileDirectory)) {
    directory(w, body, more);
    w.boolean(MmsFile::kMoreFieldNumber, context(body, 1, e) && ber::read_boolean(e.content));
  }
}

bool file(WireWriter& w, const Message& m, bool& more) noexcept {
  const bool about_files =
      m.is(Service::kObtainFile) || (m.service >= static_cast<std::uint16_t>(Service::kFileOpen) &&
                                     m.service <= static_cast<std::uint16_t>(Service::kFileDirectory));
  if (!about_files) return false;
  if (m.is(Pdu::kConfirmedResponse) && m.body.content.empty()) return true;  // it is done
  const auto s = w.message(MmsMessage::kFileFieldNumber);
  if (m.is(Pdu::kConfirmedRequest)) {
    file_request(w, m);
  } else {
    file_answer(w, m, more);
  }
  return true;
}

void texts(WireWriter& w, int field, Bytes list) noexcept {
  Cursor c(list);
  ber::Element e;
  for (std::size_t n = 0; n < kMaxFew && ber::read(c, e); ++n) write_bytes(w, field, e.content);
}

void domain_request(WireWriter& w, const Message& m) noexcept {
  using v1::MmsDomain;
  const Bytes body = m.body.content;
  write_bytes(w, MmsDomain::kNameFieldNumber, domain_of(m));
  write_bytes(w, MmsDomain::kFileFieldNumber, file_of(m));
  std::int64_t v = 0;
  ber::Element e;
  switch (static_cast<Service>(m.service)) {
    case Service::kUploadSegment:
    case Service::kTerminateUploadSequence:
      if (ber::read_integer(body, v)) w.i64(MmsDomain::kUploadIdFieldNumber, v);
      return;
    case Service::kTerminateDownloadSequence:
      if (context(body, 1, e)) w.boolean(MmsDomain::kDiscardedFieldNumber, true);
      return;
    case Service::kInitiateDownloadSequence:
    case Service::kRequestDomainDownload:
    case Service::kLoadDomainContent:
      if (context(body, 1, e)) texts(w, MmsDomain::kCapabilitiesFieldNumber, e.content);
      if (context(body, 2, e)) w.boolean(MmsDomain::kSharableFieldNumber, ber::read_boolean(e.content));
      return;
    default:
      return;
  }
}

void domain_answer(WireWriter& w, const Message& m) noexcept {
  using v1::MmsDomain;
  const Bytes body = m.body.content;
  std::int64_t v = 0;
  ber::Element e;
  switch (static_cast<Service>(m.service)) {
    case Service::kDownloadSegment:
    case Service::kUploadSegment:
      if (context(body, 0, e)) w.u64(MmsDomain::kContentLengthFieldNumber, e.content.size());
      return w.boolean(MmsDomain::kMoreFieldNumber, !context(body, 1, e) || ber::read_boolean(e.content));
    case Service::kInitiateUploadSequence:
      if (context_integer(body, 0, v)) w.i64(MmsDomain::kUploadIdFieldNumber, v);
      if (context(body, 1, e)) texts(w, MmsDomain::kCapabilitiesFieldNumber, e.content);
      return;
    case Service::kGetDomainAttributes:
      if (context(body, 0, e)) texts(w, MmsDomain::kCapabilitiesFieldNumber, e.content);
      if (context_integer(body, 1, v)) write_name(w, MmsDomain::kStateFieldNumber, domain_state_name(v));
      if (context(body, 3, e)) w.boolean(MmsDomain::kSharableFieldNumber, ber::read_boolean(e.content));
      if (context(body, 4, e)) texts(w, MmsDomain::kProgramsFieldNumber, e.content);
      return;
    default:
      return;
  }
}

bool domain(WireWriter& w, const Message& m) noexcept {
  if (m.service < static_cast<std::uint16_t>(Service::kInitiateDownloadSequence) ||
      m.service > static_cast<std::uint16_t>(Service::kGetDomainAttributes)) {
    return false;
  }
  if (m.is(Pdu::kConfirmedResponse) && m.body.content.empty()) return true;
  const auto s = w.message(MmsMessage::kDomainFieldNumber);
  if (m.is(Pdu::kConfirmedRequest)) {
    domain_request(w, m);
  } else {
    domain_answer(w, m);
  }
  return true;
}

bool program(WireWriter& w, const Message& m) noexcept {
  using v1::MmsProgram;
  if (m.service < static_cast<std::uint16_t>(Service::kCreateProgramInvocation) ||
      m.service > static_cast<std::uint16_t>(Service::kGetProgramInvocationAttributes)) {
    return false;
  }
  const Bytes body = m.body.content;
  ber::Element e;
  std::int64_t v = 0;
  if (m.is(Pdu::kConfirmedResponse) && body.empty()) return true;
  const auto s = w.message(MmsMessage::kProgramFieldNumber);
  if (m.is(Pdu::kConfirmedRequest)) {
    write_bytes(w, MmsProgram::kNameFieldNumber, program_of(m));
    if (m.is(Service::kCreateProgramInvocation)) {
      if (context(body, 1, e)) texts(w, MmsProgram::kDomainsFieldNumber, e.content);
      w.boolean(MmsProgram::kReusableFieldNumber, !context(body, 2, e) || ber::read_boolean(e.content));
    } else if ((m.is(Service::kStart) || m.is(Service::kResume)) && context(body, 1, e)) {
      write_bytes(w, MmsProgram::kArgumentFieldNumber, e.content);
    }
  } else if (m.is(Service::kGetProgramInvocationAttributes)) {
    if (context_integer(body, 0, v)) write_name(w, MmsProgram::kStateFieldNumber, program_state_name(v));
    if (context(body, 1, e)) texts(w, MmsProgram::kDomainsFieldNumber, e.content);
    if (context(body, 3, e)) w.boolean(MmsProgram::kReusableFieldNumber, ber::read_boolean(e.content));
  }
  return true;
}

void journal_entry(WireWriter& w, Bytes entry) noexcept {
  using v1::MmsJournalEntry;
  const auto s = w.message(v1::MmsJournal::kEntriesFieldNumber);
  ber::Element e, part, tag;
  if (context(entry, 0, e)) write_bytes(w, MmsJournalEntry::kIdFieldNumber, e.content);
  if (!context(entry, 2, e)) return;
  const Bytes content = e.content;
  std::uint64_t ns = 0;
  std::uint32_t ms = 0;
  if (context(content, 0, e) && read_binary_time(e.content, ns, ms))
    w.fixed64(MmsJournalEntry::kTimeFieldNumber, ns);
  if (context(content, 2, e) && context(e.content, 1, part)) {
    Cursor c(part.content);
    for (std::size_t n = 0; n < kMaxFew && ber::read(c, e); ++n) {
      if (context(e.content, 0, tag)) write_bytes(w, MmsJournalEntry::kTagsFieldNumber, tag.content);
    }
  }
  if (context(content, 3, e)) write_bytes(w, MmsJournalEntry::kAnnotationFieldNumber, e.content);
}

bool journal(WireWriter& w, const Message& m, bool& more) noexcept {
  using v1::MmsJournal;
  const bool written = m.asks(Service::kWriteJournal);
  if (!m.answers(Service::kReadJournal) && !written) return false;
  const auto s = w.message(MmsMessage::kJournalFieldNumber);
  ber::Element e;
  std::size_t n = 0;
  if (context(m.body.content, written ? 1 : 0, e)) {
    Cursor c(e.content);
    for (; ber::read(c, e); ++n) {
      if (n < kMaxEntries) journal_entry(w, e.content);
    }
  }
  w.u64(MmsJournal::kCountFieldNumber, n);
  if (!written) {
    w.boolean(MmsJournal::kMoreFieldNumber, context(m.body.content, 1, e) && ber::read_boolean(e.content));
  }
  more = more || n > kMaxEntries;
  return true;
}

void report_entries(WireWriter& w, const Report& r) noexcept {
  using v1::MmsReportEntry;
  Cursor references(r.references), reasons(r.reasons);
  std::size_t member = 0;
  for (std::size_t n = 0; n < std::min<std::size_t>(r.members, kMaxEntries); ++n, ++member) {
    while (member < ber::bit_count(r.inclusion) && !ber::bit(r.inclusion, member)) ++member;
    const auto s = w.message(v1::MmsReport::kEntriesFieldNumber);
    ber::Element e;
    w.u64(MmsReportEntry::kMemberFieldNumber, member);
    if (ber::read(references, e)) write_bytes(w, MmsReportEntry::kReferenceFieldNumber, e.content);
    if (!ber::read(reasons, e)) continue;
    for (std::uint32_t b = 0; b < 8; ++b) {
      if (ber::bit(e.content, b)) write_name(w, MmsReportEntry::kReasonsFieldNumber, reason_name(b));
    }
  }
}

void report(WireWriter& w, const Message& m, bool& more) noexcept {
  using v1::MmsReport;
  Report r;
  if (!read_report(m, r)) return;
  const auto s = w.message(MmsMessage::kReportFieldNumber);
  w.bytes(MmsReport::kIdFieldNumber, r.id);
  for (std::uint32_t b = 0; b < 16; ++b) {
    if (ber::bit(r.options, b)) write_name(w, MmsReport::kOptionsFieldNumber, report_option_name(b));
  }
  if (r.has_sequence) w.u64(MmsReport::kSequenceFieldNumber, r.sequence);
  if (r.has_time) w.fixed64(MmsReport::kTimeFieldNumber, r.time_ns);
  write_bytes(w, MmsReport::kDataSetFieldNumber, r.data_set);
  if (r.has_overflow) w.boolean(MmsReport::kBufferOverflowFieldNumber, r.overflow);
  write_bytes(w, MmsReport::kEntryIdFieldNumber, r.entry_id);
  if (r.has_conf_rev) w.u64(MmsReport::kConfRevFieldNumber, r.conf_rev);
  if (r.has_segments) {
    w.u64(MmsReport::kSubSequenceFieldNumber, r.sub_sequence);
    w.boolean(MmsReport::kMoreSegmentsFieldNumber, r.more);
  }
  char room[kMaxBits];
  w.text(MmsReport::kInclusionFieldNumber, {room, write_bits(r.inclusion, room)});
  report_entries(w, r);
  more = more || r.members > kMaxEntries;
}

void control_value(WireWriter& w, const Value& v) noexcept {
  using v1::MmsControl;
  char room[kMaxBits];
  write_name(w, MmsControl::kValueTypeFieldNumber, type_name(static_cast<std::uint32_t>(v.type)));
  const OtValue o = as_ot(v, room);
  if (v.type == Type::kBoolean)
    return w.text(MmsControl::kValueFieldNumber, o.number != 0 ? "true" : "false");
  if (!o.is_number) return write_bytes(w, MmsControl::kValueFieldNumber, o.text);
  const auto end = std::to_chars(std::begin(room), std::end(room), o.number).ptr;
  w.text(MmsControl::kValueFieldNumber, {room, static_cast<std::size_t>(end - room)});
}

void control(WireWriter& w, const Message& m) noexcept {
  using v1::MmsControl;
  Control c;
  IecName name;
  if (!read_control(m, c) || !split_name(c.object.item, name)) return;
  const auto s = w.message(MmsMessage::kControlFieldNumber);
  w.text(MmsControl::kActionFieldNumber, action_name(c.action));
  char room[kRoom];
  TextWriter object(room);
  // Without the part that says what is done.
  const std::string_view data = as_text(name.data);
  const std::size_t end =
      std::min({data.find("$Oper"), data.find("$SBO"), data.find("$Cancel"), data.size()});
  object << c.object.domain << "/" << name.node << ".";
  dotted(object, name.data.first(end));
  w.bytes(MmsControl::kObjectFieldNumber, object.bytes());
  if (c.has_value) control_value(w, c.value);
  if (c.has_origin) {
    write_known(w, MmsControl::kOriginCategoryFieldNumber, c.origin);
    write_name(w, MmsControl::kOriginCategoryNameFieldNumber, origin_name(c.origin));
    write_bytes(w, MmsControl::kOriginIdFieldNumber, c.origin_id);
  }
  if (c.has_number) w.u64(MmsControl::kNumberFieldNumber, c.number);
  if (c.has_time) w.fixed64(MmsControl::kTimeFieldNumber, c.time_ns);
  if (c.has_operate_time) w.fixed64(MmsControl::kOperateTimeFieldNumber, c.operate_ns);
  if (c.has_test) w.boolean(MmsControl::kTestFieldNumber, c.test);
  if (!c.has_check) return;
  w.boolean(MmsControl::kSynchroCheckFieldNumber, ber::bit(c.check, 0));
  w.boolean(MmsControl::kInterlockCheckFieldNumber, ber::bit(c.check, 1));
}

void last_error(WireWriter& w, const Message& m) noexcept {
  using v1::MmsLastError;
  LastError e;
  if (!read_last_error(m, e)) return;
  const auto s = w.message(MmsMessage::kLastErrorFieldNumber);
  w.bytes(MmsLastError::kObjectFieldNumber, e.object);
  w.i64(MmsLastError::kErrorFieldNumber, e.error);
  write_name(w, MmsLastError::kErrorNameFieldNumber, control_error_name(e.error));
  write_known(w, MmsLastError::kOriginCategoryFieldNumber, e.origin);
  write_name(w, MmsLastError::kOriginCategoryNameFieldNumber, origin_name(e.origin));
  write_bytes(w, MmsLastError::kOriginIdFieldNumber, e.origin_id);
  w.u64(MmsLastError::kNumberFieldNumber, e.number);
  w.i64(MmsLastError::kAddCauseFieldNumber, e.add_cause);
  write_name(w, MmsLastError::kAddCauseNameFieldNumber, add_cause_name(e.add_cause));
}

/// Is what it says nowhere else in the record?
bool has_no_form(const Message& m) noexcept {
  return m.form == Form::kNone && m.values.empty() && !m.body.content.empty() &&
         !m.answers(Service::kWrite) && !m.is(Service::kStatus) && !m.is(Service::kUnsolicitedStatus) &&
         !m.is(Service::kGetNameList) && !m.is(Service::kIdentify) &&
         !m.answers(Service::kGetVariableAccessAttributes) && !m.answers(Service::kDeleteNamedVariableList);
}

}  // namespace

void write_service(WireWriter& w, const Message& m) noexcept {
  w.u64(MmsMessage::kServiceFieldNumber, m.service);
  write_name(w, MmsMessage::kServiceNameFieldNumber, service_name(m.service));
  bool more = false;
  objects_and_values(w, m, more);
  names(w, m, more);
  identity(w, m);
  status(w, m);
  attributes(w, m, more);
  deletion(w, m);
  renaming(w, m);
  report(w, m, more);
  control(w, m);
  last_error(w, m);
  const bool own = file(w, m, more) || domain(w, m) || program(w, m) || journal(w, m, more);
  if (!own && has_no_form(m))
    w.bytes(MmsMessage::kDataFieldNumber, m.body.content.first(std::min(m.body.content.size(), kMaxRaw)));
  if (more) truncated(w);
}

}  // namespace picket::mms
