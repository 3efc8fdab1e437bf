// Structures of services, and which belong to which id (OPC 10000-4 §5 and §7; ids of OPC 10000-6 annex A).
#include "parsers/opcua/opcua_schema.h"

#include <algorithm>

#include "parsers/core/names.h"

namespace picket::opcua {
namespace {

using enum Type;
using T = Tag;

constexpr Field one(std::string_view name, Type type, Tag tag = T::kNone) { return {name, tag, type}; }
constexpr Field many(std::string_view name, Type type, Tag tag = T::kNone) { return {name, tag, type, true}; }
constexpr Field one(std::string_view name, const Struct& of, Tag tag = T::kFlat) {
  return {name, tag, kStruct, false, &of};
}
constexpr Field many(std::string_view name, const Struct& of, Tag tag) {
  return {name, tag, kStruct, true, &of};
}

#define PICKET_STRUCT(name, ...)                     \
  constexpr Field k##name##Fields[] = {__VA_ARGS__}; \
  constexpr Struct k##name = {#name, k##name##Fields}

// ── headers ────────────────────────────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(RequestHeader, one("authentication_token", kNodeId, T::kHidden),
              one("timestamp", kDateTime, T::kTimestamp), one("request_handle", kUInt32, T::kRequestHandle),
              one("return_diagnostics", kUInt32, T::kHidden),
              one("audit_entry_id", kString, T::kAuditEntryId), one("timeout_hint", kUInt32, T::kTimeoutHint),
              one("additional_header", kExtensionObject, T::kHidden));
PICKET_STRUCT(ResponseHeader, one("timestamp", kDateTime, T::kTimestamp),
              one("request_handle", kUInt32, T::kRequestHandle),
              one("service_result", kStatusCode, T::kServiceResult),
              one("service_diagnostics", kDiagnosticInfo, T::kHidden), many("string_table", kString),
              one("additional_header", kExtensionObject, T::kHidden));
constexpr Field kAsk = one("request_header", kRequestHeader);
constexpr Field kTell = one("response_header", kResponseHeader);
constexpr Field kDiagnostics = many("diagnostic_infos", kDiagnosticInfo, T::kHidden);

PICKET_STRUCT(HeaderOnlyRequest, kAsk);
PICKET_STRUCT(HeaderOnlyResponse, kTell);
// Statuses that are all the results.
PICKET_STRUCT(StatusItem, one("status", kStatusCode, T::kStatus));
PICKET_STRUCT(Results, kTell, many("results", kStatusItem, T::kItems), kDiagnostics);
PICKET_STRUCT(NodeItem, one("node_id", kNodeId, T::kNodeId));

// ── discovery ──────────────────────────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(ApplicationDescription, one("application_uri", kString, T::kAppUri),
              one("product_uri", kString, T::kAppProductUri),
              one("application_name", kLocalizedText, T::kAppName),
              one("application_type", kInt32, T::kAppType),
              one("gateway_server_uri", kString, T::kAppGateway),
              one("discovery_profile_uri", kString, T::kAppProfile),
              many("discovery_urls", kString, T::kAppUrls));
PICKET_STRUCT(UserTokenPolicy, one("policy_id", kString, T::kPolicyId),
              one("token_type", kInt32, T::kPolicyKind),
              one("issued_token_type", kString, T::kPolicyIssuedType),
              one("issuer_endpoint_url", kString, T::kPolicyIssuerUrl),
              one("security_policy_uri", kString, T::kPolicySecurity));
PICKET_STRUCT(EndpointDescription, one("endpoint_url", kString, T::kEndUrl),
              one("server", kApplicationDescription, T::kEndServer),
              one("server_certificate", kByteString, T::kEndCertificate),
              one("security_mode", kInt32, T::kEndMode), one("security_policy_uri", kString, T::kEndPolicy),
              many("user_identity_tokens", kUserTokenPolicy, T::kEndTokens),
              one("transport_profile_uri", kString, T::kEndTransport),
              one("security_level", kByte, T::kEndLevel));
PICKET_STRUCT(ServerOnNetwork, one("record_id", kUInt32, T::kAppRecord),
              one("server_name", kString, T::kAppName), one("discovery_url", kString, T::kAppUrls),
              many("server_capabilities", kString, T::kAppCapabilities));
PICKET_STRUCT(RegisteredServer, one("server_uri", kString, T::kAppUri),
              one("product_uri", kString, T::kAppProductUri),
              many("server_names", kLocalizedText, T::kAppName), one("server_type", kInt32, T::kAppType),
              one("gateway_server_uri", kString, T::kAppGateway),
              many("discovery_urls", kString, T::kAppUrls),
              one("semaphore_file_path", kString, T::kAppSemaphore),
              one("is_online", kBoolean, T::kAppOnline));
PICKET_STRUCT(MdnsDiscoveryConfiguration, one("mdns_server_name", kString),
              many("server_capabilities", kString));

PICKET_STRUCT(FindServersRequest, kAsk, one("endpoint_url", kString, T::kEndpointUrl),
              many("locale_ids", kString, T::kLocaleIds), many("server_uris", kString, T::kServerUris));
PICKET_STRUCT(FindServersResponse, kTell, many("servers", kApplicationDescription, T::kServers));
PICKET_STRUCT(FindServersOnNetworkRequest, kAsk, one("starting_record_id", kUInt32),
              one("max_records_to_return", kUInt32), many("server_capability_filter", kString));
PICKET_STRUCT(FindServersOnNetworkResponse, kTell, one("last_counter_reset_time", kDateTime),
              many("servers", kServerOnNetwork, T::kServers));
PICKET_STRUCT(GetEndpointsRequest, kAsk, one("endpoint_url", kString, T::kEndpointUrl),
              many("locale_ids", kString, T::kLocaleIds), many("profile_uris", kString, T::kProfileUris));
