#!/usr/bin/env bash
# BACnet/IP between two ends of one library; what it cannot say is in bacnet.py.
# Packages: nodejs npm tcpdump tshark ethtool iproute2; npm: @bacnet-js/client, in NODE_PATH or fetched
. "$(dirname "$0")/harness.sh"
protocol=bacnet

if [ -z "${NODE_PATH-}" ]; then
  (cd "$tmp" && npm install --silent @bacnet-js/client >npm.log 2>&1)
  NODE_PATH=$tmp/node_modules
fi
export NODE_PATH
stack=$(node -p "require('$NODE_PATH/@bacnet-js/client/package.json').version")
ends() { echo "@bacnet-js/client $stack at both ends ($server_ip:$1, $client_ip:$1)"; }

# play CASE PORT
play() {
  srv_bg node "$here/bacnet_device.js" "$2"
  device=$!
  wait_port "$2" -u
  record udp port "$2"
  cli timeout 60 node "$here/bacnet_client.js" "$1" $server_ip "$2" >>"$tmp/client.log" 2>&1 || true
  stop_recording
  kill $device 2>/dev/null || true
  wait $device 2>/dev/null || true
}

case_discovery() {
  play discovery 47808
  finish 'who is there, and what it is' "$(ends 47808)" <<'TEXT'
Who-Is to all and to one with a range, answered by I-Am; vendor, model, versions, serial number and place of the device, in one readPropertyMultiple
and one by one; its list of objects, and how many there are.
TEXT
}

case_values() {
  play values 47808
  finish 'values are read and written' "$(ends 47808)" <<'TEXT'
A temperature, several properties of three objects of which two are not there; an analog and a binary output are commanded with priority 8, the
latter released again; a set point, a name with umlaut and euro sign, an input out of service, a high limit; two objects at once.
TEXT
}

case_errors() {
  play errors 47808
  finish 'what is refused, or not there' "$(ends 47808)" <<'TEXT'
An object and a property that do not exist, an input and an unknown object that are written; files, logs and summaries, which this device has not.
TEXT
}

case_subscriptions() {
  play subscriptions 47808
  finish 'changes of value' "$(ends 47808)" <<'TEXT'
A subscription with unconfirmed notifications, one with confirmed ones (the device asks, the station answers), its end, one of a property; a
notification from the station.
TEXT
}

case_management() {
  play management 47808
  finish 'restarts, silence, clocks, objects, lists, files' "$(ends 47808)" <<'TEXT'
Warm start with a password and cold start with a wrong one; communication disabled for five minutes and enabled; both clocks set; an object created
and deleted, recipients of alarms added and removed, a file written, private transfers, an alarm acknowledged, a foreign device registered.
TEXT
}

case_odd_port() {
  play odd_port 5555
  finish 'discovery and values, port 5555' "$(ends 5555)" <<'TEXT'
The traffic of `discovery` and of `values`.
TEXT
}

net_up
run_cases "$@"
