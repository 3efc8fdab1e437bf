#include "dataplane/app/app_layer.h"

#include <algorithm>
#include <functional>

#include "parsers/core/assert.h"

namespace picket {

/// What hangs off a flow that is being probed or parsed.
struct AppLayer {
  /// Bytes of one direction that came without any of the other between them.
  struct Run {
    Direction dir;
    std::uint32_t end;  ///< in pending[dir]
  };
  static constexpr std::size_t kMaxRuns = 16;

  explicit AppLayer(Pool& pool) noexcept : pending{PoolBuffer(pool), PoolBuffer(pool)}, first(pool) {}
  Parser* parser = nullptr;
  std::size_t parser_size = 0;
  std::array<PoolBuffer, 2> pending;
  std::array<std::size_t, 2> need{};
  std::array<std::uint64_t, 2> excluded{};  // by Direction, bit i: protocols()[i] it is not
  std::array<bool, 2> stopped{};            // the parser wants no more of this direction
  std::array<Run, kMaxRuns> runs{};         // while probing: in which order the bytes in pending came
  std::uint8_t run_count = 0;
  bool fresh = false;                           // bound, but the parser has not seen what waits
  std::uint8_t changes = 0;                     // of the protocol, by hand_over()
  bool kept = false;                            // identify() has put the bytes at hand into pending
  Direction decided_by = Direction::kToServer;  // whose bytes told what is spoken
  ProtocolId agreed = kNoProtocol;              // hand_over(): what is to follow, until it is seen
  Direction asked = Direction::kToServer;       // whose first bytes are in `first`
  PoolBuffer first;                             // too few so far to tell whether they fit what is spoken
  std::array<std::uint64_t, 2>
      position{};                // by Direction: where in the stream the first unconsumed byte stands
  FlowFrames* frames = nullptr;  // where rules ask for some
};

namespace {

constexpr unsigned kMaxProbedDatagrams = 4;
constexpr unsigned kMaxProtocolChanges =
    4;  // a proxy's CONNECT, then STARTTLS or an Upgrade behind it, and room

}  // namespace

AppConfig default_app_config() {
  AppConfig c;
  for (const ProtocolSpec* spec : protocols()) {
    c.enabled.push_back(true);
    auto& limits = c.limits.emplace_back();
    for (const LimitDef& limit : spec->limits) limits.push_back(limit.initial);
  }
  return c;
}

AppEngine::AppEngine(const AppConfig& config, Pool& pool, AppListener& listener)
    : config_(config),
      pool_(pool),
      listener_(listener),
      files_(config.files, pool),
      expectations_(pool, config.vlans_tell_apart),
      probes_(config_.enabled),
      frame_tracker_(pool, *this),
      hand_over_hint_(pool) {}

bool AppEngine::looks_like_reply(Transport t, Bytes first, std::uint16_t src_port,
                                 std::uint16_t dst_port) const noexcept {
  if (!first.empty()) {
    std::uint64_t excluded = 0;
    if (probes_.ask(t, Direction::kToServer, first, {src_port, dst_port}, excluded) != kNoProtocol)
      return false;
    excluded = 0;
    if (probes_.ask(t, Direction::kToClient, first, {dst_port, src_port}, excluded) != kNoProtocol)
      return true;
  }
  return t == Transport::kTcp && probes_.known_port(src_port) && !probes_.known_port(dst_port);
}

AppLayer* AppEngine::state_of(Flow& f) noexcept {
  if (f.app == nullptr) f.app = pool_.make<AppLayer>(pool_);
  return f.app;
}

/// Nothing more comes: what the parser waits with is the last that frames get.
void AppEngine::end_frames(Flow& f, Direction dir) noexcept {
  AppLayer& a = *f.app;
  if (a.frames == nullptr) return;
  const FrameTracker::Input waits{a.pending[index(dir)].view(), a.position[index(dir)]};
  frame_tracker_.data(f, *a.frames, dir, waits, false);
  frame_tracker_.end_all(f, *a.frames, dir);
}

void AppEngine::drop_parser(Flow& f) noexcept {
  AppLayer& a = *f.app;
  if (a.parser == nullptr) return;
  enter(f);
  end_frames(f, Direction::kToServer);
  end_frames(f, Direction::kToClient);
  a.parser->on_close(*this);
  frame_tracker_.release(a.frames);
  hand_over_ = false;
  a.parser->~Parser();
  pool_.release(a.parser, a.parser_size);
  a.parser = nullptr;
}

void AppEngine::give_up(Flow& f) noexcept {
  f.flags |= flow_flag::kAppDone;
  if (f.app == nullptr) return;
  drop_parser(f);
  pool_.destroy(f.app);
  f.app = nullptr;
}

bool AppEngine::bind(Flow& f, ProtocolId id, Transport t, Bytes hint) noexcept {
  AppLayer* a = state_of(f);
  const ProtocolSpec& spec = *protocols()[id];
  void* at = a == nullptr ? nullptr : pool_.allocate(spec.parser_size);
  if (at == nullptr) return give_up(f), false;
  Bytes client(f.client().bytes);
  if (t == Transport::kEthernet)
    client = client.first(sizeof(Mac));
  else if (f.client().is_v4())
    client = client.last(4);
  a->parser = spec.create(at, ParserContext{pool_, config_.limits[id], t, client, hint});
  a->parser_size = spec.parser_size;
  a->need = {};
  a->stopped = {};
  f.protocol = id;
  listener_.on_protocol(f);
  return true;
}

/// A flow that a parser has told of speaks what it said, whatever its bytes look like.
bool AppEngine::bind_expected(Flow& f) noexcept {
  ExpectedFlow expected(pool_);
  if (!expectations_.take(f, expected)) return false;
  if (!bind(f, expected.protocol, Transport::kTcp, expected.hint.view())) return true;
  f.app->fresh = true;
  f.flags |= flow_flag::kBothAsked;  // nothing tells what it is but who expected it
  return true;
}

bool AppEngine::expect(const Expectation& e) noexcept {
  const ProtocolId id = find_protocol(e.protocol);
  return id == kNoProtocol || !config_.enabled[id] || expectations_.add(*flow_, e, id);
}

void AppEngine::identify(Flow& f, Direction dir, Bytes data) noexcept {
  if (f.flags & flow_flag::kAppDone) return;
  const bool first_bytes = f.app == nullptr;
  AppLayer* a = state_of(f);
  if (a == nullptr) return give_up(f);
  a->kept = false;
  if (a->parser != nullptr) {
    if (a->agreed != kNoProtocol) check_agreed(f, dir, data);
    if ((f.flags & flow_flag::kBothAsked) == 0) ask_other_direction(f, dir, data);
    return;
  }
  if (first_bytes && bind_expected(f)) return;
  PoolBuffer& mine = a->pending[index(dir)];
  Bytes first = data;
  if (!mine.empty()) {
    if (!mine.append(data)) return give_up(f);
    note_run(*a, dir);
    a->kept = true;
    first = mine.view();
  }
  std::uint64_t& excluded = a->excluded[index(dir)];
  const ProtocolId id =
      ~excluded == 0 ? kNoProtocol
                     : probes_.ask(Transport::kTcp, dir, first, {f.client_port(), f.server_port()}, excluded);
  if (id != kNoProtocol) {
    // The direction that decided; the other one is asked when it speaks. What it has said by now was asked already, and
    // could not tell.
    if (!a->pending[index(reverse(dir))].empty()) f.flags |= flow_flag::kBothAsked;
    a->decided_by = dir;
    if (!bind(f, id, Transport::kTcp)) return;
    f.app->fresh = true;
    return;
  }
  const bool skipped = first.size() >= config_.probe_bytes && ~excluded != 0;
  if (first.size() >= config_.probe_bytes) excluded = ~std::uint64_t{0};
  if (skipped) listener_.on_odd_protocol(f, AppEvent::kDetectionSkipped);
  // Nothing fits this direction: the other one may still tell, unless it has spoken, or keeps silent for too
  // long.
  if (~excluded == 0 && (~a->excluded[index(reverse(dir))] == 0 || first.size() >= config_.probe_bytes))
    give_up(f);
}

/// What a direction has said so far, where one segment was too short to tell; no more than detection would keep.
Probe AppEngine::fits(AppLayer& a, const ProtocolSpec& spec, Direction dir, Bytes data,
                      Bytes& first) noexcept {
  first = data;
  if (!a.first.empty() && a.asked == dir) {
    if (!a.first.append(data)) return Probe::kYes;
    first = a.first.view();
  }
  if (spec.probe == nullptr) return Probe::kYes;
  const Probe said = spec.probe(Transport::kTcp, dir, first);
  if (a.asked != dir) a.first.clear();
  a.asked = dir;
  if (said != Probe::kUnsure) return said;
  if (first.size() >= config_.probe_bytes) return Probe::kYes;
  if (a.first.empty() && !a.first.append(data)) return Probe::kYes;
  return said;
}

/// Another protocol was agreed on: the first bytes behind should be of it.
void AppEngine::check_agreed(Flow& f, Direction dir, Bytes data) noexcept {
  const ProtocolSpec& spec = *protocols()[f.app->agreed];
  Bytes first;
  const Probe said = fits(*f.app, spec, dir, data, first);
  if (said == Probe::kUnsure) return;
  f.app->agreed = kNoProtocol;
  f.app->first.reset();
  if (said == Probe::kYes) return;
  listener_.on_odd_protocol(
      f, spec.name == "tls" ? AppEvent::kNoTlsAfterStarttls : AppEvent::kUnexpectedProtocol);
}

/// The protocol is bound; the first bytes of the direction that had no say should fit it.
void AppEngine::ask_other_direction(Flow& f, Direction dir, Bytes data) noexcept {
  AppLayer& a = *f.app;
  if (dir == a.decided_by || data.empty()) return;
  const auto answered = [&]() noexcept {
    f.flags |= flow_flag::kBothAsked;
    a.first.reset();
  };
  if ((f.flags & flow_flag::kMidstream) != 0) return answered();  // these are no first bytes
  Bytes first;
  const Probe said = fits(a, *protocols()[f.protocol], dir, data, first);
  if (said == Probe::kUnsure) return;
  if (said == Probe::kYes) return answered();
  std::uint64_t excluded = 0;
  const ProtocolId id =
      probes_.ask(Transport::kTcp, dir, first, {f.client_port(), f.server_port()}, excluded);
  if (id == kNoProtocol && ~excluded != 0 && first.size() < config_.probe_bytes &&
      (!a.first.empty() || a.first.append(data)))  // something else, and more bytes may tell what
    return;
  if (id != kNoProtocol) {
    f.other_protocol = id;
    if (dir == Direction::kToClient) f.flags |= flow_flag::kOtherIsReply;
    listener_.on_odd_protocol(f, AppEvent::kMismatchBothDirections);
  } else if (~excluded == 0) {
    listener_.on_odd_protocol(f, AppEvent::kOnlyOneDirection);
  }
  answered();
}

void AppEngine::on_stream(Flow& f, Direction dir, Bytes data, std::uint64_t offset,
                          std::uint64_t time_ns) noexcept {
  AppLayer* a = f.app;
  if (a == nullptr || (f.flags & flow_flag::kAppDone)) return;
  flow_ = &f;
  time_ns_ = time_ns;
  if (a->pending[index(dir)].empty()) a->position[index(dir)] = offset;
  if (a->parser == nullptr) return keep(f, dir, data);
  if (!a->fresh) return feed(f, dir, data);
  a->fresh = false;
  const bool kept = std::exchange(a->kept, false);
  feed_waiting(f);
  if (!kept) feed(f, dir, data);
}

/// The protocol is still open: the bytes wait.
void AppEngine::keep(Flow& f, Direction dir, Bytes data) noexcept {
  AppLayer& a = *f.app;
  if (std::exchange(a.kept, false)) return;
  if (!a.pending[index(dir)].append(data)) return give_up(f);
  note_run(a, dir);
}

/// Of more turns than are kept apart, the last ones run together.
void AppEngine::note_run(AppLayer& a, Direction dir) noexcept {
  std::size_t i = a.run_count;
  const auto last_is = [&](std::size_t back) { return i >= back && a.runs[i - back].dir == dir; };
  if (last_is(1)) {
    --i;
  } else if (i == a.runs.size()) {
    i -= 2;  // runs take turns: the one before the last is of this direction
  } else {
    ++a.run_count;
  }
  a.runs[i] = {dir, static_cast<std::uint32_t>(a.pending[index(dir)].size())};
}

/// Both directions have waited: they are shown turn by turn, so that the parser can tell which reply is to
/// what.
void AppEngine::feed_waiting(Flow& f) noexcept {
  AppLayer& a = *f.app;
  const std::array<PoolBuffer, 2> waiting = {std::move(a.pending[0]), std::move(a.pending[1])};
  const auto runs = a.runs;
  const std::size_t count = std::exchange(a.run_count, std::uint8_t{0});
  std::array<std::size_t, 2> at{};
  for (std::size_t i = 0; i < count; ++i) {
    const auto [dir, end] = runs[i];
    const std::size_t from = std::exchange(at[index(dir)], end);
    feed(f, dir, waiting[index(dir)].view().subspan(from, end - from));
  }
}

void AppEngine::feed(Flow& f, Direction dir, Bytes data) noexcept {
  if (f.app == nullptr) return;  // an earlier direction's bytes ended it
  AppLayer& a = *f.app;
  if (a.parser == nullptr) return keep(f, dir, data);
  const std::size_t i = index(dir);
  if (a.stopped[i]) return;
  PoolBuffer& pending = a.pending[i];
  Bytes input = data;
  const bool waited = !pending.empty();
  const std::size_t limit = protocols()[f.protocol]->max_pending_bytes;
  const auto resync = [&]() noexcept {
    listener_.on_app_event(f, f.protocol, dir, kPendingLimit, nullptr);
    pending.reset();
    a.need[i] = 0;
    a.position[i] += input.size();
    enter(f);
    if (a.frames != nullptr) frame_tracker_.gap(f, *a.frames, dir, a.position[i], 0);
    a.parser->on_gap(dir, 0, *this);
  };
  if (waited) {
    if (!pending.append(data)) return resync();
    input = pending.view();
  }
  if (input.size() < a.need[i]) {
    if ((!waited && !pending.append(data)) || pending.size() > limit) resync();
    return;
  }
  enter(f, input, a.position[i], dir);
  if (frames_ >> kStreamFrame & 1) on_frame(dir, kStreamFrame, input.data(), kOpenFrame, nullptr);
  if (a.frames != nullptr) frame_tracker_.data(f, *a.frames, dir, input_, true);
  const Consumed c = a.parser->on_stream(dir, input, *this);
  if (a.frames != nullptr) frame_tracker_.data(f, *a.frames, dir, input_, false);
  a.position[i] += std::min(c.bytes, input.size());
  if (hand_over_) {
    change_protocol(f, dir, input.subspan(std::min(c.bytes, input.size())));
    return;
  }
  if (c.give_up) {
    a.stopped[i] = true;
    pending.reset();
    if (a.frames != nullptr) frame_tracker_.end_all(f, *a.frames, dir);
    if (a.stopped[index(reverse(dir))]) {  // nothing more is wanted: memory goes back before the flow ends
      drop_parser(f);
      f.flags |= flow_flag::kAppDone;
      pool_.destroy(f.app);
      f.app = nullptr;
    }
    return;
  }
  PICKET_ASSERT(c.bytes <= input.size());
  if (c.need > limit) return resync();  // it would never be shown that much
  a.need[i] = c.need;
  if (c.bytes == input.size()) {
    pending.clear();
    if (pending.capacity() > 4096) pending.reset();
    return;
  }
  if (waited)
    pending.consume(c.bytes);
  else if (!pending.append(input.subspan(c.bytes)))
    return resync();
  if (pending.size() > limit) resync();
}

void AppEngine::change_protocol(Flow& f, Direction dir, Bytes rest) noexcept {
  AppLayer& a = *f.app;
  hand_over_ = false;
  // Each change may come from the bytes of the one before, within a call: a limit keeps that shallow.
  if (++a.changes > kMaxProtocolChanges) {
    listener_.on_app_event(f, f.protocol, dir, kPendingLimit, nullptr);
    return give_up(f);
  }
  const std::string_view to = hand_over_to_;
  // `rest` may lie in pending, which is about to change hands.
  PoolBuffer mine = std::move(a.pending[index(dir)]);
  PoolBuffer theirs = std::move(a.pending[index(reverse(dir))]);
  const std::array<std::uint64_t, 2> at = a.position;
  drop_parser(f);
  a.excluded = {};
  a.fresh = a.kept = false;
  a.first.reset();
  a.run_count = 0;
  if (f.first_protocol == kNoProtocol) f.first_protocol = f.protocol;
  f.protocol = f.other_protocol = kNoProtocol;
  f.flags &= static_cast<std::uint16_t>(~(flow_flag::kOtherIsReply | flow_flag::kBothAsked));
  if (!to.empty()) {
    const ProtocolId id = find_protocol(to);
    const PoolBuffer hint = std::move(hand_over_hint_);
    if (id == kNoProtocol || !bind(f, id, Transport::kTcp, hint.view())) return give_up(f);
    f.app->agreed = id;
    f.flags |= flow_flag::kBothAsked;
  }
  const auto go_on = [&](Direction d, Bytes bytes) noexcept {
    if (bytes.empty()) return;
    identify(f, d, bytes);
    on_stream(f, d, bytes, at[index(d)], time_ns_);
  };
  go_on(dir, rest);
  go_on(reverse(dir), theirs.view());
}

void AppEngine::on_gap(Flow& f, Direction dir, std::uint64_t missing, std::uint64_t time_ns) noexcept {
  AppLayer* a = f.app;
  if (a == nullptr || (f.flags & flow_flag::kAppDone)) return;
  flow_ = &f;
  time_ns_ = time_ns;
  if (a->frames != nullptr) {
    const FrameTracker::Input waited{a->pending[index(dir)].view(), a->position[index(dir)]};
    frame_tracker_.data(f, *a->frames, dir, waited, false);
    frame_tracker_.gap(f, *a->frames, dir, waited.end(), missing);
  }
  a->pending[index(dir)].reset();
  a->need[index(dir)] = 0;
  if (a->parser == nullptr && (f.flags & flow_flag::kBothAsked) == 0)
    listener_.on_odd_protocol(f, AppEvent::kDetectionSkipped);
  f.flags |= flow_flag::kBothAsked;  // what comes behind the gap are no first bytes
  a->agreed = kNoProtocol;
  a->first.reset();
  if (a->parser == nullptr) {  // what the other side said is one turn now
    const std::size_t other = a->pending[index(reverse(dir))].size();
    a->run_count = other == 0 ? 0 : 1;
    a->runs[0] = {reverse(dir), static_cast<std::uint32_t>(other)};
  }
  if (a->parser == nullptr || a->stopped[index(dir)]) return;
  enter(f);
  a->parser->on_gap(dir, missing, *this);
}

void AppEngine::on_end(Flow& f, Direction dir, std::uint64_t time_ns) noexcept {
  AppLayer* a = f.app;
  if (a == nullptr || a->parser == nullptr || a->stopped[index(dir)]) return;
  flow_ = &f;
  time_ns_ = time_ns;
  enter(f);
  a->parser->on_end(dir, *this);
  end_frames(f, dir);
  hand_over_ = false;  // no bytes follow that another protocol could read
}

void AppEngine::identify_datagram(Flow& f, Transport t, Direction dir, Bytes data) noexcept {
  if ((f.flags & flow_flag::kAppDone) || f.app != nullptr || data.empty()) return;
  std::uint64_t excluded = 0;
  const ProtocolId id = probes_.ask(t, dir, data, {f.client_port(), f.server_port()}, excluded);
  if (id != kNoProtocol)
    bind(f, id, t);
  else if (f.side[0].packets + f.side[1].packets >= kMaxProbedDatagrams)
    f.flags |= flow_flag::kAppDone;
}

void AppEngine::on_datagram(Flow& f, Direction dir, Bytes data, std::uint64_t time_ns) noexcept {
  if (f.app == nullptr || f.app->parser == nullptr || data.empty() || f.app->stopped[index(dir)]) return;
  flow_ = &f;
  time_ns_ = time_ns;
  enter(f, data, 0, dir);
  f.app->parser->on_datagram(dir, data, *this);
  hand_over_ = false;
}

void AppEngine::close(Flow& f, std::uint64_t time_ns) noexcept {
  if (f.app == nullptr) return;
  flow_ = &f;
  time_ns_ = time_ns;
  drop_parser(f);
  pool_.destroy(f.app);
  f.app = nullptr;
}

void AppEngine::advance(Transaction& tx, Direction dir, std::uint8_t progress) noexcept {
  auto& at = tx.progress[index(dir)];
  at = std::max(at, progress);
  listener_.on_advance(*flow_, flow_->protocol, tx, dir, progress);
}

void AppEngine::done(Transaction& tx) noexcept {
  for (File* f = tx.files; f != nullptr; f = f->next) file_end(*f, FileEnd::kTruncated);
  if (flow_->app != nullptr && flow_->app->frames != nullptr) FrameTracker::forget(*flow_->app->frames, tx);
  listener_.on_done(*flow_, flow_->protocol, tx);
  files_.release(tx);
}

File* AppEngine::file_begin(Transaction& tx, Direction dir, Bytes name, std::size_t inspect_limit) noexcept {
  File* f = files_.begin(tx, dir, name, inspect_limit);
  if (f != nullptr) listener_.on_file(*flow_, flow_->protocol, *f, FileStage::kNone);
  return f;
}

void AppEngine::file_data(File& f, Bytes bytes) noexcept {
  const FileStage from = f.stage;
  files_.data(f, bytes);
  if (f.stage != from) listener_.on_file(*flow_, flow_->protocol, f, from);
}

void AppEngine::file_gap(File& f, std::uint64_t missing) noexcept { files_.gap(f, missing); }

void AppEngine::file_end(File& f, FileEnd how) noexcept {
  const FileStage from = f.stage;
  files_.end(f, how);
  if (f.stage != from) listener_.on_file(*flow_, flow_->protocol, f, from);
}

// ---- frames ----

void AppEngine::on_frame(Direction dir, unsigned kind, const std::uint8_t* first, std::uint64_t length,
                         Transaction* tx) noexcept {
  const std::uint8_t* begin = input_.bytes.data();
  const std::uint8_t* end = begin + input_.bytes.size();
  // What a parser reads a second time, from a place of its own, is no bytes of the stream.
  if (begin == nullptr || std::less<>{}(first, begin) || std::less<>{}(end, first)) return;
  const auto at = static_cast<std::size_t>(first - begin);
  if (flow_->key.proto != static_cast<std::uint8_t>(IpProto::kTcp)) {
    const auto size = static_cast<std::size_t>(std::min<std::uint64_t>(length, input_.bytes.size() - at));
    return frame_tracker_.whole(*flow_, dir, kind, input_.bytes.subspan(at, size), tx);
  }
  if (flow_->app == nullptr) return;
  frame_tracker_.begin(*flow_, flow_->app->frames, dir, kind, input_.offset + at, length, tx, input_);
}

void AppEngine::on_frame_of(Direction dir, unsigned kind, Transaction& tx) noexcept {
  if (flow_->app != nullptr && flow_->app->frames != nullptr)
    frame_tracker_.belongs(*flow_->app->frames, dir, kind, tx);
}

void AppEngine::on_frame_end(Direction dir, unsigned kind, const std::uint8_t* end,
                             Transaction* tx) noexcept {
  if (flow_->app == nullptr || flow_->app->frames == nullptr) return;
  // The other direction may have the last word (a server that refuses the mail): the frame has what it has.
  const std::uint8_t* begin = dir == input_dir_ ? input_.bytes.data() : nullptr;
  const bool here = begin != nullptr && end != nullptr && !std::less<>{}(end, begin) &&
                    !std::less<>{}(begin + input_.bytes.size(), end);
  const std::uint64_t at = here               ? input_.offset + static_cast<std::size_t>(end - begin)
                           : begin != nullptr ? input_.end()
                                              : kOpenFrame;
  frame_tracker_.end(*flow_, *flow_->app->frames, dir, kind, at, tx, input_);
}

void AppEngine::on_frame_look(Flow& f, const FrameLook& look) noexcept {
  listener_.on_frame(f, f.protocol, look);
}

void AppEngine::event(Direction dir, std::uint8_t event, Transaction* tx) noexcept {
  if (tx != nullptr) tx->events |= std::uint64_t{1} << event;
  listener_.on_app_event(*flow_, flow_->protocol, dir, event, tx);
}

/// Without room for the hint the next parser does without.
void AppEngine::hand_over(std::string_view protocol, Bytes hint) noexcept {
  hand_over_ = true;
  hand_over_hint_.clear();
  static_cast<void>(hand_over_hint_.append(hint));
  hand_over_to_ = protocol;
}

}  // namespace picket
