#!/usr/bin/env bash
# HTTP/2 in clear: nginx, nghttpd and hypercorn as servers, nghttpx between; curl, nghttp, h2load; odd frames from http2_client.py.
# Packages: nginx-light libnginx-mod-http-brotli-filter nghttp2-server nghttp2-client nghttp2-proxy python3-hypercorn python3-hpack
#           curl zstd tcpdump tshark ethtool iproute2
. "$(dirname "$0")/harness.sh"
protocol=http2

servers() {
  mkdir -p "$tmp/www" "$tmp/nginx"
  printf '<!doctype html><title>lab</title><p>It works.</p>\n' >"$tmp/www/index.html"
  printf 'body { color: black }\n' >"$tmp/www/style.css"
  seq 1 2000 >"$tmp/www/numbers.txt"
  zstd -q -f "$tmp/www/numbers.txt" -o "$tmp/www/numbers.zst"
  # The same bytes every time, hard to compress: a hash chain.
  "$python" -c 'import hashlib,sys
h=b"picket"
for _ in range(4000): h=hashlib.sha256(h).digest(); sys.stdout.buffer.write(h)' >"$tmp/www/firmware.bin"
  chmod -R a+rX "$tmp"
  cat >"$tmp/nginx.conf" <<CONF
load_module /usr/lib/nginx/modules/ngx_http_brotli_filter_module.so;
user root; worker_processes 1; daemon off; pid $tmp/nginx.pid; error_log stderr warn;
events { worker_connections 64; }
http {
  include /etc/nginx/mime.types; default_type application/octet-stream; access_log off;
  client_body_temp_path $tmp/nginx/body; proxy_temp_path $tmp/nginx/proxy; fastcgi_temp_path $tmp/nginx/fastcgi;
  uwsgi_temp_path $tmp/nginx/uwsgi; scgi_temp_path $tmp/nginx/scgi; client_max_body_size 1m;
  gzip on; gzip_types text/plain; gzip_min_length 100; brotli on; brotli_types text/plain; brotli_min_length 100;
  server {
    listen $server_ip:80 http2; listen [fd77::1]:80 http2; listen $server_ip:502 http2;
    server_name www.lab.test; root $tmp/www; dav_methods PUT;
    location = /old { return 301 http://www.lab.test/new; }
    location = /none { return 204; }
    location = /packed { alias $tmp/www/numbers.zst; types { } default_type text/plain; add_header Content-Encoding zstd; gzip off; brotli off; }
  }
}
CONF
  srv_bg nginx -c "$tmp/nginx.conf" -e stderr
  srv_bg nghttpd --no-tls -a $server_ip -d "$tmp/www" --echo-upload -p/index.html=/style.css --trailer 'x-sum: 5' -m 100 8080
  cat >"$tmp/app.py" <<'PY'
async def app(scope, receive, send):
    if scope["type"] != "http":
        return
    size, more = 0, True
    while more:
        message = await receive()
        size += len(message.get("body", b""))
        more = message.get("more_body", False)
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"text/plain"), (b"set-cookie", b"a=1"), (b"set-cookie", b"b=2")]})
    await send({"type": "http.response.body", "body": b"%s %d\n" % (scope["path"].encode(), size)})
PY
  (cd "$tmp" && exec ip netns exec "$server" "$python" -m hypercorn -b $server_ip:8000 app:app) >>"$tmp/server.log" 2>&1 &
  srv_bg nghttpx --no-ocsp --frontend="$server_ip,8081;no-tls" --backend="$server_ip,8080;;proto=h2" --workers=1 --conf=/dev/null
  for port in 80 8080 8081 8000; do wait_port $port; done
}

fetch() { cli curl -sS --max-time 10 --http2-prior-knowledge -o /dev/null "$@" || true; }
page=http://$server_ip
nghttpd=http://$server_ip:8080
odd() { cli "$python" "$here/http2_client.py" "$server_ip" "$@" || true; }
nginx_ends() { echo "nginx $(version nginx) ($server_ip:${2:-80}) and ${1:-curl $(version curl)} ($client_ip)"; }
nghttpd_ends() { echo "nghttpd $(version nghttp2-server) ($server_ip:8080) and ${1:-nghttp $(version nghttp2-client)} ($client_ip)"; }
odd_ends() { nghttpd_ends 'http2_client.py, with hpack for headers'; }

