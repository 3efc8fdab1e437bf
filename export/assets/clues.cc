#include "export/assets/clues.h"

#include <arpa/inet.h>

#include <algorithm>
#include <string>

#include "export/assets/asset_address.h"
#include "parsers/core/text.h"

namespace picket {
namespace {

/// In the order of AssetKind.
constexpr AssetKindText kKinds[] = {
    {"mac", 4},      {"address", 4}, {"name", 16}, {"vendor", 8},    {"model", 16}, {"hardware", 8},
    {"firmware", 8}, {"serial", 8},  {"os", 8},    {"software", 16}, {"role", 8},   {"station", 64},
    {"client", 32},  {"server", 32}, {"does", 16}, {"done", 16},
};
static_assert(std::size(kKinds) == static_cast<std::size_t>(AssetKind::kCount));

/// The first word that stands in the text counts: what is narrow stands before what is wide.
constexpr struct {
  std::string_view word, os;
} kSystems[] = {
    {"windows nt 10.0", "Windows 10 or later"},
    {"windows nt 6.3", "Windows 8.1"},
    {"windows nt 6.2", "Windows 8"},
    {"windows nt 6.1", "Windows 7"},
    {"windows nt 6.0", "Windows Vista"},
    {"windows nt 5.2", "Windows Server 2003"},
    {"windows nt 5.1", "Windows XP"},
    {"windows nt 5.0", "Windows 2000"},
    {"windows 5.1", "Windows XP"},
    {"windows 5.0", "Windows 2000"},
    {"windows ce", "Windows CE"},
    {"openssh_for_windows", "Windows"},
    {"microsoft-", "Windows"},
    {"microsoft ", "Windows"},
    {"windows", "Windows"},
    {"iphone", "iOS"},
    {"ipad", "iPadOS"},
    {"mac os x", "macOS"},
    {"macintosh", "macOS"},
    {"android", "Android"},
    {"raspbian", "Raspberry Pi OS"},
    {"ubuntu", "Ubuntu"},
    {"debian", "Debian"},
    {"red hat", "Red Hat Enterprise Linux"},
    {"centos", "CentOS"},
    {"fedora", "Fedora"},
    {"suse", "SUSE"},
    {"freebsd", "FreeBSD"},
    {"openbsd", "OpenBSD"},
    {"netbsd", "NetBSD"},
    {"vxworks", "VxWorks"},
    {"qnx", "QNX"},
    {"solaris", "Solaris"},
    {"rosssh", "RouterOS"},
    {"mikrotik", "RouterOS"},
    {"cisco", "Cisco IOS"},
    {"linux", "Linux"},
    {"unix", "Unix"},
};

/// What a part of a description begins with; `keep`: that belongs to it.
constexpr struct {
  std::string_view text;
  AssetKind kind;
  bool keep;
} kLabels[] = {
    {"FW:", AssetKind::kFirmware, false},       {"FW ", AssetKind::kFirmware, false},
    {"Firmware:", AssetKind::kFirmware, false}, {"HW:", AssetKind::kHardware, false},
    {"HW ", AssetKind::kHardware, false},       {"S/N:", AssetKind::kSerial, false},
    {"S/N ", AssetKind::kSerial, false},        {"SN:", AssetKind::kSerial, false},
    {"6ES7", AssetKind::kModel, true},          {"6GK", AssetKind::kModel, true},
    {"6AV", AssetKind::kModel, true},
};

bool contains_word(std::string_view text, std::string_view lower) noexcept {
  return std::search(text.begin(), text.end(), lower.begin(), lower.end(), [](char a, char b) {
           return static_cast<char>(to_lower(static_cast<std::uint8_t>(a))) == b;
         }) != text.end();
}

}  // namespace

const AssetKindText& asset_kind(AssetKind kind) noexcept { return kKinds[static_cast<std::size_t>(kind)]; }

std::string_view os_in(std::string_view text) noexcept {
  for (const auto& s : kSystems) {
    if (contains_word(text, s.word)) return s.os;
  }
  return {};
}

bool is_address_text(std::string_view text) noexcept {
  if (!text.empty() && text.front() == '[') text = text.substr(1, text.find(']') - 1);
  if (std::count(text.begin(), text.end(), ':') == 1) text = text.substr(0, text.find(':'));
  if (text.size() >= INET6_ADDRSTRLEN) return false;
  std::array<char, INET6_ADDRSTRLEN> z{};
  std::copy(text.begin(), text.end(), z.begin());
  std::array<std::uint8_t, 16> out;
  return inet_pton(AF_INET, z.data(), out.data()) == 1 || inet_pton(AF_INET6, z.data(), out.data()) == 1;
}

void read_name(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view name = trim(as_text(f.bytes));
  if (!is_address_text(name)) to.tell(c.end, c.kind, name, c.confidence);
}

void read_software(const WireField& f, const AssetClue& c, AssetTeller& to) {
  const std::string_view text = as_text(f.bytes);
  to.tell(c.end, AssetKind::kSoftware, text, c.confidence);
  to.tell(c.end, AssetKind::kOs, os_in(text), confidence::kHint);
}

void read_mac(const WireField& f, const AssetClue& c, AssetTeller& to) {
  Mac mac;
  if (f.bytes.size() != mac.size()) return;
  std::copy(f.bytes.begin(), f.bytes.end(), mac.begin());
  if (is_of_host(mac)) to.tell(c.end, AssetKind::kMac, mac_text(mac), c.confidence);
}

void tell_description(AssetEnd end, std::string_view text, std::uint8_t confidence, AssetTeller& to) {
  to.tell(end, AssetKind::kSoftware, text, confidence);
  to.tell(end, AssetKind::kOs, os_in(text), confidence::kHint);
  while (!text.empty()) {
    const std::string_view part = trim(text.substr(0, text.find(',')));
    text.remove_prefix(std::min(text.size(), text.find(',') == text.npos ? text.size() : text.find(',') + 1));
    for (const auto& label : kLabels) {
      if (!part.starts_with(label.text)) continue;
      to.tell(end, label.kind, trim(part.substr(label.keep ? 0 : label.text.size())), confidence);
      break;
    }
  }
}

std::string_view common_name(std::string_view text) noexcept {
  const std::size_t at = text.rfind("CN=");
  if (at == text.npos || (at != 0 && text[at - 1] != ' ' && text[at - 1] != ',')) return {};
  text.remove_prefix(at + 3);
  return text.substr(0, text.find(','));
}

}  // namespace picket
