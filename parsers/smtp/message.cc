// Header fields, and the entities of the body.
#include "parsers/smtp/message.h"

#include <algorithm>
#include <cstring>
#include <utility>

#include "parsers/core/text.h"
#include "parsers/smtp/smtp.h"

namespace picket::smtp {
namespace {

struct Named {
  std::string_view text;
  FieldName name;
};
constexpr Named kFieldNames[] = {
    {"bcc", FieldName::kBcc},
    {"cc", FieldName::kCc},
    {"content-disposition", FieldName::kContentDisposition},
    {"content-md5", FieldName::kContentMd5},
    {"content-transfer-encoding", FieldName::kContentTransferEncoding},
    {"content-type", FieldName::kContentType},
    {"date", FieldName::kDate},
    {"from", FieldName::kFrom},
    {"importance", FieldName::kImportance},
    {"in-reply-to", FieldName::kInReplyTo},
    {"message-id", FieldName::kMessageId},
    {"organization", FieldName::kOrganization},
    {"priority", FieldName::kPriority},
    {"received", FieldName::kReceived},
    {"references", FieldName::kReferences},
    {"reply-to", FieldName::kReplyTo},
    {"sensitivity", FieldName::kSensitivity},
    {"subject", FieldName::kSubject},
    {"to", FieldName::kTo},
    {"user-agent", FieldName::kUserAgent},
    {"x-mailer", FieldName::kXMailer},
    {"x-originating-ip", FieldName::kXOriginatingIp},
};
static_assert(std::size(kFieldNames) == static_cast<std::size_t>(FieldName::kCount));

FieldName field_name(std::string_view text) noexcept {
  for (const Named& n : kFieldNames) {
    if (equals_nocase(n.text, text)) return n.name;
  }
  return FieldName::kCount;
}

/// What says how the body is built is needed whole.
bool is_structure(FieldName n) noexcept {
  return n == FieldName::kContentType || n == FieldName::kContentDisposition ||
         n == FieldName::kContentTransferEncoding;
}

bool starts_nocase(std::string_view s, std::string_view with) noexcept {
  return s.size() >= with.size() && equals_nocase(s.substr(0, with.size()), with);
}

}  // namespace

/// What a container at `depth` holds is one level deeper.
struct Message::Parts final : Multipart::Sink {
  Parts(Message& m, unsigned d, Host& h) noexcept : message(m), depth(d + 1), host(h) {}
  void part(std::string_view headers, bool whole) noexcept override {
    if (!whole) host.mime_event(Event::kMimeTooManyFields);
    message.begin_entity(depth, part_header(headers, "content-type"),
                         part_header(headers, "content-transfer-encoding"),
                         part_header(headers, "content-disposition"), host);
  }
  void bytes(Bytes b) noexcept override { message.entity_bytes(depth, b, host); }
  void part_ends(bool complete) noexcept override { message.end_entity(depth, complete, host); }
  Message& message;
  unsigned depth;
  Host& host;
};

Message::Message(Pool& pool, std::span<const std::uint64_t> limits) noexcept
    : pool_(pool), limits_(limits), line_(pool), values_(pool), names_(pool), urls_(pool), url_(pool) {}

Message::~Message() {
  for (Level* l : levels_) {
    if (l == nullptr) continue;
    pool_.destroy(l->inside);
    pool_.destroy(l);
  }
}

void Message::feed(Bytes in, Host& host) noexcept {
  bytes_ += in.size();
  if (lost_) return;
  measure(in, host);
  while (!in.empty() && status_ == Status::kHeaders) in = in.subspan(header_bytes(in, host));
  if (in.empty()) return;
  if (limits_[kBodyMd5] != 0) md5_.add(in);
  entity_bytes(0, in, host);
}

/// Lines that are longer than RFC 5322 allows.
void Message::measure(Bytes in, Host& host) noexcept {
  while (!in.empty()) {
    const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
    const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data());
    line_length_ = static_cast<std::uint32_t>(std::min<std::size_t>(line_length_ + n, 0xffffff));
    if (line_length_ > kMaxLine + 1) host.mime_event(Event::kMimeLongLine);  // 1: the CR
    if (lf == nullptr) return;
    line_length_ = 0;
    in = in.subspan(n + 1);
  }
}

// ---- headers ----

/// Up to the end of a line. A field ends where the next line does not continue it.
std::size_t Message::header_bytes(Bytes in, Host& host) noexcept {
  const auto* lf = static_cast<const std::uint8_t*>(std::memchr(in.data(), '\n', in.size()));
  const std::size_t n = lf == nullptr ? in.size() : static_cast<std::size_t>(lf - in.data()) + 1;
  for (std::size_t i = 0; i < n && !line_has_text_; ++i) line_has_text_ = in[i] != '\r' && in[i] != '\n';
  const std::size_t room = kMaxField - line_.size();
  if (n > room) field_cut_ = true;
  if (!line_.append(in.first(std::min(n, room)))) field_cut_ = true, host.mime_event(Event::kOutOfMemory);
  if (lf == nullptr) return n;
  const std::string_view all = line_.text();
  const bool goes_on =
      line_at_ > 0 && line_at_ < all.size() && is_fold(static_cast<std::uint8_t>(all[line_at_]));
  if (!std::exchange(line_has_text_, false)) {
    end_field(all.substr(0, line_at_), host);
    end_headers(host);
    return n;
  }
  if (!goes_on && line_at_ > 0) {
    end_field(all.substr(0, line_at_), host);
    line_.consume(line_at_);
  }
  if (line_.size() > kMaxField / 2) {  // so that the next line has room
    line_.resize(kMaxField / 2);
    field_cut_ = true;
  }
  line_at_ = static_cast<std::uint32_t>(line_.size());
  return n;
}

