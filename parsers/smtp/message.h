// parsers/smtp/message.h — a mail as it comes: headers (RFC 5322), and the entities in its body (RFC 2045,
// 2046)
//
//      name ":" value CRLF    ... folded
//      CRLF
//      body: text, a file, or multipart/* of more of them, message/rfc822 of more of them
//
// In      the message's bytes in any cut, free of SMTP's dots and chunks
// Out     header fields that have a FieldName; files and events to a Host; URLs of texts
// Cost    a copy of the headers; each byte of a body is looked at once for each multipart around it
// Limits  mime.max-depth entities inside each other: calls go no deeper either; kMaxFields, kMaxField and the
//         other limits here. Each is an event, and what is beyond it is passed over
#pragma once
#include <array>

#include "parsers/core/digest.h"
#include "parsers/core/mime.h"
#include "parsers/core/multipart.h"
#include "parsers/core/protocol.h"

namespace picket::smtp {

/// What can be odd, in SMTP and in the mail. In the order of kEvents in smtp_spec.cc; the names there are
/// Suricata's where it has one.
enum class Event : std::uint8_t {
  kInvalidReply,
  kUnmatchedReply,
  kLongCommand,
  kLongReply,
  kInvalidPipelining,
  kBdatExceeded,
  kNoWelcome,
  kTlsRejected,
  kDataRejected,
  kMimeParse,
  kMimeMalformed,
  kMimeBase64,
  kMimeQuotedPrintable,
  kMimeLongLine,
  kMimeLongCodedLine,
  kMimeLongName,
  kMimeLongValue,
  kMimeLongBoundary,
  kMimeLongFileName,
  kDuplicateFields,
  kUnparsable,
  kProtocolChange,
  kTruncatedLine,
  kInvalidBdat,
  kGap,
  kOddEndOfData,
  kTooManyTransactions,
  kTooManyPending,
  kTooManyRecipients,
  kMimeDepth,
  kMimeTooManyFields,
  kMimeTooManyUrls,
  kMimeNoClosingBoundary,
  kOutOfMemory,
  kCount,
};

/// Header fields that are kept.
enum class FieldName : std::uint8_t {
  kBcc,
  kCc,
  kContentDisposition,
  kContentMd5,
  kContentTransferEncoding,
  kContentType,
  kDate,
  kFrom,
  kImportance,
  kInReplyTo,
  kMessageId,
  kOrganization,
  kPriority,
  kReceived,
  kReferences,
  kReplyTo,
  kSensitivity,
  kSubject,
  kTo,
  kUserAgent,
  kXMailer,
  kXOriginatingIp,
  kCount,
};

class Message {
 public:
  static constexpr std::size_t kMaxField =
      32768;  ///< bytes of one header field that are read; half of it but for its last line
  static constexpr std::size_t kMaxFields = 128;      ///< kept
  static constexpr std::size_t kMaxStructure = 8192;  ///< bytes kept of Content-...
  static constexpr std::size_t kMaxFieldName = 75;    ///< more is an event
  static constexpr std::size_t kMaxFileName = 255;    ///< more is an event and cut
  static constexpr std::size_t kMaxLine = 998;        ///< of RFC 5322, §2.1.1; more is an event
  static constexpr std::size_t kMaxNames = 65536;     ///< bytes of all file names that are kept
  static constexpr std::size_t kMaxUrl = 2048;        ///< bytes kept of a URL
  static constexpr unsigned kMostDepth = 32;          ///< of mime.max-depth

  enum class Status : std::uint8_t { kHeaders, kBody, kDone, kFailed };

  /// Who a message tells.
  class Host {
   public:
    virtual void mime_event(Event) noexcept = 0;
    virtual void headers_complete() noexcept = 0;
    /// As Sink::file_begin() and so on.
    virtual File* file_begins(Bytes name) noexcept = 0;
    virtual void file_bytes(File&, Bytes) noexcept = 0;
    virtual void file_lost(File&, std::uint64_t missing) noexcept = 0;
    virtual void file_ends(File&, bool complete) noexcept = 0;

   protected:
    ~Host() = default;
  };

  Message(Pool& pool, std::span<const std::uint64_t> limits) noexcept;
  ~Message();
  Message(const Message&) = delete;
  Message& operator=(const Message&) = delete;

