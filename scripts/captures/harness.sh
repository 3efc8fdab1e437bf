# Sourced by the capture scripts: two network namespaces joined by a veth pair, a recorder, and the case's README.
#
#     server namespace  10.77.0.1  fd77::1  02:00:00:00:77:01        client namespace  10.77.0.2  fd77::2  ...:02
#
# A script sets `protocol`, defines one function case_<name> per capture (underscores become dashes in the folder's
# name) and ends with `run_cases "$@"`, which runs all of them or those named. In a case: `record`, traffic, `finish`.
# Needs root. Neighbours are static, so that a capture holds the exchange and no ARP; a case about ARP removes them.
set -euo pipefail
export LC_ALL=C

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
pcaps=$(cd "$here/../.." && pwd)/pcaps
python=/usr/bin/python3  # Debian's, which has the python3-* packages
server=pk$$s client=pk$$c
server_ip=10.77.0.1 client_ip=10.77.0.2
tmp=$(mktemp -d)
chmod 755 "$tmp"

srv() { ip netns exec "$server" "$@"; }
cli() { ip netns exec "$client" "$@"; }
srv_bg() { ip netns exec "$server" "$@" >>"$tmp/server.log" 2>&1 & }
cli_bg() { ip netns exec "$client" "$@" >>"$tmp/client.log" 2>&1 & }
version() { dpkg-query -W -f '${Version}' "$1"; }

net_up() {
  ip netns add "$server"
  ip netns add "$client"
  ip link add va netns "$server" address 02:00:00:00:77:01 type veth peer name vb netns "$client" \
    address 02:00:00:00:77:02
  local ns dev k other
  for end in "$server va 1 2" "$client vb 2 1"; do
    read -r ns dev k other <<<"$end"
    ip netns exec "$ns" sysctl -qw net.ipv6.conf.default.router_solicitations=0 \
      "net.ipv6.conf.$dev.router_solicitations=0" "net.ipv6.conf.$dev.accept_ra=0"
    ip -n "$ns" addr add "10.77.0.$k/24" dev "$dev"
    ip -n "$ns" addr add "fd77::$k/64" dev "$dev" nodad
    ip -n "$ns" link set lo up
    ip -n "$ns" link set "$dev" up
    ip -n "$ns" neigh replace "10.77.0.$other" lladdr "02:00:00:00:77:0$other" dev "$dev" nud permanent
    ip -n "$ns" neigh replace "fd77::$other" lladdr "02:00:00:00:77:0$other" dev "$dev" nud permanent
    # With offloads the capture would hold 64 kB frames with unfinished checksums, which no wire ever carries.
    ip netns exec "$ns" ethtool -K "$dev" tx off rx off tso off gso off gro off >/dev/null 2>&1
  done
}

# Ends what runs in our own namespaces and nothing else.
net_down() {
  local ns pid try
  for ns in "$server" "$client"; do
    ip netns list | grep -qw "$ns" || continue
    for pid in $(ip netns pids "$ns"); do kill "$pid" 2>/dev/null || true; done
  done
  for try in 1 2 3 4 5 6 7 8 9 10; do
    [ -n "$(ip netns pids "$server" 2>/dev/null)$(ip netns pids "$client" 2>/dev/null)" ] || break
    sleep 0.2
  done
  for ns in "$server" "$client"; do
    ip netns list | grep -qw "$ns" || continue
    for pid in $(ip netns pids "$ns"); do kill -9 "$pid" 2>/dev/null || true; done
    ip netns del "$ns"
  done
}
trap 'net_down; rm -rf "$tmp"' EXIT

# wait_port PORT [-t|-u]: until something in the server namespace listens there.
wait_port() {
  local try
  for try in $(seq 100); do
    srv ss -Hln "${2:--t}" "sport = :$1" | grep -q . && return 0
    sleep 0.1
  done
  echo "nothing listens on port $1; the server said:" >&2
  tail -20 "$tmp/server.log" >&2
  return 1
}

# record [tcpdump options and filter]: starts to record on the client's end of the wire. The default filter leaves out
# multicast listener reports, which come whenever a kernel feels like it.
record_on=vb
record() {
  [ $# -gt 0 ] || set -- not icmp6
  mkdir -p "$pcaps/$protocol/$case_name"
  capture=$pcaps/$protocol/$case_name/input.pcap
  rm -f "$capture" "$tmp/tcpdump.log"
  ip netns exec "$client" tcpdump -i "$record_on" -Z root --immediate-mode -U -w "$capture" "$@" 2>"$tmp/tcpdump.log" &
  recorder=$!
  until grep -q 'listening on' "$tmp/tcpdump.log" 2>/dev/null; do
    kill -0 $recorder || { cat "$tmp/tcpdump.log" >&2; return 1; }
    sleep 0.05
  done
}

stop_recording() {
  sleep 0.4
  kill "$recorder"
  wait "$recorder" || true
  recorder=
}

# finish TITLE ENDS [ORIGIN] <<text: stops the recorder, writes the case's README.
recorder=
finish() {
  if [ -n "$recorder" ]; then stop_recording; fi
  {
    printf '# %s/%s: %s\n\n' "$protocol" "$case_name" "$1"
    cat
    printf '\n- Ends: %s\n- Origin: %s; made by `scripts/captures/%s %s`\n- Licence: Apache-2.0\n' \
      "$2" "${3:-real traffic}" "$(basename "$0")" "$selected"
  } >"$pcaps/$protocol/$case_name/README.md"
  echo "$protocol/$case_name: $(tshark -r "$capture" 2>/dev/null | wc -l) frames"
}

run_cases() {
  local name wanted=("$@")
  if [ $# -eq 0 ]; then
    mapfile -t wanted < <(sed -n 's/^case_\([a-z0-9_]*\)() {.*/\1/p' "$0" | tr _ -)
  fi
  for name in "${wanted[@]}"; do
    case_name=$name selected=$name
    "case_${name//-/_}"
  done
}
