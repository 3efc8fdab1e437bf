#!/usr/bin/env bash
# What the kernel itself can put on a wire: VXLAN, fragments, ARP, ICMP, jumbo frames, cooked captures.
# Packages: iproute2 iputils-ping iputils-arping curl python3 tcpdump tshark ethtool
. "$(dirname "$0")/harness.sh"
protocol=decode

kernel() { echo "Linux $(uname -r | cut -d- -f1) on both ends${1:+, $1}"; }
web="python3 http.server and curl $(version curl)"
ping_() { cli ping -q -i 0.2 "$@" >>"$tmp/client.log" 2>&1 || true; }
fetch() { cli curl -sS -g --max-time 5 -o /dev/null "$@" || true; }
udp() {  # udp ADDRESS SIZE: a datagram to port 9000 and its echo
  cli "$python" -c "
import socket
s = socket.socket(socket.AF_INET6 if ':' in '$1' else socket.AF_INET, socket.SOCK_DGRAM); s.settimeout(1)
s.sendto(bytes(i % 251 for i in range($2)), ('$1', 9000)); s.recv(65535)" || true
}

case_vxlan() {
  local end
  for end in "$server va 1 $client_ip" "$client vb 2 $server_ip"; do
    read -r ns dev k other <<<"$end"
    ip -n "$ns" link add vx0 address 02:00:00:00:78:0$k type vxlan id 42 dstport 4789 local 10.77.0.$k remote "$other" dev $dev
    ip -n "$ns" addr add 10.78.0.$k/24 dev vx0
    ip -n "$ns" addr add fd78::$k/64 dev vx0 nodad
    ip -n "$ns" link set vx0 up
  done
  sleep 2.5
  record udp port 4789
  fetch http://10.78.0.1:8000/
  ping_ -c 2 10.78.0.1
  fetch 'http://[fd78::1]:8000/missing'
  finish 'VXLAN, network 42, with ARP, HTTP and ICMP inside' "$(kernel "$web")" <<'TEXT'
Outside UDP between 10.77.0.2 and 10.77.0.1, port 4789, VNI 42. Inside ARP for 10.78.0.1; HTTP GET / (200) between 10.78.0.2 and
10.78.0.1, port 8000; two pings; neighbour discovery and HTTP GET /missing (404) between fd78::2 and fd78::1.
TEXT
  ip -n "$server" link del vx0
  ip -n "$client" link del vx0
}

case_fragments_v4() {
  record ip
  ping_ -c 2 -s 4000 $server_ip
  udp $server_ip 5000
  ping_ -c 1 -s 65507 $server_ip
  finish 'IPv4 fragments: ping of 4000 bytes, UDP of 5000, ping of 65507' "$(kernel)" <<'TEXT'
Two pings of 4000 bytes (3 fragments each way), a UDP datagram of 5000 bytes to port 9000 and its echo (4 fragments each way), a ping
of 65507 bytes, the largest there is (45 fragments each way). Five requests, five replies, once put together.
TEXT
}

case_fragments_v6() {
  record ip6
  ping_ -6 -c 2 -s 4000 fd77::1
  udp fd77::1 5000
  finish 'IPv6 fragments: ping of 4000 bytes, UDP of 5000' "$(kernel)" <<'TEXT'
Two pings of 4000 bytes (3 fragments each way), a UDP datagram of 5000 bytes to port 9000 and its echo (4 each way), with fragment
headers.
TEXT
}

case_arp() {
  ip -n "$client" neigh flush dev vb nud permanent
  ip -n "$server" neigh flush dev va nud permanent
  record arp or icmp
  ping_ -c 1 $server_ip
  cli arping -q -c 2 -I vb $server_ip || true
  cli arping -q -c 1 -w 1 -I vb 10.77.0.99 || true
  cli arping -q -U -c 1 -I vb $client_ip || true
  cli arping -q -A -c 1 -I vb $client_ip || true
  srv arping -q -D -c 1 -w 1 -I va $client_ip || true
  finish 'ARP: requests, replies, nobody there, gratuitous, duplicate address detection' "$(kernel "arping of iputils $(version iputils-arping)")" <<'TEXT'
10.77.0.2 asks for 10.77.0.1 and pings it; asks twice more (arping); asks for 10.77.0.99, where nobody is; announces itself in a
request and in a reply; 10.77.0.1 asks for 10.77.0.2 on behalf of 0.0.0.0 and is answered.
TEXT
  ip -n "$client" neigh replace $server_ip lladdr 02:00:00:00:77:01 dev vb nud permanent
  ip -n "$server" neigh replace $client_ip lladdr 02:00:00:00:77:02 dev va nud permanent
}

