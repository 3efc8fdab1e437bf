#!/usr/bin/python3
"""A device that speaks EtherNet/IP: a controller with tags, an adapter with cyclic I/O. No server is packaged anywhere.

usage: enip_device.py ADDRESS [PORT]

It answers what the clients of these captures ask; what it does not know it refuses with status 0x08. It shares nothing
with the sensor's parser.
"""
import socket
import struct
import sys
import threading
import time

ADDRESS = sys.argv[1]
PORT = int(sys.argv[2]) if len(sys.argv) > 2 else 44818
NAME = b'1756-L61/B LOGIX5561'
SERIAL = 0x00c0ffee
TYPES = {0xc1: 1, 0xc2: 1, 0xc3: 2, 0xc4: 4, 0xc5: 8, 0xca: 4, 0xd3: 4}

lock = threading.Lock()
# name: (instance, type of the symbol, type or structure handle, elements, bytes)
tags = {
    'Level': [1, 0x00ca, 0xca, 1, struct.pack('<f', 21.5)],
    'Count': [2, 0x00c4, 0xc4, 1, struct.pack('<i', -42)],
    'Speeds': [7, 0x20c4, 0xc4, 10, struct.pack('<10i', *range(100, 110))],
    'Long': [8, 0x20c4, 0xc4, 300, struct.pack('<300i', *range(300))],
    'Pump': [9, 0x8000 | 0x1d4, 0x4e21, 1, struct.pack('<if', 1450, 73.25)],
    'Running': [12, 0x00c1, 0xc1, 1, b'\x01'],
}
program_tags = {'Recipe': [1, 0x00c3, 0xc3, 1, struct.pack('<h', 17)]}
members = struct.pack('<HHI', 0, 0xc4, 0) + struct.pack('<HHI', 0, 0xca, 4)
template = members + b'Pump_t;n\0Speed\0Load\0'
host_name = b'mixer-3'
registers = {('N', 7): bytearray(struct.pack('<8h', 1, -2, 3, 4, 5, 6, 7, 8)), ('F', 8): bytearray(struct.pack('<4f', 1.5, 2.5, 21.5, 0))}


class Refused(Exception):
    def __init__(self, status, extended=b''):
        super().__init__(status)
        self.status, self.extended = status, extended


def identity():
    return struct.pack('<HHHBBHI', 1, 14, 54, 20, 5, 0x3060, SERIAL) + bytes([len(NAME)]) + NAME


def list_identity():
    sockaddr = struct.pack('>HH', 2, 44818) + socket.inet_aton(ADDRESS) + bytes(8)
    body = struct.pack('<H', 1) + sockaddr + identity() + b'\x03'
    return struct.pack('<HHH', 1, 0x0c, len(body)) + body


def list_services():
    body = struct.pack('<HH', 1, 0x120) + b'Communications\0\0'
    return struct.pack('<HHH', 1, 0x100, len(body)) + body


def segments(path):
    """(kind, value) of each logical segment and symbol."""
    out, i = [], 0
    while i < len(path):
        t = path[i]
        if t == 0x91:
            n = path[i + 1]
            out.append(('symbol', path[i + 2:i + 2 + n].decode()))
            i += 2 + n + n % 2
        elif t >> 5 == 1 and t != 0x34:
            size = (1, 2, 4)[t & 3]
            at = i + 1 + (1 if size > 1 else 0)
            out.append((('class', 'instance', 'member', 'point', 'attribute')[t >> 2 & 7], int.from_bytes(path[at:at + size], 'little')))
            i = at + size
        elif t == 0x34:
            out.append(('key', path[i + 1:i + 10]))
            i += 10
        elif t < 0x20:
            n = 1 if t & 0x10 == 0 else path[i + 1]
            i += (2 if t & 0x10 == 0 else 2 + n + n % 2)
        else:
            raise Refused(0x04)
    return out


def find_tag(path):
    names = [v for k, v in path if k == 'symbol']
    member = [v for k, v in path if k == 'member']
    instance = [v for k, v in path if k == 'instance']
    table = tags
    if names and names[0].startswith('Program:'):
        table, names = program_tags, names[1:]
    if names:
        if names[0] not in table:
            raise Refused(0x05, b'\0\0')
        return table[names[0]], member[0] if member else 0
    for tag in table.values():
        if instance and tag[0] == instance[-1]:
            return tag, member[0] if member else 0
    raise Refused(0x05, b'\0\0')


