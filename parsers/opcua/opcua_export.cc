// The record of an exchange: the tokens of its messages, each written to the field that its tag stands for.
#include "export/wire_writer.h"

#include <algorithm>
#include <optional>

#include "parsers/core/digest.h"
#include "parsers/opcua/opcua.pb.h"
#include "parsers/opcua/opcua_watched.h"
#include "parsers/tls/x509.h"

namespace picket::opcua {
namespace {

using M = v1::OpcuaMessage;
using I = v1::OpcuaItem;
using V = v1::OpcuaValue;
using R = v1::OpcuaReference;
using A = v1::OpcuaApplication;
using E = v1::OpcuaEndpoint;
using P = v1::OpcuaTokenPolicy;
using U = v1::OpcuaUser;
using S = v1::OpcuaSample;

// Of a message; a record has two at most and 256 KiB.
constexpr unsigned kMaxItems = 128, kMaxReferences = 256, kMaxEndpoints = 32, kMaxElements = 1024,
                   kMaxMembers = 256, kMaxSamples = 256;
constexpr std::size_t kMaxText = 1024, kTextBudget = 64 * 1024;

/// What is written into.
enum class In : std::uint8_t {
  kMessage,
  kItem,
  kValue,
  kSample,
  kReference,
  kApplication,
  kEndpoint,
  kPolicy,
  kUser,
  kStatuses,  ///< of a message, one text each
  kSkip,
};

/// Where a tag goes. Where it opens a message of its own, `opens` says what that is.
struct Place {
  Tag tag{};
  In owner = In::kSkip;
  int field = 0;
  int name_field = 0;  ///< of the name that goes with a number or a node
  std::string_view (*name)(std::uint32_t) noexcept =
      nullptr;  ///< with `field` alone: the name instead of the number
  In opens = In::kSkip;
};

constexpr Place kPlaces[] = {
    {Tag::kTimestamp, In::kMessage, M::kTimestampFieldNumber},
    {Tag::kRequestHandle, In::kMessage, M::kRequestHandleFieldNumber},
    {Tag::kTimeoutHint, In::kMessage, M::kTimeoutHintMsFieldNumber},
    {Tag::kAuditEntryId, In::kMessage, M::kAuditEntryIdFieldNumber},
    {Tag::kServiceResult, In::kMessage, M::kServiceResultCodeFieldNumber, M::kServiceResultFieldNumber,
     status_name},
    {Tag::kRequestType, In::kMessage, M::kRequestTypeFieldNumber, 0, request_type_name},
    {Tag::kSecurityMode, In::kMessage, M::kSecurityModeFieldNumber, 0, security_mode_name},
    {Tag::kLifetime, In::kMessage, M::kLifetimeMsFieldNumber},
    {Tag::kTokenId, In::kMessage, M::kTokenIdFieldNumber},
    {Tag::kCreatedAt, In::kMessage, M::kCreatedAtFieldNumber},
    {Tag::kEndpointUrl, In::kMessage, M::kEndpointUrlFieldNumber},
    {Tag::kServerUri, In::kMessage, M::kServerUriFieldNumber},
    {Tag::kSessionName, In::kMessage, M::kSessionNameFieldNumber},
    {Tag::kSessionId, In::kMessage, M::kSessionIdFieldNumber},
    {Tag::kSessionTimeout, In::kMessage, M::kSessionTimeoutMsFieldNumber},
    {Tag::kMaxMessageSize, In::kMessage, M::kMaxMessageSizeFieldNumber},
    {Tag::kLocaleIds, In::kMessage, M::kLocaleIdsFieldNumber},
    {Tag::kServerUris, In::kMessage, M::kServerUrisFieldNumber},
    {Tag::kProfileUris, In::kMessage, M::kProfileUrisFieldNumber},
    {Tag::kMaxAge, In::kMessage, M::kMaxAgeMsFieldNumber},
    {Tag::kTimestampsToReturn, In::kMessage, M::kTimestampsToReturnFieldNumber, 0, timestamps_name},
    {Tag::kSubscriptionId, In::kMessage, M::kSubscriptionIdFieldNumber},
    {Tag::kSubscriptionIds, In::kMessage, M::kSubscriptionIdsFieldNumber},
    {Tag::kPublishingInterval, In::kMessage, M::kPublishingIntervalMsFieldNumber},
    {Tag::kLifetimeCount, In::kMessage, M::kLifetimeCountFieldNumber},
    {Tag::kKeepAliveCount, In::kMessage, M::kKeepAliveCountFieldNumber},
    {Tag::kMaxNotifications, In::kMessage, M::kMaxNotificationsFieldNumber},
    {Tag::kPublishingEnabled, In::kMessage, M::kPublishingEnabledFieldNumber},
    {Tag::kPriority, In::kMessage, M::kPriorityFieldNumber},
    {Tag::kMoreNotifications, In::kMessage, M::kMoreNotificationsFieldNumber},
    {Tag::kNotificationSequence, In::kMessage, M::kNotificationSequenceFieldNumber},
    {Tag::kPublishTime, In::kMessage, M::kPublishTimeFieldNumber},
    {Tag::kAvailableSequences, In::kMessage, M::kAvailableSequencesFieldNumber},
    {Tag::kRetransmitSequence, In::kMessage, M::kRetransmitSequenceFieldNumber},
    {Tag::kMessageMonitoringMode, In::kMessage, M::kMonitoringModeFieldNumber, 0, monitoring_mode_name},
    {Tag::kMonitoredItemIds, In::kMessage, M::kMonitoredItemIdsFieldNumber},
    {Tag::kDeleteSubscriptions, In::kMessage, M::kDeleteSubscriptionsFieldNumber},
    {Tag::kCancelHandle, In::kMessage, M::kCancelHandleFieldNumber},
    {Tag::kCancelCount, In::kMessage, M::kCancelCountFieldNumber},
    {Tag::kClient, In::kMessage, M::kClientFieldNumber, 0, nullptr, In::kApplication},
    {Tag::kServer, In::kMessage, M::kServerFieldNumber, 0, nullptr, In::kApplication},
    {Tag::kServers, In::kMessage, M::kServersFieldNumber, 0, nullptr, In::kApplication},
    {Tag::kEndpoints, In::kMessage, M::kEndpointsFieldNumber, 0, nullptr, In::kEndpoint},
    {Tag::kUser, In::kMessage, M::kUserFieldNumber, 0, nullptr, In::kUser},
    {Tag::kClientCertificate, In::kMessage, M::kClientCertificateFieldNumber},
    {Tag::kServerCertificate, In::kMessage, M::kServerCertificateFieldNumber},
    {Tag::kItems, In::kMessage, M::kItemsFieldNumber, 0, nullptr, In::kItem},
    {Tag::kItemResults, In::kMessage, M::kAcknowledgementsFieldNumber, 0, nullptr, In::kStatuses},
    {Tag::kNodeId, In::kItem, I::kNodeIdFieldNumber, I::kNodeNameFieldNumber},
    {Tag::kAttributeId, In::kItem, I::kAttributeIdFieldNumber, I::kAttributeFieldNumber, attribute_name},
    {Tag::kIndexRange, In::kItem, I::kIndexRangeFieldNumber},
    {Tag::kDataEncoding, In::kItem, I::kDataEncodingFieldNumber},
    {Tag::kValue, In::kItem, I::kValueFieldNumber, 0, nullptr, In::kValue},
    {Tag::kStatus, In::kItem, I::kStatusCodeFieldNumber, I::kStatusFieldNumber, status_name},
    {Tag::kSourceTime, In::kItem, I::kSourceTimestampFieldNumber},
    {Tag::kServerTime, In::kItem, I::kServerTimestampFieldNumber},
    {Tag::kObjectId, In::kItem, I::kObjectIdFieldNumber, I::kObjectNameFieldNumber},
    {Tag::kMethodId, In::kItem, I::kMethodIdFieldNumber, I::kMethodNameFieldNumber},
    {Tag::kInputs, In::kItem, I::kInputArgumentsFieldNumber, 0, nullptr, In::kValue},
    {Tag::kOutputs, In::kItem, I::kOutputArgumentsFieldNumber, 0, nullptr, In::kValue},
    {Tag::kInputResults, In::kItem, I::kInputResultsFieldNumber, 0, status_name},
    {Tag::kBrowseDirection, In::kItem, I::kBrowseDirectionFieldNumber, 0, direction_name},
    {Tag::kReferenceType, In::kItem, I::kReferenceTypeIdFieldNumber, I::kReferenceTypeFieldNumber},
    {Tag::kIncludeSubtypes, In::kItem, I::kIncludeSubtypesFieldNumber},
    {Tag::kNodeClassMask, In::kItem, I::kNodeClassMaskFieldNumber},
    {Tag::kResultMask, In::kItem, I::kResultMaskFieldNumber},
    {Tag::kContinuation, In::kItem, I::kContinuationPointFieldNumber},
    {Tag::kReferences, In::kItem, I::kReferencesFieldNumber, 0, nullptr, In::kReference},
    {Tag::kPath, In::kItem, I::kPathFieldNumber},
    {Tag::kMonitoredItemId, In::kItem, I::kMonitoredItemIdFieldNumber},
    {Tag::kClientHandle, In::kItem, I::kClientHandleFieldNumber},
    {Tag::kSamplingInterval, In::kItem, I::kSamplingIntervalMsFieldNumber},
    {Tag::kQueueSize, In::kItem, I::kQueueSizeFieldNumber},
    {Tag::kDiscardOldest, In::kItem, I::kDiscardOldestFieldNumber},
    {Tag::kMonitoringMode, In::kItem, I::kMonitoringModeFieldNumber, 0, monitoring_mode_name},
    {Tag::kEventFields, In::kItem, I::kEventFieldsFieldNumber, 0, nullptr, In::kValue},
    {Tag::kParentNodeId, In::kItem, I::kParentNodeIdFieldNumber, I::kParentNameFieldNumber},
    {Tag::kBrowseName, In::kItem, I::kBrowseNameFieldNumber},
    {Tag::kNodeClass, In::kItem, I::kNodeClassFieldNumber, 0, node_class_name},
    {Tag::kTypeDefinition, In::kItem, I::kTypeDefinitionFieldNumber, I::kTypeDefinitionNameFieldNumber},
    {Tag::kTargetNodeId, In::kItem, I::kTargetNodeIdFieldNumber, I::kTargetNameFieldNumber},
    {Tag::kIsForward, In::kItem, I::kIsForwardFieldNumber},
    {Tag::kItemSubscription, In::kItem, I::kSubscriptionIdFieldNumber},
    {Tag::kItemSequence, In::kItem, I::kSequenceNumbersFieldNumber},
    {Tag::kHistory, In::kItem, I::kHistoryFieldNumber, 0, nullptr, In::kSample},
    {Tag::kRefType, In::kReference, R::kReferenceTypeIdFieldNumber, R::kReferenceTypeFieldNumber},
    {Tag::kRefForward, In::kReference, R::kIsForwardFieldNumber},
    {Tag::kRefNode, In::kReference, R::kNodeIdFieldNumber, R::kNodeNameFieldNumber},
    {Tag::kRefBrowseName, In::kReference, R::kBrowseNameFieldNumber},
    {Tag::kRefDisplayName, In::kReference, R::kDisplayNameFieldNumber},
    {Tag::kRefNodeClass, In::kReference, R::kNodeClassFieldNumber, 0, node_class_name},
    {Tag::kRefTypeDefinition, In::kReference, R::kTypeDefinitionFieldNumber,
     R::kTypeDefinitionNameFieldNumber},
    {Tag::kRefRemaining, In::kReference, R::kRemainingPathIndexFieldNumber},
    {Tag::kAppUri, In::kApplication, A::kApplicationUriFieldNumber},
    {Tag::kAppProductUri, In::kApplication, A::kProductUriFieldNumber},
    {Tag::kAppName, In::kApplication, A::kApplicationNameFieldNumber},
    {Tag::kAppType, In::kApplication, A::kApplicationTypeFieldNumber, 0, application_type_name},
    {Tag::kAppGateway, In::kApplication, A::kGatewayServerUriFieldNumber},
    {Tag::kAppProfile, In::kApplication, A::kDiscoveryProfileUriFieldNumber},
    {Tag::kAppUrls, In::kApplication, A::kDiscoveryUrlsFieldNumber},
    {Tag::kAppOnline, In::kApplication, A::kIsOnlineFieldNumber},
    {Tag::kAppSemaphore, In::kApplication, A::kSemaphoreFilePathFieldNumber},
    {Tag::kAppCapabilities, In::kApplication, A::kCapabilitiesFieldNumber},
    {Tag::kAppRecord, In::kApplication, A::kRecordIdFieldNumber},
    {Tag::kEndUrl, In::kEndpoint, E::kEndpointUrlFieldNumber},
    {Tag::kEndServer, In::kEndpoint, E::kServerFieldNumber, 0, nullptr, In::kApplication},
    {Tag::kEndCertificate, In::kEndpoint, E::kCertificateFieldNumber},
    {Tag::kEndMode, In::kEndpoint, E::kSecurityModeFieldNumber, 0, security_mode_name},
    {Tag::kEndPolicy, In::kEndpoint, E::kSecurityPolicyFieldNumber},
    {Tag::kEndTokens, In::kEndpoint, E::kUserTokensFieldNumber, 0, nullptr, In::kPolicy},
    {Tag::kEndTransport, In::kEndpoint, E::kTransportProfileUriFieldNumber},
    {Tag::kEndLevel, In::kEndpoint, E::kSecurityLevelFieldNumber},
    {Tag::kPolicyId, In::kPolicy, P::kPolicyIdFieldNumber},
    {Tag::kPolicyKind, In::kPolicy, P::kTypeFieldNumber, 0, user_token_name},
    {Tag::kPolicyIssuedType, In::kPolicy, P::kIssuedTokenTypeFieldNumber},
    {Tag::kPolicyIssuerUrl, In::kPolicy, P::kIssuerEndpointUrlFieldNumber},
    {Tag::kPolicySecurity, In::kPolicy, P::kSecurityPolicyFieldNumber},
    {Tag::kUserPolicy, In::kUser, U::kPolicyIdFieldNumber},
    {Tag::kUserName, In::kUser, U::kUserNameFieldNumber},
    {Tag::kUserAlgorithm, In::kUser, U::kEncryptionAlgorithmFieldNumber},
    {Tag::kUserCertificate, In::kUser, U::kCertificateFieldNumber},
};

/// By tag; what is not in the table has no place.
constexpr auto kByTag = [] {
  std::array<Place, static_cast<std::size_t>(Tag::kCount)> out{};
  for (const Place& p : kPlaces) out[static_cast<std::size_t>(p.tag)] = p;
  return out;
}();
/// Parts of a value in a history stand as those of an item's value, in a message of their own.
constexpr Place kSamplePlaces[] = {
    {Tag::kValue, In::kSample, S::kValueFieldNumber, 0, nullptr, In::kValue},
    {Tag::kStatus, In::kSample, S::kStatusCodeFieldNumber, S::kStatusFieldNumber, status_name},
    {Tag::kSourceTime, In::kSample, S::kSourceTimestampFieldNumber},
    {Tag::kServerTime, In::kSample, S::kServerTimestampFieldNumber},
};

void name_if(WireWriter& w, int field, std::string_view text) noexcept {
  if (!text.empty()) w.text(field, text);
}
void bytes_if(WireWriter& w, int field, Bytes b) noexcept {
  if (!b.empty()) w.bytes(field, b.first(std::min(b.size(), kMaxText)));
}

void certificate(WireWriter& w, int field, Bytes der) noexcept {
  using C = v1::OpcuaCertificate;
  // Those of its issuers may stand behind it.
  tls::DerReader chain(der);
  tls::DerReader::Element first;
  if (!chain.next(first)) return;
  tls::Certificate c;
  (void)tls::parse_certificate(first.whole, c);
  const auto sub = w.message(field);
  std::array<std::uint8_t, 1024> room;
  const auto dn = [&](int number, Bytes name) noexcept {
    w.bytes(number, Bytes(room).first(tls::write_name(name, room)));
  };
  dn(C::kSubjectFieldNumber, c.subject);
  dn(C::kIssuerFieldNumber, c.issuer);
  w.bytes(C::kSerialFieldNumber, c.serial);
  if (c.has_validity) {
    tls::TimeText text;
    w.text(C::kNotBeforeFieldNumber, tls::write_time(c.not_before, text));
    w.text(C::kNotAfterFieldNumber, tls::write_time(c.not_after, text));
  }
  w.bytes(C::kThumbprintFieldNumber, Sha1::of(first.whole));
  w.bytes(C::kSha256FieldNumber, Sha256::of(first.whole));
  constexpr unsigned kMaxNames = 16;
  tls::DerReader names(c.alt_names);
  tls::AltNameText text;
  Bytes alt;
  for (unsigned i = 0; i < kMaxNames && tls::next_alt_name(names, text, alt); ++i)
    bytes_if(w, C::kAltNamesFieldNumber, alt);
  name_if(w, C::kSignatureAlgorithmFieldNumber, tls::signature_algorithm_name(c.signature_algorithm));
  name_if(w, C::kKeyAlgorithmFieldNumber, tls::key_algorithm_name(c.key_algorithm));
  if (c.key_bits != 0) w.u64(C::kKeyBitsFieldNumber, c.key_bits);
}

/// Services whose results stand in the order of what was asked for, and do not say themselves for which node they are.
bool answers_in_order(const Message& m) noexcept {
  for (const std::string_view name :
       {"Read", "Write", "Call", "Browse", "TranslateBrowsePathsToNodeIds", "HistoryRead", "HistoryUpdate",
        "CreateMonitoredItems", "DeleteNodes"}) {
    if (m.is(name)) return true;
  }
  return false;
}

/// Writes what a message's body says.
class BodyWriter {
 public:
  BodyWriter(WireWriter& w, const Exchange& x, const Message& m) noexcept : w_(w), x_(x), m_(m) {
    if (&m == &x.answer && answers_in_order(m) && x.question.service != nullptr &&
        x.question.is(m.service->name)) {
      asked_ = x.question.walk();
      in_order_ = true;
    }
  }

