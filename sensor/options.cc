#include "sensor/options.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <iostream>
#include <utility>

namespace picket {
namespace {

void add_common(CLI::App& app, Options& o) {
  app.add_option("--config", o.config, "configuration file (YAML)")->type_name("FILE");
  app.add_option("--set", o.sets, "one configuration key; repeats, last wins")
      ->type_name("KEY=VALUE")
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  app.add_option("--rules", o.rules, "rule file or glob; repeats")
      ->type_name("FILE|GLOB")
      ->allow_extra_args(false);
  app.add_option("--home-net", o.home_net, "$HOME_NET, e.g. [10.0.0.0/8,192.168.0.0/16]")->type_name("CIDRS");
  app.add_option("--external-net", o.external_net, "$EXTERNAL_NET, e.g. !$HOME_NET")->type_name("CIDRS");
  app.add_option("--workers", o.workers, "worker cores")->type_name("N")->check(CLI::Range(1U, 64U));
  app.add_option("--log-level", o.log_level, "debug, info, warning or error")
      ->type_name("L")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}));
  app.add_flag("--rules-strict", o.rules_strict, "end with status 2 when a rule is rejected");
  app.add_option("--checksums", o.checksums, "of packets: ignore or verify")
      ->type_name("MODE")
      ->check(CLI::IsMember({"ignore", "verify"}));
}

void add_outputs(CLI::App& app, Options& o) {
  app.add_option("--eve", o.eve, "EVE JSON, one record a line")->type_name("FILE|-");
  app.add_option("--records", o.records, "records as length-delimited Protobuf")->type_name("FILE|-");
  app.add_option("--export", o.export_to, "send records to this collector (gRPC)")->type_name("HOST:PORT");
  app.add_option("--stats", o.stats, "the ledger and all counters as one JSON object, at the end")
      ->type_name("FILE|-");
}

}  // namespace

