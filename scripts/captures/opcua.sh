#!/usr/bin/env bash
# OPC UA: node-opcua on both ends, open62541 as another stack, and conversations of our own where neither says it.
# open62541 is not in Debian 12: it comes from a Debian 13 in a folder, D13=/path (debootstrap trixie; packages gcc
# libc6-dev libopen62541-1.4-dev there), in which server and client are compiled and run.
# Packages: debootstrap nodejs npm tcpdump tshark ethtool iproute2; npm: node-opcua, in NODE_PATH or fetched
. "$(dirname "$0")/harness.sh"
protocol=opcua
D13=${D13:-/tmp/d13}
inside=/tmp/opcua-$$
trap 'net_down; rm -rf "$tmp" "$D13$inside"' EXIT

if [ -z "${NODE_PATH-}" ]; then
  (cd "$tmp" && npm install --silent node-opcua >npm.log 2>&1)
  NODE_PATH=$tmp/node_modules
fi
export NODE_PATH
node_version() { node -p "require('node-opcua/package.json').version"; }
library() { chroot "$D13" dpkg-query -W -f '${Version}' libopen62541-1.4-dev; }
talk() { cli timeout 120 node "$here/opcua_client.js" "$1" "opc.tcp://$server_ip:${2:-4840}/plant" "$tmp" >>"$tmp/client.log" 2>&1; }
# Certificates of 2048 bits take their time to be made: not in the midst of a capture.
serve() {
  srv_bg node "$here/opcua_server.js" $server_ip "$1" "$tmp"
  local try
  for try in 1 2 3 4 5 6 7 8 9; do wait_port "$1" 2>/dev/null && return; done
  wait_port "$1"
}
ends() { echo "node-opcua $(node_version) at both ends ($server_ip:${1:-4840}, $client_ip)"; }
open_ends() { echo "open62541 $(library) ($server_ip:4841) and $1 ($client_ip)"; }
compile() {
  [ -e "$D13$inside/server" ] && return
  mkdir -p "$D13$inside"
  cp "$here"/opcua_open62541_{server,client}.c "$D13$inside"
  for side in server client; do
    chroot "$D13" gcc -O1 -o $inside/$side $inside/opcua_open62541_$side.c -lopen62541
  done
  srv_bg chroot "$D13" $inside/server 4841
  wait_port 4841
}
play() {
  srv_bg timeout 60 "$python" "$here/opcua_play.py" "$case_name" server $server_ip 4842
  wait_port 4842
  record port 4842
  cli timeout 60 "$python" "$here/opcua_play.py" "$case_name" client $server_ip 4842 >>"$tmp/client.log" 2>&1
}
encoded='synthetic, encoded by `scripts/captures/opcua_play.py`: no server took part'
play_ends='one Python script at both ends'

case_values() {
  record port 4840
  talk values
  finish 'values of every type, read and written' "$(ends)" <<'TEXT'
Policy None. A session without a user; 23 variables of all built-in types, an array, a matrix, node ids of all four kinds; a part of an array, five
attributes of a node; five writes.
TEXT
}

case_identity() {
  record port 4840
  talk identity
  finish 'what a server says it is' "$(ends)" <<'TEXT'
The variables of BuildInfo one by one; ServerStatus and BuildInfo as structures, NamespaceArray, ServerArray, the diagnostics summary.
TEXT
}

case_browse() {
  record port 4840
  talk browse
  finish 'a client looks around' "$(ends)" <<'TEXT'
Root, a folder, the object Server; five references at a time, the next ones, and the rest given up; two paths, one of which does not exist; two nodes
registered and unregistered.
TEXT
}

case_methods() {
  record port 4840
  talk methods
  finish 'methods are called' "$(ends)" <<'TEXT'
StartBatch with two arguments and a result; Stop and GetMonitoredItems in one message; StartBatch with an argument too few; a method that does not exist.
TEXT
}

case_subscription() {
  record port 4840
  talk subscription
  finish 'a subscription: data changes and events' "$(ends)" <<'TEXT'
A variable with a deadband, another one and one that does not exist, events of the object Server; a call that raises an event; items and subscription
modified, publishing switched off and on, an item linked, Republish, TransferSubscriptions, all deleted.
TEXT
}

case_history() {
  record port 4840
  talk history
  finish 'history of a variable' "$(ends)" <<'TEXT'
Raw values, averages, and the history of a variable that has none.
TEXT
}

