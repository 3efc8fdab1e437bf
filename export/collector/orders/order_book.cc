#include "export/collector/orders/order_book.h"

#include <fmt/format.h>
#include <sys/stat.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <tuple>

#include "export/clock.h"
#include "export/collector/chain.h"
#include "export/collector/json.h"
#include "parsers/core/folder.h"

namespace picket::collector {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kNsPerSecond = 1'000'000'000;
constexpr const char* kStatusFolder = "/status";
constexpr std::size_t kMaxFileName = 255;  // NAME_MAX, which is in bytes
constexpr std::string_view kStatusSuffix = ".status", kAside = ".new";

/// What cannot be listed is not there. Nothing here throws: gRPC swallows what does, and the call that looked would
/// never end.
template <class Visit>
void for_each_file(const std::string& folder, Visit visit) {
  std::ignore = for_each_entry(folder, [&](const fs::directory_entry& entry) { visit(entry.path()); });
}

/// No two sensors have one file: "%sha256" is nothing that an encoded name begins with. Whose a file is stands in it.
std::string status_file_of(const std::string& sensor) {
  std::string out;
  for (const char c : sensor) {
    const bool plain =
        (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '-' || c == '_';
    out += plain ? std::string(1, c) : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  if (out.size() + kStatusSuffix.size() + kAside.size() > kMaxFileName) {
    char hex[2 * SHA256_DIGEST_LENGTH];
    to_hex(Bytes(Sha256::of(as_bytes(sensor))), hex);
    out = "%sha256-" + std::string(hex, sizeof hex);
  }
  return out.append(kStatusSuffix);
}

Result<v1::OrderHead> head_of(const std::string& path) {
  OrderReader in(path);
  v1::Order part;
  const auto more = in.next(part);
  if (!more) return more.error();
  OrderLimits any;
  any.content_bytes = ~std::uint64_t{0};  // what is too large is for sensors to say
  auto head = more.value() ? read_head(part, any) : Result<v1::OrderHead>(Error{"it is empty"});
  return head ? head : Error{path + ": " + head.error().message};
}

OrderFile::Stamp stamp_of(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return {};
  return {info.st_ino, static_cast<std::uint64_t>(info.st_size),
          static_cast<std::uint64_t>(info.st_mtim.tv_sec) * kNsPerSecond +
              static_cast<std::uint64_t>(info.st_mtim.tv_nsec)};
}

/// A time to come is one that a copy set at its end.
bool is_at_rest(const OrderFile::Stamp& stamp) {
  const std::uint64_t now = now_ns();
  return stamp.changed_ns > now ||
         now - stamp.changed_ns >= static_cast<std::uint64_t>(OrderBook::kRest.count());
}

std::string when(std::uint64_t ns) {
  const auto s = static_cast<std::time_t>(ns / 1'000'000'000);
  std::tm t{};
  gmtime_r(&s, &t);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &t);
  return text;
}

/// What a sensor says of an order; nullptr: nothing, or it is about another number.
const v1::SetState* state_of(const v1::SensorStatus& status, const v1::OrderHead& head) {
  for (const v1::SetState& s : status.sets()) {
    if (s.kind() == head.kind() && s.name() == head.name() && s.id() == head.id()) return &s;
  }
  return nullptr;
}

bool is_same_set(const v1::OrderHead& a, const v1::OrderHead& b) {
  return a.kind() == b.kind() && a.name() == b.name();
}

/// Is there nobody left who is to have the order at `at`? Those behind it, by number, may be for some sensors only.
bool is_superseded(const std::vector<OrderFile>& orders, std::size_t at) {
  const v1::OrderHead& head = orders[at].head;
  const auto has_later = [&](const auto& is_theirs) {
    return std::any_of(orders.begin() + static_cast<std::ptrdiff_t>(at) + 1, orders.end(),
                       [&](const OrderFile& o) { return is_same_set(o.head, head) && is_theirs(o.head); });
  };
  if (head.sensors().empty()) return has_later([](const v1::OrderHead& h) { return h.sensors().empty(); });
  return std::all_of(head.sensors().begin(), head.sensors().end(), [&](const std::string& sensor) {
    return has_later([&](const v1::OrderHead& h) { return is_for(h, sensor); });
  });
}

}  // namespace

bool is_for(const v1::OrderHead& head, const std::string& sensor) {
  return head.sensors().empty() ||
         std::find(head.sensors().begin(), head.sensors().end(), sensor) != head.sensors().end();
}

Result<std::unique_ptr<OrderBook>> OrderBook::open(const std::string& folder) {
  std::error_code failed;
  fs::create_directories(folder + kStatusFolder, failed);
  if (failed)
    return Error{fmt::format("{}: cannot be made: {}; name a folder for orders", folder, failed.message())};
  std::unique_ptr<OrderBook> book(new OrderBook(folder));
  std::vector<std::string> ignored;
  book->look(ignored);
  return book;
}

bool OrderBook::look(std::vector<std::string>& notes) {
  std::vector<std::string> paths;
  for_each_file(folder_, [&](const fs::path& path) {
    if (path.extension() == ".order" && paths.size() < kMaxOrders) paths.push_back(path);
  });
  std::sort(paths.begin(), paths.end());
  const std::lock_guard lock(mutex_);
  std::vector<OrderFile> found;
  std::vector<std::string> bad;
  bool changed = false;
  for (const std::string& path : paths) {
    const OrderFile::Stamp stamp = stamp_of(path);
    const bool at_rest = is_at_rest(stamp);
    if (const auto at = damaged_.find(path); at != damaged_.end()) {
      if (at->second == stamp) continue;
      damaged_.erase(at);
    }
    const auto known =
        std::find_if(orders_.begin(), orders_.end(), [&](const OrderFile& o) { return o.path == path; });
    if (known != orders_.end() && known->stamp == stamp) {
      changed |= at_rest && !known->at_rest;
      found.push_back(*known);
      found.back().at_rest = at_rest;
      continue;
    }
    auto head = head_of(path);
    if (head) {
      found.push_back({path, std::move(head).value(), stamp, at_rest});
      changed = true;
      continue;
    }
    if (!at_rest) continue;
    bad.push_back(path);
    if (std::find(bad_.begin(), bad_.end(), path) == bad_.end()) notes.push_back(head.error().message);
  }
  std::erase_if(damaged_,
                [&](const auto& d) { return !std::binary_search(paths.begin(), paths.end(), d.first); });
  changed |= found.size() != orders_.size();
  std::sort(found.begin(), found.end(),
            [](const OrderFile& a, const OrderFile& b) { return a.head.id() < b.head.id(); });
  orders_ = std::move(found);
  bad_ = std::move(bad);
  return changed;
}

std::optional<OrderFile> OrderBook::pending(const v1::SensorStatus& status) const {
  const std::lock_guard lock(mutex_);
  std::map<std::pair<int, std::string>, const OrderFile*> wanted;
  for (const OrderFile& o : orders_) {  // by number: the last one stays
    if (is_for(o.head, status.sensor())) wanted[{o.head.kind(), o.head.name()}] = &o;
  }
  const OrderFile* next = nullptr;
  for (const auto& [set, order] : wanted) {
    const bool known =
        std::any_of(status.sets().begin(), status.sets().end(), [&, order = order](const v1::SetState& s) {
          return s.kind() == order->head.kind() && s.name() == order->head.name() &&
                 s.id() >= order->head.id();
        });
    if (!known && order->at_rest && (next == nullptr || order->head.id() < next->head.id())) next = order;
  }
  return next == nullptr ? std::nullopt : std::optional(*next);
}

void OrderBook::damaged(const OrderFile& file) {
  const std::lock_guard lock(mutex_);
  const auto is_it = [&](const OrderFile& o) { return o.path == file.path && o.stamp == file.stamp; };
  if (std::erase_if(orders_, is_it) != 0) damaged_[file.path] = file.stamp;
}

Status OrderBook::keep(const v1::SensorStatus& status) {
  const std::lock_guard lock(mutex_);
  const std::string path = folder_ + kStatusFolder + "/" + status_file_of(status.sensor());
  std::error_code failed;
  if (!fs::exists(path, failed)) {
    std::size_t n = 0;
    for_each_file(folder_ + kStatusFolder, [&](const fs::path&) { ++n; });
    if (n >= kMaxSensors)
      return Error{fmt::format("the status of {} sensors is kept, and of no more; remove old ones from {}{}",
                               n, folder_, kStatusFolder)};
  }
  NewFile file(path + std::string(kAside), path);
  if (Status s = file.write(std::string_view(status.SerializeAsString())); !s) return s;
  return file.commit();
}

std::vector<OrderFile> OrderBook::orders() const {
  const std::lock_guard lock(mutex_);
  return orders_;
}

std::vector<v1::SensorStatus> OrderBook::statuses() const {
  std::vector<v1::SensorStatus> all;
  for_each_file(folder_ + kStatusFolder, [&](const fs::path& path) {
    if (path.extension() != kStatusSuffix) return;
    std::ifstream in(path, std::ios::binary);
    v1::SensorStatus s;
    if (s.ParseFromIstream(&in)) all.push_back(std::move(s));
  });
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.sensor() < b.sensor(); });
  return all;
}