PICKET_STRUCT(GetEndpointsResponse, kTell, many("endpoints", kEndpointDescription, T::kEndpoints));
PICKET_STRUCT(RegisterServerRequest, kAsk, one("server", kRegisteredServer, T::kServer));
PICKET_STRUCT(RegisterServer2Request, kAsk, one("server", kRegisteredServer, T::kServer),
              many("discovery_configuration", kExtensionObject, T::kFlat));
PICKET_STRUCT(RegisterServer2Response, kTell, many("configuration_results", kStatusItem, T::kItems),
              kDiagnostics);

// ── secure channels and sessions ───────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(ChannelSecurityToken, one("channel_id", kUInt32, T::kHidden),
              one("token_id", kUInt32, T::kTokenId), one("created_at", kDateTime, T::kCreatedAt),
              one("revised_lifetime", kUInt32, T::kLifetime));
PICKET_STRUCT(OpenSecureChannelRequest, kAsk, one("client_protocol_version", kUInt32, T::kHidden),
              one("request_type", kInt32, T::kRequestType), one("security_mode", kInt32, T::kSecurityMode),
              one("client_nonce", kByteString, T::kHidden), one("requested_lifetime", kUInt32, T::kLifetime));
PICKET_STRUCT(OpenSecureChannelResponse, kTell, one("server_protocol_version", kUInt32, T::kHidden),
              one("security_token", kChannelSecurityToken), one("server_nonce", kByteString, T::kHidden));
PICKET_STRUCT(SignatureData, one("algorithm", kString, T::kHidden),
              one("signature", kByteString, T::kHidden));
PICKET_STRUCT(SignedSoftwareCertificate, one("certificate_data", kByteString, T::kHidden),
              one("signature", kByteString, T::kHidden));
PICKET_STRUCT(CreateSessionRequest, kAsk, one("client_description", kApplicationDescription, T::kClient),
              one("server_uri", kString, T::kServerUri), one("endpoint_url", kString, T::kEndpointUrl),
              one("session_name", kString, T::kSessionName), one("client_nonce", kByteString, T::kHidden),
              one("client_certificate", kByteString, T::kClientCertificate),
              one("requested_session_timeout", kDouble, T::kSessionTimeout),
              one("max_response_message_size", kUInt32, T::kMaxMessageSize));
PICKET_STRUCT(CreateSessionResponse, kTell, one("session_id", kNodeId, T::kSessionId),
              one("authentication_token", kNodeId, T::kHidden),
              one("revised_session_timeout", kDouble, T::kSessionTimeout),
              one("server_nonce", kByteString, T::kHidden),
              one("server_certificate", kByteString, T::kServerCertificate),
              many("server_endpoints", kEndpointDescription, T::kEndpoints),
              many("server_software_certificates", kSignedSoftwareCertificate, T::kFlat),
              one("server_signature", kSignatureData),
              one("max_request_message_size", kUInt32, T::kMaxMessageSize));
PICKET_STRUCT(AnonymousIdentityToken, one("policy_id", kString, T::kUserPolicy));
PICKET_STRUCT(UserNameIdentityToken, one("policy_id", kString, T::kUserPolicy),
              one("user_name", kString, T::kUserName), one("password", kByteString, T::kHidden),
              one("encryption_algorithm", kString, T::kUserAlgorithm));
PICKET_STRUCT(X509IdentityToken, one("policy_id", kString, T::kUserPolicy),
              one("certificate_data", kByteString, T::kUserCertificate));
PICKET_STRUCT(IssuedIdentityToken, one("policy_id", kString, T::kUserPolicy),
              one("token_data", kByteString, T::kHidden),
              one("encryption_algorithm", kString, T::kUserAlgorithm));
PICKET_STRUCT(ActivateSessionRequest, kAsk, one("client_signature", kSignatureData),
              many("client_software_certificates", kSignedSoftwareCertificate, T::kFlat),
              many("locale_ids", kString, T::kLocaleIds),
              one("user_identity_token", kExtensionObject, T::kUser),
              one("user_token_signature", kSignatureData));
PICKET_STRUCT(ActivateSessionResponse, kTell, one("server_nonce", kByteString, T::kHidden),
              many("results", kStatusItem, T::kItems), kDiagnostics);
PICKET_STRUCT(CloseSessionRequest, kAsk, one("delete_subscriptions", kBoolean, T::kDeleteSubscriptions));
PICKET_STRUCT(CancelRequest, kAsk, one("request_handle", kUInt32, T::kCancelHandle));
PICKET_STRUCT(CancelResponse, kTell, one("cancel_count", kUInt32, T::kCancelCount));

// ── nodes ──────────────────────────────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(AddNodesItem, one("parent_node_id", kExpandedNodeId, T::kParentNodeId),
              one("reference_type_id", kNodeId, T::kReferenceType),
              one("requested_new_node_id", kExpandedNodeId, T::kNodeId),
              one("browse_name", kQualifiedName, T::kBrowseName), one("node_class", kInt32, T::kNodeClass),
              one("node_attributes", kExtensionObject, T::kFlat),
              one("type_definition", kExpandedNodeId, T::kTypeDefinition));
PICKET_STRUCT(AddNodesResult, one("status", kStatusCode, T::kStatus),
              one("added_node_id", kNodeId, T::kNodeId));
PICKET_STRUCT(AddNodesRequest, kAsk, many("nodes_to_add", kAddNodesItem, T::kItems));
PICKET_STRUCT(AddNodesResponse, kTell, many("results", kAddNodesResult, T::kItems), kDiagnostics);
PICKET_STRUCT(AddReferencesItem, one("source_node_id", kNodeId, T::kNodeId),
              one("reference_type_id", kNodeId, T::kReferenceType),
              one("is_forward", kBoolean, T::kIsForward), one("target_server_uri", kString),
              one("target_node_id", kExpandedNodeId, T::kTargetNodeId),
              one("target_node_class", kInt32, T::kNodeClass));
PICKET_STRUCT(AddReferencesRequest, kAsk, many("references_to_add", kAddReferencesItem, T::kItems));
PICKET_STRUCT(DeleteNodesItem, one("node_id", kNodeId, T::kNodeId),
              one("delete_target_references", kBoolean));
