// parsers/smb/framing.cc — records of a NetBIOS session, messages in a record, and what to do behind a gap
#include <algorithm>

#include "parsers/smb/smb_parser.h"

namespace picket::smb {
namespace {

constexpr std::size_t kRecordHeader = 4;
constexpr std::size_t kSmb1Header = 32, kSmb2Header = 64, kEncryptedHeader = 52, kCompressedHeader = 16;
constexpr std::size_t kSessionRequest = 68;       // two encoded names
constexpr std::size_t kMaxOther = 1024;           // bytes of a record that is no session message
constexpr std::size_t kSure = kRecordHeader + 6;  // with which find_record() is sure of itself

bool is_magic(Bytes at) noexcept {
  return at.size() >= 4 && at[0] >= 0xfc && at[1] == 'S' && at[2] == 'M' && at[3] == 'B';
}

/// The first bytes of a record, as far as they are there, from the type on.
Probe probe_message(Bytes first) noexcept {
  constexpr std::uint8_t kText[] = {'S', 'M', 'B'};
  if (first[0] != 0) return Probe::kNo;
  if (first.size() > 4 && first[4] < 0xfc) return Probe::kNo;
  for (std::size_t i = 0; i < 3; ++i) {
    if (first.size() > 5 + i && first[5 + i] != kText[i]) return Probe::kNo;
  }
  if (first.size() < 8) return Probe::kUnsure;
  const std::size_t length = std::size_t{first[1]} << 16 | std::size_t{first[2]} << 8 | first[3];
  const std::size_t least = first[4] == 0xff   ? kSmb1Header + 3
                            : first[4] == 0xfe ? kSmb2Header
                            : first[4] == 0xfd ? kEncryptedHeader
                                               : kCompressedHeader;
  return length >= least ? Probe::kYes : Probe::kNo;
}

/// An encoded NetBIOS name: 32, thirty-two letters A to P, 0.
bool is_name(Bytes at, std::size_t i) noexcept {
  if (i == 0) return at[0] == 32;
  if (i <= 32) return at[i] >= 'A' && at[i] <= 'P';
  return at[i] == 0;
}

}  // namespace

Probe probe(Transport, Direction dir, Bytes first) noexcept {
  if (first.empty()) return Probe::kUnsure;
  if (first[0] == 0x81 && dir == Direction::kToServer) {
    constexpr std::uint8_t kHead[] = {0x81, 0, 0, kSessionRequest};
    for (std::size_t i = 0; i < first.size() && i < 4; ++i) {
      if (first[i] != kHead[i]) return Probe::kNo;
    }
    for (std::size_t i = 4; i < first.size() && i < 38; ++i) {
      if (!is_name(first.subspan(4), i - 4)) return Probe::kNo;
    }
    return first.size() < 38 ? Probe::kUnsure : Probe::kYes;
  }
  if (first[0] == 0x82 && dir == Direction::kToClient) {
    for (std::size_t i = 1; i < first.size() && i < 4; ++i) {
      if (first[i] != 0) return Probe::kNo;
    }
    return first.size() <= 4 ? Probe::kUnsure : probe_message(first.subspan(4));
  }
  return probe_message(first);
}

Consumed SmbParser::on_stream(Direction dir, Bytes data, Sink& sink) noexcept {
  sink_ = &sink;
  dir_ = dir;
  Side& s = sides_[index(dir)];
  std::size_t at = 0;
  while (at < data.size()) {
    const Bytes rest = data.subspan(at);
    Step step;
    switch (s.where) {
      case Where::kRecord:
        step = read_record(dir, rest);
        break;
      case Where::kMessage:
        step = read_message(dir, rest);
        break;
      case Where::kPayload: {
        const Bytes part = rest.first(std::min(rest.size(), s.payload_left));
        payload(dir, s.target, s.file, part);
        s.payload_left -= part.size();
        consume(s, part.size());
        step.consumed = part.size();
        if (s.payload_left == 0) {
          end_payload(dir, s.target, s.file);
          s.where = s.message_left != 0  ? Where::kSkip
                    : s.record_left != 0 ? Where::kMessage
                                         : Where::kRecord;
        }
        break;
      }
      case Where::kSkip:
        step.consumed = std::min(rest.size(), s.message_left);
        consume(s, step.consumed);
        if (s.message_left == 0) s.where = s.record_left != 0 ? Where::kMessage : Where::kRecord;
        break;
      case Where::kLost:
        step = find_record(dir, rest);
        break;
    }
    at += step.consumed;
    if (step.need != 0) return Consumed::partly(at, step.need);
  }
  return Consumed::all(at);
}

void SmbParser::consume(Side& s, std::size_t n) noexcept {
  s.record_left -= n;
  s.message_left -= std::min(s.message_left, n);
}

/// The `length` bytes that come next are of no interest.
void SmbParser::skip_message(Side& s, std::size_t length) noexcept {
  s.message_left = length;
  s.where = length != 0 ? Where::kSkip : s.record_left != 0 ? Where::kMessage : Where::kRecord;
}

/// `first`: Frame. Of `length` bytes the first `header` are its header.
void SmbParser::tell_frames(Direction dir, unsigned first, const std::uint8_t* at, std::size_t header,
                            std::size_t length) noexcept {
  sink_->frame(dir, first, at, length);
  sink_->frame(dir, first + 1, at, header);
  sink_->frame(dir, first + 2, at + header, length - header);
}

SmbParser::Step SmbParser::read_record(Direction dir, Bytes rest) noexcept {
  if (rest.size() < kRecordHeader) return {0, kRecordHeader};
  Side& s = sides_[index(dir)];
  Cursor c(rest);
  const std::uint8_t type = c.u8();
  const std::size_t length = c.u24be();
  const bool session_service = type >= 0x81 && type <= 0x85 && length <= kMaxOther;
  if (type != 0 && !session_service) {
    event(Event::kMalformedData);
    s.where = Where::kLost;
    return {};
  }
  tell_frames(dir, kNbssFrame, rest.data(), kRecordHeader, kRecordHeader + length);
  s.record_left = length;
  s.first_in_record = true;
  if (session_service)
    skip_message(s, length);
  else
    s.where = length != 0 ? Where::kMessage : Where::kRecord;
  return {kRecordHeader, 0};
}

SmbParser::Step SmbParser::read_message(Direction dir, Bytes rest) noexcept {
  Side& s = sides_[index(dir)];
  const std::size_t room = s.record_left;
  const auto refuse = [&]() noexcept {
    event(Event::kMalformedData);
    skip_message(s, room);
    return Step{};
  };
  if (room < 4) return refuse();
  if (rest.size() < 4) return {0, 4};
  if (!is_magic(rest)) return refuse();
  const std::uint8_t magic = rest[0];
  const std::size_t header = magic == 0xff   ? kSmb1Header
                             : magic == 0xfe ? kSmb2Header
                             : magic == 0xfd ? kEncryptedHeader
                                             : kCompressedHeader;
  if (room < header) return refuse();
  if (rest.size() < header) return {0, header};
  if (magic == 0xfd) tell_frames(dir, kSmb3Frame, rest.data(), header, room);
  if (magic < 0xfe) return read_transform(dir, rest, magic == 0xfd);

  std::size_t length = room;  // of the message
  bool overflow = false;
  if (magic == 0xfe) {
    Cursor c(rest.subspan(20));
    const std::uint32_t next = c.u32le();
    if (next != 0 && (next < kSmb2Header || next > room)) {
      overflow = true;
    } else if (next != 0) {
      length = next;
    }
  }
  tell_frames(dir, magic == 0xfe ? kSmb2Frame : kSmb1Frame, rest.data(), header, length);
  Payload what;
  const Bytes seen = rest.first(std::min(rest.size(), length));
  const std::size_t wanted = magic == 0xfe ? wanted2(seen, length, what) : wanted1(seen, length, what);
  if (rest.size() < wanted) return {0, wanted};
  if (wanted < length && what.size == 0 && wanted == kMaxMessage) event(Event::kMessageTooLong);
  if (overflow) event(Event::kRecordOverflow);
  if (what.bad) event(Event::kMalformedData);
  s.message_left = length;
  if (magic == 0xfe)
    message2(dir, rest.first(wanted), what);
  else
    message1(dir, rest.first(wanted), what);
  s.first_in_record = false;
  // Payload that goes on as it comes begins at what.at; else the rest is skipped.
  const std::size_t done = s.payload_left != 0 ? what.at : wanted;
  consume(s, done);
  if (s.payload_left != 0)
    s.where = Where::kPayload;
  else
    skip_message(s, s.message_left);
  return {done, 0};
}

/// Encrypted or compressed: what is inside is not known, but that it is, and how much.
SmbParser::Step SmbParser::read_transform(Direction dir, Bytes rest, bool encrypted) noexcept {
  Side& s = sides_[index(dir)];
  Header h;
  h.version = 2;
  h.reply = dir == Direction::kToClient;
  Cursor c(rest);
  std::uint32_t algorithm = 0;
  if (encrypted) {
    c.skip(44);
    h.session = c.u64le();
  } else {
    c.skip(8);
    algorithm = c.u16le();
  }
  const Kind kind = encrypted ? Kind::kEncrypted : Kind::kCompressed;
  Tx** free = nullptr;
  Tx* tx = nullptr;
  for (Tx*& t : transforms_) {
    if (t == nullptr) {
      free = free == nullptr ? &t : free;
    } else if (t->kind == kind && t->session == h.session && t->code == algorithm) {
      tx = t;
    }
  }
  if (tx == nullptr && free != nullptr) {
    tx = *free = begin_tx(dir, kind, h);
    if (tx != nullptr) tx->code = algorithm;
  }
  if (tx != nullptr) {
    const bool seen = h.reply ? tx->has_reply : tx->has_request;
    if (!seen || tx->messages == 0) {
      (h.reply ? tx->has_reply = true : tx->has_request = true);
      sink_->advance(*tx, dir, kWhole);
    }
    ++tx->messages;
    tx->bytes += s.record_left;
  }
  skip_message(s, s.record_left);
  return {};
}

/// Behind a gap any byte may be the first of a record.
SmbParser::Step SmbParser::find_record(Direction dir, Bytes rest) noexcept {
  Side& s = sides_[index(dir)];
  std::size_t at = 0;
  while (rest.size() - at >= kSure) {
    const std::size_t found = as_text(rest).find("SMB", at + 5);
    if (found == std::string_view::npos || found + 5 > rest.size()) {
      at = rest.size() - (kSure - 1);
      break;
    }
    at = found - 5;
    const Bytes here = rest.subspan(at);
    const bool smb2 = here[4] == 0xfe;
    if (probe_message(here) == Probe::kYes && (!smb2 || (here[8] == kSmb2Header && here[9] == 0))) {
      s.where = Where::kRecord;
      return {at, 0};
    }
    ++at;
  }
  return {at, kSure};
}

void SmbParser::on_gap(Direction dir, std::uint64_t missing, Sink& sink) noexcept {
  sink_ = &sink;
  dir_ = dir;
  Side& s = sides_[index(dir)];
  event(Event::kGap);
  // Where all bytes were consumed so far, it is known what is missing: of the payload, of what is skipped.
  if ((s.where == Where::kPayload || s.where == Where::kSkip) && missing != 0 && missing <= s.message_left) {
    const auto all = static_cast<std::size_t>(missing);
    const std::size_t lost = s.where == Where::kPayload ? std::min(all, s.payload_left) : 0;
    if (lost != 0) {
      payload_gap(dir, s.target, s.file, lost);
      s.payload_left -= lost;
      if (s.payload_left == 0) end_payload(dir, s.target, s.file);
    }
    consume(s, all);
    if (s.payload_left == 0) skip_message(s, s.message_left);
    return;
  }
  if (s.where == Where::kPayload) {
    payload_gap(dir, s.target, s.file, s.payload_left);
    end_payload(dir, s.target, s.file);
  }
  const bool whole_record =
      (s.where == Where::kPayload || s.where == Where::kSkip) && missing == s.record_left;
  s = Side{};
  s.where = missing != 0 && whole_record ? Where::kRecord : Where::kLost;
}

}  // namespace picket::smb
