#!/usr/bin/env bash
# EtherNet/IP: st-ethernet-ip as the client, a device of our own, which is all there is; and requests written down by hand.
# Packages: nodejs npm tcpdump tshark ethtool iproute2; npm: st-ethernet-ip, in NODE_PATH or fetched
. "$(dirname "$0")/harness.sh"
protocol=enip

if [ -z "${NODE_PATH-}" ]; then
  (cd "$tmp" && npm install --silent st-ethernet-ip >npm.log 2>&1)
  NODE_PATH=$tmp/node_modules
fi
export NODE_PATH
st_version=$(node -p "require('$NODE_PATH/st-ethernet-ip/package.json').version")
st() { cli timeout 60 node "$here/enip_client.js" "$1" $server_ip >>"$tmp/client.log" 2>&1 || { cat "$tmp/client.log" >&2; true; }; }
ask() { cli timeout 60 "$python" "$here/enip_requests.py" "$case_name" $server_ip "${1:-44818}" >>"$tmp/client.log" 2>&1 || cat "$tmp/client.log" >&2; }
real_ends="st-ethernet-ip $st_version ($client_ip), a device of our own ($server_ip:44818)"
own_ends='Python scripts of our own at both ends'
real='a real client; the device is a script'
encoded='encoded by hand, no real device or client took part'

case_connected() {
  record port 44818
  st connected
  finish 'tags over a connection' "$real_ends" "$real" <<'TEXT'
Forward_Open; identity; the list of tags and of a program's, with a template; tags of six types, an array in fragments, a structure; writes; several
tags in a message, read and written; a tag that does not exist; attributes of Identity and TCP/IP, one of which does not exist, one is set; a
file; Forward_Close.
TEXT
}

case_unconnected() {
  record port 44818
  st unconnected
  finish 'the same without a connection' "$real_ends" "$real" <<'TEXT'
As the case connected, but each request is inside Unconnected_Send, for slot 0 of the backplane.
TEXT
}

case_browse() {
  record port 44818
  st browse
  finish 'ListIdentity by broadcast' "$real_ends" "$real" <<'TEXT'
Requests to 255.255.255.255; the device answers from its own address, so that the answers are a flow of their own.
TEXT
}

case_io() {
  record port 44818 or port 2222
  st io
  finish 'cyclic I/O' "$real_ends" "$real" <<'TEXT'
Forward_Open of transport class 1 with an electronic key and two connection points; inputs of 6 bytes and outputs with a run header over UDP 2222.
TEXT
}

case_encapsulation() {
  record port 44818
  ask
  finish 'every command of the encapsulation' "$own_ends" "$encoded" <<'TEXT'
ListIdentity, ListServices and ListInterfaces over UDP and TCP; a version that is refused; NOP; a session that nobody has; a command that does not exist.
TEXT
}

case_identity() {
  record port 44818
  ask
  finish 'what a device says it is' "$own_ends" "$encoded" <<'TEXT'
Identity by Get_Attributes_All, by lists (one with an attribute that does not exist) and one by one; TCP/IP Interface and Ethernet Link; several in a
message; for slot 0, and for slot 9, where nothing is.
TEXT
}

case_control() {
  record port 44818
  ask
  finish 'stop, start, reset, outputs, network configuration, clock' "$own_ends" "$encoded" <<'TEXT'
Stop and start of a controller; reset of type 0 without and with it said, and of type 1; an output assembly written, an input one read; a new
address; the clock set; a program deleted, which is refused.
TEXT
}

case_connections() {
  record port 44818
  ask
  finish 'connections' "$own_ends" "$encoded" <<'TEXT'
Forward_Open and Large_Forward_Open; data over both with the same sequence counts at a time; a duplicate and an assembly that does not exist, refused
with extended status; Get_Connection_Owner; Forward_Close, twice of one.
TEXT
}

case_tags() {
  record port 44818
  ask
  finish 'services of tags' "$own_ends" "$encoded" <<'TEXT'
Lists, a template, reads by name, index, program and instance, fragments, a structure; writes, one with a wrong type; Read_Modify_Write; too many
elements; ten reads in a message, and two inside of Unconnected_Send.
TEXT
}

case_files() {
  record port 44818
  ask
  finish 'files and firmware' "$own_ends" "$encoded" <<'TEXT'
File object: upload in three transfers, download in three, clear; services of the non-volatile storage object that flash tools use.
TEXT
}

case_pccc() {
  record port 44818
  ask
  finish 'PCCC' "$own_ends" "$encoded" <<'TEXT'
Diagnostic status, echo, typed reads of N7 and F8, a write, a file that does not exist, a mode change that is refused, a typed read of a PLC-5.
TEXT
}

case_malformed() {
  record port 44818
  ask
  finish 'what is wrong is named, and what follows is read' "$own_ends" "$encoded" <<'TEXT'
Between good reads: a path longer than the message, a segment that is none, messages outside of their packet, parameters cut short, ten items, options
that are not zero, an item longer than its message, text.
TEXT
}

case_small_segments() {
  record port 44818
  ask
  finish 'segments of five bytes' "$own_ends" "$encoded" <<'TEXT'
A session with a read and two reads in a message.
TEXT
}

case_odd_port() {
  record port 4818
  ask 4818
  finish 'EtherNet/IP on port 4818' "$own_ends" "$encoded" <<'TEXT'
The case control on another port: only content says what it is.
TEXT
}

case_io_damage() {
  record port 2222
  ask
  finish 'cyclic I/O with packets missing, repeated, out of order' "$own_ends" "$encoded" <<'TEXT'
Two connections in one direction; no Forward_Open was seen. The second one has a heartbeat without data.
TEXT
}

net_up
ip -n "$client" route add default dev vb
srv_bg "$python" "$here/enip_device.py" $server_ip
srv_bg "$python" "$here/enip_device.py" $server_ip 4818
wait_port 44818
wait_port 4818
run_cases "$@"