PICKET_STRUCT(DeleteNodesRequest, kAsk, many("nodes_to_delete", kDeleteNodesItem, T::kItems));
PICKET_STRUCT(DeleteReferencesItem, one("source_node_id", kNodeId, T::kNodeId),
              one("reference_type_id", kNodeId, T::kReferenceType),
              one("is_forward", kBoolean, T::kIsForward),
              one("target_node_id", kExpandedNodeId, T::kTargetNodeId),
              one("delete_bidirectional", kBoolean));
PICKET_STRUCT(DeleteReferencesRequest, kAsk, many("references_to_delete", kDeleteReferencesItem, T::kItems));

// Attributes of a new node begin alike; what follows is its class's.
constexpr Field kSpecified = one("specified_attributes", kUInt32);
constexpr Field kShown = one("display_name", kLocalizedText);
constexpr Field kDescribed = one("description", kLocalizedText);
constexpr Field kMask = one("write_mask", kUInt32);
constexpr Field kUserMask = one("user_write_mask", kUInt32);
PICKET_STRUCT(ObjectAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask,
              one("event_notifier", kByte));
PICKET_STRUCT(VariableAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask,
              one("value", kVariant, T::kValue), one("data_type", kNodeId), one("value_rank", kInt32),
              many("array_dimensions", kUInt32), one("access_level", kByte), one("user_access_level", kByte),
              one("minimum_sampling_interval", kDouble), one("historizing", kBoolean));
PICKET_STRUCT(MethodAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask, one("executable", kBoolean),
              one("user_executable", kBoolean));
PICKET_STRUCT(ObjectTypeAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask,
              one("is_abstract", kBoolean));
PICKET_STRUCT(VariableTypeAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask,
              one("value", kVariant, T::kValue), one("data_type", kNodeId), one("value_rank", kInt32),
              many("array_dimensions", kUInt32), one("is_abstract", kBoolean));
PICKET_STRUCT(ReferenceTypeAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask,
              one("is_abstract", kBoolean), one("symmetric", kBoolean), one("inverse_name", kLocalizedText));
PICKET_STRUCT(DataTypeAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask,
              one("is_abstract", kBoolean));
PICKET_STRUCT(ViewAttributes, kSpecified, kShown, kDescribed, kMask, kUserMask,
              one("contains_no_loops", kBoolean), one("event_notifier", kByte));

// ── views ──────────────────────────────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(ViewDescription, one("view_id", kNodeId), one("timestamp", kDateTime, T::kHidden),
              one("view_version", kUInt32, T::kHidden));
PICKET_STRUCT(BrowseDescription, one("node_id", kNodeId, T::kNodeId),
              one("browse_direction", kInt32, T::kBrowseDirection),
              one("reference_type_id", kNodeId, T::kReferenceType),
              one("include_subtypes", kBoolean, T::kIncludeSubtypes),
              one("node_class_mask", kUInt32, T::kNodeClassMask),
              one("result_mask", kUInt32, T::kResultMask));
PICKET_STRUCT(ReferenceDescription, one("reference_type_id", kNodeId, T::kRefType),
              one("is_forward", kBoolean, T::kRefForward), one("node_id", kExpandedNodeId, T::kRefNode),
              one("browse_name", kQualifiedName, T::kRefBrowseName),
              one("display_name", kLocalizedText, T::kRefDisplayName),
              one("node_class", kInt32, T::kRefNodeClass),
              one("type_definition", kExpandedNodeId, T::kRefTypeDefinition));
PICKET_STRUCT(BrowseResult, one("status", kStatusCode, T::kStatus),
              one("continuation_point", kByteString, T::kContinuation),
              many("references", kReferenceDescription, T::kReferences));
PICKET_STRUCT(BrowseRequest, kAsk, one("view", kViewDescription),
              one("requested_max_references_per_node", kUInt32),
              many("nodes_to_browse", kBrowseDescription, T::kItems));
PICKET_STRUCT(BrowseResponse, kTell, many("results", kBrowseResult, T::kItems), kDiagnostics);
PICKET_STRUCT(ContinuationItem, one("continuation_point", kByteString, T::kContinuation));
PICKET_STRUCT(BrowseNextRequest, kAsk, one("release_continuation_points", kBoolean),
              many("continuation_points", kContinuationItem, T::kItems));
PICKET_STRUCT(RelativePathElement, one("reference_type_id", kNodeId, T::kHidden),
              one("is_inverse", kBoolean, T::kHidden), one("include_subtypes", kBoolean, T::kHidden),
              one("target_name", kQualifiedName, T::kPath));
PICKET_STRUCT(BrowsePath, one("starting_node", kNodeId, T::kNodeId),
              many("relative_path", kRelativePathElement, T::kFlat));
PICKET_STRUCT(TranslateRequest, kAsk, many("browse_paths", kBrowsePath, T::kItems));
PICKET_STRUCT(BrowsePathTarget, one("target_id", kExpandedNodeId, T::kRefNode),
              one("remaining_path_index", kUInt32, T::kRefRemaining));
PICKET_STRUCT(BrowsePathResult, one("status", kStatusCode, T::kStatus),
              many("targets", kBrowsePathTarget, T::kReferences));
PICKET_STRUCT(TranslateResponse, kTell, many("results", kBrowsePathResult, T::kItems), kDiagnostics);
PICKET_STRUCT(NodesRequest, kAsk, many("nodes", kNodeItem, T::kItems));
PICKET_STRUCT(NodesResponse, kTell, many("nodes", kNodeItem, T::kItems));

// ── filters and queries ────────────────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(ElementOperand, one("element", kUInt32));
PICKET_STRUCT(LiteralOperand, one("literal", kVariant, T::kFlat));
PICKET_STRUCT(PathElement, one("reference_type_id", kNodeId, T::kHidden),
              one("is_inverse", kBoolean, T::kHidden), one("include_subtypes", kBoolean, T::kHidden),
              one("target_name", kQualifiedName));
