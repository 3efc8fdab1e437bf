#include "sensor/rules/reputation.h"

#include <algorithm>
#include <set>

#include "sensor/rules/lists.h"
#include "sensor/rules/text.h"
#include "sensor/rules/text_file.h"

namespace picket::rules {
namespace {

constexpr unsigned kMaxCategory = 60, kMaxScore = 127;
/// A file that is something else altogether must not fill the log.
constexpr std::size_t kMaxWarnings = 100;

template <class F>
void each_line(std::string_view text, F&& f) {
  for (unsigned number = 1; !text.empty(); ++number) {
    const auto line = take_until(text, '\n');
    if (!line.empty() && line.front() != '#') f(number, line);
  }
}

Address next_address(Address a) noexcept {
  for (std::size_t i = a.bytes.size(); i-- > 0;) {
    if (++a.bytes[i] != 0) break;
  }
  return a;
}
Address previous_address(Address a) noexcept {
  for (std::size_t i = a.bytes.size(); i-- > 0;) {
    if (a.bytes[i]-- != 0) break;
  }
  return a;
}

}  // namespace

AddressKnowledge AddressKnowledge::load(const KnowledgeFiles& files) {
  AddressKnowledge out;
  const auto read = [&out](const std::string& path, const auto& use) {
    const auto text = read_text_file(path);
    if (!text) return out.warnings.push_back(path + ": " + text.error().message);
    use(path, text.value());
  };
  if (!files.categories.empty())
    read(files.categories, [&out](const auto& path, const auto& text) { out.add_categories(path, text); });
  for (const std::string& file : files.reputation)
    read(file, [&out](const auto& path, const auto& text) { out.add_reputation(path, text); });
  if (!files.countries.empty()) {
    auto db = detect::CountryDatabase::open(files.countries);
    if (db)
      out.countries = std::move(db).value();
    else
      out.warnings.push_back(db.error().message);
  }
  return out;
}

void AddressKnowledge::add_categories(std::string_view file, std::string_view text) {
  has_categories = true;
  each_line(text, [&](unsigned number, std::string_view line) {
    unsigned id = 0;
    const bool good = parse_number(take_until(line, ','), id) && id != 0 && id <= kMaxCategory;
    const auto name = take_until(line, ',');
    if (good && !name.empty())
      ids_.try_emplace(std::string(name), id);
    else if (warnings.size() < kMaxWarnings)
      warnings.push_back(std::string(file) + ":" + std::to_string(number) +
                         ": expected ID,NAME,DESCRIPTION with an id of 1 to 60");
  });
}

void AddressKnowledge::add_reputation(std::string_view file, std::string_view text) {
  settled_.clear();
  each_line(text, [&](unsigned number, std::string_view line) {
    Entry e;
    unsigned id = 0, score = 0;
    const auto address = take_until(line, ',');
    const bool good = !AddressKind::parse_atom(address, e.range) && parse_number(take_until(line, ','), id) &&
                      id != 0 && id <= kMaxCategory && parse_number(trim(line), score) && score <= kMaxScore;
    e.score = static_cast<std::uint8_t>(score);
    if (good)
      entries_[id].push_back(e);
    else if (warnings.size() < kMaxWarnings)
      warnings.push_back(
          std::string(file) + ":" + std::to_string(number) +
          ": expected ADDRESS,CATEGORY,SCORE with a category of 1 to 60 and a score of 0 to 127");
  });
}

/// Cuts networks inside of networks into pieces; each has the score of the narrowest, the first of equal ones.
const std::vector<detect::ReputationRange>* AddressKnowledge::category(std::string_view name) const {
  const auto id = ids_.find(name);
  if (id == ids_.end()) return nullptr;
  const auto [known, fresh] = settled_.try_emplace(id->second);
  std::vector<detect::ReputationRange>& out = known->second;
  const auto found = entries_.find(id->second);
  if (!fresh || found == entries_.end()) return &out;
  const std::vector<Entry>& all = found->second;
  struct Edge {
    Address at;
    bool begins;
    std::uint32_t entry;
  };
  std::vector<Edge> edges;
  const Address none = next_address(Address{[] {
    Address a;
    a.bytes.fill(0xff);
    return a;
  }()});
  for (std::uint32_t i = 0; i < all.size(); ++i) {
    edges.push_back({all[i].range.first, true, i});
    // The highest address of all has no one behind it: such ranges simply never end.
    if (const Address behind = next_address(all[i].range.last); behind != none)
      edges.push_back({behind, false, i});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at < b.at; });
  const auto narrower = [&all](std::uint32_t a, std::uint32_t b) {
    const AddressRange &x = all[a].range, &y = all[b].range;
    if (x.first != y.first) return x.first > y.first;
    if (x.last != y.last) return x.last < y.last;
    return a < b;
  };
  std::set<std::uint32_t, decltype(narrower)> open(narrower);
  for (std::size_t i = 0; i < edges.size();) {
    const Address at = edges[i].at;
    for (; i < edges.size() && edges[i].at == at; ++i) {
      if (edges[i].begins)
        open.insert(edges[i].entry);
      else
        open.erase(edges[i].entry);
    }
    if (open.empty()) continue;
    Address last;
    last.bytes.fill(0xff);
    if (i < edges.size()) last = previous_address(edges[i].at);
    out.push_back({at, last, all[*open.begin()].score});
  }
  return &out;
}

}  // namespace picket::rules
