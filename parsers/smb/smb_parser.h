// parsers/smb/smb_parser.h — what one flow of SMB remembers, and how its messages are taken apart
//
//   framing.cc  records and messages out of the stream; payload goes on without a copy
//   smb1.cc     messages of SMB 1, reads and writes  smb1_fields.cc, smb1_trans.cc  other commands
//   smb2.cc     commands of SMB 2 and 3
//   state.cc    requests that wait, trees, open files; transactions begun and finished
//   payload.cc  payload of reads and writes: files, or DCE/RPC over pipes
#pragma once
#include "parsers/smb/auth.h"
#include "parsers/smb/smb.h"
#include "parsers/smb/text.h"
#include "parsers/smb/transfer.h"

namespace picket::smb {

/// What a message's header says, of either version.
struct Header {
  std::uint8_t version = 0;
  std::uint16_t command = 0;
  bool reply = false;
  bool dos_status = false;
  bool unicode = true;
  bool related = false;  ///< SMB 2: goes on where the command before it stopped
  bool async = false;
  std::uint32_t status = 0;  ///< of replies
  std::uint32_t tree = 0, next = 0;
  std::uint64_t session = 0, id = 0;  ///< id: pairs a reply with its request

  [[nodiscard]] bool failed() const noexcept;
};

/// A request whose reply has not come.
struct Request {
  Request* next = nullptr;
  std::uint8_t version = 0;
  std::uint16_t command = 0;
  std::uint16_t function = 0;  ///< SMB 1: the subcommand of a transaction
  bool as_call = false;        ///< its reply may carry DCE/RPC
  std::uint32_t tree = 0;
  std::uint64_t session = 0, id = 0, offset = 0;
  FileId file;
  Tx* tx = nullptr;  ///< nullptr: the command makes none
};

struct Tree {
  explicit Tree(Pool& p) noexcept : share(p) {}
  Tree* next = nullptr;
  std::uint64_t session = 0;
  std::uint32_t id = 0;
  bool is_pipe = false;
  PoolBuffer share;
};

struct OpenFile {
  explicit OpenFile(Pool& p) noexcept : name(p) {}
  enum class Mode : std::uint8_t { kUndecided, kFile, kCalls };
  OpenFile* next = nullptr;
  FileId id;
  std::uint64_t session = 0, size = 0;
  std::uint32_t tree = 0;
  bool size_known = false;
  bool is_pipe = false;  ///< known with the mode
  Mode mode = Mode::kUndecided;
  PoolBuffer name;
  std::array<Transfer*, 2> transfer{};  ///< by Direction
  dcerpc::Connection* calls = nullptr;
};

/// Where a message's payload lies, in bytes from its header.
struct Payload {
  std::size_t at = 0, size = 0;
  bool bad = false;  ///< it leads out of its message; at and size are zero
};

/// A command of SMB 1: its words, and a cursor over the message that stands at its bytes and ends with them.
struct Command1 {
  std::uint8_t code = 0;
  Bytes words;
  Cursor bytes;
  [[nodiscard]] Cursor word(std::size_t n) const noexcept {  ///< from the n-th word on
    Cursor c(words);
    c.skip(n * 2);
    return c;
  }
};

class SmbParser final : public Parser, private dcerpc::Listener {
 public:
  explicit SmbParser(const ParserContext&) noexcept;
  Consumed on_stream(Direction, Bytes, Sink&) noexcept override;
  void on_gap(Direction, std::uint64_t missing, Sink&) noexcept override;
  void on_close(Sink&) noexcept override;

 private:
  enum class Where : std::uint8_t { kRecord, kMessage, kPayload, kSkip, kLost };
  enum class Target : std::uint8_t { kNobody, kTransfer, kCalls };
  struct Side {
    Where where = Where::kRecord;
    std::size_t record_left = 0;   // bytes of the record that were not consumed
    std::size_t message_left = 0;  // of those, the message's that is being skipped
    std::size_t payload_left = 0;  // of those, the payload's
    Target target = Target::kNobody;
    FileId file;  // whose payload
    bool first_in_record = true;
    // SMB 2: what the command before in this chain stood for.
    std::uint64_t session = 0, created_by = 0;
    std::uint32_t tree = 0;
    FileId related;
  };
  /// What became of bytes: consumed, or how many are needed.
  struct Step {
    std::size_t consumed = 0, need = 0;
  };

  // framing.cc
  void tell_frames(Direction, unsigned first, const std::uint8_t* at, std::size_t header,
                   std::size_t length) noexcept;
  Step read_record(Direction, Bytes) noexcept;
  Step read_message(Direction, Bytes) noexcept;
  Step find_record(Direction, Bytes) noexcept;
  Step read_transform(Direction, Bytes, bool encrypted) noexcept;
  void consume(Side&, std::size_t n) noexcept;
  void skip_message(Side&, std::size_t length) noexcept;

