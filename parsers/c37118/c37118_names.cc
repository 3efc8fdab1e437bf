// parsers/c37118/c37118_names.cc — what numbers are called: IEEE C37.118.2-2011, tables 3, 4, 7 and 15
#include "parsers/c37118/c37118.h"
#include "parsers/core/names.h"

namespace picket::c37118 {
namespace {

constexpr NumberName kTypes[] = {
    {0, "data"},    {1, "header"},          {2, "configuration 1"}, {3, "configuration 2"},
    {4, "command"}, {5, "configuration 3"},
};
constexpr NumberName kCommands[] = {
    {1, "data off"},
    {2, "data on"},
    {3, "send header"},
    {4, "send configuration 1"},
    {5, "send configuration 2"},
    {6, "send configuration 3"},
    {8, "extended frame"},
};
constexpr NumberName kTimeQualities[] = {
    {0, "locked"},         {1, "within 1 ns"},   {2, "within 10 ns"},  {3, "within 100 ns"},
    {4, "within 1 us"},    {5, "within 10 us"},  {6, "within 100 us"}, {7, "within 1 ms"},
    {8, "within 10 ms"},   {9, "within 100 ms"}, {10, "within 1 s"},   {11, "within 10 s"},
    {15, "clock failure"},
};
constexpr std::string_view kTimeErrors[] = {"",
                                            "below 100 ns",
                                            "below 1 us",
                                            "below 10 us",
                                            "below 100 us",
                                            "below 1 ms",
                                            "below 10 ms",
                                            "above 10 ms, or unknown"};
constexpr std::string_view kUnlocked[] = {"", "10 s", "100 s", "1000 s"};
constexpr std::string_view kDataErrors[] = {"", "error", "test mode", "do not use"};
constexpr NumberName kTriggers[] = {
    {0, "manual"},
    {1, "magnitude low"},
    {2, "magnitude high"},
    {3, "phase angle difference"},
    {4, "frequency high or low"},
    {5, "rate of change of frequency high"},
    {7, "digital"},
};

}  // namespace

std::string_view type_name(FrameType t) noexcept { return name_of(kTypes, static_cast<std::uint32_t>(t)); }
bool type_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kTypes, name, out); }
std::string_view command_name(std::uint16_t c) noexcept { return name_of(kCommands, c); }
bool command_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kCommands, name, out);
}
std::string_view time_quality_name(std::uint8_t quality) noexcept {
  return name_of(kTimeQualities, quality & 15U);
}
std::string_view data_error_name(std::uint16_t status) noexcept { return kDataErrors[status >> 14]; }
std::string_view time_error_name(std::uint16_t status) noexcept { return kTimeErrors[status >> 6 & 7]; }
std::string_view unlocked_name(std::uint16_t status) noexcept { return kUnlocked[status >> 4 & 3]; }
std::string_view trigger_name(std::uint16_t status) noexcept {
  return name_of(kTriggers, status & status::kReasonMask);
}

}  // namespace picket::c37118