  void write() noexcept {
    Token t;
    level_[0].in = In::kMessage;
    for (Walker walk = m_.walk(); walk.next(t);) {
      switch (t.kind) {
        case Token::Kind::kArray:
          count(t);
          break;
        case Token::Kind::kBegin:
          begin(t);
          break;
        case Token::Kind::kEnd:
          if (depth_ != 0) level_[depth_--].message.reset();
          break;
        case Token::Kind::kValue:
          value(t);
          break;
      }
    }
    // Bytes that broke off leave messages open.
    while (depth_ != 0) level_[depth_--].message.reset();
    if (item_count_ != 0) w_.u64(M::kItemCountFieldNumber, item_count_);
    if (truncated_) w_.boolean(M::kTruncatedFieldNumber, true);
  }

 private:
  struct Level {
    In in = In::kSkip;
    std::optional<WireWriter::Message> message;
  };

  [[nodiscard]] In in() const noexcept { return level_[depth_].in; }
  [[nodiscard]] const Place* place(Tag tag) const noexcept {
    if (in() == In::kSample) {
      for (const Place& p : kSamplePlaces) {
        if (p.tag == tag) return &p;
      }
      return nullptr;
    }
    const Place& p = kByTag[static_cast<std::size_t>(tag)];
    return p.field != 0 && p.owner == in() ? &p : nullptr;
  }
  bool take(unsigned& used, unsigned most) noexcept {
    if (used < most && budget_ != 0) return ++used, true;
    truncated_ = true;
    return false;
  }
  /// At most what is left of the budget.
  Bytes cut(Bytes b) noexcept {
    const std::size_t n = std::min({b.size(), kMaxText, budget_});
    if (n < b.size()) truncated_ = true;
    budget_ -= n;
    return b.first(n);
  }

