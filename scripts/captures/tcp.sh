#!/usr/bin/env bash
# TCP as the kernel does it when things get unusual. What the wire does to TCP is in tcp_edits.py.
# Packages: python3 tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=tcp

# pair SERVER CLIENT: two Python snippets on one connection to port 7000; `s` is the socket of each.
pair() {
  srv_bg "$python" -c "
import socket, struct, time
l = socket.create_server(('$server_ip', 7000)); l.settimeout(5); s, _ = l.accept(); s.settimeout(5)
$1"
  wait_port 7000
  cli "$python" -c "
import socket, struct, time
s = socket.create_connection(('$server_ip', 7000)); s.settimeout(5)
$2" || true
  sleep 0.3
}
ends() { echo "Linux $(uname -r | cut -d- -f1) and Python $($python -V | cut -d' ' -f2) on both ends"; }

case_zero_window() {
  record tcp port 7000
  pair 's.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096); time.sleep(1.2)
while s.recv(65536): pass' 's.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, 200000)
s.sendall(b"x" * 150000); s.close(); time.sleep(1.5)'
  finish 'a receiver that does not read: zero window, probes, and on' "$(ends)" <<'TEXT'
150,000 bytes `x` to port 7000. The receiver waits 1.2 s: its window falls to zero, the sender probes, then the rest flows and both end
with FIN.
TEXT
}

case_keepalive() {
  record tcp port 7000
  pair 's.recv(10); s.sendall(b"hello"); s.recv(10)' 's.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, 1); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, 1)
s.sendall(b"hello"); s.recv(10); time.sleep(3.3); s.close()'
  finish 'keepalive probes' "$(ends)" <<'TEXT'
`hello` each way, then three keepalive probes (one byte or none before the next sequence number) and their answers, a second apart,
then FIN.
TEXT
}

case_urgent() {
  record tcp port 7000
  pair 'time.sleep(0.3)
while s.recv(100): pass' 's.sendall(b"before "); s.send(b"!", socket.MSG_OOB); s.sendall(b" after"); time.sleep(0.1)'
  finish 'urgent data' "$(ends)" <<'TEXT'
The client sends `before !` and ` after`; `!` is urgent: a segment has URG and an urgent pointer.
TEXT
}

case_reset() {
  record tcp port 7000
  pair 's.recv(100); time.sleep(0.2); s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); s.close()' 's.sendall(b"hello")
try: s.recv(100)
except OSError: pass'
  finish 'a connection ended by a reset' "$(ends)" <<'TEXT'
The client sends `hello`, the server answers with a RST.
TEXT
}

case_half_close() {
  record tcp port 7000
  pair 'while s.recv(100): pass
for i in range(5): s.sendall(b"still talking %d\n" % i); time.sleep(0.05)' 's.sendall(b"that is all"); s.shutdown(socket.SHUT_WR)
while s.recv(100): pass'
  finish 'one side ends, the other goes on' "$(ends)" <<'TEXT'
The client sends `that is all` and its FIN; the server sends five lines `still talking N` after that, then its own FIN.
TEXT
}

case_port_reuse() {
  record tcp port 7001
  srv_bg "$python" -c "
import socket
l = socket.create_server(('$server_ip', 7001))
for _ in range(3):
    s, _ = l.accept(); s.sendall(s.recv(100))
    try: s.recv(1)
    except OSError: s.close()"
  wait_port 7001
  cli "$python" -c "
import socket, struct, time
for i in range(3):
    s = socket.socket(); s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack('ii', 1, 0))
    s.bind(('$client_ip', 40000)); s.connect(('$server_ip', 7001)); s.sendall(b'connection %d' % i); s.recv(100); s.close(); time.sleep(0.2)"
  finish 'three connections between the same ports' "$(ends)" <<'TEXT'
Three connections from port 40000 to 7001, each `connection N` and its echo, each ended by the client's RST, 0.2 s apart: three flows of
one tuple.
TEXT
}

case_refused() {
  record tcp
  cli "$python" -c "
import socket
for port in list(range(20, 60)) + [102, 502, 2404, 4840, 20000, 44818]:
    s = socket.socket(); s.settimeout(1); s.connect_ex(('$server_ip', port)); s.close()"
  finish 'a scan of ports: refused connections' "$(ends)" <<'TEXT'
46 connection attempts to ports 20 to 59, 102, 502, 2404, 4840, 20000 and 44818, each a SYN answered by RST: 46 flows without data.
TEXT
}

case_unanswered() {
  ip -n "$client" neigh replace 10.77.0.88 lladdr 02:00:00:00:77:88 dev vb nud permanent
  record tcp
  cli "$python" -c "
import socket
s = socket.socket(); s.settimeout(3.5); s.connect_ex(('10.77.0.88', 80))"
  finish 'a SYN, and its repetitions, to a host that is not there' "$(ends)" <<'TEXT'
The same SYN again after 1 s, then 1 s (on older kernels 2 s) later and so on, without an answer: one flow, three to four frames.
TEXT
}

net_up
run_cases "$@"
