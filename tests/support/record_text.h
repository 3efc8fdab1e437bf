// tests/support/record_text.h — a transaction as its protocol's encoder and EVE show it
//
// Encodes the body, checks that generated code reads it back, and gives its JSON. Allocates freely; tests
// only.
#pragma once
#include <google/protobuf/descriptor.h>
#include <google/protobuf/message.h>

#include <memory>
#include <string>
#include <vector>

#include "export/encoders_table.h"
#include "export/eve.h"
#include "export/eve_table.h"
#include "export/proto/picket/v1/event.pb.h"
#include "parsers/core/protocol.h"

namespace picket::testing {

/// The type of Event.<record>; nullptr when the schema has no such field.
inline const google::protobuf::Descriptor* record_type(const ProtocolSpec& spec) {
  const auto* field = v1::Event::descriptor()->FindFieldByName(std::string(spec.record));
  return field == nullptr ? nullptr : field->message_type();
}

/// One protocol's records. Made once, used for many transactions.
class RecordText {
 public:
  explicit RecordText(ProtocolId protocol) : protocol_(protocol) {
    const auto* type = record_type(*protocols()[protocol]);
    PICKET_ASSERT(type != nullptr);
    auto table = eve_table(*type);
    PICKET_ASSERT(table.has_value());
    writer_ = std::make_unique<EveWriter>(*table.value());
    message_.reset(google::protobuf::MessageFactory::generated_factory()->GetPrototype(type)->New());
  }

  /// EVE's object; "too large" when the body needs more than kRoom; "BROKEN ..." when it is no valid message.
  std::string json(const Transaction& tx) {
    WireWriter w(out_);
    encode_bodies()[protocol_](tx, w);
    if (!w.ok()) return "too large";
    if (!message_->ParseFromArray(out_.data(), static_cast<int>(w.size()))) return "BROKEN: not a message";
    if (const auto& unknown = message_->GetReflection()->GetUnknownFields(*message_); !unknown.empty()) {
      return "BROKEN: field " + std::to_string(unknown.field(0).number()) + " is not in the schema";
    }
    std::string text;
    if (!writer_->append(Bytes(out_).first(w.size()), text)) return "BROKEN: EVE does not take it";
    return encode_besides()[protocol_] == nullptr ? text : text + " " + beside(tx);
  }
  /// What json() read back last.
  [[nodiscard]] const google::protobuf::Message& message() const { return *message_; }

 private:
  static constexpr std::size_t kRoom = 1 << 20;

  /// What stands beside the record in Event, as an object of its own.
  std::string beside(const Transaction& tx) {
    WireWriter w(out_);
    encode_besides()[protocol_](tx, w);
    v1::Event event;
    if (!w.ok()) return "too large";
    if (!event.ParseFromArray(out_.data(), static_cast<int>(w.size()))) return "BROKEN: not an event";
    std::string text;
    return EveWriter(event_table()).append(Bytes(out_).first(w.size()), text) ? text : "BROKEN: not EVE";
  }

  ProtocolId protocol_;
  std::vector<std::uint8_t> out_ = std::vector<std::uint8_t>(kRoom);
  std::unique_ptr<EveWriter> writer_;
  std::unique_ptr<google::protobuf::Message> message_;
};

}  // namespace picket::testing
