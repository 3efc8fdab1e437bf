#include "parsers/http2/http2_names.h"

#include <span>

#include "parsers/core/bytes.h"

namespace picket::http2 {
namespace {

struct Named {
  std::uint16_t number;
  std::string_view name;
};

constexpr Named kFrames[] = {
    {kData, "DATA"},
    {kHeadersFrame, "HEADERS"},
    {kPriority, "PRIORITY"},
    {kRstStream, "RSTSTREAM"},
    {kSettings, "SETTINGS"},
    {kPushPromise, "PUSHPROMISE"},
    {kPing, "PING"},
    {kGoAway, "GOAWAY"},
    {kWindowUpdate, "WINDOWUPDATE"},
    {kContinuation, "CONTINUATION"},
    {kAltSvc, "ALTSVC"},
    {kOrigin, "ORIGIN"},
    {kPriorityUpdate, "PRIORITYUPDATE"},
};

constexpr Named kSettingNames[] = {
    {kHeaderTableSize, "SETTINGSHEADERTABLESIZE"},
    {kEnablePush, "SETTINGSENABLEPUSH"},
    {kMaxConcurrentStreams, "SETTINGSMAXCONCURRENTSTREAMS"},
    {kInitialWindowSize, "SETTINGSINITIALWINDOWSIZE"},
    {kMaxFrameSize, "SETTINGSMAXFRAMESIZE"},
    {kMaxHeaderListSize, "SETTINGSMAXHEADERLISTSIZE"},
    {kEnableConnectProtocol, "SETTINGSENABLECONNECTPROTOCOL"},
    {kNoPriorities, "SETTINGSNORFC7540PRIORITIES"},
};

constexpr Named kErrors[] = {
    {0, "NOERROR"},
    {1, "PROTOCOLERROR"},
    {2, "INTERNALERROR"},
    {3, "FLOWCONTROLERROR"},
    {4, "SETTINGSTIMEOUT"},
    {5, "STREAMCLOSED"},
    {6, "FRAMESIZEERROR"},
    {7, "REFUSEDSTREAM"},
    {8, "CANCEL"},
    {9, "COMPRESSIONERROR"},
    {10, "CONNECTERROR"},
    {11, "ENHANCEYOURCALM"},
    {12, "INADEQUATESECURITY"},
    {13, "HTTP11REQUIRED"},
};

std::string_view name_of(std::span<const Named> table, std::uint64_t number) noexcept {
  for (const Named& n : table) {
    if (n.number == number) return n.name;
  }
  return {};
}

bool same(std::string_view written, std::string_view name) noexcept {
  std::size_t at = 0;
  for (const char c : written) {
    if (c == '_') continue;
    if (at == name.size() ||
        to_lower(static_cast<std::uint8_t>(c)) != to_lower(static_cast<std::uint8_t>(name[at])))
      return false;
    ++at;
  }
  return at == name.size();
}

bool find(std::span<const Named> table, std::string_view name, std::uint64_t& number) noexcept {
  for (const Named& n : table) {
    if (!same(name, n.name)) continue;
    number = n.number;
    return true;
  }
  return false;
}

}  // namespace

std::string_view frame_name(std::uint64_t type) noexcept { return name_of(kFrames, type); }
std::string_view setting_name(std::uint64_t id) noexcept { return name_of(kSettingNames, id); }
std::string_view error_name(std::uint64_t code) noexcept { return name_of(kErrors, code); }

bool find_frame(std::string_view name, std::uint64_t& type) noexcept { return find(kFrames, name, type); }
bool find_setting(std::string_view name, std::uint64_t& id) noexcept { return find(kSettingNames, name, id); }
bool find_error(std::string_view name, std::uint64_t& code) noexcept { return find(kErrors, name, code); }

}  // namespace picket::http2
