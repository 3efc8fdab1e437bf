#!/usr/bin/env bash
# Mail: Exim as server, Exim, swaks, curl and Python as clients; a socket for what none of them sends.
# Packages: exim4-daemon-light swaks libnet-ssleay-perl curl openssl python3 tcpdump tshark ethtool iproute2
# EXIM: its program, where another mail server is installed (dpkg -x unpacks one; it wants a user Debian-exim).
. "$(dirname "$0")/harness.sh"
protocol=smtp
exim=${EXIM:-/usr/sbin/exim4}
exim_version() { "$exim" -C "$tmp/exim.conf" -bV | sed -n 's/^Exim version \([^ ]*\).*/\1/p'; }

server() {
  openssl req -x509 -newkey rsa:2048 -nodes -keyout "$tmp/mx.key" -out "$tmp/mx.pem" -days 365 -subj '/CN=mx.lab.test' 2>/dev/null
  chmod 644 "$tmp/mx.key"
  mkdir -p "$tmp/spool" "$tmp/client-spool"
  chown Debian-exim "$tmp/spool" "$tmp/client-spool"
  cat >"$tmp/exim.conf" <<CONF
primary_hostname = mx.lab.test
exim_path = $exim
spool_directory = $tmp/spool
log_file_path = $tmp/spool/%slog
smtp_banner = mx.lab.test ESMTP Exim
received_header_text =
domainlist local = lab.test
acl_smtp_mail = acl_mail
acl_smtp_rcpt = acl_rcpt
acl_smtp_data = acl_data
acl_smtp_vrfy = accept
tls_certificate = $tmp/mx.pem
tls_privatekey = $tmp/mx.key
tls_advertise_hosts = *
chunking_advertise_hosts = *
pipelining_advertise_hosts = *
helo_allow_chars = _
message_size_limit = 1M
host_lookup =
rfc1413_hosts =
smtp_enforce_sync = false
pid_file_path = $tmp/exim.pid
daemon_smtp_ports = 25 : 2526
local_interfaces = $server_ip
begin acl
acl_mail:
  deny senders = *@blocked.test
       message = not from there
  accept
acl_rcpt:
  accept domains = +local
  deny message = relay not permitted
acl_data:
  deny condition = \${if match{\$message_body}{X-Refuse-Me}}
       message = content refused
  accept
begin routers
hole:
  driver = redirect
  data = :blackhole:
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_condition = \${if and{{eq{\$auth2}{operator}}{eq{\$auth3}{secret}}}}
  server_set_id = \$auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = \${if and{{eq{\$auth1}{operator}}{eq{\$auth2}{secret}}}}
  server_set_id = \$auth1
cram:
  driver = cram_md5
  public_name = CRAM-MD5
  server_secret = secret
  server_set_id = \$auth1
CONF
  # The client's end of a relay: what it gets from its own standard input goes to the server.
  cat >"$tmp/relay.conf" <<CONF
primary_hostname = pump7.lab.test
spool_directory = $tmp/client-spool
log_file_path = $tmp/client-spool/%slog
received_header_text = Received: from pump7.lab.test by relay.lab.test; Sun, 06 Sep 2026 10:00:00 +0000
exim_path = $exim
begin routers
out:
  driver = manualroute
  route_list = * $server_ip byname
  transport = out
  self = send
begin transports
out:
  driver = smtp
  hosts_avoid_tls = *
  hosts_try_chunking = *
CONF
  srv_bg "$exim" -C "$tmp/exim.conf" -bdf
  wait_port 25
  printf 'pump;1\n' >"$tmp/report.csv"
  head -c 4000 <("$python" -c 'import hashlib,sys
h=b"picket"
for _ in range(200): h=hashlib.sha256(h).digest(); sys.stdout.buffer.write(h)') >"$tmp/firmware.bin"
}

fixed=(--ehlo pump7.lab.test --from ops@lab.test --to chief@lab.test --h-Message-Id '<1@pump7.lab.test>'
  --h-Date 'Sun, 06 Sep 2026 10:00:00 +0000' --header-X-Mailer swaks)
send() { cli swaks --silent 3 --server $server_ip "${fixed[@]}" "$@" >>"$tmp/client.log" 2>&1 || true; }
socket() { cli timeout 60 "$python" "$here/smtp_client.py" "$@" >>"$tmp/client.log" 2>&1 || true; }
ends() { echo "Exim $(exim_version) ($server_ip:${2:-25}) and $1 ($client_ip)"; }
swaks_ends() { ends "swaks $(version swaks)"; }
socket_ends() { ends 'a Python socket'; }

case_plain() {
  record tcp port 25
  send --h-Subject 'Report of line 7' --body 'All is well. See http://www.lab.test/line7.'
  cli curl -sS smtp://$server_ip/pump8.lab.test --mail-from ops@lab.test --mail-rcpt chief@lab.test --mail-rcpt second@lab.test \
    -T - >>"$tmp/client.log" 2>&1 < <(printf 'From: ops@lab.test\r\nTo: "Chief, the" <chief@lab.test>,\r\n second@lab.test (Second)\r\nCc: third@lab.test\r\nSubject: folded\r\n\tsubject\r\n\r\n.A dot in front.\r\n') || true
  finish 'two mails without attachments' "$(swaks_ends), curl $(version curl)" <<'TEXT'
Two connections. swaks: EHLO pump7.lab.test, one recipient, subject `Report of line 7`, an X-Mailer, a URL in the text. curl: EHLO
pump8.lab.test, two recipients, a folded To (two addresses, a comma in quotes) and Subject, a line that begins with a dot. QUIT after each.
TEXT
}

case_attachments() {
  record tcp port 25
  socket attachments $server_ip
  send --h-Subject 'Two files' --attach-type text/csv --attach-name report.csv --attach "@$tmp/report.csv" \
    --attach-type application/octet-stream --attach-name 'firmware 7.bin' --attach "@$tmp/firmware.bin"
  finish 'attachments: base64, quoted-printable, plain; names by RFC 2231 and 2047; a mail in the mail' "$(ends "Python's email and smtplib $(version python3), swaks $(version swaks)")" <<'TEXT'
The first mail is multipart/mixed: multipart/alternative of plain text (two URLs) and HTML in quoted-printable (a URL with an IPv4
address, cut by a soft line break, to an .exe), firmware.bin (base64, 5000 bytes), `Bericht über Pumpe 7.csv` (name by RFC 2231, lines
that begin with dots), `pümpe.exe` (name by RFC 2047), and a message/rfc822 with inner.zip in it (304 bytes). The second, by swaks:
report.csv (7 bytes) and `firmware 7.bin` (4000 bytes), both base64.
TEXT
}

case_several() {
  record tcp port 25
  socket several $server_ip
  finish 'several mails in a connection: RSET, EHLO again, commands that nobody knows' "$(ends "Python's smtplib $(version python3)")" <<'TEXT'
One connection: a mail; an envelope given up by RSET; one given up by EHLO other.lab.test; NOOP, XYZZY (500), VRFY (501); a second mail; QUIT.
TEXT
}

case_pipelining() {
  record tcp port 25
  socket pipelining $server_ip
  finish 'pipelined envelopes, replies in one segment' "$(socket_ends)" <<'TEXT'
Envelope and DATA in one segment (the second recipient is refused, 550); then the message, its dot and the next envelope in one; then the second message
and QUIT. Each reply belongs to the oldest command that waits.
TEXT
}

case_chunking() {
  record tcp port 25
  socket chunking $server_ip
  head -c 3000 "$tmp/firmware.bin" >"$tmp/piece.bin"
  { printf 'From: ops@lab.test\nTo: chief@lab.test\nSubject: by Exim\nMessage-Id: <9@lab.test>\nDate: Sun, 06 Sep 2026 10:00:00 +0000\nMIME-Version: 1.0\nContent-Type: application/octet-stream\nContent-Disposition: attachment; filename=piece.bin\nContent-Transfer-Encoding: base64\n\n'
    base64 "$tmp/piece.bin"; } | ip netns exec "$client" "$exim" -C "$tmp/relay.conf" -odf -f ops@lab.test chief@lab.test >>"$tmp/client.log" 2>&1 || true
  finish 'BDAT: chunks that cut lines and base64, an empty last one, bad sizes; Exim to Exim' "$(ends "a Python socket, Exim $(exim_version)")" <<'TEXT'
First connection: a mail of one base64 entity (chunk.bin, `Many hands make light work.`) in three chunks and BDAT 0 LAST; a line of one dot in it is no end (and no base64). Then an envelope with
BDAT without a size and BDAT ten, both refused, RSET, QUIT. Second connection: Exim sends piece.bin (3000 bytes, base64) in one BDAT ... LAST, pipelined behind MAIL and RCPT.
TEXT
}

case_auth() {
  record tcp port 25
  send --auth PLAIN --auth-user operator --auth-password secret --h-Subject authenticated
  send --auth LOGIN --auth-user operator --auth-password wrong --h-Subject 'not sent'
  send --auth LOGIN --auth-user operator --auth-password secret --quit-after AUTH
  send --auth CRAM-MD5 --auth-user operator --auth-password secret --quit-after AUTH
  finish 'AUTH PLAIN, LOGIN and CRAM-MD5; a wrong password' "$(swaks_ends)" <<'TEXT'
Four connections as `operator`: PLAIN (235) and a mail; LOGIN with a wrong password (535), QUIT; LOGIN (235), QUIT; CRAM-MD5 (235), QUIT. The password, `secret`, must stand in no record.
TEXT
}

case_starttls() {
  record tcp port 25
  send --tls --h-Subject 'encrypted' --body 'Nobody reads this.'
  socket injection $server_ip
  finish 'STARTTLS, and commands pipelined behind it' "$(ends "swaks $(version swaks), a Python socket")" <<'TEXT'
Two connections. The first: EHLO, STARTTLS (220), then TLS with a mail inside. The second: EHLO, STARTTLS and MAIL FROM in one segment (CVE-2011-0411), then bytes that are no TLS.
TEXT
}

case_refusals() {
  record tcp port 25
  socket refusals $server_ip
  finish 'refused commands, senders, recipients, DATA and a message' "$(socket_ends)" <<'TEXT'
One connection: HELP, MAIL before EHLO, EHLO, RCPT without MAIL (503), a blocked sender, one whose SIZE is too large (552), a sender that is taken, a recipient that is
refused (550), DATA without recipients (refused), RSET, an envelope whose message is refused after its end (550), QUIT.
TEXT
}

case_odd() {
  record tcp port 25
  socket odd $server_ip
  finish 'a smuggled mail (LF . LF), broken MIME, bytes behind a chunk' "$(socket_ends)" <<'TEXT'
One connection. A message with LF . LF in it and behind it commands of a second mail: is it one mail or two? Then a mail with a header line without a colon, a header's name of 82
characters, bad base64 in a file whose name has 300 characters, bad quoted-printable in a line of 1204 characters, and no closing boundary. Then BDAT 2 with eight bytes behind it. QUIT.
TEXT
}

case_odd_port() {
  record tcp port 2526
  send --port 2526 --h-Subject 'another port' --attach-name report.csv --attach "@$tmp/report.csv"
  finish 'a mail on port 2526' "$(ends "swaks $(version swaks)" 2526)" <<'TEXT'
As smtp/mail, but on a port that is nobody's: found by content.
TEXT
}

net_up
server
run_cases "$@"