case_errors() {
  record port 4840
  talk errors
  finish 'what is refused' "$(ends)" <<'TEXT'
Reads of what does not exist, writes to what may not be written and of another type; an empty read; services that this server does not have: Query, AddNodes,
DeleteNodes, AddReferences, DeleteReferences, HistoryUpdate, Cancel; a subscription that does not exist.
TEXT
}

case_discovery() {
  record port 4840
  talk discovery
  finish 'FindServers, GetEndpoints' "$(ends)" <<'TEXT'
The endpoints come with policies, modes, certificates and the ways in which a user may be known.
TEXT
}

case_sign() {
  record port 4840
  talk sign
  finish 'Basic256Sha256, signed and not encrypted' "$(ends)" <<'TEXT'
OpenSecureChannel is encrypted, the messages are signed and can be read. A user with a password, which is encrypted by itself. As in values and methods.
TEXT
}

case_encrypt() {
  record port 4840
  talk encrypt
  finish 'Aes128_Sha256_RsaOaep, signed and encrypted' "$(ends)" <<'TEXT'
What values and methods do, of which only channel, token and size can be seen.
TEXT
}

case_renew() {
  record port 4840
  talk renew
  finish 'a secure channel is renewed' "$(ends)" <<'TEXT'
A lifetime of two seconds, policy None: the token changes while a variable is read.
TEXT
}

case_wrong_password() {
  record port 4840
  talk wrong-password
  finish 'a user who is refused' "$(ends)" <<'TEXT'
Policy None; the password is encrypted with the server's key. ActivateSession is answered with a fault.
TEXT
}

case_odd_port() {
  record port 14840
  talk methods 14840
  finish 'OPC UA on port 14840' "$(ends 14840)" <<'TEXT'
The case methods on another port: only content says what it is.
TEXT
}

case_open62541() {
  compile
  record port 4841
  cli chroot "$D13" $inside/client "opc.tcp://$server_ip:4841" >>"$tmp/client.log" 2>&1
  finish 'another stack at both ends' "$(open_ends "the same library")" <<'TEXT'
GetEndpoints, a session with a user whose password is not encrypted, reads, a write, browse, a method, a subscription with data changes; a node added, linked and
deleted again; a node that does not exist.
TEXT
}

case_mixed() {
  compile
  record port 4841
  cli timeout 120 node "$here/opcua_client.js" identity "opc.tcp://$server_ip:4841" "$tmp" >>"$tmp/client.log" 2>&1
  finish 'a server of one stack, a client of another' "$(open_ends "node-opcua $(node_version)")" <<'TEXT'
The case identity.
TEXT
}

case_services() {
  play
  finish 'services that neither stack has' "$play_ends" "$encoded" <<'TEXT'
RegisterServer and RegisterServer2, FindServersOnNetwork; QueryFirst and QueryNext with results; HistoryUpdate: values replaced, values deleted;
history of events; Cancel; AddNodes, AddReferences, DeleteReferences, DeleteNodes; Republish with events; an issued token; a status change.
TEXT
}

case_reverse() {
  play
  finish 'a reverse connection' "$play_ends" "$encoded" <<'TEXT'
The server connects and says RHE; the client answers with HEL on the same connection and reads a value.
TEXT
}

case_chunks() {
  play
  finish 'messages in chunks, one given up' "$play_ends" "$encoded" <<'TEXT'
A read in three chunks, its response in two, a write that its sender gives up after a chunk; a sequence number left out, one said twice; a token and a channel
that nobody gave; a response that nobody asked for, one of another service, one with another handle.
TEXT
}

case_malformed() {
  play
  finish 'what is wrong is named, and what follows is read' "$play_ends" "$encoded" <<'TEXT'
Between good reads (requests 2, 9 and 12): a read that breaks off, bytes behind one, an array longer than the message, a service that does not exist, variants in
variants 40 deep, garbage between chunks, a chunk whose size lies; ERR at the end.
TEXT
}

case_small_segments() {
  play
  finish 'the same in segments of five bytes' "$play_ends" "$encoded" <<'TEXT'
The case chunks, cut by TCP as well.
TEXT
}

net_up
case " ${*:-values} odd-port " in *odd-port*) serve 14840 ;; esac
serve 4840
# The client's certificate is made before anything is recorded.
talk identity || true
run_cases "$@"