  void push(In next) noexcept { level_[++depth_].in = next; }
  void open(In next, int field) noexcept {
    push(next);
    level_[depth_].message.emplace(w_, field);
  }

  void count(const Token& t) noexcept {
    if (t.tag == Tag::kItems && in() == In::kMessage) item_count_ += t.number;
    if (t.tag == Tag::kReferences && in() == In::kItem && t.number != 0)
      w_.u64(I::kReferenceCountFieldNumber, t.number);
  }

  void begin(const Token& t) noexcept {
    if (in() == In::kSkip || t.tag == Tag::kHidden) return push(In::kSkip);
    const Place* p = place(t.tag);
    if (p == nullptr || p->opens == In::kSkip) {
      if (in() == In::kValue && t.of != nullptr) {
        if (t.type == Type::kExtensionObject) w_.text(V::kStructuresFieldNumber, t.of->name);
      }
      return push(in());
    }
    bool room = true;
    if (p->opens == In::kItem) room = take(items_, kMaxItems);
    if (p->opens == In::kReference) room = take(references_, kMaxReferences);
    if (p->opens == In::kEndpoint || p->tag == Tag::kServers) room = take(endpoints_, kMaxEndpoints);
    if (p->opens == In::kSample) room = take(samples_, kMaxSamples);
    if (p->opens == In::kStatuses) return push(In::kStatuses);
    if (!room) return push(In::kSkip);
    // A variant of nothing is no value.
    if (p->opens == In::kValue && t.element == Type::kNull) return push(In::kSkip);
    open(p->opens, p->field);
    if (p->opens == In::kItem) begin_item(t);
    if (p->opens == In::kValue) {
      w_.text(V::kTypeFieldNumber, type_name(t.element));
      if (t.array) w_.u64(V::kLengthFieldNumber, t.number);
    }
    if (p->opens == In::kUser) w_.text(U::kTypeFieldNumber, user_token_name(m_.user_token));
  }

