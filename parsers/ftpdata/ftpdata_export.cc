#include "export/wire_writer.h"
#include "parsers/ftpdata/ftpdata.h"
#include "parsers/ftpdata/ftpdata.pb.h"

namespace picket::ftpdata {

void encode(const Transaction& transaction, WireWriter& w) noexcept {
  const Tx& tx = static_cast<const Tx&>(transaction);
  if (!tx.name.empty()) w.bytes(v1::FtpData::kFilenameFieldNumber, tx.name.view());
  if (tx.command != Command::kNone)
    w.text(v1::FtpData::kCommandFieldNumber, kCommandNames[static_cast<std::size_t>(tx.command)]);
}

}  // namespace picket::ftpdata
