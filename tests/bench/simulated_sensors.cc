// tests/bench/simulated_sensors.cc — many sensors in one process, against a real collector
//
//   simulated_sensors --collector 127.0.0.1:5514 --sensors 200 --rate 500 --seconds 60
//
// Each sensor is what a sensor is behind its workers: an event ring, the export thread's work (Recorder: merge, numbers),
// delivery (journal, batches, spool) and a link of its own; only packets are missing. Records are flows (flow_record.h), or
// those of a file that `picket replay --records FILE` wrote, again and again. With --rate sensors are live: nobody waits, and
// what finds no room is a gap. Without, each offers as much as is taken.
//
// Ends when all is acknowledged, or nothing was for --patience seconds. Prints one JSON object: what each sensor made by type
// (to be held against `picket-collector ledger --json`), records/s up to the last acknowledgement, CPU time of this process,
// bytes a record on the wire, and how long alerts took from the ring until they were acknowledged, which is after the commit.
// Exit status 1: not all was acknowledged. tests/bench/measure_delivery.py runs it with a collector.
#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>
#include <sys/resource.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <deque>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <mutex>
#include <thread>

#include "export/delimited.h"
#include "export/delivery/delivery_sink.h"
#include "export/delivery/lanes.h"
#include "export/random.h"
#include "export/recorder.h"
#include "tests/bench/flow_record.h"

namespace {

using namespace picket;
using Clock = std::chrono::steady_clock;

struct Settings {
  std::string collector, spool, records_file, name = "simulated";
  unsigned sensors = 1, threads = 1, batch_kib = 1024, segments = 16, patience_s = 30, samples = 32'768;
  double rate = 0, alerts = 0, seconds = 0;
  std::uint64_t records = 0;
  bool until_told = false;
};

std::atomic<bool> told_to_end{false};

struct Sample {
  RecordType type = RecordType::kFlow;
  ProtocolId protocol = kNoProtocol;
  std::string bytes;
};

Sample alert() {
  v1::Event e;
  (void)e.ParseFromString(bench::flow_record(1));
  e.clear_flow();
  e.set_event_type("alert");
  e.mutable_alert()->set_signature("one that somebody waits for");
  return {RecordType::kAlert, kNoProtocol, e.SerializeAsString()};
}

std::vector<Sample> flows(unsigned count) {
  std::vector<Sample> all;
  for (std::uint64_t n = 0; n < count; ++n)
    all.push_back({RecordType::kFlow, kNoProtocol, bench::flow_record(n)});
  return all;
}

std::vector<Sample> read_samples(const std::string& path) {
  std::map<std::string, std::pair<RecordType, ProtocolId>, std::less<>> kinds;
  for (std::uint8_t t = 0; t < static_cast<std::uint8_t>(RecordType::kCount); ++t) {
    const auto type = static_cast<RecordType>(t);
    kinds[std::string(record_kind_name(record_kind(type, kNoProtocol)))] = {type, kNoProtocol};
  }
  for (std::size_t p = 0; p < protocols().size(); ++p) {
    const auto id = static_cast<ProtocolId>(p);
    kinds[std::string(record_kind_name(record_kind(RecordType::kTransaction, id)))] = {
        RecordType::kTransaction, id};
  }
  std::ifstream file(path, std::ios::binary);
  const std::string bytes((std::istreambuf_iterator<char>(file)), {});
  std::vector<Sample> all;
  WireReader in(as_bytes(bytes));
  v1::Event e;
  for (Bytes record; next_delimited(in, record);) {
    if (!e.ParseFromArray(record.data(), static_cast<int>(record.size()))) continue;
    if (const auto kind = kinds.find(e.event_type()); kind != kinds.end())
      all.push_back({kind->second.first, kind->second.second, std::string(as_text(record))});
  }
  return all;
}

/// Driven by one thread; alerts are looked at by another.
class Sensor {
 public:
  static Result<std::unique_ptr<Sensor>> open(const Settings& s, unsigned number, std::uint64_t boot) {
    std::unique_ptr<Sensor> sensor(new Sensor(s));
    delivery::Options o;
    o.collectors = {s.collector};
    o.sensor = sensor->name_ = s.name + "-" + std::to_string(number);
    o.boot = sensor->boot_ = boot;
    o.wait = s.rate == 0;
    o.max_batch_bytes = std::size_t{s.batch_kib} << 10;
    o.segments = s.segments;
    o.patience = std::chrono::seconds(s.patience_s);
    o.spool_max_bytes = std::uint64_t{64} << 30;
    if (!s.spool.empty()) o.spool_folder = s.spool + "/" + std::to_string(number);
    if (!s.spool.empty()) std::filesystem::create_directories(o.spool_folder);
    auto sink = delivery::open_delivery_sink(o, sensor->counters_);
    if (!sink) return sink.error();
    std::vector<std::unique_ptr<RecordSink>> sinks;
    sinks.push_back(std::move(sink).value());
    sensor->recorder_ = std::make_unique<Recorder>(sensor->streams_, std::move(sinks));
    return sensor;
  }

