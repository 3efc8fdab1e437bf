#include "sensor/rules/builder.h"

#include <algorithm>

#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

/// byte_test, isdataat and the like that count from the end of the last match.
bool counts_from_match(const Clause& clause) {
  return std::visit(
      [](const auto& c) {
        using T = std::decay_t<decltype(c)>;
        if constexpr (std::is_same_v<T, ByteTest> || std::is_same_v<T, ByteJump> ||
                      std::is_same_v<T, ByteExtract> || std::is_same_v<T, ByteMath>) {
          return c.source.relative;
        } else if constexpr (std::is_same_v<T, IsDataAt> || std::is_same_v<T, Base64Decode>) {
          return c.relative;
        } else if constexpr (std::is_same_v<T, Asn1>) {
          return c.relative_offset.has_value();
        } else {
          return false;
        }
      },
      clause);
}

/// Others may count from the end of these.
bool leaves_match(const Clause& clause) {
  return std::holds_alternative<Content>(clause) || std::holds_alternative<Pcre>(clause) ||
         std::holds_alternative<ByteTest>(clause) || std::holds_alternative<ByteJump>(clause) ||
         std::holds_alternative<ByteExtract>(clause) || std::holds_alternative<ByteMath>(clause) ||
         std::holds_alternative<IsDataAt>(clause);
}

}  // namespace

bool Builder::fail(std::string_view where, std::string reason, std::string suggestion) {
  if (!failed_) error_ = {where, std::move(reason), std::move(suggestion)};
  failed_ = true;
  return false;
}

void Builder::warn(std::string_view where, std::string reason, std::string suggestion) {
  warnings_.push_back({where, std::move(reason), std::move(suggestion)});
}

void Builder::deprecated(std::string_view where, std::string_view modern) {
  std::string reason = "'" + std::string(where) + "' is an older form";
  for (const Complaint& w : warnings_) {
    if (w.deprecated && w.reason == reason) return;  // once a rule
  }
  warnings_.push_back({where, std::move(reason), "write " + std::string(modern), true});
}

// ----------------------------------------------------------------------------------------------------------
// buffers

std::size_t Builder::group_for(const Group& wanted, bool separate) {
  if (!separate) {
    for (std::size_t i = 0; i < rule_.groups.size(); ++i) {
      const Group& g = rule_.groups[i];
      if (g.place == wanted.place && g.name == wanted.name && g.only == wanted.only &&
          g.transforms == wanted.transforms)
        return i;
    }
  }
  rule_.groups.push_back(wanted);
  return rule_.groups.size() - 1;
}

Group& Builder::current_group() {
  if (!group_) group_ = group_for(entered_, many_valued_);
  is_empty_ = false;
  return rule_.groups[*group_];
}

bool Builder::finish() {
  if (!sticky_ || !is_empty_) return true;
  return fail(entered_at_, "nothing is asked of buffer '" + std::string(entered_.name) + "'",
              "put a content, pcre or the like behind it");
}

bool Builder::enter(const Option& option, const BufferTarget& target, std::optional<Direction> only) {
  if (!finish()) return false;
  entered_ = {};
  entered_.place = target.place;
  entered_.name = target.name;
  entered_.only = only;
  if (target.declared != nullptr) entered_.fields = target.declared->fields;
  many_valued_ = target.declared != nullptr && target.declared->many_valued;
  entered_at_ = option.name;
  group_.reset();
  sticky_ = is_empty_ = true;
  return true;
}

bool Builder::leave(const Option&) {
  if (!finish()) return false;
  entered_ = {};
  group_.reset();
  sticky_ = many_valued_ = is_empty_ = false;
  return true;
}

bool Builder::add_transform(const Option& option, Transform transform) {
  if (!sticky_) {
    return fail(option.name, "transform '" + std::string(option.name) + "' needs a sticky buffer before it",
                "as in http.uri; to_lowercase; content:\"x\";");
  }
  if (!is_empty_) {
    // Behind a content the buffer begins anew: what follows looks at it transformed, what came before did
    // not.
    entered_.transforms.clear();
    group_.reset();
    is_empty_ = true;
  }
  constexpr std::size_t kMost = 16;
  if (entered_.transforms.size() == kMost) return fail(option.name, "more than 16 transforms of one buffer");
  entered_.transforms.push_back(std::move(transform));
  return true;
}

