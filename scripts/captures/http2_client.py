"""A client that sends frames as it likes, for what no client does: http2_client.py HOST PORT CASE

Headers go through python3-hpack; frames are written here. What the server says is read to its end or for a moment.
"""
import socket
import struct
import sys
import time

import hpack

MAGIC = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
DATA, HEADERS, PRIORITY, RST, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION = range(10)
END_STREAM, ACK, END_HEADERS, PADDED = 1, 1, 4, 8
host, port, case = sys.argv[1], int(sys.argv[2]), sys.argv[3]
encoder = hpack.Encoder()


def frame(kind, flags, stream, payload=b''):
    return struct.pack('>I', len(payload))[1:] + struct.pack('>BBI', kind, flags, stream) + payload


def fields(path='/style.css', more=(), method='GET'):
    return [(':method', method), (':scheme', 'http'), (':authority', 'www.lab.test'), (':path', path), *more]


def block(all_fields, huffman=True):
    return encoder.encode(all_fields, huffman=huffman)


def headers(stream, all_fields, flags=END_STREAM):
    return frame(HEADERS, flags | END_HEADERS, stream, block(all_fields))


def u32(n):
    return struct.pack('>I', n)


def literal(name, value):
    """Not kept, not compressed; for names that hpack would not write."""
    return b'\0' + bytes([len(name)]) + name + bytes([len(value)]) + value


def settings(*pairs):
    return frame(SETTINGS, 0, 0, b''.join(struct.pack('>HI', *p) for p in pairs))


POST = fields('/echo', method='POST')
BASE = b'\x82\x86' + literal(b':authority', b'www.lab.test')
GET = BASE + literal(b':path', b'/style.css')

# Made when they are sent: the encoder's table is that of the connection.
CASES = {
    'bad-length': lambda: [frame(PING, 0, 0, b'seven b')],
    'bad-stream': lambda: [frame(SETTINGS, 0, 1)],
    'bad-padding': lambda: [headers(1, POST, 0), frame(DATA, PADDED, 1, b'\x09four')],
    'bad-settings': lambda: [settings((2, 2))],
    'bad-window': lambda: [frame(WINDOW, 0, 0, u32(0))],
    'idle-stream': lambda: [frame(DATA, 0, 9, b'data')],
    'reused-stream': lambda: [frame(HEADERS, 5, 3, GET), frame(HEADERS, 5, 1, GET)],
    'continuation-missing': lambda: [frame(HEADERS, END_STREAM, 1, BASE), frame(PING, 0, 0, b'12345678')],
    'continuation-alone': lambda: [frame(CONTINUATION, END_HEADERS, 1, GET)],
    'unknown-frame': lambda: [frame(0xbb, 0xff, 0, b'grease'), frame(HEADERS, 5, 1, GET)],
    'bad-push': lambda: [frame(PUSH, END_HEADERS, 1, u32(2) + GET)],
    'bad-index': lambda: [frame(HEADERS, 5, 1, GET + b'\xc6')],
    'bad-huffman': lambda: [frame(HEADERS, 5, 1, GET + b'\x00\x01a\x81\x18')],
    'bad-integer': lambda: [frame(HEADERS, 5, 1, GET + b'\xff\x80\x80\x80\x80\x80\x01')],
    'bad-size-update': lambda: [frame(HEADERS, 5, 1, b'\x3f\xe1\xff\x03' + GET)],
    'cut-block': lambda: [frame(HEADERS, 5, 1, GET + b'\x00\x05cut')],
    'uppercase': lambda: [frame(HEADERS, 5, 1, GET + literal(b'Upper', b'case'))],
    'connection-header': lambda: [frame(HEADERS, 5, 1, GET + literal(b'transfer-encoding', b'chunked'))],
    'pseudo-twice': lambda: [frame(HEADERS, 5, 1, GET + literal(b':path', b'/index.html'))],
    'pseudo-late': lambda: [frame(HEADERS, 5, 1, BASE + literal(b'accept', b'*/*') + literal(b':path', b'/'))],
    'pseudo-missing': lambda: [frame(HEADERS, 5, 1, BASE)],
    'host-mismatch': lambda: [frame(HEADERS, 5, 1, GET + literal(b'host', b'other.lab.test'))],
    'length-mismatch': lambda: [headers(1, POST + [('content-length', '4')], 0), frame(DATA, END_STREAM, 1, b'no')],
    'rapid-reset': lambda: [headers(2 * i + 1, fields()) + frame(RST, 0, 2 * i + 1, u32(8)) for i in range(120)],
    'continuation-flood': lambda: [frame(HEADERS, END_STREAM, 1, GET)] + [frame(CONTINUATION, 0, 1, literal(b'a', b'%d' % i)) for i in range(40)]
                          + [frame(CONTINUATION, END_HEADERS, 1)],
    'ping-flood': lambda: [frame(PING, 0, 0, struct.pack('>Q', i)) for i in range(210)],
    'settings-flood': lambda: [settings((3, i)) for i in range(210)],
    'empty-frames': lambda: [headers(1, POST, 0)] + [frame(DATA, 0, 1) for _ in range(210)] + [frame(DATA, END_STREAM, 1)],
    'header-bomb': lambda: [frame(HEADERS, 5, 1, GET + b'\x40\x01a\x7f\xb9\x16' + b'x' * 3000 + b'\xbe' * 400)],
}


def read(s, seconds):
    """What comes within that time, or to the end."""
    s.settimeout(seconds)
    out = b''
    try:
        while more := s.recv(65536):
            out += more
    except OSError:
        pass
    return out


def main():
    s = socket.create_connection((host, port))
    if case == 'bad-magic':
        s.sendall(MAGIC[:-6] + b'XX\r\n\r\n' + settings())
    elif case == 'no-settings':
        s.sendall(MAGIC + frame(HEADERS, 5, 1, GET))
    elif case == 'cancel':
        s.sendall(MAGIC + settings((4, 20000)) + headers(1, fields('/firmware.bin')))
        read(s, 0.2)
        s.sendall(frame(RST, 0, 1, u32(8)) + frame(SETTINGS, ACK, 0) + settings((4, 1 << 20)) + frame(WINDOW, 0, 0, u32(1 << 20)))
        s.sendall(headers(3, fields('/firmware.bin')))
        read(s, 0.3)
        s.sendall(headers(5, fields('/firmware.bin')) + frame(RST, 0, 5, u32(0x1234)))
        s.sendall(frame(GOAWAY, 0, 0, u32(0) + u32(11) + b'too many alarms'))
    else:
        s.sendall(MAGIC + settings())
        time.sleep(0.05)
        try:
            s.sendall(frame(SETTINGS, ACK, 0) + b''.join(CASES[case]()))
        except OSError:
            pass
    read(s, 0.3)
    s.close()


main()
