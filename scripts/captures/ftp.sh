#!/usr/bin/env bash
# FTP: passive and active, up and down, listings, multi-line replies, AUTH TLS, a bounce, odd lines.
# Packages: vsftpd python3-pyftpdlib python3-openssl curl lftp openssl tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=ftp

files() {
  mkdir -p "$tmp/ftp/pub" "$tmp/hall3"
  chmod 777 "$tmp/hall3"
  seq 1 500 >"$tmp/ftp/pub/numbers.txt"
  cp "$tmp/ftp/pub/numbers.txt" "$tmp/hall3/"
  seq 1 30000 | gzip -n >"$tmp/hall3/big.gz"
  printf 'pump;state\n7;on\n' >"$tmp/report.csv"
}
# pyftpd ADDRESS PORT [certificate]
pyftpd() {
  srv_bg "$python" "$here/ftp_server.py" "$1" "$2" "$tmp/hall3" "${@:3}"
  wait_port "$2"
}
pyftpd_ends="pyftpdlib $(version python3-pyftpdlib)"
up=(curl -sS --user operator:seven)

case_session() {
  mkdir -p /var/run/vsftpd/empty
  printf 'listen=YES\nlisten_address=%s\nanonymous_enable=YES\nanon_root=%s\nlocal_enable=NO\nport_enable=YES\nconnect_from_port_20=YES\nxferlog_enable=NO\nseccomp_sandbox=NO\nsecure_chroot_dir=/var/run/vsftpd/empty\n' \
    $server_ip "$tmp/ftp" >"$tmp/vsftpd.conf"
  srv_bg vsftpd "$tmp/vsftpd.conf"
  wait_port 21
  record tcp
  cli curl -sS -o /dev/null ftp://$server_ip/pub/ -o /dev/null ftp://$server_ip/pub/numbers.txt || true
  cli curl -sS -o /dev/null --ftp-port - ftp://$server_ip/pub/numbers.txt || true
  cli curl -sS -o /dev/null --disable-epsv ftp://$server_ip/pub/missing 2>>"$tmp/client.log" || true
  finish 'listing, download passive and active, a missing file' "vsftpd $(version vsftpd) ($server_ip:21) and curl $(version curl) ($client_ip)" <<'TEXT'
Three control connections (USER anonymous, PASS): a listing and /pub/numbers.txt (1892 bytes) over passive data connections (EPSV), the
same file over an active one (EPRT or PORT, from port 20), and a file that is not there (550; PASV).
TEXT
}

case_upload() {
  pyftpd $server_ip 2121
  record tcp
  cli "${up[@]}" -T "$tmp/report.csv" ftp://$server_ip:2121/report.csv
  cli "${up[@]}" --disable-eprt --ftp-port - -T "$tmp/report.csv" -Q '-RNFR active.csv' -Q '-RNTO renamed.csv' ftp://$server_ip:2121/active.csv
  cli "${up[@]}" --disable-epsv -a -T "$tmp/report.csv" -Q '-DELE renamed.csv' ftp://$server_ip:2121/report.csv
  finish 'uploads: passive, active, appended; renamed and deleted' "$pyftpd_ends ($server_ip:2121) and curl $(version curl) ($client_ip)" <<'TEXT'
Port 2121; user operator, password seven. STOR report.csv (16 bytes) over EPSV; STOR active.csv over PORT (the data connection comes from the server), then
RNFR and RNTO; APPE report.csv over PASV, then DELE. The greeting has a second line behind its end.
TEXT
}

case_listings() {
  pyftpd $server_ip 2122
  record tcp
  cli lftp -u operator,seven -e 'set net:max-retries 1; set ftp:prefer-epsv yes; ls; quote HELP; quote STAT; quote SITE HELP; cls; bye' $server_ip:2122 >>"$tmp/client.log" 2>&1
  cli "${up[@]}" -X MLSD ftp://$server_ip:2122/ >>"$tmp/client.log"
  cli "${up[@]}" -l ftp://$server_ip:2122/ >>"$tmp/client.log"
  finish 'listings and replies of many lines' "$pyftpd_ends ($server_ip:2122), lftp $(version lftp) and curl $(version curl) ($client_ip)" <<'TEXT'
Port 2122. lftp asks for FEAT, a LIST, HELP, STAT and SITE HELP, all of many lines, as is STAT's own listing; curl for an MLSD and an NLST.
TEXT
}