case_prior_knowledge() {
  record port 80
  fetch -H 'Host: www.lab.test' "$page/"
  cli nghttp -n --no-dep -H ':authority: www.lab.test' "$page/numbers.txt?page=2&sort=up" $page/missing $page/old $page/none >/dev/null || true
  fetch -I $page/numbers.txt
  finish 'curl and nghttp ask nginx' "$(nginx_ends "curl $(version curl), nghttp $(version nghttp2-client)")" <<'TEXT'
Three connections. curl: GET / (200, 50 bytes) from www.lab.test. nghttp, four streams at once: GET /numbers.txt?page=2&sort=up (200, 8893 bytes before gzip), /missing (404), /old (301
with Location), /none (204). curl: HEAD /numbers.txt (200, no body). SETTINGS and WINDOW_UPDATE of both sides, and both ACKs.
TEXT
}

case_upgrade() {
  record port 8081
  cli curl -sS --max-time 10 --http2 -o /dev/null "http://$server_ip:8081/index.html?first" -o /dev/null "http://$server_ip:8081/numbers.txt" || true
  finish 'from HTTP/1.1 by Upgrade: h2c' "nghttpx $(version nghttp2-proxy) ($server_ip:8081) and curl $(version curl) ($client_ip)" <<'TEXT'
GET /index.html?first in HTTP/1.1 with Upgrade: h2c and HTTP2-Settings (100 streams, a window of 32 MiB, no push), 101, then HTTP/2: its reply (200, 50 bytes) comes on
stream 1, GET /numbers.txt follows on stream 3. nghttpx takes both from nghttpd.
TEXT
}

case_bodies() {
  record port 80 or port 8000
  fetch -H 'Accept-Encoding: gzip' $page/numbers.txt
  fetch -H 'Accept-Encoding: br' $page/numbers.txt
  fetch $page/packed
  fetch --data 'user=operator&valve=7' http://$server_ip:8000/form
  fetch -F 'note=night shift' -F "update=@$tmp/www/firmware.bin;filename=pump.bin" http://$server_ip:8000/upload
  fetch -T "$tmp/www/firmware.bin" http://$server_ip:8000/put.bin
  fetch -r 10-19 $page/numbers.txt
  finish 'gzip, brotli, zstd; forms, uploads; a range' "$(nginx_ends), hypercorn $(version python3-hypercorn) ($server_ip:8000)" <<'TEXT'
numbers.txt (8893 bytes) three times: gzip, br, and zstd as /packed. To hypercorn: a form of 21 bytes; multipart/form-data with the file pump.bin (128000 bytes); PUT /put.bin of the
same bytes. hypercorn answers each with two set-cookie headers. Last, bytes 10-19 of numbers.txt (206).
TEXT
}

case_push_and_trailers() {
  record port 8080
  cli nghttp -n --continuation --trailer 'x-check: 7' -d "$tmp/www/style.css" $nghttpd/echo >/dev/null || true
  cli nghttp -n -a $nghttpd/index.html >/dev/null || true
  finish 'a push, trailers both ways, CONTINUATION, padding and priorities' "$(nghttpd_ends)" <<'TEXT'
First connection: POST /echo with --continuation, so that a header of 32 KiB and more goes in HEADERS and CONTINUATION, and the trailer x-check; the reply ends with the
trailer x-sum. Second: GET /index.html; nghttpd pushes /style.css (PUSH_PROMISE, stream 2). nghttp sends PRIORITY frames for streams 3 to 11 that it never opens.
TEXT
}

case_many_streams() {
  record port 8080
  cli h2load -n 60 -c 2 -m 30 $nghttpd/style.css >/dev/null 2>&1 || true
  finish 'sixty streams of two connections, thirty at a time' "$(nghttpd_ends "h2load $(version nghttp2-client)")" <<'TEXT'
Two connections, thirty streams each, all opened at once: GET /style.css, 200, 22 bytes. Headers come out of the dynamic tables from the second stream on.
TEXT
}

