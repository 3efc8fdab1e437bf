#include "sensor/rules/threshold_file.h"

#include <algorithm>
#include <map>

#include "sensor/rules/lists.h"
#include "sensor/rules/text.h"
#include "sensor/rules/text_file.h"

namespace picket::rules {
namespace {

using Type = Threshold::Type;
using Track = Threshold::Track;
using Order = ThresholdFile::Order;

constexpr Named<Type> kTypes[] = {
    {"limit", Type::kLimit}, {"threshold", Type::kThreshold}, {"both", Type::kBoth}};
constexpr Named<Track> kTracks[] = {{"by_src", Track::kBySource},
                                    {"by_dst", Track::kByDestination},
                                    {"by_both", Track::kByBoth},
                                    {"by_rule", Track::kByRule},
                                    {"by_flow", Track::kByFlow}};
enum class Side : std::uint8_t { kSource, kDestination, kEither };
constexpr Named<Side> kSides[] = {
    {"by_src", Side::kSource}, {"by_dst", Side::kDestination}, {"by_either", Side::kEither}};
constexpr Named<bool> kActions[] = {{"pass", true},    {"alert", false}, {"drop", false},
                                    {"reject", false}, {"sdrop", false}, {"log", false}};

/// "gen_id 1, sig_id 2, ip [10.0.0.1,10.0.0.2]" as names and values; what stands in brackets is one value.
using Fields = std::map<std::string_view, std::string_view>;
std::optional<std::string> split(std::string_view rest, Fields& out) {
  while (!(rest = trim(rest)).empty()) {
    std::size_t end = 0;
    int depth = 0;
    for (; end < rest.size() && (depth > 0 || rest[end] != ','); ++end)
      depth += rest[end] == '[' ? 1 : rest[end] == ']' ? -1 : 0;
    auto value = trim(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    const auto name = take_word(value);
    if (name.empty() || value.empty())
      return "'" + std::string(name) + "' has no value; write NAME VALUE, NAME VALUE ...";
    if (!out.try_emplace(name, value).second) return "'" + std::string(name) + "' stands twice";
  }
  return {};
}

class Reader {
 public:
  explicit Reader(const RuleVariables& variables) : book_(variables.addresses) {}

  /// What is wrong with the line, or nothing. No order: the line has no effect here.
  std::optional<std::string> read(std::string_view line, std::optional<Order>& out) {
    const auto word = take_word(line);
    fields_.clear();
    if (auto why = split(line, fields_)) return why;
    Order order;
    if (!number("gen_id", order.gid) || !number("sig_id", order.sid))
      return "gen_id and sig_id have to be numbers";
    std::optional<std::string> why = "begin with threshold, event_filter, suppress or rate_filter";
    if (word == "threshold" || word == "event_filter") why = threshold(order);
    if (word == "suppress") why = suppress(order);
    if (word == "rate_filter") why = rate_filter(order);
    if (why) return why;
    if (!fields_.empty()) return "'" + std::string(fields_.begin()->first) + "' means nothing here";
    if (order.threshold || order.suppression) out = std::move(order);
    return {};
  }

 private:
  std::string_view take(std::string_view name) {
    const auto at = fields_.find(name);
    if (at == fields_.end()) return {};
    const auto value = at->second;
    fields_.erase(at);
    return value;
  }
  bool number(std::string_view name, std::uint32_t& out) { return parse_number(take(name), out); }

  std::optional<std::string> rate(Threshold& t) {
    const Track* track = find_named(kTracks, take("track"));
    if (track == nullptr) return "track has to be " + list_names(kTracks);
    t.track = *track;
    if (!number("count", t.count) || t.count == 0) return "count has to be a number from 1 on";
    if (!number("seconds", t.seconds) || t.seconds == 0) return "seconds has to be a number from 1 on";
    return {};
  }

  std::optional<std::string> threshold(Order& order) {
    const Type* type = find_named(kTypes, take("type"));
    if (type == nullptr) return "type has to be " + list_names(kTypes);
    order.threshold.emplace().type = *type;
    return rate(*order.threshold);
  }

  std::optional<std::string> rate_filter(Order& order) {
    Threshold t;
    t.type = Type::kRateFilter;
    if (auto why = rate(t)) return why;
    const bool* silences = find_named(kActions, take("new_action"));
    if (silences == nullptr) return "new_action has to be " + list_names(kActions);
    if (!number("timeout", t.silence_seconds)) return "timeout has to be a number";
    if (*silences) order.threshold = t;  // picket blocks nothing: any other action is the alert it was
    return {};
  }

  std::optional<std::string> suppress(Order& order) {
    Suppression& s = order.suppression.emplace();
    const auto track = take("track"), ip = take("ip");
    if (track.empty() && ip.empty()) return {};
    const Side* side = find_named(kSides, track);
    if (side == nullptr) return "track has to be " + list_names(kSides);
    if (ip.empty()) return "'track' needs 'ip': whose alerts are not wanted";
    Complaint complaint;
    s.hosts = book_.get(ip, complaint);
    if (s.hosts == nullptr) return complaint.reason;
    s.source = *side != Side::kDestination;
    s.destination = *side != Side::kSource;
    return {};
  }

  AddressBook book_;
  Fields fields_;
};

}  // namespace

ThresholdFile read_thresholds(std::string_view name, std::string_view text, const RuleVariables& variables) {
  ThresholdFile file;
  Reader reader(variables);
  std::string line;
  unsigned number = 0, first = 0;
  while (!text.empty()) {
    const auto end = text.find('\n');
    auto part = trim(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
    ++number;
    if (line.empty()) first = number;
    const bool goes_on = !part.empty() && part.back() == '\\';
    if (goes_on) part.remove_suffix(1);
    line += part;
    if (goes_on && !text.empty()) {
      line += ' ';
      continue;
    }
    const std::string whole(trim(std::string_view(line).substr(0, line.find('#'))));
    line.clear();
    if (whole.empty()) continue;
    std::optional<Order> order;
    if (const auto why = reader.read(whole, order))
      file.warnings.push_back(std::string(name) + ":" + std::to_string(first) + ": " + *why);
    else if (order)
      file.orders.push_back(std::move(*order));
  }
  return file;
}

ThresholdFile read_threshold_file(const std::string& path, const RuleVariables& variables) {
  const auto text = read_text_file(path);
  if (text) return read_thresholds(path, text.value(), variables);
  ThresholdFile none;
  none.warnings.push_back(path + ": " + text.error().message + "; no thresholds are taken from it");
  return none;
}

void ThresholdFile::apply(Judgement& j) const {
  const auto own = [](const Threshold& t) { return t.type != Type::kDetectionFilter; };
  const bool has_own = std::any_of(j.thresholds.begin(), j.thresholds.end(), own);
  bool replaced = false;
  for (const Order& o : orders) {
    if ((o.gid != 0 && o.gid != j.gid) || (o.sid != 0 && o.sid != j.sid)) continue;
    if (o.suppression) {
      j.suppressions.push_back(*o.suppression);
    } else if (o.threshold->type == Type::kRateFilter) {
      j.thresholds.push_back(*o.threshold);
    } else if (o.sid != 0) {
      if (!std::exchange(replaced, true))
        std::erase_if(j.thresholds,
                      [&](const Threshold& t) { return own(t) && t.type != Type::kRateFilter; });
      j.thresholds.push_back(*o.threshold);
    } else if (!has_own && !replaced) {
      j.thresholds.push_back(*o.threshold);
    }
  }
}

}  // namespace picket::rules
