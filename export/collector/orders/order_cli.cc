#include "export/collector/orders/order_cli.h"

#include <fmt/core.h>

#include <CLI/CLI.hpp>

namespace picket::collector {
namespace {

constexpr const char* kOrderExample =
    "The order is a signed file in the folder: make it where the key is, and carry it to the folder of "
    "`serve`.\n"
    "Keys: openssl genpkey -algorithm ed25519 -out orders.pem; openssl pkey -in orders.pem -pubout -out "
    "orders.pub\n"
    "Example:\n"
    "  picket-collector order rules emerging-all.rules --name et-open --key orders.pem\n"
    "  picket-collector order rules --withdraw --name et-open --key orders.pem --sensor plant-7\n";
constexpr const char* kOrdersExample = "Example:\n  picket-collector orders --json\n";

int fail(const std::string& why, int status) {
  fmt::print(stderr, "picket-collector: {}\n", why);
  return status;
}

}  // namespace

void add_order_commands(CLI::App& app, OrderLine& line) {
  CLI::App* order =
      app.add_subcommand("order", "sign a set of rules or indicators for sensors, or withdraw one");
  order->add_option("kind", line.kind, "rules or indicators")
      ->required()
      ->check(CLI::IsMember({"rules", "indicators"}));
  order->add_option("files", line.make.files, "what the set consists of; it replaces the set of that name");
  order->add_option("--name", line.make.name, "name of the set: lower-case letters, digits, '-', '_', '.'")
      ->required();
  order->add_option("--key", line.make.key, "private key that signs: Ed25519, P-256 or P-384, PEM")
      ->required();
  order->add_option("--sensor", line.make.sensors, "only for this sensor (repeats); none: for all")
      ->allow_extra_args(false);
  order->add_option("--folder", line.make.folder, "folder of orders, as `serve` has it")
      ->capture_default_str();
  order->add_flag("--withdraw", line.make.withdraw, "the set of that name is to be used no more");
  order->footer(kOrderExample);
  order->callback([&line] {
    line.command = OrderLine::Command::kOrder;
    line.make.kind = line.kind == "rules" ? v1::ORDER_RULES : v1::ORDER_INDICATORS;
  });

  CLI::App* orders = app.add_subcommand("orders", "show orders, and what each sensor made of them");
  orders->add_option("--folder", line.folder, "folder of orders, as `serve` has it")->capture_default_str();
  orders->add_flag("--json", line.json, "a JSON object a line");
  orders->footer(kOrdersExample);
  orders->callback([&line] { line.command = OrderLine::Command::kOrders; });
}

int run_order_command(const OrderLine& line) {
  if (line.command == OrderLine::Command::kOrders) {
    const Status done = list_orders(line.folder, line.json, stdout);
    return done ? 0 : fail(done.error().message, 1);
  }
  const auto path = make_order_file(line.make);
  if (!path) return fail(path.error().message, 1);
  fmt::print("{}\n", path.value());
  return 0;
}

}  // namespace picket::collector
