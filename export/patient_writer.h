// export/patient_writer.h — `patient` of records: fields that identify a patient, as keyed hashes or not at all
#pragma once
#include "export/proto/picket/v1/patient.pb.h"
#include "export/wire_writer.h"
#include "parsers/core/patient.h"

namespace picket {

/// Nothing where the policy does not ask for hashes, or nothing is left of the value.
inline void write_patient(WireWriter& w, int field, const PatientPolicy& policy, std::string_view name,
                          Bytes value) noexcept {
  PatientHash hash;
  if (!policy.hash || !patient_hash(policy, value, hash)) return;
  const auto m = w.message(field);
  w.text(v1::Patient::kFieldFieldNumber, name);
  w.text(v1::Patient::kHashFieldNumber, {hash.data(), hash.size()});
}

}  // namespace picket
