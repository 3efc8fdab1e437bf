// parsers/dnp3/dnp3_names.cc — what the codes of IEEE 1815-2012 are called
#include <algorithm>

#include "parsers/dnp3/dnp3.h"

namespace picket::dnp3 {
namespace {

// §4.4, sorted. The first name is that of rules.
constexpr FunctionInfo kFunctions[] = {
    {0, "confirm", "confirm", true},
    {1, "read", "read"},
    {2, "write", "write"},
    {3, "select", "select"},
    {4, "operate", "operate"},
    {5, "direct_operate", "direct operate"},
    {6, "direct_operate_nr", "direct operate, no response", true},
    {7, "immed_freeze", "immediate freeze"},
    {8, "immed_freeze_nr", "immediate freeze, no response", true},
    {9, "freeze_clear", "freeze and clear"},
    {10, "freeze_clear_nr", "freeze and clear, no response", true},
    {11, "freeze_at_time", "freeze at time"},
    {12, "freeze_at_time_nr", "freeze at time, no response", true},
    {13, "cold_restart", "cold restart"},
    {14, "warm_restart", "warm restart"},
    {15, "initialize_data", "initialize data"},
    {16, "initialize_appl", "initialize application"},
    {17, "start_appl", "start application"},
    {18, "stop_appl", "stop application"},
    {19, "save_config", "save configuration"},
    {20, "enable_unsolicited", "enable unsolicited responses"},
    {21, "disable_unsolicited", "disable unsolicited responses"},
    {22, "assign_class", "assign class"},
    {23, "delay_measure", "delay measurement"},
    {24, "record_current_time", "record current time"},
    {25, "open_file", "open file"},
    {26, "close_file", "close file"},
    {27, "delete_file", "delete file"},
    {28, "get_file_info", "get file information"},
    {29, "authenticate_file", "authenticate file"},
    {30, "abort_file", "abort file transfer"},
    {31, "activate_config", "activate configuration"},
    {32, "authenticate_req", "authentication request"},
    {33, "authenticate_err", "authentication request, no response", true},
    {129, "response", "response"},
    {130, "unsolicited_response", "unsolicited response"},
    {131, "authenticate_resp", "authentication response"},
};
constexpr auto by_code = [](const FunctionInfo& a, const FunctionInfo& b) { return a.code < b.code; };
static_assert(std::is_sorted(std::begin(kFunctions), std::end(kFunctions), by_code));

// §4.5, from IIN1.7 down, which is the order that EVE has
constexpr IndicationInfo kIndications[] = {
    {0x8000, "device_restart"},
    {0x4000, "device_trouble"},
    {0x2000, "local_control"},
    {0x1000, "need_time"},
    {0x0800, "class_3_events"},
    {0x0400, "class_2_events"},
    {0x0200, "class_1_events"},
    {0x0100, "all_stations"},
    {0x0080, "reserved_1"},
    {0x0040, "reserved_2"},
    {0x0020, "config_corrupt"},
    {0x0010, "already_executing"},
    {0x0008, "event_buffer_overflow"},
    {0x0004, "parameter_error"},
    {0x0002, "object_unknown"},
    {0x0001, "no_func_code_support"},
};

// §9.2.4; of secondary stations 0x10 more
constexpr CodeName kLinkFunctions[] = {
    {0x00, "reset_link_states"},
    {0x01, "reset_user_process"},
    {0x02, "test_link_states"},
    {0x03, "confirmed_user_data"},
    {0x04, "unconfirmed_user_data"},
    {0x09, "request_link_status"},
    {0x10, "ack"},
    {0x11, "nack"},
    {0x1b, "link_status"},
    {0x1e, "not_functioning"},
    {0x1f, "not_supported"},
};

// Annex A, 12.1
constexpr CodeName kControlStatus[] = {
    {0, "success"},
    {1, "timeout"},
    {2, "no_select"},
    {3, "format_error"},
    {4, "not_supported"},
    {5, "already_active"},
    {6, "hardware_error"},
    {7, "local"},
    {8, "too_many_operations"},
    {9, "not_authorized"},
    {10, "automation_inhibit"},
    {11, "processing_limited"},
    {12, "out_of_range"},
    {13, "downstream_local"},
    {14, "already_complete"},
    {15, "blocked"},
    {16, "cancelled"},
    {17, "blocked_other_master"},
    {18, "downstream_fail"},
    {126, "non_participating"},
    {127, "undefined"},
};
constexpr CodeName kOperationTypes[] = {
    {0, "nul"}, {1, "pulse_on"}, {2, "pulse_off"}, {3, "latch_on"}, {4, "latch_off"},
};
constexpr CodeName kTripClose[] = {{0, "nul"}, {1, "close"}, {2, "trip"}, {3, "reserved"}};

// Annex A, 70.3 and 70.4
constexpr CodeName kFileModes[] = {{0, "none"}, {1, "read"}, {2, "write"}, {3, "append"}};
constexpr CodeName kFileStatus[] = {
    {0, "success"},         {1, "permission_denied"},
    {2, "invalid_mode"},    {3, "file_not_found"},
    {4, "file_locked"},     {5, "too_many_open"},
    {6, "invalid_handle"},  {7, "write_block_size"},
    {8, "comm_lost"},       {9, "cannot_abort"},
    {16, "not_opened"},     {17, "handle_expired"},
    {18, "buffer_overrun"}, {19, "fatal"},
    {20, "block_sequence"}, {255, "undefined"},
};

// Annex A, group 0
constexpr CodeName kAttributes[] = {
    {196, "configuration id"},
    {197, "configuration version"},
    {198, "configuration build date"},
    {199, "configuration last change"},
    {200, "configuration signature"},
    {201, "configuration signature algorithm"},
    {202, "master resource id"},
    {203, "altitude"},
    {204, "longitude"},
    {205, "latitude"},
    {206, "secondary operator"},
    {207, "primary operator"},
    {208, "system name"},
    {209, "secure authentication version"},
    {210, "security statistics per association"},
    {211, "sets of user attributes"},
    {212, "data set prototypes of masters"},
    {213, "data set prototypes of the outstation"},
    {214, "data sets of masters"},
    {215, "data sets of the outstation"},
    {216, "binary outputs in a request"},
    {217, "local timing accuracy"},
    {218, "duration of timing accuracy"},
    {219, "analog output events supported"},
    {220, "highest analog output index"},
    {221, "analog outputs"},
    {222, "binary output events supported"},
    {223, "highest binary output index"},
    {224, "binary outputs"},
    {225, "frozen counter events supported"},
    {226, "frozen counters supported"},
    {227, "counter events supported"},
    {228, "highest counter index"},
    {229, "counters"},
    {230, "frozen analog inputs supported"},
    {231, "analog input events supported"},
    {232, "highest analog input index"},
    {233, "analog inputs"},
    {234, "double-bit input events supported"},
    {235, "highest double-bit input index"},
    {236, "double-bit inputs"},
    {237, "binary input events supported"},
    {238, "highest binary input index"},
    {239, "binary inputs"},
    {240, "largest fragment sent"},
    {241, "largest fragment received"},
    {242, "software version"},
    {243, "hardware version"},
    {244, "owner"},
    {245, "location"},
    {246, "user's id"},
    {247, "user's name"},
    {248, "serial number"},
    {249, "subset and conformance"},
    {250, "product name and model"},
    {252, "manufacturer"},
    {254, "all attributes"},
    {255, "list of attributes"},
};

// Annex A, 120.7
constexpr CodeName kAuthenticationErrors[] = {
    {1, "authentication failed"},
    {2, "unexpected response"},
    {3, "no response"},
    {4, "aggressive mode not supported"},
    {5, "MAC algorithm not supported"},
    {6, "key wrap algorithm not supported"},
    {7, "authorization failed"},
    {8, "update key change method not permitted"},
    {9, "invalid signature"},
    {10, "invalid certification data"},
    {11, "unknown user"},
};

template <std::size_t N>
std::string_view name_in(const CodeName (&names)[N], std::uint16_t code) noexcept {
  for (const CodeName& n : names) {
    if (n.code == code) return n.name;
  }
  return {};
}
template <std::size_t N>
bool code_in(const CodeName (&names)[N], std::string_view name, std::uint64_t& out) noexcept {
  for (const CodeName& n : names) {
    if (equals_nocase(n.name, name)) return out = n.code, true;
  }
  return false;
}

}  // namespace

const FunctionInfo* function_info(std::uint8_t code) noexcept {
  const auto* at =
      std::lower_bound(std::begin(kFunctions), std::end(kFunctions), FunctionInfo{code, {}, {}}, by_code);
  return at != std::end(kFunctions) && at->code == code ? at : nullptr;
}
bool function_by_name(std::string_view name, std::uint64_t& out) noexcept {
  for (const FunctionInfo& f : kFunctions) {
    if (equals_nocase(f.keyword, name)) return out = f.code, true;
  }
  return false;
}

std::span<const IndicationInfo> indications() noexcept { return kIndications; }

std::uint8_t link_function(const Link& link) noexcept {
  return static_cast<std::uint8_t>(link.function() | (link.primary() ? 0 : 0x10));
}
std::string_view link_function_name(const Link& link) noexcept {
  return name_in(kLinkFunctions, link_function(link));
}
bool link_function_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return code_in(kLinkFunctions, name, out);
}
std::string_view control_status_name(std::uint8_t c) noexcept { return name_in(kControlStatus, c); }
bool control_status_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return code_in(kControlStatus, name, out);
}
std::string_view operation_type_name(std::uint8_t c) noexcept { return name_in(kOperationTypes, c); }
bool operation_type_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return code_in(kOperationTypes, name, out);
}
std::string_view trip_close_name(std::uint8_t c) noexcept { return name_in(kTripClose, c); }
bool trip_close_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return code_in(kTripClose, name, out);
}
std::string_view file_status_name(std::uint8_t c) noexcept { return name_in(kFileStatus, c); }
bool file_status_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return code_in(kFileStatus, name, out);
}
std::string_view file_mode_name(std::uint16_t c) noexcept { return name_in(kFileModes, c); }
std::string_view attribute_name(std::uint8_t c) noexcept { return name_in(kAttributes, c); }
std::string_view authentication_error_name(std::uint8_t c) noexcept {
  return name_in(kAuthenticationErrors, c);
}

}  // namespace picket::dnp3
