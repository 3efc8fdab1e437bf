// Groups and their clauses become ops; what else is asked of transactions becomes tests.
#define PCRE2_CODE_UNIT_WIDTH 8
#include <pcre2.h>

#include <algorithm>
#include <thread>

#include "dataplane/detect/core_memory.h"
#include "parsers/core/ot.h"
#include "sensor/rules/planner.h"

namespace picket::rules {

// ------------------------------------------------------------------------------------------------ regular
// expressions

PatternTable::Key PatternTable::key_of(const Pcre& p) {
  std::uint32_t o = 0;
  if (p.caseless) o |= PCRE2_CASELESS;
  if (p.dotall) o |= PCRE2_DOTALL;
  if (p.multiline) o |= PCRE2_MULTILINE;
  if (p.extended) o |= PCRE2_EXTENDED;
  if (p.anchored) o |= PCRE2_ANCHORED;
  if (p.dollar_endonly) o |= PCRE2_DOLLAR_ENDONLY;
  if (p.ungreedy) o |= PCRE2_UNGREEDY;
  return {p.pattern, o, !p.no_match_limit};
}

void PatternTable::compile(unsigned threads, ExpressionCache& known, detect::RuleSet& out) {
  std::vector<const Key*> keys;
  for (auto& [key, place] : places_) {
    place = static_cast<std::uint32_t>(keys.size());
    keys.push_back(&key);
  }
  errors_.resize(keys.size());
  out.patterns.resize(keys.size());
  out.expressions.resize(keys.size());
  for (std::size_t i = 0; i < keys.size(); ++i) out.expressions[i] = known.find(*keys[i]);
  const auto some = [&](std::size_t first) {
    for (std::size_t i = first; i < keys.size(); i += threads) {
      if (out.expressions[i] != nullptr) continue;
      const Key& k = *keys[i];
      int code = 0;
      PCRE2_SIZE at = 0;
      auto* compiled = pcre2_compile_8(reinterpret_cast<PCRE2_SPTR8>(k.pattern.data()), k.pattern.size(),
                                       k.options, &code, &at, nullptr);
      if (compiled == nullptr) {
        PCRE2_UCHAR8 text[160];
        pcre2_get_error_message_8(code, text, sizeof text);
        errors_[i] = "pcre: " + std::string(reinterpret_cast<const char*>(text)) + " at character " +
                     std::to_string(at + 1) + " of the pattern";
        continue;
      }
      pcre2_jit_compile_8(compiled, PCRE2_JIT_COMPLETE);  // what has no machine code is interpreted
      out.expressions[i] = {compiled, pcre2_code_free_8};
    }
  };
  std::vector<std::thread> others;
  for (unsigned t = 1; t < threads; ++t) others.emplace_back(some, t);
  some(0);
  for (auto& t : others) t.join();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    std::uint32_t options = 0;
    if (out.expressions[i] != nullptr)
      pcre2_pattern_info_8(out.expressions[i].get(), PCRE2_INFO_ALLOPTIONS, &options);
    out.patterns[i] = {out.expressions[i].get(), keys[i]->limited, (options & PCRE2_ANCHORED) != 0};
    if (out.expressions[i] != nullptr) known.add(*keys[i], out.expressions[i]);
  }
}

Result<std::uint32_t> PatternTable::place(const Key& key) const {
  const auto it = places_.find(key);
  if (it == places_.end()) return Error{"pcre: not compiled"};
  if (!errors_[it->second].empty()) return Error{errors_[it->second]};
  return it->second;
}

// ------------------------------------------------------------------------------------------------ what a
// rule looks at

