#include "export/collector/filter.h"

#include <arpa/inet.h>
#include <fmt/format.h>

#include <charconv>
#include <cstdlib>
#include <optional>

#include "export/collector/layout.h"
#include "export/eve.h"
#include "export/eve_format.h"

namespace picket::collector {
namespace {

constexpr const char* kFunction = "picket_fits";

bool is_number(const EveField& f) {
  return is_integer_column(f) || f.kind == EveKind::kFloat || f.kind == EveKind::kDouble;
}

template <class T>
bool compare(Comparison op, const T& a, const T& b) {
  switch (op) {
    case Comparison::kEqual:
      return a == b;
    case Comparison::kNotEqual:
      return a != b;
    case Comparison::kLess:
      return a < b;
    case Comparison::kLessEqual:
      return a <= b;
    case Comparison::kGreater:
      return a > b;
    case Comparison::kGreaterEqual:
      return a >= b;
    case Comparison::kContains:
      return false;
  }
  return false;
}

const char* sql_operator(Comparison op) {
  switch (op) {
    case Comparison::kEqual:
      return "=";
    case Comparison::kNotEqual:
      return "<>";
    case Comparison::kLess:
      return "<";
    case Comparison::kLessEqual:
      return "<=";
    case Comparison::kGreater:
      return ">";
    default:
      return ">=";
  }
}

bool in_network(Bytes address, Bytes network, unsigned bits) {
  if (address.size() != network.size()) return false;
  for (std::size_t i = 0; i < address.size() && bits > 0; ++i) {
    const unsigned n = bits < 8 ? bits : 8;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> n);
    if (((address[i] ^ network[i]) & mask) != 0) return false;
    bits -= n;
  }
  return true;
}

long double as_number(const EveField& f, std::uint64_t v) {
  if (f.kind == EveKind::kFloat || f.kind == EveKind::kDouble) {
    return std::strtold(eve_value_text(f, v, {}).c_str(), nullptr);
  }
  const std::int64_t i = eve_integer(f, v);
  const bool is_unsigned = f.kind == EveKind::kUnsigned || f.kind == EveKind::kFixed32 ||
                           f.kind == EveKind::kFixed64 || f.kind == EveKind::kTime;
  return is_unsigned ? static_cast<long double>(static_cast<std::uint64_t>(i)) : static_cast<long double>(i);
}

/// SQL's picket_fits(record, index of the condition).
void fits_function(sqlite3_context* context, int, sqlite3_value** arguments) {
  const auto& conditions = *static_cast<const std::vector<Condition>*>(sqlite3_user_data(context));
  const auto* data = static_cast<const std::uint8_t*>(sqlite3_value_blob(arguments[0]));
  const Bytes record{data, static_cast<std::size_t>(sqlite3_value_bytes(arguments[0]))};
  const auto index = static_cast<std::size_t>(sqlite3_value_int64(arguments[1]));
  sqlite3_result_int(context, index < conditions.size() && conditions[index].fits(record) ? 1 : 0);
}

/// A column of integers can be compared with this number as SQLite has integers.
bool is_sql_integer(const EveField& f, long double number) {
  constexpr long double kLimit = 9.2e18L;
  return is_integer_column(f) && number > -kLimit && number < kLimit &&
         number == static_cast<long double>(static_cast<std::int64_t>(number));
}

template <class T>
bool read_number(std::string_view s, T& out) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc{} && end == s.data() + s.size() && !s.empty();
}

}  // namespace

bool Condition::fits(Bytes record) const {
  const EveField& f = path.field();
  return path.any(record, [&](std::uint64_t v, Bytes b) {
    if (address_size > 0 && (op == Comparison::kEqual || op == Comparison::kNotEqual)) {
      return in_network(b, address(), prefix_bits) == (op == Comparison::kEqual);
    }
    if (op == Comparison::kContains) return eve_value_text(f, v, b).find(text) != std::string::npos;
    if (is_number(f)) return compare(op, as_number(f, v), number);
    return compare(op, eve_value_text(f, v, b), text);
  });
}

