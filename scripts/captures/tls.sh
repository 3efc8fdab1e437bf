#!/usr/bin/env bash
# TLS: openssl s_server and nginx as servers; openssl, curl, wget, Python, node and GnuTLS as clients.
# Packages: openssl nginx-light curl wget nodejs gnutls-bin python3 tcpdump tshark ethtool iproute2
# The keys, here and in the captures, are made for each run and thrown away.
. "$(dirname "$0")/harness.sh"
protocol=tls

certificates() {
  cd "$tmp"
  openssl req -x509 -newkey rsa:2048 -nodes -keyout ca.key -out ca.pem -days 3650 -subj '/C=NL/O=Picket Lab/CN=Lab CA' 2>/dev/null
  issue() {  # issue NAME SUBJECT EXTENSIONS KEY...
    local out=$1 subject=$2 extensions=$3
    shift 3
    openssl req -new "$@" -nodes -keyout "$out.key" -out "$out.csr" -subj "$subject" 2>/dev/null
    openssl x509 -req -in "$out.csr" -CA ca.pem -CAkey ca.key -CAcreateserial -out "$out.pem" -days 365 \
      -extfile <(printf '%b' "$extensions") 2>/dev/null
  }
  san='subjectAltName=DNS:www.lab.test,DNS:*.lab.test,IP:10.77.0.1\n'
  issue rsa '/C=NL/O=Picket Lab/CN=www.lab.test' "$san" -newkey rsa:2048
  issue ec '/C=NL/O=Picket Lab/OU=EC/CN=www.lab.test' "${san}extendedKeyUsage=serverAuth\n" -newkey ec -pkeyopt ec_paramgen_curve:P-256
  issue ed '/CN=ed.lab.test' 'subjectAltName=DNS:ed.lab.test,email:ops@lab.test,URI:https://lab.test/\n' -newkey ed25519
  issue person '/O=Picket Lab/CN=operator' 'extendedKeyUsage=clientAuth\n' -newkey ec -pkeyopt ec_paramgen_curve:P-384
  issue weak '/CN=old.lab.test' 'subjectAltName=DNS:old.lab.test\n' -newkey rsa:1024
  openssl req -x509 -newkey rsa:2048 -nodes -keyout self.key -out self.pem -days 365 -subj '/CN=self.lab.test' 2>/dev/null
  cat rsa.pem ca.pem >rsa-chain.pem
  echo '<p>inside</p>' >index.html
  cat >nginx.conf <<CONF
user root; worker_processes 1; daemon off; pid $tmp/nginx.pid; error_log stderr crit;
events { worker_connections 64; }
http { access_log off;
  client_body_temp_path $tmp/n1; proxy_temp_path $tmp/n2; fastcgi_temp_path $tmp/n3; uwsgi_temp_path $tmp/n4; scgi_temp_path $tmp/n5;
  ssl_protocols TLSv1.2 TLSv1.3; ssl_certificate $tmp/ec.pem; ssl_certificate_key $tmp/ec.key;
  ssl_certificate $tmp/rsa-chain.pem; ssl_certificate_key $tmp/rsa.key;
  server { listen $server_ip:443 ssl http2; listen [fd77::1]:443 ssl; listen $server_ip:9999 ssl; server_name www.lab.test; root $tmp; } }
CONF
  cd "$here"
}

# serve PORT [s_server options]: an openssl server that answers a GET with its own state.
serve() {
  local port=$1
  shift
  srv_bg openssl s_server -accept $server_ip:$port -www -quiet "$@"
  wait_port $port
}
# connect PORT [s_client options]: one handshake, one request, an orderly end.
connect() {
  local port=$1
  shift
  { printf 'GET / HTTP/1.0\r\n\r\n'; sleep 0.5; } |
    cli timeout 4 openssl s_client -connect $server_ip:$port -CAfile "$tmp/ca.pem" "$@" >>"$tmp/client.log" 2>&1 || true
}
ends() { echo "openssl s_server $(version openssl) ($server_ip) and ${1:-openssl s_client of the same version} ($client_ip)"; }
nginx_ends() { echo "nginx $(version nginx) ($server_ip) and $1 ($client_ip)"; }
rsa=(-cert "$tmp/rsa.pem" -key "$tmp/rsa.key" -cert_chain "$tmp/ca.pem")
ec=(-cert "$tmp/ec.pem" -key "$tmp/ec.key")
old=(-cipher 'ALL:@SECLEVEL=0')

