// parsers/bacnet/bacnet_services.cc — parameters of the services, as clauses 13 to 17 list them
//
// One table a list of parameters, in the order of the standard. What no table has is passed over, and is an event.
#include <array>

#include "parsers/bacnet/bacnet_walk.h"

namespace picket::bacnet {
namespace {

using S = Syntax;
using F = Field;

template <std::size_t N>
constexpr Schema in_order(const Rule (&rules)[N]) noexcept {
  return {rules, N, false, false};
}
template <std::size_t N>
constexpr Schema repeating(const Rule (&rules)[N]) noexcept {
  return {rules, N, true, false};
}

// Time stamps (clause 21, BACnetTimeStamp): a time, a number, or a date with a time.
constexpr Rule kStampDateRules[] = {{S::kDate, F::kDate}, {S::kTime, F::kTime}};
constexpr Schema kStampDate = in_order(kStampDateRules);
constexpr Rule kStampRules[] = {
    {S::kTime, F::kTime, 0}, {S::kUnsigned, F::kSequence, 1}, {S::kList, F::kNone, 2, &kStampDate}};
constexpr Schema kStamp = in_order(kStampRules);
constexpr Rule kAckDateRules[] = {{S::kDate, F::kAckDate}, {S::kTime, F::kAckTime}};
constexpr Schema kAckDate = in_order(kAckDateRules);
constexpr Rule kAckStampRules[] = {
    {S::kTime, F::kAckTime, 0}, {S::kUnsigned, F::kAckSequence, 1}, {S::kList, F::kNone, 2, &kAckDate}};
constexpr Schema kAckStamp = in_order(kAckStampRules);
constexpr Rule kItemDateRules[] = {{S::kDate, F::kItemDate}, {S::kTime, F::kItemTime}};
constexpr Schema kItemDate = in_order(kItemDateRules);
constexpr Rule kItemStampRules[] = {
    {S::kTime, F::kItemTime, 0}, {S::kUnsigned, F::kItemSequence, 1}, {S::kList, F::kNone, 2, &kItemDate}};
constexpr Schema kItemStamps = repeating(kItemStampRules);

// Properties and values.
constexpr Rule kReadRules[] = {
    {S::kObject, F::kObject, 0}, {S::kEnumerated, F::kProperty, 1}, {S::kUnsigned, F::kIndex, 2}};
constexpr Schema kRead = in_order(kReadRules);
constexpr Rule kWriteRules[] = {{S::kObject, F::kObject, 0},
                                {S::kEnumerated, F::kProperty, 1},
                                {S::kUnsigned, F::kIndex, 2},
                                {S::kAny, F::kValue, 3},
                                {S::kUnsigned, F::kPriority, 4}};
constexpr Schema kWrite = in_order(kWriteRules);
constexpr Rule kReferenceRules[] = {{S::kEnumerated, F::kProperty, 0}, {S::kUnsigned, F::kIndex, 1}};
constexpr Schema kReference = in_order(kReferenceRules), kReferences = repeating(kReferenceRules);
constexpr Rule kPropertyValueRules[] = {{S::kEnumerated, F::kProperty, 0},
                                        {S::kUnsigned, F::kIndex, 1},
                                        {S::kAny, F::kValue, 2},
                                        {S::kUnsigned, F::kPriority, 3}};
constexpr Schema kPropertyValues = repeating(kPropertyValueRules);
constexpr Rule kReadMultipleRules[] = {{S::kObject, F::kObject, 0}, {S::kList, F::kNone, 1, &kReferences}};
constexpr Schema kReadMultiple = repeating(kReadMultipleRules);
constexpr Rule kItemErrorRules[] = {{S::kEnumerated, F::kItemErrorClass},
                                    {S::kEnumerated, F::kItemErrorCode}};
constexpr Schema kItemError = in_order(kItemErrorRules);
constexpr Rule kReadResultRules[] = {{S::kEnumerated, F::kProperty, 2},
                                     {S::kUnsigned, F::kIndex, 3},
                                     {S::kAny, F::kValue, 4},
                                     {S::kList, F::kNone, 5, &kItemError}};
constexpr Schema kReadResults = repeating(kReadResultRules);
constexpr Rule kReadMultipleAckRules[] = {{S::kObject, F::kObject, 0},
                                          {S::kList, F::kNone, 1, &kReadResults}};
constexpr Schema kReadMultipleAck = repeating(kReadMultipleAckRules);
constexpr Rule kWriteMultipleRules[] = {{S::kObject, F::kObject, 0},
                                        {S::kList, F::kNone, 1, &kPropertyValues}};
constexpr Schema kWriteMultiple = repeating(kWriteMultipleRules);

constexpr Rule kByIndexRules[] = {{S::kUnsigned, F::kRangeIndex}, {S::kSigned, F::kRangeCount}};
constexpr Schema kByIndex = in_order(kByIndexRules);
constexpr Rule kBySequenceRules[] = {{S::kUnsigned, F::kRangeSequence}, {S::kSigned, F::kRangeCount}};
constexpr Schema kBySequence = in_order(kBySequenceRules);
constexpr Rule kByTimeRules[] = {
    {S::kDate, F::kRangeDate}, {S::kTime, F::kRangeTime}, {S::kSigned, F::kRangeCount}};
constexpr Schema kByTime = in_order(kByTimeRules);
constexpr Rule kReadRangeRules[] = {{S::kObject, F::kObject, 0},           {S::kEnumerated, F::kProperty, 1},
                                    {S::kUnsigned, F::kIndex, 2},          {S::kList, F::kNone, 3, &kByIndex},
                                    {S::kList, F::kNone, 6, &kBySequence}, {S::kList, F::kNone, 7, &kByTime}};
constexpr Schema kReadRange = in_order(kReadRangeRules);
constexpr Rule kReadRangeAckRules[] = {{S::kObject, F::kObject, 0},         {S::kEnumerated, F::kProperty, 1},
                                       {S::kUnsigned, F::kIndex, 2},        {S::kBits, F::kResultFlags, 3},
                                       {S::kUnsigned, F::kResultCount, 4},  {S::kAny, F::kValue, 5},
                                       {S::kUnsigned, F::kFirstSequence, 6}};
constexpr Schema kReadRangeAck = in_order(kReadRangeAckRules);

// Objects.
constexpr Rule kCreateWhatRules[] = {{S::kEnumerated, F::kObjectType, 0}, {S::kObject, F::kObject, 1}};
constexpr Schema kCreateWhat = in_order(kCreateWhatRules);
constexpr Rule kCreateRules[] = {{S::kList, F::kNone, 0, &kCreateWhat},
                                 {S::kList, F::kNone, 1, &kPropertyValues}};
constexpr Schema kCreate = in_order(kCreateRules);
constexpr Rule kObjectRules[] = {{S::kObject, F::kObject}};
constexpr Schema kOneObject = in_order(kObjectRules);

// Subscriptions and notifications of changes of value.
constexpr Rule kSubscribeRules[] = {{S::kUnsigned, F::kProcess, 0},       {S::kObject, F::kObject, 1},
                                    {S::kBoolean, F::kConfirmed, 2},      {S::kUnsigned, F::kLifetime, 3},
                                    {S::kList, F::kNone, 4, &kReference}, {S::kReal, F::kIncrement, 5}};
constexpr Schema kSubscribe = in_order(kSubscribeRules);
constexpr Rule kNotifyRules[] = {{S::kUnsigned, F::kProcess, 0},
                                 {S::kObject, F::kDevice, 1},
                                 {S::kObject, F::kObject, 2},
                                 {S::kUnsigned, F::kRemaining, 3},
                                 {S::kList, F::kNone, 4, &kPropertyValues}};
constexpr Schema kNotify = in_order(kNotifyRules);
constexpr Rule kTimedReferenceRules[] = {
    {S::kList, F::kNone, 0, &kReference}, {S::kReal, F::kItemIncrement, 1}, {S::kBoolean, F::kItemTimed, 2}};
constexpr Schema kTimedReferences = repeating(kTimedReferenceRules);
constexpr Rule kSubscribedObjectRules[] = {{S::kObject, F::kObject, 0},
                                           {S::kList, F::kNone, 1, &kTimedReferences}};
constexpr Schema kSubscribedObjects = repeating(kSubscribedObjectRules);
constexpr Rule kSubscribeMultipleRules[] = {{S::kUnsigned, F::kProcess, 0},
                                            {S::kBoolean, F::kConfirmed, 1},
                                            {S::kUnsigned, F::kLifetime, 2},
                                            {S::kUnsigned, F::kMaxDelay, 3},
                                            {S::kList, F::kNone, 4, &kSubscribedObjects}};
constexpr Schema kSubscribeMultiple = in_order(kSubscribeMultipleRules);
constexpr Rule kTimedValueRules[] = {{S::kEnumerated, F::kProperty, 0},
                                     {S::kUnsigned, F::kIndex, 1},
                                     {S::kAny, F::kValue, 2},
                                     {S::kTime, F::kItemTime, 3}};
constexpr Schema kTimedValues = repeating(kTimedValueRules);
constexpr Rule kNotifiedObjectRules[] = {{S::kObject, F::kObject, 0}, {S::kList, F::kNone, 1, &kTimedValues}};
constexpr Schema kNotifiedObjects = repeating(kNotifiedObjectRules);
constexpr Rule kNotifyMultipleRules[] = {{S::kUnsigned, F::kProcess, 0},
                                         {S::kObject, F::kDevice, 1},
                                         {S::kUnsigned, F::kRemaining, 2},
                                         {S::kList, F::kNone, 3, &kStampDate},
                                         {S::kList, F::kNone, 4, &kNotifiedObjects}};
constexpr Schema kNotifyMultiple = in_order(kNotifyMultipleRules);

// Parameters of events, by type (clause 21, BACnetNotificationParameters).
constexpr Rule kBitstringEventRules[] = {{S::kBits, F::kEventValue, 0}, {S::kBits, F::kEventFlags, 1}};
constexpr Schema kBitstringEvent = in_order(kBitstringEventRules);
// Kinds of states (BACnetPropertyStates): all are enumerated but for a few numbers.
constexpr auto kStateRules = [] {
  std::array<Rule, 64> rules{};
  for (std::size_t n = 0; n < rules.size(); ++n)
    rules[n] = {S::kEnumerated, F::kEventState, static_cast<std::int8_t>(n)};
  rules[0].syntax = S::kBoolean;
  rules[11].syntax = rules[63].syntax = S::kUnsigned;
  rules[41].syntax = S::kSigned;
  return rules;
}();
constexpr Schema kStates{kStateRules.data(), kStateRules.size(), false, true};
constexpr Rule kStateEventRules[] = {{S::kList, F::kNone, 0, &kStates}, {S::kBits, F::kEventFlags, 1}};
constexpr Schema kStateEvent = in_order(kStateEventRules);
constexpr Rule kNewValueRules[] = {{S::kBits, F::kEventValue, 0}, {S::kReal, F::kEventValue, 1}};
constexpr Schema kNewValue = in_order(kNewValueRules);
constexpr Rule kValueEventRules[] = {{S::kList, F::kNone, 0, &kNewValue}, {S::kBits, F::kEventFlags, 1}};
constexpr Schema kValueEvent = in_order(kValueEventRules);
constexpr Rule kCommandEventRules[] = {
    {S::kAny, F::kEventValue, 0}, {S::kBits, F::kEventFlags, 1}, {S::kAny, F::kEventOldValue, 2}};
constexpr Schema kCommandEvent = in_order(kCommandEventRules);
constexpr Rule kFloatingEventRules[] = {{S::kReal, F::kEventValue, 0},
                                        {S::kBits, F::kEventFlags, 1},
                                        {S::kReal, F::kEventSetPoint, 2},
                                        {S::kReal, F::kEventLimit, 3}};
constexpr Schema kFloatingEvent = in_order(kFloatingEventRules);
constexpr Rule kRangeEventRules[] = {{S::kReal, F::kEventValue, 0},
                                     {S::kBits, F::kEventFlags, 1},
                                     {S::kReal, F::kEventDeadband, 2},
                                     {S::kReal, F::kEventLimit, 3}};
constexpr Schema kRangeEvent = in_order(kRangeEventRules);
constexpr Rule kSafetyEventRules[] = {{S::kEnumerated, F::kEventValue, 0},
                                      {S::kEnumerated, F::kEventMode, 1},
                                      {S::kBits, F::kEventFlags, 2},
                                      {S::kEnumerated, F::kEventOperation, 3}};
constexpr Schema kSafetyEvent = in_order(kSafetyEventRules);
constexpr Rule kBufferEventRules[] = {
    {S::kAny, F::kEventData, 0}, {S::kUnsigned, F::kEventOldValue, 1}, {S::kUnsigned, F::kEventValue, 2}};
constexpr Schema kBufferEvent = in_order(kBufferEventRules);
constexpr Rule kUnsignedEventRules[] = {
    {S::kUnsigned, F::kEventValue, 0}, {S::kBits, F::kEventFlags, 1}, {S::kUnsigned, F::kEventLimit, 2}};
constexpr Schema kUnsignedEvent = in_order(kUnsignedEventRules);
constexpr Rule kDoubleEventRules[] = {{S::kDouble, F::kEventValue, 0},
                                      {S::kBits, F::kEventFlags, 1},
                                      {S::kDouble, F::kEventDeadband, 2},
                                      {S::kDouble, F::kEventLimit, 3}};
constexpr Schema kDoubleEvent = in_order(kDoubleEventRules);
constexpr Rule kSignedEventRules[] = {{S::kSigned, F::kEventValue, 0},
                                      {S::kBits, F::kEventFlags, 1},
                                      {S::kUnsigned, F::kEventDeadband, 2},
                                      {S::kSigned, F::kEventLimit, 3}};
constexpr Schema kSignedEvent = in_order(kSignedEventRules);
constexpr Rule kUnsignedRangeRules[] = {{S::kUnsigned, F::kEventValue, 0},
                                        {S::kBits, F::kEventFlags, 1},
                                        {S::kUnsigned, F::kEventDeadband, 2},
                                        {S::kUnsigned, F::kEventLimit, 3}};
constexpr Schema kUnsignedRange = in_order(kUnsignedRangeRules);
constexpr Rule kTextEventRules[] = {
    {S::kText, F::kEventValue, 0}, {S::kBits, F::kEventFlags, 1}, {S::kText, F::kEventOldValue, 2}};
constexpr Schema kTextEvent = in_order(kTextEventRules);
constexpr Rule kFlagsEventRules[] = {{S::kAny, F::kEventValue, 0}, {S::kBits, F::kEventFlags, 1}};
constexpr Schema kFlagsEvent = in_order(kFlagsEventRules);
constexpr Rule kReliabilityEventRules[] = {
    {S::kEnumerated, F::kEventReliability, 0}, {S::kBits, F::kEventFlags, 1}, {S::kAny, F::kEventData, 2}};
constexpr Schema kReliabilityEvent = in_order(kReliabilityEventRules);
constexpr Rule kEventRules[] = {{S::kList, F::kNone, 0, &kBitstringEvent},
                                {S::kList, F::kNone, 1, &kStateEvent},
                                {S::kList, F::kNone, 2, &kValueEvent},
                                {S::kList, F::kNone, 3, &kCommandEvent},
                                {S::kList, F::kNone, 4, &kFloatingEvent},
                                {S::kList, F::kNone, 5, &kRangeEvent},
                                {S::kAny, F::kEventData, 6},
                                {S::kList, F::kNone, 8, &kSafetyEvent},
                                {S::kAny, F::kEventData, 9},
                                {S::kList, F::kNone, 10, &kBufferEvent},
                                {S::kList, F::kNone, 11, &kUnsignedEvent},
                                {S::kAny, F::kEventData, 13},
                                {S::kList, F::kNone, 14, &kDoubleEvent},
                                {S::kList, F::kNone, 15, &kSignedEvent},
                                {S::kList, F::kNone, 16, &kUnsignedRange},
                                {S::kList, F::kNone, 17, &kTextEvent},
                                {S::kList, F::kNone, 18, &kFlagsEvent},
                                {S::kList, F::kNone, 19, &kReliabilityEvent},
                                {S::kAny, F::kEventData, 21},
                                {S::kAny, F::kEventData, 22}};
constexpr Schema kEvents{kEventRules, std::size(kEventRules), false, true};
constexpr Rule kEventNotifyRules[] = {{S::kUnsigned, F::kProcess, 0},
                                      {S::kObject, F::kDevice, 1},
                                      {S::kObject, F::kObject, 2},
                                      {S::kList, F::kNone, 3, &kStamp},
                                      {S::kUnsigned, F::kNotificationClass, 4},
                                      {S::kUnsigned, F::kEventPriority, 5},
                                      {S::kEnumerated, F::kEventType, 6},
                                      {S::kText, F::kText, 7},
                                      {S::kEnumerated, F::kNotifyType, 8},
                                      {S::kBoolean, F::kAckRequired, 9},
                                      {S::kEnumerated, F::kFromState, 10},
                                      {S::kEnumerated, F::kToState, 11},
                                      {S::kList, F::kNone, 12, &kEvents}};
constexpr Schema kEventNotify = in_order(kEventNotifyRules);
constexpr Rule kAcknowledgeRules[] = {{S::kUnsigned, F::kProcess, 0},    {S::kObject, F::kObject, 1},
                                      {S::kEnumerated, F::kAckState, 2}, {S::kList, F::kNone, 3, &kStamp},
                                      {S::kText, F::kSource, 4},         {S::kList, F::kNone, 5, &kAckStamp}};
constexpr Schema kAcknowledge = in_order(kAcknowledgeRules);
constexpr Rule kAlarmRules[] = {
    {S::kObject, F::kObject}, {S::kEnumerated, F::kItemState}, {S::kBits, F::kItemAcked}};
constexpr Schema kAlarms = repeating(kAlarmRules);
constexpr Rule kEnrollmentRules[] = {{S::kObject, F::kObject},
                                     {S::kEnumerated, F::kItemEventType},
                                     {S::kEnumerated, F::kItemState},
                                     {S::kUnsigned, F::kItemPriority},
                                     {S::kUnsigned, F::kItemClass}};
constexpr Schema kEnrollments = repeating(kEnrollmentRules);
constexpr Rule kGetEnrollmentRules[] = {{S::kEnumerated, F::kAcknowledgmentFilter, 0},
                                        {S::kAny, F::kNone, 1},
                                        {S::kEnumerated, F::kNone, 2},
                                        {S::kEnumerated, F::kEventType, 3},
                                        {S::kAny, F::kNone, 4},
                                        {S::kUnsigned, F::kNotificationClass, 5}};
constexpr Schema kGetEnrollment = in_order(kGetEnrollmentRules);
constexpr Rule kLastObjectRules[] = {{S::kObject, F::kLastObject, 0}};
constexpr Schema kGetEvents = in_order(kLastObjectRules);
constexpr Rule kItemPriorityRules[] = {{S::kUnsigned, F::kItemPriority}};
constexpr Schema kItemPriorities = repeating(kItemPriorityRules);
constexpr Rule kEventSummaryRules[] = {{S::kObject, F::kObject, 0},
                                       {S::kEnumerated, F::kItemState, 1},
                                       {S::kBits, F::kItemAcked, 2},
                                       {S::kList, F::kNone, 3, &kItemStamps},
                                       {S::kEnumerated, F::kItemNotifyType, 4},
                                       {S::kBits, F::kItemEnable, 5},
                                       {S::kList, F::kNone, 6, &kItemPriorities}};
constexpr Schema kEventSummaries = repeating(kEventSummaryRules);
constexpr Rule kEventInformationRules[] = {{S::kList, F::kNone, 0, &kEventSummaries},
                                           {S::kBoolean, F::kMoreEvents, 1}};
constexpr Schema kEventInformation = in_order(kEventInformationRules);
constexpr Rule kSafetyRules[] = {{S::kUnsigned, F::kProcess, 0},
                                 {S::kText, F::kSource, 1},
                                 {S::kEnumerated, F::kOperation, 2},
                                 {S::kObject, F::kObject, 3}};
constexpr Schema kSafety = in_order(kSafetyRules);

// Files.
constexpr Rule kStreamRules[] = {
    {S::kSigned, F::kFileStart}, {S::kUnsigned, F::kFileCount}, {S::kOctets, F::kFileData}};
constexpr Schema kStream = in_order(kStreamRules);
constexpr Rule kRecordRules[] = {{S::kSigned, F::kFileRecord},
                                 {S::kUnsigned, F::kFileCount},
                                 {S::kOctets, F::kFileData, -1, nullptr, true}};
constexpr Schema kRecord = in_order(kRecordRules);
constexpr Rule kFileRules[] = {
    {S::kObject, F::kObject}, {S::kList, F::kNone, 0, &kStream}, {S::kList, F::kNone, 1, &kRecord}};
constexpr Schema kFile = in_order(kFileRules);
constexpr Rule kReadFileAckRules[] = {
    {S::kBoolean, F::kFileEnd}, {S::kList, F::kNone, 0, &kStream}, {S::kList, F::kNone, 1, &kRecord}};
constexpr Schema kReadFileAck = in_order(kReadFileAckRules);
constexpr Rule kWriteFileAckRules[] = {{S::kSigned, F::kFileStart, 0}, {S::kSigned, F::kFileRecord, 1}};
constexpr Schema kWriteFileAck = in_order(kWriteFileAckRules);

// Devices.
constexpr Rule kReinitializeRules[] = {{S::kEnumerated, F::kState, 0}, {S::kText, F::kPassword, 1}};
constexpr Schema kReinitialize = in_order(kReinitializeRules);
constexpr Rule kCommunicationRules[] = {
    {S::kUnsigned, F::kDuration, 0}, {S::kEnumerated, F::kCommunication, 1}, {S::kText, F::kPassword, 2}};
constexpr Schema kCommunication = in_order(kCommunicationRules);
constexpr Rule kPrivateRules[] = {
    {S::kUnsigned, F::kVendor, 0}, {S::kUnsigned, F::kServiceNumber, 1}, {S::kAny, F::kPrivate, 2}};
constexpr Schema kPrivate = in_order(kPrivateRules);
constexpr Rule kClassRules[] = {{S::kUnsigned, F::kClassNumber, 0}, {S::kText, F::kClassText, 1}};
constexpr Schema kClass = in_order(kClassRules);
constexpr Rule kTextRules[] = {{S::kObject, F::kDevice, 0},
                               {S::kList, F::kNone, 1, &kClass},
                               {S::kEnumerated, F::kMessagePriority, 2},
                               {S::kText, F::kText, 3}};
constexpr Schema kText = in_order(kTextRules);
constexpr Rule kVtOpenRules[] = {{S::kEnumerated, F::kVtClass}, {S::kUnsigned, F::kVtSession}};
constexpr Schema kVtOpen = in_order(kVtOpenRules);
constexpr Rule kVtSessionRules[] = {{S::kUnsigned, F::kVtSession, -1, nullptr, true}};
constexpr Schema kVtSession = in_order(kVtSessionRules);
constexpr Rule kVtDataRules[] = {
    {S::kUnsigned, F::kVtSession}, {S::kOctets, F::kVtData}, {S::kUnsigned, F::kVtFlag}};
constexpr Schema kVtData = in_order(kVtDataRules);
constexpr Rule kVtDataAckRules[] = {{S::kBoolean, F::kNone, 0}, {S::kUnsigned, F::kNone, 1}};
constexpr Schema kVtDataAck = in_order(kVtDataAckRules);
constexpr Rule kIAmRules[] = {{S::kObject, F::kDevice},
                              {S::kUnsigned, F::kMaxApdu},
                              {S::kEnumerated, F::kSegmentation},
                              {S::kUnsigned, F::kVendor}};
constexpr Schema kIAm = in_order(kIAmRules);
constexpr Rule kIHaveRules[] = {
    {S::kObject, F::kDevice}, {S::kObject, F::kObject}, {S::kText, F::kObjectName}};
constexpr Schema kIHave = in_order(kIHaveRules);
constexpr Rule kWhoRules[] = {{S::kUnsigned, F::kDeviceLow, 0},
                              {S::kUnsigned, F::kDeviceHigh, 1},
                              {S::kObject, F::kObject, 2},
                              {S::kText, F::kObjectName, 3}};
constexpr Schema kWho = in_order(kWhoRules);
constexpr Rule kWhoAmIRules[] = {{S::kUnsigned, F::kVendor}, {S::kText, F::kModel}, {S::kText, F::kSerial}};
constexpr Schema kWhoAmI = in_order(kWhoAmIRules);
constexpr Rule kYouAreRules[] = {{S::kUnsigned, F::kVendor},
                                 {S::kText, F::kModel},
                                 {S::kText, F::kSerial},
                                 {S::kObject, F::kDevice},
                                 {S::kOctets, F::kAddress}};
constexpr Schema kYouAre = in_order(kYouAreRules);
constexpr auto kGroupValueRules = [] {
  constexpr auto kTypes = static_cast<std::size_t>(S::kObject) + 1;
  std::array<Rule, 2 + kTypes> rules{{{S::kUnsigned, F::kChannel, 0}, {S::kUnsigned, F::kPriority, 1}}};
  for (std::size_t n = 0; n < kTypes; ++n) rules[2 + n] = {static_cast<S>(n), F::kPlainValue};
  return rules;
}();
constexpr Schema kGroupValues{kGroupValueRules.data(), kGroupValueRules.size(), true, true};
constexpr Rule kGroupRules[] = {{S::kUnsigned, F::kGroup, 0},
                                {S::kUnsigned, F::kWritePriority, 1},
                                {S::kList, F::kNone, 2, &kGroupValues},
                                {S::kBoolean, F::kInhibitDelay, 3}};
constexpr Schema kGroup = in_order(kGroupRules);

// Errors (clause 21): most have a class and a code alone.
constexpr Rule kErrorRules[] = {{S::kEnumerated, F::kErrorClass}, {S::kEnumerated, F::kErrorCode}};
constexpr Schema kError = in_order(kErrorRules);
constexpr Rule kElementErrorRules[] = {{S::kList, F::kNone, 0, &kError}, {S::kUnsigned, F::kFirstFailed, 1}};
constexpr Schema kElementError = in_order(kElementErrorRules);
constexpr Rule kPrivateErrorRules[] = {{S::kList, F::kNone, 0, &kError},
                                       {S::kUnsigned, F::kVendor, 1},
                                       {S::kUnsigned, F::kServiceNumber, 2},
                                       {S::kAny, F::kPrivate, 3}};
constexpr Schema kPrivateError = in_order(kPrivateErrorRules);
constexpr Rule kFailedWriteRules[] = {
    {S::kObject, F::kObject, 0}, {S::kEnumerated, F::kProperty, 1}, {S::kUnsigned, F::kIndex, 2}};
constexpr Schema kFailedWrite = in_order(kFailedWriteRules);
constexpr Rule kWriteErrorRules[] = {{S::kList, F::kNone, 0, &kError},
                                     {S::kList, F::kNone, 1, &kFailedWrite}};
constexpr Schema kWriteError = in_order(kWriteErrorRules);
constexpr Rule kVtErrorRules[] = {{S::kList, F::kNone, 0, &kError}, {S::kAny, F::kNone, 1}};
constexpr Schema kVtError = in_order(kVtErrorRules);

/// No parameters at all, or none that are known.
constexpr Schema kNothing{};
constexpr Schema kAnything{nullptr, 0, false, true};

struct Line {
  const Schema *request, *ack, *error;
};
// In the order of enum class Confirmed.
constexpr Line kLines[] = {
    {&kAcknowledge, nullptr, &kError},
    {&kNotify, nullptr, &kError},
    {&kEventNotify, nullptr, &kError},
    {&kNothing, &kAlarms, &kError},
    {&kGetEnrollment, &kEnrollments, &kError},
    {&kSubscribe, nullptr, &kError},
    {&kFile, &kReadFileAck, &kError},
    {&kFile, &kWriteFileAck, &kError},
    {&kWrite, nullptr, &kElementError},
    {&kWrite, nullptr, &kElementError},
    {&kCreate, &kOneObject, &kElementError},
    {&kOneObject, nullptr, &kError},
    {&kRead, &kWrite, &kError},
    {&kAnything, &kAnything, &kError},
    {&kReadMultiple, &kReadMultipleAck, &kError},
    {&kWrite, nullptr, &kError},
    {&kWriteMultiple, nullptr, &kWriteError},
    {&kCommunication, nullptr, &kError},
    {&kPrivate, &kPrivate, &kPrivateError},
    {&kText, nullptr, &kError},
    {&kReinitialize, nullptr, &kError},
    {&kVtOpen, &kVtSession, &kError},
    {&kVtSession, nullptr, &kVtError},
    {&kVtData, &kVtDataAck, &kError},
    {&kAnything, &kAnything, &kError},
    {&kAnything, &kAnything, &kError},
    {&kReadRange, &kReadRangeAck, &kError},
    {&kSafety, nullptr, &kError},
    {&kSubscribe, nullptr, &kError},
    {&kGetEvents, &kEventInformation, &kError},
    {&kSubscribeMultiple, nullptr, &kWriteError},
    {&kNotifyMultiple, nullptr, &kError},
    {&kAnything, nullptr, &kError},
    {&kAnything, &kAnything, &kError},
    {&kAnything, &kAnything, &kError},
};
static_assert(std::size(kLines) == static_cast<std::size_t>(Confirmed::kAuthRequest) + 1);

// In the order of enum class Unconfirmed.
constexpr const Schema* kUnconfirmed[] = {
    &kIAm, &kIHave,     &kNotify, &kEventNotify,    &kPrivate,  &kText,   &kStampDate, &kWho,
    &kWho, &kStampDate, &kGroup,  &kNotifyMultiple, &kAnything, &kWhoAmI, &kYouAre,
};
static_assert(std::size(kUnconfirmed) == static_cast<std::size_t>(Unconfirmed::kYouAre) + 1);

}  // namespace

const Schema* request_schema(std::uint8_t s) noexcept {
  return s < std::size(kLines) ? kLines[s].request : nullptr;
}
const Schema* ack_schema(std::uint8_t s) noexcept {
  if (s >= std::size(kLines)) return nullptr;
  return kLines[s].ack != nullptr ? kLines[s].ack : &kNothing;
}
const Schema* error_schema(std::uint8_t s) noexcept {
  return s < std::size(kLines) ? kLines[s].error : &kError;
}
const Schema* unconfirmed_schema(std::uint8_t s) noexcept {
  return s < std::size(kUnconfirmed) ? kUnconfirmed[s] : nullptr;
}

}  // namespace picket::bacnet