/// Reads an expression and writes SQL as it goes.
class FilterParser {
 public:
  FilterParser(std::string_view in, Filter& filter) : in_(in), filter_(filter) {}

  Status parse() {
    filter_.sql_.clear();
    if (auto s = expression(0); !s) return s;
    skip_space();
    if (at_ < in_.size()) return bad("expected `and`, `or` or the end");
    return Done{};
  }

 private:
  Error bad(std::string_view why) const {
    return Error{fmt::format("--where: {} at character {}: {} >>>{}", why, at_ + 1, in_.substr(0, at_),
                             in_.substr(at_))};
  }
  void skip_space() {
    while (at_ < in_.size() && (in_[at_] == ' ' || in_[at_] == '\t' || in_[at_] == '\n')) ++at_;
  }
  static bool is_word(char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
           c == '-' || c == '.' || c == ':' || c == '/' || c == '+' || c == '*' || c == '@' || c == '%';
  }
  std::string_view word() {
    skip_space();
    const std::size_t start = at_;
    while (at_ < in_.size() && is_word(in_[at_])) ++at_;
    return in_.substr(start, at_ - start);
  }
  /// Consumes `text` if it is next: a whole word, or a sign.
  bool accept_word(std::string_view text) {
    const std::size_t before = at_;
    if (equals_nocase(word(), text)) return true;
    at_ = before;
    return false;
  }
  bool accept(char c) {
    skip_space();
    if (at_ >= in_.size() || in_[at_] != c) return false;
    ++at_;
    return true;
  }

  Status expression(unsigned depth) {
    filter_.sql_ += '(';
    if (auto s = term(depth); !s) return s;
    while (accept_word("or")) {
      filter_.sql_ += " OR ";
      if (auto s = term(depth); !s) return s;
    }
    filter_.sql_ += ')';
    return Done{};
  }
  Status term(unsigned depth) {
    if (auto s = factor(depth); !s) return s;
    while (accept_word("and")) {
      filter_.sql_ += " AND ";
      if (auto s = factor(depth); !s) return s;
    }
    return Done{};
  }
  Status factor(unsigned depth) {
    if (depth >= Filter::kMaxDepth) return bad("too many parentheses");
    if (accept_word("not")) {
      filter_.sql_ += "NOT ";
      return factor(depth + 1);
    }
    if (accept('(')) {
      if (auto s = expression(depth + 1); !s) return s;
      if (!accept(')')) return bad("expected `)`");
      return Done{};
    }
    return condition();
  }

  std::optional<Comparison> comparison() {
    if (accept('~')) return Comparison::kContains;
    if (accept('=')) {
      accept('=');
      return Comparison::kEqual;
    }
    if (accept('<')) return accept('=') ? Comparison::kLessEqual : Comparison::kLess;
    if (accept('>')) return accept('=') ? Comparison::kGreaterEqual : Comparison::kGreater;
    if (accept('!')) {
      if (accept('=')) return Comparison::kNotEqual;
      --at_;
    }
    return std::nullopt;
  }

  Result<std::string> value() {
    skip_space();
    if (at_ < in_.size() && (in_[at_] == '\'' || in_[at_] == '"')) {
      const char quote = in_[at_];
      const std::size_t end = in_.find(quote, at_ + 1);
      if (end == std::string_view::npos) return bad("a text without its closing quote");
      std::string text(in_.substr(at_ + 1, end - at_ - 1));
      at_ = end + 1;
      return text;
    }
    const std::string_view bare = word();
    if (bare.empty()) return bad("expected a value; quote it if it has signs in it");
    return std::string(bare);
  }

  Status condition() {
    const std::string_view name = word();
    if (name.empty()) return bad("expected a field's name");
    auto path = FieldPath::compile(name);
    if (!path) return Error{"--where: " + path.error().message};
    const auto op = comparison();
    if (!op) return bad("expected one of = != < <= > >= ~");
    auto text = value();
    if (!text) return text.error();

    Condition c{std::move(path).value(), *op, std::move(text).value()};
    if (auto s = read_value(c, name); !s) return s;
    write_sql(std::move(c));
    return Done{};
  }

