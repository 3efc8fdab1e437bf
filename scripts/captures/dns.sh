#!/usr/bin/env bash
# DNS: BIND as server, dig and nsupdate as clients; hand-made queries where no client makes them.
# Packages: bind9 bind9-dnsutils bind9-utils tcpdump tshark ethtool iproute2 python3
. "$(dirname "$0")/harness.sh"
protocol=dns

zones() {
  cd "$tmp"
  dnssec-keygen -q -K . -a ECDSAP256SHA256 -f KSK lab.test >/dev/null
  dnssec-keygen -q -K . -a ECDSAP256SHA256 lab.test >/dev/null
  dnssec-keygen -q -K . -a RSASHA256 -b 2048 -f KSK hashed.test >/dev/null
  dnssec-keygen -q -K . -a RSASHA256 -b 2048 hashed.test >/dev/null
  tsig-keygen -a hmac-sha256 update-key >tsig.key
  cat >lab.zone <<'ZONE'
$TTL 3600
@        SOA   ns1 hostmaster 2024010101 7200 900 1209600 300
@        NS    ns1
@        NS    ns2
@        MX    10 mail
@        MX    20 mail.backup
@        TXT   "v=spf1 mx -all"
@        CAA   0 issue "ca.lab.test"
@        CAA   128 iodef "mailto:hostmaster@lab.test"
@        A     10.77.0.1
ns1      A     10.77.0.1
ns1      AAAA  fd77::1
ns2      A     10.77.0.2
mail     A     10.77.0.25
mail.backup A  10.77.0.26
www      A     10.77.0.1
www      AAAA  fd77::1
www      HTTPS 1 . alpn=h3,h2 port=8443 ipv4hint=10.77.0.1 ipv6hint=fd77::1
alias    CNAME www
chain    CNAME alias
_dns     SVCB  1 ns1 alpn=dot,h2 dohpath=/dns-query{?dns} mandatory=alpn
svc      HTTPS 0 www
_sip._tcp SRV  10 60 5060 pbx
_sip._tcp SRV  20 10 5060 pbx2
pbx      A     10.77.0.50
pbx2     A     10.77.0.51
pbx      NAPTR 100 50 "s" "SIP+D2U" "" _sip._udp
_443._tcp.www TLSA 3 1 1 d2abde240d7cd3ee6b4b28c54df034b97983a1d16e8a410e4561cb106618e971
host     SSHFP 4 2 123456789abcdef67890123456789abcdef67890123456789abcdef123456789
host     HINFO "x86-64" "Debian"
host     LOC   52 22 23.000 N 4 53 32.000 E -2.00m 0.00m 10000m 10m
host     RP    admin.lab.test. txt.lab.test.
host     A     10.77.0.7
key      OPENPGPKEY AQID
site     URI   10 1 "https://www.lab.test/path"
old      DNAME new.lab.test.
x.new    A     10.77.0.9
*.wild   A     10.77.0.99
txt      TXT   "first string" "second \"quoted\" string" "" "bytes \000\255 inside"
many     TXT   "key=value"
sub      NS    ns1.sub
sub      DS    12345 13 2 3490A6806D47F17A34C29E2CE80E8A999FFBE4BE3A0F1A1E6C9F3F8CBEFB2E7C
ns1.sub  A     10.77.0.1
xn--bcher-kva A 10.77.0.77
we\.ird  A     10.77.0.78
ZONE
  { for i in $(seq 40); do echo "big TXT \"record $i of a set too large for one datagram of 512 or even 1232 bytes\""; done
    l=$(printf 'a%.0s' $(seq 63))
    echo "$l.$l.$l A 10.77.0.63"; } >>lab.zone
  printf '$TTL 300\n@ SOA ns1.lab.test. hostmaster.lab.test. 1 7200 900 1209600 300\n@ NS ns1.lab.test.\n1 PTR ns1.lab.test.\n1 PTR www.lab.test.\n' >10.zone
  printf '$TTL 300\n@ SOA ns1.lab.test. hostmaster.lab.test. 1 7200 900 1209600 300\n@ NS ns1.lab.test.\n$ORIGIN 0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa.\n1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0 PTR www.lab.test.\n' >6.zone
  printf '$TTL 300\n@ SOA ns1.lab.test. hostmaster.lab.test. 1 7200 900 1209600 300\n@ NS ns1.lab.test.\nwww A 10.77.0.1\n' >hashed.zone
  printf '$TTL 300\n@ SOA ns1.lab.test. hostmaster.lab.test. 1 7200 900 1209600 300\n@ NS ns1.lab.test.\nstatic A 10.77.0.1\n' >dyn.zone
  echo 'this is no zone' >broken.zone
  dnssec-signzone -Q -S -K . -o lab.test -f lab.signed lab.zone >/dev/null 2>&1
  dnssec-signzone -Q -S -K . -3 AABBCCDD -H 5 -o hashed.test -f hashed.signed hashed.zone >/dev/null 2>&1
  cat >named.conf <<CONF
include "$tmp/tsig.key";
controls { };
options { directory "$tmp"; pid-file "$tmp/named.pid"; session-keyfile "$tmp/session.key";
  listen-on port 53 { any; }; listen-on port 5533 { any; }; listen-on-v6 { any; };
  recursion no; dnssec-validation no; allow-transfer { any; }; max-udp-size 1232; server-id "lab-1";
  minimal-responses no; notify no; empty-zones-enable no; };
zone "lab.test" { type primary; file "lab.signed"; check-names ignore; };
zone "0.77.10.in-addr.arpa" { type primary; file "10.zone"; };
zone "7.7.d.f.ip6.arpa" { type primary; file "6.zone"; };
zone "hashed.test" { type primary; file "hashed.signed"; };
zone "broken.test" { type primary; file "broken.zone"; };
zone "dyn.test" { type primary; file "dyn.zone"; ixfr-from-differences yes;
  notify explicit; also-notify { $client_ip; };
  allow-update { key update-key; }; };
CONF
  srv_bg named -g -c "$tmp/named.conf" -n 1
  wait_port 53
  wait_port 53 -u
  cd "$here"
}

