// parsers/http2/http2_names.h — numbers of HTTP/2 and their names (RFC 9113, §6, §7, §11)
#pragma once
#include <cstdint>
#include <string_view>

namespace picket::http2 {

/// Types of frames; others may come, and are passed over.
enum FrameType : std::uint8_t {
  kData,
  kHeadersFrame,
  kPriority,
  kRstStream,
  kSettings,
  kPushPromise,
  kPing,
  kGoAway,
  kWindowUpdate,
  kContinuation,
};
inline constexpr std::uint8_t kAltSvc = 10, kOrigin = 12, kPriorityUpdate = 16;  ///< RFC 7838, 8336, 9218

enum Setting : std::uint16_t {
  kHeaderTableSize = 1,
  kEnablePush,
  kMaxConcurrentStreams,
  kInitialWindowSize,
  kMaxFrameSize,
  kMaxHeaderListSize,
  kEnableConnectProtocol = 8,
  kNoPriorities,
};

// As EVE has them, without underscores: "RSTSTREAM", "SETTINGSMAXFRAMESIZE", "PROTOCOLERROR"; empty: no name.
[[nodiscard]] std::string_view frame_name(std::uint64_t type) noexcept;
[[nodiscard]] std::string_view setting_name(std::uint64_t id) noexcept;
[[nodiscard]] std::string_view error_name(std::uint64_t code) noexcept;

// With or without underscores, in any case; false: nothing is called so. Fit IntegerDef::by_name.
[[nodiscard]] bool find_frame(std::string_view name, std::uint64_t& type) noexcept;
[[nodiscard]] bool find_setting(std::string_view name, std::uint64_t& id) noexcept;
[[nodiscard]] bool find_error(std::string_view name, std::uint64_t& code) noexcept;

/// What can be odd. In the order of kEvents in http2_spec.cc; the names there are Suricata's where it has one.
enum class Event : std::uint8_t {
  kInvalidFrameHeader,
  kInvalidMagic,
  kInvalidFrameData,
  kInvalidHeader,
  kInvalidFrameLength,
  kExtraHeaderData,
  kLongFrame,
  kStreamReuse,
  kInvalidUpgradeSettings,
  kDecompressionFailed,
  kInvalidRange,
  kIntegerOverflow,
  kTooManyStreams,
  kHostMismatch,
  kUserInfo,
  kReassemblyLimit,
  kDnsRequestTooLong,
  kDnsReplyTooLong,
  kDataStreamZero,
  kTooManyFrames,
  // What Suricata has not.
  kSettingsExpected,
  kIdleStream,
  kClosedStream,
  kContinuationExpected,
  kContinuationUnexpected,
  kContinuationFlood,
  kHeaderListTooLarge,
  kInvalidHuffman,
  kInvalidHeaderIndex,
  kInvalidSizeUpdate,
  kTableLimit,
  kUppercaseName,
  kConnectionHeader,
  kInvalidPseudoHeader,
  kMissingPseudoHeader,
  kInvalidContentLength,
  kContentLengthMismatch,
  kTrailersWithoutEnd,
  kInvalidSetting,
  kSettingsFlood,
  kPingFlood,
  kPriorityFlood,
  kEmptyFrameFlood,
  kRapidReset,
  kZeroWindowUpdate,
  kWindowOverflow,
  kWindowExceeded,
  kSelfDependency,
  kInvalidPush,
  kGoAwayIncreased,
  kConcurrencyExceeded,
  kUnknownFrame,
  kBodyUnexpected,
  kCompressionBomb,
  kDecompressionBudget,
  kOutOfMemory,
  kTooManyLayers,
  kAbnormalEncoding,
  kMultipartError,
  kMultipartNoFile,
  kMultipartHeader,
  kFileNameTooLong,
  kDoubleEncodedUri,
  kGap,
  kCount,
};

}  // namespace picket::http2
