// export/delivery/test_support.h — what tests of delivery share: a folder, a sensor that makes records, and a ledger
// that checks what arrives as strictly as a collector may
#pragma once
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <map>
#include <memory>
#include <string>
#include <tuple>
#include <vector>

#include "export/delimited.h"
#include "export/delivery/chain_writer.h"
#include "export/delivery/journal.h"
#include "export/proto/picket/v1/event.pb.h"

namespace picket::delivery::test {

/// A folder of a test's own, gone with it.
class Folder {
 public:
  Folder() {
    static std::atomic<int> next{0};
    path_ = std::filesystem::temp_directory_path() /
            ("delivery_test." + std::to_string(getpid()) + "." + std::to_string(next++));
    std::filesystem::create_directories(path_);
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;
  [[nodiscard]] std::string path() const { return path_; }
  [[nodiscard]] std::string file(const std::string& name) const { return path_ / name; }

 private:
  std::filesystem::path path_;
};

/// No file may grow beyond so many bytes, as on a full disk.
class FullDisk {
 public:
  explicit FullDisk(rlim_t most = 0) {
    ::signal(SIGXFSZ, SIG_IGN);
    ::getrlimit(RLIMIT_FSIZE, &before_);
    const rlimit none{most, before_.rlim_max};
    ::setrlimit(RLIMIT_FSIZE, &none);
  }
  ~FullDisk() { ::setrlimit(RLIMIT_FSIZE, &before_); }
  FullDisk(const FullDisk&) = delete;
  FullDisk& operator=(const FullDisk&) = delete;

 private:
  rlimit before_{};
};

/// Each byte of these is another one, or zero.
inline void damage(const std::string& path, std::uint64_t at, std::size_t bytes, bool zero = false) {
  std::fstream f(path, std::ios::in | std::ios::out | std::ios::binary);
  std::string all(bytes, '\0');
  f.seekg(static_cast<std::streamoff>(at));
  f.read(all.data(), static_cast<std::streamsize>(bytes));
  all.resize(static_cast<std::size_t>(f.gcount()));
  f.clear();
  for (char& c : all) c = zero ? '\0' : static_cast<char>(~c);
  f.seekp(static_cast<std::streamoff>(at));
  f.write(all.data(), static_cast<std::streamsize>(all.size()));
}

/// The process has no more descriptors than these.
class FewDescriptors {
 public:
  explicit FewDescriptors(rlim_t most) {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const rlimit few{most, before_.rlim_max};
    ::setrlimit(RLIMIT_NOFILE, &few);
  }
  ~FewDescriptors() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  FewDescriptors(const FewDescriptors&) = delete;
  FewDescriptors& operator=(const FewDescriptors&) = delete;

