#include "parsers/core/file.h"
#include "parsers/dicom/dicom_parser.h"

namespace picket::dicom {
namespace {

const Exchange& exchange(const Transaction& tx) noexcept { return static_cast<const Exchange&>(tx); }
const Command* command_of(const Transaction& tx, Direction dir) noexcept { return exchange(tx).command(dir); }

// --- bytes

template <Bytes Command::*kField>
bool of_command(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const Command* c = command_of(tx, dir);
  return n == 0 && c != nullptr && !(out = c->*kField).empty();
}
template <Attribute kAttribute>
bool of_data(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const DataSet* d = exchange(tx).data(dir);
  return n == 0 && d != nullptr && !(out = d->value(kAttribute)).empty();
}
bool data_set(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return data_set_at(exchange(tx), dir, n, out);
}

bool associate(const Transaction& tx, Direction dir, Associate& a) noexcept {
  const Exchange& x = exchange(tx);
  return x.kind == Kind::kAssociate && read_associate(x.body(dir), a);
}
template <Bytes Associate::*kField>
bool of_associate(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Associate a;
  return n == 0 && associate(tx, dir, a) && (out = a.*kField, true);
}
/// The n-th presentation context of that side.
bool nth_context(const Transaction& tx, Direction dir, unsigned n, Context& out) noexcept {
  Associate a;
  return associate(tx, dir, a) && context_at(a.items, n, out);
}
bool abstract_syntax(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  Context c;
  return nth_context(tx, dir, n, c) && !c.answer && (out = c.abstract, true);
}
/// Transfer syntaxes of all contexts, one after the other; of a grant those that were taken.
bool syntaxes(const Transaction& tx, Direction dir, unsigned n, bool answer, Bytes& out) noexcept {
  Associate a;
  if (!associate(tx, dir, a)) return false;
  Cursor c(a.items);
  Item i;
  while (next_item(c, i)) {
    Context x;
    if (!read_context(i, x) || x.answer != answer || (answer && x.result != 0)) continue;
    Cursor in(x.syntaxes);
    Item sub;
    while (next_item(in, sub)) {
      if (sub.type == 0x40 && n-- == 0) return out = unpadded(sub.value), true;
    }
  }
  return false;
}
bool offered_syntax(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return syntaxes(tx, dir, n, false, out);
}
bool accepted_syntax(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  return syntaxes(tx, dir, n, true, out);
}
bool user_of(const Transaction& tx, Direction dir, User& u) noexcept {
  Associate a;
  return associate(tx, dir, a) && read_user(a.items, u);
}
template <Bytes User::*kField>
bool of_user(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  User u;
  return n == 0 && user_of(tx, dir, u) && !(out = u.*kField).empty();
}
bool user(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  User u;
  return n == 0 && user_of(tx, dir, u) && !(out = u.identity.name).empty();
}
bool transfer_syntax(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  if (n != 0 || command_of(tx, dir) == nullptr) return false;
  const std::string_view uid = syntax_uid(exchange(tx).syntax);
  return out = as_bytes(uid), !uid.empty();
}

// --- numbers

template <std::uint16_t Command::*kField, Has kHas>
bool number(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Command* c = command_of(tx, dir);
  return n == 0 && c != nullptr && (c->has & kHas) != 0 && (out = c->*kField, true);
}
/// Of a request its own, of a response that of the request.
bool message_id(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Command* c = command_of(tx, dir);
  if (n != 0 || c == nullptr || (c->has & (kHasMessageId | kHasResponded)) == 0) return false;
  return out = (c->has & kHasMessageId) != 0 ? c->message_id : c->responded, true;
}
bool context(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return out = exchange(tx).context, n == 0 && command_of(tx, dir) != nullptr;
}
bool pending(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  return out = exchange(tx).pending, n == 0 && command_of(tx, dir) == &exchange(tx).answer;
}
bool data_size(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const DataSet* d = exchange(tx).data(dir);
  return n == 0 && d != nullptr && (out = d->bytes, true);
}
bool context_result(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  Context c;
  return nth_context(tx, dir, n, c) && c.answer && (out = c.result, true);
}
bool max_pdu(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  User u;
  return n == 0 && user_of(tx, dir, u) && u.has_max_pdu && (out = u.max_pdu, true);
}
bool identity(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  User u;
  return n == 0 && user_of(tx, dir, u) && u.has_identity && (out = u.identity.type, true);
}
/// The byte at `kAt` of what rejects (result, source, reason) or aborts.
template <Kind kKind, std::size_t kAt>
bool body_byte(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const Exchange& x = exchange(tx);
  const Bytes body = x.body(dir);
  return n == 0 && x.kind == kKind && body.size() == 4 && (out = body[kAt], true);
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"dicom.called_ae", "", kBoth, of_associate<&Associate::called>, "AE title that is called"},
    {"dicom.calling_ae", "", kBoth, of_associate<&Associate::calling>, "AE title that calls"},
    {"dicom.abstract_syntax", "", kBoth, abstract_syntax,
     "abstract syntax of each context: 1.2.840.10008.1.1"},
    {"dicom.offered_syntax", "", kBoth, offered_syntax, "each transfer syntax of each context"},
    {"dicom.accepted_syntax", "", kBoth, accepted_syntax, "transfer syntax of each context that is granted"},
    {"dicom.implementation_class", "", kBoth, of_user<&User::implementation>, "UID of the software"},
    {"dicom.implementation_version", "", kBoth, of_user<&User::version>,
     "version of the software: OFFIS_DCMTK_367"},
    {"dicom.user", "", kBoth, user, "user name of the identity"},
    {"dicom.command_set", "", kBoth, of_command<&Command::bytes>, "bytes of the command set"},
    {"dicom.sop_class", "", kBoth, of_command<&Command::sop_class>, "SOP class of the operation"},
    {"dicom.sop_instance", "", kBoth, of_command<&Command::sop_instance>, "SOP instance of the operation"},
    {"dicom.move_destination", "", kBoth, of_command<&Command::destination>,
     "AE title that a retrieval goes to"},
    {"dicom.move_originator", "", kBoth, of_command<&Command::originator>,
     "AE title that asked for what is stored"},
    {"dicom.error_comment", "", kBoth, of_command<&Command::comment>, "what a response says of an error"},
    {"dicom.transfer_syntax", "", kBoth, transfer_syntax, "transfer syntax of the operation's context"},
    {"dicom.dataset", "", kBoth, data_set,
     "first bytes of each data set, up to dataset-limit, patients and all"},
    {"dicom.level", "", kBoth, of_data<Attribute::kLevel>, "query level: PATIENT, STUDY, SERIES, IMAGE"},
    {"dicom.modality", "", kBoth, of_data<Attribute::kModality>, "modality in the data set: CT"},
    {"dicom.manufacturer", "", kBoth, of_data<Attribute::kManufacturer>, "manufacturer of the device"},
    {"dicom.model", "", kBoth, of_data<Attribute::kModel>, "model of the device"},
    {"dicom.station", "", kBoth, of_data<Attribute::kStation>, "name of the device"},
    {"dicom.serial", "", kBoth, of_data<Attribute::kSerial>, "serial number of the device"},
    {"dicom.software", "", kBoth, of_data<Attribute::kSoftware>, "software versions of the device"},
    {"file.data", "", kBoth, file_kept, "a stored object, up to file-inspect-limit", FileStage::kKept},
    {"file.name", "", kBoth, file_name, "its SOP instance UID", FileStage::kNamed},
    {"file.magic", "", kBoth, file_magic, "what libmagic says of it", FileStage::kHead},
    {"file.md5", "", kBoth, file_md5, "MD5 of each whole object, 16 bytes", FileStage::kClosed},
    {"file.sha1", "", kBoth, file_sha1, "SHA-1 of each whole object, 20 bytes", FileStage::kClosed},
    {"file.sha256", "", kBoth, file_sha256, "SHA-256 of each whole object, 32 bytes", FileStage::kClosed},
};

constexpr IntegerDef kIntegers[] = {
    {"dicom.command", "", kBoth, number<&Command::field, kHasField>, command_by_name,
     "command field: 0x0001 or C-STORE-RQ"},
    {"dicom.message_id", "", kBoth, message_id, nullptr, "number that a request and its responses share"},
    {"dicom.priority", "", kBoth, number<&Command::priority, kHasPriority>, priority_by_name,
     "0 or medium, 1 or high, 2 or low"},
    {"dicom.status", "", kBoth, number<&Command::status, kHasStatus>, status_by_name,
     "status of the last response: 0xa801"},
    {"dicom.event_type", "", kBoth, number<&Command::event_type, kHasEventType>, nullptr,
     "what an N-EVENT-REPORT reports"},
    {"dicom.action_type", "", kBoth, number<&Command::action_type, kHasActionType>, nullptr,
     "what an N-ACTION asks for"},
    {"dicom.remaining", "", kBoth, number<&Command::remaining, kHasRemaining>, nullptr,
     "sub-operations that remain"},
    {"dicom.completed", "", kBoth, number<&Command::completed, kHasCompleted>, nullptr,
     "sub-operations that were done"},
    {"dicom.failed", "", kBoth, number<&Command::failed, kHasFailed>, nullptr, "sub-operations that failed"},
    {"dicom.warning", "", kBoth, number<&Command::warning, kHasWarning>, nullptr,
     "sub-operations that were done with a warning"},
    {"dicom.pending", "", kBoth, pending, nullptr, "responses before the last, such as matches of a query"},
    {"dicom.context", "", kBoth, context, nullptr, "presentation context of the operation"},
    {"dicom.dataset_size", "", kBoth, data_size, nullptr, "bytes of the data set"},
    {"dicom.context_result", "", kBoth, context_result, context_result_by_name,
     "result of each presentation context: 0 or accepted"},
    {"dicom.max_pdu_length", "", kBoth, max_pdu, nullptr, "longest P-DATA that a side takes; 0: any"},
    {"dicom.identity_type", "", kBoth, identity, identity_by_name, "how a user is named: 2, 3 is Kerberos"},
    {"dicom.reject_source", "", kBoth, body_byte<Kind::kAssociate, 2>, nullptr, "who rejects an association"},
    {"dicom.reject_reason", "", kBoth, body_byte<Kind::kAssociate, 3>, nullptr, "why, by source"},
    {"dicom.abort_source", "", kBoth, body_byte<Kind::kAbort, 2>, nullptr, "0 user, 2 provider"},
    {"dicom.abort_reason", "", kBoth, body_byte<Kind::kAbort, 3>, nullptr, "why the provider aborts"},
    {"filesize", "file.size", kBoth, file_size, nullptr, "bytes of each stored object", FileStage::kClosed},
};

// In the order of enum class Event.
constexpr EventDef kEvents[] = {
    {"invalid_pdu_type", "a type of PDU that does not exist"},
    {"invalid_pdu_length", "a length that a PDU of its type cannot have"},
    {"invalid_association", "items of an association that do not fit into each other"},
    {"invalid_pdv", "a PDV that does not fit into its PDU"},
    {"invalid_command", "a command set whose elements cannot be read, or lack what each command has"},
    {"invalid_data_set", "a data set that is not written in the transfer syntax that was agreed on"},
    {"unknown_command", "a command that does not exist"},
    {"unknown_context", "an operation in a presentation context that was not granted, or cannot be"},
    {"no_association", "an operation after the association was released or aborted"},
    {"pdu_too_long", "a P-DATA-TF longer than the receiver said it takes"},
    {"command_too_large", "a command set is larger than command-limit, or memory is short"},
    {"unexpected_data_set", "a data set that no command announced"},
    {"missing_data_set", "a command in place of the data set that was announced"},
    {"unsolicited_response", "no request with that message id waits for a response"},
    {"mismatch", "the response is to another command than its request"},
    {"duplicate_message_id", "a request with the message id of one that waits"},
    {"rejected", "an association was rejected"},
    {"aborted", "an association was aborted"},
    {"flooded", "more requests than request-flood wait for a response"},
    {"no_reply", "no response came within reply-timeout"},
    {"lost_sync", "parsing goes on at the next PDU that makes sense"},
    {"gap", "bytes of the stream are missing"},
    {"out_of_memory", "no memory was left for a request"},
};
static_assert(std::size(kEvents) == static_cast<std::size_t>(Event::kOutOfMemory) + 1);

constexpr std::uint16_t kPorts[] = {104, 11112, 4242};

}  // namespace

const ProtocolSpec kSpec = {
    .name = "dicom",
    .record = "dicom",
    .transports = static_cast<std::uint8_t>(Transport::kTcp),
    .ports = kPorts,
    .probe = probe,
    .parser_size = sizeof(DicomParser),
    .create = create_parser<DicomParser>,
    .whole_streams = true,
    .max_pending_bytes = kPduHeader + kMaxAssociation,
    .complete = {kOtWhole, kOtWhole},
    .limits = kLimits,
    .events = kEvents,
    .buffers = kBuffers,
    .integers = kIntegers,
    .ot = &kOt,
};

}  // namespace picket::dicom
