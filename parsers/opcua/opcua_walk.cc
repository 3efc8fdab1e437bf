// The bytes of a message along the tables of its structures (OPC 10000-6 §5.2).
#include "parsers/opcua/opcua_schema.h"

namespace picket::opcua {
namespace {

constexpr std::uint8_t kHasSpaceUri = 0x80, kHasServer = 0x40;  // of an ExpandedNodeId
constexpr std::uint8_t kVariantArray = 0x80, kVariantDimensions = 0x40, kVariantType = 0x3f;
constexpr std::uint8_t kBinaryBody = 1, kXmlBody = 2;

// Parts of a DataValue, in the order in which they stand.
struct DataPart {
  std::uint8_t bit;
  Type type;
  Tag tag;
  std::string_view name;
};
constexpr DataPart kDataParts[] = {
    {0x01, Type::kVariant, Tag::kValue, "value"},
    {0x02, Type::kStatusCode, Tag::kStatus, "status"},
    {0x04, Type::kDateTime, Tag::kSourceTime, "source_timestamp"},
    {0x10, Type::kUInt16, Tag::kHidden, "source_picoseconds"},
    {0x08, Type::kDateTime, Tag::kServerTime, "server_timestamp"},
    {0x20, Type::kUInt16, Tag::kHidden, "server_picoseconds"},
};
constexpr Field kDataFields[] = {
    {"value", Tag::kValue, Type::kVariant},
};
constexpr std::uint8_t kDataBits = 0x3f;

constexpr DataPart kDiagnosticParts[] = {
    {0x01, Type::kInt32, Tag::kHidden, "symbolic_id"},
    {0x02, Type::kInt32, Tag::kHidden, "namespace_uri"},
    {0x08, Type::kInt32, Tag::kHidden, "locale"},
    {0x04, Type::kInt32, Tag::kHidden, "localized_text"},
    {0x10, Type::kString, Tag::kNone, "additional_info"},
    {0x20, Type::kStatusCode, Tag::kNone, "inner_status_code"},
    {0x40, Type::kDiagnosticInfo, Tag::kHidden, "inner_diagnostic_info"},
};
constexpr Field kInnerDiagnostic = {"inner_diagnostic_info", Tag::kHidden, Type::kDiagnosticInfo};
constexpr std::uint8_t kDiagnosticBits = 0x7f;

constexpr Field kElementField = {"value", Tag::kElement, Type::kVariant};

}  // namespace

Bytes read_string(Cursor& c) noexcept {
  const auto length = static_cast<std::int32_t>(c.u32le());
  if (length <= 0) return length < -1 ? (c.fail(), Bytes{}) : Bytes{};
  return c.bytes(static_cast<std::size_t>(length));
}

NodeId read_node_id(Cursor& c, bool expanded) noexcept {
  NodeId id;
  const std::uint8_t encoding = c.u8();
  const std::uint8_t flags = encoding & (kHasSpaceUri | kHasServer);
  if (flags != 0 && !expanded) c.fail();
  switch (encoding & 0x3f) {
    case 0:
      id.number = c.u8();
      break;
    case 1:
      id.space = c.u8();
      id.number = c.u16le();
      break;
    case 2:
      id.space = c.u16le();
      id.number = c.u32le();
      break;
    case 3:
      id.kind = IdKind::kString;
      id.space = c.u16le();
      id.bytes = read_string(c);
      break;
    case 4:
      id.kind = IdKind::kGuid;
      id.space = c.u16le();
      id.bytes = c.bytes(16);
      break;
    case 5:
      id.kind = IdKind::kOpaque;
      id.space = c.u16le();
      id.bytes = read_string(c);
      break;
    default:
      c.fail();
  }
  if ((flags & kHasSpaceUri) != 0) id.space_uri = read_string(c);
  if ((flags & kHasServer) != 0) id.server = c.u32le();
  return id;
}

Walker::Walker(Bytes body, const Struct& top) noexcept : in_(body) {
  Frame* f = push(Form::kTop, top.fields.data(), Tag::kFlat);
  f->left = static_cast<std::uint32_t>(top.fields.size());
}

bool Walker::fail() noexcept {
  failed_ = true;
  depth_ = 0;
  return false;
}

Walker::Frame* Walker::push(Form form, const Field* field, Tag tag) noexcept {
  if (depth_ == kMaxDepth) {
    too_deep_ = true;
    return nullptr;
  }
  Frame& f = stack_[depth_++];
  f = {};
  f.form = form;
  f.field = field;
  f.tag = tag;
  return &f;
}

bool Walker::next(Token& t) noexcept {
  // Each turn reads a byte at least, or takes something from the stack.
  while (depth_ != 0) {
    t = {};
    bool told = false;
    if (!step(stack_[depth_ - 1], t, told) || !in_.ok()) return fail();
    if (told) return true;
  }
  return false;
}

/// What comes next of what is open. `told`: it is a token.
bool Walker::step(Frame& f, Token& t, bool& told) noexcept {
  told = true;
  switch (f.form) {
    case Form::kTop:
    case Form::kStruct: {
      if (f.left != 0) {
        --f.left;
        const Field& field = *f.field++;
        return field.array ? start_array(field, t) : start(field, field.type, field.tag, field.of, t);
      }
      told = f.form == Form::kStruct;
      t.kind = Token::Kind::kEnd;
      t.type = f.type;
      t.tag = f.tag;
      t.of = f.of;
      // A newer version of a structure may have more fields; it may not have fewer.
      if (f.end != 0) {
        if (in_.offset() > f.end) return false;
        in_.skip(f.end - in_.offset());
      }
      --depth_;
      return true;
    }
    case Form::kArray: {
      if (f.left == 0) return told = false, --depth_, true;
      --f.left;
      const Field& field = *f.field;
      return start(field, field.type, field.tag, field.of, t);
    }
    case Form::kVariant:
      if (f.left != 0) {
        --f.left;
        return start(kElementField, f.type, Tag::kElement, nullptr, t);
      }
      if ((f.mask & kVariantDimensions) != 0) {
        const auto n = static_cast<std::int32_t>(in_.u32le());
        f.form = Form::kDimensions;
        f.left = n > 0 ? static_cast<std::uint32_t>(n) : 0;
        told = false;
        return f.left <= in_.left() / 4;
      }
      [[fallthrough]];
    case Form::kDimensions:
      if (f.left != 0) {
        --f.left;
        t.type = Type::kInt32;
        t.tag = Tag::kDimension;
        t.name = "dimension";
        scalar(t.type, t);
        return true;
      }
      t.kind = Token::Kind::kEnd;
      t.type = Type::kVariant;
      t.tag = f.tag;
      --depth_;
      return true;
    case Form::kData:
      return data_part(f, t);
    case Form::kDiagnostic:
      return diagnostic_part(f, t);
  }
  return false;
}

bool Walker::data_part(Frame& f, Token& t) noexcept {
  for (const DataPart& p : kDataParts) {
    if ((f.mask & p.bit) == 0) continue;
    f.mask &= static_cast<std::uint8_t>(~p.bit);
    if (p.type == Type::kVariant) return start(kDataFields[0], p.type, p.tag, nullptr, t);
    t.type = p.type;
    t.tag = p.tag;
    t.name = p.name;
    scalar(p.type, t);
    return true;
  }
  t.kind = Token::Kind::kEnd;
  t.type = Type::kDataValue;
  t.tag = f.tag;
  --depth_;
  return true;
}

bool Walker::diagnostic_part(Frame& f, Token& t) noexcept {
  for (const DataPart& p : kDiagnosticParts) {
    if ((f.mask & p.bit) == 0) continue;
    f.mask &= static_cast<std::uint8_t>(~p.bit);
    if (p.type == Type::kDiagnosticInfo) return start(kInnerDiagnostic, p.type, p.tag, nullptr, t);
    t.type = p.type;
    t.tag = p.tag;
    t.name = p.name;
    scalar(p.type, t);
    return true;
  }
  t.kind = Token::Kind::kEnd;
  t.type = Type::kDiagnosticInfo;
  t.tag = Tag::kHidden;
  --depth_;
  return true;
}

bool Walker::start_array(const Field& field, Token& t) noexcept {
  const auto n = static_cast<std::int32_t>(in_.u32le());
  t.kind = Token::Kind::kArray;
  t.type = field.type;
  t.tag = field.tag;
  t.name = field.name;
  if (n <= 0) return n >= -1;
  t.number = static_cast<std::uint64_t>(n);
  // Nothing takes less than a byte.
  if (t.number > in_.left()) return false;
  Frame* f = push(Form::kArray, &field, field.tag);
  if (f == nullptr) return false;
  f->left = static_cast<std::uint32_t>(n);
  return true;
}

/// One value: a token of its own, or the beginning of what is made up of others.
bool Walker::start(const Field& field, Type type, Tag tag, const Struct* of, Token& t) noexcept {
  t.type = type;
  t.tag = tag;
  t.name = field.name;
  switch (type) {
    case Type::kStruct: {
      Frame* f = push(Form::kStruct, of->fields.data(), tag);
      if (f == nullptr) return false;
      f->left = static_cast<std::uint32_t>(of->fields.size());
      f->type = type;
      f->of = of;
      t.kind = Token::Kind::kBegin;
      t.of = of;
      return true;
    }
    case Type::kDataValue: {
      const std::uint8_t mask = in_.u8();
      Frame* f = push(Form::kData, &field, tag);
      if (f == nullptr || (mask & ~kDataBits) != 0) return false;
      f->mask = mask;
      t.kind = Token::Kind::kBegin;
      return true;
    }
    case Type::kDiagnosticInfo: {
      const std::uint8_t mask = in_.u8();
      Frame* f = push(Form::kDiagnostic, &field, tag);
      if (f == nullptr || (mask & ~kDiagnosticBits) != 0) return false;
      f->mask = mask;
      t.kind = Token::Kind::kBegin;
      t.tag = Tag::kHidden;
      return true;
    }
    case Type::kVariant:
      return start_variant(field, tag, t);
    case Type::kExtensionObject:
      return start_extension(field, tag, t);
    default:
      scalar(type, t);
      return true;
  }
}

bool Walker::start_variant(const Field& field, Tag tag, Token& t) noexcept {
  const std::uint8_t encoding = in_.u8();
  const std::uint8_t number = encoding & kVariantType;
  t.kind = Token::Kind::kBegin;
  t.array = (encoding & kVariantArray) != 0;
  // 26 to 31 are kept for later, and to be read as bytes.
  if (number > 31 || ((encoding & kVariantDimensions) != 0 && !t.array)) return false;
  t.element = number > 25 ? Type::kByteString : static_cast<Type>(number);
  t.number = t.element == Type::kNull ? 0 : 1;
  if (t.array) {
    const auto n = static_cast<std::int32_t>(in_.u32le());
    t.number = n > 0 ? static_cast<std::uint64_t>(n) : 0;
    if (t.number > in_.left() || (t.number != 0 && t.element == Type::kNull)) return false;
  }
  Frame* f = push(Form::kVariant, &field, tag);
  if (f == nullptr) return false;
  f->type = t.element;
  f->mask = encoding & kVariantDimensions;
  f->left = static_cast<std::uint32_t>(t.number);
  return true;
}

bool Walker::start_extension(const Field& field, Tag tag, Token& t) noexcept {
  (void)field;
  t.id = read_node_id(in_);
  const std::uint8_t encoding = in_.u8();
  if (encoding == 0 || encoding > kXmlBody) return encoding == 0;
  const std::size_t at = in_.offset();
  Cursor body = in_;
  t.bytes = read_string(in_);
  if (!in_.ok()) return false;
  const Struct* of =
      encoding == kBinaryBody && t.id.is_standard() && !t.bytes.empty() ? structure_of(t.id.number) : nullptr;
  if (of == nullptr) return true;
  body.skip(4);
  in_ = body;
  Frame* f = push(Form::kStruct, of->fields.data(), tag);
  if (f == nullptr) return false;
  f->left = static_cast<std::uint32_t>(of->fields.size());
  f->type = Type::kExtensionObject;
  f->of = of;
  f->end = static_cast<std::uint32_t>(at + 4 + t.bytes.size());
  t.kind = Token::Kind::kBegin;
  t.of = of;
  return true;
}

void Walker::scalar(Type type, Token& t) noexcept {
  const auto extended = [&t](auto v) noexcept { t.number = static_cast<std::uint64_t>(std::int64_t{v}); };
  switch (type) {
    case Type::kBoolean:
      t.number = in_.u8() != 0 ? 1 : 0;
      return;
    case Type::kByte:
      t.number = in_.u8();
      return;
    case Type::kSByte:
      return extended(static_cast<std::int8_t>(in_.u8()));
    case Type::kInt16:
      return extended(static_cast<std::int16_t>(in_.u16le()));
    case Type::kUInt16:
      t.number = in_.u16le();
      return;
    case Type::kInt32:
      return extended(static_cast<std::int32_t>(in_.u32le()));
    case Type::kUInt32:
    case Type::kStatusCode:
      t.number = in_.u32le();
      return;
    case Type::kInt64:
    case Type::kUInt64:
    case Type::kDateTime:
      t.number = in_.u64le();
      return;
    case Type::kFloat:
      t.real = std::bit_cast<float>(in_.u32le());
      return;
    case Type::kDouble:
      t.real = std::bit_cast<double>(in_.u64le());
      return;
    case Type::kString:
    case Type::kByteString:
    case Type::kXmlElement:
      t.bytes = read_string(in_);
      return;
    case Type::kGuid:
      t.bytes = in_.bytes(16);
      return;
    case Type::kNodeId:
    case Type::kExpandedNodeId:
      t.id = read_node_id(in_, type == Type::kExpandedNodeId);
      return;
    case Type::kQualifiedName:
      t.number = in_.u16le();
      t.bytes = read_string(in_);
      return;
    case Type::kLocalizedText: {
      const std::uint8_t mask = in_.u8();
      if ((mask & ~3) != 0) in_.fail();
      if ((mask & 1) != 0) (void)read_string(in_);  // the language
      if ((mask & 2) != 0) t.bytes = read_string(in_);
      return;
    }
    default:
      in_.fail();
  }
}

}  // namespace picket::opcua
