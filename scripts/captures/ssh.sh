#!/usr/bin/env bash
# SSH: servers and clients of three makes, old and new algorithms, none in common, lines before the banner, odd openings.
# Packages: openssh-server openssh-client dropbear-bin putty-tools python3 tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=ssh

keys() {
  ssh-keygen -q -t ed25519 -N '' -f "$tmp/host"
  ssh-keygen -q -t rsa -b 2048 -N '' -f "$tmp/host_rsa"
  ssh-keygen -q -t ed25519 -N '' -f "$tmp/user"
  cp "$tmp/user.pub" "$tmp/authorized"
}
# sshd PORT [more options]
sshd() {
  local port=$1
  shift
  mkdir -p /run/sshd
  srv_bg /usr/sbin/sshd -D -f /dev/null -h "$tmp/host" -h "$tmp/host_rsa" -o Port="$port" -o AuthorizedKeysFile="$tmp/authorized" \
    -o StrictModes=no -o PermitRootLogin=yes -o PasswordAuthentication=no -o PidFile=none "$@"
  wait_port "$port"
}
# login HOST [more options]: logs in with the user's key and runs a command.
login() {
  local host=$1
  shift
  cli ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i "$tmp/user" -o IdentitiesOnly=yes -o BatchMode=yes \
    "$@" "root@$host" true >>"$tmp/client.log" 2>&1 || true
}
openssh="OpenSSH $(version openssh-server)"

case_login() {
  record tcp port 22
  login $server_ip
  cli ssh -F /dev/null -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i "$tmp/host" -o IdentitiesOnly=yes -o BatchMode=yes \
    nobody@$server_ip true >>"$tmp/client.log" 2>&1 || true
  finish 'a login and a refused one' "$openssh on both ends ($server_ip:22)" <<'TEXT'
Two connections: banners SSH-2.0-OpenSSH both ways, key exchange in clear, the rest encrypted. The first logs in and runs a command, the
second is refused.
TEXT
}

case_old_algorithms() {
  sshd 2022 -o KexAlgorithms=+diffie-hellman-group14-sha1 -o HostKeyAlgorithms=+ssh-rsa -o Ciphers=+aes128-cbc -o Compression=yes
  record tcp port 22 or tcp port 2022
  login $server_ip -p 2022 -o KexAlgorithms=diffie-hellman-group14-sha1 -o Ciphers=aes128-cbc -o MACs=hmac-sha1 -o HostKeyAlgorithms=ssh-rsa -o Compression=yes
  login $server_ip -o KexAlgorithms=diffie-hellman-group-exchange-sha256 -o Ciphers=aes256-gcm@openssh.com -o HostKeyAlgorithms=rsa-sha2-512
  login $server_ip -o KexAlgorithms=ecdh-sha2-nistp256 -o Ciphers=3des-cbc -o MACs=hmac-md5
  finish 'group 14 with SHA-1 and CBC, the group exchange, and 3DES with nothing in common' "$openssh on both ends ($server_ip, ports 2022 and 22)" <<'TEXT'
Three connections. The first, to port 2022, agrees on diffie-hellman-group14-sha1, ssh-rsa, aes128-cbc, hmac-sha1 and zlib@openssh.com both ways; the second on
diffie-hellman-group-exchange-sha256 (the server's key comes with message 33, not 31), rsa-sha2-512 and aes256-gcm@openssh.com, which needs no
MAC. The third offers 3des-cbc with hmac-md5, of which the server has neither: both KEXINIT, no cipher in common, and the end.
TEXT
}

case_dropbear() {
  dropbearkey -t ed25519 -f "$tmp/dropbear_host" >/dev/null 2>&1
  srv_bg dropbear -F -E -r "$tmp/dropbear_host" -p $server_ip:2200 -P "$tmp/dropbear.pid"
  wait_port 2200
  record tcp port 2200
  login $server_ip -p 2200
  cli dbclient -y -p 2200 root@$server_ip true </dev/null >>"$tmp/client.log" 2>&1 || true
  finish 'a Dropbear server on port 2200, with an OpenSSH and a Dropbear client' "Dropbear $(version dropbear-bin) ($server_ip:2200), OpenSSH $(version openssh-client) and dbclient ($client_ip)" <<'TEXT'
Two connections to port 2200; server SSH-2.0-dropbear in both, client SSH-2.0-OpenSSH in the first, SSH-2.0-dropbear in the second. Dropbear sends
its KEXINIT with a first packet of the key exchange that it guessed. Neither logs in.
TEXT
}

case_putty() {
  record tcp port 22
  cli plink -batch -hostkey "$(ssh-keygen -lf "$tmp/host.pub" | awk '{ print $2 }')" -l root $server_ip true </dev/null >>"$tmp/client.log" 2>&1 || true
  finish 'a PuTTY client' "$openssh ($server_ip:22) and PuTTY's plink $(version putty-tools) ($client_ip)" <<'TEXT'
One connection: client SSH-2.0-PuTTY_Release_0.78. The login is refused.
TEXT
}

case_keyscan() {
  record tcp port 22
  cli ssh-keyscan -t ed25519,rsa $server_ip >>"$tmp/client.log" 2>&1
  finish 'ssh-keyscan asks for two keys and leaves' "$openssh on both ends ($server_ip:22)" <<'TEXT'
One connection for each type of key, RSA and Ed25519: banners, both KEXINIT, the key exchange up to the server's key, and the end before
anything is encrypted by the client.
TEXT
}

case_greeting() {
  srv_bg "$python" "$here/ssh_greeter.py" $server_ip 2222 22
  wait_port 2222
  record tcp port 2222
  login $server_ip -p 2222
  finish 'a server that says two lines before its version' "$openssh behind a relay in Python ($server_ip:2222) and OpenSSH ($client_ip)" <<'TEXT'
Port 2222. The server's stream begins with `This is pump 7 of hall 3.` (CR LF) and `Keep out unless you were asked in.` (LF alone), as RFC 4253, 4.2
allows; then its banner, and a whole login.
TEXT
}

case_ipv6() {
  record tcp port 22
  login fd77::1
  finish 'a login over IPv6' "$openssh on both ends (fd77::1 port 22)" <<'TEXT'
One connection between fd77::2 and fd77::1.
TEXT
}

case_small_segments() {
  ip -n "$client" route change 10.77.0.0/24 dev vb proto kernel scope link src $client_ip advmss 100
  ip -n "$server" route change 10.77.0.0/24 dev va proto kernel scope link src $server_ip advmss 100
  record tcp port 22
  login $server_ip
  finish 'a key exchange cut into segments of 100 bytes and less' "$openssh on both ends ($server_ip:22)" <<'TEXT'
A login with an MSS of 100 on both sides: each KEXINIT takes more than ten segments.
TEXT
  ip -n "$client" route change 10.77.0.0/24 dev vb proto kernel scope link src $client_ip
  ip -n "$server" route change 10.77.0.0/24 dev va proto kernel scope link src $server_ip
}

case_malformed() {
  record tcp port 22
  cli "$python" "$here/ssh_client.py" $server_ip 22
  finish 'seven odd openings' "$openssh ($server_ip:22) and a Python socket ($client_ip)" <<'TEXT'
Seven connections; the client says: a banner of more than 256 bytes; a banner without a software; version 1.5; HTTP behind its banner (a packet of
1195725856 bytes); a packet of length 0; a KEXINIT that breaks off within its first list; DISCONNECT, reason 11, `changed.`.
TEXT
}

net_up
keys
sshd 22
run_cases "$@"
