#!/usr/bin/env bash
# Modbus/TCP: pymodbus and, at an address of its own, libmodbus as servers; mbpoll (libmodbus), pymodbus and plain sockets as clients.
# Packages: python3-pymodbus python3-serial python3-serial-asyncio mbpoll libmodbus-dev gcc tcpdump tshark ethtool
#           iproute2
. "$(dirname "$0")/harness.sh"
protocol=modbus

poll() { cli mbpoll -1 -q "$@" >>"$tmp/client.log" 2>&1 || true; }
lib_ip=10.77.0.3
talk_lib() { cli timeout 200 "$python" "$here/modbus_client.py" "$1" $lib_ip 502 >>"$tmp/client.log" 2>&1; }
lib_ends() { echo "libmodbus $(version libmodbus-dev) ($lib_ip:502) and a Python socket ($client_ip)"; }
talk() { cli timeout 60 "$python" "$here/modbus_client.py" "$1" $server_ip "${2:-502}" >>"$tmp/client.log" 2>&1; }
ends() { echo "pymodbus $(version python3-pymodbus) ($server_ip:${2:-502}) and $1 ($client_ip)"; }
socket_ends() { ends 'a Python socket' "$@"; }

case_mbpoll() {
  record port 502
  poll -a 1 -t 0 -r 1 -c 10 $server_ip
  poll -a 1 -t 1 -r 5 -c 3 $server_ip
  poll -a 1 -t 3 -r 1 -c 5 $server_ip
  poll -a 1 -t 4 -r 10 -c 20 $server_ip
  poll -a 1 -t 4 -r 50 $server_ip 4711
  poll -a 1 -t 4 -r 50 $server_ip 1 2 3
  poll -a 1 -t 0 -r 3 $server_ip 1
  poll -a 1 -t 0 -r 3 $server_ip 1 0 1 1
  poll -a 17 -t 4 -r 1 -c 2 $server_ip
  poll -a 1 -t 4 -r 900 -c 2 $server_ip
  finish 'functions 1 to 6, 15 and 16 by mbpoll' "$(ends "mbpoll $(version mbpoll)")" <<'TEXT'
Ten connections of one transaction each (id 1): function 1 (10 coils from 0), 2 (3 inputs from 4), 4 (5 registers), 3 (20 from 9), 6
(register 49 = 4711), 16 (registers 49 to 51 = 1, 2, 3), 5 (coil 2 on), 15 (4 coils from 2), 3 on unit 17 (1000 * 17 and
the next), and 3 at address 899, answered by exception 2.
TEXT
}

case_reads_and_writes() {
  record port 502
  talk reads_and_writes
  finish 'functions 1 to 6, 15, 16, 22 and 23 on one connection' "$(ends "pymodbus of the same version")" <<'TEXT'
Eleven transactions, ids 1 to 11, on one connection: functions 1 (12 coils), 2 (9 from 3), 3 (4 from 100: 1100 to 1103), 4 (75 from
10), 5 (coil 5 on), 6 (register 7 = 0xBEEF), 15 (10 coils from 20), 16 (3 registers from 30), 22 (register 7, and 0x00F2, or
0x0025), 23 (read 4 from 30, write 2 from 31: the answer holds what was just written), 3 on unit 17 (17000 to 17002).
TEXT
}

case_diagnostics() {
  record port 502
  talk diagnostics
  finish 'functions 7, 8 (twelve subfunctions), 11, 12 and 17' "$(socket_ends)" <<'TEXT'
16 transactions on one connection: function 7; 8 with subfunctions 0 (echo of 0xa537), 2, 10, 11, 12, 13, 14, 15, 18, 3, 20; 11; 12; 17
(the identity as text, then 0xFF, on); 8 with subfunction 1 (restart). No exception.
TEXT
}

case_files_and_fifo() {
  record port 502
  talk files
  finish 'file records and FIFO queues: functions 20, 21 and 24' "$(socket_ends)" <<'TEXT'
Six transactions: 20 reads two records (file 4, 2 registers; file 3, 11 registers: `recipe 7: heat to 80 C`); 20 of file 9, exception
2; 21 writes 3 registers to file 4, record 7, and is echoed; 24 of queue 10, three values (0x01B8, 0x1284, 0x0001); 24 of queue
11, which is too long, exception 3; 24 of queue 99, exception 2.
TEXT
}

case_device_identification() {
  record port 502
  talk identification
  finish 'read device identification: function 43/14' "$(socket_ends)" <<'TEXT'
Seven transactions: basic (3 objects: Picket Lab, PL-7, 1.4.2), regular and extended (7 objects), object 5 alone (PC 700), a read code
that does not exist (exception 3), object 0x99 (one object of no length), MEI type 13, CANopen (exception 4).
TEXT
}

