// parsers/hl7/hl7_ot.cc — what a message says has happened or shall be done, in plain words
//
// Addresses are orders, else who receives it; values are about patients, and so there are none.
#include "parsers/hl7/hl7.h"

namespace picket::hl7 {
namespace {

using enum OtClass;

struct Row {
  std::string_view type, trigger;  ///< trigger "": any other of the type
  OtOperation operation;
};

// HL7 v2.9, chapters 3 to 17, and table 0003.
constexpr Row kRows[] = {
    {"", "", {kNone, "other message", "", true}},
    {"ACK", "", {kNone, "acknowledge", ""}},
    {"MCF", "", {kNone, "delayed acknowledgement", ""}},
    {"ADT", "A01", {kWrite, "admit patient", ""}},
    {"ADT", "A02", {kWrite, "transfer patient", ""}},
    {"ADT", "A03", {kWrite, "discharge patient", ""}},
    {"ADT", "A04", {kWrite, "register patient", ""}},
    {"ADT", "A05", {kWrite, "pre-admit patient", ""}},
    {"ADT", "A06", {kWrite, "change outpatient to inpatient", ""}},
    {"ADT", "A07", {kWrite, "change inpatient to outpatient", ""}},
    {"ADT", "A08", {kWrite, "update patient information", ""}},
    {"ADT", "A09", {kWrite, "patient departs", ""}},
    {"ADT", "A10", {kWrite, "patient arrives", ""}},
    {"ADT", "A11", {kWrite, "cancel admission", ""}},
    {"ADT", "A12", {kWrite, "cancel transfer", ""}},
    {"ADT", "A13", {kWrite, "cancel discharge", ""}},
    {"ADT", "A14", {kWrite, "pending admission", ""}},
    {"ADT", "A15", {kWrite, "pending transfer", ""}},
    {"ADT", "A16", {kWrite, "pending discharge", ""}},
    {"ADT", "A17", {kWrite, "swap patients", ""}},
    {"ADT", "A18", {kWrite, "merge patient information", ""}},
    {"ADT", "A20", {kWrite, "update bed status", ""}},
    {"ADT", "A21", {kWrite, "begin leave of absence", ""}},
    {"ADT", "A22", {kWrite, "end leave of absence", ""}},
    {"ADT", "A23", {kWrite, "delete patient record", "T0809"}},
    {"ADT", "A24", {kWrite, "link patients", ""}},
    {"ADT", "A25", {kWrite, "cancel pending discharge", ""}},
    {"ADT", "A26", {kWrite, "cancel pending transfer", ""}},
    {"ADT", "A27", {kWrite, "cancel pending admission", ""}},
    {"ADT", "A28", {kWrite, "add person", ""}},
    {"ADT", "A29", {kWrite, "delete person", "T0809"}},
    {"ADT", "A30", {kWrite, "merge persons", ""}},
    {"ADT", "A31", {kWrite, "update person", ""}},
    {"ADT", "A32", {kWrite, "cancel arrival", ""}},
    {"ADT", "A33", {kWrite, "cancel departure", ""}},
    {"ADT", "A34", {kWrite, "merge patient identifiers", ""}},
    {"ADT", "A35", {kWrite, "merge accounts", ""}},
    {"ADT", "A36", {kWrite, "merge patients and accounts", ""}},
    {"ADT", "A37", {kWrite, "unlink patients", ""}},
    {"ADT", "A38", {kWrite, "cancel pre-admission", ""}},
    {"ADT", "A39", {kWrite, "merge person and patient", ""}},
    {"ADT", "A40", {kWrite, "merge patient identifier lists", ""}},
    {"ADT", "A41", {kWrite, "merge account identifiers", ""}},
    {"ADT", "A42", {kWrite, "merge visits", ""}},
    {"ADT", "A43", {kWrite, "move patient identifiers", ""}},
    {"ADT", "A44", {kWrite, "move account", ""}},
    {"ADT", "A45", {kWrite, "move visit", ""}},
    {"ADT", "A47", {kWrite, "change patient identifiers", ""}},
    {"ADT", "A49", {kWrite, "change account", ""}},
    {"ADT", "A50", {kWrite, "change visit number", ""}},
    {"ADT", "A51", {kWrite, "change alternate visit", ""}},
    {"ADT", "A52", {kWrite, "cancel leave of absence", ""}},
    {"ADT", "A53", {kWrite, "cancel return from leave", ""}},
    {"ADT", "A54", {kWrite, "change attending doctor", ""}},
    {"ADT", "A55", {kWrite, "cancel change of attending doctor", ""}},
    {"ADT", "A60", {kWrite, "update allergies", ""}},
    {"ADT", "A61", {kWrite, "change consulting doctor", ""}},
    {"ADT", "A62", {kWrite, "cancel change of consulting doctor", ""}},
    {"ADT", "", {kWrite, "other patient administration", ""}},
    {"ORM", "", {kWrite, "order", ""}},
    {"ORR", "", {kWrite, "answer order", ""}},
    {"OMG", "", {kWrite, "order clinical service", ""}},
    {"ORG", "", {kWrite, "answer clinical order", ""}},
    {"OML", "", {kWrite, "order laboratory test", ""}},
    {"ORL", "", {kWrite, "answer laboratory order", ""}},
    {"OMI", "", {kWrite, "order imaging", ""}},
    {"ORI", "", {kWrite, "answer imaging order", ""}},
    {"OMB", "", {kWrite, "order blood product", ""}},
    {"OMD", "", {kWrite, "order diet", ""}},
    {"OMS", "", {kWrite, "order stock", ""}},
    {"OMN", "", {kWrite, "order supplies", ""}},
    {"OMP", "", {kWrite, "order medication", ""}},
    {"ORP", "", {kWrite, "answer medication order", ""}},
    {"OSM", "", {kWrite, "ship specimen", ""}},
    {"RDE", "", {kWrite, "order encoded medication", ""}},
    {"RRE", "", {kWrite, "answer encoded medication order", ""}},
    {"RDS", "", {kWrite, "dispense medication", ""}},
    {"RRD", "", {kWrite, "answer dispense", ""}},
    {"RGV", "", {kControl, "give medication", "T0855"}},
    {"RRG", "", {kWrite, "answer give", ""}},
    {"RAS", "", {kWrite, "record administration", ""}},
    {"RRA", "", {kWrite, "answer administration", ""}},
    {"ORU", "R30", {kWrite, "report point-of-care result without order", ""}},
    {"ORU", "R31", {kWrite, "report point-of-care result for new order", ""}},
    {"ORU", "R32", {kWrite, "report point-of-care result", ""}},
    {"ORU", "R40", {kAlarm, "report alarm", ""}},
    {"ORU", "R42", {kAlarm, "report device event", ""}},
    {"ORU", "", {kWrite, "report result", ""}},
    {"ORA", "", {kAlarm, "acknowledge alarm", ""}},
    {"OUL", "", {kWrite, "report laboratory result", ""}},
    {"OPU", "", {kWrite, "report population result", ""}},
    {"ORF", "", {kRead, "answer result query", ""}},
    {"SIU", "S12", {kWrite, "book appointment", ""}},
    {"SIU", "S13", {kWrite, "reschedule appointment", ""}},
    {"SIU", "S14", {kWrite, "modify appointment", ""}},
    {"SIU", "S15", {kWrite, "cancel appointment", ""}},
    {"SIU", "S16", {kWrite, "discontinue appointment", ""}},
    {"SIU", "S17", {kWrite, "delete appointment", ""}},
    {"SIU", "S26", {kWrite, "patient missed appointment", ""}},
    {"SIU", "", {kWrite, "other scheduling", ""}},
    {"SRM", "", {kWrite, "request appointment", ""}},
    {"SRR", "", {kWrite, "answer appointment request", ""}},
    {"SQM", "", {kRead, "query schedule", "T0811"}},
    {"SQR", "", {kRead, "answer schedule query", ""}},
    {"MDM", "T01", {kWrite, "announce document", ""}},
    {"MDM", "T02", {kWrite, "send document", ""}},
    {"MDM", "T03", {kWrite, "change document status", ""}},
    {"MDM", "T04", {kWrite, "change document status and content", ""}},
    {"MDM", "T05", {kWrite, "announce document addendum", ""}},
    {"MDM", "T06", {kWrite, "send document addendum", ""}},
    {"MDM", "T07", {kWrite, "announce document edit", ""}},
    {"MDM", "T08", {kWrite, "send document edit", ""}},
    {"MDM", "T09", {kWrite, "announce document replacement", ""}},
    {"MDM", "T10", {kWrite, "send document replacement", ""}},
    {"MDM", "T11", {kWrite, "cancel document", ""}},
    {"MDM", "", {kWrite, "other document", ""}},
    {"DFT", "", {kWrite, "post charges", ""}},
    {"BAR", "P01", {kWrite, "add account", ""}},
    {"BAR", "P02", {kWrite, "purge account", "T0809"}},
    {"BAR", "P05", {kWrite, "update account", ""}},
    {"BAR", "P06", {kWrite, "end account", ""}},
    {"BAR", "", {kWrite, "other billing", ""}},
    {"MFN", "", {kConfigure, "update master file", "T0836"}},
    {"MFK", "", {kNone, "acknowledge master file", ""}},
    {"MFQ", "", {kRead, "query master file", "T0811"}},
    {"MFR", "", {kRead, "answer master file query", ""}},
    {"PMU", "", {kConfigure, "update personnel", ""}},
    {"VXU", "", {kWrite, "record vaccination", ""}},
    {"VXQ", "", {kRead, "query vaccinations", "T0811"}},
    {"VXR", "", {kRead, "answer vaccination query", ""}},
    {"VXX", "", {kRead, "answer vaccination query with several patients", ""}},
    {"QRY", "A19", {kRead, "query patient", "T0811"}},
    {"QRY", "R02", {kRead, "query results", "T0811"}},
    {"QRY", "", {kRead, "query", "T0811"}},
    {"QBP", "Q21", {kRead, "query person demographics", "T0811"}},
    {"QBP", "Q22", {kRead, "find candidates", "T0811"}},
    {"QBP", "Q23", {kRead, "query identifiers", "T0811"}},
    {"QBP", "", {kRead, "query by parameters", "T0811"}},
    {"QVR", "", {kRead, "query visits", "T0811"}},
    {"QCN", "", {kNone, "cancel query", ""}},
    {"QSB", "", {kRead, "subscribe", "T0811"}},
    {"QSX", "", {kNone, "cancel subscription", ""}},
    {"QCK", "", {kNone, "acknowledge query", ""}},
    {"RSP", "", {kRead, "answer query", ""}},
    {"RTB", "", {kRead, "answer query with a table", ""}},
    {"ADR", "", {kRead, "answer patient query", ""}},
    {"DSR", "", {kRead, "answer display query", ""}},
    {"UDM", "", {kRead, "send display", ""}},
    {"REF", "", {kWrite, "refer patient", ""}},
    {"RRI", "", {kWrite, "answer referral", ""}},
    {"RQI", "", {kRead, "request insurance information", ""}},
    {"RPI", "", {kRead, "answer insurance request", ""}},
    {"PPR", "", {kWrite, "update patient problem", ""}},
    {"PGL", "", {kWrite, "update patient goal", ""}},
    {"PPP", "", {kWrite, "update patient pathway", ""}},
    {"CRM", "", {kWrite, "register in clinical study", ""}},
    {"CSU", "", {kWrite, "report study data", ""}},
    {"NMQ", "", {kDiagnostic, "query application status", "T0888"}},
    {"NMD", "", {kDiagnostic, "report application status", ""}},
    {"ESU", "", {kDiagnostic, "report equipment status", ""}},
    {"ESR", "", {kDiagnostic, "query equipment status", "T0888"}},
    {"INU", "", {kWrite, "update equipment inventory", ""}},
    {"INR", "", {kRead, "query equipment inventory", "T0888"}},
    {"SSU", "", {kWrite, "report specimen status", ""}},
    {"SSR", "", {kRead, "query specimen status", ""}},
    {"EAC", "", {kControl, "command equipment", "T0855"}},
    {"EAR", "", {kDiagnostic, "answer equipment command", ""}},
    {"EAN", "", {kAlarm, "report equipment event", ""}},
    {"TCU", "", {kConfigure, "change test settings", "T0836"}},
    {"TCR", "", {kRead, "query test settings", ""}},
    {"LSU", "", {kDiagnostic, "report equipment log", ""}},
    {"LSR", "", {kDiagnostic, "query equipment log", ""}},
};

constexpr auto kOperations = [] {
  std::array<OtOperation, std::size(kRows)> out{};
  for (std::size_t i = 0; i < out.size(); ++i) out[i] = kRows[i].operation;
  return out;
}();

/// The number of an order: its placer's, else its filler's.
Bytes order_number(const Message& m, const Segment& s) noexcept {
  const OrderFields* f = order_fields(s.name);
  if (f == nullptr || f->placer == 0) return {};
  const Bytes number = component(field(s, m.separators, f->placer), m.separators, 1);
  return number.empty() ? component(field(s, m.separators, f->filler), m.separators, 1) : number;
}

/// The n-th order; of messages without one who receives it.
bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  const auto& x = static_cast<const Exchange&>(tx);
  const Message& m = x.has_question ? x.question : x.answer;
  if (!m.has_header || n >= kMaxTold) return false;
  static constexpr char kOrders = 0;
  Segment s;
  out = {};
  if (find_segment(m, &kOrders, n, s, [&](const Segment& t) { return !order_number(m, t).empty(); })) {
    out.text = unescape(order_number(m, s), m.separators, tx.text_room);
    return true;
  }
  if (n != 0) return false;
  out.text = unescape(component(m.msh(5), m.separators, 1), m.separators, tx.text_room);
  return !out.text.empty();
}

bool value(const OtTransaction&, Direction, unsigned, OtValue&) noexcept { return false; }

}  // namespace

const OtProtocol kOt = {"hl7", kOperations, address, value};

const OtOperation* operation_of(const Message& m) noexcept {
  const std::string_view type = as_text(m.type()), trigger = as_text(m.trigger());
  std::size_t found = 0;
  for (std::size_t i = 1; i < std::size(kRows) && m.has_header; ++i) {
    if (kRows[i].type != type) continue;
    if (kRows[i].trigger == trigger) return &kOperations[i];
    if (kRows[i].trigger.empty()) found = i;
  }
  return &kOperations[found];
}

}  // namespace picket::hl7
