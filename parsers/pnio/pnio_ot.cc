// parsers/pnio/pnio_ot.cc — what is done with DCP, to which parameters, with which values
#include "parsers/core/text_writer.h"
#include "parsers/pnio/pnio.h"

namespace picket::pnio {
namespace {

/// In the order of kOperations; of a set the gravest of its blocks counts, which stands last.
enum class Does : std::uint8_t {
  kOther,
  kHello,
  kAnswerIdentify,
  kIdentifyAll,
  kIdentify,
  kGet,
  kTransaction,
  kFlash,
  kSet,
  kSetDhcp,
  kSetIp,
  kSetName,
  kReset,
};

constexpr OtOperation kOperations[] = {
    {OtClass::kNone, "other service", "", true},
    {OtClass::kNone, "hello", ""},
    {OtClass::kRead, "answer to identify", ""},
    {OtClass::kRead, "identify all devices", "T0846"},
    {OtClass::kRead, "identify device", "T0846"},
    {OtClass::kRead, "get parameters", "T0888"},
    {OtClass::kConfigure, "begin or end of a set", ""},
    {OtClass::kDiagnostic, "flash signal", ""},
    {OtClass::kConfigure, "set parameter", "T0836"},
    {OtClass::kConfigure, "set DHCP options", "T0836"},
    {OtClass::kConfigure, "set IP parameter", "T0836"},
    {OtClass::kConfigure, "set name of station", "T0836"},
    {OtClass::kConfigure, "reset to factory settings", "T0809"},
};
static_assert(std::size(kOperations) == static_cast<std::size_t>(Does::kReset) + 1);

Does of_set(const Block& b) noexcept {
  switch (static_cast<Option>(b.option)) {
    case Option::kIp:
      return Does::kSetIp;
    case Option::kDhcp:
      return Does::kSetDhcp;
    case Option::kDevice:
      return b.suboption == 2 ? Does::kSetName : Does::kSet;
    case Option::kControl:
      if (b.suboption <= 2) return Does::kTransaction;
      return b.suboption == 3 ? Does::kFlash : b.suboption >= 5 ? Does::kReset : Does::kSet;
    default:
      return Does::kSet;
  }
}

Does of(const Pdu& p, bool answer_alone) noexcept {
  Block b;
  Blocks blocks(p);
  switch (static_cast<Service>(p.service)) {
    case Service::kGet:
      return Does::kGet;
    case Service::kHello:
      return Does::kHello;
    case Service::kIdentify:
      if (answer_alone) return Does::kAnswerIdentify;
      while (blocks.next(b)) {
        if (b.is(Option::kAll, 255)) return Does::kIdentifyAll;
      }
      return Does::kIdentify;
    case Service::kSet: {
      if (answer_alone) return Does::kSet;
      Does gravest = Does::kTransaction;
      while (blocks.next(b)) gravest = std::max(gravest, of_set(b));
      return gravest;
    }
  }
  return Does::kOther;
}

/// The n-th block that says something: what an answer reports of a request's block is none.
bool nth(const Pdu& p, unsigned n, Block& out) noexcept {
  Blocks blocks(p);
  while (blocks.next(out)) {
    if (!out.is(Option::kControl, 4) && n-- == 0) return true;
  }
  return false;
}

const Pdu& subject(const Exchange& x) noexcept { return x.has_request ? x.request.pdu : x.response.pdu; }

bool address(const OtTransaction& tx, unsigned n, OtAddress& out) noexcept {
  Block b;
  if (!nth(subject(static_cast<const Exchange&>(tx)), n, b)) return false;
  if (const std::string_view name = block_name(b.option, b.suboption); !name.empty())
    out.text = as_bytes(name);
  else
    out.text =
        (TextWriter(tx.text_room) << "option " << unsigned{b.option} << "." << unsigned{b.suboption}).bytes();
  return true;
}

void quad(TextWriter& w, Bytes b) noexcept {
  for (std::size_t i = 0; i < 4; ++i) (i == 0 ? w : w << ".") << unsigned{b[i]};
}

bool value(const OtTransaction& tx, Direction dir, unsigned n, OtValue& out) noexcept {
  const Message* const m = side_of(tx, dir);
  Block b;
  if (m == nullptr || !nth(m->pdu, n, b)) return false;
  out.text = b.data;
  if (b.option != static_cast<std::uint8_t>(Option::kIp) || b.data.size() < 12) return true;
  TextWriter w(tx.text_room);
  quad(w, b.data);
  w << " ";
  quad(w, b.data.subspan(4));
  w << " ";
  quad(w, b.data.subspan(8));
  out.text = w.bytes();
  return true;
}

}  // namespace

const OtProtocol kOt = {"pnio", kOperations, address, value};

void set_operation(Exchange& x) noexcept {
  x.ot = &kOt;
  x.operation = &kOperations[static_cast<std::size_t>(of(subject(x), !x.has_request))];
}

}  // namespace picket::pnio
