#include "export/collector/intake_order.h"

#include <fmt/format.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "export/new_file.h"

namespace picket::collector {

// A line a writer: its digits, the next number, ranges FIRST-LAST, "/" and the subfolder.

IntakeOrder::IntakeOrder(std::string path) : path_(std::move(path)) { load(); }

void IntakeOrder::load() {
  std::ifstream in(path_);
  for (std::string line; runs_ < kMaxRuns && std::getline(in, line);) {
    const std::size_t slash = line.find('/');
    if (slash == std::string::npos) continue;
    IntakeRun run{{}, line.substr(slash + 1)};
    State s;
    std::istringstream fields(line.substr(0, slash));
    if (!(fields >> run.run >> s.next) || s.next == 0) continue;
    char dash = 0;
    for (Range r; s.missing.size() < kMaxMissing && fields >> r.first >> dash >> r.last;) {
      if (dash == '-' && r.first <= r.last && r.last < s.next) s.missing.push_back(r);
    }
    if (folders_[run.folder].emplace(run.run, std::move(s)).second) ++runs_;
  }
}

Status IntakeOrder::save() {
  if (!changed_) return Done{};
  std::string text;
  for (const auto& [folder, runs] : folders_) {
    for (const auto& [run, s] : runs) {
      text += fmt::format("{} {} ", run, s.next);
      for (const Range& r : s.missing) text += fmt::format("{}-{} ", r.first, r.last);
      text += '/' + folder + '\n';
    }
  }
  NewFile file(path_ + ".new", path_);
  Status done = file.write(text);
  if (done) done = file.commit();
  if (!done) return done.error();
  changed_ = false;
  return Done{};
}

std::uint64_t IntakeOrder::next(const IntakeRun& run) const {
  const auto folder = folders_.find(run.folder);
  if (folder == folders_.end()) return 1;
  const auto it = folder->second.find(run.run);
  return it == folder->second.end() ? 1 : it->second.next;
}

IntakeOrder::State& IntakeOrder::state(const IntakeRun& run) {
  changed_ = true;
  if (!folders_[run.folder].contains(run.run)) {
    if (runs_ >= kMaxRuns) forget_oldest(run.folder);
    ++runs_;
  }
  return folders_[run.folder][run.run];
}

/// Who started first, in the subfolder that has most: of several such, the one that asks for room.
void IntakeOrder::forget_oldest(const std::string& for_one_in) {
  auto most = folders_.find(for_one_in);
  for (auto it = folders_.begin(); it != folders_.end(); ++it) {
    if (it->second.size() > most->second.size()) most = it;
  }
  most->second.erase(most->second.begin());
  if (most->second.empty()) folders_.erase(most);
  --runs_;
}

void IntakeOrder::skip_to(const IntakeRun& run, std::uint64_t number) {
  State& s = state(run);
  if (number <= s.next) return;
  s.missing.push_back({s.next, number - 1});
  if (s.missing.size() > kMaxMissing) s.missing.erase(s.missing.begin());
  s.next = number;
}

bool IntakeOrder::passed(const IntakeRun& run, std::uint64_t number) {
  State& s = state(run);
  if (number >= s.next) {
    skip_to(run, number);
    s.next = number + 1;
    return false;
  }
  const auto at = std::find_if(s.missing.begin(), s.missing.end(),
                               [&](const Range& r) { return r.first <= number && number <= r.last; });
  if (at == s.missing.end()) return false;
  const Range left{at->first, number - 1}, right{number + 1, at->last};
  auto behind = s.missing.erase(at);
  if (right.first <= right.last) behind = s.missing.insert(behind, right);
  if (left.first <= left.last) s.missing.insert(behind, left);
  if (s.missing.size() > kMaxMissing) s.missing.erase(s.missing.begin());
  return true;
}

std::uint64_t IntakeOrder::missing() const noexcept {
  std::uint64_t n = 0;
  for (const auto& [folder, runs] : folders_) {
    for (const auto& [run, s] : runs)
      for (const Range& r : s.missing) n += r.last - r.first + 1;
  }
  return n;
}

}  // namespace picket::collector