ask() { cli dig @$server_ip +norec +nocookie +tries=1 +time=2 "$@" >>"$tmp/client.log" 2>&1 || true; }
ends() { echo "BIND $(version bind9) ($server_ip) and $1"; }
dig_ends() { ends "dig $(version bind9-dnsutils) ($client_ip)"; }
python_ends() { ends "a hand-made query from a Python socket ($client_ip)"; }

case_record_types() {
  record port 53
  while read -r name type; do ask +noedns "$name" "$type"; done <<'LIST'
www.lab.test A
www.lab.test AAAA
lab.test MX
lab.test TXT
lab.test SOA
lab.test NS
alias.lab.test CNAME
chain.lab.test A
_sip._tcp.lab.test SRV
lab.test CAA
www.lab.test HTTPS
svc.lab.test HTTPS
_dns.lab.test SVCB
pbx.lab.test NAPTR
1.0.77.10.in-addr.arpa PTR
1.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.7.7.d.f.ip6.arpa PTR
_443._tcp.www.lab.test TLSA
host.lab.test SSHFP
host.lab.test HINFO
host.lab.test LOC
host.lab.test RP
key.lab.test OPENPGPKEY
site.lab.test URI
x.old.lab.test A
txt.lab.test TXT
a.wild.lab.test A
host.lab.test TYPE65280
version.bind TXT
LIST
  ask +noedns version.bind TXT CH
  ask +noedns host.lab.test ANY
  finish 'record types over UDP, one query each' "$(dig_ends)" <<'TEXT'
30 transactions without EDNS, all answered by the name server of lab.test: A 10.77.0.1, AAAA fd77::1, MX, TXT, SOA, NS,
CNAME, a CNAME chain of two, SRV, CAA, HTTPS (service mode with alpn, port and hints; alias mode), SVCB with mandatory and
dohpath, NAPTR, PTR for IPv4 and IPv6, TLSA, SSHFP, HINFO, LOC, RP, OPENPGPKEY, URI, a DNAME with its made-up CNAME, a TXT
of four strings (one empty, one with bytes 0 and 255), a wildcard's A, an unknown TYPE65280 (no data). `version.bind`
is asked in class IN (REFUSED) and CHAOS (a TXT). ANY of host.lab.test comes last, over TCP.
TEXT
}

