// parsers/opcua/opcua_schema.h — structures of OPC UA (OPC 10000-4; encoded by OPC 10000-6 §5.2), as tables
//
// A message is a structure of structures. What they hold stands in tables (opcua_schema.cc); Walker goes through the
// bytes along them and says what it finds, one token after the other:
//
//   kArray  items, 2 elements
//   kBegin  items ─ kValue node_id i=2258 ─ kValue attribute_id 13 ─ ... ─ kEnd items
//   kBegin  items ─ ...
//
// In      the body of a message: what stands behind its type id
// Out     tokens whose views point into the body
// Cost    O(1) a token, O(bytes) a message; no allocation, no recursion: what is open stands on a stack of kMaxDepth
// Limits  kMaxDepth structures inside one another; an array has no more elements than bytes are left
#pragma once
#include "parsers/core/protocol.h"

namespace picket::opcua {

/// Built-in types by their numbers (OPC 10000-6 §5.1.2), and structures.
enum class Type : std::uint8_t {
  kNull = 0,
  kBoolean = 1,
  kSByte = 2,
  kByte = 3,
  kInt16 = 4,
  kUInt16 = 5,
  kInt32 = 6,
  kUInt32 = 7,
  kInt64 = 8,
  kUInt64 = 9,
  kFloat = 10,
  kDouble = 11,
  kString = 12,
  kDateTime = 13,
  kGuid = 14,
  kByteString = 15,
  kXmlElement = 16,
  kNodeId = 17,
  kExpandedNodeId = 18,
  kStatusCode = 19,
  kQualifiedName = 20,
  kLocalizedText = 21,
  kExtensionObject = 22,
  kDataValue = 23,
  kVariant = 24,
  kDiagnosticInfo = 25,
  kStruct = 64,
};

/// What a field is to picket. Those of a group belong to one message of the schema of records; fields with kNone have
/// no place of their own there and stand as name and value.
enum class Tag : std::uint8_t {
  kNone,
  kHidden,  ///< secrets, and what says nothing: passwords, tokens of sessions, nonces, signatures
  kFlat,    ///< of structures: their fields stand where they stand
  // of a message
  kTimestamp,
  kRequestHandle,
  kTimeoutHint,
  kAuditEntryId,
  kServiceResult,
  kRequestType,
  kSecurityMode,
  kLifetime,
  kTokenId,
  kCreatedAt,
  kEndpointUrl,
  kServerUri,
  kSessionName,
  kSessionId,
  kSessionTimeout,
  kMaxMessageSize,
  kLocaleIds,
  kServerUris,
  kProfileUris,
  kMaxAge,
  kTimestampsToReturn,
  kSubscriptionId,
  kSubscriptionIds,
  kPublishingInterval,
  kLifetimeCount,
  kKeepAliveCount,
  kMaxNotifications,
  kPublishingEnabled,
  kPriority,
  kMoreNotifications,
  kNotificationSequence,
  kPublishTime,
  kAvailableSequences,
  kRetransmitSequence,
  kMessageMonitoringMode,
  kMonitoredItemIds,
  kDeleteSubscriptions,
  kCancelHandle,
  kCancelCount,
  kClient,
  kServer,
  kServers,
  kEndpoints,
  kUser,
  kClientCertificate,
  kServerCertificate,
  kItems,
  kItemResults,  ///< statuses beside items that are there already: acknowledgements, links
  // of an item
  kNodeId,
  kAttributeId,
  kIndexRange,
  kDataEncoding,
  kValue,
  kStatus,
  kSourceTime,
  kServerTime,
  kObjectId,
  kMethodId,
  kInputs,
  kOutputs,
  kInputResults,
  kBrowseDirection,
  kReferenceType,
  kIncludeSubtypes,
  kNodeClassMask,
  kResultMask,
  kContinuation,
  kReferences,
  kPath,
  kMonitoredItemId,
  kClientHandle,
  kSamplingInterval,
  kQueueSize,
  kDiscardOldest,
  kMonitoringMode,
  kEventFields,
  kParentNodeId,
  kBrowseName,
  kDisplayName,
  kNodeClass,
  kTypeDefinition,
  kTargetNodeId,
  kIsForward,
  kItemSubscription,
  kItemSequence,
  kHistory,  ///< values of an item that are many
  // of a reference
  kRefType,
  kRefForward,
  kRefNode,
  kRefBrowseName,
  kRefDisplayName,
  kRefNodeClass,
  kRefTypeDefinition,
  kRefRemaining,
  // of an application
  kAppUri,
  kAppProductUri,
  kAppName,
  kAppType,
  kAppGateway,
  kAppProfile,
  kAppUrls,
  kAppOnline,
  kAppSemaphore,
  kAppCapabilities,
  kAppRecord,
  // of an endpoint
  kEndUrl,
  kEndServer,
  kEndCertificate,
  kEndMode,
  kEndPolicy,
  kEndTokens,
  kEndTransport,
  kEndLevel,
  // of a policy of user tokens
  kPolicyId,
  kPolicyKind,
  kPolicyIssuedType,
  kPolicyIssuerUrl,
  kPolicySecurity,
  // of a user's identity
  kUserPolicy,
  kUserName,
  kUserAlgorithm,
  kUserCertificate,
  // of a value
  kElement,
  kDimension,
  kCount,
};

struct Struct;

struct Field {
  std::string_view name;
  Tag tag = Tag::kNone;
  Type type = Type::kNull;
  bool array = false;
  const Struct* of = nullptr;  ///< kStruct
};

struct Struct {
  std::string_view name;
  std::span<const Field> fields;
};

/// A request or a response, by the id of its binary encoding.
struct Service {
  std::uint16_t number = 0;
  std::string_view name;  ///< "Read": the same of request and response
  bool request = false;
  const Struct* form = nullptr;
};
[[nodiscard]] const Service* service_of(std::uint32_t encoding_id) noexcept;  ///< nullptr: none known
bool service_by_name(std::string_view, std::uint64_t& out) noexcept;  ///< of its request: "Read" is 631
/// The structure of an extension object, by the id of its binary encoding; nullptr: none known.
[[nodiscard]] const Struct* structure_of(std::uint32_t encoding_id) noexcept;

inline constexpr std::string_view kBuildInfo = "BuildInfo";

enum class IdKind : std::uint8_t { kNumeric, kString, kGuid, kOpaque };

struct NodeId {
  IdKind kind = IdKind::kNumeric;
  std::uint16_t space = 0;
  std::uint32_t number = 0;
  std::uint32_t server = 0;  ///< of an expanded one: 0 is the server itself
  Bytes bytes;               ///< kString, kOpaque; kGuid: 16 bytes
  Bytes space_uri;           ///< of an expanded one, instead of `space`

