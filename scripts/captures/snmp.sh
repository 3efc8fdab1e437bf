#!/usr/bin/env bash
# SNMP: net-snmp's agent, tools and trap receiver.
# Packages: snmpd snmp snmptrapd tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=snmp

agent() {
  printf 'agentaddress %s\nrocommunity public\nrwcommunity private\nsysDescr Pump controller\nsysObjectID 1.3.6.1.4.1.8072.3.2.10\ncreateUser operator SHA authpass1 AES privpass1\nrwuser operator\ncreateUser reader MD5 authpass2\nrouser reader auth\n' \
    "$1" >"$tmp/snmpd.conf"
  mkdir -p "$tmp/snmp"
  srv_bg env SNMP_PERSISTENT_DIR="$tmp/snmp" snmpd -f -Lo -C -c "$tmp/snmpd.conf" -I -smux
  agent_pid=$!
}
agent_ends() { kill $agent_pid 2>/dev/null || true; wait $agent_pid 2>/dev/null || true; }
tool() { cli env MIBS= "$@" >>"$tmp/client.log" 2>&1 || true; }
ends() { echo "net-snmp $(version snmpd) ($server_ip:$1) and its tools ($client_ip)"; }

case_walks() {
  agent "udp:$server_ip:161"
  wait_port 161 -u
  record udp port 161
  tool snmpwalk -v1 -c public -r 0 $server_ip 1.3.6.1.2.1.1
  tool snmpbulkwalk -v2c -c public -r 0 -Cr20 $server_ip 1.3.6.1.2.1.2
  tool snmpget -v2c -c public -r 0 $server_ip 1.3.6.1.2.1.1.5.0 1.3.6.1.2.1.1.99.0 1.3.6.1.2.1.1.1.7
  tool snmpget -v1 -c public -r 0 $server_ip 1.3.6.1.2.1.1.99.0
  finish 'walks of the system group and of the interfaces' "$(ends 161)" <<'TEXT'
Version 1 get-next over the system group, 2c get-bulk over the interfaces, objects and instances that are not there (noSuchObject, noSuchInstance; noSuchName in 1).
TEXT
  agent_ends
}

case_sets() {
  agent "udp:$server_ip:161"
  wait_port 161 -u
  record udp port 161
  tool snmpset -v2c -c private -r 0 $server_ip 1.3.6.1.2.1.1.5.0 s pump7 1.3.6.1.2.1.1.6.0 s 'Hall 4'
  tool snmpset -v2c -c public -r 0 $server_ip 1.3.6.1.2.1.1.5.0 s stolen
  tool snmpset -v2c -c private -r 0 $server_ip 1.3.6.1.2.1.1.5.0 i 7
  tool snmpset -v2c -c private -r 0 $server_ip 1.3.6.1.2.1.2.2.1.7.1 i 2
  tool snmpset -v1 -c private -r 0 $server_ip 1.3.6.1.2.1.1.3.0 t 7
  finish 'sets, done and refused' "$(ends 161)" <<'TEXT'
Name and location are set; with a community that may only read (noAccess), with a wrong type (wrongType), an interface switched off (refused), and
an object that cannot be written, in version 1.
TEXT
  agent_ends
}

case_version3() {
  agent "udp:$server_ip:161"
  wait_port 161 -u
  record udp port 161
  tool snmpget -v3 -l authPriv -u operator -a SHA -A authpass1 -x AES -X privpass1 -r 0 -t 2 $server_ip 1.3.6.1.2.1.1.5.0
  tool snmpget -v3 -l authNoPriv -u reader -a MD5 -A authpass2 -r 0 -t 2 $server_ip 1.3.6.1.2.1.1.5.0
  tool snmpget -v3 -l authNoPriv -u reader -a MD5 -A wrongpass9 -r 0 -t 2 $server_ip 1.3.6.1.2.1.1.5.0
  tool snmpget -v3 -l noAuthNoPriv -u nobody -r 0 -t 2 $server_ip 1.3.6.1.2.1.1.5.0
  tool snmpget -v3 -l authPriv -u reader -a MD5 -A authpass2 -x AES -X privpass1 -r 0 -t 2 $server_ip 1.3.6.1.2.1.1.5.0
  finish 'version 3: encrypted, authenticated, refused' "$(ends 161)" <<'TEXT'
After the discovery of the engine a get that is encrypted, one that is only authenticated, a wrong password (usmStatsWrongDigests), an unknown user
(usmStatsUnknownUserNames) and a level that the user has not (usmStatsUnsupportedSecLevels).
TEXT
  agent_ends
}

case_traps() {
  mkdir -p "$tmp/snmp"
  printf 'snmpTrapdAddr udp:%s:162\ndisableAuthorization yes\n' $server_ip >"$tmp/snmptrapd.conf"
  srv_bg env MIBS= SNMP_PERSISTENT_DIR="$tmp/snmp" snmptrapd -f -Lo -C -c "$tmp/snmptrapd.conf"
  wait_port 162 -u
  record udp port 162
  tool snmptrap -v1 -c public $server_ip 1.3.6.1.4.1.8072.3.2.10 10.77.0.2 2 0 4711 1.3.6.1.2.1.2.2.1.1.3 i 3
  tool snmptrap -v1 -c public $server_ip 1.3.6.1.4.1.8072.3.2.10 10.77.0.2 6 17 4712
  tool snmptrap -v2c -c public $server_ip 4713 1.3.6.1.6.3.1.1.5.1
  tool snmptrap -v2c -c public $server_ip 4714 1.3.6.1.6.3.1.1.5.5
  tool snmpinform -v2c -c public -r 0 -t 2 $server_ip 4715 1.3.6.1.6.3.1.1.5.4 1.3.6.1.2.1.2.2.1.1.3 i 3
  finish 'traps of both kinds, and an inform' "net-snmp $(version snmptrapd) ($server_ip:162) and its tools ($client_ip)" <<'TEXT'
Version 1: link down, and an enterprise's own (17); 2c: cold start, authentication failure; an inform: link up.
TEXT
}

case_tcp_odd_port() {
  agent "tcp:$server_ip:1161"
  wait_port 1161
  record tcp port 1161
  tool snmpbulkwalk -v2c -c public -r 0 "tcp:$server_ip:1161" 1.3.6.1.2.1.1
  finish 'over TCP, port 1161' "$(ends 1161)" <<'TEXT'
A bulk walk of the system group.
TEXT
  agent_ends
}

net_up
run_cases "$@"