def tag_service(service, path, data):
    tag, first = find_tag(path)
    size = TYPES.get(tag[2], len(tag[4]))
    head = struct.pack('<H', tag[2]) if tag[2] in TYPES else struct.pack('<HH', 0x2a0, tag[2])
    if service in (0x4c, 0x52):
        count = struct.unpack_from('<H', data)[0]
        offset = struct.unpack_from('<I', data, 2)[0] if service == 0x52 else 0
        if first + count > tag[3]:
            raise Refused(0xff, struct.pack('<H', 0x2105))
        whole = tag[4][first * size:(first + count) * size]
        part = whole[offset:offset + 480]
        return (0x06 if offset + len(part) < len(whole) else 0), head + part
    if service in (0x4d, 0x53):
        kind = struct.unpack_from('<H', data)[0]
        at = 4 if kind == 0x2a0 else 2
        if kind != 0x2a0 and kind != tag[2]:
            raise Refused(0xff, struct.pack('<H', 0x2107))
        offset = struct.unpack_from('<I', data, at + 2)[0] if service == 0x53 else 0
        value = data[at + (6 if service == 0x53 else 2):]
        at = first * size + offset
        tag[4] = tag[4][:at] + value + tag[4][at + len(value):]
        return 0, b''
    if service == 0x4e:
        n = struct.unpack_from('<H', data)[0]
        ors, ands = data[2:2 + n], data[2 + n:2 + 2 * n]
        tag[4] = bytes((b | o) & a for b, o, a in zip(tag[4], ors, ands)) + tag[4][n:]
        return 0, b''
    raise Refused(0x08)


def list_tags(path):
    first = [v for k, v in path if k == 'instance'][-1]
    table = program_tags if any(k == 'symbol' for k, _ in path) else tags
    out, more = b'', False
    for name, tag in sorted(table.items(), key=lambda t: t[1][0]):
        if tag[0] < first:
            continue
        if len(out) > 40:
            more = True
            break
        out += struct.pack('<IH', tag[0], len(name)) + name.encode() + struct.pack('<H', tag[1])
    if not more and table is tags and first <= 20:
        out += struct.pack('<IH', 20, 12) + b'Program:Main' + struct.pack('<H', 0x1068)
    return (0x06 if more else 0), out


def pccc(data):
    n = data[0]
    requester, (command, _, transaction) = data[:n], struct.unpack_from('<BBH', data, n)
    body = data[n + 4:]
    status, out = 0, b''
    if command == 0x0f:
        function, body = body[0], body[1:]
        if function in (0xa2, 0xaa):
            size, file, kind, element = body[0], body[1], body[2], body[3]
            letter, width = {0x89: ('N', 2), 0x8a: ('F', 4)}.get(kind, ('', 1))
            store = registers.get((letter, file))
            if store is None:
                status, out = 0xf0, b'\x06'
            elif function == 0xa2:
                out = bytes(store[element * width:element * width + size])
            else:
                store[element * width:element * width + size] = body[5:5 + size]
        elif function == 0x80:
            status, out = 0xf0, b'\x0b'
        elif function == 0x03:
            status = 0x10
    elif command == 0x06:
        out = body[1:] if body[0] == 0 else b'\x01\xeb\x15\x00\x00\x00\x00\x00SLC 5/05'
    return requester + struct.pack('<BBH', command | 0x40, status, transaction) + out


