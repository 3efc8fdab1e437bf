// sensor/commands.h — picket's commands; each gives the process's exit status: 0 fine, 1 failed at work, 2
// wrong usage, configuration or rules
#pragma once
#include "sensor/options.h"

namespace picket {

int replay_command(const Options&);
int explain_command(const Options&);
int run_command(const Options&);
int check_command(const Options&);
int convert_command(const Options&);
int protocols_command(const Options&);
int version_command();

}  // namespace picket
