// Controlling and controlled stations; the protocol has no identity of devices.
#include "export/assets/clues.h"

namespace picket::iec104 {

extern const AssetClues kAssetClues = {.client_role = {"SCADA", confidence::kNamed},
                                       .server_role = {"RTU", confidence::kNamed}};

}  // namespace picket::iec104
