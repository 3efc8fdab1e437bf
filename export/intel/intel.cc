#include "export/intel/intel.h"

#include "dataplane/decode/mix.h"
#include "export/proto/picket/v1/event.pb.h"
#include "export/wire_reader.h"
#include "export/wire_writer.h"
#include "parsers/core/text_writer.h"

namespace picket {
namespace {

using Ev = v1::Event;
using namespace intel;

constexpr std::uint64_t kMinute = 60'000'000'000;
/// Beside the envelope of its record a hit has an indicator's texts, what it was seen as, and names and numbers.
constexpr std::size_t kMaxSeen = 1024, kMaxOwn = kMaxSeen + 4 * kMaxText + 512;

/// What a hit has from the record that it is of. The rest of its fields is about that record, not about the flow.
constexpr bool is_envelope(std::uint32_t number) noexcept {
  switch (number) {
    case Ev::kTimestampFieldNumber:
    case Ev::kFlowIdFieldNumber:
    case Ev::kInIfaceFieldNumber:
    case Ev::kEventTypeFieldNumber:
    case Ev::kSrcIpFieldNumber:
    case Ev::kSrcPortFieldNumber:
    case Ev::kDestIpFieldNumber:
    case Ev::kDestPortFieldNumber:
    case Ev::kProtoFieldNumber:
    case Ev::kAppProtoFieldNumber:
    case Ev::kCommunityIdFieldNumber:
    case Ev::kPcapCntFieldNumber:
    case Ev::kTxIdFieldNumber:
    case Ev::kIpVFieldNumber:
    case Ev::kHostFieldNumber:
    case Ev::kVlanFieldNumber:
    case Ev::kDirectionFieldNumber:
    case Ev::kEtherFieldNumber:
      return true;
    default:
      return false;
  }
}

}  // namespace

Intel::Intel(const Config& config)
    : config_(config), root_(observables_of(event_table())), told_(config.flows), rates_(config.indicators) {}

std::uint32_t Intel::offer(std::unique_ptr<IndicatorSet> set) {
  const std::lock_guard lock(offered_mutex_);
  set->epoch = epoch_.load(std::memory_order_relaxed) + 1;
  epoch_.store(set->epoch, std::memory_order_relaxed);
  loaded_ = set->counts();
  FileWants hashes;
  hashes.md5 = set->has_file_hash(16);
  hashes.sha1 = set->has_file_hash(20);
  hashes.sha256 = set->has_file_hash(32);
  file_hashes_.ask(hashes);
  offered_ = std::move(set);
  waits_.store(true, std::memory_order_release);
  return epoch();
}

std::array<std::uint64_t, kTypes> Intel::loaded() const {
  const std::lock_guard lock(offered_mutex_);
  return loaded_;
}

void Intel::take_offered() {
  if (!waits_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(offered_mutex_);
  set_ = std::move(offered_);
  reader_.use(*set_);
  waits_.store(false, std::memory_order_relaxed);
}

bool Intel::looks_into(RecordType type, ProtocolId protocol) {
  static const ObservableNode root = observables_of(event_table());
  if (type == RecordType::kFlow || type == RecordType::kFile || type == RecordType::kArp) return true;
  if (type != RecordType::kTransaction || protocol >= protocols().size()) return false;
  const EveField* field = event_table().find(protocols()[protocol]->record);
  return field != nullptr && root.find(field->number) != nullptr;
}

void Intel::see(const EventHeader& h, Bytes record, RecordOut& out) {
  switch (h.type) {
    case RecordType::kFlow:
    case RecordType::kTransaction:
    case RecordType::kFile:
    case RecordType::kArp:
    case RecordType::kAnomaly:
      break;
    default:
      return;
  }
  take_offered();
  if (set_ == nullptr || set_->size() == 0) return;
  clock_ns_ = h.place.clock_ns;
  time_ns_ = flow_id_ = 0;
  record_ = record;
  out_ = &out;
  Values values(*set_, *this);
  walk(root_, record, values);
  counts_.lookups.add(values.lookups());
}

/// As deep as the tree of observables.
void Intel::walk(const ObservableNode& node, Bytes message, Values& values) {
  UrlParts url;
  WireReader in(message);
  for (WireField f; in.next(f);) {
    const ObservableField* field = node.find(f.number);
    if (field == nullptr) {
      if (&node == &root_ && f.number == Ev::kTimestampFieldNumber) time_ns_ = f.value;
      if (&node == &root_ && f.number == Ev::kFlowIdFieldNumber) flow_id_ = f.value;
      continue;
    }
    if (field->what == v1::OBSERVABLE_URL_PORT) {
      url.port = f.value;
      continue;
    }
    if (f.type != 2) continue;
    if (field->message != nullptr) {
      walk(*field->message, f.bytes, values);
      continue;
    }
    if (field->what == v1::OBSERVABLE_URL_PATH) {
      url.path = field;
      url.target = f.bytes;
      continue;
    }
    if (field->what == v1::OBSERVABLE_HOST) url.host = f.bytes;
    field_ = field;
    values.look(field->what, f.bytes);
  }
  if (url.path != nullptr) look_parts(url, values);
}

/// "/path" with the host that was asked for; "http://host/path" of a proxy's client; "host:port" of CONNECT.
void Intel::look_parts(const UrlParts& url, Values& values) {
  field_ = url.path;
  const std::string_view target = as_text(url.target);
  if (!target.starts_with('/')) return values.look_url(target);
  if (url.host.empty()) return;
  std::array<char, kMaxText> room;
  TextWriter whole(room);
  const std::string_view host = as_text(url.host);
  const bool v6 = host.find(':') != std::string_view::npos && !host.starts_with('[');
  whole << (v6 ? "[" : "") << host << (v6 ? "]" : "");
  if (url.port != 0) whole << ":" << url.port;
  whole << target;
  values.look_url(as_text(whole.bytes()), false);  // the host has been looked up
}

void Intel::found(IndicatorSet::Range range, const Key& key, std::string_view seen) {
  for (std::uint32_t place = range.first; place != range.last; ++place) {
    // Of one key by several sources: each is one of its own.
    const std::uint64_t row_hash = mix(set_->hash(place) ^ (place - range.first), kMixB);
    const std::uint64_t told_key = mix(flow_id_ ^ kMixC, row_hash ^ static_cast<std::uint64_t>(field_->what));
    if (flow_id_ != 0 && told_.find(told_key) != nullptr) {
      counts_.hits.add();
      counts_.repeated.add();
      continue;
    }
    const Row row = reader_.read(place);
    if (row.key.space != key.space || row.key.bits != key.bits || row.key.text != key.text) continue;
    counts_.hits.add();
    if (flow_id_ != 0) told_.add(told_key);
    if (row.expires_ns != 0 && time_ns_ >= row.expires_ns) {
      counts_.expired.add();
    } else if (!may_tell(row_hash)) {
      counts_.limited.add();
    } else {
      tell(row, seen);
      counts_.told.add();
    }
    counts_.forgotten.set(told_.forgotten() + rates_.forgotten());
  }
}

bool Intel::may_tell(std::uint64_t row_hash) noexcept {
  Repeats::Entry* rate = rates_.find(row_hash);
  if (rate == nullptr) rate = &rates_.add(row_hash);
  if (rate->count == 0 || clock_ns_ - rate->since_ns >= kMinute) rate->since_ns = clock_ns_, rate->count = 0;
  return rate->count++ < config_.per_minute;
}

void Intel::tell(const Row& row, std::string_view seen) {
  if (out_bytes_.size() < record_.size() + kMaxOwn) out_bytes_.resize(record_.size() + kMaxOwn);
  WireWriter w(out_bytes_);
  std::string_view event;
  WireReader in(record_);
  std::size_t before = in.left();
  for (WireField f; in.next(f); before = in.left()) {
    if (!is_envelope(f.number)) continue;
    if (f.number == Ev::kEventTypeFieldNumber) {
      event = as_text(f.bytes);
      w.text(Ev::kEventTypeFieldNumber, "intel");
    } else {
      w.append(record_.subspan(record_.size() - before, before - in.left()));
    }
  }
  {
    const auto message = w.message(Ev::kIntelFieldNumber);
    w.text(v1::Intel::kIndicatorFieldNumber, row.text);
    w.text(v1::Intel::kTypeFieldNumber, type_name(row.type));
    w.text(v1::Intel::kSeenFieldNumber, seen.substr(0, kMaxSeen));
    w.text(v1::Intel::kFieldFieldNumber, field_->name);
    w.text(v1::Intel::kEventFieldNumber, event);
    if (!row.source.empty()) w.text(v1::Intel::kSourceFieldNumber, row.source);
    if (!row.description.empty()) w.text(v1::Intel::kDescriptionFieldNumber, row.description);
    if (row.severity != Severity::kUnsaid)
      w.text(v1::Intel::kSeverityFieldNumber, severity_name(row.severity));
    if (row.confidence) w.u64(v1::Intel::kConfidenceFieldNumber, *row.confidence);
    if (!row.reference.empty()) w.text(v1::Intel::kReferenceFieldNumber, row.reference);
    if (row.expires_ns != 0) w.fixed64(v1::Intel::kExpiresFieldNumber, row.expires_ns);
    w.u64(v1::Intel::kEpochFieldNumber, set_->epoch);
  }
  PICKET_ASSERT(w.ok());
  out_->write(record_kind(RecordType::kIntel, kNoProtocol), Bytes(out_bytes_).first(w.size()));
}

}  // namespace picket