case_dnssec() {
  record port 53
  ask +dnssec lab.test DNSKEY
  ask +dnssec sub.lab.test DS
  ask +dnssec www.lab.test A
  ask +dnssec lab.test RRSIG
  ask +dnssec www.lab.test NSEC
  ask +dnssec nothere.lab.test A
  ask +dnssec www.lab.test LOC
  ask +dnssec +nocd +ad www.hashed.test A
  ask +dnssec hashed.test NSEC3PARAM
  ask +dnssec nothere.hashed.test A
  ask +dnssec +tcp hashed.test DNSKEY
  finish 'DNSSEC: keys, signatures and both kinds of denial' "$(dig_ends)" <<'TEXT'
11 transactions with the DO bit: DNSKEY (two ECDSA P-256 keys, RRSIG), DS of sub.lab.test, A with RRSIG, RRSIG, NSEC,
NXDOMAIN proved by NSEC, no data proved by NSEC; in hashed.test (RSA 2048) A with RRSIG, NSEC3PARAM (5 iterations, salt
AABBCCDD), NXDOMAIN proved by NSEC3; then DNSKEY of hashed.test over TCP.
TEXT
}

case_edns() {
  record port 53
  ask +noedns www.lab.test
  ask +bufsize=512 www.lab.test
  ask +bufsize=4096 +nsid www.lab.test
  cli dig @$server_ip +norec +cookie=0102030405060708 +tries=1 www.lab.test >>"$tmp/client.log"
  ask +subnet=192.0.2.0/24 www.lab.test
  ask +subnet=2001:db8::/56 www.lab.test
  ask +ednsopt=12:000000000000 www.lab.test
  ask +ednsopt=65001:cafe www.lab.test
  ask +ednsflags=0x0040 www.lab.test
  ask +edns=1 +noednsneg www.lab.test
  ask +tcp +keepalive www.lab.test
  ask +expire lab.test SOA
  finish 'EDNS(0): sizes, options, flags, and a version nobody speaks' "$(dig_ends)" <<'TEXT'
12 queries, A of www.lab.test but for the last: no OPT at all; buffer 512; buffer 4096 with NSID (answer lab-1); a client
cookie, returned with a server cookie; client subnets 192.0.2.0/24 and 2001:db8::/56; 6 bytes of padding; unknown option
65001; a reserved flag 0x0040; EDNS version 1, answered by extended code BADVERS (16) and no record; TCP keepalive, over TCP;
EXPIRE with an SOA query. Only the BADVERS one has no answer record.
TEXT
}

case_response_codes() {
  record port 53
  ask +noedns www.lab.test
  ask +noedns nothere.lab.test
  ask +noedns www.lab.test LOC
  ask +noedns www.example.com
  ask +noedns broken.test
  ask +noedns +opcode=1 www.lab.test
  ask +noedns +header-only www.lab.test
  ask +noedns sub.lab.test
  finish 'NOERROR, NXDOMAIN, no data, REFUSED, SERVFAIL, NOTIMP, FORMERR, a referral' "$(dig_ends)" <<'TEXT'
8 transactions: NOERROR with an answer; NXDOMAIN with SOA; NOERROR without data (LOC of www); REFUSED (www.example.com);
SERVFAIL (broken.test did not load); NOTIMP (opcode 1, IQUERY); FORMERR (a header without a question); a referral of
sub.lab.test to ns1.sub.lab.test with glue and no answer.
TEXT
}

case_tcp() {
  record tcp port 53
  cli dig @$server_ip +norec +nocookie +tcp +keepopen www.lab.test A www.lab.test AAAA lab.test MX nothere.lab.test A \
    >>"$tmp/client.log"
  ask +tcp www.lab.test
  cli "$python" "$here/dns_client.py" pipelined $server_ip
  cli "$python" "$here/dns_client.py" split $server_ip
  finish 'DNS over TCP: kept open, pipelined, cut in small segments' \
    "$(ends "dig $(version bind9-dnsutils) and a Python socket ($client_ip)")" <<'TEXT'
Four connections. 1: dig asks A, AAAA, MX and a name that is not there (NXDOMAIN), one after the other. 2: dig asks one
question. 3: five queries (ids 0x1000 to 0x1004) in one segment, five answers, the TXT answer over three segments. 4: query
0x2000 in pieces of 1 and 7 bytes, so that even the length field is cut; 0x2001 with the first 9 bytes of 0x2002; its rest.
TEXT
}

