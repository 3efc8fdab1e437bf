// Names of codes (HL7 v2.9 chapter 2C), times, and which fields are about which order or which patient
#include "parsers/hl7/hl7.h"

namespace picket::hl7 {
namespace {

struct Code {
  std::string_view code, name;
};

template <std::size_t N>
std::string_view look_up(const Code (&table)[N], Bytes code) noexcept {
  for (const Code& c : table) {
    if (c.code == as_text(code)) return c.name;
  }
  return {};
}

// Table 0076.
constexpr Code kTypes[] = {
    {"ACK", "general acknowledgement"},
    {"ADT", "patient administration"},
    {"ADR", "patient administration response"},
    {"BAR", "billing account record"},
    {"CRM", "clinical study registration"},
    {"CSU", "clinical study data"},
    {"DFT", "detailed financial transaction"},
    {"DSR", "display response"},
    {"EAC", "automated equipment command"},
    {"EAN", "automated equipment notification"},
    {"EAR", "automated equipment response"},
    {"ESR", "automated equipment status request"},
    {"ESU", "automated equipment status update"},
    {"INR", "automated equipment inventory request"},
    {"INU", "automated equipment inventory update"},
    {"LSR", "automated equipment log request"},
    {"LSU", "automated equipment log update"},
    {"MCF", "delayed acknowledgement"},
    {"MDM", "medical document management"},
    {"MFK", "master file acknowledgement"},
    {"MFN", "master file notification"},
    {"MFQ", "master file query"},
    {"MFR", "master file response"},
    {"NMD", "application management data"},
    {"NMQ", "application management query"},
    {"OMB", "blood product order"},
    {"OMD", "dietary order"},
    {"OMG", "general clinical order"},
    {"OMI", "imaging order"},
    {"OML", "laboratory order"},
    {"OMN", "non-stock requisition order"},
    {"OMP", "pharmacy or treatment order"},
    {"OMS", "stock requisition order"},
    {"OPU", "unsolicited population observation"},
    {"ORA", "observation report acknowledgement"},
    {"ORF", "observation query response"},
    {"ORG", "general clinical order acknowledgement"},
    {"ORI", "imaging order acknowledgement"},
    {"ORL", "laboratory order acknowledgement"},
    {"ORM", "general order"},
    {"ORP", "pharmacy or treatment order acknowledgement"},
    {"ORR", "general order acknowledgement"},
    {"ORU", "unsolicited observation"},
    {"OSM", "specimen shipment"},
    {"OUL", "unsolicited laboratory observation"},
    {"PGL", "patient goal"},
    {"PMU", "personnel"},
    {"PPP", "patient pathway"},
    {"PPR", "patient problem"},
    {"QBP", "query by parameter"},
    {"QCK", "query general acknowledgement"},
    {"QCN", "cancel query"},
    {"QRY", "original style query"},
    {"QSB", "create subscription"},
    {"QSX", "cancel subscription"},
    {"QVR", "query for previous events"},
    {"RAS", "pharmacy or treatment administration"},
    {"RDE", "pharmacy or treatment encoded order"},
    {"RDS", "pharmacy or treatment dispense"},
    {"REF", "patient referral"},
    {"RGV", "pharmacy or treatment give"},
    {"RPI", "return patient information"},
    {"RQI", "request patient information"},
    {"RRA", "administration acknowledgement"},
    {"RRD", "dispense acknowledgement"},
    {"RRE", "encoded order acknowledgement"},
    {"RRG", "give acknowledgement"},
    {"RRI", "return referral information"},
    {"RSP", "segment pattern response"},
    {"RTB", "tabular response"},
    {"SIU", "schedule information"},
    {"SQM", "schedule query"},
    {"SQR", "schedule query response"},
    {"SRM", "schedule request"},
    {"SRR", "scheduled request response"},
    {"SSR", "specimen status request"},
    {"SSU", "specimen status update"},
    {"TCR", "test code settings request"},
    {"TCU", "test code settings update"},
    {"UDM", "unsolicited display"},
    {"VXQ", "vaccination query"},
    {"VXR", "vaccination record response"},
    {"VXU", "unsolicited vaccination record"},
    {"VXX", "vaccination query response with several patients"},
};

// Table 0008.
constexpr Code kAcknowledgements[] = {
    {"AA", "application accept"}, {"AE", "application error"}, {"AR", "application reject"},
    {"CA", "commit accept"},      {"CE", "commit error"},      {"CR", "commit reject"},
};

// Table 0357.
constexpr Code kErrors[] = {
    {"0", "message accepted"},
    {"100", "segment sequence error"},
    {"101", "required field missing"},
    {"102", "data type error"},
    {"103", "table value not found"},
    {"104", "value too long"},
    {"198", "non-conformant cardinality"},
    {"199", "other error"},
    {"200", "unsupported message type"},
    {"201", "unsupported event code"},
    {"202", "unsupported processing id"},
    {"203", "unsupported version id"},
    {"204", "unknown key identifier"},
    {"205", "duplicate key identifier"},
    {"206", "application record locked"},
    {"207", "application error"},
};

// Table 0119.
constexpr Code kOrderControls[] = {
    {"AF", "order refill approval"},
    {"CA", "cancel order request"},
    {"CH", "child order"},
    {"CN", "combined result"},
    {"CR", "canceled as requested"},
    {"DC", "discontinue order request"},
    {"DE", "data errors"},
    {"DF", "order refill request denied"},
    {"DR", "discontinued as requested"},
    {"FU", "order refilled, unsolicited"},
    {"HD", "hold order request"},
    {"HR", "on hold as requested"},
    {"LI", "link order to problem or goal"},
    {"NA", "number assigned"},
    {"NW", "new order"},
    {"OC", "order canceled"},
    {"OD", "order discontinued"},
    {"OE", "order released"},
    {"OF", "order refilled as requested"},
    {"OH", "order held"},
    {"OK", "order accepted and OK"},
    {"OR", "released as requested"},
    {"PA", "parent order"},
    {"PR", "previous results with new order"},
    {"RE", "observations to follow"},
    {"RF", "refill order request"},
    {"RL", "release previous hold"},
    {"RO", "replacement order"},
    {"RP", "order replace request"},
    {"RQ", "replaced as requested"},
    {"RR", "request received"},
    {"RU", "replaced unsolicited"},
    {"SC", "status changed"},
    {"SN", "send order number"},
    {"SR", "response to send order status request"},
    {"SS", "send order status request"},
    {"UA", "unable to accept order"},
    {"UC", "unable to cancel"},
    {"UD", "unable to discontinue"},
    {"UF", "unable to refill"},
    {"UH", "unable to put on hold"},
    {"UM", "unable to replace"},
    {"UR", "unable to release"},
    {"UX", "unable to change"},
    {"XO", "change order request"},
    {"XR", "changed as requested"},
    {"XX", "order changed, unsolicited"},
};

// Tables 0123 (of a report) and 0085 (of an observation); where both have a letter it means much the same.
constexpr Code kResultStatuses[] = {
    {"A", "some results available"},
    {"C", "corrected"},
    {"D", "deleted"},
    {"F", "final"},
    {"I", "in process"},
    {"N", "not asked"},
    {"O", "order received"},
    {"P", "preliminary"},
    {"R", "not verified"},
    {"S", "scheduled or partial"},
    {"U", "changed to final"},
    {"W", "wrong"},
    {"X", "no result available"},
    {"Y", "no order on record"},
    {"Z", "no record of this patient"},
};

// Table 0004.
constexpr Code kPatientClasses[] = {
    {"B", "obstetrics"}, {"C", "commercial account"}, {"E", "emergency"},
    {"I", "inpatient"},  {"N", "not applicable"},     {"O", "outpatient"},
    {"P", "preadmit"},   {"R", "recurring patient"},  {"U", "unknown"},
};

constexpr OrderFields kOrders[] = {
    {"ORC", 1, 2, 3, 5, 0, 0},  {"OBR", 0, 2, 3, 0, 4, 25}, {"RXO", 0, 0, 0, 0, 1, 0},
    {"RXE", 0, 0, 0, 0, 2, 0},  {"RXD", 0, 0, 0, 0, 2, 0},  {"RXG", 0, 0, 0, 0, 4, 0},
    {"RXA", 0, 0, 0, 0, 5, 20},
};

constexpr PatientField kPatient[] = {
    {"PID", 2, 1, "PID-2"},   {"PID", 3, 1, "PID-3"},   {"PID", 4, 1, "PID-4"},   {"PID", 5, 0, "PID-5"},
    {"PID", 6, 0, "PID-6"},   {"PID", 7, 1, "PID-7"},   {"PID", 9, 0, "PID-9"},   {"PID", 11, 0, "PID-11"},
    {"PID", 13, 0, "PID-13"}, {"PID", 14, 0, "PID-14"}, {"PID", 18, 1, "PID-18"}, {"PID", 19, 1, "PID-19"},
    {"PID", 20, 1, "PID-20"}, {"PID", 21, 1, "PID-21"}, {"PV1", 19, 1, "PV1-19"}, {"PV1", 50, 1, "PV1-50"},
    {"MRG", 1, 1, "MRG-1"},   {"MRG", 7, 0, "MRG-7"},   {"NK1", 2, 0, "NK1-2"},   {"NK1", 5, 0, "NK1-5"},
    {"GT1", 3, 0, "GT1-3"},   {"GT1", 12, 1, "GT1-12"}, {"IN1", 16, 0, "IN1-16"}, {"IN1", 36, 1, "IN1-36"},
    {"IN1", 49, 1, "IN1-49"},
};

}  // namespace

std::string_view type_name(Bytes type) noexcept { return look_up(kTypes, type); }
std::string_view acknowledgement_name(Bytes code) noexcept { return look_up(kAcknowledgements, code); }
std::string_view error_name(Bytes code) noexcept { return look_up(kErrors, code); }
std::string_view order_control_name(Bytes code) noexcept { return look_up(kOrderControls, code); }
std::string_view result_status_name(Bytes code) noexcept { return look_up(kResultStatuses, code); }
std::string_view patient_class_name(Bytes code) noexcept { return look_up(kPatientClasses, code); }

const OrderFields* order_fields(Bytes segment_name) noexcept {
  for (const OrderFields& f : kOrders) {
    if (f.segment == as_text(segment_name)) return &f;
  }
  return nullptr;
}

std::span<const PatientField> patient_fields() noexcept { return kPatient; }

std::string_view time_text(Bytes b, std::span<char, 40> room) noexcept {
  // YYYY[MM[DD[HH[MM[SS[.S[S[S[S]]]]]]]]][+/-ZZZZ]
  constexpr struct {
    std::size_t digits;
    char before;
  } kParts[] = {{4, 0}, {2, '-'}, {2, '-'}, {2, 'T'}, {2, ':'}, {2, ':'}};
  std::size_t at = 0, size = 0;
  const auto digit = [&](std::size_t i) { return i < b.size() && b[i] >= '0' && b[i] <= '9'; };
  const auto put = [&](std::uint8_t c) { room[size++] = static_cast<char>(c); };
  for (const auto& p : kParts) {
    if (at != 0 && !digit(at)) break;
    if (p.before != 0) room[size++] = p.before;
    for (std::size_t i = 0; i < p.digits; ++i, ++at) {
      if (!digit(at)) return {};
      put(b[at]);
    }
  }
  if (at < b.size() && b[at] == '.' && at == 14) {
    put(b[at++]);
    for (unsigned i = 0; i < 4 && digit(at); ++i) put(b[at++]);
  }
  if (at < b.size() && (b[at] == '+' || b[at] == '-')) {
    put(b[at++]);
    for (unsigned i = 0; i < 4; ++i, ++at) {
      if (!digit(at)) return {};
      if (i == 2) put(':');
      put(b[at]);
    }
  }
  return at == b.size() && at != 0 ? std::string_view(room.data(), size) : std::string_view{};
}

}  // namespace picket::hl7
