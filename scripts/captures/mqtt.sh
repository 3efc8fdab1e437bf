#!/usr/bin/env bash
# MQTT: mosquitto and its clients, and what they do not say from a script.
# Packages: mosquitto mosquitto-clients python3 tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=mqtt

# broker [PORT] [lines of its configuration ...]
broker() {
  local port=${1:-1883}
  shift || true
  { printf 'user root\nlistener %s %s\n' "$port" $server_ip; [ $# -gt 0 ] && printf '%s\n' "$@" || echo allow_anonymous true; } >"$tmp/mosquitto.conf"
  srv_bg mosquitto -c "$tmp/mosquitto.conf"
  broker_pid=$!
  wait_port "$port"
}
# With its clients: one that is left would come back in the next case.
broker_ends() {
  local p
  for p in $(ip netns pids "$client"); do kill "$p" 2>/dev/null || true; done
  kill $broker_pid 2>/dev/null || true
  wait $broker_pid 2>/dev/null || true
}
pub() { cli timeout 10 mosquitto_pub -h $server_ip "$@" >>"$tmp/client.log" 2>&1 || true; }
sub() { cli timeout 10 mosquitto_sub -h $server_ip "$@" >>"$tmp/client.log" 2>&1 || true; }
sub_bg() { cli_bg timeout 20 mosquitto_sub -h $server_ip "$@"; sleep 0.3; }
script() { cli timeout 30 "$python" "$here/mqtt_client.py" "$@" >>"$tmp/client.log" 2>&1 || true; }
sparkplug() { "$python" "$here/mqtt_client.py" --sparkplug "$1" | cli mosquitto_pub -h $server_ip -i "$2" -t "$3" -s -q "${4:-0}"; }
ends() { echo "mosquitto $(version mosquitto) ($server_ip:${1:-1883}) and its clients ($client_ip)"; }
script_ends() { echo "mosquitto $(version mosquitto) ($server_ip:${1:-1883}) and a Python script ($client_ip)"; }

case_versions() {
  broker
  record tcp port 1883
  local v q
  for v in mqttv31 mqttv311 mqttv5; do
    for q in 0 1 2; do pub -V $v -i pump7 -t hall3/pump7/temp -m "$q.5" -q $q; done
  done
  finish 'versions 3.1, 3.1.1 and 5, each with QoS 0, 1 and 2' "$(ends)" <<'TEXT'
Nine connections of pump7, each with one message: 0.5, 1.5, 2.5.
TEXT
  broker_ends
}

case_subscriptions() {
  broker
  record tcp port 1883
  sub_bg -V mqttv5 -i reader -t 'hall3/#' -t '$share/readers/hall4/+' -q 2 -C 3 --retain-as-published --retain-handling new
  sub -V mqttv311 -i status -t '$SYS/broker/version' -C 1
  sub_bg -V mqttv311 -i everything -t '#' -C 3
  pub -i pump7 -t hall3/pump7/temp -m 41 -q 1 -r
  pub -i pump7 -t hall4/pump9 -m '{"t":20.5}' -q 2
  sub -V mqttv5 -i leaver -t hall3/x -U hall3/x -U hall3/never -E
  sub -V mqttv311 -i leaver -t hall3/x -U hall3/x -E
  pub -i pump7 -t hall3/pump7/temp -n -r
  sleep 0.3
  finish 'who listens to what' "$(ends)" <<'TEXT'
`reader` (5) subscribes to hall3/# and to a shared hall4/+, QoS 2; `status` to $SYS/broker/version, `everything` to #. pump7 publishes to both, one of
them retained, and clears it. `leaver` unsubscribes again, in 5 also from what it never had.
TEXT
  broker_ends
}

case_properties() {
  broker
  record tcp port 1883
  sub_bg -V mqttv5 -i reader -t 'hall3/#' -C 3 -D connect receive-maximum 5 -D connect user-property place desk -D connect session-expiry-interval 30 -D subscribe subscription-identifier 42
  pub -V mqttv5 -i pump7 -t hall3/pump7/temp -m 21 -q 1 -D connect maximum-packet-size 20000 -D connect topic-alias-maximum 4 -D connect request-problem-information 1 \
    -D publish content-type text/plain -D publish response-topic hall3/answers -D publish correlation-data 17 -D publish message-expiry-interval 60 \
    -D publish payload-format-indicator 1 -D publish user-property unit bar -D publish user-property source test -D publish topic-alias 3 \
    -D will content-type text/plain -D will will-delay-interval 7 -D will user-property why lost --will-topic hall3/pump7/state --will-payload gone --will-qos 1 --will-retain \
    -D disconnect session-expiry-interval 5 -D disconnect user-property bye now
  pub -V mqttv5 -i pump7 -t hall3/pump7/temp -m 22 --repeat 3 --repeat-delay 0.1 -D publish topic-alias 2
  sleep 0.3
  finish 'properties of version 5' "$(ends)" <<'TEXT'
`reader` gives its subscription a number and has a user property; pump7 uses every property that mosquitto_pub knows, a will among them; then it sends
a message three times with a topic alias.
TEXT
  broker_ends
}

case_refused() {
  mosquitto_passwd -b -c "$tmp/passwords" pump secret 2>/dev/null
  printf 'user pump\ntopic readwrite hall3/#\n' >"$tmp/acl"
  chmod 700 "$tmp/passwords" "$tmp/acl"
  broker 1883 "password_file $tmp/passwords" "acl_file $tmp/acl" 'allow_anonymous false'
  record tcp port 1883
  pub -V mqttv311 -i pump7 -u pump -P wrong -t hall3/x -m 1
  pub -V mqttv5 -i pump7 -u pump -P wrong -t hall3/x -m 1
  pub -V mqttv5 -i pump7 -t hall3/x -m 1
  pub -V mqttv5 -i pump7 -u pump -P secret -t hall4/x -m 1 -q 1
  pub -V mqttv5 -i pump7 -u pump -P secret -t hall4/x -m 1 -q 2
  sub -V mqttv5 -i pump7 -u pump -P secret -t 'hall3/#' -E
  sub -V mqttv311 -i pump7 -u pump -P secret -t 'hall4/#' -E
  finish 'wrong passwords, no rights' "$(ends)" <<'TEXT'
A wrong password in 3.1.1 (not authorized, 5) and 5 (0x87), no password; with the right one a topic without the right to it, QoS 1 and 2 (0x87), and
subscriptions.
TEXT
  broker_ends
}

case_will() {
  broker
  record tcp port 1883
  sub_bg -V mqttv5 -i reader -t 'hall3/#' -q 1 -C 2
  cli mosquitto_sub -h $server_ip -V mqttv311 -i pump7 -c -q 1 -t hall3/none --will-topic hall3/pump7/state --will-payload gone --will-qos 1 >>"$tmp/client.log" 2>&1 &
  local gone=$!
  sleep 0.3
  for p in $(ip netns pids "$client"); do
    if grep -qa pump7 "/proc/$p/cmdline" && grep -qa mosquitto_sub "/proc/$p/comm"; then kill -9 "$p"; fi
  done
  wait $gone 2>/dev/null || true
  sleep 0.3
  sub -V mqttv311 -i pump7 -c -q 1 -t hall3/none -E
  sub -V mqttv5 -i reader2 -t hall3/keep -k 5 -W 7
  finish 'a will, a session that goes on, pings' "$(ends)" <<'TEXT'
pump7 dies with a will, which `reader` gets; it comes back to its session (session present). reader2 has a keep alive of 5 seconds and nothing to
say for 7: a PINGREQ.
TEXT
  broker_ends
}

case_sparkplug() {
  broker
  record tcp port 1883
  sub_bg -V mqttv311 -i host1 -t 'spBv1.0/#' -C 9
  pub -i host1b -t spBv1.0/STATE/host1 -m '{"online":true,"timestamp":1790000000000}' -q 1 -r
  sparkplug nbirth edge1 spBv1.0/Works/NBIRTH/Edge1 0
  sparkplug dbirth edge1 spBv1.0/Works/DBIRTH/Edge1/Pump7 0
  sparkplug ddata edge1 spBv1.0/Works/DDATA/Edge1/Pump7 0
  sparkplug dcmd host1b spBv1.0/Works/DCMD/Edge1/Pump7 1
  sparkplug ncmd host1b spBv1.0/Works/NCMD/Edge1 0
  sparkplug reboot host1b spBv1.0/Works/NCMD/Edge1 0
  sparkplug ddeath edge1 spBv1.0/Works/DDEATH/Edge1/Pump7 0
  sparkplug ndeath edge1 spBv1.0/Works/NDEATH/Edge1 0
  sleep 0.3
  finish 'Sparkplug B: births, data, commands, deaths' "$(ends), payloads encoded by \`mqtt_client.py\`" 'real traffic with synthetic payloads' <<'TEXT'
The host says it is there; Edge1 and its device Pump7 are born with metrics of each kind, report (by alias), are commanded (a set point, a rebirth, a
reboot), and die. A host application gets it all.
TEXT
  broker_ends
}

case_odd_port() {
  broker 11883
  record tcp port 11883
  pub -p 11883 -i pump7 -t hall3/pump7/temp -m 42 -q 1
  finish 'on port 11883' "$(ends 11883)" <<'TEXT'
One message of pump7, QoS 1.
TEXT
  broker_ends
}

case_small_segments() {
  broker
  record tcp port 1883
  script small-segments $server_ip 1883
  finish 'each byte in a segment of its own' "$(script_ends)" <<'TEXT'
CONNECT of version 5, a message with QoS 1 and a user property, DISCONNECT.
TEXT
  broker_ends
}

case_long() {
  broker
  record tcp port 1883
  head -c 200000 /dev/zero | tr '\0' x | cli mosquitto_pub -h $server_ip -i camera -t hall3/camera -s -q 1
  pub -i camera -t hall3/done -m 1
  finish 'a message of 200,000 bytes' "$(ends)" <<'TEXT'
More than is looked into: its topic and its beginning are told, and what follows.
TEXT
  broker_ends
}

case_malformed() {
  srv_bg "$python" "$here/mqtt_client.py" broker $server_ip 1884
  wait_port 1884
  record tcp port 1884
  script malformed $server_ip 1884
  finish 'packets that are none, and good ones behind each' 'one Python script at both ends' 'synthetic, encoded by `mqtt_client.py`' <<'TEXT'
A topic that ends behind its packet, a wildcard in a topic, QoS 3, a topic filter a/#/b, a PINGREQ with flags, a length of five bytes, zeros, a line of HTTP, a
second CONNECT, a PUBREL of nothing. Behind each: three messages (1; 2 with QoS 1; 3) and a PINGREQ.
TEXT
}

case_interrupted() {
  srv_bg "$python" "$here/mqtt_client.py" broker $server_ip 1884
  wait_port 1884
  record tcp port 1884
  script inside $server_ip 1884
  finish 'a long message, and a length that is wrong' 'one Python script at both ends' 'synthetic, encoded by `mqtt_client.py`' <<'TEXT'
A message of 70,000 bytes and one behind it; then a PUBLISH that says it is 100,000,000 bytes long, and after 66,000 of them go on five others.
TEXT
}

net_up
run_cases "$@"
