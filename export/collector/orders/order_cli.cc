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
  line.order = app.add_subcommand("order", "sign a set of rules or indicators for sensors, or withdraw one");
  line.order->add_option("kind", line.make.kind, "rules or indicators")
      ->required()
      ->transform(CLI::CheckedTransformer(std::map<std::string, v1::OrderKind>{
          {"rules", v1::ORDER_RULES}, {"indicators", v1::ORDER_INDICATORS}}));
  line.order->add_option("files", line.make.files,
                         "what the set consists of; it replaces the set of that name");
  line.order
      ->add_option("--name", line.make.name, "name of the set: lower-case letters, digits, '-', '_', '.'")
      ->required();
  line.order->add_option("--key", line.make.key, "private key that signs: Ed25519, P-256 or P-384, PEM")
      ->required();
  line.order->add_option("--sensor", line.make.sensors, "only for this sensor (repeats); none: for all");
  line.order->add_option("--folder", line.make.folder, "folder of orders, as `serve` has it")
      ->capture_default_str();
  line.order->add_flag("--withdraw", line.make.withdraw, "the set of that name is to be used no more");
  line.order->footer(kOrderExample);

  line.orders = app.add_subcommand("orders", "show orders, and what each sensor made of them");
  line.orders->add_option("--folder", line.folder, "folder of orders, as `serve` has it")
      ->capture_default_str();
  line.orders->add_flag("--json", line.json, "a JSON object a line");
  line.orders->footer(kOrdersExample);
}

int run_order_command(const OrderLine& line) {
  if (line.orders->parsed()) {
    const Status done = list_orders(line.folder, line.json, stdout);
    return done ? 0 : fail(done.error().message, 1);
  }
  const auto path = make_order_file(line.make);
  if (!path) return fail(path.error().message, 1);
  fmt::print("{}\n", path.value());
  return 0;
}

}  // namespace picket::collector