  /// With what the request says of it.
  void begin_item(const Token& item) noexcept {
    if (item.of != nullptr && m_.is("HistoryUpdate") && m_.service->request)
      member("details", as_bytes(item.of->name));
    if (!in_order_) return;
    Token t;
    while (asked_.next(t)) {
      if (t.tag == Tag::kItems && t.kind == Token::Kind::kEnd) return;
      if (t.kind == Token::Kind::kValue && (t.tag == Tag::kNodeId || t.tag == Tag::kAttributeId ||
                                            t.tag == Tag::kObjectId || t.tag == Tag::kMethodId)) {
        write(kByTag[static_cast<std::size_t>(t.tag)], t);
      }
    }
    in_order_ = false;  // more results than were asked for
  }

  void member(std::string_view name, Bytes text) noexcept {
    if (!take(members_, kMaxMembers)) return;
    const int field = in() == In::kValue  ? V::kMembersFieldNumber
                      : in() == In::kItem ? I::kMembersFieldNumber
                                          : M::kMembersFieldNumber;
    const auto s = w_.message(field);
    w_.text(v1::OpcuaMember::kNameFieldNumber, name);
    w_.bytes(v1::OpcuaMember::kValueFieldNumber, cut(text));
  }

  void element(const Token& t) noexcept {
    if (!take(elements_, kMaxElements)) return;
    switch (t.type) {
      case Type::kBoolean:
        return w_.boolean(V::kBooleansFieldNumber, t.number != 0);
      case Type::kByteString:
        return w_.bytes(V::kDataFieldNumber, cut(t.bytes));
      case Type::kExtensionObject:
        w_.bytes(V::kTextsFieldNumber, cut(value_text(t, room_)));
        return w_.bytes(V::kDataFieldNumber, cut(t.bytes));
      default:
        if (is_numeric(t.type)) w_.f64(V::kNumbersFieldNumber, value_number(t));
        if (!is_numeric(t.type) || !is_exact(t)) w_.bytes(V::kTextsFieldNumber, cut(value_text(t, room_)));
    }
  }