Result<std::string> make_order_file(const NewOrder& order) {
  if (!is_set_name(order.name)) {
    return Error{fmt::format(
        "--name: '{}' is no name of a set; take up to 64 lower-case letters, digits, '-', '_', '.'",
        order.name)};
  }
  if (order.withdraw != order.files.empty())
    return Error{order.withdraw ? "--withdraw and files do not go together"
                                : "name at least one file, or --withdraw"};
  const auto key = read_signing_key(order.key);
  if (!key) return Error{"--key: " + key.error().message};
  auto book = OrderBook::open(order.folder);
  if (!book) return Error{"--folder: " + book.error().message};
  std::string content;
  for (const std::string& path : order.files) {
    std::ifstream in(path, std::ios::binary);
    std::error_code failed;
    if (!in || fs::is_directory(path, failed)) return Error{path + ": cannot be read"};
    content.append(std::istreambuf_iterator<char>(in), {});
    if (!content.empty() && content.back() != '\n') content += '\n';
  }
  SaysSomething says;
  says.take(content);
  if (!order.withdraw && !says) return Error{fmt::format("{}: {}", order.files.front(), kSaysNothing)};
  v1::OrderHead head;
  const auto before = book.value()->orders();
  const std::uint64_t now = now_ns() / kNsPerSecond * kNsPerSecond;
  head.set_id(std::max(now / kNsPerSecond, before.empty() ? 0 : before.back().head.id() + 1));
  head.set_issued_at(now);
  head.set_kind(order.kind);
  head.set_name(order.name);
  head.set_withdrawn(order.withdraw);
  for (const std::string& s : order.sensors) head.add_sensors(s);
  const std::string path =
      fmt::format("{}/{}-{}-{}.order", order.folder, head.id(), order_kind_name(order.kind), order.name);
  NewFile file(path + std::string(kAside), path);
  const Status made =
      make_order(head, content, *key.value(), [&](const v1::Order& part) { return write_part(part, file); });
  if (!made) return made.error();
  if (const Status s = file.commit(); !s) return s.error();
  return path;
}

