// parsers/iec104/iec104_names.cc — numbers and their names (5-101 §7.2, 5-104 §5 and §8; 62351-5 for security)
#include "parsers/core/names.h"
#include "parsers/iec104/iec104.h"

namespace picket::iec104 {
namespace {

using P = Part;
using G = Group;

constexpr TypeInfo kTypes[] = {
    {1, G::kMonitor, "M_SP_NA_1", "single-point information", {P::kSiq}},
    {2, G::kMonitor, "M_SP_TA_1", "single-point information with short time", {P::kSiq, P::kCp24}},
    {3, G::kMonitor, "M_DP_NA_1", "double-point information", {P::kDiq}},
    {4, G::kMonitor, "M_DP_TA_1", "double-point information with short time", {P::kDiq, P::kCp24}},
    {5, G::kMonitor, "M_ST_NA_1", "step position", {P::kVti, P::kQds}},
    {6, G::kMonitor, "M_ST_TA_1", "step position with short time", {P::kVti, P::kQds, P::kCp24}},
    {7, G::kMonitor, "M_BO_NA_1", "bitstring of 32 bits", {P::kBsi, P::kQds}},
    {8, G::kMonitor, "M_BO_TA_1", "bitstring of 32 bits with short time", {P::kBsi, P::kQds, P::kCp24}},
    {9, G::kMonitor, "M_ME_NA_1", "normalised value", {P::kNva, P::kQds}},
    {10, G::kMonitor, "M_ME_TA_1", "normalised value with short time", {P::kNva, P::kQds, P::kCp24}},
    {11, G::kMonitor, "M_ME_NB_1", "scaled value", {P::kSva, P::kQds}},
    {12, G::kMonitor, "M_ME_TB_1", "scaled value with short time", {P::kSva, P::kQds, P::kCp24}},
    {13, G::kMonitor, "M_ME_NC_1", "floating point value", {P::kR32, P::kQds}},
    {14, G::kMonitor, "M_ME_TC_1", "floating point value with short time", {P::kR32, P::kQds, P::kCp24}},
    {15, G::kMonitor, "M_IT_NA_1", "integrated totals", {P::kBcr}},
    {16, G::kMonitor, "M_IT_TA_1", "integrated totals with short time", {P::kBcr, P::kCp24}},
    {17, G::kMonitor, "M_EP_TA_1", "protection event with short time", {P::kSep, P::kCp16, P::kCp24}},
    {18,
     G::kMonitor,
     "M_EP_TB_1",
     "protection start events with short time",
     {P::kSpe, P::kQdp, P::kCp16, P::kCp24}},
    {19,
     G::kMonitor,
     "M_EP_TC_1",
     "protection output circuits with short time",
     {P::kOci, P::kQdp, P::kCp16, P::kCp24}},
    {20, G::kMonitor, "M_PS_NA_1", "packed single points with changes", {P::kScd, P::kQds}},
    {21, G::kMonitor, "M_ME_ND_1", "normalised value without quality", {P::kNva}},
    {30, G::kMonitor, "M_SP_TB_1", "single-point information with time", {P::kSiq, P::kCp56}},
    {31, G::kMonitor, "M_DP_TB_1", "double-point information with time", {P::kDiq, P::kCp56}},
    {32, G::kMonitor, "M_ST_TB_1", "step position with time", {P::kVti, P::kQds, P::kCp56}},
    {33, G::kMonitor, "M_BO_TB_1", "bitstring of 32 bits with time", {P::kBsi, P::kQds, P::kCp56}},
    {34, G::kMonitor, "M_ME_TD_1", "normalised value with time", {P::kNva, P::kQds, P::kCp56}},
    {35, G::kMonitor, "M_ME_TE_1", "scaled value with time", {P::kSva, P::kQds, P::kCp56}},
    {36, G::kMonitor, "M_ME_TF_1", "floating point value with time", {P::kR32, P::kQds, P::kCp56}},
    {37, G::kMonitor, "M_IT_TB_1", "integrated totals with time", {P::kBcr, P::kCp56}},
    {38, G::kMonitor, "M_EP_TD_1", "protection event with time", {P::kSep, P::kCp16, P::kCp56}},
    {39,
     G::kMonitor,
     "M_EP_TE_1",
     "protection start events with time",
     {P::kSpe, P::kQdp, P::kCp16, P::kCp56}},
    {40,
     G::kMonitor,
     "M_EP_TF_1",
     "protection output circuits with time",
     {P::kOci, P::kQdp, P::kCp16, P::kCp56}},
    {41, G::kSecurity, "S_IT_TC_1", "security statistics with time", {}},
    {45, G::kCommand, "C_SC_NA_1", "single command", {P::kSco}},
    {46, G::kCommand, "C_DC_NA_1", "double command", {P::kDco}},
    {47, G::kCommand, "C_RC_NA_1", "regulating step command", {P::kRco}},
    {48, G::kCommand, "C_SE_NA_1", "set point, normalised value", {P::kNva, P::kQos}},
    {49, G::kCommand, "C_SE_NB_1", "set point, scaled value", {P::kSva, P::kQos}},
    {50, G::kCommand, "C_SE_NC_1", "set point, floating point value", {P::kR32, P::kQos}},
    {51, G::kCommand, "C_BO_NA_1", "bitstring command", {P::kBsi}},
    {58, G::kCommand, "C_SC_TA_1", "single command with time", {P::kSco, P::kCp56}},
    {59, G::kCommand, "C_DC_TA_1", "double command with time", {P::kDco, P::kCp56}},
    {60, G::kCommand, "C_RC_TA_1", "regulating step command with time", {P::kRco, P::kCp56}},
    {61, G::kCommand, "C_SE_TA_1", "set point, normalised value with time", {P::kNva, P::kQos, P::kCp56}},
    {62, G::kCommand, "C_SE_TB_1", "set point, scaled value with time", {P::kSva, P::kQos, P::kCp56}},
    {63, G::kCommand, "C_SE_TC_1", "set point, floating point value with time", {P::kR32, P::kQos, P::kCp56}},
    {64, G::kCommand, "C_BO_TA_1", "bitstring command with time", {P::kBsi, P::kCp56}},
    {70, G::kInitialized, "M_EI_NA_1", "end of initialization", {P::kCoi}},
    {81, G::kSecurity, "S_CH_NA_1", "authentication challenge", {}},
    {82, G::kSecurity, "S_RP_NA_1", "authentication reply", {}},
    {83, G::kSecurity, "S_AR_NA_1", "aggressive mode authentication request", {}},
    {84, G::kSecurity, "S_KR_NA_1", "session key status request", {}},
    {85, G::kSecurity, "S_KS_NA_1", "session key status", {}},
    {86, G::kSecurity, "S_KC_NA_1", "session key change", {}},
    {87, G::kSecurity, "S_ER_NA_1", "authentication error", {}},
    {90, G::kSecurity, "S_US_NA_1", "user status change", {}},
    {91, G::kSecurity, "S_UQ_NA_1", "update key change request", {}},
    {92, G::kSecurity, "S_UR_NA_1", "update key change reply", {}},
    {93, G::kSecurity, "S_UK_NA_1", "update key change, symmetric", {}},
    {94, G::kSecurity, "S_UA_NA_1", "update key change, asymmetric", {}},
    {95, G::kSecurity, "S_UC_NA_1", "update key change confirmation", {}},
    {100, G::kSystem, "C_IC_NA_1", "interrogation command", {P::kQoi}},
    {101, G::kSystem, "C_CI_NA_1", "counter interrogation command", {P::kQcc}},
    {102, G::kSystem, "C_RD_NA_1", "read command", {}},
    {103, G::kSystem, "C_CS_NA_1", "clock synchronization command", {P::kCp56}},
    {104, G::kSystem, "C_TS_NA_1", "test command", {P::kFbp}},
    {105, G::kSystem, "C_RP_NA_1", "reset process command", {P::kQrp}},
    {106, G::kSystem, "C_CD_NA_1", "delay acquisition command", {P::kCp16}},
    {107, G::kSystem, "C_TS_TA_1", "test command with time", {P::kTsc, P::kCp56}},
    {110, G::kParameter, "P_ME_NA_1", "parameter, normalised value", {P::kNva, P::kQpm}},
    {111, G::kParameter, "P_ME_NB_1", "parameter, scaled value", {P::kSva, P::kQpm}},
    {112, G::kParameter, "P_ME_NC_1", "parameter, floating point value", {P::kR32, P::kQpm}},
    {113, G::kParameter, "P_AC_NA_1", "parameter activation", {P::kQpa}},
    {120, G::kFile, "F_FR_NA_1", "file ready", {P::kNof, P::kLof, P::kFrq}},
    {121, G::kFile, "F_SR_NA_1", "section ready", {P::kNof, P::kNos, P::kLof, P::kSrq}},
    {122,
     G::kFile,
     "F_SC_NA_1",
     "call directory, select file, call file or section",
     {P::kNof, P::kNos, P::kScq}},
    {123, G::kFile, "F_LS_NA_1", "last section, last segment", {P::kNof, P::kNos, P::kLsq, P::kChs}},
    {124, G::kFile, "F_AF_NA_1", "acknowledge file or section", {P::kNof, P::kNos, P::kAfq}},
    {125, G::kFile, "F_SG_NA_1", "segment", {P::kNof, P::kNos, P::kSegment}},
    {126, G::kFile, "F_DR_TA_1", "directory", {P::kNof, P::kLof, P::kSof, P::kCp56}},
    {127, G::kFile, "F_SC_NB_1", "query log", {P::kNof, P::kCp56, P::kCp56}},
};

/// Of each type its place in kTypes: asked once an ASDU.
constexpr std::uint8_t kNoPlace = 0xff;
constexpr auto kPlaces = [] {
  std::array<std::uint8_t, 256> places{};
  for (std::uint8_t& p : places) p = kNoPlace;
  for (std::size_t i = 0; i < std::size(kTypes); ++i) places[kTypes[i].id] = static_cast<std::uint8_t>(i);
  return places;
}();

struct Name {
  std::uint16_t number;
  std::string_view name;
  std::string_view short_name = {};  ///< 5-101's own, for rules
};

constexpr Name kCauses[] = {
    {1, "periodic", "per"},
    {2, "background scan", "back"},
    {3, "spontaneous", "spont"},
    {4, "initialized", "init"},
    {5, "request", "req"},
    {6, "activation", "act"},
    {7, "activation confirmation", "actcon"},
    {8, "deactivation", "deact"},
    {9, "deactivation confirmation", "deactcon"},
    {10, "activation termination", "actterm"},
    {11, "return information of a remote command", "retrem"},
    {12, "return information of a local command", "retloc"},
    {13, "file transfer", "file"},
    {14, "authentication", "auth"},
    {15, "maintenance of session keys"},
    {16, "maintenance of user roles and update keys"},
    {20, "interrogated by station", "inrogen"},
    {21, "interrogated by group 1", "inro1"},
    {22, "interrogated by group 2", "inro2"},
    {23, "interrogated by group 3", "inro3"},
    {24, "interrogated by group 4", "inro4"},
    {25, "interrogated by group 5", "inro5"},
    {26, "interrogated by group 6", "inro6"},
    {27, "interrogated by group 7", "inro7"},
    {28, "interrogated by group 8", "inro8"},
    {29, "interrogated by group 9", "inro9"},
    {30, "interrogated by group 10", "inro10"},
    {31, "interrogated by group 11", "inro11"},
    {32, "interrogated by group 12", "inro12"},
    {33, "interrogated by group 13", "inro13"},
    {34, "interrogated by group 14", "inro14"},
    {35, "interrogated by group 15", "inro15"},
    {36, "interrogated by group 16", "inro16"},
    {37, "requested by general counter request", "reqcogen"},
    {38, "requested by group 1 counter request", "reqco1"},
    {39, "requested by group 2 counter request", "reqco2"},
    {40, "requested by group 3 counter request", "reqco3"},
    {41, "requested by group 4 counter request", "reqco4"},
    {44, "unknown type identification", "unknown_type"},
    {45, "unknown cause of transmission", "unknown_cause"},
    {46, "unknown common address", "unknown_common_address"},
    {47, "unknown information object address", "unknown_object_address"},
};

constexpr Name kLinkFunctions[] = {
    {0x04, "STARTDT act", "startdt_act"}, {0x08, "STARTDT con", "startdt_con"},
    {0x10, "STOPDT act", "stopdt_act"},   {0x20, "STOPDT con", "stopdt_con"},
    {0x40, "TESTFR act", "testfr_act"},   {0x80, "TESTFR con", "testfr_con"},
};
constexpr Name kFormats[] = {{0, "I", "i"}, {1, "S", "s"}, {2, "U", "u"}};
constexpr Name kQualityNames[] = {
    {kInvalid, "invalid", "iv"},
    {kNotTopical, "not_topical", "nt"},
    {kSubstituted, "substituted", "sb"},
    {kBlocked, "blocked", "bl"},
    {kOverflow, "overflow", "ov"},
    {kElapsedInvalid, "elapsed_time_invalid", "ei"},
    {kCarry, "carry", "cy"},
    {kAdjusted, "adjusted", "ca"},
};
constexpr Name kStates[] = {
    {0, "intermediate"}, {1, "off"}, {2, "on"}, {3, "indeterminate"}, {1, "lower"}, {2, "higher"},
};
constexpr Name kCommandQualifiers[] = {
    {0, "no additional definition"}, {1, "short pulse"}, {2, "long pulse"}, {3, "persistent"}};
constexpr Name kInterrogations[] = {
    {20, "station"},  {21, "group 1"},  {22, "group 2"},  {23, "group 3"},  {24, "group 4"},
    {25, "group 5"},  {26, "group 6"},  {27, "group 7"},  {28, "group 8"},  {29, "group 9"},
    {30, "group 10"}, {31, "group 11"}, {32, "group 12"}, {33, "group 13"}, {34, "group 14"},
    {35, "group 15"}, {36, "group 16"},
};
constexpr Name kCounterRequests[] = {
    {1, "group 1"}, {2, "group 2"}, {3, "group 3"}, {4, "group 4"}, {5, "general"}};
constexpr Name kResets[] = {{1, "general reset of process"},
                            {2, "reset of pending information with time tag"}};
constexpr Name kParameters[] = {
    {1, "threshold value"}, {2, "smoothing factor"}, {3, "low limit"}, {4, "high limit"}};
constexpr Name kParameterActivations[] = {{1, "all parameters loaded before"},
                                          {2, "parameters of the object"},
                                          {3, "cyclic transmission of the object"}};
constexpr Name kInitializations[] = {
    {0, "local power switch on"}, {1, "local manual reset"}, {2, "remote reset"}};
constexpr Name kSelects[] = {
    {0, "default"},     {1, "select file"},    {2, "request file"},    {3, "deactivate file"},
    {4, "delete file"}, {5, "select section"}, {6, "request section"}, {7, "deactivate section"},
};
constexpr Name kLasts[] = {
    {1, "file transfer without deactivation"},
    {2, "file transfer with deactivation"},
    {3, "section transfer without deactivation"},
    {4, "section transfer with deactivation"},
};
constexpr Name kAcknowledgements[] = {
    {1, "file accepted"}, {2, "file refused"}, {3, "section accepted"}, {4, "section refused"}};
constexpr Name kFileNames[] = {{1, "transparent file"},
                               {2, "disturbance data"},
                               {3, "sequences of events"},
                               {4, "sequences of analogue values"}};

/// A rule's word is the name with '_' for each blank, or the short name.
bool says(std::string_view word, std::string_view name) noexcept {
  if (name.empty() || word.size() != name.size()) return false;
  for (std::size_t i = 0; i < name.size(); ++i) {
    const auto n = name[i] == ' ' ? std::uint8_t{'_'} : to_lower(static_cast<std::uint8_t>(name[i]));
    if (to_lower(static_cast<std::uint8_t>(word[i])) != n) return false;
  }
  return true;
}
template <std::size_t N>
bool by_name(const Name (&table)[N], std::string_view word, std::uint64_t& out) noexcept {
  for (const Name& n : table) {
    if (says(word, n.name) || says(word, n.short_name)) return out = n.number, true;
  }
  return false;
}

}  // namespace

const TypeInfo* type_info(std::uint8_t type) noexcept {
  const std::uint8_t place = kPlaces[type];
  return place == kNoPlace ? nullptr : &kTypes[place];
}

std::string_view link_name(LinkFunction f) noexcept {
  return name_of(kLinkFunctions, static_cast<std::uint16_t>(f));
}
std::string_view cause_name(std::uint8_t cause) noexcept { return name_of(kCauses, cause); }
std::string_view quality_name(std::uint16_t one_bit) noexcept { return name_of(kQualityNames, one_bit); }
std::string_view file_name_name(std::uint16_t name) noexcept { return name_of(kFileNames, name); }

std::string_view state_name(State s, Part p) noexcept {
  if (p == Part::kRco && s == State::kOff) return "lower";
  if (p == Part::kRco && s == State::kOn) return "higher";
  return name_of(kStates, static_cast<std::uint16_t>(s));
}

std::string_view qualifier_name(Part p, std::uint16_t q) noexcept {
  switch (p) {
    case Part::kSco:
    case Part::kDco:
    case Part::kRco:
      return name_of(kCommandQualifiers, q);
    case Part::kQoi:
      return name_of(kInterrogations, q);
    case Part::kQcc:
      return name_of(kCounterRequests, q & 0x3f);
    case Part::kQrp:
      return name_of(kResets, q);
    case Part::kQpm:
      return name_of(kParameters, q & 0x3f);
    case Part::kQpa:
      return name_of(kParameterActivations, q);
    case Part::kCoi:
      return name_of(kInitializations, q & 0x7f);
    case Part::kFrq:
      return (q & 0x80) != 0 ? "refused" : "ready";
    case Part::kSrq:
      return (q & 0x80) != 0 ? "not ready" : "ready";
    case Part::kScq:
      return name_of(kSelects, q & 0x0f);
    case Part::kLsq:
      return name_of(kLasts, q);
    case Part::kAfq:
      return name_of(kAcknowledgements, q & 0x0f);
    default:
      return {};
  }
}

bool type_by_name(std::string_view word, std::uint64_t& out) noexcept {
  for (const TypeInfo& t : kTypes) {
    if (says(word, t.name)) return out = t.id, true;
  }
  return false;
}
bool cause_by_name(std::string_view word, std::uint64_t& out) noexcept { return by_name(kCauses, word, out); }
bool link_by_name(std::string_view word, std::uint64_t& out) noexcept {
  return by_name(kLinkFunctions, word, out);
}
bool format_by_name(std::string_view word, std::uint64_t& out) noexcept {
  return by_name(kFormats, word, out);
}
bool quality_by_name(std::string_view word, std::uint64_t& out) noexcept {
  return by_name(kQualityNames, word, out);
}
bool state_by_name(std::string_view word, std::uint64_t& out) noexcept { return by_name(kStates, word, out); }

}  // namespace picket::iec104