  void value(const Token& t) noexcept {
    if (in() == In::kSkip || t.tag == Tag::kHidden) return;
    if (in() == In::kValue) {
      if (t.tag == Tag::kElement) return element(t);
      if (t.tag == Tag::kDimension) return w_.u64(V::kDimensionsFieldNumber, t.number & 0xffffffff);
    }
    if (in() == In::kStatuses) {
      if (t.tag == Tag::kStatus && take(elements_, kMaxElements)) {
        w_.text(M::kAcknowledgementsFieldNumber, status_name(static_cast<std::uint32_t>(t.number)));
      }
      return;
    }
    if (const Place* p = place(t.tag); p != nullptr) return write(*p, t);
    // Nothing of its own: what it is called, and what it says.
    if (in() != In::kMessage && in() != In::kItem && in() != In::kValue) return;
    if (t.tag == Tag::kFlat || t.tag == Tag::kDimension) return;
    const Bytes text = value_text(t, room_);
    if (!text.empty()) member(t.name, text);
  }

  void write(const Place& p, const Token& t) noexcept {
    const auto number = static_cast<std::uint32_t>(t.number);
    if (p.name != nullptr) {
      const std::string_view text = p.name(number);
      if (p.name_field != 0) {
        w_.u64(p.field, number);
        return name_if(w_, p.name_field, text);
      }
      if (!text.empty()) return w_.text(p.field, text);
      return w_.bytes(p.field, value_text(t, room_));
    }
    switch (t.type) {
      case Type::kByteString:
        if (p.tag == Tag::kClientCertificate || p.tag == Tag::kServerCertificate ||
            p.tag == Tag::kUserCertificate || p.tag == Tag::kEndCertificate) {
          return write_certificate(p, t.bytes);
        }
        [[fallthrough]];
      case Type::kString:
      case Type::kXmlElement:
      case Type::kLocalizedText:
      case Type::kQualifiedName:
      case Type::kDateTime:
      case Type::kGuid: {
        const Bytes text = value_text(t, room_);
        if (!text.empty()) w_.bytes(p.field, cut(text));
        return;
      }
      case Type::kNodeId:
      case Type::kExpandedNodeId:
        if (t.id.is_standard() && t.id.number == 0) return;
        w_.bytes(p.field, cut(node_text(t.id, room_)));
        if (p.name_field != 0) name_if(w_, p.name_field, node_name(t.id));
        return;
      case Type::kFloat:
      case Type::kDouble:
        return w_.f64(p.field, t.real);
      default:
        w_.u64(p.field, number);
        if (p.tag == Tag::kClientHandle && x_.watched != nullptr &&
            (m_.is("Publish") || m_.is("Republish"))) {
          const Bytes node = x_.watched->node(m_.subscription, number);
          if (!node.empty()) w_.bytes(I::kNodeIdFieldNumber, cut(node));
        }
    }
  }

