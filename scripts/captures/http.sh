#!/usr/bin/env bash
# HTTP/1.x: nginx, node and Python as servers, tinyproxy and squid as proxies; curl and, for what curl would not send, nc.
# Packages: nginx-light libnginx-mod-http-echo libnginx-mod-http-brotli-filter nodejs tinyproxy squid curl
#           netcat-openbsd python3-websockets zstd tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=http

servers() {
  mkdir -p "$tmp/www/files" "$tmp/nginx" "$tmp/squid"
  printf '<!doctype html><title>lab</title><p>It works.</p>\n' >"$tmp/www/index.html"
  seq 1 2000 >"$tmp/www/numbers.txt"
  # The same bytes every time, hard to compress: a hash chain.
  "$python" -c 'import hashlib,sys
h=b"picket"
for _ in range(19000): h=hashlib.sha256(h).digest(); sys.stdout.buffer.write(h)' >"$tmp/www/files/firmware.bin"
  cp "$tmp/www/index.html" "$tmp/www/files/a b&c.html"
  zstd -q -f "$tmp/www/numbers.txt" -o "$tmp/www/numbers.zst"
  chmod -R a+rX "$tmp"
  cat >"$tmp/nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_http_echo_module.so;
load_module /usr/lib/nginx/modules/ngx_http_brotli_filter_module.so;
user root; worker_processes 1; daemon off; pid $tmp/nginx.pid; error_log stderr warn;
events { worker_connections 64; }
http {
  include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;
  client_body_temp_path $tmp/nginx/body; proxy_temp_path $tmp/nginx/proxy; fastcgi_temp_path $tmp/nginx/fastcgi;
  uwsgi_temp_path $tmp/nginx/uwsgi; scgi_temp_path $tmp/nginx/scgi; client_max_body_size 1m;
  gzip on; gzip_types text/plain; gzip_min_length 100; brotli on; brotli_types text/plain; brotli_min_length 100;
  server {
    listen $server_ip:80; listen [fd77::1]:80; listen $server_ip:5555; listen $server_ip:502;
    server_name www.lab.test; root $tmp/www;
    location = /old { return 301 http://www.lab.test/new; }
    location = /none { return 204; }
    location = /broken { return 500 "broken\n"; }
    location = /busy { add_header Retry-After 120 always; return 503; }
    location = /form { echo_read_request_body; echo "form accepted"; }
    location = /echo { echo_read_request_body; echo_request_body; }
    location = /upload { echo_read_request_body; echo "upload accepted"; }
    location = /secret { auth_basic "lab"; auth_basic_user_file $tmp/users; echo "inside"; }
    location = /report { alias $tmp/www/numbers.txt; types { } default_type text/plain; add_header Content-Disposition 'attachment; filename="pump report; 2.txt"'; }
    location = /packed { alias $tmp/www/numbers.zst; types { } default_type text/plain; add_header Content-Encoding zstd; gzip off; brotli off; }
  }
}
CONF
  printf 'operator:%s\n' "$(openssl passwd -apr1 -salt lab 1234)" >"$tmp/users"
  srv_bg nginx -c "$tmp/nginx.conf" -e stderr
  srv_bg node "$here/http_server.mjs" $server_ip 8080
  srv_bg node --insecure-http-parser "$here/http_server.mjs" $server_ip 8081
  srv_bg "$python" "$here/websocket_server.py" $server_ip 8765
  printf 'Port 3128\nListen %s\nTimeout 10\nUser root\nGroup root\nAllow 10.77.0.0/24\nConnectPort 80\nConnectPort 5555\nFilter "%s"\n' \
    $server_ip "$tmp/filter" >"$tmp/tinyproxy.conf"
  echo forbidden >"$tmp/filter"
  srv_bg tinyproxy -d -c "$tmp/tinyproxy.conf"
  cat >"$tmp/squid.conf" <<CONF
http_port $server_ip:3129
acl lab src 10.77.0.0/24
acl good dst $server_ip
http_access allow lab good
http_access deny all
cache deny all
access_log none
cache_log stdio:$tmp/squid/log
pid_filename $tmp/squid/pid
coredump_dir /
max_filedescriptors 256
shutdown_lifetime 0 seconds
cache_effective_user proxy
cache_effective_group proxy
visible_hostname proxy.lab.test
hosts_file $tmp/hosts
pinger_enable off
CONF
  echo "$server_ip www.lab.test" >"$tmp/hosts"
  chown proxy "$tmp/squid"
  srv_bg squid -n lab$$ -N -f "$tmp/squid.conf"
  for port in 80 8080 8081 8765 3128 3129; do wait_port $port; done
}

# get PATH [curl options]: one or more requests with curl; the answers go nowhere.
fetch() { cli curl -sS --max-time 10 -o /dev/null -H 'Host: www.lab.test' "$@" || true; }
page=http://$server_ip
node=http://$server_ip:8080
# raw PORT: sends its input as it comes, waits a moment for the answer.
raw() { cli nc -q 1 -w 3 $server_ip "$1" >/dev/null || true; }
nginx_ends() { echo "nginx $(version nginx) ($server_ip) and ${1:-curl $(version curl)} ($client_ip)"; }
node_ends() { echo "node $(node --version) ($server_ip:8080) and ${1:-curl $(version curl)} ($client_ip)"; }
nc_client() { echo "nc $(version netcat-openbsd)"; }

case_get() {
  record port 80
  fetch $page/ --next -sS -o /dev/null $page/numbers.txt?page=2\&sort=up
  finish 'two GETs on one connection' "$(nginx_ends)" <<'TEXT'
One connection, two transactions: GET / (200, text/html, 50 bytes, `It works.`) and GET /numbers.txt?page=2&sort=up (200,
text/plain, 8893 bytes over several segments). Host is www.lab.test, then 10.77.0.1; nobody asks for compression.
TEXT
}

case_status_codes() {
  modified=$(cli curl -sI $page/ | sed -n 's/^Last-Modified: //p' | tr -d '\r')
  record port 80
  fetch $page/ -o /dev/null $page/none -o /dev/null $page/old -o /dev/null $page/missing -o /dev/null $page/broken \
    -o /dev/null $page/busy
  fetch -H "If-Modified-Since: $modified" $page/
  fetch -X POST -d x=1 $page/
  fetch --url $page/old -L --max-redirs 1 --resolve www.lab.test:80:$server_ip
  finish '200, 204, 301, 304, 404, 405, 500, 503' "$(nginx_ends)" <<'TEXT'
Five connections. One carries six GETs: / 200, /none 204 without a body, /old 301 with Location, /missing 404, /broken 500
(`broken`), /busy 503 with Retry-After. Then a conditional GET answered 304, a POST answered 405, and /old followed to
http://www.lab.test/new: 301, then 404 on a connection of its own.
TEXT
}

case_post_form() {
  record port 80
  fetch -A 'Mozilla/5.0 (lab)' -e $page/login -b 'session=abc; theme=dark' \
    --data-urlencode 'user=o.perator' --data-urlencode 'password=a b&c=d' $page/form
  fetch -H 'Content-Type: application/json' -d '{"valve":7,"open":true}' $page/echo
  fetch -d '' $page/form
  finish 'POST: a form, JSON, an empty body' "$(nginx_ends)" <<'TEXT'
Three POSTs, three connections, each 200: /form with `user=o.perator&password=a%20b%26c%3Dd`, a Referer, a browser's User-Agent
and Cookie `session=abc; theme=dark`; /echo with JSON, which comes back chunked; /form with Content-Length 0.
TEXT
}

case_multipart() {
  printf 'name;value\npump;1\n' >"$tmp/report.csv"
  head -c 4000 "$tmp/www/files/firmware.bin" >"$tmp/part.bin"
  record port 80
  fetch -F 'comment=two files' -F "table=@$tmp/report.csv;type=text/csv" -F "image=@$tmp/part.bin;filename=pump \"7\".bin" \
    $page/upload
  finish 'a multipart upload: one field, two files' "$(nginx_ends)" <<'TEXT'
One POST /upload (200), multipart/form-data of three parts: the field `comment`, the file report.csv (text/csv), and the file
named `pump "7".bin` (application/octet-stream, 4000 bytes of noise, the quotes escaped by curl).
TEXT
}

case_files() {
  printf 'name;value\npump;1\n' >"$tmp/report.csv"
  head -c 4000 "$tmp/www/files/firmware.bin" >"$tmp/part.bin"
  record 'port 80 or port 8080'
  fetch -F "table=@$tmp/report.csv;type=text/csv" -F 'note=new firmware' -F "image=@$tmp/part.bin;filename=\"pump;2.bin\"" $page/upload
  fetch -T "$tmp/report.csv" $page/echo
  fetch $page/report --next -sS -o /dev/null -H 'Accept-Encoding: gzip' $page/report --next -sS -o /dev/null -H 'Accept-Encoding: br' $page/report
  fetch $page/packed
  fetch $node/deflate --next -sS -o /dev/null $node/twice --next -sS -o /dev/null $node/gzip-chunked
  fetch $page/files/firmware.bin
  finish 'files: a form, a PUT, downloads in every coding, one larger than what rules look at' "$(nginx_ends); node $(node --version) (port 8080)" <<'TEXT'
Six connections. POST /upload, multipart/form-data: report.csv (18 bytes), the field `note`, `pump;2.bin` (4000 bytes of noise).
PUT /echo of report.csv, which comes back. Three GETs of /report, whose Content-Disposition says `pump report; 2.txt`: as it is, in
gzip, in br. GET /packed, the same 8893 bytes in zstd, without a name. From node 4500 bytes of text as /deflate, /twice (gzip
inside br), /gzip-chunked. GET /files/firmware.bin (608,000 bytes).

The four texts of 8893 bytes are one file: they have one hash, which stands in md5.list; `rules` asks for names, sizes, types and
that list, and records carry all hashes (args).
TEXT
}

case_chunked_response() {
  record port 8080
  fetch $node/chunks --next -sS -o /dev/null $node/gzip-chunked --next -sS -o /dev/null $node/
  finish 'chunked answers, one with trailers, one also gzip' "$(node_ends)" <<'TEXT'
One connection, three GETs, all 200 and chunked: /chunks (four chunks, the third of 3001 bytes, trailers X-Checksum abc123
and X-Count 4), /gzip-chunked (4500 bytes of text in gzip, its chunks of 11, 49 and more bytes), / (`GET 0`, two Set-Cookie).
TEXT
}

case_chunked_request() {
  record port 80
  seq 1 1500 | fetch -T - $page/echo
  printf 'POST /echo HTTP/1.1\r\nHost: www.lab.test\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n5;note=x\r\nhello\r\n0006\r\n world\r\n1\r\n!\r\n0\r\nX-Trailer: yes\r\n\r\n' | raw 80
  finish 'chunked requests: from curl, and with extensions, leading zeros and a trailer' \
    "$(nginx_ends "curl $(version curl), $(nc_client)")" <<'TEXT'
Two connections, two chunked requests, both 200 with the body sent back chunked. curl: PUT /echo, 6393 bytes, answered first
with 100 Continue. nc: POST /echo with chunks `5;note=x`, `0006`, `1` and a trailer; the body is `hello world!`.
TEXT
}

case_encodings() {
  record 'port 80 or port 8080'
  fetch -H 'Accept-Encoding: gzip' $page/numbers.txt
  fetch -H 'Accept-Encoding: br' $page/numbers.txt
  fetch -H 'Accept-Encoding: zstd' $page/packed
  fetch -H 'Accept-Encoding: deflate' $node/deflate --next -sS -o /dev/null $node/deflate-raw --next -sS -o /dev/null $node/twice
  finish 'bodies in gzip, br, zstd, deflate (two kinds), and gzip inside br' "$(nginx_ends); node $(node --version) (port 8080)" <<'TEXT'
Six GETs on four connections, all 200: /numbers.txt (8893 bytes of text) in gzip, then in br; /packed, the same in zstd; from
node 4500 bytes of `The quick brown fox...` as /deflate (zlib header), /deflate-raw (without), and /twice (`gzip, br`).
Inflated, the first three bodies are equal and so are the last three.
TEXT
}

case_bad_encodings() {
  record port 8080
  fetch $node/gzip-lie --next -sS -o /dev/null $node/gzip-bomb --next -sS -o /dev/null $node/
  finish 'a body that is not gzip though it says so, and one of 19 kB that inflates to 20 MB' "$(node_ends)" <<'TEXT'
One connection, three GETs, all 200: /gzip-lie says gzip and holds the plain text `this was never compressed`; /gzip-bomb holds
some 19 kB of gzip that inflate to 20,000,000 zero bytes; / is an ordinary answer (`GET 0`) after both.
TEXT
}

case_ranges() {
  record port 80
  fetch -r 100-199 $page/numbers.txt
  fetch -r 0-9,50-59,-10 $page/numbers.txt
  fetch -r 999999- $page/numbers.txt
  finish 'ranges: one, three as multipart/byteranges, one that cannot be' "$(nginx_ends)" <<'TEXT'
Three GETs of /numbers.txt, three connections: bytes 100-199 (206, 100 bytes), `0-9,50-59,-10` (206, multipart/byteranges of
three parts), 999999- (416).
TEXT
}

case_expect_continue() {
  record 'port 80 or port 8080'
  fetch -H 'Expect: 100-continue' --data-binary @"$tmp/www/numbers.txt" $page/upload
  printf 'POST /upload HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: 1200000\r\nExpect: 100-continue\r\n\r\n' | raw 80
  fetch $node/hints
  finish '100 Continue, 413 in its place, and 103 Early Hints' "$(nginx_ends "curl $(version curl), $(nc_client)"); node $(node --version)" <<'TEXT'
Three connections. curl POSTs 8893 bytes with Expect: 100-continue: 100, then 200. nc announces 1,200,000 bytes with the same
header and gets 413 at once, sends no body. node answers GET /hints with 103 and a Link header, then 200.
TEXT
}

case_pipelining() {
  record port 80
  for path in / /missing /numbers.txt /none /old /broken; do
    printf 'GET %s HTTP/1.1\r\nHost: www.lab.test\r\n\r\n' $path
  done | raw 80
  { printf 'POST /echo HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: 5\r\n\r\nhelloGET /x HTTP/1.1\r\nHost: www.lab.test\r\n\r\nGET /y HT'
    sleep 0.2
    printf 'TP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n'; } | raw 80
  finish 'six requests in one segment; three more in two segments' "$(nginx_ends "$(nc_client)")" <<'TEXT'
Two connections. Six GETs sent at once: answers 200, 404, 200, 204, 301, 500 in that order. Then POST /echo with `hello`, GET /x
glued to the body, and GET /y whose request line is cut between two segments: 200, 404, 404.
TEXT
}

case_head() {
  record port 80
  fetch -I $page/numbers.txt --next -sS -o /dev/null $page/ --next -sS -I -o /dev/null $page/missing
  finish 'HEAD: a length and no body, twice, with a GET between' "$(nginx_ends)" <<'TEXT'
One connection: HEAD /numbers.txt (200, Content-Length 8893, no body), GET / (200 with its 50 bytes), HEAD /missing (404, no body).
TEXT
}

case_methods() {
  record 'port 80 or port 8080'
  for method in PUT DELETE PATCH OPTIONS PROPFIND REPORT TRACE; do
    fetch -X $method $([ $method = PUT ] || [ $method = PATCH ] && echo -d data=1) $node/thing
  done
  printf 'OPTIONS * HTTP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n' | raw 8080
  printf 'BREW /pot HTTP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n' | raw 80
  fetch $node/teapot
  finish 'other methods: PUT, DELETE, PATCH, OPTIONS, WebDAV, TRACE, an unknown one' \
    "$(node_ends "curl $(version curl), $(nc_client)")" <<'TEXT'
Ten connections: PUT and PATCH with `data=1`, DELETE, OPTIONS, PROPFIND, REPORT, TRACE of /thing and OPTIONS *, all 200 from node; BREW
/pot, 405 from nginx; GET /teapot, 418 `I'm a teapot` from node.
TEXT
}

case_proxy() {
  record port 3128
  fetch -x http://$server_ip:3128 $page/
  fetch -p -x http://$server_ip:3128 $page/numbers.txt
  fetch -p -x http://$server_ip:3128 $page:5555/ -o /dev/null $page:5555/missing
  fetch -p -x http://$server_ip:3128 $page:22/
  fetch -x http://$server_ip:3128 http://forbidden.lab.test/
  finish 'a proxy: absolute URI, CONNECT with HTTP inside, a port and a host refused' \
    "tinyproxy $(version tinyproxy) ($server_ip:3128) and curl $(version curl) ($client_ip)" <<'TEXT'
Five connections to port 3128: GET http://10.77.0.1/ (200); CONNECT 10.77.0.1:80, then GET /numbers.txt inside the tunnel (200);
CONNECT 10.77.0.1:5555, then two GETs inside (200, 404); CONNECT 10.77.0.1:22 (403 `Access violation`); GET
http://forbidden.lab.test/ (403 `Filtered`). The proxy answers CONNECT in HTTP/1.0.
TEXT
}

case_proxy_squid() {
  record port 3129
  fetch -x http://$server_ip:3129 $page/ --next -sS -o /dev/null -x http://$server_ip:3129 $page/missing
  fetch -p -x http://$server_ip:3129 --proxy-header 'X-Ticket: 42' $page:443/
  fetch -p -x http://$server_ip:3129 http://192.0.2.1:443/
  finish 'another proxy: absolute URIs on one connection, CONNECT that fails twice' \
    "squid $(version squid) ($server_ip:3129) and curl $(version curl) ($client_ip)" <<'TEXT'
Three connections to port 3129: GET http://10.77.0.1/ (200) and http://10.77.0.1/missing (404); CONNECT 10.77.0.1:443 with the
header X-Ticket, answered 503 as nothing listens there; CONNECT 192.0.2.1:443, answered 403. Via and X-Cache tell of squid.
TEXT
}

case_websocket() {
  record port 8765
  cli "$python" "$here/websocket_server.py" $server_ip 8765 client
  cli curl -sS -o /dev/null http://$server_ip:8765/ || true
  finish 'an upgrade to WebSocket, frames of every size, and a request that does not upgrade' \
    "python3-websockets $(version python3-websockets) on both ends (port 8765), curl" <<'TEXT'
GET /chat?room=7 with Upgrade: websocket and subprotocol chat, answered 101. Masked frames go, unmasked ones return: text of 5
bytes, text of 200 (16-bit length), binary of 76,800 (64-bit length), a text in three fragments and an empty last one,
ping and pong, close 1000. A second connection, a plain GET, is answered 426.
TEXT
}

case_odd_port() {
  record port 5555
  fetch $page:5555/ --next -sS -o /dev/null $page:5555/numbers.txt --next -sS -o /dev/null -d a=1 $page:5555/form
  finish 'HTTP on port 5555' "$(nginx_ends)" <<'TEXT'
One connection to port 5555: GET / (200), GET /numbers.txt (200), POST /form with `a=1` (200).
TEXT
}

case_wrong_port() {
  record port 502
  fetch $page:502/ --next -sS -o /dev/null $page:502/missing
  finish 'HTTP on port 502, where Modbus lives' "$(nginx_ends)" <<'TEXT'
One connection to port 502: GET / (200), GET /missing (404). No Modbus is in here, whatever the port says.
TEXT
}

case_http10() {
  record 'port 80 or port 8080'
  fetch -0 $page/
  printf 'GET /index.html HTTP/1.0\r\n\r\n' | raw 80
  printf 'GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\nGET /missing HTTP/1.0\r\n\r\n' | raw 80
  printf 'GET /index.html\r\n' | raw 80
  fetch $node/until-close
  finish 'HTTP/1.0 and 0.9; bodies that end with the connection' "$(nginx_ends "curl $(version curl), $(nc_client)"); node $(node --version)" <<'TEXT'
Five connections: GET / in 1.0 by curl; GET /index.html in 1.0 without Host; two in 1.0 on a connection kept alive on request (200,
404); `GET /index.html` without a version, answered by 50 bytes and no header (HTTP/0.9); from node GET /until-close, 200
with neither length nor chunks, its 4500 bytes end with the connection.
TEXT
}

case_encoded_uri() {
  record port 80
  for path in '/files/a%20b%26c.html' '/%69ndex%2Ehtml' '/files/%2e%2e/index.html' '/%2569ndex.html' '/files/..%252f..%252fetc/passwd' \
    '/files/..%2f..%2f..%2fetc/passwd' '/?q=%3Cscript%3Ealert(1)%3C%2Fscript%3E' '/?q=%27%20OR%201%3D1--' '//files///./../index.html' \
    '/?u=%u0041' '/?z=%00' '/bad%zz' '/?utf8=%C3%A9%E2%82%AC'; do
    fetch --path-as-is "$page$path"
  done
  finish 'encoded, twice encoded and climbing URIs' "$(nginx_ends)" <<'TEXT'
13 connections, one GET each, in order: an encoded space and ampersand (200), /%69ndex%2Ehtml (200), %2e%2e (200), %2569 encoded
twice (404), ..%252f (404), ..%2f up to /etc/passwd (400), a script in the query (200), an SQL quote (200), `//files///./../`
(200), %u0041 (200), %00 in the query (200), %zz (400), UTF-8 in the query (200).
TEXT
}

case_conflicting_length() {
  record 'port 80 or port 8080 or port 8081'
  printf 'POST /echo HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: www.lab.test\r\n\r\n' | raw 80
  printf 'POST /echo HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: 5\r\nContent-Length: 6\r\n\r\nhello!' | raw 80
  printf 'POST /echo HTTP/1.1\r\nHost: www.lab.test\r\nTransfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc' | raw 80
  printf 'POST /a HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\n\r\n5c\r\nGET /b HTTP/1.1\r\n\r\n0\r\n\r\n' | raw 8080
  printf 'POST /a HTTP/1.1\r\nHost: www.lab.test\r\nTransfer-Encoding : chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n' | raw 8080
  printf 'POST /a HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: +3\r\n\r\nabc' | raw 80
  printf 'POST /accepted HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: 6\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\nGET /smuggled HTTP/1.1\r\nHost: www.lab.test\r\n\r\n' | raw 8081
  finish 'Content-Length against Transfer-Encoding, and two lengths' "$(nginx_ends "$(nc_client)"); node $(node --version)" <<'TEXT'
Seven connections. nginx: Content-Length 6 with chunked, and a request for /smuggled behind it (400); two different
Content-Lengths (400); Transfer-Encoding xchunked (501). node: Content-Length 4 with chunked (400); `Transfer-Encoding :`
with a space (400). nginx: Content-Length `+3` (400). node with --insecure-http-parser: Content-Length 6 with chunked is
taken as chunked, so POST /accepted and GET /smuggled are both answered 200.
TEXT
}

case_malformed() {
  record port 80
  printf 'NONSENSE\r\n\r\n' | raw 80
  printf 'GET / HTTP/9.9\r\n\r\n' | raw 80
  printf 'GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n' | raw 80
  printf 'GET / HTTP/1.1\r\n\r\n' | raw 80
  printf 'GET / HTTP/1.1\nHost: www.lab.test\nConnection: close\n\n' | raw 80
  printf 'GET / HTTP/1.1\r\nHost: www.lab.test\r\nX-Fold: one\r\n two\r\nConnection: close\r\n\r\n' | raw 80
  printf 'GET / HTTP/1.1\r\nHost: www.lab.test\r\nNo colon here\r\nX-Nul: a\0b\r\nConnection: close\r\n\r\n' | raw 80
  printf 'GET / HTTP/1.1\r\nHost: www.lab.test\r\nX-Long: %09000d\r\n\r\n' 1 | raw 80
  printf '\r\n\r\nGET / HTTP/1.1\r\nHost: www.lab.test\r\nConnection: close\r\n\r\n' | raw 80
  printf '\026\003\001\002\000\001\000\001\374\003\003 not HTTP at all' | raw 80
  fetch $page/
  finish 'eleven requests of which most are wrong, one connection each' "$(nginx_ends "$(nc_client), curl $(version curl)")" <<'TEXT'
Answers in order: `NONSENSE` 400; version 9.9 505; two Hosts 400; no Host 400; bare line feeds 200; a folded header 400; a line
without colon and a NUL 400; a header of 9000 bytes 400; two empty lines before the request 200; the start of a TLS hello 400;
a plain GET 200.
TEXT
}

case_small_segments() {
  record port 80
  cli "$python" -c "
import socket, time
s = socket.create_connection(('$server_ip', 80)); s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
for b in b'POST /echo HTTP/1.1\r\nHost: www.lab.test\r\nContent-Length: 12\r\nConnection: close\r\n\r\nbyte by byte':
    s.send(bytes([b])); time.sleep(0.002)
while s.recv(4096): pass"
  finish 'a request in segments of one byte' "$(nginx_ends 'a Python socket')" <<'TEXT'
One POST /echo of 94 segments, one byte each; 200, chunked, `byte by byte` comes back.
TEXT
}

case_auth() {
  record port 80
  fetch $page/secret
  fetch -u operator:wrong $page/secret
  fetch -u operator:1234 $page/secret
  fetch -H 'Authorization: Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJ0ZXN0In0.' $page/
  finish 'Basic authentication: none, wrong, right; a bearer token' "$(nginx_ends)" <<'TEXT'
Four connections: GET /secret without credentials (401, Basic realm="lab"), with operator:wrong (401), with operator:1234 (200,
`inside`); GET / with a bearer token (an unsigned JWT), 200.
TEXT
}

case_large_body() {
  record port 80
  fetch $page/files/firmware.bin
  fetch --data-binary "@$tmp/www/numbers.txt" -H 'Content-Type: text/plain' -H 'Expect:' $page/upload
  finish 'a download of 608,000 bytes, an upload of 8,893' "$(nginx_ends)" <<'TEXT'
Two connections: GET /files/firmware.bin (200, 608,000 bytes, application/octet-stream), POST /upload of 8893 bytes (200).
TEXT
}

case_ipv6() {
  record port 80
  cli curl -sS -g -o /dev/null 'http://[fd77::1]/' -o /dev/null 'http://[fd77::1]/numbers.txt' \
    --next -sS -g -d x=1 -o /dev/null 'http://[fd77::1]/form'
  finish 'three requests over IPv6' "nginx $(version nginx) (fd77::1) and curl $(version curl) (fd77::2)" <<'TEXT'
One connection between fd77::2 and fd77::1: GET / and GET /numbers.txt (200), POST /form with `x=1` (200).
TEXT
}

net_up
servers
run_cases "$@"
