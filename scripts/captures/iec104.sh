#!/usr/bin/env bash
# IEC 60870-5-104: lib60870 on both ends, and conversations of our own byte by byte.
# lib60870 is not in Debian 12: it comes from a Debian 13 in a folder, D13=/path (debootstrap trixie; packages gcc
# liblib60870-dev there), in which station and client are compiled and run.
# Packages: debootstrap python3 tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=iec104
D13=${D13:-/tmp/d13}

inside=/tmp/iec104-$$
trap 'net_down; rm -rf "$tmp" "$D13$inside"' EXIT
in_d13() { chroot "$D13" "$@"; }
library() { in_d13 dpkg-query -W -f '${Version}' liblib60870-dev; }
talk() { cli chroot "$D13" $inside/client "$1" $server_ip "${2:-2404}" >>"$tmp/client.log" 2>&1; }
ends() { echo "lib60870 $(library) ($server_ip:${2:-2404}) and ${1:-the same library} ($client_ip)"; }
peers() {
  srv_bg "$python" "$here/iec104_peers.py" station "$1" $server_ip 2405
  wait_port 2405
  record port 2405
  cli timeout 20 "$python" "$here/iec104_peers.py" client "$1" $server_ip 2405 >>"$tmp/client.log" 2>&1
}
synthetic='synthetic, written down byte by byte in `scripts/captures/iec104_peers.py`'
python_ends="Python sockets ($server_ip:2405, $client_ip)"

case_reports() {
  record port 2404
  talk reports
  finish 'one ASDU of each type in monitor direction' "$(ends)" <<'TEXT'
STARTDT, a single command to object 6000, and what it makes the station report: 32 ASDUs of types 1 to 21 and 30 to 40, with causes
periodic, background scan, spontaneous and return information of a local command, every quality bit somewhere, short and long times with their
flags; then the end of initialization (type 70, local manual reset).
TEXT
}

case_commands() {
  record port 2404
  talk commands
  finish 'all commands: single, double, step, set points, bitstring; without and with time' "$(ends)" <<'TEXT'
Types 45 to 51 and 58 to 64, each executed at once: activation, confirmation, a single point with cause 11 (return information of a remote command),
termination. Qualifiers: short pulse, long pulse, persistent, QL 1.
TEXT
}

case_select_before_operate() {
  record port 2404
  talk select
  finish 'select before operate: select, execute, cancel, refused' "$(ends)" <<'TEXT'
Single command to 5000 selected and executed; double command to 5010 selected and called off (deactivation); set point 60.0 to 5050
selected and executed; a select of 9999 that is refused (P/N); a single command to 5000 without a select.
TEXT
}

case_refused() {
  record port 2404
  talk refused
  finish 'what the station refuses' "$(ends)" <<'TEXT'
A negative confirmation of a single command (9999), an unknown object (8888, cause 47), a negative confirmation of a set point and of an
interrogation of group 10, a read of an unknown object (cause 47), an interrogation with cause spontaneous (the library answers cause 45),
a measured value sent to the station (cause 44).
TEXT
}

case_interrogations() {
  record port 2404
  talk interrogations
  finish 'general and group interrogation, counters, read' "$(ends)" <<'TEXT'
General interrogation of common address 10 (40 single points in one ASDU with SQ, three floats), group 1 (4 points), the broadcast address;
counter interrogation without freeze, freeze, freeze and reset, reset; read of object 100. It is replayed with a
stream.reassembly.depth of 200 bytes, which does not end it.
TEXT
}

case_system() {
  record port 2404
  talk system
  finish 'clock, test, reset, delay, parameters; test frames, stop and start' "$(ends)" <<'TEXT'
Clock synchronization, test command (refused: 5-104 has no type 104; its pattern is 55CC, and not 55AA), test command with time, reset process 1 and 2, delay acquisition,
parameters of measured values (normalised threshold, scaled low limit, float high limit with local change), parameter activation and
deactivation; two seconds of silence, after which the station tests the link (TESTFR); STOPDT and STARTDT.
TEXT
}

