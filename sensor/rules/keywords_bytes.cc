// sensor/rules/keywords_bytes.cc — byte_test, byte_jump, byte_extract, byte_math, isdataat
#include "sensor/rules/builder.h"
#include "sensor/rules/text.h"

namespace picket::rules {
namespace {

constexpr Named<Base> kBases[] = {{"hex", Base::kHex}, {"dec", Base::kDecimal}, {"oct", Base::kOctal}};
constexpr Named<Endian> kEndians[] = {{"big", Endian::kBig}, {"little", Endian::kLittle}};

std::string quoted(std::string_view word) { return "'" + std::string(word.substr(0, 60)) + "'"; }

/// What all byte_* keywords share behind their first arguments. kNotMine: the caller's own words may fit.
enum class Shared { kTaken, kNotMine, kFailed };
Shared read_shared(Builder& builder, std::string_view word, std::string_view argument, std::string_view part,
                   ByteSource& source, bool& text) {
  if (word == "relative") {
    source.relative = true;
  } else if (word == "dce") {
    source.endian = Endian::kDce;
  } else if (const auto* endian = find_named(kEndians, word); endian != nullptr && argument.empty()) {
    source.endian = *endian;
  } else if (word == "endian") {
    const auto* named = find_named(kEndians, argument);
    if (named == nullptr)
      return builder.fail(argument.empty() ? part : argument, "endian must be big or little"),
             Shared::kFailed;
    source.endian = *named;
  } else if (word == "string") {
    text = true;
    const auto* base = find_named(kBases, argument);
    if (!argument.empty() && base == nullptr)
      return builder.fail(argument, "a string of digits is hex, dec or oct"), Shared::kFailed;
    if (base != nullptr) source.base = *base;
  } else if (const auto* base = find_named(kBases, word); base != nullptr && argument.empty()) {
    source.base = *base;
  } else if (word == "bitmask") {
    if (!parse_number(argument, source.bitmask) || source.bitmask == 0) {
      return builder.fail(argument.empty() ? part : argument, "a bitmask is a number such as 0x7f"),
             Shared::kFailed;
    }
  } else {
    return Shared::kNotMine;
  }
  return Shared::kTaken;
}

/// Calls own(word, argument, part) for what is not shared; it returns Shared::kNotMine for what nobody knows.
template <class Own>
bool read_rest(Builder& builder, const Option& option, std::string_view rest, ByteSource& source, Own own) {
  bool text = false;
  while (!rest.empty()) {
    const auto part = take_until(rest, ',');
    auto argument = part;
    const auto word = take_word(argument);
    Shared outcome = read_shared(builder, word, argument, part, source, text);
    if (outcome == Shared::kNotMine) outcome = own(word, argument, part);
    if (outcome == Shared::kNotMine)
      return builder.fail(part.empty() ? option.value : part,
                          quoted(part) + " means nothing to " + std::string(option.name));
    if (outcome == Shared::kFailed) return false;
  }
  if (text && source.base == Base::kBinary) source.base = Base::kDecimal;
  if (!text && source.base != Base::kBinary)
    return builder.fail(option.value, "hex, dec and oct need the word string too");
  // How much can be read at once: 8 bytes of a number, 23 octal digits of one in text.
  const std::int64_t most = source.base == Base::kBinary ? 8 : 23;
  if (!source.bytes.is_variable() && (source.bytes.value < 0 || source.bytes.value > most)) {
    return builder.fail(option.value, std::string(option.name) + " reads at most " + std::to_string(most) +
                                          " bytes, not " + std::to_string(source.bytes.value));
  }
  return true;
}

bool check_bytes(Builder& builder, const Option& option, const ByteSource& source) {
  if (source.base != Base::kBinary) return true;  // as many digits as stand there
  return source.bytes.is_variable() || source.bytes.value > 0 ||
         builder.fail(option.value, std::string(option.name) + " must read at least one byte");
}

Shared unknown(std::string_view, std::string_view, std::string_view) { return Shared::kNotMine; }

bool read_byte_test(Builder& builder, const Option& option, unsigned) {
  constexpr Named<ByteTest::Op> kOps[] = {
      {"<", ByteTest::Op::kLess},   {">", ByteTest::Op::kGreater},    {"=", ByteTest::Op::kEqual},
      {"==", ByteTest::Op::kEqual}, {"<=", ByteTest::Op::kLessEqual}, {">=", ByteTest::Op::kGreaterEqual},
      {"&", ByteTest::Op::kAnd},    {"^", ByteTest::Op::kOr},
  };
  ByteTest test;
  auto rest = option.value;
  if (!builder.read_operand(take_until(rest, ','), "the number of bytes", test.source.bytes)) return false;
  auto op = take_until(rest, ',');
  const auto op_written = op;
  test.negated = take_char(op, '!');
  const auto* known = find_named(kOps, op);
  if (known == nullptr)
    return builder.fail(op_written, quoted(op_written) + " is no comparison of byte_test",
                        "use < > = <= >= & or ^, with ! before it to negate");
  test.op = *known;
  return builder.read_operand(take_until(rest, ','), "the value", test.value) &&
         builder.read_operand(take_until(rest, ','), "the offset", test.source.offset) &&
         read_rest(builder, option, rest, test.source, unknown) &&
         check_bytes(builder, option, test.source) && (builder.add(test), true);
}

bool read_byte_jump(Builder& builder, const Option& option, unsigned) {
  ByteJump jump;
  auto rest = option.value;
  if (!builder.read_operand(take_until(rest, ','), "the number of bytes", jump.source.bytes)) return false;
  if (!builder.read_operand(take_until(rest, ','), "the offset", jump.source.offset)) return false;
  const auto own = [&](std::string_view word, std::string_view argument, std::string_view part) {
    if (word == "align") {
      jump.align = true;
    } else if (word == "from_beginning") {
      jump.from_beginning = true;
    } else if (word == "from_end") {
      jump.from_end = true;
    } else if (word == "multiplier") {
      if (!parse_number(argument, jump.multiplier) || jump.multiplier == 0 || jump.multiplier > 65535) {
        return builder.fail(part, "a multiplier is a number from 1 to 65535"), Shared::kFailed;
      }
    } else if (word == "post_offset") {
      if (!builder.read_operand(argument.empty() ? part : argument, "post_offset", jump.post_offset))
        return Shared::kFailed;
    } else {
      return Shared::kNotMine;
    }
    return Shared::kTaken;
  };
  if (!read_rest(builder, option, rest, jump.source, own)) return false;
  if (jump.from_beginning && jump.from_end)
    return builder.fail(option.value, "byte_jump goes from_beginning or from_end, not both");
  builder.add(jump);
  return true;
}

bool read_byte_extract(Builder& builder, const Option& option, unsigned) {
  ByteExtract extract;
  auto rest = option.value;
  if (!builder.read_operand(take_until(rest, ','), "the number of bytes", extract.source.bytes)) return false;
  if (!builder.read_operand(take_until(rest, ','), "the offset", extract.source.offset)) return false;
  const auto name = take_until(rest, ',');
  const auto own = [&](std::string_view word, std::string_view argument, std::string_view part) {
    if (word == "multiplier") {
      if (!parse_number(argument, extract.multiplier) || extract.multiplier == 0 ||
          extract.multiplier > 65535) {
        return builder.fail(part, "a multiplier is a number from 1 to 65535"), Shared::kFailed;
      }
    } else if (word == "align") {
      if (!parse_number(argument, extract.align) || (extract.align != 2 && extract.align != 4)) {
        return builder.fail(part, "byte_extract aligns to 2 or 4"), Shared::kFailed;
      }
    } else {
      return Shared::kNotMine;
    }
    return Shared::kTaken;
  };
  if (!read_rest(builder, option, rest, extract.source, own) || !check_bytes(builder, option, extract.source))
    return false;
  if (name.empty())
    return builder.fail(option.value, "byte_extract needs a variable's name as third argument");
  extract.variable = builder.define_variable(name);
  if (extract.variable < 0) return false;
  builder.add(extract);
  return true;
}

bool read_byte_math(Builder& builder, const Option& option, unsigned) {
  constexpr Named<ByteMath::Op> kOps[] = {
      {"+", ByteMath::Op::kAdd},    {"-", ByteMath::Op::kSubtract},   {"*", ByteMath::Op::kMultiply},
      {"/", ByteMath::Op::kDivide}, {"<<", ByteMath::Op::kShiftLeft}, {">>", ByteMath::Op::kShiftRight},
  };
  ByteMath math;
  std::string_view result;
  bool has_bytes = false, has_op = false, has_rvalue = false, has_offset = false;
  const auto own = [&](std::string_view word, std::string_view argument, std::string_view part) {
    if (argument.empty()) argument = part;
    if (word == "bytes") {
      has_bytes = true;
      if (!builder.read_operand(argument, "bytes", math.source.bytes)) return Shared::kFailed;
    } else if (word == "offset") {
      has_offset = true;
      if (!builder.read_operand(argument, "offset", math.source.offset)) return Shared::kFailed;
    } else if (word == "rvalue") {
      has_rvalue = true;
      if (!builder.read_operand(argument, "rvalue", math.rvalue)) return Shared::kFailed;
    } else if (word == "oper") {
      const auto* op = find_named(kOps, argument);
      if (op == nullptr)
        return builder.fail(argument, "byte_math's oper is " + list_names(kOps)), Shared::kFailed;
      has_op = true;
      math.op = *op;
    } else if (word == "result") {
      result = argument;
    } else {
      return Shared::kNotMine;
    }
    return Shared::kTaken;
  };
  if (!read_rest(builder, option, option.value, math.source, own)) return false;
  const std::string_view missing = !has_bytes       ? "bytes"
                                   : !has_offset    ? "offset"
                                   : !has_op        ? "oper"
                                   : !has_rvalue    ? "rvalue"
                                   : result.empty() ? "result"
                                                    : "";
  if (!missing.empty()) return builder.fail(option.value, "byte_math needs " + std::string(missing));
  if (!check_bytes(builder, option, math.source)) return false;
  if (math.op == ByteMath::Op::kDivide && !math.rvalue.is_variable() && math.rvalue.value == 0)
    return builder.fail(option.value, "byte_math cannot divide by 0");
  math.variable = builder.define_variable(result);
  if (math.variable < 0) return false;
  builder.add(math);
  return true;
}

bool read_isdataat(Builder& builder, const Option& option, unsigned) {
  IsDataAt is;
  is.negated = option.negated;
  auto rest = option.value;
  if (!builder.read_operand(take_until(rest, ','), "the place", is.position)) return false;
  while (!rest.empty()) {
    const auto word = take_until(rest, ',');
    if (word != "relative" && word != "rawbytes")
      return builder.fail(word.empty() ? option.value : word, quoted(word) + " means nothing to isdataat",
                          "it takes relative and rawbytes");
    (word == "relative" ? is.relative : is.rawbytes) = true;
  }
  if (!is.position.is_variable() &&
      (is.position.value > 65535 || is.position.value < (is.relative ? -65535 : 0))) {
    return builder.fail(option.value, std::to_string(is.position.value) + " is out of range for isdataat");
  }
  builder.add(is);
  return true;
}

constexpr Keyword kKeywords[] = {
    {"byte_extract", Argument::kRequired, read_byte_extract},
    {"byte_jump", Argument::kRequired, read_byte_jump},
    {"byte_math", Argument::kRequired, read_byte_math},
    {"byte_test", Argument::kRequired, read_byte_test},
    {"isdataat", Argument::kNegatable, read_isdataat},
};

}  // namespace

std::span<const Keyword> byte_keywords() { return kKeywords; }

}  // namespace picket::rules
