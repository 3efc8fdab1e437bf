// Names and identities in the bodies of services; which file, domain or program a message is about.
#include "parsers/mms/mms.h"

namespace picket::mms {
namespace {

Bytes of_context(const Message& m, std::uint32_t tag) noexcept {
  ber::Element e;
  return ber::find_context(m.body.content, tag, e) ? e.content : Bytes{};
}

}  // namespace

bool read_name_list(const Message& m, NameList& out) noexcept {
  if (!m.is(Service::kGetNameList)) return false;
  ber::Element e, inner;
  if (m.is(Pdu::kConfirmedResponse)) {
    if (ber::find_context(m.body.content, 0, e)) out.names = e.content;
    if (ber::find_context(m.body.content, 1, e)) out.more = ber::read_boolean(e.content);
    return true;
  }
  if (!m.is(Pdu::kConfirmedRequest)) return false;
  if (ber::find_context(m.body.content, 0, e)) {
    Cursor c(e.content);
    if (ber::read(c, inner)) (void)ber::read_integer(inner.content, out.object_class);
  }
  if (ber::find_context(m.body.content, 1, e)) {
    Cursor c(e.content);
    if (ber::read(c, inner) && inner.tag_class == ber::Class::kContext && inner.tag <= 2) {
      out.scope = inner.tag == 0 ? Scope::kVmd : inner.tag == 1 ? Scope::kDomain : Scope::kAssociation;
      if (inner.tag == 1) out.domain = inner.content;
    }
  }
  if (ber::find_context(m.body.content, 2, e)) out.continue_after = e.content;
  return true;
}

bool read_identity(const Message& m, Identity& out) noexcept {
  if (!m.answers(Service::kIdentify)) return false;
  out = {of_context(m, 0), of_context(m, 1), of_context(m, 2), of_context(m, 3)};
  return true;
}

Bytes file_name(Bytes parts) noexcept {
  Cursor c(parts);
  ber::Element e;
  if (!ber::read(c, e)) return {};
  if (!e.universal(ber::kSequence)) return e.content;
  Cursor in(e.content);
  return ber::read(in, e) ? e.content : Bytes{};
}

Bytes file_of(const Message& m) noexcept {
  if (!m.is(Pdu::kConfirmedRequest)) return {};
  switch (static_cast<Service>(m.service)) {
    case Service::kFileOpen:
    case Service::kFileRename:
    case Service::kFileDirectory:
      return file_name(of_context(m, 0));
    case Service::kFileDelete:
      return file_name(m.body.content);
    case Service::kObtainFile:
      return file_name(of_context(m, 1));
    case Service::kRequestDomainDownload:
    case Service::kLoadDomainContent:
      return file_name(of_context(m, 4));
    case Service::kRequestDomainUpload:
    case Service::kStoreDomainContent:
      return file_name(of_context(m, 1));
    default:
      return {};
  }
}

Bytes domain_of(const Message& m) noexcept {
  if (!m.is(Pdu::kConfirmedRequest)) return {};
  switch (static_cast<Service>(m.service)) {
    case Service::kInitiateDownloadSequence:
    case Service::kTerminateDownloadSequence:
    case Service::kRequestDomainDownload:
    case Service::kRequestDomainUpload:
    case Service::kLoadDomainContent:
    case Service::kStoreDomainContent:
      return of_context(m, 0);
    case Service::kDownloadSegment:
    case Service::kInitiateUploadSequence:
    case Service::kDeleteDomain:
    case Service::kGetDomainAttributes:
      return m.body.content;
    default:
      return {};
  }
}

Bytes program_of(const Message& m) noexcept {
  if (!m.is(Pdu::kConfirmedRequest)) return {};
  switch (static_cast<Service>(m.service)) {
    case Service::kCreateProgramInvocation:
    case Service::kStart:
    case Service::kStop:
    case Service::kResume:
    case Service::kReset:
    case Service::kKill:
      return of_context(m, 0);
    case Service::kDeleteProgramInvocation:
    case Service::kGetProgramInvocationAttributes:
      return m.body.content;
    default:
      return {};
  }
}

}  // namespace picket::mms