PICKET_STRUCT(AttributeOperand, one("operand_node_id", kNodeId), one("alias", kString),
              many("browse_path", kPathElement, T::kFlat), one("operand_attribute_id", kUInt32),
              one("operand_index_range", kString));
PICKET_STRUCT(SimpleAttributeOperand, one("type_definition_id", kNodeId, T::kHidden),
              many("select", kQualifiedName), one("select_attribute_id", kUInt32, T::kHidden),
              one("select_index_range", kString, T::kHidden));
PICKET_STRUCT(ContentFilterElement, one("filter_operator", kInt32),
              many("filter_operands", kExtensionObject, T::kFlat));
PICKET_STRUCT(DataChangeFilter, one("trigger", kInt32), one("deadband_type", kUInt32),
              one("deadband_value", kDouble));
PICKET_STRUCT(EventFilter, many("select_clauses", kSimpleAttributeOperand, T::kFlat),
              many("where_clause", kContentFilterElement, T::kFlat));
PICKET_STRUCT(AggregateConfiguration, one("use_server_capabilities_defaults", kBoolean, T::kHidden),
              one("treat_uncertain_as_bad", kBoolean, T::kHidden), one("percent_data_bad", kByte, T::kHidden),
              one("percent_data_good", kByte, T::kHidden),
              one("use_sloped_extrapolation", kBoolean, T::kHidden));
PICKET_STRUCT(AggregateFilter, one("start_time", kDateTime), one("aggregate_type", kNodeId),
              one("processing_interval", kDouble), one("aggregate_configuration", kAggregateConfiguration));
PICKET_STRUCT(ContentFilterElementResult, one("status_code", kStatusCode, T::kHidden),
              many("operand_status_codes", kStatusCode, T::kHidden),
              many("operand_diagnostic_infos", kDiagnosticInfo, T::kHidden));
PICKET_STRUCT(EventFilterResult, many("select_clause_results", kStatusCode),
              many("select_clause_diagnostic_infos", kDiagnosticInfo, T::kHidden),
              many("element_results", kContentFilterElementResult, T::kFlat),
              many("element_diagnostic_infos", kDiagnosticInfo, T::kHidden));
PICKET_STRUCT(AggregateFilterResult, one("revised_start_time", kDateTime),
              one("revised_processing_interval", kDouble),
              one("revised_aggregate_configuration", kAggregateConfiguration));

PICKET_STRUCT(QueryDataDescription, many("relative_path", kPathElement, T::kFlat),
              one("attribute_id", kUInt32, T::kAttributeId), one("index_range", kString, T::kIndexRange));
PICKET_STRUCT(NodeTypeDescription, one("type_definition_node", kExpandedNodeId, T::kTypeDefinition),
              one("include_subtypes", kBoolean, T::kIncludeSubtypes),
              many("data_to_return", kQueryDataDescription, T::kFlat));
PICKET_STRUCT(QueryFirstRequest, kAsk, one("view", kViewDescription),
              many("node_types", kNodeTypeDescription, T::kItems),
              many("filter", kContentFilterElement, T::kFlat), one("max_data_sets_to_return", kUInt32),
              one("max_references_to_return", kUInt32));
PICKET_STRUCT(QueryDataSet, one("node_id", kExpandedNodeId, T::kNodeId),
              one("type_definition_node", kExpandedNodeId, T::kTypeDefinition),
              many("values", kVariant, T::kEventFields));
PICKET_STRUCT(ParsingResult, one("status", kStatusCode, T::kHidden),
              many("data_status_codes", kStatusCode, T::kHidden),
              many("data_diagnostic_infos", kDiagnosticInfo, T::kHidden));
PICKET_STRUCT(QueryFirstResponse, kTell, many("query_data_sets", kQueryDataSet, T::kItems),
              one("continuation_point", kByteString, T::kHidden),
              many("parsing_results", kParsingResult, T::kFlat), kDiagnostics,
              many("filter_results", kContentFilterElementResult, T::kFlat),
              many("filter_diagnostic_infos", kDiagnosticInfo, T::kHidden));
PICKET_STRUCT(QueryNextRequest, kAsk, one("release_continuation_point", kBoolean),
              one("continuation_point", kByteString, T::kHidden));
PICKET_STRUCT(QueryNextResponse, kTell, many("query_data_sets", kQueryDataSet, T::kItems),
              one("revised_continuation_point", kByteString, T::kHidden));

// ── attributes and methods ─────────────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(ReadValueId, one("node_id", kNodeId, T::kNodeId), one("attribute_id", kUInt32, T::kAttributeId),
              one("index_range", kString, T::kIndexRange),
              one("data_encoding", kQualifiedName, T::kDataEncoding));
PICKET_STRUCT(ReadRequest, kAsk, one("max_age", kDouble, T::kMaxAge),
              one("timestamps_to_return", kInt32, T::kTimestampsToReturn),
              many("nodes_to_read", kReadValueId, T::kItems));
PICKET_STRUCT(ReadResponse, kTell, many("results", kDataValue, T::kItems), kDiagnostics);
PICKET_STRUCT(WriteValue, one("node_id", kNodeId, T::kNodeId), one("attribute_id", kUInt32, T::kAttributeId),
              one("index_range", kString, T::kIndexRange), one("value", kDataValue, T::kFlat));
PICKET_STRUCT(WriteRequest, kAsk, many("nodes_to_write", kWriteValue, T::kItems));
PICKET_STRUCT(CallMethodRequest, one("object_id", kNodeId, T::kObjectId),
              one("method_id", kNodeId, T::kMethodId), many("input_arguments", kVariant, T::kInputs));
PICKET_STRUCT(CallMethodResult, one("status", kStatusCode, T::kStatus),
              many("input_argument_results", kStatusCode, T::kInputResults),
              many("input_argument_diagnostic_infos", kDiagnosticInfo, T::kHidden),
              many("output_arguments", kVariant, T::kOutputs));
PICKET_STRUCT(CallRequest, kAsk, many("methods_to_call", kCallMethodRequest, T::kItems));
PICKET_STRUCT(CallResponse, kTell, many("results", kCallMethodResult, T::kItems), kDiagnostics);

