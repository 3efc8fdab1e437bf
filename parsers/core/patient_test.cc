#include "parsers/core/patient.h"

#include <gtest/gtest.h>

namespace picket {
namespace {

std::string hash(const PatientPolicy& p, std::string_view value) {
  PatientHash out;
  return patient_hash(p, as_bytes(value), out) ? std::string(out.data(), out.size()) : "";
}

TEST(Patient, SipHashOfThePaper) {
  // Appendix A of the paper: key 00 01 .. 0f, input 00 01 .. 0e.
  std::uint8_t in[15];
  for (std::uint8_t i = 0; i < sizeof in; ++i) in[i] = i;
  EXPECT_EQ(siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, in), 0xa129ca6149be45e5);
}

TEST(Patient, TheKeyIsItsDigitsInOrder) {
  const std::uint64_t limits[] = {9, 1, 0x0001020304050607, 0x08090a0b0c0d0e0f};
  const PatientPolicy p(limits);
  EXPECT_TRUE(p.hash);
  char want[17];
  std::snprintf(
      want, sizeof want, "%016llx",
      static_cast<unsigned long long>(siphash(0x0706050403020100, 0x0f0e0d0c0b0a0908, as_bytes("DOE^JANE"))));
  EXPECT_EQ(hash(p, "DOE^JANE"), want);
}

TEST(Patient, TheSameValueHoweverItIsWritten) {
  const std::uint64_t limits[] = {1, 17, 4};
  const PatientPolicy p(limits);
  EXPECT_EQ(hash(p, "Doe^Jane^^^ "), hash(p, "DOE^JANE"));
  EXPECT_EQ(hash(p, std::string_view("4711\0", 5)), hash(p, "4711"));
  EXPECT_NE(hash(p, "4711"), hash(p, "4712"));
  const std::uint64_t other[] = {1, 17, 5};
  EXPECT_NE(hash(p, "4711"), hash(PatientPolicy(other), "4711")) << "both halves of the key count";
  EXPECT_EQ(hash(p, ""), "");
  EXPECT_EQ(hash(p, " ^^"), "") << "there is nothing to hide";
}

}  // namespace
}  // namespace picket