  void write_certificate(const Place& p, Bytes der) noexcept {
    if (der.empty()) return;
    // Endpoints mostly have the same one.
    if (p.tag == Tag::kEndCertificate && as_text(der) == as_text(certificate_)) return;
    if (p.tag == Tag::kEndCertificate) certificate_ = der;
    certificate(w_, p.field, der);
  }

  WireWriter& w_;
  const Exchange& x_;
  const Message& m_;
  Walker asked_;
  bool in_order_ = false;
  bool truncated_ = false;
  std::uint8_t depth_ = 0;
  std::array<Level, kMaxDepth + 2> level_;
  std::array<char, kTextRoom> room_;
  Bytes certificate_;
  std::uint64_t item_count_ = 0;
  std::size_t budget_ = kTextBudget;
  unsigned items_ = 0, references_ = 0, endpoints_ = 0, elements_ = 0, members_ = 0, samples_ = 0;
};

void hello(WireWriter& w, const Message& m) noexcept {
  if (m.is(MessageType::kHello) || m.is(MessageType::kAcknowledge)) {
    w.u64(M::kProtocolVersionFieldNumber, m.version);
    w.u64(M::kReceiveBufferSizeFieldNumber, m.receive_size);
    w.u64(M::kSendBufferSizeFieldNumber, m.send_size);
    w.u64(M::kMaxMessageSizeFieldNumber, m.max_message);
    w.u64(M::kMaxChunkCountFieldNumber, m.max_chunks);
  }
  if (m.is(MessageType::kError) || m.aborted) {
    w.u64(M::kErrorCodeFieldNumber, m.error);
    w.text(M::kErrorFieldNumber, status_name(m.error));
    bytes_if(w, M::kReasonFieldNumber, m.text);
  } else {
    bytes_if(w, M::kEndpointUrlFieldNumber, m.text);
    bytes_if(w, M::kServerUriFieldNumber, m.server_uri);
  }
}

void message(WireWriter& w, int field, const Exchange& x, const Message& m) noexcept {
  const auto s = w.message(field);
  w.text(M::kTypeFieldNumber, message_name(m.type));
  w.u64(M::kSizeFieldNumber, m.size);
  if (m.chunks > 1) w.u64(M::kChunksFieldNumber, m.chunks);
  const bool in_channel =
      m.is(MessageType::kOpen) || m.is(MessageType::kClose) || m.is(MessageType::kMessage);
  if (!in_channel) return hello(w, m);
  w.u64(M::kChannelIdFieldNumber, m.channel);
  if (!m.is(MessageType::kOpen)) w.u64(M::kTokenIdFieldNumber, m.token);
  if (m.has_sequence) {
    w.u64(M::kSequenceNumberFieldNumber, m.sequence);
    w.u64(M::kRequestIdFieldNumber, m.request);
  }
  if (m.encrypted) w.boolean(M::kEncryptedFieldNumber, true);
  if (m.aborted) {
    w.boolean(M::kAbortedFieldNumber, true);
    hello(w, m);
  }
  if (m.is(MessageType::kOpen)) {
    bytes_if(w, M::kSecurityPolicyUriFieldNumber, m.policy);
    if (!m.certificate.empty()) certificate(w, M::kSenderCertificateFieldNumber, m.certificate);
    bytes_if(w, M::kReceiverThumbprintFieldNumber, m.thumbprint);
  }
  if (m.service_id != 0) w.u64(M::kServiceIdFieldNumber, m.service_id);
  if (m.service == nullptr) return;
  w.text(M::kServiceFieldNumber, m.service->name);
  BodyWriter(w, x, m).write();
}

/// What the server says it is: in what was read, or where it describes itself.
class Identity {
 public:
  explicit Identity(const Exchange& x) noexcept {
    const Message& m = x.answer;
    if (!x.has_answer || m.service == nullptr) return;
    if (m.is("Read") && x.question.is("Read")) read(x);
    if (m.is("CreateSession") || m.is("GetEndpoints")) describe(m);
  }