case_icmp() {
  record icmp or udp
  ping_ -c 3 $server_ip
  ping_ -c 1 -p cafe -s 100 $server_ip
  cli "$python" -c "
import socket
s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM); s.connect(('$server_ip', 4444)); s.send(b'anyone there?')" || true
  finish 'ICMP echo, and port unreachable' "$(kernel)" <<'TEXT'
Four echo requests and replies (two flows by identifier, 56 bytes and 100 bytes of the pattern 0xcafe), a UDP datagram to port 4444 and
the port unreachable that quotes it.
TEXT
}

case_icmpv6() {
  ip -n "$client" neigh flush dev vb nud permanent
  record ip6  # not icmp6: the reports come behind a hop-by-hop header
  ping_ -6 -c 2 fd77::1
  ping_ -6 -c 1 -I vb ff02::1
  cli "$python" -c "
import socket, struct, time
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.connect(('fd77::1', 4444)); s.send(b'anyone there?')
g = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM)
g.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_JOIN_GROUP, socket.inet_pton(socket.AF_INET6, 'ff02::7777') + struct.pack('@I', socket.if_nametoindex('vb')))
time.sleep(1.2)" || true
  sleep 1
  finish 'ICMPv6: neighbour discovery, echo, port unreachable, multicast listener reports' "$(kernel)" <<'TEXT'
Neighbour solicitation and advertisement for fd77::1, two pings, a ping of ff02::1 answered from the server's link-local address, a UDP
datagram to port 4444 and the port unreachable that quotes it, reports of joining and leaving ff02::7777 behind hop-by-hop
headers.
TEXT
  ip -n "$client" neigh replace fd77::1 lladdr 02:00:00:00:77:01 dev vb nud permanent
  ip -n "$client" neigh replace $server_ip lladdr 02:00:00:00:77:01 dev vb nud permanent
}

case_jumbo() {
  ip -n "$server" link set va mtu 9000
  ip -n "$client" link set vb mtu 9000
  record tcp port 8000
  fetch http://$server_ip:8000/numbers.txt
  finish 'frames of up to 9014 bytes' "$(kernel "$web")" <<'TEXT'
One HTTP GET of 38,893 bytes (200), MSS 8960.
TEXT
  ip -n "$server" link set va mtu 1500
  ip -n "$client" link set vb mtu 1500
}

case_sll() {
  record_on=any record -y LINUX_SLL tcp port 8000 or icmp
  fetch http://$server_ip:8000/
  ping_ -c 1 $server_ip
  finish 'a cooked capture, version 1 (link type 113)' "$(kernel "$web")" <<'TEXT'
HTTP GET / (200) and a ping, recorded on `any`: a 16-byte cooked header (packet type, ARPHRD 1, the sender's address) in place of
Ethernet.
TEXT
}

case_sll2() {
  record_on=any record -y LINUX_SLL2 tcp port 8000 or icmp or icmp6
  fetch http://$server_ip:8000/ -o /dev/null 'http://[fd77::1]:8000/'
  cli ping -q -c 1 127.0.0.1 >/dev/null
  finish 'a cooked capture, version 2 (link type 276)' "$(kernel "$web")" <<'TEXT'
HTTP GET / over IPv4 and over IPv6 (both 200) and a ping of 127.0.0.1, recorded on `any`: a 20-byte cooked header that also names the
interface. Packets of the loopback interface come with ARPHRD 772.
TEXT
}

case_loopback() {
  cli_bg "$python" -m http.server -b 127.0.0.1 -d "$tmp/www" 8000
  sleep 1
  record_on=lo record tcp port 8000
  fetch http://127.0.0.1:8000/numbers.txt
  finish 'the loopback interface: no addresses, frames larger than any wire takes' "$(kernel "$web, both on 127.0.0.1")" <<'TEXT'
One HTTP GET of 38,893 bytes (200) on 127.0.0.1. Ethernet addresses are all zero, one frame has 32,834 bytes, and TCP checksums are not
filled in: the kernel never computes them here.
TEXT
}

case_snap_length() {
  record -s 96 tcp port 8000
  fetch http://$server_ip:8000/numbers.txt
  finish 'frames cut at 96 bytes' "$(kernel "$web")" <<'TEXT'
One HTTP GET of 38,893 bytes (200) of which only the first 96 bytes of each frame were kept: caplen is less than len, lengths in the IP
headers are right.
TEXT
}

net_up
mkdir -p "$tmp/www"
echo '<p>It works.</p>' >"$tmp/www/index.html"
seq 1 8000 >"$tmp/www/numbers.txt"
srv_bg "$python" -m http.server -b :: -d "$tmp/www" 8000
srv_bg "$python" -c "
import socket
s = socket.socket(socket.AF_INET6, socket.SOCK_DGRAM); s.bind(('::', 9000))
while True:
    data, peer = s.recvfrom(65535); s.sendto(data, peer)"
wait_port 8000
wait_port 9000 -u
run_cases "$@"
