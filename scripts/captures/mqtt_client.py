#!/usr/bin/env python3
"""A client of MQTT that says what the real one of Debian does not, and a broker that answers a script.

usage: mqtt_client.py CASE HOST PORT            broker, small-segments, malformed, inside
       mqtt_client.py --sparkplug NAME          writes a payload of Sparkplug B to standard output
"""
import socket
import struct
import sys
import time


def text(s):
    s = s if isinstance(s, bytes) else s.encode()
    return struct.pack('>H', len(s)) + s


def varint(n):
    out = b''
    while True:
        out += bytes([n & 0x7f | (0x80 if n > 0x7f else 0)])
        n >>= 7
        if not n:
            return out


def packet(first, body):
    return bytes([first]) + varint(len(body)) + body


def connect(client_id, level=4, properties=b''):
    return packet(0x10, text('MQTT') + bytes([level, 2, 0, 60]) + (varint(len(properties)) + properties if level == 5 else b'') + text(client_id))


def publish(topic, message, first=0x30, ident=0, properties=None):
    return packet(first, text(topic) + (struct.pack('>H', ident) if ident else b'') +
                  (b'' if properties is None else varint(len(properties)) + properties) + message)


def field(number, wire, value):
    return varint(number << 3 | wire) + (varint(len(value)) + value if wire == 2 else value)


def metric(name, alias, datatype, value, **flags):
    number, wire, coded = value
    body = field(1, 2, name.encode()) if name else b''
    body += field(2, 0, varint(alias)) + field(3, 0, varint(1790000000123)) + field(4, 0, varint(datatype))
    for flag in ('historical', 'transient', 'null'):
        if flags.get(flag):
            body += field({'historical': 5, 'transient': 6, 'null': 7}[flag], 0, b'\1')
    return field(2, 2, body + field(number, wire, coded) if number else body)


def number(v):
    return 13, 1, struct.pack('<d', v)


def single(v):
    return 12, 5, struct.pack('<f', v)


def whole(v, bits=32):
    return (10 if bits == 32 else 11), 0, varint(v & (1 << bits) - 1)


def truth(v):
    return 14, 0, bytes([v])


def payload(seq, *metrics):
    return field(1, 0, varint(1790000000456)) + b''.join(metrics) + field(3, 0, varint(seq))


PAYLOADS = {
    'nbirth': payload(0, metric('bdSeq', 0, 8, whole(7, 64)), metric('Node Control/Rebirth', 1, 11, truth(0)),
                      metric('Properties/Firmware', 2, 12, (15, 2, b'4.2.1')), metric('Uptime', 3, 13, whole(1790000000000, 64))),
    'dbirth': payload(1, metric('Speed', 10, 9, single(25.5)), metric('Pressure', 11, 10, number(-3.25)), metric('Level', 12, 3, whole(-42)),
                      metric('Run', 13, 11, truth(1)), metric('Name', 14, 12, (15, 2, b'Pump 7')), metric('Blob', 15, 17, (16, 2, b'\0\1\2')),
                      metric('Fault', 16, 12, (0, 0, b''), null=True)),
    'ddata': payload(2, metric('', 10, 9, single(26.5)), metric('', 12, 3, whole(-43), historical=True)),
    'dcmd': payload(0, metric('Speed', 10, 9, single(40.0))),
    'ncmd': payload(0, metric('Node Control/Rebirth', 1, 11, truth(1))),
    'reboot': payload(0, metric('Node Control/Reboot', 4, 11, truth(1))),
    'ndeath': field(1, 0, varint(1790000000456)) + metric('bdSeq', 0, 8, whole(7, 64)),
    'ddeath': payload(3),
}


def talk(host, port, *pieces, pause=0.05, answers=0.3):
    s = socket.create_connection((host, port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    s.settimeout(answers)
    for piece in pieces:
        s.sendall(piece)
        time.sleep(pause)
        try:
            s.recv(65536)
        except (TimeoutError, socket.timeout, ConnectionError):
            pass
    s.close()


def small_segments(host, port):
    whole_talk = connect('crumbs', 5) + publish('hall3/crumbs', b'17.25', 0x32, 1, b'\x26' + text('unit') + text('bar')) + packet(0xe0, b'')
    s = socket.create_connection((host, port))
    s.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for i in range(len(whole_talk)):
        s.sendall(whole_talk[i:i + 1])
        time.sleep(0.003)
    time.sleep(0.3)
    s.close()


def main():
    if sys.argv[1] == '--sparkplug':
        sys.stdout.buffer.write(PAYLOADS[sys.argv[2]])
        return
    case, host, port = sys.argv[1], sys.argv[2], int(sys.argv[3])
    if case == 'small-segments':
        small_segments(host, port)
    elif case == 'broker':
        listener = socket.create_server((host, port))
        peer, _ = listener.accept()
        peer.recv(65536)
        peer.sendall(packet(0x20, b'\0\0'))
        while True:
            said = peer.recv(65536)
            if not said:
                break
            peer.sendall(packet(0x40, struct.pack('>H', 3)) + packet(0xd0, b''))
        peer.close()
    elif case == 'malformed':
        good = publish('hall3/pump', b'1') + publish('hall3/pump', b'2', 0x32, 3) + packet(0xc0, b'') + publish('hall3/pump', b'3')
        bad = [
            packet(0x30, b'\xff\xff' + b'topic that ends behind its packet'), publish('hall3/+', b'wildcard'),
            publish('hall3/pump', b'bad quality', 0x36, 5), packet(0x82, struct.pack('>H', 9) + text('a/#/b') + b'\0'), packet(0xc1, b''),
            b'\x30\xff\xff\xff\xff\x01', b'\0\0\0\0', b'GET / HTTP/1.1\r\n\r\n', connect('again'), packet(0x62, struct.pack('>H', 77)),
        ]
        talk(host, port, connect('fuzzer'), *[b + good for b in bad], packet(0xe0, b''))
    elif case == 'inside':
        # A length that is wrong: what follows stands within it.
        wrong = bytes([0x30]) + varint(100_000_000) + text('hall3/camera') + b'x' * 66000
        ones = b''.join(publish('hall3/pump', b'%d' % i) for i in range(5))
        right = publish('hall3/camera', bytes(i * 7 & 0xff for i in range(70_000)))
        talk(host, port, connect('camera'), right + publish('hall3/pump', b'after'), wrong + ones, packet(0xe0, b''), pause=0.3)


main()