PICKET_STRUCT(ReadEventDetails, one("num_values_per_node", kUInt32), one("start_time", kDateTime),
              one("end_time", kDateTime), one("filter", kEventFilter));
PICKET_STRUCT(ReadRawModifiedDetails, one("is_read_modified", kBoolean), one("start_time", kDateTime),
              one("end_time", kDateTime), one("num_values_per_node", kUInt32),
              one("return_bounds", kBoolean));
PICKET_STRUCT(ReadProcessedDetails, one("start_time", kDateTime), one("end_time", kDateTime),
              one("processing_interval", kDouble), many("aggregate_type", kNodeId),
              one("aggregate_configuration", kAggregateConfiguration));
PICKET_STRUCT(ReadAtTimeDetails, many("req_times", kDateTime), one("use_simple_bounds", kBoolean));
PICKET_STRUCT(HistoryReadValueId, one("node_id", kNodeId, T::kNodeId),
              one("index_range", kString, T::kIndexRange),
              one("data_encoding", kQualifiedName, T::kDataEncoding),
              one("continuation_point", kByteString, T::kContinuation));
PICKET_STRUCT(HistoryReadRequest, kAsk, one("history_read_details", kExtensionObject, T::kFlat),
              one("timestamps_to_return", kInt32, T::kTimestampsToReturn),
              one("release_continuation_points", kBoolean),
              many("nodes_to_read", kHistoryReadValueId, T::kItems));
PICKET_STRUCT(ModificationInfo, one("modification_time", kDateTime), one("update_type", kInt32),
              one("user_name", kString));
PICKET_STRUCT(HistoryData, many("data_values", kDataValue, T::kHistory));
PICKET_STRUCT(HistoryModifiedData, many("data_values", kDataValue, T::kHistory),
              many("modification_infos", kModificationInfo, T::kFlat));
PICKET_STRUCT(HistoryEventFieldList, many("event_fields", kVariant, T::kEventFields));
PICKET_STRUCT(HistoryEvent, many("events", kHistoryEventFieldList, T::kFlat));
PICKET_STRUCT(HistoryReadResult, one("status", kStatusCode, T::kStatus),
              one("continuation_point", kByteString, T::kContinuation),
              one("history_data", kExtensionObject, T::kFlat));
PICKET_STRUCT(HistoryReadResponse, kTell, many("results", kHistoryReadResult, T::kItems), kDiagnostics);

PICKET_STRUCT(UpdateDataDetails, one("node_id", kNodeId, T::kNodeId), one("perform_insert_replace", kInt32),
              many("update_values", kDataValue, T::kHistory));
PICKET_STRUCT(UpdateEventDetails, one("node_id", kNodeId, T::kNodeId), one("perform_insert_replace", kInt32),
              one("filter", kEventFilter), many("event_data", kHistoryEventFieldList, T::kFlat));
PICKET_STRUCT(DeleteRawModifiedDetails, one("node_id", kNodeId, T::kNodeId),
              one("is_delete_modified", kBoolean), one("start_time", kDateTime), one("end_time", kDateTime));
PICKET_STRUCT(DeleteAtTimeDetails, one("node_id", kNodeId, T::kNodeId), many("req_times", kDateTime));
PICKET_STRUCT(DeleteEventDetails, one("node_id", kNodeId, T::kNodeId), many("event_ids", kByteString));
PICKET_STRUCT(HistoryUpdateRequest, kAsk, many("history_update_details", kExtensionObject, T::kItems));
PICKET_STRUCT(HistoryUpdateResult, one("status", kStatusCode, T::kStatus),
              many("operation_results", kStatusCode, T::kInputResults), kDiagnostics);
PICKET_STRUCT(HistoryUpdateResponse, kTell, many("results", kHistoryUpdateResult, T::kItems), kDiagnostics);

// ── monitored items and subscriptions ──────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(MonitoringParameters, one("client_handle", kUInt32, T::kClientHandle),
              one("sampling_interval", kDouble, T::kSamplingInterval),
              one("filter", kExtensionObject, T::kFlat), one("queue_size", kUInt32, T::kQueueSize),
              one("discard_oldest", kBoolean, T::kDiscardOldest));
PICKET_STRUCT(MonitoredItemCreate, one("item_to_monitor", kReadValueId),
              one("monitoring_mode", kInt32, T::kMonitoringMode),
              one("requested_parameters", kMonitoringParameters));
PICKET_STRUCT(MonitoredItemCreateResult, one("status", kStatusCode, T::kStatus),
              one("monitored_item_id", kUInt32, T::kMonitoredItemId),
              one("revised_sampling_interval", kDouble, T::kSamplingInterval),
              one("revised_queue_size", kUInt32, T::kQueueSize),
              one("filter_result", kExtensionObject, T::kFlat));
PICKET_STRUCT(CreateMonitoredItemsRequest, kAsk, one("subscription_id", kUInt32, T::kSubscriptionId),
              one("timestamps_to_return", kInt32, T::kTimestampsToReturn),
              many("items_to_create", kMonitoredItemCreate, T::kItems));
PICKET_STRUCT(CreateMonitoredItemsResponse, kTell, many("results", kMonitoredItemCreateResult, T::kItems),
              kDiagnostics);
PICKET_STRUCT(MonitoredItemModify, one("monitored_item_id", kUInt32, T::kMonitoredItemId),
              one("requested_parameters", kMonitoringParameters));
PICKET_STRUCT(MonitoredItemModifyResult, one("status", kStatusCode, T::kStatus),
              one("revised_sampling_interval", kDouble, T::kSamplingInterval),
              one("revised_queue_size", kUInt32, T::kQueueSize),
              one("filter_result", kExtensionObject, T::kFlat));
PICKET_STRUCT(ModifyMonitoredItemsRequest, kAsk, one("subscription_id", kUInt32, T::kSubscriptionId),
              one("timestamps_to_return", kInt32, T::kTimestampsToReturn),
              many("items_to_modify", kMonitoredItemModify, T::kItems));
