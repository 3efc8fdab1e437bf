// parsers/snmp/snmp_names.cc — PDU types, error statuses, traps, syntaxes, and the objects that an engineer knows by name
#include <algorithm>

#include "parsers/core/names.h"
#include "parsers/snmp/snmp.h"

namespace picket::snmp {
namespace {

// Suricata's words.
constexpr NumberName kPdus[] = {
    {0, "get_request"}, {1, "get_next_request"}, {2, "response"},       {3, "set_request"},
    {4, "trap_v1"},     {5, "get_bulk_request"}, {6, "inform_request"}, {7, "trap_v2"},
    {8, "report"},      {0xfe, "encrypted"},
};
// RFC 3416 §3, the first six also RFC 1157.
constexpr NumberName kErrors[] = {
    {0, "noError"},
    {1, "tooBig"},
    {2, "noSuchName"},
    {3, "badValue"},
    {4, "readOnly"},
    {5, "genErr"},
    {6, "noAccess"},
    {7, "wrongType"},
    {8, "wrongLength"},
    {9, "wrongEncoding"},
    {10, "wrongValue"},
    {11, "noCreation"},
    {12, "inconsistentValue"},
    {13, "resourceUnavailable"},
    {14, "commitFailed"},
    {15, "undoFailed"},
    {16, "authorizationError"},
    {17, "notWritable"},
    {18, "inconsistentName"},
};
// RFC 1157 §4.1.6.
constexpr NumberName kTraps[] = {
    {0, "coldStart"},
    {1, "warmStart"},
    {2, "linkDown"},
    {3, "linkUp"},
    {4, "authenticationFailure"},
    {5, "egpNeighborLoss"},
    {6, "enterpriseSpecific"},
};
constexpr NumberName kSyntaxes[] = {
    {kIntegerValue, "INTEGER"},
    {kOctetString, "OCTET STRING"},
    {kNull, "NULL"},
    {kOid, "OBJECT IDENTIFIER"},
    {kIpAddress, "IpAddress"},
    {kCounter32, "Counter32"},
    {kGauge32, "Gauge32"},
    {kTimeTicks, "TimeTicks"},
    {kOpaque, "Opaque"},
    {kCounter64, "Counter64"},
    {kUnsigned32, "Unsigned32"},
    {kNoSuchObject, "noSuchObject"},
    {kNoSuchInstance, "noSuchInstance"},
    {kEndOfMibView, "endOfMibView"},
};
constexpr NumberName kModels[] = {{0, "any"}, {1, "SNMPv1"}, {2, "SNMPv2c"}, {3, "USM"}, {4, "TSM"}};
constexpr NumberName kFormats[] = {{1, "IPv4"}, {2, "IPv6"}, {3, "MAC address"}, {4, "text"}, {5, "octets"}};
/// IANA's private enterprise numbers of what stands in plants, hospitals and cabinets.
struct Enterprise {
  std::uint32_t number;
  std::string_view name;
};
constexpr Enterprise kEnterprises[] = {
    {2, "IBM"},
    {9, "Cisco"},
    {11, "Hewlett-Packard"},
    {43, "3Com"},
    {63, "Apple"},
    {94, "Nokia"},
    {232, "Compaq"},
    {248, "Hirschmann"},
    {253, "Xerox"},
    {311, "Microsoft"},
    {318, "APC"},
    {343, "Intel"},
    {476, "Liebert"},
    {534, "Eaton"},
    {641, "Lexmark"},
    {674, "Dell"},
    {1588, "Brocade"},
    {1916, "Extreme Networks"},
    {1991, "Foundry"},
    {2021, "UCD-SNMP"},
    {2435, "Brother"},
    {2620, "Check Point"},
    {2636, "Juniper"},
    {3224, "Juniper NetScreen"},
    {3309, "ABB"},
    {3704, "Netgear"},
    {3808, "CyberPower"},
    {3833, "Schneider Electric"},
    {4196, "Siemens"},
    {4329, "Siemens"},
    {4346, "Phoenix Contact"},
    {4413, "Broadcom"},
    {4526, "Netgear"},
    {5528, "NetBotz"},
    {6574, "Synology"},
    {6876, "VMware"},
    {8072, "net-snmp"},
    {8691, "Moxa"},
    {12356, "Fortinet"},
    {13576, "WAGO"},
    {14988, "MikroTik"},
    {15004, "RuggedCom"},
    {21317, "ATEN"},
    {24681, "QNAP"},
    {25461, "Palo Alto Networks"},
    {41112, "Ubiquiti"},
};

// SNMPv2-MIB, IF-MIB, IP-MIB, ENTITY-MIB, HOST-RESOURCES-MIB, SNMP-USER-BASED-SM-MIB, UPS-MIB, Printer-MIB, LLDP-MIB.
constexpr ObjectName kObjects[] = {
    {"1.0.8802.1.1.2.1.3.3", "lldpLocSysName"},
    {"1.0.8802.1.1.2.1.4.1.1.9", "lldpRemSysName"},
    {"1.3.6.1.2.1.1.1", "sysDescr"},
    {"1.3.6.1.2.1.1.2", "sysObjectID"},
    {"1.3.6.1.2.1.1.3", "sysUpTime"},
    {"1.3.6.1.2.1.1.4", "sysContact"},
    {"1.3.6.1.2.1.1.5", "sysName"},
    {"1.3.6.1.2.1.1.6", "sysLocation"},
    {"1.3.6.1.2.1.1.7", "sysServices"},
    {"1.3.6.1.2.1.1.8", "sysORLastChange"},
    {"1.3.6.1.2.1.1.9.1.2", "sysORID"},
    {"1.3.6.1.2.1.1.9.1.3", "sysORDescr"},
    {"1.3.6.1.2.1.1.9.1.4", "sysORUpTime"},
    {"1.3.6.1.2.1.2.1", "ifNumber"},
    {"1.3.6.1.2.1.2.2.1.1", "ifIndex"},
    {"1.3.6.1.2.1.2.2.1.10", "ifInOctets"},
    {"1.3.6.1.2.1.2.2.1.11", "ifInUcastPkts"},
    {"1.3.6.1.2.1.2.2.1.13", "ifInDiscards"},
    {"1.3.6.1.2.1.2.2.1.14", "ifInErrors"},
    {"1.3.6.1.2.1.2.2.1.16", "ifOutOctets"},
    {"1.3.6.1.2.1.2.2.1.17", "ifOutUcastPkts"},
    {"1.3.6.1.2.1.2.2.1.19", "ifOutDiscards"},
    {"1.3.6.1.2.1.2.2.1.2", "ifDescr"},
    {"1.3.6.1.2.1.2.2.1.20", "ifOutErrors"},
    {"1.3.6.1.2.1.2.2.1.3", "ifType"},
    {"1.3.6.1.2.1.2.2.1.4", "ifMtu"},
    {"1.3.6.1.2.1.2.2.1.5", "ifSpeed"},
    {"1.3.6.1.2.1.2.2.1.6", "ifPhysAddress"},
    {"1.3.6.1.2.1.2.2.1.7", "ifAdminStatus"},
    {"1.3.6.1.2.1.2.2.1.8", "ifOperStatus"},
    {"1.3.6.1.2.1.2.2.1.9", "ifLastChange"},
    {"1.3.6.1.2.1.25.1.1", "hrSystemUptime"},
    {"1.3.6.1.2.1.25.2.3.1.3", "hrStorageDescr"},
    {"1.3.6.1.2.1.25.3.2.1.3", "hrDeviceDescr"},
    {"1.3.6.1.2.1.25.4.2.1.2", "hrSWRunName"},
    {"1.3.6.1.2.1.25.6.3.1.2", "hrSWInstalledName"},
    {"1.3.6.1.2.1.31.1.1.1.1", "ifName"},
    {"1.3.6.1.2.1.31.1.1.1.10", "ifHCOutOctets"},
    {"1.3.6.1.2.1.31.1.1.1.15", "ifHighSpeed"},
    {"1.3.6.1.2.1.31.1.1.1.18", "ifAlias"},
    {"1.3.6.1.2.1.31.1.1.1.6", "ifHCInOctets"},
    {"1.3.6.1.2.1.33.1.1.1", "upsIdentManufacturer"},
    {"1.3.6.1.2.1.33.1.1.2", "upsIdentModel"},
    {"1.3.6.1.2.1.33.1.1.3", "upsIdentUPSSoftwareVersion"},
    {"1.3.6.1.2.1.33.1.2.1", "upsBatteryStatus"},
    {"1.3.6.1.2.1.33.1.8.2", "upsShutdownAfterDelay"},
    {"1.3.6.1.2.1.33.1.8.4", "upsRebootWithDuration"},
    {"1.3.6.1.2.1.4.1", "ipForwarding"},
    {"1.3.6.1.2.1.4.20.1.1", "ipAdEntAddr"},
    {"1.3.6.1.2.1.4.21.1.1", "ipRouteDest"},
    {"1.3.6.1.2.1.4.22.1.2", "ipNetToMediaPhysAddress"},
    {"1.3.6.1.2.1.43.5.1.1.16", "prtGeneralPrinterName"},
    {"1.3.6.1.2.1.43.5.1.1.17", "prtGeneralSerialNumber"},
    {"1.3.6.1.2.1.47.1.1.1.1.10", "entPhysicalSoftwareRev"},
    {"1.3.6.1.2.1.47.1.1.1.1.11", "entPhysicalSerialNum"},
    {"1.3.6.1.2.1.47.1.1.1.1.12", "entPhysicalMfgName"},
    {"1.3.6.1.2.1.47.1.1.1.1.13", "entPhysicalModelName"},
    {"1.3.6.1.2.1.47.1.1.1.1.2", "entPhysicalDescr"},
    {"1.3.6.1.2.1.47.1.1.1.1.7", "entPhysicalName"},
    {"1.3.6.1.2.1.47.1.1.1.1.8", "entPhysicalHardwareRev"},
    {"1.3.6.1.2.1.47.1.1.1.1.9", "entPhysicalFirmwareRev"},
    {"1.3.6.1.2.1.6.13.1.1", "tcpConnState"},
    {"1.3.6.1.6.3.1.1.4.1", "snmpTrapOID"},
    {"1.3.6.1.6.3.1.1.4.3", "snmpTrapEnterprise"},
    {"1.3.6.1.6.3.1.1.5.1", "coldStart"},
    {"1.3.6.1.6.3.1.1.5.2", "warmStart"},
    {"1.3.6.1.6.3.1.1.5.3", "linkDown"},
    {"1.3.6.1.6.3.1.1.5.4", "linkUp"},
    {"1.3.6.1.6.3.1.1.5.5", "authenticationFailure"},
    {"1.3.6.1.6.3.10.2.1.1", "snmpEngineID"},
    {"1.3.6.1.6.3.11.2.1.1", "snmpUnknownSecurityModels"},
    {"1.3.6.1.6.3.11.2.1.2", "snmpInvalidMsgs"},
    {"1.3.6.1.6.3.11.2.1.3", "snmpUnknownPDUHandlers"},
    {"1.3.6.1.6.3.15.1.1.1", "usmStatsUnsupportedSecLevels"},
    {"1.3.6.1.6.3.15.1.1.2", "usmStatsNotInTimeWindows"},
    {"1.3.6.1.6.3.15.1.1.3", "usmStatsUnknownUserNames"},
    {"1.3.6.1.6.3.15.1.1.4", "usmStatsUnknownEngineIDs"},
    {"1.3.6.1.6.3.15.1.1.5", "usmStatsWrongDigests"},
    {"1.3.6.1.6.3.15.1.1.6", "usmStatsDecryptionErrors"},
};

/// `dotted` stands below `o`, or is it.
constexpr bool is_below(std::string_view dotted, const ObjectName& o) noexcept {
  return dotted.starts_with(o.oid) && (dotted.size() == o.oid.size() || dotted[o.oid.size()] == '.');
}
/// In the order of their text, and none below another: then only the last one that is not behind a name can be what it
/// begins with.
static_assert(std::ranges::adjacent_find(kObjects, [](const ObjectName& a, const ObjectName& b) {
                return a.oid >= b.oid || is_below(b.oid, a);
              }) == std::end(kObjects));

constexpr std::uint32_t small(std::int64_t v) noexcept {
  return v < 0 || v > 0xffff ? 0xffffffff : static_cast<std::uint32_t>(v);
}

}  // namespace

const ObjectName* object_name(std::string_view dotted, std::string_view& rest) noexcept {
  const ObjectName* o = std::ranges::upper_bound(kObjects, dotted, {}, &ObjectName::oid);
  if (o == kObjects || !is_below(dotted, *--o)) return nullptr;
  rest = dotted.substr(std::min(dotted.size(), o->oid.size() + 1));
  return o;
}

std::string_view pdu_name(Pdu p) noexcept { return name_of(kPdus, static_cast<std::uint32_t>(p)); }
std::string_view version_name(std::uint8_t v) noexcept {
  return v == 1 ? "v1" : v == 2 ? "v2c" : v == 3 ? "v3" : "";
}
std::string_view error_name(std::int64_t status) noexcept { return name_of(kErrors, small(status)); }
std::string_view trap_name(std::int64_t generic) noexcept { return name_of(kTraps, small(generic)); }
std::string_view syntax_name(std::uint16_t s) noexcept { return name_of(kSyntaxes, s); }
bool syntax_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kSyntaxes, name, out);
}
std::string_view security_model_name(std::int64_t m) noexcept { return name_of(kModels, small(m)); }
std::string_view engine_format_name(std::uint8_t f) noexcept {
  return f >= 128 ? "of the enterprise" : name_of(kFormats, f);
}
std::string_view enterprise_name(std::uint32_t number) noexcept { return name_of(kEnterprises, number); }

bool pdu_by_name(std::string_view name, std::uint64_t& out) noexcept { return number_of(kPdus, name, out); }
bool error_by_name(std::string_view name, std::uint64_t& out) noexcept {
  return number_of(kErrors, name, out);
}

}  // namespace picket::snmp
