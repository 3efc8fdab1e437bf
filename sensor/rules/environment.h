// sensor/rules/environment.h — what rules may refer to: protocols and what they declare, variables, classes,
// names
//
// Built once for a load; nothing in it changes but the interned lists.
#pragma once
#include <optional>
#include <span>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "sensor/rules/classification.h"
#include "sensor/rules/lists.h"
#include "sensor/rules/load.h"
#include "sensor/rules/text.h"

namespace picket::rules {

/// A name that protocols declare for rules.
struct Declared {
  enum class Kind : std::uint8_t { kBuffer, kInteger, kKeyword };
  Kind kind{};
  std::string_view name;         ///< the modern spelling
  std::vector<FieldRef> fields;  ///< in each protocol that declares it; sorted
  bool many_valued = false;      ///< buffers: each use looks at the instances on its own
};

class Environment {
 public:
  Environment(const LoadOptions& options, const ClassTable& classes, const ReferenceTable& references);

  /// By its modern or its older spelling; nullptr when no protocol declares it.
  [[nodiscard]] const Declared* declared(std::string_view name) const;
  /// Keywords of that name in each protocol that has one, also where a buffer bears it too: ot.class.
  [[nodiscard]] std::vector<FieldRef> keywords_named(std::string_view name) const;
  /// All protocols of that name or alias; empty when picket parses none such.
  [[nodiscard]] std::vector<ProtocolId> protocols_named(std::string_view word) const;
  [[nodiscard]] const ProtocolSpec& spec(ProtocolId id) const noexcept { return *protocols_[id]; }
  /// Every name rules may use because a protocol declares it, for suggestions.
  void each_name(NearestName& nearest) const;
  void each_protocol(NearestName& nearest) const;

  AddressBook addresses;
  PortBook ports;
  const ClassTable& classes;
  const ReferenceTable& references;
  std::span<const std::string_view> decode_events, stream_events;

 private:
  void declare(std::string_view name, std::string_view legacy, Declared::Kind kind, FieldRef field);

  std::span<const ProtocolSpec* const> protocols_;
  std::unordered_map<std::string_view, Declared> declared_;
  std::unordered_map<std::string_view, std::string_view> older_;  // older spelling → modern
};

/// Is the word the name of a protocol of the rule language, parsed or not? Gives the name to print, or "".
[[nodiscard]] std::string_view language_protocol(std::string_view word) noexcept;
/// The protocol a keyword such as `smb.share` or `krb5_msg_type` belongs to, or "".
[[nodiscard]] std::string_view keyword_protocol(std::string_view keyword) noexcept;

}  // namespace picket::rules