case_tls10() {
  serve 4410 -tls1 "${old[@]}" "${rsa[@]}"
  record port 4410
  connect 4410 -tls1 "${old[@]}" -servername www.lab.test
  finish 'TLS 1.0, RSA certificate with its CA' "$(ends)" <<'TEXT'
One handshake on port 4410 in version 0x0301: SNI www.lab.test, suite 0xc014 (ECDHE-RSA-AES256-SHA), certificate CN=www.lab.test
(SANs www.lab.test, *.lab.test, 10.77.0.1) and its issuer CN=Lab CA, a session ticket, close_notify from both.
TEXT
}

case_tls11() {
  serve 4411 -tls1_1 "${old[@]}" "${rsa[@]}"
  record port 4411
  connect 4411 -tls1_1 "${old[@]}" -servername www.lab.test
  finish 'TLS 1.1, RSA certificate with its CA' "$(ends)" <<'TEXT'
One handshake on port 4411 in version 0x0302: SNI www.lab.test, suite 0xc014, certificate CN=www.lab.test and CN=Lab CA, a session
ticket, close_notify from both.
TEXT
}

case_tls12() {
  serve 4412 -tls1_2 "${ec[@]}"
  serve 4512 -tls1_2 "${rsa[@]}" -cipher AES128-SHA
  record 'port 4412 or port 4512'
  connect 4412 -tls1_2 -servername www.lab.test
  connect 4512 -tls1_2 -servername www.lab.test -cipher AES128-SHA
  finish 'TLS 1.2: ECDHE with an EC certificate, and RSA key exchange' "$(ends)" <<'TEXT'
Port 4412: suite 0xc02c (ECDHE-ECDSA-AES256-GCM-SHA384), an EC certificate O=Picket Lab, OU=EC, CN=www.lab.test. Port 4512: suite
0x002f (RSA key exchange, AES128-SHA), no ServerKeyExchange, the RSA certificate and CN=Lab CA. Both with SNI and a ticket.
TEXT
}

case_tls13() {
  serve 4413 -tls1_3 "${ec[@]}" -keylogfile "$tmp/keys.log"
  record port 4413
  connect 4413 -tls1_3 -servername www.lab.test
  connect 4413 -tls1_3 -servername www.lab.test -ciphersuites TLS_CHACHA20_POLY1305_SHA256
  cp "$tmp/keys.log" "$pcaps/tls/tls13/keys.log"
  finish 'TLS 1.3, with its session keys' "$(ends)" <<'TEXT'
Two handshakes on port 4413, suites 0x1302 and 0x1303, supported_versions 0x0304; the certificate is encrypted. With keys.log
(NSS key log; throw-away keys) `GET / HTTP/1.0` can be read in both.
TEXT
}

case_mutual() {
  serve 4420 -tls1_2 "${ec[@]}" -Verify 1 -verify_return_error -CAfile "$tmp/ca.pem"
  serve 4421 -tls1_3 "${ec[@]}" -Verify 1 -verify_return_error -CAfile "$tmp/ca.pem"
  record portrange 4420-4421
  connect 4420 -servername www.lab.test -cert "$tmp/person.pem" -key "$tmp/person.key"
  connect 4421 -servername www.lab.test -cert "$tmp/person.pem" -key "$tmp/person.key"
  connect 4420 -servername www.lab.test
  connect 4421 -servername www.lab.test
  finish 'client certificates: shown, and missing, in TLS 1.2 and 1.3' "$(ends)" <<'TEXT'
Port 4420 is TLS 1.2, 4421 is 1.3; both ask for a certificate. Two connections show CN=operator (EC P-384, readable on port 4420
only). Two show none: on 4420 an empty Certificate and the alert handshake_failure (40), on 4421 an encrypted alert.
TEXT
}

