#include "sensor/rules/dynamic_sets.h"

#include <algorithm>
#include <fstream>

#include "dataplane/detect/dataset.h"

namespace picket::rules {
namespace {

constexpr std::uint64_t kEntryBytes = 64;  // about what the table needs beside the value

}  // namespace

DynamicSets::Places DynamicSets::add(std::span<const DynamicSet> sets) {
  Places places;
  for (const DynamicSet& fresh : sets) {
    const auto at = std::find_if(sets_.begin(), sets_.end(), [&](const Set& s) {
      return s.source.name == fresh.name && s.source.type == fresh.type;
    });
    const bool is_new = at == sets_.end();
    places.push_back(static_cast<std::uint32_t>(at - sets_.begin()));
    Set& s = is_new ? sets_.emplace_back() : *at;
    s.source = {fresh.name, fresh.type, {}, fresh.save, fresh.memcap};
    for (const std::string& v : is_new ? fresh.values : std::vector<std::string>()) add(s, v);
  }
  return places;
}

bool DynamicSets::add(Set& s, std::string value) {
  const std::uint64_t room = kEntryBytes + value.size();
  if (s.values.contains(value)) return false;
  if (s.bytes + room > s.source.memcap) {
    ++refused_;
    return false;
  }
  s.bytes += room;
  return s.values.insert(std::move(value)).second;
}

bool DynamicSets::admit(Bytes notes, const Places& places) {
  detect::DatasetNote n{};
  while (take_note(notes, n)) {
    if (n.set >= places.size()) return false;
    Set& s = sets_[places[n.set]];
    std::string value(as_text(n.value));
    bool holds = false;
    switch (n.command) {
      case detect::DatasetCommand::kSet:
        holds = add(s, std::move(value));
        break;
      case detect::DatasetCommand::kUnset:
        holds = s.values.erase(value) != 0;
        if (holds) s.bytes -= kEntryBytes + value.size();
        break;
      case detect::DatasetCommand::kIsSet:
        holds = s.values.contains(value);
        break;
      case detect::DatasetCommand::kIsNotSet:
        holds = !s.values.contains(value);
        break;
      case detect::DatasetCommand::kReputation:
        break;
    }
    if (!holds) return false;
  }
  return true;
}

std::vector<std::string> DynamicSets::save() const {
  std::vector<std::string> problems;
  for (const Set& s : sets_) {
    if (s.source.save.empty()) continue;
    std::vector<std::string> lines;
    for (const std::string& v : s.values) lines.push_back(show_dataset_value(s.source.type, v));
    std::sort(lines.begin(), lines.end());
    // First beside it, so that a half-written file never takes its place.
    std::filesystem::path fresh = s.source.save;
    fresh += ".new";
    std::ofstream f(fresh, std::ios::binary | std::ios::trunc);
    for (const std::string& line : lines) f << line << '\n';
    f.close();
    std::error_code error;
    if (f) std::filesystem::rename(fresh, s.source.save, error);
    if (!f || error)
      problems.push_back("dataset '" + s.source.name + "': cannot write '" + s.source.save.string() + "'");
  }
  return problems;
}

}  // namespace picket::rules
