#!/usr/bin/env bash
# Other services, one short session each: SMTP, NTP, SNMP, MQTT, LDAP.
# Packages: swaks chrony ntpsec-ntpdate snmpd snmp mosquitto
#           mosquitto-clients slapd ldap-utils tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"

case_smtp() {
  protocol=smtp case_name=mail
  cat >"$tmp/smtp.py" <<'PY'
import asyncore, smtpd, sys
class Server(smtpd.SMTPServer):
    def process_message(self, peer, sender, recipients, data, **rest):
        return "552 too much" if len(data) > 20000 else None
Server((sys.argv[1], 25), None, decode_data=False)
asyncore.loop()
PY
  srv_bg "$python" -W ignore "$tmp/smtp.py" $server_ip
  wait_port 25
  printf 'pump;1\n' >"$tmp/report.csv"
  record tcp port 25
  cli swaks --silent 3 --ehlo pump7.lab.test --h-Message-Id '<1@lab.test>' --server $server_ip --from ops@lab.test --to chief@lab.test,second@lab.test --h-Subject 'Report of line 7' \
    --body 'All is well.' --attach "@$tmp/report.csv" >>"$tmp/client.log" 2>&1 || true
  cli swaks --silent 3 --ehlo pump7.lab.test --h-Message-Id '<1@lab.test>' --server $server_ip --from ops@lab.test --to chief@lab.test --quit-after RCPT >>"$tmp/client.log" 2>&1 || true
  finish 'a mail to two with an attachment, and one given up' "Python's smtpd ($(version python3)) ($server_ip:25) and swaks $(version swaks) ($client_ip)" <<'TEXT'
Two connections: EHLO, MAIL FROM ops@lab.test, RCPT TO chief@lab.test and second@lab.test, DATA with the subject `Report of line 7` and
report.csv in multipart/mixed, 250; then EHLO, MAIL, RCPT, QUIT.
TEXT
}

case_ntp() {
  protocol=ntp case_name=query
  printf 'local stratum 5\nallow all\nbindaddress %s\ncmdport 0\npidfile %s/chronyd.pid\ndriftfile %s/drift\nbindcmdaddress /\n' \
    $server_ip "$tmp" "$tmp" >"$tmp/chrony.conf"
  srv_bg chronyd -d -x -f "$tmp/chrony.conf" -u root
  wait_port 123 -u
  record udp port 123
  cli ntpdate -q $server_ip >>"$tmp/client.log" 2>&1 || true
  finish 'a client asks for the time' "chrony $(version chrony) ($server_ip:123) and ntpdate $(version ntpsec-ntpdate) ($client_ip)" <<'TEXT'
NTPv4: client requests and server answers of stratum 5.
TEXT
}

case_snmp() {
  protocol=snmp case_name=get
  printf 'agentaddress udp:%s:161\nrocommunity public\nrwcommunity private\nsysLocation Hall 3\nsysDescr Pump controller\nsysName pump7\nsysContact ops@lab.test\ncreateUser operator SHA authpass1 AES privpass1\nrouser operator\n' \
    $server_ip >"$tmp/snmpd.conf"
  mkdir -p "$tmp/snmp"
  srv_bg env SNMP_PERSISTENT_DIR="$tmp/snmp" snmpd -f -Lo -C -c "$tmp/snmpd.conf" -I -smux
  wait_port 161 -u
  record udp port 161
  cli snmpget -v1 -c public -r 0 -t 1 $server_ip 1.3.6.1.2.1.1.6.0 >>"$tmp/client.log" 2>&1 || true
  cli snmpbulkget -v2c -c public -r 0 -t 1 -Cr5 $server_ip 1.3.6.1.2.1.1 >>"$tmp/client.log" 2>&1 || true
  cli snmpset -v2c -c private -r 0 -t 1 $server_ip 1.3.6.1.2.1.1.6.0 s 'Hall 4' >>"$tmp/client.log" 2>&1 || true
  cli snmpget -v2c -c wrong -r 0 -t 1 $server_ip 1.3.6.1.2.1.1.6.0 >>"$tmp/client.log" 2>&1 || true
  cli snmpget -v3 -l authPriv -u operator -a SHA -A authpass1 -x AES -X privpass1 -r 0 -t 2 $server_ip 1.3.6.1.2.1.1.6.0 >>"$tmp/client.log" 2>&1 || true
  finish 'versions 1, 2c and 3' "net-snmp $(version snmpd) ($server_ip:161) and its tools ($client_ip)" <<'TEXT'
Version 1 get of sysLocation (Hall 3), 2c bulk get of the system group, 2c set of sysLocation with community private (an error, as the
value is fixed in the configuration), 2c get with a wrong community (no answer), version 3 get, authenticated and encrypted,
after the discovery of the engine.
TEXT
}

