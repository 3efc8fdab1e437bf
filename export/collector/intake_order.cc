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
  for (std::string line; runs_.size() < kMaxRuns && std::getline(in, line);) {
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
    runs_.emplace(std::move(run), std::move(s));
  }
}

Status IntakeOrder::save() {
  if (!changed_) return Done{};
  std::string text;
  for (const auto& [run, s] : runs_) {
    text += fmt::format("{} {} ", run.run, s.next);
    for (const Range& r : s.missing) text += fmt::format("{}-{} ", r.first, r.last);
    text += '/' + run.folder + '\n';
  }
  NewFile file(path_ + ".new", path_);
  Status done = file.write(text);
  if (done) done = file.commit();
  if (!done) return done.error();
  changed_ = false;
  return Done{};
}

std::uint64_t IntakeOrder::next(const IntakeRun& run) const {
  const auto it = runs_.find(run);
  return it == runs_.end() ? 1 : it->second.next;
}

IntakeOrder::State& IntakeOrder::state(const IntakeRun& run) {
  changed_ = true;
  if (runs_.size() >= kMaxRuns && !runs_.contains(run)) runs_.erase(runs_.begin());  // who started first
  return runs_[run];
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
  for (const auto& [run, s] : runs_) {
    for (const Range& r : s.missing) n += r.last - r.first + 1;
  }
  return n;
}

}  // namespace picket::collector
