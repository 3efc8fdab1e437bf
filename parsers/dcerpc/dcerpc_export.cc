#include "parsers/dcerpc/dcerpc_export.h"

#include <charconv>

#include "parsers/dcerpc/dcerpc.pb.h"

namespace picket::dcerpc {
namespace {

using v1::Dcerpc;
using v1::DcerpcHalf;
using v1::DcerpcInterface;

/// The type's name; its number where it has none.
void type_name(WireWriter& w, int field, const Half& half) noexcept {
  if (!half.seen) return w.text(field, "UNREPLIED");
  const std::string_view name = pdu_name(half.type);
  if (!name.empty()) return w.text(field, name);
  char text[4];
  const auto r = std::to_chars(text, text + sizeof text, half.type);
  w.text(field, {text, static_cast<std::size_t>(r.ptr - text)});
}

void version(WireWriter& w, int field, unsigned major, unsigned minor) noexcept {
  char text[16];
  char* at = std::to_chars(text, text + sizeof text, major).ptr;
  *at++ = '.';
  at = std::to_chars(at, text + sizeof text, minor).ptr;
  w.text(field, {text, static_cast<std::size_t>(at - text)});
}

void uuid(WireWriter& w, int field, const std::array<std::uint8_t, 16>& v) noexcept {
  char text[36];
  std::size_t n = 0;
  for (std::size_t i = 0; i < v.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text[n++] = '-';
    constexpr char kDigits[] = "0123456789abcdef";
    text[n++] = kDigits[v[i] >> 4];
    text[n++] = kDigits[v[i] & 15];
  }
  w.text(field, {text, n});
}

void interface(WireWriter& w, const Interface& v) noexcept {
  const auto one = w.message(Dcerpc::kInterfacesFieldNumber);
  uuid(w, DcerpcInterface::kUuidFieldNumber, v.uuid);
  version(w, DcerpcInterface::kVersionFieldNumber, v.major, v.minor);
  if (!v.answered) return;
  w.u64(DcerpcInterface::kAckResultFieldNumber, v.result);
  w.u64(DcerpcInterface::kAckReasonFieldNumber, v.reason);
}

void half(WireWriter& w, int field, const Half& h) noexcept {
  const auto one = w.message(field);
  w.u64(DcerpcHalf::kFragCntFieldNumber, h.fragments);
  w.u64(DcerpcHalf::kStubDataSizeFieldNumber, h.stub_size);
}

bool has_stub(const Half& h) noexcept {
  return h.seen && (h.type == static_cast<std::uint8_t>(Pdu::kRequest) ||
                    h.type == static_cast<std::uint8_t>(Pdu::kResponse) ||
                    h.type == static_cast<std::uint8_t>(Pdu::kFault));
}

}  // namespace

void encode_call(const Call& call, bool in_smb, WireWriter& w) noexcept {
  type_name(w, Dcerpc::kRequestFieldNumber, call.request);
  type_name(w, Dcerpc::kResponseFieldNumber, call.reply);
  if (call.is_request() && in_smb) w.u64(Dcerpc::kOpnumFieldNumber, call.opnum);
  if (call.is_request()) {
    const auto one = w.message(Dcerpc::kReqFieldNumber);
    if (!in_smb) w.u64(DcerpcHalf::kOpnumFieldNumber, call.opnum);
    w.u64(DcerpcHalf::kFragCntFieldNumber, call.request.fragments);
    w.u64(DcerpcHalf::kStubDataSizeFieldNumber, call.request.stub_size);
  }
  for (std::size_t i = 0; i < call.interface_count(); ++i) interface(w, call.interface_at(i));
  if (call.has_interface) {
    Interface v = call.interface;
    v.answered = false;  // that was said of the bind
    interface(w, v);
  }
  if (has_stub(call.reply)) half(w, Dcerpc::kResFieldNumber, call.reply);
  if (call.major == 4) {
    uuid(w, Dcerpc::kActivityuuidFieldNumber, call.activity);
    w.u64(Dcerpc::kSeqnumFieldNumber, call.id);
  } else {
    w.u64(Dcerpc::kCallIdFieldNumber, call.id);
  }
  if (!in_smb) version(w, Dcerpc::kRpcVersionFieldNumber, call.major, call.minor);
}

void encode(const Transaction& tx, WireWriter& w) noexcept {
  encode_call(static_cast<const Message&>(tx).call, false, w);
}

}  // namespace picket::dcerpc
