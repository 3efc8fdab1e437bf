// picket: read the command line, do the command.
#include "sensor/commands.h"
#include "sensor/options.h"

int main(int argc, char** argv) {
  int status = 0;
  const auto options = picket::parse_options(argc, argv, status);
  if (!options) return status;
  switch (options->command) {
    case picket::Command::kReplay: return picket::replay_command(*options);
    case picket::Command::kRun: return picket::run_command(*options);
    case picket::Command::kCheck: return picket::check_command(*options);
    case picket::Command::kProtocols: return picket::protocols_command(*options);
    case picket::Command::kVersion: return picket::version_command();
  }
  return 2;
}