Shape Planner::shape_of(const Rule& r) const {
  Shape s;
  bool after_transaction = false;  // base64_data looks at what the group before it decoded
  for (const Group& g : r.groups) {
    if (g.place == Place::kTransaction)
      s.transaction = after_transaction = true;
    else if (g.place == Place::kPayload)
      s.payload = true;
    else if (g.place == Place::kFrame)
      s.frame = true;
    else if (g.place != Place::kBase64)
      s.headers = true;
  }
  if (after_transaction && s.payload) after_transaction = false;
  s.transaction = s.transaction || !r.transaction_tests.empty();
  for (const TransactionTest& t : r.transaction_tests)
    s.events = s.events || std::holds_alternative<EventMatch>(t);
  const auto* hook =
      r.transaction_tests.size() == 1 ? std::get_if<HookMatch>(&r.transaction_tests[0]) : nullptr;
  s.updates = hook != nullptr && hook->again && r.groups.empty();
  bool app_tests = false, other_tests = r.flow.only_frag || r.flow.no_frag || r.flow_start;
  s.packet_only = r.flow_start;
  for (const PacketTest& t : r.packet_tests) {
    if (std::holds_alternative<AppProtocolIs>(t)) {
      app_tests = true;
      continue;
    }
    // What is known of addresses does not change within a flow.
    if (std::holds_alternative<AddressReputation>(t) || std::holds_alternative<CountryIs>(t)) continue;
    other_tests = true;
    if (std::holds_alternative<NetworkProtocol>(t)) continue;  // nor does this
    if (const auto* event = std::get_if<PacketEvent>(&t)) {
      (event->of == PacketEvent::Of::kDecode ? s.decode_event : s.stream_event) = true;
      continue;
    }
    const auto* number = std::get_if<PacketNumber>(&t);
    const bool of_flow = number != nullptr && number->field >= PacketField::kFlowAgeSeconds;
    if (!of_flow && !std::holds_alternative<StreamSize>(t)) s.packet_only = true;
  }
  const bool asks_flow = r.flow.to_server || r.flow.to_client || r.flow.established ||
                         r.flow.not_established || r.flow.stateless || r.flow.only_stream || r.flow.no_stream;
  const bool nothing_else = !s.payload && !s.headers && !s.transaction && !s.frame && !other_tests;
  s.app_only = nothing_else && app_tests && r.protocol != HeaderProtocol::kApp && r.variable_tests.empty();
  const bool ports = !r.src_port->any || !r.dst_port->any;
  const bool plain_protocol = r.protocol == HeaderProtocol::kIp || r.protocol == HeaderProtocol::kIp4 ||
                              r.protocol == HeaderProtocol::kIp6 || r.protocol == HeaderProtocol::kTcp ||
                              r.protocol == HeaderProtocol::kUdp || r.protocol == HeaderProtocol::kIcmp ||
                              r.protocol == HeaderProtocol::kIcmp4 || r.protocol == HeaderProtocol::kIcmp6 ||
                              r.protocol == HeaderProtocol::kSctp;
  s.once = nothing_else && !app_tests && !asks_flow && !ports && plain_protocol && r.flow_ints.empty() &&
           r.variable_tests.empty() &&
           std::all_of(r.state_bits.begin(), r.state_bits.end(),
                       [](const StateBit& b) { return b.op == StateBit::Op::kSet; });
  return s;
}

namespace {

/// Calls f(protocol, progress by Direction, what of a file) for each field that something in the rule looks
/// at; each thing once as a whole by calling begin() before.
template <class Begin, class F>
void each_need(const Rule& r, std::span<const ProtocolSpec* const> protocols, Begin&& begin, F&& f) {
  for (const Group& g : r.groups) {
    if (g.place != Place::kTransaction) continue;
    begin(g.only);
    for (const FieldRef& field : g.fields) {
      const BufferDef& def = protocols[field.protocol]->buffers[field.index];
      f(field.protocol, def.progress, def.of_file);
    }
  }
  for (const TransactionTest& t : r.transaction_tests) {
    if (const auto* integer = std::get_if<IntegerMatch>(&t)) {
      begin(std::optional<Direction>());
      for (const FieldRef& field : integer->fields) {
        const IntegerDef& def = protocols[field.protocol]->integers[field.index];
        f(field.protocol, def.progress, def.of_file);
      }
    } else if (const auto* keyword = std::get_if<KeywordMatch>(&t)) {
      begin(std::optional<Direction>());
      for (const auto& c : keyword->any_of)
        f(c.field.protocol, protocols[c.field.protocol]->keywords[c.field.index].progress, FileStage::kNone);
    } else if (const auto* hook = std::get_if<HookMatch>(&t)) {
      begin(std::optional<Direction>());
      for (const FieldRef& field : hook->fields) {
        std::array<std::uint8_t, 2> progress{kNever, kNever};
        progress[index(hook->side)] = static_cast<std::uint8_t>(field.index);
        f(field.protocol, progress, FileStage::kNone);
      }
    } else if (const auto* event = std::get_if<EventMatch>(&t)) {
      begin(std::optional<Direction>());
      f(event->event.protocol, std::array<std::uint8_t, 2>{0, 0}, FileStage::kNone);
    }
  }
}

}  // namespace