case_truncation() {
  record port 53
  ask +bufsize=512 big.lab.test TXT
  ask +ignore +noedns big.lab.test TXT
  finish 'an answer too large for UDP: truncated, asked again over TCP' "$(dig_ends)" <<'TEXT'
TXT of big.lab.test with a 512-byte buffer: an empty answer with TC set, then the same question over TCP, where 40 TXT
records come in three segments. Last a query without EDNS whose truncated answer (TC, 5 or so records) dig keeps.
TEXT
}

case_zone_transfer() {
  record port 53
  ask lab.test AXFR
  ask dyn.test IXFR=1
  ask nozone.test AXFR
  finish 'zone transfers: AXFR, IXFR, and one that is refused' "$(dig_ends)" <<'TEXT'
Three TCP connections: AXFR of the signed lab.test, one message of about 13 kB that begins and ends with the SOA; IXFR of
dyn.test from serial 1 by a client that is up to date, answered by one SOA; AXFR of nozone.test, answered NOTAUTH (9).
TEXT
}

case_update() {
  record port 53
  cli nsupdate -k "$tmp/tsig.key" >>"$tmp/client.log" 2>&1 <<UPDATE
server $server_ip
zone dyn.test
prereq nxdomain plc7.dyn.test
update add plc7.dyn.test 300 A 10.77.0.107
update add plc7.dyn.test 300 TXT "line 7"
send
prereq yxrrset plc7.dyn.test TXT
update delete plc7.dyn.test TXT
send
UPDATE
  cli nsupdate >>"$tmp/client.log" 2>&1 <<UPDATE || true
server $server_ip
zone dyn.test
update add rogue.dyn.test 300 A 10.77.0.66
send
UPDATE
  cli nsupdate -k "$tmp/tsig.key" >>"$tmp/client.log" 2>&1 <<UPDATE || true
server $server_ip
zone dyn.test
prereq nxdomain plc7.dyn.test
update add plc7.dyn.test 300 A 10.77.0.108
send
UPDATE
  ask +noedns plc7.dyn.test A
  finish 'dynamic updates: signed, refused, and with a failed prerequisite' \
    "$(ends "nsupdate and dig $(version bind9-dnsutils) ($client_ip)")" <<'TEXT'
Opcode 5. Two updates signed with TSIG (hmac-sha256): adds A and TXT of plc7.dyn.test (NOERROR), deletes the TXT
(NOERROR); one without a key (REFUSED); one whose prerequisite fails (YXDOMAIN). Then A of plc7.dyn.test: 10.77.0.107.
Between them, in whatever place, the server sends a NOTIFY to 10.77.0.2 that stays without an answer.
TEXT
}

case_notify() {
  printf 'controls { };\noptions { directory "%s/second"; pid-file none; listen-on { any; }; recursion no; dnssec-validation no; notify no; session-keyfile none; max-udp-size 1232; };\nzone "dyn.test" { type secondary; primaries { %s; }; file "dyn"; };\n' \
    "$tmp" $server_ip >"$tmp/second.conf"
  mkdir -p "$tmp/second"
  record port 53
  cli_bg named -g -c "$tmp/second.conf" -n 1
  sleep 2
  printf 'server %s\nzone dyn.test\nupdate add late.dyn.test 300 A 10.77.0.109\nsend\n' $server_ip |
    srv nsupdate -k "$tmp/tsig.key"
  sleep 7
  finish 'a secondary server: SOA, AXFR, then NOTIFY and IXFR' "$(ends "a secondary of the same version ($client_ip)")" <<'TEXT'
A secondary starts: SOA over UDP, AXFR over TCP. The zone changes, the server sends NOTIFY (opcode 4, with the SOA), the
secondary confirms it, asks for the SOA and takes the change by IXFR over TCP: old SOA, new SOA, late.dyn.test A 10.77.0.109.
Five transactions in all; here the server of the other captures is the client of the NOTIFY.
TEXT
}