PICKET_STRUCT(ModifyMonitoredItemsResponse, kTell, many("results", kMonitoredItemModifyResult, T::kItems),
              kDiagnostics);
PICKET_STRUCT(SetMonitoringModeRequest, kAsk, one("subscription_id", kUInt32, T::kSubscriptionId),
              one("monitoring_mode", kInt32, T::kMessageMonitoringMode),
              many("monitored_item_ids", kUInt32, T::kMonitoredItemIds));
PICKET_STRUCT(SetTriggeringRequest, kAsk, one("subscription_id", kUInt32, T::kSubscriptionId),
              one("triggering_item_id", kUInt32), many("links_to_add", kUInt32, T::kMonitoredItemIds),
              many("links_to_remove", kUInt32));
PICKET_STRUCT(SetTriggeringResponse, kTell, many("add_results", kStatusItem, T::kItems),
              many("add_diagnostic_infos", kDiagnosticInfo, T::kHidden),
              many("remove_results", kStatusItem, T::kItems),
              many("remove_diagnostic_infos", kDiagnosticInfo, T::kHidden));
PICKET_STRUCT(DeleteMonitoredItemsRequest, kAsk, one("subscription_id", kUInt32, T::kSubscriptionId),
              many("monitored_item_ids", kUInt32, T::kMonitoredItemIds));
PICKET_STRUCT(CreateSubscriptionRequest, kAsk,
              one("requested_publishing_interval", kDouble, T::kPublishingInterval),
              one("requested_lifetime_count", kUInt32, T::kLifetimeCount),
              one("requested_max_keep_alive_count", kUInt32, T::kKeepAliveCount),
              one("max_notifications_per_publish", kUInt32, T::kMaxNotifications),
              one("publishing_enabled", kBoolean, T::kPublishingEnabled),
              one("priority", kByte, T::kPriority));
PICKET_STRUCT(CreateSubscriptionResponse, kTell, one("subscription_id", kUInt32, T::kSubscriptionId),
              one("revised_publishing_interval", kDouble, T::kPublishingInterval),
              one("revised_lifetime_count", kUInt32, T::kLifetimeCount),
              one("revised_max_keep_alive_count", kUInt32, T::kKeepAliveCount));
PICKET_STRUCT(ModifySubscriptionRequest, kAsk, one("subscription_id", kUInt32, T::kSubscriptionId),
              one("requested_publishing_interval", kDouble, T::kPublishingInterval),
              one("requested_lifetime_count", kUInt32, T::kLifetimeCount),
              one("requested_max_keep_alive_count", kUInt32, T::kKeepAliveCount),
              one("max_notifications_per_publish", kUInt32, T::kMaxNotifications),
              one("priority", kByte, T::kPriority));
PICKET_STRUCT(ModifySubscriptionResponse, kTell,
              one("revised_publishing_interval", kDouble, T::kPublishingInterval),
              one("revised_lifetime_count", kUInt32, T::kLifetimeCount),
              one("revised_max_keep_alive_count", kUInt32, T::kKeepAliveCount));
PICKET_STRUCT(SetPublishingModeRequest, kAsk, one("publishing_enabled", kBoolean, T::kPublishingEnabled),
              many("subscription_ids", kUInt32, T::kSubscriptionIds));
PICKET_STRUCT(SubscriptionAcknowledgement, one("subscription_id", kUInt32, T::kItemSubscription),
              one("sequence_number", kUInt32, T::kItemSequence));
PICKET_STRUCT(PublishRequest, kAsk,
              many("subscription_acknowledgements", kSubscriptionAcknowledgement, T::kItems));
PICKET_STRUCT(MonitoredItemNotification, one("client_handle", kUInt32, T::kClientHandle),
              one("value", kDataValue, T::kFlat));
PICKET_STRUCT(DataChangeNotification, many("monitored_items", kMonitoredItemNotification, T::kItems),
              kDiagnostics);
PICKET_STRUCT(EventFieldList, one("client_handle", kUInt32, T::kClientHandle),
              many("event_fields", kVariant, T::kEventFields));
PICKET_STRUCT(EventNotificationList, many("events", kEventFieldList, T::kItems));
PICKET_STRUCT(StatusChangeNotification, one("status_change", kStatusCode),
              one("diagnostic_info", kDiagnosticInfo, T::kHidden));
PICKET_STRUCT(NotificationMessage, one("sequence_number", kUInt32, T::kNotificationSequence),
              one("publish_time", kDateTime, T::kPublishTime),
              many("notification_data", kExtensionObject, T::kFlat));
PICKET_STRUCT(PublishResponse, kTell, one("subscription_id", kUInt32, T::kSubscriptionId),
              many("available_sequence_numbers", kUInt32, T::kAvailableSequences),
              one("more_notifications", kBoolean, T::kMoreNotifications),
              one("notification_message", kNotificationMessage),
              many("results", kStatusItem, T::kItemResults), kDiagnostics);
PICKET_STRUCT(RepublishRequest, kAsk, one("subscription_id", kUInt32, T::kSubscriptionId),
              one("retransmit_sequence_number", kUInt32, T::kRetransmitSequence));
PICKET_STRUCT(RepublishResponse, kTell, one("notification_message", kNotificationMessage));
PICKET_STRUCT(TransferResult, one("status", kStatusCode, T::kStatus),
              many("available_sequence_numbers", kUInt32, T::kItemSequence));
PICKET_STRUCT(TransferSubscriptionsRequest, kAsk, many("subscription_ids", kUInt32, T::kSubscriptionIds),
              one("send_initial_values", kBoolean));
PICKET_STRUCT(TransferSubscriptionsResponse, kTell, many("results", kTransferResult, T::kItems),
              kDiagnostics);
PICKET_STRUCT(SubscriptionsRequest, kAsk, many("subscription_ids", kUInt32, T::kSubscriptionIds));

PICKET_STRUCT(SessionlessInvokeRequest, one("uris_version", kUInt32, T::kHidden),
              many("namespace_uris", kString), many("server_uris", kString, T::kServerUris),
              many("locale_ids", kString, T::kLocaleIds), one("service_id", kUInt32));