case_resumption() {
  serve 4430 -tls1_2 "${ec[@]}"
  serve 4431 -tls1_2 "${ec[@]}" -no_ticket
  serve 4432 -tls1_3 "${ec[@]}"
  record portrange 4430-4432
  for port in 4430 4431 4432; do
    connect $port -servername www.lab.test -sess_out "$tmp/session.$port"
    connect $port -servername www.lab.test -sess_in "$tmp/session.$port"
  done
  finish 'resumption by ticket, by session id, and by TLS 1.3 pre-shared key' "$(ends)" <<'TEXT'
Three pairs. 4430, TLS 1.2: full handshake with NewSessionTicket, then resumed by ticket. 4431, TLS 1.2 without tickets: resumed by
session id (ServerHello echoes it). 4432, TLS 1.3: the second ClientHello carries pre_shared_key, the ServerHello picks it.
A resumed handshake has no Certificate, in 1.2 plainly so.
TEXT
}

case_early_data() {
  # Without -www, which does not go with early data, the server needs an input that stays open.
  srv_bg sh -c "sleep 30 | openssl s_server -accept $server_ip:4433 -quiet -tls1_3 ${ec[*]} -early_data -no_anti_replay"
  wait_port 4433
  record port 4433
  connect 4433 -servername www.lab.test -sess_out "$tmp/session.early"
  printf 'GET /early HTTP/1.0\r\n\r\n' >"$tmp/early"
  connect 4433 -servername www.lab.test -sess_in "$tmp/session.early" -early_data "$tmp/early"
  finish 'TLS 1.3 with early data (0-RTT)' "$(ends)" <<'TEXT'
Two connections to port 4433. The second ClientHello has early_data and pre_shared_key, and application data follows it before the
server has said a word.
TEXT
}

case_alerts() {
  serve 4440 -tls1_2 "${ec[@]}"
  serve 4441 -tls1_2 "${rsa[@]}" -cipher AES256-SHA256
  serve 4442 -tls1_2 -cert "$tmp/self.pem" -key "$tmp/self.key"
  serve 4443 -tls1_3 "${ec[@]}" -alpn h2
  record portrange 4440-4443
  connect 4440 -tls1_3 -servername www.lab.test
  connect 4441 -tls1_2 -cipher ECDHE-RSA-AES128-GCM-SHA256 -servername www.lab.test
  connect 4442 -tls1_2 -servername self.lab.test -verify_return_error
  connect 4443 -tls1_3 -servername www.lab.test -alpn acme-tls/1
  connect 4443 -tls1_3 -servername wrong.example -verify_hostname wrong.example -verify_return_error
  finish 'alerts: protocol version, handshake failure, unknown CA, no common ALPN, bad certificate' "$(ends)" <<'TEXT'
Five connections, each ended by a fatal alert: protocol_version (70) from the server on 4440; handshake_failure (40) from the server
on 4441; unknown_ca (48) from the client on 4442, after a self-signed certificate; no_application_protocol (120) from the
server on 4443; bad_certificate (42) from the client on 4443, plain although TLS 1.3, as the name did not fit.
TEXT
}

case_alpn() {
  record port 443
  for protocols in h2,http/1.1 http/1.1 h2; do connect 443 -servername www.lab.test -alpn $protocols -tls1_2; done
  connect 443 -servername www.lab.test -alpn spdy/3,h2
  finish 'ALPN: h2 and http/1.1 offered in several ways' "$(nginx_ends "openssl s_client $(version openssl)")" <<'TEXT'
Four connections: h2,http/1.1 offered, h2 chosen; http/1.1; h2 (all three TLS 1.2, the choice is readable); spdy/3,h2 in TLS 1.3,
where the choice is encrypted.
TEXT
}

case_no_sni() {
  record port 443
  connect 443 -noservername -tls1_2
  connect 443 -noservername -tls1_3
  cli "$python" "$here/tls_client.py" nosni $server_ip 443
  finish 'no server name' "$(nginx_ends "openssl s_client $(version openssl), Python")" <<'TEXT'
Three connections to port 443 without server_name: openssl TLS 1.2, openssl TLS 1.3, Python TLS 1.3.
TEXT
}

