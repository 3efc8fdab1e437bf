#include "parsers/bacnet/bacnet_names.h"

#include "parsers/bacnet/bacnet_walk.h"

namespace picket::bacnet {
namespace {

/// Of tables whose place is the number; "" where it has no name.
template <std::size_t N>
constexpr std::string_view at(const std::string_view (&table)[N], std::uint64_t n) noexcept {
  return n < N ? table[n] : std::string_view{};
}
template <std::size_t N>
bool place_of(const std::string_view (&table)[N], std::string_view name, std::uint64_t& out) noexcept {
  for (std::size_t i = 0; i < N; ++i) {
    if (!table[i].empty() && equals_nocase(table[i], name)) return out = i, true;
  }
  return false;
}

constexpr std::string_view kFunctions[] = {
    "BVLC-Result",
    "Write-Broadcast-Distribution-Table",
    "Read-Broadcast-Distribution-Table",
    "Read-Broadcast-Distribution-Table-Ack",
    "Forwarded-NPDU",
    "Register-Foreign-Device",
    "Read-Foreign-Device-Table",
    "Read-Foreign-Device-Table-Ack",
    "Delete-Foreign-Device-Table-Entry",
    "Distribute-Broadcast-To-Network",
    "Original-Unicast-NPDU",
    "Original-Broadcast-NPDU",
    "Secure-BVLL",
};
constexpr std::string_view kFunctions6[] = {
    "BVLC-Result",
    "Original-Unicast-NPDU",
    "Original-Broadcast-NPDU",
    "Address-Resolution",
    "Forwarded-Address-Resolution",
    "Address-Resolution-ACK",
    "Virtual-Address-Resolution",
    "Virtual-Address-Resolution-ACK",
    "Forwarded-NPDU",
    "Register-Foreign-Device",
    "Delete-Foreign-Device-Table-Entry",
    "Secure-BVLL",
    "Distribute-Broadcast-To-Network",
};
constexpr NumberName kResults[] = {
    {0x00, "successful completion"},
    {0x10, "Write-Broadcast-Distribution-Table NAK"},
    {0x20, "Read-Broadcast-Distribution-Table NAK"},
    {0x30, "Register-Foreign-Device NAK"},
    {0x40, "Read-Foreign-Device-Table NAK"},
    {0x50, "Delete-Foreign-Device-Table-Entry NAK"},
    {0x60, "Distribute-Broadcast-To-Network NAK"},
};
constexpr NumberName kResults6[] = {
    {0x00, "successful completion"},
    {0x30, "Address-Resolution NAK"},
    {0x60, "Virtual-Address-Resolution NAK"},
    {0x90, "Register-Foreign-Device NAK"},
    {0xa0, "Delete-Foreign-Device-Table-Entry NAK"},
    {0xc0, "Distribute-Broadcast-To-Network NAK"},
};
constexpr std::string_view kPriorities[] = {"normal", "urgent", "critical equipment", "life safety"};
constexpr std::string_view kNetMessages[] = {
    "Who-Is-Router-To-Network",
    "I-Am-Router-To-Network",
    "I-Could-Be-Router-To-Network",
    "Reject-Message-To-Network",
    "Router-Busy-To-Network",
    "Router-Available-To-Network",
    "Initialize-Routing-Table",
    "Initialize-Routing-Table-Ack",
    "Establish-Connection-To-Network",
    "Disconnect-Connection-To-Network",
    "Challenge-Request",
    "Security-Payload",
    "Security-Response",
    "Request-Key-Update",
    "Update-Key-Set",
    "Update-Distribution-Key",
    "Request-Master-Key",
    "Set-Master-Key",
    "What-Is-Network-Number",
    "Network-Number-Is",
};
constexpr std::string_view kNetRejects[] = {
    "other error",      "not directly connected", "router busy",      "unknown message type",
    "message too long", "security error",         "addressing error",
};
constexpr std::string_view kApduTypes[] = {
    "confirmed-request",
    "unconfirmed-request",
    "simple-ack",
    "complex-ack",
    "segment-ack",
    "error",
    "reject",
    "abort",
};
constexpr std::string_view kConfirmed[] = {
    "acknowledgeAlarm",
    "confirmedCOVNotification",
    "confirmedEventNotification",
    "getAlarmSummary",
    "getEnrollmentSummary",
    "subscribeCOV",
    "atomicReadFile",
    "atomicWriteFile",
    "addListElement",
    "removeListElement",
    "createObject",
    "deleteObject",
    "readProperty",
    "readPropertyConditional",
    "readPropertyMultiple",
    "writeProperty",
    "writePropertyMultiple",
    "deviceCommunicationControl",
    "confirmedPrivateTransfer",
    "confirmedTextMessage",
    "reinitializeDevice",
    "vtOpen",
    "vtClose",
    "vtData",
    "authenticate",
    "requestKey",
    "readRange",
    "lifeSafetyOperation",
    "subscribeCOVProperty",
    "getEventInformation",
    "subscribeCOVPropertyMultiple",
    "confirmedCOVNotificationMultiple",
    "confirmedAuditNotification",
    "auditLogQuery",
    "authRequest",
};
constexpr std::string_view kUnconfirmed[] = {
    "i-Am",
    "i-Have",
    "unconfirmedCOVNotification",
    "unconfirmedEventNotification",
    "unconfirmedPrivateTransfer",
    "unconfirmedTextMessage",
    "timeSynchronization",
    "who-Has",
    "who-Is",
    "utcTimeSynchronization",
    "writeGroup",
    "unconfirmedCOVNotificationMultiple",
    "unconfirmedAuditNotification",
    "who-Am-I",
    "you-Are",
};
constexpr std::string_view kErrorClasses[] = {
    "device", "object", "property", "resources", "security", "services", "vt", "communication",
};
constexpr std::string_view kErrorCodes[] = {
    "other",
    "authentication-failed",
    "configuration-in-progress",
    "device-busy",
    "dynamic-creation-not-supported",
    "file-access-denied",
    "incompatible-security-levels",
    "inconsistent-parameters",
    "inconsistent-selection-criterion",
    "invalid-data-type",
    "invalid-file-access-method",
    "invalid-file-start-position",
    "invalid-operator-name",
    "invalid-parameter-data-type",
    "invalid-time-stamp",
    "key-generation-error",
    "missing-required-parameter",
    "no-objects-of-specified-type",
    "no-space-for-object",
    "no-space-to-add-list-element",
    "no-space-to-write-property",
    "no-vt-sessions-available",
    "property-is-not-a-list",
    "object-deletion-not-permitted",
    "object-identifier-already-exists",
    "operational-problem",
    "password-failure",
    "read-access-denied",
    "security-not-supported",
    "service-request-denied",
    "timeout",
    "unknown-object",
    "unknown-property",
    "",
    "unknown-vt-class",
    "unknown-vt-session",
    "unsupported-object-type",
    "value-out-of-range",
    "vt-session-already-closed",
    "vt-session-termination-failure",
    "write-access-denied",
    "character-set-not-supported",
    "invalid-array-index",
    "cov-subscription-failed",
    "not-cov-property",
    "optional-functionality-not-supported",
    "invalid-configuration-data",
    "datatype-not-supported",
    "duplicate-name",
    "duplicate-object-id",
    "property-is-not-an-array",
    "abort-buffer-overflow",
    "abort-invalid-apdu-in-this-state",
    "abort-preempted-by-higher-priority-task",
    "abort-segmentation-not-supported",
    "abort-proprietary",
    "abort-other",
    "invalid-tag",
    "network-down",
    "reject-buffer-overflow",
    "reject-inconsistent-parameters",
    "reject-invalid-parameter-data-type",
    "reject-invalid-tag",
    "reject-missing-required-parameter",
    "reject-parameter-out-of-range",
    "reject-too-many-arguments",
    "reject-undefined-enumeration",
    "reject-unrecognized-service",
    "reject-proprietary",
    "reject-other",
    "unknown-device",
    "unknown-route",
    "value-not-initialized",
    "invalid-event-state",
    "no-alarm-configured",
    "log-buffer-full",
    "logged-value-purged",
    "no-property-specified",
    "not-configured-for-triggered-logging",
    "unknown-subscription",
    "parameter-out-of-range",
    "list-element-not-found",
    "busy",
    "communication-disabled",
    "success",
    "access-denied",
    "bad-destination-address",
    "bad-destination-device-id",
    "bad-signature",
    "bad-source-address",
    "bad-timestamp",
    "cannot-use-key",
    "cannot-verify-message-id",
    "correct-key-revision",
    "destination-device-id-required",
    "duplicate-message",
    "encryption-not-configured",
    "encryption-required",
    "incorrect-key",
    "invalid-key-data",
    "key-update-in-progress",
    "malformed-message",
    "not-key-server",
    "security-not-configured",
    "source-security-required",
    "too-many-keys",
    "unknown-authentication-type",
    "unknown-key",
    "unknown-key-revision",
    "unknown-source-message",
    "not-router-to-dnet",
    "router-busy",
    "unknown-network-message",
    "message-too-long",
    "security-error",
    "addressing-error",
    "write-bdt-failed",
    "read-bdt-failed",
    "register-foreign-device-failed",
    "read-fdt-failed",
    "delete-fdt-entry-failed",
    "distribute-broadcast-failed",
    "unknown-file-size",
    "abort-apdu-too-long",
    "abort-application-exceeded-reply-time",
    "abort-out-of-resources",
    "abort-tsm-timeout",
    "abort-window-size-out-of-range",
    "file-full",
    "inconsistent-configuration",
    "inconsistent-object-type",
    "internal-error",
    "not-configured",
    "out-of-memory",
    "value-too-long",
    "abort-insufficient-security",
    "abort-security-error",
    "duplicate-entry",
    "invalid-value-in-this-state",
};
constexpr std::string_view kRejects[] = {
    "other",
    "buffer-overflow",
    "inconsistent-parameters",
    "invalid-parameter-data-type",
    "invalid-tag",
    "missing-required-parameter",
    "parameter-out-of-range",
    "too-many-arguments",
    "undefined-enumeration",
    "unrecognized-service",
};
constexpr std::string_view kAborts[] = {
    "other",
    "buffer-overflow",
    "invalid-apdu-in-this-state",
    "preempted-by-higher-priority-task",
    "segmentation-not-supported",
    "security-error",
    "insufficient-security",
    "window-size-out-of-range",
    "application-exceeded-reply-time",
    "out-of-resources",
    "tsm-timeout",
    "apdu-too-long",
};
constexpr std::string_view kObjectTypes[] = {
    "analog-input",
    "analog-output",
    "analog-value",
    "binary-input",
    "binary-output",
    "binary-value",
    "calendar",
    "command",
    "device",
    "event-enrollment",
    "file",
    "group",
    "loop",
    "multi-state-input",
    "multi-state-output",
    "notification-class",
    "program",
    "schedule",
    "averaging",
    "multi-state-value",
    "trend-log",
    "life-safety-point",
    "life-safety-zone",
    "accumulator",
    "pulse-converter",
    "event-log",
    "global-group",
    "trend-log-multiple",
    "load-control",
    "structured-view",
    "access-door",
    "timer",
    "access-credential",
    "access-point",
    "access-rights",
    "access-user",
    "access-zone",
    "credential-data-input",
    "network-security",
    "bitstring-value",
    "characterstring-value",
    "datepattern-value",
    "date-value",
    "datetimepattern-value",
    "datetime-value",
    "integer-value",
    "large-analog-value",
    "octetstring-value",
    "positive-integer-value",
    "timepattern-value",
    "time-value",
    "notification-forwarder",
    "alert-enrollment",
    "channel",
    "lighting-output",
    "binary-lighting-output",
    "network-port",
    "elevator-group",
    "escalator",
    "lift",
    "staging",
    "audit-log",
    "audit-reporter",
    "color",
    "color-temperature",
};
constexpr std::string_view kEventStates[] = {
    "normal", "fault", "offnormal", "high-limit", "low-limit", "life-safety-alarm",
};
constexpr std::string_view kEventTypes[] = {
    "change-of-bitstring",
    "change-of-state",
    "change-of-value",
    "command-failure",
    "floating-limit",
    "out-of-range",
    "complex-event-type",
    "",
    "change-of-life-safety",
    "extended",
    "buffer-ready",
    "unsigned-range",
    "",
    "access-event",
    "double-out-of-range",
    "signed-out-of-range",
    "unsigned-out-of-range",
    "change-of-characterstring",
    "change-of-status-flags",
    "change-of-reliability",
    "none",
    "change-of-discrete-value",
    "change-of-timer",
};
constexpr std::string_view kNotifyTypes[] = {"alarm", "event", "ack-notification"};
constexpr std::string_view kSegmentations[] = {"segmented-both", "segmented-transmit", "segmented-receive",
                                               "no-segmentation"};
constexpr std::string_view kReliabilities[] = {
    "no-fault-detected",
    "no-sensor",
    "over-range",
    "under-range",
    "open-loop",
    "shorted-loop",
    "no-output",
    "unreliable-other",
    "process-error",
    "multi-state-fault",
    "configuration-error",
    "",
    "communication-failure",
    "member-fault",
    "monitored-object-fault",
    "tripped",
    "lamp-failure",
    "activation-failure",
    "renew-dhcp-failure",
    "renew-fd-registration-failure",
    "restart-auto-negotiation-failure",
    "restart-failure",
    "proprietary-command-failure",
    "faults-listed",
    "referenced-object-fault",
};
constexpr std::string_view kReinitialize[] = {
    "coldstart",     "warmstart",   "start-backup",  "end-backup",
    "start-restore", "end-restore", "abort-restore", "activate-changes",
};
constexpr std::string_view kCommunication[] = {"enable", "disable", "disable-initiation"};
constexpr std::string_view kSafetyOperations[] = {
    "none",        "silence",     "silence-audible", "silence-visual",    "reset",
    "reset-alarm", "reset-fault", "unsilence",       "unsilence-audible", "unsilence-visual",
};
constexpr std::string_view kSafetyStates[] = {
    "quiet",
    "pre-alarm",
    "alarm",
    "fault",
    "fault-pre-alarm",
    "fault-alarm",
    "not-ready",
    "active",
    "tamper",
    "test-alarm",
    "test-active",
    "test-fault",
    "test-fault-alarm",
    "holdup",
    "duress",
    "tamper-alarm",
    "abnormal",
    "emergency-power",
    "delayed",
    "blocked",
    "local-alarm",
    "general-alarm",
    "supervisory",
    "test-supervisory",
};
constexpr std::string_view kSafetyModes[] = {
    "off",      "on",   "test", "manned",       "unmanned", "armed",    "disarmed",
    "prearmed", "slow", "fast", "disconnected", "enabled",  "disabled", "automatic-release-disabled",
    "default",
};
constexpr std::string_view kCharsets[] = {"UTF-8", "DBCS", "JIS X 0208", "UCS-4", "UCS-2", "ISO 8859-1"};
constexpr std::string_view kSyntaxes[] = {
    "null",   "boolean",      "unsigned",          "signed",     "real",
    "double", "octet-string", "character-string",  "bit-string", "enumerated",
    "date",   "time",         "object-identifier",
};

// Makers, by the numbers that ASHRAE gives them.
constexpr NumberName kVendors[] = {
    {0, "ASHRAE"},
    {1, "NIST"},
    {2, "The Trane Company"},
    {3, "Daikin Applied Americas"},
    {4, "PolarSoft"},
    {5, "Johnson Controls, Inc."},
    {6, "ABB (Formerly American Auto-Matrix)"},
    {7, "Siemens Schweiz AG (Formerly: Landis & Staefa Division Europe)"},
    {8, "Delta Controls"},
    {9, "Siemens Schweiz AG"},
    {10, "Schneider Electric"},
    {11, "TAC"},
    {13, "Teletrol Systems Inc."},
    {14, "Cimetrics Technology"},
    {15, "Cornell University"},
    {16, "United Technologies Carrier"},
    {17, "Honeywell Inc."},
    {18, "Alerton / Honeywell"},
    {19, "TAC AB"},
    {20, "Hewlett-Packard Company"},
    {24, "Automated Logic Corporation"},
    {35, "Reliable Controls Corporation"},
    {36, "Tridium Inc."},
    {42, "Acuity Brands Lighting, Inc."},
    {53, "DAIKIN Industries Ltd."},
    {62, "TSI Incorporated"},
    {86, "The Watt Stopper, Inc."},
    {95, "Richards-Zeta Building Intelligence, Inc."},
    {127, "ABB, Inc."},
    {133, "Veris Industries"},
    {148, "Temco Controls, Ltd."},
    {203, "Toshiba Schneider Inverter Corporation"},
    {222, "WAGO Kontakttechnik GmbH & Co. KG"},
    {260, "BACnet Stack at SourceForge"},
    {364, "Distech Controls Inc."},
    {389, "Chipkin Automation Systems"},
    {412, "Douglas Lighting Controls"},
    {421, "METZ CONNECT GmbH"},
    {662, "Sontay Limited"},
    {694, "Contec Co., Ltd."},
};

}  // namespace

std::string_view function_name(std::uint8_t type, std::uint8_t n) noexcept {
  return type == 0x82 ? at(kFunctions6, n) : at(kFunctions, n);
}
std::string_view result_name(std::uint8_t type, std::uint16_t n) noexcept {
  return type == 0x82 ? name_of(kResults6, n) : name_of(kResults, n);
}
std::string_view priority_name(std::uint8_t n) noexcept { return at(kPriorities, n); }
std::string_view net_message_name(std::uint8_t n) noexcept { return at(kNetMessages, n); }
std::string_view net_reject_name(std::uint64_t n) noexcept { return at(kNetRejects, n); }
std::string_view apdu_type_name(std::uint8_t n) noexcept { return at(kApduTypes, n); }
std::string_view confirmed_name(std::uint64_t n) noexcept { return at(kConfirmed, n); }
std::string_view unconfirmed_name(std::uint64_t n) noexcept { return at(kUnconfirmed, n); }
std::string_view error_class_name(std::uint64_t n) noexcept { return at(kErrorClasses, n); }
std::string_view error_code_name(std::uint64_t n) noexcept { return at(kErrorCodes, n); }
std::string_view reject_name(std::uint64_t n) noexcept { return at(kRejects, n); }
std::string_view abort_name(std::uint64_t n) noexcept { return at(kAborts, n); }
std::string_view object_type_name(std::uint64_t n) noexcept { return at(kObjectTypes, n); }
std::string_view event_state_name(std::uint64_t n) noexcept { return at(kEventStates, n); }
std::string_view event_type_name(std::uint64_t n) noexcept { return at(kEventTypes, n); }
std::string_view notify_type_name(std::uint64_t n) noexcept { return at(kNotifyTypes, n); }
std::string_view segmentation_name(std::uint64_t n) noexcept { return at(kSegmentations, n); }
std::string_view reliability_name(std::uint64_t n) noexcept { return at(kReliabilities, n); }
std::string_view reinitialize_name(std::uint64_t n) noexcept { return at(kReinitialize, n); }
std::string_view communication_name(std::uint64_t n) noexcept { return at(kCommunication, n); }
std::string_view life_safety_operation_name(std::uint64_t n) noexcept { return at(kSafetyOperations, n); }
std::string_view life_safety_mode_name(std::uint64_t n) noexcept { return at(kSafetyModes, n); }
std::string_view life_safety_state_name(std::uint64_t n) noexcept { return at(kSafetyStates, n); }
std::string_view vendor_name(std::uint64_t n) noexcept {
  return n > 0xffff ? std::string_view{} : name_of(kVendors, static_cast<std::uint32_t>(n));
}
std::string_view charset_name(std::uint8_t n) noexcept { return at(kCharsets, n); }
std::string_view syntax_name(std::uint8_t n) noexcept { return at(kSyntaxes, n); }

bool function_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kFunctions, s, out);
}
bool net_message_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kNetMessages, s, out);
}
bool apdu_type_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kApduTypes, s, out);
}
bool confirmed_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kConfirmed, s, out);
}
bool unconfirmed_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kUnconfirmed, s, out);
}
bool error_class_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kErrorClasses, s, out);
}
bool error_code_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kErrorCodes, s, out);
}
bool reject_by_name(std::string_view s, std::uint64_t& out) noexcept { return place_of(kRejects, s, out); }
bool abort_by_name(std::string_view s, std::uint64_t& out) noexcept { return place_of(kAborts, s, out); }
bool object_type_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kObjectTypes, s, out);
}
bool event_state_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kEventStates, s, out);
}
bool event_type_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kEventTypes, s, out);
}
bool reinitialize_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kReinitialize, s, out);
}
bool communication_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kCommunication, s, out);
}
bool life_safety_operation_by_name(std::string_view s, std::uint64_t& out) noexcept {
  return place_of(kSafetyOperations, s, out);
}

}  // namespace picket::bacnet
