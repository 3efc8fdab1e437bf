// parsers/core/result.h — what can fail on the control plane: a value, or a message that a person can act on
//
// Never used per packet: there, bad bytes are data (see protocol.h, ParseResult).
#pragma once
#include <string>
#include <utility>
#include <variant>

#include "parsers/core/assert.h"

namespace picket {

/// Says what, where and what would do: "sensor.yaml:12: flow.hash-size: 'many' is not a number; try 65536".
struct Error {
  std::string message;
};

template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) : v_(std::in_place_index<0>, std::move(value)) {}  // NOLINT(google-explicit-constructor)
  Result(Error error)
      : v_(std::in_place_index<1>, std::move(error)) {}  // NOLINT(google-explicit-constructor)

  [[nodiscard]] bool has_value() const noexcept { return v_.index() == 0; }
  explicit operator bool() const noexcept { return has_value(); }
  T& value() & {
    PICKET_ASSERT(has_value());
    return std::get<0>(v_);
  }
  const T& value() const& {
    PICKET_ASSERT(has_value());
    return std::get<0>(v_);
  }
  T&& value() && {
    PICKET_ASSERT(has_value());
    return std::get<0>(std::move(v_));
  }
  [[nodiscard]] const Error& error() const {
    PICKET_ASSERT(!has_value());
    return std::get<1>(v_);
  }

 private:
  std::variant<T, Error> v_;
};

/// For what yields nothing but may fail.
struct Done {};
using Status = Result<Done>;

}  // namespace picket
