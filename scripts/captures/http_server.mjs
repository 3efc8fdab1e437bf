// The HTTP server for what nginx does not do: trailers, chunks of chosen sizes, deflate, an odd reason, early hints.
// http_server.mjs ADDRESS PORT
import http from 'node:http';
import zlib from 'node:zlib';

const text = 'The quick brown fox jumps over the lazy dog. '.repeat(100);
const server = http.createServer((request, response) => {
  const body = [];
  request.on('data', (part) => body.push(part));
  request.on('end', () => {
    const size = body.reduce((sum, part) => sum + part.length, 0);
    switch (new URL(request.url, 'http://x').pathname) {
      case '/chunks':
        response.writeHead(200, { 'Content-Type': 'text/plain', Trailer: 'X-Checksum, X-Count' });
        for (const part of ['one\n', 'two\n', 'x'.repeat(3000) + '\n', 'last\n']) response.write(part);
        response.addTrailers({ 'X-Checksum': 'abc123', 'X-Count': '4' });
        return response.end();
      case '/deflate':
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'deflate' });
        return response.end(zlib.deflateSync(text));
      case '/deflate-raw':
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'deflate' });
        return response.end(zlib.deflateRawSync(text));
      case '/twice':
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip, br' });
        return response.end(zlib.brotliCompressSync(zlib.gzipSync(text)));
      case '/gzip-chunked':
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' });
        const packed = zlib.gzipSync(text);
        response.write(packed.subarray(0, 11));
        response.write(packed.subarray(11, 60));
        return response.end(packed.subarray(60));
      case '/gzip-lie':
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' });
        return response.end('this was never compressed\n');
      case '/gzip-bomb':
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Content-Encoding': 'gzip' });
        return response.end(zlib.gzipSync(Buffer.alloc(20_000_000), { level: 9 }));
      case '/hints':
        response.writeEarlyHints({ link: '</style.css>; rel=preload; as=style' });
        response.writeHead(200, { 'Content-Type': 'text/html' });
        return response.end('<p>hello</p>\n');
      case '/teapot':
        response.writeHead(418, "I'm a teapot", { 'Content-Length': 0 });
        return response.end();
      case '/until-close':
        request.socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\nConnection: close\r\n\r\n' + text);
        return;
      default:
        response.writeHead(200, { 'Content-Type': 'text/plain', 'Set-Cookie': ['a=1; Path=/', 'b=2; HttpOnly'] });
        return response.end(`${request.method} ${size}\n`);
    }
  });
});
server.listen(Number(process.argv[3]), process.argv[2]);