case_exceptions() {
  record port 502
  talk exceptions
  finish 'exceptions: address, value, function, unit' "$(socket_ends)" <<'TEXT'
Ten requests on one connection, ids 1 to 10: coils from 0x0300 (exception 2), no registers (3), 126 registers (3), coil 1 with value
0x1234 (taken, against the standard), 16 with no registers (3), functions 65 and 99 (1), unit 99 (no answer at all), a write
to register 0x00ff (2), and a good read.
TEXT
}

case_pipelined() {
  record port 502
  talk_lib pipelined
  finish 'eight requests in one segment, and one cut in two' "$(lib_ends)" <<'TEXT'
Eight reads, ids 0x100 to 0x107, in one segment; eight answers in order. Then three requests (functions 1, 6, 4; ids 0x200 to 0x202) and
the first five bytes of a fourth (0x300) in one segment, its rest in the next. Twelve transactions, none lost.
TEXT
}

case_same_transaction() {
  record port 502
  talk same_transaction
  finish 'transaction ids that do not change' "$(socket_ends)" <<'TEXT'
Three reads with transaction id 0, one after the other; then two with id 7 in one segment, for registers 1 and 2, answered in order.
TEXT
}

case_small_segments() {
  record port 502
  talk_lib small_segments
  finish 'two requests in segments of one byte' "$(lib_ends)" <<'TEXT'
Function 16 (id 0x0101, registers 0 to 3 = 1, 2, 3, 4) and function 3 (id 0x0102, the same registers), 33 bytes in 33 segments; both are
answered.
TEXT
}

case_odd_port() {
  record port 5020
  talk reads_and_writes 5020
  finish 'Modbus on port 5020' "$(ends "pymodbus of the same version" 5020)" <<'TEXT'
The eleven transactions of reads-and-writes, on port 5020. Only the bytes tell that this is Modbus. (tshark needs
`-o mbtcp.tcp.port:5020`.)
TEXT
}

case_malformed_in_stream() {
  record port 502
  talk_lib malformed_protocol
  finish 'a frame with a wrong protocol id between good ones' "$(lib_ends)" <<'TEXT'
One connection: a read of registers, a read of coils, a frame whose protocol id is 0x1234 (length and PDU are fine; the server answers
it as if nothing were wrong), two more reads. Ids 1 to 5; four good transactions, one bad request.
TEXT
}

case_malformed() {
  record port 502
  talk_lib malformed_all
  finish 'nine kinds of bad frames between good ones, and a length of 65535' "$(lib_ends)" <<'TEXT'
Ten connections. Nine are two good reads (ids 1, 2), a bad frame (id 3), two good reads (4, 5). Bad in turn: protocol id 7; length 0;
length 1; length shorter than the frame; a read cut short; a read with 3 bytes too many; function 16 with half its data;
function 8 without data; a frame of 308 bytes. The tenth has one frame whose length says 65535. libmodbus goes by the function
and not by the length, so it answers some of these, and twice loses step and answers function 0 of unit 0 (exception 1).
TEXT
}

case_scan() {
  record port 502
  talk scan
  finish 'a scan of functions and units' "$(socket_ends)" <<'TEXT'
One connection, 147 requests: 112 function codes from 1 to 127, without data (7, 11, 12 and 17 are answered, 108 get exception 1); then
function 3 to units 0 to 32, 247 and 255, of which only 1 and 17 answer.
TEXT
}

case_polling() {
  record port 502
  talk_lib polling
  finish 'a control room that polls for 150 s' "$(lib_ends)" <<'TEXT'
One connection, 93 transactions: registers 10 to 13 each 2 s (75 times), coils 0 to 7 each 10 s (15 times); after 20 s register 11 is set
to 3000, after 40 s register 200 is asked for, which does not exist (exception 2), after 100 s coil 3 is switched on. With `detail:
changes` the polls are told once in 60 s: three records of registers and three of coils, with how many there were, the first and the
last time, and the range of what was read; the writes and the exception have records of their own.
TEXT
}

case_ipv6() {
  srv_bg "$python" "$here/modbus_server.py" fd77::1 502
  sleep 1.5
  record port 502
  cli timeout 20 "$python" "$here/modbus_client.py" files fd77::1 502
  finish 'Modbus over IPv6' "pymodbus $(version python3-pymodbus) (fd77::1) and a Python socket (fd77::2)" <<'TEXT'
The six transactions of files-and-fifo between fd77::2 and fd77::1.
TEXT
}

net_up
for port in 502 5020; do
  srv_bg "$python" "$here/modbus_server.py" $server_ip $port
  wait_port $port
done
ip -n "$server" addr add $lib_ip/24 dev va
ip -n "$client" neigh replace $lib_ip lladdr 02:00:00:00:77:01 dev vb nud permanent
gcc -O1 -o "$tmp/modbus_server" "$here/modbus_server.c" $(pkg-config --cflags --libs libmodbus)
srv_bg "$tmp/modbus_server" $lib_ip 502
sleep 0.3
run_cases "$@"