  /// False: the ring is full.
  bool put(const Sample& sample) {
    const auto room = ring_.begin();
    if (room.empty()) return false;
    std::memcpy(room.data(), sample.bytes.data(), sample.bytes.size());
    EventHeader h;
    h.size = static_cast<std::uint32_t>(sample.bytes.size());
    h.type = sample.type;
    h.protocol = sample.protocol;
    h.place.clock_ns = h.place.number = ++made_;
    ring_.commit(h);
    return true;
  }
  void put_alert(const Sample& sample) {
    const auto now = Clock::now();
    if (!put(sample)) return;
    const std::lock_guard lock(alerts_mutex_);
    alerts_.push_back(now);
  }
  /// The export thread's turn.
  void poll() {
    ring_.publish(made_, made_);
    recorder_->poll();
  }
  void close() {
    ring_.close();
    poll();
    recorder_->close();
  }
  /// Any thread: how long alerts took that have been acknowledged by now.
  void look_at_alerts(std::vector<double>& ms) {
    const auto now = Clock::now();
    const std::uint64_t acknowledged = counters_->lanes[0].acknowledged.load(std::memory_order_relaxed);
    const std::lock_guard lock(alerts_mutex_);
    for (; seen_ < acknowledged && !alerts_.empty(); ++seen_, alerts_.pop_front())
      ms.push_back(std::chrono::duration<double, std::milli>(now - alerts_.front()).count());
  }

  [[nodiscard]] std::uint64_t made() const { return made_; }
  [[nodiscard]] std::uint64_t acknowledged() const {
    std::uint64_t n = 0;
    for (const auto& lane : counters_->lanes) n += lane.acknowledged.load(std::memory_order_relaxed);
    return n;
  }
  [[nodiscard]] std::uint64_t missing() const {
    std::uint64_t n = 0;
    for (const auto& reason : counters_->missing) n += reason.load(std::memory_order_relaxed);
    return n;
  }
  [[nodiscard]] std::uint64_t owed() const {
    std::uint64_t n = 0;
    for (const auto& lane : counters_->lanes) n += lane.owed.load(std::memory_order_relaxed);
    return n;
  }
  [[nodiscard]] const delivery::DeliveryCounters& counters() const { return *counters_; }

  void tell(std::ostream& out) const {
    out << "{\"sensor\": \"" << name_ << "\", \"boot\": \"" << fmt::format("{:016x}", boot_)
        << "\", \"missing\": " << missing() << ", \"connections\": " << counters_->connections
        << ", \"made\": {";
    const char* comma = "";
    for (std::size_t kind = 0; kind < record_kind_count(); ++kind) {
      const std::uint64_t n = recorder_->count(static_cast<RecordKind>(kind)).made;
      if (n == 0) continue;
      out << comma << '"' << record_kind_name(static_cast<RecordKind>(kind)) << "\": " << n;
      comma = ", ";
    }
    out << "}}";
  }

 private:
  explicit Sensor(const Settings& s) : ring_(s.sensors == 1 ? std::size_t{16} << 20 : 0) {}