case_odd_port() {
  record port 5533
  ask -p 5533 www.lab.test A
  ask -p 5533 +noedns lab.test MX
  ask -p 5533 +tcp www.lab.test AAAA
  ask -p 5533 nothere.lab.test A
  finish 'DNS on port 5533, UDP and TCP' "$(dig_ends)" <<'TEXT'
Four transactions on port 5533: UDP A (10.77.0.1) with EDNS, UDP MX without, TCP AAAA (fd77::1), UDP NXDOMAIN. Only the bytes
tell that this is DNS.
TEXT
}

case_ipv6() {
  record port 53
  for q in 'www.lab.test AAAA' 'lab.test NS' 'nothere.lab.test A'; do
    cli dig @fd77::1 +norec +nocookie $q >>"$tmp/client.log"
  done
  cli dig @fd77::1 +norec +nocookie +tcp big.lab.test TXT >>"$tmp/client.log"
  finish 'DNS over IPv6, UDP and TCP' "BIND $(version bind9) (fd77::1) and dig $(version bind9-dnsutils) (fd77::2)" <<'TEXT'
Four transactions between fd77::2 and fd77::1: AAAA, NS and NXDOMAIN over UDP, and 40 TXT records of big.lab.test over TCP.
TEXT
}

case_fragmented() {
  ip -n "$server" link set va mtu 600
  record ip
  ask +bufsize=1232 +dnssec lab.test RRSIG
  ask +bufsize=1232 +dnssec nothere.hashed.test A
  ip -n "$server" link set va mtu 1500
  finish 'answers in IP fragments' "$(dig_ends)" <<'TEXT'
Two queries over UDP whose answers, on a link with an MTU of 600, come in two or three IPv4 fragments each: the signatures of lab.test
(RRSIG, 9 answers) and an NXDOMAIN proved by NSEC3.
TEXT
}

case_names() {
  local l
  l=$(printf 'a%.0s' $(seq 63))
  record port 53
  for name in WwW.LaB.tEsT xn--bcher-kva.lab.test 'we\.ird.lab.test' "$l.$l.$l.lab.test" \
    "$l.$l.$l.$(printf 'b%.0s' $(seq 61))" . '\000\001binary\255.lab.test' 'a b.lab.test'; do
    ask +noedns +noidnin "$name" A
  done
  finish 'names: mixed case, IDN, escaped dot, longest label and name, root, binary labels' "$(dig_ends)" <<'TEXT'
Eight A queries: WwW.LaB.tEsT (answered in the case it was asked), xn--bcher-kva.lab.test, a label with a dot inside
(we\.ird), three labels of 63 bytes, a name of 255 bytes (REFUSED), the root (REFUSED), a label with bytes 0, 1 and 255
(NXDOMAIN), a label with a space (NXDOMAIN).
TEXT
}

case_malformed() {
  record port 53
  cli "$python" "$here/dns_client.py" malformed $server_ip
  ask +noedns www.lab.test
  finish 'broken queries, and a good one after them' "$(python_ends)" <<'TEXT'
17 datagrams, ids 0x3001 to 0x3011 (the 13th and 16th carry 0x3000), each wrong in its own way: compression pointers that loop
or leave the message, bad label types, a name over 255 bytes, counts that do not fit, half a header, a cut question, a bad
OPT, two OPTs, bytes after the end, an answer sent as a query. The server says FORMERR, or nothing to the half header and
the answer; it takes the one with bytes after its end. On TCP a length of 5 bytes with a good query behind it: it resets.
Last a good UDP query, answered 10.77.0.1. tshark reports malformed packets here, as it should.
TEXT
}

case_tunnel() {
  record port 53
  cli "$python" "$here/dns_client.py" tunnel $server_ip
  finish 'data carried out in query names' "$(python_ends)" <<'TEXT'
20 TXT queries (ids 0x4000 to 0x4013) for names of about 165 characters below t.wild.lab.test, three base32 labels each
(90 bytes of noise carried out a query); every answer is NOERROR without data.
TEXT
}

net_up
zones
run_cases "$@"