case_odd_port() {
  record port 9999
  connect 9999 -servername www.lab.test -tls1_2
  connect 9999 -servername www.lab.test -tls1_3
  finish 'TLS 1.2 and 1.3 on port 9999' "$(nginx_ends "openssl s_client $(version openssl)")" <<'TEXT'
Two connections to port 9999 with SNI www.lab.test: TLS 1.2, then TLS 1.3. Only the bytes tell that this is TLS.
TEXT
}

case_clients() {
  record port 443
  url=https://www.lab.test/
  to=(--resolve www.lab.test:443:$server_ip)
  cli curl -sk -o /dev/null "${to[@]}" $url
  cli curl -sk -o /dev/null --http1.1 --tls-max 1.2 "${to[@]}" $url
  cli wget -q -O /dev/null --no-check-certificate --header 'Host: www.lab.test' https://$server_ip/
  cli "$python" "$here/tls_client.py" plain $server_ip 443
  cli node -e "require('https').get({host:'$server_ip',servername:'www.lab.test',rejectUnauthorized:false},r=>r.resume())"
  printf 'GET / HTTP/1.0\r\n\r\n' | cli timeout 3 gnutls-cli --insecure --sni-hostname www.lab.test -p 443 $server_ip >>"$tmp/client.log" 2>&1 || true
  connect 443 -servername www.lab.test
  finish 'one server, seven clients' \
    "$(nginx_ends "curl $(version curl) (twice), wget $(version wget), Python $($python -V | cut -d' ' -f2), node $(node --version), gnutls-cli $(version gnutls-bin), openssl $(version openssl)")" <<'TEXT'
Seven connections to port 443, in order curl, curl held to TLS 1.2 and HTTP/1.1, wget, Python, node, gnutls-cli, openssl; seven
different JA3. Suites 0x1302, but 0xc02c for the second. All carry SNI www.lab.test but wget, which was given an address.
TEXT
}

case_certificates() {
  serve 4450 -tls1_2 "${rsa[@]}"
  serve 4451 -tls1_2 "${ec[@]}"
  serve 4452 -tls1_2 -cert "$tmp/ed.pem" -key "$tmp/ed.key"
  serve 4453 -tls1_2 "${old[@]}" -cert "$tmp/weak.pem" -key "$tmp/weak.key"
  serve 4454 -tls1_2 -cert "$tmp/self.pem" -key "$tmp/self.key"
  record portrange 4450-4454
  for port in 4450 4451 4452; do connect $port -servername www.lab.test; done
  connect 4453 "${old[@]}" -servername old.lab.test
  connect 4454 -servername self.lab.test
  finish 'certificates: RSA with its CA, EC, Ed25519, RSA 1024, self-signed' "$(ends)" <<'TEXT'
Five connections, TLS 1.2, ports 4450 to 4454: RSA 2048 with its CA; EC P-256; Ed25519 with SANs DNS:ed.lab.test,
email:ops@lab.test, URI:https://lab.test/; RSA 1024, CN=old.lab.test; self-signed CN=self.lab.test, issuer the same.
TEXT
}

case_hello_retry() {
  serve 4460 -tls1_3 "${ec[@]}" -groups P-384
  record port 4460
  connect 4460 -tls1_3 -groups X25519:P-384 -servername www.lab.test
  finish 'HelloRetryRequest: the server wants P-384' "$(ends)" <<'TEXT'
The client offers a key for X25519, the server answers HelloRetryRequest (a ServerHello with the known random) for P-384, a second
ClientHello follows, then the true ServerHello. Port 4460, TLS 1.3: two ClientHellos and two ServerHellos in one flow.
TEXT
}

case_large_hello() {
  record port 443
  cli "$python" "$here/tls_client.py" large $server_ip 443
  finish 'a ClientHello of several segments' "$(nginx_ends "Python $($python -V | cut -d' ' -f2)")" <<'TEXT'
One TLS 1.3 handshake whose ClientHello takes 5 segments (5,912 bytes): 101 ALPN names, the last http/1.1, and an SNI of 191
characters.
TEXT
}