void Message::end_field(std::string_view text, Host& host) noexcept {
  if (text.empty()) return;
  if (std::exchange(field_cut_, false)) host.mime_event(Event::kMimeLongValue);
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return host.mime_event(Event::kMimeMalformed);
  const std::string_view name = trim(text.substr(0, colon));
  if (name.size() > kMaxFieldName) host.mime_event(Event::kMimeLongName);
  const std::string_view value = trim(text.substr(colon + 1));
  const std::size_t depth = limits_[kHeaderValue];
  if (value.size() > depth) host.mime_event(Event::kMimeLongValue);
  if (const FieldName known = field_name(name); known != FieldName::kCount)
    keep(known, value, is_structure(known) ? std::max(depth, kMaxStructure) : depth, host);
}

/// Unfolded: line ends go, the blanks behind them stay (RFC 5322, §2.2.3).
void Message::keep(FieldName name, std::string_view value, std::size_t most, Host& host) noexcept {
  if (field_count_ == kMaxFields || values_.size() + value.size() > limits_[kHeaderBytes])
    return host.mime_event(Event::kMimeTooManyFields);
  const auto at = static_cast<std::uint32_t>(values_.size());
  while (!value.empty() && values_.size() - at < most) {
    const std::size_t end = std::min(value.find_first_of("\r\n"), value.size());
    const std::size_t n = std::min(end, most - (values_.size() - at));
    if (!values_.append(as_bytes(value.substr(0, n)))) return host.mime_event(Event::kOutOfMemory);
    value.remove_prefix(end);
    while (!value.empty() && (value.front() == '\r' || value.front() == '\n')) value.remove_prefix(1);
  }
  fields_[field_count_++] = {at, static_cast<std::uint32_t>(values_.size()) - at, name};
}

std::string_view Message::structure(FieldName name) const noexcept {
  Bytes value;
  return field(name, 0, value) ? as_text(value) : std::string_view{};
}

void Message::end_headers(Host& host) noexcept {
  status_ = Status::kBody;
  line_.reset();
  host.headers_complete();
  begin_entity(0, structure(FieldName::kContentType), structure(FieldName::kContentTransferEncoding),
               structure(FieldName::kContentDisposition), host);
}

// ---- entities ----

void Message::begin_entity(unsigned depth, std::string_view type, std::string_view coding,
                           std::string_view disposition, Host& host) noexcept {
  Level* l = pool_.make<Level>();
  levels_[depth] = l;
  if (l == nullptr) return host.mime_event(Event::kOutOfMemory);
  const std::string_view media = trim(type.substr(0, type.find(';')));
  const bool message = equals_nocase(media, "message/rfc822") || equals_nocase(media, "message/global");
  const bool multipart = starts_nocase(media, "multipart/");
  if (!multipart) l->decoder = TransferDecoder(TransferDecoder::coding(coding));
  if (multipart || message) open_container(depth, multipart ? type : std::string_view{}, host);
  const bool plain = media.empty() || starts_nocase(media, "text/") || starts_nocase(media, "message/");
  const bool attached = equals_nocase(trim(disposition.substr(0, disposition.find(';'))), "attachment");
  if (!multipart) open_file(*l, type, disposition, attached || !plain, host);
  l->text = plain && l->file == nullptr && l->inside == nullptr;
}

/// `type` empty: a message in the message.
void Message::open_container(unsigned depth, std::string_view type, Host& host) noexcept {
  Level& l = *levels_[depth];
  if (depth + 1 >= std::min<std::uint64_t>(limits_[kMaxDepth], kMostDepth))
    return host.mime_event(Event::kMimeDepth);
  if (type.empty()) {
    l.inside = pool_.make<Multipart>(pool_);
  } else {
    const std::string_view boundary = parameter(type, "boundary");
    if (boundary.size() > Multipart::kMaxBoundary) return host.mime_event(Event::kMimeLongBoundary);
    if (!Multipart::fits(boundary)) return host.mime_event(Event::kMimeMalformed);
    l.inside = pool_.make<Multipart>(pool_, boundary);
  }
  if (l.inside == nullptr) host.mime_event(Event::kOutOfMemory);
}