  // smb2.cc
  [[nodiscard]] static std::size_t wanted2(Bytes, std::size_t length, Payload&) noexcept;
  void message2(Direction, Bytes, Payload&) noexcept;
  void request2(Direction, const Header&, Bytes, Payload&) noexcept;
  void reply2(Direction, const Header&, Bytes, Payload&) noexcept;
  bool request_of_file2(const Header&, Cursor&, Bytes, Request&, Payload&) noexcept;
  void ioctl2(const Header&, Bytes, Request&, const Payload&) noexcept;
  void negotiate_reply2(Cursor&, Tx&) noexcept;
  void create_reply2(Cursor&, Tx&, Request*) noexcept;
  void set_info2(const Header&, Bytes, Request&) noexcept;

  // smb1.cc, smb1_trans.cc
  [[nodiscard]] static std::size_t wanted1(Bytes, std::size_t length, Payload&) noexcept;
  void message1(Direction, Bytes, Payload&) noexcept;
  void request1(const Header&, const Command1&, Bytes message, Payload&) noexcept;
  void reply1(const Header&, const Command1&, Bytes message, Payload&) noexcept;
  void read_request1(const Header&, const Command1&, Request&, Bytes message, Payload&) noexcept;
  void read_reply1(const Header&, const Command1&, Request*, Bytes message, Payload&) noexcept;
  void negotiate_request1(const Command1&, Tx&) noexcept;
  void negotiate_reply1(const Command1&, Tx&) noexcept;
  void session_request1(const Header&, const Command1&, Tx&) noexcept;
  void session_reply1(const Header&, const Command1&, Tx&) noexcept;
  void create_request1(const Header&, const Command1&, Tx&) noexcept;
  void create_reply1(const Header&, const Command1&, Tx&) noexcept;
  void names_request1(const Header&, const Command1&, Tx&) noexcept;
  void whole_payload1(Direction, const Header&, FileId, std::uint64_t offset, Bytes) noexcept;
  void trans_request1(const Header&, const Command1&, Bytes message) noexcept;
  void trans_reply1(const Header&, const Command1&, Bytes message, Request&) noexcept;
  bool set_info1(const Header&, std::uint16_t function, Bytes parameters, Bytes data, Request&) noexcept;

  // state.cc
  Tx* begin_tx(Direction, Kind, const Header&) noexcept;
  void finish(Tx*) noexcept;
  void reply_to(Tx&, const Header&) noexcept;
  Request* add_request(const Header&, Tx*) noexcept;
  [[nodiscard]] Request* find_request(std::uint8_t version, std::uint16_t command, std::uint64_t id) noexcept;
  void drop_request(Request*) noexcept;
  Tree* find_tree(std::uint64_t session, std::uint32_t id) noexcept;
  void add_tree(const Header&, Tx&) noexcept;
  void drop_tree(std::uint64_t session, std::uint32_t id) noexcept;
  OpenFile* find_file(FileId) noexcept;
  OpenFile* add_file(const Header&, FileId, Bytes name) noexcept;
  void rename_related(std::uint64_t created_by, FileId) noexcept;
  void close_file(FileId) noexcept;
  void end_file(OpenFile*, bool closed) noexcept;
  void set_share(Tx&) noexcept;
  void read_token(Direction, Bytes blob, Tx&) noexcept;
  void keep(PoolBuffer&, Bytes, bool unicode) noexcept;
  void event(Event, Tx* = nullptr) noexcept;

  // payload.cc
  /// What the payload of a read or write of this file is; `first`: its first bytes, up to four.
  Target open_payload(Direction, const Header&, FileId, std::uint64_t offset, std::size_t size,
                      Bytes first) noexcept;
  void payload(Direction, Target, FileId, Bytes) noexcept;
  void written(FileId, const Header& reply) noexcept;
  void payload_gap(Direction, Target, FileId, std::size_t missing) noexcept;
  void end_payload(Direction, Target, FileId) noexcept;
  [[nodiscard]] bool carries_calls(OpenFile&, Bytes first) noexcept;
  Transfer* transfer_of(OpenFile&, Direction, const Header&) noexcept;
  dcerpc::Connection* calls_of(OpenFile&, Direction) noexcept;
  void start(Side&, Direction, const Header&, FileId, std::uint64_t offset, Payload, Bytes message) noexcept;

  // dcerpc::Listener
  dcerpc::Call* begin(Direction) noexcept override;
  void half_done(dcerpc::Call&, Direction) noexcept override;
  void finished(dcerpc::Call&) noexcept override;
  void event(Direction, dcerpc::Event, dcerpc::Call*) noexcept override;

  Pool& pool_;
  const std::span<const std::uint64_t> limits_;
  std::array<Side, 2> sides_;
  Request* requests_ = nullptr;  // oldest first
  Request** last_request_ = &requests_;
  Tree* trees_ = nullptr;  // lately used first, as are files
  OpenFile* files_ = nullptr;
  std::uint64_t request_count_ = 0, tree_count_ = 0, file_count_ = 0;
  std::array<Tx*, kMaxTransforms> transforms_{};
  std::uint64_t next_id_ = 0;
  Dialect dialect_;
  bool negotiated_ = false, requests_seen_ = false;
  std::uint32_t max_read_ = 0, max_write_ = 0;
  // During a call.
  Sink* sink_ = nullptr;
  Direction dir_ = Direction::kToServer;
  Header now_;
};

}  // namespace picket::smb
