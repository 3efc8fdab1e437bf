#include "parsers/core/patient.h"

#include <bit>

#include "parsers/core/text.h"

namespace picket {
namespace {

constexpr std::uint64_t little_endian(Bytes b) noexcept {
  std::uint64_t v = 0;
  for (std::size_t i = 0; i < b.size() && i < 8; ++i) v |= std::uint64_t{b[i]} << 8 * i;
  return v;
}

struct SipState {
  std::uint64_t v0, v1, v2, v3;

  void round() noexcept {
    v0 += v1;
    v2 += v3;
    v1 = std::rotl(v1, 13) ^ v0;
    v3 = std::rotl(v3, 16) ^ v2;
    v0 = std::rotl(v0, 32);
    v2 += v1;
    v0 += v3;
    v1 = std::rotl(v1, 17) ^ v2;
    v3 = std::rotl(v3, 21) ^ v0;
    v2 = std::rotl(v2, 32);
  }
  void add(std::uint64_t word) noexcept {
    v3 ^= word;
    round();
    round();
    v0 ^= word;
  }
};

}  // namespace

std::uint64_t siphash(std::uint64_t k0, std::uint64_t k1, Bytes b) noexcept {
  // "somepseudorandomlygeneratedbytes", the paper's constants.
  SipState s{k0 ^ 0x736f6d6570736575, k1 ^ 0x646f72616e646f6d, k0 ^ 0x6c7967656e657261,
             k1 ^ 0x7465646279746573};
  const std::size_t words = b.size() / 8;
  for (std::size_t i = 0; i < words; ++i) s.add(little_endian(b.subspan(8 * i, 8)));
  s.add(little_endian(b.subspan(8 * words)) | std::uint64_t{b.size()} << 56);
  s.v2 ^= 0xff;
  for (int i = 0; i < 4; ++i) s.round();
  return s.v0 ^ s.v1 ^ s.v2 ^ s.v3;
}

bool patient_hash(const PatientPolicy& policy, Bytes value, PatientHash& out) noexcept {
  std::string_view text = trim(as_text(value));
  while (!text.empty() && (text.back() == '^' || text.back() == ' ')) text.remove_suffix(1);
  if (text.empty()) return false;
  text = text.substr(0, kMaxPatientValue);
  std::array<std::uint8_t, kMaxPatientValue> room;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<std::uint8_t>(text[i]);
    room[i] = c >= 'a' && c <= 'z' ? static_cast<std::uint8_t>(c - 32) : c;
  }
  // The digits as they are written are the bytes of the paper's key.
  std::uint64_t hash = siphash(__builtin_bswap64(policy.key_high), __builtin_bswap64(policy.key_low),
                               Bytes(room.data(), text.size()));
  for (std::size_t i = out.size(); i-- > 0; hash >>= 4) out[i] = "0123456789abcdef"[hash & 15];
  return true;
}

}  // namespace picket
