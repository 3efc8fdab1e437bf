// What the records of each protocol tell of its hosts, by records made by hand.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "export/assets/asset_list.h"
#include "export/assets/inventory.h"

namespace picket {
namespace {

using ::testing::AllOf;
using ::testing::Contains;
using ::testing::Each;
using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;
using ::testing::UnorderedElementsAre;
constexpr std::uint64_t kSecond = 1'000'000'000;
constexpr std::uint8_t kBoth = heard::kClient | heard::kServer;

std::string ip(std::uint8_t last) { return {10, 0, 0, static_cast<char>(last)}; }
std::string mac(std::uint8_t last) { return {0, 0x1b, 0x1b, 0, 0, static_cast<char>(last)}; }

/// An inventory that is told of host 1 asking host 2.
class Evidences : public ::testing::Test {
 protected:
  Evidences() : inventory({}) { next(); }

  /// The next record; of a protocol without IP between two MACs.
  void next(bool link = false) {
    e = {};
    e.set_timestamp(++time_s * kSecond);
    if (link) {
      e.mutable_ether()->set_src_mac(mac(1));
      e.mutable_ether()->set_dest_mac(std::string("\x01\x80\xc2\0\0\x0e", 6));
      return;
    }
    e.set_src_ip(ip(1));
    e.set_dest_ip(ip(2));
    e.set_src_port(40000);
    e.set_dest_port(99);
  }
  void see(std::string_view protocol, std::uint8_t sides = kBoth) {
    EventHeader h;
    h.type = RecordType::kTransaction;
    h.protocol = find_protocol(protocol);
    ASSERT_NE(h.protocol, kNoProtocol) << protocol;
    h.heard = sides;
    h.place.clock_ns = time_s * kSecond;
    if (sides == kBoth && e.has_enip()) e.mutable_enip()->mutable_request()->set_command("list identity");
    const std::string bytes = e.SerializeAsString();
    inventory.see(h, as_bytes(bytes), {});
  }
  void see_link(std::string_view protocol, std::uint8_t sides = heard::kClient) {
    see(protocol, sides);
    next(true);
  }
  v1::Asset host(std::uint8_t last) {
    for (const v1::Event& x : inventory.all()) {
      if (x.asset().address() == ip(last)) return x.asset();
    }
    ADD_FAILURE() << "10.0.0." << int{last} << " is no asset";
    return {};
  }
  std::vector<v1::Asset> all() {
    std::vector<v1::Asset> out;
    for (const v1::Event& x : inventory.all()) out.push_back(x.asset());
    return out;
  }

