// picket: read the command line, do the command.
#include <malloc.h>

#include <exception>

#include "export/file_limit.h"
#include "sensor/commands.h"
#include "sensor/options.h"
#include "sensor/setup.h"

namespace {

int run(int argc, char** argv) {
  int status = 0;
  const auto options = picket::parse_options(argc, argv, status);
  if (!options) return status;
  switch (options->command) {
    case picket::Command::kReplay:
      return picket::replay_command(*options);
    case picket::Command::kExplain:
      return picket::explain_command(*options);
    case picket::Command::kRun:
      return picket::run_command(*options);
    case picket::Command::kCheck:
      return picket::check_command(*options);
    case picket::Command::kConvert:
      return picket::convert_command(*options);
    case picket::Command::kProtocols:
      return picket::protocols_command(*options);
    case picket::Command::kVersion:
      return picket::version_command();
  }
  return 2;
}

}  // namespace

int main(int argc, char** argv) {
  // Threads that compile rules wait for each other in one arena; with one for each, a reload would take again
  // what the start has left free in others.
  mallopt(M_ARENA_MAX, 2);
  (void)picket::raise_file_limit();
  try {
    return run(argc, argv);
  } catch (
      const std::exception& e) {  // mostly memory that the configuration asks for and the machine has not
    picket::complain(std::string("cannot go on: ") + e.what());
    return 1;
  }
}