bool Planner::asks_ot(const Rule& r) const {
  const auto by_name = [this](const TransactionTest& t) {
    if (const auto* i = std::get_if<IntegerMatch>(&t))
      return is_ot_keyword(
          options_.protocols[i->fields.front().protocol]->integers[i->fields.front().index].name);
    const auto* k = std::get_if<KeywordMatch>(&t);
    if (k == nullptr) return false;
    const FieldRef f = k->any_of.front().field;
    return is_ot_keyword(options_.protocols[f.protocol]->keywords[f.index].name);
  };
  return std::any_of(r.groups.begin(), r.groups.end(),
                     [](const Group& g) { return is_ot_keyword(g.name); }) ||
         std::any_of(r.transaction_tests.begin(), r.transaction_tests.end(), by_name);
}

std::vector<ProtocolId> Planner::tx_protocols(const Rule& r) const {
  std::vector<ProtocolId> all;
  for (std::size_t id = 0; id < options_.protocols.size(); ++id) {
    const bool admitted =
        r.protocol != HeaderProtocol::kApp ||
        std::find(r.app_protocols.begin(), r.app_protocols.end(), id) != r.app_protocols.end();
    unsigned things = 0, found = 0;
    bool counted = true;
    each_need(
        r, options_.protocols, [&](std::optional<Direction>) { ++things, counted = false; },
        [&](ProtocolId p, const std::array<std::uint8_t, 2>&, FileStage) {
          if (p == id && !counted) ++found, counted = true;
        });
    if (admitted && things != 0 && found == things) all.push_back(static_cast<ProtocolId>(id));
  }
  return all;
}

std::optional<std::uint8_t> Planner::ready(const Rule& r, ProtocolId id, Direction dir) const {
  std::uint8_t most = 0;
  // A thing may stand in several fields of one protocol, such as the body of one side and the files of the
  // other: it is possible where one of them is.
  bool possible = true, thing_possible = true;
  std::optional<Direction> only;
  const bool both = r.arrow == Arrow::kTransaction;
  bool named = false;  // by this protocol
  each_need(
      r, options_.protocols,
      [&](std::optional<Direction> side) {
        only = side;
        possible = possible && (thing_possible || !named);
        thing_possible = named = false;
      },
      [&](ProtocolId p, const std::array<std::uint8_t, 2>& progress, FileStage of_file) {
        if (p != id) return;
        named = true;
        const std::uint8_t here = progress[index(dir)], there = progress[index(reverse(dir))];
        if (both && (only ? *only != dir : here == kNever && there != kNever)) {
          thing_possible = true;  // the other side's business
          return;
        }
        if (here == kNever) return;
        thing_possible = true;
        if (both || of_file == FileStage::kNone) most = std::max(most, here);
      });
  possible = possible && (thing_possible || !named);
  return possible ? std::optional(most) : std::nullopt;
}

FileStage Planner::file_stage(const Rule& r, ProtocolId id, Direction dir) const {
  FileStage most = FileStage::kNone;
  if (r.arrow == Arrow::kTransaction) return most;
  each_need(
      r, options_.protocols, [](std::optional<Direction>) {},
      [&](ProtocolId p, const std::array<std::uint8_t, 2>& progress, FileStage of_file) {
        if (p == id && progress[index(dir)] != kNever) most = std::max(most, of_file);
      });
  return most;
}

/// So that files are only hashed, kept and so on where a rule asks.
void Planner::want(const BufferDef& def) {
  detect::RuleSet& out = *out_;
  out.file_wants.any = true;
  out.file_wants.kept = out.file_wants.kept || def.name == "file.data";
  out.file_wants.magic = out.file_wants.magic || def.name == "file.magic";
  out.file_wants.md5 = out.file_wants.md5 || def.name == "file.md5";
  out.file_wants.sha1 = out.file_wants.sha1 || def.name == "file.sha1";
  out.file_wants.sha256 = out.file_wants.sha256 || def.name == "file.sha256";
}

// ------------------------------------------------------------------------------------------------ ops