  /// The value in the form that the field's values have.
  Status read_value(Condition& c, std::string_view name) {
    const EveField& f = c.path.field();
    if (c.op == Comparison::kContains) return Done{};
    if (f.kind == EveKind::kTime) {
      const auto time = parse_time(c.text);
      if (!time) return Error{fmt::format("--where: {}: {}", name, time.error().message)};
      c.number = static_cast<long double>(time.value());
    } else if (is_number(f)) {
      char* end = nullptr;
      c.number = std::strtold(c.text.c_str(), &end);
      if (c.text.empty() || *end != '\0') {
        return Error{fmt::format("--where: {} is a number, and '{}' is none", name, c.text)};
      }
    } else if (f.kind == EveKind::kIp) {
      return read_address(c, name);
    }
    return Done{};
  }

  static Status read_address(Condition& c, std::string_view name) {
    const std::size_t slash = c.text.find('/');
    const std::string address = c.text.substr(0, slash);
    const bool v6 = address.find(':') != std::string::npos;
    c.address_size = v6 ? 16 : 4;
    c.prefix_bits = v6 ? 128 : 32;
    const bool ok = ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), c.network) == 1;
    unsigned bits = c.prefix_bits;
    if (!ok || (slash != std::string::npos &&
                (!read_number(std::string_view{c.text}.substr(slash + 1), bits) || bits > c.prefix_bits))) {
      return Error{fmt::format(
          "--where: {} is an address, and '{}' is neither one nor a network like 10.0.0.0/8", name, c.text)};
    }
    c.prefix_bits = bits;
    char text[eve::kMaxIp];
    c.text.assign(text, eve::put_ip(text, c.address()));
    return Done{};
  }

  void write_sql(Condition c) {
    const EveField& f = c.path.field();
    const std::size_t index = filter_.conditions_->size();
    const bool network = c.address_size > 0 && c.prefix_bits < 8 * c.address_size;
    const bool column = c.path.is_top_level() && is_column(f) && !network && c.op != Comparison::kContains &&
                        (f.kind == EveKind::kText || c.address_size > 0 || is_sql_integer(f, c.number));
    if (column) {
      const std::string name = quote_name(f.name);
      filter_.sql_ += fmt::format("({0} IS NOT NULL AND {0} {1} ?)", name, sql_operator(c.op));
    } else {
      filter_.sql_ += fmt::format("{}(record, ?)", kFunction);
    }
    filter_.parameters_.push_back({index, !column});
    filter_.conditions_->push_back(std::move(c));
  }

  std::string_view in_;
  Filter& filter_;
  std::size_t at_ = 0;
};

Result<Filter> Filter::parse(std::string_view expression) {
  Filter filter;
  if (expression.find_first_not_of(" \t\n") == std::string_view::npos) return filter;
  if (expression.size() > kMaxLength) {
    return Error{fmt::format("--where: longer than {} characters", kMaxLength)};
  }
  FilterParser parser(expression, filter);
  if (const Status s = parser.parse(); !s) return s.error();
  return filter;
}

int Filter::bind(Statement& s, int at) const {
  for (const Parameter& p : parameters_) {
    const Condition& c = (*conditions_)[p.condition];
    if (p.is_index) {
      s.bind(at++, static_cast<std::int64_t>(p.condition));
    } else if (is_integer_column(c.path.field())) {
      s.bind(at++, static_cast<std::int64_t>(c.number));
    } else {
      s.bind(at++, std::string_view{c.text});
    }
  }
  return at;
}

Status Filter::install(Db& db) const {
  const int code = sqlite3_create_function_v2(db.handle(), kFunction, 2,
                                              SQLITE_UTF8 | SQLITE_DETERMINISTIC | SQLITE_DIRECTONLY,
                                              conditions_.get(), fits_function, nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) return Error{db.error()};
  return Done{};
}

}  // namespace picket::collector
