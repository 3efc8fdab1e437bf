#include "export/intel/observables.h"

namespace picket::intel {
namespace {

void build(const EveTable& table, const std::string& path, unsigned depth, ObservableNode& node) {
  for (const EveField& f : table.fields) {
    ObservableField out;
    out.name = f.flatten ? path : path + (path.empty() ? "" : ".") + f.name;
    if (f.kind == EveKind::kMessage) {
      if (depth == kMaxObservableDepth) continue;
      out.message = std::make_unique<ObservableNode>();
      build(*f.message, out.name, depth + 1, *out.message);
      if (out.message->fields.empty()) continue;
    } else {
      out.what = static_cast<v1::Observable>(f.observable);
      if (out.what <= v1::OBSERVABLE_NOTHING) continue;
    }
    if (node.by_number.size() <= f.number) node.by_number.resize(f.number + 1);
    node.fields.push_back(std::move(out));
    node.by_number[f.number] = static_cast<std::uint16_t>(node.fields.size());
  }
}

}  // namespace

ObservableNode observables_of(const EveTable& table) {
  ObservableNode root;
  build(table, "", 1, root);
  return root;
}

std::vector<std::pair<std::string, v1::Observable>> list_observables(const ObservableNode& node) {
  std::vector<std::pair<std::string, v1::Observable>> all;
  for (const ObservableField& f : node.fields) {
    if (f.message == nullptr) {
      all.emplace_back(f.name, f.what);
      continue;
    }
    for (auto& inner : list_observables(*f.message)) all.push_back(std::move(inner));
  }
  return all;
}

}  // namespace picket::intel