PICKET_STRUCT(SessionlessInvokeResponse, many("namespace_uris", kString),
              many("server_uris", kString, T::kServerUris), one("service_id", kUInt32));

// ── structures that are values ─────────────────────────────────────────────────────────────────────────────────

PICKET_STRUCT(BuildInfo, one("product_uri", kString), one("manufacturer_name", kString),
              one("product_name", kString), one("software_version", kString), one("build_number", kString),
              one("build_date", kDateTime));
PICKET_STRUCT(ServerStatusDataType, one("start_time", kDateTime), one("current_time", kDateTime),
              one("state", kInt32), one("build_info", kBuildInfo, T::kNone),
              one("seconds_till_shutdown", kUInt32), one("shutdown_reason", kLocalizedText));
PICKET_STRUCT(ServerDiagnosticsSummaryDataType, one("server_view_count", kUInt32),
              one("current_session_count", kUInt32), one("cumulated_session_count", kUInt32),
              one("security_rejected_session_count", kUInt32), one("rejected_session_count", kUInt32),
              one("session_timeout_count", kUInt32), one("session_abort_count", kUInt32),
              one("current_subscription_count", kUInt32), one("cumulated_subscription_count", kUInt32),
              one("publishing_interval_count", kUInt32), one("security_rejected_requests_count", kUInt32),
              one("rejected_requests_count", kUInt32));
PICKET_STRUCT(SessionSecurityDiagnosticsDataType, one("session_id", kNodeId),
              one("client_user_id_of_session", kString), many("client_user_id_history", kString),
              one("authentication_mechanism", kString), one("encoding", kString),
              one("transport_protocol", kString), one("security_mode", kInt32),
              one("security_policy_uri", kString), one("client_certificate", kByteString, T::kHidden));
PICKET_STRUCT(Argument, one("name", kString), one("data_type", kNodeId), one("value_rank", kInt32),
              many("array_dimensions", kUInt32), one("description", kLocalizedText));
PICKET_STRUCT(Range, one("low", kDouble), one("high", kDouble));
PICKET_STRUCT(EUInformation, one("namespace_uri", kString), one("unit_id", kInt32),
              one("display_name", kLocalizedText), one("description", kLocalizedText));
PICKET_STRUCT(EnumValueType, one("value", kInt64), one("display_name", kLocalizedText),
              one("description", kLocalizedText));
PICKET_STRUCT(Annotation, one("message", kString), one("user_name", kString),
              one("annotation_time", kDateTime));
PICKET_STRUCT(StatusResult, one("status_code", kStatusCode),
              one("diagnostic_info", kDiagnosticInfo, T::kHidden));
PICKET_STRUCT(RedundantServerDataType, one("server_id", kString), one("service_level", kByte),
              one("server_state", kInt32));
PICKET_STRUCT(ModelChangeStructureDataType, one("affected", kNodeId), one("affected_type", kNodeId),
              one("verb", kByte));
PICKET_STRUCT(ComplexNumberType, one("real", kFloat), one("imaginary", kFloat));

#undef PICKET_STRUCT