  void feed(Bytes in, Host&) noexcept;
  /// Bytes are missing (0: how many is not known). What follows is passed over.
  void gap(std::uint64_t missing, Host&) noexcept;
  /// Once. `complete`: its end was seen.
  void finish(bool complete, Host&) noexcept;

  [[nodiscard]] Status status() const noexcept { return status_; }
  [[nodiscard]] std::uint64_t bytes() const noexcept { return bytes_; }
  [[nodiscard]] bool truncated() const noexcept { return truncated_; }
  /// The `instance`-th value of that name, unfolded, cut to mime.header-value-depth.
  [[nodiscard]] bool field(FieldName, unsigned instance, Bytes& out) const noexcept;
  [[nodiscard]] bool file_name(unsigned instance, Bytes& out) const noexcept;
  [[nodiscard]] bool url(unsigned instance, Bytes& out) const noexcept;
  [[nodiscard]] unsigned url_count() const noexcept { return url_count_; }
  struct UrlKinds {
    bool executable = false, ipv4 = false, ipv6 = false;
  };
  [[nodiscard]] const UrlKinds& url_kinds() const noexcept { return url_kinds_; }
  /// Hexadecimal MD5 of the body; false where mime.body-md5 is off or the end was not seen.
  [[nodiscard]] bool body_md5(Bytes& out) const noexcept;

 private:
  struct Field {
    std::uint32_t at = 0, size = 0;
    FieldName name = FieldName::kCount;
  };
  /// An entity that is being read; its place in levels_ is how deep it lies.
  struct Level {
    Multipart* inside = nullptr;  ///< of multipart/* and message/rfc822
    TransferDecoder decoder;
    File* file = nullptr;
    bool text = false;
    bool told_bad = false;
  };
  struct Parts;
  enum class UrlState : std::uint8_t { kText, kColon, kSlash, kUrl };

  std::size_t header_bytes(Bytes in, Host&) noexcept;
  void end_field(std::string_view text, Host&) noexcept;
  void end_headers(Host&) noexcept;
  void keep(FieldName, std::string_view value, std::size_t most, Host&) noexcept;
  [[nodiscard]] std::string_view structure(FieldName) const noexcept;
  void measure(Bytes in, Host&) noexcept;

  void begin_entity(unsigned depth, std::string_view type, std::string_view coding,
                    std::string_view disposition, Host&) noexcept;
  void open_container(unsigned depth, std::string_view type, Host&) noexcept;
  void open_file(Level&, std::string_view type, std::string_view disposition, bool wanted, Host&) noexcept;
  void entity_bytes(unsigned depth, Bytes in, Host&) noexcept;
  void deliver(unsigned depth, Bytes in, Host&) noexcept;
  void end_entity(unsigned depth, bool complete, Host&) noexcept;
  void tell_decoder(Level&, Host&) noexcept;

  void scan_urls(Bytes in, Host&) noexcept;
  void end_url(Host&) noexcept;
  [[nodiscard]] unsigned scheme_before_colon(Bytes in, std::size_t colon) const noexcept;

  Pool& pool_;
  std::span<const std::uint64_t> limits_;
  Status status_ = Status::kHeaders;
  bool truncated_ = false, lost_ = false, has_md5_ = false;
  bool field_cut_ = false;  // the field at hand is too long: its rest is not read
  bool line_has_text_ = false;
  std::uint32_t line_at_ = 0;  // in line_: where the physical line at hand begins
  std::uint32_t line_length_ = 0;
  std::uint64_t bytes_ = 0;
  PoolBuffer line_;    // the header field at hand
  PoolBuffer values_;  // of fields that are kept
  PoolBuffer names_;   // two bytes of size, and a file's name; again and again
  PoolBuffer urls_;    // the same of URLs
  PoolBuffer url_;     // the one at hand
  std::array<Field, kMaxFields> fields_{};
  std::uint16_t field_count_ = 0;
  std::uint16_t url_count_ = 0;
  UrlState url_state_ = UrlState::kText;
  std::uint8_t url_scheme_ = 0;
  std::array<std::uint8_t, 6> tail_{};  // the last bytes of text before those at hand
  UrlKinds url_kinds_;
  std::array<Level*, kMostDepth> levels_{};
  Md5 md5_;
  std::array<char, 32> md5_text_{};
};

}  // namespace picket::smtp