namespace {

using detect::Op;

detect::Number number(const Operand& o) { return {o.value, o.variable}; }

void set_operand(Op& op, const std::optional<Operand>& o, std::int32_t& value, unsigned which,
                 std::uint16_t flag) {
  if (!o) return;
  op.flags |= flag;
  value = static_cast<std::int32_t>(std::clamp<std::int64_t>(o->value, INT32_MIN, INT32_MAX));
  if (o->is_variable()) {
    op.flags |= Op::kVariables;
    op.variable[which] = static_cast<std::int8_t>(o->variable);
  }
}

detect::ByteOp byte_op(const ByteSource& s) {
  detect::ByteOp b;
  b.bytes = number(s.bytes);
  b.offset = number(s.offset);
  b.order = static_cast<detect::ByteOp::Order>(s.endian);
  b.base = s.base == Base::kBinary ? 0 : s.base == Base::kDecimal ? 10 : s.base == Base::kHex ? 16 : 8;
  b.bitmask = s.bitmask;
  return b;
}

bool uses_variables(const detect::ByteOp& b) {
  return b.bytes.variable >= 0 || b.offset.variable >= 0 || b.value.variable >= 0;
}

/// Ops that move the cursor, and so begin or continue a relative chain.
bool moves(const Op& op) {
  switch (op.kind) {
    case Op::Kind::kContent:
    case Op::Kind::kPcre:
      return (op.flags & Op::kNegated) == 0;
    case Op::Kind::kByteJump:
    case Op::Kind::kByteExtract:
    case Op::Kind::kByteMath:
      return true;
    default:
      return false;
  }
}
bool relative(const Op& op) { return (op.flags & (Op::kRelative | Op::kHasDistance | Op::kHasWithin)) != 0; }

/// Who may have to try again when an op fails, and where a chain begins.
void link_chains(std::span<Op> ops) {
  std::size_t chain = 0;
  std::optional<std::size_t> mover;
  for (std::size_t i = 0; i < ops.size(); ++i) {
    Op& op = ops[i];
    if (relative(op)) {
      op.chain = static_cast<std::uint8_t>(chain);
      if (mover) ops[*mover].flags |= Op::kRelativeNext;
      if (moves(op)) mover = i;
      continue;
    }
    op.chain = static_cast<std::uint8_t>(i);
    if (moves(op)) {
      chain = i;
      mover = i;
    }
  }
}

}  // namespace