case_fragmented_hello() {
  record port 443
  cli "$python" "$here/tls_client.py" fragments $server_ip 443
  finish 'a ClientHello in many TLS records, and one in small TCP segments' "$(nginx_ends "a Python socket that sends what Python's TLS made")" <<'TEXT'
Two connections with the same kind of hello, each answered by a ServerHello. First, 11 TLS records of up to 50 bytes in one
segment, of one handshake message. Second, one record in segments of 1, 4, 90 and more bytes. Neither handshake is completed.
TEXT
}

case_small_mss() {
  ip -n "$client" route change 10.77.0.0/24 dev vb proto kernel scope link src $client_ip advmss 200
  ip -n "$server" route change 10.77.0.0/24 dev va proto kernel scope link src $server_ip advmss 200
  record port 443
  connect 443 -servername www.lab.test -tls1_2
  connect 443 -servername www.lab.test -tls1_3
  finish 'every flight cut into segments of 200 bytes and less' "$(nginx_ends "openssl s_client $(version openssl)")" <<'TEXT'
Two handshakes, TLS 1.2 and 1.3, with an MSS of 200 on both sides: the ClientHello takes two segments, the certificate five.
TEXT
  ip -n "$client" route change 10.77.0.0/24 dev vb proto kernel scope link src $client_ip
  ip -n "$server" route change 10.77.0.0/24 dev va proto kernel scope link src $server_ip
}

case_malformed() {
  record port 443
  cli "$python" "$here/tls_client.py" malformed $server_ip 443
  finish 'eight openings that are no TLS or broken TLS, then a good one' "$(nginx_ends 'a Python socket')" <<'TEXT'
Nine connections to port 443: a session id longer than the hello (decode_error); a record that ends a byte before its hello does
(silence); record version 9.9; data before a handshake; a record of 65535 bytes (record_overflow); an alert first; an SSLv2
hello (protocol_version); plain HTTP (400 from nginx, as for other openings it does not take for TLS). The last one is a good TLS 1.3 handshake.
TEXT
}

case_starttls() {
  cat >"$tmp/starttls.py" <<'PY'
import socket, ssl, sys
c = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER); c.load_cert_chain(sys.argv[2], sys.argv[3])
l = socket.create_server((sys.argv[1], 2525)); s, _ = l.accept()
f = s.makefile("rb"); s.sendall(b"220 mail.lab.test ESMTP\r\n")
while True:
    line = f.readline().upper()
    if line.startswith(b"EHLO"): s.sendall(b"250-mail.lab.test\r\n250 STARTTLS\r\n")
    if line.startswith(b"STARTTLS"): s.sendall(b"220 go ahead\r\n"); break
t = c.wrap_socket(s, server_side=True); t.recv(100); t.sendall(b"221 bye\r\n"); t.close()
PY
  srv_bg "$python" "$tmp/starttls.py" $server_ip "$tmp/ec.pem" "$tmp/ec.key"
  wait_port 2525
  record port 2525
  { sleep 0.3; printf 'QUIT\r\n'; sleep 0.3; } | cli timeout 4 openssl s_client -connect $server_ip:2525 -starttls smtp -servername mail.lab.test >>"$tmp/client.log" 2>&1 || true
  finish 'TLS that begins in the middle of a connection' "a minimal SMTP server in Python ($server_ip:2525) and openssl s_client $(version openssl)" <<'TEXT'
SMTP on port 2525: greeting, EHLO, STARTTLS, 220, and then, in the same connection, a TLS 1.3 handshake with SNI mail.lab.test.
TEXT
}

case_ipv6() {
  record port 443
  cli curl -sk -o /dev/null --resolve 'www.lab.test:443:[fd77::1]' https://www.lab.test/
  finish 'TLS 1.3 over IPv6' "nginx $(version nginx) (fd77::1) and curl $(version curl) (fd77::2)" <<'TEXT'
One TLS 1.3 handshake between fd77::2 and fd77::1, port 443, SNI www.lab.test, ALPN h2 and http/1.1 offered.
TEXT
}

net_up
certificates
srv_bg nginx -c "$tmp/nginx.conf" -e stderr
wait_port 443
run_cases "$@"