case_cancelled() {
  record port 8080
  odd 8080 cancel
  finish 'streams that the client resets, and a GOAWAY with debug data' "$(odd_ends)" <<'TEXT'
Three GETs of /firmware.bin; the first is reset with CANCEL after its headers came, the second is read to its end, the third refused with an error code that nobody knows (0x1234).
Then GOAWAY, ENHANCE_YOUR_CALM, with the debug data `too many alarms`.
TEXT
}

case_ipv6() {
  record port 80
  fetch 'http://[fd77::1]/numbers.txt'
  finish 'HTTP/2 over IPv6' "nginx $(version nginx) ([fd77::1]:80) and curl $(version curl) ([fd77::2])" <<'TEXT'
GET /numbers.txt, 200, 8893 bytes. :authority is [fd77::1].
TEXT
}

case_wrong_port() {
  record port 502
  fetch $page:502/
  finish 'on the port of another protocol' "$(nginx_ends '' 502)" <<'TEXT'
GET / on port 502, which is that of Modbus.
TEXT
}

case_small_segments() {
  ip -n "$client" route change 10.77.0.0/24 dev vb proto kernel scope link src $client_ip advmss 100
  ip -n "$server" route change 10.77.0.0/24 dev va proto kernel scope link src $server_ip advmss 100
  record port 80
  fetch -H 'X-Long: 0123456789012345678901234567890123456789012345678901234567890123456789' $page/
  fetch $page/old
  finish 'frames cut into segments of 100 bytes and less' "$(nginx_ends)" <<'TEXT'
GET / and GET /old, each on a connection of its own, with an MSS of 100 on both sides.
TEXT
  ip -n "$client" route change 10.77.0.0/24 dev vb proto kernel scope link src $client_ip
  ip -n "$server" route change 10.77.0.0/24 dev va proto kernel scope link src $server_ip
}

# odd_case TITLE CASE...: each on a connection of its own; the text comes from standard input.
odd_case() {
  local title=$1
  shift
  record port 8080
  for each in "$@"; do odd 8080 "$each"; done
  finish "$title" "$(odd_ends)" 'real traffic of a client of our own'
}

case_malformed() {
  odd_case 'frames that break the rules, one kind a connection' bad-length bad-stream bad-padding bad-settings bad-window idle-stream \
    reused-stream continuation-missing continuation-alone unknown-frame no-settings bad-magic bad-push <<'TEXT'
Thirteen connections; nghttpd ends most of them with GOAWAY. In this order: PING of 7 bytes; SETTINGS on stream 1; DATA with more padding than bytes; ENABLE_PUSH 2; WINDOW_UPDATE by 0; DATA
of a stream that was never opened; stream 1 behind stream 3; HEADERS without END_HEADERS and then PING; CONTINUATION alone; a frame of type 0xbb (answered as if it were not there); HEADERS
before SETTINGS; a magic that ends otherwise; PUSH_PROMISE from the client.
TEXT
}

case_malformed_headers() {
  odd_case 'header blocks that break the rules' bad-index bad-huffman bad-integer bad-size-update cut-block uppercase connection-header pseudo-twice \
    pseudo-late pseudo-missing host-mismatch length-mismatch <<'TEXT'
Twelve connections: entry 70 of empty tables; a Huffman code padded with zeros; a number of six bytes; a table of 65536 bytes where 4096 are allowed; a block that ends within a field; the
header Upper; transfer-encoding; :path twice; :path behind a header; no :path; host: other.lab.test beside :authority; content-length 4 with a body of 2.
TEXT
}

case_floods() {
  odd_case 'rapid reset, CONTINUATION flood, PING and SETTINGS floods, a bomb of header compression' rapid-reset continuation-flood ping-flood settings-flood empty-frames \
    header-bomb <<'TEXT'
Six connections, each what its CVE describes, small: 120 streams opened and reset at once (CVE-2023-44487); a header block in 40 CONTINUATION frames; 210 PING (CVE-2019-9512); 210 SETTINGS
(CVE-2019-9515); 210 empty DATA frames (CVE-2019-9518); a header of 3000 bytes that is named 400 times in one block (CVE-2016-6581).
TEXT
}

net_up
servers
run_cases "$@"