Status list_orders(const std::string& folder, bool json, std::FILE* out) {
  std::error_code failed;
  if (!fs::is_directory(folder, failed))
    return Error{fmt::format("{}: there is no such folder; name one with --folder", folder)};
  auto book = OrderBook::open(folder);
  if (!book) return book.error();
  const auto orders = book.value()->orders();
  const auto statuses = book.value()->statuses();
  for (std::size_t at = 0; at < orders.size(); ++at) {
    const v1::OrderHead& h = orders[at].head;
    const char* state = h.withdrawn() ? "withdraws" : is_superseded(orders, at) ? "superseded" : "current";
    std::string sensors;
    for (const auto& s : h.sensors()) sensors += (sensors.empty() ? "" : ",") + printable(s);
    if (!json) {
      fmt::print(out, "{}  {} {}  {}  issued {}  {} bytes  for {}\n", h.id(), order_kind_name(h.kind()),
                 h.name(), state, when(h.issued_at()), h.size(), sensors.empty() ? "all" : sensors);
    }
    std::string rows;
    for (const v1::SensorStatus& status : statuses) {
      if (!is_for(h, status.sensor())) continue;
      const v1::SetState* s = state_of(status, h);
      const auto is_later = [&](const OrderFile& o) {
        return o.head.id() > h.id() && is_same_set(o.head, h) && is_for(o.head, status.sensor());
      };
      if (s == nullptr && std::any_of(orders.begin(), orders.end(), is_later)) continue;
      const char* what = s == nullptr ? "waits" : s->refused().empty() ? "applied" : "refused";
      if (json) {
        rows += fmt::format("{}{{\"sensor\":{},\"state\":\"{}\"", rows.empty() ? "" : ",",
                            quote_json(status.sensor()), what);
        if (s != nullptr) {
          rows += fmt::format(",\"at\":\"{}\",\"loaded\":{},\"rejected\":{}", when(s->at()), s->loaded(),
                              s->rejected());
          if (!s->refused().empty()) rows += ",\"reason\":" + quote_json(s->refused());
          std::string problems;
          for (const auto& p : s->problems()) problems += (problems.empty() ? "" : ",") + quote_json(p);
          rows += ",\"problems\":[" + problems + "]";
        }
        rows += "}";
      } else {
        fmt::print(out, "    {}  {}", printable(status.sensor()), what);
        if (s != nullptr)
          fmt::print(out, " {}  {} loaded, {} rejected{}", when(s->at()), s->loaded(), s->rejected(),
                     s->refused().empty() ? "" : "  " + printable(s->refused()));
        fmt::print(out, "\n");
        if (s != nullptr) {
          for (const auto& p : s->problems()) fmt::print(out, "        {}\n", printable(p));
        }
      }
    }
    if (json) {
      std::string list;
      for (const auto& s : h.sensors()) list += (list.empty() ? "" : ",") + quote_json(s);
      fmt::print(out,
                 "{{\"id\":{},\"kind\":\"{}\",\"name\":\"{}\",\"state\":\"{}\",\"issued\":\"{}\",\"bytes\":{}"
                 ",\"sensors\":[{}],"
                 "\"status\":[{}]}}\n",
                 h.id(), order_kind_name(h.kind()), h.name(), state, when(h.issued_at()), h.size(), list,
                 rows);
    }
  }
  if (std::fflush(out) != 0) return Error{"the output is closed"};
  return Done{};
}

}  // namespace picket::collector
