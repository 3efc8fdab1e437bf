#include "export/orders/order_folder.h"

#include <fmt/core.h>
#include <spdlog/spdlog.h>
#include <sys/stat.h>

#include <algorithm>
#include <chrono>
#include <filesystem>

#include "export/clock.h"
#include "parsers/core/folder.h"

namespace picket {
namespace {

namespace fs = std::filesystem;

constexpr std::array kKinds{v1::ORDER_RULES, v1::ORDER_INDICATORS};
constexpr const char* kInUse = "/in-use";
constexpr const char* kFormer = "former";
constexpr std::string_view kOrderSuffix = ".order";
/// Names a set cannot have, so no order ever takes its place.
constexpr const char* kNoticeName = "/_notice.";
constexpr const char* kNotice =
    "# Written by picket from the signed orders in the folder above; what is changed here is lost.\n";
/// A file of indicators is one from its line of column names on.
constexpr const char* kNoIndicators = "indicator\n";

std::uint64_t changed_ns(const std::string& path) {
  struct stat info {};
  if (::stat(path.c_str(), &info) != 0) return 0;
  return static_cast<std::uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000 +
         static_cast<std::uint64_t>(info.st_mtim.tv_nsec);
}

}  // namespace

Status OrderFolder::Incoming::take(const v1::Order& part) {
  auto bytes = content_.take(part);
  if (!bytes) return bytes.error();
  says_.take(bytes.value());
  if (whole() && !head().withdrawn() && !says_) return Error{kSaysNothing};
  if (Status s = write_part(part, order_); !s) return s;
  return plain_.write(bytes.value());
}

std::string OrderFolder::pattern(v1::OrderKind kind) const {
  return fmt::format("{}{}/*.{}", options_.folder, kInUse, order_kind_name(kind));
}

std::string OrderFolder::file(v1::OrderKind kind, const std::string& name) const {
  return fmt::format("{}{}/{}.{}", options_.folder, kInUse, name, order_kind_name(kind));
}

std::string OrderFolder::order_file(const SetKey& key) const {
  return fmt::format("{}/{}.{}{}", options_.folder, key.second, order_kind_name(key.first), kOrderSuffix);
}

Result<std::unique_ptr<OrderFolder>> OrderFolder::open(Options options) {
  if (options.keys_file.empty()) {
    return Error{
        "orders.folder is set and orders.key is not; name a file of the public keys that may sign orders"};
  }
  if (auto keys = read_order_keys(options.keys_file); !keys)
    return Error{"orders.key: " + keys.error().message};
  std::unique_ptr<OrderFolder> folder(new OrderFolder(std::move(options)));
  if (const Status s = folder->prepare(); !s) return Error{"orders.folder: " + s.error().message};
  return folder;
}

Status OrderFolder::prepare() {
  std::error_code failed;
  fs::remove_all(options_.folder + kInUse, failed);
  fs::create_directories(options_.folder + kInUse, failed);
  if (failed) return Error{fmt::format("{}: cannot be made: {}", options_.folder, failed.message())};
  for (const v1::OrderKind kind : kKinds) {
    const std::string path = options_.folder + kInUse + kNoticeName + std::string(order_kind_name(kind));
    NewFile notice(aside("incoming.notice"), path);
    if (Status s = notice.write(std::string_view(kNotice)); !s) return s;
    if (kind == v1::ORDER_INDICATORS) {
      if (Status s = notice.write(std::string_view(kNoIndicators)); !s) return s;
    }
    if (Status s = notice.commit(); !s) return s;
  }
  failed = for_each_entry(options_.folder, [this](const fs::directory_entry& entry) {
    const std::string name = entry.path().filename();
    std::error_code ignored;
    if (name == kFormer || name.starts_with("incoming.")) fs::remove(entry.path(), ignored);
    for (const v1::OrderKind kind : kKinds) {
      const std::string suffix = fmt::format(".{}{}", order_kind_name(kind), kOrderSuffix);
      if (!name.ends_with(suffix)) continue;
      const SetKey key{kind, name.substr(0, name.size() - suffix.size())};
      if (!is_set_name(key.second) || sets_.size() >= OrderLimits::kSets) continue;
      if (const Status s = restore(key, entry.path()); !s) {
        spdlog::error("{}: {}; the set is not used", entry.path().string(), s.error().message);
        v1::SetState bad;
        bad.set_kind(kind);
        bad.set_name(key.second);
        bad.set_at(now_ns());
        bad.set_refused("what is kept of it does not hold: " + s.error().message);
        sets_[key] = {std::nullopt, bad, last_known(key, entry.path())};
      }
    }
  });
  if (failed) return Error{fmt::format("{}: cannot be read: {}", options_.folder, failed.message())};
  return Done{};
}

Status OrderFolder::restore(const SetKey& key, const std::string& path) {
  const auto keys = read_order_keys(options_.keys_file);
  if (!keys) return keys.error();
  OrderReader in(path);
  v1::Order part;
  if (auto more = in.next(part); !more || !more.value()) return more ? Error{"it is empty"} : more.error();
  const auto head = open_head(part, keys.value(), options_.limits);
  if (!head) return head.error();
  if (head.value().kind() != key.first || head.value().name() != key.second)
    return Error{"it is an order of another set"};
  if (Status s = is_for_this_sensor(head.value()); !s) return s;  // a copied disk, or a new name
  OrderContent content(head.value());
  NewFile plain(aside("incoming.restored"), file(key.first, key.second));
  for (;;) {
    const auto bytes = content.take(part);
    if (!bytes) return bytes.error();
    if (Status s = plain.write(bytes.value()); !s) return s;
    if (content.whole()) break;
    const auto more = in.next(part);
    if (!more) return more.error();
    if (!more.value()) return Error{"it is cut short"};
  }
  if (!head.value().withdrawn()) {
    if (Status s = plain.commit(); !s) return s;
  }
  v1::SetState state = state_of(head.value());
  state.set_at(changed_ns(path));
  sets_[key] = {state, std::nullopt, std::nullopt};
  return Done{};
}

/// Of what cannot be used any more: damaged, or signed with a key that is gone. What it says of itself has to do.
std::optional<v1::SetState> OrderFolder::last_known(const SetKey& key, const std::string& path) const {
  OrderReader in(path);
  v1::Order part;
  if (const auto more = in.next(part); !more || !more.value()) return std::nullopt;
  const auto head = read_head(part, options_.limits);
  if (!head || head.value().kind() != key.first || head.value().name() != key.second ||
      !is_for_this_sensor(head.value()))
    return std::nullopt;
  return state_of(head.value());
}

v1::SetState OrderFolder::state_of(const v1::OrderHead& head) {
  v1::SetState state;
  state.set_kind(head.kind());
  state.set_name(head.name());
  state.set_id(head.id());
  state.set_sha256(head.sha256());
  state.set_withdrawn(head.withdrawn());
  state.set_at(now_ns());
  return state;
}

void OrderFolder::put(const Loaded& loaded, v1::SetState& state) {
  state.set_loaded(loaded.loaded);
  state.set_rejected(loaded.rejected);
  state.clear_problems();
  for (std::size_t i = 0; i < loaded.problems.size() && i < Loaded::kProblems; ++i)
    state.add_problems(loaded.problems[i].substr(0, Loaded::kProblemBytes));
}

Status OrderFolder::is_for_this_sensor(const v1::OrderHead& head) const {
  const auto& sensors = head.sensors();
  if (sensors.empty() || std::find(sensors.begin(), sensors.end(), options_.sensor) != sensors.end())
    return Done{};
  return Error{"it is for other sensors"};
}

Result<bool> OrderFolder::is_news(const v1::OrderHead& head) const {
  if (Status s = is_for_this_sensor(head); !s) return s.error();
  const std::lock_guard lock(mutex_);
  const auto known = sets_.find({head.kind(), head.name()});
  if (known == sets_.end()) {
    if (sets_.size() >= OrderLimits::kSets)
      return Error{fmt::format("there are {} sets, and no more are kept", sets_.size())};
  } else if (const auto& last = known->second.kept ? known->second.kept : known->second.lost;
             last && head.id() <= last->id()) {
    const bool is_last =
        head.id() == last->id() && head.sha256() == last->sha256() && head.withdrawn() == last->withdrawn();
    if (is_last) return !known->second.kept.has_value();
    return Error{fmt::format("its number {} is not above {}, which this set has", head.id(), last->id())};
  }
  return true;
}

Result<std::unique_ptr<OrderFolder::Incoming>> OrderFolder::begin(const v1::Order& first) {
  const auto keys = read_order_keys(options_.keys_file);
  if (!keys) return Error{"orders.key: " + keys.error().message};
  const auto head = open_head(first, keys.value(), options_.limits);
  if (!head) return head.error();
  const v1::OrderHead& h = head.value();
  const auto news = is_news(h);
  if (!news) return news.error();
  if (!news.value()) return std::unique_ptr<Incoming>();
  const unsigned n = next_++;
  NewFile order(aside(fmt::format("incoming.{}", n)), order_file({h.kind(), h.name()}));
  NewFile plain(aside(fmt::format("incoming.{}.content", n)), file(h.kind(), h.name()));
  std::unique_ptr<Incoming> incoming(new Incoming(h, std::move(order), std::move(plain)));
  if (const Status s = incoming->take(first); !s) return s.error();
  return incoming;
}

Result<bool> OrderFolder::stage(std::unique_ptr<Incoming> whole) {
  PICKET_ASSERT(whole->whole() && staged_ == nullptr);
  const v1::OrderHead& head = whole->head();
  auto news = is_news(head);  // once more: another collector may have been faster
  if (!news || !news.value()) return news;
  if (const Status s = whole->order_.sync(); !s) return s.error();
  if (const Status s = whole->plain_.sync(); !s) return s.error();
  std::error_code failed, missing;
  const std::string path = file(head.kind(), head.name());
  fs::remove(aside(kFormer), failed);
  if (fs::exists(path, missing)) {
    if (head.withdrawn())
      fs::rename(path, aside(kFormer), failed);
    else
      fs::create_hard_link(path, aside(kFormer), failed);  // it stays until the new one is renamed over it
  }
  if (failed) return Error{fmt::format("{}: cannot be put aside: {}", path, failed.message())};
  staged_ = std::move(whole);
  if (!staged_->head().withdrawn()) {
    if (const Status s = staged_->plain_.commit(); !s) {
      take_back();
      return s.error();
    }
  }
  return true;
}

Status OrderFolder::accept(const Loaded& loaded) {
  const v1::OrderHead& head = staged_->head();
  if (Status s = staged_->order_.commit(); !s) {
    if (!staged_->order_.is_in_place()) return s;
    spdlog::error("orders: {}", s.error().message);  // it is what a restart finds, so it is in use
  }
  std::error_code ignored;
  fs::remove(aside(kFormer), ignored);
  v1::SetState state = state_of(head);
  put(loaded, state);
  {
    const std::lock_guard lock(mutex_);
    sets_[{head.kind(), head.name()}] = {state, std::nullopt, std::nullopt};
  }
  staged_.reset();
  return Done{};
}

void OrderFolder::reject(const std::string& why, const Loaded& loaded) {
  refused(staged_->head(), why);
  {
    const std::lock_guard lock(mutex_);
    const auto set = sets_.find({staged_->head().kind(), staged_->head().name()});
    if (set != sets_.end() && set->second.refused)
      put(loaded, *set->second.refused);  // else there was no place for it
  }
  take_back();
}

void OrderFolder::take_back() {
  std::error_code failed;
  const std::string path = file(staged_->head().kind(), staged_->head().name());
  if (std::error_code missing; fs::exists(aside(kFormer), missing)) {
    fs::rename(aside(kFormer), path, failed);
    fs::remove(aside(kFormer), missing);  // two names of one file are both left by a rename
  } else {
    fs::remove(path, failed);
  }
  if (failed) spdlog::error("{}: cannot be put back: {}", path, failed.message());
  staged_.reset();
}

void OrderFolder::refused(const v1::OrderHead& head, const std::string& why) {
  v1::SetState state = state_of(head);
  state.set_refused(why.substr(0, Loaded::kProblemBytes));
  const std::lock_guard lock(mutex_);
  if (const SetKey key{head.kind(), head.name()}; sets_.contains(key) || sets_.size() < OrderLimits::kSets)
    sets_[key].refused = state;
}

void OrderFolder::found(v1::OrderKind kind, const std::string& name, const Loaded& loaded) {
  const std::lock_guard lock(mutex_);
  const auto set = sets_.find({kind, name});
  if (set != sets_.end() && set->second.kept) put(loaded, *set->second.kept);
}

std::vector<v1::SetState> OrderFolder::states() const {
  const std::lock_guard lock(mutex_);
  std::vector<v1::SetState> all;
  for (const auto& [key, set] : sets_) {
    if (set.kept) all.push_back(*set.kept);
    if (set.refused) all.push_back(*set.refused);
  }
  return all;
}

std::vector<std::string> OrderFolder::names(v1::OrderKind kind) const {
  const std::lock_guard lock(mutex_);
  std::vector<std::string> all;
  for (const auto& [key, set] : sets_) {
    if (key.first == kind && set.kept && !set.kept->withdrawn()) all.push_back(key.second);
  }
  return all;
}

}  // namespace picket
