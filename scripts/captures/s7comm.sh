#!/usr/bin/env bash
# S7 communication: Snap7's server and client, NodeS7 as another client, and both ends played from a script where there is no
# server that answers.
# Packages: nodejs npm g++ make tcpdump tshark ethtool iproute2; npm: node-snap7 nodes7, in NODE_PATH or fetched
. "$(dirname "$0")/harness.sh"
protocol=s7comm

if [ -z "${NODE_PATH-}" ]; then
  (cd "$tmp" && npm install --silent --foreground-scripts node-snap7 nodes7 >npm.log 2>&1)
  NODE_PATH=$tmp/node_modules
fi
export NODE_PATH
npm_version() { node -p "require('$1/package.json').version"; }
snap() { cli timeout 60 node "$here/s7comm_client.js" "$1" $server_ip "${2-}" >>"$tmp/client.log" 2>&1 || true; }
play() {
  srv_bg timeout 60 "$python" "$here/s7comm_play.py" "$case_name" server $server_ip "$1"
  wait_port "$1"
  cli timeout 60 "$python" "$here/s7comm_play.py" "$case_name" client $server_ip "$1"
}
snap_ends() { echo "node-snap7 $(npm_version node-snap7) at both ends ($server_ip:${1:-102}, $client_ip)"; }
play_ends='one Python script at both ends'
encoded='encoded by hand, no controller took part'

case_variables() {
  record port 102
  snap variables
  finish 'reads and writes of every area and type' "$(snap_ends)" <<'TEXT'
COTP connection to rack 0, slot 2; setup with a PDU length of 480. Reads of DB1 (64 bytes, a bit, four words, a real), inputs, outputs, flags,
timers, counters, of six items at once, and of 1024 bytes in several messages; writes of bytes, a real, a bit of a flag, outputs (process
image), and of three items at once.
TEXT
}

case_errors() {
  record port 102
  snap errors
  finish 'objects that are not there, and services that are refused' "$(snap_ends)" <<'TEXT'
A DB that does not exist, an address out of range, three items of which two fail, a write to no DB; an upload and a deletion that are refused,
a system status list and a block that do not exist.
TEXT
}

case_identity() {
  record port 102
  snap identity
  finish 'what a controller says it is' "$(snap_ends)" <<'TEXT'
System status lists: order number and firmware (0x0011), names and serial numbers (0x001c), communication (0x0131), protection (0x0232),
operating mode (0x0424), the list of lists (0x0000) and seven others, in one or several data units.
TEXT
}

case_server_blocks() {
  record port 102
  snap blocks
  finish 'lists of blocks; loading them is refused' "$(snap_ends)" <<'TEXT'
How many blocks there are, DBs and OBs, information on DB1; upload, download and deletion, which this server refuses.
TEXT
}

case_control() {
  record port 102
  snap control
  finish 'stop, hot and cold restart, copy to ROM, compress' "$(snap_ends)" <<'TEXT'
Mode, PLC stop, mode, hot restart, stop, cold restart (argument `C `), copy RAM to ROM (`_MODU`), compress (`_GARB`).
TEXT
}

case_clock_and_password() {
  record port 102
  snap clock_and_password
  finish 'clock and password' "$(snap_ends)" <<'TEXT'
Read and set clock, enter a password (five characters) and clear it.
TEXT
}

case_nodes7() {
  record port 102
  cli timeout 30 node "$here/s7comm_nodes7.js" $server_ip >>"$tmp/client.log" 2>&1 || true
  finish 'another client' "node-snap7 $(npm_version node-snap7) ($server_ip:102) and nodes7 $(npm_version nodes7) ($client_ip)" <<'TEXT'
Eight variables are read, three written, all read again; the client puts several into one message and asks for more at a time.
TEXT
}

case_odd_port() {
  record port 10102
  snap control 10102
  finish 'S7 on port 10102' "$(snap_ends 10102)" <<'TEXT'
The case control on another port: only content says what it is.
TEXT
}

case_blocks() {
  record port 2102
  play 2102
  finish 'a block is downloaded, uploaded, looked at, deleted' "$play_ends" "$encoded" <<'TEXT'
DB1 is downloaded: after the request the controller asks for its two parts and ends the download by itself; then `_INSE`. It is uploaded in two
parts. Lists of blocks, information on DB1 and on a block that does not exist (0xd209), a download that protection forbids (0xd241), DB1 and
OB35 deleted, RAM copied to ROM, hot restart, the connection closed.
TEXT
}

case_addressing() {
  record port 2102
  play 2102
  finish 'every way to address a variable' "$play_ends" "$encoded" <<'TEXT'
DBREAD of two ranges, two symbols of an S7-1200, a timer, peripheral inputs, S5TIME, local data, an item of an NC; writes of a real, a time, a bit,
text (the bit fails) and of a peripheral output; 70 items in a message, six more than are looked into.
TEXT
}

case_services() {
  record port 2102
  play 2102
  finish 'cyclic data, test functions, messages, alarms, clock, password, a list in units' "$play_ends" "$encoded" <<'TEXT'
A subscription every five seconds and one push; variables watched, modified, forced (refused), an LED, a memory reset (refused); messages are
subscribed to, then a diagnostic event, a change to STOP, an alarm and its acknowledgement; the clock read and set back; a wrong password;
list 0x001c in three data units, the last of which has it whole.
TEXT
}

case_plus() {
  record port 2102
  play 2102
  finish 'S7comm-plus' "$play_ends" "$encoded" <<'TEXT'
A session: CreateObject, answered with `6ES7 212-1BE31-0XB0`, V3.0; GetMultiVariables with an answer in two messages; SetMultiVariables with a
digest (version 3); a notification; Explore; InitSsl, and TLS from there on.
TEXT
}

case_malformed() {
  record port 2102
  play 2102
  finish 'what is wrong is named, and what follows is read' "$play_ends" "$encoded" <<'TEXT'
Between good reads (references 2, 7 and 10): parameters beyond the message, items cut short, no parameters, data of no protocol, a ROSCTR that does not
exist, a TPKT whose length lies with an HTTP request behind it; an answer nobody asked for, one of another function, one whose
value is cut short; an ER.
TEXT
}

case_fragments() {
  record port 2102
  play 2102
  finish 'messages in several TPDUs' "$play_ends" "$encoded" <<'TEXT'
An empty TPDU before a read; its answer in three TPDUs; a PLC stop in three, the first with one byte.
TEXT
}

case_small_segments() {
  record port 2102
  play 2102
  finish 'the same in segments of three bytes' "$play_ends" "$encoded" <<'TEXT'
The case fragments, cut by TCP as well.
TEXT
}

net_up
srv_bg node "$here/s7comm_server.js" $server_ip
srv_bg node "$here/s7comm_server.js" $server_ip 10102
wait_port 102
wait_port 10102
run_cases "$@"
