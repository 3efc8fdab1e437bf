// export/assets/asset_table.h — all assets, with the evidence for what they are; bounded in every way
//
// An asset is an address in its scope: the tap and the VLANs it was seen in, as for what is told once. Only an
// address that was heard itself becomes one; those that were merely spoken to or of do not. Evidence is (kind,
// source, text, station) with a count and times: what contradicts itself stands side by side.
//
// Link    what frames without IP say is held by their MAC, an asset of its own (Asset::link). It is a part of the
//         addresses that have this MAC, and of those that it says are its own (AssetKind::kAddress):
//         they are told with what it knows, and it is not told beside them. Nothing is moved: an address
//         that loses the MAC loses the part
// MAC     ARP says whose an address is. The first frame of each side of a flow says so too, but only when its
//         TTL is one that hosts begin with, and while its MAC has no more than kMaxHostV4 IPv4 and
//         kMaxHostAddresses addresses in all that ARP did not announce: else it is a router's, and nobody behind
//         it gets it; who got it before loses it
// Full    a new asset takes the place of the one unseen for longest, of those without a MAC and without operations of
//         plants first. Of a kind of evidence the weakest goes for a surer one, or when it was not seen for a day;
//         else what is new is left out. All is counted
// Cost    a hash look-up and a walk over at most a hundred numbers a piece of evidence
// Threads all from one; counts from any
#pragma once
#include <atomic>
#include <deque>
#include <functional>
#include <list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <unordered_map>
#include <vector>

#include "dataplane/flow/flow_macs.h"
#include "dataplane/packet.h"
#include "export/assets/clues.h"
#include "export/assets/mac_vendors.h"
#include "parsers/core/ot.h"

namespace picket {

/// Who says it: a ProtocolId, or one of those below.
using AssetSource = std::uint16_t;
inline constexpr AssetSource kSourceArp = 0xff00, kSourceEthernet = 0xff01, kSourceOui = 0xff02,
                             kSourceTtl = 0xff03, kSourceActivity = 0xff04, kNoSource = 0xffff;
[[nodiscard]] std::string_view asset_source_name(AssetSource) noexcept;
[[nodiscard]] AssetSource find_asset_source(std::string_view name) noexcept;

struct Evidence {
  AssetKind kind{};
  std::uint8_t confidence = 0;
  AssetSource source = kNoSource;
  std::int64_t station = kNoOtStation;
  std::string text;
  std::uint64_t count = 0, first_ns = 0, last_ns = 0;  ///< capture times
  std::size_t hash = 0;
};

struct AssetScope {
  std::string tap;
  std::vector<std::uint16_t> vlans;  ///< outermost first
  friend auto operator<=>(const AssetScope&, const AssetScope&) = default;
};

struct Asset {
  Address address;          ///< of a link its MAC (Address::mac)
  bool link = false;        ///< heard in frames without IP
  std::uint16_t scope = 0;  ///< AssetTable::scopes()
  std::uint64_t first_ns = 0, last_ns = 0;
  std::uint64_t left_out = 0;  ///< evidence that found no room
  std::vector<Evidence> evidence;
  bool seen = false;  ///< since it was last told
  // The inventory's: when it is to be told.
  std::uint64_t told_ns = 0;                ///< source clock; 0: never
  std::uint64_t due_ns = 0, due_order = 0;  ///< 0: not waiting
  bool changed = false;                     ///< since it was told
  // The table's.
  bool settled = false;  ///< it has a MAC, or takes part in operations
  std::list<Asset*>::iterator age;

  [[nodiscard]] bool has(AssetKind, AssetSource, std::string_view text) const noexcept;
};

class AssetTable {
 public:
  static constexpr std::size_t kMaxText = 128;  ///< bytes of a piece of evidence
  static constexpr std::size_t kMaxScopes = 4096;
  static constexpr std::size_t kMaxWaiting =
      4096;  ///< addresses of which something was said before they were seen
  static constexpr std::size_t kMaxWaitingEach = 4;
  static constexpr std::size_t kMaxHostV4 = 4, kMaxHostAddresses = 16;
  static constexpr std::size_t kMaxRouters = 4096;
  static constexpr std::uint64_t kStaleNs = 86'400'000'000'000;
  static constexpr std::uint64_t kPolls =
      20;  ///< reads by which a client that does nothing else is a historian

  struct Config {
    std::size_t max_assets = 16384;
    std::function<bool(const Address&)> wanted;  ///< nullptr: all
    MacVendors vendors;
  };
  struct Counts {
    std::atomic<std::uint64_t> known{0}, evicted{0}, outside{0}, left_out{0}, waiting_dropped{0},
        scopes_refused{0};
  };
  class Listener {
   public:
    virtual void changed(Asset&) = 0;
    virtual void seen_again(Asset&) = 0;  ///< for the first time since Asset::seen was taken back
    virtual void gone(Asset&) = 0;

