// What trust costs a batch: signed at the sensor, verified at the collector, by kind of key; with a certificate that is known
// already, and judged anew.
//
//   ninja -C build tests/bench/signing_bench && build/tests/bench/signing_bench
#include "export/tls/signing.h"

#include <benchmark/benchmark.h>

#include "export/proto/picket/v1/collector.pb.h"
#include "export/tls/test_support.h"

namespace {

using namespace picket;
using namespace picket::tls;

constexpr const char* kKinds[] = {"P-256", "P-384", "ED25519", "RSA"};

struct Ends {
  explicit Ends(const char* kind) {
    test::CertificateSpec spec = site.sensor_spec("plant-7");
    spec.key = kind;
    site.write_sensor(test::make_certificate(spec, &site.ca));
    site.folder.write("crl", test::make_crl(site.ca, {}));
    sensor = site.keyring(Side::kSensor);
    collector = site.keyring(Side::kCollector, [&](auto& o) { o.trust.crl = site.folder.path("crl"); });
    sign = make_signer(sensor);
    batch.set_sensor("plant-7");
    batch.mutable_gap()->set_reason(v1::GAP_NO_ROOM);
    seal_batch({}, {}, false, batch);
    sign_batch(sign, batch);
  }
  test::Site site;
  std::shared_ptr<Keyring> sensor, collector;
  SignHash sign;
  v1::Batch batch;
};

void signs(benchmark::State& state) {
  Ends ends(kKinds[state.range(0)]);
  state.SetLabel(kKinds[state.range(0)]);
  for (auto _ : state) sign_batch(ends.sign, ends.batch);
}
BENCHMARK(signs)->DenseRange(0, 3);

void verifies(benchmark::State& state) {
  Ends ends(kKinds[state.range(0)]);
  state.SetLabel(kKinds[state.range(0)]);
  Verifier verifier(ends.collector);
  for (auto _ : state) {
    if (!verifier.verify(ends.batch)) state.SkipWithError("refused");
  }
}
BENCHMARK(verifies)->DenseRange(0, 3);

void verifies_judged(benchmark::State& state) {
  Ends ends(kKinds[state.range(0)]);
  state.SetLabel(kKinds[state.range(0)]);
  const auto credentials = ends.collector->current();
  for (auto _ : state) {
    if (!verify_signature(ends.batch, credentials->trust())) state.SkipWithError("refused");
  }
}
BENCHMARK(verifies_judged)->DenseRange(0, 3);

}  // namespace

BENCHMARK_MAIN();