case_files() {
  record port 2404
  talk files
  finish 'file transfer: directory, a file of two sections, a file to the station' "$(ends)" <<'TEXT'
Directory; file 2 (disturbance data) of object 30000 selected, requested, both sections requested, carried in segments and acknowledged; a file that
is not there; then a file of 38 bytes offered to the station (object 30001): file ready, section ready, two segments, last
segment, last section.
TEXT
}

case_odd_port() {
  srv_bg chroot "$D13" $inside/station $server_ip 5104
  wait_port 5104
  record port 5104
  talk commands 5104
  finish 'IEC 104 on port 5104' "$(ends '' 5104)" <<'TEXT'
The conversation of commands, on port 5104. Only the bytes tell that this is IEC 104. (tshark needs `-d tcp.port==5104,iec60870_104`.)
TEXT
}

case_coalesced() {
  record port 2404
  cli timeout 20 "$python" "$here/iec104_peers.py" talk coalesced $server_ip 2404
  finish 'several APDUs in one segment, and one cut in two' "$(ends 'a Python socket')" <<'TEXT'
STARTDT, a single command, a general interrogation, a read and a set point in one segment; then the first seven bytes of a single command, and
its rest with another general interrogation behind it.
TEXT
}

case_small_segments() {
  peers small-segments
  finish 'segments of one byte' "$python_ends" "$synthetic" <<'TEXT'
STARTDT, a single command and a general interrogation, and their answers, each byte in a segment of its own.
TEXT
}

case_malformed_in_stream() {
  peers malformed-in-stream
  finish 'bad frames between good ones, on both sides' "$python_ends" "$synthetic" <<'TEXT'
A length of 3, stray bytes, a U frame of two functions, an I frame without an ASDU, a line of HTTP, an N(R) with its lowest bit set, each
between good frames. The reports of points 1 and 2, the single command and the general interrogation are all there.
TEXT
}

case_malformed() {
  peers malformed
  finish 'good frames whose ASDUs make no sense' "$python_ends" "$synthetic" <<'TEXT'
From the station: fewer and more objects than said, none, 127 of which one is there, half an address, no header, a reserved and a private
type, a reserved cause, a report with cause activation, common address 0, a time that no clock shows. To it: two commands in one, states that are
not permitted, a set point that is not a number, a reserved qualifier, a segment shorter than it says, an ASDU of 62351-5.
TEXT
}

case_sequence() {
  peers sequence
  finish 'numbers of frames that are lost, come twice or go back' "$python_ends" "$synthetic" <<'TEXT'
N(S) 0, 1, 4 (two lost); 5, 5 (twice), 2 (goes back), 6; acknowledgements of 40 (never sent) and 3 (less than before); 14 frames without an
acknowledgement (k is 12); STOPDT, and a report after it.
TEXT
}

case_reverse() {
  peers reverse
  finish 'the TCP server commands; confirmations that nobody asked for' "$python_ends" "$synthetic" <<'TEXT'
The server starts the transfer, commands a point and sets the clock; the client confirms. A negative confirmation of an interrogation and a
termination of a double command that answer nothing; a confirmation that does not repeat the command; a query log (type 127); TESTFR.
TEXT
}

case_no_start() {
  peers no-start
  finish 'a command without STARTDT' "$python_ends" "$synthetic" <<'TEXT'
The connection begins with an I frame: a single command that is confirmed and terminated.
TEXT
}

mkdir -p "$D13$inside"
for program in station client; do
  cp "$here/iec104_$program.c" "$D13$inside/"
  in_d13 gcc -O1 -Wall -o $inside/$program $inside/iec104_$program.c -llib60870 -lpthread
done
net_up
srv_bg chroot "$D13" $inside/station $server_ip 2404
wait_port 2404
run_cases "$@"
