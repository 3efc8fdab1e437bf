// Names of nodes that every server has (namespace 0; OPC 10000-6 annex A.3), and of what numbers stand for.
#include <algorithm>

#include "parsers/core/names.h"
#include "parsers/opcua/opcua.h"

namespace picket::opcua {
namespace {

constexpr NumberName kNodes[] = {
    {1, "Boolean"},
    {2, "SByte"},
    {3, "Byte"},
    {4, "Int16"},
    {5, "UInt16"},
    {6, "Int32"},
    {7, "UInt32"},
    {8, "Int64"},
    {9, "UInt64"},
    {10, "Float"},
    {11, "Double"},
    {12, "String"},
    {13, "DateTime"},
    {14, "Guid"},
    {15, "ByteString"},
    {16, "XmlElement"},
    {17, "NodeId"},
    {18, "ExpandedNodeId"},
    {19, "StatusCode"},
    {20, "QualifiedName"},
    {21, "LocalizedText"},
    {22, "Structure"},
    {23, "DataValue"},
    {24, "BaseDataType"},
    {25, "DiagnosticInfo"},
    {26, "Number"},
    {27, "Integer"},
    {28, "UInteger"},
    {29, "Enumeration"},
    {30, "Image"},
    {31, "References"},
    {32, "NonHierarchicalReferences"},
    {33, "HierarchicalReferences"},
    {34, "HasChild"},
    {35, "Organizes"},
    {36, "HasEventSource"},
    {37, "HasModellingRule"},
    {38, "HasEncoding"},
    {39, "HasDescription"},
    {40, "HasTypeDefinition"},
    {41, "GeneratesEvent"},
    {44, "Aggregates"},
    {45, "HasSubtype"},
    {46, "HasProperty"},
    {47, "HasComponent"},
    {48, "HasNotifier"},
    {49, "HasOrderedComponent"},
    {50, "Decimal"},
    {51, "FromState"},
    {52, "ToState"},
    {53, "HasCause"},
    {54, "HasEffect"},
    {56, "HasHistoricalConfiguration"},
    {58, "BaseObjectType"},
    {61, "FolderType"},
    {62, "BaseVariableType"},
    {63, "BaseDataVariableType"},
    {68, "PropertyType"},
    {69, "DataTypeDescriptionType"},
    {72, "DataTypeDictionaryType"},
    {75, "DataTypeSystemType"},
    {76, "DataTypeEncodingType"},
    {77, "ModellingRuleType"},
    {78, "ModellingRule_Mandatory"},
    {80, "ModellingRule_Optional"},
    {83, "ModellingRule_ExposesItsArray"},
    {84, "RootFolder"},
    {85, "ObjectsFolder"},
    {86, "TypesFolder"},
    {87, "ViewsFolder"},
    {88, "ObjectTypesFolder"},
    {89, "VariableTypesFolder"},
    {90, "DataTypesFolder"},
    {91, "ReferenceTypesFolder"},
    {92, "XmlSchema_TypeSystem"},
    {93, "OPCBinarySchema_TypeSystem"},
    {94, "PermissionType"},
    {95, "AccessRestrictionType"},
    {96, "RolePermissionType"},
    {97, "DataTypeDefinition"},
    {98, "StructureType"},
    {99, "StructureDefinition"},
    {100, "EnumDefinition"},
    {101, "StructureField"},
    {102, "EnumField"},
    {2004, "ServerType"},
    {2036, "TransparentRedundancyType"},
    {2041, "BaseEventType"},
    {2052, "AuditEventType"},
    {2058, "AuditSecurityEventType"},
    {2059, "AuditChannelEventType"},
    {2060, "AuditOpenSecureChannelEventType"},
    {2069, "AuditSessionEventType"},
    {2071, "AuditCreateSessionEventType"},
    {2075, "AuditActivateSessionEventType"},
    {2078, "AuditCancelEventType"},
    {2080, "AuditCertificateEventType"},
    {2082, "AuditCertificateDataMismatchEventType"},
    {2085, "AuditCertificateExpiredEventType"},
    {2086, "AuditCertificateInvalidEventType"},
    {2087, "AuditCertificateUntrustedEventType"},
    {2088, "AuditCertificateRevokedEventType"},
    {2089, "AuditCertificateMismatchEventType"},
    {2090, "AuditNodeManagementEventType"},
    {2091, "AuditAddNodesEventType"},
    {2093, "AuditDeleteNodesEventType"},
    {2095, "AuditAddReferencesEventType"},
    {2097, "AuditDeleteReferencesEventType"},
    {2099, "AuditUpdateEventType"},
    {2100, "AuditWriteUpdateEventType"},
    {2104, "AuditHistoryUpdateEventType"},
    {2127, "AuditUpdateMethodEventType"},
    {2130, "SystemEventType"},
    {2131, "DeviceFailureEventType"},
    {2132, "BaseModelChangeEventType"},
    {2133, "GeneralModelChangeEventType"},
    {2138, "ServerStatusType"},
    {2254, "Server_ServerArray"},
    {2255, "Server_NamespaceArray"},
    {2256, "Server_ServerStatus"},
    {2257, "Server_ServerStatus_StartTime"},
    {2258, "Server_ServerStatus_CurrentTime"},
    {2259, "Server_ServerStatus_State"},
    {2260, "Server_ServerStatus_BuildInfo"},
    {2261, "Server_ServerStatus_BuildInfo_ProductName"},
    {2262, "Server_ServerStatus_BuildInfo_ProductUri"},
    {2263, "Server_ServerStatus_BuildInfo_ManufacturerName"},
    {2264, "Server_ServerStatus_BuildInfo_SoftwareVersion"},
    {2265, "Server_ServerStatus_BuildInfo_BuildNumber"},
    {2266, "Server_ServerStatus_BuildInfo_BuildDate"},
    {2267, "Server_ServiceLevel"},
    {2268, "Server_ServerCapabilities"},
    {2269, "Server_ServerCapabilities_ServerProfileArray"},
    {2271, "Server_ServerCapabilities_LocaleIdArray"},
    {2272, "Server_ServerCapabilities_MinSupportedSampleRate"},
    {2274, "Server_ServerDiagnostics"},
    {2275, "Server_ServerDiagnostics_ServerDiagnosticsSummary"},
    {2276, "Server_ServerDiagnostics_ServerDiagnosticsSummary_ServerViewCount"},
    {2277, "Server_ServerDiagnostics_ServerDiagnosticsSummary_CurrentSessionCount"},
    {2278, "Server_ServerDiagnostics_ServerDiagnosticsSummary_CumulatedSessionCount"},
    {2279, "Server_ServerDiagnostics_ServerDiagnosticsSummary_SecurityRejectedSessionCount"},
    {2281, "Server_ServerDiagnostics_ServerDiagnosticsSummary_SessionTimeoutCount"},
    {2282, "Server_ServerDiagnostics_ServerDiagnosticsSummary_SessionAbortCount"},
    {2284, "Server_ServerDiagnostics_ServerDiagnosticsSummary_PublishingIntervalCount"},
    {2285, "Server_ServerDiagnostics_ServerDiagnosticsSummary_CurrentSubscriptionCount"},
    {2286, "Server_ServerDiagnostics_ServerDiagnosticsSummary_CumulatedSubscriptionCount"},
    {2287, "Server_ServerDiagnostics_ServerDiagnosticsSummary_SecurityRejectedRequestsCount"},
    {2288, "Server_ServerDiagnostics_ServerDiagnosticsSummary_RejectedRequestsCount"},
    {2289, "Server_ServerDiagnostics_SamplingIntervalDiagnosticsArray"},
    {2290, "Server_ServerDiagnostics_SubscriptionDiagnosticsArray"},
    {2294, "Server_ServerDiagnostics_EnabledFlag"},
    {2295, "Server_VendorServerInfo"},
    {2296, "Server_ServerRedundancy"},
    {2299, "StateMachineType"},
    {2311, "TransitionEventType"},
    {2315, "AuditUpdateStateEventType"},
    {2365, "DataItemType"},
    {2368, "AnalogItemType"},
    {2372, "DiscreteItemType"},
    {2373, "TwoStateDiscreteType"},
    {2376, "MultiStateDiscreteType"},
    {2391, "ProgramStateMachineType"},
    {2426, "ProgramStateMachineType_Start"},
    {2427, "ProgramStateMachineType_Suspend"},
    {2428, "ProgramStateMachineType_Resume"},
    {2429, "ProgramStateMachineType_Halt"},
    {2430, "ProgramStateMachineType_Reset"},
    {2735, "Server_ServerCapabilities_MaxBrowseContinuationPoints"},
    {2736, "Server_ServerCapabilities_MaxQueryContinuationPoints"},
    {2737, "Server_ServerCapabilities_MaxHistoryContinuationPoints"},
    {2748, "AuditUrlMismatchEventType"},
    {2771, "FiniteStateMachineType"},
    {2782, "ConditionType"},
    {2787, "RefreshStartEventType"},
    {2788, "RefreshEndEventType"},
    {2790, "AuditConditionEventType"},
    {2803, "AuditConditionEnableEventType"},
    {2829, "AuditConditionCommentEventType"},
    {2830, "DialogConditionType"},
    {2881, "AcknowledgeableConditionType"},
    {2915, "AlarmConditionType"},
    {2955, "LimitAlarmType"},
    {2992, "Server_ServerStatus_SecondsTillShutdown"},
    {2993, "Server_ServerStatus_ShutdownReason"},
    {2994, "Server_Auditing"},
    {2996, "Server_ServerCapabilities_ModellingRules"},
    {2997, "Server_ServerCapabilities_AggregateFunctions"},
    {2999, "AuditHistoryEventUpdateEventType"},
    {3704, "Server_ServerCapabilities_SoftwareCertificates"},
    {3705, "Server_ServerDiagnostics_ServerDiagnosticsSummary_RejectedSessionCount"},
    {3706, "Server_ServerDiagnostics_SessionsDiagnosticsSummary"},
    {3707, "Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionDiagnosticsArray"},
    {3708, "Server_ServerDiagnostics_SessionsDiagnosticsSummary_SessionSecurityDiagnosticsArray"},
    {3709, "Server_ServerRedundancy_RedundancySupport"},
    {3875, "ConditionType_ConditionRefresh"},
    {9027, "ConditionType_Enable"},
    {9028, "ConditionType_Disable"},
    {9029, "ConditionType_AddComment"},
    {9111, "AcknowledgeableConditionType_Acknowledge"},
    {9113, "AcknowledgeableConditionType_Confirm"},
    {9341, "ExclusiveLimitAlarmType"},
    {9906, "NonExclusiveLimitAlarmType"},
    {10637, "OffNormalAlarmType"},
    {10751, "TripAlarmType"},
    {11192, "HistoryServerCapabilities"},
    {11312, "Server_ServerRedundancy_CurrentServerId"},
    {11313, "Server_ServerRedundancy_RedundantServerArray"},
    {11314, "Server_ServerRedundancy_ServerUriArray"},
    {11492, "Server_GetMonitoredItems"},
    {11575, "FileType"},
    {11580, "FileType_Open"},
    {11583, "FileType_Close"},
    {11585, "FileType_Read"},
    {11588, "FileType_Write"},
    {11702, "Server_ServerCapabilities_MaxArrayLength"},
    {11703, "Server_ServerCapabilities_MaxStringLength"},
    {11704, "Server_ServerCapabilities_OperationLimits"},
    {11705, "Server_ServerCapabilities_OperationLimits_MaxNodesPerRead"},
    {11707, "Server_ServerCapabilities_OperationLimits_MaxNodesPerWrite"},
    {11709, "Server_ServerCapabilities_OperationLimits_MaxNodesPerMethodCall"},
    {11710, "Server_ServerCapabilities_OperationLimits_MaxNodesPerBrowse"},
    {11711, "Server_ServerCapabilities_OperationLimits_MaxNodesPerRegisterNodes"},
    {11712, "Server_ServerCapabilities_OperationLimits_MaxNodesPerTranslateBrowsePathsToNodeIds"},
    {11713, "Server_ServerCapabilities_OperationLimits_MaxNodesPerNodeManagement"},
    {11714, "Server_ServerCapabilities_OperationLimits_MaxMonitoredItemsPerCall"},
    {11715, "Server_Namespaces"},
    {12165, "Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadData"},
    {12166, "Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryReadEvents"},
    {12167, "Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateData"},
    {12168, "Server_ServerCapabilities_OperationLimits_MaxNodesPerHistoryUpdateEvents"},
    {12556, "CertificateType"},
    {12637, "ServerConfiguration"},
    {12639, "ServerConfiguration_SupportedPrivateKeyFormats"},
    {12641, "ServerConfiguration_MulticastDnsEnabled"},
    {12710, "ServerConfiguration_ServerCapabilities"},
    {12737, "ServerConfiguration_CreateSigningRequest"},
    {12740, "ServerConfiguration_ApplyChanges"},
    {12749, "Server_SetSubscriptionDurable"},
    {12777, "ServerConfiguration_GetRejectedList"},
    {12873, "Server_ResendData"},
    {12885, "Server_EstimatedReturnTime"},
    {12886, "Server_RequestServerStateChange"},
    {12911, "Server_ServerCapabilities_MaxByteStringLength"},
    {12912, "ConditionType_ConditionRefresh2"},
    {13353, "FileDirectoryType"},
    {13387, "FileDirectoryType_CreateDirectory"},
    {13390, "FileDirectoryType_CreateFile"},
    {13393, "FileDirectoryType_DeleteFileSystemObject"},
    {13395, "FileDirectoryType_MoveOrCopy"},
    {13737, "ServerConfiguration_UpdateCertificate"},
    {14415, "Server_ServerRedundancy_ServerNetworkGroups"},
    {14443, "PublishSubscribe"},
    {15004, "Server_UrisVersion"},
    {16402, "AlarmConditionType_Silence"},
    {16403, "AlarmConditionType_Suppress"},
    {17634, "Server_LocalTime"},
    {17868, "AlarmConditionType_Unsuppress"},
    {17869, "AlarmConditionType_RemoveFromService"},
    {17870, "AlarmConditionType_PlaceInService"},
    {18199, "AlarmConditionType_Reset"},
    {19812, "Server_ServerCapabilities_MaxLogObjectContinuationPoints"},
    {24095, "Server_ServerCapabilities_MaxSessions"},
    {24096, "Server_ServerCapabilities_MaxSubscriptions"},
    {24097, "Server_ServerCapabilities_MaxMonitoredItems"},
    {24098, "Server_ServerCapabilities_MaxSubscriptionsPerSession"},
    {24099, "Server_ServerCapabilities_MaxSelectClauseParameters"},
    {24100, "Server_ServerCapabilities_MaxWhereClauseParameters"},
    {24101, "Server_ServerCapabilities_ConformanceUnits"},
    {24104, "Server_ServerCapabilities_MaxMonitoredItemsPerSubscription"},
    {25706, "ServerConfiguration_ApplicationUri"},
    {25707, "ServerConfiguration_ApplicationType"},
    {25725, "ServerConfiguration_ProductUri"},
    {31916, "Server_ServerCapabilities_MaxMonitoredItemsQueueSize"},
};
static_assert(std::ranges::is_sorted(kNodes, {}, &NumberName::number));

constexpr NumberName kAttributes[] = {
    {1, "NodeId"},
    {2, "NodeClass"},
    {3, "BrowseName"},
    {4, "DisplayName"},
    {5, "Description"},
    {6, "WriteMask"},
    {7, "UserWriteMask"},
    {8, "IsAbstract"},
    {9, "Symmetric"},
    {10, "InverseName"},
    {11, "ContainsNoLoops"},
    {12, "EventNotifier"},
    {13, "Value"},
    {14, "DataType"},
    {15, "ValueRank"},
    {16, "ArrayDimensions"},
    {17, "AccessLevel"},
    {18, "UserAccessLevel"},
    {19, "MinimumSamplingInterval"},
    {20, "Historizing"},
    {21, "Executable"},
    {22, "UserExecutable"},
    {23, "DataTypeDefinition"},
    {24, "RolePermissions"},
    {25, "UserRolePermissions"},
    {26, "AccessRestrictions"},
    {27, "AccessLevelEx"},
};
constexpr NumberName kTypes[] = {
    {0, "Null"},
    {1, "Boolean"},
    {2, "SByte"},
    {3, "Byte"},
    {4, "Int16"},
    {5, "UInt16"},
    {6, "Int32"},
    {7, "UInt32"},
    {8, "Int64"},
    {9, "UInt64"},
    {10, "Float"},
    {11, "Double"},
    {12, "String"},
    {13, "DateTime"},
    {14, "Guid"},
    {15, "ByteString"},
    {16, "XmlElement"},
    {17, "NodeId"},
    {18, "ExpandedNodeId"},
    {19, "StatusCode"},
    {20, "QualifiedName"},
    {21, "LocalizedText"},
    {22, "ExtensionObject"},
    {23, "DataValue"},
    {24, "Variant"},
    {25, "DiagnosticInfo"},
};
constexpr NumberName kModes[] = {{0, "Invalid"}, {1, "None"}, {2, "Sign"}, {3, "SignAndEncrypt"}};
constexpr NumberName kRequestTypes[] = {{0, "issue"}, {1, "renew"}};
constexpr NumberName kUserTokens[] = {
    {0, "anonymous"}, {1, "user name"}, {2, "certificate"}, {3, "issued token"}};
constexpr NumberName kApplicationTypes[] = {
    {0, "server"}, {1, "client"}, {2, "client and server"}, {3, "discovery server"}};
constexpr NumberName kMonitoringModes[] = {{0, "disabled"}, {1, "sampling"}, {2, "reporting"}};
constexpr NumberName kTimestamps[] = {{0, "source"}, {1, "server"}, {2, "both"}, {3, "neither"}};
constexpr NumberName kDirections[] = {{0, "forward"}, {1, "inverse"}, {2, "both"}};
constexpr NumberName kNodeClasses[] = {{0, "unspecified"},     {1, "object"},      {2, "variable"},
                                       {4, "method"},          {8, "object type"}, {16, "variable type"},
                                       {32, "reference type"}, {64, "data type"},  {128, "view"}};

constexpr NumberName kMessageTypes[] = {
    {0, "HEL"}, {1, "ACK"}, {2, "ERR"}, {3, "RHE"}, {4, "OPN"}, {5, "CLO"}, {6, "MSG"},
};

constexpr Policy kPolicies[] = {
    {"None", 0},
    {"Basic128Rsa15", 20},
    {"Basic256", 20},
    {"Basic256Sha256", 32},
    {"Aes128_Sha256_RsaOaep", 32},
    {"Aes256_Sha256_RsaPss", 32},
    {"ECC_nistP256", 32},
    {"ECC_nistP384", 48},
    {"ECC_brainpoolP256r1", 32},
    {"ECC_brainpoolP384r1", 48},
    {"ECC_curve25519", 16},
    {"ECC_curve448", 16},
    {"PubSub-Aes128-CTR", 32},
    {"PubSub-Aes256-CTR", 32},
};

}  // namespace

std::string_view node_name(const NodeId& id) noexcept {
  if (!id.is_standard() || id.number > 0xffff) return {};
  const auto number = static_cast<std::uint16_t>(id.number);
  const auto* at = std::ranges::lower_bound(kNodes, number, {}, &NumberName::number);
  return at != std::end(kNodes) && at->number == number ? at->name : std::string_view{};
}
std::string_view attribute_name(std::uint32_t n) noexcept { return name_of(kAttributes, n); }
std::string_view type_name(Type t) noexcept { return name_of(kTypes, static_cast<std::uint32_t>(t)); }
std::string_view security_mode_name(std::uint32_t n) noexcept { return name_of(kModes, n); }
std::string_view request_type_name(std::uint32_t n) noexcept { return name_of(kRequestTypes, n); }
std::string_view user_token_name(std::uint32_t n) noexcept { return name_of(kUserTokens, n); }
std::string_view application_type_name(std::uint32_t n) noexcept { return name_of(kApplicationTypes, n); }
std::string_view monitoring_mode_name(std::uint32_t n) noexcept { return name_of(kMonitoringModes, n); }
std::string_view timestamps_name(std::uint32_t n) noexcept { return name_of(kTimestamps, n); }
std::string_view direction_name(std::uint32_t n) noexcept { return name_of(kDirections, n); }
std::string_view node_class_name(std::uint32_t n) noexcept { return name_of(kNodeClasses, n); }
std::string_view message_name(MessageType t) noexcept {
  return name_of(kMessageTypes, static_cast<std::uint32_t>(t));
}
bool message_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kMessageTypes, name, out);
}
bool attribute_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kAttributes, name, out);
}
bool security_mode_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kModes, name, out);
}
bool user_token_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kUserTokens, name, out);
}
bool type_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kTypes, name, out); }

Bytes policy_name(Bytes uri) noexcept {
  const std::string_view text = as_text(uri);
  const std::size_t at = text.rfind('#');
  return at == std::string_view::npos ? uri : uri.subspan(at + 1);
}

const Policy* policy_of(Bytes uri) noexcept {
  if (uri.empty()) return kPolicies;
  const std::string_view name = as_text(policy_name(uri));
  for (const Policy& p : kPolicies) {
    if (p.name == name) return &p;
  }
  return nullptr;
}

}  // namespace picket::opcua
