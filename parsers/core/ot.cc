// What rules may ask of every protocol with an OtProtocol: one table for all of them.
#include "parsers/core/ot.h"

#include <list>
#include <vector>

#include "parsers/core/registry.h"

namespace picket {
namespace {

constexpr std::string_view kClassNames[] = {"none",  "read",    "diagnostic", "alarm",
                                            "write", "control", "configure",  "program"};
static_assert(std::size(kClassNames) == kOtClasses);

template <std::string_view (*kText)(const OtTransaction&) noexcept>
bool text(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const OtTransaction* x = ot_side(tx, dir);
  if (n != 0 || x == nullptr) return false;
  out = as_bytes(kText(*x));
  return true;
}
std::string_view protocol(const OtTransaction& x) noexcept { return x.ot->name; }
std::string_view ot_class(const OtTransaction& x) noexcept { return ot_class_name(x.operation->ot_class); }
std::string_view operation(const OtTransaction& x) noexcept { return x.operation->name; }

bool address(const Transaction& tx, Direction dir, unsigned n, Bytes& out) noexcept {
  const OtTransaction* x = ot_side(tx, dir);
  OtAddress a;
  if (x == nullptr || !x->ot->address(*x, n, a)) return false;
  out = a.text;
  return true;
}

bool station(const Transaction& tx, Direction dir, unsigned n, std::uint64_t& out) noexcept {
  const OtTransaction* x = ot_side(tx, dir);
  if (n != 0 || x == nullptr || x->station == kNoOtStation) return false;
  out = static_cast<std::uint64_t>(x->station);
  return true;
}

constexpr std::array<std::uint8_t, 2> kBoth = {kOtWhole, kOtWhole};

constexpr BufferDef kBuffers[] = {
    {"ot.protocol", "", kBoth, text<protocol>, "protocol of the operation, also inside of another"},
    {"ot.class", "", kBoth, text<ot_class>,
     "what it is to the plant: none, read, diagnostic, alarm, write, control, configure or program"},
    {"ot.operation", "", kBoth, text<operation>, "what is done, in plain words"},
    {"ot.address", "", kBoth, address, "points it goes to, as engineers write them"},
};

constexpr IntegerDef kIntegers[] = {
    {"ot.station", "", kBoth, station, nullptr, "device behind the server's address: unit, outstation, node"},
};

// Read by sensor/rules/keywords_ot.cc, which knows all operations there are.
constexpr KeywordDef kKeywords[] = {
    {"ot.protocol", kBoth, nullptr, "one of these protocols: modbus,dnp3"},
    {"ot.class", kBoth, nullptr, "one of these classes: write,control"},
    {"ot.operation", kBoth, nullptr, "one of these operations: \"PLC stop\", or \"*download*\""},
    {"ot.address", kBoth, nullptr, "any address that overlaps 100-200, or fits \"DB1.*\""},
    {"ot.value", kBoth, nullptr, "any value of the message in that direction: >10.5, -5<>5, \"text\""},
};

struct Whole {
  ProtocolSpec spec;
  std::vector<BufferDef> buffers;
  std::vector<IntegerDef> integers;
  std::vector<KeywordDef> keywords;
};

template <class Def, std::size_t N>
std::span<const Def> with(std::vector<Def>& all, std::span<const Def> own, const Def (&shared)[N]) {
  all.assign(own.begin(), own.end());
  all.insert(all.end(), std::begin(shared), std::end(shared));
  return all;
}

}  // namespace

std::string_view ot_class_name(OtClass c) noexcept { return kClassNames[static_cast<std::size_t>(c)]; }

const ProtocolSpec& whole_spec(const ProtocolSpec& own) {
  if (own.ot == nullptr) return own;
  static std::list<Whole> made;
  Whole& w = made.emplace_back();
  w.spec = own;
  w.spec.buffers = with(w.buffers, own.buffers, kBuffers);
  w.spec.integers = with(w.integers, own.integers, kIntegers);
  w.spec.keywords = with(w.keywords, own.keywords, kKeywords);
  return w.spec;
}

}  // namespace picket