case_large() {
  pyftpd $server_ip 2123
  record tcp
  cli "${up[@]}" -o /dev/null ftp://$server_ip:2123/big.gz
  finish 'a file of 60 kB' "$pyftpd_ends ($server_ip:2123) and curl $(version curl) ($client_ip)" <<'TEXT'
RETR big.gz over EPSV: a gzip file in many segments.
TEXT
}

case_ipv6() {
  pyftpd fd77::1 2124
  record tcp
  cli "${up[@]}" -o /dev/null 'ftp://[fd77::1]:2124/numbers.txt'
  cli "${up[@]}" --ftp-port - -o /dev/null 'ftp://[fd77::1]:2124/numbers.txt'
  finish 'passive and active over IPv6' "$pyftpd_ends (fd77::1 port 2124) and curl $(version curl) (fd77::2)" <<'TEXT'
RETR numbers.txt over EPSV, and over EPRT with an IPv6 address.
TEXT
}

case_auth_tls() {
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$tmp/ftp.key" -out "$tmp/ftp.crt" -days 3650 \
    -subj /CN=files.lab.test >/dev/null 2>&1
  cat "$tmp/ftp.key" "$tmp/ftp.crt" >"$tmp/ftp.pem"
  mkdir -p /var/run/vsftpd/empty
  printf 'listen=YES\nlisten_address=%s\nlisten_port=2125\nanonymous_enable=YES\nanon_root=%s\nlocal_enable=NO\nxferlog_enable=NO\nseccomp_sandbox=NO\nsecure_chroot_dir=/var/run/vsftpd/empty\nssl_enable=YES\nallow_anon_ssl=YES\nrequire_ssl_reuse=NO\nrsa_cert_file=%s\n' \
    $server_ip "$tmp/ftp" "$tmp/ftp.pem" >"$tmp/vsftpd_tls.conf"
  srv_bg vsftpd "$tmp/vsftpd_tls.conf"
  wait_port 2125
  record tcp
  cli curl -sS -k --ssl-reqd -o /dev/null ftp://$server_ip:2125/pub/numbers.txt || true
  finish 'AUTH TLS, then all of it encrypted' "vsftpd $(version vsftpd) ($server_ip:2125) and curl $(version curl) ($client_ip)" <<'TEXT'
Port 2125: greeting, AUTH SSL (curl's first choice) or AUTH TLS, 234, a TLS handshake in the same connection; the data connection is TLS, too, and
nothing in the clear tells of it.
TEXT
}

case_bounce() {
  pyftpd $server_ip 2126
  record tcp
  printf 'USER operator\r\nPASS seven\r\nPORT 10,77,0,9,0,22\r\nEPRT |1|10.77.0.9|25|\r\nPORT 10,77,0,2,200,10\r\nQUIT\r\n' >"$tmp/bounce"
  { while IFS= read -r line; do sleep 0.2; printf '%s\n' "$line"; done <"$tmp/bounce"; sleep 0.3; } | cli timeout 5 nc $server_ip 2126 >>"$tmp/client.log" || true
  finish 'PORT and EPRT with the address of a third host' "$pyftpd_ends ($server_ip:2126) and nc ($client_ip)" <<'TEXT'
PORT 10,77,0,9,0,22 and EPRT |1|10.77.0.9|25| name a host that is not the client's (refused by the server); PORT 10,77,0,2,200,10 names the client.
TEXT
}

case_malformed() {
  srv_bg "$python" "$here/ftp_odd.py" server $server_ip 2127
  wait_port 2127
  record tcp
  cli "$python" "$here/ftp_odd.py" client $server_ip 2127
  finish 'pipelined, too long, telnet, no code, wrong PORT' 'Python sockets on both ends (10.77.0.1:2127)' 'synthetic turns over a real connection' <<'TEXT'
One connection: a greeting whose second line is no end; USER and PASS in one segment; ABOR behind telnet's IP and DM; a command and a reply of 5000
bytes; PORT, EPRT and 227 that say nothing; a reply with a line behind its end, and one with a line before its code; a NUL in a command; empty lines; `200`
alone.
TEXT
}

net_up
files
run_cases "$@"
