#include <unordered_map>

#include "parsers/core/assert.h"
#include "sensor/rules/keyword.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

const std::unordered_map<std::string_view, const Keyword*>& all() {
  static const auto table = [] {
    std::unordered_map<std::string_view, const Keyword*> t;
    for (const auto family :
         {address_keywords(), byte_keywords(), buffer_keywords(), content_keywords(), data_keywords(),
          file_keywords(), flow_keywords(), frame_keywords(), meta_keywords(), ot_keywords(),
          packet_keywords(), pcre_keywords(), refused_keywords(), state_keywords(), transform_keywords()}) {
      for (const auto& keyword : family) {
        [[maybe_unused]] const bool fresh = t.emplace(keyword.name, &keyword).second;
        PICKET_ASSERT(fresh);
      }
    }
    return t;
  }();
  return table;
}

}  // namespace

const Keyword* find_keyword(std::string_view name) {
  const auto found = all().find(name);
  return found == all().end() ? nullptr : found->second;
}

void each_keyword(NearestName& nearest) {
  for (const auto& [name, keyword] : all()) nearest.consider(name);
}

}  // namespace picket::rules