  Inventory inventory;
  v1::Event e;
  std::uint64_t time_s = 100;
};

std::uint32_t sure_of(const v1::Asset& a, std::string_view kind, std::string_view text) {
  for (const v1::AssetEvidence& x : a.evidence()) {
    if (x.kind() == kind && x.text() == text) return x.confidence();
  }
  return 0;
}

// DNS

TEST_F(Evidences, DnsReversedNamesOfIpv6) {
  const std::string six("\xfd\x77\0\0\0\0\0\0\0\0\0\0\0\0\0\x1a", 16);
  e.set_src_ip(six);
  e.mutable_dns();
  see("dns", heard::kClient);
  for (const char* name :
       {"a.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa",
        "x.1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa", "a.1.ip6.arpa"}) {
    next();
    auto& a = *e.mutable_dns()->add_answers();
    a.set_rrname(name);
    a.set_rrtype("PTR");
    a.set_rdata(std::string("n-") + name[0] + std::string(name).substr(2, 3));
    see("dns", heard::kServer);
  }
  for (const v1::Asset& a : all()) {
    if (a.address() == six) {
      EXPECT_THAT(a.names(), ElementsAre("n-a1.0"));
      return;
    }
  }
  ADD_FAILURE() << "it was heard";
}

// CIP

void fill_identity(v1::EnipIdentity& i) {
  i.set_vendor_id("Maker");
  i.set_vendor_number(1);
  i.set_device_type_number(14);
  i.set_product_name("P-100/A");
  i.set_revision("20.11");
  i.set_serial(0x00c0ffee);
}

TEST_F(Evidences, CipIdentity) {
  fill_identity(*e.mutable_enip()->mutable_response()->mutable_identity());
  see("enip");
  const v1::Asset plc = host(2);
  EXPECT_EQ(plc.vendor(), "Maker");
  EXPECT_EQ(plc.model(), "P-100/A");
  EXPECT_EQ(plc.firmware(), "20.11");
  EXPECT_EQ(plc.serial(), "00c0ffee");
  EXPECT_THAT(plc.roles(), ElementsAre("PLC"));
  EXPECT_EQ(plc.confidence(), confidence::kIdentified);
  EXPECT_THAT(host(1).roles(), IsEmpty());
}

TEST_F(Evidences, CipIdentityOfAnAnswerToABroadcast) {
  fill_identity(*e.mutable_enip()->mutable_response()->mutable_identity());
  see("enip", heard::kClient);
  ASSERT_THAT(all(), SizeIs(1));
  EXPECT_EQ(host(1).model(), "P-100/A");
  EXPECT_THAT(host(1).server_of(), ElementsAre("enip/40000"));
  EXPECT_THAT(host(1).client_of(), IsEmpty());
}

TEST_F(Evidences, CipModuleBehindTheAdapter) {
  fill_identity(*e.mutable_enip()->mutable_response()->mutable_cip()->mutable_identity());
  see("enip");
  next();
  auto& cip = *e.mutable_enip()->mutable_response()->mutable_cip();
  fill_identity(*cip.mutable_identity());
  cip.mutable_identity()->set_product_name("CPU 5");
  cip.mutable_identity()->set_device_type_number(0x24);
  e.mutable_enip()->mutable_request()->mutable_cip()->mutable_unconnected_send()->set_route("1,0");
  see("enip");
  EXPECT_EQ(host(2).model(), "P-100/A") << "the device itself counts more, though it was asked before";
  EXPECT_THAT(host(2).stations(), ElementsAre("enip 1,0 CPU 5"));
}

TEST_F(Evidences, CipTagsStandInControllers) {
  e.mutable_enip()->mutable_request()->mutable_cip()->set_symbol("Level");
  e.mutable_enip()->mutable_response()->mutable_cip()->set_status_code(5);
  see("enip");
  EXPECT_THAT(host(2).roles(), IsEmpty()) << "refused";
  e.mutable_enip()->mutable_response()->mutable_cip()->set_service_code(0xcc);
  e.mutable_enip()->mutable_response()->mutable_cip()->set_status_code(0);
  see("enip");
  EXPECT_THAT(host(2).roles(), ElementsAre("PLC"));
}

TEST_F(Evidences, CipNamesAndUnknownMakers) {
  auto& net = *e.mutable_enip()->mutable_response()->mutable_cip()->mutable_tcpip();
  net.set_host_name("filler3");
  net.set_mac(mac(7));
  see("enip");
  e.mutable_enip()->mutable_response()->mutable_identity()->set_vendor_id("unknown-4711");
  see("enip");
  EXPECT_THAT(host(2).names(), ElementsAre("filler3"));
  EXPECT_EQ(host(2).mac(), "00:1b:1b:00:00:07");
  EXPECT_EQ(sure_of(host(2), "vendor", "unknown-4711"), confidence::kWeak);
}

// MMS

TEST_F(Evidences, MmsIdentifies) {
  auto& i = *e.mutable_mms()->mutable_response()->mutable_identity();
  i.set_vendor("Maker");
  i.set_model("Feeder relay 7");
  i.set_revision("3.10.2");
  see("mms");
  EXPECT_EQ(host(2).vendor(), "Maker");
  EXPECT_EQ(host(2).model(), "Feeder relay 7");
  EXPECT_EQ(host(2).firmware(), "3.10.2");
  EXPECT_THAT(host(2).roles(), ElementsAre("IED"));
  EXPECT_EQ(sure_of(host(2), "role", "IED"), confidence::kHint) << "others speak MMS, too";
  EXPECT_THAT(host(1).roles(), ElementsAre("SCADA"));
}

TEST_F(Evidences, MmsNamesSayWhatADeviceIsFor) {
  auto& names = *e.mutable_mms()->mutable_response()->mutable_names();
  for (const char* n : {"LLN0", "QA1PTOC1$ST$Op", "MMXU1", "XPUMP", "PDQX1", "ptoc1"})
    names.add_identifiers(n);
  see("mms");
  EXPECT_THAT(host(2).roles(), ElementsAre("IED", "relay"));
  EXPECT_EQ(sure_of(host(2), "role", "relay"), confidence::kStated);
}

// DICOM

TEST_F(Evidences, DicomAssociation) {
  auto& a = *e.mutable_dicom()->mutable_association();
  a.set_calling_ae("CT1");
  a.set_called_ae("ARCHIVE");
  a.set_result("rejected permanently");
  see("dicom");
  EXPECT_THAT(host(2).names(), IsEmpty()) << "anybody can ask for what is not there";
  a.set_result("accepted");
  a.mutable_requestor()->set_implementation_class("1.2.840.113619.6.5");
  a.mutable_requestor()->set_implementation_version("CT_99");
  a.mutable_acceptor()->set_implementation_class("1.2.276.0.7230010.3.0.3.6.7");
  see("dicom");
  EXPECT_THAT(host(1).names(), ElementsAre("CT1"));
  EXPECT_THAT(host(2).names(), ElementsAre("ARCHIVE"));
  EXPECT_THAT(host(1).software(), ElementsAre("CT_99"));
  EXPECT_EQ(host(1).vendor(), "GE");
  EXPECT_THAT(host(2).software(), ElementsAre("1.2.276.0.7230010.3.0.3.6.7"));
  EXPECT_EQ(host(2).vendor(), "") << "a toolkit's root";
}

void store(v1::Dicom& d) {
  d.mutable_request()->set_command_name("C-STORE-RQ");
  d.mutable_request()->set_sop_class_name("CT Image Storage");
  d.mutable_response()->set_command_name("C-STORE-RSP");
  auto& object = *d.mutable_request_data();
  object.set_manufacturer("Maker");
  object.set_model("Tomo 9000");
  object.set_serial("SN-31415");
  object.set_software("V7.1.2");
  object.set_station("CTROOM2");
}

TEST_F(Evidences, DicomStoredByTheDeviceThatMadeIt) {
  store(*e.mutable_dicom());
  see("dicom");
  const v1::Asset device = host(1);
  EXPECT_EQ(device.vendor(), "Maker");
  EXPECT_EQ(device.model(), "Tomo 9000");
  EXPECT_EQ(device.serial(), "SN-31415");
  EXPECT_EQ(device.firmware(), "V7.1.2");
  EXPECT_THAT(device.names(), ElementsAre("CTROOM2"));
  EXPECT_THAT(device.roles(), ElementsAre("imaging device"));
  EXPECT_THAT(host(2).roles(), ElementsAre("imaging archive"));
}

TEST_F(Evidences, DicomPassedOnByAnArchive) {
  store(*e.mutable_dicom());
  e.mutable_dicom()->mutable_request()->set_move_originator("VIEW1");
  see("dicom");
  EXPECT_EQ(host(1).model(), "") << "it did not make it";
  EXPECT_THAT(host(1).roles(), ElementsAre("imaging archive"));
  EXPECT_THAT(host(2).roles(), ElementsAre("imaging workstation"));
}

TEST_F(Evidences, DicomRolesByServiceAndOnlyWhenDone) {
  auto& d = *e.mutable_dicom();
  d.mutable_request()->set_command_name("C-FIND-RQ");
  d.mutable_request()->set_sop_class_name("Modality Worklist - FIND");
  d.mutable_response()->set_status(0xa900);
  for (int i = 0; i < 30; ++i) {  // reads without end make nobody a historian here
    e.mutable_ot()->set_class_("read");
    see("dicom");
  }
  EXPECT_THAT(host(1).roles(), IsEmpty());
  d.mutable_response()->set_status(0xff00);
  see("dicom");
  EXPECT_THAT(host(1).roles(), ElementsAre("imaging device"));
  EXPECT_THAT(host(2).roles(), ElementsAre("radiology information system"));
}

// HL7

TEST_F(Evidences, Hl7ApplicationsAndSoftware) {
  auto& q = *e.mutable_hl7()->mutable_request();
  q.set_type("ADT");
  q.set_trigger("A01");
  q.set_sending_application("ADT1^1.2.3^ISO");
  q.set_sending_facility("WARD");
  q.set_receiving_application("EHR");
  auto& s = *q.add_software();
  s.set_vendor("ACME Health");
  s.set_product("WardDesk");
  s.set_version("4.2");
  e.mutable_hl7()->mutable_response()->set_sending_application("EHR2");
  see("hl7");
  EXPECT_THAT(host(1).names(), ElementsAre("ADT1@WARD"));
  EXPECT_THAT(host(1).roles(), ElementsAre("patient administration"));
  EXPECT_THAT(host(1).software(), ElementsAre("WardDesk 4.2 (ACME Health)"));
  EXPECT_THAT(host(2).names(), ElementsAre("EHR2", "EHR")) << "itself first, then what is said of it";
  EXPECT_THAT(host(2).roles(), ElementsAre("clinical system"));
}

TEST_F(Evidences, Hl7DevicesBehindAGateway) {
  auto& q = *e.mutable_hl7()->mutable_request();
  q.set_type("ORU");
  q.set_trigger("R01");
  q.add_observations()->set_equipment("MON-12^ACME");
  see("hl7", heard::kClient);
  EXPECT_THAT(host(1).roles(), ElementsAre("medical device gateway", "results system"));
  EXPECT_THAT(host(1).stations(), ElementsAre("device MON-12"));
}

// SNMP

TEST_F(Evidences, SnmpSystem) {
  auto& s = *e.mutable_snmp();
  s.set_sender("server");
  s.set_pdu_type("response");
  s.set_in_answer_to("get_request");
  auto& y = *s.mutable_system();
  y.set_descr("Siemens, SIMATIC NET, SCALANCE X208, 6GK5 208-0BA10-2AA3, HW: 5, FW: V4.02, S/N 0815");
  y.set_vendor("Siemens");
  y.set_name("sw7");
  see("snmp");
  const v1::Asset agent = host(2);
  EXPECT_EQ(agent.vendor(), "Siemens");
  EXPECT_EQ(agent.model(), "6GK5 208-0BA10-2AA3");
  EXPECT_EQ(agent.hardware(), "5");
  EXPECT_EQ(agent.firmware(), "V4.02");
  EXPECT_EQ(agent.serial(), "0815");
  EXPECT_THAT(agent.names(), ElementsAre("sw7"));
  EXPECT_THAT(agent.software(), Contains(HasSubstr("SCALANCE X208")));
  EXPECT_THAT(host(1).names(), IsEmpty());
}

TEST_F(Evidences, SnmpRequestsAndInformsSayNothingOfTheirReceiver) {
  auto& s = *e.mutable_snmp();
  s.set_sender("client");
  s.set_pdu_type("set_request");
  s.mutable_system()->set_name("renamed");
  see("snmp", heard::kClient);
  EXPECT_THAT(host(1).names(), IsEmpty());
  EXPECT_THAT(host(1).roles(), ElementsAre("network management"));
  s.set_sender("server");
  s.set_pdu_type("response");
  s.set_in_answer_to("inform_request");
  see("snmp");
  EXPECT_THAT(host(2).names(), IsEmpty()) << "the echo of another's values";
  s.set_in_answer_to("set_request");
  see("snmp");
  EXPECT_THAT(host(2).names(), ElementsAre("renamed"));
}

TEST_F(Evidences, SnmpEntitiesTheFirstCountsMost) {
  for (const char* index : {"1", "1002"}) {
    auto& s = *e.mutable_snmp();
    s.set_sender("server");
    s.set_pdu_type("response");
    s.mutable_system()->set_serial(std::string("SN-") + index);
    s.add_variables()->set_name(std::string("entPhysicalSerialNum.") + index);
    see("snmp");
    next();
  }
  EXPECT_EQ(host(2).serial(), "SN-1") << "the module's came later";
  EXPECT_EQ(sure_of(host(2), "serial", "SN-1002"), confidence::kStated);
}

TEST_F(Evidences, SnmpRolesByObjects) {
  auto& s = *e.mutable_snmp();
  s.set_sender("server");
  s.set_pdu_type("response");
  auto& v = *s.add_variables();
  v.set_name("sysServices.0");
  v.set_syntax("INTEGER");
  v.set_integer(72);
  see("snmp");
  EXPECT_THAT(host(2).roles(), IsEmpty()) << "a host";
  v.set_integer(2);
  auto& none = *s.add_variables();
  none.set_name("upsIdentModel.0");
  none.set_syntax("noSuchObject");
  see("snmp");
  EXPECT_THAT(host(2).roles(), ElementsAre("switch"));
  none.set_syntax("OCTET STRING");
  see("snmp");
  EXPECT_THAT(host(2).roles(), ElementsAre("UPS", "switch"));
}

TEST_F(Evidences, SnmpEngine) {
  auto& s = *e.mutable_snmp();
  s.set_sender("client");
  s.set_pdu_type("get_request");
  auto& engine = *s.mutable_v3()->mutable_engine();
  engine.set_enterprise_name("Moxa");
  engine.set_mac(mac(9));
  see("snmp");
  EXPECT_EQ(host(2).vendor(), "") << "a request may name what it likes";
  s.set_sender("server");
  s.set_pdu_type("report");
  see("snmp");
  EXPECT_EQ(host(2).vendor(), "Moxa");
  EXPECT_EQ(host(2).mac(), "00:1b:1b:00:00:09");
  engine.set_enterprise_name("net-snmp");
  see("snmp");
  EXPECT_EQ(host(2).vendor(), "Moxa");
  EXPECT_THAT(host(2).software(), ElementsAre("net-snmp")) << "a toolkit makes no devices";
}

// OPC UA

TEST_F(Evidences, OpcuaBuildInfoAndCertificates) {
  auto& o = *e.mutable_opcua();
  auto& i = *o.mutable_identity();
  i.set_manufacturer_name("Maker");
  i.set_product_name("Plant server");
  i.set_software_version("1.4");
  i.set_build_number("77");
  i.set_application_name("Plant");
  i.set_application_uri("urn:plc7:plant");
  o.mutable_response()->add_endpoints()->set_endpoint_url("opc.tcp://plc7:4840/plant");
  o.mutable_response()->add_endpoints()->set_endpoint_url("opc.tcp://10.0.0.2:4840/plant");
  auto& certificate = *o.mutable_response()->mutable_server_certificate();
  certificate.set_subject("C=DE, O=Maker, CN=Plant certificate");
  for (const char* n : {"urn:plc7:plant", "plc7.example", "10.0.0.2"}) certificate.add_alt_names(n);
  o.mutable_request()->mutable_client()->add_application_name("Workstation");
  o.mutable_request()->mutable_client()->set_product_uri("Client 2");
  see("opcua");
  const v1::Asset server = host(2);
  EXPECT_EQ(server.vendor(), "Maker");
  EXPECT_EQ(server.model(), "Plant server");
  EXPECT_EQ(server.firmware(), "1.4");
  EXPECT_THAT(server.software(), ElementsAre("Plant server 1.4 build 77"));
  EXPECT_THAT(server.names(),
              UnorderedElementsAre("Plant", "plc7", "Plant certificate", "plc7.example", "urn:plc7:plant"));
  EXPECT_THAT(host(1).names(), ElementsAre("Workstation"));
  EXPECT_THAT(host(1).software(), ElementsAre("Client 2"));
  EXPECT_EQ(server.confidence(), confidence::kStated) << "of software, which need not be the device's";
}

TEST_F(Evidences, OpcuaServerThatCalls) {
  e.mutable_opcua()->set_initiator("server");
  e.mutable_opcua()->mutable_identity()->set_application_name("Plant");
  see("opcua");
  EXPECT_THAT(host(1).names(), ElementsAre("Plant"));
  EXPECT_THAT(host(1).server_of(), ElementsAre("opcua/40000"));
  EXPECT_THAT(host(2).client_of(), ElementsAre("opcua"));
}

// MQTT

TEST_F(Evidences, MqttClientsAndBroker) {
  auto& m = *e.mutable_mqtt();
  m.set_sender("client");
  m.mutable_connect()->set_client_id("pump7");
  m.mutable_connect()->mutable_flags()->set_clean_session(true);
  auto& user = *m.mutable_connect()->mutable_properties()->add_user();
  user.set_key("User-Agent");
  user.set_value("pumpd/3");
  see("mqtt");
  EXPECT_EQ(sure_of(host(1), "name", "pump7"), confidence::kHint) << "many make one up for each session";
  EXPECT_THAT(host(1).software(), ElementsAre("pumpd/3"));
  EXPECT_THAT(host(2).roles(), ElementsAre("MQTT broker"));
  m.mutable_connect()->mutable_flags()->set_clean_session(false);
  m.mutable_connect()->set_bridge(true);
  see("mqtt");
  EXPECT_EQ(sure_of(host(1), "name", "pump7"), confidence::kStated);
  EXPECT_THAT(host(1).roles(), ElementsAre("MQTT broker"));
  next();
  e.mutable_mqtt()->set_sender("broker");
  e.mutable_mqtt()->mutable_publish()->set_topic("$SYS/broker/version");
  e.mutable_mqtt()->mutable_publish()->set_message("mosquitto version 2.0.11");
  e.mutable_ot()->set_class_("write");
  see("mqtt", heard::kServer);
  EXPECT_THAT(host(2).software(), ElementsAre("mosquitto version 2.0.11"));
  EXPECT_THAT(host(1).roles(), Not(Contains("HMI"))) << "a publication is no command to a plant";
}

TEST_F(Evidences, SparkplugNodesAndHosts) {
  auto& m = *e.mutable_mqtt();
  m.set_sender("broker");
  auto& k = *m.mutable_publish()->mutable_sparkplug();
  k.set_message_type("NBIRTH");
  k.set_edge_node("Edge1");
  see("mqtt");
  EXPECT_THAT(host(1).names(), IsEmpty()) << "the broker passes on another's";
  m.set_sender("client");
  for (const auto& [name, text] :
       {std::pair{"Properties/Hardware Make", "Maker"}, std::pair{"Properties/FW", "9.1"}}) {
    auto& metric = *k.add_metrics();
    metric.set_name(name);
    metric.set_text(text);
  }
  see("mqtt");
  k.set_message_type("DDATA");
  k.set_device("Pump7");
  see("mqtt");
  EXPECT_THAT(host(1).names(), ElementsAre("Edge1"));
  EXPECT_THAT(host(1).roles(), ElementsAre("edge node"));
  EXPECT_THAT(host(1).stations(), ElementsAre("sparkplug Edge1/Pump7"));
  EXPECT_EQ(host(1).vendor(), "Maker");
  EXPECT_EQ(host(1).firmware(), "9.1");
  k.set_message_type("DCMD");
  see("mqtt");
  EXPECT_THAT(host(1).roles(), Contains("SCADA"));
}

// C37.118

TEST_F(Evidences, PmuAndConcentrator) {
  auto& c = *e.mutable_c37118();
  c.mutable_command()->set_type(4);
  auto& g = *c.mutable_response()->mutable_configuration();
  g.add_pmus()->set_station("Substation North");
  see("c37118");
  EXPECT_THAT(host(2).names(), ElementsAre("Substation North"));
  EXPECT_THAT(host(2).roles(), ElementsAre("PMU"));
  EXPECT_THAT(host(1).roles(), ElementsAre("PDC"));
  next();
  e.set_src_ip(ip(3));  // pushes, unasked
  auto& f = *e.mutable_c37118()->mutable_frame();
  for (const unsigned id : {7U, 8U}) {
    auto& m = *f.add_measurements();
    m.set_pmu(id);
    m.set_station("S" + std::to_string(id));
  }
  see("c37118", heard::kClient);
  EXPECT_THAT(host(3).roles(), ElementsAre("PDC"));
  EXPECT_THAT(host(3).stations(), ElementsAre("PMU 7 S7", "PMU 8 S8"));
  EXPECT_THAT(host(3).names(), IsEmpty());
  EXPECT_THAT(host(3).server_of(), ElementsAre("c37118/40000"));
  EXPECT_THAT(host(3).client_of(), IsEmpty());
}

// Without IP

TEST_F(Evidences, LldpWhatAStationSaysOfItself) {
  next(true);
  auto& l = *e.mutable_lldp();
  l.mutable_chassis()->set_subtype(7);
  l.mutable_chassis()->set_id("sw-hall3");
  l.set_system_name("sw1");
  l.set_system_description("Switch 8, FW: 2.1, Linux 5.10");
  l.add_enabled_capabilities("bridge");
  l.add_enabled_capabilities("router");
  l.add_management_addresses()->set_address("10.0.0.9");
  auto& med = *l.mutable_med();
  med.set_hardware_revision("B");
  med.set_serial_number("S1");
  med.set_manufacturer("Maker");
  med.set_model("M1");
  see_link("lldp");
  ASSERT_THAT(all(), SizeIs(1));
  const v1::Asset a = all()[0];
  EXPECT_EQ(a.mac(), "00:1b:1b:00:00:01");
  EXPECT_EQ(a.address(), ip(9));
  EXPECT_THAT(a.names(), ElementsAre("sw1", "sw-hall3"));
  EXPECT_THAT(a.roles(), UnorderedElementsAre("router", "switch"));
  EXPECT_EQ(a.firmware(), "2.1");
  EXPECT_EQ(a.hardware(), "B");
  EXPECT_EQ(a.serial(), "S1");
  EXPECT_EQ(a.vendor(), "Maker");
  EXPECT_EQ(a.model(), "M1");
  EXPECT_EQ(a.os(), "Linux");
  EXPECT_THAT(a.server_of(), ElementsAre("lldp"));
  EXPECT_THAT(asset_text(inventory.all()), HasSubstr("10.0.0.9?")) << "nobody heard it";
}

TEST_F(Evidences, ProfinetDevicesAndWhoNamesThem) {
  next(true);
  e.mutable_ether()->set_dest_mac(mac(2));
  auto& answer = *e.mutable_pnio()->mutable_response();
  answer.add_blocks()->set_station_name("drive-7");
  answer.add_blocks()->set_vendor("SINAMICS-G120");
  answer.add_blocks()->set_vendor_id(42);
  answer.add_blocks()->add_roles("IO device");
  answer.add_blocks()->set_ip(ip(20));
  e.mutable_pnio()->mutable_request()->set_service_name("identify");
  e.mutable_pnio()->mutable_request()->add_blocks()->set_station_name("who-asks-for-this");
  see("pnio");
  auto device = all().at(1);
  EXPECT_EQ(device.vendor(), "Siemens");
  EXPECT_EQ(device.model(), "SINAMICS-G120");
  EXPECT_EQ(device.address(), ip(20));
  EXPECT_THAT(device.names(), ElementsAre("drive-7")) << "not what was asked for";
  EXPECT_THAT(device.roles(), ElementsAre("IO device"));
  EXPECT_THAT(all().at(0).roles(), IsEmpty());

  e.clear_pnio();
  auto& set = *e.mutable_pnio()->mutable_request();
  set.set_service_name("set");
  set.add_blocks()->set_station_name("drive-8");
  e.mutable_pnio()->mutable_response()->add_blocks()->set_error(5);
  see("pnio");
  EXPECT_THAT(all().at(0).roles(), IsEmpty()) << "refused";
  e.mutable_pnio()->mutable_response()->mutable_blocks(0)->set_error(0);
  e.set_timestamp(++time_s * kSecond);
  see("pnio");
  EXPECT_THAT(all().at(0).roles(), ElementsAre("engineering station"));
  EXPECT_THAT(all().at(1).names(), ElementsAre("drive-8", "drive-7")) << "of equals the latest";

  e.clear_pnio();
  auto& hello = *e.mutable_pnio()->mutable_request();
  hello.set_service_name("hello");
  hello.add_blocks()->set_station_name("plc-1");
  hello.add_blocks()->add_roles("IO controller");
  hello.add_blocks()->set_vendor_id(65000);
  see("pnio", heard::kClient);
  EXPECT_THAT(all().at(0).names(), ElementsAre("plc-1"));
  EXPECT_THAT(all().at(0).roles(), ElementsAre("PLC", "engineering station"));
  EXPECT_EQ(sure_of(all().at(0), "vendor", "PROFINET vendor 65000"), confidence::kWeak);
}

TEST_F(Evidences, GooseAndSampledValues) {
  next(true);
  e.mutable_goose()->set_gocb_ref("IED1PROT/LLN0$GO$trip");
  e.mutable_ot()->set_class_("read");
  for (int i = 0; i < 30; ++i) see("goose", heard::kClient);
  next(true);
  e.mutable_ether()->set_src_mac(mac(2));
  e.mutable_sv()->set_sv_id("MU01");
  see("sv", heard::kClient);
  ASSERT_THAT(all(), SizeIs(2)) << "groups are nobody";
  EXPECT_THAT(all()[0].names(), ElementsAre("IED1PROT"));
  EXPECT_THAT(all()[0].roles(), ElementsAre("IED")) << "who publishes reads nothing";
  EXPECT_THAT(all()[0].server_of(), ElementsAre("goose"));
  EXPECT_THAT(all()[0].client_of(), IsEmpty());
  EXPECT_THAT(all()[1].names(), ElementsAre("MU01"));
  EXPECT_THAT(all()[1].roles(), ElementsAre("merging unit"));
}

// What comes from the network may be anything

TEST_F(Evidences, OddTextsAreCleanedAndCut) {
  next(true);
  auto& l = *e.mutable_lldp();
  l.set_system_name(std::string("sw\0\x1b[31m\xff\xfe\n1", 12));
  l.set_system_description(std::string(5000, 'x'));
  l.mutable_med()->set_model(std::string("\x00\x01\x7f", 3));
  l.mutable_med()->set_serial_number("   ");
  l.mutable_chassis()->set_subtype(4);
  l.mutable_chassis()->set_id("000102");
  l.add_management_addresses()->set_address("127.0.0.1");
  l.add_management_addresses()->set_address("999.0.0.1");
  l.add_management_addresses()->set_address("224.0.0.1");
  for (int i = 0; i < 40; ++i) l.add_enabled_capabilities("bridge");
  see_link("lldp");
  const v1::Asset a = all().at(0);
  ASSERT_THAT(a.names(), SizeIs(1));
  EXPECT_THAT(a.names(0), AllOf(HasSubstr("sw"), Not(HasSubstr("\x1b")), Not(HasSubstr("\n"))));
  EXPECT_EQ(a.software(0).size(), AssetTable::kMaxText);
  EXPECT_EQ(a.serial(), "");
  EXPECT_EQ(sure_of(a, "mac", "000102"), 0U);
  EXPECT_EQ(a.address(), "") << "of this machine, no address, of a group";
  for (const char c : asset_text(inventory.all())) EXPECT_TRUE(c == '\n' || (c >= 0x20 && c != 0x7f));
}

TEST_F(Evidences, SendersOfRandomNamesAreBounded) {
  for (unsigned i = 0; i < 200; ++i) {
    next();
    e.mutable_mqtt()->set_sender("client");
    e.mutable_mqtt()->mutable_connect()->set_client_id("auto-" + std::to_string(i));
    see("mqtt");
  }
  EXPECT_EQ(static_cast<std::size_t>(host(1).names_size()), asset_kind(AssetKind::kName).most);
  EXPECT_GT(host(1).left_out(), 0U);
}

TEST_F(Evidences, TwoSourcesOfOneAttributeStandSideBySide) {
  e.mutable_opcua()->mutable_identity()->set_product_name("UA server");
  see("opcua");
  fill_identity(*e.mutable_enip()->mutable_response()->mutable_identity());
  see("enip");
  e.mutable_opcua()->mutable_identity()->set_product_name("UA server 2");
  see("opcua");
  EXPECT_EQ(host(2).model(), "P-100/A") << "the surest, though others are later";
  EXPECT_NE(sure_of(host(2), "model", "UA server"), 0U);
  EXPECT_NE(sure_of(host(2), "model", "UA server 2"), 0U);
  next();
  fill_identity(*e.mutable_enip()->mutable_response()->mutable_identity());
  e.mutable_enip()->mutable_response()->mutable_identity()->set_revision("21.01");
  see("enip");
  EXPECT_EQ(host(2).firmware(), "21.01") << "of equals the latest";
}

/// Whatever is cut off: nothing is read behind the end.
TEST_F(Evidences, BrokenRecords) {
  fill_identity(*e.mutable_enip()->mutable_response()->mutable_identity());
  e.mutable_enip()->mutable_request()->mutable_cip()->set_symbol("x");
  auto& answer = *e.mutable_pnio()->mutable_response();
  answer.add_blocks()->set_ip(ip(20));
  e.mutable_c37118()->mutable_frame()->add_measurements()->set_station("x");
  e.mutable_snmp()->mutable_v3()->mutable_engine()->set_mac("123");
  const std::string whole = e.SerializeAsString();
  for (const char* protocol : {"enip", "pnio", "c37118", "snmp", "dicom", "lldp"}) {
    for (std::size_t n = 0; n < whole.size(); ++n) {
      EventHeader h;
      h.type = RecordType::kTransaction;
      h.protocol = find_protocol(protocol);
      h.heard = kBoth;
      h.place.clock_ns = kSecond;
      inventory.see(h, as_bytes(whole).first(n), {});
    }
  }
  EXPECT_THAT(all(), Each(::testing::Property(&v1::Asset::left_out, 0U)));
}

TEST_F(Evidences, OutliveARestart) {
  fill_identity(*e.mutable_enip()->mutable_response()->mutable_identity());
  see("enip");
  next(true);
  e.mutable_lldp()->set_system_name("sw1");
  e.mutable_lldp()->add_management_addresses()->set_address("10.0.0.9");
  see_link("lldp");
  e.mutable_ether()->set_src_mac(mac(2));
  e.mutable_goose()->set_gocb_ref("IED1/LLN0$GO$g");
  see("goose", heard::kClient);
  const v1::AssetState kept = inventory.save();
  Inventory after({});
  after.restore(kept);
  EXPECT_EQ(after.save().SerializeAsString(), kept.SerializeAsString());
  EXPECT_EQ(asset_text(after.all()), asset_text(inventory.all()));
}

}  // namespace
}  // namespace picket