std::optional<std::string> Planner::add_clause(const Clause& clause, detect::Group& group, Op& op) {
  const auto add = [&](const detect::ByteOp& b, bool is_relative, bool negated) {
    if (is_relative) op.flags |= Op::kRelative;
    if (negated) op.flags |= Op::kNegated;
    if (uses_variables(b)) group.flags |= detect::Group::kHasVariables;
    op.at = static_cast<std::uint32_t>(out_->byte_ops.size());
    out_->byte_ops.push_back(b);
  };
  if (const auto* c = std::get_if<Content>(&clause)) {
    op.kind = Op::Kind::kContent;
    op.size = static_cast<std::uint32_t>(c->bytes.size());
    op.at = static_cast<std::uint32_t>(out_->bytes.size());
    for (const char ch : c->bytes) {
      const auto b = static_cast<std::uint8_t>(ch);
      out_->bytes.push_back(c->nocase ? to_lower(b) : b);
    }
    if (c->nocase) op.flags |= Op::kNoCase;
    if (c->negated) op.flags |= Op::kNegated;
    if (c->endswith) op.flags |= Op::kEndsWith;
    set_operand(op, c->offset, op.offset, 0, Op::kHasOffset);
    set_operand(op, c->depth, op.depth, 1, Op::kHasDepth);
    set_operand(op, c->distance, op.distance, 2, Op::kHasDistance);
    set_operand(op, c->within, op.within, 3, Op::kHasWithin);
    if (c->startswith) {
      op.flags |= Op::kHasDepth | Op::kHasOffset;
      op.offset = 0;
      op.depth = static_cast<std::int32_t>(op.size);
    }
    if (op.flags & Op::kVariables) group.flags |= detect::Group::kHasVariables;
    return {};
  }
  if (const auto* p = std::get_if<Pcre>(&clause)) {
    const auto place = patterns_.place(PatternTable::key_of(*p));
    if (!place) return place.error().message;
    op.kind = Op::Kind::kPcre;
    op.at = place.value();
    op.offset = static_cast<std::int32_t>(out_->captures.size());
    op.size = static_cast<std::uint32_t>(p->captures.size());
    for (const Pcre::Capture& c : p->captures)
      out_->captures.push_back({c.scope == Pcre::Capture::Scope::kFlow, names_.variable(c.name)});
    if (p->negated) op.flags |= Op::kNegated;
    if (p->relative) op.flags |= Op::kRelative;
    return {};
  }
  if (const auto* t = std::get_if<ByteTest>(&clause)) {
    op.kind = Op::Kind::kByteTest;
    auto b = byte_op(t->source);
    b.compare = static_cast<detect::ByteOp::Compare>(t->op);
    b.value = number(t->value);
    add(b, t->source.relative, t->negated);
    return {};
  }
  if (const auto* j = std::get_if<ByteJump>(&clause)) {
    op.kind = Op::Kind::kByteJump;
    auto b = byte_op(j->source);
    b.multiplier = j->multiplier;
    b.align = j->align ? 4 : 0;
    b.from_beginning = j->from_beginning;
    b.from_end = j->from_end;
    b.value = number(j->post_offset);
    add(b, j->source.relative, false);
    return {};
  }
  if (const auto* e = std::get_if<ByteExtract>(&clause)) {
    op.kind = Op::Kind::kByteExtract;
    auto b = byte_op(e->source);
    b.variable = e->variable;
    b.multiplier = e->multiplier;
    b.align = e->align;
    add(b, e->source.relative, false);
    return {};
  }
  if (const auto* m = std::get_if<ByteMath>(&clause)) {
    op.kind = Op::Kind::kByteMath;
    auto b = byte_op(m->source);
    b.variable = m->variable;
    b.math = static_cast<detect::ByteOp::Math>(m->op);
    b.value = number(m->rvalue);
    add(b, m->source.relative, false);
    return {};
  }
  if (const auto* d = std::get_if<IsDataAt>(&clause)) {
    op.kind = Op::Kind::kIsDataAt;
    detect::ByteOp b;
    b.value = number(d->position);
    add(b, d->relative, d->negated);
    return {};
  }
  if (const auto* s = std::get_if<BufferSize>(&clause)) {
    op.kind = Op::Kind::kSize;
    detect::NumberTest t;
    t.masked = s->test.kind == IntegerTest::Kind::kMasked;
    t.negated = s->test.negated;
    t.lo = s->test.lo;
    t.hi = s->test.hi;
    t.mask = s->test.mask;
    op.at = static_cast<std::uint32_t>(out_->number_tests.size());
    out_->number_tests.push_back(t);
    return {};
  }
  if (const auto* d = std::get_if<Base64Decode>(&clause)) {
    op.kind = Op::Kind::kBase64;
    detect::ByteOp b;
    b.bytes.value = d->bytes;
    b.offset.value = d->offset;
    add(b, d->relative, false);
    return {};
  }
  if (const auto* e = std::get_if<Entropy>(&clause)) {
    op.kind = Op::Kind::kEntropy;
    detect::ByteOp b;
    b.bytes.value = e->bytes;
    b.offset.value = e->offset;
    b.low = e->low;
    b.high = e->high;
    b.low_open = e->low_open;
    b.high_open = e->high_open;
    add(b, false, e->negated);
    return {};
  }
  if (const auto* d = std::get_if<InDigests>(&clause)) {
    op.kind = Op::Kind::kDigest;
    if (d->negated) op.flags |= Op::kNegated;
    op.at = static_cast<std::uint32_t>(out_->digest_sets.size());
    const auto size = static_cast<std::uint32_t>(d->digests.empty() ? 0 : d->digests.front().size());
    out_->digest_sets.push_back({static_cast<std::uint32_t>(out_->bytes.size()),
                                 static_cast<std::uint32_t>(d->digests.size()), size});
    for (const std::string& digest : d->digests)
      out_->bytes.insert(out_->bytes.end(), digest.begin(), digest.end());
    return {};
  }
  if (const auto* a = std::get_if<Asn1>(&clause)) {
    op.kind = Op::Kind::kAsn1;
    detect::ByteOp b;
    b.asn1 = {a->bitstring_overflow, a->double_overflow, a->oversize_length};
    b.offset.value = a->relative_offset.value_or(a->absolute_offset.value_or(0));
    add(b, a->relative_offset.has_value(), false);
    return {};
  }
  auto test = datasets_.test(std::get<Dataset>(clause));
  if (!test) return test.error().message;
  op.kind = Op::Kind::kDataset;
  op.at = static_cast<std::uint32_t>(out_->dataset_tests.size());
  out_->dataset_tests.push_back(std::move(test).value());
  return {};
}

