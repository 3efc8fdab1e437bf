// Names of RaSTA's numbers (DIN VDE V 0831-200; reasons: 5.4.6).
#include "parsers/core/names.h"
#include "parsers/rasta/rasta.h"

namespace picket::rasta {
namespace {

constexpr NumberName kTypes[] = {
    {6200, "connection request"},
    {6201, "connection response"},
    {6212, "retransmission request"},
    {6213, "retransmission response"},
    {6216, "disconnection request"},
    {6220, "heartbeat"},
    {6240, "data"},
    {6241, "retransmitted data"},
};

constexpr NumberName kReasons[] = {
    {0, "user request"},          {2, "unexpected type"},
    {3, "sequence error"},        {4, "time-out"},
    {5, "service not allowed"},   {6, "incompatible version"},
    {7, "retransmission failed"}, {8, "protocol error"},
};

constexpr std::string_view kStates[] = {"closed", "requested",   "accepted",
                                        "up",     "joined late", "disconnected"};
constexpr std::string_view kOptions[] = {"A", "B", "C", "D", "E", "B or C", "D or E"};

}  // namespace

std::string_view type_name(Type t) noexcept { return name_of(kTypes, static_cast<std::uint16_t>(t)); }
std::string_view state_name(State s) noexcept { return kStates[static_cast<std::size_t>(s)]; }
std::string_view reason_name(std::uint16_t r) noexcept { return name_of(kReasons, r); }
std::string_view option_name(CheckOption o) noexcept { return kOptions[static_cast<std::size_t>(o)]; }
bool type_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kTypes, name, out); }
bool reason_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kReasons, name, out);
}

}  // namespace picket::rasta