   protected:
    ~Listener() = default;
  };

  AssetTable(Config, Listener&);

  /// Borrowed until the next call; nothing when there are too many.
  [[nodiscard]] std::optional<std::uint16_t> scope(std::string_view tap,
                                                   std::span<const std::uint16_t> vlans);
  [[nodiscard]] const std::vector<AssetScope>& scopes() const noexcept { return scopes_; }

  [[nodiscard]] Asset* find(std::uint16_t scope, const Address&, bool link = false) noexcept;
  /// It was heard at that time. nullptr: it is none that is wanted, or no address of a host.
  Asset* heard(std::uint16_t scope, const Address&, std::uint64_t time_ns);
  /// The same of the sender of a frame without IP; with it the addresses were heard whose part it is.
  Asset* heard_link(std::uint16_t scope, const Mac&, std::uint64_t time_ns);
  /// Whose part it is, when it is a link: none, when it stands for itself. At most kMaxHostAddresses of a MAC,
  /// for who has more is not one host.
  [[nodiscard]] std::vector<Asset*> addresses_of(const Asset& link) const;
  /// The links that are a part of that address.
  [[nodiscard]] std::vector<const Asset*> parts_of(const Asset& address) const;
  /// One piece of evidence more. The text is cleaned and cut; an empty one is none. Of kAddress it is an IP address,
  /// and only links have such; of kMac that of a host; any other is none.
  void add(Asset&, AssetKind, AssetSource, std::string_view text, std::uint8_t confidence,
           std::uint64_t time_ns, std::int64_t station = kNoOtStation);
  /// The same for an address that may come.
  void add_of(std::uint16_t scope, const Address&, AssetKind, AssetSource, std::string_view text,
              std::uint8_t confidence, std::uint64_t time_ns);
  /// It sent a frame from that MAC, with that TTL.
  void sent(Asset&, const Mac&, std::uint8_t ttl, std::uint64_t time_ns);
  /// ARP says that the address is at that MAC.
  void announced(Asset&, const Mac&, std::uint64_t time_ns);

  /// What was kept from an earlier run: false when there is no room. Sources that this build has not are left out.
  bool restore(std::uint16_t scope, Asset&&);
  void restore_router(std::uint16_t scope, const Mac&);

  /// By scope, then address.
  [[nodiscard]] std::vector<Asset*> sorted() const;
  [[nodiscard]] std::vector<std::pair<std::uint16_t, Mac>> routers() const;
  [[nodiscard]] const Counts& counts() const noexcept { return counts_; }

 private:
  struct Key {
    Address address;
    std::uint16_t scope = 0;
    bool link = false;
    friend bool operator==(const Key&, const Key&) noexcept = default;
  };
  struct MacKey {
    Mac mac{};
    std::uint16_t scope = 0;
    friend bool operator==(const MacKey&, const MacKey&) noexcept = default;
  };
  struct Hash {
    std::size_t operator()(const Key&) const noexcept;
    std::size_t operator()(const MacKey&) const noexcept;
  };
  struct MacEntry {
    bool router = false;
    Asset* link = nullptr;
    std::vector<Asset*> owners;  ///< by ARP
    std::vector<Asset*> users;   ///< by frames alone
  };
  struct Waiting {
    AssetKind kind;
    std::uint8_t confidence;
    AssetSource source;
    std::string text;
    std::uint64_t time_ns;
  };

  static Key key_of(const Asset& a) noexcept { return {a.address, a.scope, a.link}; }
  Asset& make(const Key&);
  void touch(Asset&, std::uint64_t time_ns);
  void changed(Asset&);
  void evict();
  void forget_macs(Asset&);
  void claim(Asset& link, std::string_view address);
  void forget_claim(const Asset& link, std::string_view address);
  void remove(Asset&, AssetKind, AssetSource, std::string_view text);
  void forget_if_unused(const MacKey&);
  void become_router(MacEntry&, const Mac&, std::uint64_t time_ns);
  void vendors_of(Asset&, std::uint64_t time_ns);
  void roles_of(Asset&, std::uint64_t time_ns);
  void settle(Asset&);

  Config config_;
  Listener& listener_;
  Counts counts_;
  std::vector<AssetScope> scopes_;
  std::unordered_map<std::string, std::uint16_t> scope_numbers_;
  std::uint16_t last_scope_ = 0;
  std::unordered_map<Key, std::unique_ptr<Asset>, Hash> assets_;
  std::list<Asset*> passing_, settled_;  ///< unseen for longest first
  std::unordered_map<MacKey, MacEntry, Hash> macs_;
  std::size_t routers_ = 0;
  std::unordered_map<Key, std::vector<Asset*>, Hash> claims_;  ///< links that say the address is theirs
  std::unordered_map<Key, std::vector<Waiting>, Hash> waiting_;
  std::deque<Key> waiting_order_;
  std::string clean_, scope_key_;
};

}  // namespace picket