// By number, so that it can be searched by halves.
constexpr Service kServices[] = {
    {397, "ServiceFault", false, &kHeaderOnlyResponse},
    {422, "FindServers", true, &kFindServersRequest},
    {425, "FindServers", false, &kFindServersResponse},
    {428, "GetEndpoints", true, &kGetEndpointsRequest},
    {431, "GetEndpoints", false, &kGetEndpointsResponse},
    {437, "RegisterServer", true, &kRegisterServerRequest},
    {440, "RegisterServer", false, &kHeaderOnlyResponse},
    {446, "OpenSecureChannel", true, &kOpenSecureChannelRequest},
    {449, "OpenSecureChannel", false, &kOpenSecureChannelResponse},
    {452, "CloseSecureChannel", true, &kHeaderOnlyRequest},
    {455, "CloseSecureChannel", false, &kHeaderOnlyResponse},
    {461, "CreateSession", true, &kCreateSessionRequest},
    {464, "CreateSession", false, &kCreateSessionResponse},
    {467, "ActivateSession", true, &kActivateSessionRequest},
    {470, "ActivateSession", false, &kActivateSessionResponse},
    {473, "CloseSession", true, &kCloseSessionRequest},
    {476, "CloseSession", false, &kHeaderOnlyResponse},
    {479, "Cancel", true, &kCancelRequest},
    {482, "Cancel", false, &kCancelResponse},
    {488, "AddNodes", true, &kAddNodesRequest},
    {491, "AddNodes", false, &kAddNodesResponse},
    {494, "AddReferences", true, &kAddReferencesRequest},
    {497, "AddReferences", false, &kResults},
    {500, "DeleteNodes", true, &kDeleteNodesRequest},
    {503, "DeleteNodes", false, &kResults},
    {506, "DeleteReferences", true, &kDeleteReferencesRequest},
    {509, "DeleteReferences", false, &kResults},
    {527, "Browse", true, &kBrowseRequest},
    {530, "Browse", false, &kBrowseResponse},
    {533, "BrowseNext", true, &kBrowseNextRequest},
    {536, "BrowseNext", false, &kBrowseResponse},
    {554, "TranslateBrowsePathsToNodeIds", true, &kTranslateRequest},
    {557, "TranslateBrowsePathsToNodeIds", false, &kTranslateResponse},
    {560, "RegisterNodes", true, &kNodesRequest},
    {563, "RegisterNodes", false, &kNodesResponse},
    {566, "UnregisterNodes", true, &kNodesRequest},
    {569, "UnregisterNodes", false, &kHeaderOnlyResponse},
    {615, "QueryFirst", true, &kQueryFirstRequest},
    {618, "QueryFirst", false, &kQueryFirstResponse},
    {621, "QueryNext", true, &kQueryNextRequest},
    {624, "QueryNext", false, &kQueryNextResponse},
    {631, "Read", true, &kReadRequest},
    {634, "Read", false, &kReadResponse},
    {664, "HistoryRead", true, &kHistoryReadRequest},
    {667, "HistoryRead", false, &kHistoryReadResponse},
    {673, "Write", true, &kWriteRequest},
    {676, "Write", false, &kResults},
    {700, "HistoryUpdate", true, &kHistoryUpdateRequest},
    {703, "HistoryUpdate", false, &kHistoryUpdateResponse},
    {712, "Call", true, &kCallRequest},
    {715, "Call", false, &kCallResponse},
    {751, "CreateMonitoredItems", true, &kCreateMonitoredItemsRequest},
    {754, "CreateMonitoredItems", false, &kCreateMonitoredItemsResponse},
    {763, "ModifyMonitoredItems", true, &kModifyMonitoredItemsRequest},
    {766, "ModifyMonitoredItems", false, &kModifyMonitoredItemsResponse},
    {769, "SetMonitoringMode", true, &kSetMonitoringModeRequest},
    {772, "SetMonitoringMode", false, &kResults},
    {775, "SetTriggering", true, &kSetTriggeringRequest},
    {778, "SetTriggering", false, &kSetTriggeringResponse},
    {781, "DeleteMonitoredItems", true, &kDeleteMonitoredItemsRequest},
    {784, "DeleteMonitoredItems", false, &kResults},
    {787, "CreateSubscription", true, &kCreateSubscriptionRequest},
    {790, "CreateSubscription", false, &kCreateSubscriptionResponse},
    {793, "ModifySubscription", true, &kModifySubscriptionRequest},
    {796, "ModifySubscription", false, &kModifySubscriptionResponse},
    {799, "SetPublishingMode", true, &kSetPublishingModeRequest},
    {802, "SetPublishingMode", false, &kResults},
    {826, "Publish", true, &kPublishRequest},
    {829, "Publish", false, &kPublishResponse},
    {832, "Republish", true, &kRepublishRequest},
    {835, "Republish", false, &kRepublishResponse},
    {841, "TransferSubscriptions", true, &kTransferSubscriptionsRequest},
    {844, "TransferSubscriptions", false, &kTransferSubscriptionsResponse},
    {847, "DeleteSubscriptions", true, &kSubscriptionsRequest},
    {850, "DeleteSubscriptions", false, &kResults},
    {12208, "FindServersOnNetwork", true, &kFindServersOnNetworkRequest},
    {12209, "FindServersOnNetwork", false, &kFindServersOnNetworkResponse},
    {12211, "RegisterServer2", true, &kRegisterServer2Request},
    {12212, "RegisterServer2", false, &kRegisterServer2Response},
    {15903, "SessionlessInvoke", true, &kSessionlessInvokeRequest},
    {21001, "SessionlessInvoke", false, &kSessionlessInvokeResponse},
};
static_assert(std::ranges::is_sorted(kServices, {}, &Service::number));

struct Known {
  std::uint16_t number;
  const Struct* form;
};
constexpr Known kStructures[] = {
    {298, &kArgument},
    {301, &kStatusResult},
    {310, &kApplicationDescription},
    {314, &kEndpointDescription},
    {321, &kAnonymousIdentityToken},
    {324, &kUserNameIdentityToken},
    {327, &kX509IdentityToken},
    {340, &kBuildInfo},
    {354, &kObjectAttributes},
    {357, &kVariableAttributes},
    {360, &kMethodAttributes},
    {363, &kObjectTypeAttributes},
    {366, &kVariableTypeAttributes},
    {369, &kReferenceTypeAttributes},
    {372, &kDataTypeAttributes},
    {375, &kViewAttributes},
    {594, &kElementOperand},
    {597, &kLiteralOperand},
    {600, &kAttributeOperand},
    {603, &kSimpleAttributeOperand},
    {646, &kReadEventDetails},
    {649, &kReadRawModifiedDetails},
    {652, &kReadProcessedDetails},
    {655, &kReadAtTimeDetails},
    {658, &kHistoryData},
    {661, &kHistoryEvent},
    {682, &kUpdateDataDetails},
    {685, &kUpdateEventDetails},
    {688, &kDeleteRawModifiedDetails},
    {691, &kDeleteAtTimeDetails},
    {694, &kDeleteEventDetails},
    {724, &kDataChangeFilter},
    {727, &kEventFilter},
    {730, &kAggregateFilter},
    {736, &kEventFilterResult},
    {739, &kAggregateFilterResult},
    {811, &kDataChangeNotification},
    {820, &kStatusChangeNotification},
    {855, &kRedundantServerDataType},
    {861, &kServerDiagnosticsSummaryDataType},
    {864, &kServerStatusDataType},
    {870, &kSessionSecurityDiagnosticsDataType},
    {879, &kModelChangeStructureDataType},
    {886, &kRange},
    {889, &kEUInformation},
    {893, &kAnnotation},
    {916, &kEventNotificationList},
    {940, &kIssuedIdentityToken},
    {8251, &kEnumValueType},
    {11227, &kHistoryModifiedData},
    {11300, &kUpdateDataDetails},  // UpdateStructureDataDetails has the same fields
    {12181, &kComplexNumberType},
    {12901, &kMdnsDiscoveryConfiguration},
};
static_assert(std::ranges::is_sorted(kStructures, {}, &Known::number));

template <class Entry, std::size_t N>
const Entry* find(const Entry (&table)[N], std::uint32_t number) noexcept {
  const auto at = std::lower_bound(std::begin(table), std::end(table), number,
                                   [](const Entry& e, std::uint32_t n) noexcept { return e.number < n; });
  return at != std::end(table) && at->number == number ? at : nullptr;
}

}  // namespace

const Service* service_of(std::uint32_t encoding_id) noexcept { return find(kServices, encoding_id); }

bool service_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kServices, name, out);
}

const Struct* structure_of(std::uint32_t encoding_id) noexcept {
  const Known* known = find(kStructures, encoding_id);
  return known == nullptr ? nullptr : known->form;
}

}  // namespace picket::opcua
