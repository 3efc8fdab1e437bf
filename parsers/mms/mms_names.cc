// Numbers of MMS (ISO 9506-2), of the layers below it and of IEC 61850, and their names.
#include "parsers/core/names.h"

#include "parsers/mms/mms.h"

namespace picket::mms {
namespace {

constexpr NumberName kPdus[] = {
    {0, "confirmed request"},
    {1, "confirmed response"},
    {2, "confirmed error"},
    {3, "unconfirmed"},
    {4, "reject"},
    {5, "cancel request"},
    {6, "cancel response"},
    {7, "cancel error"},
    {8, "initiate request"},
    {9, "initiate response"},
    {10, "initiate error"},
    {11, "conclude request"},
    {12, "conclude response"},
    {13, "conclude error"},
};

constexpr NumberName kServices[] = {
    {0, "status"},
    {1, "getNameList"},
    {2, "identify"},
    {3, "rename"},
    {4, "read"},
    {5, "write"},
    {6, "getVariableAccessAttributes"},
    {7, "defineNamedVariable"},
    {8, "defineScatteredAccess"},
    {9, "getScatteredAccessAttributes"},
    {10, "deleteVariableAccess"},
    {11, "defineNamedVariableList"},
    {12, "getNamedVariableListAttributes"},
    {13, "deleteNamedVariableList"},
    {14, "defineNamedType"},
    {15, "getNamedTypeAttributes"},
    {16, "deleteNamedType"},
    {17, "input"},
    {18, "output"},
    {19, "takeControl"},
    {20, "relinquishControl"},
    {21, "defineSemaphore"},
    {22, "deleteSemaphore"},
    {23, "reportSemaphoreStatus"},
    {24, "reportPoolSemaphoreStatus"},
    {25, "reportSemaphoreEntryStatus"},
    {26, "initiateDownloadSequence"},
    {27, "downloadSegment"},
    {28, "terminateDownloadSequence"},
    {29, "initiateUploadSequence"},
    {30, "uploadSegment"},
    {31, "terminateUploadSequence"},
    {32, "requestDomainDownload"},
    {33, "requestDomainUpload"},
    {34, "loadDomainContent"},
    {35, "storeDomainContent"},
    {36, "deleteDomain"},
    {37, "getDomainAttributes"},
    {38, "createProgramInvocation"},
    {39, "deleteProgramInvocation"},
    {40, "start"},
    {41, "stop"},
    {42, "resume"},
    {43, "reset"},
    {44, "kill"},
    {45, "getProgramInvocationAttributes"},
    {46, "obtainFile"},
    {47, "defineEventCondition"},
    {48, "deleteEventCondition"},
    {49, "getEventConditionAttributes"},
    {50, "reportEventConditionStatus"},
    {51, "alterEventConditionMonitoring"},
    {52, "triggerEvent"},
    {53, "defineEventAction"},
    {54, "deleteEventAction"},
    {55, "getEventActionAttributes"},
    {56, "reportEventActionStatus"},
    {57, "defineEventEnrollment"},
    {58, "deleteEventEnrollment"},
    {59, "alterEventEnrollment"},
    {60, "reportEventEnrollmentStatus"},
    {61, "getEventEnrollmentAttributes"},
    {62, "acknowledgeEventNotification"},
    {63, "getAlarmSummary"},
    {64, "getAlarmEnrollmentSummary"},
    {65, "readJournal"},
    {66, "writeJournal"},
    {67, "initializeJournal"},
    {68, "reportJournalStatus"},
    {69, "createJournal"},
    {70, "deleteJournal"},
    {71, "getCapabilityList"},
    {72, "fileOpen"},
    {73, "fileRead"},
    {74, "fileClose"},
    {75, "fileRename"},
    {76, "fileDelete"},
    {77, "fileDirectory"},
    {78, "additionalService"},
    {80, "getDataExchangeAttributes"},
    {81, "exchangeData"},
    {82, "defineAccessControlList"},
    {83, "getAccessControlListAttributes"},
    {84, "reportAccessControlledObjects"},
    {85, "deleteAccessControlList"},
    {86, "changeAccessControl"},
    {256, "informationReport"},
    {257, "unsolicitedStatus"},
    {258, "eventNotification"},
};

// Bits of the services that are supported: those from 78 on stand elsewhere than as services.
constexpr NumberName kSupportedOnly[] = {
    {78, "unsolicitedStatus"},
    {79, "informationReport"},
    {80, "eventNotification"},
    {81, "attachToEventCondition"},
    {82, "attachToSemaphore"},
    {83, "conclude"},
    {84, "cancel"},
    {85, "getDataExchangeAttributes"},
    {86, "exchangeData"},
    {87, "defineAccessControlList"},
    {88, "getAccessControlListAttributes"},
    {89, "reportAccessControlledObjects"},
    {90, "deleteAccessControlList"},
    {91, "changeAccessControl"},
    {92, "reconfigureProgramInvocation"},
};

constexpr NumberName kParameters[] = {
    {0, "str1"}, {1, "str2"}, {2, "vnam"}, {3, "valt"}, {4, "vadr"}, {5, "vsca"},
    {6, "tpy"},  {7, "vlis"}, {10, "cei"}, {11, "aco"}, {12, "sem"}, {13, "csr"},
};

constexpr NumberName kSpdus[] = {
    {1, "data transfer"}, {8, "not finished"}, {9, "finish"}, {10, "disconnect"},   {12, "refuse"},
    {13, "connect"},      {14, "accept"},      {25, "abort"}, {26, "abort accept"},
};

constexpr NumberName kAcse[] = {
    {0, "AARQ"}, {1, "AARE"}, {2, "RLRQ"}, {3, "RLRE"}, {4, "ABRT"},
};

constexpr NumberName kAssociateResults[] = {
    {0, "accepted"},
    {1, "rejected permanent"},
    {2, "rejected transient"},
};

constexpr NumberName kUserDiagnostics[] = {
    {0, "null"},
    {1, "no reason given"},
    {2, "application context name not supported"},
    {3, "calling AP title not recognized"},
    {4, "calling AP invocation identifier not recognized"},
    {5, "calling AE qualifier not recognized"},
    {6, "calling AE invocation identifier not recognized"},
    {7, "called AP title not recognized"},
    {8, "called AP invocation identifier not recognized"},
    {9, "called AE qualifier not recognized"},
    {10, "called AE invocation identifier not recognized"},
    {11, "authentication mechanism name not recognized"},
    {12, "authentication mechanism name required"},
    {13, "authentication failure"},
    {14, "authentication required"},
};

constexpr NumberName kProviderDiagnostics[] = {
    {0, "null"},
    {1, "no reason given"},
    {2, "no common ACSE version"},
};

constexpr NumberName kReleaseRequests[] = {
    {0, "normal"},
    {1, "urgent"},
    {30, "user defined"},
};

constexpr NumberName kReleaseAnswers[] = {
    {0, "normal"},
    {1, "not finished"},
    {30, "user defined"},
};

constexpr NumberName kAbortSources[] = {
    {0, "user"},
    {1, "provider"},
};

constexpr NumberName kAbortDiagnostics[] = {
    {1, "no reason given"},
    {2, "protocol error"},
    {3, "authentication mechanism name not recognized"},
    {4, "authentication mechanism name required"},
    {5, "authentication failure"},
    {6, "authentication required"},
};

constexpr NumberName kContextResults[] = {
    {0, "acceptance"},
    {1, "user rejection"},
    {2, "provider rejection"},
};

constexpr NumberName kPresentationReasons[] = {
    {0, "reason not specified"},           {1, "temporary congestion"},
    {2, "local limit exceeded"},           {3, "called presentation address unknown"},
    {4, "protocol version not supported"}, {5, "default context not supported"},
    {6, "user data not readable"},         {7, "no PSAP available"},
};

constexpr NumberName kErrorClasses[] = {
    {0, "vmd state"},       {1, "application reference"},
    {2, "definition"},      {3, "resource"},
    {4, "service"},         {5, "service preempt"},
    {6, "time resolution"}, {7, "access"},
    {8, "initiate"},        {9, "conclude"},
    {10, "cancel"},         {11, "file"},
    {12, "others"},
};

// By error class and code: class times 32 and the code.
constexpr NumberName kErrorCodes[] = {
    {0, "other"},
    {1, "vmd state conflict"},
    {2, "vmd operational problem"},
    {3, "domain transfer problem"},
    {4, "state machine id invalid"},
    {32, "other"},
    {33, "application unreachable"},
    {34, "connection lost"},
    {35, "application reference invalid"},
    {36, "context unsupported"},
    {64, "other"},
    {65, "object undefined"},
    {66, "invalid address"},
    {67, "type unsupported"},
    {68, "type inconsistent"},
    {69, "object exists"},
    {70, "object attribute inconsistent"},
    {96, "other"},
    {97, "memory unavailable"},
    {98, "processor resource unavailable"},
    {99, "mass storage unavailable"},
    {100, "capability unavailable"},
    {101, "capability unknown"},
    {128, "other"},
    {129, "primitives out of sequence"},
    {130, "object state conflict"},
    {131, "pdu size"},
    {132, "continuation invalid"},
    {133, "object constraint conflict"},
    {160, "other"},
    {161, "timeout"},
    {162, "deadlock"},
    {163, "cancel"},
    {192, "other"},
    {193, "unsupportable time resolution"},
    {224, "other"},
    {225, "object access unsupported"},
    {226, "object non-existent"},
    {227, "object access denied"},
    {228, "object invalidated"},
    {256, "other"},
    {257, "version incompatible"},
    {258, "max segment insufficient"},
    {259, "max services outstanding calling insufficient"},
    {260, "max services outstanding called insufficient"},
    {261, "service CBB insufficient"},
    {262, "parameter CBB insufficient"},
    {263, "nesting level insufficient"},
    {288, "other"},
    {289, "further communication required"},
    {320, "other"},
    {321, "invoke id unknown"},
    {322, "cancel not possible"},
    {352, "other"},
    {353, "filename ambiguous"},
    {354, "file busy"},
    {355, "filename syntax error"},
    {356, "content type invalid"},
    {357, "position invalid"},
    {358, "file access denied"},
    {359, "file non-existent"},
    {360, "duplicate filename"},
    {361, "insufficient space in filestore"},
};

constexpr NumberName kRejectedPdus[] = {
    {1, "confirmed request"}, {2, "confirmed response"}, {3, "confirmed error"}, {4, "unconfirmed"},
    {5, "pdu error"},         {6, "cancel request"},     {7, "cancel response"}, {8, "cancel error"},
    {9, "conclude request"},  {10, "conclude response"}, {11, "conclude error"},
};

// By what was rejected and the reason: the first times 32 and the second.
constexpr NumberName kRejectReasons[] = {
    {32, "other"},
    {33, "unrecognized service"},
    {34, "unrecognized modifier"},
    {35, "invalid invoke id"},
    {36, "invalid argument"},
    {37, "invalid modifier"},
    {38, "max services outstanding exceeded"},
    {40, "max recursion exceeded"},
    {41, "value out of range"},
    {64, "other"},
    {65, "unrecognized service"},
    {66, "invalid invoke id"},
    {67, "invalid result"},
    {69, "max recursion exceeded"},
    {70, "value out of range"},
    {96, "other"},
    {97, "unrecognized service"},
    {98, "invalid invoke id"},
    {99, "invalid service error"},
    {100, "value out of range"},
    {128, "other"},
    {129, "unrecognized service"},
    {130, "invalid argument"},
    {131, "max recursion exceeded"},
    {132, "value out of range"},
    {160, "unknown PDU type"},
    {161, "invalid PDU"},
    {162, "illegal ACSE mapping"},
    {192, "other"},
    {193, "invalid invoke id"},
    {224, "other"},
    {225, "invalid invoke id"},
    {256, "other"},
    {257, "invalid invoke id"},
    {258, "invalid service error"},
    {259, "value out of range"},
    {288, "other"},
    {289, "invalid argument"},
    {320, "other"},
    {321, "invalid result"},
    {352, "other"},
    {353, "invalid service error"},
    {354, "value out of range"},
};

constexpr NumberName kAccessErrors[] = {
    {0, "object invalidated"},        {1, "hardware fault"},       {2, "temporarily unavailable"},
    {3, "object access denied"},      {4, "object undefined"},     {5, "invalid address"},
    {6, "type unsupported"},          {7, "type inconsistent"},    {8, "object attribute inconsistent"},
    {9, "object access unsupported"}, {10, "object non-existent"}, {11, "object value invalid"},
};

constexpr NumberName kObjectClasses[] = {
    {0, "named variable"},
    {1, "scattered access"},
    {2, "named variable list"},
    {3, "named type"},
    {4, "semaphore"},
    {5, "event condition"},
    {6, "event action"},
    {7, "event enrollment"},
    {8, "journal"},
    {9, "domain"},
    {10, "program invocation"},
    {11, "operator station"},
    {12, "data exchange"},
    {13, "access control list"},
};

constexpr NumberName kTypes[] = {
    {0, "failure"},      {1, "array"},        {2, "structure"},       {3, "boolean"},
    {4, "bit string"},   {5, "integer"},      {6, "unsigned"},        {7, "floating point"},
    {8, "real"},         {9, "octet string"}, {10, "visible string"}, {11, "generalized time"},
    {12, "binary time"}, {13, "bcd"},         {14, "boolean array"},  {15, "object identifier"},
    {16, "mms string"},  {17, "utc time"},
};

constexpr NumberName kLogicalStates[] = {
    {0, "state changes allowed"},
    {1, "no state changes allowed"},
    {2, "limited services permitted"},
    {3, "support services allowed"},
};

constexpr NumberName kPhysicalStates[] = {
    {0, "operational"},
    {1, "partially operational"},
    {2, "inoperable"},
    {3, "needs commissioning"},
};

constexpr NumberName kDomainStates[] = {
    {0, "non-existent"}, {1, "loading"}, {2, "ready"}, {3, "in use"}, {4, "complete"},
    {5, "incomplete"},   {7, "d1"},      {8, "d2"},    {9, "d3"},     {10, "d4"},
    {11, "d5"},          {12, "d6"},     {13, "d7"},   {14, "d8"},    {15, "d9"},
};

constexpr NumberName kProgramStates[] = {
    {0, "non-existent"}, {1, "unrunnable"}, {2, "idle"},     {3, "running"},   {4, "stopped"},
    {5, "starting"},     {6, "stopping"},   {7, "resuming"}, {8, "resetting"},
};

constexpr NumberName kDeleteScopes[] = {
    {0, "specific"},
    {1, "association specific"},
    {2, "domain"},
    {3, "vmd"},
};

struct FcName {
  std::string_view fc, name;
};
constexpr FcName kFcs[] = {
    {"ST", "status information"},
    {"MX", "measurands"},
    {"SP", "set points"},
    {"SV", "substitution"},
    {"CF", "configuration"},
    {"DC", "description"},
    {"SG", "setting groups"},
    {"SE", "editable setting groups"},
    {"SR", "service response"},
    {"OR", "operate received"},
    {"BL", "blocking"},
    {"EX", "extended definition"},
    {"CO", "control"},
    {"US", "unicast sampled values"},
    {"MS", "multicast sampled values"},
    {"RP", "unbuffered reports"},
    {"BR", "buffered reports"},
    {"LG", "logs"},
    {"GO", "GOOSE control"},
    {"GS", "GSSE control"},
};

constexpr NumberName kOrigins[] = {
    {0, "not supported"},    {1, "bay control"},   {2, "station control"},
    {3, "remote control"},   {4, "automatic bay"}, {5, "automatic station"},
    {6, "automatic remote"}, {7, "maintenance"},   {8, "process"},
};

constexpr NumberName kControlErrors[] = {
    {0, "no error"},
    {1, "unknown"},
    {2, "timeout test not ok"},
    {3, "operator test not ok"},
};

constexpr NumberName kAddCauses[] = {
    {0, "unknown"},
    {1, "not supported"},
    {2, "blocked by switching hierarchy"},
    {3, "select failed"},
    {4, "invalid position"},
    {5, "position reached"},
    {6, "parameter change in execution"},
    {7, "step limit"},
    {8, "blocked by mode"},
    {9, "blocked by process"},
    {10, "blocked by interlocking"},
    {11, "blocked by synchrocheck"},
    {12, "command already in execution"},
    {13, "blocked by health"},
    {14, "1 of n control"},
    {15, "abortion by cancel"},
    {16, "time limit over"},
    {17, "abortion by trip"},
    {18, "object not selected"},
    {19, "object already selected"},
    {20, "no access authority"},
    {21, "ended with overshoot"},
    {22, "abortion due to deviation"},
    {23, "abortion by communication loss"},
    {24, "blocked by command"},
    {25, "none"},
    {26, "inconsistent parameters"},
    {27, "locked by other client"},
};

constexpr NumberName kReportOptions[] = {
    {1, "sequence number"}, {2, "time of entry"},          {3, "reason for inclusion"},
    {4, "data set name"},   {5, "data reference"},         {6, "buffer overflow"},
    {7, "entry id"},        {8, "configuration revision"}, {9, "segmentation"},
};

constexpr NumberName kReasons[] = {
    {1, "data change"}, {2, "quality change"},        {3, "data update"},
    {4, "integrity"},   {5, "general interrogation"}, {6, "application trigger"},
};

struct SyntaxName {
  std::string_view oid, name;
};
constexpr SyntaxName kSyntaxes[] = {
    {"2.2.1.0.1", "ACSE"},   {"1.0.9506.2.1", "MMS"},
    {"1.0.9506.2.3", "MMS"}, {"1.0.9506.1.1", "MMS companion standard"},
    {"2.2.3.1", "password"},
};

struct FileClass {
  std::string_view ending, name;
};
constexpr FileClass kFileClasses[] = {
    {".cfg", "COMTRADE"}, {".dat", "COMTRADE"}, {".hdr", "COMTRADE"},  {".inf", "COMTRADE"},
    {".cff", "COMTRADE"}, {".cid", "SCL"},      {".icd", "SCL"},       {".iid", "SCL"},
    {".scd", "SCL"},      {".ssd", "SCL"},      {".sed", "SCL"},       {".bin", "firmware"},
    {".fw", "firmware"},  {".hex", "firmware"}, {".img", "firmware"},  {".upd", "firmware"},
    {".set", "settings"}, {".rdb", "settings"}, {".xrio", "settings"}, {".log", "log"},
    {".cev", "log"},      {".evt", "log"},      {".txt", "text"},      {".zip", "archive"},
    {".tar", "archive"},
};

std::string_view signed_name(std::span<const NumberName> table, std::int64_t n) noexcept {
  for (const NumberName& e : table) {
    if (e.number == n) return e.name;
  }
  return {};
}

}  // namespace

std::string_view pdu_name(std::uint32_t n) noexcept { return signed_name(kPdus, n); }
std::string_view service_name(std::uint32_t n) noexcept { return signed_name(kServices, n); }
std::string_view parameter_name(std::uint32_t n) noexcept { return signed_name(kParameters, n); }
std::string_view spdu_name(std::uint8_t n) noexcept { return signed_name(kSpdus, n); }
std::string_view acse_name(std::uint32_t n) noexcept { return signed_name(kAcse, n); }
std::string_view associate_result_name(std::int64_t n) noexcept { return signed_name(kAssociateResults, n); }
std::string_view user_diagnostic_name(std::int64_t n) noexcept { return signed_name(kUserDiagnostics, n); }
std::string_view provider_diagnostic_name(std::int64_t n) noexcept {
  return signed_name(kProviderDiagnostics, n);
}
std::string_view abort_source_name(std::int64_t n) noexcept { return signed_name(kAbortSources, n); }
std::string_view abort_diagnostic_name(std::int64_t n) noexcept { return signed_name(kAbortDiagnostics, n); }
std::string_view context_result_name(std::int64_t n) noexcept { return signed_name(kContextResults, n); }
std::string_view presentation_reason_name(std::int64_t n) noexcept {
  return signed_name(kPresentationReasons, n);
}
std::string_view error_class_name(std::uint32_t n) noexcept { return signed_name(kErrorClasses, n); }
std::string_view rejected_pdu_name(std::uint32_t n) noexcept { return signed_name(kRejectedPdus, n); }
std::string_view access_error_name(std::int64_t n) noexcept { return signed_name(kAccessErrors, n); }
std::string_view object_class_name(std::int64_t n) noexcept { return signed_name(kObjectClasses, n); }
std::string_view type_name(std::uint32_t n) noexcept { return signed_name(kTypes, n); }
std::string_view logical_status_name(std::int64_t n) noexcept { return signed_name(kLogicalStates, n); }
std::string_view physical_status_name(std::int64_t n) noexcept { return signed_name(kPhysicalStates, n); }
std::string_view domain_state_name(std::int64_t n) noexcept { return signed_name(kDomainStates, n); }
std::string_view program_state_name(std::int64_t n) noexcept { return signed_name(kProgramStates, n); }
std::string_view delete_scope_name(std::int64_t n) noexcept { return signed_name(kDeleteScopes, n); }
std::string_view origin_name(std::int64_t n) noexcept { return signed_name(kOrigins, n); }
std::string_view control_error_name(std::int64_t n) noexcept { return signed_name(kControlErrors, n); }
std::string_view add_cause_name(std::int64_t n) noexcept { return signed_name(kAddCauses, n); }
std::string_view report_option_name(std::uint32_t n) noexcept { return signed_name(kReportOptions, n); }
std::string_view reason_name(std::uint32_t n) noexcept { return signed_name(kReasons, n); }

std::string_view supported_service_name(std::uint32_t bit) noexcept {
  const bool same = bit < kSupportedOnly[0].number;
  return same ? service_name(bit) : signed_name(kSupportedOnly, bit);
}
std::string_view release_reason_name(std::int64_t n, bool answer) noexcept {
  return answer ? signed_name(kReleaseAnswers, n) : signed_name(kReleaseRequests, n);
}
std::string_view error_code_name(std::uint32_t error_class, std::int64_t n) noexcept {
  return n < 0 || n > 31 ? std::string_view{} : signed_name(kErrorCodes, std::int64_t{error_class} * 32 + n);
}
std::string_view reject_reason_name(std::uint32_t pdu, std::int64_t n) noexcept {
  return n < 0 || n > 31 ? std::string_view{} : signed_name(kRejectReasons, std::int64_t{pdu} * 32 + n);
}
std::string_view fc_name(std::string_view fc) noexcept {
  for (const FcName& f : kFcs) {
    if (f.fc == fc) return f.name;
  }
  return {};
}
std::string_view syntax_name(std::string_view oid) noexcept {
  for (const SyntaxName& s : kSyntaxes) {
    if (s.oid == oid) return s.name;
  }
  return {};
}
std::string_view file_class(Bytes name) noexcept {
  const std::string_view n = as_text(name);
  for (const FileClass& f : kFileClasses) {
    if (n.size() > f.ending.size() && equals_nocase(n.substr(n.size() - f.ending.size()), f.ending))
      return f.name;
  }
  return {};
}

bool pdu_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kPdus, name, out); }
bool service_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kServices, name, out);
}
bool error_class_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kErrorClasses, name, out);
}
bool access_error_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kAccessErrors, name, out);
}
bool add_cause_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kAddCauses, name, out);
}
bool origin_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kOrigins, name, out);
}
bool object_class_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kObjectClasses, name, out);
}
bool associate_result_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kAssociateResults, name, out);
}

}  // namespace picket::mms
