// export/encoder.h — what workers found, written as records in Protobuf's wire format
//
// The envelope (who, when, which flow) is written here, in the order of EVE's keys; a protocol's own message
// by its parsers/<p>/<p>_export.cc. A record of a flow or a transaction stands from the client's side, an
// alert or anomaly from the side that sent the packet.
//
// Cost    no allocation, no lock, a few hundred ns a record; one object serves all workers and does not
//         change
// Refuses with 0 when the record does not fit into `out`
#pragma once
#include <cstdint>
#include <string>
#include <vector>

#include "dataplane/record_encoder.h"
#include "export/encoders_table.h"
#include "export/ot_summaries.h"

namespace picket {

struct EncoderOptions {
  std::string sensor;                   ///< EVE's `host`; "": none
  std::vector<std::string> taps;        ///< EVE's `in_iface`, by Packet::tap; "": none
  std::uint16_t community_id_seed = 0;  ///< Suricata's community-id-seed
  bool community_id = true;
  bool packet_numbers = true;  ///< EVE's `pcap_cnt`: for replays
  RecordDetail detail;
  std::vector<OtTelling> ot;  ///< by ProtocolId; missing ones are told in full
};

/// Which side stands as source in a transaction's record.
[[nodiscard]] Direction transaction_from(ProtocolId, bool has_request, bool has_reply) noexcept;

class Encoder final : public RecordEncoder {
 public:
  explicit Encoder(EncoderOptions options);

  std::size_t flow(const RecordContext&, const Flow&, FlowEnd,
                   std::span<std::uint8_t> out) const noexcept override;
  std::size_t transaction(const RecordContext&, const Flow&, ProtocolId, const Transaction&,
                          std::span<std::uint8_t> out) const noexcept override;
  std::size_t note(const RecordContext&, const Flow&, ProtocolId, const Transaction&,
                   std::span<std::uint8_t> out) const noexcept override;
  std::size_t file(const RecordContext&, const Flow&, ProtocolId, const Transaction&, const File&,
                   std::span<std::uint8_t> out) const noexcept override;
  std::size_t alert(const RecordContext&, const Packet&, const Flow* flow, ProtocolId, const Transaction* tx,
                    const AlertInfo&, std::span<std::uint8_t> out) const noexcept override;
  std::size_t packet(const RecordContext&, const Packet&, const Flow* flow,
                     std::span<std::uint8_t> out) const noexcept override;
  std::size_t arp(const RecordContext&, const Packet&, const Arp&,
                  std::span<std::uint8_t> out) const noexcept override;
  std::size_t anomaly(const RecordContext&, const Packet&, const Flow* flow, const AnomalyInfo&,
                      std::span<std::uint8_t> out) const noexcept override;

 private:
  /// The two ends as a record shows them.
  struct Ends {
    Address src, dst;
    std::uint16_t src_port = 0, dst_port = 0;
    std::uint8_t proto = 0;
    std::uint8_t icmp_type = 0, icmp_code = 0;
    bool present = false;
  };
  static Ends of_flow(const Flow&, Direction from) noexcept;
  static Ends of_packet(const Packet&) noexcept;

  void begin(WireWriter&, const RecordContext&, std::uint64_t packet_number, const Flow*, std::uint16_t tap,
             std::string_view event_type, std::span<const std::uint16_t> vlans) const noexcept;
  void ends(WireWriter&, const Ends&) const noexcept;
  void community_id(WireWriter&, const RecordContext&, const Flow&) const noexcept;
  /// Of the packet's flow, where it has one.
  void community_id(WireWriter&, const RecordContext&, const Packet&, const Flow*) const noexcept;
  void app_proto(WireWriter&, const Flow&) const noexcept;
  static void metadata(WireWriter&, const RecordContext&, const Flow*,
                       std::span<const PacketVariable>) noexcept;
  static void traffic(WireWriter&, const RecordContext&, const Flow&) noexcept;
  void ether(WireWriter&, const Packet&) const noexcept;
  void ether(WireWriter&, const Flow&, Direction from, bool all) const noexcept;
  void payload(WireWriter&, const Packet&, const AlertInfo&) const noexcept;
  void frame(WireWriter&, const FrameInfo&, Direction) const noexcept;
  void body(WireWriter&, ProtocolId, const Transaction&) const noexcept;

  EncoderOptions options_;
  std::vector<int> record_field_;  ///< by ProtocolId: the number of Event.<record>
};

}  // namespace picket