/// `wanted`: it is a file even without a name.
void Message::open_file(Level& l, std::string_view type, std::string_view disposition, bool wanted,
                        Host& host) noexcept {
  std::array<std::uint8_t, kMaxFileName> name;
  bool cut = false;
  std::size_t n = decoded_parameter(disposition, "filename", name, cut);
  if (n == 0) n = decoded_parameter(type, "name", name, cut);
  if (n == 0 && !wanted) return;
  if (cut) host.mime_event(Event::kMimeLongFileName);
  const Bytes view = Bytes(name).first(n);
  if (n != 0 && names_.size() + n + 2 <= kMaxNames) {
    const std::array<std::uint8_t, 2> size = {static_cast<std::uint8_t>(n >> 8),
                                              static_cast<std::uint8_t>(n)};
    if (!names_.reserve(names_.size() + n + 2) || !names_.append(size) || !names_.append(view))
      host.mime_event(Event::kOutOfMemory);
  }
  l.file = host.file_begins(view);
}

void Message::entity_bytes(unsigned depth, Bytes in, Host& host) noexcept {
  Level* l = levels_[depth];
  if (l == nullptr) return;
  l->decoder.feed(in, [&](Bytes b) noexcept { deliver(depth, b, host); });
  tell_decoder(*l, host);
}

void Message::deliver(unsigned depth, Bytes in, Host& host) noexcept {
  Level& l = *levels_[depth];
  if (l.file != nullptr) host.file_bytes(*l.file, in);
  if (l.inside != nullptr) {
    Parts parts(*this, depth, host);
    if (!l.inside->feed(in, parts)) host.mime_event(Event::kOutOfMemory);
  } else if (l.text) {
    scan_urls(in, host);
  }
}

void Message::tell_decoder(Level& l, Host& host) noexcept {
  const bool base64 = l.decoder.coding() == TransferDecoder::Coding::kBase64;
  if (l.decoder.bad() && !std::exchange(l.told_bad, true))
    host.mime_event(base64 ? Event::kMimeBase64 : Event::kMimeQuotedPrintable);
  if (l.decoder.long_line()) host.mime_event(Event::kMimeLongCodedLine);
}

void Message::end_entity(unsigned depth, bool complete, Host& host) noexcept {
  Level* l = levels_[depth];
  if (l == nullptr) return;
  l->decoder.finish([&](Bytes b) noexcept { deliver(depth, b, host); });
  tell_decoder(*l, host);
  if (l->inside != nullptr) {
    Parts parts(*this, depth, host);
    if (!l->inside->finish(parts, complete) && complete) host.mime_event(Event::kMimeNoClosingBoundary);
    pool_.destroy(l->inside);
  }
  if (l->text) end_url(host), url_state_ = UrlState::kText, tail_ = {};
  if (l->file != nullptr) host.file_ends(*l->file, complete);
  pool_.destroy(l);
  levels_[depth] = nullptr;
}

/// Nobody knows in which part what follows is.
void Message::gap(std::uint64_t missing, Host& host) noexcept {
  if (status_ == Status::kDone || lost_) return;
  lost_ = truncated_ = true;
  bytes_ += missing;
  for (std::size_t i = levels_.size(); i > 0; --i) {
    const Level* l = levels_[i - 1];
    if (l == nullptr || l->file == nullptr) continue;
    host.file_lost(*l->file, missing);
    break;
  }
  if (status_ == Status::kHeaders) {
    end_field(line_.text().substr(0, line_at_), host);
    line_.reset();
    host.headers_complete();
  }
  end_entity(0, false, host);
  status_ = Status::kFailed;
}

void Message::finish(bool complete, Host& host) noexcept {
  if (!complete) truncated_ = true;
  if (status_ == Status::kHeaders && line_.size() > line_at_) header_bytes(as_bytes("\n"), host);
  if (status_ == Status::kHeaders) {
    end_field(line_.text().substr(0, line_at_), host);
    line_.reset();
    host.headers_complete();
  }
  end_entity(0, complete, host);
  if (limits_[kBodyMd5] != 0 && complete && !lost_) {
    to_hex(md5_.finish(), md5_text_);
    has_md5_ = true;
  }
  status_ = truncated_ ? Status::kFailed : Status::kDone;
}

// ---- what was found ----

namespace {

/// In a list of two bytes of size and so many bytes.
bool nth(Bytes list, unsigned instance, Bytes& out) noexcept {
  Cursor c(list);
  for (; !c.empty(); --instance) {
    const Bytes one = c.bytes(c.u16be());
    if (instance != 0) continue;
    out = one;
    return true;
  }
  return false;
}

}  // namespace

bool Message::field(FieldName name, unsigned instance, Bytes& out) const noexcept {
  for (std::size_t i = 0; i < field_count_; ++i) {
    if (fields_[i].name != name || instance-- != 0) continue;
    out = values_.view().subspan(fields_[i].at, fields_[i].size);
    return true;
  }
  return false;
}
bool Message::file_name(unsigned instance, Bytes& out) const noexcept {
  return nth(names_.view(), instance, out);
}
bool Message::url(unsigned instance, Bytes& out) const noexcept { return nth(urls_.view(), instance, out); }

bool Message::body_md5(Bytes& out) const noexcept {
  out = as_bytes({md5_text_.data(), md5_text_.size()});
  return has_md5_;
}

}  // namespace picket::smtp
