// picket replay: capture files through the same code as live traffic
#include "sensor/commands.h"
#include "sensor/replay.h"

namespace picket {
namespace {

bool parse_pace(const std::string& text, double& pace) {
  if (text == "max") return pace = 0, true;
  char* end = nullptr;
  pace = std::strtod(text.c_str(), &end);
  return end != text.c_str() && *end == '\0' && pace > 0;
}

}  // namespace

int replay_command(const Options& o) {
  double pace = 0;
  if (!parse_pace(o.pace, pace))
    return complain("--pace: '" + o.pace + "' is neither a number above 0 nor 'max'; try --pace 1.0"), 2;
  auto captures = list_captures(o.captures);
  if (!captures) return complain(captures.error().message), 1;
  auto setup = make_setup(o);
  if (!setup) return 2;
  if (const Status s = add_assets(o, *setup, false); !s) return complain(s.error().message), 2;
  const StopSignal stop;  // before the threads
  auto sinks = open_sinks(o, *setup, false, stop);
  if (!sinks) return complain(sinks.error().message), 1;
  if (setup->rules != nullptr) setup->rules->forget_source();
  const auto replayed =
      replay_captures(o, std::move(captures).value(), pace, *setup, std::move(sinks).value(), stop);
  if (!replayed) return complain(replayed.error().message), 1;
  const ReplayOutcome& outcome = replayed.value();
  int status = report(o, outcome.totals);
  if (setup->assets != nullptr && !setup->assets->save()) status = 1;
  if (!o.assets.empty()) {
    if (const Status s = setup->assets->list(o.assets); !s) complain(s.error().message), status = 1;
  }
  return outcome.whole ? status : 1;
}

}  // namespace picket
