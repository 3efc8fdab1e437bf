// export/collector/orders/order_cli.h — `picket-collector order` and `picket-collector orders` on the command line
#pragma once
#include "export/collector/orders/order_book.h"

namespace CLI {
class App;
}

namespace picket::collector {

struct OrderLine {
  enum class Command : std::uint8_t { kNone, kOrder, kOrders } command = Command::kNone;
  NewOrder make;
  std::string kind, folder = kDefaultOrders;
  bool json = false;
};

/// Adds the commands; `line` is filled when the arguments are read.
void add_order_commands(CLI::App& app, OrderLine& line);
/// What was asked for; errors go to standard error. The exit status.
int run_order_command(const OrderLine& line);

}  // namespace picket::collector