  std::string name_;
  std::uint64_t boot_ = 0, made_ = 0;
  EventRing ring_;
  RingStream stream_{ring_};
  std::vector<EventStream*> streams_{&stream_};
  std::shared_ptr<delivery::DeliveryCounters> counters_ = std::make_shared<delivery::DeliveryCounters>();
  std::unique_ptr<Recorder> recorder_;
  std::mutex alerts_mutex_;
  std::deque<Clock::time_point> alerts_;  ///< not acknowledged
  std::uint64_t seen_ = 0;
};

/// Until each of these sensors has made what it has to.
void drive(const Settings& s, const std::vector<Sample>& samples, const Sample& alert,
           std::span<const std::unique_ptr<Sensor>> sensors) {
  constexpr std::uint64_t kTurn = 1024;  // at a time for one sensor
  const auto start = Clock::now();
  struct Progress {
    std::uint64_t flows = 0, alerts = 0;
  };
  std::vector<Progress> done(sensors.size());
  const std::uint64_t all = s.records != 0 ? s.records : ~std::uint64_t{0};
  for (bool more = true; more;) {
    const double now = std::chrono::duration<double>(Clock::now() - start).count();
    const bool time_is_up = (s.seconds != 0 && now >= s.seconds) || told_to_end;
    more = false;
    bool any = false;
    for (std::size_t i = 0; i < sensors.size(); ++i) {
      Progress& p = done[i];
      const std::uint64_t due = s.rate == 0 ? all : std::min(all, static_cast<std::uint64_t>(s.rate * now));
      for (std::uint64_t n = 0; n < kTurn && p.flows < due && !time_is_up; ++n, any = true) {
        if (!sensors[i]->put(samples[(p.flows + i * 97) % samples.size()])) break;
        ++p.flows;
      }
      if (!time_is_up && p.flows < all && p.alerts < static_cast<std::uint64_t>(s.alerts * now)) {
        sensors[i]->put_alert(alert);
        ++p.alerts;
      }
      sensors[i]->poll();
      more |= p.flows < all && !time_is_up;
    }
    if (!any && more) std::this_thread::sleep_for(std::chrono::microseconds(200));
  }
  for (const auto& sensor : sensors) sensor->poll();
}

double cpu_seconds() {
  rusage u{};
  getrusage(RUSAGE_SELF, &u);
  const auto seconds = [](const timeval& t) {
    return static_cast<double>(t.tv_sec) + 1e-6 * static_cast<double>(t.tv_usec);
  };
  return seconds(u.ru_utime) + seconds(u.ru_stime);
}

double percentile(const std::vector<double>& sorted, double of) {
  return sorted.empty() ? 0
                        : sorted[std::min(sorted.size() - 1,
                                          static_cast<std::size_t>(of * static_cast<double>(sorted.size())))];
}

template <class Work>
void in_threads(unsigned threads, std::span<const std::unique_ptr<Sensor>> sensors, Work work) {
  std::vector<std::thread> all;
  for (unsigned t = 0; t < threads; ++t) {
    const std::size_t from = sensors.size() * t / threads, to = sensors.size() * (t + 1) / threads;
    all.emplace_back([=] { work(sensors.subspan(from, to - from)); });
  }
  for (auto& t : all) t.join();
}

int simulate(const Settings& s) {
  const std::vector<Sample> samples =
      s.records_file.empty() ? flows(s.samples) : read_samples(s.records_file);
  if (samples.empty()) {
    std::cerr << "simulated_sensors: '" << s.records_file
              << "' holds no records; write it with `picket replay --records`\n";
    return 2;
  }
  const Sample alerted = alert();
  std::vector<std::unique_ptr<Sensor>> sensors;
  for (unsigned i = 0; i < s.sensors; ++i) {
    auto sensor = Sensor::open(s, i + 1, random_bits() >> 1 | 1);
    if (!sensor) {
      std::cerr << "simulated_sensors: " << sensor.error().message << '\n';
      return 2;
    }
    sensors.push_back(std::move(sensor).value());
  }
  const double cpu_before = cpu_seconds();
  const auto start = Clock::now();
  std::uint64_t found = 0;  // in the spool, of runs before
  for (const auto& sensor : sensors) found += sensor->owed();

  std::vector<double> alert_ms;
  std::atomic<bool> ended{false};
  std::thread watch([&] {
    while (!ended) {
      for (const auto& sensor : sensors) sensor->look_at_alerts(alert_ms);
      std::this_thread::sleep_for(std::chrono::microseconds(500));
    }
  });
  in_threads(s.threads, sensors, [&](auto of) { drive(s, samples, alerted, of); });
  const double driven_s = std::chrono::duration<double>(Clock::now() - start).count();
  in_threads(std::min(s.sensors, 64U), sensors, [](auto of) {
    for (const auto& sensor : of) sensor->close();
  });
  const double all_s = std::chrono::duration<double>(Clock::now() - start).count();
  ended = true;
  watch.join();
  for (const auto& sensor : sensors) sensor->look_at_alerts(alert_ms);

  std::uint64_t made = 0, acknowledged = 0, owed = 0, sent_bytes = 0, sent_batches = 0;
  for (const auto& sensor : sensors) {
    made += sensor->made();
    acknowledged += sensor->acknowledged();
    owed += sensor->owed();
    sent_bytes += sensor->counters().sent_bytes;
    sent_batches += sensor->counters().sent_batches;
  }
  std::sort(alert_ms.begin(), alert_ms.end());
  std::cout << "{\"made\": " << made << ", \"found\": " << found << ", \"acknowledged\": " << acknowledged
            << ", \"owed\": " << owed << ", \"driven_s\": " << driven_s << ", \"seconds\": " << all_s
            << ", \"records_per_s\": " << static_cast<double>(acknowledged) / all_s
            << ", \"cpu_s\": " << cpu_seconds() - cpu_before << ", \"sent_batches\": " << sent_batches
            << ", \"sent_bytes\": " << sent_bytes << ", \"alerts\": {\"count\": " << alert_ms.size()
            << ", \"p50_ms\": " << percentile(alert_ms, 0.5) << ", \"p99_ms\": " << percentile(alert_ms, 0.99)
            << ", \"max_ms\": " << percentile(alert_ms, 1) << "}, \"sensors\": [";
  for (std::size_t i = 0; i < sensors.size(); ++i) {
    if (i != 0) std::cout << ", ";
    sensors[i]->tell(std::cout);
  }
  std::cout << "]}\n";
  return owed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  Settings s;
  CLI::App app{"Many sensors in one process, against a real collector"};
  app.add_option("--collector", s.collector, "HOST:PORT on loopback")->required();
  app.add_option("--sensors", s.sensors, "how many")->check(CLI::Range(1, 10'000))->capture_default_str();
  app.add_option("--name", s.name, "of each, with its number behind it")->capture_default_str();
  app.add_option("--rate", s.rate, "records/s of each sensor; 0: as fast as they are taken")
      ->capture_default_str();
  app.add_option("--alerts", s.alerts, "alerts/s of each sensor, beside its records")->capture_default_str();
  app.add_option("--records", s.records, "of each sensor; 0: until --seconds")->capture_default_str();
  app.add_option("--seconds", s.seconds, "for how long; 0: until --records")->capture_default_str();
  app.add_flag("--until-told", s.until_told, "until standard input ends, whatever time that takes");
  app.add_option("--records-file", s.records_file, "what `picket replay --records` wrote, instead of flows");
  app.add_option("--samples", s.samples,
                 "different flows; more than a batch holds, so that nothing stands in it twice")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
  app.add_option("--spool", s.spool, "a folder with a spool for each sensor; without: in memory");
  app.add_option("--batch-kib", s.batch_kib, "a batch, and a segment of the journal, at most")
      ->capture_default_str();
  app.add_option("--segments", s.segments, "of each sensor's journal")->capture_default_str();
  app.add_option("--threads", s.threads, "that drive the sensors")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  app.add_option("--patience", s.patience_s,
                 "seconds without an acknowledgement; 0 with --spool: leaves all in the spool")
      ->capture_default_str();
  CLI11_PARSE(app, argc, argv);
  spdlog::set_default_logger(spdlog::stderr_logger_mt("sensors"));  // standard output is for the result
  if (s.records == 0 && s.seconds == 0 && !s.until_told) {
    std::cerr << "simulated_sensors: say when it ends: --records, --seconds or --until-told\n";
    return 2;
  }
  if (s.until_told) {
    std::thread([] {
      while (std::cin.get() != EOF) {
      }
      told_to_end = true;
    }).detach();
  }
  return simulate(s);
}