  [[nodiscard]] bool is_standard() const noexcept {
    return kind == IdKind::kNumeric && space == 0 && space_uri.empty();
  }
};
/// `expanded`: an ExpandedNodeId. Fails the cursor where the bytes are none.
[[nodiscard]] NodeId read_node_id(Cursor&, bool expanded = false) noexcept;
/// Nothing where the length is -1.
[[nodiscard]] Bytes read_string(Cursor&) noexcept;

struct Token {
  enum class Kind : std::uint8_t {
    kValue,
    kArray,  ///< `number` elements follow
    kBegin,  ///< of a structure, a DataValue, a Variant (`element` and `number` say of what, and how many), or an
             ///< extension object whose structure is known (`id`)
    kEnd,
  };
  Kind kind = Kind::kValue;
  Type type = Type::kNull;
  Type element = Type::kNull;
  Tag tag = Tag::kNone;
  bool array = false;  ///< kBegin of a Variant: an array
  std::string_view name;
  const Struct* of = nullptr;
  std::uint64_t number =
      0;  ///< integers (sign extended), booleans, status codes, 100 ns since 1601; of names the namespace
  double real = 0;  ///< kFloat, kDouble
  Bytes bytes;      ///< text and bytes; GUIDs: 16 bytes; unknown extension objects: their body
  NodeId id;        ///< node ids; type of an extension object
};

inline constexpr std::size_t kMaxDepth = 24;

class Walker {
 public:
  Walker() noexcept = default;
  Walker(Bytes body, const Struct& top) noexcept;

  /// False at the end, and where the bytes do not fit the tables: failed() tells which.
  [[nodiscard]] bool next(Token&) noexcept;
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] bool too_deep() const noexcept { return too_deep_; }
  /// Bytes behind what was walked over.
  [[nodiscard]] std::size_t left() const noexcept { return in_.left(); }

 private:
  enum class Form : std::uint8_t { kTop, kStruct, kArray, kVariant, kDimensions, kData, kDiagnostic };
  struct Frame {
    Form form{};
    Type type{};  // of elements; of a structure kStruct or kExtensionObject
    Tag tag{};
    std::uint8_t mask = 0;         // what is still to come of kData, kDiagnostic, kVariant
    std::uint32_t left = 0;        // elements, fields
    std::uint32_t end = 0;         // where an extension object ends
    const Field* field = nullptr;  // kStruct: the next; others: whose value it is
    const Struct* of = nullptr;
  };

  Frame* push(Form, const Field*, Tag) noexcept;
  bool fail() noexcept;
  bool step(Frame&, Token&, bool& told) noexcept;
  bool start(const Field&, Type, Tag, const Struct*, Token&) noexcept;
  bool start_array(const Field&, Token&) noexcept;
  bool start_variant(const Field&, Tag, Token&) noexcept;
  bool start_extension(const Field&, Tag, Token&) noexcept;
  bool data_part(Frame&, Token&) noexcept;
  bool diagnostic_part(Frame&, Token&) noexcept;
  void scalar(Type, Token&) noexcept;

  Cursor in_;
  std::array<Frame, kMaxDepth> stack_;
  std::uint8_t depth_ = 0;
  bool failed_ = false, too_deep_ = false;
};

}  // namespace picket::opcua
