#include "export/assets/mac_vendors.h"

#include <algorithm>
#include <fstream>
#include <optional>
#include <unordered_map>

#include "parsers/core/text.h"

namespace picket {
namespace {

constexpr std::string_view kFiles[] = {"iab.csv", "mam.csv", "oui.csv", "oui36.csv"};
constexpr unsigned kBits[] = {24, 28, 36};

constexpr std::uint64_t key_of(std::uint64_t mac, unsigned bits) noexcept {
  return (mac >> (48 - bits) << (48 - bits)) << 8 | bits;
}

/// The next field of a line of CSV; its quotes are taken off.
std::optional<std::string> csv_field(std::string_view& line) {
  if (line.empty()) return std::nullopt;
  std::string out;
  bool quoted = false;
  std::size_t i = 0;
  for (; i < line.size(); ++i) {
    const char c = line[i];
    if (c == '"') {
      if (quoted && i + 1 < line.size() && line[i + 1] == '"')
        out += line[i++];
      else
        quoted = !quoted;
    } else if (c == ',' && !quoted) {
      break;
    } else {
      out += c;
    }
  }
  line.remove_prefix(std::min(i + 1, line.size()));
  return out;
}

}  // namespace

void MacVendors::line(std::string_view text) {
  const auto registry = csv_field(text);
  const auto digits = csv_field(text);
  const auto name = csv_field(text);
  if (!name || prefixes_.size() >= kMaxPrefixes) return;
  const unsigned bits = static_cast<unsigned>(digits->size()) * 4;
  if (std::find(std::begin(kBits), std::end(kBits), bits) == std::end(kBits)) return;
  std::uint64_t value = 0;
  for (const char c : *digits) {
    const int v = hex_digit(static_cast<std::uint8_t>(c));
    if (v < 0) return;
    value = value << 4 | static_cast<std::uint64_t>(v);
  }
  const std::string_view vendor = trim(*name).substr(0, kMaxName);
  // Blocks that the registry has cut into smaller ones, and owners who stay unnamed.
  if (vendor.empty() || vendor == "IEEE Registration Authority" || vendor == "Private") return;
  prefixes_.push_back({key_of(value << (48 - bits), bits), static_cast<std::uint32_t>(names_.size()),
                       static_cast<std::uint32_t>(vendor.size())});
  names_ += vendor;
}

bool MacVendors::read(const std::filesystem::path& file) {
  std::ifstream in(file);
  if (!in) return false;
  std::string whole;
  for (std::string l; std::getline(in, l);) {
    // A quoted field may go on in the next line.
    whole += (whole.empty() ? "" : " ") + std::string(trim(l));
    if (std::count(whole.begin(), whole.end(), '"') % 2 != 0 && whole.size() < 4096) continue;
    line(whole);
    whole.clear();
  }
  return true;
}

/// In order, each prefix once, each name stored once.
void MacVendors::sort() {
  std::stable_sort(prefixes_.begin(), prefixes_.end(),
                   [](const Prefix& a, const Prefix& b) { return a.key < b.key; });
  const auto same = [](const Prefix& a, const Prefix& b) { return a.key == b.key; };
  prefixes_.erase(std::unique(prefixes_.begin(), prefixes_.end(), same), prefixes_.end());
  prefixes_.shrink_to_fit();
  std::string names;
  std::unordered_map<std::string, std::uint32_t> at;
  for (Prefix& p : prefixes_) {
    const std::string name = names_.substr(p.at, p.size);
    const auto [it, fresh] = at.try_emplace(name, static_cast<std::uint32_t>(names.size()));
    if (fresh) names += name;
    p.at = it->second;
  }
  names_ = std::move(names);
  names_.shrink_to_fit();
}

Result<MacVendors> MacVendors::load(const std::filesystem::path& path) {
  MacVendors all;
  std::error_code ignored;
  bool any = false;
  if (std::filesystem::is_directory(path, ignored)) {
    for (const std::string_view file : kFiles) any |= all.read(path / file);
  } else {
    any = all.read(path);
  }
  all.sort();
  if (any && all.size() != 0) return all;
  return Error{"assets.vendors: there is no list of MAC prefixes at '" + path.string() +
               "'; install Debian's package ieee-data, or name a folder that has its oui.csv"};
}

std::string_view MacVendors::find(const std::array<std::uint8_t, 6>& mac) const noexcept {
  if ((mac[0] & 3) != 0) return {};
  std::uint64_t value = 0;
  for (const std::uint8_t b : mac) value = value << 8 | b;
  for (const unsigned bits : {36U, 28U, 24U}) {
    const std::uint64_t key = key_of(value, bits);
    const auto at = std::lower_bound(prefixes_.begin(), prefixes_.end(), key,
                                     [](const Prefix& p, std::uint64_t k) { return p.key < k; });
    if (at != prefixes_.end() && at->key == key) return std::string_view(names_).substr(at->at, at->size);
  }
  return {};
}

}  // namespace picket