 private:
  rlimit before_{};
};

/// Those with this extension, sorted.
inline std::vector<std::string> files_of(const std::string& folder, const std::string& extension) {
  std::vector<std::string> all;
  for (const auto& e : std::filesystem::directory_iterator(folder)) {
    if (e.path().extension() == extension) all.push_back(e.path());
  }
  std::sort(all.begin(), all.end());
  return all;
}

inline const RecordKind kAlert = record_kind(RecordType::kAlert, kNoProtocol);
inline const RecordKind kFlow = record_kind(RecordType::kFlow, kNoProtocol);
inline const RecordKind kStats = record_kind(RecordType::kStats, kNoProtocol);
inline const RecordKind kAnomaly = record_kind(RecordType::kAnomaly, kNoProtocol);
inline const RecordKind kArp = record_kind(RecordType::kArp, kNoProtocol);

/// Record `n`: `bytes` of it cannot be compressed.
inline std::string record(std::uint64_t n, RecordKind kind, std::size_t bytes = 40) {
  v1::Event e;
  e.set_timestamp((1'700'000'000 + n) * 1'000'000'000);
  e.set_event_type(std::string(record_kind_name(kind)));
  e.set_flow_id(n);
  std::string noise;
  for (std::uint64_t x = n * 0x9e3779b97f4a7c15 + 1; noise.size() < bytes;
       x = x * 6364136223846793005 + 1442695040888963407)
    noise.push_back(static_cast<char>(x >> 56));
  e.set_payload(noise);
  return e.SerializeAsString();
}

/// Kinds in a fixed mixture.
inline RecordKind kind_of(std::uint64_t n) {
  return n % 50 == 0 ? kAlert : n % 31 == 0 ? kStats : n % 7 == 0 ? kArp : n % 3 == 0 ? kAnomaly : kFlow;
}

/// What a collector would know after these batches.
class Ledger {
 public:
  /// The acknowledgement; "" in `fault` as long as all is well.
  void take(const v1::Batch& batch) {
    Chain& c = chains_[{batch.sensor(), batch.boot(), batch.lane()}];
    const std::uint64_t last = batch.first_seq() + batch.count() - 1;
    const auto records = open_batch(batch, {});
    if (!records) return complain(batch, records.error().message);
    if (batch.gap().reason() == v1::GAP_ACKNOWLEDGED) return take_acknowledged(batch, last, c.at);
    if (last <= c.at.through) {
      ++duplicates_;
      return;
    }
    const ChainPoint before = point_before(batch);
    if (holes_ && before.through > c.at.through) c.at = before;  // another collector has what lies between
    if (before.through != c.at.through)
      return complain(batch, "it begins at " + std::to_string(batch.first_seq()) + ", the chain is at " +
                                 std::to_string(c.at.through));
    if (before.hash != c.at.hash) return complain(batch, "it does not follow by its hash");
    if (c.known && before.made != c.at.made) return complain(batch, "its counts are not those of what came");
    TypeCounts types;
    if (batch.has_gap()) {
      for (const auto& t : batch.gap().missing()) types[t.type()] += t.count();
      missing_[batch.gap().reason()] += batch.count();
      for (const auto& [type, n] : types) missing_types_[type] += n;
      unknown_ += batch.count() - sum(types);
      ++gaps_;
      c.known &= sum(types) == batch.count();
    } else {
      const Bytes bytes = as_bytes(records.value());
      WireReader in(bytes);
      for (Bytes one; next_delimited(in, one);) {
        v1::Event e;
        EXPECT_TRUE(e.ParseFromArray(one.data(), static_cast<int>(one.size())));
        ++types[e.event_type()];
        if (!seen_.insert({batch.boot(), e.flow_id()}).second) complain(batch, "a record that came before");
      }
      for (const auto& [type, n] : types) delivered_[type] += n;
    }
    for (const auto& [type, n] : types) c.at.made[type] += n;
    c.at.through = last;
    c.at.hash = chain_after(batch);
  }
  [[nodiscard]] std::uint64_t through(std::uint64_t boot, v1::Lane lane,
                                      const std::string& sensor = "plant-7") {
    return chains_[{sensor, boot, lane}].at.through;
  }
  [[nodiscard]] TypeCounts delivered() const { return delivered_; }
  [[nodiscard]] TypeCounts missing() const { return missing_types_; }
  [[nodiscard]] std::uint64_t missing(v1::GapReason reason) const {
    const auto at = missing_.find(reason);
    return at == missing_.end() ? 0 : at->second;
  }
  /// Delivered and missing, by type.
  [[nodiscard]] TypeCounts all() const {
    TypeCounts sums = delivered_;
    for (const auto& [type, n] : missing_types_) sums[type] += n;
    return sums;
  }
  [[nodiscard]] std::uint64_t unknown() const { return unknown_; }
  [[nodiscard]] std::uint64_t duplicates() const { return duplicates_; }
  [[nodiscard]] std::uint64_t gaps() const { return gaps_; }
  /// It is one of several: what never comes went to another.
  void allow_holes() { holes_ = true; }
  [[nodiscard]] const std::string& fault() const { return fault_; }

 private:
  struct Chain {
    ChainPoint at;
    bool known = true;
  };
  /// What of it is not here, another collector has, or this one had.
  void take_acknowledged(const v1::Batch& batch, std::uint64_t last, ChainPoint& at) {
    if (last == at.through && chain_after(batch) != at.hash) complain(batch, "the chain stands elsewhere");
    if (last <= at.through) return;
    ChainPoint to{last, chain_after(batch), point_before(batch).made};
    for (const auto& t : batch.gap().missing()) to.made[t.type()] += t.count();
    if (!holes_) {
      ++gaps_;
      missing_[v1::GAP_ACKNOWLEDGED] += last - at.through;
      for (const auto& [type, n] : minus(to.made, at.made)) missing_types_[type] += n;
    }
    at = std::move(to);
  }
  void complain(const v1::Batch& b, const std::string& why) {
    if (fault_.empty())
      fault_ = v1::Lane_Name(b.lane()) + " " + std::to_string(b.first_seq()) + "+" +
               std::to_string(b.count()) + (b.has_gap() ? " (gap): " : ": ") + why;
  }
  std::map<std::tuple<std::string, std::uint64_t, v1::Lane>, Chain> chains_;
  TypeCounts delivered_, missing_types_;
  std::map<v1::GapReason, std::uint64_t> missing_;
  std::set<std::pair<std::uint64_t, std::uint64_t>> seen_;
  std::uint64_t unknown_ = 0, duplicates_ = 0, gaps_ = 0;
  bool holes_ = false;
  std::string fault_;
};

/// Takes everything a place has to get, and acknowledges it.
inline void drain(Spool& spool, Ledger& ledger, std::size_t place = 0) {
  for (std::size_t lane = 0; lane < kLaneCount; ++lane) {
    while (const auto frame = spool.next(place, lane)) {
      ledger.take(frame->batch);
      spool.acknowledge(place, frame->batch.boot(), lane, frame->last());
    }
  }
}

/// A sensor whose segments are sealed when told: everything in one thread.
class Sensor {
 public:
  Sensor(const std::string& folder, DeliveryCounters& counters, SpoolOptions options = {},
         std::uint64_t boot = 1, JournalLimits limits = small())
      : limits_(limits) {
    options.folder = folder;
    if (options.fsync == Fsync::kInterval) options.fsync = Fsync::kOff;  // power stays on, and disks are slow
    auto spool = Spool::open(std::move(options), counters);
    if (!spool) throw std::runtime_error(spool.error().message);
    spool_ = std::move(spool).value();
    for (BootFile* ended : spool_->ended()) recover(*spool_, *ended, true);
    BootFile::Options o;
    o.sensor = "plant-7";
    o.boot = boot;
    o.started_at = boot;
    o.segment_bytes = limits.segment_bytes();
    o.segments = limits.segments;
    auto file =
        spool_->begin(o, [this](std::size_t lane, std::uint64_t first, std::uint64_t last, bool good) {
          for (std::uint64_t n = first; n <= last; ++n) {  // the first word counts
            if (told_.insert({lane, n}).second) ++(good ? delivered_ : lost_);
          }
        });
    if (!file) throw std::runtime_error(file.error().message);
    file_ = file.value();
    journal_ = std::make_unique<Journal>(*file_, limits_);
    for (std::size_t lane = 0; lane < kLaneCount; ++lane)
      writers_.push_back(std::make_unique<ChainWriter>(*spool_, *file_, lane));
  }
  static JournalLimits small() {
    JournalLimits l;
    l.max_batch_records = 10;
    l.segments = 6;
    return l;
  }
  bool make(std::uint64_t n, RecordKind kind, std::size_t bytes = 40) {
    ++made_[std::string(record_kind_name(kind))];
    return journal_->append(lane_of(kind), kind, n, as_bytes(record(n, kind, bytes)));
  }
  /// Records that workers lost.
  void skip(RecordKind kind, std::uint64_t count) {
    made_[std::string(record_kind_name(kind))] += count;
    journal_->skip(lane_of(kind), kind, count);
  }
  /// Seals what is handed over.
  void seal() {
    while (auto filled = journal_->take(std::chrono::milliseconds(0))) {
      writers_[filled->lane]->seal(*filled);
      journal_->release(*filled);
    }
  }
  void flush() {
    journal_->flush();
    seal();
  }
  /// Records 1..n of the mixture, in batches of ten.
  void make_many(std::uint64_t from, std::uint64_t to, std::size_t bytes = 40) {
    for (std::uint64_t n = from; n <= to; ++n) {
      make(n, kind_of(n), bytes);
      seal();
    }
    flush();
  }
  Spool& spool() { return *spool_; }
  BootFile& file() { return *file_; }
  Journal& journal() { return *journal_; }
  TypeCounts made_;
  std::uint64_t delivered_ = 0, lost_ = 0;

 private:
  JournalLimits limits_;
  std::set<std::pair<std::size_t, std::uint64_t>> told_;
  std::unique_ptr<Spool> spool_;
  BootFile* file_ = nullptr;
  std::unique_ptr<Journal> journal_;
  std::vector<std::unique_ptr<ChainWriter>> writers_;
};

}  // namespace picket::delivery::test
