#!/usr/bin/env bash
# LLDP: lldpd on both ends of a wire.
# Packages: lldpd tcpdump tshark iproute2 ethtool
. "$(dirname "$0")/harness.sh"
protocol=lldp

lldp() { # END ARGUMENT...: the control program of one end
  local end=$1
  shift
  "$end" lldpcli -u "$tmp/$end.sock" "$@" >>"$tmp/$end.log" 2>&1
}
start() { # END DEVICE ARGUMENT...
  local end=$1 device=$2 try
  shift 2
  "$end" lldpd -d -u "$tmp/$end.sock" -I "$device" "$@" >>"$tmp/$end.log" 2>&1 &
  for try in $(seq 100); do
    [ -S "$tmp/$end.sock" ] && lldp "$end" show configuration && return 0
    sleep 0.1
  done
  cat "$tmp/$end.log" >&2
  return 1
}
stop() { # both ends, in order: they say that they go
  local ns pid
  for ns in "$server" "$client"; do
    for pid in $(ip netns pids "$ns"); do
      [ "$(cat "/proc/$pid/comm")" = lldpd ] && kill "$pid" 2>/dev/null || true
    done
  done
  sleep 1
}
ends="lldpd $(version lldpd) in two network namespaces"

case_switch() {
  record ether proto 0x88cc
  start srv va -M 4 -S 'picket switch, model 8'
  lldp srv configure system hostname switch-1
  lldp srv configure system ip management pattern 10.77.0.1
  lldp srv configure ports va lldp portdescription 'uplink to line 3'
  lldp srv configure med fast-start enable
  lldp srv configure ports va med policy application voice tagged vlan 50 priority voice dscp 46
  lldp srv configure ports va dot3 power pse supported enabled paircontrol powerpairs spare class class-3 type 2 source primary priority high requested 20000 allocated 15000
  lldp srv configure inventory hardware-revision HW-7
  lldp srv configure inventory serial-number SN-0815
  lldp srv configure inventory manufacturer Picket
  lldp srv configure inventory model P8
  lldp srv configure inventory asset A-42
  lldp srv configure inventory firmware-revision FW-1.2
  lldp srv configure inventory software-revision SW-3.4
  lldp srv configure lldp custom-tlv oui 33,44,55 subtype 44 oui-info 45,45,45,45,45
  lldp srv configure lldp tx-interval 1
  start cli vb -M 1 -S 'endpoint'
  lldp cli configure system hostname plc-7
  lldp cli configure lldp tx-interval 1
  sleep 4
  lldp srv configure system hostname switch-2
  sleep 2
  stop
  finish 'a switch and an endpoint, with inventory, policies and power' "$ends" <<'TEXT'
Both announce themselves once a second, with 802.1, 802.3 and LLDP-MED TLVs; the switch has an inventory, a voice policy, power over Ethernet, a TLV of an
organisation nobody knows, and changes its name; then both go (time to live 0).
TEXT
}

net_up
run_cases "$@"