std::optional<Options> parse_options(int argc, char** argv, int& exit_status) {
  Options o;
  CLI::App app("picket: a passive sensor for critical networks", "picket");
  app.require_subcommand(1);
  app.fallthrough(false);
  app.footer(
      "Example: picket replay --rules rules/sample.rules --eve - capture.pcap\nEach command has --help.");

  CLI::App* replay =
      app.add_subcommand("replay", "capture files (pcap, pcapng; plain, gzip, zstd), or folders of them");
  add_common(*replay, o);
  add_outputs(*replay, o);
  replay
      ->add_option(
          "--loop", o.loops,
          "read all captures N times; the source clock goes on, records keep the captures' own times")
      ->type_name("N")
      ->check(CLI::Range(1U, 1000000U));
  replay->add_option("--pace", o.pace, "1.0: at the speed of the capture; max: as fast as possible")
      ->type_name("X|max");
  replay
      ->add_option("--assets", o.assets,
                   "the inventory of assets at the end: a table, or JSON where FILE ends in .json")
      ->type_name("FILE|-");
  replay->add_flag("--measure-stages", o.measure_stages, "count cycles by stage (costs a little speed)");
  replay->add_option("captures", o.captures, "capture files or folders")->type_name("CAPTURE")->required();
  replay->footer("Example: picket replay --workers 2 --rules my.rules --eve eve.json --stats - captures/");

  CLI::App* explain = app.add_subcommand(
      "explain",
      "why rules fired on captures, or how far they came: for each flow, what stopped them, and the bytes");
  add_common(*explain, o);
  explain->add_option("--rule", o.about, "which rule, of those that are loaded; repeats")
      ->type_name("SID|GID:SID")
      ->required()
      ->expected(1)
      ->take_all()
      ->allow_extra_args(false);
  explain->add_option("--flow", o.flow, "only this flow, as records name it in community_id")
      ->type_name("COMMUNITY_ID");
  explain->add_flag("--json", o.json, "one JSON object a line: rules, flows, a summary");
  explain->add_option("captures", o.captures, "capture files or folders")->type_name("CAPTURE")->required();
  explain->footer("Example: picket explain --rule 9000020 --rules pcaps/sample.rules pcaps/http/get");

  CLI::App* run = app.add_subcommand("run", "live, from DPDK ports");
  add_common(*run, o);
  add_outputs(*run, o);
  run->add_option("--interface", o.interfaces,
                  "a network interface or PCI address; picks a DPDK driver that works; repeats")
      ->type_name("IFACE")
      ->allow_extra_args(false);
  run->add_option("--vdev", o.vdevs, "a DPDK virtual device, e.g. net_pcap0,rx_pcap=x.pcap; repeats")
      ->type_name("SPEC")
      ->allow_extra_args(false);
  run->add_option("--eal", o.eal, "arguments for DPDK's EAL")->type_name("ARGS");
  run->add_flag("--measure-stages", o.measure_stages, "count cycles by stage");
  run->footer("Example: picket run --interface eth0 --eve eve.json --export 127.0.0.1:5514");

  CLI::App* check =
      app.add_subcommand("check", "load configuration and rules, report on each rule, touch no traffic");
  add_common(*check, o);
  check->add_flag("--json", o.json, "one JSON object a rule");
  check->footer("Example: picket check --rules 'rules/*.rules' --json");

  CLI::App* convert = app.add_subcommand(
      "convert", "what picket honours of a Suricata configuration, as a file of picket's own");
  convert->add_option("file", o.config, "suricata.yaml")->type_name("FILE")->required();
  convert->footer("Example: picket convert /etc/suricata/suricata.yaml > picket.yaml");

  CLI::App* list = app.add_subcommand(
      "protocols", "what is parsed: name, transports, ports, record, rule buffers, events");
  list->add_flag("--json", o.json, "one JSON object a protocol");
  list->footer("Example: picket protocols");

  CLI::App* version = app.add_subcommand("version", "version, build, CPU level, library versions");
  version->footer("Example: picket version");

  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    if (e.get_exit_code() == 0) {  // --help
      exit_status = app.exit(e);
      return std::nullopt;
    }
    if (dynamic_cast<const CLI::RequiredError*>(&e) != nullptr && app.get_subcommands().empty()) {
      const std::string word = argc > 1 ? argv[1] : "";
      std::cerr << "picket: "
                << (word.empty()     ? "a command is missing"
                    : word[0] == '-' ? "'" + word + "' stands where a command has to stand"
                                     : "there is no command '" + word + "'")
                << "; commands are replay, explain, run, check, convert, protocols and version; see: picket "
                   "--help\n";
      exit_status = 2;
      return std::nullopt;
    }
    const CLI::App* where = &app;
    for (const CLI::App* sub : app.get_subcommands()) where = sub;
    std::cerr << "picket: " << e.what() << "; see: picket " << (where == &app ? "" : where->get_name() + " ")
              << "--help\n";
    exit_status = 2;
    return std::nullopt;
  }
  for (const CLI::App* sub : app.get_subcommands()) {
    for (const CLI::Option* option : sub->get_options()) {
      const auto& words = option->results();
      if (std::none_of(words.begin(), words.end(), [](const std::string& w) { return w.empty(); })) continue;
      std::cerr << "picket: " << option->get_name() << ": is empty; give it a value or leave it away\n";
      exit_status = 2;
      return std::nullopt;
    }
  }
  if (*replay)
    o.command = Command::kReplay;
  else if (*explain)
    o.command = Command::kExplain;
  else if (*run)
    o.command = Command::kRun;
  else if (*check)
    o.command = Command::kCheck;
  else if (*convert)
    o.command = Command::kConvert;
  else if (*list)
    o.command = Command::kProtocols;
  for (const auto& [a, b] :
       {std::pair(&o.eve, &o.records), std::pair(&o.eve, &o.stats), std::pair(&o.records, &o.stats),
        std::pair(&o.eve, &o.assets), std::pair(&o.records, &o.assets), std::pair(&o.stats, &o.assets)}) {
    if (a->empty() || *a != *b) continue;
    std::cerr << "picket: two outputs go to '" << *a
              << "'; give each of --eve, --records, --stats and --assets a place of its own\n";
    exit_status = 2;
    return std::nullopt;
  }
  return o;
}

}  // namespace picket