Result<std::uint16_t> Planner::transform_list(const std::vector<Transform>& wanted) {
  if (wanted.empty()) return std::uint16_t{0};
  for (const auto& [list, id] : transform_lists_) {
    if (list == wanted) return id;
  }
  using From = Transform::Kind;
  using To = detect::Transform::Kind;
  detect::TransformList list{static_cast<std::uint32_t>(out_->transforms.size()),
                             static_cast<std::uint32_t>(wanted.size())};
  std::vector<detect::Transform> made;
  for (const Transform& w : wanted) {
    detect::Transform t;
    t.bytes = w.bytes;
    t.offset = w.offset;
    t.end = w.end;
    t.has_bytes = w.has_bytes;
    t.base64_mode = static_cast<std::uint8_t>(w.base64);
    switch (w.kind) {
      case From::kCompressWhitespace:
        t.kind = To::kCompressWhitespace;
        break;
      case From::kStripWhitespace:
        t.kind = To::kStripWhitespace;
        break;
      case From::kToLowercase:
        t.kind = To::kToLowercase;
        break;
      case From::kToUppercase:
        t.kind = To::kToUppercase;
        break;
      case From::kToMd5:
        t.kind = To::kToMd5;
        break;
      case From::kToSha1:
        t.kind = To::kToSha1;
        break;
      case From::kToSha256:
        t.kind = To::kToSha256;
        break;
      case From::kDotPrefix:
        t.kind = To::kDotPrefix;
        break;
      case From::kUrlDecode:
        t.kind = To::kUrlDecode;
        break;
      case From::kHeaderLowercase:
        t.kind = To::kHeaderLowercase;
        break;
      case From::kStripPseudoHeaders:
        t.kind = To::kStripPseudoHeaders;
        break;
      case From::kFromBase64:
        t.kind = To::kFromBase64;
        break;
      case From::kSubslice:
        t.kind = To::kSubslice;
        break;
      case From::kXor:
        t.kind = To::kXor;
        t.argument = static_cast<std::uint32_t>(out_->bytes.size());
        t.argument_size = static_cast<std::uint32_t>(w.argument.size());
        out_->bytes.insert(out_->bytes.end(), w.argument.begin(), w.argument.end());
        break;
      case From::kPcre: {
        const auto place = patterns_.place(PatternTable::key_of_transform(w.argument));
        if (!place) return place.error();
        t.kind = To::kPcre;
        t.argument = place.value();
        break;
      }
      case From::kDomain:
        t.kind = To::kDomain;
        break;
      case From::kTopLevelDomain:
        t.kind = To::kTopLevelDomain;
        break;
      case From::kGunzip:
        t.kind = To::kGunzip;
        t.bytes = w.max_size;
        break;
      case From::kZlibDeflate:
        t.kind = To::kZlibDeflate;
        t.bytes = w.max_size;
        break;
    }
    made.push_back(t);
  }
  out_->transforms.insert(out_->transforms.end(), made.begin(), made.end());
  const auto id = static_cast<std::uint16_t>(out_->transform_lists.size());
  out_->transform_lists.push_back(list);
  transform_lists_.emplace_back(wanted, id);
  return id;
}

std::optional<std::string> Planner::add_group(const Rule& r, const Group& g) {
  detect::Group out;
  out.place = static_cast<detect::Place>(g.place);
  const auto transforms = transform_list(g.transforms);
  if (!transforms) return transforms.error().message;
  out.transforms = transforms.value();
  out.first_field = static_cast<std::uint32_t>(out_->fields.size());
  for (const FieldRef& f : g.fields) {
    if (g.place == Place::kFrame) break;
    const BufferDef& def = options_.protocols[f.protocol]->buffers[f.index];
    out_->fields.push_back({f.protocol, def.progress, def.get, def.of_file});
    if (def.of_file != FileStage::kNone) want(def);
    ++out.fields;
    if (r.arrow == Arrow::kTransaction) {
      const bool server = def.progress[index(Direction::kToServer)] != kNever,
                 client = def.progress[index(Direction::kToClient)] != kNever;
      if (g.only)
        out.side = static_cast<std::uint8_t>(*g.only);
      else if (server != client)
        out.side = server ? 0 : 1;
    }
  }
  std::vector<Op> ops;
  for (const Clause& c : g.clauses) {
    if (const auto* absent = std::get_if<Absent>(&c)) {
      out.flags |= absent->or_else ? detect::Group::kAbsentOr : detect::Group::kAbsent;
      continue;
    }
    Op op;
    if (auto refused = add_clause(c, out, op)) return refused;
    ops.push_back(op);
  }
  if (ops.size() > detect::kMaxOps)
    return "more than " + std::to_string(detect::kMaxOps) + " keywords on one buffer";
  link_chains(ops);
  out.ops = static_cast<std::uint8_t>(ops.size());
  out.first_op = static_cast<std::uint32_t>(out_->ops.size());
  out_->ops.insert(out_->ops.end(), ops.begin(), ops.end());
  out_->groups.push_back(out);
  return {};
}

