// export/tls/metrics.h — how connections do, for the metrics of whichever end has them
#pragma once
#include <array>

#include "export/metrics/exposition.h"
#include "export/tls/counters.h"

namespace picket::tls {

/// Rows of a table of families, for a Source with a member `tls`: the counters, or nullptr where there is no TLS.
template <class Source>
inline constexpr std::array<metrics::FamilyOf<Source>, 5> kFamilies{{
    {{"picket_tls_handshakes", metrics::Type::kCounter, "", "result",
      "connections that were let in (ok), or why they were not, or were closed afterwards"},
     [](const Source& s, metrics::Samples& out) {
       if (s.tls == nullptr) return;
       out.add(s.tls->handshakes_ok.load(), {"ok"});
       for (std::size_t i = 1; i < s.tls->failures.size(); ++i)
         out.add(s.tls->failures[i].load(), {failure_name(static_cast<Failure>(i))});
     }},
    {{"picket_tls_connections", metrics::Type::kGauge, "", "", "connections now, those that shake hands too"},
     [](const Source& s, metrics::Samples& out) {
       if (s.tls != nullptr) out.add(s.tls->connections.load());
     }},
    {{"picket_tls_carried_bytes", metrics::Type::kCounter, "bytes", "direction",
      "bytes that were carried, without those of TLS"},
     [](const Source& s, metrics::Samples& out) {
       if (s.tls == nullptr) return;
       out.add(s.tls->bytes_in.load(), {"in"});
       out.add(s.tls->bytes_out.load(), {"out"});
     }},
    {{"picket_tls_reloads", metrics::Type::kCounter, "", "result",
      "changed certificates, keys and lists that were taken (ok), or could not be (failed): the ones before "
      "stayed"},
     [](const Source& s, metrics::Samples& out) {
       if (s.tls == nullptr) return;
       out.add(s.tls->reloads_ok.load(), {"ok"});
       out.add(s.tls->reloads_failed.load(), {"failed"});
     }},
    {{"picket_tls_not_after_seconds", metrics::Type::kGauge, "seconds", "what",
      "when what ends first is not good any more, in seconds since 1970: this end's certificate, a CA, a "
      "list of what "
      "is revoked (crl)"},
     [](const Source& s, metrics::Samples& out) {
       if (s.tls == nullptr) return;
       const auto add = [&out](std::string_view what, std::int64_t when) {
         if (when != 0) out.add(when, {what});
       };
       add("certificate", s.tls->certificate_not_after.load());
       add("ca", s.tls->ca_not_after.load());
       add("crl", s.tls->crl_next_update.load());
     }},
}};

}  // namespace picket::tls
