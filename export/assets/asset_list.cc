#include "export/assets/asset_list.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "export/assets/clues.h"
#include "export/eve.h"

namespace picket {
namespace {

constexpr std::size_t kWidest = 48;  // of a column; longer texts are cut, --assets FILE.json has all

constexpr std::string_view kHeadings[] = {
    "ADDRESS", "TAP",   "VLAN",      "MAC",       "VENDOR",   "MODEL",    "FIRMWARE",   "SERIAL",    "OS",
    "NAMES",   "ROLES", "CLIENT OF", "SERVER OF", "STATIONS", "SOFTWARE", "FIRST SEEN", "LAST SEEN", "SURE"};
using Row = std::array<std::string, std::size(kHeadings)>;

std::string address_text(const std::string& bytes) {
  std::array<char, INET6_ADDRSTRLEN> out{};
  inet_ntop(bytes.size() == 4 ? AF_INET : AF_INET6, bytes.data(), out.data(), out.size());
  return out.data();
}

std::string time_text(std::uint64_t ns) {
  const auto seconds = static_cast<std::time_t>(ns / 1'000'000'000);
  std::tm tm{};
  gmtime_r(&seconds, &tm);
  std::array<char, 32> out{};
  return {out.data(), std::strftime(out.data(), out.size(), "%Y-%m-%dT%H:%M:%SZ", &tm)};
}

template <class Texts>
std::string joined(const Texts& texts) {
  std::string out;
  for (const auto& t : texts) {
    if (!out.empty()) out += ", ";
    out += t;
  }
  return out;
}

/// The best of a kind is a guess.
bool hinted(const v1::Asset& m, AssetKind kind) {
  for (const v1::AssetEvidence& e : m.evidence()) {
    if (e.kind() == asset_kind(kind).name) return e.confidence() <= confidence::kHint;
  }
  return false;
}

/// What came from the network may be anything: a terminal gets printable ASCII.
std::string shown(std::string text) {
  if (text.empty()) return "-";
  std::replace_if(
      text.begin(), text.end(), [](char c) { return c < 0x20 || c == 0x7f; }, '.');
  if (text.size() > kWidest) text = text.substr(0, kWidest - 3) + "...";
  return text;
}

Row row_of(const v1::Event& e) {
  const v1::Asset& m = e.asset();
  std::vector<std::string> vlans;
  for (const std::uint32_t v : e.vlan()) vlans.push_back(std::to_string(v));
  const auto best = [&m](const std::string& text, AssetKind kind) {
    return text.empty() || !hinted(m, kind) ? text : text + "?";
  };
  // An address that nobody was heard from, but that a link says it has.
  const bool said = m.address().size() != 0 && e.src_ip().empty();
  return {m.address().empty() ? "" : address_text(m.address()) + (said ? "?" : ""),
          e.in_iface(),
          joined(vlans),
          best(m.mac(), AssetKind::kMac),
          best(m.vendor(), AssetKind::kVendor),
          best(m.model(), AssetKind::kModel),
          m.firmware(),
          m.serial(),
          best(m.os(), AssetKind::kOs),
          joined(m.names()),
          joined(m.roles()),
          joined(m.client_of()),
          joined(m.server_of()),
          joined(m.stations()),
          joined(m.software()),
          time_text(m.first_seen()),
          time_text(m.last_seen()),
          std::to_string(m.confidence())};
}

}  // namespace

std::string asset_text(std::span<const v1::Event> events) {
  std::vector<Row> rows(1);
  for (std::size_t i = 0; i < std::size(kHeadings); ++i) rows[0][i] = kHeadings[i];
  for (const v1::Event& e : events) {
    rows.push_back(row_of(e));
    for (std::string& cell : rows.back()) cell = shown(std::move(cell));
  }
  std::array<std::size_t, std::size(kHeadings)> width{};
  for (const Row& r : rows) {
    for (std::size_t i = 0; i < r.size(); ++i) width[i] = std::max(width[i], r[i].size());
  }
  std::string out;
  for (const Row& r : rows) {
    for (std::size_t i = 0; i < r.size(); ++i) {
      out += r[i];
      if (i + 1 < r.size()) out.append(width[i] - r[i].size() + 2, ' ');
    }
    out += '\n';
  }
  return out;
}

std::string asset_json(std::span<const v1::Event> events) {
  std::string out = "[";
  EveWriter eve;
  for (const v1::Event& e : events) {
    const std::string bytes = e.SerializeAsString();
    const std::size_t before = out.size();
    out += before == 1 ? "\n" : ",\n";
    if (!eve.append(as_bytes(bytes), out)) out.resize(before);
  }
  return out + "\n]\n";
}

}  // namespace picket
