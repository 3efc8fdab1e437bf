// export/assets/asset_reader.h — from a record to evidence: who was heard, what they speak, what the record's
// protocol and its neighbours say of them
//
// Frames without IP tell of their MACs instead (AssetTable::heard_link).
//
//   flow         both ends, as far as they were heard; the frames' MACs and TTLs (FlowEnds, behind the record)
//   arp          the sender, and whose address it says it has
//   transaction  both ends; the protocol's clues (clues.h); Event.ot: what the client does to the server
//
// Cost    one pass over the record's fields, and one over the protocol's message where it has clues
#pragma once
#include <array>

#include "dataplane/event.h"
#include "export/assets/asset_table.h"

namespace picket {

class AssetReader final : AssetTeller {
 public:
  /// Borrows the table.
  explicit AssetReader(AssetTable& table);

  void read(const EventHeader&, Bytes record, Bytes notes);

 private:
  /// What a record says around its protocol's message.
  struct Envelope {
    std::uint64_t time_ns = 0;
    Bytes src, dst;
    Bytes src_mac, dst_mac;  // of what has no IP
    std::uint16_t dst_port = 0, src_port = 0;
    std::array<std::uint16_t, kMaxVlans> vlans{};
    std::size_t vlan_count = 0;
    std::string_view tap, app_proto;
    Bytes body, ot, flow, arp;
  };
  struct End {
    Address address;
    bool link = false;
    std::uint16_t port = 0;
  };
  static std::optional<End> end_of(const Envelope&, bool src) noexcept;
  Asset* asset_of(const End&, bool is_heard);
  static bool unwrap(Bytes record, std::uint32_t body_field, Envelope&);

  void flow(const Envelope&, Bytes notes);
  void arp(const Envelope&);
  void transaction(const EventHeader&, const Envelope&);
  void operation(Bytes ot, bool answered);
  void walk(Bytes message, std::uint64_t clues, std::size_t depth);
  void role(Asset*, const AssetRole&);
  void hint_at_os(Asset&, std::uint8_t ttl);

  // AssetTeller
  void tell(AssetEnd, AssetKind, std::string_view text, std::uint8_t confidence) override;
  void tell_of(std::string_view address, AssetKind, std::string_view text, std::uint8_t confidence) override;
  [[nodiscard]] Bytes message() const override { return message_; }

  AssetTable& table_;
  std::vector<std::uint32_t> record_field_;  // by ProtocolId: the number of Event.<record>
  std::vector<const AssetClues*> clues_;     // by ProtocolId; of a shared message those of its owner
  // Of the record at hand.
  std::uint64_t time_ns_ = 0;
  std::uint16_t scope_ = 0;
  AssetSource source_ = kNoSource;
  std::int64_t station_ = kNoOtStation;
  const AssetClues* says_ = nullptr;
  Asset* client_ = nullptr;
  Asset* server_ = nullptr;
  Bytes message_;
};

}  // namespace picket