class Session:
    """What one TCP connection, or nobody in particular, knows."""

    def __init__(self, peer):
        self.peer, self.connections = peer, {}

    def forward_open(self, service, data):
        large = service == 0x5b
        ot, to, serial, vendor, originator = struct.unpack_from('<IIHHI', data, 2)
        rpi_ot, = struct.unpack_from('<I', data, 22)
        rpi_to, = struct.unpack_from('<I', data, 30 if large else 28)
        transport = data[38 if large else 34]
        path = segments(data[(40 if large else 36):])
        if ('instance', 199) in path:
            raise Refused(0x01, struct.pack('<H', 0x0117))
        if serial in self.connections:
            raise Refused(0x01, struct.pack('<H', 0x0100))
        ot = ot or 0x80fe0000 | serial & 0xff
        io = transport & 15 == 1
        self.connections[serial] = (ot, to, io)
        if io:
            threading.Thread(target=self.produce, args=(serial, to, rpi_to / 1e6), daemon=True).start()
        return struct.pack('<IIHHIIIBB', ot, to, serial, vendor, originator, rpi_ot, rpi_to, 0, 0)

    def produce(self, serial, connection, interval):
        """Inputs of an adapter: a counter, an analog value, bits."""
        for n in range(1, 200):
            time.sleep(max(interval, 0.02))
            if serial not in self.connections:
                return
            data = struct.pack('<HHH', n & 0xffff, 2048 + n % 7, 0x0005)
            io.sendto(struct.pack('<HHHIIHHH', 2, 0x8002, 8, connection, n, 0xb1, len(data) + 2, n) + data, (self.peer, 2222))

    def cip(self, message, depth=0):
        service, words = message[0], message[1]
        path, data = segments(message[2:2 + words * 2]), message[2 + words * 2:]
        try:
            status, out, extended = *self.serve(service, path, data, depth), b''
        except Refused as r:
            status, out, extended = r.status, b'', r.extended
        except (struct.error, IndexError):
            status, out, extended = 0x13, b'', b''
        if isinstance(out, bytes) and service == 0x52 and ('class', 6) in path and status == 0:
            return out  # what was wrapped answers for itself
        return bytes([service | 0x80, 0, status, len(extended) // 2]) + extended + out

    def serve(self, service, path, data, depth):
        kinds = dict(path)
        c, instance, attribute = kinds.get('class'), kinds.get('instance'), kinds.get('attribute')
        if service == 0x0a:
            count = struct.unpack_from('<H', data)[0]
            offsets = list(struct.unpack_from('<%dH' % count, data, 2)) + [len(data)]
            answers = [self.cip(data[offsets[i]:offsets[i + 1]], depth + 1) for i in range(count)]
            at, table = 2 + 2 * count, b''
            for a in answers:
                table += struct.pack('<H', at)
                at += len(a)
            failed = any(a[2] not in (0, 6) for a in answers)
            return (0x1e if failed else 0), struct.pack('<H', count) + table + b''.join(answers)
        if c == 6:
            if service in (0x54, 0x5b):
                return 0, self.forward_open(service, data)
            if service == 0x4e:
                serial, vendor, originator = struct.unpack_from('<HHI', data, 2)
                if self.connections.pop(serial, None) is None:
                    raise Refused(0x01, struct.pack('<H', 0x0107))
                return 0, struct.pack('<HHIBB', serial, vendor, originator, 0, 0)
            if service == 0x52:
                size = struct.unpack_from('<H', data, 2)[0]
                route = data[4 + size + size % 2 + 2:]
                if route[:2] == b'\x01\x09':  # no module in slot 9
                    raise Refused(0x01, struct.pack('<H', 0x0312))
                return 0, self.cip(data[4:4 + size], depth + 1)
            if service == 0x5a:
                return 0, struct.pack('<BBBBHHI', 1, 1, 0, 0, 0x1234, 1, SERIAL)
        if c == 1 and instance == 1:
            if service == 0x01:
                return 0, identity()
            one = {1: identity()[0:2], 2: identity()[2:4], 3: identity()[4:6], 4: identity()[6:8], 5: identity()[8:10],
                   6: identity()[10:14], 7: identity()[14:], 8: b'\x03'}
            if service == 0x0e:
                if attribute not in one:
                    raise Refused(0x14)
                return 0, one[attribute]
            if service == 0x03:
                ids = struct.unpack_from('<%dH' % struct.unpack_from('<H', data)[0], data, 2)
                out = struct.pack('<H', len(ids))
                for i in ids:
                    out += struct.pack('<HH', i, 0) + one[i] if i in one else struct.pack('<HH', i, 0x14)
                return (0x0a if any(i not in one for i in ids) else 0), out
            if service == 0x05:
                return 0, b''
        if c == 0x6b and service == 0x55:
            return list_tags(path)
        if c == 0x6c:
            if service == 0x03:
                return 0, struct.pack('<HHHIHHIHHHHHH', 4, 4, 0, (len(template) + 23) // 4 + 1, 5, 0, 8, 2, 0, 2, 1, 0, 0x4e21)
            offset, size = struct.unpack_from('<IH', data)
            return 0, template[offset:offset + size]
        if c == 0xf5 and instance == 1:
            config = struct.pack('<IIIII', *(int.from_bytes(socket.inet_aton(a), 'big') for a in (
                ADDRESS, '255.255.255.0', '10.77.0.254', '10.77.0.253', '0.0.0.0'))) + struct.pack('<H', 10) + b'plant.test'
            if service == 0x01:
                return 0, struct.pack('<III', 1, 0x15, 0) + struct.pack('<H', 2) + b'\x20\xf6\x24\x01' + config + \
                    struct.pack('<H', len(host_name)) + host_name + b'\0'
            if service == 0x0e:
                return 0, {1: struct.pack('<I', 1), 3: struct.pack('<I', 0), 5: config, 6: struct.pack('<H', len(host_name)) + host_name + b'\0'}[attribute]
            if service == 0x10:
                return 0, b''
        if c == 0xf6 and instance == 1:
            if service == 0x01:
                return 0, struct.pack('<II', 1000, 0x0f) + bytes.fromhex('020000007701')
            if service == 0x0e:
                return 0, {1: struct.pack('<I', 1000), 2: struct.pack('<I', 0x0f), 3: bytes.fromhex('020000007701')}[attribute]
        if c == 0x04 and attribute == 3:
            return (0, b'\x01\x02\x03\x04') if service == 0x0e else (0, b'')
        if c == 0x8b:
            micros = 1_700_000_000_000_000
            return (0, struct.pack('<Q', micros) if service == 0x0e else struct.pack('<HHHQ', 1, 11, 0, micros)) if service in (0x03, 0x0e) else (0, struct.pack('<HHH', 1, 6, 0))
        if c == 0x8e and service in (0x06, 0x07):
            return 0, b''
        if c == 0x37:
            if service == 0x4b:
                return 0, struct.pack('<IB', 600, 200)
            if service == 0x4f:
                kind = (0, 1, 2)[min(data[0], 2)]
                return 0, bytes([data[0], kind]) + b'[Device]\r\n' * 20
            if service == 0x4c:
                return 0, struct.pack('<IHB', 0, 0, 200)
            if service == 0x50:
                return 0, data[:1]
            if service == 0x51:
                return 0, b''
        if c == 0x67 and service == 0x4b:
            return 0, pccc(data)
        if c == 0xa1:
            return 0, b''
        if c == 0x68 and service == 0x09:
            raise Refused(0x0f)
        if any(k == 'symbol' for k, _ in path) or c == 0x6b:
            return tag_service(service, path, data)
        if c is not None and c > 0x100:
            raise Refused(0x05)
        raise Refused(0x08)


def answer(message, session, handle):
    """The reply to a message of the encapsulation; None where there is none."""
    command, _, asked, _ = struct.unpack_from('<HHII', message)
    context, data = message[12:20], message[24:]

    def reply(body, status=0, own=None):
        return struct.pack('<HHII', command, len(body), asked if own is None else own, status) + context + bytes(4) + body

    if command == 0x63:
        return reply(list_identity())
    if command == 0x04:
        return reply(list_services())
    if command == 0x64:
        return reply(struct.pack('<H', 0))
    if command == 0x65:
        if data[:2] != b'\x01\0':
            return reply(data, 0x69)
        return reply(data, own=handle)
    if command in (0x66, 0x00, 0x72, 0x73):
        return None
    if command not in (0x6f, 0x70):
        return reply(b'', 0x01)
    if asked != handle:
        return reply(b'', 0x64)
    count = struct.unpack_from('<H', data, 6)[0]
    at, items = 8, []
    for _ in range(count):
        kind, size = struct.unpack_from('<HH', data, at)
        items.append((kind, data[at + 4:at + 4 + size]))
        at += 4 + size
    extra = b''
    if command == 0x6f:
        out = session.cip(items[1][1])
        if out[0] in (0xd4, 0xdb) and any(k == 0x8000 for k, _ in items):
            extra = struct.pack('<HH', 0x8000, 16) + struct.pack('>HH', 2, 2222) + bytes(12)
        return reply(data[:6] + struct.pack('<HHHHH', 3 if extra else 2, 0, 0, 0xb2, len(out)) + out + extra)
    connection = struct.unpack('<I', items[0][1])[0]
    peer = [to for ot, to, _ in session.connections.values() if ot == connection]
    out = items[1][1][:2] + session.cip(items[1][1][2:])
    return reply(data[:6] + struct.pack('<HHHIHH', 2, 0xa1, 4, peer[0] if peer else connection, 0xb1, len(out)) + out)


def serve(conn, peer, handle):
    session, pending = Session(peer[0]), b''
    while True:
        try:
            more = conn.recv(65536)
        except OSError:
            return
        if not more:
            session.connections.clear()
            return
        pending += more
        while len(pending) >= 24 and len(pending) >= 24 + struct.unpack_from('<H', pending, 2)[0]:
            size = 24 + struct.unpack_from('<H', pending, 2)[0]
            message, pending = pending[:size], pending[size:]
            with lock:
                try:
                    out = answer(message, session, handle)
                except (struct.error, IndexError, KeyError, Refused):
                    out = message[:8] + struct.pack('<I', 3) + message[12:24]
                    out = out[:2] + b'\0\0' + out[4:]
            if out:
                conn.sendall(out)


def datagrams(sock):
    while True:
        message, peer = sock.recvfrom(65536)
        if len(message) >= 24:
            out = answer(message, Session(peer[0]), 0)
            if out:
                sock.sendto(out, peer)


udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
udp.bind(('0.0.0.0', PORT))
threading.Thread(target=datagrams, args=(udp,), daemon=True).start()
io = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
if PORT == 44818:
    io.bind((ADDRESS, 2222))
server = socket.create_server((ADDRESS, PORT))
number = 0
while True:
    connection, who = server.accept()
    number += 1
    threading.Thread(target=serve, args=(connection, who, 0x11020000 + number), daemon=True).start()
