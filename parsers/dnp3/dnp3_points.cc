// parsers/dnp3/dnp3_points.cc — points of DNP3 as message Dnp3Point; keys are those of Suricata
#include "parsers/dnp3/dnp3.pb.h"
#include "parsers/dnp3/dnp3_export.h"

namespace picket::dnp3 {
namespace {

using P = v1::Dnp3Point;

constexpr std::uint64_t kNsPerMs = 1'000'000;
constexpr std::uint64_t kLastMs = ~std::uint64_t{0} / kNsPerMs;

/// When, in words; a time that nothing can show (a clock that was never set may say any) is left out.
void time(WireWriter& w, std::uint64_t ms) noexcept {
  if (ms != 0 && ms <= kLastMs) w.fixed64(P::kTimeFieldNumber, ms * kNsPerMs);
}

void text(WireWriter& w, int field, std::string_view s) noexcept {
  if (!s.empty()) w.text(field, s);
}

void flags(WireWriter& w, Flags kind, std::uint8_t f) noexcept {
  const auto bit = [&](int field, unsigned n) { w.u64(field, f >> n & 1U); };
  bit(P::kOnlineFieldNumber, 0);
  bit(P::kRestartFieldNumber, 1);
  bit(P::kCommLostFieldNumber, 2);
  bit(P::kRemoteForcedFieldNumber, 3);
  bit(P::kLocalForcedFieldNumber, 4);
  switch (kind) {
    case Flags::kBinary:
      bit(P::kChatterFilterFieldNumber, 5);
      bit(P::kReservedFieldNumber, 6);
      break;
    case Flags::kDoubleBit:
      bit(P::kChatterFilterFieldNumber, 5);
      break;
    case Flags::kOutput:
      bit(P::kReserved0FieldNumber, 5);
      bit(P::kReserved1FieldNumber, 6);
      break;
    case Flags::kCounter:
      bit(P::kRolloverFieldNumber, 5);
      bit(P::kDiscontinuityFieldNumber, 6);
      bit(P::kReserved0FieldNumber, 7);
      break;
    case Flags::kDelta:
      bit(P::kRolloverFieldNumber, 5);
      bit(P::kReserved0FieldNumber, 6);
      bit(P::kReserved1FieldNumber, 7);
      break;
    case Flags::kAnalog:
      bit(P::kOverRangeFieldNumber, 5);
      bit(P::kReferenceErrFieldNumber, 6);
      bit(P::kReserved0FieldNumber, 7);
      break;
    case Flags::kStatistic:
      bit(P::kReserved0FieldNumber, 5);
      bit(P::kDiscontinuityFieldNumber, 6);
      bit(P::kReserved1FieldNumber, 7);
      break;
    default:
      break;
  }
}

bool is_counter(std::uint8_t group) noexcept { return group >= 20 && group <= 23; }

/// Under the key that the group has for it.
void number(WireWriter& w, std::uint8_t group, const Reading& r) noexcept {
  if (is_counter(group)) return w.u64(P::kCountFieldNumber, static_cast<std::uint64_t>(r.integer));
  if (group == 34) {
    return r.is_float ? w.f64(P::kDeadbandRealFieldNumber, r.real)
                      : w.u64(P::kDeadbandFieldNumber, static_cast<std::uint64_t>(r.integer));
  }
  const bool commanded = group == 43;
  if (r.is_float) return w.f64(commanded ? P::kCommandedRealFieldNumber : P::kRealFieldNumber, r.real);
  w.i64(commanded ? P::kCommandedFieldNumber : P::kNumberFieldNumber, r.integer);
}

void status(WireWriter& w, int field, std::uint8_t code) noexcept {
  w.u64(field, code);
  text(w, P::kStatusFieldNumber, control_status_name(code));
}

void plain(WireWriter& w, const ObjectHeader& h, const Reading& r, CommonTime& common) noexcept {
  if (r.has_flags) flags(w, h.type->flags, r.flags);
  if (r.has_status) status(w, P::kStatusCodeFieldNumber, r.status);
  if (h.group == 13) w.u64(P::kCommandedStateFieldNumber, r.state);
  if (h.group == 43) w.u64(P::kReserved0FieldNumber, r.flags >> 7);
  if (h.group == 2 && h.variation == 1) {
    w.u64(P::kStateFieldNumber, r.flags);
    w.u64(P::kValueBitFieldNumber, r.state);
  } else if (r.has_state && h.group != 13) {
    w.u64(P::kStateFieldNumber, r.state);
  }
  if (h.type->flags == Flags::kDoubleBit) {
    static constexpr std::string_view kNames[] = {"intermediate", "off", "on", "indeterminate"};
    w.text(P::kDoubleBitFieldNumber, kNames[r.state]);
  }
  if (r.has_number) number(w, h.group, r);
  if (r.has_time) {
    w.u64(P::kTimestampFieldNumber, r.time_ms);
    time(w, r.time_ms);
  }
  if (r.has_delta_time) {
    w.u64(h.group == 2 ? P::kTimestampFieldNumber : P::kRelativeTimeMsFieldNumber, r.delta_ms);
    if (common.known) time(w, common.ms + r.delta_ms);
  }
}

void relay(WireWriter& w, Bytes data) noexcept {
  const Relay r = read_relay(data);
  w.u64(P::kOpTypeFieldNumber, r.operation());
  w.u64(P::kQuFieldNumber, r.queue());
  w.u64(P::kCrFieldNumber, r.clear());
  w.u64(P::kTccFieldNumber, r.trip_close());
  w.u64(P::kCountFieldNumber, r.count);
  w.u64(P::kOntimeFieldNumber, r.on_ms);
  w.u64(P::kOfftimeFieldNumber, r.off_ms);
  w.u64(P::kReservedFieldNumber, r.status >> 7);
  status(w, P::kStatusCodeFieldNumber, r.status & 0x7f);
  text(w, P::kOperationFieldNumber, operation_type_name(r.operation()));
  text(w, P::kTripCloseFieldNumber, trip_close_name(r.trip_close()));
}

void times(WireWriter& w, const ObjectHeader& h, Bytes data, const Reading& r, CommonTime& common) noexcept {
  w.u64(P::kTimestampFieldNumber, r.time_ms);
  time(w, r.time_ms);
  if (h.group == 51) common = {true, r.time_ms};
  if (h.variation != 2 && h.variation != 4) return;
  Cursor c(data);
  c.skip(6);
  if (h.group == 50 && h.variation == 2) w.u64(P::kIntervalFieldNumber, c.u32le());
  if (h.group == 50 && h.variation == 4) {
    w.u64(P::kIntervalCountFieldNumber, c.u32le());
    w.u64(P::kIntervalUnitsFieldNumber, c.u8());
  }
}

/// "rw-r--r--".
void permissions(WireWriter& w, std::uint16_t bits) noexcept {
  w.u64(P::kPermissionsFieldNumber, bits);
  char letters[10] = "rwxrwxrwx";
  for (unsigned i = 0; i < 9; ++i) {
    if ((bits >> (8 - i) & 1U) == 0) letters[i] = '-';
  }
  w.text(P::kFilePermissionsFieldNumber, {letters, 9});
}

void file_status(WireWriter& w, const FileObject& f) noexcept {
  w.u64(P::kStatusCodeFieldNumber, f.status);
  w.bytes(P::kOptionalTextFieldNumber, f.data);
  text(w, P::kStatusFieldNumber, file_status_name(f.status));
}

void file(WireWriter& w, const ObjectHeader& h, Bytes data) noexcept {
  const FileObject f = read_file(h.variation, data);
  w.u64(P::kSizeFieldNumber, data.size());
  switch (h.variation) {
    case 2:
      w.u64(P::kUsernameOffsetFieldNumber, f.name_offset);
      w.u64(P::kUsernameSizeFieldNumber, f.name_size);
      w.u64(P::kPasswordOffsetFieldNumber, f.password_offset);
      w.u64(P::kPasswordSizeFieldNumber, f.password_size);
      w.u64(P::kAuthenticationKeyFieldNumber, f.key);
      w.bytes(P::kUsernameFieldNumber, f.name);
      return w.bytes(P::kPasswordFieldNumber, f.password);
    case 3:
      w.u64(P::kFilenameOffsetFieldNumber, f.name_offset);
      w.u64(P::kFilenameSizeFieldNumber, f.name_size);
      w.u64(P::kCreatedFieldNumber, f.created_ms);
      permissions(w, f.permissions);
      w.u64(P::kAuthenticationKeyFieldNumber, f.key);
      w.u64(P::kFileSizeFieldNumber, f.size);
      w.u64(P::kOperationalModeFieldNumber, f.mode);
      w.u64(P::kMaximumBlockSizeFieldNumber, f.max_block);
      w.u64(P::kRequestIdFieldNumber, f.request);
      w.bytes(P::kFilenameFieldNumber, f.name);
      text(w, P::kModeFieldNumber, file_mode_name(f.mode));
      return time(w, f.created_ms);
    case 4:
      w.u64(P::kFileHandleFieldNumber, f.handle);
      w.u64(P::kFileSizeFieldNumber, f.size);
      w.u64(P::kMaximumBlockSizeFieldNumber, f.max_block);
      w.u64(P::kRequestIdFieldNumber, f.request);
      return file_status(w, f);
    case 5:
      w.u64(P::kFileHandleFieldNumber, f.handle);
      w.u64(P::kBlockNumberFieldNumber, f.block);
      w.bytes(P::kFileDataFieldNumber, f.data);
      return w.boolean(P::kLastBlockFieldNumber, f.last_block());
    case 6:
      w.u64(P::kFileHandleFieldNumber, f.handle);
      w.u64(P::kBlockNumberFieldNumber, f.block);
      file_status(w, f);
      return w.boolean(P::kLastBlockFieldNumber, f.last_block());
    case 7:
      w.u64(P::kFilenameOffsetFieldNumber, f.name_offset);
      w.u64(P::kFilenameSizeFieldNumber, f.name_size);
      w.u64(P::kFileTypeFieldNumber, f.type);
      w.u64(P::kFileSizeFieldNumber, f.size);
      w.u64(P::kCreatedTimestampFieldNumber, f.created_ms);
      permissions(w, f.permissions);
      w.u64(P::kRequestIdFieldNumber, f.request);
      w.bytes(P::kFilenameFieldNumber, f.name);
      return time(w, f.created_ms);
    case 8:
      return w.bytes(P::kFileSpecificationFieldNumber, f.name);
    default:
      return w.bytes(P::kOctetsFieldNumber, data);
  }
}

void attribute(WireWriter& w, const ObjectHeader& h, Bytes data) noexcept {
  const Attribute a = read_attribute(data);
  w.u64(P::kDataTypeFieldNumber, a.kind);
  text(w, P::kAttributeFieldNumber, attribute_name(h.variation));
  if (a.kind == 1) {
    w.bytes(P::kTextFieldNumber, a.value);
  } else if (a.is_float) {
    w.f64(P::kRealFieldNumber, a.real);
  } else if (a.has_number) {
    w.i64(P::kNumberFieldNumber, a.integer);
    if (a.kind == 7) time(w, static_cast<std::uint64_t>(a.integer));
  } else {
    w.bytes(P::kOctetsFieldNumber, a.value);
  }
}

void authentication(WireWriter& w, const ObjectHeader& h, Bytes data) noexcept {
  const AuthObject a = read_auth(h.variation, data);
  if (h.size_prefixed()) w.u64(P::kSizeFieldNumber, data.size());
  if (!a.ok) return w.bytes(P::kOctetsFieldNumber, data);
  switch (h.variation) {
    case 1:
      w.u64(P::kCsqFieldNumber, a.sequence);
      w.u64(P::kUsrFieldNumber, a.user);
      w.u64(P::kMalFieldNumber, a.algorithm);
      w.u64(P::kReasonFieldNumber, a.reason);
      return w.bytes(P::kChallengeDataFieldNumber, a.data);
    case 2:
      w.u64(P::kCsqFieldNumber, a.sequence);
      w.u64(P::kUsrFieldNumber, a.user);
      return w.bytes(P::kMacValueFieldNumber, a.data);
    case 3:
      w.u64(P::kCsqFieldNumber, a.sequence);
      return w.u64(P::kUserNumberFieldNumber, a.user);
    case 4:
      return w.u64(P::kUserNumberFieldNumber, a.user);
    case 5: {
      const std::size_t n = std::min<std::size_t>(a.challenge_size, a.data.size());
      w.u64(P::kKsqFieldNumber, a.sequence);
      w.u64(P::kUserNumberFieldNumber, a.user);
      w.u64(P::kKeyWrapAlgFieldNumber, a.key_wrap);
      w.u64(P::kKeyStatusFieldNumber, a.key_status);
      w.u64(P::kMalFieldNumber, a.algorithm);
      w.u64(P::kChallengeDataLenFieldNumber, a.challenge_size);
      w.bytes(P::kChallengeDataFieldNumber, a.data.first(n));
      return w.bytes(P::kMacValueFieldNumber, a.data.subspan(n));
    }
    case 6:
      w.u64(P::kKsqFieldNumber, a.sequence);
      w.u64(P::kUsrFieldNumber, a.user);
      return w.bytes(P::kWrappedKeyDataFieldNumber, a.data);
    case 7:
      w.u64(P::kSequenceNumberFieldNumber, a.sequence);
      w.u64(P::kUsrFieldNumber, a.user);
      w.u64(P::kAssociationIdFieldNumber, a.association);
      w.u64(P::kErrorCodeFieldNumber, a.error);
      w.u64(P::kTimeOfErrorFieldNumber, a.time_ms);
      w.bytes(P::kErrorTextFieldNumber, a.data);
      text(w, P::kErrorFieldNumber, authentication_error_name(a.error));
      return time(w, a.time_ms);
    case 9:
      return w.bytes(P::kMacValueFieldNumber, a.data);
    default:
      return w.bytes(P::kOctetsFieldNumber, a.data);
  }
}

void statistic(WireWriter& w, const ObjectHeader& h, Bytes data, const Reading& r) noexcept {
  Cursor c(data);
  c.skip(1);
  if (r.has_flags) flags(w, h.type->flags, r.flags);
  w.u64(P::kAssociationIdFieldNumber, c.u16le());
  w.u64(P::kCountValueFieldNumber, static_cast<std::uint64_t>(r.integer));
  if (!r.has_time) return;
  w.u64(P::kTimestampFieldNumber, r.time_ms);
  time(w, r.time_ms);
}

}  // namespace

void encode_point(WireWriter& w, const ObjectHeader& h, const Point& p, CommonTime& common) noexcept {
  w.u64(P::kPrefixFieldNumber, p.prefix);
  w.u64(P::kIndexFieldNumber, p.index);
  if (!h.has_values) return;
  if (h.type == nullptr) return w.bytes(P::kOctetsFieldNumber, p.data);
  const Reading r = read_point(h, p);
  switch (h.type->form) {
    case Form::kPlain:
      return plain(w, h, r, common);
    case Form::kBits:
      return w.u64(h.group == 12 ? P::kPointFieldNumber : P::kStateFieldNumber, r.state);
    case Form::kPairs:
      return w.u64(P::kStateFieldNumber, r.state);
    case Form::kEmpty:
      return;
    case Form::kOutput:
      number(w, h.group, r);
      return status(w, P::kControlStatusFieldNumber, r.status & 0x7f);
    case Form::kRelay:
      return relay(w, p.data);
    case Form::kTime:
      return times(w, h, p.data, r, common);
    case Form::kDelay:
      return w.u64(h.variation == 1 ? P::kDelaySecsFieldNumber : P::kDelayMsFieldNumber,
                   static_cast<std::uint64_t>(r.integer));
    case Form::kFile:
      return file(w, h, p.data);
    case Form::kAttribute:
      return attribute(w, h, p.data);
    case Form::kAuth:
      return authentication(w, h, p.data);
    case Form::kStatistic:
      return statistic(w, h, p.data, r);
    case Form::kSized:
      return w.bytes(P::kStringFieldNumber, p.data);
    case Form::kBytes:
    case Form::kFree:
      return w.bytes(P::kOctetsFieldNumber, p.data);
  }
}

}  // namespace picket::dnp3
