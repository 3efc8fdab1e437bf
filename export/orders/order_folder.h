// export/orders/order_folder.h — the sets that a sensor has by orders, on disk
//
//   <folder>/NAME.rules.order       the order as it came, signed: what a restart begins with. A withdrawn set keeps
//                                   its order, too
//   <folder>/in-use/NAME.rules      its content, for who loads rules; .indicators likewise. Made anew at each start
//   <folder>/incoming.N, former     on their way; what a crash left of them is removed at the next start
//
//   begin ──> take, take ... ──> stage ──> the set is loaded
//     ──┬─> accept    NAME.rules.order takes the place of the one before
//       └─> reject    the content before is back; the order is forgotten
//
// Until accept() the former order is the one that a restart finds, so an end at any moment leaves a whole set, never
// two halves. The kept orders are the memory of what may no longer come: an order whose number is not above that of
// its set is refused, withdrawn or not; unless it is the one in use, which a second collector may send as well. Of an
// order that is damaged, or whose key is gone, the number counts as long as its head can be read.
//
// Disk      a set twice, and the one that is on its way once more; OrderLimits bounds each
// Threads   one at a time; states() any
// Durable   accept() returns after fsync of the file and its folder
#pragma once
#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "export/orders/order.h"

namespace picket {

class OrderFolder {
 public:
  struct Options {
    std::string folder;
    std::string keys_file;  ///< read again for each order: keys change without a restart
    std::string sensor;
    OrderLimits limits;
  };

  /// What loading a set found.
  struct Loaded {
    std::uint32_t epoch = 0;
    std::uint64_t loaded = 0, rejected = 0;
    std::vector<std::string> problems;  ///< kProblems of them at most
    static constexpr std::size_t kProblems = 8;
    static constexpr std::size_t kProblemBytes = 256;
  };

  /// A set of which parts are still to come. Its files go with it.
  class Incoming {
   public:
    /// An error is final. A set that says nothing is one: by accident it would switch detection off.
    Status take(const v1::Order& part);
    [[nodiscard]] bool whole() const noexcept { return content_.whole(); }
    [[nodiscard]] const v1::OrderHead& head() const noexcept { return content_.head(); }

   private:
    friend class OrderFolder;
    Incoming(v1::OrderHead head, NewFile order, NewFile plain)
        : content_(std::move(head)), order_(std::move(order)), plain_(std::move(plain)) {}
    OrderContent content_;
    SaysSomething says_;
    NewFile order_, plain_;
  };

  /// Makes the folder, and puts what its orders say into in-use, each checked again. An order that does not hold, or is for other sensors, is
  /// logged, not used, and stands in states(). Fails when there is no key, or the folder cannot be written.
  static Result<std::unique_ptr<OrderFolder>> open(Options options);

  /// Pattern of the files to load. It always fits one: a file of comments says whose the folder is.
  [[nodiscard]] std::string pattern(v1::OrderKind kind) const;
  /// File that holds the content of a set while it is in use.
  [[nodiscard]] std::string file(v1::OrderKind kind, const std::string& name) const;

  /// The first part of an order. The error says why it is refused; nullptr: that order is in use already.
  Result<std::unique_ptr<Incoming>> begin(const v1::Order& first);
  /// Puts a whole set where the one before was; who loads at that moment finds one of them. Nothing else may be staged. False: another collector was faster, and
  /// that order is in use already.
  Result<bool> stage(std::unique_ptr<Incoming> whole);
  Status accept(const Loaded& loaded);
  void reject(const std::string& why, const Loaded& loaded);
  /// What loading the sets that were there at the start found of one.
  void found(v1::OrderKind kind, const std::string& name, const Loaded& loaded);

  [[nodiscard]] std::vector<v1::SetState> states() const;
  /// Sets in use, by kind.
  [[nodiscard]] std::vector<std::string> names(v1::OrderKind kind) const;

 private:
  using SetKey = std::pair<v1::OrderKind, std::string>;
  struct Set {
    std::optional<v1::SetState> kept, refused;
    std::optional<v1::SetState> lost;  ///< was kept, and cannot be used: it may come again, and nothing older
  };
  explicit OrderFolder(Options options) : options_(std::move(options)) {}
  Status prepare();
  Status restore(const SetKey& key, const std::string& path);
  [[nodiscard]] std::optional<v1::SetState> last_known(const SetKey& key, const std::string& path) const;
  [[nodiscard]] std::string order_file(const SetKey& key) const;
  [[nodiscard]] std::string aside(const std::string& name) const { return options_.folder + "/" + name; }
  [[nodiscard]] Status is_for_this_sensor(const v1::OrderHead& head) const;
  Result<bool> is_news(const v1::OrderHead& head) const;
  static v1::SetState state_of(const v1::OrderHead& head);
  static void put(const Loaded& loaded, v1::SetState& state);
  void refused(const v1::OrderHead& head, const std::string& why);
  void take_back();

  const Options options_;
  unsigned next_ = 0;
  std::unique_ptr<Incoming> staged_;
  mutable std::mutex mutex_;  // for sets_
  std::map<SetKey, Set> sets_;
};

}  // namespace picket
