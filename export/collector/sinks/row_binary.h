// export/collector/sinks/row_binary.h — ClickHouse's format RowBinary: values one after another, little-endian, with
// lengths as varints
#pragma once
#include <concepts>
#include <string>
#include <string_view>

namespace picket::collector {

template <class T>
requires std::integral<T> || std::floating_point<T>
void put_fixed(T v, std::string& out) {
  out.append(reinterpret_cast<const char*>(&v), sizeof v);  // x86-64 is little-endian
}

inline void put_varint(std::uint64_t v, std::string& out) {
  for (; v >= 0x80; v >>= 7) out.push_back(static_cast<char>(v | 0x80));
  out.push_back(static_cast<char>(v));
}

inline void put_string(std::string_view text, std::string& out) {
  put_varint(text.size(), out);
  out.append(text);
}

}  // namespace picket::collector
