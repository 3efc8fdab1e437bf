// export/assets/inventory.h — the inventory of assets: fed with records in the order of the capture, it tells each
// asset when it is new, when something about it changes, once in an interval, and at the end
//
//   Merge ──> see() ──> AssetReader ──> AssetTable ──> changed: due `settle` later ──> flush() ──> Event.asset
//
// When is decided by the source clock: an asset is told `settle_ns` after it was first heard or changed, so that what
// is learned together is told together, and `interval_ns` after it was last told, if it was seen since. So the output
// depends on the order of records alone, not on workers, nor on when somebody asked.
//
// Threads see(), flush(), save() and sorted() from one; counts from any
#pragma once
#include <set>

#include "export/assets/asset_reader.h"
#include "export/assets/asset_table.h"
#include "export/proto/picket/v1/asset.pb.h"
#include "export/proto/picket/v1/event.pb.h"
#include "export/record_sink.h"

namespace picket {

class Inventory final : AssetTable::Listener {
 public:
  struct Config {
    AssetTable::Config table;
    std::uint64_t settle_ns = 60'000'000'000;
    std::uint64_t interval_ns = 86'400'000'000'000;
    bool records = true;  ///< false: assets are known, and nobody is told
    std::string sensor;
    std::function<std::int64_t()>
        utc_offset_ns;  ///< live: what has to be added to the source clock to have UTC
  };
  explicit Inventory(Config config);

  void see(const EventHeader& h, Bytes record, Bytes notes);
  /// The source clock at which the next one is due; the greatest number when none is.
  [[nodiscard]] std::uint64_t next_due() const noexcept;
  /// All that are due at `clock_ns`, in the order in which they became so.
  void flush(std::uint64_t clock_ns, RecordOut&);
  /// At the end: each that was seen or changed since it was last told, by address.
  void flush_all(RecordOut&);

  /// Records told so far. Any thread.
  [[nodiscard]] std::uint64_t told() const noexcept { return told_.load(std::memory_order_relaxed); }

  /// What is to outlive this run.
  [[nodiscard]] v1::AssetState save() const;
  /// Before the first see(). What finds no room is left out and counted as evicted.
  void restore(const v1::AssetState&);

  /// Each asset as its record would tell it, by tap, VLANs and address.
  [[nodiscard]] std::vector<v1::Event> all() const;
  [[nodiscard]] const AssetTable::Counts& counts() const noexcept { return table_.counts(); }

 private:
  void changed(Asset&) override;
  void seen_again(Asset&) override;
  void gone(Asset&) override;
  void wait(Asset&, std::uint64_t due_ns);
  void tell(Asset&, std::string_view reason, std::uint64_t clock_ns, RecordOut&);
  void start(std::uint64_t clock_ns);
  [[nodiscard]] v1::Event event_of(const Asset&, std::string_view reason, std::uint64_t clock_ns) const;
  /// It is told with the addresses whose part it is.
  [[nodiscard]] bool is_part(const Asset&) const;
  [[nodiscard]] std::uint64_t utc(std::uint64_t clock_ns) const;

  Config config_;
  AssetTable table_;
  AssetReader reader_;
  std::uint64_t clock_ns_ = 0;  // 0: no time has been seen
  std::uint64_t next_order_ = 0;
  std::atomic<std::uint64_t> told_{0};
  std::set<std::tuple<std::uint64_t, std::uint64_t, Asset*>> due_;  // (when, number, who)
  std::vector<Asset*> restored_;                                    // until the clock is known
};

}  // namespace picket
