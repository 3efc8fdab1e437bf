// Which files a body holds (RFC 7578 for those of forms), and what they are called.
#include <algorithm>

#include "parsers/http/http_parser.h"
#include "parsers/http/http_text.h"

namespace picket::http {
namespace {

constexpr std::size_t kLongestName = 4096;  // bytes that are told of a file's name

}  // namespace

/// Parts of a form: those with a file name are files.
struct HttpParser::PartsOut final : Multipart::Sink {
  PartsOut(HttpParser& p, Reader& at) noexcept : parser(p), reader(at) {}
  void part(std::string_view headers, bool whole) noexcept override {
    if (!whole) parser.raise(reader, Event::kMultipartHeader);
    const std::string_view name = parameter(part_header(headers, "content-disposition"), "filename");
    if (!name.empty()) parser.open_file(reader, name);
    reader.part_bytes = 0;
  }
  void bytes(Bytes b) noexcept override {
    reader.part_bytes += b.size();
    if (reader.file != nullptr) parser.sink_->file_data(*reader.file, b);
  }
  void part_ends(bool complete) noexcept override {
    if (reader.file == nullptr) return;
    if (complete && reader.part_bytes == 0) parser.raise(reader, Event::kMultipartNoFile);
    parser.sink_->file_end(*reader.file, complete ? FileEnd::kComplete : FileEnd::kTruncated);
    reader.file = nullptr;
  }
  HttpParser& parser;
  Reader& reader;
};

void HttpParser::open_file(Reader& r, std::string_view name) noexcept {
  if (name.size() > kLongestName) {
    raise(r, Event::kFileNameTooLong);
    name = name.substr(0, kLongestName);
  }
  const std::size_t limit = limits_[is_reply(r) ? kReplyBodyLimit : kRequestBodyLimit];
  r.file = sink_->file_begin(*r.tx, r.dir, as_bytes(name), limit);
}

/// With the first byte of a body: a body without any is no file.
void HttpParser::begin_file(Reader& r) noexcept {
  const Tx& tx = *r.tx;
  const Side& s = side(r);
  r.file_begun = true;
  std::string_view name = as_text(tx.normalized_uri());
  name = name.substr(0, name.find('?'));
  if (is_reply(r)) {
    const std::string_view given = parameter(s.value(Name::kContentDisposition), "filename");
    open_file(r, given.empty() ? name : given);
    r.file_done = r.file == nullptr;
    return;
  }
  const std::string_view method = tx.text(r.dir, tx.method);
  if (method != "POST" && method != "PUT") {
    r.file_done = true;
    return;
  }
  const std::string_view type = s.value(Name::kContentType);
  constexpr std::string_view kForm = "multipart/form-data";
  if (method == "POST" && equals_nocase(type.substr(0, kForm.size()), kForm)) {
    const std::string_view boundary = parameter(type, "boundary");
    if (Multipart::fits(boundary)) {
      r.multipart = pool_.make<Multipart>(pool_, boundary);
      if (r.multipart == nullptr) raise(r, Event::kOutOfMemory);
      r.file_done = r.multipart == nullptr;
      return;
    }
    raise(r, Event::kMultipartError);
  }
  open_file(r, name);
  r.file_done = r.file == nullptr;
}

void HttpParser::file_bytes(Reader& r, Bytes decoded) noexcept {
  if (decoded.empty()) return;
  if (!r.file_begun) begin_file(r);
  if (r.multipart != nullptr) {
    PartsOut out(*this, r);
    if (!r.multipart->feed(decoded, out)) raise(r, Event::kOutOfMemory);
  } else if (r.file != nullptr) {
    sink_->file_data(*r.file, decoded);
  }
}

/// Behind a gap nobody knows in which part one is.
void HttpParser::gap_in_file(Reader& r, std::uint64_t missing) noexcept {
  if (!r.file_begun && !r.file_done) begin_file(r);
  if (r.file != nullptr) sink_->file_gap(*r.file, missing);
  if (r.multipart != nullptr) end_file(r, FileEnd::kTruncated);
}

/// The body is over, or nothing more of it is followed.
void HttpParser::end_file(Reader& r, FileEnd how) noexcept {
  if (r.multipart != nullptr) {
    PartsOut out(*this, r);
    const bool whole = r.multipart->finish(out);
    if (!whole && how == FileEnd::kComplete) raise(r, Event::kMultipartError);
    pool_.destroy(r.multipart);
    r.multipart = nullptr;
  } else if (r.file != nullptr) {
    sink_->file_end(*r.file, how);
  }
  r.file = nullptr;
  r.file_done = true;
}

}  // namespace picket::http