  void write(WireWriter& w) const noexcept {
    if (std::ranges::all_of(fields_, [](Bytes b) noexcept { return b.empty(); }) && date_.empty()) return;
    const auto s = w.message(v1::Opcua::kIdentityFieldNumber);
    for (std::size_t i = 0; i < fields_.size(); ++i) bytes_if(w, static_cast<int>(i), fields_[i]);
    if (!date_.empty()) w.bytes(v1::OpcuaIdentity::kBuildDateFieldNumber, date_);
  }

 private:
  using F = v1::OpcuaIdentity;
  struct Part {
    std::uint16_t node;  // the variable that has it
    std::string_view name;
    int field;
  };
  static constexpr Part kParts[] = {
      {2261, "product_name", F::kProductNameFieldNumber},
      {2262, "product_uri", F::kProductUriFieldNumber},
      {2263, "manufacturer_name", F::kManufacturerNameFieldNumber},
      {2264, "software_version", F::kSoftwareVersionFieldNumber},
      {2265, "build_number", F::kBuildNumberFieldNumber},
      {2266, "build_date", F::kBuildDateFieldNumber},
  };

  void take(const Part& p, const Token& t) noexcept {
    if (p.field == F::kBuildDateFieldNumber) {
      if (t.type == Type::kDateTime) date_ = value_text(t, date_room_);
    } else if (t.type == Type::kString) {
      fields_[static_cast<std::size_t>(p.field)] = t.bytes;
    }
  }