case_mqtt() {
  protocol=mqtt case_name=publish
  printf 'listener 1883 %s\nallow_anonymous true\nuser root\n' $server_ip >"$tmp/mosquitto.conf"
  srv_bg mosquitto -c "$tmp/mosquitto.conf"
  wait_port 1883
  record tcp port 1883
  cli_bg mosquitto_sub -h $server_ip -V mqttv5 -i reader -t 'hall3/#' -q 1 -C 3 -W 5
  sleep 0.3
  cli mosquitto_pub -h $server_ip -V mqttv311 -i pump7 -t hall3/pump7/temp -m 42.5 -q 0
  cli mosquitto_pub -h $server_ip -V mqttv311 -i pump7 -u pump -P secret -t hall3/pump7/temp -m 43.0 -q 1 --will-topic hall3/pump7/state --will-payload gone
  cli mosquitto_pub -h $server_ip -V mqttv5 -i pump8 -t hall3/pump8/temp -m 17 -q 2 -r
  finish 'one subscriber, three publishers' "mosquitto $(version mosquitto) ($server_ip:1883) and its clients ($client_ip)" <<'TEXT'
`reader` (MQTT 5) subscribes to hall3/#; pump7 (3.1.1) publishes 42.5 with QoS 0, then 43.0 with QoS 1, a user name and a will; pump8 (5)
publishes 17 with QoS 2, retained. The subscriber gets all three.
TEXT
}

case_ldap() {
  protocol=ldap case_name=search
  mkdir -p "$tmp/ldap"
  printf 'include /etc/ldap/schema/core.schema\nmodulepath /usr/lib/ldap\nmoduleload back_mdb\npidfile %s/slapd.pid\ndatabase mdb\nsuffix "dc=lab,dc=test"\nrootdn "cn=admin,dc=lab,dc=test"\nrootpw secret\ndirectory %s/ldap\n' \
    "$tmp" "$tmp" >"$tmp/slapd.conf"
  srv_bg slapd -d 0 -f "$tmp/slapd.conf" -h "ldap://$server_ip"
  wait_port 389
  record tcp port 389
  local as=(-x -H ldap://$server_ip -D cn=admin,dc=lab,dc=test -w secret)
  printf 'dn: dc=lab,dc=test\nobjectClass: dcObject\nobjectClass: organization\no: Lab\ndc: lab\n\ndn: cn=operator,dc=lab,dc=test\nobjectClass: person\ncn: operator\nsn: Seven\n' |
    cli ldapadd "${as[@]}" >>"$tmp/client.log" 2>&1 || true
  cli ldapsearch "${as[@]}" -b dc=lab,dc=test '(&(objectClass=person)(cn=op*))' cn sn >>"$tmp/client.log" 2>&1 || true
  cli ldapdelete "${as[@]}" cn=nobody,dc=lab,dc=test >>"$tmp/client.log" 2>&1 || true
  cli ldapwhoami -x -H ldap://$server_ip -D cn=admin,dc=lab,dc=test -w wrong >>"$tmp/client.log" 2>&1 || true
  finish 'bind, add, search, delete, a wrong password' "slapd $(version slapd) ($server_ip:389) and ldap-utils $(version ldap-utils) ($client_ip)" <<'TEXT'
Four connections: two entries added; a search `(&(objectClass=person)(cn=op*))` with one result; a delete of an entry that is not there
(noSuchObject, 32); a bind with a wrong password (invalidCredentials, 49).
TEXT
}

net_up
run_cases "$@"
