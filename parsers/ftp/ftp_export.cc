#include "export/wire_writer.h"
#include "parsers/ftp/ftp.h"
#include "parsers/ftp/ftp.pb.h"

namespace picket::ftp {

void encode(const Transaction& transaction, WireWriter& w) noexcept {
  using M = v1::Ftp;
  const Tx& tx = as_tx(transaction);
  if (!tx.command.empty()) w.bytes(M::kCommandFieldNumber, tx.command);
  if (!tx.argument.empty()) {
    w.bytes(M::kCommandDataFieldNumber, tx.argument);
    w.boolean(M::kCommandTruncatedFieldNumber, tx.command_truncated);
  }
  for (std::size_t i = 0; i < tx.code_count; ++i) w.bytes(M::kCompletionCodeFieldNumber, tx.code(i));
  for (std::size_t i = 0; i < tx.reply_count(); ++i) w.bytes(M::kReplyFieldNumber, tx.reply(i));
  if (tx.dynamic_port != 0) w.u64(M::kDynamicPortFieldNumber, tx.dynamic_port);
  if (tx.mode != Mode::kNone) w.text(M::kModeFieldNumber, tx.mode == Mode::kActive ? "active" : "passive");
  w.text(M::kReplyReceivedFieldNumber, tx.reply_received ? "yes" : "no");
  w.boolean(M::kReplyTruncatedFieldNumber, tx.reply_truncated);
  if (tx.bounce) w.boolean(M::kBounceFieldNumber, true);
}

}  // namespace picket::ftp