  void read(const Exchange& x) noexcept {
    Walker asked = x.question.walk();
    NodeId node;
    bool in_build_info = false;
    Token t, q;
    for (Walker w = x.answer.walk(); w.next(t);) {
      if (t.tag == Tag::kItems && t.kind == Token::Kind::kBegin) {
        node = {};
        while (asked.next(q) && !(q.tag == Tag::kItems && q.kind == Token::Kind::kEnd)) {
          if (q.kind == Token::Kind::kValue && q.tag == Tag::kNodeId) node = q.id;
          if (q.tag == Tag::kAttributeId && q.number != kValueAttribute) node = {};
        }
      }
      if (t.of != nullptr && t.of->name == kBuildInfo) in_build_info = t.kind == Token::Kind::kBegin;
      if (t.kind != Token::Kind::kValue) continue;
      for (const Part& p : kParts) {
        const bool by_node = node.is_standard() && node.number == p.node && t.tag == Tag::kElement;
        if (by_node || (in_build_info && t.name == p.name)) take(p, t);
      }
    }
  }

  void describe(const Message& m) noexcept {
    Token t;
    for (Walker w = m.walk(); w.next(t);) {
      if (t.kind == Token::Kind::kEnd && t.tag == Tag::kEndServer) return;  // all endpoints have the same
      if (t.kind != Token::Kind::kValue) continue;
      if (t.tag == Tag::kAppUri) fields_[F::kApplicationUriFieldNumber] = t.bytes;
      if (t.tag == Tag::kAppProductUri) fields_[F::kProductUriFieldNumber] = t.bytes;
      if (t.tag == Tag::kAppName) fields_[F::kApplicationNameFieldNumber] = t.bytes;
    }
  }

  std::array<Bytes, 9> fields_{};  // by number
  Bytes date_;
  std::array<char, 40> date_room_;
};

void encrypted(WireWriter& w, const Exchange& x) noexcept {
  using H = v1::OpcuaEncrypted;
  const auto s = w.message(v1::Opcua::kEncryptedFieldNumber);
  w.u64(H::kChannelIdFieldNumber, x.question.channel);
  w.u64(H::kTokenIdFieldNumber, x.question.token);
  w.u64(H::kChunksToServerFieldNumber, x.hidden.chunks[0]);
  w.u64(H::kChunksToClientFieldNumber, x.hidden.chunks[1]);
  w.u64(H::kBytesToServerFieldNumber, x.hidden.bytes[0]);
  w.u64(H::kBytesToClientFieldNumber, x.hidden.bytes[1]);
  w.u64(H::kDurationUsFieldNumber, x.answer_ns >= x.question_ns ? (x.answer_ns - x.question_ns) / 1000 : 0);
}

}  // namespace

void encode(const Transaction& tx, WireWriter& w) noexcept {
  using v1::Opcua;
  const auto& x = static_cast<const Exchange&>(tx);
  w.u64(Opcua::kIdFieldNumber, x.id + 1);
  name_if(w, Opcua::kSecurityModeFieldNumber, x.mode);
  name_if(w, Opcua::kSecurityPolicyFieldNumber, x.policy);
  if (x.counts) return encrypted(w, x);
  if (x.has_question) {
    const bool asks = x.asks;
    message(w, asks ? Opcua::kRequestFieldNumber : Opcua::kResponseFieldNumber, x, x.question);
    if (asks) w.text(Opcua::kInitiatorFieldNumber, x.asked == Direction::kToServer ? "client" : "server");
  }
  if (!x.has_answer) return;
  message(w, Opcua::kResponseFieldNumber, x, x.answer);
  if (x.answer_ns >= x.question_ns) w.u64(Opcua::kRttUsFieldNumber, (x.answer_ns - x.question_ns) / 1000);
  Identity(x).write(w);
}

}  // namespace picket::opcua
