// sensor/rules/builder.h — a rule while its options are read: what a keyword's reader may see and do
//
// A reader adds to rule(), or says fail() with the piece of text that is wrong and returns its false. Buffers
// work like a writer's cursor: enter() points at one, add() puts a clause there.
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "sensor/rules/diagnostic.h"
#include "sensor/rules/environment.h"
#include "sensor/rules/keyword.h"
#include "sensor/rules/rule.h"

namespace picket::rules {

/// Where a legacy modifier or a pcre flag sends a clause: a buffer by name.
struct BufferTarget {
  Place place = Place::kPayload;
  std::string_view name;
  const Declared* declared = nullptr;  ///< kTransaction
};

class Builder {
 public:
  Builder(Rule& rule, Environment& environment) : rule_(rule), environment_(environment) {}

  [[nodiscard]] Rule& rule() noexcept { return rule_; }
  [[nodiscard]] Environment& environment() noexcept { return environment_; }

  /// Always false. The first complaint of a rule is the one that counts.
  bool fail(std::string_view where, std::string reason, std::string suggestion = {});
  void warn(std::string_view where, std::string reason, std::string suggestion = {});
  /// The rule says in an older way what `modern` says.
  void deprecated(std::string_view where, std::string_view modern);
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  [[nodiscard]] const Complaint& error() const noexcept { return error_; }
  [[nodiscard]] std::vector<Complaint>& warnings() noexcept { return warnings_; }

  bool priority_written = false;  ///< by `priority`, which then outranks classtype

  // Buffers.
  /// What follows looks at this buffer, until the next enter() or leave(). False when the one before stayed
  /// empty.
  bool enter(const Option& option, const BufferTarget& target, std::optional<Direction> only = std::nullopt);
  /// Back to the payload: pkt_data.
  bool leave(const Option& option);
  /// Between a sticky buffer and its next change.
  [[nodiscard]] bool in_sticky_buffer() const noexcept { return sticky_; }
  /// Is this the buffer entered, so that a flag which names it says nothing new?
  [[nodiscard]] bool is_entered(std::string_view buffer) const noexcept {
    return sticky_ && entered_.name == buffer;
  }
  /// At the end of the rule: false when a buffer was named and nothing is asked of it.
  bool finish();
  bool add_transform(const Option& option, Transform transform);

  void add(Clause clause);
  /// Adds to another buffer than the one entered.
  void add_to(const BufferTarget& target, Clause clause);
  [[nodiscard]] Content* last_content() noexcept;
  /// Has no modifier sent it elsewhere yet?
  [[nodiscard]] bool last_content_in_payload() const noexcept {
    return last_content_ && rule_.groups[last_content_->first].place == Place::kPayload;
  }
  /// The last content moves from the payload to `target`, as legacy modifiers want it.
  void move_last_content(const BufferTarget& target);
  /// Resolves a buffer of some protocol; says fail() with the reason when there is none.
  bool find_buffer(std::string_view blame, std::string_view name, BufferTarget& out);

  // Values.
  /// A number, or the name of a variable that an earlier keyword fills.
  bool read_operand(std::string_view text, std::string_view what, Operand& out);
  /// `<5`, `1-9`, `!3`, `&0x40=0x40`..., against the type's largest value.
  bool read_integer_test(std::string_view text, std::uint64_t max, IntegerTest& out,
                         bool (*by_name)(std::string_view, std::uint64_t&) noexcept = nullptr);
  /// The place of a variable, made on first use; -1 after fail().
  std::int16_t define_variable(std::string_view name);

 private:
  std::size_t group_for(const Group& wanted, bool separate);
  Group& current_group();

  Rule& rule_;
  Environment& environment_;
  bool failed_ = false;
  Complaint error_;
  std::vector<Complaint> warnings_;

  // The buffer entered. Its group is made when the first clause comes, because transforms stand between.
  Group entered_;
  std::string_view entered_at_;
  bool sticky_ = false, many_valued_ = false, is_empty_ = false;
  std::optional<std::size_t> group_;

  // Of the content that modifiers change: its group and its place in it.
  std::optional<std::pair<std::size_t, std::size_t>> last_content_;
  std::optional<std::size_t> last_match_;  // group of the clause that relative ones count from
};

}  // namespace picket::rules
