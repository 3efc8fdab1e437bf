// picket explain: captures through the same code as replay, with a listener that says how far rules came
#include <algorithm>
#include <fstream>
#include <iostream>

#include "sensor/commands.h"
#include "sensor/explain/report.h"
#include "sensor/replay.h"
#include "sensor/rules/text.h"

namespace picket {
namespace {

using Id = std::pair<std::uint32_t, std::uint32_t>;  // gid, sid

/// "2019401" or "1:2019401"; gid 0: any.
bool parse_id(const std::string& text, Id& id) {
  const auto number = [](std::string_view s, std::uint32_t& out) {
    if (s.empty() || s.size() > 10 || s.find_first_not_of("0123456789") != std::string_view::npos)
      return false;
    const std::uint64_t v = std::stoull(std::string(s));
    out = static_cast<std::uint32_t>(v);
    return v != 0 && v <= 0xffffffff;
  };
  const std::string_view s = text;
  const auto colon = s.find(':');
  if (colon == std::string_view::npos) return id.first = 0, number(s, id.second);
  return number(s.substr(0, colon), id.first) && number(s.substr(colon + 1), id.second);
}

bool asks_for(const Id& id, std::uint32_t gid, std::uint32_t sid) {
  return id.second == sid && (id.first == 0 || id.first == gid);
}

/// A rule that somebody switched off stands in its file as a comment.
bool find_switched_off(const rules::RuleSet& source, const Id& id, explain::NotLoaded& out) {
  for (const rules::RuleFileReport& file : source.files) {
    std::ifstream in{std::string(file.path)};
    std::string line;
    for (std::uint32_t number = 1; std::getline(in, line); ++number) {
      std::string_view text = rules::trim(line);
      if (text.empty() || text.front() != '#') continue;
      std::string plain;
      for (const char c : text) {
        if (c != ' ') plain += c;
      }
      if (plain.find("sid:" + std::to_string(id.second) + ";") == std::string::npos) continue;
      out.file = file.path;
      out.line = number;
      out.column = 1;
      out.reason = "the rule is switched off: its line is a comment";
      return true;
    }
  }
  return false;
}

/// What can be said without traffic. `loaded`: rules for which there is more to say.
std::vector<explain::NotLoaded> not_loaded(const rules::RuleSet& source, const std::vector<Id>& asked,
                                           std::vector<Id>& loaded, std::vector<Id>& unknown) {
  std::vector<explain::NotLoaded> out;
  for (const Id& id : asked) {
    bool found = false;
    for (const rules::RuleStatus& s : source.statuses) {
      if (!asks_for(id, s.gid, s.sid)) continue;
      found = true;
      if (s.loaded()) {
        loaded.emplace_back(s.gid, s.sid);
        continue;
      }
      explain::NotLoaded n;
      n.gid = s.gid;
      n.sid = s.sid;
      n.file = s.file;
      n.line = s.line;
      if (const rules::Diagnostic* d = s.error()) {
        n.line = d->line;
        n.column = d->column;
        n.reason = d->reason;
        n.suggestion = d->suggestion;
      }
      out.push_back(std::move(n));
    }
    if (found) continue;
    explain::NotLoaded n;
    n.gid = std::max(id.first, 1U);
    n.sid = id.second;
    if (find_switched_off(source, id, n))
      out.push_back(std::move(n));
    else
      unknown.push_back(id);
  }
  std::sort(loaded.begin(), loaded.end());
  loaded.erase(std::unique(loaded.begin(), loaded.end()), loaded.end());
  return out;
}

std::vector<std::string> limits_met(const Totals& totals) {
  std::vector<std::string> out;
  for (std::size_t i = 0; i < detect::kDetectStats.size(); ++i) {
    const detect::DetectStatText& text = detect::kDetectStats[i];
    if (text.is_loss && totals.detection[i] != 0)
      out.push_back(std::string(text.name) + ": " + std::to_string(totals.detection[i]) + " " +
                    std::string(text.help));
  }
  return out;
}

}  // namespace

int explain_command(const Options& o) {
  std::vector<Id> asked;
  for (const std::string& text : o.about) {
    if (!parse_id(text, asked.emplace_back()))
      return complain("--rule: '" + text + "' is no rule; name it as SID or GID:SID, such as 2019401"), 2;
  }
  auto captures = list_captures(o.captures);
  if (!captures) return complain(captures.error().message), 1;
  const auto setup = make_setup(o, [&asked](const rules::Rule& r) {
    return r.action == rules::Action::kPass ||
           std::any_of(asked.begin(), asked.end(), [&](const Id& id) { return asks_for(id, r.gid, r.sid); });
  });
  if (!setup) return 2;
  if (setup->rules == nullptr)
    return complain("there are no rules; give --rules FILE or rule-files in the configuration"), 2;

  const rules::RuleSet source = std::move(setup->rules->source);
  rules::Plan& plan = setup->rules->plan;
  explain::Explanation said;
  std::vector<Id> loaded, unknown;
  said.not_loaded = not_loaded(source, asked, loaded, unknown);
  for (const Id& id : unknown)
    complain("--rule: no file has a rule " + std::to_string(id.second) + "; picket check lists them");
  if (!unknown.empty()) return 2;
  explain::Book book = explain::make_book(source, plan, protocols(), loaded);
  book.stream_depth = setup->pipeline.worker.stream.depth_bytes;
  book.midstream = setup->pipeline.worker.stream.midstream;
  book.community_id_seed = setup->config.eve.community_id_seed;
  said.asked_flow = o.flow;

  bool whole = true;
  if (!loaded.empty()) {
    explain::Watch watch(book, o.flow);
    plan.rules->probe = &watch;
    // What correlate decides belongs to the order of the capture, whatever the number of workers: one is as good.
    setup->config.workers = 1;
    setup->pipeline.statistics = setup->pipeline.save_datasets = false;  // it leaves nothing behind
    setup->pipeline.worker.records.flows = setup->pipeline.worker.records.alerts = true;
    setup->pipeline.judged = [&watch](const EventHeader& h, rules::Admission word) { watch.judged(h, word); };
    setup->pipeline.encoder_for_workers = [&watch](const RecordEncoder& e) -> const RecordEncoder& {
      watch.write_with(e);
      return watch;
    };
    const StopSignal stop;  // before the threads
    setup->config.metrics.listen.clear();
    const auto replayed = replay_captures(o, std::move(captures).value(), 0, *setup, {}, stop);
    if (!replayed) return complain(replayed.error().message), 1;
    const ReplayOutcome& outcome = replayed.value();
    whole = outcome.whole;
    said.packets = outcome.totals.received;
    said.limits_met = limits_met(outcome.totals);
    said.flows = watch.take();
    said.flows_left_out = watch.flows_left_out();
    said.flows_given_up = watch.flows_given_up();
    said.fired = watch.fired();
    said.book = &book;
  }
  const bool sound = o.json ? explain::write_json(std::cout, said) : explain::write_text(std::cout, said);
  if (!sound) complain("explanation and detection differ: this is an error of picket, please report it");
  return std::cout.flush() && whole && sound ? 0 : 1;
}

}  // namespace picket
