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

bool is_number(const EveField& f) {
  return is_integer(f) || f.kind == EveKind::kFloat || f.kind == EveKind::kDouble;
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

long double as_number(const EveField& f, std::uint64_t v) {
  if (f.kind == EveKind::kFloat || f.kind == EveKind::kDouble) {
    return std::strtold(eve_value_text(f, v, {}).c_str(), nullptr);
  }
  const std::int64_t i = eve_integer(f, v);
  const bool is_unsigned = f.kind == EveKind::kUnsigned || f.kind == EveKind::kFixed32 ||
                           f.kind == EveKind::kFixed64 || f.kind == EveKind::kTime;
  return is_unsigned ? static_cast<long double>(static_cast<std::uint64_t>(i)) : static_cast<long double>(i);
}

template <class T>
bool read_number(std::string_view s, T& out) {
  const auto [end, error] = std::from_chars(s.data(), s.data() + s.size(), out);
  return error == std::errc{} && end == s.data() + s.size() && !s.empty();
}

}  // namespace

bool Network::has(Bytes other) const noexcept {
  if (other.size() != size) return false;
  unsigned left = bits;
  for (std::size_t i = 0; i < size && left > 0; ++i) {
    const unsigned n = left < 8 ? left : 8;
    const auto mask = static_cast<std::uint8_t>(0xff00U >> n);
    if (((other[i] ^ bytes[i]) & mask) != 0) return false;
    left -= n;
  }
  return true;
}

Result<Network> parse_network(std::string_view text) {
  const std::size_t slash = text.find('/');
  const std::string address(text.substr(0, slash));
  const bool v6 = address.find(':') != std::string::npos;
  Network network;
  network.size = v6 ? 16 : 4;
  network.bits = v6 ? 128 : 32;
  const unsigned most = network.bits;
  const bool ok = ::inet_pton(v6 ? AF_INET6 : AF_INET, address.c_str(), network.bytes) == 1;
  if (!ok || (slash != std::string_view::npos &&
              (!read_number(text.substr(slash + 1), network.bits) || network.bits > most))) {
    return Error{fmt::format("'{}' is neither an address nor a network like 10.0.0.0/8", text)};
  }
  return network;
}

bool Condition::fits(Bytes record) const {
  const EveField& f = path.field();
  return path.any(record, [&](std::uint64_t v, Bytes b) {
    if (network.size > 0 && (op == Comparison::kEqual || op == Comparison::kNotEqual)) {
      return network.has(b) == (op == Comparison::kEqual);
    }
    if (op == Comparison::kContains) return eve_value_text(f, v, b).find(text) != std::string::npos;
    if (is_number(f)) return compare(op, as_number(f, v), number);
    return compare(op, eve_value_text(f, v, b), text);
  });
}

bool Filter::fits(std::size_t at, Bytes record) const {
  const Node& node = nodes_[at];
  switch (node.kind) {
    case Node::Kind::kCondition:
      return conditions_[node.left].fits(record);
    case Node::Kind::kNot:
      return !fits(node.left, record);
    case Node::Kind::kAnd:
      return fits(node.left, record) && fits(node.right, record);
    case Node::Kind::kOr:
      return fits(node.left, record) || fits(node.right, record);
  }
  return false;
}

/// Reads an expression; each part gives its node.
class FilterParser {
 public:
  FilterParser(std::string_view in, Filter& filter) : in_(in), filter_(filter) {}

  Status parse() {
    const auto root = expression(0);
    if (!root) return root.error();
    filter_.root_ = root.value();
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

  using Kind = Filter::Node::Kind;
  std::size_t node(Kind kind, std::size_t left, std::size_t right = 0) {
    filter_.nodes_.push_back({kind, left, right});
    return filter_.nodes_.size() - 1;
  }
  Result<std::size_t> expression(unsigned depth) {
    auto left = term(depth);
    while (left && accept_word("or")) {
      auto right = term(depth);
      if (!right) return right;
      left = node(Kind::kOr, left.value(), right.value());
    }
    return left;
  }
  Result<std::size_t> term(unsigned depth) {
    auto left = factor(depth);
    while (left && accept_word("and")) {
      auto right = factor(depth);
      if (!right) return right;
      left = node(Kind::kAnd, left.value(), right.value());
    }
    return left;
  }
  Result<std::size_t> factor(unsigned depth) {
    if (depth >= Filter::kMaxDepth) return bad("too many parentheses");
    if (accept_word("not")) {
      auto inner = factor(depth + 1);
      if (!inner) return inner;
      return node(Kind::kNot, inner.value());
    }
    if (accept('(')) {
      auto inner = expression(depth + 1);
      if (inner && !accept(')')) return bad("expected `)`");
      return inner;
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

  Result<std::size_t> condition() {
    const std::string_view name = word();
    if (name.empty()) return bad("expected a field's name");
    auto path = FieldPath::compile(name);
    if (!path) return Error{"--where: " + path.error().message};
    const auto op = comparison();
    if (!op) return bad("expected one of = != < <= > >= ~");
    auto text = value();
    if (!text) return text.error();

    Condition c{std::move(path).value(), *op, std::move(text).value(), 0, {}};
    if (auto s = read_value(c, name); !s) return s.error();
    filter_.conditions_.push_back(std::move(c));
    return node(Kind::kCondition, filter_.conditions_.size() - 1);
  }

  /// The value in the form that the field's values have.
  static Status read_value(Condition& c, std::string_view name) {
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
      auto network = parse_network(c.text);
      if (!network) return Error{fmt::format("--where: {} is an address: {}", name, network.error().message)};
      c.network = network.value();
      char text[eve::kMaxIp];
      c.text.assign(text, eve::put_ip(text, c.network.address()));
    }
    return Done{};
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

}  // namespace picket::collector
