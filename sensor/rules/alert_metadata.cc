#include "sensor/rules/alert_metadata.h"

#include <algorithm>

#include "export/proto/picket/v1/event.pb.h"
#include "export/wire_writer.h"

namespace picket::rules {

std::vector<std::uint8_t> encode_alert_metadata(const Rule& rule) {
  std::vector<std::string_view> keys;  // in the order of their first value
  std::size_t room = 64;
  for (const MetadataItem& m : rule.metadata) {
    room += m.key.size() + m.value.size() + 32;
    if (std::find(keys.begin(), keys.end(), m.key) == keys.end()) keys.push_back(m.key);
  }
  for (const Reference& r : rule.references) room += r.url.size() + r.value.size() + 32;
  std::vector<std::uint8_t> out(room);
  WireWriter w(out);
  for (const std::string_view key : keys) {
    const auto message = w.message(v1::Alert::kMetadataFieldNumber);
    w.text(v1::Metadata::kKeyFieldNumber, key);
    for (const MetadataItem& m : rule.metadata) {
      if (m.key == key) w.text(v1::Metadata::kValuesFieldNumber, m.value);
    }
  }
  for (const Reference& r : rule.references)
    w.text(v1::Alert::kReferencesFieldNumber, r.url.empty() ? r.value : r.url);
  PICKET_ASSERT(w.ok());
  out.resize(w.ok() ? w.size() : 0);
  return out;
}

}  // namespace picket::rules