void Builder::add(Clause clause) {
  // Rules without sticky buffers send contents to buffers behind their back: what is relative means the last
  // of them.
  if (!sticky_ && last_match_ && counts_from_match(clause)) {
    rule_.groups[*last_match_].clauses.push_back(std::move(clause));
    return;
  }
  Group& group = current_group();
  group.clauses.push_back(std::move(clause));
  if (leaves_match(group.clauses.back())) last_match_ = *group_;
  if (std::holds_alternative<Content>(group.clauses.back()))
    last_content_ = {*group_, group.clauses.size() - 1};
}

void Builder::add_to(const BufferTarget& target, Clause clause) {
  Group wanted;
  wanted.place = target.place;
  wanted.name = target.name;
  if (target.declared != nullptr) wanted.fields = target.declared->fields;
  const auto to = group_for(wanted, false);
  if (leaves_match(clause)) last_match_ = to;
  rule_.groups[to].clauses.push_back(std::move(clause));
}

Content* Builder::last_content() noexcept {
  return last_content_ ? &std::get<Content>(rule_.groups[last_content_->first].clauses[last_content_->second])
                       : nullptr;
}

void Builder::move_last_content(const BufferTarget& target) {
  const auto [from, at] = *last_content_;
  // `from` may be left empty; the checks drop such groups once all options are read.
  Clause content = std::move(rule_.groups[from].clauses[at]);
  rule_.groups[from].clauses.erase(rule_.groups[from].clauses.begin() + static_cast<std::ptrdiff_t>(at));
  Group wanted;
  wanted.place = target.place;
  wanted.name = target.name;
  if (target.declared != nullptr) wanted.fields = target.declared->fields;
  const auto to = group_for(wanted, false);
  rule_.groups[to].clauses.push_back(std::move(content));
  last_content_ = {to, rule_.groups[to].clauses.size() - 1};
  last_match_ = to;
}

bool Builder::find_buffer(std::string_view blame, std::string_view name, BufferTarget& out) {
  const Declared* declared = environment_.declared(name);
  if (declared != nullptr && declared->kind == Declared::Kind::kBuffer) {
    out = {Place::kTransaction, declared->name, declared};
    return true;
  }
  const auto protocol = keyword_protocol(name);
  std::string reason = "keyword '" + std::string(blame) + "': picket ";
  if (!protocol.empty() && environment_.protocols_named(protocol).empty()) {
    reason += "does not parse " + std::string(protocol) + " yet";
  } else {
    reason += "has no buffer '" + std::string(name) + "' yet";
  }
  return fail(blame, std::move(reason));
}

// ----------------------------------------------------------------------------------------------------------
// values

bool Builder::read_operand(std::string_view text, std::string_view what, Operand& out) {
  if (text.empty()) return fail(text, std::string(what) + " is missing");
  if (is_digit(text.front()) || text.front() == '-' || text.front() == '+') {
    std::int64_t value = 0;
    if (!parse_number(text, value) || value < -0xffffffffLL || value > 0xffffffffLL) {
      return fail(text, "'" + std::string(text) + "' is not a number for " + std::string(what));
    }
    out = {value, -1};
    return true;
  }
  const auto& names = rule_.variables;
  const auto found = std::find(names.begin(), names.end(), text);
  if (found != names.end()) {
    out = {0, static_cast<std::int16_t>(found - names.begin())};
    return true;
  }
  NearestName nearest(text);
  for (const auto& name : names) nearest.consider(name);
  return fail(text,
              "'" + std::string(text) +
                  "' is neither a number nor a variable that byte_extract or byte_math filled before",
              nearest.best().empty() ? "" : "did you mean '" + std::string(nearest.best()) + "'?");
}

std::int16_t Builder::define_variable(std::string_view name) {
  if (name.empty() || is_digit(name.front()) || name.front() == '-') {
    return fail(name, "a variable's name must begin with a letter"), std::int16_t{-1};
  }
  auto& names = rule_.variables;
  const auto found = std::find(names.begin(), names.end(), name);
  if (found != names.end()) return static_cast<std::int16_t>(found - names.begin());
  constexpr std::size_t kMost = 256;
  if (names.size() == kMost) return fail(name, "more than 256 variables in one rule"), std::int16_t{-1};
  names.emplace_back(name);
  return static_cast<std::int16_t>(names.size() - 1);
}

}  // namespace picket::rules