ProgramOrder program_order(const Rule& r) {
  ProgramOrder out;
  std::vector<const Group*> transaction;
  std::vector<const Group*>* last = &out.groups;
  for (const Group& g : r.groups) {
    if (g.place == Place::kBase64) {
      last->push_back(&g);
      continue;
    }
    auto* to = g.place == Place::kTransaction ? &transaction : &out.groups;
    to->push_back(&g);
    if (std::any_of(g.clauses.begin(), g.clauses.end(),
                    [](const Clause& c) { return std::holds_alternative<Base64Decode>(c); }))
      last = to;
  }
  out.payload = out.groups.size();
  out.groups.insert(out.groups.end(), transaction.begin(), transaction.end());
  return out;
}

std::optional<std::string> Planner::add_programs(const Rule& r, detect::RuleHeader& h) {
  if (r.variables.size() > detect::kMaxVariables)
    return "more than " + std::to_string(detect::kMaxVariables) + " variables in one rule";
  const ProgramOrder order = program_order(r);
  if (r.groups.size() > 255) return "more than 255 buffers in one rule";
  h.first_group = static_cast<std::uint32_t>(out_->groups.size());
  h.payload_groups = static_cast<std::uint8_t>(order.payload);
  h.groups = static_cast<std::uint8_t>(order.groups.size());
  for (const Group* g : order.groups) {
    if (auto refused = add_group(r, *g)) return refused;
  }
  return {};
}

std::optional<std::string> Planner::add_tx_tests(const Rule& r, detect::RuleHeader& h) {
  h.first_tx_test = static_cast<std::uint32_t>(out_->tx_tests.size());
  for (const TransactionTest& t : r.transaction_tests) {
    detect::TxTest test;
    if (const auto* integer = std::get_if<IntegerMatch>(&t)) {
      test.kind = detect::TxTest::Kind::kInteger;
      test.among = static_cast<detect::TxTest::Among>(integer->among);
      test.nth = integer->nth;
      test.test.masked = integer->test.kind == IntegerTest::Kind::kMasked;
      test.test.negated = integer->test.negated;
      test.test.lo = integer->test.lo;
      test.test.hi = integer->test.hi;
      test.test.mask = integer->test.mask;
      test.first = static_cast<std::uint32_t>(out_->integer_fields.size());
      test.count = static_cast<std::uint32_t>(integer->fields.size());
      for (const FieldRef& f : integer->fields) {
        const IntegerDef& def = options_.protocols[f.protocol]->integers[f.index];
        out_->integer_fields.push_back({f.protocol, def.progress, def.get, def.of_file});
        if (def.of_file != FileStage::kNone) out_->file_wants.any = true;
      }
    } else if (const auto* keyword = std::get_if<KeywordMatch>(&t)) {
      test.kind = detect::TxTest::Kind::kKeyword;
      test.negated = keyword->negated;
      test.first = static_cast<std::uint32_t>(out_->matchers.size());
      test.count = static_cast<std::uint32_t>(keyword->any_of.size());
      for (const auto& c : keyword->any_of) {
        out_->matchers.push_back({c.field.protocol,
                                  options_.protocols[c.field.protocol]->keywords[c.field.index].progress,
                                  c.matcher.get()});
        out_->matcher_owners.push_back(c.matcher);
      }
    } else if (std::holds_alternative<HookMatch>(t)) {
      test.kind = detect::TxTest::Kind::kHook;
    } else {
      const FieldRef& event = std::get<EventMatch>(t).event;
      test.kind = detect::TxTest::Kind::kEvent;
      test.protocol = event.protocol;
      test.event = event.index;
    }
    out_->tx_tests.push_back(test);
  }
  if (r.transaction_tests.size() > 255) return "more than 255 tests of a transaction in one rule";
  h.tx_tests = static_cast<std::uint8_t>(r.transaction_tests.size());
  return {};
}

}  // namespace picket::rules
